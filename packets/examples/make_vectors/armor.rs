//! Armored packets, written from FORMAT.md section 13 without the crate's own armor.

use crate::forge::{RawRecord, good_signal};
use crate::keys::base64;
use crate::packets::{Bench, Case};

/// Armors a file with these line ends.
fn armored(file: &[u8], end: &str) -> Vec<u8> {
    let text = base64(file);
    let lines = text.as_bytes().chunks(76).map(|line| String::from_utf8_lossy(line).into_owned() + end);
    (format!("DUKOU-ARMOR-1{end}") + &lines.collect::<String>()).into_bytes()
}

/// Changes the armor of the good packet as text.
fn changed(file: Vec<u8>, change: impl FnOnce(&mut String)) -> Vec<u8> {
    let mut text = String::from_utf8(armored(&file, "\n")).expect("armor is text");
    change(&mut text);
    text.into_bytes()
}

/// Where the second line of base64 begins.
const SECOND: usize = 14 + 77;

/// All armored cases, numbered by themselves.
pub(crate) fn cases() -> Vec<Case> {
    let mut bench = Bench { cases: Vec::new() };
    every_case(&mut bench);
    let named = |case: Case| Case { name: format!("armor-{}", case.name), ..case };
    bench.cases.into_iter().map(named).collect()
}

fn every_case(bench: &mut Bench) {
    let file = [RawRecord::file("2026/11/a.xml", b"<a/>")];
    bench.ok("armored", &file, |s| s.form = |file| armored(&file, "\n"));
    bench.ok("armored, every line end rewritten to CR LF", &file, |s| s.form = |file| armored(&file, "\r\n"));
    for len in [1, 2] {
        // Over three lengths in a row the packet ends in every way a group of base64 can.
        let file = [RawRecord::file("a", &b"noise"[..len])];
        bench.ok("armored, with another end of its base64", &file, |s| s.form = |file| armored(&file, "\n"));
    }
    bench.ok_signal_as("an armored signal", signal(), |file| armored(&file, "\n"));
    bench.armor("short", "armor cut in the middle of a line", |file| changed(file, |text| text.truncate(SECOND + 30)));
    bench.armor("short", "armor cut between two lines", |file| changed(file, |text| text.truncate(SECOND)));
    bench.armor("short", "the first line of an armor without its end", |file| changed(file, |text| text.truncate(13)));
    bench.armor("short", "armor without the last line end", |file| changed(file, |text| text.truncate(text.len() - 1)));
    bench.armor("armor", "a first line that goes on", |file| changed(file, |text| text.insert(13, '0')));
    bench.armor("armor", "a character that is not of base64", |file| changed(file, |text| text.replace_range(20..21, "*")));
    bench.armor("armor", "base64 of the URL alphabet", |file| {
        changed(file, |text| text.replace_range(SECOND..SECOND + 2, "-_"))
    });
    bench.armor("armor", "a blank at the end of a line", |file| changed(file, |text| text.insert(SECOND - 1, ' ')));
    bench
        .armor("armor", "a line of 72 characters", |file| changed(file, |text| text.replace_range(SECOND - 5..SECOND - 1, "")));
    bench.armor("armor", "a line of 80 characters", |file| changed(file, |text| text.insert_str(SECOND - 1, "AAAA")));
    bench.armor("armor", "an empty line", |file| changed(file, |text| text.insert(SECOND, '\n')));
    bench.armor("armor", "LF in the first line, CR LF in the others", |file| {
        let text = String::from_utf8(armored(&file, "\r\n")).expect("armor is text");
        text.replacen("\r\n", "\n", 1).into_bytes()
    });
    bench.armor("armor", "CR LF in the first line, LF in the others", |file| {
        changed(file, |text| *text = text.replacen('\n', "\r\n", 1))
    });
    bench.armor("armor", "another line behind the last one", |file| changed(file, |text| text.push_str("AAAA\n")));
    bench
        .armor("armor", "padding in the middle", |file| changed(file, |text| text.replace_range(SECOND - 3..SECOND - 1, "==")));
    bench.armor("magic", "good armor of something else", |_| armored(b"PK\x03\x04 and so on, longer than a preamble", "\n"));
    bench.armor("length", "armor of a packet with one byte more", |mut file| {
        file.push(0);
        armored(&file, "\n")
    });
    bench.armor("payload-digest", "good armor of a packet whose last byte was changed", |mut file| {
        if let Some(last) = file.last_mut() {
            *last ^= 1;
        }
        armored(&file, "\n")
    });
}

fn signal() -> crate::forge::Draft {
    good_signal(br#"{"version":1,"run":"000102030405060708090a0b0c0d0e0f","period_seconds":0,"heads":[],"checkpoint":null,"keyring":"","applied":[],"missing":[]}"#)
}
