//! The second step of a login: a name that was claimed at its home claims what it
//! looks like, each skeleton at that one's home, and has its welcome when it has
//! them all. Never: greetings, or who may look like whom.

use super::client::{Client, Identity, Timers};
use super::effect::Report;
use super::id::{Address, ConnId, Moment, WorkerId};
use super::message::{Claim, ShardMessage};
use super::shard::Shard;
use super::skeletons::{Claiming, Look, looks_of};
use super::work;
use crate::limits;
use crate::wire::Code;

impl<S> Shard<S> {
    /// A name is claimed at its home, which is here: it is the connection's, or
    /// refused. Where all that it looks like is at home here, too, so is it decided
    /// at once whether there is a welcome; else the connection is not heard until
    /// it is.
    pub(super) fn begin_claiming(&mut self, id: ConnId, claim: &Claim) {
        let Claim { name, ordinal, .. } = claim;
        let hash = self.hashing.user(name.key());
        self.work.spend(work::LOGIN);
        if self.holder(hash, name.key()).is_some() {
            return self.refuse_name(id, *ordinal);
        }
        let Some(client) = self.clients.get_mut(id) else { return };
        client.begin_claiming(Identity::new(name, client.peer, hash));
        self.directory.insert(hash, id.slot);
        let looks = looks_of(&self.hashing, name.shown(), name.key());
        self.claims.insert(id, Claiming { ordinal: *ordinal, looks, granted: 0 });
        self.claim_looks(id);
    }

    /// Claims what is left to be claimed, up to one whose home is elsewhere.
    fn claim_looks(&mut self, id: ConnId) {
        while let Some(claiming) = self.claims.get_mut(&id) {
            let Some(&look) = claiming.looks.get(claiming.granted) else {
                return self.end_claiming(id);
            };
            let home = self.hashing.home(look.skeleton);
            if home != self.topology.worker {
                let claimer = self.address(id);
                self.send(home, ShardMessage::ClaimLook { claimer, look }, 0);
                return self.arm(id, Timers::CLAIM, self.now.after(limits::QUERY_TIMEOUT));
            }
            if self.skeletons.claim(look, self.settings.look_alikes) {
                claiming.granted += 1;
            } else {
                self.refuse_claim(id, Code::NameTaken);
            }
        }
    }

    /// It has its name and all that this looks like: it is welcome.
    fn end_claiming(&mut self, id: ConnId) {
        self.claims.remove(&id);
        // Behind a watcher of the same tick.
        let since = self.now.max(Moment(self.last_watch.0 + 1));
        self.last_arrival = since;
        let Some(client) = self.clients.get_mut(id) else { return };
        client.become_user(since);
        let (peer, name) = (client.peer, client.name().into());
        if self.settings.reports_everyone {
            self.report(Report::Came { peer, name });
        }
        self.users_changed();
        let users = self.counters.user_came(self.topology.worker);
        self.welcome(id, users);
        self.will_announce(id);
    }

    /// Somebody has what it looks like, or the one who would know does not reply.
    fn refuse_claim(&mut self, id: ConnId, code: Code) {
        let Some(ordinal) = self.abandon_claim(id) else { return };
        match code {
            Code::NameTaken => self.refuse_name(id, ordinal),
            _ => self.refuse(id, 0, code, None),
        }
    }

    fn refuse_name(&mut self, id: ConnId, ordinal: u64) {
        if ordinal > 0 {
            self.count_packet(id);
        }
        self.refuse(id, ordinal, Code::NameTaken, None);
    }

    /// Gives back what it has claimed so far: it has no name then. The ordinal of
    /// its greeting, if it was claiming something.
    pub(super) fn abandon_claim(&mut self, id: ConnId) -> Option<u64> {
        let Claiming { ordinal, looks, granted } = self.claims.remove(&id)?;
        let identity = self.clients.get_mut(id).and_then(Client::abandon_claim);
        if let Some(identity) = identity {
            self.directory.remove(identity.hash, id.slot);
        }
        self.release_looks(&looks[..granted]);
        Some(ordinal)
    }

    fn release_looks(&mut self, looks: &[Look]) {
        for &look in looks {
            let home = self.hashing.home(look.skeleton);
            if home == self.topology.worker {
                self.skeletons.release(look);
            } else {
                self.send(home, ShardMessage::ReleaseLook(look), 0);
            }
        }
    }

    /// Gives back what a user's name looks like. At which other workers that was:
    /// the connection's end waits for them, so that whoever sees it may take a name
    /// that looks like this one.
    pub(super) fn release_looks_of(&mut self, id: ConnId) -> Vec<WorkerId> {
        if self.clients.get(id).is_some_and(|client| client.roles.operator) {
            self.guard_looks_of(id, false);
        }
        let Some(identity) = self.clients.get(id).and_then(Client::identity) else {
            return Vec::new();
        };
        let looks = looks_of(&self.hashing, identity.name(), identity.key());
        self.release_looks(&looks);
        let homes = looks.iter().map(|look| self.hashing.home(look.skeleton));
        let mut homes: Vec<_> = homes.filter(|&home| home != self.topology.worker).collect();
        // They are in the order of the hashes, and so is this.
        homes.dedup();
        homes
    }

    /// Keeps an operator's name from look-alikes, or does so no more.
    pub(super) fn guard_looks_of(&mut self, id: ConnId, on: bool) {
        let identity = self.clients.get(id).and_then(Client::identity);
        let Some(identity) = identity else { return };
        for Look { skeleton, .. } in looks_of(&self.hashing, identity.name(), identity.key()) {
            let home = self.hashing.home(skeleton);
            if home == self.topology.worker {
                self.skeletons.guard(skeleton, on);
            } else {
                self.send(home, ShardMessage::GuardLook { skeleton, on }, 0);
            }
        }
    }

    /// Another shard's client claims a skeleton whose home is here.
    pub(super) fn look_claimed(&mut self, claimer: Address, look: Look) {
        self.work.spend(work::DELIVERY);
        let granted = self.skeletons.claim(look, self.settings.look_alikes);
        let Address { worker, conn } = claimer;
        self.send(worker, ShardMessage::LookReply { to: conn, look, granted }, 0);
    }

    /// A skeleton's home has replied to one of ours. One that has gone meanwhile
    /// gives back what it got.
    pub(super) fn look_replied(&mut self, id: ConnId, look: Look, granted: bool) {
        let Some(claiming) = self.claims.get_mut(&id) else {
            if granted {
                self.release_looks(&[look]);
            }
            return;
        };
        if granted {
            claiming.granted += 1;
            self.claim_looks(id);
        } else {
            self.refuse_claim(id, Code::NameTaken);
        }
        if self.clients.get(id).is_some_and(Client::is_user) {
            self.handle_inbound(id);
        }
    }

    /// Another shard has not replied in time. The connection must not wait for ever.
    pub(super) fn claim_timed_out(&mut self, id: ConnId) {
        if !self.claims.contains_key(&id) {
            return;
        }
        let name = self.clients.get(id).map_or("", Client::name).into();
        self.report(Report::QueryTimedOut { name });
        self.refuse_claim(id, Code::GreetingTimeout);
    }

    /// Whoever has the name of that key here, or is about to.
    fn holder(&self, hash: u64, key: &str) -> Option<ConnId> {
        let slot = self.directory.find(hash, |slot| {
            let holder = self.clients.at(slot).and_then(Client::last_identity);
            holder.is_some_and(|identity| identity.key() == key)
        })?;
        self.clients.id_at(slot)
    }
}
