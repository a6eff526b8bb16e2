//! Shards, the links between them, and the store behind links of its own: requests and
//! replies take any time, and keep their order. Never: whether what happens is right.

use super::archive::{Answer, Archive, ToStore};
use super::peer::Peer;
use crate::fake_socket::socket_takes;
use crate::fake_store::FakeStore;
use crate::world::Dice;
use lanline::accounts::{Notice, Request};
use lanline::chat::id::Address;
use lanline::chat::{
    Batch, ConnId, Counters, Effect, Ended, Moment, Settings, Shard, ShardMessage, StoreRequest,
    Topology, WorkerId,
};
use lanline::limits;
use std::collections::VecDeque;
use std::mem;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

/// All of the server, and its clients.
pub(super) struct Cluster {
    pub shards: Vec<Shard<usize>>,
    pub counters: Arc<Counters>,
    pub now: Moment,
    pub peers: Vec<Peer>,
    pub store: FakeStore,
    /// What is stored, behind a link of its own.
    pub archive: Archive,
    /// Batches under way, from each shard to each.
    links: Vec<VecDeque<Batch<usize>>>,
    /// Requests on their way to the store, and since when.
    asked: VecDeque<(Moment, StoreRequest)>,
    /// What the store says to each shard.
    told: Vec<VecDeque<ShardMessage<usize>>>,
}

const SERVER: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 0, 0, 1));

impl Cluster {
    pub(super) fn new(dice: &mut Dice, workers: usize, settings: Settings) -> Self {
        let settings = Arc::new(settings);
        let counters = Arc::new(Counters::new(workers));
        let hash_keys = (dice.number(), dice.number());
        let shard = |worker| {
            let topology = Topology { worker, workers, hash_keys };
            let clock = Box::new(|| SystemTime::UNIX_EPOCH + Duration::from_secs(1_000));
            Shard::new(topology, settings.clone(), counters.clone(), clock)
        };
        Self {
            shards: (0..workers as WorkerId).map(shard).collect(),
            counters,
            now: Moment(1),
            peers: Vec::new(),
            store: FakeStore::default(),
            archive: Archive::default(),
            links: (0..workers * workers).map(|_| VecDeque::new()).collect(),
            asked: VecDeque::new(),
            told: (0..workers).map(|_| VecDeque::new()).collect(),
        }
    }

    pub(super) fn accept(&mut self, dice: &mut Dice, peer: Peer) -> usize {
        let (number, worker) = (self.peers.len(), dice.below(self.shards.len()));
        let ip = Ipv4Addr::from(0x0a01_0000 + number as u32).into();
        let id = self.shards[worker].accepted(self.now, number, (ip, SERVER), None);
        self.peers.push(Peer { at: Some((worker, id)), ..peer });
        number
    }

    /// All shards will be told.
    pub(super) fn notice(&mut self, notice: Notice) {
        if let Notice::Erased(account) = notice {
            self.archive.erased.insert(account);
        }
        let notice = Arc::new(notice);
        for told in &mut self.told {
            told.push_back(ShardMessage::Notice(notice.clone()));
        }
    }

    /// The store deals with the next request, if there is one.
    pub(super) fn store_works(&mut self) {
        let Some((_, StoreRequest { from, request })) = self.asked.pop_front() else { return };
        let (notices, reply) = self.store.answer(request);
        notices.into_iter().for_each(|notice| self.notice(notice));
        if let (Some((Address { worker, conn }, number)), Some(reply)) = (from, reply) {
            let message = ShardMessage::StoreReply { to: conn, number, reply: Box::new(reply) };
            self.told[usize::from(worker)].push_back(message);
        }
    }

    /// The store deals with the next posts, or the next request about packets.
    pub(super) fn archive_works(&mut self) {
        let here = self.peers.len();
        let Some(answer) = self.archive.work(self.now, here) else { return };
        match answer {
            Answer::Committed(committed) => {
                for told in &mut self.told {
                    told.push_back(ShardMessage::Committed(committed.clone()));
                }
            }
            Answer::Reply(Address { worker, conn: to }, number, reply) => {
                let message = ShardMessage::ArchiveReply { to, number, reply: Box::new(reply) };
                self.told[usize::from(worker)].push_back(message);
            }
            Answer::Nothing => {}
        }
    }

    /// One tick of a worker, which may do as little as `effort` percent of all there is.
    pub(super) fn tick(&mut self, dice: &mut Dice, worker: usize, effort: usize) {
        let workers = self.shards.len();
        for from in 0..workers {
            while dice.percent(effort)
                && let Some(batch) = self.links[from * workers + worker].pop_front()
            {
                self.shards[worker].handle_batch(self.now, batch);
            }
        }
        while dice.percent(effort)
            && let Some(message) = self.told[worker].pop_front()
        {
            let mut batch = Batch::default();
            batch.push(message, 0);
            self.shards[worker].handle_batch(self.now, batch);
        }
        for number in 0..self.peers.len() {
            if dice.percent(effort) {
                self.read(dice, number, worker, effort);
            }
        }
        self.shards[worker].expire(self.now);
        self.carry_out(worker);
        while let Some(id) = self.shards[worker].next_bulk_flush() {
            self.flush(worker, id);
            self.carry_out(worker);
        }
        for to in 0..workers {
            if let Some(batch) = self.shards[worker].take_batch(to as WorkerId) {
                self.links[worker * workers + to].push_back(batch);
            }
        }
    }

    fn read(&mut self, dice: &mut Dice, number: usize, worker: usize, effort: usize) {
        let peer = &mut self.peers[number];
        let Some((at, id)) = peer.at.filter(|(at, _)| *at == worker) else { return };
        if !self.shards[at].wants_bytes(id) {
            return;
        }
        if peer.unread.is_empty() {
            if mem::take(&mut peer.ends) {
                peer.gone = true;
                let how = if dice.percent(50) { Ended::Politely } else { Ended::Reset };
                self.shards[at].ended(self.now, id, how);
            }
            return;
        }
        let all = peer.unread.len();
        // A bare name that is cut would be another one after a while.
        let bare = peer.unread.iter().position(|&byte| byte == b'\n').map_or(0, |at| at + 1);
        let least = if peer.unread[0] == b'{' { 1 } else { bare };
        let count = if effort == 100 { all } else { dice.between(least, all) };
        let bytes: Vec<u8> = peer.unread.drain(..count).collect();
        self.shards[at].received(self.now, id, &bytes);
    }

    fn carry_out(&mut self, worker: usize) {
        loop {
            let mut effects = Vec::new();
            self.shards[worker].take_effects(&mut effects);
            if effects.is_empty() {
                return;
            }
            for effect in effects {
                match effect {
                    Effect::Flush(id) => self.flush(worker, id),
                    Effect::Register(id) => {
                        if let Some(&mut number) = self.shards[worker].socket(id) {
                            self.peers[number].at = Some((worker, id));
                        }
                    }
                    Effect::Shutdown(id) => {
                        if let Some(&mut number) = self.shards[worker].socket(id) {
                            self.peers[number].shut = true;
                        }
                    }
                    Effect::AskArchive(request) => {
                        self.archive.waiting.push_back(ToStore::Asked(request));
                    }
                    Effect::Post(posts) => self.archive.waiting.push_back(ToStore::Posts(posts)),
                    Effect::AskStore(request) => self.ask(*request),
                    Effect::HandOff { to, handoff } => {
                        self.peers[handoff.socket].at = None;
                        self.shards[worker].send_handoff(to, handoff);
                    }
                    Effect::Close(gone) => {
                        let peer = &mut self.peers[gone.socket];
                        assert!(!mem::replace(&mut peer.closed, true), "closed twice");
                        peer.at = None;
                    }
                    Effect::Read(_) | Effect::Report(_) => {}
                }
            }
        }
    }

    /// A connection has one request under way at the most, but for those given up.
    fn ask(&mut self, request: StoreRequest) {
        if let Some((whose, _)) = request.from {
            let awaited = self.asked.iter();
            let awaited = awaited.filter(|(at, _)| at.after(limits::STORE_TIMEOUT) > self.now);
            let others = awaited.filter_map(|(_, other)| other.from);
            assert!(!others.into_iter().any(|(other, _)| other == whose), "it asks twice");
        } else {
            assert!(matches!(request.request, Request::Left { .. }), "nobody asks");
        }
        self.asked.push_back((self.now, request));
    }

    pub(super) fn flush(&mut self, worker: usize, id: ConnId) {
        let shard = &mut self.shards[worker];
        let Some((&mut number, outbound)) = shard.to_send(id) else { return };
        let peer = &mut self.peers[number];
        let (taken, is_blocked) = socket_takes(outbound, &mut peer.window, &mut peer.taken);
        if taken > 0 {
            shard.sent(self.now, id, taken);
        }
        if is_blocked {
            self.shards[worker].blocked(self.now, id);
        }
    }

    /// Its socket takes so many bytes more.
    pub(super) fn open_window(&mut self, number: usize, bytes: usize) {
        self.peers[number].window = bytes;
        if let Some((worker, id)) = self.peers[number].at {
            self.flush(worker, id);
            self.carry_out(worker);
        }
    }

    /// Whether nothing is under way and nothing is left to do at this moment.
    pub(super) fn is_at_rest(&self) -> bool {
        let unheard = |peer: &Peer| {
            let wants = |(at, id): (usize, ConnId)| self.shards[at].wants_bytes(id);
            (!peer.unread.is_empty() || peer.ends) && peer.at.is_some_and(wants)
        };
        self.links.iter().all(VecDeque::is_empty)
            && self.told.iter().all(VecDeque::is_empty)
            && self.asked.is_empty()
            && self.archive.waiting.is_empty()
            && !self.shards.iter().any(Shard::has_work_left)
            && !self.peers.iter().any(unheard)
    }

    pub(super) fn next_deadline(&self) -> Option<Moment> {
        self.shards.iter().filter_map(Shard::next_deadline).min()
    }
}
