//! The whole simulation: two stations, two directions of the gap, suppliers and consumers.

use super::consumer::Consumer;
use super::gap::{Gap, Weather};
use super::hooked::Act;
use super::station::{BEGIN_MS, Nature, SimStation, channel, name};
use super::supplier::{Fate, Supplier};
use super::verdict;
use dukou_packets::keyring::Side;
use dukou_packets::packet::header::ChannelName;
use dukou_rehearsal::random::Random;
use dukou_shared::channel::Channel;
use dukou_shared::engine::PassReport;
use dukou_shared::error::EngineFault;
use dukou_shared::requests::Request;
use dukou_shared::seams::clock::SimClock;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Rounds within which everything must have come to rest once faults have stopped.
pub const ROUNDS: u32 = 24;

/// The XML channel of the standard world, from outside in.
pub const REPORTS: &str = "reports";
/// The channel of plain files, from outside in.
pub const FILES: &str = "files";
/// The channel of answers, from inside out.
pub const REPLIES: &str = "replies";

/// Which station a fault befalls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Victim {
    /// The outer one.
    Outer,
    /// The inner one.
    Inner,
}

/// Two stations and all that is around them.
pub struct World {
    /// What everything follows from.
    pub seed: u64,
    /// The outer station (政务外网).
    pub outer: SimStation,
    /// The inner station (业务内网).
    pub inner: SimStation,
    /// From outside in.
    pub inward: Gap,
    /// From inside out.
    pub outward: Gap,
    /// Who drops files outside.
    pub outer_supplier: Supplier,
    /// Who drops files inside.
    pub inner_supplier: Supplier,
    /// Who takes files outside.
    pub outer_consumer: Consumer,
    /// Who takes files inside.
    pub inner_consumer: Consumer,
    /// Packets a person went on without, by channel.
    pub waived: BTreeMap<ChannelName, BTreeSet<u64>>,
    /// Decisions of the test.
    pub dice: Random,
}

/// The channels of the standard world.
pub fn standard_channels() -> Vec<Channel> {
    let mut reports = channel(REPORTS, Side::Outer);
    reports.priority = 0;
    reports.screen.xml = true;
    reports.screen.max_bytes = 1 << 20;
    reports.screen.key = Some("^([A-Z0-9]+)_[^/]*\\.xml$".to_string());
    reports.source.folder_mut().expect("a channel of files").status = true;
    let mut replies = channel(REPLIES, Side::Inner);
    replies.batch.max_records = 2;
    vec![reports, channel(FILES, Side::Outer), replies]
}

impl World {
    /// Makes the standard world: two channels inward, one outward, both stations paired.
    pub fn new(seed: u64) -> Self {
        Self::with_channels(seed, standard_channels())
    }

    /// Makes a world with these channels.
    pub fn with_channels(seed: u64, channels: Vec<Channel>) -> Self {
        let clock = Arc::new(SimClock::at(BEGIN_MS));
        let nature = |salt: u64| Nature { seed: seed.wrapping_mul(8).wrapping_add(salt), clock: clock.clone() };
        let mut outer = SimStation::new(Side::Outer, &nature(1), channels.clone());
        let mut inner = SimStation::new(Side::Inner, &nature(2), channels.clone());
        let from =
            |side: Side| channels.iter().filter(move |channel| channel.from == side).map(|channel| channel.channel.as_str());
        inner.pair(&outer.card.clone(), &from(Side::Outer).collect::<Vec<_>>());
        outer.pair(&inner.card.clone(), &from(Side::Inner).collect::<Vec<_>>());
        let sequence = |index| Random::nth(seed, index);
        let number = |index| sequence(index).next_u64();
        Self {
            seed,
            outer_consumer: Consumer::of(&outer, number(1)),
            inner_consumer: Consumer::of(&inner, number(2)),
            outer,
            inner,
            inward: Gap::new(number(3)),
            outward: Gap::new(number(4)),
            outer_supplier: Supplier::new(number(5)),
            inner_supplier: Supplier::new(number(6)),
            waived: BTreeMap::new(),
            dice: sequence(7),
        }
    }

    /// Gives a station.
    pub fn side(&mut self, victim: Victim) -> &mut SimStation {
        match victim {
            Victim::Outer => &mut self.outer,
            Victim::Inner => &mut self.inner,
        }
    }

    /// Drops a mixture on all channels whose names begin with `prefix`: good files, refused ones, names in folders.
    pub fn drop_mixture(&mut self, prefix: &str) {
        let (supplier, outer) = (&mut self.outer_supplier, &self.outer);
        for index in 0..4 {
            supplier.drop_xml(outer, REPORTS, &format!("{prefix}{index}_a.xml"));
        }
        supplier.drop_bad_xml(outer, REPORTS, &format!("{prefix}9_cut.xml"));
        let bytes = supplier.fresh_xml();
        supplier.drop_as(outer, REPORTS, &format!("no-key-{prefix}.xml"), &bytes, Fate::Refused);
        supplier.drop_xml(outer, REPORTS, &format!("{prefix}5_last.xml"));
        for index in 0..4 {
            supplier.drop_file(outer, FILES, &format!("{prefix}/{index}.bin"));
        }
        supplier.drop_file(outer, FILES, &format!("{prefix}/deep/er/图.pdf"));
        for index in 0..3 {
            self.inner_supplier.drop_file(&self.inner, REPLIES, &format!("{prefix}-{index}.json"));
        }
    }

    /// Lets one side's consumers and its gap device take everything between any two operations of the station, or ends that.
    pub fn hurry(&self, victim: Victim, on: bool) {
        let (station, consumer, basket) = match victim {
            Victim::Outer => (&self.outer, self.outer_consumer.clone(), self.inward.basket.clone()),
            Victim::Inner => (&self.inner, self.inner_consumer.clone(), self.outward.basket.clone()),
        };
        let (ferry, log) = (station.station.ferry_out(), station.station.log_dir());
        station.hook.set(on.then(|| -> Act {
            Box::new(move |files| {
                consumer.take(files, 1.0);
                basket.take(files, &ferry, &log);
            })
        }));
    }

    /// One round of everything; true when something moved.
    ///
    /// # Errors
    /// The fault that ended a station's engine.
    pub fn round(&mut self, weather: &Weather) -> Result<bool, EngineFault> {
        self.outer.clock.advance(1000);
        let out = self.outer.step()?;
        let inward = self.inward.carry(&self.outer, &self.inner, weather);
        let inn = self.inner.step()?;
        let outward = self.outward.carry(&self.inner, &self.outer, weather);
        let taken = self.inner_consumer.take(&self.inner.files, 1.0) + self.outer_consumer.take(&self.outer.files, 1.0);
        let waits = |report: &PassReport| report.moved() || report.young + report.incomplete > 0;
        Ok(inward + outward + taken > 0 || waits(&out) || waits(&inn) || !self.inward.is_empty() || !self.outward.is_empty())
    }

    /// Runs rounds in fair weather until nothing moves.
    ///
    /// # Errors
    /// A fault of an engine, or that there was no rest within [`ROUNDS`].
    pub fn settle(&mut self) -> Result<(), String> {
        for _ in 0..ROUNDS {
            if !self.round(&Weather::FAIR).map_err(|fault| format!("a fault without a cause: {fault}"))? {
                return Ok(());
            }
        }
        Err(format!("no rest within {ROUNDS} rounds"))
    }

    /// Lets the senders resend what the receivers name as missing, round after round, until nothing is.
    ///
    /// # Errors
    /// A fault of an engine, a refused request, or that gaps stayed open.
    pub fn heal(&mut self) -> Result<(), String> {
        for _ in 0..ROUNDS {
            self.settle()?;
            let missing = [(Victim::Outer, gaps(&self.inner)?), (Victim::Inner, gaps(&self.outer)?)];
            if missing.iter().all(|(_, gaps)| gaps.is_empty()) {
                return Ok(());
            }
            for (sender, gaps) in missing {
                for (channel, from, to) in gaps {
                    let request = Request::Resend { channel, from, to, operator: "tester".to_string() };
                    let answer = self.side(sender).perform(&request).map_err(|fault| fault.to_string())?;
                    if answer.exit != 0 {
                        return Err(format!("a resend was refused: {}", answer.en));
                    }
                }
            }
        }
        Err("gaps stay open".to_string())
    }

    /// Comes to rest and checks every invariant.
    ///
    /// # Errors
    /// What does not hold.
    pub fn settle_and_check(&mut self) -> Result<(), String> {
        self.settle()?;
        verdict::check(self)
    }
}

/// What a receiver names as missing: channel, first and last number.
///
/// # Errors
/// When its store gives no answer.
pub fn gaps(station: &SimStation) -> Result<Vec<(ChannelName, u64, u64)>, String> {
    let gaps = dukou_shared::report::gaps(&mut station.store.clone()).map_err(|fault| fault.to_string())?;
    Ok(gaps.into_iter().map(|gap| (name(&gap.channel), gap.from, gap.to)).collect())
}
