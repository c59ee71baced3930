//! W7 and W8: what a packet costs when its records are small, or when there is only one of them.

use std::fs::{self, File};
use std::io::Read;
use std::ops::Range;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use dukou_rehearsal::table::Table;

use super::measure::{Contender, Durability};
use super::place::Place;
use super::product::{CHANNEL, Pair, Shape};
use super::workload::{Workload, files_below};
use crate::station::set;
use crate::workspace::Programs;

/// Row of W8's yardstick.
pub(super) const DURABLE_LOOP: &str = "write, fsync, rename, fsync directory";

/// Where FORMAT.md section 1 puts the header; section 2 begins it with the class and has `payload_len` in it.
const HEADER_OFFSET: usize = 16;
const CARGO: u8 = 1;
const REPAIR: u8 = 3;
const PAYLOAD_LEN: Range<usize> = 192..200;

/// Measures W7: bytes in the ferry directory beside the compressed payload alone.
pub(super) fn overhead(programs: &Programs, workload: &Workload, place: &Place) -> Result<String> {
    let directory = place.fresh()?;
    let pair = Pair::make(programs, &directory, Shape::Messages)?;
    pair.drop_files(workload)?;
    pair.pass()?;
    let cargo = cargo_packets(&pair.outer.path("ferry/out"))?;
    ensure!(cargo.packets > 0, "no cargo packet was published");
    let parity = parity_bytes(programs, workload, place)?;
    let bodies = compressed_alone(workload)?;
    fs::remove_dir_all(&directory)?;
    let mut table = Table::new(["what", "bytes"]);
    for (what, bytes) in [
        ("records", workload.bytes),
        ("their bodies alone, one zstd -3 frame", bodies),
        ("cargo packets, whole files", cargo.bytes),
        ("cargo packets, payloads: bodies and what the records say of them, compressed and sealed", cargo.payload_bytes),
        ("apart: one delayed repeat of them, where it is set", cargo.bytes),
        ("apart: repair packets over them, where 10+2 is set (2 for these few packets, too)", parity),
    ] {
        table.row([what, &bytes.to_string()]);
    }
    let beside = |payload: u64| {
        let share = cargo.bytes as f64 / payload as f64 - 1.0;
        format!("{:.2} % ({})", share * 100.0, if share < 0.05 { "met" } else { "missed" })
    };
    Ok(format!(
        "{}\n- W7 bytes beside the compressed payload in {} packets, goal < 5 %: {}; beside the compressed bodies alone: {}\n",
        table.markdown(),
        cargo.packets,
        beside(cargo.payload_bytes),
        beside(bodies)
    ))
}

/// Gives the bytes of the repair packets that 10+2 adds to the same records.
fn parity_bytes(programs: &Programs, workload: &Workload, place: &Place) -> Result<u64> {
    let directory = place.fresh()?;
    let pair = Pair::make(programs, &directory, Shape::Messages)?;
    pair.outer.configure("station.toml", |table| set(table, "link", "repair_parity", 2))?;
    pair.drop_files(workload)?;
    pair.pass()?;
    let repair = packets_of(&pair.outer.path("ferry/out"), REPAIR)?;
    ensure!(repair.packets > 0, "no repair packet was published");
    fs::remove_dir_all(&directory)?;
    Ok(repair.bytes)
}

/// The cargo packets in a ferry directory.
#[derive(Debug, Default)]
struct CargoPackets {
    packets: u64,
    bytes: u64,
    payload_bytes: u64,
}

/// Counts cargo packets and their bytes; signals travel beside them.
fn cargo_packets(directory: &Path) -> Result<CargoPackets> {
    packets_of(directory, CARGO)
}

fn packets_of(directory: &Path, class: u8) -> Result<CargoPackets> {
    let mut found = CargoPackets::default();
    for name in files_below(directory)? {
        let path = directory.join(name);
        let mut start = [0; HEADER_OFFSET + PAYLOAD_LEN.end];
        let is_packet = File::open(&path)?.read_exact(&mut start).is_ok();
        let header = &start[HEADER_OFFSET..];
        if is_packet && header.starts_with(&[class]) {
            let mut length = [0; 8];
            length.copy_from_slice(&header[PAYLOAD_LEN]);
            found.packets += 1;
            found.bytes += fs::metadata(&path)?.len();
            found.payload_bytes += u64::from_le_bytes(length);
        }
    }
    Ok(found)
}

fn compressed_alone(workload: &Workload) -> Result<u64> {
    let mut bodies = Vec::with_capacity(workload.bytes as usize);
    for name in files_below(&workload.directory)? {
        bodies.extend(fs::read(workload.directory.join(name))?);
    }
    Ok(zstd::bulk::compress(&bodies, 3)?.len() as u64)
}

/// Gives W8's two rows: the sending station with one record a packet, and the file system alone.
pub(super) fn one_record_packets(
    name: &'static str,
    programs: &Programs,
    workload: &Workload,
) -> Result<Vec<Box<dyn Contender>>> {
    let bytes = sealed_bytes_of_one(workload)?;
    Ok(vec![
        Box::new(Sender { name, programs: programs.clone(), workload: workload.clone(), pair: None }),
        Box::new(DurableLoop { programs: programs.clone(), count: workload.files, bytes }),
    ])
}

/// Guesses the length of a packet of one message: compressed alone, with header, stanzas and signature.
fn sealed_bytes_of_one(workload: &Workload) -> Result<usize> {
    let first = fs::read(workload.directory.join(workload.last_file()?))?;
    Ok(zstd::bulk::compress(&first, 3)?.len() + 800)
}

struct Sender {
    name: &'static str,
    programs: Programs,
    workload: Workload,
    pair: Option<Pair>,
}

impl Contender for Sender {
    fn name(&self) -> &str {
        self.name
    }

    fn durability(&self) -> Durability {
        Durability::Strict
    }

    fn prepare(&mut self, directory: &Path) -> Result<()> {
        let pair = Pair::make(&self.programs, directory, Shape::Messages)?;
        pair.configure_channel(|table| set(table, "batch", "max_records", 1))?;
        pair.drop_files(&self.workload)?;
        self.pair = Some(pair);
        Ok(())
    }

    fn go(&mut self, _: &Path) -> Result<()> {
        self.pair.as_ref().context("the stations are not ready")?.pass()
    }

    fn check(&mut self, _: &Path) -> Result<Option<u64>> {
        let pair = self.pair.take().context("the stations are not ready")?;
        let status = pair.outer.status()?;
        let channel = status.channel(CHANNEL).context("the channel is gone")?;
        let CargoPackets { packets, bytes, .. } = cargo_packets(&pair.outer.path("ferry/out"))?;
        ensure!(packets == self.workload.files, "{packets} packets were published, {} messages dropped", self.workload.files);
        ensure!(channel.accepted == self.workload.files, "{} messages were accepted", channel.accepted);
        Ok(Some(bytes))
    }
}

struct DurableLoop {
    programs: Programs,
    count: u64,
    bytes: usize,
}

impl Contender for DurableLoop {
    fn name(&self) -> &str {
        DURABLE_LOOP
    }

    fn durability(&self) -> Durability {
        Durability::Strict
    }

    fn prepare(&mut self, _: &Path) -> Result<()> {
        Ok(())
    }

    fn go(&mut self, directory: &Path) -> Result<()> {
        let (count, bytes) = (self.count.to_string(), self.bytes.to_string());
        let status = Command::new(&self.programs.xtask)
            .args(["floor", "durable"])
            .arg(directory)
            .args(["--count", &count, "--bytes", &bytes])
            .status()?;
        ensure!(status.success(), "the loop failed ({status})");
        Ok(())
    }

    fn check(&mut self, directory: &Path) -> Result<Option<u64>> {
        let came = files_below(directory)?.len() as u64;
        ensure!(came == self.count, "{came} files were written");
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_cargo_is_counted_and_its_payload_is_read_from_the_header() {
        let root = tempfile::tempdir().expect("a temporary directory");
        let packet = |class: u8| {
            let mut bytes = vec![0; 600];
            bytes[HEADER_OFFSET] = class;
            bytes[HEADER_OFFSET + PAYLOAD_LEN.start] = 44;
            bytes
        };
        for (name, bytes) in [("a.dkp", packet(CARGO)), ("b.dkp", packet(2)), ("c.dkp", vec![1; 20])] {
            fs::write(root.path().join(name), bytes).expect("write");
        }
        let found = cargo_packets(root.path()).expect("the packets");
        assert_eq!((found.packets, found.bytes, found.payload_bytes), (1, 600, 44));
    }
}
