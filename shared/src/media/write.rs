//! `media write`: what lies in the ferry directory goes onto volumes.
//!
//! Given: own packets in the ferry directory. Gives: volumes with the packets, their label, the registration sheet and, last, the signed manifest; the
//! packets leave the ferry directory. After a crash: the number is spent; the packets lie in the ferry directory still, or on a disc whose line is
//! durable, or on both, which does no harm. Never: a packet taken away that was not read back from the disc and named in a durable line.

use super::register::{Register, Written};
use super::sheet::{People, label, sheet};
use super::{DiscFault, LABEL, MANIFEST, SHEET, disc_answer, unless_passing, volume_dir};
use crate::engine::{Engine, PassReport};
use crate::error::EngineFault;
use crate::ferry::profile::{Order, VOLUME_RESERVE};
use crate::ferry::reading::head_of;
use crate::report::civil_time;
use crate::requests::Answer;
use crate::say;
use crate::seams::{FerryDir, FileCause, FileFault, FileOp, Ownership};
use crate::store::Change;
use dukou_packets::disc::{Carried, Manifest, PACKETS_MAX, VOLUMES_MAX};
use dukou_packets::log::line::Event;
use dukou_packets::packet::armor::FILE_MAX;
use dukou_packets::packet::header::{Class, Header};
use dukou_packets::suite::{Digest, sha256};
use std::path::{Path, PathBuf};

/// Bytes of one sector of a disc: a file takes whole ones.
const SECTOR: u64 = 2048;

/// Files of one page of the ferry directory.
const PAGE: usize = 10_000;

/// What a disc is made for.
#[derive(Clone, Debug)]
pub(crate) struct DiscOrder {
    pub(crate) dir: PathBuf,
    pub(crate) maker: String,
    pub(crate) receiver: String,
    pub(crate) title: String,
    pub(crate) operator: String,
}

/// A packet that lies in the ferry directory.
struct Waiting {
    name: String,
    bytes: u64,
    number: u64,
    what: String,
}

impl Engine {
    /// Writes a disc.
    pub(crate) fn media_write(&mut self, order: &DiscOrder) -> Result<Answer, EngineFault> {
        let device = self.station.config.link.device.config().clone();
        let Some(trust) = self.trust.clone().filter(|_| device.disc_bytes > 0) else {
            return Ok(self.no_disc(device.disc_bytes));
        };
        let waiting = match self.waiting_packets(device.order) {
            Ok(waiting) => waiting,
            Err(fault) => return unless_passing(fault.into()),
        };
        let most = if device.volumes == 0 { VOLUMES_MAX } else { device.volumes };
        let planned = plan(waiting.iter().map(|packet| packet.bytes), device.disc_bytes.saturating_sub(VOLUME_RESERVE), most);
        let Some(volumes) = planned.iter().copied().max() else { return Ok(nothing_to_write()) };
        if let Err(fault) = self.seams.files.list(&order.dir) {
            return disc_answer(DiscFault::sort(fault, &order.dir));
        }
        let identity = self.station.config.station.clone();
        let mut register: Register = self.state.fact()?;
        let disc = register.next_number(identity.id);
        // The number is spent before anything stands under it.
        self.commit_store(vec![Change::fact(&register)?])?;
        let mut manifest = Manifest {
            disc,
            environment: identity.environment,
            sender: identity.id,
            addressee: trust.peer.body().station,
            volume: 1,
            volumes,
            packets: Vec::new(),
        };
        let at_ms = self.seams.clock.wall_ms();
        let (at, peer) = (civil_time(at_ms), &trust.peer.body().name);
        let DiscOrder { title, maker, receiver, .. } = order;
        let people = People { title, maker, receiver, station: &identity.name, peer, at: &at };
        let written = self
            .copy_packets(&order.dir, &mut manifest, waiting.into_iter().zip(planned.iter().copied()))
            .and_then(|()| self.finish_volumes(&order.dir, &manifest, &people))
            .and_then(|()| self.read_back(&order.dir, &manifest));
        if let Err(fault) = written {
            return disc_answer(fault);
        }
        let (packets, list) = (manifest.packets.len() as u64, manifest.list());
        self.log.note(Event::MediaWritten {
            disc: manifest.disc.clone(),
            volumes: u64::from(volumes),
            packets,
            list,
            operator: order.operator.clone(),
        });
        self.commit_log()?;
        let (disc, [title, maker, receiver]) = (manifest.disc.clone(), [title, maker, receiver].map(Clone::clone));
        register.note_written(Written { disc, title, volumes, packets, list, maker, receiver, at_ms });
        self.commit_store(vec![Change::fact(&register)?])?;
        let left = self.take_away(&manifest)?;
        Ok(written_answer(&manifest, &order.dir, left))
    }

    fn no_disc(&self, disc_bytes: u64) -> Answer {
        Answer::no(|lang| match disc_bytes {
            0 => say!(
                lang,
                "本站的设备参数没有 disc_bytes（盘的字节数），没有写盘。请在 station.toml 的 [link] profile 指向 profiles/disc.toml 之类的参数后重试。",
                "This station's device profile has no disc_bytes; nothing was written. Let [link] profile in station.toml name a profile for discs, such as profiles/disc.toml, and try again."
            ),
            _ => say!(
                lang,
                "还没有配对，没有包可写盘。请先运行 trust 对方的密钥卡。",
                "Not paired yet, there are no packets to write. Run trust with the peer's card first."
            ),
        })
    }

    /// Gives the own packets in the ferry directory, whole ones, in the order of the device, as many as a disc takes.
    fn waiting_packets(&self, order: Order) -> Result<Vec<Waiting>, FileFault> {
        let ferry = self.seams.files.ferry_dir(&self.station.ferry_out())?;
        let (mut waiting, mut after) = (Vec::new(), String::new());
        loop {
            let page = ferry.page(&|name| self.is_packet_file(name), &after, PAGE)?;
            for (name, stat) in &page.entries {
                let Ok(open) = ferry.open(name) else { continue };
                let Ok(Ok((form, head))) = head_of(open.as_ref(), &self.keys.keyring) else { continue };
                if stat.len == form.file_len(head.expected_len()) {
                    let (number, what) = (head.header.number, description(&head.header));
                    waiting.push(Waiting { name: name.clone(), bytes: stat.len, number, what });
                }
            }
            match page.entries.last().filter(|_| page.more) {
                Some((last, _)) => after = last.clone(),
                None => break,
            }
        }
        if order != Order::Name {
            waiting.sort_by_key(|packet| packet.number);
        }
        waiting.truncate(PACKETS_MAX);
        Ok(waiting)
    }

    /// Copies the packets, each into its volume, and writes them down; those of volume 0 stay for another disc.
    fn copy_packets(
        &self,
        dir: &Path,
        manifest: &mut Manifest,
        packets: impl Iterator<Item = (Waiting, u32)>,
    ) -> Result<(), DiscFault> {
        let files = &self.seams.files;
        let station = |fault: FileFault| DiscFault::Station(fault.into());
        let ferry = files.ferry_dir(&self.station.ferry_out()).map_err(station)?;
        for volume in 1..=manifest.volumes {
            let place = volume_dir(dir, &manifest.disc, volume, manifest.volumes);
            files.make_dirs(&place).map_err(|fault| DiscFault::sort(fault, dir))?;
        }
        for (packet, volume) in packets.filter(|(_, volume)| *volume > 0) {
            let bytes = read_all(ferry.as_ref(), &packet.name, packet.bytes).map_err(station)?;
            let Some(bytes) = bytes else { continue };
            let path = volume_dir(dir, &manifest.disc, volume, manifest.volumes).join(&packet.name);
            files.write_new(&path, &[&bytes], &FOR_ALL).map_err(|fault| DiscFault::sort(fault, dir))?;
            let Waiting { name, bytes: len, number, what } = packet;
            manifest.packets.push(Carried { volume, name, bytes: len, digest: sha256(&[&bytes]), number, what });
        }
        Ok(())
    }

    /// Writes what goes with each volume, the manifest last: a volume without one is none.
    fn finish_volumes(&self, dir: &Path, manifest: &Manifest, people: &People<'_>) -> Result<(), DiscFault> {
        let files = &self.seams.files;
        let on_disc = |fault| DiscFault::sort(fault, dir);
        for volume in 1..=manifest.volumes {
            let manifest = Manifest { volume, ..manifest.clone() };
            let place = volume_dir(dir, &manifest.disc, volume, manifest.volumes);
            let signed = manifest.sign(self.keys.packet.as_ref()).map_err(|fault| DiscFault::Station(fault.into()))?;
            for (name, text) in [(LABEL, label(&manifest, people)), (SHEET, sheet(&manifest, people)), (MANIFEST, signed)] {
                files.write_new(&place.join(name), &[text.as_bytes()], &FOR_ALL).map_err(on_disc)?;
            }
            files.sync_dir(&place).map_err(on_disc)?;
        }
        files.sync_dir(dir).map_err(on_disc)?;
        files.sync_fs(dir).map_err(on_disc)
    }

    /// Reads every packet back from the volumes.
    fn read_back(&self, dir: &Path, manifest: &Manifest) -> Result<(), DiscFault> {
        for packet in &manifest.packets {
            let path = volume_dir(dir, &manifest.disc, packet.volume, manifest.volumes).join(&packet.name);
            let bytes = self.seams.files.read(&path, FILE_MAX).map_err(|fault| DiscFault::sort(fault, dir))?;
            if sha256(&[&bytes]) != packet.digest {
                return Err(DiscFault::Disc(FileFault { op: FileOp::Read, path, cause: FileCause::System(EIO) }));
            }
        }
        Ok(())
    }

    /// Takes the packets out of the ferry directory that are on the disc; gives how many stay for another one.
    fn take_away(&mut self, manifest: &Manifest) -> Result<u64, EngineFault> {
        let removed = self.seams.files.ferry_dir(&self.station.ferry_out()).and_then(|ferry| {
            for packet in &manifest.packets {
                // What was replaced meanwhile is another packet.
                if is_still(ferry.as_ref(), packet.bytes, &packet.name, packet.digest)? {
                    ferry.remove(&packet.name)?;
                }
            }
            ferry.sync()?;
            let page = ferry.page(&|name| self.is_packet_file(name), "", PAGE)?;
            Ok(page.entries.len() as u64)
        });
        match removed {
            Ok(left) => Ok(left),
            // They are on the disc and named in the log; carried twice they do no harm.
            Err(fault) => self.tolerate(fault, &mut PassReport::default()).map(|()| manifest.packets.len() as u64),
        }
    }
}

/// What a file on a disc is allowed: to be read by everyone.
const FOR_ALL: Ownership = Ownership { uid: None, gid: None, mode: Some(0o644) };

/// An input or output error, as the system numbers it.
const EIO: i32 = 5;

/// Reads a file of a known length; `None` when it is gone or has another one.
fn read_all(ferry: &dyn FerryDir, name: &str, len: u64) -> Result<Option<Vec<u8>>, FileFault> {
    let open = match ferry.open(name) {
        Err(fault) if fault.is_gone() => return Ok(None),
        open => open?,
    };
    let mut bytes = vec![0; len.min(FILE_MAX) as usize + 1];
    let count = open.read_at(0, &mut bytes)?;
    bytes.truncate(count);
    Ok((count as u64 == len).then_some(bytes))
}

fn is_still(ferry: &dyn FerryDir, len: u64, name: &str, digest: Digest) -> Result<bool, FileFault> {
    Ok(read_all(ferry, name, len)?.is_some_and(|bytes| sha256(&[&bytes]) == digest))
}

/// Says what a packet is, for the list of a disc.
fn description(header: &Header) -> String {
    match (header.class, &header.channel) {
        (Class::Cargo, Some(channel)) => format!("{channel}/{}/{}", header.epoch, header.seq),
        (Class::Repair, _) => "repair".to_string(),
        _ => "signal".to_string(),
    }
}

/// Gives each file its volume in order, from 1; 0 for those that stay for another disc.
fn plan(files: impl Iterator<Item = u64>, capacity: u64, volumes: u32) -> Vec<u32> {
    let (mut volume, mut used) = (1, 0);
    let mut place = |bytes: u64| {
        let bytes = bytes.div_ceil(SECTOR) * SECTOR;
        if bytes > capacity || volume > volumes {
            return 0;
        }
        if used + bytes > capacity {
            (volume, used) = (volume + 1, 0);
        }
        used += bytes;
        if volume > volumes { 0 } else { volume }
    };
    files.map(&mut place).collect()
}

fn nothing_to_write() -> Answer {
    Answer::no(|lang| {
        say!(
            lang,
            "摆渡目录里没有等着写盘的包，没有写盘。请先运行 pass，或检查 disc_bytes 是否太小。",
            "No packet in the ferry directory waits for a disc; nothing was written. Run pass first, or check whether disc_bytes is too small."
        )
    })
}

fn written_answer(manifest: &Manifest, dir: &Path, left: u64) -> Answer {
    let Manifest { disc, volumes, packets, .. } = manifest;
    let (count, dir) = (packets.len(), dir.display());
    Answer::done(count as u64, |lang| {
        let more = match left {
            0 => String::new(),
            left => {
                say!(lang, "；还有 {left} 个包没装下，请再写一盘", "; {left} more packet(s) did not fit, write another disc")
            }
        };
        say!(
            lang,
            "已把 {count} 个包写到 {dir} 下的 {volumes} 张（编号 {disc}），并读回核对；请每张各刻一盘，打印其中的介质登记单{more}。",
            "Wrote {count} packet(s) to {volumes} volume(s) of disc {disc} in {dir} and read them back; put each on a disc of its own and print its registration sheet{more}."
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packets_fill_volumes_in_order_and_what_does_not_fit_stays() {
        let capacity = 10 * SECTOR;
        let plan = |files: &[u64], volumes| plan(files.iter().map(|sectors| sectors * SECTOR), capacity, volumes);
        assert_eq!(plan(&[4, 6, 1, 9, 10], 9), [1, 1, 2, 2, 3]);
        assert_eq!(plan(&[4, 7, 7, 1], 2), [1, 2, 0, 0]);
        assert_eq!(plan(&[11, 1], 9), [0, 1], "one that fits on no disc holds up no other");
        assert_eq!(plan(&[], 9), [0; 0]);
        assert_eq!(super::plan([SECTOR - 1, 1].into_iter(), SECTOR, 9), [1, 2], "a file takes whole sectors");
    }
}
