//! **Stored packets** in the chat: what is stored goes to the store first, and comes back
//! to every worker once it is on the disk; sessions that lag, or come back, get the rest
//! from the store. Pure, as all of `chat`. Never: the disk.
//!
//! # Order
//!
//! All that the store says about packets goes through one queue of this shard
//! ([`arrival`]), in the order in which it was said. So every session sees ids grow, and
//! a page that says that nothing is left behind it is exactly that: what is behind it in
//! the queue is what was committed later.
//!
//! | module | what lives there |
//! | --- | --- |
//! | [`state`] | what a shard knows: rooms with an owner, what is under way, marks |
//! | `posting` | whether a packet is stored; what is said in a tick goes to the store |
//! | `giving_up` | a disk that doesn't answer, or is full, or a server that stops |
//! | [`arrival`], `arrivals` | what the store says, in its order, a slice a tick |
//! | `frames`, `handing` | a stored packet into a session's queue, or not if that is full |
//! | `catching_up` | sessions that lag, and `/replay`: pages from the store |
//! | `marks` | how far a session's socket is, so how far its account is |
//! | `receipts` | what senders want to know |
//! | `calls`, [`codes`] | the endpoints; why not |

pub(super) mod arrival;
mod arrivals;
mod calls;
mod catching_up;
pub(super) mod codes;
mod frames;
mod giving_up;
mod handing;
mod marks;
pub(super) mod posted;
mod posting;
mod receipts;
pub(super) mod state;
