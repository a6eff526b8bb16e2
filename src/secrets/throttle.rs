//! Guessing is slowed: after too many wrong secrets nothing more is looked at for a
//! while, from one address, or for one account from addresses that are strange to it.
//! Never: the secrets.

use super::peer::Peer;
use super::recent::Recent;
use crate::accounts::AccountId;
use crate::limits::{GUESS_KEYS_MAX, GUESSES_MAX, GUESSES_SPAN};
use std::collections::HashMap;
use std::time::Duration;

/// Who guesses, or what is guessed at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Key {
    Peer(Peer),
    /// From addresses that never logged in to it.
    Account(AccountId),
}

/// Who tries to log in.
#[derive(Clone, Copy, Debug)]
pub struct Attempt {
    pub peer: Peer,
    /// None where there is no such account.
    pub account: Option<AccountId>,
    /// The address has logged in to it before.
    pub is_known: bool,
}

/// Whether an attempt is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    LookAt,
    /// The account is guessed at from elsewhere.
    AccountShut,
    /// The address guesses.
    PeerShut,
}

/// Counts wrong secrets. Times are since the start of the process.
#[derive(Debug)]
pub struct Throttle {
    wrong: Recent<Key>,
    /// Until when.
    shut: HashMap<Key, Duration>,
}

impl Default for Throttle {
    fn default() -> Self {
        let wrong = Recent::new(GUESSES_SPAN, GUESSES_MAX, GUESS_KEYS_MAX);
        Self { wrong, shut: HashMap::new() }
    }
}

impl Throttle {
    pub fn verdict(&self, now: Duration, attempt: Attempt) -> Verdict {
        let is_shut = |key| self.shut.get(&key).is_some_and(|&until| now < until);
        let account = attempt.account.filter(|_| !attempt.is_known);
        if is_shut(Key::Peer(attempt.peer)) {
            Verdict::PeerShut
        } else if account.is_some_and(|account| is_shut(Key::Account(account))) {
            Verdict::AccountShut
        } else {
            Verdict::LookAt
        }
    }

    /// One that was looked at was wrong.
    pub fn was_wrong(&mut self, now: Duration, attempt: Attempt) {
        self.count(now, Key::Peer(attempt.peer));
        if let Some(account) = attempt.account.filter(|_| !attempt.is_known) {
            self.count(now, Key::Account(account));
        }
    }

    fn count(&mut self, now: Duration, key: Key) {
        if self.wrong.add(now, key) < GUESSES_MAX {
            return;
        }
        self.wrong.forget(key);
        if self.shut.len() >= GUESS_KEYS_MAX {
            self.shut.retain(|_, until| now < *until);
            let first = self.shut.iter().min_by_key(|(_, until)| **until).map(|(&key, _)| key);
            if let Some(first) = first.filter(|_| self.shut.len() >= GUESS_KEYS_MAX) {
                self.shut.remove(&first);
            }
        }
        self.shut.insert(key, now + GUESSES_SPAN);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::num::NonZeroU32;

    const fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn attempt(address: u8, account: Option<u32>, is_known: bool) -> Attempt {
        let account = account.and_then(NonZeroU32::new).map(AccountId);
        Attempt { peer: Peer::of([10, 0, 0, address].into()), account, is_known }
    }

    #[test]
    fn ten_wrong_ones_within_a_minute_shut_an_address_for_the_next() {
        let mut throttle = Throttle::default();
        // Accounts differ, or aren't there.
        for second in 0..9 {
            throttle.was_wrong(at(second), attempt(1, (second % 2 == 0).then_some(7), true));
        }
        assert_eq!(throttle.verdict(at(9), attempt(1, None, false)), Verdict::LookAt);
        throttle.was_wrong(at(59), attempt(1, None, false));
        for (second, address, verdict) in [
            (59, 1, Verdict::PeerShut),
            (118, 1, Verdict::PeerShut),
            (119, 1, Verdict::LookAt),
            (59, 2, Verdict::LookAt),
        ] {
            assert_eq!(throttle.verdict(at(second), attempt(address, Some(7), true)), verdict);
        }
        // What was counted for it is over.
        throttle.was_wrong(at(119), attempt(1, None, false));
        assert_eq!(throttle.verdict(at(119), attempt(1, None, false)), Verdict::LookAt);
    }

    #[test]
    fn nine_and_one_after_a_minute_are_not_ten() {
        let mut throttle = Throttle::default();
        for _ in 0..9 {
            throttle.was_wrong(at(0), attempt(1, None, false));
        }
        throttle.was_wrong(at(60), attempt(1, None, false));
        assert_eq!(throttle.verdict(at(60), attempt(1, None, false)), Verdict::LookAt);
    }

    #[test]
    fn an_account_that_strangers_guess_at_stays_open_to_addresses_it_knows() {
        let mut throttle = Throttle::default();
        for address in 1..=10 {
            let stranger = attempt(address, Some(7), false);
            assert_eq!(throttle.verdict(at(1), stranger), Verdict::LookAt);
            throttle.was_wrong(at(1), stranger);
        }
        assert_eq!(throttle.verdict(at(60), attempt(99, Some(7), false)), Verdict::AccountShut);
        assert_eq!(throttle.verdict(at(60), attempt(99, Some(7), true)), Verdict::LookAt);
        assert_eq!(throttle.verdict(at(60), attempt(99, Some(8), false)), Verdict::LookAt);
        assert_eq!(throttle.verdict(at(60), attempt(99, None, false)), Verdict::LookAt);
        assert_eq!(throttle.verdict(at(61), attempt(99, Some(7), false)), Verdict::LookAt);
    }

    #[test]
    fn wrong_ones_from_addresses_it_knows_shut_no_account() {
        let mut throttle = Throttle::default();
        for address in 1..=20 {
            throttle.was_wrong(at(1), attempt(address, Some(7), true));
        }
        assert_eq!(throttle.verdict(at(1), attempt(99, Some(7), false)), Verdict::LookAt);
    }
}
