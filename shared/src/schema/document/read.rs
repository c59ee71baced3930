//! From bytes to operations.

use super::lint::{Finding, Wrong};
use super::{CHANGES_MAX, Change, DOCUMENT, Document, Operation, SqlText};
use crate::schema::DOCUMENT_MAX;
use crate::schema::bundle::{Bundle, BundleFault, BundleFile};
use crate::schema::name;
use crate::schema::plan::Dialect;
use crate::schema::structure::{Column, Reference, Row, Table, check_name, is_label, is_structure_name};
use crate::schema::types::ColumnType;
use crate::schema::value::is_plain;
use crate::station::line_at;
use dukou_packets::suite::sha256;
use serde::Deserialize;
use std::collections::BTreeMap;

/// A document as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Text {
    format: u32,
    structure: String,
    from: u32,
    to: u32,
    title: String,
    basis: String,
    first_day: String,
    inferred: Option<String>,
    #[serde(default)]
    pending: bool,
    #[serde(default)]
    change: Vec<toml::Spanned<ChangeText>>,
}

/// An operation as it is written; which settings it may have is told by its name.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct ChangeText {
    op: String,
    table: Option<String>,
    column: Option<String>,
    #[serde(rename = "type")]
    kind: Option<ColumnType>,
    to: Option<String>,
    null: Option<bool>,
    default: Option<String>,
    label: Option<String>,
    dictionary: Option<String>,
    columns: Option<Vec<Column>>,
    key: Option<Vec<String>>,
    unique: Option<Vec<Vec<String>>>,
    references: Option<Vec<Reference>>,
    rows: Option<Vec<Row>>,
    element: Option<String>,
    number: Option<u32>,
    files: Option<Vec<BundleFile>>,
    packed: Option<String>,
    about: Option<String>,
    touches: Option<Vec<String>>,
    postgres: Option<SqlText>,
    mariadb: Option<SqlText>,
    sqlite: Option<SqlText>,
    oracle: Option<SqlText>,
    dm: Option<SqlText>,
}

impl Document {
    /// Reads a document.
    ///
    /// # Errors
    /// All that is wrong with it, by its lines.
    pub fn read(bytes: &[u8]) -> Result<Self, Vec<Finding>> {
        let text = text_of(bytes).map_err(|finding| vec![finding])?;
        let read: Text = toml::from_str(text).map_err(|error| {
            let line = error.span().map_or(0, |span| line_at(text, span.start));
            vec![Finding { line, wrong: Wrong::Toml(error.message().trim().to_owned()) }]
        })?;
        let mut findings: Vec<Finding> =
            head(&read).into_iter().map(|(setting, wrong)| Finding { line: line_of(text, setting), wrong }).collect();
        let mut changes = Vec::new();
        for change in read.change {
            let line = line_at(text, change.span().start);
            match change.into_inner().operation() {
                Ok(operation) => changes.push(Change { line, operation }),
                Err(wrong) => findings.push(Finding { line, wrong }),
            }
        }
        let may_be_pending = |change: &Change| change.operation.may_be_pending();
        if read.pending && !changes.iter().all(may_be_pending) {
            findings.push(Finding { line: line_of(text, "pending"), wrong: Wrong::Pending });
        }
        let mut bundles = changes.iter().filter(|change| matches!(change.operation, Operation::Reference(_)));
        if let Some(second) = bundles.nth(1) {
            findings.push(Finding { line: second.line, wrong: Wrong::Bundle(BundleFault::Several) });
        }
        if !findings.is_empty() {
            return Err(findings);
        }
        Ok(Self {
            structure: read.structure,
            from: read.from,
            to: read.to,
            title: read.title,
            basis: read.basis,
            first_day: read.first_day,
            inferred: read.inferred,
            pending: read.pending,
            changes,
            digest: sha256(&[DOCUMENT, bytes]),
        })
    }
}

/// Gives the text, if its bytes can be signed as they are.
fn text_of(bytes: &[u8]) -> Result<&str, Finding> {
    if bytes.len() as u64 > DOCUMENT_MAX {
        return Err(Finding { line: 0, wrong: Wrong::TooLong });
    }
    let text = std::str::from_utf8(bytes).map_err(|error| Finding {
        line: 1 + bytes.iter().take(error.valid_up_to()).filter(|byte| **byte == b'\n').count(),
        wrong: Wrong::Bytes,
    })?;
    let odd = |letter: char| !is_plain(letter) && !matches!(letter, '\n' | '\t');
    match text.find(odd) {
        Some(at) => Err(Finding { line: line_at(text, at), wrong: Wrong::Bytes }),
        None if !text.ends_with('\n') => Err(Finding { line: text.lines().count().max(1), wrong: Wrong::Bytes }),
        None => Ok(text),
    }
}

/// The line on which a setting of the head stands.
fn line_of(text: &str, setting: &str) -> usize {
    let stands = |line: &str| line.trim_start().strip_prefix(setting).is_some_and(|rest| rest.trim_start().starts_with('='));
    text.lines().position(stands).map_or(1, |at| at + 1)
}

fn head(read: &Text) -> Vec<(&'static str, Wrong)> {
    let wording = |text: &str| (1..=500).contains(&text.chars().count()) && text.chars().all(is_plain);
    let words = "1–500 字，一行 / 1–500 characters on one line";
    let mut found = Vec::new();
    let mut ask = |setting, holds: bool, rule| {
        if !holds {
            found.push((setting, Wrong::Head(setting, rule)));
        }
    };
    ask("structure", is_structure_name(&read.structure), "[a-z][a-z0-9-]*, ≤ 32");
    ask("from", read.from >= 1, "≥ 1");
    ask("to", Some(read.to) == read.from.checked_add(1), "from + 1");
    ask("title", wording(&read.title), words);
    ask("basis", wording(&read.basis), words);
    ask("inferred", read.inferred.as_deref().is_none_or(wording), words);
    ask("first_day", is_day(&read.first_day), "YYYY-MM-DD");
    if read.format != 1 {
        found.push(("format", Wrong::Format(read.format)));
    }
    if read.change.is_empty() {
        found.push(("structure", Wrong::Empty));
    }
    if read.change.len() > CHANGES_MAX {
        found.push(("structure", Wrong::TooLong));
    }
    found
}

fn is_day(text: &str) -> bool {
    text.len() == 10 && text.parse::<jiff::civil::Date>().is_ok()
}

/// A setting, and whether it stands there.
type Setting = (&'static str, bool);

impl ChangeText {
    fn operation(self) -> Result<Operation, Wrong> {
        let may: &[&str] = match self.op.as_str() {
            "add-column" => &["table", "column", "type", "null", "default", "label", "dictionary"],
            "widen" | "retype" | "rename-column" => &["table", "column", "to"],
            "drop-column" => &["table", "column"],
            "add-table" => &["table", "label", "columns", "key", "unique", "references", "rows"],
            "dictionary-rows" => &["table", "rows"],
            "rename-element" => &["element", "to"],
            "reference" => &["number", "files", "packed"],
            "sql" => &["about", "touches", "postgres", "mariadb", "sqlite", "oracle", "dm"],
            other => return Err(Wrong::Operation(other.chars().take(40).collect())),
        };
        if let Some((name, _)) = self.settings().into_iter().find(|(name, stands)| *stands && !may.contains(name)) {
            return Err(Wrong::Stray(self.op, name));
        }
        match self.op.as_str() {
            "add-column" => self.add_column(),
            "widen" | "retype" => self.change_type(),
            "rename-column" => {
                let (table, column, to) = (self.table()?, self.column()?, self.need("to", self.to.clone())?);
                check_name(&to, name::check)?;
                Ok(Operation::RenameColumn { table, column, to })
            }
            "drop-column" => Ok(Operation::DropColumn { table: self.table()?, column: self.column()? }),
            "add-table" => self.add_table(),
            "dictionary-rows" => {
                let (table, rows) = (self.table()?, self.need("rows", self.rows.clone())?);
                if rows.is_empty() { Err(self.missing("rows")) } else { Ok(Operation::DictionaryRows { table, rows }) }
            }
            "rename-element" => self.rename_element(),
            "reference" => self.reference(),
            _ => self.sql(),
        }
    }

    fn settings(&self) -> Vec<Setting> {
        vec![
            ("table", self.table.is_some()),
            ("column", self.column.is_some()),
            ("type", self.kind.is_some()),
            ("to", self.to.is_some()),
            ("null", self.null.is_some()),
            ("default", self.default.is_some()),
            ("label", self.label.is_some()),
            ("dictionary", self.dictionary.is_some()),
            ("columns", self.columns.is_some()),
            ("key", self.key.is_some()),
            ("unique", self.unique.is_some()),
            ("references", self.references.is_some()),
            ("rows", self.rows.is_some()),
            ("element", self.element.is_some()),
            ("number", self.number.is_some()),
            ("files", self.files.is_some()),
            ("packed", self.packed.is_some()),
            ("about", self.about.is_some()),
            ("touches", self.touches.is_some()),
            ("postgres", self.postgres.is_some()),
            ("mariadb", self.mariadb.is_some()),
            ("sqlite", self.sqlite.is_some()),
            ("oracle", self.oracle.is_some()),
            ("dm", self.dm.is_some()),
        ]
    }

    fn missing(&self, setting: &'static str) -> Wrong {
        Wrong::Missing(self.op.clone(), setting)
    }

    fn need<T>(&self, setting: &'static str, value: Option<T>) -> Result<T, Wrong> {
        value.ok_or_else(|| self.missing(setting))
    }

    fn table(&self) -> Result<String, Wrong> {
        let table = self.need("table", self.table.clone())?;
        check_name(&table, name::check_table)?;
        Ok(table)
    }

    fn column(&self) -> Result<String, Wrong> {
        let column = self.need("column", self.column.clone())?;
        check_name(&column, name::check)?;
        Ok(column)
    }

    fn add_column(self) -> Result<Operation, Wrong> {
        let table = self.table()?;
        let column = Column {
            name: self.column()?,
            kind: self.need("type", self.kind)?,
            nullable: self.null.unwrap_or(true),
            default: self.default,
            label: self.label,
            dictionary: self.dictionary,
        };
        column.check()?;
        Ok(Operation::AddColumn { table, column })
    }

    fn change_type(self) -> Result<Operation, Wrong> {
        let (table, column, to) = (self.table()?, self.column()?, self.need("to", self.to.clone())?);
        let to: ColumnType =
            to.parse().map_err(|unknown: crate::schema::types::UnknownType| Wrong::Toml(unknown.to_string()))?;
        Ok(match self.op.as_str() {
            "widen" => Operation::Widen { table, column, to },
            _ => Operation::Retype { table, column, to },
        })
    }

    fn add_table(self) -> Result<Operation, Wrong> {
        let table = Table {
            name: self.table()?,
            columns: self.need("columns", self.columns.clone())?,
            key: self.need("key", self.key.clone())?,
            label: self.label,
            unique: self.unique.unwrap_or_default(),
            references: self.references.unwrap_or_default(),
            rows: self.rows,
        };
        table.check()?;
        Ok(Operation::AddTable(table))
    }

    fn rename_element(self) -> Result<Operation, Wrong> {
        let (element, to) = (self.need("element", self.element.clone())?, self.need("to", self.to.clone())?);
        check_name(&element, name::check_element)?;
        check_name(&to, name::check_element)?;
        match to.contains('/') {
            true => Err(Wrong::Head("to", "没有 / 的名字 / a name without /")),
            false => Ok(Operation::RenameElement { element, to }),
        }
    }

    fn reference(self) -> Result<Operation, Wrong> {
        let bundle = Bundle {
            number: self.need("number", self.number)?,
            files: self.need("files", self.files.clone())?,
            packed: self.need("packed", self.packed.clone())?,
        };
        bundle.check().map_err(Wrong::Bundle)?;
        Ok(Operation::Reference(bundle))
    }

    fn sql(self) -> Result<Operation, Wrong> {
        let about = self.need("about", self.about.clone())?;
        let touches = self.need("touches", self.touches.clone())?;
        if !is_label(&about) {
            return Err(crate::schema::structure::Wrong::Label.into());
        }
        touches.iter().try_for_each(|table| check_name(table, name::check_table))?;
        let of_databases = [
            (Dialect::Postgres, self.postgres.clone()),
            (Dialect::Mariadb, self.mariadb.clone()),
            (Dialect::Sqlite, self.sqlite.clone()),
            (Dialect::Oracle, self.oracle.clone()),
            (Dialect::Dm, self.dm.clone()),
        ];
        let texts: BTreeMap<Dialect, SqlText> =
            of_databases.into_iter().filter_map(|(dialect, text)| Some((dialect, text?))).collect();
        if texts.is_empty() {
            return Err(self.missing("postgres, mariadb, sqlite, oracle, dm"));
        }
        match texts.iter().all(|(dialect, text)| text.is_sound(*dialect)) {
            true => Ok(Operation::Sql { about, touches, texts }),
            false => Err(Wrong::Statement),
        }
    }
}

/// How a statement of a document begins. None of these ends the transaction that it is part of, changes the session or reaches beyond the database.
const BEGINNINGS: [&str; 15] = [
    "ALTER", "ANALYZE", "COMMENT", "CREATE", "DELETE", "DROP", "GRANT", "INSERT", "MERGE", "REPLACE", "REVOKE", "SELECT",
    "TRUNCATE", "UPDATE", "WITH",
];

impl SqlText {
    /// Tells whether each part is one statement, or one query, which ends where it seems to end.
    fn is_sound(&self, dialect: Dialect) -> bool {
        let begins = |text: &String, with: &[&str]| {
            let first = text.trim_start().split(|letter: char| !letter.is_ascii_alphabetic()).next().unwrap_or_default();
            with.iter().any(|word| first.eq_ignore_ascii_case(word))
        };
        // SQL*Plus and disql are the only programs that run these two: a `#` is an order to the first amid a statement, and it takes a hyphen off a line's end.
        let is_by_hand = matches!(dialect, Dialect::Oracle | Dialect::Dm);
        let is_order = |line: &str| {
            let by_hand = is_by_hand && (line.trim_start().starts_with('#') || line.trim_end().ends_with('-'));
            by_hand || line.trim_start().starts_with(['\\', '.', '!', '@', '/'])
        };
        let whole = |text: &&String| {
            !text.trim().is_empty()
                && text.chars().all(|letter| letter == '\n' || is_plain(letter))
                // Programs that run scripts take such lines for orders of their own.
                && !text.lines().any(is_order)
        };
        // Where a text or a comment ends is another question for each database: what could end a statement is nowhere in it, in quotes neither.
        let is_one = |text: &&String| {
            let is_marred = text.contains(';') || text.contains("--") || text.contains("/*");
            !is_marred && (dialect != Dialect::Mariadb || !text.contains('#'))
        };
        let statements = [&self.forward, &self.rollback, &self.check];
        statements.iter().all(|text| whole(text) && is_one(text))
            && whole(&&self.expect)
            && !self.expect.contains(['\n', '\''])
            && begins(&self.forward, &BEGINNINGS)
            && begins(&self.rollback, &BEGINNINGS)
            && begins(&self.check, &["SELECT", "WITH"])
    }
}
