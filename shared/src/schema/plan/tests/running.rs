//! Plans run on real databases, exactly as they are printed: before → after is the structure that is read back.

use super::super::*;
use super::golden::versions;
use crate::connectors::tables::describe::Describer;
use crate::connectors::tables::mysql::MysqlDescriber;
use crate::connectors::tables::postgres::PostgresDescriber;
use crate::connectors::tables::sqlite::SqliteDescriber;
use crate::schema::drift::{Differs, LiveTable, differences};
use crate::schema::structure::tests::{document, sample};
use crate::store::sqlite::wait;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, Row as _, SqliteConnection};

/// A database of one test's own.
enum Live {
    Postgres(dukou_servers::postgres::Database),
    Mariadb(dukou_servers::mariadb::Database),
    Sqlite(tempfile::TempDir, SqliteConnection),
}

impl Live {
    fn new(dialect: Dialect) -> Self {
        match dialect {
            Dialect::Postgres => {
                let database = dukou_servers::postgres::Database::new();
                // The tables are the superuser's.
                database.psql("ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO dukou");
                Self::Postgres(database)
            }
            Dialect::Mariadb => Self::Mariadb(dukou_servers::mariadb::Database::new()),
            _ => {
                let dir = tempfile::tempdir().unwrap();
                let options =
                    SqliteConnectOptions::new().filename(dir.path().join("db")).create_if_missing(true).foreign_keys(false);
                let connection = wait(options.disable_statement_logging().connect()).unwrap();
                Self::Sqlite(dir, connection)
            }
        }
    }

    fn run(&mut self, sql: &str) {
        match self {
            Self::Postgres(database) => drop(database.psql(sql)),
            Self::Mariadb(database) => drop(database.sql(sql)),
            Self::Sqlite(_, connection) => {
                // Lines with a dot are for the program sqlite3.
                let lines: Vec<&str> = sql.lines().filter(|line| !line.starts_with('.')).collect();
                let done = wait(sqlx::raw_sql(AssertSqlSafe(lines.join("\n"))).execute(connection));
                done.unwrap_or_else(|error| panic!("{error}: {sql}"));
            }
        }
    }

    fn refuses(&mut self, sql: &str) -> bool {
        std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| self.run(sql))).is_err()
    }

    /// The one value of a query.
    fn ask(&mut self, query: &str) -> String {
        match self {
            Self::Postgres(database) => database.psql(query).trim_end_matches('\n').to_owned(),
            Self::Mariadb(database) => database.sql(query).trim_end_matches('\n').to_owned(),
            Self::Sqlite(_, connection) => {
                let row = wait(sqlx::raw_sql(AssertSqlSafe(query.to_owned())).fetch_one(connection)).unwrap();
                let number: Result<i64, _> = row.try_get(0);
                number.map_or_else(|_| row.try_get_unchecked::<String, _>(0).unwrap_or_default(), |number| number.to_string())
            }
        }
    }

    fn holds(&mut self, check: &Check) -> bool {
        self.ask(&check.query) == check.expect
    }

    fn describe(&mut self, structure: &Structure) -> Vec<LiveTable> {
        match self {
            Self::Postgres(database) => PostgresDescriber::new(&database.url, None).describe(structure),
            Self::Mariadb(database) => MysqlDescriber::new(&database.url, None).describe(structure),
            Self::Sqlite(dir, _) => SqliteDescriber::new(&dir.path().join("db")).describe(structure),
        }
        .unwrap()
    }

    fn make(&mut self, structure: &Structure, dialect: Dialect) {
        for statement in dialect.create(structure).unwrap() {
            self.run(&format!("{statement};"));
        }
        self.is(structure, dialect);
    }

    /// The live database is the structure, and nothing else.
    #[track_caller]
    fn is(&mut self, structure: &Structure, dialect: Dialect) {
        let found = differences(structure, dialect, &self.describe(structure));
        assert!(found.is_empty(), "{dialect} at version {}: {found:?}", structure.version);
    }

    fn back(&mut self, step: &Step, dialect: Dialect) {
        let statements: String = step.rollback.iter().map(|statement| format!("{};\n", statement.sql)).collect();
        match dialect {
            Dialect::Sqlite => self.run(&format!("PRAGMA foreign_keys = OFF; BEGIN; {statements} COMMIT")),
            _ => self.run(&statements),
        }
    }
}

/// Runs the worked example: as one script, or step by step, looking at what each step requires and at its check before and behind it.
fn runs(dialect: Dialect, by_steps: bool) {
    let (structures, documents) = versions();
    let mut live = Live::new(dialect);
    live.make(&structures[0], dialect);
    live.run("INSERT INTO bdc_lq (qlid, ywh) VALUES ('L1', '林-1')");
    live.run("INSERT INTO bdc_dyaq (qlid, scywh, dbfw) VALUES ('D1', '上手-1', '全部债权')");
    for (at, document) in documents.iter().enumerate() {
        let plan = Plan::of(&structures[at], document, dialect).unwrap();
        if at == 1 {
            live.run("UPDATE bdc_lq SET sllb = 1");
        }
        for step in plan.steps.iter().filter(|_| by_steps) {
            assert!(step.requires.iter().all(|check| live.holds(check)), "{dialect} line {}: {:?}", step.line, step.requires);
            assert!(step.check.iter().all(|check| !live.holds(check)), "{dialect} line {}: done before", step.line);
            step.statements.iter().for_each(|statement| live.run(&format!("{};", statement.sql)));
        }
        if !by_steps {
            live.run(&plan.script());
        }
        live.is(&structures[at + 1], dialect);
        for step in &plan.steps {
            assert!(step.check.iter().all(|check| live.holds(check)), "{dialect} line {}: {:?}", step.line, step.check);
        }
    }
    assert_eq!(live.ask("SELECT sllb FROM bdc_lq"), "1");
    assert_eq!(live.ask("SELECT ssywh FROM bdc_dyaq"), "上手-1");
    assert_eq!(live.ask("SELECT mc FROM bdc_zd_ydyhfl WHERE dm = '0101'"), "水田");
    // What came last goes first; the number that became text goes back only where it still is one.
    for (at, document) in documents.iter().enumerate().rev() {
        let plan = Plan::of(&structures[at], document, dialect).unwrap();
        for step in plan.steps.iter().rev() {
            live.back(step, dialect);
        }
        live.is(&structures[at], dialect);
    }
}

/// SQLite takes values of any type: a conversion would make `0` of a word, and round a number that has more digits than its column.
#[test]
fn what_is_no_value_of_its_column_is_not_converted_in_sqlite() {
    for (column, to, odd) in [
        ("a", "text(9)", "'word'"),
        ("a", "text(9)", "1.5"),
        ("d", "text(20)", "1.239"),
        ("t", "timestamp", "'2020-01-01 10:00'"),
    ] {
        let structure = Structure::read(
            b"format = 1\nstructure = \"sample\"\nversion = 1\ntitle = \"t\"\n[[table]]\nname = \"v\"\nkey = [\"id\"]\ncolumns = [{ name = \"id\", type = \"text(9)\", null = false }, { name = \"a\", type = \"integer\" }, { name = \"d\", type = \"decimal(5,2)\" }, { name = \"t\", type = \"date\" }]\n",
        );
        let structure = structure.unwrap();
        let retype = document(&format!("[[change]]\nop = \"retype\"\ntable = \"v\"\ncolumn = \"{column}\"\nto = \"{to}\""));
        let plan = Plan::of(&structure, &retype, Dialect::Sqlite).unwrap();
        let mut live = Live::new(Dialect::Sqlite);
        live.make(&structure, Dialect::Sqlite);
        live.run("INSERT INTO v (id, a, d, t) VALUES ('1', 7, 1.25, '2020-01-01'), ('2', NULL, NULL, NULL)");
        assert!(plan.steps[0].requires.iter().all(|check| live.holds(check)), "{column} → {to}");
        live.run(&format!("INSERT INTO v (id, {column}) VALUES ('3', {odd})"));
        assert!(live.refuses(&plan.script()), "{odd} as {to}");
        live.run("ROLLBACK");
        live.is(&structure, Dialect::Sqlite);
    }
}

/// Its patterns end before a line's end, too.
#[test]
fn a_number_with_a_line_end_behind_it_is_no_number_in_mariadb() {
    let mut live = Live::new(Dialect::Mariadb);
    live.make(&sample(), Dialect::Mariadb);
    live.run("INSERT INTO parent (id, b) VALUES ('1', '5\\n'), ('2', '6')");
    let retype = document("[[change]]\nop = \"retype\"\ntable = \"parent\"\ncolumn = \"b\"\nto = \"integer\"");
    let plan = Plan::of(&sample(), &retype, Dialect::Mariadb).unwrap();
    assert_eq!(live.ask(&plan.steps[0].losses[0].count), "1");
}

#[test]
fn the_worked_example_runs_on_postgres_and_is_what_is_read_back() {
    runs(Dialect::Postgres, false);
    runs(Dialect::Postgres, true);
}

#[test]
fn the_worked_example_runs_on_mariadb_and_is_what_is_read_back() {
    runs(Dialect::Mariadb, false);
    runs(Dialect::Mariadb, true);
}

#[test]
fn the_worked_example_runs_on_sqlite_and_is_what_is_read_back() {
    runs(Dialect::Sqlite, false);
    runs(Dialect::Sqlite, true);
}

const LIVE: [Dialect; 3] = [Dialect::Postgres, Dialect::Mariadb, Dialect::Sqlite];

/// Every conversion that is let through keeps what it has to keep, and counts what it would not.
#[test]
fn each_conversion_keeps_what_fits_and_counts_what_does_not() {
    // From, to, a value, what it is then; `None`: it does not fit.
    let cases = [
        ("decimal(1,0)", "text(100)", "1", Some("1")),
        ("decimal(15,4)", "text(100)", "1.5", Some("1.5000")),
        ("bigint", "text", "-9007199254740993", Some("-9007199254740993")),
        ("text(100)", "decimal(2,0)", "19", Some("19")),
        ("text(100)", "decimal(2,0)", "119", None),
        ("text(100)", "smallint", "7", Some("7")),
        ("text(100)", "smallint", "07", None),
        ("text(100)", "smallint", "x", None),
        ("text(100)", "text(3)", "公益林", Some("公益林")),
        ("text(100)", "text(2)", "公益林", None),
        ("decimal(6,2)", "decimal(4,1)", "123.5", Some("123.5")),
        ("decimal(6,2)", "decimal(4,1)", "123.55", None),
        ("decimal(6,2)", "decimal(4,1)", "1234.5", None),
        ("decimal(6,2)", "integer", "12", Some("12")),
        ("decimal(6,2)", "integer", "12.5", None),
        ("bigint", "smallint", "32767", Some("32767")),
        ("bigint", "smallint", "-32769", None),
        ("smallint", "decimal(7,2)", "12", Some("12.00")),
        ("date", "text(10)", "2021-08-30", Some("2021-08-30")),
        ("date", "timestamp", "2021-08-30", Some("2021-08-30 00:00:00")),
    ];
    for dialect in LIVE {
        let mut live = Live::new(dialect);
        for (at, (from, to, value, then)) in cases.into_iter().enumerate() {
            let description = format!(
                "format = 1\nstructure = \"sample\"\nversion = 1\ntitle = \"t\"\n[[table]]\nname = \"t{at}\"\nkey = [\"id\"]\ncolumns = [{{ name = \"id\", type = \"integer\", null = false }}, {{ name = \"c\", type = \"{from}\" }}]\n"
            );
            let structure = Structure::read(description.as_bytes()).unwrap();
            let change = format!("[[change]]\nop = \"OP\"\ntable = \"t{at}\"\ncolumn = \"c\"\nto = \"{to}\"");
            let document = document(&change.replace("OP", "retype"));
            live.make(&structure, dialect);
            live.run(&format!("INSERT INTO t{at} (id, c) VALUES (1, '{value}'), (2, NULL)"));
            let plan = Plan::of(&structure, &document, dialect).unwrap();
            let holds = plan.steps[0].requires.iter().all(|check| live.holds(check));
            assert_eq!(holds, then.is_some(), "{dialect}: {value} of {from} as {to}: {:?}", plan.steps[0].requires);
            let Some(then) = then else {
                assert_eq!(live.ask(&plan.losses().next().unwrap().count), "1", "{dialect}: {value} of {from} as {to}");
                continue;
            };
            live.run(&plan.script());
            live.is(&structure.apply(&document).unwrap(), dialect);
            let has = live.ask(&format!("SELECT c FROM t{at} WHERE id = 1"));
            // SQLite shows no zeros behind the point of a number.
            let fine =
                has == then || dialect == Dialect::Sqlite && to.starts_with("decimal") && has.parse() == then.parse::<f64>();
            assert!(fine, "{dialect}: {value} of {from} as {to} is {has}");
            assert_eq!(live.ask(&format!("SELECT COUNT(*) FROM t{at} WHERE c IS NULL")), "1");
        }
    }
}

#[test]
fn words_with_quotes_and_backslashes_arrive_as_they_are_in_every_database() {
    let words = r#"O'Brien\'; DROP TABLE words; -- "x" `y` %s \\"#;
    for dialect in LIVE {
        let change =
            format!("[[change]]\nop = \"dictionary-rows\"\ntable = \"words\"\nrows = [{{ dm = \"9\", mc = '''{words}''' }}]");
        let base = sample();
        let wide = document("[[change]]\nop = \"widen\"\ntable = \"words\"\ncolumn = \"mc\"\nto = \"text(200)\"");
        let wide = Structure { version: 1, ..base.apply(&wide).unwrap() };
        let mut live = Live::new(dialect);
        live.make(&wide, dialect);
        let document = document(&change);
        live.run(&Plan::of(&wide, &document, dialect).unwrap().script());
        live.is(&wide.apply(&document).unwrap(), dialect);
    }
}

#[test]
fn a_sqlite_table_with_more_than_the_structure_says_is_not_made_anew() {
    let widen = document("[[change]]\nop = \"widen\"\ntable = \"parent\"\ncolumn = \"b\"\nto = \"text(500)\"");
    for more in [
        "CREATE INDEX i ON parent (b)",
        "CREATE TRIGGER g AFTER INSERT ON parent BEGIN SELECT 1; END",
        "ALTER TABLE parent ADD COLUMN more TEXT",
        "ALTER TABLE parent ADD COLUMN more TEXT CHECK (more <> '')",
        "CREATE UNIQUE INDEX u ON parent (b)",
    ] {
        let mut live = Live::new(Dialect::Sqlite);
        live.make(&sample(), Dialect::Sqlite);
        let plan = Plan::of(&sample(), &widen, Dialect::Sqlite).unwrap();
        assert!(plan.steps[0].requires.iter().all(|check| live.holds(check)));
        live.run(more);
        assert!(!plan.steps[0].requires.iter().all(|check| live.holds(check)), "{more}");
    }
}

#[test]
fn a_mariadb_column_with_more_than_the_structure_says_is_not_defined_anew() {
    let widen = document("[[change]]\nop = \"widen\"\ntable = \"parent\"\ncolumn = \"b\"\nto = \"text(500)\"");
    let mut live = Live::new(Dialect::Mariadb);
    live.make(&sample(), Dialect::Mariadb);
    let plan = Plan::of(&sample(), &widen, Dialect::Mariadb).unwrap();
    for (more, fine) in [
        ("ALTER TABLE parent MODIFY b varchar(100) COLLATE utf8mb4_general_ci", false),
        ("ALTER TABLE parent MODIFY b varchar(100) DEFAULT 'x'", false),
        ("ALTER TABLE parent MODIFY b varchar(100)", true),
    ] {
        live.run(more);
        assert_eq!(plan.steps[0].requires.iter().all(|check| live.holds(check)), fine, "{more}");
    }
}

#[test]
fn a_mariadb_script_stops_by_itself_where_what_it_requires_does_not_hold() {
    let widen = document("[[change]]\nop = \"widen\"\ntable = \"parent\"\ncolumn = \"b\"\nto = \"text(500)\"");
    let mut live = Live::new(Dialect::Mariadb);
    live.make(&sample(), Dialect::Mariadb);
    let script = Plan::of(&sample(), &widen, Dialect::Mariadb).unwrap().script();
    live.run("ALTER TABLE parent MODIFY b varchar(100) COLLATE utf8mb4_general_ci");
    let kind = "SELECT column_type FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name = 'parent' AND column_name = 'b'";
    assert!(live.refuses(&script), "it stops");
    assert_eq!(live.ask(kind), "varchar(100)", "nothing was done");
    live.run("ALTER TABLE parent MODIFY b varchar(100) COLLATE utf8mb4_bin");
    live.run(&script);
    assert_eq!(live.ask(kind), "varchar(500)");
}

#[test]
fn every_drift_is_named() {
    for dialect in LIVE {
        let mut live = Live::new(dialect);
        live.make(&sample(), dialect);
        for statement in [
            "ALTER TABLE parent DROP COLUMN b",
            "ALTER TABLE parent ADD COLUMN more VARCHAR(7)",
            "UPDATE words SET mc = 'other'",
            "DROP TABLE child",
        ] {
            live.run(statement);
        }
        let found = differences(&sample(), dialect, &live.describe(&sample()));
        let codes: Vec<&str> = found.iter().map(|difference| difference.code()).collect();
        assert_eq!(codes, ["column-missing", "column-more", "table-missing", "row-differs"], "{dialect}");
        assert!(found[1].is_harmless() && !found[0].is_harmless());
        live.run("DELETE FROM words");
        live.run("ALTER TABLE parent ADD COLUMN b VARCHAR(50)");
        let found = differences(&sample(), dialect, &live.describe(&sample()));
        let kind = found.iter().find_map(|difference| match &difference.what {
            Differs::Type { column, believed, has } => Some((column.as_str(), believed.contains("100"), has.contains("50"))),
            _ => None,
        });
        assert_eq!(kind, Some(("b", true, true)), "{dialect}: {found:?}");
        assert!(found.iter().any(|difference| difference.code() == "row-missing"));
    }
}

/// What leans on a column that is renamed or made anew stays, and every operation goes back.
#[test]
fn every_operation_runs_and_goes_back_with_parents_children_keys_and_defaults() {
    let changes = r#"
[[change]]
op = "add-column"
table = "parent"
column = "说明"
type = "text(40)"
null = false
default = "O'Brien 说"
[[change]]
op = "rename-column"
table = "parent"
column = "id"
to = "ident"
[[change]]
op = "widen"
table = "parent"
column = "b"
to = "text(3000)"
[[change]]
op = "widen"
table = "words"
column = "dm"
to = "text(9)"
[[change]]
op = "add-table"
table = "further"
key = ["id", "no"]
unique = [["word"]]
references = [{ columns = ["id"], table = "parent", to = ["ident"] }]
columns = [
  { name = "id", type = "text(28)", null = false },
  { name = "no", type = "smallint", null = false },
  { name = "word", type = "text(20)" },
]
[[change]]
op = "drop-column"
table = "parent"
column = "a"
[[change]]
op = "widen"
table = "further"
column = "word"
to = "text(200)"
"#;
    let (before, document) = (sample(), document(changes));
    let after = before.apply(&document).unwrap();
    for dialect in LIVE {
        let mut live = Live::new(dialect);
        live.make(&before, dialect);
        live.run("INSERT INTO parent (id, b) VALUES ('P1', 'x')");
        live.run("INSERT INTO child (id, of) VALUES ('C1', 'P1')".replace("of", &quoted(dialect, "of")).as_str());
        let plan = Plan::of(&before, &document, dialect).unwrap();
        live.run(&plan.script());
        live.is(&after, dialect);
        let said = quoted(dialect, "说明");
        assert_eq!(live.ask(&format!("SELECT {said} FROM parent WHERE ident = 'P1'")), "O'Brien 说", "{dialect}");
        live.run("INSERT INTO further (id, no, word) VALUES ('P1', 1, 'w')");
        let mut odd = vec!["INSERT INTO further (id, no, word) VALUES ('P1', 2, 'w')"];
        if dialect != Dialect::Sqlite {
            odd.push("INSERT INTO further (id, no, word) VALUES ('nobody', 3, 'v')");
        }
        for statement in odd {
            assert!(live.refuses(statement), "{dialect}: {statement}");
        }
        live.run("DELETE FROM further");
        for step in plan.steps.iter().rev() {
            live.back(step, dialect);
        }
        live.is(&before, dialect);
        assert_eq!(live.ask("SELECT COUNT(*) FROM child"), "1", "{dialect}");
    }
}

fn quoted(dialect: Dialect, name: &str) -> String {
    dialect.speaker().ident(name)
}
