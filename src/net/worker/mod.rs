//! One worker: a thread with a poll of its own, its listeners, and its shard
//! of the chat. One tick, one direction: what came in, what the shard makes of
//! it, what goes out. Never: a decision about the chat.

mod accept;
mod socket_io;
#[cfg(test)]
mod tests;

use crate::chat::{ConnId, Effect, Moment, Shard, WorkerId};
use crate::limits;
use crate::net::admission::Admission;
use crate::net::control::ControlTask;
use crate::net::event_log::EventLog;
use crate::net::in_flight::{InFlight, Reached};
use crate::net::loop_stats::LoopStats;
use crate::net::mailbox::{Mailbox, Mailboxes, WorkerMessage};
use crate::net::socket::Socket;
use crate::sandbox::Needs;
use mio::net::TcpListener;
use mio::{Events, Interest, Poll, Token};
use std::collections::VecDeque;
use std::io::{self, ErrorKind};
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
    /// The first worker's second task.
    pub control: Option<ControlTask>,
    pub shard: Shard<Socket>,
    pub mailbox: Mailbox,
    pub admission: Admission,
    pub loop_stats: Arc<LoopStats>,
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
    accept_ready: bool,
    /// Not before then, since `accept` failed.
    accept_after: Moment,
    /// Messages dealt with in this tick, in bytes.
    messages_done: usize,
    /// When the last tick ended.
    ended: Moment,
    /// What its sockets left behind, in bytes.
    queue_bytes: u64,
    event_log: EventLog,
    stage: Stage,
}

/// How far a worker is on its way to the end.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    Serving,
    /// Nothing more is read or accepted.
    Stopping,
    /// Nothing more is sent either.
    Closing,
    Ended,
}

impl Worker {
    /// What every worker's thread needs of the sandbox.
    pub fn needs() -> Needs {
        Needs { connections: true, ..Needs::default() }
    }

    /// Watches its listeners, and the signals if they are its own.
    ///
    /// # Errors
    /// What the system says.
    pub fn new(mut parts: Parts) -> io::Result<Self> {
        for (number, listener) in parts.listeners.iter_mut().enumerate() {
            let token = Token(LAST_LISTENER - number);
            parts.poll.registry().register(listener, token, Interest::READABLE)?;
        }
        if let Some(control) = &mut parts.control {
            control.watch(parts.poll.registry(), SIGNALS)?;
        }
        Ok(Self {
            parts,
            scratch: vec![0; limits::SCRATCH_BYTES].into_boxed_slice(),
            now: Moment::default(),
            ready: VecDeque::new(),
            effects: Vec::new(),
            accept_ready: false,
            accept_after: Moment::default(),
            messages_done: 0,
            ended: Moment::default(),
            queue_bytes: 0,
            event_log: EventLog::default(),
            stage: Stage::Serving,
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
        self.now = self.clock();
        self.parts.mailbox.lower_flag();
        self.read_mailbox()?;
        for event in events {
            self.note(event);
        }
        self.accept();
        let turns = self.read_ready()?;
        self.parts.shard.expire(self.now);
        self.carry_out();
        self.flush_bulk(turns);
        self.send_batches()?;
        self.event_log.sum_up(self.now);
        self.tell_progress();
        // Last: until here these messages, and what follows from them, count.
        self.in_flight().done(self.parts.worker, self.messages_done);
        self.messages_done = 0;
        self.publish_loop_stats();
        self.parts.control.as_mut().map_or(Ok(()), |control| control.look(self.now))
    }

    fn in_flight(&self) -> &InFlight {
        self.parts.mailbox.mailboxes().in_flight()
    }

    fn clock(&self) -> Moment {
        Moment(self.parts.start.elapsed().as_nanos() as u64)
    }

    /// Once a tick, so that no packet costs anything.
    fn publish_loop_stats(&mut self) {
        self.ended = self.clock();
        let stats = self.parts.loop_stats.of(self.parts.worker);
        stats.ticked(self.ended.since(self.now));
        stats.queue_bytes.set(self.queue_bytes);
    }

    /// On the way to the end: how far it is.
    fn tell_progress(&self) {
        let shard = &self.parts.shard;
        let reached = match self.stage {
            Stage::Serving | Stage::Ended => return,
            Stage::Stopping if shard.is_flushed() => Reached::Flushed,
            Stage::Closing if shard.connections() == 0 => Reached::Closed,
            Stage::Stopping | Stage::Closing => Reached::Nothing,
        };
        self.in_flight().tell(self.parts.worker, reached);
    }

    /// Until the nearest deadline; not at all where work is left.
    fn timeout(&self) -> Option<Duration> {
        if self.parts.mailbox.has_messages() {
            return Some(Duration::ZERO);
        }
        if !self.ready.is_empty() {
            let congested = self.in_flight().is_congested();
            return Some(if congested { limits::MAILBOX_PAUSE } else { Duration::ZERO });
        }
        let accept = self.accept_ready.then_some(self.accept_after);
        let control = self.parts.control.as_ref().and_then(ControlTask::next_look);
        let deadlines =
            [self.parts.shard.next_deadline(), self.event_log.next_due(), accept, control];
        // Up to a millisecond more: the poll counts in these, and waking
        // before a deadline would be waking in vain.
        deadlines.into_iter().flatten().min().map(|due| match due.since(self.ended) {
            Duration::ZERO => Duration::ZERO,
            rest => rest + Duration::from_millis(1),
        })
    }

    fn read_mailbox(&mut self) -> io::Result<()> {
        for _ in 0..limits::BATCHES_PER_TICK_MAX {
            match self.parts.mailbox.take() {
                None => break,
                Some(WorkerMessage::Batch(batch)) => {
                    self.messages_done += batch.weight_bytes();
                    self.parts.shard.handle_batch(self.now, batch);
                    self.flush_early()?;
                }
                Some(WorkerMessage::Reload(reloadable)) => {
                    self.parts.admission = reloadable.admission.clone();
                    self.parts.shard.reload(self.now, reloadable.settings.clone());
                }
                Some(WorkerMessage::Heartbeat(heartbeat, sent)) => {
                    let stats = self.parts.loop_stats.of(self.parts.worker);
                    stats.lag_nanos.set(self.now.since(sent).as_nanos() as u64);
                    stats.heartbeat.set(heartbeat);
                }
                Some(WorkerMessage::Stop) => {
                    self.stage = Stage::Stopping;
                    self.parts.listeners.clear();
                    self.accept_ready = false;
                    self.parts.shard.stop(self.now);
                }
                Some(WorkerMessage::BounceAll) => self.parts.shard.bounce_all(self.now),
                Some(WorkerMessage::Close) => {
                    self.stage = Stage::Closing;
                    self.parts.shard.hang_up(self.now);
                }
                Some(WorkerMessage::Quit) => self.stage = Stage::Ended,
            }
        }
        Ok(())
    }

    /// Where a queue or a batch fills up within a tick, it goes on its way
    /// before anybody is refused for it.
    fn flush_early(&mut self) -> io::Result<()> {
        if self.parts.shard.take_above_high_water() {
            self.carry_out();
            self.send_batches()?;
        }
        Ok(())
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

    /// A few of those who have a frame for many, where so many had their turn.
    fn flush_bulk(&mut self, turns: usize) {
        let flushes = limits::BULK_FLUSHES_PER_TICK.max(turns);
        let mut sent_bytes = 0;
        for _ in 0..flushes {
            let Some(id) = self.parts.shard.next_bulk_flush() else { break };
            sent_bytes += self.flush(id);
            if sent_bytes > flushes * limits::BULK_BYTES_PER_FLUSH {
                break;
            }
        }
        self.carry_out();
    }

    fn carry_out_one(&mut self, effect: Effect<Socket>) {
        match effect {
            Effect::Flush(id) => {
                self.flush(id);
            }
            Effect::Read(id) => self.queue_read(id, true),
            Effect::Register(id) => self.register(id),
            Effect::Shutdown(id) => {
                if let Some(socket) = self.parts.shard.socket(id) {
                    // Fails where the peer is gone, which the next read tells.
                    let _ = socket.stream.shutdown(std::net::Shutdown::Write);
                    self.queue_read(id, true);
                }
            }
            Effect::HandOff { to, mut handoff } => {
                // Its new worker watches it; an error here would show there.
                let _ = self.parts.poll.registry().deregister(&mut handoff.socket.stream);
                handoff.socket.read_queued = false;
                self.queue_bytes -= u64::from(std::mem::take(&mut handoff.socket.left_bytes));
                self.parts.shard.send_handoff(to, handoff);
            }
            Effect::Close(gone) => {
                self.queue_bytes -= u64::from(gone.socket.left_bytes);
                self.parts.admission.left(gone.peer, gone.socket.is_client);
            }
            Effect::Report(report) => self.event_log.report(self.now, *report),
        }
    }

    /// One batch for each worker that has messages.
    fn send_batches(&mut self) -> io::Result<()> {
        let mailboxes: &Mailboxes = self.parts.mailbox.mailboxes();
        for to in 0..mailboxes.workers() {
            if let Some(batch) = self.parts.shard.take_batch(to) {
                self.parts
                    .loop_stats
                    .of(self.parts.worker)
                    .messages
                    .add(batch.messages.len() as u64);
                mailboxes.send(to, WorkerMessage::Batch(batch))?;
            }
        }
        Ok(())
    }
}
