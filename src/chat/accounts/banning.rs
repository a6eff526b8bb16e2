//! The endpoints about bans, and the question at the door. Never: which bans hold.

use super::asks::Ask;
use super::times::time;
use crate::accounts::{Ban, Banned, Request, Span};
use crate::chat::id::ConnId;
use crate::chat::shard::Shard;
use crate::chat::skeletons::looks_of;
use crate::chat::snapshot::{Entry, Snapshot};
use crate::limits;
use crate::wire::{Code, Endpoint, Packet};
use compact_str::format_compact;
use std::net::IpAddr;
use std::sync::Arc;

type Outcome = Result<(), Code>;

impl<S> Shard<S> {
    /// Whether a peer is of a network that is banned now.
    pub fn is_banned(&self, peer: IpAddr) -> bool {
        self.bans.has_networks() && self.bans.has_address(peer, self.time_of_day())
    }

    /// `WHAT DURATION REASON`; the reason may be missing.
    pub(in crate::chat) fn ban(
        &mut self,
        id: ConnId,
        ordinal: u64,
        packet: &Packet<'_>,
    ) -> Outcome {
        let text = packet.msg.plain();
        let mut words = text.splitn(3, ' ');
        let mut word = || words.next().unwrap_or_default();
        let (who, span, reason) = (word(), word(), word());
        let who = Banned::parse(who).ok_or(Code::BadArgument)?;
        let span = Span::parse(span).ok_or(Code::BadArgument)?;
        let is_long = reason.len() > limits::BAN_REASON_BYTES_MAX;
        if is_long || reason.contains(['\n', '\r']) || self.is_oneself(id, &who) {
            return Err(Code::BadArgument);
        }
        let Some(by) = self.own_name(id) else { return Ok(()) };
        let until = span.end(self.time_of_day());
        let ban = Ban { who: who.clone(), until, by: by.shown().into(), reason: reason.into() };
        self.ask_store(id, ordinal, Ask::Ban(who), Request::Ban(ban))
    }

    /// Whether somebody would be banned by that.
    fn is_oneself(&self, id: ConnId, who: &Banned) -> bool {
        let Some(client) = self.clients.get(id) else { return false };
        let (Banned::Name(name), Some(own)) = (who, client.identity()) else {
            return who.has(client.peer);
        };
        let banned = looks_of(&self.hashing, name.shown(), name.key());
        let own = looks_of(&self.hashing, own.name(), own.key());
        own.iter().any(|look| banned.iter().any(|other| other.skeleton == look.skeleton))
    }

    pub(in crate::chat) fn unban(
        &mut self,
        id: ConnId,
        ordinal: u64,
        packet: &Packet<'_>,
    ) -> Outcome {
        let who = Banned::parse(&packet.msg.plain()).ok_or(Code::BadArgument)?;
        self.ask_store(id, ordinal, Ask::Unban(who.clone()), Request::Unban(who))
    }

    pub(in crate::chat) fn list_bans(&mut self, id: ConnId, _: u64, _: &Packet<'_>) -> Outcome {
        let line = |(key, ban): (&str, &Ban)| {
            let until = ban.until.map_or_else(|| "forever".to_owned(), |until| time(Some(until)));
            let (by, reason) = (if ban.by.is_empty() { "-" } else { &ban.by }, &ban.reason);
            let space = if reason.is_empty() { "" } else { " " };
            let line = format_compact!("{} {until} {by}{space}{reason}", ban.who);
            Entry { key: key.into(), line }
        };
        let bans = self.bans.in_force(self.time_of_day()).map(line).collect();
        let entries = Snapshot::new(bans, &self.counters);
        self.begin_listing(id, Endpoint::Bans, vec![Arc::new(entries)]);
        Ok(())
    }
}
