//! A data directory with accounts, made by the store itself as a server would make them,
//! only without a server, and a server on it. Never: load.

use super::plan::Plan;
use crate::versus::launch::{Running, launch_lanline};
use anyhow::{Context, Result, bail};
use lanline::accounts::{Label, Notice, Reply, Request, Role, Secret};
use lanline::archive::Micros;
use lanline::secrets::Hasher;
use lanline::store::{Answer, Clock, Database, Desk, Done, Order, Sum, Summed};
use lanline::wire::Name;
use std::time::{Duration, SystemTime};
use tempfile::TempDir;

/// Accounts made with one `fsync`.
const BATCH: usize = 1000;
/// The password of all that have one.
pub(super) const PASSWORD: &str = "correct horse battery";

/// What the accounts have to log in by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Secrets {
    None,
    Tokens,
    Passwords,
}

/// A directory.
pub(crate) struct Site {
    folder: TempDir,
    /// The arguments of `/login`, by account.
    pub logins: Vec<String>,
}

/// The name of an account: of one skeleton or of several, as names are.
pub(crate) fn name(number: usize) -> String {
    let kinds = ["anna", "Bert.", "crew_", "Maintenance-"];
    format!("{}{number}", kinds[number % kinds.len()])
}

impl Site {
    /// # Errors
    /// Where the store refuses.
    pub(crate) fn make(count: usize, secrets: Secrets) -> Result<Self> {
        Self::make_called(count, secrets, name)
    }

    /// With names of the caller's.
    ///
    /// # Errors
    /// Where the store refuses.
    pub(crate) fn make_called(
        count: usize,
        secrets: Secrets,
        name: impl Fn(usize) -> String,
    ) -> Result<Self> {
        let folder = TempDir::with_prefix("stress-")?;
        let mut desk = Desk::<usize>::new(Database::open(folder.path())?);
        desk.begin(now())?;
        let mut logins = Vec::new();
        if secrets == Secrets::Passwords {
            add_with_passwords(&mut desk, count, &name)?;
            logins.resize(count, format!("password {PASSWORD}"));
        } else {
            for first in (0..count).step_by(BATCH) {
                let added = add(&mut desk, first..count.min(first + BATCH), &name)?;
                if secrets == Secrets::Tokens {
                    logins.extend(tokens(&mut desk, added)?);
                }
            }
        }
        Ok(Self { folder, logins })
    }

    /// The directory, and what each logs in by.
    pub(crate) fn into_parts(self) -> (TempDir, Vec<String>) {
        (self.folder, self.logins)
    }

    pub(crate) fn path(&self) -> &str {
        self.folder.path().to_str().unwrap_or_default()
    }

    /// Starts a server on it.
    ///
    /// # Errors
    /// Where it doesn't start.
    pub(super) fn serve(&self, plan: &Plan) -> Result<Running> {
        let workers = plan.workers.map(|workers| workers.to_string());
        let mut flags = vec!["--data", self.path(), "--rate", "0"];
        flags.extend(workers.iter().flat_map(|workers| ["--workers", workers]));
        launch_lanline(&plan.program, &flags, false).with_context(|| {
            let program = plan.program.display();
            format!("no server to test: {program} (build it, or name it with --server-bin)")
        })
    }
}

pub(crate) fn now() -> Clock {
    let unix = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let micros = Micros(unix.as_micros() as i64);
    Clock { running: Duration::ZERO, unix: unix.as_secs() as i64, micros }
}

fn order(name: &str, password: Option<Secret>) -> Result<Order> {
    Ok(Order::AddAccount { name: Name::parse(name)?, role: Role::User, password })
}

/// What has come of it, for good.
fn commit(desk: &mut Desk<usize>) -> Result<Vec<Done<usize>>> {
    match desk.commit() {
        (done, None) => Ok(done),
        (_, Some(error)) => Err(error.into()),
    }
}

/// Adds accounts without a secret; the notices of them.
fn add(
    desk: &mut Desk<usize>,
    numbers: std::ops::Range<usize>,
    name: &impl Fn(usize) -> String,
) -> Result<Vec<Notice>> {
    let count = numbers.len();
    for number in numbers {
        desk.order(now(), number, order(&name(number), None)?);
    }
    let notices: Vec<_> = commit(desk)?.into_iter().flat_map(|done| done.notices).collect();
    if notices.len() != count {
        bail!("the store has made {} accounts of {count}", notices.len());
    }
    Ok(notices)
}

/// Gives each a token.
fn tokens(desk: &mut Desk<usize>, added: Vec<Notice>) -> Result<Vec<String>> {
    let label = Label::parse("stress").context("a label")?;
    for notice in added {
        let Notice::Account(account) = notice else { bail!("no account was made") };
        let ask = Request::NewToken { account: account.id, label: label.clone() };
        desk.ask(now(), Some(0), ask);
    }
    let login = |done: Done<usize>| match done.answer {
        Answer::Reply(Reply::Token { secret, .. }) => Ok(format!("token {}", secret.reveal())),
        other => bail!("no token was made: {other:?}"),
    };
    commit(desk)?.into_iter().map(login).collect()
}

/// Adds accounts with one password, hashed once.
fn add_with_passwords(
    desk: &mut Desk<usize>,
    count: usize,
    name: &impl Fn(usize) -> String,
) -> Result<()> {
    let made = Hasher::new()?.hash(&Secret::new(PASSWORD))?;
    for number in 0..count {
        desk.order(now(), number, order(&name(number), Some(Secret::new(PASSWORD)))?);
        let Some(Sum::Make { .. }) = desk.next_sum(now()) else { bail!("nothing is hashed") };
        desk.summed(now(), Summed { is_right: true, made: Some(made.clone()) });
    }
    commit(desk).map(drop)
}
