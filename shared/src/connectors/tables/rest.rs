//! The rest that a database is given after a fault: 1 s, doubled to 60 s, over at the first answer.
//!
//! Given: faults and moments. Gives: whether the database is asked now. After a crash: asked at once. Never: a channel that waits for another's server.

use super::TableFault;

/// The first rest.
const FIRST_MS: u64 = 1000;

/// The longest one.
const LONGEST_MS: u64 = 60_000;

/// How a database's rest stands.
#[derive(Debug, Default)]
pub(crate) struct Rest {
    until_ms: u64,
    length_ms: u64,
    fault: Option<TableFault>,
}

impl Rest {
    /// Begins a rest, each longer than the one before.
    pub(crate) fn begin(&mut self, now_ms: u64, fault: TableFault) {
        self.length_ms = (self.length_ms * 2).clamp(FIRST_MS, LONGEST_MS);
        self.until_ms = now_ms + self.length_ms;
        self.fault = Some(fault);
    }

    /// Ends all rests: the database answered.
    pub(crate) fn end(&mut self) {
        *self = Self::default();
    }

    /// Gives the fault while its rest lasts.
    pub(crate) fn lasting(&self, now_ms: u64) -> Option<&TableFault> {
        self.fault.as_ref().filter(|_| now_ms < self.until_ms)
    }

    /// Gives for how long the rest still lasts.
    pub(crate) fn left_ms(&self, now_ms: u64) -> Option<u64> {
        self.lasting(now_ms).map(|_| self.until_ms - now_ms)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rests_double_from_a_second_to_a_minute_and_end_with_an_answer() {
        let fault = TableFault::Away { place: "p".to_string(), words: "w".to_string() };
        let (mut rest, mut now_ms, mut lengths) = (Rest::default(), 500, Vec::new());
        for _ in 0..9 {
            rest.begin(now_ms, fault.clone());
            let length = rest.left_ms(now_ms).unwrap();
            assert!(rest.lasting(now_ms + length - 1).is_some() && rest.lasting(now_ms + length).is_none());
            lengths.push(length);
            now_ms += length;
        }
        assert_eq!(lengths, [1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000, 60_000]);
        rest.end();
        assert_eq!((rest.lasting(now_ms), rest.left_ms(now_ms)), (None, None));
        rest.begin(now_ms, fault);
        assert_eq!(rest.left_ms(now_ms), Some(1000));
    }
}
