//! The cluster: real shards, and between them links that hold messages back. A
//! tick goes as in a real worker; sockets are simulated. Never: whether what
//! happens is correct.

use super::dice::Dice;
use super::ledger::Ledger;
use super::peer::{At, Ending, Peer, SERVER, Socket};
use super::queued::{content, content_of};
use super::records::Sent;
use super::setting::Setting;
use super::trace;
use lanline::chat::{
    AddressBudget, Batch, Code, ConnId, Counters, Effect, Ended, Settings, Shard, Topology,
    WorkerId,
};

use std::collections::VecDeque;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, SystemTime};

/// Real shards with simulated sockets.
pub(super) struct Cluster {
    pub shards: Vec<Shard<Socket>>,
    pub counters: Arc<Counters>,
    /// Seconds of the time of day, which may jump.
    pub wall_clock: Arc<AtomicU64>,
    /// Batches under way, from each shard to each.
    links: Vec<VecDeque<Batch<Socket>>>,
    /// Effects that the current worker has yet to carry out.
    effects: VecDeque<Effect<Socket>>,
    /// Handles of connections that are gone.
    closed_ids: Vec<(WorkerId, ConnId)>,
    scratch_bytes_max: usize,
    socket_bytes_max: usize,
    /// The budget of each address; one address is trusted.
    budgets: [Option<Arc<AddressBudget>>; 3],
}

/// How much of its possible work a tick does.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Effort {
    Some,
    All,
}

impl Cluster {
    pub(super) fn new(dice: &mut Dice, setting: &Setting) -> Self {
        let settings = Arc::new(setting.settings.clone());
        let counters = Arc::new(Counters::new(setting.workers));
        let wall_clock = Arc::new(AtomicU64::new(1_700_000_000));
        let hash_keys = (dice.number(), dice.number());
        let shard = |worker| {
            let topology = Topology { worker, workers: setting.workers, hash_keys };
            let clock = wall_clock.clone();
            let now = move || SystemTime::UNIX_EPOCH + Duration::from_secs(clock.load(Relaxed));
            Shard::new(topology, settings.clone(), counters.clone(), Box::new(now))
        };
        let shards = (0..setting.workers as WorkerId).map(shard).collect();
        let links = (0..setting.workers * setting.workers).map(|_| VecDeque::new()).collect();
        Self {
            shards,
            counters: counters.clone(),
            wall_clock: wall_clock.clone(),
            links,
            effects: VecDeque::new(),
            closed_ids: Vec::new(),
            scratch_bytes_max: setting.scratch_bytes_max,
            socket_bytes_max: setting.socket_bytes_max,
            budgets: [Some(Arc::default()), Some(Arc::default()), None],
        }
    }

    /// A peer connects; some are refused at the admission.
    pub(super) fn accept(
        &mut self,
        dice: &mut Dice,
        ledger: &mut Ledger,
        number: usize,
        by_the_door: bool,
    ) {
        let worker = dice.below(self.shards.len());
        let shard = &mut self.shards[worker];
        let server: IpAddr = SERVER.parse().unwrap();
        let peer = &mut ledger.peers[number];
        peer.accepted_at = ledger.now;
        let socket = Socket(number);
        let id = if by_the_door && dice.percent(3) {
            let code = dice.pick(&[Code::ServerFull, Code::NotOnLan]);
            peer.may_have_left = true;
            shard.refused_at_admission(ledger.now, socket, (peer.ip, server), code)
        } else {
            shard.accepted(ledger.now, socket, (peer.ip, server), self.budgets[number % 3].clone())
        };
        peer.at = At::Shard(worker as WorkerId, id);
        trace::note(|| format!("peer {number} connects to {worker} as {}", peer.real_name()));
    }

    /// Whether some message is under way, or something that others may wait for is not
    /// handled yet.
    pub(super) fn has_messages(&self) -> bool {
        self.links.iter().any(|link| !link.is_empty())
            || self.shards.iter().any(Shard::has_work_left)
    }

    /// Whether the next tick, doing all that it can, would do nothing.
    pub(super) fn is_at_rest(&self, ledger: &Ledger) -> bool {
        let busy = |worker: WorkerId| {
            ledger.peers.iter().any(|peer| {
                let here = matches!(peer.at, At::Shard(at, _) if at == worker);
                let room = peer.watched_for_room && peer.unread < self.socket_bytes_max;
                here && (peer.read_queued || room)
            })
        };
        let work_left = self.shards.iter().any(Shard::has_work_left);
        !self.has_messages() && !work_left && !(0..self.shards.len() as WorkerId).any(busy)
    }

    /// One tick of one worker: messages, readiness, deadlines, effects, messages.
    pub(super) fn tick(
        &mut self,
        dice: &mut Dice,
        ledger: &mut Ledger,
        worker: WorkerId,
        effort: Effort,
    ) {
        trace::note(|| format!("{} tick of {worker} at {:?}", ledger.step, ledger.now));
        self.read_mailbox(dice, ledger, worker, effort);
        for number in 0..ledger.peers.len() {
            let At::Shard(at, id) = ledger.peers[number].at else { continue };
            if at != worker || effort == Effort::Some && dice.percent(40) {
                continue;
            }
            let peer = &mut ledger.peers[number];
            if peer.watched_for_room && peer.unread < self.socket_bytes_max {
                // An edge comes once; watching again brings the next.
                peer.watched_for_room = false;
                self.effects.push_back(Effect::Flush(id));
            }
            if peer.read_queued && !self.shards[usize::from(worker)].is_tick_over() {
                self.read(dice, ledger, number, (worker, id));
            }
        }
        if effort == Effort::All || dice.percent(80) {
            let shard = &mut self.shards[usize::from(worker)];
            shard.expire(ledger.now);
            ledger.check_work(shard.work_peaks());
        }
        self.carry_out(dice, ledger, worker);
        self.flush_bulk(dice, ledger, worker, effort);
        ledger.check_said_busy();
        self.send_batches(worker);
        self.probe(dice, ledger, worker);
    }

    fn read_mailbox(&mut self, dice: &mut Dice, ledger: &Ledger, worker: WorkerId, effort: Effort) {
        let workers = self.shards.len();
        self.shards[usize::from(worker)].read_mail(ledger.now);
        for from in 0..workers {
            let link = from * workers + usize::from(worker);
            let batches = match effort {
                _ if self.shards[usize::from(worker)].has_mail() => 0,
                Effort::All => self.links[link].len(),
                Effort::Some => dice.below(self.links[link].len() + 1).min(dice.below(4)),
            };
            for batch in self.links[link].drain(..batches) {
                trace::note(|| format!("  {} messages from {from}", batch.messages.len()));
                self.shards[usize::from(worker)].handle_batch(ledger.now, batch);
            }
        }
    }

    /// One turn: one `recv`, which may bring any part of what has arrived.
    fn read(
        &mut self,
        dice: &mut Dice,
        ledger: &mut Ledger,
        number: usize,
        (worker, id): (WorkerId, ConnId),
    ) {
        let shard = &mut self.shards[usize::from(worker)];
        let peer = &mut ledger.peers[number];
        peer.read_queued = false;
        if !shard.wants_bytes(id) {
            return;
        }
        let waiting = peer.arrived - peer.records.fetched;
        if waiting > 0 {
            // Now and then a long turn, so that a run in single bytes ends.
            let long = if dice.percent(5) { 10_000 } else { 1 };
            let count = waiting.min(dice.between(1, self.scratch_bytes_max.max(long)));
            peer.records.fetched += count;
            let whole = peer.records.whole(peer.taken, peer.stream.len());
            let bytes = peer.take(whole - peer.taken, ledger.step, ledger.now);
            let length = bytes.len();
            trace::note(|| format!("  reads {length} of {waiting} from peer {number}"));
            peer.read_queued = peer.has_something_to_read();
            ledger.bytes_taken += length as u64;
            shard.transport_holds(id, peer.records.fetched - peer.taken);
            if length > 0 {
                shard.received(ledger.now, id, &bytes);
            }
        } else if peer.has_something_to_read() {
            trace::note(|| format!("  reads the end of peer {number}: {:?}", peer.ending));
            peer.take_ending(ledger.step);
            let reset = peer.ending == Some(Ending::Reset);
            peer.broken |= reset;
            let how = if reset { Ended::Reset } else { Ended::Politely };
            shard.ended(ledger.now, id, how);
        }
        let kept_bytes_max =
            2 * (ledger.packet_bytes_max + self.scratch_bytes_max.max(10_000) + 600);
        let kept = self.shards[usize::from(worker)].kept_bytes(id);
        assert!(kept <= kept_bytes_max, "peer {number} makes the server keep {kept} bytes");
    }

    fn carry_out(&mut self, dice: &mut Dice, ledger: &mut Ledger, worker: WorkerId) {
        self.take_effects_of(ledger, worker);
        while let Some(effect) = self.effects.pop_front() {
            self.carry_out_one(dice, ledger, worker, effect);
            self.take_effects_of(ledger, worker);
        }
    }

    /// Flushes some clients of the bulk flush queue.
    fn flush_bulk(
        &mut self,
        dice: &mut Dice,
        ledger: &mut Ledger,
        worker: WorkerId,
        effort: Effort,
    ) {
        let count = if effort == Effort::All { usize::MAX } else { dice.below(4) };
        for _ in 0..count {
            let Some(id) = self.shards[usize::from(worker)].next_bulk_flush() else { break };
            self.flush(dice, ledger, worker, id);
            self.carry_out(dice, ledger, worker);
        }
    }

    /// Puts a shard's effects behind those that wait. The oracle gets reports at
    /// once, before any socket takes packets that follow from them.
    fn take_effects_of(&mut self, ledger: &mut Ledger, worker: WorkerId) {
        let mut effects = Vec::new();
        self.shards[usize::from(worker)].take_effects(&mut effects);
        for effect in &effects {
            if let Effect::Report(report) = effect {
                ledger.reported(report);
            }
        }
        self.effects.extend(effects);
    }

    fn carry_out_one(
        &mut self,
        dice: &mut Dice,
        ledger: &mut Ledger,
        worker: WorkerId,
        effect: Effect<Socket>,
    ) {
        let shard = &mut self.shards[usize::from(worker)];
        let whose = |shard: &mut Shard<Socket>, id| shard.socket(id).map(|socket| socket.0);
        match effect {
            Effect::Flush(id) => self.flush(dice, ledger, worker, id),
            Effect::Read(id) => {
                if let Some(number) = whose(shard, id) {
                    let peer = &mut ledger.peers[number];
                    peer.read_queued = peer.has_something_to_read();
                }
            }
            Effect::Register(id) => {
                if let Some(number) = whose(shard, id) {
                    trace::note(|| format!("  peer {number} is home at {worker}"));
                    let peer = &mut ledger.peers[number];
                    peer.at = At::Shard(worker, id);
                    peer.read_queued = peer.has_something_to_read();
                    shard.transport_holds(id, peer.records.fetched - peer.taken);
                }
            }
            Effect::Shutdown(id) => {
                if let Some(number) = whose(shard, id) {
                    let peer = &mut ledger.peers[number];
                    peer.shut = Some(ledger.now);
                    peer.read_queued = peer.has_something_to_read();
                }
            }
            Effect::AskArchive(_) | Effect::Post(_) => {}
            Effect::AskStore(request) => panic!("there are no accounts: {request:?}"),
            Effect::HandOff { to, handoff } => {
                let number = handoff.socket.0;
                trace::note(|| format!("  peer {number} moves to {to}"));
                let peer = &mut ledger.peers[number];
                if let At::Shard(at, id) = peer.at {
                    self.closed_ids.push((at, id));
                }
                peer.at = At::UnderWay;
                peer.read_queued = false;
                shard.send_handoff(to, handoff);
            }
            Effect::Close(gone) => {
                let Socket(number) = gone.socket;
                if let At::Shard(at, id) = ledger.peers[number].at {
                    self.closed_ids.push((at, id));
                }
                ledger.closed(number);
            }
            Effect::Report(_) => {}
        }
    }

    /// Hands a socket what waits for it; it takes a random part.
    fn flush(&mut self, dice: &mut Dice, ledger: &mut Ledger, worker: WorkerId, id: ConnId) {
        loop {
            self.take_effects_of(ledger, worker);
            let shard = &mut self.shards[usize::from(worker)];
            let Some((&mut Socket(number), outbound)) = shard.to_send(id) else { return };
            assert_eq!(ledger.peers[number].at, At::Shard(worker, id), "peer {number}'s handle");
            let (content, asked) = content(outbound);
            assert_eq!(content.len(), outbound.queued_bytes());
            ledger.queue_seen(number, &content);
            let peer = &mut ledger.peers[number];
            let torn = peer.records.is_broken(content.len());
            if torn || peer.ending == Some(Ending::Reset) {
                peer.broken = true;
                peer.may_have_left = true;
                trace::note(|| format!("  peer {number} is broken"));
                return shard.broken(ledger.now, id);
            }
            let room = self.socket_bytes_max.saturating_sub(peer.unread);
            let mut takes = |asked: usize| {
                let count = asked.min(room);
                if dice.percent(10) { dice.below(count + 1) } else { count }
            };
            let Sent { taken, told: count, blocked: full } = if peer.records.bytes_max == 0 {
                let taken = takes(asked);
                Sent { taken, told: taken, blocked: taken < asked }
            } else {
                peer.records.send(asked, takes)
            };
            if count > 0 {
                ledger.wrote(number, &content[..count]);
                shard.sent(ledger.now, id, count);
            }
            let peer = &mut ledger.peers[number];
            peer.unread = peer.unread + taken - count;
            if full {
                peer.watched_for_room = true;
                shard.blocked(ledger.now, id);
                // After `bounce_all` what a blocked socket doesn't take is bounced.
                peer.emptied |=
                    ledger.stopping && !content_of(shard, id).starts_with(&content[count..]);
            } else if content.len() == count {
                peer.watched_for_room = false;
            }
            if full || content.len() == count {
                return;
            }
        }
    }

    fn send_batches(&mut self, from: WorkerId) {
        let workers = self.shards.len();
        for to in 0..workers {
            if let Some(batch) = self.shards[usize::from(from)].take_batch(to as WorkerId) {
                assert!(to != usize::from(from), "a message to oneself");
                self.links[usize::from(from) * workers + to].push_back(batch);
            }
        }
    }

    /// Checks that handles of closed connections are stale, and that idle
    /// connections own no buffers.
    fn probe(&mut self, dice: &mut Dice, ledger: &Ledger, worker: WorkerId) {
        for _ in 0..self.closed_ids.len().min(3) {
            let (at, id) = self.closed_ids[dice.below(self.closed_ids.len())];
            let shard = &mut self.shards[usize::from(at)];
            assert!(shard.socket(id).is_none(), "a stale handle leads to somebody");
            assert!(!shard.wants_bytes(id), "a stale handle is to be read");
        }
        for (number, peer) in ledger.peers.iter().enumerate() {
            let At::Shard(at, id) = peer.at else { continue };
            if at == worker {
                let whose = self.shards[usize::from(at)].socket(id).map(|socket| socket.0);
                assert_eq!(whose, Some(number), "peer {number} is not where it was");
            }
        }
    }

    /// The input bytes that the server keeps for a connection.
    pub(super) fn kept_bytes(&self, at: At) -> usize {
        let At::Shard(worker, id) = at else { return 0 };
        self.shards[usize::from(worker)].kept_bytes(id)
    }

    /// The nearest deadline of all.
    pub(super) fn next_deadline(&self) -> Option<lanline::chat::Moment> {
        self.shards.iter().filter_map(Shard::next_deadline).min()
    }

    /// Whether its socket has taken all that waited.
    pub(super) fn is_flushed(&self) -> bool {
        self.shards.iter().all(Shard::is_flushed)
    }

    /// Gives one worker other settings.
    pub(super) fn reload(&mut self, ledger: &Ledger, worker: WorkerId, settings: &Arc<Settings>) {
        trace::note(|| format!("{worker} hears of a rate of {}", settings.rate));
        self.shards[usize::from(worker)].reload(ledger.now, settings.clone());
    }

    /// Stops one worker.
    pub(super) fn stop(&mut self, ledger: &mut Ledger, worker: WorkerId) {
        trace::note(|| format!("{worker} stops"));
        ledger.stopping = true;
        self.shards[usize::from(worker)].stop(ledger.now);
    }

    /// Bounces all queues of one worker.
    pub(super) fn bounce_all(&mut self, ledger: &mut Ledger, worker: WorkerId) {
        trace::note(|| format!("{worker} bounces all"));
        let shard = &mut self.shards[usize::from(worker)];
        let waits = |shard: &Shard<Socket>, peer: &Peer| match peer.at {
            At::Shard(at, id) if at == worker => content_of(shard, id),
            _ => Vec::new(),
        };
        let before: Vec<Vec<u8>> = ledger.peers.iter().map(|peer| waits(shard, peer)).collect();
        shard.bounce_all(ledger.now);
        for (peer, before) in ledger.peers.iter_mut().zip(before) {
            peer.emptied |= !waits(shard, peer).starts_with(&before);
        }
    }

    /// Closes all connections of one worker.
    pub(super) fn hang_up(&mut self, ledger: &Ledger, worker: WorkerId) {
        trace::note(|| format!("{worker} hangs up"));
        self.shards[usize::from(worker)].hang_up(ledger.now);
    }
}
