//! Who is let in: peers of the local network, and of those networks that the
//! operator allows; as many as there is room for. Never: names.

use super::networks::is_local;
use crate::chat::Code;
use crate::limits;
use ipnet::IpNet;
use std::collections::HashMap;
use std::collections::hash_map;
use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The admission of the server: every worker has one, and all count together.
#[derive(Clone, Debug)]
pub struct Admission {
    allow: Arc<[IpNet]>,
    counts: Arc<Counts>,
}

#[derive(Debug)]
struct Counts {
    clients_max: AtomicUsize,
    clients: AtomicUsize,
    /// Clients of each address, if these have a bound. The one lock of the
    /// server, and only there: it is taken when a connection comes or goes.
    addresses: Option<(usize, Mutex<HashMap<IpAddr, usize>>)>,
    /// Those refused here whose refusal is still on its way.
    refused: AtomicUsize,
    dropped: AtomicU64,
}

/// What becomes of a new connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    Client,
    /// It is told why not.
    Refused(Code),
    /// There is no room even to tell it.
    Dropped(Code),
}

impl Admission {
    pub fn new(clients_max: usize, per_address_max: Option<usize>, allow: &[IpNet]) -> Self {
        let counts = Counts {
            clients_max: AtomicUsize::new(clients_max),
            clients: AtomicUsize::new(0),
            addresses: per_address_max.map(|most| (most, Mutex::default())),
            refused: AtomicUsize::new(0),
            dropped: AtomicU64::new(0),
        };
        Self { allow: allow.into(), counts: Arc::new(counts) }
    }

    /// The same admission with other settings; who is inside stays.
    pub fn with_settings(&self, clients_max: usize, allow: &[IpNet]) -> Self {
        self.counts.clients_max.store(clients_max, Relaxed);
        Self { allow: allow.into(), counts: self.counts.clone() }
    }

    /// Connections that entered, ungreeted ones too.
    pub fn clients(&self) -> usize {
        self.counts.clients.load(Relaxed)
    }

    /// As many as may enter.
    pub fn clients_max(&self) -> usize {
        self.counts.clients_max.load(Relaxed)
    }

    /// Connections closed without a word so far.
    pub fn dropped(&self) -> u64 {
        self.counts.dropped.load(Relaxed)
    }

    /// A peer knocks; unless it is dropped, it counts until [`Admission::left`].
    pub fn enter(&self, peer: IpAddr) -> Decision {
        if !self.is_allowed(peer) {
            return self.refuse(Code::NotOnLan);
        }
        if self.counts.clients.fetch_add(1, Relaxed) >= self.clients_max() {
            self.counts.clients.fetch_sub(1, Relaxed);
            return self.refuse(Code::ServerFull);
        }
        if !self.has_room_for(peer) {
            self.counts.clients.fetch_sub(1, Relaxed);
            return self.refuse(Code::ServerFull);
        }
        Decision::Client
    }

    /// A connection from this address that entered is closed: a client, or one
    /// that was refused.
    pub fn left(&self, peer: IpAddr, is_client: bool) {
        if !is_client {
            self.counts.refused.fetch_sub(1, Relaxed);
            return;
        }
        self.counts.clients.fetch_sub(1, Relaxed);
        let Some((_, addresses)) = &self.counts.addresses else { return };
        if let hash_map::Entry::Occupied(mut clients) = lock(addresses).entry(peer) {
            *clients.get_mut() -= 1;
            if *clients.get() == 0 {
                clients.remove();
            }
        }
    }

    /// Counts a client of its address, up to the bound.
    fn has_room_for(&self, peer: IpAddr) -> bool {
        let Some((most, addresses)) = &self.counts.addresses else { return true };
        let mut addresses = lock(addresses);
        let clients = addresses.entry(peer).or_default();
        let has_room = *clients < *most;
        *clients += usize::from(has_room);
        has_room
    }

    fn refuse(&self, code: Code) -> Decision {
        if self.counts.refused.fetch_add(1, Relaxed) >= limits::ADMISSION_REFUSALS_MAX {
            self.counts.refused.fetch_sub(1, Relaxed);
            self.counts.dropped.fetch_add(1, Relaxed);
            return Decision::Dropped(code);
        }
        Decision::Refused(code)
    }

    fn is_allowed(&self, peer: IpAddr) -> bool {
        is_local(peer) || self.allow.iter().any(|network| network.contains(&peer))
    }
}

/// Nobody panics while holding it, and if so the process has ended.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_that_is_allowed_is_let_in_and_its_neighbour_is_not() {
        let admission = Admission::new(100, None, &["203.0.113.0/24".parse().unwrap()]);
        let allowed = |text: &str| admission.is_allowed(text.parse().unwrap());
        assert!(allowed("203.0.113.7") && allowed("127.0.0.1"));
        assert!(!allowed("203.0.114.1") && !allowed("8.8.8.8"));
    }

    #[test]
    fn as_many_of_an_address_as_there_may_be() {
        let admission = Admission::new(100, Some(2), &[]);
        let [one, other] = ["127.0.0.1", "127.0.0.2"].map(|peer| peer.parse().unwrap());
        assert_eq!(admission.enter(one), Decision::Client);
        assert_eq!(admission.enter(one), Decision::Client);
        assert_eq!(admission.enter(one), Decision::Refused(Code::ServerFull));
        assert_eq!(admission.enter(other), Decision::Client);
        admission.left(one, true);
        assert_eq!(admission.enter(one), Decision::Client);
        assert_eq!(admission.enter(one), Decision::Refused(Code::ServerFull));
        for peer in [one, one, other] {
            admission.left(peer, true);
        }
        assert!(lock(&admission.counts.addresses.as_ref().unwrap().1).is_empty());
    }

    #[test]
    fn as_many_as_there_is_room_for() {
        let admission = Admission::new(1, None, &[]);
        let peer = "127.0.0.1".parse().unwrap();
        assert_eq!(admission.enter(peer), Decision::Client);
        for _ in 0..limits::ADMISSION_REFUSALS_MAX {
            assert_eq!(admission.enter(peer), Decision::Refused(Code::ServerFull));
        }
        assert_eq!(admission.enter(peer), Decision::Dropped(Code::ServerFull));
        assert_eq!(admission.dropped(), 1);
        admission.left(peer, true);
        assert_eq!(admission.enter(peer), Decision::Client);
        admission.left(peer, false);
        assert_eq!(admission.enter(peer), Decision::Refused(Code::ServerFull));
    }

    #[test]
    fn other_settings_count_the_same_clients() {
        let admission = Admission::new(1, None, &[]);
        let home = "127.0.0.1".parse().unwrap();
        let foreign = "203.0.113.7".parse().unwrap();
        assert_eq!(admission.enter(home), Decision::Client);
        let wider = admission.with_settings(2, &["203.0.113.0/24".parse().unwrap()]);
        assert_eq!(wider.enter(foreign), Decision::Client);
        assert_eq!(wider.enter(foreign), Decision::Refused(Code::ServerFull));
        assert_eq!((admission.clients(), wider.clients()), (2, 2));
    }
}
