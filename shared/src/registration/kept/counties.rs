//! Which counties a station knows, and what they have settled about counting.

use super::super::day::ids::AreaCode;
use super::super::day::settings::Settings;
use crate::channel::Channel;
use crate::error::ConfigFault;
use crate::reporting::lane::Lane;
use crate::station::Station;
use std::collections::BTreeMap;

/// Gives the settings of each county that a lane or a channel of register rows names. A lane settles how is counted; whose a row is the channel settles, alike on
/// both sides.
///
/// # Errors
/// [`ConfigFault`] for the first lane that is wrong.
pub fn counties(station: &Station, channels: &[Channel]) -> Result<BTreeMap<AreaCode, Settings>, ConfigFault> {
    let marks = channels.iter().filter_map(|channel| channel.day_mark.as_ref());
    let mut counties: BTreeMap<AreaCode, Settings> =
        marks.flat_map(|marks| marks.settings()).map(|settings| (settings.county, settings)).collect();
    for lane in Lane::load_all(station)? {
        let counted = lane.settings();
        let known = counties.remove(&counted.county);
        let settings = match known {
            Some(Settings { aliases, neighbours, .. }) => Settings { aliases, neighbours, ..counted },
            None => counted,
        };
        counties.insert(settings.county, settings);
    }
    Ok(counties)
}
