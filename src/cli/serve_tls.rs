//! The flags of TLS, and the files that they name. Never: serving it.

use super::files::{self, Reading};
use super::usage::UsageError;
use crate::net::tls::{self, Name, Pem, ServerTls, Site};
use clap::{Args, ValueEnum};
use std::path::PathBuf;
use std::sync::Arc;

/// What TLS is served with.
#[derive(Args, Clone, Debug)]
pub(super) struct TlsArgs {
    /// Whether TLS is served: `auto` beside plain packets, where there is a
    /// certificate; `require` it of everyone but who is on this machine; or `off`
    #[arg(long, value_name = "MODE", env = "LANLINE_TLS", value_enum, default_value = "auto")]
    tls: TlsMode,

    /// A certificate of the site's own, and those that lead to its authority, as
    /// PEM; read again on SIGHUP. Needs --tls-key
    #[arg(long, value_name = "PATH", env = "LANLINE_TLS_CERT")]
    tls_cert: Option<PathBuf>,

    /// The key of --tls-cert, as PEM
    #[arg(long, value_name = "PATH", env = "LANLINE_TLS_KEY")]
    tls_key: Option<PathBuf>,

    /// Another name or address of this server, for the certificate that it makes
    /// for itself; repeatable
    #[arg(long, value_name = "NAME", env = "LANLINE_TLS_NAME", value_delimiter = ',',
          value_parser = tls_name)]
    tls_name: Vec<Name>,

    /// Certificates, as PEM, of who signs those that clients may present; one that
    /// doesn't verify ends the handshake, none is fine
    #[arg(long, value_name = "PATH", env = "LANLINE_CLIENT_CA")]
    client_ca: Option<PathBuf>,
}

/// The certificates that the server makes for itself.
#[derive(Clone, Debug)]
pub enum SiteTls {
    /// There may be some; nobody has looked.
    Unasked,
    /// There is no data directory.
    None,
    Of(Arc<Site>),
}

impl SiteTls {
    pub(super) fn into_site(self) -> Option<Arc<Site>> {
        match self {
            Self::Of(site) => Some(site),
            Self::Unasked | Self::None => None,
        }
    }
}

/// `--tls`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum TlsMode {
    Auto,
    Require,
    Off,
}

impl TlsArgs {
    /// Files that are read again while the server runs.
    pub(super) fn files(&self) -> [&Option<PathBuf>; 3] {
        [&self.tls_cert, &self.tls_key, &self.client_ca]
    }

    /// Whether everybody from elsewhere has to speak it.
    pub(super) fn is_required(&self) -> bool {
        self.tls == TlsMode::Require
    }

    /// What TLS is served with, if it is.
    ///
    /// # Errors
    /// [`UsageError`]: files that can't be used, or are missing.
    pub(super) fn load(
        &self,
        reading: Reading,
        site: &SiteTls,
    ) -> Result<Option<Arc<ServerTls>>, UsageError> {
        if self.tls == TlsMode::Off {
            return Ok(None);
        }
        let (certificate, key) = match (&self.tls_cert, &self.tls_key, site) {
            (Some(certificate), Some(key), _) => (certificate, key),
            (None, None, SiteTls::Of(site)) => return self.site_tls(site, reading),
            (None, None, SiteTls::Unasked) => return Ok(None),
            (None, None, SiteTls::None) if self.tls == TlsMode::Auto => return Ok(None),
            (None, None, SiteTls::None) => {
                let why = "--tls require needs --tls-cert and --tls-key, or a data directory";
                return Err(UsageError::new(why.to_owned()));
            }
            (None, Some(_), _) | (Some(_), None, _) => {
                return Err(UsageError::new("--tls-cert and --tls-key need each other".to_owned()));
            }
        };
        let read = read_pem(reading);
        let client_ca = self.client_ca.as_ref().map(read_pem(reading)).transpose()?;
        server_tls(read(certificate)?, read(key)?, client_ca)
    }

    /// By the certificate that the server makes for itself.
    fn site_tls(
        &self,
        site: &Site,
        reading: Reading,
    ) -> Result<Option<Arc<ServerTls>>, UsageError> {
        let issued = site.load().map_err(|error| UsageError::new(error.to_string()))?;
        let client_ca = self.client_ca.as_ref().map(read_pem(reading)).transpose()?;
        server_tls(issued.certificate, issued.key, client_ca)
    }

    /// Whether the server makes its own certificate, if it has where to keep it.
    pub(super) fn needs_site(&self) -> bool {
        self.tls != TlsMode::Off && self.tls_cert.is_none() && self.tls_key.is_none()
    }

    /// Whether it is served with files that the settings name.
    pub(super) fn has_files(&self) -> bool {
        self.tls != TlsMode::Off && self.tls_cert.is_some()
    }

    /// What the server is called besides what the machine is.
    pub(super) fn names(&self) -> &[Name] {
        &self.tls_name
    }
}

fn read_pem(reading: Reading) -> impl Fn(&PathBuf) -> Result<Pem, UsageError> {
    move |path| {
        let text = files::read(path, reading)
            .map_err(|error| UsageError::new(format!("{}: {error}", path.display())))?;
        Ok(Pem { place: path.display().to_string(), text })
    }
}

fn server_tls(
    certificate: Pem,
    key: Pem,
    client_ca: Option<Pem>,
) -> Result<Option<Arc<ServerTls>>, UsageError> {
    let tls = ServerTls::new(certificate, key, client_ca);
    tls.map(|tls| Some(Arc::new(tls))).map_err(|error| UsageError::new(error.to_string()))
}

/// A host name or an address.
pub(super) fn tls_name(text: &str) -> Result<Name, String> {
    match text.parse() {
        Ok(ip) => Ok(Name::Ip(ip)),
        Err(_) if tls::is_dns_name(text) => Ok(Name::Dns(text.to_ascii_lowercase())),
        Err(_) => Err("neither a host name nor an address".to_owned()),
    }
}
