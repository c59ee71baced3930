//! Sealing: a batch becomes a packet's payload, on a second thread where there is one.
//!
//! Given: a [`Batch`]. Gives: a [`Sealing`] that will be a payload; number and recipients are fixed here, the place in the channel
//! only when the packets before it are. After a crash: nothing is left, nothing was on disk; a number that was taken is skipped or taken
//! again. Never: a packet signed here: it would fix the channel's order before the store does.

use super::pack::Batch;
use super::structure::MarkerPlace;
use crate::engine::Engine;
use crate::error::{ConfigFault, EngineFault};
use crate::group::Work;
use crate::lang::Lang;
use crate::say;
use dukou_packets::packet::header::Environment;
use dukou_packets::packet::seal::{Envelope, Prepared, Recipient, SealFault, Versions, prepare_records};
use dukou_packets::suite::{Random, StationId, Suite};

/// A packet whose payload is being made.
pub(crate) struct Sealing {
    /// What the packet carries besides its payload.
    pub(crate) batch: BatchRest,
    pub(crate) plain_bytes: u64,
    /// `None` for a batch of repeats alone: no packet.
    work: Option<Work<Result<Prepared, SealFault>>>,
}

/// A batch without its plain payload.
#[derive(Default)]
pub(crate) struct BatchRest {
    pub(crate) rows: Vec<crate::store::RecordRow>,
    pub(crate) away: Vec<(u32, super::pack::Away)>,
    pub(crate) repeats: Vec<super::pack::Repeat>,
    pub(crate) unfinished: Option<Option<crate::store::Unfinished>>,
    pub(crate) cards: Vec<crate::store::cards::Card>,
    /// What it stands for, where it is the marker of a structure change.
    pub(crate) marker: Option<MarkerPlace>,
}

impl Sealing {
    /// Makes one of work that has begun.
    pub(super) fn new(batch: BatchRest, plain_bytes: u64, work: Work<Result<Prepared, SealFault>>) -> Self {
        Self { batch, plain_bytes, work: Some(work) }
    }

    /// Waits for the payload; `None` for a batch of repeats alone.
    pub(crate) fn finish(&mut self) -> Result<Option<Prepared>, EngineFault> {
        Ok(self.work.take().map(Work::finish).transpose()?)
    }
}

/// What an envelope is made of, owned so that it can move to the second thread.
#[derive(Clone)]
pub(crate) struct Addressing {
    pub(crate) suite: Suite,
    pub(crate) environment: Environment,
    pub(crate) sender: StationId,
    pub(crate) addressee: StationId,
    pub(crate) recipients: Vec<Recipient>,
}

impl Addressing {
    pub(crate) fn envelope(&self, number: u64) -> Envelope<'_> {
        Envelope {
            suite: self.suite,
            environment: self.environment,
            sender: self.sender,
            addressee: self.addressee,
            number,
            recipients: &self.recipients,
        }
    }
}

impl Engine {
    /// Takes a number and begins to make a batch's payload, under the version at which the channel's end is.
    pub(crate) fn begin_sealing(&mut self, at: usize, batch: Batch) -> Result<Sealing, EngineFault> {
        let version = self.structures.numbers.get(&self.outgoing[at].channel.channel).copied().unwrap_or_default();
        self.begin_sealing_under(Versions { written: version, needed: version }, batch)
    }

    /// As [`begin_sealing`](Self::begin_sealing), under versions that are known.
    pub(crate) fn begin_sealing_under(&mut self, versions: Versions, batch: Batch) -> Result<Sealing, EngineFault> {
        let Batch { records, rows, away, repeats, unfinished, cards, .. } = batch;
        let rest = BatchRest { rows, away, repeats, unfinished, cards, marker: None };
        if records.count() == 0 {
            return Ok(Sealing { batch: rest, plain_bytes: 0, work: None });
        }
        let (number, addressing) = (self.take_number(), self.addressing()?);
        let packets = &self.station.config.packets;
        let level = if records.has_runs() { packets.rows_level } else { packets.level };
        let (random, plain_bytes) = (self.seams.random.clone(), records.plain_len());
        let make = move || {
            let prepared = prepare_records(&addressing.envelope(number), records, level, random.as_ref() as &dyn Random);
            prepared.map(|prepared| prepared.under(versions))
        };
        let work = Work::begin_in_bulk("dukou-seal", self.seams.second_thread, plain_bytes, make)?;
        Ok(Sealing { batch: rest, plain_bytes, work: Some(work) })
    }

    /// Gives whom packets go to.
    pub(crate) fn addressing(&self) -> Result<Addressing, EngineFault> {
        let Some(trust) = &self.trust else { return Err(no_peer().into()) };
        let identity = &self.station.config.station;
        Ok(Addressing {
            suite: self.station.config.packets.suite(),
            environment: identity.environment,
            sender: identity.id,
            addressee: trust.peer.body().station,
            recipients: self.keys.recipients(&trust.peer),
        })
    }
}

fn no_peer() -> ConfigFault {
    let sentence = |lang| {
        say!(
            lang,
            "还没有配对的对方。请先运行 trust 对方的密钥卡。",
            "No peer is paired yet. Run trust with the peer's card first."
        )
    };
    ConfigFault::Refused { zh: sentence(Lang::Zh), what: sentence(Lang::En) }
}
