//! Day marks against vectors that were computed elsewhere, from the specification alone.

use std::fs;
use std::path::Path;

use jiff::civil::DateTime;
use serde_json::Value;

use super::super::day_mark::{DayMark, MARK_BYTES_MAX, MarkFault, RowsOfDay, rows_of_day};
use super::super::facts::RegisterRow;
use super::super::settings::Settings;
use super::generated;
use super::sample::county;

fn cases() -> Vec<(String, Value)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../packets/vectors/day-marks");
    let mut cases: Vec<(String, Value)> = fs::read_dir(folder)
        .expect("the vectors are there")
        .map(|entry| entry.unwrap().path())
        .map(|path| (path.display().to_string(), serde_json::from_slice(&fs::read(path).unwrap()).unwrap()))
        .collect();
    cases.sort_by(|a, b| a.0.cmp(&b.0));
    cases
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_default()
}

fn row(value: &Value) -> RegisterRow {
    let djsj: DateTime = text(value, "djsj").parse().unwrap();
    RegisterRow {
        ywh: text(value, "ywh").into(),
        bdcdyh: text(value, "bdcdyh").into(),
        djlx: text(value, "djlx").into(),
        qllx: text(value, "qllx").into(),
        zszmh: text(value, "zszmh").into(),
        qxdm: text(value, "qxdm").into(),
        djsj,
        qszt: text(value, "qszt").into(),
        first_seen: djsj,
        access_state: None,
        is_external_cancellation: false,
    }
}

fn codes(value: &Value) -> Vec<super::super::ids::AreaCode> {
    value.as_array().into_iter().flatten().map(|code| code.as_str().unwrap().parse().unwrap()).collect()
}

#[test]
fn every_mark_vector_is_written_and_read_as_it_says() {
    let cases = cases();
    assert!(cases.len() >= 12, "{} vectors", cases.len());
    for (path, case) in cases {
        let mark = text(&case, "mark");
        let read = DayMark::decode(mark.as_bytes());
        match text(&case, "expect") {
            "ok" => {
                let read = read.unwrap_or_else(|fault| panic!("{path}: {fault}"));
                assert_eq!(read.encode(), mark, "{path}");
                let mut settings = Settings::of(read.county);
                (settings.aliases, settings.neighbours) = (codes(&case["aliases"]), codes(&case["neighbours"]));
                let rows: Vec<RegisterRow> = case["rows"].as_array().unwrap().iter().map(row).collect();
                assert_eq!(rows_of_day(&settings, read.day, &rows), read.rows, "{path}");
            }
            _ => {
                let line = case["line"].as_u64().unwrap() as usize;
                assert_eq!(read, Err(MarkFault::Shape(line)), "{path}");
            }
        }
    }
}

#[test]
fn a_mark_that_is_too_long_is_refused_before_it_is_read() {
    assert_eq!(DayMark::decode(&vec![b'x'; MARK_BYTES_MAX + 1]), Err(MarkFault::TooLong));
    assert_eq!(DayMark::decode(&[0xff]), Err(MarkFault::Shape(1)));
}

proptest::proptest! {
    #[test]
    fn no_bytes_make_the_reader_of_marks_panic(bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..400)) {
        let _ = DayMark::decode(&bytes);
    }
}

#[test]
fn rows_that_are_in_memory_and_rows_that_pass_by_have_one_digest() {
    let mut rows = generated::World::new(11, 300).facts.rows;
    // The order is that of what is digested, where a shorter text is before a longer one.
    rows.extend(rows.clone().into_iter().take(5));
    for (row, ywh) in rows.iter_mut().zip(["B", "AA", "", "\u{5c71}", "\0"]) {
        row.ywh = ywh.into();
    }
    for (n, row) in rows.iter_mut().rev().take(9).enumerate() {
        (row.ywh, row.bdcdyh, row.qszt) = ("A".into(), "150721001002GB00017F00030012".into(), n.to_string().as_str().into());
        row.djsj = generated::DAY.at(9, (n * 7 % 5) as i8, 0, 0);
    }
    let settings = county();
    let mut of_day = RowsOfDay::default();
    let mine = |row: &&RegisterRow| row.day() == generated::DAY && settings.has_row(&row.bdcdyh, &row.qxdm);
    rows.iter().filter(mine).for_each(|row| of_day.take(row));
    assert_eq!(rows_of_day(&settings, generated::DAY, &rows), of_day.finish());
}
