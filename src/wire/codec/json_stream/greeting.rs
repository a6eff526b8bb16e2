//! The first thing on a connection: a bare name or a packet. Only where the
//! greeting ends; [`crate::wire::name`] checks the name.

use crate::wire::text::is_white_space;
use memchr::memchr3;

/// A bare name has no more bytes than this.
pub const BARE_NAME_BYTES_MAX: usize = 512;

/// What [`scan`] found; positions count from the start of its slice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Greeting<'a> {
    /// Not decided yet: keep the bytes from `keep` on. `begun` tells whether
    /// a name has begun, so that silence would end it.
    More { keep: usize, begun: bool },
    /// A bare name, blanks around it trimmed; packets may follow from `rest` on.
    Bare { name: &'a [u8], rest: usize },
    /// A packet begins at `start`.
    Packet { start: usize },
    /// More than [`BARE_NAME_BYTES_MAX`] bytes without an end.
    TooLong,
}

/// Looks for the greeting in all bytes kept so far. `ended` says that nothing
/// follows: the stream has ended, or has been silent for long enough.
pub fn scan(bytes: &[u8], ended: bool) -> Greeting<'_> {
    let Some(start) = bytes.iter().position(|&byte| !is_white_space(byte)) else {
        return Greeting::More { keep: bytes.len(), begun: false };
    };
    if bytes[start] == b'{' {
        return Greeting::Packet { start };
    }
    let name = &bytes[start..];
    let within = &name[..name.len().min(BARE_NAME_BYTES_MAX + 1)];
    match memchr3(b'\n', b'\r', b'{', within) {
        Some(end) => {
            let behind = if name[end] == b'{' { end } else { end + 1 };
            Greeting::Bare { name: trim(&name[..end]), rest: start + behind }
        }
        None if name.len() > BARE_NAME_BYTES_MAX => Greeting::TooLong,
        None if ended => Greeting::Bare { name: trim(name), rest: bytes.len() },
        None => Greeting::More { keep: start, begun: true },
    }
}

/// Without the blanks at its end; there are none at its start.
fn trim(name: &[u8]) -> &[u8] {
    let end = name.iter().rposition(|&byte| !is_white_space(byte)).map_or(0, |last| last + 1);
    &name[..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_ends_at_a_line_break_or_a_brace() {
        for ending in ["\n", "\r", "\r\n", "{\"from\""] {
            let bytes = format!("  bob \t{ending}");
            let rest = if ending.starts_with('{') { 7 } else { 8 };
            assert_eq!(scan(bytes.as_bytes(), false), Greeting::Bare { name: b"bob", rest });
        }
    }

    #[test]
    fn silence_ends_a_name_without_an_end() {
        assert_eq!(scan(b" bob ", false), Greeting::More { keep: 1, begun: true });
        assert_eq!(scan(b" bob ", true), Greeting::Bare { name: b"bob", rest: 5 });
    }

    #[test]
    fn white_space_alone_is_no_name_yet() {
        assert_eq!(scan(b" \r\n\t", true), Greeting::More { keep: 4, begun: false });
        assert_eq!(scan(b"\n\n{", false), Greeting::Packet { start: 2 });
    }

    #[test]
    fn more_than_512_bytes_are_too_long() {
        let mut bytes = vec![b'a'; 512];
        assert_eq!(scan(&bytes, false), Greeting::More { keep: 0, begun: true });
        bytes.push(b'\n');
        assert!(matches!(scan(&bytes, false), Greeting::Bare { rest: 513, .. }));
        bytes[512] = b'a';
        assert_eq!(scan(&bytes, false), Greeting::TooLong);
    }
}
