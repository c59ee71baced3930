//! How loss on the link is met without a person: what is placed again, and at what pace.

pub mod pace;

use crate::engine::Engine;
use crate::station::LinkConfig;
use pace::Pacer;

/// What the link keeps in memory while the station runs; all of it may be forgotten.
pub(crate) struct Link {
    /// The pace of everything that is placed again.
    pub(crate) pacer: Pacer,
}

impl Link {
    pub(crate) fn new(config: &LinkConfig) -> Self {
        Self { pacer: Pacer::new(config.resend_per_minute) }
    }
}

impl Engine {
    /// Tells how many packets may be placed again now, beside live traffic (`link.resend_per_minute`).
    pub(crate) fn may_place_again(&mut self) -> u64 {
        let now_ms = self.running_ms();
        self.link.pacer.allowance(now_ms)
    }

    /// Counts packets that were placed again now.
    pub(crate) fn placed_again(&mut self, count: u64) {
        let now_ms = self.running_ms();
        self.link.pacer.spend(now_ms, count);
    }
}
