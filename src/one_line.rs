//! Errors of libraries in one line: a log is read line by line, and so is a
//! terminal. Never: what went wrong.

use std::fmt::Write;

/// The lines of a text behind each other, other control characters escaped.
pub fn one_line(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    for part in text.lines().map(str::trim).filter(|part| !part.is_empty()) {
        if !line.is_empty() {
            line.push_str("; ");
        }
        for character in part.chars() {
            if character.is_control() {
                // Writing into a string doesn't fail.
                let _ = write!(line, "{}", character.escape_debug());
            } else {
                line.push(character);
            }
        }
    }
    line
}

/// What is wrong with a TOML text, and where: `line 3, column 8: ...`.
pub fn toml_error(text: &str, error: &toml::de::Error) -> String {
    let what = one_line(error.message());
    let Some(before) = error.span().and_then(|span| text.get(..span.start)) else { return what };
    let line = before.matches('\n').count() + 1;
    let column = before.chars().rev().take_while(|&character| character != '\n').count() + 1;
    format!("line {line}, column {column}: {what}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_joined_and_nothing_steers_a_terminal() {
        assert_eq!(one_line("one\n\n  two\r\nthree\n"), "one; two; three");
        assert_eq!(one_line("a\u{1b}[2J\tb"), "a\\u{1b}[2J\\tb");
    }

    #[test]
    fn a_mistake_in_toml_is_one_line_with_its_place() {
        let text = "rate = 7\nü = \nqueue = 1\n";
        let error = toml::from_str::<toml::Table>(text).unwrap_err();
        let told = toml_error(text, &error);
        assert!(told.starts_with("line 2, column "), "{told}");
        assert!(!told.contains('\n'), "{told}");
    }
}
