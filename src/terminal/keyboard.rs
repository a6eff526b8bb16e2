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

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers, MouseButton, MouseEvent, MouseEventKind};
use std::collections::VecDeque;
use std::mem;
use std::time::Duration;

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

/// What came from the keyboard or the mouse.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    Key(KeyEvent),
    /// Characters that came together; never a line break among them.
    Text(String),
    /// As it came: line breaks and control characters are as the terminal sent
    /// them. One byte longer than [`PASTE_BYTES_MAX`] where it was longer.
    Paste(String),
    Mouse(MouseEvent),
    /// The terminal's window has got the focus, or lost it.
    Focus(bool),
}

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

    pub fn next(&mut self) -> Option<Input> {
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
            body => self.take_alt(&body.to_vec()),
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

/// What `ESC [` and `sequence` stand for, if anything.
fn csi(sequence: &[u8], alt: KeyModifiers) -> Option<Input> {
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
fn function_key(letter: u8) -> Option<KeyCode> {
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

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// All that comes of these lots, each one followed by a pause.
    fn inputs(lots: &[&[u8]]) -> Vec<Input> {
        let mut keyboard = Keyboard::new(false);
        for lot in lots {
            keyboard.feed(lot);
            while keyboard.patience().is_some() {
                keyboard.pause();
            }
        }
        std::iter::from_fn(|| keyboard.next()).collect()
    }

    fn key(code: KeyCode, modifiers: KeyModifiers) -> Input {
        Input::Key(KeyEvent::new(code, modifiers))
    }

    fn plain(code: KeyCode) -> Input {
        key(code, KeyModifiers::NONE)
    }

    fn text(text: &str) -> Input {
        Input::Text(text.to_owned())
    }

    fn paste(text: &str) -> Input {
        Input::Paste(text.to_owned())
    }

    #[test]
    fn keys_are_told_by_their_sequences() {
        use KeyModifiers as M;
        for (bytes, wanted) in [
            (&b"\x1b"[..], plain(KeyCode::Esc)),
            (b"\x1b[A", plain(KeyCode::Up)),
            (b"\x1bOA", plain(KeyCode::Up)),
            (b"\x1b[1;5C", key(KeyCode::Right, M::CONTROL)),
            (b"\x1b[1;3D", key(KeyCode::Left, M::ALT)),
            (b"\x1b\x1b[D", key(KeyCode::Left, M::ALT)),
            (b"\x1b[Z", plain(KeyCode::BackTab)),
            (b"\x1b[3~", plain(KeyCode::Delete)),
            (b"\x1b[3;5~", key(KeyCode::Delete, M::CONTROL)),
            (b"\x1b[6~", plain(KeyCode::PageDown)),
            (b"\x1b[[A", plain(KeyCode::F(1))),
            (b"\x1b[11~", plain(KeyCode::F(1))),
            (b"\x1bOP", plain(KeyCode::F(1))),
            (b"\x1b[24~", plain(KeyCode::F(12))),
            (b"\x1b[97;5u", key(KeyCode::Char('a'), M::CONTROL)),
            (b"\x1b[13;3u", key(KeyCode::Enter, M::ALT)),
            (b"\x1ba", key(KeyCode::Char('a'), M::ALT)),
            ("\x1bé".as_bytes(), key(KeyCode::Char('é'), M::ALT)),
            (b"\x1b\r", key(KeyCode::Enter, M::ALT)),
            (b"\x1b\x7f", key(KeyCode::Backspace, M::ALT)),
            (b"\x1b[", key(KeyCode::Char('['), M::ALT)),
            (b"\r", plain(KeyCode::Enter)),
            (b"\r\n", plain(KeyCode::Enter)),
            (b"\r\0", plain(KeyCode::Enter)),
            (b"\n", key(KeyCode::Char('j'), M::CONTROL)),
            (b"\t", plain(KeyCode::Tab)),
            (b"\x7f", plain(KeyCode::Backspace)),
            (b"\x1a", key(KeyCode::Char('z'), M::CONTROL)),
            (b"\x1b[I", Input::Focus(true)),
        ] {
            assert_eq!(inputs(&[bytes]), [wanted], "{bytes:?}");
        }
        for nothing in
            [&b"\0"[..], b"\x1b[?1;2c", b"\x1b[99~", b"\x1b[<0;0;0M", b"\x1b[<0;1", b"\xc3"]
        {
            assert_eq!(inputs(&[nothing]), [], "{nothing:?}");
        }
    }

    #[test]
    fn the_mouse_is_told_by_mode_1006() {
        let mouse = |kind| MouseEvent { kind, column: 4, row: 9, modifiers: KeyModifiers::NONE };
        for (bytes, kind) in [
            (&b"\x1b[<0;5;10M"[..], MouseEventKind::Down(MouseButton::Left)),
            (b"\x1b[<0;5;10m", MouseEventKind::Up(MouseButton::Left)),
            (b"\x1b[<64;5;10M", MouseEventKind::ScrollUp),
            (b"\x1b[<81;5;10M", MouseEventKind::ScrollDown),
        ] {
            assert_eq!(inputs(&[bytes]), [Input::Mouse(mouse(kind))], "{bytes:?}");
        }
    }

    #[test]
    fn text_and_its_enter_are_typed() {
        assert_eq!(inputs(&[b"/to bob\r"]), [text("/to bob"), plain(KeyCode::Enter)]);
        assert_eq!(inputs(&[b"h\xc3", b"\xa9"]), [text("h"), text("é")]);
        assert_eq!(inputs(&[b"a\xff\xe9z\xc3\x1b"])[0], text("a\u{fffd}\u{fffd}z\u{fffd}"));
        let deleted = key(KeyCode::Char('u'), KeyModifiers::CONTROL);
        assert_eq!(
            inputs(&[b"x\x15/quit\r"])[1..],
            [deleted, text("/quit"), plain(KeyCode::Enter)]
        );
        assert_eq!(inputs(&[b"one\r", b"two"])[2..], [text("two")]);
    }

    #[test]
    fn text_behind_a_line_break_at_once_is_a_paste() {
        for (bytes, pasted) in [
            (&b"first\rsecond\r/quit\rthird"[..], "\rsecond\r/quit\rthird"),
            (b"first\nsecond\n", "\nsecond\n"),
            (b"first\r\nsecond\r\n", "\rsecond\r\n"),
            (b"first\r\0second", "\rsecond"),
            (b"first\r\r\tsecond\x03\x1b[A", "\r\r\tsecond\x03\x1b[A"),
        ] {
            assert_eq!(inputs(&[bytes]), [text("first"), paste(pasted)], "{bytes:?}");
        }
        assert_eq!(inputs(&[b"\r/quit\r"]), [paste("\r/quit\r")]);
        assert_eq!(inputs(&[b"a\tb"]), [text("a"), plain(KeyCode::Tab), text("b")]);
    }

    #[test]
    fn brackets_are_a_paste_whatever_is_between_them() {
        let whole = b"a\r\x1b[200~one\r/quit\r\x03\0\x1b[A\x1b[201~\r";
        let wanted = [
            text("a"),
            plain(KeyCode::Enter),
            paste("one\r/quit\r\x03\0\x1b[A"),
            plain(KeyCode::Enter),
        ];
        assert_eq!(inputs(&[whole]), wanted);
        let mut keyboard = Keyboard::new(false);
        for byte in whole {
            keyboard.feed(&[*byte]);
        }
        keyboard.pause();
        assert_eq!(std::iter::from_fn(|| keyboard.next()).collect::<Vec<_>>(), wanted);
        assert_eq!(inputs(&[b"\x1b[200~\x1b[201~"]), []);
    }

    #[test]
    fn a_paste_without_its_end_ends_with_a_pause() {
        let key_c = key(KeyCode::Char('c'), KeyModifiers::CONTROL);
        for end in [&b""[..], b"\x1b[", b"\x1b[20", b"\x1b[201", b"[201~"] {
            let bytes = [b"\x1b[200~half a paste", end].concat();
            let wanted = [paste("half a paste"), plain(KeyCode::Esc), key_c.clone()];
            assert_eq!(inputs(&[&bytes, b"\x1b", b"\x03"]), wanted, "{end:?}");
        }
        // Only held up: nothing of the rest is obeyed.
        let held_up = inputs(&[b"\x1b[200~one\rtw", b"o\r\x1b[201~"]);
        assert_eq!(held_up, [paste("one\rtw"), text("o"), paste("\r")]);
        let held_up = inputs(&[b"\x1b[200~one\r", b"two\r/quit\r\x1b[201~"]);
        assert_eq!(held_up, [paste("one\r"), text("two"), paste("\r/quit\r")]);
    }

    #[test]
    fn what_is_kept_of_a_paste_is_bounded() {
        let bytes = [PASTE_START, &vec![b'x'; PASTE_BYTES_MAX + 50][..], PASTE_END, b"\r"].concat();
        let got = inputs(&[&bytes]);
        let [Input::Paste(text), enter] = &got[..] else { panic!("{}", got.len()) };
        assert_eq!((text.len(), enter), (PASTE_BYTES_KEPT, &plain(KeyCode::Enter)));
    }

    proptest! {
        /// However the bytes are cut, they mean the same, and all come out.
        #[test]
        fn lots_don_t_matter(
            parts in prop::collection::vec(prop_oneof![
                "\\PC{0,5}".prop_map(String::into_bytes),
                prop::collection::vec(any::<u8>(), 0..5),
                prop::sample::select(vec![
                    &b"\x1b[200~"[..], b"\x1b[201~", b"\x1b", b"\x1b[1;5A", b"\x1bO", b"\r", b"\n", b"\t",
                ]).prop_map(<[u8]>::to_vec),
            ], 0..12),
            cut in 0usize..60,
        ) {
            let bytes = parts.concat();
            let (one, other) = bytes.split_at(cut.min(bytes.len()));
            let all = |lots: &[&[u8]]| {
                let mut keyboard = Keyboard::new(false);
                for lot in lots {
                    keyboard.feed(lot);
                }
                while keyboard.patience().is_some() {
                    keyboard.pause();
                }
                let mut all: Vec<Input> = std::iter::from_fn(|| keyboard.next()).collect();
                // Text that came in two lots is two texts.
                all.dedup_by(|next, text| match (text, next) {
                    (Input::Text(text), Input::Text(next)) => {
                        text.push_str(next);
                        true
                    }
                    _ => false,
                });
                all
            };
            prop_assert_eq!(all(&[&bytes]), all(&[one, other]));
        }
    }
}
