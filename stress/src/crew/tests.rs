//! The books of several processes, added up.

use super::*;
use crate::account::{Posts, Totals};

/// Users of each process in these tests.
const USERS: u64 = 3;

/// Two processes: a user of the first has sent two broadcasts to all, and so
/// many packets have come to the users of the second.
fn outcomes(received: u64) -> Vec<Outcome> {
    let totals = Totals { sent: 4, delivered: 4, ..Totals::default() };
    let posts = Posts { sent: 2, refused_elsewhere: 0 };
    let sender = Outcome {
        totals,
        users: USERS,
        posts: [("su0".to_owned(), posts)].into(),
        ..Outcome::default()
    };
    let foreign = [("su0".to_owned(), received), ("su9".to_owned(), 1)].into();
    let other = Outcome { users: USERS, foreign, ..Outcome::default() };
    vec![sender, other]
}

/// Whether the sums are equal.
fn assert_accounted(totals: &Totals) {
    let refused: u64 = totals.refused.values().sum();
    assert_eq!(totals.sent, totals.delivered + refused + totals.to_closed_sockets, "{totals:?}");
}

#[test]
fn what_one_process_sends_to_all_comes_to_every_user_of_the_others() {
    let sum = sum_up(outcomes(2 * USERS));
    assert_eq!((sum.totals.sent, sum.totals.delivered), (4 + 2 * USERS, 4 + 2 * USERS));
    assert_eq!((sum.totals.faults, sum.faults.len()), (0, 0));
    assert_eq!(sum.users, 2 * USERS);
    assert_accounted(&sum.totals);
}

#[test]
fn what_comes_to_too_few_or_too_many_elsewhere_is_a_fault() {
    for received in [0, 2 * USERS - 1, 2 * USERS + 1] {
        let sum = sum_up(outcomes(received));
        assert_eq!((sum.totals.faults, sum.faults.len()), (1, 1), "{received}");
        assert_eq!((sum.faults[0].kind, sum.faults[0].from.as_str()), (FaultKind::Lost, "su0"));
        assert_eq!(sum.faults[0].detail, format!("{received} of {} came", 2 * USERS));
    }
}

#[test]
fn a_refusal_for_a_user_elsewhere_accounts_for_what_did_not_come() {
    let mut outcomes = outcomes(2 * USERS - 1);
    outcomes[0].posts.get_mut("su0").expect("its posts").refused_elsewhere = 1;
    outcomes[0].totals.refused.insert("busy".to_owned(), 1);
    let sum = sum_up(outcomes);
    assert_eq!((sum.totals.faults, sum.faults.len()), (0, 0), "{:?}", sum.faults);
    assert_eq!(sum.totals.refused["busy"], 1);
    assert_accounted(&sum.totals);
}

#[test]
fn faults_and_those_turned_away_are_those_of_all_processes() {
    let fault = |from: &str| Fault {
        kind: FaultKind::Twice,
        from: from.to_owned(),
        to: "su1".to_owned(),
        ordinal: 1,
        at_seconds: 0.0,
        detail: String::new(),
    };
    let outcome = |from: &str| Outcome {
        totals: Totals { faults: 1, ..Totals::default() },
        faults: vec![fault(from)],
        turned_away: [("server-full".to_owned(), 2)].into(),
        ..Outcome::default()
    };
    let sum = sum_up(vec![outcome("su0"), outcome("su2")]);
    assert_eq!(sum.totals.faults, 2);
    assert_eq!(sum.faults, [fault("su0"), fault("su2")]);
    assert_eq!(sum.turned_away, [("server-full".to_owned(), 4)].into());
}
