//! Secrets typed in the middle of a chat: the keys go to a question, and what is typed
//! is shown nowhere, kept nowhere, and wiped behind it. Never: what is asked.
//!
//! A question ends by a key alone, never by what happens meanwhile: whoever is typing a
//! password would type the rest of it into a conversation.

use super::clock::Now;
use super::conversation::Place;
use super::intent::Action;
use super::link::Link;
use super::question::Unseen;
use super::{Effect, Mode, Model};
use crate::client::dialog::{self, Purpose, Step};
use crate::client::proof::Lacking;
use crate::connect::{NOT_SECRET, Protection};
use crate::wire::Secret;
use tui_input::InputRequest;

impl Model {
    /// `/register`, `/password`: asks, whatever stands behind the command.
    pub(super) fn ask_unseen(
        &mut self,
        purpose: Purpose,
        rest: &str,
        now: Now,
    ) -> Result<(), String> {
        if self.link != Link::Online {
            return Err("not connected: a secret isn't kept, say it again then".to_owned());
        }
        self.check_secrets_may_go(now)?;
        self.mode = Mode::Unseen(Box::new(Unseen::new(purpose)));
        if !rest.is_empty() {
            let words = "what stood behind it was to be seen on this screen, and is not used: \
                         take another";
            self.hint_at(words, now);
        }
        Ok(())
    }

    /// Whether what is secret may go over this connection.
    pub(super) fn check_secrets_may_go(&mut self, now: Now) -> Result<(), String> {
        match (self.protection, self.options.keeps_secrets) {
            (Some(Protection::Plain), true) => {
                let here = self.conversation().place.clone();
                self.warn(&here, NOT_SECRET, now);
                Err("not sent: this connection is not encrypted".to_owned())
            }
            _ => Ok(()),
        }
    }

    /// Nothing shows any more that our name is ours: asks for the password, unless
    /// something else is being typed, which must not end up there.
    pub(super) fn ask_to_log_in(&mut self) {
        let is_idle = match self.mode {
            Mode::Typing | Mode::Help { .. } => self.conversation().draft.value().is_empty(),
            Mode::Paste(_) | Mode::Search { .. } | Mode::Unseen(_) => false,
        };
        if is_idle {
            self.mode = Mode::Unseen(Box::new(Unseen::new(Purpose::LogIn)));
        }
    }

    /// Characters of the answer.
    pub(super) fn type_unseen(&mut self, text: &str) {
        if let Mode::Unseen(unseen) = &mut self.mode {
            text.chars().for_each(|c| unseen.typed.push(c));
            self.hint = None;
        }
    }

    pub(super) fn act_unseen(&mut self, action: Action, now: Now) {
        let Mode::Unseen(unseen) = &mut self.mode else { return };
        match action {
            Action::Edit(InputRequest::InsertChar(c)) => {
                unseen.typed.push(c);
                self.hint = None;
            }
            Action::Edit(InputRequest::DeletePrevChar) => unseen.typed.pop(),
            Action::Edit(InputRequest::DeleteFromStart | InputRequest::DeletePrevWord) => {
                unseen.typed.clear();
            }
            Action::Submit | Action::NewRow => {
                let answer = unseen.typed.take_all();
                let step = unseen.dialog.answer(answer);
                self.take_step(step, now);
            }
            Action::Escape | Action::Interrupt | Action::EndOfInput => {
                self.mode = Mode::Typing;
                self.hint_at("given up: nothing was sent", now);
            }
            _ => {}
        }
    }

    fn take_step(&mut self, step: Step, now: Now) {
        match step {
            Step::Ask(why) => {
                self.hint = None;
                if let Some(why) = why {
                    self.hint_at(why, now);
                }
            }
            Step::Send { endpoint, told, password } => {
                self.mode = Mode::Typing;
                match self.link {
                    Link::Online if !self.closing => {
                        self.new_password = Some(password);
                        self.ask_secretly(endpoint, told, now);
                    }
                    _ => self.hint_at("not connected any more: nothing was sent", now),
                }
            }
            Step::LogIn(secret) => {
                self.mode = Mode::Typing;
                self.effects.push(Effect::Password(secret));
                // Connected it is already where somebody was quicker.
                self.reconnect().unwrap_or_default();
            }
        }
    }

    /// As [`Self::ask`], of what is remembered nowhere.
    fn ask_secretly(&mut self, endpoint: &str, secret: Secret, now: Now) {
        let place = self.conversation().place.clone();
        self.asks.sent_ask(endpoint, "", place, None, false, now);
        self.effects.push(Effect::SendSecret { to: endpoint.to_owned(), msg: secret });
    }

    /// The server has asked for what shows that our name is ours, and got it.
    pub fn logged_in(&mut self) {
        self.is_account = true;
    }

    /// `/register` or `/password` has answered: what is told of it.
    pub(super) fn password_was_taken(&mut self, endpoint: &str) -> Option<&'static str> {
        let told = dialog::done(endpoint)?;
        self.is_account = true;
        self.effects.extend(self.new_password.take().map(Effect::Password));
        Some(told)
    }

    /// An attempt was refused since nothing shows that the name is ours.
    pub(super) fn not_logged_in(&mut self, lacking: Lacking, now: Now) {
        let was_account = self.is_account;
        self.is_account |= lacking != Lacking::Everything;
        let why = lacking.in_words(&self.me, was_account);
        self.warn(&Place::Server, &format!("{why} /reconnect asks for the password."), now);
        let open = self.conversation().place.clone();
        if open != Place::Server {
            self.warn(&open, &why, now);
        }
        self.link = Link::Off { why: "Not logged in.".to_owned() };
        self.ask_to_log_in();
    }
}
