//! A session with the server: how it is begun, what it is told first, how long it is waited for, and what its errors mean.

use super::Trouble;
use crate::connectors::tables::TableFault;
use futures_util::TryStreamExt;
use sqlx::postgres::{PgConnectOptions, PgDatabaseError, PgSeverity};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, PgConnection};
use std::fmt;
use std::str::FromStr;
use std::time::Duration;
use tokio::runtime::{Builder, Runtime};

/// What is said of a URL, which is not repeated: it may hold a password.
const UNUSABLE: &str = "the URL cannot be used";
/// How long a session may take to begin.
const BEGIN_PATIENCE: Duration = Duration::from_secs(5);
/// How long one call may take before the server counts as gone: longer than `statement_timeout`, which ends what is merely slow.
const CALL_PATIENCE: Duration = Duration::from_secs(660);
/// How long a session may take to go back to where it was, or to end.
const END_PATIENCE: Duration = Duration::from_secs(5);

/// What every session asks of the server, so that no default of server, database or account changes what is read or written. A dead peer is
/// noticed within some ten seconds. Row security that would hide rows is an error instead.
const SETTINGS: &str = "SET client_encoding = 'UTF8'; SET \"DateStyle\" = 'ISO, YMD'; SET \"IntervalStyle\" = 'postgres';
SET \"TimeZone\" = 'Asia/Shanghai'; SET extra_float_digits = 1; SET bytea_output = 'hex'; SET standard_conforming_strings = on;
SET xmloption = content; SET search_path = pg_catalog, public, pg_temp; SET row_security = off; SET synchronous_commit = on;
SET default_transaction_isolation = 'read committed'; SET default_transaction_read_only = off; SET default_transaction_deferrable = off;
SET statement_timeout = '600s'; SET lock_timeout = '5s'; SET idle_in_transaction_session_timeout = '120s'; SET jit = off;
SET client_min_messages = warning; SET tcp_keepalives_idle = 5; SET tcp_keepalives_interval = 2; SET tcp_keepalives_count = 3";

/// Server, database and account. It may hold a password, and shows it nowhere.
#[derive(Clone)]
pub(super) struct Place {
    /// `None` where the URL cannot be used, which is told at the first call.
    options: Option<PgConnectOptions>,
}

impl Place {
    /// Reads a URL: `postgres://ACCOUNT@HOST/DATABASE`, with the host's place empty where `?host=/run/postgresql` tells a socket; `password`
    /// where it comes from a file.
    pub(super) fn of(url: &str, password: Option<&str>) -> Self {
        let known = url.starts_with("postgres://") || url.starts_with("postgresql://");
        // The driver wants a host even where a parameter tells the socket.
        let options = PgConnectOptions::from_str(&url.replacen("@/", "@localhost/", 1)).ok().filter(|_| known);
        let options = options.map(|options| options.application_name("dukou").disable_statement_logging());
        Self { options: options.map(|options| password.map_or(options.clone(), |password| options.password(password))) }
    }

    /// The account that it logs in with.
    pub(super) fn account(&self) -> &str {
        self.options.as_ref().map_or("", PgConnectOptions::get_username)
    }

    fn options(&self) -> Result<&PgConnectOptions, TableFault> {
        let unusable = || TableFault::Denied { place: self.to_string(), words: UNUSABLE.to_owned() };
        self.options.as_ref().ok_or_else(unusable)
    }
}

impl fmt::Display for Place {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(options) = &self.options else { return out.write_str("postgres://") };
        let host = options.get_socket().map_or(options.get_host().to_owned(), |socket| socket.display().to_string());
        write!(
            out,
            "postgres://{}@{host}:{}/{}",
            self.account(),
            options.get_port(),
            options.get_database().unwrap_or_default()
        )
    }
}

impl fmt::Debug for Place {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, out)
    }
}

/// A connection, begun when it is first needed and again after a fault, and what drives it.
pub(super) struct Session {
    place: Place,
    patience: Duration,
    runtime: Option<Runtime>,
    connection: Option<PgConnection>,
}

impl Session {
    pub(super) fn new(place: Place) -> Self {
        Self::patient(place, CALL_PATIENCE)
    }

    /// As [`new`](Self::new), for calls that take as long as a table takes to be written anew.
    pub(super) fn patient(place: Place, patience: Duration) -> Self {
        Self { place, patience, runtime: None, connection: None }
    }

    pub(super) fn place(&self) -> &Place {
        &self.place
    }

    /// Runs a piece of work to its end. After any trouble an open transaction is rolled back; where that cannot be, the session is given up.
    pub(super) fn run<T>(&mut self, work: impl AsyncFnOnce(&mut PgConnection) -> Result<T, Trouble>) -> Result<T, TableFault> {
        let runtime = match self.runtime.take() {
            Some(runtime) => runtime,
            None => Builder::new_current_thread().enable_all().build().map_err(|error| busy(&self.place, &error))?,
        };
        let kept = self.connection.take();
        let (connection, outcome) = runtime.block_on(attempt(&self.place, self.patience, kept, work));
        self.runtime = Some(runtime);
        self.connection = connection;
        outcome.map_err(|trouble| meaning(&self.place, trouble))
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        if let (Some(runtime), Some(connection)) = (self.runtime.take(), self.connection.take()) {
            // A server that does not answer ends the session by itself.
            let _ = runtime.block_on(async { tokio::time::timeout(END_PATIENCE, connection.close()).await });
        }
    }
}

fn busy(place: &Place, error: &std::io::Error) -> TableFault {
    TableFault::Busy { place: place.to_string(), words: error.to_string() }
}

async fn attempt<T>(
    place: &Place,
    patience: Duration,
    kept: Option<PgConnection>,
    work: impl AsyncFnOnce(&mut PgConnection) -> Result<T, Trouble>,
) -> (Option<PgConnection>, Result<T, Trouble>) {
    let begun = match kept {
        Some(connection) => Ok(connection),
        None => begin(place).await,
    };
    let mut connection = match begun {
        Ok(connection) => connection,
        Err(trouble) => return (None, Err(trouble)),
    };
    let done = tokio::time::timeout(patience, work(&mut connection)).await;
    let outcome = done.unwrap_or_else(|_| Err(no_answer(place, patience)));
    if let Err(trouble) = &outcome {
        let back = async { sqlx::raw_sql("ROLLBACK").execute(&mut connection).await.is_ok() };
        let gone = matches!(meaning(place, trouble.copied(place)), TableFault::Away { .. });
        if gone || matches!(trouble, Trouble::OutOfStep(_)) || !tokio::time::timeout(END_PATIENCE, back).await.unwrap_or(false)
        {
            return (None, outcome);
        }
    }
    (Some(connection), outcome)
}

async fn begin(place: &Place) -> Result<PgConnection, Trouble> {
    let options = place.options()?;
    let begun = tokio::time::timeout(BEGIN_PATIENCE, async {
        let mut connection = options.connect().await?;
        sqlx::raw_sql(SETTINGS).execute(&mut connection).await?;
        let encoding = "SELECT current_setting('server_encoding')";
        let encoding: String = sqlx::query_scalar(encoding).fetch_one(&mut connection).await?;
        Ok::<_, sqlx::Error>((connection, encoding))
    });
    let (connection, encoding) = begun.await.map_err(|_| no_answer(place, BEGIN_PATIENCE))??;
    if encoding == "SQL_ASCII" {
        let words = "the database has the encoding SQL_ASCII: what its bytes mean is not known; make one in UTF8".to_owned();
        return Err(TableFault::Denied { place: place.to_string(), words }.into());
    }
    Ok(connection)
}

fn no_answer(place: &Place, patience: Duration) -> Trouble {
    TableFault::Away { place: place.to_string(), words: format!("no answer within {} s", patience.as_secs()) }.into()
}

/// Runs statements that have no values in them.
pub(super) async fn run_sql(connection: &mut PgConnection, sql: impl Into<String>) -> Result<u64, Trouble> {
    Ok(sqlx::raw_sql(AssertSqlSafe(sql.into())).execute(connection).await?.rows_affected())
}

/// Runs `COPY … TO STDOUT` and gives each piece that the server sends; what `each` makes of one does not end it.
pub(super) async fn copy_out(connection: &mut PgConnection, sql: &str, mut each: impl FnMut(&[u8])) -> Result<(), Trouble> {
    let mut pieces = connection.copy_out_raw(sql).await.map_err(Trouble::OutOfStep)?;
    while let Some(piece) = pieces.try_next().await? {
        each(&piece);
    }
    Ok(())
}

impl Trouble {
    /// The fault that it means.
    fn copied(&self, place: &Place) -> Self {
        match self {
            Self::Fault(fault) => Self::Fault(fault.clone()),
            Self::Sql(error) | Self::OutOfStep(error) => Self::Fault(of_error(place, error)),
        }
    }

    /// The server's refusal of what it was given, where it is one: neither its own trouble nor a missing right.
    pub(super) fn refusal(&self) -> Option<&PgDatabaseError> {
        let Self::Sql(sqlx::Error::Database(error)) = self else { return None };
        let said = error.try_downcast_ref::<PgDatabaseError>()?;
        let class = said.code().get(..2).unwrap_or_default();
        let of_the_row = matches!(class, "21" | "22" | "23" | "44" | "54" | "P0")
            || matches!(said.code(), "42804" | "428C9" | "0A000" | "55000");
        (of_the_row && !ends_session(said)).then_some(said)
    }
}

/// Says what a trouble means.
pub(super) fn meaning(place: &Place, trouble: Trouble) -> TableFault {
    match trouble {
        Trouble::Fault(fault) => fault,
        Trouble::Sql(error) | Trouble::OutOfStep(error) => of_error(place, &error),
    }
}

fn ends_session(said: &PgDatabaseError) -> bool {
    matches!(said.severity(), PgSeverity::Fatal | PgSeverity::Panic)
}

fn of_error(place: &Place, error: &sqlx::Error) -> TableFault {
    let place = place.to_string();
    match error {
        sqlx::Error::Database(database) => match database.try_downcast_ref::<PgDatabaseError>() {
            Some(said) => of_code(place, said.code(), ends_session(said), said.message()),
            None => TableFault::Away { place, words: database.message().to_owned() },
        },
        // The URL itself stands in some of these words.
        sqlx::Error::Configuration(_) => TableFault::Denied { place, words: UNUSABLE.to_owned() },
        sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_) | sqlx::Error::Encode(_) | sqlx::Error::RowNotFound => {
            TableFault::Denied { place, words: error.to_string() }
        }
        other => match crate::tls::refusal(other) {
            Some(words) => TableFault::Denied { place, words },
            None => TableFault::Away { place, words: other.to_string() },
        },
    }
}

/// Sorts SQLSTATE codes (appendix A of PostgreSQL's manual).
fn of_code(place: String, code: &str, is_fatal: bool, said: &str) -> TableFault {
    let words = format!("{code} {said}");
    let class = code.get(..2).unwrap_or_default();
    match (code, class) {
        // Account, password, right, database: a person mends that.
        ("42501" | "3D000", _) | (_, "28") => TableFault::Denied { place, words },
        // Serialisation, deadlock, lock not had in time, cancelled, waited too long amid a transaction; connections, memory, disk.
        ("40001" | "40P01" | "55P03" | "55006" | "57014" | "25P03", _) | (_, "53") => TableFault::Busy { place, words },
        // Connection faults, a server that starts, ends or became a replica, errors of its own disk or its own mistakes.
        ("25006", _) | (_, "08" | "57" | "58" | "XX") => TableFault::Away { place, words },
        _ if is_fatal => TableFault::Away { place, words },
        // A message of these may repeat a value: the code alone.
        (_, "22" | "23") => TableFault::Denied { place, words: code.to_owned() },
        _ => TableFault::Denied { place, words },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(code: &str, is_fatal: bool) -> TableFault {
        of_code("postgres://db".to_owned(), code, is_fatal, "said \"canary\"")
    }

    #[test]
    fn what_passes_by_itself_is_tried_again_and_what_a_person_must_mend_is_not() {
        for code in ["40001", "40P01", "55P03", "57014", "53300", "53100"] {
            assert!(matches!(fault(code, code == "53300"), TableFault::Busy { .. }), "{code}");
        }
        for code in ["08006", "57P01", "57P03", "58030", "XX000", "25006"] {
            assert!(matches!(fault(code, true), TableFault::Away { .. }), "{code}");
        }
        for code in ["28P01", "28000", "3D000", "42501"] {
            assert!(matches!(fault(code, true), TableFault::Denied { .. }), "{code}");
        }
    }

    #[test]
    fn a_value_that_a_message_repeats_is_not_told() {
        assert!(!fault("22P02", false).to_string().contains("canary"));
    }

    #[test]
    fn a_password_is_shown_nowhere_and_a_socket_needs_no_host() {
        let url = "postgres://dukou:canary@db.local:5433/registry?sslmode=disable";
        let shown = format!("{:?} {}", Place::of(url, None), Place::of(url, Some("canary")));
        assert!(!shown.contains("canary") && shown.contains("registry"), "{shown}");
        let place = Place::of("postgres://dukou@/registry?host=/run/postgresql", None);
        assert_eq!(place.to_string(), "postgres://dukou@/run/postgresql:5432/registry");
        for wrong in ["mysql://canary@b/c", "postgres://canary:x y@h:port/d", ""] {
            let fault = Session::new(Place::of(wrong, None)).run(async |_| Ok(())).expect_err("no place");
            assert!(matches!(fault, TableFault::Denied { .. }) && !format!("{fault:?}").contains("canary"), "{fault:?}");
        }
    }
}
