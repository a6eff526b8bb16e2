//! What a loop tells the script of its bots. Never: a socket.

use super::hands::{Bot, Hands};

/// How a connection came to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// It could not be made.
    Refused(String),
    /// The server closed its sending half.
    Closed,
    /// The server or the network tore it.
    Broken(String),
}

/// The script of all bots in one loop.
pub(crate) trait Crowd {
    /// The connection stands.
    fn connected(&mut self, bot: Bot, hands: &mut Hands);

    /// Bytes have come: those that were left over from the last call, and the
    /// new ones behind them. Returns how many of them it is done with.
    fn received(&mut self, bot: Bot, bytes: &[u8], hands: &mut Hands) -> usize;

    /// The connection is gone; the seat is free for another `connect`.
    fn ended(&mut self, bot: Bot, end: End, hands: &mut Hands);

    /// All that was ready has been handled; what is written now is sent at once.
    fn tick(&mut self, hands: &mut Hands);
}
