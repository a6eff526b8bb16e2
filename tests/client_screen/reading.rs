//! Reading and finding: the help, the mouse, completion, whose colour is which,
//! what rings.

use crate::stage::Stage;
use crossterm::event::{KeyModifiers, MouseButton, MouseEvent, MouseEventKind};
use lanline::client::model::action::Action;
use lanline::client::model::{Bell, Effect, Event, Options};
use lanline::client::screen;
use ratatui::layout::Rect;
use ratatui::style::Color;
use std::collections::BTreeSet;
use tui_input::InputRequest;

fn draft(stage: &Stage) -> &str {
    stage.model.conversation().draft.value()
}

fn mouse(stage: &mut Stage, kind: MouseEventKind, column: u16, row: u16) {
    let area = Rect::new(0, 0, stage.size.0, stage.size.1);
    let mouse = MouseEvent { kind, column, row, modifiers: KeyModifiers::NONE };
    if let Some(action) = screen::action_at(area, &stage.model, &mouse) {
        stage.act(action);
    }
}

const CLICK: MouseEventKind = MouseEventKind::Down(MouseButton::Left);

#[test]
fn the_help_scrolls_from_its_top_and_leaves_nothing_behind() {
    let mut stage = Stage::new(100, 20);
    let before = stage.screen();
    let lines = stage.model.conversation().lines().len();
    for _ in 0..3 {
        stage.enter("/help");
        assert!(stage.screen().contains("/msg NAME text"));
        stage.act(Action::RowDown);
        stage.act(Action::RowDown);
        assert!(!stage.screen().contains("/msg NAME text"));
        stage.act(Action::ToEnd);
        assert!(stage.screen().contains("this help"));
        for _ in 0..9 {
            stage.act(Action::PageUp);
        }
        assert!(stage.screen().contains("/msg NAME text"));
        stage.act(Action::Escape);
    }
    assert_eq!(stage.model.conversation().lines().len(), lines);
    assert_eq!(stage.screen(), before);
}

#[test]
fn typing_closes_the_help() {
    let mut stage = Stage::new(100, 20);
    stage.act(Action::Help);
    stage.type_text("h");
    assert_eq!((draft(&stage), stage.screen().contains("Commands")), ("h", false));
    stage.act(Action::Help);
    stage.event(Event::Text("ello".to_owned()));
    assert_eq!((draft(&stage), stage.screen().contains("Commands")), ("hello", false));
    stage.act(Action::Help);
    stage.act(Action::Next);
    assert!(!stage.screen().contains("Commands"));
}

#[test]
fn clicks_open_and_the_wheel_scrolls() {
    let mut stage = Stage::new(110, 12);
    let everybody: Vec<String> = (10..70).map(|number| format!("u{number}")).collect();
    stage.say("/list", "ann", &format!("1-60 of 60\n{}", everybody.join("\n")));
    for number in 10..40 {
        stage.say(&format!("u{number}"), "ann", "hi");
    }
    mouse(&mut stage, CLICK, 3, 2);
    assert_eq!(stage.model.open, 2);
    mouse(&mut stage, CLICK, 3, 9);
    assert_eq!(stage.model.conversation().title, "u18");
    // Out of sight before the wheel is turned.
    for _ in 0..30 {
        mouse(&mut stage, MouseEventKind::ScrollDown, 3, 3);
        mouse(&mut stage, MouseEventKind::ScrollDown, 105, 3);
    }
    let screen = stage.screen();
    assert!(screen.contains("  u39 ") && screen.contains("│u69"), "{screen}");
    mouse(&mut stage, CLICK, 105, 9);
    assert_eq!(stage.model.conversation().title, "u69");
    // On a heading, on a rule, beside: nothing.
    for (column, row) in [(105, 0), (50, 5), (0, 11), (109, 11), (500, 500)] {
        mouse(&mut stage, CLICK, column, row);
        assert_eq!(stage.model.conversation().title, "u69");
    }
    stage.say("bob", "/broadcast", "fire");
    mouse(&mut stage, CLICK, 50, 1);
    assert!(stage.model.banners.is_empty());
}

#[test]
fn tab_completes_in_the_middle_of_a_line_and_by_what_makes_names_the_same() {
    let mut stage = Stage::new(80, 20);
    stage.join("#ops", "ann\nbob\nstraße\nÉva");
    for (typed, back, completed) in [
        ("@stras", 0, "@straße "),
        ("@STRASS", 0, "@straße "),
        ("tell @stras", 0, "tell @straße "),
        ("tell stras all", 4, "tell straße all"),
        ("(@e\u{301}", 0, "(@Éva "),
        ("/kick STRASSE", 0, "/kick straße "),
        ("hi bo about that", 11, "hi bob about that"),
        ("one\n@bo", 0, "one\n@bob "),
        ("/names #O", 0, "/names #ops "),
    ] {
        stage.act(Action::Edit(InputRequest::DeleteLine));
        for part in typed.split_inclusive('\n') {
            stage.type_text(part.trim_end_matches('\n'));
            if part.ends_with('\n') {
                stage.act(Action::NewRow);
            }
        }
        for _ in 0..back {
            stage.act(Action::Edit(InputRequest::GoToPrevChar));
        }
        stage.act(Action::Complete { back: false });
        assert_eq!(draft(&stage), completed);
    }
}

#[test]
fn different_people_have_different_colours() {
    let mut stage = Stage::new(110, 24);
    let names = ["bob", "carl", "dora", "quin", "fay", "gus", "hana", "ivo", "juno", "kim"];
    stage.join("#ops", &format!("ann\n{}", names.join("\n")));
    for name in names {
        stage.say(name, "#ops", "hello");
    }
    let colors = |stage: &Stage, column: u16| -> Vec<(String, Color)> {
        let terminal = stage.terminal();
        let buffer = terminal.backend().buffer();
        let of = |name: &&str| {
            let first = name.chars().next().unwrap().to_string();
            let rest = name.chars().nth(1).unwrap().to_string();
            (0..24)
                .flat_map(|y| (column..110).map(move |x| (x, y)))
                .find(|&(x, y)| {
                    buffer[(x, y)].symbol() == first
                        && x < 109
                        && buffer[(x + 1, y)].symbol() == rest
                })
                .map(|at| (first.clone(), buffer[at].fg))
        };
        names.iter().filter_map(of).collect()
    };
    // In front of the lines, and in the list on the right.
    let (lines, list) = (colors(&stage, 20), colors(&stage, 92));
    assert_eq!((lines.len(), &lines), (10, &list));
    let different: BTreeSet<String> = lines.iter().map(|(_, color)| format!("{color:?}")).collect();
    assert_eq!(different.len(), 10, "{lines:?}");
}

#[test]
fn what_rings_is_a_matter_of_taste() {
    let ringing = |bell| {
        let options = Options {
            server: "hall:5260".to_owned(),
            bell,
            zone: jiff::tz::TimeZone::UTC,
            seed: 7,
            name_colors: 10,
            has_mouse: true,
            rooms: Vec::new(),
            keeps_log: false,
            keeps_secrets: false,
        };
        let mut stage = Stage::with(options, 80, 20);
        stage.join("#ops", "ann\nbob");
        let mut rung = Vec::new();
        for (to, text) in
            [("ann", "psst"), ("#ops", "hello"), ("#ops", "hello ann"), ("/broadcast", "fire")]
        {
            stage.effects.clear();
            stage.pass(std::time::Duration::from_secs(2));
            stage.say("bob", to, text);
            let notice = Effect::Notify(format!("bob: {text}"));
            assert_eq!(stage.bells() == 1, stage.effects.contains(&notice), "{text}");
            rung.push(stage.bells() == 1);
        }
        rung
    };
    assert_eq!(Bell::default(), Bell::Direct);
    assert_eq!(ringing(Bell::Direct), [true, false, false, true]);
    assert_eq!(ringing(Bell::Mentions), [true, false, true, true]);
    assert_eq!(ringing(Bell::Broadcasts), [false, false, false, true]);
    assert_eq!(ringing(Bell::Never), [false; 4]);
}

#[test]
fn a_line_goes_up_and_down_by_its_rows_before_it_goes_by_lines() {
    let mut stage = Stage::new(80, 20);
    stage.enter("/to bob");
    stage.enter("older");
    stage.type_text("one");
    stage.act(Action::NewRow);
    stage.type_text("two");
    stage.act(Action::Older);
    stage.act(Action::Edit(InputRequest::GoToStart));
    stage.type_text(">");
    assert_eq!(draft(&stage), ">one\ntwo");
    stage.act(Action::Newer);
    stage.act(Action::Edit(InputRequest::GoToEnd));
    stage.type_text("!");
    assert_eq!(draft(&stage), ">one\ntwo!");
    stage.act(Action::Older);
    stage.act(Action::Older);
    assert_eq!(draft(&stage), "older");
    stage.act(Action::Newer);
    assert_eq!(draft(&stage), ">one\ntwo!");
    stage.act(Action::Submit);
    assert_eq!(stage.sent().last().unwrap().1, ">one\ntwo!");
}
