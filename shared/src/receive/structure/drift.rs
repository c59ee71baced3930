//! Whether a channel's tables are what is believed of them, before anything is applied.
//!
//! Given: a channel's end. Gives: the differences that would harm, as the hold of its channel; a further column that takes NULL is no harm. After a crash: looked at anew. Never: with
//! each packet: at start, before a change is made, and after a row was refused for its structure.

use crate::channel::Channel;
use crate::connectors::tables::TableFault;
use crate::connectors::tables::describe::end_of;
use crate::engine::{Engine, PassReport};
use crate::error::EngineFault;
use crate::lang::Lang;
use crate::receive::rows::Again;
use crate::receive::rows::words::HeldRow;
use crate::receive::verify::Verified;
use crate::say;
use crate::schema::drift::{Difference, differences};
use crate::schema::structure::{Structure, next_digest};
use crate::schema::versions::Believed;
use dukou_packets::packet::header::{ChannelName, KIND_MARKER};
use dukou_packets::suite::Digest;

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
        let believed = self.state.fact::<Believed>()?.of(&own.channel);
        let found = match self.harmful(own, believed.as_ref())? {
            Ok(Some(found)) => found,
            Ok(None) => return Ok(false),
            Err(fault) => return self.rest_sink(&own.channel, fault, report).map(|()| true),
        };
        self.barrier.looked_at.insert(own.channel.clone());
        if found.is_empty() {
            return Ok(false);
        }
        let words = [Lang::Zh, Lang::En].map(|lang| sentence(&found, lang));
        let seq = self.in_head(&own.channel).map_or(0, |head| head.seq) + 1;
        self.barrier.looked_at.remove(&own.channel);
        self.hold_instead(&own.channel, DRIFT, seq, Some(words)).map(|()| true)
    }

    /// Gives what would harm in a channel's tables if they were of this version, the first one without a digest; `None` where there is no such version or no such tables.
    fn harmful(
        &mut self,
        own: &Channel,
        version: Option<&Digest>,
    ) -> Result<Result<Option<Vec<Difference>>, TableFault>, EngineFault> {
        let Some(structure) = self.version_of(own, version)? else { return Ok(Ok(None)) };
        let Some(mut end) = end_of(self.seams.databases.as_ref(), &self.station, own)? else { return Ok(Ok(None)) };
        let (names, _) = end.names_in(&structure);
        let tables = structure.tables.iter().filter(|table| names.contains_key(&table.name)).cloned().collect();
        let part = Structure { tables, ..structure }.called(&names);
        let live = match end.describer.describe(&part) {
            Ok(live) => live,
            Err(fault) => return Ok(Err(fault)),
        };
        let found = differences(&part, end.dialect, &live).into_iter().filter(|difference| !difference.is_harmless());
        Ok(Ok(Some(found.collect())))
    }

    fn version_of(&mut self, own: &Channel, version: Option<&Digest>) -> Result<Option<Structure>, EngineFault> {
        let Some(description) = self.description_of(own)? else { return Ok(None) };
        let book = self.store().book()?;
        Ok(Structure::version(&description, &book, version).ok().flatten())
    }

    /// Tells why a packet may not be given to a restored sink again: it is a marker, and the sink's tables are of the version before it.
    pub(in crate::receive) fn lacks_version(
        &mut self,
        channel: &ChannelName,
        verified: &Verified,
    ) -> Result<Option<Again>, EngineFault> {
        let own = self.structured.iter().find(|known| known.channel == *channel).cloned();
        let (KIND_MARKER, Some(own)) = (verified.head.header.kind, own) else { return Ok(None) };
        let Ok(marker) = self.read_marker(verified) else { return Ok(Some(Again::Gone)) };
        let behind = next_digest(&marker.change.before, &marker.change.document);
        let newest = self.state.fact::<Believed>()?.of(channel);
        let mut found = Vec::new();
        // One who brought the tables to where this station is has done enough.
        for version in [Some(behind), newest] {
            match self.harmful(&own, version.as_ref())? {
                Ok(None) => return Ok(None),
                Ok(Some(none)) if none.is_empty() => return Ok(None),
                Ok(Some(some)) => found = if found.is_empty() { some } else { found },
                Err(fault) => return Ok(Some(Again::Later(fault))),
            }
        }
        let words = [Lang::Zh, Lang::En].map(|lang| not_made(&found, marker.change.to(), lang));
        Ok(Some(Again::Refused(HeldRow::of_words(DRIFT, words))))
    }
}

fn not_made(found: &[Difference], to: u32, lang: Lang) -> String {
    let named = named(found, lang);
    say!(
        lang,
        "这里是到第 {to} 版的结构变更，而去向数据库恢复到了变更之前（{named}）：请让数据库管理员在去向数据库执行 schema show {to} 里的 SQL",
        "here the structure changes to version {to}, and the sink's database was restored to before that ({named}): have its administrator run the SQL of schema show {to} there"
    )
}

fn named(found: &[Difference], lang: Lang) -> String {
    let named: Vec<String> = found.iter().take(NAMED_MAX).map(|difference| difference.words(lang)).collect();
    let (named, more) = (named.join(say!(lang, "；", "; ").as_str()), found.len().saturating_sub(NAMED_MAX));
    let more = if more > 0 { say!(lang, "；另有 {more} 处", "; {more} more") } else { String::new() };
    named + &more
}

fn sentence(found: &[Difference], lang: Lang) -> String {
    let named = named(found, lang);
    say!(
        lang,
        "去向的表与本站所信的结构不同：{named}。schema status 可逐处核对",
        "the sink's tables are not what this station believes of them: {named}. schema status compares them"
    )
}
