//! Many stations, one PostgreSQL: how many records a second 1, 4 and 16 pairs move together, and what the server does for it.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use dukou_rehearsal::table::Table;
use dukou_servers::postgres::Postgres;

use super::measure::{own_ticks, seconds, tree_ticks};
use super::place::Place;
use super::workload::{Workload, files_below};
use crate::station::Station;
use crate::workspace::Programs;

/// How many pairs work at the same time.
const PAIRS: [usize; 3] = [1, 4, 16];
/// The channel of the messages.
const CHANNEL: &str = "report-message";

/// What one run of so many pairs came to.
struct Run {
    pairs: usize,
    state: &'static str,
    seconds: f64,
    stations_cpu: f64,
    server_cpu: f64,
    sessions: usize,
}

/// Measures each number of pairs with their states in one PostgreSQL, and with files; `total` messages in all.
pub(super) fn run(programs: &Programs, place: &Place, total: usize) -> Result<()> {
    let mut table =
        Table::new(["pairs", "state in", "seconds", "records/s", "CPU stations", "CPU server", "sessions", "bytes a record"]);
    for pairs in PAIRS {
        let server = Postgres::start();
        let url = server.create("region");
        let run = measure(programs, place, (pairs, total), Some((&server, &url)))?;
        let size: f64 = server.psql("SELECT pg_database_size('region')").parse().context("the database's size")?;
        row(&mut table, &run, total, &format!("{:.0}", size / (2 * total) as f64));
        row(&mut table, &measure(programs, place, (pairs, total), None)?, total, "");
    }
    println!("### stations: {total} messages in all, sent and applied, each number of pairs at the same time\n\n{table}");
    Ok(())
}

fn row(table: &mut Table, run: &Run, total: usize, bytes: &str) {
    let cells = [
        run.pairs.to_string(),
        run.state.to_owned(),
        format!("{:.1}", run.seconds),
        format!("{:.0}", total as f64 / run.seconds),
        format!("{:.1} s", run.stations_cpu),
        format!("{:.1} s", run.server_cpu),
        run.sessions.to_string(),
        bytes.to_owned(),
    ];
    table.row(cells.each_ref().map(String::as_str));
}

fn measure(
    programs: &Programs,
    place: &Place,
    (pairs, total): (usize, usize),
    server: Option<(&Postgres, &str)>,
) -> Result<Run> {
    let dir = place.directory().join("stations");
    let _ = fs::remove_dir_all(&dir);
    let workload = Workload::messages(&dir.join("messages"), total / pairs)?;
    let made: Vec<[Station; 2]> =
        (0..pairs).map(|n| pair(programs, &dir.join(n.to_string()), server.map(|(_, url)| url))).collect::<Result<_>>()?;
    for [outer, _] in &made {
        copy(&workload.directory, &outer.directory.join("drop").join(CHANNEL))?;
    }
    let id = server.and_then(|(server, _)| server.id());
    let (stations_before, server_before) = (own_children_cpu(), id.map_or(0.0, tree_cpu));
    let begun = Instant::now();
    let (sent, most) = counting_sessions(server.map(|(server, _)| server), || all_pass(made.iter().map(|[outer, _]| outer)));
    sent?;
    for [outer, inner] in &made {
        copy(&outer.directory.join("ferry/out"), &inner.directory.join("ferry/in"))?;
    }
    all_pass(made.iter().map(|[_, inner]| inner))?;
    let seconds = begun.elapsed().as_secs_f64();
    let run = Run {
        pairs,
        state: if server.is_some() { "PostgreSQL" } else { "SQLite" },
        seconds,
        stations_cpu: own_children_cpu() - stations_before,
        server_cpu: id.map_or(0.0, tree_cpu) - server_before,
        sessions: most,
    };
    for [_, inner] in &made {
        let arrived = files_below(&inner.directory.join("arrived").join(CHANNEL))?.len();
        ensure!(arrived == total / pairs, "{arrived} of {} messages arrived", total / pairs);
    }
    fs::remove_dir_all(&dir)?;
    Ok(run)
}

fn pair(programs: &Programs, dir: &Path, url: Option<&str>) -> Result<[Station; 2]> {
    fs::create_dir_all(dir)?;
    let options: Vec<&str> = url.into_iter().flat_map(|url| ["--store", url]).collect();
    let make = |program: &Path, name: &str| Station::init_with(program, dir.join(name), &options);
    let (outer, inner) = (make(&programs.outer, "outer")?, make(&programs.inner, "inner")?);
    Station::pair(&outer, &inner)?;
    Ok([outer, inner])
}

/// Copies a directory's content with its times, so that files count as finished.
fn copy(from: &Path, to: &Path) -> Result<()> {
    let copied = Command::new("cp").arg("-a").arg(from.join(".")).arg(to).status()?;
    ensure!(copied.success(), "cp {} {}", from.display(), to.display());
    Ok(())
}

/// Lets all stations pass at the same time.
fn all_pass<'a>(stations: impl Iterator<Item = &'a Station>) -> Result<()> {
    let running: Vec<_> =
        stations.map(|station| station.command("pass").stdout(Stdio::null()).spawn()).collect::<Result<_, _>>()?;
    for mut pass in running {
        let status = pass.wait()?;
        ensure!(status.success(), "pass: {status}");
    }
    Ok(())
}

/// Counts the server's sessions while work is done; gives the most.
fn counting_sessions<T>(server: Option<&Postgres>, work: impl FnOnce() -> T) -> (T, usize) {
    let is_done = AtomicBool::new(false);
    thread::scope(|scope| {
        let counter = scope.spawn(|| {
            let mut most = 0;
            while let Some(server) = server.filter(|_| !is_done.load(Ordering::SeqCst)) {
                let count = server.psql("SELECT count(*) FROM pg_stat_activity WHERE usename = 'dukou'").parse().unwrap_or(0);
                most = most.max(count);
                thread::sleep(Duration::from_millis(500));
            }
            most
        });
        let done = work();
        is_done.store(true, Ordering::SeqCst);
        (done, counter.join().unwrap_or(0))
    })
}

/// CPU seconds of the children that this process has waited for.
fn own_children_cpu() -> f64 {
    own_ticks().map_or(0.0, |ticks| seconds(ticks.children))
}

/// CPU seconds of a server and all its sessions.
fn tree_cpu(id: u32) -> f64 {
    seconds(tree_ticks(id))
}
