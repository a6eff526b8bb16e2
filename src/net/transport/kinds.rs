//! One type for all kinds of transport. Another kind is another variant, in a
//! box where it is large. Never: how a kind does it.

use super::context::Context;
use super::opening::{Opening, opening};
use super::outcome::{Readiness, Received, Sent};
#[cfg(test)]
use super::scripted::Scripted;
use super::status::Status;
use super::tcp::Tcp;
use super::tls::Tls;
use crate::wire::{Outbound, Owned};
use mio::net::TcpStream;
use mio::{Interest, Registry, Token, event};
use std::io;
use std::mem;
use std::net::IpAddr;

/// A connection's transport, as its shard carries it.
#[derive(Debug)]
pub enum Transport {
    /// Also one whose first byte has not come yet.
    Tcp(Tcp),
    Tls(Box<Tls>),
    /// For a moment, while one kind becomes another.
    Vacant,
    /// Follows the script of a test.
    #[cfg(test)]
    Scripted(Box<Scripted>),
}

const VACANT: &str = "a transport has become another kind by now";

/// Calls the same method of any kind.
macro_rules! of_any_kind {
    ($transport:expr, $kind:ident => $call:expr) => {
        match $transport {
            Transport::Tcp($kind) => $call,
            Transport::Tls($kind) => $call,
            Transport::Vacant => unreachable!("{VACANT}"),
            #[cfg(test)]
            Transport::Scripted($kind) => $call,
        }
    };
}

impl Transport {
    /// Of a connection that was accepted.
    pub fn tcp(stream: TcpStream) -> Self {
        let mut tcp = Tcp::new(stream);
        tcp.status.fresh = true;
        Self::Tcp(tcp)
    }

    /// What the loop notes of it.
    pub fn status(&self) -> &Status {
        of_any_kind!(self, kind => &kind.status)
    }

    /// What the loop notes of it.
    pub fn status_mut(&mut self) -> &mut Status {
        of_any_kind!(self, kind => &mut kind.status)
    }

    /// Takes note of an event; returns whether it is to be read and whether it is
    /// to be flushed.
    pub fn notice(&mut self, readiness: Readiness) -> Readiness {
        let status = self.status_mut();
        status.recheck |= readiness.ended;
        status.blocked &= !readiness.writable;
        if let Self::Tls(tls) = self
            && readiness.writable
        {
            tls.has_room();
        }
        Readiness { readable: readiness.readable || readiness.ended, ..readiness }
    }

    /// Events may have been passed over: until it would block, no read says
    /// that it is drained.
    pub fn recheck(&mut self) {
        self.status_mut().recheck = true;
    }

    /// Reads once: about so many bytes as the turn has, of which there is at least
    /// one, into the front of a worker's scratch space.
    pub fn receive(&mut self, space: &mut [u8], turn: usize, context: &mut Context) -> Received {
        match self {
            Self::Tcp(tcp) => {
                let received = tcp.receive(&mut space[..turn]);
                if tcp.status.fresh { self.open(received, space, context) } else { received }
            }
            Self::Tls(tls) => tls.receive(space, turn, context),
            #[cfg(test)]
            Self::Scripted(scripted) => scripted.receive(&mut space[..turn]),
            Self::Vacant => unreachable!("{VACANT}"),
        }
    }

    /// Becomes what its first byte says.
    fn open(&mut self, received: Received, space: &mut [u8], context: &mut Context) -> Received {
        let (Received::Drained(count) | Received::MaybeMore(count)) = received else {
            return received;
        };
        let Some(&first) = space[..count].first() else { return received };
        let Self::Tcp(mut tcp) = mem::replace(self, Self::Vacant) else { unreachable!("{VACANT}") };
        tcp.status.fresh = false;
        let tcp = match (opening(first), &context.tls) {
            (Opening::Tls, Some(config)) => match Tls::new(tcp, config.clone()) {
                Ok(mut tls) => {
                    context.begin();
                    let drained = matches!(received, Received::Drained(_));
                    let received = tls.take_in(space, count, drained, context);
                    *self = Self::Tls(Box::new(tls));
                    return received;
                }
                Err(tcp) => tcp,
            },
            _ => tcp,
        };
        let is_refused = tcp.status.must_encrypt;
        *self = Self::Tcp(tcp);
        if is_refused { Received::Unencrypted } else { received }
    }

    /// Writes once what waits; nothing is taken out of the queue. What has to be
    /// sealed is sealed in a worker's scratch space.
    pub fn send<T: Owned>(&mut self, outbound: &Outbound<T>, space: &mut [u8]) -> Sent {
        match self {
            Self::Tcp(tcp) => {
                // Who is told something in the clear goes on so.
                tcp.status.fresh = false;
                tcp.send(outbound)
            }
            Self::Tls(tls) => tls.send(outbound, space),
            #[cfg(test)]
            Self::Scripted(scripted) => scripted.send(outbound),
            Self::Vacant => unreachable!("{VACANT}"),
        }
    }

    /// Closes it; TLS sends its close_notify.
    pub fn close(self) {
        if let Self::Tls(tls) = self {
            tls.close();
        }
    }

    /// What it holds in bytes, if that has changed since the last call.
    pub fn held_bytes(&mut self) -> Option<usize> {
        match self {
            Self::Tls(tls) => tls.held_bytes(),
            _ => None,
        }
    }

    /// Whether it takes nothing before an event says that it has room.
    pub fn is_blocked(&self) -> bool {
        self.status().blocked
    }

    /// Nothing more will be sent.
    pub fn shutdown(&mut self) {
        of_any_kind!(self, kind => kind.shutdown());
    }

    /// Writes `words` and closes, without waiting for the peer to read them.
    pub fn dismiss(self, words: &[u8]) {
        of_any_kind!(self, kind => kind.dismiss(words));
    }

    /// The address that the peer has connected to.
    ///
    /// # Errors
    /// The system's error.
    pub fn local_ip(&self) -> io::Result<IpAddr> {
        of_any_kind!(self, kind => kind.local_ip())
    }

    /// From here on events tell of it. Returns whether it has something to
    /// read already of which none will tell.
    ///
    /// # Errors
    /// The system's error.
    pub fn register(&mut self, registry: &Registry, token: Token) -> io::Result<bool> {
        if let Self::Tls(tls) = self {
            tls.untell();
        }
        let interest = interest(self.is_blocked());
        registry.register(self.source(), token, interest)?;
        self.status_mut().watched = self.is_blocked();
        // What is there to be received makes an event.
        Ok(matches!(self, Self::Tls(tls) if tls.has_news()))
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
    /// The system's error.
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

/// It has its place in the first cache line of a client. (For debugging, `mio` notes down more of a socket.)
#[cfg(not(debug_assertions))]
const _: () = {
    assert!(size_of::<Transport>() <= size_of::<[u32; 4]>());
};
