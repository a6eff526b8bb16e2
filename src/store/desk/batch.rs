//! What is done in one transaction, and the replies that wait for its end. Never: what is
//! done.

use super::outcome::{OrderOutcome, Outcome};
use crate::accounts::{AccountId, Failure, Notice, Reply, TokenId};
use crate::secrets::Peer;
use crate::store::database::{Database, Failed};
use crate::store::error::StoreError;
use crate::store::order::{Refusal, Told};
use crate::store::{accounts, tokens};
use rusqlite::Connection;

/// What whoever asked is told.
#[derive(Clone, Debug)]
pub enum Answer {
    Reply(Reply),
    Told(Told),
}

/// What has come of a request, for good.
#[derive(Debug)]
pub struct Done<A> {
    /// For all shards, before the answer.
    pub notices: Vec<Notice>,
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
}

#[derive(Debug)]
struct Waiting<A> {
    done: Done<A>,
    /// It has changed nothing, so it holds even if nothing was written.
    holds_anyway: bool,
}

impl<A> Batch<A> {
    pub(super) fn new(database: Database) -> Self {
        Self { database, done: Vec::new(), notes: Vec::new() }
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
        let done = Done { notices, asker, answer: Answer::Reply(reply) };
        self.done.push(Waiting { done, holds_anyway });
    }

    /// A reply to what has changed nothing but [`Note`]s.
    pub(super) fn reply_anyway(&mut self, asker: A, reply: Reply) {
        let done = Done { notices: Vec::new(), asker, answer: Answer::Reply(reply) };
        self.done.push(Waiting { done, holds_anyway: true });
    }

    /// What an order has brought.
    pub(super) fn tell(&mut self, asker: A, outcome: OrderOutcome) {
        let refused = Told::Refused(Refusal::Unavailable);
        let (notices, told) = outcome.unwrap_or((Vec::new(), refused));
        let holds_anyway = matches!(told, Told::Refused(_));
        let done = Done { notices, asker, answer: Answer::Told(told) };
        self.done.push(Waiting { done, holds_anyway });
    }

    pub(super) fn note(&mut self, note: Note) {
        self.notes.push(note);
    }

    /// Writes it all; what there is to tell, in order.
    pub(super) fn commit(&mut self) -> (Vec<Done<A>>, Option<StoreError>) {
        for note in std::mem::take(&mut self.notes) {
            // Fails together with the rest.
            let _ = self.database.within(|connection| write(connection, note));
        }
        let refused = self.database.commit().err();
        let is_written = refused.is_none();
        let done = self.done.drain(..).map(|waiting| {
            if is_written || waiting.holds_anyway { waiting.done } else { undone(waiting.done) }
        });
        (done.collect(), refused)
    }

    /// Ends the transaction, with nothing to tell.
    pub(super) fn end(&mut self) -> Result<(), StoreError> {
        self.database.commit()
    }
}

const UNAVAILABLE: Reply = Reply::Failed(Failure::Unavailable);

fn undone<A>(done: Done<A>) -> Done<A> {
    let answer = match done.answer {
        Answer::Reply(_) => Answer::Reply(UNAVAILABLE),
        Answer::Told(_) => Answer::Told(Told::Refused(Refusal::Unavailable)),
    };
    Done { notices: Vec::new(), answer, ..done }
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
