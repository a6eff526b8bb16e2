//! Keys that the configuration gives another meaning; the rest is
//! [`super::keys`]'s. Never: what an action does.

use super::keys;
use super::model::action::Action;
use crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use std::collections::BTreeMap;
use tui_input::InputRequest as Edit;

/// What keys can be given to do, by its name in the configuration.
const ACTIONS: &[(&str, Action)] = &[
    ("send", Action::Submit),
    ("new-row", Action::NewRow),
    ("complete", Action::Complete { back: false }),
    ("complete-back", Action::Complete { back: true }),
    ("older-line", Action::Older),
    ("newer-line", Action::Newer),
    ("page-up", Action::PageUp),
    ("page-down", Action::PageDown),
    ("row-up", Action::RowUp),
    ("row-down", Action::RowDown),
    ("first-line", Action::ToStart),
    ("last-line", Action::ToEnd),
    ("next-conversation", Action::Next),
    ("previous-conversation", Action::Previous),
    ("next-unread", Action::NextUnread),
    ("search", Action::Search),
    ("dismiss", Action::Escape),
    ("leave", Action::Interrupt),
    ("help", Action::Help),
    ("repaint", Action::Repaint),
    ("stop", Action::Suspend),
    ("mouse", Action::Mouse),
    ("line-start", Action::Edit(Edit::GoToStart)),
    ("line-end", Action::Edit(Edit::GoToEnd)),
    ("word-back", Action::Edit(Edit::GoToPrevWord)),
    ("word-on", Action::Edit(Edit::GoToNextWord)),
    ("cut-word-back", Action::Edit(Edit::DeletePrevWord)),
    ("cut-word-on", Action::Edit(Edit::DeleteNextWord)),
    ("cut-to-start", Action::Edit(Edit::DeleteFromStart)),
    ("cut-to-end", Action::Edit(Edit::DeleteTillEnd)),
    ("put-back", Action::Edit(Edit::Yank)),
];
/// A key that does nothing.
const NOTHING: &str = "nothing";

/// Keys by the names of the configuration: `Ctrl-N`, `Alt-1`, `F2`.
const NAMED: &[(&str, KeyCode)] = &[
    ("enter", KeyCode::Enter),
    ("tab", KeyCode::Tab),
    ("esc", KeyCode::Esc),
    ("backspace", KeyCode::Backspace),
    ("delete", KeyCode::Delete),
    ("insert", KeyCode::Insert),
    ("up", KeyCode::Up),
    ("down", KeyCode::Down),
    ("left", KeyCode::Left),
    ("right", KeyCode::Right),
    ("home", KeyCode::Home),
    ("end", KeyCode::End),
    ("pageup", KeyCode::PageUp),
    ("pagedown", KeyCode::PageDown),
    ("space", KeyCode::Char(' ')),
];

/// Which keys mean something else.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Keymap {
    keys: Vec<(KeyCode, KeyModifiers, Option<Action>)>,
}

impl Keymap {
    /// Reads the table of the configuration: what a key does, by the key.
    ///
    /// # Errors
    /// No such key, or nothing of that name to do; in words.
    pub fn parse(table: &BTreeMap<String, String>) -> Result<Self, String> {
        let keys = table.iter().map(|(key, does)| {
            let (code, modifiers) = parse_key(key).ok_or(format!(
                "{key:?} is no key: Ctrl-, Alt- or Shift- and a letter, F1 to F12, or a name such \
                 as PageUp"
            ))?;
            Ok::<_, String>((code, modifiers, parse_action(does)?))
        });
        Ok(Self { keys: keys.collect::<Result<_, _>>()? })
    }

    /// What a key stands for; `None` where it means nothing.
    pub fn action_of(&self, key: &KeyEvent) -> Option<Action> {
        let pressed = (lower(key.code), key.modifiers);
        match self.keys.iter().find(|(code, modifiers, _)| (*code, *modifiers) == pressed) {
            Some(_) if key.kind == KeyEventKind::Release => None,
            Some((.., action)) => *action,
            None => keys::action_of(key),
        }
    }
}

fn parse_action(name: &str) -> Result<Option<Action>, String> {
    if name == NOTHING {
        return Ok(None);
    }
    match ACTIONS.iter().find(|(known, _)| *known == name) {
        Some((_, action)) => Ok(Some(*action)),
        None => {
            let names: Vec<&str> = ACTIONS.iter().map(|(name, _)| *name).collect();
            Err(format!("a key can't do {name:?}; it can do: {}, {NOTHING}", names.join(", ")))
        }
    }
}

fn parse_key(text: &str) -> Option<(KeyCode, KeyModifiers)> {
    let mut modifiers = KeyModifiers::NONE;
    let mut rest = text.to_lowercase();
    for (prefix, modifier) in [
        ("ctrl-", KeyModifiers::CONTROL),
        ("alt-", KeyModifiers::ALT),
        ("shift-", KeyModifiers::SHIFT),
    ] {
        if let Some(shorter) = rest.strip_prefix(prefix) {
            modifiers |= modifier;
            rest = shorter.to_owned();
        }
    }
    let mut chars = rest.chars();
    let code = match (chars.next()?, chars.next()) {
        // A letter alone is for typing.
        (_, None) if modifiers.is_empty() => return None,
        (c, None) => KeyCode::Char(c),
        _ => match rest.strip_prefix('f').and_then(|number| number.parse().ok()) {
            Some(number @ 1..=12) => KeyCode::F(number),
            _ => NAMED.iter().find(|(name, _)| *name == rest)?.1,
        },
    };
    Some((code, modifiers))
}

fn lower(code: KeyCode) -> KeyCode {
    match code {
        KeyCode::Char(c) => KeyCode::Char(c.to_ascii_lowercase()),
        code => code,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keymap(table: &[(&str, &str)]) -> Result<Keymap, String> {
        let owned = |(key, does): &(&str, &str)| ((*key).to_owned(), (*does).to_owned());
        Keymap::parse(&table.iter().map(owned).collect())
    }

    #[test]
    fn keys_do_what_the_configuration_says() {
        let table =
            [("Ctrl-N", "search"), ("alt-x", "next-unread"), ("F2", "help"), ("Esc", "nothing")];
        let keymap = keymap(&table).unwrap();
        let action = |code, modifiers| keymap.action_of(&KeyEvent::new(code, modifiers));
        assert_eq!(action(KeyCode::Char('n'), KeyModifiers::CONTROL), Some(Action::Search));
        assert_eq!(action(KeyCode::Char('x'), KeyModifiers::ALT), Some(Action::NextUnread));
        assert_eq!(action(KeyCode::F(2), KeyModifiers::NONE), Some(Action::Help));
        assert_eq!(action(KeyCode::Esc, KeyModifiers::NONE), None);
        // The others are as they were.
        assert_eq!(action(KeyCode::Char('p'), KeyModifiers::CONTROL), Some(Action::Previous));
        assert_eq!(
            action(KeyCode::Char('n'), KeyModifiers::NONE),
            Some(Action::Edit(Edit::InsertChar('n')))
        );
    }

    #[test]
    fn the_page_names_all_that_a_key_can_do() {
        let page = include_str!("../../docs/CLIENT.md");
        for (name, _) in ACTIONS {
            assert!(page.contains(&format!("`{name}`")), "{name}");
        }
    }

    #[test]
    fn what_makes_no_sense_is_said() {
        for (key, does) in
            [("n", "search"), ("Ctrl-", "search"), ("F13", "help"), ("Hyper-n", "help")]
        {
            assert!(keymap(&[(key, does)]).unwrap_err().contains("is no key"), "{key}");
        }
        assert!(keymap(&[("Ctrl-N", "fly")]).unwrap_err().contains("next-conversation"));
    }
}
