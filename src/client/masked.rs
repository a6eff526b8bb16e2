//! A line that is typed unseen: a password. Never: where the keys come from.

use crate::wire::Secret;
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use std::fmt;
use zeroize::{Zeroize, Zeroizing};

/// What is typed is no longer than this, in bytes: no password is.
const TYPED_BYTES_MAX: usize = 4096;

/// What is typed so far. Its room is there from the start: one that grows leaves copies
/// behind.
pub struct Typed(Zeroizing<String>);

impl fmt::Debug for Typed {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Typed")
    }
}

/// What a key has done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
    More,
    Whole,
    GivenUp,
}

impl Typed {
    #[expect(clippy::new_without_default, reason = "it allocates all it will ever have")]
    pub fn new() -> Self {
        Self(Zeroizing::new(String::with_capacity(TYPED_BYTES_MAX)))
    }

    /// What was typed; nothing is left of it here.
    pub fn take_all(&mut self) -> Secret {
        let secret = Secret::new(&self.0);
        self.clear();
        secret
    }

    /// How many characters it has so far.
    pub fn chars(&self) -> usize {
        self.0.chars().count()
    }

    pub fn push(&mut self, c: char) {
        if !c.is_control() && self.0.len() + c.len_utf8() <= TYPED_BYTES_MAX {
            self.0.push(c);
        }
    }

    pub fn pop(&mut self) {
        self.0.pop();
    }

    pub fn clear(&mut self) {
        let mut bytes = std::mem::take(&mut *self.0).into_bytes();
        bytes.zeroize();
        *self.0 = String::from_utf8(bytes).unwrap_or_default();
    }

    pub fn take(&mut self, key: KeyEvent) -> Taken {
        let with_control = key.modifiers.contains(KeyModifiers::CONTROL);
        match key.code {
            KeyCode::Enter => return Taken::Whole,
            KeyCode::Char('j' | 'm') if with_control => return Taken::Whole,
            KeyCode::Char('c' | 'd') if with_control => return Taken::GivenUp,
            KeyCode::Esc => return Taken::GivenUp,
            KeyCode::Char('u') if with_control => self.clear(),
            KeyCode::Char('h') if with_control => self.pop(),
            KeyCode::Backspace => self.pop(),
            KeyCode::Char(c) if !with_control => self.push(c),
            _ => {}
        }
        Taken::More
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(code: KeyCode, modifiers: KeyModifiers) -> KeyEvent {
        KeyEvent::new(code, modifiers)
    }

    #[test]
    fn a_line_is_typed_and_mended_unseen() {
        let mut typed = Typed::new();
        let mut press = |code| typed.take(key(code, KeyModifiers::NONE));
        for c in "hünd".chars() {
            assert_eq!(press(KeyCode::Char(c)), Taken::More);
        }
        assert_eq!(press(KeyCode::Backspace), Taken::More);
        assert_eq!(press(KeyCode::Enter), Taken::Whole);
        assert_eq!((typed.chars(), typed.take_all().reveal()), (3, "hün"));
        assert_eq!(typed.take(key(KeyCode::Char('x'), KeyModifiers::NONE)), Taken::More);
        assert_eq!(typed.take(key(KeyCode::Char('u'), KeyModifiers::CONTROL)), Taken::More);
        assert_eq!(typed.chars(), 0);
        for c in ['c', 'd'] {
            assert_eq!(typed.take(key(KeyCode::Char(c), KeyModifiers::CONTROL)), Taken::GivenUp);
        }
    }

    #[test]
    fn it_never_grows_beyond_its_room() {
        let mut typed = Typed::new();
        (0..3 * TYPED_BYTES_MAX).for_each(|_| typed.push('é'));
        typed.push('\n');
        assert_eq!(typed.0.len(), TYPED_BYTES_MAX);
        assert_eq!(typed.0.capacity(), TYPED_BYTES_MAX);
    }
}
