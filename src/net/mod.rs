//! **Net**: sockets, threads, clocks, signals. Carries bytes to and from the
//! shards of `chat` and decides nothing about them.
//!
//! | module | what lives there |
//! | --- | --- |
//! | [`server`] | start and end: limits, listeners, threads |
//! | [`config`] | what an operator has set, checked |
//! | `listener` | sockets that listen |
//! | `admission` | who is let in |
//! | `worker` | one thread: its poll loop, tick by tick |
//! | `socket` | one connection's socket: read, written, watched |
//! | `in_flight` | what is in flight between them, and how far each is |
//! | `mailbox` | messages between workers, and the wake that goes with them |
//! | `wake_flag` | how many wakes many messages need: one |
//! | `control` | what the first worker does for the server between its ticks |
//! | `signals` | what the system asks of the process |
//! | `shutdown` | how all workers come to rest |
//! | `descriptors` | how many connections the system allows |
//! | `reload` | SIGHUP: settings that change in flight |
//! | `supervisor` | what systemd gives and wants to hear |
//! | `loop_stats`, `heartbeat` | what the loops tell of themselves |
//! | [`services`] | threads beside the workers, and their lifecycle |
//! | `gate` | where every thread confines itself before anything is served |
//! | [`error`] | why the server can't serve |
//! | `worst_case` | what the flags allow strangers to make us hold |
//! | `event_log` | log lines, repeated ones summed up |

mod admission;
pub mod config;
mod control;
mod descriptors;
pub mod error;
mod event_log;
mod gate;
mod heartbeat;
mod in_flight;
mod listener;
mod loop_stats;
mod mailbox;
mod reload;
pub mod server;
pub mod services;
mod shutdown;
mod signals;
mod socket;
mod supervisor;
#[cfg(test)]
mod test_support;
mod wake_flag;
mod worker;
mod worst_case;

pub use config::Config;
pub use descriptors::clients_allowed;
pub use error::ServeError;
pub use server::{serve, serve_with};
