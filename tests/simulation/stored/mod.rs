//! Shards, links, store and disk under one seed: sessions of accounts and guests send what
//! is stored, read slowly, come back and replay; the disk stands still or refuses; the
//! server stops, or its process dies between any two steps. Oracles know what each session
//! saw and each sender was told, before and after. Never: names and secrets, which
//! `accounts` accounts for.
//!
//! | module | what lives there |
//! | --- | --- |
//! | `run` | one run: random steps, then rest, then everyone leaves |
//! | `cluster` | shards, their mailboxes, sockets; all of them die at once |
//! | `disk` | the store: transactions that survive a crash, or not |
//! | `peer` | one connection: what it has said and heard |
//! | `device` | a user's program over its connections: what it sends again, from where it replays |
//! | `said` | all that was said, and whom it concerns |
//! | `ids` | the ids that one session sees: growing, without a gap, replayed |
//! | `oracle`, `receipts` | whether what is heard is right |
//! | `verdict` | whether everything has come by the end |

mod cluster;
mod device;
mod disk;
mod ids;
mod oracle;
mod peer;
mod receipts;
mod run;
mod said;
mod verdict;

pub(crate) use run::run;
