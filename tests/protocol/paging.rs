//! Section "Whom a packet can be for": lists that take more than one packet.

use testkit::{Packet, Peer, Server, Setup, for_each_setup};

for_each_setup!(
    a_long_list_takes_many_packets,
    a_long_list_of_members_takes_many_packets,
    a_long_list_of_rooms_takes_many_packets,
    an_empty_list_is_one_packet,
    a_list_that_just_fits_is_one_packet,
);

const MAX_PACKET: usize = 1000;

/// Collects the pages of one answer, and checks that they are one list.
fn pages(client: &mut Peer, endpoint: &str, argument: &str) -> Vec<Packet> {
    client.send(endpoint, argument);
    let mut pages = Vec::new();
    let mut expected = 1;
    loop {
        let page = client.expect_from(endpoint);
        let (range, total) = page.first_line().split_once(" of ").expect("FIRST-LAST of TOTAL");
        let (first, last) = range.split_once('-').expect("FIRST-LAST");
        let number = |text: &str| text.parse::<usize>().expect("a number");
        let (first, last, total) = (number(first), number(last), number(total));
        assert_eq!(first, expected, "{page:?}");
        assert_eq!(page.other_lines().len(), last + 1 - first, "{page:?}");
        expected = last + 1;
        pages.push(page);
        if last == total {
            client.assert_nothing_came();
            return pages;
        }
    }
}

fn entries(pages: &[Packet]) -> Vec<&str> {
    pages.iter().flat_map(Packet::other_lines).collect()
}

/// As many bytes as the page took on the wire, at the least: nothing in these
/// tests needs an escape but line feeds.
fn wire_length(page: &Packet) -> usize {
    let frame = r#"{"from":{"name":"","ip":""},"to":"","msg":""}"#.len();
    let texts = page.name.len() + page.ip.len() + page.to.len() + page.msg.len();
    frame + texts + page.msg.matches('\n').count()
}

fn assert_within_the_limit(pages: &[Packet]) {
    for page in pages {
        assert!(wire_length(page) <= MAX_PACKET, "{} bytes", wire_length(page));
    }
    // And no page for a line that the one before had room for.
    for (page, next) in pages.iter().zip(&pages[1..]) {
        let one_more = wire_length(page) + next.other_lines()[0].len() + 64;
        assert!(one_more > MAX_PACKET, "a page of {} bytes", wire_length(page));
    }
}

fn small_packets(setup: Setup) -> Server {
    Server::with(setup, &[("--max-packet", &MAX_PACKET.to_string())])
}

fn a_long_list_takes_many_packets(setup: Setup) {
    let server = small_packets(setup);
    let mut names: Vec<String> = (0..100).map(|n| format!("Somebody_{n:03}")).collect();
    names.extend((0..50).map(|n| format!("əəəəəəəəəəəəəəəəəəəə{n:02}")));
    names.sort_by_key(|name| name.to_lowercase());
    let mut clients: Vec<Peer> = names.iter().rev().map(|name| Peer::join(&server, name)).collect();
    let mut longest = Peer::join(&server, &"z".repeat(32));
    names.insert(100, "z".repeat(32));
    let pages = pages(&mut longest, "/list", "");
    assert!(pages.len() >= 4, "{} pages", pages.len());
    assert_eq!(entries(&pages), names);
    assert_within_the_limit(&pages);
    clients.iter_mut().for_each(Peer::assert_nothing_came);
}

fn a_long_list_of_members_takes_many_packets(setup: Setup) {
    let server = small_packets(setup);
    let names: Vec<String> = (0..240).map(|n| format!("member_{n:03}")).collect();
    let mut clients: Vec<Peer> = names.iter().map(|name| Peer::join(&server, name)).collect();
    for (n, client) in clients.iter_mut().enumerate() {
        assert_eq!(client.ask("/join", "#Ops").first_line(), format!("#Ops {}", n + 1));
    }
    let mut outsider = Peer::join(&server, "outsider");
    let pages = pages(&mut outsider, "/members", "#ops");
    assert!(pages.len() >= 3, "{} pages", pages.len());
    assert_eq!(entries(&pages), names);
    assert_within_the_limit(&pages);
}

fn a_long_list_of_rooms_takes_many_packets(setup: Setup) {
    let server = small_packets(setup);
    let mut alice = Peer::join(&server, "alice");
    let mut bob = Peer::join(&server, "bob");
    let rooms: Vec<String> = (0..160)
        .map(|n| if n % 2 == 0 { format!("#Room_{n:03}") } else { format!("#room_{n:03}") })
        .collect();
    for (n, room) in rooms.iter().enumerate().rev() {
        alice.ask("/join", room);
        if n % 3 == 0 {
            bob.ask("/join", room);
        }
    }
    let pages = pages(&mut bob, "/rooms", "");
    assert!(pages.len() >= 2, "{} pages", pages.len());
    let expected: Vec<String> = rooms
        .iter()
        .enumerate()
        .map(|(n, room)| format!("{room} {}", if n % 3 == 0 { 2 } else { 1 }))
        .collect();
    assert_eq!(entries(&pages), expected);
    assert_within_the_limit(&pages);
}

fn an_empty_list_is_one_packet(setup: Setup) {
    let server = small_packets(setup);
    let mut alice = Peer::join(&server, "alice");
    let rooms = alice.ask("/rooms", "");
    assert_eq!((rooms.first_line(), rooms.other_lines()), ("0-0 of 0", vec![]));
    alice.assert_nothing_came();
}

fn a_list_that_just_fits_is_one_packet(setup: Setup) {
    let server = small_packets(setup);
    let mut clients: Vec<Peer> = Vec::new();
    // From one page to two, a user at a time.
    for n in 0..100 {
        clients.push(Peer::join(&server, &format!("somebody_{n:03}")));
        let pages = pages(&mut clients[0], "/list", "");
        assert_eq!(entries(&pages).len(), n + 1);
        assert_within_the_limit(&pages);
        if pages.len() == 2 {
            return;
        }
    }
    panic!("a hundred names of twelve bytes in a page of {MAX_PACKET}");
}
