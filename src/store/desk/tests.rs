//! What the desk does with requests, orders, and a disk that refuses. Never: real hashes.

use super::test_site::{Site, ended, label, name, password, peer, registering, work_out};
use super::{Answer, Done};
use crate::accounts::{
    AccountId, Ban, Banned, Failure, Notice, Proof, Reply, Request, Role, Secret,
};
use crate::limits::{REGISTRATIONS_MAX, TOKENS_PER_ACCOUNT_MAX};
use crate::store::order::Refusal;
use crate::store::{Order, Told};

fn invite_proof(code: &Secret, password: &str) -> Proof {
    Proof::Invite { code: code.clone(), password: Secret::new(password) }
}

fn ban(text: &str, until: Option<i64>, reason: &str) -> Ban {
    Ban { who: Banned::parse(text).unwrap(), until, by: "op".into(), reason: reason.into() }
}

#[test]
fn who_registers_can_log_in_by_the_password_and_by_no_other() {
    let mut site = Site::new();
    let alice = site.register("Alice", "correct horse", 1);
    assert_eq!(site.log_in(alice, password("correct horse"), 2), Ok(None));
    assert_eq!(site.log_in(alice, password("correct horse "), 2), Err(Failure::WrongSecret));
    let nobody = Request::Login { account: None, proof: password("correct horse"), peer: peer(2) };
    assert_eq!(site.failure(nobody), Failure::WrongSecret);
    let known = site.known();
    assert_eq!((known["Alice"].id, known["Alice"].role), (alice, Role::User));
    assert_eq!(site.log_in(alice, password("correct horse"), 2), Ok(None), "after a restart");
    assert_eq!(site.log_in(alice, Proof::Certificate, 2), Ok(None));
}

#[test]
fn a_name_that_looks_like_an_account_is_taken() {
    let mut site = Site::new();
    site.register("bill", "correct horse", 1);
    for text in ["bill", "BILL", "bi11", "biIl", "Bi1l", "B1LL"] {
        assert_eq!(site.failure(registering(text, "x", 1)), Failure::NameTaken, "{text}");
    }
    site.register("billy", "correct horse", 1);
    site.register("alice", "correct horse", 1);
    assert_eq!(site.failure(registering("AL1CE", "x", 1)), Failure::NameTaken);
}

#[test]
fn of_fifty_who_register_one_name_at_once_one_gets_it() {
    let mut site = Site::new();
    for number in 0..50 {
        let text = if number % 2 == 0 { "alice" } else { "ALICE" };
        site.begin(registering(text, "correct horse", number));
    }
    let replies: Vec<_> = site.settle().into_iter().map(|done| done.answer).collect();
    assert_eq!(replies.len(), 50);
    let got = |answer: &&Answer| matches!(answer, Answer::Reply(Reply::Registered { .. }));
    assert_eq!(replies.iter().filter(got).count(), 1);
    assert_eq!(site.known().len(), 1);
}

#[test]
fn sixty_accounts_an_hour_come_from_one_address_and_any_number_from_this_machine() {
    let mut site = Site::new();
    for number in 0..REGISTRATIONS_MAX {
        site.register(&format!("user-{number}"), "correct horse", 1);
        // One that comes to nothing doesn't count.
        site.failure(registering("user-0", "correct horse", 1));
    }
    assert_eq!(site.failure(registering("one-more", "correct horse", 1)), Failure::SlowDown);
    site.register("other", "correct horse", 2);
    for number in 0..=REGISTRATIONS_MAX {
        let name = name(&format!("here-{number}"));
        let here = "127.0.0.1".parse().unwrap();
        let request = Request::Register { name, password: Secret::new("x"), peer: here };
        assert!(matches!(site.ask(request).1, Reply::Registered { .. }));
    }
    site.pass(60 * 60);
    site.register("one-more", "correct horse", 1);
}

#[test]
fn after_ten_wrong_ones_an_address_is_not_looked_at_for_a_minute() {
    let mut site = Site::new();
    let alice = site.register("alice", "correct horse", 1);
    for _ in 0..10 {
        assert_eq!(site.log_in(alice, password("wrong"), 2), Err(Failure::WrongSecret));
    }
    assert_eq!(site.log_in(alice, password("correct horse"), 2), Err(Failure::WrongSecret));
    assert_eq!(site.log_in(alice, password("correct horse"), 3), Err(Failure::WrongSecret));
    assert_eq!(site.log_in(alice, password("correct horse"), 1), Ok(None), "known to it");
    site.pass(60);
    assert_eq!(site.log_in(alice, password("correct horse"), 2), Ok(None));
}

#[test]
fn more_than_ten_at_once_are_not_looked_at_either() {
    let mut site = Site::new();
    let alice = site.register("alice", "correct horse", 1);
    for number in 0..11 {
        let proof = password(if number < 10 { "wrong" } else { "correct horse" });
        site.begin(Request::Login { account: Some(alice), proof, peer: peer(2) });
    }
    let mut hashed = 0;
    while let Some(sum) = site.desk.next_sum(site.clock) {
        hashed += 1;
        site.desk.summed(site.clock, work_out(sum));
    }
    assert_eq!(hashed, 10);
    assert_eq!(site.settle().len(), 11);
}

#[test]
fn an_account_that_is_locked_or_erased_meanwhile_is_not_logged_in_to() {
    for end in [
        Order::SetLocked { name: name("alice"), locked: true },
        Order::Erase { name: name("alice") },
        Order::SetPassword { name: name("alice"), password: Secret::new("another one") },
    ] {
        let mut site = Site::new();
        let alice = site.register("alice", "correct horse", 1);
        let proof = password("correct horse");
        site.begin(Request::Login { account: Some(alice), proof, peer: peer(1) });
        let sum = site.desk.next_sum(site.clock).unwrap();
        let summed = work_out(sum);
        assert!(summed.is_right);
        site.desk.order(site.clock, 99, end);
        // The order's own password waits for its turn.
        let first = site.desk.commit().0;
        site.desk.summed(site.clock, summed);
        let rest = site.settle();
        let logged_in = |answer: &Answer| matches!(answer, Answer::Reply(Reply::LoggedIn { .. }));
        let all = first.into_iter().chain(rest);
        let count = all.filter(|done| logged_in(&done.answer)).count();
        // The reset came behind the login.
        assert_eq!(
            count,
            usize::from(site.known().contains_key("alice") && !site.known()["alice"].locked)
        );
    }
}

#[test]
fn a_token_logs_in_until_it_is_revoked_and_its_sessions_end() {
    let mut site = Site::new();
    let alice = site.register("alice", "correct horse", 1);
    let bob = site.register("bob", "correct horse", 1);
    let secret = site.token(alice, "phone");
    assert_eq!(
        site.failure(Request::NewToken { account: alice, label: label("phone") }),
        Failure::BadArgument
    );
    site.token(bob, "phone");
    site.pass(100);
    let token = site.log_in(alice, Proof::Token(secret.clone()), 2).unwrap();
    assert!(token.is_some());
    assert_eq!(site.log_in(bob, Proof::Token(secret.clone()), 2), Err(Failure::WrongSecret));
    let (_, Reply::Tokens(rows)) = site.ask(Request::Tokens { account: alice }) else { panic!() };
    assert_eq!((rows.len(), rows[0].created, rows[0].used), (1, 1_000_000, Some(1_000_100)));
    let revoke = || Request::RevokeToken { account: alice, label: label("phone") };
    let (notices, reply) = site.ask(revoke());
    assert!(matches!(reply, Reply::TokenRevoked(_)));
    assert_eq!(ended(&notices), [(alice, token, true)]);
    assert_eq!(site.failure(revoke()), Failure::BadArgument);
    assert_eq!(site.log_in(alice, Proof::Token(secret), 2), Err(Failure::WrongSecret));
}

#[test]
fn an_account_has_so_many_tokens_and_no_more() {
    let mut site = Site::new();
    let alice = site.register("alice", "correct horse", 1);
    for number in 0..TOKENS_PER_ACCOUNT_MAX {
        site.token(alice, &format!("t{number}"));
    }
    let one_more = Request::NewToken { account: alice, label: label("x") };
    assert_eq!(site.failure(one_more), Failure::TooMany);
}

#[test]
fn a_password_is_changed_by_who_knows_the_old_one() {
    let mut site = Site::new();
    let alice = site.register("alice", "correct horse", 1);
    let change = |old: &str| Request::Password {
        account: alice,
        old: Secret::new(old),
        new: Secret::new("battery staple"),
        peer: peer(1),
    };
    assert_eq!(site.failure(change("wrong")), Failure::WrongSecret);
    let (notices, reply) = site.ask(change("correct horse"));
    assert!(matches!(reply, Reply::PasswordSet));
    assert_eq!(ended(&notices), [(alice, None, true)]);
    assert_eq!(site.log_in(alice, password("correct horse"), 1), Err(Failure::WrongSecret));
    assert_eq!(site.log_in(alice, password("battery staple"), 1), Ok(None));
}

#[test]
fn an_invitation_sets_a_password_once_within_its_time() {
    let mut site = Site::new();
    let invite = || Request::Invite { name: name("carol"), by: name("op") };
    let (notices, Reply::Invited { code: earlier }) = site.ask(invite()) else { panic!() };
    let [Notice::Account(account)] = &notices[..] else { panic!("{notices:?}") };
    let carol = account.id;
    let (notices, Reply::Invited { code }) = site.ask(invite()) else { panic!() };
    assert!(notices.is_empty(), "it is there already");
    let wrong = Err(Failure::WrongSecret);
    assert_eq!(site.log_in(carol, password(""), 1), wrong, "it has no password");
    assert_eq!(site.log_in(carol, invite_proof(&earlier, "correct horse"), 1), wrong);
    // Twice at the same moment.
    for _ in 0..2 {
        let proof = invite_proof(&code, "correct horse");
        site.begin(Request::Login { account: Some(carol), proof, peer: peer(1) });
    }
    let done = site.settle();
    let reply = |done: Done<u32>| match done.answer {
        Answer::Reply(reply) => reply,
        other => panic!("{other:?}"),
    };
    let replies: Vec<_> = done.into_iter().map(reply).collect();
    assert!(
        matches!(replies[..], [Reply::LoggedIn { .. }, Reply::Failed(Failure::WrongSecret)]),
        "{replies:?}"
    );
    assert_eq!(site.log_in(carol, invite_proof(&code, "battery staple"), 1), wrong);
    assert_eq!(site.log_in(carol, password("correct horse"), 1), Ok(None));
    assert_eq!(site.failure(invite()), Failure::BadArgument, "it has a secret");
}

#[test]
fn an_invitation_ends_after_seven_days() {
    let mut site = Site::new();
    let mut invited = |after: u64| {
        let invite = Request::Invite { name: name("carol"), by: name("op") };
        let (_, Reply::Invited { code }) = site.ask(invite) else { panic!() };
        let carol = site.known()["carol"].id;
        site.pass(after);
        site.log_in(carol, invite_proof(&code, "correct horse"), 1)
    };
    assert_eq!(invited(7 * 86_400), Err(Failure::WrongSecret));
    assert_eq!(invited(7 * 86_400 - 1), Ok(None));
}

#[test]
fn an_invitation_of_the_command_line_resets_a_secret_once_it_is_used() {
    let mut site = Site::new();
    let alice = site.register("alice", "correct horse", 1);
    let token = site.token(alice, "phone");
    let (_, Told::Code(code)) = site.order(Order::Invite { name: name("Alice") }) else { panic!() };
    assert_eq!(site.log_in(alice, password("correct horse"), 1), Ok(None), "not used yet");
    let proof = invite_proof(&code, "battery staple");
    let (notices, reply) = site.ask(Request::Login { account: Some(alice), proof, peer: peer(1) });
    assert!(matches!(reply, Reply::LoggedIn { .. }));
    assert_eq!(ended(&notices), [(alice, None, true)]);
    assert_eq!(site.log_in(alice, password("correct horse"), 1), Err(Failure::WrongSecret));
    assert_eq!(site.log_in(alice, Proof::Token(token), 1), Err(Failure::WrongSecret));
}

#[test]
fn a_secret_that_is_reset_a_lock_and_an_erasure_end_sessions_and_tokens() {
    for order in [
        Order::SetPassword { name: name("alice"), password: Secret::new("battery staple") },
        Order::SetLocked { name: name("alice"), locked: true },
        Order::Erase { name: name("alice") },
    ] {
        let mut site = Site::new();
        let alice = site.register("alice", "correct horse", 1);
        let token = site.token(alice, "phone");
        let is_erased = matches!(order, Order::Erase { .. });
        let (notices, told) = site.order(order);
        assert!(matches!(told, Told::Done));
        assert_eq!(ended(&notices), [(alice, None, false)]);
        let erased = notices.iter().any(|it| matches!(it, Notice::Erased(id) if *id == alice));
        assert_eq!(erased, is_erased);
        assert_eq!(site.log_in(alice, password("correct horse"), 1), Err(Failure::WrongSecret));
        let unlock = Order::SetLocked { name: name("alice"), locked: false };
        let (_, told) = site.order(unlock);
        assert_eq!(matches!(told, Told::Refused(Refusal::NoSuchAccount)), is_erased);
        assert_eq!(site.log_in(alice, Proof::Token(token), 1), Err(Failure::WrongSecret));
    }
}

#[test]
fn who_takes_an_erased_name_is_somebody_else() {
    let mut site = Site::new();
    let first = site.register("alice", "correct horse", 1);
    let token = site.token(first, "phone");
    site.order(Order::Erase { name: name("ALICE") });
    site.restart();
    let second = site.register("alice", "battery staple", 1);
    assert!(second > first);
    assert_eq!(site.log_in(second, Proof::Token(token), 1), Err(Failure::WrongSecret));
    let (_, Reply::Tokens(rows)) = site.ask(Request::Tokens { account: second }) else { panic!() };
    assert!(rows.is_empty());
}

#[test]
fn orders_make_list_and_change_accounts() {
    let mut site = Site::new();
    let add = |text: &str, role, secret: Option<&str>| Order::AddAccount {
        name: name(text),
        role,
        password: secret.map(Secret::new),
    };
    let (notices, _) = site.order(add("Alice", Role::Operator, Some("correct horse")));
    assert!(matches!(&notices[..], [Notice::Account(it)] if it.role == Role::Operator));
    site.order(add("bob", Role::User, None));
    let (_, told) = site.order(add("AL1CE", Role::User, None));
    assert!(matches!(told, Told::Refused(Refusal::NameTaken)), "{told:?}");
    let alice = site.known()["Alice"].id;
    assert_eq!(site.log_in(alice, password("correct horse"), 1), Ok(None));
    let (notices, _) = site.order(Order::SetRole { name: name("alice"), role: Role::User });
    assert!(matches!(&notices[..], [Notice::Account(it)] if it.role == Role::User));
    let (_, Told::Accounts(rows)) = site.order(Order::Accounts) else { panic!() };
    let rows: Vec<_> =
        rows.iter().map(|row| (row.name.shown(), row.role, row.has_secret)).collect();
    assert_eq!(rows, [("Alice", Role::User, true), ("bob", Role::User, false)]);
    assert_eq!(site.desk.accounts(), 2);
}

#[test]
fn the_time_of_the_last_session_is_kept() {
    let mut site = Site::new();
    let alice = site.register("alice", "correct horse", 1);
    site.pass(77);
    site.desk.ask(site.clock, None, Request::Left { account: alice });
    assert!(site.settle().is_empty(), "nobody waits for it");
    assert_eq!(site.known()["alice"].last_seen, Some(1_000_077));
    site.desk.ask(
        site.clock,
        None,
        Request::Left { account: AccountId(std::num::NonZeroU32::MAX) },
    );
    assert!(site.settle().is_empty(), "it was erased meanwhile");
}

#[test]
fn a_ban_holds_until_its_end_or_until_it_is_lifted() {
    let mut site = Site::new();
    for (text, until) in
        [("10.0.0.0/8", Some(1_000_050)), ("Mallory", None), ("mallory", Some(1_000_100))]
    {
        assert!(matches!(site.ask(Request::Ban(ban(text, until, "x"))).1, Reply::Banned));
    }
    let bans = |site: &mut Site| match site.order(Order::Bans) {
        (_, Told::Bans(bans)) => {
            bans.into_iter().map(|ban| ban.who.to_string()).collect::<Vec<_>>()
        }
        other => panic!("{other:?}"),
    };
    assert_eq!(bans(&mut site), ["10.0.0.0/8", "mallory"], "one of the same replaces it");
    site.pass(50);
    assert_eq!(bans(&mut site), ["mallory"]);
    let unban = |text: &str| Request::Unban(Banned::parse(text).unwrap());
    assert_eq!(site.failure(unban("10.0.0.0/8")), Failure::NoSuchBan, "it has ended");
    let started = site.restart();
    assert!(matches!(&started[..], [Notice::Ban(ban)] if &*ban.by == "op"), "{started:?}");
    let (notices, _) = site.ask(unban("MALLORY"));
    assert!(matches!(&notices[..], [Notice::Unban(_)]));
    assert!(bans(&mut site).is_empty());
}

#[test]
fn on_a_full_disk_nothing_is_half_done_and_it_heals_by_itself() {
    let mut site = Site::new();
    let alice = site.register("alice", "correct horse", 1);
    site.desk.batch.fill_disk();
    let login = site.begin(Request::Login {
        account: Some(alice),
        proof: password("correct horse"),
        peer: peer(2),
    });
    let mut refused = Vec::new();
    for number in 0..200 {
        refused.push(site.begin(registering(&format!("user-{number}"), "correct horse", 7)));
        site.clock.running += std::time::Duration::from_secs(3_600);
    }
    while let Some(sum) = site.desk.next_sum(site.clock) {
        site.desk.summed(site.clock, work_out(sum));
    }
    let (done, why) = site.desk.commit();
    assert!(why.unwrap().to_string().contains("no room on the disk"));
    for done in done {
        let (asker, Answer::Reply(reply)) = (done.asker, done.answer) else { panic!() };
        assert!(done.notices.is_empty());
        match reply {
            Reply::LoggedIn { .. } => assert_eq!(asker, login, "it needs no room"),
            Reply::Failed(Failure::Unavailable) => refused.retain(|it| *it != asker),
            other => panic!("{other:?}"),
        }
    }
    assert!(refused.is_empty());
    site.register("user-7", "correct horse", 1);
    assert_eq!(site.known().len(), 2);
}
