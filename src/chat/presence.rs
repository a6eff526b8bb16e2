//! Who comes and goes, told to those who want to know: a second after the
//! welcome, so that shorter stays are not announced, and in slices, so that packets
//! don't wait behind news for a thousand watchers. Never: who is here.

use super::client::{Roles, Timers};
use super::id::{ConnId, Moment};
use super::message::ShardMessage;
use super::presence_news::News;
use super::shard::Shard;
use super::work;
use crate::limits;
use crate::wire::Endpoint;
use crate::wire::packet::END;

impl<S> Shard<S> {
    /// A user was welcomed: arms the timer after which watchers are told.
    pub(super) fn will_announce(&mut self, id: ConnId) {
        if self.counters.sum(|counters| &counters.watchers) > 0 {
            self.arm(id, Timers::PRESENCE, self.now.after(limits::PRESENCE_DELAY));
        }
    }

    /// They have stayed.
    pub(super) fn announce_arrival(&mut self, id: ConnId) {
        let Some(client) = self.clients.get_mut(id) else { return };
        if !client.is_user() {
            return;
        }
        client.roles |= Roles::ANNOUNCED;
        let name = client.name().into();
        let account = client.account();
        let since =
            account.and_then(|account| self.sessions.since(account)).unwrap_or(client.since);
        self.announce(News { came: true, name, since, announced: true });
    }

    /// They have gone.
    pub(super) fn announce_departure(&mut self, name: &str, since: Moment, announced: bool) {
        if self.counters.sum(|counters| &counters.watchers) > 0 {
            self.announce(News { came: false, name: name.into(), since, announced });
        }
    }

    fn announce(&mut self, news: News) {
        for worker in self.others() {
            if self.counters.of(worker).watchers.get() > 0 {
                self.send(worker, ShardMessage::Presence(news.clone()), 64);
            }
        }
        self.presence.push(news);
    }

    /// News of another shard's users.
    pub(super) fn presence_arrived(&mut self, news: News) {
        self.presence.push(news);
    }

    /// The share of presence in this tick. It is the only thing ever dropped:
    /// where a watcher's own queue is full.
    pub(super) fn tell_watchers(&mut self) {
        let budget = self.work.tick + self.settings.presence_work();
        while self.work.tick < budget
            && let Some((id, news)) = self.presence.next()
        {
            self.work.spend(work::DELIVERY);
            let endpoint = if news.came { Endpoint::Joined } else { Endpoint::Left };
            let Some(client) = self.clients.get(id) else { continue };
            let bytes = client.head_bytes(endpoint) + news.name.len() + END.len();
            if client.name() != &*news.name && self.has_room(id, bytes, None) {
                self.say_in_bulk(id, endpoint, &news.name);
            }
        }
    }
}
