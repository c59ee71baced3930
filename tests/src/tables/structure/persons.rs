//! Approvers, two at each station, and what they say.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use crate::stations::pair::Pair;
use crate::stations::station::{Answer, Station};

/// Who proposes, and who approves: name and account.
pub const PERSONS: [(&str, &str); 2] = [("王", "wang"), ("李", "li")];

fn words_of(station: &Station, name: &str) -> String {
    station.path(format!("{name}.words")).display().to_string()
}

/// Gives both stations their approvers, and lets each know the other's.
///
/// # Panics
/// Panics when a station refuses.
#[track_caller]
pub fn appoint(pair: &Pair) {
    for station in [&pair.outer, &pair.inner] {
        for (name, _) in PERSONS {
            let words = words_of(station, name);
            fs::write(&words, format!("{name}的口令只有本人知道\n")).expect("a station's own file");
            fs::set_permissions(&words, fs::Permissions::from_mode(0o600)).expect("a station's own file");
            station.expect(0, &["schema", "approver", "add", name, "--words-file", &words]);
        }
    }
    for (known, to) in [(&pair.outer, &pair.inner), (&pair.inner, &pair.outer)] {
        let second = known.path("log/keyring-000002.txt").display().to_string();
        let newest = pair.card(known).display().to_string();
        for card in [second, newest] {
            to.expect(0, &["trust", &card, "--yes"]);
        }
    }
}

/// Runs a verb as one of the [`PERSONS`], signed and with a reason.
#[track_caller]
pub fn sign(station: &Station, person: usize, args: &[&str]) -> Answer {
    let (name, account) = PERSONS[person];
    let words = words_of(station, name);
    let signed = ["--as", name, "--words-file", &words, "--reason", "依据已核对"];
    let mut command = station.command(&[args, &signed[..]].concat());
    command.env_remove("DUKOU_STATION").env_remove("DUKOU_JOURNAL").env("SUDO_USER", account);
    Answer::of(command.stdin(std::process::Stdio::null()).output().expect("a program of a station"))
}
