//! Two engines on simulated seams, with a gap between them, suppliers before them and consumers behind them.
//!
//! [`World`] holds them all. Everything follows from one seed; what broke once breaks again.

pub mod chance;
pub mod changes;
pub mod consumer;
pub mod forge;
pub mod gap;
pub mod hooked;
pub mod office;
pub mod slow;
pub mod station;
pub mod supplier;
pub mod verdict;
pub mod world;
pub mod year;

pub use consumer::{Consumer, Taken};
pub use gap::{Gap, Weather};
pub use station::SimStation;
pub use supplier::{Dropped, Fate, Supplier};
pub use world::{Victim, World};
