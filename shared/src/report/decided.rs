//! What people decided about missing packets, as `status` and `gaps` show it: waivers, and what arrived late all the same.

use super::{civil_time, range_text};
use crate::error::EngineFault;
use crate::lang::{Lang, plain_line};
use crate::say;
use crate::store::{Direction, PacketState, Store, Waiver};
use serde::Serialize;

/// How many waivers people are shown; programs get all.
const SHOWN: usize = 10;

/// A person's decision to go on without packets.
#[derive(Clone, Debug, Serialize)]
pub struct WaiverLine {
    /// The channel.
    pub channel: String,
    /// The sender's epoch.
    pub epoch: String,
    /// First number given up.
    pub from: u64,
    /// Last number given up.
    pub to: u64,
    /// Who decided: name, and account in brackets.
    pub operator: String,
    /// Why.
    pub reason: String,
    /// When, in China's civil time.
    pub at: String,
    /// How many of these packets arrived since: they are kept as evidence.
    pub late: u64,
}

/// Gathers the waivers, newest first.
///
/// # Errors
/// [`EngineFault::Store`] when the state cannot be read.
pub fn waivers(store: &mut dyn Store) -> Result<Vec<WaiverLine>, EngineFault> {
    let mut lines = Vec::new();
    for waiver in store.waivers()?.into_iter().rev() {
        let Waiver { channel, epoch, from, to, operator, reason, at_ms } = waiver;
        let rows = store.packet_range(Direction::In, &channel, &epoch, from, to)?;
        let late = rows.iter().filter(|row| row.state == PacketState::Late).count() as u64;
        let (channel, epoch, at) = (channel.to_string(), epoch.to_string(), civil_time(at_ms));
        lines.push(WaiverLine { channel, epoch, from, to, operator, reason, at, late });
    }
    Ok(lines)
}

/// Renders waivers for people.
pub fn waivers_text(lines: &[WaiverLine], lang: Lang) -> String {
    let mut out = String::new();
    for WaiverLine { channel, from, to, operator, reason, at, late, .. } in lines.iter().take(SHOWN) {
        let numbers = range_text(*from, *to);
        let [operator, reason] = [operator, reason].map(|text| plain_line(text));
        out += &say!(
            lang,
            "已放弃：通道 {channel} 第 {numbers} 号包，{operator} 于 {at} 登记（{reason}）；此后迟到 {late} 个，只作证据保存。\n",
            "Waived: packet(s) {numbers} of channel {channel}, by {operator} at {at} ({reason}); {late} arrived late since and are kept as evidence.\n"
        );
    }
    let more = lines.len().saturating_sub(SHOWN);
    if more > 0 {
        out +=
            &say!(lang, "更早的放弃登记还有 {more} 条，见 status --json。\n", "{more} older waivers are in status --json.\n");
    }
    out
}
