//! Gap reports from which a restored sender opens its epochs: one that something newer has overtaken changes nothing.

use super::restored::{assert_once_each, card, epoch_new, few, holds, settle};
use super::way_back;
use dukou_packets::log::line::Event;
use dukou_shared::store::Store;
use dukou_tests::simulated::World;
use dukou_tests::simulated::world::{FILES, REPORTS};

/// Counts the epochs that the outer station opened.
fn opened(world: &World) -> usize {
    world.outer.log().iter().filter(|event| matches!(event, Event::EpochOpened { .. })).count()
}

#[test]
fn a_gap_report_older_than_the_last_that_opened_an_epoch_changes_nothing() {
    let mut world = World::new(66);
    few(&mut world, "A");
    world.settle().unwrap();
    let (first, second) = (card(&mut world.inner), card(&mut world.inner));
    assert_eq!(world.outer.perform(&epoch_new(second.clone())).unwrap().exit, 0);
    settle(&mut world);
    let (before, lines) = (world.outer.store.clone().load().unwrap(), opened(&world));
    let again = world.outer.perform(&epoch_new(second)).unwrap();
    assert_eq!((again.exit, opened(&world)), (0, lines), "the last one once more does nothing");
    for restart in [false, true] {
        if restart {
            world.outer.crash();
        }
        let answer = world.outer.perform(&epoch_new(first.clone())).unwrap();
        assert_eq!((answer.exit, opened(&world)), (2, lines), "{}", answer.en);
        assert!(answer.en.contains("report 1") && answer.en.contains("report 2"), "{}", answer.en);
        let state = world.outer.store.clone().load().unwrap();
        assert_eq!((state.number, &state.out_heads), (before.number, &before.out_heads));
    }
    assert_eq!(holds(&world.inner), Vec::<String>::new());
    // What the peer says now opens one that it takes on.
    let newest = card(&mut world.inner);
    assert_eq!(world.outer.perform(&epoch_new(newest)).unwrap().exit, 0);
    few(&mut world, "B");
    settle(&mut world);
    assert_eq!(holds(&world.inner), Vec::<String>::new());
    assert_once_each(&world, "from the newest report");
}

#[test]
fn a_first_gap_report_that_the_peers_receipts_have_overtaken_changes_nothing() {
    let mut world = way_back::world_of(68, &way_back::answered());
    few(&mut world, "A");
    world.settle().unwrap();
    let stale = card(&mut world.inner);
    few(&mut world, "B");
    world.settle().unwrap();
    let answer = world.outer.perform(&epoch_new(stale)).unwrap();
    assert_eq!((answer.exit, opened(&world)), (2, 0), "{}", answer.zh);
    assert!(answer.zh.contains(REPORTS) || answer.zh.contains(FILES), "{}", answer.zh);
    let fresh = card(&mut world.inner);
    assert_eq!(world.outer.perform(&epoch_new(fresh)).unwrap().exit, 0);
    few(&mut world, "C");
    settle(&mut world);
    assert_eq!(holds(&world.inner), Vec::<String>::new());
    assert_once_each(&world, "from the fresh report");
}
