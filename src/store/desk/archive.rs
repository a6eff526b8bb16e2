//! Requests about stored packets: what is replayed, what was handed over and read. Never:
//! how packets are kept (`log`).

use super::outcome::ArchiveOutcome;
use super::{Clock, Desk};
use crate::accounts::AccountId;
use crate::archive::{Conversation, Failure, Notice, PacketId, Reply, Request, SessionNumber};
use crate::store::accounts;
use crate::store::log::Parties;

impl<A> Desk<A> {
    /// Takes a request about stored packets. What asks for no reply brings none.
    pub fn ask_archive(&mut self, clock: Clock, asker: Option<A>, request: Request) {
        self.now = clock.running;
        let outcome = match request {
            Request::Handed { account, id } => return self.handed(clock, account, id),
            Request::Replay { account, session, after, bytes_max } => {
                self.replay((account, session), after, bytes_max)
            }
            Request::Waiting { account } => self.is_waiting(account),
            Request::Unread { account } => self.unread(account),
            Request::Read { account, conversation, id } => self.read(account, conversation, id),
        };
        if let Some(asker) = asker {
            self.batch.reply_archive(asker, outcome);
        }
    }

    /// What wasn't handed out yet can't have been handed over.
    fn handed(&mut self, clock: Clock, account: AccountId, id: PacketId) {
        let log = &mut self.log;
        if let Ok(Some(last)) = self.batch.within(|connection| log.last_id(connection)) {
            self.batch.marks().handed(clock.running, account, id.min(last));
        }
    }

    fn replay(
        &mut self,
        (account, session): (AccountId, SessionNumber),
        after: Option<PacketId>,
        bytes_max: usize,
    ) -> ArchiveOutcome {
        let log = &mut self.log;
        let page = self.batch.within_marks(|connection, marks| {
            let after = match after {
                Some(after) => Some(after),
                None => marks.of(connection, account)?,
            };
            log.page(connection, (account, session), after, bytes_max)
        })?;
        Ok((Vec::new(), Reply::Replay(page)))
    }

    fn is_waiting(&mut self, account: AccountId) -> ArchiveOutcome {
        let log = &mut self.log;
        let is_waiting = self.batch.within_marks(|connection, marks| {
            let mark = marks.of(connection, account)?;
            log.has_more(connection, account, mark)
        })?;
        Ok((Vec::new(), Reply::Waiting(is_waiting)))
    }

    fn unread(&mut self, account: AccountId) -> ArchiveOutcome {
        let log = &mut self.log;
        let rows = self.batch.within(|connection| log.unread(connection, account))?;
        Ok((Vec::new(), Reply::Unread(rows)))
    }

    fn read(
        &mut self,
        account: AccountId,
        conversation: Conversation,
        id: PacketId,
    ) -> ArchiveOutcome {
        let failed = |failure| Ok((Vec::new(), Reply::Failed(failure)));
        let (parties, shown, with) = match conversation {
            Conversation::Broadcast => (Parties::broadcast(), "/broadcast".into(), None),
            Conversation::Room(_) => return failed(Failure::NoSuchRoom),
            Conversation::With(name) => {
                let key = name.key();
                let found =
                    self.batch.within(|connection| accounts::find_by_key(connection, key))?;
                let Some(entry) = found else { return failed(Failure::NoSuchUser) };
                let other = entry.account;
                (Parties::direct(account, other.id), other.name.shown().into(), Some(other.id))
            }
        };
        let log = &mut self.log;
        let read = self.batch.within(|connection| log.read(connection, account, parties, id))?;
        let Some((id, is_moved)) = read else { return failed(Failure::NoSuchPacket) };
        let shown: Box<str> = shown;
        let notice = Notice::Read { account, conversation: shown.clone(), with, id };
        let reply = Reply::Read { conversation: shown, id };
        Ok((is_moved.then_some(notice).into_iter().collect(), reply))
    }
}
