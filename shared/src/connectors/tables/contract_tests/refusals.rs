//! Rows that the sink's database does not take: told with table, key, column and words, or put aside where the channel says so.

use super::*;

/// What a sink tells of the one bad row among good ones: its index, key, column, code.
#[track_caller]
fn refusal(sink: &mut dyn TableSink, changes: &[RowChange]) -> (u32, String, Option<String>, &'static str) {
    match sink.apply(&channel(), &packet(9, changes)) {
        Err(TableFault::Row { seq, index, table, key, column, code, words }) => {
            assert_eq!(seq, 9);
            let at = usize::try_from(index).expect("small");
            assert_eq!((&table, &key), (&changes[at].table, &changes[at].key_text()), "table and key are the row's own");
            assert!(words.iter().all(|words| !words.is_empty()), "{words:?}");
            assert!(code.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-'), "{code}");
            (index, key, column, code)
        }
        other => panic!("a refused row: {other:?}"),
    }
}

/// A parent that is all right.
fn good(tables: &[String], dm: &str) -> RowChange {
    change(Op::Insert, &tables[0], &[("dm", dm), ("mj", "1")])
}

pub(in super::super) fn a_second_row_under_a_unique_value_is_told(bench: &mut dyn Bench) {
    let tables = family(bench, &[End::Sink]);
    bench.session(End::Sink).run(&format!("CREATE UNIQUE INDEX one_mj ON {} (mj)", tables[0]));
    let mut sink = bench.sink(&tables, false);
    let other = change(Op::Insert, &tables[0], &[("dm", "b"), ("mj", "1")]);
    let (index, key, ..) =
        refusal(&mut *sink, &[good(&tables, "a"), other, change(Op::Insert, &tables[0], &[("dm", "c"), ("mj", "3")])]);
    assert_eq!((index, key.as_str()), (1, "b"));
}

pub(in super::super) fn a_child_without_its_parent_is_told(bench: &mut dyn Bench) {
    let tables = family(bench, &[End::Sink]);
    let mut sink = bench.sink(&tables, false);
    let child = |id: &str, zd: &str| change(Op::Insert, &tables[1], &[("id", id), ("zd", zd), ("bz", "x")]);
    let (index, key, ..) = refusal(&mut *sink, &[child("1", "a"), child("2", "nowhere"), good(&tables, "a")]);
    assert_eq!((index, key.as_str()), (1, "2"), "the child before its parent is no reason, the one without is");
    sink.apply(&channel(), &packet(9, &[child("1", "a"), good(&tables, "a")])).expect("parents go first within a packet");
    let (index, key, ..) = match sink.apply(&channel(), &packet(10, &[change(Op::Delete, &tables[0], &[("dm", "a")])])) {
        Err(TableFault::Row { index, key, column, .. }) => (index, key, column),
        other => panic!("a parent that is needed: {other:?}"),
    };
    assert_eq!((index, key.as_str()), (0, "a"));
}

pub(in super::super) fn null_where_none_may_be_is_told(bench: &mut dyn Bench) {
    let tables = family(bench, &[End::Sink]);
    let mut sink = bench.sink(&tables, false);
    let mut child = change(Op::Insert, &tables[1], &[("id", "1"), ("zd", "a"), ("bz", "x")]);
    child.row[1].1 = Value::Null;
    let (index, _, column, _) = refusal(&mut *sink, &[good(&tables, "a"), child]);
    assert_eq!((index, column.as_deref()), (1, Some("zd")));
}

pub(in super::super) fn a_value_too_wide_is_told_before_the_database_sees_it(bench: &mut dyn Bench) {
    let tables = family(bench, &[End::Sink]);
    let mut sink = bench.sink(&tables, false);
    let (wide, fits) = ("宗".repeat(21), "宗".repeat(20));
    let row = |bz: &str| change(Op::Insert, &tables[1], &[("id", "1"), ("zd", "a"), ("bz", bz)]);
    let (index, _, column, code) = refusal(&mut *sink, &[good(&tables, "a"), row(&wide)]);
    assert_eq!((index, column.as_deref(), code), (1, Some("bz"), "too-narrow"));
    sink.apply(&channel(), &packet(9, &[good(&tables, "a"), row(&fits)])).expect("twenty characters are twenty characters");
}

pub(in super::super) fn a_table_that_was_made_narrower_beside_the_station_cuts_nothing(bench: &mut dyn Bench) {
    let tables = family(bench, &[End::Sink]);
    let mut sink = bench.sink(&tables[..1], false);
    sink.apply(&channel(), &packet(8, &[good(&tables, "a")])).expect("applied");
    let mut owner = bench.session(End::Sink);
    owner.run(&format!("DROP TABLE {}", tables[1]));
    owner.run(&format!("DROP TABLE {}", tables[0]));
    let (integer, name) = (bench.column(Type::Integer).expect("a type"), bench.column(Type::Characters(3)).expect("a type"));
    owner.run(&format!("CREATE TABLE {} (dm {name} NOT NULL PRIMARY KEY, mj {integer})", tables[0]));
    // Databases cut blanks at the end without a word.
    let (index, _, column, code) = refusal(&mut *sink, &[good(&tables, "b"), good(&tables, "c    ")]);
    assert_eq!((index, column.as_deref(), code), (1, Some("dm"), "too-narrow"));
    sink.apply(&channel(), &packet(9, &[good(&tables, "b")])).expect("three characters fit");
}

pub(in super::super) fn a_column_that_is_not_there_is_told(bench: &mut dyn Bench) {
    let tables = family(bench, &[End::Sink]);
    let mut sink = bench.sink(&tables, false);
    let row = change(Op::Insert, &tables[0], &[("dm", "b"), ("mj", "1"), ("xz", "1")]);
    let (index, _, column, code) = refusal(&mut *sink, &[good(&tables, "a"), row.clone()]);
    assert_eq!((index, column.as_deref(), code), (1, Some("xz"), "no-such-column"));
    let integer = bench.column(Type::Integer).expect("a type");
    bench.session(End::Sink).run(&format!("ALTER TABLE {} ADD COLUMN xz {integer}", tables[0]));
    sink.apply(&channel(), &packet(9, &[good(&tables, "a"), row])).expect("the catalog is read again after a refusal");
}

pub(in super::super) fn dead_letters_let_the_others_flow(bench: &mut dyn Bench) {
    let tables = family(bench, &[End::Sink]);
    let mut sink = bench.sink(&tables, true);
    let child = |id: &str, zd: &str, bz: &str| change(Op::Insert, &tables[1], &[("id", id), ("zd", zd), ("bz", bz)]);
    let wide = "x".repeat(21);
    let changes =
        [good(&tables, "a"), child("1", "a", "x"), child("2", "nowhere", "x"), child("3", "a", &wide), good(&tables, "b")];
    for _ in 0..2 {
        sink.apply(&channel(), &packet(1, &changes)).expect("the bad rows are put aside");
        assert_eq!(bench.refused(), 2, "once each, however often the packet comes");
    }
    assert_eq!(sink.mark(&channel()).expect("a mark"), Some(mark(1, 1)));
    let mut reader = bench.session(End::Sink);
    assert_eq!(reader.number(&format!("SELECT count(*) FROM {}", tables[0])), 2);
    assert_eq!(reader.number(&format!("SELECT sum(id) FROM {}", tables[1])), 1);
}

pub(in super::super) fn entries_that_cannot_travel_are_kept_beside_the_outbox(bench: &mut dyn Bench) {
    let tables = family(bench, &[End::Source]);
    let mut source = bench.source(&tables);
    let mut app = bench.session(End::Source);
    for dm in ["a", "b", "c"] {
        app.run(&format!("INSERT INTO {} (dm, mj) VALUES ('{dm}', 1)", tables[0]));
    }
    let offered = ids(&source.read(&BTreeSet::new(), ALL).expect("the source reads"));
    let refused = [(offered[0], "value-too-large".to_owned()), (offered[2], "row-too-large".to_owned())];
    let another = EntryId { at_ms: offered[1].at_ms - 1, ..offered[1] };
    source.set_aside(&[(another, "row-too-large".to_owned())]).expect("an entry of another time is another entry");
    for _ in 0..2 {
        source.set_aside(&refused).expect("set aside, and once more after a lost answer");
        assert_eq!(ids(&source.read(&BTreeSet::new(), ALL).expect("the source reads")), [offered[1]]);
    }
    let kept = app.rows(&format!("SELECT code, op, tbl FROM {} ORDER BY id", bench.set_aside()));
    let row = |code: &str| [code, "insert", &tables[0]].map(|text| Some(text.to_owned())).to_vec();
    assert_eq!(kept, [row("value-too-large"), row("row-too-large")]);
    drop(bench.source(&tables));
    assert_eq!(app.number(&format!("SELECT count(*) FROM {}", bench.set_aside())), 2, "installed again, it keeps them");
}

pub(in super::super) fn tables_that_are_not_there_are_named_by_the_check(bench: &mut dyn Bench) {
    let tables = family(bench, &BOTH);
    let absent = bench.table("absent");
    let all = [tables.clone(), vec![absent.clone()]].concat();
    let names_it =
        |faults: &[TableFault]| faults.iter().any(|fault| matches!(fault, TableFault::Unfit { table, .. } if *table == absent));
    assert!(names_it(&bench.sink(&all, false).check().expect("a check")));
    assert_eq!(bench.sink(&tables, false).check().expect("a check"), []);
    let mut source = bench.source(&tables);
    assert_eq!(source.check().expect("a check"), []);
    bench.session(End::Source).run(&format!(
        "ALTER TABLE {} ADD COLUMN xz {}",
        tables[0],
        bench.column(Type::Integer).expect("a type")
    ));
    let faults = source.check().expect("a check");
    assert!(
        matches!(&faults[..], [TableFault::Unfit { table, problem: super::super::Problem::Drifted, .. }] if *table == tables[0]),
        "{faults:?}"
    );
}

pub(in super::super) fn a_table_that_is_not_the_channels_is_never_written(bench: &mut dyn Bench) {
    let tables = family(bench, &[End::Sink]);
    let other = bench.table("other");
    let name = bench.column(Type::Characters(20)).expect("a type");
    bench.session(End::Sink).run(&format!("CREATE TABLE {other} (dm {name} NOT NULL PRIMARY KEY)"));
    for dead_letters in [false, true] {
        let mut sink = bench.sink(&tables, dead_letters);
        let outcome = sink.apply(&channel(), &packet(1, &[good(&tables, "a"), change(Op::Insert, &other, &[("dm", "x")])]));
        assert!(matches!(&outcome, Err(TableFault::Unfit { table, .. }) if *table == other), "{outcome:?}");
    }
    let mut reader = bench.session(End::Sink);
    assert_eq!(reader.number(&format!("SELECT count(*) FROM {other}")), 0);
    assert_eq!(reader.number(&format!("SELECT count(*) FROM {}", tables[0])), 0, "nor anything else of the packet");
}

pub(in super::super) fn a_row_with_another_key_than_its_change_is_told(bench: &mut dyn Bench) {
    let tables = family(bench, &[End::Sink]);
    let mut sink = bench.sink(&tables, false);
    let key = cells(&[("dm", "a")]);
    for op in [Op::Insert, Op::Update, Op::Stock] {
        let other = RowChange { key: key.clone(), ..change(op, &tables[0], &[("dm", "b"), ("mj", "1")]) };
        let outcome = sink.apply(&channel(), &packet(1, &[other]));
        let told = matches!(&outcome, Err(TableFault::Row { code: "key-differs", column: Some(column), .. }) if column == "dm");
        assert!(told, "{outcome:?}");
    }
    assert_eq!(bench.session(End::Sink).number(&format!("SELECT count(*) FROM {}", tables[0])), 0);
}

pub(in super::super) fn a_key_that_is_not_the_tables_key_deletes_nothing(bench: &mut dyn Bench) {
    let tables = family(bench, &[End::Sink]);
    let mut sink = bench.sink(&tables, false);
    sink.apply(&channel(), &packet(1, &[good(&tables, "a"), good(&tables, "b")])).expect("applied");
    for wrong in [&[("mj", "1")][..], &[("dm", "a"), ("mj", "1")]] {
        let delete = RowChange { key: cells(wrong), ..change(Op::Delete, &tables[0], &[("dm", "a")]) };
        let (index, _, _, code) = refusal(&mut *sink, &[delete]);
        assert_eq!((index, code), (0, "key-differs"));
    }
    assert_eq!(bench.session(End::Sink).number(&format!("SELECT count(*) FROM {}", tables[0])), 2);
}
