//! What `status` and `reference status` tell of reference data: the number in force at each channel's end, and the last that is known of the peer's.
//!
//! Given: the store, the book, the receipts. Gives: both numbers. Never: a number of the peer's that neither a marker of its own nor a receipt told.

use crate::channel::Channel;
use crate::error::EngineFault;
use crate::lang::Lang;
use crate::link::receipts::Receipts;
use crate::receive::structure::arrived::arriving;
use crate::say;
use crate::schema::Document;
use crate::schema::versions::{Believed, bundle_at};
use crate::send::structure::leaving::Leavings;
use crate::station::Station;
use crate::store::book::BookChange;
use crate::store::{Direction, StationState, Store};
use dukou_packets::suite::Digest;
use serde::Serialize;

/// The reference data of a channel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ReferenceLine {
    /// The channel.
    pub channel: String,
    /// Whether it leaves from here or comes in.
    pub direction: Direction,
    /// The number of the bundle in force here; 0: what is compiled in.
    pub own: u32,
    /// The number in force at the peer's end, as its markers or receipts told last; none where nothing told.
    pub peer: Option<u32>,
}

/// Gives the lines of the channels of files that name a structure and say what their files are.
///
/// # Errors
/// [`EngineFault::Store`].
pub(crate) fn lines(
    station: &Station,
    channels: &[Channel],
    state: &StationState,
    store: &mut dyn Store,
) -> Result<Vec<ReferenceLine>, EngineFault> {
    let (believed, mut lines) = (state.fact::<Believed>()?, Vec::new());
    let of_files: Vec<&Channel> =
        channels.iter().filter(|channel| channel.structure.is_some() && channel.cargo.is_some()).collect();
    let book = if of_files.is_empty() { Vec::new() } else { store.book()? };
    for channel in of_files {
        let direction = channel.direction(station.config.station.side);
        let own =
            believed.of(&channel.channel).and_then(|version| bundle_at(&book, &version)).map_or(0, |bundle| bundle.number);
        let peer = match direction {
            Direction::In => Some(sent_by(channel, &book, state)?.unwrap_or(own)),
            Direction::Out if station.way_back() => confirmed_by(channel, &book, own, state)?,
            Direction::Out => None,
        };
        lines.push(ReferenceLine { channel: channel.channel.to_string(), direction, own, peer });
    }
    Ok(lines)
}

/// Gives the number of a bundle whose marker came and that is not in force here yet.
fn sent_by(channel: &Channel, book: &[BookChange], state: &StationState) -> Result<Option<u32>, EngineFault> {
    let came = arriving(state)?.into_iter().filter(|known| known.here.contains_key(&channel.channel));
    Ok(came.filter_map(|known| number_of(book, &known.document)).max())
}

/// Gives the newest number that the peer's receipts confirm.
fn confirmed_by(channel: &Channel, book: &[BookChange], own: u32, state: &StationState) -> Result<Option<u32>, EngineFault> {
    let (leavings, receipts) = (state.fact::<Leavings>()?, state.fact::<Receipts>()?);
    let mut went = Vec::new();
    for (document, leaving) in &leavings.0 {
        let number = document.parse::<Digest>().ok().and_then(|document| number_of(book, &document));
        if let (Some(number), Some(key)) = (number, leaving.marker(&channel.channel)) {
            went.push((number, receipts.confirmed_seq(&key.channel, key.epoch) >= key.seq));
        }
    }
    let confirmed = went.iter().filter(|(_, is_confirmed)| *is_confirmed).map(|(number, _)| *number).max();
    let before_first = went.iter().map(|(number, _)| number.saturating_sub(1)).min();
    Ok(confirmed.or(before_first).or((own == 0).then_some(0)))
}

fn number_of(book: &[BookChange], document: &Digest) -> Option<u32> {
    let change = book.iter().find(|change| change.key.document == *document)?;
    Document::read(&change.document).ok()?.bundle().map(|bundle| bundle.number)
}

/// Says the lines.
pub(crate) fn text(lines: &[ReferenceLine], lang: Lang) -> String {
    lines.iter().map(|line| line.sentence(lang)).collect()
}

impl ReferenceLine {
    /// Tells whether a bundle is in force at either end.
    pub(crate) fn has_bundle(&self) -> bool {
        self.own > 0 || self.peer.is_some_and(|number| number > 0)
    }

    fn sentence(&self, lang: Lang) -> String {
        let number = |number: u32| match number {
            0 => say!(lang, "程序自带", "compiled in"),
            _ => say!(lang, "第 {number} 号", "bundle {number}"),
        };
        let (channel, own) = (&self.channel, number(self.own));
        let peer = self.peer.map_or_else(|| say!(lang, "未知", "unknown"), number);
        say!(
            lang,
            "基准资料：通道 {channel} 本站{own}，对方{peer}。\n",
            "Reference data: channel {channel}: here {own}, peer {peer}.\n"
        )
    }
}
