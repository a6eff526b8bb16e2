//! **Mailboxes**: how workers, and services, tell a worker something. Never: what
//! it does about it.
//!
//! | module | what lives there |
//! | --- | --- |
//! | `message` | what a worker can be told |
//! | `mailboxes` | a channel for each worker, and the wake that goes with a message |
//! | `wake_flag` | how many wakes many messages need: one |
//! | [`in_flight`] | what is in flight between workers, and how far each is |

pub(super) mod in_flight;
mod mailboxes;
mod message;
mod wake_flag;

pub(super) use in_flight::InFlight;
pub(super) use mailboxes::{Mailbox, Mailboxes};
pub(super) use message::{ReloadableConfig, WorkerMessage};
