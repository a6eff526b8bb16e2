//! What a cluster's clients and its store do with stored packets. Never: assertions about
//! them.

use super::{Cluster, Who};
use lanline::archive::{self, Outcome};
use lanline::chat::id::Address;
use lanline::chat::{ArchiveRequest, Committed, Posts, ShardMessage};
use std::collections::VecDeque;
use std::sync::Arc;

/// What was given to the store, in order.
pub(crate) enum ToStore {
    Posts(Arc<Posts>),
    Asked(Box<ArchiveRequest>),
}

/// The store's part in a cluster.
#[derive(Default)]
pub(crate) struct Storing {
    pub waiting: VecDeque<ToStore>,
    /// The store does nothing.
    pub hangs: bool,
    /// Its queue has no room.
    pub is_full: bool,
}

impl Cluster {
    pub(crate) fn post(&mut self, worker: usize, posts: Arc<Posts>) {
        if self.storing.is_full || self.shards[worker].has_unsent_posts() {
            return self.shards[worker].posts_refused(self.now, posts);
        }
        self.storing.waiting.push_back(ToStore::Posts(posts));
    }

    /// The store does the next thing; whether there was one.
    pub(crate) fn store_next(&mut self) -> bool {
        match self.storing.waiting.pop_front() {
            Some(ToStore::Posts(posts)) => {
                let store = |post| self.archive.post(post);
                let outcomes: Box<[Outcome]> = posts.posts.iter().map(store).collect();
                if posts.commit() {
                    let committed = Arc::new(Committed { posts, outcomes });
                    for worker in 0..self.shards.len() {
                        self.deliver(worker, ShardMessage::Committed(committed.clone()));
                    }
                }
                true
            }
            Some(ToStore::Asked(request)) => {
                let ArchiveRequest { from, request } = *request;
                let (notices, reply) = self.archive.ask(request);
                notices.into_iter().for_each(|notice| self.archive_notice(notice));
                if let (Some((Address { worker, conn }, number)), Some(reply)) = (from, reply) {
                    let reply = Box::new(reply);
                    let message = ShardMessage::ArchiveReply { to: conn, number, reply };
                    self.deliver(worker.into(), message);
                }
                true
            }
            None => false,
        }
    }

    /// All bytes of whole packets that have come.
    pub(crate) fn raw(&mut self, who: Who) -> String {
        String::from_utf8(self.take_bytes(who)).unwrap()
    }

    /// The time to flush is over.
    pub(crate) fn bounce_all(&mut self) {
        for worker in 0..self.shards.len() {
            self.shards[worker].bounce_all(self.now);
        }
        self.run();
    }

    pub(crate) fn archive_notice(&mut self, notice: archive::Notice) {
        let notice = Arc::new(notice);
        for worker in 0..self.shards.len() {
            self.deliver(worker, ShardMessage::ArchiveNotice(notice.clone()));
        }
    }

    /// Accounts with sessions, by their names.
    pub(crate) fn accounts_here<const N: usize>(&mut self, names: [&str; N]) -> [Who; N] {
        for name in names {
            if self.store.id(name).is_some() {
                continue;
            }
            self.account(name, lanline::accounts::Role::User, "correct horse");
            let id = self.store.id(name).unwrap();
            self.archive.knows(name, id);
        }
        names.map(|name| self.log_in(name, "correct horse"))
    }

    /// Connects a session of an account, which hears that and no more behind its welcome.
    pub(crate) fn log_in_hears(&mut self, name: &str, news: &[(&str, &str)]) -> Who {
        let who = self.connect(0);
        self.name(who, name);
        self.write(who, format!("{name}\n").as_bytes());
        self.say(who, "/login", "password correct horse");
        self.answer();
        let heard = self.heard(who);
        assert_eq!((&*heard[0].from, &*heard[1].from), ("/login", "/welcome"));
        let heard: Vec<(&str, &str)> =
            heard[2..].iter().map(|heard| (&*heard.from, &*heard.msg)).collect();
        assert_eq!(heard, news);
        who
    }
}
