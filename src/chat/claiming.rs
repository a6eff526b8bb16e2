//! The second step of a login: after a name was claimed at its home, each of its
//! skeletons is claimed at the skeleton's home, and with the last one comes the
//! welcome. Never: greetings, or which names may share a skeleton.

use super::client::{Client, Identity, Roles, Timers};
use super::effect::Report;
use super::id::{Address, ConnId, Moment, WorkerId};
use super::message::{Claim, ShardMessage};
use super::routing::Route;
use super::shard::Shard;
use super::skeletons::{Claiming, Look, looks_of};
use super::work;
use crate::limits;
use crate::wire::Code;

impl<S> Shard<S> {
    /// Claims a name whose home is here, then its skeletons. Where these have their
    /// homes here, too, the connection is welcomed or refused at once; else it is
    /// paused until all have replied.
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

    /// Claims the skeletons that are left, up to one whose home is elsewhere.
    fn claim_looks(&mut self, id: ConnId) {
        while let Some(claiming) = self.claims.get(&id) {
            let Some(&look) = claiming.looks.get(claiming.granted) else {
                return self.end_claiming(id);
            };
            if let Route::Shard(home) = self.route_to(look.skeleton) {
                let claimer = self.address(id);
                self.send(home, ShardMessage::ClaimLook { claimer, look }, 0);
                return self.arm(id, Timers::CLAIM, self.now.after(limits::QUERY_TIMEOUT));
            }
            if !self.known.guards(look.skeleton)
                && self.skeletons.claim(look, self.settings.look_alikes)
            {
                self.claims.entry(id).and_modify(|claiming| claiming.granted += 1);
            } else {
                self.refuse_claim(id, Code::NameTaken);
            }
        }
    }

    /// All is claimed: makes the connection a user and welcomes it.
    fn end_claiming(&mut self, id: ConnId) {
        self.claims.remove(&id);
        // Later than a watcher of the same tick began, so that it is told.
        let since = self.now.max(Moment(self.last_watch.0 + 1));
        self.last_arrival = since;
        let Some(client) = self.clients.get_mut(id) else { return };
        client.become_user(since);
        let (peer, name) = (client.peer, client.name().into());
        if self.settings.reports_everyone {
            self.report(Report::Came { peer, name });
        }
        self.users_changed();
        self.own_counters().sessions.add(1);
        let users = self.counters.user_came(self.topology.worker);
        self.welcome(id, users);
        self.will_announce(id);
    }

    /// A skeleton is taken, or its home has not replied.
    pub(super) fn refuse_claim(&mut self, id: ConnId, code: Code) {
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

    /// Releases the name and the skeletons claimed so far. Returns the ordinal of
    /// the greeting, if the connection was claiming.
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
            match self.route_to(look.skeleton) {
                Route::Here => self.skeletons.release(look),
                Route::Shard(home) => self.send(home, ShardMessage::ReleaseLook(look), 0),
            }
        }
    }

    /// Releases the skeletons of a user's name. Returns the other workers that had
    /// some: the connection is closed only once they have released them, so that a
    /// confusable name is free for whoever sees the close.
    pub(super) fn release_looks_of(&mut self, id: ConnId) -> Vec<WorkerId> {
        let Some(roles) = self.clients.get(id).map(|client| client.roles) else {
            return Vec::new();
        };
        if roles.contains(Roles::ACCOUNT) {
            // They are its account's, whoever is here.
            return Vec::new();
        }
        if roles.contains(Roles::OPERATOR) {
            self.guard_looks_of(id, false);
        }
        let Some(identity) = self.clients.get(id).and_then(Client::identity) else {
            return Vec::new();
        };
        let looks = looks_of(&self.hashing, identity.name(), identity.key());
        self.release_looks(&looks);
        let elsewhere = |look: &Look| match self.route_to(look.skeleton) {
            Route::Here => None,
            Route::Shard(home) => Some(home),
        };
        let mut homes: Vec<_> = looks.iter().filter_map(elsewhere).collect();
        // The looks are in the order of their hashes, and so are these.
        homes.dedup();
        homes
    }

    /// Reserves the skeletons of an operator's name against look-alikes, or ends
    /// that.
    pub(super) fn guard_looks_of(&mut self, id: ConnId, on: bool) {
        let guest = self.clients.get(id).filter(|client| !client.roles.contains(Roles::ACCOUNT));
        let Some(identity) = guest.and_then(Client::identity) else { return };
        for Look { skeleton, .. } in looks_of(&self.hashing, identity.name(), identity.key()) {
            match self.route_to(skeleton) {
                Route::Here => self.skeletons.guard(skeleton, on),
                Route::Shard(home) => {
                    self.send(home, ShardMessage::GuardLook { skeleton, on }, 0);
                }
            }
        }
    }

    /// Another shard's client claims a skeleton whose home is here.
    pub(super) fn look_claimed(&mut self, claimer: Address, look: Look) {
        self.work.spend(work::DELIVERY);
        let granted = !self.known.guards(look.skeleton)
            && self.skeletons.claim(look, self.settings.look_alikes);
        let Address { worker, conn } = claimer;
        self.send(worker, ShardMessage::LookReply { to: conn, look, granted }, 0);
    }

    /// A skeleton's home has replied to a claim. Where the connection is gone, the
    /// skeleton is released.
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

    /// Another shard has not replied in time: the connection is refused.
    pub(super) fn claim_timed_out(&mut self, id: ConnId) {
        if !self.claims.contains_key(&id) {
            return;
        }
        let name = self.clients.get(id).map_or("", Client::name).into();
        self.report(Report::QueryTimedOut { name });
        self.refuse_claim(id, Code::GreetingTimeout);
    }

    /// The connection that has the name of that key here, or is claiming it.
    pub(super) fn holder(&self, hash: u64, key: &str) -> Option<ConnId> {
        let slot = self.directory.find(hash, |slot| {
            let holder = self.clients.at(slot).and_then(Client::last_identity);
            holder.is_some_and(|identity| identity.key() == key)
        })?;
        self.clients.id_at(slot)
    }
}
