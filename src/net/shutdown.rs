//! How all workers come to rest: nothing more is read, what is queued is
//! flushed, what could not be is given back, then everything is closed.

use super::mailbox::{Mail, Post};
use crate::chat::{Moment, WorkerId};
use crate::limits::{SHUTDOWN_FLUSH, SHUTDOWN_TELL};
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// How often the workers' progress is looked at.
const LOOK: Duration = Duration::from_millis(2);

/// What the workers tell while they come to rest.
pub struct Progress {
    flushed: Vec<AtomicBool>,
    post: Arc<Post>,
}

/// The way to rest, five seconds at most, which the first worker watches over
/// between its ticks: no thread can be started any more.
pub struct ComingToRest {
    progress: Arc<Progress>,
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
    /// What was not is given back, and its senders are told.
    Telling {
        until: Moment,
    },
    /// All were told to quit.
    Over,
}

impl Progress {
    pub fn new(workers: usize, post: Arc<Post>) -> Self {
        let flushed = (0..workers).map(|_| AtomicBool::new(false)).collect();
        Self { flushed, post }
    }

    /// A worker has, or has not, anything left for its sockets.
    pub fn set_flushed(&self, worker: WorkerId, flushed: bool) {
        self.flushed[usize::from(worker)].store(flushed, Ordering::Release);
    }

    /// Nothing waits and no letter is under way. The letters are looked at
    /// first: a worker counts them as done after it has told its progress.
    fn is_at_rest(&self) -> bool {
        self.post.is_idle() && self.flushed.iter().all(|worker| worker.load(Ordering::Acquire))
    }
}

impl ComingToRest {
    pub fn new(progress: Arc<Progress>, now: Moment) -> Self {
        Self { progress, stage: Stage::Asked, next_look: now }
    }

    /// Goes on, if the workers are ready for it or time is up.
    ///
    /// # Errors
    /// Where a worker can't be woken.
    pub fn look(&mut self, now: Moment) -> io::Result<()> {
        self.next_look = now.after(LOOK);
        let at_rest = self.progress.is_at_rest();
        let post = &self.progress.post;
        match self.stage {
            Stage::Asked => {
                self.stage = Stage::Flushing { until: now.after(SHUTDOWN_FLUSH) };
                post.send_to_all(|| Mail::Stop)
            }
            Stage::Flushing { until } if !at_rest && now >= until => {
                self.stage = Stage::Telling { until: now.after(SHUTDOWN_TELL) };
                post.send_to_all(|| Mail::GiveBack)
            }
            Stage::Flushing { until } | Stage::Telling { until } if at_rest || now >= until => {
                self.stage = Stage::Over;
                post.send_to_all(|| Mail::Quit)
            }
            _ => Ok(()),
        }
    }

    pub fn next_look(&self) -> Moment {
        self.next_look
    }
}
