//! `maintenance`: silence and lateness are expected for a time.

use super::{Json, ask, something};
use crate::accounts::operator;
use crate::error::EngineFault;
use crate::lang::Lang;
use crate::requests::Request;
use crate::station::Station;
use clap::Args;
use jiff::civil::DateTime;
use jiff::tz::{TimeZone, offset};

/// What `--until` may be.
const UNTIL_RULE: &str = "北京时间，如 2026-11-23T08:00 / Beijing time such as 2026-11-23T08:00";

/// Options of `maintenance`.
#[derive(Args)]
pub(super) struct MaintenanceArgs {
    /// 维护到何时（北京时间），如 2026-11-23T08:00 / until when, Beijing time
    #[arg(long, value_parser = moment, required_unless_present = "end", conflicts_with = "end")]
    until: Option<i64>,
    /// 原因 / why
    #[arg(long, value_parser = something, required_unless_present = "end", conflicts_with = "end")]
    reason: Option<String>,
    /// 登记人 / who decides
    #[arg(long, value_parser = something)]
    name: Option<String>,
    /// 提前结束 / end it
    #[arg(long)]
    end: bool,
    #[command(flatten)]
    json: Json,
}

/// Notes a maintenance, or ends it.
pub(super) fn maintenance(station: &Station, args: MaintenanceArgs, lang: Lang) -> Result<u8, EngineFault> {
    let name = args.name.unwrap_or_else(operator);
    let request = match (args.until, args.reason) {
        (Some(until_ms), Some(reason)) => Request::Maintenance { until_ms, operator: operator(), name, reason },
        _ => Request::MaintenanceEnd { operator: operator() },
    };
    ask(station, request, args.json.json, lang)
}

/// Reads a moment of China's civil time, `2026-11-23T08:00`, as milliseconds since 1970.
fn moment(text: &str) -> Result<i64, String> {
    let rule = || UNTIL_RULE.to_string();
    let civil: DateTime = text.parse().ok().filter(|_| text.len() == "2026-11-23T08:00".len()).ok_or_else(rule)?;
    let zoned = civil.to_zoned(TimeZone::fixed(offset(8))).map_err(|_| rule())?;
    Ok(zoned.timestamp().as_millisecond())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_read_as_beijing_time_and_nothing_else_is_one() {
        assert_eq!(moment("2026-11-23T08:00"), Ok(1_795_392_000_000));
        for wrong in
            ["", "2026-11-23", "2026-11-23T24:00", "2026-13-23T08:00", "2026-11-23T08:00Z", "8:00", "2026-11-23T08:0０"]
        {
            assert_eq!(moment(wrong), Err(UNTIL_RULE.to_string()), "{wrong}");
        }
    }
}
