//! What an administrator may do to a sink's tables, beside a station that runs: nothing is lost, doubled, cut or rounded by it without a word.

use super::runs::{apply, rows};
use super::*;
use crate::connectors::tables::contract_tests::{Session, cells, channel, mark};
use crate::connectors::tables::run::tests::{in_runs, run_of};
use crate::connectors::tables::{Caution, Op, Problem, RowChange, RowPacket, RowsPart, RunPacket, TableFault};

/// Applies a packet of changes, in runs or one by one.
fn give(sink: &mut PostgresSink, is_run: bool, seq: u64, changes: Vec<RowChange>) -> Result<(), TableFault> {
    let packet = RowPacket { mark: mark(1, seq), changes };
    if is_run { sink.apply_runs(&channel(), &in_runs(&packet)) } else { sink.apply(&channel(), &packet) }
}

/// Rows of `public.h` with a value in one more column.
fn stock(numbers: std::ops::Range<u32>, column: &str, value: &str) -> Vec<RowChange> {
    let change = |number: u32| {
        let row = cells(&[("id", &number.to_string()), (column, value)]);
        let key = row[..1].to_vec();
        RowChange { table: "public.h".to_owned(), op: Op::Stock, key, row, changed: vec![], transaction: None, goes_on: false }
    };
    numbers.map(change).collect()
}

fn code_of(outcome: Result<(), TableFault>) -> String {
    match outcome {
        Ok(()) => "applied".to_owned(),
        Err(TableFault::Row { code, .. }) => code.to_owned(),
        Err(other) => format!("{other:?}"),
    }
}

#[test]
fn a_column_that_was_made_narrower_beside_the_station_neither_cuts_nor_rounds() {
    for (column, narrower, fits, too_much) in [
        ("note varchar(9)", "varchar(3)", "ab  ", "ab    "),
        ("n numeric(9,4)", "numeric(6,1)", "1.5", "1.25"),
        ("at timestamp(6)", "timestamp(0)", "2024-01-02 03:04:05", "2024-01-02 03:04:05.6"),
    ] {
        let name = column.split(' ').next().expect("a name");
        for is_run in [false, true] {
            let bench = bench();
            let mut app = App::to(&bench.sink.url);
            app.run(&format!("CREATE TABLE h (id bigint PRIMARY KEY, {column})"));
            let mut sink = bench.bare_sink(&["public.h".to_owned()], false);
            give(&mut sink, is_run, 1, stock(0..200, name, fits.trim_end())).expect("it fits");
            app.run(&format!("ALTER TABLE h ALTER {name} TYPE {narrower}"));
            for rows in [200..202, 200..900] {
                let outcome = give(&mut sink, is_run, 2, stock(rows, name, too_much));
                assert!(matches!(outcome, Err(TableFault::Row { .. })), "{column}, in a run: {is_run}: {outcome:?}");
            }
            assert_eq!(bench.sink.psql("SELECT count(*) FROM h"), "200", "{column}");
        }
    }
}

#[test]
fn rows_are_not_doubled_once_the_key_of_their_table_was_dropped() {
    for is_run in [false, true] {
        let bench = bench();
        let mut app = App::to(&bench.sink.url);
        app.run("CREATE TABLE h (id bigint PRIMARY KEY, note varchar(5))");
        let mut sink = bench.bare_sink(&["public.h".to_owned()], false);
        give(&mut sink, is_run, 1, rows(Op::Stock, 0..2, "a")).expect("applied");
        app.run("ALTER TABLE h DROP CONSTRAINT h_pkey; INSERT INTO h SELECT n, 'a' FROM generate_series(2, 199) n");
        let outcome = give(&mut sink, is_run, 2, rows(Op::Stock, 0..200, "a"));
        assert!(matches!(outcome, Err(TableFault::Unfit { problem: Problem::NoKey, .. })), "in a run: {is_run}: {outcome:?}");
        assert_eq!(bench.sink.psql("SELECT count(*) FROM h"), "200");
        app.run("ALTER TABLE h ADD PRIMARY KEY (id)");
        give(&mut sink, is_run, 2, rows(Op::Stock, 0..200, "b")).expect("it goes on");
    }
}

#[test]
fn a_table_that_was_made_anew_beside_the_station_is_read_anew() {
    for is_run in [false, true] {
        let bench = bench();
        let mut app = App::to(&bench.sink.url);
        app.run("CREATE TABLE h (id bigint PRIMARY KEY, note varchar(5))");
        let mut sink = bench.bare_sink(&["public.h".to_owned()], false);
        give(&mut sink, is_run, 1, rows(Op::Update, 0..600, "a")).expect("applied");
        app.run("DROP TABLE public.h");
        let outcome = give(&mut sink, is_run, 2, rows(Op::Update, 0..600, "b"));
        assert!(matches!(outcome, Err(TableFault::Unfit { problem: Problem::Missing, .. })), "in a run: {is_run}: {outcome:?}");
        // With the account's name there is a schema by now, where a table without a schema would go.
        app.run("CREATE TABLE public.h (note varchar(5), own int DEFAULT 7, id bigint PRIMARY KEY)");
        give(&mut sink, is_run, 2, rows(Op::Update, 0..600, "b")).expect("applied");
        app.run("DROP TABLE public.h; CREATE TABLE public.h (note varchar(5), own int DEFAULT 7, id bigint PRIMARY KEY)");
        give(&mut sink, is_run, 3, rows(Op::Update, 0..600, "b")).expect("applied");
        give(&mut sink, is_run, 4, rows(Op::Delete, 0..200, "")).expect("applied");
        assert_eq!(bench.sink.psql("SELECT count(*) || ' ' || min(note) || sum(own) FROM h"), "400 b2800");
    }
}

#[test]
fn a_delete_takes_no_row_of_a_table_that_inherits_the_sinks() {
    for is_run in [false, true] {
        let bench = bench();
        let mut app = App::to(&bench.sink.url);
        app.run("CREATE TABLE h (id bigint PRIMARY KEY, note varchar(5)); CREATE TABLE archive () INHERITS (h)");
        app.run("INSERT INTO archive SELECT n, 'old' FROM generate_series(0, 99) n");
        let mut sink = bench.bare_sink(&["public.h".to_owned()], false);
        give(&mut sink, is_run, 1, rows(Op::Stock, 0..700, "a")).expect("applied");
        give(&mut sink, is_run, 2, rows(Op::Update, 0..700, "b")).expect("applied");
        give(&mut sink, is_run, 3, rows(Op::Delete, 0..50, "")).expect("applied");
        give(&mut sink, is_run, 4, rows(Op::Delete, 50..650, "")).expect("applied");
        assert_eq!(bench.sink.psql("SELECT count(*) || ' ' || (SELECT count(*) FROM archive) FROM ONLY h"), "50 100");
    }
}

#[test]
fn a_name_that_is_too_long_for_a_column_of_names_is_not_cut() {
    for is_run in [false, true] {
        let bench = bench();
        App::to(&bench.sink.url).run("CREATE TABLE h (id bigint PRIMARY KEY, note name)");
        let mut sink = bench.bare_sink(&["public.h".to_owned()], false);
        let (fits, long) = ("权".repeat(21), "权".repeat(22));
        give(&mut sink, is_run, 1, rows(Op::Stock, 0..200, &fits)).expect("63 bytes");
        assert_eq!(code_of(give(&mut sink, is_run, 2, rows(Op::Stock, 0..200, &long))), "too-narrow", "in a run: {is_run}");
        assert_eq!(bench.sink.psql("SELECT DISTINCT note FROM h"), fits);
    }
}

#[test]
fn a_sinks_table_that_a_crash_would_empty_is_told() {
    let bench = bench();
    App::to(&bench.sink.url).run("CREATE UNLOGGED TABLE h (id bigint PRIMARY KEY, note varchar(5))");
    let told = bench.bare_sink(&["public.h".to_owned()], false).cautions().expect("an answer");
    assert!(told.contains(&Caution::Unlogged { table: "public.h".to_owned() }), "{told:?}");
}

#[test]
fn a_column_that_always_numbers_itself_is_named_by_the_check_and_refused_in_a_run_as_it_is_alone() {
    for is_run in [false, true] {
        let bench = bench();
        let mut app = App::to(&bench.sink.url);
        app.run("CREATE TABLE h (id bigint PRIMARY KEY, n bigint GENERATED ALWAYS AS IDENTITY)");
        let mut sink = bench.bare_sink(&["public.h".to_owned()], false);
        let named = sink.check().expect("an answer");
        assert!(named.iter().any(|fault| matches!(fault, TableFault::Unfit { problem: Problem::Numbered, .. })), "{named:?}");
        give(&mut sink, is_run, 1, stock(0..200, "n", "7")).expect("new rows that are copied");
        assert_eq!(code_of(give(&mut sink, is_run, 2, stock(0..20, "n", "8"))), "refused", "in a run: {is_run}");
        app.run("ALTER TABLE h ALTER n SET GENERATED BY DEFAULT");
        give(&mut sink, is_run, 2, stock(0..20, "n", "8")).expect("it was mended");
        assert_eq!(
            bench.sink.psql("SELECT string_agg(n || 'x' || c, ' ' ORDER BY n) FROM (SELECT n, count(*) c FROM h GROUP BY n) s"),
            "7x180 8x20"
        );
    }
}

#[test]
fn row_security_hides_no_row_and_refuses_none_unseen() {
    for is_run in [false, true] {
        let bench = bench();
        let mut app = App::to(&bench.sink.url);
        app.run("CREATE TABLE h (id bigint PRIMARY KEY, note varchar(5)); INSERT INTO h VALUES (1, 'x')");
        app.run("CREATE POLICY few ON h USING (id > 100) WITH CHECK (true); ALTER TABLE h ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY");
        let mut sink = bench.bare_sink(&["public.h".to_owned()], false);
        for changes in [rows(Op::Delete, 1..2, ""), rows(Op::Stock, 0..600, "a"), rows(Op::Stock, 1..20, "a")] {
            let outcome = give(&mut sink, is_run, 1, changes);
            assert!(matches!(outcome, Err(TableFault::Denied { .. })), "in a run: {is_run}: {outcome:?}");
        }
        assert_eq!(bench.sink.psql("SELECT count(*) FROM h"), "1");
    }
}

#[test]
fn a_key_that_is_looked_at_late_doubles_no_row() {
    for is_run in [false, true] {
        let bench = bench();
        App::to(&bench.sink.url).run("CREATE TABLE h (id bigint PRIMARY KEY DEFERRABLE INITIALLY DEFERRED, note varchar(5))");
        let mut sink = bench.bare_sink(&["public.h".to_owned()], false);
        for (seq, note) in [(1, "a"), (2, "b")] {
            let _ = give(&mut sink, is_run, seq, rows(Op::Stock, 0..200, note));
        }
        let most = bench.sink.psql("SELECT coalesce(max(n), 1) FROM (SELECT count(*) n FROM h GROUP BY id) s");
        assert_eq!(most, "1", "in a run: {is_run}");
    }
}

#[test]
fn what_a_databases_encoding_has_not_is_refused_in_a_run_as_it_is_alone() {
    let bench = bench();
    let name = format!("{}_cn", bench.sink.name);
    bench
        .sink
        .psql(&format!("CREATE DATABASE {name} OWNER dukou ENCODING 'EUC_CN' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0"));
    let url = bench.sink.url.replace(&bench.sink.name, &name);
    let mut app = App::to(&url);
    app.run("CREATE TABLE h (id bigint PRIMARY KEY, note varchar(5))");
    for (is_run, seq) in [(false, 1), (true, 2)] {
        let mut sink = sink_at(&url, &["public.h".to_owned()], false);
        let mut changes = rows(Op::Stock, 0..700, "权利人");
        changes[300].row[1].1 = Value::Text("𬭚".to_owned());
        assert_eq!(code_of(give(&mut sink, is_run, seq, changes)), "character", "in a run: {is_run}");
        assert_eq!(app.number("SELECT count(*) FROM h"), 0);
    }
    let mut sink = sink_at(&url, &["public.h".to_owned()], true);
    let mut changes = rows(Op::Stock, 0..700, "权利人");
    changes[300].row[1].1 = Value::Text("𬭚".to_owned());
    give(&mut sink, true, 3, changes).expect("the others are applied");
    assert_eq!(app.number("SELECT count(*) FROM h WHERE note = '权利人'"), 699);
}

#[test]
fn a_peer_that_sends_its_columns_in_every_order_leaves_few_tables_in_the_session() {
    let bench = bench();
    App::to(&bench.sink.url).run("CREATE TABLE h (id bigint PRIMARY KEY, a int, b int, c int, d int, e int, f int)");
    let mut sink = bench.bare_sink(&["public.h".to_owned()], false);
    let mut orders = vec![Vec::new()];
    for name in ["a", "b", "c", "d", "e", "f"] {
        let wider = |order: &Vec<&'static str>| {
            (0..=order.len()).map(|at| [&order[..at], &[name], &order[at..]].concat()).collect::<Vec<_>>()
        };
        orders = orders.iter().flat_map(wider).collect();
    }
    assert_eq!(orders.len(), 720);
    for seq in 1..3_u64 {
        let part = |(at, order): (usize, &Vec<&str>)| {
            let row = |number: usize| {
                let id = number.to_string();
                let value = format!("{seq}");
                let mut row = cells(&[("id", id.as_str())]);
                row.extend(order.iter().flat_map(|name| cells(&[(name, &value)])));
                let key = row[..1].to_vec();
                RowChange {
                    table: "public.h".to_owned(),
                    op: Op::Update,
                    key,
                    row,
                    changed: vec![],
                    transaction: None,
                    goes_on: false,
                }
            };
            RowsPart::Run(run_of(&(at * 4..at * 4 + 4).map(row).collect::<Vec<_>>()).expect("a run"))
        };
        let parts = orders.iter().enumerate().map(part).collect();
        sink.apply_runs(&channel(), &RunPacket { mark: mark(1, seq), parts }).expect("it is applied");
        let told = bench.sink.psql("SELECT count(*) || ' ' || sum(a + b + c + d + e + f) FROM h");
        assert_eq!(told, format!("2880 {}", 2880 * 6 * seq));
        let tables: u32 =
            bench.sink.psql("SELECT count(*) FROM pg_class WHERE relname LIKE 'dukou_run_%'").parse().expect("a number");
        assert!(tables <= 256, "{tables} tables");
    }
}

#[test]
fn rows_that_other_rows_of_their_packet_make_room_for_end_as_they_do_alone() {
    let bench = bench();
    App::to(&bench.sink.url).run("CREATE TABLE h (id bigint PRIMARY KEY, note varchar(5) UNIQUE)");
    let mut sink = bench.bare_sink(&["public.h".to_owned()], false);
    let row = |id: u32, note: &str| rows(Op::Update, id..id + 1, note).remove(0);
    let all = |shift: u32| (0..40).map(|id| row(id, &format!("n{}", (id + shift) % 40))).collect::<Vec<_>>();
    give(&mut sink, true, 1, all(0)).expect("applied");
    let gone = rows(Op::Delete, 39..40, "");
    apply(&bench, &mut sink, 2, &[gone, (1..39).map(|id| row(id, &format!("n{}", id + 1))).collect()]);
    assert_eq!(bench.sink.psql("SELECT count(*) || ' ' || (SELECT note FROM h WHERE id = 38) FROM h"), "39 n39");
}

/// Rows of `public.h` with keys of text.
fn named(op: Op, names: impl Iterator<Item = String>, note: &str) -> Vec<RowChange> {
    let change = |name: String| {
        let row = cells(&[("id", &name), ("note", note)]);
        let (key, changed) = (row[..1].to_vec(), if op == Op::Update { vec!["note".to_owned()] } else { vec![] });
        let row = if op == Op::Delete { vec![] } else { row };
        RowChange { table: "public.h".to_owned(), op, key, row, changed, transaction: None, goes_on: false }
    };
    names.map(change).collect()
}

#[test]
fn a_key_that_the_sink_calls_equal_to_another_neither_overwrites_that_row_nor_takes_it_away() {
    let collation = "CREATE COLLATION loose (provider = icu, locale = 'und-u-ks-level2', deterministic = false)";
    for (before, column) in [("CREATE EXTENSION citext", "citext"), (collation, "text COLLATE loose")] {
        for (is_run, many) in [(false, 1), (false, 150), (false, 600), (true, 1), (true, 150), (true, 600)] {
            let bench = bench();
            bench.sink.psql(before);
            App::to(&bench.sink.url).run(&format!("CREATE TABLE h (id {column} PRIMARY KEY, note varchar(5))"));
            let (mut strict, mut letters) =
                (bench.bare_sink(&["public.h".to_owned()], false), bench.bare_sink(&["public.h".to_owned()], true));
            let [lower, upper] = ["a", "A"].map(|letter| move || (0..many).map(move |number| format!("{letter}{number}")));
            let told = || bench.sink.psql("SELECT count(*) || ' ' || min(id::text COLLATE \"C\") || ' ' || max(note) FROM h");
            let what = format!("{column}, {many} in a run: {is_run}");
            give(&mut strict, is_run, 1, named(Op::Stock, lower(), "l")).expect("applied");
            for op in [Op::Stock, Op::Update] {
                assert_eq!(code_of(give(&mut strict, is_run, 2, named(op, upper(), "u"))), "key-collides", "{what}");
            }
            give(&mut letters, is_run, 2, named(Op::Update, upper(), "u")).expect("put aside");
            assert_eq!(told(), format!("{many} a0 l"), "{what}");
            assert_eq!(
                bench.sink.psql("SELECT count(*) FROM dukou.dukou_refused WHERE code = 'key-collides'"),
                many.to_string(),
                "{what}"
            );
            give(&mut letters, is_run, 3, named(Op::Delete, upper(), "")).expect("nothing of theirs is there");
            assert_eq!(told(), format!("{many} a0 l"), "{what}");
            // Within one packet, too.
            let renamed = named(Op::Delete, lower(), "").into_iter().chain(named(Op::Insert, upper(), "n")).collect();
            give(&mut letters, is_run, 4, renamed).expect("a key that is written otherwise");
            assert_eq!(told(), format!("{many} A0 n"), "{what}");
            give(&mut letters, is_run, 5, named(Op::Update, upper(), "o")).expect("applied");
            assert_eq!(told(), format!("{many} A0 o"), "{what}");
        }
    }
}
