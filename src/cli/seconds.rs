//! Times on the command line.

use std::fmt;
use std::time::Duration;

/// A time on the command line, in seconds; fractions are fine.
#[derive(Clone, Copy, Debug)]
pub struct Seconds(pub Duration);

impl fmt::Display for Seconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.as_secs_f64())
    }
}

/// Of an argument; 0 is fine too.
///
/// # Errors
/// In words for people.
pub(super) fn seconds(text: &str) -> Result<Seconds, String> {
    const YEAR: f64 = 366.0 * 86_400.0;
    let seconds: f64 = text.parse().map_err(|_| "not a number of seconds".to_owned())?;
    if !(0.0..=YEAR).contains(&seconds) {
        return Err("between 0 seconds and a year".to_owned());
    }
    Ok(Seconds(Duration::from_secs_f64(seconds)))
}

/// Of an argument; more than 0.
///
/// # Errors
/// In words for people.
pub(super) fn some_time(text: &str) -> Result<Seconds, String> {
    let time = seconds(text)?;
    if time.0.is_zero() { Err("more than 0 seconds".to_owned()) } else { Ok(time) }
}
