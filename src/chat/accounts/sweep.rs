//! Those who have to go because of their name or their address: all connections are
//! looked at, a slice a tick. Never: what makes them go.

use super::asks::{Ask, PendingAsk};
use super::sweep_queue::{Sweep, Whom};
use crate::chat::client::{Client, CloseMode, Roles};
use crate::chat::id::ConnId;
use crate::chat::shard::Shard;
use crate::chat::skeletons::looks_of;
use crate::chat::work;
use crate::limits;
use crate::wire::Code;

impl<S> Shard<S> {
    /// Begins to look for those who have to go, unless that is about to begin.
    pub(in crate::chat) fn sweep(&mut self, whom: Whom) {
        let is_queued = |sweep: &Sweep| sweep.whom == whom && sweep.slot == 0;
        if self.clients.count() > 0 && !self.sweeps.iter().any(is_queued) {
            self.sweeps.push_back(Sweep { whom, slot: 0 });
        }
    }

    /// The share of this tick.
    pub(in crate::chat) fn serve_sweeps(&mut self) {
        let Some(mut sweep) = self.sweeps.pop_front() else { return };
        let end = self.clients.slots().min(sweep.slot.saturating_add(limits::SWEEP_SLICE));
        while sweep.slot < end {
            self.work.spend_on_tick(work::LOOK);
            if let Some(id) = self.clients.id_at(sweep.slot) {
                self.sweep_one(id, sweep.whom);
            }
            sweep.slot += 1;
        }
        if sweep.slot < self.clients.slots() {
            self.sweeps.push_front(sweep);
        }
    }

    fn sweep_one(&mut self, id: ConnId, whom: Whom) {
        let Some(client) = self.clients.get(id).filter(|client| !client.is_closing()) else {
            return;
        };
        let named = client.last_identity().map(|one| (one.name(), one.key()));
        match whom {
            Whom::LooksLike(skeleton) => {
                let Some((shown, key)) = named else { return };
                if client.roles.contains(Roles::ACCOUNT) {
                    return;
                }
                let looks = looks_of(&self.hashing, shown, key);
                if looks.iter().any(|look| look.skeleton == skeleton) {
                    self.name_is_taken(id);
                }
            }
            Whom::Banned => {
                let login = client.login().map(|login| (login.name.shown(), login.name.key()));
                let now = self.time_of_day();
                let named = named.or(login);
                let is_banned = self.bans.has_address(client.peer, now)
                    || named.is_some_and(|(shown, key)| self.is_name_banned(shown, key));
                if is_banned {
                    self.send_away(id, Code::Banned);
                }
            }
        }
    }

    /// A guest's name is an account's now, or looks like one's: it has to go, unless it
    /// may be the one who has asked for that; then it will soon know whether it is theirs.
    pub(super) fn name_is_taken(&mut self, id: ConnId) {
        match self.asks.get_mut(&id) {
            Some(PendingAsk { ask: Ask::Register, name_is_taken, .. }) => *name_is_taken = true,
            _ => self.evict(id),
        }
    }

    /// Its name is an account's now, or looks like one's.
    pub(in crate::chat) fn evict(&mut self, id: ConnId) {
        if self.clients.get(id).is_some_and(Client::is_claiming) {
            return self.refuse_claim(id, Code::NameTaken);
        }
        self.send_away(id, Code::NameTaken);
    }

    fn send_away(&mut self, id: ConnId, code: Code) {
        self.abandon_claim(id);
        self.refuse(id, 0, code, None);
        self.close(id, CloseMode::Linger);
    }
}
