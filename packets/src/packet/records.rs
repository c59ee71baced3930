//! Records: meta and body, the leaf of each and the root of all (FORMAT.md sections 5 and 6).
//!
//! The only module that names bincode. The spec gives the same bytes in words, so that they outlive the crate.

use std::ops::Range;

use bincode::Options;
use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::limits::{BODY_MAX, PACKET_SALT, PLAIN_MAX, REASON_MAX};
use crate::limits::{RECORD_KEY_MAX, RECORD_NAME_MAX, RECORDS_MAX};
use crate::log::tree::Tree;
use crate::suite::{Digest, Random, sha256};

/// Bytes of a meta whose three texts are empty.
const META_FIXED: usize = 1 + 8 + 8 + 8 + 4 + 4 + 8 + 32 + 8 + 8;

/// How the body of a row change, and of a run of them, begins.
const ROW_BEGINS: &[u8] = b"{\"op\":\"";

/// How many lines end in at most 255 bytes: in one byte, so that many are looked at together.
fn ends(bytes: &[u8]) -> u8 {
    bytes.iter().map(|byte| u8::from(*byte == b'\n')).sum()
}

/// What a record is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
#[repr(u8)]
pub enum RecordKind {
    /// A whole file.
    File = 1,
    /// One part of a file larger than 16 MiB.
    FilePart = 2,
    /// The place of a file that the source refused.
    Tombstone = 3,
    /// The end of an unfinished run of parts.
    Withdrawal = 4,
    /// One change of one row of a table.
    Row = 5,
    /// A value above 1 MiB of the row change behind it.
    LargeValue = 6,
    /// A run of changes of one operation to rows of one table.
    Run = 7,
}

/// What a record says about its body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordMeta {
    /// What the record is.
    pub kind: RecordKind,
    /// What people look the record up by; ≤ 512 bytes.
    pub key: String,
    /// Relative path with `/` between its parts; of a row its table; 1 … 4,096 bytes.
    pub name: String,
    /// The source's modification time in milliseconds since 1970; shown only.
    pub modified_ms: i64,
    /// The part's place, from 0; 0 for all but parts and withdrawals.
    pub part_index: u32,
    /// The file's parts; of a run how many rows it has; 1 for all others.
    pub part_count: u32,
    /// The length of the whole file; for a tombstone that of what was refused; else that of the body.
    pub total_bytes: u64,
    /// [`parts_digest`] in the last part of a file; else zero.
    pub parts_digest: Digest,
    /// Why, for tombstones and withdrawals: a code of `[a-z0-9-]`, 1 … 64; else empty.
    pub reason: String,
    /// Bytes of the body; ≤ 16 MiB.
    pub body_len: u64,
}

/// Why a record cannot be written or read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RecordFault {
    /// A field is outside the range that FORMAT.md section 5 gives it.
    #[error("the {field} of record {index} is outside its range")]
    Range {
        /// The record, from 0.
        index: u32,
        /// The field.
        field: &'static str,
    },
    /// The meta is not what bincode writes, or its bytes end too early.
    #[error("the meta of record {index} cannot be read")]
    Shape {
        /// The record, from 0.
        index: u32,
    },
    /// The body's bytes end too early.
    #[error("the body of record {index} is cut short")]
    BodyEnds {
        /// The record, from 0.
        index: u32,
    },
    /// Bytes follow the last record.
    #[error("bytes follow the last record")]
    Trailing,
    /// The packet salt is not there.
    #[error("the packet salt is cut short")]
    SaltEnds,
    /// The packet would exceed 32 MiB or 65,536 records.
    #[error("the packet is full: a record of {len} bytes does not fit")]
    Full {
        /// What the record takes with its meta.
        len: u64,
    },
    /// The body is not as long as its meta says.
    #[error("the body has {len} bytes, its meta says {expected}")]
    BodyLength {
        /// Bytes given.
        len: u64,
        /// Bytes announced.
        expected: u64,
    },
}

/// The meta as bincode 1.3 with fixed-width little-endian integers writes it.
#[derive(Serialize, Deserialize)]
struct Wire<'a> {
    kind: u8,
    #[serde(borrow)]
    key: &'a str,
    #[serde(borrow)]
    name: &'a str,
    modified_ms: i64,
    part_index: u32,
    part_count: u32,
    total_bytes: u64,
    parts_digest: [u8; 32],
    #[serde(borrow)]
    reason: &'a str,
    body_len: u64,
}

fn encoding() -> impl Options {
    bincode::options().with_fixint_encoding().with_little_endian().allow_trailing_bytes()
}

impl RecordMeta {
    /// Describes a whole file of `bytes` bytes; other kinds differ from it in a few fields.
    pub fn file(key: impl Into<String>, name: impl Into<String>, modified_ms: i64, bytes: u64) -> Self {
        Self {
            kind: RecordKind::File,
            key: key.into(),
            name: name.into(),
            modified_ms,
            part_index: 0,
            part_count: 1,
            total_bytes: bytes,
            parts_digest: Digest::ZERO,
            reason: String::new(),
            body_len: bytes,
        }
    }

    /// Returns how many bytes the meta takes.
    pub fn encoded_len(&self) -> u64 {
        (META_FIXED + self.key.len() + self.name.len() + self.reason.len()) as u64
    }

    fn wire(&self) -> Wire<'_> {
        Wire {
            kind: self.kind as u8,
            key: &self.key,
            name: &self.name,
            modified_ms: self.modified_ms,
            part_index: self.part_index,
            part_count: self.part_count,
            total_bytes: self.total_bytes,
            parts_digest: *self.parts_digest.as_bytes(),
            reason: &self.reason,
            body_len: self.body_len,
        }
    }

    /// Reads a meta from the front of `bytes`; returns it and how many bytes it took.
    fn decode(bytes: &[u8], index: u32) -> Result<(Self, usize), RecordFault> {
        let shape = RecordFault::Shape { index };
        let wire: Wire<'_> = encoding().deserialize(bytes).map_err(|_| shape)?;
        let kind = match wire.kind {
            1 => RecordKind::File,
            2 => RecordKind::FilePart,
            3 => RecordKind::Tombstone,
            4 => RecordKind::Withdrawal,
            5 => RecordKind::Row,
            6 => RecordKind::LargeValue,
            7 => RecordKind::Run,
            _ => return Err(range(index, "kind")),
        };
        let taken = META_FIXED + wire.key.len() + wire.name.len() + wire.reason.len();
        let meta = Self {
            kind,
            key: wire.key.to_owned(),
            name: wire.name.to_owned(),
            modified_ms: wire.modified_ms,
            part_index: wire.part_index,
            part_count: wire.part_count,
            total_bytes: wire.total_bytes,
            parts_digest: Digest::from_bytes(wire.parts_digest),
            reason: wire.reason.to_owned(),
            body_len: wire.body_len,
        };
        meta.check(index)?;
        Ok((meta, taken))
    }

    fn check(&self, index: u32) -> Result<(), RecordFault> {
        let require = |holds: bool, field| holds.then_some(()).ok_or(range(index, field));
        require(self.key.len() <= RECORD_KEY_MAX, "key")?;
        require(is_relative_path(&self.name), "name")?;
        require(self.body_len <= BODY_MAX, "body length")?;
        let (parts, reason) = match self.kind {
            RecordKind::File | RecordKind::Row | RecordKind::LargeValue | RecordKind::Run => (false, false),
            RecordKind::FilePart => (true, false),
            RecordKind::Tombstone => (false, true),
            RecordKind::Withdrawal => (true, true),
        };
        require(!reason || is_reason(&self.reason), "reason")?;
        require(reason || self.reason.is_empty(), "reason")?;
        require(!parts || self.total_bytes > BODY_MAX, "total bytes")?;
        let count = match self.kind {
            RecordKind::Run => u64::from(self.part_count.clamp(1, RECORDS_MAX)),
            _ if parts => self.parts_of_file(),
            _ => 1,
        };
        require(u64::from(self.part_count) == count, "part count")?;
        require(self.part_index < if parts { self.part_count } else { 1 }, "part index")?;
        require(self.body_len == self.body_due(), "body length")?;
        let last = self.kind == RecordKind::FilePart && self.is_last_part();
        require(last || self.parts_digest.is_zero(), "parts digest")
    }

    /// Tells whether a body can be this record's: a row change is a JSON object of its own beginning, a run a line of that beginning and one a row; of the
    /// others every byte goes.
    fn admits(&self, body: &[&[u8]]) -> bool {
        let begins = || body.first().is_some_and(|piece| piece.starts_with(ROW_BEGINS));
        let ends_with = |byte| body.iter().rev().find_map(|piece| piece.last()) == Some(&byte);
        match self.kind {
            RecordKind::Row => begins() && ends_with(b'}'),
            RecordKind::Run => {
                let lines: usize = body.iter().flat_map(|piece| piece.chunks(255)).map(|bytes| usize::from(ends(bytes))).sum();
                begins() && ends_with(b'\n') && lines as u64 == u64::from(self.part_count) + 1
            }
            _ => true,
        }
    }

    fn parts_of_file(&self) -> u64 {
        self.total_bytes.div_ceil(BODY_MAX)
    }

    /// Tells whether this is the last part of its file; a whole file is its own last part.
    pub fn is_last_part(&self) -> bool {
        u64::from(self.part_index) + 1 == u64::from(self.part_count)
    }

    fn body_due(&self) -> u64 {
        match self.kind {
            RecordKind::File | RecordKind::Row | RecordKind::LargeValue | RecordKind::Run => self.total_bytes,
            RecordKind::Tombstone | RecordKind::Withdrawal => 0,
            RecordKind::FilePart => {
                let before = u64::from(self.part_index) * BODY_MAX;
                self.total_bytes.saturating_sub(before).min(BODY_MAX)
            }
        }
    }
}

fn range(index: u32, field: &'static str) -> RecordFault {
    RecordFault::Range { index, field }
}

fn is_relative_path(name: &str) -> bool {
    name.len() <= RECORD_NAME_MAX && !name.contains('\0') && name.split('/').all(|part| !matches!(part, "" | "." | ".."))
}

fn is_reason(reason: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (1..=REASON_MAX).contains(&reason.len()) && reason.bytes().all(allowed)
}

/// Returns the digest of a file that travels in parts, over the digests of their bodies.
pub fn parts_digest(total_bytes: u64, parts: &[Digest]) -> Digest {
    let mut hasher = crate::suite::Hasher::new();
    hasher.update(b"dukou-file-v1\0");
    hasher.update(&total_bytes.to_le_bytes());
    for part in parts {
        hasher.update(part.as_bytes());
    }
    hasher.finish()
}

/// Returns the salt of record `index`.
fn record_salt(packet_salt: &[u8; PACKET_SALT], index: u64) -> Digest {
    sha256(&[b"dukou-salt-v1\0", packet_salt, &index.to_le_bytes()])
}

/// Returns the leaf of a record.
fn record_leaf(packet_salt: &[u8; PACKET_SALT], index: u64, meta: &[u8], body_digest: &Digest) -> Digest {
    let salt = record_salt(packet_salt, index);
    sha256(&[&[0], salt.as_bytes(), meta, body_digest.as_bytes()])
}

/// Gathers the records of one packet: the plain and the Merkle tree grow with each.
#[derive(Debug)]
pub struct RecordsBuilder {
    salt: [u8; PACKET_SALT],
    plain: Vec<u8>,
    tree: Tree,
    count: u32,
    has_runs: bool,
}

impl RecordsBuilder {
    /// Starts a packet with a fresh packet salt.
    pub fn new(random: &dyn Random) -> Self {
        let mut salt = [0; PACKET_SALT];
        random.fill(&mut salt);
        Self { salt, plain: salt.to_vec(), tree: Tree::new(), count: 0, has_runs: false }
    }

    /// Makes room for so many bytes of records.
    pub fn reserve(&mut self, bytes: u64) {
        let most = PLAIN_MAX.saturating_sub(self.plain_len());
        self.plain.reserve(usize::try_from(bytes.min(most)).unwrap_or(0));
    }

    /// Appends a record, whose body is the pieces one behind the other; `body_digest` is its SHA-256, which the caller has already taken.
    ///
    /// # Errors
    /// When the meta is outside its ranges, the body has another length, or the packet is full; the builder is unchanged.
    pub fn push(&mut self, meta: &RecordMeta, body: &[&[u8]], body_digest: Digest) -> Result<(), RecordFault> {
        debug_assert_eq!(sha256(body), body_digest, "the body's digest is its own");
        meta.check(self.count)?;
        let (len, expected) = (body.iter().map(|piece| piece.len() as u64).sum(), meta.body_len);
        if len != expected {
            return Err(RecordFault::BodyLength { len, expected });
        }
        if !meta.admits(body) {
            return Err(range(self.count, "body"));
        }
        if !self.would_fit(meta, len) {
            let len = meta.encoded_len() + len;
            return Err(RecordFault::Full { len });
        }
        let start = self.plain.len();
        let shape = RecordFault::Shape { index: self.count };
        encoding().serialize_into(&mut self.plain, &meta.wire()).map_err(|_| shape)?;
        let meta_bytes = &self.plain[start..];
        let leaf = record_leaf(&self.salt, u64::from(self.count), meta_bytes, &body_digest);
        self.tree.push(leaf);
        body.iter().for_each(|piece| self.plain.extend_from_slice(piece));
        self.count += 1;
        self.has_runs |= meta.kind == RecordKind::Run;
        Ok(())
    }

    /// Tells whether a run of rows is among them.
    pub fn has_runs(&self) -> bool {
        self.has_runs
    }

    /// Returns how many records there are.
    pub fn count(&self) -> u32 {
        self.count
    }

    /// Returns how many bytes the plain has so far.
    pub fn plain_len(&self) -> u64 {
        self.plain.len() as u64
    }

    /// Tells whether a record with this meta and body length still fits.
    pub fn would_fit(&self, meta: &RecordMeta, body_len: u64) -> bool {
        let len = self.plain_len().saturating_add(meta.encoded_len()).saturating_add(body_len);
        self.count < RECORDS_MAX && len <= PLAIN_MAX
    }

    /// Returns the plain and the root over the records.
    pub(super) fn finish(self) -> (Vec<u8>, Digest, u32) {
        (self.plain, self.tree.root(), self.count)
    }
}

/// The records of an opened packet: they own its plain.
#[derive(Debug)]
pub struct Records {
    plain: Bytes,
    entries: Vec<Entry>,
}

#[derive(Debug)]
struct Entry {
    meta: RecordMeta,
    body: Range<usize>,
    body_digest: Digest,
}

/// One record of an opened packet.
#[derive(Clone, Copy, Debug)]
pub struct Record<'a> {
    /// What it says about its body.
    pub meta: &'a RecordMeta,
    /// Its body.
    pub body: &'a [u8],
    /// SHA-256 of its body.
    pub body_digest: Digest,
    /// Its place in the packet, from 0.
    pub index: u32,
    plain: &'a Bytes,
}

impl Record<'_> {
    /// Returns its body, to be kept without a copy: the whole plain is kept with it.
    pub fn shared_body(&self) -> Bytes {
        self.plain.slice_ref(self.body)
    }
}

impl Records {
    /// The records of a packet that carries none.
    pub(super) fn none() -> Self {
        Self { plain: Bytes::new(), entries: Vec::new() }
    }

    /// Decodes a plain; returns the records and their root.
    pub(super) fn decode(plain: Vec<u8>) -> Result<(Self, Digest), RecordFault> {
        let salt = *plain.first_chunk().ok_or(RecordFault::SaltEnds)?;
        let mut tree = Tree::new();
        let mut entries: Vec<Entry> = Vec::new();
        let mut at = PACKET_SALT;
        while at < plain.len() {
            let index = entries.len() as u32;
            if index == RECORDS_MAX {
                return Err(RecordFault::Trailing);
            }
            let (entry, leaf) = Entry::decode(&plain, at, index, &salt)?;
            at = entry.body.end;
            tree.push(leaf);
            entries.push(entry);
        }
        Ok((Self { plain: plain.into(), entries }, tree.root()))
    }

    /// Returns how many records there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Tells whether there is none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Returns the record at `index`, from 0.
    pub fn get(&self, index: usize) -> Option<Record<'_>> {
        let entry = self.entries.get(index)?;
        Some(Record {
            meta: &entry.meta,
            body: self.plain.get(entry.body.clone())?,
            body_digest: entry.body_digest,
            index: u32::try_from(index).ok()?,
            plain: &self.plain,
        })
    }

    /// Goes through the records in order.
    pub fn iter(&self) -> impl Iterator<Item = Record<'_>> {
        (0..self.len()).filter_map(|index| self.get(index))
    }

    /// Returns the salt of record `index`, which a proof discloses.
    pub fn salt(&self, index: u32) -> Option<Digest> {
        let packet_salt = self.plain.first_chunk()?;
        let known = (index as usize) < self.len();
        known.then(|| record_salt(packet_salt, u64::from(index)))
    }
}

impl Entry {
    fn decode(plain: &[u8], at: usize, index: u32, salt: &[u8; PACKET_SALT]) -> Result<(Self, Digest), RecordFault> {
        let shape = RecordFault::Shape { index };
        let (meta, taken) = RecordMeta::decode(plain.get(at..).ok_or(shape)?, index)?;
        let meta_bytes = plain.get(at..at + taken).ok_or(shape)?;
        let start = at + taken;
        // `check` has bounded the length by 16 MiB.
        let range = start..start + meta.body_len as usize;
        let ends = RecordFault::BodyEnds { index };
        let body = plain.get(range.clone()).ok_or(ends)?;
        if !meta.admits(&[body]) {
            return Err(self::range(index, "body"));
        }
        let body_digest = sha256(&[body]);
        let leaf = record_leaf(salt, u64::from(index), meta_bytes, &body_digest);
        let entry = Self { meta, body: range, body_digest };
        Ok((entry, leaf))
    }
}
