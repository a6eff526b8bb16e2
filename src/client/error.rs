//! Why the client ends other than well. Never: where.

use super::open::is_name_taken;
use super::{refusals, safe};
use crate::connect::{self, Server};
use crate::limits::NAME_FREED_AFTER;
use std::io::{self, ErrorKind};

/// What to do where an account's name is used, and nothing shows whose it is.
const NO_PROOF: &str = "that name has an account. If it is yours: lanline login NAME@SERVER stores \
    a token once; in a terminal, lanline chat asks for the password; scripts take a token from \
    --token-file or LANLINE_TOKEN. If it isn't, come by another name";

/// Why the client ends other than well.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// What was asked for makes no sense; exit code 2.
    #[error("{}", safe::line(.0))]
    Usage(String),
    /// It didn't work: refused, unreachable, lost; exit code 1.
    #[error("{}", safe::line(.0))]
    Failed(String),
}

impl Error {
    pub(super) fn failed(words: impl Into<String>) -> Self {
        Self::Failed(words.into())
    }

    /// There is no connection to that server.
    pub(super) fn unreachable(server: &Server, error: &connect::Error) -> Self {
        use connect::Error::{NoProof, NotLanline, NotSecret, Refused};
        Self::Failed(match error {
            Refused(_) if is_name_taken(error) => format!(
                "{error} If that is yourself, by a connection that broke: the server gives it up \
                 within {} s. Names that look like an account's are taken, too: then come by \
                 another name.",
                NAME_FREED_AFTER.as_secs()
            ),
            Refused(refusal) => format!("refused: {}", refusals::in_words(refusal)),
            NoProof => NO_PROOF.to_owned(),
            NotSecret => error.to_string(),
            NotLanline => format!("what answers at {server} is no Lanline server"),
            error => format!("can't reach {server}: {error}"),
        })
    }

    /// What comes of writing to standard output. A reader who has gone has had
    /// enough: that is no error.
    ///
    /// # Errors
    /// [`Error::Failed`]: no space, a file size limit.
    pub(super) fn of_output(written: io::Result<()>) -> Result<(), Self> {
        match written {
            Err(error) if error.kind() != ErrorKind::BrokenPipe => {
                Err(Self::Failed(format!("standard output: {error}")))
            }
            _ => Ok(()),
        }
    }

    /// A connection that stood is lost.
    pub(super) fn lost(error: &connect::Error) -> Self {
        Self::Failed(format!("connection lost: {error}"))
    }
}
