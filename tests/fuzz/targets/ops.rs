#![no_main]
//! Fuzzes shards: whatever is done to a cluster of them, in whatever order, its
//! oracle finds no error.

#[path = "../../simulation/world/mod.rs"]
mod world;

const AGAIN: &str = "LANLINE_SIM_PLAN=<the file named below> cargo test --test simulation";

libfuzzer_sys::fuzz_target!(
    // A hook that ends the process would leave no time to print the last steps.
    init: drop(std::panic::take_hook()),
    |plan: &[u8]| world::play("a plan", AGAIN, || world::run(world::Dice::new(0), Some(plan)))
);
