//! The command line of `dukou-inner` and `dukou-outer`: the same verbs on both.
//!
//! Exit codes: 0 nothing to do for anyone · 1 something was refused or set aside, or a channel is held, gapped or waits · 2 wrong use or
//! configuration · 3 stopped because log, disk or state are unsure · 75 try again. What was asked for goes to standard output, talk to
//! standard error.

mod alarms;
mod day;
mod epoch;
mod examine;
mod gaps;
mod init;
mod joint_test;
mod let_go;
mod lint;
mod log;
mod maintenance;
mod media;
mod place;
mod push;
mod rebuild;
mod recover;
mod replay;
mod reseal;
mod resubmit;
mod schema;
mod sink;
mod source;
mod upgrade;
mod wrong_use;

use crate::accounts::operator;
use crate::channel::Channel;
use crate::daemon::{self, Start, StationLock, read_known_store, read_store};
use crate::engine::Standing;
use crate::error::{ConfigFault, EngineFault, Policy};
use crate::given;
use crate::keys::{Trust, read_keyring};
use crate::lang::{Lang, PlainJson, plain, plain_line};
use crate::report;
use crate::requests::trust::check_card;
use crate::requests::{Answer, Asked, Replacing, Request, ask_running};
use crate::say;
use crate::standby;
use crate::station::Station;
use crate::store::Direction;
use clap::{Args, Parser, Subcommand};
use dukou_packets::keyring::Side;
use dukou_packets::limits;
use dukou_packets::packet::header::ChannelName;
use dukou_packets::suite::SystemRandom;
use std::io::{BufRead, BufWriter, IsTerminal, Read, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// 渡口：数据摆渡站 / Dukou: a data ferry station.
#[derive(Parser)]
#[command(version, long_about = None, disable_help_subcommand = true)]
struct Cli {
    /// 摆渡站目录 / the station's directory
    #[arg(long, global = true, env = "DUKOU_STATION", default_value = ".", value_name = "DIR")]
    station: PathBuf,
    /// 界面语言 zh 或 en / language, zh or en (default: station.toml)
    #[arg(long, global = true)]
    lang: Option<Lang>,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// 新建一站：目录、密钥、配置 / make a new station: directories, keys, configuration
    Init(init::InitArgs),
    /// 输出本站密钥卡 / print this station's card
    Card,
    /// 信任对方的密钥卡 / trust the peer's card
    Trust(TrustArgs),
    /// 持续运行，SIGTERM 停止 / run until SIGTERM
    Run(RunArgs),
    /// 收发一遍后退出 / one pass of everything, then exit
    Pass(Json),
    /// 各通道现状 / how every channel stands
    Status(Json),
    /// 一天的登记与上报对账 / a day of registration, held against what was reported
    Day(day::DayArgs),
    /// 一条记录的经历，按业务键、文件名、业务号、单元号、证号 / the life of a record, by key, file name, case, unit, certificate
    Trace(TraceArgs),
    /// 已知的缺包，缺包单 / packets known to be missing, the gap report
    Gaps(gaps::GapsArgs),
    /// 重发留存的包 / place retained packets in the ferry directory again
    Resend(gaps::ResendArgs),
    /// 登记放弃缺包，通道继续 / go on without missing packets
    Waive(WaiveArgs),
    /// 解除通道的暂停 / end the hold of a channel
    Release(ReleaseArgs),
    /// 放行有错误而在等人的文件 / let a file with errors go on
    LetGo(let_go::LetGoArgs),
    /// 再次发送被留下的重复文件 / send a held-back repeat
    Send(SendArgs),
    /// 介质：写出、读入、登记 / discs: write, read, list
    Media(media::MediaArgs),
    /// 另起一代，或接受对方的新一代 / open a new epoch, or accept the peer's
    Epoch(epoch::EpochArgs),
    /// 把已落地的包再落地一次 / deliver applied packets to the sink once more
    Replay(replay::ReplayArgs),
    /// 把留存的记录重新封装给现在的对方 / seal retained records anew for the peer of today
    Reseal(reseal::ResealArgs),
    /// 来源数据库的发件表：安装、卸载、检查 / outbox and triggers in a source's database
    Source(source::SourceArgs),
    /// 去向数据库：建自用的表、检查 / the sink's database: tables of our own, check
    Sink(sink::SinkArgs),
    /// 结构变更：检查文件、显示 SQL、核对数据库、提议、批准 / structure changes: check, show the SQL, compare, propose, approve
    Schema(schema::SchemaArgs),
    /// 基准资料：提议、批准、两边各用第几号 / reference data: propose, approve, the numbers of both sides
    Reference(schema::ReferenceArgs),
    /// 推送表里已有的行（存量） / send the rows that tables hold already
    Push(push::PushArgs),
    /// 用恢复密钥打开留存的包 / open retained packets with the recovery key
    Recover(recover::RecoverArgs),
    /// 试一个文件会怎样，不发送 / what would happen to a file; sends nothing
    Try(TryArgs),
    /// 核对状态、留存包和日志 / check that state, spool and log agree
    Check(CheckArgs),
    /// 未结束的警报；ack 知悉 / open alarms; ack takes note of one
    Alarms(alarms::AlarmsArgs),
    /// 检查报文、响应、登簿日志；不需要摆渡站 / check messages, responses and logs; needs no station
    Lint(lint::LintArgs),
    /// 旧版报文转为新版（未签名）；不给 --out 只预览 / an old message in the new edition, unsigned; a preview without --out
    Upgrade(upgrade::UpgradeArgs),
    /// 登簿日志：生成、查看、发送、决定 / the daily registration log: build, show, send, decide
    Log(log::LogArgs),
    /// 前置机上的一条报文再放一次，或已核实那里有 / place a message on the front machine once more, or note that it was there
    Place(place::PlaceArgs),
    /// 请登记系统补报、重报一笔 / order a case to be reported, or reported again
    Resubmit(resubmit::ResubmitArgs),
    /// 联调：造报文、出报告 / joint tests: make messages, report
    JointTest(joint_test::JointTestArgs),
    /// 登记停机维护：不报静默和晚到 / expect silence and lateness for a time
    Maintenance(maintenance::MaintenanceArgs),
}

/// Options of verbs that print data.
#[derive(Args)]
struct Json {
    /// 输出 JSON / print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Args)]
struct RunArgs {
    /// 作备用：等另一台停下再接管，状态须在 PostgreSQL / stand by and take over when the other one ends; the state must be in PostgreSQL
    #[arg(long)]
    standby: bool,
}

#[derive(Args)]
struct TrustArgs {
    /// 对方的密钥卡文件 / the peer's card
    #[arg(required_unless_present = "confirm")]
    card: Option<PathBuf>,
    /// 不询问；记为指纹未比对 / do not ask; recorded as not compared
    #[arg(long)]
    yes: bool,
    /// 指纹已与对方核对一致 / the fingerprint was compared with the peer
    #[arg(long)]
    confirm: bool,
    /// 对方可以发送的通道，默认全部 / channels the peer may send on, default all
    #[arg(long, value_delimiter = ',')]
    channels: Vec<ChannelName>,
    /// 换掉原来的对方 / put this peer in the place of the one before
    #[arg(long, requires_all = ["name", "reason"])]
    replace: bool,
    /// 决定人 / who decides
    #[arg(long, value_parser = something, requires = "replace")]
    name: Option<String>,
    /// 原因 / why
    #[arg(long, value_parser = something, requires = "replace")]
    reason: Option<String>,
}

impl TrustArgs {
    fn replacing(&self) -> Option<Replacing> {
        let (name, reason) = (self.name.clone()?, self.reason.clone()?);
        self.replace.then_some(Replacing { name, reason })
    }
}

/// Who decides, and why.
#[derive(Args)]
struct PersonArgs {
    /// 决定人 / who decides
    #[arg(long, value_parser = something)]
    name: String,
    /// 原因 / why
    #[arg(long, value_parser = something)]
    reason: String,
}

#[derive(Args)]
struct TraceArgs {
    /// 业务键、文件名、业务号、单元号或证号 / key, file name, case, unit or certificate number
    #[arg(value_parser = something)]
    what: String,
    #[command(flatten)]
    json: Json,
}

#[derive(Args)]
struct RangeArgs {
    /// 通道 / channel
    channel: ChannelName,
    /// 包号范围，如 3..5 或 4 / packet numbers, for example 3..5 or 4
    #[arg(long, value_name = "A..B")]
    seq: Range,
    #[command(flatten)]
    json: Json,
}

#[derive(Args)]
struct WaiveArgs {
    #[command(flatten)]
    range: RangeArgs,
    /// 决定人 / who decides
    #[arg(long, value_parser = something)]
    name: String,
    /// 原因 / why
    #[arg(long, value_parser = something)]
    reason: String,
}

#[derive(Args)]
struct ReleaseArgs {
    /// 通道 / channel
    channel: ChannelName,
    #[command(flatten)]
    json: Json,
}

#[derive(Args)]
struct SendArgs {
    /// duplicates/ 里的文件 / a file in duplicates/
    #[arg(long, value_name = "FILE")]
    again: PathBuf,
    /// 原因 / why
    #[arg(long, value_parser = something)]
    reason: String,
    #[command(flatten)]
    json: Json,
}

#[derive(Args)]
struct TryArgs {
    /// 文件 / the file
    file: PathBuf,
    /// 通道；不给则按文件名规则找 / the channel; otherwise found by the name patterns
    #[arg(long)]
    channel: Option<ChannelName>,
    #[command(flatten)]
    json: Json,
}

#[derive(Args)]
struct CheckArgs {
    /// 用日志和留存包补上缺的包记录；状态库没了就重建 / put back missing packet rows from log and spool; a state that is gone is made anew
    #[arg(long)]
    rebuild: bool,
    /// 决定人：状态库还在也另建一个，旧的留着 / who decides: a new state beside the one that is there
    #[arg(long, value_parser = something, requires_all = ["rebuild", "reason"])]
    name: Option<String>,
    /// 原因 / why
    #[arg(long, value_parser = something, requires = "name")]
    reason: Option<String>,
    #[command(flatten)]
    json: Json,
}

/// Exit code: nothing is wrong, try again later.
const TRY_AGAIN: u8 = 75;

/// Most characters of a reason or a name on the command line.
const WORDS_MAX: usize = 1000;

/// Takes a text that says something: an empty reason is none.
fn something(text: &str) -> Result<String, String> {
    match !text.trim().is_empty() && text.chars().count() <= WORDS_MAX {
        true => Ok(text.to_string()),
        false => Err("1–1000 字，不能是空的 / 1–1000 characters, not blank".to_string()),
    }
}

/// A range of packet numbers: `3..5`, or `4`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Range {
    from: u64,
    to: u64,
}

/// What `--seq` may be.
const RANGE_RULE: &str = "应为 3..5 或 4 这样，从 1 起，从小到大 / such as 3..5 or 4, rising, from 1";

/// Takes a packet number.
fn packet_number(text: &str) -> Result<u64, String> {
    let number = text.parse().ok().filter(|number| *number > 0);
    number.ok_or_else(|| "应为从 1 起的包号 / a packet number, from 1".to_string())
}

impl std::str::FromStr for Range {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (from, to) = text.split_once("..").unwrap_or((text, text));
        let number = |part: &str| part.trim_start_matches('=').parse::<u64>().map_err(|_| RANGE_RULE.to_string());
        let range = Self { from: number(from)?, to: number(to)? };
        if range.from == 0 || range.from > range.to {
            return Err(RANGE_RULE.to_string());
        }
        Ok(range)
    }
}

/// Runs the command line for a station of `side`.
pub fn main(side: Side) -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return say_wrong_use(&error),
    };
    start_journal(matches!(cli.verb, Verb::Run(_)));
    let lang =
        cli.lang.or_else(|| Station::load(&cli.station).ok().map(|station| station.config.station.lang)).unwrap_or_default();
    match perform(cli, side, lang) {
        Ok(code) => ExitCode::from(code),
        Err(fault) => {
            eprintln!("{}", plain_line(&fault.sentence(lang)));
            ExitCode::from(exit_code(&fault))
        }
    }
}

fn say_wrong_use(error: &clap::Error) -> ExitCode {
    let arguments: Vec<String> = std::env::args_os().map(|argument| argument.to_string_lossy().into_owned()).collect();
    match wrong_use::sentence(error, wrong_use::asked_lang(&arguments)) {
        Some(sentence) => eprintln!("{}", plain_line(&sentence)),
        // Nothing is left to do when even this cannot be printed.
        None => drop(error.print()),
    }
    ExitCode::from(if error.use_stderr() { 2 } else { 0 })
}

/// The journal goes to standard error, where systemd takes it; DUKOU_JOURNAL chooses the level. The other verbs answer in the reader's
/// language themselves, and keep none unless it is asked for.
fn start_journal(runs: bool) {
    let usual = if runs { "warn,dukou_shared=info" } else { "off" };
    let filter = tracing_subscriber::EnvFilter::try_from_env("DUKOU_JOURNAL")
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new(usual));
    let ansi = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_ansi(ansi).with_target(false).init();
}

fn exit_code(fault: &EngineFault) -> u8 {
    match fault.policy() {
        // A running station goes on by itself once it is mended; a command was refused.
        Policy::Retry if matches!(fault, EngineFault::Database(fault) if fault.is_for_a_person()) => 2,
        Policy::Retry => TRY_AGAIN,
        Policy::Mend => 2,
        Policy::Halt => 3,
    }
}

fn perform(cli: Cli, side: Side, lang: Lang) -> Result<u8, EngineFault> {
    let cli = match cli.verb {
        Verb::Init(args) => return init::init(&args, side, lang),
        Verb::Recover(args) => return recover::recover(&args, lang),
        Verb::Schema(args) if !args.needs_station() => return schema::alone(&args, lang),
        Verb::JointTest(args) if !args.needs_station() => return joint_test::alone(&args, lang),
        Verb::Lint(args) => return lint::lint(&args, lang),
        Verb::Upgrade(args) => return upgrade::upgrade(&args, lang),
        verb => Cli { verb, ..cli },
    };
    let station = Station::load(&cli.station)?;
    if station.config.station.side != side {
        return Err(ConfigFault::OtherSide { dir: station.dir }.into());
    }
    let station = Station { dir: absolute(&station.dir)?, ..station };
    match cli.verb {
        Verb::Init(_) | Verb::Recover(_) | Verb::Lint(_) | Verb::Upgrade(_) => Ok(0),
        Verb::JointTest(args) => joint_test::at_station(&station, &args, lang),
        Verb::Epoch(args) => epoch::epoch(&station, args, lang),
        Verb::Replay(args) => replay::replay(&station, args, lang),
        Verb::Reseal(args) => reseal::reseal(&station, args, lang),
        Verb::Source(args) => source::source(&station, args, lang),
        Verb::Sink(args) => sink::sink(&station, args, lang),
        Verb::Schema(args) => schema::at_station(&station, args, lang),
        Verb::Reference(args) => schema::reference(&station, args, lang),
        Verb::Push(args) => push::push(&station, args, lang),
        Verb::Card => card(&station, lang),
        Verb::Trust(args) => trust(&station, &args, lang),
        Verb::Run(args) => run(&station, &args),
        Verb::Pass(json) => pass(&station, json.json, lang),
        Verb::Status(json) => status(&station, json.json, lang),
        Verb::Day(args) => day::day(&station, &args, lang),
        Verb::Trace(args) => trace(&station, &args, lang),
        Verb::Gaps(args) => gaps::gaps(&station, &args, lang),
        Verb::Resend(args) => gaps::resend(&station, args, lang),
        Verb::Waive(args) => {
            let WaiveArgs { range: RangeArgs { channel, seq: Range { from, to }, json }, name, reason } = args;
            ask(&station, Request::Waive { channel, from, to, operator: operator(), name, reason }, json.json, lang)
        }
        Verb::Release(args) => {
            ask(&station, Request::Release { channel: args.channel, operator: operator() }, args.json.json, lang)
        }
        Verb::LetGo(args) => let_go::let_go(&station, args, lang),
        Verb::Send(args) => send_again(&station, args, lang),
        Verb::Media(args) => media::media(&station, args, lang),
        Verb::Try(args) => examine::try_file(&station, &args.file, args.channel.as_ref(), args.json.json, lang),
        Verb::Check(args) => examine::check(&station, args, lang),
        Verb::Alarms(args) => alarms::alarms(&station, args, lang),
        Verb::Place(args) => place::place(&station, args, lang),
        Verb::Resubmit(args) => resubmit::resubmit(&station, args, lang),
        Verb::Log(args) => log::log(&station, args, lang),
        Verb::Maintenance(args) => maintenance::maintenance(&station, args, lang),
    }
}

fn absolute(dir: &Path) -> Result<PathBuf, ConfigFault> {
    std::fs::canonicalize(dir).map_err(|error| ConfigFault::unreadable(dir, &error))
}

/// Prints for people.
fn print(text: &str) -> Result<(), ConfigFault> {
    print_exactly(&plain(text))
}

/// Prints to standard output; a reader that went away is no fault of the station, a disk that took nothing is.
fn print_exactly(text: &str) -> Result<(), ConfigFault> {
    printed(print_all(|out| out.write_all(text.as_bytes())))
}

fn printed(outcome: std::io::Result<()>) -> Result<(), ConfigFault> {
    match outcome {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(ConfigFault::unreadable(Path::new("/dev/stdout"), &error))
        }
        _ => Ok(()),
    }
}

fn print_all(write: impl FnOnce(&mut dyn Write) -> std::io::Result<()>) -> std::io::Result<()> {
    let mut out = BufWriter::new(std::io::stdout().lock());
    write(&mut out)?;
    out.flush()
}

/// Prints JSON as it is made: whatever it tells is never in memory whole a second time.
fn print_json(value: &impl serde::Serialize) -> Result<(), ConfigFault> {
    printed(print_all(|out| {
        serde_json::to_writer_pretty(PlainJson(&mut *out), value)?;
        out.write_all(b"\n")
    }))
}

fn card(station: &Station, lang: Lang) -> Result<u8, EngineFault> {
    let keyring = read_keyring(&station.keys_dir().join("keyring.txt"))?;
    print_exactly(keyring.text())?;
    let fingerprint = keyring.fingerprint();
    eprintln!(
        "{}",
        say!(
            lang,
            "本站密钥卡的指纹，请与对方通话核对：\n{fingerprint}",
            "Fingerprint of this station's card, to be compared with the peer by voice:\n{fingerprint}"
        )
    );
    Ok(0)
}

fn trust(station: &Station, args: &TrustArgs, lang: Lang) -> Result<u8, EngineFault> {
    let known = Trust::load(station)?;
    let text = match (&args.card, &known) {
        (Some(file), _) => read_text_file(file, limits::KEYRING_MAX)?,
        (None, Some(known)) => known.peer.text().to_string(),
        (None, None) => {
            let sentence = |lang| {
                say!(
                    lang,
                    "还没有信任过密钥卡，没有可确认的。请运行 trust 密钥卡文件。",
                    "No card is trusted yet, there is nothing to confirm. Run trust CARD."
                )
            };
            return Err(ConfigFault::Refused { zh: sentence(Lang::Zh), what: sentence(Lang::En) }.into());
        }
    };
    let file = args.card.clone().unwrap_or_else(|| station.keys_dir().join("peer.txt"));
    let card = dukou_packets::keyring::Keyring::parse(text.as_bytes()).map_err(|fault| ConfigFault::Card { file, fault })?;
    // Nobody is to read a fingerprint aloud that is refused whatever it is.
    check_card(station, &text, false, &[], "", known.as_ref(), args.replacing().is_some())?;
    let compared = args.confirm || (!args.yes && ask_compared(&card, lang)?);
    // To confirm a card changes nothing about what was granted to it.
    let granted =
        known.as_ref().filter(|known| args.confirm && args.channels.is_empty() && known.grant.keyring == card.digest());
    let channels = match granted {
        Some(known) => known.grant.channels.clone(),
        None => granted_channels(station, &args.channels)?,
    };
    ask(
        station,
        Request::Trust { card: text, compared, channels, operator: operator(), replace: args.replacing() },
        false,
        lang,
    )
}

/// Reads a file, or standard input for `-`, and little more of it than can be right; what is no text is told by whoever reads it.
fn read_text(file: &Path, most: usize) -> Result<String, ConfigFault> {
    match file == Path::new("-") {
        true => read_all(std::io::stdin().lock(), most).map_err(|error| ConfigFault::unreadable(file, &error)),
        false => read_text_file(file, most),
    }
}

/// As [`read_text`], from a file whatever it is called.
fn read_text_file(file: &Path, most: usize) -> Result<String, ConfigFault> {
    let read = given::open_file(file).and_then(|opened| read_all(opened, most));
    read.map_err(|error| ConfigFault::unreadable(file, &error))
}

fn read_all(from: impl Read, most: usize) -> std::io::Result<String> {
    let mut bytes = Vec::new();
    from.take(most as u64 + 1).read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// Shows the fingerprint and asks a person to compare it.
fn ask_compared(card: &dukou_packets::keyring::Keyring, lang: Lang) -> Result<bool, ConfigFault> {
    let (name, fingerprint) = (plain_line(&card.body().name), card.fingerprint());
    eprintln!(
        "{}",
        say!(
            lang,
            "「{name}」的指纹：\n{fingerprint}\n请与对方通话核对。一致请输入 yes：",
            "Fingerprint of \"{name}\":\n{fingerprint}\nCompare it with the peer by voice. Type yes when it agrees:"
        )
    );
    let mut answer = String::new();
    let read = std::io::BufReader::new(std::io::stdin().lock().take(1024)).read_line(&mut answer);
    if read.is_ok() && answer.trim() == "yes" {
        return Ok(true);
    }
    let sentence = |lang| {
        say!(
            lang,
            "没有确认，没有改动任何东西。不能通话时可用 --yes，以后再 trust --confirm。",
            "Not confirmed; nothing was changed. Without a voice line use --yes, and trust --confirm later."
        )
    };
    Err(ConfigFault::Refused { zh: sentence(Lang::Zh), what: sentence(Lang::En) })
}

/// Gives the channels to grant: those asked for, each once, or all that come in. No other can be granted: nothing would ever use it.
fn granted_channels(station: &Station, asked: &[ChannelName]) -> Result<Vec<ChannelName>, ConfigFault> {
    let incoming = incoming_channels(station)?;
    if let Some(wrong) = asked.iter().find(|channel| !incoming.contains(channel)) {
        let known = incoming.iter().map(ChannelName::to_string).collect::<Vec<_>>().join(", ");
        let sentence = |lang| {
            say!(
                lang,
                "--channels 里的 {wrong} 不是本站接收的通道（本站接收：{known}），没有改动任何东西。请改正后重试。",
                "{wrong} in --channels is no channel that this station receives (it receives: {known}); nothing was changed. Correct it and try again."
            )
        };
        return Err(ConfigFault::Refused { zh: sentence(Lang::Zh), what: sentence(Lang::En) });
    }
    match asked.is_empty() {
        true => Ok(incoming),
        false => Ok(incoming.into_iter().filter(|channel| asked.contains(channel)).collect()),
    }
}

fn incoming_channels(station: &Station) -> Result<Vec<ChannelName>, ConfigFault> {
    let side = station.config.station.side;
    let channels = Channel::load_all(station)?;
    Ok(channels.into_iter().filter(|channel| channel.direction(side) == Direction::In).map(|channel| channel.channel).collect())
}

fn run(station: &Station, args: &RunArgs) -> Result<u8, EngineFault> {
    if args.standby {
        standby::check_fit(station)?;
        daemon::run(station, Start::StandBy)?;
        return Ok(0);
    }
    let _lock = StationLock::take(station)?;
    daemon::run(station, Start::Now)?;
    Ok(0)
}

fn pass(station: &Station, json: bool, lang: Lang) -> Result<u8, EngineFault> {
    let _lock = match StationLock::take(station) {
        // The process that has the station does what the pass would; a timer asks again.
        Err(fault @ ConfigFault::InUse { .. }) => {
            eprintln!("{}", plain_line(&EngineFault::from(fault).sentence(lang)));
            return Ok(TRY_AGAIN);
        }
        lock => lock?,
    };
    let (report, standing) = daemon::pass(station)?;
    let code = match standing {
        Standing::Clear if Trust::load(station)?.is_none() => {
            eprintln!(
                "{}",
                say!(
                    lang,
                    "还没有配对，什么都不会送出。请运行 trust 对方的密钥卡。",
                    "Not paired yet, nothing will be sent. Run trust with the peer's card."
                )
            );
            1
        }
        Standing::Clear => 0,
        Standing::Look => 1,
        Standing::TryAgain => TRY_AGAIN,
    };
    match json {
        true => print_json(&serde_json::json!({ "exit": code, "pass": report }))?,
        false => {
            let status = read_status(station)?;
            print(&(report::pass_text(&report, lang) + &report::standing_text(&status, &report, lang)))?;
        }
    }
    Ok(code)
}

fn read_status(station: &Station) -> Result<report::Status, EngineFault> {
    let (channels, trust) = (Channel::load_all(station)?, Trust::load(station)?);
    report::status(station, &channels, trust.as_ref(), read_store(station)?.as_mut())
}

fn status(station: &Station, json: bool, lang: Lang) -> Result<u8, EngineFault> {
    let status = read_status(station)?;
    match json {
        true => print_json(&status)?,
        false => print(&report::status_text(&status, lang))?,
    }
    Ok(if status.state == "ok" { u8::from(status.needs_a_person()) } else { 3 })
}

fn trace(station: &Station, args: &TraceArgs, lang: Lang) -> Result<u8, EngineFault> {
    let trace = report::trace(station, &args.what, read_known_store(station)?.as_mut())?;
    match args.json.json {
        true => print_json(&trace)?,
        false => print(&report::trace_text(&args.what, &trace, lang))?,
    }
    Ok(0)
}

fn send_again(station: &Station, args: SendArgs, lang: Lang) -> Result<u8, EngineFault> {
    let file = absolute(&args.again)?;
    let below = file.strip_prefix(station.dir.join("duplicates")).ok().and_then(|path| path.components().next());
    let channel = below.and_then(|part| part.as_os_str().to_str()).and_then(|name| name.parse().ok());
    let Some(channel) = channel else {
        let dir = station.dir.join("duplicates").display().to_string();
        let sentence = |lang| {
            say!(
                lang,
                "只能再次发送 {dir} 里的文件。新文件请放入 drop/。",
                "Only files in {dir} can be sent again. Drop new files into drop/."
            )
        };
        return Err(ConfigFault::Refused { zh: sentence(Lang::Zh), what: sentence(Lang::En) }.into());
    };
    ask(station, Request::SendAgain { channel, file, operator: operator(), reason: args.reason }, args.json.json, lang)
}

/// Performs a request here, or, while another process has the station, asks it to.
fn ask(station: &Station, request: Request, json: bool, lang: Lang) -> Result<u8, EngineFault> {
    let answer = asked(station, &request, lang)?;
    say_answer(&answer, json, lang)?;
    Ok(answer.exit)
}

/// As [`ask`]; gives the answer.
fn asked(station: &Station, request: &Request, lang: Lang) -> Result<Answer, EngineFault> {
    let say_waiting = || {
        eprintln!(
            "{}",
            say!(
                lang,
                "本站正由另一个摆渡进程（run 或 pass）使用，正在等它答复或让出，最多 60 秒。",
                "Another process (run or pass) has the station; waiting for its answer or its end, at most 60 seconds."
            )
        );
    };
    match StationLock::take(station) {
        Ok(lock) => perform_here(station, request, &lock),
        Err(ConfigFault::InUse { .. }) => match ask_running(station, request, &SystemRandom, &say_waiting)? {
            Asked::Answered(answer) => Ok(answer),
            Asked::Free(lock) => perform_here(station, request, &lock),
        },
        Err(fault) => Err(fault.into()),
    }
}

fn perform_here(station: &Station, request: &Request, _lock: &StationLock) -> Result<Answer, EngineFault> {
    daemon::on_engine_thread(|| {
        let mut engine = daemon::open_engine(station)?;
        let answer = engine.perform(request)?;
        engine.close()?;
        Ok(answer)
    })
}

fn say_answer(answer: &Answer, json: bool, lang: Lang) -> Result<(), ConfigFault> {
    match (json, answer.exit) {
        (true, _) => print_json(answer),
        (false, 0) => print(&format!("{}\n", answer.sentence(lang))),
        (false, _) => {
            eprintln!("{}", plain(answer.sentence(lang)));
            Ok(())
        }
    }
}
