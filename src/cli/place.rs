//! Which data directory a command is about, and orders to whoever has it. Never: what is
//! in it.

use super::usage::UsageError;
use crate::data::Choice;
use crate::logging::complain;
use crate::net::services::store::orders::{OrderError, carry_out};
use crate::store::order::Refusal;
use crate::store::{Order, StoreError, Told};
use clap::Args;
use std::path::PathBuf;
use thiserror::Error;

#[derive(Args, Clone, Debug)]
pub(super) struct PlaceArgs {
    /// The server's data directory, also while it runs [default: STATE_DIRECTORY, or
    /// lanline in the user's state directory]
    #[arg(long, value_name = "DIR", env = "LANLINE_DATA")]
    data: Option<PathBuf>,
}

/// What a list may be asked for.
#[derive(Args, Clone, Debug)]
pub struct ListArgs {
    /// Print JSON: an array of objects
    #[arg(long)]
    pub(super) json: bool,
    #[command(flatten)]
    pub(super) place: PlaceArgs,
}

/// Why a command has done nothing.
#[derive(Debug, Error)]
pub enum CommandError {
    #[error(transparent)]
    Usage(UsageError),
    #[error("there is no data directory; --data names one")]
    NoData,
    #[error(transparent)]
    Order(#[from] OrderError),
    #[error(transparent)]
    Store(StoreError),
    #[error("the store is damaged; put back a backup of the directory:\n{0}")]
    Damaged(String),
    #[error("{0}")]
    Refused(String),
}

impl PlaceArgs {
    /// The directory.
    ///
    /// # Errors
    /// [`CommandError`]: there is none.
    pub(super) fn directory(&self) -> Result<PathBuf, CommandError> {
        match Choice::new(self.data.as_deref()) {
            Choice::None => Err(CommandError::NoData),
            Choice::Asked(path) | Choice::Default(path) => Ok(path),
        }
    }

    /// Has an order carried out.
    ///
    /// # Errors
    /// [`CommandError`], but for what is told of [`Told::Refused`].
    pub(super) fn give(&self, order: Order) -> Result<Told, CommandError> {
        match Choice::new(self.data.as_deref()) {
            Choice::None => Err(CommandError::NoData),
            Choice::Asked(path) => Ok(carry_out(&path, order)?),
            Choice::Default(path) => {
                let is_new = !path.join(crate::store::FILE).exists();
                let told = carry_out(&path, order)?;
                if is_new {
                    // Whoever meant another server's should know.
                    complain(&format!("{} is new; --data names another", path.display()));
                }
                Ok(told)
            }
        }
    }
}

impl CommandError {
    pub(super) fn usage(why: String) -> Self {
        Self::Usage(UsageError::new(why))
    }

    /// What was refused, about somebody or something.
    pub(super) fn refused(refusal: Refusal, about: &str) -> Self {
        Self::Refused(match refusal {
            Refusal::NameTaken => {
                format!("{about} is taken: an account has this name, or one that looks like it")
            }
            Refusal::NoSuchAccount => format!("there is no account {about}"),
            Refusal::NoSuchRoom => format!("there is no room {about} with an owner"),
            Refusal::RoomTaken => format!("there is a room {about} already"),
            Refusal::NoSuchBan => format!("there is no ban of {about}"),
            Refusal::TooMany => "there are as many as there may be".to_owned(),
            Refusal::Unavailable => {
                "nothing was done: the disk refuses, or the server has too much to do; its log says \
                 which"
                    .to_owned()
            }
        })
    }
}

/// A time of the database, as RFC 3339; `none` where there is none.
pub(super) fn time(seconds: Option<i64>, none: &str) -> String {
    let time = seconds.and_then(|seconds| jiff::Timestamp::from_second(seconds).ok());
    time.map_or_else(|| none.to_owned(), |time| time.to_string())
}

/// Texts in columns, as wide as the widest of each; the last is not filled up.
pub(super) fn columns<const N: usize>(rows: &[[String; N]]) -> String {
    let width = |column: usize| {
        let widths = rows.iter().map(|row| unicode_width::UnicodeWidthStr::width(&*row[column]));
        widths.max().unwrap_or(0)
    };
    let widths: [usize; N] = std::array::from_fn(width);
    let mut text = String::new();
    for row in rows {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(widths) {
            let fill = width.saturating_sub(unicode_width::UnicodeWidthStr::width(&**cell));
            line.push_str(cell);
            line.extend(std::iter::repeat_n(' ', fill + 2));
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_what_is_in_them() {
        let row = |one: &str, two: &str, three: &str| [one, two, three].map(str::to_owned);
        let text = columns(&[row("a", "李雷", ""), row("long", "b", "c d")]);
        assert_eq!(text, "a     李雷\nlong  b     c d\n");
        assert_eq!(columns::<2>(&[]), "");
    }

    #[test]
    fn a_time_is_told_as_on_the_wire() {
        assert_eq!(time(Some(1_700_000_000), "-"), "2023-11-14T22:13:20Z");
        assert_eq!(
            (time(None, "forever"), time(Some(i64::MAX), "-")),
            ("forever".into(), "-".into())
        );
    }
}
