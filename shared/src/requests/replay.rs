//! `replay`: applied packets are delivered to the sink once more, because its files were lost.
//!
//! Given: a channel and the number to begin with. Gives: the files of the packets still kept, under their names; a name that still has equal bytes counts as
//! delivered. After a crash: performed again, with the same outcome. Never: a file overwritten; a packet applied that was not applied before.

use super::Answer;
use crate::connectors::Delivery;
use crate::engine::Engine;
use crate::epoch::decisions::Person;
use crate::error::EngineFault;
use crate::receive::open::Opening;
use crate::say;
use crate::store::{Direction, PacketRow, PacketState, RecordRow};
use dukou_packets::limits;
use dukou_packets::log::line::Event;
use dukou_packets::packet::header::ChannelName;
use dukou_packets::packet::records::RecordKind;

/// What delivering a packet once more came to.
enum Replayed {
    Files(u64),
    /// Its copy here is damaged, or that of a part before it.
    Gone,
    /// Another file stands under this name.
    Waits(String),
}

impl Engine {
    pub(super) fn replay(&mut self, channel: &ChannelName, from: u64, person: &Person<'_>) -> Result<Answer, EngineFault> {
        let Some(head) = self.in_head(channel).cloned() else { return Ok(nothing(channel, from)) };
        let is_tables = self.incoming.get(channel).is_some_and(|incoming| incoming.rows.is_some());
        let busy = self.incoming.get(channel).is_none_or(|incoming| !incoming.delivering.is_empty());
        if busy || self.state.unfinished.contains_key(&(Direction::In, channel.clone())) {
            return Ok(Answer::no(|lang| {
                say!(
                    lang,
                    "通道 {channel} 还有没落地完的包，没有重新落地。请等它完成（见 status）后再运行 replay。",
                    "Channel {channel} still delivers packets; nothing was delivered again. Wait until it is done (see status), then run replay once more."
                )
            }));
        }
        let mut rows = self.store().packet_range(Direction::In, channel, &head.epoch, from, head.seq)?;
        // A sink of rows takes packets in order and without a hole; what was waived has no place in it.
        rows.retain(|row| row.state == PacketState::Applied && (is_tables || row.spool.is_some() && row.records > 0));
        let (Some(first), Some(last)) = (rows.first(), rows.last()) else { return Ok(nothing(channel, from)) };
        let (from, to) = (first.key.seq, last.key.seq);
        if let Some(answer) = self.passes_over(channel, from)? {
            return Ok(answer);
        }
        self.log.note(Event::Replayed {
            channel: channel.clone(),
            epoch: head.epoch,
            from,
            to,
            count: rows.len() as u64,
            operator: person.operator.to_string(),
        });
        self.commit_log()?;
        let decision = self.decided("replay", Some(channel), person)?;
        self.commit_store(vec![decision])?;
        match is_tables {
            true => self.replay_tables(channel, rows, person.operator),
            false => self.replay_rows(channel, rows),
        }
    }

    fn replay_rows(&mut self, channel: &ChannelName, rows: Vec<PacketRow>) -> Result<Answer, EngineFault> {
        let (mut files, mut gone) = (0, 0);
        for row in rows {
            let seq = row.key.seq;
            match self.replay_packet(row)? {
                Replayed::Files(count) => files += count,
                Replayed::Gone => gone += 1,
                Replayed::Waits(target) => {
                    return Ok(Answer::no(|lang| {
                        say!(
                            lang,
                            "通道 {channel} 已重新落地 {files} 个文件；第 {seq} 号包的 {target} 还有同名而内容不同的文件，请取走后运行 replay {channel} --from {seq}。",
                            "Delivered {files} file(s) of channel {channel} again; another file still stands under {target} of packet {seq}: take it away, then run replay {channel} --from {seq}."
                        )
                    }));
                }
            }
        }
        Ok(Answer::done(files, |lang| match gone {
            0 => say!(
                lang,
                "已把通道 {channel} 的 {files} 个文件重新落地。",
                "Delivered {files} file(s) of channel {channel} again."
            ),
            _ => say!(
                lang,
                "已把通道 {channel} 的 {files} 个文件重新落地；{gone} 个包的留存副本不在或损坏，请运行 check 查看是哪些。",
                "Delivered {files} file(s) of channel {channel} again; the copies of {gone} packet(s) are gone or damaged: check names them."
            ),
        }))
    }

    fn replay_packet(&mut self, row: PacketRow) -> Result<Replayed, EngineFault> {
        let (channel, key) = (row.key.channel.clone(), row.key.clone());
        let rows = self.store().records(&key)?;
        let Some(verified) = self.verify_kept(row)? else { return Ok(Replayed::Gone) };
        let Ok(opened) = Opening::begin(verified, &self.keys.encryption, false)?.finish() else { return Ok(Replayed::Gone) };
        self.incoming(&channel, |incoming| incoming.sink.begin(&key))?;
        for record in opened.records.iter() {
            let large = rows.iter().find(|row| row.index == record.index && row.bytes > limits::BODY_MAX);
            match (rows.iter().find(|row| row.index == record.index).map(|row| row.kind), large) {
                (Some(RecordKind::File), None) => {
                    self.incoming(&channel, |incoming| incoming.sink.stage(&key, record.index, record.body))?;
                }
                (Some(RecordKind::File), Some(large)) => {
                    let parts = large.bytes.div_ceil(limits::BODY_MAX) as usize;
                    if !self.restage_parts(&key, &large.name, parts)? {
                        return Ok(Replayed::Gone);
                    }
                }
                _ => {}
            }
        }
        self.incoming(&channel, |incoming| incoming.sink.make_durable())?;
        let delivery = self.incoming(&channel, |incoming| incoming.sink.deliver(&key, &rows))?;
        self.incoming(&channel, |incoming| incoming.sink.begin(&key).and_then(|()| incoming.sink.forget(&key)))?;
        Ok(match delivery {
            Delivery::Done => {
                Replayed::Files(rows.iter().filter(|row: &&RecordRow| row.kind == RecordKind::File).count() as u64)
            }
            Delivery::WaitsForTaking { target } => Replayed::Waits(target),
            Delivery::Damaged { .. } => Replayed::Gone,
        })
    }
}

fn nothing(channel: &ChannelName, from: u64) -> Answer {
    Answer::no(|lang| {
        say!(
            lang,
            "通道 {channel} 没有可以重新落地的包：这一代从第 {from} 号起没有已落地的包，或留存已过期（keep.applied_days）。请用 status 查看最新包号，再改 --from。",
            "Channel {channel} has no packet to deliver again: none of this epoch was applied from {from} on, or they are past their keeping time (keep.applied_days). See the last seq in status, then correct --from."
        )
    })
}
