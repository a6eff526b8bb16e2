//! What Tab makes of a half-typed word, and what an unknown command was meant
//! to be. Pure: the candidates are arguments.

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
    /// The candidates for the word that ends at byte `cursor` of `line`;
    /// `candidates` is asked for all words that could stand there.
    pub fn new(line: &str, cursor: usize, candidates: &[String]) -> Option<Self> {
        let (before, after) = line.split_at(cursor);
        let start = before
            .rfind(char::is_whitespace)
            .map_or(0, |blank| blank + before[blank..].chars().next().map_or(0, char::len_utf8));
        let typed = before[start..].to_lowercase();
        let words: Vec<String> = candidates
            .iter()
            .filter(|word| word.to_lowercase().starts_with(&typed))
            .cloned()
            .collect();
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
    fn slips_of_the_fingers() {
        let known = || ["join", "leave", "list", "who"].into_iter();
        assert_eq!(nearest("jion", known()), Some("join"));
        assert_eq!(nearest("LEAV", known()), Some("leave"));
        assert_eq!(nearest("xyzzy", known()), None);
        assert_eq!(nearest("", known()), None);
    }
}
