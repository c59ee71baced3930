//! What only a real file system can show: links, FIFOs, devices, odd names, owners, other file systems.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use rustix::fs::{CWD, Mode, OFlags};

use super::{NO_OFFERS, RealWorld, World, refused};
use crate::seams::real_files::{Offers, TOO_BIG, dot_name};
use crate::seams::{FileCause, Files, Ownership, Walked};

const NO_OWNER: Ownership = Ownership { uid: None, gid: None, mode: None };

fn fifo(path: &Path) {
    rustix::fs::mkfifoat(CWD, path, Mode::from_raw_mode(0o600)).expect("a FIFO");
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).expect("metadata").permissions().mode() & 0o7777
}

/// Puts one of each thing that is no regular file into a directory and gives their names.
fn put_traps(world: &RealWorld, dir: &str) -> Vec<&'static str> {
    world.put("secret", b"not for this");
    world.mkdir(&format!("{dir}/directory"));
    let at = |name: &str| world.at(dir).join(name);
    symlink(world.at("secret"), at("link")).unwrap();
    symlink("/nowhere", at("dangling")).unwrap();
    symlink("loop", at("loop")).unwrap();
    symlink("/dev/zero", at("device")).unwrap();
    fifo(&at("fifo"));
    let _socket = UnixListener::bind(at("socket")).unwrap();
    vec!["directory", "link", "dangling", "loop", "device", "fifo", "socket"]
}

#[test]
fn nothing_but_a_regular_file_is_opened() {
    let world = RealWorld::new();
    for name in put_traps(&world, "d") {
        let path = world.at("d").join(name);
        assert_eq!(refused(world.files.open(&path)), FileCause::NotRegular, "{name}");
        assert_eq!(refused(world.files.read(&path, 99)), FileCause::NotRegular, "{name}");
        assert_eq!(refused(world.files.append(&path)), FileCause::NotRegular, "{name}");
        assert_eq!(refused(world.files.truncate(&path, 0)), FileCause::NotRegular, "{name}");
        assert_eq!(refused(world.files.create(&path)), FileCause::Exists, "{name}");
        assert!(!world.files.stat(&path).unwrap().unwrap().is_file, "{name}");
    }
    assert_eq!(world.get("secret").as_deref(), Some(&b"not for this"[..]));
    assert_eq!(refused(world.files.open(Path::new("/dev/null"))), FileCause::NotRegular);
}

#[test]
fn nothing_but_a_regular_file_is_picked_up() {
    let world = RealWorld::new();
    let ferry = world.ferry("ferry");
    for name in put_traps(&world, "ferry") {
        assert_eq!(refused(ferry.open(name)), FileCause::NotRegular, "{name}");
        assert_eq!(refused(ferry.move_out(name, &world.at("out"), 99)), FileCause::NotRegular, "{name}");
        assert_eq!(refused(ferry.place(name, &[b"x"])), FileCause::Exists, "{name}");
    }
    assert!(ferry.list(&|_| true, 99).unwrap().entries.iter().all(|(_, stat)| !stat.is_file));
    assert_eq!(ferry.remove("link"), Ok(true));
    assert_eq!(world.get("secret").as_deref(), Some(&b"not for this"[..]));
}

#[test]
fn a_hard_link_in_the_ferry_directory_is_not_picked_up() {
    let world = RealWorld::new();
    let ferry = world.ferry("ferry");
    world.put("secret", b"not for this");
    fs::hard_link(world.at("secret"), world.at("ferry/a")).unwrap();
    assert_eq!(refused(ferry.open("a")), FileCause::NotRegular);
    world.remove("secret");
    assert!(ferry.open("a").is_ok());
}

#[test]
fn a_walk_passes_over_all_that_is_not_regular() {
    let world = RealWorld::new();
    put_traps(&world, "r");
    world.put("outside/a", b"");
    symlink(world.at("outside"), world.at("r/elsewhere")).unwrap();
    world.put("r/directory/a", b"");
    let mut names = Vec::new();
    let visit = &mut |found: Walked| {
        names.push(found.name.unwrap());
        true
    };
    world.files.walk(&world.at("r"), visit).unwrap();
    assert_eq!(names, ["directory/a"]);
}

#[test]
fn a_link_in_place_of_a_directory_is_refused_with_and_without_a_slash() {
    let world = RealWorld::new();
    world.put("real/a", b"");
    symlink(world.at("real"), world.at("link")).unwrap();
    for path in [world.at("link"), PathBuf::from(format!("{}/", world.at("link").display())), world.at("link/.")] {
        assert_eq!(refused(world.files.ferry_dir(&path)), FileCause::NotDirectory, "{}", path.display());
        assert_eq!(refused(world.files.walk(&path, &mut |_| true)), FileCause::NotDirectory);
        assert_eq!(refused(world.files.list(&path)), FileCause::NotDirectory);
        assert_eq!(refused(world.files.make_dirs(&path)), FileCause::NotDirectory);
        assert_eq!(refused(world.files.sync_dir(&path)), FileCause::NotDirectory);
    }
    assert_eq!(world.files.list(&world.at("link/../real")), Ok(vec!["a".to_owned()]));
}

#[test]
fn names_that_are_not_utf8_are_shown_counted_or_left_out() {
    let world = RealWorld::new();
    let ferry = world.ferry("r");
    world.mkdir("r");
    let odd = OsStr::from_bytes(b"caf\xe9.xml");
    fs::write(world.at("r").join(odd), b"x").unwrap();
    fs::create_dir(world.at("r").join(OsStr::from_bytes(b"\xff"))).unwrap();
    fs::write(world.at("r").join(OsStr::from_bytes(b"\xff")).join("a"), b"y").unwrap();
    world.put("r/plain", b"");
    let mut odd_ones = Vec::new();
    let visit = &mut |found: Walked| {
        odd_ones.extend(found.name.err());
        true
    };
    world.files.walk(&world.at("r"), visit).unwrap();
    odd_ones.sort_by(|one, other| one.shown.cmp(&other.shown));
    let shown: Vec<&str> = odd_ones.iter().map(|odd| odd.shown.as_str()).collect();
    assert_eq!(shown, ["caf\u{fffd}.xml", "\u{fffd}/a"]);
    assert!(odd_ones.iter().all(|odd| fs::exists(world.at("r").join(&odd.path)).unwrap()));
    assert_eq!(world.files.list(&world.at("r")), Ok(vec!["plain".to_owned()]));
    let listing = ferry.list(&|_| true, 9).unwrap();
    assert_eq!((listing.entries.len(), listing.uncounted), (1, 2));
}

#[test]
fn new_files_get_the_promised_modes() {
    let world = RealWorld::new();
    let ferry = world.ferry("ferry");
    world.files.write_new(&world.at("new"), &[b"x"], &NO_OWNER).unwrap();
    drop(world.files.create(&world.at("created")).unwrap());
    drop(world.files.append(&world.at("appended")).unwrap());
    world.files.replace(&world.at("replaced"), b"x").unwrap();
    world.files.make_dirs(&world.at("made/below")).unwrap();
    ferry.place("placed", &[b"x"]).unwrap();
    let files = ["new", "created", "appended", "replaced", "ferry/placed"].map(|name| mode(&world.at(name)));
    assert_eq!(files, [0o600, 0o600, 0o600, 0o644, 0o644]);
    for made in ["made", "made/below"] {
        let mode = mode(&world.at(made));
        assert!(mode & !0o750 == 0 && mode & 0o700 == 0o700, "{made}: {mode:o} is 0750 less the umask");
    }
}

#[test]
fn a_new_file_has_exactly_the_mode_that_is_asked_for_whatever_the_umask_takes() {
    let world = RealWorld::new();
    for wanted in [0o600, 0o640, 0o644, 0o660, 0o666, 0o4750] {
        let path = world.at(&format!("{wanted:o}"));
        world.files.write_new(&path, &[b"x"], &Ownership { mode: Some(wanted), ..NO_OWNER }).unwrap();
        assert_eq!(mode(&path), wanted);
    }
}

#[test]
fn a_folder_is_looked_up_anew_when_its_path_leads_elsewhere() {
    let world = RealWorld::new();
    let drop = world.at("drop");
    let read = || {
        let mut bytes = [0; 1];
        world.files.open_below(&drop, Path::new("in/a")).unwrap().read_at(0, &mut bytes).unwrap();
        bytes
    };
    fs::create_dir_all(drop.join("in")).unwrap();
    fs::write(drop.join("in/a"), b"1").unwrap();
    assert_eq!(read(), *b"1");
    fs::rename(drop.join("in"), drop.join("old")).unwrap();
    fs::create_dir(drop.join("in")).unwrap();
    fs::write(drop.join("in/a"), b"2").unwrap();
    assert_eq!(read(), *b"2");
    world.files.rename_below(&drop, Path::new("in/a"), &world.at("taken")).unwrap();
    assert_eq!(fs::read(world.at("taken")).unwrap(), b"2");
    assert!(drop.join("old/a").exists());
}

#[test]
fn no_folder_of_a_supplier_stays_open_behind_a_sync_or_a_walk() {
    let world = RealWorld::new();
    let drop = world.at("drop");
    fs::create_dir_all(drop.join("in")).unwrap();
    fs::write(drop.join("in/a"), b"1").unwrap();
    let is_held = || world.files.holds_a_folder();
    world.files.open_below(&drop, Path::new("in/a")).unwrap();
    assert!(is_held());
    world.files.sync_dir(&drop).unwrap();
    assert!(!is_held());
    world.files.open_below(&drop, Path::new("in/a")).unwrap();
    world.files.walk(&drop, &mut |_| true).unwrap();
    assert!(!is_held());
}

#[test]
fn owner_group_and_mode_are_set_as_far_as_given() {
    let world = RealWorld::new();
    let me = fs::metadata(world.dir.path()).unwrap();
    let own = Ownership { uid: Some(me.uid()), gid: Some(me.gid()), mode: Some(0o4750) };
    world.files.write_new(&world.at("a"), &[b"x"], &own).unwrap();
    assert_eq!(mode(&world.at("a")), 0o4750);
    world.files.own(&world.at("a"), &Ownership { mode: Some(0o640), ..NO_OWNER }).unwrap();
    assert_eq!(mode(&world.at("a")), 0o640);
    world.files.own(&world.at("a"), &NO_OWNER).unwrap();
    assert_eq!(mode(&world.at("a")), 0o640);
    world.files.own(&world.at("a"), &Ownership { uid: Some(u32::MAX), ..NO_OWNER }).unwrap();
    assert_eq!(fs::metadata(world.at("a")).unwrap().uid(), me.uid());
}

#[test]
fn ownership_of_a_link_is_refused() {
    let world = RealWorld::new();
    world.put("a", b"");
    fs::set_permissions(world.at("a"), fs::Permissions::from_mode(0o600)).unwrap();
    symlink(world.at("a"), world.at("link")).unwrap();
    let own = Ownership { mode: Some(0o777), ..NO_OWNER };
    assert_eq!(refused(world.files.own(&world.at("link"), &own)), FileCause::NotRegular);
    assert_eq!(mode(&world.at("a")), 0o600);
}

#[test]
fn a_replacement_takes_the_place_of_a_link_and_not_of_its_target() {
    let world = RealWorld::new();
    world.put("target", b"target");
    symlink(world.at("target"), world.at("link")).unwrap();
    world.files.replace(&world.at("link"), b"new").unwrap();
    assert_eq!(world.get("target").as_deref(), Some(&b"target"[..]));
    assert!(fs::symlink_metadata(world.at("link")).unwrap().is_file());
}

#[test]
fn a_link_under_the_dot_name_is_not_written_through() {
    for offers in [Offers::default(), NO_OFFERS] {
        let world = RealWorld::with(offers);
        world.put("target", b"target");
        let ferry = world.ferry("ferry");
        symlink(world.at("target"), world.at("ferry/.a.part")).unwrap();
        ferry.place("a", &[b"packet"]).unwrap();
        world.files.replace(&world.at("ferry/b"), b"b").unwrap();
        assert_eq!(world.get("target").as_deref(), Some(&b"target"[..]));
        assert_eq!(world.get("ferry/a").as_deref(), Some(&b"packet"[..]));
    }
}

#[test]
fn every_way_of_placing_ends_the_same() {
    let all = Offers::default();
    for offers in [
        all,
        Offers { empty_path: false, ..all },
        Offers { proc_link: false, ..all },
        Offers { proc_link: false, empty_path: false, ..all },
        Offers { unnamed: false, ..all },
        Offers { unnamed: false, no_replace: false, ..all },
    ] {
        let world = RealWorld::with(offers);
        let ferry = world.ferry("ferry");
        ferry.place("a", &[b"one", b"two"]).unwrap();
        assert_eq!(refused(ferry.place("a", &[b"three"])), FileCause::Exists, "{offers:?}");
        ferry.sync().unwrap();
        assert_eq!(world.get("ferry/a").as_deref(), Some(&b"onetwo"[..]), "{offers:?}");
        assert_eq!(world.files.list(&world.at("ferry")), Ok(vec!["a".to_owned()]), "{offers:?}");
        assert_eq!(fs::metadata(world.at("ferry/a")).unwrap().nlink(), 1, "{offers:?}");
        assert_eq!(mode(&world.at("ferry/a")), 0o644, "{offers:?}");
    }
}

#[test]
fn more_files_are_placed_before_a_sync_than_are_held_open() {
    let world = RealWorld::new();
    let ferry = world.ferry("ferry");
    for number in 0..200 {
        ferry.place(&format!("{number:03}"), &[b"x"]).unwrap();
    }
    ferry.sync().unwrap();
    assert_eq!(ferry.list(&|_| true, 999).unwrap().entries.len(), 200);
}

#[test]
fn a_link_and_unlink_that_was_interrupted_is_finished() {
    let world = RealWorld::poor();
    world.put("from", b"x");
    fs::hard_link(world.at("from"), world.at("to")).unwrap();
    world.files.rename_new(&world.at("from"), &world.at("to")).unwrap();
    assert_eq!(world.get("from"), None);
    assert_eq!(fs::metadata(world.at("to")).unwrap().nlink(), 1);
}

#[test]
fn a_file_with_two_names_is_not_lost_by_a_rename_onto_itself() {
    let world = RealWorld::poor();
    world.put("a", b"x");
    world.mkdir("d");
    assert_eq!(refused(world.files.rename_new(&world.at("a"), &world.at("a"))), FileCause::Exists);
    fs::hard_link(world.at("a"), world.at("b")).unwrap();
    assert_eq!(refused(world.files.rename_new(&world.at("a"), &world.at("a"))), FileCause::Exists);
    assert_eq!(refused(world.files.rename_new(&world.at("a"), &world.at("d/../a"))), FileCause::Exists);
    assert_eq!(world.get("a").as_deref(), Some(&b"x"[..]));
}

/// Gives a directory on another file system than the temporary directory, where the machine has one.
fn other_file_system(world: &RealWorld) -> Option<tempfile::TempDir> {
    let other = tempfile::tempdir_in("/dev/shm").ok()?;
    let here = fs::metadata(world.dir.path()).ok()?.dev();
    (fs::metadata(other.path()).ok()?.dev() != here).then_some(other)
}

#[test]
fn a_file_moves_out_to_another_file_system_within_its_limit() {
    let world = RealWorld::new();
    let Some(other) = other_file_system(&world) else { return };
    let ferry = world.ferry("ferry");
    let bytes: Vec<u8> = (0..600_000u32).map(|number| number as u8).collect();
    ferry.place("a", &[&bytes]).unwrap();
    let to = other.path().join("a");
    assert_eq!(refused(ferry.move_out("a", &to, 599_999)), TOO_BIG);
    assert!(!fs::exists(&to).unwrap());
    ferry.move_out("a", &to, 600_000).unwrap();
    assert_eq!(fs::read(&to).unwrap(), bytes);
    assert_eq!(ferry.list(&|_| true, 9).unwrap().entries.len(), 0);
    ferry.place("a", &[b"second"]).unwrap();
    assert_eq!(refused(ferry.move_out("a", &to, 99)), FileCause::Exists);
    assert_eq!(fs::read(&to).unwrap(), bytes);
    assert_eq!(refused(world.files.rename_new(&world.at("ferry/a"), &other.path().join("b"))), FileCause::CrossDevice);
}

#[test]
fn every_promise_of_placing_holds_on_a_memory_file_system() {
    let world = RealWorld::new();
    let Some(other) = other_file_system(&world) else { return };
    for offers in [Offers::default(), NO_OFFERS] {
        let ferry = super::RealFiles::with_offers(offers).ferry_dir(other.path()).unwrap();
        ferry.place("a", &[b"x"]).unwrap();
        assert_eq!(refused(ferry.place("a", &[b"y"])), FileCause::Exists);
        ferry.sync().unwrap();
        assert_eq!(ferry.remove("a"), Ok(true));
    }
}

#[test]
fn a_dot_name_fits_and_stays_utf8() {
    assert_eq!(dot_name(OsStr::new("a.dkp")), ".a.dkp.part");
    for name in ["x".repeat(255), "名".repeat(85), "x".repeat(249), format!("x{}", "名".repeat(84))] {
        let dot = dot_name(OsStr::new(&name));
        assert!(dot.len() <= 255 && dot.len() > 245, "{}", dot.len());
        assert!(dot.to_str().is_some_and(|dot| dot.starts_with('.') && dot.ends_with(".part")));
    }
    assert!(dot_name(OsStr::from_bytes(&[0xBF; 255])).len() <= 255);
}

#[test]
fn a_deep_tree_is_walked_with_few_descriptors() {
    let world = RealWorld::new();
    let deep = vec!["d"; 900].join("/");
    world.put(&format!("r/{deep}/f"), b"");
    let mut found = Vec::new();
    let visit = &mut |walked: Walked| {
        found.push((walked.name.unwrap(), fs::read_dir("/proc/self/fd").map_or(0, Iterator::count)));
        true
    };
    world.files.walk(&world.at("r"), visit).unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].0, format!("{deep}/f"));
    assert!(found[0].1 < 500, "{} descriptors", found[0].1);
}

#[test]
fn no_descriptor_is_inherited_by_a_child() {
    let world = RealWorld::new();
    world.put("a", b"");
    let ferry = world.ferry("ferry");
    ferry.place("b", &[b"x"]).unwrap();
    let held =
        (world.files.open(&world.at("a")).unwrap(), world.files.append(&world.at("a")).unwrap(), ferry.open("b").unwrap());
    let listed = std::process::Command::new("ls").args(["-l", "/proc/self/fd"]).output().unwrap();
    drop(held);
    let listed = String::from_utf8_lossy(&listed.stdout).into_owned();
    assert!(!listed.contains(&*world.dir.path().to_string_lossy()), "{listed}");
}

#[test]
fn the_change_time_stays_new_when_the_modification_time_is_set_back() {
    let world = RealWorld::new();
    world.put("a", b"bytes");
    let written = world.files.stat(&world.at("a")).unwrap().unwrap();
    let long_ago = SystemTime::UNIX_EPOCH + Duration::from_secs(1);
    fs::File::options().write(true).open(world.at("a")).unwrap().set_modified(long_ago).unwrap();
    let aged = world.files.stat(&world.at("a")).unwrap().unwrap();
    assert_eq!(aged.mtime_ns, 1_000_000_000);
    assert!(aged.ctime_ns >= written.ctime_ns && written.ctime_ns > aged.mtime_ns);
    assert_eq!(world.files.open(&world.at("a")).unwrap().stat(), Ok(aged));
}

#[test]
fn a_walk_passes_over_a_directory_too_deep_to_be_named_and_says_so() {
    let world = RealWorld::new();
    world.put("r/a", b"");
    let mut dir = rustix::fs::open(world.at("r"), OFlags::DIRECTORY, Mode::empty()).unwrap();
    for _ in 0..20 {
        let name = "d".repeat(250);
        rustix::fs::mkdirat(&dir, &name, Mode::from_raw_mode(0o755)).unwrap();
        dir = rustix::fs::openat(&dir, &name, OFlags::DIRECTORY, Mode::empty()).unwrap();
    }
    let mut seen = 0;
    let visit = &mut |_: Walked| {
        seen += 1;
        true
    };
    let passed_over = world.files.walk(&world.at("r"), visit).unwrap();
    assert_eq!(seen, 1);
    assert_eq!(passed_over.iter().map(|fault| fault.cause.clone()).collect::<Vec<_>>(), [FileCause::NameTooLong]);
}

#[test]
fn no_link_on_the_way_down_is_followed() {
    let world = RealWorld::new();
    world.put("drop/in/deep/a", b"mine");
    world.put("secret/deep/a", b"not for this");
    let (drop, below) = (world.at("drop"), Path::new("in/deep/a"));
    let mut bytes = [0; 4];
    assert_eq!(world.files.open_below(&drop, below).unwrap().read_at(0, &mut bytes), Ok(4));
    assert_eq!(&bytes, b"mine");
    fs::rename(world.at("drop/in"), world.at("drop/was")).unwrap();
    symlink(world.at("secret"), world.at("drop/in")).unwrap();
    assert_eq!(refused(world.files.open_below(&drop, below)), FileCause::NotDirectory);
    assert_eq!(refused(world.files.rename_below(&drop, below, &world.at("taken"))), FileCause::NotDirectory);
    assert_eq!(world.get("secret/deep/a"), Some(b"not for this".to_vec()));
    for outside in ["", "..", "../secret/deep/a", "/etc/passwd", "was/../../secret/deep/a"] {
        assert_eq!(refused(world.files.open_below(&drop, Path::new(outside))), FileCause::System(22), "{outside}");
    }
    let was = Path::new("was/deep/a");
    world.files.rename_below(&drop, was, &world.at("taken")).unwrap();
    assert_eq!(world.get("taken"), Some(b"mine".to_vec()));
    assert_eq!(refused(world.files.rename_below(&drop, was, &world.at("elsewhere"))), FileCause::NotFound);
}
