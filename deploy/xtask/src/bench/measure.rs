//! Runs contenders by turns and keeps wall time, CPU time and what else the machine was doing.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use super::place::Place;

/// CPU time that others may use during a run, in cores, before it is repeated.
const FOREIGN_LIMIT: f64 = 0.35;
/// How many runs of one contender are repeated because others kept the machine busy; a machine that is never quiet is not
/// worth waiting for.
const REPEATS: usize = 2;
/// Linux counts CPU time for user space in hundredths of a second.
const TICKS_A_SECOND: f64 = 100.0;

/// What survives a power cut, and after how many syncs; only rows of one class are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Durability {
    /// Nothing is synced.
    None,
    /// One sync a batch.
    Group,
    /// Each message is synced.
    Strict,
}

impl Durability {
    /// Gives the word of the table.
    pub(super) fn word(self) -> &'static str {
        match self {
            Durability::None => "none",
            Durability::Group => "group",
            Durability::Strict => "strict",
        }
    }
}

/// Something that carries the workload from one side to the other.
pub(super) trait Contender {
    /// Gives the name of its row.
    fn name(&self) -> &str;
    /// Gives its class.
    fn durability(&self) -> Durability;
    /// Says why it cannot run here.
    fn missing(&self) -> Option<String> {
        None
    }
    /// How many times the measured part goes into the whole workload.
    fn scale(&self) -> f64 {
        1.0
    }
    /// Gives the CPU time, in ticks, of servers that work for it and are no children that end with a run.
    fn server_ticks(&self) -> u64 {
        0
    }
    /// Gets ready in a fresh directory; not measured.
    fn prepare(&mut self, directory: &Path) -> Result<()>;
    /// Carries everything; measured.
    fn go(&mut self, directory: &Path) -> Result<()>;
    /// Ends what still runs; only its CPU time counts.
    fn finish(&mut self, _directory: &Path) -> Result<()> {
        Ok(())
    }
    /// Compares what came with what was sent, and gives the bytes on the wire where they are known; not measured.
    fn check(&mut self, directory: &Path) -> Result<Option<u64>>;
}

/// One measured run.
#[derive(Debug, Clone, Copy)]
pub(super) struct Run {
    pub(super) wall: f64,
    pub(super) cpu: f64,
    pub(super) foreign: f64,
    pub(super) wire: Option<u64>,
}

/// All runs of one contender.
#[derive(Debug)]
pub(super) struct Series {
    pub(super) name: String,
    pub(super) durability: Durability,
    pub(super) skipped: Option<String>,
    pub(super) runs: Vec<Run>,
}

impl Series {
    /// Finds a row.
    pub(super) fn named<'a>(all: &'a [Series], name: &str) -> Option<&'a Series> {
        all.iter().find(|series| series.name == name && !series.runs.is_empty())
    }

    /// Gives the median over the rounds of one row's wall time by another's.
    pub(super) fn ratio(all: &[Series], of: &str, to: &str) -> Option<f64> {
        let (of, to) = (Series::named(all, of)?, Series::named(all, to)?);
        let ratios = of.runs.iter().zip(&to.runs).map(|(of, to)| of.wall / to.wall);
        median(ratios.collect())
    }

    /// Gives the bytes on the wire of the last run.
    pub(super) fn wire(&self) -> Option<u64> {
        self.runs.last().and_then(|run| run.wire)
    }
}

/// Gives the middle value, or the mean of the two in the middle.
pub(super) fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.len() {
        0 => None,
        odd if odd % 2 == 1 => Some(values[middle]),
        _ => Some((values[middle - 1] + values[middle]) / 2.0),
    }
}

/// Lets every contender run once a round, beginning with another one each time.
pub(super) fn round_robin(mut contenders: Vec<Box<dyn Contender>>, rounds: usize, place: &Place) -> Result<Vec<Series>> {
    let begin = |contender: &dyn Contender| Series {
        name: contender.name().to_owned(),
        durability: contender.durability(),
        skipped: contender.missing(),
        runs: Vec::new(),
    };
    let mut all: Vec<_> = contenders.iter().map(|contender| begin(contender.as_ref())).collect();
    let mut repeats = vec![REPEATS; contenders.len()];
    for round in 0..rounds {
        for turn in 0..contenders.len() {
            let index = (turn + round) % contenders.len();
            if all[index].skipped.is_some() {
                continue;
            }
            let contender = contenders[index].as_mut();
            eprintln!("round {}: {}", round + 1, contender.name());
            let run = quiet_run(contender, place, &mut repeats[index]).with_context(|| contender.name().to_owned())?;
            all[index].runs.push(run);
        }
    }
    Ok(all)
}

/// Runs once, and again while others keep the machine busy and there are repeats left.
fn quiet_run(contender: &mut dyn Contender, place: &Place, repeats: &mut usize) -> Result<Run> {
    loop {
        let run = single_run(contender, place)?;
        if run.foreign <= FOREIGN_LIMIT || *repeats == 0 {
            return Ok(run);
        }
        *repeats -= 1;
        eprintln!("  others used {:.2} cores, again", run.foreign);
    }
}

fn single_run(contender: &mut dyn Contender, place: &Place) -> Result<Run> {
    let directory = place.fresh()?;
    contender.prepare(&directory)?;
    place.sync()?;
    let (busy, own, servers) = (machine_ticks()?, own_ticks()?, contender.server_ticks());
    let begun = Instant::now();
    contender.go(&directory)?;
    let wall = begun.elapsed();
    contender.finish(&directory)?;
    let servers = contender.server_ticks().saturating_sub(servers);
    let used = seconds(own_ticks()?.children - own.children + servers);
    let foreign = foreign_cores(busy, own, servers, begun.elapsed())?;
    let wire = contender.check(&directory)?;
    fs::remove_dir_all(&directory)?;
    let scale = contender.scale();
    Ok(Run { wall: wall.as_secs_f64() * scale, cpu: used * scale, foreign, wire })
}

fn foreign_cores(busy: u64, own: OwnTicks, servers: u64, elapsed: Duration) -> Result<f64> {
    let now = own_ticks()?;
    let ours = (now.children - own.children) + (now.itself - own.itself) + servers;
    let others = (machine_ticks()? - busy).saturating_sub(ours);
    Ok(seconds(others) / elapsed.as_secs_f64())
}

/// Gives ticks of CPU time in seconds.
pub(super) fn seconds(ticks: u64) -> f64 {
    ticks as f64 / TICKS_A_SECOND
}

/// CPU time of this process and of those it has waited for.
#[derive(Debug, Clone, Copy)]
pub(super) struct OwnTicks {
    pub(super) itself: u64,
    pub(super) children: u64,
}

/// Reads the CPU time used so far.
pub(super) fn own_ticks() -> Result<OwnTicks> {
    let text = fs::read_to_string("/proc/self/stat")?;
    own_ticks_in(&text).context("/proc/self/stat has no times")
}

/// Reads utime, stime, cutime and cstime (proc(5), fields 14 to 17); the name before them may hold anything.
fn own_ticks_in(text: &str) -> Option<OwnTicks> {
    let after_name = text.rsplit_once(')')?.1;
    let mut fields = after_name.split_whitespace().skip(11).map(str::parse::<u64>);
    let mut next = || fields.next()?.ok();
    let itself = next()? + next()?;
    Some(OwnTicks { itself, children: next()? + next()? })
}

/// Gives the CPU time, in ticks, of a process, of its children that ended, and of those that live.
pub(super) fn tree_ticks(id: u32) -> u64 {
    let children = fs::read_to_string(format!("/proc/{id}/task/{id}/children")).unwrap_or_default();
    let live: u64 = children.split_whitespace().filter_map(ticks_of).map(|ticks| ticks.itself).sum();
    live + ticks_of(&id.to_string()).map_or(0, |ticks| ticks.itself + ticks.children)
}

/// Reads the CPU time of a process; one that is gone has none.
fn ticks_of(id: &str) -> Option<OwnTicks> {
    own_ticks_in(&fs::read_to_string(format!("/proc/{id}/stat")).ok()?)
}

/// Gives the machine's busy time: everything but idle and waiting for disks.
fn machine_ticks() -> Result<u64> {
    let text = fs::read_to_string("/proc/stat")?;
    machine_ticks_in(&text).context("/proc/stat has no times")
}

fn machine_ticks_in(text: &str) -> Option<u64> {
    let line = text.lines().next()?.strip_prefix("cpu ")?;
    let fields: Vec<u64> = line.split_whitespace().filter_map(|field| field.parse().ok()).collect();
    // user nice system idle iowait irq softirq; time stolen by a hypervisor is not ours to judge.
    let busy = [0, 1, 2, 5, 6].map(|index| fields.get(index).copied());
    busy.into_iter().sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_past_a_name_with_blanks_and_brackets() {
        let text = "12 (a) b) S 1 2 3 4 5 6 7 8 9 10 100 20 7 3 20 0";
        let ticks = own_ticks_in(text).expect("the times");
        assert_eq!((ticks.itself, ticks.children), (120, 10));
    }

    #[test]
    fn idle_and_waiting_are_not_busy() {
        assert_eq!(machine_ticks_in("cpu  10 1 5 1000 500 2 3 9 0 0\ncpu0 1"), Some(21));
        assert_eq!(machine_ticks_in("intr 1"), None);
    }

    #[test]
    fn the_median_of_ratios_pairs_the_rounds() {
        let run = |wall| Run { wall, cpu: 0.0, foreign: 0.0, wire: None };
        let series = |name: &str, walls: [f64; 3]| Series {
            name: name.into(),
            durability: Durability::None,
            skipped: None,
            runs: walls.map(run).to_vec(),
        };
        let all = [series("a", [2.0, 4.0, 9.0]), series("b", [1.0, 4.0, 3.0])];
        assert_eq!(Series::ratio(&all, "a", "b"), Some(2.0));
        assert_eq!(Series::ratio(&all, "a", "c"), None);
        assert_eq!(median(vec![4.0, 1.0]), Some(2.5));
    }
}
