//! Several sessions of one account: what each gets, when the user comes and goes, which is
//! ended.

use crate::cluster::{Cluster, packet, with_accounts};
use lanline::accounts::Role;
use lanline::chat::{Code, Ended, Settings};
use lanline::limits;
use std::time::Duration;

const SECOND: Duration = Duration::from_secs(1);

fn with_alice(workers: usize, settings: Settings) -> Cluster {
    let mut cluster = Cluster::new(workers, settings);
    cluster.account("alice", Role::User, "correct horse");
    cluster
}

fn sessions<const N: usize>(cluster: &mut Cluster) -> [usize; N] {
    [0; N].map(|_| cluster.log_in("alice", "correct horse"))
}

#[test]
fn what_is_for_an_account_goes_to_each_session_once() {
    for workers in [1, 2, 3] {
        let mut cluster = with_alice(workers, with_accounts());
        let [one, other] = sessions(&mut cluster);
        let bob = cluster.join("bob");
        cluster.ask(bob, "/join", "#ops");
        assert_eq!(cluster.ask(one, "/join", "#ops"), "#ops 2", "alice is one member");
        cluster.say(bob, "Alice", "direct");
        cluster.say(bob, "#ops", "room");
        assert_eq!(cluster.ask(bob, "/broadcast", "all"), "1");
        for session in [one, other] {
            assert_eq!(cluster.texts(session), ["direct", "room", "all"]);
        }
        cluster.say(other, "#ops", "from alice");
        assert_eq!(cluster.texts(bob), ["from alice"]);
        assert_eq!(cluster.heard(one), [], "every other member");
        assert_eq!(cluster.ask(other, "/broadcast", "from alice"), "1");
        assert_eq!(cluster.texts(one), ["from alice"], "stored, so the others get it, too");
    }
}

#[test]
fn a_user_is_listed_once_comes_with_the_first_session_and_leaves_with_the_last() {
    for workers in [1, 2] {
        let mut cluster = with_alice(workers, with_accounts());
        let bob = cluster.join("bob");
        cluster.ask(bob, "/presence", "on");
        cluster.pass(SECOND);
        let [one, other] = sessions(&mut cluster);
        assert_eq!(cluster.counters.users(), 2);
        assert_eq!(cluster.ask(bob, "/list", ""), "1-2 of 2\nalice\nbob");
        cluster.end(one, Ended::Politely);
        assert_eq!(cluster.heard(bob), []);
        cluster.pass(2 * SECOND);
        assert_eq!(cluster.only(bob).from, "/joined", "a second after the first came");
        assert_eq!(cluster.ask(bob, "/list", ""), "1-2 of 2\nalice\nbob");
        cluster.ask(bob, "/join", "#ops");
        cluster.ask(other, "/join", "#ops");
        let [third] = sessions(&mut cluster);
        assert_eq!(cluster.ask(bob, "/members", "#ops"), "1-2 of 2\nalice\nbob");
        cluster.end(other, Ended::Reset);
        assert_eq!(cluster.ask(bob, "/members", "#ops"), "1-2 of 2\nalice\nbob");
        cluster.say(bob, "#ops", "to whoever is in it");
        assert_eq!(cluster.texts(third), ["to whoever is in it"], "it is in the rooms, too");
        cluster.end(third, Ended::Politely);
        assert_eq!(cluster.only(bob).from, "/left");
        assert_eq!(cluster.ask(bob, "/members", "#ops"), "1-1 of 1\nbob");
        assert_eq!(cluster.counters.users(), 1);
    }
}

#[test]
fn who_tells_of_the_session_that_is_here_longest_and_of_who_is_away() {
    let mut cluster = with_alice(2, with_accounts());
    let bob = cluster.join("bob");
    assert_eq!(cluster.ask(bob, "/who", "ALICE"), "alice away -");
    let [one] = sessions(&mut cluster);
    cluster.pass(5 * SECOND);
    let [other] = sessions(&mut cluster);
    cluster.pass(5 * SECOND);
    assert!(cluster.ask(bob, "/who", "alice").ends_with(" 10"));
    cluster.end(one, Ended::Politely);
    assert!(cluster.ask(bob, "/who", "alice").ends_with(" 5"));
    cluster.end(other, Ended::Politely);
    assert_eq!(cluster.ask(bob, "/who", "alice"), "alice away 1970-01-01T00:00:01Z");
    cluster.say(bob, "alice", "hello?");
    assert_eq!(cluster.refused(bob).1, Code::NoSuchUser);
}

#[test]
fn one_session_too_many_closes_the_one_that_has_been_silent_longest() {
    let mut cluster = with_alice(1, Settings { sessions_max: 2, ..with_accounts() });
    let [one, other] = sessions(&mut cluster);
    cluster.pass(SECOND);
    cluster.ask(one, "/ping", "");
    cluster.pass(SECOND);
    let [third] = sessions(&mut cluster);
    assert_eq!(cluster.refused(other), (0, Code::LoginRequired));
    assert!(cluster.is_shut(other));
    assert_eq!(cluster.ask(one, "/whoami", ""), "alice user 2");
    assert_eq!(cluster.ask(third, "/whoami", ""), "alice user 2");
    assert_eq!(cluster.counters.users(), 1);
}

#[test]
fn a_kick_closes_all_sessions() {
    let mut cluster = with_alice(2, with_accounts());
    cluster.account("root", Role::Operator, "correct horse");
    let all: [usize; 2] = sessions(&mut cluster);
    let root = cluster.log_in("root", "correct horse");
    assert_eq!(cluster.ask(root, "/kick", "alice enough"), "alice");
    for session in all {
        assert_eq!(cluster.only(session).msg, "enough");
        assert!(cluster.is_shut(session));
    }
}

#[test]
fn a_packet_is_refused_only_if_no_session_took_it() {
    for workers in [1, 2] {
        let settings = Settings { queue_bytes_max: 2000, ..with_accounts() };
        let mut cluster = with_alice(workers, settings);
        let [deaf, other] = sessions(&mut cluster);
        let bob = cluster.join("bob");
        cluster.window(deaf, 0);
        let text = "x".repeat(600);
        for _ in 0..6 {
            cluster.say(bob, "alice", &text);
            assert_eq!(cluster.texts(other), [text.as_str()]);
        }
        assert_eq!(cluster.heard(bob), [], "one of them took it");
        // Nor when the deaf one goes, with what was for it.
        cluster.end(deaf, Ended::Reset);
        assert_eq!(cluster.heard(bob), []);
        // But what no session takes is refused, once.
        let [deaf] = sessions(&mut cluster);
        cluster.window(deaf, 0);
        cluster.window(other, 0);
        for _ in 0..3 {
            cluster.say(bob, "alice", &text);
        }
        let busy = cluster.refusals(bob);
        assert!(!busy.is_empty() && busy.iter().all(|(_, code)| *code == Code::Busy), "{busy:?}");
        cluster.end(deaf, Ended::Reset);
        assert_eq!(cluster.heard(bob), [], "the other may still take it");
        cluster.end(other, Ended::Reset);
        let lost = cluster.refusals(bob);
        assert_eq!(lost.len() + busy.len(), 3, "{busy:?} {lost:?}");
        assert!(lost.iter().all(|(_, code)| *code == Code::Undelivered));
        assert!(cluster.shards.iter().all(|shard| shard.connections() <= 1));
    }
}

#[test]
fn what_one_session_took_before_it_left_is_not_refused_by_another() {
    let mut cluster = with_alice(1, with_accounts());
    let [deaf, other] = sessions(&mut cluster);
    let bob = cluster.join("bob");
    cluster.window(deaf, 0);
    cluster.say(bob, "alice", "hello");
    assert_eq!(cluster.texts(other), ["hello"]);
    cluster.end(other, Ended::Politely);
    cluster.end(deaf, Ended::Reset);
    assert_eq!(cluster.heard(bob), []);
}

#[test]
fn a_room_of_many_reaches_an_account_once_in_slices_too() {
    let settings = Settings { fan_out_slice: 1, tick_work_max: 8, ..with_accounts() };
    let mut cluster = with_alice(2, settings);
    let all: [usize; 3] = sessions(&mut cluster);
    let bob = cluster.join("bob");
    let carl = cluster.join("carl");
    for member in [bob, carl, all[0]] {
        cluster.ask(member, "/join", "#ops");
    }
    cluster.say(bob, "#ops", "hello");
    assert_eq!(cluster.ask(bob, "/broadcast", "to all"), "2");
    for member in [carl, all[0], all[1], all[2]] {
        assert_eq!(cluster.texts(member), ["hello", "to all"]);
    }
    cluster.say(all[1], "#ops", "mine");
    assert_eq!(cluster.texts(carl), ["mine"]);
    assert_eq!(cluster.heard(all[0]), []);
}

#[test]
fn resume_takes_the_place_of_a_session_without_the_password() {
    let mut cluster = with_alice(2, with_accounts());
    let [lost, other] = sessions(&mut cluster);
    cluster.ask(lost, "/join", "#ops");
    let secret = cluster.ask(lost, "/resume", "");
    let again = cluster.connect(0);
    cluster.name(again, "alice");
    cluster.write(again, &packet("alice", "/resume", &secret));
    let from: Vec<String> = cluster.heard(again).into_iter().map(|heard| heard.from).collect();
    assert_eq!(from, ["/welcome", "/resume"]);
    assert_eq!(cluster.refused(lost), (0, Code::NameTaken));
    assert_eq!(cluster.ask(other, "/whoami", ""), "alice user 2");
    assert_eq!(cluster.ask(again, "/members", "#ops"), "1-1 of 1\nalice");
    let wrong = cluster.connect(0);
    cluster.write(wrong, &packet("alice", "/resume", &"0".repeat(32)));
    let heard = cluster.heard(wrong);
    assert_eq!((&*heard[0].from, heard[1].refusal()), ("/login", (1, "login-required")));
}

#[test]
fn a_room_that_could_not_be_joined_is_left_by_all_sessions() {
    let mut cluster = with_alice(1, with_accounts());
    let [one, other] = sessions(&mut cluster);
    for room in 0..limits::ROOMS_PER_USER_MAX {
        cluster.ask(if room % 2 == 0 { one } else { other }, "/join", &format!("#room{room}"));
    }
    for session in [one, other] {
        assert_eq!(cluster.refusal(session, "/join", "#more"), Code::TooMany);
    }
    cluster.ask(one, "/leave", "#room7");
    assert_eq!(cluster.refusal(other, "#room7", "x"), Code::NotMember);
    assert_eq!(cluster.ask(other, "/join", "#more"), "#more 1");
}
