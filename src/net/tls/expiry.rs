//! When the certificate that is served ends, for whoever asks from another thread.
//! Never: what follows from it.

use super::server::ServerTls;
use super::site::now;
use crate::certificate::ends_in_words;
use crate::limits::TLS_WARNING;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

/// Of the certificate that new connections get.
#[derive(Debug)]
pub struct Expiry(AtomicU64);

/// Without TLS, or of a certificate that doesn't say.
const NONE: u64 = u64::MAX;

/// What is to be said of a certificate that holds for so long; nothing, while that is
/// long enough.
pub fn warning(left: Duration) -> Option<String> {
    (left < TLS_WARNING).then(|| format!("TLS: the certificate {}", ends_in_words(left)))
}

impl Expiry {
    pub fn of(tls: Option<&ServerTls>) -> Self {
        let expiry = Self(AtomicU64::new(NONE));
        expiry.set(tls);
        expiry
    }

    /// From now on this is served.
    pub fn set(&self, tls: Option<&ServerTls>) {
        let ends = tls.and_then(ServerTls::ends);
        self.0.store(ends.map_or(NONE, |end| end.as_secs()), Relaxed);
    }

    /// How long it holds still; none without TLS.
    pub fn left(&self) -> Option<Duration> {
        match self.0.load(Relaxed) {
            NONE => None,
            end => Some(Duration::from_secs(end).saturating_sub(now())),
        }
    }
}

#[cfg(test)]
impl Expiry {
    /// Of a certificate that holds for so long from now on.
    pub fn after(left: Option<Duration>) -> Self {
        Self(AtomicU64::new(left.map_or(NONE, |left| (now() + left).as_secs())))
    }
}
