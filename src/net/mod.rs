//! **Net**: sockets, threads, clocks, signals. Carries bytes to and from the
//! shards of `chat` and decides nothing about them.
//!
//! | module | what lives there |
//! | --- | --- |
//! | [`server`] | start and end: limits, listeners, threads |
//! | `worker` | one thread: its poll loop, tick by tick |
//! | `transport` | one connection's socket: read, written, watched; listeners |
//! | `admission` | who is let in |
//! | `mailbox` | messages between threads, and what of them is in flight |
//! | `control` | what the first worker does for the server between its ticks |
//! | `process` | signals, the supervisor, the descriptor limit |
//! | [`services`] | threads beside the workers, and their lifecycle |
//! | `gate` | where every thread confines itself before anything is served |
//! | [`tls`] | what TLS is served with: certificate, key, tickets |
//! | `loop_stats` | statistics of the loops |
//! | [`config`], [`error`] | what an operator has set, checked; why that is no server |
//! | `worst_case` | how much memory the flags allow peers to fill |

mod admission;
pub mod config;
mod control;
pub mod error;
mod gate;
mod loop_stats;
mod mailbox;
mod process;
pub mod server;
pub mod services;
#[cfg(test)]
mod test_support;
pub mod tls;
mod transport;
mod worker;
mod worst_case;

pub use config::Config;
pub use error::ServeError;
pub use process::{Inherited, clients_allowed, inherited};
pub use server::{serve, serve_with};
