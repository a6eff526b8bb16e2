//! Queues that stand still, and deadlines of thousands.

use crate::house::{House, packet, unpaced};
use lanline::chat::shard::Report;
use lanline::chat::{Code, Settings};
use lanline::limits;
use std::time::Duration;

const STUCK: Duration = Duration::from_secs(5);

fn house() -> House {
    House::new(1, Settings { stuck_timeout: STUCK, ..unpaced() })
}

#[test]
fn who_reads_nothing_is_thrown_out_when_its_time_is_over() {
    let mut house = house();
    let [alice, bob] = ["alice", "bob"].map(|name| house.join(name));
    house.window(bob, 0);
    house.say(alice, "bob", "one");
    house.say(alice, "bob", "two");
    house.pass_to_the_end(STUCK, |house| assert_eq!(house.heard(alice), []));
    assert_eq!(house.refusals(alice), [(1, Code::Undelivered), (2, Code::Undelivered)]);
    let Report::Stuck { name, packets, .. } = &house.reports[0] else { panic!() };
    assert_eq!((&**name, *packets), ("bob", 2));
    assert!(house.is_closed(bob), "its socket takes not even the reason");
}

#[test]
fn a_queue_that_moves_is_not_stuck() {
    let mut house = house();
    let [alice, bob] = ["alice", "bob"].map(|name| house.join(name));
    house.window(bob, 0);
    house.say(alice, "bob", "a packet of some length");
    for _ in 0..4 {
        house.pass(STUCK - Duration::from_nanos(1));
        house.window(bob, 1);
    }
    house.pass_to_the_end(STUCK, |house| assert!(!house.is_closed(bob)));
    assert!(house.is_closed(bob));
    assert_eq!(house.refused(alice), (1, Code::Undelivered), "it is torn, not taken");
    assert_eq!(house.torn(bob), 4);
}

#[test]
fn a_queue_that_emptied_is_watched_afresh() {
    let mut house = house();
    let [alice, bob] = ["alice", "bob"].map(|name| house.join(name));
    house.window(bob, 0);
    house.say(alice, "bob", "first");
    house.pass(STUCK / 2);
    house.window(bob, usize::MAX);
    house.window(bob, 0);
    house.pass(STUCK / 4);
    house.say(alice, "bob", "second");
    house.pass_to_the_end(STUCK, |house| assert!(!house.is_closed(bob)));
    assert!(house.is_closed(bob));
}

#[test]
fn whoever_can_be_told_is_told_why() {
    let mut house = house();
    let [alice, bob] = ["alice", "bob"].map(|name| house.join(name));
    house.window(bob, 0);
    house.say(alice, "bob", "one");
    // In time for the reason, not for what waited.
    house.pass(STUCK - Duration::from_nanos(1));
    house.window_unseen(bob, usize::MAX);
    house.pass(Duration::from_nanos(1));
    assert_eq!(house.refused(bob), (0, Code::Stuck));
    assert!(house.is_shut(bob) && !house.is_closed(bob));
    house.pass(limits::LINGER);
    assert!(house.is_closed(bob));
}

#[test]
fn what_the_stuck_had_sent_is_handled_before_they_go() {
    let mut house =
        House::new(1, Settings { stuck_timeout: STUCK, queue_bytes_max: 50, ..unpaced() });
    let [alice, bob] = ["alice", "bob"].map(|name| house.join(name));
    house.window(bob, 0);
    // The second answer brings its queue over the bound: what follows waits.
    let mut bytes = packet("bob", "/ping", "x").repeat(2);
    bytes.extend(packet("bob", "alice", "before I go"));
    house.write(bob, &bytes);
    assert_eq!(house.heard(alice), []);
    house.pass(STUCK);
    assert_eq!(house.only(alice).msg, "before I go");
    assert!(house.is_closed(bob));
}

#[test]
fn nobody_is_forgotten_however_many_come() {
    let timeout = 2 * STUCK;
    let settings = Settings { stuck_timeout: STUCK, greeting_timeout: timeout, ..unpaced() };
    let mut house = House::new(1, settings);
    let silent = house.connect(0);
    let [alice, bob] = ["alice", "bob"].map(|name| house.join(name));
    house.window(bob, 0);
    house.say(alice, "bob", "waits");
    for number in 0..1000 {
        house.join(&format!("user{number}"));
    }
    house.pass_to_the_end(STUCK, |house| assert!(!house.is_closed(bob)));
    assert!(house.is_closed(bob));
    house.pass_to_the_end(timeout - STUCK, |house| assert!(!house.is_shut(silent)));
    assert_eq!(house.refused(silent), (0, Code::GreetingTimeout));
    house.pass(limits::LINGER);
    assert!(house.is_closed(silent));
    assert_eq!(house.shards[0].next_deadline(), None);
}
