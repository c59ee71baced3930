//! What the station learns of its cargo: the cards that are filed with a packet's mark.
//!
//! Given: the packets of a group that are about to be marked, or a response that is about to leave. Gives: a card of each message, response, log, day mark and register row among their records.
//! After a crash before the mark: the packets come again, and so do their cards. Never: a packet stopped by what it carries.

use super::open::Opened;
use super::rows::changes_of;
use crate::engine::Engine;
use crate::error::EngineFault;
use crate::intake::refused_here;
use crate::registration::day::facts::Progress;
use crate::registration::kept::{Arrival, Learnt, RegisterRows, civil_of};
use crate::store::cards::Card;
use crate::store::{Change, PacketKey, RecordRow};
use dukou_packets::packet::header::ChannelName;
use dukou_packets::packet::records::RecordKind;

/// Gives the cards of a record on its way out. Its key is the file's own: one that is looked up again after a crash has it again.
pub(crate) fn cards_of_sent(row: &RecordRow, learnt: Learnt, now_ms: i64) -> Vec<Card> {
    let Some(source) = row.source.filter(|_| row.kind == RecordKind::File) else { return Vec::new() };
    let key = format!("sent {} {} {} {}", source.inode, source.mtime_ns, row.digest, row.name);
    learnt.cards(&Arrival { channel: "", key, name: &row.name, digest: row.digest, progress: Progress::Arrived, now_ms })
}

/// Gives the cards of a record that came.
fn cards_of_came(packet: &PacketKey, row: &RecordRow, learnt: Learnt, progress: Progress, now_ms: i64) -> Vec<Card> {
    let PacketKey { channel, epoch, seq, .. } = packet;
    let key = format!("{channel} {epoch} {seq} {}", row.index);
    learnt.cards(&Arrival { channel: channel.as_ref(), key, name: &row.name, digest: row.digest, progress, now_ms })
}

impl Engine {
    /// Gives the cards of packets that are about to be marked.
    pub(super) fn cards_of(
        &mut self,
        channel: &ChannelName,
        staged: &mut [(Opened, Vec<RecordRow>)],
    ) -> Result<Vec<Card>, EngineFault> {
        let now_ms = self.seams.clock.wall_ms();
        let Some(incoming) = self.incoming.get(channel) else { return Ok(Vec::new()) };
        if incoming.intake.is_some() {
            // What the station places itself is handed over to nobody.
            let is_placed = self.station.config.lanes.iter().any(|lane| lane.places(channel));
            let came = if is_placed { Progress::Arrived } else { Progress::HandedOver(civil_of(now_ms)) };
            let cards = |(opened, rows): &mut (Opened, Vec<RecordRow>)| cards_of_packet(opened, rows, &came, now_ms);
            return Ok(staged.iter_mut().flat_map(cards).collect());
        }
        if !incoming.rows.as_ref().is_some_and(super::rows::RowsIn::is_own) {
            return Ok(Vec::new());
        }
        let mut register = RegisterRows::new(self.store());
        for (opened, _) in staged {
            for change in changes_of(&opened.row, &opened.records) {
                register.take(&opened.row.key, &change, now_ms)?;
            }
        }
        Ok(register.into_cards())
    }

    /// Gives the changes that file what a record says whose packet waits for a person.
    pub(crate) fn cards_of_record(
        &self,
        packet: &PacketKey,
        row: &RecordRow,
        learnt: Learnt,
        progress: Progress,
    ) -> Vec<Change> {
        let cards = cards_of_came(packet, row, learnt, progress, self.seams.clock.wall_ms());
        cards.into_iter().map(Change::Filed).collect()
    }
}

/// What is longer than a record is no message, and what came before has its card: neither was learnt anything of.
fn cards_of_packet(opened: &mut Opened, rows: &[RecordRow], came: &Progress, now_ms: i64) -> Vec<Card> {
    let learnt = std::mem::take(&mut opened.learnt).into_iter();
    let mut cards = Vec::new();
    for (row, learnt) in learnt.filter_map(|(index, learnt)| Some((rows.get(index)?, learnt))) {
        let progress = refused_here(row).map_or_else(|| came.clone(), |code| Progress::Refused(code.to_owned()));
        cards.extend(cards_of_came(&opened.row.key, row, learnt, progress, now_ms));
    }
    cards
}
