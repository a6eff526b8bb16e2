//! Who was sent what, and what became of it: each packet either whole in its
//! recipient's hands or refused to its sender, once.

use std::collections::{BTreeMap, BTreeSet};
use testkit::{Packet, Peer, packet_text};

/// The packets of one sender, by ordinal, and whom each was for.
#[derive(Default)]
pub struct Ledger {
    sent: BTreeMap<u64, BTreeSet<String>>,
    /// By recipient: the ordinals that they got, in the order they came.
    received: BTreeMap<String, Vec<u64>>,
    /// By recipient: the ordinals of which the sender heard that they missed
    /// them, and why.
    refused: BTreeMap<String, BTreeMap<u64, String>>,
    /// What was sent for the test's own ends, such as [`Ledger::end`].
    off_the_books: BTreeSet<u64>,
}

impl Ledger {
    /// Sends a packet that carries its ordinal, padded to about `length` bytes.
    pub fn send(&mut self, sender: &mut Peer, to: &str, recipients: &[&str], length: usize) {
        let ordinal = sender.count(1);
        let text = numbered(ordinal, length);
        sender.send_raw(packet_text(&sender.name, to, &text) + "\n");
        self.note(ordinal, recipients);
    }

    /// Notes what was sent by other ways, as [`numbered`] text.
    pub fn note(&mut self, ordinal: u64, recipients: &[&str]) {
        self.sent.insert(ordinal, recipients.iter().map(|&name| name.to_owned()).collect());
    }

    /// Sends until the sender has heard again and again that the queues of all
    /// `full` are. Once isn't enough: a queue is also full for as long as a
    /// burst has not been handed to a socket that has room for it.
    pub fn fill(&mut self, sender: &mut Peer, to: &str, recipients: &[&str], full: &[&str]) {
        const BURST: u64 = 20;
        for _ in 0..4000 {
            for _ in 0..BURST {
                self.send(sender, to, recipients, 1000);
            }
            // Keeps the sender from running ahead of the server.
            sender.ask("/ping", "");
            let came = sender.take_unread();
            for packet in came.iter().filter(|packet| packet.refusal().is_some()) {
                assert_eq!(packet.refusal().unwrap().1, "busy", "{packet:?}");
            }
            self.note_refusals(&came);
            if full.iter().all(|name| self.refused_in_a_row(name) >= 40 * BURST as usize) {
                return;
            }
        }
        panic!("80 MB sent, and the queues of {full:?} are not full");
    }

    /// How many of the packets for them were refused in one go, counted from
    /// the last one refused.
    fn refused_in_a_row(&self, recipient: &str) -> usize {
        let Some(refused) = self.refused.get(recipient) else { return 0 };
        let last = refused.last_key_value().map_or(0, |(ordinal, _)| *ordinal);
        let sent = self.sent.range(..=last).rev().filter(|(_, to)| to.contains(recipient));
        sent.take_while(|(ordinal, _)| refused.contains_key(ordinal)).count()
    }

    /// Notes what a recipient has got.
    pub fn note_received(&mut self, name: &str, packets: &[Packet]) {
        let ordinals =
            packets.iter().filter(|packet| !packet.name.starts_with('/')).map(|packet| {
                packet.msg.split(' ').next().unwrap().parse::<u64>().expect("a numbered text")
            });
        self.received.entry(name.to_owned()).or_default().extend(ordinals);
    }

    /// Notes what the sender has heard; other packets than refusals for
    /// somebody in particular are passed over.
    pub fn note_refusals(&mut self, packets: &[Packet]) {
        for packet in packets {
            let (Some((ordinal, code)), Some(name)) = (packet.refusal(), packet.missed_by()) else {
                continue;
            };
            if self.off_the_books.contains(&ordinal) {
                continue;
            }
            let refused = self.refused.entry(name.to_owned()).or_default();
            let before = refused.insert(ordinal, code.to_owned());
            assert_eq!(before, None, "refused twice: {packet:?}");
        }
    }

    /// Every packet was received whole or refused, not both, not twice, in
    /// order.
    pub fn assert_settled(&self, recipient: &str) {
        let received = self.received(recipient);
        assert!(received.is_sorted_by(|a, b| a < b), "out of order, or twice: {received:?}");
        let mut settled: BTreeSet<u64> = received.iter().copied().collect();
        for ordinal in self.refused(recipient).keys() {
            assert!(settled.insert(*ordinal), "packet {ordinal} was received and refused");
        }
        let missing: Vec<&u64> =
            self.sent_to(recipient).filter(|ordinal| !settled.contains(ordinal)).collect();
        assert!(missing.is_empty(), "lost on the way to {recipient}: {missing:?}");
        let sent: BTreeSet<u64> = self.sent_to(recipient).copied().collect();
        let made_up: Vec<&u64> = settled.difference(&sent).collect();
        assert!(made_up.is_empty(), "never sent to {recipient}: {made_up:?}");
    }

    /// For a recipient who left without reading everything: nothing was both
    /// received and refused, and what is `undelivered` is the last that was
    /// taken for them.
    pub fn assert_told(&self, recipient: &str) {
        let received = self.received(recipient);
        let refused = self.refused(recipient);
        let both: Vec<&u64> = received.iter().filter(|n| refused.contains_key(n)).collect();
        assert!(both.is_empty(), "received and refused: {both:?}");
        let undelivered: Vec<u64> = refused
            .iter()
            .filter(|(_, code)| *code == "undelivered")
            .map(|(ordinal, _)| *ordinal)
            .collect();
        assert!(
            !undelivered.is_empty(),
            "nothing was undelivered to {recipient}: sent {}, received {}, refused {}",
            self.sent_to(recipient).count(),
            received.len(),
            refused.len(),
        );
        let taken: Vec<u64> = self
            .sent_to(recipient)
            .copied()
            .filter(|ordinal| refused.get(ordinal).is_none_or(|code| code == "undelivered"))
            .collect();
        let tail = &taken[taken.len() - undelivered.len()..];
        assert_eq!(tail, undelivered, "what waits is what came last");
    }

    /// [`Ledger::assert_told`] for one of many: the tail may be cut short by
    /// what was sent after they had left.
    pub fn assert_told_among_others(&self, recipient: &str) {
        let codes = self.refused(recipient);
        assert!(codes.values().any(|code| code == "undelivered"), "nothing was undelivered");
    }

    /// Tells a reader that nothing more comes; they may be too busy to hear.
    pub fn end(&mut self, sender: &mut Peer, to: &str) {
        let ordinal = sender.send(to, "end");
        self.off_the_books.insert(ordinal);
        sender.ask("/ping", "");
        let came = sender.take_unread();
        self.note_refusals(&came);
    }

    fn sent_to<'a>(&'a self, recipient: &'a str) -> impl Iterator<Item = &'a u64> {
        self.sent.iter().filter(move |(_, to)| to.contains(recipient)).map(|(ordinal, _)| ordinal)
    }

    fn received(&self, recipient: &str) -> &[u64] {
        self.received.get(recipient).map_or(&[], Vec::as_slice)
    }

    /// What this recipient missed, and why.
    pub fn refused(&self, recipient: &str) -> BTreeMap<u64, String> {
        self.refused.get(recipient).cloned().unwrap_or_default()
    }
}

/// A text that begins with its packet's ordinal.
pub fn numbered(ordinal: u64, length: usize) -> String {
    format!("{ordinal} {}", "x".repeat(length))
}
