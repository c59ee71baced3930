//! Register rows: the newest version of each and some before it, so that the rows as they were at a packet can be told later.

use super::super::civil;
use super::super::day::facts::RegisterRow;
use super::super::day::ids::{RowKey, comparable};
use super::super::day::text::Text;
use super::{body, civil_of, read};
use crate::connectors::tables::{Cells, Op, RowChange, Value};
use crate::store::cards::{Card, Drawer};
use crate::store::{PacketKey, Store, StoreFault};
use dukou_packets::packet::header::{ChannelName, Epoch};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

/// Versions of one row that are kept: a mark that comes later than as many changes of one row is not judged.
const VERSIONS_MAX: usize = 8;

/// A register row as it came over time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct KeptRow {
    /// The channel that brought it.
    channel: String,
    /// Oldest first.
    versions: Vec<Version>,
    /// Older ones were dropped.
    is_cut: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Version {
    #[serde(with = "super::super::day::as_text")]
    epoch: Epoch,
    seq: u64,
    /// None: it is gone, or has no time of registration.
    row: Option<RegisterRow>,
}

impl KeptRow {
    /// Gives the row as it is.
    pub(super) fn now(&self) -> Option<&RegisterRow> {
        self.versions.last().and_then(|version| version.row.as_ref())
    }

    /// Gives the row as it was once this packet of the channel was applied; the outer value is none where that is not known any more.
    pub(super) fn at(&self, channel: &ChannelName, epoch: Epoch, seq: u64) -> Option<Option<&RegisterRow>> {
        if self.channel != channel.as_ref() {
            return Some(None);
        }
        let by_then = |version: &&Version| (version.epoch.counter, version.seq) <= (epoch.counter, seq);
        match self.versions.iter().rfind(by_then) {
            Some(version) => Some(version.row.as_ref()),
            None => (!self.is_cut).then_some(None),
        }
    }

    /// Gives the channel that brought it.
    pub(super) fn channel(&self) -> &str {
        &self.channel
    }

    /// Gives the row as it is, without what it was.
    pub(super) fn into_now(mut self) -> Option<RegisterRow> {
        self.versions.pop().and_then(|version| version.row)
    }

    fn follow(&mut self, version: Version) {
        if self.versions.last().is_some_and(|last| last.row == version.row) {
            return;
        }
        self.versions.push(version);
        if self.versions.len() > VERSIONS_MAX {
            self.versions.remove(0);
            self.is_cut = true;
        }
    }

    fn card(&self, key: &str, ywh: &str, since_ms: i64) -> Card {
        let days = self.versions.iter().filter_map(|version| version.row.as_ref()).map(|row| format!("day {}", row.day()));
        let now = self.now().into_iter();
        let named = now.flat_map(|row| {
            let numbers = row.zszmh.split([',', '、', ';', '；', '，']).map(comparable).filter(|number| !number.is_empty());
            let unit = format!("unit {}", comparable(&row.bdcdyh));
            numbers.map(|number| format!("certificate {number}")).chain([unit])
        });
        let terms: Vec<String> = days.chain(named).chain([format!("case {}", comparable(ywh))]).collect();
        Card::new(Drawer::RegisterRow, key, terms.iter().map(String::as_str), body(self), since_ms)
    }
}

/// The rows of a group of packets on their way into the store.
pub struct RegisterRows<'s> {
    store: &'s mut dyn Store,
    /// The cards as they will stand, by their keys.
    met: HashMap<String, (KeptRow, Card)>,
    order: Vec<String>,
}

impl<'s> RegisterRows<'s> {
    /// Begins with none.
    pub fn new(store: &'s mut dyn Store) -> Self {
        Self { store, met: HashMap::new(), order: Vec::new() }
    }

    /// Takes a row change of a packet in its turn.
    ///
    /// # Errors
    /// As [`Store::card`].
    pub fn take(&mut self, packet: &PacketKey, change: &RowChange, now_ms: i64) -> Result<(), StoreFault> {
        let named = |name: &str| text(&change.row, name).or_else(|| text(&change.key, name)).unwrap_or_default();
        let (ywh, bdcdyh) = (named("ywh"), named("bdcdyh"));
        if change.op == Op::Update {
            let [was_ywh, was_unit] = ["ywh", "bdcdyh"].map(|name| text(&change.key, name).unwrap_or_default());
            if (was_ywh.as_str(), was_unit.as_str()) != (ywh.as_str(), bdcdyh.as_str()) {
                self.put(packet, [&was_ywh, &was_unit], None, now_ms)?;
            }
        }
        let row = (change.op != Op::Delete).then(|| row_of(&change.row, now_ms)).flatten();
        self.put(packet, [&ywh, &bdcdyh], row, now_ms)
    }

    fn put(
        &mut self,
        packet: &PacketKey,
        [ywh, bdcdyh]: [&String; 2],
        row: Option<RegisterRow>,
        now_ms: i64,
    ) -> Result<(), StoreFault> {
        let key = format!("{} {ywh} {bdcdyh}", ywh.len());
        let (mut kept, since_ms) = match self.met.get(&key) {
            Some((kept, card)) => (kept.clone(), card.since_ms),
            None => match self.store.card(Drawer::RegisterRow, &crate::store::cards::stored(&key))? {
                Some(card) => (read::<KeptRow>(&card)?, card.since_ms),
                None => (KeptRow { channel: packet.channel.to_string(), versions: Vec::new(), is_cut: false }, now_ms),
            },
        };
        kept.channel = packet.channel.to_string();
        // When its key was here first stays, whatever becomes of the row.
        let row = row.map(|row| RegisterRow { first_seen: civil_of(since_ms), ..row });
        kept.follow(Version { epoch: packet.epoch, seq: packet.seq, row });
        let card = kept.card(&key, ywh, since_ms);
        if self.met.insert(key.clone(), (kept, card)).is_none() {
            self.order.push(key);
        }
        Ok(())
    }

    /// Gives the cards to be filed.
    pub fn into_cards(mut self) -> Vec<Card> {
        self.order.iter().filter_map(|key| self.met.remove(key)).map(|(_, card)| card).collect()
    }
}

/// Reads a row of the register view; none where its DJSJ is no time: it belongs to no day.
pub fn row_of(cells: &Cells, now_ms: i64) -> Option<RegisterRow> {
    let named = |name: &str| Text::from(text(cells, name).unwrap_or_default());
    Some(RegisterRow {
        ywh: named("ywh"),
        bdcdyh: named("bdcdyh"),
        djlx: named("djlx"),
        qllx: named("qllx"),
        zszmh: named("zszmh"),
        qxdm: named("qxdm"),
        djsj: civil::time(named("djsj").trim())?,
        qszt: named("qszt"),
        first_seen: civil_of(now_ms),
        access_state: named("jrzt").trim().parse().ok(),
        is_external_cancellation: matches!(named("wlzx").trim(), "1" | "true" | "t" | "TRUE" | "是"),
    })
}

fn text(cells: &Cells, name: &str) -> Option<String> {
    let cell = cells.iter().find(|(own, _)| own.as_str().eq_ignore_ascii_case(name));
    cell.map(|(_, value)| match value {
        Value::Text(text) => text.clone(),
        Value::Null | Value::Bytes(_) => String::new(),
    })
}

/// Hands over the rows at these places one after another.
pub(super) fn each(
    store: &mut dyn Store,
    places: &[i64],
    mut take: impl FnMut(i64, KeptRow) -> Result<(), StoreFault>,
) -> Result<(), StoreFault> {
    store.each_card(Drawer::RegisterRow, places, &mut |place, card| take(place, read(&card)?))
}

/// Gives the few rows that have any of these terms.
pub(super) fn find(store: &mut dyn Store, terms: &[String]) -> Result<Vec<KeptRow>, StoreFault> {
    let terms: Vec<&str> = terms.iter().map(String::as_str).collect();
    store.cards(Drawer::RegisterRow, &terms)?.into_iter().map(|card| read(&card)).collect()
}

/// Gives the key by which a row is told from others.
pub(super) fn key_of(row: &RegisterRow) -> RowKey {
    RowKey::new(&row.ywh, &row.bdcdyh)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connectors::tables::Name;
    use crate::store::Direction;
    use crate::store::memory::MemoryStore;

    fn packet(seq: u64) -> PacketKey {
        let [channel, epoch] = ["register-row", "1-00000000000000aa"];
        PacketKey { direction: Direction::In, channel: channel.parse().unwrap(), epoch: epoch.parse().unwrap(), seq }
    }

    fn change(op: Op, key: &str, djlx: &str) -> RowChange {
        let cell = |name: &str, value: &str| (Name::from(name), Value::Text(value.to_owned()));
        let key = vec![cell("YWH", key), cell("bdcdyh", "150721001002GB00017F00030012")];
        let rest = [cell("djlx", djlx), cell("djsj", "2024-03-15 09:30:00.250"), (Name::from("qszt"), Value::Null)];
        let row = if op == Op::Delete { Vec::new() } else { key.iter().cloned().chain(rest).collect() };
        RowChange { table: "v".into(), op, key, row, changed: Vec::new(), transaction: None, goes_on: false }
    }

    #[test]
    fn a_row_is_told_as_it_was_at_each_packet_and_its_first_moment_stays() {
        let mut store = MemoryStore::new();
        for (seq, op, djlx) in
            [(1, Op::Insert, "100"), (2, Op::Stock, "100"), (3, Op::Update, "200"), (5, Op::Delete, ""), (7, Op::Insert, "300")]
        {
            let mut rows = RegisterRows::new(&mut store);
            rows.take(&packet(seq), &change(op, "甲", djlx), 1000 * seq as i64).unwrap();
            let cards = rows.into_cards();
            store.commit(&cards.into_iter().map(crate::store::Change::Filed).collect::<Vec<_>>()).unwrap();
        }
        let [kept]: [KeptRow; 1] = find(&mut store, &["day 2024-03-15".to_owned()]).unwrap().try_into().unwrap();
        let (channel, epoch) = (packet(1).channel, packet(1).epoch);
        let djlx = |seq| kept.at(&channel, epoch, seq).unwrap().map(|row| row.djlx.as_str());
        assert_eq!(
            [0, 1, 2, 3, 4, 5, 6, 7].map(djlx),
            [None, Some("100"), Some("100"), Some("200"), Some("200"), None, None, Some("300")]
        );
        assert_eq!(kept.now().map(|row| row.first_seen), Some(civil_of(1000)));
        assert_eq!(kept.versions.len(), 4, "what is the same again is no version");
        assert_eq!(find(&mut store, &["case 甲".to_owned()]).unwrap(), [kept]);
    }

    #[test]
    fn a_row_that_changed_more_often_than_is_kept_says_that_it_does_not_know() {
        let mut store = MemoryStore::new();
        let mut rows = RegisterRows::new(&mut store);
        for seq in 1..=20 {
            rows.take(&packet(seq), &change(Op::Update, "甲", &seq.to_string()), 1).unwrap();
        }
        let [card] = rows.into_cards().try_into().unwrap();
        let kept: KeptRow = read(&card).unwrap();
        assert_eq!(kept.at(&packet(1).channel, packet(1).epoch, 12), None);
        assert!(kept.at(&packet(1).channel, packet(1).epoch, 13).is_some());
    }
}
