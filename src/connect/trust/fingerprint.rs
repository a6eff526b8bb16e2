//! A server's key as people compare it. Never: where it is kept.

use rustls::pki_types::CertificateDer;
use rustls::server::ParsedCertificate;
use std::fmt;
use std::str::FromStr;

/// The SHA-256 of a certificate's public key (its SubjectPublicKeyInfo, RFC 5280,
/// section 4.1.2.7, in DER), as `lanline cert show` prints it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fingerprint([u8; 32]);

impl Fingerprint {
    /// Of a certificate's key.
    ///
    /// # Errors
    /// It is no certificate.
    pub fn of(certificate: &CertificateDer<'_>) -> Result<Self, rustls::Error> {
        let key = ParsedCertificate::try_from(certificate)?.subject_public_key_info();
        let digest = ring::digest::digest(&ring::digest::SHA256, &key);
        let mut bytes = [0; 32];
        bytes.copy_from_slice(digest.as_ref());
        Ok(Self(bytes))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_read_as_it_is_shown_and_with_colons() {
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
}
