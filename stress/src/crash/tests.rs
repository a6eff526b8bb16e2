//! The ledger: each promise that is broken is seen.

use super::ledger::Ledger;

/// A packet that was sent, stored, seen and kept.
fn fine() -> Ledger {
    let mut ledger = Ledger::default();
    ledger.sent((0, 1), 1);
    assert!(ledger.was_stored((0, 1), 7));
    ledger.saw(1, (0, 1), 7, false);
    ledger.has(1, (0, 1), 7);
    ledger
}

#[test]
fn what_is_sent_stored_seen_and_kept_is_fine() {
    let mut ledger = fine();
    assert_eq!(ledger.judge(), [""; 0]);
    ledger.saw(1, (0, 1), 7, true);
    assert_eq!(ledger.judge(), [""; 0], "replayed");
    assert_eq!((ledger.stored(), ledger.seen()), (1, 1));
}

#[test]
fn every_broken_promise_is_seen() {
    type Break = fn(&mut Ledger);
    let breaks: [(&str, Break); 8] = [
        ("twice", |ledger| ledger.saw(1, (0, 1), 7, false)),
        ("as 7 and as 8", |ledger| ledger.saw(1, (0, 1), 8, true)),
        ("whom it is not for", |ledger| ledger.saw(2, (0, 1), 7, false)),
        ("there twice", |ledger| ledger.has(1, (0, 1), 7)),
        ("stored as 7 and as 9", |ledger| assert!(!ledger.was_stored((0, 1), 9))),
        ("was stored as 8, and is None", |ledger| {
            ledger.sent((0, 2), 1);
            assert!(ledger.was_stored((0, 2), 8));
            ledger.saw(1, (0, 2), 8, false);
        }),
        ("was stored as 8, and seen as None", |ledger| {
            ledger.sent((0, 2), 1);
            assert!(ledger.was_stored((0, 2), 8));
            ledger.has(1, (0, 2), 8);
        }),
        ("out of order", |ledger| {
            ledger.sent((0, 2), 1);
            ledger.saw(1, (0, 2), 6, false);
            ledger.has(1, (0, 2), 6);
        }),
    ];
    for (words, breaks) in breaks {
        let mut ledger = fine();
        breaks(&mut ledger);
        let faults = ledger.judge();
        assert!(faults.iter().any(|fault| fault.contains(words)), "{words}: {faults:?}");
    }
}
