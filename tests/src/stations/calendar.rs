//! A station's habit and calendar, as a person edits them.

use super::station::Station;
use std::fs;

/// Adds lines to a section of `station.toml`, which is made where there is none; a setting that stands there already is replaced.
///
/// # Panics
/// When the file cannot be written.
pub fn set(station: &Station, section: &str, lines: &str) {
    let settings: Vec<&str> = lines.lines().filter_map(|line| line.split(" = ").next()).collect();
    let head = format!("[{section}]");
    let mut within = false;
    let mut text = String::new();
    for line in station.read("station.toml").lines() {
        within = if line.starts_with('[') { line.starts_with(&head) } else { within };
        if within && settings.iter().any(|setting| line.starts_with(&format!("{setting} ="))) {
            continue;
        }
        text += &format!("{line}\n");
        if line.starts_with(&head) {
            text += &format!("{lines}\n");
        }
    }
    if !text.lines().any(|line| line.starts_with(&head)) {
        text += &format!("\n{head}\n{lines}\n");
    }
    fs::write(station.path("station.toml"), text).expect("a station's own file");
}

/// Gives the station a habit of working hours and a calendar that knows no year: what raises the alarm `calendar` within one look.
///
/// # Panics
/// When the files cannot be written.
pub fn forget_the_year(station: &Station) {
    let calendar = station.read("calendar.toml").replace("announced = true", "announced = false");
    fs::write(station.path("calendar.toml"), calendar).expect("a station's own file");
    set(station, "link", "habit = \"working-hours\"");
}
