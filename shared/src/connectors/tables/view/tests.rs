//! A view of each database, looked at.

use super::*;
use crate::connectors::tables::mysql::MysqlView;
use crate::connectors::tables::postgres::PostgresView;
use crate::connectors::tables::sqlite::SqliteView;
use crate::connectors::tables::{Entry, Op};
use dukou_servers::{mariadb, postgres};
use tempfile::TempDir;

const LIMITS: ReadLimits = ReadLimits { rows: 100, bytes: 1 << 20 };
const UNIT: &str = "150721001002GB00017F00030012";

fn source(reader: Box<dyn ViewReader>, dir: &Path) -> ViewSource {
    let following = Following { days: 30, every: Duration::ZERO };
    ViewSource::new(reader, dir, &"register-row".parse().unwrap(), &["dukou_register_row".to_owned()], following)
}

/// Gives what the outbox holds, as one line a change, and deletes it.
fn changes(source: &mut ViewSource) -> Vec<String> {
    let offered = source.read(&BTreeSet::new(), LIMITS).unwrap();
    let entries: Vec<EntryId> = offered.iter().map(Offered::entry_id).collect();
    source.delete(&entries).unwrap();
    let line = |offered: Offered| match offered.entry {
        Entry::Change(change) => {
            let of = |cells: &Cells, name: &str| {
                let found = cells.iter().find(|(own, _)| own.as_str() == name);
                found.map(|(_, value)| value.shown()).unwrap_or_default()
            };
            let row = if change.op == Op::Delete { &change.key } else { &change.row };
            format!("{} {} {} {}", change.op.as_str(), of(row, "ywh"), of(row, "djlx"), of(row, "djsj"))
        }
        other => panic!("{other:?}"),
    };
    offered.into_iter().map(line).collect()
}

/// Gives the rows registered since a day; none while something is still to be sent.
fn settled(source: &mut ViewSource, since: &str) -> Option<Vec<Cells>> {
    let mut rows = Vec::new();
    source.each_settled_row(since, &mut |cells| rows.push(cells)).unwrap().then_some(rows)
}

/// Leads a view through its life; `run` speaks to its database.
fn lead(reader: Box<dyn ViewReader>, dir: &Path, time: &str, run: impl Fn(&str)) {
    let mut source = source(reader, dir);
    assert_eq!(source.check().unwrap(), missing("dukou_register_row", None));
    run(&format!(
        "CREATE TABLE r(YWH varchar(50), bdcdyh varchar(28), djlx varchar(4), qllx varchar(4), zszmh varchar(200), qxdm varchar(6), djsj {time})"
    ));
    run("CREATE VIEW dukou_register_row AS SELECT YWH, bdcdyh, djlx, qllx, zszmh, djsj FROM r");
    assert_eq!(
        source.check().unwrap().iter().map(ToString::to_string).collect::<Vec<_>>().len(),
        2,
        "qxdm and qszt are missing, by name"
    );
    run("DROP VIEW dukou_register_row");
    run("CREATE VIEW dukou_register_row AS SELECT YWH, bdcdyh, djlx, qllx, zszmh, qxdm, djsj, '1' AS qszt FROM r");
    assert_eq!(source.check().unwrap(), []);
    let day = now().date();
    let insert = |ywh: &str, day: &str| {
        run(&format!("INSERT INTO r VALUES ('{ywh}', '{UNIT}', '100', '4', '蒙(2024)第1号', '150721', '{day} 09:30:00')"));
    };
    insert("A", &day.to_string());
    insert("B", &day.to_string());
    insert("old", "2001-01-01");
    assert_eq!(changes(&mut source), [format!("insert A 100 {day} 09:30:00"), format!("insert B 100 {day} 09:30:00")]);
    assert_eq!(changes(&mut source), [""; 0], "what was offered and deleted is not offered again");
    run("UPDATE r SET djlx = '200' WHERE YWH = 'A'");
    run("DELETE FROM r WHERE YWH = 'B'");
    assert_eq!(settled(&mut source, "2000-01-01"), None, "not while something is still to be sent");
    let mut told = changes(&mut source);
    told.sort();
    assert_eq!(told, ["delete B  ".to_owned(), format!("update A 200 {day} 09:30:00")]);
    let rows = settled(&mut source, &day.to_string()).unwrap();
    let row = crate::registration::kept::row_of(&rows[0], 0).unwrap();
    assert_eq!((rows.len(), row.djsj, row.qszt.as_str()), (1, day.at(9, 30, 0, 0), "1"));
    // A row that becomes older than the days looked at is not deleted.
    run("UPDATE r SET djsj = '2001-01-01 00:00:00'");
    assert_eq!(changes(&mut source), ["delete A  "], "its day was changed: it is gone from the days looked at");
}

#[test]
fn a_view_of_a_file_is_followed() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("registry.db");
    std::fs::File::create(&path).unwrap();
    let run = |sql: &str| {
        let options = sqlx::sqlite::SqliteConnectOptions::new().filename(&path);
        crate::store::sqlite::wait(async {
            let mut conn = sqlx::ConnectOptions::connect(&options).await.unwrap();
            sqlx::raw_sql(sqlx::AssertSqlSafe(sql.to_owned())).execute(&mut conn).await.unwrap();
            sqlx::Connection::close(conn).await.unwrap();
        });
    };
    lead(Box::new(SqliteView::new(&path)), dir.path(), "text", run);
}

#[test]
fn a_view_of_postgres_is_followed() {
    let (dir, database) = (TempDir::new().unwrap(), postgres::Database::new());
    for time in ["timestamp", "timestamptz"] {
        let database = if time == "timestamp" { &database } else { &postgres::Database::new() };
        let run =
            |sql: &str| drop(database.psql(&format!("SET ROLE {}; SET TimeZone = 'Asia/Shanghai'; {sql}", postgres::USER)));
        let dir = dir.path().join(time);
        lead_normalized(Box::new(PostgresView::new(&database.url, Some(postgres::PASSWORD))), &dir, time, run);
    }
}

/// As [`lead`], where the database writes an offset.
fn lead_normalized(reader: Box<dyn ViewReader>, dir: &Path, time: &str, run: impl Fn(&str)) {
    match time {
        "timestamp" => lead(reader, dir, time, run),
        _ => {
            run(
                "CREATE TABLE r(ywh text, bdcdyh text, djlx text, qllx text, zszmh text, qxdm text, djsj timestamptz, qszt text)",
            );
            run("CREATE VIEW dukou_register_row AS SELECT * FROM r");
            let day = now().date();
            run(&format!("INSERT INTO r VALUES ('A', '{UNIT}', '100', '4', '', '150721', '{day} 09:30:00+08', '1')"));
            let mut source = source(reader, dir);
            assert_eq!(changes(&mut source), [format!("insert A 100 {day} 09:30:00+08:00")]);
            let rows = settled(&mut source, "2000-01-01").unwrap();
            let row = crate::registration::kept::row_of(&rows[0], 0).unwrap();
            assert_eq!(row.djsj, day.at(9, 30, 0, 0));
        }
    }
}

#[test]
fn a_view_of_mariadb_is_followed() {
    let (dir, database) = (TempDir::new().unwrap(), mariadb::Database::new());
    lead(Box::new(MysqlView::new(&database.url, None)), dir.path(), "datetime", |sql| drop(database.sql(sql)));
}

#[test]
fn what_a_view_showed_is_known_after_a_restart_and_sent_anew_when_the_file_is_lost() {
    let dir = TempDir::new().unwrap();
    struct Fixed(String);
    impl ViewReader for Fixed {
        fn columns(&mut self, _: &str) -> Result<Option<Vec<String>>, TableFault> {
            Ok(Some(COLUMNS.map(str::to_uppercase).to_vec()))
        }

        fn each_row(&mut self, _: &str, columns: &[String], _: &str, take: TakesRow<'_>) -> Result<(), TableFault> {
            assert_eq!(columns.len(), 10);
            let text = |name: &String| if name == "DJSJ" { self.0.clone() } else { "1".to_owned() };
            (0..2).try_for_each(|_| take(columns.iter().map(text).map(Some).collect()))
        }
    }
    let day = now().date().to_string();
    let open = || source(Box::new(Fixed(day.clone())), dir.path());
    assert_eq!(changes(&mut open()), [format!("insert 1 1 {day}")], "a key that comes twice is one row");
    assert_eq!(changes(&mut open()), [""; 0]);
    std::fs::remove_file(dir.path().join("state/register/register-row.db")).unwrap();
    assert_eq!(changes(&mut open()), [format!("insert 1 1 {day}")]);
}
