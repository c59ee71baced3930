//! `gaps` and `resend`: what is missing here, as a list, a file, a sheet, a code or rows; and what the sender does with it.

use super::{Json, Range, ask, asked, print, print_exactly, print_json, read_text, say_answer};
use crate::accounts::operator;
use crate::daemon::read_known_store;
use crate::error::{ConfigFault, EngineFault};
use crate::gaps::qr::rows_svg;
use crate::gaps::sheet::{USE_FILE_EN, USE_FILE_ZH, html};
use crate::given;
use crate::keys::{Trust, read_keyring, write_durably};
use crate::lang::{Lang, plain, plain_line};
use crate::report;
use crate::requests::Request;
use crate::say;
use crate::station::Station;
use clap::Args;
use dukou_packets::gap_report::GapReport;
use dukou_packets::gap_report::rows::{TEXT_MAX, in_groups, write_rows};
use dukou_packets::limits::GAP_REPORT_MAX;
use dukou_packets::packet::header::ChannelName;
use dukou_packets::packet::open::Expectation;
use std::io::Read;
use std::path::{Path, PathBuf};

/// Mode of the files that are written here: whoever carries them reads them.
const FILE_MODE: u32 = 0o644;

#[derive(Args)]
pub(super) struct GapsArgs {
    /// 写出签名的缺包单文件，带给发方 / write the signed gap report, to be carried to the sender
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// 写出可打印的缺包单（HTML） / write the gap report for printing (HTML)
    #[arg(long, value_name = "FILE.html")]
    sheet: Option<PathBuf>,
    /// 写出数字行的二维码（SVG） / write the rows as a QR code (SVG)
    #[arg(long, value_name = "FILE.svg")]
    qr: Option<PathBuf>,
    /// 输出数字行，可念可抄 / print the rows, to be read aloud or typed
    #[arg(long, conflicts_with = "json")]
    text: bool,
    #[command(flatten)]
    json: Json,
}

#[derive(Args)]
pub(super) struct ResendArgs {
    /// 通道 / channel
    #[arg(required_unless_present_any = ["report", "text"], requires = "seq")]
    channel: Option<ChannelName>,
    /// 包号范围，如 3..5 或 4 / packet numbers, for example 3..5 or 4
    #[arg(long, value_name = "A..B", requires = "channel")]
    seq: Option<Range>,
    /// 收方的缺包单文件，- 为标准输入 / the receiver's gap report; - is standard input
    #[arg(long, value_name = "FILE", conflicts_with_all = ["channel", "seq", "text"])]
    report: Option<PathBuf>,
    /// 缺包单的数字行，- 为标准输入 / the rows of a gap report; - is standard input
    #[arg(long, value_name = "DIGITS", num_args = 1.., conflicts_with_all = ["channel", "seq"])]
    text: Option<Vec<String>>,
    #[command(flatten)]
    json: Json,
}

/// Tells what is missing, and writes the gap report in the forms asked for.
pub(super) fn gaps(station: &Station, args: &GapsArgs, lang: Lang) -> Result<u8, EngineFault> {
    let targets = [&args.out, &args.sheet, &args.qr].map(Option::as_deref);
    check_targets(targets, args.text)?;
    let wanted = args.text || targets.iter().any(Option::is_some);
    if wanted && let Some(code) = write_report(station, args, lang)? {
        return Ok(code);
    }
    let mut store = read_known_store(station)?;
    let store = store.as_mut();
    let gaps = report::gaps(store)?;
    let taken = args.text || targets.contains(&Some(Path::new("-")));
    match (taken, args.json.json) {
        (true, _) => {}
        (_, true) => print_json(&gaps)?,
        (_, false) => print(&(report::gaps_text(&gaps, lang) + &report::waivers_text(&report::waivers(store)?, lang)))?,
    }
    Ok(u8::from(!gaps.is_empty()))
}

/// Makes a gap report and writes it; gives the exit code when there is none to write, or rows were wanted that it has not.
fn write_report(station: &Station, args: &GapsArgs, lang: Lang) -> Result<Option<u8>, EngineFault> {
    let answer = asked(station, &Request::ReportGaps, lang)?;
    let (Some(text), Some(trust)) = (&answer.document, Trust::load(station)?) else {
        say_answer(&answer, args.json.json, lang)?;
        return Ok(Some(answer.exit));
    };
    let report = read_own(station, &trust, text)?;
    eprintln!("{}", plain(answer.sentence(lang)));
    if let Some(file) = &args.out {
        write(file, text)?;
    }
    if let Some(file) = &args.sheet {
        write(file, &html(&report, &station.config.station.name, &trust.peer.body().name))?;
    }
    let rows = write_rows(&report);
    if let (None, true) = (&rows, args.text || args.qr.is_some()) {
        eprintln!(
            "{}",
            say!(
                lang,
                "缺的包超过 20 行，没有数字行和二维码：{USE_FILE_ZH}（gaps --out）。",
                "More than 20 rows are missing, there are neither rows nor a code: {USE_FILE_EN} (gaps --out)."
            )
        );
        return Ok(Some(1));
    }
    let rows = rows.unwrap_or_default();
    match (&args.qr, rows_svg(&rows)) {
        (Some(file), Some(svg)) => write(file, &svg)?,
        (Some(file), None) => {
            let file = plain_line(&file.display().to_string());
            eprintln!(
                "{}",
                say!(
                    lang,
                    "没有缺的包，没有写二维码 {file}；那里若有旧的，请勿再用。",
                    "Nothing is missing, so no code was written to {file}; do not use an older one that lies there."
                )
            );
        }
        (None, _) => {}
    }
    if args.text {
        let lines: Vec<String> = rows.iter().map(|row| in_groups(row) + "\n").collect();
        print_exactly(&lines.concat())?;
    }
    Ok(None)
}

/// How the gap report's files begin, in the order of [`check_targets`]: a text near their beginning that files of nobody else have.
const MARKS: [&str; 3] = ["dukou-gap-report/", "<title>缺包单 ", "shape-rendering=\"crispEdges\"><rect width="];

/// Bytes of a file in which its mark stands.
const MARK_WITHIN: u64 = 512;

/// Checks before anything is done that every file can be written: there is none yet, or an older one of the same kind.
fn check_targets(targets: [Option<&Path>; 3], text: bool) -> Result<(), ConfigFault> {
    let dash = Path::new("-");
    let mut seen: Vec<&Path> = if text { vec![dash] } else { Vec::new() };
    for (file, mark) in targets.into_iter().zip(MARKS).filter_map(|(file, mark)| Some((file?, mark))) {
        let twice = seen.contains(&file);
        if twice || (file != dash && !is_free(file, mark)?) {
            return Err(taken(file, twice));
        }
        seen.push(file);
    }
    Ok(())
}

/// Tells whether nothing stands there, or what the mark tells to be an older file of the same kind; no link or device is followed.
fn is_free(file: &Path, mark: &str) -> Result<bool, ConfigFault> {
    let unreadable = |error: std::io::Error| ConfigFault::unreadable(file, &error);
    match std::fs::symlink_metadata(file) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            let parent = file.parent().filter(|parent| *parent != Path::new("")).unwrap_or(Path::new("."));
            std::fs::metadata(parent).map_err(unreadable).map(|_| true)
        }
        Err(error) => Err(unreadable(error)),
        Ok(stat) if !stat.is_file() => Ok(false),
        Ok(_) => {
            let mut bytes = Vec::new();
            let opened = given::open_file(file);
            opened.and_then(|file| file.take(MARK_WITHIN).read_to_end(&mut bytes)).map_err(unreadable)?;
            Ok(String::from_utf8_lossy(&bytes).contains(mark))
        }
    }
}

fn taken(file: &Path, twice: bool) -> ConfigFault {
    let shown = plain_line(&file.display().to_string());
    let sentence = |lang| match twice {
        true => say!(
            lang,
            "{shown} 写了两次，没有做任何事。请给每一种缺包单各起一个文件名。",
            "{shown} is named twice; nothing was done. Give every form of the report a file of its own."
        ),
        false => say!(
            lang,
            "{shown} 已经存在，而且不是同一种缺包单，没有做任何事。请换一个文件名。",
            "{shown} exists and is no gap report of this form; nothing was done. Choose another name."
        ),
    };
    ConfigFault::Refused { zh: sentence(Lang::Zh), what: sentence(Lang::En) }
}

/// Reads the report that this station just signed.
fn read_own(station: &Station, trust: &Trust, text: &str) -> Result<GapReport, EngineFault> {
    let own = read_keyring(&station.keys_dir().join("keyring.txt"))?;
    let environment = station.config.station.environment;
    let expected = Expectation { environment, own: trust.peer.body().station };
    GapReport::open(text.as_bytes(), &own, &expected).map_err(|fault| {
        let sentence = |lang| {
            say!(
                lang,
                "本站刚写的缺包单读不回来（{fault}）。请检查 keys/ 下的密钥文件。",
                "The gap report this station just wrote does not read back ({fault}). Check the files in keys/."
            )
        };
        ConfigFault::Refused { zh: sentence(Lang::Zh), what: sentence(Lang::En) }.into()
    })
}

/// Writes a file, or standard output for `-`.
fn write(file: &Path, text: &str) -> Result<(), ConfigFault> {
    match file == Path::new("-") {
        true => print_exactly(text),
        false => write_durably(file, text.as_bytes(), FILE_MODE),
    }
}

/// Asks the station to place packets again: a range, what a report names, or what rows name.
pub(super) fn resend(station: &Station, args: ResendArgs, lang: Lang) -> Result<u8, EngineFault> {
    let operator = operator();
    let request = match (args.channel, args.seq, &args.report, &args.text) {
        (_, _, Some(file), _) => Request::ResendReport { report: read_text(file, GAP_REPORT_MAX)?, operator },
        (_, _, _, Some(typed)) => Request::ResendRows { rows: typed_rows(typed)?, operator },
        (Some(channel), Some(Range { from, to }), _, _) => Request::Resend { channel, from, to, operator },
        // The parser of the command line lets nothing else through.
        _ => return Ok(2),
    };
    ask(station, request, args.json.json, lang)
}

fn typed_rows(typed: &[String]) -> Result<String, ConfigFault> {
    match typed {
        [dash] if dash == "-" => read_text(Path::new("-"), TEXT_MAX),
        _ => Ok(typed.join(" ").chars().take(TEXT_MAX).collect()),
    }
}
