//! One seed, one world: both engines on simulated seams, everything going wrong at random, and then the verdict.
//!
//! A seed decides the channels, the weather, and each action. What a run did is kept as a trace, so that a failing seed tells its story.

use std::any::Any;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use dukou_packets::keyring::Side;
use dukou_packets::log::line::Event;
use dukou_packets::packet::header::ChannelName;
use dukou_rehearsal::random::Random;
use dukou_shared::channel::Channel;
use dukou_shared::connectors::tables::simulated::SimFault;
use dukou_shared::error::Policy;
use dukou_shared::ferry::profile::Profile;
use dukou_shared::requests::Request;
use dukou_shared::seams::FileCause;
use dukou_shared::station::LinkConfig;
use dukou_shared::store::StoreFault;

use crate::simulated::office::{self, Office, ROWS};
use crate::simulated::station::{BEGIN_MS, channel, name};
use crate::simulated::world::{self, gaps};
use crate::simulated::{SimStation, Victim, Weather, World, verdict};

/// How often each fault really happened, by name.
pub type Fired = BTreeMap<&'static str, u64>;

/// How many lines of each log a failure tells.
const LAST_LINES: usize = 40;

/// A seed whose world did not hold.
#[derive(Clone, Debug)]
pub struct Failure {
    /// The seed.
    pub seed: u64,
    /// What does not hold.
    pub broken: String,
    /// What had been done, one action a line.
    pub trace: String,
}

/// Runs one seed to its verdict; gives how often each fault fired.
///
/// # Errors
/// What does not hold, with the trace; a panic counts, too.
pub fn run(seed: u64) -> Result<Fired, Box<Failure>> {
    let mut course = Course::new(seed);
    let ended = catch_unwind(AssertUnwindSafe(|| course.run()));
    let broken = match ended {
        Ok(Ok(())) => return Ok(course.fired),
        Ok(Err(broken)) => broken,
        Err(panic) => said(panic.as_ref()),
    };
    course.tell_places();
    Err(Box::new(Failure { seed, broken, trace: course.trace }))
}

/// Gives the words of a panic.
pub fn said(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().cloned();
    text.or_else(|| panic.downcast_ref::<&str>().map(ToString::to_string)).unwrap_or_else(|| "a panic without words".into())
}

/// What this seed's world is like.
#[derive(Debug)]
struct Climate {
    weather: Weather,
    power_cuts: bool,
    actions: u64,
    /// Of 100 steps, so many have a fault planned.
    faults: u64,
}

impl Climate {
    fn draw(dice: &mut Random) -> Self {
        let mut some = |most: f64| if dice.chance(0.5) { most * dice.below(1000) as f64 / 1000.0 } else { 0.0 };
        let weather = Weather {
            lost: some(0.3),
            twice: some(0.3),
            corrupt: some(0.2),
            cut: some(0.2),
            late: some(0.4),
            replay: some(0.3),
            renamed: some(0.6),
        };
        Self { weather, power_cuts: dice.chance(0.6), actions: dice.between(25, 90), faults: dice.between(20, 90) }
    }
}

/// Draws the channels of a world: one that screens XML, and plain ones in both directions.
fn draw_channels(dice: &mut Random) -> Vec<Channel> {
    let mut channels = world::standard_channels();
    for (text, from) in [("second", Side::Outer), ("third", Side::Inner)] {
        if dice.chance(0.4) {
            channels.push(channel(text, from));
        }
    }
    for channel in &mut channels {
        channel.priority = dice.below(10) as u8;
        channel.batch.max_records = dice.between(1, 8) as u32;
        channel.batch.max_bytes = 1 << dice.between(8, 20);
    }
    channels
}

/// Gives every third seed repair packets; with dice of its own, so that a seed that failed before them still tells the same story.
fn with_repair(mut link: LinkConfig, seed: u64) -> LinkConfig {
    if seed % 3 == 2 {
        let mut dice = Random::nth(seed, 0x4E_9A14);
        link.repair_data = dice.between(1, 8) as u16;
        link.repair_parity = dice.between(1, 3) as u16;
    }
    link
}

/// Gives every seventh seed a channel of rows, whose source offers runs in half of them; with dice of its own, as with repair packets.
fn with_rows(mut channels: Vec<Channel>, seed: u64) -> (Vec<Channel>, Option<Rows>) {
    if seed % 7 != 5 {
        return (channels, None);
    }
    let mut dice = Random::nth(seed, 0x20_0075);
    let in_runs = dice.chance(0.5);
    let mut channel = office::channel_of_rows(in_runs);
    channel.batch.max_records = dice.between(1, 8) as u32;
    channels.push(channel);
    (channels, Some(Rows { in_runs, dice }))
}

/// How the channel of rows of a world is used.
struct Rows {
    in_runs: bool,
    dice: Random,
}

/// Registrars at the source of a world's channel of rows.
struct Registry {
    office: Office,
    dice: Random,
}

impl Registry {
    /// Opens it; the databases of the world are joined before.
    fn open(world: &World, rows: Rows) -> Self {
        let Rows { in_runs, mut dice } = rows;
        let source = office::source(world);
        if in_runs {
            source.offer_runs();
        }
        Self { office: Office::new(&source, dice.next_u64()), dice }
    }

    /// Does some work between two actions of the world; a call of a database may go wrong, or the source's server dies. Gives what went wrong.
    fn work(&mut self, world: &World) -> Option<&'static str> {
        let acts = self.dice.below(12);
        self.office.work(acts);
        let database = if self.dice.chance(0.5) { office::source(world) } else { office::sink(world) };
        match self.dice.below(40) {
            0 | 1 => {
                database.fail_at(self.dice.between(1, 6), SimFault::Unanswered);
                Some("a database's answer lost")
            }
            2 => {
                self.office.forget();
                Some("a database's server died")
            }
            _ => None,
        }
    }
}

/// Draws what the link is like: with a way back or repeats where there is none, and a device that may pass only text.
fn draw_link(dice: &mut Random) -> LinkConfig {
    let mut link = LinkConfig { signal_seconds: 0, ..LinkConfig::default() };
    match dice.below(4) {
        0 | 1 => {
            link.way_back = Some(true);
            link.resend_after_seconds = dice.between(2, 600) as u32;
        }
        2 => link.repeat_after_minutes = dice.between(1, 60) as u32,
        _ => {}
    }
    if dice.chance(0.25) {
        let text = "text_only = true\nextension = \"txt\"\n";
        link.device = Profile::parse(Path::new("profiles/device.toml"), text).expect("a profile");
    }
    link
}

/// Some stations have sources and sinks on file systems of their own, and some file systems know no unnamed files.
fn furnish(station: &SimStation, dice: &mut Random, trace: &mut String) {
    if dice.chance(0.3) {
        station.files.without_unnamed_files();
        trace.push_str("a station without unnamed files\n");
    }
    if dice.chance(0.3) {
        let folders = station.channels.iter().flat_map(crate::simulated::station::folders_of);
        folders.for_each(|folder| station.files.mount(station.station.dir.join(folder)));
        trace.push_str("a station with folders on disks of their own\n");
    }
}

/// What is planned to befall one step.
#[derive(Clone, Copy)]
struct Plan {
    what: &'static str,
    /// The operation, from now, or the commit.
    at: u64,
    of_commits: bool,
}

struct Course {
    world: World,
    registry: Option<Registry>,
    climate: Climate,
    fired: Fired,
    trace: String,
}

impl Course {
    fn new(seed: u64) -> Self {
        let mut dice = Random::nth(seed, 0xCA_4A16);
        let climate = Climate::draw(&mut dice);
        let (channels, rows) = with_rows(draw_channels(&mut dice), seed);
        let mut world = World::with_channels(seed, channels);
        let link = with_repair(draw_link(&mut dice), seed);
        for station in [&mut world.outer, &mut world.inner] {
            station.station.config.link = link.clone();
        }
        let mut trace = format!("seed {seed}: {climate:?}\n");
        for station in [&world.outer, &world.inner] {
            furnish(station, &mut dice, &mut trace);
        }
        let _ = writeln!(trace, "{link:?}");
        for channel in &world.outer.channels {
            let _ = writeln!(trace, "channel {} {:?} {:?}", channel.channel, channel.from, channel.batch);
        }
        let mut registry = None;
        if let Some(rows) = rows {
            world = office::with_office(world);
            registry = Some(Registry::open(&world, rows));
        }
        Self { world, registry, climate, fired: Fired::new(), trace }
    }

    fn tell(&mut self, what: &str) {
        self.trace.push_str(what);
        self.trace.push('\n');
    }

    /// Tells what lies where, and what each log says last.
    fn tell_places(&mut self) {
        for station in [&self.world.outer, &self.world.inner] {
            let _ =
                writeln!(self.trace, "{} holds {:#?}", station.station.dir.display(), station.files.tree(&station.station.dir));
            for name in station.files.tree(&station.station.dir).iter().filter(|name| name.ends_with(".reason.json")) {
                let reason = station.files.get(station.station.dir.join(name)).unwrap_or_default();
                let _ = writeln!(self.trace, "{name}: {}", String::from_utf8_lossy(&reason));
            }
            for event in station.log().iter().rev().take(LAST_LINES).rev() {
                let _ = writeln!(self.trace, "{} {event:?}", station.station.dir.display());
            }
        }
    }

    fn count(&mut self, what: &'static str) {
        *self.fired.entry(what).or_default() += 1;
    }

    fn run(&mut self) -> Result<(), String> {
        for _ in 0..self.climate.actions {
            self.act()?;
            let wrong = self.registry.as_mut().and_then(|registry| registry.work(&self.world));
            wrong.into_iter().for_each(|what| self.count(what));
        }
        self.calm();
        self.tell("-- faults stop");
        self.world.settle()?;
        self.drop_last();
        self.world.heal()?;
        self.count_repeats();
        verdict::check(&mut self.world)?;
        self.compare_rows()
    }

    /// Where there are rows, both databases must hold the same, and what was offered in runs must have left so.
    fn compare_rows(&mut self) -> Result<(), String> {
        if self.registry.is_none() {
            return Ok(());
        }
        let in_runs = office::source(&self.world).left_in_runs();
        if in_runs > 0 {
            self.count("rows sent in runs");
        }
        office::compare(&self.world)
    }

    /// Packets that a station placed again by itself: repeats by time, and what its peer's receipts called missing.
    fn count_repeats(&mut self) {
        let repeated = |event: &Event| if let Event::Repeated { count, .. } = event { *count } else { 0 };
        let times = [&self.world.outer, &self.world.inner].map(|station| station.log().iter().map(repeated).sum::<u64>());
        let times = times.iter().sum::<u64>();
        if times > 0 {
            *self.fired.entry("placed again by itself").or_default() += times;
        }
    }

    /// Every fault ends, and both stations start once more.
    fn calm(&mut self) {
        if let Some(registry) = &mut self.registry {
            office::source(&self.world).calm();
            office::sink(&self.world).calm();
            registry.office.close();
        }
        for victim in [Victim::Outer, Victim::Inner] {
            self.world.hurry(victim, false);
            self.world.side(victim).crash();
        }
    }

    /// The newest packet and the signal behind it may both be lost: only what comes after them shows it.
    fn drop_last(&mut self) {
        if self.registry.is_some() {
            office::put_unit(&office::source(&self.world), "last", "1");
        }
        let World { outer, inner, outer_supplier, inner_supplier, .. } = &mut self.world;
        for (station, supplier) in [(outer, outer_supplier), (inner, inner_supplier)] {
            for channel in station.outgoing().into_iter().filter(is_of_files) {
                match station.channel(&channel).screen.xml {
                    true => supplier.drop_xml(station, channel.as_str(), "Z999_last.xml"),
                    false => supplier.drop_file(station, channel.as_str(), "Z999_last.xml"),
                }
            }
        }
    }

    fn act(&mut self) -> Result<(), String> {
        match self.world.dice.below(14) {
            0..=2 => self.drop_some(),
            3..=5 => self.step(Victim::Outer)?,
            6..=8 => self.step(Victim::Inner)?,
            9 => self.carry(true),
            10 => self.carry(false),
            11 => self.consume(),
            12 => self.shift_time(),
            _ => self.decide()?,
        }
        Ok(())
    }

    /// Drops some files under names that are used again and again, but never over one that still waits.
    fn drop_some(&mut self) {
        for _ in 0..self.world.dice.between(1, 6) {
            let victim = if self.world.dice.chance(0.7) { Victim::Outer } else { Victim::Inner };
            let mut channels = self.world.side(victim).outgoing();
            channels.retain(is_of_files);
            let channel = channels[self.world.dice.below(channels.len() as u64) as usize].clone();
            let number = self.world.dice.below(12);
            let file = ["", "in/", "深/层/"][self.world.dice.below(3) as usize].to_owned() + &format!("A{number}_a.xml");
            self.drop_one(victim, channel.as_str(), &file);
        }
    }

    fn drop_one(&mut self, victim: Victim, channel: &str, file: &str) {
        let World { outer, inner, outer_supplier, inner_supplier, dice, .. } = &mut self.world;
        let (station, supplier) = match victim {
            Victim::Outer => (outer, outer_supplier),
            Victim::Inner => (inner, inner_supplier),
        };
        let xml = station.channel(&name(channel)).screen.xml;
        // The key's rule knows no folders.
        let file = if xml { file.rsplit('/').next().unwrap_or(file) } else { file };
        if station.files.get(station.source(&name(channel)).join(file)).is_some() {
            return;
        }
        match dice.below(10) {
            0 if xml => supplier.drop_bad_xml(station, channel, file),
            _ if xml => supplier.drop_xml(station, channel, file),
            1 => supplier.drop_repeat(station, channel, file),
            _ => supplier.drop_file(station, channel, file),
        }
        self.tell(&format!("{victim:?}: {channel}/{file} dropped"));
    }

    /// One step of a station, perhaps with a fault in it; afterwards it may be started anew, or the power goes.
    fn step(&mut self, victim: Victim) -> Result<(), String> {
        let plan = self.plan(victim);
        let power = self.climate.power_cuts && self.world.dice.chance(0.2);
        let station = self.world.side(victim);
        let (ops, commits) = (station.files.ops(), station.store.commits());
        let outcome = station.step();
        let (ops, commits) = (station.files.ops() - ops, station.store.commits() - commits);
        let said = outcome.as_ref().map_or_else(|fault| format!("fault {}", fault.code()), |report| format!("{report:?}"));
        if let Some(plan) = plan.filter(|plan| (if plan.of_commits { commits } else { ops }) >= plan.at) {
            self.count(plan.what);
        }
        let planned = plan.map(|plan| format!(" with {} at {}", plan.what, plan.at)).unwrap_or_default();
        self.tell(&format!(
            "{victim:?}: step{planned}, {ops} operations, {commits} commits{}: {said}",
            if power { ", power" } else { "" }
        ));
        if let Err(fault) = &outcome
            && fault.policy() == Policy::Mend
        {
            return Err(format!("a fault asks a person to mend something: {fault}"));
        }
        let station = self.world.side(victim);
        restore(station);
        match (outcome, power) {
            (_, true) => {
                station.power_cut();
                self.count("power cut");
            }
            (Err(_), false) => station.crash(),
            (Ok(_), false) => {}
        }
        Ok(())
    }

    fn plan(&mut self, victim: Victim) -> Option<Plan> {
        let World { outer, inner, dice, .. } = &mut self.world;
        if dice.below(100) >= self.climate.faults {
            return None;
        }
        let station = match victim {
            Victim::Outer => outer,
            Victim::Inner => inner,
        };
        let (at, commit, persisted) = (dice.between(1, 160), dice.between(1, 6), dice.chance(0.5));
        let of_ops = |what| Some(Plan { what, at, of_commits: false });
        let of_commits = |what| Some(Plan { what, at: commit, of_commits: true });
        match dice.below(13) {
            0..=2 => {
                station.files.kill_at(at, persisted);
                of_ops("kill")
            }
            3 => {
                station.files.fail_at(at, FileCause::NoSpace);
                of_ops("ENOSPC")
            }
            4 => {
                station.files.fail_at(at, FileCause::System(5));
                of_ops("EIO")
            }
            5 => {
                station.files.fail_done_at(at, FileCause::System(5));
                of_ops("EIO after the deed")
            }
            6 => {
                let cause = if persisted { FileCause::Denied } else { FileCause::TooManyOpen };
                station.files.fail_at(at, cause);
                of_ops("EACCES or EMFILE")
            }
            7 => {
                station.store.fail_commit_at(commit, persisted);
                of_commits("commit unsure")
            }
            8 => {
                let fault = if persisted { StoreFault::Full } else { StoreFault::Busy };
                station.store.refuse_commit_at(commit, fault);
                of_commits("commit refused")
            }
            9 => {
                station.files.set_read_only("/", true);
                Some(Plan { what: "read-only", at: 0, of_commits: false })
            }
            10 => {
                station.files.limit("/", Some(1));
                Some(Plan { what: "full disk", at: 0, of_commits: false })
            }
            11 => {
                let ferry = if persisted { station.station.ferry_in() } else { station.station.ferry_out() };
                station.files.rename(&ferry, away(&ferry));
                Some(Plan { what: "ferry directory gone", at: 0, of_commits: false })
            }
            _ => {
                station.crash();
                station.files.kill_at(at.min(40), persisted);
                Some(Plan { what: "kill in recovery", at: at.min(40), of_commits: false })
            }
        }
    }

    fn carry(&mut self, inward: bool) {
        let World { outer, inner, inward: to_inner, outward, .. } = &mut self.world;
        let (gap, from, to) = if inward { (to_inner, &*outer, &*inner) } else { (outward, &*inner, &*outer) };
        let harmed = gap.harmed.len();
        let moved = gap.carry(from, to, &self.climate.weather);
        let harmed = gap.harmed.len() - harmed;
        for _ in 0..harmed {
            self.count("lost or damaged on the way");
        }
        self.tell(&format!("carried {}: {moved} files, {harmed} harmed", if inward { "inward" } else { "outward" }));
    }

    /// Consumers take all they see: one that passes files over would change their order itself.
    fn consume(&mut self) {
        let inner = self.world.inner_consumer.take(&self.world.inner.files, 1.0);
        let outer = self.world.outer_consumer.take(&self.world.outer.files, 1.0);
        self.tell(&format!("consumers took {inner} and {outer}"));
    }

    /// Time passes, or the wall clock alone is set; consumers and devices become hasty or patient.
    fn shift_time(&mut self) {
        const YEAR_MS: i64 = 365 * 86_400_000;
        let minutes = self.world.dice.below(60);
        self.world.outer.clock.advance(60_000 * minutes);
        if self.world.dice.chance(0.2) {
            let wall_ms = BEGIN_MS + [-YEAR_MS, 10 * YEAR_MS, 86_400_000, 0][self.world.dice.below(4) as usize];
            self.world.outer.clock.set_wall(wall_ms);
            self.count("clock set");
            self.tell(&format!("clock set to {wall_ms}"));
        }
        for victim in [Victim::Outer, Victim::Inner] {
            let hasty = self.world.dice.chance(0.5);
            self.world.hurry(victim, hasty);
        }
    }

    /// A person stops a station cleanly, or has named gaps resent.
    fn decide(&mut self) -> Result<(), String> {
        let victim = if self.world.dice.chance(0.5) { Victim::Outer } else { Victim::Inner };
        if self.world.dice.chance(0.4) {
            // A clean stop may meet a fault that was planned and not reached.
            if self.world.side(victim).close().is_err() {
                self.world.side(victim).crash();
            }
            self.tell(&format!("{victim:?}: stopped"));
            return Ok(());
        }
        let receiver = match victim {
            Victim::Outer => &self.world.inner,
            Victim::Inner => &self.world.outer,
        };
        // A store that died with its station names nothing until the next start.
        for (channel, from, to) in gaps(receiver).unwrap_or_default() {
            let request = Request::Resend { channel, from, to, operator: "tester".to_owned() };
            let answer = self.world.side(victim).perform(&request);
            let said = answer.as_ref().map_or_else(|fault| fault.code().to_owned(), |answer| answer.exit.to_string());
            self.tell(&format!("{victim:?}: asked to resend {from}..{to}: {said}"));
            match answer {
                Ok(_) => self.count("resend by a person"),
                Err(_) => self.world.side(victim).crash(),
            }
        }
        Ok(())
    }
}

fn is_of_files(channel: &ChannelName) -> bool {
    channel.as_str() != ROWS
}

/// Ends what lasts for a step: the disk has room and may be written, the ferry directories are there.
fn restore(station: &SimStation) {
    station.files.set_read_only("/", false);
    station.files.limit("/", None);
    for ferry in [station.station.ferry_in(), station.station.ferry_out()] {
        station.files.rename(away(&ferry), &ferry);
    }
}

/// Where a ferry directory is while it is gone.
fn away(ferry: &Path) -> PathBuf {
    ferry.with_extension("away")
}
