//! What MariaDB and MySQL do that no other database does.

use super::super::{MysqlSink, MysqlSource};
use super::bench::{App, Databases, bench};
use crate::connectors::tables::contract_tests::{
    ALL, Bench, End, Pair, Session, assert_equal_ends, cells, change, changes_of, channel, ids, packet, told,
};
use crate::connectors::tables::{ChunkWanted, Entry, Offered, Op, Problem, TableFault, TableSink, TableSource, Value};
use dukou_servers::mariadb::Mariadb;
use std::collections::BTreeSet;

const BOTH: [End; 2] = [End::Source, End::Sink];

fn read(source: &mut dyn TableSource) -> Vec<Offered> {
    source.read(&BTreeSet::new(), ALL).expect("the source reads")
}

/// Makes tables at the ends.
fn make(bench: &Databases, ends: &[End], sql: &str) {
    ends.iter().for_each(|end| bench.app(*end).run(sql));
}

/// What a first installation of a table ends with.
fn fault(bench: &Databases, table: &str) -> (Option<String>, Problem) {
    match bench.open_source(&[table.to_owned()]).install() {
        Err(TableFault::Unfit { problem, column, .. }) => (column, problem),
        other => panic!("{table}: {other:?}"),
    }
}

/// Code and column of entries that cannot travel.
fn misfits(offered: &[Offered]) -> Vec<(&'static str, Option<String>)> {
    let misfit = |offered: &Offered| match &offered.entry {
        Entry::Unfit { code, column, .. } => Some((*code, column.clone())),
        _ => None,
    };
    offered.iter().filter_map(misfit).collect()
}

#[test]
fn what_cannot_be_a_source_or_a_sink_is_named_before_anything_is_changed() {
    let bench = bench();
    make(
        &bench,
        &BOTH,
        "CREATE TABLE none (v INT); CREATE VIEW seen AS SELECT * FROM none; CREATE TABLE isam (id INT PRIMARY KEY) ENGINE = MyISAM;
         CREATE TABLE aria (id INT PRIMARY KEY) ENGINE = Aria; CREATE TABLE geo (id INT PRIMARY KEY, g GEOMETRY);
         CREATE TABLE bits (id INT PRIMARY KEY, b BIT(8)); CREATE TABLE floats (id DOUBLE PRIMARY KEY);
         CREATE TABLE p (id INT PRIMARY KEY); CREATE TABLE c (id INT PRIMARY KEY, p INT, CONSTRAINT c_p FOREIGN KEY (p) REFERENCES p (id) ON DELETE CASCADE)",
    );
    assert_eq!(fault(&bench, "none"), (None, Problem::NoKey));
    assert_eq!(fault(&bench, "seen"), (None, Problem::Type("view".to_owned())));
    assert_eq!(fault(&bench, "nowhere"), (None, Problem::Missing));
    assert_eq!(fault(&bench, "isam"), (None, Problem::NoTransactions("MyISAM".to_owned())));
    assert_eq!(fault(&bench, "aria"), (None, Problem::NoTransactions("Aria".to_owned())));
    assert_eq!(fault(&bench, "geo"), (Some("g".to_owned()), Problem::Type("geometry".to_owned())));
    assert_eq!(fault(&bench, "bits"), (Some("b".to_owned()), Problem::Type("bit(8)".to_owned())));
    assert_eq!(fault(&bench, "floats"), (Some("id".to_owned()), Problem::Type("double".to_owned())));
    assert_eq!(fault(&bench, "c"), (None, Problem::ParentOutside("p".to_owned())));
    let both = ["p".to_owned(), "c".to_owned()];
    let refused = bench.open_source(&both).install();
    assert!(
        matches!(&refused, Err(TableFault::Unfit { table, problem: Problem::Silent(what), .. }) if table == "c" && what == "c_p (ON DELETE CASCADE)"),
        "{refused:?}"
    );
    assert_eq!(bench.app(End::Source).rows("SHOW TRIGGERS"), Vec::<Vec<Option<String>>>::new());
    let sinks = ["isam", "geo", "bits"].map(str::to_owned);
    assert_eq!(bench.sink(&sinks, false).check().expect("a check").len(), 3);
}

#[test]
fn replace_ignore_and_on_duplicate_key_are_told_as_what_they_did() {
    let bench = bench();
    make(&bench, &BOTH, "CREATE TABLE zd (dm VARCHAR(9) PRIMARY KEY, xh INT UNIQUE, mj INT)");
    let mut pair = Pair::of(&bench, &["zd".to_owned()]);
    let mut app = bench.app(End::Source);
    app.run("INSERT INTO zd VALUES ('a', 1, 1), ('b', 2, 2), ('c', 3, 3)");
    pair.cross(ALL);
    app.run("REPLACE INTO zd VALUES ('d', 1, 4)");
    app.run("INSERT IGNORE INTO zd VALUES ('e', 2, 5), ('f', 6, 6)");
    app.run("INSERT INTO zd VALUES ('g', 3, 7) ON DUPLICATE KEY UPDATE mj = VALUES(mj)");
    assert_eq!(told(&read(&mut *pair.source)), ["delete a", "insert d", "insert f", "update c"]);
    pair.cross(ALL);
    assert_equal_ends(&bench, "SELECT * FROM zd ORDER BY dm");
}

#[test]
fn no_other_row_is_written_over_by_a_unique_value_or_by_letter_case() {
    let bench = bench();
    make(&bench, &[End::Sink], "CREATE TABLE zd (dm VARCHAR(9) PRIMARY KEY, xh INT UNIQUE); INSERT INTO zd VALUES ('A', 1)");
    make(
        &bench,
        &[End::Sink],
        "CREATE TABLE h (dm VARCHAR(9) CHARACTER SET gbk PRIMARY KEY, xh INT); INSERT INTO h VALUES ('A', 1)",
    );
    let mut sink = bench.sink(&["zd".to_owned(), "h".to_owned()], false);
    let mut refused = |table: &str, dm: &str, xh: &str| {
        let packet = packet(1, &[change(Op::Insert, table, &[("dm", dm), ("xh", xh)])]);
        match sink.apply(&channel(), &packet) {
            Err(TableFault::Row { code, .. }) => code,
            other => panic!("{table} {dm} {xh}: {other:?}"),
        }
    };
    assert_eq!(refused("zd", "b", "1"), "duplicate");
    assert_eq!(refused("zd", "a", "2"), "duplicate");
    assert_eq!(refused("h", "a", "2"), "key-collides");
    assert_eq!(refused("h", "A ", "2"), "key-collides");
    sink.apply(&channel(), &packet(1, &[change(Op::Delete, "h", &[("dm", "a")])])).expect("nothing of that key is there");
    let mut app = bench.app(End::Sink);
    for table in ["zd", "h"] {
        assert_eq!(app.rows(&format!("SELECT dm, xh FROM {table}")), [[Some("A".to_owned()), Some("1".to_owned())]]);
    }
    sink.apply(&channel(), &packet(2, &[change(Op::Update, "h", &[("dm", "A"), ("xh", "7")])])).expect("the same key");
    assert_eq!(app.number("SELECT xh FROM h"), 7);
}

#[test]
fn the_key_0_of_a_counting_column_stays_0() {
    let bench = bench();
    make(&bench, &[End::Sink], "CREATE TABLE zd (id INT AUTO_INCREMENT PRIMARY KEY, v INT); INSERT INTO zd VALUES (5, 5)");
    let mut sink = bench.sink(&["zd".to_owned()], false);
    sink.apply(&channel(), &packet(1, &[change(Op::Insert, "zd", &[("id", "0"), ("v", "1")])])).expect("applied");
    assert_eq!(bench.app(End::Sink).number("SELECT min(id) FROM zd"), 0);
}

#[test]
fn types_of_their_own_cross_at_their_edges() {
    let bench = bench();
    let sql = "CREATE TABLE v (id INT UNSIGNED ZEROFILL PRIMARY KEY, b BIT(1), y YEAR, e ENUM('甲','it''s','') CHARACTER SET utf8mb4, s SET('a','b'),
        u BIGINT UNSIGNED, d DECIMAL(65,30), dt DATETIME(6), j JSON, f FLOAT, t TINYINT(1), bi BINARY(3), c CHAR(5), m MEDIUMINT, x TIMESTAMP(3) NULL)";
    make(&bench, &BOTH, sql);
    let mut pair = Pair::of(&bench, &["v".to_owned()]);
    let mut app = bench.app(End::Source);
    let most = format!("{}.{}", "9".repeat(35), "9".repeat(30));
    app.run(&format!(
        "INSERT INTO v VALUES (7, b'1', 2155, 'it''s', 'a,b', 18446744073709551615, {most}, '9999-12-31 23:59:59.999999', '{{\"a\": 1.0}}', 0.1, 1,
         x'00ff01', '宗地', -8388608, '2024-01-01 08:00:00.120')"
    ));
    app.run("INSERT INTO v VALUES (8, b'0', 0, '', '', 0, 0, '1000-01-01', 'null', 16777216, 0, x'000000', '', 8388607, NULL)");
    let rows: Vec<_> = changes_of(&read(&mut *pair.source)).into_iter().map(|change| change.row).collect();
    let mut first = cells(&[
        ("id", "7"),
        ("b", "true"),
        ("y", "2155"),
        ("e", "it's"),
        ("s", "a,b"),
        ("u", "18446744073709551615"),
        ("d", &most),
        ("dt", "9999-12-31 23:59:59.999999"),
        ("j", "{\"a\": 1.0}"),
        ("f", "0.1"),
        ("t", "1"),
        ("bi", ""),
        ("c", "宗地"),
        ("m", "-8388608"),
        ("x", "2024-01-01 08:00:00.12+08:00"),
    ]);
    first[11].1 = Value::Bytes(vec![0, 255, 1]);
    assert_eq!(rows[0], first);
    pair.cross(ALL);
    assert_equal_ends(&bench, "SELECT *, b + 0, HEX(bi) FROM v ORDER BY id");
    assert_eq!(bench.app(End::Sink).number("SELECT count(*) FROM v"), 2);
}

#[test]
fn days_and_times_that_are_none_are_named_and_the_others_flow() {
    let bench = bench();
    make(&bench, &[End::Source], "CREATE TABLE v (id INT PRIMARY KEY, d DATE, t TIME, x TIMESTAMP NULL)");
    let mut source = bench.source(&["v".to_owned()]);
    let mut app = bench.app(End::Source);
    app.run("SET sql_mode = ''");
    app.run("INSERT INTO v VALUES (1, '0000-00-00', NULL, NULL), (2, '2024-00-10', NULL, NULL), (3, NULL, '100:00:00', NULL), (4, NULL, '-01:00:00', NULL), (5, NULL, NULL, '0000-00-00 00:00:00'), (6, '2024-02-29', '23:59:59', NULL)");
    let offered = read(&mut *source);
    let expected = [
        ("date-out-of-range", Some("d".to_owned())),
        ("date-out-of-range", Some("d".to_owned())),
        ("time-out-of-range", Some("t".to_owned())),
        ("time-out-of-range", Some("t".to_owned())),
        ("date-out-of-range", Some("x".to_owned())),
    ];
    assert_eq!(misfits(&offered), expected);
    assert_eq!(told(&offered), ["insert 6"]);
    source.delete(&ids(&offered)).expect("deleted");
    let want = ChunkWanted { table: "v", after: None, filter: None, rows: 10 };
    assert_eq!(source.chunk(&want, 1).expect("a chunk").rows(), 1);
    assert_eq!(misfits(&read(&mut *source)), expected);
}

#[test]
fn text_in_gbk_crosses_unchanged_and_what_gbk_lacks_is_refused_with_its_code_point() {
    let bench = bench();
    let gbk = "CREATE TABLE zd (dm VARCHAR(20) PRIMARY KEY, mc VARCHAR(20)) CHARACTER SET gbk";
    make(&bench, &BOTH, gbk);
    let mut pair = Pair::of(&bench, &["zd".to_owned()]);
    let mut app = bench.app(End::Source);
    app.run("INSERT INTO zd VALUES ('宗地', '镕·——（〇）'), ('b', '')");
    app.run("UPDATE zd SET mc = '喆' WHERE dm = 'b'");
    pair.cross(ALL);
    assert_equal_ends(&bench, "SELECT *, HEX(mc) FROM zd ORDER BY dm");
    for (letter, code) in [("䶮", "U+4DAE"), ("€", "U+20AC"), ("𬭚", "U+2CB5A")] {
        let row = change(Op::Insert, "zd", &[("dm", "x"), ("mc", letter)]);
        match pair.sink.apply(&channel(), &packet(90, &[row])) {
            Err(TableFault::Row { column, code: "character", words, .. }) => {
                assert_eq!(column.as_deref(), Some("mc"));
                assert!(words.iter().all(|words| words.contains(code)), "{words:?}");
            }
            other => panic!("{letter}: {other:?}"),
        }
    }
    // A code that GBK's table leaves to the user has no character to travel as; the application's statement goes through all the same.
    for mode in ["STRICT_ALL_TABLES", ""] {
        app.run(&format!("SET sql_mode = '{mode}'"));
        app.run("DELETE FROM zd WHERE dm = 'c'; INSERT INTO zd VALUES ('c', CONVERT(x'AAA1' USING gbk))");
        assert_eq!(app.number("SELECT count(*) FROM zd WHERE dm = 'c'"), 1, "{mode}");
        let offered = read(&mut *pair.source);
        let codes: Vec<_> = misfits(&offered).into_iter().map(|(code, _)| code).collect();
        assert_eq!(codes, ["character"], "{mode}");
        pair.source.delete(&ids(&offered)).expect("deleted");
    }
}

#[test]
fn an_applications_trigger_comes_behind_ours_whichever_was_there_first() {
    for ours_first in [true, false] {
        let bench = bench();
        make(
            &bench,
            &[End::Source],
            "CREATE TABLE zd (id INT PRIMARY KEY); CREATE TABLE h (id INT PRIMARY KEY, zd INT, FOREIGN KEY (zd) REFERENCES zd (id))",
        );
        let theirs = "CREATE TRIGGER theirs AFTER INSERT ON zd FOR EACH ROW INSERT INTO h VALUES (NEW.id, NEW.id)";
        if !ours_first {
            make(&bench, &[End::Source], theirs);
        }
        let mut source = bench.source(&["h".to_owned(), "zd".to_owned()]);
        if ours_first {
            make(&bench, &[End::Source], theirs);
        }
        make(&bench, &[End::Source], "INSERT INTO zd VALUES (1)");
        let tables: Vec<String> = changes_of(&read(&mut *source)).into_iter().map(|change| change.table).collect();
        assert_eq!(tables, ["zd", "h"], "ours first: {ours_first}");
    }
}

#[test]
fn installing_anew_keeps_what_waits_and_uninstalling_leaves_nothing() {
    let bench = bench();
    make(&bench, &[End::Source], "CREATE TABLE zd (dm VARCHAR(9) PRIMARY KEY)");
    let tables = ["zd".to_owned()];
    drop(bench.source(&tables));
    make(&bench, &[End::Source], "INSERT INTO zd VALUES ('a'); ALTER TABLE zd ADD COLUMN mj INT");
    let mut source = bench.source(&tables);
    make(&bench, &[End::Source], "UPDATE zd SET mj = 1");
    assert_eq!(told(&read(&mut *source)), ["insert a", "update a"]);
    assert_eq!(bench.app(End::Source).rows("SHOW TRIGGERS").len(), 3);
    bench.open_source(&tables).uninstall().expect("uninstalled");
    assert_eq!(bench.app(End::Source).rows("SHOW TRIGGERS").len(), 0);
    assert_eq!(bench.app(End::Source).rows("SHOW TABLES LIKE 'dukou%'").len(), 0);
}

#[test]
fn a_row_above_the_servers_packet_is_named_and_neither_lost_nor_in_the_way() {
    let server = Mariadb::start_with(&["--max-allowed-packet=1M"]);
    let url = server.create("registry");
    let mut app = App::open(&url, "+08:00");
    app.run("CREATE TABLE v (id INT PRIMARY KEY, a LONGTEXT, b LONGBLOB)");
    let mut source = MysqlSource::new(&url, None, &channel(), &["v".to_owned()]);
    source.install().expect("installed");
    app.run(
        "INSERT INTO v VALUES (1, NULL, REPEAT('x', 600000)), (2, REPEAT('x', 600000), REPEAT('y', 300000)), (3, 'a', 'b')",
    );
    app.run("SET sql_mode = 'STRICT_ALL_TABLES'; UPDATE v SET a = REPEAT('\n', 600000) WHERE id = 3; UPDATE v SET a = 'c' WHERE id = 3");
    let offered = source.read(&BTreeSet::new(), ALL).expect("a read");
    let codes: Vec<_> = misfits(&offered).into_iter().map(|(code, _)| code).collect();
    assert_eq!(codes, ["row-too-large", "row-too-large", "row-too-large"]);
    assert_eq!(told(&offered), ["insert 3", "update 3"], "rows behind one that was too large are whole");
}

#[test]
fn a_missing_right_is_told_with_what_to_grant() {
    let server = Mariadb::start_with(&["--log-bin=binlog", "--server-id=1"]);
    let url = server.create("registry");
    App::open(&url, "+08:00").run("CREATE TABLE zd (id INT PRIMARY KEY)");
    let tables = ["zd".to_owned()];
    let install = || MysqlSource::new(&url, None, &channel(), &tables).install();
    let needs = |outcome: Result<(), TableFault>| match outcome {
        Err(TableFault::Unfit { problem: Problem::Right(what), .. }) => what,
        other => panic!("{other:?}"),
    };
    assert!(needs(install()).contains("log_bin_trust_function_creators"));
    server.sql("SET GLOBAL log_bin_trust_function_creators = 1; REVOKE TRIGGER ON registry.* FROM dukou@localhost");
    assert!(needs(install()).contains("TRIGGER"));
    server.sql("GRANT TRIGGER ON registry.* TO dukou@localhost");
    install().expect("installed");
    let wrong = MysqlSource::new("mysql://dukou:s3cret@localhost", None, &channel(), &tables).check();
    assert!(matches!(&wrong, Err(fault @ TableFault::Denied { .. }) if !format!("{fault:?}").contains("s3cret")), "{wrong:?}");
    let socket = server.socket_dir().join("s").display().to_string();
    let mut stranger = MysqlSink::new(&format!("mysql://nobody@localhost/registry?socket={socket}"), None, &[], false);
    assert!(matches!(stranger.mark(&channel()), Err(TableFault::Denied { .. })));
    let mut absent = MysqlSink::new("mysql://nobody@localhost/registry?socket=/nowhere/s", None, &[], false);
    assert!(matches!(absent.mark(&channel()), Err(TableFault::Away { .. })));
}

#[test]
fn a_table_whose_name_reads_like_the_catalogs_own_columns_is_followed() {
    let bench = bench();
    make(&bench, &BOTH, "CREATE TABLE table_zd (dm VARCHAR(20) PRIMARY KEY, mj INT)");
    let mut pair = Pair::of(&bench, &["table_zd".to_owned()]);
    bench.app(End::Source).run("INSERT INTO table_zd VALUES ('a', 1)");
    pair.cross(ALL);
    assert_equal_ends(&bench, "SELECT * FROM table_zd");
}
