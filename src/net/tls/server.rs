//! A certificate and its key, checked, and ready to serve. Never: the files.

use crate::certificate::{Fingerprint, ends};
use crate::limits;
use rustls::crypto::{CryptoProvider, ring as provider};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{NoServerSessionStorage, WebPkiClientVerifier};
use rustls::version::TLS13;
use rustls::{InconsistentKeys, RootCertStore, ServerConfig};
use std::sync::Arc;
use std::time::Duration;
use thiserror::Error;

/// What we speak inside (RFC 7301); the second for what browsers bring.
const PROTOCOLS: [&[u8]; 2] = [b"lanline/1", b"http/1.1"];

/// A text in PEM (RFC 7468), and where it is from.
#[derive(Clone, PartialEq, Eq)]
pub struct Pem {
    pub place: String,
    pub text: String,
}

/// What TLS is served with. Two of the same files are equal.
pub struct ServerTls {
    config: Arc<ServerConfig>,
    fingerprint: Fingerprint,
    /// When the certificate ends, since 1970.
    ends: Option<Duration>,
    /// Certificate, key, and who signs clients' certificates.
    files: (Pem, Pem, Option<Pem>),
}

/// A pair that can't be used.
#[derive(Debug, Error)]
pub enum TlsError {
    #[error("{0}: there is no certificate in it")]
    NoCertificate(String),
    #[error("{0}: there is no key in it")]
    NoKey(String),
    #[error("the key in {key} is not that of the certificate in {certificate}")]
    AnotherKey { certificate: String, key: String },
    #[error("{0}: {1}")]
    Unusable(String, String),
}

impl ServerTls {
    /// Checks a certificate (and those that lead to its authority) and its key,
    /// and who signs the certificates of clients, if anybody does.
    ///
    /// # Errors
    /// [`TlsError`], which names the file.
    pub fn new(certificate: Pem, key: Pem, client_ca: Option<Pem>) -> Result<Self, TlsError> {
        let chain = certificates(&certificate)?;
        let unusable = |pem: &Pem, why: String| TlsError::Unusable(pem.place.clone(), why);
        let fingerprint = Fingerprint::of(&chain[0])
            .map_err(|error| unusable(&certificate, error.to_string()))?;
        let ends = ends(&chain[0]);
        let private = PrivateKeyDer::from_pem_slice(key.text.as_bytes())
            .map_err(|_| TlsError::NoKey(key.place.clone()))?;
        let provider = Arc::new(provider::default_provider());
        let builder = ServerConfig::builder_with_provider(provider.clone())
            .with_protocol_versions(&[&TLS13])
            .map_err(|error| unusable(&key, error.to_string()))?;
        let builder = match &client_ca {
            None => builder.with_no_client_auth(),
            Some(pem) => builder.with_client_cert_verifier(verifier(pem, provider)?),
        };
        let mut config = builder.with_single_cert(chain, private).map_err(|error| match error {
            rustls::Error::InconsistentKeys(InconsistentKeys::KeyMismatch) => {
                let (certificate, key) = (certificate.place.clone(), key.place.clone());
                TlsError::AnotherKey { certificate, key }
            }
            error => unusable(&key, error.to_string()),
        })?;
        config.alpn_protocols = PROTOCOLS.map(<[u8]>::to_vec).to_vec();
        // Records are opened and sealed by our own hands.
        config.enable_secret_extraction = true;
        // Sealed in tickets, so that nothing is kept of who has gone.
        config.session_storage = Arc::new(NoServerSessionStorage {});
        config.ticketer =
            provider::Ticketer::new().map_err(|error| unusable(&key, error.to_string()))?;
        config.send_tls13_tickets = limits::TLS_TICKETS;
        Ok(Self {
            config: Arc::new(config),
            fingerprint,
            ends,
            files: (certificate, key, client_ca),
        })
    }

    /// For new connections.
    pub fn config(&self) -> &Arc<ServerConfig> {
        &self.config
    }

    /// When the certificate ends, since 1970.
    pub fn ends(&self) -> Option<Duration> {
        self.ends
    }

    /// Of the leaf's key: the same in each certificate of that key.
    pub fn fingerprint(&self) -> Fingerprint {
        self.fingerprint
    }
}

impl PartialEq for ServerTls {
    fn eq(&self, other: &Self) -> bool {
        self.files == other.files
    }
}

/// No secret is in it.
impl std::fmt::Debug for Pem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Pem").field("place", &self.place).finish_non_exhaustive()
    }
}

/// No secret is in it.
impl std::fmt::Debug for ServerTls {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ServerTls").field("fingerprint", &self.fingerprint).finish_non_exhaustive()
    }
}

/// All certificates of a text, at least one.
fn certificates(pem: &Pem) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let found = CertificateDer::pem_slice_iter(pem.text.as_bytes()).collect::<Result<Vec<_>, _>>();
    match found {
        Ok(chain) if !chain.is_empty() => Ok(chain),
        _ => Err(TlsError::NoCertificate(pem.place.clone())),
    }
}

fn verifier(
    pem: &Pem,
    provider: Arc<CryptoProvider>,
) -> Result<Arc<dyn rustls::server::danger::ClientCertVerifier>, TlsError> {
    let unusable = |why: String| TlsError::Unusable(pem.place.clone(), why);
    let mut roots = RootCertStore::empty();
    for authority in certificates(pem)? {
        roots.add(authority).map_err(|error| unusable(error.to_string()))?;
    }
    WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider)
        .allow_unauthenticated()
        .build()
        .map_err(|error| unusable(error.to_string()))
}
