//! What `status` and `trace` tell of channels of tables: which row holds one, how far a stock push is.

use super::{HeldRowLine, HoldLine, PushLine, Status, civil_time};
use crate::error::EngineFault;
use crate::lang::{Lang, plain_line};
use crate::receive::rows::words::{HeldRow, held_row};
use crate::say;
use crate::send::rows::push::push_of;
use crate::store::{Direction, StationState};
use dukou_packets::packet::header::ChannelName;

/// Gives why a channel is held, with the row that is why.
pub(super) fn hold_line(state: &StationState, channel: &ChannelName) -> Result<Option<HoldLine>, EngineFault> {
    let Some(hold) = state.holds.get(channel) else { return Ok(None) };
    let row = held_row(state, channel)?.filter(|held| held.code == hold.code).map(line);
    let file = super::cargo::held_file(state, channel)?;
    Ok(Some(HoldLine { code: hold.code.clone(), seq: hold.seq, at: civil_time(hold.at_ms), file, row }))
}

fn line(held: HeldRow) -> HeldRowLine {
    let HeldRow { reason, table, key, column, index, words: [zh, en], .. } = held;
    HeldRowLine { reason, table, key, column, index, zh, en }
}

/// Gives how far a channel's stock push is.
pub(super) fn push_line(state: &StationState, channel: &ChannelName) -> Result<Option<PushLine>, EngineFault> {
    let Some(push) = push_of(state, channel)? else { return Ok(None) };
    let took_ms = state.run_ms.saturating_sub(push.began_run_ms);
    let seconds = (push.rows > 0).then(|| took_ms.saturating_mul(push.left) / push.rows / 1000);
    let table = push.tables.first().cloned().unwrap_or_default();
    Ok(Some(PushLine {
        table,
        tables: push.tables.len() as u64,
        rows: push.rows,
        left: push.left,
        seconds,
        operator: push.operator,
        filter: push.filter,
    }))
}

/// Gives the sentence for a hold of a channel of tables.
pub(super) fn why(code: &str, row: &HeldRowLine, lang: Lang) -> String {
    let words = plain_line(match lang {
        Lang::Zh => &row.zh,
        Lang::En => &row.en,
    });
    let named = |name: &Option<String>| name.as_deref().map(plain_line).unwrap_or_default();
    let (table, key, column) = (named(&row.table), named(&row.key), named(&row.column));
    // The sentence names the column itself.
    let again = say!(lang, "列 {column}：", "column {column}: ");
    let words = words.strip_prefix(&again).unwrap_or(&words);
    match (code, row.key.is_some(), row.column.is_some()) {
        ("row-refused", true, true) => say!(
            lang,
            "去向数据库不收表 {table} 的一行（键 {key}，列 {column}）：{words}。请改好去向的表或数据，",
            "The sink's database refuses a row of table {table} (key {key}, column {column}): {words}. Mend its table or data. "
        ),
        ("row-refused", true, false) => say!(
            lang,
            "去向数据库不收表 {table} 的一行（键 {key}）：{words}。请改好去向的表或数据，",
            "The sink's database refuses a row of table {table} (key {key}): {words}. Mend its table or data. "
        ),
        _ => say!(lang, "{words}。", "{words}. "),
    }
}

/// Tells of rows that could not travel.
pub(super) fn refused_text(channel: &str, direction: Direction, code: &str, count: u64, lang: Lang) -> String {
    match direction {
        Direction::Out => say!(
            lang,
            "拒收：通道 {channel} 有 {count} 行不能摆渡（{code}），没有送出；它们在来源表里不变，改好后会再次送出。\n",
            "Refused: {count} row(s) of channel {channel} cannot travel ({code}) and were not sent; they stay in their tables, and go once they are mended.\n"
        ),
        Direction::In => say!(
            lang,
            "对方拒收：通道 {channel} 有 {count} 行不能摆渡（{code}），没有送来；发件记录在对方的来源数据库里。\n",
            "Refused by the peer: {count} row(s) of channel {channel} cannot travel ({code}) and were not sent; their entries are in the peer's source database.\n"
        ),
    }
}

/// Tells how far stock pushes are.
pub(super) fn push_text(status: &Status, lang: Lang) -> String {
    let pushes = status.channels.iter().filter_map(|line| Some((&line.channel, line.push.as_ref()?)));
    let told = pushes.map(|(channel, push)| {
        let PushLine { table, tables, rows, left, seconds, operator, filter } = push;
        let rest = match seconds {
            Some(seconds) => say!(lang, "，约 {} 分钟", ", about {} minute(s)", seconds.div_ceil(60)),
            None => String::new(),
        };
        let only = match filter {
            Some(filter) => say!(lang, "，只推 {filter}", ", only {filter}"),
            None => String::new(),
        };
        say!(
            lang,
            "存量推送：通道 {channel} 已推 {rows} 行，正在推表 {table}（约剩 {left} 行{rest}），还有 {tables} 个表（{operator} 下令{only}）。\n",
            "Stock push: {rows} row(s) of channel {channel} went; table {table} is at work (about {left} row(s) left{rest}), {tables} table(s) to go (ordered by {operator}{only}).\n"
        )
    });
    told.collect()
}
