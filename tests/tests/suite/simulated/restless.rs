//! A supplier that never rests: what the peer misses is placed again all the same.

use dukou_packets::log::line::Event;
use dukou_tests::simulated::hooked::Act;
use dukou_tests::simulated::station::name;
use dukou_tests::simulated::world::FILES;
use dukou_tests::simulated::{SimStation, Weather};

use super::way_back::{answered, world_of};

/// Files that come while the long step lasts, one with every so many operations.
const RESTLESS: u64 = 400;
const OPERATIONS: u64 = 12;

fn places(station: &SimStation, wanted: fn(&Event) -> bool) -> Vec<usize> {
    let log = station.log();
    log.iter().enumerate().filter(|(_, event)| wanted(event)).map(|(place, _)| place).collect()
}

#[test]
fn what_is_missing_is_placed_again_amid_a_step_that_never_finds_the_supplier_at_rest() {
    let mut world = world_of(1, &answered());
    world.outer_supplier.drop_file(&world.outer, FILES, "lost.bin");
    world.round(&Weather { lost: 1.0, ..Weather::FAIR }).unwrap();
    world.outer_supplier.drop_file(&world.outer, FILES, "next.bin");
    world.round(&Weather::FAIR).unwrap();
    world.round(&Weather::FAIR).unwrap();
    let resent = |event: &Event| matches!(event, Event::Resent { .. });
    assert!(places(&world.outer, resent).is_empty(), "not due yet");
    let (clock, folder) = (world.outer.clock.clone(), world.outer.source(&name(FILES)));
    let mut operation = 0u64;
    let act: Act = Box::new(move |files| {
        operation += 1;
        clock.advance(100);
        if operation.is_multiple_of(OPERATIONS) && operation <= RESTLESS * OPERATIONS {
            files.put(folder.join(format!("restless{operation}.bin")), operation.to_be_bytes());
        }
    });
    world.outer_supplier.drop_file(&world.outer, FILES, "begin.bin");
    world.outer.hook.set(Some(act));
    world.outer.step().unwrap();
    world.outer.hook.set(None);
    let packed = places(&world.outer, |event| matches!(event, Event::Packed { .. }));
    let resent = places(&world.outer, resent);
    assert!(packed.len() > 20, "the step was long: {} packets", packed.len());
    assert!(resent.first() < packed.get(packed.len() / 2), "placed again at {resent:?} of {packed:?}");
}
