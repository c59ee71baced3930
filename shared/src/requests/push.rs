//! `push`: the stock of a channel's tables goes once, among the increments.
//!
//! Given: a channel of tables that leaves from here, one table or all, a condition or a range of keys. Gives: an order in the store that the looks work off.
//! After a crash: performed again, and the order stands once. Never: rows sent here; a condition that was not written down with who asked for it.

use super::Answer;
use crate::engine::Engine;
use crate::epoch::decisions::Person;
use crate::error::EngineFault;
use crate::say;
use crate::send::rows::push::{Push, Pushed, Pushes};
use crate::send::rows::{Begun, RowsOut};
use crate::store::Change;
use dukou_packets::packet::header::ChannelName;

/// What a person wants to be pushed.
pub(super) struct Wanted<'a> {
    pub(super) table: Option<&'a str>,
    pub(super) filter: Option<&'a str>,
    pub(super) operator: &'a str,
}

impl Engine {
    pub(super) fn push_stock(&mut self, channel: &ChannelName, wanted: &Wanted<'_>) -> Result<Answer, EngineFault> {
        let known = self.outgoing.iter().find(|outgoing| outgoing.channel.channel == *channel);
        let Some(tables) = known.and_then(|outgoing| outgoing.channel.source.tables()).map(|source| source.tables.clone())
        else {
            return Ok(Answer::no(|lang| {
                say!(
                    lang,
                    "通道 {channel} 的来源是文件夹，没有存量可推。push 只用于表（source.database）。",
                    "Channel {channel} comes from a folder and has no stock; push is for tables (source.database)."
                )
            }));
        };
        let chosen: Vec<String> = match wanted.table {
            Some(table) => tables.iter().filter(|known| *known == table).cloned().collect(),
            None => tables.clone(),
        };
        if chosen.is_empty() {
            let known = tables.join(", ");
            return Ok(Answer::no(|lang| {
                say!(
                    lang,
                    "通道 {channel} 没有这个表（它的表：{known}），没有改动任何东西。请改正 --table。",
                    "Channel {channel} has no such table (its tables: {known}); nothing was changed. Correct --table."
                )
            }));
        }
        let mut pushes = self.state.fact::<Pushes>()?;
        // A condition may be one that the database never understands: the next order takes the place of one that has any.
        if let Some(push) = pushes.0.get(channel).filter(|push| push.filter.is_none()) {
            let (rows, tables) = (push.rows, push.tables.join(", "));
            return Ok(Answer::no(|lang| {
                say!(
                    lang,
                    "通道 {channel} 正在推存量（已推 {rows} 行，还有 {tables}），没有改动任何东西。请等它完成（见 status）。",
                    "Channel {channel} is being pushed already ({rows} row(s) went, {tables} to go); nothing was changed. Wait until it is done (see status)."
                )
            }));
        }
        let count = chosen.len() as u64;
        let is_whole = wanted.table.is_none() && wanted.filter.is_none();
        let is_first = is_whole && !self.state.fact::<Pushed>()?.0.contains(channel);
        let before = pushes.0.insert(channel.clone(), Push { is_first, ..self.order(chosen, wanted) }).is_some();
        self.begin_order(channel);
        // The order goes when it is done; who gave it, and with which condition, stays.
        let what: Vec<&str> = [wanted.table, wanted.filter].into_iter().flatten().collect();
        let reason = what.join(" WHERE ");
        let person = Person { operator: wanted.operator, name: wanted.operator, reason: &reason };
        let decision = self.decided("push", Some(channel), &person)?;
        self.commit_store(vec![Change::fact(&pushes)?, decision])?;
        let outgoing = self.outgoing.iter_mut().find(|outgoing| outgoing.channel.channel == *channel);
        outgoing.and_then(|outgoing| outgoing.rows.as_mut()).into_iter().for_each(RowsOut::ask);
        let takes_place = |lang| match before {
            true => {
                say!(lang, "此前带条件、还没推完的一次已由它代替。", " It takes the place of an earlier push with a condition.")
            }
            false => String::new(),
        };
        Ok(Answer::done(count, |lang| {
            say!(
                lang,
                "已登记：通道 {channel} 推送 {count} 个表的存量，由 run 或 pass 分块送出；进度见 status，中断后会接着推。",
                "Noted: the stock of {count} table(s) of channel {channel} is pushed by run or pass, chunk by chunk; status shows how far, and it goes on after an interruption."
            ) + &takes_place(lang)
        }))
    }

    fn order(&self, tables: Vec<String>, wanted: &Wanted<'_>) -> Push {
        Push {
            tables,
            filter: wanted.filter.map(str::to_string),
            operator: wanted.operator.to_string(),
            began_run_ms: self.running_ms(),
            ..Push::default()
        }
    }

    /// Gives the changes with which the whole stock of those channels that are tables is pushed: their receivers go on from another copy, in which no
    /// transaction has begun.
    pub(crate) fn push_anew(&mut self, channels: &[ChannelName], operator: &str) -> Result<Vec<Change>, EngineFault> {
        let (mut pushes, mut begun) = (self.state.fact::<Pushes>()?, self.state.fact::<Begun>()?);
        let mut any = false;
        for outgoing in self.outgoing.iter().filter(|outgoing| channels.contains(&outgoing.channel.channel)) {
            let Some(source) = outgoing.channel.source.tables() else { continue };
            let wanted = Wanted { table: None, filter: None, operator };
            let order = Push { is_first: true, ..self.order(source.tables.clone(), &wanted) };
            pushes.0.insert(outgoing.channel.channel.clone(), order);
            begun.0.remove(&outgoing.channel.channel);
            any = true;
        }
        channels.iter().for_each(|channel| self.begin_order(channel));
        Ok(if any { vec![Change::fact(&pushes)?, Change::fact(&begun)?] } else { Vec::new() })
    }
}
