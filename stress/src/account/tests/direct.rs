//! From one user to another.

use super::*;

/// User 1 gets packet `ordinal` of user 0.
fn arrives(ledger: &mut Ledger, ordinal: u64) -> Option<Landed> {
    deliver(ledger, 1, "st0", "st1", ordinal)
}

/// User 0 sends packets 1 to `count` to user 1.
fn send(ledger: &mut Ledger, count: u64) {
    (1..=count).for_each(|ordinal| ledger.sent(0, 1, ordinal, SENT_AT));
}

#[test]
fn what_arrives_in_order_or_is_refused_is_accounted_for() {
    let mut ledger = ledger();
    send(&mut ledger, 4);
    let landed = Landed { from: 0, sent_at: SENT_AT, is_settled: true };
    assert_eq!(arrives(&mut ledger, 1), Some(landed));
    assert_eq!(arrives(&mut ledger, 3), Some(landed));
    assert!(ledger.refused(0, 2, "busy", Some("st1")), "a refusal may be overtaken");
    assert_eq!(ledger.outstanding(), 1);
    assert!(ledger.refused(0, 4, "busy", None), "nobody needs to be named");
    assert_eq!(ledger.outstanding(), 0);
    ledger.close();
    assert_eq!((ledger.totals().sent, ledger.totals().delivered), (4, 2));
    assert_eq!(ledger.totals().refused["busy"], 2);
    assert_eq!(kinds(&ledger), []);
    assert_accounted(ledger.totals());
}

#[test]
fn a_lost_packet_is_named() {
    let mut ledger = ledger();
    ledger.sent(0, 1, 7, 1_500_000_000);
    assert_eq!(ledger.missing(0, 7), 1);
    ledger.close();
    let lost = Fault {
        kind: FaultKind::Lost,
        from: "st0".to_owned(),
        to: "st1".to_owned(),
        ordinal: 7,
        at_seconds: 1.5,
        detail: String::new(),
    };
    assert_eq!(ledger.faults(), [lost]);
    assert_eq!((ledger.outstanding(), ledger.missing(0, 7)), (0, 0), "the books are closed");
}

#[test]
fn a_lost_packet_that_was_overtaken_says_so() {
    let mut ledger = ledger();
    send(&mut ledger, 2);
    arrives(&mut ledger, 2);
    ledger.close();
    assert_eq!(kinds(&ledger), [FaultKind::Lost]);
    assert_eq!(ledger.faults()[0].detail, "one sent later came");
}

#[test]
fn a_packet_that_overtakes_another_is_out_of_order() {
    let mut ledger = ledger();
    send(&mut ledger, 3);
    assert!(arrives(&mut ledger, 3).is_some());
    assert_eq!(arrives(&mut ledger, 1), None);
    assert_eq!(arrives(&mut ledger, 2), None);
    assert_eq!(kinds(&ledger), [FaultKind::OutOfOrder; 2]);
    assert_eq!(ledger.totals().delivered, 3, "they did arrive");
}

#[test]
fn order_is_that_of_one_sender_to_one_recipient() {
    let mut ledger = ledger();
    ledger.sent(0, 2, 1, SENT_AT);
    ledger.sent(0, 1, 2, SENT_AT);
    ledger.sent(1, 2, 1, SENT_AT);
    assert!(arrives(&mut ledger, 2).is_some());
    assert!(deliver(&mut ledger, 2, "st1", "st2", 1).is_some());
    assert!(deliver(&mut ledger, 2, "st0", "st2", 1).is_some());
    assert_eq!(kinds(&ledger), []);
}

#[test]
fn a_packet_that_comes_again_is_delivered_twice() {
    let mut ledger = ledger();
    send(&mut ledger, 1);
    arrives(&mut ledger, 1);
    assert_eq!(arrives(&mut ledger, 1), None);
    assert_eq!(kinds(&ledger), [FaultKind::Twice]);
    assert_eq!(ledger.totals().delivered, 1);
}

#[test]
fn a_packet_that_comes_after_its_refusal_is_delivered_twice() {
    let mut ledger = ledger();
    send(&mut ledger, 1);
    assert!(ledger.refused(0, 1, "busy", Some("st1")));
    assert_eq!(arrives(&mut ledger, 1), None);
    assert_eq!(kinds(&ledger), [FaultKind::Twice]);
}

#[test]
fn a_packet_that_its_sender_has_not_come_to_was_never_sent() {
    let mut ledger = ledger();
    send(&mut ledger, 1);
    assert_eq!(arrives(&mut ledger, 2), None);
    assert_eq!(kinds(&ledger), [FaultKind::NeverSent]);
    assert_eq!(ledger.faults()[0].ordinal, 2);
}

#[test]
fn another_packet_under_the_ordinal_of_one_was_never_sent() {
    let mut ledger = ledger();
    ledger.sent(0, 2, 1, SENT_AT);
    assert_eq!(arrives(&mut ledger, 1), None);
    ledger.posted(0, "#r", [1].into_iter(), 2, SENT_AT);
    assert_eq!(arrives(&mut ledger, 2), None);
    ledger.sent(0, 1, 3, SENT_AT + 1);
    assert_eq!(arrives(&mut ledger, 3), None);
    assert_eq!(kinds(&ledger), [FaultKind::NeverSent; 3]);
    assert_eq!(ledger.outstanding(), 3, "the real ones are still on their way");
}

#[test]
fn a_text_that_is_no_note_was_never_sent() {
    let mut ledger = ledger();
    send(&mut ledger, 1);
    let text = text("st0", "st1", 1);
    let cut = &text[..text.len() - 1];
    assert_eq!(ledger.delivered(1, "st0", IP, "st1", cut), None);
    assert_eq!(kinds(&ledger), [FaultKind::NeverSent]);
    assert_eq!(ledger.faults()[0].detail, format!("text {cut:?}"));
    assert_eq!(ledger.outstanding(), 1);
}

#[test]
fn a_packet_under_another_name_has_the_wrong_sender() {
    let mut ledger = ledger();
    send(&mut ledger, 1);
    assert_eq!(ledger.delivered(1, "st2", IP, "st1", &text("st0", "st1", 1)), None);
    assert_eq!(kinds(&ledger), [FaultKind::WrongSender]);
    assert_eq!(ledger.outstanding(), 1);
}

#[test]
fn a_packet_stamped_with_another_address_has_the_wrong_sender() {
    let mut ledger = ledger();
    send(&mut ledger, 1);
    assert_eq!(ledger.delivered(1, "st0", "127.0.0.2", "st1", &text("st0", "st1", 1)), None);
    assert_eq!(kinds(&ledger), [FaultKind::WrongSender]);
    assert_eq!(ledger.faults()[0].detail, "stamped 127.0.0.2, welcomed as 127.0.0.1");
    assert_eq!(ledger.outstanding(), 1);
}

#[test]
fn a_packet_of_somebody_who_was_never_welcomed_has_the_wrong_sender() {
    let mut ledger = ledger();
    assert_eq!(ledger.open_account(), 3);
    ledger.sent(3, 1, 1, SENT_AT);
    assert_eq!(deliver(&mut ledger, 1, "st3", "st1", 1), None);
    assert_eq!(kinds(&ledger), [FaultKind::WrongSender]);
}

#[test]
fn a_packet_for_somebody_else_has_the_wrong_recipient() {
    let mut ledger = ledger();
    send(&mut ledger, 1);
    assert_eq!(deliver(&mut ledger, 2, "st0", "st1", 1), None, "to the wrong user");
    assert_eq!(
        ledger.delivered(1, "st0", IP, "st2", &text("st0", "st1", 1)),
        None,
        "under the wrong `to`"
    );
    assert_eq!(kinds(&ledger), [FaultKind::WrongRecipient; 2]);
    assert_eq!(ledger.outstanding(), 1);
}

#[test]
fn a_packet_of_a_stranger_was_never_sent() {
    let mut ledger = ledger();
    for stranger in ["mallory", "st3", "su1"] {
        assert_eq!(deliver(&mut ledger, 1, stranger, "st1", 1), None, "{stranger}");
    }
    assert_eq!(kinds(&ledger), [FaultKind::NeverSent; 3]);
}

#[test]
fn a_refusal_that_fits_no_packet_on_its_way_is_none() {
    let mut ledger = ledger();
    send(&mut ledger, 2);
    arrives(&mut ledger, 1);
    assert!(!ledger.refused(0, 1, "busy", Some("st1")), "delivered already");
    assert!(!ledger.refused(0, 2, "busy", Some("st2")), "for somebody else");
    assert!(!ledger.refused(0, 2, "busy", Some("mallory")), "for a stranger");
    assert!(!ledger.refused(0, 3, "busy", Some("st1")), "not written yet");
    assert!(!ledger.refused(1, 2, "busy", Some("st1")), "another sender's");
    assert_eq!(ledger.outstanding(), 1);
    assert!(ledger.totals().refused.is_empty());
}

/// Who left how, and whether a packet from user 0 to user 1 may be gone then.
#[test]
fn only_a_torn_socket_or_two_who_left_excuse_a_loss() {
    use Departure::{Polite, Torn};
    for (sender, recipient, is_excused) in [
        (None, None, false),
        (None, Some(Polite), false),
        (Some(Polite), None, false),
        (Some(Polite), Some(Polite), true),
        (None, Some(Torn), true),
        (Some(Torn), None, true),
    ] {
        let mut ledger = ledger();
        send(&mut ledger, 1);
        sender.into_iter().for_each(|how| ledger.departed(0, how));
        recipient.into_iter().for_each(|how| ledger.departed(1, how));
        ledger.departed(2, Torn);
        assert_eq!(ledger.outstanding(), u64::from(!is_excused), "{sender:?} {recipient:?}");
        ledger.close();
        let lost = u64::from(!is_excused);
        assert_eq!(ledger.totals().faults, lost, "{sender:?} {recipient:?}");
        assert_eq!(ledger.totals().to_closed_sockets, 1 - lost, "{sender:?} {recipient:?}");
    }
}
