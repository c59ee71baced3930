//! The engine on simulated seams: kills, power cuts, faults, by seed.
