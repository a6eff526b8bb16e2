//! The ids that one session of an account sees: they grow, without a gap; but a `/replay`
//! starts anew from its id, once. Never: which packets a session has to see.

use std::collections::BTreeSet;

/// What a session has seen.
#[derive(Default)]
pub(super) struct Ids {
    /// The last one since it was started anew last.
    last: u64,
    /// Whether there may be no gap behind `last`.
    has_base: bool,
    /// Where it may start anew: `/replay`s that were sent and have not begun, as far as one
    /// can see. None: at its account's mark, which is not known yet.
    starts: Vec<Option<u64>>,
    /// The `/replay` that is to be answered.
    pending: Option<Pending>,
    /// All that it has seen.
    pub seen: BTreeSet<u64>,
    /// The highest mark from which it has replayed: what was before that it may have given
    /// up, if it was behind.
    pub marked: u64,
    /// From where on it misses nothing: the lowest id of a `/replay` that was answered.
    pub complete_from: Option<u64>,
}

struct Pending {
    ordinal: u64,
    from: Option<u64>,
    /// What came since it was sent.
    since: BTreeSet<u64>,
}

impl Ids {
    /// `/replay` was sent.
    pub(super) fn replays(&mut self, ordinal: u64, from: Option<u64>) {
        self.starts.push(from);
        self.pending = Some(Pending { ordinal, from, since: BTreeSet::new() });
    }

    /// The store has looked up the mark for a `/replay` without an id.
    pub(super) fn began_at(&mut self, mark: u64) {
        self.marked = self.marked.max(mark);
        if let Some(start) = self.starts.iter_mut().rfind(|start| start.is_none()) {
            *start = Some(mark);
        }
        if let Some(pending) = &mut self.pending {
            pending.from.get_or_insert(mark);
        }
    }

    pub(super) fn is_replaying(&self) -> bool {
        self.awaits_answer() || !self.starts.is_empty()
    }

    /// Whether a `/replay` is to be answered.
    pub(super) fn awaits_answer(&self) -> bool {
        self.pending.is_some()
    }

    /// Whether it is the `/replay` that is to be answered.
    pub(super) fn is_pending(&self, ordinal: u64) -> bool {
        self.pending.as_ref().is_some_and(|pending| pending.ordinal == ordinal)
    }

    /// A stored packet has come. `misses` tells whether something is missed between two.
    pub(super) fn saw(&mut self, id: u64, misses: impl Fn(u64, u64) -> bool) {
        let goes_on = id > self.last && (!self.has_base || !misses(self.last, id));
        if !goes_on {
            let starts = |start: &Option<u64>| start.is_some_and(|at| at < id && !misses(at, id));
            let at = self.starts.iter().position(starts);
            let at = at.unwrap_or_else(|| panic!("{id} came behind {}", self.last));
            self.starts.remove(at);
        }
        self.last = id;
        self.has_base = true;
        self.seen.insert(id);
        if let Some(pending) = &mut self.pending {
            pending.since.insert(id);
        }
    }

    /// `/replay` is answered. `missed` tells what has to have come between two ids, the
    /// last one too, and is not among those that came.
    pub(super) fn answered(
        &mut self,
        last: u64,
        missed: impl Fn(u64, u64, &BTreeSet<u64>) -> Option<u64>,
    ) {
        let Pending { from, since, .. } = self.pending.take().expect("it asked");
        let from = from.expect("the store was asked");
        if let Some(id) = missed(from, last, &since) {
            panic!("a replay from {from} to {last} lacks {id}");
        }
        self.starts.clear();
        self.last = self.last.max(last);
        self.has_base = true;
        self.complete_from = Some(self.complete_from.map_or(from, |before| before.min(from)));
    }

    /// `/replay` was refused: parts of it may come all the same.
    pub(super) fn refused(&mut self) {
        self.pending = None;
    }
}
