//! A whole cluster in one thread: real shards with real framers and queues,
//! simulated sockets, clients, messages under way and clocks, and an oracle that
//! checks each step. Shared by the simulation, the fuzz target `ops` and the
//! replay of what that has found. Never: where seeds and plans come from.
//!
//! | module | what lives there |
//! | --- | --- |
//! | `run` | one run, step by step |
//! | `cluster` | shards, links, ticks as in a real worker |
//! | `peer`, `script` | simulated clients: their state, what they send |
//! | `queued` | what waits for a socket, as bytes |
//! | `records` | a transport that takes and gives whole records |
//! | `ledger` | the oracle: what sockets took, whether users' packets are correct |
//! | `answers` | the oracle: whether the server's own packets are correct |
//! | `verdict` | the oracle: whether all outcomes have come by the end |
//! | `setting`, `dice`, `trace` | a run's settings, randomness, its last steps |

mod answers;
mod cluster;
mod dice;
mod ledger;
mod peer;
mod queued;
mod records;
mod run;
mod script;
mod setting;
pub(crate) mod trace;
mod verdict;

pub(crate) use dice::Dice;
pub(crate) use run::run;

use std::panic::{self, RefUnwindSafe};

/// Plays a run. One that fails is played again with its last steps printed, and
/// `again`, the command that repeats it.
pub(crate) fn play(what: &str, again: &str, run: impl Fn() + RefUnwindSafe) {
    if panic::catch_unwind(&run).is_ok() {
        return;
    }
    eprintln!("\n{what} failed; again, with its last steps:\n");
    trace::start();
    let outcome = panic::catch_unwind(&run);
    eprintln!("{}\n\nplay it again: {again}\n", trace::take().join("\n"));
    match outcome {
        Err(reason) => panic::resume_unwind(reason),
        Ok(()) => panic!("{what} failed once and not again: chance comes in from elsewhere"),
    }
}
