//! `replay`.

use super::{Json, PersonArgs, ask, packet_number};
use crate::accounts::operator;
use crate::error::EngineFault;
use crate::lang::Lang;
use crate::requests::Request;
use crate::station::Station;
use clap::Args;
use dukou_packets::packet::header::ChannelName;

#[derive(Args)]
pub(super) struct ReplayArgs {
    /// 通道 / channel
    channel: ChannelName,
    /// 从第几号包起，只限通道现在这一代 / the first packet, of the channel's present epoch
    #[arg(long, value_name = "SEQ", value_parser = packet_number)]
    from: u64,
    #[command(flatten)]
    person: PersonArgs,
    #[command(flatten)]
    json: Json,
}

pub(super) fn replay(station: &Station, args: ReplayArgs, lang: Lang) -> Result<u8, EngineFault> {
    let ReplayArgs { channel, from, person: PersonArgs { name, reason }, json } = args;
    ask(station, Request::Replay { channel, from, operator: operator(), name, reason }, json.json, lang)
}
