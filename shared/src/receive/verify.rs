//! Verifying: the bounded copy of a packet, and only the copy is used from then on.
//!
//! Given: a packet with a verified head. Gives: its bytes in memory and in the private spool (not synced), digest checked. After a crash: a
//! copy without a row is overwritten by the next one. Never: a byte used that was read from the ferry directory a second time.

use super::pick_up::Picked;
use crate::alarm::watch::Heard;
use crate::engine::{Engine, PassReport};
use crate::error::EngineFault;
use crate::ferry::reading::packet_of;
use crate::seams::{FileCause, Ownership};
use crate::store::{Change, Direction, InHead, PacketRow, PacketState};
use dukou_packets::limits;
use dukou_packets::packet::header::ChannelName;
use dukou_packets::packet::open::{Refusal, VerifiedHead};
use dukou_packets::suite::{Digest, sha256};
use std::path::Path;

/// A packet whose every byte is as its sender signed it.
pub(crate) struct Verified {
    pub(crate) head: VerifiedHead,
    pub(crate) payload: Vec<u8>,
    pub(crate) row: PacketRow,
    /// Where it still lies in the ferry directory; `None` for a packet of the spool.
    pub(crate) picked: Option<(std::path::PathBuf, String)>,
}

impl Engine {
    /// Copies and checks a picked packet; `None` when it was set aside or is gone.
    pub(crate) fn verify(
        &mut self,
        channel: &ChannelName,
        picked: Picked,
        report: &mut PassReport,
    ) -> Result<Option<Verified>, EngineFault> {
        let ferry = match self.seams.files.ferry_dir(&picked.dir) {
            Ok(ferry) => ferry,
            Err(fault) => return self.tolerate(fault, report).map(|()| None),
        };
        let open = match ferry.open(&picked.name) {
            Ok(open) => open,
            Err(fault) if fault.is_gone() => return Ok(None),
            Err(fault) => return self.tolerate(fault, report).map(|()| None),
        };
        let read = match packet_of(open.as_ref(), picked.form, picked.head.expected_len()) {
            Ok(read) => read,
            Err(fault) => return self.tolerate(fault, report).map(|()| None),
        };
        let mut bytes = match read.and_then(|bytes| check_copy(&picked.head, &bytes).map(|()| bytes)) {
            Ok(bytes) => bytes,
            Err(refusal) => {
                self.learn(&picked.head)?;
                self.set_aside(&picked.dir, &picked.name, refusal.code());
                return Ok(None);
            }
        };
        self.heard(Heard::Packet)?;
        let row = self.incoming_row(channel, &picked.head);
        let path = self.spool_path(Direction::In, row.spool.as_deref().unwrap_or_default());
        self.seams.files.remove(&path)?;
        self.write_copy(&path, &bytes)?;
        let payload = bytes.split_off(picked.head.head_len);
        Ok(Some(Verified { head: picked.head, payload, row, picked: Some((picked.dir, picked.name)) }))
    }

    /// Writes the private copy; a spool that somebody removed is made anew.
    fn write_copy(&self, path: &Path, bytes: &[u8]) -> Result<(), EngineFault> {
        let files = &self.seams.files;
        match files.write_new(path, &[bytes], &Ownership::default()) {
            Err(fault) if fault.cause == FileCause::NotFound => {
                let dir = self.station.spool_in();
                files.make_dirs(&dir)?;
                files.own(&dir, &Ownership { mode: Some(0o700), ..Ownership::default() })?;
                Ok(files.write_new(path, &[bytes], &Ownership::default())?)
            }
            written => Ok(written?),
        }
    }

    /// Reads an early packet back from the spool; `None` when it is gone or rotted there.
    pub(crate) fn verify_kept(&mut self, row: PacketRow) -> Result<Option<Verified>, EngineFault> {
        let path = self.spool_path(Direction::In, row.spool.as_deref().unwrap_or_default());
        let mut bytes = match self.seams.files.read(&path, limits::SEALED_MAX + limits::HEADER_MAX as u64) {
            Err(fault) if fault.is_gone() => return Ok(None),
            read => read?,
        };
        let believed = super::pick_up::Believed(self.trust.as_ref().map(|trust| &trust.peer));
        let head = match dukou_packets::packet::open::read_head(&bytes, &believed) {
            Ok(head) if head.digest == row.header && check_copy(&head, &bytes).is_ok() => head,
            _ => return Ok(None),
        };
        let payload = bytes.split_off(head.head_len);
        Ok(Some(Verified { head, payload, row, picked: None }))
    }

    /// Remembers that a number exists: what a damaged packet's valid head still proves.
    pub(crate) fn learn(&mut self, head: &VerifiedHead) -> Result<(), EngineFault> {
        let Some(channel) = head.header.channel.clone().filter(|channel| self.is_granted(channel)) else { return Ok(()) };
        let (epoch, seq) = (head.header.epoch, head.header.seq);
        let known = match self.in_head(&channel) {
            Some(known) if known.epoch != epoch || known.known >= seq => return Ok(()),
            Some(known) => InHead { known: seq, ..known.clone() },
            None => InHead { epoch, seq: 0, header: Some(Digest::ZERO), known: seq },
        };
        self.commit_store(vec![Change::InHead(channel, known)])
    }

    fn incoming_row(&self, channel: &ChannelName, head: &VerifiedHead) -> PacketRow {
        let header = &head.header;
        PacketRow {
            spool: Some(format!("{}-{}-{:012}.dkp", channel, header.epoch, header.seq)),
            key: Self::packet_key(Direction::In, channel, header.epoch, header.seq),
            number: header.number,
            header: head.digest,
            prev: header.prev,
            root: header.root,
            records: header.record_count,
            tombstones: 0,
            plain_bytes: header.plain_len,
            sealed_bytes: head.expected_len(),
            state: PacketState::Early,
            sources_pending: false,
            at_ms: self.seams.clock.wall_ms(),
            done_ms: None,
            run_ms: self.running_ms(),
        }
    }
}

fn check_copy(head: &VerifiedHead, bytes: &[u8]) -> Result<(), Refusal> {
    let (first, payload) = bytes.split_at_checked(head.head_len).ok_or(Refusal::Short)?;
    // The file may have been swapped since its head was verified.
    if sha256(&[first]) != head.digest {
        return Err(Refusal::Signature);
    }
    head.check_payload(sha256(&[payload]), payload.len() as u64)
}
