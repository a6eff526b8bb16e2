//! Every bound in one place, its unit in its name, and how the bounds relate,
//! checked when this compiles. Those that an operator can set are here with
//! their defaults; the flags are `cli`'s.

use std::time::Duration;

// --- The wire -------------------------------------------------------------

/// A packet as received, `{` to `}`: the default of `--max-packet`.
pub const PACKET_BYTES_DEFAULT: usize = 64 * 1024;
/// Below this hardly any packet fits.
pub const PACKET_BYTES_MIN: usize = 1;
/// Above this a few clients could fill any machine.
pub const PACKET_BYTES_MAX: usize = 64 * 1024 * 1024;

/// The server's port where none is given.
pub const DEFAULT_PORT: u16 = 5260;
/// The port of the metrics, where an address is given without one.
pub const METRICS_PORT: u16 = 9260;

// --- A connection ---------------------------------------------------------

/// What may wait for one recipient: the default of `--queue`.
pub const QUEUE_BYTES_DEFAULT: usize = 1024 * 1024;
/// The smallest and largest `--queue`.
pub const QUEUE_BYTES_MIN: usize = 1;
/// See [`QUEUE_BYTES_MIN`].
pub const QUEUE_BYTES_MAX: usize = 1024 * 1024 * 1024;
/// Time to greet: the default of `--greeting-timeout`.
pub const GREETING_TIMEOUT_DEFAULT: Duration = Duration::from_secs(10);
/// Sessions of an account at once: the default of `--sessions`.
pub const SESSIONS_DEFAULT: usize = 8;
/// The largest `--sessions`.
pub const SESSIONS_MAX: usize = 64;
/// Time to log in, from the challenge on: the default of `--login-timeout`.
pub const LOGIN_TIMEOUT_DEFAULT: Duration = Duration::from_secs(60);
/// A wrong secret is told after this time, the next one after twice that, and so on ...
pub const LOGIN_DELAY_FIRST: Duration = Duration::from_secs(1);
/// ... up to this.
pub const LOGIN_DELAY_MAX: Duration = Duration::from_secs(8);
/// So many wrong secrets close a connection that isn't logged in.
pub const WRONG_LOGINS_MAX: u32 = 4;
/// A request to the store that isn't replied to after this time is given up: there may
/// be many passwords before it that are hashed one at a time.
pub const STORE_TIMEOUT: Duration = Duration::from_secs(60);
/// A disk that has not answered for so long counts as refusing ...
pub const STORE_PATIENCE: Duration = Duration::from_secs(5);
/// ... and is asked so often whether it answers again.
pub const STALL_PROBE: Duration = Duration::from_secs(1);
/// When posts for which the store's queue had no room go there again.
pub const POSTS_RETRY: Duration = Duration::from_millis(2);
/// When the store is told how far accounts are.
pub const MARKS_DELAY: Duration = Duration::from_secs(5);
/// What one connection may have on its way to the store, in bytes.
pub const POST_BYTES_PER_SESSION_MAX: usize = 256 * 1024;
/// ... and all together, of which each worker has its part: over half of it whoever says more
/// waits; over all of it packets are not kept.
pub const POST_BYTES_MAX: usize = 2 * 1024 * 1024;
/// Posts that go to the store at once.
pub const POSTS_PER_BATCH_MAX: usize = 1024;
/// What an account may have stored, in bytes a second, and what it may have saved up of
/// that.
pub const STORE_RATE_DEFAULT: u64 = 256 * 1024;
pub const STORE_RATE_BURST_BYTES: u64 = 64 * 1024 * 1024;
/// So many accounts' shares of the disk's time are kept before they are looked through.
pub const STORE_RATES_SWEPT_MIN: usize = 1024;
/// Names in a client's certificate that count.
pub const CERTIFICATE_NAMES_MAX: usize = 16;
/// Connections looked at in one slice for those who have to go.
pub const SWEEP_SLICE: u32 = 256;
/// Silence that ends a bare name.
pub const BARE_NAME_SILENCE: Duration = Duration::from_millis(100);
/// A queue that doesn't move for so long is stuck: the default of
/// `--stuck-timeout`.
pub const STUCK_TIMEOUT_DEFAULT: Duration = Duration::from_secs(30);
/// How long a refused connection is read on before it is closed, so that the
/// refusal isn't lost to a reset.
pub const LINGER: Duration = Duration::from_secs(2);
/// Packets a second from one connection: the default of `--rate`.
pub const RATE_DEFAULT: u32 = 1000;
/// A connection may save up what this time would have allowed.
pub const RATE_BURST: Duration = Duration::from_secs(2);
/// A connection over its rate is resumed after this time at the least.
pub const RATE_PAUSE_MIN: Duration = Duration::from_millis(10);
/// ... and at the most.
pub const RATE_PAUSE_MAX: Duration = Duration::from_millis(250);
/// Packets a second from one address, all its connections together: the default
/// of `--rate-per-address`. Enough for a terminal server with a hundred users.
pub const RATE_PER_ADDRESS_DEFAULT: u32 = 3000;
/// Bytes a second from one address ...
pub const ADDRESS_BYTES_PER_SECOND: u64 = 50_000_000;
/// ... and logins.
pub const ADDRESS_LOGINS_PER_SECOND: u64 = 200;
/// Work for one address in a second, in units of `chat::work`, up to which it is heard
/// before those for whom more is done: a hundredth of a worker.
pub const ADDRESS_WORK_PER_SECOND: u32 = 20_000;
/// What costs at most this, at a time, is not counted for it: what people write.
pub const FREE_WORK_MAX: u32 = 32;
/// ... of which it may save up what this time would have allowed.
pub const ADDRESS_WORK_BURST: Duration = Duration::from_millis(50);
/// An address may save up what this time would have allowed.
pub const ADDRESS_BURST: Duration = Duration::from_secs(2);
/// Wrong tokens from one address in a minute, after which its tokens are refused
/// unchecked until the end of the next.
pub const ADDRESS_GUESSES_MAX: u32 = 10;
/// Rooms made from one address that exist at a time.
pub const ROOMS_PER_ADDRESS_MAX: u32 = 2000;
/// What waits for all recipients together, in bytes: the default of `--queues`.
pub const QUEUES_BYTES_DEFAULT: usize = 1 << 30;
/// The largest `--queues`: more than any machine has.
pub const QUEUES_BYTES_MAX: usize = 1 << 40;
/// Input kept for all connections together may take an eighth of `--queues`, and at
/// least this ...
pub const INPUT_BYTES_MIN: usize = 16 * 1024 * 1024;
/// ... and lists a sixteenth, and at least this.
pub const LIST_BYTES_MIN: usize = 8 * 1024 * 1024;
/// A connection that holds less than this is not closed to free memory.
pub const SHED_BYTES_MIN: usize = 4096;
/// Connections that are closed at a time to free memory ...
pub const SHED_MAX: usize = 64;
/// ... and the time between two such rounds.
pub const SHED_INTERVAL: Duration = Duration::from_millis(5);
/// A list that is being sent for less than this doesn't count against its client.
pub const LIST_PATIENCE: Duration = Duration::from_secs(5);
/// Lists of rooms' members that a worker keeps for reuse.
pub const MEMBER_LISTS_KEPT: usize = 16;
/// Addresses that have a budget of their own; further ones share one.
pub const ADDRESSES_MAX: usize = 65_536;
/// Addresses checked per accepted connection, to evict those that are idle.
pub const ADDRESS_EVICTIONS_PER_ACCEPT: usize = 8;
/// Between two broadcasts of one connection: the default of
/// `--broadcast-interval`.
pub const BROADCAST_INTERVAL_DEFAULT: Duration = Duration::from_secs(1);
/// Room messages whose refusals may still be under way from other workers, before
/// their sender is paused.
pub const PUBLISHES_IN_FLIGHT_MAX: u8 = 4;
/// A worker that has not replied to a query after this time is given up: the
/// client gets a refusal and is resumed.
pub const QUERY_TIMEOUT: Duration = Duration::from_secs(30);
/// Rooms that one user may be in.
pub const ROOMS_PER_USER_MAX: usize = 256;
/// A wrong operator token is answered after this time, the next one after
/// twice that, and so on ...
pub const TOKEN_DELAY_FIRST: Duration = Duration::from_millis(100);
/// ... up to this.
pub const TOKEN_DELAY_MAX: Duration = Duration::from_secs(10);
/// An operator's token.
pub const TOKEN_BYTES_MAX: usize = 1024;
/// The environment variable that may hold the token.
pub const TOKEN_VARIABLE: &str = "LANLINE_OPERATOR_TOKEN";

// --- A worker -------------------------------------------------------------

/// The largest `--workers`.
pub const WORKERS_MAX: usize = 256;
/// Bytes of one `recv` at the most: a connection's turn.
pub const SCRATCH_BYTES: usize = 64 * 1024;
/// ... and this much at the least, however small the queues are.
pub const QUANTUM_BYTES_MIN: usize = 1024;
/// Readiness taken from the kernel in one go.
pub const EVENTS_PER_TICK_MAX: usize = 1024;
/// Connections accepted in one tick: each takes 15 to 20 µs.
pub const ACCEPTS_PER_TICK_MAX: usize = 64;
/// Batches of messages handled in one tick, before sockets are read.
pub const BATCHES_PER_TICK_MAX: usize = 64;
/// A batch of messages over this is sent before the tick ends.
pub const BATCH_BYTES_MARK: usize = 256 * 1024;
/// Messages on their way to one worker, in bytes, above which no worker reads
/// from its sockets: of so many workers.
pub const fn mailbox_bytes_mark(workers: usize) -> usize {
    let share = MAILBOXES_BYTES / workers;
    if share < MAILBOX_BYTES_MIN { MAILBOX_BYTES_MIN } else { share }
}
/// The marks of all workers together, but for those that have the least that there is.
const MAILBOXES_BYTES: usize = 16 * 1024 * 1024;
const MAILBOX_BYTES_MIN: usize = 1024 * 1024;
/// A worker that has stopped reading for that reason checks again after this time.
pub const MAILBOX_PAUSE: Duration = Duration::from_millis(1);
/// Work for one connection before others are served, in units of `chat::work`:
/// about a quarter of a millisecond.
pub const QUANTUM_WORK_MAX: u32 = 512;
/// Work for all connections together in one tick, before the worker fires timers
/// and ends it: one and a half milliseconds, or twice that where memory is not at hand.
pub const TICK_WORK_MAX: u32 = 3072;
/// Ticks in a row whose flushes wait while connections are left to be read, whose packets
/// may share them.
pub const FLUSHES_HELD_TICKS_MAX: u32 = 3;
/// Bytes sent in a tick to connections that got packets, each of which counts as
/// [`BULK_BYTES_PER_FLUSH`] more: as many flushes as the work of one tick pays for.
pub const FLUSH_BYTES_PER_TICK: usize = 448 * 1024;
/// Recipients of one packet that are served at once, and packets of one queue that are
/// bounced at once; larger numbers are done in slices.
pub const FAN_OUT_SLICE: usize = 256;
/// Entries of a list that are collected in one slice.
pub const LIST_SLICE: usize = 512;
/// A user who leaves before this time is not announced.
pub const PRESENCE_DELAY: Duration = Duration::from_secs(1);
/// Presence news queued at one worker; further news is dropped.
pub const PRESENCE_NEWS_MAX: usize = 8192;
/// Connections in the bulk flush queue that are flushed in a tick, or as many as
/// have been read in it, if these are more: so neither starves on a busy worker.
pub const BULK_FLUSHES_PER_TICK: usize = 32;
/// ... and no more than this.
pub const BULK_FLUSHES_PER_TICK_MAX: usize = 128;
/// Bytes sent in a tick to connections whose sockets have room again; each of them
/// counts as [`BULK_BYTES_PER_FLUSH`] more.
pub const WRITABLE_BYTES_PER_TICK: usize = 512 * 1024;
/// ... until this much times their number has been sent: long frames take longer.
pub const BULK_BYTES_PER_FLUSH: usize = 1024;
/// Slices handed to one `writev`.
pub const SLICES_MAX: usize = 64;
/// Empty queues that a worker keeps for reuse.
pub const POOLED_QUEUES_MAX: usize = 1024;
/// A frame for many of at most this size is copied into each queue; a larger
/// one is shared.
pub const COPIED_FRAME_BYTES_MAX: usize = 1024;
/// Before the next `accept`, after one failed for want of descriptors or memory.
pub const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

// --- TLS ---

/// Buffered bytes of an incomplete handshake: one record.
pub const TLS_HANDSHAKE_BYTES_MAX: usize = 17 * 1024;
/// Records without data (new keys, empty ones) that a peer may send in a row ...
pub const TLS_DATALESS_RECORDS_MAX: u8 = 32;
/// ... and one more for so many with data.
pub const TLS_DATA_RECORDS_PER_DATALESS: u16 = 1024;
/// Records sent under the same keys, before a key update; AES-GCM may have 2^24
/// (RFC 8446, section 5.5).
pub const TLS_RECORDS_PER_KEY: u64 = 1 << 23;
/// A certificate that the server has made is renewed so long before it expires.
pub const TLS_RENEWAL: Duration = Duration::from_secs(60 * 24 * 60 * 60);
/// A certificate that ends this soon is warned of: one of the site's own files, or one
/// whose renewal has failed for a month.
pub const TLS_WARNING: Duration = Duration::from_secs(30 * 24 * 60 * 60);
/// ... by the log of a server that runs on, so often.
pub const TLS_WARNING_INTERVAL: Duration = Duration::from_secs(24 * 60 * 60);
/// How often the data directory is checked for another certificate, and a reading
/// for its result.
pub const TLS_LOOK: Duration = Duration::from_millis(500);
/// Session tickets sent after each handshake, each for one resumption.
pub const TLS_TICKETS: usize = 2;

// --- Accounts ---

/// Accounts that there may be.
pub const ACCOUNTS_MAX: u64 = 1_000_000;
/// Tokens of an account.
pub const TOKENS_PER_ACCOUNT_MAX: usize = 64;
/// Bans in force at once.
pub const BANS_MAX: usize = 10_000;
/// A ban's reason.
pub const BAN_REASON_BYTES_MAX: usize = 512;
/// Addresses that an account is known to log in from; the one used longest ago goes.
pub const ADDRESSES_PER_ACCOUNT_MAX: usize = 32;
/// How long an invitation holds.
pub const INVITATION_HOLDS: Duration = Duration::from_secs(7 * 24 * 60 * 60);
/// When a token was used, and from where an account came, is written down anew after
/// this time at the soonest.
pub const USE_STEP: Duration = Duration::from_secs(60);
/// A password's characters, at the least ...
pub const PASSWORD_CHARS_MIN: usize = 8;
/// ... and its bytes, at the most.
pub const PASSWORD_BYTES_MAX: usize = 1024;
/// So many wrong secrets for an account, or from an address, ...
pub const GUESSES_MAX: usize = 10;
/// ... within this time, and for as long no more are looked at.
pub const GUESSES_SPAN: Duration = Duration::from_secs(60);
/// Accounts and addresses that are counted so.
pub const GUESS_KEYS_MAX: usize = 16_384;
/// Accounts registered from one address ...
pub const REGISTRATIONS_MAX: usize = 60;
/// ... within this time.
pub const REGISTRATIONS_SPAN: Duration = Duration::from_secs(60 * 60);
/// Passwords that wait to be hashed; over it those go of who has most of them there.
pub const PASSWORDS_WAITING_MAX: usize = 2048;
/// Requests that wait for the store; further ones are refused.
pub const STORE_REQUESTS_MAX: usize = 4096;
/// Requests in one transaction.
pub const STORE_BATCH_MAX: usize = 1024;
/// Packets to be stored in one transaction, but for the rest of the last request's ...
pub const STORE_BATCH_PACKETS_MAX: usize = 4096;
/// ... and their bytes.
pub const STORE_BATCH_BYTES_MAX: usize = 4 * 1024 * 1024;
/// How long stored packets are kept.
pub const KEEP_DEFAULT: &str = "90d";
/// Packets that `thread` doesn't have yet, in memory as well: they are looked through one
/// by one.
pub const LOG_TAIL_MAX: usize = 8192;
/// Conversations and accounts' names that the store has at hand.
pub const LOG_CACHE_MAX: usize = 32_768;
/// Packets that the store looks at for one page.
pub const LOG_PAGE_PACKETS_MAX: usize = 2048;
/// Ids of a conversation that are read at once.
pub const LOG_CHUNK: usize = 64;
/// How many unread packets of a conversation are counted ...
pub const UNREAD_MAX: usize = 1000;
/// ... among so many behind its mark, one's own too.
pub const UNREAD_LOOKED_MAX: usize = 16_384;
/// How long a key of one's own holds.
pub const KEY_HOLDS: Duration = Duration::from_secs(24 * 60 * 60);
/// What a stored packet counts besides its texts: its row, and its place in its
/// conversation.
pub const PACKET_KEPT_BYTES: u64 = 56;
/// So many packets, and those that have come meanwhile, are looked at or removed between
/// two transactions.
pub const PRUNE_STEP: usize = 256;
/// Packets that are looked at where all of an account's are removed.
pub const ERASE_STEP: usize = 1024;
/// Packets that are too old are looked for this often.
pub const PRUNE_EVERY: Duration = Duration::from_secs(30);
/// Where the disk has refused packets it is left alone for this time; they are not kept
/// meanwhile.
pub const STORE_REST: Duration = Duration::from_millis(250);
/// Marks of what was handed over are written after this time at the latest.
pub const MARKS_KEPT: Duration = Duration::from_secs(1);
/// How long the start of a server waits for its directory: a command may have it for a
/// moment.
pub const DATA_LOCK_MAX: Duration = Duration::from_secs(2);
/// How long the store waits for a lock of another program on its file.
pub const STORE_LOCK_MAX: Duration = Duration::from_secs(1);
/// How long the end of the process waits for what the store has accepted: a disk may
/// take seconds.
pub const STORE_STOP: Duration = Duration::from_secs(3);
/// Time for one connection to the control socket to give its order, and to take what
/// comes of it ...
pub const CONTROL_PATIENCE: Duration = Duration::from_secs(2);
/// ... and for the order itself: passwords may wait to be hashed.
pub const ORDER_PATIENCE: Duration = Duration::from_secs(20);

// --- Rooms of accounts ---

/// A room's topic.
pub const TOPIC_BYTES_MAX: usize = 512;
/// Members of all rooms with an owner, those who are away too.
pub const MEMBERS_MAX: u64 = 400_000;
/// Invitations that hold, of one account, or of one guest's connection ...
pub const INVITATIONS_PER_ACCOUNT_MAX: usize = 64;
/// ... and of all of a worker's accounts, those that they have yet to be told of.
pub const INVITATIONS_UNTOLD_MAX: usize = 65_536;
/// Accounts that are expelled from one room.
pub const EXPELLED_PER_ROOM_MAX: usize = 4096;
/// Names of guests that are expelled, on one worker.
pub const BARS_MAX: usize = 16_384;

// --- The server ---

/// Rooms at once, on the whole server.
pub const ROOMS_MAX: usize = 100_000;
/// All rooms and those in them, in bytes, as `chat` counts them.
pub const ROOM_BYTES_MAX: usize = 128 * 1024 * 1024;
/// Connections, where the descriptor limit allows more and nothing is asked for.
pub const CLIENTS_DEFAULT_MAX: usize = 32_768;

// --- The process ----------------------------------------------------------

/// Descriptors kept back from clients: standard streams, polls, wakers,
/// listeners, scrapers, and connections that are being refused.
pub const DESCRIPTORS_RESERVED: usize = 128;
/// Of these, for connections refused at admission that are not closed yet.
pub const ADMISSION_REFUSALS_MAX: usize = 48;
/// The kernel's queue of connections that are established and not accepted yet;
/// the kernel limits it to `net.core.somaxconn`.
pub const LISTEN_BACKLOG: i32 = 65_535;
/// At shutdown: for what is queued, ...
pub const SHUTDOWN_FLUSH: Duration = Duration::from_millis(3_400);
/// ... for telling senders what was not delivered, ...
pub const SHUTDOWN_TELL: Duration = Duration::from_millis(1_000);
/// ... for peers to close their side, ...
pub const SHUTDOWN_CLOSE: Duration = Duration::from_millis(500);
/// ... and then for each service to finish the requests that it has accepted.
pub const SERVICE_STOP: Duration = Duration::from_millis(100);
/// An idle connection is probed by TCP after this time ...
pub const KEEPALIVE_IDLE: Duration = Duration::from_secs(45);
/// ... again after this one ...
pub const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(10);
/// ... and given up after so many probes, within 90 seconds in all.
pub const KEEPALIVE_PROBES: u32 = 4;
/// So a connection that broke keeps its name no longer than this.
pub const NAME_FREED_AFTER: Duration = Duration::from_secs(90);
/// Upper bounds of the metrics' histogram of tick durations; longer ticks are a
/// bucket of their own.
pub const TICK_BOUNDS: [Duration; 14] = [
    Duration::from_micros(20),
    Duration::from_micros(50),
    Duration::from_micros(100),
    Duration::from_micros(250),
    Duration::from_micros(500),
    Duration::from_millis(1),
    Duration::from_millis(2),
    Duration::from_millis(5),
    Duration::from_millis(10),
    Duration::from_millis(20),
    Duration::from_millis(50),
    Duration::from_millis(100),
    Duration::from_millis(500),
    Duration::from_secs(2),
];
/// The longest time between two heartbeats through all workers ...
pub const HEARTBEAT_INTERVAL: Duration = Duration::from_secs(1);
/// ... and the shortest.
pub const HEARTBEAT_INTERVAL_MIN: Duration = Duration::from_millis(10);
/// The time that one scrape of the metrics may take.
pub const METRICS_PATIENCE: Duration = Duration::from_secs(2);
/// Scrapers at once; for one more, the oldest is dropped.
pub const METRICS_SCRAPERS_MAX: usize = 16;
/// The head of a scraper's request.
pub const METRICS_REQUEST_BYTES_MAX: usize = 16 * 1024;
/// A peer that acknowledges nothing of what was sent is given up after this
/// time; keep-alive doesn't probe while something is under way.
pub const USER_TIMEOUT_MAX: Duration = Duration::from_secs(85);
/// Repeated log lines of one kind are summed up over this time.
pub const LOG_QUIET: Duration = Duration::from_secs(10);
/// Lines of the log that wait to be written; further ones are lost ...
pub const LOG_LINES_MAX: usize = 1024;
/// ... each of them cut to this length.
pub const LOG_LINE_BYTES_MAX: usize = 4096;
/// How long the end of the process waits for what is left of the log.
pub const LOG_FLUSH_MAX: Duration = Duration::from_secs(1);
/// A file of settings, or an operators' token.
pub const SETTINGS_BYTES_MAX: u64 = 1024 * 1024;
/// How long reading the settings again may take before the reload has failed.
pub const RELOAD_MAX: Duration = Duration::from_secs(5);
/// Between two checks whether they have been read.
pub const RELOAD_LOOK: Duration = Duration::from_millis(10);

const _: () = {
    assert!(PACKET_BYTES_MIN <= PACKET_BYTES_DEFAULT && PACKET_BYTES_DEFAULT <= PACKET_BYTES_MAX);
    // Positions in a packet are counted in 32 bits, one byte over the limit too.
    assert!(PACKET_BYTES_MAX < u32::MAX as usize);
    assert!(QUEUE_BYTES_MIN <= QUEUE_BYTES_DEFAULT && QUEUE_BYTES_DEFAULT <= QUEUE_BYTES_MAX);
    assert!(QUEUE_BYTES_MAX <= QUEUES_BYTES_MAX && QUEUES_BYTES_DEFAULT <= QUEUES_BYTES_MAX);
    assert!(ADMISSION_REFUSALS_MAX < DESCRIPTORS_RESERVED);
    // Room for a token in a packet, and for an address of a worker in 16 bits.
    assert!(TOKEN_BYTES_MAX < PACKET_BYTES_DEFAULT && WORKERS_MAX < u16::MAX as usize);
    assert!(
        KEEPALIVE_IDLE.as_secs() + KEEPALIVE_INTERVAL.as_secs() * KEEPALIVE_PROBES as u64
            <= NAME_FREED_AFTER.as_secs()
    );
    assert!(
        SHUTDOWN_FLUSH.as_millis()
            + SHUTDOWN_TELL.as_millis()
            + SHUTDOWN_CLOSE.as_millis()
            + SERVICE_STOP.as_millis()
            <= 5_000
    );
    assert!(USER_TIMEOUT_MAX.as_secs() <= NAME_FREED_AFTER.as_secs());
    assert!(PASSWORD_CHARS_MIN < PASSWORD_BYTES_MAX && PASSWORD_BYTES_MAX < PACKET_BYTES_DEFAULT);
    assert!(STORE_BATCH_MAX <= STORE_REQUESTS_MAX);
};
