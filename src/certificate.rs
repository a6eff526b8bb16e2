//! What a certificate says of itself: its key's fingerprint, and when it ends.
//! **Pure**. Never: whom to trust, or making one.

use ring::digest;
use rustls::CertificateError::{Expired, ExpiredContext};
use rustls::RootCertStore;
use rustls::client::verify_server_cert_signed_by_trust_anchor;
use rustls::crypto::ring::default_provider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, UnixTime};
use rustls::server::ParsedCertificate;
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

/// The end of the year 9999, after which no certificate is valid (RFC 5280,
/// section 4.1.2.5).
const LAST_SECOND: u64 = 253_402_300_800;

/// By which a key is known to people and to clients: the SHA-256 of a
/// certificate's public key (its SubjectPublicKeyInfo, RFC 5280, section 4.1.2.7, in
/// DER), as `lanline cert show` prints it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fingerprint([u8; 32]);

impl Fingerprint {
    /// Of a certificate's key.
    ///
    /// # Errors
    /// It is no certificate.
    pub fn of(certificate: &CertificateDer<'_>) -> Result<Self, rustls::Error> {
        Ok(Self::of_key(&ParsedCertificate::try_from(certificate)?.subject_public_key_info()))
    }

    /// Of a public key, as it stands in a certificate.
    pub fn of_key(public_key: &[u8]) -> Self {
        let digest = digest::digest(&digest::SHA256, public_key);
        let mut bytes = [0; 32];
        bytes.copy_from_slice(digest.as_ref());
        Self(bytes)
    }
}

/// 64 hexadecimal digits; colons between them don't matter.
impl FromStr for Fingerprint {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let digits: Vec<u8> = text.bytes().filter(|&byte| byte != b':').collect();
        let wrong = || format!("{text:?} is no fingerprint: 64 hexadecimal digits");
        if digits.len() != 64 {
            return Err(wrong());
        }
        let mut bytes = [0; 32];
        for (byte, pair) in bytes.iter_mut().zip(digits.as_chunks::<2>().0) {
            let value = |digit: u8| char::from(digit).to_digit(16).ok_or_else(wrong);
            *byte = (value(pair[0])? * 16 + value(pair[1])?) as u8;
        }
        Ok(Self(bytes))
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// The first certificate of a PEM text.
pub fn first(pem: &str) -> Option<CertificateDer<'static>> {
    CertificateDer::from_pem_slice(pem.as_bytes()).ok()
}

/// When a certificate ends, since 1970; none where it is none.
pub fn ends(certificate: &CertificateDer<'_>) -> Option<Duration> {
    let parsed = ParsedCertificate::try_from(certificate).ok()?;
    // Nothing is valid then, and the refusal says since when.
    let never = UnixTime::since_unix_epoch(Duration::from_secs(LAST_SECOND));
    let algorithms = default_provider().signature_verification_algorithms;
    let refusal = verify_server_cert_signed_by_trust_anchor(
        &parsed,
        &RootCertStore::empty(),
        &[],
        never,
        algorithms.all,
    );
    match refusal.err()? {
        rustls::Error::InvalidCertificate(ExpiredContext { not_after, .. }) => {
            Some(Duration::from_secs(not_after.as_secs()))
        }
        rustls::Error::InvalidCertificate(Expired) => Some(Duration::ZERO),
        _ => None,
    }
}

/// When a certificate ends that holds for so long, for people: in days, or hours of
/// the last two.
pub fn ends_in_words(left: Duration) -> String {
    const HOUR: u64 = 60 * 60;
    match left.as_secs().div_ceil(HOUR) {
        0 => "has ended: clients that verify it refuse it".to_owned(),
        1 => "ends within an hour".to_owned(),
        hours @ 2..48 => format!("ends in {hours} hours"),
        hours => format!("ends in {} days", hours / 24),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fingerprint_is_read_as_it_is_shown_and_with_colons() {
        let text = "00ff".repeat(16);
        let shown: Fingerprint = text.parse().unwrap();
        assert_eq!(shown.to_string(), text);
        let colons = "00:FF:".repeat(16);
        assert_eq!(colons.trim_end_matches(':').parse(), Ok(shown));
        for wrong in ["", "00", &text[1..], &format!("{text}0"), &"é".repeat(32), &"g0".repeat(32)]
        {
            assert!(wrong.parse::<Fingerprint>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_fingerprint_is_the_sha_256_of_the_key() {
        // FIPS 180-4, of three letters.
        let known = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(Fingerprint::of_key(b"abc").to_string(), known);
    }

    #[test]
    fn what_is_no_certificate_ends_never() {
        assert_eq!(ends(&CertificateDer::from(vec![0x30, 0])), None);
        assert!(first("no PEM").is_none());
    }

    #[test]
    fn the_end_is_told_in_days_and_when_it_is_near_in_hours() {
        let words = |seconds| ends_in_words(Duration::from_secs(seconds));
        assert!(words(0).starts_with("has ended"));
        let told = [1, 3601, 47 * 3600, 47 * 3600 + 1, 71 * 3600, 30 * 86_400].map(words);
        let wanted = ["within an hour", "in 2 hours", "in 47 hours", "in 2 days", "in 2 days"];
        let wanted = wanted.into_iter().chain(["in 30 days"]).map(|end| format!("ends {end}"));
        assert!(told.iter().eq(&wanted.collect::<Vec<_>>()), "{told:?}");
    }
}
