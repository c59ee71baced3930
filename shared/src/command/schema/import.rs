//! `schema import`: a file of marker packets that was carried by hand.

use crate::accounts::operator;
use crate::command::ask;
use crate::error::{ConfigFault, EngineFault};
use crate::lang::Lang;
use crate::requests::Request;
use crate::station::Station;
use clap::Args;
use std::path::{PathBuf, absolute};

#[derive(Args)]
pub(super) struct ImportArgs {
    /// 对方用 schema export 写的文件 / the file that the peer's schema export wrote
    file: PathBuf,
}

pub(super) fn import(station: &Station, args: &ImportArgs, lang: Lang) -> Result<u8, EngineFault> {
    // The station that is asked may have another working directory.
    let file = absolute(&args.file).map_err(|error| ConfigFault::unreadable(&args.file, &error))?;
    ask(station, Request::ImportMarkers { file, operator: operator() }, false, lang)
}
