//! A person sends a held-back repeat again: once, whatever happens meanwhile, and the store says who did it and why.

use dukou_packets::log::line::Event;
use dukou_shared::requests::{Answer, Request};
use dukou_shared::seams::FileOp;
use dukou_shared::store::{Direction, Store};
use dukou_tests::simulated::station::name;
use dukou_tests::simulated::world::FILES;
use dukou_tests::simulated::{World, verdict};
use std::path::PathBuf;

/// A world where a repeat of the file `in/a` lies in `duplicates/`.
fn held_back(seed: u64, other_disk: bool) -> (World, PathBuf) {
    let mut world = World::new(seed);
    let dir = world.outer.station.duplicates_dir(&name(FILES));
    if other_disk {
        world.outer.files.mount(&dir);
    }
    world.outer_supplier.drop_file(&world.outer, FILES, "in/a");
    world.settle().unwrap();
    world.outer_supplier.drop_repeat(&world.outer, FILES, "in/a");
    world.settle_and_check().unwrap();
    world.outer.open().unwrap();
    (world, dir.join("in/a"))
}

fn request(file: PathBuf) -> Request {
    Request::SendAgain {
        channel: name(FILES), file, operator: "lisi".to_string(), reason: "对方误删，王主任同意".to_string()
    }
}

fn ask(world: &World, request: &Request) {
    let path = world.outer.station.state_dir().join("requests/0123.request");
    world.outer.files.put(path, serde_json::to_vec(request).unwrap());
}

fn answer(world: &World) -> Answer {
    let path = world.outer.station.state_dir().join("requests/0123.answer");
    serde_json::from_slice(&world.outer.files.get(path).expect("an answer")).unwrap()
}

/// The file went twice in all, `duplicates/` is empty, and one decision stands in the store.
fn assert_sent_once(world: &mut World, what: &str) {
    // The repeat is no longer where the supplier's book says it is.
    world.outer_supplier.dropped.clear();
    world.settle().unwrap_or_else(|broken| panic!("{what}: {broken}"));
    assert_eq!(world.inner_consumer.names(&name(FILES)), ["in/a", "in/a"], "{what}");
    let rows = verdict::rows(&world.outer, Direction::Out).unwrap();
    assert_eq!(rows.iter().filter(|row| row.key.channel == name(FILES)).count(), 2, "{what}");
    assert!(rows.iter().all(|row| !row.sources_pending), "{what}");
    let left = world.outer.files.tree(world.outer.station.duplicates_dir(&name(FILES)));
    assert_eq!(left, Vec::<String>::new(), "{what}");
    let decisions = world.outer.store.clone().sent_again("a", 9).unwrap();
    assert_eq!(decisions.len(), 1, "{what}");
    assert_eq!((decisions[0].operator.as_str(), decisions[0].reason.as_str()), ("lisi", "对方误删，王主任同意"));
    verdict::log_verifies(&world.outer).unwrap_or_else(|broken| panic!("{what}: {broken}"));
}

#[test]
fn a_repeat_sent_again_goes_once_though_the_station_dies_at_any_operation() {
    for other_disk in [false, true] {
        for power in [false, true] {
            let history = {
                let (mut world, file) = held_back(320, other_disk);
                ask(&world, &request(file));
                let before = world.outer.files.ops() as usize;
                world.outer.serve_requests().unwrap();
                assert_eq!(answer(&world).exit, 0);
                assert_sent_once(&mut world, "without a fault");
                world.outer.files.history().split_off(before)
            };
            let looks = |op: &FileOp| matches!(op, FileOp::List | FileOp::Stat | FileOp::Open | FileOp::Read);
            for (place, _) in (1..).zip(history).filter(|(_, op)| !looks(op)) {
                let (mut world, file) = held_back(320, other_disk);
                ask(&world, &request(file));
                world.outer.files.kill_at(place, false);
                // Late operations are those of the rest of the day.
                let _ = world.outer.serve_requests();
                match power {
                    true => world.outer.power_cut(),
                    false => world.outer.crash(),
                }
                world.outer.serve_requests().unwrap();
                let what = format!("killed at operation {place}, power cut {power}, other disk {other_disk}");
                assert_eq!(answer(&world).exit, 0, "{what}");
                assert_sent_once(&mut world, &what);
            }
        }
    }
}

#[test]
fn the_log_names_the_account_and_nothing_else_of_a_repeat_sent_again() {
    let (mut world, file) = held_back(321, false);
    assert_eq!(world.outer.perform(&request(file.clone())).unwrap().exit, 0);
    let said: Vec<Event> = world.outer.log().into_iter().filter(|event| matches!(event, Event::Again { .. })).collect();
    assert_eq!(said, [Event::Again { channel: name(FILES), operator: "lisi".to_string() }]);
    let trace = dukou_shared::report::trace(&world.outer.station, "in/a", &mut world.outer.store.clone()).unwrap();
    let again: Vec<_> = trace.records.iter().filter(|line| line.state == "again").collect();
    assert_eq!(again.len(), 1);
    assert_eq!(again[0].operator.as_deref(), Some("lisi"));
    assert_eq!(again[0].reason.as_deref(), Some("对方误删，王主任同意"));
    assert_eq!((again[0].channel.as_str(), again[0].seq), (FILES, 2));
    // The same request as a person's new one finds no file.
    assert_eq!(world.outer.perform(&request(file)).unwrap().exit, 2);
    assert_sent_once(&mut world, "by a command of its own");
}

#[test]
fn a_large_file_that_has_begun_ends_before_a_repeat_is_sent_again() {
    let (mut world, file) = held_back(322, false);
    let large = vec![7; 2 * dukou_packets::limits::BODY_MAX as usize + 9];
    world.outer.files.put(world.outer.source(&name(FILES)).join("large"), &large);
    let mut place = 1;
    while !world.outer.store.clone().load().unwrap().unfinished.contains_key(&(Direction::Out, name(FILES))) {
        world.outer.store.fail_commit_at(place, true);
        let _ = world.outer.step();
        world.outer.crash();
        place += 1;
        assert!(place < 9, "no part was committed alone");
    }
    assert_eq!(world.outer.perform(&request(file)).unwrap().exit, 0);
    world.outer_supplier.dropped.clear();
    world.settle().unwrap();
    assert!(world.inner.store.clone().load().unwrap().holds.is_empty());
    let mut names = world.inner_consumer.names(&name(FILES));
    names.sort_unstable();
    assert_eq!(names, ["in/a", "in/a", "large"]);
}
