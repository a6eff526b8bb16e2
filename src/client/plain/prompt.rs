//! The line being typed in a terminal that shows everything line by line: what
//! comes in is printed above it, and never cuts it. Needs nothing of the
//! terminal but the carriage return and the backspace, and writes no more than
//! has changed, for those who listen to it. Never: what a line means.

use super::input::Input as Typing;
use crate::client::keys;
use crate::client::masked::{self, Taken};
use crate::client::model::action::Action;
use crate::client::model::history::History;
use crate::client::typed::holds_secret;
use crate::client::{safe, system};
use crate::wire::Secret;
use crossbeam_channel::Sender;
use crossterm::event::{self, Event, KeyCode, KeyModifiers};
use crossterm::terminal;
use std::io::{self, IsTerminal, Write, stdin, stdout};
use std::thread;
use tui_input::{Input, InputRequest};
use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

/// A line is no longer than this, in bytes; no packet could hold more.
const LINE_BYTES_MAX: usize = 65_536;
/// The width of a terminal that doesn't tell.
const COLUMNS_DEFAULT: usize = 80;

/// What a key has done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Typed {
    Nothing,
    Line(String),
    /// The answer to a question; none where it is given up.
    Secret(Option<Secret>),
    End,
}

/// A terminal in raw mode, and the line that is typed into it.
#[derive(Debug)]
pub struct Prompt {
    line: Input,
    history: History,
    shown: Shown,
    /// A question whose answer nobody sees, and what is typed of it.
    unseen: Option<(String, masked::Typed)>,
}

/// What of the line is on the screen: never wider than a row.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Shown {
    text: String,
    /// Columns of it that are behind the cursor.
    behind: usize,
}

/// Whether somebody types into this terminal whom it echoes. Where it doesn't,
/// whoever has turned that off shows the line: an editor with a shell in it.
pub fn is_wanted() -> bool {
    stdin().is_terminal() && stdout().is_terminal() && system::echoes()
}

impl Prompt {
    /// Takes the keyboard over; what is pressed goes to `tell`.
    ///
    /// # Errors
    /// The terminal has gone, or there is no thread left.
    pub fn start(tell: Sender<Typing>) -> io::Result<Self> {
        let [ended, continued] = [tell.clone(), tell.clone()];
        system::on_signal(
            move || ended.send(Typing::End).unwrap_or_default(),
            move || continued.send(Typing::Continued).unwrap_or_default(),
        )?;
        terminal::enable_raw_mode()?;
        let this = Self {
            line: Input::default(),
            history: History::default(),
            shown: Shown::default(),
            unseen: None,
        };
        thread::Builder::new().name("keyboard".to_owned()).spawn(move || {
            loop {
                let input = match event::read() {
                    // Windows tells of keys that are let go, too.
                    Ok(Event::Key(key)) if key.is_release() => continue,
                    input => input.map_or(Typing::End, Typing::Event),
                };
                let is_last = matches!(input, Typing::End);
                if tell.send(input).is_err() || is_last {
                    return;
                }
            }
        })?;
        Ok(this)
    }

    /// Asks a question; what is typed next is its answer, and is shown nowhere.
    ///
    /// # Errors
    /// The terminal has gone.
    pub fn ask(&mut self, question: &str) -> io::Result<()> {
        self.unseen = Some((format!("{question}: "), masked::Typed::new()));
        self.show().map(drop)
    }

    /// Whether nothing is being typed.
    pub fn is_empty(&self) -> bool {
        self.line.value().is_empty()
    }

    /// Prints whole lines above the line that is being typed.
    ///
    /// # Errors
    /// The terminal has gone.
    pub fn print_above(&mut self, text: &str) -> io::Result<()> {
        let mut bytes = self.shown.hidden();
        bytes.push_str(&text.replace('\n', "\r\n"));
        bytes.push_str(&Shown::default().changed_to(&self.shown));
        write(&bytes)
    }

    /// What came from the terminal.
    ///
    /// # Errors
    /// The terminal has gone.
    pub fn handle(&mut self, event: &Event) -> io::Result<Typed> {
        if self.unseen.is_some() {
            return self.handle_unseen(event);
        }
        let key = match event {
            Event::Key(key) => key,
            Event::Paste(text) => {
                text.chars().for_each(|c| self.edit(InputRequest::InsertChar(c)));
                return self.show();
            }
            _ => return self.show(),
        };
        let control = |c| key.code == KeyCode::Char(c) && key.modifiers == KeyModifiers::CONTROL;
        let action = match keys::action_of(key) {
            _ if control('z') => return self.suspend(),
            _ if control('j') => Some(Action::Submit),
            action => action,
        };
        match action {
            Some(Action::Submit) => return self.submit(),
            Some(Action::Interrupt | Action::EndOfInput) if self.line.value().is_empty() => {
                write("\r\n")?;
                return Ok(Typed::End);
            }
            Some(Action::Interrupt) => {
                write("^C\r\n")?;
                self.shown = Shown::default();
                self.line.reset();
            }
            Some(Action::EndOfInput) => self.edit(InputRequest::DeleteNextChar),
            Some(Action::Edit(request)) => self.edit(request),
            Some(Action::Older) => {
                if let Some(line) = self.history.older(self.line.value()) {
                    self.line = Input::new(line.to_owned());
                }
            }
            Some(Action::Newer) => {
                if let Some(line) = self.history.newer() {
                    self.line = Input::new(line);
                }
            }
            _ => {}
        }
        self.show()
    }

    fn handle_unseen(&mut self, event: &Event) -> io::Result<Typed> {
        let Some((_, typed)) = &mut self.unseen else { return Ok(Typed::Nothing) };
        let key = match event {
            Event::Key(key) => *key,
            Event::Paste(text) => {
                text.chars().for_each(|c| typed.push(c));
                return Ok(Typed::Nothing);
            }
            _ => return self.show(),
        };
        if key.code == KeyCode::Char('z') && key.modifiers == KeyModifiers::CONTROL {
            return self.suspend();
        }
        let answer = match typed.take(key) {
            Taken::More => return Ok(Typed::Nothing),
            Taken::Whole => Some(typed.take_all()),
            Taken::GivenUp => None,
        };
        self.unseen = None;
        self.shown = Shown::default();
        write("\r\n")?;
        Ok(Typed::Secret(answer))
    }

    fn edit(&mut self, request: InputRequest) {
        if let InputRequest::InsertChar(c) = request
            && (safe::is_obeyed(c) || self.line.value().len() >= LINE_BYTES_MAX)
        {
            return;
        }
        self.history.settle();
        self.line.handle(request);
    }

    fn submit(&mut self) -> io::Result<Typed> {
        write("\r\n")?;
        self.shown = Shown::default();
        let line = self.line.value_and_reset();
        if !holds_secret(&line) {
            self.history.push(&line);
        }
        Ok(Typed::Line(line))
    }

    /// Ctrl-Z: the terminal is the shell's until we are called back.
    fn suspend(&mut self) -> io::Result<Typed> {
        write(&self.shown.hidden())?;
        self.shown = Shown::default();
        if system::stop() { Ok(Typed::Nothing) } else { self.show() }
    }

    /// We go on, perhaps on a row that the shell has begun.
    ///
    /// # Errors
    /// The terminal has gone.
    pub fn continued(&mut self) -> io::Result<Typed> {
        write(&format!("\r{}", self.shown.hidden()))?;
        self.shown = Shown::default();
        self.show()
    }

    /// Brings the line on the screen up to date.
    fn show(&mut self) -> io::Result<Typed> {
        let columns = terminal::size().map_or(COLUMNS_DEFAULT, |(columns, _)| columns.into());
        let wanted = match &self.unseen {
            Some((question, _)) => Shown::of(&Input::new(question.clone()), columns),
            None => Shown::of(&self.line, columns),
        };
        write(&self.shown.changed_to(&wanted))?;
        self.shown = wanted;
        Ok(Typed::Nothing)
    }
}

impl Drop for Prompt {
    fn drop(&mut self) {
        // Fails where the terminal has gone.
        write(&self.shown.hidden()).unwrap_or_default();
        terminal::disable_raw_mode().unwrap_or_default();
    }
}

impl Shown {
    /// The part of `line` around its cursor that fits into a row.
    fn of(line: &Input, columns: usize) -> Self {
        let columns = columns.saturating_sub(1).max(1);
        let scroll = line.visual_scroll(columns);
        let (mut at, mut text, mut behind) = (0, String::new(), 0);
        for grapheme in line.value().graphemes(true) {
            let width = grapheme.width();
            if at >= scroll && at + width <= scroll + columns {
                text.push_str(grapheme);
                behind += if at >= line.visual_cursor() { width } else { 0 };
            }
            at += width;
        }
        Self { text, behind }
    }

    /// What removes it from the screen.
    fn hidden(&self) -> String {
        match self.text.width() {
            0 => String::new(),
            columns => format!("\r{}\r", " ".repeat(columns)),
        }
    }

    /// What makes `new` of it on the screen.
    fn changed_to(&self, new: &Self) -> String {
        let at_end = self.behind == 0 && new.behind == 0;
        if at_end && let Some(more) = new.text.strip_prefix(&self.text) {
            return more.to_owned();
        }
        if at_end && let Some(less) = self.text.strip_prefix(&new.text) {
            return "\x08 \x08".repeat(less.width());
        }
        if self.text == new.text && new.behind > self.behind {
            return "\x08".repeat(new.behind - self.behind);
        }
        let blanks = self.text.width().saturating_sub(new.text.width());
        let back = "\x08".repeat(blanks + new.behind);
        format!("\r{}{}{back}", new.text, " ".repeat(blanks))
    }
}

fn write(text: &str) -> io::Result<()> {
    let mut out = stdout();
    out.write_all(text.as_bytes())?;
    out.flush()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// What a terminal that knows nothing but `\r` and `\x08` shows, and where
    /// its cursor is.
    fn screen(bytes: &str) -> (String, usize) {
        let (mut row, mut at) = (Vec::new(), 0);
        for c in bytes.chars() {
            match c {
                '\r' => at = 0,
                '\x08' => at -= 1,
                c => {
                    row.resize(row.len().max(at + 1), ' ');
                    row[at] = c;
                    at += 1;
                }
            }
        }
        let row: String = row.into_iter().collect();
        (row.trim_end().to_owned(), at)
    }

    proptest! {
        #[test]
        fn the_row_shows_the_line(
            lines in prop::collection::vec(("[a-z]{0,30}", 0usize..40), 1..6), columns in 2usize..40,
        ) {
            let (mut bytes, mut shown) = (String::new(), Shown::default());
            for (text, cursor) in lines {
                let line = Input::new(text.clone()).with_cursor(cursor.min(text.len()));
                let wanted = Shown::of(&line, columns);
                bytes.push_str(&shown.changed_to(&wanted));
                shown = wanted;
                let (row, at) = screen(&bytes);
                prop_assert!(text.contains(&row) && row.len() < columns, "{row:?} of {text:?}");
                prop_assert_eq!(&row, &shown.text);
                prop_assert_eq!(row.len() - at, shown.behind);
                // The character in front of the cursor is the right one.
                let before = &text[..line.cursor()];
                prop_assert_eq!(row[..at].chars().last(), before.chars().last().filter(|_| at > 0));
            }
            bytes.push_str(&shown.hidden());
            prop_assert_eq!(screen(&bytes), (String::new(), 0));
        }
    }

    #[test]
    fn no_more_is_written_than_has_changed() {
        let of = |text: &str| Shown::of(&Input::new(text.to_owned()), 80);
        assert_eq!(of("shel").changed_to(&of("shell")), "l");
        assert_eq!(of("shell").changed_to(&of("shel")), "\x08 \x08");
        assert_eq!(of("李").changed_to(&of("")), "\x08 \x08\x08 \x08");
    }
}
