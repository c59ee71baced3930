//! `schema confirm`: what the administrator of a database without a driver hands back, signed for by an approver.

use super::decide::{SignArgs, WhichArgs, decide, here, pick, sign, unreadable};
use super::{refused, shown};
use crate::channel::Channel;
use crate::error::{ConfigFault, EngineFault};
use crate::given::read_file;
use crate::lang::Lang;
use crate::requests::structure::Act;
use crate::say;
use crate::schema::Document;
use crate::schema::answers::{self, OUTPUT_MAX};
use crate::schema::here::{Changed, Here};
use crate::station::Station;
use crate::store::Direction;
use crate::store::book::BookKey;
use clap::Args;
use data_encoding::BASE64;
use dukou_packets::packet::header::ChannelName;
use dukou_packets::packet::marker::ApprovalKind;
use std::path::PathBuf;

#[derive(Args)]
pub(super) struct ConfirmArgs {
    #[command(flatten)]
    which: WhichArgs,
    /// 脚本的全部输出，存成的文件 / a file with all that the script printed
    #[arg(long, value_name = "FILE")]
    check_output: PathBuf,
    /// 通道，有多个人工执行的数据库时 / the channel, where several databases are changed by hand
    #[arg(long)]
    channel: Option<ChannelName>,
    #[command(flatten)]
    sign: SignArgs,
}

pub(super) fn confirm(station: &Station, mut args: ConfirmArgs, lang: Lang) -> Result<u8, EngineFault> {
    let change = pick(station, args.which.number, &args.which.among)?;
    let document = Document::read(&change.document).map_err(|_| refused(unreadable))?;
    let here = here(station, &document, Some(&change.base))?
        .map_err(|fault| refused(|lang| fault.sentence("schema-change.toml", lang)))?;
    let (channel, changed) = end_by_hand(station, &here, args.channel.as_ref())?;
    let output =
        read_file(&args.check_output, OUTPUT_MAX).map_err(|error| ConfigFault::unreadable(&args.check_output, &error))?;
    let name = shown(&args.check_output);
    let end = answers::end_of(&channel, changed.direction);
    answers::hold(&output, &changed.plan, &end).map_err(|fault| refused(|lang| fault.sentence(&name, lang)))?;
    args.sign.reason = answers::vouched(&args.sign.reason, &channel, &output);
    let Some(approval) = sign(station, &change.signed(), &here, (ApprovalKind::Confirm, &args.sign), lang)? else {
        return Ok(1);
    };
    let BookKey { structure, to, document } = change.key;
    let output = BASE64.encode(&output);
    decide(station, Act::Confirm { structure, to, document, channel, output, approval }, &args.sign, lang)
}

/// Finds the channel's end whose database is changed by hand.
fn end_by_hand<'h>(
    station: &Station,
    here: &'h Here,
    wanted: Option<&ChannelName>,
) -> Result<(ChannelName, &'h Changed), EngineFault> {
    let side = station.config.station.side;
    let changed = |channel: &Channel| {
        let direction = channel.direction(side);
        let place = match direction {
            Direction::Out => &channel.source.tables()?.database,
            Direction::In => &channel.sink.tables()?.database,
        };
        let is_it = |changed: &&Changed| changed.direction == direction && changed.place == *place && changed.is_by_hand();
        here.databases.iter().find(is_it).map(|changed| (channel.channel.clone(), changed))
    };
    let mut found: Vec<_> = Channel::load_all(station)?.iter().filter_map(changed).collect();
    let names: Vec<String> = found.iter().map(|(channel, _)| channel.to_string()).collect();
    found.retain(|(channel, _)| wanted.is_none_or(|wanted| wanted == channel));
    match found.len() {
        1 => Ok(found.remove(0)),
        0 => Err(refused(|lang| {
            say!(
                lang,
                "这份变更在本站没有要人工执行的数据库（或不在 --channel 的通道）；没有改动任何东西。",
                "No database of this change is changed by hand here (or none at the channel of --channel); nothing was changed."
            )
        })
        .into()),
        _ => Err(refused(|lang| {
            let names = names.join(say!(lang, "、", ", ").as_str());
            say!(
                lang,
                "要人工执行的数据库不止一个，请用 --channel 指明通道：{names}。",
                "Several databases are changed by hand; name the channel with --channel: {names}."
            )
        })
        .into()),
    }
}
