//! The folder that records arrive in: nothing is overwritten, nothing lands outside, every name finds a place.

use dukou_packets::suite::sha256;
use dukou_shared::connectors::folder::names::safe_path;
use dukou_shared::seams::FileOp;
use dukou_shared::seams::sim_files::SimFiles;
use dukou_tests::simulated::station::name;
use dukou_tests::simulated::world::{FILES, REPORTS};
use dukou_tests::simulated::{Fate, Weather, World, forge, verdict};
use std::collections::BTreeSet;
use std::path::Path;

fn arrive(world: &mut World) {
    world.outer.step().unwrap();
    world.inward.take(&world.outer);
    world.inward.deliver_some(&world.inner, |_| true);
    world.inner.clock.advance(1000);
    world.inner.step().unwrap();
}

#[test]
fn a_name_that_is_still_there_waits_until_the_consumer_has_taken_it() {
    let mut world = World::new(61);
    let sink = world.inner.sink(&name(FILES));
    for (file, bytes) in [("a", &b"old"[..]), ("b", b"1")] {
        world.outer_supplier.drop_as(&world.outer, FILES, file, bytes, Fate::Arrives);
    }
    arrive(&mut world);
    for (file, bytes) in [("c", &b"2"[..]), ("a", b"new"), ("d", b"3")] {
        world.outer_supplier.drop_as(&world.outer, FILES, file, bytes, Fate::Arrives);
    }
    world.outer_supplier.drop_xml(&world.outer, REPORTS, "A1_a.xml");
    arrive(&mut world);
    for _ in 0..3 {
        let report = world.inner.step().unwrap();
        assert_eq!(world.inner.standing(&report), Some(dukou_shared::engine::Standing::Look));
        assert_eq!(world.inner.files.get(sink.join("a")).as_deref(), Some(&b"old"[..]), "overwritten");
        assert_eq!(world.inner.files.get(sink.join("d")), None, "out of order");
    }
    assert!(world.inner.files.get(world.inner.sink(&name(REPORTS)).join("A1_a.xml")).is_some(), "another channel waited, too");
    world.settle_and_check().unwrap();
    let mut names = world.inner_consumer.names(&name(FILES));
    names.dedup();
    assert_eq!(names.iter().filter(|name| *name == "a").count(), 2);
}

#[test]
fn a_file_of_equal_bytes_that_stands_there_already_counts_as_delivered() {
    let mut world = World::new(62);
    world.outer_supplier.drop_as(&world.outer, FILES, "folder/a", b"the bytes", Fate::Arrives);
    world.outer_supplier.drop_file(&world.outer, FILES, "folder/b");
    world.inner.files.put(world.inner.sink(&name(FILES)).join("folder/a"), "the bytes");
    world.settle_and_check().unwrap();
}

#[test]
fn what_is_no_file_in_the_place_of_a_name_is_left_alone_and_waited_for() {
    let mut world = World::new(63);
    let sink = world.inner.sink(&name(FILES));
    world.outer_supplier.drop_as(&world.outer, FILES, "link", b"1", Fate::Arrives);
    world.outer_supplier.drop_as(&world.outer, FILES, "folder", b"2", Fate::Arrives);
    world.inner.files.put_special(sink.join("link"));
    world.inner.files.mkdir(sink.join("folder"));
    arrive(&mut world);
    world.inner.step().unwrap();
    assert_eq!(world.inner.files.get(sink.join("link")), None);
    world.inner.files.remove(sink.join("link"));
    world.inner.step().unwrap();
    assert_eq!(world.inner.files.get(sink.join("link")).as_deref(), Some(&b"1"[..]));
    world.inner.files.remove(sink.join("folder"));
    world.settle_and_check().unwrap();
}

#[test]
fn a_file_in_the_place_of_a_folder_is_waited_for() {
    let mut world = World::new(64);
    world.outer_supplier.drop_as(&world.outer, FILES, "a", b"1", Fate::Arrives);
    arrive(&mut world);
    world.outer_supplier.drop_as(&world.outer, FILES, "a/b", b"2", Fate::Arrives);
    for _ in 0..3 {
        arrive(&mut world);
    }
    assert_eq!(world.inner.files.get(world.inner.sink(&name(FILES)).join("a")).as_deref(), Some(&b"1"[..]));
    world.settle_and_check().unwrap();
}

/// Names that a hostile or careless sender could give; each is one the format lets through.
fn hostile_names() -> Vec<String> {
    let long_part = "长".repeat(85);
    let mut names: Vec<String> = [
        ".hidden",
        ".staging/parts",
        ".staging/1-0000000000000000-1/0",
        "CON.xml",
        "con.XML",
        "aux",
        "COM1.tar.gz",
        "a/NUL/b",
        "..\\..\\outside",
        "C:\\Windows\\x",
        "a:b",
        "star*",
        "what?",
        "quo\"te",
        "pipe|",
        "trailing.",
        "trailing ",
        " leading",
        "tab\tname",
        "line\nbreak",
        "bell\u{7}",
        "\u{202e}fdp.exe",
        "zero\u{200b}width",
        "Report.xml",
        "REPORT.xml",
        "report.XML",
        "Folder/one",
        "folder/one",
        "ſtrasse",
        "Strasse",
        "~",
        "a~1b2c3d4e",
        "%2e%2e%2foutside",
        "...",
        "-rf",
        "$(reboot)",
        "é",
        "e\u{301}",
    ]
    .map(str::to_string)
    .to_vec();
    names.push("x".repeat(255));
    names.push("y".repeat(400));
    names.push(format!("{long_part}.xml"));
    names.push(vec!["deep"; 400].join("/"));
    names.push(vec![long_part.as_str(); 14].join("/"));
    names
}

#[test]
fn every_hostile_name_lands_inside_the_sink_and_overwrites_nothing() {
    let mut world = World::new(65);
    let names = hostile_names();
    let sink = world.inner.sink(&name(FILES));
    world.inner.open().unwrap();
    let before: BTreeSet<String> = world.inner.files.tree("/").into_iter().collect();
    let mut place = forge::next_place(&world.outer, FILES);
    for (index, record_name) in names.iter().enumerate() {
        let records = [forge::file(record_name, format!("body {index}").as_bytes())];
        let sealed = forge::packet(&world.outer, &world.inner, &place, &records);
        world.inward.put(&world.inner, None, &forge::bytes(&sealed));
        (place.seq, place.prev) = (place.seq + 1, sealed.header_digest);
    }
    // All of them once more in one packet, with other bytes: none of the first ones may be taken for them.
    let all: Vec<_> =
        names.iter().enumerate().map(|(index, name)| forge::file(name, format!("again {index}").as_bytes())).collect();
    let sealed = forge::packet(&world.outer, &world.inner, &place, &all);
    world.inward.put(&world.inner, None, &forge::bytes(&sealed));
    world.inner.step().unwrap();
    let in_sink = world.inner.files.tree(&sink);
    let visible: Vec<&String> = in_sink.iter().filter(|path| !path.starts_with(".staging/")).collect();
    assert_eq!(visible.len(), names.len(), "{visible:#?}");
    for path in &visible {
        assert!(path.len() <= 1024 && path.split('/').all(|part| !part.starts_with('.') && part.len() <= 255), "{path}");
        let body = world.inner.files.get(sink.join(path)).unwrap();
        assert!(body.starts_with(b"body "), "{path} was overwritten");
    }
    let own = ["inner/log/", "inner/spool/", "inner/arrived/"];
    let outside = world.inner.files.tree("/").into_iter().filter(|path| !before.contains(path));
    let outside: Vec<String> = outside.filter(|path| !own.iter().any(|own| path.starts_with(own))).collect();
    assert_eq!(outside, Vec::<String>::new());
    // Two names that a share would take for one never stand beside each other under such names.
    let folded: BTreeSet<String> = visible.iter().map(|path| dukou_shared::connectors::folder::names::folded(path)).collect();
    assert_eq!(folded.len(), visible.len(), "{visible:#?}");
    while world.inner_consumer.take(&world.inner.files, 1.0) > 0 {
        world.inner.step().unwrap();
    }
    let mut bodies: Vec<_> = world.inner_consumer.taken().into_iter().map(|taken| taken.digest).collect();
    let body = |index: usize| ["body", "again"].map(|word| sha256(&[format!("{word} {index}").as_bytes()]));
    let mut expected: Vec<_> = (0..names.len()).flat_map(body).collect();
    bodies.sort_unstable();
    expected.sort_unstable();
    assert_eq!(bodies, expected);
    verdict::log_verifies(&world.inner).unwrap();
}

#[test]
fn a_name_that_windows_forbids_arrives_under_its_safe_form() {
    let mut world = World::new(66);
    for file in ["CON.xml", "a:b", "zwei  ", "~x", "Upper", "upper"] {
        world.outer_supplier.drop_file(&world.outer, FILES, file);
    }
    world.settle().unwrap();
    let mut came = world.inner_consumer.names(&name(FILES));
    came.sort_unstable();
    assert_eq!(came.len(), 6);
    for file in ["CON.xml", "a:b", "zwei  ", "~x"] {
        assert!(came.contains(&safe_path(file).to_string()), "{file}: {came:?}");
    }
    assert!(came.contains(&"Upper".to_string()) && !came.contains(&"upper".to_string()), "{came:?}");
}

#[test]
fn a_consumer_that_removes_its_folders_still_gets_every_file() {
    let mut world = World::new(67);
    let sink = world.inner.sink(&name(FILES));
    for day in 0..4 {
        for index in 0..3 {
            world.outer_supplier.drop_file(&world.outer, FILES, &format!("in/der/{day}-{index}"));
        }
        world.settle().unwrap();
        world.inner.files.remove(sink.join("in"));
        if day == 2 {
            world.inner.files.remove(sink.join(".staging"));
        }
    }
    world.settle_and_check().unwrap();
}

#[test]
fn a_consumer_that_takes_some_files_at_random_between_any_two_operations_gets_each_once() {
    for seed in 0..6 {
        let mut world = World::new(seed);
        let consumer = world.inner_consumer.clone();
        world.inner.hook.set(Some(Box::new(move |files| {
            consumer.take(files, 0.3);
        })));
        for day in 0..5 {
            world.drop_mixture(&format!("D{}", day % 2));
            world.outer.step().unwrap();
            world.inward.take(&world.outer);
            world.inward.deliver_some(&world.inner, |_| true);
            world.inner.step().unwrap();
        }
        world.settle().unwrap();
        // Files of one name follow each other in order; beyond that, who takes at random sees no order.
        let taken = world.inner_consumer.taken();
        let arrived = world.outer_supplier.dropped.iter().filter(|file| file.fate == Fate::Arrives);
        let mut due: Vec<_> = arrived.map(|file| (file.channel.clone(), file.name.clone(), file.digest)).collect();
        let mut came: Vec<_> = taken.into_iter().map(|taken| (taken.channel, taken.name, taken.digest)).collect();
        let by_name = |list: &mut Vec<(_, String, _)>| list.sort_by(|one, other| one.1.cmp(&other.1));
        by_name(&mut due);
        by_name(&mut came);
        assert_eq!(came, due, "seed {seed}");
    }
}

/// What can be wrong with a sink folder for a while: how it begins and how it ends.
type Ill = (fn(&SimFiles, &Path), fn(&SimFiles, &Path));

fn aside_of(sink: &Path) -> std::path::PathBuf {
    sink.with_file_name("moved away")
}

const ILLS: [Ill; 4] = [
    (
        |files, sink| {
            files.rename(sink, aside_of(sink));
            files.put(sink, b"a file");
        },
        |files, sink| {
            files.remove(sink);
            files.rename(aside_of(sink), sink);
        },
    ),
    (|files, sink| files.set_read_only(sink, true), |files, sink| files.set_read_only(sink, false)),
    (|files, sink| files.limit(sink, Some(1)), |files, sink| files.limit(sink, None)),
    (
        |files, sink| {
            files.rename(sink, aside_of(sink));
            files.put_special(sink);
        },
        |files, sink| {
            files.remove(sink);
            files.rename(aside_of(sink), sink);
        },
    ),
];

#[test]
fn an_ill_sink_holds_up_its_channel_alone_and_mends_by_itself() {
    for (index, (begin, end)) in ILLS.into_iter().enumerate() {
        let mut world = World::new(68);
        let sink = world.inner.sink(&name(FILES));
        if (1..3).contains(&index) {
            world.inner.files.mount(&sink);
        }
        world.drop_mixture("A");
        world.settle().unwrap();
        begin(&world.inner.files, &sink);
        world.drop_mixture("B");
        world.outer.step().unwrap();
        world.inward.carry(&world.outer, &world.inner, &Weather::FAIR);
        for _ in 0..3 {
            let report = world.inner.step().unwrap_or_else(|fault| panic!("ill {index} ended the engine: {fault}"));
            assert_eq!(report.troubles.len(), 1, "ill {index}: {:?}", report.troubles);
        }
        world.inner_consumer.take(&world.inner.files, 1.0);
        assert!(
            world.inner_consumer.names(&name(REPORTS)).contains(&"B0_a.xml".to_string()),
            "ill {index}: another channel waited"
        );
        assert!(world.outward.take(&world.inner) > 0, "ill {index}: nothing was sent");
        world.outward.deliver_some(&world.outer, |_| true);
        end(&world.inner.files, &sink);
        world.settle_and_check().unwrap_or_else(|broken| panic!("ill {index}: {broken}"));
    }
}

#[test]
fn a_sink_that_is_taken_away_before_its_files_are_in_place_is_never_taken_for_delivered() {
    let mut world = World::new(69);
    let sink = world.inner.sink(&name(FILES));
    world.outer_supplier.drop_as(&world.outer, FILES, "a", b"old", Fate::Arrives);
    arrive(&mut world);
    // The second one waits for the first to be taken, and all behind it waits, too.
    world.outer_supplier.drop_as(&world.outer, FILES, "a", b"new", Fate::Arrives);
    world.outer_supplier.drop_as(&world.outer, FILES, "b", b"1", Fate::Arrives);
    arrive(&mut world);
    for restart in [false, true] {
        world.inner.files.rename(&sink, aside_of(&sink));
        if restart {
            world.inner.crash();
        }
        let report = world.inner.step().unwrap();
        assert_eq!(report.troubles.len(), 1, "{:?}", report.troubles);
        assert_eq!(report.packets_in, 0);
        world.inner.files.remove(&sink);
        world.inner.files.rename(aside_of(&sink), &sink);
    }
    world.settle_and_check().unwrap();
}

/// Lets packets arrive with one file in each of the folders, and counts the receiver's syncs.
fn syncs_for(world: &mut World, folders: std::ops::Range<u32>) -> usize {
    for folder in folders {
        world.outer_supplier.drop_file(&world.outer, FILES, &format!("all/{folder:02}/a"));
    }
    let before = world.inner.files.history().len();
    arrive(world);
    world.inner.files.history().into_iter().skip(before).filter(|op| *op == FileOp::Sync).count()
}

#[test]
fn new_folders_share_the_syncs_of_the_folder_that_holds_them() {
    let mut world = World::new(69);
    world.inner.step().unwrap();
    let (one, many) = (syncs_for(&mut world, 0..1), syncs_for(&mut world, 1..61));
    println!("{one} syncs for a packet into one new folder, {many} for small packets into 60");
    // One by one each folder costs its own sync, and one more of the folders above it when it is made.
    assert!((60..120).contains(&many), "{one}, {many}");
    world.settle_and_check().unwrap();
}
