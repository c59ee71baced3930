//! Rows of tables: in packets, in extracts, in values, and the list of columns beside them.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use dukou_shared::connectors::tables::declared::Declared;
use dukou_shared::connectors::tables::table_file::TableFileSource;
use dukou_shared::connectors::tables::values::{Charset, Column, Kind, Unit, taken};
use dukou_shared::connectors::tables::{EntryRange, ReadLimits, RowChange, RowRun, TableSource, Value};
use dukou_shared::lang::Lang;
use dukou_shared::seams::Files;
use dukou_shared::seams::sim_files::SimFiles;

use super::{registration, seeds};

/// A row change that is taken, written and read again is the same.
pub(super) fn change(bytes: &[u8]) -> bool {
    let read = RowChange::parse(bytes, &[]);
    if let Ok(change) = &read {
        let (body, large) = change.render(usize::MAX);
        assert!(large.is_empty());
        assert_eq!(RowChange::parse(&body, &[]).as_ref(), Ok(change));
        assert!(change.key_text().len() <= 512);
    }
    read.is_ok()
}

pub(super) fn change_seeds() -> Vec<Vec<u8>> {
    let mut bodies = bodies();
    bodies.extend(registration::register_row_seeds());
    bodies
}

/// Gives the vectors' records from where the body of a row or a run begins.
fn bodies() -> Vec<Vec<u8>> {
    let begins = b"{\"op\":";
    let of = |plain: &Vec<u8>| {
        let at = plain.windows(begins.len()).rposition(|window| window == begins)?;
        Some(plain[at..].to_vec())
    };
    seeds::bytes("packets", "plain").iter().filter_map(of).collect()
}

/// A run that is taken is written the same.
pub(super) fn run(bytes: &[u8]) -> bool {
    let lines = bytes.iter().filter(|byte| **byte == b'\n').count();
    let read = RowRun::parse("t", &bytes.to_vec().into(), u32::try_from(lines.saturating_sub(1)).unwrap_or(u32::MAX));
    if let Ok(run) = &read {
        let (first, lines) = run.body();
        let again = [&first[..], &lines].concat().into();
        assert_eq!(RowRun::parse("t", &again, run.rows()).as_ref(), Ok(run));
        assert_eq!(run.changes().count(), run.rows() as usize);
    }
    read.is_ok()
}

pub(super) fn run_seeds() -> Vec<Vec<u8>> {
    bodies().into_iter().filter(|body| body.contains(&b'\n')).collect()
}

/// Reads the list of columns, and a list of ranges of the outbox.
pub(super) fn columns(bytes: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(bytes) else { return false };
    if let Some(ranges) = EntryRange::read(text) {
        assert_eq!(EntryRange::read(&EntryRange::written(&ranges)), Some(ranges));
    }
    Declared::read(text).is_ok()
}

const COLUMNS: &str = "# sqlite UTF-8\nmain.zd\tbsm\tINT\t4\t\t\t10\t0\tN\t1\nmain.zd\tmc\tCLOB\t\t\t\t\t\tY\t\nmain.zd\tmj\tDECIMAL\t\t\t\t10\t2\tY\t\n";

pub(super) fn columns_seeds() -> Vec<Vec<u8>> {
    vec![COLUMNS.as_bytes().to_vec(), b"7+3@1795313765123+60,12+0@1795313765123+0".to_vec()]
}

/// Holds a text against columns of every kind; what a column takes in another form it takes again.
pub(super) fn values(bytes: &[u8]) -> bool {
    thread_local!(static KINDS: Vec<Column> = kinds());
    let value = match std::str::from_utf8(bytes) {
        Ok(text) => Value::Text(text.to_owned()),
        Err(_) => Value::Bytes(bytes.to_vec()),
    };
    KINDS.with(|kinds| {
        let took = kinds.iter().filter(|column| match taken(column, &value) {
            Ok(form) => {
                assert!(taken(column, &form).is_ok(), "{column:?} {value:?} {form:?}");
                true
            }
            Err(misfit) => {
                assert!(!misfit.sentence(Lang::Zh).is_empty() && !misfit.sentence(Lang::En).is_empty());
                false
            }
        });
        took.count() > 0
    })
}

fn kinds() -> Vec<Column> {
    let text = |charset, unit| Kind::Text { max: Some(20), unit, charset };
    let kinds = [
        Kind::Integer { bits: 64, unsigned: false },
        Kind::Numeric { precision: Some(18), scale: 4 },
        Kind::Float { bits: 64 },
        Kind::Bool,
        text(Charset::Utf8, Unit::Chars),
        text(Charset::Gbk, Unit::Bytes),
        text(Charset::Gb18030, Unit::Utf16),
        Kind::Bytes { max: Some(20) },
        Kind::Date,
        Kind::Time { fraction: 6 },
        Kind::Timestamp { fraction: 6 },
        Kind::TimestampTz { fraction: 3 },
        Kind::Uuid,
        Kind::Json,
        Kind::Enum { labels: vec!["甲".to_owned()] },
    ];
    kinds.map(|kind| Column { name: "C".to_owned(), kind, nullable: true, in_key: false }).into()
}

pub(super) fn values_seeds() -> Vec<Vec<u8>> {
    [
        "-9223372036854775808",
        "98.3600",
        "1.5e-7",
        "true",
        "阿荣旗测试",
        "2024-03-15",
        "10:21:33.123456",
        "2024-03-15T10:21:33.5",
        "2024-03-15T10:21:33+08:00",
        "550e8400-e29b-41d4-a716-446655440000",
        "{\"a\":[1,2,{\"b\":null}]}",
        "甲",
    ]
    .map(|text| text.as_bytes().to_vec())
    .into()
}

/// Reads an extract as a channel's source does.
pub(super) fn extract(bytes: &[u8]) -> bool {
    let files = SimFiles::new(1);
    let folder = Path::new("/extracts");
    files.make_dirs(folder).expect("a simulated folder");
    files.put(folder.join("columns.tsv"), COLUMNS);
    files.put(folder.join("000001.jsonl"), bytes);
    let mut source = TableFileSource::new(Arc::new(files), folder, &["main.zd".to_owned()]);
    let limits = ReadLimits { rows: 1000, bytes: 1 << 20 };
    source.read(&BTreeSet::new(), limits).is_ok_and(|rows| !rows.is_empty())
}

pub(super) fn extract_seeds() -> Vec<Vec<u8>> {
    let line = r#"{"table":"main.zd","op":"stock","key":{"bsm":"7"},"row":{"bsm":"7","mc":"测试"}}"#;
    vec![format!("{line}\n{line}\n{{\"end\":2}}\n").into_bytes(), format!("{line}\n").into_bytes()]
}
