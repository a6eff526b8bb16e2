//! What is done when nothing else is: marks are written, what is not kept any longer is
//! removed, a disk that has refused is tried. In small steps, each a transaction. Never:
//! waiting.

use super::{Clock, Desk};
use crate::accounts::Span;
use crate::archive::Micros;
use crate::limits::{PRUNE_EVERY, STALL_PROBE};
use crate::store::error::StoreError;
use crate::store::keeping::Keeping;
use crate::store::log::Bounds;
use std::time::Duration;

impl<A> Desk<A> {
    /// What is to be kept from now on.
    pub fn keep(&mut self, keeping: Keeping) {
        self.keeping = keeping;
    }

    /// How much is kept where nothing else is said: half of what was free on the disk when
    /// this was asked first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn settle_default(&mut self, free_bytes: u64) -> Result<(), StoreError> {
        let half = (free_bytes / 2).min(i64::MAX as u64) as i64;
        let settled = self.batch.within(|connection| {
            connection.execute("UPDATE log SET bytes_max = ?1 WHERE bytes_max IS NULL", [half])?;
            connection.query_row("SELECT bytes_max FROM log", [], |row| row.get::<_, i64>(0))
        });
        self.batch.end()?;
        // An error has ended the batch.
        self.bytes_max_default = settled.unwrap_or(i64::MAX).max(0) as u64;
        Ok(())
    }

    /// When [`Desk::tidy`] has something to do.
    pub fn due(&self) -> Duration {
        match self.refused_at {
            Some(at) => at + STALL_PROBE,
            None if self.log.has_to_tidy(self.bytes_max()) => Duration::ZERO,
            None => self.batch.marks_due().map_or(self.next_round, |due| due.min(self.next_round)),
        }
    }

    /// Takes one step, if it is time; what the disk says, where it refuses.
    pub fn tidy(&mut self, clock: Clock) -> Option<StoreError> {
        self.now = clock.running;
        if clock.running < self.due() {
            return None;
        }
        if self.is_failing() {
            let sql = "UPDATE log SET last_id = last_id";
            // The commit tells.
            let _ = self.batch.within(|connection| connection.execute(sql, []));
        } else {
            if clock.running >= self.next_round {
                self.next_round = clock.running + PRUNE_EVERY;
                self.log.begin_round();
            }
            let bounds = self.bounds(clock.micros);
            let log = &mut self.log;
            let _ = self.batch.within(|connection| log.tidy(connection, clock.micros, bounds));
        }
        self.commit().1
    }

    /// Does everything that is left to do; for who has the store for a moment only.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn tidy_up(&mut self, clock: Clock) -> Result<(), StoreError> {
        while self.log.has_to_tidy(self.bytes_max()) {
            if let Some(why) = self.tidy(clock) {
                return Err(why);
            }
        }
        Ok(())
    }

    /// The end: what waits for a while is written now.
    pub fn finish(&mut self) -> Option<StoreError> {
        self.now = Duration::MAX;
        self.commit().1
    }

    pub(super) fn bytes_max(&self) -> u64 {
        self.keeping.bytes_max.unwrap_or(self.bytes_max_default)
    }

    fn bounds(&self, now: Micros) -> Bounds {
        let before = match self.keeping.keep {
            Span::Forever => None,
            Span::Seconds(seconds) => {
                let span = i64::try_from(seconds).unwrap_or(i64::MAX).saturating_mul(1_000_000);
                Some(Micros(now.0.saturating_sub(span)))
            }
        };
        Bounds { before, bytes_max: self.bytes_max() }
    }
}
