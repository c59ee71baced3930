//! `resubmit`: orders a re-report from the registration system.

use super::{Json, PersonArgs, ask, something};
use crate::accounts::operator;
use crate::error::EngineFault;
use crate::lang::Lang;
use crate::registration::day::resubmit::Cause;
use crate::reporting::request::NamedReason;
use crate::reporting::resubmit::ResubmitRequest;
use crate::requests::Request;
use crate::station::Station;
use clap::{Args, ValueEnum};

/// Options of `resubmit`.
#[derive(Args)]
pub(super) struct ResubmitArgs {
    /// 报文ID、业务号、不动产单元号或证号 / a message id, a case, a unit or a certificate number
    #[arg(value_parser = something)]
    what: String,
    /// 单元号；一笔业务有几个单元时要给 / the unit, where the case has several
    #[arg(long, value_parser = something)]
    unit: Option<String>,
    /// 为什么再报 / why it is reported
    #[arg(long, value_enum)]
    cause: Why,
    /// 发现的问题的代码，如响应代码 / the code of what was found, for example a response's
    #[arg(long, default_value = "")]
    finding: String,
    #[command(flatten)]
    person: PersonArgs,
    #[command(flatten)]
    json: Json,
}

/// Why a case is reported, as it is typed.
#[derive(Clone, Copy, ValueEnum)]
enum Why {
    /// 补报：从来没有报过 / it never was
    Missed,
    /// 重报：报过，失败或有错 / it was, and failed or is wrong
    Again,
    /// 整改后重报 / its data were corrected after a check of quality
    Corrected,
}

/// Orders a re-report.
pub(super) fn resubmit(station: &Station, args: ResubmitArgs, lang: Lang) -> Result<u8, EngineFault> {
    let cause = match args.cause {
        Why::Missed => Cause::Missed,
        Why::Again => Cause::Again,
        Why::Corrected => Cause::Corrected,
    };
    let PersonArgs { name, reason } = args.person;
    let (what, unit, finding) = (args.what, args.unit, args.finding);
    let by = NamedReason { name, reason };
    let request = ResubmitRequest { what, unit, cause, finding, by, operator: operator() };
    ask(station, Request::Resubmit(request), args.json.json, lang)
}
