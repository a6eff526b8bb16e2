//! Accepting: connections that wait are accepted, up to a bound, and admitted or
//! refused. Never: which are admitted.

use super::state::{Stage, Worker};
use crate::chat::admission_refusal;
use crate::limits;
use crate::net::admission::Decision;
use crate::net::transport::Transport;
use std::io::{self, ErrorKind};
use std::net::{IpAddr, SocketAddr};

impl Worker {
    /// Accepts what waits, up to a bound.
    pub(super) fn accept(&mut self) {
        if !self.accept_ready || self.now < self.accept_after || self.stage != Stage::Serving {
            return;
        }
        self.accept_ready = false;
        for number in 0..self.parts.listeners.len() {
            let mut accepted = 0;
            loop {
                if accepted == limits::ACCEPTS_PER_TICK_MAX || self.parts.shard.is_tick_over() {
                    self.accept_ready = true;
                    break;
                }
                accepted += 1;
                match self.parts.listeners[number].accept() {
                    Ok((transport, peer)) => self.enter(transport, peer),
                    Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                    Err(error) if is_of_one_connection(&error) => {}
                    Err(error) => {
                        // Edge-triggered: no event comes again, so it is tried after a pause.
                        self.accept_ready = true;
                        self.accept_after = self.now.after(limits::ACCEPT_PAUSE);
                        self.event_log.accept_failed(self.now, &error);
                        break;
                    }
                }
            }
        }
    }

    /// Whether it may come in; who is banned may not.
    fn decide(&self, peer: IpAddr) -> Decision {
        let is_banned = self.parts.shard.is_banned(peer);
        self.parts.admission.enter(self.now, peer, is_banned)
    }

    pub(super) fn enter(&mut self, mut transport: Transport, peer: SocketAddr) {
        let peer = peer.ip().to_canonical();
        let decision = self.decide(peer);
        let Ok(local) = transport.local_ip() else {
            return self.parts.admission.left(peer, decision.counts_as());
        };
        let (now, shard) = (self.now, &mut self.parts.shard);
        let id = match decision {
            Decision::Client(budget) => {
                let status = transport.status_mut();
                status.is_client = true;
                status.must_encrypt = self.parts.tls_required && !peer.is_loopback();
                shard.accepted(now, transport, (peer, local), budget)
            }
            Decision::Refused(code) => {
                let id = shard.refused_at_admission(now, transport, (peer, local), code);
                self.register(id);
                // In the clear: before anything of theirs is read, which may be TLS.
                return self.carry_out();
            }
            Decision::Dropped(code) => return transport.dismiss(&admission_refusal(local, code)),
        };
        self.register(id);
    }
}

/// The connection ended in the queue, or a signal came; the next may succeed.
/// accept(2) asks to treat network errors of the new socket like this.
fn is_of_one_connection(error: &io::Error) -> bool {
    use ErrorKind::{ConnectionAborted, HostUnreachable, Interrupted, NetworkDown};
    use ErrorKind::{NetworkUnreachable, PermissionDenied, TimedOut};
    const EPROTO: i32 = 71;
    matches!(
        error.kind(),
        ConnectionAborted
            | HostUnreachable
            | Interrupted
            | NetworkDown
            | NetworkUnreachable
            | PermissionDenied
            | TimedOut
    ) || error.raw_os_error() == Some(EPROTO)
}
