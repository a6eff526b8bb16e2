//! How a line is cut into rows of the screen. Pure: text and widths in, rows
//! out; scrolling and drawing both count by it.

use super::line::{Kind, Line};
use ratatui::buffer::CellWidth;
use std::borrow::Cow;
use unicode_segmentation::UnicodeSegmentation;

/// `12:03 `
pub const TIME_COLUMNS: usize = 6;
/// Between the column of names and the text.
pub const RULE: &str = " │ ";
/// How far rows after the first are set in where there is no column of names.
const INSET_COLUMNS: usize = 2;

/// The room that lines are laid out in, in columns.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Shape {
    pub width: usize,
    /// Whether there is room for times.
    pub times: bool,
    /// The width of the column of names; without one, they stand in the text.
    pub names: Option<usize>,
}

/// Where a row stands in its line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Above the first line that is new.
    New,
    First,
    More,
    /// What became of the line.
    Verdict,
}

/// One row of the screen, without what stands in front of the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row<'a> {
    pub part: Part,
    pub text: Cow<'a, str>,
}

impl Shape {
    /// For a pane of `width` columns.
    pub fn of(width: usize) -> Self {
        Self {
            width,
            times: width >= 30,
            names: match width {
                0..56 => None,
                56..80 => Some(10),
                _ => Some(14),
            },
        }
    }

    /// What stands in front of the first row of `line`, without the time.
    pub fn label(&self, line: &Line) -> String {
        let mark = match line.kind {
            Kind::Warning => "!!",
            Kind::Notice => "--",
            _ => line.who.as_str(),
        };
        match self.names {
            Some(room) => {
                let name = truncate(mark, room);
                let blanks = room.saturating_sub(columns(&name));
                format!("{}{name}{RULE}", " ".repeat(blanks))
            }
            None if matches!(line.kind, Kind::Warning | Kind::Notice) => format!("{mark} "),
            None => format!("{}: ", truncate(mark, (self.width / 2).max(1))),
        }
    }

    /// Columns in front of the first row and of the others.
    fn gutters(&self, line: &Line) -> (usize, usize) {
        let time = if self.times { TIME_COLUMNS } else { 0 };
        match self.names {
            Some(names) => {
                let gutter = time + names + columns(RULE);
                (gutter, gutter)
            }
            None => (time + columns(&self.label(line)), INSET_COLUMNS.min(self.width / 4)),
        }
    }

    /// Columns in front of a row that isn't the first.
    pub fn gutter(&self, line: &Line) -> usize {
        self.gutters(line).1
    }

    /// The rows of `line`: one at least.
    pub fn rows<'a>(&self, line: &'a Line) -> Vec<Row<'a>> {
        if line.kind == Kind::Day {
            return vec![Row { part: Part::First, text: Cow::Borrowed(&line.text) }];
        }
        let (first, more) = self.gutters(line);
        let (first, more) = (self.width.saturating_sub(first), self.width.saturating_sub(more));
        let mut rows: Vec<Row<'a>> = wrap(&line.text, first, more)
            .into_iter()
            .map(|text| Row { part: Part::More, text: Cow::Borrowed(text) })
            .collect();
        rows[0].part = Part::First;
        if line.is_first_new {
            rows.insert(0, Row { part: Part::New, text: Cow::Borrowed("new since") });
        }
        if let Some(verdict) = line.verdict() {
            let parts = wrap(&verdict, more, more).into_iter();
            rows.extend(
                parts.map(|text| Row { part: Part::Verdict, text: Cow::Owned(text.to_owned()) }),
            );
        }
        rows
    }
}

/// How many columns `text` takes: as many as the cells that the drawing library
/// puts it in, cluster by cluster. The width of a whole text may be less: in
/// `لا` two letters are one sign, in two cells all the same.
pub fn columns(text: &str) -> usize {
    match text.is_ascii() {
        true => text.len(),
        false => text.graphemes(true).map(grapheme_columns).sum(),
    }
}

fn grapheme_columns(grapheme: &str) -> usize {
    usize::from(grapheme.cell_width())
}

/// The end of `text` that fits into `room` columns.
pub fn fitting_end(text: &str, room: usize) -> &str {
    let mut used = 0;
    let fits = text.grapheme_indices(true).rev().take_while(|(_, grapheme)| {
        used += grapheme_columns(grapheme);
        used <= room
    });
    &text[fits.last().map_or(text.len(), |(at, _)| at)..]
}

/// The beginning of `text` that fits into `room` columns.
pub fn fitting_start(text: &str, room: usize) -> &str {
    let mut used = 0;
    let too_long = text.grapheme_indices(true).find(|(_, grapheme)| {
        used += grapheme_columns(grapheme);
        used > room
    });
    &text[..too_long.map_or(text.len(), |(at, _)| at)]
}

/// Cuts `text` at line feeds, and where it is wider than `first` columns (the
/// first row) or `more`; between words where it can. One row at least; a
/// character wider than the row stands alone.
pub fn wrap(text: &str, first: usize, more: usize) -> Vec<&str> {
    let mut rows = Vec::new();
    for paragraph in text.split('\n') {
        wrap_paragraph(paragraph, first, more, &mut rows);
    }
    rows
}

fn wrap_paragraph<'a>(mut text: &'a str, first: usize, more: usize, rows: &mut Vec<&'a str>) {
    loop {
        let limit = if rows.is_empty() { first } else { more };
        let (row, rest) = text.split_at(row_end(text, limit.max(1)));
        if rest.is_empty() {
            return rows.push(row);
        }
        rows.push(row.trim_end_matches(' '));
        text = rest;
    }
}

/// Where the first row of `text` ends: behind a word, or within one that has
/// the row to itself. Blanks at the end don't count, so linear: what is behind
/// the last blank is looked at twice.
fn row_end(text: &str, limit: usize) -> usize {
    let mut used = 0;
    let mut word_end = None;
    let mut has_word = false;
    for (at, grapheme) in text.grapheme_indices(true) {
        used += grapheme_columns(grapheme);
        if grapheme == " " {
            word_end = has_word.then_some(at + 1).or(word_end);
            continue;
        }
        if used > limit && at > 0 {
            return word_end.unwrap_or(at);
        }
        has_word = true;
    }
    text.len()
}

/// `text` in `room` columns at the most; what doesn't fit becomes `…`.
pub fn truncate(text: &str, room: usize) -> Cow<'_, str> {
    if columns(text) <= room {
        return Cow::Borrowed(text);
    }
    match room.checked_sub(1) {
        Some(room) => Cow::Owned(format!("{}…", fitting_start(text, room))),
        None => Cow::Borrowed(""),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn between_words_where_it_can() {
        assert_eq!(wrap("the quick brown fox", 10, 10), ["the quick", "brown fox"]);
        assert_eq!(wrap("the quick brown fox", 4, 10), ["the", "quick", "brown fox"]);
        assert_eq!(wrap("abcdefghij", 4, 3), ["abcd", "efg", "hij"]);
        assert_eq!(wrap("a\n\nb", 9, 9), ["a", "", "b"]);
        assert_eq!(wrap("", 9, 9), [""]);
        assert_eq!(wrap("aaa   bbb", 4, 4), ["aaa", "bbb"]);
    }

    #[test]
    fn wide_characters_are_never_halved() {
        assert_eq!(wrap("李雷李雷", 5, 5), ["李雷", "李雷"]);
        assert_eq!(wrap("👩\u{200d}👧x", 2, 2), ["👩\u{200d}👧", "x"]);
        assert_eq!(wrap("李", 1, 1), ["李"]);
        assert_eq!(truncate("李雷李", 4), "李…");
        assert_eq!(truncate("abc", 0), "");
    }

    proptest! {
        #[test]
        fn nothing_is_lost_but_blanks(text in "[a-c 李é\n]{0,60}", first in 0usize..12, more in 0usize..12) {
            let rows = wrap(&text, first, more);
            let letters = |text: &str| text.replace([' ', '\n'], "");
            prop_assert_eq!(letters(&rows.concat()), letters(&text));
            for (index, row) in rows.iter().enumerate() {
                let limit = if index == 0 { first } else { more }.max(2);
                prop_assert!(columns(row.trim_end()) <= limit, "{row:?}");
            }
        }

        #[test]
        fn truncation_fits(text in "(\\PC|[ثلاا ｶﾞ]){0,20}", room in 0usize..12) {
            prop_assert!(columns(&truncate(&text, room)) <= room);
            prop_assert!(columns(fitting_start(&text, room)) <= room);
            prop_assert!(columns(fitting_end(&text, room)) <= room);
        }
    }
}
