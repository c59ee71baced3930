//! The tables of the test: parcels, their units, the holders of units; values that are hard to carry, and how a row is read alike everywhere.

use dukou_rehearsal::random::Random;

use super::session::{Dialect, Refusal, Session};
use super::structure::Version;

/// The tables, parents before children.
pub const TABLES: [&str; 3] = ["zd", "h", "qlr"];

/// Whether a database declares which rows need which.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum References {
    /// It refuses a child without its parent.
    Declared,
    /// As above, and it carries changes and removals of parents on to their children where that is followed: not by InnoDB.
    Cascading,
    /// It takes everything.
    Undeclared,
}

/// Gives the statements that make the tables.
#[must_use]
pub fn schema(dialect: Dialect, references: References) -> String {
    let [name, time, bytes, float, end] = match dialect {
        Dialect::Postgres => ["VARCHAR(40)", "TIMESTAMP(6)", "BYTEA", "DOUBLE PRECISION", ""],
        Dialect::Mariadb => [
            "VARCHAR(40) COLLATE utf8mb4_nopad_bin",
            "DATETIME(6)",
            "LONGBLOB",
            "DOUBLE",
            " ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4",
        ],
        Dialect::Sqlite => ["VARCHAR(40)", "TIMESTAMP", "BLOB", "DOUBLE", ""],
    };
    let acts = match (references, dialect) {
        (References::Cascading, Dialect::Postgres | Dialect::Sqlite) => " ON UPDATE CASCADE ON DELETE CASCADE",
        _ => "",
    };
    let refers = |columns: &str, to: &str| match references {
        References::Undeclared => String::new(),
        _ => format!(", FOREIGN KEY ({columns}) REFERENCES {to}{acts}"),
    };
    let (to_zd, to_h) = (refers("zd", "zd (dm)"), refers("h_bm, h_xh", "h (bm, xh)"));
    format!(
        "CREATE TABLE zd (dm {name} NOT NULL PRIMARY KEY, mj DECIMAL(14,2), zl VARCHAR(400), rq DATE, sj {time}, tu {bytes}, bz {float}, cs INTEGER NOT NULL){end};
         CREATE TABLE h (bm {name} NOT NULL, xh INTEGER NOT NULL, zd {name} NOT NULL, mj DECIMAL(14,2), yt TEXT, rq DATE, cs INTEGER NOT NULL, PRIMARY KEY (bm, xh){to_zd}){end};
         CREATE TABLE qlr (id BIGINT NOT NULL PRIMARY KEY, h_bm {name}, h_xh INTEGER, mc TEXT, zj {bytes}, sj {time}{to_h}){end}"
    )
}

/// Gives the query that counts rows whose parent is not there, in one snapshot.
pub const ORPHANS: &str = "SELECT CAST(count(*) AS CHAR(20)) FROM (
    SELECT 1 AS n FROM h WHERE NOT EXISTS (SELECT 1 FROM zd WHERE zd.dm = h.zd)
    UNION ALL SELECT 1 FROM qlr WHERE h_bm IS NOT NULL AND NOT EXISTS (SELECT 1 FROM h WHERE h.bm = qlr.h_bm AND h.xh = qlr.h_xh)) AS o";

/// Text that is hard to carry.
const TEXTS: [&str; 16] = [
    "",
    "历下区龙洞街道",
    "𬭚䶮㛃𠮷",
    "it's \"quoted\" \\n \\N",
    "a\tb\nc\r\nd",
    "NULL",
    "  leading and trailing  ",
    "ﾊﾝｶｸ Ａ﹏",
    "e\u{301} é ﬀ",
    "\u{200b}\u{feff}\u{2028}",
    "{\"large\":0}",
    "%s $1 ? :a @b #",
    "00123.4500",
    "👨‍👩‍👧‍👦",
    "\u{1}\u{1f}\u{7f}",
    "Straße ÄÖÜ ǅ",
];

/// Writes text as SQL.
#[must_use]
pub fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// Draws a text, or none.
pub fn text(dice: &mut Random) -> String {
    match dice.below(20) {
        0..=2 => "NULL".to_owned(),
        3 => quoted(&"长".repeat(dice.between(1, 400) as usize)),
        _ => {
            let one = *dice.pick(&TEXTS.each_ref().map(|text| text));
            quoted(&format!("{one}{}", if dice.chance(0.5) { dice.below(100).to_string() } else { String::new() }))
        }
    }
}

/// Draws a number with two digits behind the point, or none.
pub fn decimal(dice: &mut Random) -> String {
    match dice.below(8) {
        0 => "NULL".to_owned(),
        1 => "0.00".to_owned(),
        2 => "-0.01".to_owned(),
        3 => "99999999999.99".to_owned(),
        4 => "-99999999999.99".to_owned(),
        _ => format!("{}.{:02}", dice.below(1_000_000), dice.below(100)),
    }
}

/// Draws a date, or none.
pub fn date(dice: &mut Random) -> String {
    let known = ["1900-01-01", "1988-07-01", "1970-01-01", "9999-12-31", "2024-02-29", "1582-10-15"];
    match dice.below(8) {
        0 => "NULL".to_owned(),
        1..=4 => quoted(known[dice.below(known.len() as u64) as usize]),
        _ => quoted(&format!("{:04}-{:02}-{:02}", dice.between(1901, 2100), dice.between(1, 12), dice.between(1, 28))),
    }
}

/// Draws a moment without a zone, or none.
pub fn moment(dice: &mut Random) -> String {
    let fraction = ["", ".5", ".000001", ".999999", ".123"][dice.below(5) as usize];
    let known = ["1900-01-01 00:00:00", "1988-07-01 12:00:00", "1986-05-04 00:30:00", "9999-12-31 23:59:59"];
    match dice.below(8) {
        0 => "NULL".to_owned(),
        1..=4 => quoted(&format!("{}{fraction}", known[dice.below(known.len() as u64) as usize])),
        _ => quoted(&format!("20{:02}-{:02}-28 23:{:02}:07{fraction}", dice.below(30), dice.between(1, 12), dice.below(60))),
    }
}

/// Draws bytes, or none; seldom more than a mebibyte, which is carried apart from its row.
pub fn bytes(dialect: Dialect, dice: &mut Random) -> String {
    let length = match dice.below(60) {
        0 => dice.between(1 << 20, (1 << 20) + 90_000),
        1..=9 => return "NULL".to_owned(),
        10..=15 => 0,
        _ => dice.between(1, 80),
    };
    let mut bytes = vec![0; length as usize];
    dice.fill(&mut bytes);
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    if dialect == Dialect::Postgres { format!("'\\x{hex}'::bytea") } else { format!("x'{hex}'") }
}

/// Draws a floating point number, or none.
pub fn float(dice: &mut Random) -> String {
    let known =
        ["0.1", "1e300", "1.7976931348623157e308", "2.2250738585072014e-308", "-1.5", "3", "123456789.123456789", "1e-7"];
    if dice.chance(0.2) { "NULL".to_owned() } else { known[dice.below(known.len() as u64) as usize].to_owned() }
}

/// How a column's value is read as text.
#[derive(Clone, Copy)]
enum Reading {
    Text,
    Bytes,
    Number,
    Whole,
    Date,
    Moment,
    Float,
}

/// A table and its columns.
type Shape = (&'static str, Vec<(&'static str, Reading)>);

/// Gives the tables with their columns at a version of their structure.
fn shapes(version: Version) -> Vec<Shape> {
    use Reading::{Bytes, Date, Float, Moment, Number, Text, Whole};
    let mut zd = vec![("dm", Text), ("mj", Number), ("zl", Text), ("rq", Date), ("sj", Moment), ("tu", Bytes)];
    zd.extend((version < Version(4)).then_some(("bz", Float)));
    zd.push(("cs", Whole));
    let area = if version >= Version(3) { Text } else { Number };
    let mut h = vec![("bm", Text), ("xh", Whole), ("zd", Text), ("mj", area), ("yt", Text), ("rq", Date), ("cs", Whole)];
    let name = if version >= Version(4) { "qlrmc" } else { "mc" };
    let mut qlr = vec![("id", Whole), ("h_bm", Text), ("h_xh", Whole), (name, Text), ("zj", Bytes), ("sj", Moment)];
    zd.extend((version >= Version(2)).then_some(("dyh", Text)));
    qlr.extend((version >= Version(2)).then_some(("zjh", Text)));
    if version.is_structured() {
        [&mut zd, &mut h, &mut qlr].into_iter().for_each(|columns| columns.push(("bj", Whole)));
    }
    let dictionary = version.is_structured().then(|| ("zdyt", vec![("dm", Text), ("mc", Text)]));
    [("zd", zd), ("h", h), ("qlr", qlr)].into_iter().chain(dictionary).collect()
}

fn read_as(dialect: Dialect, column: &str, reading: Reading) -> String {
    match (dialect, reading) {
        (Dialect::Postgres, Reading::Text) => format!("encode(convert_to({column}, 'UTF8'), 'hex')"),
        (Dialect::Mariadb, Reading::Text) => format!("LOWER(HEX(CONVERT({column} USING utf8mb4)))"),
        (Dialect::Sqlite, Reading::Text | Reading::Bytes) => {
            format!("CASE WHEN {column} IS NOT NULL THEN lower(hex({column})) END")
        }
        (Dialect::Postgres, Reading::Bytes) => format!("encode({column}, 'hex')"),
        (Dialect::Mariadb, Reading::Bytes) => format!("LOWER(HEX({column}))"),
        (Dialect::Postgres, Reading::Date) => format!("to_char({column}, 'YYYY-MM-DD')"),
        (Dialect::Postgres, Reading::Moment) => format!("to_char({column}, 'YYYY-MM-DD HH24:MI:SS.US')"),
        (Dialect::Postgres, _) => format!("{column}::text"),
        (Dialect::Mariadb, Reading::Date) => format!("DATE_FORMAT({column}, '%Y-%m-%d')"),
        (Dialect::Mariadb, Reading::Moment) => format!("DATE_FORMAT({column}, '%Y-%m-%d %H:%i:%s.%f')"),
        (Dialect::Mariadb, _) => format!("CAST({column} AS CHAR)"),
        (Dialect::Sqlite, Reading::Number) => format!("CASE WHEN {column} IS NOT NULL THEN printf('%.2f', {column}) END"),
        (Dialect::Sqlite, Reading::Float) => column.to_owned(),
        (Dialect::Sqlite, _) => format!("CAST({column} AS TEXT)"),
    }
}

/// The same for the same value, whichever database wrote it.
fn alike(reading: Reading, text: String) -> String {
    match reading {
        Reading::Moment if text.contains('.') => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
        Reading::Float => text.parse::<f64>().map_or(text, |number| format!("{number:e}")),
        _ => text,
    }
}

/// Gives every row of the tables, as they are at a version, as a line, sorted; equal lines are equal values. Text is in hex.
///
/// # Errors
/// What the server or the driver said.
pub fn rows(session: &mut Session, version: Version) -> Result<Vec<String>, Refusal> {
    let mut lines = Vec::new();
    for (table, columns) in shapes(version) {
        let read: Vec<String> = columns.iter().map(|(column, reading)| read_as(session.dialect, column, *reading)).collect();
        for row in session.rows(&format!("SELECT {} FROM {table}", read.join(", ")))? {
            let values = row.into_iter().zip(&columns).map(|(value, (name, reading))| {
                let value = value.map_or_else(|| "NULL".to_owned(), |value| alike(*reading, value));
                format!("{name}={value}")
            });
            lines.push(format!("{table} {}", values.collect::<Vec<_>>().join(" ")));
        }
    }
    lines.sort_unstable();
    Ok(lines)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_or_a_moment_that_is_written_otherwise_is_the_same() {
        assert_eq!(alike(Reading::Float, "1e+300".to_owned()), alike(Reading::Float, "1.0e300".to_owned()));
        assert_eq!(alike(Reading::Moment, "1988-07-01 12:00:00.500000".to_owned()), "1988-07-01 12:00:00.5");
        assert_eq!(alike(Reading::Moment, "1988-07-01 12:00:00".to_owned()), "1988-07-01 12:00:00");
        assert_ne!(alike(Reading::Text, "1.0".to_owned()), alike(Reading::Text, "1.00".to_owned()));
    }
}
