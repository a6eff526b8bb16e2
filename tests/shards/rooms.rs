//! Rooms and lists: bounds, pages, who is in them.

use crate::cluster::{Cluster, Who, unpaced};
use lanline::chat::Ended;
use lanline::chat::{Code, Settings};
use lanline::limits;
use std::time::Duration;

#[test]
fn a_user_over_the_bound_of_rooms_is_refused() {
    let mut cluster = Cluster::unpaced(1);
    let alice = cluster.join("alice");
    for room in 0..limits::ROOMS_PER_USER_MAX {
        assert_eq!(cluster.ask(alice, "/join", &format!("#r{room}")), format!("#r{room} 1"));
    }
    cluster.say(alice, "/join", "#more");
    assert_eq!(cluster.refused(alice).1, Code::TooMany);
    assert_eq!(cluster.ask(alice, "/join", "#r0"), "#r0 1", "again is no error");
    cluster.ask(alice, "/leave", "#r0");
    assert_eq!(cluster.ask(alice, "/join", "#more"), "#more 1");
    cluster.end(alice, Ended::Politely);
    assert!(cluster.shards[0].is_vacant());
}

#[test]
fn a_room_over_the_bound_of_the_server_is_refused() {
    let mut cluster = Cluster::unpaced(2);
    let mut made = 0;
    let mut makers: Vec<Who> = Vec::new();
    while made < limits::ROOMS_MAX {
        let maker = cluster.join(&format!("maker{}", makers.len()));
        for _ in 0..limits::ROOMS_PER_USER_MAX.min(limits::ROOMS_MAX - made) {
            assert_eq!(cluster.ask(maker, "/join", &format!("#r{made}")), format!("#r{made} 1"));
            made += 1;
        }
        makers.push(maker);
    }
    let alice = cluster.join("alice");
    cluster.say(alice, "/join", "#more");
    assert_eq!(cluster.refused(alice), (1, Code::TooMany));
    cluster.say(alice, "#more", "is there nobody?");
    assert_eq!(cluster.refused(alice), (2, Code::NoSuchRoom));
    assert_eq!(cluster.ask(alice, "/join", "#r0"), "#r0 2", "one that is there");
    // A room whose last member has left doesn't count any more.
    cluster.ask(makers[0], "/leave", "#r0");
    cluster.say(alice, "/join", "#more");
    assert_eq!(cluster.refused(alice), (4, Code::TooMany));
    cluster.ask(alice, "/leave", "#r0");
    assert_eq!(cluster.ask(alice, "/join", "#more"), "#more 1");
    cluster.say(alice, "/join", "#too-many");
    assert_eq!(cluster.refused(alice).1, Code::TooMany);
    cluster.end(makers[1], Ended::Reset);
    assert_eq!(cluster.ask(alice, "/join", "#again"), "#again 1");
    for who in makers.into_iter().chain([alice]) {
        if !cluster.is_closed(who) {
            cluster.end(who, Ended::Politely);
        }
    }
    assert!(cluster.shards.iter().all(|shard| shard.is_vacant()));
}

#[test]
fn each_invalid_room_request_gets_its_code() {
    for workers in [1, 4] {
        let mut cluster = Cluster::unpaced(workers);
        let [alice, bob] = ["alice", "bob"].map(|name| cluster.join(name));
        cluster.ask(alice, "/join", "#Ops");
        for (to, msg, code) in [
            ("#ops", "x", Code::NotMember),
            ("#none", "x", Code::NoSuchRoom),
            ("#_", "x", Code::NoSuchRoom),
            ("/leave", "#ops", Code::NotMember),
            ("/leave", "#none", Code::NoSuchRoom),
            ("/leave", "ops", Code::BadArgument),
            ("/join", "#_", Code::BadArgument),
            ("/members", "#none", Code::NoSuchRoom),
            ("/members", "ops", Code::BadArgument),
            ("/who", "nobody", Code::NoSuchUser),
            ("/who", "_", Code::NoSuchUser),
            ("/none", "", Code::NoSuchEndpoint),
        ] {
            cluster.say(bob, to, msg);
            assert_eq!(cluster.refused(bob).1, code, "{to} {msg}");
        }
        assert_eq!(cluster.ask(bob, "/members", "#OPS"), "1-1 of 1\nalice");
        assert_eq!(cluster.ask(bob, "/join", "#OPS"), "#Ops 2");
        assert_eq!(cluster.ask(bob, "/leave", "#oPs"), "#Ops");
    }
}

#[test]
fn who_tells_name_address_and_whole_seconds() {
    for workers in [1, 4] {
        let mut cluster = Cluster::unpaced(workers);
        let [alice, _] = ["alice", "Bob"].map(|name| cluster.join(name));
        cluster.pass(Duration::from_millis(2999));
        assert_eq!(cluster.ask(alice, "/who", "BOB"), "Bob 10.1.0.1 2");
        cluster.pass(Duration::from_millis(1));
        assert_eq!(cluster.ask(alice, "/who", "bob"), "Bob 10.1.0.1 3");
    }
}

#[test]
fn pages_of_a_list_are_filled_up_to_the_packet_limit() {
    for limit in 150..400 {
        let mut cluster =
            Cluster::new(1 + limit % 3, Settings { packet_bytes_max: limit, ..unpaced() });
        let mut names: Vec<String> =
            (0..60).map(|n| format!("user{n}{}", "x".repeat(n % 9))).collect();
        let users: Vec<Who> = names.iter().map(|name| cluster.join(name)).collect();
        names.sort();
        cluster.say(users[0], "/list", "");
        let mut listed: Vec<String> = Vec::new();
        let mut room = None;
        for page in cluster.heard(users[0]) {
            assert_eq!((&*page.from, &*page.to), ("/list", "user0"));
            let (head, lines) = page.msg.split_once('\n').unwrap();
            let lines: Vec<String> = lines.split('\n').map(str::to_owned).collect();
            if let Some(room) = room {
                assert!(lines[0].len() + 2 > room, "{room} bytes were left for {}", lines[0]);
            }
            let (first, last) = (listed.len() + 1, listed.len() + lines.len());
            assert_eq!(head, format!("{first}-{last} of 60"));
            // Each number has room for as many digits as the last.
            let spare = [first, last].into_iter().filter(|&number| number < 10).count();
            room = limit.checked_sub(wire_bytes(&page.msg) + spare);
            assert!(room.is_some(), "over the limit of {limit}");
            listed.extend(lines);
        }
        assert_eq!(listed, names);
        assert_eq!(cluster.ask(users[0], "/rooms", ""), "0-0 of 0");
    }
}

/// A page for `user0`, as a packet from `{` to `}`.
fn wire_bytes(msg: &str) -> usize {
    let head = r#"{"from":{"name":"/list","ip":"10.0.0.1"},"to":"user0","msg":""}"#;
    head.len() + msg.len() + msg.matches('\n').count()
}

#[test]
fn a_page_holds_an_entry_however_small_the_limit() {
    let mut cluster = Cluster::new(1, Settings { packet_bytes_max: 70, ..unpaced() });
    let alice = cluster.join("alice");
    cluster.join("bob");
    cluster.say(alice, "/list", "");
    assert_eq!(cluster.texts(alice), ["1-1 of 2\nalice", "2-2 of 2\nbob"]);
}

#[test]
fn stats_count_what_happened_on_all_workers() {
    let mut cluster = Cluster::unpaced(2);
    let alice = cluster.join("alice");
    let bob = cluster.join("bob");
    cluster.end(bob, Ended::Politely);
    cluster.say(alice, "bob", "x");
    cluster.heard(alice);
    cluster.pass(Duration::from_secs(5));
    let stats = cluster.ask(alice, "/stats", "");
    let line = |name: &str| {
        stats
            .lines()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix(' '))
            .unwrap()
            .to_owned()
    };
    assert_eq!(line("uptime_seconds"), "1005");
    assert_eq!((line("users"), line("peak_users")), ("1".into(), "2".into()));
    assert_eq!((line("packets_in"), line("refused")), ("2".into(), "1".into()));
    assert_eq!(line("packets_out"), "3");
    assert_eq!(line("workers"), "2");
    let at = |worker: usize| line(&format!("users_worker_{worker}")).parse::<u64>().unwrap();
    assert_eq!([at(0), at(1)][cluster.home(alice)], 1);
    assert_eq!(at(0) + at(1), 1);
    assert_eq!(cluster.ask(alice, "/time", ""), "1970-01-01T00:00:00.000000Z");
}

#[test]
fn a_shard_with_a_room_is_not_vacant() {
    let mut cluster = Cluster::unpaced(2);
    // A name that looks like nothing else: all that it claims is at its home.
    let bob = cluster.join("bob");
    let away = 1 - cluster.home(bob);
    assert!(cluster.shards[away].is_vacant());
    let room = (0..).map(|n| format!("#r{n}")).find(|room| {
        cluster.ask(bob, "/join", room);
        let is_home = !cluster.shards[away].is_vacant();
        cluster.ask(bob, "/leave", room);
        assert!(cluster.shards[away].is_vacant());
        is_home
    });
    assert!(room.is_some());
    assert!(!cluster.shards[1 - away].is_vacant());
}
