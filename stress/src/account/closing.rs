//! The end of the books: what is left, what excuses it, what is lost.

use super::ledger::{Ledger, To};
use super::{Departure, FaultKind, User};

impl Ledger {
    /// How many packets have neither arrived nor an excuse.
    pub(crate) fn outstanding(&self) -> u64 {
        self.leftovers().filter(|leftover| !leftover.is_excused).count() as u64
    }

    /// Ends the books: what is left is excused or lost.
    pub(crate) fn close(&mut self) {
        let leftovers: Vec<Leftover> = self.leftovers().collect();
        for leftover in leftovers {
            if leftover.is_excused {
                self.totals.to_closed_sockets += 1;
                continue;
            }
            let (from, to) = (self.names.name(leftover.from), self.names.name(leftover.to));
            let (ordinal, sent_at) = (leftover.ordinal, leftover.sent_at);
            self.fault(FaultKind::Lost, &from, &to, ordinal, sent_at, leftover.detail);
        }
        self.accounts.iter_mut().for_each(|account| account.flights.clear());
    }

    fn leftovers(&self) -> impl Iterator<Item = Leftover> {
        self.accounts.iter().enumerate().flat_map(move |(from, account)| {
            account.flights.iter().flat_map(move |(&ordinal, flight)| {
                let missing: Vec<User> = match &flight.to {
                    To::One(to) => vec![*to],
                    To::Many { missing, .. } => missing.ones().map(|user| user as User).collect(),
                };
                missing.into_iter().map(move |to| Leftover {
                    from: from as User,
                    to,
                    ordinal,
                    sent_at: flight.sent_at,
                    is_excused: flight.is_unsure && self.is_stored
                        || !(flight.to.is_stored() && self.is_stored)
                            && self.is_excused(from as User, to),
                    detail: if flight.is_overtaken { "one sent later came" } else { "" }.to_owned(),
                })
            })
        })
    }

    /// Whether a packet between the two may be gone without a word. Who reads
    /// to the end misses nothing; who is gone can't be told of a refusal.
    fn is_excused(&self, from: User, to: User) -> bool {
        let departure = |user: User| self.accounts[user as usize].departure;
        let (from, to) = (departure(from), departure(to));
        let is_torn = from == Some(Departure::Torn) || to == Some(Departure::Torn);
        is_torn || from.is_some() && to.is_some()
    }
}

/// A packet that was neither delivered nor refused.
struct Leftover {
    from: User,
    to: User,
    ordinal: u64,
    sent_at: u64,
    is_excused: bool,
    detail: String,
}
