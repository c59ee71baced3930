//! Servers that die, lines that break, accounts that may not: every packet is applied once, and what is wrong is said.

use super::*;
use crate::connectors::tables::contract_tests::{Session, change, channel, mark, packet};
use crate::connectors::tables::database::OwnTables;
use crate::connectors::tables::run::tests::in_runs;
use crate::connectors::tables::{Op, RowPacket, TableFault};
use dukou_servers::postgres::Postgres;
use dukou_servers::proxy::{Cut, Proxy};
use std::time::{Duration, Instant};

/// A packet that writes `rows` rows with the number of the packet, and deletes what the one before wrote alone.
fn wave(seq: u64, rows: u64) -> RowPacket {
    let value = seq.to_string();
    let write = |id: u64| change(Op::Update, "public.t", &[("id", &id.to_string()), ("v", &value)]);
    let mut changes: Vec<_> = (0..rows).map(write).collect();
    changes.push(write(1_000_000 + seq));
    changes.push(change(Op::Delete, "public.t", &[("id", &(1_000_000 + seq - 1).to_string())]));
    packet(seq, &changes)
}

/// Asserts that the table is as packet `seq` left it, whole.
fn assert_at(url: &str, seq: u64, rows: u64) {
    let mut app = App::to(url);
    let values = app.rows("SELECT DISTINCT v FROM t");
    assert_eq!(values, [[Some(seq.to_string())]]);
    assert_eq!(app.number("SELECT count(*) FROM t").unsigned_abs(), rows + 1);
}

/// Applies a packet, those with odd numbers in runs.
fn give(sink: &mut PostgresSink, packet: &RowPacket) -> Result<(), TableFault> {
    if packet.mark.seq % 2 == 1 { sink.apply_runs(&channel(), &in_runs(packet)) } else { sink.apply(&channel(), packet) }
}

/// Applies until it is done, however often the server is away.
fn insist(sink: &mut PostgresSink, packet: &RowPacket) {
    let begun = Instant::now();
    loop {
        match give(sink, packet) {
            Ok(()) => return,
            Err(TableFault::Away { .. } | TableFault::Busy { .. }) if begun.elapsed() < Duration::from_secs(60) => {
                std::thread::yield_now();
            }
            Err(other) => panic!("{other:?}"),
        }
    }
}

#[test]
fn a_server_killed_amid_packets_has_each_of_them_whole_or_not_at_all() {
    const ROWS: u64 = 3000;
    let mut server = Postgres::start();
    let url = server.create("registry");
    App::to(&url).run("CREATE TABLE t (id int PRIMARY KEY, v text)");
    let mut sink = sink_at(&url, &["public.t".to_owned()], false);
    sink.apply(&channel(), &wave(1, ROWS)).expect("applied");
    let begun = Instant::now();
    sink.apply(&channel(), &wave(2, ROWS)).expect("applied");
    let whole = begun.elapsed();
    let mut fates = Vec::new();
    for (seq, part) in (3..).zip([5, 30, 60, 85, 95, 100]) {
        let applying = std::thread::spawn(move || {
            let outcome = give(&mut sink, &wave(seq, ROWS));
            (sink, outcome)
        });
        // Not a wait for anything: the moment of the kill, a part of what a packet took before.
        std::thread::sleep(whole * part / 100);
        server.kill9();
        let (back, outcome) = applying.join().expect("no panic");
        sink = back;
        assert!(matches!(outcome, Ok(()) | Err(TableFault::Away { .. })), "{outcome:?}");
        server.restart();
        let now = loop {
            match sink.mark(&channel()) {
                Ok(now) => break now.expect("a mark").seq,
                Err(fault) => assert!(matches!(fault, TableFault::Away { .. }), "{fault:?}"),
            }
        };
        assert!(now == seq || (now == seq - 1 && outcome.is_err()), "mark {now} after {outcome:?}");
        assert_at(&url, now, ROWS);
        insist(&mut sink, &wave(seq, ROWS));
        assert_at(&url, seq, ROWS);
        fates.push((outcome.is_ok(), now == seq));
    }
    println!("answered, applied: {fates:?}");
}

#[test]
fn a_commit_whose_answer_is_cut_off_is_told_by_the_mark() {
    let server = Postgres::with_tcp();
    let direct = server.create("registry");
    App::to(&direct).run("CREATE TABLE t (id int PRIMARY KEY, v text)");
    let port = direct.rsplit_once(':').and_then(|(_, rest)| rest.split_once('/')).expect("a port").0;
    let proxy = Proxy::before(port.parse().expect("a port"));
    let through = direct.replace(&format!(":{port}/"), &format!(":{}/", proxy.port));
    let mut sink = sink_at(&through, &["public.t".to_owned()], false);
    sink.apply(&channel(), &wave(1, 10)).expect("applied");
    for (seq, cut) in (2..).zip([Cut::Answer, Cut::Answer, Cut::Request, Cut::Request]) {
        proxy.cut_at(b"COMMIT\0", cut);
        let outcome = give(&mut sink, &wave(seq, 10));
        assert!(matches!(outcome, Err(TableFault::Away { .. })) && proxy.has_cut(), "{cut:?}: {outcome:?}");
        let now = sink.mark(&channel()).expect("a mark").expect("a mark");
        assert_eq!(now.seq, if cut == Cut::Answer { seq } else { seq - 1 }, "{cut:?}");
        assert_at(&direct, now.seq, 10);
        give(&mut sink, &wave(seq, 10)).expect("again");
        assert_at(&direct, seq, 10);
    }
}

#[test]
fn what_is_wrong_with_place_account_or_rights_is_said_without_the_password() {
    let server = Postgres::with_tcp();
    let url = server.create("registry");
    let tables = ["public.t".to_owned()];
    let fault = |url: &str| sink_at(url, &tables, false).mark(&channel()).expect_err("it cannot");
    let wrong_password = fault(&url.replace("canary-Pa55", "canary-wrong"));
    assert!(matches!(wrong_password, TableFault::Denied { .. }), "{wrong_password:?}");
    let no_database = fault(&url.replace("/registry", "/absent"));
    assert!(matches!(no_database, TableFault::Denied { .. }), "{no_database:?}");
    let no_server = fault("postgres://dukou:canary@127.0.0.1:1/registry");
    assert!(matches!(no_server, TableFault::Away { .. }), "{no_server:?}");
    for fault in [wrong_password, no_database, no_server] {
        assert!(!format!("{fault:?} {fault}").contains("canary"), "{fault}");
    }
    server.psql_in("registry", "CREATE TABLE t (id int PRIMARY KEY, v text); GRANT SELECT ON t TO dukou");
    let mut sink = sink_at(&url, &tables, false);
    let faults = sink.check().expect("a check");
    for right in ["INSERT", "UPDATE", "DELETE"] {
        let lacks = |fault: &TableFault| matches!(fault, TableFault::Unfit { table, problem: super::super::super::Problem::Right(lacking), .. } if table == "public.t" && lacking == right);
        assert!(faults.iter().any(lacks), "{right}: {faults:?}");
    }
    assert!(matches!(sink.apply(&channel(), &wave(1, 1)), Err(TableFault::Denied { .. })));
    assert_eq!(sink.mark(&channel()), Ok(None));
    server.psql_in("registry", "GRANT ALL ON t TO dukou");
    sink.apply(&channel(), &wave(1, 1)).expect("mended");
    assert_eq!(sink.mark(&channel()), Ok(Some(mark(1, 1))));
}

#[test]
fn a_station_that_may_not_make_tables_uses_those_that_a_person_made() {
    let bench = bench();
    bench.sink.psql(&format!(
        "CREATE TABLE t (id int PRIMARY KEY, v text); GRANT ALL ON t TO dukou; ALTER DATABASE {0} OWNER TO postgres; REVOKE ALL ON DATABASE {0} FROM PUBLIC;
         GRANT CONNECT, TEMP ON DATABASE {0} TO dukou",
        bench.sink.name
    ));
    let mut sink = bench.bare_sink(&["public.t".to_owned()], false);
    assert_eq!(sink.check().expect("a check").len(), 3);
    assert!(matches!(sink.apply(&channel(), &wave(1, 1)), Err(TableFault::Denied { .. })));
    bench.sink.psql(&sink.install_sql().expect("the SQL"));
    assert_eq!(sink.check(), Ok(vec![]));
    sink.apply(&channel(), &wave(1, 1)).expect("applied");
}

#[test]
fn a_row_held_by_an_application_makes_the_packet_wait_and_not_fail() {
    let bench = bench();
    bench.sink.psql("CREATE TABLE t (id int PRIMARY KEY, v text); ALTER TABLE t OWNER TO dukou");
    let mut sink = bench.bare_sink(&["public.t".to_owned()], true);
    sink.apply(&channel(), &wave(1, 5)).expect("applied");
    let mut app = App::to(&bench.sink.url);
    app.run("BEGIN");
    app.run("UPDATE t SET v = 'mine' WHERE id = 3");
    assert!(matches!(sink.apply(&channel(), &wave(2, 5)), Err(TableFault::Busy { .. })));
    assert_eq!(bench.refused_rows(), 0);
    app.run("COMMIT");
    sink.apply(&channel(), &wave(2, 5)).expect("applied");
    assert_at(&bench.sink.url, 2, 5);
}

impl PgBench {
    fn refused_rows(&self) -> usize {
        Bench::refused(self)
    }
}
