//! How much memory the flags allow peers to fill, in bytes: computed at start,
//! logged, and never exceeded; and how much an idle server takes. Never: what the
//! kernel holds for sockets (`net.ipv4.tcp_mem` bounds that).

use crate::chat::{Accounts, Settings, work};
use crate::limits;
use crate::wire::name::NAME_BYTES_MAX;

/// A connection without its buffers: its place in the slab (which grows by
/// doubling), its names, its places in the tables (name, skeletons, presence,
/// queries, addresses), its timers, stale ones too, its socket.
const CLIENT_BYTES: usize = 2048 + NAME_BYTES_MAX;
/// What TLS adds: keys. What it holds of torn records counts as input.
const TLS_BYTES: usize = 2560;
/// A user in a list: key, line, and the place in the tree that sorts them.
const LISTED_BYTES: usize = 192;
/// A piece of presence news that is queued.
const NEWS_BYTES: usize = 96 + NAME_BYTES_MAX;
/// An address that has a budget: the budget, its places in two tables.
const ADDRESS_BYTES: usize = 256;
/// What waits for the store, with two passwords each; and what its threads use: the cache
/// of the database, what of the log is at hand, a transaction, the memory that a hash fills.
const STORE_BYTES: usize = (limits::STORE_REQUESTS_MAX + limits::PASSWORDS_WAITING_MAX)
    * (2 * limits::PASSWORD_BYTES_MAX + 512)
    + (36 << 20);
/// A worker's scratch space, events, stack, pooled queues.
const WORKER_BYTES: usize = 12 << 20;
/// The program itself.
const PROGRAM_BYTES: usize = 32 << 20;

/// The most that a server of these settings can hold, in bytes: the sum of
/// [`terms`], and a thirty-second of that for fragmentation.
pub(super) fn bytes(settings: &Settings, workers: usize, clients: usize, tls: bool) -> u64 {
    let sum = terms(settings, workers, clients, tls)
        .into_iter()
        .fold(0_usize, |sum, (_, bytes)| sum.saturating_add(bytes));
    sum.saturating_add(sum / 32) as u64
}

/// What each kind of thing may take, where connections may be encrypted or not.
/// `docs/SECURITY.md` has the rule and the test behind each.
pub(super) fn terms(
    settings: &Settings,
    workers: usize,
    clients: usize,
    tls: bool,
) -> [(&'static str, usize); 11] {
    // A worker knows its own sums at once, and those of the others at the end of its
    // tick: so each may exceed a bound by what one tick reads. The refusals of one
    // room message are within that, too.
    let tick = work::TICK_READ_BYTES_MAX + 2 * settings.packet_bytes_max;
    let listed = clients.saturating_mul(LISTED_BYTES);
    // Over a worker's mark nobody reads. Batches grow by doubling.
    let mark = if workers > 1 { limits::mailbox_bytes_mark(workers) + tick } else { 0 };
    let has_store = settings.accounts != Accounts::Off;
    let posts = limits::POST_BYTES_MAX + workers * settings.packet_bytes_max;
    let log = limits::LOG_LINES_MAX * limits::LOG_LINE_BYTES_MAX;
    [
        ("queues", settings.queues_hard_max().saturating_add(workers * tick)),
        ("input", settings.input_bytes_max() + workers * tick),
        // Those kept and being sent, and one of everything being made.
        ("lists", listed.saturating_add(settings.list_bytes_max() + limits::ROOM_BYTES_MAX / 2)),
        ("rooms", limits::ROOM_BYTES_MAX),
        ("mailboxes", 2 * workers * mark),
        ("connections", clients.saturating_mul(CLIENT_BYTES)),
        ("TLS", if tls { clients.saturating_mul(TLS_BYTES) } else { 0 }),
        (
            "addresses and news",
            limits::ADDRESSES_MAX * ADDRESS_BYTES
                + workers * limits::PRESENCE_NEWS_MAX * NEWS_BYTES,
        ),
        ("accounts", if has_store { STORE_BYTES } else { 0 }),
        // Handed on by all workers, as it is.
        ("what is being stored", if has_store { posts } else { 0 }),
        ("the program", PROGRAM_BYTES + log + workers * WORKER_BYTES),
    ]
}

/// About what an idle server holds, in bytes.
pub(super) fn idle_bytes(workers: usize, clients: usize) -> u64 {
    (PROGRAM_BYTES + CLIENT_BYTES.saturating_mul(clients)).saturating_add(WORKER_BYTES * workers)
        as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIB: u64 = 1 << 20;

    #[test]
    fn the_defaults_are_for_a_machine_of_2_gib() {
        for workers in [1, 2, 4] {
            for tls in [false, true] {
                let clients = limits::CLIENTS_DEFAULT_MAX;
                let settings = Settings { accounts: Accounts::Open, ..Settings::default() };
                let bound = bytes(&settings, workers, clients, tls);
                assert!(bound <= 2048 * MIB, "{workers} {tls}: {} MiB", bound / MIB);
            }
        }
    }

    #[test]
    fn it_grows_with_every_bound() {
        let few = Settings { queues_bytes_max: 1 << 28, ..Settings::default() };
        let base = bytes(&few, 1, 100, false);
        assert!(bytes(&Settings::default(), 1, 100, false) > base);
        assert!(bytes(&few, 2, 100, false) > base);
        assert!(bytes(&few, 1, 200, false) > base);
        let accounts = Settings { accounts: Accounts::Open, ..few.clone() };
        assert!(bytes(&accounts, 1, 100, false) > base);
        let small = Settings { packet_bytes_max: 1024, ..few };
        assert!(bytes(&small, 1, 100, false) < base);
        assert!(bytes(&small, 1, 100, true) > bytes(&small, 1, 100, false));
        assert_eq!(bytes(&small, 1, usize::MAX, false), u64::MAX);
    }
}
