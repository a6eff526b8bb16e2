//! From one picture to the next: which bytes change what a terminal shows.
//! Pure: buffers in, bytes out.
//!
//! ratatui's own way of writing the differences assumes that a terminal agrees
//! with it on the width of every cluster of characters, and that a wide cluster
//! vanishes when its first column is overwritten. Neither holds: a terminal may
//! show `ทำ` as two cells of their own, `ｶﾞ` as one, and four joined emoji as
//! eight columns. So here:
//!
//! - what follows a character whose width is disputed is put in its place by
//!   coordinates, never by where the terminal's cursor has got to;
//! - the columns of a cluster are made blank before it is written;
//! - a row in which clusters stand or stood is written anew as a whole, from
//!   the left, so that its picture depends on its content alone;
//! - a cluster that could reach over the right edge is cut to its first
//!   character.

use crossterm::cursor::{Hide, MoveTo, Show};
use crossterm::queue;
use crossterm::style::{Attribute, Print, SetAttribute, SetStyle};
use crossterm::terminal::{BeginSynchronizedUpdate, Clear, ClearType, EndSynchronizedUpdate};
use icu_properties::props::{
    ExtendedPictographic, GeneralCategory, GeneralCategoryGroup, GraphemeClusterBreak as Break,
};
use icu_properties::{CodePointMapData, CodePointSetData};
use ratatui::backend::IntoCrossterm;
use ratatui::buffer::{Buffer, Cell, CellWidth};
use ratatui::layout::Position;
use ratatui::style::{Color, Style};
use std::io::{self, Write};
use std::ops::Range;
use unicode_width::UnicodeWidthChar;

/// What the terminal shows, as far as it is known.
#[derive(Debug, Default)]
pub struct Painter {
    shown: Option<Buffer>,
}

impl Painter {
    /// Nothing is known any more of what the terminal shows: the next
    /// [`Self::paint`] writes every cell.
    pub fn forget(&mut self) {
        self.shown = None;
    }

    /// Adds the bytes that make a terminal show `next`, with the cursor at
    /// `cursor` or hidden.
    pub fn paint(&mut self, next: &Buffer, cursor: Option<Position>, bytes: &mut Vec<u8>) {
        // Writing to a vector never fails.
        self.write(next, cursor, bytes).unwrap_or_default();
        self.shown = Some(next.clone());
    }

    fn write(
        &self,
        next: &Buffer,
        cursor: Option<Position>,
        bytes: &mut Vec<u8>,
    ) -> io::Result<()> {
        queue!(bytes, BeginSynchronizedUpdate, Hide)?;
        let blank;
        let shown = match &self.shown {
            Some(shown) if shown.area == next.area => shown,
            _ => {
                queue!(bytes, SetAttribute(Attribute::Reset), Clear(ClearType::All))?;
                blank = Buffer::empty(next.area);
                &blank
            }
        };
        let width = usize::from(next.area.width.max(1));
        let rows = shown.content().chunks(width).zip(next.content().chunks(width));
        for (y, (old, new)) in rows.enumerate() {
            if let Some(columns) = changed(old, new) {
                write_row(new, columns, y as u16, bytes)?;
            }
        }
        queue!(bytes, SetAttribute(Attribute::Reset))?;
        if let Some(Position { x, y }) = cursor {
            queue!(bytes, MoveTo(x, y), Show)?;
        }
        queue!(bytes, EndSynchronizedUpdate)
    }
}

/// The columns of a row to be written: all of it where a cluster is or was.
fn changed(old: &[Cell], new: &[Cell]) -> Option<Range<usize>> {
    let differs = |at: &usize| old[*at] != new[*at];
    let first = (0..new.len()).find(differs)?;
    let last = (0..new.len()).rfind(differs)?;
    if cells(old).chain(cells(new)).any(|(_, cell)| !stands_alone(cell.symbol())) {
        return Some(0..new.len());
    }
    let mut columns = first..last + 1;
    // Wide characters at its ends are written whole, or give back both halves.
    // What that adds may cut another one in two; it ends at the row's edges.
    // What may reach further than it should is followed by its neighbour.
    loop {
        let before = columns.clone();
        for (at, cell) in cells(old).chain(cells(new)) {
            let end = (at + columns_of(cell)).min(new.len());
            if at < columns.start && end > columns.start {
                columns.start = at;
            }
            if at < columns.end && end > columns.end {
                columns.end = end;
            }
            if end == columns.end && end < new.len() && !has_certain_width(cell.symbol()) {
                columns.end += 1;
            }
        }
        if columns == before {
            return Some(columns);
        }
    }
}

/// The cells of a row that show something, with their columns: those covered by
/// a wide one on their left are left out.
fn cells(row: &[Cell]) -> impl Iterator<Item = (usize, &Cell)> {
    let mut covered = 0;
    row.iter().enumerate().filter(move |(at, cell)| {
        if *at < covered {
            return false;
        }
        covered = at + columns_of(cell);
        true
    })
}

fn columns_of(cell: &Cell) -> usize {
    usize::from(cell.cell_width()).max(1)
}

fn write_row(row: &[Cell], columns: Range<usize>, y: u16, bytes: &mut Vec<u8>) -> io::Result<()> {
    let mut style = None;
    // Where the terminal's cursor is for certain.
    let mut cursor = None;
    let chosen = cells(row).filter(|(at, _)| columns.contains(at));
    for (at, cell) in chosen {
        if style != Some(cell.style()) {
            style = Some(cell.style());
            write_style(cell.style(), bytes)?;
        }
        let place = |bytes: &mut Vec<u8>| queue!(bytes, MoveTo(at as u16, y));
        if cursor != Some(at) {
            place(bytes)?;
        }
        let (width, room) = (columns_of(cell), row.len() - at);
        let symbol = fitting(cell.symbol(), room);
        // What is left of a cluster may take fewer columns than all of it would.
        let is_whole = symbol.len() == cell.symbol().len();
        // A sign that is too wide for the last column may not be written at all.
        if !is_whole || !stands_alone(symbol) || symbol.chars().map(widest).sum::<usize>() > room {
            write!(bytes, "{:1$}", "", width.min(room))?;
            place(bytes)?;
        }
        queue!(bytes, Print(symbol))?;
        cursor = (is_whole && has_certain_width(symbol)).then_some(at + width);
    }
    Ok(())
}

fn write_style(style: Style, bytes: &mut Vec<u8>) -> io::Result<()> {
    let given = |color: Option<Color>| color.filter(|color| *color != Color::Reset);
    let underline_color = given(style.underline_color);
    let style = Style { fg: given(style.fg), bg: given(style.bg), underline_color, ..style };
    queue!(bytes, SetAttribute(Attribute::Reset), SetStyle(style.into_crossterm()))
}

/// As much of `symbol` as can't reach over the right edge, `room` columns from
/// here, in whatever way a terminal takes its characters. A joiner at the end
/// is left out: some terminals would join what comes next.
fn fitting(symbol: &str, room: usize) -> &str {
    let symbol = symbol.trim_end_matches(JOINER);
    let widest: usize = symbol.chars().map(widest).sum();
    let first = symbol.chars().next();
    if symbol.len() == 1 || widest <= room || first.is_none() {
        return symbol;
    }
    let first = first.map_or(0, char::len_utf8);
    match symbol[..first].cell_width() {
        width if usize::from(width) <= room => &symbol[..first],
        _ => " ",
    }
}

const JOINER: char = '\u{200d}';

/// How many columns a terminal may give `c`, at the most.
fn widest(c: char) -> usize {
    let break_class = CodePointMapData::<Break>::new().get(c);
    match CodePointMapData::<GeneralCategory>::new().get(c) {
        GeneralCategory::NonspacingMark
        | GeneralCategory::EnclosingMark
        | GeneralCategory::Format => 0,
        _ if break_class == Break::RegionalIndicator => 2,
        _ => c.width_cjk().unwrap_or(0).max(1),
    }
}

/// Whether `symbol` is one character that no terminal joins with its neighbours
/// and that has been in the tables of widths for long.
fn stands_alone(symbol: &str) -> bool {
    if symbol.len() == 1 {
        return true;
    }
    let mut chars = symbol.chars();
    let (Some(c), None) = (chars.next(), chars.next()) else { return false };
    let break_class = CodePointMapData::<Break>::new().get(c);
    let category = CodePointMapData::<GeneralCategory>::new().get(c);
    let is_drawn = matches!(c, '\u{a0}'..='\u{ff}' | '\u{2190}'..='\u{25ff}');
    // Some marks count as letters where clusters are told apart.
    matches!(break_class, Break::Other | Break::LV | Break::LVT)
        && !GeneralCategoryGroup::Mark.contains(category)
        && category != GeneralCategory::Unassigned
        && !is_wide_lately(c)
        && (is_drawn || !CodePointSetData::new::<ExtendedPictographic>().contains(c))
}

/// Whether `c` is a wide one that old tables of widths take for a narrow one: of the
/// upper planes those have the ideographs alone.
fn is_wide_lately(c: char) -> bool {
    matches!(c, '\u{10000}'..='\u{1ffff}') && c.width() == Some(2)
}

/// Whether every terminal gives `symbol` the same width: not where East Asian
/// ones take a sign for a wide one, nor for clusters.
fn has_certain_width(symbol: &str) -> bool {
    if symbol.len() == 1 {
        return true;
    }
    stands_alone(symbol) && symbol.chars().all(|c| c.width() == c.width_cjk())
}
