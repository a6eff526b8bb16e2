//! What a key does; which key it was is decided elsewhere.

use super::clock::Now;
use super::conversation::{Conversation, Place};
use super::help::WHEEL_ROWS;
use super::people::Names;
use super::sending::count;
use super::{Effect, Mode, Model, draft};
use crate::client::safe;
use std::time::Duration;
use tui_input::{Input, InputRequest};

pub use super::intent::{Action, Pane};

/// Ctrl-C twice on an empty line leaves, if the second follows within this.
const LEAVING_TIME: Duration = Duration::from_secs(3);

const MOUSE_IS_ON: &str = "the mouse works here: a click opens, the wheel scrolls; F2: off";
const MOUSE_IS_OFF: &str = "the mouse is the terminal's, for selecting text; F2: on";

impl Model {
    pub(super) fn act(&mut self, action: Action, now: Now) {
        if !matches!(action, Action::Complete { .. }) {
            self.completion = None;
        }
        match action {
            Action::Repaint => return self.effects.push(Effect::Repaint),
            Action::Suspend => return self.effects.push(Effect::Suspend),
            _ => {}
        }
        match self.mode {
            Mode::Typing => self.act_typing(action, now),
            Mode::Paste(_) => self.act_paste(action, now),
            Mode::Search { .. } => self.act_search(action, now),
            Mode::Help { .. } => self.act_help(action, now),
            Mode::Unseen(_) => self.act_unseen(action, now),
        }
    }

    pub(super) fn act_typing(&mut self, action: Action, now: Now) {
        match action {
            Action::Edit(request) => self.edit(request, now),
            Action::Submit => self.submit(now),
            Action::NewRow => self.insert("\n", now),
            Action::Complete { back } => self.complete(back),
            Action::Older if draft::up(&mut self.conversation_mut().draft) => {}
            Action::Newer if draft::down(&mut self.conversation_mut().draft) => {}
            Action::Older => {
                self.conversation_mut().is_draft_refused = false;
                let line = self.conversation().draft.value().to_owned();
                if let Some(older) = self.history.older(&line) {
                    let older = Input::new(older.to_owned());
                    self.conversation_mut().draft = older;
                }
            }
            Action::Newer => {
                if let Some(newer) = self.history.newer() {
                    self.conversation_mut().draft = Input::new(newer);
                }
            }
            Action::Search => self.mode = Mode::Search { query: Input::default(), found: None },
            Action::Escape => {
                if self.banners.pop_back().is_none() {
                    self.conversation_mut().scroll_to_end();
                }
                self.hint = None;
            }
            Action::Interrupt => self.interrupt(now),
            Action::EndOfInput if self.conversation().draft.value().is_empty() => {
                self.interrupt(now);
            }
            Action::EndOfInput => self.edit(InputRequest::DeleteNextChar, now),
            Action::Help => self.help(),
            Action::Next => self.switch_to((self.open + 1) % self.conversations.len()),
            Action::Previous => {
                let count = self.conversations.len();
                self.switch_to((self.open + count - 1) % count);
            }
            Action::Switch(index) if index < self.conversations.len() => self.switch_to(index),
            Action::Switch(_) => self.hint_at("there is no such conversation", now),
            Action::NextUnread => self.switch_to_unread(now),
            Action::Mouse => {
                self.has_mouse = !self.has_mouse;
                self.hint_at(if self.has_mouse { MOUSE_IS_ON } else { MOUSE_IS_OFF }, now);
            }
            Action::Scroll { pane, up } => self.scroll_pane(pane, up),
            Action::Person(index) => self.open_person(index, now),
            scroll => self.scroll(scroll),
        }
    }

    fn edit(&mut self, request: InputRequest, now: Now) {
        if let InputRequest::InsertChar(c) = request {
            if !safe::is_obeyed(c) {
                self.insert(c.encode_utf8(&mut [0; 4]), now);
            }
            return;
        }
        self.history.settle();
        let conversation = self.conversation_mut();
        conversation.is_draft_refused = false;
        let draft = &mut conversation.draft;
        match request {
            InputRequest::GoToStart => draft::to_row_start(draft),
            InputRequest::GoToEnd => draft::to_row_end(draft),
            request => {
                if draft.handle(request).is_some_and(|change| change.value) {
                    // What was remarked was about what stood there.
                    self.hint = None;
                }
            }
        }
    }

    /// A line that Enter could do nothing with never runs into the next one.
    pub(super) fn put_refused_aside(&mut self) {
        if std::mem::take(&mut self.conversation_mut().is_draft_refused) {
            let line = self.conversation().draft.value().to_owned();
            self.remember(&line);
            self.conversation_mut().draft.reset();
        }
    }

    fn scroll(&mut self, action: Action) {
        let (shape, height) = (self.shape, self.height);
        let page = height.saturating_sub(1).max(1);
        let conversation = self.conversation_mut();
        match action {
            Action::PageUp => conversation.scroll_up(page, &shape, height),
            Action::PageDown => conversation.scroll_down(page, &shape),
            Action::RowUp => conversation.scroll_up(1, &shape, height),
            Action::RowDown => conversation.scroll_down(1, &shape),
            Action::ToStart => conversation.scroll_to_start(&shape, height),
            Action::ToEnd => conversation.scroll_to_end(),
            _ => {}
        }
    }

    fn scroll_pane(&mut self, pane: Pane, up: bool) {
        let (shape, height) = (self.shape, self.height);
        let step = |top: usize, last: usize| match up {
            true => top.saturating_sub(WHEEL_ROWS),
            false => (top + WHEEL_ROWS).min(last),
        };
        match pane {
            Pane::Lines if up => self.conversation_mut().scroll_up(WHEEL_ROWS, &shape, height),
            Pane::Lines => self.conversation_mut().scroll_down(WHEEL_ROWS, &shape),
            Pane::Conversations => {
                let last = self.conversations.len().saturating_sub(height);
                let shown = (self.open + 1).saturating_sub(height);
                let top = self.tops.conversations.unwrap_or(shown);
                self.tops.conversations = Some(step(top, last));
            }
            Pane::People => {
                let last = self.listed().map_or(0, Names::kept).saturating_sub(height);
                self.tops.people = step(self.tops.people.min(last), last);
            }
        }
    }

    /// The people that are listed beside the open conversation: the members of
    /// a room, else everybody.
    pub fn listed(&self) -> Option<&Names> {
        match &self.conversation().place {
            Place::Room(key) => self.people.members.get(key),
            _ => Some(&self.people.everyone),
        }
    }

    fn open_person(&mut self, index: usize, now: Now) {
        let name = self.listed().and_then(|names| names.shown().nth(index)).map(str::to_owned);
        let Some(name) = name.filter(|name| *name != self.me) else { return };
        match self.find_or_make(Place::of(&name), &name) {
            0 => self.hint_at("too many conversations: /leave one first", now),
            index => self.switch_to(index),
        }
    }

    /// The next conversation with something for us, else with anything new.
    fn switch_to_unread(&mut self, now: Now) {
        let count = self.conversations.len();
        let order = || (1..count).map(|step| (self.open + step) % count);
        let has = |of: fn(&Conversation) -> usize| {
            order().find(|&index| of(&self.conversations[index]) > 0)
        };
        match has(|one| one.mentions).or_else(|| has(|one| one.unread)) {
            Some(index) => self.switch_to(index),
            None => self.hint_at("nothing new anywhere", now),
        }
    }

    /// Ctrl-C puts a line aside, and leaves only if it is meant.
    fn interrupt(&mut self, now: Now) {
        let line = self.conversation().draft.value().to_owned();
        if !line.is_empty() {
            self.remember(&line);
            self.conversation_mut().draft.reset();
            self.conversation_mut().is_draft_refused = false;
            self.hint_at("put aside: Up brings it back", now);
        } else if self.leaving.is_some() {
            self.quit("");
        } else {
            self.leaving = Some(now.ticks + LEAVING_TIME);
            let waiting = match self.outbox.len() {
                0 => String::new(),
                lines => format!(", without sending {}", count(lines, "waiting line")),
            };
            self.hint_at(format!("Ctrl-C again leaves{waiting}"), now);
        }
    }

    fn act_search(&mut self, action: Action, now: Now) {
        let Mode::Search { query, .. } = &mut self.mode else { return };
        match action {
            Action::Edit(InputRequest::InsertChar(c)) => {
                self.type_text(c.encode_utf8(&mut [0; 4]), now);
            }
            Action::Edit(request) => {
                if query.handle(request).is_some_and(|change| change.value) {
                    self.search_anew(now);
                }
            }
            Action::Submit | Action::Older | Action::Search => self.search_older(now),
            Action::Escape => self.mode = Mode::Typing,
            Action::Interrupt | Action::EndOfInput => {
                self.mode = Mode::Typing;
                self.conversation_mut().scroll_to_end();
            }
            Action::Complete { .. } | Action::Newer | Action::Help | Action::NewRow => {}
            // Whatever else is meant for the conversations: the search is over.
            other => {
                self.mode = Mode::Typing;
                self.act_typing(other, now);
            }
        }
    }

    /// The query has changed.
    pub(super) fn search_anew(&mut self, now: Now) {
        if let Mode::Search { found, .. } = &mut self.mode {
            *found = None;
        }
        self.search_older(now);
    }

    /// Goes to the next older line that fits.
    pub(super) fn search_older(&mut self, now: Now) {
        let Mode::Search { query, found } = &self.mode else { return };
        let (text, before) = (query.value().to_lowercase(), *found);
        if text.is_empty() {
            return;
        }
        let Some(number) = self.conversation().find(&text, before) else {
            return self.hint_at("nothing older fits", now);
        };
        self.hint = None;
        if let Mode::Search { found, .. } = &mut self.mode {
            *found = Some(number);
        }
        let (shape, height) = (self.shape, self.height);
        self.conversation_mut().scroll_to(number, &shape, height);
    }
}
