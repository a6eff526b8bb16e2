//! Whose clock the times on the screen are by.

use crate::stage::Stage;
use jiff::SignedDuration;
use lanline::client::model::Event;
use lanline::wire::Welcome;
use std::time::Duration;

/// What the server answers to `/time`, this far ahead of our own clock.
fn server_time(stage: &Stage, ahead: SignedDuration) -> String {
    (stage.now.wall + ahead).to_string()
}

#[test]
fn after_a_reconnect_the_new_servers_clock_counts() {
    let hour = SignedDuration::from_hours(1);
    let mut stage = Stage::new(80, 20);
    let first = stage.model.clock.offset().expect("measured");
    assert!(first.abs() < SignedDuration::from_secs(1), "{first:?}");
    stage.event(Event::Lost("gone.".to_owned()));
    let welcome = Welcome::parse("ann 192.168.1.7 3 lanline/0.1.0").unwrap();
    stage.event(Event::Connected(welcome));
    assert_eq!(stage.model.clock.offset(), None);
    // Its answer takes longer than the old server's did.
    stage.pass(Duration::from_millis(800));
    let answer = server_time(&stage, hour);
    stage.say("/time", "ann", &answer);
    let offset = stage.model.clock.offset().expect("measured");
    assert!((offset - hour).abs() < SignedDuration::from_secs(1), "{offset:?}");
    assert_eq!(stage.model.clock.round_trip(), Some(Duration::from_millis(800)));
    assert!(stage.model.clock.is_wrong());
}

#[test]
fn the_clock_is_measured_again_after_a_while() {
    let mut stage = Stage::new(80, 20);
    let asks = |stage: &mut Stage| {
        let asked = stage.effects.iter().filter(
            |effect| matches!(effect, lanline::client::model::Effect::Send { to, .. } if to == "/time"),
        );
        asked.count()
    };
    assert_eq!(asks(&mut stage), 0);
    stage.pass(Duration::from_secs(29));
    assert_eq!(asks(&mut stage), 0);
    for _ in 0..6 {
        stage.pass(Duration::from_secs(29));
        stage.pong();
    }
    assert_eq!(asks(&mut stage), 1, "once in three minutes");
}
