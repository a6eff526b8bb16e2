//! The fast path: a packet in the layout that clients write. Keys in their
//! usual order, no escape in `name` and `to`, only short escapes in `msg`.
//! Everything else is left to `serde_json`, which judges alone: this module
//! accepts or passes, it never refuses. A property test and a fuzz target hold
//! the two to the same answers.

use super::packet::{self, Malformed, Packet};
use super::text::{JsonText, escape_free_run, is_white_space};
use std::borrow::Cow;
use std::ops::Range;

/// Reads the packet that `bytes` hold, from its first brace to its last, in any
/// layout.
///
/// # Errors
/// [`Malformed`] where `bytes` are anything else than one packet.
pub fn parse(bytes: &[u8]) -> Result<Packet<'_>, Malformed> {
    match read(bytes) {
        Some((packet, length)) if length == bytes.len() => Ok(packet),
        _ => Packet::parse(bytes),
    }
}

/// Reads a packet from the start of `bytes`, which may hold more behind it.
/// Returns it with its length, or `None` where the slow path has to decide.
pub fn read(bytes: &[u8]) -> Option<(Packet<'_>, usize)> {
    read_counting(bytes).map(|(packet, length, _)| (packet, length))
}

/// [`read`] with how many escapes it stepped over: all that is read letter by letter.
#[inline(always)]
pub(super) fn read_counting(bytes: &[u8]) -> Option<(Packet<'_>, usize, usize)> {
    let mut cursor = Cursor { bytes, at: 0, escapes: 0 };
    cursor.pass(packet::FROM_NAME, &[b"{", b"\"from\"", b":", b"{", b"\"name\"", b":", b"\""])?;
    let name = cursor.plain();
    cursor.pass(packet::IP, &[b"\"", b",", b"\"ip\"", b":", b"\""])?;
    let _claimed_ip = cursor.escaped()?;
    cursor.pass(packet::TO, &[b"\"", b"}", b",", b"\"to\"", b":", b"\""])?;
    let to = cursor.plain();
    cursor.pass(packet::MSG, &[b"\"", b",", b"\"msg\"", b":", b"\""])?;
    let msg = cursor.escaped()?;
    cursor.pass(b"\"}", &[b"\"", b"}"])?;

    let length = cursor.at;
    // One check for the whole packet; its parts are cut at ASCII quotes.
    let packet = simdutf8::basic::from_utf8(&bytes[..length]).ok()?;
    let packet = Packet {
        name: Cow::Borrowed(cut(packet, name)),
        to: Cow::Borrowed(cut(packet, to)),
        msg: JsonText::trusted(cut(packet, msg)),
        key: None,
    };
    Some((packet, length, cursor.escapes))
}

/// One part; written so, the compiler has no call for it.
#[inline(always)]
fn cut(packet: &str, part: Range<usize>) -> &str {
    &packet[part.start..][..part.end - part.start]
}

/// Walks over a packet: structure, the inside of a string, structure.
struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
    escapes: usize,
}

impl Cursor<'_> {
    /// Steps over the structure between two strings, quotes included: in one
    /// comparison where it is `compact`, token by token where there is white
    /// space in it.
    #[inline(always)]
    fn pass<const N: usize>(&mut self, compact: &[u8; N], tokens: &[&[u8]]) -> Option<()> {
        // Of so many bytes, which the compiler knows: no call to compare them.
        if self.bytes[self.at..].first_chunk() == Some(compact) {
            self.at += N;
            return Some(());
        }
        self.pass_spaced(tokens)
    }

    fn pass_spaced(&mut self, tokens: &[&[u8]]) -> Option<()> {
        for (number, token) in tokens.iter().enumerate() {
            while number > 0 && self.bytes.get(self.at).copied().is_some_and(is_white_space) {
                self.at += 1;
            }
            self.bytes[self.at..].starts_with(token).then_some(())?;
            self.at += token.len();
        }
        Some(())
    }

    /// Steps over the inside of a string, up to what can't stand there plainly.
    #[inline(always)]
    fn plain(&mut self) -> Range<usize> {
        let start = self.at;
        self.at += escape_free_run(&self.bytes[start..]);
        start..self.at
    }

    /// Steps over the inside of a string with short escapes (no `\u`).
    #[inline(always)]
    fn escaped(&mut self) -> Option<Range<usize>> {
        let start = self.at;
        loop {
            self.plain();
            if self.bytes.get(self.at) != Some(&b'\\') {
                return Some(start..self.at);
            }
            let short = matches!(
                self.bytes.get(self.at + 1)?,
                b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't'
            );
            short.then_some(())?;
            self.at += 2;
            self.escapes += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOKENS: [&str; 21] = [
        "{", "\"from\"", ":", "{", "\"name\"", ":", "\"bob\"", ",", "\"ip\"", ":", "\"::1\"", "}",
        ",", "\"to\"", ":", "\"al\"", ",", "\"msg\"", ":", "\"hi\"", "}",
    ];

    /// The fast path takes white space between any two tokens; a line break
    /// inside of a string goes to the slow path.
    #[test]
    fn white_space_is_read_between_tokens_only() {
        for space in ["", " ", "\n", "\r\n\t  "] {
            let text = TOKENS.join(space);
            let (packet, length) = read(text.as_bytes()).unwrap();
            assert_eq!(length, text.len());
            assert_eq!((packet.name.as_ref(), packet.to.as_ref()), ("bob", "al"));
            assert_eq!(packet.msg.raw(), "hi");
        }
        for string in ["bob", "::1", "al", "hi"] {
            let text = TOKENS.concat().replace(string, &format!("{string}\n"));
            assert!(read(text.as_bytes()).is_none(), "{text:?}");
        }
    }
}
