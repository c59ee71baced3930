//! Two running stations with a way back: what the device loses comes again by itself, and receipts confirm it.

use std::fs;
use std::path::Path;
use std::time::Duration;

use dukou_tests::stations::audit::assert_pass;
use dukou_tests::stations::daemon::Daemon;
use dukou_tests::stations::message;
use dukou_tests::stations::packet::cargo;
use dukou_tests::stations::pair::{MESSAGES, Pair};
use dukou_tests::stations::tree::names;
use dukou_tests::stations::wait::until;

/// Moves every packet from one ferry directory to the other.
fn carry(from: &Path, to: &Path) {
    for name in names(from).into_iter().filter(|name| name.ends_with(".dkp")) {
        let (source, target) = (from.join(&name), to.join(&name));
        // A station takes its old signal back.
        let Ok(bytes) = fs::read(&source) else { continue };
        fs::write(target.with_extension("part"), bytes).unwrap();
        fs::rename(target.with_extension("part"), target).unwrap();
        fs::remove_file(source).ok();
    }
}

#[test]
fn what_a_device_loses_between_two_running_stations_comes_again_and_is_confirmed_by_itself() {
    let pair = Pair::one_file_a_packet().quick();
    for station in [&pair.outer, &pair.inner] {
        station.set("link", "way_back = true\nsignal_seconds = 1\nresend_after_seconds = 2");
    }
    pair.drop_messages(0, 4);
    let daemons = [Daemon::running(&pair.outer), Daemon::running(&pair.inner)];
    let (out, back) = (pair.outer.path("ferry/out"), pair.inner.path("ferry/out"));
    until("four packets left", Duration::from_secs(20), || cargo(&out, MESSAGES).len() == 4);
    for packet in cargo(&out, MESSAGES).into_iter().filter(|packet| [1, 4].contains(&packet.header.seq)) {
        fs::remove_file(packet.path).unwrap();
    }
    until("all four are confirmed", Duration::from_secs(60), || {
        carry(&out, &pair.inner.path("ferry/in"));
        carry(&back, &pair.outer.path("ferry/in"));
        pair.outer.channel(MESSAGES)["confirmed"] == 4
    });
    assert_eq!(pair.arrived(MESSAGES).len(), 4);
    let trace = pair.outer.json(0, &["trace", &message::name(0)]);
    let last = trace["records"].as_array().and_then(|lines| lines.last()).unwrap();
    assert_eq!((&last["state"], &last["direction"]), (&"applied".into(), &"out".into()));
    let status = |name: usize| pair.outer.read(format!("drop/{MESSAGES}/.status/{}.json", message::name(name)));
    until("the supplier is told", Duration::from_secs(20), || (0..4).all(|name| status(name).contains("\"applied\"")));
    daemons.into_iter().for_each(Daemon::stop_cleanly);
    assert_pass(&pair);
}

#[test]
fn a_setting_of_the_link_that_cannot_be_is_named_with_its_rule() {
    let pair = Pair::new();
    let text = pair.outer.read("station.toml");
    for (setting, rule) in [
        ("window_packets = 0", "1–1000000"),
        ("resend_after_seconds = 0", "1–604800"),
        ("signal_seconds = 90000", "0–86400"),
        ("signal_seconds = 0\nway_back = true", "way_back = true"),
    ] {
        fs::write(pair.outer.path("station.toml"), &text).unwrap();
        pair.outer.set("link", setting);
        let answer = pair.outer.expect(2, &["status"]).all();
        let name = setting.split(' ').next().unwrap();
        assert!(answer.contains(&format!("link.{name}")) && answer.contains(rule), "{answer}");
        fs::write(pair.outer.path("station.toml"), &text).unwrap();
    }
    pair.outer.set("keep", "confirmed_days = 31");
    assert!(pair.outer.expect(2, &["status"]).all().contains("keep.confirmed_days"));
}
