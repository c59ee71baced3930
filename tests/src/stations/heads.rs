//! What a station has of its peer's channels, as a signed gap report.

use std::fs;
use std::path::PathBuf;

use data_encoding::HEXLOWER;
use dukou_packets::gap_report::{ChannelReport, GapReport};
use dukou_packets::keyring::Keyring;
use dukou_packets::suite::{Digest, SoftSigner};
use dukou_shared::daemon::read_store;
use dukou_shared::store::Store;

use super::station::Station;

/// Writes the gap report of `receiver` for `sender` beside the receiver's directory.
///
/// # Panics
/// Panics when the station cannot be read.
#[track_caller]
pub fn gap_report(receiver: &Station, sender: &Station) -> PathBuf {
    let station = dukou_shared::station::Station::load(&receiver.dir).unwrap();
    let state = read_store(&station).unwrap().load().unwrap();
    let channels = state.in_heads.iter().map(|(channel, head)| ChannelReport {
        channel: channel.clone(),
        epoch: head.epoch,
        seq: head.seq,
        header: head.header.unwrap_or(Digest::ZERO),
        known: head.known,
        missing: Vec::new(),
    });
    let report = GapReport {
        station: station.config.station.id,
        addressee: Keyring::parse(sender.read("keys/keyring.txt").as_bytes()).unwrap().body().station,
        environment: station.config.station.environment,
        report: 1,
        clock_ms: 0,
        log: state.log.unwrap(),
        number: state.number + 1,
        heard: 0,
        more: false,
        channels: channels.collect(),
    };
    let seed = HEXLOWER.decode(receiver.read("keys/packet.key").trim_end().as_bytes()).unwrap();
    let (_, text) = report.issue(&SoftSigner::from_seed(seed.try_into().unwrap())).unwrap();
    let file = receiver.dir.with_extension("gap-report");
    fs::write(&file, text).unwrap();
    file
}
