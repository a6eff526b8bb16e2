//! How all workers stop: nothing more is read, what is queued is flushed, what
//! could not be is bounced, then every connection is closed the way a refusal is:
//! a reset would destroy what the peer has not read yet.

use crate::chat::Moment;
use crate::limits::{SHUTDOWN_CLOSE, SHUTDOWN_FLUSH, SHUTDOWN_TELL};
use crate::net::mailbox::in_flight::Reached;
use crate::net::mailbox::{Mailboxes, WorkerMessage};
use std::io;
use std::sync::Arc;
use std::time::Duration;

/// How often the workers' progress is checked.
const LOOK: Duration = Duration::from_millis(2);

/// A shutdown under way, of five seconds at most. The first worker drives it
/// between its ticks, since no thread can be started any more.
pub(super) struct ComingToRest {
    mailboxes: Arc<Mailboxes>,
    stage: Stage,
    next_look: Moment,
}

#[derive(Clone, Copy)]
enum Stage {
    Asked,
    /// What is queued is flushed.
    Flushing {
        until: Moment,
    },
    /// What was not is bounced, and its senders are told.
    Telling {
        until: Moment,
    },
    /// Everything is flushed that can be: waits for peers to close their side.
    Closing {
        until: Moment,
    },
    /// All were told to quit.
    Over,
}

impl ComingToRest {
    pub(super) fn new(mailboxes: Arc<Mailboxes>, now: Moment) -> Self {
        Self { mailboxes, stage: Stage::Asked, next_look: now }
    }

    /// Enters the next phase, if the workers are ready for it or time is up.
    ///
    /// # Errors
    /// Where a worker can't be woken.
    pub(super) fn look(&mut self, now: Moment) -> io::Result<()> {
        self.next_look = now.after(LOOK);
        let mailboxes = &self.mailboxes;
        let flushed = mailboxes.in_flight().have_all(Reached::Flushed);
        match self.stage {
            Stage::Asked => {
                self.stage = Stage::Flushing { until: now.after(SHUTDOWN_FLUSH) };
                mailboxes.send_to_all(|| WorkerMessage::Stop)
            }
            Stage::Flushing { until } if !flushed && now >= until => {
                self.stage = Stage::Telling { until: now.after(SHUTDOWN_TELL) };
                mailboxes.send_to_all(|| WorkerMessage::BounceAll)
            }
            Stage::Flushing { until } | Stage::Telling { until } if flushed || now >= until => {
                self.stage = Stage::Closing { until: now.after(SHUTDOWN_CLOSE) };
                mailboxes.send_to_all(|| WorkerMessage::Close)
            }
            Stage::Closing { until }
                if now >= until || mailboxes.in_flight().have_all(Reached::Closed) =>
            {
                self.stage = Stage::Over;
                mailboxes.send_to_all(|| WorkerMessage::Quit)
            }
            _ => Ok(()),
        }
    }

    pub(super) fn next_look(&self) -> Moment {
        self.next_look
    }
}
