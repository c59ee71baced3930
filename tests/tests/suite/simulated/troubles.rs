//! What one supplier's folder, or one lost directory, does to a sending station: a trouble of that channel, and nothing else.

use dukou_shared::seams::sim_files::Access;
use dukou_shared::store::{Direction, Store};
use dukou_tests::simulated::station::name;
use dukou_tests::simulated::world::{FILES, REPLIES, REPORTS};
use dukou_tests::simulated::{Fate, Weather, World, verdict};
use std::path::PathBuf;

/// Records of a channel that the outer station packed, each as often as it was.
fn packed(world: &World, channel: &str) -> Vec<String> {
    let rows = verdict::rows(&world.outer, Direction::Out).unwrap();
    let rows = rows.into_iter().filter(|row| row.key.channel == name(channel));
    rows.flat_map(|row| world.outer.store.clone().records(&row.key).unwrap()).map(|record| record.name).collect()
}

/// While `break_it` holds, the channel of files has a trouble and everything else goes on; after `mend` all is as if nothing had been.
fn is_a_trouble_of_its_channel(seed: u64, break_it: impl Fn(&World), mend: impl Fn(&World)) {
    for restart in [false, true] {
        let mut world = World::new(seed);
        world.outer_supplier.drop_file(&world.outer, FILES, "before");
        world.settle_and_check().unwrap();
        world.outer_supplier.drop_file(&world.outer, FILES, "in/a");
        world.outer_supplier.drop_file(&world.outer, FILES, "in/b");
        break_it(&world);
        world.outer_supplier.drop_xml(&world.outer, REPORTS, "A1_a.xml");
        world.inner_supplier.drop_file(&world.inner, REPLIES, "r");
        for round in 0..4 {
            if restart {
                world.outer.crash();
            }
            let (mut troubles, starts) = (0, world.outer.starts);
            for _ in 0..3 {
                troubles = world.outer.step().unwrap().troubles.len();
            }
            assert_eq!(troubles, 1, "round {round}");
            assert_eq!(world.outer.starts, starts + u64::from(restart), "round {round}: the engine ended");
            world.round(&Weather::FAIR).unwrap();
        }
        assert_eq!(world.inner_consumer.names(&name(REPORTS)), ["A1_a.xml"]);
        assert_eq!(world.outer_consumer.names(&name(REPLIES)), ["r"]);
        mend(&world);
        world.settle_and_check().unwrap();
        let mut sent = packed(&world, FILES);
        sent.sort();
        assert_eq!(sent, ["before", "in/a", "in/b"], "restarted: {restart}");
        assert_eq!(world.inner_consumer.names(&name(FILES)).len(), 3);
    }
}

fn drop_dir(world: &World) -> PathBuf {
    world.outer.source(&name(FILES))
}

#[test]
fn a_file_called_taken_holds_up_only_the_putting_away() {
    let taken = |world: &World| drop_dir(world).join(".taken");
    is_a_trouble_of_its_channel(
        301,
        |world| {
            world.outer.files.remove(taken(world));
            world.outer.files.put(taken(world), "mine");
        },
        |world| assert!(world.outer.files.remove(taken(world))),
    );
}

#[test]
fn a_folder_that_may_not_be_written_holds_up_only_the_putting_away() {
    is_a_trouble_of_its_channel(
        302,
        |world| world.outer.files.set_access(drop_dir(world).join("in"), Access::Look),
        |world| world.outer.files.set_access(drop_dir(world).join("in"), Access::Full),
    );
}

#[test]
fn a_folder_that_may_not_be_read_is_passed_over_and_named() {
    is_a_trouble_of_its_channel(
        303,
        |world| world.outer.files.set_access(drop_dir(world).join("in"), Access::None),
        |world| world.outer.files.set_access(drop_dir(world).join("in"), Access::Full),
    );
}

#[test]
fn a_source_folder_that_vanished_is_a_trouble_until_it_is_back() {
    let away = |world: &World| world.outer.station.dir.join("unmounted");
    is_a_trouble_of_its_channel(
        304,
        |world| assert!(world.outer.files.rename(drop_dir(world), away(world))),
        |world| assert!(world.outer.files.rename(away(world), drop_dir(world))),
    );
}

#[test]
fn a_source_folder_that_vanishes_while_its_files_wait_is_not_read_as_taken() {
    let away = |world: &World| world.outer.station.dir.join("unmounted");
    let mut world = World::new(305);
    world.outer_supplier.drop_file(&world.outer, FILES, "in/a");
    world.outer.files.set_access(drop_dir(&world).join("in"), Access::Look);
    world.outer.step().unwrap();
    assert!(world.outer.files.rename(drop_dir(&world), away(&world)));
    for _ in 0..3 {
        assert_eq!(world.outer.step().unwrap().troubles.len(), 2);
        world.outer.crash();
    }
    assert!(world.outer.files.rename(away(&world), drop_dir(&world)));
    world.outer.files.set_access(drop_dir(&world).join("in"), Access::Full);
    world.settle_and_check().unwrap();
    assert_eq!(packed(&world, FILES), ["in/a"]);
}

#[test]
fn a_status_folder_that_cannot_be_made_is_a_trouble_and_the_status_comes_later() {
    for special in [false, true] {
        let mut world = World::new(306);
        let status = world.outer.source(&name(REPORTS)).join(".status");
        match special {
            true => world.outer.files.put_special(&status),
            false => world.outer.files.put(&status, "mine"),
        }
        world.outer_supplier.drop_xml(&world.outer, REPORTS, "A1_a.xml");
        world.outer_supplier.drop_file(&world.outer, FILES, "a");
        for _ in 0..3 {
            assert_eq!(world.outer.step().unwrap().troubles.len(), 1);
        }
        assert_eq!((packed(&world, REPORTS).len(), packed(&world, FILES).len()), (1, 1));
        assert!(world.outer.files.remove(&status));
        world.settle_and_check().unwrap();
        assert!(world.outer.files.get(status.join("A1_a.xml.json")).is_some());
        assert_eq!(packed(&world, REPORTS), ["A1_a.xml"]);
    }
}

#[test]
fn folders_of_the_station_that_vanished_are_made_again() {
    let mut world = World::new(307);
    world.outer_supplier.drop_bad_xml(&world.outer, REPORTS, "A1_a.xml");
    world.outer_supplier.drop_file(&world.outer, FILES, "a");
    world.settle().unwrap();
    world.outer_supplier.drop_repeat(&world.outer, FILES, "a");
    world.settle_and_check().unwrap();
    let places = |world: &World| {
        let station = &world.outer.station;
        let folders =
            [station.rejected_dir(&name(REPORTS)), station.duplicates_dir(&name(FILES)), drop_dir(world).join(".taken")];
        folders.into_iter().chain([world.outer.source(&name(REPORTS)).join(".status")])
    };
    for round in 0..2 {
        for place in places(&world) {
            assert!(world.outer.files.remove(&place), "{}", place.display());
        }
        // What lay there is gone with its folder.
        world.outer_supplier.dropped.retain(|dropped| dropped.fate == Fate::Arrives);
        world.outer_supplier.drop_bad_xml(&world.outer, REPORTS, &format!("B{round}_a.xml"));
        world.outer_supplier.drop_file(&world.outer, FILES, &format!("b{round}"));
        world.outer_supplier.drop_repeat(&world.outer, FILES, "a");
        let report = world.outer.step().unwrap();
        assert_eq!(report.troubles, []);
        world.settle_and_check().unwrap();
    }
    assert_eq!(world.outer.starts, 1);
}

#[test]
fn without_its_ferry_directory_a_station_goes_on_receiving_and_sends_later() {
    for restart in [false, true] {
        let mut world = World::new(308);
        world.drop_mixture("A");
        world.settle_and_check().unwrap();
        let (out, away) = (world.outer.station.ferry_out(), world.outer.station.dir.join("unmounted"));
        assert!(world.outer.files.rename(&out, &away));
        world.drop_mixture("B");
        world.inner.step().unwrap();
        world.outward.carry(&world.inner, &world.outer, &Weather::FAIR);
        let spool = |world: &World| world.outer.files.tree(world.outer.station.spool_out()).len();
        for _ in 0..3 {
            let report = world.outer.step().unwrap();
            assert_eq!(report.troubles.len(), 1, "{:?}", report.troubles);
            if restart {
                world.outer.crash();
            }
        }
        let first = spool(&world);
        for _ in 0..3 {
            world.outer.step().unwrap();
        }
        assert_eq!(spool(&world), first, "packets pile up");
        world.outer_consumer.take(&world.outer.files, 1.0);
        assert!(world.outer_consumer.names(&name(REPLIES)).contains(&"B-2.json".to_string()));
        assert!(world.outer.files.rename(&away, &out));
        world.settle_and_check().unwrap();
    }
}

#[test]
fn files_that_cannot_be_put_away_do_not_crowd_out_the_others() {
    let mut world = World::new(309);
    let folder = drop_dir(&world);
    for index in 0..300 {
        world.outer_supplier.drop_file(&world.outer, FILES, &format!("in/{index}"));
    }
    world.outer.files.set_access(folder.join("in"), Access::Look);
    world.outer.step().unwrap();
    world.outer_supplier.drop_file(&world.outer, FILES, "other");
    let report = world.outer.step().unwrap();
    assert_eq!((report.accepted, report.troubles.len()), (1, 1));
    assert!(world.outer.files.get(folder.join("other")).is_none());
    world.outer.files.set_access(folder.join("in"), Access::Full);
    world.settle_and_check().unwrap();
}

#[test]
fn a_repeat_that_cannot_be_put_away_is_held_back_once() {
    let mut world = World::new(310);
    world.outer_supplier.drop_file(&world.outer, FILES, "in/a");
    world.settle_and_check().unwrap();
    world.outer_supplier.drop_repeat(&world.outer, FILES, "in/a");
    world.outer.files.set_access(drop_dir(&world).join("in"), Access::Look);
    let held = (0..4).map(|_| world.outer.step().unwrap().held_back).sum::<u64>();
    assert_eq!(held, 1);
    world.outer.files.set_access(drop_dir(&world).join("in"), Access::Full);
    world.settle_and_check().unwrap();
    assert_eq!(world.outer.store.clone().held_back("in/a", 9).unwrap().len(), 1);
}

#[test]
fn a_repeat_that_cannot_go_back_into_its_folder_holds_up_its_name_alone() {
    let mut world = World::new(308);
    for file in ["in/a", "in/b"] {
        world.outer_supplier.drop_file(&world.outer, FILES, file);
    }
    let bytes = world.outer.files.get(drop_dir(&world).join("in/a")).unwrap();
    world.settle_and_check().unwrap();
    world.outer.crash();
    // As a station leaves it that was killed while it held a repeat back, and the folder's owner took the right to write meanwhile.
    let held = drop_dir(&world).join(".taken/held/in/a");
    world.outer.files.mkdir(held.parent().unwrap());
    world.outer.files.put(&held, &bytes);
    world.outer.files.set_access(drop_dir(&world).join("in"), Access::Look);
    world.outer_supplier.drop_file(&world.outer, FILES, "c");
    for round in 0..3 {
        assert_eq!(world.outer.step().unwrap().troubles.len(), 1, "round {round}");
        assert_eq!(packed(&world, FILES), ["in/a", "in/b", "c"], "the others go");
        world.outer.crash();
    }
    world.outer.files.set_access(drop_dir(&world).join("in"), Access::Full);
    world.outer.step().unwrap();
    assert_eq!(packed(&world, FILES), ["in/a", "in/b", "c"], "held back anew");
    assert_eq!(world.outer.files.get(&held), None);
    assert!(world.outer.files.get(world.outer.station.duplicates_dir(&name(FILES)).join("in/a")).is_some());
    assert_eq!(world.outer.step().unwrap().troubles, []);
}
