//! Who is let in: peers of the local network, and of those networks that the
//! operator allows; as many as there is room for. Never: names.

use super::addresses::Addresses;
use super::networks::is_local;
use crate::chat::{AddressBudget, Code, Moment};
use crate::limits;
use ipnet::IpNet;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};

/// What an operator can change while the server runs.
#[derive(Clone, Debug, Default)]
pub struct Rules {
    /// Connections at once, ungreeted ones too.
    pub clients_max: usize,
    /// Networks that are let in besides the local ones.
    pub allow: Vec<IpNet>,
    /// Networks without limits by address.
    pub trust: Vec<IpNet>,
}

/// The admission of the server: every worker has one, and all share the counts.
#[derive(Clone, Debug)]
pub struct Admission {
    rules: Arc<Rules>,
    totals: Arc<Totals>,
}

#[derive(Debug)]
struct Totals {
    /// As in the rules; one number for all workers, whichever reloads they have got.
    clients_max: AtomicUsize,
    clients: AtomicUsize,
    addresses: Addresses,
    /// Connections refused here that are not closed yet.
    refused: AtomicUsize,
    dropped: AtomicU64,
}

/// What becomes of a new connection.
#[derive(Clone, Debug)]
pub enum Decision {
    /// It is let in, with the budget of its address; none where that is trusted.
    Client(Option<Arc<AddressBudget>>),
    /// It gets a refusal.
    Refused(Code),
    /// It is closed at once: too many are being refused already.
    Dropped(Code),
}

/// How a connection counts while it is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counts {
    /// As a client, of its address too.
    AsClient,
    /// As a client of a trusted address.
    AsTrusted,
    /// As one that is being refused.
    AsRefused,
    Not,
}

impl Decision {
    pub fn counts_as(&self) -> Counts {
        match self {
            Self::Client(budget) => Counts::of_client(budget.as_ref()),
            Self::Refused(_) => Counts::AsRefused,
            Self::Dropped(_) => Counts::Not,
        }
    }
}

impl Counts {
    /// A client, with what it was given when it was let in.
    pub fn of_client(budget: Option<&Arc<AddressBudget>>) -> Self {
        if budget.is_some() { Self::AsClient } else { Self::AsTrusted }
    }
}

impl Admission {
    /// At most `per_address_max` clients are of one address.
    pub fn new(rules: Rules, per_address_max: Option<usize>) -> Self {
        let totals = Totals {
            clients_max: AtomicUsize::new(rules.clients_max),
            clients: AtomicUsize::new(0),
            addresses: Addresses::new(per_address_max),
            refused: AtomicUsize::new(0),
            dropped: AtomicU64::new(0),
        };
        Self { rules: Arc::new(rules), totals: Arc::new(totals) }
    }

    /// The same admission by other rules; connections that were admitted stay.
    pub fn with_rules(&self, rules: Rules) -> Self {
        self.totals.clients_max.store(rules.clients_max, Relaxed);
        Self { rules: Arc::new(rules), totals: self.totals.clone() }
    }

    /// Connections that entered, ungreeted ones too.
    pub fn clients(&self) -> usize {
        self.totals.clients.load(Relaxed)
    }

    /// As many as may enter.
    pub fn clients_max(&self) -> usize {
        self.totals.clients_max.load(Relaxed)
    }

    /// Connections closed without a refusal so far.
    pub fn dropped(&self) -> u64 {
        self.totals.dropped.load(Relaxed)
    }

    /// A peer has connected; unless it is dropped, it counts until
    /// [`Admission::left`]. `peer` is no IPv4-mapped address.
    pub fn enter(&self, now: Moment, peer: IpAddr, is_banned: bool) -> Decision {
        if !self.is_allowed(peer) {
            return self.refuse(Code::NotOnLan);
        }
        if is_banned {
            return self.refuse(Code::Banned);
        }
        if self.totals.clients.fetch_add(1, Relaxed) >= self.clients_max() {
            self.totals.clients.fetch_sub(1, Relaxed);
            return self.refuse(Code::ServerFull);
        }
        if contain(&self.rules.trust, peer) {
            return Decision::Client(None);
        }
        let Some(budget) = self.totals.addresses.entered(now, peer) else {
            self.totals.clients.fetch_sub(1, Relaxed);
            return self.refuse(Code::ServerFull);
        };
        Decision::Client(Some(budget))
    }

    /// A connection from this address is closed.
    pub fn left(&self, peer: IpAddr, counted: Counts) {
        match counted {
            Counts::Not => {}
            Counts::AsRefused => _ = self.totals.refused.fetch_sub(1, Relaxed),
            Counts::AsTrusted | Counts::AsClient => _ = self.totals.clients.fetch_sub(1, Relaxed),
        }
        if counted == Counts::AsClient {
            self.totals.addresses.left(peer);
        }
    }

    fn refuse(&self, code: Code) -> Decision {
        if self.totals.refused.fetch_add(1, Relaxed) >= limits::ADMISSION_REFUSALS_MAX {
            self.totals.refused.fetch_sub(1, Relaxed);
            self.totals.dropped.fetch_add(1, Relaxed);
            return Decision::Dropped(code);
        }
        Decision::Refused(code)
    }

    fn is_allowed(&self, peer: IpAddr) -> bool {
        is_local(peer) || contain(&self.rules.allow, peer)
    }
}

fn contain(networks: &[IpNet], peer: IpAddr) -> bool {
    networks.iter().any(|network| network.contains(&peer))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Moment = Moment(0);

    fn rules(clients_max: usize) -> Rules {
        Rules { clients_max, ..Rules::default() }
    }

    fn network(text: &str) -> Vec<IpNet> {
        vec![text.parse().unwrap()]
    }

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    /// The decision on a connection from this address.
    fn enter(admission: &Admission, peer: IpAddr) -> &'static str {
        match admission.enter(NOW, peer, false) {
            Decision::Client(Some(_)) => "client",
            Decision::Client(None) => "trusted",
            Decision::Refused(Code::ServerFull) => "full",
            Decision::Refused(_) => "refused",
            Decision::Dropped(_) => "dropped",
        }
    }

    #[test]
    fn a_network_that_is_allowed_is_let_in_and_its_neighbour_is_not() {
        let allow = network("203.0.113.0/24");
        let admission = Admission::new(Rules { allow, ..rules(100) }, None);
        assert_eq!(enter(&admission, ip("203.0.113.7")), "client");
        assert_eq!(enter(&admission, ip("127.0.0.1")), "client");
        assert_eq!(enter(&admission, ip("203.0.114.1")), "refused");
        assert_eq!(enter(&admission, ip("8.8.8.8")), "refused");
    }

    #[test]
    fn who_is_banned_is_refused_at_the_door_and_counts_for_nobody() {
        let admission = Admission::new(rules(1), None);
        let decision = admission.enter(NOW, ip("10.0.0.1"), true);
        assert!(matches!(decision, Decision::Refused(Code::Banned)), "{decision:?}");
        let decision = admission.enter(NOW, ip("8.8.8.8"), true);
        assert!(matches!(decision, Decision::Refused(Code::NotOnLan)), "{decision:?}");
        assert_eq!(enter(&admission, ip("10.0.0.2")), "client");
    }

    #[test]
    fn clients_of_one_address_have_a_bound_unless_it_is_trusted() {
        let trust = network("10.0.0.0/8");
        let admission = Admission::new(Rules { trust, ..rules(100) }, Some(2));
        let [one, other, trusted] = ["127.0.0.1", "127.0.0.2", "10.0.0.1"].map(ip);
        let come = |peer| enter(&admission, peer);
        assert_eq!([one, one, one, other].map(come), ["client", "client", "full", "client"]);
        assert_eq!([trusted; 3].map(come), ["trusted"; 3]);
        admission.left(one, Counts::AsClient);
        admission.left(trusted, Counts::AsTrusted);
        assert_eq!([one, one].map(come), ["client", "full"]);
    }

    #[test]
    fn connections_of_one_address_share_its_budget_and_trusted_ones_have_none() {
        let admission = Admission::new(rules(100), None);
        let budget = |peer| match admission.enter(NOW, ip(peer), false) {
            Decision::Client(budget) => budget.unwrap(),
            decision => panic!("{decision:?}"),
        };
        let [one, again, other] = ["10.0.0.1", "10.0.0.1", "10.0.0.2"].map(budget);
        assert!(Arc::ptr_eq(&one, &again) && !Arc::ptr_eq(&one, &other));
        let trust = network("10.0.0.2/32");
        let trusting = admission.with_rules(Rules { trust, ..rules(100) });
        assert_eq!(enter(&trusting, ip("10.0.0.2")), "trusted");
        assert_eq!(enter(&trusting, ip("10.0.0.1")), "client");
    }

    #[test]
    fn clients_over_the_bound_are_refused_and_a_few_over_that_are_dropped() {
        let admission = Admission::new(rules(1), None);
        let peer = ip("127.0.0.1");
        assert_eq!(enter(&admission, peer), "client");
        for _ in 0..limits::ADMISSION_REFUSALS_MAX {
            assert_eq!(enter(&admission, peer), "full");
        }
        assert_eq!(enter(&admission, peer), "dropped");
        assert_eq!(admission.dropped(), 1);
        admission.left(peer, Counts::AsClient);
        assert_eq!(enter(&admission, peer), "client");
        admission.left(peer, Counts::AsRefused);
        assert_eq!(enter(&admission, peer), "full");
    }

    #[test]
    fn other_rules_count_the_same_clients() {
        let admission = Admission::new(rules(1), None);
        let foreign = ip("203.0.113.7");
        assert_eq!(enter(&admission, ip("127.0.0.1")), "client");
        let allow = network("203.0.113.0/24");
        let wider = admission.with_rules(Rules { allow, ..rules(2) });
        assert_eq!(enter(&wider, foreign), "client");
        assert_eq!(enter(&wider, foreign), "full");
        assert_eq!((admission.clients(), wider.clients()), (2, 2));
    }
}
