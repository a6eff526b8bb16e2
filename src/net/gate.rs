//! The gate that every thread of a running server passes: it confines itself
//! to what it needs, says so, and waits until all others have. So nothing is
//! served before every thread is in its sandbox, and nothing runs if one can't
//! be. Never: what a thread does behind it.

use crate::sandbox::{self, Confinement, Helper, InForce, Mode, Needs, Refused};
use crossbeam_channel::{Receiver, Sender, unbounded};
use std::io;
use std::thread::{self, JoinHandle};

/// The gate, closed; held by the thread that starts all others.
#[derive(Debug)]
pub struct Gate {
    mode: Mode,
    threads: usize,
    /// What the helpers have given up, which don't wait.
    helpers: Vec<Confinement>,
    /// What each thread has given up.
    reports: (Sender<Confinement>, Receiver<Confinement>),
    /// One message lets one thread go; without the sender all of them end.
    go: (Sender<()>, Receiver<()>),
}

impl Gate {
    pub fn new(mode: Mode) -> Self {
        Self { mode, threads: 0, helpers: Vec::new(), reports: unbounded(), go: unbounded() }
    }

    /// Starts a thread that waits at the gate, confined to its needs, and then does
    /// `run`. If the gate is dropped unopened, the thread ends.
    ///
    /// # Errors
    /// Where the system has no thread left.
    pub fn start(
        &mut self,
        name: String,
        needs: Needs,
        run: impl FnOnce() + Send + 'static,
    ) -> io::Result<JoinHandle<()>> {
        let (mode, reports, go) = (self.mode, self.reports.0.clone(), self.go.1.clone());
        let thread = thread::Builder::new().name(name).spawn(move || {
            // Fails where the gate was dropped, and so does the next line.
            let _ = reports.send(confine(mode, &needs));
            if go.recv().is_ok() {
                run();
            }
        })?;
        self.threads += 1;
        Ok(thread)
    }

    /// Lets a helper go, confined to its needs; it doesn't wait for the others.
    pub fn release(&mut self, helper: Helper, needs: Needs) {
        let mode = self.mode;
        self.helpers.extend(helper.release(move || confine(mode, &needs)));
    }

    /// Confines the calling thread as well: no thread can be started from here
    /// on. Waits until all others have done so.
    ///
    /// # Errors
    /// Where a part of the sandbox is required that one of them lacks.
    pub fn confine_all(&mut self, own: &Needs) -> Result<InForce, Refused> {
        let own = confine(self.mode, own);
        let others = self.reports.1.iter().take(self.threads);
        let all: Vec<Confinement> = others.chain(self.helpers.drain(..)).chain([own]).collect();
        sandbox::in_force(self.mode, &all)
    }

    /// Lets all threads go.
    pub fn open(self) {
        for _ in 0..self.threads {
            // We own the receiver, so this doesn't fail.
            let _ = self.go.0.send(());
        }
    }
}

fn confine(mode: Mode, needs: &Needs) -> Confinement {
    if mode == Mode::Off { Confinement::none() } else { sandbox::confine_thread(needs) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    fn two_threads(gate: &mut Gate, passed: &Arc<AtomicUsize>) -> Vec<JoinHandle<()>> {
        let start = |number| {
            let passed = passed.clone();
            let run = move || {
                passed.fetch_add(1, Ordering::Relaxed);
            };
            gate.start(format!("thread-{number}"), Needs::default(), run).unwrap()
        };
        (0..2).map(start).collect()
    }

    #[test]
    fn a_thread_runs_once_the_gate_is_open_and_not_before() {
        let passed = Arc::new(AtomicUsize::new(0));
        let mut gate = Gate::new(Mode::Off);
        let threads = two_threads(&mut gate, &passed);
        let in_force = gate.confine_all(&Needs::default()).unwrap();
        assert!(!in_force.seccomp);
        assert_eq!(passed.load(Ordering::Relaxed), 0);
        gate.open();
        threads.into_iter().for_each(|thread| thread.join().unwrap());
        assert_eq!(passed.load(Ordering::Relaxed), 2);
    }

    #[test]
    fn threads_end_without_running_if_the_gate_is_dropped_unopened() {
        let passed = Arc::new(AtomicUsize::new(0));
        let mut gate = Gate::new(Mode::Off);
        let threads = two_threads(&mut gate, &passed);
        gate.confine_all(&Needs::default()).unwrap();
        drop(gate);
        threads.into_iter().for_each(|thread| thread.join().unwrap());
        assert_eq!(passed.load(Ordering::Relaxed), 0);
    }
}
