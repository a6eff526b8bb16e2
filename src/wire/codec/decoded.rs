//! What a codec finds in bytes, whatever its kind. Never: finding it.

use crate::wire::packet::Packet;

/// What [`Codec::next`](super::Codec::next) found; positions count from the start of the slice that
/// it was shown.
#[derive(Debug)]
pub enum Decoded<'a> {
    /// A packet that obeys the schema; go on at `end`. To read it was as much effort as to
    /// look at so many bytes one by one.
    Packet { packet: Packet<'a>, end: usize, effort: usize },
    /// Something that counts as a packet and is none; go on at `end`.
    Malformed { end: usize },
    /// More bytes than the limit; nothing behind it can be trusted.
    TooLarge,
    /// Nothing whole is left. Keep the bytes from `keep` on and show them
    /// again, in front of the next ones.
    /// `scanned` of them were looked at for the first time.
    More { keep: usize, scanned: usize },
}
