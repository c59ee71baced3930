//! `alarms`: the open alarms, and who took note of them.

use super::{Json, ask, print, print_json, something};
use crate::accounts::operator;
use crate::alarm::told;
use crate::daemon::read_known_store;
use crate::error::EngineFault;
use crate::lang::Lang;
use crate::requests::Request;
use crate::say;
use crate::station::Station;
use clap::{Args, Subcommand};
use dukou_packets::packet::header::ChannelName;

/// Options of `alarms`.
#[derive(Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(super) struct AlarmsArgs {
    #[command(flatten)]
    json: Json,
    #[command(subcommand)]
    act: Option<Act>,
}

#[derive(Subcommand)]
enum Act {
    /// 知悉一个警报 / take note of an alarm
    Ack(AckArgs),
}

#[derive(Args)]
struct AckArgs {
    /// 警报代码 / the alarm's code
    #[arg(value_parser = something)]
    code: String,
    /// 警报所在的通道 / the channel the alarm is about
    #[arg(long)]
    channel: Option<ChannelName>,
    /// 知悉人 / who takes note
    #[arg(long, value_parser = something)]
    name: Option<String>,
    #[command(flatten)]
    json: Json,
}

/// Lists the open alarms, or takes note of one.
pub(super) fn alarms(station: &Station, args: AlarmsArgs, lang: Lang) -> Result<u8, EngineFault> {
    match args.act {
        None => list(station, args.json.json, lang),
        Some(Act::Ack(AckArgs { code, channel, name, json })) => {
            let name = name.unwrap_or_else(operator);
            ask(station, Request::Acknowledge { code, channel, operator: operator(), name }, json.json, lang)
        }
    }
}

fn list(station: &Station, json: bool, lang: Lang) -> Result<u8, EngineFault> {
    let state = read_known_store(station)?.load()?;
    let (open, maintenance) = (told::lines(&state, &station.config.alarm)?, told::maintenance(&state)?);
    match json {
        true => print_json(&open)?,
        false if open.is_empty() && maintenance.is_none() => print(&say!(lang, "没有警报。\n", "No alarm is open.\n"))?,
        false => print(&told::text(&open, maintenance.as_ref(), lang))?,
    }
    Ok(u8::from(open.iter().any(told::AlarmLine::needs_a_person)))
}
