use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, SystemTime};

use tempfile::TempDir;

use super::*;

struct Bench {
    _root: TempDir,
    near: PathBuf,
    far: PathBuf,
    device: GapDevice,
    now_ms: u64,
    events: Vec<Event>,
}

impl Bench {
    fn new(script: &str) -> Self {
        let root = tempfile::tempdir().expect("a temporary directory");
        let (near, far) = (root.path().join("near"), root.path().join("far"));
        fs::create_dir(&near).expect("the near directory");
        fs::create_dir(&far).expect("the far directory");
        let script = Script::parse(script).expect("the script of the test is right");
        let device = GapDevice::new(&near, &far, script);
        Bench { _root: root, near, far, device, now_ms: 0, events: Vec::new() }
    }

    /// Drops `count` files named `f00.dkp` … with their own content.
    fn drop_files(&self, count: usize) {
        for index in 0..count {
            fs::write(self.near.join(format!("f{index:02}.dkp")), format!("content {index} ").repeat(20)).expect("drop");
        }
    }

    fn step_after(&mut self, ms: u64) -> Vec<Event> {
        self.now_ms += ms;
        let events = self.device.step(self.now_ms).expect("the step works");
        self.events.extend(events.clone());
        events
    }

    fn run(&mut self) {
        let events = &mut self.events;
        run(&mut self.device, Until::Idle, &AtomicBool::new(false), |event| events.push(event.clone())).expect("the run");
    }

    fn names(directory: &PathBuf) -> Vec<String> {
        let entries = fs::read_dir(directory).expect("the directory");
        let names = entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned());
        names.collect::<BTreeSet<_>>().into_iter().collect()
    }

    fn far_names(&self) -> Vec<String> {
        Self::names(&self.far)
    }

    fn near_names(&self) -> Vec<String> {
        Self::names(&self.near)
    }

    fn delivered(&self) -> Vec<String> {
        let whole = |event: &&Event| matches!(event.what, Happening::Delivered { .. });
        self.events.iter().filter(whole).map(|event| event.name.clone()).collect()
    }
}

#[test]
fn a_file_is_picked_once_it_was_equal_in_two_scans() {
    let mut bench = Bench::new("scan_ms = 1000");
    bench.drop_files(1);
    assert!(bench.step_after(0).is_empty());
    fs::write(bench.near.join("f00.dkp"), "grown").expect("grow");
    assert!(bench.step_after(1_000).is_empty(), "its size changed between the scans");
    assert!(bench.step_after(500).is_empty(), "no scan is due");
    bench.step_after(500);
    assert_eq!(bench.delivered(), ["f00.dkp"]);
    assert_eq!(fs::read(bench.far.join("f00.dkp")).expect("delivered"), b"grown");
    assert!(bench.near_names().is_empty());
}

#[test]
fn files_go_in_alphabetical_order_and_hidden_ones_stay() {
    let mut bench = Bench::new("");
    for name in ["b.dkp", ".part.dkp", "a.dkp", "c.dkp"] {
        fs::write(bench.near.join(name), name).expect("drop");
    }
    bench.run();
    assert_eq!(bench.delivered(), ["a.dkp", "b.dkp", "c.dkp"]);
    assert_eq!(bench.near_names(), [".part.dkp"]);
}

#[test]
fn a_device_that_never_deletes_carries_each_file_once() {
    let mut bench = Bench::new("delete = \"never\"\nscan_ms = 10");
    bench.drop_files(2);
    for _ in 0..5 {
        bench.step_after(10);
    }
    assert_eq!(bench.delivered().len(), 2);
    assert_eq!(bench.near_names().len(), 2);
}

#[test]
fn a_device_that_deletes_first_holds_the_bytes() {
    let mut bench = Bench::new("delete = \"before\"\nscan_ms = 10\nlatency_ms = 1000");
    bench.drop_files(1);
    bench.step_after(0);
    bench.step_after(10);
    assert!(bench.near_names().is_empty() && bench.far_names().is_empty());
    bench.step_after(1_000);
    assert_eq!(bench.far_names(), ["f00.dkp"]);
}

#[test]
fn a_scripted_drop_loses_exactly_that_file() {
    let mut bench = Bench::new("[[act]]\non = 3\ndo = \"drop\"");
    bench.drop_files(5);
    bench.run();
    assert_eq!(bench.far_names(), ["f00.dkp", "f01.dkp", "f03.dkp", "f04.dkp"]);
    assert!(bench.near_names().is_empty(), "a lost file is gone on both sides");
    assert_eq!(bench.device.counts().fired(Fault::Drop), 1);
}

#[test]
fn a_burst_loses_a_run_of_files_and_a_lost_disc_all_of_them() {
    let mut bench = Bench::new("[amount]\nburst_files = 2\n[[act]]\non = 2\ndo = \"burst\"");
    bench.drop_files(5);
    bench.run();
    assert_eq!(bench.far_names(), ["f00.dkp", "f03.dkp", "f04.dkp"]);
    assert_eq!(bench.device.counts().fired(Fault::Burst), 2);

    let mut bench = Bench::new("[[act]]\non = 4\ndo = \"disc\"");
    bench.drop_files(5);
    bench.run();
    assert!(bench.far_names().is_empty());
    assert_eq!((bench.device.counts().fired(Fault::Disc), bench.device.counts().lost()), (5, 5));
}

#[test]
fn a_late_file_comes_after_its_delay() {
    let mut bench = Bench::new("scan_ms = 10\n[amount]\ndelay_ms = 5000\n[[act]]\non = 1\ndo = \"delay\"");
    bench.drop_files(2);
    bench.step_after(0);
    bench.step_after(10);
    assert_eq!(bench.delivered(), ["f01.dkp"]);
    bench.step_after(5_000);
    assert_eq!(bench.delivered(), ["f01.dkp", "f00.dkp"]);
}

#[test]
fn a_duplicate_comes_again_with_the_same_bytes() {
    let mut bench = Bench::new("[amount]\nduplicate_after_ms = 500\n[[act]]\non = 1\ndo = \"duplicate\"");
    bench.drop_files(1);
    bench.step_after(0);
    bench.step_after(10_000);
    let first = fs::read(bench.far.join("f00.dkp")).expect("delivered");
    fs::remove_file(bench.far.join("f00.dkp")).expect("the far side takes it");
    bench.step_after(500);
    assert_eq!(fs::read(bench.far.join("f00.dkp")).expect("again"), first);
    assert_eq!(bench.device.counts().fired(Fault::Duplicate), 1);
    assert_eq!(bench.device.counts().delivered, 2);
}

#[test]
fn a_reordered_file_is_overtaken_and_still_comes_when_nothing_follows() {
    let mut bench = Bench::new("[amount]\nreorder_files = 2\n[[act]]\non = 1\ndo = \"reorder\"");
    bench.drop_files(4);
    bench.run();
    assert_eq!(bench.delivered(), ["f01.dkp", "f02.dkp", "f00.dkp", "f03.dkp"]);
    assert_eq!(bench.device.counts().fired(Fault::Reorder), 1);

    let mut bench = Bench::new("[[act]]\non = 1\ndo = \"reorder\"");
    bench.drop_files(1);
    bench.run();
    assert_eq!(bench.delivered(), ["f00.dkp"]);
    assert_eq!(bench.device.counts().fired(Fault::Reorder), 0, "nothing overtook it");
}

#[test]
fn a_corrupted_file_differs_in_one_bit_and_a_truncated_one_is_a_prefix() {
    let mut bench = Bench::new("[[act]]\non = 1\ndo = \"corrupt\"\n[[act]]\non = 2\ndo = \"truncate\"");
    bench.drop_files(2);
    let sent = [0, 1].map(|index| fs::read(bench.near.join(format!("f0{index}.dkp"))).expect("sent"));
    bench.run();
    let came = [0, 1].map(|index| fs::read(bench.far.join(format!("f0{index}.dkp"))).expect("came"));
    let flipped: u32 = sent[0].iter().zip(&came[0]).map(|(a, b)| (a ^ b).count_ones()).sum();
    assert_eq!((flipped, came[0].len()), (1, sent[0].len()));
    assert!(came[1].len() < sent[1].len() && sent[1].starts_with(&came[1]));
}

#[test]
fn the_far_side_sees_a_growing_file() {
    let mut bench = Bench::new("[amount]\ngrow_steps = 3\ngrow_ms = 100\n[[act]]\non = 1\ndo = \"grow\"");
    bench.drop_files(1);
    let sent = fs::read(bench.near.join("f00.dkp")).expect("sent");
    bench.step_after(0);
    bench.step_after(10_000);
    let seen = fs::read(bench.far.join("f00.dkp")).expect("a part");
    assert!(!seen.is_empty() && seen.len() < sent.len() && sent.starts_with(&seen));
    assert!(!bench.device.is_idle());
    bench.step_after(100);
    bench.step_after(100);
    assert_eq!(fs::read(bench.far.join("f00.dkp")).expect("whole"), sent);
    assert!(bench.device.is_idle());
}

#[test]
fn a_growing_file_that_was_taken_away_comes_whole_in_the_end() {
    let mut bench = Bench::new("[amount]\ngrow_steps = 2\ngrow_ms = 100\n[[act]]\non = 1\ndo = \"grow\"");
    bench.drop_files(1);
    let sent = fs::read(bench.near.join("f00.dkp")).expect("sent");
    bench.step_after(0);
    bench.step_after(10_000);
    fs::remove_file(bench.far.join("f00.dkp")).expect("somebody takes the part");
    bench.step_after(100);
    assert_eq!(fs::read(bench.far.join("f00.dkp")).expect("whole"), sent);
}

#[test]
fn names_and_times_change_on_the_way() {
    let acts = "[amount]\nname_chars = 2\n[[act]]\non = 1\ndo = \"rename-case\"\n[[act]]\non = 2\ndo = \"cut-name\"\n[[act]]\non = 3\ndo = \"touch-mtime\"";
    let mut bench = Bench::new(acts);
    bench.drop_files(3);
    bench.run();
    assert_eq!(bench.far_names(), ["F00.DKP", "f0.dkp", "f02.dkp"]);
    let touched = fs::metadata(bench.far.join("f02.dkp")).and_then(|m| m.modified()).expect("its time");
    let age = SystemTime::now().duration_since(touched).unwrap_or_else(|future| future.duration());
    assert!(age > Duration::from_secs(3_600));
}

#[test]
fn what_the_limits_exclude_stays_and_is_counted_once() {
    let limits = "[limits]\nlargest_bytes = 100\nextensions = [\"dkp\"]\nname_bytes = 12\ntext_only = true";
    let mut bench = Bench::new(limits);
    let files: [(&str, &[u8]); 5] = [
        ("ok.DKP", b"text"),
        ("big.dkp", &[b'a'; 101]),
        ("other.exe", b"text"),
        ("muchtoolong.dkp", b"text"),
        ("binary.dkp", b"\xFF\x00"),
    ];
    for (name, bytes) in files {
        fs::write(bench.near.join(name), bytes).expect("drop");
    }
    bench.run();
    for _ in 0..3 {
        bench.step_after(100_000);
    }
    assert_eq!(bench.far_names(), ["ok.DKP"]);
    for refusal in [Refusal::Size, Refusal::Extension, Refusal::Name, Refusal::Content] {
        assert_eq!(bench.device.counts().refused(refusal), 1, "{}", refusal.name());
    }
}

#[test]
fn beyond_the_quota_files_wait_until_there_is_room() {
    let mut bench = Bench::new("[limits]\nquota_files = 2");
    bench.drop_files(3);
    bench.run();
    assert_eq!(bench.far_names(), ["f00.dkp", "f01.dkp"]);
    assert_eq!(bench.near_names(), ["f02.dkp"]);
    fs::remove_file(bench.far.join("f00.dkp")).expect("the far side takes one");
    bench.step_after(1_000_000);
    assert_eq!(bench.far_names(), ["f01.dkp", "f02.dkp"]);
    assert_eq!(bench.device.counts().refused(Refusal::Full), 1);
}

#[test]
fn a_device_that_loses_what_does_not_fit_says_so() {
    let mut bench = Bench::new("[limits]\nquota_bytes = 300\nwhen_full = \"lose\"");
    bench.drop_files(3);
    bench.run();
    assert_eq!(bench.far_names(), ["f00.dkp"]);
    assert!(bench.near_names().is_empty());
    assert_eq!(bench.device.counts().refused(Refusal::Full), 2);
}

#[test]
fn the_same_seed_makes_the_same_decisions_and_another_seed_others() {
    let faults = "[chance]\ndrop = 0.2\ncorrupt = 0.3\ntruncate = 0.1\nduplicate = 0.1";
    let outcome = |seed: u64| {
        let mut bench = Bench::new(&format!("seed = {seed}\n{faults}"));
        bench.drop_files(60);
        bench.run();
        let content: Vec<_> = bench.far_names().iter().map(|name| fs::read(bench.far.join(name)).expect("read")).collect();
        (bench.events, content)
    };
    assert_eq!(outcome(11), outcome(11));
    assert_ne!(outcome(11).0, outcome(12).0);
}

#[test]
fn switching_one_fault_on_leaves_the_others_where_they_were() {
    let lost = |script: &str| {
        let mut bench = Bench::new(script);
        bench.drop_files(50);
        bench.run();
        bench.events.iter().filter(|e| e.what == Happening::Lost(Fault::Drop)).map(|e| e.name.clone()).collect::<Vec<_>>()
    };
    let alone = lost("seed = 5\n[chance]\ndrop = 0.2");
    assert!(!alone.is_empty());
    assert_eq!(alone, lost("seed = 5\n[chance]\ndrop = 0.2\ncorrupt = 0.9\nrename-case = 0.5"));
}

#[test]
fn a_possible_fault_that_never_fired_is_named() {
    let mut bench = Bench::new("[[act]]\non = 1\ndo = \"corrupt\"\n[[act]]\non = 99\ndo = \"drop\"");
    bench.drop_files(1);
    bench.run();
    let (counts, script) = (bench.device.counts(), bench.device.script());
    assert_eq!(counts.never_fired(script), [Fault::Drop]);
    let table = counts.table(script).to_string();
    assert!(table.contains("never fired") && table.contains("位翻转"), "{table}");
}

#[test]
fn a_script_with_an_unknown_key_or_an_impossible_value_is_refused() {
    assert!(matches!(Script::parse("sead = 1"), Err(GapError::Script(_))));
    assert!(matches!(Script::parse("[[act]]\non = 1\ndo = \"explode\""), Err(GapError::Script(_))));
    assert!(matches!(Script::parse("[chance]\ndrop = 1.5"), Err(GapError::Chance { fault: "drop", .. })));
    assert!(matches!(Script::parse("[chance]\ndrop = nan"), Err(GapError::Chance { fault: "drop", .. })));
    assert!(matches!(Script::parse("settle_scans = 0"), Err(GapError::Zero { setting: "settle_scans" })));
    assert!(matches!(Script::parse("[[act]]\non = 0\ndo = \"drop\""), Err(GapError::Zero { setting: "act.on" })));
}

#[test]
fn a_directory_that_is_not_there_stops_the_device() {
    let mut device = GapDevice::new("/nonexistent/near", "/nonexistent/far", Script::default());
    assert!(matches!(device.step(0), Err(GapError::Io { .. })));
}

#[test]
fn a_disc_collects_until_it_goes_and_a_volume_holds_what_fits() {
    let script = "scan_ms = 60000\n[disc]\nbegins = \"08:30\"\nat = [\"09:00\", \"16:00\"]\ncapacity_bytes = 500";
    let mut bench = Bench::new(script);
    bench.drop_files(5);
    for _ in 0..30 {
        assert!(bench.step_after(60_000).is_empty() || bench.now_ms >= 1_800_000, "nothing goes before nine");
    }
    assert_eq!(bench.far_names().len(), 5);
    let volumes = bench.device.volumes();
    assert_eq!(volumes.iter().map(|volume| volume.files.len()).collect::<Vec<_>>(), [2, 2, 1]);
    assert!(volumes.iter().all(|volume| volume.at_ms == 1_800_000 && volume.bytes <= 500));
}

#[test]
fn one_volume_of_several_is_lost_and_another_is_carried_twice() {
    let acts = "[[act]]\nvolume = 2\ndo = \"disc\"\n[[act]]\nvolume = 3\ndo = \"disc-twice\"";
    let mut bench = Bench::new(&format!("{acts}\n[disc]\nevery_ms = 60000\ncapacity_bytes = 500"));
    bench.drop_files(6);
    bench.run();
    assert_eq!(bench.far_names(), ["f00.dkp", "f01.dkp", "f04.dkp", "f05.dkp"]);
    let counts = bench.device.counts();
    assert_eq!((counts.fired(Fault::Disc), counts.fired(Fault::DiscTwice), counts.delivered), (2, 2, 6));
    let faults: Vec<_> = bench.device.volumes().iter().map(|volume| volume.fault).collect();
    assert_eq!(faults, [None, Some(Fault::Disc), Some(Fault::DiscTwice)]);
}

#[test]
fn what_does_not_fit_on_the_volumes_of_one_run_goes_with_the_next() {
    let mut bench = Bench::new("[disc]\nevery_ms = 60000\ncapacity_bytes = 500\nvolumes = 1");
    bench.drop_files(4);
    bench.run();
    assert_eq!(bench.far_names().len(), 4);
    assert_eq!(bench.device.volumes().iter().map(|volume| volume.at_ms).collect::<Vec<_>>(), [60_000, 120_000]);
}

#[test]
fn a_device_that_is_off_carries_nothing_and_goes_on_afterwards() {
    let mut bench = Bench::new("scan_ms = 10\n[[period]]\ndo = \"outage\"\nfrom_ms = 0\nfor_ms = 1000\nevery_ms = 5000");
    assert!(bench.step_after(1).is_empty(), "nothing waits: no outage worth a line");
    bench.drop_files(1);
    let events = bench.step_after(500);
    assert_eq!(events.iter().map(|event| &event.what).collect::<Vec<_>>(), [&Happening::Off { until_ms: 1_000 }]);
    assert!(bench.step_after(100).is_empty() && bench.far_names().is_empty());
    bench.step_after(500);
    bench.step_after(10);
    assert_eq!(bench.far_names(), ["f00.dkp"]);
    assert_eq!(bench.device.counts().fired(Fault::Outage), 1);
}

#[test]
fn everything_of_a_time_comes_hours_late() {
    let mut bench = Bench::new("[[period]]\ndo = \"late\"\nfrom_ms = 0\nfor_ms = 60000\nby_ms = 21600000");
    bench.drop_files(3);
    bench.run();
    let early = |event: &Event| matches!(event.what, Happening::Delivered { .. }) && event.at_ms < 21_600_000;
    assert!(!bench.events.iter().any(early));
    assert_eq!((bench.far_names().len(), bench.device.counts().fired(Fault::Late)), (3, 3));
}

#[test]
fn a_name_with_a_character_that_is_not_allowed_stays() {
    let mut bench = Bench::new("[limits]\nname_characters = \"abcdefghijklmnopqrstuvwxyz0123456789.\"");
    for name in ["ok.dkp", "upper-Case.dkp", "图.dkp"] {
        fs::write(bench.near.join(name), name).expect("drop");
    }
    bench.run();
    assert_eq!(bench.far_names(), ["ok.dkp"]);
    assert_eq!(bench.device.counts().refused(Refusal::Character), 2);
}

#[test]
fn the_far_side_may_see_an_unfinished_file_for_hours() {
    let mut bench = Bench::new("[amount]\ngrow_steps = 4\ngrow_ms = 3600000\n[[act]]\non = 1\ndo = \"grow\"");
    bench.drop_files(1);
    let sent = fs::read(bench.near.join("f00.dkp")).expect("sent");
    bench.step_after(0);
    bench.step_after(10_000);
    bench.step_after(3_600_000);
    assert!(fs::read(bench.far.join("f00.dkp")).expect("a part").len() < sent.len());
    bench.run();
    assert_eq!(fs::read(bench.far.join("f00.dkp")).expect("whole"), sent);
}

#[test]
fn a_report_names_the_volumes_and_what_never_fired() {
    let mut bench = Bench::new("seed = 9\n[[act]]\nvolume = 1\ndo = \"disc\"\n[[act]]\non = 9\ndo = \"corrupt\"");
    bench.drop_files(2);
    bench.run();
    let report = Report::of(&bench.device);
    assert_eq!((report.seed, report.never_fired, report.volumes.len()), (9, vec![Fault::Corrupt], 1));
    assert_eq!(report.volumes[0].files, ["f00.dkp", "f01.dkp"]);
}

#[test]
fn an_act_without_a_target_or_a_period_without_an_end_is_refused() {
    for wrong in ["do = \"drop\"", "on = 1\nvolume = 1\ndo = \"disc\"", "volume = 1\ndo = \"drop\"", "on = 1\ndo = \"outage\""]
    {
        assert!(matches!(Script::parse(&format!("[[act]]\n{wrong}")), Err(GapError::Target)), "{wrong}");
    }
    let night = "[[period]]\ndo = \"outage\"\nfrom_ms = 0\n";
    assert!(matches!(Script::parse(&format!("{night}for_ms = 5\nevery_ms = 5")), Err(GapError::Endless)));
    assert!(matches!(Script::parse(&format!("{night}for_ms = 0")), Err(GapError::Zero { setting: "period.for_ms" })));
    assert!(matches!(Script::parse("[disc]\nat = [\"25:00\"]"), Err(GapError::TimeOfDay { .. })));
    assert!(matches!(Script::parse("[disc]\ndays = [8]"), Err(GapError::Day { day: 8 })));
}
