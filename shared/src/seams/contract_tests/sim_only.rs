//! What the simulation adds: kills, faults, power cuts, full and read-only disks, all on a seed's word.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use super::refused;
use crate::seams::clock::{Clock, SimClock};
use crate::seams::sim_files::{Access, SimFiles};
use crate::seams::{FileCause, FileFault, FileOp, Files, Ownership, Walked};

const NO_OWNER: Ownership = Ownership { uid: None, gid: None, mode: None };
const SEEDS: std::ops::Range<u64> = 0..200;

fn path(text: &str) -> &Path {
    Path::new(text)
}

/// Collects what a file reads after a power cut, over many seeds.
fn after_power_cuts(work: impl Fn(&SimFiles)) -> BTreeSet<Option<Vec<u8>>> {
    SEEDS
        .map(|seed| {
            let files = SimFiles::new(seed);
            work(&files);
            files.power_cut();
            files.get("/a")
        })
        .collect()
}

fn some(bytes: &[u8]) -> Option<Vec<u8>> {
    Some(bytes.to_vec())
}

#[test]
fn every_operation_can_be_killed_before_and_after_it_happens() {
    let script = |files: &SimFiles| -> Result<(), FileFault> {
        files.make_dirs(path("/d/e"))?;
        files.write_new(path("/d/new"), &[b"new"], &Ownership { mode: Some(0o640), ..NO_OWNER })?;
        files.replace(path("/d/state"), b"state")?;
        files.append(path("/d/log"))?.write(b"line")?;
        files.rename_new(path("/d/new"), path("/d/e/new"))?;
        files.sync_fs(path("/d"))?;
        let ferry = files.ferry_dir(path("/d/e"))?;
        ferry.place("p", &[b"packet"])?;
        ferry.sync()?;
        ferry.move_out("p", path("/d/p"), 99)?;
        Files::remove(files, path("/d/p")).map(drop)
    };
    let whole = SimFiles::new(1);
    script(&whole).unwrap();
    assert_eq!(whole.history().len() as u64, whole.ops());
    for op in 1..=whole.ops() {
        let trees = [false, true].map(|persisted| {
            let files = SimFiles::new(1);
            files.kill_at(op, persisted);
            assert_eq!(refused(script(&files)), FileCause::Killed, "operation {op}");
            assert!(files.is_killed());
            assert_eq!(files.ops(), op);
            assert_eq!(refused(files.stat(path("/"))), FileCause::Killed);
            assert_eq!(files.ops(), op, "a dead process does nothing");
            files.restart();
            files.stat(path("/")).unwrap();
            files.tree("/")
        });
        let next = SimFiles::new(1);
        next.kill_at(op + 1, false);
        let _ = script(&next);
        assert_eq!(trees[1], next.tree("/"), "killed after {op} is killed before {}", op + 1);
    }
    whole.kill_at(1, false);
    whole.restart();
    whole.stat(path("/")).unwrap();
}

#[test]
fn handles_of_a_dead_process_stay_dead() {
    let files = SimFiles::new(1);
    files.put("/a", b"a");
    files.mkdir("/f");
    let reader = files.open(path("/a")).unwrap();
    let mut writer = files.append(path("/a")).unwrap();
    let ferry = files.ferry_dir(path("/f")).unwrap();
    files.restart();
    assert_eq!(refused(reader.stat()), FileCause::Killed);
    assert_eq!(refused(writer.write(b"late")), FileCause::Killed);
    assert_eq!(refused(ferry.list(&|_| true, 9)), FileCause::Killed);
    assert_eq!(refused(ferry.place("late", &[b"x"])), FileCause::Killed);
    assert_eq!(files.get("/a"), some(b"a"));
}

#[test]
fn a_planned_fault_strikes_once() {
    let files = SimFiles::new(1);
    files.fail_at(2, FileCause::TooManyOpen);
    files.write_new(path("/a"), &[b"a"], &NO_OWNER).unwrap_err();
    assert_eq!(files.get("/a"), None, "a file that could not be written is taken back");
    files.write_new(path("/a"), &[b"a"], &NO_OWNER).unwrap();
    files.fail_done_at(1, FileCause::System(5));
    assert_eq!(refused(files.rename_new(path("/a"), path("/b"))), FileCause::System(5));
    assert_eq!(files.get("/b"), some(b"a"), "it had happened");
}

#[test]
fn synced_bytes_under_a_synced_name_survive_a_power_cut() {
    let seen = after_power_cuts(|files| {
        files.create(path("/a")).and_then(|mut file| file.write(b"kept").and_then(|()| file.sync())).unwrap();
        files.sync_dir(path("/")).unwrap();
    });
    assert_eq!(seen, BTreeSet::from([some(b"kept")]));
    let seen = after_power_cuts(|files| {
        files.write_new(path("/a"), &[b"kept"], &NO_OWNER).unwrap();
        files.sync_fs(path("/")).unwrap();
    });
    assert_eq!(seen, BTreeSet::from([some(b"kept")]));
}

#[test]
fn synced_bytes_without_a_synced_name_may_be_gone() {
    let seen = after_power_cuts(|files| {
        files.create(path("/a")).and_then(|mut file| file.write(b"bytes").and_then(|()| file.sync())).unwrap();
    });
    assert_eq!(seen, BTreeSet::from([None, some(b"bytes")]));
}

#[test]
fn of_unsynced_bytes_any_prefix_may_survive_and_read_as_zeros_at_its_end() {
    let seen = after_power_cuts(|files| {
        let mut file = files.create(path("/a")).unwrap();
        file.write(b"sure").unwrap();
        file.sync().unwrap();
        files.sync_dir(path("/")).unwrap();
        file.write(b"1234").unwrap();
    });
    for wanted in [&b"sure"[..], b"sure1", b"sure12", b"sure123", b"sure1234", b"sure\0\0\0\0", b"sure12\0\0"] {
        assert!(seen.contains(&some(wanted)), "{wanted:?}");
    }
    assert!(seen.iter().flatten().all(|bytes| bytes.starts_with(b"sure")));
}

#[test]
fn a_cut_that_was_not_synced_may_be_undone() {
    let seen = after_power_cuts(|files| {
        files.put("/a", b"12345");
        files.kill_at(3, false);
        assert_eq!(refused(files.truncate(path("/a"), 2)), FileCause::Killed);
    });
    assert_eq!(seen, BTreeSet::from([some(b"12"), some(b"12345")]));
    let seen = after_power_cuts(|files| {
        files.put("/a", b"12345");
        files.truncate(path("/a"), 2).unwrap();
    });
    assert_eq!(seen, BTreeSet::from([some(b"12")]));
}

#[test]
fn a_removal_that_was_not_synced_may_be_undone() {
    let seen = after_power_cuts(|files| {
        files.put("/a", b"a");
        Files::remove(files, path("/a")).unwrap();
    });
    assert_eq!(seen, BTreeSet::from([None, some(b"a")]));
}

#[test]
fn a_replacement_shows_old_or_new_and_without_a_sync_perhaps_an_empty_new() {
    let seen = after_power_cuts(|files| {
        files.put("/a", b"old");
        files.replace(path("/a"), b"new").unwrap();
    });
    assert!(seen.contains(&some(b"old")) && seen.contains(&some(b"new")) && seen.contains(&some(b"")));
    assert!(!seen.contains(&None));
}

#[test]
fn a_directory_keeps_its_oldest_changes() {
    for seed in SEEDS {
        let files = SimFiles::new(seed);
        for number in 0..9 {
            files.write_new(path(&format!("/{number}")), &[], &NO_OWNER).unwrap();
        }
        files.power_cut();
        let names = files.tree("/");
        let oldest: Vec<String> = (0..names.len()).map(|number| number.to_string()).collect();
        assert_eq!(names, oldest, "seed {seed}");
    }
}

#[test]
fn a_rename_between_directories_is_in_both_or_in_neither() {
    let mut seen = BTreeSet::new();
    for seed in SEEDS {
        let files = SimFiles::new(seed);
        files.put("/one/a", b"a");
        files.mkdir("/two");
        files.write_new(path("/two/before"), &[], &NO_OWNER).unwrap();
        files.rename_new(path("/one/a"), path("/two/a")).unwrap();
        files.write_new(path("/one/after"), &[], &NO_OWNER).unwrap();
        files.power_cut();
        let tree = files.tree("/");
        assert_eq!(tree.iter().filter(|name| name.ends_with("/a")).count(), 1, "seed {seed}: {tree:?}");
        seen.insert(tree.join(" "));
    }
    assert!(seen.contains("one/a"));
    assert!(seen.contains("one/after two/a two/before"));
    assert!(!seen.contains("one/after two/a"), "two/before is older than two/a");
}

#[test]
fn syncing_one_end_of_a_rename_makes_the_other_end_durable() {
    for seed in SEEDS {
        let files = SimFiles::new(seed);
        files.put("/one/a", b"a");
        files.mkdir("/two");
        files.rename_new(path("/one/a"), path("/two/a")).unwrap();
        files.sync_dir(path("/two")).unwrap();
        files.power_cut();
        assert_eq!(files.tree("/"), ["two/a"], "seed {seed}");
    }
}

#[test]
fn made_directories_are_durable_and_a_plain_one_hangs_on_its_parent() {
    for seed in SEEDS {
        let files = SimFiles::new(seed);
        files.make_dirs(path("/x/y/z")).unwrap();
        files.write_new(path("/x/y/z/a"), &[b"a"], &NO_OWNER).unwrap();
        files.sync_fs(path("/x")).unwrap();
        files.power_cut();
        assert_eq!(files.tree("/"), ["x/y/z/a"], "seed {seed}");
        assert_eq!(files.make_dirs(path("/x/y/z")), Ok(()));
    }
}

#[test]
fn directories_made_without_syncs_are_durable_once_their_holders_are_synced() {
    let kept = |is_synced: bool| {
        let holds = SEEDS.map(|seed| {
            let files = SimFiles::new(seed);
            files.make_dirs(path("/x")).unwrap();
            files.make_dirs_unsynced(path("/x/y")).unwrap();
            files.make_dirs_unsynced(path("/x/z")).unwrap();
            if is_synced {
                files.sync_dir(path("/x")).unwrap();
            }
            files.power_cut();
            ["/x/y", "/x/z"].iter().all(|made| files.stat(path(made)).unwrap().is_some())
        });
        holds.collect::<BTreeSet<bool>>()
    };
    assert_eq!(kept(true), BTreeSet::from([true]));
    assert!(kept(false).contains(&false));
}

#[test]
fn a_placed_file_is_durable_with_its_bytes_after_the_sync_of_the_ferry_directory() {
    for (seed, unnamed) in SEEDS.flat_map(|seed| [(seed, false), (seed, true)]) {
        let files = SimFiles::new(seed);
        if !unnamed {
            files.without_unnamed_files();
        }
        files.mkdir("/f");
        let ferry = files.ferry_dir(path("/f")).unwrap();
        ferry.place("a", &[b"packet"]).unwrap();
        ferry.sync().unwrap();
        ferry.place("b", &[b"packet"]).unwrap();
        files.power_cut();
        assert_eq!(files.get("/f/a"), some(b"packet"), "seed {seed}");
    }
}

#[test]
fn a_kill_loses_nothing_that_had_happened() {
    let files = SimFiles::new(1);
    files.append(path("/a")).unwrap().write(b"line").unwrap();
    files.kill_at(1, false);
    let _ = files.stat(path("/a"));
    files.restart();
    assert_eq!(files.get("/a"), some(b"line"));
}

#[test]
fn a_kill_while_placing_shows_nothing_or_a_dot_name() {
    for (unnamed, left) in [(true, vec![]), (false, vec![".p.part".to_owned()])] {
        let files = SimFiles::new(1);
        files.mkdir("/f");
        if !unnamed {
            files.without_unnamed_files();
        }
        let ferry = files.ferry_dir(path("/f")).unwrap();
        files.kill_at(2, true);
        assert_eq!(refused(ferry.place("p", &[b"packet"])), FileCause::Killed);
        files.restart();
        assert_eq!(files.tree("/f"), left);
        let ferry = files.ferry_dir(path("/f")).unwrap();
        ferry.place("p", &[b"packet"]).unwrap();
        assert_eq!(files.tree("/f"), ["p"]);
    }
}

#[test]
fn a_sync_after_a_failed_sync_lies() {
    let seen = after_power_cuts(|files| {
        let mut file = files.append(path("/a")).unwrap();
        files.sync_dir(path("/")).unwrap();
        file.write(b"bytes").unwrap();
        files.fail_at(1, FileCause::System(5));
        assert_eq!(refused(file.sync()), FileCause::System(5));
        file.sync().unwrap();
    });
    assert!(seen.contains(&some(b"")), "the second sync said yes and kept nothing");
}

#[test]
fn a_full_disk_takes_what_fits_and_the_rest_after_room_is_made() {
    let files = SimFiles::new(1);
    files.put("/big", vec![0; 90]);
    files.limit("/", Some(100));
    let mut log = files.append(path("/log")).unwrap();
    assert_eq!(refused(log.write(&[1; 20])), FileCause::NoSpace);
    assert_eq!(files.get("/log").map(|bytes| bytes.len()), Some(10), "a torn append");
    assert_eq!(refused(files.write_new(path("/a"), &[b"a"], &NO_OWNER)), FileCause::NoSpace);
    assert_eq!(refused(files.replace(path("/b"), b"b")), FileCause::NoSpace);
    assert_eq!(files.tree("/"), ["big", "log"]);
    Files::remove(&files, path("/big")).unwrap();
    log.write(&[1; 20]).unwrap();
    files.limit("/", None);
    log.write(&[1; 200]).unwrap();
}

#[test]
fn another_file_system_has_its_own_room_and_its_own_sync() {
    for seed in SEEDS {
        let files = SimFiles::new(seed);
        files.mount("/ferry");
        files.limit("/ferry", Some(3));
        files.write_new(path("/a"), &[b"abcdef"], &NO_OWNER).unwrap();
        assert_eq!(refused(files.write_new(path("/ferry/a"), &[b"abcdef"], &NO_OWNER)), FileCause::NoSpace);
        files.write_new(path("/ferry/b"), &[b"abc"], &NO_OWNER).unwrap();
        assert_eq!(refused(files.rename_new(path("/a"), path("/ferry/a"))), FileCause::CrossDevice);
        files.sync_fs(path("/ferry")).unwrap();
        files.power_cut();
        assert_eq!(files.get("/ferry/b"), some(b"abc"), "seed {seed}");
    }
}

#[test]
fn a_file_moves_out_to_another_file_system_and_is_never_lost_on_the_way() {
    for (seed, persisted) in SEEDS.flat_map(|seed| [(seed, false), (seed, true)]) {
        let files = SimFiles::new(seed);
        files.mkdir("/aside");
        files.mount("/ferry");
        files.put("/ferry/p", b"packet");
        let ferry = files.ferry_dir(path("/ferry")).unwrap();
        assert_eq!(refused(ferry.move_out("p", path("/aside/p"), 5)), FileCause::System(27));
        files.kill_at(1 + seed % 10, persisted);
        let moved = ferry.move_out("p", path("/aside/p"), 6);
        files.power_cut();
        let there = [files.get("/ferry/p"), files.get("/aside/p")];
        assert!(there.contains(&some(b"packet")), "seed {seed}: {there:?}");
        assert!(moved.is_err() || there[1] == some(b"packet"), "seed {seed}");
    }
}

#[test]
fn a_read_only_disk_refuses_changes_and_still_reads() {
    let files = SimFiles::new(1);
    files.put("/d/a", b"a");
    let mut log = files.append(path("/d/log")).unwrap();
    let ferry = files.ferry_dir(path("/d")).unwrap();
    files.set_read_only("/d", true);
    assert_eq!(refused(log.write(b"x")), FileCause::ReadOnly);
    assert_eq!(refused(Files::remove(&files, path("/d/a"))), FileCause::ReadOnly);
    assert_eq!(refused(files.append(path("/d/a"))), FileCause::ReadOnly);
    assert_eq!(refused(files.truncate(path("/d/a"), 0)), FileCause::ReadOnly);
    assert_eq!(refused(files.make_dirs(path("/d/new"))), FileCause::ReadOnly);
    assert_eq!(refused(files.rename_new(path("/d/a"), path("/d/b"))), FileCause::ReadOnly);
    assert_eq!(refused(files.own(path("/d/a"), &NO_OWNER)), FileCause::ReadOnly);
    assert_eq!(refused(ferry.place("p", &[b"x"])), FileCause::ReadOnly);
    assert_eq!(files.read(path("/d/a"), 9), Ok(b"a".to_vec()));
    files.set_read_only("/d", false);
    log.write(b"x").unwrap();
}

#[test]
fn what_is_not_regular_is_refused() {
    let files = SimFiles::new(1);
    files.put_special("/f/link");
    let ferry = files.ferry_dir(path("/f")).unwrap();
    assert_eq!(refused(files.open(path("/f/link"))), FileCause::NotRegular);
    assert_eq!(refused(files.append(path("/f/link"))), FileCause::NotRegular);
    assert_eq!(refused(ferry.open("link")), FileCause::NotRegular);
    assert_eq!(refused(ferry.move_out("link", path("/out"), 9)), FileCause::NotRegular);
    assert_eq!(refused(files.ferry_dir(path("/f/link"))), FileCause::NotDirectory);
    assert_eq!(ferry.list(&|_| true, 9).unwrap().entries.len(), 1);
    files.walk(path("/"), &mut |_| panic!("nothing regular is here")).unwrap();
}

#[test]
fn files_carry_the_time_of_the_clock() {
    let clock = Arc::new(SimClock::at(5));
    let files = SimFiles::with_clock(1, Arc::clone(&clock) as Arc<dyn Clock>);
    files.write_new(path("/a"), &[b"a"], &NO_OWNER).unwrap();
    clock.advance(2);
    files.put("/b", b"b");
    files.put_at("/c", b"c", -7);
    let times = ["/a", "/b", "/c"].map(|name| files.stat(path(name)).unwrap().unwrap().mtime_ns);
    assert_eq!(times, [5_000_000, 7_000_000, -7]);
    files.set_now_ns(9);
    files.append(path("/a")).unwrap().write(b"more").unwrap();
    assert_eq!(files.stat(path("/a")).unwrap().unwrap().mtime_ns, 9);
}

#[test]
fn hands_from_outside_are_not_counted_and_last() {
    for seed in SEEDS {
        let files = SimFiles::new(seed);
        files.kill_at(1, false);
        files.put("/in/a", b"a");
        files.put("/in/b", b"b");
        assert!(files.rename("/in/a", "/out/c"));
        assert!(files.remove("/in/b"));
        assert!(!files.remove("/in/b") && !files.rename("/in/a", "/in/d"));
        assert_eq!(files.ops(), 0);
        files.power_cut();
        assert_eq!(files.tree("/"), ["out/c"], "seed {seed}");
    }
}

#[test]
fn a_removal_from_outside_lasts_and_leaves_other_names_to_chance() {
    let mut lost = 0;
    for seed in SEEDS {
        let files = SimFiles::new(seed);
        files.mkdir("/f");
        for name in ["/f/a", "/f/b"] {
            files.write_new(path(name), &[b"x"], &NO_OWNER).unwrap();
        }
        files.remove("/f/a");
        files.power_cut();
        assert_eq!(files.get("/f/a"), None, "seed {seed}");
        lost += usize::from(files.get("/f/b").is_none());
    }
    assert!(lost > 0 && lost < SEEDS.count());
}

#[test]
fn one_seed_gives_one_story() {
    let story = |seed| {
        let files = SimFiles::new(seed);
        for number in 0..50 {
            files.write_new(path(&format!("/{number}")), &[b"some bytes"], &NO_OWNER).unwrap();
        }
        let mut order = Vec::new();
        let visit = &mut |found: Walked| {
            order.push(found.name.unwrap());
            true
        };
        files.walk(path("/"), visit).unwrap();
        files.power_cut();
        let kept: Vec<_> = files.tree("/").into_iter().map(|name| files.get(format!("/{name}"))).collect();
        (order, kept)
    };
    assert_eq!(story(7), story(7));
    assert_ne!(story(7), story(8));
}

#[test]
fn the_history_names_every_operation() {
    let files = SimFiles::new(1);
    files.write_new(path("/a"), &[b"a"], &NO_OWNER).unwrap();
    files.replace(path("/b"), b"b").unwrap();
    files.sync_dir(path("/")).unwrap();
    use FileOp::{Create, Open, Rename, Sync, Write};
    assert_eq!(files.history(), [Create, Write, Create, Write, Rename, Open, Sync]);
}

#[test]
fn files_that_come_and_go_leave_no_trace_in_memory() {
    let files = SimFiles::new(1);
    files.put("/kept", b"kept");
    for _ in 0..100 {
        for number in 0..200 {
            files.write_new(path(&format!("/{number}")), &[b"x"], &NO_OWNER).unwrap();
            Files::remove(&files, path(&format!("/{number}"))).unwrap();
        }
        files.sync_dir(path("/")).unwrap();
    }
    assert!(files.inodes() < 10_000, "{}", files.inodes());
}

#[test]
fn the_change_time_follows_the_clock_whatever_the_modification_time_is() {
    let files = SimFiles::new(1);
    let changed = |at: &str| Files::stat(&files, path(at)).unwrap().map(|stat| (stat.mtime_ns, stat.ctime_ns));
    files.set_now_ns(100);
    files.put_at("/a", "bytes", 7);
    assert_eq!(changed("/a"), Some((7, 100)));
    files.set_now_ns(200);
    files.rename_new(path("/a"), path("/b")).unwrap();
    assert_eq!(changed("/b"), Some((7, 200)));
    files.set_now_ns(300);
    files.append(path("/b")).unwrap().write(b"more").unwrap();
    assert_eq!(changed("/b"), Some((300, 300)));
}

#[test]
fn a_directory_of_another_account_is_passed_over_and_named() {
    let files = SimFiles::new(1);
    files.put("/r/a", "");
    files.put("/r/private/b", "");
    files.put("/r/readable/c", "");
    files.set_access("/r/private", Access::None);
    files.set_access("/r/readable", Access::Look);
    let mut seen = Vec::new();
    let visit = &mut |found: Walked| {
        seen.push(found.name.unwrap());
        true
    };
    let passed_over = files.walk(path("/r"), visit).unwrap();
    seen.sort();
    assert_eq!(seen, ["a", "readable/c"]);
    assert_eq!(
        passed_over.iter().map(|fault| (&*fault.path, &fault.cause)).collect::<Vec<_>>(),
        [(path("/r/private"), &FileCause::Denied)]
    );
    assert_eq!(refused(files.open(path("/r/private/b"))), FileCause::Denied);
    assert_eq!(refused(files.rename_new(path("/r/readable/c"), path("/r/c"))), FileCause::Denied);
    assert_eq!(refused(files.walk(path("/r/private"), &mut |_| true)), FileCause::Denied);
    files.set_access("/r/private", Access::Full);
    assert_eq!(files.walk(path("/r"), &mut |_| true), Ok(Vec::new()));
}
