//! `log`: a county's daily registration log: built, shown, sent, decided about.

use super::{Json, PersonArgs, asked, print, print_exactly, print_json, say_answer, something};
use crate::accounts::operator;
use crate::daemon::read_known_store;
use crate::error::EngineFault;
use crate::lang::Lang;
use crate::registration::day::ids::AreaCode;
use crate::registration::day::log::guard::OrderKind;
use crate::registration::kept::{self, LogOrigin};
use crate::reporting::request::{LogAct, LogRequest, NamedReason, named};
use crate::reporting::show::show;
use crate::requests::{Answer, Request};
use crate::say;
use crate::station::Station;
use clap::{Args, Subcommand};
use jiff::civil::Date;
use std::time::{Duration, Instant};

/// Options of `log`.
#[derive(Args)]
pub(super) struct LogArgs {
    #[command(subcommand)]
    act: Act,
}

#[derive(Subcommand)]
enum Act {
    /// 生成登簿日志；先等日终标记 / build the log; waits for the day mark
    Build(BuildArgs),
    /// 两份日志、对照、发送情况 / both logs, what differs, how far the sending is
    Show(ShowArgs),
    /// 发送（lanes/ 里定为本站上报时） / send it, where lanes/ says that this station reports
    Send(OfDay),
    /// 对等人决定的日志作决定 / decide about a log that waits for a person
    Decide(DecideArgs),
}

/// Which log.
#[derive(Args)]
struct OfDay {
    /// 业务日，如 2024-03-15 / the business day, for example 2024-03-15
    day: Date,
    /// 区划代码；只有一个 lane 时可省 / the county's code; may be left out where there is one lane
    #[arg(long)]
    area: Option<AreaCode>,
    #[command(flatten)]
    json: Json,
}

#[derive(Args)]
struct BuildArgs {
    #[command(flatten)]
    of: OfDay,
    /// 不等日终标记：不齐就退出，退出码 75 / do not wait for the day mark: leave with 75 while rows are missing
    #[arg(long)]
    no_wait: bool,
    /// 不齐也按现有数据生成 / build it from what is here although rows may be missing
    #[arg(long, requires_all = ["name", "reason"])]
    anyway: bool,
    /// 决定人 / who decides
    #[arg(long, value_parser = something, requires = "anyway")]
    name: Option<String>,
    /// 原因 / why
    #[arg(long, value_parser = something, requires = "anyway")]
    reason: Option<String>,
}

#[derive(Args)]
struct ShowArgs {
    #[command(flatten)]
    of: OfDay,
    /// 输出本站生成的日志的 XML / print the XML of the log that was built here
    #[arg(long)]
    xml: bool,
}

#[derive(Args)]
struct DecideArgs {
    #[command(flatten)]
    of: OfDay,
    /// 再发一次 / send it once more
    #[arg(long, conflicts_with = "taken", required_unless_present = "taken")]
    send_again: bool,
    /// 已核实对方已有，不再发 / somebody looked: the platform has it, nothing more is sent
    #[arg(long)]
    taken: bool,
    #[command(flatten)]
    person: PersonArgs,
}

/// Exit code: nothing is wrong, try again later.
const LATER: u8 = 75;
/// How often a command that waits for the day mark looks.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// Performs `log`.
pub(super) fn log(station: &Station, args: LogArgs, lang: Lang) -> Result<u8, EngineFault> {
    match args.act {
        Act::Build(args) => build(station, args, lang),
        Act::Show(args) => shown(station, &args, lang),
        Act::Send(of) => answered(station, of, LogAct::Send, lang),
        Act::Decide(DecideArgs { of, send_again, person: PersonArgs { name, reason }, .. }) => {
            let what = if send_again { OrderKind::SendAgain } else { OrderKind::TakeAsAccepted };
            answered(station, of, LogAct::Decide { what, by: NamedReason { name, reason } }, lang)
        }
    }
}

fn request(of: &OfDay, act: LogAct) -> Request {
    Request::DailyLog(LogRequest { area: of.area, day: of.day, act, operator: operator() })
}

fn answered(station: &Station, of: OfDay, act: LogAct, lang: Lang) -> Result<u8, EngineFault> {
    let answer = asked(station, &request(&of, act), lang)?;
    told(&answer, of.json.json, lang)
}

/// What did not go well goes to standard error, but its JSON to standard output.
fn told(answer: &Answer, json: bool, lang: Lang) -> Result<u8, EngineFault> {
    say_answer(answer, json, lang)?;
    Ok(answer.exit)
}

/// Waits for the day mark as long as the lane says, then leaves the question to the person.
fn build(station: &Station, args: BuildArgs, lang: Lang) -> Result<u8, EngineFault> {
    let by = args.name.zip(args.reason).map(|(name, reason)| NamedReason { name, reason });
    let act = LogAct::Build { anyway: by.filter(|_| args.anyway) };
    let wait_ms = named(&station.config.lanes, args.of.area).map_or(0, |lane| lane.wait_ms());
    let (began, mut said) = (Instant::now(), false);
    loop {
        let answer = asked(station, &request(&args.of, act.clone()), lang)?;
        let is_over = args.no_wait || began.elapsed() >= Duration::from_millis(wait_ms);
        if answer.exit != LATER || is_over {
            // The log itself is printed by `log show --xml`.
            return told(&Answer { document: None, ..answer }, args.of.json.json, lang);
        }
        if !std::mem::replace(&mut said, true) {
            eprintln!("{}", waiting(wait_ms / 60_000, lang));
        }
        std::thread::sleep(LOOK_EVERY);
    }
}

fn waiting(minutes: u64, lang: Lang) -> String {
    say!(
        lang,
        "数据还没有到齐，最多等 {minutes} 分钟；Ctrl+C 可以不等。",
        "The rows are not all here yet; waiting for at most {minutes} minutes. Ctrl+C ends the waiting."
    )
}

fn shown(station: &Station, args: &ShowArgs, lang: Lang) -> Result<u8, EngineFault> {
    let lane = match named(&station.config.lanes, args.of.area) {
        Ok(lane) => lane,
        Err(no) => return told(&no, args.of.json.json, lang),
    };
    let mut store = read_known_store(station)?;
    if args.xml {
        let Some(built) = kept::log(store.as_mut(), lane.area, args.of.day, LogOrigin::Built)? else {
            let day = args.of.day;
            let none = |lang| {
                say!(
                    lang,
                    "{day} 的登簿日志还没有生成。请先运行 log build {day}。",
                    "The log of {day} is not built. Run log build {day} first."
                )
            };
            return told(&Answer::no(none), args.of.json.json, lang);
        };
        print_exactly(&built.fact.log.to_xml())?;
        return Ok(0);
    }
    let state = store.load()?;
    let shown = show(store.as_mut(), &state, lane, args.of.day)?;
    match args.of.json.json {
        true => print_json(&shown)?,
        false => print(&shown.text(lang))?,
    }
    Ok(u8::from(shown.needs_a_person()))
}
