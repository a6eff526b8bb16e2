//! What a worker lends to its transports, and what they report back. Never: the
//! state of one connection.

use crate::chat::work::{self, Units};
use rustls::ServerConfig;
use std::sync::Arc;

/// Of one worker.
#[derive(Debug, Default)]
pub struct Context {
    /// What new TLS connections are made with; none where TLS is off.
    pub tls: Option<Arc<ServerConfig>>,
    /// What TLS has cost since it was last asked for.
    work: Units,
    /// Why the handshake that ended last has failed.
    failure: Option<String>,
    /// A handshake is done: the names in the certificate of its peer.
    secured: Option<Vec<String>>,
}

impl Context {
    pub fn new(tls: Option<Arc<ServerConfig>>) -> Self {
        Self { tls, ..Self::default() }
    }

    /// Beside the copying that every transport does.
    pub fn spend(&mut self, units: Units) {
        self.work += units;
    }

    /// A handshake has failed.
    pub fn failed(&mut self, why: String) {
        self.failure = Some(why);
    }

    /// A handshake is done, with a peer whose certificate has these names.
    pub fn secured(&mut self, names: Vec<String>) {
        self.secured = Some(names);
    }

    /// The names in the certificate of the peer with whom a handshake was done since the
    /// last call.
    pub fn take_secured(&mut self) -> Option<Vec<String>> {
        self.secured.take()
    }

    /// What TLS has cost since the last call.
    pub fn take_work(&mut self) -> Units {
        std::mem::take(&mut self.work)
    }

    /// Why a handshake has failed since the last call.
    pub fn take_failure(&mut self) -> Option<String> {
        self.failure.take()
    }
}

/// What so many records cost, beside their bytes.
pub(super) fn work_of_records(records: u32) -> Units {
    records.div_ceil(work::RECORDS_PER_UNIT)
}
