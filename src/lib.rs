//! **Lanline**: a chat server for places that have a network and no internet.
//!
//! ```text
//!            clients (TCP)                                clients (TCP)
//!          │  │  │  │  │                                 │  │  │  │  │
//!    ┌─────▼──▼──▼──▼──▼─────┐  messages (crossbeam) ┌─────▼──▼──▼──▼──▼─────┐
//!    │ worker 0: one thread, │ ───────────────────► │ worker 1              │
//!    │ one poll, one shard   │ ◄─────────────────── │                       │
//!    └───────────────────────┘    + one wake        └───────────────────────┘
//! ```
//!
//! Arrows of import point down this list only:
//!
//! - [`cli`]: flags to a checked configuration
//! - [`ops`]: tools for operators: doctor, health, top
//! - [`net`]: mio, sockets, threads, clocks
//! - [`store`]: accounts, invitations, tokens and bans on disk, and who may do what with them
//! - [`secrets`]: how secrets are made, hashed and compared
//! - [`data`]: the directory of files that outlive the server
//! - [`logging`]: the log, written without blocking
//! - [`sandbox`]: what the process gives up once it serves
//! - [`chat`]: pure: names, rooms, where each packet goes
//! - [`archive`]: pure: the words in which chat and store talk about stored packets
//! - [`accounts`]: pure: the words in which chat and store talk about accounts
//! - [`client`]: the terminal client; sees [`connect`], [`terminal`], [`wire`] and
//!   [`limits`] only
//! - [`connect`]: the client side of the protocol, for [`client`] and [`ops`]
//! - [`terminal`]: the terminal in raw mode, keys read, screens drawn, for
//!   [`client`] and [`ops`]
//! - [`wire`]: pure: bytes to packets and back
//! - [`certificate`]: pure: a key's fingerprint, and when a certificate ends
//! - [`limits`]: every bound in one place
//! - [`mod@one_line`]: errors of libraries in one line
//!
//! `ARCHITECTURE.md` follows a packet through the server.

#[cfg(target_os = "linux")]
pub mod accounts;
#[cfg(target_os = "linux")]
pub mod archive;
pub mod certificate;
#[cfg(target_os = "linux")]
pub mod chat;
pub mod cli;
pub mod client;
pub mod connect;
#[cfg(target_os = "linux")]
pub mod data;
pub mod limits;
#[cfg(target_os = "linux")]
pub mod logging;
#[cfg(target_os = "linux")]
pub mod net;
pub mod one_line;
pub mod ops;
#[cfg(target_os = "linux")]
pub mod sandbox;
#[cfg(target_os = "linux")]
pub mod secrets;
#[cfg(target_os = "linux")]
pub mod store;
pub mod terminal;
pub mod wire;
