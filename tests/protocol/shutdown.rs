//! Section "Flags", its end: what a signal does.

use crate::ledger::{Ledger, numbered};
use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::net::TcpStream;
use testkit::{Packet, Peer, Server, Setup, Signal, ask_until, for_each_setup, packet_text};

for_each_setup!(
    sigterm_and_sigint_end_the_server_with_exit_code_0,
    sighup_and_sigpipe_do_not_end_the_server,
    queued_packets_are_flushed_at_shutdown,
    packets_that_cannot_be_flushed_at_shutdown_are_undelivered,
    nothing_is_lost_under_load,
);

/// However long a slow machine takes to fill a queue, no client is stuck.
const NEVER_STUCK: (&str, &str) = ("--stuck-timeout", "3600");

fn sigterm_and_sigint_end_the_server_with_exit_code_0(setup: Setup) {
    for signal in [Signal::TERM, Signal::INT] {
        let mut server = Server::start(setup);
        let mut clients: Vec<Peer> =
            (0..10).map(|n| Peer::join(&server, &format!("user{n}"))).collect();
        // A blank is no greeting yet; once it is read, this one is accepted.
        let mut silent = Peer::connect(&server);
        silent.send_raw(" ");
        wait_until_read(&mut clients, &silent);
        server.signal(signal);
        assert_eq!(server.wait().code(), Some(0), "after {signal:?}");
        for client in &mut clients {
            assert!(client.rest().iter().all(|packet| packet.name == "/error"));
        }
        assert!(silent.rest().iter().all(|packet| packet.name == "/error"));
        assert!(TcpStream::connect(server.address()).is_err());
    }
}

/// Waits until the server has read all that these have sent; no others have
/// connected.
fn wait_until_read(clients: &mut [Peer], silent: &Peer) {
    ask_until("all is read", || {
        let stats = clients[0].ask("/stats", "").msg;
        let read = stats.lines().find_map(|line| line.strip_prefix("bytes_in ")).unwrap();
        let sent: u64 = clients.iter().chain([silent]).map(Peer::bytes_sent).sum();
        (read.parse() == Ok(sent)).then_some(())
    });
}

fn sighup_and_sigpipe_do_not_end_the_server(setup: Setup) {
    let server = Server::start(setup);
    let mut alice = Peer::join(&server, "alice");
    for signal in [Signal::HUP, Signal::PIPE, Signal::HUP, Signal::PIPE] {
        server.signal(signal);
        assert_eq!(alice.ask("/ping", "still there").msg, "still there");
        Peer::join(&server, "bob").leave();
    }
}

fn queued_packets_are_flushed_at_shutdown(setup: Setup) {
    let mut server = Server::with(setup, &[("--queue", "100000"), NEVER_STUCK]);
    let mut alice = Peer::join(&server, "alice");
    let mut bobs: Vec<Peer> =
        (0..4).map(|n| Peer::join_narrow(&server, &format!("bob{n}"))).collect();
    let mut ledger = Ledger::default();
    for bob in &bobs {
        ledger.fill(&mut alice, &bob.name, &[&bob.name], &[&bob.name]);
    }
    server.signal(Signal::TERM);
    let received: Vec<Vec<Packet>> = std::thread::scope(|scope| {
        let readers: Vec<_> = bobs.iter_mut().map(|bob| scope.spawn(|| bob.rest())).collect();
        readers.into_iter().map(|reader| reader.join().unwrap()).collect()
    });
    for (bob, packets) in bobs.iter().zip(&received) {
        ledger.note_received(&bob.name, packets);
    }
    ledger.note_refusals(&alice.rest());
    assert_eq!(server.wait().code(), Some(0));
    for bob in &bobs {
        ledger.assert_settled(&bob.name);
        let codes = ledger.refused(&bob.name);
        assert!(codes.values().all(|code| code == "busy"), "all of them read: {codes:?}");
    }
}

fn packets_that_cannot_be_flushed_at_shutdown_are_undelivered(setup: Setup) {
    // More than the kernel may yet find room for in a buffer that looked full.
    let mut server = Server::with(setup, &[("--queue", "1000000"), NEVER_STUCK]);
    let mut alice = Peer::join(&server, "alice");
    let bobs: Vec<Peer> = (0..4).map(|n| Peer::join_narrow(&server, &format!("bob{n}"))).collect();
    let mut ledger = Ledger::default();
    for bob in &bobs {
        ledger.fill(&mut alice, &bob.name, &[&bob.name], &[&bob.name]);
    }
    server.signal(Signal::TERM);
    // Nobody reads: the server stops waiting and refuses what is queued.
    ledger.note_refusals(&alice.rest());
    assert_eq!(server.wait().code(), Some(0));
    for bob in bobs {
        let name = bob.name.clone();
        ledger.note_received(&name, &bob.salvage());
        ledger.assert_told(&name);
        ledger.assert_settled(&name);
    }
}

/// Every packet that the server has read came to its recipient or was refused.
/// Which it has read can't be seen from here; but it reads in order, so each
/// sender's packets have an outcome up to some packet, and none behind it.
fn nothing_is_lost_under_load(setup: Setup) {
    const USERS: usize = 12;
    let mut server = Server::start(setup);
    let clients: Vec<Peer> = (0..USERS).map(|n| Peer::join(&server, &format!("user{n}"))).collect();
    let heard: Vec<Vec<Packet>> = std::thread::scope(|scope| {
        let mut readers = Vec::new();
        for (n, mut client) in clients.into_iter().enumerate() {
            let mut sending = client.sending_half();
            scope.spawn(move || {
                let name = format!("user{n}");
                for ordinal in 1.. {
                    let to = format!("user{}", (n + ordinal as usize) % USERS);
                    let packet = packet_text(&name, &to, &numbered(ordinal, 50));
                    if sending.write_all(packet.as_bytes()).is_err() {
                        return;
                    }
                }
            });
            let (begun, has_begun) = std::sync::mpsc::channel();
            let reader = scope.spawn(move || {
                let mut packets: Vec<Packet> = (0..200).map(|_| client.next()).collect();
                begun.send(()).unwrap();
                packets.extend(client.salvage());
                packets
            });
            readers.push((reader, has_begun));
        }
        readers.iter().for_each(|(_, has_begun)| has_begun.recv().unwrap());
        server.signal(Signal::TERM);
        readers.into_iter().map(|(reader, _)| reader.join().unwrap()).collect()
    });
    assert_eq!(server.wait().code(), Some(0));
    let mut settled: BTreeMap<String, BTreeSet<u64>> = BTreeMap::new();
    for (n, packets) in heard.iter().enumerate() {
        for packet in packets {
            let (sender, ordinal) = match packet.refusal() {
                Some((0, _)) => continue,
                Some((ordinal, _)) => (format!("user{n}"), ordinal),
                None => {
                    let number = packet.msg.split(' ').next().unwrap();
                    (packet.name.clone(), number.parse().unwrap())
                }
            };
            let fresh = settled.entry(sender).or_default().insert(ordinal);
            assert!(fresh, "twice: {packet:?}");
        }
    }
    for (sender, ordinals) in settled {
        let last = *ordinals.last().unwrap();
        let missing: Vec<u64> = (1..=last).filter(|ordinal| !ordinals.contains(ordinal)).collect();
        assert!(missing.is_empty(), "of {last} packets of {sender}, lost: {missing:?}");
    }
}
