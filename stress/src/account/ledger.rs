//! The ledger of one process: each packet from `sent` until it is delivered,
//! refused or excused. Never: judging what arrives.

use super::{Departure, Fault, FaultKind, Names, Posts, Totals, User};
use fixedbitset::FixedBitSet;
use lanline::wire::Endpoint;
use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};

/// Faults kept in words; more are only counted.
const FAULTS_KEPT_MAX: usize = 100;

/// A packet on its way.
pub(super) struct Flight {
    pub(super) to: To,
    pub(super) sent_at: u64,
    /// One sent later has arrived: this one may only be refused.
    pub(super) is_overtaken: bool,
    /// Its sender can't know whether it was stored.
    pub(super) is_unsure: bool,
}

pub(super) enum To {
    One(User),
    /// A post.
    Many {
        to: String,
        /// Who was there when it was sent.
        expected: FixedBitSet,
        /// Those of them who have neither got it nor been refused it.
        missing: FixedBitSet,
        /// Who got it or was refused it without being expected.
        newcomers: HashSet<User>,
    },
}

impl To {
    /// Whether it is stored where users are accounts; a room's owner isn't known here.
    pub(super) fn is_stored(&self) -> bool {
        match self {
            Self::One(_) => true,
            Self::Many { to, .. } => to == Endpoint::Broadcast.name(),
        }
    }
}

/// The account of one user.
#[derive(Default)]
pub(super) struct Account {
    pub(super) flights: BTreeMap<u64, Flight>,
    /// The last packet that it has written to anybody.
    pub(super) last_ordinal: u64,
    /// Packets that the disk has refused.
    pub(super) not_kept: HashSet<u64>,
    /// Under which it is or was known: an account comes from anywhere.
    pub(super) ips: Vec<String>,
    pub(super) departure: Option<Departure>,
}

/// Every packet of one process's users.
pub(crate) struct Ledger {
    pub(super) names: Names,
    pub(super) accounts: Vec<Account>,
    /// Ordinals on their way, by sender and recipient, oldest first; refused
    /// ones are taken out late.
    pub(super) roads: HashMap<(User, User), VecDeque<u64>>,
    /// The last post that arrived, by sender and recipient.
    pub(super) last_posts: HashMap<(User, User), u64>,
    /// Posts stay in the books, since newcomers may still get them.
    pub(super) has_newcomers: bool,
    /// Posts of other processes' users: how many arrived here, by sender, and
    /// the last of each that a user got.
    pub(super) foreign: BTreeMap<String, u64>,
    pub(super) last_foreign: HashMap<(String, User), u64>,
    posts: BTreeMap<String, Posts>,
    pub(super) totals: Totals,
    /// Users are accounts, who come back: what is for them waits for them.
    pub(super) is_stored: bool,
    faults: Vec<Fault>,
}

impl Ledger {
    /// An empty ledger. `has_newcomers`: posts may meet users who come or go.
    pub(crate) fn new(names: Names, has_newcomers: bool) -> Self {
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
            is_stored: false,
            faults: Vec::new(),
        }
    }

    /// What other processes' users have sent to all and was received here.
    pub(crate) fn foreign(&self) -> &BTreeMap<String, u64> {
        &self.foreign
    }

    /// What this process's users have sent to all.
    pub(crate) fn posts(&self) -> &BTreeMap<String, Posts> {
        &self.posts
    }

    pub(crate) fn names(&self) -> &Names {
        &self.names
    }

    pub(crate) fn totals(&self) -> &Totals {
        &self.totals
    }

    pub(crate) fn faults(&self) -> &[Fault] {
        &self.faults
    }

    /// A user nobody was before.
    pub(crate) fn open_account(&mut self) -> User {
        self.accounts.push(Account::default());
        (self.accounts.len() - 1) as User
    }

    /// So many users are accounts, and nobody else comes.
    pub(crate) fn open_stored_accounts(&mut self, count: usize) {
        self.is_stored = true;
        self.accounts.resize_with(count, Account::default);
    }

    /// Whether they are.
    pub(crate) fn is_stored(&self) -> bool {
        self.is_stored
    }

    /// An account is back.
    pub(crate) fn returned(&mut self, user: User) {
        self.accounts[user as usize].departure = None;
    }

    /// The address under which the server knows the user.
    pub(crate) fn knows_address(&mut self, user: User, ip: &str) {
        let ips = &mut self.accounts[user as usize].ips;
        if !ips.iter().any(|known| known == ip) {
            ips.push(ip.to_owned());
        }
    }

    pub(crate) fn departed(&mut self, user: User, departure: Departure) {
        let account = &mut self.accounts[user as usize];
        account.departure = Some(departure);
        if departure == Departure::Torn {
            account.flights.values_mut().for_each(|flight| flight.is_unsure = true);
        }
    }

    /// `from` writes its packet `ordinal` to `to`.
    pub(crate) fn sent(&mut self, from: User, to: User, ordinal: u64, sent_at: u64) {
        self.totals.sent += 1;
        self.roads.entry((from, to)).or_default().push_back(ordinal);
        self.takes_off(from, ordinal, To::One(to), sent_at);
    }

    /// `from` writes its packet `ordinal` to many.
    pub(crate) fn posted(
        &mut self,
        from: User,
        to: &str,
        recipients: impl Iterator<Item = User>,
        ordinal: u64,
        sent_at: u64,
    ) {
        // Not one cloned from the other: pages without a bit stay untouched.
        let mut expected = FixedBitSet::with_capacity(self.accounts.len());
        let mut missing = FixedBitSet::with_capacity(self.accounts.len());
        for user in recipients {
            expected.insert(user as usize);
            missing.insert(user as usize);
        }
        self.totals.sent += expected.count_ones(..) as u64;
        if to == Endpoint::Broadcast.name() {
            self.posts.entry(self.names.name(from)).or_default().sent += 1;
        }
        let to = To::Many { to: to.to_owned(), expected, missing, newcomers: HashSet::new() };
        self.takes_off(from, ordinal, to, sent_at);
    }

    fn takes_off(&mut self, from: User, ordinal: u64, to: To, sent_at: u64) {
        let flight = Flight { to, sent_at, is_overtaken: false, is_unsure: false };
        let account = &mut self.accounts[from as usize];
        account.last_ordinal = ordinal;
        account.flights.insert(ordinal, flight);
    }

    /// Takes a post back that was refused as a whole.
    fn unpost(&mut self, from: User, to: &str, missing: &FixedBitSet, code: &str) {
        if to == Endpoint::Broadcast.name()
            && let Some(posts) = self.posts.get_mut(&self.names.name(from))
        {
            posts.sent = posts.sent.saturating_sub(1);
        }
        let count = missing.count_ones(..) as u64;
        *self.totals.refused.entry(code.to_owned()).or_default() += count;
    }

    /// How many users still have to get the post; 0 once it is done with.
    pub(crate) fn missing(&self, from: User, ordinal: u64) -> usize {
        match self.accounts[from as usize].flights.get(&ordinal).map(|flight| &flight.to) {
            Some(To::Many { missing, .. }) => missing.count_ones(..),
            Some(To::One(_)) => 1,
            None => 0,
        }
    }

    /// The sender's packet `ordinal` was refused, with this code, for this
    /// recipient where one is named. False if it fits no packet on its way.
    pub(crate) fn refused(
        &mut self,
        from: User,
        ordinal: u64,
        code: &str,
        to: Option<&str>,
    ) -> bool {
        if ordinal > self.accounts[from as usize].last_ordinal {
            return false;
        }
        if self.is_stored
            && let Some(fits) = self.about_stored(from, ordinal, code)
        {
            return fits;
        }
        let recipient = to.and_then(|name| self.names.user(name));
        if recipient.is_none()
            && let Some(to) = to
            && self.names.is_of_this_run(to)
        {
            self.posts.entry(self.names.name(from)).or_default().refused_elsewhere += 1;
            *self.totals.refused.entry(code.to_owned()).or_default() += 1;
            return true;
        }
        let account = &mut self.accounts[from as usize];
        let Some(flight) = account.flights.get_mut(&ordinal) else { return false };
        match (&mut flight.to, recipient) {
            (To::One(one), recipient) if to.is_none() || recipient == Some(*one) => {
                account.flights.remove(&ordinal);
                *self.totals.refused.entry(code.to_owned()).or_default() += 1;
                true
            }
            (To::Many { expected, missing, newcomers, .. }, Some(user)) => {
                if !missing.contains(user as usize) {
                    let is_newcomer = self.has_newcomers && !expected.contains(user as usize);
                    return is_newcomer && newcomers.insert(user);
                }
                missing.set(user as usize, false);
                *self.totals.refused.entry(code.to_owned()).or_default() += 1;
                self.tidy(from, ordinal);
                true
            }
            (To::Many { .. }, None) if to.is_none() => {
                if let Some(Flight { to: To::Many { to, missing, .. }, .. }) =
                    account.flights.remove(&ordinal)
                {
                    self.unpost(from, &to, &missing, code);
                }
                true
            }
            _ => false,
        }
    }

    /// A refusal of what is to be stored, which doesn't take it back; whether it fits.
    fn about_stored(&mut self, from: User, ordinal: u64, code: &str) -> Option<bool> {
        let account = &mut self.accounts[from as usize];
        let flight = account.flights.get_mut(&ordinal);
        match (code, flight) {
            // Who is here has it already, or will; who is not may never.
            ("not-kept", flight) => {
                if let Some(flight) = flight {
                    flight.is_unsure = true;
                }
                Some(account.not_kept.insert(ordinal))
            }
            ("busy" | "undelivered", Some(flight)) if flight.to.is_stored() => {
                let (at, from) = (flight.sent_at, self.names.name(from));
                self.fault(FaultKind::NotStored, &from, "server", ordinal, at, code.to_owned());
                Some(true)
            }
            _ => None,
        }
    }

    /// Notes a fault.
    pub(crate) fn fault(
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

    /// Closes the books on a post that all have.
    pub(super) fn tidy(&mut self, from: User, ordinal: u64) {
        let account = &mut self.accounts[from as usize];
        if let Some(Flight { to: To::Many { missing, .. }, .. }) = account.flights.get(&ordinal)
            && missing.is_clear()
            && !self.has_newcomers
        {
            account.flights.remove(&ordinal);
        }
    }
}
