//! `day DATE --decide`: a named person decides about a difference.
//!
//! Given: a difference of a county's day, name, reason and account. Gives: the decision beside it, in the store. After a crash: performed again. Never: a
//! difference taken out of its list by it.

use super::Answer;
use crate::engine::Engine;
use crate::error::EngineFault;
use crate::registration::kept::{KeptDecision, civil_of};
use crate::say;
use crate::store::Change;

impl Engine {
    pub(super) fn decide_difference(&mut self, decided: &KeptDecision) -> Result<Answer, EngineFault> {
        let now_ms = self.seams.clock.wall_ms();
        let mut kept = decided.clone();
        kept.decision.at = civil_of(now_ms);
        self.commit_store(vec![Change::Filed(kept.card(now_ms))])?;
        let (name, day) = (&kept.decision.name, kept.day);
        Ok(Answer::done(1, |lang| {
            let title = kept.decision.about.title(lang);
            say!(
                lang,
                "已登记：{name} 对 {day} 的一条“{title}”作了说明；它仍在清单里，旁边写着姓名和原因。",
                "Noted: {name} decided about one of \"{title}\" of {day}; it stays in its list, with name and reason beside it."
            )
        }))
    }
}
