//! The client against a server that means it ill: it sends without an end, or
//! never what it was asked for. Every command ends, and what is kept of it all
//! is bounded.

use crate::support::Client;
use crate::terminal::Terminal;
use lanline::connect::listing::LISTING_BYTES_MAX;
use lanline::connect::receiver::RECEIVED_PACKET_BYTES_MAX;
use lanline::connect::{Connection, Deadline, Error, Greeting, Server, Trust};
use lanline::wire::JsonText;
use lanline::wire::packet::push_packet;
use std::sync::mpsc::channel;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};
use testkit::{FakeServer, PATIENCE, Session};

/// What the two sockets' buffers in the kernel may hold, in bytes.
const KERNEL_BYTES_MAX: u64 = 32 << 20;
/// The client's whole memory, in KiB: its 64 MiB of lines, what is on its way,
/// and the program.
const MEMORY_KB_MAX: u64 = 192 << 10;

fn packet(from: &str, msg: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    push_packet(&mut bytes, from, "127.0.0.1", "ann", &JsonText::escape(msg));
    bytes
}

/// Sends until the client has had enough, from a thread of its own; the bytes
/// that went out in the end.
fn flood(
    mut peer: Session,
    mut chunk: impl FnMut(u64) -> Vec<u8> + Send + 'static,
) -> JoinHandle<u64> {
    thread::spawn(move || {
        let mut bytes = 0;
        for number in 0.. {
            let chunk = chunk(number);
            if peer.try_write(&chunk).is_err() {
                break;
            }
            bytes += chunk.len() as u64;
        }
        bytes
    })
}

fn fails_with(client: Client, words: &str) {
    let (code, _, err) = client.end();
    assert_eq!(code, 1, "{err:?}");
    assert!(err.last().is_some_and(|line| line.contains(words)), "{err:?}");
}

#[test]
fn a_list_of_pages_that_never_end_is_given_up() {
    let server = FakeServer::new();
    let pages: [fn(u64) -> String; 2] =
        [|_| "1-2 of 3\nann\nbob".to_owned(), |_| "0-0 of 7".to_owned()];
    for page in pages {
        let client = Client::start(&["list", "--server", &server.target("ann")]);
        let mut peer = server.welcome("ann");
        peer.expect("/list", "");
        let flood = flood(peer, move |number| packet("/list", &page(number)));
        fails_with(client, "don't fit together");
        flood.join().unwrap();
    }
}

#[test]
fn a_list_that_goes_on_for_ever_is_kept_up_to_its_bound_only() {
    let server = FakeServer::new();
    let client = Client::start(&["list", "--server", &server.target("ann")]);
    let mut peer = server.welcome("ann");
    peer.expect("/list", "");
    let flood = flood(peer, move |number| {
        let first = number * 100 + 1;
        let names = format!("\n{}", "n".repeat(400)).repeat(100);
        packet("/list", &format!("{first}-{} of 4000000000{names}", first + 99))
    });
    fails_with(client, "too long");
    let sent = flood.join().unwrap();
    assert!(sent <= LISTING_BYTES_MAX as u64 + KERNEL_BYTES_MAX, "{sent}");
}

#[test]
fn a_greeting_answered_by_blanks_without_an_end_is_given_up() {
    let server = FakeServer::new();
    for command in [&["chat"][..], &["time", "--server"], &["tail", "--server"]] {
        let target = server.target("ann");
        let args = [command, &[&target, "--timeout", "0.3"]].concat();
        let client = Client::start(&args);
        let flood = flood(server.accept(), |_| vec![b' '; 10_000]);
        fails_with(client, "no answer in 0.3 s");
        flood.join().unwrap();
    }
}

#[test]
fn an_answer_that_never_comes_is_given_up_however_much_else_comes() {
    let server = FakeServer::new();
    let commands: [&[&str]; 6] = [
        &["send", "bob", "hello"],
        &["send", "#ops", "hello"],
        &["who"],
        &["who", "bob"],
        &["time"],
        &["list", "--rooms"],
    ];
    for command in commands {
        let target = server.target("ann");
        let client = Client::start(&[command, &["--server", &target, "--timeout", "0.3"]].concat());
        let flood = flood(server.welcome("ann"), |_| packet("bob", "hi").repeat(100));
        fails_with(client, "the server does not answer");
        flood.join().unwrap();
    }
}

#[test]
fn who_has_said_all_is_not_kept_by_a_server_that_never_ends() {
    let server = FakeServer::new();
    for is_quit in [false, true] {
        let target = server.target("ann");
        let mut client = Client::start(&["chat", &target, "--timeout", "0.1"]);
        let peer = server.welcome("ann");
        if is_quit {
            client.type_line("/quit");
        } else {
            client.end_input();
        }
        let flood = flood(peer, |_| vec![b'\n'; 10_000]);
        fails_with(client, "the server did not end the connection");
        flood.join().unwrap();
    }
}

#[test]
fn a_packet_without_an_end_is_kept_up_to_its_bound_only() {
    let server = FakeServer::new();
    let address: Server = server.target("x").replace("x@", "").parse().unwrap();
    let opened = thread::spawn(move || {
        let soon = Deadline::after(Duration::from_secs(20));
        Connection::open(&address, &Trust::plain(), Greeting::Name("ann"), soon).unwrap()
    });
    let mut peer = server.welcome("ann");
    let mut connection = opened.join().unwrap();
    peer.write(br#"{"from":{"name":"bob","ip":""},"to":"ann","msg":""#);
    let flood = flood(peer, |_| vec![b'x'; 10_000]);
    let soon = Deadline::after(Duration::from_secs(20));
    assert!(matches!(connection.receiver.receive(Some(soon)), Err(Error::Endless)));
    assert!(connection.receiver.kept_bytes() <= 2 * RECEIVED_PACKET_BYTES_MAX + (128 << 10));
    drop(connection);
    let sent = flood.join().unwrap();
    assert!(sent <= RECEIVED_PACKET_BYTES_MAX as u64 + KERNEL_BYTES_MAX, "{sent}");
}

/// The most memory that the process has ever had, in KiB.
fn peak_kb(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let peak = status.lines().find(|line| line.starts_with("VmHWM")).unwrap();
    peak.split_whitespace().nth(1).unwrap().parse().unwrap()
}

/// The client reads so much of the flood before it is left, in bytes; it is
/// more than it may keep.
const FLOOD_BYTES: usize = 96 << 20;

#[test]
fn the_screen_flooded_with_the_largest_packets_stays_small_and_is_left_at_once() {
    let server = FakeServer::new();
    let largest = RECEIVED_PACKET_BYTES_MAX - 1000;
    let floods = [
        packet("bob", &"x".repeat(largest)),
        packet("bob", &"\u{202e}".repeat(largest / 3)),
        packet("bob", &"\n".repeat(largest / 2)),
    ];
    for bytes in floods {
        let terminal = Terminal::start(100, 24, &["chat", &server.target("ann")]);
        let peer = server.welcome("ann");
        terminal.wait_for("Connected to");
        let (is_read, was_read) = channel();
        let count = (FLOOD_BYTES / bytes.len()) as u64;
        let start = Instant::now();
        let shown = String::from_utf8_lossy(&bytes[..80]).into_owned();
        let flood = flood(peer, move |number| {
            if number == count {
                is_read.send(()).unwrap();
            }
            bytes.clone()
        });
        was_read.recv_timeout(PATIENCE).expect("the client reads on");
        println!("{shown}: {FLOOD_BYTES} bytes in {:?}", start.elapsed());
        terminal.type_keys("still here");
        terminal.wait_for("] still here");
        let kb = peak_kb(terminal.pid());
        terminal.type_keys("\x15/quit\r");
        assert_eq!(terminal.end(), (Some(0), true));
        let sent = flood.join().unwrap();
        println!("{kb} KiB at the most, {sent} bytes sent");
        assert!(kb < MEMORY_KB_MAX, "{shown}: {kb} KiB");
    }
}
