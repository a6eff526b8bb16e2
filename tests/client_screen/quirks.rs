//! Terminals as they differ from each other: what width they give a character,
//! and what they join. Each holds a grid of cells and obeys as much as the
//! painter uses; what would scroll or wrap is an overrun.

use unicode_width::UnicodeWidthChar;

/// How a terminal takes a character that is written.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Quirks {
    pub(crate) name: &'static str,
    /// Columns of a character by itself; 0 joins it to the one before.
    pub(crate) width: fn(char) -> usize,
    /// Whether what follows a joiner goes into the cell before.
    pub(crate) joins: bool,
}

/// By the table of widths, character by character, as most terminals had it.
const BY_CHARACTER: Quirks =
    Quirks { name: "by character", width: |c| c.width().unwrap_or(0), joins: false };

/// What follows a joiner is joined: tmux.
const JOINING: Quirks = Quirks { name: "joining", joins: true, ..BY_CHARACTER };

/// East Asian: signs of doubtful width are wide, so are all flags' letters.
const WIDE: Quirks = Quirks {
    name: "wide",
    width: |c| match c {
        '\u{1f1e6}'..='\u{1f1ff}' => 2,
        c => c.width_cjk().unwrap_or(0),
    },
    joins: false,
};

/// With tables from before there were emoji; spacing marks take no column.
const OLD: Quirks = Quirks {
    name: "old",
    width: |c| match c {
        '\u{2600}'..='\u{27bf}' | '\u{1f000}'..='\u{1ffff}' => 1,
        '\u{e33}' | '\u{eb3}' | '\u{903}' | '\u{93e}'..='\u{94c}' => 0,
        '\u{102b}'..='\u{1038}' | '\u{17b4}'..='\u{17d3}' => 0,
        c => c.width().unwrap_or(0),
    },
    joins: false,
};

/// Spacing marks, and signs that others join, take a column of their own.
const SPACIOUS: Quirks = Quirks {
    name: "spacious",
    width: |c| match c {
        '\u{ff9e}' | '\u{ff9f}' | '\u{1f3fb}'..='\u{1f3ff}' => c.width().unwrap_or(1).max(1),
        '\u{e33}' | '\u{1160}'..='\u{11ff}' => 1,
        '\u{93e}'..='\u{940}' | '\u{949}'..='\u{94c}' => 1,
        c => c.width().unwrap_or(0),
    },
    joins: false,
};

pub(crate) const ALL: [Quirks; 5] = [BY_CHARACTER, JOINING, WIDE, OLD, SPACIOUS];

/// The right half of a wide character.
const COVERED: &str = "\u{0}";

/// A terminal, and what it shows.
#[derive(Clone, Debug)]
pub(crate) struct QuirkyTerminal {
    pub(crate) quirks: Quirks,
    width: usize,
    height: usize,
    /// By rows; what a cell shows, and how.
    cells: Vec<Vec<(String, String)>>,
    style: String,
    at: (usize, usize),
    /// Something was written over the right edge.
    pub(crate) has_overrun: bool,
}

impl QuirkyTerminal {
    pub(crate) fn new(quirks: Quirks, width: u16, height: u16) -> Self {
        let (width, height) = (width.into(), height.into());
        let row = vec![(" ".to_owned(), String::new()); width];
        Self {
            quirks,
            width,
            height,
            cells: vec![row; height],
            style: String::new(),
            at: (0, 0),
            has_overrun: false,
        }
    }

    /// What is shown, row by row.
    pub(crate) fn rows(&self) -> Vec<String> {
        let row = |row: &Vec<(String, String)>| {
            row.iter().map(|(text, _)| text.replace(COVERED, "")).collect::<String>()
        };
        self.cells.iter().map(row).collect()
    }

    /// What is shown, with its styles.
    pub(crate) fn cells(&self) -> &[Vec<(String, String)>] {
        &self.cells
    }

    pub(crate) fn write(&mut self, bytes: &[u8]) {
        let text = std::str::from_utf8(bytes).unwrap();
        let mut rest = text.chars();
        while let Some(c) = rest.next() {
            match c {
                '\u{1b}' => {
                    assert_eq!(rest.next(), Some('['), "an order of another kind");
                    let order: String =
                        rest.by_ref().take_while(|c| !c.is_ascii_alphabetic()).collect();
                    let end = text.len() - rest.as_str().len();
                    let last = text.as_bytes()[end - 1];
                    self.obey(&order, last.into());
                }
                c => self.put(c),
            }
        }
    }

    fn obey(&mut self, order: &str, last: char) {
        match (order, last) {
            (place, 'H') => {
                let (row, column) = place.split_once(';').unwrap();
                let index = |number: &str| number.parse::<usize>().unwrap() - 1;
                self.at = (index(column), index(row));
                assert!(self.at.0 < self.width && self.at.1 < self.height);
            }
            ("2", 'J') => {
                *self = Self {
                    at: self.at,
                    ..Self::new(self.quirks, self.width as u16, self.height as u16)
                }
            }
            ("" | "0", 'm') => self.style.clear(),
            (style, 'm') => self.style.push_str(style),
            (mode, 'h' | 'l') => assert!(mode.starts_with('?'), "{mode}"),
            other => panic!("an order that wasn't expected: {other:?}"),
        }
    }

    fn put(&mut self, c: char) {
        let (x, y) = self.at;
        let width = (self.quirks.width)(c);
        // Where the character before is: that of a wide one is its left half.
        let row = &mut self.cells[y];
        let before = (0..x.min(row.len())).rev().find(|&at| row[at].0 != COVERED);
        let joins = before.is_some_and(|at| self.quirks.joins && row[at].0.ends_with('\u{200d}'));
        if width == 0 || joins {
            if let Some(before) = before {
                row[before].0.push(c);
            }
            return;
        }
        if x + width > self.width {
            self.has_overrun = true;
            return;
        }
        for at in x..x + width {
            self.cut(at, y);
        }
        let row = &mut self.cells[y];
        row[x] = (c.to_string(), self.style.clone());
        for covered in &mut row[x + 1..x + width] {
            *covered = (COVERED.to_owned(), self.style.clone());
        }
        self.at.0 += width;
    }

    /// What is about to be overwritten in part vanishes as a whole.
    fn cut(&mut self, x: usize, y: usize) {
        let row = &mut self.cells[y];
        let start = (0..=x).rev().find(|&at| row[at].0 != COVERED).unwrap_or(0);
        let end = (x + 1..row.len()).find(|&at| row[at].0 != COVERED).unwrap_or(row.len());
        if end - start > 1 {
            for cell in &mut row[start..end] {
                cell.0 = " ".to_owned();
            }
        }
        row[x].0 = " ".to_owned();
    }
}
