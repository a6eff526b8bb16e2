//! What a bot writes: from whom to whom, the packet's ordinal, the time, and
//! padding. Whoever gets it can tell whether it is theirs.

use std::fmt::Write;

/// Whom a note is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoteTo<'a> {
    User(&'a str),
    /// All, or a room: the `to` of the packet.
    Many(&'a str),
}

/// The text of a packet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note<'a> {
    pub from: &'a str,
    /// `to` of the packet that it stands in.
    pub to: &'a str,
    pub ordinal: u64,
    /// Nanoseconds since the run began.
    pub sent_at: u64,
}

impl<'a> Note<'a> {
    /// Writes it with padding, `size` bytes long where it isn't longer.
    pub fn write(&self, size: usize) -> String {
        let mut text = String::with_capacity(size.max(64));
        let _ = write!(text, "{}>{} {} {:x} ", self.from, self.to, self.ordinal, self.sent_at);
        while text.len() < size {
            text.push('x');
        }
        text
    }

    /// Reads one; `None` where the text is no note.
    pub fn read(text: &'a str) -> Option<Self> {
        let mut parts = text.splitn(4, ' ');
        let (from, to) = parts.next()?.split_once('>')?;
        let ordinal = parts.next()?.parse().ok()?;
        let sent_at = u64::from_str_radix(parts.next()?, 16).ok()?;
        let padding = parts.next()?;
        padding.bytes().all(|byte| byte == b'x').then_some(Self { from, to, ordinal, sent_at })
    }

    pub fn recipient(&self) -> NoteTo<'a> {
        match self.to.as_bytes().first() {
            Some(b'/' | b'#') => NoteTo::Many(self.to),
            _ => NoteTo::User(self.to),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_is_read_as_it_was_written() {
        let note = Note { from: "a1", to: "#room", ordinal: 7, sent_at: 0xbeef };
        let text = note.write(64);
        assert_eq!(text.len(), 64);
        assert_eq!(Note::read(&text), Some(note));
        assert_eq!(Note::read(&text.replace('x', "y")), None);
    }
}
