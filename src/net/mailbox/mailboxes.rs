//! Messages between workers: a channel for each, and one wake for many batches.
//! Sending never waits.

use super::in_flight::InFlight;
use super::message::WorkerMessage;
use super::wake_flag::WakeFlag;
use crate::chat::WorkerId;
use crossbeam_channel::{Receiver, Sender, unbounded};
use mio::Waker;
use std::io;
use std::sync::Arc;

/// All mailboxes; every thread holds the same.
pub struct Mailboxes {
    boxes: Vec<Slot>,
    in_flight: InFlight,
}

struct Slot {
    sender: Sender<WorkerMessage>,
    flag: WakeFlag,
    waker: Waker,
}

/// The receiving end of one worker's mailbox.
pub struct Mailbox {
    worker: WorkerId,
    mailboxes: Arc<Mailboxes>,
    receiver: Receiver<WorkerMessage>,
}

impl Mailboxes {
    /// A mailbox for each of the wakers.
    pub fn new(wakers: Vec<Waker>) -> (Arc<Self>, Vec<Mailbox>) {
        let mut receivers = Vec::new();
        let slot = |waker| {
            // Unbounded: two full channels would deadlock. The bound is the
            // mark on the bytes in flight, above which nobody reads.
            let (sender, receiver) = unbounded();
            receivers.push(receiver);
            Slot { sender, flag: WakeFlag::new(), waker }
        };
        let boxes: Vec<Slot> = wakers.into_iter().map(slot).collect();
        let in_flight = InFlight::new(boxes.len());
        let mailboxes = Arc::new(Self { boxes, in_flight });
        let inboxes = receivers.into_iter().zip(0..).map(|(receiver, worker)| Mailbox {
            worker,
            mailboxes: mailboxes.clone(),
            receiver,
        });
        let inboxes = inboxes.collect();
        (mailboxes, inboxes)
    }

    /// Puts a message into a worker's mailbox and wakes it, if nobody has.
    ///
    /// # Errors
    /// Where the worker could not be woken: the process is out of order.
    pub fn send(&self, to: WorkerId, message: WorkerMessage) -> io::Result<()> {
        let slot = &self.boxes[usize::from(to)];
        if let WorkerMessage::Batch(batch) = &message {
            self.in_flight.sent(to, batch.weight_bytes());
        }
        // Fails only when the worker has ended, and then nobody is left to tell.
        let _ = slot.sender.send(message);
        if slot.flag.raise() { slot.waker.wake() } else { Ok(()) }
    }

    /// [`Mailboxes::send`] to everyone.
    ///
    /// # Errors
    /// As there.
    pub fn send_to_all(&self, message: impl Fn() -> WorkerMessage) -> io::Result<()> {
        (0..self.boxes.len()).try_for_each(|worker| self.send(worker as WorkerId, message()))
    }

    /// How many there are.
    pub fn workers(&self) -> WorkerId {
        self.boxes.len() as WorkerId
    }

    /// What is in flight.
    pub fn in_flight(&self) -> &InFlight {
        &self.in_flight
    }
}

impl Mailbox {
    pub fn mailboxes(&self) -> &Arc<Mailboxes> {
        &self.mailboxes
    }

    /// Before looking for messages: from here on, a new one wakes again.
    pub fn lower_flag(&self) {
        self.slot().flag.lower();
    }

    /// The next message, if there is one.
    pub fn take(&self) -> Option<WorkerMessage> {
        self.receiver.try_recv().ok()
    }

    /// Whether a message is left.
    pub fn has_messages(&self) -> bool {
        !self.receiver.is_empty()
    }

    fn slot(&self) -> &Slot {
        &self.mailboxes.boxes[usize::from(self.worker)]
    }
}
