//! Log lines about what peers do, rate-limited: a flood of events makes a line at
//! once and then a sum every ten seconds. Peers' strings are escaped; the text of
//! messages is never logged.

use crate::chat::{Code, Moment, Report, TooMuch};
use crate::limits::LOG_QUIET;
use log::{debug, info, warn};
use std::collections::BTreeMap;
use std::io;
use std::net::IpAddr;

/// Kinds of events, each summed up by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Closed(Code),
    Stuck,
    TooMuch(TooMuch),
    WrongToken,
    QueryTimedOut,
    AcceptFailed,
    HandshakeFailed,
}

/// What one worker has logged of late.
#[derive(Debug, Default)]
pub(super) struct EventLog {
    /// Until when each kind is quiet, and how many came meanwhile.
    quiet: BTreeMap<Kind, (Moment, u64)>,
}

impl EventLog {
    /// Something that a shard reports.
    pub(super) fn report(&mut self, now: Moment, report: Report) {
        match report {
            Report::Closed { peer, code } => {
                if self.speaks(now, Kind::Closed(code)) {
                    info!("refused {peer}: {}", code.word());
                }
            }
            Report::Stuck { peer, name, packets } => {
                if self.speaks(now, Kind::Stuck) {
                    let name = name.escape_debug();
                    info!("stuck: {name} at {peer} read nothing; {packets} packets bounced");
                }
            }
            Report::TooMuch { peer, name, what, bytes } => {
                if self.speaks(now, Kind::TooMuch(what)) {
                    let (name, what) = (name.escape_debug(), of_what(what));
                    warn!(
                        "{name} at {peer} holds most of too much of {what}, {bytes} bytes: closed"
                    );
                }
            }
            Report::WrongToken { peer, name } => {
                if self.speaks(now, Kind::WrongToken) {
                    warn!("wrong operator token from {} at {peer}", name.escape_debug());
                }
            }
            Report::Operator { peer, name } => {
                info!("{} at {peer} is an operator now", name.escape_debug());
            }
            Report::QueryTimedOut { name } => {
                if self.speaks(now, Kind::QueryTimedOut) {
                    warn!("a worker did not reply in time to a query of {}", name.escape_debug());
                }
            }
            Report::Kicked { peer, name, by } => {
                info!("{} kicked {} at {peer}", by.escape_debug(), name.escape_debug());
            }
            Report::Broadcast { peer, name, users } => {
                info!("{} at {peer} wrote to all (users: {users})", name.escape_debug());
            }
            Report::Came { peer, name } => debug!("{} at {peer} came", name.escape_debug()),
            Report::Went { peer, name } => debug!("{} at {peer} went", name.escape_debug()),
            Report::Joined { name, room } => {
                debug!("{} is in {}", name.escape_debug(), room.escape_debug());
            }
            Report::Left { name, room } => {
                debug!("{} left {}", name.escape_debug(), room.escape_debug());
            }
        }
    }

    /// `accept` failed for want of descriptors or memory.
    pub(super) fn accept_failed(&mut self, now: Moment, error: &io::Error) {
        if self.speaks(now, Kind::AcceptFailed) {
            warn!("can't accept connections for now: {error}");
        }
    }

    /// A TLS handshake failed. What the peer has sent is in no such error as text.
    pub(super) fn handshake_failed(&mut self, now: Moment, peer: IpAddr, why: &str) {
        if self.speaks(now, Kind::HandshakeFailed) {
            info!("TLS with {peer} failed: {}", why.escape_debug());
        }
    }

    /// When the next sum is due.
    pub(super) fn next_due(&self) -> Option<Moment> {
        self.quiet.values().map(|&(until, _)| until).min()
    }

    /// Writes the sums that are due.
    pub(super) fn sum_up(&mut self, now: Moment) {
        let mut again = Vec::new();
        self.quiet.retain(|&kind, &mut (until, count)| {
            if until > now {
                return true;
            }
            if count > 0 {
                info!("{count} more in {} s: {}", LOG_QUIET.as_secs(), kind.words());
                again.push(kind);
            }
            false
        });
        self.quiet.extend(again.into_iter().map(|kind| (kind, (now.after(LOG_QUIET), 0))));
    }

    /// Whether this one gets a line of its own.
    fn speaks(&mut self, now: Moment, kind: Kind) -> bool {
        if let Some((_, count)) = self.quiet.get_mut(&kind) {
            *count += 1;
            return false;
        }
        self.quiet.insert(kind, (now.after(LOG_QUIET), 0));
        true
    }
}

fn of_what(what: TooMuch) -> &'static str {
    match what {
        TooMuch::Answers => "answers that nobody reads",
        TooMuch::Input => "input that is not handled yet",
        TooMuch::List => "lists that are read slowly",
    }
}

impl Kind {
    fn words(self) -> String {
        match self {
            Self::Closed(code) => format!("refused, {}", code.word()),
            Self::Stuck => "stuck clients".to_owned(),
            Self::TooMuch(what) => format!("closed for too much of {}", of_what(what)),
            Self::WrongToken => "wrong operator tokens".to_owned(),
            Self::QueryTimedOut => "queries without a reply in time".to_owned(),
            Self::AcceptFailed => "failed accepts".to_owned(),
            Self::HandshakeFailed => "failed TLS handshakes".to_owned(),
        }
    }
}
