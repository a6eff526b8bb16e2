//! What arrives, held against what is on its way. Never: what is on its way at
//! the end.

use super::ledger::{Flight, Ledger, To};
use super::{FaultKind, Note, NoteTo, User};
use std::collections::btree_map::Entry;

/// A packet that arrived as it should.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Landed {
    pub from: User,
    /// Nanoseconds since the run began.
    pub sent_at: u64,
    /// Nobody misses it any more.
    pub is_settled: bool,
}

impl Ledger {
    /// `at` has received a packet, stamped as from `name` at `ip`. Returns what
    /// it was, if it was as it should be and comes from this process.
    pub(crate) fn delivered(
        &mut self,
        at: User,
        name: &str,
        ip: &str,
        to: &str,
        text: &str,
    ) -> Option<Landed> {
        let own_name = self.names.name(at);
        let Some(note) = Note::read(text) else {
            let start: String = text.chars().take(80).collect();
            self.fault(FaultKind::NeverSent, name, &own_name, 0, 0, format!("text {start:?}"));
            return None;
        };
        let say = |ledger: &mut Self, kind, detail| {
            ledger.fault(kind, note.from, &own_name, note.ordinal, note.sent_at, detail);
        };
        if note.from != name {
            say(self, FaultKind::WrongSender, format!("stamped as from {name}"));
            return None;
        }
        if note.to != to {
            say(self, FaultKind::WrongRecipient, format!("sent to {}, stamped {to}", note.to));
            return None;
        }
        let Some(from) = self.names.user(name).filter(|&user| self.is_account(user)) else {
            if matches!(note.recipient(), NoteTo::Many(_)) && self.names.is_of_this_run(name) {
                self.foreign_post(&note, at);
                return None;
            }
            say(self, FaultKind::NeverSent, "no such user".to_owned());
            return None;
        };
        let known = &self.accounts[from as usize].ips;
        if !known.iter().any(|known| known == ip) {
            let known = known.last().map_or("nobody", String::as_str);
            let detail = format!("stamped {ip}, welcomed as {known}");
            say(self, FaultKind::WrongSender, detail);
            return None;
        }
        let outcome = match note.recipient() {
            NoteTo::User(to) if to != own_name => {
                Err((FaultKind::WrongRecipient, format!("it was for {to}")))
            }
            NoteTo::User(_) => self.land(from, at, &note),
            NoteTo::Many(_) if from == at => {
                Err((FaultKind::WrongRecipient, "it came back to its sender".to_owned()))
            }
            NoteTo::Many(_) => self.land_post(from, at, &note),
        };
        match outcome {
            Ok(()) => {
                let is_settled = self.missing(from, note.ordinal) == 0;
                Some(Landed { from, sent_at: note.sent_at, is_settled })
            }
            Err((kind, detail)) => {
                say(self, kind, detail);
                None
            }
        }
    }

    fn is_account(&self, user: User) -> bool {
        (user as usize) < self.accounts.len()
    }

    fn land(&mut self, from: User, at: User, note: &Note<'_>) -> Result<(), (FaultKind, String)> {
        let account = &mut self.accounts[from as usize];
        let Entry::Occupied(flight) = account.flights.entry(note.ordinal) else {
            return Err(not_on_its_way(note.ordinal, account.last_ordinal));
        };
        let is_it = |flight: &Flight| matches!(flight.to, To::One(to) if to == at);
        if !is_it(flight.get()) || flight.get().sent_at != note.sent_at {
            return Err(another_was_sent());
        }
        let flight = flight.remove();
        if let Some(road) = self.roads.get_mut(&(from, at)) {
            while let Some(&ordinal) = road.front()
                && ordinal <= note.ordinal
            {
                road.pop_front();
                if let Some(earlier) = account.flights.get_mut(&ordinal) {
                    earlier.is_overtaken = true;
                }
            }
            if road.is_empty() {
                self.roads.remove(&(from, at));
            }
        }
        self.totals.delivered += 1;
        if flight.is_overtaken {
            return Err((FaultKind::OutOfOrder, "one sent later came first".to_owned()));
        }
        Ok(())
    }

    fn land_post(
        &mut self,
        from: User,
        at: User,
        note: &Note<'_>,
    ) -> Result<(), (FaultKind, String)> {
        let account = &mut self.accounts[from as usize];
        let Some(flight) = account.flights.get_mut(&note.ordinal) else {
            return Err(not_on_its_way(note.ordinal, account.last_ordinal));
        };
        let To::Many { to, expected, missing, newcomers } = &mut flight.to else {
            return Err(another_was_sent());
        };
        if to != note.to || flight.sent_at != note.sent_at {
            return Err(another_was_sent());
        }
        let is_newcomer = self.has_newcomers && !expected.contains(at as usize);
        if missing.contains(at as usize) {
            missing.set(at as usize, false);
            self.totals.delivered += 1;
        } else if is_newcomer && newcomers.insert(at) {
            self.totals.to_newcomers += 1;
        } else {
            return Err(not_on_its_way(note.ordinal, account.last_ordinal));
        }
        let last = self.last_posts.insert((from, at), note.ordinal);
        self.tidy(from, note.ordinal);
        match last.filter(|&last| last > note.ordinal) {
            Some(last) => Err((FaultKind::OutOfOrder, format!("packet {last} came first"))),
            None => Ok(()),
        }
    }

    /// A post from another process: counted here, compared at the end.
    fn foreign_post(&mut self, note: &Note<'_>, at: User) {
        *self.foreign.entry(note.from.to_owned()).or_default() += 1;
        let last = self.last_foreign.insert((note.from.to_owned(), at), note.ordinal);
        if let Some(last) = last.filter(|&last| last >= note.ordinal) {
            let kind = if last == note.ordinal { FaultKind::Twice } else { FaultKind::OutOfOrder };
            let detail = format!("packet {last} came before");
            self.fault(kind, note.from, &self.names.name(at), note.ordinal, note.sent_at, detail);
        }
    }
}

/// What is wrong with a packet that nobody waits for; `last` is the last that
/// its sender has written.
fn not_on_its_way(ordinal: u64, last: u64) -> (FaultKind, String) {
    match ordinal > last {
        true => (FaultKind::NeverSent, format!("its sender's last was {last}")),
        false => (FaultKind::Twice, "it is not on its way any more".to_owned()),
    }
}

/// What is wrong with a packet that came in place of the one of its ordinal.
fn another_was_sent() -> (FaultKind, String) {
    (FaultKind::NeverSent, "the packet of this number was another".to_owned())
}
