//! `/invite` and `/expel`: who may, and what becomes of whom. The home of a name knows who has
//! it; what concerns an account is the store's. Never: the bounds, which are in `state`.

use super::about::{About, Person, RoomAsk, RoomName, Why, Wish};
use super::calls::one_line;
use super::state::{InvitedTo, Untold};
use crate::archive::{RoomId, RoomRequest};
use crate::chat::client::Client;
use crate::chat::id::ConnId;
use crate::chat::message::ShardMessage;
use crate::chat::query_protocol::Query;
use crate::chat::room_calls::room_name;
use crate::chat::routing::Route;
use crate::chat::shard::Shard;
use crate::limits;
use crate::wire::{Code, Endpoint, Name, Packet};
use std::sync::Arc;

type Outcome = Result<(), Code>;

impl<S> Shard<S> {
    /// `#ROOM NAME`.
    pub(in crate::chat) fn invite(
        &mut self,
        id: ConnId,
        ordinal: u64,
        packet: &Packet<'_>,
    ) -> Outcome {
        self.wish(id, ordinal, packet, Wish::Invite)
    }

    /// `#ROOM NAME`.
    pub(in crate::chat) fn expel(
        &mut self,
        id: ConnId,
        ordinal: u64,
        packet: &Packet<'_>,
    ) -> Outcome {
        self.wish(id, ordinal, packet, Wish::Expel)
    }

    fn wish(&mut self, id: ConnId, ordinal: u64, packet: &Packet<'_>, wish: Wish) -> Outcome {
        let argument = one_line(&packet.msg.plain())?;
        let (room, whom) = argument.split_once(' ').ok_or(Code::BadArgument)?;
        let room = room_name(room)?;
        if self.is_hidden_from_operators(id, room.key()) {
            return Err(Code::NoSuchRoom);
        }
        let whom = Name::parse(whom).map_err(|_| Code::NoSuchUser);
        let owned = self.archive.rooms.find(room.key());
        let Some(owned) = owned else {
            let may = self.is_operator(id)
                || wish == Wish::Invite && self.rosters.contains(room.key(), id);
            let why = match whom {
                Ok(whom) if may => Why::About { wish, whom },
                Err(code) if may => return Err(code),
                _ => Why::Refuse { is_owner_wanted: wish == Wish::Expel },
            };
            self.ask_room(id, ordinal, room.key(), why);
            return Ok(());
        };
        self.may_wish(id, wish, owned)?;
        let known = self.archive.rooms.get(owned).ok_or(Code::NoSuchRoom)?;
        let (key, shown) = (known.name.key().into(), format!("#{}", known.name.shown()).into());
        self.ask_about(id, ordinal, wish, (key, shown, Some(owned)), whom?);
        Ok(())
    }

    /// Members invite into an open room; the rest is the owner's, and operators'.
    fn may_wish(&self, id: ConnId, wish: Wish, room: RoomId) -> Outcome {
        let known = self.archive.rooms.get(room).ok_or(Code::NoSuchRoom)?;
        match self.may_change(id, room) {
            Ok(()) => Ok(()),
            Err(_) if wish == Wish::Invite && !known.is_private => {
                let is_in = self.rosters.contains(known.name.key(), id);
                if is_in { Ok(()) } else { Err(Code::NotMember) }
            }
            Err(code) => Err(code),
        }
    }

    /// Asks the home of somebody's name, which does it, if that is no account's.
    pub(super) fn ask_about(
        &mut self,
        id: ConnId,
        ordinal: u64,
        wish: Wish,
        (key, shown, owned): (Arc<str>, Arc<str>, Option<RoomId>),
        whom: Name,
    ) {
        let Some(by) = self.own_name(id) else { return };
        let route = self.route_to(self.hashing.user(whom.key()));
        let room = RoomName { key, shown, owned };
        let about = Arc::new(About { wish, room, whom, by: Name::clone(&by) });
        self.query_home(id, ordinal, route, Query::About(about));
    }

    /// Somebody is invited or expelled whose name is at home here.
    pub(in crate::chat) fn wish_arrived(&mut self, about: &About) -> Person {
        let About { wish, room, whom, .. } = about;
        let hash = self.hashing.user(whom.key());
        let here = self.find(hash, whom.key());
        let Some(entry) = self.known.find(hash, whom.key()).cloned() else {
            let Some(guest) = here else { return Person::Nobody };
            return self.guest_wished(guest, about);
        };
        if room.owned.is_some() {
            return Person::Account(entry.id, entry.name);
        }
        // The room isn't kept, so neither is this.
        let sessions = self.sessions.of(entry.id).to_vec();
        let is_done = match wish {
            Wish::Invite => {
                self.owned.unbar(&room.key, whom.key());
                let to = InvitedTo::Other(room.shown.clone());
                let untold = Untold { to, by: about.by.shown().into() };
                !sessions.is_empty() || self.owned.tell_later(entry.id, untold)
            }
            Wish::Expel => self.owned.bar(&room.key, whom.key()),
        };
        if !is_done {
            return Person::TooMany;
        }
        if let (Wish::Expel, Some(&first)) = (wish, sessions.first()) {
            self.put_out(first, &room.key);
        }
        for session in sessions {
            self.tell_wish(session, about);
        }
        Person::Done(entry.name)
    }

    fn guest_wished(&mut self, guest: ConnId, about: &About) -> Person {
        let About { wish, room, whom, .. } = about;
        let invited = (room.key.clone(), room.owned);
        match wish {
            Wish::Invite => {
                let Some(client) = self.clients.get_mut(guest) else { return Person::Nobody };
                let invitations = &mut client.cold().invited;
                if invitations.len() >= limits::INVITATIONS_PER_ACCOUNT_MAX
                    && !invitations.contains(&invited)
                {
                    return Person::TooMany;
                }
                invitations.retain(|(room, _)| *room != invited.0);
                invitations.push(invited);
            }
            Wish::Expel => {
                if !self.owned.bar(&room.key, whom.key()) {
                    return Person::TooMany;
                }
                if let Some(client) = self.clients.get_mut(guest)
                    && !client.invited().is_empty()
                {
                    client.cold().invited.retain(|(room, _)| *room != invited.0);
                }
                self.put_out(guest, &room.key);
            }
        }
        self.tell_wish(guest, about);
        self.clients.get(guest).map_or(Person::Nobody, |guest| Person::Done(guest.name().into()))
    }

    fn tell_wish(&mut self, id: ConnId, about: &About) {
        let text = format!("{} {}", about.room.shown, about.by.shown());
        self.say(id, about.wish.news(), &text);
    }

    /// It is in a room no more, which the room's home hears on the way that its joining took.
    fn put_out(&mut self, id: ConnId, room: &Arc<str>) {
        if !self.rosters.contains(room, id) {
            return;
        }
        let Some(member) = self.own_name(id) else { return };
        self.leave_here(room, id);
        match self.route_to_room(room) {
            Route::Here => drop(self.leave_room_here(room, &member)),
            Route::Shard(home) => {
                let requester = self.address(id);
                let query = Query::Leave { room: room.clone(), member };
                self.send(home, ShardMessage::Query { requester, number: 0, query }, 64);
            }
        }
    }

    /// The home of the name has replied.
    pub(in crate::chat) fn about_replied(
        &mut self,
        id: ConnId,
        ordinal: u64,
        about: Arc<About>,
        person: Person,
    ) {
        let text = |name: &str| format!("{} {name}", about.room.shown);
        match (person, about.wish) {
            (Person::Nobody, _) => self.refuse(id, ordinal, Code::NoSuchUser, None),
            (Person::TooMany, _) => self.refuse(id, ordinal, Code::TooMany, None),
            (Person::Done(name), Wish::Invite) => self.say(id, Endpoint::Invite, &text(&name)),
            (Person::Done(name), Wish::Expel) => {
                let text = text(&name).into();
                let route = self.route_to_room(&about.room.key);
                self.query_home(id, ordinal, route, Query::Expelled { about, text });
            }
            (Person::Account(whom, name), wish) => {
                let (Some(by), Some(room)) = (self.by(id), about.room.owned) else { return };
                let request = match wish {
                    Wish::Invite => RoomRequest::Invite { room, by, whom },
                    Wish::Expel => RoomRequest::Expel { room, by, whom },
                };
                let ask = RoomAsk::About { wish, text: text(&name).into() };
                if let Err(code) = self.ask_about_room(id, ordinal, ask, request) {
                    self.refuse(id, ordinal, code, Some(wish.endpoint().name()));
                }
            }
        }
    }

    /// A session of an account hears what it was invited to while it was away.
    pub(in crate::chat) fn tell_invitations(&mut self, id: ConnId) {
        let Some(account) = self.clients.get(id).and_then(Client::account) else { return };
        let untold = self.owned.take_untold(account);
        let is_kept = untold.iter().any(|untold| matches!(untold.to, InvitedTo::Owned(_)));
        for Untold { to, by } in untold {
            let room = match to {
                InvitedTo::Other(room) => room,
                InvitedTo::Owned(room) => match self.archive.rooms.get(room) {
                    Some(room) => format!("#{}", room.name.shown()).into(),
                    None => continue,
                },
            };
            self.say(id, Endpoint::Invited, &format!("{room} {by}"));
        }
        if is_kept {
            self.told_invitations(account);
        }
    }
}
