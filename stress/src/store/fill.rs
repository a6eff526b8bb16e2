//! Packets between pairs of accounts, put into the store. Never: a server.

use super::StoreArgs;
use crate::login::site::{name, now};
use crate::machine;
use crate::report::Progress;
use anyhow::{Context, Result, bail};
use lanline::accounts::{AccountId, Notice};
use lanline::archive::{Outcome, Post, PostBatch, SessionNumber, Stamped, Target};
use lanline::store::{Answer, Database, Desk};
use std::fs::File;
use std::io::{Seek, Write};
use std::path::Path;
use std::time::{Duration, Instant};

/// Packets of one transaction.
const BATCH: u64 = 4096;
/// What is written before an `fsync` that is measured: about what one packet takes.
const PROBE_BYTES: usize = 3 * 4096;
const PROBES: usize = 64;

/// What it took.
pub(super) struct Filled {
    pub seconds: f64,
    pub cpu: Duration,
}

/// # Errors
/// Where the store doesn't store all of it.
pub(super) fn fill(folder: &Path, args: &StoreArgs, progress: &Progress) -> Result<Filled> {
    let mut desk = Desk::<()>::new(Database::open(folder)?);
    desk.begin(now())?;
    let accounts = accounts(&mut desk)?;
    let text = "x".repeat(args.size as usize);
    let (began, cpu_before) = (Instant::now(), machine::own_cpu_time());
    let mut done = 0;
    while done < args.fill {
        let batch = BATCH.min(args.fill - done);
        let posts = (done..done + batch).map(|number| post(&accounts, number, &text)).collect();
        desk.post(now(), (), &PostBatch::new(posts));
        let (answers, refused) = desk.commit();
        if let Some(error) = refused {
            return Err(error.into());
        }
        let is_stored = |outcome: &Outcome| matches!(outcome, Outcome::Stored { .. });
        for answer in answers {
            let Answer::Posted(outcomes) = answer.answer else { bail!("no answer to posts") };
            if !outcomes.iter().all(is_stored) {
                bail!("packets were not stored");
            }
        }
        done += batch;
        progress.say(&format!("{done} of {} packets", args.fill));
    }
    // What is in the log of the database moves into it.
    drop(desk);
    let cpu = machine::own_cpu_time().saturating_sub(cpu_before);
    Ok(Filled { seconds: began.elapsed().as_secs_f64(), cpu })
}

/// Every account of the store, by its number.
fn accounts(desk: &mut Desk<()>) -> Result<Vec<AccountId>> {
    let mut accounts = Vec::new();
    desk.each_notice(now(), |notice| {
        if let Notice::Account(account) = notice {
            accounts.push(account.id);
        }
    })?;
    accounts.first().context("no account")?;
    Ok(accounts)
}

/// The next packet of some pair: each pair's turn comes.
fn post(accounts: &[AccountId], number: u64, text: &str) -> Post<()> {
    let pairs = (accounts.len() / 2) as u64;
    let (pair, turn) = (number % pairs, number / pairs);
    let (mut from, mut to) = (2 * pair as usize, 2 * pair as usize + 1);
    if turn.is_multiple_of(2) {
        (from, to) = (to, from);
    }
    Post {
        sender: Some((accounts[from], SessionNumber(1))),
        target: Target::Account(accounts[to]),
        packet: Stamped::new(&name(from), "192.168.1.17", &name(to), text),
        key: None,
        what: (),
    }
}

/// How long an `fsync` takes there: the median, in microseconds.
///
/// # Errors
/// What the system says.
pub(super) fn fsync_us(folder: &Path) -> Result<f64> {
    let path = folder.join("probe");
    let mut file = File::create(&path)?;
    let mut times = Vec::new();
    for _ in 0..PROBES {
        file.rewind()?;
        file.write_all(&[b'x'; PROBE_BYTES])?;
        let began = Instant::now();
        file.sync_data()?;
        times.push(began.elapsed());
    }
    std::fs::remove_file(&path)?;
    times.sort_unstable();
    Ok(times[PROBES / 2].as_secs_f64() * 1e6)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;
    use std::num::NonZeroU32;

    #[test]
    fn each_pair_talks_in_turns() {
        let accounts: Vec<_> = (1..=4).filter_map(NonZeroU32::new).map(AccountId).collect();
        let posts: Vec<_> = (0..8).map(|number| post(&accounts, number, "hi")).collect();
        let said: HashSet<_> = posts
            .iter()
            .map(|post| (post.packet.name().to_owned(), post.packet.to().to_owned()))
            .collect();
        let pair = |from, to| [(name(from), name(to)), (name(to), name(from))];
        assert_eq!(said, pair(0, 1).into_iter().chain(pair(2, 3)).collect());
        for post in &posts {
            let Target::Account(to) = post.target else { panic!("not to an account") };
            let place = accounts.iter().position(|account| *account == to);
            assert_eq!(place.map(name).as_deref(), Some(post.packet.to()));
        }
    }
}
