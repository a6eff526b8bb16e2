//! The heartbeat: the first worker regularly sends a message through all others'
//! loops. It measures the loops' lag, and a supervisor's watchdog is fed only while
//! all answer. It runs only with a watchdog or with metrics.

use crate::chat::Moment;
use crate::limits::{HEARTBEAT_INTERVAL, HEARTBEAT_INTERVAL_MIN};
use crate::net::loop_stats::LoopStats;
use crate::net::mailbox::{Mailboxes, WorkerMessage};
use log::warn;
use std::io;
use std::sync::Arc;
use std::time::Duration;

/// A poll's timeout is in whole milliseconds: every deadline may be so late.
const ROUNDING: Duration = Duration::from_millis(1);

/// The heartbeat as the first worker keeps it.
pub(crate) struct Heartbeat {
    loop_stats: Arc<LoopStats>,
    interval: Duration,
    number: u64,
    due: Moment,
    silent: bool,
}

impl Heartbeat {
    /// With a watchdog, several times within its timeout.
    pub(crate) fn new(loop_stats: Arc<LoopStats>, watchdog: Option<Duration>) -> Self {
        let wanted = watchdog.map_or(HEARTBEAT_INTERVAL, |patience| patience / 4);
        let interval = wanted.clamp(HEARTBEAT_INTERVAL_MIN, HEARTBEAT_INTERVAL);
        Self { loop_stats, interval, number: 0, due: Moment::default(), silent: false }
    }

    /// If it is time: sends the next one, and says whether the last has come
    /// through everywhere.
    ///
    /// # Errors
    /// Where a worker can't be woken.
    pub(crate) fn look(&mut self, now: Moment, mailboxes: &Mailboxes) -> io::Result<bool> {
        if now < self.due {
            return Ok(false);
        }
        // The first worker can't be asked by message: how late it is shows here.
        if self.number > 0 {
            let late = now.since(self.due).saturating_sub(ROUNDING);
            self.loop_stats.of(0).lag_nanos.set(late.as_nanos() as u64);
        }
        self.loop_stats.of(0).heartbeat.set(self.number);
        let well = self.loop_stats.all_answered(self.number);
        if !well && !self.silent {
            warn!("a worker has not come round for {} ms", self.interval.as_millis());
        }
        self.silent = !well;
        self.number += 1;
        self.due = now.after(self.interval);
        for worker in 1..mailboxes.workers() {
            mailboxes.send(worker, WorkerMessage::Heartbeat(self.number, now))?;
        }
        Ok(well)
    }

    pub(crate) fn next_look(&self) -> Moment {
        self.due
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use mio::{Poll, Token, Waker};

    #[test]
    fn a_heartbeat_succeeds_only_while_every_worker_answers() {
        let polls: Vec<Poll> = (0..2).map(|_| Poll::new().unwrap()).collect();
        let wakers = polls.iter().map(|poll| Waker::new(poll.registry(), Token(0)).unwrap());
        let (mailboxes, inboxes) = Mailboxes::new(wakers.collect());
        let loop_stats = Arc::new(LoopStats::new(2));
        let mut heartbeat = Heartbeat::new(loop_stats.clone(), Some(Duration::from_secs(2)));
        let second = |number: u64| Moment(number * 500_000_000);
        let answers = || match inboxes[1].take() {
            Some(WorkerMessage::Heartbeat(number, _)) => loop_stats.of(1).heartbeat.set(number),
            message => panic!("{message:?}"),
        };
        assert!(heartbeat.look(second(0), &mailboxes).unwrap());
        assert_eq!(heartbeat.next_look(), second(1));
        answers();
        assert!(heartbeat.look(second(1), &mailboxes).unwrap());
        assert!(!heartbeat.look(second(1), &mailboxes).unwrap(), "too soon");
        assert!(!heartbeat.look(second(2), &mailboxes).unwrap(), "the other has said nothing");
        answers();
        assert!(!heartbeat.look(second(3), &mailboxes).unwrap(), "it is late");
        answers();
        answers();
        assert!(heartbeat.look(second(4), &mailboxes).unwrap());
        assert!(inboxes[0].take().is_none(), "the first asks itself nothing");
    }
}
