//! The store and its disk: what it was given is committed a transaction at a time; a crash
//! leaves what was committed, and of the transaction under way all or nothing. It refuses,
//! stands still, has no room. Never: what a packet is, which the fake archive knows.

use super::said::{ACCOUNTS, USERS, account_of};
use crate::fake_archive::FakeArchive;
use crate::world::Dice;
use lanline::accounts::AccountId;
use lanline::archive::{Conversation, Notice, Outcome, Reply, Request};
use lanline::chat::id::Address;
use lanline::chat::{ArchiveRequest, Committed, Moment, Posts};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

/// What it was given.
pub(super) enum ToStore {
    Posts(Arc<Posts>),
    Asked(ArchiveRequest),
}

/// What it says once a transaction is committed.
pub(super) enum Output {
    Committed(Arc<Committed>),
    Reply(Address, u32, Reply),
    Notice(Notice),
}

pub(super) struct Disk {
    committed: FakeArchive,
    /// In order.
    waiting: VecDeque<ToStore>,
    /// The transaction under way.
    under_way: Vec<ToStore>,
    pub refuses: bool,
    pub hangs_until: Moment,
    /// What may wait.
    pub waiting_max: usize,
    /// All that is stored.
    pub ids: BTreeMap<String, u64>,
    pub texts: BTreeMap<u64, String>,
    /// In which step it was committed.
    pub steps: BTreeMap<u64, u64>,
    step: u64,
    /// What it refused; what it has stored when nobody waited for it any more.
    pub refused: BTreeSet<String>,
    pub unhanded: BTreeSet<String>,
    /// Where replays without an id have begun.
    pub replays_began: Vec<(Address, u64)>,
    /// Read marks.
    pub read: BTreeMap<(AccountId, String), u64>,
}

impl Disk {
    /// What a server that starts is told.
    pub(super) fn notices(&self) -> Vec<Notice> {
        self.committed.notices()
    }

    pub(super) fn new(room: lanline::archive::OwnedRoom) -> Self {
        let mut committed = FakeArchive::default();
        for (user, who) in USERS.iter().enumerate().take(ACCOUNTS) {
            committed.knows(who.name, account_of(user));
        }
        committed.has_room(room, (0..ACCOUNTS).map(account_of));
        Self {
            committed,
            waiting: VecDeque::new(),
            under_way: Vec::new(),
            refuses: false,
            hangs_until: Moment(0),
            waiting_max: 8,
            ids: BTreeMap::new(),
            texts: BTreeMap::new(),
            steps: BTreeMap::new(),
            step: 0,
            refused: BTreeSet::new(),
            unhanded: BTreeSet::new(),
            replays_began: Vec::new(),
            read: BTreeMap::new(),
        }
    }

    /// Whether there is room for more posts.
    pub(super) fn has_room(&self) -> bool {
        self.waiting.len() < self.waiting_max
    }

    pub(super) fn give(&mut self, item: ToStore) {
        self.waiting.push_back(item);
    }

    pub(super) fn is_idle(&self) -> bool {
        self.waiting.is_empty() && self.under_way.is_empty()
    }

    pub(super) fn mark(&self, user: usize) -> u64 {
        self.committed.mark(account_of(user))
    }

    /// Begins a transaction, or commits the one under way.
    pub(super) fn work(&mut self, dice: &mut Dice, now: Moment, step: u64) -> Vec<Output> {
        self.step = step;
        if now < self.hangs_until {
            return Vec::new();
        }
        if self.under_way.is_empty() {
            let count = self.waiting.len().min(dice.between(1, 6));
            self.under_way = self.waiting.drain(..count).collect();
            return Vec::new();
        }
        self.commit()
    }

    fn commit(&mut self) -> Vec<Output> {
        self.committed.refuses = self.refuses;
        let items = std::mem::take(&mut self.under_way);
        let outputs = items.into_iter().flat_map(|item| self.carry_out(item));
        outputs.collect()
    }

    fn carry_out(&mut self, item: ToStore) -> Vec<Output> {
        match item {
            ToStore::Posts(posts) => {
                let outcomes: Box<[Outcome]> =
                    posts.posts.iter().map(|post| self.committed.post(post)).collect();
                let is_awaited = posts.commit();
                for (post, outcome) in posts.posts.iter().zip(&outcomes) {
                    let text = post.packet.msg().to_owned();
                    match outcome {
                        Outcome::Stored { id, .. } => self.stored(text, id.get(), is_awaited),
                        Outcome::NotKept => drop(self.refused.insert(text)),
                        Outcome::Again { .. } | Outcome::Gone => {}
                    }
                }
                let committed = || Output::Committed(Arc::new(Committed { posts, outcomes }));
                if is_awaited { vec![committed()] } else { Vec::new() }
            }
            ToStore::Asked(ArchiveRequest { from, request }) => {
                if let (Request::Replay { account, after: None, .. }, Some((from, _))) =
                    (&request, from)
                {
                    let mark = self.committed.mark(*account);
                    self.replays_began.push((from, mark));
                }
                let reads = match &request {
                    Request::Read { account, conversation: Conversation::With(name), .. } => {
                        Some((*account, name.shown().to_owned()))
                    }
                    _ => None,
                };
                let (notice, reply) = self.committed.ask(request);
                if let (Some(whose), Some(Reply::Read { id, .. })) = (reads, &reply) {
                    self.read.insert(whose, id.get());
                }
                let reply = from.zip(reply);
                let reply = reply.map(|((to, number), reply)| Output::Reply(to, number, reply));
                notice.into_iter().map(Output::Notice).chain(reply).collect()
            }
        }
    }

    /// It is on the disk: its id was never used before, nor its text.
    fn stored(&mut self, text: String, id: u64, is_awaited: bool) {
        let last = self.texts.last_key_value().map_or(0, |(last, _)| *last);
        assert!(id > last, "{id} is stored behind {last}");
        if !is_awaited {
            self.unhanded.insert(text.clone());
        }
        self.texts.insert(id, text.clone());
        self.steps.insert(id, self.step);
        let before = self.ids.insert(text, id);
        assert_eq!(before, None, "it is stored twice, the second time as {id}");
    }

    /// The process dies. What was committed stays; what was about to be may be there.
    pub(super) fn crash(&mut self, dice: &mut Dice) {
        if !self.refuses && dice.percent(50) {
            drop(self.commit());
        }
        self.under_way.clear();
        self.waiting.clear();
        self.replays_began.clear();
        let kept = self.committed.ids();
        assert!(kept.iter().eq(self.texts.keys()), "the disk has lost something");
    }
}
