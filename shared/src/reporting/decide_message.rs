//! A named person goes on with a message that waits on its way to the front machine.
//!
//! - **Given** a message id, what somebody found on the front machine, who decides and why.
//! - **Gives** the message to be placed once more, or counted as placed.
//! - **After a crash** it is asked again: a message that does not wait any more is told so.
//! - **Never** a message placed a second time without a name and a reason.

use serde::{Deserialize, Serialize};

use super::messages::{Decided, NAME_TAKEN, Stage, UNSURE, front_of};
use super::request::NamedReason;
use crate::engine::Engine;
use crate::error::EngineFault;
use crate::registration::day::facts::Progress;
use crate::registration::day::ids::BizMsgId;
use crate::registration::kept::{KeptMessage, civil_of, messages_of};
use crate::requests::Answer;
use crate::say;
use crate::store::Change;

/// A decision about a message that waits on its way to the front machine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DecideMessage {
    /// The message.
    pub id: BizMsgId,
    /// Whether it is placed once more; else somebody found that the front machine had it.
    pub is_again: bool,
    /// Who decides, and why.
    pub by: NamedReason,
    /// Account of the person.
    pub operator: String,
}

/// Tells whether a message waits for this decision.
pub(super) fn waits(kept: &KeptMessage) -> bool {
    matches!(&kept.message.progress, Progress::Held(code) if code == NAME_TAKEN || code == UNSURE)
}

impl Engine {
    /// Performs a decision about a message.
    ///
    /// # Errors
    /// As [`perform`](Engine::perform).
    pub(crate) fn decide_message(&mut self, decision: &DecideMessage) -> Result<Answer, EngineFault> {
        let DecideMessage { id, is_again, by, operator } = decision;
        let found = messages_of(self.store(), &[format!("id {}", id.base())])?;
        let waiting = found.into_iter().find(|kept| kept.message.id == *id && waits(kept));
        let noted = waiting.as_ref().map(|kept| front_of(self.store(), kept)).transpose()?.flatten();
        let (Some(mut kept), Some(mut front)) = (waiting, noted) else {
            return Ok(Answer::no(|lang| {
                say!(
                    lang,
                    "报文 {id} 没有在等决定。请用 trace {id} 看它到哪了。",
                    "Message {id} does not wait for a decision. See trace {id} for where it is."
                )
            }));
        };
        let now_ms = self.seams.clock.wall_ms();
        self.note_reporting((front.area, None), if *is_again { "place-again" } else { "there" }, operator)?;
        let (name, reason, operator) = (by.name.clone(), by.reason.clone(), operator.clone());
        front.decided.push(Decided { is_again: *is_again, name, operator, reason, at: civil_of(now_ms) });
        front.since_run_ms = self.running_ms();
        (kept.message.progress, front.stage) = match is_again {
            true => (Progress::Arrived, Stage::Withdrawn),
            false => (Progress::Placed(civil_of(now_ms)), Stage::Placed),
        };
        self.commit_store(vec![Change::Filed(front.card(now_ms)), Change::Filed(kept.card(now_ms))])?;
        let lanes = self.station.config.lanes.iter();
        let from =
            lanes.filter(|lane| lane.area == front.area).find_map(|lane| lane.messages.as_ref()).map(|way| way.from.clone());
        if let Some(from) = from.filter(|_| !is_again) {
            self.take_from_arrivals(&from.join(&kept.name))?;
        }
        let name = &by.name;
        Ok(Answer::done(1, |lang| match is_again {
            true => say!(
                lang,
                "已登记：{name} 决定报文 {id} 再放一次。",
                "Noted: {name} decided that message {id} is placed once more."
            ),
            false => say!(
                lang,
                "已登记：{name} 核实前置机已有报文 {id}，不会再放。",
                "Noted: {name} found that the front machine has message {id}; it is not placed again."
            ),
        }))
    }
}
