//! The engine on simulated seams: kills, power cuts, faults, by seed.

mod again;
mod arrivals;
mod crossing;
mod decisions;
mod faults;
mod kills;
mod large;
mod long_runs;
mod order;
mod power;
mod restored;
mod seeds;
mod sink;
mod source;
mod sweep;
mod troubles;
