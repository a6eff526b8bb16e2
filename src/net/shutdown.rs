//! How all workers come to rest: nothing more is read, what is queued is
//! flushed, what could not be is given back, then everything is closed.

use super::mailbox::{Mail, Post};
use crate::chat::WorkerId;
use crate::limits::{SHUTDOWN_FLUSH, SHUTDOWN_TELL};
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// How often the workers' progress is looked at.
const LOOK: Duration = Duration::from_millis(2);

/// What the workers tell while they come to rest.
pub struct Progress {
    flushed: Vec<AtomicBool>,
    post: Arc<Post>,
    begun: AtomicBool,
}

impl Progress {
    pub fn new(workers: usize, post: Arc<Post>) -> Self {
        let flushed = (0..workers).map(|_| AtomicBool::new(false)).collect();
        Self { flushed, post, begun: AtomicBool::new(false) }
    }

    /// Brings all workers to rest, in a thread of its own: a worker can't wait
    /// for itself. Asking again changes nothing.
    pub fn begin(self: &Arc<Self>) {
        if self.begun.swap(true, Ordering::AcqRel) {
            return;
        }
        let progress = self.clone();
        thread::spawn(move || {
            if let Err(error) = progress.come_to_rest() {
                panic!("a worker can't be woken: {error}");
            }
        });
    }

    /// In five seconds at most.
    fn come_to_rest(&self) -> io::Result<()> {
        self.post.send_to_all(|| Mail::Stop)?;
        if !self.wait_for_rest(SHUTDOWN_FLUSH) {
            self.post.send_to_all(|| Mail::GiveBack)?;
            self.wait_for_rest(SHUTDOWN_TELL);
        }
        self.post.send_to_all(|| Mail::Quit)
    }

    fn wait_for_rest(&self, patience: Duration) -> bool {
        let start = Instant::now();
        while start.elapsed() < patience {
            if self.is_at_rest() {
                return true;
            }
            thread::sleep(LOOK);
        }
        false
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
