//! A user's name in the forms that the way of a packet needs ready-made.
//! Never: who holds which name.

use crate::wire::{Name, packet};
use compact_str::CompactString;
use std::net::IpAddr;

/// A user's name, and what every packet of theirs begins with.
#[derive(Debug)]
pub struct Identity {
    /// `{"from":{"name":"alice","ip":"192.168.1.7"},"to":"`
    pub stamp: Box<str>,
    name_bytes: u8,
    /// Stored inline where it is short, since every lookup compares it.
    key: CompactString,
    pub hash: u64,
}

impl Identity {
    /// `hash` is that of the name's key.
    pub fn new(name: &Name, ip: IpAddr, hash: u64) -> Self {
        let shown = name.shown();
        let mut stamp = Vec::with_capacity(64);
        stamp.extend_from_slice(packet::FROM_NAME);
        stamp.extend_from_slice(shown.as_bytes());
        stamp.extend_from_slice(packet::IP);
        stamp.extend_from_slice(ip.to_string().as_bytes());
        stamp.extend_from_slice(packet::TO);
        Self {
            // A name and an address hold nothing that JSON escapes.
            stamp: String::from_utf8_lossy(&stamp).into_owned().into_boxed_str(),
            name_bytes: shown.len() as u8,
            key: name.key().into(),
            hash,
        }
    }

    /// The name as its holder wrote it.
    pub fn name(&self) -> &str {
        let start = packet::FROM_NAME.len();
        &self.stamp[start..start + usize::from(self.name_bytes)]
    }

    /// The name's case fold, by which it is found.
    pub fn key(&self) -> &str {
        &self.key
    }
}
