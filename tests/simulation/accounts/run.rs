//! One run: some hundred random steps, then rest, then everyone leaves.

use super::cluster::Cluster;
use super::oracle::{Oracle, Sent, key};
use super::peer::Peer;
use crate::world::Dice;
use lanline::accounts::{Ban, Banned, Request, Role};
use lanline::chat::{Accounts, LookAlikes, Settings};
use std::time::Duration;

/// What peers call themselves, and accounts are called: several look alike.
pub(super) const NAMES: [&str; 11] =
    ["alice", "aIice", "Alice", "bill", "bi11", "B1LL", "carl", "dora", "Анна", "root", "R00T"];

const PASSWORDS: [&str; 3] = ["correct horse", "battery staple", "wrong horse"];

const TOKEN: &str = "a token";

/// Steps within which all work has to be done.
const REST_STEPS_MAX: usize = 100_000;

struct Run {
    dice: Dice,
    cluster: Cluster,
    oracle: Oracle,
}

/// Bytes of a plan for the settings, and those that each step draws from.
const SETTING_BYTES: usize = 16;
const STEP_BYTES: usize = 6;

/// Runs a cluster to its end; panics where something is wrong. Settings and steps are
/// random, or come from the plan, where there is one.
pub(crate) fn run(mut dice: Dice, plan: Option<&[u8]>) {
    let plan = plan.map(|bytes| bytes.split_at(bytes.len().min(SETTING_BYTES)));
    if let Some((setting, _)) = plan {
        dice.give(setting);
    }
    let is_closed_site = dice.percent(20);
    let settings = Settings {
        accounts: if is_closed_site { Accounts::Closed } else { Accounts::Open },
        has_data: true,
        plain_logins: true,
        rate: 0,
        broadcast_interval: Duration::ZERO,
        sessions_max: dice.between(1, 4),
        queue_bytes_max: dice.pick(&[600, 2_000, 1_048_576]),
        quantum_work_max: dice.pick(&[1, 50, 1024]),
        tick_work_max: dice.pick(&[1, 100, 8192]),
        fan_out_slice: dice.pick(&[0, 1, 256]),
        look_alikes: dice.pick(&[LookAlikes::Unicode, LookAlikes::Operators]),
        ..Settings::default()
    };
    let sessions_max = settings.sessions_max;
    let workers = dice.between(1, 4);
    let cluster = Cluster::new(&mut dice, workers, settings);
    let oracle = Oracle { is_closed_site, sessions_max, ..Oracle::default() };
    let mut run = Run { dice, cluster, oracle };
    match plan {
        Some((_, steps)) => run.follow(steps),
        None => (0..run.dice.between(50, 400)).for_each(|_| run.step()),
    }
    run.rest();
    run.everyone_leaves();
}

impl Run {
    fn follow(&mut self, steps: &[u8]) {
        for step in steps.chunks(STEP_BYTES) {
            self.dice.give(step);
            self.step();
        }
    }

    fn step(&mut self) {
        match self.dice.below(100) {
            0..12 => self.connect(),
            12..40 => self.say(),
            40..46 => self.administrate(),
            46..50 => self.hang_up(),
            50..54 => self.window(),
            54..58 => self.pass_time(),
            58..64 => self.cluster.store_works(),
            64..70 => self.cluster.archive_works(),
            70 => self.cluster.store.unavailable ^= true,
            71 => self.disturb_archive(),
            _ => self.tick(60),
        }
    }

    /// The disk refuses from here on, or no more; or it stands still for a while.
    fn disturb_archive(&mut self) {
        let archive = &mut self.cluster.archive;
        if self.dice.percent(50) {
            archive.fake.refuses ^= true;
        } else {
            let millis = self.dice.pick(&[500, 4_000, 7_000, 90_000]);
            archive.hangs_until = self.cluster.now.after(Duration::from_millis(millis));
        }
    }

    fn name(&mut self) -> &'static str {
        self.dice.pick(&NAMES)
    }

    fn connect(&mut self) {
        let mut peer = Peer::new(self.name());
        match self.dice.below(4) {
            0 => drop(peer.say("/whoami", "")),
            1 => self.log_in(&mut peer),
            _ => peer.unread = format!("{}\n", peer.name).into_bytes(),
        }
        self.cluster.accept(&mut self.dice, peer);
    }

    fn log_in(&mut self, peer: &mut Peer) {
        let (method, secret) = match self.dice.percent(20) {
            true => ("token", TOKEN),
            false => ("password", self.dice.pick(&PASSWORDS)),
        };
        peer.shown.insert(secret);
        peer.say("/login", &format!("{method} {secret}"));
    }

    fn some_peer(&mut self, wanted: impl Fn(&Peer) -> bool) -> Option<usize> {
        let peers = self.cluster.peers.iter().enumerate();
        let peers: Vec<usize> = peers.filter(|(_, peer)| wanted(peer)).map(|(at, _)| at).collect();
        (!peers.is_empty()).then(|| peers[self.dice.below(peers.len())])
    }

    fn say(&mut self) {
        let talks = |peer: &Peer| !peer.closed && !peer.shut && !peer.gone && !peer.ends;
        let Some(number) = self.some_peer(talks) else { return };
        let mut peer = std::mem::replace(&mut self.cluster.peers[number], Peer::new("nobody"));
        let password = self.dice.pick(&PASSWORDS);
        let right = self.oracle.right.entry(key(&peer.name)).or_default();
        match self.dice.below(12) {
            0..3 if peer.challenged && peer.welcome.is_none() => self.log_in(&mut peer),
            0 => {
                peer.registers = true;
                right.insert(password.to_owned());
                peer.say("/register", password);
            }
            1 => {
                right.insert(password.to_owned());
                let old = self.dice.pick(&PASSWORDS);
                peer.say("/password", &format!("{old}\n{password}"));
            }
            2 => drop(peer.say("/resume", "")),
            3 => drop(peer.say("/whoami", "")),
            4 => drop(peer.say("/token", self.dice.pick(&["new phone", "revoke bot", "list"]))),
            5 => drop(peer.say("/join", "#ops")),
            6 => drop(peer.say("/leave", "#ops")),
            7 => drop(peer.say("/list", "")),
            _ => {
                let to = self.name();
                let text =
                    format!("{number}:{} {}", peer.sent + 1, "x".repeat(self.dice.below(400)));
                let ordinal = peer.say(to, &text);
                self.oracle.sent.push(Sent { by: number, ordinal, to: key(to), text });
            }
        }
        self.cluster.peers[number] = peer;
    }

    /// Somebody uses the command line.
    fn administrate(&mut self) {
        let name = self.name();
        let is_there = self.cluster.store.account(name).is_some();
        match self.dice.below(8) {
            0..3 if !is_there => {
                let password = self.dice.pick(&PASSWORDS);
                self.oracle.right.entry(key(name)).or_default().insert(password.to_owned());
                let role = self.dice.pick(&[Role::User, Role::Operator]);
                let notice = self.cluster.store.add(name, role, password);
                if self.dice.percent(50) {
                    self.cluster.store.give_token(name, "bot", TOKEN);
                    self.oracle.right.entry(key(name)).or_default().insert(TOKEN.to_owned());
                }
                self.cluster.notice(notice);
            }
            3 if is_there => {
                let notice = self.cluster.store.erase(name);
                self.cluster.notice(notice);
            }
            4..6 if is_there => {
                let notice = self.cluster.store.change(name, |it| it.locked ^= true);
                self.cluster.notice(notice);
            }
            6 => self.ban(name),
            _ => {
                self.oracle.banned.remove(&key(name));
                self.ask(Request::Unban(Banned::parse(name).unwrap()));
            }
        }
    }

    fn ban(&mut self, name: &str) {
        let who = Banned::parse(name).unwrap();
        self.ask(Request::Ban(Ban { who, until: None, by: "".into(), reason: "".into() }));
        self.oracle.banned.insert(key(name));
    }

    /// The store is asked from elsewhere.
    fn ask(&mut self, request: Request) {
        let before = std::mem::take(&mut self.cluster.store.unavailable);
        let (notices, _) = self.cluster.store.answer(request);
        notices.into_iter().for_each(|notice| self.cluster.notice(notice));
        self.cluster.store.unavailable = before;
    }

    fn hang_up(&mut self) {
        if let Some(number) = self.some_peer(|peer| !peer.ends && !peer.closed) {
            self.cluster.peers[number].ends = true;
        }
    }

    fn window(&mut self) {
        if let Some(number) = self.some_peer(|peer| peer.at.is_some()) {
            let bytes = self.dice.pick(&[0, 300, usize::MAX]);
            self.cluster.open_window(number, bytes);
        }
    }

    fn pass_time(&mut self) {
        let millis = self.dice.pick(&[1, 300, 2_000, 10_000, 45_000]);
        self.cluster.now = self.cluster.now.after(Duration::from_millis(millis));
    }

    fn tick(&mut self, effort: usize) {
        let worker = self.dice.below(self.cluster.shards.len());
        self.cluster.tick(&mut self.dice, worker, effort);
        for peer in &mut self.cluster.peers {
            self.oracle.hear(peer);
        }
    }

    /// Everything is read, answered and delivered; what is due is done.
    fn rest(&mut self) {
        self.cluster.archive.fake.refuses = false;
        self.cluster.archive.hangs_until = self.cluster.now;
        for _ in 0..REST_STEPS_MAX {
            if self.cluster.is_at_rest() {
                match self.cluster.next_deadline() {
                    None => return self.oracle.judge(&self.cluster),
                    Some(due) => self.cluster.now = due.max(self.cluster.now),
                }
            }
            for number in 0..self.cluster.peers.len() {
                self.cluster.open_window(number, usize::MAX);
            }
            self.cluster.store_works();
            self.cluster.archive_works();
            self.tick(100);
        }
        panic!("it never comes to rest");
    }

    fn everyone_leaves(&mut self) {
        for peer in &mut self.cluster.peers {
            peer.ends = true;
        }
        self.rest();
        assert!(self.cluster.peers.iter().all(|peer| peer.closed), "somebody is left");
        assert!(self.cluster.shards.iter().all(lanline::chat::Shard::is_vacant));
    }
}
