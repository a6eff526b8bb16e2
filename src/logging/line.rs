//! What a line of the log looks like. Pure, but for a look at where standard
//! error leads to.

use crate::limits::LOG_LINE_BYTES_MAX;
use crate::one_line::one_line;
use jiff::Timestamp;
use log::Level;
use std::env;
use std::fs::File;
use std::io;
use std::os::fd::AsFd;
use std::os::unix::fs::MetadataExt;

/// For whom lines are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    /// `2026-11-26T18:26:15.123Z [INFO] words`, in UTC.
    Plain,
    /// `<6>words`: the journal has a clock, and reads the priority
    /// (sd-daemon(3)).
    Journal,
}

impl Style {
    /// By where standard error leads to.
    pub(super) fn of_standard_error() -> Self {
        let stream = io::stderr().as_fd().try_clone_to_owned();
        stream.map_or(Self::Plain, |stream| Self::of(&File::from(stream)))
    }

    /// The journal's, where this is the stream that systemd has connected to it
    /// (systemd.exec(5), `JOURNAL_STREAM`).
    pub(super) fn of(stream: &File) -> Self {
        let Ok(metadata) = stream.metadata() else { return Self::Plain };
        let here = format!("{}:{}", metadata.dev(), metadata.ino());
        match env::var("JOURNAL_STREAM") {
            Ok(journal) if journal == here => Self::Journal,
            _ => Self::Plain,
        }
    }

    /// A line, with its end.
    pub(super) fn line(self, level: Level, words: &str) -> Vec<u8> {
        let words = cut(one_line(words));
        match self {
            Self::Plain => format!("{:.3} [{level}] {words}\n", Timestamp::now()),
            Self::Journal => format!("<{}>{words}\n", priority(level)),
        }
        .into_bytes()
    }

    /// What a command that failed says; for the journal it is an error.
    pub(super) fn complaint(self, words: &str) -> Vec<u8> {
        let words = cut(one_line(words));
        match self {
            Self::Plain => format!("lanline: {words}\n"),
            Self::Journal => format!("<{}>{words}\n", priority(Level::Error)),
        }
        .into_bytes()
    }
}

/// As syslog(3) counts.
fn priority(level: Level) -> u8 {
    match level {
        Level::Error => 3,
        Level::Warn => 4,
        Level::Info => 6,
        Level::Debug | Level::Trace => 7,
    }
}

fn cut(mut words: String) -> String {
    if words.len() > LOG_LINE_BYTES_MAX {
        let fits = |&at: &usize| words.is_char_boundary(at);
        words.truncate((0..=LOG_LINE_BYTES_MAX).rev().find(fits).unwrap_or(0));
        words.push('…');
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(line: Vec<u8>) -> String {
        String::from_utf8(line).unwrap()
    }

    #[test]
    fn the_journal_gets_priorities_and_no_second_time() {
        assert_eq!(text(Style::Journal.line(Level::Error, "no\nway")), "<3>no; way\n");
        assert_eq!(text(Style::Journal.line(Level::Info, "well")), "<6>well\n");
        assert_eq!(text(Style::Journal.complaint("no way")), "<3>no way\n");
    }

    #[test]
    fn people_get_the_time_and_the_level() {
        let line = text(Style::Plain.line(Level::Warn, "careful"));
        let (time, words) = line.split_once(' ').unwrap();
        assert_eq!(words, "[WARN] careful\n");
        assert!(time.ends_with('Z') && time.parse::<Timestamp>().is_ok(), "{time}");
        assert_eq!(text(Style::Plain.complaint("no\nway")), "lanline: no; way\n");
    }

    #[test]
    fn no_line_is_longer_than_the_bound() {
        let line = Style::Journal.line(Level::Info, &"ü".repeat(LOG_LINE_BYTES_MAX));
        assert!(line.len() < LOG_LINE_BYTES_MAX + 10);
        assert!(text(line).ends_with("…\n"));
    }
}
