//! Who is let in: peers of the local network, and of those networks that the
//! operator allows; as many as there is room for. Never: names.

use crate::chat::Code;
use crate::limits;
use ipnet::IpNet;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

/// The door of the house, the same for all workers.
#[derive(Debug)]
pub struct Door {
    clients_max: usize,
    allow: Vec<IpNet>,
    clients: AtomicUsize,
    /// Those refused here whose refusal is still on its way.
    refused: AtomicUsize,
}

/// What becomes of a new connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Entry {
    Client,
    /// It is told why not.
    Refused(Code),
    /// There is no room even to tell it.
    Dropped,
}

impl Door {
    pub fn new(clients_max: usize, allow: Vec<IpNet>) -> Self {
        Self { clients_max, allow, clients: AtomicUsize::new(0), refused: AtomicUsize::new(0) }
    }

    /// A peer knocks; unless it is dropped, it counts until [`Door::left`].
    pub fn enter(&self, peer: IpAddr) -> Entry {
        if !self.is_allowed(peer) {
            return self.refuse(Code::NotOnLan);
        }
        if self.clients.fetch_add(1, Relaxed) >= self.clients_max {
            self.clients.fetch_sub(1, Relaxed);
            return self.refuse(Code::ServerFull);
        }
        Entry::Client
    }

    /// A connection that entered is closed.
    pub fn left(&self, counted: bool) {
        let count = if counted { &self.clients } else { &self.refused };
        count.fetch_sub(1, Relaxed);
    }

    fn refuse(&self, code: Code) -> Entry {
        if self.refused.fetch_add(1, Relaxed) >= limits::AT_THE_DOOR_MAX {
            self.refused.fetch_sub(1, Relaxed);
            return Entry::Dropped;
        }
        Entry::Refused(code)
    }

    fn is_allowed(&self, peer: IpAddr) -> bool {
        is_local(peer) || self.allow.iter().any(|network| network.contains(&peer))
    }
}

/// Loopback, private (RFC 1918), link-local (RFC 3927, RFC 4291) and
/// unique-local (RFC 4193) addresses. `peer` is no IPv4-mapped one.
fn is_local(peer: IpAddr) -> bool {
    match peer {
        IpAddr::V4(v4) => v4.is_loopback() || v4.is_private() || v4.is_link_local(),
        IpAddr::V6(v6) => {
            v6 == Ipv6Addr::LOCALHOST || v6.is_unicast_link_local() || v6.is_unique_local()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_local_network_and_what_is_allowed() {
        let door = Door::new(100, vec!["203.0.113.0/24".parse().unwrap()]);
        let allowed = |text: &str| door.is_allowed(text.parse().unwrap());
        for local in [
            "127.0.0.1",
            "10.1.2.3",
            "172.16.0.1",
            "172.31.255.255",
            "192.168.9.9",
            "169.254.1.1",
            "::1",
            "fe80::1",
            "febf::1",
            "fd00::1",
            "fc00::1",
            "203.0.113.7",
        ] {
            assert!(allowed(local), "{local}");
        }
        for foreign in [
            "8.8.8.8",
            "172.32.0.1",
            "172.15.0.1",
            "192.169.0.1",
            "100.64.0.1",
            "0.0.0.0",
            "2001:db8::1",
            "fec0::1",
            "ff02::1",
            "::",
            "203.0.114.1",
        ] {
            assert!(!allowed(foreign), "{foreign}");
        }
    }

    #[test]
    fn as_many_as_there_is_room_for() {
        let door = Door::new(1, Vec::new());
        let peer = "127.0.0.1".parse().unwrap();
        assert_eq!(door.enter(peer), Entry::Client);
        for _ in 0..limits::AT_THE_DOOR_MAX {
            assert_eq!(door.enter(peer), Entry::Refused(Code::ServerFull));
        }
        assert_eq!(door.enter(peer), Entry::Dropped);
        door.left(true);
        assert_eq!(door.enter(peer), Entry::Client);
        door.left(false);
        assert_eq!(door.enter(peer), Entry::Refused(Code::ServerFull));
    }
}
