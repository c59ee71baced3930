//! The catalogue: what tables, columns, codes and rules each edition has. It is data (`deploy/standard/`), compiled in.
//!
//! `cargo xtask standard --data DIR` writes the data from the domain's lists; `rules.toml` beside them holds the decisions, each with its
//! provenance. All of it rests on what vendors do or on recollection, so that what goes against it gives warnings and never errors.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::LazyLock;

use serde::Deserialize;
use thiserror::Error;

use super::edition::Edition;
use crate::schema::bundle::BundleFault;

/// What a column's values are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ColumnType {
    /// A text.
    Text,
    /// A whole number.
    Integer,
    /// A decimal number.
    Decimal,
    /// A date, or a date and a time.
    Date,
}

/// A column of a table in one edition.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Column {
    /// The attribute's name.
    pub name: String,
    /// What people call it.
    pub label: String,
    /// What its values are.
    #[serde(rename = "type")]
    pub kind: ColumnType,
    /// The dictionary its values are of.
    pub dictionary: Option<String>,
    /// Whether a vendor's schema requires it.
    #[serde(default)]
    pub required: bool,
    /// The widest width seen, in characters.
    pub width: Option<usize>,
    /// Whether it is a vendor's own, in neither edition.
    #[serde(default)]
    pub vendor: bool,
}

/// A table of one edition.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Table {
    /// The element's name.
    pub name: String,
    /// What people call it.
    pub label: String,
    /// Its element code (要素代码).
    pub ysdm: Option<String>,
    /// Its place in the order of tables inside Data.
    pub place: Option<u32>,
    /// Its columns.
    pub columns: Vec<Column>,
    #[serde(skip)]
    by_name: HashMap<String, usize>,
    /// The columns by which a row is told from the others.
    #[serde(skip)]
    pub key: Vec<String>,
    /// Numbers of papers in it, and the column that tells their kind.
    #[serde(skip)]
    pub papers: Vec<(Option<String>, String)>,
}

impl Table {
    /// Finds a column.
    pub fn column(&self, name: &str) -> Option<&Column> {
        self.by_name.get(name).and_then(|at| self.columns.get(*at))
    }
}

/// A business code (业务编码) of one edition.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecType {
    /// Seven digits.
    pub code: String,
    /// What people call it.
    pub name: String,
    /// The table of the right itself.
    pub main: Option<String>,
    /// The sets of tables that are known; none where no set is known.
    pub sets: Vec<Vec<String>>,
}

/// What one edition has.
#[derive(Debug)]
pub struct Catalogue {
    /// Which edition.
    pub edition: Edition,
    tables: Vec<Table>,
    by_name: HashMap<String, usize>,
    codes: BTreeMap<String, RecType>,
}

impl Catalogue {
    /// Finds a table by its element's name.
    pub fn table(&self, name: &str) -> Option<&Table> {
        self.by_name.get(name).and_then(|at| self.tables.get(*at))
    }

    /// Gives all tables.
    pub fn tables(&self) -> &[Table] {
        &self.tables
    }

    /// Finds a business code.
    pub fn code(&self, code: &str) -> Option<&RecType> {
        self.codes.get(code)
    }

    /// Gives all business codes.
    pub fn codes(&self) -> impl Iterator<Item = &RecType> {
        self.codes.values()
    }
}

/// A list of codes.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dictionary {
    /// Its name.
    pub name: String,
    /// The codes and their meanings.
    pub codes: BTreeMap<String, String>,
    /// Codes that vendors use inside and that leak into messages.
    #[serde(default)]
    pub vendor: BTreeMap<String, String>,
}

/// The decisions of `rules.toml` that checks ask for.
#[derive(Debug, Deserialize)]
pub struct Rules {
    /// Tables that need not be there although a set has them.
    pub optional: BTreeMap<String, String>,
    key: BTreeMap<String, Vec<String>>,
    paper: Vec<Paper>,
    /// Which columns hold certificate numbers of the case itself.
    pub certificate: CertificateColumns,
    /// Which columns are masked where they are shown.
    pub masked: Masked,
    /// Rules of unit numbers.
    pub unit: UnitRules,
}

/// A number of a paper and its kind.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Paper {
    table: String,
    kind: Option<String>,
    number: String,
}

/// Which columns hold certificate numbers.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CertificateColumns {
    /// Columns with the number of this case.
    pub columns: BTreeSet<String>,
    /// Tables in which these columns name an earlier certificate.
    pub earlier: BTreeSet<String>,
}

/// Which columns are masked.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Masked {
    /// Names: the first character stays.
    pub names: BTreeSet<String>,
    /// Numbers: the first and last four places stay.
    pub numbers: BTreeSet<String>,
}

/// Rules of unit numbers.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UnitRules {
    /// Columns that hold one of the message's own parcel.
    pub columns: BTreeSet<String>,
    /// Columns that hold one of another parcel.
    pub elsewhere: BTreeSet<String>,
    /// Letters of position 13.
    pub owner: String,
    /// Letters of position 14.
    pub feature: String,
    /// Letters of position 20.
    pub fixture: String,
    /// Area codes that are another's now.
    pub alias: BTreeMap<String, String>,
}

/// Tells why data is no catalogue.
#[derive(Debug, Error)]
#[error("标准数据 {file} 不可用：{problem} / the standard's data {file} cannot be used: {problem}")]
pub struct CatalogueFault {
    /// Which file.
    pub file: &'static str,
    /// What the reader of JSON or TOML says.
    pub problem: String,
}

/// Both editions, the dictionaries and the rules.
#[derive(Debug)]
pub struct Standard {
    old: Catalogue,
    new: Catalogue,
    dictionaries: HashMap<String, Dictionary>,
    /// The decisions.
    pub rules: Rules,
}

impl Standard {
    /// Finds an edition's catalogue.
    pub fn edition(&self, edition: Edition) -> &Catalogue {
        match edition {
            Edition::Old => &self.old,
            Edition::New => &self.new,
        }
    }

    /// Finds a dictionary.
    pub fn dictionary(&self, name: &str) -> Option<&Dictionary> {
        self.dictionaries.get(name)
    }

    /// Reads the data that is compiled in.
    ///
    /// # Errors
    /// The file that cannot be read; a test holds that none is such.
    fn read() -> Result<Self, CatalogueFault> {
        Self::of(&COMPILED_IN)
    }

    /// Reads a bundle's files; what `text` gives none of is as compiled in.
    ///
    /// # Errors
    /// What `text` says; [`BundleFault::Content`] for a file that is no JSON of its kind, or names what is not there.
    pub fn with<'a>(text: impl Fn(&'static str) -> Result<Option<&'a str>, BundleFault>) -> Result<Self, BundleFault> {
        let mut files: [(&'static str, &str); 5] = COMPILED_IN;
        for (name, compiled_in) in &mut files {
            if let Some(own) = text(name)? {
                *compiled_in = own;
            }
        }
        let wrong = BundleFault::content;
        let standard = Self::of(&files).map_err(|fault| wrong(fault.file, fault.problem))?;
        match standard.missing() {
            None => Ok(standard),
            Some((file, problem)) => Err(wrong(file, problem)),
        }
    }

    fn of(files: &[(&'static str, &str); 5]) -> Result<Self, CatalogueFault> {
        let rules: Rules = toml::from_str(include_str!("../../../deploy/standard/rules.toml"))
            .map_err(|error| CatalogueFault { file: "rules.toml", problem: error.to_string() })?;
        let [dictionaries, old_codes, old_tables, new_codes, new_tables] = *files;
        let dictionaries: Vec<Dictionary> = json(dictionaries)?;
        Ok(Self {
            old: catalogue(Edition::Old, json(old_tables)?, json(old_codes)?, &rules),
            new: catalogue(Edition::New, json(new_tables)?, json(new_codes)?, &rules),
            dictionaries: dictionaries.into_iter().map(|one| (one.name.clone(), one)).collect(),
            rules,
        })
    }

    /// Tells what the data names that is not there, or is no business code, and in which file.
    fn missing(&self) -> Option<(&'static str, String)> {
        let is_code = |code: &str| code.len() == 7 && code.bytes().all(|digit| digit.is_ascii_digit());
        for (catalogue, codes) in [(&self.old, "old/rectypes.json"), (&self.new, "new/rectypes.json")] {
            let mut columns = catalogue.tables.iter().flat_map(|table| &table.columns);
            let is_missing = |name: &&String| !self.dictionaries.contains_key(*name);
            if let Some(name) = columns.find_map(|column| column.dictionary.as_ref().filter(is_missing)) {
                return Some(("dictionaries.json", format!("there is no dictionary {name:?}")));
            }
            for RecType { code, main, sets, .. } in catalogue.codes() {
                if !is_code(code) {
                    return Some((codes, format!("{code:?} is no business code of seven digits")));
                }
                if let Some(table) = sets.iter().flatten().chain(main).find(|table| catalogue.table(table).is_none()) {
                    return Some((codes, format!("{code}: there is no table {table:?}")));
                }
            }
        }
        None
    }
}

/// The data that is compiled in, by the names that it has in a bundle, too.
const COMPILED_IN: [(&str, &str); 5] = [
    ("dictionaries.json", include_str!("../../../deploy/standard/dictionaries.json")),
    ("old/rectypes.json", include_str!("../../../deploy/standard/old/rectypes.json")),
    ("old/tables.json", include_str!("../../../deploy/standard/old/tables.json")),
    ("new/rectypes.json", include_str!("../../../deploy/standard/new/rectypes.json")),
    ("new/tables.json", include_str!("../../../deploy/standard/new/tables.json")),
];

/// Gives the standard as compiled in.
pub fn standard() -> &'static Standard {
    static STANDARD: LazyLock<Standard> =
        LazyLock::new(|| Standard::read().expect("the data is compiled in, and a test reads it"));
    &STANDARD
}

fn json<T: for<'de> Deserialize<'de>>((file, text): (&'static str, &str)) -> Result<T, CatalogueFault> {
    serde_json::from_str(text).map_err(|error| CatalogueFault { file, problem: error.to_string() })
}

fn catalogue(edition: Edition, tables: Vec<Table>, codes: Vec<RecType>, rules: &Rules) -> Catalogue {
    let tables: Vec<Table> = tables.into_iter().map(|table| with_rules(table, rules)).collect();
    let by_name = tables.iter().enumerate().map(|(at, table)| (table.name.clone(), at)).collect();
    let codes = codes.into_iter().map(|code| (code.code.clone(), code)).collect();
    Catalogue { edition, tables, by_name, codes }
}

fn with_rules(table: Table, rules: &Rules) -> Table {
    let by_name = table.columns.iter().enumerate().map(|(at, column)| (column.name.clone(), at)).collect();
    let key = rules.key.get(&table.name).cloned().unwrap_or_default();
    let papers = rules.paper.iter().filter(|paper| paper.table == table.name);
    let papers = papers.map(|paper| (paper.kind.clone(), paper.number.clone())).collect();
    Table { by_name, key, papers, ..table }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_data_compiled_in_can_be_used() {
        let standard = Standard::read().unwrap();
        assert_eq!((standard.old.tables.len(), standard.new.tables.len()), (46, 48));
        assert_eq!((standard.old.codes.len(), standard.new.codes.len()), (43, 64));
    }

    #[test]
    fn whatever_the_data_names_is_there() {
        let standard = standard();
        for edition in [Edition::Old, Edition::New] {
            let catalogue = standard.edition(edition);
            for table in catalogue.tables() {
                for column in &table.columns {
                    let dictionary = column.dictionary.as_deref();
                    assert!(dictionary.is_none_or(|name| standard.dictionary(name).is_some()), "{dictionary:?}");
                }
                let papers = table.papers.iter().flat_map(|(kind, number)| kind.iter().chain([number]));
                for name in table.key.iter().chain(papers) {
                    let there = Edition::ALL.iter().any(|edition| {
                        standard.edition(*edition).table(&table.name).is_some_and(|table| table.column(name).is_some())
                    });
                    assert!(there, "{} {name}", table.name);
                }
            }
            for code in catalogue.codes() {
                for table in code.sets.iter().flatten().chain(&code.main) {
                    assert!(catalogue.table(table).is_some(), "{} {table}", code.code);
                }
            }
        }
    }
}
