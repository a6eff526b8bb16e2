//! **The sandbox**, a start-up step: once everything is open, each thread gives
//! up for good what it never needs while the server runs. Two filters, since each
//! alone is incomplete: `seccomp` allows only the system calls that are needed,
//! Landlock refuses files and TCP ports. Never: sockets, chat, flags.
//!
//! | module | what lives there |
//! | --- | --- |
//! | `calls` | the system calls of a running thread; all others are refused |
//! | `files` | Landlock: no file but those to be read again, no TCP port |
//! | `helper` | threads that start before anything is opened |
//! | `needs` | what is left to a thread |
//!
//! Both filters are per thread, so each thread confines itself by
//! [`confine_thread`], with its own [`Needs`]: what one kind of thread needs,
//! the others don't get. A confined thread can't start threads, so the thread
//! that starts the others confines itself last; [`in_force`] then checks what
//! all of them report, before anything is served.
//!
//! Threads share their memory: whoever controls one thread can make any other
//! use its system calls. So the whole process is bounded only by the union of
//! what its threads may do.

mod calls;
mod files;
mod helper;
mod needs;

pub use files::Landlock;
pub use helper::Helper;
use log::{info, warn};
pub use needs::Needs;
use thiserror::Error;

/// How much of the sandbox an operator asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// All of it; where a part is missing, the server doesn't start.
    Require,
    /// As much as the kernel supports.
    Auto,
    Off,
}

/// A part of the sandbox that was required is not available.
#[derive(Debug, Error)]
#[error("the sandbox is required, but there is no {0}")]
pub struct Refused(&'static str);

/// What one thread has given up.
#[derive(Debug)]
pub struct Confinement {
    landlock: Result<Landlock, String>,
    seccomp: Result<(), String>,
}

/// What every thread of the process has given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InForce {
    pub seccomp: bool,
    pub landlock: Landlock,
}

impl Confinement {
    /// Of a thread that gives up nothing: for [`Mode::Off`].
    pub fn none() -> Self {
        Self { landlock: Ok(Landlock::No), seccomp: Err("off".to_owned()) }
    }
}

/// Confines the calling thread to what it needs, for good.
pub fn confine_thread(needs: &Needs) -> Confinement {
    // In this order: seccomp refuses Landlock's system calls.
    let landlock = files::close(needs).map_err(|error| error.to_string());
    let seccomp = calls::close(needs).map_err(|error| error.to_string());
    Confinement { landlock, seccomp }
}

/// What is in force for the process: what the least confined thread has given
/// up. It is logged.
///
/// # Errors
/// [`Refused`] where all of it is required and some thread lacks a part.
pub fn in_force(mode: Mode, threads: &[Confinement]) -> Result<InForce, Refused> {
    let nothing = InForce { seccomp: false, landlock: Landlock::No };
    if mode == Mode::Off {
        info!("sandbox: off");
        return Ok(nothing);
    }
    // One reason is enough: threads of one process lack the same things.
    if let Some(error) = threads.iter().find_map(|thread| thread.landlock.as_ref().err()) {
        warn!("sandbox: no Landlock: {error}");
    }
    if let Some(error) = threads.iter().find_map(|thread| thread.seccomp.as_ref().err()) {
        warn!("sandbox: no seccomp: {error}");
    }
    let landlock = |thread: &Confinement| *thread.landlock.as_ref().unwrap_or(&Landlock::No);
    let in_force = InForce {
        seccomp: !threads.is_empty() && threads.iter().all(|thread| thread.seccomp.is_ok()),
        landlock: threads.iter().map(landlock).min().unwrap_or(Landlock::No),
    };
    if mode == Mode::Require
        && let Some(lacking) = in_force.lacking()
    {
        return Err(Refused(lacking));
    }
    info!("sandbox: {}", in_force.words());
    Ok(in_force)
}

impl InForce {
    /// The first part that is missing.
    fn lacking(self) -> Option<&'static str> {
        match (self.landlock, self.seccomp) {
            (Landlock::No, _) => Some("Landlock"),
            (Landlock::InPart, _) => Some("all of Landlock; this needs Linux 6.12"),
            (Landlock::Yes, false) => Some("seccomp"),
            (Landlock::Yes, true) => None,
        }
    }

    /// The name in the log.
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

#[cfg(test)]
mod tests {
    use super::*;

    fn thread(landlock: Result<Landlock, &str>, seccomp: Result<(), &str>) -> Confinement {
        Confinement {
            landlock: landlock.map_err(str::to_owned),
            seccomp: seccomp.map_err(str::to_owned),
        }
    }

    #[test]
    fn what_is_in_force_is_that_of_the_least_confined_thread() {
        let full = || thread(Ok(Landlock::Yes), Ok(()));
        let auto = |threads: &[Confinement]| in_force(Mode::Auto, threads).unwrap();
        assert_eq!(auto(&[full(), full()]).words(), "seccomp+landlock");
        let part = thread(Ok(Landlock::InPart), Ok(()));
        assert_eq!(auto(&[full(), part]).words(), "seccomp+landlock-in-part");
        assert_eq!(auto(&[full(), thread(Err("x"), Ok(()))]).words(), "seccomp");
        let open = thread(Ok(Landlock::Yes), Err("x"));
        assert_eq!(auto(&[open, full()]).words(), "landlock");
        assert_eq!(auto(&[]).words(), "none");
    }

    #[test]
    fn a_part_that_one_thread_lacks_is_refused_where_all_is_required() {
        let full = || thread(Ok(Landlock::Yes), Ok(()));
        let require = |other: Confinement| {
            in_force(Mode::Require, &[full(), other]).map_err(|refused| refused.to_string())
        };
        assert!(require(full()).is_ok());
        let no = "the sandbox is required, but there is no ";
        for (other, lacks) in [
            (thread(Err("x"), Ok(())), "Landlock"),
            (thread(Ok(Landlock::InPart), Ok(())), "all of Landlock; this needs Linux 6.12"),
            (thread(Ok(Landlock::Yes), Err("x")), "seccomp"),
        ] {
            assert_eq!(require(other), Err(format!("{no}{lacks}")));
        }
    }
}
