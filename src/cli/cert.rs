//! `lanline cert`: the certificate that a server has made for itself. Never: how
//! one is made.

use crate::certificate::{ends, first};
use crate::data::{Choice, DataDir, DataError};
use crate::net::tls::{Issued, Name, ServerTls, Site, SiteError, TlsError, names_of_this_machine};
use clap::{Args, Subcommand};
use jiff::Timestamp;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use thiserror::Error;

#[derive(Clone, Debug, Subcommand)]
pub enum CertCommand {
    /// Print the key's fingerprint, and until when the certificate and its
    /// authority hold
    Show(CertArgs),
    /// Make a new certificate for the same key; a server that runs takes it at
    /// once
    Renew(RenewArgs),
}

#[derive(Args, Clone, Debug)]
pub struct CertArgs {
    /// The server's data directory [default: STATE_DIRECTORY, or lanline in the
    /// user's state directory]
    #[arg(long, value_name = "DIR", env = "LANLINE_DATA")]
    data: Option<PathBuf>,
}

#[derive(Args, Clone, Debug)]
pub struct RenewArgs {
    #[command(flatten)]
    place: CertArgs,
    /// Another name or address of the server, as its --tls-name; repeatable
    #[arg(long, value_name = "NAME", env = "LANLINE_TLS_NAME", value_delimiter = ',',
          value_parser = super::serve_tls::tls_name)]
    tls_name: Vec<Name>,
}

/// Why there is nothing to show.
#[derive(Debug, Error)]
pub enum CertError {
    #[error("there is no data directory; --data names one")]
    NoData,
    #[error("there is no certificate in {0}; a server with --data {0} makes one")]
    NoCertificate(PathBuf),
    #[error(transparent)]
    Data(#[from] DataError),
    #[error(transparent)]
    Site(#[from] SiteError),
    #[error(transparent)]
    Tls(#[from] TlsError),
}

impl CertCommand {
    /// Does it; what there is to say.
    ///
    /// # Errors
    /// [`CertError`].
    pub fn run(self) -> Result<String, CertError> {
        match self {
            Self::Show(place) => shown(place.site(&[])?.show()?),
            Self::Renew(args) => shown(args.place.site(&args.tls_name)?.renew()?),
        }
    }
}

impl CertArgs {
    fn site(self, names: &[Name]) -> Result<Site, CertError> {
        let path = match Choice::new(self.data.as_deref()) {
            Choice::None => return Err(CertError::NoData),
            Choice::Asked(path) | Choice::Default(path) => path,
        };
        let site = Site::new(Arc::new(DataDir::visit(&path)?), names_of_this_machine(names));
        if site.is_issued() { Ok(site) } else { Err(CertError::NoCertificate(path)) }
    }
}

fn shown(issued: Issued) -> Result<String, CertError> {
    let Issued { certificate, key, authority } = issued;
    let place = certificate.place.clone();
    let authority_ends = first(&authority.text).and_then(|authority| ends(&authority));
    let authority_place = authority.place;
    let tls = ServerTls::new(certificate, key, None)?;
    Ok(format!(
        "key          {}\ncertificate  {place}, until {}\nauthority    {authority_place}, until {}\n",
        tls.fingerprint(),
        day(tls.ends()),
        day(authority_ends),
    ))
}

/// The date, in UTC.
fn day(since_1970: Option<Duration>) -> String {
    let seconds = since_1970.and_then(|end| i64::try_from(end.as_secs()).ok());
    let time = seconds.and_then(|seconds| Timestamp::from_second(seconds).ok());
    time.map_or_else(|| "-".to_owned(), |time| time.strftime("%Y-%m-%d").to_string())
}
