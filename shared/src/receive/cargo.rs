//! What the station learns of its cargo: the cards that are filed with a packet's mark.
//!
//! Given: the packets of a group that are about to be marked, or a response that is about to leave. Gives: a card of each message, response, log, day mark and register row among their records.
//! After a crash before the mark: the packets come again, and so do their cards. Never: a packet stopped by what it carries.

use super::open::Opened;
use super::rows::changes_of;
use crate::channel::{CargoKind, Channel};
use crate::engine::Engine;
use crate::error::EngineFault;
use crate::intake::refused_here;
use crate::registration::checks::Said;
use crate::registration::day::facts::Progress;
use crate::registration::kept::{Arrival, RegisterRows, card_of, civil_of};
use crate::store::cards::Card;
use crate::store::{PacketKey, RecordRow};
use dukou_packets::packet::header::ChannelName;
use dukou_packets::packet::records::RecordKind;

/// What the files of a channel are, and how they are read.
pub(crate) struct Understood {
    kind: CargoKind,
    reading: Said,
}

impl Understood {
    /// Gives what a channel says of its files.
    pub(crate) fn of(channel: &Channel) -> Option<Self> {
        let kind = channel.cargo?;
        Some(Self { kind, reading: channel.said().unwrap_or_default() })
    }

    /// As [`of`](Self::of), for a channel that leaves from here: responses come to the inner station, where they are told apart, and go on from there.
    pub(crate) fn of_sent(channel: &Channel) -> Option<Self> {
        Self::of(channel).filter(|understood| understood.kind == CargoKind::Responses)
    }

    /// Gives the cards of a record on its way out. Its key is the file's own: one that is looked up again after a crash has it again.
    pub(crate) fn cards_of_sent(&self, row: &RecordRow, body: &[u8], now_ms: i64) -> Vec<Card> {
        let Some(source) = row.source.filter(|_| row.kind == RecordKind::File) else { return Vec::new() };
        let arrival = Arrival {
            channel: "",
            key: format!("sent {} {} {} {}", source.inode, source.mtime_ns, row.digest, row.name),
            name: &row.name,
            progress: Progress::Arrived,
            now_ms,
        };
        card_of(self.kind, body, &self.reading, &arrival)
    }
}

impl Engine {
    /// Gives the cards of packets that are about to be marked.
    pub(super) fn cards_of(
        &mut self,
        channel: &ChannelName,
        staged: &[(Opened, Vec<RecordRow>)],
    ) -> Result<Vec<Card>, EngineFault> {
        let now_ms = self.seams.clock.wall_ms();
        let Some(incoming) = self.incoming.get(channel) else { return Ok(Vec::new()) };
        if let Some(understood) = &incoming.understood {
            // What the station places itself is handed over to nobody.
            let is_placed = self.station.config.lanes.iter().any(|lane| lane.places(channel));
            let progress = if is_placed { Progress::Arrived } else { Progress::HandedOver(civil_of(now_ms)) };
            let cards =
                |(opened, rows): &(Opened, Vec<RecordRow>)| cards_of_packet(understood, opened, rows, (&progress, now_ms));
            return Ok(staged.iter().flat_map(cards).collect());
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
}

fn cards_of_packet(
    understood: &Understood,
    opened: &Opened,
    rows: &[RecordRow],
    (progress, now_ms): (&Progress, i64),
) -> Vec<Card> {
    let PacketKey { channel, epoch, seq, .. } = &opened.row.key;
    // What is longer than a record is no message, and what came before has its card.
    // A message that was refused here is known as such; nothing else that was refused says anything.
    let refused = |row: &RecordRow| refused_here(row).filter(|_| understood.kind == CargoKind::Messages).map(str::to_owned);
    let whole = |kind: RecordKind, row: &RecordRow| {
        kind == RecordKind::File && (row.kind == RecordKind::File || refused(row).is_some())
    };
    let records = opened.records.iter().zip(rows).filter(|(record, row)| whole(record.meta.kind, row));
    let mut cards = Vec::new();
    for (record, row) in records {
        let arrival = Arrival {
            channel: channel.as_ref(),
            key: format!("{channel} {epoch} {seq} {}", record.index),
            name: &row.name,
            progress: refused(row).map_or_else(|| progress.clone(), Progress::Refused),
            now_ms,
        };
        cards.extend(card_of(understood.kind, record.body, &understood.reading, &arrival));
    }
    cards
}
