//! **Services**: threads beside the workers, for what a worker must not wait
//! for or must not be allowed to do: files, disks, slow peers, long sums.
//!
//! | module | what lives there |
//! | --- | --- |
//! | [`lifecycle`] | what a service is, and how all of them start and stop |
//! | [`requests`] | what is asked of a service, by message and bounded |
//! | [`metrics`] | figures for Prometheus |
//! | [`store`] | accounts: the database's thread, the one that hashes, the control socket |
//!
//! # The lifecycle
//!
//! 1. **Open.** The service's own `open` takes what needs rights: sockets are
//!    bound, files opened. It runs in the starting thread, before the sandbox.
//! 2. **Needs.** [`Service::needs`] says what the sandbox has to leave this
//!    thread. No other thread gets it.
//! 3. **Start at the gate.** [`Services::start`] makes the thread, which confines
//!    itself and waits until every thread has (`net/gate.rs`).
//! 4. **Requests and replies.** Whoever asks holds a [`Requests`]; sending never
//!    waits, and a request over the bound is returned. A reply for a worker goes
//!    into its mailbox, which wakes it.
//! 5. **Drain and stop.** [`Services::stop`] asks one service after the other, the
//!    last started first; each does what it has accepted and returns from
//!    [`Service::run`]. One that takes longer than
//!    its [`Service::patience`] is left behind with a
//!    warning: the process ends all the same.
//!
//! A service that fails ends the process, as a worker does. Never here: what a
//! client may do, which is `chat`'s to decide.

pub mod lifecycle;
pub mod metrics;
pub mod requests;
pub mod store;

pub use lifecycle::{Service, Services, Stopper};
pub use requests::{Inbox, Requests};
