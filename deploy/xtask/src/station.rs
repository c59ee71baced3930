//! One real station: its program, its directory, and its daemon while that runs.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use rustix::process::{Pid, Signal, kill_process};
use serde::Deserialize;

/// How long a daemon may take to stop.
pub(crate) const STOP_LIMIT: Duration = Duration::from_secs(5);

/// An installed station.
#[derive(Debug, Clone)]
pub(crate) struct Station {
    pub(crate) program: PathBuf,
    pub(crate) directory: PathBuf,
}

impl Station {
    /// Makes a test station in a new directory.
    pub(crate) fn init(program: &Path, directory: PathBuf) -> Result<Self> {
        Self::init_with(program, directory, &[])
    }

    /// Makes a test station in a new directory, with further options.
    pub(crate) fn init_with(program: &Path, directory: PathBuf, options: &[&str]) -> Result<Self> {
        let output =
            Command::new(program).arg("init").arg(&directory).arg("--test").args(options).stdin(Stdio::null()).output();
        succeeded(output, program, "init")?;
        Ok(Station { program: program.to_path_buf(), directory })
    }

    /// Writes this station's card into a file.
    pub(crate) fn write_card(&self, path: &Path) -> Result<()> {
        let output = succeeded(self.command("card").output(), &self.program, "card")?;
        fs::write(path, output.stdout).with_context(|| format!("cannot write {}", path.display()))
    }

    /// Trusts the station whose card lies in the file, without comparing fingerprints.
    pub(crate) fn trust(&self, card: &Path) -> Result<()> {
        let output = self.command("trust").arg(card).arg("--yes").output();
        succeeded(output, &self.program, "trust").map(drop)
    }

    /// Pairs two stations with each other; the cards are left beside their directories.
    pub(crate) fn pair(one: &Station, other: &Station) -> Result<()> {
        for (from, to) in [(one, other), (other, one)] {
            let card = from.card();
            from.write_card(&card)?;
            to.trust(&card)?;
        }
        Ok(())
    }

    /// Gives where [`Station::pair`] leaves this station's card.
    pub(crate) fn card(&self) -> PathBuf {
        self.directory.with_extension("card")
    }

    /// Starts a command of this station.
    pub(crate) fn command(&self, name: &str) -> Command {
        let mut command = Command::new(&self.program);
        command.arg(name).arg("--station").arg(&self.directory).stdin(Stdio::null());
        command
    }

    /// Asks for the station's own view of itself.
    pub(crate) fn status(&self) -> Result<Status> {
        let output = self.command("status").arg("--json").output();
        // A station that has refused a record leaves with 1 and prints its status all the same.
        let output = output.with_context(|| format!("cannot run {}", self.program.display()))?;
        serde_json::from_slice(&output.stdout)
            .with_context(|| format!("{} status --json ({}): {}", self.program.display(), output.status, stderr(&output)))
    }

    /// Starts the daemon; what it prints goes to a file beside the station's directory.
    pub(crate) fn start(&self) -> Result<Daemon> {
        let journal = self.directory.with_extension("journal");
        let file = File::create(&journal).with_context(|| format!("cannot write {}", journal.display()))?;
        // A group of its own: Ctrl-C in the terminal must not reach it past us.
        let child = self.command("run").stdout(file.try_clone()?).stderr(file).process_group(0).spawn();
        let child = child.with_context(|| format!("cannot run {}", self.program.display()))?;
        Ok(Daemon { child, journal })
    }

    /// Gives a path inside the station's directory.
    pub(crate) fn path(&self, inside: impl AsRef<Path>) -> PathBuf {
        self.directory.join(inside)
    }

    /// Changes one TOML file of the station.
    pub(crate) fn configure(&self, file: &str, change: impl FnOnce(&mut toml::Table)) -> Result<()> {
        let path = self.path(file);
        let text = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        let mut table: toml::Table = text.parse().with_context(|| format!("in {}", path.display()))?;
        change(&mut table);
        fs::write(&path, table.to_string()).with_context(|| format!("cannot write {}", path.display()))
    }
}

/// Sets a key in a table of a TOML file, making the table where it is missing.
pub(crate) fn set(table: &mut toml::Table, section: &str, key: &str, value: impl Into<toml::Value>) {
    let section = table.entry(section).or_insert_with(|| toml::Table::new().into());
    if let Some(section) = section.as_table_mut() {
        section.insert(key.to_owned(), value.into());
    }
}

fn succeeded(output: std::io::Result<Output>, program: &Path, what: impl AsRef<OsStr>) -> Result<Output> {
    let output = output.with_context(|| format!("cannot run {}", program.display()))?;
    let what = what.as_ref().display();
    ensure!(output.status.success(), "{} {what} ({}): {}", program.display(), output.status, stderr(&output));
    Ok(output)
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).trim().to_owned()
}

/// A running daemon. One that is dropped without having been stopped is killed.
#[derive(Debug)]
pub(crate) struct Daemon {
    child: Child,
    journal: PathBuf,
}

impl Daemon {
    /// Fails when the daemon has ended by itself.
    pub(crate) fn check_alive(&mut self) -> Result<()> {
        match self.child.try_wait()? {
            None => Ok(()),
            Some(status) => bail!("the daemon has stopped ({status}); it said:\n{}", self.said()),
        }
    }

    /// Gives its process id.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Asks it to stop and waits at most [`STOP_LIMIT`].
    pub(crate) fn stop(mut self) -> Result<ExitStatus> {
        self.check_alive()?;
        kill_process(Pid::from_child(&self.child), Signal::TERM)?;
        let asked = Instant::now();
        while asked.elapsed() < STOP_LIMIT {
            if let Some(status) = self.child.try_wait()? {
                return Ok(status);
            }
            thread::sleep(Duration::from_millis(5));
        }
        bail!("the daemon was still running {} s after SIGTERM", STOP_LIMIT.as_secs())
    }

    /// Gives the end of what the daemon printed.
    pub(crate) fn said(&self) -> String {
        let text = fs::read(&self.journal).unwrap_or_default();
        let text = String::from_utf8_lossy(&text);
        let lines: Vec<_> = text.lines().collect();
        lines[lines.len().saturating_sub(30)..].join("\n")
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        // It is already gone where it was stopped.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What `status --json` prints.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Status {
    pub(crate) channels: Vec<ChannelStatus>,
    #[serde(default)]
    pub(crate) rejections: Vec<Rejection>,
    #[serde(default)]
    pub(crate) aside: u64,
    #[serde(default)]
    pub(crate) waiting: u64,
}

impl Status {
    /// Finds a channel.
    pub(crate) fn channel(&self, name: &str) -> Option<&ChannelStatus> {
        self.channels.iter().find(|channel| channel.channel == name)
    }
}

/// One channel, as one station sees it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct ChannelStatus {
    pub(crate) channel: String,
    pub(crate) state: String,
    #[serde(default)]
    pub(crate) accepted: u64,
    #[serde(default)]
    pub(crate) rejected: u64,
    #[serde(default)]
    pub(crate) packets: u64,
    #[serde(default)]
    pub(crate) plain_bytes: u64,
    #[serde(default)]
    pub(crate) sealed_bytes: u64,
    #[serde(default)]
    pub(crate) left: u64,
    #[serde(default)]
    pub(crate) applied: u64,
}

/// How many records a channel refused for one reason.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct Rejection {
    pub(crate) channel: String,
    pub(crate) code: String,
    pub(crate) count: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn station(script: &str) -> (tempfile::TempDir, Station) {
        use std::os::unix::fs::PermissionsExt;
        let root = tempfile::tempdir().expect("a temporary directory");
        let program = root.path().join("program");
        fs::write(&program, format!("#!/bin/sh\n{script}\n")).expect("write");
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).expect("make it a program");
        let directory = root.path().join("station");
        fs::create_dir(&directory).expect("create");
        (root, Station { program, directory })
    }

    const STATUS: &str = r#"{"station":{"id":"00","name":"x","side":"outer","environment":"test"},"channels":[{"channel":"report-message",
        "title":"t","direction":"out","state":"ok","accepted":12,"rejected":1,"held_back":0,"packets":2,"plain_bytes":9,"sealed_bytes":5,
        "left":2,"applied":0,"seen":0,"unfinished":0,"last_seq":2}],"rejections":[{"channel":"report-message","code":"xml-encoding","count":1}],
        "aside":0,"waiting":0,"junk":0}"#;

    #[test]
    fn a_status_is_read_even_when_the_station_leaves_with_one() {
        let (_root, station) = station(&format!("cat <<'END'\n{STATUS}\nEND\nexit 1"));
        let status = station.status().expect("the status");
        assert_eq!(status.channel("report-message").map(|channel| (channel.accepted, channel.packets)), Some((12, 2)));
        assert_eq!(status.rejections[0].code, "xml-encoding");
    }

    #[test]
    fn a_station_that_prints_no_status_is_an_error_with_its_words() {
        let (_root, station) = station("echo no station here >&2; exit 2");
        let error = format!("{:#}", station.status().expect_err("no status"));
        assert!(error.contains("no station here"), "{error}");
    }

    #[test]
    fn a_daemon_stops_at_sigterm() {
        let (_root, station) = station("exec sleep 60");
        let daemon = station.start().expect("it starts");
        assert!(!daemon.stop().expect("it stops").success(), "sleep is ended by the signal");
    }

    #[test]
    fn a_daemon_that_ended_by_itself_is_an_error() {
        let (_root, station) = station("echo no key; exit 3");
        let mut daemon = station.start().expect("it starts");
        daemon.child.wait().expect("it ends");
        let error = format!("{:#}", daemon.check_alive().expect_err("it has ended"));
        assert!(error.contains("no key"), "{error}");
    }

    #[test]
    fn a_setting_is_changed_and_the_others_stay() {
        let (_root, station) = station("");
        fs::write(station.path("station.toml"), "name = \"x\"\n[ferry]\nout = \"ferry/out\"\n").expect("write");
        station.configure("station.toml", |table| set(table, "ferry", "in", "/elsewhere")).expect("change");
        let text = fs::read_to_string(station.path("station.toml")).expect("read");
        assert!(
            text.contains("in = \"/elsewhere\"") && text.contains("out = \"ferry/out\"") && text.contains("name"),
            "{text}"
        );
    }
}
