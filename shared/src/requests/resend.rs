//! `resend`: retained packets into the ferry directory again, byte for byte.
//!
//! Given: a range of a channel's numbers. Gives: the same packets under new names, those beyond a minute's worth bit by bit, and a fresh signal. After a
//! crash: the request is performed again, which does no harm. Never: a packet whose bytes are not those that were sealed.

use super::Answer;
use crate::engine::Engine;
use crate::error::EngineFault;
use crate::gaps::owed::OwedRanges;
use crate::report::range_text;
use crate::say;
use crate::store::Direction;
use dukou_packets::log::line::Event;
use dukou_packets::packet::header::ChannelName;

impl Engine {
    pub(super) fn resend(&mut self, channel: &ChannelName, from: u64, to: u64, operator: &str) -> Result<Answer, EngineFault> {
        let Some(head) = self.out_head(channel).cloned() else {
            return Ok(Answer::no(|lang| {
                say!(
                    lang,
                    "通道 {channel} 还没有发过包，没有可重发的。",
                    "Channel {channel} has sent no packet yet; there is nothing to resend."
                )
            }));
        };
        if from == 0 || from > to || to > head.seq {
            let last = head.seq;
            return Ok(Answer::no(|lang| {
                say!(
                    lang,
                    "通道 {channel} 的包号是 1–{last}，请改 --seq。",
                    "The packets of channel {channel} are numbered 1–{last}; correct --seq."
                )
            }));
        }
        let rows = self.store().packet_range(Direction::Out, channel, &head.epoch, from, to)?;
        if let Some(gone) = rows.iter().find(|row| row.spool.is_none()) {
            let seq = gone.key.seq;
            return Ok(Answer::no(|lang| {
                say!(
                    lang,
                    "第 {seq} 号包已过保存期，不能重发；请在收方用 waive 登记，或重新报送。",
                    "Packet {seq} is past its keeping time and cannot be resent; waive it on the receiving side or send the records anew."
                )
            }));
        }
        // Of a long list each packet is looked at when its turn comes.
        let a_minute = u64::from(self.station.config.link.resend_per_minute);
        let at_once = if a_minute == 0 { usize::MAX } else { usize::try_from(a_minute).unwrap_or(usize::MAX) };
        if let Some(rotten) = rows.iter().take(at_once).find(|row| self.read_retained(row).is_err()) {
            let (seq, path) = (rotten.key.seq, self.spool_path(Direction::Out, rotten.spool.as_deref().unwrap_or_default()));
            let path = path.display();
            return Ok(Answer::no(|lang| {
                say!(
                    lang,
                    "第 {seq} 号包的留存文件 {path} 不在或已损坏，什么都没有重发。请检查磁盘并运行 check；恢复不了就在收方用 waive 登记。",
                    "The retained file {path} of packet {seq} is gone or damaged; nothing was resent. Check the disk and run check; if it cannot be restored, waive the packet on the receiving side."
                )
            }));
        }
        let count = rows.len() as u64;
        let (channel, operator) = (channel.clone(), operator.to_string());
        self.log.note(Event::Resent { channel: channel.clone(), epoch: head.epoch, from, to, count, operator });
        self.commit_log()?;
        let owed = OwedRanges { channel: channel.clone(), epoch: head.epoch, ranges: vec![(from, to)] };
        let taken_on = self.owe(vec![owed])?;
        let numbers = range_text(from, to);
        let answer = Answer::done(count, |lang| match taken_on.left {
            0 => say!(
                lang,
                "已把通道 {channel} 的 {count} 个包（{numbers}）重新放入摆渡目录。",
                "Placed {count} packet(s) of channel {channel} ({numbers}) in the ferry directory again."
            ),
            _ => say!(
                lang,
                "通道 {channel}：重发 {count} 个包（{numbers}）。",
                "Channel {channel}: {count} packet(s) are sent again ({numbers})."
            ),
        });
        Ok(answer.with(&taken_on))
    }
}
