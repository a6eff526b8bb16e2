//! Randomness: all of it from one seed, or from given bytes. Never: the clock, the
//! system's entropy.

use rand::rngs::ChaCha8Rng;
use rand::{RngExt, SeedableRng};
use std::collections::VecDeque;

/// The one source of randomness of a run.
pub(crate) struct Dice {
    /// These are drawn first.
    given: VecDeque<u8>,
    chance: ChaCha8Rng,
}

/// No draw from more than this takes a given byte.
const GIVEN_END: usize = 256;

/// So many bytes can be given at once.
pub(super) const GIVEN_BYTES_MAX: usize = 32;

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self { given: VecDeque::new(), chance: ChaCha8Rng::seed_from_u64(seed) }
    }

    /// Draws from these bytes from here on, one each; behind the last, from a
    /// generator with all of them as its seed. So a change of one byte changes
    /// nothing that is drawn after the next call.
    pub(crate) fn give(&mut self, bytes: &[u8]) {
        let mut seed = [0; GIVEN_BYTES_MAX];
        seed[..bytes.len()].copy_from_slice(bytes);
        self.chance = ChaCha8Rng::from_seed(seed);
        self.given = bytes.iter().copied().collect();
    }

    /// 0 to `end` − 1.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        if end <= GIVEN_END
            && let Some(byte) = self.given.pop_front()
        {
            return usize::from(byte) % end;
        }
        self.chance.random_range(0..end)
    }

    /// `low` to `high`, both included.
    pub(crate) fn between(&mut self, low: usize, high: usize) -> usize {
        low + self.below(high - low + 1)
    }

    /// True so many times in a hundred.
    pub(crate) fn percent(&mut self, chance: usize) -> bool {
        self.below(100) < chance
    }

    pub(crate) fn number(&mut self) -> u64 {
        self.chance.random()
    }

    pub(crate) fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())]
    }
}
