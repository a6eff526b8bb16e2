//! Who is in a room is told that it has changed, or is gone: a slice a tick. Never: what has
//! changed.

use crate::archive::RoomId;
use crate::chat::archive::arrival::{Arrival, RoomNews};
use crate::chat::client::Client;
use crate::chat::message::ShardMessage;
use crate::chat::routing::Route;
use crate::chat::shard::Shard;
use crate::chat::work::Units;
use crate::wire::{Endpoint, Name};
use compact_str::CompactString;
use std::sync::Arc;

impl<S> Shard<S> {
    /// A room is changed: its home says to all shards what it is like.
    pub(super) fn room_changed(&mut self, room: RoomId, by: &Name) {
        let Some(room) = self.archive.rooms.get(room) else { return };
        let key: Arc<str> = room.name.key().into();
        if self.route_to_room(&key) != Route::Here {
            return;
        }
        let Some(text) = self.room_text(&key).map(Arc::<str>::from) else { return };
        let by: CompactString = by.key().into();
        for worker in self.others() {
            let (room, text, by) = (key.clone(), text.clone(), by.clone());
            let bytes = text.len();
            self.send(worker, ShardMessage::RoomNews { room, text, by }, bytes);
        }
        let members = self.rosters.of(&key).into_iter();
        self.arrive_first(RoomNews { members, text, by: Some(by) });
    }

    /// ... which are told, behind what the store has said.
    pub(in crate::chat) fn room_news_arrived(
        &mut self,
        room: &str,
        text: Arc<str>,
        by: CompactString,
    ) {
        let members = self.rosters.of(room).into_iter();
        self.arrive(Arrival::News(RoomNews { members, text, by: Some(by) }));
    }

    /// It is gone: nobody is in it any more.
    pub(super) fn room_is_gone(&mut self, room: RoomId, by: Option<&Name>) {
        let Some(room) = self.archive.rooms.forget(room) else { return };
        let key = room.name.key();
        let members = self.rosters.of(key);
        for &member in &members {
            self.rosters.remove(key, member);
            if let Some(client) = self.clients.get_mut(member) {
                client.cold().rooms.retain(|joined| **joined != *key);
            }
        }
        if self.route_to_room(key) == Route::Here {
            self.room_here_is_gone(key);
        }
        self.owned.unbar_all(key);
        let (by, text) = (by.map(|by| by.key().into()), format!("#{} deleted", room.name.shown()));
        let members = members.into_iter();
        self.arrive_first(RoomNews { members, text: text.into(), by });
    }

    /// Goes on telling; whether all are told.
    pub(in crate::chat) fn tell_news(&mut self, news: &mut RoomNews, budget: Units) -> bool {
        while self.work.tick < budget
            && let Some(member) = news.members.next()
        {
            let identity = self.clients.get(member).and_then(Client::identity);
            if identity.is_some_and(|identity| news.by.as_deref() != Some(identity.key())) {
                self.say_in_bulk(member, Endpoint::Changed, &news.text);
            }
        }
        news.members.len() == 0
    }

    /// A room without an owner has ended, so has what barred names from it.
    pub(in crate::chat) fn end_bars(&mut self, room: &Arc<str>) {
        self.owned.unbar_all(room);
        for worker in self.others() {
            self.send(worker, ShardMessage::RoomEnded { room: room.clone() }, 0);
        }
    }
}
