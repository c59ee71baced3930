//! The engine on simulated seams: kills, power cuts, faults, by seed.

mod crossing;
mod decisions;
mod faults;
mod kills;
mod order;
mod power;
mod seeds;
mod sweep;
