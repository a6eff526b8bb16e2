//! What a certificate says, asked of the library that verifies it. Never: making
//! one.

use rustls::CertificateError::{Expired, ExpiredContext};
use rustls::RootCertStore;
use rustls::client::{verify_server_cert_signed_by_trust_anchor, verify_server_name};
use rustls::crypto::ring::default_provider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use std::time::Duration;

use super::authority::Name;

/// The first certificate of a text.
pub fn first(pem: &str) -> Option<CertificateDer<'static>> {
    CertificateDer::from_pem_slice(pem.as_bytes()).ok()
}

/// When a certificate ends, since 1970; none where it is none.
pub fn ends(certificate: &CertificateDer<'_>) -> Option<Duration> {
    let parsed = ParsedCertificate::try_from(certificate).ok()?;
    // Nothing is valid then, and the refusal says since when.
    let never = UnixTime::since_unix_epoch(Duration::from_secs(LAST_SECOND));
    let refusal = verify(&parsed, &RootCertStore::empty(), never).err()?;
    match refusal {
        rustls::Error::InvalidCertificate(ExpiredContext { not_after, .. }) => {
            Some(Duration::from_secs(not_after.as_secs()))
        }
        rustls::Error::InvalidCertificate(Expired) => Some(Duration::ZERO),
        _ => None,
    }
}

/// The end of the year 9999, after which no certificate is valid (RFC 5280,
/// section 4.1.2.5).
const LAST_SECOND: u64 = 253_402_300_800;

/// Whether an authority has signed it, and may have, for all of these names, and
/// it is valid at that time.
pub(super) fn is_good(
    certificate: &CertificateDer<'_>,
    authority: &CertificateDer<'_>,
    names: &[Name],
    at: Duration,
) -> bool {
    let mut roots = RootCertStore::empty();
    let Ok(parsed) = ParsedCertificate::try_from(certificate) else { return false };
    if roots.add(authority.clone().into_owned()).is_err() {
        return false;
    }
    let is_named = |name: &Name| {
        let name = match name {
            Name::Dns(name) => ServerName::try_from(name.as_str()),
            Name::Ip(ip) => Ok(ServerName::from(*ip)),
        };
        name.is_ok_and(|name| verify_server_name(&parsed, &name).is_ok())
    };
    names.iter().all(is_named) && verify(&parsed, &roots, UnixTime::since_unix_epoch(at)).is_ok()
}

fn verify(
    certificate: &ParsedCertificate<'_>,
    roots: &RootCertStore,
    at: UnixTime,
) -> Result<(), rustls::Error> {
    let algorithms = default_provider().signature_verification_algorithms;
    verify_server_cert_signed_by_trust_anchor(certificate, roots, &[], at, algorithms.all)
}
