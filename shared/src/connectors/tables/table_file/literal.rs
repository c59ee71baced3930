//! Values as literals of SQL that no program between the file and the database can mistake.
//!
//! Given: a value that its column takes. Gives: a literal on lines of at most 2,000 bytes. For Oracle all of it is ASCII, so that the client's
//! character set (NLS_LANG) has no say; for 达梦 the script is UTF-8. No line of a literal is empty, ends with `-` or begins with what SQL*Plus or
//! disql take for a command: each begins with a quotation mark or a function. Never: an unquoted character of a value.

use crate::connectors::tables::Value;
use crate::connectors::tables::declared::{DeclaredColumn, Dialect};
use crate::connectors::tables::values::{Kind, to_utc};

/// Longest text, in units of UTF-16, that stands in one expression: at most 4,000 bytes in every character set.
const INLINE_UNITS: usize = 1000;

/// Most bytes that stand in one expression.
const INLINE_BYTES: usize = 1000;

/// Units of text, and bytes, in one piece of a literal.
const PIECE: usize = 200;

/// A value on its way into a script.
pub(super) enum Literal {
    /// An expression.
    Whole(String),
    /// Too long for one: what the column is given first, and the pieces that are appended.
    Pieces {
        /// An empty large object.
        empty: &'static str,
        /// The type of a variable that holds it.
        lob: &'static str,
        /// Expressions, each a large object or bytes with their number.
        pieces: Vec<String>,
    },
}

impl Literal {
    /// Writes a value for its column, in the form in which the column takes it.
    pub(super) fn of(declared: &DeclaredColumn, value: &Value, dialect: Dialect) -> Self {
        match value {
            Value::Null => Self::Whole("NULL".to_string()),
            Value::Text(text) => Self::text(declared, text, dialect),
            Value::Bytes(bytes) => Self::bytes(declared, bytes, dialect),
        }
    }

    fn text(declared: &DeclaredColumn, text: &str, dialect: Dialect) -> Self {
        match declared.column.kind {
            Kind::Text { max: None, .. } if dialect != Dialect::Sqlite && units(text) > INLINE_UNITS => {
                let national = declared.type_name == "NCLOB";
                let pieces = cut(text).iter().map(|piece| format!("TO_CLOB({})", quoted(piece, dialect, national))).collect();
                Self::Pieces { empty: "EMPTY_CLOB()", lob: if national { "NCLOB" } else { "CLOB" }, pieces }
            }
            _ => Self::Whole(scalar(declared, text, dialect)),
        }
    }

    fn bytes(declared: &DeclaredColumn, bytes: &[u8], dialect: Dialect) -> Self {
        let large = matches!(declared.column.kind, Kind::Bytes { max: None });
        if dialect == Dialect::Sqlite {
            return Self::Whole(format!("X'{}'", data_encoding::HEXUPPER.encode(bytes)));
        }
        let raw: Vec<String> =
            bytes.chunks(PIECE).map(|piece| format!("HEXTORAW('{}')", data_encoding::HEXUPPER.encode(piece))).collect();
        if large && bytes.len() > INLINE_BYTES {
            let sized = bytes.chunks(PIECE).zip(raw).map(|(piece, raw)| format!("{}, {raw}", piece.len())).collect();
            return Self::Pieces { empty: "EMPTY_BLOB()", lob: "BLOB", pieces: sized };
        }
        let digits: Vec<String> =
            bytes.chunks(PIECE).map(|piece| format!("'{}'", data_encoding::HEXUPPER.encode(piece))).collect();
        Self::Whole(match (digits.is_empty(), large) {
            (true, true) => "EMPTY_BLOB()".to_string(),
            // Bytes of no length are refused for Oracle; 达梦 keeps them.
            (true, false) => "HEXTORAW('')".to_string(),
            (false, true) => format!("TO_BLOB(HEXTORAW({}))", digits.join("\n||")),
            (false, false) => format!("HEXTORAW({})", digits.join("\n||")),
        })
    }
}

/// Writes a value of any other column than a long text.
fn scalar(declared: &DeclaredColumn, text: &str, dialect: Dialect) -> String {
    let name = declared.type_name.as_str();
    match (&declared.column.kind, dialect) {
        (_, Dialect::Sqlite) => quoted(text, dialect, false),
        (Kind::Integer { .. } | Kind::Numeric { .. }, _) => text.to_string(),
        (Kind::Float { bits }, Dialect::Oracle) => format!("{text}{}", if *bits == 32 { "f" } else { "d" }),
        (Kind::Float { .. }, _) => text.to_string(),
        (Kind::Timestamp { .. }, Dialect::Oracle) if name == "DATE" => format!("TO_DATE('{text}', 'SYYYY-MM-DD HH24:MI:SS')"),
        (Kind::Timestamp { .. }, Dialect::Oracle) => {
            format!("TO_TIMESTAMP('{}', 'SYYYY-MM-DD HH24:MI:SS.FF9')", with_fraction(text))
        }
        // Oracle's offsets have no seconds: the instant is given at UTC.
        (Kind::TimestampTz { .. }, Dialect::Oracle) => {
            let utc = to_utc(text).unwrap_or_default();
            format!("TO_TIMESTAMP_TZ('{} +00:00', 'SYYYY-MM-DD HH24:MI:SS.FF9 TZH:TZM')", with_fraction(&utc))
        }
        (Kind::TimestampTz { .. }, _) => format!("CAST('{} +00:00' AS {name})", to_utc(text).unwrap_or_default()),
        (Kind::Date | Kind::Time { .. } | Kind::Timestamp { .. }, _) => format!("CAST('{text}' AS {name})"),
        _ => quoted(text, dialect, matches!(name, "NVARCHAR2" | "NCHAR" | "NVARCHAR" | "NCLOB")),
    }
}

fn with_fraction(text: &str) -> String {
    if text.contains('.') { text.to_string() } else { format!("{text}.0") }
}

fn units(text: &str) -> usize {
    text.chars().map(char::len_utf16).sum()
}

/// Cuts a text into pieces of whole characters.
fn cut(text: &str) -> Vec<&str> {
    let mut pieces = Vec::new();
    let (mut from, mut length) = (0, 0);
    for (at, letter) in text.char_indices() {
        if length + letter.len_utf16() > PIECE {
            pieces.extend(text.get(from..at));
            (from, length) = (at, 0);
        }
        length += letter.len_utf16();
    }
    pieces.extend(text.get(from..).filter(|rest| !rest.is_empty()));
    pieces
}

/// Writes a text as an expression: pieces with `||` between them, each on a line of its own.
pub(super) fn quoted(text: &str, dialect: Dialect, national: bool) -> String {
    if dialect == Dialect::Sqlite {
        return format!("'{}'", text.replace('\'', "''"));
    }
    if text.is_empty() {
        return "''".to_string();
    }
    let one = match dialect {
        Dialect::Oracle => oracle_piece,
        _ => dm_piece,
    };
    let pieces: Vec<String> = cut(text).into_iter().map(|piece| one(piece, national)).collect();
    pieces.join("\n||")
}

/// Tells whether a character stands for itself in every script: no quotation mark, escape, substitution or control character.
fn is_plain(letter: char) -> bool {
    (' '..='~').contains(&letter) && !matches!(letter, '\'' | '\\' | '&')
}

/// Writes a piece for Oracle: plain ASCII as it is, the rest by its units of UTF-16.
fn oracle_piece(piece: &str, national: bool) -> String {
    if piece.chars().all(|letter| is_plain(letter) || letter == '\'') {
        return format!("'{}'", piece.replace('\'', "''"));
    }
    let mut text = String::with_capacity(piece.len() * 2);
    for letter in piece.chars() {
        match letter {
            '\'' => text.push_str("''"),
            letter if is_plain(letter) => text.push(letter),
            letter => text.extend(letter.encode_utf16(&mut [0; 2]).iter().map(|unit| format!("\\{unit:04X}"))),
        }
    }
    if national { format!("UNISTR('{text}')") } else { format!("TO_CHAR(UNISTR('{text}'))") }
}

/// Writes a piece for 达梦: characters as they are, ASCII that means something to somebody by its number.
fn dm_piece(piece: &str, _national: bool) -> String {
    let mut parts: Vec<String> = Vec::new();
    let mut plain = String::new();
    for letter in piece.chars() {
        match letter {
            '\'' => plain.push_str("''"),
            letter if is_plain(letter) || !letter.is_ascii() => plain.push(letter),
            letter => {
                push_plain(&mut parts, &mut plain);
                parts.push(format!("CHR({})", u32::from(letter)));
            }
        }
    }
    push_plain(&mut parts, &mut plain);
    parts.join("||")
}

fn push_plain(parts: &mut Vec<String>, plain: &mut String) {
    if !plain.is_empty() {
        parts.push(format!("'{}'", std::mem::take(plain)));
    }
}
