//! Requests about rooms with an owner: whether they may, what every shard is told. Never: how
//! rooms are kept (`rooms`).

use super::known_rooms::RoomCounts;
use super::outcome::ArchiveOutcome;
use super::{Clock, Desk};
use crate::accounts::AccountId;
use crate::archive::{
    By, Change, Failure, Notice, OwnedRoom, PacketId, Reply, RoomId, RoomRequest,
};
use crate::limits::{
    EXPELLED_PER_ROOM_MAX, INVITATIONS_PER_ACCOUNT_MAX, MEMBERS_MAX, ROOMS_MAX, ROOMS_PER_USER_MAX,
};
use crate::store::accounts;
use crate::store::log::Log;
use crate::store::rooms;
use crate::store::rooms::people;
use crate::wire::Name;
use rusqlite::{Connection, Result};

/// What comes of a request.
type Done = std::result::Result<(Vec<Notice>, OwnedRoom), Failure>;

/// Time, the last id, and how much there is.
struct Given {
    clock: Clock,
    last_id: u64,
    counts: RoomCounts,
}

/// What every shard is told when an account is erased, which has yet to be done: its rooms
/// have no owner, and it is in none.
pub(super) fn erased(
    connection: &Connection,
    account: AccountId,
    name: &Name,
) -> Result<Vec<Notice>> {
    let mut notices: Vec<Notice> = Vec::new();
    for room in rooms::owned_by(connection, account)? {
        notices.push(Notice::Room(OwnedRoom { owner: None, ..room }));
    }
    for room in people::rooms_of(connection, account)? {
        notices.push(Notice::Member { room, account, name: name.clone(), is_in: false });
    }
    Ok(notices)
}

impl<A> Desk<A> {
    /// Takes a request about a room.
    pub(super) fn ask_room(&mut self, clock: Clock, request: &RoomRequest) -> ArchiveOutcome {
        let (log, counts) = (&mut self.log, self.room_counts.take());
        let (done, counts) = self.batch.within(|connection| {
            let counts = match counts {
                Some(counts) => counts,
                None => RoomCounts::read(connection)?,
            };
            let last_id = log.last_id(connection)?.map_or(0, PacketId::get);
            let mut given = Given { clock, last_id, counts };
            let done = given.carry_out(connection, log, request)?;
            Ok((done, given.counts))
        })?;
        self.room_counts = Some(counts);
        Ok(match done {
            Ok((notices, room)) => (notices, Reply::Room(room)),
            Err(failure) => (Vec::new(), Reply::Failed(failure)),
        })
    }

    /// It was told of its invitations.
    pub(super) fn invitations_told(&mut self, account: AccountId) {
        // Where that fails, it is told once more.
        let _ = self.batch.within(|connection| people::told(connection, account));
    }
}

/// A room that is there, or the failure.
macro_rules! found {
    ($room:expr) => {
        match $room {
            Some(room) => room,
            None => return Ok(Err(Failure::NoSuchRoom)),
        }
    };
}

impl Given {
    fn carry_out(
        &mut self,
        connection: &Connection,
        log: &mut Log,
        request: &RoomRequest,
    ) -> Result<Done> {
        match request {
            RoomRequest::Make { name, by } => self.make(connection, name, by),
            RoomRequest::Change { room, by, change } => {
                self.change(connection, log, *room, by, change)
            }
            RoomRequest::Join { room, account, is_in } => {
                self.join(connection, *room, *account, *is_in)
            }
            RoomRequest::Leave { room, account } => self.leave(connection, *room, *account),
            RoomRequest::Invite { room, by, whom } => invite(connection, *room, by, *whom),
            RoomRequest::Expel { room, by, whom } => self.expel(connection, *room, by, *whom),
            // The desk has done it.
            RoomRequest::Told { .. } => Ok(Err(Failure::Unavailable)),
        }
    }

    fn make(&mut self, connection: &Connection, name: &Name, by: &By) -> Result<Done> {
        let Some(account) = by.account else { return Ok(Err(Failure::NotOwner)) };
        if accounts::find(connection, account)?.is_none()
            || rooms::find_by_key(connection, name.key())?.is_some()
        {
            return Ok(Err(Failure::NotOwner));
        }
        if !self.has_room_for_owner(connection, account)? || !self.has_place(connection, account)? {
            return Ok(Err(Failure::TooMany));
        }
        let room = (name, Some(account), false);
        let times = (self.clock.unix, self.last_id);
        let room = found!(rooms::insert(connection, room, times)?);
        self.counts.rooms += 1;
        let member = self.enter(connection, room.id, account, &by.name, self.last_id)?;
        let changed = Notice::Changed { room: room.id, by: by.name.clone() };
        Ok(Ok((vec![Notice::Room(room.clone()), member, changed], room)))
    }

    /// Whether there may be one more room, of that account.
    fn has_room_for_owner(&self, connection: &Connection, account: AccountId) -> Result<bool> {
        Ok(self.counts.rooms < ROOMS_MAX as u64
            && rooms::count_owned_by(connection, account)? < ROOMS_PER_USER_MAX)
    }

    /// Whether an account may be in one room more.
    fn has_place(&self, connection: &Connection, account: AccountId) -> Result<bool> {
        Ok(self.counts.members < MEMBERS_MAX
            && people::rooms_of(connection, account)?.len() < ROOMS_PER_USER_MAX)
    }

    fn enter(
        &mut self,
        connection: &Connection,
        room: RoomId,
        account: AccountId,
        name: &Name,
        since: u64,
    ) -> Result<Notice> {
        self.counts.members += u64::from(people::join(connection, room, account, since)?);
        Ok(Notice::Member { room, account, name: name.clone(), is_in: true })
    }

    fn change(
        &mut self,
        connection: &Connection,
        log: &mut Log,
        id: RoomId,
        by: &By,
        change: &Change,
    ) -> Result<Done> {
        let room = found!(rooms::find(connection, id)?);
        if *change != Change::Own && !may_change(&room, by) {
            return Ok(Err(Failure::NotOwner));
        }
        match change {
            Change::Own => {
                if let Some(failure) = self.own(connection, &room, by)? {
                    return Ok(Err(failure));
                }
            }
            Change::Private(is_private) => rooms::set_private(connection, id, *is_private)?,
            Change::Keep(span) => rooms::set_keep(connection, id, *span)?,
            Change::Topic(topic) => rooms::set_topic(connection, id, topic)?,
            Change::Owner(name) => {
                let entry = accounts::find_by_key(connection, name.key())?;
                let Some(entry) = entry else { return Ok(Err(Failure::NoSuchUser)) };
                let owner = entry.account.id;
                if rooms::count_owned_by(connection, owner)? >= ROOMS_PER_USER_MAX {
                    return Ok(Err(Failure::TooMany));
                }
                rooms::set_owner(connection, id, owner)?;
            }
            Change::Delete => {
                rooms::delete(connection, id)?;
                self.counts = RoomCounts::read(connection)?;
                log.names_changed();
                return Ok(Ok((
                    vec![Notice::RoomGone { room: id, by: Some(by.name.clone()) }],
                    room,
                )));
            }
        }
        let room = found!(rooms::find(connection, id)?);
        let changed = Notice::Changed { room: id, by: by.name.clone() };
        Ok(Ok((vec![Notice::Room(room.clone()), changed], room)))
    }

    fn own(&self, connection: &Connection, room: &OwnedRoom, by: &By) -> Result<Option<Failure>> {
        let Some(account) = by.account else { return Ok(Some(Failure::NotOwner)) };
        match &room.owner {
            Some((owner, _)) if *owner == account => return Ok(None),
            Some(_) => return Ok(Some(Failure::NotOwner)),
            None => {}
        }
        if !people::is_member(connection, room.id, account)? {
            return Ok(Some(Failure::NotMember));
        }
        if rooms::count_owned_by(connection, account)? >= ROOMS_PER_USER_MAX {
            return Ok(Some(Failure::TooMany));
        }
        rooms::set_owner(connection, room.id, account)?;
        Ok(None)
    }

    fn join(
        &mut self,
        connection: &Connection,
        id: RoomId,
        account: AccountId,
        is_in: bool,
    ) -> Result<Done> {
        let room = found!(rooms::find(connection, id)?);
        let entry = accounts::find(connection, account)?;
        let Some(entry) = entry else { return Ok(Err(Failure::NotMember)) };
        if !people::is_member(connection, id, account)? {
            let owns = room.owner.as_ref().is_some_and(|(owner, _)| *owner == account);
            let needs_invitation = !owns
                && !is_in
                && (room.is_private || people::is_expelled(connection, id, account)?);
            if needs_invitation && !people::is_invited(connection, id, account)? {
                return Ok(Err(Failure::NotMember));
            }
            if !self.has_place(connection, account)? {
                return Ok(Err(Failure::TooMany));
            }
        }
        let since = if is_in { people::since_made(connection, id)? } else { self.last_id };
        let member = self.enter(connection, id, account, &entry.account.name, since)?;
        Ok(Ok((vec![member], room)))
    }

    fn leave(&mut self, connection: &Connection, id: RoomId, account: AccountId) -> Result<Done> {
        let room = found!(rooms::find(connection, id)?);
        let Some(entry) = accounts::find(connection, account)? else {
            return Ok(Err(Failure::NotMember));
        };
        if !people::leave(connection, id, account)? {
            return Ok(Err(Failure::NotMember));
        }
        self.counts.members = self.counts.members.saturating_sub(1);
        let name = entry.account.name;
        Ok(Ok((vec![Notice::Member { room: id, account, name, is_in: false }], room)))
    }

    fn expel(
        &mut self,
        connection: &Connection,
        id: RoomId,
        by: &By,
        account: AccountId,
    ) -> Result<Done> {
        let room = found!(rooms::find(connection, id)?);
        if !may_change(&room, by) {
            return Ok(Err(Failure::NotOwner));
        }
        let Some(entry) = accounts::find(connection, account)? else {
            return Ok(Err(Failure::NoSuchUser));
        };
        if people::count_expelled(connection, id)? >= EXPELLED_PER_ROOM_MAX {
            return Ok(Err(Failure::TooMany));
        }
        let was_in = people::expel(connection, id, account)?;
        self.counts.members -= u64::from(was_in).min(self.counts.members);
        let (name, by) = (entry.account.name, by.name.clone());
        let out = Notice::Member { room: id, account, name: name.clone(), is_in: false };
        Ok(Ok((vec![out, Notice::Expelled { room: id, account, name, by }], room)))
    }
}

fn invite(connection: &Connection, id: RoomId, by: &By, account: AccountId) -> Result<Done> {
    let room = found!(rooms::find(connection, id)?);
    let is_member = |account| people::is_member(connection, id, account);
    let by_member = match by.account {
        Some(account) if !room.is_private => is_member(account)?,
        // A guest is in it, as far as the chat knows.
        None if !room.is_private => true,
        _ => false,
    };
    if !may_change(&room, by) && !by_member {
        return Ok(Err(if room.is_private { Failure::NotOwner } else { Failure::NotMember }));
    }
    let Some(entry) = accounts::find(connection, account)? else {
        return Ok(Err(Failure::NoSuchUser));
    };
    if is_member(account)? {
        return Ok(Ok((Vec::new(), room)));
    }
    if !people::is_invited(connection, id, account)?
        && people::count_invitations(connection, account)? >= INVITATIONS_PER_ACCOUNT_MAX
    {
        return Ok(Err(Failure::TooMany));
    }
    people::invite(connection, id, account, by.name.shown())?;
    let (name, by) = (entry.account.name, by.name.clone());
    Ok(Ok((vec![Notice::Invited { room: id, account, name, by }], room)))
}

/// The room of a name, if an account may read what is said there.
pub(super) fn readable(
    connection: &Connection,
    account: AccountId,
    name: &Name,
) -> Result<std::result::Result<OwnedRoom, Failure>> {
    let room = found!(rooms::find_by_key(connection, name.key())?);
    Ok(match people::is_member(connection, room.id, account)? {
        true => Ok(room),
        false if room.is_private => Err(Failure::NoSuchRoom),
        false if people::is_expelled(connection, room.id, account)? => Err(Failure::NotMember),
        false => Ok(room),
    })
}

fn may_change(room: &OwnedRoom, by: &By) -> bool {
    let owner = room.owner.as_ref().map(|(owner, _)| *owner);
    by.is_operator || owner.is_some() && by.account == owner
}
