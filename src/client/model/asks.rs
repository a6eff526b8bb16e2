//! What we sent and what is still open about it: which ordinal was which line,
//! which answer belongs to which question. Never: what to show of it.

use super::clock::Now;
use super::conversation::Place;
use std::collections::{BTreeMap, VecDeque};

/// Packets remembered, so that a refusal finds its line.
const SENT_MAX: usize = 10_000;
/// Questions open per endpoint; a server that answers none is none.
const ASKS_MAX: usize = 1_000;

/// What a packet of ours was.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Sent {
    /// Where it is a question: to which endpoint.
    endpoint: Option<String>,
    /// The line that shows it.
    line: Option<(Place, u64)>,
}

/// A question to an endpoint.
#[derive(Clone, Debug)]
pub struct Ask {
    ordinal: u64,
    /// The conversation that it was asked in.
    pub place: Place,
    pub argument: String,
    /// Asked by the client for itself: the answer is not shown.
    pub quiet: bool,
    /// The number of the line in `place` that shows the question.
    pub line: Option<u64>,
    pub at: Now,
}

/// What a refusal was about.
#[derive(Debug)]
pub enum About {
    Line {
        place: Place,
        number: u64,
    },
    Ask {
        endpoint: String,
        ask: Ask,
    },
    /// Forgotten, or never sent by us.
    Unknown,
}

/// Everything sent on this connection that may still be heard of.
///
/// - **Invariant**: `sent` ends with ordinal `count`, without gaps.
#[derive(Debug, Default)]
pub struct Asks {
    count: u64,
    sent: VecDeque<Sent>,
    open: BTreeMap<String, VecDeque<Ask>>,
    /// The server has shown that it has read this far.
    read: u64,
}

impl Asks {
    /// Whoever connects by a packet has sent one already.
    pub fn greeted_by_packet(&mut self) {
        self.remember(Sent { endpoint: None, line: None });
    }

    pub fn sent_line(&mut self, place: Place, number: u64) {
        self.remember(Sent { endpoint: None, line: Some((place, number)) });
    }

    /// `line` is the number of the line in `place` that shows the question.
    pub fn sent_ask(
        &mut self,
        endpoint: &str,
        argument: &str,
        place: Place,
        line: Option<u64>,
        quiet: bool,
        at: Now,
    ) {
        let shown = line.map(|number| (place.clone(), number));
        self.remember(Sent { endpoint: Some(endpoint.to_owned()), line: shown });
        let open = self.open.entry(endpoint.to_owned()).or_default();
        let argument = argument.to_owned();
        open.push_back(Ask { ordinal: self.count, place, argument, quiet, line, at });
        if open.len() > ASKS_MAX {
            open.pop_front();
        }
    }

    fn remember(&mut self, sent: Sent) {
        self.count += 1;
        self.sent.push_back(sent);
        if self.sent.len() > SENT_MAX {
            self.sent.pop_front();
        }
    }

    /// The oldest open question to that endpoint, which stays open.
    pub fn oldest(&self, endpoint: &str) -> Option<&Ask> {
        self.open.get(endpoint)?.front()
    }

    /// The oldest open question to that endpoint is answered.
    pub fn answered(&mut self, endpoint: &str) -> Option<Ask> {
        let ask = self.open.get_mut(endpoint)?.pop_front()?;
        self.read = self.read.max(ask.ordinal);
        Some(ask)
    }

    /// The packet of that ordinal was refused.
    pub fn refused(&mut self, ordinal: u64) -> About {
        self.read = self.read.max(ordinal.min(self.count));
        let first = self.count + 1 - self.sent.len() as u64;
        let index = ordinal.checked_sub(first).and_then(|index| usize::try_from(index).ok());
        let Some(sent) = index.and_then(|index| self.sent.get(index)) else {
            return About::Unknown;
        };
        let Some(endpoint) = sent.endpoint.clone() else {
            return match sent.line.clone() {
                Some((place, number)) => About::Line { place, number },
                None => About::Unknown,
            };
        };
        let open = self.open.get_mut(&endpoint);
        let ask =
            open.and_then(|open| open.remove(open.iter().position(|ask| ask.ordinal == ordinal)?));
        ask.map_or(About::Unknown, |ask| About::Ask { endpoint, ask })
    }

    /// Whether the server may not have read all that we sent.
    pub fn has_unread(&self) -> bool {
        self.read < self.count
    }

    /// The connection is lost: the lines that the server may not have read.
    pub fn lost(&mut self) -> Vec<(Place, u64)> {
        let unread = (self.count - self.read) as usize;
        let skipped = self.sent.len().saturating_sub(unread);
        let lines = self.sent.iter().skip(skipped).filter_map(|sent| sent.line.clone()).collect();
        *self = Self::default();
        lines
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn ask(asks: &mut Asks, endpoint: &str, argument: &str) {
        let at = Now { ticks: Duration::ZERO, wall: jiff::Timestamp::UNIX_EPOCH };
        asks.sent_ask(endpoint, argument, Place::Server, None, true, at);
    }

    fn bob() -> Place {
        Place::Person("bob".to_owned())
    }

    #[test]
    fn a_refusal_finds_its_line_or_its_question() {
        let mut asks = Asks::default();
        asks.sent_line(bob(), 7);
        ask(&mut asks, "/who", "ann");
        ask(&mut asks, "/who", "zoe");
        assert!(matches!(asks.refused(1), About::Line { number: 7, .. }));
        assert!(matches!(asks.refused(2), About::Ask { ask, .. } if ask.argument == "ann"));
        assert_eq!(asks.answered("/who").unwrap().argument, "zoe");
        assert!(asks.answered("/who").is_none());
        for unknown in [0, 2, 4, u64::MAX] {
            assert!(matches!(asks.refused(unknown), About::Unknown));
        }
    }

    #[test]
    fn an_answer_shows_that_all_before_it_was_read() {
        let mut asks = Asks::default();
        asks.sent_line(bob(), 1);
        ask(&mut asks, "/ping", "");
        asks.sent_line(bob(), 2);
        asks.answered("/ping");
        assert_eq!(asks.lost(), [(bob(), 2)]);
        assert_eq!(asks.lost(), []);
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let mut asks = Asks::default();
        for number in 0..SENT_MAX as u64 + 10 {
            asks.sent_line(bob(), number);
        }
        assert!(matches!(asks.refused(10), About::Unknown));
        assert!(matches!(asks.refused(11), About::Line { number: 10, .. }));
        assert_eq!(asks.sent.len(), SENT_MAX);
    }
}
