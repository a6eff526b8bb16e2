//! A whole cluster in one thread: real shards with real framers and queues,
//! simulated sockets, clients, messages under way and clocks, and an oracle that
//! looks at each step. Shared by the simulation, the fuzz target `ops` and the
//! replay of what that has found. Never: where seeds and plans come from.
//!
//! | module | what lives there |
//! | --- | --- |
//! | `run` | one run, step by step |
//! | `cluster` | shards, links, ticks as in a real worker |
//! | `peer`, `script` | simulated clients: their state, what they send |
//! | `ledger` | the oracle: what sockets took, what users said, and whether that may be |
//! | `answers` | the oracle: what the server itself said |
//! | `verdict` | the oracle: what has to have come by the end |
//! | `setting`, `dice`, `trace` | what a run is like, chance, its last steps |

mod answers;
mod cluster;
mod dice;
mod ledger;
mod peer;
mod run;
mod script;
mod setting;
mod trace;
mod verdict;

pub(crate) use dice::Dice;
pub(crate) use run::run;

use std::panic::{self, RefUnwindSafe};

/// Plays a run. One that fails is played again with its last steps printed,
/// and `again`, which says how to have it once more.
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
