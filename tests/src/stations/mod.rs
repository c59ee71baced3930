//! The harness of the suites over the real programs: stations in a temporary directory, and `cp` or `mv` for a gap device.

pub mod audit;
pub mod beside;
pub mod calendar;
pub mod daemon;
pub mod forge;
pub mod injection;
pub mod message;
pub mod packet;
pub mod pair;
pub mod platform;
pub mod programs;
pub mod root;
pub mod sentence;
pub mod station;
pub mod tree;
pub mod wait;
