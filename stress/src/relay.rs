//! **The bare relay**: the floor that every server is measured against. One
//! edge-triggered loop that forwards frames by the binary address in front of
//! each and looks at nothing else; one `recv` per readiness, one `send` per
//! touched connection and turn. Never: names, checks, limits on queues.
//!
//! A client first says who it is: a frame whose address is its own. It gets a
//! frame as long as a server's welcome. A frame to [`EVERYONE`] goes to all
//! others. An address and a length take the place of a packet's first eight
//! bytes, so that as many bytes move as for the packet.

use anyhow::Result;
use mio::net::{TcpListener, TcpStream};
use mio::{Events, Interest, Poll, Token};
use std::io::{ErrorKind, Read, Write};
use std::net::SocketAddr;

/// Address and length, four bytes each, little-endian.
pub(crate) const HEADER_BYTES: usize = 8;
/// The address that means all others.
pub(crate) const EVERYONE: u32 = u32::MAX;
/// As long as `{"from":{"name":"/welcome","ip":"127.0.0.1"},"to":"u1234",…`.
const WELCOME_BYTES: usize = 116;

const SCRATCH_BYTES: usize = 256 * 1024;
const LISTENER: Token = Token(usize::MAX);
const NOBODY: u32 = u32::MAX;

/// One connection. What waits for it owns memory only while it waits.
struct Peer {
    stream: TcpStream,
    id: u32,
    is_touched: bool,
    inbox: Vec<u8>,
    outbox: Vec<u8>,
}

struct Relay {
    poll: Poll,
    listener: TcpListener,
    peers: slab::Slab<Peer>,
    /// Which slot has the address.
    slots: Vec<u32>,
    touched: Vec<usize>,
    gone: Vec<usize>,
    /// Empty buffers with memory, still warm.
    spare: Vec<Vec<u8>>,
}

/// Runs until it is killed, by its parent's end at the latest. Prints `listening on ADDRESS:PORT` when ready.
pub(crate) fn run(listen: SocketAddr) -> Result<()> {
    nix::sys::prctl::set_pdeathsig(nix::sys::signal::Signal::SIGTERM)?;
    let socket = socket2::Socket::new(
        socket2::Domain::for_address(listen),
        socket2::Type::STREAM,
        Some(socket2::Protocol::TCP),
    )?;
    socket.set_nonblocking(true)?;
    socket.set_reuse_address(true)?;
    socket.bind(&listen.into())?;
    socket.listen(4096)?;
    let poll = Poll::new()?;
    let mut listener = TcpListener::from_std(socket.into());
    poll.registry().register(&mut listener, LISTENER, Interest::READABLE)?;
    crate::output::print(&format!("listening on {}\n", listener.local_addr()?))?;
    let mut relay = Relay {
        poll,
        listener,
        peers: slab::Slab::new(),
        slots: Vec::new(),
        touched: Vec::new(),
        gone: Vec::new(),
        spare: Vec::new(),
    };
    relay.serve()
}

impl Relay {
    fn serve(&mut self) -> Result<()> {
        let mut events = Events::with_capacity(1024);
        let mut scratch = vec![0; SCRATCH_BYTES];
        loop {
            match self.poll.poll(&mut events, None) {
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                other => other?,
            }
            for event in &events {
                if event.token() == LISTENER {
                    self.accept()?;
                    continue;
                }
                let slot = event.token().0;
                if event.is_writable() {
                    self.touch_if_waiting(slot);
                }
                if event.is_readable() || event.is_read_closed() || event.is_error() {
                    let is_ending = event.is_read_closed() || event.is_error();
                    self.read(slot, is_ending, &mut scratch);
                }
            }
            self.flush();
            self.reap();
        }
    }

    fn accept(&mut self) -> Result<()> {
        loop {
            match self.listener.accept() {
                Ok((mut stream, _)) => {
                    let _ = stream.set_nodelay(true);
                    let entry = self.peers.vacant_entry();
                    let interest = Interest::READABLE | Interest::WRITABLE;
                    self.poll.registry().register(&mut stream, Token(entry.key()), interest)?;
                    entry.insert(Peer {
                        stream,
                        id: NOBODY,
                        is_touched: false,
                        inbox: Vec::new(),
                        outbox: Vec::new(),
                    });
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(_) => {}
            }
        }
    }

    /// A short read has drained the socket, unless its end follows.
    fn read(&mut self, slot: usize, is_ending: bool, scratch: &mut [u8]) {
        loop {
            let Some(peer) = self.peers.get_mut(slot) else { return };
            match peer.stream.read(scratch) {
                Ok(0) => return self.gone.push(slot),
                Ok(count) => {
                    self.take(slot, &scratch[..count]);
                    if count < scratch.len() && !is_ending {
                        return;
                    }
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => return,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(_) => return self.gone.push(slot),
            }
        }
    }

    /// Forwards all whole frames; keeps the torn one.
    fn take(&mut self, slot: usize, fresh: &[u8]) {
        if self.peers[slot].inbox.is_empty() {
            let done = self.forward(slot, fresh);
            if done < fresh.len() {
                self.peers[slot].inbox.extend_from_slice(&fresh[done..]);
            }
            return;
        }
        let mut bytes = std::mem::take(&mut self.peers[slot].inbox);
        bytes.extend_from_slice(fresh);
        let done = self.forward(slot, &bytes);
        bytes.drain(..done);
        if !bytes.is_empty() {
            self.peers[slot].inbox = bytes;
        }
    }

    fn forward(&mut self, slot: usize, bytes: &[u8]) -> usize {
        let mut done = 0;
        while let Some(header) = bytes.get(done..done + HEADER_BYTES) {
            let address = u32::from_le_bytes([header[0], header[1], header[2], header[3]]);
            let length = u32::from_le_bytes([header[4], header[5], header[6], header[7]]) as usize;
            let Some(frame) = bytes.get(done..done + length.max(HEADER_BYTES)) else { break };
            done += frame.len();
            if self.peers[slot].id == NOBODY {
                self.welcome(slot, address);
            } else if address == EVERYONE {
                self.forward_to_others(slot, frame);
            } else if let Some(&recipient) = self.slots.get(address as usize)
                && recipient != NOBODY
            {
                self.append(recipient as usize, frame);
            }
        }
        done
    }

    fn welcome(&mut self, slot: usize, id: u32) {
        let index = id as usize;
        if self.slots.len() <= index {
            self.slots.resize(index + 1, NOBODY);
        }
        self.slots[index] = slot as u32;
        self.peers[slot].id = id;
        let mut frame = [b'x'; WELCOME_BYTES];
        frame[..4].copy_from_slice(&EVERYONE.to_le_bytes());
        frame[4..8].copy_from_slice(&(WELCOME_BYTES as u32).to_le_bytes());
        self.append(slot, &frame);
    }

    fn forward_to_others(&mut self, slot: usize, frame: &[u8]) {
        for index in 0..self.slots.len() {
            let recipient = self.slots[index];
            if recipient != NOBODY && recipient as usize != slot {
                self.append(recipient as usize, frame);
            }
        }
    }

    fn append(&mut self, slot: usize, frame: &[u8]) {
        let Some(peer) = self.peers.get_mut(slot) else { return };
        if peer.outbox.capacity() == 0 {
            peer.outbox = self.spare.pop().unwrap_or_default();
        }
        peer.outbox.extend_from_slice(frame);
        if !peer.is_touched {
            peer.is_touched = true;
            self.touched.push(slot);
        }
    }

    fn touch_if_waiting(&mut self, slot: usize) {
        if let Some(peer) = self.peers.get_mut(slot)
            && !peer.outbox.is_empty()
            && !peer.is_touched
        {
            peer.is_touched = true;
            self.touched.push(slot);
        }
    }

    fn flush(&mut self) {
        for slot in std::mem::take(&mut self.touched) {
            let Some(peer) = self.peers.get_mut(slot) else { continue };
            peer.is_touched = false;
            let mut sent = 0;
            while sent < peer.outbox.len() {
                match peer.stream.write(&peer.outbox[sent..]) {
                    Ok(count) => sent += count,
                    Err(error) if error.kind() == ErrorKind::Interrupted => {}
                    Err(_) => break,
                }
            }
            peer.outbox.drain(..sent);
            if peer.outbox.is_empty() {
                let buffer = std::mem::take(&mut peer.outbox);
                if self.spare.len() < 1024 {
                    self.spare.push(buffer);
                }
            }
        }
    }

    fn reap(&mut self) {
        for slot in std::mem::take(&mut self.gone) {
            let Some(mut peer) = self.peers.try_remove(slot) else { continue };
            let _ = self.poll.registry().deregister(&mut peer.stream);
            if peer.id != NOBODY && self.slots[peer.id as usize] == slot as u32 {
                self.slots[peer.id as usize] = NOBODY;
            }
        }
    }
}
