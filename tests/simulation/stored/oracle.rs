//! Whether what sessions hear is right, as they hear it: nothing before it is stored, ids
//! growing without a gap, nothing twice, in order. Never: receipts and refusals
//! (`receipts`), what has to come by the end (`verdict`).

use super::cluster::Cluster;
use super::device::Device;
use super::peer::{Heard, Peer};
use super::said::{ACCOUNTS, ROOM, Said, To, USERS, number_of, user_named};
use crate::world::trace::note;
use lanline::chat::settings::StoreFailure;
use std::collections::BTreeSet;
use std::mem;
use std::ops::Bound;

pub(super) struct Oracle {
    pub said: Vec<Said>,
    pub devices: Vec<Device>,
    /// What sockets of accounts' sessions have taken, by id.
    pub handed: [BTreeSet<u64>; ACCOUNTS],
    /// How far accounts' marks were.
    pub marks: [u64; ACCOUNTS],
}

impl Oracle {
    pub(super) fn new(devices: Vec<Device>) -> Self {
        let (handed, marks) = Default::default();
        Self { said: Vec::new(), devices, handed, marks }
    }

    /// Takes all that has come to all peers.
    pub(super) fn hear(&mut self, cluster: &mut Cluster) {
        let all = cluster.peers.iter_mut().map(Peer::take_heard);
        let all: Vec<Vec<Heard>> = all.collect();
        // First what they have, then what others are told of that.
        for (peer, heard) in cluster.peers.iter().zip(&all) {
            for heard in heard.iter().filter(|heard| !heard.from.starts_with('/')) {
                if let Some(&id) = cluster.disk.ids.get(&heard.msg)
                    && peer.is_account()
                {
                    self.handed[peer.user].insert(id);
                }
            }
        }
        for (number, heard) in all.into_iter().enumerate() {
            for heard in heard {
                note(|| format!("{number} hears {}: {} {:?}", heard.from, heard.msg, heard.id));
                self.hear_one(cluster, number, &heard);
            }
        }
        self.check_marks(cluster);
    }

    fn hear_one(&mut self, cluster: &mut Cluster, number: usize, heard: &Heard) {
        let step = cluster.step;
        let peer = &mut cluster.peers[number];
        match heard.from.as_str() {
            "/welcome" => {
                assert_eq!(peer.welcome.replace(step), None, "welcomed twice");
                let device = &self.devices[peer.device];
                if peer.is_open() {
                    device.begin(number, peer, &mut self.said, step);
                }
            }
            "/join" => {
                assert!(heard.msg.starts_with(&format!("#{ROOM}")), "{}", heard.msg);
                peer.joined.get_or_insert(step);
            }
            "/extend" => peer.extends = true,
            "/replay" => self.replayed(cluster, number, heard.msg.parse().unwrap()),
            "/error" => self.refused(cluster, number, &heard.msg),
            "/receipt" => self.receipt(cluster, number, &heard.msg),
            from if from.starts_with('/') => {}
            from => self.packet(cluster, number, user_named(from), heard),
        }
    }

    fn packet(&mut self, cluster: &mut Cluster, number: usize, from: usize, heard: &Heard) {
        let packet = number_of(&heard.msg);
        let said = &self.said[packet];
        assert_eq!((said.by, &said.text), (from, &heard.msg), "nobody said that");
        let peer = &cluster.peers[number];
        assert!(peer.welcome.is_some(), "a packet before the welcome");
        assert!(said.may_reach(peer.user), "{packet} went astray to {number}");
        let id = self.stored_id(cluster, number, packet, heard.id);
        // What was relayed and not stored is stored when it is sent again.
        let may_turn_up = cluster.disk.unhanded.contains(&said.text)
            || said.sent.len() > 1 && self.may_be_unkept(cluster, packet);
        let is_new = cluster.peers[number].heard.insert(packet);
        if let Some(id) = id {
            let mut ids = mem::take(&mut cluster.peers[number].ids);
            ids.saw(id, |from, to| self.missed(cluster, number, (from, to)).next().is_some());
            let device = &mut self.devices[cluster.peers[number].device];
            if ids.complete_from.is_some() {
                device.last = device.last.max(id);
            }
            cluster.peers[number].ids = ids;
        } else {
            assert!(is_new || may_turn_up, "{packet} came twice to {number}");
        }
        self.devices[cluster.peers[number].device].has.insert(packet);
        if !may_turn_up {
            self.check_order(&mut cluster.peers[number], packet);
        }
    }

    /// The id of a packet that has come, if it comes as stored to an account.
    fn stored_id(
        &self,
        cluster: &Cluster,
        number: usize,
        packet: usize,
        id: Option<u64>,
    ) -> Option<u64> {
        let (said, peer) = (&self.said[packet], &cluster.peers[number]);
        if !said.is_stored() {
            assert_eq!(id, None, "{packet} isn't stored");
            return None;
        }
        let stored = cluster.disk.ids.get(&said.text).copied();
        if id.is_some() {
            assert_eq!(id, stored, "{packet} is seen before it is stored");
            return id;
        }
        let turned_up = stored.is_some() && cluster.disk.unhanded.contains(&said.text);
        // A disk that doesn't answer doesn't know a key: then it is relayed once more.
        let is_again = said.sent.len() > 1 && self.may_be_unkept(cluster, packet);
        if turned_up || is_again {
            return None;
        }
        if let Some(id) = stored.filter(|_| !peer.extends) {
            return peer.is_account().then_some(id);
        }
        assert!(self.may_be_unkept(cluster, packet), "{packet} is seen and not stored");
        None
    }

    /// Whether the disk has refused it, or may not have answered in time.
    pub(super) fn may_be_unkept(&self, cluster: &Cluster, packet: usize) -> bool {
        let said = &self.said[packet];
        let has_stalled = cluster.stalled.is_some_and(|step| step >= said.since());
        cluster.settings.store_failure == StoreFailure::Relay
            && (cluster.disk.refused.contains(&said.text) || has_stalled)
    }

    /// Whether a session has to see a packet that is stored.
    pub(super) fn has_to_see(
        &self,
        cluster: &Cluster,
        number: usize,
        (id, text): (u64, &str),
    ) -> bool {
        let (said, peer) = (&self.said[number_of(text)], &cluster.peers[number]);
        let was_there = || peer.joined.is_some_and(|step| cluster.disk.steps[&id] > step);
        let is_again = said.sent.len() > 1 && self.may_be_unkept(cluster, number_of(text));
        let is_excused = said.was_sent_by(number) || cluster.disk.unhanded.contains(text);
        let reaches = said.concerns(peer.user) && (said.to != To::Room || was_there());
        reaches && !is_excused && !is_again
    }

    /// What a session has to see between two ids.
    fn missed(
        &self,
        cluster: &Cluster,
        number: usize,
        (from, to): (u64, u64),
    ) -> impl Iterator<Item = u64> {
        let between = cluster.disk.texts.range((Bound::Excluded(from), Bound::Excluded(to)));
        let missed =
            between.filter(move |(id, text)| self.has_to_see(cluster, number, (**id, text)));
        missed.map(|(id, _)| *id)
    }

    /// `/replay` is answered.
    fn replayed(&mut self, cluster: &mut Cluster, number: usize, last: u64) {
        let mut ids = mem::take(&mut cluster.peers[number].ids);
        ids.answered(last, |from, last, came| {
            if from >= last {
                return None;
            }
            let mut missed = self.missed(cluster, number, (from, last + 1));
            missed.find(|id| !came.contains(id))
        });
        let peer = &mut cluster.peers[number];
        peer.ids = ids;
        peer.last_of.clear();
        let device = &mut self.devices[peer.device];
        device.last = device.last.max(last);
    }

    /// In one conversation what one connection has sent comes in its order.
    fn check_order(&self, peer: &mut Peer, packet: usize) {
        let said = &self.said[packet];
        let [sent] = &*said.sent else { return };
        if said.is_stored() && !peer.ids.is_replaying() {
            let before = peer.last_of.insert((sent.peer, said.to), packet);
            assert!(before.is_none_or(|before| before < packet), "{packet} behind {before:?}");
        }
    }

    /// A mark moves only over what a session of its account was handed.
    fn check_marks(&mut self, cluster: &Cluster) {
        for (user, who) in USERS.iter().enumerate().take(ACCOUNTS) {
            let mark = cluster.disk.mark(user);
            let moved = Bound::Excluded(self.marks[user]);
            assert!(mark >= self.marks[user], "a mark went back");
            if mark == self.marks[user] {
                continue;
            }
            for (id, text) in cluster.disk.texts.range((moved, Bound::Included(mark))) {
                let said = &self.said[number_of(text)];
                let has_it = said.by == user
                    || self.handed[user].contains(id)
                    || cluster.disk.unhanded.contains(text);
                let may_miss = !said.concerns(user) || said.to == To::Room;
                assert!(
                    has_it || may_miss,
                    "the mark of {} is {mark} and {id} wasn't handed to it",
                    who.name
                );
            }
            self.marks[user] = mark;
        }
    }
}
