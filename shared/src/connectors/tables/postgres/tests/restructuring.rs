//! A structure change that is cut off: the line breaks or the server is killed at each part of its transaction.

use super::*;
use crate::connectors::tables::TableFault;
use crate::connectors::tables::contract_tests::{CHANGES, Change, Session, channel, patiently, place, reads, told};
use crate::connectors::tables::restructure::{RestructureFault, Standing};
use crate::schema::drift::differences;
use crate::store::Direction;
use dukou_servers::postgres::Postgres;
use dukou_servers::proxy::{Cut, Proxy};

/// What the change says to the server in its order.
const SAID: [&str; 8] = [
    "LOCK TABLE dukou.dukou_schema",
    "ACCESS EXCLUSIVE",
    "DROP TRIGGER",
    "ADD COLUMN",
    "\"further\" (",
    "'structure'",
    "INSERT INTO dukou.dukou_schema",
    "COMMIT\0",
];

/// Makes tables, outbox and a row at a URL.
fn prepare(url: &str, change: &Change) -> PostgresSource {
    let mut app = App::to(url);
    change.plan.dialect.create(&change.before).expect("tables").iter().for_each(|sql| app.run(sql));
    let mut source = PostgresSource::new(url, None, &channel(), &change.tables);
    source.install().expect("installed");
    app.run("INSERT INTO zd (dm, bz) VALUES ('a', 'x')");
    source
}

/// Looks that all of it is there or nothing, and makes it.
fn is_whole(url: &str, change: &Change, said: &str, may_be_done: bool) {
    let mut restructurer = PostgresRestructurer::new(url, None);
    let standing = patiently(|| restructurer.standing(&change.plan.digests[1], Direction::Out));
    assert!(standing == Standing::Old || may_be_done && standing == Standing::Done, "{said}: {standing:?}");
    let structure = if standing == Standing::Done { &change.after } else { &change.before };
    let live = PostgresDescriber::new(url, None).describe(structure).expect("described");
    assert_eq!(differences(structure, change.plan.dialect, &live), [], "{said}");
    patiently(|| match restructurer.make(&change.leaving()) {
        Err(RestructureFault::Table(fault)) => Err(fault),
        other => {
            other.unwrap_or_else(|fault| panic!("{said}: {fault}"));
            Ok(())
        }
    });
    App::to(url).run("INSERT INTO zd (dm, bz, yt) VALUES ('b', 'x', 'y')");
    let mut source = PostgresSource::new(url, None, &channel(), &change.tables);
    assert_eq!(source.check(), Ok(vec![]), "{said}");
    let reads = reads(&mut source);
    assert_eq!(reads.len(), 3, "{said}: {reads:?}");
    assert_eq!(
        (told(&reads[0]), &reads[1][0].entry, told(&reads[2])),
        (vec!["insert a".into()], &place(change), vec!["insert b".into()])
    );
}

#[test]
fn a_change_whose_line_breaks_or_whose_server_is_killed_is_wholly_old_or_new() {
    let mut server = Postgres::with_tcp();
    let names = bench();
    for (at, said) in SAID.into_iter().enumerate() {
        for (how, kills) in [(Cut::Request, false), (Cut::Answer, false), (Cut::Answer, true)] {
            let url = server.create(&format!("registry_{at}_{}_{kills}", how == Cut::Answer));
            let change = Change::of(&names, CHANGES);
            drop(prepare(&url, &change));
            let port = url.rsplit_once(':').and_then(|(_, rest)| rest.split_once('/')).expect("a port").0;
            let proxy = Proxy::before(port.parse().expect("a port"));
            proxy.cut_at(said.as_bytes(), how);
            let far = url.replace(&format!(":{port}/"), &format!(":{}/", proxy.port));
            let done = PostgresRestructurer::new(&far, None).make(&change.leaving());
            assert!(matches!(done, Err(RestructureFault::Table(TableFault::Away { .. }))), "{said}: {done:?}");
            if kills {
                server.kill9();
                server.restart();
            }
            is_whole(&url, &change, said, (said, how) == ("COMMIT\0", Cut::Answer));
        }
    }
}
