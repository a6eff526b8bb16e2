//! Bytes to the terminal. Never waits for it: what it doesn't take yet is kept,
//! so that a stalled terminal (a slow serial line, a stopped emulator) holds up
//! neither keys nor signals.

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{Mode, OFlags, open};
use rustix::termios::ttyname;
use std::fs::File;
use std::io::{self, ErrorKind, Write};
use std::os::fd::AsFd;
use std::time::{Duration, Instant};

/// The terminal as it is written to.
#[derive(Debug)]
pub struct Output {
    terminal: File,
    waiting: Vec<u8>,
    written: usize,
}

impl Output {
    /// The terminal of standard output, opened once more: not waiting is then a
    /// matter of ours alone, and not of everybody who shares it. Where it can't
    /// be opened (another user's, after `su`), the controlling terminal is
    /// tried, and in the end it is waited for.
    ///
    /// # Errors
    /// Standard output can't be used at all.
    pub fn open() -> io::Result<Self> {
        let stdout = io::stdout();
        let flags = OFlags::WRONLY | OFlags::NOCTTY | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let opened = ttyname(&stdout, Vec::new())
            .and_then(|name| open(name, flags, Mode::empty()))
            .or_else(|_| open("/dev/tty", flags, Mode::empty()));
        let terminal = match opened {
            Ok(opened) => opened.into(),
            Err(_) => stdout.as_fd().try_clone_to_owned()?.into(),
        };
        Ok(Self { terminal, waiting: Vec::new(), written: 0 })
    }

    /// Bytes to be written behind those that wait.
    pub fn push(&mut self, bytes: &[u8]) {
        self.waiting.extend_from_slice(bytes);
    }

    /// Whether all that was pushed was written.
    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Writes as much as the terminal takes at once.
    ///
    /// # Errors
    /// The terminal has gone.
    pub fn flush(&mut self) -> io::Result<()> {
        while self.written < self.waiting.len() {
            match self.terminal.write(&self.waiting[self.written..]) {
                Ok(0) => return Err(ErrorKind::WriteZero.into()),
                Ok(count) => self.written += count,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        self.waiting.clear();
        self.written = 0;
        Ok(())
    }

    /// Writes everything, for `patience` at the most.
    ///
    /// # Errors
    /// The terminal has gone, or takes too long.
    pub fn drain(&mut self, patience: Duration) -> io::Result<()> {
        let deadline = Instant::now() + patience;
        loop {
            self.flush()?;
            if self.is_empty() {
                return Ok(());
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(ErrorKind::TimedOut.into());
            }
            let left = Timespec::try_from(left).map_err(|_| ErrorKind::InvalidInput)?;
            match poll(&mut [PollFd::new(&self.terminal, PollFlags::OUT)], Some(&left)) {
                Ok(_) | Err(rustix::io::Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// What wasn't written yet never is.
    pub fn discard(&mut self) {
        self.waiting.clear();
        self.written = 0;
    }
}
