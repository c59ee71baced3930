//! Randomness that follows from a seed, for keys, names and decisions alike.

use dukou_rehearsal::random::Random as Sequence;
use std::sync::{Mutex, PoisonError};

/// The random seam of a simulation.
#[derive(Debug)]
pub struct Chance(Mutex<Sequence>);

impl Chance {
    /// Starts the sequence that belongs to `seed`.
    pub fn new(seed: u64) -> Self {
        Self(Mutex::new(Sequence::new(seed)))
    }
}

impl dukou_packets::suite::Random for Chance {
    fn fill(&self, out: &mut [u8]) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).fill(out);
    }
}
