//! What every implementation of [`Files`](crate::seams::Files) promises.

use std::path::Path;

use super::{World, refused};
use crate::seams::real_files::{INVALID, TOO_BIG};
use crate::seams::{FileCause, FileFault, Ownership, Walked};

const NO_OWNER: Ownership = Ownership { uid: None, gid: None, mode: None };

fn names(world: &dyn World, below: &str) -> Vec<String> {
    world.files().list(&world.at(below)).expect("a list")
}

fn walked(world: &dyn World, below: &str) -> Result<Vec<String>, FileFault> {
    let mut names = Vec::new();
    world.files().walk(&world.at(below), &mut |walked: Walked| {
        names.push(walked.name.expect("UTF-8"));
        true
    })?;
    names.sort();
    Ok(names)
}

pub(super) fn a_new_file_has_all_its_parts(world: &dyn World) {
    let many: Vec<Vec<u8>> = (0..40u8).map(|part| vec![part; usize::from(part % 3)]).collect();
    let parts: Vec<&[u8]> = many.iter().map(Vec::as_slice).collect();
    world.files().write_new(&world.at("many"), &parts, &NO_OWNER).unwrap();
    world.files().write_new(&world.at("none"), &[], &NO_OWNER).unwrap();
    world.files().write_new(&world.at("empty"), &[b"", b""], &NO_OWNER).unwrap();
    assert_eq!(world.get("many"), Some(many.concat()));
    assert_eq!(world.get("none"), Some(Vec::new()));
    assert_eq!(world.get("empty"), Some(Vec::new()));
}

pub(super) fn a_new_file_is_never_written_over_another(world: &dyn World) {
    world.put("a", b"first");
    assert_eq!(refused(world.files().write_new(&world.at("a"), &[b"second"], &NO_OWNER)), FileCause::Exists);
    assert_eq!(refused(world.files().create(&world.at("a"))), FileCause::Exists);
    assert_eq!(world.get("a").as_deref(), Some(&b"first"[..]));
}

pub(super) fn a_new_file_needs_its_directory(world: &dyn World) {
    assert_eq!(refused(world.files().write_new(&world.at("no/a"), &[b"x"], &NO_OWNER)), FileCause::NotFound);
    assert_eq!(refused(world.files().create(&world.at("no/a"))), FileCause::NotFound);
    assert_eq!(refused(world.files().append(&world.at("no/a"))), FileCause::NotFound);
    assert_eq!(refused(world.files().replace(&world.at("no/a"), b"x")), FileCause::NotFound);
}

pub(super) fn a_name_of_255_bytes_is_taken_and_one_of_256_is_not(world: &dyn World) {
    let long = "名".repeat(85);
    assert_eq!(long.len(), 255);
    world.files().write_new(&world.at(&long), &[b"x"], &NO_OWNER).unwrap();
    world.files().replace(&world.at(&long), b"y").unwrap();
    assert_eq!(world.get(&long).as_deref(), Some(&b"y"[..]));
    let longer = world.at(&format!("{long}x"));
    assert_eq!(refused(world.files().write_new(&longer, &[b"x"], &NO_OWNER)), FileCause::NameTooLong);
    assert_eq!(refused(world.files().stat(&longer)), FileCause::NameTooLong);
}

pub(super) fn a_created_file_is_written_and_synced(world: &dyn World) {
    let mut file = world.files().create(&world.at("a")).unwrap();
    file.write(b"one ").unwrap();
    file.sync().unwrap();
    file.write(b"").unwrap();
    file.write(b"two").unwrap();
    assert_eq!(world.get("a").as_deref(), Some(&b"one two"[..]));
}

pub(super) fn an_append_makes_the_file_and_goes_on_at_its_end(world: &dyn World) {
    world.files().append(&world.at("log")).unwrap().write(b"one\n").unwrap();
    let mut log = world.files().append(&world.at("log")).unwrap();
    log.write(b"two\n").unwrap();
    world.files().truncate(&world.at("log"), 4).unwrap();
    log.write(b"2\n").unwrap();
    assert_eq!(world.get("log").as_deref(), Some(&b"one\n2\n"[..]));
}

pub(super) fn an_append_to_a_directory_is_refused(world: &dyn World) {
    world.mkdir("d");
    assert_eq!(refused(world.files().append(&world.at("d"))), FileCause::NotRegular);
    assert_eq!(refused(world.files().truncate(&world.at("d"), 0)), FileCause::NotRegular);
}

pub(super) fn an_open_file_reads_at_any_offset(world: &dyn World) {
    world.put("a", b"0123456789");
    let file = world.files().open(&world.at("a")).unwrap();
    let mut out = [0; 4];
    assert_eq!(file.read_at(3, &mut out), Ok(4));
    assert_eq!(&out, b"3456");
    assert_eq!(file.read_at(8, &mut out), Ok(2));
    assert_eq!(&out[..2], b"89");
    assert_eq!(file.read_at(10, &mut out), Ok(0));
    assert_eq!(file.read_at(1 << 40, &mut out), Ok(0));
    assert_eq!(file.read_at(0, &mut []), Ok(0));
}

pub(super) fn an_open_file_outlives_its_name(world: &dyn World) {
    world.put("a", b"first");
    let file = world.files().open(&world.at("a")).unwrap();
    world.remove("a");
    world.put("a", b"other file");
    let mut out = [0; 10];
    assert_eq!(file.read_at(0, &mut out), Ok(5));
    assert_eq!(file.stat().unwrap().len, 5);
    assert_ne!(file.stat().unwrap().inode, world.files().stat(&world.at("a")).unwrap().unwrap().inode);
}

pub(super) fn an_open_file_sees_what_is_appended_meanwhile(world: &dyn World) {
    world.put("a", b"12");
    let file = world.files().open(&world.at("a")).unwrap();
    world.files().append(&world.at("a")).unwrap().write(b"34").unwrap();
    assert_eq!(file.stat().unwrap().len, 4);
    assert_eq!(file.read_at(2, &mut [0; 8]), Ok(2));
}

pub(super) fn a_missing_file_is_not_found(world: &dyn World) {
    let path = world.at("a");
    assert_eq!(refused(world.files().open(&path)), FileCause::NotFound);
    assert_eq!(refused(world.files().read(&path, 9)), FileCause::NotFound);
    assert_eq!(refused(world.files().truncate(&path, 0)), FileCause::NotFound);
    assert_eq!(refused(world.files().own(&path, &NO_OWNER)), FileCause::NotFound);
    assert_eq!(world.files().stat(&path), Ok(None));
    assert_eq!(world.files().stat(&world.at("no/a")), Ok(None));
    let fault = world.files().read(&path, 9).unwrap_err();
    assert_eq!(fault.path, path);
}

pub(super) fn a_directory_is_not_opened_as_a_file(world: &dyn World) {
    world.mkdir("d");
    assert_eq!(refused(world.files().open(&world.at("d"))), FileCause::NotRegular);
    assert_eq!(refused(world.files().read(&world.at("d"), 9)), FileCause::NotRegular);
    assert_eq!(refused(world.files().remove(&world.at("d"))), FileCause::NotRegular);
}

pub(super) fn a_file_in_the_middle_of_a_path_is_named_as_such(world: &dyn World) {
    world.put("f", b"");
    let path = world.at("f/a");
    assert_eq!(refused(world.files().open(&path)), FileCause::NotDirectory);
    assert_eq!(refused(world.files().stat(&path)), FileCause::NotDirectory);
    assert_eq!(refused(world.files().write_new(&path, &[b"x"], &NO_OWNER)), FileCause::NotDirectory);
    assert_eq!(refused(world.files().remove(&path)), FileCause::NotDirectory);
    assert_eq!(refused(world.files().make_dirs(&path)), FileCause::NotDirectory);
}

pub(super) fn a_read_stops_at_its_limit(world: &dyn World) {
    world.put("a", b"12345");
    assert_eq!(world.files().read(&world.at("a"), 5), Ok(b"12345".to_vec()));
    assert_eq!(world.files().read(&world.at("a"), u64::MAX), Ok(b"12345".to_vec()));
    assert_eq!(refused(world.files().read(&world.at("a"), 4)), TOO_BIG);
    assert_eq!(refused(world.files().read(&world.at("a"), 0)), TOO_BIG);
}

pub(super) fn a_cut_shortens_and_never_lengthens(world: &dyn World) {
    world.put("a", b"12345");
    world.files().truncate(&world.at("a"), 5).unwrap();
    assert_eq!(refused(world.files().truncate(&world.at("a"), 6)), INVALID);
    world.files().truncate(&world.at("a"), 2).unwrap();
    assert_eq!(world.get("a").as_deref(), Some(&b"12"[..]));
}

pub(super) fn a_replacement_is_whole_and_leaves_nothing_beside_it(world: &dyn World) {
    world.mkdir("d");
    world.files().replace(&world.at("d/a"), b"one").unwrap();
    let old = world.files().open(&world.at("d/a")).unwrap();
    world.files().replace(&world.at("d/a"), b"another").unwrap();
    assert_eq!(world.get("d/a").as_deref(), Some(&b"another"[..]));
    assert_eq!(old.stat().unwrap().len, 3);
    assert_eq!(names(world, "d"), ["a"]);
}

pub(super) fn a_replacement_clears_what_a_crash_left(world: &dyn World) {
    world.put("d/.a.part", b"half");
    world.files().replace(&world.at("d/a"), b"whole").unwrap();
    assert_eq!(world.get("d/a").as_deref(), Some(&b"whole"[..]));
    assert_eq!(names(world, "d"), ["a"]);
}

pub(super) fn a_directory_is_never_replaced_by_a_file(world: &dyn World) {
    world.mkdir("d/a");
    assert_eq!(refused(world.files().replace(&world.at("d/a"), b"x")), FileCause::NotRegular);
    assert_eq!(names(world, "d"), ["a"]);
}

pub(super) fn a_rename_never_replaces(world: &dyn World) {
    world.put("a", b"a");
    world.put("b", b"b");
    world.mkdir("d");
    let fault = world.files().rename_new(&world.at("a"), &world.at("b")).unwrap_err();
    assert_eq!((fault.cause, fault.path), (FileCause::Exists, world.at("b")));
    assert_eq!(refused(world.files().rename_new(&world.at("a"), &world.at("d"))), FileCause::Exists);
    assert_eq!(refused(world.files().rename_new(&world.at("d"), &world.at("a"))), FileCause::Exists);
    world.files().rename_new(&world.at("a"), &world.at("d/a")).unwrap();
    assert_eq!((world.get("a"), world.get("d/a").as_deref()), (None, Some(&b"a"[..])));
    assert_eq!(world.get("b").as_deref(), Some(&b"b"[..]));
}

pub(super) fn a_rename_moves_whole_directories(world: &dyn World) {
    world.put("d/x/a", b"a");
    world.files().rename_new(&world.at("d/x"), &world.at("y")).unwrap();
    assert_eq!(world.get("y/a").as_deref(), Some(&b"a"[..]));
    assert_eq!(refused(world.files().rename_new(&world.at("y"), &world.at("y/z"))), INVALID);
}

pub(super) fn a_rename_of_nothing_is_not_found(world: &dyn World) {
    world.put("a", b"a");
    assert_eq!(refused(world.files().rename_new(&world.at("no"), &world.at("b"))), FileCause::NotFound);
    assert_eq!(refused(world.files().rename_new(&world.at("a"), &world.at("no/b"))), FileCause::NotFound);
    assert_eq!(world.get("a").as_deref(), Some(&b"a"[..]));
}

pub(super) fn a_removal_says_whether_there_was_something(world: &dyn World) {
    world.put("a", b"a");
    assert_eq!(world.files().remove(&world.at("a")), Ok(true));
    assert_eq!(world.files().remove(&world.at("a")), Ok(false));
    assert_eq!(world.files().remove(&world.at("no/a")), Ok(false));
}

pub(super) fn only_an_empty_directory_is_removed(world: &dyn World) {
    world.put("d/a", b"a");
    assert_eq!(world.files().remove_dir(&world.at("d")), Ok(false));
    world.remove("d/a");
    assert_eq!(world.files().remove_dir(&world.at("d")), Ok(true));
    assert_eq!(world.files().remove_dir(&world.at("d")), Ok(false));
    world.put("f", b"");
    assert_eq!(refused(world.files().remove_dir(&world.at("f"))), FileCause::NotDirectory);
}

pub(super) fn directories_are_made_with_their_parents(world: &dyn World) {
    world.files().make_dirs(&world.at("a/b/c")).unwrap();
    world.files().make_dirs(&world.at("a/b/c")).unwrap();
    world.files().make_dirs(&world.at("a/b")).unwrap();
    world.files().write_new(&world.at("a/b/c/f"), &[b"f"], &NO_OWNER).unwrap();
    assert_eq!(names(world, "a/b"), ["c"]);
    assert!(!world.files().stat(&world.at("a/b/c")).unwrap().unwrap().is_file);
}

pub(super) fn directories_made_without_syncs_are_made_with_their_parents(world: &dyn World) {
    world.files().make_dirs_unsynced(&world.at("a/b/c")).unwrap();
    world.files().make_dirs_unsynced(&world.at("a/b/c")).unwrap();
    world.files().write_new(&world.at("a/b/c/f"), &[b"f"], &NO_OWNER).unwrap();
    assert_eq!(names(world, "a/b"), ["c"]);
    world.put("f", b"");
    assert_eq!(refused(world.files().make_dirs_unsynced(&world.at("f"))), FileCause::NotDirectory);
}

pub(super) fn a_file_is_no_directory(world: &dyn World) {
    world.put("f", b"");
    let path = world.at("f");
    assert_eq!(refused(world.files().make_dirs(&path)), FileCause::NotDirectory);
    assert_eq!(refused(world.files().list(&path)), FileCause::NotDirectory);
    assert_eq!(refused(world.files().sync_dir(&path)), FileCause::NotDirectory);
    assert_eq!(refused(walked(world, "f")), FileCause::NotDirectory);
}

pub(super) fn a_list_is_sorted_and_a_missing_directory_is_a_fault(world: &dyn World) {
    for name in ["b", "a", ".c", "名"] {
        world.put(&format!("d/{name}"), b"");
    }
    world.mkdir("d/B");
    assert_eq!(names(world, "d"), [".c", "B", "a", "b", "名"]);
    assert_eq!(refused(world.files().list(&world.at("no"))), FileCause::NotFound);
}

pub(super) fn a_walk_visits_regular_files_at_any_depth_and_no_dot_names(world: &dyn World) {
    for name in ["a", "x/b", "x/y/z/c", "x/名/d", ".hidden", "x/.part", ".dir/e", "x/.dir/f"] {
        world.put(&format!("r/{name}"), name.as_bytes());
    }
    world.mkdir("r/empty");
    assert_eq!(walked(world, "r").unwrap(), ["a", "x/b", "x/y/z/c", "x/名/d"]);
    let mut seen = 0;
    let check = &mut |found: Walked| {
        let name = found.name.unwrap();
        assert!(found.stat.is_file);
        assert_eq!(found.stat.len, name.len() as u64);
        assert_eq!(world.files().stat(&world.at("r").join(name)), Ok(Some(found.stat)));
        seen += 1;
        true
    };
    world.files().walk(&world.at("r"), check).unwrap();
    assert_eq!(seen, 4);
}

pub(super) fn a_walk_stops_when_the_visitor_has_had_enough(world: &dyn World) {
    for name in ["a", "b/c", "b/d", "e"] {
        world.put(&format!("r/{name}"), b"");
    }
    for enough in 1..=4 {
        let mut seen = 0;
        let count = &mut |_: Walked| {
            seen += 1;
            seen < enough
        };
        world.files().walk(&world.at("r"), count).unwrap();
        assert_eq!(seen, enough);
    }
}

pub(super) fn a_walk_from_a_missing_root_is_a_fault(world: &dyn World) {
    assert_eq!(refused(walked(world, "no")), FileCause::NotFound);
}

pub(super) fn a_walk_lets_the_visitor_use_the_files(world: &dyn World) {
    world.put("r/a", b"");
    world.put("r/b", b"");
    let mut removed = 0;
    let remove = &mut |found: Walked| {
        removed += usize::from(world.files().remove(&world.at("r").join(found.name.unwrap())).unwrap());
        true
    };
    world.files().walk(&world.at("r"), remove).unwrap();
    assert_eq!(removed, 2);
    assert_eq!(walked(world, "r").unwrap(), [""; 0]);
}

pub(super) fn syncs_of_what_is_there_succeed_and_of_what_is_not_fail(world: &dyn World) {
    world.put("d/a", b"a");
    world.files().sync_dir(&world.at("d")).unwrap();
    world.files().sync_fs(&world.at("d")).unwrap();
    world.files().sync_fs(&world.at("d/a")).unwrap();
    assert_eq!(refused(world.files().sync_dir(&world.at("no"))), FileCause::NotFound);
    assert_eq!(refused(world.files().sync_fs(&world.at("no"))), FileCause::NotFound);
}

pub(super) fn stat_tells_files_from_directories(world: &dyn World) {
    world.put("d/a", b"abc");
    let file = world.files().stat(&world.at("d/a")).unwrap().unwrap();
    assert_eq!((file.len, file.is_file), (3, true));
    let dir = world.files().stat(&world.at("d")).unwrap().unwrap();
    assert!(!dir.is_file);
    assert_ne!(file.inode, dir.inode);
}

pub(super) fn a_placed_file_is_there_at_once_and_alone(world: &dyn World) {
    let ferry = world.ferry("ferry");
    ferry.place("a.dkp", &[b"head", b"", b"body"]).unwrap();
    ferry.place("b.dkp", &[]).unwrap();
    assert_eq!(world.get("ferry/a.dkp").as_deref(), Some(&b"headbody"[..]));
    assert_eq!(names(world, "ferry"), ["a.dkp", "b.dkp"]);
    ferry.sync().unwrap();
    ferry.sync().unwrap();
    let opened = ferry.open("a.dkp").unwrap();
    assert_eq!(opened.stat().unwrap().len, 8);
}

pub(super) fn a_placed_file_never_replaces(world: &dyn World) {
    let ferry = world.ferry("ferry");
    world.put("ferry/a", b"first");
    world.mkdir("ferry/d");
    assert_eq!(refused(ferry.place("a", &[b"second"])), FileCause::Exists);
    assert_eq!(refused(ferry.place("d", &[b"second"])), FileCause::Exists);
    assert_eq!(world.get("ferry/a").as_deref(), Some(&b"first"[..]));
    assert_eq!(names(world, "ferry"), ["a", "d"]);
}

pub(super) fn a_placed_file_may_have_a_name_of_255_bytes(world: &dyn World) {
    let ferry = world.ferry("ferry");
    let long = "n".repeat(255);
    ferry.place(&long, &[b"x"]).unwrap();
    assert_eq!(ferry.open(&long).unwrap().stat().unwrap().len, 1);
    assert_eq!(refused(ferry.place(&"n".repeat(256), &[b"x"])), FileCause::NameTooLong);
    assert_eq!(names(world, "ferry"), [long]);
}

pub(super) fn a_placement_clears_what_a_crash_left(world: &dyn World) {
    let ferry = world.ferry("ferry");
    world.put("ferry/.a.part", b"half");
    ferry.place("a", &[b"whole"]).unwrap();
    assert_eq!(world.get("ferry/a").as_deref(), Some(&b"whole"[..]));
}

pub(super) fn a_ferry_name_is_one_plain_name(world: &dyn World) {
    let ferry = world.ferry("ferry");
    world.put("a", b"outside");
    world.put("ferry/d/a", b"below");
    for name in ["", ".", "..", "../a", "d/a", "/a", "a\0b", "d/"] {
        assert_eq!(refused(ferry.open(name)), INVALID, "{name:?}");
        assert_eq!(refused(ferry.place(name, &[b"x"])), INVALID, "{name:?}");
        assert_eq!(refused(ferry.remove(name)), INVALID, "{name:?}");
        assert_eq!(refused(ferry.move_out(name, &world.at("out"), 9)), INVALID, "{name:?}");
    }
    assert_eq!(world.get("a").as_deref(), Some(&b"outside"[..]));
}

pub(super) fn a_ferry_list_is_sorted_and_limited(world: &dyn World) {
    let ferry = world.ferry("ferry");
    for name in ["c", "a", "d", ".b"] {
        world.put(&format!("ferry/{name}"), name.as_bytes());
    }
    world.mkdir("ferry/b");
    let all = ferry.list(&|_| true, 9).unwrap();
    let shown: Vec<_> = all.entries.iter().map(|(name, stat)| (name.as_str(), stat.is_file)).collect();
    assert_eq!(shown, [(".b", true), ("a", true), ("b", false), ("c", true), ("d", true)]);
    assert_eq!(all.uncounted, 0);
    let first = ferry.list(&|_| true, 2).unwrap();
    assert_eq!(first.entries, all.entries[..2]);
    assert_eq!(first.uncounted, 3);
    let wanted = ferry.list(&|name| name == first.entries[0].0, 9).unwrap();
    assert_eq!((wanted.entries.len(), wanted.uncounted), (1, 4));
    assert_eq!((ferry.list(&|_| true, 0).unwrap().entries.len(), ferry.list(&|_| true, 0).unwrap().uncounted), (0, 5));
    let files: Vec<_> = all.entries.iter().filter(|(_, stat)| stat.is_file).cloned().collect();
    let (mut paged, mut after) = (Vec::new(), String::new());
    loop {
        let page = ferry.page(&|_| true, &after, 1).unwrap();
        assert_eq!(page.others, 5 - files.len() as u64);
        after = page.entries.last().map_or(after, |(name, _)| name.clone());
        paged.extend(page.entries);
        if !page.more {
            break;
        }
    }
    assert_eq!(paged, files);
}

pub(super) fn a_ferry_directory_opens_only_regular_files(world: &dyn World) {
    let ferry = world.ferry("ferry");
    world.mkdir("ferry/d");
    assert_eq!(refused(ferry.open("d")), FileCause::NotRegular);
    assert_eq!(refused(ferry.open("no")), FileCause::NotFound);
    assert_eq!(refused(ferry.remove("d")), FileCause::NotRegular);
}

pub(super) fn a_ferry_directory_stays_itself_when_its_path_is_swapped(world: &dyn World) {
    let ferry = world.ferry("ferry");
    ferry.place("mine", &[b"x"]).unwrap();
    world.rename("ferry", "moved");
    world.put("ferry/theirs", b"y");
    assert_eq!(refused(ferry.open("theirs")), FileCause::NotFound);
    assert_eq!(ferry.list(&|_| true, 9).unwrap().entries.len(), 1);
    ferry.place("second", &[b"z"]).unwrap();
    ferry.sync().unwrap();
    assert_eq!(names(world, "moved"), ["mine", "second"]);
    assert_eq!(names(world, "ferry"), ["theirs"]);
}

pub(super) fn a_removed_ferry_directory_is_a_fault_and_not_empty(world: &dyn World) {
    let ferry = world.ferry("ferry");
    world.remove("ferry");
    assert_eq!(refused(ferry.list(&|_| true, 9)), FileCause::NotFound);
    assert_eq!(refused(ferry.place("a", &[b"x"])), FileCause::NotFound);
    assert_eq!(refused(world.files().ferry_dir(&world.at("ferry"))), FileCause::NotFound);
}

pub(super) fn a_ferry_removal_says_whether_there_was_something(world: &dyn World) {
    let ferry = world.ferry("ferry");
    ferry.place("a", &[b"x"]).unwrap();
    assert_eq!(ferry.remove("a"), Ok(true));
    assert_eq!(ferry.remove("a"), Ok(false));
}

pub(super) fn a_file_moves_out_of_the_ferry_directory(world: &dyn World) {
    let ferry = world.ferry("ferry");
    world.mkdir("aside");
    ferry.place("a", &[b"bytes"]).unwrap();
    ferry.move_out("a", &world.at("aside/b"), 9).unwrap();
    assert_eq!(world.get("aside/b").as_deref(), Some(&b"bytes"[..]));
    assert_eq!(ferry.list(&|_| true, 9).unwrap().entries.len(), 0);
    assert_eq!(refused(ferry.move_out("a", &world.at("aside/c"), 9)), FileCause::NotFound);
}

pub(super) fn a_file_never_moves_out_over_another(world: &dyn World) {
    let ferry = world.ferry("ferry");
    world.put("aside/a", b"first");
    ferry.place("a", &[b"second"]).unwrap();
    let fault = ferry.move_out("a", &world.at("aside/a"), 9).unwrap_err();
    assert_eq!((fault.cause, fault.path), (FileCause::Exists, world.at("aside/a")));
    assert_eq!(refused(ferry.move_out("a", &world.at("no/a"), 9)), FileCause::NotFound);
    assert_eq!(world.get("aside/a").as_deref(), Some(&b"first"[..]));
    assert_eq!(world.get("ferry/a").as_deref(), Some(&b"second"[..]));
}

pub(super) fn a_directory_does_not_move_out(world: &dyn World) {
    let ferry = world.ferry("ferry");
    world.put("ferry/d/a", b"x");
    assert_eq!(refused(ferry.move_out("d", &world.at("d"), 9)), FileCause::NotRegular);
    assert_eq!(world.get("ferry/d/a").as_deref(), Some(&b"x"[..]));
}

pub(super) fn a_ferry_directory_must_be_a_directory(world: &dyn World) {
    world.put("f", b"");
    assert_eq!(refused(world.files().ferry_dir(&world.at("f"))), FileCause::NotDirectory);
    assert_eq!(refused(world.files().ferry_dir(Path::new(&world.at("no")))), FileCause::NotFound);
}
