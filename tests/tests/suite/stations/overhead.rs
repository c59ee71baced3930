//! What 10,000 small records cost beside their compressed payload, and how fast such records cross.

use std::time::{Duration, Instant};

use dukou_packets::limits::{CHUNK, TAG};
use dukou_packets::packet::header::Class;
use dukou_rehearsal::messages::write_small_records;
use dukou_tests::stations::daemon::Daemon;
use dukou_tests::stations::packet::{PacketFile, packets};
use dukou_tests::stations::pair::{MESSAGES, Pair};
use dukou_tests::stations::wait::until;

const RECORDS: usize = 10_000;

/// Bytes of a sealed payload without the tags of its chunks.
fn compressed(packet: &PacketFile) -> u64 {
    let payload = packet.header.payload_len;
    payload - payload.div_ceil((CHUNK + TAG) as u64) * TAG as u64
}

/// Sums over the packets of one class.
fn sum(all: &[PacketFile], class: Class, of: impl Fn(&PacketFile) -> u64) -> u64 {
    all.iter().filter(|packet| packet.header.class == class).map(of).sum()
}

#[test]
fn ten_thousand_records_of_1_kb_cost_less_than_5_percent_beside_their_compressed_payload() {
    let pair = Pair::new();
    pair.outer.set("link", "repair_parity = 2");
    write_small_records(&pair.outer.path("drop").join(MESSAGES), RECORDS, 7).unwrap();
    pair.outer.pass(0);
    let all = packets(&pair.outer.path("ferry/out"));
    let length = |packet: &PacketFile| packet.bytes.len() as u64;
    let (payload, cargo) = (sum(&all, Class::Cargo, compressed), sum(&all, Class::Cargo, length));
    let (signals, parity) = (sum(&all, Class::Signal, length), sum(&all, Class::Repair, length));
    let share = (cargo + signals - payload) as f64 / payload as f64;
    println!(
        "{RECORDS} records of 1,000 bytes: {payload} bytes of compressed payload, {} beside it ({:.2} %, signal included); apart: parity 10+2 {parity} bytes, one delayed repeat {cargo} bytes",
        cargo + signals - payload,
        share * 100.0
    );
    assert!(share < 0.05, "{share}");
    assert!(parity > 0);
    assert_eq!(pair.outer.channel(MESSAGES)["accepted"], RECORDS);
}

mod slow {
    use super::*;

    /// Records a second that fill 94 Mbit/s.
    const FULL_LINE: f64 = 11_750.0;

    /// The share of it that is asked for beside other tests: of optimised programs, and of others. The goal itself is the benchmark's.
    const LEAST: f64 = if cfg!(debug_assertions) { 0.02 } else { 0.25 };

    #[test]
    fn plain_records_of_1_kb_cross_at_a_share_of_94_mbit_a_second() {
        let pair = Pair::new().quick();
        let count = 50_000;
        write_small_records(&pair.outer.path("drop").join(MESSAGES), count, 7).unwrap();
        let ferry = pair.outer.path("ferry/out");
        pair.inner.edit("station.toml", "in = \"ferry/in\"", &format!("in = \"{}\"", ferry.display()));
        let receiver = Daemon::running(&pair.inner);
        let began = Instant::now();
        pair.outer.pass(0);
        until("all is applied", Duration::from_secs(600), || pair.inner.channel(MESSAGES)["applied"] == count);
        let rate = count as f64 / began.elapsed().as_secs_f64();
        receiver.stop_cleanly();
        println!(
            "{count} records of 1,000 bytes from intake to applied: {rate:.0} a second, {:.0} Mbit/s",
            rate * 8_000.0 / 1e6
        );
        assert!(rate >= LEAST * FULL_LINE, "{rate:.0} records a second");
    }
}
