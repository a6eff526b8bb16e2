//! What is for many, or given back to many, and mail: in slices, within a tick's budget, and
//! in order.

use crate::cluster::{Cluster, Who, packet, unpaced};
use lanline::chat::{Ended, Settings};
use lanline::limits;
use std::time::Duration;

/// Ten members of a room: a post to more than two is told in slices, of one in a busy
/// tick.
fn in_slices(workers: usize) -> (Cluster, Vec<Who>) {
    let settings = Settings { fan_out_slice: 2, tick_work_max: 4, ..unpaced() };
    let mut cluster = Cluster::new(workers, settings);
    let names = (0..10).map(|number| format!("user{number}"));
    let members: Vec<Who> = names.map(|name| cluster.join(&name)).collect();
    for &member in &members {
        cluster.ask(member, "/join", "#r");
    }
    (cluster, members)
}

#[test]
fn a_post_to_many_is_told_in_slices_and_what_follows_comes_behind_it() {
    for workers in [1, 3] {
        let (mut cluster, members) = in_slices(workers);
        let said: Vec<u8> = [("#r", "one"), ("user9", "two"), ("#r", "three"), ("/ping", "four")]
            .into_iter()
            .flat_map(|(to, msg)| packet("user0", to, msg))
            .collect();
        cluster.ticks_are_held = true;
        cluster.write(members[0], &said);
        let heard: usize = members.iter().map(|&who| cluster.heard(who).len()).sum();
        assert!(heard < 9, "{heard} at once, {workers} workers");
        cluster.ticks_are_held = false;
        cluster.run();
        let (peak, _) = cluster.shards[0].work_peaks();
        assert!(peak <= limits::QUANTUM_WORK_MAX, "{peak}");
        assert_eq!(cluster.texts(members[9]).last().map(String::as_str), Some("three"));
        assert_eq!(cluster.texts(members[0]), ["four"]);
    }
}

#[test]
fn a_broadcast_to_many_is_counted_when_the_last_has_it() {
    for workers in [1, 3] {
        let (mut cluster, members) = in_slices(workers);
        assert_eq!(cluster.ask(members[0], "/broadcast", "all"), "9");
        for &member in &members[1..] {
            assert_eq!(cluster.only(member).msg, "all");
        }
    }
}

#[test]
fn who_leaves_a_room_while_a_post_is_told_in_slices_does_not_hear_it_after_that() {
    let (mut cluster, members) = in_slices(1);
    cluster.ticks_are_held = true;
    cluster.say(members[0], "#r", "late");
    cluster.pass(Duration::ZERO);
    cluster.say(members[9], "/leave", "#r");
    assert_eq!(cluster.texts(members[9]), ["#r"]);
    cluster.ticks_are_held = false;
    cluster.run();
    assert_eq!(cluster.heard(members[9]), []);
    assert_eq!(cluster.texts(members[8]), ["late"]);
}

#[test]
fn a_long_queue_is_given_back_in_slices() {
    let settings = Settings { fan_out_slice: 2, tick_work_max: 24, ..unpaced() };
    let mut cluster = Cluster::new(1, settings);
    let [alice, bob] = ["alice", "bob"].map(|name| cluster.join(name));
    cluster.window(bob, 0);
    for _ in 0..50 {
        cluster.say(alice, "bob", "x");
    }
    cluster.ticks_are_held = true;
    cluster.broken(bob);
    cluster.end(bob, Ended::Reset);
    let at_once = cluster.heard(alice).len();
    assert!(at_once < 10, "{at_once}");
    cluster.ticks_are_held = false;
    cluster.run();
    assert_eq!(at_once + cluster.heard(alice).len(), 50);
}

#[test]
fn mail_that_a_tick_has_no_time_for_is_read_in_the_next_in_its_order() {
    let settings = Settings { tick_work_max: 12, ..unpaced() };
    let mut cluster = Cluster::new(2, settings);
    let (alice, name) = cluster.join_at(0);
    let (bob, to) = cluster.join_at(1);
    let said: Vec<u8> = (0..20).flat_map(|n| packet(&name, &to, &n.to_string())).collect();
    cluster.held_messages = vec![1];
    cluster.write(alice, &said);
    cluster.ticks_are_held = true;
    cluster.held_messages.clear();
    cluster.run();
    let mut heard = cluster.texts(bob);
    assert!(heard.len() < 20 && cluster.shards[1].has_mail(), "{heard:?}");
    cluster.ticks_are_held = false;
    cluster.run();
    heard.extend(cluster.texts(bob));
    assert_eq!(heard, (0..20).map(|n| n.to_string()).collect::<Vec<_>>());
}
