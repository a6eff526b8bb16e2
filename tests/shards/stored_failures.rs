//! When the disk refuses, is slow, or doesn't answer; when senders go before something has
//! come of what they said; when the server stops.

use crate::cluster::{Cluster, with_accounts};
use lanline::chat::settings::StoreFailure;
use lanline::chat::{Code, Ended, Settings};
use lanline::limits;
use std::time::Duration;

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn a_disk_that_refuses_lets_packets_through_and_their_sender_knows() {
    for workers in [1, 2] {
        let mut cluster = Cluster::with_accounts(workers);
        let [alice, bob] = cluster.accounts_here(["alice", "bob"]);
        cluster.ask(bob, "/extend", "on");
        cluster.archive.refuses = true;
        cluster.say(alice, "bob", "all the same");
        assert!(cluster.raw(bob).trim_end().ends_with(r#""msg":"all the same"}"#), "no id");
        assert_eq!(cluster.refused(alice), (2, Code::NotKept));
        cluster.say(alice, "/broadcast", "fire");
        let heard = cluster.heard(alice);
        assert_eq!(heard.len(), 2, "{heard:?}");
        let (answers, refusals): (Vec<_>, Vec<_>) =
            heard.iter().partition(|heard| heard.from == "/broadcast");
        assert_eq!(answers[0].msg, "1");
        assert_eq!(refusals[0].refusal(), (3, "not-kept"));
        assert_eq!(cluster.texts(bob), ["fire"]);
        cluster.archive.refuses = false;
        cluster.say(alice, "bob", "stored again");
        assert_eq!((cluster.heard(alice).len(), cluster.archive.ids()), (0, vec![1]));
    }
}

#[test]
fn a_server_that_is_to_refuse_then_sends_nothing() {
    let settings = Settings { store_failure: StoreFailure::Refuse, ..with_accounts() };
    let mut cluster = Cluster::new(2, settings);
    let [alice, bob] = cluster.accounts_here(["alice", "bob"]);
    cluster.archive.refuses = true;
    cluster.say(alice, "bob", "nobody sees it");
    assert_eq!(cluster.refused(alice), (2, Code::NotSent));
    cluster.say(alice, "/broadcast", "nor that");
    assert_eq!(cluster.refused(alice), (3, Code::NotSent));
    assert_eq!(cluster.ask(alice, "/ping", "it goes on"), "it goes on");
    assert_eq!(cluster.heard(bob), []);
}

#[test]
fn a_disk_that_does_not_answer_for_five_seconds_counts_as_refusing() {
    for workers in [1, 2] {
        let mut cluster = Cluster::with_accounts(workers);
        let [alice, bob] = cluster.accounts_here(["alice", "bob"]);
        let guest = cluster.join("guest");
        cluster.storing.hangs = true;
        cluster.say(alice, "bob", "one");
        cluster.pass(SECOND);
        cluster.say(alice, "bob", "two");
        cluster.say(alice, "guest", "not stored");
        assert_eq!(cluster.texts(guest), ["not stored"], "it never waits");
        cluster.pass_to_the_end(limits::STORE_PATIENCE - SECOND, |cluster| {
            assert_eq!((cluster.heard(bob), cluster.heard(alice)), (vec![], vec![]));
        });
        assert_eq!(cluster.texts(bob), ["one", "two"], "in order");
        assert_eq!(cluster.refusals(alice), [(2, Code::NotKept), (3, Code::NotKept)]);
        assert!(cluster.ask(guest, "/stats", "").contains("store_failing 1"));
        cluster.say(alice, "bob", "three");
        assert_eq!(cluster.texts(bob), ["three"], "nobody waits for it again");
        assert_eq!(cluster.refused(alice), (5, Code::NotKept));
        // It turns up; what was given up isn't handed on again.
        cluster.storing.hangs = false;
        cluster.run();
        assert_eq!(cluster.archive.ids(), [1, 2], "they may turn up stored");
        assert_eq!((cluster.heard(bob), cluster.heard(alice)), (vec![], vec![]));
        cluster.say(alice, "bob", "four");
        assert_eq!(cluster.texts(bob), ["four"]);
        assert_eq!((cluster.heard(alice).len(), cluster.archive.ids()), (0, vec![1, 2, 3]));
        assert!(cluster.ask(guest, "/stats", "").contains("store_failing 0"));
    }
}

#[test]
fn a_store_with_too_much_to_do_gets_the_rest_later_in_order() {
    let mut cluster = Cluster::with_accounts(2);
    let [alice, bob] = cluster.accounts_here(["alice", "bob"]);
    cluster.storing.is_full = true;
    for text in ["one", "two", "three"] {
        cluster.say(alice, "bob", text);
    }
    cluster.pass(limits::POSTS_RETRY);
    assert_eq!(cluster.heard(bob), []);
    cluster.storing.is_full = false;
    cluster.say(alice, "bob", "four");
    cluster.pass(limits::POSTS_RETRY);
    assert_eq!(cluster.texts(bob), ["one", "two", "three", "four"]);
}

#[test]
fn a_sender_waits_while_too_much_of_it_is_under_way_and_nobody_else_does() {
    let mut cluster = Cluster::with_accounts(1);
    let [alice, bob] = cluster.accounts_here(["alice", "bob"]);
    cluster.storing.hangs = true;
    let long = "x".repeat(32 * 1024);
    for _ in 0..40 {
        cluster.say(alice, "bob", &long);
    }
    let kept = limits::POST_BYTES_PER_SESSION_MAX / long.len() + 1;
    assert!(!cluster.wants_bytes(alice), "it is read no more");
    cluster.storing.hangs = false;
    cluster.say(bob, "alice", "one more");
    assert_eq!(cluster.texts(bob).len(), 40, "in time, all of it: {kept} at once");
    assert_eq!(cluster.texts(alice), ["one more"]);
    assert!(cluster.wants_bytes(alice));
}

#[test]
fn what_is_under_way_is_bounded_however_many_have_sent_it() {
    let mut cluster = Cluster::with_accounts(1);
    let [alice, bob] = cluster.accounts_here(["alice", "bob"]);
    cluster.storing.hangs = true;
    let long = "x".repeat(60 * 1024);
    let mut waiting = 0;
    let senders = limits::POST_BYTES_MAX / long.len() + 10;
    for number in 0..senders {
        let name = format!("sender{}", number.to_string().replace('0', "a").replace('1', "b"));
        let [sender] = cluster.accounts_here([&name]);
        cluster.say(sender, "bob", &long);
        waiting += usize::from(!cluster.wants_bytes(sender));
    }
    assert!(waiting > senders / 3, "{waiting} wait");
    let relayed = cluster.heard(bob).len();
    assert!((1..=12).contains(&relayed), "{relayed} of {senders} are not kept");
    cluster.say(alice, "/ping", "others go on");
    assert_eq!(cluster.texts(alice), ["others go on"]);
    cluster.storing.hangs = false;
    cluster.run();
    assert_eq!(cluster.heard(bob).len(), senders - relayed, "the others in time");
}

#[test]
fn over_its_share_of_the_disk_an_account_is_read_later() {
    let settings = Settings { store_rate: 1 << 20, ..with_accounts() };
    let mut cluster = Cluster::new(1, settings);
    let [alice, bob] = cluster.accounts_here(["alice", "bob"]);
    let long = "x".repeat(60 * 1024);
    let mut sent = 0;
    while cluster.wants_bytes(alice) {
        cluster.say(alice, "bob", &long);
        sent += 1;
    }
    let burst = limits::STORE_RATE_BURST_BYTES as usize / long.len();
    assert!((burst - 2..=burst + 2).contains(&sent), "{sent}");
    cluster.heard(bob);
    cluster.say(alice, "bob", "later");
    assert_eq!(cluster.heard(bob), []);
    cluster.pass(SECOND);
    assert_eq!(cluster.texts(bob), ["later"], "never refused");
    assert_eq!(cluster.heard(alice), []);
}

#[test]
fn who_goes_is_told_first_what_has_come_of_what_it_said() {
    for workers in [1, 2] {
        let mut cluster = Cluster::with_accounts(workers);
        let [alice, bob] = cluster.accounts_here(["alice", "bob"]);
        cluster.storing.hangs = true;
        cluster.archive.refuses = true;
        cluster.say(alice, "bob", "last words");
        cluster.end(alice, Ended::Politely);
        assert!(!cluster.is_closed(alice), "a refusal may come");
        cluster.storing.hangs = false;
        cluster.run();
        assert_eq!(cluster.refused(alice), (2, Code::NotKept));
        assert!(cluster.is_closed(alice));
        assert_eq!(cluster.texts(bob), ["last words"]);
        assert!(cluster.counters.users() == 1);
    }
}

#[test]
fn what_a_lost_sender_said_is_stored_and_delivered() {
    let mut cluster = Cluster::with_accounts(2);
    let [alice, bob] = cluster.accounts_here(["alice", "bob"]);
    cluster.storing.hangs = true;
    cluster.say(alice, "bob", "last words");
    cluster.end(alice, Ended::Reset);
    assert!(cluster.is_closed(alice));
    cluster.storing.hangs = false;
    cluster.run();
    assert_eq!(cluster.texts(bob), ["last words"]);
}

#[test]
fn a_server_that_stops_refuses_what_it_could_not_store() {
    let mut cluster = Cluster::with_accounts(2);
    let [alice, bob] = cluster.accounts_here(["alice", "bob"]);
    cluster.say(alice, "bob", "stored");
    cluster.storing.hangs = true;
    cluster.say(alice, "bob", "not stored");
    cluster.stop();
    assert!(cluster.shards.iter().any(|shard| !shard.is_flushed()), "it waits for the store");
    cluster.bounce_all();
    assert_eq!(cluster.refused(alice), (3, Code::Undelivered));
    assert_eq!(cluster.texts(bob), ["stored"]);
    cluster.storing.hangs = false;
    cluster.run();
    assert_eq!(cluster.heard(bob), [], "nobody is told of it any more");
}
