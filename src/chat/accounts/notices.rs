//! What the store tells every shard: accounts, their sessions' end, bans. Never: who
//! has asked for it.

use super::asks::Ask;
use super::sweep_queue::Whom;
use crate::accounts::{Account, AccountId, Notice, Role, TokenId};
use crate::chat::client::{Client, Roles};
use crate::chat::id::{ConnId, Moment};
use crate::chat::message::ShardMessage;
use crate::chat::routing::Route;
use crate::chat::shard::Shard;

impl<S> Shard<S> {
    /// The store tells something: what there is, before anybody comes, and later what
    /// has changed.
    pub fn inform(&mut self, now: Moment, notice: &Notice) {
        self.now = now;
        self.noticed(notice);
    }

    pub(in crate::chat) fn noticed(&mut self, notice: &Notice) {
        match notice {
            Notice::Account(account) => self.account_is(account),
            Notice::Erased(account) => {
                self.end_sessions(*account, |_, _| true);
                self.known.forget(*account);
                self.count_accounts();
            }
            Notice::EndSessions { account, token, but_asker } => {
                let (token, but_asker) = (*token, *but_asker);
                self.end_sessions(*account, |shard, id| shard.ends(id, token, but_asker));
            }
            Notice::Ban(ban) => {
                self.bans.add(&self.hashing, ban.clone());
                self.sweep(Whom::Banned);
            }
            Notice::Unban(who) => self.bans.remove(&self.hashing, who),
        }
    }

    /// An account is there, as this.
    fn account_is(&mut self, account: &Account) {
        let (worker, name) = (self.topology.worker, &account.name);
        let guarded = self.known.learn(&self.hashing, worker, account);
        self.count_accounts();
        let hash = self.hashing.user(name.key());
        if self.route_to(hash) == Route::Here {
            let holder = self.holder(hash, name.key());
            if let Some(holder) = holder.filter(|id| self.is_guest(*id)) {
                self.name_is_taken(holder);
            }
            if account.locked {
                self.end_sessions(account.id, |_, _| true);
            }
            self.role_is(account.id, account.role);
        }
        for skeleton in guarded {
            if self.skeletons.has(skeleton) {
                // Some of the names that have it may be at home elsewhere.
                for worker in self.others() {
                    self.send(worker, ShardMessage::Evict { skeleton }, 0);
                }
                self.sweep(Whom::LooksLike(skeleton));
            }
        }
    }

    fn is_guest(&self, id: ConnId) -> bool {
        self.clients.get(id).is_some_and(|client| client.account().is_none())
    }

    /// What its sessions may do from here on.
    fn role_is(&mut self, account: AccountId, role: Role) {
        for &id in self.sessions.of(account) {
            if let Some(client) = self.clients.get_mut(id) {
                client.roles.set(
                    Roles::OPERATOR,
                    client.roles.contains(Roles::BY_TOKEN) || role == Role::Operator,
                );
            }
        }
    }

    /// Whether a session is among those that end.
    fn ends(&self, id: ConnId, token: Option<TokenId>, but_asker: bool) -> bool {
        let session = self.clients.get(id).and_then(Client::session);
        let came_so = token.is_none() || session.is_some_and(|session| session.token == token);
        let asks = self.asks.get(&id);
        let is_asker = asks.is_some_and(|p| matches!(p.ask, Ask::Password | Ask::Token));
        came_so && !(but_asker && is_asker)
    }

    /// Whether it is a session of an operator's account.
    pub(in crate::chat) fn is_operators_account(&self, id: ConnId) -> bool {
        let account = self.clients.get(id).and_then(Client::account);
        account.is_some_and(|account| self.known.role(account) == Role::Operator)
    }

    pub(super) fn count_accounts(&mut self) {
        let accounts = self.known.count() as u64;
        self.own_counters().accounts.set(accounts);
    }
}
