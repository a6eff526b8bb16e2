//! Many clients at once: who gets a name, and what is left when all have gone.

use std::sync::Barrier;
use testkit::{Peer, Server, Setup, ask_until, for_each_setup, packet_text};

for_each_setup!(
    of_fifty_that_claim_a_name_at_once_one_gets_it,
    fifty_clients_that_greet_at_once_are_all_listed,
    names_and_rooms_are_gone_when_everybody_leaves_at_once,
    packets_to_a_name_that_changes_hands_are_delivered_or_refused,
);

fn of_fifty_that_claim_a_name_at_once_one_gets_it(setup: Setup) {
    let server = Server::start(setup);
    for round in 0..5 {
        // Held open, so that the winner keeps the name.
        let clients: Vec<Peer> = (0..50).map(|_| Peer::connect(&server)).collect();
        let start = Barrier::new(clients.len());
        let answers: Vec<(Peer, String)> = std::thread::scope(|scope| {
            let claims: Vec<_> = clients
                .into_iter()
                .enumerate()
                .map(|(n, mut client)| {
                    let start = &start;
                    scope.spawn(move || {
                        // Different spellings of one name, in both forms.
                        let name = format!("{}traße{round}", if n % 2 == 0 { "S" } else { "s" });
                        let name = if n % 3 == 0 { name.replace('ß', "SS") } else { name };
                        let packet = packet_text(&name, "/ping", "");
                        start.wait();
                        match n % 5 {
                            0 => client.send_raw(packet),
                            _ => client.send_raw(format!("{name}\n")),
                        }
                        let answer = client.next();
                        let refusal = answer.refusal().map(|(_, code)| code.to_owned());
                        (client, refusal.unwrap_or(answer.name))
                    })
                })
                .collect();
            claims.into_iter().map(|claim| claim.join().unwrap()).collect()
        });
        let count = |what: &str| answers.iter().filter(|(_, answer)| answer == what).count();
        assert_eq!((count("/welcome"), count("name-taken")), (1, 49));
        let mut holder = answers.into_iter().find(|(_, answer)| answer == "/welcome").unwrap().0;
        let list = holder.ask("/list", "");
        assert_eq!(list.first_line(), "1-1 of 1");
        holder.leave();
    }
}

fn fifty_clients_that_greet_at_once_are_all_listed(setup: Setup) {
    let server = Server::start(setup);
    let start = Barrier::new(50);
    let mut clients: Vec<Peer> = std::thread::scope(|scope| {
        let joins: Vec<_> = (0..50)
            .map(|n| {
                let (start, server) = (&start, &server);
                scope.spawn(move || {
                    start.wait();
                    Peer::join(server, &format!("user{n:02}"))
                })
            })
            .collect();
        joins.into_iter().map(|join| join.join().unwrap()).collect()
    });
    let list = clients[0].ask("/list", "");
    assert_eq!(list.first_line(), "1-50 of 50");
    let names: Vec<String> = (0..50).map(|n| format!("user{n:02}")).collect();
    assert_eq!(list.other_lines(), names);
    // Every client can send to every other.
    for n in 0..50 {
        let to = format!("user{:02}", (n * 7 + 3) % 50);
        clients[n].send(&to, "hello");
        assert_eq!(clients[(n * 7 + 3) % 50].next().name, format!("user{n:02}"));
    }
}

fn names_and_rooms_are_gone_when_everybody_leaves_at_once(setup: Setup) {
    let server = Server::start(setup);
    let mut watcher = Peer::join(&server, "watcher");
    for _ in 0..3 {
        let mut clients: Vec<Peer> =
            (0..100).map(|n| Peer::join(&server, &format!("user{n}"))).collect();
        for client in &mut clients {
            client.ask("/join", "#ops");
        }
        for (n, client) in clients.into_iter().enumerate() {
            match n % 3 {
                0 => client.reset(),
                1 => client.half_close(),
                _ => drop(client),
            }
        }
        ask_until("all but the watcher have left", || {
            (watcher.ask("/list", "").msg == "1-1 of 1\nwatcher").then_some(())
        });
        ask_until("their room as well", || {
            (watcher.ask("/rooms", "").msg == "0-0 of 0").then_some(())
        });
    }
    watcher.assert_nothing_came();
}

/// Packets to a name that comes and goes reach a holder or are refused, and
/// no holder gets what an earlier one should have had.
fn packets_to_a_name_that_changes_hands_are_delivered_or_refused(setup: Setup) {
    const PACKETS: usize = 3000;
    let server = Server::start(setup);
    let mut alice = Peer::join(&server, "alice");
    let mut sending = alice.sending_half();
    let (heard, refused) = std::thread::scope(|scope| {
        let sender = scope.spawn(move || {
            use std::io::Write;
            for n in 1..=PACKETS {
                sending.write_all(packet_text("alice", "bob", &n.to_string()).as_bytes()).unwrap();
            }
            sending.half_close();
        });
        let refusals = scope.spawn(|| alice.rest());
        let mut heard = Vec::new();
        let mut last_round = false;
        while !last_round {
            last_round = sender.is_finished();
            let mut bob = Peer::join(&server, "bob");
            bob.half_close();
            heard.extend(bob.rest());
        }
        (heard, refusals.join().unwrap())
    });
    let mut numbers: Vec<u64> = heard.iter().map(|packet| packet.msg.parse().unwrap()).collect();
    assert!(numbers.is_sorted_by(|a, b| a < b), "out of order, or twice");
    for refusal in &refused {
        let (ordinal, code) = refusal.refusal().expect("nothing but refusals");
        assert!(["no-such-user", "undelivered"].contains(&code), "{refusal:?}");
        numbers.push(ordinal);
    }
    numbers.sort_unstable();
    assert_eq!(numbers, (1..=PACKETS as u64).collect::<Vec<_>>(), "each heard or refused, once");
}
