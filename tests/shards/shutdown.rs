//! The end of the server: what was read is handled, what waits is bounced,
//! everybody is closed.

use crate::cluster::{Cluster, packet, unpaced};
use lanline::chat::Ended;
use lanline::chat::{Code, Settings, WorkerId};
use lanline::limits;

#[test]
fn packets_that_were_paused_are_handled_when_the_server_stops() {
    let mut cluster = Cluster::new(1, Settings { rate: 1, ..unpaced() });
    let [alice, bob] = ["alice", "bob"].map(|name| cluster.join(name));
    cluster.write(bob, &packet("bob", "alice", "x").repeat(6));
    assert_eq!(cluster.heard(alice).len(), 2);
    cluster.stop();
    assert_eq!(cluster.heard(alice).len(), 4);
    assert!(!cluster.wants_bytes(bob), "nothing more is read");
}

#[test]
fn a_paused_client_whose_stream_has_ended_is_closed_when_the_server_stops() {
    let mut cluster = Cluster::new(1, Settings { rate: 1, ..unpaced() });
    let bob = cluster.join("bob");
    cluster.write(bob, &packet("bob", "/ping", "x").repeat(4));
    cluster.end(bob, Ended::Politely);
    assert!(!cluster.is_closed(bob));
    cluster.stop();
    assert_eq!(cluster.heard(bob).len(), 4);
    assert!(cluster.is_closed(bob));
}

#[test]
fn a_packet_behind_a_query_waits_for_its_replies_when_the_server_stops() {
    let mut cluster = Cluster::unpaced(2);
    let bob = cluster.join("bob");
    cluster.held_messages = vec![1 - cluster.home(bob)];
    let mut bytes = packet("bob", "/list", "");
    bytes.extend(packet("bob", "/rooms", ""));
    cluster.write(bob, &bytes);
    cluster.stop();
    assert_eq!(cluster.heard(bob), []);
    cluster.held_messages.clear();
    cluster.run();
    assert_eq!(cluster.texts(bob), ["1-1 of 1\nbob", "0-0 of 0"]);
}

#[test]
fn wrong_tokens_are_refused_without_delay_when_the_server_stops() {
    let settings = Settings { operator_token: Some("sesame".into()), ..unpaced() };
    let mut cluster = Cluster::new(1, settings);
    let bob = cluster.join("bob");
    cluster.write(bob, &packet("bob", "/operator", "wrong").repeat(3));
    cluster.stop();
    assert_eq!(cluster.refusals(bob), [1, 2, 3].map(|ordinal| (ordinal, Code::NotOperator)));
}

#[test]
fn a_server_that_stops_sends_no_presence() {
    let mut cluster = Cluster::unpaced(1);
    let [alice, bob] = ["alice", "bob"].map(|name| cluster.join(name));
    cluster.ask(alice, "/presence", "on");
    cluster.stop();
    cluster.end(bob, Ended::Politely);
    assert!(cluster.is_closed(bob));
    assert_eq!(cluster.heard(alice), []);
}

#[test]
fn bounce_all_bounces_what_is_queued_and_what_comes_later() {
    let mut cluster = Cluster::unpaced(1);
    let [alice, bob] = ["alice", "bob"].map(|name| cluster.join(name));
    cluster.window(bob, 0);
    cluster.say(alice, "bob", "one");
    cluster.write(alice, &packet("alice", "bob", "two"));
    cluster.stop();
    assert_eq!(cluster.heard(alice), []);
    cluster.shards[0].bounce_all(cluster.now);
    cluster.run();
    assert_eq!(cluster.refusals(alice), [(1, Code::Undelivered), (2, Code::Undelivered)]);
    cluster.receive(alice, &packet("alice", "bob", "three"));
    cluster.run();
    assert_eq!(cluster.refused(alice), (3, Code::Undelivered));
    assert!(cluster.shards[0].is_flushed());
}

#[test]
fn a_refusal_from_a_faster_worker_is_not_bounced() {
    let mut cluster = Cluster::unpaced(2);
    let alice = cluster.join("alice");
    let at_home = cluster.home(alice);
    let (bob, name) = cluster.join_at(1 - at_home);
    cluster.window(bob, 0);
    cluster.say(alice, &name, "waits");
    cluster.stop();
    let (now, far) = (cluster.now, cluster.home(bob));
    cluster.shards[far].bounce_all(now);
    let messages = cluster.shards[far].take_batch(at_home as WorkerId).expect("a refusal");
    cluster.shards[at_home].handle_batch(now, messages);
    cluster.shards[at_home].bounce_all(now);
    cluster.run();
    assert_eq!(cluster.refused(alice), (1, Code::Undelivered));
}

#[test]
fn what_is_in_the_bulk_flush_queue_is_sent_or_bounced() {
    for reads in [true, false] {
        let mut cluster = Cluster::unpaced(1);
        let [alice, bob] = ["alice", "bob"].map(|name| cluster.join(name));
        for who in [alice, bob] {
            cluster.ask(who, "/join", "#r");
        }
        cluster.window_unseen(bob, if reads { usize::MAX } else { 0 });
        cluster.receive(alice, &packet("alice", "#r", "in the bulk flush queue"));
        let now = cluster.now;
        cluster.shards[0].stop(now);
        cluster.shards[0].bounce_all(now);
        cluster.run();
        if reads {
            assert_eq!(cluster.only(bob).msg, "in the bulk flush queue");
            assert_eq!(cluster.heard(alice), []);
        } else {
            assert_eq!(cluster.refused(alice), (2, Code::Undelivered));
        }
    }
}

#[test]
fn refusals_queued_for_a_slow_reader_survive_bounce_all() {
    let mut cluster = Cluster::unpaced(1);
    let [alice, bob] = ["alice", "bob"].map(|name| cluster.join(name));
    cluster.window(alice, 0);
    cluster.window(bob, 0);
    cluster.say(alice, "bob", "waits");
    cluster.say(alice, "nobody", "x");
    cluster.stop();
    let now = cluster.now;
    cluster.shards[0].bounce_all(now);
    cluster.run();
    cluster.window(alice, usize::MAX);
    assert_eq!(cluster.refusals(alice), [(2, Code::NoSuchUser), (1, Code::Undelivered)]);
}

#[test]
fn hang_up_closes_every_client_once_flushed() {
    let mut cluster = Cluster::unpaced(1);
    let [alice, bob] = ["alice", "bob"].map(|name| cluster.join(name));
    cluster.window(bob, 0);
    cluster.say(alice, "bob", "waits");
    cluster.stop();
    let now = cluster.now;
    cluster.shards[0].hang_up(now);
    cluster.run();
    assert!(cluster.is_shut(alice) && !cluster.is_closed(alice));
    assert!(!cluster.is_shut(bob), "something waits");
    cluster.window(bob, usize::MAX);
    assert_eq!(cluster.only(bob).msg, "waits");
    cluster.pass(limits::LINGER);
    assert!(cluster.is_closed(alice) && cluster.is_closed(bob));
    assert!(cluster.shards[0].is_vacant());
}
