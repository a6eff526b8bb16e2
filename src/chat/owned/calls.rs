//! `/room`: what a room is like, and what its owner wants it to be. Never: whether it is
//! committed.

use super::about::{RoomAsk, Why};
use crate::accounts::Span;
use crate::archive::{Change, RoomId, RoomRequest};
use crate::chat::client::Client;
use crate::chat::id::ConnId;
use crate::chat::query_protocol::Query;
use crate::chat::room_calls::room_name;
use crate::chat::shard::Shard;
use crate::limits;
use crate::wire::{Code, Endpoint, Name, Packet};
use std::sync::Arc;

type Outcome = Result<(), Code>;

impl<S> Shard<S> {
    /// `#ROOM`, or that and what it is to be.
    pub(in crate::chat) fn room(
        &mut self,
        id: ConnId,
        ordinal: u64,
        packet: &Packet<'_>,
    ) -> Outcome {
        let argument = one_line(&packet.msg.plain())?;
        let (room, wanted) = match argument.split_once(' ') {
            Some((room, wanted)) => (room, Some(wanted)),
            None => (&*argument, None),
        };
        let room = room_name(room)?;
        let change = wanted.map(change_of).transpose()?;
        if let Some(Change::Keep(span)) = &change
            && !is_within(*span, self.settings.keep)
        {
            return Err(Code::BadArgument);
        }
        if self.is_hidden_from_operators(id, room.key()) {
            return Err(Code::NoSuchRoom);
        }
        match (change, self.archive.rooms.find(room.key())) {
            (None, _) => self.ask_room(id, ordinal, room.key(), Why::Show),
            (Some(Change::Own), None) => self.ask_room(id, ordinal, room.key(), Why::Own),
            (Some(_), None) => {
                self.ask_room(id, ordinal, room.key(), Why::Refuse { is_owner_wanted: true });
            }
            (Some(change), Some(owned)) => return self.change(id, ordinal, owned, change),
        }
        Ok(())
    }

    fn change(&mut self, id: ConnId, ordinal: u64, room: RoomId, change: Change) -> Outcome {
        if change == Change::Own {
            self.may_own(id, room)?;
        } else {
            self.may_change(id, room)?;
        }
        let Some(by) = self.by(id) else { return Ok(()) };
        let ask = if change == Change::Delete { RoomAsk::Delete } else { RoomAsk::Change };
        self.ask_about_room(id, ordinal, ask, RoomRequest::Change { room, by, change })
    }

    /// A member with an account may, where the owner's is gone.
    fn may_own(&self, id: ConnId, room: RoomId) -> Outcome {
        let known = self.archive.rooms.get(room).ok_or(Code::NoSuchRoom)?;
        let account = self.clients.get(id).and_then(Client::account).ok_or(Code::NotOwner)?;
        match &known.owner {
            Some((owner, _)) if *owner == account => Ok(()),
            Some(_) => Err(Code::NotOwner),
            None if self.owned.is_member(account, room) => Ok(()),
            None => Err(Code::NotMember),
        }
    }

    /// Asks the home of a room, of which only that knows.
    pub(super) fn ask_room(&mut self, id: ConnId, ordinal: u64, room: &str, why: Why) {
        let route = self.route_to_room(room);
        self.query_home(id, ordinal, route, Query::Room { room: room.into(), why });
    }

    /// Its home has replied: what it is like, if it is there.
    pub(in crate::chat) fn room_is(
        &mut self,
        id: ConnId,
        ordinal: u64,
        (key, text): (&Arc<str>, Option<&str>),
        why: &Why,
    ) {
        let Some(text) = text else {
            return self.refuse(id, ordinal, Code::NoSuchRoom, None);
        };
        let shown = text.split(' ').next().unwrap_or_default();
        match why {
            Why::Show => self.say(id, Endpoint::Room, text),
            Why::Refuse { is_owner_wanted: true } => {
                self.refuse(id, ordinal, Code::NotOwner, None);
            }
            Why::Refuse { is_owner_wanted: false } => {
                self.refuse(id, ordinal, Code::NotMember, None);
            }
            Why::Own => self.own(id, ordinal, shown),
            Why::About { wish, whom } => {
                self.ask_about(id, ordinal, *wish, (key.clone(), shown.into(), None), whom.clone());
            }
        }
    }
}

/// Arguments are one line.
pub(super) fn one_line(text: &str) -> Result<Box<str>, Code> {
    if text.contains(['\n', '\r']) { Err(Code::BadArgument) } else { Ok(text.into()) }
}

fn change_of(text: &str) -> Result<Change, Code> {
    let (verb, rest) = match text.split_once(' ') {
        Some((verb, rest)) => (verb, Some(rest)),
        None => (text, None),
    };
    Ok(match (verb, rest) {
        ("own", None) => Change::Own,
        ("open", None) => Change::Private(false),
        ("private", None) => Change::Private(true),
        ("delete", None) => Change::Delete,
        ("keep", Some(span)) => Change::Keep(Span::parse(span).ok_or(Code::BadArgument)?),
        ("topic", topic) => {
            let topic = topic.unwrap_or_default();
            if topic.len() > limits::TOPIC_BYTES_MAX {
                return Err(Code::BadArgument);
            }
            Change::Topic(topic.into())
        }
        ("owner", Some(name)) => Change::Owner(Name::parse(name).map_err(|_| Code::NoSuchUser)?),
        _ => return Err(Code::BadArgument),
    })
}

/// Whether a room may keep its packets for so long.
fn is_within(span: Span, server: Span) -> bool {
    match (span, server) {
        (_, Span::Forever) => true,
        (Span::Forever, Span::Seconds(_)) => false,
        (Span::Seconds(room), Span::Seconds(server)) => room <= server,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_room_is_to_be_is_a_word_and_what_belongs_to_it() {
        assert_eq!(change_of("own"), Ok(Change::Own));
        assert_eq!(change_of("private"), Ok(Change::Private(true)));
        assert_eq!(change_of("open"), Ok(Change::Private(false)));
        assert_eq!(change_of("topic two words "), Ok(Change::Topic("two words ".into())));
        assert_eq!(change_of("topic"), Ok(Change::Topic("".into())));
        assert_eq!(change_of("keep 7d"), Ok(Change::Keep(Span::Seconds(7 * 86_400))));
        assert_eq!(change_of("owner Bob"), Ok(Change::Owner(Name::parse("Bob").unwrap())));
        assert_eq!(change_of("owner _"), Err(Code::NoSuchUser));
        let long = format!("topic {}", "x".repeat(limits::TOPIC_BYTES_MAX + 1));
        for bad in ["", "own it", "Own", " own", "keep", "keep 7", "owner", "open ", "x", &long] {
            assert_eq!(change_of(bad), Err(Code::BadArgument), "{bad}");
        }
    }

    #[test]
    fn a_room_keeps_for_less_than_the_server_or_as_long() {
        let day = Span::Seconds(86_400);
        assert!(is_within(day, day) && is_within(day, Span::Forever));
        assert!(is_within(Span::Forever, Span::Forever));
        assert!(!is_within(Span::Forever, day) && !is_within(Span::Seconds(86_460), day));
    }
}
