//! What people get wrong about databases, at either end: each is told in one line with the table, the column and the next step, in both languages, and nothing
//! was sent or applied.

use std::fs;

use dukou_tests::stations::pair::Pair;
use dukou_tests::stations::station::Station;
use dukou_tests::stations::tree::names;
use dukou_tests::tables::end::End;
use dukou_tests::tables::land::References;
use dukou_tests::tables::route::{CHANNEL, Settings, lay_out, stations, tables};
use dukou_tests::tables::session::Dialect::{self, Mariadb, Postgres, Sqlite};

/// Makes a table of SQLite anew, which knows no other way to change one.
const WITHOUT_KEY: &str = "DROP TABLE qlr; CREATE TABLE qlr (id BIGINT NOT NULL, h_bm VARCHAR(40), h_xh INTEGER, mc TEXT)";

const UNTYPED_KEY: &str = "DROP TABLE qlr; CREATE TABLE qlr (id NOT NULL PRIMARY KEY, mc TEXT)";

const NARROW: &str = "DROP TABLE qlr; DROP TABLE h; DROP TABLE zd; CREATE TABLE zd (dm VARCHAR(40) NOT NULL PRIMARY KEY, mj DECIMAL(14,2), zl VARCHAR(2), rq DATE, sj TIMESTAMP, tu BLOB, bz DOUBLE, cs INTEGER NOT NULL)";

/// A source with one of these, what is done to it, the column that is named, and the next step in Chinese and in English.
const SOURCES: &[(Dialect, &str, &str, [&str; 2])] = &[
    (Postgres, "ALTER TABLE qlr DROP CONSTRAINT qlr_pkey", "", ["建主键", "give it one"]),
    (Mariadb, "ALTER TABLE qlr DROP PRIMARY KEY", "", ["建主键", "give it one"]),
    (Sqlite, WITHOUT_KEY, "", ["建主键", "give it one"]),
    (Postgres, "ALTER TABLE qlr ADD COLUMN place point", "place", ["请改列的类型", "make it another type"]),
    (Mariadb, "ALTER TABLE qlr ADD COLUMN place POINT", "place", ["请改列的类型", "make it another type"]),
    (Sqlite, UNTYPED_KEY, "id", ["请声明", "declare one"]),
    (Postgres, "DROP TABLE qlr", "", ["核对表名和权限", "check its name and the rights"]),
    (Mariadb, "DROP TABLE qlr", "", ["核对表名和权限", "check its name and the rights"]),
    (Sqlite, "DROP TABLE qlr", "", ["核对表名和权限", "check its name and the rights"]),
    (
        Postgres,
        "CREATE TABLE p (id INT PRIMARY KEY); ALTER TABLE qlr ADD COLUMN p INT REFERENCES p",
        "",
        ["source.tables", "source.tables"],
    ),
    (
        Mariadb,
        "CREATE TABLE p (id INT PRIMARY KEY); ALTER TABLE qlr ADD COLUMN p INT; ALTER TABLE qlr ADD FOREIGN KEY (p) REFERENCES p (id)",
        "",
        ["source.tables", "source.tables"],
    ),
    (
        Sqlite,
        "CREATE TABLE p (id INTEGER PRIMARY KEY); ALTER TABLE qlr ADD COLUMN p INT REFERENCES p (id)",
        "",
        ["source.tables", "source.tables"],
    ),
    (
        Mariadb,
        "ALTER TABLE qlr ADD FOREIGN KEY q (h_bm, h_xh) REFERENCES h (bm, xh) ON DELETE CASCADE",
        "",
        ["去掉外键的级联", "take the cascade away"],
    ),
    (Sqlite, "CREATE UNIQUE INDEX low ON qlr (lower(mc))", "", ["普通列", "plain columns"]),
];

/// The same of a sink.
const SINKS: &[(Dialect, &str, &str, [&str; 2])] = &[
    (Postgres, "ALTER TABLE qlr DROP CONSTRAINT qlr_pkey", "", ["建主键", "give it one"]),
    (Mariadb, "ALTER TABLE qlr DROP PRIMARY KEY", "", ["建主键", "give it one"]),
    (Sqlite, WITHOUT_KEY, "", ["建主键", "give it one"]),
    (Postgres, "DROP TABLE qlr", "", ["核对表名和权限", "check its name and the rights"]),
    (Mariadb, "DROP TABLE qlr", "", ["核对表名和权限", "check its name and the rights"]),
    (Sqlite, "DROP TABLE qlr", "", ["核对表名和权限", "check its name and the rights"]),
    (Postgres, "ALTER TABLE qlr ALTER COLUMN mc TYPE point USING NULL", "mc", ["请改列的类型", "make it another type"]),
    (Mariadb, "ALTER TABLE qlr MODIFY COLUMN mc POINT", "mc", ["请改列的类型", "make it another type"]),
];

/// A sink whose column `zl` of `zd` is too narrow for what comes.
const NARROWED: &[(Dialect, &str)] = &[
    (Postgres, "ALTER TABLE zd ALTER COLUMN zl TYPE VARCHAR(2)"),
    (Mariadb, "ALTER TABLE zd MODIFY COLUMN zl VARCHAR(2)"),
    (Sqlite, NARROW),
];

/// Gives in which languages no single line has all of these words; and prints what is said.
fn untold(station: &Station, verb: &str, code: i32, names: &[&str], next: [&str; 2]) -> Vec<String> {
    let mut untold = Vec::new();
    for (lang, next) in ["zh", "en"].into_iter().zip(next) {
        let answer = station.ask(&[verb, "check", CHANNEL, "--lang", lang]);
        let all = answer.all();
        println!("{}", all.trim_end());
        let has = |line: &&str| names.iter().chain([&next]).all(|word| line.contains(word));
        if answer.code != code || all.lines().filter(has).count() != 1 {
            untold.push(format!("{} instead of {code}, {names:?} and {next} not in one line of: {all}", answer.code));
        }
    }
    untold
}

/// Stations with the tables laid out at both ends.
fn between(from: Dialect, to: Dialect) -> (End, End, Pair) {
    let (from, to) = (End::shared(from), End::shared(to));
    lay_out(&from, &to, References::Declared);
    let pair = stations(&from, &to, tables(), Settings::default());
    (from, to, pair)
}

fn with_named(names: [&'static str; 2]) -> Vec<&'static str> {
    names.into_iter().filter(|name| !name.is_empty()).collect()
}

#[test]
fn what_is_wrong_with_a_source_is_told_with_table_column_and_next_step_before_anything_is_sent() {
    let mut all = Vec::new();
    for (dialect, sql, column, next) in SOURCES {
        let (from, _to, pair) = between(*dialect, Sqlite);
        from.run(sql);
        println!("-- source {dialect:?}: {sql}");
        all.extend(untold(&pair.outer, "source", 1, &with_named(["qlr", column]), *next));
        pair.outer.ask(&["pass"]);
        let packets = names(&pair.outer.path("ferry/out")).into_iter().filter(|name| !name.starts_with("0-"));
        assert_eq!(packets.count(), 0, "nothing was sent");
    }
    assert!(all.is_empty(), "{}", all.join("\n"));
}

#[test]
fn what_is_wrong_with_a_sink_is_told_with_table_column_and_next_step_before_anything_is_applied() {
    let mut all = Vec::new();
    for (dialect, sql, column, next) in SINKS {
        let (_from, to, pair) = between(Sqlite, *dialect);
        to.run(sql);
        println!("-- sink {dialect:?}: {sql}");
        all.extend(untold(&pair.inner, "sink", 1, &with_named(["qlr", column]), *next));
    }
    assert!(all.is_empty(), "{}", all.join("\n"));
}

#[test]
fn a_sink_s_database_that_is_not_there_or_refuses_is_named_with_what_to_do() {
    let (passes, mend) = (["会自动继续", "goes on by itself"], ["请检查地址", "check URL"]);
    for (dialect, part, wrong, code, next) in [
        (Postgres, "", "postgres://dukou@127.0.0.1:1/x", 75, passes),
        (Mariadb, "", "mysql://dukou@127.0.0.1:1/x", 75, passes),
        (Sqlite, "", "sqlite:/no/such/file.db", 2, mend),
        (Postgres, "base", "no_such_base", 2, mend),
        (Mariadb, "base", "no_such_base", 2, mend),
        (Postgres, "user=dukou", "user=nobody_here", 2, mend),
        (Mariadb, "dukou@", "nobody_here@", 2, mend),
    ] {
        let (_from, to, pair) = between(Sqlite, dialect);
        let right = to.station_url(None);
        let wrong_url = match part {
            "" => wrong.to_owned(),
            "base" => right.replacen(to.name(), wrong, 1),
            part => right.replace(part, wrong),
        };
        let path = pair.inner.path(format!("channels/{CHANNEL}.toml"));
        let text = fs::read_to_string(&path).unwrap();
        let (before, after) = text.split_at(text.find("[sink]").unwrap());
        fs::write(&path, format!("{before}{}", after.replacen(&right, &wrong_url, 1))).unwrap();
        println!("-- sink {wrong_url}");
        let place = wrong.rsplit_once([':', '=']).map_or(wrong, |(_, place)| place).trim_end_matches('@');
        let untold = untold(&pair.inner, "sink", code, &[place], next);
        assert!(untold.is_empty(), "{}", untold.join("\n"));
    }
}

#[test]
fn a_column_of_the_sink_that_is_too_narrow_is_told_with_table_key_column_and_next_step_and_nothing_is_cut() {
    for (dialect, sql) in NARROWED {
        let (from, to, pair) = between(Sqlite, *dialect);
        pair.outer.expect(0, &["source", "install", CHANNEL]);
        to.run(sql);
        from.run("INSERT INTO zd (dm, zl, cs) VALUES ('k7', '历下区龙洞街道', 1)");
        pair.outer.ask(&["pass"]);
        pair.carry();
        pair.inner.ask(&["pass"]);
        println!("-- narrow sink {dialect:?}");
        for (lang, next) in [("zh", "请改好去向的表"), ("en", "Mend its table")] {
            let all = pair.inner.ask(&["status", "--lang", lang]).all();
            let has = |line: &&str| ["zd", "k7", "zl", next, "release"].iter().all(|word| line.contains(word));
            all.lines().filter(has).for_each(|line| println!("{line}"));
            assert_eq!(all.lines().filter(has).count(), 1, "{all}");
        }
        let mut session = to.session();
        assert_eq!(session.number("SELECT count(*) FROM zd"), 0, "nothing of it is there");
    }
}
