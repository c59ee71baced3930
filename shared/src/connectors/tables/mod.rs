//! Tables as sources and sinks: the contract that every database connector keeps.
//!
//! A channel of tables is a list of tables with one **outbox**: a queue table in the source database that triggers fill in the transaction of the
//! data itself. The station reads what is visible in one snapshot, seals it, and deletes it there once the packet exists. At the sink the rows
//! of a packet and the **mark** (channel, epoch, seq, header) are one transaction: the mark decides what was applied, whatever became of the
//! answer to COMMIT.
//!
//! What the engine guarantees: calls come one at a time, from whichever thread; a row is deleted from the outbox only after its packet exists; packets
//! are applied in their order, and after a restart the same calls come again. What a connector owes is written on its trait. No type of a driver
//! stands in either, so that another driver is another file.
//!
//! | file | what |
//! |---|---|
//! | `entries.rs` | which entries of an outbox, one by one and in ranges |
//! | `change.rs`, `run.rs` | a row change, and a run of them, ⇄ the body of its record (FORMAT.md section 5) |
//! | `values.rs` | what a column takes, and why a value does not fit it |
//! | `database.rs` | where connectors come from; passwords; what `source install` asks |
//! | `rest.rs`, `words.rs` | the rest after a fault; the sentences |
//! | `view/` | a register view as a source, of any of these databases |
//! | `simulated.rs` | a little database for simulations |
//! | `net.rs` | what a packet's changes come to, table by table, parents first |
//! | `declared.rs` | tables of a database that nobody here can ask, from a list of their columns |
//! | `describe.rs` | what a live database has of a structure |
//! | `restructure.rs` | a structure change in one database, with what belongs to it |
//! | `outbox_sql.rs` | outbox and triggers for databases without a driver, as text |
//! | `applying.rs`, `tagged.rs` | what MariaDB and SQLite share: a packet on its way in, a row as a trigger wrote it |
//! | `postgres/`, `mysql/`, `sqlite/`, `table_file/` | one connector each |

mod applying;
pub mod change;
#[cfg(test)]
mod contract_tests;
pub mod database;
pub mod declared;
pub mod describe;
pub mod entries;
pub mod mysql;
pub mod net;
pub(crate) mod no_folder;
pub mod outbox_sql;
pub mod postgres;
pub(crate) mod rest;
pub mod restructure;
pub mod run;
pub mod simulated;
pub mod sqlite;
pub mod table_file;
mod tagged;
pub mod values;
pub mod view;
pub mod words;

pub use change::{Cells, ChangeFault, Name, Op, RowChange, Value};
pub use entries::{EntryId, EntryRange};
pub use run::{Look, RowRun, RowsPart, RunHead, RunPacket};

use dukou_packets::packet::header::{ChannelName, Epoch};
use dukou_packets::suite::Digest;
use std::collections::BTreeSet;

/// Largest value of a column, text or bytes: 16 MiB.
pub const VALUE_MAX: u64 = 16 << 20;

/// A table as the configuration names it, with its schema where it has one: `public.zd`.
pub type TableName = String;

/// What a read of the outbox may bring at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReadLimits {
    /// Rows; a transaction that would be cut is brought whole, unless it alone is longer: then the last change brought says that it goes on
    /// ([`RowChange::goes_on`]).
    pub rows: usize,
    /// Bytes of their values.
    pub bytes: u64,
}

/// One entry of an outbox, in the order in which it has to be applied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offered {
    /// Its id in the outbox.
    pub id: i64,
    /// Wall clock (ms) of the source database when it was written: shown, and tells it from another entry with its id.
    pub at_ms: i64,
    /// What it is.
    pub entry: Entry,
}

impl Offered {
    /// Gives how many entries of the outbox it is.
    pub fn count(&self) -> usize {
        if let Entry::Run(_, entries) = &self.entry { entries.len() } else { 1 }
    }

    /// Gives the changes that it is, one by one, each with its entry.
    pub fn changes(&self) -> Vec<(EntryId, RowChange)> {
        match &self.entry {
            Entry::Change(change) => vec![(self.entry_id(), change.clone())],
            Entry::Run(run, entries) => entries.iter().copied().zip(run.changes()).collect(),
            Entry::Marker(_) | Entry::Structure(_) | Entry::Unfit { .. } => Vec::new(),
        }
    }

    /// Gives which entries it is.
    pub fn entries(&self) -> Vec<EntryId> {
        if let Entry::Run(_, entries) = &self.entry { entries.clone() } else { vec![self.entry_id()] }
    }

    /// Gives which entry it is.
    pub fn entry_id(&self) -> EntryId {
        EntryId { id: self.id, at_ms: self.at_ms }
    }
}

/// What an outbox entry holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entry {
    /// A row change.
    Change(RowChange),
    /// A run of row changes, each with its entry; [`Offered`] names the first of them. It has whole source transactions, or rows of one.
    Run(RowRun, Vec<EntryId>),
    /// The place of a chunk of the stock push with this token.
    Marker(u64),
    /// The place of a structure change, by its document's digest: what stands before it was written under the version before.
    Structure(Digest),
    /// A row that cannot travel; `column` and `bytes` where one value is why.
    Unfit {
        /// Its table.
        table: TableName,
        /// Its key.
        key: Cells,
        /// Stable code of `[a-z0-9-]`: `value-too-large`, `date-out-of-range` …
        code: &'static str,
        /// The column.
        column: Option<String>,
        /// Length of the value in bytes.
        bytes: Option<u64>,
    },
}

/// A chunk of the stock push: rows by rising primary key, read while no one could change them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chunk {
    /// The rows as they stood ([`Op::Stock`]).
    pub parts: Vec<RowsPart>,
    /// The key of the last row; `None` when the table has no more.
    pub last: Option<Cells>,
    /// How many rows are still to come, as the database estimates it.
    pub left: u64,
}

impl Chunk {
    /// Gives its rows one by one.
    pub fn changes(&self) -> Vec<RowChange> {
        self.parts.iter().flat_map(RowsPart::changes).collect()
    }

    /// Gives how many rows it has.
    pub fn rows(&self) -> u64 {
        self.parts.iter().map(|part| u64::from(part.rows())).sum()
    }
}

/// The contract of a source of rows.
///
/// A source owes: `read` gives one snapshot's entries such that whatever an entry depends on stands before it or was read earlier (rows of one
/// key in their order, parents before children, on databases that can tell a transaction's rows together); it changes nothing. `delete` is
/// idempotent. `chunk` puts a marker with `token` into the outbox in the very transaction that holds the chunk's rows against change.
pub trait TableSource: Send {
    /// Reads the oldest entries, but for those whose packets exist.
    fn read(&mut self, except: &BTreeSet<i64>, limits: ReadLimits) -> Result<Vec<Offered>, TableFault>;
    /// Deletes entries whose packets exist; one that has the id of a deleted one and another time stays.
    fn delete(&mut self, entries: &[EntryId]) -> Result<(), TableFault>;
    /// Deletes the entries of runs whose packets exist, as [`delete`](Self::delete) does. A source that offers no runs has none of them.
    fn delete_ranges(&mut self, _ranges: &[EntryRange]) -> Result<(), TableFault> {
        Ok(())
    }
    /// Takes entries out of the outbox whose rows could not travel, with their codes, and keeps them for a person, in a table beside it
    /// (`dukou_aside_<channel>`). Idempotent.
    fn set_aside(&mut self, refused: &[(EntryId, String)]) -> Result<(), TableFault>;
    /// Reads the next rows of a table behind `after`, at most `rows` of them, those alone that `filter` (SQL of the person who pushes) selects.
    fn chunk(&mut self, want: &ChunkWanted<'_>, token: u64) -> Result<Chunk, TableFault>;
    /// Names what is missing or has drifted: outbox, triggers, rights, columns, keys. Empty when all is well.
    fn check(&mut self) -> Result<Vec<TableFault>, TableFault>;
    /// Names what weakens what the channel promises, where the database tells: nothing that keeps it from working.
    fn cautions(&mut self) -> Result<Vec<Caution>, TableFault> {
        Ok(Vec::new())
    }
    /// Hands over all rows registered since a day as the source has them now, one after another, where it can tell and nothing of them is still to be sent; tells whether it did.
    fn each_settled_row(&mut self, since: &str, take: &mut dyn FnMut(Cells)) -> Result<bool, TableFault> {
        let _ = (since, take);
        Ok(false)
    }
    /// Tells how many days of registration the source looks at, where it is a register view.
    fn days(&self) -> Option<u32> {
        None
    }
}

/// Which rows of a table a chunk shall have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChunkWanted<'a> {
    /// The table.
    pub table: &'a str,
    /// The last key of the chunk before; `None` for the first.
    pub after: Option<&'a Cells>,
    /// A condition, where only some rows are pushed.
    pub filter: Option<&'a str>,
    /// Most rows.
    pub rows: u32,
}

/// How far a channel is in a sink.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    /// The sender's epoch.
    pub epoch: Epoch,
    /// The last packet applied.
    pub seq: u64,
    /// Its header digest.
    pub header: Digest,
}

/// The rows of one packet on their way into a sink.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowPacket {
    /// The packet, as the mark will name it.
    pub mark: Mark,
    /// Its changes, in order.
    pub changes: Vec<RowChange>,
}

/// The contract of a sink of rows.
///
/// A sink owes: `apply` is one transaction with the mark in it, durable when it returns `Ok`; a packet at or below the mark of its epoch changes
/// nothing and is `Ok`; after a fault either all of the packet is applied or nothing, and `mark` tells which. Changes of a source transaction
/// that goes on in a later packet ([`RowChange::goes_on`]) are kept beside the mark and applied with its end in one go: other transactions, and packets
/// without changes, may come between. Where packets are missing before one, what was kept goes first. No reader sees a child
/// without its parent. A value is checked against its column before anything is changed; nothing is cut, rounded or replaced.
pub trait TableSink: Send {
    /// Gives the mark of a channel; `None` before its first packet.
    fn mark(&mut self, channel: &ChannelName) -> Result<Option<Mark>, TableFault>;
    /// Applies a packet.
    fn apply(&mut self, channel: &ChannelName, packet: &RowPacket) -> Result<(), TableFault>;
    /// Applies a packet that has runs in it, to the same end; a sink that has no quicker way takes their rows one by one.
    fn apply_runs(&mut self, channel: &ChannelName, packet: &RunPacket) -> Result<(), TableFault> {
        self.apply(channel, &packet.expanded())
    }
    /// Gives what looks at runs before [`apply_runs`](Self::apply_runs) does; `None` where nothing can be said now.
    fn look(&self) -> Option<Look> {
        None
    }
    /// Moves the mark over a packet that a person gives up; what was kept for the end of its transaction is applied, since that may be the end.
    fn pass_over(&mut self, channel: &ChannelName, mark: &Mark) -> Result<(), TableFault>;
    /// Names what is missing: tables, columns, keys, rights. Empty when all is well.
    fn check(&mut self) -> Result<Vec<TableFault>, TableFault>;
    /// As [`TableSource::cautions`].
    fn cautions(&mut self) -> Result<Vec<Caution>, TableFault> {
        Ok(Vec::new())
    }
}

/// What weakens what a channel promises, though it works.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Caution {
    /// The database shows commits before they are durable: a power cut there may take back what was shown. The setting as `name = value`.
    NotDurable(String),
    /// A crash of the database empties this table of the sink, and the mark stays.
    Unlogged {
        /// The table.
        table: TableName,
    },
    /// A foreign key of this table is looked at in the end of a transaction alone, so that a child may be committed behind its parent with lower ids.
    Deferrable {
        /// The child.
        table: TableName,
        /// The foreign key.
        constraint: String,
    },
}

/// Why a database connector could not do it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TableFault {
    /// The server is not reachable, shutting down, or its answer never came; tried again later. After a cut COMMIT the mark decides.
    #[error("the database {place} is away: {words}")]
    Away {
        /// The database without its password: `postgres://host/db`.
        place: String,
        /// Its words or the driver's.
        words: String,
    },
    /// Deadlock, serialisation failure, lock timeout, too many connections: nothing changed, tried again.
    #[error("the database {place} is busy: {words}")]
    Busy {
        /// The database.
        place: String,
        /// Its words.
        words: String,
    },
    /// Wrong URL, wrong password, missing right: a person mends it.
    #[error("the database {place} refuses: {words}")]
    Denied {
        /// The database.
        place: String,
        /// Its words.
        words: String,
    },
    /// What the channel needs is not there, or is not as it has to be: a table without a key, a column of a type that cannot travel …
    #[error("{table}: {problem}")]
    Unfit {
        /// The table.
        table: TableName,
        /// The column, where it is one.
        column: Option<String>,
        /// What is wrong.
        problem: Problem,
    },
    /// The database, or the check before it, refused a row: the channel waits for a person, or the row goes to the dead-letter table.
    #[error("{table}: a row was refused: {code}")]
    Row {
        /// The packet.
        seq: u64,
        /// The change in it, from 0.
        index: u32,
        /// The table.
        table: TableName,
        /// The row's key, as people read it.
        key: String,
        /// The column, where it is known.
        column: Option<String>,
        /// Stable code of `[a-z0-9-]`: `too-narrow`, `no-such-column`, `character`, `refused` …
        code: &'static str,
        /// The reason in Chinese and in English, with the database's own words. It may hold content: never for the log or the journal.
        words: [String; 2],
    },
}

/// What is wrong with a table or a column.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// It is not there.
    #[error("it is not there")]
    Missing,
    /// It has no primary key.
    #[error("it has no primary key")]
    NoKey,
    /// Its type cannot travel.
    #[error("its type {0} cannot travel")]
    Type(String),
    /// A foreign key leads to a table that the channel does not have.
    #[error("it refers to {0}, which is not among the channel's tables")]
    ParentOutside(String),
    /// The account lacks a right.
    #[error("the account may not {0}")]
    Right(String),
    /// The outbox, a trigger or the mark table is not there, or is not of this version.
    #[error("{0} is not installed")]
    NotInstalled(String),
    /// A table of the station's own in the sink's database is not there.
    #[error("it is not there yet (run sink install; the first packet makes it where the account may)")]
    NotMade,
    /// The table changed since its triggers were made.
    #[error("it changed since its triggers were made")]
    Drifted,
    /// Something of the table changes rows without firing triggers: a foreign key of InnoDB with CASCADE, a unique index on an expression.
    #[error("{0} changes rows without firing triggers")]
    Silent(String),
    /// A column of a sink beside the key numbers itself always, so that a row that is there cannot be changed.
    #[error("it numbers itself always, and a row that is there cannot be given its value")]
    Numbered,
    /// Its storage engine knows no transactions.
    #[error("its engine {0} knows no transactions")]
    NoTransactions(String),
}
