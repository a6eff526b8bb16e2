//! A server whose clocks can be set while it runs; the machine's stay as they
//! are. A library is preloaded that answers `clock_gettime` in the C library's
//! place, so it works for a program that is linked with one dynamically.

use super::builder;
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::process::Command;
use std::time::Duration;
use tempfile::TempDir;
use testkit::Server;

pub(crate) struct Clocks {
    /// What the library adds: `struct wrong` of clocks.c.
    file: File,
    _directory: TempDir,
}

impl Clocks {
    /// None where the library can't be built or isn't loaded; says why.
    pub(crate) fn start_server(flags: &[&str]) -> Option<(Server, Self)> {
        let directory = tempfile::tempdir().unwrap();
        let library = directory.path().join("clocks.so");
        let source = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/hostile/support/clocks.c");
        let mut cc = Command::new("cc");
        cc.args(["-shared", "-fPIC", "-O1", "-Wall", "-Werror", source, "-ldl", "-o"]);
        match cc.arg(&library).status() {
            Ok(status) => assert!(status.success(), "{source} doesn't compile"),
            Err(_) => {
                println!("not run: it needs cc, for a library that sets the server's clocks");
                return None;
            }
        }
        let path = directory.path().join("clocks");
        std::fs::write(&path, [0; 24]).unwrap();
        let file = File::options().read(true).write(true).open(&path).unwrap();
        // Small queues, so that one who reads nothing has a full one soon.
        let builder = builder(&["--workers", "2", "--queue", "65536"]).arguments(flags);
        let builder = builder.env("LD_PRELOAD", library.to_str().unwrap());
        let server = builder.env("LANLINE_TEST_CLOCKS", path.to_str().unwrap()).start();
        let clocks = Self { file, _directory: directory };
        if clocks.read(0) == 0 {
            println!("not run: this build of the program loads no library");
            return None;
        }
        Some((server, clocks))
    }

    /// The time of day is so many hours off.
    pub(crate) fn set_wall(&self, hours: i64) {
        self.write(8, hours * 3600);
    }

    /// The clock that only goes forwards leaps ahead.
    pub(crate) fn leap(&self, time: Duration) {
        self.write(16, self.read(16) + time.as_secs() as i64);
    }

    fn read(&self, at: u64) -> i64 {
        let mut bytes = [0; 8];
        self.file.read_exact_at(&mut bytes, at).unwrap();
        i64::from_ne_bytes(bytes)
    }

    fn write(&self, at: u64, value: i64) {
        self.file.write_all_at(&value.to_ne_bytes(), at).unwrap();
    }
}
