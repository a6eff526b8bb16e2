//! What people expect of a chat: commands that other programs have, what is new,
//! who it was, broadcasts, logs.

use crate::stage::Stage;
use jiff::tz::TimeZone;
use lanline::client::model::action::Action;
use lanline::client::model::line::{Delivery, Kind};
use lanline::client::model::{Bell, Effect, Event, Options};
use tui_input::InputRequest;

fn pair(to: &str, msg: &str) -> (String, String) {
    (to.to_owned(), msg.to_owned())
}

fn last(stage: &Stage) -> (&Kind, &str) {
    let line = stage.model.conversation().lines().back().unwrap();
    (&line.kind, line.text.as_str())
}

#[test]
fn writing_to_somebody_leaves_one_where_one_is() {
    let mut stage = Stage::new(80, 20);
    stage.join("#ops", "ann\nbob");
    for line in ["@bob psst", "/msg bob psst"] {
        stage.effects.clear();
        stage.enter(line);
        assert_eq!(stage.sent(), [pair("bob", "psst")]);
        assert_eq!(stage.model.conversation().title, "#ops");
        assert_eq!(stage.model.hint(), Some("written to bob; /to bob opens that conversation"));
    }
    stage.enter("/to bob and more");
    assert_eq!(stage.sent(), [pair("bob", "and more")]);
    assert_eq!(stage.model.conversation().title, "bob");
}

#[test]
fn what_other_programs_call_it_is_known() {
    let mut stage = Stage::new(80, 20);
    stage.join("#ops", "ann\nbob");
    stage.effects.clear();
    stage.enter("/me waves");
    stage.enter("/whois bob");
    stage.enter("/topic Lunch");
    stage.enter("/part");
    assert_eq!(
        stage.sent(),
        [
            pair("#ops", "*waves*"),
            pair("/who", "bob"),
            pair("/room", "#ops topic Lunch"),
            pair("/leave", "#ops"),
        ]
    );
    stage.refuse("/room", "no-such-endpoint\nThere is no such endpoint; see /help.");
    assert!(last(&stage).1.ends_with("this server keeps no topics"), "{:?}", last(&stage));
    stage.say("/leave", "ann", "#ops");
    stage.enter("/query bob");
    assert_eq!(stage.model.conversation().title, "bob");
    stage.enter("/close");
    assert_eq!(stage.model.conversations.len(), 1);
    for (line, words) in [("/nick zoe", "lanline chat NAME"), ("/away lunch", "nobody who is away")]
    {
        stage.enter(line);
        assert!(stage.model.hint().unwrap().contains(words), "{line}");
    }
    // Members are asked for by the client itself as well: here, who is asked.
    stage.effects.clear();
    stage.enter("/names");
    let asked = Effect::Send { to: "/list".to_owned(), msg: String::new() };
    assert!(stage.effects.contains(&asked), "{:?}", stage.effects);
}

#[test]
fn remarks_go_with_the_next_key_that_writes() {
    let mut stage = Stage::new(80, 20);
    stage.enter("hello?");
    assert!(stage.model.hint().is_some());
    stage.type_text("@");
    assert_eq!(stage.model.hint(), None);
    stage.event(Event::Paste("one\ntwo".to_owned()));
    stage.act(Action::Escape);
    assert_eq!(stage.model.hint(), Some("not sent"));
    stage.act(Action::Edit(InputRequest::DeleteLine));
    stage.enter("/to bob");
    assert_eq!(stage.model.hint(), None);
    stage.enter("/away");
    assert!(stage.model.hint().is_some());
    stage.act(Action::Edit(InputRequest::DeleteLine));
    assert_eq!(stage.model.hint(), None);
}

#[test]
fn the_newest_broadcast_is_on_top() {
    let mut stage = Stage::new(80, 20);
    stage.say("bob", "/broadcast", "Lunch is ready.");
    stage.say("bob", "/broadcast", "Cake in the kitchen.");
    stage.say("Éva", "/broadcast", "FIRE in the kitchen.");
    let top = |stage: &Stage| stage.screen().lines().take(2).collect::<Vec<_>>().join("\n");
    assert!(top(&stage).contains("FIRE") && top(&stage).contains("and 2 older"), "{}", top(&stage));
    stage.act(Action::Escape);
    assert!(top(&stage).contains("Cake") && top(&stage).contains("and 1 older"), "{}", top(&stage));
    stage.enter("/ack");
    assert!(top(&stage).contains("Lunch") && !top(&stage).contains("older"), "{}", top(&stage));
}

#[test]
fn ones_own_broadcast_is_seen_and_can_be_refused() {
    let mut stage = Stage::new(80, 20);
    stage.enter("/broadcast all out");
    stage.say("/broadcast", "ann", "1");
    let texts: Vec<&str> =
        stage.model.conversation().lines().iter().map(|line| line.text.as_str()).collect();
    assert!(texts.ends_with(&["/broadcast all out", "for 1 user"]), "{texts:?}");
    stage.enter("/broadcast again");
    stage.refuse("/broadcast", "slow-down\nYou broadcast too often; wait a moment.");
    assert!(matches!(last(&stage).0, Kind::Own(Delivery::Refused { .. })), "{:?}", last(&stage));
}

#[test]
fn a_line_stands_above_what_is_new() {
    let mut stage = Stage::new(80, 20);
    stage.join("#ops", "ann\nbob");
    stage.say("bob", "#ops", "old");
    stage.act(Action::Switch(0));
    stage.say("bob", "#ops", "first");
    stage.say("bob", "#ops", "second");
    stage.act(Action::Switch(1));
    let rows = |stage: &Stage| {
        let screen = stage.screen();
        let rows = screen.lines().map(str::to_owned);
        rows.filter(|row| ["old", "new since", "first", "second"].iter().any(|it| row.contains(it)))
            .collect::<Vec<_>>()
    };
    let shown = rows(&stage);
    assert_eq!(shown.len(), 4, "{shown:?}");
    assert!(shown[1].contains("── new since 12:00 ──"), "{shown:?}");
    assert!(shown[2].contains("first"), "{shown:?}");
    // What comes while it is open isn't new; left once more, nothing is.
    stage.say("bob", "#ops", "third");
    stage.act(Action::Switch(0));
    stage.act(Action::Switch(1));
    assert_eq!(rows(&stage).len(), 3);
}

#[test]
fn another_address_under_the_same_name_is_told() {
    let mut stage = Stage::new(80, 20);
    let from = |stage: &mut Stage, name: &str, ip: &str, to: &str| {
        stage.event(Event::Packet(lanline::wire::Received {
            name: name.to_owned(),
            ip: ip.to_owned(),
            to: to.to_owned(),
            msg: "hello".to_owned(),
        }));
    };
    let warnings = |stage: &Stage| {
        let lines = stage.model.conversations.iter().flat_map(|one| one.lines());
        let warnings = lines.filter(|line| line.kind == Kind::Warning);
        warnings.map(|line| line.text.clone()).collect::<Vec<_>>()
    };
    from(&mut stage, "bob", "10.0.0.5", "ann");
    from(&mut stage, "zoe", "10.0.0.9", "ann");
    from(&mut stage, "Bob", "10.0.0.5", "#ops");
    assert_eq!(warnings(&stage), [""; 0]);
    // In the conversation with them, and in the room where they speak.
    from(&mut stage, "bob", "10.0.0.7", "#ops");
    let told = "bob is now at another address (10.0.0.7, was 10.0.0.5): it may be somebody else.";
    assert_eq!(warnings(&stage), [told, told]);
    from(&mut stage, "bob", "10.0.0.7", "/broadcast");
    assert_eq!(warnings(&stage).len(), 2);
}

#[test]
fn rooms_of_the_configuration_are_joined_at_the_start() {
    let options = Options {
        server: "hall:5260".to_owned(),
        bell: Bell::Never,
        zone: TimeZone::UTC,
        seed: 1,
        name_colors: 10,
        has_mouse: true,
        rooms: vec!["#ops".to_owned(), "#tea".to_owned()],
        keeps_log: false,
        keeps_secrets: false,
    };
    let mut stage = Stage::with(options, 80, 20);
    let joins = stage.recipients().iter().filter(|to| *to == "/join").count();
    stage.say("/join", "ann", "#ops 2");
    stage.say("/join", "ann", "#tea 1");
    assert_eq!((joins, stage.model.open), (2, 0));
    assert!(stage.model.is_member("#ops") && stage.model.is_member("#tea"));
}

#[test]
fn conversations_are_written_to_files_where_that_is_wanted() {
    let options = Options {
        server: "hall:5260".to_owned(),
        bell: Bell::Never,
        zone: TimeZone::UTC,
        seed: 1,
        name_colors: 10,
        has_mouse: true,
        rooms: Vec::new(),
        keeps_log: true,
        keeps_secrets: false,
    };
    let mut stage = Stage::with(options, 80, 20);
    stage.enter("/to Bob hello");
    stage.say("bob", "ann", "two\nlines\u{1b}");
    let entries: Vec<(&str, &str)> = stage
        .effects
        .iter()
        .filter_map(|effect| match effect {
            Effect::Log(entry) => Some((entry.conversation.as_str(), entry.text.as_str())),
            _ => None,
        })
        .collect();
    assert_eq!(
        entries,
        [
            ("bob", "2026-11-23 12:00:00\tann\thello"),
            ("bob", "2026-11-23 12:00:00\tbob\ttwo\n\t\tlines\\u{1b}"),
        ]
    );
    stage.event(Event::NotLogged("disk full".to_owned()));
    stage.effects.clear();
    stage.say("bob", "ann", "more");
    assert!(!stage.effects.iter().any(|effect| matches!(effect, Effect::Log(_))));
}
