//! The end of the server: what was read is handled, what waits is bounced,
//! everybody is closed.

use crate::house::{House, packet, unpaced};
use lanline::chat::shard::Ended;
use lanline::chat::{Code, Settings, WorkerId};
use lanline::limits;

#[test]
fn what_was_read_is_handled_though_it_had_to_wait() {
    let mut house = House::new(1, Settings { rate: 1, ..unpaced() });
    let [alice, bob] = ["alice", "bob"].map(|name| house.join(name));
    house.write(bob, &packet("bob", "alice", "x").repeat(6));
    assert_eq!(house.heard(alice).len(), 2);
    house.stop();
    assert_eq!(house.heard(alice).len(), 4);
    assert!(!house.wants_bytes(bob), "nothing more is read");
}

#[test]
fn who_had_ended_and_had_to_wait_is_closed() {
    let mut house = House::new(1, Settings { rate: 1, ..unpaced() });
    let bob = house.join("bob");
    house.write(bob, &packet("bob", "/ping", "x").repeat(4));
    house.end(bob, Ended::Politely);
    assert!(!house.is_closed(bob));
    house.stop();
    assert_eq!(house.heard(bob).len(), 4);
    assert!(house.is_closed(bob));
}

#[test]
fn what_is_behind_a_question_waits_for_its_answer() {
    let mut house = House::unpaced(2);
    let bob = house.join("bob");
    house.held_messages = vec![1 - house.home(bob)];
    let mut bytes = packet("bob", "/list", "");
    bytes.extend(packet("bob", "/rooms", ""));
    house.write(bob, &bytes);
    house.stop();
    assert_eq!(house.heard(bob), []);
    house.held_messages.clear();
    house.run();
    assert_eq!(house.texts(bob), ["1-1 of 1\nbob", "0-0 of 0"]);
}

#[test]
fn guesses_are_answered_at_once() {
    let settings = Settings { operator_token: Some("sesame".into()), ..unpaced() };
    let mut house = House::new(1, settings);
    let bob = house.join("bob");
    house.write(bob, &packet("bob", "/operator", "wrong").repeat(3));
    house.stop();
    assert_eq!(house.refusals(bob), [1, 2, 3].map(|ordinal| (ordinal, Code::NotOperator)));
}

#[test]
fn nobody_is_told_who_leaves_a_server_that_stops() {
    let mut house = House::unpaced(1);
    let [alice, bob] = ["alice", "bob"].map(|name| house.join(name));
    house.ask(alice, "/presence", "on");
    house.stop();
    house.end(bob, Ended::Politely);
    assert!(house.is_closed(bob));
    assert_eq!(house.heard(alice), []);
}

#[test]
fn what_waits_is_given_back_and_so_is_what_comes_later() {
    let mut house = House::unpaced(1);
    let [alice, bob] = ["alice", "bob"].map(|name| house.join(name));
    house.window(bob, 0);
    house.say(alice, "bob", "one");
    house.write(alice, &packet("alice", "bob", "two"));
    house.stop();
    assert_eq!(house.heard(alice), []);
    house.shards[0].bounce_all(house.now);
    house.run();
    assert_eq!(house.refusals(alice), [(1, Code::Undelivered), (2, Code::Undelivered)]);
    house.receive(alice, &packet("alice", "bob", "three"));
    house.run();
    assert_eq!(house.refused(alice), (3, Code::Undelivered));
    assert!(house.shards[0].is_flushed());
}

#[test]
fn what_a_faster_worker_gave_back_is_not_taken_for_what_waits() {
    let mut house = House::unpaced(2);
    let alice = house.join("alice");
    let at_home = house.home(alice);
    let (bob, name) = house.join_at(1 - at_home);
    house.window(bob, 0);
    house.say(alice, &name, "waits");
    house.stop();
    let (now, far) = (house.now, house.home(bob));
    house.shards[far].bounce_all(now);
    let messages = house.shards[far].take_batch(at_home as WorkerId).expect("a refusal");
    house.shards[at_home].handle_batch(now, messages);
    house.shards[at_home].bounce_all(now);
    house.run();
    assert_eq!(house.refused(alice), (1, Code::Undelivered));
}

#[test]
fn what_waits_for_its_turn_is_sent_or_given_back() {
    for reads in [true, false] {
        let mut house = House::unpaced(1);
        let [alice, bob] = ["alice", "bob"].map(|name| house.join(name));
        for who in [alice, bob] {
            house.ask(who, "/join", "#r");
        }
        house.window_unseen(bob, if reads { usize::MAX } else { 0 });
        house.receive(alice, &packet("alice", "#r", "in the bulk_queue"));
        let now = house.now;
        house.shards[0].stop(now);
        house.shards[0].bounce_all(now);
        house.run();
        if reads {
            assert_eq!(house.only(bob).msg, "in the bulk_queue");
            assert_eq!(house.heard(alice), []);
        } else {
            assert_eq!(house.refused(alice), (2, Code::Undelivered));
        }
    }
}

#[test]
fn who_is_slow_to_read_is_still_told() {
    let mut house = House::unpaced(1);
    let [alice, bob] = ["alice", "bob"].map(|name| house.join(name));
    house.window(alice, 0);
    house.window(bob, 0);
    house.say(alice, "bob", "waits");
    house.say(alice, "nobody", "x");
    house.stop();
    let now = house.now;
    house.shards[0].bounce_all(now);
    house.run();
    house.window(alice, usize::MAX);
    assert_eq!(house.refusals(alice), [(2, Code::NoSuchUser), (1, Code::Undelivered)]);
}

#[test]
fn all_are_hung_up_on() {
    let mut house = House::unpaced(1);
    let [alice, bob] = ["alice", "bob"].map(|name| house.join(name));
    house.window(bob, 0);
    house.say(alice, "bob", "waits");
    house.stop();
    let now = house.now;
    house.shards[0].hang_up(now);
    house.run();
    assert!(house.is_shut(alice) && !house.is_closed(alice));
    assert!(!house.is_shut(bob), "something waits");
    house.window(bob, usize::MAX);
    assert_eq!(house.only(bob).msg, "waits");
    house.pass(limits::LINGER);
    assert!(house.is_closed(alice) && house.is_closed(bob));
    assert!(house.shards[0].is_vacant());
}
