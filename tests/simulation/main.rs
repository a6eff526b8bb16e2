//! Runs a simulated cluster (`world`) from seeds.
//!
//! - `LANLINE_SIM_SEEDS=100000` runs so many seeds instead of the usual few.
//! - `LANLINE_SIM_SEED=1234` runs one.
//! - `LANLINE_SIM_PLAN=file` runs what the fuzz target `ops` has found.
//! - `LANLINE_SIM_STEPS=1000` prints so many steps of what fails.

mod accounts;
#[expect(dead_code, reason = "tests of shards need more of it")]
#[path = "../fake_archive/mod.rs"]
mod fake_archive;
#[path = "../fake_socket/mod.rs"]
mod fake_socket;
#[expect(dead_code, reason = "tests of shards need more of it")]
#[path = "../fake_store/mod.rs"]
mod fake_store;
mod plan;
mod stored;
mod world;

use std::env;
use std::fs;
use world::Dice;

/// Seeds in every `cargo test`.
const SEEDS: u64 = 2000;

#[test]
fn every_packet_is_delivered_or_refused() {
    if let Ok(file) = env::var("LANLINE_SIM_PLAN") {
        let plan = fs::read(&file).unwrap_or_else(|error| panic!("{file}: {error}"));
        let again = format!("LANLINE_SIM_PLAN={file} cargo test --test simulation");
        return world::play(&file, &again, || plan::follow(&plan));
    }
    let (first, seeds) = match number("LANLINE_SIM_SEED") {
        Some(seed) => (seed, 1),
        None => {
            (number("LANLINE_SIM_FIRST").unwrap_or(1), number("LANLINE_SIM_SEEDS").unwrap_or(SEEDS))
        }
    };
    for seed in first..first + seeds {
        let again = format!("LANLINE_SIM_SEED={seed} cargo test --test simulation");
        world::play(&format!("seed {seed}"), &again, || world::run(Dice::new(seed), None));
    }
}

#[test]
fn an_accounts_name_is_its_owners_and_nobody_elses() {
    let (first, seeds) = match number("LANLINE_SIM_SEED") {
        Some(seed) => (seed, 1),
        None => (1, number("LANLINE_SIM_SEEDS").unwrap_or(SEEDS) / 2),
    };
    for seed in first..first + seeds {
        let again = format!("LANLINE_SIM_SEED={seed} cargo test --test simulation accounts");
        world::play(&format!("seed {seed} of accounts"), &again, || {
            accounts::run(Dice::new(seed), None);
        });
    }
}

#[test]
fn what_is_stored_is_seen_once_in_order_and_survives() {
    let (first, seeds) = match number("LANLINE_SIM_SEED") {
        Some(seed) => (seed, 1),
        None => (
            number("LANLINE_SIM_FIRST").unwrap_or(1),
            number("LANLINE_SIM_SEEDS").unwrap_or(SEEDS) / 2,
        ),
    };
    for seed in first..first + seeds {
        let again = format!("LANLINE_SIM_SEED={seed} cargo test --test simulation stored");
        world::play(&format!("seed {seed} of stored"), &again, || stored::run(Dice::new(seed)));
    }
}

fn number(variable: &str) -> Option<u64> {
    let text = env::var(variable).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{variable} is no number: {text}")))
}
