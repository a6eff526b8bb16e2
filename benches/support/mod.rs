//! A shard with two users, for benchmarks: packets go in, bytes come out,
//! nothing touches a socket.

use lanline::chat::{ConnId, Counters, Effect, Moment, Settings, Shard, Topology};
use lanline::wire::JsonText;
use lanline::wire::packet::push_packet;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::SystemTime;

const HERE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

/// The shard, with alice and bob.
pub(crate) struct Pair {
    shard: Shard<()>,
    effects: Vec<Effect<()>>,
    alice: ConnId,
}

impl Pair {
    pub(crate) fn new() -> Self {
        let topology = Topology { worker: 0, workers: 1, hash_keys: (1, 2) };
        let settings = Arc::new(Settings { rate: 0, ..Settings::default() });
        let counters = Arc::new(Counters::new(1));
        let mut shard = Shard::new(topology, settings, counters, Box::new(SystemTime::now));
        let mut greet = |name: &[u8]| {
            let id = shard.accepted(Moment(1), (), (HERE, HERE), None);
            shard.received(Moment(1), id, name);
            id
        };
        let (alice, _bob) = (greet(b"alice\n"), greet(b"bob\n"));
        let mut pair = Self { shard, effects: Vec::new(), alice };
        pair.flush();
        pair
    }

    /// These bytes come from alice, and what follows goes out.
    pub(crate) fn route(&mut self, bytes: &[u8]) -> usize {
        self.shard.received(Moment(2), self.alice, bytes);
        self.flush()
    }

    fn flush(&mut self) -> usize {
        let mut sent = 0;
        self.shard.take_effects(&mut self.effects);
        for effect in self.effects.drain(..) {
            if let Effect::Flush(id) = effect
                && let Some(((), queue)) = self.shard.to_send(id)
            {
                let bytes = queue.queued_bytes();
                sent += bytes;
                self.shard.sent(Moment(2), id, bytes);
            }
        }
        sent
    }
}

/// A packet from alice to bob, as a client writes it.
pub(crate) fn packet(text_bytes: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    let text = "a message of so many bytes, with a space here and there, ".repeat(text_bytes);
    let text = JsonText::escape(&text[..text_bytes]);
    push_packet(&mut bytes, "alice", "127.0.0.1", "bob", &text);
    bytes
}
