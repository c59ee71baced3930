//! `waive` and `release`: a person lets a channel go on.
//!
//! Given: the channel's next missing packets, or its hold. Gives: a channel that goes on behind them. After a crash: performed again. Never: a packet
//! passed over that is here, or without a name and a log line.

use super::Answer;
use crate::engine::Engine;
use crate::error::EngineFault;
use crate::report::range_text;
use crate::say;
use crate::store::{Change, Direction, InHead, PacketRow, PacketState, Waiver};
use dukou_packets::log::line::Event;
use dukou_packets::packet::header::ChannelName;

impl Engine {
    pub(super) fn waive(
        &mut self,
        channel: &ChannelName,
        (from, to): (u64, u64),
        operator: &str,
        (name, reason): (&str, &str),
    ) -> Result<Answer, EngineFault> {
        let Some(head) = self.in_head(channel).cloned() else {
            return Ok(Answer::no(|lang| {
                say!(
                    lang,
                    "通道 {channel} 还没有收到过包，没有可放弃的。",
                    "Nothing has arrived on channel {channel} yet; there is nothing to waive."
                )
            }));
        };
        if self.opens_an_epoch(head.epoch, from) {
            return Ok(Answer::no(|lang| {
                say!(
                    lang,
                    "通道 {channel} 第 1 号包是新一代的开头，不能放弃；请发送方用 resend {channel} --seq 1 重发。",
                    "Packet 1 of channel {channel} opens its epoch and cannot be waived; the sender runs resend {channel} --seq 1."
                )
            }));
        }
        let first = self.find_gaps()?.get(channel).and_then(|(_, ranges)| ranges.first().copied());
        let held = self.state.holds.get(channel).map(|hold| hold.seq);
        let may = from == head.seq + 1
            && from <= to
            && (first.is_some_and(|(a, b)| a == from && to <= b) || held == Some(from) && to == from);
        if first.is_none() && held.is_none() {
            return Ok(Answer::no(|lang| {
                say!(
                    lang,
                    "通道 {channel} 没有缺包也没有暂停（见 gaps），没有可放弃的。",
                    "Channel {channel} has no gap and is not held (see gaps); there is nothing to waive."
                )
            }));
        }
        if !may {
            let next = head.seq + 1;
            return Ok(Answer::no(|lang| {
                say!(
                    lang,
                    "只能放弃通道 {channel} 下一个缺的包，从第 {next} 号起，且不能超过缺包范围（见 gaps）。",
                    "Only the next missing packets of channel {channel} can be waived, from {next} on and within the gap (see gaps)."
                )
            }));
        }
        self.log.note(Event::Waived { channel: channel.clone(), epoch: head.epoch, from, to, operator: operator.to_string() });
        self.commit_log()?;
        let waiver = Waiver {
            channel: channel.clone(),
            epoch: head.epoch,
            from,
            to,
            operator: format!("{name} ({operator})"),
            reason: reason.to_string(),
            at_ms: self.seams.clock.wall_ms(),
        };
        let mut changes = vec![
            Change::Waived(waiver),
            Change::InHead(channel.clone(), InHead { seq: to, header: None, ..head }),
            Change::Unfinished(Direction::In, channel.clone(), None),
        ];
        if held.is_some_and(|seq| seq <= to) {
            self.log.note(Event::Released {
                channel: channel.clone(),
                code: "waived".to_string(),
                operator: operator.to_string(),
            });
            changes.push(Change::Hold(channel.clone(), None));
            let held = self.store().packet(&Self::packet_key(Direction::In, channel, head.epoch, from))?;
            changes.extend(held.map(|row| Change::Rebuilt(PacketRow { state: PacketState::Late, ..row })));
        }
        self.commit_store(changes)?;
        self.note_gaps()?;
        self.flush()?;
        let numbers = range_text(from, to);
        Ok(Answer::done(to - from + 1, |lang| {
            say!(
                lang,
                "已登记放弃通道 {channel} 第 {numbers} 号包（{name}），通道继续。以后到达的这些包只作证据保存。",
                "Waived packet(s) {numbers} of channel {channel} ({name}); the channel goes on. If they arrive later they are kept as evidence only."
            )
        }))
    }

    pub(super) fn release(&mut self, channel: &ChannelName, operator: &str) -> Result<Answer, EngineFault> {
        let Some(hold) = self.state.holds.get(channel).cloned() else {
            return Ok(Answer::no(|lang| say!(lang, "通道 {channel} 没有暂停。", "Channel {channel} is not held.")));
        };
        if !self.release_doubtful(&hold.code, operator)? {
            self.log.note(Event::Released {
                channel: channel.clone(),
                code: hold.code.clone(),
                operator: operator.to_string(),
            });
            self.commit_log()?;
            self.commit_store(vec![Change::Hold(channel.clone(), None)])?;
        }
        let code = hold.code;
        Ok(Answer::done(1, |lang| {
            say!(lang, "通道 {channel} 的暂停（{code}）已解除。", "The hold of channel {channel} ({code}) is ended.")
        }))
    }
}
