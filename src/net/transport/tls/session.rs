//! What follows a handshake: records opened and sealed, new keys, alerts.
//! **Pure**. Never: the socket.

use super::record::{self, Alert, HEADER_BYTES, Keys, content, record_bytes, whole_record};
use crate::limits;
use rustls::kernel::KernelConnection;
use rustls::server::ServerConnectionData;
use rustls::server::UnbufferedServerConnection as Connection;

/// Messages that we know (RFC 8446, section 4).
const KEY_UPDATE: u8 = 24;
/// An alert that says nothing by itself; `close_notify` follows (section 6.1).
const USER_CANCELED: u8 = 90;

/// A connection behind its handshake. Owns no buffer.
pub(super) struct Session {
    /// Knows the secrets from which further keys come.
    kernel: KernelConnection<ServerConnectionData>,
    inbound: Keys,
    outbound: Keys,
    /// The peer has asked for new keys of ours, or ours have served long
    /// enough.
    owes_key_update: bool,
    /// Records without data that it may still send: fewer by each of them, one
    /// more by so many with data.
    dataless_left: u8,
    data_records: u16,
}

/// What was made of the bytes of a stream.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Opened {
    /// Text, from the front of the space on.
    pub(super) text: usize,
    /// Where what is left begins: a torn record.
    pub(super) used: usize,
    pub(super) records: u32,
    pub(super) ended: Option<Ended>,
}

/// Why nothing more comes of a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ended {
    /// The peer has said that it ends.
    Closed,
    /// The peer has given up.
    Abandoned,
    /// It can't go on, and the peer is told why.
    Failed(Alert),
}

impl Session {
    /// Of a connection that has done its handshake.
    ///
    /// # Errors
    /// What the library says.
    pub(super) fn new(connection: Connection) -> Result<Self, rustls::Error> {
        let (secrets, kernel) = connection.dangerous_into_kernel_connection()?;
        let (inbound, outbound) = Keys::new(secrets.rx)
            .zip(Keys::new(secrets.tx))
            .ok_or_else(|| rustls::Error::General("unknown cipher".to_owned()))?;
        let dataless_left = limits::TLS_DATALESS_RECORDS_MAX;
        let owes_key_update = false;
        Ok(Self { kernel, inbound, outbound, owes_key_update, dataless_left, data_records: 0 })
    }

    /// Opens all whole records of `space`; their text is then at its front, one
    /// behind the other.
    pub(super) fn open(&mut self, space: &mut [u8]) -> Opened {
        let mut opened = Opened::default();
        while opened.ended.is_none() {
            match whole_record(&space[opened.used..]) {
                Ok(None) => break,
                Ok(Some(length)) => {
                    let end = opened.used + length;
                    let result =
                        self.open_one(&mut space[opened.text..end], opened.used - opened.text);
                    opened.used = end;
                    opened.records += 1;
                    match result {
                        Ok(text) => opened.text += text,
                        Err(ended) => opened.ended = Some(ended),
                    }
                }
                Err(alert) => opened.ended = Some(Ended::Failed(alert)),
            }
        }
        opened
    }

    /// [`Keys::open`], and what the record says; how much data it holds.
    fn open_one(&mut self, space: &mut [u8], from: usize) -> Result<usize, Ended> {
        let (content, length) = self.inbound.open(space, from).map_err(Ended::Failed)?;
        if content == content::DATA && length > 0 {
            self.data_records += 1;
            if self.data_records == limits::TLS_DATA_RECORDS_PER_DATALESS {
                self.data_records = 0;
                self.dataless_left = limits::TLS_DATALESS_RECORDS_MAX.min(self.dataless_left + 1);
            }
            return Ok(length);
        }
        let failed = Err(Ended::Failed(Alert::UnexpectedMessage));
        let Some(left) = self.dataless_left.checked_sub(1) else { return failed };
        self.dataless_left = left;
        match (content, &space[..length]) {
            (content::DATA, _) => Ok(0),
            (content::ALERT, &[_, 0]) => Err(Ended::Closed),
            (content::ALERT, &[_, USER_CANCELED]) => Ok(0),
            (content::ALERT, &[_, _]) => Err(Ended::Abandoned),
            // By itself in its record: the next one has other keys.
            (content::HANDSHAKE, &[KEY_UPDATE, 0, 0, 1, request @ (0 | 1)]) => {
                self.owes_key_update |= request == 1;
                let next = self.kernel.update_rx_secret().ok().and_then(Keys::new);
                self.inbound = next.ok_or(Ended::Failed(Alert::InternalError))?;
                Ok(0)
            }
            _ => failed,
        }
    }

    /// Whether new keys have to be announced before anything else is said.
    pub(super) fn owes_key_update(&self) -> bool {
        self.owes_key_update || self.outbound.records() >= limits::TLS_RECORDS_PER_KEY
    }

    /// Announces new keys, and takes them: the record.
    ///
    /// # Errors
    /// What the library says.
    pub(super) fn update_keys(&mut self) -> Result<Vec<u8>, Alert> {
        let record = self.say(content::HANDSHAKE, &[KEY_UPDATE, 0, 0, 1, 0])?;
        let next = self.kernel.update_tx_secret().ok().and_then(Keys::new);
        self.outbound = next.ok_or(Alert::InternalError)?;
        self.owes_key_update = false;
        Ok(record)
    }

    /// An alert: the record.
    ///
    /// # Errors
    /// What the library says.
    pub(super) fn alert(&mut self, alert: Alert) -> Result<Vec<u8>, Alert> {
        const WARNING: u8 = 1;
        const FATAL: u8 = 2;
        let level = if alert == Alert::CloseNotify { WARNING } else { FATAL };
        self.say(content::ALERT, &[level, alert as u8])
    }

    /// Seals the `text` bytes behind the room for a header; see [`Keys::seal`].
    ///
    /// # Errors
    /// What the library says.
    pub(super) fn seal(&mut self, space: &mut [u8], text: usize) -> Result<usize, Alert> {
        self.outbound.seal(content::DATA, space, text)
    }

    /// See [`Keys::unseal`].
    pub(super) fn unseal(&mut self) {
        self.outbound.unseal();
    }

    fn say(&mut self, content: u8, words: &[u8]) -> Result<Vec<u8>, Alert> {
        let mut record = vec![0; record_bytes(words.len())];
        record[HEADER_BYTES..][..words.len()].copy_from_slice(words);
        self.outbound.seal(content, &mut record, words.len())?;
        Ok(record)
    }
}

/// A turn of reading takes a whole record, and what a write seals goes into the
/// same space.
const _: () = assert!(limits::SCRATCH_BYTES >= record::RECORD_BYTES_MAX);
