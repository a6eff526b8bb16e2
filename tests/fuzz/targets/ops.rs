#![no_main]
//! Fuzzes shards: whatever is done to a cluster of them, in whatever order, its
//! oracle finds no error. Those with accounts begin with a byte that says so.

#[path = "../../simulation/accounts/mod.rs"]
mod accounts;
#[expect(dead_code, reason = "tests of shards need more of it")]
#[path = "../../fake_archive/mod.rs"]
mod fake_archive;
#[path = "../../fake_socket/mod.rs"]
mod fake_socket;
#[expect(dead_code, reason = "tests of shards need more of it")]
#[path = "../../fake_store/mod.rs"]
mod fake_store;
#[path = "../../simulation/plan.rs"]
mod plan;
#[path = "../../simulation/world/mod.rs"]
mod world;

const AGAIN: &str = "LANLINE_SIM_PLAN=<the file named below> cargo test --test simulation";

libfuzzer_sys::fuzz_target!(
    // A hook that ends the process would leave no time to print the last steps.
    init: drop(std::panic::take_hook()),
    |plan: &[u8]| world::play("a plan", AGAIN, || plan::follow(plan))
);
