//! `resend`: retained packets into the ferry directory again, byte for byte.
//!
//! Given: a range of a channel's numbers. Gives: the same packets under new names, and a fresh signal. After a crash: the request is performed again, which
//! does no harm. Never: a packet whose bytes are not those that were sealed.

use super::Answer;
use crate::engine::{Engine, PassReport};
use crate::error::EngineFault;
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
        if let Some(rotten) = rows.iter().find(|row| self.read_retained(row).is_err()) {
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
        self.log.note(Event::Resent {
            channel: channel.clone(),
            epoch: head.epoch,
            from,
            to,
            count: rows.len() as u64,
            operator: operator.to_string(),
        });
        self.commit_log()?;
        for row in &rows {
            self.place_or_wait(row)?;
        }
        // The newest signal may have been lost with the packets: another one tells how far the channels are.
        self.state.signal_out = None;
        // Where there is no ferry directory for it, the next look says so.
        self.send_signal(&mut PassReport::default())?;
        self.flush()?;
        let (count, numbers) = (rows.len(), range_text(from, to));
        Ok(Answer::done(count as u64, |lang| {
            say!(
                lang,
                "已把通道 {channel} 的 {count} 个包（{numbers}）重新放入摆渡目录。",
                "Placed {count} packet(s) of channel {channel} ({numbers}) in the ferry directory again."
            )
        }))
    }
}
