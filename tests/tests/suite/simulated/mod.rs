//! The engine on simulated seams: kills, power cuts, faults, by seed.

mod faults;
mod kills;
mod power;
mod sweep;
