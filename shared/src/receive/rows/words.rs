//! Why a channel of tables is held, in words: which row, which column, what the database said.
//!
//! Given: a fault of the sink. Gives: a fact beside the hold, stored in the same transaction, which `status` and `trace` show. After a crash: both stand or
//! neither. Never: a key, a value or a database's words in the packet log or the journal.

use crate::connectors::tables::{Mark, TableFault};
use crate::engine::Engine;
use crate::error::EngineFault;
use crate::lang::{Lang, cut};
use crate::say;
use crate::store::facts::Fact;
use crate::store::{Change, StationState, StoreFault};
use dukou_packets::packet::header::ChannelName;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Longest words of a database that are kept, in bytes.
const WORDS_MAX: usize = 2000;

/// Why channels of tables are held: a fact in the store.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct HeldRows(BTreeMap<ChannelName, HeldRow>);

impl Fact for HeldRows {
    const NAME: &str = "held-rows";
}

/// Why a channel of tables is held.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct HeldRow {
    /// The hold's code.
    pub(crate) code: String,
    /// What the connector calls it, where it is about a row.
    pub(crate) reason: Option<String>,
    /// The table.
    pub(crate) table: Option<String>,
    /// The row's key.
    pub(crate) key: Option<String>,
    /// The column.
    pub(crate) column: Option<String>,
    /// The change's place among the packet's, from 0.
    pub(crate) index: Option<u32>,
    /// What is wrong, in Chinese and in English.
    pub(crate) words: [String; 2],
}

impl HeldRow {
    /// Tells whether the table, and no value, is why: it may have drifted.
    pub(super) fn is_of_structure(&self) -> bool {
        self.code == super::TABLE_UNFIT || self.reason.as_deref().is_some_and(|reason| reason.starts_with("no-such-"))
    }

    /// It is about no row: the words say it all.
    pub(in crate::receive) fn of_words(code: &str, words: [String; 2]) -> Self {
        let words = words.map(|words| cut(&words, WORDS_MAX));
        Self { code: code.to_string(), reason: None, table: None, key: None, column: None, index: None, words }
    }

    fn new(code: &str, sentence: impl Fn(Lang) -> String) -> Self {
        Self::of_words(code, [Lang::Zh, Lang::En].map(sentence))
    }

    pub(super) fn of_fault(code: &str, fault: &TableFault) -> Self {
        let held = Self::new(code, |lang| fault.words(lang));
        match fault.clone() {
            TableFault::Row { index, table, key, column, code, .. } => {
                let (reason, index) = (Some(code.to_string()), Some(index));
                Self { reason, table: Some(table), key: Some(key), column, index, ..held }
            }
            TableFault::Unfit { table, column, .. } => Self { table: Some(table), column, ..held },
            _ => held,
        }
    }

    /// The sink lacks packets that were applied: it goes on from an older copy of its data.
    pub(super) fn sink_behind(mark: Option<&Mark>, from: u64, head: u64) -> Self {
        let at = mark.map_or(0, |mark| mark.seq);
        Self::new(super::SINK_BEHIND, |lang| {
            say!(
                lang,
                "去向数据库只到第 {at} 号包，本站已落地到第 {head} 号：数据库恢复过旧备份。请用 replay --from {from} 补上",
                "the sink's database is at packet {at} and this station applied up to {head}: the database was restored from an older copy. Run replay --from {from}"
            )
        })
    }

    /// The sink has a mark that no packet known here explains.
    pub(super) fn sink_ahead(mark: &Mark) -> Self {
        let (seq, epoch) = (mark.seq, mark.epoch);
        Self::new(super::SINK_AHEAD, |lang| {
            say!(
                lang,
                "去向数据库的位置（代次 {epoch} 第 {seq} 号包）不是本站收到的那个包：它由另一个站写过，或本站恢复过旧备份。请核对 sink.database",
                "the mark of the sink's database (epoch {epoch}, packet {seq}) is no packet that this station received: another station wrote to it, or this one was restored. Check sink.database"
            )
        })
    }
}

/// Tells why a packet may not be given to a sink with this mark.
pub(super) fn ahead(mark: &Mark, packet: &Mark) -> Option<HeldRow> {
    let same_epoch = mark.epoch == packet.epoch;
    let other = same_epoch && mark.seq == packet.seq && mark.header != packet.header;
    let later = !same_epoch && mark.epoch.counter >= packet.epoch.counter;
    (other || later).then(|| HeldRow::sink_ahead(mark))
}

/// Gives why a channel of tables is held.
pub(crate) fn held_row(state: &StationState, channel: &ChannelName) -> Result<Option<HeldRow>, StoreFault> {
    Ok(state.fact::<HeldRows>()?.0.remove(channel))
}

impl Engine {
    /// Lets a channel wait for a person, who is told why.
    pub(in crate::receive) fn hold_with_words(
        &mut self,
        channel: &ChannelName,
        seq: u64,
        held: HeldRow,
    ) -> Result<(), EngineFault> {
        let mut all = self.state.fact::<HeldRows>()?;
        let code = held.code.clone();
        all.0.insert(channel.clone(), held);
        self.ride(Change::fact(&all)?);
        self.hold(channel, &code, seq)
    }

    /// Forgets why a channel was held, with the next transaction.
    pub(super) fn forget_words(&mut self, channel: &ChannelName) -> Result<(), EngineFault> {
        let mut all = self.state.fact::<HeldRows>()?;
        if all.0.remove(channel).is_some() {
            self.ride(Change::fact(&all)?);
        }
        Ok(())
    }
}
