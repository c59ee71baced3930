//! `let-go`.

use super::{Json, PersonArgs, ask, something};
use crate::accounts::operator;
use crate::error::EngineFault;
use crate::lang::Lang;
use crate::requests::Request;
use crate::station::Station;
use clap::Args;
use dukou_packets::packet::header::ChannelName;

#[derive(Args)]
pub(super) struct LetGoArgs {
    /// 通道 / channel
    channel: ChannelName,
    /// 发送方：来源文件夹里在等的文件；收方不用 / sending side: the file that waits in the source folder; not on the receiving side
    #[arg(long, value_name = "FILE", value_parser = something)]
    file: Option<String>,
    #[command(flatten)]
    person: PersonArgs,
    #[command(flatten)]
    json: Json,
}

pub(super) fn let_go(station: &Station, args: LetGoArgs, lang: Lang) -> Result<u8, EngineFault> {
    let LetGoArgs { channel, file, person: PersonArgs { name, reason }, json } = args;
    ask(station, Request::LetGo { channel, file, operator: operator(), name, reason }, json.json, lang)
}
