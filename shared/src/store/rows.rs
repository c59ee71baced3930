//! Rows of the tables and the values they stand for, alike in every database.

use super::book::{BookChange, BookDecision, BookKey};
use super::{Direction, HeldBack, PacketKey, PacketRow, PacketState, RecordRow, SourceStamp, StoreFault};
use dukou_packets::packet::records::RecordKind;
use dukou_packets::suite::Digest;
use sqlx::{ColumnIndex, Decode, Row, Type};
use std::str::FromStr;

/// Why a step inside a store stopped, before it is known whether it was a read or a commit.
#[derive(Debug)]
pub(super) enum Trouble {
    /// The database or its driver said no.
    Sql(sqlx::Error),
    /// The store itself said no.
    Fault(StoreFault),
}

impl From<sqlx::Error> for Trouble {
    fn from(error: sqlx::Error) -> Self {
        Self::Sql(error)
    }
}

impl From<StoreFault> for Trouble {
    fn from(fault: StoreFault) -> Self {
        Self::Fault(fault)
    }
}

/// Bits of a record's id that hold its index.
pub(super) const INDEX_BITS: u32 = 16;

/// The columns [`packet`] reads, of tables `packets p` and `lanes l`.
macro_rules! packet_columns {
    () => {
        "l.direction, l.channel, p.epoch, p.seq, p.number, p.header, p.prev, p.root, p.records, p.tombstones, p.plain_bytes, \
         p.sealed_bytes, p.spool, p.state, p.sources_pending, p.at_ms, p.done_ms, p.run_ms"
    };
}

/// The columns [`record`] reads, of table `records r`.
macro_rules! record_columns {
    () => {
        "r.id & 65535, r.kind, r.dir, r.leaf, r.key, r.folded, r.digest, r.bytes, r.reason, r.source, r.target, r.ends"
    };
}

pub(super) use {packet_columns, record_columns};

/// The columns of one row, taken from left to right.
pub(super) struct Cells<'r, R> {
    row: &'r R,
    at: usize,
}

/// What a database has to give: numbers, texts and bytes.
impl<'r, R: Row> Cells<'r, R>
where
    usize: ColumnIndex<R>,
    i64: Decode<'r, R::Database> + Type<R::Database>,
    &'r str: Decode<'r, R::Database> + Type<R::Database>,
    String: Decode<'r, R::Database> + Type<R::Database>,
    &'r [u8]: Decode<'r, R::Database> + Type<R::Database>,
{
    pub(super) fn of(row: &'r R) -> Self {
        Self { row, at: 0 }
    }

    pub(super) fn take<T: Decode<'r, R::Database> + Type<R::Database>>(&mut self) -> Result<T, Trouble> {
        let value = self.row.try_get(self.at)?;
        self.at += 1;
        Ok(value)
    }

    /// Takes an unsigned number out of the signed one with the same bits.
    pub(super) fn unsigned(&mut self) -> Result<u64, Trouble> {
        Ok(self.take::<i64>()?.cast_unsigned())
    }

    pub(super) fn small<T: TryFrom<i64>>(&mut self) -> Result<T, Trouble> {
        T::try_from(self.take::<i64>()?).map_err(|_| unreadable("a number"))
    }

    /// Takes a value out of its text form.
    pub(super) fn parsed<T: FromStr>(&mut self) -> Result<T, Trouble> {
        self.take::<&str>()?.parse().map_err(|_| unreadable("a text"))
    }

    pub(super) fn digest(&mut self) -> Result<Digest, Trouble> {
        digest(self.take::<&[u8]>()?)
    }

    pub(super) fn maybe_digest(&mut self) -> Result<Option<Digest>, Trouble> {
        self.take::<Option<&[u8]>>()?.map(digest).transpose()
    }

    pub(super) fn direction(&mut self) -> Result<Direction, Trouble> {
        match self.take::<i64>()? {
            0 => Ok(Direction::Out),
            1 => Ok(Direction::In),
            _ => Err(unreadable("a direction")),
        }
    }

    pub(super) fn key(&mut self) -> Result<PacketKey, Trouble> {
        Ok(PacketKey { direction: self.direction()?, channel: self.parsed()?, epoch: self.parsed()?, seq: self.unsigned()? })
    }

    pub(super) fn packet(&mut self) -> Result<PacketRow, Trouble> {
        Ok(PacketRow {
            key: self.key()?,
            number: self.unsigned()?,
            header: self.digest()?,
            prev: self.digest()?,
            root: self.digest()?,
            records: self.small()?,
            tombstones: self.small()?,
            plain_bytes: self.unsigned()?,
            sealed_bytes: self.unsigned()?,
            spool: self.take()?,
            state: state(self.take()?)?,
            sources_pending: self.take::<i64>()? != 0,
            at_ms: self.take()?,
            done_ms: self.take()?,
            run_ms: self.unsigned()?,
        })
    }

    fn book_key(&mut self) -> Result<BookKey, Trouble> {
        Ok(BookKey { structure: self.take()?, to: self.small()?, document: self.digest()? })
    }

    /// Takes a structure change: structure, version, document, base, bytes, origin, at.
    pub(super) fn book_change(&mut self) -> Result<BookChange, Trouble> {
        Ok(BookChange {
            key: self.book_key()?,
            base: self.digest()?,
            document: self.take::<&[u8]>()?.to_vec(),
            origin: self.direction()?,
            at_ms: self.take()?,
        })
    }

    /// Takes a decision about one: structure, version, document, approval, operator, name, reason, at.
    pub(super) fn book_decision(&mut self) -> Result<BookDecision, Trouble> {
        let key = self.book_key()?;
        let approval = self.take::<Option<&str>>()?;
        let approval = approval.map(|text| serde_json::from_str(text).map_err(|_| unreadable("an approval"))).transpose()?;
        Ok(BookDecision {
            key,
            approval,
            operator: self.take()?,
            name: self.take()?,
            reason: self.take()?,
            at_ms: self.take()?,
        })
    }

    /// Takes a held-back repeat: channel, key, name, at, went.
    pub(super) fn held_back(&mut self) -> Result<HeldBack, Trouble> {
        Ok(HeldBack { channel: self.parsed()?, key: self.take()?, name: self.take()?, at_ms: self.take()?, went: self.key()? })
    }

    /// Takes a record's name from its two parts.
    pub(super) fn name(&mut self) -> Result<String, Trouble> {
        let (dir, leaf): (Option<&str>, &str) = (self.take()?, self.take()?);
        Ok(match dir {
            None => leaf.to_owned(),
            Some(dir) => [dir, leaf].join("/"),
        })
    }

    pub(super) fn record(&mut self) -> Result<RecordRow, Trouble> {
        let (index, kind) = (self.small()?, kind(self.take()?)?);
        let name = self.name()?;
        Ok(RecordRow {
            index,
            kind,
            key: self.take::<Option<String>>()?.unwrap_or_else(|| name.clone()),
            folded: self.take::<Option<String>>()?.unwrap_or_else(|| name.clone()),
            name,
            digest: self.digest()?,
            bytes: self.unsigned()?,
            reason: self.take()?,
            source: self.take::<Option<&[u8]>>()?.map(stamp).transpose()?,
            target: self.take()?,
            rows: match (kind, self.small::<u32>()?) {
                (RecordKind::Run, rows) => rows,
                _ => 1,
            },
        })
    }
}

/// Splits a name as the table has it: the directory, if any, and the last part.
pub(super) fn split(name: &str) -> (Option<&str>, &str) {
    match name.rsplit_once('/') {
        Some((dir, leaf)) => (Some(dir), leaf),
        None => (None, name),
    }
}

/// Says that a value in the tables is none this program writes. Names no value: it may be anyone's name.
pub(super) fn unreadable(what: &str) -> Trouble {
    StoreFault::Corrupt(format!("{what} in its tables has no meaning")).into()
}

/// Writes the approval of a decision, where it has one.
pub(super) fn approval_text(decision: &BookDecision) -> Result<Option<String>, Trouble> {
    let text = |approval| serde_json::to_string(approval).map_err(|_| unreadable("an approval"));
    decision.approval.as_ref().map(text).transpose()
}

pub(super) fn direction_number(direction: Direction) -> i64 {
    match direction {
        Direction::Out => 0,
        Direction::In => 1,
    }
}

pub(super) fn state_number(state: PacketState) -> i64 {
    match state {
        PacketState::Packed => 0,
        PacketState::Left => 1,
        PacketState::Early => 2,
        PacketState::Delivering => 3,
        PacketState::Applied => 4,
        PacketState::Late => 5,
    }
}

fn state(number: i64) -> Result<PacketState, Trouble> {
    Ok(match number {
        0 => PacketState::Packed,
        1 => PacketState::Left,
        2 => PacketState::Early,
        3 => PacketState::Delivering,
        4 => PacketState::Applied,
        5 => PacketState::Late,
        _ => return Err(unreadable("a packet's state")),
    })
}

/// Gives the number FORMAT.md section 5 gives the kind.
pub(super) fn kind_number(kind: RecordKind) -> i64 {
    match kind {
        RecordKind::File => 1,
        RecordKind::FilePart => 2,
        RecordKind::Tombstone => 3,
        RecordKind::Withdrawal => 4,
        RecordKind::Row => 5,
        RecordKind::LargeValue => 6,
        RecordKind::Run => 7,
    }
}

fn kind(number: i64) -> Result<RecordKind, Trouble> {
    Ok(match number {
        1 => RecordKind::File,
        2 => RecordKind::FilePart,
        3 => RecordKind::Tombstone,
        4 => RecordKind::Withdrawal,
        5 => RecordKind::Row,
        6 => RecordKind::LargeValue,
        7 => RecordKind::Run,
        _ => return Err(unreadable("a record's kind")),
    })
}

pub(super) fn digest(bytes: &[u8]) -> Result<Digest, Trouble> {
    let bytes = bytes.try_into().map_err(|_| unreadable("a digest"))?;
    Ok(Digest::from_bytes(bytes))
}

/// Writes a stamp as 24 bytes: inode, length, modification time, little-endian.
pub(super) fn stamp_bytes(stamp: &SourceStamp) -> Vec<u8> {
    [stamp.inode.to_le_bytes(), stamp.len.to_le_bytes(), stamp.mtime_ns.to_le_bytes()].concat()
}

fn stamp(bytes: &[u8]) -> Result<SourceStamp, Trouble> {
    let bad = || unreadable("a source file's stamp");
    let (inode, rest) = bytes.split_first_chunk().ok_or_else(bad)?;
    let (len, rest) = rest.split_first_chunk().ok_or_else(bad)?;
    let mtime_ns = rest.try_into().map_err(|_| bad())?;
    Ok(SourceStamp { inode: u64::from_le_bytes(*inode), len: u64::from_le_bytes(*len), mtime_ns: i64::from_le_bytes(mtime_ns) })
}
