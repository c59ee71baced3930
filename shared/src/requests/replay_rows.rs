//! `replay` of a channel of tables: packets are given to the sink's database once more, because it was restored from an older copy.
//!
//! Given: a channel and the number to begin with. Gives: rows of the packets still kept that stand above the sink's mark, in order; a hold that told of the
//! restored sink ends. After a crash: performed again; what the sink has changes nothing. Never: a packet passed over, because
//! its copy is gone or because the number to begin with stands behind it.

use super::Answer;
use crate::connectors::tables::{Mark, TableFault};
use crate::engine::Engine;
use crate::error::EngineFault;
use crate::lang::Lang;
use crate::receive::rows::{Again, SINK_BEHIND};
use crate::say;
use crate::store::{Change, Direction, PacketRow, PacketState};
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

    /// Answers where the sink lacks packets before the first one: given that one, its mark would stand above them, and they would be lost.
    pub(super) fn passes_over(&mut self, channel: &ChannelName, first: u64) -> Result<Option<Answer>, EngineFault> {
        let Some(mark) = self.sink_mark(channel) else { return Ok(None) };
        let mark = match mark {
            Ok(mark) => mark,
            Err(fault) => return Ok(Some(later(channel, first, &fault))),
        };
        let lacks = self.first_lacking(channel, mark.as_ref())?;
        Ok(lacks.filter(|lacks| *lacks < first).map(|lacks| {
            Answer::no(|lang| {
                say!(
                    lang,
                    "通道 {channel} 的去向数据库从第 {lacks} 号包起就缺，从第 {first} 号补会漏掉它们，没有改动任何东西。请运行 replay {channel} --from {lacks}。",
                    "The sink's database of channel {channel} lacks packets from {lacks} on, and a replay from {first} would leave them out; nothing was changed. Run replay {channel} --from {lacks}."
                )
            })
        }))
    }

    /// Moves the mark of a restored sink over those packets that it lacks first and whose copies here are gone or damaged, since no replay can bring them
    /// back; gives how many. A person ends the hold, who was told to have the stock pushed.
    pub(super) fn pass_over_gone(&mut self, channel: &ChannelName) -> Result<u64, EngineFault> {
        let (Some(Ok(mark)), Some(head)) = (self.sink_mark(channel), self.in_head(channel).cloned()) else { return Ok(0) };
        let Some(first) = self.first_lacking(channel, mark.as_ref())? else { return Ok(0) };
        let rows = self.store().packet_range(Direction::In, channel, &head.epoch, first, head.seq)?;
        let (mut gone, mut last) = (0, None);
        for row in rows.into_iter().filter(|row| row.state == PacketState::Applied) {
            let mark = Mark { epoch: row.key.epoch, seq: row.key.seq, header: row.header };
            if row.spool.is_some() && self.verify_kept(row)?.is_some() {
                break;
            }
            (gone, last) = (gone + 1, Some(mark));
        }
        match last.and_then(|mark| self.pass_over_in_sink(channel, &mark)) {
            Some(Ok(())) => Ok(gone),
            // The hold comes back with the next look, and so may the person.
            Some(Err(_)) | None => Ok(0),
        }
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
