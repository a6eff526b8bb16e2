//! The plain client against a server that does what the test says.

use crate::support::Client;
use testkit::{FakeServer, Packet};

#[test]
fn a_pipe_says_all_it_has_and_hears_all_that_comes() {
    let server = FakeServer::new();
    let mut client = Client::start(&["chat", &server.target("ann")]);
    let mut peer = server.welcome("ann");
    for line in ["@bob hello", "/to #ops", "one", "", "//two", "/list x", "/time", "/msg bob hi"] {
        client.type_line(line);
    }
    client.end_input();
    peer.expect("bob", "hello");
    peer.expect("#ops", "one");
    peer.expect("#ops", "/two");
    peer.expect("/list", "x");
    peer.expect("/time", "");
    peer.expect("bob", "hi");
    peer.expect_end();

    peer.send("/time", "ann", "2026-11-22T20:18:00.123456Z");
    peer.send("bob", "#ops", "hi all");
    peer.send("bob", "ann", "two\nlines");
    peer.close();
    let (code, out, err) = client.end();
    assert_eq!(
        out,
        [
            "/welcome: ann 127.0.0.1 2 lanline/0.1.0",
            "    Hello ann.",
            "/time: 2026-11-22T20:18:00.123456Z",
            "#ops bob: hi all",
            "bob: two",
            "    lines",
        ]
    );
    assert_eq!((code, err), (0, vec![]));
}

#[test]
fn a_refusal_names_its_line() {
    let server = FakeServer::new();
    let mut client = Client::start(&["chat", &server.target("ann")]);
    let mut peer = server.welcome("ann");
    client.type_line("nobody is open yet");
    client.type_line("@bob first");
    client.type_line("@bub second\u{202e}");
    peer.expect("bob", "first");
    peer.expect("bub", "second\u{202e}");
    peer.send("/error", "ann", "2 no-such-user\nNobody is called bub.");
    peer.send("/error", "ann", "0 slow-down\nLater \u{1b}[2J.");
    assert!(client.err().starts_with("! line 1: nobody to send this to"));
    assert_eq!(
        client.err(),
        "! line 3 (to bub: second\\u{202e}) was refused: no-such-user: Nobody is called bub."
    );
    assert_eq!(client.err(), "! slow-down: Later \\u{1b}[2J.");
    client.end_input();
    peer.expect_end();
    peer.close();
    assert_eq!(client.end().0, 0);
}

#[test]
fn what_others_wrote_is_text() {
    let server = FakeServer::new();
    let mut client = Client::start(&["chat", &server.target("ann")]);
    let mut peer = server.welcome("ann");
    peer.send("bob", "ann", "\u{1b}[31mred\u{202e}\r\u{9b}2J\nbob: fake");
    peer.close();
    client.end_input();
    let out = client.end().1;
    assert_eq!(out[2..], ["bob: \\u{1b}[31mred\\u{202e}\\r\\u{9b}2J", "    bob: fake"]);
}

#[test]
fn json_lines_say_what_the_packets_say() {
    let server = FakeServer::new();
    let client = Client::start(&["chat", "--json", &server.target("ann")]);
    let mut peer = server.welcome("ann");
    let msg = "\u{1b}[31m\u{202e}\u{9b}\u{7f} \"李\" \n";
    peer.send("bob", "ann", msg);
    peer.write(
        b"{\"from\": {\"ip\": \"::1\",\n\"name\": \"bob\"}, \"msg\":\"x\", \"to\":\"ann\"}junk\n",
    );
    peer.send("/error", "ann", "0 stuck");
    assert!(client.out().contains("/welcome"));
    let line = client.out();
    assert!(line.contains("\\u202e") && !line.contains(['\u{202e}', '\u{9b}', '\u{7f}', '\u{1b}']));
    assert_eq!(Packet::parse(&line).msg, msg);
    assert_eq!(client.out(), r#"{"from":{"name":"bob","ip":"::1"},"to":"ann","msg":"x"}"#);
    assert!(client.out().contains("0 stuck"));
    peer.close();
    let (code, out, err) = client.end();
    assert_eq!((code, out), (1, vec![]));
    assert_eq!(err[0], "! the server sent something that is no packet");
    assert!(err[1].contains("stuck"), "{err:?}");
}

#[test]
fn a_refused_greeting_is_a_failure() {
    let server = FakeServer::new();
    let client = Client::start(&["chat", &server.target("ann")]);
    let mut peer = server.accept();
    assert_eq!(peer.line(), "ann");
    peer.send("/error", "", "0 name-taken\nSomebody is called ann.");
    peer.close();
    let (code, out, err) = client.end();
    assert_eq!((code, out), (1, vec![]));
    assert_eq!(err, ["lanline: refused: name-taken: Somebody is called ann."]);
}

#[test]
fn a_lost_connection_is_a_failure_even_if_nobody_types() {
    let server = FakeServer::new();
    let client = Client::start(&["chat", &server.target("ann")]);
    let mut peer = server.welcome("ann");
    peer.send("/kick", "ann", "Enough.");
    peer.close();
    let (code, out, err) = client.end();
    assert_eq!(code, 1);
    assert_eq!(out.last().unwrap(), "/kick: Enough.");
    assert_eq!(err, ["lanline: the server closed the connection: Enough."]);
}

#[test]
fn quit_waits_for_the_goodbye() {
    let server = FakeServer::new();
    let mut client = Client::start(&["chat", &server.target("ann")]);
    let mut peer = server.welcome("ann");
    client.type_line("/quit");
    peer.expect("/quit", "");
    peer.send("/quit", "ann", "bye");
    peer.close();
    let (code, out, _) = client.end();
    assert_eq!((code, out.last().unwrap().as_str()), (0, "/quit: bye"));
}

#[test]
fn a_line_too_long_stays_here() {
    let server = FakeServer::new();
    let mut client = Client::start(&["chat", &server.target("ann")]);
    let mut peer = server.welcome("ann");
    client.type_line(&format!("@bob {}", "x".repeat(70_000)));
    client.type_line("@bob short");
    peer.expect("bob", "short");
    assert!(client.err().starts_with("! line 1: too long"));
    // It took no ordinal: the first packet is the second line.
    peer.send("/error", "ann", "1 no-such-user");
    assert_eq!(client.err(), "! line 2 (to bob: short) was refused: no-such-user");
}

#[test]
fn an_ipv6_address_goes_in_brackets() {
    let server = FakeServer::on("[::1]:0");
    assert!(server.target("ann").starts_with("ann@[::1]:"));
    let mut client = Client::start(&["chat", &server.target("ann")]);
    let mut peer = server.welcome("ann");
    client.end_input();
    peer.expect_end();
    peer.close();
    assert_eq!(client.end().0, 0);
}

#[test]
fn exit_codes() {
    let server = FakeServer::new();
    let taken = server.target("ann");
    drop(server);
    let code = |args: &[&str]| Client::start(args).end().0;
    assert_eq!(code(&["chat", &taken]), 1);
    assert_eq!(code(&["chat", "_@localhost"]), 2);
    assert_eq!(code(&["chat", "::1"]), 2);
    assert_eq!(code(&["chat", "--no-such-flag"]), 2);
}
