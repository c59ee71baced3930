//! Who reports: asked when a station is made, and written into `lanes/`.
//!
//! There is no answer by default. A station without one reports nothing, and every verb about logs says so.

use super::super::something;
use crate::error::ConfigFault;
use crate::lang::Lang;
use crate::registration::day::ids::AreaCode;
use crate::reporting::lane::{LogSource, Reports};
use crate::say;
use clap::{Args, ValueEnum};
use dukou_packets::keyring::Side;
use dukou_packets::packet::header::Environment;
use std::io::{BufRead, IsTerminal};
use std::net::IpAddr;
use std::path::PathBuf;

/// Options of `init` about who reports.
#[derive(Args, Default)]
pub(super) struct LaneArgs {
    /// 内网站：由谁上报 / inner station: who reports
    #[arg(long, value_enum, requires_all = ["area", "area_name"])]
    pub(super) reports: Option<Who>,
    /// 区划代码，六位 / the county's code, six digits
    #[arg(long, requires = "reports")]
    area: Option<AreaCode>,
    /// 区划名称，写进登簿日志 / the county's name, as logs have it
    #[arg(long, value_parser = something, requires = "reports")]
    area_name: Option<String>,
    /// 登簿日志用哪一份 / which log is the one
    #[arg(long, value_enum, requires = "reports", required_if_eq("reports", "submit"))]
    log_source: Option<Which>,
    /// 本站上报：登簿日志放进这个目录 / this station reports: logs go into this folder
    #[arg(long, value_name = "DIR", requires = "reports", conflicts_with = "log_url")]
    log_folder: Option<PathBuf>,
    /// 本站上报：登簿日志发到这个接口 / this station reports: logs go to this web service
    #[arg(long, value_name = "URL", requires = "source_address")]
    log_url: Option<String>,
    /// 从本机的哪个地址发 / from which address of this machine
    #[arg(long, value_name = "IP", requires = "log_url")]
    source_address: Option<IpAddr>,
}

/// Who reports, as it is typed.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Who {
    /// 现有上报系统 / the bureau's reporting system
    Observe,
    /// 本站 / this station
    Submit,
}

/// Which log is the one, as it is typed.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Which {
    /// 摆渡来的 / the one that is carried
    Carried,
    /// 本站生成的 / the one that is built here
    Built,
}

/// A lane that is to be written.
pub(super) struct NewLane {
    /// Its file's name.
    pub(super) file: String,
    /// Its text.
    pub(super) text: String,
}

/// Gives the lane that was asked for; none where nobody said who reports.
///
/// # Errors
/// [`ConfigFault::Refused`] for an outer station, and for a station that reports and was told no way.
pub(super) fn new_lane(
    args: &LaneArgs,
    side: Side,
    environment: Environment,
    lang: Lang,
) -> Result<Option<NewLane>, ConfigFault> {
    if side == Side::Outer {
        return if args.reports.is_some() { Err(refused(Why::Outer)) } else { Ok(None) };
    }
    let asked = match (args.reports, &args.area, &args.area_name) {
        (Some(who), Some(area), Some(name)) => Some((who, *area, name.clone())),
        _ if std::io::stdin().is_terminal() && std::io::stderr().is_terminal() => ask(lang),
        _ => None,
    };
    let Some((who, area, name)) = asked else { return Ok(None) };
    if who == Who::Submit && args.log_folder.is_none() && args.log_url.is_none() {
        return Err(refused(Why::NoWay));
    }
    Ok(Some(NewLane { file: format!("{area}.toml"), text: text(args, who, area, &name, environment) }))
}

enum Why {
    Outer,
    NoWay,
}

fn refused(why: Why) -> ConfigFault {
    let sentence = |lang| match why {
        Why::Outer => say!(
            lang,
            "--reports 只用于内网站；没有新建任何东西。请去掉后重试。",
            "--reports is for the inner station alone; nothing was made. Leave it out and try again."
        ),
        Why::NoWay => say!(
            lang,
            "由本站上报时要说明登簿日志怎么走：--log-folder 目录，或 --log-url 接口和 --source-address 本机地址；没有新建任何东西。请补上后重试。",
            "A station that reports needs a way for its logs: --log-folder, or --log-url with --source-address; nothing was made. Add one and try again."
        ),
    };
    ConfigFault::Refused { zh: sentence(Lang::Zh), what: sentence(Lang::En) }
}

/// Asks at the terminal. No answer is an answer: it is settled later, in `lanes/`.
fn ask(lang: Lang) -> Option<(Who, AreaCode, String)> {
    let area: AreaCode = answer(&say!(
        lang,
        "现有上报系统所报的区划代码（六位；直接回车：以后再定由谁上报）：",
        "Code of the county that the bureau's reporting system reports (six digits; Enter: who reports is settled later): "
    ))?
    .parse()
    .ok()?;
    let name = answer(&say!(lang, "区划名称：", "Name of the county: "))?;
    Some((Who::Observe, area, name))
}

fn answer(question: &str) -> Option<String> {
    eprint!("{question}");
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line).ok()?;
    let line = line.trim().to_owned();
    (!line.is_empty() && line.chars().count() <= 64).then_some(line)
}

/// Writes a lane with its comments; a line behind `#` holds the default, or an example where there is none.
fn text(args: &LaneArgs, who: Who, area: AreaCode, name: &str, environment: Environment) -> String {
    let quoted = |text: &str| toml::Value::String(text.to_owned()).to_string();
    let reports = match who {
        Who::Observe => Reports::Observe,
        Who::Submit => Reports::Submit,
    };
    let source = match args.log_source {
        Some(Which::Carried) => LogSource::Carried,
        Some(Which::Built) | None => LogSource::Built,
    };
    let environment = match environment {
        Environment::Production => "production",
        Environment::Test => "test",
    };
    let way = match (&args.log_folder, &args.log_url, &args.source_address) {
        (Some(folder), ..) => format!("[log.way]\ntransport = \"folder\"\nfolder = {}\n", quoted(&folder.display().to_string())),
        (None, Some(url), Some(address)) => {
            format!("[log.way]\ntransport = \"soap\"\nurl = {}\nsource_address = \"{address}\"\n", quoted(url))
        }
        _ => "# [log.way]            # 本站上报时才要：folder 目录，或 soap 接口 / only where this station reports: a folder, or a web service\n# transport = \"soap\"\n# url = \"http://10.1.2.3/exchange.asmx\"\n# source_address = \"10.1.2.4\"   # 从本机这个地址发，不要换 / sent from this address of this machine, always\n".to_owned(),
    };
    let (reports, source, name) = (reports.word(), source.word(), quoted(name));
    format!(
        r#"# 由谁上报：改动后重启生效 / who reports: changes take effect at the next start
area = "{area}"            # 区划代码 / the county's code
area_name = {name}   # 区划名称，写进登簿日志 / its name, as logs have it
reports = "{reports}"       # observe 现有上报系统上报，本站只对照、不发送；submit 本站上报 / observe: the bureau's system reports, this station compares and sends nothing; submit: this station reports
environment = "{environment}"   # 与 station.toml 相同 / as in station.toml

[log]                      # 登簿日志 / the daily log
source = "{source}"         # 能发送的是哪一份：carried 摆渡来的，built 本站生成的 / the one that may be sent: carried, or built here
# edition = "new"          # 生成哪一版：new、old / the edition that is built
# wait_for_day_mark = 20   # 生成前等日终标记多少分钟 / minutes that building waits for the day mark
# build_at = "21:30"       # 常驻的站从几点起自动生成当天的 / from when a running station builds the day's log by itself
# send_by_itself = true    # 生成后自动发送（只限 submit） / sends it, too (with submit alone)
# tokens = ["0000"]        # 回话里单独出现即算接收的字样 / texts that, standing alone in a reply, say that the log was taken
# carried_from = "arrived/registration-log"   # 摆渡来的日志在哪个目录 / where carried logs lie
{way}"#
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct Asked {
        #[command(flatten)]
        lane: LaneArgs,
    }

    fn asked(options: &[&str]) -> LaneArgs {
        let words = ["init", "--reports"].into_iter().chain(options.iter().copied());
        Asked::try_parse_from(words.chain(["--area", "150721", "--area-name", "阿荣\"旗"])).map(|asked| asked.lane).unwrap()
    }

    #[test]
    fn what_is_written_is_read_back_as_it_was_asked_for() {
        for (options, reports, source) in [
            (&["observe"][..], Reports::Observe, LogSource::Built),
            (&["submit", "--log-source", "carried", "--log-folder", "/srv/front"], Reports::Submit, LogSource::Carried),
            (
                &["submit", "--log-source", "built", "--log-url", "http://10.1.2.3/x", "--source-address", "10.1.2.4"],
                Reports::Submit,
                LogSource::Built,
            ),
        ] {
            let new = new_lane(&asked(options), Side::Inner, Environment::Production, Lang::Zh).unwrap().unwrap();
            let lane: crate::reporting::lane::Lane = toml::from_str(&new.text).unwrap_or_else(|error| panic!("{error}"));
            assert_eq!((lane.reports, lane.log.source), (reports, source));
            assert_eq!((new.file.as_str(), lane.area_name.as_str()), ("150721.toml", "阿荣\"旗"));
            assert_eq!(lane.log.way.is_some(), reports == Reports::Submit);
        }
    }

    #[test]
    fn a_station_that_reports_needs_a_way_and_an_outer_one_has_none() {
        let no_way = asked(&["submit", "--log-source", "built"]);
        assert!(new_lane(&no_way, Side::Inner, Environment::Test, Lang::Zh).is_err());
        assert!(new_lane(&asked(&["observe"]), Side::Outer, Environment::Test, Lang::Zh).is_err());
        assert!(
            Asked::try_parse_from(["init", "--reports", "submit", "--area", "150721", "--area-name", "旗"]).is_err(),
            "which log is sent has no default"
        );
    }
}
