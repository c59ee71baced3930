//! The receiver's side of a gap report: how far every channel is, what it misses, signed.
//!
//! Given: the state. Gives: a report under a number of its own. After a crash: the number may be skipped, it is never used twice. Never: a record's name,
//! or a claim about packets of which nothing was heard.

use crate::engine::Engine;
use crate::epoch::accepting::heads_known;
use crate::error::EngineFault;
use crate::store::facts::Fact;
use crate::store::{Change, Direction, InHead, StoreFault};
use dukou_packets::gap_report::{ChannelReport, GapReport, GapReportFault};
use dukou_packets::packet::header::{ChannelName, LogHead};
use dukou_packets::suite::{Digest, StationId};
use serde::{Deserialize, Serialize};

/// The number of the newest gap report of this station.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Reported(u64);

impl Fact for Reported {
    const NAME: &str = "gap-report";
}

/// A report that was made: itself, and the text of its file.
pub(crate) type Made = (GapReport, String);

impl Engine {
    /// Makes the next gap report for `addressee`.
    pub(crate) fn make_gap_report(&mut self, addressee: StationId) -> Result<Result<Made, GapReportFault>, EngineFault> {
        self.flush()?;
        let number = self.state.fact::<Reported>()?.0 + 1;
        let channels = self.channel_reports()?;
        let identity = &self.station.config.station;
        let report = GapReport {
            station: identity.id,
            addressee,
            environment: identity.environment,
            report: number,
            clock_ms: u64::try_from(self.seams.clock.wall_ms()).unwrap_or(0),
            log: self.state.log.unwrap_or(LogHead::NONE),
            number: self.next_number(),
            heard: self.newest_of_the_peer()?,
            more: false,
            channels,
        };
        // From here on the number is used.
        self.commit_store(vec![Change::fact(&Reported(number))?])?;
        Ok(report.issue(self.keys.packet.as_ref()))
    }

    fn channel_reports(&mut self) -> Result<Vec<ChannelReport>, EngineFault> {
        let mut missing = self.find_gaps()?;
        let report = |(channel, head): (ChannelName, InHead)| ChannelReport {
            epoch: head.epoch,
            seq: head.seq,
            header: head.header.filter(|_| head.seq > 0).unwrap_or(Digest::ZERO),
            known: head.known.max(head.seq),
            missing: missing.remove(&channel).map(|(_, ranges)| ranges).unwrap_or_default(),
            channel,
        };
        // Of an epoch whose opening was lost the report says that nothing of it is here: the sender places the opening again.
        Ok(heads_known(&self.state)?.into_iter().map(report).collect())
    }

    /// Gives the highest packet number heard of the peer: of its newest signal, and of each channel's newest applied packet.
    fn newest_of_the_peer(&mut self) -> Result<u64, StoreFault> {
        let mut heard = self.state.signal_in.map_or(0, |(_, number)| number);
        for (channel, head) in self.state.in_heads.clone() {
            let key = Self::packet_key(Direction::In, &channel, head.epoch, head.seq);
            heard = heard.max(self.store().packet(&key)?.map_or(0, |row| row.number));
        }
        Ok(heard)
    }
}
