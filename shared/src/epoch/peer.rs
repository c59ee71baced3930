//! Another peer in the place of the old one.
//!
//! Given: the trusted card, and the peer that the state belongs to. Gives: incoming heads closed, outgoing channels in a new epoch behind none, the old peer's packets
//! out of the ferry directory. After a crash: the
//! trusted card is the commit line; a start that finds the state to belong to another peer does the rest. Never: a packet of the old peer taken
//! for the new one's.

use super::opening::{Order, ReceiverHeads};
use crate::engine::{Engine, PassReport};
use crate::error::EngineFault;
use crate::ferry::taken_back::FormerPeers;
use crate::gaps::owed::Owed;
use crate::store::facts::Fact;
use crate::store::{Change, Direction, PacketRow, PacketState};
use dukou_packets::suite::StationId;
use serde::{Deserialize, Serialize};

/// The peer that the state belongs to; none before the first one is known.
#[derive(Debug, Default, Serialize, Deserialize)]
struct StateOf(Option<StationId>);

impl Fact for StateOf {
    const NAME: &str = "state-of-peer";
}

impl Engine {
    /// Makes the state that of the trusted peer; true when there was another one before.
    pub(crate) fn settle_peer(&mut self) -> Result<bool, EngineFault> {
        let Some(trust) = &self.trust else { return Ok(false) };
        let (peer, operator) = (trust.peer.body().station, trust.grant.operator.clone());
        let source = trust.peer.digest();
        let before = self.state.fact::<StateOf>()?.0;
        if before == Some(peer) {
            return Ok(false);
        }
        let now = Change::fact(&StateOf(Some(peer)))?;
        if before.is_none() {
            // Before this was remembered a station had one peer for good.
            self.ride(now);
            return Ok(false);
        }
        // Before the openings are sealed: they echo the peer's log, and to the new peer the old one's would tell that it was restored.
        let doubts = self.forget_doubts()?;
        self.commit_store(doubts)?;
        // What the old peer was owed only it could open.
        let mut changes = vec![now, Owed::forgotten()];
        changes.extend(self.close_incoming()?);
        changes.push(self.forget_covers());
        let heads = ReceiverHeads { source, ..ReceiverHeads::default() };
        changes.push(self.reseals_wait()?);
        changes.push(FormerPeers::until(self.numbers_used())?);
        self.unplaced.clear();
        let channels = self.leaving(None);
        let order = Order { channels, heads: &heads, code: "new-peer", operator: &operator, changes };
        self.open_epochs(order, &mut PassReport::default())?;
        self.take_back_when_due(&mut PassReport::default())?;
        Ok(true)
    }

    /// True while the state is that of another peer than the trusted one: nothing of it may be placed.
    pub(crate) fn peer_changes(&self) -> Result<bool, EngineFault> {
        let (of, trust) = (self.state.fact::<StateOf>()?.0, self.trust.as_ref());
        Ok(of.zip(trust).is_some_and(|(of, trust)| of != trust.peer.body().station))
    }

    /// What came in from the old peer stays as evidence; its heads, holds and unfinished files end.
    fn close_incoming(&mut self) -> Result<Vec<Change>, EngineFault> {
        let mut changes = self.forget_upcoming()?;
        for channel in self.state.in_heads.keys().chain(self.incoming.keys()) {
            changes.push(Change::InHeadClosed(channel.clone()));
            changes.push(Change::Unfinished(Direction::In, channel.clone(), None));
            changes.push(Change::Hold(channel.clone(), None));
        }
        for row in self.store().packets_in(Direction::In, &[PacketState::Early], usize::MAX)? {
            changes.push(Change::Rebuilt(PacketRow { state: PacketState::Late, ..row }));
        }
        Ok(changes)
    }
}
