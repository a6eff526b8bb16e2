//! Section "Whom a packet can be for": the server's endpoints. Rooms,
//! operators and long lists have modules of their own.

use jiff::Timestamp;
use testkit::{Packet, Peer, Server, Setup, ask_until, for_each_setup};

for_each_setup!(
    help_names_every_endpoint,
    list_names_everybody_by_case_fold,
    who_tells_name_address_and_seconds,
    time_is_utc_in_microseconds,
    ping_answers_with_the_same_text,
    stats_count_what_happened,
    a_broadcast_reaches_everybody_else,
    a_broadcast_too_soon_is_refused,
    presence_tells_who_comes_and_goes_while_it_is_on,
    presence_tells_only_who_asked,
    quit_says_bye_and_closes,
    endpoints_are_spelt_in_lower_case,
    packets_to_unknown_recipients_are_refused,
);

fn help_names_every_endpoint(setup: Setup) {
    let server = Server::start(setup);
    let mut alice = Peer::join(&server, "alice");
    for argument in ["", "/time", "anything"] {
        let help = alice.ask("/help", argument);
        for endpoint in [
            "/help",
            "/list",
            "/who",
            "/time",
            "/ping",
            "/stats",
            "/broadcast",
            "/join",
            "/leave",
            "/rooms",
            "/members",
            "/presence",
            "/quit",
        ] {
            assert!(help.msg.contains(endpoint), "{endpoint} is missing in {}", help.msg);
        }
    }
}

fn list_names_everybody_by_case_fold(setup: Setup) {
    let server = Server::start(setup);
    // In the order of their case folds, which isn't that of their bytes.
    let sorted = ["0", "Alice", "alice2", "Bob", "carl", "straßE", "Zoe", "Åke", "анна", "Яна"];
    let mut clients: Vec<Peer> =
        sorted.iter().rev().map(|name| Peer::join(&server, name)).collect();
    for client in &mut clients {
        let list = client.ask("/list", "any argument");
        assert_eq!(list.first_line(), "1-10 of 10");
        assert_eq!(list.other_lines(), sorted);
    }
    // Connections that haven't said who they are aren't in it.
    let _silent = Peer::connect(&server);
    assert_eq!(clients[0].ask("/list", "").first_line(), "1-10 of 10");
    clients.pop().unwrap().leave();
    let list = clients[0].ask("/list", "");
    assert_eq!((list.first_line(), list.other_lines()), ("1-9 of 9", sorted[1..].to_vec()));
}

fn who_tells_name_address_and_seconds(setup: Setup) {
    let server = Server::start(setup);
    let mut alice = Peer::join(&server, "alice");
    let _bob = Peer::join(&server, "Bob");
    for (argument, shown) in [("bob", "Bob"), ("BOB", "Bob"), ("alice", "alice")] {
        let answer = alice.ask("/who", argument);
        let words: Vec<&str> = answer.first_line().split(' ').collect();
        assert_eq!(words[..2], [shown, "127.0.0.1"]);
        assert_eq!(words.len(), 3, "{answer:?}");
        assert!(words[2].parse::<u64>().is_ok_and(|seconds| seconds < 3600), "{answer:?}");
    }
    for nobody in ["carl", "", "not a name", "#ops", "/time", "bob carl"] {
        alice.refused("/who", nobody, "no-such-user");
    }
    // Time passes by the server's clock; a busy machine may skip a second.
    ask_until("a second", || {
        server.pass_100_ms();
        let answer = alice.ask("/who", "bob");
        let seconds = answer.first_line().strip_prefix("Bob 127.0.0.1 ")?;
        (seconds.parse::<u64>().unwrap() >= 1).then_some(())
    });
}

fn time_is_utc_in_microseconds(setup: Setup) {
    let server = Server::start(setup);
    let mut alice = Peer::join(&server, "alice");
    for argument in ["", "now", "\n"] {
        let before = Timestamp::now().as_microsecond();
        let answer = alice.ask("/time", argument);
        let after = Timestamp::now().as_microsecond();
        let text = answer.first_line();
        // Digit by digit: 2026-11-22T20:18:00.123456Z
        let shape: String =
            text.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
        assert_eq!(shape, "0000-00-00T00:00:00.000000Z");
        let time = text.parse::<Timestamp>().unwrap().as_microsecond();
        assert!((before..=after).contains(&time), "{before} {time} {after}");
    }
}

fn ping_answers_with_the_same_text(setup: Setup) {
    let server = Server::start(setup);
    let mut alice = Peer::join(&server, "alice");
    let long = "x".repeat(60_000);
    for text in ["", "hello", "two\nlines", "\"\\\u{0}\u{1f}é😀", " ", &long] {
        assert_eq!(alice.ask("/ping", text).msg, text);
    }
    // Spelt with escapes, the same characters come back.
    alice.send_counted(
        r#"{"from":{"name":"alice","ip":""},"to":"/\u0070ing","msg":"\u0041\ud83d\ude00\/"}"#,
    );
    assert_eq!(alice.expect_from("/ping").msg, "A😀/");
}

/// `NAME VALUE` a line: the counters, which are numbers. Other lines may
/// follow them.
fn read_stats(client: &mut Peer) -> Vec<(String, u64)> {
    let answer = client.ask("/stats", "");
    let pairs = answer.msg.lines().map(|line| {
        let (name, value) = line.split_once(' ').unwrap_or_else(|| panic!("{line:?}"));
        (name.to_owned(), value.parse().unwrap_or_else(|_| panic!("{line:?}")))
    });
    pairs.collect()
}

fn value(stats: &[(String, u64)], name: &str) -> u64 {
    stats.iter().find(|(other, _)| other == name).unwrap_or_else(|| panic!("no {name}")).1
}

fn stats_count_what_happened(setup: Setup) {
    let server = Server::start(setup);
    let mut alice = Peer::join(&server, "alice");
    let stats = read_stats(&mut alice);
    let names: Vec<&str> = stats.iter().map(|(name, _)| name.as_str()).collect();
    let each: Vec<String> = (0..setup.workers).map(|n| format!("users_worker_{n}")).collect();
    let mut expected = vec![
        "uptime_seconds",
        "users",
        "peak_users",
        "packets_in",
        "packets_out",
        "bytes_in",
        "bytes_out",
        "refused",
        "workers",
    ];
    expected.extend(each.iter().map(String::as_str));
    expected.extend(["sandbox_seccomp", "sandbox_landlock"]);
    assert_eq!(names, expected);
    assert_eq!(value(&stats, "workers"), setup.workers as u64);

    let mut others: Vec<Peer> = (0..9).map(|n| Peer::join(&server, &format!("user{n}"))).collect();
    let stats = ask_until("ten users", || {
        let stats = read_stats(&mut alice);
        (value(&stats, "users") == 10).then_some(stats)
    });
    assert_eq!(value(&stats, "peak_users"), 10);
    assert_eq!(each.iter().map(|name| value(&stats, name)).sum::<u64>(), 10);

    // Counters move by what was done; a malformed packet is a packet in.
    let before = stats;
    for other in &mut others {
        other.send_counted("junk\n");
        other.send_counted("{}");
        other.refused("nobody", "x", "no-such-user");
        other.assert_nothing_came_but_refusals(2);
    }
    ask_until("the counters", || {
        let after = read_stats(&mut alice);
        let moved = |name| value(&after, name) - value(&before, name);
        assert!(moved("refused") <= 27 && value(&after, "users") == 10);
        let bytes = moved("bytes_in") > 9 * 100 && moved("bytes_out") > 9 * 100;
        (moved("refused") == 27 && moved("packets_in") >= 36 && moved("packets_out") >= 36 && bytes)
            .then_some(())
    });
    drop(others);
    ask_until("one user", || {
        let after = read_stats(&mut alice);
        (value(&after, "users") == 1 && value(&after, "peak_users") == 10).then_some(())
    });
}

fn a_broadcast_reaches_everybody_else(setup: Setup) {
    let server = Server::with(setup, &[("--broadcast-interval", "0")]);
    let mut alice = Peer::join(&server, "alice");
    let _silent = Peer::connect(&server);
    assert_eq!(alice.ask("/broadcast", "is anybody here?").first_line(), "0");
    let mut others: Vec<Peer> = (0..20).map(|n| Peer::join(&server, &format!("user{n}"))).collect();
    for text in ["hello all", "", "two\nlines \" \\ é 😀"] {
        assert_eq!(alice.ask("/broadcast", text).first_line(), "20");
        for other in &mut others {
            let heard = other.next();
            assert_eq!((heard.name.as_str(), heard.ip.as_str()), ("alice", "127.0.0.1"));
            assert_eq!((heard.to.as_str(), heard.msg.as_str()), ("/broadcast", text));
        }
    }
    alice.assert_nothing_came();
    others.iter_mut().for_each(Peer::assert_nothing_came);
}

fn a_broadcast_too_soon_is_refused(setup: Setup) {
    let server = Server::with(setup, &[("--broadcast-interval", "3600")]);
    let mut alice = Peer::join(&server, "alice");
    let mut bob = Peer::join(&server, "bob");
    assert_eq!(alice.ask("/broadcast", "first").first_line(), "1");
    alice.refused("/broadcast", "second", "slow-down");
    alice.refused("/broadcast", "third", "slow-down");
    assert_eq!(bob.next().msg, "first");
    bob.assert_nothing_came();
    // The distance is each connection's own.
    assert_eq!(bob.ask("/broadcast", "mine").first_line(), "1");
    assert_eq!(alice.next().msg, "mine");
    drop(server);

    // By default a second. Refused ones don't count, so asking on and on
    // doesn't put it off.
    let server = Server::start(setup);
    let mut alice = Peer::join(&server, "alice");
    assert_eq!(alice.ask("/broadcast", "first").first_line(), "0");
    let mut refused = 0;
    ask_until("the next broadcast", || {
        alice.send("/broadcast", "again");
        let answer = alice.next();
        match answer.refusal() {
            Some((_, code)) => {
                assert_eq!(code, "slow-down");
                refused += 1;
                None
            }
            None => (answer.name == "/broadcast").then_some(()),
        }
    });
    assert!(refused > 0);
}

fn presence_tells_who_comes_and_goes_while_it_is_on(setup: Setup) {
    let server = Server::start(setup);
    let mut watcher = Peer::join(&server, "watcher");
    assert_eq!(watcher.ask("/presence", "on").first_line(), "on");
    assert_eq!(watcher.ask("/presence", "on").first_line(), "on");
    for name in ["Alice", "Straße", "李雷", "dave", "erin"] {
        let client = Peer::join(&server, name);
        let joined = watcher.next();
        assert_eq!((joined.name.as_str(), joined.msg.as_str()), ("/joined", name));
        client.leave();
        let left = watcher.next();
        assert_eq!((left.name.as_str(), left.msg.as_str()), ("/left", name));
    }
    // However they leave; and not for a connection that never greeted.
    Peer::connect(&server).leave();
    let reset = Peer::join(&server, "reset");
    assert_eq!(watcher.next().msg, "reset");
    reset.reset();
    assert_eq!(watcher.next().name, "/left");
    let mut quitter = Peer::join(&server, "quitter");
    assert_eq!(watcher.next().msg, "quitter");
    quitter.ask("/quit", "");
    assert_eq!(watcher.next().name, "/left");
    for argument in ["", "ON", "On", "yes", "on ", "on off", "0"] {
        watcher.refused("/presence", argument, "bad-argument");
    }
    assert_eq!(watcher.ask("/presence", "off").first_line(), "off");
    let mut guest = Peer::join(&server, "guest");
    guest.send("watcher", "a packet, so that a late notice would have come before it");
    assert_eq!(watcher.next().name, "guest");
    watcher.assert_nothing_came();
}

fn presence_tells_only_who_asked(setup: Setup) {
    let server = Server::start(setup);
    let mut plain = Peer::join(&server, "plain");
    let mut watchers: Vec<Peer> =
        (0..8).map(|n| Peer::join(&server, &format!("watcher{n}"))).collect();
    for watcher in &mut watchers {
        assert_eq!(watcher.ask("/presence", "on").first_line(), "on");
    }
    let guests: Vec<Peer> = (0..8).map(|n| Peer::join(&server, &format!("guest{n}"))).collect();
    let expect_guests = |watchers: &mut [Peer], endpoint: &str| {
        for watcher in watchers {
            // The watchers' own arrival may still be news to some of them.
            let guest =
                |packet: &Packet| packet.name == endpoint && packet.msg.starts_with("guest");
            let mut names: Vec<String> =
                (0..8).map(|_| watcher.expect("news of a guest", guest).msg).collect();
            names.sort();
            assert_eq!(names, (0..8).map(|n| format!("guest{n}")).collect::<Vec<_>>());
        }
    };
    expect_guests(&mut watchers, "/joined");
    drop(guests);
    expect_guests(&mut watchers, "/left");
    plain.assert_nothing_came();
}

fn quit_says_bye_and_closes(setup: Setup) {
    let server = Server::start(setup);
    for argument in ["", "so long"] {
        let mut alice = Peer::join(&server, "alice");
        let mut bob = Peer::join(&server, "bob");
        alice.send("bob", "last words");
        alice.send("/quit", argument);
        let words = alice.rest();
        assert_eq!(words.len(), 1, "{words:?}");
        assert_eq!((words[0].name.as_str(), words[0].first_line()), ("/quit", "bye"));
        assert_eq!(bob.next().msg, "last words");
        bob.refused("alice", "are you there?", "no-such-user");
        bob.leave();
    }
}

fn endpoints_are_spelt_in_lower_case(setup: Setup) {
    let server = Server::start(setup);
    let mut alice = Peer::join(&server, "alice");
    for endpoint in [
        "/PING",
        "/Ping",
        "/ping ",
        " /ping",
        "/ping/",
        "//ping",
        "/",
        "/ ",
        "/nothing",
        "/welcome",
        "/error",
        "/joined",
        "/left",
        "/Time",
        "/p\u{131}ng",
        "/time?",
        "/alice",
        "/operator",
    ] {
        let code = if endpoint.starts_with('/') { "no-such-endpoint" } else { "no-such-user" };
        alice.refused(endpoint, "x", code);
    }
    alice.assert_nothing_came();
}

fn packets_to_unknown_recipients_are_refused(setup: Setup) {
    let server = Server::start(setup);
    let mut alice = Peer::join(&server, "alice");
    for to in
        ["bob", "", " ", "alice ", " alice", "not a name", "@alice", "\u{0}", "a\nb", "\u{200d}"]
    {
        alice.refused(to, "x", "no-such-user");
    }
    let long = "x".repeat(10_000);
    alice.refused(&long, "x", "no-such-user");
    for room in ["#ops", "#", "# ops", "#not a room", "##", "#/time", &format!("#{long}")] {
        alice.refused(room, "x", "no-such-room");
    }
    alice.refused(&format!("/{long}"), "x", "no-such-endpoint");
    alice.assert_nothing_came();
}
