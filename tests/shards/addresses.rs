//! What one address may do with many connections: rates, rooms, tokens.

use crate::cluster::{Cluster, packet, unpaced};
use lanline::chat::{AddressBudget, Code, Ended, Settings};
use lanline::limits;
use std::sync::Arc;
use std::time::Duration;

fn cluster(settings: Settings) -> Cluster {
    let mut cluster = Cluster::new(2, settings);
    cluster.budget = Some(Arc::new(AddressBudget::new()));
    cluster
}

#[test]
fn the_rate_of_an_address_is_shared_by_its_connections() {
    let mut cluster = cluster(Settings { rate_per_address: 10, ..Settings::default() });
    let [one, other] = ["one", "other"].map(|name| cluster.join(name));
    // The burst and one more: what came in one go is charged when it is handled.
    for (who, name, packets) in [(one, "one", 10), (other, "other", 11)] {
        cluster.write(who, &packet(name, "/ping", "").repeat(packets));
        assert_eq!(cluster.heard(who).len(), packets);
    }
    cluster.say(one, "/ping", "over");
    cluster.say(other, "/ping", "over, too");
    assert_eq!((cluster.heard(one), cluster.heard(other)), (vec![], vec![]));
    // Another address is not affected.
    cluster.budget = Some(Arc::new(AddressBudget::new()));
    let stranger = cluster.join("stranger");
    assert_eq!(cluster.ask(stranger, "/ping", "at once"), "at once");
    cluster.pass(Duration::from_millis(200));
    assert_eq!(
        (cluster.texts(one), cluster.texts(other)),
        (vec!["over".into()], vec!["over, too".into()])
    );
}

#[test]
fn an_address_over_its_rate_stays_so_after_a_reset() {
    let mut cluster = cluster(Settings { rate_per_address: 10, ..Settings::default() });
    let one = cluster.join("one");
    cluster.receive(one, &packet("one", "/ping", "").repeat(40));
    cluster.end(one, Ended::Reset);
    let back = cluster.join("back");
    cluster.say(back, "/ping", "");
    assert_eq!(cluster.heard(back), [], "the address is twenty packets over");
    cluster.pass(Duration::from_millis(1999));
    assert_eq!(cluster.heard(back), []);
    cluster.pass(Duration::from_millis(1));
    assert_eq!(cluster.heard(back).len(), 1);
}

#[test]
fn logins_over_the_rate_of_an_address_are_delayed_not_refused() {
    let mut cluster =
        cluster(Settings { greeting_timeout: Duration::from_secs(1), ..Settings::default() });
    let free = limits::ADDRESS_LOGINS_PER_SECOND * limits::ADDRESS_BURST.as_secs();
    for number in 0..=free {
        cluster.join(&format!("user{number}"));
    }
    let late = cluster.connect(0);
    cluster.write(late, b"late\n");
    assert_eq!(cluster.heard(late), []);
    cluster.pass(Duration::from_secs(1));
    assert_eq!(cluster.only(late).from, "/welcome");
}

#[test]
fn who_waits_to_log_in_is_not_read_and_goes_when_it_resets() {
    let mut cluster = cluster(Settings::default());
    let free = limits::ADDRESS_LOGINS_PER_SECOND * limits::ADDRESS_BURST.as_secs();
    for number in 0..=free {
        cluster.join(&format!("user{number}"));
    }
    let [stays, resets] = [0, 0].map(|worker| cluster.connect(worker));
    for who in [stays, resets] {
        cluster.write(who, &packet("late", "/ping", "").repeat(100));
        assert_eq!((cluster.wants_bytes(who), cluster.kept_bytes(who)), (false, 0));
    }
    cluster.hang_up(resets);
    assert!(cluster.is_closed(resets) && !cluster.is_closed(stays));
    // What a user sent before a reset is still handled.
    cluster.hang_up(0);
    assert!(!cluster.is_closed(0));
    cluster.pass(Duration::from_secs(1));
    assert_eq!(cluster.heard(stays).len(), 101, "a welcome, and an answer to each");
}

#[test]
fn a_handshake_is_a_login_and_work_whether_or_not_a_name_follows() {
    let mut cluster = cluster(Settings::default());
    let early = cluster.connect(0);
    let free = limits::ADDRESS_LOGINS_PER_SECOND * limits::ADDRESS_BURST.as_secs();
    let mut shaken = Vec::new();
    for _ in 0..=free {
        let who = cluster.connect(0);
        assert!(!cluster.waits_to_begin(who));
        cluster.shake_hands(who, 100);
        shaken.push(who);
    }
    assert!(!cluster.goes_first(early), "its address has had much done for it");
    // Who was accepted before that has to wait as well; who has paid goes on.
    assert!(cluster.waits_to_begin(early) && !cluster.wants_bytes(early));
    cluster.write(shaken[0], b"paid\n");
    assert_eq!(cluster.only(shaken[0]).from, "/welcome");
    // The tick in which all that was done is over.
    cluster.pass(Duration::ZERO);
    cluster.pass(Duration::from_secs(1));
    assert!(!cluster.waits_to_begin(early), "it has paid");
    assert!(cluster.wants_bytes(early));
    cluster.write(early, b"early\n");
    assert_eq!(cluster.only(early).from, "/welcome");
}

#[test]
fn an_address_that_has_used_much_work_is_served_behind_others_for_a_while() {
    let mut cluster = cluster(Settings::default());
    let [one, other] = ["one", "other"].map(|name| cluster.join(name));
    cluster.budget = Some(Arc::new(AddressBudget::new()));
    let stranger = cluster.join("stranger");
    assert!([one, other, stranger].into_iter().all(|who| cluster.goes_first(who)));
    // All that its own rate lets it say at once.
    (0..5).for_each(|_| cluster.write(one, &packet("one", "nobody", "x").repeat(400)));
    assert_eq!([one, other, stranger].map(|who| cluster.goes_first(who)), [false, false, true]);
    cluster.pass(Duration::from_secs(2));
    assert!(cluster.goes_first(one) && cluster.goes_first(other));
}

#[test]
fn rooms_over_the_bound_of_an_address_are_refused_to_it_alone() {
    let mut cluster = cluster(unpaced());
    let rooms = limits::ROOMS_PER_ADDRESS_MAX as usize;
    let mut users = Vec::new();
    for number in 0..rooms {
        if number % limits::ROOMS_PER_USER_MAX == 0 {
            users.push(cluster.join(&format!("user{number}")));
        }
        cluster.ask(*users.last().unwrap(), "/join", &format!("#room{number}"));
    }
    let greedy = cluster.join("greedy");
    cluster.say(greedy, "/join", "#one-more");
    assert_eq!(cluster.refused(greedy).1, Code::TooMany);
    assert_eq!(cluster.ask(greedy, "/join", "#room0"), "#room0 2", "it is there already");
    cluster.ask(users[1], "/leave", &format!("#room{}", limits::ROOMS_PER_USER_MAX));
    assert_eq!(cluster.ask(greedy, "/join", "#one-more"), "#one-more 1");
    cluster.budget = Some(Arc::new(AddressBudget::new()));
    let stranger = cluster.join("stranger");
    assert_eq!(cluster.ask(stranger, "/join", "#elsewhere"), "#elsewhere 1");
}

#[test]
fn after_too_many_wrong_tokens_an_address_has_the_right_one_refused_for_a_while() {
    let settings = Settings { operator_token: Some("sesame".into()), ..unpaced() };
    let mut cluster = cluster(settings);
    for number in 0..limits::ADDRESS_GUESSES_MAX {
        let guesser = cluster.join(&format!("guesser{number}"));
        cluster.say(guesser, "/operator", "guess");
    }
    let right = cluster.join("right");
    cluster.say(right, "/operator", "sesame");
    cluster.pass(limits::TOKEN_DELAY_FIRST);
    assert_eq!(cluster.refused(right).1, Code::NotOperator, "it was not checked");
    // After a while it is.
    cluster.pass(Duration::from_secs(180));
    assert_eq!(cluster.ask(right, "/operator", "sesame"), "ok");
}

#[test]
fn nothing_privileged_is_done_for_somebody_who_is_gone() {
    let settings = Settings { operator_token: Some("sesame".into()), ..unpaced() };
    let mut cluster = cluster(settings);
    let [bob, guesser] = ["bob", "guesser"].map(|name| cluster.join(name));
    cluster.ticks_are_held = true;
    let guesses = packet("guesser", "/operator", "guess").repeat(2000);
    let right = packet("guesser", "/operator", "sesame");
    let kick = packet("guesser", "/kick", "bob");
    cluster.receive(guesser, &[&guesses[..], &right, &kick].concat());
    cluster.end(guesser, Ended::Reset);
    cluster.ticks_are_held = false;
    cluster.run();
    assert!(cluster.is_closed(guesser) && !cluster.is_closed(bob));
    assert!(
        !cluster
            .reports
            .iter()
            .any(|report| matches!(report, lanline::chat::Report::Operator { .. }))
    );
}
