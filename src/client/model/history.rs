//! The lines typed before, to be called up again. Never: editing.

use std::collections::VecDeque;

/// Lines kept.
const HISTORY_LINES_MAX: usize = 500;

/// What was typed, newest last, and how far back we look.
#[derive(Debug, Default)]
pub struct History {
    lines: VecDeque<String>,
    /// Which line is shown, counted from the newest, and what was being typed
    /// when looking back began.
    back: Option<(usize, String)>,
}

impl History {
    pub fn push(&mut self, line: &str) {
        self.back = None;
        if line.trim().is_empty() || self.lines.back().is_some_and(|last| last == line) {
            return;
        }
        self.lines.push_back(line.to_owned());
        if self.lines.len() > HISTORY_LINES_MAX {
            self.lines.pop_front();
        }
    }

    /// One line further back than shown; `current` is what is being typed.
    pub fn older(&mut self, current: &str) -> Option<&str> {
        let (back, draft) = match self.back.take() {
            Some((back, draft)) => (back + 1, draft),
            None => (0, current.to_owned()),
        };
        let last = self.lines.len().checked_sub(1)?;
        let back = back.min(last);
        self.back = Some((back, draft));
        self.lines.get(last - back).map(String::as_str)
    }

    /// One line nearer; in the end what was being typed.
    pub fn newer(&mut self) -> Option<String> {
        let (back, draft) = self.back.take()?;
        let Some(nearer) = back.checked_sub(1) else { return Some(draft) };
        self.back = Some((nearer, draft));
        self.lines.get(self.lines.len() - 1 - nearer).cloned()
    }

    /// Something was edited: what is shown is a new line now.
    pub fn settle(&mut self) {
        self.back = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn back_and_forth() {
        let mut history = History::default();
        assert_eq!(history.older("x"), None);
        for line in ["one", "two", "two", " "] {
            history.push(line);
        }
        assert_eq!(history.older("draft"), Some("two"));
        assert_eq!(history.older("two"), Some("one"));
        assert_eq!(history.older("one"), Some("one"));
        assert_eq!(history.newer().unwrap(), "two");
        assert_eq!(history.newer().unwrap(), "draft");
        assert_eq!(history.newer(), None);
    }
}
