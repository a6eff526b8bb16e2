//! **The process**: what the system and a supervisor have to say to it as a whole.
//! Never: what comes of that, which is `control`'s.
//!
//! | module | what lives there |
//! | --- | --- |
//! | `signals` | what the system asks of the process |
//! | [`supervisor`] | what systemd gives and wants to hear |
//! | [`descriptors`] | how many connections the system allows |
//! | `inherited` | descriptors that the shell has left open |

pub(super) mod descriptors;
mod inherited;
mod signals;
pub(super) mod supervisor;

pub(super) use descriptors::Allowance;
pub use descriptors::clients_allowed;
pub use inherited::{Inherited, inherited};
pub(super) use signals::{Signal, Signals};
pub(super) use supervisor::Supervisor;
