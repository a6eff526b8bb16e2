//! The table of addresses: their budgets, and how many clients each has where that
//! has a bound. The one lock of the server, taken only when a connection comes or
//! goes.

use super::budgets::Budgets;
use crate::chat::{AddressBudget, Moment};
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// All addresses.
#[derive(Debug)]
pub(super) struct Addresses {
    clients_max: Option<usize>,
    table: Mutex<Table>,
}

#[derive(Debug, Default)]
struct Table {
    budgets: Budgets,
    /// Clients of each address, where these have a bound.
    clients: HashMap<IpAddr, usize>,
}

impl Addresses {
    /// With so many clients of one address at the most.
    pub(super) fn new(clients_max: Option<usize>) -> Self {
        Self { clients_max, table: Mutex::default() }
    }

    /// A client comes: the budget of its address, or none where that has as
    /// many clients as it may have. It counts until [`Addresses::left`].
    pub(super) fn entered(&self, now: Moment, peer: IpAddr) -> Option<Arc<AddressBudget>> {
        let mut table = self.lock();
        if let Some(most) = self.clients_max {
            let clients = table.clients.entry(peer).or_default();
            if *clients >= most {
                return None;
            }
            *clients += 1;
        }
        Some(table.budgets.of(now, peer))
    }

    /// A client that has entered is gone.
    pub(super) fn left(&self, peer: IpAddr) {
        if self.clients_max.is_none() {
            return;
        }
        if let Entry::Occupied(mut clients) = self.lock().clients.entry(peer) {
            *clients.get_mut() -= 1;
            if *clients.get() == 0 {
                clients.remove();
            }
        }
    }

    /// A poisoned lock is taken all the same: a panic ends the process anyway.
    fn lock(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_as_many_clients_as_it_may_have() {
        let addresses = Addresses::new(Some(2));
        let [one, other]: [IpAddr; 2] = ["fd00::1", "fd00::2"].map(|peer| peer.parse().unwrap());
        let enters = |peer| addresses.entered(Moment(0), peer).is_some();
        assert_eq!([one, one, one, other].map(enters), [true, true, false, true]);
        addresses.left(one);
        let first = enters(one);
        assert!(first, "{addresses:?}");
        assert!(!enters(one), "{addresses:?}");
        for peer in [one, one, other] {
            addresses.left(peer);
        }
        assert!(addresses.lock().clients.is_empty());
    }

    #[test]
    fn without_a_bound_no_clients_are_counted() {
        let addresses = Addresses::new(None);
        let peer = "10.0.0.1".parse().unwrap();
        assert!((0..100).all(|_| addresses.entered(Moment(0), peer).is_some()));
        assert!(addresses.lock().clients.is_empty());
    }
}
