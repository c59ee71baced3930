//! A small seeded generator: the same seed gives the same sequence on every machine.

/// Draws pseudo-random numbers by the SplitMix64 step.
///
/// Good enough to invent test data and to decide when a simulated device fails; it is no source of secrets.
/// Source: Steele, Lea, Flood, "Fast splittable pseudorandom number generators" (2014), figure 17.
#[derive(Debug, Clone)]
pub struct Random {
    state: u64,
}

impl Random {
    /// Starts the sequence that belongs to `seed`.
    pub fn new(seed: u64) -> Self {
        Random { state: seed }
    }

    /// Starts the `index`-th of many independent sequences that belong to one seed.
    pub fn nth(seed: u64, index: u64) -> Self {
        let mut mixer = Random::new(seed ^ index.wrapping_mul(0xD1B5_4A32_D192_ED03));
        Random::new(mixer.next_u64())
    }

    /// Draws the next 64 bits.
    pub fn next_u64(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// Draws a number below `end`; 0 when `end` is 0.
    pub fn below(&mut self, end: u64) -> u64 {
        let wide = u128::from(self.next_u64()) * u128::from(end);
        (wide >> 64) as u64
    }

    /// Draws a number from `from` to `to`, both included; `from` when they are the wrong way round.
    pub fn between(&mut self, from: u64, to: u64) -> u64 {
        from + self.below(to.saturating_sub(from).saturating_add(1))
    }

    /// Says yes with the given probability (0 never, 1 always).
    pub fn chance(&mut self, probability: f64) -> bool {
        let unit = (self.next_u64() >> 11) as f64 / (1u64 << 53) as f64;
        unit < probability
    }

    /// Picks one of the choices.
    ///
    /// # Panics
    /// Panics when there is no choice.
    pub fn pick<'a, T: ?Sized>(&mut self, choices: &[&'a T]) -> &'a T {
        choices[self.below(choices.len() as u64) as usize]
    }

    /// Fills the buffer with bytes that no compressor shortens.
    pub fn fill(&mut self, buffer: &mut [u8]) {
        for chunk in buffer.chunks_mut(8) {
            let bytes = self.next_u64().to_le_bytes();
            chunk.copy_from_slice(&bytes[..chunk.len()]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sequence_of_seed_zero_is_the_published_one() {
        let mut random = Random::new(0);
        assert_eq!(random.next_u64(), 0xE220_A839_7B1D_CDAF);
        assert_eq!(random.next_u64(), 0x6E78_9E6A_A1B9_65F4);
    }

    #[test]
    fn a_draw_stays_inside_its_bounds() {
        let mut random = Random::new(3);
        for _ in 0..1_000 {
            assert!((5..=9).contains(&random.between(5, 9)));
            assert!(random.below(3) < 3);
        }
        assert_eq!(random.below(0), 0);
        assert_eq!(random.between(9, 5), 9);
    }

    #[test]
    fn probability_zero_never_fires_and_one_always_does() {
        let mut random = Random::new(4);
        for _ in 0..1_000 {
            assert!(!random.chance(0.0));
            assert!(random.chance(1.0));
        }
    }
}
