//! **Control**: what the first worker does for the whole server between its
//! ticks, so that a server of one worker needs no other thread. Never: a
//! connection.
//!
//! | module | what lives there |
//! | --- | --- |
//! | `task` | [`ControlTask`]: when it is time for any of it |
//! | `reload` | SIGHUP: settings that change while the server runs |
//! | `heartbeat` | whether every worker still comes round |
//! | `shutdown` | how all workers come to rest |

mod heartbeat;
mod reload;
mod shutdown;
mod task;

pub use heartbeat::Heartbeat;
pub use reload::{Reload, Reread};
pub use task::ControlTask;
