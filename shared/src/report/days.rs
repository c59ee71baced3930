//! What `status` tells of the newest day mark of each county.

use crate::channel::Channel;
use crate::error::EngineFault;
use crate::lang::Lang;
use crate::registration::day::completeness::Completeness;
use crate::registration::day::settings::Settings;
use crate::registration::kept::{civil_of, completeness, counties, newest_marks};
use crate::station::Station;
use crate::store::{StationState, Store};
use serde::Serialize;

/// A county's newest marked day.
#[derive(Clone, Debug, Serialize)]
pub struct DayLine {
    /// The county.
    pub county: String,
    /// The day.
    pub day: String,
    /// `complete`, `under-way` or `differs`.
    pub code: &'static str,
    /// Whether all register rows are here, in Chinese.
    pub zh: String,
    /// The same in English.
    pub en: String,
}

/// Gives a line of each county that has a mark of the last days.
pub(super) fn days(
    station: &Station,
    channels: &[Channel],
    state: &StationState,
    store: &mut dyn Store,
) -> Result<Vec<DayLine>, EngineFault> {
    let settled = counties(station, channels)?;
    let mut lines = Vec::new();
    for mark in newest_marks(store, civil_of(wall_ms()).date())? {
        let (county, day) = (mark.county, mark.day);
        let settings = settled.get(&county).cloned().unwrap_or_else(|| Settings::of(county));
        let completeness = completeness(store, state, &settings, mark)?;
        let sentence = |lang| Completeness::sentence(&completeness, lang, day);
        lines.push(DayLine {
            county: county.to_string(),
            day: day.to_string(),
            code: completeness.code(),
            zh: sentence(Lang::Zh),
            en: sentence(Lang::En),
        });
    }
    Ok(lines)
}

/// Gives the machine's wall clock in milliseconds.
pub(crate) fn wall_ms() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

/// Says the lines.
pub(super) fn text(days: &[DayLine], lang: Lang) -> String {
    let line =
        |line: &DayLine| format!("{} {}  {}\n", line.county, line.day, if lang == Lang::Zh { &line.zh } else { &line.en });
    days.iter().map(line).collect()
}
