//! From one user to many of the same process.

use super::*;

const ROOM: &str = "#r";

/// User 0 posts to users 1 and 2.
fn post(ledger: &mut Ledger, ordinal: u64) {
    ledger.posted(0, ROOM, [1, 2].into_iter(), ordinal, SENT_AT);
}

fn arrives(ledger: &mut Ledger, at: User, ordinal: u64) -> Option<Landed> {
    deliver(ledger, at, "st0", ROOM, ordinal)
}

#[test]
fn a_post_is_settled_once_each_has_it_or_was_refused_it() {
    let mut ledger = ledger();
    post(&mut ledger, 1);
    assert_eq!((ledger.totals().sent, ledger.missing(0, 1)), (2, 2));
    let landed = Landed { from: 0, sent_at: SENT_AT, is_settled: false };
    assert_eq!(arrives(&mut ledger, 1, 1), Some(landed));
    assert_eq!((ledger.missing(0, 1), ledger.outstanding()), (1, 1));
    assert_eq!(arrives(&mut ledger, 2, 1), Some(Landed { is_settled: true, ..landed }));
    assert!(ledger.accounts[0].flights.is_empty(), "nothing is kept of it");
    post(&mut ledger, 2);
    arrives(&mut ledger, 1, 2);
    assert!(ledger.refused(0, 2, "busy", Some("st2")));
    assert_eq!(ledger.outstanding(), 0);
    ledger.close();
    assert_eq!(kinds(&ledger), []);
    assert_eq!((ledger.totals().delivered, ledger.totals().refused["busy"]), (3, 1));
    assert_accounted(ledger.totals());
}

#[test]
fn a_post_is_missed_by_each_who_does_not_get_it() {
    let mut ledger = ledger();
    post(&mut ledger, 1);
    post(&mut ledger, 2);
    arrives(&mut ledger, 1, 1);
    ledger.close();
    assert_eq!(kinds(&ledger), [FaultKind::Lost; 3]);
    let missed =
        |index: usize| (ledger.faults()[index].to.as_str(), ledger.faults()[index].ordinal);
    assert_eq!([missed(0), missed(1), missed(2)], [("st2", 1), ("st1", 2), ("st2", 2)]);
}

#[test]
fn a_post_to_somebody_whose_socket_was_torn_is_excused() {
    let mut ledger = ledger();
    post(&mut ledger, 1);
    arrives(&mut ledger, 1, 1);
    ledger.departed(2, Departure::Torn);
    assert_eq!(ledger.outstanding(), 0);
    ledger.close();
    assert_eq!(kinds(&ledger), []);
    assert_eq!(ledger.totals().to_closed_sockets, 1);
    assert_accounted(ledger.totals());
}

#[test]
fn a_post_that_comes_again_is_delivered_twice() {
    for mut ledger in [ledger(), ledger_with_newcomers()] {
        post(&mut ledger, 1);
        arrives(&mut ledger, 1, 1);
        assert_eq!(arrives(&mut ledger, 1, 1), None, "while another misses it");
        arrives(&mut ledger, 2, 1);
        assert_eq!(arrives(&mut ledger, 2, 1), None, "once all have it");
        assert_eq!(kinds(&ledger), [FaultKind::Twice; 2]);
        assert_eq!((ledger.totals().delivered, ledger.totals().to_newcomers), (2, 0));
    }
}

#[test]
fn a_post_that_comes_after_its_refusal_is_delivered_twice() {
    for mut ledger in [ledger(), ledger_with_newcomers()] {
        post(&mut ledger, 1);
        assert!(ledger.refused(0, 1, "busy", Some("st1")));
        assert_eq!(arrives(&mut ledger, 1, 1), None);
        assert_eq!(kinds(&ledger), [FaultKind::Twice]);
        assert_eq!(ledger.totals().to_newcomers, 0);
    }
}

#[test]
fn a_post_is_refused_once_for_each_and_not_for_who_has_it() {
    for mut ledger in [ledger(), ledger_with_newcomers()] {
        post(&mut ledger, 1);
        arrives(&mut ledger, 1, 1);
        assert!(!ledger.refused(0, 1, "busy", Some("st1")), "it has arrived");
        assert!(!ledger.refused(0, 1, "busy", Some("mallory")), "a stranger");
        assert!(ledger.refused(0, 1, "busy", Some("st2")));
        assert!(!ledger.refused(0, 1, "busy", Some("st2")), "again");
        assert!(!ledger.refused(0, 2, "busy", Some("st2")), "not written yet");
        assert_eq!(ledger.totals().refused["busy"], 1);
    }
}

#[test]
fn a_post_that_is_refused_as_a_whole_is_refused_for_all_who_miss_it() {
    let mut ledger = ledger();
    post(&mut ledger, 1);
    arrives(&mut ledger, 1, 1);
    assert!(ledger.refused(0, 1, "not-a-member", None));
    assert_eq!(ledger.totals().refused["not-a-member"], 1);
    assert_eq!(ledger.outstanding(), 0);
    ledger.close();
    assert_eq!(kinds(&ledger), []);
    assert_accounted(ledger.totals());
}

#[test]
fn posts_that_come_in_another_order_are_out_of_order() {
    let mut ledger = ledger();
    post(&mut ledger, 1);
    post(&mut ledger, 2);
    arrives(&mut ledger, 1, 2);
    arrives(&mut ledger, 2, 1);
    assert_eq!(kinds(&ledger), [], "each recipient has its own order");
    arrives(&mut ledger, 2, 2);
    assert_eq!(arrives(&mut ledger, 1, 1), None);
    assert_eq!(kinds(&ledger), [FaultKind::OutOfOrder]);
    assert_eq!(ledger.totals().delivered, 4);
}

#[test]
fn a_post_for_others_is_not_for_its_sender_or_a_room_of_another_name() {
    for mut ledger in [ledger(), ledger_with_newcomers()] {
        post(&mut ledger, 1);
        assert_eq!(arrives(&mut ledger, 0, 1), None);
        assert_eq!(kinds(&ledger), [FaultKind::WrongRecipient]);
        assert_eq!(deliver(&mut ledger, 1, "st0", "#other", 1), None);
        assert_eq!(ledger.faults()[1].kind, FaultKind::NeverSent);
        assert_eq!(ledger.missing(0, 1), 2);
    }
}

#[test]
fn a_post_in_place_of_another_packet_was_never_sent() {
    let mut ledger = ledger();
    ledger.sent(0, 1, 1, SENT_AT);
    assert_eq!(arrives(&mut ledger, 1, 1), None, "it was for one");
    ledger.posted(0, ROOM, [1, 2].into_iter(), 2, SENT_AT + 1);
    assert_eq!(arrives(&mut ledger, 1, 2), None, "it was sent at another time");
    assert_eq!(arrives(&mut ledger, 1, 3), None, "its sender has not come so far");
    assert_eq!(kinds(&ledger), [FaultKind::NeverSent; 3]);
}

#[test]
fn a_post_to_somebody_who_is_not_expected_is_a_fault() {
    let mut ledger = ledger();
    ledger.posted(0, ROOM, [1].into_iter(), 1, SENT_AT);
    assert_eq!(arrives(&mut ledger, 2, 1), None);
    assert_eq!(kinds(&ledger).len(), 1);
    assert!(!ledger.refused(0, 1, "busy", Some("st2")), "nor is a refusal for it");
}

#[test]
fn where_users_come_later_each_may_get_a_post_or_be_refused_it_once() {
    let mut ledger = ledger_with_newcomers();
    ledger.posted(0, ROOM, [1].into_iter(), 1, SENT_AT);
    arrives(&mut ledger, 1, 1);
    assert_eq!(ledger.missing(0, 1), 0);
    assert!(arrives(&mut ledger, 2, 1).is_some(), "it came after all expected ones have it");
    assert_eq!(arrives(&mut ledger, 2, 1), None);
    assert_eq!(kinds(&ledger), [FaultKind::Twice]);
    assert_eq!(ledger.open_account(), 3);
    assert!(ledger.refused(0, 1, "busy", Some("st3")));
    assert!(!ledger.refused(0, 1, "busy", Some("st3")));
    assert_eq!((ledger.totals().to_newcomers, ledger.totals().delivered), (1, 1));
    assert!(ledger.totals().refused.is_empty(), "nobody counted on it");
    ledger.close();
    assert_eq!(kinds(&ledger).len(), 1);
    assert_accounted(ledger.totals());
}
