//! What the database's thread is asked. Never: what comes of it.

use crate::chat::{ArchiveRequest, Posts, StoreRequest};
use crate::store::{Order, Summed, Told};
use crossbeam_channel::Sender;
use std::sync::Arc;

/// A message to the database's thread.
pub(crate) enum Asked {
    /// By a connection.
    Request(Box<StoreRequest>),
    /// Packets of a worker, to be stored.
    Posts(Arc<Posts>),
    /// About stored packets.
    Archive(Box<ArchiveRequest>),
    /// By the command line.
    Order(Order, Sender<Told>),
    /// A password is hashed.
    Summed(Summed),
}
