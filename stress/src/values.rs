//! Values of flags that several commands take. Never: a flag.

/// A positive number of seconds.
///
/// # Errors
/// In words for the user.
pub(crate) fn seconds(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(seconds) if seconds > 0.0 && seconds <= 1e6 => Ok(seconds),
        _ => Err("a number of seconds above 0".to_owned()),
    }
}
