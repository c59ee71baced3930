//! `reseal`, with the recovery key only while no other process has the station: the key goes into no file.

use super::recover::read_recovery_key;
use super::{Json, PersonArgs, ask, packet_number, say_answer};
use crate::accounts::operator;
use crate::daemon::{self, StationLock};
use crate::error::EngineFault;
use crate::lang::Lang;
use crate::requests::Request;
use crate::station::Station;
use clap::Args;
use dukou_packets::packet::header::ChannelName;
use dukou_packets::suite::{SoftUnwrapper, Unwrapper};
use std::path::PathBuf;

#[derive(Args)]
pub(super) struct ResealArgs {
    /// 通道；不给则所有发出的通道 / the channel; otherwise all that leave from here
    #[arg(long)]
    channel: Option<ChannelName>,
    /// 从第几号包起，默认全部 / the first packet of each epoch, default all
    #[arg(long, value_name = "SEQ", default_value_t = 1, value_parser = packet_number)]
    from: u64,
    /// 恢复密钥文件，- 为标准输入 / the recovery key's file, - for standard input
    #[arg(long, value_name = "FILE|-")]
    recovery_key: Option<PathBuf>,
    #[command(flatten)]
    person: PersonArgs,
    #[command(flatten)]
    json: Json,
}

pub(super) fn reseal(station: &Station, args: ResealArgs, lang: Lang) -> Result<u8, EngineFault> {
    let ResealArgs { channel, from, recovery_key, person: PersonArgs { name, reason }, json } = args;
    let Some(file) = recovery_key else {
        return ask(station, Request::Reseal { channel, from, operator: operator(), name, reason }, json.json, lang);
    };
    let key = SoftUnwrapper::from_secret(*read_recovery_key(&file)?);
    let _lock = StationLock::take(station)?;
    let answer = daemon::on_engine_thread(|| {
        let mut engine = daemon::open_engine(station)?;
        let further: [&dyn Unwrapper; 1] = [&key];
        let answer = engine.reseal(channel.as_ref(), from, (&operator(), &name, &reason), &further)?;
        engine.close()?;
        Ok(answer)
    })?;
    say_answer(&answer, json.json, lang)?;
    Ok(answer.exit)
}
