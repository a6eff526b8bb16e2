//! Packets sent and their outcomes: each is either received whole by its recipient
//! or refused to its sender, once.

use std::collections::{BTreeMap, BTreeSet};
use testkit::{Packet, Peer, ask_until, packet_text};

/// The packets of one sender, by ordinal, and whom each was for.
#[derive(Default)]
pub(crate) struct Ledger {
    sent: BTreeMap<u64, BTreeSet<String>>,
    /// By recipient: the ordinals that they got, in the order they came.
    received: BTreeMap<String, Vec<u64>>,
    /// By recipient: the ordinals that were refused to the sender, and why.
    refused: BTreeMap<String, BTreeMap<u64, String>>,
    /// Ordinals that don't count, such as those of [`Ledger::end`].
    off_the_books: BTreeSet<u64>,
}

impl Ledger {
    /// Sends a packet that carries its ordinal, padded to about `length` bytes.
    pub(crate) fn send(&mut self, sender: &mut Peer, to: &str, recipients: &[&str], length: usize) {
        let ordinal = sender.count(1);
        let text = numbered(ordinal, length);
        sender.send_raw(packet_text(&sender.name, to, &text) + "\n");
        self.note(ordinal, recipients);
    }

    /// Notes what was sent by other ways, as [`numbered`] text.
    pub(crate) fn note(&mut self, ordinal: u64, recipients: &[&str]) {
        self.sent.insert(ordinal, recipients.iter().map(|&name| name.to_owned()).collect());
    }

    /// Sends until many in a row were refused for each of `full`, and nothing
    /// is under way any more. One alone would not do: the kernel may yet find
    /// room in a socket that had none.
    pub(crate) fn fill(&mut self, sender: &mut Peer, to: &str, recipients: &[&str], full: &[&str]) {
        self.send_until(sender, to, recipients, |ledger, came| {
            for packet in came.iter().filter(|packet| packet.refusal().is_some()) {
                assert_eq!(packet.refusal().unwrap().1, "busy", "{packet:?}");
            }
            full.iter().all(|name| ledger.refused_at_last(name) >= 800)
        });
    }

    /// Sends until the recipient, which reads nothing, is found to be stuck.
    pub(crate) fn send_until_stuck(&mut self, sender: &mut Peer, name: &str) {
        self.send_until(sender, name, &[name], |_, came| {
            let codes = came.iter().filter_map(Packet::refusal).map(|(_, code)| code);
            codes.filter(|code| *code == "undelivered").count() > 0
        });
    }

    /// Sends bursts until `is_enough`, which gets the sender's refusals after each.
    fn send_until(
        &mut self,
        sender: &mut Peer,
        to: &str,
        recipients: &[&str],
        mut is_enough: impl FnMut(&Self, &[Packet]) -> bool,
    ) {
        ask_until("enough was sent", || {
            for _ in 0..20 {
                self.send(sender, to, recipients, 1000);
            }
            let came = settled(sender);
            self.note_refusals(&came);
            is_enough(self, &came).then_some(())
        });
    }

    /// How many packets for them, counted from the last one sent, were refused.
    fn refused_at_last(&self, recipient: &str) -> usize {
        let refused = self.refused(recipient);
        let sent = self.sent_to(recipient).rev();
        sent.take_while(|ordinal| refused.contains_key(ordinal)).count()
    }

    /// Notes what a recipient has received.
    pub(crate) fn note_received(&mut self, name: &str, packets: &[Packet]) {
        let ordinals =
            packets.iter().filter(|packet| !packet.name.starts_with('/')).map(|packet| {
                packet.msg.split(' ').next().unwrap().parse::<u64>().expect("a numbered text")
            });
        self.received.entry(name.to_owned()).or_default().extend(ordinals);
    }

    /// Notes the sender's refusals; other packets are skipped. A refusal that names
    /// no recipient is for all recipients of the packet.
    pub(crate) fn note_refusals(&mut self, packets: &[Packet]) {
        for packet in packets {
            let Some((ordinal, code)) = packet.refusal() else { continue };
            if self.off_the_books.contains(&ordinal) {
                continue;
            }
            let missed_by = match packet.missed_by() {
                Some(name) => BTreeSet::from([name.to_owned()]),
                None => self.sent.get(&ordinal).cloned().unwrap_or_default(),
            };
            assert!(!missed_by.is_empty(), "of no packet in these books: {packet:?}");
            for name in missed_by {
                let refused = self.refused.entry(name).or_default();
                let before = refused.insert(ordinal, code.to_owned());
                assert_eq!(before, None, "refused twice: {packet:?}");
            }
        }
    }

    /// Every packet was received whole or refused, not both, not twice, in
    /// order.
    pub(crate) fn assert_settled(&self, recipient: &str) {
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

    /// For a recipient that left without reading everything: nothing was both
    /// received and refused, and what is `undelivered` are the last packets that
    /// were queued for it.
    pub(crate) fn assert_told(&self, recipient: &str) {
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

    /// [`Ledger::assert_told`] for one of many recipients: others may have got
    /// packets after it had left.
    pub(crate) fn assert_told_among_others(&self, recipient: &str) {
        let codes = self.refused(recipient);
        assert!(codes.values().any(|code| code == "undelivered"), "nothing was undelivered");
    }

    /// Sends `end` to a reader, again as long as its queue is full.
    pub(crate) fn end(&mut self, sender: &mut Peer, to: &str) {
        ask_until("the end is taken", || {
            let ordinal = sender.send(to, "end");
            self.off_the_books.insert(ordinal);
            let came = settled(sender);
            self.note_refusals(&came);
            let was_refused = came.iter().filter_map(Packet::refusal).any(|r| r.0 == ordinal);
            (!was_refused).then_some(())
        });
    }

    fn sent_to<'a>(&'a self, recipient: &'a str) -> impl DoubleEndedIterator<Item = &'a u64> {
        self.sent.iter().filter(move |(_, to)| to.contains(recipient)).map(|(ordinal, _)| ordinal)
    }

    fn received(&self, recipient: &str) -> &[u64] {
        self.received.get(recipient).map_or(&[], Vec::as_slice)
    }

    /// The ordinals that were refused for this recipient, and why.
    pub(crate) fn refused(&self, recipient: &str) -> BTreeMap<u64, String> {
        self.refused.get(recipient).cloned().unwrap_or_default()
    }
}

/// Waits until all that the sender has sent is in a queue or refused; returns
/// what came meanwhile. All workers have to answer for `/list`, and what one
/// worker tells another keeps its order, so each refusal comes before.
fn settled(sender: &mut Peer) -> Vec<Packet> {
    sender.ask("/list", "");
    sender.take_unread()
}

/// A text that begins with its packet's ordinal.
pub(crate) fn numbered(ordinal: u64, length: usize) -> String {
    format!("{ordinal} {}", "x".repeat(length))
}
