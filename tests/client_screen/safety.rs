//! Whatever comes, in whatever order: nothing panics, every bound holds, and
//! no character that a terminal obeys gets onto the screen.

use crate::stage::Stage;
use lanline::client::model::action::Action;
use lanline::client::model::conversation::{Place, SCROLLBACK_LINES_MAX};
use lanline::client::model::{CONVERSATIONS_MAX, Event, SCROLLBACK_BYTES_MAX};
use lanline::client::proof::Lacking;
use lanline::client::safe;
use lanline::wire::Welcome;
use proptest::prelude::*;
use std::time::Duration;
use tui_input::InputRequest;

#[derive(Clone, Debug)]
enum Step {
    Packet { from: String, to: String, msg: String },
    Type(String),
    Paste(String),
    Do(Action),
    Resize(u16, u16),
    Pass(u64),
    Connected,
    NotConnected,
    NameTaken,
    NoProof,
    NetworkCameBack,
    Resumed,
    Lost,
}

fn step() -> impl Strategy<Value = Step> {
    let name = || {
        prop_oneof![
            Just("bob".to_owned()),
            Just("#ops".to_owned()),
            Just("ann".to_owned()),
            "[a-zé李\u{202e} ]{0,5}",
            prop::sample::select(vec![
                "/error",
                "/welcome",
                "/list",
                "/members",
                "/join",
                "/leave",
                "/time",
                "/ping",
                "/kick",
                "/joined",
                "/left",
                "/who",
                "/rooms",
                "/broadcast",
                "/presence",
                "/resume",
                "/room",
                "/quit",
                "/new",
            ])
            .prop_map(str::to_owned),
        ]
    };
    let msg = || {
        prop_oneof![
            any::<String>(),
            "[0-9]{1,2} [a-z-]{1,9}( bob)?\n.{0,20}",
            "[0-9]{1,2}-[0-9]{1,2} of [0-9]{1,2}\n([a-e]{1,3}\n){0,4}",
            "#?[a-c]{1,3} [0-9]{1,3}",
            "2026-11-23T1[0-9]:00:00Z",
            "(ann|李雷|👩\u{200d}👧|\u{1b}\\[2J|\u{202e}|\t|\n|e\u{301}| ){0,30}",
        ]
    };
    let line = prop_oneof![
        "/(register|password|msg|to|join|leave|who|list|search|clear|ignore|reply|help|ack|members|close|cancel|resend|broadcast|topic|me|quit)( #?[a-c]{1,2})?( .{0,9})?",
        "[a-c @/]{0,12}",
        any::<String>(),
    ];
    use Action::*;
    let actions = vec![
        Submit,
        Complete { back: false },
        Complete { back: true },
        Older,
        Newer,
        PageUp,
        PageDown,
        RowUp,
        RowDown,
        ToStart,
        ToEnd,
        Next,
        Previous,
        Switch(0),
        Switch(2),
        Switch(8),
        NextUnread,
        Search,
        Escape,
        Interrupt,
        EndOfInput,
        Help,
        Repaint,
        Edit(InputRequest::DeletePrevWord),
        Edit(InputRequest::GoToPrevChar),
        Edit(InputRequest::InsertChar('l')),
        Edit(InputRequest::Yank),
        Edit(InputRequest::DeleteTillEnd),
    ];
    prop_oneof![
        6 => (name(), name(), msg()).prop_map(|(from, to, msg)| Step::Packet { from, to, msg }),
        4 => line.prop_map(Step::Type),
        1 => msg().prop_map(Step::Paste),
        6 => prop::sample::select(actions).prop_map(Step::Do),
        1 => (0u16..130, 0u16..30).prop_map(|(width, height)| Step::Resize(width, height)),
        1 => (0u64..200).prop_map(Step::Pass),
        1 => Just(Step::Connected),
        1 => Just(Step::NotConnected),
        1 => Just(Step::NameTaken),
        1 => Just(Step::NoProof),
        1 => Just(Step::NetworkCameBack),
        1 => Just(Step::Resumed),
        2 => Just(Step::Lost),
    ]
}

fn take(stage: &mut Stage, step: Step) {
    match step {
        Step::Packet { from, to, msg } => stage.say(&from, &to, &msg),
        Step::Type(line) => stage.enter(&line),
        Step::Paste(text) => stage.event(Event::Paste(text)),
        Step::Do(action) => stage.act(action),
        Step::Resize(width, height) => stage.size = (width, height),
        Step::Pass(seconds) => stage.pass(Duration::from_secs(seconds)),
        Step::Connected => {
            stage.event(Event::Connected(Welcome::parse("ann ::1 1 x").unwrap()));
        }
        Step::NotConnected => stage.event(Event::NotConnected("no\u{1b}".to_owned())),
        Step::NameTaken => stage.event(Event::NameTaken),
        Step::NoProof => stage.event(Event::NoProof(Lacking::Token)),
        Step::NetworkCameBack => stage.event(Event::NetworkCameBack),
        Step::Resumed => {
            let welcome = Welcome::parse("ann ::1 1 x").unwrap();
            stage.event(Event::Greeted { welcome, packets: 1 });
        }
        Step::Lost => stage.event(Event::Lost("gone\u{202e}".to_owned())),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, ..ProptestConfig::default() })]
    #[test]
    fn whatever_comes(steps in prop::collection::vec(step(), 1..60)) {
        let mut stage = Stage::new(100, 24);
        for step in steps {
            take(&mut stage, step);
            let model = &stage.model;
            prop_assert!(model.open < model.conversations.len());
            prop_assert_eq!(&model.conversations[0].place, &Place::Server);
            let places: std::collections::BTreeSet<_> =
                model.conversations.iter().map(|one| &one.place).collect();
            prop_assert_eq!(places.len(), model.conversations.len());
            let terminal = stage.terminal();
            let cells = terminal.backend().buffer().content();
            prop_assert!(cells.iter().all(|cell| !cell.symbol().contains(safe::is_obeyed)));
        }
    }
}

#[test]
fn a_flood_stays_within_bounds() {
    let mut stage = Stage::new(100, 24);
    for number in 0..SCROLLBACK_LINES_MAX + 1000 {
        stage.say("bob", "ann", &format!("line {number}"));
    }
    let bob = &stage.model.conversations[1];
    assert_eq!(bob.lines().len(), SCROLLBACK_LINES_MAX);
    assert!(bob.lines().back().unwrap().text.ends_with("100999"));

    let long = "x".repeat(60_000);
    for number in 0..1200 {
        stage.say(&format!("u{number}"), "ann", &long);
    }
    let bytes: usize = stage.model.conversations.iter().map(|one| one.bytes()).sum();
    assert!(bytes <= SCROLLBACK_BYTES_MAX, "{bytes}");
    assert_eq!(stage.model.conversations.len(), CONVERSATIONS_MAX);
    for _ in 0..3000 {
        stage.say("bob", "/broadcast", "again");
    }
    assert_eq!(stage.model.banners.len(), 20);
}
