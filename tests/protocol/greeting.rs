//! Section "Saying who you are": the two forms of a greeting, and how one
//! fails. While greeting, every refusal closes.

use std::io::Write;
use testkit::{Peer, Server, Setup, for_each_setup, packet_text};

for_each_setup!(
    a_bare_name_with_any_ending_is_welcome,
    a_bare_name_ended_by_silence_is_welcome,
    a_bare_name_ended_by_a_brace_is_welcome,
    a_bare_name_ended_by_the_end_of_the_stream_is_welcome,
    packets_right_behind_a_bare_name_are_answered,
    blanks_around_a_bare_name_are_trimmed,
    white_space_alone_is_no_name_yet,
    a_bare_name_of_512_bytes_is_welcome_and_of_513_is_bad,
    a_packet_as_greeting_is_handled_as_any_other,
    a_packet_as_greeting_may_be_slow,
    the_welcome_tells_name_address_users_and_version,
    a_bad_bare_name_is_refused,
    a_bad_name_in_a_packet_is_refused,
    a_taken_name_is_refused,
    a_malformed_packet_as_greeting_closes,
    a_packet_that_is_too_large_as_greeting_closes,
    a_client_that_does_not_greet_in_time_is_refused,
    the_greeting_timeout_bounds_the_whole_greeting,
    a_client_that_leaves_without_a_greeting_takes_no_name,
);

fn a_bare_name_with_any_ending_is_welcome(setup: Setup) {
    let server = Server::start(setup);
    for (n, ending) in ["\n", "\r", "\r\n", "\n\n", "\r\r\n"].into_iter().enumerate() {
        let mut client = Peer::connect(&server);
        let name = format!("client{n}");
        client.send_raw(format!("{name}{ending}"));
        client.expect_welcome();
        assert_eq!(client.name, name);
        // Nothing of the ending is left in front of the first packet.
        assert_eq!(client.ask("/ping", "works").msg, "works");
    }
}

fn a_bare_name_ended_by_silence_is_welcome(setup: Setup) {
    let server = Server::start(setup);
    let mut bob = Peer::connect(&server);
    bob.send_raw("bob");
    bob.expect_welcome();
    assert_eq!(bob.name, "bob");
    let mut alice = Peer::join(&server, "alice");
    alice.send("bob", "some only listen");
    assert_eq!(bob.next().msg, "some only listen");
}

fn a_bare_name_ended_by_a_brace_is_welcome(setup: Setup) {
    let server = Server::start(setup);
    let mut bob = Peer::connect(&server);
    let packet = packet_text("bob", "/ping", "glued");
    bob.send_raw(format!("bob{}", &packet[..1]));
    bob.expect_welcome();
    bob.send_counted(&packet[1..]);
    assert_eq!(bob.next().msg, "glued");
    let mut carl = Peer::connect(&server);
    carl.send_raw(" carl\t{}");
    carl.expect_welcome();
    assert_eq!(carl.name, "carl");
    carl.expect_refusal(1, "malformed");
}

fn a_bare_name_ended_by_the_end_of_the_stream_is_welcome(setup: Setup) {
    let server = Server::start(setup);
    for greeting in ["bob", "bob ", "bob\n", "\n bob"] {
        let mut bob = Peer::connect(&server);
        bob.send_raw(greeting);
        bob.half_close();
        bob.expect_welcome();
        assert_eq!(bob.name, "bob");
        assert_eq!(bob.rest(), []);
    }
}

fn packets_right_behind_a_bare_name_are_answered(setup: Setup) {
    let server = Server::start(setup);
    for ending in ["\n", "\r", "\r\n", "", " "] {
        let mut bob = Peer::connect(&server);
        let pings: String = (0..100).map(|n| packet_text("bob", "/ping", &n.to_string())).collect();
        bob.send_raw(format!("bob{ending}{pings}junk"));
        bob.half_close();
        bob.expect_welcome();
        let outcome = bob.read_outcome();
        assert_eq!(outcome.pongs, (0..100).map(|n| n.to_string()).collect::<Vec<_>>());
        assert_eq!(outcome.refusals, [(101, "malformed".into())]);
    }
}

fn blanks_around_a_bare_name_are_trimmed(setup: Setup) {
    let server = Server::start(setup);
    for greeting in [" bob\n", "bob \n", "\t bob\t \r\n", "\n\n\r\n bob\n", " \r bob\r"] {
        let mut bob = Peer::connect(&server);
        bob.send_raw(greeting);
        bob.expect_welcome();
        assert_eq!(bob.name, "bob");
        bob.leave();
    }
}

fn white_space_alone_is_no_name_yet(setup: Setup) {
    let server = Server::start(setup);
    let mut bob = Peer::connect(&server);
    bob.send_raw(" \r\n\t\n");
    // So much silence would end a name.
    (0..3).for_each(|_| server.pass_100_ms());
    bob.send_raw("bob\n");
    bob.expect_welcome();
    assert_eq!(bob.name, "bob");
    let mut carl = Peer::connect(&server);
    carl.send_raw("\n \n");
    carl.send_counted(packet_text("carl", "/ping", "a packet works as well"));
    carl.expect_welcome();
    assert_eq!(carl.expect_from("/ping").msg, "a packet works as well");
}

fn a_bare_name_of_512_bytes_is_welcome_and_of_513_is_bad(setup: Setup) {
    let server = Server::start(setup);
    let mut bob = Peer::connect(&server);
    bob.send_raw(format!("bob{}\n", " ".repeat(509)));
    bob.expect_welcome();
    assert_eq!(bob.name, "bob");
    for too_long in [
        format!("carl{}\n", " ".repeat(509)),
        "c".repeat(513),
        "c".repeat(512) + "\n",
        "c".repeat(100_000),
    ] {
        let mut carl = Peer::connect(&server);
        carl.send_raw(too_long);
        carl.expect_closing(0, "bad-name");
    }
}

fn a_packet_as_greeting_is_handled_as_any_other(setup: Setup) {
    let server = Server::start(setup);
    let mut listener = Peer::join(&server, "listener");

    let mut ping = Peer::connect(&server);
    ping.send_counted(packet_text("one", "/ping", "first words"));
    ping.expect_welcome();
    assert_eq!(ping.name, "one");
    assert_eq!(ping.next().msg, "first words");

    let mut talker = Peer::connect(&server);
    talker.send_counted(packet_text("two", "listener", "hello"));
    talker.expect_welcome();
    let heard = listener.next();
    assert_eq!((heard.name.as_str(), heard.msg.as_str()), ("two", "hello"));

    let mut lost = Peer::connect(&server);
    lost.send_counted(packet_text("three", "nobody", "hello"));
    lost.expect_welcome();
    lost.expect_refusal(1, "no-such-user");
    lost.refused("nobody", "again", "no-such-user");

    let mut joiner = Peer::connect(&server);
    joiner.send_counted(packet_text("four", "/join", "#ops"));
    joiner.expect_welcome();
    assert_eq!(joiner.expect_from("/join").first_line(), "#ops 1");

    // Packets behind it count on.
    let mut many = Peer::connect(&server);
    let pings: String = (0..50).map(|n| packet_text("five", "/ping", &n.to_string())).collect();
    many.send_raw(format!("{pings}junk\n"));
    many.half_close();
    many.expect_welcome();
    let outcome = many.read_outcome();
    assert_eq!(outcome.pongs.len(), 50);
    assert_eq!(outcome.refusals, [(51, "malformed".into())]);
}

/// The 100 ms are for bare names only.
fn a_packet_as_greeting_may_be_slow(setup: Setup) {
    let server = Server::start(setup);
    let mut bob = Peer::connect(&server);
    let packet = packet_text("bob", "/ping", "slow");
    let (front, back) = packet.split_at(packet.len() / 2);
    bob.send_raw(front);
    (0..3).for_each(|_| server.pass_100_ms());
    bob.send_counted(back);
    bob.expect_welcome();
    assert_eq!(bob.next().msg, "slow");
    let mut carl = Peer::connect(&server);
    let packet = packet_text("carl", "/ping", "byte by byte");
    packet.as_bytes().chunks(1).for_each(|byte| carl.send_raw(byte));
    carl.expect_welcome();
    assert_eq!(carl.next().msg, "byte by byte");
}

fn the_welcome_tells_name_address_users_and_version(setup: Setup) {
    let server = Server::start(setup);
    let version = concat!("lanline/", env!("CARGO_PKG_VERSION"));
    let mut clients = Vec::new();
    for (n, name) in ["Alice", "bob", "Straße", "李雷"].into_iter().enumerate() {
        let mut client = Peer::connect(&server);
        client.send_raw(format!("{name}\n"));
        let welcome = client.expect_welcome();
        assert_eq!(welcome.first_line(), format!("{name} 127.0.0.1 {} {version}", n + 1));
        assert_eq!(welcome.to, name);
        clients.push(client);
    }
    clients.iter_mut().for_each(Peer::assert_nothing_came);
}

fn a_bad_bare_name_is_refused(setup: Setup) {
    let server = Server::start(setup);
    let bad: [&[u8]; 12] = [
        b"GET / HTTP/1.1\r\n\r\n",
        b"al ice\n",
        b"#ops\n",
        b"/time\n",
        b"_bob\n",
        b"[1]\n",
        b"}\n",
        b"b\0b\n",
        b"bo\xff\n",
        b"\xef\xbb\xbfbob\n", // a byte-order mark
        b"bob!",
        b"\"bob\"{",
    ];
    for greeting in bad {
        let mut client = Peer::connect(&server);
        client.send_raw(greeting);
        let words = client.rest();
        assert_eq!(words.len(), 1, "{words:?} for {greeting:?}");
        assert_eq!(words[0].refusal(), Some((0, "bad-name")), "for {greeting:?}");
        assert_eq!(words[0].to, "");
    }
}

fn a_bad_name_in_a_packet_is_refused(setup: Setup) {
    let server = Server::start(setup);
    for name in ["", " ", "al ice", " bob", "bob ", "#ops", "/time", "bob\n", "\u{feff}bob"] {
        let mut client = Peer::connect(&server);
        client.send_raw(packet_text(name, "/ping", "never handled"));
        let words = client.rest();
        assert_eq!(words.len(), 1, "{words:?} for {name:?}");
        assert_eq!(words[0].refusal(), Some((1, "bad-name")), "for {name:?}");
    }
}

fn a_taken_name_is_refused(setup: Setup) {
    let server = Server::start(setup);
    let mut holder = Peer::join(&server, "Bob");
    for name in ["Bob", "bob", "BOB"] {
        let mut bare = Peer::connect(&server);
        bare.send_raw(format!("{name}\n{}", packet_text(name, "Bob", "never handled")));
        bare.expect_closing(0, "name-taken");
        let mut packet = Peer::connect(&server);
        packet.send_raw(packet_text(name, "Bob", "never handled"));
        packet.expect_closing(1, "name-taken");
    }
    holder.assert_nothing_came();
}

fn a_malformed_packet_as_greeting_closes(setup: Setup) {
    let server = Server::start(setup);
    for greeting in ["{}", "{\"from\":{\"name\":\"bob\",\"ip\":\"\"},\"to\":\"bob\"}", "{\"a\nb\"}"]
    {
        let mut client = Peer::connect(&server);
        client.send_raw(greeting);
        client.expect_closing(1, "malformed");
    }
    let mut unfinished = Peer::connect(&server);
    unfinished.send_raw("{\"from\":{\"name\":\"bob\"");
    unfinished.half_close();
    unfinished.expect_closing(1, "malformed");
}

fn a_packet_that_is_too_large_as_greeting_closes(setup: Setup) {
    let server = Server::with(setup, &[("--max-packet", "1000")]);
    let mut client = Peer::connect(&server);
    client.send_raw(packet_text("bob", "/ping", &"x".repeat(1000)));
    client.expect_closing(1, "too-large");
    let most = 1000 - packet_text("bob", "/ping", "").len();
    let mut client = Peer::connect(&server);
    client.send_raw(packet_text("bob", "/ping", &"x".repeat(most)));
    client.expect_welcome();
    assert_eq!(client.next().msg.len(), most);
}

fn a_client_that_does_not_greet_in_time_is_refused(setup: Setup) {
    let server = Server::with(setup, &[("--greeting-timeout", "1")]);
    for beginning in ["", " \n", "{", "{\"from\":{\"name\":\"bob\""] {
        let mut late = Peer::connect(&server);
        late.send_raw(beginning);
        let words = late.rest();
        assert_eq!(words.len(), 1, "{words:?} for {beginning:?}");
        assert_eq!(words[0].refusal(), Some((0, "greeting-timeout")), "for {beginning:?}");
        assert_eq!(words[0].to, "");
    }
    // A client that has greeted has no timeout: one that connects later has.
    let mut alice = Peer::join(&server, "alice");
    Peer::connect(&server).expect_closing(0, "greeting-timeout");
    alice.assert_nothing_came();
}

fn the_greeting_timeout_bounds_the_whole_greeting(setup: Setup) {
    let server = Server::with(setup, &[("--greeting-timeout", "1")]);
    let mut slow = Peer::connect(&server);
    let mut sending = slow.sending_half();
    slow.send_raw("{");
    std::thread::scope(|scope| {
        // Single bytes don't put the timeout off: for a minute, or until the
        // refusal is there.
        scope.spawn(|| {
            (0..600).map(|_| server.pass_100_ms()).all(|()| sending.write_all(b" ").is_ok())
        });
        assert_eq!(slow.next().refusal(), Some((0, "greeting-timeout")));
        slow.half_close();
    });
}

fn a_client_that_leaves_without_a_greeting_takes_no_name(setup: Setup) {
    let server = Server::start(setup);
    for beginning in ["", " \r\n\t "] {
        let mut nobody = Peer::connect(&server);
        nobody.send_raw(beginning);
        nobody.half_close();
        assert_eq!(nobody.rest(), []);
    }
    Peer::connect(&server).reset();
    assert_eq!(Peer::join(&server, "bob").ask("/list", "").first_line(), "1-1 of 1");
}
