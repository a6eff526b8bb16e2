//! The terminal taken over and given back: it goes, its client is stopped and
//! goes on, it has no size, nobody reads what is shown.

use crate::terminal::{JOB, Terminal, is_given_back};
use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;
use std::time::Instant;
use testkit::{FakeServer, PATIENCE, Session, Signal};

fn chat(server: &FakeServer) -> (Terminal, Session) {
    let terminal = Terminal::start(100, 24, &["chat", &server.target("ann")]);
    let peer = server.welcome("ann");
    terminal.wait_for("Connected to");
    (terminal, peer)
}

fn chat_in_shell(server: &FakeServer, script: &str) -> (Terminal, Session) {
    let terminal = Terminal::start_in_shell(script, &["chat", &server.target("ann")]);
    let peer = server.welcome("ann");
    terminal.wait_for("Connected to");
    (terminal, peer)
}

/// Neither a crash nor a panic.
fn is_orderly(status: ExitStatus) -> bool {
    matches!(status.code(), Some(0 | 1)) || status.signal() == Some(Signal::HUP.as_raw())
}

#[test]
fn it_ends_in_order_where_its_window_is_closed() {
    let server = FakeServer::new();
    let (terminal, _peer) = chat(&server);
    let status = terminal.close();
    assert!(is_orderly(status), "{status}");
}

#[test]
fn it_ends_where_its_window_is_closed_and_hang_ups_are_ignored() {
    let server = FakeServer::new();
    let (terminal, _peer) = chat_in_shell(&server, r#"trap "" HUP; exec "$@""#);
    let status = terminal.close();
    assert!(is_orderly(status), "{status}");
}

#[test]
fn it_ends_where_its_window_is_closed_in_the_middle_of_a_picture() {
    let server = FakeServer::new();
    let (mut terminal, mut peer) = chat(&server);
    terminal.freeze();
    for number in 0..2000 {
        peer.send(&format!("user{number}"), "ann", "all work and no play");
    }
    let status = terminal.close();
    assert!(is_orderly(status), "{status}");
}

#[test]
fn it_ends_on_a_signal_while_nobody_reads_what_it_shows() {
    let server = FakeServer::new();
    let (mut terminal, mut peer) = chat(&server);
    terminal.freeze();
    for number in 0..2000 {
        peer.send(&format!("user{number}"), "ann", "all work and no play");
        peer.send("", "ann", "");
    }
    terminal.signal(Signal::TERM);
    assert_eq!(terminal.status().code(), Some(0));
}

#[test]
fn every_signal_that_ends_it_gives_the_terminal_back() {
    use Signal as S;
    let one_each = [S::HUP, S::INT, S::QUIT, S::TERM, S::USR1, S::ALARM, S::IO, S::PROF];
    for (signal, term) in one_each.into_iter().flat_map(|s| [(s, "xterm"), (s, "dumb")]) {
        let server = FakeServer::new();
        let args = ["chat", &server.target("ann")];
        let terminal = Terminal::start_with(80, 24, &args, &[("TERM", term)]);
        let mut peer = server.welcome("ann");
        terminal.wait(|screen| screen.contains("Connected to") || screen.contains("Hello ann."));
        assert!(!terminal.echoes());
        terminal.signal(signal);
        while !peer.line().is_empty() {}
        peer.close();
        assert_eq!(terminal.end(), (Some(0), true), "{signal:?} {term}");
    }
}

#[test]
fn line_by_line_it_is_stopped_and_goes_on_as_well() {
    for stop in [None, Some(Signal::TSTP), Some(Signal::STOP)] {
        let server = FakeServer::new();
        let words = ["chat", "--lines", &server.target("ann")];
        let terminal = Terminal::start_in_shell(JOB, &words);
        let mut peer = server.welcome("ann");
        terminal.wait_for("Hello ann.");
        terminal.type_keys("@bob half a ");
        terminal.wait_for("@bob half a ");
        match stop {
            None => terminal.type_keys("\x1a"),
            Some(signal) => terminal.signal(signal),
        }
        terminal.wait_for("the shell is back: ");
        if stop != Some(Signal::STOP) {
            assert!(terminal.echoes(), "{stop:?}");
        }
        // Where the shell's terminal is as we had it, no key is a line's end.
        terminal.type_keys("\n");
        terminal.wait(|screen| screen.trim_end().lines().last() == Some("@bob half a"));
        assert!(!terminal.echoes(), "{stop:?}");
        terminal.type_keys("line\r");
        peer.expect_typed("bob", "half a line");
        terminal.type_keys("/quit\r");
        peer.expect_typed("/quit", "");
        peer.close();
        assert_eq!(terminal.end(), (Some(0), true), "{stop:?}");
    }
}

/// Ctrl-Z, the same from elsewhere, and what can't be caught.
#[test]
fn it_is_stopped_and_goes_on() {
    for stop in [None, Some(Signal::TSTP), Some(Signal::STOP)] {
        let server = FakeServer::new();
        let (terminal, mut peer) = chat_in_shell(&server, JOB);
        assert!(!terminal.echoes());
        match stop {
            None => terminal.type_keys("half a line\x1a"),
            Some(signal) => terminal.signal(signal),
        }
        // Where it couldn't be given back, the shell's word is on its screen.
        terminal.wait_for("the shell is back: ");
        if stop != Some(Signal::STOP) {
            terminal.wait_screen(|screen| is_given_back(screen).then_some(()));
        }
        // Where the shell's terminal is as we had it, no key is a line's end.
        terminal.type_keys("\n");
        terminal.wait_screen(|screen| {
            let is_ours = screen.alternate_screen() && screen.bracketed_paste();
            (is_ours && screen.contents().contains("Connected to")).then_some(())
        });
        assert!(!terminal.echoes(), "{stop:?}");
        if stop.is_none() {
            terminal.wait_for("] half a line");
            terminal.type_keys("\x15");
        }
        terminal.type_keys("/to bob\r");
        terminal.wait_for("[bob]");
        terminal.type_keys("back again\r");
        peer.expect_typed("bob", "back again");
        terminal.type_keys("/quit\r");
        peer.expect_typed("/quit", "");
        peer.close();
        // Nothing of ours was drawn on the shell's own screen.
        let left = terminal.wait_screen(|screen| is_given_back(screen).then(|| screen.contents()));
        assert!(!left.contains("ann on "), "{stop:?}: {left}");
        assert_eq!(terminal.end(), (Some(0), true), "{stop:?}");
    }
}

#[test]
fn it_can_be_ended_while_it_is_stopped() {
    let server = FakeServer::new();
    let script =
        r#"set -m; "$@"; echo "the shell is back: $?"; kill %1; fg; echo "it is over: $?""#;
    let (terminal, mut peer) = chat_in_shell(&server, script);
    terminal.type_keys("\x1a");
    terminal.wait_for("the shell is back: ");
    while !peer.line().is_empty() {}
    peer.close();
    assert_eq!(terminal.end(), (Some(0), true));
}

#[test]
fn without_a_shell_behind_it_it_isn_t_stopped() {
    let server = FakeServer::new();
    let (terminal, mut peer) = chat(&server);
    terminal.type_keys("\x1a");
    terminal.wait_for("no shell to go back to");
    terminal.signal(Signal::TSTP);
    terminal.type_keys("/to bob\r");
    terminal.wait_for("[bob]");
    terminal.type_keys("still here\r");
    peer.expect_typed("bob", "still here");
}

#[test]
fn a_terminal_without_a_size_has_the_usual_one() {
    let server = FakeServer::new();
    for (width, height) in [(0, 0), (0, 24), (80, 0)] {
        let args = ["chat", &server.target("ann")];
        let terminal = Terminal::start_with(width, height, &args, &[("TERM", "vt220")]);
        let _peer = server.welcome("ann");
        let screen = terminal.wait_for("ann on 127.0.0.1");
        assert!(screen.starts_with("1 127.0.0.1"), "{screen}");
        assert_eq!(screen.trim_end().lines().count(), 24, "{screen}");
        // It has one after all.
        terminal.resize(40, 10);
        terminal.wait(|screen| screen.lines().count() <= 10 && !screen.contains("1 127.0.0.1"));
    }
}

#[test]
fn a_terminal_without_a_size_has_that_of_the_environment() {
    let server = FakeServer::new();
    let args = ["chat", &server.target("ann")];
    let env = [("TERM", "vt220"), ("COLUMNS", "60"), ("LINES", "12")];
    let terminal = Terminal::start_with(0, 0, &args, &env);
    let _peer = server.welcome("ann");
    // Too narrow for the list of conversations.
    let screen = terminal.wait_for("ann on 127.0.0.1");
    assert_eq!(screen.trim_end().lines().count(), 12, "{screen}");
    assert!(!screen.contains("1 127.0.0.1"), "{screen}");
}

#[test]
fn a_terminal_of_any_size_is_drawn_on() {
    let server = FakeServer::new();
    let (terminal, mut peer) = chat(&server);
    terminal.type_keys("/to bob\r");
    terminal.wait_for("[bob]");
    for (width, height) in [(1, 1), (2, 40), (300, 2), (u16::MAX, 1), (3, u16::MAX), (100, 24)] {
        terminal.resize(width.min(1000), height.min(400));
        terminal.resize(width, height);
        terminal.type_keys(&format!("{width} by {height}\r"));
        peer.expect_typed("bob", &format!("{width} by {height}"));
    }
    terminal.wait_for("│ 300 by 2");
}

#[test]
fn ctrl_l_paints_everything_anew_without_asking_the_terminal() {
    let server = FakeServer::new();
    let (terminal, _peer) = chat(&server);
    let screen = terminal.wait_for("ann on 127.0.0.1");
    terminal.scribble(b"\x1b[2;5HKernel panic - not syncing\x1b[7;1H\x1b[31m\xe0\xb8\xb3");
    terminal.wait_for("Kernel panic");
    terminal.type_keys("\x0c");
    terminal.wait(|now| now == screen);
    assert!(!terminal.has_written(b"\x1b[6n"));
}

#[test]
fn the_title_says_what_is_open_and_how_much_is_new() {
    let server = FakeServer::new();
    let (terminal, mut peer) = chat(&server);
    terminal.wait_for_bytes(b"\x1b[22;0t");
    peer.send("bob", "ann", "hi");
    terminal
        .wait_for_bytes(format!("\x1b]0;(1) {} — Lanline\x07", &server.target("")[1..]).as_bytes());
    terminal.type_keys("/quit\r");
    peer.expect_typed("/quit", "");
    peer.close();
    terminal.wait_for_bytes(b"\x1b[23;0t");
    assert_eq!(terminal.end(), (Some(0), true));
}

#[test]
fn a_console_is_sent_nothing_that_it_doesn_t_know() {
    let server = FakeServer::new();
    let args = ["chat", &server.target("ann")];
    let terminal = Terminal::start_with(100, 24, &args, &[("TERM", "linux")]);
    let mut peer = server.welcome("ann");
    peer.send("bob", "ann", "hi");
    terminal.wait_for("1 for you");
    for bytes in [&b"\x1b]"[..], b"\x1b[?1000h", b"\x1b[?1004h", b"\x1b[22;0t"] {
        assert!(!terminal.has_written(bytes), "{bytes:?}");
    }
}

#[test]
fn a_terminal_that_can_notifies_of_a_direct_message_while_nobody_looks() {
    let server = FakeServer::new();
    let args = ["chat", &server.target("ann")];
    let terminal = Terminal::start_with(100, 24, &args, &[("TERM", "foot")]);
    let mut peer = server.welcome("ann");
    terminal.wait_for_bytes(b"\x1b[?1004h");
    peer.send("bob", "ann", "while you look");
    terminal.wait_for_bytes(b"\x07");
    terminal.wait_for("1 for you");
    assert!(!terminal.has_written(b"\x1b]9;"));
    terminal.type_keys("\x1b[O");
    // The focus is known once the key behind it has been seen.
    terminal.type_keys("x");
    terminal.wait_for("] x");
    // It comes once a second at the most, with the bell: not with the first.
    let start = Instant::now();
    for number in 2.. {
        peer.send("bob", "ann", "while; you \u{1b}don't");
        terminal.wait_for(&format!("{number} for you"));
        if terminal.has_written(b"\x1b]9;Lanline: bob: while; you \\u{1b}don't\x07") {
            break;
        }
        assert!(start.elapsed() < PATIENCE);
    }
}

#[test]
fn the_mouse_opens_and_scrolls_until_a_key_says_otherwise() {
    let server = FakeServer::new();
    let (terminal, mut peer) = chat(&server);
    terminal.wait_for_bytes(b"\x1b[?1000h\x1b[?1006h");
    for number in 0..100 {
        peer.send("bob", "ann", &format!("line {number}"));
    }
    terminal.wait_for("100 for you");
    // The second row of the list, counted from 1.
    terminal.type_keys("\x1b[<0;5;2M\x1b[<0;5;2m");
    terminal.wait_for("│ line 99");
    terminal.type_keys("\x1b[<64;50;10M");
    terminal.wait(|screen| screen.contains("│ line 96") && !screen.contains("│ line 97"));
    terminal.type_keys("\x1b[<65;50;10M");
    terminal.wait_for("│ line 99");
    terminal.type_keys("\x1bOQ");
    terminal.wait_for("the mouse is the terminal's");
    terminal.wait_screen(|screen| {
        (screen.mouse_protocol_mode() == vt100::MouseProtocolMode::None).then_some(())
    });
}
