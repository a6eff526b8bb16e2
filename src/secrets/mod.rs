//! **Secrets**: how they are made, hashed and compared, who waits for whom, and how
//! guessing is slowed. Never: whose they are (`store`), or which thread does it (`net`).
//!
//! Passwords are chosen by people, so their hash is slow ([`Hasher`]); tokens and codes
//! are drawn at random, so a quick one is enough ([`Digest`]).
//!
//! | module | what lives there |
//! | --- | --- |
//! | [`hash`] | passwords: Argon2id |
//! | [`random`] | tokens and codes: drawn, and their digests |
//! | [`peer`] | whose address counts as one |
//! | [`fair_queue`] | what waits, in turn by address |
//! | [`recent`] | how often something has happened lately |
//! | [`throttle`] | wrong secrets, and who is not looked at because of them |

pub mod fair_queue;
pub mod hash;
pub mod peer;
pub mod random;
pub mod recent;
pub mod throttle;

pub use fair_queue::FairQueue;
pub use hash::Hasher;
pub use peer::Peer;
pub use random::Digest;
pub use recent::Recent;
pub use throttle::Throttle;
