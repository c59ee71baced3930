//! What a reader of the sink's database sees while packets are applied: whole transactions, and no child without its parent.

use super::*;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// A change of a transaction that may go on.
fn part(table: &str, dm: &str, transaction: u64, goes_on: bool) -> RowChange {
    RowChange { transaction: Some(transaction), goes_on, ..change(Op::Insert, table, &[("dm", dm), ("mj", "1")]) }
}

pub(in super::super) fn a_transaction_over_three_packets_is_seen_whole_or_not_at_all(bench: &mut dyn Bench) {
    let tables = family(bench, &[End::Sink]);
    let table = &tables[0];
    let mut sink = bench.sink(&tables, false);
    let count = |bench: &dyn Bench| bench.session(End::Sink).number(&format!("SELECT count(*) FROM {table}"));
    let first = packet(1, &[part(table, "before", 6, false), part(table, "a", 7, true), part(table, "b", 7, true)]);
    let second = packet(2, &[part(table, "between", 8, false), part(table, "c", 7, true)]);
    let delete = RowChange { transaction: Some(7), ..change(Op::Delete, table, &[("dm", "a")]) };
    let third = packet(3, &[part(table, "d", 7, false), delete, part(table, "after", 9, false)]);
    sink.apply(&channel(), &first).expect("applied");
    assert_eq!(count(bench), 1, "nothing of the transaction is seen");
    sink.apply(&channel(), &first).expect("nothing happens");
    sink.apply(&channel(), &second).expect("applied");
    assert_eq!(count(bench), 2, "others are not held up");
    assert_eq!(sink.mark(&channel()).expect("a mark"), Some(mark(1, 2)));
    drop(sink);
    let mut sink = bench.sink(&tables, false);
    sink.apply(&channel(), &third).expect("applied after a restart");
    let rows = bench.session(End::Sink).rows(&format!("SELECT dm FROM {table} ORDER BY dm"));
    let rows: Vec<&str> = rows.iter().filter_map(|row| row[0].as_deref()).collect();
    assert_eq!(rows, ["after", "b", "before", "between", "c", "d"]);
    // What was pending is gone: the same number of another time has nothing in front of it.
    sink.apply(&channel(), &packet(4, &[RowChange { transaction: Some(7), ..change(Op::Delete, table, &[("dm", "b")]) }]))
        .expect("applied");
    assert_eq!(count(bench), 5);
}

pub(in super::super) fn the_parts_of_a_transaction_wait_for_its_own_end_whatever_comes_between(bench: &mut dyn Bench) {
    let tables = family(bench, &[End::Sink]);
    let table = &tables[0];
    let mut sink = bench.sink(&tables, false);
    let count = |bench: &dyn Bench| bench.session(End::Sink).number(&format!("SELECT count(*) FROM {table}"));
    sink.apply(&channel(), &packet(1, &[part(table, "a", 7, true)])).expect("applied");
    sink.apply(&channel(), &packet(2, &[part(table, "other", 8, false)])).expect("applied");
    assert_eq!(count(bench), 1, "a packet of other transactions alone ends nothing");
    sink.apply(&channel(), &packet(3, &[])).expect("applied");
    assert_eq!(count(bench), 1, "nor does one without changes");
    sink.apply(&channel(), &packet(4, &[part(table, "b", 9, true)])).expect("applied");
    assert_eq!(count(bench), 1, "another one begins");
    sink.apply(&channel(), &packet(5, &[part(table, "c", 7, false)])).expect("applied");
    assert_eq!(count(bench), 3, "its own end does");
    sink.pass_over(&channel(), &mark(1, 6)).expect("passed over");
    assert_eq!(count(bench), 4, "and what a person gives up may have been the end");
    assert_eq!(sink.mark(&channel()).expect("a mark"), Some(mark(1, 6)));
}

pub(in super::super) fn no_reader_sees_a_child_without_its_parent(bench: &mut dyn Bench) {
    let (parent, child) = (bench.table("p"), bench.table("c"));
    let integer = bench.column(Type::Integer).expect("a type");
    // No foreign key at the sink: nothing but the order keeps them together.
    bench.session(End::Sink).run(&format!("CREATE TABLE {parent} (id {integer} NOT NULL PRIMARY KEY)"));
    bench.session(End::Sink).run(&format!("CREATE TABLE {child} (id {integer} NOT NULL PRIMARY KEY, p {integer} NOT NULL)"));
    let mut sink = bench.sink(&[parent.clone(), child.clone()], false);
    let (ended, looks) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
    let orphans = format!("SELECT count(*) FROM {child} WHERE p NOT IN (SELECT id FROM {parent})");
    let reader = {
        let (mut session, ended, looks) = (bench.session(End::Sink), ended.clone(), looks.clone());
        std::thread::spawn(move || {
            let mut worst = 0;
            while !ended.load(Ordering::Relaxed) {
                worst = worst.max(session.number(&orphans));
                looks.fetch_add(1, Ordering::Relaxed);
            }
            worst
        })
    };
    let mut seq = 0;
    while seq < 20 || looks.load(Ordering::Relaxed) < 20 {
        seq += 1;
        let id = (seq / 2).to_string();
        let (op, order) = if seq % 2 == 0 { (Op::Insert, [1, 0]) } else { (Op::Delete, [0, 1]) };
        let both = [change(op, &parent, &[("id", &id)]), change(op, &child, &[("id", &id), ("p", &id)])];
        // The child stands first where it is made, the parent where it is deleted: the packet is one all the same.
        let changes = order.map(|at| both[at].clone());
        patiently(|| sink.apply(&channel(), &packet(seq, &changes)));
    }
    ended.store(true, Ordering::Relaxed);
    assert_eq!(reader.join().expect("the reader"), 0);
}

pub(in super::super) fn what_waits_for_an_end_that_never_comes_is_applied_once_packets_are_missing(bench: &mut dyn Bench) {
    let tables = family(bench, &[End::Sink]);
    let table = &tables[0];
    let mut sink = bench.sink(&tables, false);
    let rows = |bench: &dyn Bench| -> Vec<Option<String>> {
        bench.session(End::Sink).rows(&format!("SELECT dm FROM {table} ORDER BY dm")).into_iter().flatten().collect()
    };
    let named = |names: &[&str]| names.iter().map(|name| Some((*name).to_owned())).collect::<Vec<_>>();
    sink.apply(&channel(), &packet(1, &[part(table, "a", 7, true)])).expect("applied");
    // Packet 2 had the end of the transaction, and a person waived it.
    sink.apply(&channel(), &packet(3, &[part(table, "b", 8, false), part(table, "c", 9, true)])).expect("applied");
    assert_eq!(rows(bench), named(&["a", "b"]));
    // The sender was restored, and begins anew.
    sink.apply(&channel(), &RowPacket { mark: mark(2, 1), changes: vec![part(table, "d", 7, false)] }).expect("applied");
    assert_eq!(rows(bench), named(&["a", "b", "c", "d"]));
}

pub(in super::super) fn what_waits_makes_no_later_packet_dearer(bench: &mut dyn Bench) {
    let tables = family(bench, &[End::Sink]);
    let table = &tables[0];
    let mut sink = bench.sink(&tables, false);
    let (packets, rows) = (60, 100);
    let mut spent = Vec::new();
    for seq in 1..=packets {
        let keys = (0..rows).map(|row| format!("{seq}-{row}"));
        let changes: Vec<RowChange> = keys.map(|key| part(table, &key, 7, seq < packets)).collect();
        let begun = Instant::now();
        sink.apply(&channel(), &packet(seq, &changes)).expect("applied");
        spent.push(begun.elapsed());
    }
    assert_eq!(bench.session(End::Sink).number(&format!("SELECT count(*) FROM {table}")).unsigned_abs(), packets * rows);
    // The first makes our own tables, the last writes everything.
    let quickest = |part: &[Duration]| part.iter().min().copied().unwrap_or_default();
    let (early, late) = (quickest(&spent[1..11]), quickest(&spent[48..58]));
    println!("{rows} rows that wait: {early:?} among the first packets, {late:?} with {} rows waiting", 50 * rows);
    assert!(late < early * 3 + Duration::from_millis(5), "{early:?}, {late:?}");
}
