//! The endpoints of accounts: registering, passwords, tokens, roles; whose names are taken;
//! what there is without accounts.

use crate::cluster::{Cluster, unpaced, with_accounts};
use lanline::accounts::{Notice, Role};
use lanline::chat::{Code, Ended, Settings};
use lanline::limits;
use std::time::Duration;

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn without_accounts_their_endpoints_are_not_there() {
    let mut cluster = Cluster::unpaced(1);
    let bob = cluster.join("bob");
    for endpoint in [
        "/login",
        "/register",
        "/password",
        "/token",
        "/whoami",
        "/invite-user",
        "/ban",
        "/unban",
        "/bans",
    ] {
        assert_eq!(cluster.refusal(bob, endpoint, "x"), Code::NoSuchEndpoint, "{endpoint}");
        assert!(!cluster.ask(bob, "/help", "").contains(endpoint), "{endpoint}");
    }
    let mut cluster = Cluster::with_accounts(1);
    let bob = cluster.join("bob");
    for endpoint in ["/login", "/register", "/token", "/bans"] {
        assert!(cluster.ask(bob, "/help", "").contains(endpoint), "{endpoint}");
    }
}

#[test]
fn a_guests_name_becomes_an_account_with_this_as_its_first_session() {
    for workers in [1, 2, 3] {
        let mut cluster = Cluster::with_accounts(workers);
        let ann = cluster.join("Ann");
        assert_eq!(cluster.ask(ann, "/whoami", ""), "Ann guest 1");
        for (bad, code) in [
            ("short", Code::WeakPassword),
            ("two\nlines of it", Code::BadArgument),
            (&"x".repeat(1025), Code::BadArgument),
        ] {
            assert_eq!(cluster.refusal(ann, "/register", bad), code, "{bad}");
        }
        assert_eq!(cluster.ask_store(ann, "/register", "correct horse"), "Ann");
        assert!(cluster.store.account("ann").is_some());
        assert_eq!(cluster.ask(ann, "/whoami", ""), "Ann user 1");
        assert_eq!(cluster.refusal(ann, "/register", "correct horse"), Code::BadArgument);
        assert_eq!(cluster.counters.users(), 1);
        let again = cluster.log_in("ann", "correct horse");
        assert_eq!(cluster.ask(again, "/whoami", ""), "Ann user 2");
        for who in [ann, again] {
            cluster.end(who, Ended::Politely);
        }
        assert_eq!(cluster.counters.users(), 0);
        assert!(cluster.shards.iter().all(lanline::chat::Shard::is_vacant));
        cluster.answer();
        assert_eq!(cluster.store.left.len(), 1, "the store knows when the last session ended");
    }
}

#[test]
fn two_who_look_alike_and_register_do_not_both_get_an_account() {
    let mut cluster = Cluster::with_accounts(2);
    let [bill, alike] = ["bill", "bi11"].map(|name| cluster.join(name));
    cluster.say(bill, "/register", "correct horse");
    cluster.answer();
    assert_eq!(cluster.only(bill).msg, "bill");
    assert_eq!(cluster.refused(alike), (0, Code::NameTaken));
    assert!(cluster.is_shut(alike));
}

#[test]
fn a_name_that_looks_like_an_accounts_is_taken_whether_they_are_here_or_not() {
    for workers in [1, 2, 3] {
        let mut cluster = Cluster::with_accounts(workers);
        cluster.account("Bill", Role::User, "correct horse");
        for alike in ["bi11", "B1LL", "biIl", "ВІLL"] {
            let guest = cluster.connect(0);
            cluster.write(guest, format!("{alike}\n").as_bytes());
            let (_, code) = cluster.refused(guest);
            // One that mixes scripts can't be a name at all.
            assert!(matches!(code, Code::NameTaken | Code::BadName), "{alike}");
        }
        cluster.join("ball");
        let notice = cluster.store.erase("bill");
        cluster.notice(notice);
        cluster.join("bi11");
    }
}

#[test]
fn guests_whose_name_becomes_somebody_elses_account_are_sent_away() {
    for workers in [1, 2, 3] {
        let mut cluster = Cluster::with_accounts(workers);
        let [same, alike, other] = ["bill", "b1ll", "ball"].map(|name| cluster.join(name));
        cluster.account("Bill", Role::User, "correct horse");
        for gone in [same, alike] {
            assert_eq!(cluster.refused(gone), (0, Code::NameTaken));
            assert!(cluster.is_shut(gone));
        }
        assert_eq!(cluster.ask(other, "/ping", "here"), "here");
        let bill = cluster.log_in("bill", "correct horse");
        cluster.say(other, "bill", "hello");
        assert_eq!(cluster.only(bill).msg, "hello");
    }
}

#[test]
fn who_registers_a_name_that_somebody_else_has_made_an_account_does_not_get_it() {
    let mut cluster = Cluster::with_accounts(1);
    let ann = cluster.join("ann");
    cluster.say(ann, "/register", "correct horse");
    cluster.account("ann", Role::Operator, "the real one");
    assert_eq!(cluster.heard(ann), [], "the store has yet to say so");
    cluster.answer();
    assert_eq!(cluster.refused(ann), (1, Code::NameTaken));
    assert!(cluster.is_shut(ann));
    // Neither does one whom the store never answers.
    let mut cluster = Cluster::with_accounts(1);
    let ann = cluster.join("ann");
    cluster.say(ann, "/register", "correct horse");
    cluster.account("ann", Role::Operator, "the real one");
    cluster.asked.clear();
    cluster.pass(limits::STORE_TIMEOUT);
    assert_eq!(cluster.refusals(ann), [(1, Code::Busy), (0, Code::NameTaken)]);
}

#[test]
fn another_password_ends_the_other_sessions() {
    let mut cluster = Cluster::with_accounts(2);
    cluster.account("alice", Role::User, "correct horse");
    let [here, other] = [0; 2].map(|_| cluster.log_in("alice", "correct horse"));
    for (bad, code) in [
        ("correct horse", Code::BadArgument),
        ("correct horse\nshort", Code::WeakPassword),
        ("correct horse\nalice", Code::WeakPassword),
        ("correct horse\ntwo\nlines", Code::BadArgument),
    ] {
        assert_eq!(cluster.refusal(here, "/password", bad), code, "{bad}");
    }
    cluster.say(here, "/password", "wrong horse\nbattery staple");
    cluster.answer();
    cluster.pass_to_the_end(SECOND, |cluster| assert_eq!(cluster.heard(here), []));
    assert_eq!(cluster.refused(here).1, Code::WrongLogin);
    assert_eq!(cluster.ask_store(here, "/password", "correct horse\nbattery staple"), "ok");
    assert_eq!(cluster.refused(other), (0, Code::LoginRequired));
    assert!(cluster.is_shut(other));
    cluster.log_in("alice", "battery staple");
}

#[test]
fn guests_have_neither_password_nor_tokens() {
    let mut cluster = Cluster::with_accounts(1);
    let bob = cluster.join("bob");
    for endpoint in ["/password", "/token"] {
        assert_eq!(cluster.refusal(bob, endpoint, "list"), Code::LoginRequired);
    }
}

#[test]
fn tokens_are_made_listed_and_revoked_with_the_sessions_they_let_in() {
    let mut cluster = Cluster::with_accounts(2);
    cluster.account("alice", Role::User, "correct horse");
    let alice = cluster.log_in("alice", "correct horse");
    let text = cluster.ask_store(alice, "/token", "new phone");
    let secret = text.strip_prefix("phone ").unwrap().to_owned();
    assert_eq!(cluster.refusal(alice, "/token", "new phone"), Code::BadArgument);
    for bad in ["", "new", "new Phone", "list all", "revoke none", "make x"] {
        assert_eq!(cluster.refusal(alice, "/token", bad), Code::BadArgument, "{bad}");
    }
    let list = cluster.ask_store(alice, "/token", "list");
    assert_eq!(list, "1-1 of 1\nphone 1970-01-01T00:00:00Z -");
    let phone = cluster.connect(0);
    cluster.name(phone, "alice");
    cluster.write(phone, b"alice\n");
    cluster.say(phone, "/login", &format!("token {secret}"));
    cluster.answer();
    assert_eq!(cluster.heard(phone).len(), 2);
    assert_eq!(cluster.ask_store(alice, "/token", "revoke phone"), "phone");
    assert_eq!(cluster.refused(phone), (0, Code::LoginRequired));
    assert_eq!(cluster.ask_store(alice, "/token", "list"), "0-0 of 0");
    assert!(!cluster.is_shut(alice));
}

#[test]
fn locked_and_erased_accounts_have_no_sessions() {
    for erased in [true, false] {
        let mut cluster = Cluster::with_accounts(2);
        cluster.account("alice", Role::User, "correct horse");
        let sessions = [0; 2].map(|_| cluster.log_in("alice", "correct horse"));
        let notice = match erased {
            true => cluster.store.erase("alice"),
            false => cluster.store.change("alice", |account| account.locked = true),
        };
        cluster.notice(notice);
        for session in sessions {
            assert_eq!(cluster.refused(session), (0, Code::LoginRequired));
        }
        assert_eq!(cluster.counters.users(), 0);
    }
}

#[test]
fn an_operators_account_is_one_in_each_session_and_broadcasts_are_for_operators() {
    let mut cluster = Cluster::with_accounts(2);
    cluster.account("alice", Role::User, "correct horse");
    let bob = cluster.join("bob");
    let alice = cluster.log_in("alice", "correct horse");
    assert_eq!(cluster.ask(bob, "/broadcast", "all may"), "1");
    assert_eq!(cluster.only(alice).msg, "all may");
    assert_eq!(cluster.refusal(alice, "/kick", "bob"), Code::NotOperator);
    let notice = cluster.store.change("alice", |account| account.role = Role::Operator);
    cluster.notice(notice);
    let other = cluster.log_in("alice", "correct horse");
    assert_eq!(cluster.refusal(bob, "/broadcast", "no more"), Code::NotOperator);
    assert_eq!(cluster.ask(other, "/whoami", ""), "alice operator 2");
    for (session, second) in [(alice, other), (other, alice)] {
        assert_eq!(cluster.ask(session, "/broadcast", "lunch"), "1");
        assert_eq!(cluster.texts(second), ["lunch"], "it is stored: the others get it, too");
    }
    assert_eq!(cluster.texts(bob), ["lunch"; 2]);
    let notice = cluster.store.change("alice", |account| account.role = Role::User);
    cluster.notice(notice);
    assert_eq!(cluster.refusal(alice, "/kick", "bob"), Code::NotOperator);
    assert_eq!(cluster.ask(bob, "/broadcast", "all may"), "1");
}

#[test]
fn the_operators_token_needs_a_secure_connection_where_there_is_a_data_directory() {
    let token = Some("sesame".to_owned());
    let plain = Settings { operator_token: token.clone(), ..unpaced() };
    let mut cluster = Cluster::new(1, plain.clone());
    let bob = cluster.join("bob");
    assert_eq!(cluster.ask(bob, "/operator", "sesame"), "ok");
    let mut cluster = Cluster::new(1, Settings { has_data: true, ..plain });
    let bob = cluster.join("bob");
    assert_eq!(cluster.refusal(bob, "/operator", "sesame"), Code::TlsRequired);
    cluster.secured(bob, &[]);
    assert_eq!(cluster.ask(bob, "/operator", "sesame"), "ok");
}

#[test]
fn a_token_makes_an_account_an_operator_until_there_is_another_token() {
    let settings = Settings { operator_token: Some("sesame".to_owned()), ..with_accounts() };
    let mut cluster = Cluster::new(1, settings.clone());
    cluster.account("alice", Role::User, "correct horse");
    cluster.account("root", Role::Operator, "correct horse");
    let [alice, root] = ["alice", "root"].map(|name| cluster.log_in(name, "correct horse"));
    for session in [alice, root] {
        assert_eq!(cluster.ask(session, "/operator", "sesame"), "ok");
    }
    let other = Settings { operator_token: Some("other".to_owned()), ..settings };
    let now = cluster.now;
    cluster.shards[0].reload(now, other.into());
    assert_eq!(cluster.ask(alice, "/whoami", ""), "alice user 1");
    assert_eq!(cluster.ask(root, "/whoami", ""), "root operator 1");
}

#[test]
fn operators_invite_and_nobody_else() {
    let mut cluster = Cluster::with_accounts(1);
    cluster.account("root", Role::Operator, "correct horse");
    let root = cluster.log_in("root", "correct horse");
    let bob = cluster.join("bob");
    assert_eq!(cluster.refusal(bob, "/invite-user", "carl"), Code::NotOperator);
    assert_eq!(cluster.refusal(root, "/invite-user", "no name"), Code::BadArgument);
    assert_eq!(cluster.refusal(root, "/invite-user", "root"), Code::BadArgument, "has a secret");
    let guest = cluster.join("carl");
    assert!(cluster.ask_store(root, "/invite-user", "Carl").starts_with("Carl code-"));
    assert_eq!(cluster.refused(guest), (0, Code::NameTaken));
}

#[test]
fn counters_tell_of_accounts_and_sessions() {
    let mut cluster = Cluster::with_accounts(2);
    for name in ["alice", "bob", "carl"] {
        cluster.account(name, Role::User, "correct horse");
    }
    let [alice, _] = [0; 2].map(|_| cluster.log_in("alice", "correct horse"));
    cluster.join("guest");
    let stats = cluster.ask(alice, "/stats", "");
    let line = |name: &str| stats.lines().find(|line| line.starts_with(name)).unwrap().to_owned();
    assert_eq!([line("accounts"), line("sessions")], ["accounts 3", "sessions 3"]);
    assert_eq!(line("store_failing"), "store_failing 0");
    assert!(line("users ").ends_with(" 2"), "{stats}");
}

#[test]
fn a_notice_about_nobody_here_changes_nothing() {
    let mut cluster = Cluster::with_accounts(1);
    cluster.account("alice", Role::User, "correct horse");
    let account = cluster.store.id("alice").unwrap();
    cluster.notice(Notice::EndSessions { account, token: None, but_asker: false });
    let alice = cluster.log_in("alice", "correct horse");
    cluster.notice(Notice::EndSessions { account, token: None, but_asker: false });
    assert_eq!(cluster.refused(alice), (0, Code::LoginRequired));
}
