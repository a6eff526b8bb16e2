//! The watchers of a shard and the news that they have yet to hear. Never: when
//! news is made, or how it is said.

use super::id::{ConnId, Moment};
use crate::limits;
use std::collections::{BTreeMap, VecDeque};
use std::ops::Bound;
use std::sync::Arc;

/// The watchers of a shard, and what they have yet to be told.
#[derive(Debug, Default)]
pub(super) struct Presence {
    /// Since when each wants to know.
    watchers: BTreeMap<ConnId, Moment>,
    news: VecDeque<News>,
    /// Who has been told of the first of the news.
    told: Option<ConnId>,
}

/// Somebody came or went.
#[derive(Clone, Debug)]
pub struct News {
    pub came: bool,
    pub name: Arc<str>,
    /// Since when they are, or were, here.
    pub since: Moment,
    /// Whether it was told that they came.
    pub announced: bool,
}

impl News {
    /// Whether it is for one who watches since `watching`. Who was here when the
    /// watching began isn't told of as come; who was neither here by then nor
    /// told of isn't told of as gone.
    fn is_for(&self, watching: Moment) -> bool {
        if self.came { watching <= self.since } else { self.announced || watching >= self.since }
    }
}

impl Presence {
    /// Somebody wants to know from now on; whether that is new.
    pub(super) fn watch(&mut self, id: ConnId, now: Moment) -> bool {
        let known = self.watchers.contains_key(&id);
        self.watchers.entry(id).or_insert(now);
        !known
    }

    /// ... and wants to know no more; whether that is new.
    pub(super) fn unwatch(&mut self, id: ConnId) -> bool {
        self.watchers.remove(&id).is_some()
    }

    /// How many watch.
    pub(super) fn watchers(&self) -> usize {
        self.watchers.len()
    }

    /// Whether somebody has yet to be told something.
    pub(super) fn has_news(&self) -> bool {
        !self.news.is_empty()
    }

    /// Queues news, unless too much is queued already.
    pub(super) fn push(&mut self, news: News) {
        if !self.watchers.is_empty() && self.news.len() < limits::PRESENCE_NEWS_MAX {
            self.news.push_back(news);
        }
    }

    /// The next to be told something, and what.
    pub(super) fn next(&mut self) -> Option<(ConnId, News)> {
        loop {
            let news = self.news.front()?;
            let from = self.told.map_or(Bound::Unbounded, Bound::Excluded);
            match self.watchers.range((from, Bound::Unbounded)).next() {
                None => {
                    self.told = None;
                    self.news.pop_front();
                }
                Some((&id, &since)) => {
                    self.told = Some(id);
                    if news.is_for(since) {
                        return Some((id, news.clone()));
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn news_is_for_those_who_can_make_sense_of_it() {
        let news = |came, announced| {
            let since = Moment(10);
            News { came, name: "bob".into(), since, announced }
        };
        let [before, after] = [Moment(9), Moment(11)];
        assert!(news(true, true).is_for(before));
        assert!(!news(true, true).is_for(after), "was here already");
        assert!(news(false, true).is_for(before) && news(false, true).is_for(after));
        assert!(!news(false, false).is_for(before), "was never told of");
        assert!(news(false, false).is_for(after), "was here already");
    }

    #[test]
    fn each_watcher_is_told_each_piece_of_news_once_and_in_order() {
        let id = |slot| ConnId { slot, generation: 0 };
        let mut presence = Presence::default();
        assert!(presence.watch(id(1), Moment(0)) && !presence.watch(id(1), Moment(5)));
        presence.watch(id(2), Moment(0));
        for name in ["a", "b"] {
            let since = Moment(1);
            presence.push(News { came: true, name: name.into(), since, announced: true });
        }
        let mut told = Vec::new();
        while let Some((id, news)) = presence.next() {
            told.push((id.slot, news.name.to_string()));
        }
        let expected = [(1, "a"), (2, "a"), (1, "b"), (2, "b")];
        assert_eq!(told, expected.map(|(slot, name)| (slot, name.to_owned())));
        assert!(presence.unwatch(id(1)) && !presence.unwatch(id(1)));
    }
}
