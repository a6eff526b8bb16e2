//! A cluster of real shards with accounts under one seed: messages between shards, to the
//! store and back take any time, the store fails now and then, accounts are made, locked,
//! erased and banned meanwhile. An oracle knows who may be whom. Never: the outcome of
//! every packet of guests, which `world` accounts for.
//!
//! | module | what lives there |
//! | --- | --- |
//! | `run` | one run: random steps, then rest, then everyone leaves |
//! | `cluster` | shards, links, the store behind its link |
//! | `archive` | the store of packets behind its link |
//! | `peer` | a client, what it knows and what it has heard |
//! | `oracle` | who may be whom, and which packets have come |

mod archive;
mod cluster;
mod oracle;
mod peer;
mod run;

pub(crate) use run::run;
