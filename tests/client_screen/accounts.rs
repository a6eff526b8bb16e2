//! Commands about accounts: what is shown of secrets, and what is kept of them.

use crate::stage::Stage;
use jiff::tz::TimeZone;
use lanline::client::model::action::Action;
use lanline::client::model::{Bell, Effect, Options};

fn stage_with_log() -> Stage {
    let options = Options {
        server: "hall:5260".to_owned(),
        bell: Bell::Never,
        zone: TimeZone::UTC,
        seed: 7,
        name_colors: 10,
        has_mouse: true,
        rooms: Vec::new(),
        keeps_log: true,
    };
    Stage::with(options, 100, 24)
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
