//! Tokens, broadcasts, kicks, presence.

use crate::house::{House, packet, unpaced};
use lanline::chat::shard::{Ended, Report};
use lanline::chat::{Code, Settings};
use lanline::limits;
use std::sync::Arc;
use std::time::Duration;

fn settings() -> Settings {
    Settings { operator_token: Some("sesame".into()), ..unpaced() }
}

#[test]
fn wrong_tokens_are_answered_later_and_later() {
    let mut house = House::new(1, settings());
    let bob = house.join("bob");
    let mut delay = limits::TOKEN_DELAY_FIRST;
    for ordinal in 1..=9 {
        house.say(bob, "/operator", "wrong");
        assert!(!house.wants_bytes(bob));
        house.pass_to_the_end(delay, |house| assert_eq!(house.heard(bob), []));
        assert_eq!(house.refused(bob), (ordinal, Code::NotOperator));
        delay = (2 * delay).min(limits::TOKEN_DELAY_MAX);
    }
    assert_eq!(delay, limits::TOKEN_DELAY_MAX);
    assert_eq!(house.ask(bob, "/operator", "sesame"), "ok");
    let wrong = |report: &&Report| matches!(report, Report::WrongToken { .. });
    assert_eq!(house.reports.iter().filter(wrong).count(), 9);
    // Once an operator, always one, whatever is said later.
    house.say(bob, "/operator", "wrong");
    house.pass(limits::TOKEN_DELAY_MAX);
    assert_eq!(house.refused(bob).1, Code::NotOperator);
    assert_eq!(house.ask(bob, "/broadcast", "x"), "0");
}

#[test]
fn nobody_waits_for_the_answer_to_a_guess_once_it_is_gone() {
    let mut house = House::new(1, settings());
    let [alice, bob] = ["alice", "bob"].map(|name| house.join(name));
    let mut bytes = packet("bob", "/operator", "wrong").repeat(2);
    bytes.extend(packet("bob", "alice", "behind two guesses"));
    house.write(bob, &bytes);
    assert_eq!(house.heard(alice), []);
    house.end(bob, Ended::Reset);
    assert_eq!(house.only(alice).msg, "behind two guesses");
    assert!(house.is_closed(bob));
}

#[test]
fn who_is_kicked_has_its_guesses_answered_first() {
    let mut house = House::new(1, settings());
    let [alice, bob] = ["alice", "bob"].map(|name| house.join(name));
    house.ask(alice, "/operator", "sesame");
    let mut bytes = packet("bob", "/operator", "wrong").repeat(2);
    bytes.extend(packet("bob", "alice", "behind two guesses"));
    house.write(bob, &bytes);
    house.say(alice, "/kick", "bob because");
    assert_eq!(house.texts(alice), ["behind two guesses", "bob"]);
    let heard = house.heard(bob);
    assert_eq!(heard[0].refusal(), (1, "not-operator"));
    assert_eq!(heard[1].refusal(), (2, "not-operator"));
    assert_eq!((&*heard[2].from, &*heard[2].msg), ("/kick", "because"));
    assert_eq!(heard.len(), 3);
    assert!(house.is_shut(bob));
    house.pass(limits::LINGER);
    assert!(house.is_closed(bob));
    assert!(house.reports.iter().any(|report| matches!(report, Report::Kicked { .. })));
}

#[test]
fn operators_kick_and_others_may_not() {
    for workers in [1, 3] {
        let mut house = House::new(workers, settings());
        let [alice, bob] = ["alice", "bob"].map(|name| house.join(name));
        house.say(bob, "/kick", "alice");
        assert_eq!(house.refused(bob), (1, Code::NotOperator));
        house.ask(alice, "/operator", "sesame");
        house.say(alice, "/kick", "nobody");
        assert_eq!(house.refused(alice), (2, Code::NoSuchUser));
        house.say(alice, "/kick", "b b");
        assert_eq!(house.refused(alice), (3, Code::NoSuchUser));
        house.say(alice, "/kick", "_");
        assert_eq!(house.refused(alice), (4, Code::NoSuchUser));
        assert_eq!(house.ask(alice, "/kick", "BOB"), "bob");
        assert_eq!((house.only(bob).msg, house.counters.users()), (String::new(), 1));
    }
}

#[test]
fn with_another_token_who_was_an_operator_is_none() {
    let mut house = House::new(1, settings());
    let alice = house.join("alice");
    house.ask(alice, "/operator", "sesame");
    let reload = |house: &mut House, token: &str| {
        let other = Settings { operator_token: Some(token.into()), ..unpaced() };
        house.shards[0].reload(house.now, Arc::new(other));
    };
    reload(&mut house, "sesame");
    assert_eq!(house.ask(alice, "/broadcast", ""), "0");
    reload(&mut house, "another");
    house.say(alice, "/broadcast", "");
    assert_eq!(house.refused(alice).1, Code::NotOperator);
    assert_eq!(house.ask(alice, "/operator", "another"), "ok");
    assert_eq!(house.ask(alice, "/broadcast", ""), "0");
}

#[test]
fn where_there_is_a_token_operators_broadcast_and_nobody_else() {
    let mut house = House::new(2, settings());
    let [alice, bob] = ["alice", "bob"].map(|name| house.join(name));
    house.say(bob, "/broadcast", "x");
    assert_eq!(house.refused(bob), (1, Code::NotOperator));
    house.ask(alice, "/operator", "sesame");
    assert_eq!(house.ask(alice, "/broadcast", "y"), "1");
    assert_eq!(house.only(bob).msg, "y");
    let mut house = House::unpaced(2);
    let [alice, bob] = ["alice", "bob"].map(|name| house.join(name));
    assert_eq!(house.ask(alice, "/broadcast", "z"), "1");
    assert_eq!(house.only(bob).msg, "z");
    house.say(alice, "/operator", "sesame");
    assert_eq!(house.refused(alice), (2, Code::NoSuchEndpoint));
}

#[test]
fn broadcasts_keep_their_distance_to_the_nanosecond() {
    let interval = Duration::from_secs(3);
    let mut house =
        House::new(1, Settings { broadcast_interval: interval, rate: 0, ..Settings::default() });
    let [alice, bob] = ["alice", "bob"].map(|name| house.join(name));
    assert_eq!(house.ask(alice, "/broadcast", "first"), "1");
    assert_eq!(house.only(bob).msg, "first");
    house.pass_to_the_end(interval, |house| {
        house.say(alice, "/broadcast", "early");
        assert_eq!(house.refused(alice), (2, Code::SlowDown));
        assert_eq!(house.ask(bob, "/broadcast", "another's"), "1");
        house.heard(alice);
    });
    assert_eq!(house.ask(alice, "/broadcast", "in time"), "1");
    house.say(alice, "/broadcast", "at once");
    assert_eq!(house.refused(alice), (4, Code::SlowDown));
    assert_eq!(house.only(bob).msg, "in time");
}

#[test]
fn watchers_hear_who_comes_and_goes() {
    for workers in [1, 3] {
        let mut house = House::unpaced(workers);
        let alice = house.join("alice");
        assert_eq!(house.ask(alice, "/presence", "on"), "on");
        assert_eq!(house.ask(alice, "/presence", "on"), "on");
        assert_eq!(house.counters.sum(|counters| &counters.watchers), 1);
        let bob = house.join("bob");
        let joined = house.only(alice);
        assert_eq!((&*joined.from, &*joined.msg), ("/joined", "bob"));
        house.end(bob, Ended::Politely);
        let left = house.only(alice);
        assert_eq!((&*left.from, &*left.msg), ("/left", "bob"));
        assert_eq!(house.ask(alice, "/presence", "off"), "off");
        assert_eq!(house.ask(alice, "/presence", "off"), "off");
        assert_eq!(house.counters.sum(|counters| &counters.watchers), 0);
        house.join("carol");
        assert_eq!(house.heard(alice), []);
        house.say(alice, "/presence", "maybe");
        assert_eq!(house.refused(alice).1, Code::BadArgument);
        house.ask(alice, "/presence", "on");
        house.end(alice, Ended::Politely);
        assert_eq!(house.counters.sum(|counters| &counters.watchers), 0);
    }
}

#[test]
fn workers_without_watchers_are_told_nothing() {
    let mut house = House::unpaced(2);
    let names = ["alice", "bob", "carol", "dave", "eve", "frank"];
    let users = names.map(|name| house.join(name));
    let homes = users.map(|who| house.home(who));
    assert!(homes.contains(&0) && homes.contains(&1));
    // A message for each who moved home, and none besides.
    assert_eq!(house.messages_sent, homes.iter().filter(|&&home| home != 0).count());
    house.ask(users[0], "/presence", "on");
    let before = house.messages_sent;
    house.end(users.into_iter().find(|&who| house.home(who) != homes[0]).unwrap(), Ended::Politely);
    assert_eq!(house.messages_sent, before + 1);
}

#[test]
fn presence_is_dropped_where_it_finds_no_room_and_only_there() {
    let joined =
        r#"{"from":{"name":"/joined","ip":"10.0.0.1"},"to":"alice","msg":"carol"}"#.len() + 1;
    let waiting = r#"{"from":{"name":"bob","ip":"10.1.0.1"},"to":"alice","msg":"waits"}"#.len() + 1;
    for (room, heard) in [(joined, 2), (joined - 1, 1)] {
        let mut house = House::new(1, Settings { queue_bytes_max: waiting + room, ..unpaced() });
        let [alice, bob] = ["alice", "bob"].map(|name| house.join(name));
        house.ask(alice, "/presence", "on");
        house.window(alice, 0);
        house.say(bob, "alice", "waits");
        house.join("carol");
        house.window(alice, usize::MAX);
        assert_eq!(house.heard(alice).len(), heard);
    }
}
