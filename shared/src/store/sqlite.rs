//! The real store: one SQLite file next to the packet log, written by one process, read by any number at the same time.
//!
//! Write-ahead logging lets the daemon commit while `status` and `trace` read; `synchronous = FULL` makes each commit durable before it
//! returns. Not for network file systems: their locks and shared memory do not hold.

mod book;
mod cards;
mod changes;
mod faults;
#[cfg(test)]
mod file_tests;
mod lanes;
mod reads;
mod schema;
mod state;

use self::faults::Trouble;
use self::lanes::Lanes;
use super::book::{BookChange, BookDecision};
use super::cards::{Card, Drawer};
use super::rows;
use super::{
    Change, ChannelSums, Direction, HeldBack, PacketKey, PacketRow, PacketState, RecordRow, SentAgain, Sighting, StationState,
    Store, StoreFault, Waiver, Went,
};
use dukou_packets::packet::header::{ChannelName, Epoch};
use dukou_packets::suite::Digest;
use sqlx::sqlite::{SqliteConnectOptions, SqliteSynchronous};
use sqlx::{ConnectOptions, Connection, Row, SqliteConnection};
use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::Thread;
use std::time::Duration;

/// How long a call waits for another process's lock.
const PATIENCE: Duration = Duration::from_secs(5);
/// Pages in the write-ahead log after which a commit also moves them into the file: 16 MiB, some tens of milliseconds.
const CHECKPOINT_PAGES: &str = "4000";
/// Bytes the write-ahead log keeps on disk after a reader had held it open and it grew.
const JOURNAL_BYTES: &str = "67108864";
/// SQLite's page cache in KiB, negative as its pragma wants it.
const CACHE_KIB: &str = "-32768";

/// The station's state in a SQLite file.
///
/// Its calls block the thread. After a commit that ended in doubt every call answers `Unsure`: what SQLite shows is then no longer what
/// the disk is known to hold, and only opening the file anew decides.
#[derive(Debug)]
pub struct SqliteStore {
    connection: Option<SqliteConnection>,
    lanes: Lanes,
    unsure: Option<String>,
}

impl SqliteStore {
    /// Opens the store for reading and writing; makes the file (mode 0600, durable in its directory) and the tables if need be.
    ///
    /// # Errors
    /// `Version` when a newer program wrote the file, `Corrupt` when it is not the store's or cannot be opened, `Busy`, `Full`. A file
    /// that is refused was not written to.
    pub fn open(path: &Path) -> Result<Self, StoreFault> {
        create_private(path).map_err(creation_fault)?;
        let options = options(path)
            .synchronous(SqliteSynchronous::Full)
            .pragma("wal_autocheckpoint", CHECKPOINT_PAGES)
            .pragma("journal_size_limit", JOURNAL_BYTES);
        let opened = wait(async {
            let mut conn = options.connect().await?;
            schema::prepare(&mut conn).await?;
            Ok(conn)
        });
        opened.map(Self::on).map_err(Trouble::in_read)
    }

    /// Opens an existing store for reading, beside the process that writes it or without one. A commit is refused as `Corrupt`.
    ///
    /// # Errors
    /// As [`open`](Self::open); a file that is not there is `Corrupt`, too.
    pub fn open_read_only(path: &Path) -> Result<Self, StoreFault> {
        let options = options(path).read_only(true);
        let opened = wait(async {
            let mut conn = options.connect().await?;
            schema::inspect(&mut conn).await?;
            Ok(conn)
        });
        opened.map(Self::on).map_err(|trouble: Trouble| match trouble.in_read() {
            // What is not there is not for want of anything.
            StoreFault::Starved(said) if !path.exists() => StoreFault::Corrupt(said),
            fault => fault,
        })
    }

    /// Closes the store with everything in its one file: nothing of it is in the write-ahead log any more.
    ///
    /// # Errors
    /// [`StoreFault::Busy`] while somebody reads it; the store is as it was.
    pub fn settle(mut self) -> Result<(), StoreFault> {
        let busy: i64 =
            self.read(async |conn, _| Ok(sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)").fetch_one(conn).await?.try_get(0)?))?;
        if busy == 0 { Ok(()) } else { Err(StoreFault::Busy) }
    }

    fn on(connection: SqliteConnection) -> Self {
        Self { connection: Some(connection), lanes: Lanes::default(), unsure: None }
    }

    fn parts(&mut self) -> Result<(&mut SqliteConnection, &mut Lanes), StoreFault> {
        match (&mut self.connection, &self.unsure) {
            (Some(connection), None) => Ok((connection, &mut self.lanes)),
            (_, Some(why)) => Err(StoreFault::Unsure(why.clone())),
            (None, None) => Err(StoreFault::Unsure("closed".to_owned())),
        }
    }

    /// Runs a read to its end.
    fn read<T>(
        &mut self,
        read: impl AsyncFnOnce(&mut SqliteConnection, &mut Lanes) -> Result<T, Trouble>,
    ) -> Result<T, StoreFault> {
        let (connection, lanes) = self.parts()?;
        wait(read(connection, lanes)).map_err(Trouble::in_read)
    }
}

impl Drop for SqliteStore {
    /// Closes the file before it returns, so that it can be opened, moved or removed at once.
    fn drop(&mut self) {
        if let Some(connection) = self.connection.take() {
            wait(connection.close()).ok();
        }
    }
}

fn options(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .busy_timeout(PATIENCE)
        .pragma("cache_size", CACHE_KIB)
        .thread_name(|id| format!("store-{id}"))
        .row_buffer_size(512)
        .disable_statement_logging()
}

/// Creates the file with mode 0600 before SQLite would with another; its companions get the same mode.
fn create_private(path: &Path) -> io::Result<()> {
    match OpenOptions::new().write(true).create_new(true).mode(0o600).open(path) {
        Ok(file) => file.sync_all()?,
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Ok(()),
        Err(error) => return Err(error),
    }
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    File::open(parent.unwrap_or(Path::new(".")))?.sync_all()
}

/// Errors of the system when too many files are open: in all, and in this process.
const ENFILE: i32 = 23;
const EMFILE: i32 = 24;

fn creation_fault(error: io::Error) -> StoreFault {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => StoreFault::Full,
        io::ErrorKind::OutOfMemory => StoreFault::Starved(error.to_string()),
        _ if matches!(error.raw_os_error(), Some(ENFILE | EMFILE)) => StoreFault::Starved(error.to_string()),
        kind => StoreFault::Corrupt(kind.to_string()),
    }
}

/// Wakes the thread that waits for the driver's.
struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// Blocks the thread until the future is done.
///
/// The driver works on a thread of its own and only sends messages, so no runtime is needed, and a store can be used and dropped on
/// any thread, a runtime's among them.
pub(crate) fn wait<F: Future>(future: F) -> F::Output {
    let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
    let mut context = Context::from_waker(&waker);
    let mut future = std::pin::pin!(future);
    loop {
        match future.as_mut().poll(&mut context) {
            Poll::Ready(output) => return output,
            Poll::Pending => std::thread::park(),
        }
    }
}

impl Store for SqliteStore {
    fn load(&mut self) -> Result<StationState, StoreFault> {
        self.read(async |conn, _| state::load(conn).await)
    }

    fn commit(&mut self, changes: &[Change]) -> Result<(), StoreFault> {
        let (connection, lanes) = self.parts()?;
        let outcome = wait(changes::commit(connection, lanes, changes));
        if let Err(StoreFault::Unsure(why)) = &outcome {
            self.unsure = Some(why.clone());
        }
        outcome
    }

    fn went(&mut self, channel: &ChannelName, names: &[&str]) -> Result<Vec<Option<Went>>, StoreFault> {
        self.read(async |conn, lanes| match lanes.find(conn, Direction::Out, channel).await? {
            Some(lane) => reads::went(conn, lane, channel, names).await,
            None => Ok(vec![None; names.len()]),
        })
    }

    fn arrived_as(&mut self, channel: &ChannelName, folded: &[&str]) -> Result<Vec<Option<String>>, StoreFault> {
        self.read(async |conn, lanes| match lanes.find(conn, Direction::In, channel).await? {
            Some(lane) => reads::arrived_as(conn, lane, folded).await,
            None => Ok(vec![None; folded.len()]),
        })
    }

    fn arrived_before(&mut self, packet: &PacketKey, record: &RecordRow) -> Result<bool, StoreFault> {
        self.read(async |conn, lanes| match lanes.find(conn, Direction::In, &packet.channel).await? {
            Some(lane) => reads::arrived_before(conn, lane, packet, record).await,
            None => Ok(false),
        })
    }

    fn packet(&mut self, key: &PacketKey) -> Result<Option<PacketRow>, StoreFault> {
        self.read(async |conn, _| reads::packet_of(conn, key).await)
    }

    fn packet_by_header(&mut self, direction: Direction, header: &Digest) -> Result<Option<PacketRow>, StoreFault> {
        self.read(async |conn, _| reads::packet_by_header(conn, direction, header).await)
    }

    fn packets_in(&mut self, direction: Direction, states: &[PacketState], limit: usize) -> Result<Vec<PacketRow>, StoreFault> {
        self.read(async |conn, _| reads::packets_in(conn, direction, states, limit).await)
    }

    fn packets_with_sources(&mut self) -> Result<Vec<PacketRow>, StoreFault> {
        self.read(async |conn, _| reads::packets_with_sources(conn).await)
    }

    fn packet_range(
        &mut self,
        direction: Direction,
        channel: &ChannelName,
        epoch: &Epoch,
        from: u64,
        to: u64,
    ) -> Result<Vec<PacketRow>, StoreFault> {
        self.read(async |conn, _| reads::packet_range(conn, direction, channel, epoch, (from, to)).await)
    }

    fn packets_older(&mut self, direction: Direction, run_ms: u64, limit: usize) -> Result<Vec<PacketRow>, StoreFault> {
        self.read(async |conn, _| reads::packets_older(conn, direction, run_ms, limit).await)
    }

    fn kept_bytes(&mut self, channel: &ChannelName, open: Option<Epoch>) -> Result<u64, StoreFault> {
        self.read(async |conn, lanes| match lanes.find(conn, Direction::In, channel).await? {
            Some(lane) => reads::kept_bytes(conn, lane, open).await,
            None => Ok(0),
        })
    }

    fn records(&mut self, key: &PacketKey) -> Result<Vec<RecordRow>, StoreFault> {
        self.read(async |conn, _| reads::records(conn, key).await)
    }

    fn trace(&mut self, what: &str, limit: usize) -> Result<Vec<Sighting>, StoreFault> {
        self.read(async |conn, _| reads::trace(conn, what, limit).await)
    }

    fn held_back(&mut self, what: &str, limit: usize) -> Result<Vec<HeldBack>, StoreFault> {
        self.read(async |conn, _| reads::held_back_as(conn, what, limit).await)
    }

    fn sent_again(&mut self, what: &str, limit: usize) -> Result<Vec<SentAgain>, StoreFault> {
        self.read(async |conn, _| state::sent_again(conn, what, limit).await)
    }

    fn is_done(&mut self, request: &str) -> Result<bool, StoreFault> {
        self.read(async |conn, _| state::is_done(conn, request).await)
    }

    fn sums(&mut self, direction: Direction, channel: &ChannelName) -> Result<ChannelSums, StoreFault> {
        self.read(async |conn, lanes| match lanes.find(conn, direction, channel).await? {
            Some(lane) => lanes::sums(conn, lane).await,
            None => Ok(ChannelSums::default()),
        })
    }

    fn card(&mut self, drawer: Drawer, key: &str) -> Result<Option<Card>, StoreFault> {
        self.read(async |conn, _| cards::card(conn, drawer, key).await)
    }

    fn card_places(&mut self, drawer: Drawer, terms: &[&str]) -> Result<Vec<i64>, StoreFault> {
        self.read(async |conn, _| cards::places(conn, drawer, terms).await)
    }

    fn cards_at(&mut self, drawer: Drawer, places: &[i64]) -> Result<Vec<Card>, StoreFault> {
        self.read(async |conn, _| cards::at(conn, drawer, places).await)
    }

    fn waivers(&mut self) -> Result<Vec<Waiver>, StoreFault> {
        self.read(async |conn, _| state::waivers(conn).await)
    }

    fn book(&mut self) -> Result<Vec<BookChange>, StoreFault> {
        self.read(async |conn, _| book::changes(conn).await)
    }

    fn book_decisions(&mut self) -> Result<Vec<BookDecision>, StoreFault> {
        self.read(async |conn, _| book::decisions(conn).await)
    }
}
