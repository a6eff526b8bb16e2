//! Words for whoever has started the program, on standard output and standard
//! error. Never: what they say.

use anyhow::{Context, Result};
use std::io::{self, ErrorKind, Write};

/// Writes text to standard output. A reader who has gone has had enough: that
/// is no error.
///
/// # Errors
/// Where it can't be written for another reason.
pub(crate) fn print(text: &str) -> Result<()> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        written => written.context("standard output"),
    }
}

/// A line on standard error; where that can't be written, nobody is there.
pub(crate) fn remark(text: &str) {
    writeln!(io::stderr(), "{text}").unwrap_or_default();
}
