//! Facts: small typed values that one module each keeps in the station's state.
//!
//! A fact is stored as JSON under its name, in the same transaction as the changes it belongs to. It is meant for what is small and
//! rewritten as a whole (alarms, the peer's marks, numbers handed out); what grows with the traffic has tables of its own.

use super::{Change, StationState, StoreFault};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// A small value that one module keeps.
pub trait Fact: Serialize + DeserializeOwned + Default {
    /// Its name in the state: unique, `[a-z-]`.
    const NAME: &str;
}

impl StationState {
    /// Gives a fact as it was stored last, or its default before the first time.
    ///
    /// # Errors
    /// [`StoreFault::Corrupt`] when what is stored is not of this type.
    pub fn fact<F: Fact>(&self) -> Result<F, StoreFault> {
        let Some(text) = self.facts.get(F::NAME) else { return Ok(F::default()) };
        serde_json::from_str(text).map_err(|_| StoreFault::Corrupt(format!("the fact {} cannot be read", F::NAME)))
    }
}

impl Change {
    /// Stores a fact as a whole.
    ///
    /// # Errors
    /// [`StoreFault::Corrupt`] when it has no JSON form: a map whose keys are no text.
    pub fn fact<F: Fact>(fact: &F) -> Result<Self, StoreFault> {
        let text =
            serde_json::to_string(fact).map_err(|_| StoreFault::Corrupt(format!("the fact {} cannot be written", F::NAME)))?;
        Ok(Self::Fact(F::NAME.to_string(), Some(text)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    #[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
    struct Tides(Vec<u32>);

    impl Fact for Tides {
        const NAME: &str = "tides";
    }

    #[test]
    fn a_fact_is_its_default_until_it_is_stored_and_then_what_was_stored() {
        let mut state = StationState::default();
        assert_eq!(state.fact::<Tides>(), Ok(Tides::default()));
        state.follow(&Change::fact(&Tides(vec![3, 1])).expect("a JSON form"));
        assert_eq!(state.fact::<Tides>(), Ok(Tides(vec![3, 1])));
    }

    #[test]
    fn a_fact_of_another_shape_is_refused() {
        let mut state = StationState::default();
        state.follow(&Change::Fact("tides".to_string(), Some("\"high\"".to_string())));
        assert!(matches!(state.fact::<Tides>(), Err(StoreFault::Corrupt(_))));
    }
}
