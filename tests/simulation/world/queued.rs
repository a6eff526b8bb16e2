//! What waits for a socket, as the socket would be given it. Never: who takes it.

use super::peer::Socket;
use lanline::chat::id::Tag;
use lanline::chat::{ConnId, Shard};
use lanline::limits;
use lanline::wire::Outbound;
use std::io::IoSlice;

/// All that waits for a socket.
pub(super) fn content_of(shard: &Shard<Socket>, id: ConnId) -> Vec<u8> {
    shard.queued(id).map(|outbound| content(outbound).0).unwrap_or_default()
}

/// All that waits, and how much of it one `writev` is asked to take.
pub(super) fn content(outbound: &Outbound<Tag>) -> (Vec<u8>, usize) {
    let mut all = [IoSlice::new(&[]); 4096];
    let used = outbound.fill(&mut all);
    let content: Vec<u8> = all[..used].iter().flat_map(|slice| slice.iter().copied()).collect();
    let asked = match outbound.contiguous() {
        Some(bytes) => {
            assert_eq!(bytes, content, "the two ways to look at a queue");
            bytes.len()
        }
        None => all[..used.min(limits::SLICES_MAX)].iter().map(|slice| slice.len()).sum(),
    };
    (content, asked)
}
