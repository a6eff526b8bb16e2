//! Packets are put at the end of the log. Never: reading it.

use super::places::Parties;
use super::rows::Writer;
use super::tail::Entry;
use super::{Log, State, keys};
use crate::archive::{Micros, Outcome, PacketId, Post, Target};
use crate::limits::LOG_TAIL_MAX;
use rusqlite::{Connection, Error, Result};

impl Log {
    /// Writes packets in order; what will have come of each once it is committed.
    pub(in crate::store) fn append<W>(
        &mut self,
        connection: &Connection,
        now: Micros,
        posts: &[Post<W>],
    ) -> Result<Box<[Outcome]>> {
        self.loaded(connection)?;
        self.round.appended += posts.len();
        let mut writer = Writer::new(connection)?;
        let outcomes: Result<Box<[_]>> =
            posts.iter().map(|post| self.append_one(connection, &mut writer, now, post)).collect();
        let outcomes = outcomes?;
        let (state, _) = self.loaded(connection)?;
        if state.tail.len() >= LOG_TAIL_MAX {
            state.thread(connection)?;
        }
        state.save(connection)?;
        Ok(outcomes)
    }

    fn append_one<W>(
        &mut self,
        connection: &Connection,
        writer: &mut Writer<'_>,
        time: Micros,
        post: &Post<W>,
    ) -> Result<Outcome> {
        let highest = self.highest;
        let (state, places) = self.loaded(connection)?;
        let sender = post.sender.map(|(account, _)| account);
        let Some(parties) = Parties::of(sender, post.target) else { return Ok(Outcome::Gone) };
        if let Some(sender) = sender
            && places.name(connection, sender)?.is_none()
        {
            return Ok(Outcome::Gone);
        }
        let usual = parties.recipient(connection, places, sender)?;
        if !matches!(post.target, Target::Everyone) && usual.is_none() {
            return Ok(Outcome::Gone);
        }
        let key = sender.zip(post.key.clone());
        if let Some(key) = &key
            && let Some(id) = keys::used(connection, &state.tail, key, time)?
        {
            return Ok(Outcome::Again { id });
        }
        let id = PacketId::new(highest + 1).ok_or(Error::IntegralValueOutOfRange(0, i64::MAX))?;
        let conversation = places.number(connection, parties)?;
        let place = (id.get(), conversation, time);
        state.bytes += writer.write(place, post, usual.as_deref())?;
        state.packets += 1;
        state.last_id = id.get();
        state.tail.push(Entry { id: id.get(), conversation, sender });
        if let Some(key) = key {
            state.tail.push_key(key, id, time);
        }
        self.highest = id.get();
        Ok(Outcome::Stored { id, time })
    }
}

impl State {
    /// `thread` gets all that there is.
    pub(super) fn thread(&mut self, connection: &Connection) -> Result<()> {
        self.tail.write(connection)?;
        self.threaded = self.last_id;
        self.save(connection)
    }
}
