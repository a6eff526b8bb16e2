//! The server's own packets: the welcome, answers, refusals. Never: when they
//! are due.

use super::client::{Client, CloseMode, State};
use super::effect::Report;
use super::id::ConnId;
use super::shard::Shard;
use super::work;
use crate::wire::packet::{END, FROM_NAME, IP, MSG, TO, push_packet};
use crate::wire::text::push_escaped;
use crate::wire::{Code, Endpoint, JsonText, Secret, Welcome};
use std::net::IpAddr;

impl<S> Shard<S> {
    /// Says something to a client, as one of the server's endpoints. It is
    /// never refused: a client with too much in its queue is paused instead.
    pub(super) fn say(&mut self, id: ConnId, endpoint: Endpoint, text: &str) {
        self.say_with(id, endpoint, |out| push_escaped(out, text));
    }

    /// Tells a client a secret, behind whose it is: what it lay in meanwhile is overwritten.
    pub(super) fn say_secret(&mut self, id: ConnId, endpoint: Endpoint, whose: &str, it: &Secret) {
        self.say_with(id, endpoint, |out| {
            // So that the buffer doesn't grow, and leave a copy, before the packet ends.
            out.reserve(whose.len() + it.reveal().len() + END.len() + 1);
            push_escaped(out, whose);
            out.push(b' ');
            push_escaped(out, it.reveal());
        });
        if let Some(client) = self.clients.get_mut(id) {
            client.outbound.holds_secret();
        }
    }

    /// [`Shard::say`], the text written as it stands on the wire.
    pub(super) fn say_with(
        &mut self,
        id: ConnId,
        endpoint: Endpoint,
        msg: impl FnOnce(&mut Vec<u8>),
    ) {
        self.push_reply(id, endpoint, msg, false);
    }

    /// [`Shard::say`] for what many are told: the bulk flush queue has it flushed.
    pub(super) fn say_in_bulk(&mut self, id: ConnId, endpoint: Endpoint, text: &str) {
        self.push_reply(id, endpoint, |out| push_escaped(out, text), true);
    }

    fn push_reply(
        &mut self,
        id: ConnId,
        endpoint: Endpoint,
        msg: impl FnOnce(&mut Vec<u8>),
        bulk: bool,
    ) {
        let bound = self.settings.queue_bytes_max;
        if !self.clients.get(id).is_some_and(|client| client.can_be_told(bound)) {
            return;
        }
        self.work.spend(work::DELIVERY);
        let mut queue = self.take_queue(id);
        if let Some(client) = self.clients.get(id) {
            queue.push_with(&mut self.pool, None, |out| {
                push_head(out, client, endpoint);
                msg(out);
                out.extend_from_slice(END);
            });
        }
        self.put_back(id, queue, bulk);
    }

    /// Tells a client that a packet of theirs is refused; some refusals, and
    /// all while greeting, close the connection.
    #[cold]
    #[inline(never)]
    pub(super) fn refuse(&mut self, id: ConnId, ordinal: u64, code: Code, name: Option<&str>) {
        let Some(client) = self.clients.get(id) else { return };
        let closes = match client.state() {
            State::Greeting => true,
            State::Challenged => {
                code.closes() || matches!(code, Code::Malformed | Code::Banned | Code::TlsRequired)
            }
            _ => code.closes(),
        };
        let peer = client.peer;
        if client.can_be_told(self.settings.queue_bytes_max) {
            self.own_counters().refused.add(1);
            self.own_counters().refused_by_code[code as usize].add(1);
            self.say_with(id, Endpoint::Error, |out| {
                // Nothing in here needs escaping but the line break. Piece by
                // piece: a room message may be refused a thousand times.
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
            version: self.settings.version.clone(),
        };
        self.say(id, Endpoint::Welcome, &welcome.to_string());
    }
}

/// The refusal for a connection that gets no place in a shard.
pub fn admission_refusal(local: IpAddr, code: Code) -> Vec<u8> {
    let text = JsonText::escape(&format!("0 {}\n{}", code.word(), code.advice()));
    let mut words = Vec::new();
    push_packet(&mut words, Endpoint::Error.name(), &local.to_string(), "", &text);
    words
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
