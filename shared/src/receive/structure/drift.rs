//! Whether a channel's tables are what is believed of them, before anything is applied.
//!
//! Given: a channel's end. Gives: the differences that would harm, as the hold of its channel; a further column that takes NULL is no harm. After a crash: looked at anew. Never: with
//! each packet: at start, before a change is made, and after a row was refused for its structure.

use crate::channel::Channel;
use crate::connectors::tables::describe::end_of;
use crate::engine::{Engine, PassReport};
use crate::error::EngineFault;
use crate::lang::Lang;
use crate::say;
use crate::schema::drift::{Difference, differences};
use crate::schema::structure::Structure;
use crate::schema::versions::Believed;
use dukou_packets::packet::header::ChannelName;

/// The hold of a channel whose tables are not what is believed of them.
pub(crate) const DRIFT: &str = "schema-drift";

/// Most differences that are named.
const NAMED_MAX: usize = 10;

impl Engine {
    /// Holds the channels among these whose tables drifted; true where there is one, or a database could not be asked.
    pub(super) fn has_drifted(&mut self, ends: &[Channel], report: &mut PassReport) -> Result<bool, EngineFault> {
        let mut any = false;
        for end in ends {
            any |= self.look_for_drift(end, report)?;
        }
        Ok(any)
    }

    /// Looks at a channel's tables once since start, or since somebody had reason to doubt; true where the channel cannot go on.
    pub(in crate::receive) fn meet_tables(
        &mut self,
        channel: &ChannelName,
        report: &mut PassReport,
    ) -> Result<bool, EngineFault> {
        if self.barrier.looked_at.contains(channel) {
            return Ok(false);
        }
        let Some(own) = self.structured.iter().find(|known| known.channel == *channel).cloned() else { return Ok(false) };
        self.look_for_drift(&own, report)
    }

    /// As [`meet_tables`](Self::meet_tables), whether they were looked at or not: a row was refused for its structure.
    pub(in crate::receive) fn meet_tables_again(
        &mut self,
        channel: &ChannelName,
        report: &mut PassReport,
    ) -> Result<bool, EngineFault> {
        self.barrier.looked_at.remove(channel);
        match self.has_passed_marker(channel)? {
            true => Ok(false),
            false => self.meet_tables(channel, report),
        }
    }

    fn look_for_drift(&mut self, own: &Channel, report: &mut PassReport) -> Result<bool, EngineFault> {
        let Some(believed) = self.believed_structure(own)? else { return Ok(false) };
        let Some(mut end) = end_of(self.seams.databases.as_ref(), &self.station, own)? else { return Ok(false) };
        let (names, _) = end.names_in(&believed);
        let tables = believed.tables.iter().filter(|table| names.contains_key(&table.name)).cloned().collect();
        let part = Structure { tables, ..believed }.called(&names);
        let live = match end.describer.describe(&part) {
            Ok(live) => live,
            Err(fault) => return self.rest_sink(&own.channel, fault, report).map(|()| true),
        };
        self.barrier.looked_at.insert(own.channel.clone());
        let found: Vec<Difference> =
            differences(&part, end.dialect, &live).into_iter().filter(|difference| !difference.is_harmless()).collect();
        if found.is_empty() {
            return Ok(false);
        }
        let words = [Lang::Zh, Lang::En].map(|lang| sentence(&found, lang));
        let seq = self.in_head(&own.channel).map_or(0, |head| head.seq) + 1;
        self.barrier.looked_at.remove(&own.channel);
        self.hold_instead(&own.channel, DRIFT, seq, Some(words)).map(|()| true)
    }

    /// Gives the version of its structure that a channel's end is believed to be at.
    fn believed_structure(&mut self, own: &Channel) -> Result<Option<Structure>, EngineFault> {
        let Some(description) = self.description_of(own)? else { return Ok(None) };
        let (book, believed) = (self.store().book()?, self.state.fact::<Believed>()?.of(&own.channel));
        Ok(Structure::version(&description, &book, believed.as_ref()).ok().flatten())
    }
}

fn sentence(found: &[Difference], lang: Lang) -> String {
    let named: Vec<String> = found.iter().take(NAMED_MAX).map(|difference| difference.words(lang)).collect();
    let (named, more) = (named.join(say!(lang, "；", "; ").as_str()), found.len().saturating_sub(NAMED_MAX));
    let more = if more > 0 { say!(lang, "；另有 {more} 处", "; {more} more") } else { String::new() };
    say!(
        lang,
        "去向的表与本站所信的结构不同：{named}{more}。schema status 可逐处核对",
        "the sink's tables are not what this station believes of them: {named}{more}. schema status compares them"
    )
}
