//! A transport of records, as TLS has them: text comes and goes a whole record at a
//! time, and what is torn is held inside. Never: what the text says.

/// Both directions of one peer's transport.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Records {
    /// Text of a record, in bytes; 0 where there are none, and the socket is the
    /// transport.
    pub bytes_max: usize,
    /// So much of the peer's stream was read by the transport: behind what the shard was
    /// given lies a torn record.
    pub fetched: usize,
    /// Of a record that the socket took in part: bytes that it has yet to take ...
    left: usize,
    /// ... and text that the shard was not told of.
    untold: usize,
}

/// What came of an attempt to send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Sent {
    /// Bytes that the socket took.
    pub taken: usize,
    /// Text that is said to be taken.
    pub told: usize,
    pub blocked: bool,
}

impl Records {
    /// How much of the stream is in whole records, of what was fetched. The last one of
    /// a stream is as short as it is.
    pub(super) fn whole(&self, taken: usize, stream: usize) -> usize {
        match self.bytes_max {
            _ if self.fetched == stream => stream,
            0 => self.fetched,
            most => taken.max(self.fetched / most * most),
        }
    }

    /// Whether what waits can't be sent any more: it was bounced under a record that is
    /// torn.
    pub(super) fn is_broken(&self, waiting: usize) -> bool {
        waiting < self.untold
    }

    /// Sends the rest of a record, or one more of so much text: as many bytes of it as
    /// `takes` says of those that are left. A byte of text is told with each part, and
    /// the last one with the last.
    pub(super) fn send(&mut self, text: usize, takes: impl FnOnce(usize) -> usize) -> Sent {
        if self.left == 0 {
            let record = text.min(self.bytes_max);
            (self.left, self.untold) = (record, record);
        }
        let taken = takes(self.left);
        if taken == self.left {
            let told = self.untold;
            (self.left, self.untold) = (0, 0);
            return Sent { taken, told, blocked: false };
        }
        let told = usize::from(taken > 0 && self.untold > 1);
        if taken == 0 && self.left == self.untold {
            // Of a record that nothing was taken of nothing is kept.
            (self.left, self.untold) = (0, 0);
        } else {
            self.left -= taken;
            self.untold -= told;
        }
        Sent { taken, told, blocked: true }
    }
}
