//! Secrets in the plain client: the questions at the prompt, what becomes of the answers,
//! and a connection that comes back only by a password. Never: how a line is typed unseen.

use super::Plain;
use super::link_state::Link;
use super::print::Line;
use crate::client::dialog::{self, Dialog, Purpose, Step};
use crate::client::proof::Lacking;
use crate::connect::NOT_SECRET;
use crate::wire::Secret;
use std::io;
use std::time::Instant;

impl Plain {
    /// `/register`, `/password`: asks, whatever stands behind the command.
    pub(super) fn ask_unseen(&mut self, purpose: Purpose, rest: &str) {
        if self.printer.prompt.is_none() {
            return self.wrong(
                "a password is typed in a terminal; elsewhere `lanline register` and `lanline \
                 password` take it by --password-stdin",
            );
        }
        if !matches!(self.link, Link::Up(_)) {
            return self.wrong("not connected: a secret isn't kept, say it again then");
        }
        if !self.may_secrets_go() {
            return self.wrong(NOT_SECRET);
        }
        if !rest.is_empty() {
            self.note("! what stood behind it was to be seen here, and is not used: take another");
        }
        self.ask(Dialog::new(purpose));
    }

    fn ask(&mut self, dialog: Dialog) {
        if let Some(prompt) = &mut self.printer.prompt {
            // Fails where the terminal has gone; then its end is on its way.
            prompt.ask(dialog.question()).unwrap_or_default();
            self.secrets.dialog = Some(dialog);
        }
    }

    /// Whether what is secret may go over this connection.
    pub(super) fn may_secrets_go(&self) -> bool {
        let Some(protection) = self.protection else { return false };
        !self.reader.trust.keeps_secrets(&self.reader.server, protection)
    }

    /// The answer to the question; none gives up.
    pub(super) fn answered(&mut self, answer: Option<Secret>) {
        let Some(mut dialog) = self.secrets.dialog.take() else { return };
        let Some(answer) = answer else { return self.note("! given up: nothing was sent") };
        match dialog.answer(answer) {
            Step::Ask(why) => {
                if let Some(why) = why {
                    self.note(&format!("! {why}"));
                }
                self.ask(dialog);
            }
            Step::Send { endpoint, told, password } => {
                let Link::Up(sender) = &mut self.link else {
                    return self.note("! not connected any more: nothing was sent");
                };
                match sender.push_secret(endpoint, &told) {
                    Ok(ordinal) => {
                        let (to, msg) = (endpoint.to_owned(), String::new());
                        self.sent.push(ordinal, &Line { number: self.number, to, msg });
                        self.secrets.new_password = Some(password);
                    }
                    Err(error) => self.wrong(&error.to_string()),
                }
            }
            Step::LogIn(password) => {
                self.reader.known.password = Some(password);
                if !matches!(self.link, Link::Up(_) | Link::Connecting { .. }) {
                    self.attempt(1);
                }
            }
        }
    }

    /// Whether this is the answer to a new password; then it is told.
    pub(super) fn password_was_taken(&mut self, endpoint: &str) -> bool {
        let Some(told) = dialog::done(endpoint) else { return false };
        let Some(password) = self.secrets.new_password.take() else { return false };
        self.reader.known.password = Some(password);
        self.secrets.is_account = true;
        self.note(&format!("! {told}"));
        true
    }

    /// The packet of that ordinal was refused.
    pub(super) fn password_was_refused(&mut self, ordinal: u64) {
        if self.sent.recipient(ordinal).is_some_and(|to| dialog::done(to).is_some()) {
            self.secrets.new_password = None;
        }
    }

    /// An attempt was refused since nothing shows that the name is ours.
    pub(super) fn not_logged_in(&mut self, lacking: Lacking) -> io::Result<()> {
        let was_account = self.secrets.is_account;
        self.secrets.is_account |= lacking != Lacking::Everything;
        let why = lacking.in_words(self.reader.name.shown(), was_account);
        self.link = Link::Off;
        if self.is_pipe {
            // Nobody there could type a password: the end says why.
            self.input_ended.get_or_insert_with(Instant::now);
        } else {
            self.note(&format!("! {why} /reconnect asks for the password"));
            let is_idle = self.printer.prompt.as_ref().is_some_and(|prompt| prompt.is_empty());
            if is_idle && self.secrets.dialog.is_none() {
                self.ask(Dialog::new(Purpose::LogIn));
            }
        }
        self.secrets.why_off = Some(why);
        self.printer.flush()
    }
}
