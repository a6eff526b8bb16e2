//! Lists of users and rooms: collected in slices, so that no tick is long; made
//! once and shared by all who ask while nothing has changed. Never: pages, or
//! who gets them.

use super::counters::Counters;
use super::id::{Address, ConnId, Moment, WorkerId};
use super::query_protocol::Query;
use super::snapshot::{Entries, Entry, Snapshot};
use crate::wire::{Endpoint, Range};
use compact_str::CompactString;
use std::collections::{BTreeMap, VecDeque};
use std::mem;
use std::sync::Arc;

/// Whose query a list answers: the client, and the query's number.
pub(super) type Requester = (Address, u32);

/// A list that is made when somebody asks, and kept while nothing changes.
#[derive(Debug)]
pub(super) struct CachedList<C> {
    /// As nothing has changed since.
    ready: Option<Entries>,
    /// What is collected so far, and how far.
    build: Option<Build<C>>,
    /// Who asked before the collecting began, and who did since: something that
    /// they did before they asked may have been passed over already.
    waiting: Vec<Requester>,
    late: Vec<Requester>,
}

#[derive(Debug)]
struct Build<C> {
    cursor: C,
    collected: Vec<Entry>,
    /// Something has changed since it began.
    stale: bool,
}

/// A list on its way to a client.
#[derive(Debug)]
pub struct Listing {
    pub endpoint: Endpoint,
    /// What each shard has, and how much of it was sent.
    parts: Vec<(Entries, usize)>,
    /// Entries sent, and all of them.
    sent: usize,
    total: usize,
    /// It is among those that can be sent a page now.
    pub queued: bool,
    pub began: Moment,
}

impl Listing {
    /// All parts, of so many entries together, and nothing sent.
    pub fn new(endpoint: Endpoint, parts: Vec<Entries>, began: Moment) -> Self {
        let total = parts.iter().map(|entries| entries.len()).sum();
        let parts = parts.into_iter().map(|entries| (entries, 0)).collect();
        Self { endpoint, parts, sent: 0, total, queued: false, began }
    }

    /// The size of its parts, in bytes.
    pub fn bytes(&self) -> usize {
        self.parts.iter().map(|(entries, _)| entries.bytes()).sum()
    }

    /// How many entries there are.
    pub fn total(&self) -> usize {
        self.total
    }

    /// How many of them were sent.
    pub fn sent(&self) -> usize {
        self.sent
    }

    /// The next entry of all parts, in order.
    fn peek(&self) -> Option<(usize, &Entry)> {
        let heads = self.parts.iter().enumerate();
        let heads = heads.filter_map(|(part, (entries, at))| Some((part, entries.get(*at)?)));
        heads.min_by(|(_, one), (_, other)| one.key.cmp(&other.key))
    }

    /// The lines of the next page, which has room for so many bytes: at least
    /// one line, however long.
    pub fn next_page(&mut self, room: usize) -> String {
        let first = self.sent + 1;
        let mut lines = String::new();
        let mut left = room;
        while let Some((part, entry)) = self.peek() {
            // A line break is two bytes on the wire.
            let bytes = entry.line.len() + 2;
            if bytes > left && self.sent + 1 > first {
                break;
            }
            left = left.saturating_sub(bytes);
            lines.push('\n');
            lines.push_str(&entry.line);
            self.parts[part].1 += 1;
            self.sent += 1;
        }
        let [first, last, total] = [first, self.sent, self.total].map(|number| number as u64);
        format!("{}{lines}", Range { first, last, total })
    }
}

/// The lists that a shard has its part in, and the clients that get one.
#[derive(Debug, Default)]
pub(super) struct Lists {
    pub users: CachedList<UsersCursor>,
    pub rooms: CachedList<Option<Box<str>>>,
    /// What those who wait for that get besides.
    pub hidden_rooms: BTreeMap<Requester, Entries>,
    /// Clients that can be sent a page now.
    pub ready: VecDeque<ConnId>,
    /// The lists of members that were made last, kept for reuse while nothing changes.
    pub members: VecDeque<Entries>,
    /// Queries for lists that wait until all lists together are below their bound.
    pub postponed: VecDeque<Postponed>,
}

/// A query for a list that is sent later.
#[derive(Debug)]
pub(super) struct Postponed {
    pub client: ConnId,
    pub number: u32,
    pub query: Query,
    pub whom: Vec<WorkerId>,
}

/// How far users are collected: the next slot, and those found, in order.
#[derive(Debug, Default)]
pub(super) struct UsersCursor {
    pub slot: u32,
    pub found: BTreeMap<CompactString, CompactString>,
}

/// What a list has for its requesters.
pub(super) type Completed = (Vec<Requester>, Entries);

impl<C> Default for CachedList<C> {
    fn default() -> Self {
        Self { ready: None, build: None, waiting: Vec::new(), late: Vec::new() }
    }
}

impl<C: Default> CachedList<C> {
    /// The list, if it is ready.
    pub(super) fn ready(&self) -> Option<Entries> {
        self.ready.clone()
    }

    /// Begins to collect for nobody yet.
    pub(super) fn start(&mut self) {
        self.begin();
    }

    /// Somebody waits for it.
    pub(super) fn wait(&mut self, requester: Requester) {
        if self.build.is_some() {
            self.late.push(requester);
        } else {
            self.waiting.push(requester);
            self.begin();
        }
    }

    /// Something that it lists has changed.
    pub(super) fn invalidate(&mut self) {
        self.ready = None;
        if let Some(build) = &mut self.build {
            build.stale = true;
        }
    }

    /// Doesn't keep it for reuse any longer.
    pub(super) fn forget(&mut self) {
        self.ready = None;
    }

    /// Whether it is neither ready nor being collected.
    pub(super) fn is_idle(&self) -> bool {
        self.ready.is_none() && self.build.is_none()
    }

    /// Whether there is something to collect.
    pub(super) fn is_building(&self) -> bool {
        self.build.is_some()
    }

    /// Collects some more: `collect` adds entries in order from the cursor on, and
    /// says whether that was all. Who has it then.
    pub(super) fn step(
        &mut self,
        counters: &Arc<Counters>,
        collect: impl FnOnce(&mut C, &mut Vec<Entry>) -> bool,
    ) -> Option<Completed> {
        let build = self.build.as_mut()?;
        if !collect(&mut build.cursor, &mut build.collected) {
            return None;
        }
        let Build { collected, stale, .. } = self.build.take()?;
        let entries = Arc::new(Snapshot::new(collected, counters));
        let mut requesters = mem::take(&mut self.waiting);
        if stale {
            self.waiting = mem::take(&mut self.late);
            if !self.waiting.is_empty() {
                self.begin();
            }
        } else {
            self.ready = Some(entries.clone());
            requesters.append(&mut self.late);
        }
        Some((requesters, entries))
    }

    fn begin(&mut self) {
        let (cursor, collected) = Default::default();
        self.build = Some(Build { cursor, collected, stale: false });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chat::id::ConnId;

    fn requester(slot: u32) -> Requester {
        (Address { worker: 0, conn: ConnId { slot, generation: 0 } }, slot)
    }

    /// Collects the next of three numbers.
    fn collect(cursor: &mut usize, into: &mut Vec<Entry>) -> bool {
        into.push(Entry { key: cursor.to_string().into(), line: "line".into() });
        *cursor += 1;
        *cursor == 3
    }

    #[test]
    fn a_list_is_made_once_for_all_who_ask_while_nothing_changes() {
        let counters = Arc::new(Counters::new(1));
        let mut list = CachedList::<usize>::default();
        list.wait(requester(1));
        assert!(list.step(&counters, collect).is_none() && list.is_building());
        list.wait(requester(2));
        assert!(list.step(&counters, collect).is_none() && list.ready().is_none());
        let (requesters, entries) = list.step(&counters, collect).unwrap();
        assert_eq!(requesters, [requester(1), requester(2)]);
        assert_eq!((entries.len(), list.is_building()), (3, false));
        assert!(Arc::ptr_eq(&list.ready().unwrap(), &entries));
        list.invalidate();
        assert!(list.ready().is_none());
    }

    #[test]
    fn who_asks_behind_a_change_gets_a_list_that_has_it() {
        let counters = Arc::new(Counters::new(1));
        let mut list = CachedList::<usize>::default();
        list.wait(requester(1));
        assert!(list.step(&counters, collect).is_none());
        list.invalidate();
        list.wait(requester(2));
        assert!(list.step(&counters, collect).is_none());
        let (requesters, _) = list.step(&counters, collect).unwrap();
        assert_eq!((requesters, list.ready().is_none()), (vec![requester(1)], true));
        assert!(list.is_building(), "from the beginning, for the second");
        assert!(list.step(&counters, collect).is_none() && list.step(&counters, collect).is_none());
        assert_eq!(list.step(&counters, collect).unwrap().0, [requester(2)]);
    }

    #[test]
    fn a_snapshot_counts_while_it_is_referenced() {
        let counters = Arc::new(Counters::new(1));
        let entry = |key: &str| Entry { key: key.into(), line: "x".repeat(100).into() };
        let snapshot = Arc::new(Snapshot::new(vec![entry("a"), entry("b")], &counters));
        let bytes = counters.list_bytes();
        assert!((2 * (48 + 100)..1000).contains(&bytes), "{bytes}");
        let holder = snapshot.clone();
        drop(snapshot);
        assert_eq!((holder.len(), counters.list_bytes()), (2, bytes));
        drop(holder);
        assert_eq!(counters.list_bytes(), 0);
    }
}
