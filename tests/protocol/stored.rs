//! Section "What is stored": what accounts say to each other is on the disk before anybody
//! sees it, and comes again; over real sockets, with a real store.

use crate::site::{PASSWORD, Site, log_in};
use testkit::{Packet, Peer, Server, Setup, Signal, for_each_setup, packet_text};

for_each_setup!(
    who_was_away_gets_what_was_said_once_and_in_order_over_restarts,
    what_anybody_has_seen_outlives_a_kill,
    a_packet_sent_again_under_its_key_is_stored_once_over_a_kill,
    receipts_tell_what_became_of_a_packet,
    unread_and_read_go_by_conversations,
    a_stored_broadcast_counts_users_and_comes_again,
    what_a_slow_reader_misses_comes_from_the_store,
    guests_and_servers_without_a_directory_store_nothing,
);

/// Accounts, each with its first session. They log in again by tokens: a password takes long
/// to be hashed.
fn accounts<const N: usize>(site: &Site, server: &Server, names: [&str; N]) -> [Peer; N] {
    names.map(|name| {
        site.order(&["account", "add", name]);
        let code = site.order(&["account", "invite", name]);
        let mut peer = log_in(server, name, &format!("invite {} {PASSWORD}", code.trim_end()));
        let token = peer.ask("/token", "new own").msg;
        let secret = token.strip_prefix("own ").unwrap();
        std::fs::write(token_file(site, name), secret).unwrap();
        peer
    })
}

fn token_file(site: &Site, name: &str) -> std::path::PathBuf {
    site.data.path().join(format!("token-of-{}", name.to_lowercase()))
}

fn log_in_again(site: &Site, server: &Server, name: &str) -> Peer {
    let secret = std::fs::read_to_string(token_file(site, name)).unwrap();
    log_in(server, name, &format!("token {secret}"))
}

/// Logs in, wants ids and receipts, and asks for what is behind an id.
fn come_back(site: &Site, server: &Server, name: &str, after: &str) -> (Peer, Vec<Packet>) {
    let mut peer = log_in_again(site, server, name);
    peer.ask("/extend", "on");
    peer.send("/replay", after);
    let mut packets = Vec::new();
    loop {
        let packet = peer.next();
        if packet.name == "/replay" {
            let last = packets.last().and_then(|packet: &Packet| packet.stored.clone());
            if let Some((id, _)) = last {
                assert_eq!(packet.msg, id.to_string());
            }
            return (peer, packets);
        }
        packets.push(packet);
    }
}

fn texts(packets: &[Packet]) -> Vec<&str> {
    packets.iter().map(|packet| &*packet.msg).collect()
}

fn ids(packets: &[Packet]) -> Vec<u64> {
    packets.iter().map(|packet| packet.stored.as_ref().expect("it is stored").0).collect()
}

fn who_was_away_gets_what_was_said_once_and_in_order_over_restarts(setup: Setup) {
    let site = Site::new(setup, &[]);
    let server = site.start();
    let [mut alice, bob] = accounts(&site, &server, ["alice", "Bob"]);
    bob.leave();
    alice.ask("/receipts", "on");
    for text in ["one", "two"] {
        alice.send("bob", text);
        assert!(alice.next().msg.starts_with("stored "));
    }
    alice.leave();
    assert!(server.stop().success());
    let server = site.start();
    let (mut alice, own) = come_back(&site, &server, "alice", "");
    assert_eq!(texts(&own), [""; 0], "its own session has sent them, and has them");
    alice.send("BOB", "three");
    let (bob, packets) = come_back(&site, &server, "bob", "");
    assert_eq!(texts(&packets), ["one", "two", "three"]);
    assert_eq!(packets[2].to, "BOB", "as it was written");
    assert!(ids(&packets).is_sorted_by(|one, other| one < other));
    let (_, time) = packets[0].stored.clone().unwrap();
    assert!(time.ends_with('Z') && time.len() == "2026-11-22T20:18:00.123456Z".len(), "{time}");
    bob.leave();
    let (_bob, packets) = come_back(&site, &server, "bob", "");
    assert_eq!(texts(&packets), [""; 0], "each once");
    let (_again, packets) = come_back(&site, &server, "bob", "0");
    assert_eq!(texts(&packets), ["one", "two", "three"], "but for what is asked for again");
}

fn what_anybody_has_seen_outlives_a_kill(setup: Setup) {
    let site = Site::new(setup, &[]);
    let mut server = site.start();
    drop(accounts(&site, &server, ["alice", "bob"]));
    let mut seen: Vec<(u64, String)> = Vec::new();
    for round in 0..4 {
        let (mut alice, _) = come_back(&site, &server, "alice", "0");
        let (mut bob, before) = come_back(&site, &server, "bob", "0");
        let before: Vec<_> = ids(&before).into_iter().zip(texts(&before)).collect();
        for (id, text) in &seen {
            assert!(before.contains(&(*id, text)), "{text} was seen as {id}: {before:?}");
        }
        for number in 0..20 {
            alice.send("bob", &format!("{round} {number}"));
        }
        for _ in 0..=round {
            let packet = bob.next();
            seen.push((packet.stored.unwrap().0, packet.msg));
        }
        server.signal(Signal::KILL);
        server.wait();
        server = site.start();
    }
    assert_eq!(seen.len(), 10);
}

fn a_packet_sent_again_under_its_key_is_stored_once_over_a_kill(setup: Setup) {
    let site = Site::new(setup, &[]);
    let server = site.start();
    drop(accounts(&site, &server, ["alice", "bob"]));
    let keyed = |text: &str| {
        let packet = packet_text("alice", "bob", text);
        format!("{},\"key\":\"k {text}\"}}", packet.trim_end().strip_suffix('}').unwrap())
    };
    let (mut alice, _) = come_back(&site, &server, "alice", "");
    alice.ask("/receipts", "on");
    let ordinal = alice.send_counted(keyed("once"));
    let first = alice.next().msg;
    let id = first.strip_prefix(&format!("stored {ordinal} ")).unwrap().to_owned();
    server.signal(Signal::KILL);
    drop(server);
    let server = site.start();
    let (mut alice, _) = come_back(&site, &server, "alice", "");
    alice.ask("/receipts", "on");
    let ordinal = alice.send_counted(keyed("once"));
    assert_eq!(alice.next().msg, format!("stored {ordinal} {id}"), "the first one's id");
    let (_bob, packets) = come_back(&site, &server, "bob", "0");
    assert_eq!(texts(&packets), ["once"]);
    let mut plain = log_in_again(&site, &server, "alice");
    let ordinal = plain.send_counted(keyed("without /extend"));
    plain.expect_refusal(ordinal, "malformed");
}

fn receipts_tell_what_became_of_a_packet(setup: Setup) {
    let site = Site::new(setup, &[]);
    let server = site.start();
    let [mut alice, mut bob] = accounts(&site, &server, ["alice", "bob"]);
    assert_eq!(alice.ask("/receipts", "on").msg, "on");
    let ordinal = alice.send("bob", "hello");
    assert_eq!(bob.next().msg, "hello");
    // They come from two workers.
    let mut receipts = [alice.next(), alice.next()].map(|packet| (packet.name, packet.msg));
    receipts.sort();
    let wanted = ["delivered bob 1".to_owned(), format!("stored {ordinal} 1")];
    assert_eq!(receipts, wanted.map(|text| ("/receipt".to_owned(), text)));
    assert_eq!(bob.ask("/read", "Alice 1").msg, "alice 1");
    assert_eq!(alice.next().msg, "read bob 1");
    bob.leave();
    let ordinal = alice.send("bob", "later");
    assert_eq!(alice.next().msg, format!("stored {ordinal} 2"));
    let (_bob, packets) = come_back(&site, &server, "bob", "");
    assert_eq!(texts(&packets), ["later"]);
    assert_eq!(alice.next().msg, "delivered bob 2");
}

fn unread_and_read_go_by_conversations(setup: Setup) {
    let site = Site::new(setup, &["--broadcast-interval", "0"]);
    let server = site.start();
    let [mut alice, mut bob, mut carl] = accounts(&site, &server, ["alice", "bob", "carl"]);
    for (is_alice, text) in [(true, "one"), (false, "two"), (true, "three")] {
        let sender = if is_alice { &mut alice } else { &mut carl };
        sender.send("bob", text);
        assert_eq!(bob.next().msg, text);
    }
    alice.ask("/broadcast", "four");
    bob.next();
    let unread = bob.ask("/unread", "").msg;
    assert_eq!(unread, "1-3 of 3\n/broadcast 0 4 1\nalice 0 3 2\ncarl 0 2 1");
    let mut second = log_in_again(&site, &server, "bob");
    assert_eq!(bob.ask("/read", "alice 1").msg, "alice 1");
    let marked = second.next();
    assert_eq!((&*marked.name, &*marked.msg), ("/marked", "alice 1"));
    assert_eq!(second.ask("/unread", "").msg.lines().nth(2), Some("alice 1 3 1"));
    assert_eq!(bob.ask("/read", "/broadcast 4").msg, "/broadcast 4");
    bob.refused("/read", "alice 4", "no-such-packet");
    bob.refused("/read", "nobody 1", "no-such-user");
    bob.refused("/read", "#none 1", "no-such-room");
}

fn a_stored_broadcast_counts_users_and_comes_again(setup: Setup) {
    let site = Site::new(setup, &["--broadcast-interval", "0"]);
    let server = site.start();
    let [mut alice, bob] = accounts(&site, &server, ["alice", "bob"]);
    let mut guest = Peer::join(&server, "guest");
    bob.leave();
    assert_eq!(alice.ask("/broadcast", "to all").msg, "1");
    assert_eq!(guest.next().msg, "to all");
    let (mut bob, packets) = come_back(&site, &server, "bob", "");
    assert_eq!((texts(&packets), &*packets[0].to), (vec!["to all"], "/broadcast"));
    assert_eq!(guest.ask("/broadcast", "not stored").msg, "2");
    let heard = bob.next();
    assert_eq!((&*heard.msg, heard.stored), ("not stored", None));
}

fn what_a_slow_reader_misses_comes_from_the_store(setup: Setup) {
    const PACKETS: usize = 400;
    let site = Site::new(setup, &["--queue", "20000", "--stuck-timeout", "3600"]);
    let server = site.start();
    let [mut alice, bob] = accounts(&site, &server, ["alice", "bob"]);
    bob.leave();
    let secret = std::fs::read_to_string(token_file(&site, "bob")).unwrap();
    let login = packet_text("bob", "/login", &format!("token {secret}"));
    let mut bob = Peer::connect_from(None, true, server.address());
    bob.send_counted(&login);
    bob.expect_welcome();
    let text = "x".repeat(1000);
    for number in 0..PACKETS {
        alice.send("bob", &format!("{number} {text}"));
    }
    assert_eq!(alice.ask("/ping", "nothing is refused").msg, "nothing is refused");
    for number in 0..PACKETS {
        assert_eq!(bob.next().msg, format!("{number} {text}"));
    }
}

fn guests_and_servers_without_a_directory_store_nothing(setup: Setup) {
    let site = Site::new(setup, &[]);
    let server = site.start();
    let [mut alice] = accounts(&site, &server, ["alice"]);
    let mut guest = Peer::join(&server, "guest");
    alice.send("guest", "to a guest");
    assert_eq!(guest.next().msg, "to a guest");
    guest.send("alice", "from a guest");
    assert_eq!(alice.next().msg, "from a guest");
    assert!(guest.ask("/stats", "").msg.contains("\nstored_packets 0\n"));
    for endpoint in ["/replay", "/unread", "/read", "/receipts"] {
        guest.refused(endpoint, "on", "login-required");
    }
    let server = Server::start(setup);
    let mut guest = Peer::join(&server, "guest");
    for endpoint in ["/extend", "/replay", "/unread", "/read", "/receipts"] {
        guest.refused(endpoint, "on", "no-such-endpoint");
    }
}
