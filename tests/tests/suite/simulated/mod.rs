//! The engine on simulated seams: kills, power cuts, faults, by seed.

mod again;
mod alarms;
mod arrivals;
mod crossing;
mod decisions;
mod device;
mod faults;
mod gap_reports;
mod kills;
mod large;
mod long_runs;
mod media;
mod order;
mod power;
mod repair;
mod repair_kills;
mod replayed_year;
mod resends;
mod seeds;
mod sink;
mod source;
mod sweep;
mod troubles;
mod waivers;
mod way_back;
mod year;
