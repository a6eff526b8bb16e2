//! Whether what senders are told is right, as they are told: receipts and refusals. Never:
//! whether they are told in the end (`verdict`).

use super::cluster::Cluster;
use super::oracle::Oracle;
use super::said::{To, USERS, account_of, user_named};
use lanline::chat::settings::StoreFailure;

impl Oracle {
    /// `ORDINAL CODE`, or `ORDINAL CODE NAME`, and advice.
    pub(super) fn refused(&mut self, cluster: &mut Cluster, number: usize, text: &str) {
        let words: Vec<&str> = text.lines().next().unwrap_or_default().split(' ').collect();
        let (ordinal, code): (u64, &str) = (words[0].parse().unwrap(), words[1]);
        let peer = &mut cluster.peers[number];
        if peer.ids.is_pending(ordinal) {
            assert_eq!(code, "busy");
            return peer.ids.refused();
        }
        let Some(&packet) = peer.said.get(&ordinal) else {
            assert!(!["malformed", "bad-argument"].contains(&code), "{text}");
            return;
        };
        let told = peer.told.entry(ordinal).or_default();
        told.push(words[1..].join(" "));
        let said = &self.said[packet];
        if !said.is_stored() {
            return;
        }
        if let Some(name) = words.get(2) {
            let is_guest = !USERS[user_named(name)].is_account;
            assert!(is_guest && !matches!(said.to, To::User(_)), "{text}");
            return assert!(["busy", "undelivered"].contains(&code), "{text}");
        }
        self.devices[peer.device].acknowledged(packet);
        let refuses = cluster.settings.store_failure == StoreFailure::Refuse;
        let said = &self.said[packet];
        let stalled = cluster.stalled.is_some_and(|step| step >= said.since());
        let failed = stalled || cluster.disk.refused.contains(&said.text);
        match code {
            "not-kept" => assert!(failed && !refuses, "{text}: {packet} was kept"),
            "not-sent" => assert!(failed && refuses, "{text}: {packet} was not refused"),
            "undelivered" => assert!(cluster.bounced, "{text}: the server doesn't stop"),
            _ => panic!("{text}: {packet} is stored"),
        }
    }

    /// `stored ORDINAL ID`, `delivered NAME ID`, `read NAME ID`.
    pub(super) fn receipt(&mut self, cluster: &mut Cluster, number: usize, text: &str) {
        let words: Vec<&str> = text.split(' ').collect();
        let [what, about, id] = words[..] else { panic!("{text}") };
        let id: u64 = id.parse().unwrap();
        match what {
            "stored" => {
                let ordinal = about.parse().unwrap();
                let peer = &mut cluster.peers[number];
                let packet = peer.said[&ordinal];
                let stored = cluster.disk.ids.get(&self.said[packet].text);
                assert_eq!(stored, Some(&id), "{packet} isn't stored as {id}");
                peer.told.entry(ordinal).or_default().push("stored".to_owned());
                self.devices[peer.device].acknowledged(packet);
            }
            "delivered" => {
                let before = cluster.peers[number].delivered.insert(about.to_owned(), id);
                assert!(before < Some(id), "{text} behind {before:?}");
                self.check_delivered(cluster, cluster.peers[number].user, user_named(about), id);
            }
            "read" => {
                let peer = &mut cluster.peers[number];
                let before = peer.read.insert(about.to_owned(), id);
                assert!(before < Some(id), "{text} behind {before:?}");
                let whose = (account_of(user_named(about)), USERS[peer.user].name.to_owned());
                assert!(cluster.disk.read.get(&whose).is_some_and(|read| *read >= id), "{text}");
            }
            _ => panic!("{text}"),
        }
    }

    /// Everything from one account to another, up to an id, was handed to it.
    fn check_delivered(&self, cluster: &Cluster, by: usize, to: usize, upto: u64) {
        for (id, text) in cluster.disk.texts.range(..=upto) {
            let said = &self.said[super::said::number_of(text)];
            let has_it = self.handed[to].contains(id) || cluster.disk.unhanded.contains(text);
            let is_theirs = (said.by, said.to) == (by, To::User(to));
            assert!(!is_theirs || has_it, "{id} wasn't delivered, and {upto} is said to be");
        }
    }
}
