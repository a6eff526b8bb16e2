//! **Transport**: what a connection's socket is to the loop, and the only place
//! that knows how one is read and written: plain TCP, or TLS over it. Never: what the bytes mean, or when it is a connection's turn.
//!
//! | module | what lives there |
//! | --- | --- |
//! | `outcome` | what reading, writing and an event have to say |
//! | `status` | what is known of a transport's readiness, and noted for the loop |
//! | `tcp` | plain TCP |
//! | `tls` | TLS 1.3 |
//! | `opening` | which of them it is: what the first byte says |
//! | [`context`] | what a worker lends to its transports |
//! | `kinds` | [`Transport`]: one type for all kinds |
//! | [`listener`] | sockets that listen, and what is accepted from them |
//!
//! # What the loop may rely on
//!
//! - **Reading.** [`Transport::receive`] says [`Received::Drained`] where an event
//!   will tell of what comes next, and [`Received::MaybeMore`] where none will:
//!   then the loop reads again in the next tick. How many bytes came says
//!   nothing: none may come with more behind them (a handshake, a record that is
//!   torn), and a buffer that isn't filled may have more waiting inside.
//! - **Writing.** [`Transport::send`] says how much was taken and whether the
//!   transport is blocked; a blocked one isn't asked again before
//!   [`Transport::notice`] has seen an event that it has room. A packet is taken
//!   whole once the socket has all of it; what is no packet (a handshake) may wait
//!   inside, to be written by `notice`.
//! - **Interest.** After either, [`Transport::update_interest`] watches for room
//!   exactly while the transport waits for it, for its own bytes (a handshake
//!   that wants to write while it reads) or for those that it refused.
//! - **The end.** [`Transport::shutdown`] ends the sending half the way this kind
//!   does it, behind what still waits inside (TLS: close_notify, then TCP's).
//! - **Moving.** A transport is one value that goes to another thread with its
//!   connection, whatever it has buffered; [`Transport::register`] then says
//!   whether it has something to read of which no event will tell.

mod context;
mod kinds;
pub(super) mod listener;
mod opening;
mod outcome;
#[cfg(test)]
mod scripted;
mod status;
mod tcp;
mod tls;

pub(super) use context::Context;
pub(super) use kinds::Transport;
pub(super) use listener::{Acceptor, Listener};
pub(super) use outcome::{Readiness, Received, Sent};
#[cfg(test)]
pub(super) use scripted::{Script, Scripted};
