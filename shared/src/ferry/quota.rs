//! The device's quota of the ferry directory, and who waits when it is used up.
//!
//! Given: what really lies in the ferry directory under packets' names. Gives: whether one more fits; a tenth is kept for urgent channels and
//! signals. After a crash: counted anew. Never: a packet dropped for want of room: it waits in the spool.

use super::fault::FerryFault;
use crate::engine::Engine;
use crate::error::EngineFault;
use crate::seams::{FerryDir, FileFault};
use crate::store::PacketRow;
use dukou_packets::packet::header::ChannelName;

/// Files of one page of a count.
const PAGE: usize = 10_000;

/// What stands between packets and the ferry directory, as the last try told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Obstacle {
    /// Nothing.
    #[default]
    None,
    /// The quota: only urgent packets may still fit.
    Full,
    /// The directory itself.
    Closed,
}

/// The way out of the station: its obstacle, and how much room there is.
#[derive(Debug, Default)]
pub(crate) struct WayOut {
    pub(crate) obstacle: Obstacle,
    /// What lies in the ferry directory, counted once a look; `None` before.
    lying: Option<Lying>,
    /// Since when (running time) the files lie there that this run has seen.
    pub(crate) since: super::presumed::Since,
}

/// Packets that lie in the ferry directory.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Lying {
    files: u64,
    bytes: u64,
}

impl WayOut {
    /// Begins a look: what stood in the way may be gone.
    pub(crate) fn begin_look(&mut self) {
        self.obstacle = Obstacle::None;
        self.count_anew();
    }

    /// Lets what lies there be counted anew: something of it was taken back.
    pub(crate) fn count_anew(&mut self) {
        self.lying = None;
    }
}

impl Engine {
    /// Takes the room for one more file; urgent ones may use the reserve.
    ///
    /// # Errors
    /// [`FerryFault::Full`], or that the directory cannot be listed.
    pub(crate) fn take_room(&mut self, ferry: &dyn FerryDir, urgent: bool, bytes: u64) -> Result<(), EngineFault> {
        let config = self.station.config.link.device.config();
        let (most_bytes, most_files) = (config.quota_bytes, config.quota_files);
        if most_bytes == 0 && most_files == 0 {
            return Ok(());
        }
        let lying = match self.way_out.lying {
            Some(lying) => lying,
            None => self.count_lying(ferry)?,
        };
        let share = |most: u64| if urgent { most } else { most - most / 10 };
        let fits = |most: u64, now: u64, more: u64| most == 0 || now.saturating_add(more) <= share(most);
        if !fits(most_bytes, lying.bytes, bytes) || !fits(most_files, lying.files, 1) {
            let dir = self.station.ferry_out();
            return Err(FerryFault::Full { dir, files: lying.files, bytes: lying.bytes }.into());
        }
        self.way_out.lying = Some(Lying { files: lying.files + 1, bytes: lying.bytes + bytes });
        Ok(())
    }

    /// True where the device bounds what may lie in the ferry directory.
    pub(crate) fn has_quota(&self) -> bool {
        let config = self.station.config.link.device.config();
        config.quota_bytes > 0 || config.quota_files > 0
    }

    /// Gives how much of what is not urgent may fill of the quota lies there, in per cent; `None` where there is no quota or the directory cannot be read.
    pub(crate) fn quota_percent(&mut self) -> Option<u64> {
        if !self.has_quota() {
            return None;
        }
        let config = self.station.config.link.device.config();
        let (most_bytes, most_files) = (config.quota_bytes, config.quota_files);
        let ferry = self.seams.files.ferry_dir(&self.station.ferry_out()).ok()?;
        let lying = self.count_lying(ferry.as_ref()).ok()?;
        let percent = |now: u64, most: u64| now.saturating_mul(100).checked_div(most - most / 10).unwrap_or(0);
        Some(percent(lying.bytes, most_bytes).max(percent(lying.files, most_files)))
    }

    fn count_lying(&self, ferry: &dyn FerryDir) -> Result<Lying, FileFault> {
        let (mut lying, mut after) = (Lying::default(), String::new());
        loop {
            let page = ferry.page(&|name| self.is_packet_file(name), &after, PAGE)?;
            lying.files += page.entries.len() as u64;
            lying.bytes += page.entries.iter().map(|(_, stat)| stat.len).sum::<u64>();
            match page.entries.last().filter(|_| page.more) {
                Some((last, _)) => after = last.clone(),
                None => return Ok(lying),
            }
        }
    }

    /// Tells whether a channel may seal more: not while packets of its own wait, nor while nothing can leave, and when the quota is used up
    /// only urgent ones.
    pub(crate) fn may_take_on(&self, at: usize) -> bool {
        let channel = &self.outgoing[at].channel;
        match self.way_out.obstacle {
            _ if self.unplaced.is_empty() => true,
            _ if self.waits_to_leave(&channel.channel) => false,
            Obstacle::Closed => false,
            Obstacle::Full => channel.priority == 0,
            Obstacle::None => true,
        }
    }

    /// Tells whether packets of a channel wait for the ferry directory.
    pub(crate) fn waits_to_leave(&self, channel: &ChannelName) -> bool {
        self.unplaced.iter().any(|row| row.key.channel == *channel)
    }

    /// Gives the priority of a packet's channel; one that is configured no more is the last.
    pub(crate) fn priority_of(&self, row: &PacketRow) -> u8 {
        let channel = self.outgoing.iter().find(|outgoing| outgoing.channel.channel == row.key.channel);
        channel.map_or(u8::MAX, |outgoing| outgoing.channel.priority)
    }
}
