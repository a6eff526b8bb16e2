//! What shows that a name is ours: a token that we were given, one that was stored, a
//! password that was typed or is asked for. Never: sending it.

use super::no_echo;
use super::plain::print::note;
use super::proof::{Lacking, NO_LONGER, weakness};
use super::safe;
use crate::connect::tokens::{Tokens, place};
use crate::connect::{Challenge, Credentials, Proof, Protection};
use crate::limits::WRONG_LOGINS_MAX;
use crate::wire::{Name, Secret};

/// What we know, for as long as the program runs.
#[derive(Clone, Debug, Default)]
pub struct Known {
    /// A token from a file or the environment, and from which of them.
    pub token: Option<(Secret, String)>,
    /// The password that was typed last.
    pub password: Option<Secret>,
    /// The code of an invitation.
    pub invitation: Option<Secret>,
    /// The stored token was refused: it isn't shown again.
    pub is_stored_refused: bool,
}

/// Answers challenges about one name.
#[derive(Debug)]
pub struct Login<'a> {
    name: &'a Name,
    known: &'a mut Known,
    /// Whether a person may be asked, and is told what was wrong.
    asks: bool,
    /// Whether standard error is ours, to say what is wrong with a token.
    tells: bool,
    /// Whether a stored token will do.
    takes_token: bool,
    /// What the last answer was.
    last: Option<Shown>,
    /// How the connection was protected on which a stored token was wrong.
    refused_at: Option<Protection>,
    lacking: Lacking,
}

/// What was shown last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shown {
    GivenToken,
    StoredToken,
    Password,
    Invitation,
}

impl<'a> Login<'a> {
    /// One that asks whoever sits at the terminal, if anybody does.
    pub fn asking(name: &'a Name, known: &'a mut Known) -> Self {
        let asks = no_echo::is_possible();
        Self { asks, tells: true, ..Self::silent(name, known) }
    }

    /// One that asks for the password, whatever token is there.
    pub fn by_password(name: &'a Name, known: &'a mut Known) -> Self {
        known.token = None;
        Self { takes_token: false, ..Self::asking(name, known) }
    }

    /// One that goes by what is known alone.
    pub fn silent(name: &'a Name, known: &'a mut Known) -> Self {
        Self {
            name,
            known,
            asks: false,
            tells: false,
            takes_token: true,
            last: None,
            refused_at: None,
            lacking: Lacking::Everything,
        }
    }

    /// How the connection was protected on which a stored token was wrong.
    pub fn refused_at(&self) -> Option<Protection> {
        self.refused_at
    }

    /// Why there was nothing to show.
    pub fn lacking(&self) -> Lacking {
        self.lacking
    }

    fn tell(&self, words: &str) {
        if self.asks {
            note(&format!("! {words}"));
        }
    }

    /// What was shown last is wrong; `left` answers may follow.
    fn was_wrong(&mut self, left: u32) {
        let more = match left {
            1 => "one more try".to_owned(),
            left => format!("{left} more tries"),
        };
        self.lacking = match self.last {
            Some(Shown::GivenToken | Shown::StoredToken) => Lacking::Token,
            Some(Shown::Password | Shown::Invitation) => Lacking::Password,
            None => self.lacking,
        };
        self.known.is_stored_refused |= self.last == Some(Shown::StoredToken);
        match self.last {
            Some(Shown::GivenToken) => {
                if let Some((_, source)) = self.known.token.take()
                    && self.tells
                {
                    // To be told to scripts, too.
                    note(&format!("! The token in {source} {NO_LONGER}."));
                }
            }
            Some(Shown::StoredToken) if self.tells => {
                note(&format!("! The stored token {NO_LONGER}."));
            }
            Some(Shown::Password) => {
                self.known.password = None;
                self.tell(&format!(
                    "That is not the password. {more}; each wrong one makes the answer slower."
                ));
            }
            Some(Shown::Invitation) => {
                self.known.invitation = None;
                self.tell(
                    "That code is not for this name, was used already, or is older than seven \
                     days. An operator makes a new one by /invite-user.",
                );
            }
            Some(Shown::StoredToken) | None => {}
        }
    }

    fn next(&mut self, challenge: &Challenge<'_>) -> Option<(Shown, Proof)> {
        if let Some(code) = self.known.invitation.clone() {
            let password = self.new_password(challenge)?;
            self.known.password = Some(password.clone());
            return Some((Shown::Invitation, Proof::Invite { code, password }));
        }
        if let Some((token, _)) = &self.known.token {
            return Some((Shown::GivenToken, Proof::Token(token.clone())));
        }
        let place = place(challenge.protection, challenge.server);
        if self.takes_token
            && !self.known.is_stored_refused
            && let Some(tokens) = Tokens::of_user()
            && let Ok(Some(token)) = tokens.get(&place, self.name)
        {
            return Some((Shown::StoredToken, Proof::Token(token.secret)));
        }
        if self.known.password.is_none() && self.asks {
            self.warn(challenge);
            let question = format!("Password of {}", safe::line(self.name.shown()));
            self.known.password = no_echo::ask(&question);
        }
        let password = self.known.password.clone()?;
        Some((Shown::Password, Proof::Password(password)))
    }

    /// Asks twice for the password that an invitation sets.
    fn new_password(&self, challenge: &Challenge<'_>) -> Option<Secret> {
        if let Some(password) = &self.known.password {
            return Some(password.clone());
        }
        if !self.asks {
            return None;
        }
        self.warn(challenge);
        ask_twice("New password (8 characters or more)", note)
    }

    /// Said before a secret is typed that everybody in between could read.
    fn warn(&self, challenge: &Challenge<'_>) {
        if challenge.protection == Protection::Plain && !challenge.server.is_this_machine() {
            self.tell(
                "This connection is not encrypted. The server takes passwords all the same: \
                 whoever is on the network in between can read yours.",
            );
        }
    }
}

/// Asks for a new password until it was typed twice alike; none if it is given up.
pub fn ask_twice(question: &str, tell: impl Fn(&str)) -> Option<Secret> {
    loop {
        let first = no_echo::ask(question)?;
        if let Some(why) = weakness(&first) {
            tell(&format!("! {why}"));
            continue;
        }
        if first == no_echo::ask("The same once more")? {
            return Some(first);
        }
        tell("! Those were not the same.");
    }
}

impl Credentials for Login<'_> {
    fn proof(&mut self, challenge: &Challenge<'_>) -> Option<Proof> {
        if challenge.wrong > 0 {
            if self.last == Some(Shown::StoredToken) {
                self.refused_at = Some(challenge.protection);
            }
            self.was_wrong(WRONG_LOGINS_MAX.saturating_sub(challenge.wrong));
        }
        let (shown, proof) = self.next(challenge)?;
        self.last = Some(shown);
        Some(proof)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connect::Server;

    fn shown(login: &mut Login<'_>, wrong: u32) -> Option<(&'static str, String)> {
        let server: Server = "hall".parse().unwrap();
        let challenge = Challenge { server: &server, protection: Protection::Plain, wrong };
        login.proof(&challenge).map(|proof| match proof {
            Proof::Token(secret) => ("token", secret.reveal().to_owned()),
            Proof::Password(secret) => ("password", secret.reveal().to_owned()),
            Proof::Invite { code, password } => {
                ("invite", format!("{} {}", code.reveal(), password.reveal()))
            }
        })
    }

    #[test]
    fn a_wrong_token_is_not_shown_again_and_then_the_password_is() {
        let name = Name::parse("no-such-name-anywhere").unwrap();
        let mut known = Known {
            token: Some((Secret::new("t0ken"), "here".to_owned())),
            password: Some(Secret::new("correct horse")),
            ..Known::default()
        };
        let mut login = Login::silent(&name, &mut known);
        assert_eq!(shown(&mut login, 0), Some(("token", "t0ken".to_owned())));
        assert_eq!(shown(&mut login, 1), Some(("password", "correct horse".to_owned())));
        assert_eq!(shown(&mut login, 2), None);
        assert!(known.token.is_none() && known.password.is_none());
    }

    #[test]
    fn an_invitation_sets_the_password_that_logs_in_later() {
        let name = Name::parse("no-such-name-anywhere").unwrap();
        let mut known = Known {
            invitation: Some(Secret::new("c0de")),
            password: Some(Secret::new("correct horse")),
            ..Known::default()
        };
        let invited = shown(&mut Login::silent(&name, &mut known), 0);
        assert_eq!(invited, Some(("invite", "c0de correct horse".to_owned())));
        known.invitation = None;
        let later = shown(&mut Login::silent(&name, &mut known), 0);
        assert_eq!(later, Some(("password", "correct horse".to_owned())));
    }
}
