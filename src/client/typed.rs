//! What a typed line means, in both clients. Never: carrying it out.

/// A line from the keyboard or a pipe.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Typed<'a> {
    /// Blanks alone.
    Nothing,
    /// Text for the open conversation.
    Text(&'a str),
    /// `@bob text`: for bob, whatever is open.
    Message { to: &'a str, text: &'a str },
    /// `/name rest`: the client's own word, or an endpoint's.
    Command { name: &'a str, rest: &'a str },
}

impl<'a> Typed<'a> {
    /// Reads a line without its ending. `//` is a literal slash, `@bob` alone
    /// is `/to bob`.
    pub fn parse(line: &'a str) -> Self {
        if line.trim().is_empty() {
            return Self::Nothing;
        }
        if line.starts_with("//") {
            return Self::Text(&line[1..]);
        }
        if let Some(command) = line.strip_prefix('/') {
            let (name, rest) = split_word(command);
            return Self::Command { name, rest };
        }
        match line.strip_prefix('@').map(split_word) {
            Some(("", _)) | None => Self::Text(line),
            Some((to, "")) => Self::Command { name: "to", rest: to },
            Some((to, text)) => Self::Message { to, text },
        }
    }
}

/// Endpoints that are told a secret: what is typed for them is kept nowhere.
const TOLD_SECRETS: [&str; 4] = ["operator", "login", "register", "password"];
/// Endpoints whose answer may be a secret, which is shown this once and logged nowhere.
const ANSWER_SECRETS: [&str; 2] = ["/token", "/invite-user"];

/// Whether what is typed for that command is a secret.
pub fn is_told_secrets(command: &str) -> bool {
    TOLD_SECRETS.iter().any(|name| command.eq_ignore_ascii_case(name))
}

/// Whether the answer of that endpoint may be a secret.
pub fn answers_secrets(endpoint: &str) -> bool {
    ANSWER_SECRETS.contains(&endpoint)
}

/// Whether that command, or the answer to it, is about something secret.
pub fn is_secret_talk(command: &str) -> bool {
    is_told_secrets(command) || answers_secrets(&format!("/{}", command.to_ascii_lowercase()))
}

/// Whether a line has a secret in it.
pub fn holds_secret(line: &str) -> bool {
    matches!(Typed::parse(line), Typed::Command { name, .. } if is_told_secrets(name))
}

/// The first word, and what follows it, blanks between them left out.
pub fn split_word(text: &str) -> (&str, &str) {
    match text.split_once(char::is_whitespace) {
        Some((word, rest)) => (word, rest.trim_start()),
        None => (text, ""),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Typed::*;

    #[test]
    fn lines_with_a_secret_are_told_from_others() {
        for line in ["/operator t0ken", "/REGISTER x", "/password a", "/login password x"] {
            assert!(holds_secret(line), "{line}");
        }
        for line in ["/token new x", "//password is a word", "password", "/passwords"] {
            assert!(!holds_secret(line), "{line}");
        }
        assert!(answers_secrets("/token") && !answers_secrets("/whoami"));
    }

    #[test]
    fn lines_and_their_meaning() {
        assert_eq!(Typed::parse(" \t"), Nothing);
        assert_eq!(Typed::parse("hello /bob"), Text("hello /bob"));
        assert_eq!(Typed::parse("//etc is a folder"), Text("/etc is a folder"));
        assert_eq!(Typed::parse("@bob  hi you"), Message { to: "bob", text: "hi you" });
        assert_eq!(Typed::parse("@#ops hi"), Message { to: "#ops", text: "hi" });
        assert_eq!(Typed::parse("@bob "), Command { name: "to", rest: "bob" });
        assert_eq!(Typed::parse("@ home"), Text("@ home"));
        assert_eq!(Typed::parse("/list"), Command { name: "list", rest: "" });
        assert_eq!(Typed::parse("/msg bob hi"), Command { name: "msg", rest: "bob hi" });
        assert_eq!(Typed::parse("/"), Command { name: "", rest: "" });
    }
}
