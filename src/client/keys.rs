//! Which key means what. Pure.

use super::model::action::Action;
use crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use tui_input::InputRequest as Edit;

/// The key that types `text`, if one does.
pub fn only_char(text: &str) -> Option<KeyEvent> {
    let mut chars = text.chars();
    let c = chars.next().filter(|_| chars.next().is_none())?;
    Some(KeyEvent::new(KeyCode::Char(c), KeyModifiers::NONE))
}

/// What a key stands for; `None` where it means nothing here.
pub fn action_of(key: &KeyEvent) -> Option<Action> {
    if key.kind == KeyEventKind::Release {
        return None;
    }
    let control = key.modifiers.contains(KeyModifiers::CONTROL);
    if key.code == KeyCode::Enter && !key.modifiers.is_empty() {
        return Some(Action::NewRow);
    }
    let alt = key.modifiers.contains(KeyModifiers::ALT);
    match key.code {
        KeyCode::Char(c) if control && !alt => control_key(c),
        KeyCode::Char(c) if alt && !control => alt_key(c),
        // AltGr comes as both: the character is meant.
        KeyCode::Char(c) => Some(Action::Edit(Edit::InsertChar(c))),
        code => other_key(code, control || alt),
    }
}

fn control_key(c: char) -> Option<Action> {
    Some(match c.to_ascii_lowercase() {
        'a' => Action::Edit(Edit::GoToStart),
        'b' => Action::Edit(Edit::GoToPrevChar),
        'c' => Action::Interrupt,
        'd' => Action::EndOfInput,
        'e' => Action::Edit(Edit::GoToEnd),
        'f' => Action::Search,
        'g' => Action::Escape,
        'h' => Action::Edit(Edit::DeletePrevChar),
        'j' => Action::NewRow,
        'm' => Action::Submit,
        'k' => Action::Edit(Edit::DeleteTillEnd),
        'l' => Action::Repaint,
        'n' => Action::Next,
        'p' => Action::Previous,
        'u' => Action::Edit(Edit::DeleteFromStart),
        'w' => Action::Edit(Edit::DeletePrevWord),
        'y' => Action::Edit(Edit::Yank),
        'z' => Action::Suspend,
        _ => return None,
    })
}

fn alt_key(c: char) -> Option<Action> {
    Some(match c.to_ascii_lowercase() {
        '1'..='9' => Action::Switch(c as usize - '1' as usize),
        'a' => Action::NextUnread,
        'b' => Action::Edit(Edit::GoToPrevWord),
        'd' => Action::Edit(Edit::DeleteNextWord),
        'f' => Action::Edit(Edit::GoToNextWord),
        _ => return None,
    })
}

fn other_key(code: KeyCode, modified: bool) -> Option<Action> {
    Some(match (code, modified) {
        (KeyCode::Enter, _) => Action::Submit,
        (KeyCode::Tab, _) => Action::Complete { back: false },
        (KeyCode::BackTab, _) => Action::Complete { back: true },
        (KeyCode::Esc, _) => Action::Escape,
        (KeyCode::Backspace, false) => Action::Edit(Edit::DeletePrevChar),
        (KeyCode::Backspace, true) => Action::Edit(Edit::DeletePrevWord),
        (KeyCode::Delete, false) => Action::Edit(Edit::DeleteNextChar),
        (KeyCode::Delete, true) => Action::Edit(Edit::DeleteNextWord),
        (KeyCode::Left, false) => Action::Edit(Edit::GoToPrevChar),
        (KeyCode::Right, false) => Action::Edit(Edit::GoToNextChar),
        (KeyCode::Left, true) => Action::Edit(Edit::GoToPrevWord),
        (KeyCode::Right, true) => Action::Edit(Edit::GoToNextWord),
        (KeyCode::Up, false) => Action::Older,
        (KeyCode::Down, false) => Action::Newer,
        (KeyCode::Up, true) => Action::RowUp,
        (KeyCode::Down, true) => Action::RowDown,
        (KeyCode::Home, false) => Action::Edit(Edit::GoToStart),
        (KeyCode::End, false) => Action::Edit(Edit::GoToEnd),
        (KeyCode::Home, true) => Action::ToStart,
        (KeyCode::End, true) => Action::ToEnd,
        (KeyCode::PageUp, _) => Action::PageUp,
        (KeyCode::PageDown, _) => Action::PageDown,
        (KeyCode::F(1), _) => Action::Help,
        (KeyCode::F(2), _) => Action::Mouse,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn action(code: KeyCode, modifiers: KeyModifiers) -> Option<Action> {
        action_of(&KeyEvent::new(code, modifiers))
    }

    #[test]
    fn as_people_expect() {
        use KeyModifiers as M;
        let typed = |c| Some(Action::Edit(Edit::InsertChar(c)));
        assert_eq!(action(KeyCode::Char('a'), M::NONE), typed('a'));
        assert_eq!(action(KeyCode::Char('@'), M::CONTROL | M::ALT), typed('@'));
        assert_eq!(action(KeyCode::Char('c'), M::CONTROL), Some(Action::Interrupt));
        assert_eq!(action(KeyCode::Char('3'), M::ALT), Some(Action::Switch(2)));
        assert_eq!(action(KeyCode::Left, M::CONTROL), Some(Action::Edit(Edit::GoToPrevWord)));
        assert_eq!(action(KeyCode::Left, M::ALT), Some(Action::Edit(Edit::GoToPrevWord)));
        assert_eq!(action(KeyCode::Char('x'), M::CONTROL), None);
    }

    #[test]
    fn a_key_let_go_does_nothing() {
        let key =
            KeyEvent::new_with_kind(KeyCode::Enter, KeyModifiers::NONE, KeyEventKind::Release);
        assert_eq!(action_of(&key), None);
    }
}
