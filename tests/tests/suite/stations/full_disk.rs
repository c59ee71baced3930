//! A full disk, each place alone: the station pushes back, says so, and goes on by itself.

use std::path::PathBuf;
use std::time::Duration;

use dukou_tests::stations::audit::{assert_pass, lines_of};
use dukou_tests::stations::daemon::{Daemon, journal};
use dukou_tests::stations::message;
use dukou_tests::stations::pair::{MESSAGES, Pair};
use dukou_tests::stations::root::SmallDisk;
use dukou_tests::stations::sentence::{Tongue, one_sentence};
use dukou_tests::stations::station::Station;
use dukou_tests::stations::tree::digests;
use dukou_tests::stations::wait::until;

const DISK: u64 = 16 << 20;
const FILES: usize = 40;

/// One place on a small disk of its own, over what is there already.
fn small(station: &Station, place: &str) -> Option<SmallDisk> {
    SmallDisk::over(station, place, &format!("size={DISK}"))
}

/// Files that together need several packets.
fn drop_files(pair: &Pair) -> std::collections::BTreeMap<String, String> {
    for n in 0..FILES {
        pair.drop(MESSAGES, &message::name(n), &message::large_xml(n as u64, 20_000));
    }
    digests(&pair.outer.path("drop").join(MESSAGES))
}

fn says_full(station: &Station, place: &str) {
    for (lang, tongue, word) in [("zh", Tongue::Chinese, "磁盘已满"), ("en", Tongue::English, "The disk is full")] {
        let answer = station.ask(&["pass", "--lang", lang]);
        assert_eq!(answer.code, 75, "{place}: {answer:?}");
        if answer.out.is_empty() {
            one_sentence(&answer, tongue, &[word]);
        }
        assert!(answer.all().contains(word), "{place}: {answer:?}");
    }
}

#[test]
fn a_full_disk_at_any_place_of_the_sender_loses_nothing() {
    for place in ["spool/out", "state", "log", "ferry/out", "drop/report-message"] {
        let pair = Pair::one_file_a_packet();
        let Some(disk) = small(&pair.outer, place) else { return };
        let dropped = drop_files(&pair);
        disk.fill();
        match place {
            // What is put away there makes room by itself: the station has nothing to complain of.
            "drop/report-message" => drop(pair.outer.expect(0, &["pass"])),
            _ => says_full(&pair.outer, place),
        }
        disk.free();
        pair.exchange();
        assert_eq!(digests(&pair.inner.path("arrived").join(MESSAGES)), dropped, "{place}");
        assert_pass(&pair);
        pair.outer.expect(0, &["check"]);
        drop(disk);
    }
}

#[test]
fn a_full_disk_at_any_place_of_the_receiver_loses_nothing() {
    for place in ["spool/in", "state", "log", "arrived/report-message"] {
        let pair = Pair::one_file_a_packet();
        let Some(disk) = small(&pair.inner, place) else { return };
        let dropped = drop_files(&pair);
        pair.outer.pass(0);
        pair.carry();
        disk.fill();
        says_full(&pair.inner, place);
        disk.free();
        pair.inner.pass(0);
        assert_eq!(digests(&pair.inner.path("arrived").join(MESSAGES)), dropped, "{place}");
        assert_pass(&pair);
        pair.inner.expect(0, &["check"]);
        drop(disk);
    }
}

#[test]
fn a_running_station_goes_on_by_itself_once_there_is_room() {
    let pair = Pair::one_file_a_packet().quick();
    let Some(disk) = small(&pair.outer, "spool/out") else { return };
    drop_files(&pair);
    disk.fill();
    let daemon = Daemon::start(&pair.outer);
    until("the journal says so", Duration::from_secs(20), || journal(&pair.outer).contains("disk-full"));
    disk.free();
    until("all have left", Duration::from_secs(30), || pair.outer.channel(MESSAGES)["left"] == FILES);
    daemon.stop_cleanly();
    drop(disk);
}

/// The sentences of `status` about full disks, as its JSON has them; its own one where the state cannot be opened for that.
fn told_full(station: &Station) -> Vec<String> {
    let answer = station.ask(&["status", "--json"]);
    if answer.code == 75 && answer.out.is_empty() {
        return vec![answer.err];
    }
    let status: serde_json::Value = serde_json::from_str(&answer.out).unwrap_or_else(|error| panic!("{error}: {answer:?}"));
    let troubles = status["troubles"].as_array().cloned().unwrap_or_default();
    let full = troubles.into_iter().filter(|trouble| trouble["code"] == "disk-full");
    full.map(|trouble| format!("{} {}", trouble["zh"], trouble["en"])).collect()
}

#[test]
fn status_names_a_full_disk_with_its_place_wherever_it_is_and_while_it_lasts() {
    for place in ["spool/out", "state", "log", "ferry/out"] {
        let pair = Pair::one_file_a_packet().quick();
        let Some(disk) = small(&pair.outer, place) else { return };
        let daemon = Daemon::running(&pair.outer);
        disk.fill();
        let dropped = drop_files(&pair);
        let path = pair.outer.path(place).display().to_string();
        let is_told = || {
            told_full(&pair.outer).iter().any(|told| {
                let names_it = told.contains(&path) && told.contains("free some space") || told.contains(&format!("{place}/"));
                names_it && told.contains("腾出空间")
            })
        };
        until(&format!("{place} is told"), Duration::from_secs(30), is_told);
        disk.free();
        until("it is told no more", Duration::from_secs(60), || told_full(&pair.outer).is_empty());
        until("all have left", Duration::from_secs(60), || pair.outer.channel(MESSAGES)["left"] == FILES);
        daemon.stop_cleanly();
        pair.exchange();
        assert_eq!(digests(&pair.inner.path("arrived").join(MESSAGES)), dropped, "{place}");
        drop(disk);
    }
    for place in ["spool/in", "state", "log", "arrived/report-message"] {
        let pair = Pair::one_file_a_packet().quick();
        let Some(disk) = small(&pair.inner, place) else { return };
        let dropped = drop_files(&pair);
        pair.outer.pass(0);
        let daemon = Daemon::running(&pair.inner);
        disk.fill();
        pair.carry();
        let path = pair.inner.path(place).display().to_string();
        until(&format!("{place} is told"), Duration::from_secs(30), || {
            told_full(&pair.inner).iter().any(|told| told.contains(&path) || told.contains(&format!("{place}/")))
        });
        disk.free();
        until("all have arrived", Duration::from_secs(60), || digests(&pair.inner.path("arrived").join(MESSAGES)) == dropped);
        until("it is told no more", Duration::from_secs(60), || told_full(&pair.inner).is_empty());
        daemon.stop_cleanly();
        drop(disk);
    }
}

#[test]
fn a_fault_that_ends_a_run_is_told_by_status_until_a_look_goes_well() {
    let pair = Pair::one_file_a_packet().quick();
    let Some(disk) = small(&pair.outer, "spool/out") else { return };
    // There is room, but not for a packet.
    let daemon = Daemon::running(&pair.outer);
    disk.fill_but(2 << 20);
    pair.drop(MESSAGES, &message::name(1), &message::large_xml(1, 8 << 20));
    let told = || told_full(&pair.outer).iter().any(|told| told.contains("spool/out"));
    until("the fault is told", Duration::from_secs(30), told);
    disk.free();
    until("it has left", Duration::from_secs(60), || pair.outer.channel(MESSAGES)["left"] == 1);
    until("it is told no more", Duration::from_secs(60), || told_full(&pair.outer).is_empty());
    daemon.stop_cleanly();
    drop(disk);
}

#[test]
fn init_and_trust_on_a_full_disk_say_that_it_is_full() {
    let pair = Pair::new();
    let at = pair.dir.path().join("disk");
    std::fs::create_dir(&at).unwrap();
    let Some(disk) = SmallDisk::mount(&at, 1 << 20) else { return };
    disk.fill();
    let dir: PathBuf = at.join("station");
    for (lang, tongue, word) in [("zh", Tongue::Chinese, "磁盘已满"), ("en", Tongue::English, "disk is full")] {
        let mut command = std::process::Command::new(&pair.outer.program);
        command.arg("init").arg(&dir).args(["--lang", lang]);
        let answer = dukou_tests::stations::station::Answer::of(command.output().unwrap());
        assert_eq!(answer.code, 75, "{answer:?}");
        one_sentence(&answer, tongue, &[word]);
        let _ = std::fs::remove_dir_all(&dir);
    }
}

#[test]
fn a_station_without_files_or_memory_tries_again_and_is_not_called_damaged() {
    let pair = Pair::one_file_a_packet();
    pair.drop_messages(0, 2);
    let passed_under = |limit: &str| {
        let pass = pair.outer.command(&["pass"]);
        let mut command = std::process::Command::new("sh");
        command.args(["-c", &format!("ulimit {limit}; exec \"$@\""), "sh"]).arg(pass.get_program()).args(pass.get_args());
        let output = command.output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(!said.contains("备份"), "{limit}: {said}");
        output.status.code()
    };
    for limit in ["-n 5", "-n 6", "-n 8"] {
        assert_eq!(passed_under(limit), Some(75), "{limit}");
    }
    // With so little the program does not start; with a little more its allocator ends it, or a commit in doubt stops it; then it says what is missing.
    let mut codes = Vec::new();
    while !codes.ends_with(&[Some(0), Some(0)]) {
        assert!(codes.len() < 1000, "{codes:?}");
        codes.push(passed_under(&format!("-v {}000", 20 + codes.len())));
    }
    assert!(codes.contains(&Some(75)) && codes.iter().flatten().all(|code| [0, 3, 75, 127].contains(code)), "{codes:?}");
    pair.exchange();
    assert_eq!(pair.arrived(MESSAGES).len(), 2);
    assert_pass(&pair);
}

#[test]
fn a_running_station_that_is_stopped_while_its_disk_is_full_says_so_and_leaves_with_75() {
    let pair = Pair::one_file_a_packet().quick();
    let Some(disk) = small(&pair.outer, "log") else { return };
    let stops = lines_of(&pair.outer, "stop").len();
    let starts = lines_of(&pair.outer, "start").len();
    let daemon = Daemon::start(&pair.outer);
    until("it runs", Duration::from_secs(20), || lines_of(&pair.outer, "start").len() > starts);
    disk.fill();
    let dropped = drop_files(&pair);
    until("the journal says so", Duration::from_secs(20), || journal(&pair.outer).contains("disk-full"));
    let (code, _) = daemon.stop();
    assert_eq!(code, 75, "{}", journal(&pair.outer));
    assert!(journal(&pair.outer).contains("stop 行"), "{}", journal(&pair.outer));
    assert_eq!(lines_of(&pair.outer, "stop").len(), stops);
    disk.free();
    pair.exchange();
    assert_eq!(digests(&pair.inner.path("arrived").join(MESSAGES)), dropped);
    assert_pass(&pair);
    drop(disk);
}
