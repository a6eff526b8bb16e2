//! Leaving: what is still sent and bounced, when the connection closes.

use crate::cluster::{Cluster, packet, unpaced};
use lanline::chat::Ended;
use lanline::chat::{Code, Settings};
use lanline::limits;
use std::time::Duration;

#[test]
fn a_client_that_ends_its_stream_gets_what_is_queued_and_is_closed() {
    let mut cluster = Cluster::unpaced(1);
    let [alice, bob] = ["alice", "bob"].map(|name| cluster.join(name));
    cluster.window(bob, 0);
    cluster.say(alice, "bob", "before");
    cluster.end(bob, Ended::Politely);
    assert!(!cluster.is_closed(bob), "something waits");
    cluster.say(alice, "bob", "after");
    assert_eq!(cluster.refused(alice), (2, Code::NoSuchUser));
    cluster.window(bob, usize::MAX);
    assert_eq!(cluster.only(bob).msg, "before");
    assert!(cluster.is_closed(bob) && !cluster.is_shut(bob));
}

#[test]
fn packets_queued_for_a_client_that_is_reset_are_bounced() {
    let mut cluster = Cluster::unpaced(1);
    let [alice, bob] = ["alice", "bob"].map(|name| cluster.join(name));
    cluster.window(bob, 0);
    cluster.say(alice, "bob", "one");
    cluster.end(bob, Ended::Reset);
    assert!(cluster.is_closed(bob));
    assert_eq!(cluster.refused(alice), (1, Code::Undelivered));
    // A reset of a client that is closing, with packets queued.
    let carol = cluster.join("carol");
    cluster.window(carol, 0);
    cluster.say(alice, "carol", "two");
    cluster.end(carol, Ended::Politely);
    assert!(!cluster.is_closed(carol));
    cluster.end(carol, Ended::Reset);
    assert!(cluster.is_closed(carol));
    assert_eq!(cluster.refused(alice), (2, Code::Undelivered));
}

#[test]
fn what_a_client_sent_before_its_socket_broke_is_handled() {
    let mut cluster = Cluster::unpaced(1);
    let [alice, bob] = ["alice", "bob"].map(|name| cluster.join(name));
    cluster.window(bob, 0);
    cluster.say(alice, "bob", "one");
    cluster.broken(bob);
    assert!(!cluster.is_closed(bob), "what it had sent is read first");
    cluster.window(bob, usize::MAX);
    assert_eq!(cluster.heard(bob), [], "it is written no more");
    cluster.say(bob, "alice", "last");
    cluster.end(bob, Ended::Reset);
    assert_eq!(cluster.heard(alice)[0].msg, "last");
    assert!(cluster.is_closed(bob));
    // A closing client is not read any further.
    let carol = cluster.join("carol");
    cluster.window(carol, 0);
    cluster.say(carol, "/quit", "");
    cluster.broken(carol);
    assert!(cluster.is_closed(carol));
}

#[test]
fn bye_comes_behind_all_refusals() {
    for workers in [1, 2] {
        let mut cluster = Cluster::unpaced(workers);
        let bob = cluster.join("bob");
        let mut bytes = packet("bob", "nobody", "x");
        bytes.extend(packet("bob", "/quit", ""));
        bytes.extend(packet("bob", "/ping", "never"));
        cluster.write(bob, &bytes);
        let heard = cluster.heard(bob);
        assert_eq!(heard[0].refusal(), (1, "no-such-user"));
        assert_eq!((&*heard[1].from, &*heard[1].msg), ("/quit", "bye"));
        assert_eq!(heard.len(), 2);
        assert!(cluster.is_shut(bob) && !cluster.is_closed(bob));
        cluster.end(bob, Ended::Politely);
        assert!(cluster.is_closed(bob), "it hung up in turn");
    }
}

#[test]
fn a_refused_client_that_hangs_up_is_closed_once_flushed() {
    let mut cluster = Cluster::new(1, Settings { packet_bytes_max: 300, ..unpaced() });
    let bob = cluster.join("bob");
    cluster.window(bob, 0);
    cluster.say(bob, "/ping", &"x".repeat(400));
    cluster.end(bob, Ended::Politely);
    assert!(!cluster.is_closed(bob));
    cluster.window(bob, usize::MAX);
    assert_eq!(cluster.refused(bob), (1, Code::TooLarge));
    assert!(cluster.is_closed(bob) && !cluster.is_shut(bob));
}

#[test]
fn a_kicked_client_whose_stream_has_ended_does_not_linger() {
    let settings =
        Settings { operator_token: Some("sesame".into()), queue_bytes_max: 10, ..unpaced() };
    let mut cluster = Cluster::new(1, settings);
    let [alice, bob] = ["alice", "bob"].map(|name| cluster.join(name));
    cluster.ask(alice, "/operator", "sesame");
    cluster.window(bob, 0);
    // It is over its bound, so its end waits behind what it has sent.
    let mut bytes = packet("bob", "/ping", "x");
    bytes.extend(packet("bob", "alice", "kept"));
    cluster.write(bob, &bytes);
    cluster.end(bob, Ended::Politely);
    assert!(!cluster.is_closed(bob));
    cluster.say(alice, "/kick", "bob");
    assert_eq!(cluster.texts(alice), ["kept", "bob"]);
    cluster.window(bob, usize::MAX);
    assert!(cluster.is_closed(bob) && !cluster.is_shut(bob));
}

#[test]
fn a_torn_packet_is_refused_at_the_end_of_its_stream() {
    let mut cluster = Cluster::unpaced(1);
    let bob = cluster.join("bob");
    cluster.write(bob, b"{\"from\":");
    cluster.end(bob, Ended::Politely);
    assert_eq!(cluster.refused(bob), (1, Code::Malformed));
    assert!(cluster.is_closed(bob));
}

#[test]
fn paused_packets_are_handled_after_the_end_of_the_stream() {
    let mut cluster = Cluster::new(1, Settings { rate: 1, ..unpaced() });
    let bob = cluster.join("bob");
    cluster.write(bob, &packet("bob", "/ping", "x").repeat(3));
    assert_eq!(cluster.heard(bob).len(), 2);
    cluster.end(bob, Ended::Politely);
    assert!(!cluster.is_closed(bob), "the third waits for its time");
    cluster.pass(Duration::from_secs(1));
    assert_eq!(cluster.heard(bob).len(), 1);
    assert!(cluster.is_closed(bob));
    // Behind a reset nothing is paused.
    let alice = cluster.join("alice");
    let carol = cluster.join("carol");
    cluster.write(carol, &packet("carol", "alice", "x").repeat(5));
    cluster.end(carol, Ended::Reset);
    assert!(cluster.is_closed(carol));
    assert_eq!(cluster.heard(alice).len(), 5);
}

#[test]
fn a_client_that_has_sent_messages_is_closed_once_its_fences_are_back() {
    // A name that looks like nothing else: all that it claims is at its home.
    let mut cluster = Cluster::unpaced(2);
    let bob = cluster.join("bob");
    let away = 1 - cluster.home(bob);
    let (_, other) = cluster.join_at(away);
    cluster.held_messages = vec![away];
    cluster.say(bob, &other, "a message");
    cluster.end(bob, Ended::Politely);
    assert!(!cluster.is_closed(bob), "its message may come back");
    cluster.held_messages.clear();
    cluster.run();
    assert!(cluster.is_closed(bob));

    let bob = cluster.join("bob");
    cluster.held_messages = vec![away];
    cluster.end(bob, Ended::Politely);
    assert!(cluster.is_closed(bob));
}

#[test]
fn a_lingering_client_is_neither_handled_nor_sent_anything() {
    let mut cluster = Cluster::new(1, Settings { packet_bytes_max: 300, ..unpaced() });
    let [alice, bob, carol] = ["alice", "bob", "carol"].map(|name| cluster.join(name));
    cluster.window(carol, 0);
    cluster.say(bob, "carol", "waits");
    cluster.say(bob, "/ping", &"x".repeat(400));
    assert_eq!(cluster.refused(bob), (2, Code::TooLarge));
    cluster.say(bob, "alice", "never");
    assert_eq!(cluster.heard(alice), []);
    assert!(cluster.wants_bytes(bob), "its bytes are read, so that no reset destroys ours");
    // What was queued for Carol is bounced, too late.
    cluster.end(carol, Ended::Reset);
    cluster.pass_to_the_end(limits::LINGER, |cluster| assert!(!cluster.is_closed(bob)));
    assert!(cluster.is_closed(bob));
    assert_eq!(cluster.heard(bob), []);
}
