use super::fault::ProfileProblem;
use super::profile::{Order, Profile, SHIPPED};
use crate::channel::Channel;
use crate::error::ConfigFault;
use crate::lang::Lang;
use crate::station::LinkConfig;
use dukou_packets::packet::armor::{Form, LineEnd};
use std::path::Path;

fn profile(text: &str) -> Profile {
    Profile::parse(Path::new("profiles/device.toml"), text).unwrap_or_else(|fault| panic!("{text}: {fault}"))
}

/// Gives line and setting of the fault that a profile has.
fn fault(text: &str) -> (usize, &'static str) {
    match Profile::parse(Path::new("profiles/device.toml"), text) {
        Err(ConfigFault::Profile(fault)) => {
            for lang in [Lang::Zh, Lang::En] {
                let sentence = fault.sentence(lang);
                assert!(sentence.contains("profiles/device.toml") && sentence.contains(fault.setting), "{sentence}");
                assert!(sentence.contains(&fault.line.to_string()), "{sentence}");
            }
            (fault.line, fault.setting)
        }
        other => panic!("{text}: {other:?}"),
    }
}

fn channel() -> Channel {
    toml::from_str(
        "channel = \"files\"\ntitle = \"f\"\nfrom = \"outer\"\n[source]\nfolder = \"drop\"\n[sink]\nfolder = \"arrived\"\n\
         [screen]\nmax_bytes = 100000\n[batch]\nmax_bytes = 65536\nmax_records = 10\nlinger_ms = 0\n",
    )
    .expect("a channel")
}

/// Gives line and setting that a profile refuses the channel with.
fn refused(text: &str) -> Option<(usize, &'static str)> {
    let channel = channel();
    match profile(text).check_channels(std::iter::once(&channel), &LinkConfig::default()) {
        Ok(()) => None,
        Err(ConfigFault::Profile(fault)) => {
            assert!(matches!(fault.problem, ProfileProblem::PacketTooLarge { .. }));
            Some((fault.line, fault.setting))
        }
        Err(other) => panic!("{other}"),
    }
}

#[test]
fn every_shipped_profile_reads_and_carries_every_channel_of_a_new_station() {
    for (name, text) in SHIPPED {
        let profile = profile(text);
        for channel in ["report-message", "registration-log", "report-response"] {
            let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("channels").join(format!("{channel}.toml"));
            let channel: Channel = toml::from_str(&std::fs::read_to_string(path).expect("a channel")).expect("a channel");
            for repair_parity in [0, 2] {
                let link = LinkConfig { repair_parity, ..LinkConfig::default() };
                let carried = profile.check_channels(std::iter::once(&channel), &link);
                assert!(carried.is_ok(), "{name}: {carried:?}");
            }
        }
    }
}

#[test]
fn a_profile_without_limits_carries_everything() {
    assert_eq!(refused(""), None);
    assert!(profile("").check_file(&"x".repeat(200), u64::MAX).is_ok());
}

#[test]
fn an_unknown_setting_is_named_with_its_line() {
    let fault = Profile::parse(Path::new("p.toml"), "title = \"x\"\nlargest = 5\n").expect_err("it is unknown");
    assert!(matches!(&fault, ConfigFault::Toml { line: 2, .. }), "{fault}");
}

#[test]
fn a_largest_file_below_the_largest_packet_of_a_channel_is_refused_with_its_line() {
    let most = profile("").largest_file(&channel(), &LinkConfig::default());
    assert!((100_000..120_000).contains(&most), "{most}");
    assert_eq!(refused(&format!("title = \"x\"\nlargest_bytes = {}\n", most - 1)), Some((2, "largest_bytes")));
    assert_eq!(refused(&format!("title = \"x\"\nlargest_bytes = {most}\n")), None);
}

#[test]
fn a_largest_file_that_binary_packets_fit_and_text_does_not_is_refused() {
    let binary = profile("").largest_file(&channel(), &LinkConfig::default());
    let text = profile("text_only = true").largest_file(&channel(), &LinkConfig::default());
    assert_eq!(text, Form::Armored(LineEnd::Lf).file_len(binary));
    assert!(text > binary * 4 / 3);
    let limit = format!("largest_bytes = {}\n", text - 1);
    assert_eq!(refused(&limit), None);
    assert_eq!(refused(&format!("{limit}text_only = true\n")), Some((1, "largest_bytes")));
}

#[test]
fn repair_packets_that_cover_the_largest_packet_must_fit_too() {
    let channel = channel();
    let with_repair = LinkConfig { repair_parity: 2, ..LinkConfig::default() };
    let (plain, repair) = (LinkConfig::default(), with_repair);
    let device = profile(&format!("largest_bytes = {}", profile("").largest_file(&channel, &plain)));
    assert!(device.check_channels(std::iter::once(&channel), &plain).is_ok());
    assert!(device.check_channels(std::iter::once(&channel), &repair).is_err());
}

#[test]
fn names_longer_than_the_device_takes_are_refused() {
    assert_eq!(fault("title = \"x\"\n\nname_bytes = 26\n"), (3, "name_bytes"));
    assert_eq!(profile("name_bytes = 27").config().name_bytes, 27);
    assert_eq!(fault("name_bytes = 27\nextension = \"text\"\n"), (1, "name_bytes"));
}

#[test]
fn a_name_pattern_that_some_packet_does_not_match_is_refused() {
    let good = r"name_pattern = '[0-9]-[a-z2-7]{4}-[a-z2-7]{16}\.dkp'";
    assert!(profile(good).check_file("3-abcd-abcdefghijkl2345.dkp", 5).is_ok());
    assert!(profile(good).check_file("3-abcd-abcdefghijkl2345.dkp.x", 5).is_err());
    for bad in [r"[0-9]-[a-z]{4}-[a-z2-7]{16}\.dkp", r"[1-9]-[a-z2-7]{4}-[a-z2-7]{16}\.dkp", r"[A-Z]+", r".*\.txt"] {
        assert_eq!(fault(&format!("title = \"x\"\nname_pattern = '{bad}'\n")), (2, "name_pattern"));
    }
    assert_eq!(fault("name_pattern = '('"), (1, "name_pattern"));
}

#[test]
fn an_extension_is_of_small_letters_and_no_mark_of_unfinished_files() {
    for bad in ["", "TXT", "a.b", "part", "tmp", "extension"] {
        assert_eq!(fault(&format!("extension = \"{bad}\"")), (1, "extension"));
    }
    assert_eq!(profile("extension = \"e\"").extension(), "e");
}

#[test]
fn what_is_presumed_carried_before_the_device_can_have_taken_it_is_refused() {
    assert_eq!(fault("scan_seconds = 60\nsettle_scans = 4\npresumed_after_minutes = 4\n"), (3, "presumed_after_minutes"));
    let device = profile("scan_seconds = 60\nsettle_scans = 4\npresumed_after_minutes = 5\n");
    assert_eq!((device.presumed_after_ms(), device.pick_up_ms()), (Some(300_000), 300_000));
    assert_eq!(fault("scan_seconds = 86401\n"), (1, "scan_seconds"));
    assert_eq!(fault("settle_scans = 1001\n"), (1, "settle_scans"));
}

#[test]
fn packets_that_wait_for_a_disc_are_never_presumed_carried() {
    assert_eq!(fault("disc_bytes = 4700000000\npresumed_after_minutes = 5\n"), (2, "presumed_after_minutes"));
    assert_eq!(fault("volumes = 3\n"), (1, "volumes"));
}

#[test]
fn a_disc_that_holds_no_whole_packet_is_refused() {
    let most = profile("").largest_file(&channel(), &LinkConfig::default()) + (1 << 20);
    assert_eq!(refused(&format!("disc_bytes = {}\n", most - 1)), Some((1, "disc_bytes")));
    assert_eq!(refused(&format!("disc_bytes = {most}\n")), None);
}

#[test]
fn a_quota_that_holds_no_packet_beside_its_reserve_is_refused() {
    let most = profile("").largest_file(&channel(), &LinkConfig::default());
    assert_eq!(refused(&format!("\nquota_bytes = {}\n", most)), Some((2, "quota_bytes")));
    assert_eq!(refused(&format!("quota_bytes = {}\n", most * 10 / 9 + 1)), None);
    assert_eq!(fault("quota_files = 1\n"), (1, "quota_files"));
    assert_eq!(profile("quota_files = 3").config().quota_files, 3);
}

#[test]
fn the_order_and_the_way_back_are_what_the_file_says() {
    let device = profile("order = \"oldest\"\nway_back = true\n");
    assert_eq!((device.config().order, device.config().way_back), (Order::Oldest, Some(true)));
    assert_eq!((profile("").config().order, profile("").config().way_back), (Order::Any, None));
}
