//! The plain client against a server that does what the test says.

use crate::support::Client;
use crate::terminal::Terminal;
use std::process::Command;
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
        "! line 3 (to bub: second\\u{202e}) was refused: Nobody is called bub."
    );
    assert_eq!(client.err(), "! Later \\u{1b}[2J.");
    client.end_input();
    peer.expect_end();
    peer.close();
    // Two lines of the pipe went nowhere.
    let (code, _, err) = client.end();
    assert_eq!((code, err), (1, vec!["lanline: 2 lines were refused".to_owned()]));
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
    let mut client = Client::start(&["chat", "--json", &server.target("ann")]);
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
    client.end_input();
    peer.expect_end();
    peer.close();
    let (code, out, err) = client.end();
    assert_eq!((code, out), (0, vec![]));
    assert_eq!(err, ["! the server sent something that is no packet"]);
}

#[test]
fn a_refused_greeting_is_a_failure() {
    let server = FakeServer::new();
    let client = Client::start(&["chat", &server.target("ann")]);
    server.refuse_name("ann");
    let (code, out, err) = client.end();
    assert_eq!((code, out), (1, vec![]));
    assert_eq!(
        err,
        [
            "lanline: refused: Somebody is called ann. If that is yourself, by a connection that broke: \
          the server gives it up within 90 s. Names that look like an account's are taken, too: then come \
          by another name."
        ]
    );
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
    assert_eq!(client.err(), "! line 2 (to bob: short) was refused: no such user");
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

#[test]
fn a_pipe_comes_back_with_its_rooms_and_its_lines() {
    let server = FakeServer::new();
    let mut client = Client::start(&["chat", &server.target("ann")]);
    let mut peer = server.welcome("ann");
    client.type_line("/join #ops");
    peer.expect("/join", "#ops");
    peer.send("/join", "ann", "#ops 2");
    assert!(client.out().starts_with("/welcome:"));
    client.out();
    assert_eq!(client.out(), "/join: #ops 2");
    peer.close();
    assert!(client.err().starts_with("! connection lost: the server closed it."));
    for line in ["one", "@bob two", "three", "/cancel"] {
        client.type_line(line);
    }
    assert!(client.err().starts_with("! line 2 (to #ops: one) is waiting"));
    client.err();
    client.err();
    assert_eq!(client.err(), "! taken back: line 4 (to #ops: three)");
    let mut peer = server.welcome("ann");
    assert_eq!(client.err(), "! connected again");
    peer.expect("/join", "#ops");
    peer.expect("#ops", "one");
    peer.expect("bob", "two");
    client.type_line("four");
    peer.expect("#ops", "four");
    // Ordinals begin anew, and behind our own `/join`.
    peer.send("/error", "ann", "3 no-such-user\nNobody is called bob.");
    assert_eq!(client.err(), "! line 3 (to bob: two) was refused: Nobody is called bob.");
    client.end_input();
    peer.expect_end();
    peer.close();
    assert_eq!(client.end().0, 1);
}

#[test]
fn a_refused_line_of_a_pipe_is_a_failure() {
    let server = FakeServer::new();
    let mut client = Client::start(&["chat", &server.target("ann")]);
    client.type_line("@nobody hi");
    client.end_input();
    let mut peer = server.welcome("ann");
    peer.expect("nobody", "hi");
    peer.expect_end();
    peer.send("/error", "ann", "1 no-such-user\nNobody of that name is here.");
    peer.close();
    let (code, _, err) = client.end();
    assert_eq!(code, 1);
    assert_eq!(
        err,
        [
            "! line 1 (to nobody: hi) was refused: Nobody of that name is here.",
            "lanline: 1 line was refused"
        ]
    );
}

#[test]
fn what_other_programs_call_it_is_known_in_a_pipe() {
    let server = FakeServer::new();
    let mut client = Client::start(&["chat", &server.target("ann")]);
    let mut peer = server.welcome("ann");
    for line in ["/join #ops", "/me waves", "/names", "/part", "/names", "/whois bob", "/nick zoe"]
    {
        client.type_line(line);
    }
    peer.expect("/join", "#ops");
    peer.expect("#ops", "*waves*");
    peer.expect("/members", "#ops");
    peer.expect("/leave", "#ops");
    peer.expect("/list", "");
    peer.expect("/who", "bob");
    assert!(client.err().starts_with("! line 7: a name lasts as long as the connection"));
}

#[test]
fn another_address_under_the_same_name_is_told() {
    let server = FakeServer::new();
    let client = Client::start(&["chat", &server.target("ann")]);
    let mut peer = server.welcome("ann");
    for ip in ["10.0.0.5", "10.0.0.5", "10.0.0.7"] {
        let from = format!(r#"{{"from":{{"name":"bob","ip":"{ip}"}},"to":"ann","msg":"hi"}}"#);
        peer.write(format!("{from}\n").as_bytes());
    }
    assert_eq!(
        client.err(),
        "! bob is now at another address (10.0.0.7, was 10.0.0.5): it may be somebody else"
    );
}

/// A terminal that can do nothing, or whose owner listens to it.
fn simple_terminal(server: &FakeServer) -> Terminal {
    Terminal::start_with(80, 24, &["chat", &server.target("ann")], &[("TERM", "dumb")])
}

#[test]
fn what_comes_never_cuts_the_line_that_is_being_typed() {
    let server = FakeServer::new();
    let terminal = simple_terminal(&server);
    let mut peer = server.welcome("ann");
    terminal.wait_for("Hello ann.");
    terminal.type_keys("@bob half a l");
    terminal.wait_for("@bob half a l");
    peer.send("bob", "ann", "psst");
    terminal.wait(|screen| {
        let rows: Vec<&str> = screen.lines().map(str::trim_end).collect();
        rows.ends_with(&["    Hello ann.", "bob: psst", "@bob half a l"])
    });
    terminal.type_keys("ime\x7f\x7f\x7fline\r");
    peer.expect_typed("bob", "half a lline");
    terminal.wait_for("@bob half a lline");
    // Longer than a row: its end stays in sight, and goes out whole.
    let long = "0123456789".repeat(12);
    terminal.type_keys(&format!("@bob {long}"));
    terminal.wait_for("0123456789");
    peer.send("bob", "ann", "again");
    terminal.wait_for("bob: again");
    terminal.type_keys("\r");
    peer.expect_typed("bob", &long);
    terminal.type_keys("\x04");
    while !peer.line().is_empty() {}
    peer.close();
    assert_eq!(terminal.end(), (Some(0), true));
}

#[test]
fn a_simple_terminal_comes_back_with_its_half_typed_line() {
    let server = FakeServer::new();
    let terminal = simple_terminal(&server);
    let mut peer = server.welcome("ann");
    terminal.wait_for("Hello ann.");
    terminal.type_keys("@bob one");
    terminal.wait_for("@bob one");
    peer.expect("/resume", "");
    peer.send("/error", "ann", "1 no-such-endpoint\nThere is no such endpoint; see /help.");
    peer.close();
    terminal.wait_for("connection lost");
    terminal.type_keys("\r");
    terminal.wait_for("line 1 (to bob: one) is waiting");
    let mut peer = server.welcome("ann");
    peer.expect_typed("bob", "one");
    let screen = terminal.wait_for("connected again");
    assert!(!screen.contains("endpoint"), "the client's own question: {screen}");
}

#[test]
fn a_signal_gives_a_simple_terminal_back() {
    let server = FakeServer::new();
    let terminal = simple_terminal(&server);
    let mut peer = server.welcome("ann");
    terminal.wait_for("Hello ann.");
    assert!(!terminal.echoes());
    let pid = terminal.pid().to_string();
    assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
    while !peer.line().is_empty() {}
    peer.close();
    assert_eq!(terminal.end(), (Some(0), true));
}
