//! One run: some hundred random steps; then either all work is done and everyone
//! leaves, or the server is shut down in the middle of it.

use super::cluster::{Cluster, Effort};
use super::dice::{Dice, GIVEN_BYTES_MAX};
use super::ledger::Ledger;
use super::peer::{At, Ending, Greeting, Peer};
use super::script;
use super::setting::Setting;
use super::trace;
use super::verdict;
use lanline::chat::WorkerId;
use lanline::wire::Name;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

/// Steps within which all work has to be done.
const REST_STEPS_MAX: usize = 200_000;

/// Messages between shards take less than this.
const LONG: Duration = Duration::from_secs(1);

/// A run in progress.
struct World {
    dice: Dice,
    setting: Setting,
    cluster: Cluster,
    ledger: Ledger,
}

/// Bytes of a plan that each step draws from.
const STEP_BYTES: usize = 4;

/// Runs a cluster to its end; panics where something is wrong. Settings and steps
/// are random, or come from the plan, where there is one: its first bytes are the
/// settings, and each four behind them a step.
pub(crate) fn run(mut dice: Dice, plan: Option<&[u8]>) {
    let plan = plan.map(|bytes| bytes.split_at(bytes.len().min(GIVEN_BYTES_MAX)));
    if let Some((setting, _)) = plan {
        dice.give(setting);
    }
    let setting = Setting::draw(&mut dice);
    let cluster = Cluster::new(&mut dice, &setting);
    let ledger = Ledger::new(&setting);
    trace::note(|| format!("{} workers, {:?}", setting.workers, setting.settings));
    let mut world = World { dice, setting, cluster, ledger };
    match plan {
        Some((_, steps)) => world.follow(steps),
        None => (0..world.setting.steps).for_each(|_| world.step()),
    }
    if world.setting.ends_by_shutdown {
        world.shut_down();
    } else {
        world.settle();
        world.probe();
        world.everyone_leaves();
    }
}

impl World {
    fn follow(&mut self, steps: &[u8]) {
        for step in steps.chunks(STEP_BYTES) {
            self.dice.give(step);
            self.step();
        }
    }

    fn step(&mut self) {
        self.ledger.step += 1;
        match self.dice.below(100) {
            0..8 => self.connect(),
            8..30 => self.write(),
            30..48 => self.arrive(),
            48..58 => self.read(),
            58..61 => self.end(),
            61..70 => self.pass_time(),
            _ => self.tick(Effort::Some),
        }
    }

    fn connect(&mut self) {
        let open = self.ledger.peers.iter().filter(|peer| peer.at != At::Closed).count();
        if open < self.setting.peers_max {
            let number = self.ledger.peers.len();
            let mut peer = script::newcomer(&mut self.dice, &self.setting, number);
            peer.reads = !self.dice.percent(self.setting.lazy_percent);
            peer.records.bytes_max = self.setting.record_bytes_max * (number % 2);
            self.ledger.peers.push(peer);
            self.cluster.accept(&mut self.dice, &mut self.ledger, number, true);
        }
    }

    /// One of those that `wanted` picks.
    fn some_peer(&mut self, wanted: impl Fn(&Peer) -> bool) -> Option<usize> {
        let peers = self.ledger.peers.iter().enumerate();
        let peers: Vec<usize> = peers.filter(|(_, peer)| wanted(peer)).map(|(at, _)| at).collect();
        (!peers.is_empty()).then(|| peers[self.dice.below(peers.len())])
    }

    fn write(&mut self) {
        let bare_and_welcome = |peer: &Peer| {
            peer.silent && peer.user.is_some() && peer.items.is_empty() && peer.ending.is_none()
        };
        if let Some(number) = self.some_peer(bare_and_welcome) {
            self.ledger.peers[number].silent = false;
        }
        let talks = |peer: &Peer| peer.at != At::Closed && !peer.silent && peer.ending.is_none();
        let Some(number) = self.some_peer(talks) else { return };
        let names: Vec<String> =
            self.ledger.peers.iter().map(|peer| peer.real_name().to_owned()).collect();
        let peer = &mut self.ledger.peers[number];
        for _ in 0..self.dice.between(1, 3) {
            if !peer.silent {
                script::write_packet(&mut self.dice, &self.setting, peer, &names);
            }
        }
    }

    /// Some of what a peer has sent reaches the server's kernel.
    fn arrive(&mut self) {
        let waits = |peer: &Peer| {
            let ends = peer.ending.is_some() && !peer.ending_arrived;
            peer.at != At::Closed && (peer.arrived < peer.stream.len() || ends)
        };
        let Some(number) = self.some_peer(waits) else { return };
        let peer = &mut self.ledger.peers[number];
        let rest = peer.stream.len() - peer.arrived;
        let lost = peer.ending == Some(Ending::Reset) && self.dice.percent(30);
        if !lost {
            peer.arrived += if self.dice.percent(60) { rest } else { self.dice.below(rest + 1) };
        }
        if peer.ending.is_some() && (lost || peer.arrived == peer.stream.len()) {
            peer.ending_arrived = true;
        }
        if peer.ending_arrived && peer.arrived > 0 {
            // No end in the middle of a name: that would be another one.
            peer.let_arrive(peer.greeting.bare_end);
        }
        peer.read_queued |= matches!(peer.at, At::Shard(..));
    }

    /// A peer reads some of what its socket took, or begins or stops to read.
    fn read(&mut self) {
        if self.dice.percent(10)
            && let Some(number) = self.some_peer(|_| true)
        {
            let lazy = self.dice.percent(self.setting.lazy_percent);
            self.ledger.peers[number].reads = !lazy;
        }
        if let Some(number) = self.some_peer(|peer| peer.reads && peer.unread > 0) {
            let peer = &mut self.ledger.peers[number];
            peer.unread -= self.dice.between(1, peer.unread);
        }
    }

    fn end(&mut self) {
        let Some(number) = self.some_peer(|peer| peer.ending.is_none()) else { return };
        let ending = self.dice.pick(&[Ending::HalfClose, Ending::HalfClose, Ending::Reset]);
        self.end_with(number, ending);
    }

    fn end_with(&mut self, number: usize, ending: Ending) {
        trace::note(|| format!("peer {number} ends by {ending:?}"));
        let peer = &mut self.ledger.peers[number];
        peer.ending = Some(ending);
        peer.silent = true;
        if peer.arrived > 0 {
            peer.let_arrive(peer.greeting.bare_end);
        }
    }

    fn pass_time(&mut self) {
        let now = self.ledger.now;
        let later = match self.dice.below(10) {
            0..6 => now.after(Duration::from_micros(self.dice.below(20_000) as u64)),
            6..9 => self.cluster.next_deadline().unwrap_or(now).max(now),
            _ => now.after(Duration::from_millis(self.dice.below(40_000) as u64)),
        };
        self.finish_cut_names();
        while later.since(now) > LONG && self.cluster.has_messages() {
            self.deliver_messages();
            self.finish_cut_names();
        }
        self.ledger.now = later;
        if self.dice.percent(20) {
            self.cluster.wall_clock.store(self.dice.number() % 4_000_000_000, Relaxed);
        }
        if self.dice.percent(10) {
            self.reload();
        }
    }

    /// Delivers messages before queries time out (`tests/shards` tests the timeout).
    fn deliver_messages(&mut self) {
        for _ in 0..REST_STEPS_MAX {
            if !self.cluster.has_messages() {
                return;
            }
            for worker in 0..self.setting.workers as WorkerId {
                self.cluster.tick(&mut self.dice, &mut self.ledger, worker, Effort::All);
            }
        }
        panic!("messages without an end");
    }

    /// Some workers get other settings; the others keep theirs for now.
    fn reload(&mut self) {
        let settings = Arc::new(self.setting.draw_other_rules(&mut self.dice));
        let least = &mut self.ledger.greeting_timeout_min;
        *least = settings.greeting_timeout.min(*least);
        for worker in 0..self.setting.workers as WorkerId {
            if self.dice.percent(70) {
                self.cluster.reload(&self.ledger, worker, &settings);
            }
        }
    }

    /// Completes bare names that silence would cut, since they would be other names.
    fn finish_cut_names(&mut self) {
        for _ in 0..REST_STEPS_MAX {
            let Some(number) = self.some_peer(|peer| {
                matches!(peer.at, At::Shard(..))
                    && peer.is_mid_name()
                    && peer.refused.is_none()
                    && !peer.may_have_left
            }) else {
                return;
            };
            let peer = &mut self.ledger.peers[number];
            let At::Shard(worker, _) = peer.at else { return };
            peer.let_arrive(peer.greeting.bare_end);
            peer.read_queued = true;
            self.cluster.tick(&mut self.dice, &mut self.ledger, worker, Effort::All);
        }
        panic!("a name is never read to its end");
    }

    fn tick(&mut self, effort: Effort) {
        let worker = self.dice.below(self.setting.workers) as WorkerId;
        self.cluster.tick(&mut self.dice, &mut self.ledger, worker, effort);
    }

    /// Delivers all bytes and messages, while the time stands still.
    fn come_to_rest(&mut self) {
        for _ in 0..REST_STEPS_MAX {
            self.ledger.step += 1;
            for peer in &mut self.ledger.peers {
                if peer.reads {
                    peer.unread = 0;
                }
                let ends = peer.ending.is_some() && !peer.ending_arrived;
                if peer.arrived < peer.stream.len() || ends {
                    peer.arrived = peer.stream.len();
                    peer.ending_arrived = peer.ending.is_some();
                    peer.read_queued |= matches!(peer.at, At::Shard(..));
                }
            }
            if self.cluster.is_at_rest(&self.ledger) {
                return;
            }
            self.tick(Effort::All);
        }
        panic!("it never comes to rest");
    }

    /// [`World::come_to_rest`], until no deadline is left.
    fn wait_for_all(&mut self) {
        for _ in 0..REST_STEPS_MAX {
            self.come_to_rest();
            let Some(due) = self.cluster.next_deadline() else { return };
            self.ledger.now = due.max(self.ledger.now);
            for worker in 0..self.setting.workers as WorkerId {
                self.cluster.tick(&mut self.dice, &mut self.ledger, worker, Effort::All);
            }
        }
        panic!("deadlines without an end");
    }

    fn settle(&mut self) {
        for peer in &mut self.ledger.peers {
            peer.reads |= self.dice.percent(50);
        }
        self.wait_for_all();
        verdict::judge(&self.ledger);
        verdict::judge_cluster(&self.ledger, &self.cluster);
    }

    /// A new client asks for all lists. Everybody reads, so that nobody in an answer
    /// is removed as stuck because of the news of it.
    fn probe(&mut self) {
        for peer in &mut self.ledger.peers {
            peer.reads = true;
        }
        let number = self.ledger.peers.len();
        let ip: IpAddr = [10, 9, 9, 9].into();
        let name = Name::parse("prober").ok();
        let greeting = Greeting { name, bare_end: 7, refusals: Vec::new(), ordinal: 0 };
        let mut prober = Peer::new(ip, greeting, b"prober\n".to_vec());
        script::ask(&mut prober, "/list", "");
        script::ask(&mut prober, "/rooms", "");
        for room in &self.setting.rooms {
            script::ask(&mut prober, "/members", &format!("#{room}"));
        }
        self.ledger.peers.push(prober);
        self.cluster.accept(&mut self.dice, &mut self.ledger, number, false);
        self.settle();
        verdict::judge_lists(&self.ledger, &self.ledger.peers[number]);
    }

    fn everyone_leaves(&mut self) {
        for number in 0..self.ledger.peers.len() {
            if self.ledger.peers[number].ending.is_none() {
                let ending = self.dice.pick(&[Ending::HalfClose, Ending::Reset]);
                self.end_with(number, ending);
                if self.dice.percent(30) {
                    self.tick(Effort::Some);
                }
            }
        }
        self.settle();
        self.nobody_is_left();
    }

    fn nobody_is_left(&self) {
        let open = self.ledger.peers.iter().filter(|peer| peer.at != At::Closed).count();
        assert_eq!(open, 0, "connections that were never closed");
        for (worker, shard) in self.cluster.shards.iter().enumerate() {
            assert!(shard.is_vacant(), "worker {worker} keeps something of those who have left");
        }
        assert_eq!(self.cluster.counters.sum(|counters| &counters.watchers), 0);
    }

    /// Stops the server, worker by worker, whatever is under way.
    fn shut_down(&mut self) {
        self.finish_cut_names();
        for worker in 0..self.setting.workers as WorkerId {
            self.cluster.stop(&mut self.ledger, worker);
            self.cluster.tick(&mut self.dice, &mut self.ledger, worker, Effort::Some);
            for _ in 0..self.dice.below(4) {
                self.ledger.step += 1;
                self.tick(Effort::Some);
            }
        }
        let patient = self.dice.percent(70);
        if patient {
            self.come_to_rest();
        }
        if !patient || !self.cluster.is_flushed() {
            for worker in 0..self.setting.workers as WorkerId {
                self.cluster.bounce_all(&mut self.ledger, worker);
                self.cluster.tick(&mut self.dice, &mut self.ledger, worker, Effort::Some);
                if self.dice.percent(50) {
                    self.tick(Effort::Some);
                }
            }
            self.come_to_rest();
        }
        verdict::judge(&self.ledger);
        self.hang_up();
    }

    /// The end of a shutdown: the server closes all connections.
    fn hang_up(&mut self) {
        for worker in 0..self.setting.workers as WorkerId {
            self.cluster.hang_up(&self.ledger, worker);
            self.cluster.tick(&mut self.dice, &mut self.ledger, worker, Effort::All);
        }
        self.wait_for_all();
        self.nobody_is_left();
    }
}
