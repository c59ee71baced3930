//! What a waiver says, what it may not give up, and that its line stands whatever happens meanwhile.

use dukou_packets::log::line::Event;
use dukou_packets::packet::header::{Header, KIND_EPOCH_OPENING, KIND_MARKER};
use dukou_shared::report::waivers;
use dukou_shared::requests::{Answer, Request};
use dukou_tests::simulated::station::name;
use dukou_tests::simulated::world::FILES;
use dukou_tests::simulated::{World, forge, verdict};
use std::collections::BTreeSet;

use super::sweep::every_changing_op;

fn waive(from: u64, to: u64) -> Request {
    let (operator, person, reason) = ("wangwu".to_string(), "王五".to_string(), "光盘损坏".to_string());
    Request::Waive { channel: name(FILES), from, to, operator, name: person, reason }
}

fn waived(world: &mut World, from: u64, to: u64) -> Answer {
    world.inner.perform(&waive(from, to)).unwrap()
}

/// A world whose five packets of one file each have left; of them 2 never arrives.
fn gapped() -> World {
    let mut world = World::new(81);
    world.outer.channels[1].batch.max_records = 1;
    for index in 1..=5 {
        world.outer_supplier.drop_file(&world.outer, FILES, &format!("{index}"));
    }
    world.outer.step().unwrap();
    world.inward.take(&world.outer);
    world.inward.deliver_some(&world.inner, |id| id.is_none_or(|(_, _, seq)| *seq != 2));
    world.inner.step().unwrap();
    world
}

/// The waived packet comes after all, the world comes to rest, and everything holds.
fn late_and_at_rest(world: &mut World, case: &str) {
    let late = world.inward.cargo(FILES).remove(&2).unwrap();
    world.inward.put(&world.inner, None, &late);
    world.settle().unwrap_or_else(|broken| panic!("{case}: {broken}"));
    verdict::log_verifies(&world.inner).unwrap_or_else(|broken| panic!("{case}: {broken}"));
    let of = |kind: fn(&Event) -> bool| world.inner.log().iter().filter(|event| kind(event)).count();
    let line = of(|event| matches!(event, Event::Waived { from: 2, to: 2, .. }));
    let applied = of(|event| matches!(event, Event::Applied { channel, seq: 2, .. } if channel.as_str() == FILES));
    let stands = waivers(&mut world.inner.store.clone()).unwrap().len();
    assert_eq!((line, stands), (1 - applied, 1 - applied), "{case}: waived and logged once, or applied");
}

#[test]
fn a_waiver_interrupted_anywhere_is_logged_once_or_never_was_though_its_packet_comes_before_anyone_asks_again() {
    let act = |world: &mut World| world.inner.perform(&waive(2, 2)).map(drop);
    for op in every_changing_op(gapped, act) {
        for persisted in [false, true] {
            let mut world = gapped();
            world.inner.files.kill_at(op, persisted);
            assert!(act(&mut world).is_err());
            world.inner.crash();
            late_and_at_rest(&mut world, &format!("killed at {op}, persisted {persisted}"));
        }
    }
    let commits = {
        let mut world = gapped();
        let before = world.inner.store.commits();
        act(&mut world).unwrap();
        world.inner.store.commits() - before
    };
    for (commit, persisted) in (1..=commits).flat_map(|commit| [(commit, false), (commit, true)]) {
        let mut world = gapped();
        world.inner.store.fail_commit_at(commit, persisted);
        assert!(act(&mut world).is_err());
        world.inner.crash();
        late_and_at_rest(&mut world, &format!("commit {commit}, persisted {persisted}"));
    }
}

#[test]
fn a_waiver_asked_for_twice_is_made_once() {
    let mut world = gapped();
    assert_eq!(waived(&mut world, 2, 2).exit, 0);
    let again = waived(&mut world, 2, 2);
    assert!(again.exit == 0 && again.zh.contains("已登记放弃过"), "{}", again.zh);
    world.waived.insert(name(FILES), BTreeSet::from([2]));
    world.settle_and_check().unwrap();
    assert_eq!(waivers(&mut world.inner.store.clone()).unwrap().len(), 1);
}

#[test]
fn what_arrived_late_since_is_counted_at_its_waiver() {
    let mut world = gapped();
    assert_eq!(waived(&mut world, 2, 2).exit, 0);
    let line = |world: &World| waivers(&mut world.inner.store.clone()).unwrap().remove(0);
    assert_eq!((line(&world).late, line(&world).operator.as_str()), (0, "王五 (wangwu)"));
    late_and_at_rest(&mut world, "late");
    assert_eq!((line(&world).late, line(&world).reason.as_str()), (1, "光盘损坏"));
}

/// Puts a packet of the sender's next place, changed and signed anew, before the receiver; whole, or with a damaged payload.
fn put_next(world: &mut World, whole: bool, change: impl FnOnce(&mut Header)) -> u64 {
    let place = forge::next_place(&world.outer, FILES);
    let records = [forge::file("a", b"1"), forge::file("b", b"2"), forge::file("c", b"3")];
    let sealed = forge::packet(&world.outer, &world.inner, &place, &records);
    let mut bytes = forge::resign(&world.outer, &sealed, change);
    if !whole {
        *bytes.last_mut().unwrap() ^= 1;
    }
    world.inward.put(&world.inner, None, &bytes);
    world.inner.step().unwrap();
    world.inner.step().unwrap();
    place.seq
}

fn at_rest() -> World {
    let mut world = World::new(82);
    world.outer_supplier.drop_file(&world.outer, FILES, "first");
    world.settle_and_check().unwrap();
    world
}

#[test]
fn a_marker_or_an_epoch_opening_is_never_waived_neither_held_nor_known_by_its_head_alone() {
    for (kind, word) in [(KIND_MARKER, "标记"), (KIND_EPOCH_OPENING, "开启包")] {
        for whole in [false, true] {
            let mut world = at_rest();
            let seq = put_next(&mut world, whole, |header| header.kind = kind);
            let answer = waived(&mut world, seq, seq);
            assert!(
                answer.exit == 2 && answer.zh.contains(word) && answer.zh.contains("resend"),
                "{kind} {whole}: {}",
                answer.zh
            );
            assert!(waivers(&mut world.inner.store.clone()).unwrap().is_empty(), "{kind} {whole}");
        }
    }
}

#[test]
fn a_waiver_says_how_many_records_go_with_the_packet_or_that_nobody_here_knows() {
    let mut world = at_rest();
    let seq = put_next(&mut world, false, |_| {});
    let answer = waived(&mut world, seq, seq);
    assert!(answer.exit == 0 && answer.zh.contains("共 3 条记录") && answer.en.contains("3 record(s) in all"), "{}", answer.zh);
    let answer = waived(&mut gapped(), 2, 2);
    assert!(answer.exit == 0 && answer.zh.contains("本站不知道") && answer.en.contains("does not know"), "{}", answer.zh);
}
