//! Handles: a moment, a worker, a connection, whose a packet is. Small values
//! that mean nothing by themselves.

use crate::wire;
use std::num::NonZeroU64;
use std::time::Duration;

/// A moment of the monotonic clock, in nanoseconds since the server started.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment(pub u64);

impl Moment {
    /// Later by `duration`.
    pub fn after(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(duration.as_nanos() as u64))
    }

    /// How long ago `earlier` was; nothing, if it wasn't.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(earlier.0))
    }
}

/// Which worker: 0 to N − 1.
pub type WorkerId = u16;

/// A connection of one shard. A handle that outlives its connection never
/// means another one: the slot is used again, the generation is not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConnId {
    pub(super) slot: u32,
    pub(super) generation: u32,
}

impl ConnId {
    /// As one number, for a poll's token.
    pub fn to_bits(self) -> u64 {
        u64::from(self.generation) << 32 | u64::from(self.slot)
    }

    /// Back from [`ConnId::to_bits`].
    pub fn from_bits(bits: u64) -> Self {
        Self { slot: bits as u32, generation: (bits >> 32) as u32 }
    }
}

/// A connection anywhere in the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Address {
    pub worker: WorkerId,
    pub conn: ConnId,
}

/// A packet by its sender and ordinal: where its refusal goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Origin {
    pub sender: Address,
    /// Counts the sender's packets from 1.
    pub ordinal: NonZeroU64,
    /// Several sessions of an account have it: it is refused only if none takes it.
    pub shared: bool,
}

impl Address {
    /// As one number: whose a packet is.
    fn to_bits(self) -> u64 {
        // The generation tells apart who had a slot one after the other.
        u64::from(self.worker) << 56 ^ self.conn.to_bits().rotate_left(8)
    }
}

impl wire::Owned for Tag {
    fn owner(self) -> Option<u64> {
        self.map(|origin| origin.sender.to_bits())
    }
}

/// What a queue knows of each packet: nobody's, if the server wrote it.
pub type Tag = Option<Origin>;

/// A stamped packet for many.
pub type Frame = wire::Frame<Tag>;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_handle_is_the_same_behind_its_number() {
        let id = ConnId { slot: 0x8000_0003, generation: 0xf000_0005 };
        assert_eq!(ConnId::from_bits(id.to_bits()), id);
        assert_eq!(id.to_bits(), 0xf000_0005_8000_0003);
    }
}
