//! What `status` tells of files with errors, on channels that say what their files are.

use super::{HoldLine, Status};
use crate::error::EngineFault;
use crate::intake::{CARGO, Counts, Flags, HeldFiles};
use crate::lang::{Lang, mask_id, plain_line};
use crate::say;
use crate::store::{Direction, StationState};
use dukou_packets::packet::header::ChannelName;
use serde::Serialize;

/// The file at which a channel is held.
#[derive(Clone, Debug, Serialize)]
pub struct HeldFileLine {
    /// Its name.
    pub name: String,
    /// The finding's code.
    pub code: String,
    /// What is wrong and what to do, in Chinese.
    pub zh: String,
    /// The same in English.
    pub en: String,
}

/// Gives how many files of a channel had errors.
pub(super) fn counts(state: &StationState, channel: &ChannelName) -> Result<Counts, EngineFault> {
    Ok(state.fact::<Flags>()?.0.get(channel).copied().unwrap_or_default())
}

/// Gives the file at which a channel is held.
pub(super) fn held_file(state: &StationState, channel: &ChannelName) -> Result<Option<HeldFileLine>, EngineFault> {
    let Some(hold) = state.holds.get(channel).filter(|hold| hold.code == CARGO) else { return Ok(None) };
    let held = state.fact::<HeldFiles>()?.0.remove(channel).filter(|held| held.seq == hold.seq);
    Ok(held.map(|held| {
        let [zh, en] = held.flaw.sentence;
        HeldFileLine { name: held.name, code: held.flaw.code, zh, en }
    }))
}

/// Says at which file a channel is held, and what to do.
pub(super) fn hold_text(channel: &str, hold: &HoldLine, file: &HeldFileLine, lang: Lang) -> String {
    let HoldLine { seq, at, .. } = hold;
    let (name, HeldFileLine { code, zh, en, .. }) = (plain_line(&mask_id(&file.name)), file);
    say!(
        lang,
        "暂停：通道 {channel} 自 {at} 起停在第 {seq} 号包，其中的文件 {name} 有错误（{code}）：{zh}要照原样落地，由负责人运行 let-go {channel}；不要这个包，运行 waive {channel} --seq {seq}。\n",
        "Held: channel {channel} waits at packet {seq} since {at}; file {name} in it has an error ({code}): {en} To deliver it as it is the person in charge runs let-go {channel}; to do without the packet, waive {channel} --seq {seq}.\n"
    )
}

/// Says how many files had errors.
pub(super) fn counts_text(status: &Status, lang: Lang) -> String {
    let mut out = String::new();
    for line in &status.channels {
        let (channel, flagged, refused) = (&line.channel, line.flagged, line.refused_here);
        if flagged > 0 {
            out += &match line.direction {
                Direction::Out => say!(
                    lang,
                    "带错误送出：通道 {channel} 有 {flagged} 个文件，是哪些用 trace 查看，哪里错用 lint 检查。\n",
                    "Sent with errors: {flagged} file(s) of channel {channel}; trace shows a file's flag, lint what is wrong with it.\n"
                ),
                Direction::In => say!(
                    lang,
                    "带错误落地：通道 {channel} 有 {flagged} 个文件，是哪些用 trace 查看，哪里错用 lint 检查。\n",
                    "Delivered with errors: {flagged} file(s) of channel {channel}; trace shows a file's flag, lint what is wrong with it.\n"
                ),
            };
        }
        if refused > 0 {
            out += &say!(
                lang,
                "本站拒收：通道 {channel} 收到的 {refused} 个文件读不了或不属于本通道的区划，没有落地；文件和原因在 rejected/{channel}/ 下。\n",
                "Refused here: {refused} file(s) that arrived on channel {channel} cannot be read or are of another area, and were not delivered; files and reasons are in rejected/{channel}/.\n"
            );
        }
    }
    out
}
