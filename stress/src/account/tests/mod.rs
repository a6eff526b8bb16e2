//! The ledger, played through by hand: each thing that a server can do wrong is
//! done to it once, and has to be found.

mod direct;
mod posts;
mod processes;
mod stored;

use super::{Departure, Fault, FaultKind, Landed, Ledger, Names, Note, Totals, User};

/// The address under which everybody is known.
const IP: &str = "127.0.0.1";
/// When everything is sent, in nanoseconds.
const SENT_AT: u64 = 5;

/// A ledger of process `t` of run `s`, with three users who are there.
fn ledger() -> Ledger {
    with_users(Ledger::new(Names::new("s", "t"), false))
}

/// The same where posts may meet users who come later.
fn ledger_with_newcomers() -> Ledger {
    with_users(Ledger::new(Names::new("s", "t"), true))
}

fn with_users(mut ledger: Ledger) -> Ledger {
    for user in 0..3 {
        assert_eq!(ledger.open_account(), user);
        ledger.knows_address(user, IP);
    }
    ledger
}

/// The text of a packet that was sent at [`SENT_AT`].
fn text(from: &str, to: &str, ordinal: u64) -> String {
    Note { from, to, ordinal, sent_at: SENT_AT }.write(0)
}

/// User `at` gets what was written, stamped as it should be.
fn deliver(ledger: &mut Ledger, at: User, from: &str, to: &str, ordinal: u64) -> Option<Landed> {
    ledger.delivered(at, from, IP, to, &text(from, to, ordinal))
}

fn kinds(ledger: &Ledger) -> Vec<FaultKind> {
    assert_eq!(ledger.totals().faults, ledger.faults().len() as u64);
    ledger.faults().iter().map(|fault| fault.kind).collect()
}

/// Whether the sums are equal.
fn assert_accounted(totals: &Totals) {
    let refused: u64 = totals.refused.values().sum();
    assert_eq!(totals.sent, totals.delivered + refused + totals.to_closed_sockets, "{totals:?}");
}

#[test]
fn a_name_is_its_users_and_nobody_elses() {
    let names = Names::new("s", "t");
    assert_eq!(names.name(12), "st12");
    for (name, user) in [
        ("st12", Some(12)),
        ("st0", Some(0)),
        ("st012", None),
        ("st00", None),
        ("st", None),
        ("st+1", None),
        ("st1x", None),
        ("su1", None),
        ("t1", None),
        ("st99999999999", None),
    ] {
        assert_eq!(names.user(name), user, "{name}");
    }
    assert!(names.is_of_this_run("su1") && !names.is_of_this_run("t1"));
}

#[test]
fn totals_add_up_in_every_part() {
    let mut sum = Totals::default();
    let one = Totals {
        sent: 1,
        delivered: 2,
        refused: [("busy".to_owned(), 3)].into(),
        to_closed_sockets: 4,
        to_newcomers: 5,
        faults: 6,
    };
    sum.add(&one);
    sum.add(&one);
    let twice = Totals {
        sent: 2,
        delivered: 4,
        refused: [("busy".to_owned(), 6)].into(),
        to_closed_sockets: 8,
        to_newcomers: 10,
        faults: 12,
    };
    assert_eq!(sum, twice);
}

#[test]
fn a_fault_says_what_who_which_and_when() {
    let fault = Fault {
        kind: FaultKind::Twice,
        from: "a".to_owned(),
        to: "b".to_owned(),
        ordinal: 7,
        at_seconds: 0.5,
        detail: String::new(),
    };
    assert_eq!(fault.to_string(), "delivered twice: a → b, packet 7, 0.500000 s");
    let fault = Fault { kind: FaultKind::Lost, detail: "why".to_owned(), ..fault };
    assert_eq!(fault.to_string(), "lost: a → b, packet 7, 0.500000 s (why)");
}

#[test]
fn faults_are_counted_beyond_those_that_are_kept() {
    let mut ledger = ledger();
    for ordinal in 0..150 {
        ledger.fault(FaultKind::Lost, "a", "b", ordinal, 1_500_000_000, String::new());
    }
    assert_eq!((ledger.totals().faults, ledger.faults().len()), (150, 100));
    assert_eq!(ledger.faults()[99].ordinal, 99);
    assert_eq!(ledger.faults()[0].at_seconds, 1.5);
}
