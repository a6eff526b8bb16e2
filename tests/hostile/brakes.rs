//! The server's brakes: whatever one address does, no tick does more than its budget,
//! and others' packets come through. Counted in units of work and in packets, not in
//! time, so that it holds on any machine; `stress attack` measures the time.

use crate::support::{assert_within_budget, scrape, server, size};
use lanline::limits;
use std::io::{ErrorKind, Read};
use std::net::{IpAddr, Ipv4Addr, TcpStream};
use std::time::{Duration, Instant};
use testkit::{Peer, Server, Signal, ask_until, packet_text};

/// The flags of every server here.
const METRICS: [&str; 2] = ["--metrics", "127.0.0.1:0"];

/// A server with metrics.
fn measured(flags: &[&str]) -> Server {
    server(&[&METRICS[..], flags].concat())
}

/// One of so many loopback addresses, in turns; the first is the well-behaved users'.
fn address(number: usize) -> IpAddr {
    Ipv4Addr::new(127, 0, 1, 1 + (number % 250) as u8).into()
}

fn join_from(server: &Server, from: IpAddr, name: &str) -> Peer {
    Peer::connect_from(Some(from), false, server.address()).greet(name)
}

fn join_many(server: &Server, prefix: &str, count: usize) -> Vec<Peer> {
    (0..count).map(|n| join_from(server, address(n), &format!("{prefix}{n}"))).collect()
}

/// Two well-behaved users reach each other.
fn assert_served(server: &Server, pair: &mut [Peer; 2]) {
    let names = [pair[0].name.clone(), pair[1].name.clone()];
    for round in 0..20 {
        let text = format!("still here {round}");
        pair[0].send(&names[1], &text);
        pair[1].expect("the packet", |packet| packet.msg == text);
        pair[1].send(&names[0], &text);
        pair[0].expect("the packet", |packet| packet.msg == text);
    }
    for peer in pair {
        let refused = peer.take_unread().iter().filter(|packet| packet.name == "/error").count();
        assert_eq!(refused, 0, "nobody else is refused");
    }
    assert_within_budget(server);
}

fn pair(server: &Server) -> [Peer; 2] {
    ["quiet", "calm"].map(|name| Peer::join(server, name))
}

/// So many bytes of these packets, in turns.
fn block(name: &str, calls: &[(&str, &str)], bytes: usize) -> String {
    let mut block = String::new();
    for (to, msg) in calls.iter().cycle() {
        if block.len() >= bytes {
            return block;
        }
        block.push_str(&packet_text(name, to, msg));
        block.push('\n');
    }
    block
}

#[test]
fn who_is_gone_is_within_the_budget_as_well_and_gets_no_answers() {
    let server = measured(&["--workers", "1"]);
    let mut pair = pair(&server);
    let members = join_many(&server, "member", size(60, 500));
    let mut members: Vec<Peer> = members
        .into_iter()
        .map(|mut member| {
            member.ask("/join", "#room");
            member
        })
        .collect();
    for round in 0..size(6, 100) {
        let name = format!("gone{round}");
        let mut gone = join_from(&server, address(100), &name);
        gone.ask("/join", "#room");
        let calls = [("#room", "post"), ("/list", ""), ("/stats", ""), ("/rooms", "")];
        // What the server no longer takes isn't part of the attack.
        let _ = gone.try_send_raw(block(&name, &calls, 153_000));
        gone.reset();
    }
    assert_served(&server, &mut pair);
    for member in &mut members {
        member.ask_skipping("/ping", "and I");
    }
}

#[test]
fn tokens_guessed_behind_resets_make_nobody_an_operator() {
    let token = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(token.path(), "a-token-that-is-not-guessed\n").unwrap();
    let path = token.path().to_str().unwrap();
    let server = measured(&["--operator-token-file", path]);
    let mut pair = pair(&server);
    for round in 0..size(10, 500) {
        let name = format!("guesser{round}");
        let mut guesser = Peer::connect_from(Some(address(1)), false, server.address());
        let mut words = format!("{name}\n") + &block(&name, &[("/operator", "a guess")], 60_000);
        words += &packet_text(&name, "/operator", "a-token-that-is-not-guessed");
        words += &packet_text(&name, "/kick", "quiet because I can");
        let _ = guesser.try_send_raw(words);
        guesser.reset();
    }
    // At most ten were wrong before none was looked at any more; one who asks politely
    // with the right one is refused, too.
    let mut late = join_from(&server, address(1), "late");
    for _ in 0..limits::ADDRESS_GUESSES_MAX {
        let mut wrong = join_from(&server, address(1), "wrong");
        wrong.send("/operator", "wrong");
        assert_eq!(wrong.next_refusal(), "not-operator");
        wrong.leave();
    }
    late.send("/operator", "a-token-that-is-not-guessed");
    assert_eq!(late.next_refusal(), "not-operator");
    assert!(!server.log().iter().any(|line| line.contains("is an operator now")));
    // Elsewhere the right one is taken.
    assert_eq!(pair[1].ask("/operator", "a-token-that-is-not-guessed").msg, "ok");
    assert_served(&server, &mut pair);
}

#[test]
fn lists_are_whole_and_no_tick_is_over_its_budget_while_many_ask_for_them() {
    let server = measured(&[]);
    let mut pair = pair(&server);
    let users = size(700, 8000);
    let _crowd = join_many(&server, "user", users);
    let count = size(8, 160);
    let mut askers: Vec<Peer> = (0..count)
        .map(|n| join_from(&server, address(200 + n % 40), &format!("asker{n}")))
        .collect();
    let all = users + count + 2;
    for asker in &mut askers {
        (0..10).for_each(|_| _ = asker.send("/list", ""));
    }
    for asker in &mut askers {
        for _ in 0..10 {
            let mut lines = 0;
            while lines < all {
                let page = asker.skip_to("/list").msg;
                assert!(page.lines().next().unwrap().ends_with(&format!("of {all}")), "{page:?}");
                lines += page.lines().count() - 1;
            }
            assert_eq!(lines, all);
        }
    }
    assert_served(&server, &mut pair);
}

#[test]
fn watchers_hear_of_all_who_stay_in_slices_and_of_nobody_who_does_not() {
    let server = measured(&[]);
    let mut pair = pair(&server);
    let mut watchers = join_many(&server, "watcher", size(300, 1500));
    for watcher in &mut watchers {
        watcher.ask("/presence", "on");
    }
    let stay: Vec<Peer> =
        (0..40).map(|n| join_from(&server, address(200), &format!("stays{n}"))).collect();
    for watcher in &mut watchers {
        let mut heard = 0;
        while heard < stay.len() {
            let packet = watcher.skip_to("/joined");
            heard += usize::from(packet.msg.starts_with("stays"));
        }
    }
    assert_served(&server, &mut pair);
}

#[test]
fn coming_again_frees_no_address_of_its_rate() {
    let server = measured(&["--rate-per-address", "100"]);
    let mut quiet = pair(&server);
    let (each, times) = (50, 8);
    let start = Instant::now();
    for number in 0..times {
        let mut again = join_from(&server, address(1), &format!("again{number}"));
        let pings = block(&again.name, &[("/ping", "x")], 0);
        assert_eq!(pings, "");
        (0..each).for_each(|_| _ = again.send("/ping", "x"));
        (0..each).for_each(|_| _ = again.skip_to("/ping"));
        again.reset();
    }
    // The burst is free, and the last who came paid when all was handled. Time is looked
    // at from below only: the machine may be as slow as it likes.
    let paid = f64::from(each * (times - 1)) / 100.0 - limits::ADDRESS_BURST.as_secs_f64();
    assert!(start.elapsed() >= Duration::from_secs_f64(paid), "{:?}", start.elapsed());
    assert_served(&server, &mut quiet);
}

/// All in one tick: the server doesn't run until the last has gone.
#[test]
fn who_goes_while_waiting_to_log_in_is_dropped_within_the_budget() {
    let server = measured(&["--workers", "1"]);
    let mut quiet = pair(&server);
    let free = limits::ADDRESS_LOGINS_PER_SECOND * limits::ADDRESS_BURST.as_secs();
    let crowd = (0..free as usize + 1000).map(|number| {
        let mut stranger = Peer::connect_from(Some(address(1)), false, server.address());
        stranger.send_raw(format!("stranger{number}\n"));
        stranger
    });
    let crowd: Vec<Peer> = crowd.collect();
    let all = format!("lanline_connections {}", crowd.len() + quiet.len());
    ask_until("all are here", || scrape(&server).contains(&all).then_some(()));
    quiet[0].ask("/ping", "a tick later");
    server.signal(Signal::STOP);
    crowd.into_iter().for_each(Peer::reset);
    server.signal(Signal::CONT);
    assert_served(&server, &mut quiet);
}

#[test]
fn bytes_without_packets_and_packets_that_are_long_to_read_are_work() {
    let server = measured(&["--workers", "1"]);
    let mut pair = pair(&server);
    let escapes = "\\u00e4\\n".repeat(8000);
    let mut blanks = join_many(&server, "blank", size(40, 1000));
    for blank in &mut blanks {
        blank.send_raw(" ".repeat(60_000));
        let name = &blank.name;
        let long =
            format!(r#"{{"msg":"{escapes}","to":"nobody","from":{{"ip":"","name":"{name}"}}}}"#);
        blank.send_counted(long);
    }
    for blank in &mut blanks {
        assert_eq!(blank.next_refusal(), "no-such-user");
    }
    assert_served(&server, &mut pair);
}

#[test]
fn one_sender_leaves_room_in_a_queue_for_others() {
    let server = measured(&["--workers", "1", "--stuck-timeout", "60"]);
    let mut pair = pair(&server);
    let mut slow = Peer::connect_from(Some(address(2)), true, server.address()).greet("slow");
    let mut greedy = join_from(&server, address(1), "greedy");
    let text = "x".repeat(60_000);
    let refused = std::iter::from_fn(|| {
        greedy.send("slow", &text);
        greedy.send("/ping", "");
        let answer = greedy.next();
        let refused = answer.refusal().map(|(_, code)| code.to_owned());
        if refused.is_some() {
            greedy.skip_to("/ping");
        }
        Some(refused)
    });
    let first = refused.take(1000).flatten().next();
    assert_eq!(first.as_deref(), Some("busy"), "half of the queue is theirs and no more");
    let mut others = join_many(&server, "other", 4);
    for other in &mut others {
        for number in 0..100 {
            other.send("slow", &format!("small {number}"));
        }
        other.assert_nothing_came();
    }
    for _ in 0..400 {
        slow.expect("a small one", |packet| packet.msg.starts_with("small"));
    }
    assert_served(&server, &mut pair);
}

#[test]
fn thousands_of_rooms_are_left_at_once_within_the_budget() {
    let server = measured(&[]);
    let mut pair = pair(&server);
    let rooms = size(100, limits::ROOMS_PER_USER_MAX);
    let mut herd = join_many(&server, "herd", size(60, 1000));
    for member in &mut herd {
        let name = member.name.clone();
        (0..rooms).for_each(|room| _ = member.send("/join", &format!("#{name}-{room}")));
    }
    for member in &mut herd {
        (0..rooms).for_each(|_| _ = member.skip_to("/join"));
    }
    let names: Vec<String> = herd.iter().map(|member| member.name.clone()).collect();
    herd.into_iter().for_each(Peer::reset);
    // All is gone: names are free, rooms can be made again.
    for name in names {
        ask_until("the name is free", || {
            let mut again = Peer::connect_from(Some(address(3)), false, server.address());
            again.send_raw(format!("{name}\n"));
            (again.next().name == "/welcome").then_some(())
        });
    }
    let left = ask_until("the rooms are gone", || {
        let page = pair[0].ask("/rooms", "").msg;
        page.starts_with("0-0 of 0").then_some(page)
    });
    assert_eq!(left.lines().count(), 1);
    assert_served(&server, &mut pair);
}

#[test]
fn posts_to_a_large_room_come_to_all_in_order_and_what_follows_comes_behind() {
    let server = measured(&["--workers", "2"]);
    let mut pair = pair(&server);
    let mut members = join_many(&server, "member", size(2 * limits::FAN_OUT_SLICE + 100, 5000));
    for member in &mut members {
        member.ask("/join", "#large");
    }
    let mut posters: Vec<Peer> =
        (0..10).map(|n| join_from(&server, address(n), &format!("poster{n}"))).collect();
    for poster in &mut posters {
        poster.ask("/join", "#large");
        for number in 0..10 {
            poster.send("#large", &format!("{number}"));
        }
        for member in &members[..20] {
            poster.send(&member.name, "10");
        }
    }
    for (at, member) in members.iter_mut().enumerate() {
        let last = if at < 20 { 11 } else { 10 };
        let mut next = vec![0; posters.len()];
        while next.iter().any(|&next| next < last) {
            let packet = member.next();
            let Some(number) = packet.name.strip_prefix("poster") else { continue };
            let next = &mut next[number.parse::<usize>().unwrap()];
            assert_eq!(packet.msg, next.to_string(), "in order from {}", packet.name);
            *next += 1;
        }
    }
    assert_served(&server, &mut pair);
}

#[test]
fn a_full_queue_of_small_packets_is_given_back_within_the_budget() {
    let server = measured(&["--workers", "1", "--rate-per-address", "0"]);
    let mut pair = pair(&server);
    let deaf = Peer::connect_from(Some(address(9)), true, server.address()).greet("deaf");
    let mut feeders = join_many(&server, "feeder", 2);
    let packets = size(6000, 20_000);
    for feeder in &mut feeders {
        let words = packet_text(&feeder.name, "deaf", "") + "\n";
        feeder.send_raw(words.repeat(packets));
        feeder.count(packets as u64);
    }
    for feeder in &mut feeders {
        feeder.send("/ping", "all is handled");
        feeder.expect("the answer", |packet| packet.name == "/ping");
    }
    deaf.reset();
    ask_until("the name is free", || {
        let mut again = Peer::say(&server, "deaf");
        (again.next().name == "/welcome").then_some(())
    });
    for feeder in &mut feeders {
        feeder.send("/ping", "all is given back");
        feeder.expect("it", |packet| packet.msg == "all is given back");
    }
    assert_served(&server, &mut pair);
}

#[test]
fn who_says_nothing_to_the_metrics_delays_no_scrape() {
    let server = measured(&[]);
    let mut pair = pair(&server);
    let metrics = server.metrics();
    let mut silent: Vec<TcpStream> = (0..6).map(|_| TcpStream::connect(metrics).unwrap()).collect();
    // Scraped while none of these has been given up.
    scrape(&server);
    for stream in &mut silent {
        stream.set_nonblocking(true).unwrap();
        let error = stream.read(&mut [0]).expect_err("it is open and silent");
        assert_eq!(error.kind(), ErrorKind::WouldBlock);
    }
    assert_served(&server, &mut pair);
}
