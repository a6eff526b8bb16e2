//! **The JSON stream**: a greeting, then packets one behind the other, with or
//! without white space between them. What existing clients speak, over TCP or
//! inside TLS.
//!
//! | module | what lives there |
//! | --- | --- |
//! | [`greeting`] | the first thing on a connection: a bare name or a packet |
//! | [`framer`] | where one packet ends and the next begins, however bytes are cut |

pub mod framer;
pub mod greeting;

use crate::wire::canonical;
use crate::wire::codec::decoded::Decoded;
use crate::wire::packet::Packet;
use crate::wire::text::is_white_space;
use framer::{Framer, Step};

/// In the usual layout so many bytes are looked at in the time of one.
const BYTES_AT_ONCE: usize = 16;

/// A JSON stream, as far as it has been read.
///
/// - **Invariant**: the same bytes give the same packets, wherever they are cut.
#[derive(Clone, Debug, Default)]
pub struct JsonStream {
    framer: Framer,
    /// Its packets may have a key of the sender's own.
    pub(super) takes_keys: bool,
}

impl JsonStream {
    /// White space between packets.
    #[inline]
    pub(super) fn padding(&self, bytes: &[u8]) -> usize {
        if !self.framer.is_between() {
            return 0;
        }
        let is_padding = |&&byte: &&u8| is_white_space(byte);
        bytes.iter().take_while(is_padding).count()
    }

    /// See [`super::Codec::next`].
    #[inline]
    pub(super) fn next<'a>(&mut self, bytes: &'a [u8], limit: usize) -> Decoded<'a> {
        // In the usual layout a packet is framed and read in one pass.
        if self.framer.is_between()
            && let Some((packet, end, escapes)) = canonical::read_counting(bytes)
            && end <= limit
        {
            let effort = end / BYTES_AT_ONCE + 2 * escapes;
            return Decoded::Packet { packet, end, effort };
        }
        self.next_by_steps(bytes, limit)
    }

    fn next_by_steps<'a>(&mut self, bytes: &'a [u8], limit: usize) -> Decoded<'a> {
        let scanned_before = self.framer.unfinished_bytes();
        match self.framer.next(bytes, limit) {
            Step::Packet { start, end } => {
                match Packet::parse_keyed(&bytes[start..end], self.takes_keys) {
                    Ok(packet) => Decoded::Packet { packet, end, effort: end },
                    Err(_) => Decoded::Malformed { end },
                }
            }
            Step::Malformed { end } => Decoded::Malformed { end },
            Step::TooLarge => Decoded::TooLarge,
            Step::More { keep } => {
                let scanned = self.framer.unfinished_bytes() - scanned_before;
                Decoded::More { keep, scanned }
            }
        }
    }

    /// See [`super::Codec::finish`].
    pub(super) fn finish(&mut self) -> bool {
        self.framer.finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn effort(packet: &str) -> usize {
        match JsonStream::default().next(packet.as_bytes(), usize::MAX) {
            Decoded::Packet { end, effort, .. } if end == packet.len() => effort,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn what_is_read_letter_by_letter_counts_as_such() {
        let usual =
            |msg: &str| format!(r#"{{"from":{{"name":"a","ip":""}},"to":"b","msg":"{msg}"}}"#);
        let plain = usual(&"x".repeat(3200));
        assert_eq!(effort(&plain), plain.len() / BYTES_AT_ONCE);
        let escapes = usual(&r"\n".repeat(1600));
        assert!(effort(&escapes) >= 3200, "{}", effort(&escapes));
        let swapped = r#"{"to":"b","from":{"name":"a","ip":""},"msg":"x"}"#;
        assert_eq!(effort(swapped), swapped.len());
    }
}
