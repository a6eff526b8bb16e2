//! One's own name after a connection that broke, or a client that crashed.

use crate::terminal::Terminal;
use lanline::wire::Received;
use tempfile::TempDir;
use testkit::{FakeServer, Session};

const SECRET: &str = "00112233445566778899aabbccddeeff";

fn start(server: &FakeServer, state: &TempDir, term: &str) -> Terminal {
    let state = state.path().to_str().unwrap();
    let env = [("TERM", term), ("XDG_STATE_HOME", state)];
    Terminal::start_with(80, 24, &["chat", &server.target("ann")], &env)
}

/// Answers the client's question for the secret, and waits until it has it.
fn tell_secret(peer: &mut Session, terminal: &Terminal) {
    while peer.packet().to != "/resume" {}
    peer.send("/resume", "ann", SECRET);
    peer.send("bob", "ann", "behind the secret");
    terminal.wait(|screen| screen.contains("behind the secret") || screen.contains("bob"));
}

/// The next connection, greeted by the secret.
fn resumed(server: &FakeServer) -> Session {
    let mut peer = server.accept();
    let greeting = Received::parse(peer.line().as_bytes()).expect("a packet");
    assert_eq!(
        (greeting.name.as_str(), greeting.to.as_str(), greeting.msg.as_str()),
        ("ann", "/resume", SECRET)
    );
    peer.welcome("ann");
    peer
}

#[test]
fn a_crashed_client_takes_its_name_back() {
    for term in ["xterm-256color", "dumb"] {
        let (server, state) = (FakeServer::new(), tempfile::tempdir().unwrap());
        let terminal = start(&server, &state, term);
        let mut peer = server.welcome("ann");
        tell_secret(&mut peer, &terminal);
        // Killed: nobody tells the server, which holds the name.
        drop(terminal);
        let terminal = start(&server, &state, term);
        server.refuse_name("ann");
        let mut peer = resumed(&server);
        terminal.wait(|screen| screen.contains("Connected to") || screen.contains("Hello ann."));
        // The greeting was packet 1: refusals count on from it.
        terminal.type_keys("/to bob hello\r");
        let mut ordinal = 1;
        loop {
            ordinal += 1;
            if peer.packet().to == "bob" {
                break;
            }
        }
        peer.send("/error", "ann", &format!("{ordinal} no-such-user\nBob is out."));
        terminal.wait_for("Bob is out");
    }
}

#[test]
fn a_second_client_takes_nothing_from_the_first() {
    let (server, state) = (FakeServer::new(), tempfile::tempdir().unwrap());
    let first = start(&server, &state, "xterm-256color");
    let mut peer = server.welcome("ann");
    tell_secret(&mut peer, &first);
    let second = start(&server, &state, "xterm-256color");
    server.refuse_name("ann");
    second.wait_for("lanline: refused: Somebody is called ann. If that is yourself");
    assert_eq!(second.end(), (Some(1), true));
}

#[test]
fn who_has_left_leaves_no_secret_behind() {
    let (server, state) = (FakeServer::new(), tempfile::tempdir().unwrap());
    let terminal = start(&server, &state, "xterm-256color");
    let mut peer = server.welcome("ann");
    tell_secret(&mut peer, &terminal);
    let folder = state.path().join("lanline").join("resume");
    assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 1);
    terminal.type_keys("/quit\r");
    while !peer.line().contains("/quit") {}
    peer.close();
    assert_eq!(terminal.end(), (Some(0), true));
    assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 0);
}

#[test]
fn a_lost_connection_is_no_reason_to_lose_the_name() {
    let (server, state) = (FakeServer::new(), tempfile::tempdir().unwrap());
    let terminal = start(&server, &state, "xterm-256color");
    let mut peer = server.welcome("ann");
    tell_secret(&mut peer, &terminal);
    peer.close();
    server.refuse_name("ann");
    let mut peer = resumed(&server);
    peer.send("bob", "/broadcast", "there again");
    terminal.wait_for("there again");
}

#[test]
fn a_server_without_secrets_is_tried_until_it_lets_go() {
    let (server, state) = (FakeServer::new(), tempfile::tempdir().unwrap());
    let terminal = start(&server, &state, "xterm-256color");
    let peer = server.welcome("ann");
    terminal.wait_for("Connected to");
    peer.close();
    server.refuse_name("ann");
    terminal.wait_for("The name ann is still taken");
    terminal.type_keys("/reconnect\r");
    let _peer = server.welcome("ann");
    terminal.wait_for("Connected again");
}
