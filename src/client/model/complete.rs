//! What Tab makes of a half-typed word, and what an unknown command was meant
//! to be. Pure: the candidates are arguments.

use crate::wire::name::folded;

/// Words that Tab goes through, and where they belong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Completion {
    /// In front of the word, behind it.
    before: String,
    after: String,
    words: Vec<String>,
    at: usize,
}

impl Completion {
    /// The candidates for the word that byte `cursor` of `line` is in or behind;
    /// `candidates` are all words that could stand there.
    pub fn new(line: &str, cursor: usize, candidates: &[String]) -> Option<Self> {
        let (before, after) = line.split_at(cursor);
        let start = word_start(before);
        let typed = folded(&before[start..]);
        let words: Vec<String> =
            candidates.iter().filter(|word| folded(word).starts_with(&typed)).cloned().collect();
        // What is left of a word that was typed already.
        let rest = &after[..after.find(char::is_whitespace).unwrap_or(after.len())];
        let whole = folded(&format!("{}{rest}", &before[start..]));
        let is_known = words.iter().any(|word| folded(word).starts_with(&whole));
        let after = if is_known { &after[rest.len()..] } else { after };
        (!words.is_empty()).then(|| Self {
            before: before[..start].to_owned(),
            after: after.to_owned(),
            words,
            at: 0,
        })
    }

    /// Goes to the next candidate, or to the one before.
    pub fn step(&mut self, back: bool) {
        let count = self.words.len();
        self.at = (self.at + if back { count - 1 } else { 1 }) % count;
    }

    /// The line as it is now, and where its cursor is, in code points.
    pub fn line(&self) -> (String, usize) {
        let word = &self.words[self.at];
        let blank = if self.after.starts_with(' ') { "" } else { " " };
        let head = format!("{}{word}{blank}", self.before);
        let cursor = head.chars().count();
        (head + &self.after, cursor)
    }
}

/// Where the word at the end of `before` begins: behind a blank, or what opens a
/// bracket or a quotation.
pub fn word_start(before: &str) -> usize {
    let ends = |c: char| c.is_whitespace() || matches!(c, '(' | '[' | '{' | '"' | '“' | '„' | '«');
    let last = before.char_indices().rev().find(|&(_, c)| ends(c));
    last.map_or(0, |(at, c)| at + c.len_utf8())
}

/// The word of `known` nearest to `typed`, if any is near enough for a slip of
/// the fingers.
pub fn nearest<'a>(typed: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let typed = typed.to_lowercase();
    let rated = known.map(|word| {
        let distance = match word.starts_with(&typed) && !typed.is_empty() {
            true => 0,
            false => strsim::damerau_levenshtein(&typed, word),
        };
        (distance, word)
    });
    let (distance, word) = rated.min_by_key(|&(distance, _)| distance)?;
    (distance <= 1.max(typed.chars().count() / 3)).then_some(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(words: &[&str]) -> Vec<String> {
        words.iter().map(|&word| word.to_owned()).collect()
    }

    #[test]
    fn tab_goes_round() {
        let people = words(&["Anna", "anton", "bob"]);
        let mut completion = Completion::new("hi aN there", 5, &people).unwrap();
        assert_eq!(completion.line(), ("hi Anna there".to_owned(), 7));
        completion.step(false);
        assert_eq!(completion.line().0, "hi anton there");
        completion.step(false);
        assert_eq!(completion.line().0, "hi Anna there");
        completion.step(true);
        assert_eq!(completion.line().0, "hi anton there");
        assert_eq!(Completion::new("x", 1, &people), None);
        assert_eq!(Completion::new("李\u{3000}b", 7, &people).unwrap().line().0, "李\u{3000}bob ");
    }

    #[test]
    fn names_are_found_by_what_makes_them_the_same() {
        let people = words(&["@straße", "@Éva", "@ΣΊΣΥΦΟΣ"]);
        for (typed, completed) in [
            ("@stras", "@straße "),
            ("@STRASSE", "@straße "),
            ("@straß", "@straße "),
            ("@e\u{301}", "@Éva "),
            ("@σίσυφο", "@ΣΊΣΥΦΟΣ "),
        ] {
            let completion = Completion::new(typed, typed.len(), &people).unwrap();
            assert_eq!(completion.line().0, completed);
        }
    }

    #[test]
    fn in_the_middle_of_a_line_the_rest_stays() {
        let people = words(&["Anna", "@Anna"]);
        let completed = |line: &str, cursor| Completion::new(line, cursor, &people).unwrap().line();
        assert_eq!(completed("tell an all", 7), ("tell Anna all".to_owned(), 9));
        assert_eq!(completed("tell @an\nall", 8).0, "tell @Anna \nall");
        assert_eq!(completed("(an", 3).0, "(Anna ");
        // The cursor within the word.
        assert_eq!(completed("tell anna all", 7).0, "tell Anna all");
        assert_eq!(completed("tell anxious", 7).0, "tell Anna xious");
    }

    #[test]
    fn slips_of_the_fingers() {
        let known = || ["join", "leave", "list", "who"].into_iter();
        assert_eq!(nearest("jion", known()), Some("join"));
        assert_eq!(nearest("LEAV", known()), Some("leave"));
        assert_eq!(nearest("xyzzy", known()), None);
        assert_eq!(nearest("", known()), None);
    }
}
