//! The stock push: rows in chunks, each in its place among the changes.

use super::super::{Chunk, ChunkWanted};
use super::*;

/// Wants the rows of a table behind a key.
fn wanted<'a>(table: &'a str, after: Option<&'a Cells>, rows: u32) -> ChunkWanted<'a> {
    ChunkWanted { table, after, filter: None, rows }
}

/// Reads a table chunk by chunk, with tokens from 1.
fn chunks(source: &mut dyn TableSource, table: &str, rows: u32) -> Vec<Chunk> {
    let mut chunks: Vec<Chunk> = Vec::new();
    for token in 1.. {
        let after = chunks.last().and_then(|chunk| chunk.last.clone());
        chunks.push(source.chunk(&wanted(table, after.as_ref(), rows), token).expect("a chunk"));
        if chunks.last().is_some_and(|chunk| chunk.last.is_none()) {
            break;
        }
    }
    chunks
}

/// What stands in the outbox, markers as `#token`.
fn order(source: &mut dyn TableSource) -> Vec<String> {
    let changed = |change: &RowChange| format!("{:?} {}", change.op, change.key_text()).to_lowercase();
    let told = |offered: &Offered| match &offered.entry {
        Entry::Marker(token) => vec![format!("#{token}")],
        Entry::Structure(document) => vec![format!("={document}")],
        Entry::Change(change) => vec![changed(change)],
        Entry::Run(run, _) => run.changes().map(|change| changed(&change)).collect(),
        Entry::Unfit { code, .. } => vec![(*code).to_owned()],
    };
    source.read(&BTreeSet::new(), ALL).expect("a read").iter().flat_map(told).collect()
}

/// The keys of a chunk's rows.
fn keys(chunk: &Chunk) -> Vec<String> {
    chunk.changes().iter().map(RowChange::key_text).collect()
}

pub(in super::super) fn chunks_give_every_row_once_by_rising_key(bench: &mut dyn Bench) {
    let tables = family(bench, &[End::Source]);
    let mut app = bench.session(End::Source);
    (0..25).for_each(|n| app.run(&format!("INSERT INTO {} VALUES ('k{n:02}', {n})", tables[0])));
    let mut source = bench.source(&tables);
    let chunks = chunks(&mut *source, &tables[0], 10);
    let all: Vec<String> = chunks.iter().flat_map(keys).collect();
    assert_eq!(all, (0..25).map(|n| format!("k{n:02}")).collect::<Vec<_>>());
    assert!(chunks.iter().all(|chunk| chunk.rows() <= 10));
    assert!(chunks.iter().flat_map(Chunk::changes).all(|row| row.op == Op::Stock && row.table == tables[0]));
    assert_eq!(chunks[0].changes()[3].row, cells(&[("dm", "k03"), ("mj", "3")]));
    let markers: Vec<String> = (1..=chunks.len()).map(|token| format!("#{token}")).collect();
    assert_eq!(order(&mut *source), markers);
}

pub(in super::super) fn a_change_behind_a_chunk_stands_behind_its_marker(bench: &mut dyn Bench) {
    let tables = family(bench, &[End::Source]);
    let mut app = bench.session(End::Source);
    (0..4).for_each(|n| app.run(&format!("INSERT INTO {} VALUES ('k{n}', {n})", tables[0])));
    let mut source = bench.source(&tables);
    app.run(&format!("UPDATE {} SET mj = 10 WHERE dm = 'k0'", tables[0]));
    let first = source.chunk(&wanted(&tables[0], None, 2), 7).expect("a chunk");
    assert_eq!(first.changes()[0].row, cells(&[("dm", "k0"), ("mj", "10")]));
    app.run(&format!("UPDATE {} SET mj = 11 WHERE dm = 'k0'", tables[0]));
    app.run(&format!("DELETE FROM {} WHERE dm = 'k3'", tables[0]));
    let second = source.chunk(&wanted(&tables[0], first.last.as_ref(), 2), 8).expect("a chunk");
    assert_eq!(keys(&second), ["k2"]);
    assert_eq!(order(&mut *source), ["update k0", "#7", "update k0", "delete k3", "#8"]);
}

pub(in super::super) fn a_change_under_way_is_not_overtaken(bench: &mut dyn Bench) {
    let tables = family(bench, &[End::Source]);
    let mut app = bench.session(End::Source);
    (0..4).for_each(|n| app.run(&format!("INSERT INTO {} VALUES ('k{n}', {n})", tables[0])));
    let mut source = bench.source(&tables);
    app.run("BEGIN");
    app.run(&format!("UPDATE {} SET mj = 10 WHERE dm = 'k1'", tables[0]));
    // The chunk waits for the transaction and gives up, or reads what stands there and takes its place before it: never between.
    let early = source.chunk(&wanted(&tables[0], None, 10), 7);
    app.run("COMMIT");
    let mj = |chunk: &Chunk| chunk.changes()[1].row[1].1.clone();
    match early {
        Ok(chunk) => {
            let place = if mj(&chunk) == text("10") { ["update k1", "#7"] } else { ["#7", "update k1"] };
            assert_eq!(order(&mut *source), place);
        }
        Err(TableFault::Busy { .. }) => {
            assert_eq!(order(&mut *source), ["update k1"], "no marker without its chunk");
            assert_eq!(mj(&source.chunk(&wanted(&tables[0], None, 10), 8).expect("a chunk")), text("10"));
            assert_eq!(order(&mut *source), ["update k1", "#8"]);
        }
        Err(other) => panic!("{other:?}"),
    }
}

pub(in super::super) fn the_stock_pushed_twice_changes_nothing(bench: &mut dyn Bench) {
    let tables = family(bench, &BOTH);
    let mut app = bench.session(End::Source);
    (0..30).for_each(|n| app.run(&format!("INSERT INTO {} VALUES ('k{n:02}', {n})", tables[0])));
    (0..30).for_each(|n| app.run(&format!("INSERT INTO {} VALUES ({n}, 'k{n:02}', NULL)", tables[1])));
    let mut pair = Pair::of(bench, &tables);
    for _ in 0..2 {
        for table in &tables {
            for chunk in chunks(&mut *pair.source, table, 8) {
                pair.seq += 1;
                pair.sink.apply(&channel(), &packet(pair.seq, &chunk.changes())).expect("applied");
            }
        }
        let ids = ids(&pair.source.read(&BTreeSet::new(), ALL).expect("a read"));
        pair.source.delete(&ids).expect("deleted");
        assert_equal_ends(bench, &format!("SELECT dm, mj FROM {} ORDER BY dm", tables[0]));
        assert_equal_ends(bench, &format!("SELECT id, zd, bz FROM {} ORDER BY id", tables[1]));
    }
}

pub(in super::super) fn a_filter_and_a_key_of_two_columns_are_kept(bench: &mut dyn Bench) {
    let table = bench.table("two");
    let (integer, name) = (bench.column(Type::Integer).expect("a type"), bench.column(Type::Characters(9)).expect("a type"));
    let mut app = bench.session(End::Source);
    app.run(&format!("CREATE TABLE {table} (a {integer} NOT NULL, v {integer}, b {name} NOT NULL, PRIMARY KEY (a, b))"));
    for a in [1, 2, 10] {
        ["x", "y", "z"].iter().for_each(|b| app.run(&format!("INSERT INTO {table} VALUES ({a}, {a}, '{b}')")));
    }
    let mut source = bench.source(std::slice::from_ref(&table));
    let all: Vec<String> = chunks(&mut *source, &table, 2).iter().flat_map(keys).collect();
    assert_eq!(all, ["1/x", "1/y", "1/z", "2/x", "2/y", "2/z", "10/x", "10/y", "10/z"]);
    let want = ChunkWanted { filter: Some("v > 1 OR b = 'z'"), rows: 4, ..wanted(&table, None, 4) };
    let first = source.chunk(&want, 50).expect("a chunk");
    assert_eq!(keys(&first), ["1/z", "2/x", "2/y", "2/z"]);
    let rest = source.chunk(&ChunkWanted { after: first.last.as_ref(), ..want }, 51).expect("a chunk");
    assert_eq!(keys(&rest), ["10/x", "10/y", "10/z"], "the condition holds as a whole behind the last key");
    assert_eq!(rest.last, None, "three of four wanted: there are no more");
}
