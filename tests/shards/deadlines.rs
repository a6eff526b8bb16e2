//! Queues that stand still, and deadlines of thousands.

use crate::cluster::{Cluster, packet, unpaced};
use lanline::chat::Report;
use lanline::chat::{Code, Settings};
use lanline::limits;
use std::time::Duration;

const STUCK: Duration = Duration::from_secs(5);

fn cluster() -> Cluster {
    Cluster::new(1, Settings { stuck_timeout: STUCK, ..unpaced() })
}

#[test]
fn a_client_that_reads_nothing_is_removed_at_the_stuck_timeout() {
    let mut cluster = cluster();
    let [alice, bob] = ["alice", "bob"].map(|name| cluster.join(name));
    cluster.window(bob, 0);
    cluster.say(alice, "bob", "one");
    cluster.say(alice, "bob", "two");
    cluster.pass_to_the_end(STUCK, |cluster| assert_eq!(cluster.heard(alice), []));
    assert_eq!(cluster.refusals(alice), [(1, Code::Undelivered), (2, Code::Undelivered)]);
    let Report::Stuck { name, packets, .. } = &cluster.reports[0] else { panic!() };
    assert_eq!((&**name, *packets), ("bob", 2));
    assert!(cluster.is_closed(bob), "its socket takes not even the reason");
}

#[test]
fn a_queue_that_moves_is_not_stuck() {
    let mut cluster = cluster();
    let [alice, bob] = ["alice", "bob"].map(|name| cluster.join(name));
    cluster.window(bob, 0);
    cluster.say(alice, "bob", "a packet of some length");
    for _ in 0..4 {
        cluster.pass(STUCK - Duration::from_nanos(1));
        cluster.window(bob, 1);
    }
    cluster.pass_to_the_end(STUCK, |cluster| assert!(!cluster.is_closed(bob)));
    assert!(cluster.is_closed(bob));
    assert_eq!(cluster.refused(alice), (1, Code::Undelivered), "it is torn, not taken");
    assert_eq!(cluster.torn(bob), 4);
}

#[test]
fn the_stuck_timeout_begins_anew_after_a_queue_was_emptied() {
    let mut cluster = cluster();
    let [alice, bob] = ["alice", "bob"].map(|name| cluster.join(name));
    cluster.window(bob, 0);
    cluster.say(alice, "bob", "first");
    cluster.pass(STUCK / 2);
    cluster.window(bob, usize::MAX);
    cluster.window(bob, 0);
    cluster.pass(STUCK / 4);
    cluster.say(alice, "bob", "second");
    cluster.pass_to_the_end(STUCK, |cluster| assert!(!cluster.is_closed(bob)));
    assert!(cluster.is_closed(bob));
}

#[test]
fn a_stuck_client_whose_socket_has_room_again_gets_the_reason() {
    let mut cluster = cluster();
    let [alice, bob] = ["alice", "bob"].map(|name| cluster.join(name));
    cluster.window(bob, 0);
    cluster.say(alice, "bob", "one");
    // There is room again in time for the reason, not for the queue.
    cluster.pass(STUCK - Duration::from_nanos(1));
    cluster.window_unseen(bob, usize::MAX);
    cluster.pass(Duration::from_nanos(1));
    assert_eq!(cluster.refused(bob), (0, Code::Stuck));
    assert!(cluster.is_shut(bob) && !cluster.is_closed(bob));
    cluster.pass(limits::LINGER);
    assert!(cluster.is_closed(bob));
}

#[test]
fn packets_of_a_stuck_client_are_handled_before_it_is_removed() {
    let mut cluster =
        Cluster::new(1, Settings { stuck_timeout: STUCK, queue_bytes_max: 50, ..unpaced() });
    let [alice, bob] = ["alice", "bob"].map(|name| cluster.join(name));
    cluster.window(bob, 0);
    // The second answer brings its queue over the bound: it is paused.
    let mut bytes = packet("bob", "/ping", "x").repeat(2);
    bytes.extend(packet("bob", "alice", "before I go"));
    cluster.write(bob, &bytes);
    assert_eq!(cluster.heard(alice), []);
    cluster.pass(STUCK);
    assert_eq!(cluster.only(alice).msg, "before I go");
    assert!(cluster.is_closed(bob));
}

#[test]
fn deadlines_hold_while_a_thousand_clients_connect() {
    let timeout = 2 * STUCK;
    let settings = Settings { stuck_timeout: STUCK, greeting_timeout: timeout, ..unpaced() };
    let mut cluster = Cluster::new(1, settings);
    let silent = cluster.connect(0);
    let [alice, bob] = ["alice", "bob"].map(|name| cluster.join(name));
    cluster.window(bob, 0);
    cluster.say(alice, "bob", "waits");
    for number in 0..1000 {
        cluster.join(&format!("user{number}"));
    }
    cluster.pass_to_the_end(STUCK, |cluster| assert!(!cluster.is_closed(bob)));
    assert!(cluster.is_closed(bob));
    cluster.pass_to_the_end(timeout - STUCK, |cluster| assert!(!cluster.is_shut(silent)));
    assert_eq!(cluster.refused(silent), (0, Code::GreetingTimeout));
    cluster.pass(limits::LINGER);
    assert!(cluster.is_closed(silent));
    assert_eq!(cluster.shards[0].next_deadline(), None);
}

#[test]
fn a_query_without_a_reply_is_refused_at_its_timeout_and_its_client_resumed() {
    let mut cluster = Cluster::unpaced(2);
    let (bob, name) = cluster.join_at(0);
    let (_, other) = cluster.join_at(1);
    cluster.held_messages = vec![1];
    cluster.say(bob, "/who", &other);
    cluster.say(bob, "/ping", "behind it");
    cluster.pass_to_the_end(limits::QUERY_TIMEOUT, |cluster| {
        assert_eq!(cluster.heard(bob), [], "it waits for the reply");
    });
    let heard = cluster.heard(bob);
    assert_eq!(heard[0].refusal(), (1, "undelivered"));
    assert_eq!((heard[1].msg.as_str(), heard.len()), ("behind it", 2));
    let timed_out = Report::QueryTimedOut { name: name.into() };
    assert!(cluster.reports.contains(&timed_out), "{:?}", cluster.reports);
    // The late reply is not taken for the one to the next query.
    cluster.say(bob, "/who", &other);
    cluster.held_messages.clear();
    cluster.run();
    assert!(cluster.only(bob).msg.starts_with(&other));
}
