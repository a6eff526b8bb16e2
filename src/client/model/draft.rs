//! The line being typed, which may have several rows: what the editing library
//! has no word for. Pure.

use tui_input::Input;

/// Bytes in front of the cursor.
pub fn cursor_byte(draft: &Input) -> usize {
    let value = draft.value();
    value.char_indices().nth(draft.cursor()).map_or(value.len(), |(at, _)| at)
}

/// Puts `text` where the cursor is, in one go: letter by letter the library
/// takes a time that grows with the square of the length.
pub fn insert(draft: &mut Input, text: &str) {
    let at = cursor_byte(draft);
    let cursor = draft.cursor() + text.chars().count();
    let mut value = draft.value().to_owned();
    value.insert_str(at, text);
    // Kept is what was cut, for Ctrl-Y.
    *draft = std::mem::take(draft).with_value(value).with_cursor(cursor);
}

/// The cursor goes to the start of its row.
pub fn to_row_start(draft: &mut Input) {
    let start = row_start(draft);
    set_cursor_byte(draft, start);
}

/// The cursor goes to the end of its row.
pub fn to_row_end(draft: &mut Input) {
    let end = row_end(draft);
    set_cursor_byte(draft, end);
}

/// The cursor goes to the row above; false if there is none.
pub fn up(draft: &mut Input) -> bool {
    let Some(end) = row_start(draft).checked_sub(1) else { return false };
    let column = column(draft);
    set_cursor_byte(draft, end);
    let start = row_start(draft);
    let to = nth_char(&draft.value()[start..end], column);
    set_cursor_byte(draft, start + to);
    true
}

/// The cursor goes to the row below; false if there is none.
pub fn down(draft: &mut Input) -> bool {
    let start = row_end(draft) + 1;
    if start > draft.value().len() {
        return false;
    }
    let column = column(draft);
    set_cursor_byte(draft, start);
    let end = row_end(draft);
    let to = nth_char(&draft.value()[start..end], column);
    set_cursor_byte(draft, start + to);
    true
}

/// Characters between the start of the row and the cursor.
fn column(draft: &Input) -> usize {
    draft.value()[row_start(draft)..cursor_byte(draft)].chars().count()
}

fn row_start(draft: &Input) -> usize {
    draft.value()[..cursor_byte(draft)].rfind('\n').map_or(0, |at| at + 1)
}

fn row_end(draft: &Input) -> usize {
    let cursor = cursor_byte(draft);
    draft.value()[cursor..].find('\n').map_or(draft.value().len(), |at| cursor + at)
}

fn nth_char(row: &str, number: usize) -> usize {
    row.char_indices().nth(number).map_or(row.len(), |(at, _)| at)
}

fn set_cursor_byte(draft: &mut Input, at: usize) {
    let cursor = draft.value()[..at].chars().count();
    draft.handle(tui_input::InputRequest::SetCursor(cursor));
}

#[cfg(test)]
mod tests {
    use super::*;
    use tui_input::InputRequest;

    #[test]
    fn text_goes_where_the_cursor_is() {
        let mut draft = Input::new("äb".to_owned()).with_cursor(1);
        insert(&mut draft, "ßx");
        assert_eq!((draft.value(), draft.cursor()), ("äßxb", 3));
        draft.handle(InputRequest::DeleteTillEnd);
        insert(&mut draft, "!");
        draft.handle(InputRequest::Yank);
        assert_eq!(draft.value(), "äßx!b");
    }

    #[test]
    fn the_cursor_goes_by_rows() {
        let mut draft = Input::new("one\nä\nthree".to_owned());
        assert!(!down(&mut draft));
        assert!(up(&mut draft));
        assert_eq!(cursor_byte(&draft), "one\nä".len());
        to_row_start(&mut draft);
        assert_eq!(cursor_byte(&draft), "one\n".len());
        assert!(up(&mut draft) && !up(&mut draft));
        to_row_end(&mut draft);
        assert_eq!(cursor_byte(&draft), "one".len());
        assert!(down(&mut draft) && down(&mut draft));
        assert_eq!(cursor_byte(&draft), "one\nä\nt".len());
        assert!(!up(&mut Input::default()) && !down(&mut Input::default()));
    }
}
