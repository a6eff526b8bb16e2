//! A server with the usual flags, a request over HTTP, and files of settings
//! that change.

use std::path::{Path, PathBuf};
use std::process::Output;
use testkit::Server;
pub(crate) use testkit::http::request as http;

/// A server with two workers and these flags.
pub(crate) fn server(flags: &[&str]) -> Server {
    Server::builder().workers(2).arguments(flags).start()
}

/// Standard output as text.
pub(crate) fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// A file of settings, in a folder of its own.
pub(crate) struct File {
    _folder: tempfile::TempDir,
    pub path: PathBuf,
}

impl File {
    pub(crate) fn new(name: &str, text: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        Self { _folder: folder, path }
    }

    /// Puts another file in its place, the way editors do.
    pub(crate) fn replace(&self, text: &str) {
        let new = self.path.with_extension("new");
        std::fs::write(&new, text).unwrap();
        std::fs::rename(new, &self.path).unwrap();
    }

    pub(crate) fn as_str(&self) -> &str {
        Path::to_str(&self.path).unwrap()
    }
}
