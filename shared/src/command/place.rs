//! `place`: decides about a message that waits on its way to the front machine.

use super::{Json, PersonArgs, ask};
use crate::accounts::operator;
use crate::error::EngineFault;
use crate::lang::Lang;
use crate::registration::day::ids::BizMsgId;
use crate::reporting::decide_message::DecideMessage;
use crate::reporting::request::NamedReason;
use crate::requests::Request;
use crate::station::Station;
use clap::Args;

/// Options of `place`.
#[derive(Args)]
pub(super) struct PlaceArgs {
    /// 报文ID / the message's id
    id: BizMsgId,
    /// 再放一次 / place it once more
    #[arg(long, conflicts_with = "there", required_unless_present = "there")]
    again: bool,
    /// 已核实前置机已有，不再放 / somebody looked: the front machine had it
    #[arg(long)]
    there: bool,
    #[command(flatten)]
    person: PersonArgs,
    #[command(flatten)]
    json: Json,
}

/// Performs `place`.
pub(super) fn place(station: &Station, args: PlaceArgs, lang: Lang) -> Result<u8, EngineFault> {
    let PlaceArgs { id, again, person: PersonArgs { name, reason }, json, .. } = args;
    let decision = DecideMessage { id, is_again: again, by: NamedReason { name, reason }, operator: operator() };
    ask(station, Request::DecideMessage(decision), json.json, lang)
}
