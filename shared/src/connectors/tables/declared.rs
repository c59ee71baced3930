//! Tables of a database that nobody here can ask, as its administrator wrote them down.
//!
//! Given: the lines that [`columns_query`](super::outbox_sql::columns_query) printed, ten fields with tabs between: table, column, type, length in
//! bytes, length in characters, `B` or `C` for what the width counts, precision, scale, `Y` or `N` for NULL, place in the primary key. Gives: tables
//! with columns, or the line that cannot be. Never: a type that is guessed.

#[cfg(test)]
mod tests;

use crate::connectors::tables::values::{Charset, Column, Kind, Unit};
use crate::connectors::tables::{Problem, TableFault, TableName};
use std::str::FromStr;

/// Longest list of columns, in bytes.
pub const DECLARED_MAX: u64 = 16 << 20;

/// A database without a driver.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// Oracle 12.2 and later: names may be 128 bytes long.
    Oracle,
    /// 达梦 DM8.
    Dm,
    /// SQLite, by its command line program. What this prints is run by the tests here.
    Sqlite,
}

impl From<Dialect> for crate::schema::Dialect {
    fn from(dialect: Dialect) -> Self {
        match dialect {
            Dialect::Oracle => Self::Oracle,
            Dialect::Dm => Self::Dm,
            Dialect::Sqlite => Self::Sqlite,
        }
    }
}

/// Tells that a text names no dialect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("方言应为 oracle、dm 或 sqlite / the dialect is oracle, dm or sqlite")]
pub struct UnknownDialect;

impl FromStr for Dialect {
    type Err = UnknownDialect;

    fn from_str(text: &str) -> Result<Self, UnknownDialect> {
        match text {
            "oracle" => Ok(Self::Oracle),
            "dm" => Ok(Self::Dm),
            "sqlite" => Ok(Self::Sqlite),
            _ => Err(UnknownDialect),
        }
    }
}

/// What an administrator wrote down of a database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Declared {
    /// What it is.
    pub dialect: Dialect,
    /// Its tables.
    pub tables: Vec<DeclaredTable>,
}

impl Declared {
    /// Reads a file of columns: its first line names dialect and character set, `# oracle GBK`, the others are those of [`read_columns`].
    ///
    /// # Errors
    /// Those of [`read_columns`]; [`TableFault::Denied`] for another first line.
    pub fn read(text: &str) -> Result<Self, TableFault> {
        let text = text.trim_start_matches('\u{feff}');
        let (first, columns) = text.split_once('\n').unwrap_or((text, ""));
        let words: Vec<&str> = first.split_whitespace().collect();
        let (dialect, charset) = match words.as_slice() {
            ["#", dialect, charset] => (dialect.parse().ok(), charset_of(charset)),
            _ => (None, None),
        };
        let (Some(dialect), Some(charset)) = (dialect, charset) else {
            return Err(LineFault::First.at(1));
        };
        // The first line counts: what is found in the others is named by its place in the file.
        read_columns(&format!("\n{columns}"), dialect, charset).map(|tables| Self { dialect, tables })
    }
}

fn charset_of(name: &str) -> Option<Charset> {
    [Charset::Utf8, Charset::Gbk, Charset::Gb18030].into_iter().find(|charset| charset.to_string().eq_ignore_ascii_case(name))
}

/// A table as its administrator wrote it down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeclaredTable {
    /// Its name, with its schema: `BDC.ZD`.
    pub name: TableName,
    /// Its columns, in the table's order.
    pub columns: Vec<DeclaredColumn>,
}

/// A column as an administrator wrote it down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeclaredColumn {
    /// What it takes.
    pub column: Column,
    /// Its type, as the database names it, without length.
    pub type_name: String,
}

impl DeclaredTable {
    /// Gives the columns of the primary key.
    pub fn key(&self) -> impl Iterator<Item = &DeclaredColumn> {
        self.columns.iter().filter(|declared| declared.column.in_key)
    }

    /// Gives the column of a name: as it is spelled, or the one that differs only in the case of its letters.
    pub fn column(&self, name: &str) -> Option<&DeclaredColumn> {
        let exact = self.columns.iter().find(|declared| declared.column.name == name);
        let mut alike = self.columns.iter().filter(|declared| declared.column.name.eq_ignore_ascii_case(name));
        let first = alike.next().filter(|_| alike.next().is_none());
        exact.or(first)
    }
}

/// Reads the list of columns; empty lines and fields missing at a line's end are fine. `charset` is the database's own.
///
/// # Errors
/// [`TableFault::Unfit`] for a table without a key and a column whose type cannot travel; [`TableFault::Denied`] with the line for anything else.
pub fn read_columns(text: &str, dialect: Dialect, charset: Charset) -> Result<Vec<DeclaredTable>, TableFault> {
    let mut tables: Vec<DeclaredTable> = Vec::new();
    for (at, line) in text.trim_start_matches('\u{feff}').lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let (table, declared) = read_line(line, dialect, charset).map_err(|fault| fault.at(at + 1))?;
        match tables.iter_mut().find(|known| known.name == table) {
            Some(known) if known.columns.iter().any(|other| other.column.name == declared.column.name) => {
                return Err(LineFault::Twice.at(at + 1));
            }
            Some(known) => known.columns.push(declared),
            None => tables.push(DeclaredTable { name: table, columns: vec![declared] }),
        }
    }
    match tables.iter().find(|table| table.key().next().is_none()) {
        Some(table) => Err(TableFault::Unfit { table: table.name.clone(), column: None, problem: Problem::NoKey }),
        None => Ok(tables),
    }
}

enum LineFault {
    First,
    Fields,
    Twice,
    Type { table: String, column: String, type_name: String },
}

impl LineFault {
    fn at(self, line: usize) -> TableFault {
        let denied = |words: String| TableFault::Denied { place: "columns".into(), words };
        match self {
            Self::Fields => denied(format!("第 {line} 行：字段不全或不是数 / line {line}: a field is missing or no number")),
            Self::First => denied(
                "首行应写明方言与字符集，如 # oracle GBK / the first line names dialect and character set: # oracle GBK"
                    .to_string(),
            ),
            Self::Twice => denied(format!("第 {line} 行：该列重复 / line {line}: this column stands twice")),
            Self::Type { table, column, type_name } => {
                TableFault::Unfit { table, column: Some(column), problem: Problem::Type(type_name) }
            }
        }
    }
}

/// The fields of a line behind table, column and type.
struct Width {
    bytes: Option<u64>,
    chars: Option<u64>,
    in_chars: bool,
    precision: Option<u32>,
    scale: Option<i32>,
}

fn read_line(line: &str, dialect: Dialect, charset: Charset) -> Result<(String, DeclaredColumn), LineFault> {
    let fields: Vec<&str> = line.split('\t').map(str::trim).collect();
    let field = |at: usize| fields.get(at).copied().unwrap_or_default();
    let (table, name, full_type) = (field(0), field(1), field(2));
    let nullable = match field(8) {
        "Y" => true,
        "N" => false,
        _ => return Err(LineFault::Fields),
    };
    if table.is_empty() || name.is_empty() || full_type.is_empty() {
        return Err(LineFault::Fields);
    }
    let width = Width {
        bytes: number(field(3))?,
        chars: number(field(4))?,
        in_chars: field(5) == "C",
        precision: number(field(6))?,
        scale: number(field(7))?,
    };
    let in_key = number::<u32>(field(9))?.is_some();
    let type_name = without_length(&full_type.to_ascii_uppercase());
    let unfit = || LineFault::Type { table: table.to_string(), column: name.to_string(), type_name: full_type.to_string() };
    let kind = kind(&type_name, full_type, &width, dialect, charset).ok_or_else(unfit)?;
    Ok((table.to_string(), DeclaredColumn { column: Column { name: name.to_string(), kind, nullable, in_key }, type_name }))
}

fn number<N: FromStr>(text: &str) -> Result<Option<N>, LineFault> {
    if text.is_empty() { Ok(None) } else { text.parse().map(Some).map_err(|_| LineFault::Fields) }
}

/// Leaves out what stands in brackets: `TIMESTAMP(6) WITH TIME ZONE`.
fn without_length(name: &str) -> String {
    match (name.find('('), name.find(')')) {
        (Some(from), Some(to)) if from < to => {
            format!("{}{}", name.get(..from).unwrap_or_default(), name.get(to + 1..).unwrap_or_default())
        }
        _ => name.to_string(),
    }
}

/// Gives the number in brackets: the digits of a fraction.
fn in_brackets(name: &str) -> Option<u8> {
    name.split_once('(')?.1.split_once(')')?.0.trim().parse().ok()
}

fn kind(name: &str, full: &str, width: &Width, dialect: Dialect, charset: Charset) -> Option<Kind> {
    let oracle = dialect == Dialect::Oracle;
    let fraction =
        in_brackets(full).or(width.scale.and_then(|scale| u8::try_from(scale).ok()).filter(|_| !oracle)).unwrap_or(6);
    Some(match name {
        "NVARCHAR2" | "NCHAR" | "NVARCHAR" if oracle => {
            Kind::Text { max: width.chars, unit: Unit::Utf16, charset: Charset::Utf8 }
        }
        "NCLOB" => Kind::Text { max: None, unit: Unit::Chars, charset: Charset::Utf8 },
        "VARCHAR2" | "VARCHAR" | "CHAR" | "CHARACTER" | "NVARCHAR2" | "NVARCHAR" | "NCHAR" => narrow_text(width, charset),
        "CLOB" | "TEXT" | "LONGVARCHAR" => Kind::Text { max: None, unit: Unit::Chars, charset },
        "RAW" | "BINARY" | "VARBINARY" => Kind::Bytes { max: width.bytes },
        "BLOB" | "IMAGE" | "LONGVARBINARY" => Kind::Bytes { max: None },
        "DATE" if oracle => Kind::Timestamp { fraction: 0 },
        "DATE" => Kind::Date,
        "TIME" if !oracle => Kind::Time { fraction },
        "TIMESTAMP" | "DATETIME" => Kind::Timestamp { fraction },
        "TIMESTAMP WITH TIME ZONE" | "DATETIME WITH TIME ZONE" | "TIMESTAMP WITH LOCAL TIME ZONE" => {
            Kind::TimestampTz { fraction }
        }
        _ => return number_kind(name, width, oracle),
    })
}

fn narrow_text(width: &Width, charset: Charset) -> Kind {
    match width.in_chars {
        true => Kind::Text { max: width.chars, unit: Unit::Chars, charset },
        false => Kind::Text { max: width.bytes, unit: Unit::Bytes, charset },
    }
}

fn number_kind(name: &str, width: &Width, oracle: bool) -> Option<Kind> {
    let whole = |bits, unsigned| Some(Kind::Integer { bits, unsigned });
    match name {
        // Oracle's INTEGER is a number without precision and with scale 0, of 38 digits.
        "NUMBER" | "NUMERIC" | "DECIMAL" | "DEC" => Some(match (width.precision, width.scale) {
            (Some(precision), scale) if precision > 0 => {
                Kind::Numeric { precision: Some(precision), scale: scale.unwrap_or(0) }
            }
            (None, Some(scale)) if oracle => Kind::Numeric { precision: Some(38), scale },
            _ => Kind::Numeric { precision: None, scale: 0 },
        }),
        "FLOAT" if oracle => Some(Kind::Numeric { precision: None, scale: 0 }),
        "BINARY_FLOAT" | "REAL" => Some(Kind::Float { bits: 32 }),
        "BINARY_DOUBLE" | "DOUBLE" | "DOUBLE PRECISION" | "FLOAT" => Some(Kind::Float { bits: 64 }),
        "BIT" if !oracle => whole(1, true),
        "TINYINT" | "BYTE" if !oracle => whole(8, false),
        "SMALLINT" if !oracle => whole(16, false),
        "INT" | "INTEGER" if !oracle => whole(32, false),
        "BIGINT" if !oracle => whole(64, false),
        _ => None,
    }
}
