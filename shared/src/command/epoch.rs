//! `epoch new` and `epoch accept`.

use super::{Json, PersonArgs, ask, read_text_file};
use crate::accounts::operator;
use crate::error::EngineFault;
use crate::lang::Lang;
use crate::requests::Request;
use crate::station::Station;
use clap::{Args, Subcommand};
use dukou_packets::limits;
use dukou_packets::packet::header::ChannelName;
use std::path::PathBuf;

#[derive(Args)]
pub(super) struct EpochArgs {
    #[command(subcommand)]
    verb: EpochVerb,
}

#[derive(Subcommand)]
enum EpochVerb {
    /// 发送方：从对方确有的最后一个包起另起一代 / sender: open a new epoch behind what the peer really has
    New(NewArgs),
    /// 接收方：接受接不上的新一代 / receiver: accept a new epoch that does not fit by itself
    Accept(AcceptArgs),
}

#[derive(Args)]
struct NewArgs {
    /// 对方用 gaps --out 写出的缺包单 / the peer's gap report, written by gaps --out
    #[arg(long, value_name = "CARD")]
    from: PathBuf,
    /// 通道；不给则所有发出的通道 / the channel; otherwise all that leave from here
    #[arg(long)]
    channel: Option<ChannelName>,
    #[command(flatten)]
    person: PersonArgs,
    #[command(flatten)]
    json: Json,
}

#[derive(Args)]
struct AcceptArgs {
    /// 通道 / channel
    channel: ChannelName,
    #[command(flatten)]
    person: PersonArgs,
    #[command(flatten)]
    json: Json,
}

pub(super) fn epoch(station: &Station, args: EpochArgs, lang: Lang) -> Result<u8, EngineFault> {
    let operator = operator();
    match args.verb {
        EpochVerb::New(NewArgs { from, channel, person, json }) => {
            let card = read_text_file(&from, limits::GAP_REPORT_MAX)?;
            let request = Request::EpochNew { card, channel, operator, name: person.name, reason: person.reason };
            ask(station, request, json.json, lang)
        }
        EpochVerb::Accept(AcceptArgs { channel, person, json }) => {
            let request = Request::EpochAccept { channel, operator, name: person.name, reason: person.reason };
            ask(station, request, json.json, lang)
        }
    }
}
