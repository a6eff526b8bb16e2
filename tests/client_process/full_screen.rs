//! The full-screen client in a terminal, against a server that does what the
//! test says.

use crate::terminal::Terminal;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::Instant;
use testkit::fake_server::IP;
use testkit::packet::packet_text_from;
use testkit::process::memory_bytes;
use testkit::{FakeServer, Signal};

#[test]
fn a_conversation() {
    let server = FakeServer::new();
    let terminal = Terminal::start(100, 24, &["chat", &server.target("ann")]);
    let mut peer = server.welcome("ann");
    terminal.wait_for("Connected to");
    terminal.type_keys("@bob hello\r");
    peer.expect_typed("bob", "hello");
    terminal.wait_for("│ hello");
    peer.send("bob", "ann", "hi \u{1b}[31mann");
    terminal.wait_for("hi \\u{1b}[31mann");
    terminal.type_keys("never to arri\x17\x17\x17late\r");
    peer.expect_typed("bob", "late");
    // Its ordinal: /time, /presence, /list, /ping, the line, perhaps pings.
    terminal.wait_for("│ late");
    terminal.type_keys("/quit\r");
    peer.expect_typed("/quit", "");
    peer.send("/quit", "ann", "bye");
    peer.close();
    assert_eq!(terminal.end(), (Some(0), true));
}

#[test]
fn it_follows_the_terminals_size() {
    let server = FakeServer::new();
    let terminal = Terminal::start(100, 24, &["chat", &server.target("ann")]);
    let _peer = server.welcome("ann");
    terminal.wait(|screen| screen.contains("Connected to") && screen.contains("1 127.0.0.1"));
    terminal.resize(40, 8);
    terminal.wait(|screen| screen.contains("Connected") && !screen.contains("1 127.0.0.1"));
    terminal.resize(120, 30);
    terminal.wait(|screen| screen.contains("1 127.0.0.1") && screen.contains(" here"));
}

#[test]
fn a_refused_greeting_never_takes_the_screen() {
    let server = FakeServer::new();
    let terminal = Terminal::start(80, 24, &["chat", &server.target("ann")]);
    let mut peer = server.accept();
    peer.line();
    peer.send("/error", "", "0 name-taken\nSomebody is called ann.");
    peer.close();
    terminal.wait_for("lanline: refused: name-taken: Somebody is called ann.");
    assert_eq!(terminal.end(), (Some(1), true));
}

#[test]
fn a_signal_gives_the_terminal_back() {
    let server = FakeServer::new();
    let terminal = Terminal::start(80, 24, &["chat", &server.target("ann")]);
    let mut peer = server.welcome("ann");
    terminal.wait_for("Connected to");
    terminal.signal(Signal::TERM);
    while !peer.line().is_empty() {}
    peer.close();
    assert_eq!(terminal.end(), (Some(0), true));
}

#[test]
fn it_comes_back_by_itself() {
    let server = FakeServer::new();
    let terminal = Terminal::start(90, 24, &["chat", &server.target("ann")]);
    let mut peer = server.welcome("ann");
    terminal.wait_for("Connected to");
    terminal.type_keys("/join #ops\r");
    peer.expect_typed("/join", "#ops");
    peer.send("/join", "ann", "#ops 2");
    terminal.wait_for("You are in #ops");
    terminal.type_keys("half a line");
    terminal.wait_for("half a line");
    peer.close();
    terminal.wait_for("Connection lost");
    let mut peer = server.welcome("ann");
    peer.expect_typed("/join", "#ops");
    let screen = terminal.wait_for("may be missing");
    assert!(screen.contains("[#ops] half a line"), "{screen}");
    terminal.type_keys("\r");
    peer.expect_typed("#ops", "half a line");
}

#[test]
fn a_long_paste_is_taken_whole() {
    let server = FakeServer::new();
    let terminal = Terminal::start(80, 24, &["chat", &server.target("ann")]);
    let mut peer = server.welcome("ann");
    terminal.wait_for("Connected to");
    terminal.type_keys("/to bob\r");
    let lines: Vec<String> = (0..2000).map(|number| format!("this is line {number}")).collect();
    terminal.type_keys(&format!("\x1b[200~{}\x1b[201~", lines.join("\r")));
    terminal.wait_for("Send 2000 pasted lines to bob?");
    terminal.type_keys("\r");
    peer.expect_typed("bob", &lines.join("\n"));
    // Without brackets, as old terminals do: just keys, many at once.
    let keys = "0123456789".repeat(300);
    terminal.type_keys(&format!("{keys}\r"));
    peer.expect_typed("bob", &keys);
}

/// The server sends as fast as the client takes it, which is faster than
/// anybody chats.
#[test]
fn a_flood_drowns_neither_keys_nor_memory() {
    const PACKETS: u64 = 150_000;
    const MEMORY_BYTES_MAX: usize = 256 << 20;
    let server = FakeServer::new();
    let terminal = Terminal::start(100, 24, &["chat", &server.target("ann")]);
    let mut peer = server.welcome("ann");
    terminal.wait_for("Connected to");
    terminal.type_keys("/to bob\r");
    terminal.wait_for("[bob]");

    let sent = Arc::new(AtomicU64::new(0));
    let is_over = Arc::new(AtomicBool::new(false));
    let flood = {
        let (sent, is_over) = (Arc::clone(&sent), Arc::clone(&is_over));
        thread::spawn(move || {
            let text = "all work and no play makes bob a dull boy, and ann as well";
            let batch = (packet_text_from("bob", IP, "ann", text) + "\n").repeat(100);
            while !is_over.load(Ordering::Relaxed) || sent.load(Ordering::Relaxed) < PACKETS {
                peer.write(&batch);
                sent.fetch_add(100, Ordering::Relaxed);
            }
            peer
        })
    };
    terminal.wait_for("a dull boy");
    for round in 0..5 {
        let (before, start) = (sent.load(Ordering::Relaxed), Instant::now());
        terminal.type_keys(&format!("\x15key {round}"));
        terminal.wait_for(&format!("[bob] key {round}"));
        let packets = sent.load(Ordering::Relaxed) - before;
        println!("a key took {:?} to show; {packets} packets came meanwhile", start.elapsed());
    }
    // It was still under way: the keys weren't shown after the flood.
    assert!(!flood.is_finished());
    is_over.store(true, Ordering::Relaxed);
    let peer = flood.join().unwrap();
    let peak = memory_bytes(terminal.pid(), "VmHWM");
    println!("{} packets, {peak} bytes at the most", sent.load(Ordering::Relaxed));
    assert!(peak < MEMORY_BYTES_MAX, "{peak}");
    peer.close();
}
