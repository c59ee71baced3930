//! The mark: what was applied stays applied once, whatever is asked again.

use super::*;

/// The rows of the parent table at the sink.
fn parents(bench: &dyn Bench, table: &str) -> Vec<Vec<Option<String>>> {
    bench.session(End::Sink).rows(&format!("SELECT dm, mj FROM {table} ORDER BY dm"))
}

/// A row of two texts.
fn row(dm: &str, mj: &str) -> Vec<Option<String>> {
    vec![Some(dm.to_owned()), Some(mj.to_owned())]
}

pub(in super::super) fn a_packet_applied_twice_or_below_the_mark_changes_nothing(bench: &mut dyn Bench) {
    let tables = family(bench, &[End::Sink]);
    let mut sink = bench.sink(&tables, false);
    assert_eq!(sink.mark(&channel()).expect("a mark"), None);
    let first = packet(1, &[change(Op::Insert, &tables[0], &[("dm", "a"), ("mj", "1")])]);
    let second = packet(2, &[change(Op::Update, &tables[0], &[("dm", "a"), ("mj", "2")])]);
    sink.apply(&channel(), &first).expect("applied");
    assert_eq!(sink.mark(&channel()).expect("a mark"), Some(first.mark));
    sink.apply(&channel(), &second).expect("applied");
    for again in [&second, &first] {
        sink.apply(&channel(), again).expect("it is Ok, and nothing happens");
        assert_eq!(sink.mark(&channel()).expect("a mark"), Some(second.mark));
        assert_eq!(parents(bench, &tables[0]), [row("a", "2")]);
    }
    drop(sink);
    let mut sink = bench.sink(&tables, false);
    assert_eq!(sink.mark(&channel()).expect("a mark"), Some(second.mark), "it is there after a restart");
}

pub(in super::super) fn another_epoch_is_applied_and_channels_are_apart(bench: &mut dyn Bench) {
    let tables = family(bench, &[End::Sink]);
    let mut sink = bench.sink(&tables, false);
    let insert = |dm: &str| vec![change(Op::Insert, &tables[0], &[("dm", dm), ("mj", "1")])];
    sink.apply(&channel(), &packet(5, &insert("a"))).expect("applied");
    let other: ChannelName = "unit-status".parse().expect("a name");
    assert_eq!(sink.mark(&other).expect("a mark"), None);
    sink.apply(&other, &packet(1, &insert("b"))).expect("applied");
    assert_eq!(sink.mark(&channel()).expect("a mark"), Some(mark(1, 5)));
    let anew = RowPacket { mark: mark(2, 1), changes: insert("c") };
    sink.apply(&channel(), &anew).expect("a new epoch begins below the old one's numbers");
    assert_eq!(sink.mark(&channel()).expect("a mark"), Some(mark(2, 1)));
    assert_eq!(parents(bench, &tables[0]), [row("a", "1"), row("b", "1"), row("c", "1")]);
}

pub(in super::super) fn a_packet_passed_over_moves_the_mark_alone(bench: &mut dyn Bench) {
    let tables = family(bench, &[End::Sink]);
    let mut sink = bench.sink(&tables, false);
    sink.pass_over(&channel(), &mark(1, 1)).expect("passed over");
    assert_eq!(sink.mark(&channel()).expect("a mark"), Some(mark(1, 1)));
    let one = packet(1, &[change(Op::Insert, &tables[0], &[("dm", "a"), ("mj", "1")])]);
    sink.apply(&channel(), &one).expect("it is below the mark");
    assert!(parents(bench, &tables[0]).is_empty());
    sink.apply(&channel(), &RowPacket { mark: mark(1, 2), ..one }).expect("applied");
    sink.pass_over(&channel(), &mark(1, 1)).expect("an older one does not move it back");
    assert_eq!(sink.mark(&channel()).expect("a mark"), Some(mark(1, 2)));
    assert_eq!(parents(bench, &tables[0]).len(), 1);
}

pub(in super::super) fn a_delete_of_what_is_gone_changes_nothing(bench: &mut dyn Bench) {
    let tables = family(bench, &[End::Sink]);
    let mut sink = bench.sink(&tables, false);
    let delete = change(Op::Delete, &tables[0], &[("dm", "a")]);
    let keep = change(Op::Insert, &tables[0], &[("dm", "b"), ("mj", "1")]);
    sink.apply(&channel(), &packet(1, &[keep, delete.clone()])).expect("applied");
    sink.apply(&channel(), &packet(2, &[delete])).expect("applied");
    assert_eq!(parents(bench, &tables[0]), [row("b", "1")]);
}

pub(in super::super) fn what_stands_there_already_is_overwritten(bench: &mut dyn Bench) {
    let tables = family(bench, &[End::Sink]);
    bench.session(End::Sink).run(&format!("INSERT INTO {} VALUES ('a', 1)", tables[0]));
    let mut sink = bench.sink(&tables, false);
    for (seq, op) in [(1, Op::Insert), (2, Op::Stock), (3, Op::Update)] {
        let mj = seq.to_string();
        sink.apply(&channel(), &packet(seq, &[change(op, &tables[0], &[("dm", "a"), ("mj", &mj)])])).expect("applied");
        assert_eq!(parents(bench, &tables[0]), [row("a", &mj)], "{op:?}");
    }
    let update = change(Op::Update, &tables[0], &[("dm", "new"), ("mj", "1")]);
    sink.apply(&channel(), &packet(4, &[update])).expect("an update of a row that is not there makes it");
    assert_eq!(parents(bench, &tables[0]).len(), 2);
}

pub(in super::super) fn a_fault_leaves_mark_and_rows_as_they_were(bench: &mut dyn Bench) {
    let tables = family(bench, &[End::Sink]);
    let mut sink = bench.sink(&tables, false);
    let good = change(Op::Insert, &tables[0], &[("dm", "a"), ("mj", "1")]);
    let bad = change(Op::Insert, &tables[1], &[("id", "1"), ("zd", "nowhere"), ("bz", "x")]);
    sink.apply(&channel(), &packet(1, &[])).expect("an empty packet is a packet");
    for _ in 0..2 {
        assert!(sink.apply(&channel(), &packet(2, &[good.clone(), bad.clone()])).is_err());
        assert_eq!(sink.mark(&channel()).expect("a mark"), Some(mark(1, 1)));
        assert!(parents(bench, &tables[0]).is_empty());
    }
    bench.session(End::Sink).run(&format!("INSERT INTO {} VALUES ('nowhere', 1)", tables[0]));
    sink.apply(&channel(), &packet(2, &[good, bad])).expect("what a person mended goes on");
    assert_eq!(sink.mark(&channel()).expect("a mark"), Some(mark(1, 2)));
}

pub(in super::super) fn a_mark_that_somebody_else_moved_is_told_before_anything_is_changed(bench: &mut dyn Bench) {
    let tables = family(bench, &[End::Sink]);
    let insert = |dm: &str| vec![change(Op::Insert, &tables[0], &[("dm", dm), ("mj", "1")])];
    let (mut sink, mut other) = (bench.sink(&tables, false), bench.sink(&tables, false));
    sink.apply(&channel(), &packet(1, &insert("a"))).expect("applied");
    other.apply(&channel(), &RowPacket { mark: mark(2, 1), changes: insert("b") }).expect("another station's");
    let third = packet(2, &insert("c"));
    let outcome = sink.apply(&channel(), &third);
    assert!(matches!(outcome, Err(TableFault::Busy { .. })), "{outcome:?}");
    assert_eq!(parents(bench, &tables[0]), [row("a", "1"), row("b", "1")]);
    assert_eq!(sink.mark(&channel()).expect("a mark"), Some(mark(2, 1)), "whoever asks is told");
    sink.apply(&channel(), &third).expect("and decides");
    assert_eq!(parents(bench, &tables[0]).len(), 3);
}
