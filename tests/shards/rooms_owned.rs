//! Rooms of accounts: who owns one, who stays in it, what it is like, what becomes of it.

use crate::cluster::{Cluster, Heard, Who, with_accounts};
use lanline::accounts::{Notice, Role};
use lanline::chat::{Code, Ended, Settings};
use lanline::limits;
use std::sync::Arc;
use std::time::Duration;

/// News from an endpoint, and nothing else.
pub(crate) fn news(cluster: &mut Cluster, who: Who) -> Vec<(String, String)> {
    let heard = cluster.heard(who);
    heard.into_iter().map(|Heard { from, msg, .. }| (from, msg)).collect()
}

pub(crate) fn one(from: &str, msg: &str) -> Vec<(String, String)> {
    vec![(from.to_owned(), msg.to_owned())]
}

#[test]
fn the_account_that_makes_a_room_owns_it_and_it_stays() {
    for workers in [1, 2, 3] {
        let mut cluster = Cluster::with_accounts(workers);
        let [alice, bob] = cluster.accounts_here(["alice", "bob"]);
        assert_eq!(cluster.ask(alice, "/join", "#Ops"), "#Ops 1");
        assert_eq!(cluster.ask(bob, "/join", "#ops"), "#Ops 2");
        assert_eq!(cluster.ask(bob, "/join", "#ops"), "#Ops 2", "again is no error");
        assert_eq!(cluster.ask(bob, "/room", "#OPS"), "#Ops alice open 90d 2\n");
        cluster.say(bob, "#ops", "hello");
        assert_eq!(cluster.texts(alice), ["hello"]);
        assert_eq!(cluster.archive.ids(), [1], "it is stored");
        assert_eq!(cluster.ask(alice, "/leave", "#ops"), "#Ops");
        assert_eq!(cluster.ask(bob, "/leave", "#ops"), "#Ops");
        assert_eq!(cluster.refusal(bob, "/leave", "#ops"), Code::NotMember);
        assert_eq!(cluster.ask(bob, "/room", "#ops"), "#Ops alice open 90d 0\n");
        assert_eq!(cluster.ask(bob, "/rooms", ""), "1-1 of 1\n#Ops 0");
        assert_eq!(cluster.ask(bob, "/join", "#OPS"), "#Ops 1", "as it was first made");
    }
}

#[test]
fn a_room_made_by_a_guest_has_no_owner_until_a_member_with_an_account_owns_it() {
    for workers in [1, 2, 3] {
        let mut cluster = Cluster::with_accounts(workers);
        let [alice, bob, carol] = cluster.accounts_here(["alice", "bob", "carol"]);
        let guest = cluster.join("guest");
        cluster.ask(guest, "/join", "#Free");
        cluster.ask(bob, "/join", "#free");
        assert_eq!(cluster.ask(alice, "/room", "#free"), "#Free - open - 2\n");
        assert_eq!(cluster.refusal(alice, "/room", "#free own"), Code::NotMember);
        assert_eq!(cluster.refusal(guest, "/room", "#free own"), Code::NotOwner);
        assert_eq!(cluster.refusal(bob, "/room", "#free private"), Code::NotOwner);
        assert_eq!(cluster.refusal(bob, "/room", "#none own"), Code::NoSuchRoom);
        cluster.say(bob, "#free", "not stored");
        assert!(cluster.archive.ids().is_empty());
        cluster.ask(alice, "/join", "#free");
        cluster.heard(guest);
        assert_eq!(cluster.ask(alice, "/room", "#free own"), "#Free alice open 90d 3\n");
        let changed = one("/changed", "#Free alice open 90d 3\n");
        assert_eq!(news(&mut cluster, guest), changed);
        assert_eq!(news(&mut cluster, bob), changed);
        assert_eq!(cluster.refusal(bob, "/room", "#free own"), Code::NotOwner);
        cluster.say(guest, "#free", "stored");
        assert_eq!(cluster.archive.ids(), [1]);
        assert_eq!(cluster.texts(bob), ["stored"]);
        // Who was in it with an account stays; the guest doesn't.
        cluster.end(bob, Ended::Politely);
        cluster.end(guest, Ended::Politely);
        assert_eq!(cluster.ask(carol, "/members", "#free"), "1-2 of 2\nalice\nbob");
    }
}

#[test]
fn a_member_is_in_the_room_while_away_and_from_the_welcome_on() {
    for workers in [1, 2, 3] {
        let mut cluster = Cluster::with_accounts(workers);
        let [alice, bob] = cluster.accounts_here(["alice", "bob"]);
        let guest = cluster.join("guest");
        cluster.ask(alice, "/join", "#ops");
        for who in [bob, guest] {
            cluster.ask(who, "/join", "#ops");
        }
        cluster.end(bob, Ended::Politely);
        cluster.end(guest, Ended::Reset);
        assert_eq!(cluster.ask(alice, "/members", "#ops"), "1-2 of 2\nalice\nbob");
        assert_eq!(cluster.ask(alice, "/rooms", ""), "1-1 of 1\n#ops 2");
        cluster.say(alice, "#ops", "meanwhile");
        let bob = cluster.log_in("bob", "correct horse");
        cluster.say(alice, "#ops", "welcome back");
        assert_eq!(cluster.texts(bob), ["welcome back"]);
        cluster.say(bob, "/replay", "0");
        assert_eq!(cluster.texts(bob), ["meanwhile", "welcome back", "2"]);
        assert_eq!(cluster.ask(bob, "/rooms", "mine"), "1-1 of 1\n#ops 2");
        let other = cluster.log_in("bob", "correct horse");
        cluster.say(other, "#ops", "by another session");
        assert_eq!(cluster.texts(bob), ["by another session"]);
        assert_eq!(cluster.ask(other, "/leave", "#ops"), "#ops");
        cluster.say(bob, "#ops", "x");
        assert_eq!(cluster.refused(bob).1, Code::NotMember, "the user leaves, with all sessions");
        assert_eq!(cluster.ask(bob, "/rooms", "mine"), "0-0 of 0");
    }
}

#[test]
fn a_restart_keeps_rooms_members_and_what_they_are_like() {
    for workers in [1, 3] {
        let mut before = Cluster::with_accounts(workers);
        let [alice, bob] = before.accounts_here(["alice", "bob"]);
        before.ask(alice, "/join", "#ops");
        before.ask(bob, "/join", "#ops");
        before.ask(alice, "/room", "#ops private");
        before.ask(alice, "/room", "#ops keep 7d");
        before.ask(alice, "/room", "#ops topic Night shift");
        let mut cluster = Cluster::with_accounts(workers);
        cluster.archive = before.archive;
        for name in ["alice", "bob"] {
            cluster.account(name, Role::User, "correct horse");
        }
        for notice in cluster.archive.notices() {
            for shard in &mut cluster.shards {
                shard.inform_archive(cluster.now, &notice);
            }
        }
        cluster.run();
        let [alice, bob] = cluster.accounts_here(["alice", "bob"]);
        let text = "#ops alice private 7d 2\nNight shift";
        assert_eq!(cluster.ask(alice, "/room", "#ops"), text);
        cluster.say(bob, "#ops", "here again");
        assert_eq!(cluster.texts(alice), ["here again"]);
    }
}

#[test]
fn its_owner_and_operators_change_a_room_and_those_in_it_are_told() {
    for workers in [1, 2, 3] {
        let mut cluster = Cluster::with_accounts(workers);
        cluster.account("root", Role::Operator, "correct horse");
        cluster.archive.knows("root", cluster.store.id("root").unwrap());
        let [alice, bob, root] = cluster.accounts_here(["alice", "bob", "root"]);
        let guest = cluster.join("guest");
        cluster.ask(alice, "/join", "#ops");
        for who in [bob, guest] {
            cluster.ask(who, "/join", "#ops");
        }
        for (who, argument, answer) in [
            (alice, "#ops keep 30d", "#ops alice open 30d 3\n"),
            (alice, "#ops topic a b", "#ops alice open 30d 3\na b"),
            (root, "#ops private", "#ops alice private 30d 3\na b"),
            (root, "#ops open", "#ops alice open 30d 3\na b"),
            (alice, "#ops owner Bob", "#ops Bob open 30d 3\na b"),
            (bob, "#ops topic", "#ops Bob open 30d 3\n"),
        ] {
            assert_eq!(cluster.ask(who, "/room", argument), answer);
            for member in [alice, bob, guest] {
                let told = if member == who { vec![] } else { one("/changed", answer) };
                assert_eq!(news(&mut cluster, member), told, "{argument}");
            }
        }
        for (who, argument, code) in [
            (alice, "#ops open", Code::NotOwner),
            (alice, "#ops delete", Code::NotOwner),
            (guest, "#ops topic x", Code::NotOwner),
            (guest, "#ops own", Code::NotOwner),
            (bob, "#ops keep 91d", Code::BadArgument),
            (bob, "#ops keep forever", Code::BadArgument),
            (bob, "#ops owner nobody", Code::NoSuchUser),
            (bob, "#ops owner guest", Code::NoSuchUser),
            (bob, "#ops colour red", Code::BadArgument),
            (bob, "#ops topic two\nlines", Code::BadArgument),
            (bob, "ops", Code::BadArgument),
            (bob, "#none", Code::NoSuchRoom),
            (bob, "#none delete", Code::NoSuchRoom),
        ] {
            assert_eq!(cluster.refusal(who, "/room", argument), code, "{argument}");
        }
        assert_eq!(cluster.ask(bob, "/room", "#OPS delete"), "#ops deleted");
        for member in [alice, guest] {
            assert_eq!(news(&mut cluster, member), one("/changed", "#ops deleted"));
            cluster.say(member, "#ops", "x");
            assert_eq!(cluster.refused(member).1, Code::NoSuchRoom);
        }
        assert_eq!(cluster.ask(guest, "/join", "#ops"), "#ops 1", "another one");
        assert_eq!(cluster.ask(guest, "/room", "#ops"), "#ops - open - 1\n");
        assert_eq!(news(&mut cluster, bob), [], "who has left it hears nothing");
    }
}

#[test]
fn news_for_a_crowd_are_told_in_slices() {
    let settings = Settings { tick_work_max: 40, ..with_accounts() };
    let mut cluster = Cluster::new(1, settings);
    let [alice] = cluster.accounts_here(["alice"]);
    cluster.ask(alice, "/join", "#ops");
    let crowd: Vec<Who> = (0..200).map(|n| cluster.join(&format!("user{n}"))).collect();
    for &who in &crowd {
        cluster.ask(who, "/join", "#ops");
    }
    cluster.say(alice, "/room", "#ops topic x");
    cluster.say(alice, "/room", "#ops delete");
    let texts = ["#ops alice open 90d 201\nx", "#ops deleted"];
    assert_eq!(cluster.texts(alice), texts);
    for who in crowd {
        assert_eq!(cluster.texts(who), texts);
    }
}

#[test]
fn a_private_room_is_not_there_for_others() {
    for workers in [1, 2, 3] {
        let mut cluster = Cluster::with_accounts(workers);
        cluster.account("root", Role::Operator, "correct horse");
        cluster.archive.knows("root", cluster.store.id("root").unwrap());
        let [alice, bob, root] = cluster.accounts_here(["alice", "bob", "root"]);
        let guest = cluster.join("guest");
        cluster.ask(alice, "/join", "#secret");
        cluster.ask(alice, "/room", "#secret private");
        cluster.ask(alice, "/join", "#open");
        for who in [bob, guest, root] {
            assert_eq!(cluster.ask(who, "/rooms", ""), "1-1 of 1\n#open 1");
            assert_eq!(cluster.refusal(who, "/members", "#secret"), Code::NoSuchRoom);
            assert_eq!(cluster.refusal(who, "#secret", "x"), Code::NoSuchRoom);
            assert_eq!(cluster.refusal(who, "/leave", "#secret"), Code::NoSuchRoom);
            assert_eq!(cluster.refusal(who, "/join", "#secret"), Code::NotMember);
        }
        for who in [bob, guest] {
            assert_eq!(cluster.refusal(who, "/room", "#secret"), Code::NoSuchRoom);
            assert_eq!(cluster.refusal(who, "/room", "#secret delete"), Code::NoSuchRoom);
            assert_eq!(cluster.refusal(who, "/invite", "#secret bob"), Code::NoSuchRoom);
            assert_eq!(cluster.refusal(who, "/expel", "#secret bob"), Code::NoSuchRoom);
        }
        assert_eq!(cluster.ask(root, "/room", "#secret"), "#secret alice private 90d 1\n");
        assert_eq!(cluster.ask(alice, "/rooms", ""), "1-2 of 2\n#open 1\n#secret 1");
        assert_eq!(cluster.ask(alice, "/rooms", "mine"), "1-2 of 2\n#open 1\n#secret 1");
        assert_eq!(cluster.ask(alice, "/members", "#secret"), "1-1 of 1\nalice");
        // Its owner comes back to it.
        cluster.ask(alice, "/leave", "#secret");
        assert_eq!(cluster.ask(alice, "/join", "#secret"), "#secret 1");
    }
}

#[test]
fn where_the_disk_refuses_a_room_is_made_without_an_owner_and_nothing_else_changes() {
    for workers in [1, 2] {
        let mut cluster = Cluster::with_accounts(workers);
        let [alice, bob] = cluster.accounts_here(["alice", "bob"]);
        cluster.ask(alice, "/join", "#ops");
        cluster.archive.refuses = true;
        cluster.say(bob, "/join", "#new");
        let heard = cluster.heard(bob);
        assert_eq!((&*heard[0].from, &*heard[0].msg), ("/join", "#new 1"));
        assert_eq!(heard[1].refusal(), (2, "not-kept"));
        assert_eq!(cluster.ask(bob, "/room", "#new"), "#new - open - 1\n");
        assert_eq!(cluster.refusal(bob, "/join", "#ops"), Code::Busy);
        assert_eq!(cluster.refusal(alice, "/leave", "#ops"), Code::Busy);
        assert_eq!(cluster.refusal(alice, "/room", "#ops private"), Code::Busy);
        cluster.archive.refuses = false;
        assert_eq!(cluster.ask(bob, "/room", "#new own"), "#new bob open 90d 1\n");
        assert_eq!(cluster.ask(alice, "/room", "#ops"), "#ops alice open 90d 1\n");
    }
}

#[test]
fn a_disk_that_does_not_answer_holds_nobody_up_for_long() {
    let mut cluster = Cluster::with_accounts(2);
    let [alice, bob] = cluster.accounts_here(["alice", "bob"]);
    cluster.ask(alice, "/join", "#ops");
    cluster.storing.hangs = true;
    cluster.say(bob, "/join", "#ops");
    cluster.say(alice, "bob", "x");
    cluster.pass(limits::STORE_PATIENCE);
    let heard = cluster.heard(bob);
    assert_eq!(heard.len(), 2, "{heard:?}");
    assert!(heard.iter().any(|heard| heard.msg.starts_with("2 busy /join")), "{heard:?}");
    cluster.say(bob, "/join", "#ops");
    cluster.say(bob, "/join", "#new");
    let heard = cluster.heard(bob);
    assert_eq!(heard[0].refusal().1, "busy", "at once");
    assert_eq!((heard[1].msg.as_str(), heard[2].refusal().1), ("#new 1", "not-kept"));
    // What was asked turns up.
    cluster.storing.hangs = false;
    cluster.run();
    cluster.pass(Duration::from_secs(1));
    assert_eq!(cluster.ask(bob, "/rooms", "mine"), "1-2 of 2\n#new 1\n#ops 2");
}

#[test]
fn rooms_of_an_erased_account_stay_without_an_owner_for_a_member_to_own() {
    for workers in [1, 2, 3] {
        let mut cluster = Cluster::with_accounts(workers);
        let [alice, bob] = cluster.accounts_here(["alice", "bob"]);
        cluster.ask(alice, "/join", "#ops");
        cluster.ask(bob, "/join", "#ops");
        let account = cluster.store.id("alice").unwrap();
        let end = Notice::EndSessions { account, token: None, but_asker: false };
        cluster.notice(end);
        cluster.notice(Notice::Erased(account));
        for notice in cluster.archive.erase(account) {
            cluster.archive_notice(notice);
        }
        cluster.run();
        assert!(cluster.is_shut(alice));
        assert_eq!(cluster.ask(bob, "/room", "#ops"), "#ops - open 90d 1\n");
        cluster.say(bob, "#ops", "stored");
        assert_eq!(cluster.archive.ids(), [1]);
        assert_eq!(cluster.refusal(bob, "/room", "#ops private"), Code::NotOwner);
        assert_eq!(cluster.ask(bob, "/room", "#ops own"), "#ops bob open 90d 1\n");
        assert_eq!(cluster.ask(bob, "/room", "#ops private"), "#ops bob private 90d 1\n");
    }
}

#[test]
fn bounds_of_a_user_hold_for_rooms_with_owners_and_an_address_has_its_quota_back() {
    let mut cluster = Cluster::with_accounts(1);
    cluster.budget = Some(Arc::default());
    let [alice, bob] = cluster.accounts_here(["alice", "bob"]);
    for room in 0..limits::ROOMS_PER_USER_MAX {
        cluster.ask(alice, "/join", &format!("#r{room}"));
    }
    assert_eq!(cluster.refusal(alice, "/join", "#more"), Code::TooMany);
    cluster.ask(bob, "/join", "#bobs");
    assert_eq!(cluster.refusal(alice, "/join", "#bobs"), Code::TooMany);
    let budget = cluster.budget.clone().unwrap();
    let free = (0..).take_while(|_| budget.take_room()).count();
    let all = limits::ROOMS_PER_ADDRESS_MAX as usize;
    assert_eq!(free, all - limits::ROOMS_PER_USER_MAX - 1, "those that stay count");
    assert_eq!(cluster.refusal(bob, "/join", "#another"), Code::TooMany);
    cluster.ask(bob, "/room", "#bobs delete");
    assert_eq!(cluster.ask(bob, "/join", "#another"), "#another 1");
}

#[test]
fn a_guest_who_becomes_an_account_stays_in_its_rooms() {
    for workers in [1, 2] {
        let mut cluster = Cluster::with_accounts(workers);
        let [alice] = cluster.accounts_here(["alice"]);
        cluster.ask(alice, "/join", "#ops");
        let guest = cluster.join("newcomer");
        cluster.ask(guest, "/join", "#ops");
        cluster.archive.knows("newcomer", cluster.store.next_id());
        cluster.ask_store(guest, "/register", "correct horse");
        cluster.end(guest, Ended::Politely);
        assert_eq!(cluster.ask(alice, "/members", "#ops"), "1-2 of 2\nalice\nnewcomer");
    }
}

#[test]
fn without_accounts_there_are_no_endpoints_of_rooms() {
    let mut cluster = Cluster::unpaced(1);
    let alice = cluster.join("alice");
    for endpoint in ["/room", "/invite", "/expel"] {
        assert_eq!(cluster.refusal(alice, endpoint, "#ops bob"), Code::NoSuchEndpoint);
    }
    cluster.ask(alice, "/join", "#ops");
    let bob = cluster.join("bob");
    assert_eq!(cluster.ask(bob, "/rooms", "mine"), "1-1 of 1\n#ops 1", "any argument");
}
