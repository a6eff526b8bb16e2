//! What the desk's parts share: the time, and what a request brings. Never: bringing it.

use crate::accounts::{Notice, Reply};
use crate::archive::{self, Micros};
use crate::store::database::Failed;
use crate::store::order::Told;
use std::time::Duration;

/// What time it is.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    /// Since some moment; never goes back.
    pub running: Duration,
    /// Seconds since 1970.
    pub unix: i64,
    /// The same in microseconds.
    pub micros: Micros,
}

/// What a request brings: notices, then the reply; or that it could not be done.
pub(super) type Outcome = Result<(Vec<Notice>, Reply), Failed>;

/// The same for an order.
pub(super) type OrderOutcome = Result<(Vec<Notice>, Told), Failed>;

/// The same for a request about stored packets.
pub(super) type ArchiveOutcome = Result<(Vec<archive::Notice>, archive::Reply), Failed>;

/// The same for an order that concerns rooms too.
pub(super) type RoomOrderOutcome = Result<(Vec<Notice>, Vec<archive::Notice>, Told), Failed>;
