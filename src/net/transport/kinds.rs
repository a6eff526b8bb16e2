//! One type for all kinds of transport. Another kind is another variant, in a
//! box where it is large. Never: how a kind does it.

use super::outcome::{Readiness, Received, Sent};
#[cfg(test)]
use super::scripted::Scripted;
use super::status::Status;
use super::tcp::Tcp;
use crate::wire::{Outbound, Owned};
use mio::net::TcpStream;
use mio::{Interest, Registry, Token, event};
use std::io;
use std::net::IpAddr;

/// A connection's transport, as its shard carries it.
#[derive(Debug)]
pub enum Transport {
    Tcp(Tcp),
    /// Does as a test has written down.
    #[cfg(test)]
    Scripted(Box<Scripted>),
}

/// Calls the same method of any kind.
macro_rules! of_any_kind {
    ($transport:expr, $kind:ident => $call:expr) => {
        match $transport {
            Transport::Tcp($kind) => $call,
            #[cfg(test)]
            Transport::Scripted($kind) => $call,
        }
    };
}

impl Transport {
    /// Of a connection that was accepted.
    pub fn tcp(stream: TcpStream) -> Self {
        Self::Tcp(Tcp::new(stream))
    }

    /// What the loop notes of it.
    pub fn status(&self) -> &Status {
        of_any_kind!(self, kind => &kind.status)
    }

    /// What the loop notes of it.
    pub fn status_mut(&mut self) -> &mut Status {
        of_any_kind!(self, kind => &mut kind.status)
    }

    /// Hears what an event says of it; returns whether it is to be read and
    /// whether it is to be flushed.
    pub fn notice(&mut self, readiness: Readiness) -> Readiness {
        let status = self.status_mut();
        status.recheck |= readiness.ended;
        status.blocked &= !readiness.writable;
        Readiness { readable: readiness.readable || readiness.ended, ..readiness }
    }

    /// Events may have been passed over: until it would block, no read says
    /// that it is drained.
    pub fn recheck(&mut self) {
        self.status_mut().recheck = true;
    }

    /// Reads once. `into` has room for at least one byte.
    pub fn receive(&mut self, into: &mut [u8]) -> Received {
        of_any_kind!(self, kind => kind.receive(into))
    }

    /// Writes once what waits; nothing is taken out of the queue.
    pub fn send<T: Owned>(&mut self, outbound: &Outbound<T>) -> Sent {
        of_any_kind!(self, kind => kind.send(outbound))
    }

    /// Whether it takes nothing before an event says that it has room.
    pub fn is_blocked(&self) -> bool {
        self.status().blocked
    }

    /// Nothing more will be sent.
    pub fn shutdown(&mut self) {
        of_any_kind!(self, kind => kind.shutdown());
    }

    /// Says something and goes, without waiting for it to be heard.
    pub fn dismiss(self, words: &[u8]) {
        of_any_kind!(self, kind => kind.dismiss(words));
    }

    /// The address that the peer has connected to.
    ///
    /// # Errors
    /// What the system says.
    pub fn local_ip(&self) -> io::Result<IpAddr> {
        of_any_kind!(self, kind => kind.local_ip())
    }

    /// From here on events tell of it. Returns whether it has something to
    /// read already of which none will tell.
    ///
    /// # Errors
    /// What the system says.
    pub fn register(&mut self, registry: &Registry, token: Token) -> io::Result<bool> {
        let interest = interest(self.is_blocked());
        registry.register(self.source(), token, interest)?;
        self.status_mut().watched = self.is_blocked();
        // Plain TCP keeps nothing: what is there makes an event.
        Ok(false)
    }

    /// Events tell of it no more. A failure would show where it is registered
    /// next.
    pub fn deregister(&mut self, registry: &Registry) {
        let _ = registry.deregister(self.source());
    }

    /// Whether it waits for room unwatched, or is watched and doesn't.
    pub fn is_interest_stale(&self) -> bool {
        self.status().blocked != self.status().watched
    }

    /// Watches for room exactly while it waits for some.
    ///
    /// # Errors
    /// What the system says.
    pub fn update_interest(&mut self, registry: &Registry, token: Token) -> io::Result<()> {
        if !self.is_interest_stale() {
            return Ok(());
        }
        let wanted = self.is_blocked();
        self.status_mut().watched = wanted;
        registry.reregister(self.source(), token, interest(wanted))
    }

    fn source(&mut self) -> &mut dyn event::Source {
        of_any_kind!(self, kind => &mut kind.stream)
    }
}

fn interest(for_room: bool) -> Interest {
    if for_room { Interest::READABLE | Interest::WRITABLE } else { Interest::READABLE }
}

/// It has its place in the first cache line of a client, with another kind in a
/// box too. (For debugging, `mio` notes down more of a socket.)
#[cfg(not(debug_assertions))]
const _: () = {
    enum WithOneMore {
        _Tcp(Tcp),
        _Boxed(Box<[u64; 100]>),
    }
    assert!(size_of::<Transport>() <= size_of::<[u32; 4]>());
    assert!(size_of::<WithOneMore>() <= size_of::<[u32; 4]>());
};
