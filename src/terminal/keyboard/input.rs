//! What comes of a keyboard's bytes.

use crossterm::event::{KeyEvent, MouseEvent};

/// What came from the keyboard or the mouse.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    Key(KeyEvent),
    /// Characters that came together; never a line break among them.
    Text(String),
    /// As it came: line breaks and control characters are as the terminal sent
    /// them. One byte longer than [`PASTE_BYTES_MAX`](super::PASTE_BYTES_MAX) where it was longer.
    Paste(String),
    Mouse(MouseEvent),
    /// The terminal's window has got the focus, or lost it.
    Focus(bool),
}
