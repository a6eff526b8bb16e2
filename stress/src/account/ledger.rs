//! The ledger of one process: each packet from `sent` until it is delivered,
//! refused or excused.

use super::{Departure, Fault, FaultKind, Names, Note, NoteTo, Posts, Totals, User};
use fixedbitset::FixedBitSet;
use lanline::wire::Endpoint;
use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};

/// Faults kept in words; more are only counted.
const FAULTS_KEPT_MAX: usize = 100;

/// A packet that arrived as it should.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Landed {
    pub from: User,
    /// Nanoseconds since the run began.
    pub sent_at: u64,
    /// Nobody misses it any more.
    pub is_settled: bool,
}

/// A packet on its way.
pub(super) struct Flight {
    pub(super) to: To,
    pub(super) sent_at: u64,
    /// One sent later has arrived: this one may only be refused.
    pub(super) is_overtaken: bool,
}

pub(super) enum To {
    One(User),
    /// A post; who still has to get it.
    Many {
        to: String,
        missing: FixedBitSet,
        newcomers: HashSet<User>,
    },
}

/// The account of one user.
#[derive(Default)]
pub(super) struct Account {
    pub(super) flights: BTreeMap<u64, Flight>,
    ip: Option<String>,
    pub(super) departure: Option<Departure>,
}

/// Every packet of one process's users.
pub struct Ledger {
    pub(super) names: Names,
    pub(super) accounts: Vec<Account>,
    /// Ordinals on their way, by sender and recipient, oldest first; refused
    /// ones are taken out late.
    roads: HashMap<(User, User), VecDeque<u64>>,
    /// The last post that arrived, by sender and recipient.
    last_posts: HashMap<(User, User), u64>,
    /// Posts stay in the books, since newcomers may still get them.
    has_newcomers: bool,
    /// Posts of other processes' users: how many arrived here, by sender, and
    /// the last of each that a user got.
    foreign: BTreeMap<String, u64>,
    last_foreign: HashMap<(String, User), u64>,
    posts: BTreeMap<String, Posts>,
    pub(super) totals: Totals,
    faults: Vec<Fault>,
}

impl Ledger {
    /// An empty ledger. `has_newcomers`: posts may meet users who come or go.
    pub fn new(names: Names, has_newcomers: bool) -> Self {
        Self {
            names,
            accounts: Vec::new(),
            roads: HashMap::new(),
            last_posts: HashMap::new(),
            has_newcomers,
            foreign: BTreeMap::new(),
            last_foreign: HashMap::new(),
            posts: BTreeMap::new(),
            totals: Totals::default(),
            faults: Vec::new(),
        }
    }

    /// What other processes' users have sent to all and was received here.
    pub fn foreign(&self) -> &BTreeMap<String, u64> {
        &self.foreign
    }

    /// What this process's users have sent to all.
    pub fn posts(&self) -> &BTreeMap<String, Posts> {
        &self.posts
    }

    pub fn names(&self) -> &Names {
        &self.names
    }

    pub fn totals(&self) -> &Totals {
        &self.totals
    }

    pub fn faults(&self) -> &[Fault] {
        &self.faults
    }

    /// A user nobody was before.
    pub fn open_account(&mut self) -> User {
        self.accounts.push(Account::default());
        (self.accounts.len() - 1) as User
    }

    /// The address under which the server knows the user.
    pub fn knows_address(&mut self, user: User, ip: &str) {
        self.accounts[user as usize].ip = Some(ip.to_owned());
    }

    pub fn departed(&mut self, user: User, departure: Departure) {
        self.accounts[user as usize].departure = Some(departure);
    }

    /// `from` writes its packet `ordinal` to `to`.
    pub fn sent(&mut self, from: User, to: User, ordinal: u64, sent_at: u64) {
        self.totals.sent += 1;
        self.roads.entry((from, to)).or_default().push_back(ordinal);
        let flight = Flight { to: To::One(to), sent_at, is_overtaken: false };
        self.accounts[from as usize].flights.insert(ordinal, flight);
    }

    /// `from` writes its packet `ordinal` to many.
    pub fn posted(
        &mut self,
        from: User,
        to: &str,
        recipients: impl Iterator<Item = User>,
        ordinal: u64,
        sent_at: u64,
    ) {
        let mut missing = FixedBitSet::with_capacity(self.accounts.len());
        recipients.for_each(|user| missing.insert(user as usize));
        self.totals.sent += missing.count_ones(..) as u64;
        if to == Endpoint::Broadcast.name() {
            self.posts.entry(self.names.name(from)).or_default().sent += 1;
        }
        let to = To::Many { to: to.to_owned(), missing, newcomers: HashSet::new() };
        let flight = Flight { to, sent_at, is_overtaken: false };
        self.accounts[from as usize].flights.insert(ordinal, flight);
    }

    /// Takes a post back that was refused as a whole.
    fn unpost(&mut self, from: User, missing: &FixedBitSet, code: &str) {
        if let Some(posts) = self.posts.get_mut(&self.names.name(from)) {
            posts.sent = posts.sent.saturating_sub(1);
        }
        let count = missing.count_ones(..) as u64;
        *self.totals.refused.entry(code.to_owned()).or_default() += count;
    }

    /// How many users still have to get the post; 0 once it is done with.
    pub fn missing(&self, from: User, ordinal: u64) -> usize {
        match self.accounts[from as usize].flights.get(&ordinal).map(|flight| &flight.to) {
            Some(To::Many { missing, .. }) => missing.count_ones(..),
            Some(To::One(_)) => 1,
            None => 0,
        }
    }

    /// `at` has received a packet. Returns what it was, if it was as it should
    /// be and comes from this process.
    pub fn delivered(
        &mut self,
        at: User,
        name: &str,
        ip: Option<&str>,
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
        let known = self.accounts[from as usize].ip.as_deref();
        if let (Some(ip), Some(known)) = (ip, known)
            && ip != known
        {
            let detail = format!("stamped {ip}, welcomed as {known}");
            say(self, FaultKind::WrongSender, detail);
            return None;
        }
        let outcome = match note.recipient() {
            NoteTo::User(to) if to != own_name => {
                Err((FaultKind::WrongRecipient, format!("it was for {to}")))
            }
            NoteTo::User(_) => self.land(from, at, &note),
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

    /// The sender's packet `ordinal` was refused, with this code, for this
    /// recipient where one is named. False if it fits no packet on its way.
    pub fn refused(&mut self, from: User, ordinal: u64, code: &str, to: Option<&str>) -> bool {
        let recipient = to.and_then(|name| self.names.user(name));
        if recipient.is_none()
            && let Some(to) = to
            && self.names.is_of_this_run(to)
        {
            self.posts.entry(self.names.name(from)).or_default().refused_elsewhere += 1;
            return true;
        }
        let account = &mut self.accounts[from as usize];
        let Some(flight) = account.flights.get_mut(&ordinal) else { return false };
        match (&mut flight.to, recipient) {
            (To::One(to), recipient) if recipient.is_none_or(|user| user == *to) => {
                account.flights.remove(&ordinal);
                *self.totals.refused.entry(code.to_owned()).or_default() += 1;
                true
            }
            (To::Many { missing, newcomers, .. }, Some(user)) => {
                let is_missing = missing.contains(user as usize);
                missing.set(user as usize, false);
                if is_missing {
                    *self.totals.refused.entry(code.to_owned()).or_default() += 1;
                }
                let is_fine = is_missing || self.has_newcomers && newcomers.insert(user);
                self.tidy(from, ordinal);
                is_fine
            }
            (To::Many { .. }, None) if to.is_none() => {
                if let Some(Flight { to: To::Many { missing, .. }, .. }) =
                    account.flights.remove(&ordinal)
                {
                    self.unpost(from, &missing, code);
                }
                true
            }
            _ => false,
        }
    }

    /// Notes a fault.
    pub fn fault(
        &mut self,
        kind: FaultKind,
        from: &str,
        to: &str,
        ordinal: u64,
        at: u64,
        detail: String,
    ) {
        self.totals.faults += 1;
        if self.faults.len() < FAULTS_KEPT_MAX {
            let (from, to) = (from.to_owned(), to.to_owned());
            let at_seconds = at as f64 / 1e9;
            self.faults.push(Fault { kind, from, to, ordinal, at_seconds, detail });
        }
    }

    fn is_account(&self, user: User) -> bool {
        (user as usize) < self.accounts.len()
    }

    fn land(&mut self, from: User, at: User, note: &Note<'_>) -> Result<(), (FaultKind, String)> {
        let account = &mut self.accounts[from as usize];
        let flight = account.flights.remove(&note.ordinal);
        let is_ours = |flight: &Flight| matches!(flight.to, To::One(to) if to == at);
        let Some(flight) = flight.filter(is_ours) else {
            return Err((FaultKind::Twice, "it is not on its way any more".to_owned()));
        };
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
        let again = || (FaultKind::Twice, "it is not on its way any more".to_owned());
        let flight = account.flights.get_mut(&note.ordinal).ok_or_else(again)?;
        let To::Many { to, missing, newcomers } = &mut flight.to else {
            return Err((FaultKind::WrongRecipient, "it was for one".to_owned()));
        };
        if to != note.to {
            return Err((FaultKind::WrongRecipient, format!("it was for {to}")));
        }
        if missing.contains(at as usize) {
            missing.set(at as usize, false);
            self.totals.delivered += 1;
        } else if self.has_newcomers && newcomers.insert(at) {
            self.totals.to_newcomers += 1;
        } else {
            return Err(again());
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

    /// Closes the books on a post that all have.
    fn tidy(&mut self, from: User, ordinal: u64) {
        let account = &mut self.accounts[from as usize];
        if let Some(Flight { to: To::Many { missing, .. }, .. }) = account.flights.get(&ordinal)
            && missing.is_clear()
            && !self.has_newcomers
        {
            account.flights.remove(&ordinal);
        }
    }
}
