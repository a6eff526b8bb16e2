//! The commands for scripts.

use crate::support::Client;
use testkit::{FakeServer, Session};

fn start(server: &FakeServer, args: &[&str]) -> Client {
    let target = server.target("ann");
    let mut all = vec![args[0], "--server", &target];
    all.extend(&args[1..]);
    Client::start(&all)
}

/// The end of a connection as a server does it.
fn half_closed(mut peer: Session) -> Session {
    peer.expect("/ping", "");
    peer.expect_end();
    peer
}

#[test]
fn send_tells_whether_it_was_taken() {
    let server = FakeServer::new();
    let client = start(&server, &["send", "bob", "hello there"]);
    let mut peer = server.welcome("ann");
    peer.expect("bob", "hello there");
    let mut peer = half_closed(peer);
    peer.send("/ping", "ann", "");
    peer.close();
    assert_eq!(client.end(), (0, vec![], vec!["sent to bob".to_owned()]));

    let client = start(&server, &["send", "@bob", "hello"]);
    let mut peer = server.welcome("ann");
    peer.expect("bob", "hello");
    let mut peer = half_closed(peer);
    peer.send("/ping", "ann", "");
    peer.send("/error", "ann", "1 busy bob\nTheir queue is full.");
    peer.close();
    let (code, out, err) = client.end();
    assert_eq!((code, out), (1, vec![]));
    assert_eq!(err, ["lanline: refused: bob: Their queue is full."]);
}

#[test]
fn send_knows_when_it_does_not_know() {
    let server = FakeServer::new();
    let client = start(&server, &["send", "bob", "hello"]);
    let mut peer = server.welcome("ann");
    peer.expect("bob", "hello");
    half_closed(peer).close();
    let (code, _, err) = client.end();
    assert_eq!(code, 1);
    assert!(err[0].contains("may not have arrived"), "{err:?}");
}

#[test]
fn send_reads_a_pipe_and_joins_a_room_first() {
    let server = FakeServer::new();
    let mut client = start(&server, &["send", "#ops", "-"]);
    client.type_line("one");
    client.type_line("two");
    client.end_input();
    let mut peer = server.welcome("ann");
    peer.expect("/join", "#ops");
    peer.send("/join", "ann", "#ops 2");
    peer.expect("#ops", "one\ntwo");
    let mut peer = half_closed(peer);
    peer.send("/ping", "ann", "");
    peer.close();
    assert_eq!(client.end(), (0, vec![], vec!["sent to #ops: 1 there besides you".to_owned()]));
}

#[test]
fn send_says_that_nobody_would_get_it() {
    let server = FakeServer::new();
    let client = start(&server, &["send", "#ops", "hello"]);
    let mut peer = server.welcome("ann");
    peer.expect("/join", "#ops");
    peer.send("/join", "ann", "#ops 1");
    peer.expect_end();
    let (code, _, err) = client.end();
    assert_eq!((code, err), (1, vec!["lanline: not sent: nobody is in #ops".to_owned()]));

    // Before it bothers the server.
    let client = start(&server, &["send", "bob", ""]);
    let (code, _, err) = client.end();
    assert_eq!((code, err), (2, vec!["lanline: what do you want to say to bob?".to_owned()]));
}

#[test]
fn a_name_only_configured_makes_room_for_its_owner() {
    let server = FakeServer::new();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("config.toml");
    let address = server.target("x").replace("x@", "");
    std::fs::write(&path, format!("name = \"ann\"\nserver = \"{address}\"\n")).unwrap();
    let client = Client::start(&["send", "--config", path.to_str().unwrap(), "bob", "hi"]);
    let mut peer = server.accept();
    assert_eq!(peer.line(), "ann");
    peer.send("/error", "", "0 name-taken\nSomebody is called ann.");
    peer.close();
    let mut peer = server.welcome("ann-2");
    peer.expect("bob", "hi");
    let mut peer = half_closed(peer);
    peer.send("/ping", "ann-2", "");
    peer.close();
    assert_eq!(client.end().0, 0);
}

#[test]
fn tail_prints_what_comes() {
    let server = FakeServer::new();
    let client = start(&server, &["tail", "--json", "--room", "#ops", "--presence"]);
    let mut peer = server.welcome("ann");
    peer.expect("/join", "#ops");
    peer.expect("/presence", "on");
    peer.send("bob", "#ops", "hi");
    assert!(client.out().contains("/welcome"));
    assert_eq!(
        client.out(),
        r##"{"from":{"name":"bob","ip":"127.0.0.1"},"to":"#ops","msg":"hi"}"##
    );
    peer.close();
    assert_eq!(client.end().0, 1);
}

#[test]
fn list_takes_all_pages() {
    for (args, expected) in [
        (&["list", "--json"][..], &[r#"["Éva","bob","zoe"]"#][..]),
        (&["list"][..], &["Éva", "bob", "zoe"][..]),
    ] {
        let server = FakeServer::new();
        let client = start(&server, args);
        let mut peer = server.welcome("ann");
        peer.expect("/list", "");
        peer.send("zoe", "ann", "not an answer");
        peer.send("/list", "ann", "1-2 of 4\nann\nÉva");
        peer.send("/list", "ann", "3-4 of 4\nbob\nzoe");
        let (code, out, err) = client.end();
        assert_eq!(
            (code, out, err),
            (0, expected.iter().map(|line| (*line).to_owned()).collect(), vec![])
        );
    }
    let server = FakeServer::new();
    let client = start(&server, &["list", "--rooms", "--json"]);
    let mut peer = server.welcome("ann");
    peer.expect("/rooms", "");
    peer.send("/rooms", "ann", "1-1 of 1\n#ops 3");
    assert_eq!(client.out(), r##"[{"members":3,"room":"#ops"}]"##);
}

#[test]
fn who_is_everybody_but_us_or_somebody() {
    let server = FakeServer::new();
    let client = start(&server, &["who"]);
    let mut peer = server.welcome("ann");
    peer.expect("/list", "");
    peer.send("/list", "ann", "1-3 of 3\nann\nbob\nzoe");
    peer.expect("/who", "bob");
    peer.expect("/who", "zoe");
    peer.send("/error", "ann", "3 no-such-user\nGone.");
    peer.send("/who", "ann", "bob 10.0.0.7 65");
    assert_eq!(client.end(), (0, vec!["bob 10.0.0.7 65".to_owned()], vec![]));

    let client = start(&server, &["who", "--json", "zoe", "bob"]);
    let mut peer = server.welcome("ann");
    peer.expect("/who", "zoe");
    peer.expect("/who", "bob");
    peer.send("/error", "ann", "1 no-such-user\nGone.");
    peer.send("/who", "ann", "bob 10.0.0.7 65");
    let (code, out, err) = client.end();
    assert_eq!((code, out), (1, vec![r#"{"ip":"10.0.0.7","name":"bob","seconds":65}"#.to_owned()]));
    assert_eq!(err, ["lanline: zoe: Gone."]);
}

#[test]
fn time_is_the_servers() {
    let server = FakeServer::new();
    let client = start(&server, &["time", "--json"]);
    let mut peer = server.welcome("ann");
    for _ in 0..4 {
        peer.expect("/time", "");
        peer.send("/time", "ann", "2020-01-01T00:00:00.000000Z");
    }
    let (code, out, err) = client.end();
    assert_eq!((code, err), (0, vec![]));
    let answer: serde_json::Value = serde_json::from_str(&out[0]).unwrap();
    assert!(answer["time"].as_str().unwrap().starts_with("2020-01-01T00:00:"), "{answer}");
    assert!(answer["offset_seconds"].as_f64().unwrap() < -100_000_000.0, "{answer}");
}

#[test]
fn how_this_machines_clock_is_is_said_in_words() {
    let server = FakeServer::new();
    let now = || format!("{:.6}", jiff::Timestamp::now());
    for (time, words) in [(None, "agrees"), (Some("2020-01-01T00:00:00.000000Z"), "is ")] {
        let client = start(&server, &["time"]);
        let mut peer = server.welcome("ann");
        for _ in 0..4 {
            peer.expect("/time", "");
            peer.send("/time", "ann", &time.map_or_else(now, str::to_owned));
        }
        let (code, _, err) = client.end();
        assert_eq!(code, 0);
        assert!(err[0].starts_with(&format!("this machine's clock {words}")), "{err:?}");
        assert_eq!(err[0].ends_with(" s ahead"), time.is_some(), "{err:?}");
    }
}

#[test]
fn usage() {
    let code = |args: &[&str]| Client::start(args).end();
    assert_eq!(code(&["send"]).0, 2);
    assert_eq!(code(&["send", "bob", "hi", "--name", "_"]).0, 2);
    let (exit, _, err) = code(&["send", "bob", "hi", "--config", "/nonexistent.toml"]);
    assert_eq!(exit, 2);
    assert!(err[0].contains("/nonexistent.toml"), "{err:?}");
}

#[test]
fn completions_and_manual() {
    for shell in ["bash", "zsh", "fish"] {
        let (code, out, _) = Client::start(&["completions", shell]).end();
        assert_eq!(code, 0);
        assert!(
            out.iter().any(|line| line.contains("lanline") && line.contains("chat")),
            "{shell}"
        );
    }
    let (code, out, _) = Client::start(&["man"]).end();
    assert_eq!(code, 0);
    assert!(out.iter().any(|line| line.starts_with(".TH lanline 1")), "{out:?}");
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(Client::start(&["man", "--out", folder.path().to_str().unwrap()]).end().0, 0);
    // What is typed and pressed there stands in it as well.
    let page = std::fs::read_to_string(folder.path().join("lanline-chat.1")).unwrap();
    let (code, out, _) = Client::start(&["man", "chat"]).end();
    assert_eq!((code, out.join("\n") + "\n"), (0, page.clone()));
    for text in [".TH lanline-chat 1", "\\fB/broadcast text\\fR", "/whois (/who)", "Ctrl\\-N"] {
        assert!(page.contains(text), "{text}: {page}");
    }
    assert_eq!(Client::start(&["man", "fly"]).end().0, 2);
}
