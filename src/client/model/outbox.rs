//! Typed lines that wait for the connection. Never: when they are sent.

use super::conversation::Place;
use std::collections::VecDeque;

/// A typed line, and where it is shown.
#[derive(Clone, Debug)]
pub struct Typed {
    /// A user, a room, or an endpoint.
    pub to: String,
    pub msg: String,
    pub place: Place,
    /// The number of the line that shows it in `place`.
    pub number: u64,
}

/// Lines that wait for the connection, in the order typed.
#[derive(Debug, Default)]
pub struct Outbox {
    pub lines: VecDeque<Typed>,
}

impl Outbox {
    pub fn len(&self) -> usize {
        self.lines.len()
    }

    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// Whether a line waits in that conversation.
    pub fn has(&self, place: &Place) -> bool {
        self.lines.iter().any(|line| line.place == *place)
    }

    /// Takes out the newest line of that conversation.
    pub fn pop_newest(&mut self, place: &Place) -> Option<Typed> {
        let index = self.lines.iter().rposition(|line| line.place == *place)?;
        self.lines.remove(index)
    }
}
