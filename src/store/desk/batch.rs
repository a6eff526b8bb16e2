//! What is done in one transaction, and the replies that wait for its end. Never: what is
//! done.

use super::outcome::{ArchiveOutcome, OrderOutcome, Outcome, RoomOrderOutcome};
use crate::accounts::{AccountId, Failure, Notice, Reply, TokenId};
use crate::archive;
use crate::secrets::Peer;
use crate::store::database::{Database, Failed};
use crate::store::error::StoreError;
use crate::store::log::Marks;
use crate::store::order::{Refusal, Told};
use crate::store::{accounts, tokens};
use rusqlite::Connection;
use std::time::Duration;

/// What whoever asked is told.
#[derive(Clone, Debug)]
pub enum Answer {
    Reply(Reply),
    Told(Told),
    /// One for each packet that was to be stored.
    Posted(Box<[archive::Outcome]>),
    Archive(archive::Reply),
}

/// What has come of a request, for good.
#[derive(Debug)]
pub struct Done<A> {
    /// For all shards, before the answer.
    pub notices: Vec<Notice>,
    /// The same, about stored packets.
    pub news: Vec<archive::Notice>,
    pub asker: A,
    pub answer: Answer,
}

/// Worth keeping where that is possible; nobody waits for it.
#[derive(Clone, Copy, Debug)]
pub(super) enum Note {
    CameFrom { account: AccountId, peer: Peer, now: i64 },
    Used { token: TokenId, now: i64 },
    Left { account: AccountId, now: i64 },
}

/// The transaction that is open, and what waits for its end.
#[derive(Debug)]
pub(super) struct Batch<A> {
    database: Database,
    done: Vec<Waiting<A>>,
    notes: Vec<Note>,
    marks: Marks,
}

#[derive(Debug)]
struct Waiting<A> {
    done: Done<A>,
    /// It has changed nothing, so it holds even if nothing was written.
    holds_anyway: bool,
}

impl<A> Batch<A> {
    pub(super) fn new(database: Database) -> Self {
        Self { database, done: Vec::new(), notes: Vec::new(), marks: Marks::default() }
    }

    /// Reads or writes within the transaction.
    pub(super) fn within<T>(
        &mut self,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, Failed> {
        self.database.within(work)
    }

    #[cfg(test)]
    pub(super) fn database(&mut self) -> &mut Database {
        &mut self.database
    }

    /// What a request has brought.
    pub(super) fn reply(&mut self, asker: A, outcome: Outcome) {
        let (notices, reply) = outcome.unwrap_or((Vec::new(), UNAVAILABLE));
        let holds_anyway = matches!(reply, Reply::Failed(_));
        self.push(notices, asker, Answer::Reply(reply), holds_anyway);
    }

    /// A reply to what has changed nothing but [`Note`]s.
    pub(super) fn reply_anyway(&mut self, asker: A, reply: Reply) {
        self.push(Vec::new(), asker, Answer::Reply(reply), true);
    }

    /// What an order has brought.
    pub(super) fn tell(&mut self, asker: A, outcome: OrderOutcome) {
        let refused = Told::Refused(Refusal::Unavailable);
        let (notices, told) = outcome.unwrap_or((Vec::new(), refused));
        let holds_anyway = matches!(told, Told::Refused(_));
        self.push(notices, asker, Answer::Told(told), holds_anyway);
    }

    /// The same with news for all shards.
    pub(super) fn tell_all(&mut self, asker: A, outcome: RoomOrderOutcome) {
        let refused = Told::Refused(Refusal::Unavailable);
        let (notices, news, told) = outcome.unwrap_or((Vec::new(), Vec::new(), refused));
        let holds_anyway = matches!(told, Told::Refused(_));
        let done = Done { notices, news, asker, answer: Answer::Told(told) };
        self.done.push(Waiting { done, holds_anyway });
    }

    /// What will have come of packets.
    pub(super) fn posted(&mut self, asker: A, outcomes: Box<[archive::Outcome]>) {
        self.push(Vec::new(), asker, Answer::Posted(outcomes), false);
    }

    /// A reply about stored packets.
    pub(super) fn reply_archive(&mut self, asker: A, outcome: ArchiveOutcome) {
        let (news, reply) = outcome.unwrap_or((Vec::new(), ARCHIVE_UNAVAILABLE));
        // What was read before anything was written is so, whatever comes of the rest.
        let holds_anyway =
            matches!(reply, archive::Reply::Failed(_)) || !self.database.has_written();
        let answer = Answer::Archive(reply);
        self.done.push(Waiting {
            done: Done { notices: Vec::new(), news, asker, answer },
            holds_anyway,
        });
    }

    fn push(&mut self, notices: Vec<Notice>, asker: A, answer: Answer, holds_anyway: bool) {
        let done = Done { notices, news: Vec::new(), asker, answer };
        self.done.push(Waiting { done, holds_anyway });
    }

    /// Marks that are to be written some time.
    pub(super) fn marks(&mut self) -> &mut Marks {
        &mut self.marks
    }

    /// When they are to be written at the latest.
    pub(super) fn marks_due(&self) -> Option<Duration> {
        self.marks.due()
    }

    /// [`Batch::within`], with the marks.
    pub(super) fn within_marks<T>(
        &mut self,
        work: impl FnOnce(&Connection, &Marks) -> rusqlite::Result<T>,
    ) -> Result<T, Failed> {
        let marks = &self.marks;
        self.database.within(|connection| work(connection, marks))
    }

    pub(super) fn note(&mut self, note: Note) {
        self.notes.push(note);
    }

    /// Writes it all, and marks if they are due or anything is written besides; what there
    /// is to tell, in order.
    pub(super) fn commit(&mut self, now: Duration) -> Committed<A> {
        for note in std::mem::take(&mut self.notes) {
            // Fails together with the rest.
            let _ = self.database.within(|connection| write(connection, note));
        }
        let marks = &self.marks;
        let has_marks = marks.due().is_some_and(|due| due <= now || self.database.has_written());
        if has_marks {
            let _ = self.database.within(|connection| marks.write(connection));
        }
        let has_written = self.database.has_written();
        let refused = self.database.commit().err();
        let is_written = refused.is_none();
        if has_marks && is_written {
            self.marks.written();
        }
        let done = self.done.drain(..).map(|waiting| {
            if is_written || waiting.holds_anyway { waiting.done } else { undone(waiting.done) }
        });
        Committed { done: done.collect(), refused, has_written }
    }

    /// Ends the transaction, with nothing to tell.
    pub(super) fn end(&mut self) -> Result<(), StoreError> {
        self.database.commit()
    }
}

/// What has come of a transaction.
pub(super) struct Committed<A> {
    pub done: Vec<Done<A>>,
    pub refused: Option<StoreError>,
    /// It has tried to write.
    pub has_written: bool,
}

const ARCHIVE_UNAVAILABLE: archive::Reply = archive::Reply::Failed(archive::Failure::Unavailable);
const UNAVAILABLE: Reply = Reply::Failed(Failure::Unavailable);

/// What comes of so many packets where the disk refuses.
pub(super) fn not_kept(count: usize) -> Box<[archive::Outcome]> {
    vec![archive::Outcome::NotKept; count].into()
}

fn undone<A>(done: Done<A>) -> Done<A> {
    let answer = match done.answer {
        Answer::Reply(_) => Answer::Reply(UNAVAILABLE),
        Answer::Told(_) => Answer::Told(Told::Refused(Refusal::Unavailable)),
        Answer::Posted(outcomes) => Answer::Posted(not_kept(outcomes.len())),
        Answer::Archive(_) => Answer::Archive(ARCHIVE_UNAVAILABLE),
    };
    Done { notices: Vec::new(), news: Vec::new(), answer, ..done }
}

fn write(connection: &Connection, note: Note) -> rusqlite::Result<()> {
    match note {
        Note::CameFrom { account, peer, now } => {
            accounts::came_from(connection, account, peer, now)
        }
        Note::Left { account, now } => accounts::set_last_seen(connection, account, now),
        Note::Used { token, now } => tokens::was_used(connection, token, now),
    }
}
