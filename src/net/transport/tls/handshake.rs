//! A handshake, driven by what comes and by nothing else. Never: the socket.

use rustls::server::UnbufferedServerConnection as Connection;
use rustls::unbuffered::{ConnectionState, EncodeError, UnbufferedStatus};

/// What was made of the bytes that came.
#[derive(Debug, Default)]
pub(super) struct Advanced {
    /// How many of them are dealt with.
    pub(super) used: usize,
    /// What is to be sent, whatever `outcome` is.
    pub(super) reply: Vec<u8>,
    /// A ClientHello was answered: a key was agreed upon.
    pub(super) answered_hello: bool,
    /// What the peer has said behind its handshake already.
    pub(super) text: Vec<u8>,
    /// The peer has ended its half.
    pub(super) closed: bool,
    pub(super) outcome: Outcome,
}

#[derive(Debug, Default)]
pub(super) enum Outcome {
    /// It goes on with what comes next.
    #[default]
    Unfinished,
    Done,
    Failed(rustls::Error),
}

/// Goes as far as the bytes allow, of which `held_bytes_max` may wait for what is
/// missing.
pub(super) fn advance(
    connection: &mut Connection,
    bytes: &mut [u8],
    held_bytes_max: usize,
) -> Advanced {
    let mut advanced = Advanced::default();
    let bytes_max = bytes.len();
    loop {
        let UnbufferedStatus { mut discard, state } =
            connection.process_tls_records(&mut bytes[advanced.used..]);
        let mut over = false;
        match state {
            Ok(ConnectionState::EncodeTlsData(mut message)) => {
                let encode = |out: &mut [u8]| message.encode(out);
                append(&mut advanced.reply, encode);
            }
            Ok(ConnectionState::TransmitTlsData(transmit)) => transmit.done(),
            Ok(ConnectionState::ReadTraffic(mut traffic)) => {
                // In a buffer that never grows.
                advanced.text.reserve_exact(bytes_max.saturating_sub(advanced.text.len()));
                while let Some(Ok(record)) = traffic.next_record() {
                    advanced.text.extend_from_slice(record.payload);
                    discard += record.discard;
                }
            }
            Ok(ConnectionState::PeerClosed) => advanced.closed = true,
            Ok(ConnectionState::WriteTraffic(_)) => {
                advanced.outcome = Outcome::Done;
                over = true;
            }
            Ok(ConnectionState::BlockedHandshake) => over = true,
            // Early data isn't offered, and we have not closed.
            Ok(_) => {
                let why = "unexpected state of a handshake".to_owned();
                advanced.outcome = Outcome::Failed(rustls::Error::General(why));
                over = true;
            }
            Err(error) => {
                advanced.outcome = Outcome::Failed(error);
                over = true;
            }
        }
        advanced.used += discard;
        if over {
            break;
        }
    }
    // At its end a handshake is answered with tickets.
    advanced.answered_hello =
        !advanced.reply.is_empty() && !matches!(advanced.outcome, Outcome::Done);
    let left = bytes.len() - advanced.used;
    match advanced.outcome {
        Outcome::Unfinished if left > held_bytes_max => {
            let why = "its handshake is too long".to_owned();
            advanced.outcome = Outcome::Failed(rustls::Error::General(why));
        }
        Outcome::Failed(_) => append_alert(connection, &mut advanced.reply),
        Outcome::Unfinished | Outcome::Done => {}
    }
    advanced
}

/// What the library has to say about a failure. While it has something to say it looks
/// at no bytes; behind that it would, and panic (rustls 0.23).
fn append_alert(connection: &mut Connection, reply: &mut Vec<u8>) {
    while connection.wants_write()
        && let Ok(ConnectionState::EncodeTlsData(mut message)) =
            connection.process_tls_records(&mut []).state
    {
        append(reply, |out| message.encode(out));
    }
}

fn append(reply: &mut Vec<u8>, mut encode: impl FnMut(&mut [u8]) -> Result<usize, EncodeError>) {
    let Err(EncodeError::InsufficientSize(needed)) = encode(&mut []) else { return };
    let at = reply.len();
    reply.resize(at + needed.required_size, 0);
    // There is room for all of it now.
    let written = encode(&mut reply[at..]).unwrap_or(0);
    reply.truncate(at + written);
}
