//! Bytes and pauses, and what comes of them.

use super::*;
use crossterm::event::{MouseButton, MouseEvent, MouseEventKind};
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
    std::iter::from_fn(|| keyboard.pop()).collect()
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
    for nothing in [&b"\0"[..], b"\x1b[?1;2c", b"\x1b[99~", b"\x1b[<0;0;0M", b"\x1b[<0;1", b"\xc3"]
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
    assert_eq!(inputs(&[b"x\x15/quit\r"])[1..], [deleted, text("/quit"), plain(KeyCode::Enter)]);
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
    assert_eq!(std::iter::from_fn(|| keyboard.pop()).collect::<Vec<_>>(), wanted);
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
            let mut all: Vec<Input> = std::iter::from_fn(|| keyboard.pop()).collect();
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
