//! The help: its rows for a window of any width, and where it is scrolled to. It
//! lies over the open conversation and leaves nothing in it.

use super::clock::Now;
use super::commands::{COMMANDS, KEYS};
use super::intent::{Action, Pane};
use super::wrap::wrap;
use super::{Mode, Model};
use tui_input::InputRequest;

/// The column that explanations begin in, where there is room.
const EXPLANATION_COLUMN: usize = 21;
/// From this width on there is.
const TWO_COLUMNS_FROM: usize = 50;
/// How far an explanation under what it explains is set in.
const INSET_COLUMNS: usize = 4;
/// Rows that a turn of the wheel scrolls by.
pub(super) const WHEEL_ROWS: usize = 3;

/// A row of the help.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HelpRow {
    pub text: String,
    pub is_heading: bool,
}

/// The help, for a window of that many columns.
pub fn rows(width: usize) -> Vec<HelpRow> {
    let mut rows = Vec::new();
    let heading = |text: &str| HelpRow { text: text.to_owned(), is_heading: true };
    rows.push(heading("Commands"));
    for command in COMMANDS {
        let usage = format!("/{} {}", command.name, command.argument);
        push_entry(&mut rows, usage.trim_end(), command.help, width);
    }
    rows.push(HelpRow { text: String::new(), is_heading: false });
    rows.push(heading("Keys"));
    for (keys, does) in KEYS {
        push_entry(&mut rows, keys, does, width);
    }
    rows
}

/// What is explained on the left, the explanation beside it or under it.
fn push_entry(rows: &mut Vec<HelpRow>, left: &str, right: &str, width: usize) {
    let column = if width < TWO_COLUMNS_FROM { INSET_COLUMNS } else { EXPLANATION_COLUMN };
    let room = |column: usize| width.saturating_sub(column).max(1);
    let mut left = wrap(left, room(0), room(0)).into_iter().map(str::to_owned).peekable();
    let mut right = wrap(right, room(column), room(column)).into_iter();
    while let Some(mut text) = left.next() {
        // Beside the last row on the left, if that leaves room.
        if left.peek().is_none() && text.chars().count() + 2 <= column {
            text = format!("{text:column$}{}", right.next().unwrap_or_default());
        }
        rows.push(HelpRow { text, is_heading: false });
    }
    let rest = right.map(|row| format!("{:column$}{row}", ""));
    rows.extend(rest.map(|text| HelpRow { text, is_heading: false }));
}

impl Model {
    /// Opens the help at its top.
    pub(super) fn help(&mut self) {
        self.mode = Mode::Help { top: 0 };
    }

    /// Keys that scroll do that, those that dismiss close it; any other closes
    /// it and does what it does elsewhere.
    pub(super) fn act_help(&mut self, action: Action, now: Now) {
        let Mode::Help { top } = self.mode else { return };
        let page = self.height.saturating_sub(1).max(1);
        let last = rows(self.shape.width).len().saturating_sub(self.height);
        let top = match action {
            Action::PageUp => top.saturating_sub(page),
            Action::PageDown => top + page,
            Action::RowUp | Action::Older => top.saturating_sub(1),
            Action::RowDown | Action::Newer => top + 1,
            Action::Scroll { pane: Pane::Lines, up: true } => top.saturating_sub(WHEEL_ROWS),
            Action::Scroll { pane: Pane::Lines, up: false } => top + WHEEL_ROWS,
            Action::ToStart | Action::Edit(InputRequest::GoToStart) => 0,
            Action::ToEnd | Action::Edit(InputRequest::GoToEnd) => last,
            Action::Mouse | Action::Scroll { .. } => return self.act_typing(action, now),
            Action::Escape | Action::Help | Action::Interrupt | Action::EndOfInput => {
                self.mode = Mode::Typing;
                return;
            }
            other => {
                self.mode = Mode::Typing;
                return self.act_typing(other, now);
            }
        };
        self.mode = Mode::Help { top: top.min(last) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::model::wrap::columns;

    #[test]
    fn it_fits_every_width_and_leaves_nothing_out() {
        let letters = |text: &str| text.replace([' ', '\n'], "");
        let commands = COMMANDS.iter();
        let commands = commands.map(|one| format!("/{}{}{}", one.name, one.argument, one.help));
        let keys = KEYS.iter().map(|(keys, does)| format!("{keys}{does}"));
        let all: String = commands.chain(keys).collect();
        for width in [1, 10, 20, 37, 49, 50, 62, 80, 200] {
            let rows = rows(width);
            let shown: String =
                rows.iter().filter(|row| !row.is_heading).map(|row| letters(&row.text)).collect();
            assert_eq!(shown, letters(&all), "{width} columns");
            let widest = rows.iter().filter(|row| !row.is_heading).map(|row| columns(&row.text));
            assert!(widest.max().unwrap() <= width.max(INSET_COLUMNS + 1), "{width} columns");
        }
    }
}
