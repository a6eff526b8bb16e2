//! The store of packets behind its link: it refuses now and then, and does nothing for a
//! while. Never: what it makes of a request.

use crate::fake_archive::FakeArchive;
use lanline::accounts::AccountId;
use lanline::archive::{Outcome, Reply, Target};
use lanline::chat::id::Address;
use lanline::chat::{ArchiveRequest, Committed, Moment, Posts};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

/// What it was given.
pub(super) enum ToStore {
    Posts(Arc<Posts>),
    Asked(Box<ArchiveRequest>),
}

/// What it says.
pub(super) enum Answer {
    Nothing,
    /// To every shard.
    Committed(Arc<Committed>),
    Reply(Address, u32, Reply),
}

#[derive(Default)]
pub(super) struct Archive {
    pub fake: FakeArchive,
    /// In order.
    pub waiting: VecDeque<ToStore>,
    /// It does nothing until then.
    pub hangs_until: Moment,
    /// Accounts that aren't there any more.
    pub erased: BTreeSet<AccountId>,
    /// Of what is stored, by its text: how many peers there were.
    pub stored: BTreeMap<String, usize>,
}

impl Archive {
    /// Deals with the next thing, if there is one and it can.
    pub(super) fn work(&mut self, now: Moment, peers: usize) -> Option<Answer> {
        if now < self.hangs_until {
            return None;
        }
        match self.waiting.pop_front()? {
            ToStore::Posts(posts) => {
                let outcomes = posts.posts.iter().map(|post| {
                    if matches!(post.target, Target::Account(to) if self.erased.contains(&to)) {
                        return Outcome::Gone;
                    }
                    let outcome = self.fake.post(post);
                    if matches!(outcome, Outcome::Stored { .. }) {
                        self.stored.insert(post.packet.msg().to_owned(), peers);
                    }
                    outcome
                });
                let outcomes: Box<[Outcome]> = outcomes.collect();
                let is_awaited = posts.commit();
                let committed = || Answer::Committed(Arc::new(Committed { posts, outcomes }));
                Some(if is_awaited { committed() } else { Answer::Nothing })
            }
            ToStore::Asked(request) => {
                let ArchiveRequest { from, request } = *request;
                let (_, reply) = self.fake.ask(request);
                let answer = from.zip(reply);
                Some(answer.map_or(Answer::Nothing, |((to, number), reply)| {
                    Answer::Reply(to, number, reply)
                }))
            }
        }
    }
}
