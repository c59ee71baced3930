//! Faults of databases: rows that are refused, servers that are away or busy, copies of yesterday, tables that change by hand.

use std::thread;
use std::time::Duration;

use dukou_servers::proxy::Cut;

use crate::stations::audit::{assert_pass, count};
use crate::stations::beside::Beside;
use crate::stations::message;
use crate::stations::pair::{MESSAGES, Pair};
use crate::stations::station::{Answer, Station};
use crate::tables::end::End;
use crate::tables::land::{References, rows};
use crate::tables::route::{CHANNEL, Settings, lay_out, stations, tables};
use crate::tables::session::Dialect::{self, Mariadb, Postgres, Sqlite};
use crate::tables::session::Session;
use crate::tables::structure::Version;

use super::traffic::carry_both;
use super::{LeftOut, Scenario, Trial, real};

pub(super) const SCENARIOS: &[Scenario] = &[
    real(15, "poison-row", "a trigger of the sink that raises for one row: PostgreSQL, MariaDB, SQLite", poison_row),
    real(16, "unfit-rows", "year 10000, NaN, infinity, more than 16 MiB, NUL among good rows: PostgreSQL, SQLite", unfit_rows),
    real(
        17,
        "database-gone",
        "the server down at the begin; kill −9 amid packets; a proxy that cuts the answer to COMMIT",
        database_gone,
    ),
    real(18, "database-contended", "a deadlock, a lock that is held, a serialisation failure, no connection left", contended),
    real(19, "database-restored", "the sink restored from a dump of yesterday", restored),
    real(20, "schema-drift", "ALTER TABLE by hand at the sink and at the source", drift),
];

/// Two stations with installed tables between two databases.
struct Route {
    from: End,
    to: End,
    pair: Pair,
}

impl Route {
    #[track_caller]
    fn new(from: End, to: End) -> Self {
        Self::with(from, to, Settings::default())
    }

    #[track_caller]
    fn with(from: End, to: End, settings: Settings<'_>) -> Self {
        lay_out(&from, &to, References::Declared);
        let pair = stations(&from, &to, tables(), settings);
        pair.outer.expect(0, &["source", "install", CHANNEL]);
        Self { from, to, pair }
    }

    /// Sends and carries.
    fn send(&self) -> Answer {
        let answer = self.pair.outer.ask(&["pass"]);
        carry_both(&self.pair);
        answer
    }

    /// Sends, carries and receives until both sides are equal and say that all is well.
    #[track_caller]
    fn settle(&self, trial: &mut Trial) {
        let (mut from, mut to) = (self.from.session(), self.to.session());
        let mut last = Vec::new();
        for _ in 0..20 {
            let answers = [self.pair.outer.ask(&["pass"]), self.pair.inner.ask(&["pass"])];
            carry_both(&self.pair);
            if rows(&mut from, Version::PLAIN).unwrap() == rows(&mut to, Version::PLAIN).unwrap()
                && self.pair.inner.ask(&["status"]).code == 0
            {
                assert_pass(&self.pair);
                trial.checked(&[1, 2, 3, 4, 6]);
                return;
            }
            last = answers.to_vec();
            thread::sleep(Duration::from_millis(500));
        }
        panic!("not equal: {last:?}\n{}", self.pair.inner.ask(&["status"]).all());
    }

    /// Expects that the channel waits for a person, that its status says all of these words, that others flow, and that nothing turns round hot.
    #[track_caller]
    fn held(&self, words: &[&str]) {
        let inner = &self.pair.inner;
        inner.pass(1);
        assert_eq!(inner.channel(CHANNEL)["state"], "held");
        says(&inner.expect(1, &["status", "--lang", "en"]), words);
        let before = self.pair.arrived(MESSAGES).len();
        self.pair.drop(MESSAGES, &message::name(before + 1), &message::body(before + 1));
        self.send();
        inner.pass(1);
        assert_eq!(self.pair.arrived(MESSAGES).len(), before + 1, "another channel flows");
        let lines = inner.log_lines();
        (0..3).for_each(|_| drop(inner.pass(1)));
        // A start and a stop each, and not a line more.
        assert!(inner.log_lines() - lines <= 6, "a hot loop");
    }
}

#[track_caller]
fn says(answer: &Answer, words: &[&str]) {
    let all = answer.all();
    for word in words {
        assert!(all.contains(word), "{word:?} is not in: {all}");
    }
}

fn parcel(key: &str, name: &str) -> String {
    format!("INSERT INTO zd (dm, zl, cs) VALUES ('{key}', '{name}', 1)")
}

fn poison_row(trial: &mut Trial) -> Result<(), LeftOut> {
    let sinks: &[Dialect] = trial.pace.pick(&[Postgres], &[Postgres, Mariadb, Sqlite]);
    for dialect in sinks {
        let route = Route::new(End::shared(Sqlite), End::shared(*dialect));
        let [make, drop] = raising(*dialect);
        route.to.run(make);
        for name in ["good", "poison", "after"] {
            route.from.run(&parcel(name, name));
        }
        route.send();
        route.held(&["zd", "poison", "is not wanted"]);
        trial.fired(1);
        assert_eq!(count(&route.pair.inner, "applied"), 1, "only the other channel's");
        // A release alone mends nothing.
        route.pair.inner.ask(&["release", CHANNEL]);
        route.held(&["zd", "poison"]);
        route.to.run(drop);
        route.pair.inner.expect(0, &["release", CHANNEL]);
        route.settle(trial);
    }
    Ok(())
}

/// A trigger that raises for one row: made, and taken away.
fn raising(dialect: Dialect) -> [&'static str; 2] {
    match dialect {
        Postgres => [
            "CREATE FUNCTION no() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN IF NEW.dm = 'poison' THEN RAISE EXCEPTION 'it is not wanted'; END IF; RETURN NEW; END$$;
             CREATE TRIGGER no BEFORE INSERT OR UPDATE ON zd FOR EACH ROW EXECUTE FUNCTION no()",
            "DROP TRIGGER no ON zd",
        ],
        Mariadb => [
            "CREATE TRIGGER no BEFORE INSERT ON zd FOR EACH ROW BEGIN IF NEW.dm = 'poison' THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'it is not wanted'; END IF; END",
            "DROP TRIGGER no",
        ],
        Sqlite => [
            "CREATE TRIGGER no BEFORE INSERT ON zd WHEN NEW.dm = 'poison' BEGIN SELECT RAISE(ABORT, 'it is not wanted'); END",
            "DROP TRIGGER no",
        ],
    }
}

fn unfit_rows(trial: &mut Trial) -> Result<(), LeftOut> {
    const LARGE: u32 = (16 << 20) + 1;
    let of_postgres = [
        ("rq", "'10000-01-01'".to_owned(), "date-out-of-range"),
        ("rq", "'infinity'".to_owned(), "date-out-of-range"),
        ("rq", "'0001-01-01 BC'".to_owned(), "date-out-of-range"),
        ("bz", "'NaN'".to_owned(), "not-a-number"),
        ("mj", "'NaN'".to_owned(), "not-a-number"),
        ("tu", format!("convert_to(repeat('x', {LARGE}), 'UTF8')"), "value-too-large"),
    ];
    let of_sqlite = [
        ("zl", "'a' || char(0) || 'b'".to_owned(), "nul-in-text"),
        ("tu", format!("zeroblob({LARGE})"), "value-too-large"),
        ("bz", "9e999".to_owned(), "not-a-number"),
    ];
    for (dialect, unfit) in [(Postgres, &of_postgres[..]), (Sqlite, &of_sqlite[..])] {
        let route = Route::new(End::shared(dialect), End::shared(Postgres));
        let mut from = route.from.session();
        for (number, (column, value, code)) in unfit.iter().enumerate() {
            from.must(&parcel(&format!("good{number}"), "before"));
            from.must(&format!("INSERT INTO zd (dm, {column}, cs) VALUES ('unfit{number}', {value}, 1)"));
            let told = route.pair.outer.expect(1, &["pass", "--lang", "en"]);
            says(&told, &["zd", &format!("unfit{number}"), column, code, "Mend the row"]);
            assert!(!told.out.contains("rejected/"), "no file of it lies there: {told:?}");
            carry_both(&route.pair);
            trial.fired(1);
        }
        route.pair.inner.ask(&["pass"]);
        let there = route.to.session().number("SELECT count(*)::text FROM zd");
        assert_eq!(there, unfit.len() as u64, "{dialect:?}: the stream goes on, without the rows that cannot travel");
        // Mended, each goes as any row does.
        from.must("UPDATE zd SET rq = NULL, bz = NULL, mj = NULL, zl = 'mended', tu = NULL WHERE dm LIKE 'unfit%'");
        route.settle(trial);
    }
    Ok(())
}

fn database_gone(trial: &mut Trial) -> Result<(), LeftOut> {
    let sinks: &[Dialect] = trial.pace.pick(&[Postgres], &[Postgres, Mariadb]);
    for dialect in sinks {
        let (from, to) = (End::shared(Sqlite), End::own(*dialect));
        let proxy = to.proxy().expect("a server of its own");
        let mut route = Route::with(from, to, Settings { sink_proxy: Some(&proxy), ..Settings::default() });
        route.from.run(&parcel("one", "at the begin"));
        route.to.kill();
        route.send();
        let told = route.pair.inner.expect(75, &["pass", "--lang", "en"]);
        says(&told, &["away", CHANNEL, "Nothing is lost"]);
        route.to.kill_and_restart();
        trial.fired(1);
        route.settle(trial);
        for round in 0..trial.pace.pick(2, 10) {
            route.from.run(&parcel(&format!("answer{round}"), "its COMMIT was not answered"));
            route.send();
            proxy.cut_at(b"COMMIT", Cut::Answer);
            route.pair.inner.ask(&["pass"]);
            assert!(proxy.has_cut(), "no COMMIT was cut");
            trial.fired(1);
            route.settle(trial);
        }
        let packed = count(&route.pair.outer, "packed");
        assert_eq!(count(&route.pair.inner, "applied"), packed, "each once");
    }
    Ok(())
}

fn contended(trial: &mut Trial) -> Result<(), LeftOut> {
    let route = Route::new(End::shared(Sqlite), End::shared(Postgres));
    let change = |number: u64| {
        route.from.run(&format!("UPDATE zd SET cs = {number} WHERE dm = 'a'; UPDATE zd SET cs = {number} WHERE dm = 'b'"))
    };
    route.from.run(&format!("{}; {}", parcel("a", "x"), parcel("b", "x")));
    route.settle(trial);
    // A lock that is held for longer than is waited.
    let mut other = route.to.session();
    other.must("BEGIN; UPDATE zd SET zl = 'theirs' WHERE dm = 'b'");
    change(2);
    route.send();
    says(&route.pair.inner.expect(75, &["pass", "--lang", "en"]), &["busy", "55P03", "Nothing is lost"]);
    other.must("ROLLBACK");
    trial.fired(1);
    route.settle(trial);
    deadlock(trial, &route, other, &change);
    // A serialisation failure, as the database would say it.
    route.to.run(
        "CREATE FUNCTION no() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RAISE EXCEPTION 'could not serialize access' USING ERRCODE = '40001'; END$$;
         CREATE TRIGGER no BEFORE INSERT OR UPDATE ON zd FOR EACH ROW EXECUTE FUNCTION no()",
    );
    change(4);
    route.send();
    says(&route.pair.inner.expect(75, &["pass", "--lang", "en"]), &["busy", "40001"]);
    route.to.run("DROP TRIGGER no ON zd");
    trial.fired(1);
    route.settle(trial);
    // No connection left, by the database's limit; MariaDB has one of the account's, too.
    let database = route.to.session().rows("SELECT current_database()::text").unwrap().remove(0).remove(0).unwrap();
    route.to.run(&format!("ALTER DATABASE {database} CONNECTION LIMIT 1"));
    change(5);
    route.send();
    let held = route.to.session();
    says(&route.pair.inner.expect(75, &["pass", "--lang", "en"]), &["busy", "53300"]);
    trial.fired(1);
    drop(held);
    // Its end may take the server a moment.
    thread::sleep(Duration::from_millis(300));
    route.to.run(&format!("ALTER DATABASE {database} CONNECTION LIMIT -1"));
    route.settle(trial);
    Ok(())
}

/// Two sessions that want two rows in opposite order: the database ends one of them.
fn deadlock(trial: &mut Trial, route: &Route, mut other: Session, change: &impl Fn(u64)) {
    change(3);
    route.send();
    other.must("BEGIN; SET LOCAL lock_timeout = 0; UPDATE zd SET zl = zl WHERE dm = 'b'");
    let inner = route.pair.inner.clone();
    let pass = Beside::run(move |_| inner.ask(&["pass", "--lang", "en"]));
    // The station holds one row by then and waits for the other.
    let mut watcher = route.to.session();
    let waits = "SELECT count(*)::text FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
    crate::stations::wait::until("the station waits for a row", Duration::from_secs(60), || watcher.number(waits) > 0);
    let ours = other.run("UPDATE zd SET zl = zl WHERE dm = 'a'");
    let _ = other.run("ROLLBACK");
    let told = pass.wait();
    match ours {
        Ok(()) => says(&told, &["busy", "40P01"]),
        Err(refusal) => assert_eq!(refusal.code, "40P01", "{refusal:?}"),
    }
    trial.fired(1);
    route.settle(trial);
}

fn restored(trial: &mut Trial) -> Result<(), LeftOut> {
    let route = Route::new(End::shared(Sqlite), End::shared(Postgres));
    for day in 0..3 {
        route.from.run(&parcel(&format!("yesterday{day}"), "x"));
        route.settle(trial);
    }
    let dump = route.to.dump();
    for day in 0..3 {
        route.from.run(&format!("{}; UPDATE zd SET cs = cs + 1 WHERE dm = 'yesterday1'", parcel(&format!("today{day}"), "x")));
        route.settle(trial);
    }
    route.to.restore(&dump);
    trial.fired(1);
    route.from.run(&parcel("after", "x"));
    route.send();
    let inner: &Station = &route.pair.inner;
    route.held(&["replay", "--from 4", "older copy"]);
    let before = route.to.session().number("SELECT count(*)::text FROM zd");
    assert_eq!(before, 3, "nothing went into the older copy");
    inner.ask(&["replay", CHANNEL, "--from", "4", "--name", "王五", "--reason", "恢复了昨天的备份"]);
    inner.ask(&["release", CHANNEL]);
    route.settle(trial);
    Ok(())
}

fn drift(trial: &mut Trial) -> Result<(), LeftOut> {
    let route = Route::new(End::shared(Postgres), End::shared(Postgres));
    route.from.run(&parcel("a", "x"));
    route.settle(trial);
    // At the sink: a column is called differently from today on, or takes less.
    for (change, back) in [
        ("ALTER TABLE zd RENAME COLUMN zl TO location", "ALTER TABLE zd RENAME COLUMN location TO zl"),
        (
            "ALTER TABLE zd ALTER COLUMN zl TYPE varchar(3) USING left(zl, 3)",
            "ALTER TABLE zd ALTER COLUMN zl TYPE varchar(400)",
        ),
    ] {
        route.to.run(change);
        route.from.run("UPDATE zd SET zl = 'a long location', cs = cs + 1");
        route.send();
        route.held(&["zd", "zl"]);
        trial.fired(1);
        route.to.run(back);
        route.pair.inner.expect(0, &["release", CHANNEL]);
        route.settle(trial);
    }
    // At the source: the application goes on whatever was altered, and the check names the table.
    route.from.run("ALTER TABLE zd ADD COLUMN bz2 text");
    route.from.run("INSERT INTO zd (dm, cs, bz2) VALUES ('new', 1, 'not yet')");
    let told = route.pair.outer.expect(1, &["source", "check", CHANNEL, "--lang", "en"]);
    says(&told, &["zd", "changed since its triggers", "source install"]);
    trial.fired(1);
    route.pair.outer.expect(0, &["source", "install", CHANNEL]);
    route.from.run("UPDATE zd SET bz2 = 'now' WHERE dm = 'new'");
    route.send();
    route.held(&["zd", "bz2"]);
    trial.fired(1);
    route.to.run("ALTER TABLE zd ADD COLUMN bz2 text");
    route.pair.inner.expect(0, &["release", CHANNEL]);
    route.settle(trial);
    Ok(())
}
