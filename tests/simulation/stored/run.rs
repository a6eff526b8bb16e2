//! One run: some hundred random steps, with crashes and stops between them; then rest, then
//! everyone comes back and leaves.

use super::cluster::{Cluster, PASSWORD};
use super::device::{Device, conversation, replay_from, send};
use super::oracle::Oracle;
use super::peer::Peer;
use super::said::{ACCOUNTS, Said, To, USERS};
use crate::world::Dice;
use crate::world::trace::note;
use lanline::chat::settings::StoreFailure;
use lanline::chat::{Accounts, Ended, Settings, Shard};
use std::time::Duration;

/// Steps within which all work has to be done.
const REST_STEPS_MAX: usize = 100_000;

struct Run {
    dice: Dice,
    cluster: Cluster,
    oracle: Oracle,
}

/// Runs a cluster to its end; panics where something is wrong.
pub(crate) fn run(mut dice: Dice) {
    let settings = Settings {
        accounts: Accounts::Open,
        has_data: true,
        plain_logins: true,
        rate: 0,
        broadcast_interval: Duration::ZERO,
        queue_bytes_max: dice.pick(&[800, 3_000, 1_048_576]),
        quantum_work_max: dice.pick(&[1, 50, 1024]),
        tick_work_max: dice.pick(&[1, 100, 8192]),
        fan_out_slice: dice.pick(&[0, 1, 256]),
        store_failure: dice.pick(&[StoreFailure::Relay, StoreFailure::Relay, StoreFailure::Refuse]),
        ..Settings::default()
    };
    let workers = dice.between(1, 3);
    let cluster = Cluster::new(&mut dice, workers, settings);
    let devices = (0..USERS.len()).flat_map(|user| {
        let careful = (user < ACCOUNTS).then(|| Device::new(user, true));
        careful.into_iter().chain([Device::new(user, false)])
    });
    let oracle = Oracle::new(devices.collect());
    let mut run = Run { dice, cluster, oracle };
    for _ in 0..run.dice.between(50, 400) {
        run.step();
    }
    if run.dice.percent(30) {
        run.stop();
    }
    run.everyone_comes_back();
    run.everyone_leaves();
}

impl Run {
    fn step(&mut self) {
        self.cluster.step += 1;
        match self.dice.below(1000) {
            0..80 => self.connect(),
            80..300 => self.say(),
            300..340 => self.ask(),
            340..370 => self.hang_up(),
            370..430 => self.window(),
            430..470 => self.pass_time(),
            470..480 => self.disturb_disk(),
            480..486 => self.crash(),
            486..488 => {
                self.rest();
                self.oracle.judge(&self.cluster);
            }
            488..650 => self.disk_works(),
            _ => self.tick(60),
        }
    }

    fn connect(&mut self) {
        let number = self.dice.below(self.oracle.devices.len());
        self.connect_device(number);
    }

    /// A device connects, unless it is here or its name is taken.
    fn connect_device(&mut self, number: usize) {
        let device = &mut self.oracle.devices[number];
        let before = device.peer.map(|peer| &self.cluster.peers[peer]);
        let is_account = USERS[device.user].is_account;
        if before.is_some_and(|peer| peer.is_open() || !is_account && !peer.closed) {
            return;
        }
        let mut peer = Peer::new(device.user, number);
        let name = USERS[device.user].name;
        if is_account {
            peer.extended = device.careful || self.dice.percent(30);
            peer.receipts = device.careful || self.dice.percent(30);
            peer.say("/login", &format!("password {PASSWORD}"), None);
        } else {
            peer.unread = format!("{name}\n").into_bytes();
        }
        let peer = self.cluster.accept(&mut self.dice, peer);
        self.oracle.devices[number].peer = Some(peer);
        note(|| format!("{peer} is {name}, device {number}"));
    }

    fn some_peer(&mut self, wanted: impl Fn(&Peer) -> bool) -> Option<usize> {
        let peers = self.cluster.peers.iter().enumerate();
        let peers: Vec<usize> = peers.filter(|(_, peer)| wanted(peer)).map(|(at, _)| at).collect();
        (!peers.is_empty()).then(|| peers[self.dice.below(peers.len())])
    }

    fn say(&mut self) {
        let Some(number) = self.some_peer(Peer::is_here) else { return };
        let peer = &mut self.cluster.peers[number];
        let to = match self.dice.below(10) {
            0..6 => To::User(self.dice.below(USERS.len())),
            6..9 if peer.joined.is_some() => To::Room,
            6..9 => return,
            _ => To::Everyone,
        };
        let (packet, device) = (self.oracle.said.len(), peer.device);
        let text = format!("{packet}:{}", "x".repeat(self.dice.below(200)));
        let careful = self.oracle.devices[device].careful;
        let said = Said { by: peer.user, device, to, text, has_key: careful, sent: Vec::new() };
        let has_key = careful && said.is_stored();
        self.oracle.said.push(Said { has_key, ..said });
        if has_key {
            self.oracle.devices[device].unacknowledged.push_back(packet);
        }
        note(|| format!("{number} says {packet} to {to:?}"));
        let said = &mut self.oracle.said[packet];
        send(number, peer, (packet, said), self.cluster.step);
    }

    /// Somebody asks about what is stored.
    fn ask(&mut self) {
        let Some(number) = self.some_peer(|peer| peer.is_here() && peer.is_account()) else {
            return;
        };
        let peer = &mut self.cluster.peers[number];
        let device = &self.oracle.devices[peer.device];
        match self.dice.below(5) {
            0 => drop(peer.say("/unread", "", None)),
            1 if !peer.ids.awaits_answer() && device.careful => device.replay(peer),
            1 | 2 if !peer.ids.awaits_answer() => {
                // What others of its account have doesn't count for a careful one.
                let from = self.dice.pick(&[None, None, Some(0)]).or(device.careful.then_some(0));
                note(|| format!("{number} replays from {from:?}"));
                replay_from(peer, from);
            }
            3 => drop(peer.say("/ping", "", None)),
            _ => {
                let with = self.dice.below(ACCOUNTS);
                let last = peer.ids.seen.last().copied().unwrap_or(1);
                let with = conversation(To::User(with));
                peer.say("/read", &format!("{with} {}", self.dice.between(1, last as usize)), None);
            }
        }
    }

    fn hang_up(&mut self) {
        let how = self.dice.pick(&[Ended::Politely, Ended::Reset]);
        if let Some(number) = self.some_peer(Peer::is_open) {
            self.cluster.peers[number].ends = Some(how);
        }
    }

    fn window(&mut self) {
        if let Some(number) = self.some_peer(|peer| peer.at.is_some()) {
            let bytes = self.dice.pick(&[0, 100, 1_000, usize::MAX]);
            self.cluster.open_window(number, bytes);
            self.oracle.hear(&mut self.cluster);
        }
    }

    fn pass_time(&mut self) {
        let millis = self.dice.pick(&[1, 1, 300, 1_000, 2_500, 6_000]);
        self.cluster.now = self.cluster.now.after(Duration::from_millis(millis));
    }

    /// The disk refuses from here on, or no more; or it stands still for a while.
    fn disturb_disk(&mut self) {
        let disk = &mut self.cluster.disk;
        match self.dice.below(4) {
            0 => disk.refuses ^= true,
            1 => disk.waiting_max = self.dice.pick(&[0, 1, 8]),
            _ => {
                let millis = self.dice.pick(&[500, 4_000, 7_000, 70_000]);
                disk.hangs_until = self.cluster.now.after(Duration::from_millis(millis));
            }
        }
        note(|| format!("the disk: refuses {}, until {:?}", disk.refuses, disk.hangs_until));
    }

    fn heal_disk(&mut self) {
        let disk = &mut self.cluster.disk;
        (disk.refuses, disk.waiting_max, disk.hangs_until) = (false, 8, self.cluster.now);
    }

    fn crash(&mut self) {
        let worker = self.dice.below(self.cluster.shards.len());
        self.cluster.last_tick(&mut self.dice, worker);
        self.oracle.hear(&mut self.cluster);
        self.cluster.crash(&mut self.dice);
    }

    fn disk_works(&mut self) {
        self.cluster.disk_works(&mut self.dice);
        self.oracle.hear(&mut self.cluster);
    }

    fn tick(&mut self, effort: usize) {
        let worker = self.dice.below(self.cluster.shards.len());
        self.cluster.tick(&mut self.dice, worker, effort);
        self.oracle.hear(&mut self.cluster);
    }

    /// Everything is read, answered and delivered; what is due is done.
    fn rest(&mut self) {
        self.heal_disk();
        for _ in 0..REST_STEPS_MAX {
            self.cluster.step += 1;
            if self.cluster.is_at_rest() {
                match self.cluster.next_deadline() {
                    None => return,
                    Some(due) => self.cluster.now = due.max(self.cluster.now),
                }
            }
            for number in 0..self.cluster.peers.len() {
                if self.cluster.peers[number].at.is_some() {
                    self.cluster.open_window(number, usize::MAX);
                }
            }
            self.disk_works();
            self.tick(100);
        }
        panic!("it never comes to rest");
    }

    /// The server stops and starts again, as a supervisor has it.
    fn stop(&mut self) {
        note(|| "the server stops".to_owned());
        for worker in 0..self.cluster.shards.len() {
            self.cluster.shards[worker].stop(self.cluster.now);
            self.some_steps(5);
        }
        self.some_steps(30);
        self.cluster.bounced = true;
        for worker in 0..self.cluster.shards.len() {
            self.cluster.shards[worker].bounce_all(self.cluster.now);
            self.some_steps(5);
        }
        self.some_steps(10);
        // Twice: some are on their way to another worker.
        for _ in 0..2 {
            for worker in 0..self.cluster.shards.len() {
                self.cluster.shards[worker].hang_up(self.cluster.now);
                self.some_steps(5);
            }
            self.rest();
        }
        self.everyone_leaves();
        self.cluster.crash(&mut self.dice);
    }

    fn some_steps(&mut self, steps: usize) {
        for _ in 0..self.dice.below(steps + 1) {
            self.cluster.step += 1;
            match self.dice.below(4) {
                0 => self.disk_works(),
                1 => self.window(),
                _ => self.tick(60),
            }
        }
    }

    /// All programs are here at last, and have what they missed.
    fn everyone_comes_back(&mut self) {
        for _ in 0..2 {
            self.rest();
            self.oracle.judge(&self.cluster);
            for device in 0..self.oracle.devices.len() {
                self.connect_device(device);
            }
        }
        self.rest();
        self.oracle.judge(&self.cluster);
        self.oracle.judge_devices(&self.cluster);
    }

    fn everyone_leaves(&mut self) {
        for peer in &mut self.cluster.peers {
            peer.ends.get_or_insert(Ended::Politely);
        }
        self.rest();
        assert!(self.cluster.peers.iter().all(|peer| peer.closed), "somebody is left");
        assert!(self.cluster.shards.iter().all(Shard::is_vacant), "something is left");
    }
}
