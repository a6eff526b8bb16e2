//! Going: what is still said, who is told, when the connection closes.

use crate::house::{House, packet, unpaced};
use lanline::chat::shard::Ended;
use lanline::chat::{Code, Settings};
use lanline::limits;
use std::time::Duration;

#[test]
fn who_ends_its_stream_hears_what_was_for_it_and_is_closed() {
    let mut house = House::unpaced(1);
    let [alice, bob] = ["alice", "bob"].map(|name| house.join(name));
    house.window(bob, 0);
    house.say(alice, "bob", "before");
    house.end(bob, Ended::Politely);
    assert!(!house.is_closed(bob), "something waits");
    house.say(alice, "bob", "after");
    assert_eq!(house.refused(alice), (2, Code::NoSuchUser));
    house.window(bob, usize::MAX);
    assert_eq!(house.only(bob).msg, "before");
    assert!(house.is_closed(bob) && !house.is_shut(bob));
}

#[test]
fn what_waits_for_one_who_is_gone_comes_back() {
    let mut house = House::unpaced(1);
    let [alice, bob] = ["alice", "bob"].map(|name| house.join(name));
    house.window(bob, 0);
    house.say(alice, "bob", "one");
    house.end(bob, Ended::Reset);
    assert!(house.is_closed(bob));
    assert_eq!(house.refused(alice), (1, Code::Undelivered));
    // The end of one who has left already, and has words waiting.
    let carol = house.join("carol");
    house.window(carol, 0);
    house.say(alice, "carol", "two");
    house.end(carol, Ended::Politely);
    assert!(!house.is_closed(carol));
    house.end(carol, Ended::Reset);
    assert!(house.is_closed(carol));
    assert_eq!(house.refused(alice), (2, Code::Undelivered));
}

#[test]
fn whose_socket_breaks_is_gone_with_its_next_word_handled() {
    let mut house = House::unpaced(1);
    let [alice, bob] = ["alice", "bob"].map(|name| house.join(name));
    house.window(bob, 0);
    house.say(alice, "bob", "one");
    house.broken(bob);
    assert!(!house.is_closed(bob), "what it had sent is read first");
    house.window(bob, usize::MAX);
    assert_eq!(house.heard(bob), [], "it is written no more");
    house.say(bob, "alice", "last");
    house.end(bob, Ended::Reset);
    assert_eq!(house.heard(alice)[0].msg, "last");
    assert!(house.is_closed(bob));
    // Once it has left there is nothing to read for.
    let carol = house.join("carol");
    house.window(carol, 0);
    house.say(carol, "/quit", "");
    house.broken(carol);
    assert!(house.is_closed(carol));
}

#[test]
fn who_quits_is_told_bye_behind_all_that_came_of_it() {
    for workers in [1, 2] {
        let mut house = House::unpaced(workers);
        let bob = house.join("bob");
        let mut bytes = packet("bob", "nobody", "x");
        bytes.extend(packet("bob", "/quit", ""));
        bytes.extend(packet("bob", "/ping", "never"));
        house.write(bob, &bytes);
        let heard = house.heard(bob);
        assert_eq!(heard[0].refusal(), (1, "no-such-user"));
        assert_eq!((&*heard[1].from, &*heard[1].msg), ("/quit", "bye"));
        assert_eq!(heard.len(), 2);
        assert!(house.is_shut(bob) && !house.is_closed(bob));
        house.end(bob, Ended::Politely);
        assert!(house.is_closed(bob), "it hung up in turn");
    }
}

#[test]
fn who_was_refused_and_hangs_up_is_closed_once_it_is_told() {
    let mut house = House::new(1, Settings { packet_bytes_max: 300, ..unpaced() });
    let bob = house.join("bob");
    house.window(bob, 0);
    house.say(bob, "/ping", &"x".repeat(400));
    house.end(bob, Ended::Politely);
    assert!(!house.is_closed(bob));
    house.window(bob, usize::MAX);
    assert_eq!(house.refused(bob), (1, Code::TooLarge));
    assert!(house.is_closed(bob) && !house.is_shut(bob));
}

#[test]
fn whose_stream_had_ended_when_it_is_thrown_out_is_closed_without_lingering() {
    let settings =
        Settings { operator_token: Some("sesame".into()), queue_bytes_max: 10, ..unpaced() };
    let mut house = House::new(1, settings);
    let [alice, bob] = ["alice", "bob"].map(|name| house.join(name));
    house.ask(alice, "/operator", "sesame");
    house.window(bob, 0);
    // It is over its bound, so its end waits behind what it has sent.
    let mut bytes = packet("bob", "/ping", "x");
    bytes.extend(packet("bob", "alice", "kept"));
    house.write(bob, &bytes);
    house.end(bob, Ended::Politely);
    assert!(!house.is_closed(bob));
    house.say(alice, "/kick", "bob");
    assert_eq!(house.texts(alice), ["kept", "bob"]);
    house.window(bob, usize::MAX);
    assert!(house.is_closed(bob) && !house.is_shut(bob));
}

#[test]
fn a_torn_packet_is_refused_at_the_end_of_its_stream() {
    let mut house = House::unpaced(1);
    let bob = house.join("bob");
    house.write(bob, b"{\"from\":");
    house.end(bob, Ended::Politely);
    assert_eq!(house.refused(bob), (1, Code::Malformed));
    assert!(house.is_closed(bob));
}

#[test]
fn what_is_held_at_the_end_of_a_stream_is_still_handled() {
    let mut house = House::new(1, Settings { rate: 1, ..unpaced() });
    let bob = house.join("bob");
    house.write(bob, &packet("bob", "/ping", "x").repeat(3));
    assert_eq!(house.heard(bob).len(), 2);
    house.end(bob, Ended::Politely);
    assert!(!house.is_closed(bob), "the third waits for its time");
    house.pass(Duration::from_secs(1));
    assert_eq!(house.heard(bob).len(), 1);
    assert!(house.is_closed(bob));
    // Nothing waits behind a reset.
    let alice = house.join("alice");
    let carol = house.join("carol");
    house.write(carol, &packet("carol", "alice", "x").repeat(5));
    house.end(carol, Ended::Reset);
    assert!(house.is_closed(carol));
    assert_eq!(house.heard(alice).len(), 5);
}

#[test]
fn who_leaves_waits_for_the_other_workers_and_who_sent_nothing_does_not() {
    let mut house = House::unpaced(2);
    let alice = house.join("alice");
    let away = 1 - house.home(alice);
    let (_, other) = house.join_at(away);
    house.held_messages = vec![away];
    house.say(alice, &other, "a message");
    house.end(alice, Ended::Politely);
    assert!(!house.is_closed(alice), "its message may come back");
    house.held_messages.clear();
    house.run();
    assert!(house.is_closed(alice));

    let alice = house.join("alice");
    house.held_messages = vec![away];
    house.end(alice, Ended::Politely);
    assert!(house.is_closed(alice));
}

#[test]
fn who_lingers_is_not_heard_and_not_told() {
    let mut house = House::new(1, Settings { packet_bytes_max: 300, ..unpaced() });
    let [alice, bob, carol] = ["alice", "bob", "carol"].map(|name| house.join(name));
    house.window(carol, 0);
    house.say(bob, "carol", "waits");
    house.say(bob, "/ping", &"x".repeat(400));
    assert_eq!(house.refused(bob), (2, Code::TooLarge));
    house.say(bob, "alice", "never");
    assert_eq!(house.heard(alice), []);
    assert!(house.wants_bytes(bob), "its words are read, so that no reset eats ours");
    // What waited for Carol comes back, too late.
    house.end(carol, Ended::Reset);
    house.pass_to_the_end(limits::LINGER, |house| assert!(!house.is_closed(bob)));
    assert!(house.is_closed(bob));
    assert_eq!(house.heard(bob), []);
}
