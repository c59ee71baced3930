//! The strict reader of row changes.
//!
//! Given: bytes of a record, or a line of an extract. Gives: the change. Never: a panic, memory beyond a few times the bytes given, a guess: a key
//! that stands twice, a value of another form and a large value that nobody names are faults.

use super::name::{KnownNames, name_is_right};
use super::{COLUMNS_MAX, Cells, ChangeFault, Name, Op, RowChange, Value};
use crate::connectors::tables::VALUE_MAX;
use dukou_packets::limits::BODY_MAX;
use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt;

/// Longest line of an extract, its pieces joined: a value of 16 MiB of which each character is escaped fits.
pub(crate) const LINE_MAX: usize = 100 << 20;

/// Reads the body of a record of kind 5.
pub(super) fn parse(body: &[u8], large: &[&[u8]], names: &mut KnownNames) -> Result<RowChange, ChangeFault> {
    if body.len() as u64 > BODY_MAX {
        return Err(ChangeFault::TooLong { bytes: body.len() as u64 });
    }
    read(body, names)?.checked(LargeValues { values: large, used: vec![false; large.len()], any_length: false })
}

/// What a line of an extract holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Line {
    /// A row change.
    Change(RowChange),
    /// A row that cannot travel: the trigger found so, or a value is too long.
    Unfit {
        /// Its table.
        table: String,
        /// Its key; without values that are too long.
        key: Cells,
        /// Stable code.
        code: &'static str,
        /// The column, and the length of its value in bytes.
        value: Option<(String, u64)>,
    },
}

/// What triggers find.
const PROBLEMS: [&str; 5] = ["value-too-large", "date-out-of-range", "time-out-of-range", "number-out-of-range", "character"];

/// Reads a line of an extract: a body of kind 5 that names its table and has all values in it, or a `problem` in place of the row.
pub(crate) fn parse_line(line: &[u8]) -> Result<Line, ChangeFault> {
    if line.len() > LINE_MAX {
        return Err(ChangeFault::TooLong { bytes: line.len() as u64 });
    }
    let mut raw = read(line, &mut KnownNames::default())?;
    let table = raw.table.take().ok_or(ChangeFault::Missing { name: "table" })?;
    name_ok(&table)?;
    if let Some(problem) = raw.problem.take() {
        let code = PROBLEMS.into_iter().find(|code| *code == problem).ok_or(ChangeFault::Wrong { name: "problem" })?;
        let key = LargeValues::none().cells(raw.key.unwrap_or_default(), "key")?;
        return Ok(Line::Unfit { table, key, code, value: None });
    }
    let change = raw.checked(LargeValues { any_length: true, ..LargeValues::none() })?;
    let too_large = change.too_large().map(|(column, bytes)| (column.to_string(), bytes));
    Ok(match too_large {
        None => Line::Change(RowChange { table, ..change }),
        value => {
            let key = change.key.into_iter().filter(|(_, value)| value.bytes() <= VALUE_MAX).collect();
            Line::Unfit { table, key, code: "value-too-large", value }
        }
    })
}

/// Deepest nesting, in keys that nobody knows, too.
const DEPTH_MAX: usize = 32;

fn read(bytes: &[u8], names: &mut KnownNames) -> Result<Raw, ChangeFault> {
    if too_deep(bytes) {
        return Err(ChangeFault::TooDeep);
    }
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let raw = reader.deserialize_map(RawVisitor(names)).and_then(|raw| reader.end().map(|()| raw));
    raw.map_err(|fault| ChangeFault::Json { at: fault.column() })
}

/// Tells whether brackets outside of texts are nested too deep, before anything is made of them.
fn too_deep(bytes: &[u8]) -> bool {
    // Few brackets cannot be nested deep, wherever they stand.
    if bytes.iter().filter(|byte| matches!(byte, b'[' | b'{')).count() <= DEPTH_MAX {
        return false;
    }
    let (mut depth, mut in_text, mut escaped) = (0_usize, false, false);
    for byte in bytes {
        match (in_text, byte) {
            (true, _) if escaped => escaped = false,
            (true, b'\\') => escaped = true,
            (_, b'"') => in_text = !in_text,
            (false, b'[' | b'{') => depth += 1,
            (false, b']' | b'}') => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > DEPTH_MAX {
            return true;
        }
    }
    false
}

/// A row change of the right form; what it says is not looked at yet.
#[derive(Default)]
struct Raw {
    table: Option<String>,
    op: Option<Op>,
    key: Option<RawCells>,
    row: Option<RawCells>,
    changed: Option<Vec<String>>,
    tx: Option<String>,
    more: Option<bool>,
    /// Why the row cannot travel, as a trigger says; lines of extracts only.
    problem: Option<String>,
    twice: bool,
}

/// Columns with their values as they stand.
#[derive(Default)]
struct RawCells {
    cells: Vec<(Name, RawValue)>,
    /// A name stands twice.
    twice: bool,
    /// A name is none.
    misnamed: bool,
}

/// Names of columns, not too many.
struct RawNames(Vec<String>);

enum RawValue {
    Null,
    Text(String),
    Hex(String),
    Large { place: u64, bytes: bool },
}

impl Raw {
    fn checked(self, mut large: LargeValues<'_>) -> Result<RowChange, ChangeFault> {
        if self.twice {
            return Err(ChangeFault::Twice { place: "row change" });
        }
        let op = self.op.ok_or(ChangeFault::Missing { name: "op" })?;
        let key = large.cells(self.key.ok_or(ChangeFault::Missing { name: "key" })?, "key")?;
        let row = large.row(op, self.row)?;
        large.all_used()?;
        if key.is_empty() || (op != Op::Delete && !key.iter().all(|(column, _)| has(&row, column))) {
            return Err(ChangeFault::Wrong { name: "key" });
        }
        let changed = changed(op, self.changed, &row)?;
        let transaction = self.tx.as_deref().map(transaction).transpose()?;
        if self.more == Some(false) {
            return Err(ChangeFault::Wrong { name: "more" });
        }
        Ok(RowChange { table: String::new(), op, key, row, changed, transaction, goes_on: self.more.is_some() })
    }
}

fn has(cells: &Cells, column: &Name) -> bool {
    cells.iter().any(|(name, _)| name.is_shared_with(column) || name == column)
}

/// Reads the changed columns: an update has them, each once and each of its row; nothing else has any.
fn changed(op: Op, names: Option<Vec<String>>, row: &Cells) -> Result<Vec<String>, ChangeFault> {
    let wrong = ChangeFault::Wrong { name: "changed" };
    match (op, names) {
        (Op::Update, None) => Err(ChangeFault::Missing { name: "changed" }),
        (Op::Update, Some(names)) => {
            let columns: HashSet<&str> = row.iter().map(|(column, _)| column.as_str()).collect();
            let different: HashSet<&str> = names.iter().map(String::as_str).collect();
            let right = different.len() == names.len() && different.is_subset(&columns);
            if right { Ok(names) } else { Err(wrong) }
        }
        (_, None) => Ok(Vec::new()),
        (_, Some(_)) => Err(wrong),
    }
}

/// Reads the number of a transaction: decimal, no sign, no leading zeros.
pub(in super::super) fn transaction(text: &str) -> Result<u64, ChangeFault> {
    let is_plain = text.bytes().all(|byte| byte.is_ascii_digit()) && (text.len() == 1 || !text.starts_with('0'));
    text.parse().ok().filter(|_| is_plain).ok_or(ChangeFault::Wrong { name: "tx" })
}

fn name_ok(name: &str) -> Result<(), ChangeFault> {
    if name_is_right(name) { Ok(()) } else { Err(ChangeFault::Name) }
}

/// The large values before a row, each of which the row names once.
struct LargeValues<'a> {
    values: &'a [&'a [u8]],
    used: Vec<bool>,
    /// Whether values may be longer than 16 MiB: whoever reads them says so of each.
    any_length: bool,
}

impl LargeValues<'_> {
    const fn none() -> Self {
        Self { values: &[], used: Vec::new(), any_length: false }
    }

    fn row(&mut self, op: Op, row: Option<RawCells>) -> Result<Cells, ChangeFault> {
        match (op, row) {
            (Op::Delete, None) => Ok(Vec::new()),
            (Op::Delete, Some(_)) => Err(ChangeFault::Wrong { name: "row" }),
            (_, None) => Err(ChangeFault::Missing { name: "row" }),
            (_, Some(row)) => self.cells(row, "row"),
        }
    }

    fn cells(&mut self, cells: RawCells, place: &'static str) -> Result<Cells, ChangeFault> {
        if cells.twice {
            return Err(ChangeFault::Twice { place });
        }
        if cells.misnamed {
            return Err(ChangeFault::Name);
        }
        cells.cells.into_iter().map(|(name, value)| Ok((name, self.value(value)?))).collect()
    }

    fn value(&mut self, value: RawValue) -> Result<Value, ChangeFault> {
        match value {
            RawValue::Null => Ok(Value::Null),
            RawValue::Text(text) => self.text(text),
            RawValue::Hex(hex) => {
                let bytes = data_encoding::HEXLOWER.decode(hex.as_bytes()).map_err(|_| ChangeFault::Hex)?;
                self.within(bytes.len()).map(|()| Value::Bytes(bytes))
            }
            RawValue::Large { place, bytes } => self.large(place, bytes),
        }
    }

    fn large(&mut self, place: u64, as_bytes: bool) -> Result<Value, ChangeFault> {
        let place = usize::try_from(place).map_err(|_| ChangeFault::Large)?;
        let bytes = self.values.get(place).ok_or(ChangeFault::Large)?;
        let used = self.used.get_mut(place).ok_or(ChangeFault::Large)?;
        if std::mem::replace(used, true) {
            return Err(ChangeFault::Large);
        }
        self.within(bytes.len())?;
        match as_bytes {
            true => Ok(Value::Bytes(bytes.to_vec())),
            false => self.text(std::str::from_utf8(bytes).map_err(|_| ChangeFault::Large)?.to_string()),
        }
    }

    fn text(&self, text: String) -> Result<Value, ChangeFault> {
        self.within(text.len())?;
        if text.contains('\0') { Err(ChangeFault::Nul) } else { Ok(Value::Text(text)) }
    }

    fn within(&self, bytes: usize) -> Result<(), ChangeFault> {
        let bytes = bytes as u64;
        if bytes > VALUE_MAX && !self.any_length { Err(ChangeFault::ValueTooLong { bytes }) } else { Ok(()) }
    }

    fn all_used(&self) -> Result<(), ChangeFault> {
        if self.used.iter().all(|used| *used) { Ok(()) } else { Err(ChangeFault::Large) }
    }
}

struct RawVisitor<'n>(&'n mut KnownNames);

impl<'de> Visitor<'de> for RawVisitor<'_> {
    type Value = Raw;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a row change")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Raw, A::Error> {
        let mut raw = Raw::default();
        let mut others: HashSet<String> = HashSet::new();
        while let Some(Key(name)) = map.next_key()? {
            raw.twice |= match &*name {
                "table" => raw.table.replace(map.next_value()?).is_some(),
                "op" => raw.op.replace(map.next_value()?).is_some(),
                "key" => raw.key.replace(map.next_value_seed(CellsSeed(&mut *self.0))?).is_some(),
                "row" => raw.row.replace(map.next_value_seed(CellsSeed(&mut *self.0))?).is_some(),
                "changed" => raw.changed.replace(map.next_value::<RawNames>()?.0).is_some(),
                "tx" => raw.tx.replace(map.next_value()?).is_some(),
                "problem" => raw.problem.replace(map.next_value()?).is_some(),
                "more" => raw.more.replace(map.next_value()?).is_some(),
                _ => {
                    map.next_value::<IgnoredAny>()?;
                    !others.insert(name.into_owned())
                }
            };
            if others.len() > COLUMNS_MAX {
                return Err(A::Error::custom("too many keys"));
            }
        }
        Ok(raw)
    }
}

/// A key as it stands in the bytes, where nothing in it is escaped.
struct Key<'a>(Cow<'a, str>);

impl<'de> Deserialize<'de> for Key<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(KeyVisitor)
    }
}

struct KeyVisitor;

impl<'de> Visitor<'de> for KeyVisitor {
    type Value = Key<'de>;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a key")
    }

    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Key<'de>, E> {
        Ok(Key(Cow::Borrowed(text)))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Key<'de>, E> {
        Ok(Key(Cow::Owned(text.to_string())))
    }
}

struct CellsSeed<'n>(&'n mut KnownNames);

impl<'de> DeserializeSeed<'de> for CellsSeed<'_> {
    type Value = RawCells;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<RawCells, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for CellsSeed<'_> {
    type Value = RawCells;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("columns with their values")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<RawCells, A::Error> {
        let names = self.0;
        names.begin();
        let mut raw = RawCells::default();
        while let Some(met) = map.next_key_seed(&mut *names)? {
            if raw.cells.len() == COLUMNS_MAX {
                return Err(A::Error::custom("too many columns"));
            }
            raw.twice |= met.is_again;
            raw.misnamed |= !met.is_right;
            raw.cells.push((met.name, map.next_value()?));
        }
        Ok(raw)
    }
}

impl<'de> Deserialize<'de> for RawNames {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(NamesVisitor)
    }
}

struct NamesVisitor;

impl<'de> Visitor<'de> for NamesVisitor {
    type Value = RawNames;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("names of columns")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<RawNames, A::Error> {
        let mut names = Vec::new();
        while let Some(name) = seq.next_element::<String>()? {
            if names.len() == COLUMNS_MAX {
                return Err(A::Error::custom("too many columns"));
            }
            names.push(name);
        }
        Ok(RawNames(names))
    }
}

impl<'de> Deserialize<'de> for RawValue {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ValueVisitor)
    }
}

struct ValueVisitor;

impl<'de> Visitor<'de> for ValueVisitor {
    type Value = RawValue;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a value")
    }

    fn visit_unit<E: Error>(self) -> Result<RawValue, E> {
        Ok(RawValue::Null)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<RawValue, E> {
        Ok(RawValue::Text(text.to_string()))
    }

    fn visit_string<E: Error>(self, text: String) -> Result<RawValue, E> {
        Ok(RawValue::Text(text))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<RawValue, A::Error> {
        let no_value = || A::Error::custom("no value");
        let (mut hex, mut large, mut bytes) = (None, None, None);
        while let Some(name) = map.next_key::<String>()? {
            let before = match name.as_str() {
                "hex" => hex.replace(map.next_value::<String>()?).is_some(),
                "large" => large.replace(map.next_value::<u64>()?).is_some(),
                "bytes" => bytes.replace(map.next_value::<bool>()?).is_some(),
                _ => true,
            };
            if before {
                return Err(no_value());
            }
        }
        match (hex, large, bytes) {
            (Some(hex), None, None) => Ok(RawValue::Hex(hex)),
            (None, Some(place), None) => Ok(RawValue::Large { place, bytes: false }),
            (None, Some(place), Some(true)) => Ok(RawValue::Large { place, bytes: true }),
            _ => Err(no_value()),
        }
    }
}
