//! What the database's thread is asked. Never: what comes of it.

use crate::chat::StoreRequest;
use crate::store::{Order, Summed, Told};
use crossbeam_channel::Sender;

/// A message to the database's thread.
pub(crate) enum Asked {
    /// By a connection.
    Request(Box<StoreRequest>),
    /// By the command line.
    Order(Order, Sender<Told>),
    /// A password is hashed.
    Summed(Summed),
}
