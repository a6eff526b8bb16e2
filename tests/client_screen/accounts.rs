//! Commands about accounts: what is shown of secrets, and what is kept of them.

use crate::stage::Stage;
use jiff::tz::TimeZone;
use lanline::client::model::action::Action;
use lanline::client::model::{Bell, Effect, Event, Options};
use lanline::client::proof::Lacking;
use lanline::connect::Protection;
use lanline::wire::Secret;
use tui_input::InputRequest;

const PASSWORD: &str = "correct horse battery";

fn options() -> Options {
    Options {
        server: "hall:5260".to_owned(),
        bell: Bell::Never,
        zone: TimeZone::UTC,
        seed: 7,
        name_colors: 10,
        has_mouse: true,
        rooms: Vec::new(),
        keeps_log: true,
        keeps_secrets: true,
    }
}

fn stage_with_log() -> Stage {
    Stage::with(options(), 100, 24)
}

/// What was sent that nobody may read.
fn secrets(stage: &mut Stage) -> Vec<(String, String)> {
    let sent = std::mem::take(&mut stage.effects).into_iter().filter_map(|effect| match effect {
        Effect::SendSecret { to, msg } => Some((to, msg.reveal().to_owned())),
        _ => None,
    });
    sent.collect()
}

fn knows(stage: &Stage, password: &str) -> bool {
    stage.effects.contains(&Effect::Password(Secret::new(password)))
}

/// Nothing of it is on the screen, in a log, in what goes to others, or comes back.
#[track_caller]
fn is_nowhere(stage: &mut Stage, secret: &str) {
    assert!(!stage.screen().contains(secret), "{}", stage.screen());
    assert!(!logged(stage, secret));
    let sent = |effect: &Effect| matches!(effect, Effect::Send { msg, .. } if msg.contains(secret));
    assert!(!stage.effects.iter().any(sent));
    for _ in 0..3 {
        stage.act(Action::Older);
        assert!(!stage.screen().contains(secret), "{}", stage.screen());
    }
    stage.act(Action::Interrupt);
}

fn logged(stage: &Stage, text: &str) -> bool {
    let is_it = |effect: &Effect| matches!(effect, Effect::Log(entry) if entry.text.contains(text));
    stage.effects.iter().any(is_it)
}

#[test]
fn a_new_token_and_an_invitation_are_shown_and_never_logged() {
    let mut stage = stage_with_log();
    for (typed, endpoint, answer) in [
        ("/token new desk", "/token", "desk s3cret"),
        ("/invite-user bob", "/invite-user", "bob s3cret"),
    ] {
        stage.enter(typed);
        stage.say(endpoint, "ann", answer);
        assert!(stage.screen().contains(answer), "{}", stage.screen());
        assert!(!logged(&stage, "s3cret"));
    }
    // What follows is logged as before.
    stage.enter("/whoami");
    stage.say("/whoami", "ann", "ann user 2");
    assert!(logged(&stage, "ann user 2"));
}

#[test]
fn a_line_with_a_secret_is_not_brought_back() {
    let mut stage = stage_with_log();
    for line in ["/operator s3cret", "/register s3cret", "/password s3cret"] {
        stage.enter(line);
        // Put aside where it could not be carried out.
        stage.act(Action::Interrupt);
        stage.act(Action::Older);
        assert!(!stage.screen().contains("s3cret"), "{line}: {}", stage.screen());
    }
}

#[test]
fn refusals_about_accounts_say_what_to_do() {
    let mut stage = stage_with_log();
    stage.enter("/token list");
    stage.refuse("/token", "login-required\nThat needs an account that you are logged in to.");
    assert!(stage.screen().contains("lanline login NAME@SERVER"), "{}", stage.screen());
}

#[test]
fn a_name_becomes_an_account_and_its_password_is_nowhere() {
    let mut stage = stage_with_log();
    stage.enter("/register");
    assert!(stage.screen().contains("Password for your account"), "{}", stage.screen());
    stage.enter("short");
    assert!(stage.screen().contains("8 characters or more."), "{}", stage.screen());
    stage.enter(PASSWORD);
    stage.enter("another one");
    assert!(stage.screen().contains("these two differ"), "{}", stage.screen());
    stage.type_text("wrong");
    assert!(stage.screen().contains(": *****\n"), "{}", stage.screen());
    stage.act(Action::Edit(InputRequest::DeleteFromStart));
    stage.enter(PASSWORD);
    stage.enter(&format!("{PASSWORD}x"));
    stage.enter(PASSWORD);
    assert_eq!(secrets(&mut stage), []);
    stage.enter(PASSWORD);
    assert!(!knows(&stage, PASSWORD));
    is_nowhere(&mut stage, PASSWORD);
    assert_eq!(secrets(&mut stage), [("/register".to_owned(), PASSWORD.to_owned())]);
    stage.say("/register", "ann", "ann");
    assert!(stage.screen().contains("your name is an account now"), "{}", stage.screen());
    assert!(knows(&stage, PASSWORD));
    is_nowhere(&mut stage, PASSWORD);
}

#[test]
fn a_password_is_changed_unseen_and_the_new_one_holds_once_it_is_taken() {
    let mut stage = Stage::with(options(), 200, 24);
    let change = |stage: &mut Stage| {
        stage.enter("/password");
        stage.enter("old s3cret");
        stage.event(Event::Paste("new s3cret\n".to_owned()));
        stage.act(Action::Submit);
        stage.event(Event::Text("new s3cret".to_owned()));
        stage.act(Action::Submit);
    };
    change(&mut stage);
    is_nowhere(&mut stage, "s3cret");
    let told = [("/password".to_owned(), "old s3cret\nnew s3cret".to_owned())];
    assert_eq!(secrets(&mut stage), told);
    stage.refuse("/password", "wrong-login\nThat is not the account's secret.");
    assert!(stage.screen().contains("That is not the account's secret"), "{}", stage.screen());
    // An answer to nothing changes nothing.
    stage.say("/password", "ann", "ok");
    assert!(!knows(&stage, "new s3cret"));
    change(&mut stage);
    assert_eq!(secrets(&mut stage), told);
    stage.say("/password", "ann", "ok");
    assert!(knows(&stage, "new s3cret"));
    is_nowhere(&mut stage, "s3cret");
}

#[test]
fn what_stood_behind_the_command_is_not_used() {
    let mut stage = Stage::with(options(), 200, 24);
    stage.enter("/register s3cret password");
    assert!(stage.screen().contains("is not used"), "{}", stage.screen());
    stage.act(Action::Escape);
    assert!(stage.screen().contains("nothing was sent"));
    assert_eq!(secrets(&mut stage), []);
    is_nowhere(&mut stage, "s3cret");
}

#[test]
fn a_question_ends_by_a_key_and_not_by_what_happens_meanwhile() {
    let mut stage = Stage::with(options(), 200, 24);
    stage.join("#ops", "ann\nbob");
    stage.sent();
    stage.enter("/password");
    stage.type_text("old s3");
    stage.say("bob", "#ops", "hi");
    stage.event(Event::Lost("It broke.".to_owned()));
    stage.event(Event::NotConnected("No.".to_owned()));
    stage.event(Event::NoProof(Lacking::Token));
    stage.enter("cret");
    stage.enter(PASSWORD);
    stage.enter(PASSWORD);
    assert!(stage.screen().contains("not connected any more"), "{}", stage.screen());
    assert_eq!((secrets(&mut stage), stage.sent()), (vec![], vec![]));
    is_nowhere(&mut stage, "cret");
}

#[test]
fn nothing_secret_goes_over_a_connection_that_is_not_encrypted() {
    for (keeps_secrets, is_asked) in [(true, false), (false, true)] {
        let mut stage = Stage::with(Options { keeps_secrets, ..options() }, 200, 24);
        stage.event(Event::Protected(Protection::Plain, None));
        for line in ["/register", "/password"] {
            stage.enter(line);
            let screen = stage.screen();
            let asks = ["Password for your account", "Your password so far"];
            assert_eq!(asks.iter().any(|ask| screen.contains(ask)), is_asked, "{screen}");
            assert_eq!(screen.contains("--plain sends it all the same"), !is_asked, "{screen}");
            stage.act(Action::Escape);
            stage.act(Action::Interrupt);
        }
        stage.effects.clear();
        for line in ["/operator t0ken", "/token new desk", "/invite-user bob"] {
            stage.enter(line);
            assert_eq!(stage.sent().len(), usize::from(is_asked), "{line}");
            if !is_asked {
                stage.act(Action::Interrupt);
            }
        }
    }
}

#[test]
fn a_token_that_is_no_longer_taken_is_told_and_the_password_asked_for() {
    let mut stage = Stage::with(options(), 200, 24);
    let lose = |stage: &mut Stage, lacking| {
        stage.event(Event::Lost("It broke.".to_owned()));
        stage.event(Event::NoProof(lacking));
        stage.effects.clear();
    };
    lose(&mut stage, Lacking::Token);
    assert!(stage.screen().contains("Not logged in: the token"), "{}", stage.screen());
    assert!(stage.screen().contains("Password of your account:"));
    stage.enter(PASSWORD);
    assert!(knows(&stage, PASSWORD) && stage.effects.contains(&Effect::Connect));
    // It was wrong.
    stage.event(Event::NoProof(Lacking::Password));
    assert!(stage.screen().contains("that is not the account's password"), "{}", stage.screen());
    stage.act(Action::Escape);
    assert!(stage.screen().contains("Not logged in. /reconnect"), "{}", stage.screen());
    // It comes back when it is asked for.
    stage.effects.clear();
    stage.enter("/reconnect");
    assert!(stage.effects.contains(&Effect::Connect));
    stage.event(Event::NoProof(Lacking::Everything));
    assert!(stage.screen().contains("Password of your account:"));
    assert!(!stage.screen().contains("belongs to an account now"), "{}", stage.screen());
    is_nowhere(&mut stage, PASSWORD);
}

#[test]
fn what_is_being_typed_does_not_end_up_in_a_question() {
    let mut stage = Stage::with(options(), 200, 24);
    stage.type_text("half a line");
    stage.event(Event::Lost("It broke.".to_owned()));
    stage.event(Event::NoProof(Lacking::Token));
    assert!(stage.screen().contains("half a line"), "{}", stage.screen());
    assert!(!stage.screen().contains("Password of your account"));
}

#[test]
fn a_guest_whose_name_becomes_an_account_is_told_so() {
    let mut stage = Stage::with(options(), 160, 24);
    stage.say("/error", "", "0 name-taken\nSomebody of that name is here.");
    let screen = stage.screen();
    assert!(screen.contains("belongs to an account now. If it is yours"), "{screen}");
    stage.event(Event::Lost("the server closed it.".to_owned()));
    stage.event(Event::NoProof(Lacking::Everything));
    let screen = stage.screen();
    assert!(screen.contains("The name ann belongs to an account now."), "{screen}");
    assert!(screen.contains("Password of your account:"), "{screen}");
}
