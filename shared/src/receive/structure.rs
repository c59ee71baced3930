//! A structure change where rows come in: held at its markers, applied when all are there and it is approved here, passed.
//!
//! Given: markers that their channels stand at, the book, the decisions. Gives: the change in each database that the channels lead into, with their marks at their
//! markers; then one transaction of the store: the version of these channels' ends is the next one and their holds are gone. From there on a marker is a packet without
//! records, as any other. After a crash: the sinks' marks say what was made, before the store does; making it again changes nothing. Never: a change begun that is
//! not approved here now; a packet given to a database that is at another version than the packet was written under, pending form apart.

pub(crate) mod arrived;
mod drift;
pub(crate) mod making;

use super::order::STRUCTURE;
use crate::alarm::codes::Code;
use crate::channel::Channel;
use crate::engine::{Engine, PassReport};
use crate::error::EngineFault;
use crate::schema::approval::{Refused, Scene};
use crate::schema::here::{Changed, Here};
use crate::schema::structure::Structure;
use crate::schema::versions::{Believed, Ends, number_of};
use crate::schema::{DOCUMENT_MAX, Document};
use crate::store::book::BookChange;
use crate::store::{Change, Direction};
use arrived::{Arrived, Arriving, Why};
use dukou_packets::packet::header::{ChannelName, Header};
use dukou_packets::suite::Digest;
use making::Made;
use std::collections::{BTreeMap, BTreeSet};

/// The hold of a channel with a packet that was written under, or needs, a version which its end is not at.
pub(super) const VERSION: &str = "structure-version";

/// How long changes that wait are not looked at again (ms).
const LOOK_EVERY_MS: u64 = 1000;

/// How long one that waits for a person is not looked at again (ms), unless a person did something here: what it comes to may take seconds to say.
const WAITS_FOR_A_PERSON_MS: u64 = 60_000;

/// What the engine remembers of changes that come in between two looks.
#[derive(Debug, Default)]
pub(crate) struct Barrier {
    /// Running clock (ms) before which nothing is looked at.
    due_ms: u64,
    /// Changes that wait for a person, with the running clock (ms) before which they are not looked at.
    waiting: BTreeMap<Digest, u64>,
    /// Changes that a database refused: tried again when a person did something, and at start.
    refused: BTreeSet<Digest>,
    /// The number of the version at which each end is, with the digest that it was reckoned from.
    numbers: BTreeMap<ChannelName, (Option<Digest>, u32)>,
    /// Ends whose tables were held against what is believed of them.
    pub(super) looked_at: BTreeSet<ChannelName>,
}

impl Barrier {
    /// Lets the next look come at once: a marker was met.
    pub(super) fn look_at_once(&mut self) {
        self.due_ms = 0;
        self.waiting.clear();
    }

    /// Lets everything be tried anew: a person did something.
    pub(crate) fn begin_anew(&mut self) {
        *self = Self::default();
    }
}

/// How a packet of records and the version of its channel's end fit.
pub(super) enum Fit {
    /// It may be given to the sink.
    Fits,
    /// It needs a change that is pending here.
    Waits,
    /// It cannot be: nobody sends that to an end at this version.
    Never,
}

impl Engine {
    /// Gives the first version of a channel's structure; `None` where it names none, or it is not described.
    pub(crate) fn structure_of(&self, channel: &Channel) -> Result<Option<Structure>, EngineFault> {
        Ok(self.description_of(channel)?.and_then(|description| Structure::read(&description).ok()))
    }

    /// Gives the description of a channel's structure, where there is one.
    pub(crate) fn description_of(&self, channel: &Channel) -> Result<Option<Vec<u8>>, EngineFault> {
        let Some(name) = &channel.structure else { return Ok(None) };
        match self.seams.files.read(&self.station.dir.join("structures").join(format!("{name}.toml")), DOCUMENT_MAX) {
            Err(fault) if fault.is_gone() => Ok(None),
            read => Ok(Some(read?)),
        }
    }

    /// Tells whether a channel has passed the marker of a change that is not applied.
    pub(super) fn has_passed_marker(&self, channel: &ChannelName) -> Result<bool, EngineFault> {
        Ok(self.state.fact::<Arrived>()?.passed_by(channel).is_some())
    }

    /// Gives the document of the change whose marker a channel has passed and that is not applied.
    pub(super) fn pending_document(&mut self, channel: &ChannelName) -> Option<Document> {
        let arrived = self.state.fact::<Arrived>().ok()?;
        let of = arrived.passed_by(channel)?.document;
        let book = self.store().book().ok()?;
        Document::read(&book.iter().find(|change| change.key.document == of)?.document).ok()
    }

    /// Tells whether a packet of records may be given to its channel's sink.
    pub(super) fn fit(&mut self, channel: &ChannelName, header: &Header) -> Result<Fit, EngineFault> {
        let (written, needed) = (header.structure_written, header.structure_needed);
        let Some(own) = self.structured.iter().find(|known| known.channel == *channel).cloned() else { return Ok(Fit::Fits) };
        let believed = self.state.fact::<Believed>()?.of(channel);
        let pending = self.state.fact::<Arrived>()?.passed_by(channel).map(|known| known.to);
        let Some(at) = self.number_at(&own, believed)? else {
            return Ok(if believed.is_none() { Fit::Fits } else { Fit::Never });
        };
        Ok(match (written, pending) {
            // A sender whose channel names no structure; there was no marker yet that would have said otherwise.
            (0, None) if needed == 0 && believed.is_none() => Fit::Fits,
            (_, _) if written == at && needed <= at => Fit::Fits,
            (_, Some(next)) if written == next && needed <= at => Fit::Fits,
            (_, Some(next)) if written == next && needed == next => Fit::Waits,
            _ => Fit::Never,
        })
    }

    /// Gives the number of the version at which a channel's end is; `None` where it cannot be told.
    fn number_at(&mut self, channel: &Channel, believed: Option<Digest>) -> Result<Option<u32>, EngineFault> {
        let known = self.barrier.numbers.get(&channel.channel).filter(|(of, _)| *of == believed);
        if let Some((_, number)) = known {
            return Ok(Some(*number));
        }
        let number = match believed {
            None => self.structure_of(channel)?.map(|first| first.version),
            Some(digest) => number_of(&self.store().book()?, &digest),
        };
        self.barrier.numbers.extend(number.map(|number| (channel.channel.clone(), (believed, number))));
        Ok(number)
    }

    /// Applies the changes that are complete and approved; gives the channels that go on by it.
    pub(crate) fn make_structures(&mut self, report: &mut PassReport) -> Result<Vec<ChannelName>, EngineFault> {
        let arrived = self.state.fact::<Arrived>()?;
        self.watch_half_kept(&arrived);
        let now_ms = self.seams.clock.mono_ms();
        if arrived.0.is_empty() || now_ms < self.barrier.due_ms {
            return Ok(Vec::new());
        }
        self.barrier.due_ms = now_ms + LOOK_EVERY_MS;
        let mut passed = Vec::new();
        for arriving in &arrived.0 {
            let is_due = self.barrier.waiting.get(&arriving.document).is_none_or(|due_ms| now_ms >= *due_ms);
            let is_refused = self.barrier.refused.contains(&arriving.document);
            if arriving.awaited(&self.state).next().is_none() && is_due && !is_refused {
                passed.extend(self.tend_arriving(arriving, report)?);
            }
        }
        Ok(passed)
    }

    /// Alarm: half of the time has run for which the sender keeps what is behind the marker.
    fn watch_half_kept(&mut self, arrived: &Arrived) {
        let run_ms = self.running_ms();
        let coming: Vec<ChannelName> =
            self.structured.iter().map(|known| known.channel.clone()).filter(|name| self.incoming.contains_key(name)).collect();
        for channel in coming {
            let is_so = arrived.0.iter().any(|known| known.here.contains_key(&channel) && known.is_half_kept(run_ms));
            self.set_alarm(Code::SchemaHeld, Some(&channel), is_so);
        }
    }

    /// Applies a change all of whose markers are here, as far as it may be.
    fn tend_arriving(&mut self, arriving: &Arriving, report: &mut PassReport) -> Result<Vec<ChannelName>, EngineFault> {
        let Some(change) = self.change_of(arriving)? else { return Ok(Vec::new()) };
        let Ok(document) = Document::read(&change.document) else { return Ok(Vec::new()) };
        let here = match self.here(&document, Some(&change.base))? {
            Ok(here) => here,
            Err(fault) => return self.waits(arriving, Why::new("plan", |lang| fault.sentence("schema-change.toml", lang))),
        };
        // Those that lead into another database may be past it.
        let (believed, after) = (self.state.fact::<Believed>()?, Some(change.after()));
        let left: Vec<ChannelName> = here.coming.iter().filter(|channel| believed.of(channel) != after).cloned().collect();
        if left != arriving.channels {
            return self.waits(arriving, other_channels(&left, arriving));
        }
        if !self.ends_fit(&here, &change)? {
            return Ok(Vec::new());
        }
        let allowed = self.judge_coming(&change, &here)?;
        let (mut passed, mut why) = (Vec::new(), allowed.err().map(refusal));
        for changed in here.databases.iter().filter(|changed| changed.direction == Direction::In) {
            let ends = self.ends_at(changed, arriving);
            match self.make_coming(arriving, changed, &ends, allowed.is_ok(), report)? {
                Made::Done => passed.extend(ends.into_iter().map(|end| end.channel)),
                Made::Waits => {}
                Made::Refused(other) => why = why.or(Some(other)),
            }
        }
        let of_databases: BTreeSet<ChannelName> =
            here.databases.iter().flat_map(|changed| self.ends_at(changed, arriving)).map(|end| end.channel).collect();
        if allowed.is_ok() {
            passed.extend(left.into_iter().filter(|channel| !of_databases.contains(channel)));
        }
        self.lead_past(arriving, &change, &passed, why)?;
        Ok(passed)
    }

    fn change_of(&mut self, arriving: &Arriving) -> Result<Option<BookChange>, EngineFault> {
        let is_it = |known: &BookChange| known.key.document == arriving.document && known.base == arriving.before;
        Ok(self.store().book()?.into_iter().find(is_it))
    }

    /// Tells whether every end that a change concerns is at the version where it begins, or behind it already.
    fn ends_fit(&mut self, here: &Here, change: &BookChange) -> Result<bool, EngineFault> {
        let (book, believed) = (self.store().book()?, self.state.fact::<Believed>()?);
        let coming: Vec<Channel> =
            self.structured.iter().filter(|channel| here.coming.contains(&channel.channel)).cloned().collect();
        let Some(first) = coming.first().map(|channel| self.structure_of(channel)).transpose()?.flatten() else {
            return Ok(false);
        };
        let ends = Ends { believed: &believed, book: &book, first: &first };
        Ok(coming.iter().all(|channel| ends.stands_at(channel, &change.base) || ends.stands_at(channel, &change.after())))
    }

    /// Tells whether a change may be made here now.
    fn judge_coming(&mut self, change: &BookChange, here: &Here) -> Result<Result<(), Refused>, EngineFault> {
        let decisions = self.store().book_decisions()?;
        let (own, peer) = (&self.keys.keyring, self.trust.as_ref().map(|trust| &trust.peer));
        let loses = here.losses().next().is_some();
        Ok(Scene { change, own, peer, plan: here.digest(), loses }.judge(&decisions).map(drop))
    }

    /// Gives the channels that a change concerns and that lead into a database of it.
    fn ends_at(&self, changed: &Changed, arriving: &Arriving) -> Vec<Channel> {
        let leads = |channel: &&Channel| {
            changed.direction == Direction::In
                && arriving.channels.contains(&channel.channel)
                && channel.sink.tables().is_some_and(|sink| sink.database == changed.place)
        };
        self.structured.iter().filter(leads).cloned().collect()
    }

    /// It waits for a person.
    fn waits(&mut self, arriving: &Arriving, why: Why) -> Result<Vec<ChannelName>, EngineFault> {
        self.note_why(arriving, Some(why))?;
        Ok(Vec::new())
    }

    fn note_why(&mut self, arriving: &Arriving, why: Option<Why>) -> Result<(), EngineFault> {
        if why.is_some() {
            let due_ms = self.seams.clock.mono_ms() + WAITS_FOR_A_PERSON_MS;
            self.barrier.waiting.insert(arriving.document, due_ms);
        }
        let mut arrived = self.state.fact::<Arrived>()?;
        match arrived.0.iter_mut().find(|known| known.document == arriving.document && known.before == arriving.before) {
            Some(known) if known.why != why => known.why = why,
            _ => return Ok(()),
        }
        self.commit_store(vec![Change::fact(&arrived)?])
    }

    /// One transaction of the store: these ends are at the next version, and their channels go on.
    fn lead_past(
        &mut self,
        arriving: &Arriving,
        change: &BookChange,
        passed: &[ChannelName],
        why: Option<Why>,
    ) -> Result<(), EngineFault> {
        if passed.is_empty() {
            return self.note_why(arriving, why);
        }
        let (mut believed, mut arrived) = (self.state.fact::<Believed>()?, self.state.fact::<Arrived>()?);
        passed.iter().for_each(|channel| believed.note(channel, &change.after()));
        for known in arrived.0.iter_mut().filter(|known| known.document == arriving.document && known.before == arriving.before)
        {
            known.why = why.clone();
            for channel in passed {
                known.here.remove(channel);
                known.passed.remove(channel);
            }
            known.channels.retain(|channel| !passed.contains(channel));
        }
        arrived.0.retain(|known| !known.channels.is_empty());
        let held = |channel: &&ChannelName| self.state.holds.get(*channel).is_some_and(|hold| hold.code == STRUCTURE);
        let mut changes: Vec<Change> = passed.iter().filter(held).map(|channel| Change::Hold(channel.clone(), None)).collect();
        changes.extend([Change::fact(&believed)?, Change::fact(&arrived)?]);
        self.commit_store(changes)
    }
}

fn refusal(why: Refused) -> Why {
    Why::new(why.code(), |lang| why.words(lang))
}

fn other_channels(left: &[ChannelName], arriving: &Arriving) -> Why {
    let list = |channels: &[ChannelName]| channels.iter().map(ChannelName::to_string).collect::<Vec<_>>().join(", ");
    let (theirs, ours) = (list(&arriving.channels), list(left));
    Why::new("channels", |lang| {
        crate::say!(
            lang,
            "标记说涉及的通道是 {theirs}，按本站的通道文件是 {ours}：请与发送方核对两边的通道文件",
            "the marker says that it concerns {theirs}, and by the channels' files here it is {ours}: compare the files of both sides"
        )
    })
}
