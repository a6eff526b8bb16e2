//! What the word at the cursor could be, for Tab.

use super::commands::{ALIASES, COMMANDS};
use super::complete::{Completion, word_start};
use super::conversation::{Place, key_of};
use super::{Model, draft};
use tui_input::Input;

/// Commands that a room follows.
const OF_ROOMS: &[&str] = &["/join ", "/leave ", "/part ", "/members ", "/names "];

impl Model {
    /// Completes the word at the cursor; again, goes to the next candidate.
    pub(super) fn complete(&mut self, back: bool) {
        match &mut self.completion {
            Some(completion) => completion.step(back),
            None => {
                let draft = &self.conversation().draft;
                let (line, cursor) = (draft.value(), draft::cursor_byte(draft));
                let candidates = self.candidates(&line[..cursor]);
                self.completion = Completion::new(line, cursor, &candidates);
            }
        }
        if let Some((line, cursor)) = self.completion.as_ref().map(Completion::line) {
            self.conversation_mut().draft = Input::new(line).with_cursor(cursor);
        }
    }

    /// What the word at the end of `before` could be.
    fn candidates(&self, before: &str) -> Vec<String> {
        let word = &before[word_start(before)..];
        let at_start = word.len() == before.len();
        let rooms = || self.people.rooms().map(str::to_owned);
        let names = || self.names_near().map(str::to_owned);
        match word.chars().next() {
            Some('/') if at_start => {
                let names = COMMANDS.iter().map(|one| one.name);
                let names = names.chain(ALIASES.iter().map(|(alias, _)| *alias));
                names.map(|name| format!("/{name}")).collect()
            }
            Some('#') => rooms().collect(),
            Some('@') => {
                let rooms = rooms().filter(|_| at_start).map(|room| format!("@{room}"));
                names().map(|name| format!("@{name}")).chain(rooms).collect()
            }
            None if OF_ROOMS.contains(&before) => rooms().collect(),
            None if at_start => Vec::new(),
            _ if at_start && matches!(self.conversation().place, Place::Room(_)) => {
                names().map(|name| format!("{name}:")).collect()
            }
            _ => names().collect(),
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
}
