//! Passwords that come on standard input, a line each. Never: whether they are any good.

use crate::client::Error;
use crate::limits::PASSWORD_BYTES_MAX;
use crate::wire::Secret;
use std::io::{ErrorKind, Read};
use zeroize::Zeroizing;

/// The first line of standard input.
///
/// # Errors
/// As [`two`].
pub(super) fn one() -> Result<Secret, Error> {
    let bytes = read(1)?;
    line(&bytes, 0)
}

/// The first two lines of standard input.
///
/// # Errors
/// [`Error::Usage`]: a line is missing, too long, or not UTF-8.
pub(super) fn two() -> Result<[Secret; 2], Error> {
    let bytes = read(2)?;
    Ok([line(&bytes, 0)?, line(&bytes, 1)?])
}

/// That many lines, as far as they are there. No copy is left behind.
fn read(lines: usize) -> Result<Zeroizing<Vec<u8>>, Error> {
    // A line end of two bytes behind the longest one, and one byte more.
    let mut bytes = Zeroizing::new(vec![0; lines * (PASSWORD_BYTES_MAX + 2) + 1]);
    let mut length = 0;
    let mut input = std::io::stdin().lock();
    while length < bytes.len()
        && bytes[..length].iter().filter(|&&byte| byte == b'\n').count() < lines
    {
        match input.read(&mut bytes[length..]) {
            Ok(0) => break,
            Ok(count) => length += count,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(Error::Failed(format!("standard input: {error}"))),
        }
    }
    bytes.truncate(length);
    Ok(bytes)
}

fn line(bytes: &[u8], number: usize) -> Result<Secret, Error> {
    let usage = |words: String| Error::Usage(format!("standard input: {words}"));
    let line = bytes.split(|&byte| byte == b'\n').nth(number).unwrap_or_default();
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let line = std::str::from_utf8(line).map_err(|_| usage("no UTF-8".to_owned()))?;
    match line.len() {
        0 => Err(usage(format!("line {} should be a password", number + 1))),
        length if length > PASSWORD_BYTES_MAX => {
            Err(usage(format!("a password has {PASSWORD_BYTES_MAX} bytes at the most")))
        }
        _ => Ok(Secret::new(line)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn got(bytes: &[u8], number: usize) -> Option<String> {
        line(bytes, number).ok().map(|secret| secret.reveal().to_owned())
    }

    #[test]
    fn a_line_is_a_password_without_its_end() {
        let is = |text: &str| Some(text.to_owned());
        assert_eq!(got(b"old one\r\nn\xc3\xa9w", 0), is("old one"));
        assert_eq!(got(b"old one\r\nn\xc3\xa9w", 1), is("n\u{e9}w"));
        assert_eq!(got(b"old\n", 1), None);
        assert_eq!((got(b"", 0), got(b"\n", 0), got(b"\xff\n", 0)), (None, None, None));
        let most = "x".repeat(PASSWORD_BYTES_MAX);
        assert_eq!(got(most.as_bytes(), 0), is(&most));
        assert_eq!(got(format!("{most}x").as_bytes(), 0), None);
    }
}
