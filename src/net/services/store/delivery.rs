//! Replies and notices, to workers. Never: what they say.

use crate::accounts::{Notice, Reply};
use crate::chat::id::Address;
use crate::chat::{Batch, ShardMessage};
use crate::net::mailbox::{Mailboxes, WorkerMessage};
use crate::net::transport::Transport;
use std::io;
use std::sync::Arc;

/// About what a notice or a reply holds, in bytes.
const MESSAGE_BYTES: usize = 128;

/// A reply by itself.
pub(crate) fn reply_batch(to: Address, number: u32, reply: Reply) -> Batch<Transport> {
    let mut batch = Batch::default();
    let bytes = match &reply {
        Reply::Tokens(rows) => rows.len() * MESSAGE_BYTES,
        _ => MESSAGE_BYTES,
    };
    batch.push(ShardMessage::StoreReply { to: to.conn, number, reply: Box::new(reply) }, bytes);
    batch
}

/// What there is to tell workers, in order: each gets one batch for what is told in a row.
pub(super) struct Delivery<'a> {
    mailboxes: &'a Mailboxes,
    batches: Vec<Batch<Transport>>,
}

impl<'a> Delivery<'a> {
    pub(super) fn new(mailboxes: &'a Mailboxes) -> Self {
        let batches = (0..mailboxes.workers()).map(|_| Batch::default()).collect();
        Self { mailboxes, batches }
    }

    /// To all workers.
    pub(super) fn notice(&mut self, notice: Notice) {
        let notice = Arc::new(notice);
        for batch in &mut self.batches {
            batch.push(ShardMessage::Notice(notice.clone()), MESSAGE_BYTES);
        }
    }

    pub(super) fn reply(&mut self, (to, number): (Address, u32), reply: Reply) {
        if let Some(batch) = self.batches.get_mut(usize::from(to.worker)) {
            let reply = Box::new(reply);
            batch.push(ShardMessage::StoreReply { to: to.conn, number, reply }, MESSAGE_BYTES);
        }
    }

    /// Hands it all over.
    ///
    /// # Errors
    /// Where a worker can't be woken: the process is out of order.
    pub(super) fn send(self) -> io::Result<()> {
        for (worker, batch) in (0..).zip(self.batches) {
            if !batch.is_empty() {
                self.mailboxes.send(worker, WorkerMessage::Batch(batch))?;
            }
        }
        Ok(())
    }
}
