//! Where the connection of the plain client stands. Never: what is done about it.

use crate::connect::Sender;
use std::time::Instant;

/// Where the connection stands.
pub enum Link {
    Up(Sender),
    Connecting {
        attempt: u32,
        began: Instant,
    },
    Waiting {
        attempt: u32,
        until: Instant,
    },
    /// There is none, and no attempt to come.
    Off,
}
