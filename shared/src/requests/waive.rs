//! `waive` and `release`: a person lets a channel go on.
//!
//! Given: the channel's next missing packets, or its hold. Gives: a channel that goes on behind them. After a crash: performed again, and what stands in
//! the state already is done. Never: a packet passed over that is here, a marker or an epoch opening, or anything without a name and a log line.

use super::Answer;
use super::replay_rows::PassedOver;
use crate::engine::Engine;
use crate::error::EngineFault;
use crate::gaps::heads::bare_heads;
use crate::gaps::waiver::WaiverLine;
use crate::intake::CARGO;
use crate::lang::Lang;
use crate::receive::rows::SINK_BEHIND;
use crate::report::range_text;
use crate::say;
use crate::store::{Change, Direction, InHead, PacketRow, PacketState, Waiver};
use dukou_packets::log::line::Event;
use dukou_packets::packet::header::{ChannelName, Epoch, KIND_EPOCH_OPENING, KIND_MARKER};
use std::collections::BTreeMap;

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
        if let Some(answer) = self.why_not_waived(channel, &head, (from, to))? {
            return Ok(answer);
        }
        let given_up = self.given_up(channel, &head, (from, to))?;
        let released = self.held_at(channel).is_some_and(|seq| seq <= to);
        let waiver = Waiver {
            channel: channel.clone(),
            epoch: head.epoch,
            from,
            to,
            operator: format!("{name} ({operator})"),
            reason: reason.to_string(),
            at_ms: self.seams.clock.wall_ms(),
        };
        let operator = operator.to_string();
        let line = WaiverLine { channel: channel.clone(), epoch: head.epoch, from, to, operator, released };
        let mut changes = vec![
            Change::Waived(waiver),
            line.change()?,
            Change::InHead(channel.clone(), InHead { seq: to, header: None, ..head }),
            Change::Unfinished(Direction::In, channel.clone(), None),
        ];
        if released {
            self.meet_sink_again(channel)?;
            changes.push(Change::Hold(channel.clone(), None));
            let held = self.store().packet(&Self::packet_key(Direction::In, channel, head.epoch, from))?;
            changes.extend(held.map(|row| Change::Rebuilt(PacketRow { state: PacketState::Late, ..row })));
        }
        // From here on the channel goes on without them; the lines follow, before anything else does.
        self.commit_store(changes)?;
        self.log_waiver(&line)?;
        self.note_gaps()?;
        self.flush()?;
        let (numbers, is_gapped) = (range_text(from, to), self.find_gaps()?.contains_key(channel));
        Ok(Answer::done(to - from + 1, |lang| {
            let given_up = given_up.sentence(lang);
            let onward = match is_gapped {
                true => say!(lang, "通道还缺别的包（见 gaps）", "the channel still misses others (see gaps)"),
                false => say!(lang, "通道继续", "the channel goes on"),
            };
            say!(
                lang,
                "已登记放弃通道 {channel} 第 {numbers} 号包（{name}），{onward}。{given_up}以后到达的这些包只作证据保存。",
                "Waived packet(s) {numbers} of channel {channel} ({name}); {onward}. {given_up}If they arrive later they are kept as evidence only."
            )
        }))
    }

    /// Tells why a range cannot be waived, or that it was.
    fn why_not_waived(
        &mut self,
        channel: &ChannelName,
        head: &InHead,
        (from, to): (u64, u64),
    ) -> Result<Option<Answer>, EngineFault> {
        if self.is_waived_so(channel, head.epoch, (from, to))? {
            let numbers = range_text(from, to);
            return Ok(Some(Answer::done(0, |lang| {
                say!(
                    lang,
                    "通道 {channel} 第 {numbers} 号包已登记放弃过，没有改动。",
                    "Packet(s) {numbers} of channel {channel} are waived already; nothing was changed."
                )
            })));
        }
        if self.opens_an_epoch(head.epoch, from) {
            return Ok(Some(Answer::no(|lang| {
                say!(
                    lang,
                    "通道 {channel} 第 1 号包是新一代的开头，不能放弃；请发送方用 resend {channel} --seq 1 重发。",
                    "Packet 1 of channel {channel} opens its epoch and cannot be waived; the sender runs resend {channel} --seq 1."
                )
            })));
        }
        let first = self.find_gaps()?.get(channel).and_then(|(_, ranges)| ranges.first().copied());
        let held = self.held_at(channel);
        let may = from == head.seq + 1
            && from <= to
            && (first.is_some_and(|(a, b)| a == from && to <= b) || held == Some(from) && to == from);
        if first.is_none() && held.is_none() {
            return Ok(Some(Answer::no(|lang| {
                say!(
                    lang,
                    "通道 {channel} 没有缺包也没有暂停（见 gaps），没有可放弃的。",
                    "Channel {channel} has no gap and is not held (see gaps); there is nothing to waive."
                )
            })));
        }
        if !may {
            let next = head.seq + 1;
            return Ok(Some(Answer::no(|lang| {
                say!(
                    lang,
                    "只能放弃通道 {channel} 下一个缺的包，从第 {next} 号起，且不能超过缺包范围（见 gaps）。",
                    "Only the next missing packets of channel {channel} can be waived, from {next} on and within the gap (see gaps)."
                )
            })));
        }
        if let Some((seq, kind)) = self.indispensable(channel, head, (from, to))? {
            return Ok(Some(Answer::no(|lang| indispensable_sentence(channel, seq, kind, lang))));
        }
        Ok(None)
    }

    /// Gives the packet at which a channel is held: a hold that is about no packet of the channel ends with no packet.
    fn held_at(&self, channel: &ChannelName) -> Option<u64> {
        self.state.holds.get(channel).map(|hold| hold.seq).filter(|seq| *seq > 0)
    }

    /// Finds a packet of the range that no person can go on without, as far as a head of it arrived: a marker or an epoch opening.
    fn indispensable(
        &mut self,
        channel: &ChannelName,
        head: &InHead,
        (from, to): (u64, u64),
    ) -> Result<Option<(u64, u8)>, EngineFault> {
        let bare = bare_heads(&self.state, channel, head.epoch, (from, to))?;
        let mut kinds: Vec<(u64, u8)> = bare.iter().map(|head| (head.seq, head.kind)).collect();
        let held = self.store().packet(&Self::packet_key(Direction::In, channel, head.epoch, from))?;
        if let Some(row) = held.filter(|row| row.spool.is_some()) {
            kinds.extend(self.verify_kept(row)?.map(|kept| (from, kept.head.header.kind)));
        }
        Ok(kinds.into_iter().find(|(_, kind)| matches!(*kind, KIND_MARKER | KIND_EPOCH_OPENING)))
    }

    /// Tells what goes with the packets of the range, as far as this station knows.
    fn given_up(&mut self, channel: &ChannelName, head: &InHead, (from, to): (u64, u64)) -> Result<GivenUp, EngineFault> {
        let bare = bare_heads(&self.state, channel, head.epoch, (from, to))?;
        let mut known: BTreeMap<u64, u64> = bare.iter().map(|head| (head.seq, u64::from(head.records))).collect();
        let held = self.store().packet(&Self::packet_key(Direction::In, channel, head.epoch, from))?;
        known.extend(held.map(|row| (row.key.seq, u64::from(row.records))));
        Ok(GivenUp {
            records: known.values().sum(),
            unknown: (to - from + 1).saturating_sub(known.len() as u64),
            file_in_parts: self.state.unfinished.contains_key(&(Direction::In, channel.clone())),
        })
    }

    fn is_waived_so(&mut self, channel: &ChannelName, epoch: Epoch, (from, to): (u64, u64)) -> Result<bool, EngineFault> {
        let waivers = self.store().waivers()?;
        Ok(waivers.iter().any(|known| (&known.channel, known.epoch, known.from, known.to) == (channel, epoch, from, to)))
    }

    pub(super) fn release(&mut self, channel: &ChannelName, operator: &str) -> Result<Answer, EngineFault> {
        let Some(hold) = self.state.holds.get(channel).cloned() else {
            return Ok(Answer::no(|lang| say!(lang, "通道 {channel} 没有暂停。", "Channel {channel} is not held.")));
        };
        if hold.code == CARGO {
            return Ok(Answer::no(|lang| {
                say!(
                    lang,
                    "通道 {channel} 停在有错误的文件前，要由负责人放行：let-go {channel} --name 姓名 --reason 原因。",
                    "Channel {channel} is held at a file with errors; the person in charge lets it go: let-go {channel} --name NAME --reason REASON."
                )
            }));
        }
        let mut gone = None;
        if !self.release_doubtful(&hold.code, operator)? {
            self.log.note(Event::Released {
                channel: channel.clone(),
                code: hold.code.clone(),
                operator: operator.to_string(),
            });
            self.commit_log()?;
            if hold.code == SINK_BEHIND {
                gone = self.pass_over_gone(channel)?;
            }
            self.meet_sink_again(channel)?;
            self.commit_store(vec![Change::Hold(channel.clone(), None)])?;
        }
        let code = hold.code;
        if let Some(PassedOver { packets, from, to }) = gone {
            return Ok(Answer::done(1, |lang| {
                say!(
                    lang,
                    "通道 {channel} 的暂停（{code}）已解除；第 {from} 到 {to} 号中有 {packets} 个包的副本不在或损坏，去向数据库永远缺少它们。请确认发送方已运行 push {channel}，并按主键核对两边（存量只补不删）。",
                    "The hold of channel {channel} ({code}) is ended; the copies of {packets} packet(s) among numbers {from} to {to} are gone or damaged, and the sink's database lacks them for good. Make sure that the sender ran push {channel}, and compare both sides by key (a push adds and never deletes)."
                )
            }));
        }
        Ok(Answer::done(1, |lang| match code == SINK_BEHIND {
            true => say!(
                lang,
                "通道 {channel} 的暂停（{code}）已解除；去向仍缺包的，下一轮会再停下，请按 status 给出的 replay 补。",
                "The hold of channel {channel} ({code}) is ended; where the sink still lacks packets it comes back with the next look: run the replay that status names."
            ),
            false => say!(lang, "通道 {channel} 的暂停（{code}）已解除。", "The hold of channel {channel} ({code}) is ended."),
        }))
    }
}

/// What a waiver gives up, as far as it is known.
struct GivenUp {
    /// Records in packets whose head arrived.
    records: u64,
    /// Packets of which nothing arrived.
    unknown: u64,
    /// A file in parts had begun to arrive.
    file_in_parts: bool,
}

impl GivenUp {
    fn sentence(&self, lang: Lang) -> String {
        let Self { records, unknown, file_in_parts } = self;
        let mut out = match (*records, *unknown) {
            (0, _) => say!(
                lang,
                "每个包整个放弃，里面有几条记录、是哪些，本站不知道，请向发送方核对。",
                "Each packet is given up as a whole; which and how many records it carries this station does not know, ask the sender. "
            ),
            (_, 0) => say!(
                lang,
                "每个包整个放弃，共 {records} 条记录，是哪些本站不知道，请向发送方核对。",
                "Each packet is given up as a whole, {records} record(s) in all; which ones this station does not know, ask the sender. "
            ),
            _ => say!(
                lang,
                "每个包整个放弃，已知其中有 {records} 条记录，另有 {unknown} 个包的记录数不知道，请向发送方核对。",
                "Each packet is given up as a whole: {records} record(s) are known to be in them, of {unknown} packet(s) the number is not known, ask the sender. "
            ),
        };
        if *file_in_parts {
            out += &say!(
                lang,
                "正在接收的大文件一并作废；与它末段同包的其他文件也不会落地。",
                "The large file that was arriving is withdrawn with them, and so are other files in the packet of its last part. "
            );
        }
        out
    }
}

fn indispensable_sentence(channel: &ChannelName, seq: u64, kind: u8, lang: Lang) -> String {
    let what = match kind {
        KIND_EPOCH_OPENING => say!(lang, "发送代次的开启包", "an epoch opening"),
        _ => say!(lang, "结构变更的标记包", "a marker of a structure change"),
    };
    say!(
        lang,
        "通道 {channel} 第 {seq} 号包是{what}，不能放弃；请发送方用 resend 重发它。",
        "Packet {seq} of channel {channel} is {what} and cannot be waived; have the sender resend it."
    )
}
