//! Kills and errors at the system calls of the real programs, one after the other, and then an ordinary start.

use dukou_tests::stations::injection::{
    self, ERROR_AT_SYNCS, ERROR_AT_WRITES, Extent, KILL_AT_RENAMES, KILL_AT_SYNCS, KILL_AT_WRITES, NO_ROOM_AT_WRITES, Sweep,
};

/// Sweeps over the places of some calls, where calls can be tampered with.
fn sweep(calls: Sweep, extent: Extent) {
    match injection::missing() {
        Some(reason) => println!("left out: {reason}"),
        None => assert!(injection::sweep(calls, extent) > 0, "{calls:?}: the fault never happened"),
    }
}

#[test]
fn a_kill_at_a_rename_link_or_removal_loses_and_repeats_nothing() {
    sweep(KILL_AT_RENAMES, Extent::Sample);
}

#[test]
fn a_kill_at_a_sync_loses_and_repeats_nothing() {
    sweep(KILL_AT_SYNCS, Extent::Sample);
}

#[test]
fn a_kill_at_a_write_loses_and_repeats_nothing() {
    sweep(KILL_AT_WRITES, Extent::Sample);
}

#[test]
fn an_error_at_a_sync_stops_the_station_and_the_next_start_recovers() {
    sweep(ERROR_AT_SYNCS, Extent::Sample);
}

#[test]
fn an_error_at_a_rename_link_or_write_is_survived() {
    sweep(ERROR_AT_WRITES, Extent::Sample);
}

#[test]
fn no_room_at_a_rename_link_or_write_is_survived() {
    sweep(NO_ROOM_AT_WRITES, Extent::Sample);
}

mod slow {
    use super::{
        ERROR_AT_SYNCS, ERROR_AT_WRITES, Extent, KILL_AT_RENAMES, KILL_AT_SYNCS, KILL_AT_WRITES, NO_ROOM_AT_WRITES, sweep,
    };

    #[test]
    fn a_kill_at_every_rename_link_removal_sync_and_write_loses_and_repeats_nothing() {
        for calls in [KILL_AT_RENAMES, KILL_AT_SYNCS, KILL_AT_WRITES] {
            sweep(calls, Extent::Every);
        }
    }

    #[test]
    fn an_error_or_no_room_at_every_rename_link_sync_and_write_is_survived() {
        for calls in [ERROR_AT_SYNCS, ERROR_AT_WRITES, NO_ROOM_AT_WRITES] {
            sweep(calls, Extent::Every);
        }
    }
}
