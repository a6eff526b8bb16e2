//! Whether a certificate is what this server needs, asked of the library that
//! verifies it. Never: making one.

use super::authority::Name;
use rustls::RootCertStore;
use rustls::client::{verify_server_cert_signed_by_trust_anchor, verify_server_name};
use rustls::crypto::ring::default_provider;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use std::time::Duration;

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
    let at = UnixTime::since_unix_epoch(at);
    let algorithms = default_provider().signature_verification_algorithms;
    names.iter().all(is_named)
        && verify_server_cert_signed_by_trust_anchor(&parsed, &roots, &[], at, algorithms.all)
            .is_ok()
}
