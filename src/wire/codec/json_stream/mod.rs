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
            && let Some((packet, end)) = canonical::read(bytes)
            && end <= limit
        {
            return Decoded::Packet { packet, end };
        }
        self.next_by_steps(bytes, limit)
    }

    fn next_by_steps<'a>(&mut self, bytes: &'a [u8], limit: usize) -> Decoded<'a> {
        let scanned_before = self.framer.unfinished_bytes();
        match self.framer.next(bytes, limit) {
            Step::Packet { start, end } => {
                match Packet::parse_keyed(&bytes[start..end], self.takes_keys) {
                    Ok(packet) => Decoded::Packet { packet, end },
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
