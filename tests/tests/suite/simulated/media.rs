//! Discs on simulated seams: a lost one is named, a copy heals, nothing dies with a disc.

use dukou_packets::log::line::Event;
use dukou_rehearsal::random::Random;
use dukou_shared::error::EngineFault;
use dukou_shared::ferry::profile::Profile;
use dukou_shared::media::register::Register;
use dukou_shared::requests::{Answer, Request};
use dukou_shared::seams::FileCause;
use dukou_shared::seams::sim_files::SimFiles;
use dukou_shared::store::Store;
use dukou_tests::simulated::station::name;
use dukou_tests::simulated::world::{FILES, gaps};
use dukou_tests::simulated::{Fate, SimStation, World, verdict};
use std::path::{Path, PathBuf};

/// Volumes of ten sectors beside what is kept for label, manifest and sheet.
const DISC: &str = "title = \"disc\"\norder = \"name\"\ndeletes_source = false\ndisc_bytes = 1069056\n";

/// A world whose outer station has placed nine packets of two sectors each, and a signal of one: three volumes of which each holds five.
fn placed(seed: u64) -> World {
    let mut world = World::new(seed);
    world.outer.station.config.link.device = Profile::parse(Path::new("disc.toml"), DISC).unwrap();
    world.outer.channels[1].batch.max_records = 1;
    let mut noise = Random::new(seed);
    for index in 0..14 {
        let bytes: Vec<u8> = (0..2100).map(|_| noise.next_u64() as u8).collect();
        world.outer_supplier.drop_as(&world.outer, FILES, &format!("{index:02}"), &bytes, Fate::Arrives);
    }
    world.outer.step().unwrap();
    for station in [&world.outer, &world.inner] {
        station.files.mkdir("/disc");
    }
    world
}

fn write(station: &mut SimStation) -> Result<Answer, EngineFault> {
    let [maker, receiver, title, operator] = ["甲", "乙", "十一月", "tester"].map(str::to_string);
    station.perform(&Request::MediaWrite { dir: "/disc".into(), maker, receiver, title, operator })
}

fn read(station: &mut SimStation, volumes: &[&str]) -> Result<Answer, EngineFault> {
    let dirs = volumes.iter().map(|volume| Path::new("/disc").join(volume)).collect();
    station.perform(&Request::MediaRead { dirs, operator: "tester".to_string() })
}

/// The directories of volumes that have a manifest.
fn volumes(files: &SimFiles) -> Vec<String> {
    let of = |file: String| file.strip_suffix("/MANIFEST.txt").map(str::to_string);
    files.tree("/disc").into_iter().filter_map(of).collect()
}

fn copy(from: &SimFiles, to: &SimFiles, volume: &str) {
    let dir = Path::new("/disc").join(volume);
    to.mkdir(&dir);
    for file in from.tree(&dir) {
        to.put(dir.join(&file), from.get(dir.join(&file)).unwrap());
    }
}

/// The numbers that a volume's packets of the channel have.
fn seqs_on(files: &SimFiles, volume: &str) -> Vec<u64> {
    let text = String::from_utf8(files.get(Path::new("/disc").join(volume).join("MANIFEST.txt")).unwrap()).unwrap();
    let number = volume.rsplit('-').next().unwrap().split("of").next().unwrap();
    let own = text.lines().filter(|line| line.starts_with(&format!("{number} ")));
    let mut seqs: Vec<u64> = own.filter_map(|line| line.rsplit('/').next()?.parse().ok()).collect();
    seqs.sort_unstable();
    seqs
}

fn ranges(seqs: &[u64]) -> Vec<(u64, u64)> {
    let mut ranges: Vec<(u64, u64)> = Vec::new();
    for seq in seqs {
        match ranges.last_mut() {
            Some((_, last)) if *seq == *last + 1 => *last = *seq,
            _ => ranges.push((*seq, *seq)),
        }
    }
    ranges
}

fn register(station: &SimStation) -> Register {
    station.store.clone().load().unwrap().fact().unwrap()
}

fn lying(station: &SimStation) -> usize {
    station.files.tree(station.station.ferry_out()).len()
}

fn read_lines(station: &SimStation) -> usize {
    station.log().iter().filter(|event| matches!(event, Event::MediaRead { .. })).count()
}

#[test]
fn a_lost_disc_of_three_is_named_exactly_and_a_copy_heals() {
    for lost in 0..3 {
        let mut world = placed(41);
        let answer = write(&mut world.outer).unwrap();
        assert_eq!((answer.exit, answer.count), (0, 15), "{}", answer.en);
        assert_eq!(lying(&world.outer), 0, "what is on the disc left the ferry directory");
        let all = volumes(&world.outer.files);
        assert_eq!(all.len(), 3);
        for volume in &all {
            copy(&world.outer.files, &world.inner.files, volume);
        }
        let mut carried: Vec<&str> = all.iter().map(String::as_str).collect();
        let gone = carried.remove(lost);
        carried.reverse();
        let answer = read(&mut world.inner, &carried).unwrap();
        assert_eq!(answer.exit, 1);
        assert!(answer.zh.contains(&format!("第 {} 张未读入", lost + 1)), "{}", answer.zh);
        assert!(answer.en.contains(&format!("not read: {};", lost + 1)), "{}", answer.en);
        world.inner.step().unwrap();
        let missing = gaps(&world.inner).unwrap();
        // Numbers behind the last one that is known of show when the volume with the signal comes.
        let expected: Vec<_> = ranges(&seqs_on(&world.outer.files, gone)).into_iter().collect();
        let known: Vec<_> = missing.iter().map(|(_, from, to)| (*from, *to)).collect();
        assert!(known.iter().all(|range| expected.contains(range)), "lost {lost}: {known:?} of {expected:?}");
        assert!(!known.is_empty() || expected.iter().all(|(_, to)| *to == 14), "lost {lost}");
        let open = register(&world.inner);
        assert_eq!((open.read[0].missing(), open.read[0].closed, read_lines(&world.inner)), (vec![lost as u32 + 1], false, 0));
        let answer = read(&mut world.inner, &[gone]).unwrap();
        assert_eq!(answer.exit, 0, "{}", answer.zh);
        assert!(answer.zh.contains("已全部读入，登记已销号"), "{}", answer.zh);
        assert_eq!((register(&world.inner).read[0].closed, read_lines(&world.inner)), (true, 1));
        world.settle_and_check().unwrap();
        assert_eq!(world.inner_consumer.names(&name(FILES)).len(), 14);
    }
}

#[test]
fn volumes_read_twice_and_on_different_days_do_no_harm_and_close_the_disc_once() {
    let mut world = placed(42);
    write(&mut world.outer).unwrap();
    let all = volumes(&world.outer.files);
    for volume in all.iter().rev() {
        copy(&world.outer.files, &world.inner.files, volume);
        read(&mut world.inner, &[volume]).unwrap();
        world.inner.close().unwrap();
        world.inner.clock.advance(86_400_000);
        world.inner.step().unwrap();
    }
    let every: Vec<&str> = all.iter().map(String::as_str).collect();
    assert_eq!(read(&mut world.inner, &every).unwrap().exit, 0);
    assert_eq!(read_lines(&world.inner), 1);
    world.settle_and_check().unwrap();
    assert_eq!(world.inner_consumer.names(&name(FILES)).len(), 14);
}

#[test]
fn a_damaged_packet_is_named_the_good_ones_go_in_and_a_good_copy_heals() {
    let mut world = placed(43);
    write(&mut world.outer).unwrap();
    let all = volumes(&world.outer.files);
    all.iter().for_each(|volume| copy(&world.outer.files, &world.inner.files, volume));
    let dir = Path::new("/disc").join(&all[1]);
    let packets: Vec<String> = world.inner.files.tree(&dir).into_iter().filter(|file| file.ends_with(".dkp")).collect();
    let harmed = dir.join(&packets[0]);
    let mut bytes = world.inner.files.get(&harmed).unwrap();
    bytes[1500] ^= 1;
    world.inner.files.put(&harmed, &bytes);
    world.inner.files.remove(dir.join(&packets[1]));
    let every: Vec<&str> = all.iter().map(String::as_str).collect();
    let answer = read(&mut world.inner, &every).unwrap();
    assert_eq!((answer.exit, answer.count), (1, 13), "{}", answer.zh);
    for packet in &packets[..2] {
        assert!(answer.zh.contains(packet) && answer.en.contains(packet), "{}", answer.zh);
    }
    assert!(answer.zh.contains("第 2 张未读入"), "{}", answer.zh);
    world.inner.step().unwrap();
    assert_eq!(gaps(&world.inner).unwrap().into_iter().map(|(_, from, to)| to - from + 1).sum::<u64>(), 2);
    copy(&world.outer.files, &world.inner.files, &all[1]);
    assert_eq!(read(&mut world.inner, &[&all[1]]).unwrap().exit, 0);
    world.settle_and_check().unwrap();
}

#[test]
fn a_manifest_that_was_changed_or_is_of_others_lets_nothing_in() {
    let mut world = placed(44);
    write(&mut world.outer).unwrap();
    let all = volumes(&world.outer.files);
    copy(&world.outer.files, &world.inner.files, &all[0]);
    let manifest = Path::new("/disc").join(&all[0]).join("MANIFEST.txt");
    let good = world.inner.files.get(&manifest).unwrap();
    let mut changed = good.clone();
    changed[300] ^= 1;
    for bad in [&changed[..], b"", &good[..good.len() - 1], b"dukou-disc/1\n"] {
        world.inner.files.put(&manifest, bad);
        let answer = read(&mut world.inner, &[&all[0]]).unwrap();
        assert_eq!((answer.exit, answer.count), (1, 0), "{}", answer.zh);
        assert!(answer.zh.contains("不能采信"), "{}", answer.zh);
    }
    world.inner.files.remove(&manifest);
    assert!(read(&mut world.inner, &[&all[0]]).unwrap().zh.contains("没有 MANIFEST.txt"));
    world.inner.files.put(&manifest, &good);
    // The station that wrote it is not the one it is for.
    assert!(read(&mut world.outer, &[&all[0]]).unwrap().zh.contains("本站自己写的"));
    assert_eq!(world.inner.files.tree(world.inner.station.ferry_in()), Vec::<String>::new());
    assert_eq!(register(&world.inner), Register::default());
}

/// Gives the operations of `act` that change something.
fn places(seed: u64, act: impl Fn(&mut World)) -> std::ops::RangeInclusive<u64> {
    let mut world = placed(seed);
    let before = world.outer.files.ops();
    act(&mut world);
    before + 1..=world.outer.files.ops()
}

#[test]
fn a_station_killed_at_any_operation_of_writing_a_disc_loses_and_doubles_nothing() {
    let all = places(45, |world| drop(write(&mut world.outer).unwrap()));
    println!("{} operations", all.clone().count());
    for (index, op) in all.enumerate() {
        if index % 3 != 0 {
            continue;
        }
        let mut world = placed(45);
        world.outer.files.kill_at(op, index % 2 == 0);
        let died = write(&mut world.outer).is_err();
        match index % 4 {
            0 if died => world.outer.power_cut(),
            _ => world.outer.crash(),
        }
        write(&mut world.outer).unwrap();
        let found = volumes(&world.outer.files);
        for volume in &found {
            copy(&world.outer.files, &world.inner.files, volume);
            // A disc of which the power took a part is written down as damaged, and its packets lie on the next one.
            read(&mut world.inner, &[volume]).unwrap();
        }
        world.settle().unwrap_or_else(|broken| panic!("operation {op}: {broken}"));
        verdict::check(&mut world).unwrap_or_else(|broken| panic!("operation {op}: {broken}"));
        assert_eq!(world.inner_consumer.names(&name(FILES)).len(), 14, "operation {op}");
    }
}

#[test]
fn a_disc_that_is_full_or_errs_is_told_and_everything_stays_in_the_ferry_directory() {
    let mut world = placed(46);
    world.outer.files.mount("/disc");
    world.outer.files.limit("/disc", Some(9000));
    let answer = write(&mut world.outer).unwrap();
    assert_eq!(answer.exit, 75, "{}", answer.zh);
    assert!(answer.zh.contains("磁盘已满") && answer.zh.contains("都还在摆渡目录里"), "{}", answer.zh);
    assert_eq!(lying(&world.outer), 15);
    assert_eq!(register(&world.outer).written, []);
    world.outer.files.limit("/disc", None);
    let all = places(46, |world| drop(write(&mut world.outer).unwrap()));
    for op in all.step_by(5) {
        let mut world = placed(46);
        world.outer.files.fail_at(op, FileCause::System(5));
        let failed = write(&mut world.outer).map_or(true, |answer| answer.exit != 0);
        if failed && register(&world.outer).written.is_empty() {
            assert_eq!(lying(&world.outer), 15, "operation {op}");
        }
    }
    assert_eq!(write(&mut world.outer).unwrap().exit, 0);
}

#[test]
fn what_does_not_fit_on_the_volumes_allowed_waits_for_the_next_disc() {
    let mut world = placed(47);
    world.outer.close().unwrap();
    world.outer.station.config.link.device = Profile::parse(Path::new("disc.toml"), &format!("{DISC}volumes = 1\n")).unwrap();
    let mut discs = 0;
    while lying(&world.outer) > 0 {
        let answer = write(&mut world.outer).unwrap();
        assert_eq!(answer.zh.contains("没装下"), lying(&world.outer) > 0, "{}", answer.zh);
        discs += 1;
    }
    assert_eq!((discs, volumes(&world.outer.files).len()), (3, 3));
    assert_eq!(write(&mut world.outer).unwrap().exit, 2, "nothing waits any more");
    let numbers: Vec<String> = register(&world.outer).written.into_iter().map(|written| written.disc).collect();
    assert!(numbers.iter().zip(1..).all(|(disc, number)| disc.ends_with(&format!("-{number:04}"))), "{numbers:?}");
}

#[test]
fn the_sheet_and_the_label_name_the_disc_and_no_record() {
    let mut world = placed(48);
    write(&mut world.outer).unwrap();
    let read = |file: PathBuf| String::from_utf8(world.outer.files.get(Path::new("/disc").join(file)).unwrap()).unwrap();
    for volume in volumes(&world.outer.files) {
        let (sheet, label) = (read(Path::new(&volume).join("介质登记单.html")), read(Path::new(&volume).join("LABEL.txt")));
        let disc = volume.rsplit_once('-').unwrap().0;
        for text in [&sheet, &label] {
            assert!(text.contains(disc) && text.contains("files"), "{text}");
        }
        for word in ["甲", "乙", "十一月", "1–14", "@media print", &register(&world.outer).written[0].list.to_string()] {
            assert!(sheet.contains(word), "{word}: {sheet}");
        }
        assert!(!sheet.contains("http") && !sheet.contains("<script"), "no external resource");
    }
}
