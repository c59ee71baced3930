//! Whatever lies where a verb wants a file: it is answered at once with a sentence, within little memory.

use std::fs::{self, File};
use std::os::unix::fs::{PermissionsExt, chown, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use dukou_tests::stations::pair::{MESSAGES, Pair};
use dukou_tests::stations::root::is_root;
use dukou_tests::stations::sentence::{Tongue, one_sentence};
use dukou_tests::stations::station::{Answer, Station};

/// Seconds within which every answer must come; the machine may be busy.
const AT_ONCE: &str = "20";

/// Address space (KiB) that a program may have: far less than the file is long.
const MEMORY_KIB: u64 = 4_000_000;

/// What may lie where a file is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Thing {
    Pipe,
    Device,
    Directory,
    /// 10 GB of nothing.
    Endless,
    /// A link to itself.
    Ring,
    Nothing,
    /// A file that only another account may read.
    Locked,
}

const THINGS: [Thing; 6] = [Thing::Pipe, Thing::Device, Thing::Directory, Thing::Endless, Thing::Ring, Thing::Nothing];

impl Thing {
    fn put(self, path: &Path) {
        match self {
            Self::Pipe => assert!(Command::new("mkfifo").arg(path).status().unwrap().success()),
            Self::Device => symlink("/dev/zero", path).unwrap(),
            Self::Directory => fs::create_dir(path).unwrap(),
            Self::Endless => File::create(path).unwrap().set_len(10 << 30).unwrap(),
            Self::Ring => symlink(path, path).unwrap(),
            Self::Nothing => {}
            Self::Locked => {
                fs::write(path, "x").unwrap();
                fs::set_permissions(path, fs::Permissions::from_mode(0o000)).unwrap();
            }
        }
    }
}

fn remove(path: &Path) {
    let Ok(stat) = fs::symlink_metadata(path) else { return };
    let removed = if stat.is_dir() { fs::remove_dir(path) } else { fs::remove_file(path) };
    removed.unwrap();
}

/// Runs a command within its time and memory.
fn bounded(station: &Station, args: &[&str]) -> Answer {
    let inner = station.command(args);
    let mut command = Command::new("timeout");
    command.args([AT_ONCE, "sh", "-c", &format!("ulimit -v {MEMORY_KIB}; exec \"$@\""), "sh"]);
    command.arg(inner.get_program()).args(inner.get_args()).env_remove("DUKOU_STATION").env_remove("SUDO_USER");
    if let Some(account) = station.account {
        use std::os::unix::process::CommandExt;
        command.uid(account).gid(account);
    }
    Answer::of(command.stdin(Stdio::null()).output().unwrap())
}

#[track_caller]
fn refused(station: &Station, args: &[&str], thing: Thing, word: &str) {
    for (lang, tongue) in [("zh", Tongue::Chinese), ("en", Tongue::English)] {
        let answer = bounded(station, &[args, &["--lang", lang]].concat());
        assert!([1, 2, 75].contains(&answer.code), "{thing:?}, {args:?}: {answer:?}");
        println!("{thing:?} {args:?}: {}", answer.err.trim_end());
        one_sentence(&answer, tongue, &[word]);
    }
}

/// A recovery key as `init` shows it, in a file.
fn recovery_key(pair: &Pair) -> String {
    let (_, shown) = Station::init_shown("dukou-outer", &pair.dir.path().join("another"), &[]);
    let is_key = |line: &&str| line.split_whitespace().count() == 14 && line.split_whitespace().all(|group| group.len() == 4);
    let file = pair.dir.path().join("recovery.key");
    fs::write(&file, shown.lines().find(is_key).expect("a recovery key")).unwrap();
    file.display().to_string()
}

/// Every verb that takes the path of a file, with `X` for the path.
fn verbs(pair: &Pair) -> Vec<Vec<String>> {
    let card = pair.card(&pair.outer).display().to_string();
    let key = recovery_key(pair);
    let around = pair.dir.path().display();
    let words = [
        "trust X --yes".to_owned(),
        "resend --report X".to_owned(),
        "epoch new --from X --name a --reason b".to_owned(),
        format!("recover --packets {around}/outer/spool/out --out {around}/new --recovery-key X --card {card}"),
        format!("recover --packets X --out {around}/new --recovery-key {key} --card {card}"),
        format!("recover --packets {around}/outer/spool/out --out {around}/new --recovery-key {key} --card X"),
        "reseal --recovery-key X --name a --reason b".to_owned(),
        "send --again X --reason b".to_owned(),
        "try X".to_owned(),
        "gaps --out X".to_owned(),
        "gaps --sheet X".to_owned(),
        "gaps --qr X".to_owned(),
        "media read X".to_owned(),
        "media write X --maker a --receiver b".to_owned(),
    ];
    words.iter().map(|line| line.split(' ').map(str::to_owned).collect()).collect()
}

/// Tells whether a verb may well take such a thing: a new file for a report, a directory for a disc, a file of whatever length.
fn is_welcome(verb: &[String], thing: Thing) -> bool {
    let names = |first: &str| verb[0] == first;
    match thing {
        Thing::Nothing => names("gaps"),
        Thing::Directory => names("media") || verb.contains(&"--packets".to_owned()),
        // A long file in duplicates/ is screened as any other.
        Thing::Endless => names("try") || names("gaps") || names("send"),
        _ => false,
    }
}

fn with_path(verb: &[String], path: &Path) -> Vec<String> {
    verb.iter().map(|word| if word == "X" { path.display().to_string() } else { word.clone() }).collect()
}

#[test]
fn whatever_is_named_where_a_verb_wants_a_file_is_answered_at_once_with_a_sentence() {
    let pair = Pair::new();
    pair.outer.pass(0);
    for (index, verb) in verbs(&pair).iter().enumerate() {
        let dir = match verb[0].as_str() {
            "send" => pair.outer.path("duplicates").join(MESSAGES),
            _ => pair.dir.path().to_path_buf(),
        };
        fs::create_dir_all(&dir).unwrap();
        for thing in THINGS.into_iter().filter(|thing| !is_welcome(verb, *thing)) {
            let path = dir.join(format!("given-{index}.xml"));
            thing.put(&path);
            let args = with_path(verb, &path);
            let args: Vec<&str> = args.iter().map(String::as_str).collect();
            let word = match (thing, verb[0].as_str()) {
                // Of what was read in part it is told what it is not; of a link out of the folder, which folder is meant.
                (Thing::Endless, _) => "",
                (Thing::Device, "send") => "duplicates",
                _ => "given-",
            };
            refused(&pair.outer, &args, thing, word);
            remove(&path);
        }
    }
    pair.outer.pass(0);
}

/// Files of a station that every verb needs.
fn own_files() -> Vec<String> {
    let keys = ["keyring.txt", "peer.txt", "trust.toml", "packet.key", "log.key", "encryption.key"];
    let keys = keys.iter().map(|name| format!("keys/{name}"));
    ["station.toml".to_owned(), format!("channels/{MESSAGES}.toml")].into_iter().chain(keys).collect()
}

#[test]
fn whatever_lies_in_the_place_of_a_stations_own_file_is_answered_at_once_with_a_sentence() {
    let pair = Pair::new();
    for file in own_files() {
        let (path, kept) = (pair.outer.path(&file), pair.outer.path("kept"));
        fs::rename(&path, &kept).unwrap();
        for thing in THINGS.into_iter().filter(|thing| *thing != Thing::Nothing) {
            thing.put(&path);
            // Keys that others may read are refused before they are looked at: a directory made here is one.
            refused(&pair.outer, &["pass"], thing, Path::new(&file).file_name().unwrap().to_str().unwrap());
            remove(&path);
        }
        fs::rename(&kept, &path).unwrap();
    }
    pair.outer.pass(0);
}

#[test]
fn a_file_without_permission_is_named_and_never_taken_for_one_that_is_not_there() {
    if !is_root("an account without permission") {
        return;
    }
    const NOBODY: u32 = 65_534;
    let mut pair = Pair::new();
    fs::set_permissions(pair.dir.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let own: Vec<PathBuf> = walk(&pair.outer.dir);
    own.iter().for_each(|path| chown(path, Some(NOBODY), Some(NOBODY)).unwrap());
    let verbs = verbs(&pair);
    pair.outer.account = Some(NOBODY);
    let path = pair.dir.path().join("given-locked.xml");
    Thing::Locked.put(&path);
    for verb in
        verbs.iter().filter(|verb| !["send", "media"].contains(&verb[0].as_str()) && !verb.contains(&"--packets".to_owned()))
    {
        let args = with_path(verb, &path);
        refused(&pair.outer, &args.iter().map(String::as_str).collect::<Vec<_>>(), Thing::Locked, "given-");
    }
    for file in own_files() {
        let path = pair.outer.path(&file);
        chown(&path, Some(0), Some(0)).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        refused(&pair.outer, &["pass"], Thing::Locked, Path::new(&file).file_name().unwrap().to_str().unwrap());
        chown(&path, Some(NOBODY), Some(NOBODY)).unwrap();
    }
    pair.outer.pass(0);
}

/// A directory with everything below it.
fn walk(dir: &Path) -> Vec<PathBuf> {
    let mut all = vec![dir.to_path_buf()];
    for entry in fs::read_dir(dir).unwrap().flatten() {
        match entry.file_type().unwrap().is_dir() {
            true => all.extend(walk(&entry.path())),
            false => all.push(entry.path()),
        }
    }
    all
}
