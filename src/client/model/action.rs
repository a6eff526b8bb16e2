//! What a key does; which key it was is decided elsewhere.

use super::clock::Now;
use super::commands::{ALIASES, COMMANDS};
use super::complete::Completion;
use super::conversation::{Conversation, Place, key_of};
use super::sending::count;
use super::{Effect, Mode, Model};
use crate::client::safe;
use std::time::Duration;
use tui_input::{Input, InputRequest};

pub use super::intent::Action;

/// Ctrl-C twice on an empty line leaves, if the second follows within this.
const LEAVING_TIME: Duration = Duration::from_secs(3);
/// A draft holds this many bytes; no packet could carry more.
const DRAFT_BYTES_MAX: usize = 65_536;

impl Model {
    pub(super) fn act(&mut self, action: Action, now: Now) {
        if !matches!(action, Action::Complete { .. }) {
            self.completion = None;
        }
        match self.mode {
            Mode::Typing => self.act_typing(action, now),
            Mode::Paste(_) => self.act_paste(action, now),
            Mode::Search { .. } => self.act_search(action, now),
        }
    }

    fn act_typing(&mut self, action: Action, now: Now) {
        match action {
            Action::Edit(request) => self.edit(request),
            Action::Submit => self.submit(now),
            Action::Complete { back } => self.complete(back),
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
            Action::EndOfInput => self.edit(InputRequest::DeleteNextChar),
            Action::Help => self.help(now),
            Action::Next => self.switch_to((self.open + 1) % self.conversations.len()),
            Action::Previous => {
                let count = self.conversations.len();
                self.switch_to((self.open + count - 1) % count);
            }
            Action::Switch(index) if index < self.conversations.len() => self.switch_to(index),
            Action::Switch(_) => self.hint_at("there is no such conversation", now),
            Action::NextUnread => self.switch_to_unread(now),
            Action::Repaint => self.effects.push(Effect::Repaint),
            scroll => self.scroll(scroll),
        }
    }

    fn edit(&mut self, request: InputRequest) {
        if let InputRequest::InsertChar(c) = request
            && (safe::is_obeyed(c) || self.conversation().draft.value().len() >= DRAFT_BYTES_MAX)
        {
            return;
        }
        if matches!(request, InputRequest::InsertChar(_)) {
            self.hint = None;
            self.put_refused_aside();
        }
        self.history.settle();
        let conversation = self.conversation_mut();
        conversation.is_draft_refused = false;
        conversation.draft.handle(request);
    }

    /// A line that Enter could do nothing with never runs into the next one.
    fn put_refused_aside(&mut self) {
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

    fn complete(&mut self, back: bool) {
        match &mut self.completion {
            Some(completion) => completion.step(back),
            None => {
                let draft = &self.conversation().draft;
                let line = draft.value();
                let cursor =
                    line.char_indices().nth(draft.cursor()).map_or(line.len(), |(at, _)| at);
                self.completion = Completion::new(line, cursor, &self.candidates(&line[..cursor]));
            }
        }
        if let Some((line, cursor)) = self.completion.as_ref().map(Completion::line) {
            self.conversation_mut().draft = Input::new(line).with_cursor(cursor);
        }
    }

    /// What the word at the end of `before` could be.
    fn candidates(&self, before: &str) -> Vec<String> {
        let word = before.rsplit(char::is_whitespace).next().unwrap_or_default();
        let at_start = word.len() == before.len();
        let rooms = || self.people.rooms().map(str::to_owned);
        match word.chars().next() {
            Some('/') if at_start => {
                let names = COMMANDS.iter().map(|one| one.name);
                let names = names.chain(ALIASES.iter().map(|(alias, _)| *alias));
                names.map(|name| format!("/{name}")).collect()
            }
            Some('#') => rooms().collect(),
            Some('@') if at_start => {
                let rooms = rooms().map(|room| format!("@{room}"));
                self.names_near().map(|name| format!("@{name}")).chain(rooms).collect()
            }
            None if ["/join ", "/leave ", "/members "].contains(&before) => rooms().collect(),
            None if at_start => Vec::new(),
            _ if at_start => match self.conversation().place {
                Place::Room(_) => self.names_near().map(|name| format!("{name}:")).collect(),
                _ => self.names_near().map(str::to_owned).collect(),
            },
            _ => self.names_near().map(str::to_owned).collect(),
        }
    }

    /// Names, those in the open room first, but ours.
    fn names_near(&self) -> impl Iterator<Item = &str> {
        let members = match &self.conversation().place {
            Place::Room(key) => self.people.members.get(key),
            _ => None,
        };
        let near = members.into_iter().flat_map(|names| names.shown());
        let others = self.people.everyone.shown();
        let others =
            others.filter(move |name| !members.is_some_and(|one| one.contains(&key_of(name))));
        near.chain(others).filter(|name| *name != self.me)
    }

    /// Something was pasted: one line is typed, several are asked about.
    pub(super) fn paste(&mut self, text: &str) {
        let text = text.replace("\r\n", "\n").replace(['\r', '\u{2028}', '\u{2029}'], "\n");
        let text = text.trim_end_matches('\n');
        if text.contains('\n') && matches!(self.mode, Mode::Typing) {
            self.put_refused_aside();
            self.mode = Mode::Paste(
                text.chars().filter(|&c| c == '\n' || c == '\t' || !safe::is_obeyed(c)).collect(),
            );
            return;
        }
        for c in text.chars().map(|c| if c == '\n' || c == '\t' { ' ' } else { c }) {
            match &mut self.mode {
                Mode::Search { query, .. } => {
                    query.handle(InputRequest::InsertChar(c));
                }
                _ => self.edit(InputRequest::InsertChar(c)),
            }
        }
    }

    /// Enter sends it as one message, `l` line by line, Esc not at all. What
    /// was typed before goes in front. Nothing pasted is ever a command.
    fn act_paste(&mut self, action: Action, now: Now) {
        let line_by_line = match action {
            Action::Submit => false,
            Action::Edit(InputRequest::InsertChar('l' | 'L')) => true,
            Action::Escape | Action::Interrupt => {
                self.mode = Mode::Typing;
                return self.hint_at("not sent", now);
            }
            _ => return,
        };
        let Mode::Paste(pasted) = std::mem::take(&mut self.mode) else { return };
        let text = format!("{}{pasted}", self.conversation().draft.value());
        let parts: Vec<&str> = match line_by_line {
            true => text.split('\n').filter(|line| !line.trim().is_empty()).collect(),
            false => vec![&text],
        };
        // All or nothing: what is sent twice is as bad as what is lost.
        let to = self.conversation().title.clone();
        let bad = parts.iter().find_map(|part| self.check(&to, part).err());
        let sent = bad
            .map_or(Ok(()), Err)
            .and_then(|()| parts.iter().try_for_each(|part| self.say_here(part, now)));
        if let Err(words) = sent {
            self.mode = Mode::Paste(pasted);
            return self.hint_at(words, now);
        }
        self.conversation_mut().draft.reset();
        self.conversation_mut().scroll_to_end();
    }

    fn act_search(&mut self, action: Action, now: Now) {
        let Mode::Search { query, found } = &mut self.mode else { return };
        match action {
            Action::Edit(request) => {
                let changed = query.handle(request).is_some_and(|change| change.value);
                if changed {
                    *found = None;
                    self.search_older(now);
                }
            }
            Action::Submit | Action::Older | Action::Search => self.search_older(now),
            Action::Escape => self.mode = Mode::Typing,
            Action::Interrupt | Action::EndOfInput => {
                self.mode = Mode::Typing;
                self.conversation_mut().scroll_to_end();
            }
            Action::Complete { .. } | Action::Newer | Action::Help => {}
            // Whatever else is meant for the conversations: the search is over.
            other => {
                self.mode = Mode::Typing;
                self.act_typing(other, now);
            }
        }
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
