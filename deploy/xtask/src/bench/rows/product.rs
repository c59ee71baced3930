//! A channel of tables between two real stations whose ferry directories are one and the same.

use std::fs;
use std::path::Path;
use std::rc::Rc;

use anyhow::{Context, Result, ensure};

use super::servers::{RUN, Servers};
use crate::bench::measure::{Contender, Durability};
use crate::bench::product::wait_until_up;
use crate::station::{Daemon, Station, set};
use crate::workspace::Programs;

const CHANNEL: &str = "units";

/// What a run moves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Work {
    /// `push` into an empty table.
    Stock,
    /// `push` over rows that are there, each of them older.
    Merge,
    /// What triggers wrote into the outbox, a thousand rows a transaction.
    Increments,
}

/// The product's row.
pub(super) struct Channel {
    name: &'static str,
    work: Work,
    programs: Programs,
    servers: Rc<Servers>,
    ready: Option<[Station; 2]>,
    running: Vec<Daemon>,
}

impl Channel {
    /// Makes the row.
    pub(super) fn new(name: &'static str, work: Work, programs: &Programs, servers: &Rc<Servers>) -> Self {
        Channel { name, work, programs: programs.clone(), servers: Rc::clone(servers), ready: None, running: Vec::new() }
    }

    fn stations(&self, directory: &Path) -> Result<[Station; 2]> {
        let outer = Station::init(&self.programs.outer, directory.join("outer"))?;
        let inner = Station::init(&self.programs.inner, directory.join("inner"))?;
        let ferry = outer.path("ferry/out").to_string_lossy().into_owned();
        inner.configure("station.toml", |table| {
            set(table, "ferry", "in", ferry);
            set(table, "ferry", "scan_seconds", 1);
        })?;
        let [source, sink] = [&self.servers.source, &self.servers.sink].map(|server| server.url(RUN));
        let text = format!(
            "channel = \"{CHANNEL}\"\ntitle = \"W3\"\nfrom = \"outer\"\n\n[source]\ndatabase = \"{source}\"\ntables = [\"public.h\"]\n\n[sink]\ndatabase = \"{sink}\"\n"
        );
        for station in [&outer, &inner] {
            fs::write(station.path(format!("channels/{CHANNEL}.toml")), &text)?;
        }
        Station::pair(&outer, &inner)?;
        command(&outer, &["source", "install", CHANNEL])?;
        Ok([outer, inner])
    }
}

impl Contender for Channel {
    fn name(&self) -> &str {
        self.name
    }

    fn durability(&self) -> Durability {
        Durability::Group
    }

    fn server_ticks(&self) -> u64 {
        self.servers.ticks()
    }

    fn prepare(&mut self, directory: &Path) -> Result<()> {
        self.servers.prepare(self.work != Work::Increments, self.work == Work::Merge);
        let stations = self.stations(directory)?;
        let [outer, inner] = &stations;
        self.running = vec![inner.start()?];
        wait_until_up(inner)?;
        match self.work {
            Work::Increments => self.servers.insert_all(),
            Work::Stock | Work::Merge => {
                self.running.push(outer.start()?);
                wait_until_up(outer)?;
            }
        }
        self.ready = Some(stations);
        Ok(())
    }

    fn go(&mut self, _: &Path) -> Result<()> {
        let [outer, _] = self.ready.as_ref().context("the stations are not ready")?;
        match self.work {
            Work::Increments => self.running.push(outer.start()?),
            Work::Stock | Work::Merge => command(outer, &["push", CHANNEL])?,
        }
        self.servers.wait(|| self.running.iter_mut().try_for_each(Daemon::check_alive))
    }

    fn finish(&mut self, _: &Path) -> Result<()> {
        self.running.drain(..).try_for_each(|daemon| daemon.stop().map(drop))
    }

    fn check(&mut self, _: &Path) -> Result<Option<u64>> {
        self.servers.check()?;
        let [outer, _] = self.ready.take().context("the stations were not ready")?;
        Ok(Some(outer.status()?.channel(CHANNEL).context("the channel is gone")?.sealed_bytes))
    }
}

fn command(station: &Station, words: &[&str]) -> Result<()> {
    let (name, rest) = words.split_first().context("a command")?;
    let output = station.command(name).args(rest).output()?;
    let said = [&output.stdout[..], &output.stderr[..]].concat();
    ensure!(output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&said).trim());
    Ok(())
}
