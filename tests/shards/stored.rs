//! Stored packets: what is stored, who sees it when, in which form, and what its sender is
//! told.

use crate::cluster::{Cluster, packet, with_accounts};
use lanline::chat::{Code, Ended, Settings};

/// A packet with a key of its sender's own.
pub(crate) fn keyed(name: &str, to: &str, msg: &str, key: &str) -> Vec<u8> {
    let mut bytes = packet(name, to, msg);
    assert_eq!(bytes.pop(), Some(b'}'));
    bytes.extend_from_slice(format!(",\"key\":\"{key}\"}}").as_bytes());
    bytes
}

#[test]
fn nobody_sees_a_packet_between_accounts_before_it_is_stored() {
    for workers in [1, 2, 3] {
        let mut cluster = Cluster::with_accounts(workers);
        let [alice, bob, other] = cluster.accounts_here(["alice", "bob", "bob"]);
        let second = cluster.log_in("alice", "correct horse");
        cluster.storing.hangs = true;
        cluster.say(alice, "Bob", "hello");
        for who in [alice, bob, other, second] {
            assert_eq!(cluster.heard(who), []);
        }
        cluster.storing.hangs = false;
        cluster.run();
        for who in [bob, other, second] {
            let heard = cluster.only(who);
            assert_eq!((&*heard.from, &*heard.to, &*heard.msg), ("alice", "Bob", "hello"));
        }
        assert_eq!(cluster.heard(alice), [], "the session that has sent it knows it");
        assert_eq!(cluster.archive.ids(), [1]);
    }
}

#[test]
fn what_concerns_a_guest_is_relayed_and_leaves_no_trace() {
    for workers in [1, 2] {
        let mut cluster = Cluster::with_accounts(workers);
        let [alice] = cluster.accounts_here(["alice"]);
        let guest = cluster.join("guest");
        cluster.storing.hangs = true;
        cluster.say(alice, "guest", "to a guest");
        cluster.say(guest, "alice", "from a guest");
        assert_eq!(cluster.texts(guest), ["to a guest"]);
        assert_eq!(cluster.texts(alice), ["from a guest"]);
        cluster.ask(guest, "/join", "#free");
        cluster.ask(alice, "/join", "#free");
        cluster.say(alice, "#free", "in a room without an owner");
        assert_eq!(cluster.texts(guest), ["in a room without an owner"]);
        assert_eq!(cluster.ask(guest, "/broadcast", "from a guest, too"), "1");
        assert_eq!(cluster.texts(alice), ["from a guest, too"]);
        assert!(cluster.archive.ids().is_empty());
    }
}

#[test]
fn a_packet_to_an_account_that_is_away_is_no_refusal() {
    let mut cluster = Cluster::with_accounts(2);
    let [alice, bob] = cluster.accounts_here(["alice", "bob"]);
    cluster.end(bob, Ended::Politely);
    cluster.say(alice, "bob", "later");
    cluster.say(alice, "nobody", "never");
    assert_eq!(cluster.refused(alice), (3, Code::NoSuchUser));
    assert_eq!(cluster.archive.ids(), [1]);
}

#[test]
fn a_room_with_an_owner_is_stored_whoever_posts() {
    for workers in [1, 2] {
        let mut cluster = Cluster::with_accounts(workers);
        let [alice] = cluster.accounts_here(["alice"]);
        let [guest, other] = ["guest", "other"].map(|name| cluster.join(name));
        for who in [alice, guest, other] {
            cluster.ask(who, "/join", "#ops");
        }
        cluster.say(guest, "#Ops", "from a guest");
        cluster.say(alice, "#ops", "from an account");
        assert_eq!(cluster.archive.ids(), [1, 2]);
        assert_eq!(cluster.texts(other), ["from a guest", "from an account"]);
        assert_eq!(cluster.texts(alice), ["from a guest"]);
        assert_eq!(cluster.texts(guest), ["from an account"]);
        let second = cluster.log_in("alice", "correct horse");
        cluster.say(second, "/replay", "0");
        assert_eq!(cluster.texts(second), ["from a guest", "from an account", "2"]);
    }
}

#[test]
fn a_broadcast_of_an_account_is_stored_and_counts_users_once() {
    for workers in [1, 2, 3] {
        let settings = Settings { fan_out_slice: 1, ..with_accounts() };
        let mut cluster = Cluster::new(workers, settings);
        let [alice, bob] = cluster.accounts_here(["alice", "bob"]);
        let second = cluster.log_in("bob", "correct horse");
        let own = cluster.log_in("alice", "correct horse");
        let guest = cluster.join("guest");
        assert_eq!(cluster.ask(alice, "/broadcast", "all"), "2");
        for who in [bob, second, own, guest] {
            assert_eq!(cluster.texts(who), ["all"]);
        }
        assert_eq!(cluster.archive.ids(), [1]);
    }
}

#[test]
fn while_extended_stored_packets_come_with_id_and_time() {
    let mut cluster = Cluster::with_accounts(1);
    let [alice, bob] = cluster.accounts_here(["alice", "bob"]);
    assert_eq!(cluster.ask(bob, "/extend", "on"), "on");
    cluster.say(alice, "bob", "first");
    let raw = cluster.raw(bob);
    let tail = r#""to":"bob","msg":"first","id":1,"time":"1970-01-01T00:00:01.000000Z"}"#;
    assert!(raw.trim_end().ends_with(tail), "{raw}");
    assert_eq!(cluster.ask(bob, "/extend", "off"), "off");
    cluster.say(alice, "bob", "second");
    assert!(cluster.raw(bob).trim_end().ends_with(r#""msg":"second"}"#));
    assert_eq!(cluster.refusal(bob, "/extend", "ON"), Code::BadArgument);
}

#[test]
fn a_key_is_stored_once_and_malformed_where_it_was_not_asked_for() {
    for workers in [1, 2] {
        let mut cluster = Cluster::with_accounts(workers);
        let [alice, bob] = cluster.accounts_here(["alice", "bob"]);
        cluster.write(alice, &keyed("alice", "bob", "too early", "k"));
        assert_eq!(cluster.refused(alice).1, Code::Malformed);
        cluster.ask(alice, "/extend", "on");
        cluster.ask(alice, "/receipts", "on");
        cluster.write(alice, &keyed("alice", "bob", "once", "k"));
        assert_eq!(cluster.texts(alice), ["stored 5 1", "delivered bob 1"]);
        cluster.write(alice, &keyed("alice", "bob", "again", "k"));
        assert_eq!(cluster.texts(alice), ["stored 6 1"], "the first one's id");
        assert_eq!(cluster.texts(bob), ["once"]);
        cluster.write(alice, &keyed("alice", "bob", "bad", "\\n"));
        assert_eq!(cluster.refused(alice).1, Code::Malformed);
    }
}

#[test]
fn receipts_tell_what_is_stored_delivered_and_read() {
    for workers in [1, 2, 3] {
        let mut cluster = Cluster::with_accounts(workers);
        let [alice, bob] = cluster.accounts_here(["alice", "bob"]);
        let second = cluster.log_in("alice", "correct horse");
        cluster.ask(alice, "/receipts", "on");
        cluster.ask(second, "/receipts", "on");
        cluster.window(bob, 0);
        cluster.say(alice, "bob", "hello");
        assert_eq!(cluster.texts(alice), ["stored 3 1"]);
        assert_eq!(cluster.texts(second), ["hello"], "not this session's");
        cluster.window(bob, usize::MAX);
        assert_eq!(cluster.texts(bob), ["hello"]);
        for who in [alice, second] {
            assert_eq!(cluster.texts(who), ["delivered bob 1"]);
        }
        assert_eq!(cluster.ask(bob, "/read", "alice 1"), "alice 1");
        for who in [alice, second] {
            assert_eq!(cluster.texts(who), ["read bob 1"]);
        }
        assert_eq!(cluster.ask(bob, "/read", "alice 1"), "alice 1");
        assert_eq!(cluster.heard(alice), [], "it only grows");
    }
}

#[test]
fn reading_moves_the_mark_of_all_sessions() {
    let mut cluster = Cluster::with_accounts(2);
    let [alice, bob] = cluster.accounts_here(["alice", "bob"]);
    let second = cluster.log_in("bob", "correct horse");
    cluster.say(alice, "bob", "one");
    cluster.say(alice, "bob", "two");
    cluster.heard(bob);
    cluster.heard(second);
    assert_eq!(cluster.ask(bob, "/unread", ""), "1-1 of 1\nalice 0 2 2");
    assert_eq!(cluster.ask(bob, "/read", "alice 1"), "alice 1");
    let marked = cluster.only(second);
    assert_eq!((&*marked.from, &*marked.msg), ("/marked", "alice 1"));
    assert_eq!(cluster.ask(bob, "/unread", ""), "1-1 of 1\nalice 1 2 1");
    for (argument, code) in [
        ("alice", Code::BadArgument),
        ("alice x", Code::BadArgument),
        ("alice 9007199254740992", Code::BadArgument),
        ("alice 9007199254740991", Code::NoSuchPacket),
        ("alice 0", Code::NoSuchPacket),
        ("nobody 1", Code::NoSuchUser),
        ("# 1", Code::BadArgument),
    ] {
        assert_eq!(cluster.refusal(bob, "/read", argument), code, "{argument}");
    }
}

#[test]
fn a_guest_has_nothing_to_read() {
    let mut cluster = Cluster::with_accounts(1);
    let guest = cluster.join("guest");
    for endpoint in ["/receipts", "/replay", "/unread", "/read"] {
        assert_eq!(cluster.refusal(guest, endpoint, "on"), Code::LoginRequired, "{endpoint}");
    }
    let mut cluster = Cluster::unpaced(1);
    let guest = cluster.join("guest");
    for endpoint in ["/extend", "/receipts", "/replay", "/unread", "/read"] {
        assert_eq!(cluster.refusal(guest, endpoint, "on"), Code::NoSuchEndpoint, "{endpoint}");
    }
}
