//! What was sent, what its senders were told, what everybody has seen, and in the end what
//! the server still has: every promise held against it. Never: sending.

use std::collections::BTreeMap;

/// A packet, by its sender and its number.
pub(super) type PacketKey = (usize, u64);

#[derive(Clone, Copy, Debug)]
struct Sent {
    to: usize,
    /// By a receipt.
    stored: Option<u64>,
}

/// Everything that was said and seen.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    sent: BTreeMap<PacketKey, Sent>,
    /// What each has seen: the id of each packet.
    seen: BTreeMap<usize, BTreeMap<PacketKey, u64>>,
    /// What each gets in the end, when it asks for everything.
    kept: BTreeMap<usize, BTreeMap<PacketKey, u64>>,
    faults: Vec<String>,
}

impl Ledger {
    pub(super) fn sent(&mut self, packet: PacketKey, to: usize) {
        self.sent.insert(packet, Sent { to, stored: None });
    }

    /// Its sender has a receipt. False if it had one.
    pub(super) fn was_stored(&mut self, packet: PacketKey, id: u64) -> bool {
        let Some(sent) = self.sent.get_mut(&packet) else {
            self.fault(format!("a receipt for {packet:?}, which was never sent"));
            return false;
        };
        match sent.stored.replace(id) {
            None => true,
            Some(before) => {
                if before != id {
                    self.fault(format!("{packet:?} is stored as {before} and as {id}"));
                }
                false
            }
        }
    }

    /// It has come to a session: where `again` is true, it may have come before.
    pub(super) fn saw(&mut self, who: usize, packet: PacketKey, id: u64, again: bool) {
        if self.sent.get(&packet).is_none_or(|sent| sent.to != who) {
            self.fault(format!("{packet:?} has come to {who}, whom it is not for"));
        }
        match self.seen.entry(who).or_default().insert(packet, id) {
            Some(before) if before != id => {
                self.fault(format!("{packet:?} has come as {before} and as {id}"));
            }
            Some(_) if !again => self.fault(format!("{packet:?} has come twice")),
            _ => {}
        }
    }

    /// The server still has it for this one.
    pub(super) fn has(&mut self, who: usize, packet: PacketKey, id: u64) {
        if self.kept.entry(who).or_default().insert(packet, id).is_some() {
            self.fault(format!("{packet:?} is there twice"));
        }
    }

    pub(super) fn fault(&mut self, what: String) {
        self.faults.push(what);
    }

    pub(super) fn stored(&self) -> usize {
        self.sent.values().filter(|sent| sent.stored.is_some()).count()
    }

    pub(super) fn seen(&self) -> usize {
        self.seen.values().map(BTreeMap::len).sum()
    }

    /// Every promise that was broken.
    pub(super) fn judge(&self) -> Vec<String> {
        let mut faults = self.faults.clone();
        let none = BTreeMap::new();
        for (packet, Sent { to, stored }) in &self.sent {
            let kept = self.kept.get(to).unwrap_or(&none).get(packet);
            let seen = self.seen.get(to).unwrap_or(&none).get(packet);
            if let Some(id) = stored {
                if kept != Some(id) {
                    faults.push(format!("{packet:?} was stored as {id}, and is {kept:?}"));
                }
                if seen != Some(id) {
                    faults.push(format!("{packet:?} was stored as {id}, and seen as {seen:?}"));
                }
            }
            if seen.is_some() && seen != kept {
                faults.push(format!("{packet:?} was seen as {seen:?}, and is {kept:?}"));
            }
        }
        self.judge_order(&mut faults);
        faults
    }

    /// Of one sender, in the order sent.
    fn judge_order(&self, faults: &mut Vec<String>) {
        for (who, kept) in &self.kept {
            let mut last: BTreeMap<usize, u64> = BTreeMap::new();
            // By sender, then by number.
            for (&(sender, number), &id) in kept {
                if last.insert(sender, id).is_some_and(|before| before >= id) {
                    faults.push(format!("{:?} is out of order at {who}", (sender, number)));
                }
            }
        }
    }
}
