//! Waiting for whatever comes first: a key, a signal, another thread. Never:
//! reading any of them.

use mio::unix::SourceFd;
use mio::{Events, Interest, Poll, Token};
use signal_hook::consts::signal::{
    SIGALRM, SIGCONT, SIGHUP, SIGINT, SIGIO, SIGPROF, SIGQUIT, SIGTERM, SIGTSTP, SIGUSR1, SIGUSR2,
    SIGVTALRM, SIGWINCH, SIGXCPU,
};
use std::io::{self, ErrorKind, Read};
use std::os::fd::AsRawFd;
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

const KEYBOARD: Token = Token(0);
const WAKER: Token = Token(1);
const SIGNALS: Token = Token(2);

/// Signals that end a process, unless they tell of a fault of its own. All of
/// them give the terminal back first.
pub const ENDING: [i32; 11] = [
    SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGALRM, SIGIO, SIGPROF, SIGUSR1, SIGUSR2, SIGVTALRM, SIGXCPU,
];

/// Waits for the keyboard, the [`Waker`] and signals.
pub struct Wait {
    poll: Poll,
    events: Events,
    waker: Waker,
    /// Gets a byte for each signal, so that none is missed between two waits.
    signals: UnixStream,
    is_told_to_end: Arc<AtomicBool>,
    is_told_to_stop: Arc<AtomicBool>,
    has_continued: Arc<AtomicBool>,
}

/// What has come, besides a [`Waker::wake`].
#[derive(Clone, Copy, Debug, Default)]
pub struct Woken {
    pub by_keyboard: bool,
    /// The size of the terminal may have changed, or one of the signals came
    /// that [`Wait`] tells of.
    pub by_signal: bool,
}

/// Ends a [`Wait::wait`]; between two of them, once is enough.
#[derive(Clone)]
pub struct Waker {
    waker: Arc<mio::Waker>,
    is_set: Arc<AtomicBool>,
}

impl Waker {
    pub fn wake(&self) {
        if !self.is_set.swap(true, Ordering::AcqRel) {
            // Fails only with the poll itself, which ends the other thread.
            self.waker.wake().unwrap_or_default();
        }
    }
}

impl Wait {
    /// # Errors
    /// The system has no descriptors left, or standard input can't be waited for.
    pub fn new() -> io::Result<Self> {
        let poll = Poll::new()?;
        let registry = poll.registry();
        registry.register(&mut SourceFd(&io::stdin().as_raw_fd()), KEYBOARD, Interest::READABLE)?;
        let waker =
            Waker { waker: Arc::new(mio::Waker::new(registry, WAKER)?), is_set: Arc::default() };
        let (signals, teller) = UnixStream::pair()?;
        signals.set_nonblocking(true)?;
        teller.set_nonblocking(true)?;
        registry.register(&mut SourceFd(&signals.as_raw_fd()), SIGNALS, Interest::READABLE)?;
        let this = Self {
            poll,
            events: Events::with_capacity(8),
            waker,
            signals,
            is_told_to_end: Arc::default(),
            is_told_to_stop: Arc::default(),
            has_continued: Arc::default(),
        };
        let flags = ENDING.iter().map(|&signal| (signal, &this.is_told_to_end));
        let others = [(SIGTSTP, &this.is_told_to_stop), (SIGCONT, &this.has_continued)];
        for (signal, flag) in flags.chain(others) {
            // The flag is set before the byte is written.
            signal_hook::flag::register(signal, Arc::clone(flag))?;
            signal_hook::low_level::pipe::register(signal, teller.try_clone()?)?;
        }
        signal_hook::low_level::pipe::register(SIGWINCH, teller)?;
        Ok(this)
    }

    pub fn waker(&self) -> Waker {
        self.waker.clone()
    }

    /// From now on [`Waker::wake`] counts again; then look at what it is for.
    pub fn clear(&self) {
        self.waker.is_set.store(false, Ordering::Release);
    }

    /// Waits for something, for `timeout` at the most.
    ///
    /// # Errors
    /// The system's.
    pub fn wait(&mut self, timeout: Option<Duration>) -> io::Result<Woken> {
        let mut woken = Woken::default();
        // Readiness is told once; asked anew, it is told of keys left unread.
        let keyboard = io::stdin().as_raw_fd();
        self.poll.registry().reregister(&mut SourceFd(&keyboard), KEYBOARD, Interest::READABLE)?;
        match self.poll.poll(&mut self.events, timeout) {
            Err(error) if error.kind() != ErrorKind::Interrupted => return Err(error),
            _ => {}
        }
        for event in &self.events {
            woken.by_keyboard |= event.token() == KEYBOARD;
            woken.by_signal |= event.token() == SIGNALS;
        }
        let mut bytes = [0; 64];
        while woken.by_signal && (&self.signals).read(&mut bytes).is_ok_and(|count| count > 0) {}
        Ok(woken)
    }

    /// A signal has told us to end, or the terminal has gone.
    pub fn was_told_to_end(&self) -> bool {
        self.is_told_to_end.load(Ordering::Relaxed)
    }

    /// SIGTSTP has come since the last call.
    pub fn was_told_to_stop(&self) -> bool {
        self.is_told_to_stop.swap(false, Ordering::Relaxed)
    }

    /// SIGCONT has come since the last call.
    pub fn has_continued(&self) -> bool {
        self.has_continued.swap(false, Ordering::Relaxed)
    }
}
