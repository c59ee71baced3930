//! Cards: what a station knows of its cargo, one card a thing.
//!
//! A card lies in a drawer under its key and is found by that or by any of its terms. Its body is JSON that the store does not look into: what the cards of each
//! drawer hold is said in `registration/kept/`. Cards are written by [`Change::Filed`](super::Change::Filed), in the transaction of what they were learnt from.

use dukou_packets::suite::sha256;

/// The most bytes of a key or a term that stand as they are; a longer one is known by its digest.
const PLAIN_BYTES_MAX: usize = 300;
/// The most cards that [`Store::each_card`](super::Store::each_card) holds at once.
pub const CARDS_AT_ONCE: usize = 256;

/// What a card is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Drawer {
    /// A register row: a case at a unit.
    RegisterRow,
    /// A reporting message that came.
    Message,
    /// A response that came.
    Response,
    /// A day mark: the newest of a county's day.
    DayMark,
    /// A county's daily log, carried or built.
    Log,
    /// The answer to a daily log.
    LogReply,
    /// The guard of a county's daily log.
    Guard,
    /// What a named person decided about a difference.
    Decision,
    /// A re-report that was ordered.
    Order,
    /// A message on the front machine, until its response came.
    Front,
    /// A row of the platform's write-off lists.
    WriteOff,
}

impl Drawer {
    /// Every drawer.
    pub const ALL: [Self; 11] = [
        Self::RegisterRow,
        Self::Message,
        Self::Response,
        Self::DayMark,
        Self::Log,
        Self::LogReply,
        Self::Guard,
        Self::Decision,
        Self::Order,
        Self::Front,
        Self::WriteOff,
    ];

    /// Gives the number under which it is stored.
    pub(super) fn number(self) -> i64 {
        match self {
            Self::RegisterRow => 1,
            Self::Message => 2,
            Self::Response => 3,
            Self::DayMark => 4,
            Self::Log => 5,
            Self::LogReply => 6,
            Self::Guard => 7,
            Self::Decision => 8,
            Self::Order => 9,
            Self::Front => 10,
            Self::WriteOff => 11,
        }
    }
}

/// A card.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Card {
    /// Where it lies.
    pub drawer: Drawer,
    /// What it is known by there; there is one of each.
    pub key: String,
    /// What it is found by, rising, each once.
    pub terms: Vec<String>,
    /// What it says.
    pub body: String,
    /// Wall clock (ms) when its key was filed first: filing it again does not move it.
    pub since_ms: i64,
}

impl Card {
    /// Makes a card. Key and terms are put into their [stored form](stored).
    pub fn new<'t>(drawer: Drawer, key: &str, terms: impl IntoIterator<Item = &'t str>, body: String, since_ms: i64) -> Self {
        let mut terms: Vec<String> = terms.into_iter().map(stored).collect();
        terms.sort_unstable();
        terms.dedup();
        Self { drawer, key: stored(key), terms, body, since_ms }
    }
}

/// Gives the form in which a key or a term is stored: itself, or its digest where it is long or has control characters.
pub fn stored(text: &str) -> String {
    match text.len() <= PLAIN_BYTES_MAX && !text.chars().any(char::is_control) {
        true => text.to_owned(),
        false => format!("sha256:{}", sha256(&[text.as_bytes()])),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_term_and_one_with_control_characters_are_known_by_their_digests() {
        assert_eq!(stored("case 登 1"), "case 登 1");
        let (long, cut) = ("长".repeat(200), "a\0b");
        assert!(stored(&long).len() < 80 && stored(cut).starts_with("sha256:"));
        assert_ne!(stored(&long), stored(&"长".repeat(201)));
    }

    #[test]
    fn no_two_drawers_have_one_number() {
        let numbers: std::collections::BTreeSet<i64> = Drawer::ALL.into_iter().map(Drawer::number).collect();
        assert_eq!(numbers.len(), Drawer::ALL.len());
    }
}
