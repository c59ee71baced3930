//! What SQLite does that no other database does.

use super::bench::{Files, bench};
use crate::connectors::tables::contract_tests::{
    ALL, Bench, End, Pair, Session, assert_equal_ends, cells, change, changes_of, channel, ids, mark, packet, told,
};
use crate::connectors::tables::{Entry, Offered, Op, Problem, ReadLimits, TableFault, TableSource, Value};
use std::collections::BTreeSet;

fn read(source: &mut dyn TableSource) -> Vec<Offered> {
    source.read(&BTreeSet::new(), ALL).expect("the source reads")
}

/// Makes tables at the ends.
fn make(files: &Files, ends: &[End], sql: &str) {
    ends.iter().for_each(|end| files.app(*end).run(sql));
}

const BOTH: [End; 2] = [End::Source, End::Sink];

#[test]
fn a_row_of_another_key_that_replace_deletes_is_told_though_no_trigger_fires_for_it() {
    for pragma in ["PRAGMA recursive_triggers = OFF", "PRAGMA recursive_triggers = ON"] {
        let files = bench();
        make(&files, &BOTH, "CREATE TABLE zd (dm TEXT PRIMARY KEY, xh INTEGER UNIQUE, mj REAL)");
        let mut pair = Pair::of(&files, &["zd".to_owned()]);
        let mut app = files.app(End::Source);
        app.run(pragma);
        app.run("INSERT INTO zd VALUES ('a', 1, 1.5), ('b', 2, NULL), ('c', 3, NULL)");
        pair.cross(ALL);
        app.run("REPLACE INTO zd VALUES ('d', 1, 2.5)");
        app.run("UPDATE OR REPLACE zd SET xh = 2 WHERE dm = 'c'");
        app.run("INSERT OR IGNORE INTO zd VALUES ('e', 2, 0)");
        let offered = read(&mut *pair.source);
        let told = told(&offered);
        assert!(told.contains(&"delete a".to_owned()) && told.contains(&"delete b".to_owned()), "{pragma}: {told:?}");
        assert!(!told.iter().any(|told| told.ends_with(" e")), "{told:?}");
        pair.cross(ALL);
        assert_equal_ends(&files, "SELECT * FROM zd ORDER BY dm");
        // The note of the row that stayed does no harm later.
        app.run("DELETE FROM zd WHERE dm = 'c'; INSERT INTO zd VALUES ('c', 7, 7)");
        pair.cross(ALL);
        assert_equal_ends(&files, "SELECT * FROM zd ORDER BY dm");
    }
}

#[test]
fn replace_under_the_same_key_arrives_as_it_stands() {
    let files = bench();
    make(&files, &BOTH, "CREATE TABLE zd (dm TEXT COLLATE NOCASE PRIMARY KEY, mj INTEGER) WITHOUT ROWID");
    make(&files, &[End::Sink], "DROP TABLE zd; CREATE TABLE zd (dm TEXT PRIMARY KEY, mj INTEGER)");
    let mut pair = Pair::of(&files, &["zd".to_owned()]);
    let mut app = files.app(End::Source);
    app.run("INSERT INTO zd VALUES ('a', 1); REPLACE INTO zd VALUES ('a', 2)");
    pair.cross(ALL);
    assert_equal_ends(&files, "SELECT * FROM zd");
    // Another key, which NOCASE calls the same.
    app.run("REPLACE INTO zd VALUES ('A', 3)");
    pair.cross(ALL);
    assert_equal_ends(&files, "SELECT * FROM zd");
    app.run("UPDATE zd SET dm = 'a'");
    assert_eq!(told(&read(&mut *pair.source)), ["delete a", "insert a"]);
    pair.cross(ALL);
    assert_equal_ends(&files, "SELECT * FROM zd");
}

#[test]
fn a_change_of_letter_case_in_a_column_that_ignores_it_is_a_change() {
    let files = bench();
    make(&files, &BOTH, "CREATE TABLE zd (id INTEGER PRIMARY KEY, v TEXT COLLATE NOCASE)");
    let mut pair = Pair::of(&files, &["zd".to_owned()]);
    let mut app = files.app(End::Source);
    app.run("INSERT INTO zd VALUES (1, 'abc')");
    app.run("UPDATE zd SET v = 'ABC'");
    assert_eq!(pair.cross(ALL), 2);
    assert_equal_ends(&files, "SELECT * FROM zd");
}

#[test]
fn a_row_that_the_applications_own_trigger_changes_again_arrives_in_its_last_state() {
    for ours_first in [true, false] {
        let files = bench();
        make(&files, &BOTH, "CREATE TABLE zd (id INTEGER PRIMARY KEY, v TEXT, n INTEGER)");
        let theirs = "CREATE TRIGGER stamp AFTER INSERT ON zd BEGIN UPDATE zd SET n = 7 WHERE id = NEW.id; END;
            CREATE TRIGGER undelete AFTER DELETE ON zd WHEN OLD.v = 'keep' BEGIN INSERT INTO zd VALUES (OLD.id, 'kept', 0); END;
            CREATE TRIGGER gone AFTER UPDATE OF v ON zd WHEN NEW.v = 'go' BEGIN DELETE FROM zd WHERE id = NEW.id; END;";
        if !ours_first {
            files.app(End::Source).run(theirs);
        }
        let mut pair = Pair::of(&files, &["zd".to_owned()]);
        let mut app = files.app(End::Source);
        if ours_first {
            app.run(theirs);
        }
        app.run("INSERT INTO zd VALUES (1, 'a', 1), (2, 'keep', 1), (3, 'c', 1)");
        app.run("DELETE FROM zd WHERE id = 2");
        app.run("UPDATE zd SET v = 'go' WHERE id = 3");
        pair.cross(ALL);
        assert_equal_ends(&files, "SELECT * FROM zd ORDER BY id");
        assert_eq!(files.app(End::Sink).number("SELECT sum(n) FROM zd"), 14, "ours first: {ours_first}");
    }
}

#[test]
fn a_cascade_is_told_row_by_row() {
    let files = bench();
    let sql = "CREATE TABLE zd (dm TEXT PRIMARY KEY); CREATE TABLE h (id INTEGER PRIMARY KEY, zd TEXT REFERENCES zd ON DELETE CASCADE ON UPDATE CASCADE)";
    make(&files, &BOTH, sql);
    let mut pair = Pair::of(&files, &["zd".to_owned(), "h".to_owned()]);
    let mut app = files.app(End::Source);
    app.run("INSERT INTO zd VALUES ('a'), ('b'); INSERT INTO h VALUES (1, 'a'), (2, 'b')");
    pair.cross(ALL);
    app.run("DELETE FROM zd WHERE dm = 'a'; UPDATE zd SET dm = 'c' WHERE dm = 'b'");
    pair.cross(ALL);
    assert_equal_ends(&files, "SELECT * FROM zd ORDER BY dm");
    assert_equal_ends(&files, "SELECT * FROM h ORDER BY id");
    assert_eq!(files.app(End::Sink).rows("SELECT id, zd FROM h"), [[Some("2".to_owned()), Some("c".to_owned())]]);
}

#[test]
fn floating_point_numbers_cross_bit_by_bit() {
    let files = bench();
    make(&files, &BOTH, "CREATE TABLE v (id INTEGER PRIMARY KEY, v REAL) STRICT");
    let mut pair = Pair::of(&files, &["v".to_owned()]);
    let mut state = 20_261_122_u64;
    let mut app = files.app(End::Source);
    let mut numbers = Vec::new();
    for id in 0..2000 {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let number = f64::from_bits(state ^ (state >> 29));
        if number.is_finite() {
            numbers.push((id, number));
        }
    }
    app.run("BEGIN");
    for (id, number) in &numbers {
        app.run(&format!("INSERT INTO v VALUES ({id}, {number:e})"));
    }
    app.run("COMMIT");
    pair.cross(ALL);
    assert_equal_ends(&files, "SELECT * FROM v ORDER BY id");
    app.run("INSERT INTO v VALUES (-1, 9e999)");
    let Entry::Unfit { code, column, .. } = &read(&mut *pair.source)[0].entry else { panic!("it cannot travel") };
    assert_eq!((*code, column.as_deref()), ("not-a-number", Some("v")));
}

#[test]
fn values_travel_as_they_are_stored_whatever_their_column_says() {
    let files = bench();
    make(&files, &[End::Source], "CREATE TABLE v (id INTEGER PRIMARY KEY, n NUMERIC, i INTEGER, b BLOB, t TEXT, o BOOLEAN)");
    let mut source = files.source(&["v".to_owned()]);
    files.app(End::Source).run("INSERT INTO v VALUES (1, '007', 'seven', 7, 7, 1), (2, '1e20', 1.5, 'x', x'00ff', 2)");
    let rows: Vec<_> = changes_of(&read(&mut *source)).into_iter().map(|change| change.row).collect();
    assert_eq!(rows[0], cells(&[("id", "1"), ("n", "7"), ("i", "seven"), ("b", "7"), ("t", "7"), ("o", "true")]));
    let mut second = cells(&[("id", "2"), ("n", "100000000000000000000"), ("i", "1.5"), ("b", "x"), ("t", ""), ("o", "2")]);
    second[4].1 = Value::Bytes(vec![0, 255]);
    assert_eq!(rows[1], second);
}

#[test]
fn a_row_without_a_key_or_with_text_that_is_none_is_named_and_the_others_flow() {
    let files = bench();
    make(&files, &[End::Source], "CREATE TABLE v (dm TEXT PRIMARY KEY, t TEXT)");
    let mut source = files.source(&["v".to_owned()]);
    files
        .app(End::Source)
        .run("INSERT INTO v VALUES (NULL, 'x'), ('a', CAST(x'ff' AS TEXT)), ('b', 'x' || char(0)), ('c', 'ok')");
    let offered = read(&mut *source);
    let codes: Vec<_> = offered
        .iter()
        .map(|offered| match &offered.entry {
            Entry::Unfit { code, .. } => *code,
            Entry::Change(change) => change.op.as_str(),
            Entry::Run(run, _) => run.head().op.as_str(),
            Entry::Marker(_) => "marker",
            Entry::Structure(_) => "structure",
        })
        .collect();
    assert_eq!(codes, ["key-null", "not-text", "nul-in-text", "insert"]);
    source.delete(&ids(&offered)).expect("deleted");
    let want = crate::connectors::tables::ChunkWanted { table: "v", after: None, filter: None, rows: 10 };
    let chunk = source.chunk(&want, 1).expect("a chunk");
    assert_eq!(chunk.rows(), 1, "the stock has the rows that can travel");
    assert_eq!(read(&mut *source).len(), 4, "and names the others, before its marker");
}

#[test]
fn what_cannot_be_a_source_or_a_sink_is_named_before_anything_is_changed() {
    let files = bench();
    make(
        &files,
        &BOTH,
        "CREATE TABLE none (v TEXT); CREATE VIEW seen AS SELECT * FROM none; CREATE TABLE loose (id PRIMARY KEY, v STRING);
         CREATE TABLE p (id INTEGER PRIMARY KEY); CREATE TABLE c (id INTEGER PRIMARY KEY, p INTEGER REFERENCES p);
         CREATE TABLE e (id INTEGER PRIMARY KEY, v TEXT); CREATE UNIQUE INDEX folded ON e (lower(v));
         CREATE TABLE n (id INTEGER PRIMARY KEY, a NUMERIC(15, 2), b NUMERIC(16, 2), c DECIMAL)",
    );
    let fault = |table: &str| {
        let mut source = super::super::SqliteSource::new(
            &files.path(End::Source),
            &crate::connectors::tables::contract_tests::channel(),
            &[table.to_owned()],
        );
        match source.install() {
            Err(TableFault::Unfit { problem, column, .. }) => (column, problem),
            other => panic!("{table}: {other:?}"),
        }
    };
    assert_eq!(fault("none"), (None, Problem::NoKey));
    assert_eq!(fault("seen"), (None, Problem::Type("view".to_owned())));
    assert_eq!(fault("nowhere"), (None, Problem::Missing));
    assert_eq!(fault("c"), (None, Problem::ParentOutside("p".to_owned())));
    assert_eq!(fault("e"), (None, Problem::Silent("folded".to_owned())));
    assert_eq!(fault("loose"), (Some("id".to_owned()), Problem::Type(String::new())));
    assert_eq!(files.app(End::Source).number("SELECT count(*) FROM sqlite_master WHERE name LIKE 'dukou%'"), 0);
    let faults = files.sink(&["loose".to_owned(), "n".to_owned()], false).check().expect("a check");
    let named: Vec<_> = faults
        .iter()
        .map(|fault| match fault {
            TableFault::Unfit { table, column, .. } => format!("{table}.{}", column.as_deref().unwrap_or_default()),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(named, ["loose.id", "loose.v", "n.b", "n.c"]);
}

#[test]
fn uninstalling_leaves_nothing_and_installing_twice_keeps_what_waits() {
    let files = bench();
    make(&files, &[End::Source], "CREATE TABLE zd (dm TEXT PRIMARY KEY, mj REAL)");
    let tables = ["zd".to_owned()];
    let mut source = files.source(&tables);
    files.app(End::Source).run("INSERT INTO zd VALUES ('a', 1.25)");
    drop(source);
    files.app(End::Source).run("ALTER TABLE zd ADD COLUMN xs REAL");
    source = files.source(&tables);
    files.app(End::Source).run("UPDATE zd SET xs = 0.1");
    let rows: Vec<_> = changes_of(&read(&mut *source)).into_iter().map(|change| change.row).collect();
    assert_eq!(rows, [cells(&[("dm", "a"), ("mj", "1.25")]), cells(&[("dm", "a"), ("mj", "1.25"), ("xs", "0.1")])]);
    let channel = crate::connectors::tables::contract_tests::channel();
    super::super::SqliteSource::new(&files.path(End::Source), &channel, &tables).uninstall().expect("uninstalled");
    assert_eq!(files.app(End::Source).number("SELECT count(*) FROM sqlite_master WHERE name LIKE 'dukou%'"), 0);
}

#[test]
fn a_table_of_hundreds_of_columns_crosses_whole() {
    let files = bench();
    let columns: Vec<String> = (0..400).map(|n| format!("c{n} INTEGER")).collect();
    make(&files, &BOTH, &format!("CREATE TABLE w (id INTEGER PRIMARY KEY, {})", columns.join(", ")));
    let mut pair = Pair::of(&files, &["w".to_owned()]);
    let values: Vec<String> = (0..400).map(|n| n.to_string()).collect();
    files.app(End::Source).run(&format!("INSERT INTO w VALUES (1, {})", values.join(", ")));
    files.app(End::Source).run("UPDATE w SET c399 = -1");
    pair.cross(ALL);
    assert_equal_ends(&files, "SELECT * FROM w");
}

#[test]
fn tables_that_refer_to_each_other_and_unique_values_that_change_hands_are_applied() {
    let files = bench();
    let sql = "CREATE TABLE a (id INTEGER PRIMARY KEY, b INTEGER REFERENCES b DEFERRABLE INITIALLY DEFERRED, u INTEGER UNIQUE);
        CREATE TABLE b (id INTEGER PRIMARY KEY, a INTEGER REFERENCES a DEFERRABLE INITIALLY DEFERRED)";
    make(&files, &BOTH, sql);
    make(
        &files,
        &[End::Sink],
        "DROP TABLE a; DROP TABLE b; CREATE TABLE a (id INTEGER PRIMARY KEY, b INTEGER REFERENCES b, u INTEGER UNIQUE);
        CREATE TABLE b (id INTEGER PRIMARY KEY, a INTEGER REFERENCES a)",
    );
    let mut pair = Pair::of(&files, &["a".to_owned(), "b".to_owned()]);
    let mut app = files.app(End::Source);
    app.run("BEGIN; INSERT INTO a VALUES (1, 1, 1), (2, NULL, 2); INSERT INTO b VALUES (1, 1); COMMIT");
    pair.cross(ALL);
    app.run("BEGIN; UPDATE a SET u = 3 WHERE id = 2; UPDATE a SET u = 2 WHERE id = 1; COMMIT");
    pair.cross(ALL);
    assert_equal_ends(&files, "SELECT * FROM a ORDER BY id");
    assert_equal_ends(&files, "SELECT * FROM b ORDER BY id");
}

#[test]
fn keys_that_a_collation_calls_equal_are_refused_and_not_overwritten() {
    let files = bench();
    make(
        &files,
        &[End::Sink],
        "CREATE TABLE zd (dm TEXT COLLATE NOCASE PRIMARY KEY, mj INTEGER); INSERT INTO zd VALUES ('A', 1)",
    );
    let mut sink = files.sink(&["zd".to_owned()], false);
    use crate::connectors::tables::Op;
    use crate::connectors::tables::contract_tests::{change, channel, packet};
    let clash = packet(1, &[change(Op::Insert, "zd", &[("dm", "a"), ("mj", "2")])]);
    let fault = sink.apply(&channel(), &clash);
    assert!(matches!(&fault, Err(TableFault::Row { code: "key-collides", .. })), "{fault:?}");
    sink.apply(&channel(), &packet(1, &[change(Op::Delete, "zd", &[("dm", "a")])])).expect("nothing of that key is there");
    assert_eq!(files.app(End::Sink).rows("SELECT dm, mj FROM zd"), [[Some("A".to_owned()), Some("1".to_owned())]]);
}

#[test]
fn children_that_follow_their_parent_to_another_key_are_in_one_transaction_with_it() {
    let files = bench();
    make(
        &files,
        &[End::Source],
        "CREATE TABLE zd (dm TEXT PRIMARY KEY); CREATE TABLE h (id INTEGER PRIMARY KEY, dm TEXT NOT NULL REFERENCES zd ON UPDATE CASCADE ON DELETE CASCADE)",
    );
    let mut source = files.source(&["zd".to_owned(), "h".to_owned()]);
    let mut app = files.app(End::Source);
    app.run("PRAGMA foreign_keys = ON");
    app.run("INSERT INTO zd VALUES ('a')");
    std::thread::sleep(std::time::Duration::from_millis(5));
    app.run("INSERT INTO h VALUES (1, 'a'), (2, 'a'), (3, 'a')");
    let before = read(&mut *source);
    source.delete(&ids(&before)).expect("deleted");
    app.run("INSERT INTO zd VALUES ('z')");
    std::thread::sleep(std::time::Duration::from_millis(5));
    app.run("UPDATE zd SET dm = 'b' WHERE dm = 'a'");
    let all = read(&mut *source);
    assert_eq!(told(&all), ["insert z", "update 1", "update 2", "update 3", "delete a", "insert b"]);
    let changes = changes_of(&all);
    assert!(changes[1..].iter().all(|change| change.transaction == changes[1].transaction && !change.goes_on));
    assert_ne!(changes[0].transaction, changes[1].transaction);
    let limits = |rows| ReadLimits { rows, ..ALL };
    let first = source.read(&BTreeSet::new(), limits(4)).expect("a read");
    assert_eq!(told(&first), ["insert z"], "a statement is not cut where something else can be brought");
    source.delete(&ids(&first)).expect("deleted");
    let part = source.read(&BTreeSet::new(), limits(4)).expect("a read");
    assert_eq!(told(&part), ["update 1", "update 2", "update 3", "delete a"]);
    assert!(changes_of(&part).last().is_some_and(|change| change.goes_on), "it goes on");
    source.delete(&ids(&part)).expect("deleted");
    let rest = source.read(&BTreeSet::new(), limits(4)).expect("a read");
    assert_eq!(changes_of(&rest)[0].transaction, changes[1].transaction);
    assert!(!changes_of(&rest)[0].goes_on);
    source.delete(&ids(&rest)).expect("deleted");
    app.run("DELETE FROM zd WHERE dm = 'b'");
    assert_eq!(told(&read(&mut *source)), ["delete 1", "delete 2", "delete 3", "delete b"], "children first");
}

#[test]
fn a_sink_whose_file_was_replaced_is_opened_anew_and_nothing_goes_into_the_old_one() {
    let files = bench();
    make(&files, &[End::Sink], "CREATE TABLE zd (dm TEXT PRIMARY KEY)");
    let path = files.path(End::Sink);
    let yesterday = path.with_extension("yesterday");
    std::fs::copy(&path, &yesterday).expect("a copy");
    let mut sink = files.sink(&["zd".to_owned()], false);
    sink.apply(&channel(), &packet(1, &[change(Op::Insert, "zd", &[("dm", "a")])])).expect("applied");
    std::fs::rename(&yesterday, &path).expect("it is put back");
    for suffix in ["-wal", "-shm"] {
        let _ = std::fs::remove_file(format!("{}{suffix}", path.display()));
    }
    let next = packet(2, &[change(Op::Insert, "zd", &[("dm", "b")])]);
    let outcome = sink.apply(&channel(), &next);
    assert!(matches!(outcome, Err(TableFault::Away { .. })), "{outcome:?}");
    assert_eq!(sink.mark(&channel()).expect("a mark"), None, "the copy of yesterday has none");
    sink.apply(&channel(), &packet(1, &[change(Op::Insert, "zd", &[("dm", "a")])])).expect("applied again");
    assert_eq!(sink.mark(&channel()).expect("a mark"), Some(mark(1, 1)));
    assert_eq!(files.app(End::Sink).number("SELECT count(*) FROM zd"), 1);
}

#[test]
fn a_unique_index_that_replaces_by_its_declaration_deletes_no_row_of_the_sink() {
    let files = bench();
    make(&files, &[End::Sink], "CREATE TABLE zd (dm TEXT PRIMARY KEY, xh INTEGER UNIQUE ON CONFLICT REPLACE)");
    make(&files, &[End::Sink], "INSERT INTO zd VALUES ('a', 1)");
    let mut sink = files.sink(&["zd".to_owned()], false);
    let outcome = sink.apply(&channel(), &packet(1, &[change(Op::Insert, "zd", &[("dm", "b"), ("xh", "1")])]));
    assert!(matches!(outcome, Err(TableFault::Row { code: "duplicate", .. })), "{outcome:?}");
    assert_eq!(files.app(End::Sink).number("SELECT count(*) FROM zd WHERE dm = 'a'"), 1);
}
