//! What a rehearsal needs: generated messages and a simulated gap device.
//!
//! Nothing here is part of a station. The demo, the suites, the benchmark and a bureau's own rehearsal use it to have
//! something to carry, and something that carries it badly.
//!
//! - [`messages`] writes invented reporting messages and registration logs, true in format and size.
//! - [`gapbox`] moves files between two directories as a gap device does, with seeded and scripted faults, and counts
//!   how often each fault fired.
//! - [`random`] is the generator of both: same seed, same bytes.
//! - [`table`] aligns what is printed, Chinese text included.

pub mod gapbox;
pub mod messages;
pub mod random;
pub mod table;
