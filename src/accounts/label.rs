//! The name of a token. Never: the token.

use std::fmt;

/// 1 to 32 of `a-z0-9-`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Label(Box<str>);

/// A label's length at the most, in bytes.
const LABEL_BYTES_MAX: usize = 32;

impl Label {
    /// None where it is no label.
    pub fn parse(text: &str) -> Option<Self> {
        let fits = (1..=LABEL_BYTES_MAX).contains(&text.len());
        let is_allowed = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-');
        (fits && text.bytes().all(is_allowed)).then(|| Self(text.into()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Label {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_is_short_and_plain() {
        for good in ["a", "phone-2", &"x".repeat(32)] {
            assert_eq!(Label::parse(good).unwrap().to_string(), good);
        }
        for bad in ["", "Phone", "a b", "é", "a_b", &"x".repeat(33)] {
            assert_eq!(Label::parse(bad), None, "{bad}");
        }
    }
}
