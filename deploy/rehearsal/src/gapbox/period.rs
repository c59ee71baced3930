//! What befalls the whole device for a while: it is off, or everything it takes comes much later.

use serde::Deserialize;

use super::{Fault, GapError};

/// What a period does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Spell {
    /// The device is off: it takes and delivers nothing.
    Outage,
    /// All that it takes meanwhile comes later by [`Period::by_ms`].
    Late,
}

impl Spell {
    /// Gives the fault that is counted for it.
    pub fn fault(self) -> Fault {
        match self {
            Spell::Outage => Fault::Outage,
            Spell::Late => Fault::Late,
        }
    }
}

/// A time during which the whole device does something wrong, once or again and again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Period {
    /// What happens.
    #[serde(rename = "do")]
    pub spell: Spell,
    /// When it begins.
    pub from_ms: u64,
    /// How long it lasts.
    pub for_ms: u64,
    /// After how long it comes again; 0 for once.
    #[serde(default)]
    pub every_ms: u64,
    /// How much later files come (`late` only).
    #[serde(default)]
    pub by_ms: u64,
}

impl Period {
    /// Checks one period.
    ///
    /// # Errors
    /// Refuses one that lasts no time, that would never end, and a lateness of 0.
    pub(super) fn check(&self) -> Result<(), GapError> {
        let endless = self.every_ms > 0 && self.every_ms <= self.for_ms;
        match self {
            Period { for_ms: 0, .. } => Err(GapError::Zero { setting: "period.for_ms" }),
            Period { spell: Spell::Late, by_ms: 0, .. } => Err(GapError::Zero { setting: "period.by_ms" }),
            _ if endless => Err(GapError::Endless),
            _ => Ok(()),
        }
    }

    /// Gives when the occurrence ends that `now_ms` lies in.
    pub(super) fn ends_ms(&self, now_ms: u64) -> Option<u64> {
        let since = now_ms.checked_sub(self.from_ms)?;
        let into = if self.every_ms > 0 { since % self.every_ms } else { since };
        (into < self.for_ms).then(|| now_ms - into + self.for_ms)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_period_comes_again() {
        let night = Period { spell: Spell::Outage, from_ms: 100, for_ms: 10, every_ms: 50, by_ms: 0 };
        assert_eq!(
            [99, 100, 109, 110, 150, 205].map(|now| night.ends_ms(now)),
            [None, Some(110), Some(110), None, Some(160), Some(210)]
        );
    }

    #[test]
    fn a_period_that_never_ends_is_refused() {
        let night = Period { spell: Spell::Outage, from_ms: 0, for_ms: 50, every_ms: 50, by_ms: 0 };
        assert!(matches!(night.check(), Err(GapError::Endless)));
    }
}
