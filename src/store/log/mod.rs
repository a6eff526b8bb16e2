//! **The log**: stored packets in the database, in the order of their ids. Never: whose
//! request it is, or when a transaction ends (`desk`).
//!
//! # The seam
//!
//! What the desk needs of a log is little: [`Log::append`] a batch, which says what will
//! come of each packet once the transaction is committed; [`Log::forget`] what was in
//! memory where it was not; read pages in order; and [`Log::tidy`] step by step. The replies go out
//! in the order of what was appended, after the commit. Another log, one that several
//! machines agree on, has to keep those promises and no others: ids grow, none is handed
//! out twice, and what is said to be stored is.
//!
//! # How a packet is kept
//!
//! As a row at the end of a table, which is written from front to back. Its place in its
//! conversation is in the `thread` table, where every conversation has pages of its own; to
//! write one for each packet would cost more than everything else. So that follows for
//! some thousand packets at a time; until then they are in the [`tail`], in memory, which
//! is read again from the packets themselves.
//!
//! | module | what lives there |
//! | --- | --- |
//! | `rows` | a packet's row, written and read |
//! | [`places`] | conversations and their numbers; names; what is at hand of both |
//! | [`tail`] | packets that `thread` doesn't have yet |
//! | [`merge`] | ids of several conversations in order |
//! | `keys` | keys of one's own |
//! | [`marks`] | what was handed over, what was read |
//! | `number`, `round` | numbers in rows; what is to be removed, and how far that is |
//! | `append`, `pages`, `unread`, `tidying` | what the log does |

mod append;
mod keys;
mod marks;
mod merge;
mod number;
mod pages;
mod places;
mod round;
mod rows;
mod tail;
mod tidying;
mod unread;

pub(super) use marks::Marks;
pub(super) use places::Parties;
pub(super) use round::Bounds;

use crate::archive::PacketId;
use number::whole;
use places::Places;
use round::Round;
use rusqlite::{Connection, Result};
use tail::Tail;

/// The log's memory; its rows are in the database.
#[derive(Debug, Default)]
pub(super) struct Log {
    /// None until it is read, and after a transaction that came to nothing.
    state: Option<State>,
    places: Places,
    /// The highest id ever handed out, also in transactions that came to nothing.
    highest: u64,
    round: Round,
}

/// What the row in `log` says, and the tail.
#[derive(Debug)]
struct State {
    last_id: u64,
    threaded: u64,
    packets: u64,
    bytes: u64,
    tail: Tail,
}

impl Log {
    /// Nothing of the transaction counts: everything is read again.
    pub(super) fn forget(&mut self) {
        self.state = None;
        self.places = Places::default();
        self.begin_round();
    }

    /// An account or a room is there no more.
    pub(super) fn names_changed(&mut self) {
        self.places = Places::default();
    }

    /// Packets kept, and their bytes, where that is at hand.
    pub(super) fn kept(&self) -> Option<(u64, u64)> {
        self.state.as_ref().map(|state| (state.packets, state.bytes))
    }

    /// The last id that was handed out for good.
    pub(super) fn last_id(&mut self, connection: &Connection) -> Result<Option<PacketId>> {
        let (state, _) = self.loaded(connection)?;
        Ok(PacketId::new(state.last_id))
    }

    fn loaded(&mut self, connection: &Connection) -> Result<(&mut State, &mut Places)> {
        let state = match self.state.take() {
            Some(state) => state,
            None => State::load(connection)?,
        };
        self.highest = self.highest.max(state.last_id);
        Ok((self.state.insert(state), &mut self.places))
    }
}

impl State {
    fn load(connection: &Connection) -> Result<Self> {
        let sql = "SELECT last_id, threaded, packets, bytes FROM log";
        let mut state = connection.prepare_cached(sql)?.query_row([], |row| {
            Ok(Self {
                last_id: whole(row, 0)?,
                threaded: whole(row, 1)?,
                packets: whole(row, 2)?,
                bytes: whole(row, 3)?,
                tail: Tail::default(),
            })
        })?;
        state.tail = Tail::load(connection, state.threaded)?;
        Ok(state)
    }

    fn save(&self, connection: &Connection) -> Result<()> {
        let sql = "UPDATE log SET last_id = ?1, threaded = ?2, packets = ?3, bytes = ?4";
        let values = [self.last_id, self.threaded, self.packets, self.bytes];
        connection.prepare_cached(sql)?.execute(values.map(|value| value as i64)).map(drop)
    }
}
