//! The lines that a child process writes, read in a thread of their own, so
//! that its pipe never fills, and waited for with a deadline.

use crate::PATIENCE;
use std::io::{BufRead, BufReader, Read};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::time::Instant;

/// The lines of one stream.
#[derive(Clone, Debug)]
pub struct Lines {
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    lines: Vec<String>,
    /// How many of them were taken by [`Lines::next`].
    taken: usize,
    has_ended: bool,
}

impl Lines {
    /// Reads a stream to its end. What isn't UTF-8 is replaced.
    pub fn of(stream: impl Read + Send + 'static) -> Self {
        let lines = Self { shared: Arc::default() };
        let shared = Arc::clone(&lines.shared);
        std::thread::spawn(move || {
            for line in BufReader::new(stream).split(b'\n').map_while(Result::ok) {
                let line = String::from_utf8_lossy(&line).trim_end_matches('\r').to_owned();
                shared.lock().lines.push(line);
                shared.changed.notify_all();
            }
            shared.lock().has_ended = true;
            shared.changed.notify_all();
        });
        lines
    }

    /// The next line, waited for; `None` at the end of the stream.
    pub fn next(&self) -> Option<String> {
        self.wait("another line", |state| {
            let line = state.lines.get(state.taken).cloned();
            state.taken += usize::from(line.is_some());
            (line.is_some() || state.has_ended).then_some(line)
        })
    }

    /// The first line behind the first `skip` ones for which `pick` has
    /// something, of all that ever came; waited for.
    ///
    /// # Panics
    /// Where the stream ends without one.
    pub fn find<T>(&self, what: &str, skip: usize, pick: impl Fn(&str) -> Option<T>) -> T {
        self.wait(what, |state| {
            let found = state.lines.iter().filter_map(|line| pick(line)).nth(skip);
            assert!(found.is_some() || !state.has_ended, "ended without {what}: {state:#?}");
            found
        })
    }

    /// [`Lines::find`] of a line with these words in it.
    pub fn with(&self, words: &str, skip: usize) -> String {
        self.find(words, skip, |line| line.contains(words).then(|| line.to_owned()))
    }

    /// All lines so far.
    pub fn all(&self) -> Vec<String> {
        self.shared.lock().lines.clone()
    }

    /// Waits for the end of the stream: what [`Lines::next`] has not taken.
    pub fn rest(&self) -> Vec<String> {
        self.wait("the end of the output", |state| {
            let rest = state.has_ended.then(|| state.lines[state.taken..].to_vec());
            state.taken += rest.as_ref().map_or(0, Vec::len);
            rest
        })
    }

    fn wait<T>(&self, what: &str, mut look: impl FnMut(&mut State) -> Option<T>) -> T {
        let deadline = Instant::now() + PATIENCE;
        let mut state = self.shared.lock();
        loop {
            if let Some(found) = look(&mut state) {
                return found;
            }
            let left = deadline.saturating_duration_since(Instant::now());
            assert!(!left.is_zero(), "never came: {what}; so far: {:#?}", state.lines);
            let waited = self.shared.changed.wait_timeout(state, left);
            state = waited.unwrap_or_else(|poisoned| poisoned.into_inner()).0;
        }
    }
}

impl Shared {
    /// A lock that a failed test has poisoned is usable: its state is consistent.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}
