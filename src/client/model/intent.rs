//! What a key stands for. Never: what it does.

use tui_input::InputRequest;

/// What a key stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    Edit(InputRequest),
    Submit,
    /// A new row within the line.
    NewRow,
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
    Suspend,
    /// The mouse becomes ours, or the terminal's.
    Mouse,
    /// A turn of the mouse's wheel.
    Scroll {
        pane: Pane,
        up: bool,
    },
    /// The conversation with somebody in the list of people, counted from 0.
    Person(usize),
}

/// What the wheel is turned over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pane {
    Lines,
    Conversations,
    People,
}
