//! A token of an account for programs: where it comes from. Never: using it.

use crate::client::Error;
#[cfg(unix)]
use crate::client::plain::print::note;
use crate::connect::private_files::read_lines;
use crate::limits::TOKEN_BYTES_MAX;
use crate::wire::Secret;
use std::fs::Metadata;
use std::path::Path;

/// What a mode says that concerns people who are neither a file's owner nor of its group.
#[cfg(unix)]
const OTHERS_MODE: u32 = 0o006;

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
            let bad = |error: std::io::Error| Error::Usage(format!("{shown}: {error}"));
            warn_of_mode(&std::fs::metadata(path).map_err(bad)?, &shown);
            let text = read_lines(path).map_err(bad)?;
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

/// Says so where everybody on the machine may read the token.
fn warn_of_mode(data: &Metadata, shown: &str) {
    #[cfg(unix)]
    if std::os::unix::fs::MetadataExt::mode(data) & OTHERS_MODE != 0 {
        note(&format!(
            "! The token in {shown} is for everybody on this machine: chmod o-rwx {shown}"
        ));
    }
    #[cfg(not(unix))]
    let _ = (data, shown);
}
