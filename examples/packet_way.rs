//! Sends N packets of a 64-byte text through `wire` and `chat`, one a read,
//! for counting instructions: run it under `valgrind --tool=callgrind` with
//! two different N and divide the difference.

#[path = "../benches/support/mod.rs"]
mod support;

use support::{Pair, packet};

fn main() {
    let count: usize = std::env::args().nth(1).and_then(|n| n.parse().ok()).unwrap_or(1000);
    let mut pair = Pair::new();
    let bytes = packet(64);
    let sent: usize = (0..count).map(|_| pair.route(&bytes)).sum();
    println!("{count} packets in, {sent} bytes out");
}
