//! W3: rows from one PostgreSQL to another, the product's channel of tables beside what PostgreSQL itself has for it.

mod peers;
mod product;
mod servers;

use anyhow::Result;

use super::measure::{self, Contender, Series};
use super::place::Place;
use super::{table, verdict};
use crate::workspace::Programs;
use servers::Servers;
use std::rc::Rc;

const STOCK: &str = "dukou, stock into an empty table";
const MERGE: &str = "dukou, stock over rows that are there";
const INCREMENTS: &str = "dukou, increments";
const COPY: &str = "COPY TO to COPY FROM, text";
const COPY_BINARY: &str = "COPY TO to COPY FROM, binary";
const COPY_MERGE: &str = "COPY into a staging table, then merge";
const REPLICATION_STOCK: &str = "logical replication, initial copy";
const REPLICATION: &str = "logical replication, streaming";
/// Rows a second that increments have to reach.
const INCREMENTS_LEAST: f64 = 50_000.0;

/// Measures a number of rows; what comes is compared row by row after every run.
pub(super) fn run(programs: &Programs, place: &Place, rows: u64, rounds: usize) -> Result<()> {
    let servers = Rc::new(Servers::start(rows));
    println!("### W3: {rows} rows of 12 columns, {} bytes a row as text, one PostgreSQL to another\n", servers.row_bytes()?);
    let stock = measure::round_robin(stock_contenders(programs, &servers), rounds, place)?;
    println!("{}", table::render(&stock, STOCK));
    let increments = measure::round_robin(increment_contenders(programs, &servers), rounds, place)?;
    println!("{}", table::render(&increments, INCREMENTS));
    goal("stock into an empty table", &stock, COPY, STOCK, 0.75);
    goal("merge over existing rows", &stock, COPY, MERGE, 0.5);
    goal("increments", &increments, REPLICATION, INCREMENTS, 1.0);
    let walls = Series::named(&increments, INCREMENTS).map(|series| series.runs.iter().map(|run| run.wall).collect());
    if let Some(wall) = walls.and_then(measure::median) {
        let rate = rows as f64 / wall;
        println!(
            "- W3 increments, goal ≥ {INCREMENTS_LEAST:.0} rows a second: {rate:.0} {}",
            verdict(rate >= INCREMENTS_LEAST)
        );
    }
    println!();
    Ok(())
}

fn stock_contenders(programs: &Programs, servers: &Rc<Servers>) -> Vec<Box<dyn Contender>> {
    use peers::{Peer, Way};
    use product::{Channel, Work};
    vec![
        Box::new(Channel::new(STOCK, Work::Stock, programs, servers)),
        Box::new(Channel::new(MERGE, Work::Merge, programs, servers)),
        Box::new(Peer::new(COPY, Way::Copy, servers)),
        Box::new(Peer::new(COPY_BINARY, Way::CopyBinary, servers)),
        Box::new(Peer::new(COPY_MERGE, Way::CopyMerge, servers)),
        Box::new(Peer::new(REPLICATION_STOCK, Way::ReplicatedStock, servers)),
    ]
}

fn increment_contenders(programs: &Programs, servers: &Rc<Servers>) -> Vec<Box<dyn Contender>> {
    vec![
        Box::new(product::Channel::new(INCREMENTS, product::Work::Increments, programs, servers)),
        Box::new(peers::Peer::new(REPLICATION, peers::Way::ReplicatedIncrements, servers)),
    ]
}

/// Prints how fast the product is beside a peer, as a share of the peer's rate.
fn goal(what: &str, all: &[Series], peer: &str, product: &str, least: f64) {
    if let Some(share) = Series::ratio(all, peer, product) {
        println!("- W3 {what}, rate of {product} ÷ {peer}, goal ≥ {least}: {share:.2} {}", verdict(share >= least));
    }
}
