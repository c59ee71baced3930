//! `alarms ack`: a person takes note of an open alarm.
//!
//! Given: an alarm's code and channel. Gives: who and when, beside the open alarm. After a crash: performed again. Never: an alarm closed by it; only
//! its cause does that.

use super::Answer;
use crate::alarm::book::Noted;
use crate::engine::Engine;
use crate::error::EngineFault;
use crate::lang::plain_line;
use crate::say;
use crate::store::Change;
use dukou_packets::packet::header::ChannelName;

impl Engine {
    pub(super) fn acknowledge(
        &mut self,
        code: &str,
        channel: Option<&ChannelName>,
        operator: &str,
        name: &str,
    ) -> Result<Answer, EngineFault> {
        let noted = Noted { name: name.to_string(), operator: operator.to_string(), at_ms: self.seams.clock.wall_ms() };
        let code_shown = plain_line(code);
        let mut book = self.alarms.book.clone();
        let Some(line) = book.acknowledge(code, channel, noted) else {
            return Ok(Answer::no(|lang| match channel {
                Some(channel) => say!(
                    lang,
                    "通道 {channel} 没有未结束的警报 {code_shown}。请用 alarms 查看。",
                    "Channel {channel} has no open alarm {code_shown}. See alarms."
                ),
                None => say!(
                    lang,
                    "没有未结束的警报 {code_shown}；通道的警报请加 --channel。请用 alarms 查看。",
                    "There is no open alarm {code_shown}; one of a channel needs --channel. See alarms."
                ),
            }));
        };
        self.log.note(line);
        self.commit_log()?;
        self.commit_store(vec![Change::fact(&book)?])?;
        self.alarms.book = book;
        Ok(Answer::done(1, |lang| {
            say!(
                lang,
                "已登记：{name} 知悉警报 {code}。原因消失后警报自动结束。",
                "Noted: {name} knows of the alarm {code}. It ends by itself when its cause is gone."
            )
        }))
    }
}
