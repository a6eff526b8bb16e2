//! A console without signals and job control: closing its window ends us.

use std::io;

/// Whether the console of standard input shows what is typed.
pub(in crate::client) fn echoes() -> bool {
    true
}

/// What this machine is called.
pub(in crate::client) fn host_name() -> String {
    std::env::var("COMPUTERNAME").unwrap_or_default()
}

/// Nothing tells us to end but keys.
///
/// # Errors
/// None.
pub(in crate::client) fn on_signal(
    _ended: impl Fn() + Send + 'static,
    _continued: impl Fn() + Send + 'static,
) -> io::Result<()> {
    Ok(())
}

/// Nothing tells us to end in the middle of a question.
///
/// # Errors
/// None.
pub(in crate::client) fn start_asking() -> io::Result<()> {
    Ok(())
}

/// See [`start_asking`].
pub(in crate::client) fn end_asking() {}

/// Nothing is stopped here.
pub(in crate::client) fn stop() -> bool {
    false
}
