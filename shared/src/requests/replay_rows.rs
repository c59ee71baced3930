//! `replay` of a channel of tables: packets are given to the sink's database once more, because it was restored from an older copy.
//!
//! Given: a channel and the number to begin with. Gives: rows of the packets still kept that stand above the sink's mark, in order; a hold that told of the
//! restored sink ends. After a crash: performed again; what the sink has changes nothing. Never: a packet passed over whose copy is gone.

use super::Answer;
use crate::connectors::tables::TableFault;
use crate::engine::Engine;
use crate::error::EngineFault;
use crate::lang::Lang;
use crate::receive::rows::{Again, SINK_BEHIND};
use crate::say;
use crate::store::{Change, PacketRow, PacketState};
use dukou_packets::log::line::Event;
use dukou_packets::packet::header::ChannelName;

impl Engine {
    /// Gives applied packets to the sink of a channel of tables again.
    pub(super) fn replay_tables(
        &mut self,
        channel: &ChannelName,
        rows: Vec<PacketRow>,
        operator: &str,
    ) -> Result<Answer, EngineFault> {
        let (mut packets, mut changes) = (0, 0);
        for row in rows {
            let seq = row.key.seq;
            if row.state != PacketState::Applied || row.spool.is_none() {
                return Ok(gone(channel, seq, packets));
            }
            match self.give_again(row)? {
                Again::Applied(count) => (packets, changes) = (packets + 1, changes + count),
                Again::Gone => return Ok(gone(channel, seq, packets)),
                Again::Later(fault) => return Ok(later(channel, seq, &fault)),
                Again::Refused(held) => {
                    let [zh, en] = held.words;
                    return Ok(Answer::no(|lang| {
                        say!(
                            lang,
                            "通道 {channel} 第 {seq} 号包没有补上：{zh}。请改好后再运行 replay {channel} --from {seq}。",
                            "Packet {seq} of channel {channel} was not applied again: {en}. Mend it, then run replay {channel} --from {seq}."
                        )
                    }));
                }
            }
        }
        self.end_behind(channel, operator)?;
        Ok(Answer::done(changes, |lang| {
            say!(
                lang,
                "已把通道 {channel} 的 {packets} 个包（{changes} 行改动）重新交给去向数据库；它已有的没有再改。",
                "Gave {packets} packet(s) of channel {channel} ({changes} row change(s)) to the sink's database again; what it had was not changed."
            )
        }))
    }

    /// Ends the hold that told of a restored sink, once its mark says that it has everything.
    fn end_behind(&mut self, channel: &ChannelName, operator: &str) -> Result<(), EngineFault> {
        let Some(hold) = self.state.holds.get(channel).filter(|hold| hold.code == SINK_BEHIND).cloned() else { return Ok(()) };
        let Some(Ok(mark)) = self.sink_mark(channel) else { return Ok(()) };
        if self.contradiction(channel, mark.as_ref())?.is_some() {
            return Ok(());
        }
        self.log.note(Event::Released { channel: channel.clone(), code: hold.code, operator: operator.to_string() });
        self.commit_log()?;
        self.meet_sink_again(channel)?;
        self.commit_store(vec![Change::Hold(channel.clone(), None)])
    }
}

fn gone(channel: &ChannelName, seq: u64, packets: u64) -> Answer {
    Answer::no(|lang| {
        say!(
            lang,
            "通道 {channel} 第 {seq} 号包的留存副本不在或损坏，已补上它之前的 {packets} 个包。请发送方运行 push {channel} 推送存量，再运行 release {channel}。",
            "The copy of packet {seq} of channel {channel} is gone or damaged; {packets} packet(s) before it were applied again. Have the sender run push {channel}, then run release {channel}."
        )
    })
}

fn later(channel: &ChannelName, seq: u64, fault: &TableFault) -> Answer {
    let sentence = |lang: Lang| {
        let words = fault.words(lang);
        say!(
            lang,
            "通道 {channel} 第 {seq} 号包没有补上：{words}。请稍后再运行 replay {channel} --from {seq}。",
            "Packet {seq} of channel {channel} was not applied again: {words}. Run replay {channel} --from {seq} later."
        )
    };
    Answer::no(sentence)
}
