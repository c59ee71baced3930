//! W7 and W8: what a packet costs when its records are small, or when there is only one of them.

use std::fs::{self, File};
use std::io::Read;
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

/// Where FORMAT.md section 1 puts the class of a packet, and cargo's value.
const CLASS_OFFSET: usize = 16;
const CARGO: u8 = 1;

/// Measures W7: bytes in the ferry directory beside the compressed payload alone.
pub(super) fn overhead(programs: &Programs, workload: &Workload, place: &Place) -> Result<String> {
    let directory = place.fresh()?;
    let pair = Pair::make(programs, &directory, Shape::Messages)?;
    pair.drop_files(workload)?;
    pair.pass()?;
    let (packets, bytes) = cargo_packets(&pair.outer.path("ferry/out"))?;
    ensure!(packets > 0, "no cargo packet was published");
    let payload = compressed_alone(workload)?;
    let beside = bytes as f64 / payload as f64 - 1.0;
    let mut table = Table::new(["what", "bytes"]);
    table.row(["records", &workload.bytes.to_string()]);
    table.row(["their bodies alone, one zstd -3 frame", &payload.to_string()]);
    table.row([format!("{packets} cargo packets"), bytes.to_string()]);
    fs::remove_dir_all(&directory)?;
    let met = if beside < 0.05 { "met" } else { "missed" };
    Ok(format!("{}\n- W7 bytes beside the compressed payload, goal < 5 %: {:.2} % ({met})\n", table.markdown(), beside * 100.0))
}

/// Counts cargo packets and their bytes; signals travel beside them.
fn cargo_packets(directory: &Path) -> Result<(u64, u64)> {
    let (mut packets, mut bytes) = (0, 0);
    for name in files_below(directory)? {
        let path = directory.join(name);
        let mut start = [0; CLASS_OFFSET + 1];
        let is_packet = File::open(&path)?.read_exact(&mut start).is_ok();
        if is_packet && start[CLASS_OFFSET] == CARGO {
            packets += 1;
            bytes += fs::metadata(&path)?.len();
        }
    }
    Ok((packets, bytes))
}

fn compressed_alone(workload: &Workload) -> Result<usize> {
    let mut bodies = Vec::with_capacity(workload.bytes as usize);
    for name in files_below(&workload.directory)? {
        bodies.extend(fs::read(workload.directory.join(name))?);
    }
    Ok(zstd::bulk::compress(&bodies, 3)?.len())
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
        let (packets, bytes) = cargo_packets(&pair.outer.path("ferry/out"))?;
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
