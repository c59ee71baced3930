//! What is known of a message on its front machine, as a card of the store.

use jiff::civil::DateTime;
use serde::{Deserialize, Serialize};

use crate::registration::day::ids::{AreaCode, BizMsgId};
use crate::registration::kept::KeptMessage;
use crate::store::cards::{Card, Drawer, stored};
use crate::store::{Store, StoreFault};

/// How far a message is on its front machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(in super::super) enum Stage {
    /// It lay under its dot name, and its name was about to be given. Durable before that.
    Begun,
    /// It lay there under its name.
    Placed,
    /// Its response came.
    Answered,
    /// Its name was not given.
    Withdrawn,
}

/// What a named person decided about a message that waited.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in super::super) struct Decided {
    /// Whether it is placed once more; else somebody found that the front machine had it.
    pub(in super::super) is_again: bool,
    /// Who, by name.
    pub(in super::super) name: String,
    /// The account.
    pub(in super::super) operator: String,
    /// Why.
    pub(in super::super) reason: String,
    /// When.
    #[serde(with = "crate::registration::day::as_text")]
    pub(in super::super) at: DateTime,
}

/// A message on the front machine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in super::super) struct OnFront {
    /// Its id.
    pub(in super::super) id: BizMsgId,
    /// The lane's county.
    pub(in super::super) area: AreaCode,
    /// The key of the message's own card.
    pub(in super::super) message: String,
    /// The name of its response.
    pub(in super::super) response: String,
    /// Running time (ms) at which that stage began.
    pub(in super::super) since_run_ms: u64,
    /// How far it is.
    pub(in super::super) stage: Stage,
    /// What persons decided, oldest first.
    pub(in super::super) decided: Vec<Decided>,
}

impl OnFront {
    /// Begins with a message that is about to be placed.
    pub(super) fn begun(kept: &KeptMessage, area: AreaCode, since_run_ms: u64) -> Self {
        let name = super::file_name(&kept.name);
        let response =
            name.strip_prefix("Biz").map_or_else(|| format!("Rep{}.xml", kept.message.id), |rest| format!("Rep{rest}"));
        let (id, message) = (kept.message.id, kept.key.clone());
        Self { id, area, message, response, since_run_ms, stage: Stage::Begun, decided: Vec::new() }
    }

    /// Gives its card. A response is waited for from the moment at which a message may lie there.
    pub(in super::super) fn card(&self, now_ms: i64) -> Card {
        let waits = format!("waits {}", self.area);
        let terms = matches!(self.stage, Stage::Begun | Stage::Placed).then_some(waits.as_str());
        let body = serde_json::to_string(self).unwrap_or_default();
        Card::new(Drawer::Front, &self.message, terms, body, now_ms)
    }

    /// Reads a card.
    ///
    /// # Errors
    /// [`StoreFault::Corrupt`].
    pub(super) fn read(card: &Card) -> Result<Self, StoreFault> {
        let unread = |_| StoreFault::Corrupt("a card of a message on its front machine cannot be read".to_owned());
        serde_json::from_str(&card.body).map_err(unread)
    }
}

/// Gives what is known of a message on its front machine.
///
/// # Errors
/// As [`Store::card`].
pub(in super::super) fn front_of(store: &mut dyn Store, kept: &KeptMessage) -> Result<Option<OnFront>, StoreFault> {
    store.card(Drawer::Front, &stored(&kept.key))?.as_ref().map(OnFront::read).transpose()
}
