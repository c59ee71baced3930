//! A sink that is given every packet with its neighbours in runs: the same suite must hold.

use crate::connectors::tables::run::tests::in_runs;
use crate::connectors::tables::{Mark, RowPacket, TableFault, TableSink};
use dukou_packets::packet::header::ChannelName;

/// A sink behind runs.
pub(in super::super) struct InRuns(pub(in super::super) Box<dyn TableSink>);

impl TableSink for InRuns {
    fn mark(&mut self, channel: &ChannelName) -> Result<Option<Mark>, TableFault> {
        self.0.mark(channel)
    }

    fn apply(&mut self, channel: &ChannelName, packet: &RowPacket) -> Result<(), TableFault> {
        self.0.apply_runs(channel, &in_runs(packet))
    }

    fn pass_over(&mut self, channel: &ChannelName, mark: &Mark) -> Result<(), TableFault> {
        self.0.pass_over(channel, mark)
    }

    fn check(&mut self) -> Result<Vec<TableFault>, TableFault> {
        self.0.check()
    }
}
