//! Nothing is under way any more: whether everybody has what they have to have, and every
//! sender knows what came of each packet. Never: anything before that.

use super::cluster::Cluster;
use super::oracle::Oracle;
use super::said::{To, USERS, number_of};

impl Oracle {
    pub(super) fn judge(&self, cluster: &Cluster) {
        for (number, peer) in cluster.peers.iter().enumerate() {
            if !peer.is_here() {
                continue;
            }
            if peer.is_account() {
                self.judge_session(cluster, number);
            } else {
                self.judge_guest(cluster, number);
            }
            self.judge_sender(cluster, number);
        }
    }

    /// A session has all that was committed while it was here, and all behind the id from
    /// which it has replayed; its account's mark is not behind that.
    fn judge_session(&self, cluster: &Cluster, number: usize) {
        let peer = &cluster.peers[number];
        let welcome = peer.welcome.expect("it is here");
        for (&id, text) in &cluster.disk.texts {
            let replayed = peer.ids.complete_from.is_some_and(|from| id > from);
            let is_new = cluster.disk.steps[&id] > welcome && id > peer.ids.marked;
            let is_due = replayed || is_new;
            let has_it = peer.ids.seen.contains(&id) || peer.heard.contains(&number_of(text));
            assert!(
                !is_due || has_it || !self.has_to_see(cluster, number, (id, text)),
                "{number}, {}, misses {id}",
                USERS[peer.user].name
            );
        }
        if let (Some(_), Some(&last)) = (peer.ids.complete_from, peer.ids.seen.last()) {
            let mark = cluster.disk.mark(peer.user);
            assert!(mark >= last, "{number} was handed {last}, and its account's mark is {mark}");
        }
    }

    /// A guest has all that was said to the room and to everyone, or its sender knows.
    fn judge_guest(&self, cluster: &Cluster, number: usize) {
        let guest = &cluster.peers[number];
        let name = USERS[guest.user].name;
        for (packet, said) in self.said.iter().enumerate() {
            let since = match said.to {
                To::User(_) => continue,
                To::Room => guest.joined,
                To::Everyone => guest.welcome,
            };
            let [sent] = &*said.sent else { continue };
            let is_due = since.is_some_and(|since| sent.step > since) && sent.peer != number;
            let sender = &cluster.peers[sent.peer];
            if !is_due || !sender.is_here() || !said.is_stored() {
                continue;
            }
            let told = sender.told.get(&sent.ordinal).map_or(&[][..], Vec::as_slice);
            let knows = |told: &String| told.ends_with(name) || told == "not-sent";
            let has_it = guest.heard.contains(&packet);
            assert!(has_it || told.iter().any(knows), "{name} misses {packet}, {told:?}");
        }
    }

    /// Each packet that is stored has one outcome.
    fn judge_sender(&self, cluster: &Cluster, number: usize) {
        let peer = &cluster.peers[number];
        for (ordinal, &packet) in &peer.said {
            let said = &self.said[packet];
            if !said.is_stored() {
                continue;
            }
            let told = peer.told.get(ordinal).map_or(&[][..], Vec::as_slice);
            let outcomes = told.iter().filter(|told| !told.contains(' ')).count();
            let is_stored = cluster.disk.ids.contains_key(&said.text);
            if peer.receipts {
                assert_eq!(outcomes, 1, "{number} was told {told:?} of {packet}");
            } else {
                assert!(is_stored || outcomes == 1, "{packet} is lost");
            }
        }
    }

    /// Careful programs have everything, and nothing of theirs is left to be sent again.
    pub(super) fn judge_devices(&self, cluster: &Cluster) {
        for (number, device) in self.devices.iter().enumerate() {
            if !device.careful {
                continue;
            }
            assert!(device.unacknowledged.is_empty(), "device {number} waits for receipts");
            for (id, text) in &cluster.disk.texts {
                let packet = number_of(text);
                let said = &self.said[packet];
                let has_it = said.device == number
                    || device.has.contains(&packet)
                    || cluster.disk.unhanded.contains(text);
                assert!(!said.concerns(device.user) || has_it, "device {number} misses {id}");
            }
        }
    }
}
