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
mod order;
mod power;
mod resends;
mod seeds;
mod sink;
mod source;
mod sweep;
mod troubles;
mod way_back;
mod year;
