//! A site's own authority and certificate, in the data directory: made once,
//! renewed in time, the keys kept. Never: how a certificate is made.

use super::authority::{self, Name};
use super::server::Pem;
use super::verify::is_good;
use crate::certificate::{ends, first};
use crate::data::{DataDir, Stamp};
use crate::limits::TLS_RENEWAL;
use rustls::pki_types::CertificateDer;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};
use thiserror::Error;

/// Files of the directory.
const AUTHORITY: &str = "authority.pem";
const AUTHORITY_KEY: &str = "authority.key";
const SERVER: &str = "server.pem";
const SERVER_KEY: &str = "server.key";

/// A certificate of the site's own that can't be had.
#[derive(Debug, Error)]
pub enum SiteError {
    #[error("{0}: {1}")]
    File(String, io::Error),
    #[error("no certificate can be made: {0}")]
    Make(#[from] rcgen::Error),
    #[error("a certificate that was made doesn't verify; is {0} what it was?")]
    Unverified(String),
}

type Certificate = CertificateDer<'static>;

/// The certificates of a site.
#[derive(Debug)]
pub struct Site {
    dir: Arc<DataDir>,
    /// What the server is called.
    names: Vec<Name>,
    seen: Mutex<Seen>,
}

/// What was loaded last.
#[derive(Debug, Default)]
struct Seen {
    stamp: Option<Stamp>,
    /// Since 1970.
    renew_at: Duration,
}

/// A certificate of the site, its key, and who has signed it.
#[derive(Debug)]
pub struct Issued {
    pub certificate: Pem,
    pub key: Pem,
    pub authority: Pem,
}

impl Site {
    pub fn new(dir: Arc<DataDir>, names: Vec<Name>) -> Self {
        Self { dir, names, seen: Mutex::default() }
    }

    pub fn dir(&self) -> &DataDir {
        &self.dir
    }

    /// Whether there is a certificate in it.
    pub fn is_issued(&self) -> bool {
        self.dir.stamp(SERVER).is_some()
    }

    /// When the certificate that is there ends, since 1970; none where none can be
    /// read.
    pub fn ends(&self) -> Option<Duration> {
        ends(&first(&self.read(SERVER).ok()??)?)
    }

    /// The certificate that holds now: the one that is there, or a new one where
    /// there is none, it ends soon, or it lacks a name.
    ///
    /// # Errors
    /// [`SiteError`].
    pub fn load(&self) -> Result<Issued, SiteError> {
        self.issue(|certificate, authority| {
            is_good(certificate, authority, &self.names, now() + TLS_RENEWAL)
        })
    }

    /// The certificate that is there, whoever it is for; made where there is none.
    ///
    /// # Errors
    /// [`SiteError`].
    pub fn show(&self) -> Result<Issued, SiteError> {
        self.issue(|_, _| true)
    }

    /// A new certificate for the same key.
    ///
    /// # Errors
    /// [`SiteError`].
    pub fn renew(&self) -> Result<Issued, SiteError> {
        self.issue(|_, _| false)
    }

    /// Whether [`Site::load`] would bring another certificate than it did last.
    pub fn has_news(&self) -> bool {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        self.dir.stamp(SERVER) != seen.stamp || now() >= seen.renew_at
    }

    /// What is there, if that is fine; else a new certificate.
    fn issue(
        &self,
        is_fine: impl Fn(&Certificate, &Certificate) -> bool,
    ) -> Result<Issued, SiteError> {
        let issued = self.try_issue(is_fine);
        if issued.is_err() {
            // Not again before something has changed, or an hour has passed.
            self.saw(self.dir.stamp(SERVER), Duration::ZERO);
        }
        issued
    }

    fn try_issue(
        &self,
        is_fine: impl Fn(&Certificate, &Certificate) -> bool,
    ) -> Result<Issued, SiteError> {
        let authority_key = self.key(AUTHORITY_KEY)?;
        let key = self.key(SERVER_KEY)?;
        // Looked at first: what is written meanwhile is news.
        let mut stamp = self.dir.stamp(SERVER);
        let mut authority = self.read(AUTHORITY)?;
        let mut certificate = self.read(SERVER)?;
        let there =
            certificate.as_deref().and_then(first).zip(authority.as_deref().and_then(first));
        if !there.is_some_and(|(certificate, authority)| is_fine(&certificate, &authority)) {
            let new = authority::server(&key, &authority_key, &self.names, now())?;
            let parsed = first(&new);
            let allows = |pem: &str| {
                parsed.as_ref().zip(first(pem)).is_some_and(|(certificate, authority)| {
                    is_good(certificate, &authority, &self.names, now())
                        && ends(&authority).is_none_or(|end| end > now() + TLS_RENEWAL)
                })
            };
            if !authority.as_deref().is_some_and(allows) {
                let new = authority::authority(&authority_key, &self.names, now())?;
                if !allows(&new) {
                    return Err(SiteError::Unverified(self.place(AUTHORITY_KEY)));
                }
                self.write(AUTHORITY, &new)?;
                authority = Some(new);
            }
            self.write(SERVER, &new)?;
            stamp = self.dir.stamp(SERVER);
            certificate = Some(new);
        }
        let (certificate, authority) =
            (certificate.unwrap_or_default(), authority.unwrap_or_default());
        let end = first(&certificate).and_then(|certificate| ends(&certificate));
        self.saw(stamp, end.unwrap_or_default().saturating_sub(TLS_RENEWAL));
        let pem = |name: &str, text: String| Pem { place: self.place(name), text };
        Ok(Issued {
            certificate: pem(SERVER, certificate),
            key: pem(SERVER_KEY, key),
            authority: pem(AUTHORITY, authority),
        })
    }

    /// What is there now, and when it is to be renewed: never at once again.
    fn saw(&self, stamp: Option<Stamp>, renew_at: Duration) {
        let renew_at = renew_at.max(now() + RETRY);
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner) = Seen { stamp, renew_at };
    }

    /// A key that is there, or a new one.
    fn key(&self, name: &str) -> Result<String, SiteError> {
        if let Some(key) = self.read(name)? {
            return Ok(key);
        }
        let key = authority::new_key()?;
        self.write(name, &key)?;
        Ok(key)
    }

    fn read(&self, name: &str) -> Result<Option<String>, SiteError> {
        self.dir.read(name).map_err(|error| SiteError::File(self.place(name), error))
    }

    fn write(&self, name: &str, text: &str) -> Result<(), SiteError> {
        self.dir.write(name, text).map_err(|error| SiteError::File(self.place(name), error))
    }

    fn place(&self, name: &str) -> String {
        self.dir.file(name).display().to_string()
    }
}

/// After a renewal that brought nothing.
const RETRY: Duration = Duration::from_secs(60 * 60);

/// Since 1970.
pub fn now() -> Duration {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::tls::ServerTls;

    fn dns(name: &str) -> Name {
        Name::Dns(name.to_owned())
    }

    fn site(place: &tempfile::TempDir, names: &[Name]) -> Site {
        Site::new(Arc::new(DataDir::visit(place.path()).unwrap()), names.to_vec())
    }

    fn key_of(issued: Issued) -> String {
        let tls = ServerTls::new(issued.certificate, issued.key, None).unwrap();
        tls.fingerprint().to_string()
    }

    #[test]
    fn a_certificate_is_made_once_and_renewed_with_the_same_key() {
        let place = tempfile::tempdir().unwrap();
        let names = [dns("ship"), dns("ship.local"), Name::Ip("10.1.2.3".parse().unwrap())];
        let site = site(&place, &names);
        let made = site.load().unwrap();
        assert!(!site.has_news());
        let again = site.load().unwrap();
        assert!(made.certificate == again.certificate && made.authority == again.authority);
        let renewed = site.renew().unwrap();
        assert!(renewed.certificate != made.certificate && renewed.authority == made.authority);
        assert_eq!(key_of(renewed), key_of(made));
    }

    #[test]
    fn another_name_makes_another_certificate_and_one_not_allowed_another_authority() {
        let place = tempfile::tempdir().unwrap();
        let first = site(&place, &[dns("ship")]).load().unwrap();
        // A private address may be signed, whatever the authority knows of it.
        let names = [dns("ship"), Name::Ip("192.168.7.7".parse().unwrap())];
        let second = site(&place, &names).load().unwrap();
        assert!(second.certificate != first.certificate && second.authority == first.authority);
        let third = site(&place, &[dns("ship"), dns("boat")]).load().unwrap();
        assert!(third.authority != first.authority);
        assert_eq!(key_of(third), key_of(first));
    }

    #[test]
    fn an_authority_allows_its_names_and_private_addresses_and_nothing_else() {
        let key = authority::new_key().unwrap();
        let pem = authority::authority(&key, &[dns("ship")], now()).unwrap();
        let authority = first(&pem).unwrap();
        let server_key = authority::new_key().unwrap();
        for (name, is_allowed) in [
            (dns("ship"), true),
            (dns("example.com"), false),
            (Name::Ip("10.9.9.9".parse().unwrap()), true),
            (Name::Ip("fd00::9".parse().unwrap()), true),
            (Name::Ip("8.8.8.8".parse().unwrap()), false),
            (Name::Ip("2001:db8::1".parse().unwrap()), false),
        ] {
            let names = [name];
            let pem = authority::server(&server_key, &key, &names, now()).unwrap();
            let certificate = first(&pem).unwrap();
            let is_good = is_good(&certificate, &authority, &names, now());
            assert_eq!(is_good, is_allowed, "{names:?}");
        }
    }

    #[test]
    fn a_certificate_that_ends_soon_is_news_and_is_renewed() {
        let place = tempfile::tempdir().unwrap();
        let names = [dns("ship")];
        let site = site(&place, &names);
        let made = site.load().unwrap();
        let certificate = first(&made.certificate.text).unwrap();
        let days = (ends(&certificate).unwrap() - now()).as_secs() / 86_400;
        assert!((363..=365).contains(&days), "{days}");
        // One from long ago, for the same keys.
        let old = Duration::from_secs(1_000_000_000);
        let (key, authority_key) =
            (site.key(SERVER_KEY).unwrap(), site.key(AUTHORITY_KEY).unwrap());
        let old = authority::server(&key, &authority_key, &names, old).unwrap();
        site.write(SERVER, &old).unwrap();
        assert!(site.has_news());
        let renewed = site.load().unwrap();
        assert!(renewed.certificate.text != old && !site.has_news());
    }
}
