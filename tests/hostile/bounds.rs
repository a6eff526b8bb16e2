//! Bounds on what a stranger can make the server hold or say.

use crate::support::server;
use lanline::limits;
use std::net::{IpAddr, Ipv4Addr};
use std::time::Instant;
use testkit::{Peer, Server, Signal, ask_until};

#[test]
fn an_address_has_no_more_connections_than_allowed() {
    let server = server(&["--max-per-address", "3"]);
    let mut clients: Vec<Peer> =
        ["a", "b", "c"].iter().map(|name| Peer::join(&server, name)).collect();
    let refused = |name| {
        let answer = Peer::say(&server, name).next();
        answer.refusal().map(|(_, code)| code.to_owned())
    };
    assert_eq!(refused("d").as_deref(), Some("server-full"));
    clients.pop();
    ask_until("a place is free again", || refused("e").is_none().then_some(()));
}

#[test]
fn clients_of_one_address_share_its_budget_and_those_of_a_trusted_one_have_none() {
    let (one, other) = (Ipv4Addr::LOCALHOST.into(), Ipv4Addr::new(127, 0, 0, 2).into());
    let wanted = limits::ROOMS_PER_ADDRESS_MAX as usize + 250;
    let server = server(&[]);
    let (mut clients, made) = make_rooms(&server, one, wanted);
    assert_eq!(made, limits::ROOMS_PER_ADDRESS_MAX as usize);
    assert_eq!(make_rooms(&server, other, 1).1, 1, "another address has a budget of its own");
    // The budget is the address's and not the connections': it outlives them.
    clients[0].refused("/join", "#another", "too-many");
    let trusting = crate::support::server(&["--trust", "127.0.0.0/8"]);
    assert_eq!(make_rooms(&trusting, one, wanted).1, wanted);
}

/// Makes so many rooms from an address, 250 by each client; how many there are,
/// the others being refused.
fn make_rooms(server: &Server, from: IpAddr, rooms: usize) -> (Vec<Peer>, usize) {
    let numbers: Vec<usize> = (0..rooms).collect();
    let mut made = 0;
    let mut clients = Vec::new();
    for (number, rooms) in numbers.chunks(250).enumerate() {
        let last = from.to_string().split('.').next_back().unwrap().to_owned();
        let peer = Peer::connect_from(Some(from), false, server.address());
        let mut peer = peer.greet(&format!("maker-{last}-{number}"));
        for room in rooms {
            peer.send("/join", &format!("#room-{last}-{room}"));
        }
        for _ in rooms {
            let answer = peer.next();
            match answer.refusal() {
                Some((_, code)) => assert_eq!(code, "too-many"),
                None => made += 1,
            }
        }
        clients.push(peer);
    }
    (clients, made)
}

#[test]
fn wrong_tokens_are_answered_later_and_later() {
    let token = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(token.path(), "sesame\n").unwrap();
    let path = token.path().to_str().unwrap();
    let server = server(&["--operator-token-file", path, "--workers", "1"]);
    let mut guesser = Peer::join(&server, "guesser");
    let mut bob = Peer::join(&server, "bob");
    // The answer to the second guess has to wait for that to the first. Time
    // is looked at from below only: the machine may be as slow as it likes.
    let start = Instant::now();
    guesser.send("/operator", "open");
    guesser.send("/operator", "simsalabim");
    guesser.send("/ping", "after");
    // Others are served meanwhile, by the same worker.
    assert_eq!(bob.ask("/ping", "now").msg, "now");
    assert_eq!(guesser.next().msg[..14], *"1 not-operator");
    assert!(start.elapsed() >= limits::TOKEN_DELAY_FIRST, "{:?}", start.elapsed());
    assert_eq!(guesser.next_refusal(), "not-operator");
    assert!(start.elapsed() >= 3 * limits::TOKEN_DELAY_FIRST, "{:?}", start.elapsed());
    assert_eq!(guesser.skip_to("/ping").msg, "after");
    // The right one is taken all the same.
    assert_eq!(guesser.ask("/operator", "sesame").msg, "ok");
    server.logged("guesser at 127.0.0.1 is an operator now", 0);
    let warned = server.log().iter().filter(|line| line.contains("wrong operator token")).count();
    assert_eq!(warned, 1, "repeated lines are summed up");
}

/// What waits for its answer gets it, though the server ends.
#[test]
fn a_guesser_is_answered_at_the_end() {
    let token = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(token.path(), "sesame\n").unwrap();
    let path = token.path().to_str().unwrap();
    let mut server = server(&["--operator-token-file", path]);
    let mut guesser = Peer::join(&server, "guesser");
    guesser.send("/operator", "open");
    server.logged("wrong operator token from guesser", 0);
    server.signal(Signal::TERM);
    assert_eq!(guesser.next_refusal(), "not-operator");
    assert!(server.wait().success());
}

#[test]
fn the_log_can_be_neither_forged_nor_flooded() {
    let start = Instant::now();
    let server = server(&["--workers", "2"]);
    for forged in ["x\u{1b}[2J", "x y\r2026-01-01 [ERROR] on fire", "x\0y"] {
        assert_eq!(Peer::say(&server, forged).next_refusal(), "bad-name");
    }
    for _ in 0..300 {
        assert_eq!(Peer::say(&server, "_").next_refusal(), "bad-name");
    }
    // Once now, and once more behind all of it.
    assert_eq!(Peer::say(&server, "-").next_refusal(), "bad-name");
    let log = server.logged("bad-name", 0);
    assert!(log.is_ascii(), "{log:?}");
    let lines = server.log();
    let refusals = lines.iter().filter(|line| line.contains("bad-name")).count();
    let sums = 1 + (start.elapsed().as_secs() / limits::LOG_QUIET.as_secs()) as usize;
    assert!(refusals <= 2 * (1 + sums), "one for each worker, and sums: {lines:#?}");
    let is_clean = |line: &String| !line.contains("on fire") && !line.contains('\u{1b}');
    assert!(lines.iter().all(is_clean), "{lines:#?}");
}
