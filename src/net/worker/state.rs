//! What a worker is made of and what it knows. Never: what it does in a tick.

use super::event_log::EventLog;
use super::flushes::Flushes;
use crate::chat::{ConnId, Effect, Moment, Shard, WorkerId};
use crate::limits;
use crate::net::admission::Admission;
use crate::net::control::ControlTask;
use crate::net::loop_stats::LoopStats;
use crate::net::mailbox::{InFlight, Mailbox};
use crate::net::services::Requests;
use crate::net::services::store::Asked;
use crate::net::transport::{Acceptor, Context, Transport};
use crate::sandbox::Needs;
use mio::{Poll, Token};
use std::collections::VecDeque;
use std::io;
use std::sync::Arc;
use std::time::Instant;

/// The waker's token; connections' tokens are their handles.
pub(crate) const WAKER: Token = Token(usize::MAX);
/// The signals' token.
pub(super) const SIGNALS: Token = Token(usize::MAX - 1);
/// The listeners' tokens count down from here.
pub(super) const LAST_LISTENER: usize = usize::MAX - 2;

/// What a worker is made of.
pub(crate) struct Parts {
    pub worker: WorkerId,
    pub poll: Poll,
    pub listeners: Vec<Acceptor>,
    /// The first worker's second task.
    pub control: Option<ControlTask>,
    pub shard: Shard<Transport>,
    pub mailbox: Mailbox,
    pub admission: Admission,
    /// What it lends to its transports.
    pub transports: Context,
    /// Peers on other machines have to use TLS.
    pub tls_required: bool,
    pub loop_stats: Arc<LoopStats>,
    /// Where accounts are asked for; none where there are none.
    pub store: Option<Requests<Asked>>,
    /// When the server started.
    pub start: Instant,
}

/// One worker, in its thread.
pub(crate) struct Worker {
    pub(super) parts: Parts,
    pub(super) scratch: Box<[u8]>,
    pub(super) now: Moment,
    /// Connections with something to read, each once: those for whose address little
    /// is done, and the others.
    pub(super) ready: VecDeque<ConnId>,
    pub(super) ready_later: VecDeque<ConnId>,
    /// Connections whose sockets have room again.
    pub(super) writable: VecDeque<ConnId>,
    /// Connections that are broken, of which the shard is to hear.
    pub(super) broken: VecDeque<ConnId>,
    pub(super) effects: Vec<Effect<Transport>>,
    pub(super) flushes: Flushes,
    /// A listener has connections waiting.
    pub(super) accept_ready: bool,
    /// Not before then, since `accept` failed.
    pub(super) accept_after: Moment,
    /// Messages taken and not said to be dealt with yet, in bytes.
    pub(super) messages_taken: usize,
    /// When the last tick ended.
    pub(super) ended: Moment,
    /// What its sockets left behind, in bytes.
    pub(super) queue_bytes: u64,
    pub(super) event_log: EventLog,
    pub(super) stage: Stage,
}

/// How far a worker's shutdown is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    Serving,
    /// Nothing more is read or accepted.
    Stopping,
    /// Nothing more is sent either.
    Closing,
    Ended,
}

impl Worker {
    /// What every worker's thread needs of the sandbox.
    pub(crate) fn needs() -> Needs {
        Needs { connections: true, ..Needs::default() }
    }

    /// Watches its listeners, and the signals if they are its own.
    ///
    /// # Errors
    /// The system's error.
    pub(crate) fn new(mut parts: Parts) -> io::Result<Self> {
        for (number, listener) in parts.listeners.iter_mut().enumerate() {
            let token = Token(LAST_LISTENER - number);
            listener.register(parts.poll.registry(), token)?;
        }
        if let Some(control) = &mut parts.control {
            control.watch(parts.poll.registry(), SIGNALS)?;
        }
        Ok(Self {
            parts,
            scratch: vec![0; limits::SCRATCH_BYTES].into_boxed_slice(),
            now: Moment::default(),
            ready: VecDeque::new(),
            ready_later: VecDeque::new(),
            writable: VecDeque::new(),
            broken: VecDeque::new(),
            effects: Vec::new(),
            flushes: Flushes::default(),
            accept_ready: false,
            accept_after: Moment::default(),
            messages_taken: 0,
            ended: Moment::default(),
            queue_bytes: 0,
            event_log: EventLog::default(),
            stage: Stage::Serving,
        })
    }

    pub(super) fn in_flight(&self) -> &InFlight {
        self.parts.mailbox.mailboxes().in_flight()
    }

    pub(super) fn clock(&self) -> Moment {
        Moment(self.parts.start.elapsed().as_nanos() as u64)
    }
}
