//! What arrives while a channel's rows are applied: its next packets, so that they are opened while the sink works.
//!
//! Given: a look that is under way, and the place up to which a channel's packets were gathered. Gives: packets behind that place that the look did not see, judged as
//! any others. After a crash: nothing was changed. Never: anything else that came: the next look has it; more than a few of such looks in one turn.

use super::order::Place;
use super::pick_up::{LOOK_ENTRIES, Look, Picked};
use crate::engine::{Engine, PassReport};
use crate::error::EngineFault;
use dukou_packets::packet::header::{ChannelName, Class};
use std::collections::VecDeque;

/// How often in one turn a channel looks for what came meanwhile: others have their turn, too.
pub(super) const LOOKS: u32 = 16;

impl Engine {
    /// Gives the packets of a channel that came since the look, behind this place, by their numbers; the place is closed where one of them holds the channel.
    pub(super) fn came_meanwhile(
        &mut self,
        channel: &ChannelName,
        at: &mut Place,
        report: &mut PassReport,
    ) -> Result<VecDeque<Picked>, EngineFault> {
        let unseen = self.unseen(channel, at);
        if unseen.is_empty() {
            return Ok(VecDeque::new());
        }
        let mut look = Look::default();
        look.cargo.insert(channel.clone(), unseen);
        let came = self.judge(look, report)?.cargo.remove(channel).unwrap_or_default();
        let came = self.sort_arrivals(channel, came, report)?;
        if self.state.holds.contains_key(channel) {
            at.close();
        }
        Ok(came)
    }

    /// Gives the packets behind a place that the look did not see. Whatever is wrong with the directory, the next look says.
    fn unseen(&mut self, channel: &ChannelName, at: &Place) -> Vec<Picked> {
        let dir = self.station.ferry_in();
        let listed = self.seams.files.ferry_dir(&dir).and_then(|ferry| {
            let page = ferry.page(&|name| self.is_packet_file(name), "", LOOK_ENTRIES)?;
            Ok((ferry, page))
        });
        let mut unseen = Vec::new();
        let Some((ferry, page)) = listed.ok().filter(|_| !self.pick_up.has_more()) else { return unseen };
        for (name, _) in page.entries {
            if !self.pick_up.looked_at.insert(name.clone()) {
                continue;
            }
            let Ok(Ok((form, head))) = self.read_one_head(ferry.as_ref(), &name) else { continue };
            let is_of = head.header.class == Class::Cargo && head.header.channel.as_ref() == Some(channel);
            if is_of && at.is_before(&head.header) && self.is_granted(channel) {
                self.note_arrival(head.digest);
                unseen.push(Picked { dir: dir.clone(), name, form, head });
            }
        }
        unseen.sort_by_key(|picked| picked.head.header.seq);
        unseen
    }
}
