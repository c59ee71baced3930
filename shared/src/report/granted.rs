//! What `status` tells of channels that come here and that nobody granted to the peer.

use super::{ChannelLine, Status};
use crate::channel::Channel;
use crate::keys::Trust;
use crate::lang::Lang;
use crate::say;
use crate::store::Direction;

/// Tells whether the peer may send on a channel that comes here.
pub(super) fn granted(channel: &Channel, direction: Direction, trust: Option<&Trust>) -> Option<bool> {
    let trust = trust.filter(|_| direction == Direction::In)?;
    Some(trust.grant.channels.contains(&channel.channel))
}

/// Gives the sentence for a channel that is configured here and not granted: what, and what next.
pub fn not_granted(channel: &str, lang: Lang) -> String {
    say!(
        lang,
        "通道 {channel} 还没有授权给对方，它的包不会落地（not-granted）：请运行 trust 对方的密钥卡，或 trust --confirm --channels 列出全部要授权的通道。",
        "Channel {channel} is not granted to the peer, its packets are not applied (not-granted): run trust with the peer's card, or trust --confirm --channels with all that are to be granted."
    )
}

/// Names the channels that are not granted.
pub(super) fn granted_text(status: &Status, lang: Lang) -> String {
    let missing = |line: &&ChannelLine| line.granted == Some(false);
    status.channels.iter().filter(missing).map(|line| not_granted(&line.channel, lang) + "\n").collect()
}
