//! **The sandbox**, a start-up step: once the listeners are bound, the process
//! gives up for good what a running server never needs. Two locks, since each
//! alone leaves ways open: `seccomp` names the few system calls that are left,
//! Landlock closes files and TCP ports. Never: sockets, chat, flags.
//!
//! | module | what lives there |
//! | --- | --- |
//! | `calls` | the system calls of a running server; all others are refused |
//! | `files` | Landlock: no file but those to be read again, no TCP port |
//!
//! The order counts. [`Sandbox::close_files`] comes before the first thread,
//! since Landlock holds for a thread and those that it starts.
//! [`Sandbox::close_calls`] comes when all threads run, since it holds for all
//! of them at once and starting a thread is then refused as well. A new thread
//! (a metrics listener, say) is therefore started with the workers, its
//! sockets bound or connected before.

mod calls;
mod files;

use log::{info, warn};
use std::fmt;
use std::path::PathBuf;

/// What an operator wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// All of it, or the server doesn't start.
    Require,
    /// What the kernel gives.
    Auto,
    Off,
}

/// What a running server needs besides its sockets.
#[derive(Clone, Debug, Default)]
pub struct Needs {
    /// Files that it reads again while it runs, each in a directory of its
    /// own choosing: the whole directory stays readable, because a file that
    /// is replaced is another file to the kernel.
    pub read_again: Vec<PathBuf>,
    /// It serves metrics: time limits for scrapers, and files of `/proc` that
    /// are open already and read again.
    pub metrics: bool,
}

/// How much of Landlock is in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Landlock {
    No,
    /// An older kernel: files, but not all of TCP ports, signals and abstract
    /// sockets.
    InPart,
    Yes,
}

/// A part of the sandbox can't be had, and it was required.
#[derive(Debug)]
pub struct Refused(String);

/// The sandbox, step by step.
#[derive(Debug)]
pub struct Sandbox {
    mode: Mode,
    needs: Needs,
    landlock: Landlock,
}

impl Sandbox {
    pub fn new(mode: Mode, needs: Needs) -> Self {
        Self { mode, needs, landlock: Landlock::No }
    }

    /// First step, before the first thread: files and TCP ports.
    ///
    /// # Errors
    /// [`Refused`] where all of Landlock is required and can't be had.
    pub fn close_files(&mut self) -> Result<(), Refused> {
        if self.mode == Mode::Off {
            return Ok(());
        }
        match files::close(&self.needs) {
            Ok(landlock) => self.landlock = landlock,
            Err(error) => warn!("sandbox: no Landlock: {error}"),
        }
        match self.landlock {
            Landlock::Yes => Ok(()),
            Landlock::InPart => self.lacks("all of Landlock; this needs Linux 6.12"),
            Landlock::No => self.lacks("Landlock"),
        }
    }

    /// Second step, when all threads run: system calls, for every thread.
    /// Returns what is in force.
    ///
    /// # Errors
    /// [`Refused`] where seccomp is required and can't be had.
    pub fn close_calls(self) -> Result<InForce, Refused> {
        if self.mode == Mode::Off {
            info!("sandbox: off");
            return Ok(InForce { seccomp: false, landlock: Landlock::No });
        }
        let seccomp = match calls::close(&self.needs) {
            Ok(()) => true,
            Err(error) => {
                warn!("sandbox: no seccomp: {error}");
                self.lacks("seccomp")?;
                false
            }
        };
        let in_force = InForce { seccomp, landlock: self.landlock };
        info!("sandbox: {}", in_force.words());
        Ok(in_force)
    }

    fn lacks(&self, what: &str) -> Result<(), Refused> {
        if self.mode == Mode::Require {
            return Err(Refused(format!("the sandbox is required, but there is no {what}")));
        }
        Ok(())
    }
}

/// What the process has given up.
#[derive(Clone, Copy, Debug)]
pub struct InForce {
    pub seccomp: bool,
    pub landlock: Landlock,
}

impl InForce {
    /// For the log.
    fn words(self) -> &'static str {
        match (self.seccomp, self.landlock) {
            (true, Landlock::Yes) => "seccomp+landlock",
            (true, Landlock::InPart) => "seccomp+landlock-in-part",
            (true, Landlock::No) => "seccomp",
            (false, Landlock::Yes) => "landlock",
            (false, Landlock::InPart) => "landlock-in-part",
            (false, Landlock::No) => "none",
        }
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Refused {}
