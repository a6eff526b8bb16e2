//! Framing: the framer as a connection uses it, and a reference implementation of
//! the contract in one plain loop.

use lanline::wire::{Framer, Step};

/// What is found in a stream of bytes, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    Packet(Vec<u8>),
    Malformed,
    TooLarge,
    Unfinished,
}

/// Feeds the pieces to a framer as a connection does: what it says to keep is
/// passed again, in front of the next piece.
pub fn frame<'a>(pieces: impl IntoIterator<Item = &'a [u8]>, limit: usize) -> Vec<Found> {
    let mut framer = Framer::default();
    let mut kept: Vec<u8> = Vec::new();
    let mut found = Vec::new();
    for piece in pieces {
        kept.extend_from_slice(piece);
        let mut at = 0;
        loop {
            match framer.next(&kept[at..], limit) {
                Step::Packet { start, end } => {
                    found.push(Found::Packet(kept[at + start..at + end].to_vec()));
                    at += end;
                }
                Step::Malformed { end } => {
                    found.push(Found::Malformed);
                    at += end;
                }
                Step::TooLarge => {
                    found.push(Found::TooLarge);
                    return found;
                }
                Step::More { keep } => {
                    kept.drain(..at + keep);
                    // What a connection has to hold is bounded.
                    assert!(kept.len() <= limit, "{} bytes kept", kept.len());
                    break;
                }
            }
        }
    }
    if framer.finish() {
        found.push(Found::Unfinished);
    }
    found
}

/// The contract's rules of framing as one plain loop over the bytes, without
/// any state between calls: the reference for [`frame`]. White space means
/// nothing between packets; a packet ends with the brace that closes it; a
/// line feed in a string ends it as malformed; junk runs up to a line feed.
pub fn plain_frame(bytes: &[u8], limit: usize) -> Vec<Found> {
    let mut found = Vec::new();
    let mut at = 0;
    loop {
        while at < bytes.len() && b" \t\r\n".contains(&bytes[at]) {
            at += 1;
        }
        if at == bytes.len() {
            return found;
        }
        let start = at;
        let (mut depth, mut in_string, mut escaped) = (0, false, false);
        let junk = bytes[start] != b'{';
        let step = loop {
            let Some(&byte) = bytes.get(at) else { break Found::Unfinished };
            if byte == b'\n' && (junk || in_string) {
                // Checked before the limit: it isn't part of what it ends.
                at += 1;
                break Found::Malformed;
            }
            if at - start == limit {
                // One byte over, whatever it is.
                break Found::TooLarge;
            }
            at += 1;
            if junk {
                continue;
            }
            match byte {
                _ if escaped => escaped = false,
                b'\\' if in_string => escaped = true,
                b'"' => in_string = !in_string,
                b'{' if !in_string => depth += 1,
                b'}' if !in_string => depth -= 1,
                _ => {}
            }
            if depth == 0 {
                break Found::Packet(bytes[start..at].to_vec());
            }
        };
        let last = matches!(step, Found::TooLarge | Found::Unfinished);
        found.push(step);
        if last {
            return found;
        }
    }
}
