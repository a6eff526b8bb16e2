//! What the server holds for all connections together has a bound, which it prints:
//! every kind of thing that strangers can make it hold, one by one and all at once.

use crate::support::{figure, server, size};
use std::thread;
use testkit::{Peer, Server, packet_text};

const MIB: usize = 1 << 20;
/// `--queues` of these servers, in MiB.
const QUEUES: usize = 16;

/// One whose bounds are low, and that slows nobody.
fn small_server() -> Server {
    let queues = (QUEUES * MIB).to_string();
    let flags = ["--queues", &queues, "--max-clients", "1000", "--workers", "2", "--rate", "0"];
    server(&[&flags[..], &["--trust", "127.0.0.0/8"]].concat())
}

/// The bound that it prints, in MiB.
fn printed(server: &Server) -> usize {
    let line = server.logged("MiB if strangers filled", 0);
    let words: Vec<&str> = line.split_whitespace().collect();
    let at = words.windows(2).position(|words| words == ["MiB", "if"]).unwrap();
    words[at - 1].parse().unwrap()
}

fn peak(server: &Server) -> usize {
    server.process.memory_bytes("VmHWM") / MIB
}

/// Clients who ask much and read nothing: each is owed half a megabyte.
fn answers(server: &Server, clients: usize) -> Vec<Peer> {
    let ask = |number: usize| {
        let name = format!("asker-{number}");
        let mut peer = Peer::join_narrow(server, &name);
        let help = packet_text(&name, "/help", "").repeat(400);
        // What is closed meanwhile takes no more.
        let _ = peer.try_send_raw(&help);
        peer
    };
    let mut peers: Vec<Peer> = (0..clients).map(ask).collect();
    // All of it has been handled, as far as it is going to be.
    Peer::join(server, "witness-of-answers").ask("/ping", "");
    peers.shrink_to_fit();
    peers
}

/// Clients whose packets have no end.
fn torn_packets(server: &Server, clients: usize) -> Vec<Peer> {
    let begin = |number: usize| {
        let name = format!("talker-{number}");
        let mut peer = Peer::join(server, &name);
        let whole = packet_text(&name, "/ping", &"x".repeat(60_000));
        let _ = peer.try_send_raw(&whole[..whole.len() - 2]);
        peer
    };
    (0..clients).map(begin).collect()
}

/// Clients who ask for a long list, read its first page, and make it another one.
fn old_lists(server: &Server, clients: usize) -> Vec<Peer> {
    let rooms = |number: usize| {
        let mut maker = Peer::join(server, &format!("maker-{number}"));
        for room in 0..250 {
            maker.send("/join", &format!("#a-room-that-has-a-rather-long-name-{number}-{room}"));
        }
        maker.ask_skipping("/ping", "");
        maker
    };
    let mut peers: Vec<Peer> = (0..40).map(rooms).collect();
    let mut changer = Peer::join(server, "changer");
    for number in 0..clients {
        changer.ask("/join", &format!("#changed-{number}"));
        let mut peer = Peer::join_narrow(server, &format!("lister-{number}"));
        peer.send("/rooms", "");
        // One whose turn it isn't yet gets nothing, and is not waited for.
        peers.push(peer);
        changer.ask("/ping", "");
    }
    peers.push(changer);
    peers
}

#[test]
fn the_bound_is_printed_and_a_small_machine_can_live_with_it() {
    let server = small_server();
    let small = printed(&server);
    assert!((100..600).contains(&small), "{small}");
    assert!(peak(&server) < small);
    let usual = printed(&crate::support::server(&["--workers", "2"]));
    assert!((1024..=2048).contains(&usual), "{usual}");
}

#[test]
fn answers_that_nobody_reads_are_bounded_for_all_together() {
    let server = small_server();
    let before = peak(&server);
    let clients = size(150, 800);
    let peers = answers(&server, clients);
    let grown = peak(&server) - before;
    figure("MiB grown by answers", grown);
    assert!(grown < 2 * QUEUES + 20, "{grown} MiB for {clients}");
    // Who reads is served all the while, long answers too.
    let mut reader = Peer::join(&server, "reader");
    assert!(reader.ask("/help", "").msg.len() > 500);
    drop(peers);
}

#[test]
fn packets_without_an_end_are_bounded_for_all_together_and_ordinary_ones_are_never_hit() {
    let server = small_server();
    let mut ordinary = Peer::join(&server, "ordinary");
    let whole = packet_text("ordinary", "/ping", &"y".repeat(2000));
    let (begin, end) = whole.split_at(whole.len() - 2);
    ordinary.send_raw(begin);
    let before = peak(&server);
    let peers = torn_packets(&server, size(500, 900));
    server.logged("too much of input", 0);
    let grown = peak(&server) - before;
    figure("MiB grown by input", grown);
    assert!(grown < 2 * QUEUES + 20, "{grown} MiB");
    ordinary.send_raw(end);
    assert_eq!(ordinary.next().msg.len(), 2000);
    // What had come by now: nothing, or why it was closed.
    let told = peers.into_iter().flat_map(|peer| {
        peer.sending_half().close();
        peer.salvage()
    });
    let told: Vec<String> = told.map(|packet| packet.first_line().to_owned()).collect();
    assert!(!told.is_empty() && told.iter().all(|told| told == "0 server-full"), "{told:?}");
}

#[test]
fn old_lists_are_bounded_for_all_together_and_a_new_one_comes_all_the_same() {
    let server = small_server();
    let before = peak(&server);
    let peers = old_lists(&server, size(60, 400));
    let mut reader = Peer::join(&server, "reader");
    reader.send("/rooms", "");
    let first = reader.next();
    assert!(first.msg.starts_with("1-"), "{:?}", first.first_line());
    let grown = peak(&server) - before;
    figure("MiB grown by lists", grown);
    assert!(grown < 50, "{grown} MiB");
    drop(peers);
}

#[test]
fn all_at_once_stays_below_what_is_printed() {
    let server = small_server();
    let bound = printed(&server);
    let peers = thread::scope(|scope| {
        let kinds = [
            scope.spawn(|| answers(&server, size(150, 300))),
            scope.spawn(|| torn_packets(&server, size(300, 400))),
            scope.spawn(|| old_lists(&server, size(40, 150))),
        ];
        kinds.map(|kind| kind.join().unwrap())
    });
    let peak = peak(&server);
    figure("MiB at the peak, all at once", format!("{peak} of {bound}"));
    assert!(peak < bound, "{peak} of {bound} MiB");
    assert_eq!(Peer::join(&server, "reader").ask("/ping", "here").msg, "here");
    drop(peers);
}
