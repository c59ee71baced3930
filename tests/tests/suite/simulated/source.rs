//! The folder that records come from: only finished files are taken, in order, and none is lost whatever the supplier does meanwhile.

use dukou_packets::suite::{Digest, sha256};
use dukou_shared::channel::{After, Identical};
use dukou_shared::seams::Files;
use dukou_shared::seams::clock::Clock;
use dukou_shared::seams::sim_files::SimFiles;
use dukou_shared::store::{Direction, RecordRow, Store};
use dukou_tests::simulated::station::name;
use dukou_tests::simulated::world::{FILES, REPORTS};
use dukou_tests::simulated::{Fate, World, verdict};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// A world whose files count as finished after five seconds.
fn settling(seed: u64) -> World {
    let mut world = World::new(seed);
    world.outer.channels[1].source.folder_mut().unwrap().settle_seconds = 5;
    world
}

/// The records that a station sent on the files channel, in order.
fn sent(world: &World) -> Vec<String> {
    let rows = verdict::rows(&world.outer, Direction::Out).unwrap();
    let rows = rows.into_iter().filter(|row| row.key.channel == name(FILES));
    let records = rows.flat_map(|row| world.outer.store.clone().records(&row.key).unwrap());
    records.filter(RecordRow::ends_file).map(|record| record.name).collect()
}

#[test]
fn a_file_is_taken_only_after_it_has_rested() {
    let mut world = settling(71);
    world.outer_supplier.drop_file(&world.outer, FILES, "a");
    for second in 0..5 {
        let report = world.outer.step().unwrap();
        assert_eq!((report.young, report.accepted), (1, 0), "after {second} s");
        world.outer.clock.advance(1000);
    }
    assert_eq!(world.outer.step().unwrap().accepted, 1);
    world.settle_and_check().unwrap();
}

#[test]
fn a_pass_waits_for_a_young_file() {
    let mut world = settling(72);
    world.outer_supplier.drop_file(&world.outer, FILES, "a");
    assert_eq!(world.outer.pass().unwrap().accepted, 1);
}

#[test]
fn a_file_that_grows_is_not_taken_before_it_stops() {
    let mut world = settling(73);
    let path = world.outer.source(&name(FILES)).join("growing");
    let mut bytes = Vec::new();
    for _ in 0..6 {
        bytes.extend_from_slice(b"more ");
        let mut file = Files::append(&world.outer.files, &path).unwrap();
        file.write(b"more ").unwrap();
        world.outer.clock.advance(3000);
        assert_eq!(world.outer.step().unwrap().accepted, 0);
    }
    world.outer.clock.advance(3000);
    assert_eq!(world.outer.step().unwrap().accepted, 1);
    world.settle().unwrap();
    assert_eq!(world.inner_consumer.taken()[0].digest, sha256(&[&bytes]));
}

#[test]
fn a_file_from_the_future_is_taken_once_it_has_rested() {
    let mut world = settling(74);
    let path = world.outer.source(&name(FILES)).join("a");
    world.outer.files.put_at(&path, "x", i64::MAX / 2);
    assert_eq!(world.outer.step().unwrap().young, 1);
    world.outer.clock.advance(5000);
    assert_eq!(world.outer.step().unwrap().accepted, 1);
}

#[test]
fn unfinished_and_hidden_files_are_never_taken() {
    let mut world = World::new(75);
    let folder = world.outer.source(&name(FILES));
    let never = ["a.tmp", "b.part", "C.TMP", "sub/d.Part", ".hidden", ".status/x", ".folder/e", "sub/.f", ".taken/1-1-0"];
    for file in never {
        world.outer.files.put(folder.join(file), "not yet");
    }
    world.outer.files.put_special(folder.join("fifo"));
    world.outer.clock.advance(86_400_000);
    let report = world.outer.step().unwrap();
    assert_eq!((report.accepted, report.unfinished), (0, 4));
    for file in never {
        assert!(world.outer.files.remove(folder.join(file)), "{file} is gone");
    }
    world.outer.files.remove(folder.join("fifo"));
    world.outer_supplier.drop_file(&world.outer, FILES, "a");
    world.settle_and_check().unwrap();
}

#[test]
fn files_leave_by_modification_time_and_then_by_path() {
    let mut world = World::new(76);
    let folder = world.outer.source(&name(FILES));
    for (file, mtime_ms) in [("z", 1), ("b/2", 2), ("a", 2), ("b/1", 2), ("B", 2), ("m", 1), ("0", 3)] {
        world.outer.files.put_at(folder.join(file), file, mtime_ms * 1_000_000);
    }
    world.settle().unwrap();
    assert_eq!(sent(&world), ["m", "z", "B", "a", "b/1", "b/2", "0"]);
    assert_eq!(world.inner_consumer.taken().len(), 7);
}

#[test]
fn a_repeat_is_held_back_and_new_bytes_under_the_name_travel() {
    let mut world = World::new(77);
    world.outer_supplier.drop_file(&world.outer, FILES, "a");
    world.settle().unwrap();
    world.outer_supplier.drop_repeat(&world.outer, FILES, "a");
    assert_eq!(world.outer.step().unwrap().held_back, 1);
    world.outer_supplier.drop_file(&world.outer, FILES, "a");
    world.settle_and_check().unwrap();
    assert_eq!(world.inner_consumer.names(&name(FILES)), ["a", "a"]);
}

#[test]
fn where_repeats_are_wanted_each_is_a_record_of_its_own() {
    let mut world = World::new(78);
    world.outer.channels[1].source.folder_mut().unwrap().identical = Identical::Again;
    for _ in 0..3 {
        world.outer_supplier.drop_as(&world.outer, FILES, "a", b"the same", Fate::Arrives);
        world.settle().unwrap();
    }
    assert_eq!(world.inner_consumer.names(&name(FILES)), ["a", "a", "a"]);
}

#[test]
fn a_channel_that_keeps_an_archive_keeps_every_file_once() {
    let mut world = World::new(79);
    world.outer.channels[1].source.folder_mut().unwrap().after = After::Archive;
    for round in ["one", "two"] {
        world.outer_supplier.drop_as(&world.outer, FILES, "in/a", round.as_bytes(), Fate::Arrives);
        world.settle_and_check().unwrap();
    }
    let archive = world.outer.station.dir.join("archive").join(FILES);
    assert_eq!(world.outer.files.tree(&archive), ["in/a", "in/a~2"]);
    assert_eq!(world.outer.files.get(archive.join("in/a")).as_deref(), Some(&b"one"[..]));
}

#[test]
fn names_too_long_for_a_mark_beside_them_hold_nothing_up() {
    let mut world = World::new(80);
    let long = |letter: &str, ending: &str| format!("{}{ending}", letter.repeat(255 - ending.len()));
    // On the channel of reports each file gets a status beside it, and a refused one its reasons.
    world.outer_supplier.drop_bad_xml(&world.outer, REPORTS, &long("A", "_a.xml"));
    world.outer_supplier.drop_xml(&world.outer, REPORTS, &long("B", "_b.xml"));
    let bytes = world.outer_supplier.fresh_xml();
    world.outer_supplier.drop_as(&world.outer, REPORTS, &long("c", ""), &bytes, Fate::Refused);
    world.outer_supplier.drop_file(&world.outer, FILES, &long("d", ""));
    world.outer_supplier.drop_file(&world.outer, FILES, &format!("{}xxx", "界".repeat(84)));
    world.settle().unwrap();
    world.outer_supplier.drop_repeat(&world.outer, FILES, &long("d", ""));
    world.settle_and_check().unwrap();
}

#[test]
fn a_refused_file_and_a_folder_of_its_name_hold_nothing_up() {
    let mut world = World::new(81);
    world.outer_supplier.drop_bad_xml(&world.outer, REPORTS, "A1_a.xml");
    world.settle().unwrap();
    world.outer_supplier.drop_bad_xml(&world.outer, REPORTS, "A1_a.xml/A1_b.xml");
    world.outer_supplier.drop_xml(&world.outer, REPORTS, "A1_a.xml/A1_c.xml");
    world.outer_supplier.drop_xml(&world.outer, REPORTS, "A2_c.xml.json/A1_d.xml");
    world.settle().unwrap();
    world.outer.files.remove(world.outer.source(&name(REPORTS)).join("A2_c.xml.json"));
    world.outer_supplier.drop_xml(&world.outer, REPORTS, "A2_c.xml");
    world.settle_and_check().unwrap();
}

#[test]
fn refused_files_and_repeats_are_put_aside_across_file_systems() {
    let mut world = World::new(84);
    for channel in [REPORTS, FILES] {
        world.outer.files.mount(world.outer.source(&name(channel)));
    }
    world.outer_supplier.drop_bad_xml(&world.outer, REPORTS, "in/A1_cut.xml");
    world.outer_supplier.drop_file(&world.outer, FILES, "a");
    world.settle_and_check().unwrap();
    world.outer_supplier.drop_repeat(&world.outer, FILES, "a");
    world.settle_and_check().unwrap();
}

#[test]
fn a_file_whose_name_is_not_utf_8_is_refused_and_kept() {
    use std::os::unix::ffi::OsStringExt;
    let mut world = World::new(82);
    let odd = PathBuf::from(std::ffi::OsString::from_vec(b"gb\xb1\xa8\xce\xc4.bin".to_vec()));
    world.outer.files.put(world.outer.source(&name(FILES)).join(odd), "body");
    world.outer_supplier.drop_file(&world.outer, FILES, "fine");
    let report = world.outer.step().unwrap();
    assert_eq!((report.rejected, report.accepted), (1, 1));
    world.settle_and_check().unwrap();
    let rejected = world.outer.station.rejected_dir(&name(FILES));
    let kept = world.outer.files.tree(&rejected);
    assert_eq!(kept.len(), 3, "{kept:?}");
}

/// Takes the sending step once for each place between two of its operations, and lets the supplier act there on the file `file`.
fn interfere(ready: impl Fn() -> World, stride: u64, act: fn(&SimFiles, &Path), check: impl Fn(&mut World, u64)) {
    let mut place = 0;
    loop {
        let mut world = ready();
        let path = world.outer.source(&name(FILES)).join("file");
        let calls = Arc::new(AtomicU64::new(0));
        let counted = calls.clone();
        world.outer.hook.set(Some(Box::new(move |files| {
            if counted.fetch_add(1, Ordering::SeqCst) == place {
                act(files, &path);
            }
        })));
        world.outer.step().unwrap();
        world.outer.hook.set(None);
        if calls.load(Ordering::SeqCst) <= place {
            assert!(place > 20, "the step had only {place} operations");
            return;
        }
        check(&mut world, place);
        place += stride;
    }
}

/// A world at rest where a file of these bytes, and some others, have just been dropped.
fn with_file(bytes: &[u8]) -> World {
    let mut world = World::new(83);
    world.outer_supplier.drop_file(&world.outer, FILES, "before");
    world.settle().unwrap();
    world.outer_supplier.drop_file(&world.outer, FILES, "a");
    world.outer_supplier.drop_as(&world.outer, FILES, "file", bytes, Fate::Arrives);
    world.outer_supplier.drop_file(&world.outer, FILES, "z");
    world
}

/// What of the file `file` arrived, in order.
fn versions(world: &World) -> Vec<Digest> {
    world.inner_consumer.taken().into_iter().filter(|taken| taken.name == "file").map(|taken| taken.digest).collect()
}

#[test]
fn a_file_replaced_at_any_moment_of_the_step_arrives_in_its_new_version() {
    let replace = |files: &SimFiles, path: &Path| files.put_at(path, "the second version", 1);
    interfere(
        || with_file(b"the first"),
        1,
        replace,
        |world, place| {
            world.settle().unwrap();
            let [first, second] = [&b"the first"[..], b"the second version"].map(|bytes| sha256(&[bytes]));
            let came = versions(world);
            assert!(came == [second] || came == [first, second], "replaced at operation {place}: {came:?}");
            assert_eq!(world.inner_consumer.taken().len(), 3 + came.len(), "replaced at operation {place}");
            verdict::log_verifies(&world.outer).unwrap();
        },
    );
}

#[test]
fn a_file_replaced_at_any_moment_before_a_crash_arrives_in_its_new_version() {
    for kill in (1..120).step_by(7) {
        for place in (0..80).step_by(8) {
            let mut world = with_file(b"the first");
            let path = world.outer.source(&name(FILES)).join("file");
            let calls = Arc::new(AtomicU64::new(0));
            let counted = calls.clone();
            world.outer.hook.set(Some(Box::new(move |files| {
                if counted.fetch_add(1, Ordering::SeqCst) == place {
                    files.put_at(&path, "the second version", 1);
                }
            })));
            world.outer.files.kill_at(kill, false);
            let _ = world.outer.step();
            world.outer.crash();
            world.settle().unwrap();
            // Where the step died before that, the supplier acted later.
            world.outer.hook.set(None);
            world.settle().unwrap();
            let [first, second] = [&b"the first"[..], b"the second version"].map(|bytes| sha256(&[bytes]));
            let came = versions(&world);
            let replaced = calls.load(Ordering::SeqCst) > place;
            let right = came == [second] || came == [first, second] || (!replaced && came == [first]);
            assert!(right, "replaced at {place}, killed at {kill}: {came:?}");
        }
    }
}

#[test]
fn a_file_that_vanishes_at_any_moment_arrives_whole_or_not_at_all() {
    let vanish = |files: &SimFiles, path: &Path| {
        files.remove(path);
    };
    interfere(
        || with_file(b"the first"),
        1,
        vanish,
        |world, place| {
            world.settle().unwrap();
            let came = versions(world);
            assert!(came.is_empty() || came == [sha256(&[b"the first"])], "removed at operation {place}: {came:?}");
            assert_eq!(world.inner_consumer.taken().len(), 3 + came.len(), "removed at operation {place}");
        },
    );
}

#[test]
fn a_file_appended_to_at_any_moment_arrives_in_its_last_version() {
    let append = |files: &SimFiles, path: &Path| {
        let before = files.get(path);
        if before.is_some() {
            Files::append(files, path).unwrap().write(b" and more").unwrap();
        }
    };
    interfere(
        || with_file(b"the first"),
        1,
        append,
        |world, place| {
            world.settle().unwrap();
            let [first, more] = [&b"the first"[..], b"the first and more"].map(|bytes| sha256(&[bytes]));
            let came = versions(world);
            assert!(came == [first] || came == [more] || came == [first, more], "appended at operation {place}: {came:?}");
        },
    );
}

#[test]
fn a_writer_that_keeps_an_old_modification_time_is_not_taken_half_written() {
    let mut world = settling(85);
    let path = world.outer.source(&name(FILES)).join("copied");
    for written in ["half", "half and a bit", "half and all of it"] {
        world.outer.files.put_at(&path, written, 1);
        let report = world.outer.step().unwrap();
        assert_eq!((report.young, report.accepted), (1, 0), "{written}");
        world.outer.clock.advance(4000);
    }
    world.outer.clock.advance(1000);
    assert_eq!(world.outer.step().unwrap().accepted, 1);
    world.settle().unwrap();
    assert_eq!(world.inner_consumer.taken()[0].digest, sha256(&[b"half and all of it"]));
}

#[test]
fn a_file_that_lay_there_before_the_start_is_taken_at_once() {
    let mut world = settling(86);
    world.outer_supplier.drop_file(&world.outer, FILES, "a");
    world.outer.clock.advance(5000);
    let before_ms = world.outer.clock.mono_ms();
    assert_eq!(world.outer.pass().unwrap().accepted, 1);
    assert_eq!(world.outer.clock.mono_ms(), before_ms, "the pass waited");
}

#[test]
fn a_wall_clock_that_jumps_ahead_makes_no_file_look_finished() {
    let mut world = settling(87);
    world.outer_supplier.drop_file(&world.outer, FILES, "a");
    assert_eq!(world.outer.step().unwrap().young, 1);
    world.outer.clock.set_wall(dukou_tests::simulated::station::BEGIN_MS + 86_400_000);
    for _ in 0..4 {
        world.outer.clock.advance(1000);
        assert_eq!(world.outer.step().unwrap().young, 1);
    }
    world.outer.clock.advance(1000);
    assert_eq!(world.outer.step().unwrap().accepted, 1);
}

#[test]
fn a_name_of_any_kind_is_refused_with_a_valid_tombstone() {
    use std::os::unix::ffi::OsStringExt;
    let mut world = World::new(88);
    let folder = world.outer.source(&name(FILES));
    let mut many = 0;
    for tail in [1, 2, 3, 7, 90, 119, 120, 121, 122] {
        // Parts of 250 bytes, and the limit of 4096 at every place around a slash.
        let deep = format!("{}{}/x", "d".repeat(250) + "/", vec!["e".repeat(250); 15].join("/"));
        let path = folder.join(format!("{deep}/{}/{}", "f".repeat(tail), "g".repeat(200)));
        world.outer.files.put(path, "body");
        let odd = std::ffi::OsString::from_vec(
            format!("{deep}/{}", "h".repeat(tail)).into_bytes().into_iter().chain(*b"/\xff\xfe/i").collect(),
        );
        world.outer.files.put(folder.join(odd), "body");
        many += 2;
    }
    let report = world.outer.step().unwrap();
    assert_eq!(report.accepted + report.rejected, many);
    assert!(report.rejected > many / 2, "{report:?}");
    for _ in 0..3 {
        let report = world.outer.step().unwrap();
        assert_eq!((report.accepted, report.rejected), (0, 0));
    }
    world.settle().unwrap();
    assert!(world.inner.store.clone().load().unwrap().holds.is_empty());
}

#[test]
fn a_refused_file_whose_name_is_not_its_rows_is_refused_once_whenever_the_station_dies() {
    use std::os::unix::ffi::OsStringExt;
    let ready = || {
        let mut world = World::new(89);
        let odd = std::ffi::OsString::from_vec(b"gb\xb1\xa8\xce\xc4.bin".to_vec());
        world.outer.files.put(world.outer.source(&name(FILES)).join(odd), "body");
        world.outer.open().unwrap();
        world
    };
    let ops = {
        let mut world = ready();
        let before = world.outer.files.ops();
        world.outer.step().unwrap();
        world.outer.files.ops() - before
    };
    for place in 1..=ops {
        let mut world = ready();
        world.outer.files.kill_at(place, false);
        let _ = world.outer.step();
        world.outer.crash();
        world.settle_and_check().unwrap_or_else(|broken| panic!("killed at {place}: {broken}"));
        let rows = verdict::rows(&world.outer, Direction::Out).unwrap();
        assert_eq!(rows.iter().map(|row| row.tombstones).sum::<u32>(), 1, "killed at {place}");
        assert_eq!(world.outer.files.tree(world.outer.station.rejected_dir(&name(FILES))).len(), 3, "killed at {place}");
    }
}

#[test]
fn a_pass_takes_on_more_files_than_one_look_keeps() {
    const MANY: usize = 120_000;
    let mut world = World::new(90);
    world.outer.channels[1].batch.max_records = 4096;
    let folder = world.outer.source(&name(FILES));
    for index in 0..MANY {
        world.outer.files.put_at(folder.join(format!("{}/{index}", index % 7)), index.to_le_bytes(), index as i64);
    }
    assert_eq!(world.outer.pass().unwrap().accepted, MANY as u64);
    assert!(world.outer.files.tree(&folder).is_empty());
}

/// Names of the folders that set-aside and archived files go to, each a file system of its own.
fn on_other_disks(seed: u64) -> World {
    let mut world = World::new(seed);
    world.outer.channels[1].source.folder_mut().unwrap().after = After::Archive;
    let station = &world.outer.station;
    for dir in [station.rejected_dir(&name(REPORTS)), station.duplicates_dir(&name(FILES)), station.dir.join("archive")] {
        world.outer.files.mount(dir);
    }
    world
}

#[test]
fn a_large_file_is_moved_to_another_file_system_in_pieces() {
    let mut world = on_other_disks(111);
    let bytes: Vec<u8> = (0..5 << 20).map(|at: u32| (at >> 9) as u8).collect();
    world.outer_supplier.drop_as(&world.outer, FILES, "in/large", &bytes, Fate::Arrives);
    world.outer.open().unwrap();
    let before = world.outer.files.history().len();
    world.settle().unwrap();
    let writes = world.outer.files.history()[before..].iter().filter(|op| **op == dukou_shared::seams::FileOp::Write).count();
    assert!(writes >= 5, "{writes} writes");
    let archive = world.outer.station.dir.join("archive").join(FILES);
    assert_eq!(world.outer.files.tree(&archive), ["in/large"]);
    assert_eq!(world.outer.files.get(archive.join("in/large")), Some(bytes));
    world.settle_and_check().unwrap();
}

/// A repeat that a dying station had taken to its private place comes back before anything is looked for: behind a later file of its name, sent
/// meanwhile, it would be news.
#[test]
fn a_repeat_that_could_not_come_back_at_once_never_goes_behind_a_later_file_of_its_name() {
    let mut met = 0;
    for place in 1.. {
        let mut world = on_other_disks(113);
        let folder = world.outer.source(&name(FILES));
        world.outer.files.mount(&folder);
        world.outer_supplier.drop_file(&world.outer, FILES, "a");
        world.settle().unwrap();
        world.outer_supplier.drop_repeat(&world.outer, FILES, "a");
        world.outer.files.kill_at(place, false);
        if world.outer.step().is_ok() {
            break;
        }
        world.outer.crash();
        if world.outer.files.get(folder.join("a")).is_some() {
            continue;
        }
        met += 1;
        world.outer_supplier.drop_file(&world.outer, FILES, "a");
        world.outer.files.set_read_only(&folder, true);
        world.outer.step().unwrap();
        world.outer.files.set_read_only(&folder, false);
        world.settle_and_check().unwrap_or_else(|broken| panic!("killed at {place}: {broken}"));
        assert_eq!(world.inner_consumer.names(&name(FILES)), ["a", "a"], "killed at {place}");
    }
    assert!(met >= 3, "{met} worlds in which the repeat was in its private place");
}

#[test]
fn files_move_to_other_file_systems_whole_though_the_station_dies_at_any_operation() {
    let ready = || {
        let mut world = on_other_disks(112);
        world.outer_supplier.drop_file(&world.outer, FILES, "a");
        world.settle().unwrap();
        world.outer_supplier.drop_repeat(&world.outer, FILES, "a");
        world.outer_supplier.drop_bad_xml(&world.outer, REPORTS, "A1_a.xml");
        world.outer_supplier.drop_file(&world.outer, FILES, "b");
        world
    };
    let ops = {
        let mut world = ready();
        let before = world.outer.files.ops();
        world.outer.step().unwrap();
        world.outer.files.ops() - before
    };
    for power in [false, true] {
        for place in 1..=ops {
            let mut world = ready();
            world.outer.files.kill_at(place, false);
            assert!(world.outer.step().is_err());
            match power {
                true => world.outer.power_cut(),
                false => world.outer.crash(),
            }
            world.settle_and_check().unwrap_or_else(|broken| panic!("killed at {place}, power cut {power}: {broken}"));
            let archive = world.outer.station.dir.join("archive").join(FILES);
            let kept = world.outer.files.tree(&archive);
            assert!(kept.iter().all(|name| !name.starts_with('.')), "killed at {place}: {kept:?}");
            for file in ["a", "b"] {
                assert!(kept.iter().any(|name| name == file), "killed at {place}: {kept:?}");
            }
        }
    }
}

#[test]
fn a_file_changed_while_it_is_copied_to_another_file_system_arrives_in_both_versions() {
    let append = |files: &SimFiles, path: &Path| {
        // Whoever holds the file open writes on wherever it was renamed to.
        let slot = path.with_file_name(".taken").join("1-2-1");
        for path in [path, &slot] {
            if files.get(path).is_some() {
                Files::append(files, path).unwrap().write(b" and more").unwrap();
            }
        }
    };
    let ready = || {
        let mut world = on_other_disks(113);
        world.outer_supplier.drop_file(&world.outer, FILES, "before");
        world.settle().unwrap();
        world.outer_supplier.drop_file(&world.outer, FILES, "a");
        world.outer_supplier.drop_as(&world.outer, FILES, "file", b"the first", Fate::Arrives);
        world.outer_supplier.drop_file(&world.outer, FILES, "z");
        world
    };
    interfere(ready, 1, append, |world, place| {
        world.settle().unwrap();
        let archive = world.outer.station.dir.join("archive").join(FILES);
        let [first, more] = [&b"the first"[..], b"the first and more"];
        let kept: Vec<Vec<u8>> =
            world.outer.files.tree(&archive).iter().filter_map(|name| world.outer.files.get(archive.join(name))).collect();
        let came = versions(world);
        // What was appended to before it was put away stays where it is and is sent as a new version.
        let last = came.last().copied();
        assert!(
            kept.iter().any(|kept| last == Some(sha256(&[kept]))),
            "appended at {place}: of {came:?} the archive has {:?}",
            world.outer.files.tree("/outer/archive")
        );
        assert!(
            [vec![sha256(&[first])], vec![sha256(&[more])], vec![sha256(&[first]), sha256(&[more])]].contains(&came),
            "appended at {place}: {came:?}"
        );
    });
}

#[test]
fn no_file_that_was_set_aside_is_overwritten_by_the_reason_of_another() {
    let mut world = World::new(114);
    for file in ["A1_a.xml.reason.txt", "A1_a.xml.reason.json", "A1_a.xml"] {
        let bytes = world.outer_supplier.fresh(30);
        world.outer_supplier.drop_as(&world.outer, REPORTS, file, &bytes, Fate::Refused);
    }
    world.settle_and_check().unwrap();
}
