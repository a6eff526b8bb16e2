//! What is known of a transport's readiness, and what the loop notes of it.
//! Both lie in the transport itself, because it has its place in the first cache
//! line of a client.

/// Of every kind of transport.
#[derive(Debug, Default)]
pub struct Status {
    /// The loop's: what it left of its queue when it was last flushed, in
    /// bytes.
    pub left_bytes: u32,
    /// The loop's: it is in the queue of those to be read.
    pub read_queued: bool,
    /// The loop's: it counts as a client of its address; it was not refused at
    /// admission.
    pub is_client: bool,
    /// The loop's: it has to use TLS.
    pub must_encrypt: bool,
    /// Its first byte will say what it is.
    pub fresh: bool,
    /// It took no more; an event will say when it does.
    pub(super) blocked: bool,
    /// Events tell of its room.
    pub(super) watched: bool,
    /// An end may have been announced that is not read yet: only a read that
    /// would block says that it is drained.
    pub(super) recheck: bool,
}
