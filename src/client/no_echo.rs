//! A question in a terminal whose answer nobody sees. Never: what is asked, a screen.

use super::masked::{Taken, Typed};
use super::plain::print::note;
use super::system;
use crate::wire::Secret;
use crossterm::event::{self, Event};
use crossterm::terminal;
use std::io::{self, IsTerminal, Write, stderr, stdin};

/// The terminal in raw mode, which shows nothing of what is typed.
struct Raw;

impl Raw {
    fn new() -> io::Result<Self> {
        system::start_asking()?;
        terminal::enable_raw_mode().map(|()| Self)
    }
}

impl Drop for Raw {
    fn drop(&mut self) {
        // Fails where the terminal has gone.
        terminal::disable_raw_mode().unwrap_or_default();
        system::end_asking();
    }
}

/// Whether there is somebody to ask.
pub fn is_possible() -> bool {
    stdin().is_terminal() && stderr().is_terminal()
}

/// Asks, and reads a line. None: there is no terminal, or whoever sits there had rather
/// not (Ctrl-C, Ctrl-D).
pub fn ask(question: &str) -> Option<Secret> {
    if !is_possible() {
        return None;
    }
    let typed = read_unseen(question);
    note("");
    typed.ok().flatten()
}

/// Nothing is shown any more by the time that the question is.
fn read_unseen(question: &str) -> io::Result<Option<Secret>> {
    let _raw = Raw::new()?;
    let mut out = stderr();
    write!(out, "{question}: ")?;
    out.flush()?;
    read()
}

fn read() -> io::Result<Option<Secret>> {
    let mut typed = Typed::new();
    loop {
        match event::read()? {
            Event::Key(key) if key.is_release() => {}
            Event::Key(key) => match typed.take(key) {
                Taken::More => {}
                Taken::Whole => return Ok(Some(typed.take_all())),
                Taken::GivenUp => return Ok(None),
            },
            Event::Paste(text) => text.chars().for_each(|c| typed.push(c)),
            _ => {}
        }
    }
}
