//! What the commands print. Output that can't be written (a closed pipe, a
//! full disk) is an answer to deal with and never a panic, as the macros of the
//! standard library have it. Never: what is printed.

use std::io::{self, ErrorKind, Write};

/// Writes text to standard output. A reader who has gone has had enough: that
/// is no error.
///
/// # Errors
/// What the system says: no space, a file size limit.
pub fn print(text: &str) -> io::Result<()> {
    print_bytes(text.as_bytes())
}

/// [`print()`], for bytes.
///
/// # Errors
/// As there.
pub fn print_bytes(bytes: &[u8]) -> io::Result<()> {
    let mut out = io::stdout().lock();
    match out.write_all(bytes).and_then(|()| out.flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        written => written,
    }
}
