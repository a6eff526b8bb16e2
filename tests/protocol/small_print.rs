//! Section "Small print": rules that could be read in more than one way.

use testkit::{Peer, Server, Setup, for_each_setup, packet_text};

for_each_setup!(
    a_line_feed_just_at_the_limit_is_malformed_and_just_behind_it_too_large,
    nothing_behind_quit_is_read,
    a_broadcast_to_nobody_counts,
    the_reason_is_everything_behind_the_first_blank,
    an_operator_may_kick_themselves,
    arguments_are_not_trimmed,
    presence_is_not_about_oneself,
);

const TOKEN: (&str, &str) = ("LANLINE_OPERATOR_TOKEN", "sesame");

fn a_line_feed_just_at_the_limit_is_malformed_and_just_behind_it_too_large(setup: Setup) {
    let server = Server::with(setup, &[("--max-packet", "1000")]);
    let torn = format!("{{\"{}", "x".repeat(998));
    for size in [1, 999, 1000, 1001, 2000] {
        let bytes = format!("{torn}\n{}", packet_text("alice", "/ping", "on it goes"));
        let outcome = Peer::join(&server, "alice").outcome(bytes.as_bytes().chunks(size));
        assert_eq!(outcome.pongs, ["on it goes"], "in pieces of {size}");
        assert_eq!(outcome.refusals, [(1, "malformed".into())], "in pieces of {size}");
        let mut bob = Peer::join(&server, "bob");
        let over = format!("{torn}x\n");
        over.as_bytes().chunks(size).for_each(|piece| bob.send_raw(piece));
        bob.expect_closing(1, "too-large");
    }
}

fn nothing_behind_quit_is_read(setup: Setup) {
    let server = Server::start(setup);
    let mut bob = Peer::join(&server, "bob");
    let mut alice = Peer::join(&server, "alice");
    let packets = [("bob", "before"), ("/quit", ""), ("bob", "behind"), ("nobody", "behind")];
    let bytes: String = packets.map(|(to, msg)| packet_text("alice", to, msg)).concat();
    alice.send_raw(format!("{bytes}junk\n"));
    let words = alice.rest();
    assert_eq!(words.len(), 1, "{words:?}");
    assert_eq!(bob.next().msg, "before");
    bob.assert_nothing_came();
}

fn a_broadcast_to_nobody_counts(setup: Setup) {
    let server = Server::with(setup, &[("--broadcast-interval", "3600")]);
    let mut alice = Peer::join(&server, "alice");
    assert_eq!(alice.ask("/broadcast", "is anybody here?").first_line(), "0");
    alice.refused("/broadcast", "hello?", "slow-down");
}

fn the_reason_is_everything_behind_the_first_blank(setup: Setup) {
    let server = Server::builder().setup(setup).env(TOKEN.0, TOKEN.1).start();
    let mut root = Peer::join(&server, "root");
    root.ask("/operator", "sesame");
    for (argument, reason) in [
        ("bob", ""),
        ("bob ", ""),
        ("bob be nice", "be nice"),
        ("bob  two blanks ", " two blanks "),
        ("bob two\nlines", "two\nlines"),
    ] {
        let mut bob = Peer::join(&server, "bob");
        assert_eq!(root.ask("/kick", argument).first_line(), "bob");
        let words = bob.rest();
        assert_eq!(words.len(), 1, "{words:?}");
        assert_eq!((words[0].name.as_str(), words[0].msg.as_str()), ("/kick", reason));
    }
}

fn an_operator_may_kick_themselves(setup: Setup) {
    let server = Server::builder().setup(setup).env(TOKEN.0, TOKEN.1).start();
    let mut root = Peer::join(&server, "root");
    root.ask("/operator", "sesame");
    root.send("/kick", "root enough");
    let mut words: Vec<String> =
        root.rest().into_iter().map(|packet| format!("{} {}", packet.name, packet.msg)).collect();
    words.sort();
    assert_eq!(words, ["/kick enough", "/kick root"]);
    Peer::join(&server, "root").leave();
}

fn arguments_are_not_trimmed(setup: Setup) {
    let server = Server::start(setup);
    let mut alice = Peer::join(&server, "alice");
    alice.ask("/join", "#ops");
    for blank in [" ", "\n", "\u{a0}"] {
        for name in [format!("{blank}alice"), format!("alice{blank}")] {
            alice.refused("/who", &name, "no-such-user");
        }
        for room in [format!("{blank}#ops"), format!("#ops{blank}")] {
            alice.refused("/join", &room, "bad-argument");
            alice.refused("/leave", &room, "bad-argument");
            alice.refused("/members", &room, "bad-argument");
        }
        alice.refused("/presence", &format!("on{blank}"), "bad-argument");
    }
}

fn presence_is_not_about_oneself(setup: Setup) {
    let server = Server::start(setup);
    for _ in 0..4 {
        let mut alice = Peer::connect(&server);
        alice.send_counted(packet_text("alice", "/presence", "on"));
        alice.expect_welcome();
        assert_eq!(alice.next().name, "/presence");
        let mut bob = Peer::join(&server, "bob");
        assert_eq!(alice.next().msg, "bob");
        bob.assert_nothing_came();
        bob.leave();
        assert_eq!(alice.next().name, "/left");
        alice.half_close();
        assert_eq!(alice.rest(), []);
    }
}
