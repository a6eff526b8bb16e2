//! Tokens, broadcasts, kicks, presence.

use crate::cluster::{Cluster, packet, unpaced};
use lanline::chat::{Code, Settings};
use lanline::chat::{Ended, Report};
use lanline::limits;
use std::sync::Arc;
use std::time::Duration;

fn settings() -> Settings {
    Settings { operator_token: Some("sesame".into()), ..unpaced() }
}

#[test]
fn the_delay_of_wrong_tokens_doubles_up_to_its_bound() {
    let mut cluster = Cluster::new(1, settings());
    let bob = cluster.join("bob");
    let mut delay = limits::TOKEN_DELAY_FIRST;
    for ordinal in 1..=9 {
        cluster.say(bob, "/operator", "wrong");
        assert!(!cluster.wants_bytes(bob));
        cluster.pass_to_the_end(delay, |cluster| assert_eq!(cluster.heard(bob), []));
        assert_eq!(cluster.refused(bob), (ordinal, Code::NotOperator));
        delay = (2 * delay).min(limits::TOKEN_DELAY_MAX);
    }
    assert_eq!(delay, limits::TOKEN_DELAY_MAX);
    assert_eq!(cluster.ask(bob, "/operator", "sesame"), "ok");
    let wrong = |report: &&Report| matches!(report, Report::WrongToken { .. });
    assert_eq!(cluster.reports.iter().filter(wrong).count(), 9);
    // An operator stays one after a wrong token.
    cluster.say(bob, "/operator", "wrong");
    cluster.pass(limits::TOKEN_DELAY_MAX);
    assert_eq!(cluster.refused(bob).1, Code::NotOperator);
    assert_eq!(cluster.ask(bob, "/broadcast", "x"), "0");
}

#[test]
fn a_reset_ends_the_delay_of_wrong_tokens() {
    let mut cluster = Cluster::new(1, settings());
    let [alice, bob] = ["alice", "bob"].map(|name| cluster.join(name));
    let mut bytes = packet("bob", "/operator", "wrong").repeat(2);
    bytes.extend(packet("bob", "alice", "behind two wrong tokens"));
    cluster.write(bob, &bytes);
    assert_eq!(cluster.heard(alice), []);
    cluster.end(bob, Ended::Reset);
    assert_eq!(cluster.only(alice).msg, "behind two wrong tokens");
    assert!(cluster.is_closed(bob));
}

#[test]
fn wrong_tokens_of_a_kicked_client_are_refused_before_it_is_closed() {
    let mut cluster = Cluster::new(1, settings());
    let [alice, bob] = ["alice", "bob"].map(|name| cluster.join(name));
    cluster.ask(alice, "/operator", "sesame");
    let mut bytes = packet("bob", "/operator", "wrong").repeat(2);
    bytes.extend(packet("bob", "alice", "behind two wrong tokens"));
    cluster.write(bob, &bytes);
    cluster.say(alice, "/kick", "bob because");
    assert_eq!(cluster.texts(alice), ["behind two wrong tokens", "bob"]);
    let heard = cluster.heard(bob);
    assert_eq!(heard[0].refusal(), (1, "not-operator"));
    assert_eq!(heard[1].refusal(), (2, "not-operator"));
    assert_eq!((&*heard[2].from, &*heard[2].msg), ("/kick", "because"));
    assert_eq!(heard.len(), 3);
    assert!(cluster.is_shut(bob));
    cluster.pass(limits::LINGER);
    assert!(cluster.is_closed(bob));
    let by_alice =
        |report: &Report| matches!(report, Report::Kicked { by, .. } if **by == *"alice");
    assert!(cluster.reports.iter().any(by_alice), "{:?}", cluster.reports);
}

#[test]
fn of_a_kicked_client_only_one_token_is_checked() {
    let mut cluster = Cluster::new(1, settings());
    let [alice, bob] = ["alice", "bob"].map(|name| cluster.join(name));
    cluster.ask(alice, "/operator", "sesame");
    let guesses = ["wrong", "wrong", "sesame"].map(|token| packet("bob", "/operator", token));
    cluster.write(bob, &guesses.concat());
    cluster.say(alice, "/kick", "bob");
    let refusals: Vec<(u64, String)> = cluster.heard(bob)[..3]
        .iter()
        .map(|heard| (heard.refusal().0, heard.refusal().1.to_owned()))
        .collect();
    assert_eq!(refusals, [1, 2, 3].map(|ordinal| (ordinal, "not-operator".to_owned())));
}

#[test]
fn who_reads_nothing_and_is_kicked_is_told_why_all_the_same() {
    let bound = 20_000;
    let mut cluster = Cluster::new(1, Settings { queue_bytes_max: bound, ..settings() });
    let [alice, bob] = ["alice", "bob"].map(|name| cluster.join(name));
    cluster.ask(alice, "/operator", "sesame");
    cluster.window(bob, 0);
    // Answers to itself fill its queue beyond the bound, behind which it is paused.
    cluster.write(bob, &packet("bob", "/ping", &"x".repeat(6000)).repeat(9));
    assert_eq!(cluster.ask(alice, "/kick", "bob because"), "bob");
    cluster.window(bob, 1 << 20);
    let heard = cluster.heard(bob);
    assert!(heard.len() > 3, "{}", heard.len());
    let last = heard.last().unwrap();
    assert_eq!((&*last.from, &*last.msg), ("/kick", "because"));
    assert!(cluster.is_shut(bob));
}

#[test]
fn operators_kick_and_others_may_not() {
    for workers in [1, 3] {
        let mut cluster = Cluster::new(workers, settings());
        let [alice, bob] = ["alice", "bob"].map(|name| cluster.join(name));
        cluster.say(bob, "/kick", "alice");
        assert_eq!(cluster.refused(bob), (1, Code::NotOperator));
        cluster.ask(alice, "/operator", "sesame");
        cluster.say(alice, "/kick", "nobody");
        assert_eq!(cluster.refused(alice), (2, Code::NoSuchUser));
        cluster.say(alice, "/kick", "b b");
        assert_eq!(cluster.refused(alice), (3, Code::NoSuchUser));
        cluster.say(alice, "/kick", "_");
        assert_eq!(cluster.refused(alice), (4, Code::NoSuchUser));
        assert_eq!(cluster.ask(alice, "/kick", "BOB"), "bob");
        assert_eq!((cluster.only(bob).msg, cluster.counters.users()), (String::new(), 1));
    }
}

#[test]
fn operators_lose_their_role_when_the_token_is_changed() {
    let mut cluster = Cluster::new(1, settings());
    let alice = cluster.join("alice");
    cluster.ask(alice, "/operator", "sesame");
    let reload = |cluster: &mut Cluster, token: &str| {
        let other = Settings { operator_token: Some(token.into()), ..unpaced() };
        cluster.shards[0].reload(cluster.now, Arc::new(other));
    };
    reload(&mut cluster, "sesame");
    assert_eq!(cluster.ask(alice, "/broadcast", ""), "0");
    reload(&mut cluster, "another");
    cluster.say(alice, "/broadcast", "");
    assert_eq!(cluster.refused(alice).1, Code::NotOperator);
    assert_eq!(cluster.ask(alice, "/operator", "another"), "ok");
    assert_eq!(cluster.ask(alice, "/broadcast", ""), "0");
}

#[test]
fn where_there_is_a_token_operators_broadcast_and_nobody_else() {
    let mut cluster = Cluster::new(2, settings());
    let [alice, bob] = ["alice", "bob"].map(|name| cluster.join(name));
    cluster.say(bob, "/broadcast", "x");
    assert_eq!(cluster.refused(bob), (1, Code::NotOperator));
    cluster.ask(alice, "/operator", "sesame");
    assert_eq!(cluster.ask(alice, "/broadcast", "y"), "1");
    assert_eq!(cluster.only(bob).msg, "y");
    let mut cluster = Cluster::unpaced(2);
    let [alice, bob] = ["alice", "bob"].map(|name| cluster.join(name));
    assert_eq!(cluster.ask(alice, "/broadcast", "z"), "1");
    assert_eq!(cluster.only(bob).msg, "z");
    cluster.say(alice, "/operator", "sesame");
    assert_eq!(cluster.refused(alice), (2, Code::NoSuchEndpoint));
}

#[test]
fn the_broadcast_interval_is_kept_to_the_nanosecond() {
    let interval = Duration::from_secs(3);
    let mut cluster =
        Cluster::new(1, Settings { broadcast_interval: interval, rate: 0, ..Settings::default() });
    let [alice, bob] = ["alice", "bob"].map(|name| cluster.join(name));
    assert_eq!(cluster.ask(alice, "/broadcast", "first"), "1");
    assert_eq!(cluster.only(bob).msg, "first");
    cluster.pass_to_the_end(interval, |cluster| {
        cluster.say(alice, "/broadcast", "early");
        assert_eq!(cluster.refused(alice), (2, Code::SlowDown));
        assert_eq!(cluster.ask(bob, "/broadcast", "another's"), "1");
        cluster.heard(alice);
    });
    assert_eq!(cluster.ask(alice, "/broadcast", "in time"), "1");
    cluster.say(alice, "/broadcast", "at once");
    assert_eq!(cluster.refused(alice), (4, Code::SlowDown));
    assert_eq!(cluster.only(bob).msg, "in time");
}

#[test]
fn watchers_hear_who_comes_and_goes() {
    for workers in [1, 3] {
        let mut cluster = Cluster::unpaced(workers);
        let alice = cluster.join("alice");
        assert_eq!(cluster.ask(alice, "/presence", "on"), "on");
        assert_eq!(cluster.ask(alice, "/presence", "on"), "on");
        assert_eq!(cluster.counters.sum(|counters| &counters.watchers), 1);
        if workers > 1 {
            // Two workers' clocks never tell the very same nanosecond.
            cluster.pass(Duration::from_micros(1));
        }
        // Users here before are not announced, nor those who leave within a second.
        let passer_by = cluster.join("passer-by");
        cluster.pass(Duration::from_millis(999));
        cluster.end(passer_by, Ended::Politely);
        let bob = cluster.join("bob");
        cluster.pass_to_the_end(limits::PRESENCE_DELAY, |cluster| {
            assert_eq!(cluster.heard(alice), []);
        });
        let joined = cluster.only(alice);
        assert_eq!((&*joined.from, &*joined.msg), ("/joined", "bob"));
        cluster.end(bob, Ended::Politely);
        let left = cluster.only(alice);
        assert_eq!((&*left.from, &*left.msg), ("/left", "bob"));
        assert_eq!(cluster.ask(alice, "/presence", "off"), "off");
        assert_eq!(cluster.ask(alice, "/presence", "off"), "off");
        assert_eq!(cluster.counters.sum(|counters| &counters.watchers), 0);
        cluster.join("carol");
        cluster.pass(limits::PRESENCE_DELAY);
        assert_eq!(cluster.heard(alice), []);
        cluster.say(alice, "/presence", "maybe");
        assert_eq!(cluster.refused(alice).1, Code::BadArgument);
        cluster.ask(alice, "/presence", "on");
        cluster.end(alice, Ended::Politely);
        assert_eq!(cluster.counters.sum(|counters| &counters.watchers), 0);
    }
}

#[test]
fn workers_without_watchers_are_told_nothing() {
    let mut cluster = Cluster::unpaced(2);
    // Names that look like nothing else: all that they claim is at their homes.
    let names = ["anna", "bob", "carol", "dave", "eve", "frank"];
    let users = names.map(|name| cluster.join(name));
    let homes = users.map(|who| cluster.home(who));
    assert!(homes.contains(&0) && homes.contains(&1));
    // A message for each who moved home, and none besides.
    assert_eq!(cluster.messages_sent, homes.iter().filter(|&&home| home != 0).count());
    cluster.ask(users[0], "/presence", "on");
    let before = cluster.messages_sent;
    cluster.end(
        users.into_iter().find(|&who| cluster.home(who) != homes[0]).unwrap(),
        Ended::Politely,
    );
    assert_eq!(cluster.messages_sent, before + 1);
}

#[test]
fn presence_is_dropped_only_for_a_watcher_whose_queue_is_full() {
    let joined =
        r#"{"from":{"name":"/joined","ip":"10.0.0.1"},"to":"alice","msg":"carol"}"#.len() + 1;
    let waiting = r#"{"from":{"name":"bob","ip":"10.1.0.1"},"to":"alice","msg":"waits"}"#.len() + 1;
    for (room, heard) in [(joined, 2), (joined - 1, 1)] {
        let mut cluster =
            Cluster::new(1, Settings { queue_bytes_max: waiting + room, ..unpaced() });
        let [alice, bob] = ["alice", "bob"].map(|name| cluster.join(name));
        cluster.ask(alice, "/presence", "on");
        cluster.window(alice, 0);
        cluster.say(bob, "alice", "waits");
        cluster.join("carol");
        cluster.pass(limits::PRESENCE_DELAY);
        cluster.window(alice, usize::MAX);
        assert_eq!(cluster.heard(alice).len(), heard);
    }
}

#[test]
fn a_user_present_before_the_watching_began_is_reported_only_as_left() {
    for workers in [1, 3] {
        let mut cluster = Cluster::unpaced(workers);
        let [alice, bob] = ["alice", "bob"].map(|name| cluster.join(name));
        cluster.pass(Duration::from_millis(1));
        cluster.ask(alice, "/presence", "on");
        cluster.pass(limits::PRESENCE_DELAY);
        assert_eq!(cluster.heard(alice), [], "bob was here");
        cluster.end(bob, Ended::Politely);
        assert_eq!(cluster.only(alice).from, "/left");
    }
}
