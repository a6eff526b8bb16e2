//! **TLS 1.3** over TCP. `rustls` does the handshake; behind it, records are
//! opened and sealed in the worker's scratch space, and an idle connection owns
//! its keys and nothing else. Never: what the text means.
//!
//! | module | what lives there |
//! | --- | --- |
//! | `handshake` | a handshake, driven by what comes (**pure**) |
//! | `pending` | the rest of what the socket took in part |
//! | `record` | records under the keys of one direction (**pure**) |
//! | `session` | what follows a handshake: data, new keys, alerts (**pure**) |
//!
//! A queue's text counts as taken once the socket has its whole record, since a
//! peer can make nothing of a part. A record of which the socket took nothing
//! isn't kept: the next one has its number.

mod handshake;
mod pending;
mod record;
mod session;
#[cfg(test)]
mod tests;

use super::context::{Context, work_of_records};
use super::outcome::{Received, Sent};
use super::status::Status;
use super::tcp::Tcp;
use crate::chat::work;
use crate::limits;
use crate::net::tls::presented_names;
use crate::wire::wipe::{wipe, wipe_whole};
use crate::wire::{Outbound, Owned};
use handshake::Outcome;
use mio::net::TcpStream;
use pending::{Flushed, Pending};
use record::{Alert, HEADER_BYTES, RECORD_BYTES_MAX, TEXT_BYTES_MAX, record_bytes};
use rustls::ServerConfig;
use rustls::server::UnbufferedServerConnection as Connection;
use session::{Ended, Session};
use std::io::{self, ErrorKind, IoSlice, Read, Write};
use std::net::{IpAddr, Shutdown};
use std::sync::Arc;

/// A connection that speaks TLS.
pub struct Tls {
    pub(super) stream: TcpStream,
    pub(super) status: Status,
    state: State,
    input: Input,
    /// Nothing more is to be said.
    shut: bool,
    pending: Pending,
    /// What has come of a record that isn't there whole.
    torn: Vec<u8>,
    /// What was said to be held here, in bytes.
    told: usize,
}

enum State {
    Handshake(Box<Connection>),
    Session(Box<Session>),
    /// Nothing can be said or heard any more.
    Failed,
}

/// What the next read tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Input {
    Open,
    Ended,
    Broken,
}

impl Tls {
    /// Takes over a connection whose first byte has come.
    ///
    /// # Errors
    /// The connection as it was, if the library can't be started.
    pub fn new(tcp: Tcp, config: Arc<ServerConfig>) -> Result<Self, Tcp> {
        let Ok(connection) = Connection::new(config) else { return Err(tcp) };
        let Tcp { stream, status } = tcp;
        Ok(Self {
            stream,
            status,
            state: State::Handshake(Box::new(connection)),
            input: Input::Open,
            shut: false,
            pending: Pending::default(),
            torn: Vec::new(),
            told: 0,
        })
    }

    /// One `recv` behind what is torn, about as long as the turn, and what
    /// follows from it.
    pub fn receive(&mut self, space: &mut [u8], turn: usize, context: &mut Context) -> Received {
        match self.input {
            Input::Open => {}
            Input::Ended => return Received::End,
            Input::Broken => return Received::Broken,
        }
        let held = self.torn.len();
        let room = turn.max(RECORD_BYTES_MAX).max(held + 1);
        let space = &mut space[..room];
        let count = loop {
            match self.stream.read(&mut space[held..]) {
                Ok(0) => return Received::End,
                Ok(count) => break count,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    self.status.recheck = false;
                    return Received::Drained(0);
                }
                Err(_) => return Received::Broken,
            }
        };
        let drained = held + count < room && !self.status.recheck;
        self.take_in(space, held + count, drained, context)
    }

    /// Makes text of the first `filled` bytes of `space`: what is torn, for which
    /// there is room at the front, and what came behind it.
    pub fn take_in(
        &mut self,
        space: &mut [u8],
        filled: usize,
        drained: bool,
        context: &mut Context,
    ) -> Received {
        space[..self.torn.len()].copy_from_slice(&self.torn);
        let text = match &mut self.state {
            State::Handshake(_) => self.shake_hands(space, filled, context),
            State::Session(session) => {
                let opened = session.open(&mut space[..filled]);
                context.spend(work_of_records(opened.records));
                self.hold(&space[opened.used..filled]);
                match opened.ended {
                    None => {}
                    Some(Ended::Closed) => self.input = Input::Ended,
                    Some(Ended::Abandoned) => self.input = Input::Broken,
                    Some(Ended::Failed(alert)) => self.fail(alert),
                }
                opened.text
            }
            State::Failed => 0,
        };
        if drained && self.input == Input::Open {
            Received::Drained(text)
        } else {
            Received::MaybeMore(text)
        }
    }

    /// Goes on with the handshake; how much text came behind it.
    fn shake_hands(&mut self, space: &mut [u8], filled: usize, context: &mut Context) -> usize {
        let State::Handshake(connection) = &mut self.state else { return 0 };
        let advanced =
            handshake::advance(connection, &mut space[..filled], limits::TLS_HANDSHAKE_BYTES_MAX);
        context.spend(work::HANDSHAKE_STEP);
        if advanced.answered_hello {
            context.spend(work::HELLO);
        }
        self.hold(&space[advanced.used..filled]);
        if !advanced.reply.is_empty() {
            self.pending.append(advanced.reply);
            self.flush_pending();
        }
        let result = match advanced.outcome {
            Outcome::Unfinished => return 0,
            Outcome::Failed(error) => Err(error),
            Outcome::Done => self.begin_session(context),
        };
        if let Err(error) = result {
            context.failed(error.to_string());
            self.state = State::Failed;
            self.input = Input::Broken;
            return 0;
        }
        if advanced.closed {
            self.input = Input::Ended;
        }
        // What came behind it may be a secret.
        let mut text = advanced.text;
        wipe(&mut space[..filled]);
        space[..text.len()].copy_from_slice(&text);
        let length = text.len();
        wipe_whole(&mut text);
        length
    }

    fn begin_session(&mut self, context: &mut Context) -> Result<(), rustls::Error> {
        if let State::Handshake(connection) = std::mem::replace(&mut self.state, State::Failed) {
            // Verified by the handshake; few have one.
            let certificate = connection.peer_certificates().and_then(<[_]>::first);
            context.secured(certificate.map(presented_names).unwrap_or_default());
            self.state = State::Session(Box::new(Session::new(*connection)?));
        }
        Ok(())
    }

    /// Keeps a torn record until more of it comes.
    fn hold(&mut self, torn: &[u8]) {
        self.torn = if torn.is_empty() { Vec::new() } else { torn.to_vec() };
    }

    /// Gives up, and says why if there is room for it.
    fn fail(&mut self, alert: Alert) {
        self.say_last(alert);
        self.torn = Vec::new();
        self.state = State::Failed;
        self.input = Input::Broken;
    }

    /// Seals what waits, up to one record, and writes it. The record is made in
    /// `space`.
    pub fn send<T: Owned>(&mut self, outbound: &Outbound<T>, space: &mut [u8]) -> Sent {
        if outbound.queued_bytes() < self.pending.untold() {
            // It was bounced under a record that is torn: nothing can follow.
            return Sent::Broken;
        }
        if !self.pending.is_empty() || self.announce_keys() {
            match self.pending.flush(&mut self.stream) {
                Ok(Flushed::Whole(0)) => {}
                Ok(Flushed::Whole(bytes)) => return self.taken(bytes, false),
                Ok(Flushed::InPart(bytes)) => return self.taken(bytes, true),
                Err(_) => return Sent::Broken,
            }
        }
        // A handshake has no words for who fails to end it.
        let State::Session(session) = &mut self.state else { return Sent::Broken };
        let text = gather(outbound, &mut space[HEADER_BYTES..][..TEXT_BYTES_MAX]);
        let Ok(length) = session.seal(&mut space[..record_bytes(text)], text) else {
            return Sent::Broken;
        };
        loop {
            return match self.stream.write(&space[..length]) {
                Ok(count) if count == length => self.taken(text, false),
                Ok(count) if count > 0 => {
                    let told = self.pending.keep(&space[count..length], text);
                    self.taken(told, true)
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    session.unseal();
                    self.taken(0, true)
                }
                Ok(_) | Err(_) => Sent::Broken,
            };
        }
    }

    fn taken(&mut self, bytes: usize, blocked: bool) -> Sent {
        self.status.blocked = blocked;
        Sent::Taken { bytes, blocked }
    }

    /// Whether new keys are announced by what is pending now.
    fn announce_keys(&mut self) -> bool {
        let State::Session(session) = &mut self.state else { return false };
        if !session.owes_key_update() {
            return false;
        }
        match session.update_keys() {
            Ok(record) => self.pending.append(record),
            Err(_) => self.state = State::Failed,
        }
        !self.pending.is_empty()
    }

    /// The socket has room again: for what waits here and is nobody's text.
    pub fn has_room(&mut self) {
        if !self.pending.is_empty() && !self.pending.has_text() {
            self.flush_pending();
        }
    }

    /// Writes what is nobody's text; an error is the next read's to tell.
    fn flush_pending(&mut self) {
        match self.pending.flush(&mut self.stream) {
            Ok(Flushed::InPart(_)) => self.status.blocked = true,
            Ok(Flushed::Whole(_)) => {
                self.status.blocked = false;
                if self.shut {
                    let _ = self.stream.shutdown(Shutdown::Write);
                }
            }
            Err(_) => self.pending.clear(),
        }
    }

    /// Ends the sending half: close_notify, then TCP's. A record that is torn for
    /// good ends it as it is.
    pub fn shutdown(&mut self) {
        if self.pending.has_text() {
            self.pending.clear();
            self.state = State::Failed;
        }
        if matches!(self.state, State::Session(_)) {
            // What waits for the socket goes first, and ends TCP's half then.
            self.say_last(Alert::CloseNotify);
        } else {
            self.shut = true;
            let _ = self.stream.shutdown(Shutdown::Write);
        }
    }

    /// The connection is about to be closed.
    pub fn close(mut self) {
        if !self.shut && !self.pending.has_text() {
            self.say_last(Alert::CloseNotify);
        }
    }

    /// An alert, behind which nothing is said.
    fn say_last(&mut self, alert: Alert) {
        if self.shut {
            return;
        }
        self.shut = true;
        if let State::Session(session) = &mut self.state
            && !self.pending.has_text()
            && let Ok(record) = session.alert(alert)
        {
            self.pending.append(record);
            self.flush_pending();
        }
    }

    /// Nothing has been told of what is held here: it has another worker.
    pub fn untell(&mut self) {
        self.told = 0;
    }

    /// What is held here in bytes, if that has changed since the last call.
    pub fn held_bytes(&mut self) -> Option<usize> {
        let held = self.torn.capacity() + self.pending.bytes();
        let before = std::mem::replace(&mut self.told, held);
        (before != held).then_some(held)
    }

    /// Whether the next read has something to tell of which no event will.
    pub fn has_news(&self) -> bool {
        self.input != Input::Open
    }

    /// Who can't be told anything is left alone.
    pub fn dismiss(self, _words: &[u8]) {
        self.close();
    }

    /// The address that the peer has connected to.
    ///
    /// # Errors
    /// What the system says.
    pub fn local_ip(&self) -> io::Result<IpAddr> {
        Ok(self.stream.local_addr()?.ip().to_canonical())
    }
}

/// Copies what waits, from the front on, as much as there is room for.
fn gather<T: Owned>(outbound: &Outbound<T>, space: &mut [u8]) -> usize {
    if let Some(bytes) = outbound.contiguous() {
        let count = bytes.len().min(space.len());
        space[..count].copy_from_slice(&bytes[..count]);
        return count;
    }
    let mut slices = [IoSlice::new(&[]); limits::SLICES_MAX];
    let used = outbound.fill(&mut slices);
    let mut at = 0;
    for slice in &slices[..used] {
        let count = slice.len().min(space.len() - at);
        space[at..at + count].copy_from_slice(&slice[..count]);
        at += count;
    }
    at
}

impl std::fmt::Debug for Tls {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let state = match self.state {
            State::Handshake(_) => "handshake",
            State::Session(_) => "session",
            State::Failed => "failed",
        };
        f.debug_struct("Tls").field("state", &state).field("input", &self.input).finish()
    }
}
