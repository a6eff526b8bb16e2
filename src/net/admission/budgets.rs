//! The budgets of recently seen addresses: one for each, in a table of bounded
//! size. Never: what a budget counts.

use crate::chat::{AddressBudget, Moment};
use crate::limits::{ADDRESS_EVICTIONS_PER_ACCEPT, ADDRESSES_MAX};
use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::Arc;

/// An IPv4 address, or a network of IPv6: whoever has one address of a /64 has
/// all of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Key(IpAddr);

impl Key {
    /// `peer` is no IPv4-mapped one.
    fn of(peer: IpAddr) -> Self {
        match peer {
            IpAddr::V4(v4) => Self(v4.into()),
            IpAddr::V6(v6) => {
                let [one, two, three, four, ..] = v6.segments();
                Self(Ipv6Addr::new(one, two, three, four, 0, 0, 0, 0).into())
            }
        }
    }
}

/// A bounded table of budgets. Each look-up sweeps a few entries and drops those
/// that are idle and not held, so no look-up takes long. When the table is full,
/// new addresses share one budget: using more addresses than fit evades no limit.
#[derive(Debug)]
pub(super) struct Budgets {
    /// Where each is in `entries`.
    places: HashMap<Key, usize>,
    entries: Vec<(Key, Arc<AddressBudget>)>,
    /// Where the next sweep goes on.
    sweep: usize,
    entries_max: usize,
    /// Shared by all addresses for which there was no room.
    overflow: Arc<AddressBudget>,
}

impl Default for Budgets {
    fn default() -> Self {
        Self::with_room_for(ADDRESSES_MAX)
    }
}

impl Budgets {
    fn with_room_for(entries_max: usize) -> Self {
        Self {
            places: HashMap::new(),
            entries: Vec::new(),
            sweep: 0,
            entries_max,
            overflow: Arc::new(AddressBudget::new()),
        }
    }

    /// The budget of this peer's address.
    pub(super) fn of(&mut self, now: Moment, peer: IpAddr) -> Arc<AddressBudget> {
        self.sweep(now);
        let key = Key::of(peer);
        if let Some(&place) = self.places.get(&key) {
            return self.entries[place].1.clone();
        }
        if self.entries.len() >= self.entries_max {
            return self.overflow.clone();
        }
        let budget = Arc::new(AddressBudget::new());
        self.places.insert(key, self.entries.len());
        self.entries.push((key, budget.clone()));
        budget
    }

    /// Looks at a few entries and drops those that are idle.
    fn sweep(&mut self, now: Moment) {
        for _ in 0..ADDRESS_EVICTIONS_PER_ACCEPT.min(self.entries.len()) {
            if self.sweep >= self.entries.len() {
                self.sweep = 0;
            }
            let Some((key, budget)) = self.entries.get(self.sweep) else { return };
            // Held by connections, rooms, and messages under way about them.
            if Arc::strong_count(budget) > 1 || !budget.is_idle(now) {
                self.sweep += 1;
                continue;
            }
            self.places.remove(key);
            self.entries.swap_remove(self.sweep);
            if let Some((moved, _)) = self.entries.get(self.sweep) {
                self.places.insert(*moved, self.sweep);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;
    use std::time::Duration;

    const START: Moment = Moment(0);

    fn later() -> Moment {
        START.after(Duration::from_secs(600))
    }

    fn address(number: u32) -> IpAddr {
        Ipv4Addr::from(0x0a00_0000 + number).into()
    }

    /// One that owes something, for a while.
    fn busy(budget: &AddressBudget) {
        assert!(budget.take_room());
    }

    #[test]
    fn an_ipv4_address_is_one_and_a_network_of_ipv6_is_one() {
        let mut budgets = Budgets::default();
        let mut of = |peer: &str| budgets.of(START, peer.parse().unwrap());
        let [one, other] = ["192.168.1.1", "192.168.1.2"].map(&mut of);
        assert!(!Arc::ptr_eq(&one, &other) && Arc::ptr_eq(&one, &of("192.168.1.1")));
        let [one, same, other] = ["fd00::1", "fd00::ffff:1:2:3", "fd00:0:0:1::1"].map(&mut of);
        assert!(Arc::ptr_eq(&one, &same) && !Arc::ptr_eq(&one, &other));
    }

    #[test]
    fn an_address_that_comes_back_finds_its_budget_until_that_is_idle() {
        let mut budgets = Budgets::default();
        let first = budgets.of(START, address(1));
        busy(&first);
        let kept = Arc::downgrade(&first);
        drop(first);
        let again = budgets.of(later(), address(1));
        assert!(Arc::ptr_eq(&kept.upgrade().unwrap(), &again));
        again.give_room_back();
        drop(again);
        drop(budgets.of(later(), address(2)));
        assert!(kept.upgrade().is_none(), "nothing is left to remember");
    }

    #[test]
    fn idle_addresses_make_room_and_busy_ones_do_not() {
        let mut budgets = Budgets::with_room_for(100);
        let held: Vec<_> = (0..50).map(|number| budgets.of(START, address(number))).collect();
        for number in 0..10_000 {
            budgets.of(START, address(1000 + number));
            assert!(budgets.entries.len() <= 100);
            assert_eq!(budgets.places.len(), budgets.entries.len());
        }
        for (number, budget) in (0..).zip(&held) {
            assert!(Arc::ptr_eq(budget, &budgets.of(START, address(number))));
        }
        drop(held);
        for _ in 0..50 {
            budgets.of(START, address(7));
        }
        assert_eq!(budgets.entries.len(), 1, "the last one asked for");
    }

    #[test]
    fn new_addresses_share_one_budget_while_the_table_is_full() {
        let mut budgets = Budgets::with_room_for(2);
        let held = [1, 2].map(|number| budgets.of(START, address(number)));
        let [third, fourth] = [3, 4].map(|number| budgets.of(START, address(number)));
        assert!(Arc::ptr_eq(&third, &fourth) && !Arc::ptr_eq(&third, &held[0]));
        drop(held);
        let third_again = budgets.of(START, address(3));
        assert!(!Arc::ptr_eq(&third, &third_again));
    }

    #[test]
    fn one_look_up_drops_a_bounded_number_of_entries() {
        let mut budgets = Budgets::default();
        let held: Vec<_> = (0..1000).map(|number| budgets.of(START, address(number))).collect();
        drop(held);
        budgets.of(START, address(0));
        let left = budgets.entries.len();
        assert!((1000 - ADDRESS_EVICTIONS_PER_ACCEPT..1000).contains(&left), "{left}");
    }
}
