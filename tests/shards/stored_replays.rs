//! Sessions that come back or read too slowly: what they get from the store, in order,
//! nothing twice; how far their account is.

use crate::cluster::{Cluster, Who, with_accounts};
use lanline::chat::{Code, Ended, Settings};
use lanline::limits;
use std::time::Duration;

const SECOND: Duration = Duration::from_secs(1);

fn with_queue(workers: usize, queue_bytes_max: usize) -> Cluster {
    Cluster::new(workers, Settings { queue_bytes_max, ..with_accounts() })
}

fn send(cluster: &mut Cluster, who: Who, to: &str, numbers: std::ops::Range<u32>) {
    for number in numbers {
        cluster.say(who, to, &number.to_string());
    }
}

fn numbers(range: std::ops::Range<u32>) -> Vec<String> {
    range.map(|number| number.to_string()).collect()
}

#[test]
fn who_comes_back_gets_what_was_missed_once_and_in_order() {
    for workers in [1, 2, 3] {
        let mut cluster = Cluster::with_accounts(workers);
        let [alice, bob] = cluster.accounts_here(["alice", "bob"]);
        send(&mut cluster, alice, "bob", 0..3);
        assert_eq!(cluster.texts(bob), numbers(0..3));
        cluster.end(bob, Ended::Politely);
        send(&mut cluster, alice, "bob", 3..6);
        let bob = cluster.log_in("bob", "correct horse");
        assert_eq!(cluster.heard(bob), [], "a client that doesn't ask gets nothing old");
        cluster.say(bob, "/replay", "");
        let mut expected = numbers(3..6);
        expected.push("6".to_owned());
        assert_eq!(cluster.texts(bob), expected, "from the mark on, then the last id");
        cluster.say(bob, "/replay", "0");
        let mut expected = numbers(0..6);
        expected.push("6".to_owned());
        assert_eq!(cluster.texts(bob), expected, "from an id on");
        cluster.end(bob, Ended::Politely);
        let bob = cluster.log_in("bob", "correct horse");
        assert_eq!(cluster.ask(bob, "/replay", ""), "6", "the mark has moved");
    }
}

#[test]
fn live_packets_move_the_mark_only_in_a_session_that_misses_nothing() {
    let mut cluster = Cluster::with_accounts(2);
    let [alice, bob] = cluster.accounts_here(["alice", "bob"]);
    cluster.end(bob, Ended::Politely);
    send(&mut cluster, alice, "bob", 0..1);
    let bob = cluster.log_in("bob", "correct horse");
    send(&mut cluster, alice, "bob", 1..2);
    assert_eq!(cluster.texts(bob), numbers(1..2));
    cluster.end(bob, Ended::Politely);
    let id = cluster.store.id("bob").unwrap();
    assert_eq!(cluster.archive.mark(id), 0, "the first was not handed to it");
    let bob = cluster.log_in("bob", "correct horse");
    cluster.say(bob, "/replay", "");
    assert_eq!(cluster.texts(bob), ["0", "1", "2"]);
    send(&mut cluster, alice, "bob", 2..3);
    cluster.pass(limits::MARKS_DELAY);
    assert_eq!(cluster.archive.mark(id), 3);
}

#[test]
fn what_is_in_the_queue_was_not_handed_over() {
    let mut cluster = Cluster::with_accounts(1);
    let [alice, bob] = cluster.accounts_here(["alice", "bob"]);
    let id = cluster.store.id("bob").unwrap();
    send(&mut cluster, alice, "bob", 0..1);
    cluster.window(bob, 10);
    send(&mut cluster, alice, "bob", 1..3);
    cluster.pass(limits::MARKS_DELAY);
    assert_eq!(cluster.archive.mark(id), 1, "the second is torn");
    cluster.end(bob, Ended::Reset);
    let bob = cluster.log_in("bob", "correct horse");
    cluster.say(bob, "/replay", "");
    assert_eq!(cluster.texts(bob), ["1", "2", "3"]);
}

#[test]
fn what_an_account_sends_itself_comes_to_its_other_sessions_only() {
    for workers in [1, 2] {
        let mut cluster = Cluster::with_accounts(workers);
        let [alice, bob] = cluster.accounts_here(["alice", "bob"]);
        send(&mut cluster, alice, "bob", 0..2);
        cluster.say(alice, "/replay", "0");
        assert_eq!(cluster.texts(alice), ["2"], "its own: nothing but the answer");
        let second = cluster.log_in("alice", "correct horse");
        cluster.say(second, "/replay", "0");
        assert_eq!(cluster.texts(second), ["0", "1", "2"], "from elsewhere");
        cluster.heard(bob);
    }
}

#[test]
fn a_session_that_reads_too_slowly_gets_the_rest_from_the_store() {
    for workers in [1, 2] {
        let mut cluster = with_queue(workers, 4096);
        let [alice, bob] = cluster.accounts_here(["alice", "bob"]);
        let id = cluster.store.id("bob").unwrap();
        cluster.window(bob, 0);
        send(&mut cluster, alice, "bob", 0..200);
        assert_eq!(cluster.heard(alice), [], "nothing is busy, nothing undelivered");
        // It reads a little, and more is said meanwhile.
        for round in 0..40 {
            cluster.window(bob, 500);
            send(&mut cluster, alice, "bob", 200 + round..201 + round);
        }
        cluster.window(bob, usize::MAX);
        assert_eq!(cluster.texts(bob), numbers(0..240), "in order, nothing twice");
        send(&mut cluster, alice, "bob", 240..241);
        assert_eq!(cluster.texts(bob), numbers(240..241), "live again");
        cluster.pass(limits::MARKS_DELAY);
        assert_eq!(cluster.archive.mark(id), 241, "it missed nothing");
    }
}

#[test]
fn stored_packets_leave_half_of_a_queue_to_others() {
    let mut cluster = with_queue(1, 4096);
    let [alice, bob] = cluster.accounts_here(["alice", "bob"]);
    let guest = cluster.join("guest");
    cluster.window(bob, 0);
    send(&mut cluster, alice, "bob", 0..200);
    cluster.say(guest, "bob", "from a guest");
    assert_eq!(cluster.heard(guest), [], "there is room");
    cluster.window(bob, usize::MAX);
    let texts = cluster.texts(bob);
    assert_eq!(texts.len(), 201);
    assert!(texts.contains(&"from a guest".to_owned()));
}

#[test]
fn what_is_new_during_a_replay_comes_behind_its_answer() {
    for workers in [1, 2] {
        let mut cluster = with_queue(workers, 4096);
        let [alice, bob] = cluster.accounts_here(["alice", "bob"]);
        send(&mut cluster, alice, "bob", 0..100);
        cluster.heard(bob);
        cluster.window(bob, 700);
        cluster.say(bob, "/replay", "0");
        cluster.say(bob, "/ping", "behind it");
        send(&mut cluster, alice, "bob", 100..110);
        cluster.window(bob, usize::MAX);
        let mut expected = numbers(0..110);
        expected.push("110".to_owned());
        expected.push("behind it".to_owned());
        assert_eq!(cluster.texts(bob), expected);
    }
}

#[test]
fn a_client_says_how_far_it_is() {
    let mut cluster = Cluster::with_accounts(1);
    let [alice, bob] = cluster.accounts_here(["alice", "bob"]);
    let id = cluster.store.id("bob").unwrap();
    cluster.end(bob, Ended::Politely);
    send(&mut cluster, alice, "bob", 0..3);
    let bob = cluster.log_in("bob", "correct horse");
    cluster.say(bob, "/replay", "2");
    assert_eq!(cluster.texts(bob), ["2", "3"]);
    assert_eq!(cluster.archive.mark(id), 2, "told at once");
    assert_eq!(cluster.ask(bob, "/replay", "9007199254740991"), "9007199254740991");
    assert_eq!(cluster.archive.mark(id), 3, "never beyond what there is");
    for bad in ["-1", "x", "1 2", "9007199254740992", "+1"] {
        assert_eq!(cluster.refusal(bob, "/replay", bad), Code::BadArgument, "{bad}");
    }
}

#[test]
fn who_was_away_is_told_delivered_once_it_is_replayed() {
    for workers in [1, 2, 3] {
        let mut cluster = Cluster::with_accounts(workers);
        let [alice, bob] = cluster.accounts_here(["alice", "bob"]);
        cluster.end(bob, Ended::Politely);
        cluster.ask(alice, "/receipts", "on");
        send(&mut cluster, alice, "bob", 0..2);
        assert_eq!(cluster.texts(alice), ["stored 3 1", "stored 4 2"]);
        let bob = cluster.log_in("bob", "correct horse");
        cluster.window(bob, 0);
        cluster.say(bob, "/replay", "");
        assert_eq!(cluster.heard(alice), [], "it is in a queue");
        cluster.window(bob, usize::MAX);
        assert_eq!(cluster.texts(bob), ["0", "1", "2"]);
        assert_eq!(cluster.texts(alice), ["delivered bob 2"]);
    }
}

#[test]
fn a_store_that_cannot_be_read_refuses_a_replay_and_a_slow_session_gets_its_packets_later() {
    let mut cluster = with_queue(1, 4096);
    let [alice, bob] = cluster.accounts_here(["alice", "bob"]);
    cluster.window(bob, 0);
    send(&mut cluster, alice, "bob", 0..100);
    cluster.archive.refuses = true;
    cluster.window(bob, usize::MAX);
    let few = cluster.texts(bob).len();
    assert!((1..100).contains(&few), "{few}");
    assert_eq!(cluster.refusal(alice, "/replay", "0"), Code::Busy);
    cluster.archive.refuses = false;
    cluster.pass(limits::STORE_PATIENCE + SECOND);
    assert_eq!(cluster.texts(bob).len(), 100 - few);
    send(&mut cluster, alice, "bob", 100..101);
    assert_eq!(cluster.texts(bob), ["100"]);
}
