//! Requests about stored packets: what is replayed, what was handed over and read. Never:
//! how packets are kept (`log`).

use super::outcome::ArchiveOutcome;
use super::rooms::readable;
use super::{Clock, Desk};
use crate::accounts::AccountId;
use crate::archive::{
    Conversation, Failure, Notice, PacketId, Reply, Request, RoomRequest, SessionNumber,
};
use crate::store::accounts;
use crate::store::log::Parties;

impl<A> Desk<A> {
    /// Takes a request about stored packets. What asks for no reply brings none.
    pub fn ask_archive(&mut self, clock: Clock, asker: Option<A>, request: Request) {
        self.now = clock.running;
        let outcome = match request {
            Request::Handed(marks) => return self.handed(clock, &marks),
            Request::Ping => Ok((Vec::new(), Reply::Pong)),
            Request::Room(RoomRequest::Told { account }) => return self.invitations_told(account),
            Request::Room(request) => self.ask_room(clock, &request),
            Request::Replay { account, session, after, bytes_max } => {
                self.replay((account, session), after, bytes_max)
            }
            Request::Waiting { account } => self.first_waiting(account),
            Request::Unread { account } => self.unread(account),
            Request::Read { account, conversation, id } => self.read(account, conversation, id),
        };
        if let Some(asker) = asker {
            self.batch.reply_archive(asker, outcome);
        }
    }

    /// What wasn't handed out yet can't have been handed over.
    fn handed(&mut self, clock: Clock, marks: &[(AccountId, PacketId)]) {
        let log = &mut self.log;
        if let Ok(Some(last)) = self.batch.within(|connection| log.last_id(connection)) {
            for (account, id) in marks {
                self.batch.marks().handed(clock.running, *account, last.min(*id));
            }
        }
    }

    fn replay(
        &mut self,
        (account, session): (AccountId, SessionNumber),
        after: Option<u64>,
        bytes_max: usize,
    ) -> ArchiveOutcome {
        let log = &mut self.log;
        let page = self.batch.within_marks(|connection, marks| {
            let after = match after {
                Some(after) => after,
                None => marks.of(connection, account)?.map_or(0, PacketId::get),
            };
            log.page(connection, (account, session), after, bytes_max)
        })?;
        Ok((Vec::new(), Reply::Replay(page)))
    }

    fn first_waiting(&mut self, account: AccountId) -> ArchiveOutcome {
        let log = &mut self.log;
        let first = self.batch.within_marks(|connection, marks| {
            let mark = marks.of(connection, account)?;
            log.first_behind(connection, account, mark)
        })?;
        Ok((Vec::new(), Reply::Waiting(first)))
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
            Conversation::Room(name) => {
                let found = self.batch.within(|connection| readable(connection, account, &name))?;
                match found {
                    Ok(room) => {
                        (Parties::room(room.id), format!("#{}", room.name.shown()).into(), None)
                    }
                    Err(failure) => return failed(failure),
                }
            }
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
        let news = match with.filter(|_| is_moved) {
            Some(with) => {
                let own = self.batch.within(|connection| accounts::find(connection, account))?;
                own.map(|own| Notice::Read { account, name: own.account.name, with, id })
            }
            None => None,
        };
        let reply = Reply::Read { conversation: shown, id };
        Ok((news.into_iter().collect(), reply))
    }
}
