//! The bans that are in force, known by every shard: networks by their length, names
//! by their skeletons. Never: who may ban.

use crate::accounts::{Ban, Banned};
use crate::chat::directory::Hashing;
use crate::chat::skeletons::{Looks, looks_of};
use ipnet::IpNet;
use std::collections::BTreeMap;
use std::net::IpAddr;

/// All bans.
#[derive(Debug, Default)]
pub(in crate::chat) struct Bans {
    /// By what is banned, as it is compared.
    all: BTreeMap<String, Ban>,
    /// Ends of banned networks, by length and address: a lookup for each length that there is.
    networks: BTreeMap<u8, BTreeMap<IpNet, Option<i64>>>,
    /// For the skeletons of banned names: whose they are.
    looks: BTreeMap<u64, Vec<String>>,
}

impl Bans {
    /// Adds one, in place of one of the same target.
    pub(in crate::chat) fn add(&mut self, hashing: &Hashing, ban: Ban) {
        self.remove(hashing, &ban.who);
        let key = ban.who.key();
        match &ban.who {
            Banned::Network(network) => {
                let network = network.trunc();
                let of_length = self.networks.entry(network.prefix_len()).or_default();
                of_length.insert(network, ban.until);
            }
            Banned::Name(name) => {
                for look in looks_of(hashing, name.shown(), name.key()) {
                    self.looks.entry(look.skeleton).or_default().push(key.clone());
                }
            }
        }
        self.all.insert(key, ban);
    }

    /// Removes one, if it is there.
    pub(in crate::chat) fn remove(&mut self, hashing: &Hashing, who: &Banned) {
        let key = who.key();
        self.all.remove(&key);
        match who {
            Banned::Network(network) => {
                let network = network.trunc();
                if let Some(of_length) = self.networks.get_mut(&network.prefix_len()) {
                    of_length.remove(&network);
                    if of_length.is_empty() {
                        self.networks.remove(&network.prefix_len());
                    }
                }
            }
            Banned::Name(name) => {
                for look in looks_of(hashing, name.shown(), name.key()) {
                    if let Some(names) = self.looks.get_mut(&look.skeleton) {
                        names.retain(|other| *other != key);
                        if names.is_empty() {
                            self.looks.remove(&look.skeleton);
                        }
                    }
                }
            }
        }
    }

    /// Whether any networks are banned.
    pub(in crate::chat) fn has_networks(&self) -> bool {
        !self.networks.is_empty()
    }

    /// Whether any names are banned.
    pub(in crate::chat) fn has_names(&self) -> bool {
        !self.looks.is_empty()
    }

    /// Whether an address is in a network that is banned at that time.
    pub(in crate::chat) fn has_address(&self, peer: IpAddr, now: i64) -> bool {
        let peer = peer.to_canonical();
        self.networks.iter().any(|(&length, networks)| {
            let network = IpNet::new(peer, length).map(|network| network.trunc());
            let until = network.ok().and_then(|network| networks.get(&network));
            until.is_some_and(|until| holds(*until, now))
        })
    }

    /// Whether a name with these skeletons is banned at that time.
    pub(in crate::chat) fn has_name(&self, looks: &Looks, now: i64) -> bool {
        let names = looks.iter().filter_map(|look| self.looks.get(&look.skeleton)).flatten();
        names.filter_map(|key| self.all.get(key)).any(|ban| holds(ban.until, now))
    }

    /// Those in force at that time, in order.
    pub(in crate::chat) fn in_force(&self, now: i64) -> impl Iterator<Item = (&str, &Ban)> {
        let all = self.all.iter().filter(move |(_, ban)| holds(ban.until, now));
        all.map(|(key, ban)| (key.as_str(), ban))
    }
}

/// Whether a ban holds at that time.
fn holds(until: Option<i64>, now: i64) -> bool {
    until.is_none_or(|until| now < until)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::Name;

    fn hashing() -> Hashing {
        Hashing::new((7, 11), 1)
    }

    fn ban(who: &str, until: Option<i64>) -> Ban {
        Ban { who: Banned::parse(who).unwrap(), until, by: "root".into(), reason: "".into() }
    }

    fn looks(name: &str) -> Looks {
        let name = Name::parse(name).unwrap();
        looks_of(&hashing(), name.shown(), name.key())
    }

    #[test]
    fn a_network_is_banned_until_its_end_and_its_neighbours_are_not() {
        let mut bans = Bans::default();
        let ip = |text: &str| text.parse().unwrap();
        bans.add(&hashing(), ban("10.1.0.0/16", Some(50)));
        bans.add(&hashing(), ban("fd00::7", None));
        assert!(bans.has_address(ip("10.1.9.9"), 49) && bans.has_address(ip("fd00::7"), 1_000));
        assert!(bans.has_address(ip("::ffff:10.1.0.1"), 49));
        assert!(!bans.has_address(ip("10.1.9.9"), 50), "it is over");
        assert!(!bans.has_address(ip("10.2.0.1"), 49) && !bans.has_address(ip("fd00::8"), 49));
        assert_eq!(bans.in_force(50).map(|(key, _)| key).collect::<Vec<_>>(), ["fd00::7/128"]);
        bans.remove(&hashing(), &Banned::parse("10.1.0.0/16").unwrap());
        bans.remove(&hashing(), &Banned::parse("fd00::7").unwrap());
        assert!(!bans.has_networks());
    }

    #[test]
    fn a_name_is_banned_with_all_that_look_like_it() {
        let mut bans = Bans::default();
        bans.add(&hashing(), ban("Mallory", None));
        bans.add(&hashing(), ban("MALLORY", Some(50)));
        assert!(bans.has_name(&looks("mallory"), 49) && bans.has_name(&looks("ma11ory"), 49));
        assert!(!bans.has_name(&looks("mallory"), 50), "the later one counts");
        assert!(!bans.has_name(&looks("molly"), 49));
        bans.remove(&hashing(), &Banned::parse("mallory").unwrap());
        assert!(!bans.has_names());
    }
}
