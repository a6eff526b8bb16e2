//! What a shard wants done is carried out: in order, all of it within the tick.
//! Never: a decision about the chat.

use super::state::Worker;
use crate::accounts::{Failure, Reply};
use crate::archive;
use crate::chat::{ArchiveRequest, Effect, Posts, StoreRequest};
use crate::limits;
use crate::net::admission::Counts;
use crate::net::mailbox::{Mailboxes, WorkerMessage};
use crate::net::services::store::{Asked, archive_reply_batch, reply_batch};
use crate::net::transport::Transport;
use std::io;
use std::sync::Arc;

impl Worker {
    /// Flushes a queue or sends a batch that fills up within a tick, before a
    /// packet is refused because of it.
    pub(super) fn flush_early(&mut self) -> io::Result<()> {
        if self.parts.shard.take_above_high_water() {
            self.carry_out();
            self.send_batches()?;
        }
        Ok(())
    }

    /// Carries out what the shard wants done, and what follows from that.
    pub(super) fn carry_out(&mut self) {
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

    /// The end of a tick's reading: [`Worker::carry_out`], and the flushes that are due.
    /// Where so many are ready that a tick has no time for all of them, these are on
    /// `hold` for the rest, and are then done in slices.
    pub(super) fn carry_out_tick(&mut self, hold: bool) {
        let mut effects = std::mem::take(&mut self.effects);
        self.parts.shard.take_effects(&mut effects);
        for effect in effects.drain(..) {
            match effect {
                Effect::Flush(id) => self.flushes.push(id),
                effect => self.carry_out_one(effect),
            }
        }
        self.effects = effects;
        self.flushes.end_reading(hold);
        let mut cost = 0;
        while cost < limits::FLUSH_BYTES_PER_TICK
            && let Some(id) = self.flushes.next_due()
        {
            cost += limits::BULK_BYTES_PER_FLUSH + self.flush(id);
        }
        self.carry_out();
    }

    /// Flushes connections whose sockets have room again, up to a bound on bytes: a
    /// thousand may begin to read at the same moment, each with a long queue.
    pub(super) fn flush_writable(&mut self) {
        let mut cost = 0;
        while cost < limits::WRITABLE_BYTES_PER_TICK
            && let Some(id) = self.writable.pop_front()
        {
            cost += limits::BULK_BYTES_PER_FLUSH + self.flush(id);
        }
        self.carry_out();
    }

    /// Flushes a few clients of the bulk flush queue, after so many read turns.
    pub(super) fn flush_bulk(&mut self, turns: usize) {
        let flushes = turns.clamp(limits::BULK_FLUSHES_PER_TICK, limits::BULK_FLUSHES_PER_TICK_MAX);
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

    fn carry_out_one(&mut self, effect: Effect<Transport>) {
        match effect {
            Effect::Flush(id) => {
                self.flush(id);
            }
            Effect::Read(id) => self.queue_read_rechecked(id),
            Effect::Register(id) => self.register(id),
            Effect::Shutdown(id) => {
                if let Some(transport) = self.parts.shard.socket(id) {
                    transport.shutdown();
                    self.update_interest(id);
                    self.queue_read_rechecked(id);
                }
            }
            Effect::HandOff { to, mut handoff } => {
                // Its new worker watches it.
                handoff.socket.deregister(self.parts.poll.registry());
                let status = handoff.socket.status_mut();
                status.read_queued = false;
                self.queue_bytes -= u64::from(std::mem::take(&mut status.left_bytes));
                self.parts.shard.send_handoff(to, handoff);
            }
            Effect::AskStore(request) => self.ask_store(request),
            Effect::AskArchive(request) => self.ask_archive(request),
            Effect::Post(posts) => self.post(posts),
            Effect::Close(gone) => {
                let status = gone.socket.status();
                self.queue_bytes -= u64::from(status.left_bytes);
                let counted = if status.is_client {
                    Counts::of_client(gone.budget.as_ref())
                } else {
                    Counts::AsRefused
                };
                self.parts.admission.left(gone.peer, counted);
                gone.socket.close();
            }
            Effect::Report(report) => self.event_log.report(self.now, *report),
        }
    }

    /// Never waits: where the store has too much to do, that is the reply.
    fn ask_store(&mut self, request: Box<StoreRequest>) {
        let refused = match &self.parts.store {
            Some(store) => store.send(Asked::Request(request)),
            None => Err(Asked::Request(request)),
        };
        if let Err(Asked::Request(request)) = refused
            && let Some((asker, number)) = request.from
        {
            let unavailable = Reply::Failed(Failure::Unavailable);
            let batch = reply_batch(asker, number, unavailable);
            self.parts.shard.handle_batch(self.now, batch);
        }
    }

    /// The same for what is asked about stored packets.
    fn ask_archive(&mut self, request: Box<ArchiveRequest>) {
        let refused = match &self.parts.store {
            // What was said before it has to be there first.
            Some(store) if !self.parts.shard.has_unsent_posts() => {
                store.send(Asked::Archive(request))
            }
            _ => Err(Asked::Archive(request)),
        };
        if let Err(Asked::Archive(request)) = refused
            && let Some(asker) = request.from
        {
            let unavailable = archive::Reply::Failed(archive::Failure::Unavailable);
            self.parts.shard.handle_batch(self.now, archive_reply_batch(asker, unavailable));
        }
    }

    /// ... and for packets to be stored.
    fn post(&mut self, posts: Arc<Posts>) {
        let refused = match &self.parts.store {
            // Those that wait already go first.
            Some(store) if !self.parts.shard.has_unsent_posts() => store.send(Asked::Posts(posts)),
            _ => Err(Asked::Posts(posts)),
        };
        if let Err(Asked::Posts(posts)) = refused {
            self.parts.shard.posts_refused(self.now, posts);
        }
    }

    /// One batch for each worker that has messages.
    pub(super) fn send_batches(&mut self) -> io::Result<()> {
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
