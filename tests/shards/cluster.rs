//! A cluster of shards for one test: all work is done at once, in a fixed order,
//! unless a test holds back messages or closes a socket's window.

use crate::fake_archive::FakeArchive;
use crate::fake_store::FakeStore;
use crate::stored_cluster::{Storing, ToStore};
use lanline::accounts::{Notice, Role};
use lanline::chat::id::Address;
use lanline::chat::{
    Accounts, AddressBudget, Batch, Code, ConnId, Counters, Moment, Settings, Shard, ShardMessage,
    Topology, WorkerId,
};
use lanline::chat::{Effect, Ended, Report, StoreRequest};
use lanline::wire::JsonText;
use lanline::wire::packet::push_packet;
use serde_json::Value;
use std::collections::VecDeque;
use std::io::IoSlice;
use std::mem;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

/// The server's address.
pub(crate) const SERVER: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 0, 0, 1));

/// A client, by number.
pub(crate) type Who = usize;

pub(crate) struct Cluster {
    pub shards: Vec<Shard<Who>>,
    pub counters: Arc<Counters>,
    pub now: Moment,
    pub reports: Vec<Report>,
    /// All that were sent.
    pub messages_sent: usize,
    /// What the store was asked.
    pub asked: Vec<StoreRequest>,
    pub store: FakeStore,
    /// What is stored, and what waits for that.
    pub archive: FakeArchive,
    pub storing: Storing,
    /// How often somebody was to be read again.
    pub reads: usize,
    /// Messages under way, and to whom.
    in_flight: VecDeque<(usize, Batch<Who>)>,
    /// Work left over by a tick stays undone.
    pub ticks_are_held: bool,
    /// Messages for these workers stay under way.
    pub held_messages: Vec<usize>,
    clients: Vec<Client>,
    /// The budget of the address from which all connect from here on.
    pub budget: Option<Arc<AddressBudget>>,
}

/// A client's connection as its peer and the kernel see it.
#[derive(Default)]
struct Client {
    name: String,
    at: Option<(usize, ConnId)>,
    /// What its socket takes before it takes no more.
    window: usize,
    taken: Vec<u8>,
    /// The server has closed its sending half.
    shut: bool,
    closed: bool,
    /// Bytes that wait in the kernel, since the server didn't want them.
    unread: Vec<u8>,
}

/// A packet that a client got.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Heard {
    pub from: String,
    pub to: String,
    pub msg: String,
}

impl Heard {
    /// The code of a refusal and the ordinal that it is for.
    pub(crate) fn refusal(&self) -> (u64, &str) {
        assert_eq!(self.from, "/error", "{self:?}");
        let mut words = self.msg.split(['\n', ' ']);
        (words.next().unwrap().parse().unwrap(), words.next().unwrap())
    }
}

/// In the usual layout.
pub(crate) fn packet(name: &str, to: &str, msg: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    push_packet(&mut bytes, name, "", to, &JsonText::escape(msg));
    assert_eq!(bytes.pop(), Some(b'\n'));
    bytes
}

impl Cluster {
    pub(crate) fn new(workers: usize, settings: Settings) -> Self {
        let settings = Arc::new(settings);
        let counters = Arc::new(Counters::new(workers));
        let shard = |worker| {
            let topology = Topology { worker, workers, hash_keys: (3, 5) };
            let wall_clock = Box::new(|| SystemTime::UNIX_EPOCH);
            Shard::new(topology, settings.clone(), counters.clone(), wall_clock)
        };
        Self {
            shards: (0..workers as WorkerId).map(shard).collect(),
            counters,
            now: Moment(1_000_000_000_000),
            reports: Vec::new(),
            messages_sent: 0,
            asked: Vec::new(),
            store: FakeStore::default(),
            archive: FakeArchive::default(),
            storing: Storing::default(),
            reads: 0,
            in_flight: VecDeque::new(),
            ticks_are_held: false,
            held_messages: Vec::new(),
            clients: Vec::new(),
            budget: None,
        }
    }

    /// Nobody is held back by a rate, and broadcasts follow at once.
    pub(crate) fn unpaced(workers: usize) -> Self {
        Self::new(workers, unpaced())
    }

    // --- What clients do ---

    pub(crate) fn connect(&mut self, worker: usize) -> Who {
        let who = self.clients.len();
        let peer = Ipv4Addr::from(0x0a01_0000 + who as u32).into();
        let id = self.shards[worker].accepted(self.now, who, (peer, SERVER), self.budget.clone());
        let client = Client { at: Some((worker, id)), window: usize::MAX, ..Client::default() };
        self.clients.push(client);
        who
    }

    /// What it calls itself in its packets.
    pub(crate) fn name(&mut self, who: Who, name: &str) {
        self.clients[who].name = name.to_owned();
    }

    /// Connects a client, which is welcomed.
    pub(crate) fn join(&mut self, name: &str) -> Who {
        let who = self.connect(0);
        self.clients[who].name = name.to_owned();
        self.write(who, format!("{name}\n").as_bytes());
        let heard = self.heard(who);
        assert_eq!(heard[0].from, "/welcome", "{heard:?}");
        who
    }

    /// Connects a client whose name's home is that worker, and its skeletons' too:
    /// there is no 0 or 1 in it.
    pub(crate) fn join_at(&mut self, worker: usize) -> (Who, String) {
        loop {
            let name = format!("user{}", self.clients.len()).replace('0', "a").replace('1', "b");
            let who = self.join(&name);
            if self.home(who) == worker {
                return (who, name);
            }
        }
    }

    pub(crate) fn say(&mut self, who: Who, to: &str, msg: &str) {
        let bytes = packet(&self.clients[who].name, to, msg);
        self.write(who, &bytes);
    }

    /// Bytes are handled, and nothing else is done about them.
    pub(crate) fn receive(&mut self, who: Who, bytes: &[u8]) {
        let (worker, id) = self.clients[who].at.expect("is connected");
        self.shards[worker].received(self.now, id, bytes);
    }

    /// Takes a shard's effects away; how many there were.
    pub(crate) fn effects(&mut self, worker: usize) -> usize {
        let mut effects = Vec::new();
        self.shards[worker].take_effects(&mut effects);
        effects.len()
    }

    /// Bytes reach the server, which reads them as soon as it wants to.
    pub(crate) fn write(&mut self, who: Who, bytes: &[u8]) {
        self.clients[who].unread.extend_from_slice(bytes);
        self.read(who);
        self.run();
    }

    pub(crate) fn end(&mut self, who: Who, how: Ended) {
        let (worker, id) = self.clients[who].at.expect("is connected");
        self.shards[worker].ended(self.now, id, how);
        self.run();
    }

    /// Its socket is found to be broken, and not read yet.
    pub(crate) fn hang_up(&mut self, who: Who) {
        let (worker, id) = self.clients[who].at.expect("is connected");
        self.shards[worker].hung_up(self.now, id);
        self.run();
    }

    /// Whether it is served before those whose addresses have used more work.
    /// It has begun a handshake, which has cost so much.
    pub(crate) fn shake_hands(&mut self, who: Who, units: u32) {
        let (worker, id) = self.clients[who].at.unwrap();
        self.shards[worker].spend_for(self.now, id, units);
        self.shards[worker].handshake_began(self.now, id);
    }

    /// Whether it may not even begin.
    pub(crate) fn waits_to_begin(&mut self, who: Who) -> bool {
        let (worker, id) = self.clients[who].at.unwrap();
        self.shards[worker].waits_to_begin(self.now, id)
    }

    pub(crate) fn goes_first(&self, who: Who) -> bool {
        let (worker, id) = self.clients[who].at.expect("is connected");
        self.shards[worker].goes_first(id)
    }

    /// Writing its socket fails.
    pub(crate) fn broken(&mut self, who: Who) {
        let (worker, id) = self.clients[who].at.expect("is connected");
        self.shards[worker].broken(self.now, id);
        self.run();
    }

    /// The server stops.
    pub(crate) fn stop(&mut self) {
        for shard in &mut self.shards {
            shard.stop(self.now);
        }
        self.run();
    }

    /// Its socket takes so many bytes more, and the kernel has not said so yet.
    pub(crate) fn window_unseen(&mut self, who: Who, bytes: usize) {
        self.clients[who].window = bytes;
    }

    /// Its socket takes so many bytes more.
    pub(crate) fn window(&mut self, who: Who, bytes: usize) {
        self.clients[who].window = bytes;
        if let Some((worker, id)) = self.clients[who].at {
            self.flush(worker, id);
            self.run();
        }
    }

    pub(crate) fn pass(&mut self, time: Duration) {
        self.now = self.now.after(time);
        for worker in 0..self.shards.len() {
            self.shards[worker].expire(self.now);
        }
        self.run();
    }

    /// The time until just before `time` is over, and then until it is.
    pub(crate) fn pass_to_the_end(
        &mut self,
        time: Duration,
        mut just_before: impl FnMut(&mut Self),
    ) {
        self.pass(time - Duration::from_nanos(1));
        just_before(self);
        self.pass(Duration::from_nanos(1));
    }

    // --- What can be seen ---

    /// All packets that have come since the last look.
    pub(crate) fn heard(&mut self, who: Who) -> Vec<Heard> {
        let lines = self.take_bytes(who);
        let lines = lines.split(|&byte| byte == b'\n').filter(|line| !line.is_empty());
        lines.map(heard).collect()
    }

    /// The bytes of all whole packets that have come.
    pub(crate) fn take_bytes(&mut self, who: Who) -> Vec<u8> {
        let client = &mut self.clients[who];
        let whole = client.taken.iter().rposition(|&byte| byte == b'\n').map_or(0, |end| end + 1);
        client.taken.drain(..whole).collect()
    }

    /// The texts of all that has come.
    pub(crate) fn texts(&mut self, who: Who) -> Vec<String> {
        self.heard(who).into_iter().map(|heard| heard.msg).collect()
    }

    /// The one packet that has come.
    pub(crate) fn only(&mut self, who: Who) -> Heard {
        let mut heard = self.heard(who);
        assert_eq!(heard.len(), 1, "{heard:?}");
        heard.remove(0)
    }

    /// Ordinals and codes of all that has come: refusals, and nothing else.
    pub(crate) fn refusals(&mut self, who: Who) -> Vec<(u64, Code)> {
        let code = |word: &str| Code::ALL.into_iter().find(|code| code.word() == word).unwrap();
        let heard = self.heard(who);
        heard.iter().map(Heard::refusal).map(|(ordinal, word)| (ordinal, code(word))).collect()
    }

    /// The one refusal that has come.
    pub(crate) fn refused(&mut self, who: Who) -> (u64, Code) {
        let refusals = self.refusals(who);
        assert_eq!(refusals.len(), 1, "{refusals:?}");
        refusals[0]
    }

    pub(crate) fn ask(&mut self, who: Who, endpoint: &str, msg: &str) -> String {
        self.say(who, endpoint, msg);
        let heard = self.only(who);
        assert_eq!(heard.from, endpoint, "{heard:?}");
        heard.msg
    }

    /// Bytes that its socket has taken of a packet that isn't whole.
    pub(crate) fn torn(&self, who: Who) -> usize {
        self.clients[who].taken.len()
    }

    pub(crate) fn is_shut(&self, who: Who) -> bool {
        self.clients[who].shut
    }

    pub(crate) fn is_closed(&self, who: Who) -> bool {
        self.clients[who].closed
    }

    /// The worker where it is.
    pub(crate) fn home(&self, who: Who) -> usize {
        self.clients[who].at.expect("is connected").0
    }

    /// Bytes of its input that are kept in the server.
    pub(crate) fn kept_bytes(&self, who: Who) -> usize {
        self.clients[who].at.map_or(0, |(worker, id)| self.shards[worker].kept_bytes(id))
    }

    pub(crate) fn wants_bytes(&mut self, who: Who) -> bool {
        let Some((worker, id)) = self.clients[who].at else { return false };
        self.shards[worker].wants_bytes(id)
    }

    // --- The store ---

    /// Somebody has a data directory; logins may cross the network in the clear.
    pub(crate) fn with_accounts(workers: usize) -> Self {
        Self::new(workers, with_accounts())
    }

    /// The fake store answers all that it was asked.
    pub(crate) fn answer(&mut self) {
        while !self.asked.is_empty() {
            for StoreRequest { from, request } in mem::take(&mut self.asked) {
                let (notices, reply) = self.store.answer(request);
                notices.into_iter().for_each(|notice| self.notice(notice));
                if let (Some((Address { worker, conn }, number)), Some(reply)) = (from, reply) {
                    let reply = Box::new(reply);
                    let message = ShardMessage::StoreReply { to: conn, number, reply };
                    self.deliver(worker.into(), message);
                }
            }
            self.run();
        }
    }

    /// All shards are told.
    pub(crate) fn notice(&mut self, notice: Notice) {
        let notice = Arc::new(notice);
        for worker in 0..self.shards.len() {
            self.deliver(worker, ShardMessage::Notice(notice.clone()));
        }
        self.run();
    }

    pub(crate) fn deliver(&mut self, worker: usize, message: ShardMessage<Who>) {
        let mut batch = Batch::default();
        batch.push(message, 0);
        self.in_flight.push_back((worker, batch));
    }

    /// An account that is there.
    pub(crate) fn account(&mut self, name: &str, role: Role, password: &str) {
        let notice = self.store.add(name, role, password);
        let id = self.store.id(name).expect("it is there now");
        self.archive.knows(name, id);
        self.notice(notice);
    }

    /// Connects a session of an account.
    pub(crate) fn log_in(&mut self, name: &str, password: &str) -> Who {
        let who = self.connect(0);
        self.name(who, name);
        self.write(who, format!("{name}\n").as_bytes());
        assert_eq!(self.only(who).from, "/login");
        self.say(who, "/login", &format!("password {password}"));
        self.answer();
        let heard = self.heard(who);
        assert_eq!(heard[0].from, "/welcome", "{heard:?}");
        who
    }

    /// Says something that the store is asked about, and is answered.
    pub(crate) fn ask_store(&mut self, who: Who, endpoint: &str, msg: &str) -> String {
        self.say(who, endpoint, msg);
        self.answer();
        let heard = self.only(who);
        assert_eq!(heard.from, endpoint, "{heard:?}");
        heard.msg
    }

    /// Says something that is refused.
    pub(crate) fn refusal(&mut self, who: Who, endpoint: &str, msg: &str) -> Code {
        self.say(who, endpoint, msg);
        self.answer();
        self.refused(who).1
    }

    /// Its connection is encrypted, and its peer's certificate has these names.
    pub(crate) fn secured(&mut self, who: Who, names: &[&str]) {
        let (worker, id) = self.clients[who].at.expect("is connected");
        let names: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
        self.shards[worker].secured(id, &names);
    }

    // --- The work of a worker ---

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

    fn read(&mut self, who: Who) {
        while !self.clients[who].unread.is_empty() && self.wants_bytes(who) {
            let bytes = mem::take(&mut self.clients[who].unread);
            let Some((worker, id)) = self.clients[who].at else { return };
            self.shards[worker].received(self.now, id, &bytes);
        }
    }

    fn flush(&mut self, worker: usize, id: ConnId) {
        let shard = &mut self.shards[worker];
        let Some((&mut who, outbound)) = shard.to_send(id) else { return };
        let mut slices = [IoSlice::new(&[]); 256];
        let used = outbound.fill(&mut slices);
        let waiting: Vec<u8> = slices[..used].iter().flat_map(|slice| slice.to_vec()).collect();
        assert!(!waiting.is_empty(), "nothing is to be sent");
        let client = &mut self.clients[who];
        let taken = waiting.len().min(client.window);
        client.window -= taken;
        client.taken.extend_from_slice(&waiting[..taken]);
        if taken > 0 {
            shard.sent(self.now, id, taken);
        }
        if taken < waiting.len() {
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

/// Settings without a rate and without a distance between broadcasts.
pub(crate) fn unpaced() -> Settings {
    Settings { rate: 0, broadcast_interval: Duration::ZERO, ..Settings::default() }
}

/// ... and with accounts.
pub(crate) fn with_accounts() -> Settings {
    Settings { accounts: Accounts::Open, has_data: true, plain_logins: true, ..unpaced() }
}

fn heard(line: &[u8]) -> Heard {
    let value: Value = serde_json::from_slice(line).expect("the server writes JSON");
    let text = |value: &Value| value.as_str().expect("a string").to_owned();
    Heard { from: text(&value["from"]["name"]), to: text(&value["to"]), msg: text(&value["msg"]) }
}
