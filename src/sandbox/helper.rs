//! Helper threads beside the workers: for the log, for reading settings. Each
//! starts before anything is opened, and waits until it is confined.
//!
//! A helper has a table of descriptors of its own (`unshare(CLONE_FILES)`,
//! unshare(2)), so the kernel takes no reference on a descriptor for each
//! system call of a server with one worker. A descriptor that the server opens or
//! closes later means nothing in the helper's table. So **no descriptor may be
//! handed over between a helper and other threads after its start**, and a helper
//! blocks all signals, whose handlers write to descriptors of the others.

use nix::sched::{CloneFlags, unshare};
use nix::sys::signal::SigSet;
use std::io;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

type Step = Box<dyn FnOnce() + Send>;

/// A thread that waits to be released.
#[derive(Debug)]
pub struct Helper {
    step: Sender<Step>,
}

impl Helper {
    /// Starts the thread; `body` runs once it is released.
    ///
    /// # Errors
    /// The thread can't be started.
    pub fn start(name: &str, body: impl FnOnce() + Send + 'static) -> io::Result<Self> {
        let (step, steps) = channel();
        let (ready, is_ready) = channel();
        thread::Builder::new().name(name.to_owned()).spawn(move || wait(&ready, &steps, body))?;
        // Behind this its table is its own: what is opened now isn't in it.
        let _ = is_ready.recv();
        Ok(Self { step })
    }

    /// Runs `step` in the thread, then releases it to run its body. `None` where
    /// the thread has ended.
    pub fn release<T: Send + 'static>(
        self,
        step: impl FnOnce() -> T + Send + 'static,
    ) -> Option<T> {
        let (done, result) = channel();
        let step = move || {
            let _ = done.send(step());
        };
        self.step.send(Box::new(step)).ok()?;
        result.recv().ok()
    }
}

fn wait(ready: &Sender<()>, steps: &Receiver<Step>, body: impl FnOnce()) {
    let _ = SigSet::all().thread_block();
    // Some container engines refuse it: then the table is shared, which only
    // costs a reference count in each system call.
    let _ = unshare(CloneFlags::CLONE_FILES);
    let _ = ready.send(());
    if let Ok(step) = steps.recv() {
        step();
        body();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_helper_runs_its_body_only_once_it_is_released() {
        let (said, heard) = channel();
        let name = || thread::current().name().map(str::to_owned);
        let helper = Helper::start("aside", move || said.send(name()).unwrap()).unwrap();
        assert!(heard.try_recv().is_err());
        assert_eq!(helper.release(name).unwrap().as_deref(), Some("aside"));
        assert_eq!(heard.recv().unwrap().as_deref(), Some("aside"));
    }

    #[test]
    fn a_helper_that_is_never_released_ends_without_its_body() {
        let (said, heard) = channel::<()>();
        drop(Helper::start("aside", move || said.send(()).unwrap()).unwrap());
        assert!(heard.recv().is_err());
    }
}
