//! What the model does, step by step.

use crate::stage::Stage;
use lanline::client::model::action::Action;
use lanline::client::model::conversation::Place;
use lanline::client::model::line::{Delivery, Kind};
use lanline::client::model::link::Link;
use lanline::client::model::{Effect, Event};
use std::time::Duration;
use tui_input::InputRequest;

fn pair(to: &str, msg: &str) -> (String, String) {
    (to.to_owned(), msg.to_owned())
}

fn draft(stage: &Stage) -> &str {
    stage.model.conversation().draft.value()
}

fn last(stage: &Stage) -> (&Kind, &str) {
    let line = stage.model.conversation().lines().back().unwrap();
    (&line.kind, line.text.as_str())
}

#[test]
fn typing_goes_to_the_open_conversation() {
    let mut stage = Stage::new(80, 20);
    stage.enter("hello?");
    assert_eq!((stage.sent(), draft(&stage)), (vec![], "hello?"));
    assert!(stage.model.hint().unwrap().contains("nobody reads this window"));
    stage.act(Action::Interrupt);
    stage.enter("/to bob");
    stage.enter("hello");
    stage.enter("//slash");
    stage.enter("/msg #ops all of you");
    stage.enter("/to #ops again");
    assert_eq!(
        stage.sent(),
        [
            pair("bob", "hello"),
            pair("bob", "/slash"),
            pair("#ops", "all of you"),
            pair("#ops", "again"),
        ]
    );
    stage.say("Éva", "ann", "hi");
    stage.enter("/reply bonjour");
    assert_eq!(stage.sent(), [pair("Éva", "bonjour")]);
}

#[test]
fn an_unknown_command_says_what_is_near_and_stays() {
    let mut stage = Stage::new(80, 20);
    stage.enter("/jion #ops");
    assert_eq!(stage.model.hint(), Some("no command /jion: did you mean /join?"));
    assert_eq!((stage.sent(), draft(&stage)), (vec![], "/jion #ops"));
}

#[test]
fn every_endpoint_goes_by_its_name() {
    let mut stage = Stage::new(80, 20);
    for line in
        ["/who bob", "/rooms", "/stats", "/broadcast all out", "/operator secret", "/kick bob x y"]
    {
        stage.enter(line);
    }
    assert_eq!(
        stage.sent(),
        [
            pair("/who", "bob"),
            pair("/rooms", ""),
            pair("/stats", ""),
            pair("/broadcast", "all out"),
            pair("/operator", "secret"),
            pair("/kick", "bob x y"),
        ]
    );
    // A secret is in no history and on no screen.
    stage.refuse("/operator", "not-operator\nThat is not the token.");
    assert!(!stage.screen().contains("secret"));
    stage.act(Action::Older);
    stage.act(Action::Older);
    assert_eq!(draft(&stage), "/broadcast all out");
}

#[test]
fn a_refusal_marks_its_line_even_late() {
    let mut stage = Stage::new(80, 20);
    stage.enter("/to bob one");
    stage.enter("two");
    stage.enter("/to zoe three");
    stage.refuse("bob", "undelivered bob\nThey have left.");
    let bob = stage.model.conversations.iter().find(|one| one.title == "bob").unwrap();
    let kinds: Vec<&Kind> = bob.lines().iter().skip(1).map(|line| &line.kind).collect();
    assert!(matches!(kinds[0], Kind::Own(Delivery::Sent)), "{kinds:?}");
    let Kind::Own(Delivery::Refused { reasons, more: 0, for_all: true }) = kinds[1] else {
        panic!("{kinds:?}")
    };
    assert_eq!(reasons, &["They have left"]);
    assert_eq!(bob.mentions, 1);
    assert_eq!(stage.model.hint(), Some("not delivered to bob: They have left."));
}

#[test]
fn a_lost_connection_doubts_only_what_was_not_read() {
    let mut stage = Stage::new(80, 20);
    stage.enter("/to bob one");
    stage.pong();
    stage.enter("two");
    stage.event(Event::Lost("gone.".to_owned()));
    let own: Vec<Kind> =
        stage.model.conversation().lines().iter().map(|line| line.kind.clone()).collect();
    assert_eq!(own[1], Kind::Own(Delivery::Sent));
    assert_eq!(own[2], Kind::Own(Delivery::Unsure));
}

#[test]
fn it_comes_back_with_its_draft_and_its_rooms() {
    let mut stage = Stage::new(80, 20);
    stage.join("#ops", "ann\nbob");
    stage.join("#tea", "ann");
    stage.enter("/leave");
    stage.say("/leave", "ann", "#tea");
    stage.effects.clear();
    stage.type_text("half");
    stage.event(Event::Lost("gone.".to_owned()));
    let mut pauses = Vec::new();
    for _ in 0..8 {
        let Link::Waiting { until, .. } = stage.model.link else {
            panic!("{:?}", stage.model.link)
        };
        assert_eq!(stage.model.deadline().map(|at| at <= until), Some(true));
        pauses.push(until - stage.now.ticks);
        assert!(until - stage.now.ticks <= Duration::from_secs(15));
        stage.now.ticks = until;
        stage.effects.clear();
        stage.event(Event::Tick);
        assert_eq!(stage.effects, [Effect::Connect]);
        stage.event(Event::NotConnected("refused".to_owned()));
    }
    assert!(
        pauses[0] <= Duration::from_secs(1) && pauses[7] >= Duration::from_secs(9),
        "{pauses:?}"
    );
    stage.effects.clear();
    let welcome = lanline::wire::Welcome::parse("ann 10.0.0.1 1 x").unwrap();
    stage.event(Event::Connected(welcome));
    assert_eq!(stage.sent(), [pair("/join", "#ops")]);
    assert_eq!(draft(&stage), "half");
    assert!(last(&stage).1.contains("may be missing"), "{:?}", last(&stage));
    stage.say("/join", "ann", "#ops 2");
    stage.act(Action::Submit);
    assert_eq!(stage.sent(), [pair(&stage.model.conversation().title.clone(), "half")]);
}

#[test]
fn who_was_sent_away_stays_away_until_told() {
    let mut stage = Stage::new(80, 20);
    stage.say("/kick", "ann", "Enough.");
    stage.event(Event::Lost("the server closed it.".to_owned()));
    assert!(matches!(stage.model.link, Link::Off { .. }));
    stage.effects.clear();
    stage.pass(Duration::from_secs(3600));
    assert_eq!(stage.effects, []);
    assert!(stage.screen().contains("You were sent away: Enough."));
    stage.enter("/reconnect");
    assert_eq!(stage.effects, [Effect::Connect]);
}

#[test]
fn a_silent_server_is_given_up() {
    let mut stage = Stage::new(80, 20);
    stage.pass(Duration::from_secs(31));
    assert!(stage.effects.contains(&Effect::Send { to: "/ping".to_owned(), msg: String::new() }));
    stage.effects.clear();
    stage.pass(Duration::from_secs(31));
    assert_eq!(stage.effects, [Effect::Disconnect]);
    stage.pass(Duration::from_secs(31));
    assert_eq!(stage.effects, [Effect::Disconnect]);
}

#[test]
fn counts_of_what_is_unread() {
    let mut stage = Stage::new(80, 20);
    stage.join("#ops", "ann\nbob");
    stage.act(Action::Switch(0));
    stage.effects.clear();
    stage.say("bob", "#ops", "annual report");
    stage.say("bob", "#ops", "is ANN here?");
    stage.say("bob", "ann", "hey");
    let count = |index: usize| {
        let one = &stage.model.conversations[index];
        (one.unread, one.mentions)
    };
    assert_eq!((count(1), count(2)), ((2, 1), (1, 1)));
    // The bell rings once a second at the most.
    assert_eq!(stage.bells(), 1);
    stage.act(Action::NextUnread);
    assert_eq!(stage.model.open, 1);
    stage.act(Action::NextUnread);
    assert_eq!(stage.model.open, 2);
    assert!(stage.model.conversations.iter().all(|one| one.unread == 0));
}

#[test]
fn who_is_ignored_is_not_heard_but_for_broadcasts() {
    let mut stage = Stage::new(80, 20);
    stage.enter("/ignore BOB");
    stage.say("bob", "ann", "hey");
    assert_eq!(stage.model.conversations.len(), 1);
    stage.say("bob", "/broadcast", "fire");
    assert_eq!(stage.model.banners.len(), 1);
    stage.enter("/ignore bob");
    stage.say("bob", "ann", "hey");
    assert_eq!(stage.model.conversations.len(), 2);
}

#[test]
fn tab_knows_names_rooms_and_commands() {
    let mut stage = Stage::new(80, 20);
    stage.join("#ops", "ann\nbob\nbert");
    for (typed, completed) in [
        ("/jo", "/join "),
        ("bo", "bob: "),
        ("hi é", "hi Éva "),
        ("/join #o", "/join #ops "),
        ("@b", "@bert "),
    ] {
        stage.act(Action::Edit(InputRequest::DeleteLine));
        stage.type_text(typed);
        stage.act(Action::Complete { back: false });
        assert_eq!(draft(&stage), completed);
    }
    stage.act(Action::Complete { back: false });
    assert_eq!(draft(&stage), "@bob ");
    stage.act(Action::Complete { back: true });
    assert_eq!(draft(&stage), "@bert ");
}

#[test]
fn ctrl_c_loses_nothing() {
    let mut stage = Stage::new(80, 20);
    stage.type_text("precious");
    stage.act(Action::Interrupt);
    assert_eq!(draft(&stage), "");
    stage.act(Action::Older);
    assert_eq!(draft(&stage), "precious");
    stage.act(Action::Interrupt);
    stage.act(Action::Interrupt);
    assert!(!stage.effects.contains(&Effect::Quit));
    stage.pass(Duration::from_secs(4));
    stage.act(Action::Interrupt);
    assert!(!stage.effects.contains(&Effect::Quit));
    stage.act(Action::Interrupt);
    assert!(stage.effects.contains(&Effect::Quit));
}

#[test]
fn what_is_pasted_is_never_a_command() {
    let mut stage = Stage::new(80, 20);
    stage.enter("/to bob");
    stage.type_text("> ");
    stage.event(Event::Paste("one\n\n/quit\n".to_owned()));
    assert_eq!(stage.sent(), []);
    stage.act(Action::Escape);
    assert_eq!((stage.sent(), draft(&stage)), (vec![], "> "));
    stage.event(Event::Paste("one\n\n/quit\n".to_owned()));
    stage.act(Action::Edit(InputRequest::InsertChar('l')));
    assert_eq!(stage.sent(), [pair("bob", "> one"), pair("bob", "/quit")]);
    stage.event(Event::Paste("a\r\nb".to_owned()));
    stage.act(Action::Submit);
    assert_eq!(stage.sent(), [pair("bob", "a\nb")]);
    stage.event(Event::Paste("one line\n".to_owned()));
    assert_eq!((stage.sent(), draft(&stage)), (vec![], "one line"));
}

#[test]
fn a_line_too_long_stays() {
    let mut stage = Stage::new(80, 20);
    stage.enter("/to bob");
    stage.event(Event::Paste(format!("{}\n{}", "x".repeat(40_000), "y".repeat(40_000))));
    stage.act(Action::Submit);
    assert_eq!(stage.sent(), []);
    assert!(stage.model.hint().unwrap().contains("too long"));
    stage.act(Action::Edit(InputRequest::InsertChar('l')));
    assert_eq!(stage.sent().len(), 2);
}

#[test]
fn each_conversation_keeps_its_draft() {
    let mut stage = Stage::new(80, 20);
    stage.enter("/to bob");
    stage.type_text("for bob");
    stage.act(Action::Previous);
    assert_eq!(draft(&stage), "");
    stage.act(Action::Next);
    assert_eq!(draft(&stage), "for bob");
}

#[test]
fn the_view_stays_where_it_was_scrolled_to() {
    let mut stage = Stage::new(80, 20);
    stage.enter("/to bob");
    for number in 0..100 {
        stage.say("bob", "ann", &format!("line {number}"));
    }
    stage.act(Action::PageUp);
    let rows = |stage: &Stage| {
        let screen = stage.screen();
        screen.lines().filter(|row| row.contains("line ")).map(str::to_owned).collect::<Vec<_>>()
    };
    let before = rows(&stage);
    assert!(before.last().unwrap().contains("line 83"), "{before:?}");
    stage.say("bob", "ann", "line 100");
    assert_eq!(rows(&stage), before);
    assert_eq!(stage.model.conversation().lines_below(), 17);
    stage.act(Action::ToStart);
    assert!(rows(&stage)[0].contains("line 0"));
    for _ in 0..7 {
        stage.act(Action::PageDown);
    }
    assert!(!stage.model.conversation().is_scrolled());
    assert!(rows(&stage).last().unwrap().contains("line 100"));
}

#[test]
fn members_are_asked_for_one_room_at_a_time() {
    let mut stage = Stage::new(110, 12);
    stage.enter("/join #a");
    stage.say("/join", "ann", "#a 2");
    stage.enter("/members #b");
    let asked = |stage: &Stage| {
        let is_members =
            |effect: &&Effect| matches!(effect, Effect::Send { to, .. } if to == "/members");
        stage.effects.iter().filter(is_members).count()
    };
    assert_eq!(asked(&stage), 1);
    stage.say("/members", "ann", "1-2 of 2\nann\nbob");
    assert_eq!(asked(&stage), 2);
    stage.say("/members", "ann", "1-1 of 1\nzoe");
    assert!(last(&stage).1.contains("zoe"));
    let key = "a".to_owned();
    assert_eq!(stage.model.people.members[&key].shown().collect::<Vec<_>>(), ["ann", "bob"]);
    assert_eq!(stage.model.conversation().place, Place::Room(key));
}
