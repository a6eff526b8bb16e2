//! The store beside a cluster, and who logs in by it. Never: the shards' work.

use super::{Cluster, Who, with_accounts};
use lanline::accounts::{Notice, Role};
use lanline::chat::id::Address;
use lanline::chat::{Batch, Code, ShardMessage, StoreRequest};
use std::mem;
use std::sync::Arc;

impl Cluster {
    /// Somebody has a data directory; logins may cross the network in the clear.
    pub(crate) fn with_accounts(workers: usize) -> Self {
        Self::new(workers, with_accounts())
    }

    /// The fake store answers all that it was asked.
    pub(crate) fn answer(&mut self) {
        while !self.asked.is_empty() {
            for StoreRequest { from, request } in mem::take(&mut self.asked) {
                let (notices, reply) = self.store.answer(request);
                notices.into_iter().for_each(|notice| self.notice(notice));
                if let (Some((Address { worker, conn }, number)), Some(reply)) = (from, reply) {
                    let reply = Box::new(reply);
                    let message = ShardMessage::StoreReply { to: conn, number, reply };
                    self.deliver(worker.into(), message);
                }
            }
            self.run();
        }
    }

    /// All shards are told.
    pub(crate) fn notice(&mut self, notice: Notice) {
        let notice = Arc::new(notice);
        for worker in 0..self.shards.len() {
            self.deliver(worker, ShardMessage::Notice(notice.clone()));
        }
        self.run();
    }

    pub(super) fn deliver(&mut self, worker: usize, message: ShardMessage<Who>) {
        let mut batch = Batch::default();
        batch.push(message, 0);
        self.in_flight.push_back((worker, batch));
    }

    /// An account that is there.
    pub(crate) fn account(&mut self, name: &str, role: Role, password: &str) {
        let notice = self.store.add(name, role, password);
        let id = self.store.id(name).expect("it is there now");
        self.archive.knows(name, id);
        self.notice(notice);
    }

    /// Connects a session of an account.
    pub(crate) fn log_in(&mut self, name: &str, password: &str) -> Who {
        let who = self.connect(0);
        self.name(who, name);
        self.write(who, format!("{name}\n").as_bytes());
        assert_eq!(self.only(who).from, "/login");
        self.say(who, "/login", &format!("password {password}"));
        self.answer();
        let heard = self.heard(who);
        assert_eq!(heard[0].from, "/welcome", "{heard:?}");
        who
    }

    /// Says something that the store is asked about, and is answered.
    pub(crate) fn ask_store(&mut self, who: Who, endpoint: &str, msg: &str) -> String {
        self.say(who, endpoint, msg);
        self.answer();
        let heard = self.only(who);
        assert_eq!(heard.from, endpoint, "{heard:?}");
        heard.msg
    }

    /// Says something that is refused.
    pub(crate) fn refusal(&mut self, who: Who, endpoint: &str, msg: &str) -> Code {
        self.say(who, endpoint, msg);
        self.answer();
        self.refused(who).1
    }

    /// Its connection is encrypted, and its peer's certificate has these names.
    pub(crate) fn secured(&mut self, who: Who, names: &[&str]) {
        let (worker, id) = self.clients[who].at.expect("is connected");
        let names: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
        self.shards[worker].secured(id, &names);
    }
}
