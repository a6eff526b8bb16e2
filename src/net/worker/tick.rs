//! One tick, one direction: what came in, what the shard makes of it, what goes
//! out. Never: how a socket is read or written.

use super::state::{Stage, Worker};
use crate::limits;
use crate::net::control::ControlTask;
use crate::net::mailbox::WorkerMessage;
use crate::net::mailbox::in_flight::Reached;
use mio::Events;
use std::io::{self, ErrorKind};
use std::time::Duration;

impl Worker {
    /// Ticks until it is told to quit.
    ///
    /// # Errors
    /// Where the poll itself fails: the process is out of order.
    pub(crate) fn run(mut self) -> io::Result<()> {
        self.learn();
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

    /// Tells the shard what accounts, bans and rooms there are, before anybody is served.
    fn learn(&mut self) {
        let notices = std::mem::take(&mut self.parts.notices);
        for batch in notices.batches() {
            self.parts.shard.handle_batch(self.now, batch);
            while self.parts.shard.has_mail() {
                self.parts.shard.expire(self.now);
                self.parts.shard.read_mail(self.now);
            }
        }
        for notice in notices.rooms() {
            self.parts.shard.inform_archive(self.now, notice);
        }
        self.parts.shard.expire(self.now);
    }

    pub(super) fn tick(&mut self, events: &Events) -> io::Result<()> {
        self.now = self.clock();
        self.parts.mailbox.lower_flag();
        self.read_mailbox()?;
        for event in events {
            self.note(event);
        }
        self.tell_broken();
        self.accept();
        let turns = self.read_ready()?;
        self.parts.shard.expire(self.now);
        self.carry_out();
        self.flush_writable();
        self.flush_bulk(turns);
        self.send_batches()?;
        self.event_log.sum_up(self.now);
        self.tell_progress();
        // Last: until here these messages, and what follows from them, are in flight.
        self.tell_done();
        self.publish_loop_stats();
        self.parts.control.as_mut().map_or(Ok(()), |control| control.look(self.now))
    }

    /// Says which messages are dealt with: all, but for what there was no time for.
    fn tell_done(&mut self) {
        if self.parts.shard.has_mail() {
            return;
        }
        let done = self.messages_taken.saturating_sub(self.parts.shard.held_back_bytes());
        self.messages_taken -= done;
        self.in_flight().done(self.parts.worker, done);
    }

    /// Once a tick, so that no packet costs anything.
    fn publish_loop_stats(&mut self) {
        self.ended = self.clock();
        let stats = self.parts.loop_stats.of(self.parts.worker);
        stats.ticked(self.ended.since(self.now));
        stats.queue_bytes.set(self.queue_bytes);
        let (quantum, tick) = self.parts.shard.work_peaks();
        stats.tick_work_peak.set(u64::from(tick));
        stats.quantum_work_peak.set(u64::from(quantum));
    }

    /// During shutdown: reports how far this worker is.
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
    pub(super) fn timeout(&self) -> Option<Duration> {
        if self.parts.mailbox.has_messages() {
            return Some(Duration::ZERO);
        }
        if !self.writable.is_empty() || !self.broken.is_empty() {
            return Some(Duration::ZERO);
        }
        if !self.ready.is_empty() || !self.ready_later.is_empty() {
            let congested = self.in_flight().is_congested();
            return Some(if congested { limits::MAILBOX_PAUSE } else { Duration::ZERO });
        }
        let accept = self.accept_ready.then_some(self.accept_after);
        let control = self.parts.control.as_ref().and_then(ControlTask::next_look);
        let deadlines =
            [self.parts.shard.next_deadline(), self.event_log.next_due(), accept, control];
        // Rounded up to whole milliseconds, the poll's unit: to wake before a
        // deadline would be useless.
        deadlines.into_iter().flatten().min().map(|due| match due.since(self.ended) {
            Duration::ZERO => Duration::ZERO,
            rest => rest + Duration::from_millis(1),
        })
    }

    fn read_mailbox(&mut self) -> io::Result<()> {
        self.parts.shard.read_mail(self.now);
        for _ in 0..limits::BATCHES_PER_TICK_MAX {
            if self.parts.shard.has_mail() {
                // There is no time for more; what comes behind it keeps its place.
                break;
            }
            match self.parts.mailbox.take() {
                None => break,
                Some(WorkerMessage::Batch(batch)) => {
                    self.messages_taken += batch.weight_bytes();
                    self.parts.shard.handle_batch(self.now, batch);
                    self.flush_early()?;
                }
                Some(WorkerMessage::Reload(reloadable)) => {
                    self.parts.admission = reloadable.admission.clone();
                    self.parts.transports.tls =
                        reloadable.tls.as_ref().map(|tls| tls.config().clone());
                    self.parts.tls_required = reloadable.tls_required;
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
}
