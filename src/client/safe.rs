//! What others wrote, made fit for a terminal: no character of it can move the
//! cursor, change colours or turn the direction of writing. Never: width,
//! layout, colours of our own.

use crate::wire::text::cut;
use std::borrow::Cow;
use std::fmt::Write;

/// What is kept of one text, in bytes as it came: four times what a server
/// passes on unless it is told otherwise.
pub const TEXT_BYTES_MAX: usize = 256 << 10;

/// Whether a terminal would obey `c` rather than show it: control characters
/// (C0, DEL, C1), the controls of direction, the breaks of lines and
/// paragraphs, interlinear and tag characters, and the invisible
/// that have no use in text but to deceive.
pub fn is_obeyed(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{061c}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e001f}')
}

/// One line of text: what a terminal would obey stands as `\n`, `\u{202e}` …
pub fn line(text: &str) -> Cow<'_, str> {
    if !text.contains(is_obeyed) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            c if !is_obeyed(c) => shown.push(c),
            '\n' => shown.push_str("\\n"),
            '\r' => shown.push_str("\\r"),
            '\t' => shown.push_str("\\t"),
            // Writing to a string never fails.
            c => write!(shown, "\\u{{{:x}}}", u32::from(c)).unwrap_or_default(),
        }
    }
    Cow::Owned(shown)
}

/// The lines of a text, each fit for a terminal; a tab is a few blanks. There
/// is always one, and an empty last one is left out.
pub fn lines(text: &str) -> impl Iterator<Item = Cow<'_, str>> {
    let text = text.strip_suffix('\n').unwrap_or(text);
    text.split('\n').map(|text| {
        let text = text.strip_suffix('\r').unwrap_or(text);
        match text.contains('\t') {
            true => Cow::Owned(line(&text.replace('\t', "    ")).into_owned()),
            false => line(text),
        }
    })
}

/// A text as a part of a path: letters, digits and what names of users, rooms and
/// hosts have besides; the rest is `_`.
pub fn file_name(text: &str) -> String {
    // On Windows a colon is part of no name.
    let signs = if cfg!(windows) { "#@._-[]%" } else { "#@._-:[]%" };
    let allowed = |c: char| c.is_alphanumeric() || signs.contains(c);
    let name: String = text.chars().map(|c| if allowed(c) { c } else { '_' }).collect();
    match name.as_str() {
        "" | "." | ".." => "_".to_owned(),
        _ => name,
    }
}

/// A whole text, to be kept: its lines, and of a very long one the beginning.
pub fn text(text: &str) -> String {
    let beginning = cut(text, TEXT_BYTES_MAX);
    let mut kept = lines(beginning).collect::<Vec<_>>().join("\n");
    if beginning.len() < text.len() {
        write!(kept, "\n… (cut here: {} bytes in all)", text.len()).unwrap_or_default();
    }
    kept
}

/// JSON that may hold such characters inside its strings: there they become
/// `\u202e` …, which every parser reads back as the same character.
pub fn json(json: &str) -> Cow<'_, str> {
    if !json.contains(is_obeyed) {
        return Cow::Borrowed(json);
    }
    let mut shown = String::with_capacity(json.len() + 16);
    for c in json.chars() {
        if !is_obeyed(c) {
            shown.push(c);
            continue;
        }
        for unit in c.encode_utf16(&mut [0; 2]) {
            write!(shown, "\\u{unit:04x}").unwrap_or_default();
        }
    }
    Cow::Owned(shown)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const DIRECTION: &str = "\u{202a}\u{202b}\u{202c}\u{202d}\u{202e}\u{2066}\u{2067}\u{2068}\
        \u{2069}\u{200e}\u{200f}\u{061c}";

    #[test]
    fn the_usual_text_is_untouched() {
        for text in ["hello", "naïve — 李雷", "👩\u{200d}👩\u{200d}👧", "مرحبا", "שלום", "e\u{301}"]
        {
            assert_eq!(line(text), text);
        }
    }

    #[test]
    fn what_a_terminal_obeys_is_shown() {
        assert_eq!(line("\u{1b}[31mred"), "\\u{1b}[31mred");
        assert_eq!(line("a\rb\tc\nd\u{7f}\u{9b}"), "a\\rb\\tc\\nd\\u{7f}\\u{9b}");
        for c in DIRECTION.chars() {
            assert_eq!(line(&c.to_string()), format!("\\u{{{:x}}}", u32::from(c)));
        }
    }

    #[test]
    fn lines_are_split_at_line_feeds_only() {
        let all = |text| lines(text).map(Cow::into_owned).collect::<Vec<_>>();
        assert_eq!(all("a\r\nb\u{2028}c\n"), ["a", "b\\u{2028}c"]);
        assert_eq!(all(""), [""]);
        assert_eq!(all("a\tb\n\n"), ["a    b", ""]);
    }

    #[test]
    fn of_a_very_long_text_the_beginning_is_kept() {
        let long = "é\n".repeat(TEXT_BYTES_MAX);
        let kept = text(&long);
        assert!(kept.starts_with("é\né\n"));
        assert!(kept.ends_with("\n… (cut here: 786432 bytes in all)"), "{}", kept.len());
        assert!(kept.len() < TEXT_BYTES_MAX + 100);
        assert_eq!(text("a\tb\r\nc\n"), "a    b\nc");
    }

    proptest! {
        #[test]
        fn nothing_that_is_obeyed_comes_through(text in any::<String>()) {
            prop_assert!(!line(&text).contains(is_obeyed));
            prop_assert!(lines(&text).all(|line| !line.contains(is_obeyed)));
        }

        #[test]
        fn json_says_the_same(text in any::<String>()) {
            let quoted = serde_json::to_string(&text).unwrap();
            let shown = json(&quoted);
            prop_assert!(!shown.contains(is_obeyed));
            prop_assert_eq!(serde_json::from_str::<String>(&shown).unwrap(), text);
        }
    }
}
