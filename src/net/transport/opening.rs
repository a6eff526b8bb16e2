//! The kind of a connection, by its first byte. Never: what is done about it.

/// What a connection speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Opening {
    /// A record of TLS that holds a handshake (RFC 8446, section 5.1). No name
    /// and no packet begins so.
    Tls,
    /// Anything else: a greeting, valid or not.
    Packets,
}

/// By its first byte.
pub(super) fn opening(first: u8) -> Opening {
    const HANDSHAKE_RECORD: u8 = 0x16;
    if first == HANDSHAKE_RECORD { Opening::Tls } else { Opening::Packets }
}
