//! Rooms with an owner, in memory. Never: bounds, which the real store has.

use lanline::accounts::AccountId;
use lanline::archive::{
    By, Change, Failure, Notice, OwnedRoom, PacketId, Reply, RoomId, RoomRequest,
};
use lanline::wire::Name;
use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroU32;

#[derive(Default)]
pub(crate) struct FakeRooms {
    last: u32,
    rooms: BTreeMap<RoomId, OwnedRoom>,
    /// Since which packet they are in it.
    pub members: BTreeMap<(RoomId, AccountId), u64>,
    invited: BTreeMap<(RoomId, AccountId), Name>,
    untold: BTreeSet<(RoomId, AccountId)>,
    expelled: BTreeSet<(RoomId, AccountId)>,
}

type Answer = (Vec<Notice>, Option<Reply>);

fn failed(failure: Failure) -> Answer {
    (Vec::new(), Some(Reply::Failed(failure)))
}

impl FakeRooms {
    /// What a server that starts is told.
    pub(crate) fn notices(&self, name: impl Fn(AccountId) -> Name) -> Vec<Notice> {
        let rooms = self.rooms.values().cloned().map(Notice::Room);
        let members = self.members.keys().map(|&(room, account)| Notice::Member {
            room,
            account,
            name: name(account),
            is_in: true,
        });
        let untold = self.untold.iter().filter_map(|&(room, account)| {
            let by = self.invited.get(&(room, account))?.clone();
            Some(Notice::Invited { room, account, name: name(account), by })
        });
        rooms.chain(members).chain(untold).collect()
    }

    pub(crate) fn add(&mut self, room: OwnedRoom, members: impl Iterator<Item = AccountId>) {
        self.members.extend(members.map(|account| ((room.id, account), 0)));
        self.last = self.last.max(room.id.0.get());
        self.rooms.insert(room.id, room);
    }

    pub(crate) fn is_there(&self, room: RoomId) -> bool {
        self.rooms.contains_key(&room)
    }

    pub(crate) fn find(&self, key: &str) -> Option<RoomId> {
        self.rooms.values().find(|room| room.name.key() == key).map(|room| room.id)
    }

    pub(crate) fn ask(
        &mut self,
        last_id: Option<PacketId>,
        name: impl Fn(AccountId) -> Name,
        account_of: impl Fn(&str) -> Option<AccountId>,
        request: RoomRequest,
    ) -> Answer {
        let since = last_id.map_or(0, PacketId::get);
        match request {
            RoomRequest::Make { name, by } => {
                if self.find(name.key()).is_some() {
                    return failed(Failure::NotOwner);
                }
                self.last += 1;
                let id = RoomId(NonZeroU32::new(self.last).unwrap());
                let account = by.account.unwrap();
                let (owner, topic) = (Some((account, by.name.clone())), "".into());
                let room = OwnedRoom { id, name, owner, is_private: false, keep: None, topic };
                self.rooms.insert(id, room.clone());
                self.members.insert((id, account), since);
                let member =
                    Notice::Member { room: id, account, name: by.name.clone(), is_in: true };
                let changed = Notice::Changed { room: id, by: by.name };
                (vec![Notice::Room(room.clone()), member, changed], Some(Reply::Room(room)))
            }
            RoomRequest::Change { room, by, change } => self.change(room, by, change, account_of),
            RoomRequest::Join { room, account, is_in } => {
                let Some(known) = self.rooms.get(&room) else { return failed(Failure::NoSuchRoom) };
                let place = (room, account);
                let owns = known.owner.as_ref().is_some_and(|(owner, _)| *owner == account);
                let needs = known.is_private || self.expelled.contains(&place);
                if needs && !is_in && !owns && !self.invited.contains_key(&place) {
                    return failed(Failure::NotMember);
                }
                self.invited.remove(&place);
                self.untold.remove(&place);
                self.expelled.remove(&place);
                self.members.entry(place).or_insert(since);
                let notice = Notice::Member { room, account, name: name(account), is_in: true };
                (vec![notice], Some(Reply::Room(known.clone())))
            }
            RoomRequest::Leave { room, account } => {
                let Some(known) = self.rooms.get(&room) else { return failed(Failure::NoSuchRoom) };
                if self.members.remove(&(room, account)).is_none() {
                    return failed(Failure::NotMember);
                }
                let notice = Notice::Member { room, account, name: name(account), is_in: false };
                (vec![notice], Some(Reply::Room(known.clone())))
            }
            RoomRequest::Invite { room, by, whom } => {
                let Some(known) = self.rooms.get(&room) else { return failed(Failure::NoSuchRoom) };
                self.invited.insert((room, whom), by.name.clone());
                self.untold.insert((room, whom));
                let (name, by) = (name(whom), by.name);
                let notice = Notice::Invited { room, account: whom, name, by };
                (vec![notice], Some(Reply::Room(known.clone())))
            }
            RoomRequest::Expel { room, by, whom } => {
                let Some(known) = self.rooms.get(&room) else { return failed(Failure::NoSuchRoom) };
                self.members.remove(&(room, whom));
                self.invited.remove(&(room, whom));
                self.expelled.insert((room, whom));
                let (account, name, by) = (whom, name(whom), by.name);
                let out = Notice::Member { room, account, name: name.clone(), is_in: false };
                let told = Notice::Expelled { room, account, name, by };
                (vec![out, told], Some(Reply::Room(known.clone())))
            }
            RoomRequest::Told { account } => {
                self.untold.retain(|(_, one)| *one != account);
                (Vec::new(), None)
            }
        }
    }

    fn change(
        &mut self,
        id: RoomId,
        by: By,
        change: Change,
        account_of: impl Fn(&str) -> Option<AccountId>,
    ) -> Answer {
        let Some(room) = self.rooms.get_mut(&id) else { return failed(Failure::NoSuchRoom) };
        match change {
            Change::Own => room.owner = by.account.zip(Some(by.name.clone())),
            Change::Private(is_private) => room.is_private = is_private,
            Change::Keep(span) => room.keep = Some(span),
            Change::Topic(topic) => room.topic = topic,
            Change::Owner(name) => match account_of(name.key()) {
                Some(account) => room.owner = Some((account, name)),
                None => return failed(Failure::NoSuchUser),
            },
            Change::Delete => {
                let gone = self.rooms.remove(&id).unwrap();
                self.members.retain(|(room, _), _| *room != id);
                let notice = Notice::RoomGone { room: id, by: Some(by.name) };
                return (vec![notice], Some(Reply::Room(gone)));
            }
        }
        let changed = Notice::Changed { room: id, by: by.name };
        (vec![Notice::Room(room.clone()), changed], Some(Reply::Room(room.clone())))
    }

    /// Its account is erased.
    pub(crate) fn erase(&mut self, account: AccountId, name: &Name) -> Vec<Notice> {
        let mut notices = Vec::new();
        for room in self.rooms.values_mut() {
            if room.owner.as_ref().is_some_and(|(owner, _)| *owner == account) {
                room.owner = None;
                notices.push(Notice::Room(room.clone()));
            }
        }
        for &(room, one) in self.members.keys().filter(|(_, one)| *one == account) {
            let (account, name) = (one, name.clone());
            notices.push(Notice::Member { room, account, name, is_in: false });
        }
        self.members.retain(|(_, one), _| *one != account);
        notices
    }
}
