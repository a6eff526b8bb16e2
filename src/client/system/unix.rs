//! Signals, and a terminal that may be told not to echo.

use rustix::termios::{LocalModes, tcgetattr};
use signal_hook::consts::signal::{SIGHUP, SIGINT, SIGTERM, SIGTSTP};
use signal_hook::iterator::Signals;
use std::io::{self, stdin};
use std::thread;

/// Whether the terminal of standard input shows what is typed.
pub(in crate::client) fn echoes() -> bool {
    tcgetattr(stdin()).is_ok_and(|settings| settings.local_modes.contains(LocalModes::ECHO))
}

/// Calls `tell` for each signal that tells us to end.
///
/// # Errors
/// The system refuses signals or a thread.
pub(in crate::client) fn on_end(tell: impl Fn() + Send + 'static) -> io::Result<()> {
    let mut signals = Signals::new([SIGHUP, SIGINT, SIGTERM])?;
    thread::Builder::new()
        .name("signals".to_owned())
        .spawn(move || signals.forever().for_each(|_| tell()))?;
    Ok(())
}

/// Stops this process, as Ctrl-Z does, and returns once it goes on.
///
/// # Errors
/// The system's.
pub(in crate::client) fn stop() -> io::Result<()> {
    signal_hook::low_level::emulate_default_handler(SIGTSTP)
}
