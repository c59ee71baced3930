//! A bundle of reference data between two simulated stations: in force once at each end and from one record on, whatever dies while it comes into force.

use super::sweep::every_changing_op_of;
use dukou_packets::packet::header::KIND_MARKER;
use dukou_packets::packet::marker::ApprovalKind;
use dukou_shared::error::EngineFault;
use dukou_shared::requests::structure::Act;
use dukou_shared::schema::bundle::{Bundle, Files};
use dukou_shared::schema::structure::next_digest;
use dukou_shared::schema::versions::Believed;
use dukou_shared::schema::{Document, Structure};
use dukou_shared::store::Store;
use dukou_tests::simulated::changes::{APPROVER, PROPOSER, approve, headers, request, signed};
use dukou_tests::simulated::station::{SimStation, name};
use dukou_tests::simulated::world::{FILES, standard_channels};
use dukou_tests::simulated::{Victim, Weather, World, verdict};

const STRUCTURE: &str = "format = 1\nstructure = \"reference\"\nversion = 1\ntitle = \"t\"\n";
const COUNTIES: &str = "[alias]\n\"150799\" = \"150721\"\n";

/// The document that brings a bundle.
fn document(number: u32) -> String {
    let files = Files::from([("counties.toml".to_owned(), COUNTIES.as_bytes().to_vec())]);
    let to = number + 1;
    let head = format!(
        "format = 1\nstructure = \"reference\"\nfrom = {number}\nto = {to}\ntitle = \"t\"\nbasis = \"b\"\nfirst_day = \"2026-12-01\"\n\n"
    );
    head + &Bundle::pack(number, &files).unwrap().text()
}

/// A world whose channel of files is judged by reference data, with a file that went and one that waits.
fn world() -> World {
    let mut channels = standard_channels();
    channels[1].structure = Some("reference".to_owned());
    let mut world = World::with_channels(83, channels);
    for seed in [PROPOSER, APPROVER] {
        world.outer.add_approver(seed);
    }
    world.inner.add_approver(APPROVER);
    world.inner.trust.as_mut().unwrap().peer = world.outer.keys.keyring.clone();
    for station in [&world.outer, &world.inner] {
        station.files.put(station.station.dir.join("structures/reference.toml"), STRUCTURE);
    }
    world.outer_supplier.drop_file(&world.outer, FILES, "before");
    step(&mut world, Victim::Outer).unwrap();
    world.outer_supplier.drop_file(&world.outer, FILES, "waits");
    world
}

fn step(world: &mut World, victim: Victim) -> Result<(), EngineFault> {
    let station = world.side(victim);
    station.clock.advance(2000);
    station.step().map(drop)
}

/// As [`world`], with a bundle that two people of the outer station signed for.
fn approved_outside() -> World {
    let mut world = world();
    let answer = approve(&mut world.outer, STRUCTURE, &document(1)).unwrap();
    assert_eq!(answer.exit, 0, "{}", answer.en);
    world
}

/// As [`approved_outside`], with a file behind the bundle; all of it is here, and one person of the inner station has signed.
fn approved_inside() -> World {
    let mut world = approved_outside();
    go_on_outside(&mut world);
    for _ in 0..2 {
        step(&mut world, Victim::Inner).unwrap();
    }
    let approval = signed(&world.inner, STRUCTURE, &document(1), (APPROVER, ApprovalKind::Approve));
    let read = Document::read(document(1).as_bytes()).unwrap();
    let act = Act::Approve { structure: read.structure, to: read.to, document: read.digest, approval };
    let answer = world.inner.perform(&request(APPROVER, act)).unwrap();
    assert_eq!(answer.exit, 0, "{}", answer.en);
    world
}

/// Lets the outer station come to rest behind the bundle, and everything cross.
fn go_on_outside(world: &mut World) {
    for _ in 0..3 {
        step(world, Victim::Outer).unwrap();
    }
    world.outer_supplier.drop_file(&world.outer, FILES, "behind");
    for _ in 0..2 {
        step(world, Victim::Outer).unwrap();
    }
    world.inward.carry(&world.outer, &world.inner, &Weather::FAIR);
}

fn believed(station: &SimStation) -> bool {
    let first = Structure::read(STRUCTURE.as_bytes()).unwrap().digest;
    let after = next_digest(&first, &Document::read(document(1).as_bytes()).unwrap().digest);
    station.store.clone().load().unwrap().fact::<Believed>().unwrap().of(&name(FILES)) == Some(after)
}

/// One marker, all files before it written under the old number, those behind it under the new one.
fn left_rightly(world: &World, what: &str) {
    assert!(believed(&world.outer), "{what}");
    let left: Vec<(u8, u32)> = headers(world, FILES).iter().map(|header| (header.kind, header.structure_written)).collect();
    let at = left.iter().position(|(kind, _)| *kind == KIND_MARKER).unwrap_or_else(|| panic!("{what}: {left:?}"));
    assert_eq!(left.iter().filter(|(kind, _)| *kind == KIND_MARKER).count(), 1, "{what}: {left:?}");
    assert!(left[..at].iter().all(|(_, written)| *written == 1), "{what}: {left:?}");
    assert!(left.len() > at + 1 && left[at..].iter().all(|(_, written)| *written == 2), "{what}: {left:?}");
    assert!(world.inward.contradictions.is_empty(), "{what}: {:?}", world.inward.contradictions);
    verdict::log_verifies(&world.outer).unwrap_or_else(|broken| panic!("{what}: {broken}"));
}

/// Everything that left has been delivered behind the bundle, and the channel goes on.
fn came_rightly(world: &mut World, what: &str) {
    for _ in 0..3 {
        step(world, Victim::Inner).unwrap();
    }
    assert!(believed(&world.inner), "{what}");
    let state = world.inner.store.clone().load().unwrap();
    let newest = headers(world, FILES).len() as u64;
    assert_eq!((state.in_heads[&name(FILES)].seq, state.holds.get(&name(FILES))), (newest, None), "{what}");
    verdict::log_verifies(&world.inner).unwrap_or_else(|broken| panic!("{what}: {broken}"));
}

#[test]
fn a_bundle_comes_into_force_once_at_each_end_and_from_one_record_on() {
    let mut world = approved_inside();
    left_rightly(&world, "undisturbed");
    assert!(!believed(&world.inner), "nothing is in force before the next look");
    came_rightly(&mut world, "undisturbed");
}

#[test]
fn a_sender_killed_at_any_operation_while_a_bundle_comes_into_force_has_it_once() {
    let twice = |world: &mut World| step(world, Victim::Outer).and_then(|()| step(world, Victim::Outer));
    for op in every_changing_op_of(Victim::Outer, approved_outside, twice) {
        let mut world = approved_outside();
        world.outer.files.kill_at(op, false);
        assert!(twice(&mut world).is_err(), "nothing died at {op}");
        match op % 3 {
            0 => world.outer.power_cut(),
            _ => world.outer.crash(),
        }
        go_on_outside(&mut world);
        left_rightly(&world, &format!("killed at {op}"));
    }
}

#[test]
fn a_receiver_killed_at_any_operation_while_a_bundle_comes_into_force_judges_no_record_by_another() {
    for op in every_changing_op_of(Victim::Inner, approved_inside, |world| step(world, Victim::Inner)) {
        let mut world = approved_inside();
        world.inner.files.kill_at(op, false);
        assert!(step(&mut world, Victim::Inner).is_err(), "nothing died at {op}");
        match op % 3 {
            0 => world.inner.power_cut(),
            _ => world.inner.crash(),
        }
        came_rightly(&mut world, &format!("killed at {op}"));
    }
}

#[test]
fn a_second_bundle_waits_until_the_first_is_in_force() {
    let mut world = approved_outside();
    let early = Document::read(document(2).as_bytes()).unwrap();
    assert_eq!(early.from, 2);
    go_on_outside(&mut world);
    let answer = approve(&mut world.outer, STRUCTURE, &document(2)).unwrap();
    assert_eq!(answer.exit, 0, "{}", answer.en);
    go_on_outside(&mut world);
    let kinds: Vec<(u8, u32)> = headers(&world, FILES).iter().map(|header| (header.kind, header.structure_written)).collect();
    let markers: Vec<u32> = kinds.iter().filter(|(kind, _)| *kind == KIND_MARKER).map(|(_, written)| *written).collect();
    assert_eq!(markers, [2, 3], "{kinds:?}");
    assert!(kinds.is_sorted_by_key(|(_, written)| *written), "{kinds:?}");
    for _ in 0..3 {
        step(&mut world, Victim::Inner).unwrap();
    }
    assert!(!believed(&world.inner), "nobody here has signed for either");
}
