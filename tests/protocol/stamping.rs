//! Section "What the server does to a packet": what is stamped, what is passed on
//! unchanged, what is counted, in which order packets arrive.

use std::io::Write;
use testkit::{Peer, Server, Setup, for_each_setup, packet_text};

for_each_setup!(
    the_server_stamps_name_and_address,
    somebody_elses_name_is_refused,
    to_and_msg_go_through_unchanged,
    ordinals_count_everything_sent,
    packets_from_one_sender_to_one_recipient_arrive_in_order,
    direct_room_and_broadcast_packets_of_one_sender_arrive_in_order,
    packets_to_oneself_arrive,
);

fn the_server_stamps_name_and_address(setup: Setup) {
    let server = Server::with(setup, &[("--listen", "0.0.0.0:0")]);
    let port = server.address().port();
    let connect = |from: &str, to: &str| {
        let address = format!("{to}:{port}").parse().unwrap();
        Peer::connect_from(Some(from.parse().unwrap()), false, address)
    };
    // An endpoint answers from the address that the client had reached; the
    // client checks that of each packet.
    let mut alice = connect("127.0.0.2", "127.0.0.1").greet("Alice");
    let mut bob = connect("127.0.0.3", "127.0.0.9").greet("bob");
    assert_eq!(bob.ask("/ping", "").ip, "127.0.0.9");
    for claimed in ["127.0.0.2", "10.1.2.3", "", "::1", "not an address", "<script>"] {
        let packet =
            format!(r#"{{"from":{{"name":"aLICE","ip":"{claimed}"}},"to":"bob","msg":"it's me"}}"#);
        alice.send_counted(packet);
        let heard = bob.next();
        assert_eq!((heard.name.as_str(), heard.ip.as_str()), ("Alice", "127.0.0.2"));
        assert_eq!((heard.to.as_str(), heard.msg.as_str()), ("bob", "it's me"));
    }
    assert!(bob.ask("/who", "alice").first_line().starts_with("Alice 127.0.0.2 "));
    assert!(alice.ask("/who", "BOB").first_line().starts_with("bob 127.0.0.3 "));
}

fn somebody_elses_name_is_refused(setup: Setup) {
    let server = Server::start(setup);
    let mut alice = Peer::join(&server, "alice");
    let mut bob = Peer::join(&server, "bob");
    for name in ["bob", "carl", "", "alic", "alice ", "/time", "/error", "not a name", "ALICE2"] {
        for to in ["bob", "/ping", "nobody"] {
            let ordinal = alice.send_counted(packet_text(name, to, "not from me"));
            alice.expect_refusal(ordinal, "not-you");
        }
    }
    alice.send("bob", "from me");
    assert_eq!(bob.next().msg, "from me");
    bob.assert_nothing_came();
}

fn to_and_msg_go_through_unchanged(setup: Setup) {
    let server = Server::start(setup);
    let mut alice = Peer::join(&server, "alice");
    let mut bob = Peer::join(&server, "bob");
    let control: String = (0..0x20u8).map(char::from).collect();
    let every_byte: String = (0..0x800).filter_map(char::from_u32).collect();
    let long = "long \u{1f600} ".repeat(5000);
    let texts = [
        "",
        " ",
        "  both sides  ",
        "\n",
        "two\nlines",
        "e\u{301} is not é",
        "\u{feff}",
        "\u{202e}",
        "\"quoted\"",
        "back\\slash",
        "{\"from\":{}}",
        "<b>&amp;</b>",
        "\u{10ffff}\u{fffe}",
        "\u{2028}",
        "😀👩‍👩‍👧",
        &control,
        &every_byte,
        &long,
    ];
    for text in texts {
        for to in ["bob", "BOB", "Bob"] {
            alice.send(to, text);
            let heard = bob.next();
            assert_eq!((heard.to.as_str(), heard.msg.as_str()), (to, text));
        }
    }
    // However it was spelt: the same characters arrive.
    for (spelt, text) in [
        (r"\u0041\u00e9\ud83d\ude00", "Aé😀"),
        (r"\/\b\f\n\r\t\\\u0022", "/\u{8}\u{c}\n\r\t\\\""),
        (r"\u0000\u001f\u007f", "\u{0}\u{1f}\u{7f}"),
    ] {
        alice.send_counted(format!(
            r#"{{"from":{{"name":"alice","ip":""}},"to":"b\u006fb","msg":"{spelt}"}}"#
        ));
        let heard = bob.next();
        assert_eq!((heard.to.as_str(), heard.msg.as_str()), ("bob", text));
    }
}

fn ordinals_count_everything_sent(setup: Setup) {
    let server = Server::start(setup);
    let mut alice = Peer::join(&server, "alice");
    let mut bob = Peer::join(&server, "bob");
    let to = |to: &str, msg: &str| packet_text("alice", to, msg);
    alice.send_raw(
        [
            to("bob", "1"),
            to("nobody", "2"),
            "junk, one line\n".into(),
            to("/nothing", "4"),
            packet_text("bob", "bob", "5"),
            to("#nowhere", "6"),
            to("/ping", "7"),
            "{\"torn\n".into(),
            to("bob", "9"),
            "{}".into(),
            to("/presence", "perhaps"),
            to("/leave", "#nowhere"),
            to("nobody", "13"),
            to("/join", "nowhere"),
            to("/who", "nobody"),
            "{\"unfinished".into(),
        ]
        .concat(),
    );
    alice.half_close();
    let mut refusals: Vec<(u64, String)> = alice
        .rest()
        .iter()
        .filter_map(|packet| packet.refusal().map(|(ordinal, code)| (ordinal, code.to_owned())))
        .collect();
    refusals.sort();
    let expected = [
        (2, "no-such-user"),
        (3, "malformed"),
        (4, "no-such-endpoint"),
        (5, "not-you"),
        (6, "no-such-room"),
        (8, "malformed"),
        (10, "malformed"),
        (11, "bad-argument"),
        (12, "no-such-room"),
        (13, "no-such-user"),
        (14, "bad-argument"),
        (15, "no-such-user"),
        (16, "malformed"),
    ];
    assert_eq!(refusals, expected.map(|(ordinal, code)| (ordinal, code.to_owned())));
    assert_eq!(bob.next().msg, "1");
    assert_eq!(bob.next().msg, "9");
    bob.assert_nothing_came();
}

fn packets_from_one_sender_to_one_recipient_arrive_in_order(setup: Setup) {
    const EACH: usize = 1000;
    let server = Server::start(setup);
    let mut receivers: Vec<Peer> =
        (0..6).map(|n| Peer::join(&server, &format!("receiver{n}"))).collect();
    let mut senders: Vec<Peer> =
        (0..3).map(|n| Peer::join(&server, &format!("sender{n}"))).collect();
    std::thread::scope(|scope| {
        for sender in &mut senders {
            scope.spawn(move || {
                for n in 0..EACH {
                    for receiver in 0..6 {
                        sender.send(&format!("receiver{receiver}"), &n.to_string());
                    }
                }
            });
        }
        for receiver in &mut receivers {
            scope.spawn(move || {
                let mut next = [0; 3];
                for _ in 0..3 * EACH {
                    let packet = receiver.next();
                    let sender: usize =
                        packet.name.strip_prefix("sender").unwrap().parse().unwrap();
                    assert_eq!(packet.msg, next[sender].to_string(), "{packet:?}");
                    next[sender] += 1;
                }
                assert_eq!(next, [EACH; 3]);
            });
        }
    });
}

fn direct_room_and_broadcast_packets_of_one_sender_arrive_in_order(setup: Setup) {
    let server = Server::with(setup, &[("--broadcast-interval", "0")]);
    let mut receivers: Vec<Peer> =
        (0..8).map(|n| Peer::join(&server, &format!("receiver{n}"))).collect();
    let mut alice = Peer::join(&server, "alice");
    for client in receivers.iter_mut().chain([&mut alice]) {
        client.ask("/join", "#ops");
    }
    let rounds = 200;
    let mut bytes = String::new();
    for n in 0..rounds {
        // A different order each time, so that each follows each.
        let mut ways: Vec<Vec<String>> = vec![
            (0..8).map(|receiver| format!("receiver{receiver}")).collect(),
            vec!["#ops".to_owned()],
            vec!["/broadcast".to_owned()],
        ];
        ways.rotate_left(n % 3);
        for (place, to) in ways.iter().enumerate() {
            for to in to {
                bytes += &packet_text("alice", to, &format!("{}", n * 3 + place));
            }
        }
    }
    let mut sending = alice.sending_half();
    std::thread::scope(|scope| {
        scope.spawn(move || sending.write_all(bytes.as_bytes()).unwrap());
        for receiver in &mut receivers {
            scope.spawn(move || {
                for n in 0..rounds * 3 {
                    let packet = receiver.next();
                    assert_eq!((packet.name.as_str(), packet.msg), ("alice", n.to_string()));
                }
            });
        }
    });
}

fn packets_to_oneself_arrive(setup: Setup) {
    let server = Server::start(setup);
    let mut alice = Peer::join(&server, "Alice");
    for n in 0..100 {
        alice.send("alice", &n.to_string());
    }
    for n in 0..100 {
        let packet = alice.next();
        assert_eq!((packet.name.as_str(), packet.msg), ("Alice", n.to_string()));
    }
    alice.assert_nothing_came();
}
