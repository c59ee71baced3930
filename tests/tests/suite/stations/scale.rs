//! Memory and scale: a backlog of many small files, and one large file.

use std::fs::{self, File};
use std::io::Write;
use std::time::{Duration, Instant};

use dukou_rehearsal::random::Random;
use dukou_tests::stations::audit::assert_pass;
use dukou_tests::stations::daemon::Daemon;
use dukou_tests::stations::message;
use dukou_tests::stations::pair::{MESSAGES, Pair};
use dukou_tests::stations::wait::until_at;

/// The most memory a daemon may ever have had resident.
const MOST_KIB: u64 = 256 << 10;

/// Each of the two takes one or two minutes on two processors that nothing else uses.
const LIMIT: Duration = Duration::from_secs(900);

/// Gives the most memory a running daemon ever had resident.
fn peak_kib(daemon: &Daemon) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", daemon.id())).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

/// Runs both daemons one after the other over what was dropped, and gives their peaks.
fn peaks_of_both(pair: &Pair, files: u64) -> [u64; 2] {
    let began = Instant::now();
    let sender = Daemon::running(&pair.outer);
    until_at(&pair.outer, "all is accepted", LIMIT, || pair.outer.channel(MESSAGES)["accepted"] == files);
    let sent = (peak_kib(&sender), began.elapsed());
    sender.stop_cleanly();
    let dir = pair.inner.path("ferry");
    fs::remove_dir(dir.join("in")).unwrap();
    fs::rename(pair.outer.path("ferry/out"), dir.join("in")).unwrap();
    fs::create_dir(pair.outer.path("ferry/out")).unwrap();
    // What has left is needed no more: the audit reads the log.
    for done in ["spool/out", "archive"] {
        let _ = fs::remove_dir_all(pair.outer.path(done));
    }
    let began = Instant::now();
    let receiver = Daemon::running(&pair.inner);
    until_at(&pair.inner, "all is applied", LIMIT, || pair.inner.channel(MESSAGES)["applied"] == files);
    let received = (peak_kib(&receiver), began.elapsed());
    receiver.stop_cleanly();
    println!("{files} files: sender {} KiB in {:?}, receiver {} KiB in {:?}", sent.0, sent.1, received.0, received.1);
    assert_pass(pair);
    [sent.0, received.0]
}

fn write_noise(path: &std::path::Path, bytes: u64) {
    let mut random = Random::new(1);
    let mut block = vec![0; 1 << 20];
    let mut file = File::create(path).unwrap();
    for _ in 0..bytes >> 20 {
        random.fill(&mut block);
        file.write_all(&block).unwrap();
    }
    file.set_modified(std::time::SystemTime::now() - Duration::from_secs(3600)).unwrap();
}

fn digest(path: &std::path::Path) -> String {
    use std::io::Read;
    let (mut file, mut hasher) = (File::open(path).unwrap(), dukou_packets::suite::Hasher::new());
    let mut block = vec![0; 1 << 20];
    loop {
        let count = file.read(&mut block).unwrap();
        if count == 0 {
            return hasher.finish().to_string();
        }
        hasher.update(&block[..count]);
    }
}

mod slow {
    use super::*;

    #[test]
    fn a_backlog_of_two_hundred_thousand_small_files_stays_under_256_mib() {
        let pair = Pair::of_many_files();
        for n in 0..200_000 {
            pair.drop(MESSAGES, &format!("{:03}/{}", n / 1000, message::name(n)), &message::body(n));
        }
        for peak in peaks_of_both(&pair, 200_000) {
            assert!(peak < MOST_KIB, "{peak} KiB");
        }
    }

    #[test]
    fn a_file_of_two_gibibytes_stays_under_256_mib_and_arrives_unchanged() {
        let pair = Pair::new();
        let channel = format!("channels/{MESSAGES}.toml");
        pair.outer.edit(&channel, "max_bytes = 16777216", "max_bytes = 0");
        pair.outer.edit(&channel, "xml = true ", "xml = false ");
        let path = pair.outer.path("drop").join(MESSAGES).join("Biz1.xml");
        write_noise(&path, 2 << 30);
        let expected = digest(&path);
        for peak in peaks_of_both(&pair, 1) {
            assert!(peak < MOST_KIB, "{peak} KiB");
        }
        assert_eq!(digest(&pair.inner.path("arrived").join(MESSAGES).join("Biz1.xml")), expected);
    }
}
