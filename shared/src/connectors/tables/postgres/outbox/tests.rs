//! Runs say what the entries one by one say, and stand at the borders of transactions.

use super::*;

fn row<'a>(id: i64, tx: i64, table: &'a str, op: &'a str, key: &'a str, row: Option<&'a str>) -> Row<'a> {
    Row { entry: EntryId { id, at_ms: id * 10 }, tx, table, op, key, row, changed: None, problem: None }
}

/// What came of rows of transactions: their sizes, `*` where it is a run, and `+` where that goes on.
fn shown(rows: &[Row<'_>], goes_on: bool) -> String {
    let taken: Vec<Taken> = rows.iter().map(|row| Taken { id: row.entry.id, goes_on }).collect();
    let offered = in_order(rows, &taken).expect("all rows are there");
    let (mut names, mut entries) = (KnownNames::default(), Vec::new());
    let singly: Vec<(EntryId, RowChange)> = rows.iter().flat_map(|row| single(row, goes_on, &mut names).changes()).collect();
    let together: Vec<(EntryId, RowChange)> = offered.iter().flat_map(Offered::changes).collect();
    let without = |of: &[(EntryId, RowChange)]| {
        of.iter().map(|(entry, change)| (*entry, RowChange { goes_on: false, ..change.clone() })).collect::<Vec<_>>()
    };
    assert_eq!(without(&together), without(&singly));
    for offered in &offered {
        entries.push(match &offered.entry {
            Entry::Run(run, ids) => {
                assert_eq!((run.rows() as usize, ids.len()), (ids.len(), offered.count()));
                format!("{}*{}", run.rows(), if run.goes_on() { "+" } else { "" })
            }
            Entry::Change(_) => "1".to_owned(),
            Entry::Unfit { code, .. } => (*code).to_owned(),
            Entry::Marker(token) => format!("#{token}"),
            Entry::Structure(document) => format!("={document}"),
        });
    }
    entries.join(" ").replace("1 1 1 1 1 ", "5 ").replace("5 5 5 ", "15 ")
}

/// Inserts into a table: transactions with how many rows each has.
fn inserts(of: &[(i64, usize, &'static str)]) -> Vec<Row<'static>> {
    let mut rows = Vec::new();
    for (tx, count, table) in of {
        for _ in 0..*count {
            let id = rows.len() as i64 + 1;
            rows.push(row(id, *tx, table, "insert", "{\"id\" : \"t1\"}", Some("{\"id\" : \"t1\", \"v\" : null}")));
        }
    }
    rows
}

#[test]
fn a_run_has_whole_transactions_or_rows_of_one() {
    assert_eq!(shown(&inserts(&[(1, 20, "t"), (2, 20, "t")]), false), "40*");
    assert_eq!(shown(&inserts(&[(1, 10, "t"), (2, 10, "t"), (3, 20, "u")]), false), "20* 20*");
    assert_eq!(shown(&inserts(&[(1, 20, "t"), (2, 17, "t"), (2, 18, "u"), (3, 19, "u")]), false), "20* 17* 18* 19*");
    assert_eq!(shown(&inserts(&[(1, 20, "t"), (2, 1, "t"), (2, 1, "u"), (3, 19, "u")]), false), "20* 1 1 19*");
    assert_eq!(
        shown(&inserts(&[(1, 15, "t")]), false),
        "15 1".replace("15 1", &["1"; 15].join(" ").replace("1 1 1 1 1 ", "5 "))
    );
    assert_eq!(shown(&inserts(&[(1, 20, "t")]), true), "19*+ 1");
}

#[test]
fn markers_and_rows_that_cannot_travel_stand_in_their_place() {
    let mut rows = inserts(&[(1, 40, "t"), (2, 20, "t")]);
    rows[17] = Row { problem: Some("value-too-large:17:v"), ..rows[17] };
    rows[39] = Row { op: "marker", key: "\"77\"", row: None, ..rows[39] };
    assert_eq!(shown(&rows, false), "17* value-too-large 21* #77 20*");
    let mut rows = inserts(&[(1, 40, "t")]);
    rows[20].row = Some("{\"id\" : \"t1\", \"v\" : \"nNaN\"}");
    assert_eq!(shown(&rows, false), "20* not-a-number 19*");
}

#[test]
fn every_value_is_as_it_is_one_by_one() {
    let values = [
        r#""t""#,
        r#""t\\N""#,
        r#""ta\tb\nc\r\\d\"e/\b\f\u000b\u0001""#,
        "\"t\u{2028}𬭚 䶮\"",
        r#""n-1.50""#,
        r#""f1e-05""#,
        r#""f1.5""#,
        r#""d2024-02-29 12:00:00.5+08""#,
        r#""d2024-02-29""#,
        "null",
    ];
    let json: Vec<String> = values.iter().map(|value| format!("{{\"id\" : \"t1\", \"v\" : {value}}}")).collect();
    let rows: Vec<Row<'_>> = (1..21)
        .map(|id| row(id, 9, "t", "insert", "{\"id\" : \"t1\"}", json.get(id as usize % json.len()).map(String::as_str)))
        .collect();
    assert_eq!(shown(&rows, false), "20*");
    let bytes: Vec<Row<'_>> = (1..21)
        .map(|id| row(id, 9, "t", "insert", "{\"id\" : \"t1\"}", Some("{\"id\" : \"t1\", \"v\" : \"x00ff\"}")))
        .collect();
    assert_eq!(shown(&bytes, false), "20*");
    let mixed: Vec<Row<'_>> = rows.iter().take(18).chain(bytes.iter().skip(18)).copied().collect();
    assert_eq!(shown(&mixed, false), "18* 1 1", "a column is text or bytes");
    let gone: Vec<Row<'_>> =
        (1..21).map(|id| row(id, 9, "t", "delete", "{\"a\\\"b\" : \"t1\", \"c\" : \"t2\"}", None)).collect();
    assert_eq!(shown(&gone, false), "20*");
}

#[test]
fn only_updates_of_the_same_columns_are_alike() {
    let mut rows = inserts(&[(1, 60, "t")]);
    for (at, row) in rows.iter_mut().enumerate() {
        (row.op, row.changed) = ("update", Some(if at < 20 { "[\"v\"]" } else { "[\"v\",\"id\"]" }));
    }
    rows[40].key = "{\"id\" : \"t2\"}";
    assert_eq!(shown(&rows, false), "20* 20* 1 19*", "a key that moved goes for itself");
}
