//! What is wrong with a command line. Never: with what it asks for.

/// A flag whose value can't be used.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct UsageError(String);

impl UsageError {
    pub(super) fn new(words: String) -> Self {
        Self(words)
    }
}
