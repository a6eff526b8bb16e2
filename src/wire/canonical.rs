//! The fast path: a packet in the layout that clients write. Keys in their
//! usual order, no escape in `name` and `to`, only short escapes in `msg`.
//! Everything else is left to `serde_json`, which judges alone: this module
//! accepts or passes, it never refuses. A property test and a fuzz target hold
//! the two to the same answers.

use super::framer::is_white_space;
use super::packet::Packet;
use super::text::{JsonText, escape_free_run};
use std::borrow::Cow;
use std::ops::Range;

/// Reads a packet from the start of `bytes`, which may hold more behind it.
/// Returns it with its length, or `None` where the slow path has to decide.
pub fn read(bytes: &[u8]) -> Option<(Packet<'_>, usize)> {
    let mut cursor = Cursor { bytes, at: 0 };
    cursor.token(b"{")?;
    cursor.token(b"\"from\"")?;
    cursor.token(b":")?;
    cursor.token(b"{")?;
    cursor.token(b"\"name\"")?;
    cursor.token(b":")?;
    let name = cursor.plain_string()?;
    cursor.token(b",")?;
    cursor.token(b"\"ip\"")?;
    cursor.token(b":")?;
    let _claimed_ip = cursor.escaped_string()?;
    cursor.token(b"}")?;
    cursor.token(b",")?;
    cursor.token(b"\"to\"")?;
    cursor.token(b":")?;
    let to = cursor.plain_string()?;
    cursor.token(b",")?;
    cursor.token(b"\"msg\"")?;
    cursor.token(b":")?;
    let msg = cursor.escaped_string()?;
    cursor.last_brace()?;

    let length = cursor.at;
    // One check for the whole packet; its parts are cut at ASCII quotes.
    let packet = std::str::from_utf8(&bytes[..length]).ok()?;
    let packet = Packet {
        name: Cow::Borrowed(&packet[name]),
        to: Cow::Borrowed(&packet[to]),
        msg: JsonText::trusted(&packet[msg]),
    };
    Some((packet, length))
}

/// Walks over a packet, token by token.
struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Cursor<'_> {
    /// Steps over `token` and the white space behind it.
    #[inline(always)]
    fn token(&mut self, token: &[u8]) -> Option<()> {
        self.bytes[self.at..].starts_with(token).then_some(())?;
        self.at += token.len();
        self.white_space();
        Some(())
    }

    /// Steps over the brace that ends the packet, and nothing behind it.
    #[inline(always)]
    fn last_brace(&mut self) -> Option<()> {
        (self.bytes.get(self.at) == Some(&b'}')).then_some(())?;
        self.at += 1;
        Some(())
    }

    #[inline(always)]
    fn white_space(&mut self) {
        while self.bytes.get(self.at).copied().is_some_and(is_white_space) {
            self.at += 1;
        }
    }

    /// Steps over a string without escapes; returns its inside.
    #[inline(always)]
    fn plain_string(&mut self) -> Option<Range<usize>> {
        let start = self.open_quote()?;
        let end = start + escape_free_run(&self.bytes[start..]);
        self.close_quote(end)?;
        Some(start..end)
    }

    /// Steps over a string with short escapes (no `\u`); returns its inside.
    #[inline(always)]
    fn escaped_string(&mut self) -> Option<Range<usize>> {
        let start = self.open_quote()?;
        let mut end = start;
        loop {
            end += escape_free_run(&self.bytes[end..]);
            if self.bytes.get(end) != Some(&b'\\') {
                break;
            }
            let short = matches!(
                self.bytes.get(end + 1)?,
                b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't'
            );
            short.then_some(())?;
            end += 2;
        }
        self.close_quote(end)?;
        Some(start..end)
    }

    #[inline(always)]
    fn open_quote(&mut self) -> Option<usize> {
        (self.bytes.get(self.at) == Some(&b'"')).then_some(self.at + 1)
    }

    #[inline(always)]
    fn close_quote(&mut self, end: usize) -> Option<()> {
        (self.bytes.get(end) == Some(&b'"')).then_some(())?;
        self.at = end + 1;
        self.white_space();
        Some(())
    }
}
