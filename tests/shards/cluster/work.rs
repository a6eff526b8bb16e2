//! The work of a worker: messages, effects, sockets. Never: what a client does.

use super::storing::ToStore;
use super::{Cluster, Who};
use crate::fake_socket::socket_takes;
use lanline::chat::{ConnId, Effect, WorkerId};
use std::mem;

impl Cluster {
    /// Until nothing is left to do.
    pub(crate) fn run(&mut self) {
        loop {
            for worker in 0..self.shards.len() {
                self.carry_out(worker);
                while let Some(id) = self.shards[worker].next_bulk_flush() {
                    self.flush(worker, id);
                    self.carry_out(worker);
                }
                self.send_batches(worker);
            }
            let ready = |(to, _): &(usize, _)| !self.held_messages.contains(to);
            let Some(at) = self.in_flight.iter().position(ready) else {
                if !self.ticks_are_held && self.end_ticks() {
                    continue;
                }
                if !self.storing.hangs && self.store_next() {
                    continue;
                }
                return;
            };
            let (to, batch) = self.in_flight.remove(at).unwrap();
            self.shards[to].handle_batch(self.now, batch);
        }
    }

    /// Workers with work left go on in another tick; whether there are some.
    fn end_ticks(&mut self) -> bool {
        let mut busy = false;
        for shard in self.shards.iter_mut().filter(|shard| shard.has_work_left()) {
            shard.expire(self.now);
            busy = true;
        }
        busy
    }

    /// Effects, without flushing the bulk flush queue.
    pub(crate) fn carry_out(&mut self, worker: usize) {
        loop {
            let mut effects = Vec::new();
            self.shards[worker].take_effects(&mut effects);
            if effects.is_empty() {
                return;
            }
            for effect in effects {
                self.carry_out_one(worker, effect);
            }
        }
    }

    fn carry_out_one(&mut self, worker: usize, effect: Effect<Who>) {
        match effect {
            Effect::Flush(id) => self.flush(worker, id),
            Effect::Read(id) => {
                self.reads += 1;
                if let Some(&mut who) = self.shards[worker].socket(id) {
                    self.read(who);
                }
            }
            Effect::Register(id) => {
                if let Some(&mut who) = self.shards[worker].socket(id) {
                    self.clients[who].at = Some((worker, id));
                    self.read(who);
                }
            }
            Effect::Shutdown(id) => {
                if let Some(&mut who) = self.shards[worker].socket(id) {
                    self.clients[who].shut = true;
                }
            }
            Effect::AskArchive(request) => self.storing.waiting.push_back(ToStore::Asked(request)),
            Effect::Post(posts) => self.post(worker, posts),
            Effect::AskStore(request) => self.asked.push(*request),
            Effect::HandOff { to, handoff } => self.shards[worker].send_handoff(to, handoff),
            Effect::Close(gone) => {
                let client = &mut self.clients[gone.socket];
                assert!(!mem::replace(&mut client.closed, true), "closed twice");
                client.at = None;
            }
            Effect::Report(report) => self.reports.push(*report),
        }
    }

    pub(super) fn read(&mut self, who: Who) {
        while !self.clients[who].unread.is_empty() && self.wants_bytes(who) {
            let bytes = mem::take(&mut self.clients[who].unread);
            let Some((worker, id)) = self.clients[who].at else { return };
            self.shards[worker].received(self.now, id, &bytes);
        }
    }

    pub(super) fn flush(&mut self, worker: usize, id: ConnId) {
        let shard = &mut self.shards[worker];
        let Some((&mut who, outbound)) = shard.to_send(id) else { return };
        assert!(!outbound.is_empty(), "nothing is to be sent");
        let client = &mut self.clients[who];
        let (taken, is_blocked) = socket_takes(outbound, &mut client.window, &mut client.taken);
        if taken > 0 {
            shard.sent(self.now, id, taken);
        }
        if is_blocked {
            self.shards[worker].blocked(self.now, id);
        }
    }

    fn send_batches(&mut self, from: usize) {
        for to in 0..self.shards.len() {
            if let Some(batch) = self.shards[from].take_batch(to as WorkerId) {
                self.messages_sent += batch.messages.len();
                self.in_flight.push_back((to, batch));
            }
        }
    }
}
