//! **Control**: what the first worker does for the whole server between its
//! ticks, so that a server of one worker needs no other thread. Never: a
//! connection.
//!
//! | module | what lives there |
//! | --- | --- |
//! | `task` | [`ControlTask`]: when it is time for any of it |
//! | `reload` | SIGHUP: settings that change while the server runs |
//! | `daily_warning` | a certificate that ends soon is told of once a day |
//! | `heartbeat` | whether every worker's loop still turns, and how late |
//! | `shutdown` | how all workers stop |

mod daily_warning;
mod heartbeat;
mod reload;
mod shutdown;
mod task;

pub(super) use heartbeat::Heartbeat;
pub(super) use reload::{ConfigReader, Reload, Reread};
pub(super) use task::ControlTask;
