//! W4: how long a message takes from closed to applied, beside what the gap device takes.

use std::collections::HashMap;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, ensure};
use dukou_rehearsal::gapbox::{GapDevice, Happening, Script};
use dukou_rehearsal::messages::Messages;

use super::place::Place;
use super::product::{CHANNEL, Pair, Shape, wait_until_up};
use crate::station::set;
use crate::workspace::Programs;

/// Milliseconds from one message to the next.
const EVERY_MS: u64 = 20;
/// How long everything may take to come after the last message.
const PATIENCE: Duration = Duration::from_secs(60);
/// Scans and way of the simulated device.
const DEVICE: &str = "scan_ms = 10\nsettle_scans = 2\nlatency_ms = 100\n";
/// What the stations may take beside the device, milliseconds at the 99th percentile.
const GOAL_MS: f64 = 50.0;

/// Longest sleep of the device.
const NAP: Duration = Duration::from_millis(5);

/// What was measured, in milliseconds: the middle, the 99th of a hundred, the longest.
#[derive(Debug)]
pub(super) struct Latency {
    messages: usize,
    whole: [f64; 3],
    logged: [f64; 3],
    device: [f64; 3],
    beside: [f64; 3],
}

/// One file that the device carried.
#[derive(Debug, Clone, Copy, Default)]
struct Carried {
    /// Wall clock, milliseconds, once it lay in the far directory.
    at_ms: f64,
    /// What the device's own log says: from the scan that first saw it.
    logged_ms: f64,
    /// From its appearing in the near directory: a scan that comes late is the device's, too.
    device_ms: f64,
}

impl Latency {
    /// Lays the figures out.
    pub(super) fn text(&self) -> String {
        let line = |what: &str, [p50, p99, most]: [f64; 3]| {
            format!("- {what}: p50 {p50:.0} ms, p99 {p99:.0} ms, longest {most:.0} ms\n")
        };
        format!(
            "{}{}{}{}- W4 p99 beside the device, goal ≤ {GOAL_MS:.0} ms, {} messages: {:.0} ms ({})\n",
            line("closed to applied", self.whole),
            line("of it the device, by its own log (from the scan that first sees a packet)", self.logged),
            line("of it the device, from a packet's appearing to its lying on the far side", self.device),
            line("beside the device, by the latter", self.beside),
            self.messages,
            self.beside[1],
            if self.beside[1] <= GOAL_MS { "met" } else { "missed" }
        )
    }
}

/// Measures: one message every 20 ms for so long, both stations running, linger 10 ms.
pub(super) fn measure(programs: &Programs, place: &Place, seconds: u64) -> Result<Latency> {
    let directory = place.fresh()?;
    let pair = Pair::make(programs, &directory, Shape::MessagesWithoutStatus)?;
    let ferry_in = pair.inner.path("ferry/in");
    pair.inner.configure("station.toml", |table| set(table, "ferry", "in", ferry_in.to_string_lossy().into_owned()))?;
    pair.configure_channel(|table| set(table, "batch", "linger_ms", 10))?;
    let daemons = [pair.outer.start()?, pair.inner.start()?];
    for station in [&pair.outer, &pair.inner] {
        wait_until_up(station)?;
    }
    thread::sleep(Duration::from_secs(1));
    let ferry_out = pair.outer.path("ferry/out");
    let mut device = GapDevice::new(&ferry_out, &ferry_in, Script::parse(DEVICE)?);
    let stop = AtomicBool::new(false);
    let arrived = pair.inner.path("arrived").join(CHANNEL);
    let (closed, carried) = thread::scope(|scope| -> Result<_> {
        let carrying = scope.spawn(|| carry(&mut device, &ferry_out, &stop));
        let closed = drop_messages(&pair.outer.path("drop").join(CHANNEL), seconds * 1000 / EVERY_MS)
            .and_then(|closed| wait_for(&arrived, &closed).map(|()| closed));
        stop.store(true, Ordering::Relaxed);
        let carried = carrying.join().map_err(|_| anyhow::anyhow!("the device died"))??;
        Ok((closed?, carried))
    })?;
    let measured = figures(&arrived, &closed, &carried)?;
    for daemon in daemons {
        daemon.stop()?;
    }
    fs::remove_dir_all(&directory)?;
    Ok(measured)
}

/// Runs the device until it is told to stop, and notes beside its log when each file appeared.
fn carry(device: &mut GapDevice, from: &Path, stop: &AtomicBool) -> Result<Vec<Carried>> {
    let (begun, mut appeared, mut carried) = (Instant::now(), HashMap::new(), Vec::new());
    while !stop.load(Ordering::Relaxed) {
        note_new(from, &mut appeared)?;
        for event in device.step(begun.elapsed().as_millis() as u64)? {
            let Happening::Delivered { waited_ms, .. } = event.what else { continue };
            let (at_ms, logged_ms) = (now_ms(), waited_ms as f64);
            let device_ms = appeared.remove(&event.name).map_or(logged_ms, |since_ms| at_ms - since_ms);
            carried.push(Carried { at_ms, logged_ms, device_ms });
        }
        let wake = begun + Duration::from_millis(device.next_wake_ms());
        thread::sleep(wake.saturating_duration_since(Instant::now()).clamp(Duration::from_millis(1), NAP));
    }
    Ok(carried)
}

/// Notes the change time of each file that was not there before: the moment it got its name.
fn note_new(from: &Path, appeared: &mut HashMap<String, f64>) -> Result<()> {
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if !appeared.contains_key(&name)
            && let Ok(stat) = entry.metadata()
        {
            appeared.insert(name, changed_ms(&stat));
        }
    }
    Ok(())
}

fn changed_ms(stat: &fs::Metadata) -> f64 {
    stat.ctime() as f64 * 1000.0 + stat.ctime_nsec() as f64 / 1e6
}

fn drop_messages(folder: &Path, count: u64) -> Result<Vec<(String, f64)>> {
    let (begun, mut closed) = (Instant::now(), Vec::new());
    for (index, message) in (0..count).zip(Messages::new(4)) {
        thread::sleep((begun + Duration::from_millis(index * EVERY_MS)).saturating_duration_since(Instant::now()));
        fs::write(folder.join(message.file_name()), &message.bytes)?;
        closed.push((message.file_name(), now_ms()));
    }
    Ok(closed)
}

/// Waits until each message lies under its name: the station's own folders lie there, too.
fn wait_for(arrived: &Path, closed: &[(String, f64)]) -> Result<()> {
    let begun = Instant::now();
    for (name, _) in closed {
        while !arrived.join(name).exists() {
            ensure!(begun.elapsed() < PATIENCE, "not everything came within {} s", PATIENCE.as_secs());
            thread::sleep(Duration::from_millis(20));
        }
    }
    Ok(())
}

/// A message came with the packet that the device delivered last before it was applied.
fn figures(arrived: &Path, closed: &[(String, f64)], carried: &[Carried]) -> Result<Latency> {
    let [mut whole, mut logged, mut device, mut beside] = [const { Vec::new() }; 4];
    for (name, closed_ms) in closed {
        let stat = fs::metadata(arrived.join(name)).with_context(|| name.clone())?;
        let applied_ms = changed_ms(&stat);
        let with = carried.iter().rev().find(|carried| carried.at_ms <= applied_ms + 1.0).copied().unwrap_or_default();
        whole.push(applied_ms - closed_ms);
        logged.push(with.logged_ms);
        device.push(with.device_ms);
        beside.push(applied_ms - closed_ms - with.device_ms);
    }
    let [whole, logged, device, beside] = [whole, logged, device, beside].map(quantiles);
    Ok(Latency { messages: closed.len(), whole, logged, device, beside })
}

/// Gives the middle, the 99th of a hundred and the largest value; zeros of nothing.
fn quantiles(mut values: Vec<f64>) -> [f64; 3] {
    values.sort_by(f64::total_cmp);
    let at = |share: f64| values.get(((values.len() as f64 * share) as usize).min(values.len().saturating_sub(1))).copied();
    [at(0.5), at(0.99), at(1.0)].map(Option::unwrap_or_default)
}

fn now_ms() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |since| since.as_secs_f64() * 1000.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_the_middle_the_tail_and_the_end() {
        assert_eq!(quantiles((0..200).map(f64::from).collect()), [100.0, 198.0, 199.0]);
        assert_eq!(quantiles(Vec::new()), [0.0; 3]);
    }

    #[test]
    fn a_message_is_charged_with_the_delay_of_the_packet_before_it() {
        let root = tempfile::tempdir().expect("a temporary directory");
        fs::write(root.path().join("a"), b"x").expect("write");
        let now = now_ms();
        let came = |at_ms, device_ms| Carried { at_ms, logged_ms: device_ms - 5.0, device_ms };
        let carried = [came(now - 500.0, 7.0), came(now - 100.0, 30.0), came(now + 60_000.0, 9.0)];
        let found = figures(root.path(), &[("a".to_owned(), now - 40.0)], &carried).expect("figures");
        assert_eq!(found.logged[0], 25.0);
        assert_eq!(found.device[0], 30.0);
        assert!((found.beside[0] - (found.whole[0] - 30.0)).abs() < 1e-6);
    }

    #[test]
    fn what_else_lies_in_the_folder_is_not_counted_as_come() {
        let root = tempfile::tempdir().expect("a temporary directory");
        let path = root.path().to_path_buf();
        fs::create_dir(path.join(".staging")).expect("create");
        let late = thread::spawn(move || {
            thread::sleep(Duration::from_millis(60));
            fs::write(path.join("a"), b"x").expect("write");
        });
        wait_for(root.path(), &[("a".to_owned(), 0.0)]).expect("it came");
        assert!(root.path().join("a").exists());
        late.join().expect("written");
    }
}
