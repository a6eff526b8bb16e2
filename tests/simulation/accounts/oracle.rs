//! Who may be whom, and which packets have come. Never: what is done next.

use super::cluster::Cluster;
use super::peer::Peer;
use lanline::wire::Name;
use lanline::wire::confusables::{skeletons_of, upper_skeleton_of};
use std::collections::{BTreeMap, BTreeSet};

/// What the oracle knows besides the peers.
#[derive(Default)]
pub(super) struct Oracle {
    /// All secrets that an account of that name has ever had.
    pub right: BTreeMap<String, BTreeSet<String>>,
    /// Packets for one user.
    pub sent: Vec<Sent>,
    /// Names that are banned, as far as the store knows.
    pub banned: BTreeSet<String>,
    pub is_closed_site: bool,
    pub sessions_max: usize,
}

/// A packet for one user, by its text.
pub(super) struct Sent {
    pub by: usize,
    pub ordinal: u64,
    pub to: String,
    pub text: String,
}

pub(super) fn key(name: &str) -> String {
    Name::parse(name).unwrap().key().to_owned()
}

/// Whether two names have a skeleton in common, the same name too.
fn look_alike(one: &str, other: &str) -> bool {
    let looks = |name: &str| -> BTreeSet<String> {
        let name = Name::parse(name).unwrap();
        let upper = upper_skeleton_of(name.shown(), name.key());
        skeletons_of(name.shown(), name.key()).chain(upper).collect()
    };
    !looks(one).is_disjoint(&looks(other))
}

impl Oracle {
    /// Whether a peer has shown a secret that was right at some time.
    fn has_shown(&self, peer: &Peer) -> bool {
        let right = self.right.get(&key(&peer.name));
        right.is_some_and(|right| peer.shown.iter().any(|shown| right.contains(*shown)))
    }

    /// Takes what has come to a peer.
    pub(super) fn hear(&self, peer: &mut Peer) {
        for heard in peer.take_heard() {
            let words: Vec<&str> = heard.msg.split([' ', '\n']).collect();
            match heard.from.as_str() {
                "/login" => {
                    assert!(peer.welcome.is_none(), "challenged behind the welcome");
                    peer.challenged = true;
                }
                "/welcome" => {
                    assert!(peer.welcome.is_none(), "welcomed twice");
                    let had_to_log_in = peer.challenged || self.is_closed_site;
                    assert!(
                        self.has_shown(peer) || !had_to_log_in,
                        "{} is welcome without a secret",
                        peer.name
                    );
                    assert_eq!(key(words[0]), key(&peer.name), "welcome as somebody else");
                    peer.welcome = Some(words[0].to_owned());
                }
                "/whoami" => {
                    assert_eq!(key(words[0]), key(&peer.name));
                    let may_be = self.has_shown(peer) || peer.registers;
                    assert!(words[1] == "guest" || may_be, "{} is a {}", peer.name, words[1]);
                    let sessions: usize = words[2].parse().unwrap();
                    assert!((1..=self.sessions_max).contains(&sessions), "{sessions} sessions");
                }
                "/error" => {
                    let code = words[1].to_owned();
                    peer.refused.entry(words[0].parse().unwrap()).or_default().push(code);
                }
                from if !from.starts_with('/') => {
                    assert!(peer.welcome.is_some(), "a packet before the welcome");
                    assert!(!peer.heard.contains(&heard.msg), "{} came twice", heard.msg);
                    peer.heard.push(heard.msg);
                }
                _ => {}
            }
        }
    }

    /// Nothing is under way any more: whoever is here may be, and each packet has come or
    /// was refused.
    pub(super) fn judge(&self, cluster: &Cluster) {
        let here = || cluster.peers.iter().enumerate().filter(|(_, peer)| peer.is_here());
        let mut users: BTreeMap<String, usize> = BTreeMap::new();
        for (number, peer) in here() {
            *users.entry(key(&peer.name)).or_default() += 1;
            self.judge_name(cluster, number, peer);
        }
        for (name, &sessions) in &users {
            let most = if cluster.store.account(name).is_some() { self.sessions_max } else { 1 };
            assert!(sessions <= most, "{sessions} are {name}");
        }
        assert_eq!(cluster.counters.users(), users.len(), "{users:?}");
        let sessions = cluster.counters.sum(|counters| &counters.sessions);
        assert_eq!(sessions as usize, here().count());
        for sent in &self.sent {
            self.judge_sent(cluster, sent);
        }
    }

    fn judge_name(&self, cluster: &Cluster, number: usize, peer: &Peer) {
        let name = &peer.name;
        match cluster.store.account(name) {
            Some(account) => {
                assert!(!account.locked, "peer {number}: {name} is locked");
                let may_be = self.has_shown(peer) || peer.registers;
                assert!(may_be, "peer {number} is {name} and never proved it");
                assert_eq!(peer.welcome.as_deref().map(key), Some(account.name.key().to_owned()));
            }
            None => {
                assert!(!self.is_closed_site, "peer {number}: {name} has no account");
                let alike = super::run::NAMES.iter().filter(|other| look_alike(name, other));
                for other in alike {
                    let taken = cluster.store.account(other).is_some();
                    assert!(!taken, "peer {number}: {name} looks like {other}");
                }
            }
        }
        for banned in &self.banned {
            assert!(!look_alike(name, banned), "peer {number}: {name} is banned");
        }
    }

    fn judge_sent(&self, cluster: &Cluster, sent: &Sent) {
        let Sent { by, ordinal, to, text } = sent;
        let takers = cluster.peers.iter().enumerate();
        let takers = takers.filter(|(_, peer)| peer.heard.contains(text));
        let takers: Vec<(usize, &Peer)> = takers.collect();
        let (number, by) = (*by, &cluster.peers[*by]);
        let refusals = by.refused.get(ordinal).map_or(&[][..], Vec::as_slice);
        assert!(refusals.len() <= 1, "{text} is refused as {refusals:?}");
        let is_relayed = refusals == ["not-kept"];
        let stored = cluster.archive.stored.get(text);
        // What lies between accounts goes to the sender's other sessions as well.
        let is_between_accounts = stored.is_some() || is_relayed || !by.is_here();
        for (taker, peer) in &takers {
            let is_own =
                is_between_accounts && *taker != number && key(&peer.name) == key(&by.name);
            assert!(key(&peer.name) == *to || is_own, "{text} went astray");
        }
        if let Some(&peers) = stored {
            // Its disk took so long that it was relayed; or else it is never refused.
            assert!(refusals.is_empty() || is_relayed, "{text} is stored, and {refusals:?}");
            let late = takers.iter().find(|(taker, _)| *taker >= peers);
            assert!(late.is_none(), "{text} came to a session that began later");
        } else if !is_relayed {
            assert!(takers.is_empty() || refusals.is_empty(), "{text} was taken, and {refusals:?}");
            if by.is_here() {
                assert!(!takers.is_empty() || refusals.len() == 1, "{text} for {to} is lost");
            }
        }
    }
}
