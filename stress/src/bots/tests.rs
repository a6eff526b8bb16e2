//! Bots play their script without a socket: bytes in, bytes out.

use super::{Cast, Phase, Script, Stage, World};
use crate::account::Names;
use crate::driver::{Bot, Crowd, End, Hands};
use lanline::wire::{JsonText, Packet, packet};
use std::time::Instant;

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
    let cast = Cast::new(2, Names::new("t", "u"), false, 0, 1);
    let mut stage = Stage::new(cast, Box::new(Writer));
    stage.grow(2, &mut hands);
    for bot in 0..2 {
        stage.connected(bot, &mut hands);
        hands.outbox(bot).clear();
        let name = format!("tu{bot}");
        hear(&mut stage, &mut hands, bot, ("/welcome", &name, &format!("{name} 127.0.0.1 1 x")));
    }
    assert_eq!(stage.cast.count(Phase::Here), 2);
    (stage, hands)
}

/// A packet from the server: its sender, `to` and text.
fn hear(stage: &mut Stage, hands: &mut Hands, bot: Bot, packet: (&str, &str, &str)) {
    let (name, to, text) = packet;
    let mut bytes = Vec::new();
    packet::push_packet(&mut bytes, name, "127.0.0.1", to, &JsonText::escape(text));
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
    Packet::parse(packet).expect("one packet").msg.plain().into_owned()
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

#[test]
fn a_connection_that_ends_by_itself_is_a_fault() {
    let (mut stage, mut hands) = stage();
    stage.play(&mut hands);
    stage.ended(1, End::Closed, &mut hands);
    assert_eq!(stage.cast.ledger.totals().faults, 1);
    assert_eq!(stage.cast.ledger.outstanding(), 0, "the torn socket excuses what it missed");
}
