//! The engine on simulated seams: kills, power cuts, faults, by seed.

mod kills;
mod sweep;
