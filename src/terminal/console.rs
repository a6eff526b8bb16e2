//! The terminal taken over, and given back whatever happens: at the end, after
//! a signal or a panic, while the process is stopped. Never: what is on it.

use super::ability::{Abilities, Notify};
use super::canvas::Canvas;
use super::keyboard::{Input, Keyboard};
use super::output::Output;
use super::paint::Painter;
use super::wait::{Wait, Waker};
use crossterm::event::{
    DisableBracketedPaste, DisableFocusChange, EnableBracketedPaste, EnableFocusChange,
};
use crossterm::terminal::{
    Clear, ClearType, DisableLineWrap, EnableLineWrap, EnterAlternateScreen, LeaveAlternateScreen,
    SetTitle, disable_raw_mode, enable_raw_mode,
};
use crossterm::{Command, cursor};
use ratatui::layout::{Position, Rect, Size};
use ratatui::{Frame, TerminalOptions, Viewport};
use rustix::io::Errno;
use rustix::process::{Signal, getpgrp, getsid, kill_current_process_group};
use rustix::termios::{QueueSelector, tcflush, tcgetpgrp, tcgetwinsize};
use signal_hook::consts::SIGTSTP;
use std::io;
use std::panic;
use std::sync::Once;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// What a terminal is taken for that doesn't know its size, as on serial lines,
/// unless `COLUMNS` and `LINES` say otherwise.
const SIZE_UNKNOWN: Size = Size { width: 80, height: 24 };
/// Of a larger terminal only so much is used: a picture takes memory.
const SIZE_MAX: Size = Size { width: 1000, height: 400 };
/// Bytes read at once.
const READ_BYTES: usize = 4096;
/// A terminal that takes no bytes holds up the end no longer than this.
const FAREWELL_PATIENCE: Duration = Duration::from_millis(500);
/// How often a terminal that takes no bytes is tried again.
const OUTPUT_PAUSE: Duration = Duration::from_millis(16);
/// A title or notification is no longer than this, in characters.
const TITLE_CHARS_MAX: usize = 120;

/// The terminal is ours: for the panic hook, which has nothing else to go by.
static IS_TAKEN: AtomicBool = AtomicBool::new(false);

/// The terminal while we have it.
pub struct Terminal {
    abilities: Abilities,
    output: Output,
    wait: Wait,
    keyboard: Keyboard,
    /// When bytes were read last.
    last_read: Instant,
    screen: ratatui::Terminal<Canvas>,
    painter: Painter,
    title: Option<String>,
    has_mouse: bool,
}

/// What [`Terminal::wait`] has seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seen {
    /// Something, or nothing: look at [`Terminal::input`] and whatever the
    /// [`Waker`] was for.
    Something,
    /// The picture has to be drawn again: the size may have changed, or
    /// somebody else had the terminal meanwhile.
    Changed,
    /// A signal has told us to end, or the terminal has gone.
    End,
}

impl Terminal {
    /// Takes over the terminal of standard input and output.
    ///
    /// # Errors
    /// It is none, or has gone.
    pub fn open(abilities: Abilities) -> io::Result<Self> {
        let canvas = Canvas { size: measure(), cursor: None };
        let options = TerminalOptions { viewport: Viewport::Fullscreen };
        let Ok(screen) = ratatui::Terminal::with_options(canvas, options);
        let mut this = Self {
            abilities,
            output: Output::open()?,
            wait: Wait::new()?,
            keyboard: Keyboard::new(abilities.brackets),
            last_read: Instant::now(),
            screen,
            painter: Painter::default(),
            title: None,
            has_mouse: false,
        };
        give_back_in_panics();
        this.take()?;
        Ok(this)
    }

    /// Ends a [`Self::wait`] from another thread.
    pub fn waker(&self) -> Waker {
        self.wait.waker()
    }

    pub fn area(&self) -> Rect {
        Rect::from((Position::ORIGIN, self.screen.backend().size))
    }

    /// Waits for keys, signals or the [`Waker`], for `timeout` at the most;
    /// reads the keys, and obeys the signals that are about the terminal.
    ///
    /// # Errors
    /// The system's.
    pub fn wait(&mut self, timeout: Option<Duration>) -> io::Result<Seen> {
        let patience = self.keyboard.patience();
        let keys = patience.map(|patience| patience.saturating_sub(self.last_read.elapsed()));
        let output = (!self.output.is_empty()).then_some(OUTPUT_PAUSE);
        let timeout = [timeout, keys, output].into_iter().flatten().min();
        let woken = self.wait.wait(timeout)?;
        if self.wait.was_told_to_end() {
            return Ok(Seen::End);
        }
        if woken.by_keyboard {
            if !self.read()? {
                return Ok(Seen::End);
            }
        } else if patience.is_some_and(|patience| patience <= self.last_read.elapsed()) {
            // Only now: nothing waits that came while we were busy.
            self.keyboard.pause();
        }
        if self.flush().is_err() {
            return Ok(Seen::End);
        }
        if woken.by_signal {
            return self.obey();
        }
        Ok(Seen::Something)
    }

    /// From now on [`Waker::wake`] counts again; then look at what it is for.
    pub fn clear_waker(&self) {
        self.wait.clear();
    }

    /// The next of what was read.
    pub fn input(&mut self) -> Option<Input> {
        self.keyboard.pop()
    }

    /// Whether the last picture has left us. Until then there is no point in
    /// drawing another.
    pub fn is_ready(&self) -> bool {
        self.output.is_empty()
    }

    /// Shows what `draw` draws.
    ///
    /// # Errors
    /// The terminal has gone.
    pub fn draw(&mut self, draw: impl FnOnce(&mut Frame<'_>)) -> io::Result<()> {
        let Ok(frame) = self.screen.draw(draw);
        let picture = frame.buffer.clone();
        let mut bytes = Vec::new();
        self.painter.paint(&picture, self.screen.backend().cursor, &mut bytes);
        self.output.push(&bytes);
        self.flush()
    }

    /// The next [`Self::draw`] writes every cell.
    pub fn forget(&mut self) {
        self.painter.forget();
    }

    pub fn ring(&mut self) {
        self.output.push(b"\x07");
    }

    /// Sets the title of the terminal's window; it is set back at the end.
    pub fn set_title(&mut self, title: &str) {
        if self.abilities.title && self.title.as_deref() != Some(title) {
            self.command(&SetTitle(printable(title)));
            self.title = Some(title.to_owned());
        }
    }

    /// Has the terminal notify its user, if it can.
    pub fn notify(&mut self, title: &str, text: &str) {
        let (title, text) = (printable(title), printable(text));
        match self.abilities.notify {
            // With a word in front: some terminals take numbers for orders.
            Some(Notify::Osc9) => {
                self.output.push(format!("\x1b]9;{title}: {text}\x07").as_bytes());
            }
            Some(Notify::Osc777) => {
                let title = title.replace(';', ",");
                self.output.push(format!("\x1b]777;notify;{title};{text}\x07").as_bytes());
            }
            None => {}
        }
    }

    /// Whether the mouse is ours; while it is, the terminal's own selection
    /// needs Shift in most of them.
    pub fn set_mouse(&mut self, is_on: bool) {
        if self.abilities.mouse && self.has_mouse != is_on {
            self.output.push(if is_on { MOUSE_ON } else { MOUSE_OFF });
            self.has_mouse = is_on;
        }
    }

    /// Ctrl-Z: stops this process and those with it in its job, and returns
    /// once they go on. False where nobody could make them go on: we are what
    /// the terminal was opened for, and no shell is behind us.
    pub fn suspend(&mut self) -> bool {
        // The signal comes back to us, and is obeyed by the next wait.
        !is_session_of_our_own() && kill_current_process_group(Signal::TSTP).is_ok()
    }

    /// What a signal asked for, but the end.
    fn obey(&mut self) -> io::Result<Seen> {
        let mut was_stopped = false;
        if self.wait.was_told_to_stop() && !is_session_of_our_own() {
            self.give_back();
            signal_hook::low_level::emulate_default_handler(SIGTSTP)?;
            was_stopped = true;
        }
        // Another thread may be handling SIGCONT still. Also where it was stopped
        // by what can't be caught: the terminal may be as the shell left it.
        if self.wait.has_continued() || was_stopped {
            if self.wait.was_told_to_end() {
                return Ok(Seen::End);
            }
            if IS_TAKEN.load(Ordering::Relaxed) {
                disable_raw_mode()?;
            }
            self.take()?;
        }
        self.screen.backend_mut().size = measure();
        self.forget();
        Ok(Seen::Changed)
    }

    /// Reads what has come; false if nothing ever will.
    fn read(&mut self) -> io::Result<bool> {
        let mut bytes = [0; READ_BYTES];
        match rustix::io::read(io::stdin(), &mut bytes) {
            Ok(0) | Err(Errno::IO) => Ok(false),
            Ok(count) => {
                self.keyboard.feed(&bytes[..count]);
                self.last_read = Instant::now();
                Ok(true)
            }
            Err(Errno::INTR | Errno::AGAIN) => Ok(true),
            Err(error) => Err(error.into()),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.output.flush()
    }

    fn command(&mut self, command: &impl Command) {
        push(&mut self.output, command);
    }

    /// Makes the terminal ours.
    fn take(&mut self) -> io::Result<()> {
        // First: in the background this stops us, as it should.
        enable_raw_mode()?;
        let was_taken = IS_TAKEN.swap(true, Ordering::Relaxed);
        if self.abilities.title && !was_taken {
            self.output.push(TITLE_PUSH);
        }
        self.command(&EnterAlternateScreen);
        // What is wider than we think shall not run into the next row.
        self.command(&DisableLineWrap);
        self.command(&EnableBracketedPaste);
        if self.abilities.notify.is_some() {
            self.command(&EnableFocusChange);
        }
        if self.has_mouse {
            self.output.push(MOUSE_ON);
        }
        if let Some(title) = self.title.take() {
            self.set_title(&title);
        }
        self.forget();
        self.flush()
    }

    /// Leaves the terminal as it was found. That it has gone is nobody's
    /// concern any more.
    fn give_back(&mut self) {
        // Half a picture could end within an escape sequence.
        if self.output.drain(FAREWELL_PATIENCE).is_err() {
            self.output.discard();
        }
        write_farewell(&mut self.output, &self.abilities);
        self.output.drain(FAREWELL_PATIENCE).unwrap_or_default();
        disable_raw_mode().unwrap_or_default();
        IS_TAKEN.store(false, Ordering::Relaxed);
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // Not from the background, where it is the shell's, and where trying
        // would stop us.
        if is_in_background() || !IS_TAKEN.load(Ordering::Relaxed) {
            return;
        }
        self.give_back();
        // What was typed or pasted further was meant for us, not for the shell.
        tcflush(io::stdin(), QueueSelector::IFlush).unwrap_or_default();
    }
}

/// Nothing but us runs in this terminal: no shell could make us go on.
fn is_session_of_our_own() -> bool {
    getsid(None).is_ok_and(|session| session == getpgrp())
}

fn is_in_background() -> bool {
    tcgetpgrp(io::stdin()).is_ok_and(|foreground| foreground != getpgrp())
}

/// Buttons and the wheel, with coordinates as numbers (modes 1000 and 1006).
const MOUSE_ON: &[u8] = b"\x1b[?1000h\x1b[?1006h";
const MOUSE_OFF: &[u8] = b"\x1b[?1006l\x1b[?1000l";
/// The title of the window is kept by the terminal, and taken back.
const TITLE_PUSH: &[u8] = b"\x1b[22;0t";
const TITLE_POP: &[u8] = b"\x1b[23;0t";

fn push(output: &mut Output, command: &impl Command) {
    let mut text = String::new();
    // Writing to a string never fails.
    command.write_ansi(&mut text).unwrap_or_default();
    output.push(text.as_bytes());
}

fn write_farewell(output: &mut Output, abilities: &Abilities) {
    if abilities.mouse {
        output.push(MOUSE_OFF);
    }
    if abilities.notify.is_some() {
        push(output, &DisableFocusChange);
    }
    push(output, &DisableBracketedPaste);
    push(output, &EnableLineWrap);
    // For those that have no other screen to go back to.
    push(output, &crossterm::style::ResetColor);
    push(output, &Clear(ClearType::All));
    push(output, &cursor::MoveTo(0, 0));
    push(output, &LeaveAlternateScreen);
    push(output, &cursor::Show);
    if abilities.title {
        output.push(TITLE_POP);
    }
}

/// A panic's message is to be read, and the shell to be used after it.
fn give_back_in_panics() {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let then = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if IS_TAKEN.swap(false, Ordering::Relaxed)
                && let Ok(mut output) = Output::open()
            {
                let abilities = Abilities::of(|name| std::env::var(name).ok());
                write_farewell(&mut output, &abilities);
                output.drain(FAREWELL_PATIENCE).unwrap_or_default();
                disable_raw_mode().unwrap_or_default();
            }
            then(info);
        }));
    });
}

/// The terminal's size, or what comes nearest to it.
fn measure() -> Size {
    let told = tcgetwinsize(io::stdout())
        .map_or(Size::ZERO, |size| Size { width: size.ws_col, height: size.ws_row });
    let variable = |name: &str| std::env::var(name).ok().and_then(|value| value.parse().ok());
    size_of(told, variable("COLUMNS"), variable("LINES"))
}

/// Of what the terminal tells and the environment says, each number that makes
/// sense.
fn size_of(told: Size, columns: Option<u16>, lines: Option<u16>) -> Size {
    let choose = |told: u16, said: Option<u16>, unknown: u16, max: u16| {
        let known = [Some(told), said, Some(unknown)];
        known.into_iter().flatten().find(|&number| number > 0).unwrap_or(unknown).min(max)
    };
    Size {
        width: choose(told.width, columns, SIZE_UNKNOWN.width, SIZE_MAX.width),
        height: choose(told.height, lines, SIZE_UNKNOWN.height, SIZE_MAX.height),
    }
}

/// Text for a title: no character that could end it.
fn printable(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(TITLE_CHARS_MAX).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_that_is_unknown_is_guessed() {
        let size = |width, height| Size { width, height };
        assert_eq!(size_of(size(0, 0), None, None), size(80, 24));
        assert_eq!(size_of(size(0, 0), Some(132), Some(43)), size(132, 43));
        assert_eq!(size_of(size(0, 50), Some(0), None), size(80, 50));
        assert_eq!(size_of(size(100, 0), Some(7), None), size(100, 24));
        assert_eq!(size_of(size(7, 3), Some(132), Some(43)), size(7, 3));
        assert_eq!(size_of(size(u16::MAX, u16::MAX), None, None), SIZE_MAX);
    }

    #[test]
    fn nothing_in_a_title_ends_it() {
        assert_eq!(printable("a\x1b\\b\x07c\u{9c}d\ne"), "a\\bcde");
        assert_eq!(printable(&"x".repeat(1000)).len(), TITLE_CHARS_MAX);
    }
}
