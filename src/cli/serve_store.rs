//! The flags of what is stored. Never: storing it.

use crate::accounts::Span;
use crate::chat::StoreFailure;
use crate::limits;
use crate::store::Keeping;
use clap::{Args, ValueEnum};

/// How much is stored, and what comes of a packet that can't be.
#[derive(Args, Clone, Debug)]
pub(super) struct StoreArgs {
    /// How long stored packets are kept: 30m, 12h, 90d, forever
    #[arg(long, value_name = "DURATION", env = "LANLINE_KEEP", value_parser = span,
          default_value = limits::KEEP_DEFAULT)]
    keep: Span,

    /// How many bytes of them are kept; over it the oldest go first [default: half of
    /// what is free on the disk at the first start]
    #[arg(long, value_name = "BYTES", env = "LANLINE_STORE_LIMIT", value_parser = bytes)]
    store_limit: Option<u64>,

    /// What one account may have stored, in bytes a second; over it, it is read later.
    /// 0 is no bound
    #[arg(long, value_name = "BYTES", env = "LANLINE_STORE_RATE",
          default_value_t = limits::STORE_RATE_DEFAULT)]
    pub(super) store_rate: u64,

    /// What comes of a packet while the disk refuses: it is handed to those who are here
    /// and not kept (`relay`), or to nobody (`refuse`). Its sender is told either way
    #[arg(
        long,
        value_name = "WHAT",
        env = "LANLINE_STORE_FAILURE",
        value_enum,
        default_value = "relay"
    )]
    store_failure: FailureMode,
}

/// `--store-failure`.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum FailureMode {
    Relay,
    Refuse,
}

impl StoreArgs {
    pub(super) fn keeping(&self) -> Keeping {
        Keeping { keep: self.keep, bytes_max: self.store_limit }
    }

    pub(super) fn failure(&self) -> StoreFailure {
        match self.store_failure {
            FailureMode::Relay => StoreFailure::Relay,
            FailureMode::Refuse => StoreFailure::Refuse,
        }
    }
}

fn span(text: &str) -> Result<Span, String> {
    Span::parse(text).ok_or_else(|| "not a duration like 12h, 90d or forever".to_owned())
}

fn bytes(text: &str) -> Result<u64, String> {
    let number: u64 = text.parse().map_err(|_| "not a whole number".to_owned())?;
    if number == 0 || i64::try_from(number).is_err() {
        return Err(format!("between 1 and {}", i64::MAX));
    }
    Ok(number)
}
