//! Tables as PostgreSQL has them: triggers of the application, TRUNCATE, partitions, generated columns, many columns, odd names.

use super::*;
use crate::connectors::tables::contract_tests::{Pair, Session, change, channel, packet, told};
use crate::connectors::tables::{ChunkWanted, Entry, EntryId, Offered, Op, ReadLimits};
use std::collections::BTreeSet;

const ALL: ReadLimits = ReadLimits { rows: 100_000, bytes: 1 << 28 };

/// Makes the same at both ends.
fn at_both(bench: &PgBench, sql: &str) {
    for end in [End::Source, End::Sink] {
        App::to(&bench.database(end).url).run(sql);
    }
}

fn names(of: &[&str]) -> Vec<TableName> {
    of.iter().map(|name| format!("public.{name}")).collect()
}

#[test]
fn a_row_that_the_application_changes_in_its_own_trigger_ends_as_it_stands() {
    let bench = bench();
    at_both(&bench, "CREATE TABLE zd (dm text PRIMARY KEY, n int)");
    let tables = names(&["zd"]);
    let mut pair = Pair::of(&bench, &tables);
    let mut app = App::to(&bench.source.url);
    app.run("CREATE FUNCTION again() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN UPDATE zd SET n = n + 1 WHERE dm = NEW.dm; RETURN NULL; END';
        CREATE TRIGGER aaa AFTER INSERT ON zd FOR EACH ROW EXECUTE FUNCTION again()");
    app.run("INSERT INTO zd VALUES ('a', 1)");
    pair.cross(ALL);
    contract_tests::assert_equal_ends(&bench, "SELECT * FROM zd");
    assert_eq!(App::to(&bench.sink.url).number("SELECT n FROM zd"), 2);
}

#[test]
fn truncate_is_a_delete_of_every_row_of_partitions_too() {
    let bench = bench();
    at_both(
        &bench,
        "CREATE TABLE zd (dm text PRIMARY KEY); CREATE TABLE h (id int PRIMARY KEY, zd text REFERENCES zd);
         CREATE TABLE p (id int, v text, PRIMARY KEY (id)) PARTITION BY RANGE (id);
         CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (10); CREATE TABLE p2 PARTITION OF p FOR VALUES FROM (10) TO (20)",
    );
    let mut pair = Pair::of(&bench, &names(&["zd", "h", "p"]));
    let mut app = App::to(&bench.source.url);
    app.run("INSERT INTO zd VALUES ('a'), ('b'); INSERT INTO h VALUES (1, 'a'); INSERT INTO p SELECT n, n::text FROM generate_series(5, 15) n");
    app.run("UPDATE p SET id = 19 WHERE id = 6");
    assert_eq!(pair.cross(ALL), 3 + 11 + 2);
    contract_tests::assert_equal_ends(&bench, "SELECT * FROM p ORDER BY id");
    app.run("BEGIN");
    app.run("TRUNCATE zd CASCADE");
    app.run("INSERT INTO zd VALUES ('c')");
    app.run("COMMIT");
    app.run("TRUNCATE p1");
    assert_eq!(pair.cross(ALL), 4 + 4);
    for sql in ["SELECT * FROM zd", "SELECT * FROM h", "SELECT * FROM p ORDER BY id"] {
        contract_tests::assert_equal_ends(&bench, sql);
    }
    app.run("BEGIN ISOLATION LEVEL REPEATABLE READ");
    assert!(
        app.attempt("TRUNCATE p").is_err_and(|said| said.contains("READ COMMITTED")),
        "rows that it cannot see would go unseen"
    );
    app.run("ROLLBACK");
    app.run("TRUNCATE p");
    pair.cross(ALL);
    contract_tests::assert_equal_ends(&bench, "SELECT * FROM p ORDER BY id");
}

#[test]
fn generated_columns_identities_odd_names_and_two_hundred_columns_cross() {
    let bench = bench();
    let many: String = (0..200).map(|n| format!(", \"列 {n}\"\"'\\\" text")).collect();
    at_both(
        &bench,
        &format!(
            "CREATE TABLE \"权利 %I\" (\"编 号\" bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, a int, twice int GENERATED ALWAYS AS (a * 2) STORED, c char(8){many})"
        ),
    );
    let table = "public.权利 %I".to_owned();
    let mut pair = Pair::of(&bench, &[table]);
    let mut app = App::to(&bench.source.url);
    app.run("INSERT INTO \"权利 %I\" (a, c, \"列 7\"\"'\\\") VALUES (21, 'x', 'y'), (22, NULL, '')");
    pair.cross(ALL);
    app.run("UPDATE \"权利 %I\" SET a = 5 WHERE a = 21");
    app.run("DELETE FROM \"权利 %I\" WHERE a = 22");
    pair.cross(ALL);
    contract_tests::assert_equal_ends(&bench, "SELECT * FROM \"权利 %I\"");
    assert_eq!(App::to(&bench.sink.url).number("SELECT twice FROM \"权利 %I\""), 10);
    app.run("TRUNCATE \"权利 %I\"");
    pair.cross(ALL);
    assert_eq!(App::to(&bench.sink.url).number("SELECT count(*) FROM \"权利 %I\""), 0);
}

#[test]
fn uuids_json_enums_domains_and_small_numbers_cross() {
    let bench = bench();
    at_both(
        &bench,
        "CREATE TYPE kind AS ENUM ('宗地', '户'); CREATE DOMAIN name5 AS varchar(5);
         CREATE TABLE t (id uuid PRIMARY KEY, j json, b jsonb, k kind, d name5, s smallint, r real, x xml, ts timestamp(3), n numeric)",
    );
    let mut pair = Pair::of(&bench, &names(&["t"]));
    App::to(&bench.source.url).run(
        "INSERT INTO t VALUES ('A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11', '{\"b\" : 1.0, \"a\":null}', '{\"b\": 1.0}', '宗地', '五个字符长', -32768, 0.1, '<a/>', '2024-01-01 10:00:00.120', 1.00)",
    );
    pair.cross(ALL);
    contract_tests::assert_equal_ends(&bench, "SELECT * FROM t");
    let mut app = App::to(&bench.source.url);
    app.run("UPDATE t SET n = 1.000");
    assert_eq!(pair.cross(ALL), 1, "1.00 and 1.000 are two values");
    contract_tests::assert_equal_ends(&bench, "SELECT * FROM t");
    app.run("UPDATE t SET n = 'NaN'");
    let read = pair.source.read(&BTreeSet::new(), ALL).expect("a read");
    assert!(
        matches!(&read[0].entry, crate::connectors::tables::Entry::Unfit { column: Some(column), code: "not-a-number", .. } if column == "n")
    );
}

#[test]
fn many_rows_go_by_every_way_and_stay_the_same() {
    let bench = bench();
    at_both(&bench, "CREATE TABLE t (id int PRIMARY KEY, v text)");
    let mut sink = bench.bare_sink(&names(&["t"]), false);
    let rows = |op: Op, ids: std::ops::Range<i32>, v: &str| {
        ids.map(|id| change(op, "public.t", &[("id", &id.to_string()), ("v", v)])).collect::<Vec<_>>()
    };
    let sums = |v: &str| App::to(&bench.sink.url).number(&format!("SELECT coalesce(sum(id), 0) FROM t WHERE v = '{v}'"));
    // Straight; straight meets half of them and goes by the temporary table; over those that are there; by arrays.
    for (seq, op, ids, v) in [
        (1, Op::Stock, 0..1000, "a"),
        (2, Op::Stock, 500..1500, "b"),
        (3, Op::Update, 0..1500, "c"),
        (4, Op::Update, 0..150, "d"),
    ] {
        let sum: i64 = ids.clone().map(i64::from).sum();
        sink.apply(&channel(), &packet(seq, &rows(op, ids, v))).expect("applied");
        assert_eq!(sums(v), sum, "{v}");
    }
    sink.apply(&channel(), &packet(5, &rows(Op::Delete, 0..700, ""))).expect("applied");
    assert_eq!(App::to(&bench.sink.url).number("SELECT count(*) FROM t"), 800);
}

#[test]
fn constraints_that_wait_for_the_commit_are_told_by_their_row() {
    let bench = bench();
    App::to(&bench.sink.url).run(
        "CREATE TABLE a (id int PRIMARY KEY, b int NOT NULL); CREATE TABLE b (id int PRIMARY KEY, a int NOT NULL REFERENCES a DEFERRABLE INITIALLY DEFERRED);
         ALTER TABLE a ADD FOREIGN KEY (b) REFERENCES b DEFERRABLE INITIALLY IMMEDIATE",
    );
    let mut sink = bench.bare_sink(&names(&["a", "b"]), false);
    let ring = [
        change(Op::Insert, "public.a", &[("id", "1"), ("b", "1")]),
        change(Op::Insert, "public.b", &[("id", "1"), ("a", "1")]),
    ];
    sink.apply(&channel(), &packet(1, &ring)).expect("a ring goes in one transaction");
    let broken = [
        change(Op::Insert, "public.b", &[("id", "2"), ("a", "1")]),
        change(Op::Insert, "public.b", &[("id", "3"), ("a", "9")]),
    ];
    let fault = sink.apply(&channel(), &packet(2, &broken)).expect_err("no parent");
    assert!(matches!(&fault, TableFault::Row { index: 1, code: "foreign-key", .. }), "{fault:?}");
}

#[test]
fn entries_of_an_older_version_of_a_table_are_read_as_they_were_written() {
    let bench = bench();
    at_both(&bench, "CREATE TABLE t (id int PRIMARY KEY, v text)");
    let tables = names(&["t"]);
    let mut source = bench.bare_source(&tables);
    source.install().expect("installed");
    let mut app = App::to(&bench.source.url);
    app.run("INSERT INTO t VALUES (1, '\\x41')");
    app.run("ALTER TABLE t ALTER v TYPE bytea USING v::bytea");
    source.install().expect("installed anew");
    app.run("INSERT INTO t VALUES (2, '\\x41')");
    let read = contract_tests::changes_of(&source.read(&BTreeSet::new(), ALL).expect("a read"));
    assert_eq!((&read[0].row[1].1, &read[1].row[1].1), (&Value::Text("\\x41".to_owned()), &Value::Bytes(b"A".to_vec())));
    assert_eq!(told(&source.read(&BTreeSet::new(), ALL).expect("a read")), ["insert 1", "insert 2"]);
}

#[test]
fn a_read_keeps_to_its_bytes_however_well_they_compress() {
    let bench = bench();
    bench.source.psql("CREATE TABLE zd (dm text PRIMARY KEY, bz text); ALTER TABLE zd OWNER TO dukou");
    let mut source = bench.source(&names(&["zd"]));
    (0..4).for_each(|n| drop(bench.source.psql(&format!("INSERT INTO zd VALUES ('{n}', repeat('x', 1000000))"))));
    let read = source.read(&BTreeSet::new(), ReadLimits { bytes: 2_500_000, ..ALL }).expect("a read");
    assert_eq!(told(&read), ["insert 0", "insert 1"]);
}

#[test]
fn a_read_of_an_outbox_that_compresses_keeps_to_its_bytes_too() {
    let bench = bench();
    bench.source.psql("CREATE TABLE zd (dm text PRIMARY KEY, bz text); ALTER TABLE zd OWNER TO dukou");
    let mut source = bench.source(&names(&["zd"]));
    let outbox = bench.source.psql(
        "SELECT relname FROM pg_class WHERE relnamespace = 'dukou'::regnamespace AND relname LIKE 'dukou_outbox%' AND relkind = 'r'",
    );
    let outbox = outbox.trim();
    bench.source.psql(&format!(
        "ALTER TABLE dukou.\"{outbox}\" ALTER COLUMN key SET STORAGE EXTENDED, ALTER COLUMN \"row\" SET STORAGE EXTENDED"
    ));
    (0..4).for_each(|n| drop(bench.source.psql(&format!("INSERT INTO zd VALUES ('{n}', repeat('x', 1000000))"))));
    let read = source.read(&BTreeSet::new(), ReadLimits { bytes: 2_500_000, ..ALL }).expect("a read");
    assert_eq!(told(&read), ["insert 0", "insert 1"]);
}

#[test]
fn entries_of_every_half_millisecond_are_deleted_by_the_instant_that_was_read() {
    let bench = bench();
    bench.source.psql("CREATE TABLE zd (dm int PRIMARY KEY); ALTER TABLE zd OWNER TO dukou");
    let mut source = bench.source(&names(&["zd"]));
    let outbox = bench.source.psql(
        "SELECT relname FROM pg_class WHERE relnamespace = 'dukou'::regnamespace AND relname LIKE 'dukou_outbox%' AND relkind = 'r'",
    );
    bench.source.psql("INSERT INTO zd SELECT n FROM generate_series(0, 1999) AS n");
    bench.source.psql(&format!(
        "UPDATE dukou.\"{}\" SET at = timestamptz '1969-12-31 23:59:59.9995+00' + id * interval '0.0005 s'",
        outbox.trim()
    ));
    let read = source.read(&BTreeSet::new(), ALL).expect("a read");
    let entries: Vec<EntryId> = read
        .iter()
        .flat_map(|offered| match &offered.entry {
            Entry::Run(_, entries) => entries.clone(),
            _ => vec![offered.entry_id()],
        })
        .collect();
    assert_eq!(entries.len(), 2000);
    source.delete(&entries).expect("a delete");
    assert_eq!(bench.source.psql(&format!("SELECT count(*) FROM dukou.\"{}\"", outbox.trim())).trim(), "0");
}

#[test]
fn instants_before_there_were_zones_keep_their_seconds_of_offset() {
    let bench = bench();
    at_both(&bench, "CREATE TABLE t (id int PRIMARY KEY, v timestamptz)");
    let mut pair = Pair::of(&bench, &names(&["t"]));
    App::to(&bench.source.url).run("INSERT INTO t VALUES (1, '1900-01-01 00:00:00+08:05:43'), (2, '1988-07-01 03:00:00+00'), (3, '0001-01-02 00:00:00+00')");
    let read = contract_tests::changes_of(&pair.source.read(&BTreeSet::new(), ALL).expect("a read"));
    let values: Vec<&Value> = read.iter().map(|change| &change.row[1].1).collect();
    let text = |text: &str| Value::Text(text.to_owned());
    assert_eq!(
        values,
        [&text("1900-01-01 00:00:00+08:05:43"), &text("1988-07-01 12:00:00+09:00"), &text("0001-01-02 08:05:43+08:05:43")]
    );
    pair.cross(ALL);
    contract_tests::assert_equal_ends(&bench, "SELECT * FROM t ORDER BY id");
}

#[test]
fn rows_that_go_while_their_chunk_waits_for_them_are_passed_over_and_those_behind_them_come() {
    let bench = bench();
    let (mut app, mut other) = (App::to(&bench.source.url), App::to(&bench.source.url));
    app.run("CREATE TABLE t (id int PRIMARY KEY, v text); INSERT INTO t SELECT n, 'old' FROM generate_series(1, 6) AS n");
    let mut source = Bench::source(&bench, &names(&["t"]));
    let wanted = ChunkWanted { table: "public.t", after: None, filter: None, rows: 4 };
    let waiting = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
    // A chunk that had to wait too long read nothing: the same again.
    let chunk = loop {
        app.run("BEGIN; DELETE FROM t WHERE id = 4; UPDATE t SET id = 9 WHERE id = 2; UPDATE t SET v = 'new' WHERE id = 3");
        let chunk = std::thread::scope(|scope| {
            let reading = scope.spawn(|| source.chunk(&wanted, 7));
            while !reading.is_finished() && other.number(waiting) == 0 {
                std::thread::yield_now();
            }
            app.run(if reading.is_finished() { "ROLLBACK" } else { "COMMIT" });
            reading.join().expect("no panic")
        });
        match chunk {
            Err(crate::connectors::tables::TableFault::Busy { .. })
                if other.number("SELECT count(*) FROM t WHERE id = 4") == 1 => {}
            chunk => break chunk.expect("a chunk"),
        }
    };
    let rows: Vec<_> = chunk.changes().iter().map(|row| (row.key_text(), row.row[1].1.shown())).collect();
    assert_eq!(rows, [("1".to_owned(), "old".to_owned()), ("3".to_owned(), "new".to_owned())]);
    assert_eq!(chunk.last, Some(vec![("id".into(), Value::Text("4".to_owned()))]), "though its row is gone");
    let behind = ChunkWanted { after: chunk.last.as_ref(), ..wanted };
    let chunk = source.chunk(&behind, 8).expect("a chunk");
    assert_eq!(chunk.changes().iter().map(|row| row.key_text()).collect::<Vec<_>>(), ["5", "6", "9"]);
}

#[test]
fn a_row_of_the_stock_that_cannot_travel_is_named_and_holds_up_no_other() {
    let bench = bench();
    App::to(&bench.source.url).run("CREATE TABLE t (id int PRIMARY KEY, n numeric, d date)");
    let mut source = Bench::source(&bench, &names(&["t"]));
    App::to(&bench.source.url).run(
        "INSERT INTO t VALUES (1, 1, '2024-01-01'), (2, 'NaN', NULL), (3, 3, '0044-03-15 BC'), (4, 4, NULL); DELETE FROM dukou.dukou_outbox_cadastre_units",
    );
    let wanted = ChunkWanted { table: "public.t", after: None, filter: None, rows: 10 };
    let chunk = source.chunk(&wanted, 7).expect("a chunk");
    assert_eq!(chunk.changes().iter().map(|row| row.key_text()).collect::<Vec<_>>(), ["1", "4"]);
    let read = source.read(&BTreeSet::new(), ALL).expect("a read");
    let told = |offered: &Offered| match &offered.entry {
        Entry::Unfit { table, key, code, column, .. } => {
            format!("{table} {} {code} {}", key[0].1.shown(), column.as_deref().unwrap_or_default())
        }
        Entry::Marker(token) => format!("#{token}"),
        other => format!("{other:?}"),
    };
    assert_eq!(
        read.iter().map(told).collect::<Vec<_>>(),
        ["public.t 2 not-a-number n", "public.t 3 date-out-of-range d", "#7"]
    );
}
