//! Records of TLS 1.3 (RFC 8446, section 5) under the keys of one direction:
//! sealed and opened where they lie. **Pure**. Never: what a record says.

use ring::aead::{self, AES_128_GCM, AES_256_GCM, Aad, CHACHA20_POLY1305, LessSafeKey, Nonce};
use rustls::ConnectionTrafficSecrets;

/// In front of what is sealed, in bytes: type, version, length.
pub(super) const HEADER_BYTES: usize = 5;
/// Text in one record, at the most (section 5.1).
pub(super) const TEXT_BYTES_MAX: usize = 1 << 14;
/// What is sealed, at the most (section 5.2).
const SEALED_BYTES_MAX: usize = TEXT_BYTES_MAX + 256;
/// A whole record, at the most.
pub(super) const RECORD_BYTES_MAX: usize = HEADER_BYTES + SEALED_BYTES_MAX;
/// The type of the text, and the tag.
const OVERHEAD_BYTES: usize = 1 + aead::MAX_TAG_LEN;
/// A record of ours with so much text.
pub(super) const fn record_bytes(text: usize) -> usize {
    HEADER_BYTES + text + OVERHEAD_BYTES
}

/// What a record holds (section 5.1).
pub(super) mod content {
    pub(in super::super) const ALERT: u8 = 21;
    pub(in super::super) const HANDSHAKE: u8 = 22;
    pub(in super::super) const DATA: u8 = 23;
}

/// Why a connection is given up, as it is said to the peer (section 6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Alert {
    CloseNotify = 0,
    UnexpectedMessage = 10,
    BadRecordMac = 20,
    RecordOverflow = 22,
    DecodeError = 50,
    InternalError = 80,
}

/// The keys of one direction, and the number of the next record.
pub(super) struct Keys {
    key: LessSafeKey,
    iv: [u8; aead::NONCE_LEN],
    number: u64,
}

impl Keys {
    /// None for a cipher that we never offered.
    pub(super) fn new((number, secrets): (u64, ConnectionTrafficSecrets)) -> Option<Self> {
        use ConnectionTrafficSecrets::{Aes128Gcm, Aes256Gcm, Chacha20Poly1305};
        let (algorithm, key, iv) = match &secrets {
            Aes128Gcm { key, iv } => (&AES_128_GCM, key, iv),
            Aes256Gcm { key, iv } => (&AES_256_GCM, key, iv),
            Chacha20Poly1305 { key, iv } => (&CHACHA20_POLY1305, key, iv),
            _ => return None,
        };
        let key = aead::UnboundKey::new(algorithm, key.as_ref()).ok()?;
        Some(Self { key: LessSafeKey::new(key), iv: iv.as_ref().try_into().ok()?, number })
    }

    /// How many records have had these keys.
    pub(super) fn records(&self) -> u64 {
        self.number
    }

    /// Seals the `text` bytes that lie behind the room for a header at the
    /// front of `space`, which has room for [`record_bytes`]; how long the record
    /// is.
    pub(super) fn seal(
        &mut self,
        content: u8,
        space: &mut [u8],
        text: usize,
    ) -> Result<usize, Alert> {
        let end = HEADER_BYTES + text;
        let header = header(text + OVERHEAD_BYTES);
        space[..HEADER_BYTES].copy_from_slice(&header);
        space[end] = content;
        let sealed = &mut space[HEADER_BYTES..=end];
        let tag = self
            .key
            .seal_in_place_separate_tag(self.nonce(), Aad::from(header), sealed)
            .map_err(|_| Alert::InternalError)?;
        space[end + 1..end + OVERHEAD_BYTES].copy_from_slice(tag.as_ref());
        self.number += 1;
        Ok(end + OVERHEAD_BYTES)
    }

    /// Takes back the record sealed last, of which not a byte was sent: the next
    /// one has its number.
    pub(super) fn unseal(&mut self) {
        self.number -= 1;
    }

    /// Opens the record that lies at `from` and ends with `space`; its text is
    /// then at the front of `space`, over whatever was there. What it holds, and
    /// how much.
    pub(super) fn open(&mut self, space: &mut [u8], from: usize) -> Result<(u8, usize), Alert> {
        let sealed = from + HEADER_BYTES;
        let header = header(space.len() - sealed);
        let text = self
            .key
            .open_within(self.nonce(), Aad::from(header), space, sealed..)
            .map_err(|_| Alert::BadRecordMac)?;
        self.number += 1;
        // Behind the text its type, behind that any number of zeros.
        let end = text.iter().rposition(|&byte| byte != 0).ok_or(Alert::UnexpectedMessage)?;
        if end > TEXT_BYTES_MAX {
            return Err(Alert::RecordOverflow);
        }
        Ok((text[end], end))
    }

    /// Section 5.3.
    fn nonce(&self) -> Nonce {
        let mut nonce = self.iv;
        let number = self.number.to_be_bytes();
        for (byte, number) in nonce[aead::NONCE_LEN - number.len()..].iter_mut().zip(number) {
            *byte ^= number;
        }
        Nonce::assume_unique_for_key(nonce)
    }
}

fn header(sealed: usize) -> [u8; HEADER_BYTES] {
    let [high, low] = (sealed as u16).to_be_bytes();
    [content::DATA, 3, 3, high, low]
}

/// The length of the first record of a stream, if it is there whole.
///
/// # Errors
/// What no protected record is.
pub(super) fn whole_record(bytes: &[u8]) -> Result<Option<usize>, Alert> {
    let Some(&[content, _, _, high, low]) = bytes.first_chunk::<HEADER_BYTES>() else {
        return Ok(None);
    };
    let sealed = usize::from(u16::from_be_bytes([high, low]));
    if content != content::DATA {
        return Err(Alert::UnexpectedMessage);
    }
    if sealed > SEALED_BYTES_MAX {
        return Err(Alert::RecordOverflow);
    }
    if sealed < OVERHEAD_BYTES {
        return Err(Alert::DecodeError);
    }
    let whole = HEADER_BYTES + sealed;
    Ok((bytes.len() >= whole).then_some(whole))
}
