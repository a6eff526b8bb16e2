//! How all workers come to rest: nothing more is handled, what is queued is
//! flushed, what could not be is given back, then everything is closed the way
//! a refusal is: a reset would eat what the peer has not read yet.

use super::mailbox::{Mail, Post};
use crate::chat::{Moment, WorkerId};
use crate::limits::{SHUTDOWN_CLOSE, SHUTDOWN_FLUSH, SHUTDOWN_TELL};
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

/// How often the workers' progress is looked at.
const LOOK: Duration = Duration::from_millis(2);

/// What the workers tell while they come to rest.
pub struct Progress {
    reached: Vec<AtomicU8>,
    post: Arc<Post>,
}

/// What a worker has reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Reached {
    Nothing,
    /// Nothing waits for any socket of its own.
    Flushed,
    /// Told to close, it has no connection left.
    Closed,
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
    /// Everything is flushed that can be: peers are waited for to hang up.
    Closing {
        until: Moment,
    },
    /// All were told to quit.
    Over,
}

impl Progress {
    pub fn new(workers: usize, post: Arc<Post>) -> Self {
        let reached = (0..workers).map(|_| AtomicU8::new(Reached::Nothing as u8)).collect();
        Self { reached, post }
    }

    pub fn post(&self) -> &Arc<Post> {
        &self.post
    }

    /// How far a worker is.
    pub fn set(&self, worker: WorkerId, reached: Reached) {
        self.reached[usize::from(worker)].store(reached as u8, Ordering::Release);
    }

    /// All have reached it and no letter is under way. The letters are looked
    /// at first: a worker counts them as done after it has told its progress.
    fn have_all(&self, reached: Reached) -> bool {
        let is_there = |worker: &AtomicU8| worker.load(Ordering::Acquire) == reached as u8;
        self.post.is_idle() && self.reached.iter().all(is_there)
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
        let flushed = self.progress.have_all(Reached::Flushed);
        let post = &self.progress.post;
        match self.stage {
            Stage::Asked => {
                self.stage = Stage::Flushing { until: now.after(SHUTDOWN_FLUSH) };
                post.send_to_all(|| Mail::Stop)
            }
            Stage::Flushing { until } if !flushed && now >= until => {
                self.stage = Stage::Telling { until: now.after(SHUTDOWN_TELL) };
                post.send_to_all(|| Mail::GiveBack)
            }
            Stage::Flushing { until } | Stage::Telling { until } if flushed || now >= until => {
                self.stage = Stage::Closing { until: now.after(SHUTDOWN_CLOSE) };
                post.send_to_all(|| Mail::Close)
            }
            Stage::Closing { until } if now >= until || self.progress.have_all(Reached::Closed) => {
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
