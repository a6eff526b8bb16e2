//! What the flags allow strangers to make us hold, in bytes: computed at
//! start, printed, and stayed below. Never: what the kernel holds for sockets
//! (`net.ipv4.tcp_mem` bounds that).

use crate::chat::Settings;
use crate::limits;

/// A connection without its buffers: its place in the slab, its names, its
/// places in the tables, its deadlines, its socket.
const CLIENT_BYTES: usize = 2048;
/// What TLS adds: keys, a torn record, one that the socket took in part.
const TLS_BYTES: usize = 4096 + 2 * (17 << 10);
/// One refusal or one line of a list, on the wire.
const REFUSAL_BYTES: usize = 512;
/// A queue's note on one packet; none is smaller than this on the wire.
const NOTE_BYTES: usize = 64;
/// A room by itself, and one member of one room: in the room, in the roster,
/// in the member's own list.
const ROOM_BYTES: usize = 512;
const MEMBER_BYTES: usize = 512;
/// A worker's scratch space, events, pooled queues; the program itself.
const WORKER_BYTES: usize = 16 << 20;
const PROGRAM_BYTES: usize = 32 << 20;

/// The most that a server of these settings can hold, in bytes. Vectors grow
/// by doubling, so what they hold counts twice.
pub(super) fn bytes(settings: &Settings, workers: usize, clients: usize) -> u64 {
    let inbound = 2 * (settings.packet_bytes_max + limits::SCRATCH_BYTES);
    // Up to its bound or one packet, with a note on each packet, which may be
    // as large as the packet.
    let outbound = 2 * 2 * (settings.queue_bytes_max + settings.packet_bytes_max + NOTE_BYTES);
    // What it made us answer before it is no longer heard: refusals from all
    // members of rooms, or a list of all.
    let answers = 2 * REFUSAL_BYTES * (usize::from(limits::PUBLISHES_IN_FLIGHT_MAX) + 1);
    let answers = answers.saturating_mul(clients);
    let rooms = limits::ROOMS_PER_USER_MAX * MEMBER_BYTES;
    // What one turn of everybody puts into messages, beyond the mark.
    let messages = 2 * limits::SCRATCH_BYTES;
    let client = CLIENT_BYTES + TLS_BYTES + inbound + outbound + rooms + messages;
    let everybody = client.saturating_add(answers).saturating_mul(clients);
    let server = (WORKER_BYTES + 2 * limits::MAILBOX_BYTES_MARK) * workers
        + limits::ROOMS_MAX * ROOM_BYTES
        + PROGRAM_BYTES;
    everybody.saturating_add(server) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_grows_with_every_bound() {
        let few = Settings { queue_bytes_max: 1 << 16, ..Settings::default() };
        let base = bytes(&few, 1, 100);
        assert!(bytes(&Settings::default(), 1, 100) > base);
        assert!(bytes(&few, 2, 100) > base);
        assert!(bytes(&few, 1, 200) > base);
        let small = Settings { packet_bytes_max: 1024, ..few };
        assert!(bytes(&small, 1, 100) < base);
        assert_eq!(bytes(&small, 1, usize::MAX), u64::MAX);
    }
}
