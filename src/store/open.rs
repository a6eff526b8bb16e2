//! Opens a store: made new, brought up to date, or refused with words. Never: what is
//! in it.
//!
//! A new database is made beside its place and moved there once it is whole. So an
//! empty or torn file in its place is a damaged one, and no new one.

use super::error::StoreError;
use super::looking::look;
use super::schema::{APPLICATION, STEPS, step, version};
use crate::data::give;
use crate::limits::STORE_LOCK_MAX;
use rusqlite::{Connection, OpenFlags};
use std::cmp::Ordering;
use std::fs::{File, OpenOptions, Permissions};
use std::io::{self, ErrorKind, Read};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// The database, in the data directory.
pub const FILE: &str = "lanline.db";
const FILE_MODE: u32 = 0o600;
/// More than there are different ones.
const STATEMENTS_KEPT: usize = 64;
/// How every database of SQLite begins (sqlite.org/fileformat).
const MAGIC: &[u8; 16] = b"SQLite format 3\0";

/// Opens the database of a directory that this process holds; makes it if need be.
///
/// # Errors
/// [`StoreError`].
pub(super) fn open(directory: &Path) -> Result<Connection, StoreError> {
    open_with(directory, STEPS, &mut || {})
}

/// Opens it again, after an error.
pub(super) fn reopen(directory: &Path) -> Result<Connection, StoreError> {
    let path = directory.join(FILE);
    connect(&path).map_err(|error| StoreError::of(path, &error))
}

/// `passed` is called between any two changes of files, where a crash leaves them as they
/// are then.
fn open_with(
    directory: &Path,
    steps: &[&str],
    passed: &mut dyn FnMut(),
) -> Result<Connection, StoreError> {
    let path = directory.join(FILE);
    match fits(&path) {
        Ok(true) => {}
        Ok(false) => return Err(StoreError::Foreign(path)),
        Err(error) if error.kind() == ErrorKind::NotFound => make(directory, steps, passed)?,
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => {
            return Err(StoreError::Damaged(path, "it is cut off".to_owned()));
        }
        Err(error) => return Err(StoreError::io(path, &error)),
    }
    let refused = |error: rusqlite::Error| StoreError::of(path.clone(), &error);
    let mut connection = connect(&path).map_err(refused)?;
    let application: i64 =
        connection.query_row("PRAGMA application_id", [], |row| row.get(0)).map_err(refused)?;
    if application != APPLICATION {
        return Err(StoreError::Foreign(path));
    }
    let (found, known) = (version(&connection).map_err(refused)?, steps.len() as i64);
    if found > known {
        return Err(StoreError::Newer { path, found, known });
    }
    if found < known {
        put_aside(&connection, directory, found, passed)?;
        advance(&mut connection, steps, found, passed).map_err(refused)?;
    }
    look(&connection, &path)?;
    Ok(connection)
}

/// Whether a file begins as a database does; it is nobody else's to read from now on.
fn fits(path: &Path) -> io::Result<bool> {
    let mut file = File::open(path)?;
    if file.metadata()?.permissions().mode() & 0o777 != FILE_MODE {
        file.set_permissions(Permissions::from_mode(FILE_MODE))?;
    }
    let mut start = [0; MAGIC.len()];
    file.read_exact(&mut start)?;
    Ok(start == *MAGIC)
}

fn connect(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(STORE_LOCK_MAX)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS_KEPT);
    // What is committed outlives a loss of power; what is deleted is overwritten.
    connection.execute_batch(
        "PRAGMA cell_size_check = ON;
         PRAGMA trusted_schema = OFF;
         PRAGMA temp_store = MEMORY;
         PRAGMA cache_size = -4096;
         PRAGMA foreign_keys = ON;
         PRAGMA secure_delete = ON;
         PRAGMA journal_mode = WAL;
         PRAGMA synchronous = FULL;",
    )?;
    Ok(connection)
}

/// Opens one that is there, and changes nothing.
pub(super) fn connect_to_read(path: &Path) -> Result<Connection, StoreError> {
    let refused = |error: rusqlite::Error| StoreError::of(path.to_owned(), &error);
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).map_err(refused)?;
    connection.busy_timeout(STORE_LOCK_MAX).map_err(refused)?;
    let (found, known) = (version(&connection).map_err(refused)?, STEPS.len() as i64);
    match found.cmp(&known) {
        Ordering::Greater => Err(StoreError::Newer { path: path.to_owned(), found, known }),
        Ordering::Less => Err(StoreError::Older(path.to_owned())),
        Ordering::Equal => Ok(connection),
    }
}

/// Makes a new database, whole or not at all.
fn make(directory: &Path, steps: &[&str], passed: &mut dyn FnMut()) -> Result<(), StoreError> {
    let path = directory.join(FILE);
    let new = empty_file(directory, &format!("{FILE}.new"))?;
    passed();
    let made = Connection::open(&new).and_then(|mut connection| {
        connection.pragma_update(None, "application_id", APPLICATION)?;
        advance(&mut connection, steps, 0, passed)?;
        connection.close().map_err(|(_, error)| error)
    });
    made.map_err(|error| StoreError::of(path.clone(), &error))?;
    passed();
    settle(directory, &new, &path).map_err(|error| StoreError::io(path, &error))
}

fn advance(
    connection: &mut Connection,
    steps: &[&str],
    from: i64,
    passed: &mut dyn FnMut(),
) -> rusqlite::Result<()> {
    for (sql, to) in steps.iter().zip(1..).skip(from as usize) {
        step(connection, sql, to, passed)?;
        passed();
    }
    Ok(())
}

/// Keeps a copy of what is there, before it is changed.
fn put_aside(
    connection: &Connection,
    directory: &Path,
    version: i64,
    passed: &mut dyn FnMut(),
) -> Result<(), StoreError> {
    let copy = directory.join(format!("{FILE}.version-{version}"));
    let new = empty_file(directory, &format!("{FILE}.copy"))?;
    let text = new.to_string_lossy();
    passed();
    connection
        .execute("VACUUM INTO ?1", [&text])
        .map_err(|error| StoreError::of(copy.clone(), &error))?;
    passed();
    settle(directory, &new, &copy).map_err(|error| StoreError::io(copy, &error))?;
    passed();
    Ok(())
}

/// A new file that nobody else may read, in place of what a crash has left there.
fn empty_file(directory: &Path, name: &str) -> Result<PathBuf, StoreError> {
    let path = directory.join(name);
    let make = || {
        for left_behind in ["", "-journal", "-wal", "-shm"] {
            match std::fs::remove_file(directory.join(format!("{name}{left_behind}"))) {
                Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        let file = OpenOptions::new().create_new(true).write(true).mode(FILE_MODE).open(&path)?;
        give(directory, &file)
    };
    make().map_err(|error| StoreError::io(path.clone(), &error))?;
    Ok(path)
}

/// Moves a file that is whole to its place, for good.
fn settle(directory: &Path, new: &Path, path: &Path) -> io::Result<()> {
    File::open(new)?.sync_all()?;
    std::fs::rename(new, path)?;
    File::open(directory)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open_with(directory: &Path, steps: &[&str]) -> Result<Connection, StoreError> {
        super::open_with(directory, steps, &mut || {})
    }

    const FIRST: &str = "CREATE TABLE a (x); INSERT INTO a VALUES ('kept')";
    const SECOND: &str = "CREATE TABLE b (y); INSERT INTO b SELECT x FROM a";

    fn words(directory: &Path, steps: &[&str]) -> String {
        open_with(directory, steps).unwrap_err().to_string()
    }

    fn read(connection: &Connection, table: &str) -> String {
        connection.query_row(&format!("SELECT * FROM {table}"), [], |row| row.get(0)).unwrap()
    }

    #[test]
    fn a_new_database_is_for_nobody_else_and_stays_what_it_is() {
        let place = tempfile::tempdir().unwrap();
        // A crash left this behind.
        std::fs::write(place.path().join("lanline.db.new"), "torn").unwrap();
        drop(open(place.path()).unwrap());
        let connection = open(place.path()).unwrap();
        assert_eq!(version(&connection).unwrap(), STEPS.len() as i64);
        let wal: String = connection.query_row("PRAGMA journal_mode", [], |r| r.get(0)).unwrap();
        let full: i64 = connection.query_row("PRAGMA synchronous", [], |r| r.get(0)).unwrap();
        assert_eq!((wal.as_str(), full), ("wal", 2));
        for entry in place.path().read_dir().unwrap() {
            let entry = entry.unwrap();
            let mode = entry.metadata().unwrap().permissions().mode() & 0o777;
            assert_eq!(mode, FILE_MODE, "{:?}", entry.file_name());
        }
    }

    #[test]
    fn a_database_of_an_older_version_is_copied_and_brought_up_to_date() {
        let place = tempfile::tempdir().unwrap();
        drop(open_with(place.path(), &[FIRST]).unwrap());
        let connection = open_with(place.path(), &[FIRST, SECOND]).unwrap();
        assert_eq!((version(&connection).unwrap(), read(&connection, "b").as_str()), (2, "kept"));
        let copy = place.path().join("lanline.db.version-1");
        assert_eq!(copy.metadata().unwrap().permissions().mode() & 0o777, FILE_MODE);
        let copy = Connection::open(copy).unwrap();
        assert_eq!((version(&copy).unwrap(), read(&copy, "a").as_str()), (1, "kept"));
        assert!(copy.prepare("SELECT * FROM b").is_err());
    }

    #[test]
    fn a_step_that_fails_leaves_what_was_there() {
        let place = tempfile::tempdir().unwrap();
        drop(open_with(place.path(), &[FIRST]).unwrap());
        let broken = format!("{SECOND}; INSERT INTO nowhere VALUES (1)");
        assert!(open_with(place.path(), &[FIRST, &broken]).is_err());
        let connection = open_with(place.path(), &[FIRST]).unwrap();
        assert_eq!((version(&connection).unwrap(), read(&connection, "a").as_str()), (1, "kept"));
        drop(connection);
        assert!(open_with(place.path(), &[FIRST, SECOND]).is_ok(), "a copy is there already");
    }

    #[test]
    fn what_can_not_be_used_is_told_with_what_to_do() {
        let place = tempfile::tempdir().unwrap();
        let file = place.path().join(FILE);
        drop(open_with(place.path(), &[FIRST, SECOND]).unwrap());
        assert!(words(place.path(), &[FIRST]).contains("a newer Lanline (its layout is 2"));
        std::fs::write(&file, "a text, and a longer one than a header").unwrap();
        assert!(words(place.path(), STEPS).contains("no database of Lanline"));
        std::fs::write(&file, "").unwrap();
        assert!(words(place.path(), STEPS).contains("damaged (it is cut off)"));
        std::fs::remove_file(&file).unwrap();
        Connection::open(&file).unwrap().execute_batch("CREATE TABLE theirs (x)").unwrap();
        assert!(words(place.path(), STEPS).contains("no database of Lanline"));
        std::fs::remove_file(&file).unwrap();
        std::fs::create_dir(&file).unwrap();
        assert!(words(place.path(), STEPS).contains("can't be used"));
    }

    #[test]
    fn one_that_is_cut_off_or_overwritten_is_damaged() {
        let place = tempfile::tempdir().unwrap();
        let file = place.path().join(FILE);
        let connection = open(place.path()).unwrap();
        let many = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 999)
                    INSERT INTO account (name, key, role, created) SELECT i, i, 0, 0 FROM n";
        connection.execute_batch(many).unwrap();
        connection.close().unwrap();
        let whole = std::fs::read(&file).unwrap();
        std::fs::write(&file, &whole[..whole.len() / 2]).unwrap();
        assert!(words(place.path(), STEPS).contains("is damaged"));
        let mut overwritten = whole.clone();
        overwritten[whole.len() / 2..].fill(7);
        std::fs::write(&file, overwritten).unwrap();
        assert!(words(place.path(), STEPS).contains("is damaged"));
        std::fs::write(&file, whole).unwrap();
        assert!(open(place.path()).is_ok());
    }

    /// A directory as it is now, copied: what a crash would leave.
    fn image(directory: &Path) -> tempfile::TempDir {
        let image = tempfile::tempdir().unwrap();
        for entry in directory.read_dir().unwrap() {
            let entry = entry.unwrap();
            std::fs::copy(entry.path(), image.path().join(entry.file_name())).unwrap();
        }
        image
    }

    #[test]
    fn a_crash_at_any_moment_of_an_update_leaves_what_was_there_or_what_comes() {
        // So much that not all of it waits in memory for the end of a transaction.
        let fill = "CREATE TABLE a (x, y); INSERT INTO a VALUES ('kept', 0);
            WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 40000)
            INSERT INTO a SELECT printf('%0100d', i), i FROM n";
        let next = "CREATE TABLE b (x, y); INSERT INTO b SELECT x, y FROM a";
        let last = "CREATE TABLE c (x); INSERT INTO c SELECT x FROM b; DROP TABLE a";
        let place = tempfile::tempdir().unwrap();
        drop(open_with(place.path(), &[fill]).unwrap());
        let mut images = Vec::new();
        let mut crash = || images.push(image(place.path()));
        drop(super::open_with(place.path(), &[fill, next, last], &mut crash).unwrap());
        // Three of the copy that is put aside, two of each step.
        assert_eq!(images.len(), 7);
        for image in images {
            let aside = image.path().join("lanline.db.version-1");
            if aside.exists() {
                let aside = Connection::open(aside).unwrap();
                assert_eq!((version(&aside).unwrap(), read(&aside, "a")), (1, "kept".to_owned()));
                let said: String =
                    aside.query_row("PRAGMA quick_check", [], |row| row.get(0)).unwrap();
                assert_eq!(said, "ok");
            }
            // Once more, and further.
            let connection = open_with(image.path(), &[fill, next, last]).unwrap();
            assert_eq!(version(&connection).unwrap(), 3);
            let count = |row: &rusqlite::Row<'_>| row.get::<_, i64>(0);
            for table in ["b", "c"] {
                assert_eq!(read(&connection, table), "kept");
                let sql = format!("SELECT count(*) FROM {table}");
                assert_eq!(connection.query_row(&sql, [], count).unwrap(), 40_001);
            }
        }
    }

    #[test]
    fn a_crash_while_a_database_is_made_leaves_none_or_a_whole_one() {
        let place = tempfile::tempdir().unwrap();
        let mut images = Vec::new();
        let mut crash = || images.push(image(place.path()));
        drop(super::open_with(place.path(), &[FIRST, SECOND], &mut crash).unwrap());
        assert_eq!(images.len(), 6);
        for image in images {
            let connection = open_with(image.path(), &[FIRST, SECOND]).unwrap();
            assert_eq!(
                (version(&connection).unwrap(), read(&connection, "b").as_str()),
                (2, "kept")
            );
        }
    }
}
