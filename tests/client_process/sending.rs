//! What is typed, piped or pasted is sent, to the last of it.

use crate::support::Client;
use crate::terminal::Terminal;
use testkit::FakeServer;

#[test]
fn a_last_line_without_a_line_feed_is_sent() {
    let server = FakeServer::new();
    let mut client = Client::start(&["chat", &server.target("ann")]);
    let mut peer = server.welcome("ann");
    client.type_line("/to bob");
    client.type_line("one");
    client.type_text("two");
    client.end_input();
    peer.expect("bob", "one");
    peer.expect("bob", "two");
    peer.expect_end();
    peer.close();
    assert_eq!(client.end().0, 0);
}

#[test]
fn line_endings_of_every_kind_are_no_part_of_the_text() {
    let server = FakeServer::new();
    let mut client = Client::start(&["chat", &server.target("ann")]);
    let mut peer = server.welcome("ann");
    client.type_text("/to bob\r\none\r\ntwo \n\r\nthree\r");
    client.end_input();
    for text in ["one", "two ", "three"] {
        peer.expect("bob", text);
    }
    peer.expect_end();
}

/// More than the sockets hold, while the server doesn't read: the client has to
/// wait, and goes on where it was.
#[test]
fn a_long_pipe_is_sent_whole_to_a_server_that_reads_late() {
    const LINES: usize = 400;
    let server = FakeServer::new();
    let mut client = Client::start(&["chat", &server.target("ann")]);
    let mut peer = server.welcome("ann");
    let text = |line: usize| format!("{line} {}", "x".repeat(20_000));
    let (started, is_under_way) = std::sync::mpsc::channel();
    let typing = std::thread::spawn(move || {
        for line in 0..LINES {
            client.type_line(&format!("@bob {}", text(line)));
            let _ = started.send(line);
        }
        client.type_text("@bob last");
        client.end_input();
        client
    });
    // 2 MB are typed: they are somewhere between the client and us.
    while is_under_way.recv().unwrap() < 100 {}
    for line in 0..LINES {
        peer.expect("bob", &text(line));
    }
    peer.expect("bob", "last");
    peer.expect_end();
    peer.close();
    assert_eq!(typing.join().unwrap().end().0, 0);
}

/// Without brackets a paste is told by its speed.
#[test]
fn a_burst_of_keys_is_sent_line_by_line_to_the_last() {
    let server = FakeServer::new();
    let terminal = Terminal::start(80, 24, &["chat", &server.target("ann")]);
    let mut peer = server.welcome("ann");
    terminal.wait_for("Connected to");
    terminal.type_keys("/to bob\r");
    terminal.wait_for("[bob]");
    let lines: Vec<String> = (0..300).map(|number| format!("line {number}")).collect();
    terminal.type_keys(&format!("{}\r", lines.join("\r")));
    terminal.wait_for("Send 300 pasted lines to bob?");
    terminal.type_keys("l");
    for line in &lines {
        peer.expect_typed("bob", line);
    }
}

#[test]
fn a_paste_is_sent_line_by_line_to_the_last() {
    let server = FakeServer::new();
    let terminal = Terminal::start(80, 24, &["chat", &server.target("ann")]);
    let mut peer = server.welcome("ann");
    terminal.wait_for("Connected to");
    terminal.type_keys("/to bob\r");
    terminal.wait_for("[bob]");
    let lines: Vec<String> = (0..300).map(|number| format!("line {number}")).collect();
    terminal.type_keys(&format!("\x1b[200~{}\x1b[201~", lines.join("\r")));
    terminal.wait_for("Send 300 pasted lines to bob?");
    terminal.type_keys("l");
    for line in &lines {
        peer.expect_typed("bob", line);
    }
}
