//! Pastes, in terminals that put brackets around them and in those that don't,
//! whole ones and torn ones: nothing is sent unasked, nothing is lost unsaid.

use crate::terminal::Terminal;
use rustix::process::kill_process;
use testkit::{FakeServer, Session, Signal};

fn chat(server: &FakeServer) -> (Terminal, Session) {
    chat_in("xterm-256color", server)
}

/// With the conversation with bob open.
fn chat_in(term: &str, server: &FakeServer) -> (Terminal, Session) {
    let args = ["chat", &server.target("ann")];
    let terminal = Terminal::start_with(100, 24, &args, &[("TERM", term)]);
    let peer = server.welcome("ann");
    terminal.wait_for("Connected to");
    terminal.type_keys("/to bob\r");
    terminal.wait_for("[bob]");
    (terminal, peer)
}

#[test]
fn lines_that_come_at_once_are_asked_about_though_no_brackets_are_around_them() {
    for (term, keys) in [
        ("linux", "first\rsecond\r/quit\rthird"),
        ("xterm", "first\rsecond\r/quit\rthird"),
        ("vt220", "first\nsecond\n/quit\nthird\n"),
        ("linux", "first\r\nsecond\r\n/quit\r\nthird\r\n"),
        ("ansi", "first\r\0second\r\0/quit\r\0third\r\0"),
        ("screen", "first\r\tsecond\r/quit\r\u{3}third\r\r"),
    ] {
        let server = FakeServer::new();
        let (terminal, mut peer) = chat_in(term, &server);
        terminal.type_keys(keys);
        terminal.wait_for("Send 4 pasted lines to bob?");
        terminal.type_keys("\x1b");
        terminal.wait_for("not sent");
        terminal.type_keys("\x15nothing before this\r");
        peer.expect_typed("bob", "nothing before this");
        terminal.type_keys("one\rtwo");
        terminal.wait_for("Send 2 pasted lines to bob?");
        terminal.type_keys("l");
        peer.expect_typed("bob", "one");
        peer.expect_typed("bob", "two");
    }
}

#[test]
fn enter_is_enter_whatever_line_it_comes_over() {
    for enter in ["\r", "\r\n", "\r\0"] {
        let server = FakeServer::new();
        let (terminal, mut peer) = chat(&server);
        terminal.type_keys(&format!("hello{enter}"));
        peer.expect_typed("bob", "hello");
    }
}

#[test]
fn a_new_row_within_a_line() {
    let server = FakeServer::new();
    let (terminal, mut peer) = chat(&server);
    terminal.type_keys("one\x1b\rtwo");
    let screen = terminal.wait_for("two");
    let rows: Vec<&str> = screen.lines().map(str::trim_end).collect();
    assert_eq!(rows[22..], ["[bob] one", "      two"]);
    terminal.type_keys("\n");
    terminal.wait_screen(|screen| (screen.cursor_position() == (23, 6)).then_some(()));
    terminal.type_keys("three");
    terminal.wait_for("three");
    terminal.type_keys("\r");
    peer.expect_typed("bob", "one\ntwo\nthree");
}

#[test]
fn the_keyboard_comes_back_though_the_end_of_a_paste_is_lost() {
    for torn in ["", "\x1b", "\x1b[20", "\x1b[201", "[201~"] {
        let server = FakeServer::new();
        let (terminal, mut peer) = chat(&server);
        terminal.type_keys(&format!("\x1b[200~half a paste{torn}"));
        terminal.wait(|screen| screen.trim_end().ends_with("[bob] half a paste"));
        terminal.type_keys("\x15a key\r");
        peer.expect_typed("bob", "a key");
        terminal.type_keys(&format!("\x1b[200~two\rlines{torn}"));
        terminal.wait_for("Send 2 pasted lines to bob?");
        terminal.type_keys("\r");
        peer.expect_typed("bob", "two\nlines");
    }
}

#[test]
fn a_paste_that_is_too_long_is_refused_as_a_whole_and_says_so() {
    let server = FakeServer::new();
    let (terminal, mut peer) = chat(&server);
    terminal.type_keys("before");
    let paste = "A".repeat(70_000);
    terminal.type_keys(&format!("\x1b[200~{paste}THE-END\x1b[201~"));
    let screen = terminal.wait_for("too long: a line holds 65536 bytes; these 70007 were left out");
    assert!(screen.trim_end().ends_with("[bob] before"), "{screen}");
    // As keys, it is told as well.
    terminal.type_keys(&paste);
    terminal.wait_for("too long: a line holds 65536 bytes; these");
    terminal.type_keys(&format!("\x1b[200~{}\x1b[201~", "line\r".repeat(300_000)));
    terminal.wait_for("too long to paste: more than 1 MiB");
    terminal.type_keys("\x15after\r");
    peer.expect_typed("bob", "after");
}

#[test]
fn a_paste_is_text_whatever_is_in_it() {
    let server = FakeServer::new();
    let (terminal, mut peer) = chat(&server);
    terminal.type_bytes(b"\x1b[200~a\0b\x03c\x1b[Ad\xffe\x1b[201~\r");
    peer.expect_typed("bob", "abc[Ad\u{fffd}e");
    terminal.type_bytes(b"\x1b[200~one\0\r\r\n/quit\x1a\xe2\x80\xa8three\x1b[201~");
    terminal.wait_for("Send 4 pasted lines to bob?");
    terminal.type_keys("\r");
    peer.expect_typed("bob", "one\n\n/quit\nthree");
}

#[test]
fn sixty_thousand_characters_come_through_pasted_and_typed() {
    let server = FakeServer::new();
    let (terminal, mut peer) = chat(&server);
    let text = "0123456789".repeat(6_000);
    terminal.type_keys(&format!("\x1b[200~{text}\x1b[201~"));
    terminal.wait_for("0123456789");
    terminal.type_keys("\r");
    peer.expect_typed("bob", &text);
    terminal.type_keys(&text);
    terminal.type_keys("\r");
    peer.expect_typed("bob", &text);
}

#[test]
fn what_was_pasted_behind_the_end_is_not_the_shells() {
    let server = FakeServer::new();
    let script = r#""$@"; echo ended; read line; echo "the shell got: $line.""#;
    let terminal = Terminal::start_in_shell(script, &["chat", &server.target("ann")]);
    let mut peer = server.welcome("ann");
    terminal.wait_for("Connected to");
    let client = terminal.only_child();
    kill_process(client, Signal::STOP).unwrap();
    terminal.type_keys("rm -r everything\r");
    kill_process(client, Signal::TERM).unwrap();
    kill_process(client, Signal::CONT).unwrap();
    while !peer.line().is_empty() {}
    peer.close();
    // Only then: it throws away what comes before.
    terminal.wait_for("ended");
    terminal.type_keys("echo\r");
    terminal.wait_for("the shell got: echo.");
}
