//! Whole numbers on the command line. Never: which are fine.

/// One between two bounds.
///
/// # Errors
/// In words for people.
pub(super) fn within(text: &str, least: usize, most: usize) -> Result<usize, String> {
    let number: usize = text.parse().map_err(|_| "not a whole number".to_owned())?;
    if (least..=most).contains(&number) {
        Ok(number)
    } else {
        Err(format!("between {least} and {most}"))
    }
}
