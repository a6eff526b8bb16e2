//! A desk of the tests, with a database of its own and hashes that take no time. Never:
//! a test.

use super::{Answer, Clock, Desk, Done, Sum, Summed};
use crate::accounts::{
    Account, AccountId, Failure, Label, Notice, Proof, Reply, Request, Secret, TokenId,
};
use crate::archive::Micros;
use crate::store::{Database, Order, Told};
use crate::wire::Name;
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::Duration;
use tempfile::TempDir;

pub(super) struct Site {
    pub desk: Desk<u32>,
    pub clock: Clock,
    next: u32,
    place: TempDir,
}

pub(super) fn name(text: &str) -> Name {
    Name::parse(text).unwrap()
}

pub(super) fn label(text: &str) -> Label {
    Label::parse(text).unwrap()
}

pub(super) fn peer(number: u8) -> IpAddr {
    [10, 0, 0, number].into()
}

pub(super) fn password(text: &str) -> Proof {
    Proof::Password(Secret::new(text))
}

/// A hash that everybody can see through.
fn hash(password: &Secret) -> String {
    format!("hash of {}", password.reveal())
}

pub(super) fn work_out(sum: Sum) -> Summed {
    match sum {
        Sum::Compare { password, hash: kept } => {
            Summed { is_right: kept == Some(hash(&password)), made: None }
        }
        Sum::Make { password } => Summed { is_right: true, made: Some(hash(&password)) },
        Sum::Change { old, hash: kept, new } => {
            let is_right = kept == Some(hash(&old));
            Summed { is_right, made: is_right.then(|| hash(&new)) }
        }
    }
}

impl Site {
    pub(super) fn new() -> Self {
        let place = tempfile::tempdir().unwrap();
        let desk = Desk::new(Database::open(place.path()).unwrap());
        let clock =
            Clock { running: Duration::ZERO, unix: 1_000_000, micros: Micros(1_000_000_000_000) };
        Self { desk, clock, next: 0, place }
    }

    pub(super) fn place(&self) -> &std::path::Path {
        self.place.path()
    }

    /// The same after a restart.
    pub(super) fn restart(&mut self) -> Vec<Notice> {
        self.desk = Desk::new(Database::open(self.place.path()).unwrap());
        self.desk.notices(self.clock).unwrap()
    }

    pub(super) fn pass(&mut self, seconds: u64) {
        self.clock.running += Duration::from_secs(seconds);
        self.clock.unix += seconds as i64;
        self.clock.micros.0 += seconds as i64 * 1_000_000;
    }

    /// Asks, without waiting for what comes of it.
    pub(super) fn begin(&mut self, request: Request) -> u32 {
        self.next += 1;
        self.desk.ask(self.clock, Some(self.next), request);
        self.next
    }

    /// All that is to be hashed is, and all is committed.
    pub(super) fn settle(&mut self) -> Vec<Done<u32>> {
        while let Some(sum) = self.desk.next_sum(self.clock) {
            self.desk.summed(self.clock, work_out(sum));
        }
        self.desk.commit().0
    }

    /// Asks, and what comes of it.
    pub(super) fn ask(&mut self, request: Request) -> (Vec<Notice>, Reply) {
        let asker = self.begin(request);
        let mut done = self.settle();
        assert_eq!(done.len(), 1, "{done:?}");
        let Done { notices, asker: number, answer, .. } = done.remove(0);
        match answer {
            Answer::Reply(reply) if number == asker => (notices, reply),
            other => panic!("{other:?}"),
        }
    }

    pub(super) fn failure(&mut self, request: Request) -> Failure {
        match self.ask(request) {
            (notices, Reply::Failed(failure)) if notices.is_empty() => failure,
            other => panic!("{other:?}"),
        }
    }

    pub(super) fn order(&mut self, order: Order) -> (Vec<Notice>, Told) {
        self.next += 1;
        self.desk.order(self.clock, self.next, order);
        let Done { notices, answer, .. } = self.settle().remove(0);
        match answer {
            Answer::Told(told) => (notices, told),
            other => panic!("{other:?}"),
        }
    }

    /// Registers from that address; its number.
    pub(super) fn register(&mut self, text: &str, password: &str, from: u8) -> AccountId {
        let (notices, reply) = self.ask(registering(text, password, from));
        let Reply::Registered { account } = reply else { panic!("{reply:?}") };
        let [Notice::Account(Account { id, name, .. })] = &notices[..] else {
            panic!("{notices:?}")
        };
        assert_eq!((*id, name.shown()), (account, text));
        account
    }

    /// Logs in; by which token, or why not.
    pub(super) fn log_in(
        &mut self,
        account: AccountId,
        proof: Proof,
        from: u8,
    ) -> Result<Option<TokenId>, Failure> {
        let request = Request::Login { account: Some(account), proof, peer: peer(from) };
        match self.ask(request) {
            (_, Reply::LoggedIn { account: found, token }) if found == account => Ok(token),
            (_, Reply::Failed(failure)) => Err(failure),
            other => panic!("{other:?}"),
        }
    }

    pub(super) fn token(&mut self, account: AccountId, text: &str) -> Secret {
        match self.ask(Request::NewToken { account, label: label(text) }) {
            (_, Reply::Token { secret, .. }) => secret,
            other => panic!("{other:?}"),
        }
    }

    /// What shards know after a restart, by name.
    pub(super) fn known(&mut self) -> BTreeMap<String, Account> {
        let notices = self.restart();
        let accounts = notices.into_iter().filter_map(|notice| match notice {
            Notice::Account(account) => Some((account.name.shown().to_owned(), account)),
            _ => None,
        });
        accounts.collect()
    }
}

pub(super) fn registering(text: &str, password: &str, from: u8) -> Request {
    Request::Register { name: name(text), password: Secret::new(password), peer: peer(from) }
}

/// Whose sessions end, and whether all but the asker's.
pub(super) fn ended(notices: &[Notice]) -> Vec<(AccountId, Option<TokenId>, bool)> {
    let end = |notice: &Notice| match *notice {
        Notice::EndSessions { account, token, but_asker } => Some((account, token, but_asker)),
        _ => None,
    };
    notices.iter().filter_map(end).collect()
}
