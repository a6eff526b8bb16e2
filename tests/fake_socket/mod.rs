//! A socket of the tests, as its kernel sees it: it takes as much as its window allows.
//! Never: when the window opens.

use lanline::wire::{Outbound, Owned};
use std::io::IoSlice;

/// It takes what it can of a queue; how much, and whether some is left.
pub(crate) fn socket_takes<T: Owned>(
    queue: &Outbound<T>,
    window: &mut usize,
    taken: &mut Vec<u8>,
) -> (usize, bool) {
    let mut slices = [IoSlice::new(&[]); 256];
    let used = queue.fill(&mut slices);
    let waiting: Vec<u8> = slices[..used].iter().flat_map(|slice| slice.to_vec()).collect();
    let count = waiting.len().min(*window);
    *window -= count;
    taken.extend_from_slice(&waiting[..count]);
    (count, count < waiting.len())
}
