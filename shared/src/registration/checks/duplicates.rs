//! Rows that are there twice, whole or by their key. Spellings of nothing and of numbers make no difference.

use std::borrow::Cow;
use std::collections::HashMap;

use super::About;
use crate::registration::catalogue::{ColumnType, Table};
use crate::registration::finding::{Finding, Findings};
use crate::registration::message::Row;
use crate::registration::nothing::alike;
use crate::say;

pub(super) fn check(about: &About<'_, '_>, findings: &mut Findings) {
    let mut whole: HashMap<(&str, String), u32> = HashMap::new();
    let mut keys: HashMap<(&str, String), u32> = HashMap::new();
    let mut counts: HashMap<&str, u32> = HashMap::new();
    about.message.rows().for_each(|row| *counts.entry(row.table).or_default() += 1);
    // Most tables have one row: writing out its content would find nothing.
    for row in about.message.rows().filter(|row| counts.get(row.table).is_some_and(|count| *count > 1)) {
        let table = about.catalogue.table(row.table);
        let first = *whole.entry((row.table, content(table, &row))).or_insert(row.number);
        if first != row.number {
            findings.add(twice(first).in_row(&row));
            continue;
        }
        let Some(key) = table.and_then(|table| key(table, &row)) else {
            continue;
        };
        let first = *keys.entry((row.table, key)).or_insert(row.number);
        if first != row.number {
            let names = table.map(|table| table.key.join("、")).unwrap_or_default();
            findings.add(key_twice(first, &names).in_row(&row));
        }
    }
}

fn alike_in(table: Option<&Table>, name: &str, value: &str) -> Option<String> {
    let kind = table.and_then(|table| table.column(name)).map_or(ColumnType::Text, |column| column.kind);
    alike(value, kind).map(Cow::into_owned)
}

/// Gives a row's content in a form in which equal rows are equal: its columns in the order of their names.
fn content(table: Option<&Table>, row: &Row<'_, '_>) -> String {
    let mut cells: Vec<(&str, String)> =
        row.cells().filter_map(|(name, value)| Some((name, alike_in(table, name, &value)?))).collect();
    cells.sort_unstable();
    cells.iter().fold(String::new(), |content, (name, value)| content + name + "\u{1f}" + value + "\u{1e}")
}

/// Gives a row's key; `None` where the table has none or a part of it says nothing.
fn key(table: &Table, row: &Row<'_, '_>) -> Option<String> {
    if table.key.is_empty() {
        return None;
    }
    table.key.iter().try_fold(String::new(), |key, name| Some(key + &alike_in(Some(table), name, &row.get(name)?)? + "\u{1f}"))
}

fn twice(first: u32) -> Finding {
    Finding::warning("row-twice", |lang| {
        say!(
            lang,
            "这一行与本表第 {first} 行完全相同。请在登记系统中核对是否重复录入。",
            "This row is the same as row {first} of the table. Check in the registration system whether it was entered twice."
        )
    })
}

fn key_twice(first: u32, names: &str) -> Finding {
    Finding::warning("key-twice", |lang| {
        say!(
            lang,
            "这一行的 {names} 与本表第 {first} 行相同，其他内容却不同。请在登记系统中核对哪一行正确。",
            "This row has the {names} of row {first} of the table and other content. Check in the registration system which one is right."
        )
    })
}
