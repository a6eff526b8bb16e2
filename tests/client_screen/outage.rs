//! The connection goes and comes back: what was typed meanwhile, how long it
//! takes, whose name it is.

use crate::stage::Stage;
use lanline::client::model::action::Action;
use lanline::client::model::line::{Delivery, Kind};
use lanline::client::model::link::Link;
use lanline::client::model::{Effect, Event};
use lanline::wire::Welcome;
use proptest::prelude::*;
use std::time::Duration;
use tui_input::InputRequest;

fn pair(to: &str, msg: &str) -> (String, String) {
    (to.to_owned(), msg.to_owned())
}

fn lose(stage: &mut Stage) {
    stage.pong();
    stage.event(Event::Lost("gone.".to_owned()));
    stage.effects.clear();
}

fn welcome() -> Welcome {
    Welcome::parse("ann 192.168.1.7 3 lanline/0.1.0").unwrap()
}

fn draft(stage: &Stage) -> &str {
    stage.model.conversation().draft.value()
}

/// Texts of our own lines in the open conversation, and what became of them.
fn own(stage: &Stage) -> Vec<(String, Delivery)> {
    let lines = stage.model.conversation().lines().iter();
    lines
        .filter_map(|line| match &line.kind {
            Kind::Own(delivery) => Some((line.text.clone(), delivery.clone())),
            _ => None,
        })
        .collect()
}

#[test]
fn lines_typed_without_a_connection_wait_and_go_in_order() {
    let mut stage = Stage::new(80, 20);
    stage.enter("/to bob");
    lose(&mut stage);
    stage.enter("one");
    stage.enter("two");
    stage.enter("@zoe three");
    stage.enter("/broadcast four");
    stage.enter("/who zoe");
    assert_eq!((stage.sent(), draft(&stage)), (vec![], ""));
    assert_eq!(
        own(&stage),
        [
            ("one".to_owned(), Delivery::Waiting),
            ("two".to_owned(), Delivery::Waiting),
            ("/who zoe".to_owned(), Delivery::Waiting),
        ]
    );
    let screen = stage.screen();
    assert!(screen.contains("5 lines waiting"), "{screen}");
    assert!(screen.contains("… waiting for the connection"), "{screen}");

    stage.event(Event::Connected(welcome()));
    let expected = [
        pair("bob", "one"),
        pair("bob", "two"),
        pair("zoe", "three"),
        pair("/broadcast", "four"),
        pair("/who", "zoe"),
    ];
    assert_eq!(stage.sent(), expected);
    assert!(own(&stage).iter().all(|(_, delivery)| *delivery == Delivery::Sent));
    // Refusals find these lines, and nothing goes a second time.
    stage.refuse("bob", "no-such-user\nNobody of that name is here.");
    assert!(matches!(own(&stage)[1].1, Delivery::Refused { .. }));
    stage.pass(Duration::from_secs(1));
    lose(&mut stage);
    stage.event(Event::Connected(welcome()));
    assert_eq!(stage.sent(), []);
}

#[test]
fn lines_for_a_room_wait_until_we_are_in_it_again() {
    let mut stage = Stage::new(80, 20);
    stage.join("#ops", "ann\nbob");
    lose(&mut stage);
    stage.enter("one");
    stage.enter("@bob two");
    stage.event(Event::Connected(welcome()));
    assert_eq!(stage.sent(), [pair("/join", "#ops")]);
    // Typed after the return, it stays behind those typed before.
    stage.enter("three");
    assert_eq!(stage.sent(), []);
    stage.say("/join", "ann", "#ops 2");
    assert_eq!(stage.sent(), [pair("#ops", "one"), pair("bob", "two"), pair("#ops", "three")]);
}

#[test]
fn a_room_that_we_may_not_join_again_holds_nothing_up() {
    let mut stage = Stage::new(80, 20);
    stage.join("#ops", "ann\nbob");
    lose(&mut stage);
    stage.enter("one");
    stage.event(Event::Connected(welcome()));
    stage.refuse("/join", "too-many\nToo many rooms.");
    assert_eq!(stage.sent(), [pair("/join", "#ops"), pair("#ops", "one")]);
    assert!(!stage.model.is_member("#ops"));
}

#[test]
fn a_connection_lost_before_its_rooms_are_joined_forgets_none() {
    let mut stage = Stage::new(80, 20);
    stage.join("#ops", "ann\nbob");
    lose(&mut stage);
    stage.event(Event::Connected(welcome()));
    lose(&mut stage);
    stage.event(Event::Connected(welcome()));
    assert_eq!(stage.sent(), [pair("/join", "#ops")]);
}

#[test]
fn a_waiting_line_can_be_taken_back() {
    let mut stage = Stage::new(80, 20);
    stage.enter("/to bob");
    lose(&mut stage);
    stage.enter("one");
    stage.enter("//two");
    stage.enter("/cancel");
    assert_eq!(draft(&stage), "/msg bob /two");
    assert_eq!(own(&stage)[1].1, Delivery::TakenBack);
    stage.act(Action::Interrupt);
    stage.enter("@zoe three");
    stage.enter("/cancel all");
    assert_eq!(own(&stage)[0].1, Delivery::TakenBack);
    stage.enter("/cancel");
    assert_eq!(stage.model.hint(), Some("no line is waiting in this conversation"));
    stage.event(Event::Connected(welcome()));
    assert_eq!(stage.sent(), []);
}

#[test]
fn a_conversation_with_waiting_lines_stays_in_sight() {
    let mut stage = Stage::new(80, 20);
    stage.enter("/to bob");
    lose(&mut stage);
    stage.enter("one");
    for command in ["/clear", "/close"] {
        stage.enter(command);
        assert_eq!(
            stage.model.hint(),
            Some("lines are waiting here: /cancel takes them back"),
            "{command}"
        );
    }
    assert_eq!((stage.model.conversation().title.as_str(), own(&stage).len()), ("bob", 1));
    stage.enter("/quit");
    assert!(!stage.effects.contains(&Effect::Quit));
    assert!(stage.model.hint().unwrap().contains("not sent yet: 1 line"));
    stage.act(Action::Submit);
    assert!(stage.effects.contains(&Effect::Quit));
}

#[test]
fn a_token_never_waits() {
    let mut stage = Stage::new(80, 20);
    lose(&mut stage);
    stage.enter("/operator secret");
    assert_eq!(stage.model.waiting_lines(), 0);
    // Nor does it get into the history when the next line replaces it.
    stage.enter("/rooms");
    stage.act(Action::Older);
    stage.act(Action::Older);
    assert_eq!(draft(&stage), "/rooms");
}

#[test]
fn a_line_that_enter_could_do_nothing_with_never_runs_into_the_next() {
    let mut stage = Stage::new(80, 20);
    stage.enter("hello?");
    stage.enter("@bob hello");
    assert_eq!(stage.sent(), [pair("bob", "hello")]);
    stage.act(Action::Older);
    stage.act(Action::Older);
    assert_eq!(draft(&stage), "hello?");
    // Who wants to correct it can.
    stage.act(Action::Interrupt);
    stage.enter("/jion #ops");
    for _ in 0..6 {
        stage.act(Action::Edit(InputRequest::GoToPrevChar));
    }
    stage.act(Action::Edit(InputRequest::DeletePrevChar));
    stage.act(Action::Edit(InputRequest::DeletePrevChar));
    stage.type_text("oi");
    stage.act(Action::Submit);
    assert_eq!(stage.sent(), [pair("/join", "#ops")]);
}

#[test]
fn a_refused_line_goes_again_only_where_nobody_got_it() {
    let mut stage = Stage::new(80, 20);
    stage.enter("/to bob");
    stage.enter("hello");
    stage.refuse("bob", "busy bob\nToo much waits for them already.");
    assert_eq!(stage.sent(), [pair("bob", "hello")]);
    stage.enter("/resend");
    stage.enter("/resend");
    assert_eq!(stage.sent(), [pair("bob", "hello")]);
    let [first, second] = &own(&stage)[..] else { panic!("{:?}", own(&stage)) };
    assert_eq!((&first.1, &second.1), (&Delivery::SentAgain, &Delivery::Sent));

    stage.join("#ops", "ann\nbob\nÉva");
    stage.enter("to all");
    stage.refuse("#ops", "busy bob\nToo much waits for them already.");
    stage.sent();
    stage.enter("/resend");
    assert_eq!(stage.sent(), []);
}

#[test]
fn the_pause_is_counted_down_and_can_be_cut_short() {
    let mut stage = Stage::new(100, 20);
    lose(&mut stage);
    for _ in 0..6 {
        let Link::Waiting { until, .. } = stage.model.link else { panic!("not waiting") };
        stage.pass(until - stage.now.ticks);
        stage.event(Event::NotConnected("can't reach hall:5260: refused".to_owned()));
    }
    stage.effects.clear();
    let mut shown = Vec::new();
    while let Some(seconds) = stage.model.next_attempt_in() {
        let screen = stage.screen();
        assert!(screen.contains(&format!("again in {seconds} s; /reconnect: now")), "{screen}");
        shown.push(seconds);
        let next = stage.model.deadline().unwrap();
        stage.pass(next - stage.now.ticks);
    }
    let expected: Vec<u64> = (1..=shown[0]).rev().collect();
    assert_eq!(shown, expected);
    assert_eq!(stage.effects, [Effect::Connect]);
    // What is always the same is said once.
    let said = stage.model.conversation().lines().iter();
    assert_eq!(said.filter(|line| line.text.contains("can't reach")).count(), 1);

    stage.event(Event::NotConnected("can't reach hall:5260: refused".to_owned()));
    stage.effects.clear();
    stage.event(Event::NetworkCameBack);
    assert_eq!(stage.effects, [Effect::Connect]);
    stage.event(Event::NetworkCameBack);
    assert_eq!(stage.effects, [Effect::Connect]);
}

#[test]
fn attempts_that_take_long_begin_no_further_apart() {
    let mut stage = Stage::new(80, 20);
    lose(&mut stage);
    for _ in 0..6 {
        let Link::Waiting { until, .. } = stage.model.link else { panic!("not waiting") };
        stage.pass(until - stage.now.ticks);
        let began = stage.now.ticks;
        stage.pass(Duration::from_secs(10));
        stage.event(Event::NotConnected("can't reach hall:5260: no answer".to_owned()));
        let Link::Waiting { until, .. } = stage.model.link else { panic!("not waiting") };
        assert!(until - began <= Duration::from_secs(15), "{:?}", until - began);
    }
}

#[test]
fn who_went_silent_is_not_said_to_have_closed() {
    let mut stage = Stage::new(80, 20);
    stage.pass(Duration::from_secs(31));
    stage.pass(Duration::from_secs(31));
    assert!(stage.effects.contains(&Effect::Disconnect));
    stage.event(Event::Lost("the server closed it.".to_owned()));
    let said = &stage.model.conversation().lines().back().unwrap().text;
    assert!(said.starts_with("Connection lost: the server said nothing for 30 s."), "{said}");
}

#[test]
fn a_taken_name_may_be_our_own_until_the_server_gives_it_up() {
    let mut stage = Stage::new(80, 24);
    lose(&mut stage);
    stage.pass(Duration::from_secs(2));
    stage.event(Event::NameTaken);
    let text = |stage: &Stage| stage.model.conversations[0].lines().back().unwrap().text.clone();
    // Lost at 12:00:00, and 90 s on.
    assert!(text(&stage).contains("perhaps by your own lost connection"), "{}", text(&stage));
    assert!(text(&stage).contains("12:01:30 at the latest"), "{}", text(&stage));
    stage.pass(Duration::from_secs(2));
    let lines = stage.model.conversations[0].lines().len();
    stage.event(Event::NameTaken);
    assert_eq!(stage.model.conversations[0].lines().len(), lines, "said once");
    stage.pass(Duration::from_secs(90));
    stage.event(Event::NameTaken);
    assert!(text(&stage).contains("Somebody else has the name ann"), "{}", text(&stage));
}

#[test]
fn the_secret_of_a_name_is_kept_and_never_shown() {
    const SECRET: &str = "00112233445566778899aabbccddeeff";
    let mut stage = Stage::new(80, 20);
    let asks = |stage: &mut Stage| {
        let asked = Effect::Send { to: "/resume".to_owned(), msg: String::new() };
        stage.effects.iter().filter(|effect| **effect == asked).count()
    };
    lose(&mut stage);
    stage.event(Event::Greeted { welcome: welcome(), packets: 1 });
    assert_eq!(asks(&mut stage), 1);
    stage.say("/resume", "ann", "no secret");
    stage.say("/resume", "ann", SECRET);
    let kept = |effect: &&Effect| matches!(effect, Effect::KeepSecret(_));
    let kept: Vec<&Effect> = stage.effects.iter().filter(kept).collect();
    assert_eq!(kept, [&Effect::KeepSecret(SECRET.to_owned())]);
    assert!(!stage.screen().contains("0011"));
    // The greeting was packet 1, so that what comes behind it is counted on.
    stage.sent();
    stage.enter("/to bob hello");
    let packets = 1 + ["/time", "/presence", "/list", "/resume", "/ping", "bob"].len();
    stage.say("/error", "ann", &format!("{packets} no-such-user\nNobody."));
    assert!(matches!(own(&stage)[0].1, Delivery::Refused { .. }), "{:?}", own(&stage));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]
    /// However often the connection goes, and whenever: each line goes once, in
    /// the order typed.
    #[test]
    fn each_line_goes_once_and_in_order(steps in prop::collection::vec(0..6, 1..40)) {
        let mut stage = Stage::new(80, 20);
        stage.join("#ops", "ann\nbob");
        stage.sent();
        let mut typed = Vec::new();
        let mut sent = Vec::new();
        for (number, step) in steps.into_iter().chain([3, 4]).enumerate() {
            let is_online = stage.model.link == Link::Online;
            let text = format!("line {number}");
            match step {
                0 => {
                    stage.enter(&text);
                    typed.push(pair("#ops", &text));
                }
                1 => {
                    stage.enter(&format!("@bob {text}"));
                    typed.push(pair("bob", &text));
                }
                2 if is_online => stage.event(Event::Lost("gone.".to_owned())),
                3 if !is_online => stage.event(Event::Connected(welcome())),
                4 if is_online => stage.say("/join", "ann", "#ops 2"),
                5 => stage.pass(Duration::from_secs(1)),
                _ => {}
            }
            let packets = stage.sent().into_iter();
            sent.extend(packets.filter(|(to, _)| !to.starts_with('/')));
        }
        prop_assert_eq!(sent, typed);
    }
}
