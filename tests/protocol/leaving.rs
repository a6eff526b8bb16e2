//! Sections "What the server does to a packet" and "Refusals": how a connection
//! ends, and what is still delivered when it does.

use std::collections::BTreeMap;
use testkit::{Packet, Peer, Server, Setup, ask_until, for_each_setup, packet_text};

for_each_setup!(
    a_half_closed_client_gets_all_its_answers,
    refusals_from_other_workers_come_before_the_close,
    a_bare_name_and_packets_from_a_pipe_are_answered,
    the_name_is_free_once_the_connection_is_closed,
    the_name_is_free_after_a_reset,
    what_was_sent_before_leaving_is_delivered,
    a_client_that_has_closed_its_sending_half_has_left,
    a_refusal_that_closes_is_received_however_much_is_unread,
);

fn a_half_closed_client_gets_all_its_answers(setup: Setup) {
    let server = Server::start(setup);
    let mut others: Vec<Peer> = (0..8).map(|n| Peer::join(&server, &format!("other{n}"))).collect();
    for other in &mut others {
        other.ask("/join", "#ops");
    }
    let mut alice = Peer::join(&server, "alice");
    let mut bytes = String::new();
    let mut say = |to: &str, msg: &str| bytes += &packet_text("alice", to, msg);
    for n in 0..8 {
        say(&format!("other{n}"), "hello");
        say("/who", &format!("other{n}"));
        say("/join", &format!("#room{n}"));
        say("/members", &format!("#room{n}"));
        say("/leave", &format!("#room{n}"));
        say(&format!("#room{n}"), "too late");
        say("/ping", "");
        say(&format!("nobody{n}"), "hello?");
        say("/who", &format!("nobody{n}"));
    }
    say("/join", "#ops");
    say("#ops", "hello, ops");
    say("/broadcast", "bye");
    for endpoint in ["/help", "/list", "/time", "/stats", "/rooms"] {
        say(endpoint, "");
    }
    say("/presence", "off");
    alice.send_raw(bytes);
    alice.half_close();

    let mut answers: BTreeMap<String, usize> = BTreeMap::new();
    for packet in alice.rest() {
        let key = packet.refusal().map_or(packet.name.clone(), |(_, code)| code.to_owned());
        *answers.entry(key).or_default() += 1;
    }
    let expected = [
        ("/broadcast", 1),
        ("/help", 1),
        ("/join", 9),
        ("/leave", 8),
        ("/list", 1),
        ("/members", 8),
        ("/ping", 8),
        ("/presence", 1),
        ("/rooms", 1),
        ("/stats", 1),
        ("/time", 1),
        ("/who", 8),
        ("no-such-room", 8),
        ("no-such-user", 16),
    ];
    assert_eq!(answers, expected.map(|(name, count)| (name.to_owned(), count)).into());
    for other in &mut others {
        let texts: Vec<String> = (0..3).map(|_| other.next().msg).collect();
        assert_eq!(texts, ["hello", "hello, ops", "bye"]);
    }
}

fn refusals_from_other_workers_come_before_the_close(setup: Setup) {
    let server = Server::start(setup);
    for _ in 0..20 {
        let alice = Peer::join(&server, "alice");
        let bytes: String =
            (0..100).map(|n| packet_text("alice", &format!("nobody{n}"), "hello?")).collect();
        let outcome = alice.outcome([bytes.as_bytes()]);
        let expected: Vec<(u64, String)> = (1..=100).map(|n| (n, "no-such-user".into())).collect();
        assert_eq!(outcome.refusals, expected);
    }
}

/// As `printf … | nc` does it.
fn a_bare_name_and_packets_from_a_pipe_are_answered(setup: Setup) {
    let server = Server::start(setup);
    let mut bob = Peer::join(&server, "bob");
    for (n, ending) in ["\n", ""].into_iter().enumerate() {
        let mut alice = Peer::connect(&server);
        let packets =
            packet_text("alice", "bob", &n.to_string()) + &packet_text("alice", "/time", "");
        alice.send_raw(format!("alice{ending}{packets}{ending}"));
        alice.half_close();
        let names: Vec<String> = alice.rest().into_iter().map(|packet| packet.name).collect();
        assert_eq!(names, ["/welcome", "/time"]);
        assert_eq!(bob.next().msg, n.to_string());
    }
}

fn the_name_is_free_once_the_connection_is_closed(setup: Setup) {
    let server = Server::start(setup);
    for n in 0..40 {
        let name = format!("alice{}", n % 8);
        let mut alice = Peer::join(&server, &name);
        match n % 3 {
            0 => alice.half_close(),
            1 => assert_eq!(alice.ask("/quit", "").first_line(), "bye"),
            _ => alice.send_raw("x".repeat(70_000)),
        }
        alice.rest();
        // Free at once, not only soon.
        Peer::join(&server, &name).leave();
    }
}

fn the_name_is_free_after_a_reset(setup: Setup) {
    let server = Server::start(setup);
    for n in 0..8 {
        let name = format!("alice{n}");
        Peer::join(&server, &name).reset();
        ask_until("the name is free", || {
            let mut again = Peer::connect(&server);
            again.send_raw(format!("{name}\n"));
            (again.next().name == "/welcome").then_some(())
        });
    }
}

fn what_was_sent_before_leaving_is_delivered(setup: Setup) {
    let server = Server::start(setup);
    let mut others: Vec<Peer> = (0..6).map(|n| Peer::join(&server, &format!("other{n}"))).collect();
    for round in 0..4 {
        let name = format!("alice{round}");
        let mut alice = Peer::join(&server, &name);
        let mut bytes = String::new();
        for n in 0..200 {
            for other in 0..6 {
                bytes += &packet_text(&name, &format!("other{other}"), &n.to_string());
            }
        }
        if round % 2 == 1 {
            bytes += &packet_text(&name, "/quit", "");
        }
        alice.send_raw(bytes);
        // Closed without reading.
        drop(alice);
        for other in &mut others {
            for n in 0..200 {
                let packet = other.next();
                assert_eq!((packet.name, packet.msg), (name.clone(), n.to_string()));
            }
        }
    }
}

fn a_client_that_has_closed_its_sending_half_has_left(setup: Setup) {
    let server = Server::start(setup);
    let mut bob = Peer::join(&server, "bob");
    for n in 0..8 {
        let name = format!("alice{n}");
        let mut alice = Peer::join(&server, &name);
        bob.send(&name, "while you are here");
        // Heard before she leaves: bob's packets come in order.
        assert_eq!(alice.next().msg, "while you are here");
        alice.half_close();
        ask_until("she has left", || {
            bob.send(&name, "are you there?");
            bob.ask("/ping", "");
            bob.take_unread().iter().find_map(Packet::refusal).map(|(_, code)| {
                assert!(["no-such-user", "undelivered"].contains(&code), "{code}");
            })
        });
        // What came in between was delivered; nothing else.
        assert!(alice.rest().iter().all(|packet| packet.msg == "are you there?"));
    }
}

/// Even if the client has sent much that is never read.
fn a_refusal_that_closes_is_received_however_much_is_unread(setup: Setup) {
    let server = Server::start(setup);
    let _holder = Peer::join(&server, "holder");
    let more = "more and more\n".repeat(20_000);
    for (greeting, ordinal, code) in
        [("not a name\n", 0, "bad-name"), ("holder\n", 0, "name-taken"), ("{}", 1, "malformed")]
    {
        let mut client = Peer::connect(&server);
        client.send_raw(format!("{greeting}{more}"));
        client.expect_closing(ordinal, code);
    }
    let mut alice = Peer::join(&server, "alice");
    alice.send_raw("{".repeat(300_000));
    alice.expect_closing(1, "too-large");
    let mut bob = Peer::join(&server, "bob");
    bob.send_raw(packet_text("bob", "/quit", "") + &more);
    let words = bob.rest();
    let bye = words.iter().find(|packet| packet.name == "/quit").expect("a last word");
    assert_eq!(bye.first_line(), "bye");
}
