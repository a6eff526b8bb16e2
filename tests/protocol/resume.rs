//! Section "Coming back": a name taken back from a broken connection of one's
//! own.

use testkit::{Peer, Server, Setup, for_each_setup, packet_text};

for_each_setup!(
    the_secret_takes_the_name_back_at_once,
    a_wrong_secret_leaves_the_name_where_it_is,
    a_secret_ends_with_its_session,
    a_secret_is_told_to_whoever_asks_and_to_nobody_else,
);

fn take_back(server: &Server, name: &str, secret: &str) -> Peer {
    let mut peer = Peer::connect(server);
    peer.send_counted(packet_text(name, "/resume", secret));
    peer
}

fn the_secret_takes_the_name_back_at_once(setup: Setup) {
    let server = Server::start(setup);
    let mut bob = Peer::join(&server, "bob");
    let mut lost = Peer::join(&server, "Alice");
    lost.ask("/join", "#ops");
    let secret = lost.ask("/resume", "").msg;

    let mut back = take_back(&server, "alice", &secret);
    let welcome = back.expect_welcome();
    assert_eq!(welcome.first_line().split(' ').nth(2), Some("2"), "users: {}", welcome.msg);
    let next = back.next();
    assert_eq!((next.name.as_str(), next.to.as_str()), ("/resume", "alice"));
    assert_ne!(next.msg, secret);
    lost.expect_closing(0, "name-taken");

    bob.send("alice", "which of you?");
    assert_eq!(back.expect_from("bob").msg, "which of you?");
    assert_eq!(bob.ask("/list", "").msg, "1-2 of 2\nalice\nbob");
    // Rooms belong to the connection.
    bob.refused("#ops", "anybody?", "no-such-room");
}

fn a_wrong_secret_leaves_the_name_where_it_is(setup: Setup) {
    let server = Server::start(setup);
    let mut alice = Peer::join(&server, "alice");
    let mut bob = Peer::join(&server, "bob");
    let secret = alice.ask("/resume", "").msg;
    let bobs = bob.ask("/resume", "").msg;
    let longer = format!("{secret}0");
    let upper = secret.to_uppercase();
    for wrong in ["", " ", "0", &"0".repeat(32), &bobs, &longer, &secret[1..], &upper] {
        if wrong != secret {
            take_back(&server, "alice", wrong).expect_closing(1, "name-taken");
        }
    }
    // The right one to somebody else, or behind a bare name, proves nothing.
    let mut elsewhere = Peer::connect(&server);
    elsewhere.send_raw(packet_text("alice", "/ping", &secret));
    elsewhere.expect_closing(1, "name-taken");
    let mut bare = Peer::connect(&server);
    bare.send_raw(format!("alice\n{}", packet_text("alice", "/resume", &secret)));
    bare.expect_closing(0, "name-taken");
    alice.assert_nothing_came();
}

fn a_secret_ends_with_its_session(setup: Setup) {
    let server = Server::start(setup);
    let mut first = Peer::join(&server, "alice");
    let secret = first.ask("/resume", "").msg;
    first.leave();
    // The name is free: whoever comes gets it, and a secret of their own.
    let mut second = take_back(&server, "alice", &secret);
    second.expect_welcome();
    assert_ne!(second.expect_from("/resume").msg, secret);
    take_back(&server, "alice", &secret).expect_closing(1, "name-taken");
    second.assert_nothing_came();
}

fn a_secret_is_told_to_whoever_asks_and_to_nobody_else(setup: Setup) {
    let server = Server::start(setup);
    let mut alice = Peer::join(&server, "alice");
    let secret = alice.ask("/resume", "").msg;
    assert_eq!(secret.len(), 32);
    assert!(secret.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte)));
    assert_eq!(alice.ask("/resume", "once more").msg, secret);
    let mut bob = Peer::join(&server, "bob");
    assert_ne!(bob.ask("/resume", "").msg, secret);
    for (endpoint, argument) in [("/who", "alice"), ("/list", ""), ("/stats", "")] {
        assert!(!bob.ask(endpoint, argument).msg.contains(&secret));
    }
}
