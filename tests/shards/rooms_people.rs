//! Who is invited into rooms, and who is expelled.

use crate::cluster::{Cluster, with_accounts};
use crate::rooms_owned::{news, one};
use lanline::accounts::Role;
use lanline::chat::{Code, Ended, Settings};

#[test]
fn an_account_is_invited_into_a_private_room_and_is_told_now_or_when_it_comes() {
    for workers in [1, 2, 3] {
        let mut cluster = Cluster::with_accounts(workers);
        let [alice, bob, carol] = cluster.accounts_here(["alice", "bob", "carol"]);
        cluster.ask(alice, "/join", "#ops");
        cluster.ask(alice, "/room", "#ops private");
        assert_eq!(cluster.ask(alice, "/invite", "#OPS Bob"), "#ops bob");
        assert_eq!(news(&mut cluster, bob), one("/invited", "#ops alice"));
        assert_eq!(cluster.refusal(bob, "/members", "#ops"), Code::NoSuchRoom, "it may join");
        assert_eq!(cluster.ask(bob, "/join", "#ops"), "#ops 2");
        assert_eq!(cluster.refusal(bob, "/invite", "#ops carol"), Code::NotOwner);
        cluster.end(carol, Ended::Politely);
        assert_eq!(cluster.ask(alice, "/invite", "#ops carol"), "#ops carol");
        let carol = cluster.log_in_hears("carol", &[("/invited", "#ops alice")]);
        assert_eq!(cluster.ask(carol, "/join", "#ops"), "#ops 3");
        cluster.end(carol, Ended::Politely);
        cluster.log_in_hears("carol", &[]);
        assert_eq!(cluster.refusal(alice, "/invite", "#ops nobody"), Code::NoSuchUser);
        assert_eq!(cluster.refusal(alice, "/invite", "#ops _"), Code::NoSuchUser);
        assert_eq!(cluster.refusal(alice, "/invite", "#ops"), Code::BadArgument);
        assert_eq!(cluster.refusal(alice, "/invite", "ops bob"), Code::BadArgument);
    }
}

#[test]
fn a_guests_invitation_is_that_connections() {
    for workers in [1, 2, 3] {
        let mut cluster = Cluster::with_accounts(workers);
        let [alice] = cluster.accounts_here(["alice"]);
        let guest = cluster.join("guest");
        cluster.ask(alice, "/join", "#ops");
        cluster.ask(alice, "/room", "#ops private");
        assert_eq!(cluster.ask(alice, "/invite", "#ops guest"), "#ops guest");
        assert_eq!(news(&mut cluster, guest), one("/invited", "#ops alice"));
        assert_eq!(cluster.ask(guest, "/join", "#ops"), "#ops 2");
        assert_eq!(cluster.ask(guest, "/rooms", ""), "1-1 of 1\n#ops 2");
        cluster.say(alice, "#ops", "for those in it");
        assert_eq!(cluster.texts(guest), ["for those in it"]);
        cluster.end(guest, Ended::Politely);
        let again = cluster.join("guest");
        assert_eq!(cluster.refusal(again, "/join", "#ops"), Code::NotMember);
        // A room of the same name is another one.
        cluster.ask(alice, "/invite", "#ops guest");
        cluster.ask(alice, "/room", "#ops delete");
        cluster.ask(alice, "/join", "#ops");
        cluster.ask(alice, "/room", "#ops private");
        cluster.heard(again);
        assert_eq!(cluster.refusal(again, "/join", "#ops"), Code::NotMember);
    }
}

#[test]
fn members_invite_into_open_rooms() {
    for workers in [1, 2] {
        let mut cluster = Cluster::with_accounts(workers);
        let [alice, bob, carol] = cluster.accounts_here(["alice", "bob", "carol"]);
        let guest = cluster.join("guest");
        cluster.ask(alice, "/join", "#ops");
        cluster.ask(guest, "/join", "#free");
        for room in ["#ops", "#free"] {
            assert_eq!(cluster.refusal(bob, "/invite", &format!("{room} carol")), Code::NotMember);
            cluster.ask(bob, "/join", room);
            let answer = cluster.ask(bob, "/invite", &format!("{room} carol"));
            assert_eq!(answer, format!("{room} carol"));
            assert_eq!(news(&mut cluster, carol), one("/invited", &format!("{room} bob")));
        }
        assert_eq!(cluster.refusal(bob, "/invite", "#none carol"), Code::NoSuchRoom);
        cluster.end(carol, Ended::Politely);
        cluster.ask(guest, "/invite", "#free carol");
        cluster.log_in_hears("carol", &[("/invited", "#free guest")]);
    }
}

#[test]
fn who_is_expelled_is_out_at_once_and_comes_back_by_invitation_only() {
    for workers in [1, 2, 3] {
        let mut cluster = Cluster::with_accounts(workers);
        let [alice, bob] = cluster.accounts_here(["alice", "bob"]);
        let guest = cluster.join("guest");
        cluster.ask(alice, "/join", "#ops");
        for (name, who) in [("bob", bob), ("guest", guest)] {
            cluster.ask(who, "/join", "#ops");
            assert_eq!(cluster.refusal(who, "/expel", "#ops alice"), Code::NotOwner);
            let answer = cluster.ask(alice, "/expel", &format!("#ops {name}"));
            assert_eq!(answer, format!("#ops {name}"));
            assert_eq!(news(&mut cluster, who), one("/expelled", "#ops alice"));
            assert_eq!(cluster.ask(alice, "/members", "#ops"), "1-1 of 1\nalice");
            cluster.say(alice, "#ops", "for those in it");
            assert_eq!(news(&mut cluster, who), []);
            assert_eq!(cluster.refusal(who, "#ops", "x"), Code::NotMember);
            assert_eq!(cluster.refusal(who, "/join", "#ops"), Code::NotMember);
            cluster.ask(alice, "/invite", &format!("#ops {name}"));
            cluster.heard(who);
            assert_eq!(cluster.ask(who, "/join", "#ops"), "#ops 2");
            cluster.ask(who, "/leave", "#ops");
        }
        assert_eq!(cluster.refusal(alice, "/expel", "#ops nobody"), Code::NoSuchUser);
        // The name stays barred, whoever has it.
        cluster.end(guest, Ended::Politely);
        let guest = cluster.join("guest");
        assert_eq!(cluster.refusal(guest, "/join", "#ops"), Code::NotMember);
        cluster.ask(alice, "/room", "#ops delete");
        assert_eq!(cluster.ask(guest, "/join", "#ops"), "#ops 1", "until the room ends");
    }
}

#[test]
fn an_operator_expels_from_a_room_without_an_owner_until_it_ends() {
    for workers in [1, 2, 3] {
        let mut cluster = Cluster::with_accounts(workers);
        cluster.account("root", Role::Operator, "correct horse");
        cluster.archive.knows("root", cluster.store.id("root").unwrap());
        let [root, bob] = cluster.accounts_here(["root", "bob"]);
        let [guest, other] = ["guest", "other"].map(|name| cluster.join(name));
        for who in [guest, other, bob] {
            cluster.ask(who, "/join", "#free");
        }
        assert_eq!(cluster.refusal(guest, "/expel", "#free bob"), Code::NotOwner);
        for (name, who) in [("guest", guest), ("bob", bob)] {
            assert_eq!(
                cluster.ask(root, "/expel", &format!("#free {name}")),
                format!("#free {name}")
            );
            assert_eq!(news(&mut cluster, who), one("/expelled", "#free root"));
            assert_eq!(cluster.refusal(who, "/join", "#free"), Code::NotMember);
        }
        assert_eq!(cluster.ask(root, "/members", "#free"), "1-1 of 1\nother");
        cluster.ask(other, "/leave", "#free");
        assert_eq!(cluster.ask(guest, "/join", "#free"), "#free 1", "it is another room");
    }
}

#[test]
fn a_kick_is_no_leave_of_a_room_with_an_owner() {
    let settings = Settings { operator_token: Some("secret".into()), ..with_accounts() };
    let mut cluster = Cluster::new(2, settings);
    let [alice, bob] = cluster.accounts_here(["alice", "bob"]);
    cluster.ask(alice, "/operator", "secret");
    cluster.ask(alice, "/join", "#ops");
    cluster.ask(bob, "/join", "#ops");
    cluster.ask(alice, "/kick", "bob");
    assert_eq!(cluster.ask(alice, "/members", "#ops"), "1-2 of 2\nalice\nbob");
}
