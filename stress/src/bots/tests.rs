//! Bots play their script without a socket: bytes in, bytes out.

use super::{Cast, Leave, Phase, Script, Stage, World};
use crate::account::{FaultKind, Names};
use crate::driver::{Bot, Crowd, End, Hands};
use lanline::wire::{JsonText, canonical, packet};
use std::time::{Duration, Instant};

/// Bot 0 writes one packet to bot 1, and again for each that is settled.
struct Writer;

impl Script for Writer {
    fn start(&mut self, world: &mut World<'_>) {
        world.say(0, 1);
    }

    fn arrived(&mut self, from: Bot, to: Bot, world: &mut World<'_>) {
        world.say(from, to);
    }
}

/// A stage of two bots that are here, and their hands.
fn stage() -> (Stage, Hands) {
    let mut hands = Hands::new(2, Instant::now());
    (stage_of(2, &mut hands), hands)
}

fn stage_of(bots: usize, hands: &mut Hands) -> Stage {
    let cast = Cast::new(bots, Names::new("t", "u"), false, 0, 1);
    let mut stage = Stage::new(cast, Box::new(Writer));
    stage.grow(bots, hands);
    for bot in 0..bots {
        stage.connected(bot, hands);
        hands.outbox(bot).clear();
        let name = format!("tu{bot}");
        hear(&mut stage, hands, bot, ("/welcome", &name, &format!("{name} 127.0.0.1 1 x")));
    }
    assert_eq!(stage.cast.count(Phase::Here), bots);
    stage
}

/// A packet from the server: its sender, `to` and text.
fn hear(stage: &mut Stage, hands: &mut Hands, bot: Bot, packet: (&str, &str, &str)) {
    hear_bytes(stage, hands, bot, &packet_bytes("127.0.0.1", packet));
}

/// A packet stamped with this address.
fn packet_bytes(ip: &str, (name, to, text): (&str, &str, &str)) -> Vec<u8> {
    let mut bytes = Vec::new();
    packet::push_packet(&mut bytes, name, ip, to, &JsonText::escape(text));
    bytes
}

fn hear_bytes(stage: &mut Stage, hands: &mut Hands, bot: Bot, bytes: &[u8]) {
    // In two parts, as a stream may bring them.
    let (first, rest) = bytes.split_at(bytes.len() / 2);
    let done = stage.received(bot, first, hands);
    let rest = [&first[done..], rest].concat();
    assert_eq!(stage.received(bot, &rest, hands), rest.len());
}

/// What bot 0 has written since the last look.
fn written(hands: &mut Hands) -> String {
    let bytes = std::mem::take(hands.outbox(0));
    let packet = bytes.trim_ascii_end();
    canonical::parse(packet).expect("one packet").msg.plain().into_owned()
}

#[test]
fn what_arrives_lets_the_script_go_on() {
    let (mut stage, mut hands) = stage();
    stage.play(&mut hands);
    for ordinal in 1..4 {
        let text = written(&mut hands);
        assert!(text.starts_with(&format!("tu0>tu1 {ordinal} ")), "{text}");
        hear(&mut stage, &mut hands, 1, ("tu0", "tu1", &text));
    }
    assert_eq!(stage.cast.ledger.totals().delivered, 3);
    assert_eq!(stage.cast.ledger.outstanding(), 1);
    assert_eq!(stage.cast.ledger.totals().faults, 0);
}

#[test]
fn a_refusal_settles_a_packet_and_a_stray_one_is_a_fault() {
    let (mut stage, mut hands) = stage();
    stage.play(&mut hands);
    hear(&mut stage, &mut hands, 0, ("/error", "tu0", "1 busy tu1\nfull"));
    assert_eq!(stage.cast.ledger.totals().refused["busy"], 1);
    assert_eq!(stage.cast.ledger.totals().faults, 0);
    hear(&mut stage, &mut hands, 0, ("/error", "tu0", "1 busy tu1\nfull"));
    assert_eq!(stage.cast.ledger.totals().faults, 1);
}

/// The kinds of all faults so far.
fn faults(stage: &Stage) -> Vec<FaultKind> {
    stage.cast.ledger.faults().iter().map(|fault| fault.kind).collect()
}

#[test]
fn a_packet_that_comes_again_is_a_fault_and_moves_nobody_on() {
    let (mut stage, mut hands) = stage();
    stage.play(&mut hands);
    let text = written(&mut hands);
    hear(&mut stage, &mut hands, 1, ("tu0", "tu1", &text));
    assert!(!written(&mut hands).is_empty(), "the next one follows");
    hear(&mut stage, &mut hands, 1, ("tu0", "tu1", &text));
    assert_eq!(faults(&stage), [FaultKind::Twice]);
    assert!(hands.outbox(0).is_empty(), "nothing follows");
    assert_eq!(stage.cast.window.delivered, 1);
}

#[test]
fn the_stamped_address_is_that_of_the_welcome() {
    let (mut stage, mut hands) = stage();
    stage.play(&mut hands);
    let text = written(&mut hands);
    let stamped = packet_bytes("127.0.0.9", ("tu0", "tu1", &text));
    hear_bytes(&mut stage, &mut hands, 1, &stamped);
    assert_eq!(faults(&stage), [FaultKind::WrongSender]);
    // A packet whose address can't be found has a wrong one.
    let right = packet_bytes("127.0.0.1", ("tu0", "tu1", &text));
    let blank = String::from_utf8_lossy(&right).replace("\"ip\":", "\"ip\": ");
    hear_bytes(&mut stage, &mut hands, 1, blank.as_bytes());
    assert_eq!(faults(&stage), [FaultKind::WrongSender; 2]);
    hear_bytes(&mut stage, &mut hands, 1, &right);
    assert_eq!(stage.cast.ledger.totals().delivered, 1);
}

#[test]
fn a_packet_that_is_none_or_of_nobody_is_a_fault() {
    let (mut stage, mut hands) = stage();
    stage.play(&mut hands);
    let text = written(&mut hands);
    hear(&mut stage, &mut hands, 1, ("mallory", "tu1", &text.replace("tu0", "mallory")));
    hear_bytes(&mut stage, &mut hands, 1, b"{\"from\":{},\"to\":\"tu1\"}\n");
    hear_bytes(&mut stage, &mut hands, 1, b"none\n");
    assert_eq!(faults(&stage), [FaultKind::NeverSent; 3]);
}

#[test]
fn an_answer_or_a_welcome_that_nobody_asked_for_is_a_fault() {
    let (mut stage, mut hands) = stage();
    stage.play(&mut hands);
    // Bot 1 has greeted by `/time`, and waits for the answer.
    hear(&mut stage, &mut hands, 1, ("/time", "tu1", "2026-11-26T12:00:00.000000Z"));
    assert_eq!(faults(&stage), []);
    hear(&mut stage, &mut hands, 1, ("/time", "tu1", "2026-11-26T12:00:00.000000Z"));
    hear(&mut stage, &mut hands, 1, ("/welcome", "tu1", "tu1 127.0.0.1 1 x"));
    assert_eq!(faults(&stage), [FaultKind::StrayAnswer; 2]);
}

#[test]
fn a_broadcast_is_answered_with_as_many_as_are_here() {
    for (answer, expected) in [("1", &[][..]), ("2", &[FaultKind::StrayAnswer])] {
        let (mut stage, mut hands) = stage();
        stage.cast.is_alone = true;
        World { cast: &mut stage.cast, hands: &mut hands }.post(0, "/broadcast", |_| true);
        hear(&mut stage, &mut hands, 0, ("/broadcast", "tu0", answer));
        assert_eq!(faults(&stage), expected, "{answer}");
    }
}

#[test]
fn latency_counts_from_when_a_packet_was_due() {
    let (mut stage, mut hands) = stage();
    let due = hands.now() - Duration::from_millis(250);
    stage.cast.epoch = due - Duration::from_secs(1);
    assert!(World { cast: &mut stage.cast, hands: &mut hands }.say_as_of(0, 1, due));
    let text = written(&mut hands);
    hear(&mut stage, &mut hands, 1, ("tu0", "tu1", &text));
    let milliseconds = stage.cast.latency.max() as f64 / 1e6;
    assert!((249.0..251.0).contains(&milliseconds), "{milliseconds}");
    let window = stage.cast.take_window();
    assert_eq!((window.delivered, window.users, window.latencies.len()), (1, 2, 1));
    assert_eq!(stage.cast.take_window().delivered, 0);
}

#[test]
fn a_post_takes_until_the_last_has_it() {
    let mut hands = Hands::new(3, Instant::now());
    let mut stage = stage_of(3, &mut hands);
    World { cast: &mut stage.cast, hands: &mut hands }.post(0, "#r", |_| true);
    let text = written(&mut hands);
    hear(&mut stage, &mut hands, 2, ("tu0", "#r", &text));
    assert!(stage.cast.latency.is_empty() && !stage.cast.last_packet_is_settled(0));
    assert_eq!(stage.cast.window.delivered, 1);
    hear(&mut stage, &mut hands, 1, ("tu0", "#r", &text));
    assert_eq!(stage.cast.latency.len(), 1);
    assert_eq!((stage.cast.ledger.missing(0, 1), stage.cast.window.delivered), (0, 2));
}

#[test]
fn a_bot_that_leaves_politely_reads_to_the_end() {
    for (end, expected) in
        [(End::Closed, &[][..]), (End::Broken("reset".to_owned()), &[FaultKind::LostConnection])]
    {
        let (mut stage, mut hands) = stage();
        stage.play(&mut hands);
        World { cast: &mut stage.cast, hands: &mut hands }.leave(1, Leave::Finish);
        let text = written(&mut hands);
        hear(&mut stage, &mut hands, 1, ("tu0", "tu1", &text));
        assert_eq!(stage.cast.ledger.totals().delivered, 1);
        stage.ended(1, end, &mut hands);
        assert_eq!(faults(&stage), expected);
    }
}

#[test]
fn a_connection_that_ends_by_itself_is_a_fault() {
    let (mut stage, mut hands) = stage();
    stage.play(&mut hands);
    stage.ended(1, End::Closed, &mut hands);
    assert_eq!(stage.cast.ledger.totals().faults, 1);
    assert_eq!(stage.cast.ledger.outstanding(), 0, "the torn socket excuses what it missed");
}

/// Two accounts that lose connections, and are here.
fn stage_of_accounts() -> (Stage, Hands) {
    let mut hands = Hands::new(2, Instant::now());
    let mut cast = Cast::new(2, Names::new("t", "u"), false, 0, 1);
    cast.become_accounts(&["token 0".to_owned(), "token 1".to_owned()], true);
    let mut stage = Stage::new(cast, Box::new(Writer));
    stage.grow(2, &mut hands);
    (0..2).for_each(|bot| comes(&mut stage, &mut hands, bot, 0));
    (stage, hands)
}

/// An account logs in, asks for what it has missed behind an id, and is welcome.
fn comes(stage: &mut Stage, hands: &mut Hands, bot: Bot, last_id: u64) {
    stage.connected(bot, hands);
    let text = String::from_utf8(std::mem::take(hands.outbox(bot))).expect("text");
    let asked: Vec<_> =
        text.lines().map(|line| canonical::parse(line.as_bytes()).expect("a packet")).collect();
    let words: Vec<_> =
        asked.iter().map(|packet| format!("{} {}", packet.to, packet.msg.plain())).collect();
    let login = format!("/login token {bot}");
    assert_eq!(words, [&login, "/extend on", &format!("/replay {last_id}")]);
    let name = format!("tu{bot}");
    hear(stage, hands, bot, ("/welcome", &name, &format!("{name} 127.0.0.1 1 x")));
    hear(stage, hands, bot, ("/extend", &name, "on"));
    hear(stage, hands, bot, ("/replay", &name, "0"));
}

/// A stored packet with its id.
fn hear_stored(stage: &mut Stage, hands: &mut Hands, bot: Bot, text: &str, id: u64) {
    let plain = packet_bytes("127.0.0.1", ("tu0", "tu1", text));
    let plain = plain.trim_ascii_end().strip_suffix(b"}").expect("a packet");
    let tail = format!(",\"id\":{id},\"time\":\"2026-11-26T12:00:00.000000Z\"}}\n");
    hear_bytes(stage, hands, bot, &[plain, tail.as_bytes()].concat());
}

#[test]
fn an_account_that_comes_back_gets_what_it_has_missed_once() {
    let (mut stage, mut hands) = stage_of_accounts();
    stage.play(&mut hands);
    let text = written(&mut hands);
    hear_stored(&mut stage, &mut hands, 1, &text, 7);
    let missed = written(&mut hands);
    World { cast: &mut stage.cast, hands: &mut hands }.leave(1, Leave::Reset);
    assert_eq!(stage.cast.ledger.outstanding(), 1);
    // Who is away at the end comes for the rest.
    stage.stop(&mut hands);
    comes(&mut stage, &mut hands, 1, 7);
    hear_stored(&mut stage, &mut hands, 1, &missed, 9);
    assert_eq!(faults(&stage), []);
    assert_eq!(stage.cast.ledger.totals().delivered, 2);
    hear_stored(&mut stage, &mut hands, 1, &missed, 9);
    assert_eq!(faults(&stage), [FaultKind::Twice; 2]);
}

#[test]
fn ids_grow_over_all_connections_of_an_account() {
    let (mut stage, mut hands) = stage_of_accounts();
    stage.play(&mut hands);
    let text = written(&mut hands);
    hear_stored(&mut stage, &mut hands, 1, &text, 7);
    let text = written(&mut hands);
    hear_stored(&mut stage, &mut hands, 1, &text, 6);
    assert_eq!(faults(&stage), [FaultKind::OutOfOrder]);
}
