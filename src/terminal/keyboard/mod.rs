//! From the bytes of a terminal to keys, typed text and pastes. Pure: bytes and
//! the passing of time in, [`Input`] out. Never: what a key does.
//!
//! A paste is told apart from typing in two ways. Most terminals put brackets
//! around it. From the others (Linux console, serial lines) its characters come
//! faster than anybody types: a line break that text follows at once wasn't the
//! Enter key, and so begins a paste. For that, Enter and Ctrl-J wait for a
//! moment before they count, [`SLOW_LINE_PAUSE`] or [`FAST_LINE_PAUSE`]. A
//! single line with one Enter behind it can't be told from typing.
//!
//! An end that doesn't come (a byte lost on a serial line) ends nothing for
//! good: see [`PASTE_PAUSE`].

mod input;
mod sequence;
#[cfg(test)]
mod tests;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use sequence::{csi, function_key};
use std::collections::VecDeque;
use std::mem;
use std::time::Duration;

pub use input::Input;

/// Escape is no beginning of another key once nothing has followed for so long.
pub const ESCAPE_PAUSE: Duration = Duration::from_millis(25);
/// Enter is Enter once nothing has followed for so long, in terminals that put
/// no brackets around pastes. Serial lines deliver in lots, up to 16 ms apart.
pub const SLOW_LINE_PAUSE: Duration = Duration::from_millis(25);
/// The same where a terminal is known for its brackets: then only a program that
/// types for its user is as quick, line by line.
pub const FAST_LINE_PAUSE: Duration = Duration::from_millis(2);
/// A paste without brackets is over once nothing has come for so long.
pub const BURST_PAUSE: Duration = Duration::from_millis(150);
/// A paste whose closing bracket doesn't come is over once nothing has come for
/// so long.
pub const PASTE_PAUSE: Duration = Duration::from_millis(300);
/// What of one paste is kept, in bytes; what is longer shows by being longer
/// than [`PASTE_BYTES_MAX`].
const PASTE_BYTES_KEPT: usize = PASTE_BYTES_MAX + 1;
/// The longest paste that anybody should make something of, in bytes.
pub const PASTE_BYTES_MAX: usize = 1 << 20;
/// No escape sequence is longer, in bytes.
const SEQUENCE_BYTES_MAX: usize = 64;

const PASTE_START: &[u8] = b"\x1b[200~";
const PASTE_END: &[u8] = b"\x1b[201~";
const ESC: u8 = 0x1b;

#[derive(Debug, Default, PartialEq, Eq)]
enum State {
    #[default]
    Ground,
    /// The beginning of an escape sequence.
    Escape(Vec<u8>),
    /// Between brackets.
    Paste(Vec<u8>),
    /// A paste without brackets.
    Burst(Vec<u8>),
}

/// What is known of the bytes so far.
#[derive(Debug)]
pub struct Keyboard {
    /// How long Enter waits.
    line_pause: Duration,
    state: State,
    /// Typed text that hasn't become an [`Input::Text`] yet; its end may be the
    /// beginning of a character.
    text: Vec<u8>,
    /// Enter (`\r`) and Ctrl-J (`\n`) that wait for what follows.
    held: Vec<u8>,
    ready: VecDeque<Input>,
}

impl Keyboard {
    /// Of a terminal that puts brackets around pastes, or doesn't.
    pub fn new(has_brackets: bool) -> Self {
        Self {
            line_pause: if has_brackets { FAST_LINE_PAUSE } else { SLOW_LINE_PAUSE },
            state: State::Ground,
            text: Vec::new(),
            held: Vec::new(),
            ready: VecDeque::new(),
        }
    }

    /// Takes bytes in, in the order in which they came.
    pub fn feed(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.take(byte);
        }
        self.end_text();
    }

    /// How long nothing must come for [`Self::pause`] to make a difference.
    pub fn patience(&self) -> Option<Duration> {
        match self.state {
            State::Paste(_) => Some(PASTE_PAUSE),
            State::Burst(_) => Some(BURST_PAUSE),
            State::Escape(_) => Some(ESCAPE_PAUSE),
            State::Ground => (!self.held.is_empty()).then_some(self.line_pause),
        }
    }

    /// Nothing has come for as long as [`Self::patience`] said.
    pub fn pause(&mut self) {
        match mem::take(&mut self.state) {
            State::Ground => self.release(),
            State::Paste(bytes) => self.end_paste(&without_torn_end(bytes)),
            State::Burst(bytes) => self.end_paste(&bytes),
            // A lone Escape; more of a sequence is nothing.
            State::Escape(bytes) => {
                self.release();
                match bytes[..] {
                    [ESC, letter @ (b'[' | b'O')] => {
                        self.key(KeyCode::Char(letter.into()), KeyModifiers::ALT);
                    }
                    [ESC] => self.key(KeyCode::Esc, KeyModifiers::NONE),
                    [ESC, ESC] => {
                        self.key(KeyCode::Esc, KeyModifiers::NONE);
                        self.key(KeyCode::Esc, KeyModifiers::NONE);
                    }
                    _ => {}
                }
            }
        }
    }

    pub fn pop(&mut self) -> Option<Input> {
        self.ready.pop_front()
    }

    fn take(&mut self, byte: u8) {
        match &mut self.state {
            State::Ground => self.take_on_ground(byte),
            State::Escape(bytes) => {
                bytes.push(byte);
                self.take_escape();
            }
            State::Paste(bytes) => {
                keep(bytes, byte);
                if bytes.ends_with(PASTE_END) {
                    bytes.truncate(bytes.len() - PASTE_END.len());
                    let bytes = mem::take(bytes);
                    self.state = State::Ground;
                    self.end_paste(&bytes);
                }
            }
            State::Burst(bytes) => {
                keep(bytes, byte);
                // The rest of one that had brackets, and was taken for over.
                for bracket in [PASTE_START, PASTE_END] {
                    if bytes.ends_with(bracket) {
                        bytes.truncate(bytes.len() - bracket.len());
                    }
                }
            }
        }
    }

    fn take_on_ground(&mut self, byte: u8) {
        match byte {
            // Comes of breaks on serial lines, and with telnet's Enter.
            0 => {}
            b'\n' if self.held.last() == Some(&b'\r') => {}
            b'\r' | b'\n' => {
                self.push_text();
                self.held.push(byte);
            }
            ESC => {
                self.push_text();
                self.state = State::Escape(vec![ESC]);
            }
            0x01..=0x1f | 0x7f if byte != b'\t' || self.held.is_empty() => {
                self.push_text();
                self.release();
                self.control(byte, KeyModifiers::NONE);
            }
            _ if self.held.is_empty() => self.text.push(byte),
            _ => {
                let mut bytes = mem::take(&mut self.held);
                bytes.push(byte);
                self.state = State::Burst(bytes);
            }
        }
    }

    /// Typed characters become an [`Input::Text`]; the beginning of one waits
    /// for its rest.
    fn end_text(&mut self) {
        let last = self.text.utf8_chunks().last().map_or(&[][..], |chunk| chunk.invalid());
        let is_beginning =
            std::str::from_utf8(last).is_err_and(|error| error.error_len().is_none());
        let complete = self.text.len() - if is_beginning { last.len() } else { 0 };
        let rest = self.text.split_off(complete);
        self.push_text();
        self.text = rest;
    }

    /// What was typed becomes an [`Input::Text`]: something else follows.
    fn push_text(&mut self) {
        if !self.text.is_empty() {
            let text = String::from_utf8_lossy(&mem::take(&mut self.text)).into_owned();
            self.ready.push_back(Input::Text(text));
        }
    }

    /// The keys that waited were keys.
    fn release(&mut self) {
        for byte in mem::take(&mut self.held) {
            self.control(byte, KeyModifiers::NONE);
        }
    }

    fn end_paste(&mut self, bytes: &[u8]) {
        if !bytes.is_empty() {
            self.ready.push_back(Input::Paste(String::from_utf8_lossy(bytes).into_owned()));
        }
    }

    fn key(&mut self, code: KeyCode, modifiers: KeyModifiers) {
        self.ready.push_back(Input::Key(KeyEvent::new(code, modifiers)));
    }

    fn control(&mut self, byte: u8, modifiers: KeyModifiers) {
        let control = modifiers | KeyModifiers::CONTROL;
        match byte {
            b'\r' => self.key(KeyCode::Enter, modifiers),
            b'\t' => self.key(KeyCode::Tab, modifiers),
            0x7f => self.key(KeyCode::Backspace, modifiers),
            0x01..=0x1a => self.key(KeyCode::Char((byte - 1 + b'a').into()), control),
            0x1c..=0x1f => self.key(KeyCode::Char((byte - 0x1c + b'4').into()), control),
            _ => {}
        }
    }

    /// A byte was added to an escape sequence.
    fn take_escape(&mut self) {
        let State::Escape(bytes) = &self.state else { return };
        let bytes = bytes.clone();
        let body = bytes.get(1..).unwrap_or_default();
        // Alt with a key that is a sequence itself comes as two Escapes.
        let (body, alt) = match body {
            [ESC, rest @ ..] => (rest, KeyModifiers::ALT),
            body => (body, KeyModifiers::NONE),
        };
        match body {
            [] => {}
            [ESC, ..] => {
                self.state = State::Escape(vec![ESC, ESC]);
                self.release();
                self.key(KeyCode::Esc, KeyModifiers::NONE);
            }
            [b'[', rest @ ..] => self.take_csi(&bytes, rest, alt),
            [b'O'] => {}
            [b'O', letter, ..] => {
                self.state = State::Ground;
                self.release();
                match function_key(*letter) {
                    Some(code) => self.key(code, alt),
                    None => self.take(*letter),
                }
            }
            body => self.take_alt(body),
        }
    }

    /// Escape and a character: the Alt key.
    fn take_alt(&mut self, body: &[u8]) {
        match (body, std::str::from_utf8(body)) {
            ([byte @ (0..=0x1f | 0x7f)], _) => {
                self.state = State::Ground;
                self.release();
                self.control(*byte, KeyModifiers::ALT);
            }
            (_, Ok(text)) => {
                self.state = State::Ground;
                self.release();
                for c in text.chars() {
                    self.key(KeyCode::Char(c), KeyModifiers::ALT);
                }
            }
            (_, Err(error)) if error.error_len().is_none() => {}
            _ => self.state = State::Ground,
        }
    }

    /// `whole` is the sequence so far, `rest` what follows its `[`.
    fn take_csi(&mut self, whole: &[u8], rest: &[u8], alt: KeyModifiers) {
        let Some(&last) = rest.last() else { return };
        match last {
            // The Linux console's F1 to F5 are `ESC [ [ A` to `E`.
            b'[' if rest.len() == 1 => {}
            0x20..=0x3f if whole.len() < SEQUENCE_BYTES_MAX => {}
            _ if whole == PASTE_START => {
                self.state = State::Paste(Vec::new());
                self.release();
            }
            // The rest of a paste that was taken for over: what waits is of it.
            _ if whole == PASTE_END && !self.held.is_empty() => {
                self.state = State::Burst(mem::take(&mut self.held));
            }
            0x40..=0x7e => {
                self.state = State::Ground;
                self.release();
                self.ready.extend(csi(rest, alt));
            }
            // No sequence has such a byte in it: something was lost.
            _ => {
                self.state = State::Ground;
                self.take(last);
            }
        }
    }
}

fn keep(bytes: &mut Vec<u8>, byte: u8) {
    // What is beyond is only looked at for the closing bracket.
    if bytes.len() >= PASTE_BYTES_KEPT + PASTE_END.len() {
        bytes.remove(PASTE_BYTES_KEPT);
    }
    bytes.push(byte);
}

/// A paste without its closing bracket may have a piece of it.
fn without_torn_end(mut bytes: Vec<u8>) -> Vec<u8> {
    let pieces = (2..PASTE_END.len()).map(|length| &PASTE_END[..length]);
    let pieces = pieces.chain([&PASTE_END[1..]]);
    if let Some(piece) = pieces.rev().find(|piece| bytes.ends_with(piece)) {
        bytes.truncate(bytes.len() - piece.len());
    }
    bytes
}
