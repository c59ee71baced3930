//! Databases that a person named wrong, and tables that cannot travel: one sentence with what and where and what next, before anything is sent.

use std::fs;

use dukou_tests::stations::pair::Pair;
use dukou_tests::stations::tree::names;
use dukou_tests::tables::end::End;
use dukou_tests::tables::land::References;
use dukou_tests::tables::route::{CHANNEL, Settings, lay_out, stations, tables};
use dukou_tests::tables::session::Dialect::{self, Mariadb, Postgres, Sqlite};

/// Expects that the check says all of these words in one line, and that nothing was sent.
#[track_caller]
fn told(pair: &Pair, code: i32, words: &[&str]) {
    let answer = pair.outer.expect(code, &["source", "check", CHANNEL, "--lang", "en"]);
    let all = answer.all();
    let has = |line: &&str| words.iter().all(|word| line.contains(word));
    assert_eq!(all.lines().filter(has).count(), 1, "{words:?} in one line of: {all}");
    assert!(!all.contains("canary"), "{all}");
    pair.outer.ask(&["pass"]);
    let packets = names(&pair.outer.path("ferry/out")).into_iter().filter(|name| !name.starts_with("0-"));
    assert_eq!(packets.count(), 0, "nothing was sent");
}

fn with_url(pair: &Pair, from: &str, to: &str) {
    for station in [&pair.outer, &pair.inner] {
        let path = format!("channels/{CHANNEL}.toml");
        let text = station.read(&path);
        assert!(text.contains(from), "{from} in {text}");
        fs::write(station.path(path), text.replacen(from, to, 1)).unwrap();
    }
}

/// Stations whose source is a server of these tests, with the tables laid out.
fn pair_of(from: Dialect) -> (End, End, Pair) {
    let (from, to) = (End::shared(from), End::shared(Sqlite));
    lay_out(&from, &to, References::Declared);
    let pair = stations(&from, &to, tables(), Settings::default());
    (from, to, pair)
}

#[test]
fn a_database_that_is_not_there_or_refuses_is_named_with_what_to_do() {
    let (from, _to, pair) = pair_of(Postgres);
    let url = from.station_url(None);
    let database = url.trim_start_matches("postgres:///").split('?').next().unwrap().to_owned();
    for (wrong, code, words) in [
        (url.replace(&database, "no_such_base"), 2, vec!["no_such_base", "3D000", "check URL"]),
        (url.replace("user=dukou", "user=nobody_here"), 2, vec!["nobody_here", "28000", "check URL"]),
        ("postgres://dukou@127.0.0.1:1/x".to_owned(), 75, vec!["127.0.0.1:1/x", "away", "Nothing is lost"]),
        ("mysql://dukou@127.0.0.1:1/x".to_owned(), 75, vec!["127.0.0.1:1/x", "away", "Nothing is lost"]),
        ("sqlite:/no/such/file.db".to_owned(), 75, vec!["/no/such/file.db"]),
    ] {
        with_url(&pair, &url, &wrong);
        let answer = pair.outer.ask(&["source", "check", CHANNEL, "--lang", "en"]);
        println!("{wrong}: {} {}", answer.code, answer.all());
        assert_ne!(answer.code, 0, "{answer:?}");
        assert!(words.iter().all(|word| answer.all().contains(word)), "{code} {words:?}: {answer:?}");
        assert_eq!(answer.all().trim_end().lines().count(), 1, "one sentence: {answer:?}");
        with_url(&pair, &wrong, &url);
    }
    for (wrong, word) in [("oracle://h/db", "database"), ("postgres://u:canary@h/db", "database_password_file")] {
        with_url(&pair, &url, wrong);
        let answer = pair.outer.ask(&["source", "check", CHANNEL, "--lang", "en"]);
        assert!(answer.code != 0 && answer.all().contains(word) && !answer.all().contains("canary"), "{answer:?}");
        with_url(&pair, wrong, &url);
    }
    with_url(
        &pair,
        &format!("database = {url:?}"),
        &format!("database = {url:?}\ndatabase_password_file = \"nowhere.password\""),
    );
    let answer = pair.outer.ask(&["source", "check", CHANNEL, "--lang", "en"]);
    assert!(answer.code != 0 && answer.all().contains("nowhere.password"), "{answer:?}");
}

#[test]
fn a_table_that_cannot_travel_is_named_with_its_column() {
    for (dialect, alter, words) in [
        (Postgres, "ALTER TABLE qlr DROP CONSTRAINT qlr_pkey", ["qlr", "no primary key"]),
        (Postgres, "ALTER TABLE qlr ADD COLUMN place point", ["qlr", "place"]),
        (Mariadb, "ALTER TABLE qlr DROP PRIMARY KEY", ["qlr", "no primary key"]),
        (Mariadb, "ALTER TABLE qlr ADD COLUMN place POINT", ["qlr", "place"]),
        (Postgres, "DROP TABLE qlr", ["qlr", "not there"]),
    ] {
        let (from, _to, pair) = pair_of(dialect);
        from.run(alter);
        told(&pair, 1, &words);
        let answer = pair.outer.ask(&["source", "install", CHANNEL, "--lang", "en"]);
        assert!(answer.code != 0 && words.iter().all(|word| answer.all().contains(word)), "{answer:?}");
    }
}
