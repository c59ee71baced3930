//! Both daemons killed at random while files stream through: every file exactly once.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use dukou_packets::suite::sha256;
use dukou_rehearsal::random::Random;
use dukou_tests::stations::audit::assert_pass;
use dukou_tests::stations::beside::Beside;
use dukou_tests::stations::daemon::{Daemon, journal};
use dukou_tests::stations::message;
use dukou_tests::stations::pair::{MESSAGES, Pair};
use dukou_tests::stations::station::Station;
use dukou_tests::stations::tree::{digests, names, rename_in};
use dukou_tests::stations::wait::until;
use walkdir::WalkDir;

fn seed() -> u64 {
    let given = std::env::var("DUKOU_SEED").ok().and_then(|seed| seed.parse().ok());
    let seed = given.unwrap_or_else(|| SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos() as u64);
    println!("DUKOU_SEED={seed}");
    seed
}

/// A gap device of `cp`, `mv` and `rm`: some files are copied in slowly under their final name, some renamed, some come twice.
fn gap_device(from: PathBuf, to: PathBuf, seed: u64, stop: &AtomicBool) {
    let mut random = Random::new(seed);
    while !stop.load(Ordering::SeqCst) {
        for name in names(&from).into_iter().filter(|name| name.ends_with(".dkp")) {
            let (source, target) = (from.join(&name), to.join(&name));
            let Ok(bytes) = fs::read(&source) else { continue };
            match random.below(4) {
                0 => in_halves(&target, &bytes),
                1 => {
                    fs::write(&target, &bytes).unwrap();
                    fs::write(to.join(format!("9{name}")), &bytes).unwrap();
                }
                _ => {
                    fs::write(to.join("beside"), &bytes).unwrap();
                    fs::rename(to.join("beside"), &target).unwrap();
                }
            }
            // A signal is taken back by its sender when a newer one is there.
            let _ = fs::remove_file(&source);
        }
        thread::sleep(Duration::from_millis(5));
    }
}

fn in_halves(target: &Path, bytes: &[u8]) {
    use std::io::Write;
    let mut file = fs::File::create(target).unwrap();
    let (first, second) = bytes.split_at(bytes.len() / 2);
    file.write_all(first).unwrap();
    file.sync_all().unwrap();
    file.write_all(second).unwrap();
}

/// A consumer that takes each file away as soon as it sees it, and counts how often it saw which.
fn consumer(folder: PathBuf, taken: Arc<AtomicU64>, stop: &AtomicBool) -> BTreeMap<String, Vec<String>> {
    let mut seen: BTreeMap<String, Vec<String>> = BTreeMap::new();
    loop {
        let ending = stop.load(Ordering::SeqCst);
        let visible = |entry: &walkdir::DirEntry| entry.depth() == 0 || !entry.file_name().to_string_lossy().starts_with('.');
        for entry in
            WalkDir::new(&folder).into_iter().filter_entry(visible).flatten().filter(|entry| entry.file_type().is_file())
        {
            let name = entry.path().strip_prefix(&folder).unwrap().to_str().unwrap().to_owned();
            let bytes = fs::read(entry.path()).unwrap();
            fs::remove_file(entry.path()).unwrap();
            seen.entry(name).or_default().push(sha256(&[&bytes]).to_string());
            taken.fetch_add(1, Ordering::SeqCst);
        }
        if ending {
            return seen;
        }
        thread::sleep(Duration::from_millis(3));
    }
}

/// Fewest kills that a stream of files meets, however fast the machine is.
const KILLS: usize = 12;

/// A supplier that renames its files in, in bursts, and waits where it is ahead of the kills.
fn supplier(folder: PathBuf, count: usize, seed: u64, kills: &AtomicUsize, stop: &AtomicBool) -> BTreeMap<String, String> {
    let mut random = Random::new(seed);
    let mut sent = BTreeMap::new();
    for n in 0..count {
        while kills.load(Ordering::SeqCst) < n * KILLS / count && !stop.load(Ordering::SeqCst) {
            thread::sleep(Duration::from_millis(5));
        }
        let below = ["", "BizMsg/", "历下区/"][n % 3];
        let (name, bytes) = (format!("{below}{}", message::name(n)), message::body(n));
        rename_in(&folder.join(&name), &bytes);
        sent.insert(name, sha256(&[&bytes]).to_string());
        if random.below(200) == 0 && !stop.load(Ordering::SeqCst) {
            thread::sleep(Duration::from_millis(random.below(120)));
        }
    }
    sent
}

/// Kills and restarts one of the daemons at a drawn moment.
fn kill_one(daemons: &mut [(Station, Option<Daemon>); 2], random: &mut Random) {
    thread::sleep(Duration::from_millis(random.between(20, 450)));
    let (station, daemon) = &mut daemons[random.below(2) as usize];
    if let Some(mut daemon) = daemon.take() {
        assert_eq!(daemon.ended(), None, "it ended by itself: {}", journal(station));
        daemon.kill();
    }
    *daemon = Some(Daemon::start(station));
}

#[test]
fn every_file_arrives_exactly_once_though_both_daemons_are_killed_again_and_again() {
    stream_and_kill(2_500, Duration::from_secs(120));
}

mod slow {
    #[test]
    fn twenty_thousand_files_arrive_exactly_once_though_both_daemons_are_killed_again_and_again() {
        super::stream_and_kill(20_000, std::time::Duration::from_secs(900));
    }
}

/// Streams files through a pair whose daemons are killed at drawn moments, and compares what the consumer took with what was supplied.
fn stream_and_kill(count: usize, limit: Duration) {
    let seed = seed();
    let pair = Pair::new().quick();
    pair.outer.edit("channels/report-message.toml", "max_records = 4096", "max_records = 40");
    let mut random = Random::new(seed);

    let (from, to) = (pair.outer.path("ferry/out"), pair.inner.path("ferry/in"));
    let gap = Beside::run(move |stop| gap_device(from, to, seed, stop));
    let taken = Arc::new(AtomicU64::new(0));
    let (folder, counter) = (pair.inner.path("arrived").join(MESSAGES), taken.clone());
    let consumer = Beside::run(move |stop| consumer(folder, counter, stop));
    let folder = pair.outer.path("drop").join(MESSAGES);
    let kills = Arc::new(AtomicUsize::new(0));
    let counter = kills.clone();
    let supplier = Beside::run(move |stop| supplier(folder, count, seed, &counter, stop));

    let mut daemons = [&pair.outer, &pair.inner].map(|station| (station.clone(), Some(Daemon::start(station))));
    let began = Instant::now();
    let is_enough = || kills.load(Ordering::SeqCst) >= 20 && supplier.has_ended();
    while taken.load(Ordering::SeqCst) < count as u64 && !is_enough() && began.elapsed() < limit / 2 {
        kill_one(&mut daemons, &mut random);
        kills.fetch_add(1, Ordering::SeqCst);
    }
    // It waits for no more of them.
    let kills = kills.fetch_add(KILLS, Ordering::SeqCst);
    let sent = supplier.wait();
    until("every file has been taken", limit, || taken.load(Ordering::SeqCst) >= count as u64);
    for (_, daemon) in daemons {
        daemon.unwrap().stop_cleanly();
    }
    gap.finish();
    let seen = consumer.finish();
    println!("{count} files, {kills} kills, {:?}", began.elapsed());

    assert!(kills >= KILLS - 1, "only {kills} kills");
    let twice: Vec<_> = seen.iter().filter(|(_, digests)| digests.len() != 1).collect();
    assert!(twice.is_empty(), "not exactly once: {twice:?}");
    let seen: BTreeMap<String, String> = seen.into_iter().map(|(name, mut digests)| (name, digests.remove(0))).collect();
    assert_eq!(seen, sent);
    assert_eq!(pair.inner.aside_codes("quarantine"), [""; 0]);
    assert_pass(&pair);
    pair.outer.expect(0, &["check"]);
    pair.inner.expect(0, &["check"]);
}

#[test]
fn a_large_file_in_parts_arrives_once_and_whole_though_both_daemons_are_killed() {
    let seed = seed();
    let mut random = Random::new(seed);
    let pair = Pair::new().quick();
    let channel = format!("channels/{MESSAGES}.toml");
    pair.outer.edit(&channel, "max_bytes = 16777216", "max_bytes = 0");
    pair.outer.edit(&channel, "xml = true ", "xml = false ");
    let mut large = vec![0; 70_000_000];
    random.fill(&mut large);
    let folder = pair.outer.path("drop").join(MESSAGES);
    rename_in(&folder.join("Biz1.xml"), &message::body(1));
    rename_in(&folder.join("Biz2.xml"), &large);
    rename_in(&folder.join("Biz3.xml"), &message::body(3));
    let sent = digests(&folder);
    let (from, to) = (pair.outer.path("ferry/out"), pair.inner.path("ferry/in"));
    let gap = Beside::run(move |stop| gap_device(from, to, seed, stop));
    let taken = Arc::new(AtomicU64::new(0));
    let (folder, counter) = (pair.inner.path("arrived").join(MESSAGES), taken.clone());
    let consumer = Beside::run(move |stop| consumer(folder, counter, stop));
    let mut daemons = [&pair.outer, &pair.inner].map(|station| (station.clone(), Some(Daemon::start(station))));
    for _ in 0..12 {
        kill_one(&mut daemons, &mut random);
    }
    until("every file has been taken", Duration::from_secs(90), || taken.load(Ordering::SeqCst) >= 3);
    for (_, daemon) in daemons {
        daemon.unwrap().stop_cleanly();
    }
    gap.finish();
    let seen: BTreeMap<String, Vec<String>> = consumer.finish();
    assert_eq!(seen, sent.into_iter().map(|(name, digest)| (name, vec![digest])).collect());
    assert_pass(&pair);
    pair.inner.expect(0, &["check"]);
}

#[test]
fn a_name_that_is_replaced_again_and_again_delivers_its_last_version_and_none_that_never_was() {
    let seed = seed();
    let pair = Pair::new().quick();
    let (from, to) = (pair.outer.path("ferry/out"), pair.inner.path("ferry/in"));
    let gap = Beside::run(move |stop| gap_device(from, to, seed, stop));
    let taken = Arc::new(AtomicU64::new(0));
    let (folder, counter) = (pair.inner.path("arrived").join(MESSAGES), taken.clone());
    let consumer = Beside::run(move |stop| consumer(folder, counter, stop));
    let daemons = [&pair.outer, &pair.inner].map(Daemon::running);
    let mut random = Random::new(seed);
    let mut versions = Vec::new();
    for n in 0..60 {
        let bytes = message::body(n);
        rename_in(&pair.outer.path("drop").join(MESSAGES).join("Biz1.xml"), &bytes);
        versions.push(sha256(&[&bytes]).to_string());
        thread::sleep(Duration::from_millis(random.below(60)));
    }
    let drop = pair.outer.path("drop").join(MESSAGES);
    until("the last has left", Duration::from_secs(30), || digests(&drop).is_empty());
    let accepted = || pair.outer.channel(MESSAGES)["accepted"].as_u64().unwrap();
    until("all have been taken", Duration::from_secs(30), || taken.load(Ordering::SeqCst) >= accepted());
    for daemon in daemons {
        daemon.stop_cleanly();
    }
    gap.finish();
    let arrived = consumer.finish().remove("Biz1.xml").unwrap();
    let places: Vec<usize> = arrived
        .iter()
        .map(|digest| versions.iter().position(|version| version == digest).expect("a version that was"))
        .collect();
    assert!(places.is_sorted_by(|earlier, later| earlier < later), "in order, each once: {places:?}");
    assert_eq!(places.last(), Some(&59), "{places:?}");
    assert_pass(&pair);
}
