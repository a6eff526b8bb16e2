//! Text that comes by the lot: pasted, or typed faster than one key at a time.

use super::action::Action;
use super::clock::Now;
use super::{Mode, Model, draft};
use crate::client::safe;
use crate::terminal::keyboard::PASTE_BYTES_MAX;
use tui_input::InputRequest;

/// A draft holds this many bytes; no packet could carry more.
pub(super) const DRAFT_BYTES_MAX: usize = 65_536;

impl Model {
    /// Something was pasted: one line is typed, several are asked about. What is
    /// too long is refused as a whole, so that nothing is lost unseen.
    pub(super) fn paste(&mut self, text: &str, now: Now) {
        if let Mode::Unseen(_) = self.mode {
            return self.type_unseen(text);
        }
        if text.len() > PASTE_BYTES_MAX {
            let max = PASTE_BYTES_MAX >> 20;
            return self.hint_at(format!("too long to paste: more than {max} MiB"), now);
        }
        let text = text.replace("\r\n", "\n").replace(is_line_break, "\n");
        let text: String =
            text.chars().filter(|&c| matches!(c, '\n' | '\t') || !safe::is_obeyed(c)).collect();
        match &mut self.mode {
            // More of what is asked about.
            Mode::Paste(pasted) => {
                if pasted.len() + text.len() > PASTE_BYTES_MAX {
                    return self.hint_at("too long: the last paste was left out", now);
                }
                pasted.push_str(&text);
            }
            Mode::Typing | Mode::Help { .. } if text.trim_end_matches('\n').contains('\n') => {
                self.put_refused_aside();
                self.mode = Mode::Paste(text.trim_end_matches('\n').to_owned());
            }
            _ => self.type_text(text.trim_end_matches('\n'), now),
        }
    }

    /// Characters go where the cursor is.
    pub(super) fn type_text(&mut self, text: &str, now: Now) {
        if let Mode::Unseen(_) = self.mode {
            return self.type_unseen(text);
        }
        let blank = |c| if matches!(c, '\n' | '\t') { ' ' } else { c };
        let text: String = text.chars().map(blank).filter(|&c| !safe::is_obeyed(c)).collect();
        self.completion = None;
        match &mut self.mode {
            // One key at a time answers the question; this is more of the paste.
            Mode::Paste(_) => return self.paste(&text, now),
            Mode::Search { query, .. } if query.value().len() + text.len() <= DRAFT_BYTES_MAX => {
                draft::insert(query, &text);
                return self.search_anew(now);
            }
            Mode::Search { .. } => return self.refuse_text(text.len(), now),
            Mode::Help { .. } => self.mode = Mode::Typing,
            Mode::Typing | Mode::Unseen(_) => {}
        }
        self.insert(&text, now);
    }

    /// Puts text into the draft, or says why not.
    pub(super) fn insert(&mut self, text: &str, now: Now) {
        if self.conversation().draft.value().len() + text.len() > DRAFT_BYTES_MAX {
            return self.refuse_text(text.len(), now);
        }
        self.hint = None;
        self.history.settle();
        self.put_refused_aside();
        draft::insert(&mut self.conversation_mut().draft, text);
    }

    fn refuse_text(&mut self, bytes: usize, now: Now) {
        let words = match bytes {
            0..=4 => format!("the line is full: it holds {DRAFT_BYTES_MAX} bytes"),
            bytes => format!(
                "too long: a line holds {DRAFT_BYTES_MAX} bytes; these {bytes} were left out"
            ),
        };
        self.hint_at(words, now);
    }

    /// Enter sends it as one message, `l` line by line, Esc not at all. What
    /// was typed before goes in front. Nothing pasted is ever a command.
    pub(super) fn act_paste(&mut self, action: Action, now: Now) {
        let line_by_line = match action {
            Action::Submit => false,
            Action::Edit(InputRequest::InsertChar('l' | 'L')) => true,
            Action::Escape | Action::Interrupt => {
                self.mode = Mode::Typing;
                return self.hint_at("not sent", now);
            }
            _ => return,
        };
        let Mode::Paste(pasted) = std::mem::take(&mut self.mode) else { return };
        let text = format!("{}{pasted}", self.conversation().draft.value());
        let parts: Vec<&str> = match line_by_line {
            true => text.split('\n').filter(|line| !line.trim().is_empty()).collect(),
            false => vec![&text],
        };
        // All or nothing: what is sent twice is as bad as what is lost.
        let to = self.conversation().title.clone();
        let bad = parts.iter().find_map(|part| self.check(&to, part).err());
        let sent = bad
            .map_or(Ok(()), Err)
            .and_then(|()| parts.iter().try_for_each(|part| self.say_here(part, now)));
        if let Err(words) = sent {
            self.mode = Mode::Paste(pasted);
            return self.hint_at(words, now);
        }
        self.conversation_mut().draft.reset();
        self.conversation_mut().scroll_to_end();
    }
}

/// CR, NEL, VT, FF, and the separators of lines and paragraphs.
fn is_line_break(c: char) -> bool {
    matches!(c, '\r' | '\u{85}' | '\u{b}' | '\u{c}' | '\u{2028}' | '\u{2029}')
}
