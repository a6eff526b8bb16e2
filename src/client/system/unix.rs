//! Signals, and a terminal that may be told not to echo.

use crate::terminal::wait::ENDING;
use crossterm::terminal::{disable_raw_mode, enable_raw_mode};
use rustix::process::{Signal, getpgrp, getsid, kill_current_process_group};
use rustix::termios::{LocalModes, tcgetattr};
use signal_hook::consts::signal::{SIGCONT, SIGTSTP};
use signal_hook::iterator::Signals;
use signal_hook::low_level::emulate_default_handler;
use std::io::{self, stdin};
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::SeqCst;
use std::thread;

/// Whether the terminal of standard input shows what is typed.
pub(in crate::client) fn echoes() -> bool {
    tcgetattr(stdin()).is_ok_and(|settings| settings.local_modes.contains(LocalModes::ECHO))
}

/// What this machine is called.
pub(in crate::client) fn host_name() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}

/// A question is being asked: the terminal is in raw mode.
static IS_ASKING: AtomicBool = AtomicBool::new(false);
/// Signals are somebody else's by now: that of a client that has the terminal for good.
static ARE_HANDED_OVER: AtomicBool = AtomicBool::new(false);
/// They are watched since the first question.
static ARE_WATCHED: AtomicBool = AtomicBool::new(false);

/// From here on until [`end_asking`] a signal that ends us gives the terminal back first,
/// and one that stops us meanwhile. What they do besides is what they always do.
///
/// # Errors
/// The system refuses signals or a thread.
pub(in crate::client) fn start_asking() -> io::Result<()> {
    IS_ASKING.store(true, SeqCst);
    if ARE_WATCHED.swap(true, SeqCst) {
        return Ok(());
    }
    // Once watched, a signal does nothing by itself any more: so they are watched for good.
    let mut signals = Signals::new(ENDING.iter().chain(&[SIGTSTP, SIGCONT]))?;
    let obey = |signal| {
        let is_asking = IS_ASKING.load(SeqCst);
        match signal {
            _ if ARE_HANDED_OVER.load(SeqCst) => {}
            SIGCONT if is_asking => {
                // It may be as the shell left it.
                disable_raw_mode().unwrap_or_default();
                enable_raw_mode().unwrap_or_default();
            }
            SIGCONT => {}
            SIGTSTP if !has_shell() => {}
            signal => {
                if is_asking {
                    disable_raw_mode().unwrap_or_default();
                }
                emulate_default_handler(signal).unwrap_or_default();
            }
        }
    };
    thread::Builder::new()
        .name("signals".to_owned())
        .spawn(move || signals.forever().for_each(obey))?;
    Ok(())
}

/// The question is answered, or not, and the terminal given back.
pub(in crate::client) fn end_asking() {
    IS_ASKING.store(false, SeqCst);
}

/// Whoever calls this sees to signals from now on.
pub(in crate::client) fn hand_signals_over() {
    ARE_HANDED_OVER.store(true, SeqCst);
}

/// Calls `ended` for each signal that tells us to end, and `continued` when we
/// go on after having been stopped, by whatever. Meanwhile the terminal, which
/// is in raw mode while we have it, is the shell's.
///
/// # Errors
/// The system refuses signals or a thread.
pub(in crate::client) fn on_signal(
    ended: impl Fn() + Send + 'static,
    continued: impl Fn() + Send + 'static,
) -> io::Result<()> {
    let mut signals = Signals::new(ENDING.iter().chain(&[SIGTSTP, SIGCONT]))?;
    hand_signals_over();
    let obey = move |signal| match signal {
        SIGTSTP if has_shell() => {
            disable_raw_mode().unwrap_or_default();
            emulate_default_handler(SIGTSTP).unwrap_or_default();
        }
        SIGTSTP => {}
        SIGCONT => {
            // It may be as the shell left it.
            disable_raw_mode().unwrap_or_default();
            enable_raw_mode().unwrap_or_default();
            continued();
        }
        _ => ended(),
    };
    thread::Builder::new()
        .name("signals".to_owned())
        .spawn(move || signals.forever().for_each(obey))?;
    Ok(())
}

/// Stops this process and those with it in its job, as Ctrl-Z does. False where
/// no shell could make them go on.
pub(in crate::client) fn stop() -> bool {
    has_shell() && kill_current_process_group(Signal::TSTP).is_ok()
}

fn has_shell() -> bool {
    !getsid(None).is_ok_and(|session| session == getpgrp())
}
