//! The desk on a disk that refuses, and what it costs to be refused. Never: real disks.

use super::test_site::{Site, label, password, peer, registering, work_out};
use super::{Answer, Sum};
use crate::accounts::{Failure, Reply, Request};

#[test]
fn on_a_full_disk_nothing_is_half_done_and_it_heals_by_itself() {
    let mut site = Site::new();
    let alice = site.register("alice", "correct horse", 1);
    site.desk.batch.database().fill_disk();
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

#[test]
fn on_a_disk_that_can_only_be_read_logins_go_on_and_nothing_changes() {
    let mut site = Site::new();
    let alice = site.register("alice", "correct horse", 1);
    let proof = || password("correct horse");
    let login = || Request::Login { account: Some(alice), proof: proof(), peer: peer(2) };
    site.desk.batch.database().allow_reading_only();
    let (notices, reply) = site.ask(Request::NewToken { account: alice, label: label("phone") });
    assert!(notices.is_empty() && matches!(reply, Reply::Failed(Failure::Unavailable)));
    site.desk.batch.within(|_| Ok(())).unwrap();
    site.desk.batch.database().allow_reading_only();
    let asker = site.begin(login());
    let sum = site.desk.next_sum(site.clock).unwrap();
    site.desk.summed(site.clock, work_out(sum));
    let (done, why) = site.desk.commit();
    let why = why.unwrap().to_string();
    assert!(why.contains("its disk may be read-only"), "{why}");
    assert!(matches!(
        &done[..],
        [done] if done.asker == asker
            && matches!(done.answer, Answer::Reply(Reply::LoggedIn { .. }))
    ));
    // It is opened again, and takes writes.
    let (_, reply) = site.ask(Request::NewToken { account: alice, label: label("phone") });
    assert!(matches!(reply, Reply::Token { .. }));
}

#[test]
fn a_name_without_an_account_has_as_much_hashed_as_one_with() {
    let mut site = Site::new();
    let alice = site.register("alice", "correct horse", 1);
    let mut answers = Vec::new();
    for account in [Some(alice), None] {
        site.begin(Request::Login { account, proof: password("a guess, no more"), peer: peer(2) });
        let sum = site.desk.next_sum(site.clock).unwrap();
        assert!(matches!(sum, Sum::Compare { .. }));
        site.desk.summed(site.clock, work_out(sum));
        assert!(site.desk.next_sum(site.clock).is_none());
        let (done, _) = site.desk.commit();
        answers.push(done.into_iter().map(|done| format!("{:?}", done.answer)).collect::<Vec<_>>());
    }
    assert_eq!(answers[0], answers[1]);
}
