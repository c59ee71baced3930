//! `reseal`: the records of retained packets go to the peer of today, in the epoch of today.
//!
//! Given: an own channel or all, and the number to begin with. Gives: packets with the same records in the open epoch. After a crash: performed again, and
//! each packet is sealed anew once. Never: the recovery key in a file.

use super::Answer;
use crate::engine::{Engine, PassReport};
use crate::epoch::decisions::Person;
use crate::error::EngineFault;
use crate::lang::Lang;
use crate::say;
use dukou_packets::packet::header::ChannelName;
use dukou_packets::suite::Unwrapper;

impl Engine {
    /// Seals the records of all retained packets of earlier epochs anew, opened with the own key or one of `further`.
    ///
    /// # Errors
    /// As [`perform`](Self::perform).
    pub fn reseal(
        &mut self,
        channel: Option<&ChannelName>,
        from: u64,
        (operator, name, reason): (&str, &str, &str),
        further: &[&dyn Unwrapper],
    ) -> Result<Answer, EngineFault> {
        let person = Person { operator, name, reason };
        let mut report = PassReport::default();
        if self.trust.is_none() || self.may_not_send(&mut report)? {
            return Ok(Answer::no(|lang| {
                say!(
                    lang,
                    "还没有配对，或本站暂停发送（见 status），没有重新封装任何包。",
                    "There is no peer, or this station does not send for now (see status); nothing was sealed anew."
                )
            }));
        }
        let at = self.leaving(channel);
        let names: Vec<ChannelName> = at.iter().map(|at| self.channel_name(*at)).collect();
        let decision = self.decided("reseal", channel, &person)?;
        self.commit_store(vec![decision])?;
        self.place_waiting(&mut report)?;
        let planned = self.plan_all(&names, from, operator)?;
        for at in at {
            self.reseal_pending(at, further, &mut report)?;
        }
        if self.unplaced.is_empty() {
            self.send_signal(&mut report)?;
        }
        self.flush()?;
        let (waiting, unopened) = self.reseal_standing()?;
        let done = planned.saturating_sub(waiting).saturating_sub(unopened);
        let sentence = |lang| resealed(lang, done, waiting, unopened);
        Ok(match unopened {
            0 => Answer::done(done, sentence),
            // Part of it was done: somebody should look at the rest.
            _ => Answer { exit: 1, ..Answer::done(done, sentence) },
        })
    }
}

/// Says what was done, and what is left only where something is.
fn resealed(lang: Lang, done: u64, waiting: u64, unopened: u64) -> String {
    let mut out = match done + waiting + unopened {
        0 => say!(lang, "没有要重新封装的留存包", "No retained packet is to be sealed anew"),
        _ => say!(lang, "已把 {done} 个留存包的记录重新封装发出", "Sealed the records of {done} retained packet(s) anew"),
    };
    if waiting > 0 {
        out += &say!(lang, "，还有 {waiting} 个会由 run 或 pass 接着做", "; {waiting} more are done by run or pass");
    }
    if unopened > 0 {
        out += &say!(
            lang,
            "；{unopened} 个打不开，请运行 check，并用 --recovery-key 再试",
            "; {unopened} could not be opened: run check, and try again with --recovery-key"
        );
    }
    out + &say!(lang, "。", ".")
}
