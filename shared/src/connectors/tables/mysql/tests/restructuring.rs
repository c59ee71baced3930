//! A structure change that is cut off: the client is gone or the server is killed, at each numbered step and around it.

use super::super::{MysqlDescriber, MysqlRestructurer, MysqlSource};
use super::bench::{App, Databases, bench};
use crate::connectors::tables::contract_tests::{Bench, CHANGES, Change, End, Session, channel, place, reads, told};
use crate::connectors::tables::describe::Describer;
use crate::connectors::tables::restructure::{RestructureFault, Restructurer, Standing};
use crate::connectors::tables::{TableFault, TableSource};
use crate::schema::drift::LiveTable;
use crate::schema::structure::Structure;
use crate::store::Direction;
use dukou_servers::mariadb::Mariadb;
use dukou_servers::proxy::{Cut, Proxy};
use std::path::Path;

/// What the change says to the server in its order (`COMMIT` with the byte before it: sessions begin with `READ COMMITTED`), with the step that it stands at once that was heard; none where nothing of it was begun.
const SAID: [(&str, Option<u32>); 18] = [
    ("GET_LOCK", None),
    ("LOCK TABLES", None),
    ("INSERT INTO dukou_schema", Some(0)),
    ("CREATE TRIGGER", Some(0)),
    ("UNLOCK TABLES", Some(0)),
    ("DROP TRIGGER", Some(0)),
    ("step = 0", Some(0)),
    ("ADD COLUMN `yt`", Some(0)),
    ("step = 1", Some(1)),
    ("MODIFY COLUMN `bz`", Some(1)),
    ("step = 2", Some(2)),
    ("INSERT INTO `words`", Some(2)),
    ("step = 3", Some(3)),
    ("CREATE TABLE `further`", Some(3)),
    ("step = 4", Some(4)),
    ("'structure'", Some(4)),
    ("marked = 1", Some(4)),
    ("\u{3}COMMIT", Some(4)),
];

/// A line to the server of a socket's directory, and the URL of a database over it.
fn line(socket: &Path, database: &str) -> (Proxy, String) {
    let proxy = Proxy::before_socket(socket);
    let url = format!("mysql://{}@127.0.0.1:{}/{database}", dukou_servers::mariadb::USER, proxy.port);
    (proxy, url)
}

/// The socket that a URL names.
fn socket_of(url: &str) -> &Path {
    Path::new(url.split_once("socket=").expect("a socket").1)
}

fn describe(url: &str, structure: &Structure) -> Vec<LiveTable> {
    MysqlDescriber::new(url, None).describe(structure).expect("described")
}

/// Makes tables, outbox and a row at a URL.
fn prepare(url: &str, change: &Change) -> MysqlSource {
    let mut app = App::open(url, "+08:00");
    change.plan.dialect.create(&change.before).expect("tables").iter().for_each(|sql| app.run(sql));
    let mut source = MysqlSource::new(url, None, &channel(), &change.tables);
    source.install().expect("installed");
    app.run("INSERT INTO zd (dm, bz) VALUES ('a', 'x')");
    source
}

/// Goes on to the end, however often the session before still holds its lock, and looks at what became of it.
fn goes_on(url: &str, change: &Change, source: &mut dyn TableSource, said: &str) {
    let mut restructurer = MysqlRestructurer::new(url, None);
    crate::connectors::tables::contract_tests::patiently(|| match restructurer.make(&change.leaving()) {
        Err(RestructureFault::Table(fault)) => Err(fault),
        other => {
            other.unwrap_or_else(|fault| panic!("{said}: {fault}"));
            Ok(())
        }
    });
    assert_eq!(restructurer.standing(&change.plan.digests[1], Direction::Out), Ok(Standing::Done), "{said}");
    App::open(url, "+08:00").run("INSERT INTO zd (dm, bz, yt) VALUES ('b', 'x', 'y')");
    assert_eq!(source.check(), Ok(vec![]), "{said}");
    let reads = reads(source);
    assert_eq!(reads.len(), 3, "{said}: {reads:?}");
    assert_eq!(
        (told(&reads[0]), &reads[1][0].entry, told(&reads[2])),
        (vec!["insert a".into()], &place(change), vec!["insert b".into()])
    );
    let (dialect, live) = (change.plan.dialect, describe(url, &change.after));
    assert_eq!(crate::schema::drift::differences(&change.after, dialect, &live), [], "{said}");
}

/// Cuts the line where something is said; gives what stands there then.
fn cut(databases: &Databases, change: &Change, said: &str, how: Cut) -> Standing {
    let database = databases.at(End::Source);
    let (proxy, far) = line(socket_of(&database.url), &database.name);
    proxy.cut_at(said.as_bytes(), how);
    let done = MysqlRestructurer::new(&far, None).make(&change.leaving());
    assert!(matches!(done, Err(RestructureFault::Table(TableFault::Away { .. }))), "{said}: {done:?}");
    assert!(proxy.has_cut(), "{said}");
    // Whoever is still at it ends before the next one begins.
    let lock = "SELECT GET_LOCK(CONCAT('dukou_schema ', LEFT(SHA2(DATABASE(), 256), 40)), 60)";
    assert_eq!(databases.app(End::Source).number(lock), 1, "{said}");
    MysqlRestructurer::new(&database.url, None).standing(&change.plan.digests[1], Direction::Out).expect("it stands somewhere")
}

#[test]
fn a_change_whose_client_is_gone_names_its_step_and_goes_on_from_there() {
    for (said, step) in SAID {
        for how in [Cut::Request, Cut::Answer] {
            let databases = bench();
            let url = &databases.at(End::Source).url;
            let change = Change::of(&databases, CHANGES);
            let mut source = prepare(url, &change);
            let standing = cut(&databases, &change, said, how);
            if how == Cut::Answer {
                assert_eq!(standing, step.map_or(Standing::Old, Standing::AtStep), "{said}");
            }
            if said.starts_with("step") {
                let written = databases.session(End::Source).attempt("INSERT INTO zd (dm) VALUES ('no')");
                assert!(!written, "{said}: the door is closed");
            }
            goes_on(url, &change, &mut source, said);
        }
    }
}

#[test]
fn a_change_whose_client_is_gone_goes_back_from_each_step_to_what_was_there() {
    for (said, _) in SAID {
        for how in [Cut::Request, Cut::Answer] {
            let databases = bench();
            let url = &databases.at(End::Source).url;
            let change = Change::of(&databases, CHANGES);
            let mut source = prepare(url, &change);
            let all = || [&change.before, &change.after].map(|structure| describe(url, structure));
            let before = all();
            cut(&databases, &change, said, how);
            let mut restructurer = MysqlRestructurer::new(url, None);
            let back = restructurer.take_back(&change.leaving());
            if (said, how) == ("\u{3}COMMIT", Cut::Answer) {
                assert!(matches!(back, Err(RestructureFault::Table(TableFault::Denied { .. }))), "{back:?}");
                goes_on(url, &change, &mut source, said);
                continue;
            }
            back.unwrap_or_else(|fault| panic!("{said}: {fault}"));
            assert_eq!(restructurer.standing(&change.plan.digests[1], Direction::Out), Ok(Standing::Old), "{said}");
            assert_eq!(all(), before, "{said}");
            assert_eq!(source.check(), Ok(vec![]), "{said}");
            databases.session(End::Source).run("INSERT INTO zd (dm) VALUES ('b')");
            assert_eq!(told(&reads(&mut source).concat()), ["insert a", "insert b"], "{said}");
        }
    }
}

#[test]
fn a_change_whose_server_is_killed_names_its_step_and_goes_on_from_there() {
    let mut server = Mariadb::start();
    let names = bench();
    for (at, (said, step)) in SAID.into_iter().enumerate().filter(|(_, (_, step))| step.is_some()) {
        let database = format!("registry_{at}");
        let url = server.create(&database);
        let change = Change::of(&names, CHANGES);
        drop(prepare(&url, &change));
        let (proxy, far) = line(socket_of(&url), &database);
        proxy.cut_at(said.as_bytes(), Cut::Answer);
        let done = MysqlRestructurer::new(&far, None).make(&change.leaving());
        assert!(matches!(done, Err(RestructureFault::Table(TableFault::Away { .. }))), "{said}: {done:?}");
        server.kill9();
        server.restart();
        let standing =
            MysqlRestructurer::new(&url, None).standing(&change.plan.digests[1], Direction::Out).expect("it stands somewhere");
        let before = step.and_then(|step| step.checked_sub(1)).map_or(Standing::Old, Standing::AtStep);
        assert!(standing == before || Some(standing) == step.map(Standing::AtStep), "{said}: {standing:?}");
        let mut source = MysqlSource::new(&url, None, &channel(), &change.tables);
        goes_on(&url, &change, &mut source, said);
    }
}
