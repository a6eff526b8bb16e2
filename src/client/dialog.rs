//! Questions whose answers nobody sees, in the middle of a chat: what is asked in which
//! order, and what is to be sent in the end. Never: keys, the screen, sending.

use super::proof::weakness;
use crate::wire::Secret;
use zeroize::Zeroizing;

/// What the answers are for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// `/register`: our name becomes an account.
    Register,
    /// `/password`: the account gets another password.
    Password,
    /// The connection comes back only by the password.
    LogIn,
}

/// What is asked now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Question {
    Old,
    New,
    Again,
    Own,
}

/// One conversation of questions and answers.
#[derive(Debug)]
pub struct Dialog {
    purpose: Purpose,
    question: Question,
    old: Option<Secret>,
    new: Option<Secret>,
}

/// What follows an answer.
#[derive(Debug, PartialEq, Eq)]
pub enum Step {
    /// The next question; in words, what was wrong with the answer.
    Ask(Option<&'static str>),
    /// For `/register` or `/password`, which makes `password` the account's.
    Send { endpoint: &'static str, told: Secret, password: Secret },
    /// The password of our account.
    LogIn(Secret),
}

impl Dialog {
    pub fn new(purpose: Purpose) -> Self {
        let question = match purpose {
            Purpose::Register => Question::New,
            Purpose::Password => Question::Old,
            Purpose::LogIn => Question::Own,
        };
        Self { purpose, question, old: None, new: None }
    }

    /// What is asked now, without a mark behind it.
    pub fn question(&self) -> &'static str {
        match (self.question, self.purpose) {
            (Question::Old, _) => "Your password so far",
            (Question::New, Purpose::Register) => {
                "Password for your account (8 characters or more)"
            }
            (Question::New, _) => "New password (8 characters or more)",
            (Question::Again, _) => "The same once more",
            (Question::Own, _) => "Password of your account",
        }
    }

    /// Takes the answer to the [`Self::question`].
    pub fn answer(&mut self, answer: Secret) -> Step {
        if answer.reveal().is_empty() {
            return Step::Ask(Some("nothing was typed; Esc gives up"));
        }
        match self.question {
            Question::Own => return Step::LogIn(answer),
            Question::Old => {
                self.old = Some(answer);
                self.question = Question::New;
            }
            Question::New => match weakness(&answer) {
                Some(why) => return Step::Ask(Some(why)),
                None => {
                    self.new = Some(answer);
                    self.question = Question::Again;
                }
            },
            Question::Again if self.new.as_ref() == Some(&answer) => return self.told(answer),
            Question::Again => {
                self.new = None;
                self.question = Question::New;
                return Step::Ask(Some("these two differ: once more from the start"));
            }
        }
        Step::Ask(None)
    }

    fn told(&self, password: Secret) -> Step {
        let (endpoint, told) = match &self.old {
            None => ("/register", password.clone()),
            Some(old) => ("/password", change(old, &password)),
        };
        Step::Send { endpoint, told, password }
    }
}

/// What to say once `/register` or `/password` has answered; none of other endpoints.
pub fn done(endpoint: &str) -> Option<&'static str> {
    match endpoint {
        "/register" => Some(
            "your name is an account now: nobody else can have it. lanline login NAME@SERVER \
             stores a token on this machine, so that nothing asks for the password",
        ),
        "/password" => Some(
            "the account has its new password; whoever else was logged in to it has to come back",
        ),
        _ => None,
    }
}

/// What `/password` is told.
pub fn change(old: &Secret, new: &Secret) -> Secret {
    let [old, new] = [old.reveal(), new.reveal()];
    // Whole from the start: a string that grows leaves copies behind.
    let mut text = Zeroizing::new(String::with_capacity(old.len() + 1 + new.len()));
    text.push_str(old);
    text.push('\n');
    text.push_str(new);
    Secret::new(&text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answers(purpose: Purpose, answers: &[&str]) -> (Vec<Option<&'static str>>, Step) {
        let mut dialog = Dialog::new(purpose);
        let (last, first) = answers.split_last().unwrap();
        let asked = first.iter().map(|answer| match dialog.answer(Secret::new(answer)) {
            Step::Ask(why) => why,
            other => panic!("{other:?}"),
        });
        (asked.collect(), dialog.answer(Secret::new(last)))
    }

    #[test]
    fn a_password_is_typed_twice_alike() {
        let (asked, step) = answers(
            Purpose::Register,
            &["short", "correct horse", "correct house", "correct horse", "correct horse"],
        );
        assert!(asked[0].is_some() && asked[1].is_none() && asked[2].unwrap().contains("differ"));
        let password = Secret::new("correct horse");
        let told = password.clone();
        assert_eq!(step, Step::Send { endpoint: "/register", told, password });
    }

    #[test]
    fn the_old_one_comes_first_and_may_be_of_any_kind() {
        let typed = ["", "old", "correct horse", "correct horse"];
        let (asked, step) = answers(Purpose::Password, &typed);
        assert!(asked[0].is_some() && asked[1..] == [None, None]);
        let (told, password) = (Secret::new("old\ncorrect horse"), Secret::new("correct horse"));
        assert_eq!(step, Step::Send { endpoint: "/password", told, password });
    }

    #[test]
    fn who_logs_in_types_it_once() {
        let (_, step) = answers(Purpose::LogIn, &["x"]);
        assert_eq!(step, Step::LogIn(Secret::new("x")));
    }
}
