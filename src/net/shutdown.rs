//! How all workers come to rest: nothing more is read, what is queued is
//! flushed, what could not be is given back, then everything is closed.

use super::mailbox::{Mail, Post};
use crate::chat::WorkerId;
use crate::limits::{SHUTDOWN_FLUSH, SHUTDOWN_TELL};
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// How often the workers' progress is looked at.
const LOOK: Duration = Duration::from_millis(2);

/// What the workers tell while they come to rest.
#[derive(Debug)]
pub struct Progress {
    flushed: Vec<AtomicBool>,
}

impl Progress {
    pub fn new(workers: usize) -> Self {
        Self { flushed: (0..workers).map(|_| AtomicBool::new(false)).collect() }
    }

    /// A worker has, or has not, anything left for its sockets.
    pub fn set_flushed(&self, worker: WorkerId, flushed: bool) {
        self.flushed[usize::from(worker)].store(flushed, Ordering::Release);
    }

    /// Nothing waits and no letter is under way. The letters are looked at
    /// first: a worker counts them as done after it has told its progress.
    fn is_at_rest(&self, post: &Post) -> bool {
        post.is_idle() && self.flushed.iter().all(|worker| worker.load(Ordering::Acquire))
    }
}

/// Brings all workers to rest, in five seconds at most.
///
/// # Errors
/// Where a worker could not be woken.
pub fn come_to_rest(post: &Post, progress: &Progress) -> io::Result<()> {
    post.send_to_all(|| Mail::Stop)?;
    if !wait_for_rest(post, progress, SHUTDOWN_FLUSH) {
        post.send_to_all(|| Mail::GiveBack)?;
        wait_for_rest(post, progress, SHUTDOWN_TELL);
    }
    post.send_to_all(|| Mail::Quit)
}

fn wait_for_rest(post: &Post, progress: &Progress, patience: Duration) -> bool {
    let start = Instant::now();
    while start.elapsed() < patience {
        if progress.is_at_rest(post) {
            return true;
        }
        thread::sleep(LOOK);
    }
    false
}
