//! **The process**: its signals, its supervisor, its descriptors. Never: what is
//! done about them, which is `control`'s.
//!
//! | module | what lives there |
//! | --- | --- |
//! | `signals` | what the system asks of the process |
//! | [`supervisor`] | sockets from systemd, sd_notify, watchdog |
//! | [`descriptors`] | how many connections the system allows |
//! | `inherited` | descriptors that the shell has left open |

pub(super) mod descriptors;
mod inherited;
mod signals;
pub(super) mod supervisor;

pub use descriptors::clients_allowed;
pub(super) use descriptors::{Allowance, reserve_table};
pub use inherited::{Inherited, inherited};
pub(super) use signals::{Signal, Signals};
pub(super) use supervisor::Supervisor;
