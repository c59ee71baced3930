//! Runs over rows that are there: nothing else comes of them, whatever way they take.

use super::*;
use crate::connectors::tables::contract_tests::{Session, cells, channel, mark};
use crate::connectors::tables::run::tests::{in_runs, run_of};
use crate::connectors::tables::{Op, RowChange, RowPacket, RowsPart, RunPacket};

/// Rows `from … to` of a table, each with its number and a note.
pub(super) fn rows(op: Op, numbers: std::ops::Range<u32>, note: &str) -> Vec<RowChange> {
    let change = |number: u32| {
        let row = cells(&[("id", &number.to_string()), ("note", note)]);
        let (key, changed) = (row[..1].to_vec(), if op == Op::Update { vec!["note".to_owned()] } else { vec![] });
        let row = if op == Op::Delete { vec![] } else { row };
        RowChange { table: "public.h".to_owned(), op, key, row, changed, transaction: None, goes_on: false }
    };
    numbers.map(change).collect()
}

/// Applies runs as one packet.
pub(super) fn apply(bench: &PgBench, sink: &mut PostgresSink, seq: u64, parts: &[Vec<RowChange>]) {
    let parts = parts.iter().map(|changes| RowsPart::Run(run_of(changes).expect("a run"))).collect();
    sink.apply_runs(&channel(), &RunPacket { mark: mark(1, seq), parts }).expect("it is applied");
    assert_eq!(bench.sink.psql("SELECT count(*) FROM pg_prepared_xacts"), "0");
}

fn told(bench: &PgBench) -> String {
    bench.sink.psql("SELECT count(*) || ' ' || string_agg(DISTINCT note, ',' ORDER BY note) FROM h")
}

#[test]
fn rows_over_those_that_are_there_take_nothing_else_with_them() {
    for (other, what) in [
        ("", "nothing"),
        ("CREATE TABLE public.c (h bigint REFERENCES h ON DELETE CASCADE); INSERT INTO public.c SELECT id FROM h", "a child"),
        (
            "CREATE TABLE public.l (id bigint); CREATE FUNCTION public.l() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN INSERT INTO public.l VALUES (OLD.id);RETURN NULL;END'; CREATE TRIGGER l AFTER DELETE ON h FOR EACH ROW EXECUTE FUNCTION public.l()",
            "a trigger",
        ),
        ("ALTER TABLE h ADD COLUMN own text DEFAULT 'x'; UPDATE h SET own = 'ours'", "a column of its own"),
        ("CREATE UNIQUE INDEX ON h (note, id)", "a unique index"),
    ] {
        let bench = bench();
        let mut app = App::to(&bench.sink.url);
        app.run("CREATE TABLE h (id bigint PRIMARY KEY, note varchar(5))");
        let mut sink = bench.bare_sink(&["public.h".to_owned()], false);
        apply(&bench, &mut sink, 1, &[rows(Op::Stock, 0..2_000, "a")]);
        other.split("; ").filter(|sql| !sql.is_empty()).for_each(|sql| app.run(sql));
        for (seq, note) in [(2, "b"), (3, "c")] {
            apply(&bench, &mut sink, seq, &[rows(Op::Stock, 0..1_000, note), rows(Op::Update, 1_000..2_000, note)]);
        }
        assert_eq!(told(&bench), "2000 c", "{what}");
        let kept = match what {
            "a child" => bench.sink.psql("SELECT count(*) FROM c"),
            "a trigger" => bench.sink.psql("SELECT 2000 - count(*) FROM l"),
            "a column of its own" => bench.sink.psql("SELECT count(*) FROM h WHERE own = 'ours'"),
            _ => "2000".to_owned(),
        };
        assert_eq!(kept, "2000", "{what}");
    }
}

#[test]
fn of_one_key_in_several_runs_of_a_packet_the_last_change_stands() {
    let bench = bench();
    App::to(&bench.sink.url).run("CREATE TABLE h (id bigint PRIMARY KEY, note varchar(5))");
    let mut sink = bench.bare_sink(&["public.h".to_owned()], false);
    let parts = [
        rows(Op::Insert, 0..1_500, "a"),
        rows(Op::Update, 100..900, "b"),
        rows(Op::Delete, 0..600, ""),
        rows(Op::Insert, 50..80, "c"),
        rows(Op::Stock, 1_000..2_200, "d"),
    ];
    apply(&bench, &mut sink, 1, &parts);
    assert_eq!(told(&bench), "1630 a,b,c,d");
    assert_eq!(
        bench.sink.psql("SELECT string_agg(n::text, ' ' ORDER BY note) FROM (SELECT note, count(*) n FROM h GROUP BY 1) s"),
        "100 300 30 1200"
    );
    let narrow: Vec<RowChange> = rows(Op::Update, 50..80, "e")
        .into_iter()
        .map(|change| RowChange { row: change.row[..1].to_vec(), changed: vec![], ..change })
        .collect();
    apply(&bench, &mut sink, 2, &[rows(Op::Stock, 600..1_200, "f"), narrow, rows(Op::Stock, 1_200..1_900, "g")]);
    assert_eq!(told(&bench), "1630 c,d,f,g", "a row without a column keeps its value there");
}

#[test]
fn a_row_in_a_run_that_does_not_fit_is_named_as_it_is_alone_and_nothing_else_changes() {
    let bench = bench();
    App::to(&bench.sink.url).run("CREATE TABLE h (id bigint PRIMARY KEY, note varchar(5))");
    for (row, note) in [(700, "abcdef"), (3, "𬭚䶮㛃𬭚䶮㛃")] {
        let mut changes = rows(Op::Insert, 0..1_000, "a");
        changes[row].row[1].1 = Value::Text(note.to_owned());
        let packet = RowPacket { mark: mark(1, 1), changes };
        let mut sink = bench.bare_sink(&["public.h".to_owned()], false);
        let alone = sink.apply(&channel(), &packet).expect_err("it does not fit");
        assert_eq!(sink.apply_runs(&channel(), &in_runs(&packet)), Err(alone));
        assert_eq!(bench.sink.psql("SELECT count(*) FROM h"), "0");
    }
    let mut letters = bench.bare_sink(&["public.h".to_owned()], true);
    let mut changes = rows(Op::Insert, 0..1_000, "a");
    changes[700].row[1].1 = Value::Text("abcdef".to_owned());
    letters.apply_runs(&channel(), &in_runs(&RowPacket { mark: mark(1, 1), changes })).expect("the others are applied");
    assert_eq!(bench.sink.psql("SELECT count(*) FROM h"), "999");
    assert_eq!(bench.sink.psql("SELECT at || ' ' || key || ' ' || code FROM dukou.dukou_refused"), "700 700 too-narrow");
}

#[test]
fn a_run_of_deletes_takes_its_keys_alone_side_by_side_or_far_apart() {
    for (gap, kind) in [(1, "bigint"), (1, "smallint"), (2, "bigint"), (3, "bigint"), (1, "varchar(9)"), (1, "numeric(9)")] {
        let bench = bench();
        let mut app = App::to(&bench.sink.url);
        app.run(&format!("CREATE TABLE h (id {kind} PRIMARY KEY, note varchar(5))"));
        app.run("INSERT INTO h SELECT n, 'a' FROM generate_series(-1000, 9000) n");
        let mut sink = bench.bare_sink(&["public.h".to_owned()], false);
        let gone: Vec<RowChange> = (0..1_500).flat_map(|number| rows(Op::Delete, number * gap..number * gap + 1, "")).collect();
        apply(&bench, &mut sink, 1, &[gone]);
        let left = bench.sink.psql(&format!(
            "SELECT count(*) FILTER (WHERE id::int BETWEEN 0 AND 1499 * {gap} AND id::int % {gap} = 0) || ' ' || count(*) FROM h"
        ));
        assert_eq!(left, format!("0 {}", 10_001 - 1_500), "{kind}, a key in {gap}");
    }
}
