//! Users are accounts: what is for them waits for them.

use super::*;

/// A ledger of process `t` of run `s`, with three accounts who are here.
fn stored() -> Ledger {
    let mut ledger = Ledger::new(Names::new("s", "t"), false);
    ledger.open_stored_accounts(3);
    (0..3).for_each(|user| ledger.knows_address(user, IP));
    ledger
}

#[test]
fn what_is_for_somebody_who_was_torn_away_is_lost_if_it_never_comes() {
    for comes in [false, true] {
        let mut ledger = stored();
        ledger.departed(1, Departure::Torn);
        ledger.sent(0, 1, 1, SENT_AT);
        ledger.returned(1);
        assert_eq!(ledger.outstanding(), 1);
        if comes {
            assert!(deliver(&mut ledger, 1, "st0", "st1", 1).is_some());
        }
        ledger.close();
        assert_eq!(kinds(&ledger), if comes { &[][..] } else { &[FaultKind::Lost] });
    }
}

#[test]
fn what_a_torn_sender_has_written_may_come_or_not() {
    let mut ledger = stored();
    (1..=2).for_each(|ordinal| ledger.sent(0, 1, ordinal, SENT_AT));
    ledger.departed(0, Departure::Torn);
    ledger.returned(0);
    ledger.sent(0, 1, 3, SENT_AT);
    assert!(deliver(&mut ledger, 1, "st0", "st1", 1).is_some());
    assert!(deliver(&mut ledger, 1, "st0", "st1", 3).is_some());
    ledger.close();
    assert_eq!(kinds(&ledger), []);
    assert_eq!(ledger.totals().to_closed_sockets, 1);
    assert_accounted(ledger.totals());
}

#[test]
fn a_broadcast_waits_for_who_is_away_and_a_room_does_not() {
    for (to, expected) in [("/broadcast", &[FaultKind::Lost][..]), ("#r", &[])] {
        let mut ledger = stored();
        ledger.posted(0, to, [1, 2].into_iter(), 1, SENT_AT);
        ledger.departed(2, Departure::Torn);
        assert!(deliver(&mut ledger, 1, "st0", to, 1).is_some());
        ledger.close();
        assert_eq!(kinds(&ledger), expected, "{to}");
    }
}

#[test]
fn what_is_stored_is_never_refused_for_who_is_away_or_slow() {
    for code in ["busy", "undelivered"] {
        let mut ledger = stored();
        ledger.sent(0, 1, 1, SENT_AT);
        assert!(ledger.refused(0, 1, code, Some("st1")));
        assert_eq!(kinds(&ledger), [FaultKind::NotStored], "{code}");
        assert_eq!(ledger.outstanding(), 1, "it is still to come");
    }
}

#[test]
fn what_the_disk_has_refused_still_comes_to_who_is_here() {
    for comes in [false, true] {
        let mut ledger = stored();
        ledger.sent(0, 1, 1, SENT_AT);
        assert!(ledger.refused(0, 1, "not-kept", None));
        if comes {
            assert!(deliver(&mut ledger, 1, "st0", "st1", 1).is_some());
        }
        assert!(!ledger.refused(0, 1, "not-kept", None), "it is told once");
        ledger.close();
        assert_eq!(kinds(&ledger), []);
        assert_accounted(ledger.totals());
    }
}

#[test]
fn who_is_here_may_have_it_before_its_sender_hears_that_it_is_not_kept() {
    let mut ledger = stored();
    ledger.sent(0, 1, 1, SENT_AT);
    assert!(deliver(&mut ledger, 1, "st0", "st1", 1).is_some());
    assert!(ledger.refused(0, 1, "not-kept", None));
    assert!(!ledger.refused(0, 2, "not-kept", None), "it was never sent");
    assert_eq!(kinds(&ledger), []);
}
