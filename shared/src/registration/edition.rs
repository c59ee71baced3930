//! Which edition a message is of (新旧标准), decided by its content and never by its code: `9000101` is a mortgage in the old edition and a
//! renewed land certificate in the new one.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::catalogue::{Standard, Table};
use super::message::Message;

/// Names the two editions of the message standard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Edition {
    /// Before 自然资登记函〔2021〕41号.
    Old,
    /// After it.
    New,
}

impl Edition {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Old, Self::New];

    /// Gives the other one.
    pub fn other(self) -> Self {
        match self {
            Self::Old => Self::New,
            Self::New => Self::Old,
        }
    }

    /// Gives its name in Chinese.
    pub fn zh(self) -> &'static str {
        match self {
            Self::Old => "旧版",
            Self::New => "新版",
        }
    }
}

impl fmt::Display for Edition {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.pad(match self {
            Self::Old => "old",
            Self::New => "new",
        })
    }
}

/// Which edition a message is of, and how it was told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Decided {
    /// The edition.
    pub edition: Edition,
    /// What spoke for it.
    pub by: Evidence,
}

/// What told a message's edition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Evidence {
    /// Tables that one edition alone has.
    Tables,
    /// Tables of both editions stand side by side; most are of the edition decided for.
    MixedTables,
    /// Columns that one edition alone has.
    Columns,
    /// Nothing: the new edition is assumed.
    Nothing,
}

/// Decides a message's edition: by tables that one edition alone has, else by columns, else it is taken for the new one.
pub fn decide(message: &Message<'_>, standard: &Standard) -> Decided {
    let both = |name: &str| Edition::ALL.map(|edition| standard.edition(edition).table(name));
    let mut tables = [0_usize; 2];
    let mut columns = [0_usize; 2];
    let mut seen: Vec<&str> = Vec::new();
    for row in message.rows() {
        let known = both(row.table);
        if known.iter().all(Option::is_none) || seen.contains(&row.table) {
            continue;
        }
        seen.push(row.table);
        match known {
            [Some(_), None] => tables[0] += 1,
            [None, Some(_)] => tables[1] += 1,
            [Some(old), Some(new)] => row.cells().for_each(|(name, _)| count_column(old, new, name, &mut columns)),
            [None, None] => {}
        }
    }
    match (tables, columns) {
        ([0, 0], [old, new]) if old == new => Decided { edition: Edition::New, by: Evidence::Nothing },
        ([0, 0], [old, new]) => Decided { edition: more(old, new), by: Evidence::Columns },
        ([old, new], _) => {
            let by = if old == 0 || new == 0 { Evidence::Tables } else { Evidence::MixedTables };
            Decided { edition: more(old, new), by }
        }
    }
}

fn more(old: usize, new: usize) -> Edition {
    if old > new { Edition::Old } else { Edition::New }
}

fn count_column(old: &Table, new: &Table, name: &str, columns: &mut [usize; 2]) {
    let of = |table: &Table| table.column(name).is_some_and(|column| !column.vendor);
    match (of(old), of(new)) {
        (true, false) => columns[0] += 1,
        (false, true) => columns[1] += 1,
        _ => {}
    }
}
