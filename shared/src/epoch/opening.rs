//! Opening a new epoch on channels that leave from here.
//!
//! Given: what the receiver really has, by its signed gap report, or nothing of it. Gives: on each channel the first packet of a new epoch, and a plan for
//! what has to be sealed anew. After a crash: before the transaction nothing but a log line is there, and the request is performed again; behind
//! it the packets exist and are placed at the next start. Never: a second epoch opened from one report, or one from a
//! report older than the last; a number that another copy of this station's
//! state may have used.

use super::decisions::Person;
use crate::engine::{Engine, PassReport};
use crate::error::EngineFault;
use crate::link::receipts::Receipts;
use crate::requests::renumbered::{Renumbering, renumber};
use crate::send::publish::Sealable;
use crate::store::Change;
use crate::store::facts::Fact;
use dukou_packets::gap_report::{GapReport, GapReportFault};
use dukou_packets::limits::LINE_NUMBER_MAX;
use dukou_packets::log::line::Event;
use dukou_packets::packet::epoch::{OldHead, Opening};
use dukou_packets::packet::header::{ChannelName, Epoch};
use dukou_packets::packet::open::{Expectation, KeyBook};
use dukou_packets::packet::seal::{CargoPlace, prepare_opening};
use dukou_packets::suite::{Digest, StationId, sha256};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How many packet numbers an epoch counter stands for (FORMAT.md section 4).
const NUMBERS_AN_EPOCH: u64 = 1 << 32;

/// What the receiver has of each channel.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReceiverHeads {
    /// Its newest packet of each channel that it has any of.
    pub channels: BTreeMap<ChannelName, ReceiverHead>,
    /// What the heads were read from: one source opens an epoch once.
    pub source: Digest,
    /// When the report was made that they were read from, if it was one.
    pub made: Option<Made>,
}

/// When a gap report was made: of two of one station the later one is the higher. A station that goes on from an older copy counts its reports from an
/// earlier one on, and once a person decided there gives packet numbers above all that were used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Made {
    /// The next packet number of the reporting station.
    pub number: u64,
    /// Which of its reports it is.
    pub report: u64,
}

/// The report that an epoch was opened from last, and whose it was.
#[derive(Debug, Default, Serialize, Deserialize)]
struct LastReport(Option<(StationId, Made)>);

impl Fact for LastReport {
    const NAME: &str = "epoch-report";
}

/// What the receiver has of a channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReceiverHead {
    /// The epoch.
    pub epoch: Epoch,
    /// Everything up to here is applied or waived.
    pub seq: u64,
    /// That packet's header digest; zero when the receiver does not have it.
    pub header: Digest,
}

impl ReceiverHead {
    /// Gives it as the packet an epoch begins behind; `None` when there is none that both sides know.
    pub(crate) fn old_head(&self) -> Option<OldHead> {
        let known = self.seq > 0 && !self.header.is_zero();
        known.then_some(OldHead { epoch: self.epoch, seq: self.seq, header: self.header })
    }
}

impl ReceiverHeads {
    /// Reads the heads from a signed gap report.
    ///
    /// # Errors
    /// As [`GapReport::open`].
    pub fn read(text: &str, keys: &dyn KeyBook, expected: &Expectation) -> Result<Self, GapReportFault> {
        let report = GapReport::open(text.as_bytes(), keys, expected)?;
        let head = |line: dukou_packets::gap_report::ChannelReport| {
            (line.channel, ReceiverHead { epoch: line.epoch, seq: line.seq, header: line.header })
        };
        let (source, made) = (sha256(&[text.as_bytes()]), Made { number: report.number, report: report.report });
        Ok(Self { channels: report.channels.into_iter().map(head).collect(), source, made: Some(made) })
    }
}

/// Which source opened the epoch that is open now, by channel.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Openings(BTreeMap<ChannelName, (Epoch, Digest)>);

impl Fact for Openings {
    const NAME: &str = "epoch-openings";
}

/// What is opened, and by whom.
pub(crate) struct Order<'a> {
    /// Positions of the channels.
    pub(crate) channels: Vec<usize>,
    pub(crate) heads: &'a ReceiverHeads,
    /// Why, as a code.
    pub(crate) code: &'static str,
    pub(crate) operator: &'a str,
    /// What else belongs into the transaction.
    pub(crate) changes: Vec<Change>,
}

impl Engine {
    /// Gives the report that an epoch was opened from already, where the peer made it after this one.
    pub(crate) fn later_report(&self, heads: &ReceiverHeads) -> Result<Option<Made>, EngineFault> {
        let peer = self.trust.as_ref().map(|trust| trust.peer.body().station);
        let last = self.state.fact::<LastReport>()?.0.filter(|(station, _)| Some(*station) == peer);
        Ok(last.map(|(_, last)| last).filter(|last| heads.made.is_some_and(|made| made < *last)))
    }

    /// Gives a channel, and how far the peer is there, of which it has said more than in this report with a signal that it sealed behind it.
    pub(crate) fn confirmed_beyond(
        &self,
        heads: &ReceiverHeads,
        channel: Option<&ChannelName>,
    ) -> Result<Option<(ChannelName, u64)>, EngineFault> {
        let (receipts, peer) = (self.state.fact::<Receipts>()?, self.trust.as_ref().map(|trust| trust.peer.body().station));
        if receipts.peer != peer || heads.made.is_none_or(|made| receipts.signal < made.number) {
            return Ok(None);
        }
        let names = self.leaving(channel).into_iter().map(|at| self.channel_name(at));
        let beyond = |channel: &ChannelName| {
            let told = heads.channels.get(channel);
            let confirmed = receipts.channels.get(channel).filter(|receipt| {
                let at = (receipt.epoch.counter, receipt.seq);
                at > told.map_or((0, 0), |head| (head.epoch.counter, head.seq)) && receipt.seq > 0
            });
            let never_sent = receipts.beyond.get(channel).filter(|seq| told.is_none_or(|head| **seq > head.seq));
            confirmed.map(|receipt| receipt.seq).max(never_sent.copied())
        };
        Ok(names.filter_map(|channel| beyond(&channel).map(|seq| (channel, seq))).next())
    }

    /// Leaves out the channels whose epoch was opened from the same source.
    pub(crate) fn not_opened_yet(&self, mut channels: Vec<usize>, source: Digest) -> Result<Vec<usize>, EngineFault> {
        let openings = self.state.fact::<Openings>()?;
        channels.retain(|at| {
            let channel = self.channel_name(*at);
            let now = self.out_head(&channel).map(|head| (head.epoch, source));
            now.is_none() || openings.0.get(&channel).copied() != now
        });
        Ok(channels)
    }

    /// Opens a new epoch on channels, each behind what the receiver has, and places the openings; gives how many channels it was. `None` when there
    /// is no counter or number left.
    pub(crate) fn open_epochs(&mut self, order: Order<'_>, report: &mut PassReport) -> Result<Option<u64>, EngineFault> {
        let mut openings = self.state.fact::<Openings>()?;
        let mut changes = order.changes;
        let newest = self.highest_counter(order.heads);
        let above = u64::from(newest).saturating_mul(NUMBERS_AN_EPOCH);
        let Some(counter) = newest.checked_add(1).filter(|_| above < LINE_NUMBER_MAX - NUMBERS_AN_EPOCH) else {
            return Ok(None);
        };
        self.raise_numbers(above);
        let mut packets = Vec::new();
        for at in &order.channels {
            let channel = self.channel_name(*at);
            let mut salt = [0; 8];
            self.seams.random.fill(&mut salt);
            let epoch = Epoch { counter, salt };
            let old = order.heads.channels.get(&channel).and_then(ReceiverHead::old_head);
            packets.push(self.seal_opening(*at, epoch, &Opening { old, reason: order.code.to_string() })?);
            openings.0.insert(channel.clone(), (epoch, order.heads.source));
            self.log.note(Event::EpochOpened {
                channel,
                epoch,
                old_epoch: old.map_or(epoch, |old| old.epoch),
                old_seq: old.map_or(0, |old| old.seq),
                old_header: old.map_or(Digest::ZERO, |old| old.header),
                operator: order.operator.to_string(),
            });
        }
        self.commit_log()?;
        changes.push(Change::Number(self.numbers_used().max(above)));
        changes.push(Change::fact(&openings)?);
        changes.extend(self.sending_decided()?);
        let opened = order.channels.len() as u64;
        self.publish_openings(order.channels, packets, changes, report)?;
        Ok(Some(opened))
    }

    /// Lets a station without a channel that leaves from here send its signals again, with numbers that no other copy of its state has used.
    pub(crate) fn signal_anew(&mut self, person: &Person<'_>) -> Result<(), EngineFault> {
        let above = (self.numbers_used() / NUMBERS_AN_EPOCH + 1).saturating_mul(NUMBERS_AN_EPOCH);
        self.raise_numbers(above);
        let mut changes = vec![self.decided("epoch-new", None, person)?];
        changes.extend(renumber(above, Renumbering::EpochNew, person.operator)?);
        changes.extend(self.sending_decided()?);
        self.commit_store(changes)?;
        self.tell_renumbered()
    }

    /// Gives the highest epoch counter that this station or its receiver knows of the link.
    fn highest_counter(&self, heads: &ReceiverHeads) -> u32 {
        let own = self.state.out_heads.values().map(|head| head.epoch.counter);
        own.chain(heads.channels.values().map(|head| head.epoch.counter)).max().unwrap_or(0)
    }

    fn seal_opening(&mut self, at: usize, epoch: Epoch, opening: &Opening) -> Result<Sealable, EngineFault> {
        let (number, addressing) = (self.take_number(), self.addressing()?);
        let prepared = prepare_opening(&addressing.envelope(number), opening, self.seams.random.as_ref())?;
        let place = CargoPlace { channel: self.channel_name(at), epoch, seq: 1, prev: opening.prev() };
        let statement = self.statement(self.outgoing(at).channel.priority == 0);
        let sealed = prepared.seal_cargo(&place, &statement, self.keys.packet.as_ref())?;
        Ok(self.sealable(&place, sealed))
    }

    /// Performs `epoch new`: opens the epochs, and plans what the receiver does not have to be sealed anew.
    pub(crate) fn begin_anew(
        &mut self,
        channels: Vec<usize>,
        heads: &ReceiverHeads,
        person: &Person<'_>,
        report: &mut PassReport,
    ) -> Result<Option<u64>, EngineFault> {
        let channels = self.not_opened_yet(channels, heads.source)?;
        if channels.is_empty() {
            return Ok(Some(0));
        }
        let mut changes = vec![self.decided("epoch-new", None, person)?];
        let names: Vec<ChannelName> = channels.iter().map(|at| self.channel_name(*at)).collect();
        if let (Some(trust), Some(made)) = (&self.trust, heads.made) {
            changes.push(Change::fact(&LastReport(Some((trust.peer.body().station, made))))?);
        }
        changes.push(self.plan_behind(&names, heads, person.operator)?);
        changes.extend(self.push_anew(&names, person.operator)?);
        let order = Order { channels, heads, code: "epoch-new", operator: person.operator, changes };
        self.open_epochs(order, report)
    }

    /// Gives the positions of the channels that leave from here, or of one.
    pub(crate) fn leaving(&self, channel: Option<&ChannelName>) -> Vec<usize> {
        let wanted = |at: &usize| channel.is_none_or(|channel| self.channel_name(*at) == *channel);
        (0..self.outgoing.len()).filter(wanted).collect()
    }
}
