//! `schema export`: the sealed marker packets of a change in one file, to be carried by hand.
//!
//! Given: a change whose markers exist. Gives: the packets one after another, byte for byte as they lie in the spool; nothing is sealed anew. Never: a file
//! written over; one that lacks a marker.

use super::decide::{AmongArgs, pick};
use super::refused;
use crate::command::print;
use crate::daemon::read_known_store;
use crate::error::{ConfigFault, EngineFault};
use crate::given::read_file;
use crate::lang::Lang;
use crate::say;
use crate::send::structure::leaving::{Leaving, Leavings};
use crate::station::Station;
use clap::Args;
use dukou_packets::limits::{HEADER_MAX, SEALED_MAX};
use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

#[derive(Args)]
pub(super) struct ExportArgs {
    /// 变更到第几版 / the version that the change leads to
    pub(super) number: u32,
    /// 写到哪个文件 / the file to write
    #[arg(long, short, value_name = "FILE")]
    pub(super) out: PathBuf,
    #[command(flatten)]
    pub(super) among: AmongArgs,
}

pub(super) fn export(station: &Station, args: &ExportArgs, lang: Lang) -> Result<u8, EngineFault> {
    let (change, number) = (pick(station, args.number, &args.among)?, args.number);
    let mut store = read_known_store(station)?;
    let leavings = store.load()?.fact::<Leavings>()?;
    let leaving = leavings.0.get(&change.key.document.to_string()).cloned();
    let missing = || refused(|lang| unmarked(number, leaving.as_ref(), lang));
    let Some(known) = leaving.as_ref().filter(|known| known.channels.len() == known.markers.len()) else {
        return Err(missing().into());
    };
    let mut packets = Vec::new();
    for channel in &known.channels {
        let row = known.marker(channel).map(|key| store.packet(&key)).transpose()?.flatten();
        let Some(name) = row.and_then(|row| row.spool) else { return Err(missing().into()) };
        let path = station.spool_out().join(name);
        let bytes = read_file(&path, SEALED_MAX + HEADER_MAX as u64);
        packets.push(bytes.map_err(|error| ConfigFault::unreadable(&path, &error))?);
    }
    write(&args.out, &packets).map_err(|error| refused(|lang| unwritten(&args.out, &error, lang)))?;
    let (count, file) = (packets.len(), args.out.display());
    print(&say!(
        lang,
        "已写出 {count} 个标记包到 {file}。请送到对方，由对方运行 schema import。\n",
        "{count} marker packet(s) were written to {file}. Carry it to the peer, who runs schema import.\n"
    ))?;
    Ok(0)
}

/// Writes a new file, whole and durable.
fn write(path: &Path, packets: &[Vec<u8>]) -> std::io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    packets.iter().try_for_each(|packet| file.write_all(packet))?;
    file.sync_all()
}

fn unmarked(number: u32, leaving: Option<&Leaving>, lang: Lang) -> String {
    let lacks = |leaving: &Leaving| {
        let lacks = leaving.channels.iter().filter(|channel| !leaving.markers.contains_key(channel));
        lacks.map(ToString::to_string).collect::<Vec<_>>().join(", ")
    };
    let lacks = leaving.map(lacks).unwrap_or_default();
    say!(
        lang,
        "到第 {number} 版的变更在本站还没有全部标记包（缺：{lacks}），没有写文件。请看 schema show {number}。",
        "Not every marker packet of the change to version {number} exists here (missing: {lacks}); no file was written. See schema show {number}."
    )
}

fn unwritten(path: &Path, error: &std::io::Error, lang: Lang) -> String {
    let (path, kind) = (path.display(), error.kind());
    say!(
        lang,
        "{path} 写不了（{kind}），没有写完；请换一个还不存在的文件名。",
        "{path} cannot be written ({kind}) and is not complete; name a file that is not there yet."
    )
}
