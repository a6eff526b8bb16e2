//! What a key stands for. Never: what it does.

use tui_input::InputRequest;

/// What a key stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    Edit(InputRequest),
    Submit,
    Complete {
        back: bool,
    },
    Older,
    Newer,
    PageUp,
    PageDown,
    RowUp,
    RowDown,
    ToStart,
    ToEnd,
    Next,
    Previous,
    Switch(usize),
    NextUnread,
    Search,
    Escape,
    /// Ctrl-C.
    Interrupt,
    /// Ctrl-D.
    EndOfInput,
    Help,
    Repaint,
}
