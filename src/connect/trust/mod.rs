//! Which servers to trust: those that an authority vouches for, else by the key
//! that was seen first. Never: bytes of a connection.
//!
//! | module | what lives there |
//! | --- | --- |
//! | [`known`] | the file of known servers |
//! | [`verifier`] | the judgement, in the middle of a handshake |

pub mod known;
pub mod verifier;

use super::address::Server;
use super::error::Error;
use super::private_files::state_folder;
use super::transport::tls::HandshakeData;
use crate::certificate::Fingerprint;
use known::KnownServers;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, IpAddr, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use std::fmt::Display;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use verifier::{Judge, Pin};

/// What a user says of whom to trust.
#[derive(Clone, Debug, Default)]
pub struct TrustOptions {
    /// Without TLS.
    pub plain: bool,
    /// Authorities besides the system's (PEM).
    pub ca: Option<PathBuf>,
    /// This key and no other.
    pub fingerprint: Option<Fingerprint>,
    /// Our own certificate and its key (PEM).
    pub identity: Option<(PathBuf, PathBuf)>,
}

/// Whom to trust: made once for a process, so that a server that is reached again
/// knows us by its ticket.
#[derive(Clone, Debug)]
pub struct Trust(Option<Arc<Policy>>);

#[derive(Debug)]
struct Policy {
    judge: Arc<Judge>,
    config: Arc<ClientConfig>,
    fingerprint: Option<Fingerprint>,
    known: Option<KnownServers>,
    /// The server that was met last, whether or not it could be written down.
    met: Mutex<Option<(Server, Fingerprint)>>,
}

/// How a connection is protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protection {
    /// Not at all.
    Plain,
    /// Encrypted, to a server that an authority vouches for.
    Verified(Fingerprint),
    /// Encrypted, to the server with a key that we know.
    Known(Fingerprint),
    /// Encrypted, to a server that is new to us; whether its key could be written
    /// down.
    New { key: Fingerprint, is_kept: bool },
}

impl Trust {
    /// Nobody: every connection is plain.
    pub fn plain() -> Self {
        Self(None)
    }

    /// Whether nothing secret may go to that server over a connection that is protected
    /// like this: in plain text only to this very machine, or where somebody has said
    /// that connections are to be plain.
    pub fn keeps_secrets(&self, server: &Server, protection: Protection) -> bool {
        protection == Protection::Plain && !server.is_this_machine() && self.0.is_some()
    }

    /// Reads what the options name.
    ///
    /// # Errors
    /// In words: a file that can't be read or used.
    pub fn load(options: &TrustOptions) -> Result<Self, String> {
        if options.plain {
            return Ok(Self::plain());
        }
        let mut roots = RootCertStore::empty();
        // Where the system has none, or some that are broken, the others do.
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        if let Some(path) = &options.ca {
            let authorities = read_certificates(path)?;
            if roots.add_parsable_certificates(authorities).0 == 0 {
                return Err(format!("{}: no authority in there can be used", path.display()));
            }
        }
        let judge = Arc::new(Judge::new(roots));
        let config = config(&judge, options)?;
        Ok(Self(Some(Arc::new(Policy {
            judge,
            config,
            fingerprint: options.fingerprint,
            known: state_folder().map(|folder| KnownServers::at(folder.join("known_servers"))),
            met: Mutex::new(None),
        }))))
    }

    /// The configuration for a handshake with a server; none, if there is to be
    /// none.
    ///
    /// # Errors
    /// [`Error::KnownServers`].
    pub(super) fn config(&self, server: &Server) -> Result<Option<Arc<ClientConfig>>, Error> {
        let Some(policy) = &self.0 else { return Ok(None) };
        policy.judge.pin(match (policy.fingerprint, policy.known(server)?) {
            (Some(wanted), _) => Pin::Wanted(wanted),
            (None, Some(known)) => Pin::Known(known),
            (None, None) => Pin::None,
        });
        Ok(Some(Arc::clone(&policy.config)))
    }

    /// Writes down whom we have met.
    pub(super) fn met(&self, server: &Server, data: &HandshakeData) -> Protection {
        let leaf = data.certificates.first().and_then(|leaf| Fingerprint::of(leaf).ok());
        let (Some(policy), Some(key)) = (&self.0, leaf) else { return Protection::Plain };
        let before = policy.known.as_ref().and_then(|known| known.get(server).ok().flatten());
        let put = |known: &KnownServers| known.put(server, key).is_ok();
        let is_kept = before == Some(key) || policy.known.as_ref().is_some_and(put);
        *policy.met.lock().unwrap_or_else(PoisonError::into_inner) = Some((server.clone(), key));
        match policy.judge.pinned() {
            _ if policy.judge.has_verified() => Protection::Verified(key),
            Pin::None => Protection::New { key, is_kept },
            Pin::Known(_) | Pin::Wanted(_) => Protection::Known(key),
        }
    }

    /// Whether a server was ever reached by TLS; where that is written down.
    ///
    /// # Errors
    /// [`Error::KnownServers`].
    pub(super) fn is_known(&self, server: &Server) -> Result<bool, Error> {
        match &self.0 {
            Some(policy) => Ok(policy.fingerprint.is_some() || policy.known(server)?.is_some()),
            None => Ok(false),
        }
    }

    /// Where known servers are written down, for people.
    pub(super) fn known_path(&self) -> String {
        let known = self.0.as_ref().and_then(|policy| policy.known.as_ref());
        known.map(|known| known.path().display().to_string()).unwrap_or_default()
    }
}

impl Policy {
    fn known(&self, server: &Server) -> Result<Option<Fingerprint>, Error> {
        let met = self.met.lock().unwrap_or_else(PoisonError::into_inner);
        let met = met.as_ref().filter(|(known, _)| known == server).map(|&(_, key)| key);
        let Some(known) = &self.known else { return Ok(met) };
        let path = || known.path().display().to_string();
        let found = known.get(server).map_err(|why| Error::KnownServers { path: path(), why })?;
        Ok(found.or(met))
    }
}

/// For a handshake with whoever answers: nothing may be said behind it.
///
/// # Errors
/// What the library says.
pub(super) fn trust_anybody() -> Result<Arc<ClientConfig>, Error> {
    let judge = Arc::new(Judge::new(RootCertStore::empty()));
    let wrong = |why| Error::Tls(rustls::Error::General(why));
    config(&judge, &TrustOptions::default()).map_err(wrong)
}

/// How all handshakes of a process are done.
fn config(judge: &Arc<Judge>, options: &TrustOptions) -> Result<Arc<ClientConfig>, String> {
    let judge = Arc::clone(judge);
    let builder = ClientConfig::builder_with_provider(verifier::provider())
        .with_protocol_versions(&[&rustls::version::TLS13])
        .map_err(|error| error.to_string())?
        .dangerous()
        .with_custom_certificate_verifier(judge);
    let mut config = match &options.identity {
        None => builder.with_no_client_auth(),
        Some((certificate, key)) => {
            let wrong = |error: &dyn Display| format!("{}: {error}", key.display());
            let certificates = read_certificates(certificate)?;
            let key = PrivateKeyDer::from_pem_file(key).map_err(|error| wrong(&error))?;
            builder.with_client_auth_cert(certificates, key).map_err(|error| wrong(&error))?
        }
    };
    config.alpn_protocols = vec![b"lanline/1".to_vec()];
    Ok(Arc::new(config))
}

/// The name that a certificate has to be for.
pub(super) fn server_name(server: &Server) -> Result<ServerName<'static>, Error> {
    // A zone is this machine's own matter.
    let host = server.host.split('%').next().unwrap_or_default();
    if let Ok(address) = host.parse::<std::net::IpAddr>() {
        return Ok(ServerName::IpAddress(IpAddr::from(address)));
    }
    ServerName::try_from(host.trim_end_matches('.').to_owned()).map_err(|_| Error::NotLanline)
}

fn read_certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let wrong = |error: rustls::pki_types::pem::Error| format!("{}: {error}", path.display());
    let certificates: Vec<_> = CertificateDer::pem_file_iter(path)
        .map_err(wrong)?
        .collect::<Result<_, _>>()
        .map_err(wrong)?;
    if certificates.is_empty() {
        return Err(format!("{}: there is no certificate in it", path.display()));
    }
    Ok(certificates)
}
