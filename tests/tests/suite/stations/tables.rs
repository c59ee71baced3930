//! Channels of tables over the real programs and real databases, with `cp` for a gap device.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use dukou_tests::servers::{mariadb, postgres};
use dukou_tests::stations::audit::assert_pass;
use dukou_tests::stations::pair::Pair;
use dukou_tests::stations::tree::names;
use tempfile::TempDir;

const CHANNEL: &str = "units";

const SCHEMA: &str = "CREATE TABLE zd (dm VARCHAR(28) PRIMARY KEY, mj DECIMAL(12,2), zl VARCHAR(60));
CREATE TABLE h (bm VARCHAR(28) PRIMARY KEY, zd VARCHAR(28) NOT NULL, bz VARCHAR(60), FOREIGN KEY (zd) REFERENCES zd (dm))";

/// A script that reads SQL from its input; rows come with `|` between columns.
const SQLITE: &str = "
import sqlite3, sys
db = sqlite3.connect(sys.argv[1], timeout=20)
text = sys.stdin.read()
if text.startswith('SELECT'):
    for row in db.execute(text):
        print('|'.join('NULL' if value is None else str(value) for value in row))
else:
    db.executescript('PRAGMA foreign_keys = ON; BEGIN; ' + text + '; COMMIT')
";

/// A database of a test.
enum End {
    Postgres(postgres::Database),
    Mariadb(mariadb::Database),
    Sqlite(TempDir),
}

impl End {
    fn postgres() -> Self {
        Self::Postgres(postgres::Database::new())
    }

    fn mariadb() -> Self {
        Self::Mariadb(mariadb::Database::new())
    }

    fn sqlite() -> Self {
        Self::Sqlite(tempfile::Builder::new().prefix("dukou-").tempdir().unwrap())
    }

    fn file(&self) -> PathBuf {
        match self {
            Self::Sqlite(dir) => dir.path().join("registry.db"),
            _ => PathBuf::new(),
        }
    }

    fn url(&self) -> String {
        match self {
            Self::Postgres(database) => database.url.clone(),
            Self::Mariadb(database) => database.url.clone(),
            Self::Sqlite(_) => format!("sqlite:{}", self.file().display()),
        }
    }

    /// What a table is called in the configuration.
    fn table(&self, name: &str) -> String {
        if matches!(self, Self::Postgres(_)) { format!("public.{name}") } else { name.to_owned() }
    }

    /// Runs statements as the application, in one transaction.
    fn run(&self, sql: &str) {
        match self {
            Self::Postgres(database) => drop(database.psql(&format!("SET ROLE {}; BEGIN; {sql}; COMMIT", postgres::USER))),
            Self::Mariadb(database) => drop(database.sql(&format!("START TRANSACTION; {sql}; COMMIT"))),
            Self::Sqlite(_) => drop(self.sqlite_answer(sql)),
        }
    }

    fn sqlite_answer(&self, sql: &str) -> String {
        let input = tempfile::NamedTempFile::new().unwrap();
        fs::write(input.path(), sql).unwrap();
        let mut command = Command::new("python3");
        let output = command.args(["-c", SQLITE]).arg(self.file()).stdin(input.reopen().unwrap()).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    /// Gives the rows of both tables, in the order of their keys; a number as its hundredths, so that each database writes it alike.
    fn rows(&self) -> Vec<String> {
        let ask = |sql: &str| match self {
            Self::Postgres(database) => database.psql(sql),
            Self::Mariadb(database) => database.sql(sql).replace('\t', "|"),
            Self::Sqlite(_) => self.sqlite_answer(sql),
        };
        let zd = ask("SELECT dm, CAST(ROUND(mj * 100) AS CHAR(12)), COALESCE(zl, 'none') FROM zd ORDER BY dm");
        let h = ask("SELECT bm, zd, COALESCE(bz, 'none') FROM h ORDER BY bm");
        let plain = |line: &str| line.replace(' ', "").replace(".0|", "|");
        zd.lines().chain(h.lines()).map(plain).collect()
    }
}

/// Gives two stations with a channel of tables, and databases with equal tables.
fn stations(from: &End, to: &End) -> Pair {
    let pair = Pair::new();
    configure(&pair, from, to);
    pair.trust_each_other();
    from.run(SCHEMA);
    to.run(SCHEMA);
    pair
}

/// Adds the channel to two stations.
fn configure(pair: &Pair, from: &End, to: &End) {
    let tables: Vec<String> = ["zd", "h"].map(|name| format!("{:?}", from.table(name))).to_vec();
    let renamed: String = ["zd", "h"].map(|name| format!("{:?} = {:?}\n", from.table(name), to.table(name))).concat();
    let text = format!(
        "channel = \"{CHANNEL}\"\ntitle = \"units\"\nfrom = \"outer\"\n\n[source]\ndatabase = {:?}\ntables = [{}]\npoll_seconds = 0\n\n\
         [sink]\ndatabase = {:?}\n\n[sink.tables]\n{renamed}",
        from.url(),
        tables.join(", "),
        to.url()
    );
    for station in [&pair.outer, &pair.inner] {
        fs::write(station.path(format!("channels/{CHANNEL}.toml")), &text).unwrap();
    }
}

fn both_sides_end_alike(from: &End, to: &End) {
    let pair = stations(from, to);
    from.run("INSERT INTO zd VALUES ('370102001001GB00001', 12.50, '𬭚䶮㛃'); INSERT INTO h VALUES ('F1', '370102001001GB00001', '')");
    pair.inner.expect(0, &["sink", "install", CHANNEL]);
    pair.inner.expect(0, &["sink", "install", CHANNEL]);
    pair.inner.expect(0, &["sink", "check", CHANNEL]);
    let unready = pair.outer.expect(1, &["source", "check", CHANNEL]).out;
    assert!(unready.contains("source install"), "{unready}");
    pair.outer.expect(0, &["source", "install", CHANNEL]);
    pair.outer.expect(0, &["source", "check", CHANNEL]);
    pair.outer.expect(0, &["push", CHANNEL]);
    from.run(
        "INSERT INTO zd VALUES ('370102001001GB00002', 99999999.99, NULL); INSERT INTO h VALUES ('F2', '370102001001GB00002', 'it''s')",
    );
    from.run("UPDATE zd SET zl = '历下区' WHERE dm = '370102001001GB00001'");
    pair.exchange();
    pair.exchange();
    assert_eq!(to.rows(), from.rows());
    assert_eq!(to.rows().len(), 4);
    // Parents and children move to other keys in one transaction, and one goes.
    from.run(
        "INSERT INTO zd VALUES ('370102001001GB00003', 0, 'x'); UPDATE h SET zd = '370102001001GB00003' WHERE bm = 'F2'; \
         DELETE FROM h WHERE bm = 'F1'; DELETE FROM zd WHERE dm = '370102001001GB00002'",
    );
    pair.exchange();
    assert_eq!(to.rows(), from.rows());
    assert_eq!(to.rows().len(), 3);
    // What was pushed and sent before changes nothing when it comes again.
    pair.outer.expect(0, &["push", CHANNEL]);
    pair.exchange();
    pair.exchange();
    assert_eq!(to.rows(), from.rows());
    assert_pass(&pair);
    pair.outer.expect(0, &["source", "uninstall", CHANNEL]);
    from.run("UPDATE zd SET zl = NULL");
}

#[test]
fn rows_cross_from_postgres_to_mariadb() {
    both_sides_end_alike(&End::postgres(), &End::mariadb());
}

#[test]
fn rows_cross_from_mariadb_to_postgres() {
    both_sides_end_alike(&End::mariadb(), &End::postgres());
}

#[test]
fn rows_cross_from_sqlite_to_postgres() {
    both_sides_end_alike(&End::sqlite(), &End::postgres());
}

#[test]
fn rows_cross_from_postgres_to_sqlite() {
    both_sides_end_alike(&End::postgres(), &End::sqlite());
}

/// Many rows at once travel in runs: as a stock over an empty table and over rows that are there, and as increments.
fn many_rows_end_alike(to: &End) {
    let from = End::postgres();
    let pair = stations(&from, to);
    let zd = "INSERT INTO zd SELECT 'Z' || lpad(n::text, 6, '0'), n / 100.0, CASE WHEN n % 3 > 0 THEN '历下区𬭚' || n || '号' END FROM generate_series";
    from.run(&format!("{zd}(1, 500) n"));
    pair.outer.expect(0, &["source", "install", CHANNEL]);
    pair.outer.expect(0, &["push", CHANNEL]);
    pair.exchange();
    pair.exchange();
    assert_eq!(to.rows().len(), 500);
    assert_eq!(to.rows(), from.rows());
    from.run(&format!("{zd}(501, 700) n; INSERT INTO h SELECT 'F' || right(dm, 6), dm, '户' FROM zd"));
    from.run("UPDATE zd SET mj = mj + 1; DELETE FROM h WHERE bm > 'F000400'");
    pair.exchange();
    pair.outer.expect(0, &["push", CHANNEL]);
    pair.exchange();
    pair.exchange();
    assert_eq!(to.rows().len(), 700 + 400);
    assert_eq!(to.rows(), from.rows());
    let rows = 500 + 200 + 700 + 700 + 300 + 700 + 400;
    for station in [&pair.outer, &pair.inner] {
        let status = station.json(0, &["status"]);
        let channel = status["channels"].as_array().unwrap().iter().find(|channel| channel["channel"] == CHANNEL).unwrap();
        assert_eq!(channel["accepted"], rows, "rows are counted, not records");
        let middle = station.json(0, &["trace", "Z000250"]);
        let told = middle["unopened"].as_array().unwrap().iter().filter(|told| told["state"] == "in-runs").count();
        assert!(told > 0, "{middle}");
        let table = station.json(0, &["trace", "public.h"]);
        let of_runs: u64 = table["records"].as_array().unwrap().iter().filter_map(|line| line["rows"].as_u64()).sum();
        assert!(of_runs >= 700 + 300, "{table}");
    }
    assert_pass(&pair);
}

#[test]
fn many_rows_in_runs_cross_from_postgres_to_postgres() {
    many_rows_end_alike(&End::postgres());
}

#[test]
fn many_rows_in_runs_cross_from_postgres_to_mariadb() {
    many_rows_end_alike(&End::mariadb());
}

#[test]
fn many_rows_in_runs_cross_from_postgres_to_sqlite() {
    many_rows_end_alike(&End::sqlite());
}

#[test]
fn a_row_that_is_too_long_there_holds_the_channel_and_names_its_column_until_the_table_is_mended() {
    let (from, to) = (End::sqlite(), End::postgres());
    let pair = stations(&from, &to);
    pair.outer.expect(0, &["source", "install", CHANNEL]);
    to.run("ALTER TABLE zd ALTER COLUMN zl TYPE VARCHAR(3)");
    from.run("INSERT INTO zd VALUES ('370102001001GB00001', 1, '历下区龙洞街道')");
    pair.outer.pass(0);
    pair.carry();
    pair.inner.pass(1);
    let status = pair.inner.expect(1, &["status"]).out;
    assert!(status.contains("zl"), "{status}");
    to.run("ALTER TABLE zd ALTER COLUMN zl TYPE VARCHAR(60)");
    pair.inner.expect(0, &["release", CHANNEL]);
    pair.inner.pass(0);
    assert_eq!(to.rows(), from.rows());
    assert_pass(&pair);
}

#[test]
fn a_channel_that_was_added_after_pairing_is_named_until_it_is_granted() {
    let (from, to, pair) = (End::sqlite(), End::sqlite(), Pair::new());
    from.run(SCHEMA);
    to.run(SCHEMA);
    configure(&pair, &from, &to);
    let granted = |code: i32| {
        let status = pair.inner.json(code, &["status"]);
        let channels = status["channels"].as_array().unwrap().clone();
        channels.into_iter().find(|line| line["channel"] == CHANNEL).unwrap()["granted"].clone()
    };
    assert_eq!(granted(1), false);
    let named = "通道 units 还没有授权给对方";
    for (code, asked) in [(1, &["status"][..]), (0, &["sink", "install", CHANNEL])] {
        let answer = pair.inner.expect(code, asked).out;
        assert!(answer.contains(named) && answer.contains("trust"), "{answer}");
    }
    assert!(pair.inner.expect(1, &["sink", "check", CHANNEL]).out.contains(named));
    pair.outer.expect(0, &["source", "install", CHANNEL]);
    from.run("INSERT INTO zd VALUES ('370102001001GB00001', 1, 'a')");
    pair.outer.pass(0);
    pair.carry();
    pair.inner.pass(1);
    assert_eq!(to.rows(), [""; 0]);
    pair.trust_each_other();
    assert_eq!(granted(0), true);
    assert!(!pair.inner.expect(0, &["status"]).out.contains(named));
    pair.inner.expect(0, &["sink", "check", CHANNEL]);
    pair.outer.expect(0, &["resend", CHANNEL, "--seq", "1"]);
    pair.carry();
    pair.inner.pass(0);
    assert_eq!(to.rows(), from.rows());
    assert_eq!(to.rows().len(), 1);
}

#[test]
fn the_tables_of_our_own_are_printed_for_an_administrator_and_missing_rights_are_named() {
    let mut database = mariadb::Database::new();
    let account = format!("narrow_{}", database.name);
    database.url = database.url.replacen(mariadb::USER, &account, 1);
    let everywhere = format!("ON {}.* TO {account}@localhost", database.name);
    database.sql(&format!("CREATE USER {account}@localhost; GRANT SELECT, INSERT, DELETE {everywhere}; {SCHEMA}"));
    let (from, to) = (End::sqlite(), End::Mariadb(database));
    let End::Mariadb(database) = &to else { unreachable!() };
    let pair = Pair::new();
    configure(&pair, &from, &to);
    pair.trust_each_other();
    let unready = pair.inner.expect(1, &["sink", "check", CHANNEL]).out;
    let rights = ["表 zd：账号没有 UPDATE 权限", "表 h：账号没有 UPDATE 权限"];
    let tables = ["dukou_mark", "dukou_pending", "dukou_refused"].map(|table| format!("表 {table}：还没有建"));
    for problem in rights.map(str::to_owned).iter().chain(&tables) {
        assert!(unready.contains(problem), "{problem}: {unready}");
    }
    assert_eq!(unready.lines().filter(|line| line.starts_with('表')).count(), 5, "{unready}");
    let refused = pair.inner.ask(&["sink", "install", CHANNEL]);
    assert!(refused.code != 0 && refused.err.contains("sink install --print"), "{refused:?}");
    let sql = pair.inner.expect(0, &["sink", "install", CHANNEL, "--print"]).out;
    database.sql(&sql);
    database.sql(&sql);
    let unready = pair.inner.expect(1, &["sink", "check", CHANNEL]).out;
    assert!(unready.contains("表 dukou_mark：账号没有 UPDATE 权限"), "{unready}");
    database.sql(&format!("GRANT UPDATE {everywhere}"));
    pair.inner.expect(0, &["sink", "check", CHANNEL]);
    pair.inner.expect(0, &["sink", "install", CHANNEL]);
    database.sql(&format!("DROP USER {account}@localhost"));
}

#[test]
fn a_sink_without_a_driver_gets_its_scripts_printed_and_a_wrong_side_is_told() {
    let pair = Pair::new();
    let text = format!(
        "channel = \"{CHANNEL}\"\ntitle = \"units\"\nfrom = \"outer\"\n\n[source]\ndatabase = \"sqlite:registry.db\"\ntables = [\"zd\"]\n\n\
         [sink]\ndatabase = \"table-file:scripts\"\n[sink.tables]\nzd = \"BDC.ZD\"\n"
    );
    for station in [&pair.outer, &pair.inner] {
        fs::write(station.path(format!("channels/{CHANNEL}.toml")), &text).unwrap();
    }
    let print = ["sink", "install", CHANNEL, "--print", "--dialect", "oracle"];
    let mark = pair.inner.expect(0, &print).out;
    assert!(mark.contains("dukou_mark") && mark.contains("-955"), "{mark}");
    let columns = pair.inner.expect(0, &[&print[..], &["--script", "columns"]].concat()).out;
    assert!(columns.contains("('BDC', 'ZD')"), "{columns}");
    assert_ne!(pair.inner.ask(&["sink", "install", CHANNEL]).code, 0);
    assert_eq!(pair.outer.ask(&["sink", "check", CHANNEL]).code, 2);
}

#[test]
fn a_database_without_a_driver_gets_its_scripts_printed_and_nothing_else() {
    let pair = Pair::new();
    let text = format!(
        "channel = \"{CHANNEL}\"\ntitle = \"units\"\nfrom = \"outer\"\n\n[source]\ndatabase = \"table-file:extracts\"\ntables = [\"BDC.ZD\"]\n\n\
         [sink]\ndatabase = \"sqlite:registry.db\"\n"
    );
    fs::write(pair.outer.path(format!("channels/{CHANNEL}.toml")), text).unwrap();
    fs::create_dir(pair.outer.path("extracts")).unwrap();
    let print = ["source", "install", CHANNEL, "--print", "--dialect", "oracle"];
    let script = |name: &str| pair.outer.expect(0, &[&print[..], &["--script", name]].concat()).out;
    assert!(script("columns").to_lowercase().contains("all_tab_columns"), "{}", script("columns"));
    let missing = pair.outer.ask(&print);
    assert!(missing.code != 0 && missing.err.contains("columns.tsv"), "{missing:?}");
    let columns = "# oracle GBK\nBDC.ZD\tDM\tVARCHAR2\t28\t28\tB\t\t\tN\t1\nBDC.ZD\tMJ\tNUMBER\t22\t\t\t12\t2\tY\n";
    fs::write(pair.outer.path("extracts/columns.tsv"), columns).unwrap();
    let sql = pair.outer.expect(0, &print).out;
    assert!(sql.contains("CREATE") && sql.contains("TRIGGER"), "{sql}");
    assert!(script("extract").contains("jsonl") && script("forget").contains("DELETE"));
    let other = pair.outer.ask(&["source", "install", CHANNEL, "--print", "--dialect", "dm"]);
    assert!(other.code != 0 && other.err.contains("columns.tsv"), "{other:?}");
    assert_ne!(pair.outer.ask(&["source", "install", CHANNEL]).code, 0);
    assert_eq!(names(&pair.outer.path("extracts")), ["columns.tsv"]);
}
