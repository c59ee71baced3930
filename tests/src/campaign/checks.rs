//! The invariants, checked on real stations at rest.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use serde_json::Value;

use crate::stations::audit::{assert_pass, count, lines};
use crate::stations::daemon::Daemon;
use crate::stations::pair::{LOGS, MESSAGES, Pair, RESPONSES};
use crate::stations::station::Station;
use crate::stations::tree::digests;

use super::Trial;
use super::traffic::{Traffic, converge};

/// The most memory that a daemon may have resident.
pub(super) const MOST_KIB: u64 = 256 << 10;

/// The most files that a daemon may have open.
const MOST_FDS: usize = 200;

/// Stops daemons that were at work, each within its bounds, lets the pair come to rest and checks it [`whole`].
///
/// # Panics
/// Panics with what does not hold.
#[track_caller]
pub(super) fn ended(trial: &mut Trial, pair: &Pair, traffic: &Traffic, daemons: impl IntoIterator<Item = Daemon>) {
    for daemon in daemons {
        bounded(trial, daemon.id());
        daemon.stop_cleanly();
    }
    converge(pair);
    whole(trial, pair, traffic);
}

/// Checks I1 to I7 of a pair whose consumers have taken nothing yet.
///
/// # Panics
/// Panics with what does not hold.
#[track_caller]
pub(super) fn whole(trial: &mut Trial, pair: &Pair, traffic: &Traffic) {
    for (station, channel) in [(&pair.inner, MESSAGES), (&pair.inner, LOGS), (&pair.outer, RESPONSES)] {
        let arrived = digests(&station.path("arrived").join(channel));
        let sent = traffic.on(channel);
        let missing: Vec<&String> = sent.keys().filter(|name| !arrived.contains_key(*name)).collect();
        let strange: Vec<&String> = arrived.keys().filter(|name| !sent.contains_key(*name)).collect();
        assert!(missing.is_empty() && strange.is_empty(), "{channel}: missing {missing:?}, never sent {strange:?}");
        assert_eq!(arrived, sent, "{channel}: other bytes");
    }
    trial.checked(&[1, 2]);
    evidence(trial, pair);
    at_rest(trial, pair);
}

/// Checks what the logs say: I3, I4, I5 and I7.
#[track_caller]
pub(super) fn evidence(trial: &mut Trial, pair: &Pair) {
    for station in [&pair.outer, &pair.inner] {
        logged_in_order(station);
        for kind in ["equivocation", "hold"] {
            assert_eq!(count(station, kind), 0, "I7: {} says {kind}", station.dir.display());
        }
    }
    assert_pass(pair);
    trial.checked(&[3, 4, 5, 7]);
}

/// Nothing waits for anybody, and state, spool and log agree: I6.
#[track_caller]
pub(super) fn at_rest(trial: &mut Trial, pair: &Pair) {
    for station in [&pair.outer, &pair.inner] {
        station.expect(0, &["status"]);
        station.expect(0, &["gaps"]);
        station.expect(0, &["check"]);
    }
    for (station, channel) in [(&pair.outer, MESSAGES), (&pair.outer, LOGS), (&pair.inner, RESPONSES)] {
        let left = digests(&station.path("drop").join(channel));
        assert!(left.is_empty(), "{channel}: not taken {left:?}");
    }
    trial.checked(&[6]);
}

/// I3 and I5: each channel is applied in sequence, nothing was applied unseen, and nothing left unpacked.
#[track_caller]
fn logged_in_order(station: &Station) {
    let (mut applied, mut seen, mut packed) = (BTreeMap::<String, u64>::new(), BTreeSet::new(), BTreeSet::new());
    for line in lines(station) {
        let header = line["header"].as_str().unwrap_or_default().to_owned();
        match line["kind"].as_str().unwrap_or_default() {
            "seen" => drop(seen.insert(header)),
            "packed" => drop(packed.insert(header)),
            "applied" => {
                let place = applied.entry(format!("{} {}", text(&line, "channel"), text(&line, "epoch"))).or_default();
                let seq = line["seq"].as_u64().unwrap_or_default();
                assert!(seen.contains(&header), "I5: applied and never seen: {line}");
                assert_eq!(seq, *place + 1, "I3: out of order: {line}");
                *place = seq;
            }
            "left" => assert!(packed.contains(&header), "I5: left and never packed: {line}"),
            _ => {}
        }
    }
}

fn text(line: &Value, key: &str) -> String {
    line[key].as_str().unwrap_or_default().to_owned()
}

/// I8: how much a running process holds.
#[derive(Clone, Copy, Debug)]
pub(super) struct Held {
    /// Resident memory now.
    pub(super) rss_kib: u64,
    /// Resident memory at its peak.
    pub(super) peak_kib: u64,
    /// Open files.
    pub(super) fds: usize,
}

/// Looks at what a process holds; nothing when it is gone.
pub(super) fn held(process: u32) -> Option<Held> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let kib = |key: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(key))?;
        line.split_whitespace().next()?.parse().ok()
    };
    let fds = fs::read_dir(format!("/proc/{process}/fd")).ok()?.count();
    Some(Held { rss_kib: kib("VmRSS:")?, peak_kib: kib("VmHWM:")?, fds })
}

/// Checks I8 of a running process.
#[track_caller]
pub(super) fn bounded(trial: &mut Trial, process: u32) {
    let held = held(process).expect("it runs");
    assert!(held.peak_kib < MOST_KIB && held.fds < MOST_FDS, "I8: {held:?}");
    trial.checked(&[8]);
}
