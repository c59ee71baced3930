//! `media`: discs written, read and listed.

use super::{Json, ask, print, print_json, something};
use crate::accounts::operator;
use crate::channel::{Channel, overlap, settled};
use crate::daemon::read_known_store;
use crate::error::{ConfigFault, EngineFault};
use crate::lang::{Lang, plain_line};
use crate::media::read::missing_text;
use crate::media::register::{Read, Register, Written};
use crate::report::civil_time;
use crate::requests::Request;
use crate::say;
use crate::station::Station;
use clap::{Args, Subcommand};
use serde::Serialize;
use std::path::{Path, PathBuf};

/// Options of `media`.
#[derive(Args)]
pub(super) struct MediaArgs {
    #[command(subcommand)]
    act: MediaAct,
}

#[derive(Subcommand)]
enum MediaAct {
    /// 把摆渡目录里的包写成介质 / write what lies in the ferry directory to volumes
    Write(WriteArgs),
    /// 读入一张或几张介质 / read volumes in
    Read(ReadArgs),
    /// 写出和读入过的介质 / discs written and read
    List(Json),
}

#[derive(Args)]
struct WriteArgs {
    /// 写到哪个目录 / the directory to write to
    dir: PathBuf,
    /// 制作人 / who makes it
    #[arg(long, value_name = "NAME", value_parser = something)]
    maker: String,
    /// 接收人 / who is to receive it
    #[arg(long, value_name = "NAME", value_parser = something)]
    receiver: String,
    /// 名称 / what to call it
    #[arg(long, value_parser = something)]
    title: Option<String>,
    #[command(flatten)]
    json: Json,
}

#[derive(Args)]
struct ReadArgs {
    /// 介质的目录，每张一个，次序随意 / directories of volumes, one each, in any order
    #[arg(required = true)]
    dir: Vec<PathBuf>,
    #[command(flatten)]
    json: Json,
}

/// Performs one of them.
pub(super) fn media(station: &Station, args: MediaArgs, lang: Lang) -> Result<u8, EngineFault> {
    match args.act {
        MediaAct::Write(args) => {
            let dir = folder(station, &args.dir)?;
            let (maker, receiver, title) = (args.maker, args.receiver, args.title.unwrap_or_default());
            ask(station, Request::MediaWrite { dir, maker, receiver, title, operator: operator() }, args.json.json, lang)
        }
        MediaAct::Read(args) => {
            let dirs = args.dir.iter().map(|dir| folder(station, dir)).collect::<Result<Vec<_>, _>>()?;
            ask(station, Request::MediaRead { dirs, operator: operator() }, args.json.json, lang)
        }
        MediaAct::List(json) => list(station, json.json, lang),
    }
}

/// Gives a disc's directory as the system knows it: one that is there, and none of the station's own.
fn folder(station: &Station, dir: &Path) -> Result<PathBuf, ConfigFault> {
    let path = std::fs::canonicalize(dir).map_err(|error| ConfigFault::unreadable(dir, &error))?;
    let mut own = station.own_dirs();
    own.extend([station.dir.join("channels"), station.dir.join("profiles"), station.ferry_out(), station.ferry_in()]);
    own.extend(Channel::record_folders(station, &Channel::load_all(station)?));
    let met = own.iter().any(|own| overlap(&settled(own), &path));
    if path.is_dir() && !met {
        return Ok(path);
    }
    let shown = dir.display();
    let sentence = |lang| match met {
        true => say!(
            lang,
            "{shown} 与本站自己的目录重叠，不能当介质用，没有做任何事。请另给一个目录。",
            "{shown} overlaps the station's own directories and cannot be a disc; nothing was done. Give another directory."
        ),
        false => say!(
            lang,
            "{shown} 不是目录，没有做任何事。请给出介质的目录。",
            "{shown} is no directory; nothing was done. Give the directory of a disc."
        ),
    };
    Err(ConfigFault::Refused { zh: sentence(Lang::Zh), what: sentence(Lang::En) })
}

/// The answer of `media list`.
#[derive(Serialize)]
struct Discs {
    written: Vec<WrittenLine>,
    read: Vec<ReadLine>,
}

#[derive(Serialize)]
struct WrittenLine {
    disc: String,
    title: String,
    volumes: u32,
    packets: u64,
    list: String,
    maker: String,
    receiver: String,
    at: String,
}

#[derive(Serialize)]
struct ReadLine {
    disc: String,
    volumes: u32,
    packets: u64,
    list: String,
    missing: Vec<u32>,
    closed: bool,
    at: String,
}

impl From<Written> for WrittenLine {
    fn from(written: Written) -> Self {
        let Written { disc, title, volumes, packets, list, maker, receiver, at_ms } = written;
        Self { disc, title, volumes, packets, list: list.to_string(), maker, receiver, at: civil_time(at_ms) }
    }
}

impl From<Read> for ReadLine {
    fn from(read: Read) -> Self {
        let missing = read.missing();
        let Read { disc, volumes, packets, list, closed, at_ms, .. } = read;
        Self { disc, volumes, packets, list: list.to_string(), missing, closed, at: civil_time(at_ms) }
    }
}

/// Lists discs; 1 while volumes of one are missing.
fn list(station: &Station, json: bool, lang: Lang) -> Result<u8, EngineFault> {
    let register: Register = read_known_store(station)?.load()?.fact()?;
    let open = register.read.iter().any(|read| !read.closed);
    match json {
        true => {
            let Register { written, read, .. } = register;
            let written = written.into_iter().map(WrittenLine::from).collect();
            print_json(&Discs { written, read: read.into_iter().map(ReadLine::from).collect() })?;
        }
        false => print(&list_text(&register, lang))?,
    }
    Ok(u8::from(open))
}

fn list_text(register: &Register, lang: Lang) -> String {
    let mut out = String::new();
    for Written { disc, title, volumes, packets, maker, receiver, at_ms, .. } in &register.written {
        let (at, [title, maker, receiver]) = (civil_time(*at_ms), [title, maker, receiver].map(|text| plain_line(text)));
        let title = if title.is_empty() { title } else { format!(" {title}") };
        out += &say!(
            lang,
            "写出 {disc}{title}：{volumes} 张，{packets} 个包，{at}，制作 {maker}，接收 {receiver}\n",
            "Written {disc}{title}: {volumes} volume(s), {packets} packet(s), {at}, made by {maker}, for {receiver}\n"
        );
    }
    for read in &register.read {
        let (text, at) = (missing_text(&read.disc, read, lang), civil_time(read.at_ms));
        out += &say!(lang, "读入 {at}：{text}\n", "Read {at}: {text}\n");
    }
    match out.is_empty() {
        true => say!(lang, "还没有写出或读入过介质。\n", "No disc was written or read yet.\n"),
        false => out,
    }
}
