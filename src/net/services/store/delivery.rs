//! Replies and notices, to workers. Never: what they say.

use crate::accounts::{Notice, Reply};
use crate::archive;
use crate::chat::Committed;
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

/// A reply about stored packets by itself.
pub(crate) fn archive_reply_batch(
    (to, number): (Address, u32),
    reply: archive::Reply,
) -> Batch<Transport> {
    let mut batch = Batch::default();
    push_archive_reply(&mut batch, (to, number), reply);
    batch
}

fn push_archive_reply(
    batch: &mut Batch<Transport>,
    (to, number): (Address, u32),
    reply: archive::Reply,
) {
    let bytes = match &reply {
        archive::Reply::Replay(page) => {
            page.packets.iter().map(|it| it.stamped.bytes().len() + MESSAGE_BYTES).sum()
        }
        archive::Reply::Unread(rows) => rows.len() * MESSAGE_BYTES,
        _ => MESSAGE_BYTES,
    };
    let reply = Box::new(reply);
    batch.push(ShardMessage::ArchiveReply { to: to.conn, number, reply }, bytes);
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

    /// What has come of posts, to all workers: each delivers to clients of its own.
    pub(super) fn committed(&mut self, committed: Committed) {
        let texts = committed.posts.posts.iter().map(|post| post.packet.bytes().len());
        let bytes = texts.map(|length| length + MESSAGE_BYTES).sum();
        let committed = Arc::new(committed);
        for batch in &mut self.batches {
            batch.push(ShardMessage::Committed(committed.clone()), bytes);
        }
    }

    /// News about stored packets, to all workers.
    pub(super) fn news(&mut self, news: archive::Notice) {
        let news = Arc::new(news);
        for batch in &mut self.batches {
            batch.push(ShardMessage::ArchiveNotice(news.clone()), MESSAGE_BYTES);
        }
    }

    /// A reply about stored packets or rooms.
    ///
    /// # Errors
    /// Where a worker can't be woken: the process is out of order.
    pub(super) fn archive_reply(
        &mut self,
        (to, number): (Address, u32),
        reply: archive::Reply,
    ) -> io::Result<()> {
        if matches!(reply, archive::Reply::Room(_)) {
            // Who asked may ask other workers about it: these have to know before.
            self.hand_over()?;
        }
        if let Some(batch) = self.batches.get_mut(usize::from(to.worker)) {
            push_archive_reply(batch, (to, number), reply);
        }
        Ok(())
    }

    /// Hands it all over.
    ///
    /// # Errors
    /// Where a worker can't be woken: the process is out of order.
    pub(super) fn send(mut self) -> io::Result<()> {
        self.hand_over()
    }

    fn hand_over(&mut self) -> io::Result<()> {
        for (worker, batch) in (0..).zip(&mut self.batches) {
            if !batch.is_empty() {
                self.mailboxes.send(worker, WorkerMessage::Batch(std::mem::take(batch)))?;
            }
        }
        Ok(())
    }
}
