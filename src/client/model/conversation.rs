//! One conversation: its lines, how far it was read, where it is scrolled to.
//! Never: the wire, the clock.

use super::line::{Delivery, Kind, Line};
use super::wrap::Shape;
use crate::client::safe;
use crate::wire::Name;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use std::collections::VecDeque;
use tui_input::Input;

/// Lines kept in one conversation.
pub const SCROLLBACK_LINES_MAX: usize = 100_000;

/// Who or what a conversation is with; names by what makes them the same.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Place {
    Server,
    Room(String),
    Person(String),
}

/// What makes two names the same; what is no name is the same as itself.
pub fn key_of(name: &str) -> String {
    Name::parse(name).map_or_else(|_| name.to_lowercase(), |name| name.key().to_owned())
}

impl Place {
    /// Where what is for `to` belongs.
    pub fn of(to: &str) -> Self {
        match to.strip_prefix('#') {
            Some(room) => Self::Room(key_of(room)),
            None if to.starts_with('/') => Self::Server,
            None => Self::Person(key_of(to)),
        }
    }
}

/// The row at the bottom of the view.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Anchor {
    /// The line that it belongs to.
    number: u64,
    /// How many rows of that line are below the view.
    below: usize,
}

/// Lines with one partner, newest last.
///
/// - **Invariant**: `lines` hold [`SCROLLBACK_LINES_MAX`] at the most; line
///   `index` has the number `first + index`, for ever.
#[derive(Debug)]
pub struct Conversation {
    pub place: Place,
    /// As it is shown: `bob`, `#ops`, the server's address.
    pub title: String,
    pub unread: usize,
    /// Of those, how many mean us.
    pub mentions: usize,
    /// What is typed, not sent yet.
    pub draft: Input,
    /// Enter did nothing with the draft: what is typed next replaces it.
    pub is_draft_refused: bool,
    lines: VecDeque<Line>,
    first: u64,
    bytes: usize,
    anchor: Option<Anchor>,
    /// The number of the line with [`Line::is_first_new`].
    first_new: Option<u64>,
}

impl Conversation {
    pub fn new(place: Place, title: &str) -> Self {
        Self {
            place,
            title: safe::line(title).into_owned(),
            unread: 0,
            mentions: 0,
            draft: Input::default(),
            is_draft_refused: false,
            lines: VecDeque::new(),
            first: 0,
            bytes: 0,
            anchor: None,
            first_new: None,
        }
    }

    /// Adds a line, and a day line in front of it where a day begins; returns
    /// its number.
    pub fn push(&mut self, line: Line, zone: &TimeZone) -> u64 {
        let day = |at: Timestamp| at.to_zoned(zone.clone()).date();
        if self.lines.back().is_none_or(|last| day(last.at) != day(line.at)) {
            let text = line.at.to_zoned(zone.clone()).strftime("%A, %-d %B %Y").to_string();
            self.append(Line::new(line.at, Kind::Day, String::new(), text));
        }
        self.append(line)
    }

    fn append(&mut self, line: Line) -> u64 {
        self.bytes += line.bytes();
        self.lines.push_back(line);
        while self.lines.len() > SCROLLBACK_LINES_MAX {
            self.drop_oldest();
        }
        self.first + self.lines.len() as u64 - 1
    }

    /// Forgets the oldest line; false if there is none.
    pub fn drop_oldest(&mut self) -> bool {
        let Some(line) = self.lines.pop_front() else { return false };
        self.first += 1;
        self.bytes -= line.bytes();
        match &mut self.anchor {
            Some(anchor) if anchor.number < self.first => {
                *anchor = Anchor { number: self.first, below: 0 };
            }
            _ => {}
        }
        true
    }

    pub fn clear(&mut self) {
        self.first += self.lines.len() as u64;
        self.lines = VecDeque::new();
        self.bytes = 0;
        self.anchor = None;
    }

    pub fn lines(&self) -> &VecDeque<Line> {
        &self.lines
    }

    /// Bytes that the lines hold on to, about.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Marks a line of ours; nothing where it is forgotten already.
    pub fn mark(&mut self, number: u64, mark: impl FnOnce(&mut Line)) {
        let index = number.checked_sub(self.first).and_then(|index| usize::try_from(index).ok());
        let Some(line) = index.and_then(|index| self.lines.get_mut(index)) else { return };
        mark(line);
    }

    /// Something came in while this conversation wasn't open, as line `number`;
    /// the first one of several is marked.
    pub fn count_new(&mut self, number: u64, means_us: bool) {
        if self.unread == 0 {
            self.forget_new();
            self.mark(number, |line| line.is_first_new = true);
            self.first_new = Some(number);
        }
        self.unread += 1;
        self.mentions += usize::from(means_us);
    }

    /// No line is the first new one any more.
    pub fn forget_new(&mut self) {
        if let Some(number) = self.first_new.take() {
            self.mark(number, |line| line.is_first_new = false);
        }
    }

    /// The newest line of ours that was refused, if nobody got it.
    pub fn newest_refused(&self) -> Option<(u64, &Line)> {
        let numbered = self.lines.iter().enumerate().rev();
        let mut refused = numbered.filter(|(_, line)| {
            matches!(line.kind, Kind::Own(Delivery::Refused { for_all: true, .. }))
        });
        refused.next().map(|(index, line)| (self.first + index as u64, line))
    }

    /// The number of the newest line.
    fn last_number(&self) -> Option<u64> {
        (!self.lines.is_empty()).then(|| self.first + self.lines.len() as u64 - 1)
    }

    fn line(&self, number: u64) -> Option<&Line> {
        self.lines.get(usize::try_from(number.checked_sub(self.first)?).ok()?)
    }

    /// How many lines are below the view.
    pub fn lines_below(&self) -> usize {
        match (self.anchor, self.last_number()) {
            (Some(anchor), Some(last)) => (last - anchor.number.min(last)) as usize,
            _ => 0,
        }
    }

    pub fn is_scrolled(&self) -> bool {
        self.anchor.is_some()
    }

    pub fn scroll_to_end(&mut self) {
        self.anchor = None;
    }

    pub fn scroll_to_start(&mut self, shape: &Shape, height: usize) {
        self.anchor = Some(Anchor { number: self.first, below: 0 });
        self.fill_view(shape, height);
    }

    /// The view goes up by `rows`, no further than to the first line.
    pub fn scroll_up(&mut self, mut rows: usize, shape: &Shape, height: usize) {
        let Some(last) = self.last_number() else { return };
        let mut at = self.anchor.unwrap_or(Anchor { number: last, below: 0 });
        while let Some(line) = self.line(at.number) {
            let count = shape.rows(line).len();
            if at.below + rows < count {
                at.below += rows;
                break;
            }
            if at.number == self.first {
                at.below = count - 1;
                break;
            }
            rows -= count - at.below.min(count);
            at = Anchor { number: at.number - 1, below: 0 };
        }
        self.anchor = Some(at);
        self.fill_view(shape, height);
    }

    /// The view goes down by `rows`; at the end it follows what comes.
    pub fn scroll_down(&mut self, mut rows: usize, shape: &Shape) {
        let (Some(mut at), Some(last)) = (self.anchor, self.last_number()) else { return };
        loop {
            if rows <= at.below {
                at.below -= rows;
                break;
            }
            rows -= at.below + 1;
            if at.number >= last {
                self.anchor = None;
                return;
            }
            at.number += 1;
            at.below = self.line(at.number).map_or(0, |line| shape.rows(line).len() - 1);
        }
        self.anchor = (at != Anchor { number: last, below: 0 }).then_some(at);
    }

    /// Shows the line of that number, at the bottom of the view or near it.
    pub fn scroll_to(&mut self, number: u64, shape: &Shape, height: usize) {
        self.anchor = Some(Anchor { number, below: 0 });
        self.fill_view(shape, height);
        self.scroll_down(height / 2, shape);
    }

    /// Near the start, the view goes down until it is full.
    fn fill_view(&mut self, shape: &Shape, height: usize) {
        let Some(at) = self.anchor else { return };
        let mut above = 0;
        let mut number = at.number;
        while let Some(line) = self.line(number) {
            above += shape.rows(line).len();
            if above >= height + at.below {
                return;
            }
            let Some(previous) = number.checked_sub(1) else { break };
            number = previous;
        }
        self.scroll_down(height + at.below - above, shape);
    }

    /// Lines from the bottom of the view upwards, each with its number and how
    /// many of its rows are below the view.
    pub fn from_bottom(&self) -> impl Iterator<Item = (u64, &Line, usize)> {
        let at = self.anchor.or(self.last_number().map(|number| Anchor { number, below: 0 }));
        let shown = at.map_or(0, |at| (at.number - self.first) as usize + 1);
        let numbered = self.lines.iter().take(shown).enumerate().rev();
        numbered.map(move |(index, line)| {
            let number = self.first + index as u64;
            let below = at.filter(|at| at.number == number).map_or(0, |at| at.below);
            (number, line, below)
        })
    }

    /// The newest line older than number `before` that `query` (in lower case)
    /// is in.
    pub fn find(&self, query: &str, before: Option<u64>) -> Option<u64> {
        let count =
            before.map_or(self.lines.len(), |before| before.saturating_sub(self.first) as usize);
        let older = self.lines.iter().take(count).enumerate().rev();
        let mut hits = older.filter(|(_, line)| line.kind != Kind::Day).filter(|(_, line)| {
            line.text.to_lowercase().contains(query) || line.who.to_lowercase().contains(query)
        });
        hits.next().map(|(index, _)| self.first + index as u64)
    }
}
