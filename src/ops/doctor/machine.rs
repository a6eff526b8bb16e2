//! The machine that is looked at. Never: what is found.

use std::fs;
use std::path::{Path, PathBuf};

/// The machine: files below a root, so that tests can build another.
#[derive(Clone, Debug)]
pub struct Machine {
    pub(super) root: PathBuf,
}

impl Machine {
    /// The one we run on.
    pub fn this() -> Self {
        Self { root: PathBuf::from("/") }
    }

    /// A model of one, in a folder.
    pub fn at(root: &Path) -> Self {
        Self { root: root.to_owned() }
    }

    pub(super) fn exists(&self, path: &str) -> bool {
        self.root.join(path).exists()
    }

    pub(super) fn text(&self, path: &str) -> Option<String> {
        fs::read_to_string(self.root.join(path)).ok()
    }

    /// The first number in a file.
    pub(super) fn number(&self, path: &str) -> Option<u64> {
        self.text(path)?.split_whitespace().next()?.parse().ok()
    }
}
