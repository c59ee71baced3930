//! What PostgreSQL's errors mean for the engine.

use crate::store::StoreFault;
pub(super) use crate::store::rows::Trouble;
use sqlx::postgres::{PgDatabaseError, PgSeverity};

/// What an error means where it is known that nothing was changed.
pub(super) fn unchanged(trouble: Trouble) -> StoreFault {
    match trouble {
        Trouble::Fault(fault) => fault,
        Trouble::Sql(error) => of_error(&error),
    }
}

/// What an error means that came instead of the answer to COMMIT: only an error that does not end the session says for sure that the
/// transaction was rolled back. One that ends it may come after the commit was made durable.
pub(super) fn at_commit(trouble: Trouble) -> StoreFault {
    match unchanged(trouble) {
        StoreFault::Gone(said) => StoreFault::Cut(said),
        fault => fault,
    }
}

fn of_error(error: &sqlx::Error) -> StoreFault {
    if let Some(words) = crate::tls::refusal(error) {
        return StoreFault::Refused(words);
    }
    match error {
        sqlx::Error::Database(database) => match database.try_downcast_ref::<PgDatabaseError>() {
            Some(said) => of_code(said.code(), ends_session(said.severity()), said.message()),
            None => StoreFault::Gone(database.message().to_owned()),
        },
        sqlx::Error::ColumnDecode { .. }
        | sqlx::Error::Decode(_)
        | sqlx::Error::Encode(_)
        | sqlx::Error::ColumnIndexOutOfBounds { .. }
        | sqlx::Error::RowNotFound => StoreFault::Corrupt(error.to_string()),
        sqlx::Error::Io(error) => StoreFault::Gone(error.to_string()),
        // The URL itself stands in some of these words.
        sqlx::Error::Configuration(_) => StoreFault::Refused("the URL cannot be used".to_owned()),
        other => StoreFault::Gone(other.to_string()),
    }
}

fn ends_session(severity: PgSeverity) -> bool {
    matches!(severity, PgSeverity::Fatal | PgSeverity::Panic)
}

/// Sorts SQLSTATE codes (appendix A of PostgreSQL's manual).
fn of_code(code: &str, is_fatal: bool, said: &str) -> StoreFault {
    let told = || format!("{code} {said}");
    let class = code.get(..2).unwrap_or_default();
    match (code, class) {
        // The database, the account or its rights are not there: a person mends that.
        ("42501" | "3D000", _) | (_, "28") => StoreFault::Refused(told()),
        // Too many connections, out of memory, and what says that the server starts or ends.
        ("53300" | "53200", _) => StoreFault::Starved(told()),
        _ if is_fatal => StoreFault::Gone(told()),
        ("53100", _) => StoreFault::Full,
        // Serialization failure, deadlock, lock not had in time, cancelled.
        ("40001" | "40P01" | "55P03" | "57014", _) => StoreFault::Busy,
        // Connection faults, administrator's doing, a server that became a replica, errors of the server's own disk.
        ("25006" | "58030", _) | (_, "08" | "53" | "57") => StoreFault::Gone(told()),
        // A message of these may repeat a value: the code alone.
        (_, "22" | "23") => StoreFault::Corrupt(code.to_owned()),
        _ => StoreFault::Corrupt(told()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_passes_by_itself_is_tried_again_and_what_a_person_must_mend_is_not() {
        assert!(matches!(of_code("40P01", false, ""), StoreFault::Busy));
        assert!(matches!(of_code("55P03", false, ""), StoreFault::Busy));
        assert!(matches!(of_code("53100", false, ""), StoreFault::Full));
        assert!(matches!(of_code("53300", true, ""), StoreFault::Starved(_)));
        assert!(matches!(of_code("57P01", true, ""), StoreFault::Gone(_)));
        assert!(matches!(of_code("57P03", true, ""), StoreFault::Gone(_)));
        assert!(matches!(of_code("28P01", true, ""), StoreFault::Refused(_)));
        assert!(matches!(of_code("3D000", true, ""), StoreFault::Refused(_)));
        assert!(matches!(of_code("XX001", false, ""), StoreFault::Corrupt(_)));
    }

    #[test]
    fn a_session_that_ends_amid_a_commit_leaves_it_open_and_an_error_that_does_not_end_it_closes_it() {
        let io = || Trouble::Sql(sqlx::Error::Io(std::io::ErrorKind::ConnectionReset.into()));
        assert!(matches!(at_commit(io()), StoreFault::Cut(_)));
        assert!(matches!(unchanged(io()), StoreFault::Gone(_)));
        let full = Trouble::Fault(of_code("53100", false, ""));
        assert!(matches!(at_commit(full), StoreFault::Full));
    }

    #[test]
    fn a_value_that_a_message_repeats_is_not_told() {
        let fault = of_code("22P02", false, "invalid input: \"LogBiz-canary.xml\"");
        assert!(!fault.to_string().contains("canary"), "{fault}");
    }
}
