//! A token of an account for programs: where it comes from. Never: using it.

use crate::client::Error;
use crate::connect::private_files::read_lines;
use crate::limits::TOKEN_BYTES_MAX;
use crate::wire::Secret;
use std::path::Path;

/// The environment variable that may hold a token of an account.
const TOKEN_VARIABLE: &str = "LANLINE_TOKEN";

/// A token from the file, or else from the variable; and where it was found. Never a
/// flag: everybody on the machine can read those.
///
/// # Errors
/// There is one, and it can't be used.
pub(super) fn find_token(path: Option<&Path>) -> Result<Option<(Secret, String)>, Error> {
    let (text, source) = match path {
        Some(path) => {
            let shown = path.display().to_string();
            let text = read_lines(path);
            let text = text.map_err(|error| Error::Usage(format!("{shown}: {error}")))?;
            (text, shown)
        }
        None => match std::env::var(TOKEN_VARIABLE) {
            // Empty is none: so templates leave it.
            Ok(text) if !text.is_empty() => (text.into(), TOKEN_VARIABLE.to_owned()),
            _ => return Ok(None),
        },
    };
    let token = text.lines().next().unwrap_or_default().trim();
    if token.is_empty() || token.len() > TOKEN_BYTES_MAX || token.contains(char::is_whitespace) {
        return Err(Error::Usage(format!("there is no token in {source}")));
    }
    Ok(Some((Secret::new(token), source)))
}
