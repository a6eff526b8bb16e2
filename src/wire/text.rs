//! The inside of a JSON string (RFC 8259, section 7): how far it runs plainly,
//! how it is escaped, how it is read. Never: quotes, objects, meaning.

use std::borrow::Cow;
use zeroize::Zeroizing;

/// The inside of a JSON string as it stands on the wire: escapes untouched,
/// without its quotes, known to be valid and free of raw control characters.
///
/// What a user wrote is passed on in this form, so that it is neither
/// unescaped nor escaped again on its way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JsonText<'a>(Cow<'a, str>);

impl<'a> JsonText<'a> {
    /// Wraps text that the caller has checked.
    pub(super) fn trusted(raw: &'a str) -> Self {
        Self(Cow::Borrowed(raw))
    }

    /// Escapes plain text.
    pub fn escape(plain: &str) -> JsonText<'static> {
        let mut raw = Vec::with_capacity(plain.len());
        push_escaped(&mut raw, plain);
        // Escaping keeps UTF-8: only ASCII characters are replaced, by ASCII.
        JsonText(Cow::Owned(String::from_utf8(raw).unwrap_or_default()))
    }

    /// Escapes plain text, without a copy where nothing needs it.
    pub fn escape_cow(plain: Cow<'a, str>) -> Self {
        if escape_free_run(plain.as_bytes()) == plain.len() {
            return Self(plain);
        }
        Self::escape(&plain)
    }

    /// As it stands on the wire, between the quotes.
    pub fn raw(&self) -> &str {
        &self.0
    }

    /// With its escapes undone.
    pub fn plain(&self) -> Cow<'_, str> {
        if !self.0.contains('\\') {
            return Cow::Borrowed(&self.0);
        }
        Cow::Owned(unescape(&self.0))
    }

    /// [`JsonText::plain`] of a secret: no copy of it is left behind.
    pub fn plain_wiped(&self) -> Zeroizing<String> {
        Zeroizing::new(unescape(&self.0))
    }
}

/// Undoes the escapes of what is known to be valid; in one buffer, which never grows.
fn unescape(raw: &str) -> String {
    let mut plain = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some((run, escape)) = rest.split_once('\\') {
        plain.push_str(run);
        let Some(kind) = escape.chars().next() else { return plain };
        rest = &escape[kind.len_utf8()..];
        plain.push(match kind {
            'b' => '\u{8}',
            'f' => '\u{c}',
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'u' => {
                let (char, behind) = unicode(rest);
                rest = behind;
                char
            }
            itself => itself,
        });
    }
    plain.push_str(rest);
    plain
}

/// The character that `\u` begins, of which this is the rest, and what is behind it.
fn unicode(rest: &str) -> (char, &str) {
    let unit = |text: &str| text.get(..4).and_then(|digits| u32::from_str_radix(digits, 16).ok());
    let (first, rest) = (unit(rest).unwrap_or_default(), rest.get(4..).unwrap_or_default());
    let low = rest.strip_prefix("\\u").filter(|_| (0xd800..0xdc00).contains(&first));
    let Some((low, behind)) = low.and_then(|low| Some((unit(low)?, low.get(4..)?))) else {
        return (char::from_u32(first).unwrap_or(char::REPLACEMENT_CHARACTER), rest);
    };
    let both = 0x10000 + ((first - 0xd800) << 10) + (low.wrapping_sub(0xdc00) & 0x3ff);
    (char::from_u32(both).unwrap_or(char::REPLACEMENT_CHARACTER), behind)
}

/// Appends `plain` as the inside of a JSON string: `"`, `\` and the control
/// characters escaped, everything else as it is.
pub fn push_escaped(out: &mut Vec<u8>, plain: &str) {
    let mut rest = plain.as_bytes();
    loop {
        let run = escape_free_run(rest);
        out.extend_from_slice(&rest[..run]);
        let Some(&byte) = rest.get(run) else { return };
        match byte {
            b'"' => out.extend_from_slice(b"\\\""),
            b'\\' => out.extend_from_slice(b"\\\\"),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'\t' => out.extend_from_slice(b"\\t"),
            _ => {
                const HEX: &[u8; 16] = b"0123456789abcdef";
                out.extend_from_slice(b"\\u00");
                out.push(HEX[usize::from(byte >> 4)]);
                out.push(HEX[usize::from(byte & 15)]);
            }
        }
        rest = &rest[run + 1..];
    }
}

/// How many bytes at the start of `bytes` are neither `"`, nor `\`, nor a
/// control character (below 0x20). Most names and addresses end within two words.
#[inline(always)]
pub fn escape_free_run(bytes: &[u8]) -> usize {
    let Some((&word, rest)) = bytes.split_first_chunk() else { return plain_run(bytes) };
    let special = special_bytes(u64::from_le_bytes(word));
    if special != 0 {
        return first_of(special);
    }
    let Some((&word, rest)) = rest.split_first_chunk() else { return 8 + plain_run(rest) };
    let special = special_bytes(u64::from_le_bytes(word));
    if special != 0 {
        return 8 + first_of(special);
    }
    16 + long_run(rest)
}

/// The same for what is long: block by block, for each of which the compiler has a
/// handful of vector instructions.
fn long_run(bytes: &[u8]) -> usize {
    let (blocks, _) = bytes.as_chunks::<16>();
    let plain = blocks.iter().position(has_special).unwrap_or(blocks.len());
    let at = 16 * plain;
    let (words, _) = bytes[at..].as_chunks::<8>();
    for (number, &word) in words.iter().enumerate() {
        let special = special_bytes(u64::from_le_bytes(word));
        if special != 0 {
            return at + 8 * number + first_of(special);
        }
    }
    let at = bytes.len() & !7;
    at + plain_run(&bytes[at..])
}

/// The same, byte by byte.
fn plain_run(bytes: &[u8]) -> usize {
    bytes.iter().position(|&byte| is_special(byte)).unwrap_or(bytes.len())
}

/// Whether one byte of a block is special: then one of three minima is 0.
fn has_special(block: &[u8; 16]) -> bool {
    let is_special = |byte: u8| (byte ^ b'"').min(byte ^ b'\\').min(byte & !0x1f) == 0;
    block.iter().fold(false, |seen, &byte| seen | is_special(byte))
}

/// The index of the first special byte of a word.
fn first_of(special: u64) -> usize {
    special.trailing_zeros() as usize / 8
}

fn is_special(byte: u8) -> bool {
    byte < 0x20 || byte == b'"' || byte == b'\\'
}

/// The high bit of each special byte of a word, the lowest one first. Only the
/// lowest that is set can be trusted: a borrow may set others above it.
fn special_bytes(word: u64) -> u64 {
    const ONES: u64 = u64::from_le_bytes([1; 8]);
    const HIGH: u64 = u64::from_le_bytes([0x80; 8]);
    let zero_bytes = |word: u64| word.wrapping_sub(ONES) & !word & HIGH;
    let quote = zero_bytes(word ^ u64::from_le_bytes([b'"'; 8]));
    let backslash = zero_bytes(word ^ u64::from_le_bytes([b'\\'; 8]));
    // Below 0x20: subtracting borrows from the high bit, unless it was set.
    let control = word.wrapping_sub(u64::from_le_bytes([0x20; 8])) & !word & HIGH;
    quote | backslash | control
}

/// As much of the beginning of `text` as `bytes_max` bytes hold, in whole
/// characters.
pub fn cut(text: &str, bytes_max: usize) -> &str {
    let mut end = text.len().min(bytes_max);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

/// What JSON calls white space (RFC 8259, section 2).
pub fn is_white_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A character with a short escape gets it; all others get `\u00`.
    #[test]
    fn the_shortest_escapes_are_written() {
        let text = JsonText::escape("\"\\\n\r\t\0\u{1f}\u{7f}/");
        assert_eq!(text.raw(), "\\\"\\\\\\n\\r\\t\\u0000\\u001f\u{7f}/");
    }

    #[test]
    fn every_byte_is_special_or_not_wherever_it_stands() {
        for byte in 0..=255 {
            let special = byte < b' ' || byte == b'"' || byte == b'\\';
            for length in 1..=35 {
                for at in 0..length {
                    let mut bytes = vec![b'a'; length];
                    bytes[at] = byte;
                    let run = if special { at } else { length };
                    assert_eq!(escape_free_run(&bytes), run, "{byte:#x} at {at} of {length}");
                }
            }
        }
    }

    proptest! {
        #[test]
        fn escaping_is_undone_by_reading(plain in any::<String>()) {
            let text = JsonText::escape(&plain);
            let plain_again = text.plain();
            prop_assert_eq!(plain_again.as_ref(), plain.as_str());
        }

        #[test]
        fn the_run_is_what_a_plain_loop_finds(bytes in prop::collection::vec(any::<u8>(), 0..120)) {
            let slow = bytes.iter().take_while(|&&b| b >= 0x20 && b != b'"' && b != b'\\').count();
            prop_assert_eq!(escape_free_run(&bytes), slow);
        }
    }

    #[test]
    fn a_text_is_cut_between_characters() {
        for (bytes, wanted) in [(0, ""), (1, "a"), (2, "a"), (3, "aé"), (9, "aé")] {
            assert_eq!(cut("aé", bytes), wanted);
        }
    }
}
