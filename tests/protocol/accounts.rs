//! Section "What the server does to a packet": nothing is lost silently. Each
//! packet is either delivered whole to its recipient, or refused to its sender by
//! ordinal: `busy` or `undelivered`.

use crate::ledger::{Ledger, numbered};
use std::io::Write;
use testkit::{Packet, Peer, Server, Setup, for_each_setup, packet_text};

for_each_setup!(
    packets_to_a_late_reader_are_delivered_or_refused,
    packets_queued_for_a_client_that_leaves_unread_are_undelivered,
    packets_queued_for_a_client_that_leaves_after_reading_some_are_undelivered,
    a_flood_to_a_slow_reader_is_delivered_or_refused,
    a_room_message_is_refused_for_each_member_who_does_not_get_it,
    a_broadcast_is_refused_for_each_user_who_does_not_get_it,
    a_client_that_does_not_read_delays_nobody_else,
    a_packet_larger_than_the_queue_is_delivered_where_nothing_is_queued,
    answers_to_a_client_that_does_not_read_are_never_refused,
    a_client_that_reads_nothing_for_too_long_is_stuck,
    a_client_that_does_not_read_its_own_answers_is_stuck,
    an_idle_client_is_not_stuck,
);

/// A queue so small that it is soon full; the sockets take some as well.
const SMALL_QUEUE: (&str, &str) = ("--queue", "10000");
/// However long a slow machine takes to fill a queue, no client is stuck.
const NEVER_STUCK: (&str, &str) = ("--stuck-timeout", "3600");

/// Ends the sender's stream, behind which all its refusals have come.
fn settle(ledger: &mut Ledger, mut sender: Peer) {
    sender.half_close();
    ledger.note_refusals(&sender.rest());
}

fn packets_to_a_late_reader_are_delivered_or_refused(setup: Setup) {
    let server = Server::with(setup, &[SMALL_QUEUE, NEVER_STUCK]);
    for n in 0..4 {
        let name = format!("bob{n}");
        let mut bob = Peer::join_narrow(&server, &name);
        let mut alice = Peer::join(&server, "alice");
        let mut ledger = Ledger::default();
        ledger.fill(&mut alice, &name, &[&name], &[&name]);
        // Closes its sending half, then reads: what was queued still comes.
        bob.half_close();
        ledger.note_received(&name, &bob.rest());
        settle(&mut ledger, alice);
        ledger.assert_settled(&name);
        let codes = ledger.refused(&name);
        assert!(codes.values().all(|code| code == "busy"), "bob read everything: {codes:?}");
    }
}

fn packets_queued_for_a_client_that_leaves_unread_are_undelivered(setup: Setup) {
    let server = Server::with(setup, &[SMALL_QUEUE, NEVER_STUCK]);
    for n in 0..4 {
        let name = format!("bob{n}");
        let bob = Peer::join_narrow(&server, &name);
        let mut alice = Peer::join(&server, "alice");
        let mut ledger = Ledger::default();
        ledger.fill(&mut alice, &name, &[&name], &[&name]);
        bob.reset();
        let told = alice.expect("what waited for bob", |packet| {
            packet.refusal().is_some_and(|(_, code)| code == "undelivered")
        });
        ledger.note_refusals(&[told]);
        settle(&mut ledger, alice);
        ledger.assert_told(&name);
    }
}

fn packets_queued_for_a_client_that_leaves_after_reading_some_are_undelivered(setup: Setup) {
    let server = Server::with(setup, &[SMALL_QUEUE, NEVER_STUCK]);
    for n in 0..4 {
        let name = format!("bob{n}");
        let mut bob = Peer::join_narrow(&server, &name);
        let mut alice = Peer::join(&server, "alice");
        let mut ledger = Ledger::default();
        for _ in 0..3 {
            ledger.fill(&mut alice, &name, &[&name], &[&name]);
            let some: Vec<Packet> = (0..30).map(|_| bob.next()).collect();
            ledger.note_received(&name, &some);
        }
        ledger.fill(&mut alice, &name, &[&name], &[&name]);
        bob.reset();
        let told = alice.expect("what waited for bob", |packet| {
            packet.refusal().is_some_and(|(_, code)| code == "undelivered")
        });
        ledger.note_refusals(&[told]);
        settle(&mut ledger, alice);
        ledger.assert_told(&name);
    }
}

fn a_flood_to_a_slow_reader_is_delivered_or_refused(setup: Setup) {
    const PACKETS: u64 = 20_000;
    let server = Server::with(setup, &[SMALL_QUEUE, NEVER_STUCK]);
    let mut bob = Peer::join_narrow(&server, "bob");
    let mut alice = Peer::join(&server, "alice");
    let mut ledger = Ledger::default();
    (1..=PACKETS).for_each(|ordinal| ledger.note(ordinal, &["bob"]));
    alice.count(PACKETS);
    let mut sending = alice.sending_half();
    let (received, refused) = std::thread::scope(|scope| {
        scope.spawn(move || {
            for ordinal in 1..=PACKETS {
                let packet = packet_text("alice", "bob", &numbered(ordinal, 200));
                sending.write_all(packet.as_bytes()).unwrap();
            }
            sending.half_close();
        });
        let refused = scope.spawn(|| alice.rest());
        // Reads one by one, with a round trip each time: slower than alice.
        let mut received = Vec::new();
        for _ in 0..1000 {
            bob.send("/ping", "");
            received.push(bob.next());
        }
        let refused = refused.join().unwrap();
        bob.half_close();
        received.extend(bob.rest());
        (received, refused)
    });
    ledger.note_received("bob", &received);
    ledger.note_refusals(&refused);
    ledger.assert_settled("bob");
}

/// Alice sends to six recipients by `to`, four of which don't read.
fn many(server: &Server, to: &str) {
    let names = ["bob0", "bob1", "bob2", "bob3", "carl0", "carl1"];
    let mut alice = Peer::join(server, "alice");
    let mut ledger = Ledger::default();
    let mut members: Vec<Peer> = names
        .iter()
        .map(|name| match name.starts_with("bob") {
            true => Peer::join_narrow(server, name),
            false => Peer::join(server, name),
        })
        .collect();
    for member in members.iter_mut().chain([&mut alice]) {
        member.ask("/join", "#ops");
    }
    std::thread::scope(|scope| {
        let readers: Vec<_> = members
            .drain(4..)
            .map(|mut carl| scope.spawn(move || read_until_end(&mut carl)))
            .collect();
        ledger.fill(&mut alice, to, &names, &names[..4]);
        alice.ask("/presence", "on");
        // One that leaves without reading, and three that read late.
        members.remove(0).reset();
        assert_eq!(alice.expect_from("/left").msg, "bob0");
        for mut bob in members {
            bob.half_close();
            let name = bob.name.clone();
            ledger.note_received(&name, &bob.rest());
        }
        for (reader, name) in readers.into_iter().zip(["carl0", "carl1"]) {
            ledger.end(&mut alice, name);
            ledger.note_received(name, &reader.join().unwrap());
        }
        settle(&mut ledger, alice);
    });
    for name in &names[1..] {
        ledger.assert_settled(name);
    }
    for name in &names[1..4] {
        assert!(!ledger.refused(name).is_empty(), "nothing was refused for {name}");
    }
    ledger.assert_told_among_others("bob0");
}

/// Reads until somebody says `end`, then leaves.
fn read_until_end(reader: &mut Peer) -> Vec<Packet> {
    let mut packets = Vec::new();
    loop {
        let packet = reader.next();
        if packet.msg == "end" {
            return packets;
        }
        packets.push(packet);
    }
}

fn a_room_message_is_refused_for_each_member_who_does_not_get_it(setup: Setup) {
    many(&Server::with(setup, &[SMALL_QUEUE, NEVER_STUCK]), "#ops");
}

fn a_broadcast_is_refused_for_each_user_who_does_not_get_it(setup: Setup) {
    let at_once = ("--broadcast-interval", "0");
    many(&Server::with(setup, &[SMALL_QUEUE, NEVER_STUCK, at_once]), "/broadcast");
}

fn a_client_that_does_not_read_delays_nobody_else(setup: Setup) {
    let server = Server::with(setup, &[SMALL_QUEUE, NEVER_STUCK]);
    let _bob = Peer::join_narrow(&server, "bob");
    let mut alice = Peer::join(&server, "alice");
    let mut ledger = Ledger::default();
    ledger.fill(&mut alice, "bob", &["bob"], &["bob"]);
    let mut others: Vec<Peer> = (0..8).map(|n| Peer::join(&server, &format!("carl{n}"))).collect();
    for n in 0..100 {
        alice.send("bob", &"x".repeat(5000));
        for other in &mut others {
            alice.send(&other.name, &n.to_string());
            assert_eq!(other.next().msg, n.to_string());
        }
    }
    others.iter_mut().for_each(Peer::assert_nothing_came);
}

fn a_packet_larger_than_the_queue_is_delivered_where_nothing_is_queued(setup: Setup) {
    let server = Server::with(setup, &[("--queue", "2000")]);
    let mut alice = Peer::join(&server, "alice");
    let text = "x".repeat(60_000);
    for n in 0..8 {
        let mut bob = Peer::join(&server, &format!("bob{n}"));
        for _ in 0..5 {
            alice.send(&bob.name, &text);
            assert_eq!(bob.next().msg, text);
        }
        bob.leave();
    }
    alice.assert_nothing_came();
}

fn answers_to_a_client_that_does_not_read_are_never_refused(setup: Setup) {
    const PINGS: usize = 20_000;
    let server = Server::with(setup, &[("--queue", "2000")]);
    let mut alice = Peer::join(&server, "alice");
    let mut sending = alice.sending_half();
    let (ahead, is_ahead) = std::sync::mpsc::channel();
    let sender = std::thread::spawn(move || {
        for n in 0..PINGS {
            let ping = packet_text("alice", "/ping", &numbered(n as u64, 1000));
            sending.write_all(ping.as_bytes()).unwrap();
            if n == 1000 {
                ahead.send(()).unwrap();
            }
        }
        sending.write_all(b"junk\n").unwrap();
    });
    // A megabyte ahead, hundreds of times the queue.
    is_ahead.recv().unwrap();
    for n in 0..PINGS {
        let pong = alice.next();
        assert_eq!(pong.name, "/ping", "{pong:?}");
        assert_eq!(pong.msg, numbered(n as u64, 1000));
    }
    alice.expect_refusal(PINGS as u64 + 1, "malformed");
    sender.join().unwrap();
}

fn a_client_that_reads_nothing_for_too_long_is_stuck(setup: Setup) {
    let server = Server::with(setup, &[SMALL_QUEUE, ("--stuck-timeout", "1")]);
    let bob = Peer::join_narrow(&server, "bob");
    let mut alice = Peer::join(&server, "alice");
    let mut ledger = Ledger::default();
    ledger.send_until_stuck(&mut alice, "bob");
    alice.refused("bob", "still there?", "no-such-user");
    // The name is free again.
    Peer::join(&server, "bob").leave();
    settle(&mut ledger, alice);
    ledger.note_received("bob", &bob.salvage());
    ledger.assert_told("bob");
}

fn a_client_that_does_not_read_its_own_answers_is_stuck(setup: Setup) {
    let server = Server::with(setup, &[("--queue", "2000"), ("--stuck-timeout", "1")]);
    let alice = Peer::join_narrow(&server, "alice");
    let mut sending = alice.sending_half();
    let ping = packet_text("alice", "/ping", &"x".repeat(1000));
    // Until the server stops reading and then closes the connection.
    let sender = std::thread::spawn(move || while sending.write_all(ping.as_bytes()).is_ok() {});
    let mut watcher = Peer::join(&server, "watcher");
    watcher.ask("/presence", "on");
    assert_eq!(watcher.expect_from("/left").msg, "alice");
    let before: Vec<Packet> = alice.salvage();
    assert!(before.iter().all(|packet| packet.name == "/ping" || packet.refusal().is_some()));
    sender.join().unwrap();
}

fn an_idle_client_is_not_stuck(setup: Setup) {
    let server = Server::with(setup, &[SMALL_QUEUE, ("--stuck-timeout", "1")]);
    let mut alice = Peer::join(&server, "alice");
    // Two others become stuck meanwhile, one after the other.
    for name in ["bob0", "bob1"] {
        let _bob = Peer::join_narrow(&server, name);
        let mut carl = Peer::join(&server, "carl");
        Ledger::default().send_until_stuck(&mut carl, name);
        carl.leave();
    }
    alice.assert_nothing_came();
}
