//! Broadcasts between processes of one run: each counts what it has, and the
//! sums are compared at the end (`crew`).

use super::super::Posts;
use super::*;

const ALL: &str = "/broadcast";

/// User 1 gets what a user of another process has written to all.
fn arrives(ledger: &mut Ledger, from: &str, ordinal: u64) -> Option<Landed> {
    deliver(ledger, 1, from, ALL, ordinal)
}

#[test]
fn a_broadcast_of_another_process_is_counted_by_its_sender() {
    let mut ledger = ledger();
    assert_eq!(arrives(&mut ledger, "su7", 1), None);
    assert_eq!(arrives(&mut ledger, "su7", 3), None);
    assert_eq!(deliver(&mut ledger, 2, "su7", ALL, 1), None);
    assert_eq!(arrives(&mut ledger, "su8", 1), None);
    assert_eq!(kinds(&ledger), []);
    let counted: Vec<(&str, u64)> =
        ledger.foreign().iter().map(|(name, count)| (name.as_str(), *count)).collect();
    assert_eq!(counted, [("su7", 3), ("su8", 1)]);
}

#[test]
fn a_broadcast_of_a_stranger_was_never_sent() {
    let mut ledger = ledger();
    arrives(&mut ledger, "mallory", 1);
    arrives(&mut ledger, "t7", 1);
    assert_eq!(kinds(&ledger), [FaultKind::NeverSent; 2]);
    assert!(ledger.foreign().is_empty());
}

#[test]
fn a_broadcast_of_another_process_that_comes_again_is_delivered_twice() {
    let mut ledger = ledger();
    arrives(&mut ledger, "su7", 1);
    arrives(&mut ledger, "su7", 1);
    assert_eq!(kinds(&ledger), [FaultKind::Twice]);
    assert_eq!(ledger.faults()[0].from, "su7");
    assert_eq!(ledger.faults()[0].to, "st1");
}

#[test]
fn broadcasts_of_another_process_keep_their_order() {
    let mut ledger = ledger();
    arrives(&mut ledger, "su7", 2);
    arrives(&mut ledger, "su8", 1);
    assert_eq!(kinds(&ledger), []);
    arrives(&mut ledger, "su7", 1);
    assert_eq!(kinds(&ledger), [FaultKind::OutOfOrder]);
}

#[test]
fn what_is_posted_to_all_is_reported_and_what_goes_to_a_room_is_not() {
    let mut ledger = ledger();
    ledger.posted(0, ALL, [1, 2].into_iter(), 1, SENT_AT);
    ledger.posted(0, ALL, [1, 2].into_iter(), 2, SENT_AT);
    ledger.posted(0, "#r", [1, 2].into_iter(), 3, SENT_AT);
    ledger.posted(1, "#r", [0].into_iter(), 1, SENT_AT);
    let sent = Posts { sent: 2, refused_elsewhere: 0 };
    assert_eq!(ledger.posts().iter().collect::<Vec<_>>(), [(&"st0".to_owned(), &sent)]);
    assert!(ledger.refused(0, 3, "not-a-member", None));
    assert_eq!(ledger.posts()["st0"], sent, "a room's post is none to all");
    assert!(ledger.refused(0, 2, "slow-down", None));
    assert_eq!(ledger.posts()["st0"].sent, 1, "nobody elsewhere waits for it");
}

#[test]
fn a_refusal_for_a_user_of_another_process_is_counted_for_it() {
    let mut ledger = ledger();
    ledger.posted(0, ALL, [1, 2].into_iter(), 1, SENT_AT);
    assert!(ledger.refused(0, 1, "busy", Some("su7")));
    assert_eq!(ledger.posts()["st0"], Posts { sent: 1, refused_elsewhere: 1 });
    assert_eq!(ledger.totals().refused["busy"], 1);
    assert_eq!(ledger.missing(0, 1), 2, "those of this process still wait");
    assert!(!ledger.refused(0, 2, "busy", Some("su7")), "not written yet");
    assert!(!ledger.refused(0, 1, "busy", Some("mallory")), "a stranger");
    assert_eq!(ledger.posts()["st0"].refused_elsewhere, 1);
}
