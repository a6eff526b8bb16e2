//! What a crowd can do: write to a bot's socket, connect it, end it, let it
//! read or not. Everything is only noted down; the loop carries it out.

use std::net::Ipv4Addr;
use std::time::Instant;

/// A bot: its seat in the driver, counted from 0.
pub(crate) type Bot = usize;

/// What the loop shall do for a bot once the crowd is done with this event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    Connect(Bot),
    /// From its next connection on, let the kernel receive little for it: it
    /// would read on for a bot that doesn't, by the megabyte.
    SmallBuffer(Bot),
    /// From its next connection on, it comes from this loopback address.
    From(Bot, Ipv4Addr),
    /// End it politely: flush, then close the sending half; the server closes.
    Finish(Bot),
    /// Flush, then close.
    Close(Bot),
    /// End it with a reset.
    Reset(Bot),
    /// Read nothing from now on.
    Hold(Bot),
    /// Held or not, read up to this many bytes once.
    Sip(Bot, usize),
    /// Read whatever comes, again.
    Release(Bot),
}

/// The crowd's way to its sockets.
pub(crate) struct Hands {
    pub(super) outboxes: Vec<Vec<u8>>,
    pub(super) touched: Vec<Bot>,
    pub(super) is_touched: Vec<bool>,
    pub(super) orders: Vec<Order>,
    pub(super) now: Instant,
}

impl Hands {
    /// Hands for `bots` seats.
    pub(crate) fn new(bots: usize, now: Instant) -> Self {
        Self {
            outboxes: (0..bots).map(|_| Vec::new()).collect(),
            touched: Vec::new(),
            is_touched: vec![false; bots],
            orders: Vec::new(),
            now,
        }
    }

    /// The time of this tick.
    pub(crate) fn now(&self) -> Instant {
        self.now
    }

    /// What waits to be sent for `bot`, to be appended to.
    pub(crate) fn outbox(&mut self, bot: Bot) -> &mut Vec<u8> {
        if !self.is_touched[bot] {
            self.is_touched[bot] = true;
            self.touched.push(bot);
        }
        &mut self.outboxes[bot]
    }

    /// How many bytes wait to be sent for `bot`.
    pub(crate) fn waiting_bytes(&self, bot: Bot) -> usize {
        self.outboxes[bot].len()
    }

    pub(crate) fn order(&mut self, order: Order) {
        self.orders.push(order);
    }

    pub(super) fn take_orders(&mut self) -> Vec<Order> {
        std::mem::take(&mut self.orders)
    }
}
