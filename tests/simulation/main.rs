//! A whole house in one thread: real shards with real framers and queues,
//! simulated sockets, clients, letters under way and clocks, everything drawn
//! from one seed. An oracle looks at each step.
//!
//! - `LANLINE_SIM_SEEDS=100000` runs so many seeds instead of the usual few.
//! - `LANLINE_SIM_SEED=1234` runs one, and prints its last steps if it fails.
//!
//! | module | what lives there |
//! | --- | --- |
//! | `world` | one run, step by step |
//! | `house` | shards, links, ticks as in a real worker |
//! | `peer`, `script` | simulated clients: their state, what they send |
//! | `ledger` | the oracle: what sockets took, and whether that may be |
//! | `verdict` | the oracle: what has to have come by the end |
//! | `setting`, `dice`, `trace` | what a run is like, chance, its last steps |

mod dice;
mod house;
mod ledger;
mod peer;
mod script;
mod setting;
mod trace;
mod verdict;
mod world;

use std::env;
use std::panic;

/// Seeds in every `cargo test`.
const SEEDS: u64 = 400;

#[test]
fn every_packet_is_delivered_or_refused() {
    if let Some(seed) = number("LANLINE_SIM_SEED") {
        return replay(seed);
    }
    let first = number("LANLINE_SIM_FIRST").unwrap_or(1);
    for seed in first..first + number("LANLINE_SIM_SEEDS").unwrap_or(SEEDS) {
        if panic::catch_unwind(|| world::run(seed)).is_err() {
            eprintln!("\nseed {seed} failed; again, with its last steps:\n");
            replay(seed);
            panic!("seed {seed} failed once and not again: chance comes in from elsewhere");
        }
    }
}

/// Runs one seed and prints its last steps where it fails.
fn replay(seed: u64) {
    let kept = number("LANLINE_SIM_STEPS").map_or(trace::STEPS_KEPT, |steps| steps as usize);
    trace::start(kept);
    let outcome = panic::catch_unwind(|| world::run(seed));
    let steps = trace::take();
    if let Err(reason) = outcome {
        eprintln!(
            "{}\n\nreplay it: LANLINE_SIM_SEED={seed} cargo test --test simulation\n",
            steps.join("\n")
        );
        panic::resume_unwind(reason);
    }
}

fn number(variable: &str) -> Option<u64> {
    let text = env::var(variable).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{variable} is no number: {text}")))
}
