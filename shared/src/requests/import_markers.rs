//! `schema import`: marker packets that a person carried are taken in by the ordinary way.
//!
//! Given: a file of sealed packets, one after another. Gives: each of them in the ferry directory, where the next look picks it up: signature, order and log as of any
//! packet; its document in the book at once, so that people can read and judge it early; and, where this station knows a marker as applied and has lost which version its
//! end is at, that version. After a crash: performed again, and what is there already is a repeat. Never: a packet that is no marker, or not of the peer; a change applied by it.

use super::Answer;
use crate::engine::Engine;
use crate::error::{EngineFault, Policy};
use crate::receive::marker::says_what_it_carries;
use crate::say;
use crate::schema::versions::number_of;
use dukou_packets::limits::{HEADER_MAX, MARKER_CHANNELS_MAX, MARKER_MAX};
use dukou_packets::packet::header::KIND_MARKER;
use dukou_packets::packet::marker::{Marker, read_marker};
use dukou_packets::packet::name::file_name_as;
use dukou_packets::packet::open::{VerifiedHead, open_payload, read_head};
use dukou_packets::suite::{Digest, LinkId};
use std::path::Path;

/// Largest file: a marker for each channel that a change may concern.
const FILE_MAX: u64 = MARKER_CHANNELS_MAX as u64 * (MARKER_MAX + 2 * HEADER_MAX as u64);

impl Engine {
    pub(super) fn import_markers(&mut self, file: &Path) -> Result<Answer, EngineFault> {
        let shown = file.display().to_string();
        let bytes = match self.seams.files.read(file, FILE_MAX) {
            Ok(bytes) => bytes,
            Err(fault) if EngineFault::from(fault.clone()).policy() == Policy::Retry || fault.is_gone() => {
                return Ok(Answer::no(|lang| {
                    say!(
                        lang,
                        "{shown} 读不了，没有读入任何东西。请给出本站账号能读的文件。",
                        "{shown} cannot be read and nothing was taken in. Name a file that the station's account can read."
                    )
                }));
            }
            Err(fault) => return Err(fault.into()),
        };
        let Some((link, packets)) = self.markers_in(&bytes) else {
            return Ok(Answer::no(|lang| {
                say!(
                    lang,
                    "{shown} 不是对方 schema export 写的文件，或已损坏，没有读入任何东西。请向对方再要一份。",
                    "{shown} was not written by the peer's schema export, or is damaged; nothing was taken in. Ask the peer for it again."
                )
            }));
        };
        let (dir, extension) =
            (self.seams.files.ferry_dir(&self.station.ferry_in())?, self.station.config.link.device.extension());
        let count = packets.len() as u64;
        for packet in packets.iter().copied() {
            dir.place(&file_name_as(9, link, extension, self.seams.random.as_ref()), &[packet])?;
        }
        dir.sync()?;
        self.note_carried(&packets)?;
        Ok(Answer::done(count, |lang| {
            say!(
                lang,
                "已从 {shown} 取出 {count} 个标记包放进摆渡目录，下一轮照常收取（已有的算重复）。",
                "{count} marker packet(s) from {shown} were put into the ferry directory; the next look takes them in as any other (those that are here already are repeats)."
            )
        }))
    }

    /// Writes what the markers carry into the book, the lower versions first, and recalls which of them were applied. One that begins at a version that nobody knows
    /// here, or is signed by others than the peer's approvers, is judged when its channel meets it.
    fn note_carried(&mut self, packets: &[&[u8]]) -> Result<(), EngineFault> {
        let Some(trust) = &self.trust else { return Ok(()) };
        let opened = packets.iter().filter_map(|packet| {
            let head = read_head(packet, &trust.peer).ok()?;
            let payload = packet.get(packet.len().checked_sub(usize::try_from(head.header.payload_len).ok()?)?..)?;
            let plain = open_payload(&head, payload.to_vec(), &[self.keys.encryption.as_ref()]).ok()?;
            let marker = read_marker(&head, &plain).ok()?;
            (says_what_it_carries(&marker) && self.is_signed_by_peer(&marker)).then_some((head, marker))
        });
        let mut opened: Vec<(VerifiedHead, Marker)> = opened.collect();
        opened.sort_by_key(|(_, marker)| marker.change.to());
        for (head, marker) in &opened {
            if !self.is_known_version(&marker.change.structure, &marker.change.before)? {
                continue;
            }
            let changes = self.of_book(marker)?;
            if !changes.is_empty() {
                self.commit_store(changes)?;
            }
            self.recall_version(head, marker)?;
        }
        Ok(())
    }

    fn is_known_version(&mut self, structure: &str, version: &Digest) -> Result<bool, EngineFault> {
        let of_structure = self.structured.iter().find(|channel| channel.structure.as_deref() == Some(structure)).cloned();
        let first = of_structure.map(|channel| self.structure_of(&channel)).transpose()?.flatten();
        let is_first = first.is_some_and(|first| first.digest == *version);
        Ok(is_first || number_of(&self.store().book()?, version).is_some())
    }

    /// Gives the packets of a file: markers of the peer's, whole and nothing else; `None` where it holds anything else.
    fn markers_in<'a>(&self, bytes: &'a [u8]) -> Option<(LinkId, Vec<&'a [u8]>)> {
        let peer = &self.trust.as_ref()?.peer;
        let (mut packets, mut rest) = (Vec::new(), bytes);
        while !rest.is_empty() {
            let head = read_head(rest, peer).ok().filter(|head| head.header.kind == KIND_MARKER)?;
            let length = usize::try_from(head.expected_len()).ok()?;
            let (packet, behind) = rest.split_at_checked(length)?;
            packets.push(packet);
            rest = behind;
        }
        let link = LinkId::between(peer.body().station, self.station.config.station.id);
        (!packets.is_empty()).then_some((link, packets))
    }
}
