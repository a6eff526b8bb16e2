//! One worker's share of the chat: what it holds, what goes in, what comes
//! out. What happens in between is in the modules beside this one, each a part
//! of [`Shard`].

use super::accounts::asks::Asks;
use super::accounts::bans::Bans;
use super::accounts::known::Known;
use super::accounts::sessions::Sessions;
use super::accounts::sweep_queue::Sweep;
use super::address::{AddressBudget, AddressPace};
use super::archive::state::Archive;
use super::client::{Client, CloseMode, Input, Pauses, Roles, State, Timers};
use super::clients::Clients;
use super::counters::{Counters, WorkerCounters};
use super::directory::{Directory, Hashing};
use super::effect::{Effect, Report};
use super::fan_outs::{Bounces, FanOuts};
use super::id::{Address, ConnId, Moment, Origin, Tag, WorkerId};
use super::lists::Lists;
use super::memory_bounds::Held;
use super::message::{Batch, Handoff, Mail, ShardMessage};
use super::owned::state::Owned;
use super::presence_news::Presence;
use super::query_protocol::PendingQuery;
use super::rooms::{Rooms, Rosters};
use super::settings::{Pace, Settings};
use super::skeletons::{Claiming, Skeletons};
use super::timer_queue::TimerQueue;
use super::work::{self, Units, Work};
use crate::limits;
use crate::wire::{BufferPool, Code};
use compact_str::ToCompactString;
use std::collections::{BTreeMap, VecDeque};
use std::mem;
use std::net::IpAddr;
use std::num::NonZeroU64;
use std::sync::Arc;
use std::time::SystemTime;

/// One worker's share of the chat, without sockets or clocks. `S` stands for a
/// socket; it is carried and never looked at.
///
/// - **In**: [`accepted`](Self::accepted), [`refused_at_admission`](Self::refused_at_admission),
///   [`received`](Self::received), [`ended`](Self::ended), [`sent`](Self::sent),
///   [`blocked`](Self::blocked), [`broken`](Self::broken), [`handle_batch`](Self::handle_batch), [`expire`](Self::expire),
///   [`stop`](Self::stop), [`bounce_all`](Self::bounce_all). Each is told the
///   time, which never goes back.
/// - **Out**: [`take_effects`](Self::take_effects) and
///   [`take_batch`](Self::take_batch), after any of these;
///   [`to_send`](Self::to_send), [`wants_bytes`](Self::wants_bytes),
///   [`next_deadline`](Self::next_deadline).
/// - **Debug builds** check every client's invariants after each of these.
/// - **Invariant**: every packet handled is in one recipient's queue, in a
///   message, or refused to its sender; a queue that goes bounces what it held.
pub struct Shard<S> {
    pub(super) topology: Topology,
    pub(super) hashing: Hashing,
    pub(super) settings: Arc<Settings>,
    pub(super) pace: Pace,
    pub(super) address_pace: AddressPace,
    pub(super) counters: Arc<Counters>,
    pub(super) wall_clock: WallClock,
    pub(super) now: Moment,
    /// When the last user came, and when the last watcher began.
    pub(super) last_arrival: Moment,
    pub(super) last_watch: Moment,
    pub(super) clients: Clients<S>,
    pub(super) directory: Directory,
    /// Connections whose skeletons are being claimed.
    pub(super) claims: BTreeMap<ConnId, Claiming>,
    pub(super) skeletons: Skeletons,
    /// Accounts, who is logged in to them, who stays out.
    pub(super) known: Known,
    pub(super) sessions: Sessions,
    pub(super) bans: Bans,
    /// Requests to the store under way.
    pub(super) asks: Asks,
    /// Those who have to go are looked for.
    pub(super) sweeps: VecDeque<Sweep>,
    /// What is stored.
    pub(super) archive: Archive,
    /// Who is in rooms that have owners, of the names at home here.
    pub(super) owned: Owned,
    pub(super) rooms: Rooms,
    pub(super) rosters: Rosters,
    pub(super) presence: Presence,
    pub(super) lists: Lists,
    pub(super) fan_outs: FanOuts,
    pub(super) bounces: VecDeque<Bounces>,
    pub(super) mail: VecDeque<Mail<S>>,
    /// Queries under way, and the number of the next.
    pub(super) pending: BTreeMap<ConnId, PendingQuery>,
    pub(super) next_query: u32,
    pub(super) timers: TimerQueue,
    pub(super) effects: Vec<Effect<S>>,
    pub(super) outboxes: Vec<Batch<S>>,
    /// Clients with a frame for many: flushed a few a tick, so that nobody
    /// waits behind them all, and frames that follow share their flush.
    pub(super) bulk_queue: VecDeque<ConnId>,
    /// Clients who had their turn, and have more.
    pub(super) out_of_quantum: VecDeque<ConnId>,
    /// What waits for sockets.
    pub(super) queued: Held,
    /// What was read and is not handled yet.
    pub(super) kept: Held,
    /// When clients may be closed again to free memory.
    pub(super) shed_after: Moment,
    pub(super) work: Work,
    pub(super) pool: BufferPool<Tag>,
    /// A queue is more than a quarter full and its socket may take some of it.
    pub(super) above_high_water: bool,
    /// What was handed over last may hold a secret.
    pub(super) has_heard_secret: bool,
    pub(super) stopping: bool,
    /// [`Shard::bounce_all`] was called: packets are refused, no longer queued.
    pub(super) bounced_all: bool,
}

/// The time of day, which few ask for.
pub type WallClock = Box<dyn Fn() -> SystemTime + Send>;

/// Where in the server a shard is.
#[derive(Clone, Copy, Debug)]
pub struct Topology {
    pub worker: WorkerId,
    pub workers: usize,
    /// The server's secret for hashing names, the same for all shards.
    pub hash_keys: (u64, u64),
}

impl<S> Shard<S> {
    pub fn new(
        topology: Topology,
        settings: Arc<Settings>,
        counters: Arc<Counters>,
        wall_clock: WallClock,
    ) -> Self {
        Self {
            topology,
            hashing: Hashing::new(topology.hash_keys, topology.workers),
            pace: settings.pace(),
            address_pace: AddressPace::of(&settings),
            settings,
            counters,
            wall_clock,
            now: Moment::default(),
            last_arrival: Moment::default(),
            last_watch: Moment::default(),
            clients: Clients::default(),
            directory: Directory::default(),
            claims: BTreeMap::new(),
            skeletons: Skeletons::default(),
            known: Known::default(),
            sessions: Sessions::default(),
            bans: Bans::default(),
            asks: Asks::default(),
            sweeps: VecDeque::new(),
            archive: Archive::default(),
            owned: Owned::default(),
            rooms: Rooms::default(),
            rosters: Rosters::default(),
            presence: Presence::default(),
            lists: Lists::default(),
            fan_outs: FanOuts::default(),
            bounces: VecDeque::new(),
            mail: VecDeque::new(),
            pending: BTreeMap::new(),
            next_query: 0,
            timers: TimerQueue::default(),
            effects: Vec::new(),
            outboxes: (0..topology.workers).map(|_| Batch::default()).collect(),
            bulk_queue: VecDeque::new(),
            out_of_quantum: VecDeque::new(),
            queued: Held::default(),
            kept: Held::default(),
            shed_after: Moment::default(),
            work: Work::default(),
            pool: BufferPool::default(),
            above_high_water: false,
            has_heard_secret: false,
            stopping: false,
            bounced_all: false,
        }
    }

    /// A connection was accepted: from the first of the addresses, at the second.
    pub fn accepted(
        &mut self,
        now: Moment,
        socket: S,
        addresses: (IpAddr, IpAddr),
        budget: Option<Arc<AddressBudget>>,
    ) -> ConnId {
        self.now = now;
        self.work.spend_on_tick(work::ACCEPT);
        let budget_is_over = budget.as_ref().is_some_and(|budget| budget.login_at() > now);
        let id = self.insert(socket, addresses, budget);
        self.sweep_timers();
        self.arm(id, Timers::GREETING, now.after(self.settings.greeting_timeout));
        if budget_is_over {
            // What it says stays in the kernel until then.
            self.waits_for_login(id);
        }
        self.check_invariants();
        id
    }

    /// A connection was accepted and may not stay.
    pub fn refused_at_admission(
        &mut self,
        now: Moment,
        socket: S,
        addresses: (IpAddr, IpAddr),
        code: Code,
    ) -> ConnId {
        self.now = now;
        self.work.spend_on_tick(work::ACCEPT);
        let id = self.insert(socket, addresses, None);
        self.refuse(id, 0, code, None);
        self.check_invariants();
        id
    }

    /// What a connection speaks can't be taken.
    pub fn refused_opening(&mut self, now: Moment, id: ConnId, code: Code) {
        self.now = now;
        self.refuse(id, 0, code, None);
        self.check_invariants();
    }

    /// Counts work that was done for a connection elsewhere, as its own and its
    /// address's.
    pub fn spend_for(&mut self, now: Moment, id: ConnId, units: Units) {
        self.work.spend_on_tick(units);
        let budget = self.clients.get(id).and_then(|client| client.budget.as_ref());
        if units > limits::FREE_WORK_MAX
            && let Some(budget) = budget
        {
            budget.charge_work(now, &self.address_pace, units);
        }
    }

    /// Where it comes from.
    pub fn peer(&self, id: ConnId) -> Option<IpAddr> {
        self.clients.get(id).map(|client| client.peer)
    }

    fn insert(
        &mut self,
        socket: S,
        (peer, local): (IpAddr, IpAddr),
        budget: Option<Arc<AddressBudget>>,
    ) -> ConnId {
        let client = Client::new(socket, peer, local.to_compact_string(), budget, self.now);
        self.clients.insert(client)
    }

    /// Whether it should be read from now. If not, an [`Effect::Read`] says when.
    pub fn wants_bytes(&self, id: ConnId) -> bool {
        let Some(client) = self.clients.get(id) else { return false };
        match (client.state(), client.input) {
            (State::Closing(mode), _) => mode != CloseMode::Close,
            (State::Lingering, _) => true,
            (State::Claiming, _) => false,
            (_, Input::Broken | Input::Reset) => {
                !client.pauses.intersects(Pauses::QUANTUM | Pauses::FAN_OUT)
            }
            (_, Input::Ended) => false,
            (_, Input::Open | Input::Drain { .. }) => !self.stopping && client.pauses.is_empty(),
        }
    }

    /// Whether it is heard before others: little is done for its address.
    pub fn goes_first(&self, id: ConnId) -> bool {
        if !self.address_pace.is_on() {
            // Nothing is counted, so no cache line of its is looked at.
            return true;
        }
        let client = self.clients.get(id);
        let budget = client.and_then(|client| client.budget.as_ref());
        budget.is_none_or(|budget| budget.goes_first(self.now))
    }

    /// Whether a user has come since then.
    pub fn has_come(&self, since: Moment) -> bool {
        self.last_arrival >= since
    }

    /// Whether so much was done in this tick that reading has to wait for the
    /// next: [`Shard::expire`] ends a tick.
    pub fn is_tick_over(&self) -> bool {
        self.work.tick >= self.settings.tick_work_max
    }

    /// The most units of work that were spent in one quantum and in one tick.
    pub fn work_peaks(&self) -> (u32, u32) {
        (self.work.quantum_peak, self.work.tick_peak)
    }

    /// How many bytes it takes at a time: a share of what a queue may hold, so
    /// that one turn fills none.
    pub fn quantum_bytes(&self) -> usize {
        (self.settings.queue_bytes_max / 4).clamp(limits::QUANTUM_BYTES_MIN, limits::SCRATCH_BYTES)
    }

    /// Its socket.
    pub fn socket(&mut self, id: ConnId) -> Option<&mut S> {
        Some(&mut self.clients.get_mut(id)?.socket)
    }

    /// From here on other settings hold. With another token, whoever was an
    /// operator by the old one is none any more.
    pub fn reload(&mut self, now: Moment, settings: Arc<Settings>) {
        self.now = now;
        if settings.operator_token != self.settings.operator_token {
            for id in self.clients.ids(|client| client.roles.contains(Roles::BY_TOKEN)) {
                self.guard_looks_of(id, false);
                let is_operator = self.is_operators_account(id);
                if let Some(client) = self.clients.get_mut(id) {
                    client.roles -= Roles::BY_TOKEN;
                    client.roles.set(Roles::OPERATOR, is_operator);
                }
            }
        }
        self.pace = settings.pace();
        self.address_pace = AddressPace::of(&settings);
        self.settings = settings;
    }

    /// Moves all effects behind those in `into`.
    pub fn take_effects(&mut self, into: &mut Vec<Effect<S>>) {
        if into.is_empty() {
            mem::swap(into, &mut self.effects);
        } else {
            into.append(&mut self.effects);
        }
    }

    /// The messages for a worker, if there are any.
    pub fn take_batch(&mut self, worker: WorkerId) -> Option<Batch<S>> {
        let outbox = &mut self.outboxes[usize::from(worker)];
        (!outbox.is_empty()).then(|| mem::take(outbox))
    }

    /// Adds a message of `net`'s own making: a handoff.
    pub fn send_handoff(&mut self, worker: WorkerId, handoff: Box<Handoff<S>>) {
        let weight = handoff.bytes.len() + size_of::<Handoff<S>>();
        self.outboxes[usize::from(worker)].push(ShardMessage::Handoff(handoff), weight);
    }

    /// Connections here.
    pub fn connections(&self) -> usize {
        self.clients.count()
    }

    /// Handles of all connections here.
    pub fn connection_ids(&self) -> Vec<ConnId> {
        self.clients.ids(|_| true)
    }

    /// What its bytes that are not handled yet take of memory: nothing, where
    /// there are none.
    pub fn kept_bytes(&self, id: ConnId) -> usize {
        self.clients.get(id).map_or(0, |client| client.inbound.capacity())
    }

    /// Whether nothing is left of anybody: no client, name or query, no room but those that
    /// stay.
    pub fn is_vacant(&self) -> bool {
        self.clients.count() == 0
            && self.directory.is_empty()
            && self.claims.is_empty()
            && self.skeletons.is_empty()
            && self.rooms.is_vacant()
            && self.rosters.is_empty()
            && self.presence.watchers() == 0
            && self.pending.is_empty()
            && self.asks.is_empty()
            && !self.archive.has_posts()
            && self.archive.bytes_under_way == 0
            && self.sessions.is_empty()
    }

    pub(super) fn address(&self, conn: ConnId) -> Address {
        Address { worker: self.topology.worker, conn }
    }

    pub(super) fn origin(&self, conn: ConnId, ordinal: u64) -> Origin {
        let ordinal = NonZeroU64::new(ordinal).unwrap_or(NonZeroU64::MIN);
        Origin { sender: self.address(conn), ordinal, shared: false }
    }

    pub(super) fn own_counters(&self) -> &WorkerCounters {
        self.counters.of(self.topology.worker)
    }

    /// All workers but this one.
    pub(super) fn others(&self) -> impl Iterator<Item = WorkerId> + use<S> {
        let me = self.topology.worker;
        (0..self.topology.workers as WorkerId).filter(move |&worker| worker != me)
    }

    pub(super) fn send(&mut self, worker: WorkerId, message: ShardMessage<S>, extra_bytes: usize) {
        self.outboxes[usize::from(worker)].push(message, extra_bytes);
    }

    pub(super) fn report(&mut self, report: Report) {
        self.effects.push(Effect::Report(Box::new(report)));
    }
}
