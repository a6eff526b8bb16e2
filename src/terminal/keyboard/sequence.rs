//! Which key an escape sequence stands for, as xterm and its kin send them.

use super::input::Input;
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers, MouseButton, MouseEvent, MouseEventKind};

/// What `ESC [` and `sequence` stand for, if anything.
pub(super) fn csi(sequence: &[u8], alt: KeyModifiers) -> Option<Input> {
    let (&last, parameters) = sequence.split_last()?;
    if let Some(parameters) = parameters.strip_prefix(b"<") {
        return mouse(&numbers(parameters), last == b'm').map(Input::Mouse);
    }
    if parameters == b"[" {
        let code = (b'A'..=b'E').contains(&last).then(|| KeyCode::F(1 + last - b'A'))?;
        return Some(Input::Key(KeyEvent::new(code, alt)));
    }
    let numbers = numbers(parameters);
    let modifiers = modifiers(numbers.get(1).copied().unwrap_or(1)) | alt;
    let code = match last {
        b'I' | b'O' if parameters.is_empty() => return Some(Input::Focus(last == b'I')),
        b'Z' => KeyCode::BackTab,
        b'~' => numbered_key(*numbers.first()?)?,
        b'u' => match char::from_u32(*numbers.first()?)? {
            '\r' => KeyCode::Enter,
            '\t' => KeyCode::Tab,
            '\u{1b}' => KeyCode::Esc,
            '\u{7f}' => KeyCode::Backspace,
            c => KeyCode::Char(c),
        },
        letter => function_key(letter)?,
    };
    Some(Input::Key(KeyEvent::new(code, modifiers)))
}

/// Those that both `ESC [` and `ESC O` announce.
pub(super) fn function_key(letter: u8) -> Option<KeyCode> {
    Some(match letter {
        b'A' => KeyCode::Up,
        b'B' => KeyCode::Down,
        b'C' => KeyCode::Right,
        b'D' => KeyCode::Left,
        b'F' => KeyCode::End,
        b'H' => KeyCode::Home,
        b'M' => KeyCode::Enter,
        b'P'..=b'S' => KeyCode::F(1 + letter - b'P'),
        _ => return None,
    })
}

/// Those of `ESC [ NUMBER ~`.
fn numbered_key(number: u32) -> Option<KeyCode> {
    Some(match number {
        1 | 7 => KeyCode::Home,
        2 => KeyCode::Insert,
        3 => KeyCode::Delete,
        4 | 8 => KeyCode::End,
        5 => KeyCode::PageUp,
        6 => KeyCode::PageDown,
        11..=15 => KeyCode::F((number - 10) as u8),
        17..=21 => KeyCode::F((number - 11) as u8),
        23 | 24 => KeyCode::F((number - 12) as u8),
        _ => return None,
    })
}

fn numbers(parameters: &[u8]) -> Vec<u32> {
    let text = String::from_utf8_lossy(parameters);
    // What stands behind a colon says more than we ask for.
    let first = |part: &str| part.split(':').next().and_then(|number| number.parse().ok());
    text.split(';').map(|part| first(part).unwrap_or(0)).collect()
}

/// As xterm counts them: one more than the sum of 1, 2, 4 …
fn modifiers(number: u32) -> KeyModifiers {
    let bits = number.saturating_sub(1);
    let known = [(1, KeyModifiers::SHIFT), (2, KeyModifiers::ALT), (4, KeyModifiers::CONTROL)];
    known
        .into_iter()
        .filter(|(bit, _)| bits & bit != 0)
        .fold(KeyModifiers::NONE, |all, (_, one)| all | one)
}

/// Buttons and the wheel, as mode 1006 reports them: `BUTTON ; COLUMN ; ROW`,
/// counted from 1.
fn mouse(numbers: &[u32], is_release: bool) -> Option<MouseEvent> {
    let &[button, column, row] = numbers else { return None };
    let at = |number: u32| u16::try_from(number.checked_sub(1)?).ok();
    let kind = match button & !0b1_1100 {
        64 => MouseEventKind::ScrollUp,
        65 => MouseEventKind::ScrollDown,
        0 if is_release => MouseEventKind::Up(MouseButton::Left),
        0 => MouseEventKind::Down(MouseButton::Left),
        _ => return None,
    };
    Some(MouseEvent { kind, column: at(column)?, row: at(row)?, modifiers: KeyModifiers::NONE })
}
