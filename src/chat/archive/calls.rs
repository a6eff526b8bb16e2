//! The endpoints about stored packets. Never: what the store makes of them.

use super::codes::code_of;
use crate::accounts::AccountId;
use crate::archive::{Conversation, PacketId, Reply, Request, UnreadRow};
use crate::chat::accounts::asks::{Ask, PendingAsk};
use crate::chat::accounts::endpoint_of;
use crate::chat::client::{Client, Pauses, StoredState};
use crate::chat::id::ConnId;
use crate::chat::shard::Shard;
use crate::chat::snapshot::{Entry, Snapshot};
use crate::chat::work;
use crate::wire::{Code, Endpoint, Name, Packet};
use compact_str::format_compact;
use std::sync::Arc;

type Outcome = Result<(), Code>;

impl<S> Shard<S> {
    /// `on`, `off`: stored packets come with id and time; packets may have a key.
    pub(in crate::chat) fn extend(&mut self, id: ConnId, _: u64, packet: &Packet<'_>) -> Outcome {
        let argument = packet.msg.plain();
        let on = is_on(&argument)?;
        let Some(client) = self.clients.get_mut(id) else { return Ok(()) };
        client.codec.take_keys(on);
        let stored = client.stored.get_or_insert_with(|| Box::new(StoredState::new(None)));
        stored.extended = on;
        self.say(id, Endpoint::Extend, &argument);
        Ok(())
    }

    /// `on`, `off`: it is told what comes of what it sends.
    pub(in crate::chat) fn receipts(&mut self, id: ConnId, _: u64, packet: &Packet<'_>) -> Outcome {
        let argument = packet.msg.plain();
        let on = is_on(&argument)?;
        if let Some(stored) = self.clients.get_mut(id).and_then(Client::stored_mut) {
            stored.receipts = on;
        }
        self.say(id, Endpoint::Receipts, &argument);
        Ok(())
    }

    /// An id, or nothing: what is stored behind it comes again.
    pub(in crate::chat) fn replay(
        &mut self,
        id: ConnId,
        ordinal: u64,
        packet: &Packet<'_>,
    ) -> Outcome {
        let argument = packet.msg.plain();
        let after = match &*argument {
            "" => None,
            text => Some(number(text)?),
        };
        let Some(account) = self.clients.get(id).and_then(Client::account) else { return Ok(()) };
        if let Some(packet) = after.and_then(PacketId::new) {
            self.client_has(account, packet);
        }
        self.begin_replay(id, ordinal, after);
        Ok(())
    }

    pub(in crate::chat) fn unread(&mut self, id: ConnId, ordinal: u64, _: &Packet<'_>) -> Outcome {
        let Some(account) = self.clients.get(id).and_then(Client::account) else { return Ok(()) };
        self.ask_about_stored(id, ordinal, Ask::Unread, Request::Unread { account })
    }

    /// `CONV ID`.
    pub(in crate::chat) fn read(
        &mut self,
        id: ConnId,
        ordinal: u64,
        packet: &Packet<'_>,
    ) -> Outcome {
        let argument = packet.msg.plain();
        let (conversation, packet) = argument.split_once(' ').ok_or(Code::BadArgument)?;
        let conversation = conversation_of(conversation)?;
        let packet = PacketId::new(number(packet)?).ok_or(Code::NoSuchPacket)?;
        let Some(account) = self.clients.get(id).and_then(Client::account) else { return Ok(()) };
        let request = Request::Read { account, conversation, id: packet };
        self.ask_about_stored(id, ordinal, Ask::Read(account), request)
    }

    /// Asks on behalf of a connection, whose next packet waits for the reply.
    pub(in crate::chat) fn ask_about_stored(
        &mut self,
        id: ConnId,
        ordinal: u64,
        ask: Ask,
        request: Request,
    ) -> Outcome {
        if self.asks.contains_key(&id) {
            return Err(Code::Busy);
        }
        self.work.spend(work::STORE);
        let number = self.ask_archive(id, request);
        let since = self.now;
        self.asks.insert(id, PendingAsk { number, since, ordinal, ask, name_is_taken: false });
        self.pause(id, Pauses::STORE);
        Ok(())
    }

    /// The store has replied.
    pub(super) fn archive_ask_replied(&mut self, id: ConnId, number: u32, reply: Reply) {
        let Some(pending) = self.take_ask(id, number) else { return };
        match (pending.ask, reply) {
            (Ask::Room(ask), Reply::Room(room)) => {
                self.room_ask_done(id, pending.ordinal, ask, &room);
            }
            (Ask::Room(ask), Reply::Failed(failure)) => {
                self.room_ask_failed(id, pending.ordinal, ask, failure);
            }
            (Ask::Unread, Reply::Unread(rows)) => self.list_unread(id, rows),
            (Ask::Read(account), Reply::Read { conversation, id: mark }) => {
                let text = format!("{conversation} {}", mark.get());
                self.say(id, Endpoint::Read, &text);
                self.tell_marked(id, account, &text);
            }
            (ask, Reply::Failed(failure)) => {
                let code = code_of(failure);
                let name = (code == Code::Busy).then_some(endpoint_of(&ask).name());
                self.refuse(id, pending.ordinal, code, name);
            }
            // No reply to that.
            _ => self.refuse(id, pending.ordinal, Code::Busy, None),
        }
        self.handle_inbound(id);
    }

    fn list_unread(&mut self, id: ConnId, rows: Vec<UnreadRow>) {
        let line = |UnreadRow { conversation, read, last, count }: UnreadRow| Entry {
            line: format_compact!(
                "{conversation} {} {} {count}",
                read.map_or(0, PacketId::get),
                last.get()
            ),
            key: (&*conversation).into(),
        };
        let mut entries: Vec<Entry> = rows.into_iter().map(line).collect();
        entries.sort();
        let entries = Snapshot::new(entries, &self.counters);
        self.begin_listing(id, Endpoint::Unread, vec![Arc::new(entries)]);
    }

    /// The other sessions of an account learn of its read mark.
    fn tell_marked(&mut self, id: ConnId, account: AccountId, text: &str) {
        let others: Vec<ConnId> = self.sessions.of(account).to_vec();
        for other in others {
            if other != id {
                self.say(other, Endpoint::Marked, text);
            }
        }
    }
}

fn is_on(argument: &str) -> Result<bool, Code> {
    match argument {
        "on" => Ok(true),
        "off" => Ok(false),
        _ => Err(Code::BadArgument),
    }
}

/// An id, or 0.
fn number(text: &str) -> Result<u64, Code> {
    let is_plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let number = if is_plain { text.parse::<u64>().ok() } else { None };
    number.filter(|number| *number <= PacketId::MAX).ok_or(Code::BadArgument)
}

/// An account's name, `#room`, `/broadcast`.
fn conversation_of(text: &str) -> Result<Conversation, Code> {
    let name = |text| Name::parse(text).map_err(|_| Code::BadArgument);
    match text.strip_prefix('#') {
        Some(room) => Ok(Conversation::Room(name(room)?)),
        None if text == Endpoint::Broadcast.name() => Ok(Conversation::Broadcast),
        None => Ok(Conversation::With(name(text)?)),
    }
}
