//! Shards, each with a mailbox into which other shards and the store put messages in the
//! order in which they send them, and simulated sockets. A tick goes as in a real worker.
//! All shards can die at once. Never: whether what happens is right.

use super::disk::{Disk, Output, ToStore};
use super::peer::Peer;
use super::said::{ACCOUNTS, ROOM, USERS, account_of};
use crate::fake_store::FakeStore;
use crate::world::Dice;
use crate::world::trace::note;
use lanline::accounts::{Notice, Role};
use lanline::archive::{self, OwnedRoom, RoomId};
use lanline::chat::id::Address;
use lanline::chat::{
    Batch, ConnId, Counters, Effect, Ended, Moment, Settings, Shard, ShardMessage, StoreRequest,
    Topology, WorkerId,
};
use lanline::wire::Name;
use std::collections::VecDeque;
use std::io::IoSlice;
use std::mem;
use std::net::{IpAddr, Ipv4Addr};
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

pub(super) const PASSWORD: &str = "correct horse";

pub(super) struct Cluster {
    pub shards: Vec<Shard<usize>>,
    pub settings: Arc<Settings>,
    counters: Arc<Counters>,
    pub now: Moment,
    pub step: u64,
    pub peers: Vec<Peer>,
    pub disk: Disk,
    store: FakeStore,
    accounts: Vec<Notice>,
    mailboxes: Vec<VecDeque<Batch<usize>>>,
    /// The last step in which a worker didn't wait for the disk.
    pub stalled: Option<u64>,
    /// Since when what isn't stored is refused.
    pub bounced: bool,
    /// So many flushes are left before the process dies.
    flushes_left: Option<usize>,
}

const SERVER: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 0, 0, 1));

impl Cluster {
    pub(super) fn new(dice: &mut Dice, workers: usize, settings: Settings) -> Self {
        let mut store = FakeStore::default();
        let names = USERS.iter().take(ACCOUNTS).map(|user| user.name);
        let accounts = names.map(|name| store.add(name, Role::User, PASSWORD)).collect();
        let same = |user: usize| store.id(USERS[user].name) == Some(account_of(user));
        assert!((0..ACCOUNTS).all(same), "accounts are numbered in order");
        let id = RoomId(NonZeroU32::MIN);
        let name = Name::parse(ROOM).unwrap();
        let topic = "".into();
        let room = OwnedRoom { id, name, owner: None, is_private: false, keep: None, topic };
        let mut cluster = Self {
            shards: Vec::new(),
            settings: Arc::new(settings),
            counters: Arc::new(Counters::new(workers)),
            now: Moment(1),
            step: 0,
            peers: Vec::new(),
            disk: Disk::new(room),
            store,
            accounts,
            mailboxes: (0..workers).map(|_| VecDeque::new()).collect(),
            stalled: None,
            bounced: false,
            flushes_left: None,
        };
        cluster.start(dice);
        cluster
    }

    /// A new process begins: it learns what there is before anybody comes.
    fn start(&mut self, dice: &mut Dice) {
        let workers = self.mailboxes.len();
        let counters = Arc::new(Counters::new(workers));
        let hash_keys = (dice.number(), dice.number());
        let shard = |worker| {
            let topology = Topology { worker, workers, hash_keys };
            let clock = Box::new(|| SystemTime::UNIX_EPOCH + Duration::from_secs(1_000));
            let mut shard = Shard::new(topology, self.settings.clone(), counters.clone(), clock);
            for notice in &self.accounts {
                let notice = ShardMessage::Notice(Arc::new(notice.clone()));
                shard.handle_batch(self.now, batch(notice));
                while shard.has_work_left() {
                    shard.expire(self.now);
                }
            }
            for notice in self.disk.notices() {
                shard.inform_archive(self.now, &notice);
            }
            shard
        };
        self.shards = (0..workers as WorkerId).map(shard).collect();
        self.counters = counters;
        self.mailboxes.iter_mut().for_each(VecDeque::clear);
        self.bounced = false;
        self.flushes_left = None;
    }

    /// The process dies, and another one starts.
    pub(super) fn crash(&mut self, dice: &mut Dice) {
        note(|| "the process dies".to_owned());
        self.disk.crash(dice);
        for peer in &mut self.peers {
            (peer.at, peer.closed) = (None, true);
        }
        self.start(dice);
    }

    /// A tick in which the process dies.
    pub(super) fn last_tick(&mut self, dice: &mut Dice, worker: usize) {
        self.flushes_left = Some(dice.below(4));
        self.tick(dice, worker, 80);
    }

    pub(super) fn accept(&mut self, dice: &mut Dice, peer: Peer) -> usize {
        let (number, worker) = (self.peers.len(), dice.below(self.shards.len()));
        let ip = Ipv4Addr::from(0x0a01_0000 + number as u32).into();
        let id = self.shards[worker].accepted(self.now, number, (ip, SERVER), None);
        self.peers.push(Peer { at: Some((worker, id)), ..peer });
        number
    }

    fn tell_all(&mut self, message: impl Fn() -> ShardMessage<usize>) {
        self.mailboxes.iter_mut().for_each(|mailbox| mailbox.push_back(batch(message())));
    }

    /// The store goes on.
    pub(super) fn disk_works(&mut self, dice: &mut Dice) {
        for output in self.disk.work(dice, self.now, self.step) {
            match output {
                Output::Committed(committed) => {
                    note(|| format!("the store says {:?}", committed.outcomes));
                    self.tell_all(|| ShardMessage::Committed(committed.clone()));
                }
                Output::Notice(notice) => {
                    let notice = Arc::new(notice);
                    self.tell_all(|| ShardMessage::ArchiveNotice(notice.clone()));
                }
                Output::Reply(Address { worker, conn: to }, number, reply) => {
                    note(|| format!("the store replies {}", in_short(&reply)));
                    let message = ShardMessage::ArchiveReply { to, number, reply: Box::new(reply) };
                    self.mailboxes[usize::from(worker)].push_back(batch(message));
                }
            }
        }
        for (Address { worker, conn }, mark) in mem::take(&mut self.disk.replays_began) {
            let at = Some((usize::from(worker), conn));
            if let Some(peer) = self.peers.iter_mut().find(|peer| peer.at == at) {
                peer.ids.began_at(mark);
            }
        }
    }

    fn note_stall(&mut self) {
        if self.counters.sum(|counters| &counters.store_stalled) > 0 {
            self.stalled = Some(self.step);
        }
    }

    /// One tick of a worker, which may do as little as `effort` percent of all there is.
    pub(super) fn tick(&mut self, dice: &mut Dice, worker: usize, effort: usize) {
        self.note_stall();
        self.shards[worker].read_mail(self.now);
        while dice.percent(effort)
            && let Some(batch) = self.mailboxes[worker].pop_front()
        {
            self.shards[worker].handle_batch(self.now, batch);
        }
        for number in 0..self.peers.len() {
            let is_here = self.peers[number].at.is_some_and(|(at, _)| at == worker);
            if is_here && dice.percent(effort) {
                self.read(dice, number, worker, effort);
            }
        }
        self.shards[worker].expire(self.now);
        self.carry_out(worker);
        while let Some(id) = self.shards[worker].next_bulk_flush() {
            self.flush(worker, id);
            self.carry_out(worker);
        }
        for to in 0..self.shards.len() {
            if let Some(batch) = self.shards[worker].take_batch(to as WorkerId) {
                self.mailboxes[to].push_back(batch);
            }
        }
        self.note_stall();
    }

    fn read(&mut self, dice: &mut Dice, number: usize, worker: usize, effort: usize) {
        let peer = &mut self.peers[number];
        let Some((_, id)) = peer.at else { return };
        if !self.shards[worker].wants_bytes(id) {
            return;
        }
        if peer.ends == Some(Ended::Reset) && dice.percent(50) {
            // What is still under way is lost.
            peer.unread.clear();
        }
        if peer.unread.is_empty() {
            if let Some(how) = peer.ends.filter(|_| !peer.shut) {
                note(|| format!("peer {number} ends: {how:?}"));
                peer.shut = true;
                self.shards[worker].ended(self.now, id, how);
            }
            return;
        }
        let all = peer.unread.len();
        // A bare name that is cut would be another one after a while.
        let bare = peer.unread.iter().position(|&byte| byte == b'\n').map_or(0, |at| at + 1);
        let least = if peer.unread[0] == b'{' { 1 } else { bare };
        let count = if effort == 100 { all } else { dice.between(least, all) };
        let bytes: Vec<u8> = peer.unread.drain(..count).collect();
        self.shards[worker].received(self.now, id, &bytes);
    }

    fn carry_out(&mut self, worker: usize) {
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

    fn carry_out_one(&mut self, worker: usize, effect: Effect<usize>) {
        let whose = |shard: &mut Shard<usize>, id| shard.socket(id).map(|number| *number);
        match effect {
            Effect::Flush(id) => self.flush(worker, id),
            Effect::Register(id) => {
                if let Some(number) = whose(&mut self.shards[worker], id) {
                    self.peers[number].at = Some((worker, id));
                }
            }
            Effect::Shutdown(id) => {
                if let Some(number) = whose(&mut self.shards[worker], id) {
                    self.peers[number].shut = true;
                }
            }
            Effect::AskArchive(request) => self.disk.give(ToStore::Asked(*request)),
            Effect::Post(posts) => {
                if !self.disk.has_room() || self.shards[worker].has_unsent_posts() {
                    self.shards[worker].posts_refused(self.now, posts);
                } else {
                    self.disk.give(ToStore::Posts(posts));
                }
            }
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

    /// The store of accounts answers at once.
    fn ask(&mut self, request: StoreRequest) {
        let (notices, reply) = self.store.answer(request.request);
        assert!(notices.is_empty(), "no account changes");
        if let (Some((Address { worker, conn: to }, number)), Some(reply)) = (request.from, reply) {
            let message = ShardMessage::StoreReply { to, number, reply: Box::new(reply) };
            self.mailboxes[usize::from(worker)].push_back(batch(message));
        }
    }

    fn flush(&mut self, worker: usize, id: ConnId) {
        if let Some(left) = &mut self.flushes_left {
            if *left == 0 {
                return;
            }
            *left -= 1;
        }
        let shard = &mut self.shards[worker];
        let Some((&mut number, outbound)) = shard.to_send(id) else { return };
        let mut slices = [IoSlice::new(&[]); 256];
        let used = outbound.fill(&mut slices);
        let waiting: Vec<u8> = slices[..used].iter().flat_map(|slice| slice.to_vec()).collect();
        let peer = &mut self.peers[number];
        let taken = waiting.len().min(peer.window);
        peer.window -= taken;
        peer.taken.extend_from_slice(&waiting[..taken]);
        if taken > 0 {
            shard.sent(self.now, id, taken);
        }
        if taken < waiting.len() {
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
            let ends = peer.ends.is_some() && !peer.shut;
            (!peer.unread.is_empty() || ends) && peer.at.is_some_and(wants)
        };
        self.mailboxes.iter().all(VecDeque::is_empty)
            && self.disk.is_idle()
            && !self.shards.iter().any(Shard::has_work_left)
            && !self.peers.iter().any(unheard)
    }

    pub(super) fn next_deadline(&self) -> Option<Moment> {
        self.shards.iter().filter_map(Shard::next_deadline).min()
    }
}

fn batch(message: ShardMessage<usize>) -> Batch<usize> {
    let mut batch = Batch::default();
    batch.push(message, 0);
    batch
}

fn in_short(reply: &archive::Reply) -> String {
    let archive::Reply::Replay(page) = reply else { return format!("{reply:?}") };
    let ids: Vec<u64> = page.packets.iter().map(|packet| packet.id.get()).collect();
    format!("{ids:?} up to {:?}, the last: {}", page.upto, page.is_last)
}
