//! A connection with the server: how it is begun, what is set in it, and what its errors mean.

use crate::connectors::tables::TableFault;
use sqlx::mysql::{MySqlConnectOptions, MySqlDatabaseError, MySqlRow};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, MySqlConnection, Row};
use std::time::Duration;
use tokio::runtime::{Builder, Runtime};

/// How long a session may take to begin.
const BEGIN_PATIENCE: Duration = Duration::from_secs(10);
/// How long one call may take before the server counts as gone.
const CALL_PATIENCE: Duration = Duration::from_secs(300);
/// How long a session may take to end.
const END_PATIENCE: Duration = Duration::from_secs(2);

/// What a session asks of the server, whatever its defaults: nothing is cut, rounded or replaced; the key 0 is 0 and no new number; instants are
/// written and read at UTC; a lock is waited for five seconds.
const SETTINGS: &str = "SET SESSION sql_mode = 'STRICT_ALL_TABLES,NO_ZERO_DATE,NO_ZERO_IN_DATE,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION,NO_AUTO_VALUE_ON_ZERO',
 time_zone = '+00:00', innodb_lock_wait_timeout = 5, foreign_key_checks = 1, unique_checks = 1, autocommit = 1";

/// Why a step stopped, before it is known what it means.
#[derive(Debug)]
pub(super) enum Trouble {
    /// The server or the driver said no.
    Sql(sqlx::Error),
    /// The connector said no.
    Fault(TableFault),
}

impl From<sqlx::Error> for Trouble {
    fn from(error: sqlx::Error) -> Self {
        Self::Sql(error)
    }
}

impl From<TableFault> for Trouble {
    fn from(fault: TableFault) -> Self {
        Self::Fault(fault)
    }
}

/// What a session learnt of its server.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Server {
    /// The database of the URL.
    pub(super) database: String,
    /// Longest statement and row.
    pub(super) packet_bytes: u64,
}

/// The server, connected to when it is first needed and again after a fault.
pub(super) struct Session {
    options: Result<MySqlConnectOptions, TableFault>,
    place: String,
    patience: Duration,
    /// `None` until the first call.
    running: Option<(Runtime, Option<MySqlConnection>)>,
    pub(super) server: Server,
}

impl Session {
    /// Reads a URL; its password may stand apart from it. What is wrong with it the first call tells.
    pub(super) fn new(url: &str, password: Option<&str>) -> Self {
        Self::patient(url, password, CALL_PATIENCE)
    }

    /// As [`new`](Self::new), for calls that take as long as a table takes to be written anew.
    pub(super) fn patient(url: &str, password: Option<&str>, patience: Duration) -> Self {
        let read = read_url(url, password);
        let place = read.as_ref().map_or_else(|_| "mysql://".to_owned(), place_of);
        Self { options: read, place, patience, running: None, server: Server::default() }
    }

    /// Gives the server as people read it.
    pub(super) fn place(&self) -> &str {
        &self.place
    }

    /// Runs a piece of work to its end; on any trouble an open transaction is rolled back.
    pub(super) fn run<T>(
        &mut self,
        work: impl AsyncFnOnce(&mut MySqlConnection, &Server) -> Result<T, Trouble>,
    ) -> Result<T, TableFault> {
        self.attempt(work).map_err(|trouble| self.fault(trouble))
    }

    /// As [`run`](Self::run), with the trouble as it is.
    pub(super) fn attempt<T>(
        &mut self,
        work: impl AsyncFnOnce(&mut MySqlConnection, &Server) -> Result<T, Trouble>,
    ) -> Result<T, Trouble> {
        if !matches!(self.running, Some((_, Some(_)))) {
            self.connect()?;
        }
        let Some((runtime, place)) = &mut self.running else { return Err(self.away("no runtime").into()) };
        let Some(mut connection) = place.take() else { return Err(self.away("no connection").into()) };
        let (server, patience) = (&self.server, self.patience);
        let outcome = runtime.block_on(async {
            let done = tokio::time::timeout(patience, work(&mut connection, server)).await;
            let outcome = done.unwrap_or_else(|_| Err(sqlx::Error::Io(std::io::ErrorKind::TimedOut.into()).into()));
            // A connection that cannot go back to where it was is given up; the server rolls back when it is gone.
            let back = sqlx::raw_sql("ROLLBACK").execute(&mut connection);
            let is_fit =
                outcome.is_ok() || !is_gone(&outcome) && matches!(tokio::time::timeout(END_PATIENCE, back).await, Ok(Ok(_)));
            (outcome, is_fit)
        });
        let (outcome, is_fit) = outcome;
        if is_fit {
            *place = Some(connection);
        } else {
            // Its drop closes the socket, which wants the runtime.
            let _within = runtime.enter();
            drop(connection);
        }
        outcome
    }

    /// Ends the connection, and with it all that it holds on the server; the next call begins another.
    pub(super) fn part(&mut self) {
        if let Some((runtime, place)) = &mut self.running
            && let Some(connection) = place.take()
        {
            // A server that does not answer ends the session by itself.
            let _ = runtime.block_on(async { tokio::time::timeout(END_PATIENCE, connection.close()).await });
        }
    }

    fn connect(&mut self) -> Result<(), Trouble> {
        if self.running.is_none() {
            let runtime = Builder::new_current_thread().enable_all().build();
            self.running = Some((runtime.map_err(|error| self.away(&error.to_string()))?, None));
        }
        let Some((runtime, place)) = &mut self.running else { return Ok(()) };
        let options = self.options.as_ref().map_err(Clone::clone)?;
        let begun = runtime.block_on(async { tokio::time::timeout(BEGIN_PATIENCE, begin(options)).await });
        let (connection, server) = begun.unwrap_or_else(|_| Err(sqlx::Error::Io(std::io::ErrorKind::TimedOut.into())))?;
        *place = Some(connection);
        self.server = server;
        Ok(())
    }

    fn away(&self, words: &str) -> TableFault {
        TableFault::Away { place: self.place.clone(), words: words.to_owned() }
    }

    /// Says what a trouble means where it is no row's.
    pub(super) fn fault(&self, trouble: Trouble) -> TableFault {
        match trouble {
            Trouble::Fault(fault) => fault,
            Trouble::Sql(error) => meaning(&self.place, &error),
        }
    }
}

/// Says what an error means where it is no row's.
pub(super) fn meaning(place: &str, error: &sqlx::Error) -> TableFault {
    let place = place.to_owned();
    if let Some(words) = crate::tls::refusal(error) {
        return TableFault::Denied { place, words };
    }
    let words = error.to_string();
    match number(error) {
        // Too many connections, of all or of this account, out of memory, lock wait, deadlock, disk full, table full, too many running statements, lock set changed.
        Some(1040 | 1203 | 1226 | 1037 | 1038 | 1041 | 1205 | 1213 | 1021 | 1114 | 3572 | 1020 | 4031) => {
            TableFault::Busy { place, words }
        }
        // Shutting down, killed, interrupted.
        Some(1053 | 1077 | 1079 | 1317 | 1927 | 1969 | 3024 | 1152 | 1158..=1161 | 1184 | 2006 | 2013) => {
            TableFault::Away { place, words }
        }
        Some(_) => TableFault::Denied { place, words },
        None if is_transport(error) => TableFault::Away { place, words },
        None => TableFault::Denied { place, words },
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.part();
    }
}

fn read_url(url: &str, password: Option<&str>) -> Result<MySqlConnectOptions, TableFault> {
    let denied = |words: String| TableFault::Denied { place: "mysql://".to_owned(), words };
    // The driver's own words may show the URL, and with it a password.
    let options: Result<MySqlConnectOptions, sqlx::Error> = url.parse();
    let mut options = options.map_err(|_| denied("it is no URL: mysql://account@host/database".to_owned()))?;
    if options.get_database().is_none_or(str::is_empty) {
        return Err(denied("the URL names no database: mysql://account@host/database".to_owned()));
    }
    if let Some(password) = password {
        options = options.password(password);
    }
    let options = options.charset("utf8mb4").pipes_as_concat(false).no_engine_substitution(false).timezone(None);
    Ok(options.disable_statement_logging())
}

/// The server as people read it, without a password.
fn place_of(options: &MySqlConnectOptions) -> String {
    let host = options
        .get_socket()
        .map_or_else(|| format!("{}:{}", options.get_host(), options.get_port()), |socket| socket.display().to_string());
    format!("mysql://{}@{host}/{}", options.get_username(), options.get_database().unwrap_or_default())
}

async fn begin(options: &MySqlConnectOptions) -> Result<(MySqlConnection, Server), sqlx::Error> {
    let mut conn = options.connect().await?;
    sqlx::raw_sql(SETTINGS).execute(&mut conn).await?;
    let sql = "SELECT CAST(DATABASE() AS CHAR), CAST(@@max_allowed_packet AS CHAR), CAST(@@binlog_format AS CHAR), CAST(@@log_bin AS CHAR)";
    let row = sqlx::raw_sql(sql).fetch_one(&mut conn).await?;
    let text = |at| text_at(&row, at).map(Option::unwrap_or_default);
    let server = Server { database: text(0)?, packet_bytes: text(1)?.parse().unwrap_or(1 << 20) };
    // Without gaps locked, so that no application waits for ours; a server whose binary log holds statements does not let it.
    let level = if text(2)? == "STATEMENT" && text(3)? == "1" { "REPEATABLE READ" } else { "READ COMMITTED" };
    sqlx::raw_sql(AssertSqlSafe(format!("SET SESSION TRANSACTION ISOLATION LEVEL {level}"))).execute(&mut conn).await?;
    Ok((conn, server))
}

fn is_transport(error: &sqlx::Error) -> bool {
    matches!(error, sqlx::Error::Io(_) | sqlx::Error::Tls(_) | sqlx::Error::Protocol(_) | sqlx::Error::WorkerCrashed)
}

fn is_gone<T>(outcome: &Result<T, Trouble>) -> bool {
    matches!(outcome, Err(Trouble::Sql(error)) if is_transport(error))
}

/// The server's error number.
pub(super) fn number(error: &sqlx::Error) -> Option<u16> {
    error.as_database_error()?.try_downcast_ref::<MySqlDatabaseError>().map(MySqlDatabaseError::number)
}

/// The server's SQLSTATE and words.
pub(super) fn said(error: &sqlx::Error) -> (String, String) {
    let database = error.as_database_error();
    let state = database.and_then(|error| error.code()).map(|code| code.into_owned()).unwrap_or_default();
    (state, database.map_or_else(|| error.to_string(), |error| error.message().to_owned()))
}

/// Reads bytes, whatever the column's type.
pub(super) fn bytes_at(row: &MySqlRow, at: usize) -> Result<Option<Vec<u8>>, sqlx::Error> {
    row.try_get_unchecked(at)
}

/// Reads text, whatever the column's type.
pub(super) fn text_at(row: &MySqlRow, at: usize) -> Result<Option<String>, sqlx::Error> {
    Ok(bytes_at(row, at)?.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()))
}
