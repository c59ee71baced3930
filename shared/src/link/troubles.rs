//! What of the link a person must look into, as sentences.

use crate::lang::Lang;
use crate::report::range_text;
use crate::say;
use crate::store::PacketKey;
use crate::trouble::Trouble;
use dukou_packets::packet::header::ChannelName;
use std::path::Path;

/// Most ranges that one sentence names.
const RANGES_MAX: usize = 8;

/// Codes of troubles that no new try mends.
const FOR_A_PERSON: [&str; 11] = [
    crate::intake::CARGO,
    "front-waits",
    "receipt-beyond",
    "receipt-falls",
    "past-keeping",
    "spool",
    "unconfirmed-expiring",
    "reseal-waits",
    "database-denied",
    "table-unfit",
    "row-unfit",
];

/// Tells whether a trouble waits for a person and not for another try.
pub(crate) fn is_for_a_person(trouble: &Trouble) -> bool {
    FOR_A_PERSON.contains(&&*trouble.code)
}

fn trouble(code: &'static str, lang: Lang, sentence: impl Fn(Lang) -> String) -> Trouble {
    Trouble { code: code.into(), zh: sentence(Lang::Zh), en: sentence(Lang::En), journal: sentence(lang) }
}

fn numbers(ranges: &[(u64, u64)]) -> String {
    let named: Vec<String> = ranges.iter().take(RANGES_MAX).map(|(from, to)| range_text(*from, *to)).collect();
    named.join(", ") + if ranges.len() > RANGES_MAX { " …" } else { "" }
}

/// The retained copy of a packet that is to be placed again is gone or damaged.
pub(crate) fn lost_copy(packet: &PacketKey, path: &Path, lang: Lang) -> Trouble {
    let (channel, seq, path) = (&packet.channel, packet.seq, path.display());
    trouble("spool", lang, |lang| {
        say!(
            lang,
            "通道 {channel} 第 {seq} 号包的留存文件 {path} 不在或已损坏，不能重发。请检查磁盘并运行 check；恢复不了就在收方用 waive 登记。",
            "The retained file {path} of packet {seq} of channel {channel} is gone or damaged and cannot be resent. Check the disk and run check; if it cannot be restored, waive the packet on the receiving side."
        )
    })
}

/// Another peer took the place of the one for which records were to be sealed anew.
pub(crate) fn reseal_waits(channel: &ChannelName, lang: Lang) -> Trouble {
    trouble("reseal-waits", lang, |lang| {
        say!(
            lang,
            "通道 {channel} 换对方之前还有留存包没有重新封装完，新文件先不发，以免顺序颠倒。请运行 reseal，之后自动继续。",
            "Retained packets of channel {channel} were still to be sealed anew when the peer was replaced; newer files wait, so that the order stays. Run reseal; then it goes on by itself."
        )
    })
}

/// What the peer misses is not kept here any more.
pub(crate) fn past_keeping(channel: &ChannelName, ranges: &[(u64, u64)], lang: Lang) -> Trouble {
    let numbers = numbers(ranges);
    trouble("past-keeping", lang, |lang| {
        say!(
            lang,
            "对方缺通道 {channel} 的第 {numbers} 号包，本站已过保存期、不能重发；请在收方用 waive 登记放弃，或重新报送。",
            "The peer misses packet(s) {numbers} of channel {channel}, which are past their keeping time here and cannot be resent; waive them on the receiving side or send the records anew."
        )
    })
}

/// The peer confirms packets that were never packed here.
pub(crate) fn receipt_beyond(channel: &ChannelName, seq: u64, lang: Lang) -> Trouble {
    trouble("receipt-beyond", lang, |lang| {
        say!(
            lang,
            "对方的回执说通道 {channel} 已落地到第 {seq} 号包，而本站没有发过这个包（或不是这一代次），未予采信；请核对本站是否恢复过旧备份。",
            "The peer's receipt says that channel {channel} is applied up to packet {seq}, which this station never sent (or not in this epoch); it is not believed. Check whether this station was restored from an old backup."
        )
    })
}

/// The peer confirms less than it did before.
pub(crate) fn receipt_falls(channel: &ChannelName, (from, to): (u64, u64), lang: Lang) -> Trouble {
    trouble("receipt-falls", lang, |lang| {
        say!(
            lang,
            "对方的回执从通道 {channel} 第 {from} 号包退回到第 {to} 号：对方可能恢复了旧备份；请与对方核对。",
            "The peer's receipt for channel {channel} fell from packet {from} to {to}: the peer may have been restored from an old backup; ask it."
        )
    })
}

/// Packets that were never confirmed leave their keeping time soon.
pub(crate) fn unconfirmed_expiring(channel: &ChannelName, (from, to): (u64, u64), days: u64, lang: Lang) -> Trouble {
    let numbers = range_text(from, to);
    trouble("unconfirmed-expiring", lang, |lang| {
        say!(
            lang,
            "通道 {channel} 第 {numbers} 号包一直没有对方的回执，再运行 {days} 天就过保存期、不能重发；请检查回程链路，或延长 keep.sent_days。",
            "Packet(s) {numbers} of channel {channel} were never confirmed by the peer and pass their keeping time in {days} running day(s); check the way back, or lengthen keep.sent_days."
        )
    })
}
