//! `push`.

use super::{Json, ask, something};
use crate::accounts::operator;
use crate::channel::Channel;
use crate::error::{ConfigFault, EngineFault};
use crate::lang::Lang;
use crate::requests::Request;
use crate::say;
use crate::station::Station;
use clap::Args;
use dukou_packets::packet::header::ChannelName;

#[derive(Args)]
pub(super) struct PushArgs {
    /// 通道 / channel
    channel: ChannelName,
    /// 只推这个表 / this table alone
    #[arg(long, value_parser = something)]
    table: Option<String>,
    /// 只推符合条件的行，按来源数据库的 SQL / only rows that this SQL of the source's database selects
    #[arg(long = "where", value_name = "SQL", value_parser = something, requires = "table")]
    filter: Option<String>,
    /// 主键列名，与 --from、--to 同用 / the key's column, with --from and --to
    #[arg(long, value_name = "COLUMN", value_parser = column, requires = "table")]
    key: Option<String>,
    /// 从这个键起 / from this key on
    #[arg(long, value_name = "K", requires = "key", conflicts_with = "filter")]
    from: Option<String>,
    /// 到这个键止 / up to this key
    #[arg(long, value_name = "K", requires = "key", conflicts_with = "filter")]
    to: Option<String>,
    #[command(flatten)]
    json: Json,
}

/// Takes the plain name of a column, which needs no quotes in any database.
fn column(text: &str) -> Result<String, String> {
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    match !text.is_empty() && text.chars().all(is_plain) && !text.starts_with(|letter: char| letter.is_ascii_digit()) {
        true => Ok(text.to_string()),
        false => {
            Err("列名只含字母、数字和下划线；否则请用 --where / letters, digits and _ alone; else use --where".to_string())
        }
    }
}

/// Writes a range of keys as SQL that every database here understands.
fn between(key: &str, from: Option<&str>, to: Option<&str>) -> Result<Option<String>, ConfigFault> {
    let ends = [(">=", from), ("<=", to)];
    if ends.iter().filter_map(|(_, end)| *end).any(|end| end.contains(['\\', '\0'])) {
        let sentence = |lang| {
            say!(
                lang,
                "--from 和 --to 的键不能含 \\；没有改动任何东西。请用 --where。",
                "A key of --from or --to must not hold \\; nothing was changed. Use --where."
            )
        };
        return Err(ConfigFault::Refused { zh: sentence(Lang::Zh), what: sentence(Lang::En) });
    }
    let term = |(sign, end): (&str, Option<&str>)| end.map(|end| format!("{key} {sign} '{}'", end.replace('\'', "''")));
    let terms: Vec<String> = ends.into_iter().filter_map(term).collect();
    Ok((!terms.is_empty()).then(|| terms.join(" AND ")))
}

pub(super) fn push(station: &Station, args: PushArgs, lang: Lang) -> Result<u8, EngineFault> {
    let PushArgs { channel, table, filter, key, from, to, json } = args;
    Channel::load_all(station)?;
    let range = key.map_or(Ok(None), |key| between(&key, from.as_deref(), to.as_deref()))?;
    let request = Request::Push { channel, table, filter: filter.or(range), operator: operator() };
    ask(station, request, json.json, lang)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_of_keys_becomes_a_condition_and_no_key_ends_it_early() {
        assert_eq!(between("id", Some("7"), Some("9")).unwrap().as_deref(), Some("id >= '7' AND id <= '9'"));
        assert_eq!(between("id", None, Some("o'x")).unwrap().as_deref(), Some("id <= 'o''x'"));
        assert_eq!(between("id", None, None).unwrap(), None);
        assert!(between("id", Some("a\\"), None).is_err());
        for wrong in ["", "1a", "a b", "a\"", "a;--"] {
            assert!(column(wrong).is_err(), "{wrong}");
        }
    }
}
