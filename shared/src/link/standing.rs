//! How far a record is beyond this station: what `trace` and `status` may say once its packet has left.
//!
//! Given: the store, read only. Gives: the one step behind `left` that is known, and what a channel's receipts say. Never: a word that claims more than
//! the peer's signals said: only a receipt makes a record applied.

use crate::channel::Channel;
use crate::lang::Lang;
use crate::link::receipts::Receipts;
use crate::link::window::waits_for_receipts;
use crate::report::{ChannelLine, civil_time};
use crate::say;
use crate::station::Station;
use crate::store::{Direction, PacketRow, PacketState, StationState, Store, StoreFault};

/// Running time (ms) without a signal after which it is said that there is no news.
const SILENT_MS: u64 = 3_600_000;

const HOUR_MS: u64 = 3_600_000;

/// What this station knows of the far side.
pub(crate) struct FarSide {
    receipts: Receipts,
    way_back: bool,
    run_ms: u64,
}

/// The step behind `left`.
pub(crate) struct Known {
    /// `applied`, `waived`, `missing` or `no-news`.
    pub(crate) state: &'static str,
    /// Wall clock (ms): when the signal came that says so; `no-news`: when the last one came, or the packet left.
    pub(crate) at_ms: i64,
    /// `no-news`: for how many hours of running time.
    pub(crate) hours: Option<u64>,
}

impl FarSide {
    pub(crate) fn of(station: &Station, state: &StationState) -> Result<Self, StoreFault> {
        Ok(Self { receipts: state.fact()?, way_back: station.way_back(), run_ms: state.run_ms })
    }

    /// Gives what is known of a packet that left, the strongest first: a receipt, a waiver there, a signal that misses it, and last silence. What a device
    /// is presumed to have carried stands between the last two.
    pub(crate) fn of_packet(&self, packet: &PacketRow) -> Option<Known> {
        if packet.key.direction != Direction::Out || packet.state != PacketState::Left {
            return None;
        }
        let (epoch, seq) = (packet.key.epoch, packet.key.seq);
        let told = |state, at_ms| Some(Known { state, at_ms, hours: None });
        if let Some(receipt) = self.receipts.channels.get(&packet.key.channel) {
            if let Some(at_ms) = receipt.applied_at(epoch, seq) {
                return told("applied", at_ms);
            }
            if receipt.is_waived(epoch, seq) {
                return told("waived", self.receipts.heard_ms);
            }
            if receipt.misses(epoch, seq) {
                return told("missing", self.receipts.heard_ms);
            }
        }
        self.silence(packet)
    }

    fn silence(&self, packet: &PacketRow) -> Option<Known> {
        let heard_since = self.receipts.heard_run_ms > packet.run_ms;
        let (since_run_ms, at_ms) = match heard_since {
            true => (self.receipts.heard_run_ms, self.receipts.heard_ms),
            false => (packet.run_ms, packet.done_ms.unwrap_or(packet.at_ms)),
        };
        let silent_ms = self.run_ms.saturating_sub(since_run_ms);
        let is_silent = self.way_back && silent_ms >= SILENT_MS;
        is_silent.then_some(Known { state: "no-news", at_ms, hours: Some(silent_ms / HOUR_MS) })
    }
}

/// What receipts say of an outgoing channel.
#[derive(Default)]
pub(crate) struct Confirmed {
    /// Every packet up to this number of the present epoch is applied at the peer, or waived there.
    pub(crate) seq: u64,
    /// Packets of the present epoch that are applied there.
    pub(crate) packets: u64,
    /// When the newest receipt came.
    pub(crate) at: Option<String>,
    /// The channel takes nothing on before more is confirmed.
    pub(crate) window_full: bool,
}

/// Gathers what receipts say of a channel; nothing of one that comes in.
pub(crate) fn confirmed(
    station: &Station,
    channel: &Channel,
    state: &StationState,
    store: &mut dyn Store,
) -> Result<Confirmed, StoreFault> {
    let name = &channel.channel;
    let head = state.out_heads.get(name).filter(|_| channel.direction(station.config.station.side) == Direction::Out);
    let Some(head) = head else { return Ok(Confirmed::default()) };
    let receipts: Receipts = state.fact()?;
    let receipt = receipts.channels.get(name).filter(|receipt| receipt.epoch == head.epoch);
    Ok(Confirmed {
        seq: receipt.map_or(0, |receipt| receipt.seq),
        packets: receipt.map_or(0, |receipt| receipt.applied()),
        at: receipt.and_then(|receipt| receipt.marks.last()).map(|(_, at_ms)| civil_time(*at_ms)),
        window_full: station.way_back() && waits_for_receipts(&station.config.link, &receipts, name, head, store)?,
    })
}

/// Says what a channel's receipts say, and that it waits for them.
pub(crate) fn receipts_text(line: &ChannelLine, lang: Lang) -> String {
    let ChannelLine { channel, confirmed_seq, confirmed, last_seq, .. } = line;
    let mut out = String::new();
    if let Some(at) = &line.confirmed_at {
        out += &say!(
            lang,
            "回执：通道 {channel} 对方已落地到第 {confirmed_seq} 号包（共 {confirmed} 个），回执时间 {at}。\n",
            "Receipt: the peer has applied channel {channel} up to packet {confirmed_seq} ({confirmed} packet(s)), as of {at}.\n"
        );
    }
    if line.state == "waiting-receipts" {
        let open = last_seq.saturating_sub(*confirmed_seq);
        out += &say!(
            lang,
            "等回执：通道 {channel} 有 {open} 个包对方未确认，已到 link.window_packets 或 link.window_mib，暂不再取新文件；回执来了自动继续。一直没有回执时，请查对方站是否在运行、是否也设了 link.way_back。\n",
            "Waiting for receipts: {open} packet(s) of channel {channel} are not confirmed, which is as much as link.window_packets or link.window_mib allows; no new files are taken until receipts come, then it goes on by itself. If none come, see whether the peer's station runs and has link.way_back set, too.\n"
        );
    }
    out
}
