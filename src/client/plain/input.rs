//! What is typed, or comes through the pipe, line by line. Never: what it means.

use crate::client::Error;
use crossbeam_channel::Sender;
use std::io::{self, BufRead, Read};
use std::thread;

/// A typed line is read up to this many bytes; no packet could hold more.
const TYPED_LINE_BYTES_MAX: u64 = 1 << 20;

/// What comes from the keyboard or the pipe.
#[derive(Debug)]
pub enum Input {
    Line(String),
    /// Of a terminal with a `Prompt`.
    Event(crossterm::event::Event),
    /// We were stopped, and go on.
    Continued,
    End,
}

/// Reads a pipe, or a terminal that shows what is typed itself, in a thread of its
/// own.
///
/// # Errors
/// There is no thread left.
pub fn read_lines(tell: Sender<Input>) -> Result<(), Error> {
    let read = move || {
        let mut input = io::stdin().lock();
        loop {
            let mut bytes = Vec::new();
            let read = input.by_ref().take(TYPED_LINE_BYTES_MAX).read_until(b'\n', &mut bytes);
            let line = String::from_utf8_lossy(&bytes);
            let input = match read {
                Ok(count) if count > 0 => {
                    Input::Line(line.trim_end_matches(['\n', '\r']).to_owned())
                }
                _ => Input::End,
            };
            let is_last = matches!(input, Input::End);
            if tell.send(input).is_err() || is_last {
                return;
            }
        }
    };
    // Not joined: it may wait for a line when all else is over.
    let spawned = thread::Builder::new().name("input".to_owned()).spawn(read);
    spawned.map(drop).map_err(|error| Error::failed(format!("can't start a thread: {error}")))
}
