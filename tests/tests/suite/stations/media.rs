//! Discs with the real programs: three volumes, one lost; wrong use; hostile volumes.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use dukou_tests::stations::audit::assert_pass;
use dukou_tests::stations::daemon::Daemon;
use dukou_tests::stations::pair::{LOGS, MESSAGES, Pair, RESPONSES, copy_all};
use dukou_tests::stations::sentence::wrong_use;
use dukou_tests::stations::tree::names;

/// A pair whose outer station writes discs that hold forty packets of one sector a volume.
pub(super) fn pair() -> (Pair, PathBuf) {
    let pair = Pair::with_options(&["--profile", "disc"]);
    for (station, channel) in [(&pair.outer, MESSAGES), (&pair.outer, LOGS), (&pair.inner, RESPONSES)] {
        let file = format!("channels/{channel}.toml");
        station.edit(&file, "max_records = 4096", "max_records = 1");
        station.edit(&file, "max_bytes = 16777216", "max_bytes = 8000");
        station.edit(&file, "max_bytes = 8388608", "max_bytes = 65536");
    }
    for station in [&pair.outer, &pair.inner] {
        station.edit("profiles/disc.toml", "disc_bytes = 4700000000", "disc_bytes = 1130496");
    }
    let disc = pair.dir.path().join("disc");
    fs::create_dir(&disc).unwrap();
    (pair, disc)
}

/// Writes what lies there; gives the volumes.
pub(super) fn written(pair: &Pair, disc: &Path) -> Vec<String> {
    let dir = disc.to_str().unwrap();
    pair.outer.expect(0, &["media", "write", dir, "--maker", "张三", "--receiver", "李四", "--title", "十一月第三周"]);
    names(disc)
}

/// Copies a volume to where the inner station's drive is.
pub(super) fn insert(pair: &Pair, disc: &Path, volume: &str) -> String {
    let drive = pair.dir.path().join("drive").join(volume);
    fs::create_dir_all(&drive).unwrap();
    copy_all(&disc.join(volume), &drive);
    drive.to_str().unwrap().to_owned()
}

#[test]
fn three_volumes_cross_one_is_lost_and_named_and_its_copy_heals() {
    let (pair, disc) = pair();
    pair.drop_messages(0, 100);
    pair.outer.pass(0);
    let volumes = written(&pair, &disc);
    assert_eq!(volumes.len(), 3, "{volumes:?}");
    assert_eq!(names(&pair.outer.path("ferry/out")), Vec::<String>::new());
    let inserted: Vec<String> = volumes.iter().map(|volume| insert(&pair, &disc, volume)).collect();
    let answer = pair.inner.expect(1, &["media", "read", &inserted[2], &inserted[0]]);
    assert!(answer.err.contains("第 2 张未读入"), "{answer:?}");
    assert!(pair.inner.expect(1, &["media", "list"]).out.contains("第 2 张未读入"));
    pair.inner.pass(1);
    let missing = pair.inner.json(1, &["gaps"]);
    let count = |range: &serde_json::Value| range["to"].as_u64().unwrap() - range["from"].as_u64().unwrap() + 1;
    let missing: u64 = missing.as_array().unwrap().iter().map(count).sum();
    let lost = names(&disc.join(&volumes[1])).into_iter().filter(|name| name.ends_with(".dkp")).count() as u64;
    assert!((lost - 1..=lost).contains(&missing), "{missing} of {lost}, a signal may be among them");
    pair.inner.expect(0, &["media", "read", &inserted[1]]);
    assert!(pair.inner.expect(0, &["media", "list"]).out.contains("登记已销号"));
    pair.inner.pass(0);
    assert_eq!(pair.arrived(MESSAGES).len(), 100);
    assert_pass(&pair);
    for (station, kind) in [(&pair.outer, "media-written"), (&pair.inner, "media-read")] {
        assert_eq!(station.read("log/000000000001.jsonl").matches(&format!("\"kind\":\"{kind}\"")).count(), 1);
    }
    assert!(!pair.outer.read("log/000000000001.jsonl").contains("张三"), "people's names stay in the store");
}

#[test]
fn a_running_station_writes_and_reads_discs_on_request() {
    let (pair, disc) = pair();
    pair.drop_messages(0, 3);
    pair.outer.pass(0);
    let outer = Daemon::start(&pair.outer);
    let volumes = written(&pair, &disc);
    assert_eq!(volumes.len(), 1);
    drop(outer);
    let inner = Daemon::start(&pair.inner);
    let inserted = insert(&pair, &disc, &volumes[0]);
    pair.inner.expect(0, &["media", "read", &inserted]);
    drop(inner);
    pair.inner.pass(0);
    assert_eq!(pair.arrived(MESSAGES).len(), 3);
}

#[test]
fn links_and_oversized_files_of_a_volume_are_not_followed_or_read_as_packets() {
    let (pair, disc) = pair();
    pair.drop_messages(0, 4);
    pair.outer.pass(0);
    let volumes = written(&pair, &disc);
    let inserted = insert(&pair, &disc, &volumes[0]);
    let packets: Vec<String> = names(Path::new(&inserted)).into_iter().filter(|name| name.ends_with(".dkp")).collect();
    let at = |index: usize| Path::new(&inserted).join(&packets[index]);
    fs::rename(at(0), Path::new(&inserted).join("elsewhere")).unwrap();
    symlink(Path::new(&inserted).join("elsewhere"), at(0)).unwrap();
    fs::OpenOptions::new().write(true).open(at(1)).unwrap().set_len(1 << 40).unwrap();
    fs::remove_file(at(2)).unwrap();
    fs::create_dir(at(2)).unwrap();
    let answer = pair.inner.expect(1, &["media", "read", &inserted]);
    for packet in &packets[..3] {
        assert!(answer.err.contains(packet), "{packet}: {answer:?}");
    }
    assert_eq!(names(&pair.inner.path("ferry/in")).len(), packets.len() - 3);
    let link = pair.dir.path().join("link");
    symlink(&inserted, &link).unwrap();
    fs::write(Path::new(&inserted).join("MANIFEST.txt"), vec![b'x'; 3 << 20]).unwrap();
    let answer = pair.inner.expect(1, &["media", "read", link.to_str().unwrap()]);
    assert!(answer.err.contains("MANIFEST.txt"), "{answer:?}");
}

#[test]
fn wrong_use_of_media_is_told_in_one_sentence_and_does_nothing() {
    let (pair, disc) = pair();
    pair.drop_messages(0, 1);
    pair.outer.pass(0);
    let lying = names(&pair.outer.path("ferry/out"));
    let around = pair.dir.path();
    let text = |path: PathBuf| path.to_str().unwrap().to_owned();
    let (dir, nowhere, file) = (text(disc.clone()), text(around.join("nowhere")), text(around.join("a file")));
    fs::write(&file, b"x").unwrap();
    let own = text(pair.outer.path("ferry/out"));
    let people = ["--maker", "a", "--receiver", "b"];
    for (args, words) in [
        (vec!["media"], vec!["--help"]),
        (vec!["media", "burn"], vec!["burn"]),
        (vec!["media", "write"], vec!["DIR"]),
        (vec!["media", "write", &dir], vec!["--maker"]),
        (vec!["media", "write", &dir, "--maker", "a"], vec!["--receiver"]),
        (vec!["media", "write", &dir, "--maker", " ", "--receiver", "b"], vec!["--maker"]),
        (vec!["media", "read"], vec!["DIR"]),
        (vec!["media", "list", "x"], vec!["x"]),
        ([&["media", "write", &nowhere][..], &people].concat(), vec!["nowhere"]),
        ([&["media", "write", &file][..], &people].concat(), vec!["a file"]),
        ([&["media", "write", &own][..], &people].concat(), vec!["ferry/out"]),
        (vec!["media", "read", &nowhere], vec!["nowhere"]),
        (vec!["media", "read", &own], vec!["ferry/out"]),
    ] {
        wrong_use(&pair.outer, &args, 2, &words);
    }
    let answer = pair.inner.expect(1, &["media", "read", &dir]);
    assert!(answer.err.contains("是空的"), "{answer:?}");
    wrong_use(&pair.inner, &[&["media", "write", &dir][..], &people].concat(), 2, &["pass", "disc_bytes"]);
    pair.outer.edit("profiles/disc.toml", "disc_bytes = 1130496", "disc_bytes = 0");
    pair.outer.edit("profiles/disc.toml", "volumes = 99", "volumes = 0");
    wrong_use(&pair.outer, &[&["media", "write", &dir][..], &people].concat(), 2, &["disc_bytes", "profiles/disc.toml"]);
    assert_eq!(names(&pair.outer.path("ferry/out")), lying);
    assert_eq!(names(&disc), Vec::<String>::new());
    assert!(pair.outer.expect(0, &["media", "list"]).out.contains("还没有"));
}

#[test]
fn titles_and_names_can_neither_steer_a_terminal_nor_add_lines_or_markup_to_what_goes_with_a_disc() {
    let (pair, disc) = pair();
    pair.drop_messages(0, 1);
    pair.outer.pass(0);
    let nasty = "三\u{1b}[31m\n编号 / number: 00000000-9999\u{7}<b onclick=x>\u{85}";
    let dir = disc.to_str().unwrap();
    pair.outer.expect(0, &["media", "write", dir, "--maker", nasty, "--receiver", nasty, "--title", nasty]);
    let volume = disc.join(&names(&disc)[0]);
    for file in ["LABEL.txt", "介质登记单.html"] {
        let text = fs::read_to_string(volume.join(file)).unwrap();
        assert!(!text.chars().any(|letter| letter.is_control() && letter != '\n'), "{file}: {text:?}");
        assert!(!text.lines().any(|line| line.starts_with("编号 / number: 00000000")), "{file}: {text}");
        assert!(file == "LABEL.txt" || !text.contains("<b onclick"), "{text}");
    }
}
