//! Section "Whom a packet can be for": operators, and what only they may do.

use std::io::Write;
use testkit::{Peer, Server, Setup, ask_until, for_each_setup, packet_text};

for_each_setup!(
    without_a_token_there_are_no_operators,
    the_token_makes_an_operator,
    only_operators_broadcast_where_there_is_a_token,
    a_kicked_user_gets_the_kick_and_is_closed,
    a_kick_tells_its_reason_if_there_is_one,
    a_kicked_user_gets_what_was_queued_and_its_name_is_free,
    what_a_kicked_user_had_sent_is_delivered,
    a_token_from_a_file_makes_an_operator,
);

const TOKEN: &str = "correct horse battery staple";

fn server_with_token(setup: Setup) -> Server {
    Server::builder().setup(setup).env("LANLINE_OPERATOR_TOKEN", TOKEN).start()
}

fn operator(server: &Server) -> Peer {
    let mut root = Peer::join(server, "root");
    assert_eq!(root.ask("/operator", TOKEN).first_line(), "ok");
    root
}

fn without_a_token_there_are_no_operators(setup: Setup) {
    let server = Server::start(setup);
    let mut alice = Peer::join(&server, "alice");
    let mut bob = Peer::join(&server, "bob");
    for token in ["", "anything", TOKEN] {
        alice.refused("/operator", token, "no-such-endpoint");
    }
    alice.refused("/kick", "bob", "not-operator");
    bob.assert_nothing_came();
}

fn the_token_makes_an_operator(setup: Setup) {
    let server = server_with_token(setup);
    let mut alice = Peer::join(&server, "alice");
    let mut bob = Peer::join(&server, "bob");
    for wrong in ["", " ", "correct", &TOKEN[1..], &TOKEN.to_uppercase(), &format!("{TOKEN}x")] {
        alice.refused("/operator", wrong, "not-operator");
        alice.refused("/kick", "bob", "not-operator");
    }
    assert_eq!(alice.ask("/operator", TOKEN).first_line(), "ok");
    assert_eq!(alice.ask("/operator", TOKEN).first_line(), "ok");
    // Nobody else became one.
    bob.refused("/kick", "alice", "not-operator");
    assert_eq!(alice.ask("/kick", "bob").first_line(), "bob");
    alice.assert_nothing_came();
}

fn only_operators_broadcast_where_there_is_a_token(setup: Setup) {
    let server = server_with_token(setup);
    let mut root = operator(&server);
    let mut bob = Peer::join(&server, "bob");
    bob.refused("/broadcast", "hello", "not-operator");
    bob.refused("/broadcast", "hello", "not-operator");
    assert_eq!(root.ask("/broadcast", "hear, hear").first_line(), "1");
    let heard = bob.next();
    assert_eq!((heard.name.as_str(), heard.msg.as_str()), ("root", "hear, hear"));
    root.refused("/broadcast", "too soon, operator or not", "slow-down");
    bob.assert_nothing_came();
    // An operator is a connection, not a name.
    root.leave();
    let mut root = Peer::join(&server, "root");
    root.refused("/broadcast", "it's me again", "not-operator");
}

fn a_kicked_user_gets_the_kick_and_is_closed(setup: Setup) {
    let server = server_with_token(setup);
    let mut root = operator(&server);
    for (argument, name) in [("bob", "Bob"), ("BOB be gone", "Bob"), ("李雷 再见", "李雷")] {
        let mut kicked = Peer::join(&server, name);
        assert_eq!(root.ask("/kick", argument).first_line(), name);
        assert_eq!(kicked.next().name, "/kick");
        assert_eq!(kicked.rest(), []);
    }
    for nobody in ["bob", "", " ", "not/a/name why", "carl because"] {
        root.refused("/kick", nobody, "no-such-user");
    }
    root.assert_nothing_came();
}

fn a_kick_tells_its_reason_if_there_is_one(setup: Setup) {
    let server = server_with_token(setup);
    let mut root = operator(&server);
    for reason in ["flooding", "more than one word", "é \"quoted\" \\ \u{202e}"] {
        let mut bob = Peer::join(&server, "bob");
        root.ask("/kick", &format!("bob {reason}"));
        let words = bob.rest();
        assert_eq!(words.len(), 1, "{words:?}");
        assert!(words[0].msg.contains(reason), "{words:?}");
    }
    let mut bob = Peer::join(&server, "bob");
    root.ask("/kick", "bob");
    assert_eq!(bob.rest().len(), 1);
}

fn a_kicked_user_gets_what_was_queued_and_its_name_is_free(setup: Setup) {
    let server = server_with_token(setup);
    let mut root = operator(&server);
    for _ in 0..5 {
        let mut bob = Peer::join(&server, "bob");
        let mut alice = Peer::join(&server, "alice");
        for n in 0..50 {
            alice.send("bob", &n.to_string());
        }
        // Behind them all, so that they are on their way.
        alice.ask("/who", "bob");
        root.ask("/kick", "bob enough");
        let heard = bob.rest();
        assert_eq!(heard.last().unwrap().name, "/kick", "the last packet");
        let texts: Vec<&str> = heard[..heard.len() - 1].iter().map(|p| p.msg.as_str()).collect();
        assert_eq!(texts, (0..texts.len()).map(|n| n.to_string()).collect::<Vec<_>>());
        for n in texts.len()..50 {
            alice.expect("a refusal of what bob missed", |packet| {
                packet.refusal().is_some_and(|(ordinal, _)| ordinal == n as u64 + 1)
            });
        }
        alice.refused("bob", "gone?", "no-such-user");
        // The name is free as soon as the connection is closed.
        Peer::join(&server, "bob").leave();
        alice.leave();
    }
}

fn a_token_from_a_file_makes_an_operator(setup: Setup) {
    for ending in ["", "\n", "\r\n"] {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        write!(file, "{TOKEN}{ending}").unwrap();
        let path = file.path().to_str().unwrap();
        let server = Server::with(setup, &[("--operator-token-file", path)]);
        let mut alice = Peer::join(&server, "alice");
        alice.refused("/operator", "wrong", "not-operator");
        assert_eq!(alice.ask("/operator", TOKEN).first_line(), "ok");
    }
}

/// What was received before its sender left is delivered, also what had to wait
/// for the sender's rate.
fn what_a_kicked_user_had_sent_is_delivered(setup: Setup) {
    const PACKETS: usize = 60;
    let builder = Server::builder().flag("--rate", "10").setup(setup);
    let server = builder.env("LANLINE_OPERATOR_TOKEN", TOKEN).start();
    let mut root = operator(&server);
    let mut bob = Peer::join(&server, "bob");
    let mut alice = Peer::join(&server, "alice");
    let bytes_in = |root: &mut Peer| -> u64 {
        let stats = root.ask("/stats", "").msg;
        let line = stats.lines().find_map(|line| line.strip_prefix("bytes_in ")).unwrap();
        line.parse().unwrap()
    };
    let packets: Vec<String> =
        (0..PACKETS).map(|n| packet_text("alice", "bob", &n.to_string())).collect();
    alice.send_raw(packets.concat());
    // All of it is read at once, whatever is handled later.
    ask_until("all is read", || {
        let read = bytes_in(&mut root);
        let sent: u64 = [&root, &bob, &alice].into_iter().map(Peer::bytes_sent).sum();
        (read == sent).then_some(())
    });
    assert_eq!(root.ask("/kick", "alice").first_line(), "alice");
    for n in 0..PACKETS {
        assert_eq!(bob.expect_from("alice").msg, n.to_string());
    }
}
