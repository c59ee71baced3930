//! `day`: a county's day of registration, what was reported of it, and whether all of it is here.

use super::upgrade::write_new;
use super::{ask, print, print_json, something};
use crate::accounts::operator;
use crate::channel::Channel;
use crate::daemon::read_known_store;
use crate::error::{ConfigFault, EngineFault};
use crate::lang::Lang;
use crate::registration::day::differences::{Difference, DifferenceKind};
use crate::registration::day::facts::Decision;
use crate::registration::day::ids::AreaCode;
use crate::registration::day::reconcile::{Day, reconcile};
use crate::registration::day::report;
use crate::registration::day::settings::Settings;
use crate::registration::kept::{KeptDecision, civil_of, counties, facts_of};
use crate::report::wall_ms;
use crate::requests::Request;
use crate::say;
use crate::station::Station;
use clap::Args;
use dukou_packets::keyring::Side;
use jiff::civil::Date;
use std::path::{Path, PathBuf};

#[derive(Args)]
pub(super) struct DayArgs {
    /// 登记日期，如 2024-03-15 / the day of registration, such as 2024-03-15
    #[arg(value_name = "DATE")]
    day: Date,
    /// 区划代码；本站只有一个县时可以不写 / the county's code; may be left out where the station has one
    #[arg(long)]
    area: Option<AreaCode>,
    /// 输出 JSON / print JSON
    #[arg(long)]
    json: bool,
    /// 写成 CSV / write a CSV file
    #[arg(long, value_name = "FILE")]
    csv: Option<PathBuf>,
    /// 写成 XLSX / write a workbook
    #[arg(long, value_name = "FILE")]
    xlsx: Option<PathBuf>,
    /// 写成可打印的网页 / write a page to be printed
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// 对一条不一致作说明：哪一种，如 registered-not-reported / decide about a difference: of which kind, such as registered-not-reported
    #[arg(long, value_name = "KIND", value_parser = kind, requires = "name", requires = "reason")]
    decide: Option<DifferenceKind>,
    /// 它的业务号 / its case number
    #[arg(long, requires = "decide")]
    ywh: Option<String>,
    /// 它的不动产单元号 / its unit number
    #[arg(long, requires = "decide")]
    bdcdyh: Option<String>,
    /// 它的报文 ID / its message id
    #[arg(long, requires = "decide")]
    id: Option<String>,
    /// 决定人 / who decides
    #[arg(long, value_parser = something, requires = "decide")]
    name: Option<String>,
    /// 原因 / why
    #[arg(long, value_parser = something, requires = "decide")]
    reason: Option<String>,
}

/// Takes the code of a kind of difference.
fn kind(text: &str) -> Result<DifferenceKind, String> {
    let codes = || DifferenceKind::ALL.map(DifferenceKind::code).join(" ");
    let found = DifferenceKind::ALL.into_iter().find(|kind| kind.code() == text);
    found.ok_or_else(|| format!("只能是其中之一 / one of: {}", codes()))
}

/// Exit code 0: all rows are here and nothing differs that nobody has decided about.
pub(super) fn day(station: &Station, args: &DayArgs, lang: Lang) -> Result<u8, EngineFault> {
    if station.config.station.side != Side::Inner {
        return Err(inner_alone().into());
    }
    let channels = Channel::load_all(station)?;
    let settings = settings_of(args.area, counties(station, &channels)?.into_values().collect())?;
    let mut store = read_known_store(station)?;
    let state = store.load()?;
    let facts = facts_of(store.as_mut(), &state, &settings, args.day)?;
    let day = reconcile(&settings, args.day, &facts, civil_of(wall_ms()));
    if let (Some(about), Some(name), Some(reason)) = (args.decide, &args.name, &args.reason) {
        let decided = decided(&day, about, args, [name, reason])?;
        return ask(station, Request::DecideDifference(Box::new(decided)), args.json, lang);
    }
    write_files(&day, args, lang)?;
    match args.json {
        true => print_json(&report::json(&day))?,
        false => print(&report::text(&day, lang))?,
    }
    Ok(u8::from(!(day.is_clean() && day.completeness.is_complete())))
}

fn inner_alone() -> ConfigFault {
    let what = "day is for the inner station, where rows, messages and responses come together.".to_owned();
    ConfigFault::Refused { zh: "day 只在内网站上用：登记、报文、响应在那里对账。".to_owned(), what }
}

/// Gives the county that is meant: the one that is named, known here or not, else the only one.
fn settings_of(area: Option<AreaCode>, mut known: Vec<Settings>) -> Result<Settings, ConfigFault> {
    if let Some(area) = area {
        let settled = known.into_iter().find(|settings| settings.is_own(area));
        return Ok(settled.unwrap_or_else(|| Settings::of(area)));
    }
    match (known.pop(), known.is_empty()) {
        (Some(only), true) => Ok(only),
        _ => Err(ConfigFault::Refused {
            zh: "请用 --area 写明是哪个县，如 --area 150721。".to_owned(),
            what: "Say which county with --area, for example --area 150721.".to_owned(),
        }),
    }
}

/// Gives the decision about the one difference that is meant.
fn decided(
    day: &Day<'_>,
    about: DifferenceKind,
    args: &DayArgs,
    [name, reason]: [&String; 2],
) -> Result<KeptDecision, ConfigFault> {
    let is_meant = |asked: &Option<String>, own: &str| asked.as_ref().is_none_or(|asked| asked == own);
    let mut meant = day.of_kind(about).filter(|difference| {
        is_meant(&args.ywh, &difference.ywh) && is_meant(&args.bdcdyh, &difference.bdcdyh) && is_meant(&args.id, &difference.id)
    });
    let (Some(difference), None) = (meant.next(), meant.next()) else { return Err(not_one(day, about)) };
    let Difference { ywh, bdcdyh, id, .. } = difference;
    let (ywh, bdcdyh, id) = (ywh.to_string(), bdcdyh.to_string(), id.clone());
    let (name, reason) = (name.clone(), reason.clone());
    let decision = Decision { about, ywh, bdcdyh, id, name, reason, at: day.until };
    Ok(KeptDecision { county: day.county, day: day.day, decision, operator: operator() })
}

fn not_one(day: &Day<'_>, about: DifferenceKind) -> ConfigFault {
    let date = day.day;
    let sentence = |lang| {
        let title = about.title(lang);
        say!(
            lang,
            "{date} 的“{title}”里没有这一条，或不止一条，什么也没有登记。请用 --ywh、--bdcdyh、--id 写明是哪一条。",
            "\"{title}\" of {date} has none like that, or more than one; nothing was noted. Say which with --ywh, --bdcdyh and --id."
        )
    };
    ConfigFault::Refused { zh: sentence(Lang::Zh), what: sentence(Lang::En) }
}

fn write_files(day: &Day<'_>, args: &DayArgs, lang: Lang) -> Result<(), ConfigFault> {
    if let Some(path) = &args.csv {
        write_new(path, |file| report::csv(day, lang, file)).map_err(|error| ConfigFault::unreadable(path, &error))?;
    }
    if let Some(path) = &args.html {
        write_new(path, |file| report::html(day, lang, file)).map_err(|error| ConfigFault::unreadable(path, &error))?;
    }
    let Some(path) = &args.xlsx else { return Ok(()) };
    let dir = path.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut refused = None;
    let written = write_new(path, |file| {
        report::xlsx(day, lang, dir, file).map_err(|fault| {
            let sentence = |lang| say!(lang, "写不成 XLSX：{fault}。", "The workbook cannot be made: {fault}.");
            refused = Some(ConfigFault::Refused { zh: sentence(Lang::Zh), what: sentence(Lang::En) });
            std::io::Error::other(fault)
        })
    });
    written.map_err(|error| refused.unwrap_or_else(|| ConfigFault::unreadable(path, &error)))
}
