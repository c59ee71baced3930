//! Device profiles with the real stations: what `init` writes, what is refused, and a pair across a gate that passes only text.

use std::fs;
use std::path::Path;
use std::sync::atomic::AtomicBool;

use dukou_packets::packet::armor::FIRST_LINE;
use dukou_rehearsal::gapbox::{GapDevice, Happening, Script, Until, run};
use dukou_tests::stations::audit::assert_pass;
use dukou_tests::stations::pair::{MESSAGES, Pair};
use dukou_tests::stations::sentence::wrong_use;
use dukou_tests::stations::station::Station;
use dukou_tests::stations::tree::names;

const PROFILES: [&str; 5] = ["plain-folder", "folder-diode", "two-way-gate", "text-gate", "disc"];

#[test]
fn init_writes_the_profile_that_was_asked_for_and_settings_that_fit_it() {
    let dir = tempfile::tempdir().unwrap();
    for profile in PROFILES {
        let station = Station::init("dukou-outer", &dir.path().join(profile), &["--profile", profile]);
        assert_eq!(names(&station.path("profiles")), [format!("{profile}.toml")]);
        let text = station.read("station.toml");
        assert!(text.contains(&format!("profile = \"profiles/{profile}.toml\"")), "{text}");
        let one_way = matches!(profile, "folder-diode" | "text-gate");
        assert_eq!(text.contains("repeat_after_minutes = 30") && text.contains("repair_parity = 2"), one_way, "{text}");
        station.pass(1);
    }
    let plain = Station::init("dukou-outer", &dir.path().join("plain"), &[]);
    assert_eq!(names(&plain.path("profiles")), ["plain-folder.toml"]);
}

#[test]
fn a_profile_that_does_not_exist_is_no_option_of_init() {
    let pair = Pair::new();
    let new = Station { dir: pair.dir.path().join("new"), ..pair.outer.clone() };
    let answer = new.expect(2, &["init", pair.dir.path().join("new").to_str().unwrap(), "--profile", "diode"]);
    assert!(answer.err.contains("diode"), "{answer:?}");
    assert!(!new.dir.exists());
}

#[test]
fn what_the_profile_cannot_carry_is_refused_with_its_file_line_and_setting_and_loses_nothing() {
    let pair = Pair::new();
    pair.drop_messages(0, 2);
    let file = "profiles/plain-folder.toml";
    let right = pair.outer.read(file);
    let line = |setting: &str| 1 + right.lines().position(|line| line.starts_with(setting)).unwrap();
    let cases = [
        ("largest_bytes = 0", "largest_bytes = 20000000", "batch.max_bytes"),
        ("quota_bytes = 0", "quota_bytes = 18000000", "batch.max_bytes"),
        ("extension = \"dkp\"", "extension = \"DKP\"", "1–8"),
        ("quota_files = 0", "quota_files = 1", "3"),
    ];
    for (from, to, word) in cases {
        let setting = from.split(' ').next().unwrap();
        // An armored packet is a third longer; a binary one of 16 MiB would fit into 20 MB.
        let text_only = if setting == "largest_bytes" { "text_only = true" } else { "text_only = false" };
        let wrong = right.replace(from, to).replace("text_only = false", text_only);
        fs::write(pair.outer.path(file), wrong).unwrap();
        for verb in ["pass", "run", "status"] {
            let answer = pair.outer.expect(2, &[verb]);
            for part in ["plain-folder.toml", setting, word, &format!("第 {} 行", line(setting))] {
                assert!(answer.err.contains(part), "{part}: {answer:?}");
            }
        }
        fs::write(pair.outer.path(file), &right).unwrap();
    }
    let wrong = right.replace("extension = \"dkp\"", "extension = \"DKP\"");
    fs::write(pair.outer.path(file), wrong).unwrap();
    wrong_use(&pair.outer, &["pass"], 2, &["plain-folder.toml", "extension"]);
    fs::write(pair.outer.path(file), right.replace("text_only = false", "text = false")).unwrap();
    wrong_use(&pair.outer, &["pass"], 2, &["plain-folder.toml", "text"]);
    fs::remove_file(pair.outer.path(file)).unwrap();
    wrong_use(&pair.outer, &["pass"], 2, &["plain-folder.toml"]);
    fs::write(pair.outer.path(file), &right).unwrap();
    pair.exchange();
    assert_eq!(pair.arrived(MESSAGES).len(), 2);
}

/// Carries everything that lies there across a device of this script.
fn device(pair: &Pair, script: &str) -> GapDevice {
    let (from, to) = (pair.outer.path("ferry/out"), pair.inner.path("ferry/in"));
    GapDevice::new(&from, &to, Script::parse(script).unwrap())
}

const TEXT_GATE: &str = "seed = 5\nscan_ms = 1000\n[limits]\ntext_only = true\nextensions = [\"txt\"]\nname_bytes = 64\n";

#[test]
fn an_armored_pair_works_across_a_gate_that_passes_only_text() {
    let pair = Pair::with_options(&["--profile", "text-gate"]);
    for round in 0..3 {
        pair.drop_messages(round * 20, round * 20 + 20);
        pair.outer.pass(0);
        let lying = names(&pair.outer.path("ferry/out"));
        assert!(lying.len() >= 2, "a packet and a signal: {lying:?}");
        for name in lying {
            assert!(name.ends_with(".txt"), "{name}");
            assert!(fs::read(pair.outer.path("ferry/out").join(name)).unwrap().starts_with(FIRST_LINE));
        }
        let (mut gate, mut refused) = (device(&pair, TEXT_GATE), Vec::new());
        run(&mut gate, Until::Idle, &AtomicBool::new(false), |event| {
            if !matches!(event.what, Happening::Delivered { .. }) {
                refused.push(event.name.clone());
            }
        })
        .unwrap();
        assert_eq!(refused, Vec::<String>::new());
        pair.inner.pass(0);
        assert_eq!(pair.arrived(MESSAGES).len(), round * 20 + 20);
    }
    assert_eq!(names(&pair.outer.path("ferry/out")), Vec::<String>::new(), "the gate took everything");
    assert_pass(&pair);
}

#[test]
fn a_binary_pair_does_not_get_through_that_gate() {
    let pair = Pair::new();
    pair.drop_messages(0, 1);
    pair.outer.pass(0);
    let mut gate = device(&pair, "scan_ms = 1000\n[limits]\ntext_only = true\n");
    run(&mut gate, Until::Idle, &AtomicBool::new(false), |_| {}).unwrap();
    assert_eq!(names(&pair.inner.path("ferry/in")), Vec::<String>::new());
}

/// Rewrites every line end as some gates do.
fn rewrite_line_ends(dir: &Path) {
    for name in names(dir) {
        let text = fs::read_to_string(dir.join(&name)).unwrap();
        fs::write(dir.join(name), text.replace('\n', "\r\n")).unwrap();
    }
}

#[test]
fn a_gate_that_rewrites_line_ends_harms_nothing() {
    let pair = Pair::with_options(&["--profile", "text-gate"]);
    pair.drop_messages(0, 30);
    pair.outer.pass(0);
    pair.carry();
    rewrite_line_ends(&pair.inner.path("ferry/in"));
    pair.inner.pass(0);
    assert_eq!(pair.arrived(MESSAGES).len(), 30);
    assert_pass(&pair);
}
