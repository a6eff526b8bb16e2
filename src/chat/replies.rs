//! The server's own packets: the welcome, answers, refusals, pages of lists,
//! who comes and goes. Never: when they are due.

use super::client::{Client, CloseMode};
use super::effect::Report;
use super::id::ConnId;
use super::message::ShardMessage;
use super::query_protocol::Entry;
use super::shard::Shard;
use crate::wire::packet::{END, FROM_NAME, IP, MSG, TO, push_packet};
use crate::wire::text::push_escaped;
use crate::wire::{Code, Endpoint, JsonText, Range, Welcome};
use std::net::IpAddr;
use std::sync::Arc;

impl<S> Shard<S> {
    /// Says something to a client, as one of the server's endpoints. It is
    /// never refused: who makes the server talk is not heard meanwhile.
    pub(super) fn say(&mut self, id: ConnId, endpoint: Endpoint, text: &str) {
        self.say_with(id, endpoint, |out| push_escaped(out, text));
    }

    /// [`Shard::say`], the text written as it stands on the wire.
    pub(super) fn say_with(
        &mut self,
        id: ConnId,
        endpoint: Endpoint,
        msg: impl FnOnce(&mut Vec<u8>),
    ) {
        if !self.clients.get(id).is_some_and(Client::can_be_told) {
            return;
        }
        let mut queue = self.take_queue(id);
        if let Some(client) = self.clients.get(id) {
            queue.push_with(&mut self.pool, None, |out| {
                push_head(out, client, endpoint);
                msg(out);
                out.extend_from_slice(END);
            });
        }
        self.put_queue(id, queue);
    }

    /// Tells a client that a packet of theirs is refused; some refusals, and
    /// all while greeting, close the connection.
    pub(super) fn refuse(&mut self, id: ConnId, ordinal: u64, code: Code, name: Option<&str>) {
        let Some(client) = self.clients.get(id) else { return };
        let closes = code.closes() || client.is_greeting();
        let peer = client.peer;
        if client.can_be_told() {
            self.own_counters().refused.add(1);
            self.own_counters().refused_by_code[code as usize].add(1);
            self.say_with(id, Endpoint::Error, |out| {
                // Nothing in here needs escaping but the line break. Piece by
                // piece: a room message to a room may be refused a thousand times.
                let name = name.unwrap_or_default();
                let space = if name.is_empty() { "" } else { " " };
                let mut digits = itoa::Buffer::new();
                let ordinal = digits.format(ordinal);
                for piece in [ordinal, " ", code.word(), space, name, "\\n", code.advice()] {
                    out.extend_from_slice(piece.as_bytes());
                }
            });
        }
        if closes {
            self.report(Report::Closed { peer, code });
            self.close(id, CloseMode::Linger);
        }
    }

    /// The first packet to a user.
    pub(super) fn welcome(&mut self, id: ConnId, users: usize) {
        let Some(client) = self.clients.get(id) else { return };
        let welcome = Welcome {
            name: client.name().to_owned(),
            ip: client.peer.to_string(),
            users: users as u64,
            version: self.settings.version.to_owned(),
        };
        self.say(id, Endpoint::Welcome, &welcome.to_string());
    }

    /// Tells everybody who wants to know.
    pub(super) fn announce(&mut self, came: bool, name: &str) {
        for worker in self.others() {
            if self.counters.of(worker).watchers.get() > 0 {
                let name: Arc<str> = name.into();
                self.send(worker, ShardMessage::Presence { came, name }, 64);
            }
        }
        self.tell_watchers(came, name);
    }

    /// Tells those here. It is the only thing ever dropped: where their own
    /// queue is full.
    pub(super) fn tell_watchers(&mut self, came: bool, name: &str) {
        let endpoint = if came { Endpoint::Joined } else { Endpoint::Left };
        let watchers: Vec<ConnId> = self.watchers.iter().copied().collect();
        for id in watchers {
            let Some(client) = self.clients.get(id) else { continue };
            let bytes = head_bytes(client, endpoint) + name.len() + END.len();
            if client.name() != name && self.has_room(id, bytes) {
                self.say(id, endpoint, name);
            }
        }
    }

    /// Answers with a list: `FIRST-LAST of TOTAL`, then a line an entry, in as
    /// many packets as it takes, each within the limit of packets.
    pub(super) fn say_pages(&mut self, id: ConnId, endpoint: Endpoint, mut entries: Vec<Entry>) {
        entries.sort_unstable();
        let total = entries.len();
        let range = |first: usize, last: usize| {
            let [first, last, total] = [first, last, total].map(|number| number as u64);
            Range { first, last, total }.to_string()
        };
        if total == 0 {
            self.say(id, endpoint, &range(0, 0));
            return;
        }
        let Some(client) = self.clients.get(id) else { return };
        let digits = total.to_string().len();
        let frame = head_bytes(client, endpoint) + END.len() - 1 + 3 * digits + "- of ".len();
        let room = self.settings.packet_bytes_max.saturating_sub(frame);
        let mut first = 0;
        while first < total {
            let last = page_end(&entries, first, room);
            let mut text = range(first + 1, last);
            for entry in &entries[first..last] {
                text.push('\n');
                text.push_str(&entry.line);
            }
            self.say(id, endpoint, &text);
            first = last;
        }
    }
}

/// The words for one who can't even have a place to be refused from.
pub fn admission_refusal(local: IpAddr, code: Code) -> Vec<u8> {
    let text = JsonText::escape(&format!("0 {}\n{}", code.word(), code.advice()));
    let mut words = Vec::new();
    push_packet(&mut words, Endpoint::Error.name(), &local.to_string(), "", &text);
    words
}

/// Behind the last entry of the page that begins with `first`: what fits, and
/// one entry at the least. A line break is two bytes on the wire.
fn page_end(entries: &[Entry], first: usize, room: usize) -> usize {
    let mut left = room;
    let fits = entries[first..].iter().take_while(|entry| {
        let bytes = entry.line.len() + 2;
        let fits = bytes <= left;
        left = left.saturating_sub(bytes);
        fits
    });
    first + fits.count().max(1)
}

/// Everything in front of the text.
fn push_head<S>(out: &mut Vec<u8>, client: &Client<S>, endpoint: Endpoint) {
    out.extend_from_slice(FROM_NAME);
    out.extend_from_slice(endpoint.name().as_bytes());
    out.extend_from_slice(IP);
    out.extend_from_slice(client.local.as_bytes());
    out.extend_from_slice(TO);
    out.extend_from_slice(client.name().as_bytes());
    out.extend_from_slice(MSG);
}

fn head_bytes<S>(client: &Client<S>, endpoint: Endpoint) -> usize {
    let mut head = Vec::with_capacity(192);
    push_head(&mut head, client, endpoint);
    head.len()
}
