//! What a station keeps of its cargo: facts of a county's day as cards of the store, and back.
//!
//! - **Given** a record as it came, or a row change.
//! - **Gives** the [`Card`] that is filed with the packet's mark, and the [`Facts`](super::day::facts::Facts) of a day out of the store.
//! - **After a crash** the cards are there or the packet comes again: they are in one transaction with its mark.
//! - **Never** changes a byte of what is carried, or stops it: what cannot be read has no card, or one that says so.

mod carried;
mod chains;
mod counties;
mod day;
mod decisions;
mod logs;
mod marks;
mod messages;
mod rows;
mod write_offs;

pub use carried::{Arrival, Learnt};
pub use chains::{CaseChain, KeptOrder, chains_of, original_of, unplaced_orders};
pub use counties::counties;
pub use day::facts_of;
pub use decisions::KeptDecision;
pub use logs::{KeptLog, LogOrigin, guard, guards, log};
pub use marks::{completeness, newest_marks};
pub use messages::{KeptMessage, KeptResponse, messages_of, responses_of};
pub use rows::{RegisterRows, row_of};
pub use write_offs::write_off_of;

use crate::store::StoreFault;
use crate::store::cards::Card;
use jiff::SignedDuration;
use jiff::civil::{DateTime, date};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Gives the civil time of China, which has had one since 1991, of a wall clock: no time zone is looked up.
pub fn civil_of(wall_ms: i64) -> DateTime {
    let since = SignedDuration::from_millis(wall_ms.saturating_add(8 * 3_600_000));
    date(1970, 1, 1).at(0, 0, 0, 0).saturating_add(since)
}

/// Reads a card's body.
fn read<T: DeserializeOwned>(card: &Card) -> Result<T, StoreFault> {
    serde_json::from_str(&card.body).map_err(|_| StoreFault::Corrupt("a card of its cargo cannot be read".to_owned()))
}

/// Writes a card's body. What is kept has a JSON form: its maps have texts for keys.
fn body<T: Serialize>(value: &T) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_civil_time_is_that_of_china_on_every_machine() {
        assert_eq!(civil_of(0).to_string(), "1970-01-01T08:00:00");
        assert_eq!(civil_of(1_710_494_700_123).to_string(), "2024-03-15T17:25:00.123");
        assert!(civil_of(i64::MIN) < civil_of(i64::MAX), "no clock is too far off");
    }
}
