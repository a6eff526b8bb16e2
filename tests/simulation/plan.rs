//! A plan: what a fuzzer has a cluster do, as bytes. Never: doing it.

use crate::accounts;
use crate::world::{self, Dice};

/// In front of a plan for a cluster with accounts.
const WITH_ACCOUNTS: u8 = 0xa5;

/// Does what it says.
pub(crate) fn follow(plan: &[u8]) {
    match plan {
        [WITH_ACCOUNTS, plan @ ..] => accounts::run(Dice::new(0), Some(plan)),
        plan => world::run(Dice::new(0), Some(plan)),
    }
}
