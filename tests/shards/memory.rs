//! Bounds on the memory of all connections together: counted to the byte, and
//! which connections are closed over them.

use crate::cluster::{Cluster, Who, packet, unpaced};
use lanline::chat::{Code, Report, Settings, TooMuch};
use lanline::limits;
use std::time::Duration;

/// The clients that were closed to free memory, and of what kind.
fn gone(cluster: &Cluster) -> Vec<(Box<str>, TooMuch)> {
    let who = |report: &Report| match report {
        Report::TooMuch { name, what, .. } => Some((name.clone(), *what)),
        _ => None,
    };
    cluster.reports.iter().filter_map(who).collect()
}

/// Sends the first `bytes` of a longer packet.
fn torn(cluster: &mut Cluster, who: Who, name: &str, bytes: usize) {
    let whole = packet(name, "/ping", &"x".repeat(bytes));
    cluster.write(who, &whole[..bytes]);
}

#[test]
fn over_the_input_bound_the_clients_with_most_input_are_closed() {
    let settings = Settings { queues_bytes_max: 1, ..unpaced() };
    let bound = settings.input_bytes_max();
    assert_eq!(bound, limits::INPUT_BYTES_MIN);
    let mut cluster = Cluster::new(2, settings);
    let ordinary = cluster.join("ordinary");
    torn(&mut cluster, ordinary, "ordinary", limits::SHED_BYTES_MIN - 100);
    let mut talkers = Vec::new();
    for number in 0..bound / 60_000 + 40 {
        let name = format!("talker-{number}");
        let who = cluster.join(&name);
        torn(&mut cluster, who, &name, 60_000);
        cluster.heard(who);
        talkers.push(who);
    }
    assert!(gone(&cluster).is_empty(), "nobody is closed before the tick is over");
    for _ in 0..8 {
        cluster.pass(limits::SHED_INTERVAL);
    }
    let kept: usize = talkers.iter().map(|&who| cluster.kept_bytes(who)).sum();
    assert!((bound / 2..=bound).contains(&kept), "{kept} of {bound}");
    let closed: Vec<Who> =
        talkers.into_iter().filter(|&who| cluster.kept_bytes(who) == 0).collect();
    assert!(closed.len() >= 40 && closed.len() == gone(&cluster).len(), "{}", closed.len());
    for who in closed {
        assert_eq!(cluster.refused(who), (0, Code::ServerFull));
    }
    assert!(
        gone(&cluster).iter().all(|(name, what)| *what == TooMuch::Input && &**name != "ordinary")
    );
}

#[test]
fn kept_packets_are_handled_before_their_sender_is_closed_for_them() {
    // Bob's queue has room for all that those have sent who are closed at once.
    let (queue_bytes_max, queues_bytes_max) = (1 << 24, 1 << 26);
    let settings = Settings { rate: 1, queue_bytes_max, queues_bytes_max, ..Settings::default() };
    let mut cluster = Cluster::new(1, settings);
    let bob = cluster.join("bob");
    let text = "y".repeat(10_000);
    let mut senders = 0;
    while senders * 60_000 < 2 * limits::INPUT_BYTES_MIN {
        let name = format!("sender-{senders}");
        let who = cluster.join(&name);
        // Two are handled at once, the burst of the rate.
        cluster.write(who, &packet(&name, "bob", &text).repeat(6));
        senders += 1;
    }
    assert_eq!(cluster.heard(bob).len(), 2 * senders);
    for _ in 0..20 {
        cluster.pass(limits::SHED_INTERVAL);
    }
    let went = gone(&cluster).len();
    assert!(went > 0);
    assert_eq!(cluster.heard(bob).len(), 4 * went, "all packets of those that were closed");
}

#[test]
fn over_the_bound_of_all_queues_an_empty_queue_accepts_within_the_reserve() {
    let bound = 400_000;
    let settings = Settings { queues_bytes_max: bound, ..unpaced() };
    let mut cluster = Cluster::new(1, settings);
    let alice = cluster.join("alice");
    let readers: Vec<Who> = (0..20).map(|n| cluster.join(&format!("r{n}"))).collect();
    for &who in &readers {
        cluster.window(who, 0);
    }
    let long = "x".repeat(50_000);
    let refused = |cluster: &mut Cluster, to: &str, text: &str| {
        cluster.say(alice, to, text);
        cluster.refusals(alice).pop().map(|(_, code)| code)
    };
    // Eight of these are the bound, and nearly half of one more the reserve.
    for number in 0..8 {
        assert_eq!(refused(&mut cluster, &format!("r{number}"), &long), None, "{number}");
    }
    assert_eq!(refused(&mut cluster, "r8", &long), Some(Code::Busy), "over the reserve");
    assert_eq!(refused(&mut cluster, "r9", &long[..20_000]), None, "within the reserve");
    assert_eq!(refused(&mut cluster, "r9", "more"), Some(Code::Busy), "long, and over the bound");
    assert_eq!(refused(&mut cluster, "r10", "short"), None);
}

#[test]
fn far_over_the_bound_of_all_queues_the_client_with_most_unread_answers_is_closed() {
    let settings = Settings { queues_bytes_max: 20_000, queue_bytes_max: 100, ..unpaced() };
    let mut cluster = Cluster::new(2, settings);
    let alice = cluster.join("alice");
    let members: Vec<Who> = (0..150).map(|n| cluster.join(&format!("member-{n}"))).collect();
    for &who in members.iter().chain([&alice]) {
        cluster.ask(who, "/join", "#r");
        cluster.window(who, 0);
    }
    // Their queues are full with the first; each further message is refused for each.
    for _ in 0..12 {
        cluster.say(alice, "#r", "");
        cluster.pass(limits::SHED_INTERVAL);
    }
    assert_eq!(gone(&cluster), [("alice".into(), TooMuch::Answers)]);
    cluster.pass(Duration::from_secs(1));
    assert!(cluster.is_closed(alice));
    assert!(members.iter().all(|&who| !cluster.is_closed(who)));
}
