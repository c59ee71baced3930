//! What waits for a person: waivers of missing packets, and holds on packets that are signed and wrong.

use super::sweep::every_changing_op;
use dukou_packets::log::line::{Event, Place};
use dukou_packets::packet::header::Extension;
use dukou_packets::packet::marker::{Change, Marker, document_digest};
use dukou_packets::suite::{Digest, sha256};
use dukou_shared::requests::Request;
use dukou_shared::store::{Direction, PacketState, Store};
use dukou_tests::simulated::station::name;
use dukou_tests::simulated::world::{FILES, REPORTS};
use dukou_tests::simulated::{Fate, World, forge, verdict};
use std::collections::BTreeSet;

fn waive(from: u64, to: u64) -> Request {
    let (operator, person, reason) = ("wangwu".to_string(), "王五".to_string(), "对方已确认无法重发".to_string());
    Request::Waive { channel: name(FILES), from, to, operator, name: person, reason }
}

/// A world whose five packets of one file each have left; of them `lost` never arrive.
fn gapped(lost: &[u64]) -> World {
    let mut world = World::new(51);
    world.outer.channels[1].batch.max_records = 1;
    for index in 1..=5 {
        world.outer_supplier.drop_file(&world.outer, FILES, &format!("{index}"));
    }
    world.outer.step().unwrap();
    world.inward.take(&world.outer);
    world.inward.deliver_some(&world.inner, |id| id.is_none_or(|(_, _, seq)| !lost.contains(seq)));
    world.inner.step().unwrap();
    world
}

fn names(world: &World) -> Vec<String> {
    world.inner_consumer.take(&world.inner.files, 1.0);
    let mut names = world.inner_consumer.names(&name(FILES));
    names.sort_unstable();
    names
}

#[test]
fn after_a_waiver_the_channel_goes_on_and_the_late_packet_is_kept_as_evidence_only() {
    let mut world = gapped(&[2, 3]);
    assert_eq!(names(&world), ["1"]);
    assert_eq!(world.inner.perform(&waive(2, 3)).unwrap().exit, 0);
    world.inner.step().unwrap();
    assert_eq!(names(&world), ["1", "4", "5"]);
    let late = world.inward.cargo(FILES);
    for seq in [3, 2, 2] {
        world.inward.put(&world.inner, None, &late[&seq]);
    }
    world.waived.insert(name(FILES), BTreeSet::from([2, 3]));
    world.settle_and_check().unwrap();
    assert_eq!(names(&world), ["1", "4", "5"]);
    let rows = verdict::rows(&world.inner, Direction::In).unwrap();
    let late = rows.iter().filter(|row| row.state == PacketState::Late).map(|row| row.key.seq).collect::<Vec<_>>();
    assert_eq!(late, [2, 3]);
    let seen_late = |event: &&Event| matches!(event, Event::Seen { place: Place::Late, .. });
    assert_eq!(world.inner.log().iter().filter(seen_late).count(), 2);
    // A new record behind the waiver still arrives.
    world.outer_supplier.drop_file(&world.outer, FILES, "6");
    world.settle_and_check().unwrap();
}

#[test]
fn only_the_next_gap_can_be_waived_and_no_packet_that_is_here() {
    let mut world = gapped(&[2, 4]);
    for (from, to) in [(1, 1), (1, 2), (2, 3), (2, 4), (3, 3), (4, 4), (6, 6), (0, 0), (3, 2), (2, u64::MAX)] {
        assert_eq!(world.inner.perform(&waive(from, to)).unwrap().exit, 2, "{from}..{to}");
    }
    assert!(world.inner.store.clone().waivers().unwrap().is_empty());
    world.heal().unwrap();
    verdict::check(&mut world).unwrap();
}

#[test]
fn a_waiver_killed_anywhere_is_made_again_and_holds() {
    let prepare = || gapped(&[2]);
    for op in every_changing_op(prepare, |world| world.inner.perform(&waive(2, 2)).map(drop)) {
        let mut world = prepare();
        world.inner.files.kill_at(op, false);
        assert!(world.inner.perform(&waive(2, 2)).is_err());
        world.inner.crash();
        // The second time it may be done already, or be refused because it was.
        let answer = world.inner.perform(&waive(2, 2)).unwrap();
        let waivers = world.inner.store.clone().waivers().unwrap().len();
        assert!(answer.exit == 0 || waivers == 1, "killed at {op}: {}", answer.en);
        world.waived.insert(name(FILES), BTreeSet::from([2]));
        world.settle_and_check().unwrap_or_else(|broken| panic!("killed at {op}: {broken}"));
    }
}

/// Puts a wrong packet of the files channel before the inner station, whose channel must wait under `code` from then on.
fn assert_holds(world: &mut World, packet: &[u8], code: &str) {
    world.inward.put(&world.inner, None, packet);
    world.inner.step().unwrap();
    let hold = world.inner.store.clone().load().unwrap().holds.remove(&name(FILES));
    assert_eq!(hold.map(|hold| hold.code), Some(code.to_string()));
    // The other channel goes on, and nothing is tried in a hot loop.
    world.outer_supplier.drop_xml(&world.outer, REPORTS, "B1_a.xml");
    world.settle().unwrap();
    assert!(world.inner_consumer.names(&name(REPORTS)).contains(&"B1_a.xml".to_string()), "{code}");
    let (lines, commits) = (world.inner.log().len(), world.inner.store.commits());
    for _ in 0..3 {
        world.inner.step().unwrap();
    }
    assert_eq!((world.inner.log().len(), world.inner.store.commits()), (lines, commits), "{code}: a hot loop");
    verdict::log_verifies(&world.inner).unwrap();
}

/// A world at rest after one file, whose sender is about to be impersonated.
fn before_forgery() -> World {
    let mut world = World::new(52);
    world.outer_supplier.drop_file(&world.outer, FILES, "first");
    world.settle_and_check().unwrap();
    world
}

fn wrong(world: &World, change: impl FnOnce(&mut dukou_packets::packet::header::Header)) -> Vec<u8> {
    let place = forge::next_place(&world.outer, FILES);
    let sealed = forge::packet(&world.outer, &world.inner, &place, &[forge::file("forged", b"forged")]);
    forge::resign(&world.outer, &sealed, change)
}

#[test]
fn a_signed_packet_whose_records_do_not_give_its_root_holds_only_its_channel() {
    let mut world = before_forgery();
    let packet = wrong(&world, |header| header.root = sha256(&[b"another root"]));
    assert_holds(&mut world, &packet, "root");
    assert_eq!(names(&world), ["first"]);
}

#[test]
fn a_signed_packet_with_another_record_count_holds_only_its_channel() {
    let mut world = before_forgery();
    let packet = wrong(&world, |header| header.record_count = 2);
    assert_holds(&mut world, &packet, "count");
}

#[test]
fn a_signed_packet_that_names_another_predecessor_holds_only_its_channel() {
    let mut world = before_forgery();
    let packet = wrong(&world, |header| header.prev = sha256(&[b"another predecessor"]));
    assert_holds(&mut world, &packet, "chain");
    assert_eq!(names(&world), ["first"]);
}

#[test]
fn a_signed_packet_with_an_unknown_critical_extension_holds_only_its_channel() {
    let mut world = before_forgery();
    let packet = wrong(&world, |header| header.extensions.push(Extension { kind: 0x8001, value: vec![1] }));
    assert_holds(&mut world, &packet, "critical");
}

#[test]
fn a_marker_of_a_structure_change_holds_its_channel_alone_and_a_release_does_not_lead_past_it() {
    let mut world = before_forgery();
    let marker = marker_of("sample");
    let place = forge::next_place(&world.outer, FILES);
    let sealed = forge::marker(&world.outer, &world.inner, &place, &marker);
    assert_holds(&mut world, &forge::bytes(&sealed), "structure");
    let release = Request::Release { channel: name(FILES), operator: "wangwu".to_string() };
    assert_eq!(world.inner.perform(&release).unwrap().exit, 0);
    world.inner.step().unwrap();
    let hold = world.inner.store.clone().load().unwrap().holds.remove(&name(FILES)).unwrap();
    assert_eq!((hold.code.as_str(), hold.seq), ("structure", place.seq));
    assert_eq!(world.inner.perform(&waive(place.seq, place.seq)).unwrap().exit, 2);
    assert_eq!(names(&world), ["first"]);
    let book = world.inner.store.clone().book().unwrap();
    let known = book.iter().map(|change| (change.origin, change.key.to, change.document.clone()));
    assert_eq!(known.collect::<Vec<_>>(), [(Direction::In, 2, marker.document)], "met twice, noted once");
}

#[test]
fn a_marker_whose_document_is_for_another_structure_holds_its_channel_and_is_not_noted() {
    let mut world = before_forgery();
    let place = forge::next_place(&world.outer, FILES);
    let sealed = forge::marker(&world.outer, &world.inner, &place, &marker_of("another"));
    assert_holds(&mut world, &forge::bytes(&sealed), "marker");
    assert_eq!(world.inner.store.clone().book().unwrap(), []);
}

/// A marker of a change of the structure `sample`, as it says itself of `structure`.
fn marker_of(structure: &str) -> Marker {
    let document = "format = 1\nstructure = \"sample\"\nfrom = 1\nto = 2\ntitle = \"t\"\nbasis = \"b\"\nfirst_day = \"2021-08-30\"\n\n\
                    [[change]]\nop = \"drop-column\"\ntable = \"zd\"\ncolumn = \"yt\"\n";
    let document = document.as_bytes().to_vec();
    let change = Change {
        structure: structure.to_string(),
        from: 1,
        before: Digest::from_bytes([3; 32]),
        document: document_digest(&document),
    };
    Marker { change, document, channels: vec![name(FILES)], pending: false, keep_days: 30, approvals: Vec::new() }
}

#[test]
fn a_signed_packet_whose_name_leaves_the_folder_holds_only_its_channel() {
    let mut world = before_forgery();
    let place = forge::next_place(&world.outer, FILES);
    let good = forge::packet(&world.outer, &world.inner, &place, &[forge::file("xx/outside", b"forged")]);
    // The format refuses such a name on its way out already, so the sender's own check has to be got round.
    let evil = forge::rewritten(&world.outer, &world.inner, &place, &good, |plain| {
        let name = plain.windows(10).position(|window| window == b"xx/outside").unwrap();
        plain[name..name + 2].copy_from_slice(b"..");
    });
    assert_holds(&mut world, &evil, "records");
    assert_eq!(world.inner.files.tree(world.inner.station.dir.join("arrived")), Vec::<String>::new());
}

#[test]
fn a_second_packet_under_a_number_holds_its_channel_and_both_are_kept() {
    let mut world = before_forgery();
    let mut place = forge::next_place(&world.outer, FILES);
    (place.seq, place.prev) = (1, Digest::ZERO);
    let second = forge::packet(&world.outer, &world.inner, &place, &[forge::file("first", b"another first")]);
    assert_holds(&mut world, &forge::bytes(&second), "equivocation");
    assert_eq!(names(&world), ["first"]);
    let aside = world.inner.files.tree(world.inner.station.quarantine_dir());
    let kept =
        |file: &&String| world.inner.files.get(world.inner.station.quarantine_dir().join(file)) == Some(forge::bytes(&second));
    assert_eq!(aside.iter().filter(kept).count(), 1, "{aside:?}");
    assert!(world.inner.log().iter().any(|event| matches!(event, Event::Equivocation { seq: 1, .. })));
}

#[test]
fn a_held_channel_goes_on_after_a_waiver_of_the_wrong_packet() {
    let mut world = before_forgery();
    let packet = wrong(&world, |header| header.root = sha256(&[b"another root"]));
    assert_holds(&mut world, &packet, "root");
    assert_eq!(world.inner.perform(&waive(2, 2)).unwrap().exit, 0);
    world.outer_supplier.drop_file(&world.outer, FILES, "second");
    world.outer_supplier.drop_file(&world.outer, FILES, "third");
    world.outer.channels[1].batch.max_records = 1;
    world.outer.crash();
    world.settle().unwrap();
    // The sender's own second packet meets the waived number and is another one: evidence against somebody, and the channel waits again.
    let state = world.inner.store.clone().load().unwrap();
    assert_eq!(state.holds.get(&name(FILES)).map(|hold| hold.code.as_str()), Some("equivocation"));
    let release = Request::Release { channel: name(FILES), operator: "wangwu".to_string() };
    assert_eq!(world.inner.perform(&release).unwrap().exit, 0);
    world.settle().unwrap();
    assert_eq!(names(&world), ["first", "third"]);
    verdict::log_verifies(&world.inner).unwrap();
}

#[test]
fn a_receiver_killed_while_it_begins_to_hold_holds_after_the_restart() {
    let prepare = || {
        let mut world = before_forgery();
        world.outer_supplier.drop_as(&world.outer, FILES, "second", b"2", Fate::Arrives);
        world.outer.step().unwrap();
        world.inward.take(&world.outer);
        world.inward.deliver_some(&world.inner, |_| true);
        let packet = wrong(&world, |header| header.root = sha256(&[b"another root"]));
        world.inward.put(&world.inner, None, &packet);
        world.inner.open().unwrap();
        world
    };
    for op in every_changing_op(prepare, |world| world.inner.step().map(drop)) {
        let mut world = prepare();
        world.inner.files.kill_at(op, false);
        assert!(world.inner.step().is_err());
        world.inner.crash();
        world.settle().unwrap_or_else(|broken| panic!("killed at {op}: {broken}"));
        let hold = world.inner.store.clone().load().unwrap().holds.remove(&name(FILES));
        assert_eq!(hold.map(|hold| (hold.code, hold.seq)), Some(("root".to_string(), 3)), "killed at {op}");
        assert_eq!(names(&world), ["first", "second"], "killed at {op}");
        verdict::log_verifies(&world.inner).unwrap_or_else(|broken| panic!("killed at {op}: {broken}"));
    }
}

#[test]
fn a_trust_whose_line_would_be_too_long_is_refused_with_a_sentence_and_nothing_is_written() {
    let mut world = World::new(53);
    world.inner.step().unwrap();
    let lines = world.inner.log().len();
    let channels = (0..100).map(|index| name(&format!("{index:064}"))).collect();
    let trust = Request::Trust {
        card: world.outer.card.text().to_string(),
        compared: true,
        channels,
        operator: "wangwu".to_string(),
        replace: None,
    };
    let answer = world.inner.perform(&trust).unwrap();
    assert_eq!(answer.exit, 2);
    assert!(answer.zh.contains("一行日志写不下") && answer.zh.contains("--channels"), "{}", answer.zh);
    assert_eq!(world.inner.log().len(), lines);
    world.drop_mixture("A");
    world.settle_and_check().unwrap();
}
