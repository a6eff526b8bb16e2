//! **What synchronizes threads, model-checked** by loom, in every interleaving:
//! the models stand in the files themselves. Never: anything else of the library.
#![cfg(test)]

#[path = "../../../src/net/mailbox/in_flight.rs"]
pub mod in_flight;
#[path = "../../../src/limits.rs"]
pub mod limits;
#[path = "../../../src/net/mailbox/wake_flag.rs"]
pub mod wake_flag;

/// The types that those files import of `chat`.
pub mod chat {
    pub type WorkerId = u16;
}
