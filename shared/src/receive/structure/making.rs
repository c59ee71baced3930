//! One database that rows come into: asked, changed, and what became of it.
//!
//! Given: the channels that lead into it and where each of them stands. Gives: the change made with their marks, or why not. After a crash, and after a lost answer: the
//! sink's marks, then the call again, which changes nothing of what is done. Never: a call while one of the sinks rests or was not asked for its mark.

use super::arrived::{Arriving, Why};
use crate::channel::Channel;
use crate::connectors::tables::database::restructurer_of;
use crate::connectors::tables::restructure::{Ends, Restructure, RestructureFault, Restructurer, Standing};
use crate::connectors::tables::{Mark, TableFault};
use crate::engine::{Engine, PassReport};
use crate::error::EngineFault;
use crate::lang::Lang;
use crate::say;
use crate::schema::here::Changed;
use crate::store::Direction;
use dukou_packets::packet::header::ChannelName;

/// What became of a change in a database.
pub(super) enum Made {
    /// It is done there.
    Done,
    /// It is not now, and is tried again by itself.
    Waits,
    /// A person has to look.
    Refused(Why),
}

impl Engine {
    /// Makes a change in one database, where it may be made.
    pub(super) fn make_coming(
        &mut self,
        arriving: &Arriving,
        changed: &Changed,
        ends: &[Channel],
        is_allowed: bool,
        report: &mut PassReport,
    ) -> Result<Made, EngineFault> {
        // An end without a mark of its own is asked with the channel's next turn.
        let Some(marks) = self.marks_of(ends) else { return Ok(Made::Waits) };
        let wanted: Vec<(ChannelName, Mark)> = marks
            .iter()
            .map(|(channel, mark)| (channel.clone(), self.wanted_mark(arriving, channel, *mark)))
            .filter_map(|(channel, mark)| Some((channel, mark?)))
            .collect();
        let is_there =
            |(channel, mark): &(ChannelName, Mark)| marks.iter().any(|(of, has)| of == channel && *has == Some(*mark));
        // The mark of a channel that has passed its marker is behind it, whether the change is made or not: its database is asked.
        let has_passed = |end: &Channel| arriving.passed.contains(&end.channel);
        let is_made = !ends.iter().any(has_passed) && wanted.len() == marks.len() && wanted.iter().all(is_there);
        if is_made {
            return Ok(Made::Done);
        }
        let Some(first) = ends.first().filter(|_| wanted.len() == marks.len()) else { return Ok(Made::Waits) };
        let Some(mut database) = restructurer_of(self.seams.databases.as_ref(), &self.station, first, Direction::In)? else {
            return Ok(Made::Waits);
        };
        let standing = match database.standing(&arriving.document, Direction::In) {
            Ok(standing) => standing,
            Err(fault) => return self.rest_ends(ends, fault, report),
        };
        // What was begun or done goes on, whoever's approval ended since: half of it is worse than either.
        if !is_allowed && standing == Standing::Old {
            return Ok(Made::Waits);
        }
        if standing == Standing::Old && self.has_drifted(ends, report)? {
            return Ok(Made::Waits);
        }
        let order = Restructure {
            document: arriving.document,
            plan: &changed.plan,
            ends: Ends::Coming(wanted),
            is_vouched_for: changed.is_by_hand() && self.is_vouched_for(&arriving.document, &first.channel)?,
        };
        self.made(arriving, ends, database.as_mut(), &order, report)
    }

    fn made(
        &mut self,
        arriving: &Arriving,
        ends: &[Channel],
        database: &mut dyn Restructurer,
        order: &Restructure<'_>,
        report: &mut PassReport,
    ) -> Result<Made, EngineFault> {
        match database.make(order) {
            Ok(()) => {
                for end in ends {
                    self.follow_mark(&end.channel);
                }
                Ok(Made::Done)
            }
            Err(RestructureFault::Table(
                fault @ (TableFault::Away { .. } | TableFault::Busy { .. } | TableFault::Denied { .. }),
            )) => self.rest_ends(ends, fault, report),
            Err(fault) => {
                self.barrier.refused.insert(arriving.document);
                for end in ends {
                    self.ask_mark_again(&end.channel);
                }
                Ok(Made::Refused(why(&fault, arriving.to)))
            }
        }
    }

    /// Gives where a channel's mark has to be once the change is made.
    fn wanted_mark(&self, arriving: &Arriving, channel: &ChannelName, mark: Option<Mark>) -> Option<Mark> {
        match arriving.passed.contains(channel) {
            true => mark,
            false => arriving.here.get(channel).map(|stand| stand.mark()),
        }
    }

    /// Gives the sinks' marks; `None` while one of them is not known or its database rests.
    fn marks_of(&self, ends: &[Channel]) -> Option<Vec<(ChannelName, Option<Mark>)>> {
        ends.iter().map(|end| Some((end.channel.clone(), self.known_mark(&end.channel)?))).collect()
    }

    fn rest_ends(&mut self, ends: &[Channel], fault: TableFault, report: &mut PassReport) -> Result<Made, EngineFault> {
        for (index, end) in ends.iter().enumerate() {
            match index {
                0 => self.rest_sink(&end.channel, fault.clone(), report)?,
                _ => self.rest_sink(&end.channel, fault.clone(), &mut PassReport::default())?,
            }
        }
        Ok(Made::Waits)
    }
}

/// Says that an administrator's turn has come.
pub(crate) fn by_hand(script: &str, to: u32, lang: Lang) -> String {
    say!(
        lang,
        "等数据库管理员执行 {script} 并交回它的输出，再运行 schema confirm {to} --check-output 输出文件",
        "its administrator has to run {script} and hand back what it printed; then run schema confirm {to} --check-output FILE"
    )
}

fn why(fault: &RestructureFault, to: u32) -> Why {
    match fault {
        RestructureFault::Step { step, line, why } => Why::new("step", |lang| {
            let why = why.words(lang);
            say!(
                lang,
                "停在第 {step} 步（变更文件第 {line} 行）：{why}。处理后解除任一相关通道的暂停（release），或再运行 schema approve {to}，就会再试",
                "stopped at step {step} (line {line} of the document): {why}. Mend that, then release one of the channels or run schema approve {to} again: it is tried anew"
            )
        }),
        RestructureFault::ByHand { script } => Why::new("by-hand", |lang| by_hand(script, to, lang)),
        RestructureFault::Another => Why::new("another", |lang| {
            say!(lang, "这个数据库里另一份变更没有做完", "another change is begun in this database and not done")
        }),
        RestructureFault::Table(fault) => Why::new("database", |lang| fault.words(lang)),
    }
}
