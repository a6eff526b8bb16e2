//! How long something holds: `30m`, `12h`, `7d`, `forever`. Never: since when.

use std::fmt;

/// A span of time, or for ever.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Span {
    Seconds(u64),
    Forever,
}

/// No span is longer, so that sums of times never overflow: a thousand years.
const SECONDS_MAX: u64 = 366_000 * 24 * 60 * 60;

impl Span {
    /// A number above 0 and `m`, `h` or `d`, or `forever`; none for anything else.
    pub fn parse(text: &str) -> Option<Self> {
        if text == "forever" {
            return Some(Self::Forever);
        }
        let number = text.strip_suffix(['m', 'h', 'd'])?;
        if number.is_empty() || !number.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let unit = match text.as_bytes().last() {
            Some(b'm') => 60,
            Some(b'h') => 60 * 60,
            _ => 24 * 60 * 60,
        };
        let seconds = number.parse::<u64>().ok()?.checked_mul(unit)?;
        (1..=SECONDS_MAX).contains(&seconds).then_some(Self::Seconds(seconds))
    }

    /// The end of a span that begins at `now`, in seconds since 1970; none for ever.
    pub fn end(self, now: i64) -> Option<i64> {
        match self {
            Self::Seconds(seconds) => Some(now.saturating_add(seconds as i64)),
            Self::Forever => None,
        }
    }
}

impl fmt::Display for Span {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Forever => out.write_str("forever"),
            Self::Seconds(seconds) if seconds % 86_400 == 0 => write!(out, "{}d", seconds / 86_400),
            Self::Seconds(seconds) if seconds % 3_600 == 0 => write!(out, "{}h", seconds / 3_600),
            Self::Seconds(seconds) => write!(out, "{}m", seconds / 60),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_numbers_with_a_unit_and_shown_in_the_largest_one() {
        for (text, seconds) in [("30m", 1_800), ("12h", 43_200), ("7d", 604_800)] {
            assert_eq!(Span::parse(text), Some(Span::Seconds(seconds)));
            assert_eq!(Span::Seconds(seconds).to_string(), text);
        }
        assert_eq!(Span::parse("48h").unwrap().to_string(), "2d");
        assert_eq!(Span::parse("forever"), Some(Span::Forever));
        assert_eq!((Span::Forever.end(5), Span::Seconds(60).end(5)), (None, Some(65)));
    }

    #[test]
    fn anything_else_is_no_span() {
        for bad in [
            "",
            "m",
            "0m",
            "-1m",
            "+1m",
            "1",
            "1s",
            "1w",
            "1.5h",
            " 1m",
            "١m",
            "366001d",
            "99999999999999999999d",
            "Forever",
        ] {
            assert_eq!(Span::parse(bad), None, "{bad}");
        }
    }
}
