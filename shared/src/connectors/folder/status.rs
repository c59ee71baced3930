//! What programs read about their files: `.status/<name>.json` in the source folder.
//!
//! Given: what became of a file. Gives: a small JSON file that appears whole. After a crash: it is written again with the putting away it
//! belongs to; a power cut may empty it. Never: a file held up because a name leaves its status no place.

use crate::connectors::{Disposal, Fate};
use crate::report::civil_time;
use crate::seams::{FileCause, FileFault};
use crate::store::PacketKey;
use dukou_packets::packet::header::ChannelName;
use serde_json::json;

/// Gives the text of a status: where a file stands.
pub(super) fn status_text(channel: &ChannelName, disposal: &Disposal, now_ms: i64) -> String {
    let (state, packet, code) = match &disposal.fate {
        Fate::Sent(packet) => ("left", packet, None),
        Fate::Refused { packet, code, .. } => ("rejected", packet, Some(code.as_str())),
        Fate::HeldBack { went, .. } => ("held-back", went, Some("repeat")),
    };
    let status = json!({
        "name": disposal.name, "channel": channel.to_string(), "state": state, "code": code,
        "packet": { "epoch": packet.epoch.to_string(), "seq": packet.seq }, "at": civil_time(now_ms),
    });
    format!("{status}\n")
}

/// Gives the text of a status once the peer has confirmed `packet`; none where the status is not that of a file sent with it.
pub(super) fn confirmed_text(told: &[u8], packet: &PacketKey, at_ms: i64) -> Option<String> {
    let mut status: serde_json::Value = serde_json::from_slice(told).ok()?;
    let its = status.get("packet")?;
    let is_this = its.get("epoch")?.as_str()? == packet.epoch.to_string() && its.get("seq")?.as_u64()? == packet.seq;
    if !is_this || status.get("state")?.as_str()? != "left" {
        return None;
    }
    let fields = status.as_object_mut()?;
    fields.insert("state".to_string(), json!("applied"));
    fields.insert("at".to_string(), json!(civil_time(at_ms)));
    Some(format!("{status}\n"))
}

/// Passes over what a name cannot have beside it: a file stands where a folder would have to, or the other way round.
pub(super) fn unless_no_place(outcome: Result<(), FileFault>) -> Result<(), FileFault> {
    match outcome {
        Err(fault) if matches!(fault.cause, FileCause::NotDirectory | FileCause::NotRegular | FileCause::NameTooLong) => Ok(()),
        other => other,
    }
}
