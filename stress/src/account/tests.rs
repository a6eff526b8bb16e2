//! The ledger, played through by hand.

use super::{Departure, FaultKind, Ledger, Names, Note, User};

fn ledger() -> Ledger {
    let mut ledger = Ledger::new(Names::new("", "t"), false);
    for user in 0..3 {
        assert_eq!(ledger.open_account(), user);
    }
    ledger
}

fn text(from: &str, to: &str, ordinal: u64) -> String {
    Note { from, to, ordinal, sent_at: 5 }.write(0)
}

fn deliver(ledger: &mut Ledger, ordinal: u64) -> Option<User> {
    ledger.delivered(1, "t0", None, "t1", &text("t0", "t1", ordinal)).map(|landed| landed.from)
}

fn kinds(ledger: &Ledger) -> Vec<FaultKind> {
    ledger.faults().iter().map(|fault| fault.kind).collect()
}

#[test]
fn what_arrives_in_order_or_is_refused_is_accounted_for() {
    let mut ledger = ledger();
    (1..=3).for_each(|ordinal| ledger.sent(0, 1, ordinal, 5));
    assert_eq!(deliver(&mut ledger, 1), Some(0));
    assert_eq!(deliver(&mut ledger, 3), Some(0));
    assert!(ledger.refused(0, 2, "busy", Some("t1")), "a refusal may be overtaken");
    ledger.close();
    assert_eq!(ledger.totals().delivered, 2);
    assert_eq!(ledger.totals().faults, 0);
}

#[test]
fn a_lost_packet_is_named() {
    let mut ledger = ledger();
    ledger.sent(0, 1, 7, 5);
    ledger.close();
    let fault = &ledger.faults()[0];
    assert_eq!((fault.kind, fault.ordinal), (FaultKind::Lost, 7));
    assert_eq!((fault.from.as_str(), fault.to.as_str()), ("t0", "t1"));
}

#[test]
fn swapped_repeated_and_misnamed_packets_are_faults() {
    let mut ledger = ledger();
    (1..=2).for_each(|ordinal| ledger.sent(0, 1, ordinal, 5));
    deliver(&mut ledger, 2);
    deliver(&mut ledger, 1);
    deliver(&mut ledger, 1);
    ledger.sent(0, 1, 3, 5);
    ledger.delivered(1, "t2", None, "t1", &text("t0", "t1", 3));
    ledger.delivered(2, "t0", None, "t1", &text("t0", "t1", 3));
    let expected = [
        FaultKind::OutOfOrder,
        FaultKind::Twice,
        FaultKind::WrongSender,
        FaultKind::WrongRecipient,
    ];
    assert_eq!(kinds(&ledger), expected);
}

#[test]
fn only_a_torn_socket_excuses_a_loss() {
    for (departure, faults) in [(Departure::Torn, 0), (Departure::Polite, 1)] {
        let mut ledger = ledger();
        ledger.sent(0, 1, 1, 5);
        ledger.departed(1, departure);
        ledger.close();
        assert_eq!(ledger.totals().faults, faults, "{departure:?}");
    }
}

#[test]
fn a_post_is_missed_by_each_who_does_not_get_it() {
    let mut ledger = ledger();
    ledger.posted(0, "#r", [1, 2].into_iter(), 1, 5);
    ledger.delivered(1, "t0", None, "#r", &text("t0", "#r", 1));
    assert_eq!(ledger.missing(0, 1), 1);
    ledger.close();
    assert_eq!(kinds(&ledger), [FaultKind::Lost]);
    assert_eq!(ledger.faults()[0].to, "t2");
}
