//! Screens as they are, kept as snapshots: `cargo insta review` after a change
//! that is meant.

use crate::stage::Stage;
use insta::assert_snapshot;
use lanline::client::model::Event;
use lanline::client::model::action::Action;
use std::time::Duration;

/// A room, a person, a refused line, something unread.
fn busy(width: u16, height: u16) -> Stage {
    let mut stage = Stage::new(width, height);
    stage.join("#ops", "ann\nbob\nÉva");
    stage.say(
        "bob",
        "#ops",
        "The printer on the second floor is out of paper again, and nobody knows where the key is.",
    );
    stage.enter("I have it.");
    stage.say("Éva", "#ops", "ann: thank you!\nIt was urgent.");
    stage.now.wall += Duration::from_secs(12 * 3600);
    stage.say("bob", "#ops", "Good morning.");
    stage.enter("/to zoe are you there?");
    stage.refuse("zoe", "no-such-user\nNobody of that name is here.");
    stage.act(Action::Switch(1));
    stage.say("bob", "ann", "psst");
    stage.type_text("half a li");
    stage
}

#[test]
fn wide() {
    assert_snapshot!(busy(110, 16).screen());
}

#[test]
fn medium() {
    assert_snapshot!(busy(72, 14).screen());
}

#[test]
fn narrow() {
    assert_snapshot!(busy(38, 14).screen());
}

#[test]
fn tiny() {
    let sizes = [(20, 5), (12, 3), (8, 2), (4, 1), (1, 1)];
    let screens = sizes
        .map(|(width, height)| format!("{width} x {height}\n{}", busy(width, height).screen()));
    assert_snapshot!(screens.join("----\n"));
}

#[test]
fn scripts_of_the_world() {
    let mut stage = Stage::new(76, 16);
    stage.join("#大厅", "ann\n李雷\nعلي");
    stage.say("李雷", "#大厅", "会议室在三楼,请大家下午三点准时参加,不要迟到。会议室在三楼,请大家下午三点准时参加,不要迟到。");
    stage.say("علي", "#大厅", "مرحبا بكم في غرفة الدردشة");
    stage.say("Éva", "#大厅", "👩\u{200d}👩\u{200d}👧 🇫🇷 👍🏽 e\u{301}tude");
    stage.say("אבי", "#大厅", "שלום abc 123");
    assert_snapshot!(stage.screen());
}

#[test]
fn what_would_steer_a_terminal_is_shown() {
    let mut stage = Stage::new(76, 14);
    stage.join("#ops", "ann\nbob");
    stage.say("bob", "#ops", "\u{1b}[2J\u{1b}[31mred\u{7} \u{202e}txt.exe\u{2066} \u{9b}1m");
    stage.say(
        "bob",
        "#ops",
        "x\n─────── Tuesday, 24 November 2026 ───────\n12:00        ann │ I resign.\n",
    );
    assert_snapshot!(stage.screen());
}

#[test]
fn a_banner_waits() {
    let mut stage = busy(80, 14);
    stage.say("bob", "/broadcast", "The building closes at six. Please save your work, and take your things with you when you go.");
    stage.say("Éva", "/broadcast", "Cake in the kitchen.");
    let first = stage.screen();
    stage.act(Action::Escape);
    let second = stage.screen();
    stage.act(Action::Escape);
    assert_snapshot!(format!("{first}----\n{second}----\n{}", stage.screen()));
}

#[test]
fn refused_and_doubtful() {
    let mut stage = Stage::new(80, 14);
    stage.join("#ops", "ann\nbob\nÉva");
    stage.enter("to many");
    stage.refuse("#ops", "busy bob\nTheir queue is full.");
    stage.refuse("#ops", "undelivered Éva\nThey have left.");
    stage.enter("/who zoe");
    stage.refuse("/who", "no-such-user\nNobody of that name is here.");
    stage.pong();
    stage.enter("the last words");
    stage.event(Event::Lost("Connection reset.".to_owned()));
    assert_snapshot!(stage.screen());
}

#[test]
fn reconnecting() {
    let mut stage = Stage::new(80, 18);
    stage.join("#ops", "ann\nbob");
    stage.type_text("my draft");
    stage.event(Event::Lost("the server closed it.".to_owned()));
    let lost = stage.screen();
    stage.pass(Duration::from_secs(2));
    stage.event(Event::NotConnected("can't reach hall:5260: Connection refused".to_owned()));
    let waiting = stage.screen();
    stage.pass(Duration::from_secs(5));
    stage.connect();
    stage.say("/join", "ann", "#ops 2");
    assert_snapshot!(format!("{lost}----\n{waiting}----\n{}", stage.screen()));
}

#[test]
fn scrolled_and_searching() {
    let mut stage = Stage::new(64, 12);
    stage.join("#ops", "ann\nbob");
    for number in 1..=40 {
        stage.say("bob", "#ops", &format!("line {number}"));
    }
    stage.act(Action::PageUp);
    let scrolled = stage.screen();
    stage.act(Action::Search);
    stage.type_text("LINE 1");
    stage.act(Action::Submit);
    assert_snapshot!(format!("{scrolled}----\n{}", stage.screen()));
}

#[test]
fn a_paste_asks_first() {
    let mut stage = Stage::new(80, 8);
    stage.join("#ops", "ann\nbob");
    stage.event(Event::Paste("one\r\n/quit\ttwo\u{1b}\nthree\n".to_owned()));
    let asked = stage.screen();
    stage.act(Action::Submit);
    assert_snapshot!(format!("{asked}----\n{}", stage.screen()));
}

#[test]
fn help() {
    let mut stage = Stage::new(100, 46);
    stage.enter("/help");
    let top = stage.screen();
    stage.act(Action::PageDown);
    assert_snapshot!(format!("{top}----\n{}", stage.screen()));
}

#[test]
fn help_in_a_narrow_window() {
    let mut stage = Stage::new(38, 16);
    stage.act(Action::Help);
    assert_snapshot!(stage.screen());
}

#[test]
fn a_line_of_several_rows() {
    let mut stage = Stage::new(50, 13);
    stage.join("#ops", "ann\nbob");
    let rows = ["one", &"two, which is longer than the row ".repeat(3), "李雷", "four", "five"];
    let mut screens = Vec::new();
    for row in rows {
        stage.type_text(row);
        screens.push(stage.screen());
        stage.act(Action::NewRow);
    }
    stage.act(Action::Older);
    stage.act(Action::Older);
    stage.act(Action::Older);
    screens.push(stage.screen());
    assert_snapshot!(screens.join("----\n"));
}

#[test]
fn a_wrong_clock() {
    let mut stage = Stage::new(90, 8);
    // An answer that was held up for a second: the quicker one before counts.
    stage.pass(Duration::from_secs(180));
    stage.pass(Duration::from_secs(1));
    stage.say("/time", "ann", "2026-11-23T12:03:00.5Z");
    stage.pong();
    let one = stage.screen();
    // Somebody sets this machine's clock: the old measurements go one by one.
    stage.now.wall -= Duration::from_secs(75);
    for _ in 0..4 {
        stage.pass(Duration::from_secs(180));
        stage.pong();
        let server = stage.now.wall + Duration::from_secs(75);
        stage.say("/time", "ann", &server.to_string());
        stage.pong();
    }
    assert_snapshot!(format!("{one}----\n{}", stage.screen()));
}
