//! Orders from the command line: to the server that has the directory, or, where none
//! runs, on its database directly. Never: the words for people.

use super::control::{FILE, with_advice};
use super::hashing::work_out;
use super::keeper::clock;
use super::protocol::{read_told, write_order};
use crate::data::{DataDir, DataError};
use crate::limits::ORDER_PATIENCE;
use crate::secrets::Hasher;
use crate::store::{Answer, Database, Desk, Order, StoreError, Told};
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use thiserror::Error;

/// An order that could not be given.
#[derive(Debug, Error)]
pub enum OrderError {
    #[error(transparent)]
    Data(#[from] DataError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(
        "a server has {0}, and doesn't take orders there; does it run with --accounts off, or has \
         it just been started or stopped?"
    )]
    NoSocket(PathBuf),
    #[error("the server at {0} doesn't answer: {1}")]
    NoAnswer(PathBuf, io::Error),
    #[error("the system refuses: {0}")]
    System(#[from] io::Error),
}

/// A server that begins or ends is given this time.
const PATIENCE: Duration = Duration::from_secs(3);
const PAUSE: Duration = Duration::from_millis(50);

/// Has an order carried out; it is in force when this returns.
///
/// # Errors
/// [`OrderError`].
pub fn carry_out(directory: &Path, order: Order) -> Result<Told, OrderError> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        // Who holds the directory is asked, and nobody else.
        match DataDir::hold(directory) {
            Ok(dir) => return carry_out_here(&dir, order),
            Err(DataError::InUse(_)) => {}
            Err(error) => return Err(error.into()),
        }
        let socket = directory.join(FILE);
        match UnixStream::connect(&socket) {
            Ok(stream) => {
                return ask(stream, &order).map_err(|error| OrderError::NoAnswer(socket, error));
            }
            Err(error) if !may_come(&error) => {
                return Err(OrderError::NoAnswer(socket, with_advice(error)));
            }
            Err(_) if Instant::now() >= deadline => {
                return Err(OrderError::NoSocket(directory.to_owned()));
            }
            Err(_) => std::thread::sleep(PAUSE),
        }
    }
}

fn may_come(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::NotFound | ErrorKind::ConnectionRefused)
}

fn ask(mut stream: UnixStream, order: &Order) -> io::Result<Told> {
    // The server gives up first.
    let patience = Some(2 * ORDER_PATIENCE);
    stream.set_read_timeout(patience)?;
    stream.set_write_timeout(patience)?;
    stream.write_all(&write_order(order))?;
    let mut answer = zeroize::Zeroizing::new(Vec::new());
    stream.read_to_end(&mut answer)?;
    read_told(&answer).map_err(|error| io::Error::new(ErrorKind::InvalidData, error))
}

/// Does it in this thread; nobody is told but who asks.
fn carry_out_here(dir: &DataDir, order: Order) -> Result<Told, OrderError> {
    let clock = clock(Instant::now());
    let mut desk = Desk::new(Database::open(dir.path())?);
    desk.notices(clock)?;
    desk.order(clock, (), order);
    if let Some(sum) = desk.next_sum(clock) {
        desk.summed(clock, work_out(&Hasher::new()?, sum));
    }
    match desk.commit() {
        (_, Some(error)) => Err(error.into()),
        (done, None) => {
            // What an account wrote that was erased is gone when this returns.
            desk.tidy_up(clock)?;
            let told = done.into_iter().find_map(|done| match done.answer {
                Answer::Told(told) => Some(told),
                Answer::Reply(_) | Answer::Posted(_) | Answer::Archive(_) => None,
            });
            told.ok_or_else(|| io::Error::other("nothing has come of it").into())
        }
    }
}
