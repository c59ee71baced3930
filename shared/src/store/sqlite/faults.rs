//! What SQLite's errors mean for the engine.

use crate::store::StoreFault;

pub(super) use crate::store::rows::Trouble;

impl Trouble {
    /// Says what the trouble means where nothing can have been changed.
    pub(super) fn in_read(self) -> StoreFault {
        self.fault(StoreFault::Corrupt, StoreFault::Starved)
    }

    /// Says what the trouble means in a transaction: an error that is not known to leave everything as it was is `Unsure`.
    pub(super) fn in_commit(self) -> StoreFault {
        self.fault(StoreFault::Unsure, StoreFault::Unsure)
    }

    fn fault(self, otherwise: fn(String) -> StoreFault, starved: fn(String) -> StoreFault) -> StoreFault {
        match self {
            Self::Fault(fault) => fault,
            Self::Sql(error) => {
                let said = error.to_string();
                match meaning(&error) {
                    Meaning::Full => StoreFault::Full,
                    Meaning::Busy => StoreFault::Busy,
                    Meaning::Unreadable => StoreFault::Corrupt(said),
                    Meaning::Starved => starved(said),
                    Meaning::Open => otherwise(said),
                }
            }
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Meaning {
    Full,
    Busy,
    Unreadable,
    Starved,
    Open,
}

fn meaning(error: &sqlx::Error) -> Meaning {
    match error {
        sqlx::Error::Database(database) => {
            let code = database.code().and_then(|code| code.parse().ok());
            code.map_or(Meaning::Open, of_code)
        }
        sqlx::Error::ColumnDecode { .. }
        | sqlx::Error::Decode(_)
        | sqlx::Error::ColumnIndexOutOfBounds { .. }
        | sqlx::Error::RowNotFound => Meaning::Unreadable,
        // The driver could not start its thread, or SQLite could not make its handle: nothing was asked of the database.
        sqlx::Error::Io(error) if is_want(error) => Meaning::Starved,
        _ => Meaning::Open,
    }
}

/// Tells whether the system refused for want of memory, threads or files.
fn is_want(error: &std::io::Error) -> bool {
    use rustix::io::Errno;
    let wants = [Errno::AGAIN, Errno::NOMEM, Errno::MFILE, Errno::NFILE].map(Errno::raw_os_error);
    error.kind() == std::io::ErrorKind::OutOfMemory || error.raw_os_error().is_some_and(|code| wants.contains(&code))
}

/// SQLITE_IOERR_SHMSIZE: the WAL index could not be lengthened, before anything was read or written; in practice ENOSPC.
const SHM_SIZE: i32 = 10 | (19 << 8);

/// Sorts SQLite's extended result codes by their low byte, the primary code (sqlite.org/rescode.html).
fn of_code(code: i32) -> Meaning {
    if code == SHM_SIZE {
        return Meaning::Full;
    }
    match code & 0xff {
        // SQLITE_FULL: also raised for ENOSPC at a write; SQLite has not written the commit mark.
        13 => Meaning::Full,
        // SQLITE_NOMEM, SQLITE_CANTOPEN: the process has no memory or no files left, and nothing is wrong with the database.
        7 | 14 => Meaning::Starved,
        // SQLITE_BUSY, SQLITE_LOCKED, SQLITE_PROTOCOL: the lock was not had.
        5 | 6 | 15 => Meaning::Busy,
        // SQLITE_READONLY, SQLITE_CORRUPT, SQLITE_CONSTRAINT, SQLITE_MISMATCH, SQLITE_FORMAT, SQLITE_NOTADB.
        8 | 11 | 19 | 20 | 24 | 26 => Meaning::Unreadable,
        _ => Meaning::Open,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_disk_error_but_a_full_disk_leaves_a_commit_open() {
        let io_errors = (1..=34).map(|detail| 10 | (detail << 8)).filter(|code| *code != SHM_SIZE);
        for code in io_errors.chain([10, 1, 2, 4, 21]) {
            assert_eq!(of_code(code), Meaning::Open, "code {code}");
        }
        for code in [13, SHM_SIZE] {
            assert_eq!(of_code(code), Meaning::Full);
        }
    }

    #[test]
    fn want_of_memory_or_files_is_no_damage_and_leaves_a_commit_unsure() {
        let starved = || Trouble::Fault(StoreFault::Starved("files".to_owned())).in_read();
        assert!(matches!(starved(), StoreFault::Starved(_)));
        for code in [7, 14, 14 | (2 << 8)] {
            assert_eq!(of_code(code), Meaning::Starved, "code {code}");
        }
    }

    #[test]
    fn extended_codes_mean_what_their_primary_code_means() {
        for (code, meaning) in [
            (5, Meaning::Busy),
            (261, Meaning::Busy),
            (517, Meaning::Busy),
            (262, Meaning::Busy),
            (267, Meaning::Unreadable),
            (779, Meaning::Unreadable),
            (2067, Meaning::Unreadable),
            (1032, Meaning::Unreadable),
        ] {
            assert_eq!(of_code(code), meaning, "code {code}");
        }
    }

    #[test]
    fn an_open_error_is_unsure_in_a_commit_and_unreadable_in_a_read() {
        let crashed = || Trouble::Sql(sqlx::Error::WorkerCrashed);
        assert!(matches!(crashed().in_commit(), StoreFault::Unsure(_)));
        assert!(matches!(crashed().in_read(), StoreFault::Corrupt(_)));
    }
}
