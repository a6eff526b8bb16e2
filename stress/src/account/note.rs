//! What a bot writes: from whom to whom, the packet's ordinal, the time, and
//! padding. Whoever gets it can tell whether it is theirs.

use std::fmt::Write;

/// Ends a text.
const END: char = '.';

/// Whom a note is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum NoteTo<'a> {
    User(&'a str),
    /// All, or a room: the `to` of the packet.
    Many(&'a str),
}

/// The text of a packet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Note<'a> {
    pub from: &'a str,
    /// `to` of the packet that it stands in.
    pub to: &'a str,
    pub ordinal: u64,
    /// Nanoseconds since the run began.
    pub sent_at: u64,
}

impl<'a> Note<'a> {
    /// Writes it with padding, `size` bytes long where it isn't longer. The
    /// full stop shows whoever reads it that nothing is missing at the end.
    pub(crate) fn write(&self, size: usize) -> String {
        let mut text = String::with_capacity(size.max(64));
        let _ = write!(text, "{}>{} {} {:x} ", self.from, self.to, self.ordinal, self.sent_at);
        while text.len() + END.len_utf8() < size {
            text.push('x');
        }
        text.push(END);
        text
    }

    /// Reads one; `None` where the text is no note.
    pub(crate) fn read(text: &'a str) -> Option<Self> {
        let mut parts = text.splitn(4, ' ');
        let (from, to) = parts.next()?.split_once('>')?;
        let ordinal = parts.next()?.parse().ok()?;
        let sent_at = u64::from_str_radix(parts.next()?, 16).ok()?;
        let padding = parts.next()?.strip_suffix(END)?;
        padding.bytes().all(|byte| byte == b'x').then_some(Self { from, to, ordinal, sent_at })
    }

    pub(crate) fn recipient(&self) -> NoteTo<'a> {
        match self.to.as_bytes().first() {
            Some(b'/' | b'#') => NoteTo::Many(self.to),
            _ => NoteTo::User(self.to),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn note() -> Note<'static> {
        Note { from: "a1", to: "#room", ordinal: 7, sent_at: 0xbeef }
    }

    #[test]
    fn a_note_is_read_as_it_was_written() {
        for size in [0, 64] {
            let text = note().write(size);
            assert_eq!(Note::read(&text), Some(note()), "{text}");
        }
    }

    #[test]
    fn a_note_is_as_long_as_asked_for_unless_its_words_are_longer() {
        let shortest = note().write(0);
        assert_eq!(shortest, "a1>#room 7 beef .");
        for size in shortest.len()..80 {
            assert_eq!(note().write(size).len(), size);
        }
    }

    #[test]
    fn a_text_that_is_cut_short_or_changed_is_no_note() {
        let text = note().write(40);
        for end in 0..text.len() {
            assert_eq!(Note::read(&text[..end]), None, "{}", &text[..end]);
        }
        for (part, other) in [("x", "y"), (">", " "), ("beef", "bee,"), ("7", "z"), (" 7", "")] {
            assert_eq!(Note::read(&text.replace(part, other)), None, "{part} → {other}");
        }
    }

    #[test]
    fn endpoints_and_rooms_are_many() {
        let recipient = |to| Note { to, ..note() }.recipient();
        assert_eq!(recipient("/broadcast"), NoteTo::Many("/broadcast"));
        assert_eq!(recipient("#room"), NoteTo::Many("#room"));
        assert_eq!(recipient("a2"), NoteTo::User("a2"));
    }
}
