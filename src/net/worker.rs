//! One worker: a thread with a poll of its own, its listeners, and its shard
//! of the chat. One tick, one direction: what came in, what the shard makes of
//! it, what goes out. Never: a decision about the chat.

use super::digest::Digest;
use super::door::{Door, Entry};
use super::mailbox::{Mail, Mailbox, Post};
use super::shutdown::{ComingToRest, Progress};
use super::signals::{Signal, Signals};
use super::socket::{Received, Sent, Socket};
use crate::chat::{ConnId, Effect, Ended, Moment, Shard, WorkerId};
use crate::limits;
use log::info;
use mio::event::Event;
use mio::net::{TcpListener, TcpStream};
use mio::{Events, Interest, Poll, Token};
use std::collections::VecDeque;
use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// The waker's token; connections' tokens are their handles.
pub const WAKER: Token = Token(usize::MAX);
/// The signals' token.
const SIGNALS: Token = Token(usize::MAX - 1);
/// The listeners' tokens count down from here.
const LAST_LISTENER: usize = usize::MAX - 2;

/// What a worker is made of.
pub struct Parts {
    pub worker: WorkerId,
    pub poll: Poll,
    pub listeners: Vec<TcpListener>,
    /// The first worker looks after these.
    pub signals: Option<Signals>,
    pub shard: Shard<Socket>,
    pub mailbox: Mailbox,
    pub door: Arc<Door>,
    pub progress: Arc<Progress>,
    /// When the server started.
    pub start: Instant,
}

/// One worker, in its thread.
pub struct Worker {
    parts: Parts,
    scratch: Box<[u8]>,
    now: Moment,
    /// Connections with something to read, each once.
    ready: VecDeque<ConnId>,
    effects: Vec<Effect<Socket>>,
    /// A listener has connections waiting.
    knocking: bool,
    /// Not before then, since `accept` failed.
    accept_after: Moment,
    /// Letters dealt with in this tick, in bytes.
    letters_done: usize,
    digest: Digest,
    stage: Stage,
    /// The first worker's: the end has begun.
    coming_to_rest: Option<ComingToRest>,
}

/// How far a worker is on its way to the end.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    Serving,
    /// Nothing more is read or accepted.
    Stopping,
    Ended,
}

impl Worker {
    /// Watches its listeners, and the signals if they are its own.
    ///
    /// # Errors
    /// What the system says.
    pub fn new(mut parts: Parts) -> io::Result<Self> {
        for (number, listener) in parts.listeners.iter_mut().enumerate() {
            let token = Token(LAST_LISTENER - number);
            parts.poll.registry().register(listener, token, Interest::READABLE)?;
        }
        if let Some(signals) = &mut parts.signals {
            signals.watch(parts.poll.registry(), SIGNALS)?;
        }
        Ok(Self {
            parts,
            scratch: vec![0; limits::SCRATCH_BYTES].into_boxed_slice(),
            now: Moment::default(),
            ready: VecDeque::new(),
            effects: Vec::new(),
            knocking: false,
            accept_after: Moment::default(),
            letters_done: 0,
            digest: Digest::default(),
            stage: Stage::Serving,
            coming_to_rest: None,
        })
    }

    /// Ticks until it is told to quit.
    ///
    /// # Errors
    /// Where the poll itself fails: the process is out of order.
    pub fn run(mut self) -> io::Result<()> {
        let mut events = Events::with_capacity(limits::EVENTS_PER_TICK_MAX);
        while self.stage != Stage::Ended {
            let timeout = self.timeout();
            match self.parts.poll.poll(&mut events, timeout) {
                Err(error) if error.kind() != ErrorKind::Interrupted => return Err(error),
                _ => {}
            }
            self.tick(&events)?;
        }
        Ok(())
    }

    fn tick(&mut self, events: &Events) -> io::Result<()> {
        self.now = Moment(self.parts.start.elapsed().as_nanos() as u64);
        self.parts.mailbox.lower_flag();
        self.read_mail();
        for event in events {
            self.note(event);
        }
        self.accept();
        self.read_ready();
        self.parts.shard.expire(self.now);
        self.carry_out();
        self.send_letters()?;
        self.digest.sum_up(self.now);
        if self.stage == Stage::Stopping {
            let worker = self.parts.worker;
            self.parts.progress.set_flushed(worker, self.parts.shard.is_flushed());
        }
        // Last: until here these letters, and what follows from them, count.
        self.parts.mailbox.done(std::mem::take(&mut self.letters_done));
        self.coming_to_rest.as_mut().map_or(Ok(()), |rest| rest.look(self.now))
    }

    /// Until the nearest deadline; not at all where work is left.
    fn timeout(&self) -> Option<Duration> {
        if self.parts.mailbox.has_mail() {
            return Some(Duration::ZERO);
        }
        if !self.ready.is_empty() {
            let congested = self.parts.mailbox.post().is_congested();
            return Some(if congested { limits::MAILBOX_PAUSE } else { Duration::ZERO });
        }
        let accept = self.knocking.then_some(self.accept_after);
        let rest = self.coming_to_rest.as_ref().map(ComingToRest::next_look);
        let deadlines = [self.parts.shard.next_deadline(), self.digest.next_due(), accept, rest];
        let now = Moment(self.parts.start.elapsed().as_nanos() as u64);
        // Up to a millisecond more: the poll counts in these, and waking
        // before a deadline would be waking in vain.
        deadlines.into_iter().flatten().min().map(|due| match due.since(now) {
            Duration::ZERO => Duration::ZERO,
            rest => rest + Duration::from_millis(1),
        })
    }

    fn read_mail(&mut self) {
        for _ in 0..limits::BATCHES_PER_TICK_MAX {
            match self.parts.mailbox.take() {
                None => return,
                Some(Mail::Letters(batch)) => {
                    self.letters_done += batch.weight_bytes();
                    self.parts.shard.letters(self.now, batch);
                }
                Some(Mail::Stop) => {
                    self.stage = Stage::Stopping;
                    self.parts.listeners.clear();
                    self.parts.shard.stop(self.now);
                }
                Some(Mail::GiveBack) => self.parts.shard.give_back_all(self.now),
                Some(Mail::Quit) => self.stage = Stage::Ended,
            }
        }
    }

    /// Remembers what an event says; nothing is done yet.
    fn note(&mut self, event: &Event) {
        match event.token() {
            WAKER => {}
            SIGNALS => self.heed_signals(),
            Token(token) if token > LAST_LISTENER - self.parts.listeners.len() => {
                self.knocking = true;
            }
            Token(token) => {
                let id = ConnId::from_bits(token as u64);
                if event.is_writable() {
                    self.effects.push(Effect::Flush(id));
                }
                let ended = event.is_read_closed() || event.is_error();
                if event.is_readable() || ended {
                    self.line_up(id, ended);
                }
            }
        }
    }

    fn heed_signals(&mut self) {
        for signal in self.parts.signals.iter_mut().flat_map(Signals::take) {
            match signal {
                Signal::Stop => {
                    info!("stopping");
                    let progress = &self.parts.progress;
                    let begin = || ComingToRest::new(progress.clone(), self.now);
                    self.coming_to_rest.get_or_insert_with(begin);
                }
                Signal::Reload => info!("SIGHUP: there is nothing to reload"),
            }
        }
    }

    fn line_up(&mut self, id: ConnId, thorough: bool) {
        let Some(socket) = self.parts.shard.socket(id) else { return };
        socket.thorough |= thorough;
        if !socket.in_line {
            socket.in_line = true;
            self.ready.push_back(id);
        }
    }

    /// Gives each of those in line one turn, unless letters are piling up
    /// somewhere: then nobody reads, and TCP tells the senders.
    fn read_ready(&mut self) {
        if self.ready.is_empty() || self.parts.mailbox.post().is_congested() {
            return;
        }
        for _ in 0..self.ready.len() {
            if let Some(id) = self.ready.pop_front() {
                self.read(id);
            }
        }
    }

    /// One turn: one `recv`.
    fn read(&mut self, id: ConnId) {
        let wanted = self.parts.shard.wants_bytes(id);
        let Some(socket) = self.parts.shard.socket(id) else { return };
        socket.in_line = false;
        if !wanted {
            // When it is wanted again, an effect says so; the end may have
            // been announced by then.
            socket.thorough = true;
            return;
        }
        let received = socket.receive(&mut self.scratch);
        let thorough = socket.thorough;
        match received {
            Received::Bytes(count) => {
                self.parts.shard.received(self.now, id, &self.scratch[..count]);
                if thorough || count == self.scratch.len() {
                    self.line_up(id, thorough);
                }
            }
            Received::Nothing => socket.thorough = false,
            Received::End => self.parts.shard.ended(self.now, id, Ended::Politely),
            Received::Broken => self.parts.shard.ended(self.now, id, Ended::Reset),
        }
    }

    /// Carries out what the shard wants done, and what follows from that.
    fn carry_out(&mut self) {
        let mut effects = std::mem::take(&mut self.effects);
        loop {
            self.parts.shard.take_effects(&mut effects);
            if effects.is_empty() {
                break;
            }
            for effect in effects.drain(..) {
                self.carry_out_one(effect);
            }
        }
        self.effects = effects;
    }

    fn carry_out_one(&mut self, effect: Effect<Socket>) {
        match effect {
            Effect::Flush(id) => self.flush(id),
            Effect::Read(id) => self.line_up(id, true),
            Effect::Register(id) => self.register(id),
            Effect::Shutdown(id) => {
                if let Some(socket) = self.parts.shard.socket(id) {
                    // Fails where the peer is gone, which the next read tells.
                    let _ = socket.stream.shutdown(std::net::Shutdown::Write);
                    self.line_up(id, true);
                }
            }
            Effect::Move { to, mut traveller } => {
                // Its new worker watches it; an error here would show there.
                let _ = self.parts.poll.registry().deregister(&mut traveller.socket.stream);
                traveller.socket.in_line = false;
                self.parts.shard.send_home(to, traveller);
            }
            Effect::Close(socket) => self.parts.door.left(socket.client),
            Effect::Report(report) => self.digest.report(self.now, report),
        }
    }

    /// Hands the socket what waits for it: one `send` as a rule.
    fn flush(&mut self, id: ConnId) {
        while let Some((socket, outbound)) = self.parts.shard.to_send(id) {
            match socket.send(outbound) {
                Sent::Broken => return self.parts.shard.broken(self.now, id),
                Sent::Bytes { count, full } => {
                    let rest = outbound.queued_bytes() > count;
                    if count > 0 {
                        self.parts.shard.sent(self.now, id, count);
                    }
                    if full {
                        self.watch_for_room(id, true);
                        self.parts.shard.blocked(self.now, id);
                    } else if !rest {
                        self.watch_for_room(id, false);
                    }
                    if full || !rest {
                        return;
                    }
                }
            }
        }
    }

    /// Write interest only while bytes remain.
    fn watch_for_room(&mut self, id: ConnId, watch: bool) {
        let Some(socket) = self.parts.shard.socket(id) else { return };
        // Registering again is what makes an edge come again, too.
        if watch || socket.watched_for_room {
            socket.watched_for_room = watch;
            let writable = Interest::READABLE | Interest::WRITABLE;
            let interest = if watch { writable } else { Interest::READABLE };
            let token = Token(id.to_bits() as usize);
            if self.parts.poll.registry().reregister(&mut socket.stream, token, interest).is_err() {
                self.parts.shard.broken(self.now, id);
            }
        }
    }

    fn register(&mut self, id: ConnId) {
        let Some(socket) = self.parts.shard.socket(id) else { return };
        let token = Token(id.to_bits() as usize);
        let interest = Interest::READABLE;
        if self.parts.poll.registry().register(&mut socket.stream, token, interest).is_err() {
            self.parts.shard.ended(self.now, id, Ended::Reset);
        }
    }

    /// Accepts what knocks, up to a bound.
    fn accept(&mut self) {
        if !self.knocking || self.now < self.accept_after || self.stage != Stage::Serving {
            return;
        }
        self.knocking = false;
        for number in 0..self.parts.listeners.len() {
            let mut accepted = 0;
            loop {
                if accepted == limits::ACCEPTS_PER_TICK_MAX {
                    self.knocking = true;
                    break;
                }
                accepted += 1;
                match self.parts.listeners[number].accept() {
                    Ok((stream, peer)) => self.enter(stream, peer),
                    Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                    Err(error) if is_of_one_connection(&error) => {}
                    Err(error) => {
                        // Readiness is not told twice: look again by ourselves.
                        self.knocking = true;
                        self.accept_after = self.now.after(limits::ACCEPT_PAUSE);
                        self.digest.accept_failed(self.now, &error);
                        break;
                    }
                }
            }
        }
    }

    fn enter(&mut self, stream: TcpStream, peer: SocketAddr) {
        let peer = peer.ip().to_canonical();
        let entry = self.parts.door.enter(peer);
        if entry == Entry::Dropped {
            return;
        }
        let client = (entry == Entry::Client).then_some(peer);
        let Ok(local) = stream.local_addr() else { return self.parts.door.left(client) };
        let local = local.ip().to_canonical();
        let socket = Socket::new(stream, client);
        let id = match entry {
            Entry::Refused(code) => {
                self.parts.shard.refused_at_door(self.now, socket, (peer, local), code)
            }
            _ => self.parts.shard.accepted(self.now, socket, peer, local),
        };
        self.register(id);
    }

    /// One batch for each worker that has letters.
    fn send_letters(&mut self) -> io::Result<()> {
        let post: &Post = self.parts.mailbox.post();
        for to in 0..post.workers() {
            if let Some(batch) = self.parts.shard.take_batch(to) {
                post.send(to, Mail::Letters(batch))?;
            }
        }
        Ok(())
    }
}

/// The connection died in the queue, or a signal came; the next may be fine.
/// accept(2) asks to treat network errors of the new socket like this.
fn is_of_one_connection(error: &io::Error) -> bool {
    use ErrorKind::{ConnectionAborted, HostUnreachable, Interrupted, NetworkDown};
    use ErrorKind::{NetworkUnreachable, PermissionDenied, TimedOut};
    const EPROTO: i32 = 71;
    matches!(
        error.kind(),
        ConnectionAborted
            | HostUnreachable
            | Interrupted
            | NetworkDown
            | NetworkUnreachable
            | PermissionDenied
            | TimedOut
    ) || error.raw_os_error() == Some(EPROTO)
}
