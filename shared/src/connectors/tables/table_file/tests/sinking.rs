use super::*;
use crate::connectors::tables::{Mark, Problem, RowPacket, TableFault, TableSink};
use dukou_packets::packet::header::{ChannelName, Epoch};
use dukou_packets::suite::Digest;
use proptest::prelude::*;
use sqlx::{Connection, Row, SqliteConnection};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The database for which scripts are written, run for real.
struct Database {
    runtime: tokio::runtime::Runtime,
    connection: SqliteConnection,
}

impl Database {
    fn new() -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let connection = runtime.block_on(SqliteConnection::connect("sqlite::memory:")).unwrap();
        let mut database = Self { runtime, connection };
        let tables = "PRAGMA foreign_keys = ON;
            CREATE TABLE zd (bsm INTEGER PRIMARY KEY, mc TEXT, tx BLOB);
            CREATE TABLE h (zd INTEGER NOT NULL REFERENCES zd (bsm), xh TEXT NOT NULL, mj TEXT, PRIMARY KEY (zd, xh));";
        database.run(tables).unwrap();
        database.run(TableFileSink::install_sql_of(Dialect::Sqlite)).unwrap();
        database
    }

    /// Runs a script as `sqlite3 -bail` does; what an open transaction did is gone with the program.
    fn run(&mut self, sql: &str) -> Result<(), sqlx::Error> {
        let run = sqlx::raw_sql(sqlx::AssertSqlSafe(sql.to_string())).execute(&mut self.connection);
        let done = self.runtime.block_on(run).map(drop);
        if done.is_err() {
            let _ = self.runtime.block_on(sqlx::raw_sql("ROLLBACK").execute(&mut self.connection));
        }
        done
    }

    /// Gives all rows of a table, as text.
    fn rows(&mut self, query: &'static str) -> Vec<String> {
        let rows = self.runtime.block_on(sqlx::query(query).fetch_all(&mut self.connection)).unwrap();
        rows.iter().map(|row| row.get(0)).collect()
    }

    fn all(&mut self) -> Vec<String> {
        let mut rows = self.rows(
            "SELECT 'zd ' || bsm || ' ' || coalesce(mc, 'null') || ' ' || CASE WHEN tx IS NULL THEN 'null' ELSE hex(tx) END FROM zd ORDER BY bsm",
        );
        rows.extend(self.rows("SELECT 'h ' || zd || ' ' || xh || ' ' || coalesce(mj, 'null') FROM h ORDER BY zd, xh"));
        rows
    }

    fn mark(&mut self) -> Vec<String> {
        self.rows("SELECT epoch || ' ' || seq || ' ' || header FROM dukou_mark")
    }
}

fn channel() -> ChannelName {
    "units".parse().unwrap()
}

fn mark(seq: u64) -> Mark {
    let epoch: Epoch = "1-00ff00ff00ff00ff".parse().unwrap();
    Mark { epoch, seq, header: Digest::from_bytes([u8::try_from(seq).unwrap(); 32]) }
}

fn packet(seq: u64, changes: Vec<RowChange>) -> RowPacket {
    RowPacket { mark: mark(seq), changes }
}

fn sink(files: &SimFiles, folder: &Path) -> TableFileSink {
    TableFileSink::new(Arc::new(files.clone()), folder, BTreeMap::new())
}

fn h(op: Op, zd: u32, xh: &str, mj: &str) -> RowChange {
    let key = cells(&[("zd", text(zd)), ("xh", text(xh))]);
    let row = if op == Op::Delete { vec![] } else { cells(&[("zd", text(zd)), ("xh", text(xh)), ("mj", text(mj))]) };
    RowChange { table: "main.h".into(), op, key, row, changed: vec![], transaction: None, goes_on: false }
}

fn script(files: &SimFiles, folder: &Path, number: u32) -> Option<String> {
    files.get(folder.join(format!("{number:06}.sql"))).map(|bytes| String::from_utf8(bytes).unwrap())
}

fn scripts(files: &SimFiles, folder: &Path) -> Vec<String> {
    (1..).map_while(|number| script(files, folder, number)).collect()
}

#[test]
fn a_script_applies_its_packet_once_however_often_it_is_run() {
    let (files, folder) = folder();
    let mut sink = sink(&files, folder);
    assert_eq!(sink.mark(&channel()), Ok(None));
    let rows = |op| {
        TRAPS
            .iter()
            .enumerate()
            .map(move |(at, trap)| zd(op, at as u32, text(trap), Value::Bytes(trap.bytes().collect())))
            .collect::<Vec<_>>()
    };
    sink.apply(&channel(), &packet(1, rows(Op::Insert))).unwrap();
    sink.apply(
        &channel(),
        &packet(
            2,
            vec![
                h(Op::Insert, 1, "甲'1", "12.50"),
                zd(Op::Delete, 15, Value::Null, Value::Null),
                zd(Op::Update, 3, Value::Null, Value::Null),
            ],
        ),
    )
    .unwrap();
    assert_eq!(sink.mark(&channel()), Ok(Some(mark(2))));
    let mut database = Database::new();
    let scripts = scripts(&files, folder);
    assert_eq!(scripts.len(), 2);
    assert!(database.run(&scripts[1]).is_err(), "the second before the first");
    assert!(database.all().is_empty() && database.mark().is_empty());
    database.run(&scripts[0]).unwrap();
    let expected: Vec<String> = TRAPS.iter().map(|trap| (*trap).to_string()).collect();
    assert_eq!(database.rows("SELECT mc FROM zd ORDER BY bsm"), expected);
    assert_eq!(database.rows("SELECT CAST(tx AS TEXT) FROM zd ORDER BY bsm"), expected);
    database.run(&scripts[1]).unwrap();
    let after = database.all();
    assert_eq!((after.len(), after.last().map(String::as_str)), (16, Some("h 1 甲'1 12.50")));
    database.run("UPDATE zd SET mc = 'changed by others' WHERE bsm = 0").unwrap();
    let after = database.all();
    for script in [&scripts[1], &scripts[0], &scripts[1]] {
        database.run(script).unwrap();
        assert_eq!(database.all(), after);
    }
    assert_eq!(database.mark(), [format!("1-00ff00ff00ff00ff 2 {}", mark(2).header)]);
}

#[test]
fn a_script_that_fails_in_the_middle_changes_nothing_and_may_be_run_again() {
    let (files, folder) = folder();
    let mut sink = sink(&files, folder);
    sink.apply(&channel(), &packet(1, vec![zd(Op::Insert, 1, text("一"), Value::Null), h(Op::Insert, 2, "1", "1.00")]))
        .unwrap();
    let mut database = Database::new();
    let script = &scripts(&files, folder)[0];
    assert!(database.run(script).is_err(), "its parent is missing");
    assert!(database.all().is_empty() && database.mark().is_empty());
    database.run("INSERT INTO zd (bsm) VALUES (2)").unwrap();
    database.run(script).unwrap();
    assert_eq!(database.all().len(), 3);
}

#[test]
fn a_packet_that_comes_again_makes_no_second_script_and_what_is_passed_over_none() {
    let (files, folder) = folder();
    let mut one = sink(&files, folder);
    let first = packet(1, vec![zd(Op::Insert, 1, text("一"), Value::Null)]);
    one.apply(&channel(), &first).unwrap();
    one.apply(&channel(), &first).unwrap();
    one.pass_over(&channel(), &mark(2)).unwrap();
    one.apply(&channel(), &packet(3, vec![])).unwrap();
    let mut one = sink(&files, folder);
    assert_eq!(one.mark(&channel()), Ok(Some(mark(3))));
    one.apply(&channel(), &packet(4, vec![zd(Op::Update, 1, text("二"), Value::Null)])).unwrap();
    let scripts = scripts(&files, folder);
    assert_eq!(scripts.len(), 2);
    let mut database = Database::new();
    scripts.iter().for_each(|script| database.run(script).unwrap());
    assert_eq!(database.all(), ["zd 1 二 null"]);
    assert_eq!(database.mark(), [format!("1-00ff00ff00ff00ff 4 {}", mark(4).header)]);
}

#[test]
fn a_transaction_over_several_packets_is_one_script() {
    let (files, folder) = folder();
    let row = |id, transaction, goes_on| of_transaction(zd(Op::Insert, id, text(id), Value::Null), transaction, goes_on);
    let mut shape = Vec::new();
    for (seq, changes) in [
        (1, vec![row(1, 6, false), row(2, 7, true)]),
        (2, vec![row(3, 7, false), row(4, 7, true)]),
        (3, vec![row(5, 7, false), row(6, 8, true)]),
        (4, vec![row(7, 8, false), row(8, 9, false)]),
    ] {
        let mut one = sink(&files, folder);
        one.apply(&channel(), &packet(seq, changes)).unwrap();
        assert_eq!(one.mark(&channel()), Ok(Some(mark(seq))));
        shape.push(scripts(&files, folder).len());
    }
    assert_eq!(shape, [1, 1, 2, 3]);
    let mut database = Database::new();
    let counts: Vec<usize> = scripts(&files, folder)
        .iter()
        .map(|script| {
            database.run(script).unwrap();
            database.all().len()
        })
        .collect();
    assert_eq!(counts, [1, 5, 8]);
    assert!(!files.tree(folder).iter().any(|name| name.contains("pending")), "{:?}", files.tree(folder));
}

#[test]
fn what_does_not_fit_is_refused_before_a_script_is_written() {
    let (files, folder) = folder();
    let mut sink = sink(&files, folder);
    let refused = |sink: &mut TableFileSink, change: RowChange| match sink
        .apply(&channel(), &packet(1, vec![zd(Op::Insert, 1, Value::Null, Value::Null), change]))
    {
        Err(TableFault::Row { seq: 1, index: 1, column, code, words, .. }) => {
            assert!(!words[0].is_empty() && !words[1].is_empty());
            (code, column.unwrap_or_default())
        }
        other => panic!("{other:?}"),
    };
    assert_eq!(refused(&mut sink, h(Op::Insert, 1, "一二三", "1")), ("too-narrow", "xh".to_string()));
    assert_eq!(refused(&mut sink, h(Op::Insert, 1, "1", "1.234")), ("too-precise", "mj".to_string()));
    let mut other = zd(Op::Insert, 1, Value::Null, Value::Null);
    other.row.push(("bz".into(), Value::Null));
    assert_eq!(refused(&mut sink, other), ("no-such-column", "bz".to_string()));
    let mut short = h(Op::Delete, 1, "1", "");
    short.key.pop();
    assert_eq!(refused(&mut sink, short), ("other-key", "xh".to_string()));
    let mut wide = zd(Op::Delete, 1, Value::Null, Value::Null);
    wide.key.push(("mc".into(), text("x")));
    assert_eq!(refused(&mut sink, wide), ("other-key", "mc".to_string()));
    let elsewhere = RowChange { table: "main.c".into(), ..zd(Op::Delete, 1, Value::Null, Value::Null) };
    let missing = TableFault::Unfit { table: "main.c".into(), column: None, problem: Problem::Missing };
    assert_eq!(sink.apply(&channel(), &packet(1, vec![elsewhere])), Err(missing));
    assert_eq!((sink.mark(&channel()), scripts(&files, folder).len()), (Ok(None), 0));
}

#[test]
fn a_folder_is_of_one_channel_and_a_damaged_state_is_told() {
    let (files, folder) = folder();
    let mut sink = sink(&files, folder);
    sink.pass_over(&channel(), &mark(1)).unwrap();
    assert!(matches!(sink.mark(&"other".parse().unwrap()), Err(TableFault::Denied { .. })));
    files.put(folder.join(".dukou-scripts.json"), b"{}");
    assert!(matches!(sink.apply(&channel(), &packet(2, vec![])), Err(TableFault::Denied { .. })));
}

#[test]
fn a_station_killed_at_any_operation_writes_scripts_that_apply_every_packet_once() {
    let row = |id, transaction, goes_on| of_transaction(zd(Op::Insert, id, text(id), Value::Null), transaction, goes_on);
    let packets = [
        packet(1, vec![row(1, 6, false), row(2, 7, true)]),
        packet(2, vec![row(3, 7, false)]),
        packet(3, vec![zd(Op::Delete, 1, Value::Null, Value::Null), zd(Op::Insert, 4, text("四"), Value::Null)]),
    ];
    for (persisted, power) in [(false, false), (true, false), (false, true), (true, true)] {
        for kill in 1.. {
            let (files, folder) = folder();
            files.kill_at(kill, persisted);
            let mut died = false;
            let mut one = sink(&files, folder);
            for packet in &packets {
                while one.apply(&channel(), packet).is_err() {
                    assert!(files.is_killed());
                    died = true;
                    if power {
                        files.power_cut()
                    } else {
                        files.restart()
                    }
                    one = sink(&files, folder);
                }
            }
            let mut database = Database::new();
            for script in scripts(&files, folder) {
                database.run(&script).unwrap();
                database.run(&script).unwrap();
            }
            assert_eq!(
                database.all(),
                ["zd 2 2 null", "zd 3 3 null", "zd 4 四 null"],
                "killed at {kill}, {persisted}, {power}"
            );
            assert_eq!(database.mark(), [format!("1-00ff00ff00ff00ff 3 {}", mark(3).header)]);
            if !died {
                break;
            }
        }
    }
}

#[derive(Clone, Debug)]
struct Act {
    kind: u8,
    id: u32,
    note: usize,
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]
    #[test]
    fn scripts_come_to_what_the_changes_say(acts in proptest::collection::vec((0u8..4, 0u32..5, 0usize..TRAPS.len()).prop_map(|(kind, id, note)| Act { kind, id, note }), 1..60), cut in 1usize..9) {
        let (files, folder) = folder();
        let mut sink = sink(&files, folder);
        let mut model: BTreeMap<u32, String> = BTreeMap::new();
        let changes: Vec<RowChange> = acts.iter().map(|act| {
            let note = TRAPS[act.note];
            let op = match act.kind { 0 => Op::Delete, 1 => Op::Stock, _ if model.contains_key(&act.id) => Op::Update, _ => Op::Insert };
            if op == Op::Delete { model.remove(&act.id) } else { model.insert(act.id, note.to_string()) };
            zd(op, act.id, text(note), Value::Null)
        }).collect();
        for (at, part) in changes.chunks(cut).enumerate() {
            sink.apply(&channel(), &packet(at as u64 + 1, part.to_vec())).unwrap();
        }
        let mut database = Database::new();
        scripts(&files, folder).iter().for_each(|script| database.run(script).unwrap());
        let expected: Vec<String> = model.iter().map(|(id, note)| format!("zd {id} {note} null")).collect();
        prop_assert_eq!(database.all(), expected);
    }
}

#[test]
fn a_folder_without_the_list_of_columns_says_so_before_anything_is_applied() {
    let (files, folder) = folder();
    let mut sink = sink(&files, folder);
    assert_eq!(sink.check(), Ok(vec![]));
    files.remove(folder.join("columns.tsv"));
    let faults = sink.check().unwrap();
    assert!(matches!(faults.as_slice(), [TableFault::Denied { place, .. }] if place == "/tables/columns.tsv"), "{faults:?}");
    assert!(sink.apply(&channel(), &packet(1, vec![zd(Op::Insert, 1, Value::Null, Value::Null)])).is_err());
    assert_eq!(sink.mark(&channel()), Ok(None));
}
