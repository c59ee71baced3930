//! W9: a county's day of very many messages, checked before it leaves, sent, received and reconciled: CPU time and peak memory of each process.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, SystemTime};

use anyhow::{Context, Result, ensure};
use dukou_rehearsal::table::Table;

use super::place::Place;
use crate::station::{Station, set};
use crate::workspace::Programs;

/// Makes the messages and the registration database.
const MAKE: &str = include_str!("day.py");
/// Runs a program and tells what it took.
const MEASURED: &str = include_str!("measured.py");
/// What linting and reconciling together may take, in CPU seconds, by a hundred thousand messages.
const SECONDS_A_HUNDRED_THOUSAND: f64 = 60.0;
/// What each process may have at its peak, in MiB.
const PEAK_MIB: f64 = 200.0;
/// How long ago the messages were written: each counts as finished.
const AGE: Duration = Duration::from_secs(3_600);

/// What a process took.
struct Taken {
    what: &'static str,
    cpu: f64,
    peak_mib: f64,
}

/// Measures a day of `count` messages.
pub(super) fn run(programs: &Programs, place: &Place, count: usize) -> Result<()> {
    let directory = place.fresh()?;
    let (outer, inner, day) = county(programs, &directory, count)?;
    let messages = outer.path("drop/report-message");
    let mut all = vec![measured(&directory, "lint", Command::new(&programs.outer).arg("lint").arg(&messages))?];
    for (what, station) in
        [("outer pass", &outer), ("inner pass", &inner), ("outer pass, day mark", &outer), ("inner pass, day mark", &inner)]
    {
        all.push(measured(&directory, what, &mut station.command("pass"))?);
    }
    all.push(measured(&directory, "day", inner.command("day").args([&day, "--area", "150721"]))?);
    all.push(measured(&directory, "day --json", inner.command("day").args([&day, "--area", "150721", "--json"]))?);
    let told: serde_json::Value =
        serde_json::from_reader(std::io::BufReader::new(File::open(directory.join("day --json.out"))?))?;
    let (reported, complete) = (&told["counts"]["reported"], &told["completeness"]["code"]);
    ensure!(reported == count && complete == "complete", "the day says {reported} reported of {count}, {complete}");
    let mut table = Table::new(["process", "CPU seconds", "peak MiB"]);
    for taken in &all {
        table.row([taken.what, &format!("{:.1}", taken.cpu), &format!("{:.0}", taken.peak_mib)]);
    }
    println!("### W9: a day of {count} messages\n\n{}", table.markdown());
    let is_counted = |taken: &&Taken| matches!(taken.what, "lint" | "day");
    let cpu: f64 = all.iter().filter(is_counted).map(|taken| taken.cpu).sum();
    let goal = SECONDS_A_HUNDRED_THOUSAND * count as f64 / 100_000.0;
    println!("- W9 lint and day, CPU seconds, goal ≤ {goal:.0}: {cpu:.1} {}", super::verdict(cpu <= goal));
    let peak = all.iter().map(|taken| taken.peak_mib).fold(0.0, f64::max);
    println!("- W9 peak of any process, MiB, goal ≤ {PEAK_MIB:.0}: {peak:.0} {}\n", super::verdict(peak <= PEAK_MIB));
    Ok(fs::remove_dir_all(&directory)?)
}

/// Makes both stations as deploy/register says, with the messages where the outer one takes them from; gives the day of registration, too.
fn county(programs: &Programs, directory: &Path, count: usize) -> Result<(Station, Station, String)> {
    let outer = Station::init(&programs.outer, directory.join("outer"))?;
    let inner = Station::init(&programs.inner, directory.join("inner"))?;
    let register = Path::new(env!("CARGO_MANIFEST_DIR")).join("../register");
    let database = format!("sqlite:{}", directory.join("registry.db").display());
    for station in [&outer, &inner] {
        let rows = fs::read_to_string(register.join("register-row.toml"))?;
        fs::write(station.path("channels/register-row.toml"), rows)?;
        station.configure("channels/register-row.toml", |table| {
            set(table, "source", "database", database.clone());
            set(table, "source", "tables", vec!["dukou_register_row"]);
        })?;
        fs::copy(register.join("day-mark.toml"), station.path("channels/day-mark.toml"))?;
        for (channel, cargo) in [("report-message", "messages"), ("report-response", "responses")] {
            let set_cargo = |table: &mut toml::Table| drop(table.insert("cargo".to_owned(), cargo.into()));
            station.configure(&format!("channels/{channel}.toml"), set_cargo)?;
        }
    }
    Station::pair(&outer, &inner)?;
    for (from, to) in [(&outer, &inner), (&inner, &outer)] {
        let ferry = from.path("ferry/out").to_string_lossy().into_owned();
        to.configure("station.toml", |table| set(table, "ferry", "in", ferry))?;
    }
    let plan = directory.join("plan");
    let mut command = Command::new(&programs.outer);
    command.args(["joint-test", "plan", "--area", "150721", "--day", "2024-03-18", "--out"]).arg(&plan);
    ensure!(command.output()?.status.success(), "joint-test plan failed");
    let messages = outer.path("drop/report-message");
    let mut made = Command::new("python3");
    made.args(["-c", MAKE]).arg(&plan).arg(&messages).arg(directory.join("registry.db")).arg(register.join("view.sql"));
    let made = made.arg(count.to_string()).output()?;
    ensure!(made.status.success(), "the messages were not made: {}", String::from_utf8_lossy(&made.stderr));
    let then = SystemTime::now() - AGE;
    for entry in fs::read_dir(&messages)? {
        File::options().write(true).open(entry?.path())?.set_modified(then)?;
    }
    Ok((outer, inner, String::from_utf8(made.stdout)?.trim().to_owned()))
}

/// Runs a command to its end; what it prints goes to a file in the directory.
fn measured(directory: &Path, what: &'static str, command: &mut Command) -> Result<Taken> {
    let out: PathBuf = directory.join(format!("{what}.out"));
    let mut python = Command::new("python3");
    python.args(["-c", MEASURED]).arg(&out).arg(command.get_program()).args(command.get_args());
    let output = python.output().with_context(|| what.to_owned())?;
    let told = String::from_utf8_lossy(&output.stdout);
    let mut words = told.split_whitespace();
    let mut word =
        || words.next().and_then(|word| word.parse::<f64>().ok()).with_context(|| format!("{what} was not measured"));
    let (cpu, peak_kib, exit) = (word()?, word()?, word()?);
    // A lint with findings and a day with differences leave with 1.
    ensure!(exit == 0.0 || exit == 1.0, "{what} left with {exit}: {}", String::from_utf8_lossy(&output.stderr));
    Ok(Taken { what, cpu, peak_mib: peak_kib / 1024.0 })
}
