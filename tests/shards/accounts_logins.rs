//! Greetings with an account's name: the challenge, `/login`, wrong secrets, certificates.

use crate::cluster::{Cluster, packet, with_accounts};
use lanline::accounts::{Account, Notice, Proof, Request, Role};
use lanline::chat::{Accounts, Code, Ended, Settings, StoreRequest};
use lanline::limits;
use std::time::Duration;

const SECOND: Duration = Duration::from_secs(1);

fn cluster(workers: usize) -> Cluster {
    let mut cluster = Cluster::with_accounts(workers);
    cluster.account("Alice", Role::User, "correct horse");
    cluster
}

/// Connects somebody who greets with a name and is challenged.
fn challenged(cluster: &mut Cluster, name: &str) -> usize {
    let who = cluster.connect(0);
    cluster.name(who, name);
    cluster.write(who, format!("{name}\n").as_bytes());
    let heard = cluster.only(who);
    assert_eq!((heard.from.as_str(), heard.to.as_str()), ("/login", ""));
    assert_eq!(heard.msg, format!("{name} password token invite"));
    who
}

#[test]
fn an_accounts_name_is_challenged_and_welcomed_with_the_right_password() {
    for workers in [1, 2, 3] {
        let mut cluster = cluster(workers);
        let who = challenged(&mut cluster, "ALICE");
        assert_eq!(cluster.counters.users(), 0);
        cluster.say(who, "/login", "password correct horse");
        assert_eq!(cluster.heard(who), [], "the store has yet to say so");
        cluster.answer();
        let welcome = cluster.only(who);
        assert_eq!((&*welcome.from, &*welcome.to), ("/welcome", "Alice"), "as it was registered");
        assert_eq!(cluster.counters.users(), 1);
        assert_eq!(cluster.ask(who, "/whoami", ""), "Alice user 1");
        let bob = cluster.join("bob");
        cluster.say(bob, "alice", "hello");
        assert_eq!(cluster.only(who).msg, "hello");
        assert_eq!(cluster.refusal(who, "/login", "password correct horse"), Code::BadArgument);
    }
}

#[test]
fn until_the_welcome_only_login_and_quit_are_heard() {
    let mut cluster = cluster(2);
    let who = challenged(&mut cluster, "alice");
    for (to, msg) in [("/ping", ""), ("bob", "hi"), ("#ops", "x"), ("/register", "12345678")] {
        assert_eq!(cluster.refusal(who, to, msg), Code::LoginRequired, "{to}");
    }
    cluster.write(who, &packet("bob", "/login", "password correct horse"));
    assert_eq!(cluster.refused(who), (5, Code::NotYou));
    for msg in ["", "correct horse", "password", "word x", "invite x"] {
        assert_eq!(cluster.refusal(who, "/login", msg), Code::BadArgument, "{msg}");
    }
    assert!(cluster.asked.is_empty() && !cluster.is_shut(who));
    cluster.say(who, "/quit", "");
    assert_eq!(cluster.only(who).msg, "bye");
    assert!(cluster.is_shut(who));
    let junk = challenged(&mut cluster, "alice");
    cluster.write(junk, b"junk\n");
    assert_eq!(cluster.refused(junk), (1, Code::Malformed));
    assert!(cluster.is_shut(junk));
}

#[test]
fn a_greeting_packet_is_challenged_and_a_login_as_the_first_packet_is_not() {
    for workers in [1, 2] {
        let mut cluster = cluster(workers);
        let who = cluster.connect(workers - 1);
        cluster.name(who, "alice");
        cluster.write(who, &packet("alice", "/ping", "x"));
        let heard = cluster.heard(who);
        assert_eq!(heard[0].msg, "alice password token invite");
        assert_eq!(heard[1].refusal(), (1, "login-required"));
        let mut both = packet("alice", "/login", "password correct horse");
        both.extend(packet("alice", "/ping", "behind it"));
        let other = cluster.connect(0);
        cluster.write(other, &both);
        assert_eq!(cluster.heard(other), []);
        cluster.answer();
        let from: Vec<String> = cluster.heard(other).into_iter().map(|heard| heard.from).collect();
        assert_eq!(from, ["/welcome", "/ping"]);
    }
}

#[test]
fn wrong_secrets_are_told_later_each_time_and_the_fourth_closes() {
    let mut cluster = cluster(1);
    let who = challenged(&mut cluster, "alice");
    for (wrong, delay) in [1, 2, 4, 8].into_iter().enumerate() {
        cluster.say(who, "/login", "password wrong horse");
        cluster.say(who, "/ping", "waits");
        cluster.answer();
        cluster.pass_to_the_end(delay * SECOND, |cluster| assert_eq!(cluster.heard(who), []));
        let refusals = cluster.refusals(who);
        let ordinal = 2 * wrong as u64 + 1;
        assert_eq!(refusals[0], (ordinal, Code::WrongLogin));
        let closes = wrong == 3;
        assert_eq!((refusals.len(), cluster.is_shut(who)), (2 - usize::from(closes), closes));
    }
}

#[test]
fn a_slow_store_makes_a_wrong_secret_no_later_than_it_is() {
    let mut cluster = cluster(1);
    let who = challenged(&mut cluster, "alice");
    cluster.say(who, "/login", "token nothing");
    cluster.pass(3 * SECOND);
    cluster.answer();
    cluster.pass(Duration::ZERO);
    assert_eq!(cluster.refused(who), (1, Code::WrongLogin));
}

#[test]
fn nobody_else_waits_for_a_guesser() {
    let mut cluster = cluster(1);
    let guesser = challenged(&mut cluster, "alice");
    cluster.say(guesser, "/login", "password wrong horse");
    cluster.answer();
    let alice = cluster.log_in("alice", "correct horse");
    assert_eq!(cluster.ask(alice, "/ping", "here"), "here");
}

#[test]
fn tokens_and_invitations_let_in_and_a_weak_password_is_told() {
    let mut cluster = cluster(2);
    cluster.account("root", Role::Operator, "the password");
    cluster.store.give_token("alice", "phone", "s3cret");
    let who = challenged(&mut cluster, "alice");
    cluster.say(who, "/login", "token s3cret");
    cluster.answer();
    assert_eq!(cluster.only(who).from, "/welcome");
    let root = cluster.log_in("root", "the password");
    let text = cluster.ask_store(root, "/invite-user", "Carl");
    let code = text.strip_prefix("Carl ").unwrap().to_owned();
    let carl = challenged(&mut cluster, "carl");
    assert_eq!(
        cluster.refusal(carl, "/login", &format!("invite {code} short")),
        Code::WeakPassword
    );
    cluster.say(carl, "/login", &format!("invite {code} long enough"));
    cluster.answer();
    assert_eq!(cluster.only(carl).to, "Carl");
    cluster.log_in("CARL", "long enough");
}

#[test]
fn who_does_not_log_in_in_time_is_refused() {
    let mut cluster = cluster(1);
    let who = challenged(&mut cluster, "alice");
    cluster.pass_to_the_end(limits::LOGIN_TIMEOUT_DEFAULT, |cluster| {
        assert_eq!(cluster.heard(who), []);
    });
    assert_eq!(cluster.refused(who), (0, Code::GreetingTimeout));
    assert!(cluster.is_shut(who));
}

#[test]
fn secrets_go_over_secure_connections_only() {
    let settings = Settings { plain_logins: false, ..with_accounts() };
    let mut cluster = Cluster::new(2, settings);
    cluster.account("alice", Role::User, "correct horse");
    for (greeting, ordinal) in [
        (b"alice\n".to_vec(), 0),
        (packet("Alice", "/ping", ""), 1),
        (packet("alice", "/login", "password correct horse"), 1),
        (packet("nobody", "/login", "password correct horse"), 1),
    ] {
        let who = cluster.connect(0);
        cluster.write(who, &greeting);
        assert_eq!(cluster.refused(who), (ordinal, Code::TlsRequired));
        assert!(cluster.is_shut(who) && cluster.asked.is_empty());
    }
    let bob = cluster.join("bob");
    for endpoint in ["/login", "/register", "/password", "/token", "/invite-user"] {
        assert_eq!(cluster.refusal(bob, endpoint, "x"), Code::TlsRequired, "{endpoint}");
    }
    assert_eq!(cluster.ask(bob, "/ping", "it stays"), "it stays");
    let who = cluster.connect(1);
    cluster.secured(who, &[]);
    cluster.write(who, b"alice\n");
    assert_eq!(cluster.only(who).from, "/login");
}

#[test]
fn a_closed_site_answers_names_with_and_without_an_account_alike() {
    let mut cluster = Cluster::new(2, Settings { accounts: Accounts::Closed, ..with_accounts() });
    cluster.account("alice", Role::User, "correct horse");
    cluster.account("locked", Role::User, "correct horse");
    let notice = cluster.store.change("locked", |account| account.locked = true);
    cluster.notice(notice);
    let asks = |cluster: &mut Cluster, name: &str| {
        let who = challenged(cluster, name);
        cluster.say(who, "/login", "password wrong horse");
        let asked = cluster.asked.iter().map(|StoreRequest { request, .. }| match request {
            Request::Login { account, .. } => account.is_some(),
            other => panic!("{other:?}"),
        });
        let asked: Vec<bool> = asked.collect();
        cluster.answer();
        cluster.pass_to_the_end(SECOND, |cluster| assert_eq!(cluster.heard(who), []));
        assert_eq!(cluster.refused(who), (1, Code::WrongLogin));
        asked
    };
    assert_eq!(asks(&mut cluster, "alice"), [true]);
    for name in ["nobody", "a1ice", "aIice", "locked"] {
        assert_eq!(asks(&mut cluster, name), [false], "{name}");
    }
    let bad = cluster.connect(0);
    cluster.write(bad, b"al ice\n");
    assert_eq!(cluster.refused(bad), (0, Code::BadName));
}

#[test]
fn a_login_for_no_account_is_a_wrong_login_where_guests_may_come_too() {
    let mut cluster = cluster(1);
    let who = cluster.connect(0);
    cluster.name(who, "nobody");
    cluster.say(who, "/login", "password correct horse");
    cluster.answer();
    cluster.pass(SECOND);
    assert_eq!(cluster.refused(who), (1, Code::WrongLogin));
    assert_eq!(cluster.refusal(who, "/ping", ""), Code::LoginRequired);
}

#[test]
fn a_certificate_with_the_accounts_name_lets_in() {
    let mut cluster = cluster(2);
    for greeting in [b"alice\n".to_vec(), packet("alice", "/ping", "x")] {
        for worker in [0, 1] {
            let who = cluster.connect(worker);
            cluster.secured(who, &["the crew", "ALICE"]);
            cluster.write(who, &greeting);
            let proof = &cluster.asked[0].request;
            assert!(matches!(proof, Request::Login { proof: Proof::Certificate, .. }), "{proof:?}");
            cluster.answer();
            assert_eq!(cluster.heard(who)[0].from, "/welcome");
        }
    }
    let other = cluster.connect(0);
    cluster.secured(other, &["bob"]);
    cluster.write(other, b"alice\n");
    assert_eq!(cluster.only(other).from, "/login");
}

#[test]
fn who_logs_in_while_the_account_is_erased_or_locked_does_not_get_in() {
    for erased in [true, false] {
        let mut cluster = cluster(2);
        let who = challenged(&mut cluster, "alice");
        cluster.say(who, "/login", "password correct horse");
        // The store said yes, and was told to erase the account before that was heard.
        let asked = std::mem::take(&mut cluster.asked);
        let notice = match erased {
            true => Notice::Erased(cluster.store.id("alice").unwrap()),
            false => cluster.store.change("alice", |account| account.locked = true),
        };
        cluster.notice(notice);
        cluster.asked = asked;
        cluster.answer();
        cluster.pass(SECOND);
        assert_eq!(cluster.refused(who), (1, Code::WrongLogin));
        assert_eq!(cluster.counters.users(), 0);
    }
}

#[test]
fn a_store_that_fails_or_never_replies_is_told_and_logins_go_on() {
    let mut cluster = cluster(1);
    let who = challenged(&mut cluster, "alice");
    cluster.store.unavailable = true;
    assert_eq!(cluster.refusal(who, "/login", "password correct horse"), Code::Busy);
    cluster.store.unavailable = false;
    cluster.say(who, "/login", "password correct horse");
    cluster.asked.clear();
    cluster.pass(limits::STORE_TIMEOUT - SECOND);
    assert!(!cluster.is_shut(who));
    // The time to log in is over before that: as long as the store may take.
    cluster.pass(SECOND);
    assert!(cluster.is_shut(who));
    cluster.log_in("alice", "correct horse");
}

#[test]
fn no_secret_is_judged_for_who_is_gone_and_no_reply_finds_another() {
    let mut cluster = cluster(1);
    let who = challenged(&mut cluster, "alice");
    cluster.say(who, "/login", "password correct horse");
    cluster.end(who, Ended::Reset);
    assert!(cluster.is_closed(who));
    let next = challenged(&mut cluster, "alice");
    cluster.answer();
    assert_eq!(cluster.heard(next), []);
    assert_eq!(cluster.counters.users(), 0);
}

#[test]
fn a_polite_end_behind_a_login_waits_for_its_answer() {
    let mut cluster = cluster(1);
    let bob = cluster.join("bob");
    let who = cluster.connect(0);
    let mut all = b"alice\n".to_vec();
    all.extend(packet("alice", "/login", "password correct horse"));
    all.extend(packet("alice", "bob", "in time"));
    cluster.write(who, &all);
    cluster.end(who, Ended::Politely);
    assert_eq!(cluster.heard(bob), []);
    cluster.answer();
    assert_eq!(cluster.only(bob).msg, "in time");
    assert_eq!(cluster.texts(who).len(), 2);
    assert!(cluster.is_closed(who));
}

#[test]
fn what_is_known_before_the_first_client_holds_for_it() {
    let mut cluster = Cluster::with_accounts(2);
    let Notice::Account(alice) = cluster.store.add("alice", Role::User, "correct horse") else {
        panic!()
    };
    let seen = Account { last_seen: Some(0), ..alice };
    for shard in &mut cluster.shards {
        shard.inform(cluster.now, &Notice::Account(seen.clone()));
    }
    challenged(&mut cluster, "alice");
    assert_eq!(cluster.counters.sum(|counters| &counters.accounts), 1);
}
