//! A station's calendar, as a person edits it.

use super::station::Station;
use std::fs;

/// Gives the station a habit of working hours and a calendar that knows no year: what raises the alarm `calendar` within one look.
///
/// # Panics
/// When the files cannot be written.
pub fn forget_the_year(station: &Station) {
    let calendar = station.read("calendar.toml").replace("announced = true", "announced = false");
    fs::write(station.path("calendar.toml"), calendar).expect("a station's own file");
    station.set("link", "habit = \"working-hours\"");
}
