//! What workers are told by each other and by services. Never: how a message
//! gets there.

use crate::chat::{Batch, Moment, Settings};
use crate::net::admission::Admission;
use crate::net::tls::ServerTls;
use crate::net::transport::Transport;
use std::sync::Arc;

/// What a worker gets.
#[derive(Debug)]
pub enum WorkerMessage {
    Batch(Batch<Transport>),
    /// Other settings hold from here on.
    Reload(Arc<ReloadableConfig>),
    /// A heartbeat through this loop: its number, and when it was sent.
    Heartbeat(u64, Moment),
    /// Read and accept no more.
    Stop,
    /// Bounce what still waits.
    BounceAll,
    /// Send nothing more, wait for the peers to close their side.
    Close,
    /// Close everything and end.
    Quit,
}

/// Settings that can change while the server runs.
#[derive(Debug)]
pub struct ReloadableConfig {
    pub settings: Arc<Settings>,
    pub admission: Admission,
    pub tls: Option<Arc<ServerTls>>,
    pub tls_required: bool,
}
