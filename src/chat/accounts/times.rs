//! Times of day as the wire has them.

use jiff::Timestamp;

/// RFC 3339, or `-`, from seconds since 1970.
pub(in crate::chat) fn time(seconds: Option<i64>) -> String {
    let time = seconds.and_then(|seconds| Timestamp::from_second(seconds).ok());
    time.map_or_else(|| "-".to_owned(), |time| time.to_string())
}
