//! **Worker**: a thread with a poll of its own, its listeners, and its shard of
//! the chat. Never: a decision about the chat.
//!
//! | module | what lives there |
//! | --- | --- |
//! | `state` | what a worker is made of and what it knows |
//! | `tick` | one tick, one direction: in, the shard, out |
//! | `accept` | connections come in |
//! | `socket_io` | which sockets are ready, one read a turn, one flush a tick |
//! | `effects` | what the shard wants done |
//! | `flushes` | whether a flush waits for packets that may share it |
//! | `event_log` | log lines, repeated ones summed up |

mod accept;
mod effects;
mod event_log;
mod flushes;
#[cfg(test)]
mod loop_tests;
mod socket_io;
mod state;
mod tick;
#[cfg(test)]
mod transport_tests;

pub(super) use state::{Parts, WAKER, Worker};
