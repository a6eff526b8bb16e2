//! Where packets begin and end in a stream of bytes, by strings and the depth of
//! braces. Never: whether a packet obeys the schema.

use crate::wire::text::is_white_space;
use memchr::{memchr, memchr3};

/// Finds packets in a stream, however its bytes were cut.
///
/// The framer keeps no bytes, only where it stands. Its caller keeps those of
/// the unfinished packet and shows them again, in front of what has come
/// since; they are not scanned twice, so the work is linear in the bytes.
///
/// - **Out**: [`Framer::next`], then [`Framer::finish`] at the end of the stream.
/// - **Invariant**: the same bytes give the same steps, wherever they are cut.
#[derive(Clone, Debug, Default)]
pub struct Framer {
    place: Place,
    /// Braces open; never above the packet limit.
    depth: u32,
    /// Bytes of the unfinished packet or junk seen so far; never above the limit.
    seen: u32,
}

/// The state behind the last byte.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Place {
    /// Between packets.
    #[default]
    Between,
    /// Neither white space nor a packet: to be skipped up to the line's end.
    Junk,
    /// In a packet, outside its strings.
    Structure,
    /// In a string of a packet.
    String,
    /// Behind a backslash in a string.
    Escape,
}

/// What [`Framer::next`] found; positions count from the start of the slice
/// that it was shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// A packet, braces included, in `start..end`; go on at `end`.
    Packet { start: usize, end: usize },
    /// A malformed packet ended before the line break at `end`; go on there.
    Malformed { end: usize },
    /// More bytes than the limit; nothing behind it can be trusted.
    TooLarge,
    /// Nothing whole is left. Keep the bytes from `keep` on and show them
    /// again, in front of the next ones.
    More { keep: usize },
}

impl Framer {
    /// Whether it stands between packets, so that the next byte shown is
    /// looked at for the first time.
    pub fn is_between(&self) -> bool {
        self.place == Place::Between
    }

    /// How much was seen of what it stands in, in bytes.
    pub fn unfinished_bytes(&self) -> usize {
        if self.is_between() { 0 } else { self.seen as usize }
    }

    /// Finds the next packet in `bytes`, which begin where the last step said
    /// to go on (or to keep). `limit` bounds a packet, in bytes.
    pub fn next(&mut self, bytes: &[u8], limit: usize) -> Step {
        let mut start = 0;
        if self.place == Place::Between {
            let Some(skipped) = bytes.iter().position(|&byte| !is_white_space(byte)) else {
                return Step::More { keep: bytes.len() };
            };
            start = skipped;
            self.seen = 0;
            self.depth = 0;
            self.place = if bytes[start] == b'{' { Place::Structure } else { Place::Junk };
        }
        if self.place == Place::Junk {
            return self.next_junk(bytes, start, limit);
        }
        self.next_packet(bytes, start, limit)
    }

    /// Ends the stream: true if something was left unfinished, which is one
    /// malformed packet.
    pub fn finish(&mut self) -> bool {
        let unfinished = !self.is_between();
        *self = Self::default();
        unfinished
    }

    /// Junk is counted, never kept.
    fn next_junk(&mut self, bytes: &[u8], start: usize, limit: usize) -> Step {
        let fresh = &bytes[start..];
        let line = memchr(b'\n', fresh);
        let length = self.seen as usize + line.unwrap_or(fresh.len());
        if length > limit {
            return Step::TooLarge;
        }
        match line {
            Some(line) => {
                self.place = Place::Between;
                Step::Malformed { end: start + line }
            }
            None => {
                self.seen = length as u32;
                Step::More { keep: bytes.len() }
            }
        }
    }

    /// A packet begins at `start`; its first `seen` bytes were scanned before.
    fn next_packet(&mut self, bytes: &[u8], start: usize, limit: usize) -> Step {
        // One byte over the limit is looked at, so that a line break there
        // still ends a torn packet wherever the bytes are cut.
        let end = bytes.len().min(start.saturating_add(limit).saturating_add(1));
        let mut at = start + self.seen as usize;
        while at < end {
            at = self.skip_to_mark(bytes, at, end);
            if at == end {
                break;
            }
            let byte = bytes[at];
            let in_string = matches!(self.place, Place::String | Place::Escape);
            if byte == b'\n' && in_string {
                self.place = Place::Between;
                return Step::Malformed { end: at };
            }
            if at - start >= limit {
                return Step::TooLarge;
            }
            at += 1;
            match (self.place, byte) {
                (Place::Escape, _) => self.place = Place::String,
                (Place::String, b'\\') => self.place = Place::Escape,
                (Place::String, b'"') => self.place = Place::Structure,
                (Place::Structure, b'"') => self.place = Place::String,
                (Place::Structure, b'{') => self.depth += 1,
                (Place::Structure, b'}') => {
                    self.depth -= 1;
                    if self.depth == 0 {
                        self.place = Place::Between;
                        return Step::Packet { start, end: at };
                    }
                }
                _ => {}
            }
        }
        if at - start > limit {
            return Step::TooLarge;
        }
        self.seen = (at - start) as u32;
        Step::More { keep: start }
    }

    /// The next byte from `at` on that can change the state.
    fn skip_to_mark(&self, bytes: &[u8], at: usize, end: usize) -> usize {
        let fresh = &bytes[at..end];
        let found = match self.place {
            Place::Escape => Some(0),
            Place::String => memchr3(b'"', b'\\', b'\n', fresh),
            _ => memchr3(b'"', b'{', b'}', fresh),
        };
        found.map_or(end, |offset| at + offset)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: usize = 10;

    #[test]
    fn white_space_in_front_is_not_part_of_the_packet() {
        let mut framer = Framer::default();
        let torn = b"        {\"to\":\"a";
        assert_eq!(framer.next(torn, LIMIT), Step::More { keep: 8 });
        assert_eq!(framer.next(b"{\"to\":\"a\"}", LIMIT), Step::Packet { start: 0, end: 10 });
    }

    #[test]
    fn a_torn_packet_may_be_as_long_as_a_whole_one() {
        let torn = b"{\"torn    \n";
        for cut in 1..torn.len() {
            let mut framer = Framer::default();
            assert_eq!(framer.next(&torn[..cut], LIMIT), Step::More { keep: 0 }, "{cut}");
            assert_eq!(framer.next(torn, LIMIT), Step::Malformed { end: LIMIT }, "{cut}");
            assert!(framer.is_between());
        }
        let mut framer = Framer::default();
        assert_eq!(framer.next(b"{\"torn    x", LIMIT), Step::TooLarge);
    }

    #[test]
    fn junk_is_counted_up_to_the_line_break() {
        let mut framer = Framer::default();
        assert_eq!(framer.next(b" junk", LIMIT), Step::More { keep: 5 });
        assert_eq!(framer.next(b"123456\n", LIMIT), Step::Malformed { end: 6 });
        assert_eq!(framer.next(b"\njunk7890x\n", LIMIT), Step::Malformed { end: 10 });
        assert_eq!(framer.next(b"junk7890xy", LIMIT), Step::More { keep: 10 });
        assert_eq!(framer.next(b"z", LIMIT), Step::TooLarge);
    }
}
