//! The server is killed while packets are applied: what the mark says is what stands there.

use super::super::MysqlSink;
use super::bench::App;
use crate::connectors::tables::contract_tests::{Session, change, channel, packet};
use crate::connectors::tables::{Op, RowPacket, TableFault, TableSink};
use dukou_servers::mariadb::Mariadb;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// A packet of this number: a hundred rows, each with the number.
fn numbered(seq: u64) -> RowPacket {
    let rows: Vec<_> = (0..100)
        .map(|n| change(Op::Insert, "zd", &[("id", &(n + (seq % 7) * 50).to_string()), ("seq", &seq.to_string())]))
        .collect();
    packet(seq, &rows)
}

#[test]
fn a_server_killed_while_it_applies_or_commits_has_each_packet_whole_or_not_at_all() {
    let mut server = Mariadb::start();
    let url = server.create("report");
    App::open(&url, "+08:00").run("CREATE TABLE zd (id INT PRIMARY KEY, seq INT)");
    let pairs = [("zd".to_owned(), "zd".to_owned())];
    let mut sink = MysqlSink::new(&url, None, &pairs, false);
    let (mut seq, mut cut) = (0_u64, 0);
    for round in 0..6_u64 {
        let applying = AtomicU64::new(seq);
        std::thread::scope(|scope| {
            let victim = &mut server;
            let applying = &applying;
            let killer = scope.spawn(move || {
                // Once packets flow, at a moment that differs from round to round.
                let begun = Instant::now();
                while applying.load(Ordering::Relaxed) < seq + 3 && begun.elapsed() < Duration::from_secs(60) {
                    std::thread::yield_now();
                }
                std::thread::sleep(Duration::from_micros(731 * round));
                victim.kill9();
            });
            loop {
                match sink.apply(&channel(), &numbered(seq + 1)) {
                    Ok(()) => {
                        seq += 1;
                        applying.store(seq, Ordering::Relaxed);
                    }
                    Err(TableFault::Away { .. }) => break,
                    Err(other) => panic!("{other:?}"),
                }
            }
            killer.join().expect("the killer");
        });
        assert!(matches!(sink.mark(&channel()), Err(TableFault::Away { .. })), "the server is down");
        server.restart();
        let mark = sink.mark(&channel()).expect("a mark").expect("packets were applied").seq;
        // The answer to the last COMMIT may have been lost; nothing else may differ.
        assert!(mark == seq || mark == seq + 1, "round {round}: {seq} were answered, the mark says {mark}");
        cut += u64::from(mark > seq);
        let mut app = App::open(&url, "+08:00");
        assert_eq!(app.number("SELECT count(*) FROM zd WHERE seq = (SELECT max(seq) FROM zd)"), 100, "round {round}");
        assert_eq!(app.number("SELECT max(seq) FROM zd").cast_unsigned(), mark, "rows and mark are of one transaction");
        sink.apply(&channel(), &numbered(seq + 1)).expect("what was asked before comes again");
        seq += 1;
    }
    println!("{seq} packets, six kills, {cut} of them between COMMIT and its answer");
}
