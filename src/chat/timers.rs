//! Timers of connections: armed, disarmed and fired in this one place. Never:
//! what is done when one fires, which is beside what armed it.

use super::client::{Client, Pauses, Timers};
use super::id::{ConnId, Moment};
use super::shard::Shard;
use super::work;

impl<S> Shard<S> {
    /// Arms a timer, unless it is armed: then its entry looks again when it is
    /// due.
    pub(super) fn arm(&mut self, id: ConnId, timer: Timers, due: Moment) {
        let Some(client) = self.clients.get_mut(id) else { return };
        if !client.timers.contains(timer) {
            client.timers |= timer;
            self.timers.push(due, timer, id);
        }
    }

    /// Sweeps out what connections that greeted in time, or went, left behind: of
    /// thousands who come at once that is nearly a tenth of all that is held for
    /// them.
    pub(super) fn sweep_timers(&mut self) {
        let clients = &self.clients;
        self.timers.sweep(|timer, id| {
            let client = clients.get(id);
            client.is_some_and(|client| match timer {
                Timers::GREETING => client.is_greeting(),
                Timers::CLAIM => client.is_claiming(),
                Timers::LOGIN => client.is_challenged(),
                Timers::STORE => client.pauses.contains(Pauses::STORE),
                _ => true,
            })
        });
    }

    /// The end of a tick: does what is due, and what there was no time for before.
    pub fn expire(&mut self, now: Moment) {
        self.now = now;
        self.read_mail(now);
        self.hear_those_out_of_quantum();
        while !self.is_tick_over()
            && let Some((timer, id)) = self.timers.pop_due(now)
        {
            let Some(client) = self.clients.get_mut(id) else { continue };
            client.timers -= timer;
            self.work.begin_quantum();
            self.work.spend(work::TIMER);
            self.fire(timer, id);
        }
        self.serve_arrivals();
        self.resume_posters();
        self.serve_sweeps();
        self.tell_watchers();
        self.serve_bounces();
        self.serve_lists();
        self.serve_fan_outs();
        self.serve_store();
        self.work.end_tick();
        self.balance_memory();
        self.check_invariants();
    }

    /// Handles further packets of those that had used up their quantum: each once,
    /// one of them at least, the rest in the next tick.
    fn hear_those_out_of_quantum(&mut self) {
        for heard in 0..self.out_of_quantum.len() {
            if heard > 0 && self.is_tick_over() {
                return;
            }
            if let Some(id) = self.out_of_quantum.pop_front() {
                let kept = self.clients.get(id).map_or(0, |client| client.inbound.len());
                self.work.spend_on_tick(work::of_kept(kept));
                self.resume(id, Pauses::QUANTUM);
            }
        }
    }

    fn fire(&mut self, timer: Timers, id: ConnId) {
        match timer {
            Timers::GREETING => self.greeting_timed_out(id),
            Timers::SILENCE => self.silence_timed_out(id),
            Timers::RATE => self.resume(id, Pauses::RATE),
            Timers::ADDRESS_RATE => self.address_rate_timed_out(id),
            Timers::AUTH_BACKOFF => self.end_auth_backoff(id),
            Timers::STUCK => self.stuck_timed_out(id),
            Timers::LINGER => self.linger_timed_out(id),
            Timers::QUERY => self.query_timed_out(id),
            Timers::PRESENCE => self.announce_arrival(id),
            Timers::CLAIM => self.claim_timed_out(id),
            Timers::LOGIN => self.login_timed_out(id),
            Timers::STORE => self.store_timed_out(id),
            Timers::STORED => {
                self.stored_timed_out(id);
                self.room_ask_timed_out(id);
            }
            Timers::STORE_RATE => self.store_rate_timed_out(id),
            _ => debug_assert!(false, "{timer:?} is not one timer"),
        }
    }

    /// When there is something to do: at once, while something is left that the
    /// last tick had no time for.
    pub fn next_deadline(&self) -> Option<Moment> {
        if self.has_work_left() || !self.bulk_queue.is_empty() {
            return Some(self.now);
        }
        let too_much = self.has_too_much().then_some(self.shed_after);
        [self.timers.next(), too_much, self.store_deadline()].into_iter().flatten().min()
    }

    /// Whether [`Shard::expire`] would do something, whatever the time is.
    pub fn has_work_left(&self) -> bool {
        !self.out_of_quantum.is_empty()
            || self.presence.has_news()
            || self.has_lists_to_serve()
            || self.has_mail()
            || !self.fan_outs.is_empty()
            || !self.bounces.is_empty()
            || !self.sweeps.is_empty()
            || !self.archive.arrivals.is_empty()
            || !self.archive.said.is_empty()
            || self.has_posters_to_resume()
    }

    fn linger_timed_out(&mut self, id: ConnId) {
        if self.clients.get(id).is_some_and(Client::is_lingering) {
            self.drop_client(id);
        }
    }
}
