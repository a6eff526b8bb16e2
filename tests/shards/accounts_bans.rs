//! Bans: networks at the door, names at the greeting, those who are here.

use crate::cluster::Cluster;
use lanline::accounts::{Ban, Banned, Notice, Role};
use lanline::chat::{Accounts, Code, Settings};
use lanline::limits;

/// With an operator who is logged in.
fn with_root(workers: usize) -> (Cluster, usize) {
    let mut cluster = Cluster::with_accounts(workers);
    cluster.account("root", Role::Operator, "correct horse");
    let root = cluster.log_in("root", "correct horse");
    (cluster, root)
}

fn refused_name(cluster: &mut Cluster, name: &str) -> Code {
    let who = cluster.connect(0);
    cluster.write(who, format!("{name}\n").as_bytes());
    assert!(cluster.is_shut(who));
    cluster.refused(who).1
}

#[test]
fn a_banned_name_stays_out_with_its_look_alikes_and_who_is_here_goes() {
    for workers in [1, 2, 3] {
        let (mut cluster, root) = with_root(workers);
        let [mallory, alike, bob] = ["mallory", "ma11ory", "bob"].map(|name| cluster.join(name));
        assert_eq!(cluster.ask_store(root, "/ban", "Mallory 7d for the noise"), "Mallory");
        for gone in [mallory, alike] {
            assert_eq!(cluster.refused(gone), (0, Code::Banned));
            assert!(cluster.is_shut(gone));
        }
        assert_eq!(cluster.ask(bob, "/ping", "here"), "here");
        for name in ["mallory", "MALLORY", "maIIory"] {
            assert_eq!(refused_name(&mut cluster, name), Code::Banned, "{name}");
        }
        let until = "1970-01-08T00:00:00Z";
        let bans = cluster.ask(root, "/bans", "");
        assert_eq!(bans, format!("1-1 of 1\nMallory {until} root for the noise"));
        assert_eq!(cluster.ask_store(root, "/unban", "mallory"), "mallory");
        assert_eq!(cluster.refusal(root, "/unban", "mallory"), Code::NoSuchBan);
        cluster.join("mallory");
        assert_eq!(cluster.ask(root, "/bans", ""), "0-0 of 0");
    }
}

#[test]
fn an_account_whose_name_is_banned_is_refused_before_any_secret() {
    let (mut cluster, root) = with_root(2);
    cluster.account("mallory", Role::User, "correct horse");
    let here = cluster.log_in("mallory", "correct horse");
    let late = cluster.connect(0);
    cluster.name(late, "mallory");
    cluster.write(late, b"mallory\n");
    assert_eq!(cluster.only(late).from, "/login");
    cluster.ask_store(root, "/ban", "mallory forever");
    for gone in [here, late] {
        assert_eq!(cluster.refused(gone), (0, Code::Banned));
    }
    assert_eq!(refused_name(&mut cluster, "mallory"), Code::Banned);
}

#[test]
fn a_banned_network_is_told_at_the_door_and_who_is_of_it_goes() {
    let (mut cluster, root) = with_root(2);
    // The second client's address is 10.1.0.1, and so on.
    let [bob, silent] = [cluster.join("bob"), cluster.connect(1)];
    assert_eq!(cluster.ask_store(root, "/ban", "10.1.0.1 forever"), "10.1.0.1");
    assert_eq!(cluster.refused(bob), (0, Code::Banned));
    assert_eq!(cluster.heard(silent), []);
    cluster.ask_store(root, "/ban", "10.1.0.2/31 30m");
    assert_eq!(cluster.refused(silent), (0, Code::Banned), "who has not greeted yet, too");
    for shard in &cluster.shards {
        let is_banned = |ip: &str| shard.is_banned(ip.parse().unwrap());
        assert!(is_banned("10.1.0.1") && is_banned("10.1.0.3") && !is_banned("10.1.0.4"));
    }
}

#[test]
fn a_ban_ends_with_its_time() {
    let mut cluster = Cluster::with_accounts(1);
    let ban = |who: &str, until| Ban {
        who: Banned::parse(who).unwrap(),
        until: Some(until),
        by: "".into(),
        reason: "".into(),
    };
    // The time of day stands at 0 in these tests.
    for (who, until) in [("over", 0), ("not-yet", 1), ("10.9.0.0/16", 0)] {
        cluster.notice(Notice::Ban(ban(who, until)));
    }
    cluster.join("over");
    assert_eq!(refused_name(&mut cluster, "not-yet"), Code::Banned);
    assert!(!cluster.shards[0].is_banned("10.9.0.1".parse().unwrap()));
}

#[test]
fn nobody_bans_themselves_and_arguments_have_their_form() {
    let (mut cluster, root) = with_root(1);
    for bad in [
        "",
        "mallory",
        "mallory 7",
        "mallory 0d",
        "no/name 7d",
        "mallory 7d two\nlines",
        &format!("mallory 7d {}", "x".repeat(limits::BAN_REASON_BYTES_MAX + 1)),
        "root forever",
        "R00T forever",
        "10.1.0.0 7d",
        "0.0.0.0/0 7d",
    ] {
        assert_eq!(cluster.refusal(root, "/ban", bad), Code::BadArgument, "{bad}");
    }
    assert_eq!(cluster.refusal(root, "/unban", "no/name"), Code::BadArgument);
    assert!(cluster.store.left.is_empty() && !cluster.is_shut(root));
}

#[test]
fn bans_are_for_operators() {
    let (mut cluster, _) = with_root(1);
    let bob = cluster.join("bob");
    for (endpoint, msg) in [("/ban", "carl 7d"), ("/unban", "carl"), ("/bans", "")] {
        assert_eq!(cluster.refusal(bob, endpoint, msg), Code::NotOperator);
    }
}

#[test]
fn a_ban_is_told_before_the_challenge_of_a_closed_site() {
    let settings = Settings { accounts: Accounts::Closed, ..crate::cluster::with_accounts() };
    let mut cluster = Cluster::new(1, settings);
    cluster.account("root", Role::Operator, "correct horse");
    let root = cluster.log_in("root", "correct horse");
    cluster.ask_store(root, "/ban", "mallory forever");
    assert_eq!(refused_name(&mut cluster, "mallory"), Code::Banned);
}
