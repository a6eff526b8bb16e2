//! The terminal taken over, and given back whatever happens. Never: what is on it.

use crossterm::event::{self, DisableBracketedPaste, EnableBracketedPaste, Event};
use crossterm::execute;
use ratatui::layout::{Rect, Size};
use ratatui::{DefaultTerminal, Frame};
use std::io::{self, Write, stdout};
use std::time::Duration;

/// How long a key is waited for where one is due. Not zero: then crossterm
/// doesn't look, nor does it where this is over before it begins, so that
/// "none" is no certainty on a busy machine.
const INPUT_PATIENCE: Duration = Duration::from_millis(4);

/// The terminal while we have it.
pub struct Terminal {
    terminal: DefaultTerminal,
    size: Size,
}

impl Terminal {
    /// Takes it over; a panic gives it back as well.
    ///
    /// # Errors
    /// It is none, or has gone.
    pub fn open() -> io::Result<Self> {
        let terminal = ratatui::try_init()?;
        let size = terminal.size()?;
        let this = Self { terminal, size };
        execute!(stdout(), EnableBracketedPaste)?;
        Ok(this)
    }

    pub fn area(&self) -> Rect {
        Rect::from((ratatui::layout::Position::ORIGIN, self.size))
    }

    /// The next key or paste, if one waits.
    ///
    /// # Errors
    /// The terminal has gone.
    pub fn input(&mut self) -> io::Result<Option<Event>> {
        if !event::poll(INPUT_PATIENCE)? {
            return Ok(None);
        }
        Ok(Some(event::read()?))
    }

    /// Its size may have changed.
    ///
    /// # Errors
    /// The terminal has gone.
    pub fn measure(&mut self) -> io::Result<()> {
        self.size = self.terminal.size()?;
        Ok(())
    }

    /// # Errors
    /// The terminal has gone.
    pub fn draw(&mut self, draw: impl FnOnce(&mut Frame<'_>)) -> io::Result<()> {
        self.size = self.terminal.draw(draw)?.area.as_size();
        Ok(())
    }

    /// The next [`Self::draw`] paints every cell.
    pub fn forget(&mut self) {
        // Fails where the terminal has gone, which drawing tells.
        self.terminal.clear().unwrap_or_default();
    }

    pub fn ring(&mut self) {
        let mut out = stdout();
        out.write_all(b"\x07").and_then(|()| out.flush()).unwrap_or_default();
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        execute!(stdout(), DisableBracketedPaste).unwrap_or_default();
        ratatui::restore();
    }
}
