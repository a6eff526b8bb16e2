//! Sends N reads of one packet of a 64-byte text, or of several, through `wire` and
//! `chat`, for counting instructions: run it under `valgrind --tool=callgrind` with
//! two different N (and the same number of packets in each) and divide the difference.

#[path = "../benches/support/mod.rs"]
mod support;

use support::{Pair, packet};

fn main() {
    let number = |nth| std::env::args().nth(nth).and_then(|n| n.parse().ok());
    let (reads, packets): (usize, usize) = (number(1).unwrap_or(1000), number(2).unwrap_or(1));
    let mut pair = Pair::new();
    let bytes = packet(64).repeat(packets);
    let sent: usize = (0..reads).map(|_| pair.route(&bytes)).sum();
    println!("{reads} reads of {packets} packets in, {sent} bytes out");
}
