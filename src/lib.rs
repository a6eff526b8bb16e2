//! **Lanline**: a chat server for places that have a network and no internet.
//!
//! See `ARCHITECTURE.md` for the threads and the way of a packet.

pub mod cli;
pub mod client;
pub mod wire;
