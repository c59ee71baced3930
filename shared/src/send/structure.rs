//! A structure change where rows leave from: made once it is approved, and its markers behind it.
//!
//! Given: the book, the decisions, the version at which each channel's end stands. Gives: the change in the source's database, with the places of its markers in the
//! outboxes; a line; from then on the marker packets (`marker.rs`). A change begins when it is approved at this station and every channel that it concerns and
//! that leaves from here stands at the version before. After a crash: the database is asked how far it is; what was begun goes on, whoever's approval ended since.
//! Never: a change begun that is not approved now; another SQL than the one that was signed; a change given up by itself that exists.

pub mod leaving;
mod marker;
mod pending;

pub(crate) use marker::MarkerPlace;
pub(crate) use pending::Pending;

use crate::channel::Channel;
use crate::connectors::tables::rest::Rest;
use crate::connectors::tables::restructure::{
    Ends, LeavingEnd, Restructure, RestructureFault, Restructurer, Standing, StepFault,
};
use crate::connectors::tables::{TableFault, database};
use crate::engine::{Engine, PassReport};
use crate::error::{ConfigFault, EngineFault};
use crate::lang::Lang;
use crate::say;
use crate::schema::Document;
use crate::schema::approval::{Refused, Scene, standing};
use crate::schema::here::{Changed, Here, HereFault};
use crate::schema::versions::{self, Believed, number_of};
use crate::store::book::{BookChange, BookDecision};
use crate::store::{Change, Direction};
use crate::trouble::Trouble;
use dukou_packets::packet::header::ChannelName;
use dukou_packets::packet::marker::{Approval, ApprovalKind};
use leaving::{Leaving, Leavings};
use std::collections::BTreeMap;
use std::sync::Arc;

/// How long a change that waits for something else is not looked at again (ms).
const LOOK_EVERY_MS: u64 = 1000;

/// What the engine remembers of structure changes between two looks.
#[derive(Debug)]
pub(crate) struct Structures {
    /// When they are looked at next; `None`: not before somebody asks.
    due_ms: Option<u64>,
    rest: Rest,
    /// What the last look said.
    told: Vec<Trouble>,
    /// A change stands half-way, or its database refused it.
    is_unfinished: bool,
    /// The number of the version at which each outgoing channel's end is; none without a structure.
    pub(crate) numbers: BTreeMap<ChannelName, u32>,
    /// The changes behind which these ends are, where the far side may not have applied them yet.
    pub(crate) pending: BTreeMap<ChannelName, Arc<Pending>>,
}

impl Default for Structures {
    fn default() -> Self {
        let (numbers, pending) = (BTreeMap::new(), BTreeMap::new());
        Self { due_ms: Some(0), rest: Rest::default(), told: Vec::new(), is_unfinished: false, numbers, pending }
    }
}

impl Structures {
    /// Lets the next look come at once: somebody decided something, or a channel came to another version.
    pub(crate) fn look_at_once(&mut self) {
        self.due_ms = Some(0);
        self.rest.end();
    }

    /// Gives after how many milliseconds they want to be looked at.
    pub(crate) fn due_in_ms(&self, now_ms: u64) -> Option<u64> {
        self.due_ms.map(|due_ms| due_ms.saturating_sub(now_ms))
    }
}

/// What is done to the database that rows leave from, and what does it.
type Made = (Changed, Box<dyn Restructurer>);

/// What came of a look at a change.
enum Looked {
    /// Nothing is to be done, or all is done.
    Done,
    /// It waits for something that comes by itself.
    Waits(Option<Trouble>),
    /// The database is away or busy.
    Rests,
    /// It waits for a person.
    Stands(Trouble),
}

impl Engine {
    /// Gives each outgoing channel's end the number of its version, as the store knows it.
    pub(crate) fn recall_versions(&mut self) -> Result<(), EngineFault> {
        if self.structured.is_empty() {
            return Ok(());
        }
        let (book, believed) = (self.store().book()?, self.state.fact::<Believed>()?);
        for channel in self.structured.clone() {
            let number = match believed.of(&channel.channel) {
                Some(digest) => number_of(&book, &digest),
                None => self.first_version(&channel)?,
            };
            self.structures.numbers.extend(number.map(|number| (channel.channel.clone(), number)));
            if let Some(change) = believed.of(&channel.channel).and_then(|at| book.iter().find(|change| change.after() == at)) {
                self.recall_pending(&channel, change, &book)?;
            }
        }
        Ok(())
    }

    /// Gives the number of the version that a channel's structure began with; `None` where it is not described.
    fn first_version(&self, channel: &Channel) -> Result<Option<u32>, EngineFault> {
        Ok(self.structure_of(channel)?.map(|structure| structure.version))
    }

    /// Makes what may be made, and tells what waits.
    pub(crate) fn tend_structures(&mut self, report: &mut PassReport) -> Result<(), EngineFault> {
        if self.structured.is_empty() {
            return Ok(());
        }
        self.watch_unconfirmed()?;
        let now_ms = self.seams.clock.mono_ms();
        if self.structures.due_in_ms(now_ms) == Some(0) && self.structures.rest.lasting(now_ms).is_none() {
            self.look_at_structures()?;
        }
        report.troubles.extend(self.structures.told.iter().cloned());
        self.set_alarm(crate::alarm::codes::Code::SchemaUnfinished, None, self.structures.is_unfinished);
        Ok(())
    }

    pub(crate) fn look_at_structures(&mut self) -> Result<(), EngineFault> {
        let now_ms = self.seams.clock.mono_ms();
        let (book, decisions) = (self.store().book()?, self.store().book_decisions()?);
        (self.structures.due_ms, self.structures.is_unfinished) = (None, false);
        self.structures.told.clear();
        for change in &book {
            match self.tend_structure(change, &decisions, &book)? {
                Looked::Done => {}
                Looked::Rests => {
                    self.structures.due_ms = Some(now_ms + self.structures.rest.left_ms(now_ms).unwrap_or(LOOK_EVERY_MS));
                    break;
                }
                Looked::Waits(trouble) => {
                    self.structures.told.extend(trouble);
                    self.structures.due_ms = Some(now_ms + LOOK_EVERY_MS);
                }
                Looked::Stands(trouble) => {
                    self.structures.told.push(trouble);
                    self.structures.is_unfinished = true;
                }
            }
        }
        Ok(())
    }

    /// Looks at a change, and makes it where it may be made.
    fn tend_structure(
        &mut self,
        change: &BookChange,
        decisions: &[BookDecision],
        book: &[BookChange],
    ) -> Result<Looked, EngineFault> {
        let known = self.state.fact::<Leavings>()?.0.remove(&change.key.document.to_string());
        let (about, is_cancelled) = standing(change, decisions, self.station.config.station.id);
        let is_wanted = !is_cancelled && about.iter().any(|decision| self.is_own_approval(decision));
        if known.as_ref().is_some_and(|known| known.is_made) || (known.is_none() && !is_wanted) {
            return Ok(Looked::Done);
        }
        // What stands in the book was read before.
        let Ok(document) = Document::read(&change.document) else { return Ok(Looked::Done) };
        let here = match self.here(&document, Some(&change.base))? {
            Ok(here) => here,
            Err(fault) => {
                return Ok(Looked::Waits(Some(self.refused_here(change, |lang| fault.sentence("schema-change.toml", lang)))));
            }
        };
        if here.leaving.is_empty() {
            return Ok(Looked::Done);
        }
        if !self.ends_stand_at(&here.leaving, change, book)? {
            return Ok(Looked::Waits(None));
        }
        let mut database = match self.restructurer(&here) {
            Ok(database) => database,
            Err(fault) => return Ok(Looked::Waits(Some(self.refused_here(change, |lang| fault.sentence(lang))))),
        };
        let at = match &mut database {
            None => Standing::Old,
            Some((_, database)) => match database.standing(&change.key.document, Direction::Out) {
                Ok(at) => at,
                Err(fault) => return self.rest_structures(&here, fault),
            },
        };
        match (at, is_cancelled) {
            (Standing::Old, true) => return self.forget_leaving(change).map(|()| Looked::Done),
            (Standing::AtStep(step), true) => return Ok(Looked::Stands(taken_back(change, step, self.lang()))),
            (Standing::Old, false) => {
                if let Err(why) = self.judge_structure_here(change, &here, decisions) {
                    let words = |lang| format!("{}: {}", why.code(), why.words(lang));
                    return Ok(Looked::Waits(Some(self.refused_here(change, words))));
                }
                self.fix_leaving(change, &here, &about)?;
            }
            (Standing::AtStep(_) | Standing::Done, _) if known.is_none() => self.fix_leaving(change, &here, &about)?,
            (Standing::AtStep(_) | Standing::Done, _) => {}
        }
        if let Some((changed, mut database)) = database {
            let order = self.restructure_order(change, &here, &changed)?;
            if let Err(fault) = database.make(&order) {
                return self.stands(change, &here, database.as_mut(), fault);
            }
        }
        self.structures.rest.end();
        self.note_made(change, &about).map(|()| Looked::Done)
    }

    fn is_own_approval(&self, decision: &BookDecision) -> bool {
        let own = self.station.config.station.id;
        decision.approval.as_ref().is_some_and(|approval| approval.kind == ApprovalKind::Approve && approval.station == own)
    }

    /// Tells whether all ends that it concerns and that leave from here stand at the version before.
    fn ends_stand_at(&self, leaving: &[ChannelName], change: &BookChange, book: &[BookChange]) -> Result<bool, EngineFault> {
        let believed = self.state.fact::<Believed>()?;
        let concerned: Vec<&Channel> = self.structured.iter().filter(|channel| leaving.contains(&channel.channel)).collect();
        let Some(first) = concerned.first().map(|channel| self.structure_of(channel)).transpose()?.flatten() else {
            return Ok(false);
        };
        let ends = versions::Ends { believed: &believed, book, first: &first };
        Ok(concerned.into_iter().all(|channel| ends.stands_at(channel, &change.base)))
    }

    /// Tells whether a change may be made here now.
    fn judge_structure_here(&self, change: &BookChange, here: &Here, decisions: &[BookDecision]) -> Result<(), Refused> {
        let (own, peer) = (&self.keys.keyring, self.trust.as_ref().map(|trust| &trust.peer));
        let loses = here.losses().next().is_some();
        Scene { change, own, peer, plan: here.digest(), loses }.judge(decisions).map(drop)
    }

    /// Gives what changes the database that rows leave from; `None` where none is changed.
    fn restructurer(&self, here: &Here) -> Result<Option<Made>, ConfigFault> {
        let Some(changed) = here.databases.iter().find(|changed| changed.direction == Direction::Out) else { return Ok(None) };
        let is_there = |channel: &&Channel| {
            channel.direction(self.station.config.station.side) == Direction::Out
                && channel.source.tables().is_some_and(|source| source.database == changed.place)
        };
        let Some(channel) = self.structured.iter().find(is_there) else { return Ok(None) };
        let made = database::restructurer_of(self.seams.databases.as_ref(), &self.station, channel, Direction::Out)?;
        Ok(made.map(|made| (changed.clone(), made)))
    }

    /// Gives the order of a change: it is the same until it is done.
    fn restructure_order<'a>(
        &mut self,
        change: &BookChange,
        here: &Here,
        changed: &'a Changed,
    ) -> Result<Restructure<'a>, EngineFault> {
        let is_leaving = |channel: &&Channel| here.leaving.contains(&channel.channel);
        let end = |channel: &Channel| {
            let tables = channel.source.tables()?.tables.clone();
            Some(LeavingEnd { channel: channel.channel.clone(), tables })
        };
        let mut ends: Vec<LeavingEnd> = self.structured.iter().filter(is_leaving).filter_map(end).collect();
        ends.sort_by(|one, two| one.channel.cmp(&two.channel));
        let is_vouched_for = match ends.first().filter(|_| changed.is_by_hand()) {
            Some(end) => self.is_vouched_for(&change.key.document, &end.channel)?,
            None => false,
        };
        Ok(Restructure { document: change.key.document, plan: &changed.plan, ends: Ends::Leaving(ends), is_vouched_for })
    }

    /// Fixes what all markers of a change will say, before it exists.
    fn fix_leaving(&mut self, change: &BookChange, here: &Here, about: &[&BookDecision]) -> Result<(), EngineFault> {
        let own = self.station.config.station.id;
        let approvals =
            about.iter().filter_map(|decision| decision.approval.clone()).filter(|approval| approval.station == own);
        let mut approvals: Vec<Approval> = approvals.collect();
        approvals.drain(..approvals.len().saturating_sub(dukou_packets::limits::MARKER_APPROVALS_MAX));
        let fixed = Leaving {
            structure: change.key.structure.clone(),
            to: change.key.to,
            is_made: false,
            step: None,
            steps: here
                .databases
                .iter()
                .find(|changed| changed.direction == Direction::Out)
                .map_or(0, |of| of.plan.steps.len() as u32),
            channels: here.leaving.clone(),
            keep_days: self.station.config.keep.sent_days,
            approvals,
            markers: BTreeMap::new(),
        };
        let mut leavings = self.state.fact::<Leavings>()?;
        if leavings.0.insert(change.key.document.to_string(), fixed.clone()).as_ref() == Some(&fixed) {
            return Ok(());
        }
        self.commit_store(vec![Change::fact(&leavings)?])
    }

    /// The change exists: its line, one fdatasync; then the store has it. A crash between them writes the line once more.
    fn note_made(&mut self, change: &BookChange, about: &[&BookDecision]) -> Result<(), EngineFault> {
        let newest = about.iter().rev().find(|decision| self.is_own_approval(decision));
        let (approval, operator) =
            newest.map_or((None, ""), |decision| (decision.approval.as_ref(), decision.operator.as_str()));
        self.note_structure(change, approval, "changed", operator)?;
        let mut leavings = self.state.fact::<Leavings>()?;
        if let Some(leaving) = leavings.0.get_mut(&change.key.document.to_string()) {
            (leaving.is_made, leaving.step) = (true, None);
        }
        self.commit_store(vec![Change::fact(&leavings)?])
    }

    /// The change was not made: where it stands, for `status`, and what next.
    fn stands(
        &mut self,
        change: &BookChange,
        here: &Here,
        database: &mut dyn Restructurer,
        fault: RestructureFault,
    ) -> Result<Looked, EngineFault> {
        let step = match database.standing(&change.key.document, Direction::Out) {
            Ok(Standing::AtStep(step)) => Some(step),
            _ => None,
        };
        let mut leavings = self.state.fact::<Leavings>()?;
        if let Some(leaving) = leavings.0.get_mut(&change.key.document.to_string()).filter(|leaving| leaving.step != step) {
            leaving.step = step;
            self.commit_store(vec![Change::fact(&leavings)?])?;
        }
        match fault {
            RestructureFault::Table(fault) => {
                self.structures.is_unfinished |= step.is_some();
                self.rest_structures(here, fault)
            }
            RestructureFault::Step { step, line, why } => {
                Ok(Looked::Stands(refused_step(change, (step, line), &why, self.lang())))
            }
            RestructureFault::ByHand { script } => Ok(Looked::Waits(Some(by_hand(change, &script, self.lang())))),
            RestructureFault::Another => Ok(Looked::Stands(another(change, self.lang()))),
        }
    }

    /// Lets the database rest after a fault.
    fn rest_structures(&mut self, here: &Here, fault: TableFault) -> Result<Looked, EngineFault> {
        let now_ms = self.seams.clock.mono_ms();
        self.structures.rest.begin(now_ms, fault.clone());
        let mut report = PassReport::default();
        if let Some(channel) = here.leaving.first() {
            self.tell_database(channel, fault, &mut report)?;
        }
        self.structures.told.append(&mut report.troubles);
        Ok(Looked::Rests)
    }

    fn refused_here(&self, change: &BookChange, why: impl Fn(Lang) -> String) -> Trouble {
        let (structure, to) = (&change.key.structure, change.key.to);
        let sentence = |lang| {
            let why = why(lang);
            say!(
                lang,
                "结构 {structure} 到第 {to} 版的变更现在不能执行（{why}），来源数据库没有改动。请看 schema show {to}。",
                "The change of structure {structure} to version {to} may not be made now ({why}); the source's database is as it was. See schema show {to}."
            )
        };
        Trouble {
            code: "structure-refused".into(),
            zh: sentence(Lang::Zh),
            en: sentence(Lang::En),
            journal: sentence(self.lang()),
        }
    }

    /// Tells whether a change was begun where rows leave from; one that cannot be asked of counts as begun.
    pub(crate) fn is_begun(&mut self, change: &BookChange) -> Result<bool, EngineFault> {
        match self.state.fact::<Leavings>()?.0.get(&change.key.document.to_string()) {
            None => Ok(false),
            Some(known) if known.is_made => Ok(true),
            Some(_) => self.has_a_part(change),
        }
    }

    /// Tells whether there is anything of a change that may be taken back: it was about to be made, or its database has a part of it.
    pub(crate) fn may_be_taken_back(&mut self, change: &BookChange) -> Result<bool, EngineFault> {
        let is_known = self.state.fact::<Leavings>()?.0.contains_key(&change.key.document.to_string());
        Ok(is_known || self.has_a_part(change)?)
    }

    /// Tells whether the database that rows leave from has a part of a change; one that cannot be asked counts as if it had.
    fn has_a_part(&mut self, change: &BookChange) -> Result<bool, EngineFault> {
        let Some((_, (_, mut database))) = self.leaving_database(change)? else { return Ok(false) };
        Ok(!matches!(database.standing(&change.key.document, Direction::Out), Ok(Standing::Old)))
    }

    /// Gives what a change comes to here, with the database that rows leave from.
    pub(crate) fn leaving_database(&mut self, change: &BookChange) -> Result<Option<(Here, Made)>, EngineFault> {
        let Ok(document) = Document::read(&change.document) else { return Ok(None) };
        let Ok(here) = self.here(&document, Some(&change.base))? else { return Ok(None) };
        let made = self.restructurer(&here)?;
        Ok(made.map(|made| (here, made)))
    }

    /// Takes back what a database has of a change that is not done, and forgets that it was begun; the fault where it could not.
    pub(crate) fn take_leaving_back(&mut self, change: &BookChange) -> Result<Result<(), RestructureFault>, EngineFault> {
        if let Some(fault) = self.lacks_list(change)? {
            return Ok(Err(fault.into()));
        }
        if let Some((here, (changed, mut database))) = self.leaving_database(change)? {
            let order = self.restructure_order(change, &here, &changed)?;
            if let Err(fault) = database.take_back(&order) {
                return Ok(Err(fault));
            }
        }
        self.forget_leaving(change).map(Ok)
    }

    /// Tells that the list of columns of a folder is not there: which change was handed over in it would stay noted, and keep out the next one.
    fn lacks_list(&mut self, change: &BookChange) -> Result<Option<TableFault>, EngineFault> {
        let Ok(document) = Document::read(&change.document) else { return Ok(None) };
        let Err(HereFault::NoDriver(channel)) = self.here(&document, Some(&change.base))? else { return Ok(None) };
        let words = "列清单 columns.tsv 读不出来，请数据库管理员放入 / the list of columns (columns.tsv) cannot be read; have its administrator put it there";
        Ok(Some(TableFault::Denied { place: channel.to_string(), words: words.to_owned() }))
    }

    /// Forgets that a change was begun of which its database has nothing.
    fn forget_leaving(&mut self, change: &BookChange) -> Result<(), EngineFault> {
        let mut leavings = self.state.fact::<Leavings>()?;
        match leavings.0.remove(&change.key.document.to_string()) {
            Some(_) => self.commit_store(vec![Change::fact(&leavings)?]),
            None => Ok(()),
        }
    }

    /// What the last look said, for the person who asked.
    pub(crate) fn told_of_structures(&self) -> &[Trouble] {
        &self.structures.told
    }
}

fn trouble(code: &'static str, sentence: impl Fn(Lang, bool) -> String, journal: Lang) -> Trouble {
    Trouble {
        code: code.into(),
        zh: sentence(Lang::Zh, true),
        en: sentence(Lang::En, true),
        // A database's words may hold content.
        journal: sentence(journal, false),
    }
}

fn refused_step(change: &BookChange, (step, line): (u32, usize), why: &StepFault, lang: Lang) -> Trouble {
    let (structure, to) = (&change.key.structure, change.key.to);
    let sentence = |lang, with_words| {
        let why = if with_words { format!("：{}", why.words(lang)) } else { String::new() };
        say!(
            lang,
            "结构 {structure} 到第 {to} 版的变更停在第 {step} 步（变更文件第 {line} 行）{why}。请处理后运行 schema resume {to}；要退回用 schema back {to} 或 schema cancel {to}。",
            "The change of structure {structure} to version {to} stands at step {step} (line {line} of its document){why}. Mend that and run schema resume {to}; to take it back, schema back {to} or schema cancel {to}."
        )
    };
    trouble("schema-unfinished", sentence, lang)
}

fn taken_back(change: &BookChange, step: u32, lang: Lang) -> Trouble {
    let (structure, to) = (&change.key.structure, change.key.to);
    let sentence = |lang, _| {
        say!(
            lang,
            "结构 {structure} 到第 {to} 版的变更正在退回，还停在第 {step} 步。请再运行 schema back {to}。",
            "The change of structure {structure} to version {to} is being taken back and stands at step {step}. Run schema back {to} again."
        )
    };
    trouble("schema-unfinished", sentence, lang)
}

fn by_hand(change: &BookChange, script: &str, lang: Lang) -> Trouble {
    let (structure, to) = (&change.key.structure, change.key.to);
    let sentence = |lang, _| {
        let what = crate::receive::structure::making::by_hand(script, to, lang);
        say!(
            lang,
            "结构 {structure} 到第 {to} 版的变更：{what}。执行前请停下写这些表的程序。",
            "The change of structure {structure} to version {to}: {what}. Stop what writes these tables before."
        )
    };
    trouble("schema-by-hand", sentence, lang)
}

fn another(change: &BookChange, lang: Lang) -> Trouble {
    let (structure, to) = (&change.key.structure, change.key.to);
    let sentence = |lang, _| {
        say!(
            lang,
            "结构 {structure} 到第 {to} 版的变更不能开始：来源数据库的 dukou_schema 里有另一份没有做完的变更。请先把那一份做完或退回。",
            "The change of structure {structure} to version {to} cannot begin: dukou_schema of the source's database has another one that is not done. Finish that one or take it back first."
        )
    };
    trouble("schema-unfinished", sentence, lang)
}
