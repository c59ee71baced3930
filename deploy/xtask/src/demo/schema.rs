//! `cargo xtask demo --schema`: three structure changes of the worked example cross in their order, approved on both sides, between a real PostgreSQL outside and a
//! real MariaDB inside.

mod register;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{ExitCode, Output};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, bail, ensure};
use dukou_shared::schema::{Document, Structure};

use super::ferries::LATECOMERS;
use super::words::Language;
use super::{Options, POLL, Running, close, fresh_directory, verdict};
use crate::station::{Station, set};
use crate::test::debian;
use crate::{stop, workspace};
use register::Register;

/// The channel of tables, outer to inner.
const CHANNEL: &str = "registration-tables";
/// The documents, each with the rows that only its version takes.
const CHANGES: [(&str, &str); 3] =
    [("2-columns.toml", "2-columns.sql"), ("3-dictionaries.toml", "3-dictionaries.sql"), ("4-names.toml", "4-names.sql")];
/// The change that loses a column.
const LOSES: usize = 2;
/// Who proposes and who approves, outside and inside: name and account.
const PERSONS: [[(&str, &str); 2]; 2] = [[("王", "wang"), ("李", "li")], [("赵", "zhao"), ("周", "zhou")]];
/// How many lines of a long answer are shown.
const SHOWN: usize = 10;
/// How long one step may take: devices delay and hold up packets, and the machine may be busy.
const PATIENCE: Duration = Duration::from_secs(240);

/// The stations, as indexes.
const OUTER: usize = 0;
const INNER: usize = 1;

/// Runs the demo; anything that is not as it must be makes it fail.
pub(super) fn run(options: &Options) -> Result<ExitCode> {
    let stopped = stop::at_ctrl_c()?;
    let lang = options.lang;
    let say = |zh: &str, en: &str| println!("== {}", lang.say(zh, en));
    debian::provide_servers()?;
    say("编译两侧摆渡站", "building both stations");
    let programs = workspace::build_release(false)?;
    say(
        "结构变更样例（是推断，不是标准文本）：deploy/schema 的三份变更，外网 PostgreSQL，内网 MariaDB",
        "the worked example of structure changes (inferred, not the text of a standard): three documents of deploy/schema, PostgreSQL outside, MariaDB inside",
    );
    let description = fs::read(samples().join("structure.toml"))?;
    let structure = Structure::read(&description).map_err(|fault| anyhow!("structure.toml: {fault}"))?;
    let register = Register::start(&structure)?;
    let place = fresh_directory()?;
    say("初始化两侧摆渡站，各有两名审批人，互换身份卡", "initialising both stations with two approvers each, exchanging cards");
    let outer = Station::init(&programs.outer, place.join("outer"))?;
    let inner = Station::init(&programs.inner, place.join("inner"))?;
    let scene = Scene { lang, register, structure, stations: [outer, inner] };
    scene.prepare()?;
    say("启动两侧摆渡站和两台模拟隔离设备", "starting both stations and two simulated gap devices");
    let mut running = Running::start(&scene.stations[OUTER], &scene.stations[INNER])?;
    scene.play(&mut running, &stopped)?;
    say("再等片刻：迟到和重复的包不得有任何影响", "waiting for latecomers: packets that come again must change nothing");
    thread::sleep(LATECOMERS);
    let mut complaints = scene.complaints(CHANGES.len())?;
    println!("\n{}", scene.register.beside(&scene.tables(CHANGES.len())?, lang)?);
    complaints.extend(running.stop(lang)?);
    for station in &scene.stations {
        println!("== dukou-audit verify {}", station.path("log").display());
        complaints.extend(verdict::audit(lang, &programs.audit, station)?);
    }
    let good = [
        "演示通过：三次结构变更按次序过去并各自批准，两边的结构和行都相同，两侧日志审计通过",
        "PASS: three structure changes crossed in order, each approved on both sides; structures and rows are equal, both audits pass",
    ];
    let code = close(options, &place, &complaints, good);
    println!("{}", lang.say("接着看：deploy/schema/README.md", "Next: deploy/schema/README.md"));
    Ok(code)
}

/// Gives the folder of the example.
fn samples() -> PathBuf {
    workspace::root().join("deploy/schema")
}

fn read(path: &Path) -> Result<String> {
    fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
}

/// Both databases and both stations.
struct Scene {
    lang: Language,
    register: Register,
    structure: Structure,
    /// The outer one, then the inner one.
    stations: [Station; 2],
}

impl Scene {
    /// Configures the stations, appoints approvers, and asks for the stock.
    fn prepare(&self) -> Result<()> {
        for station in &self.stations {
            self.configure(station)?;
        }
        Station::pair(&self.stations[OUTER], &self.stations[INNER])?;
        for side in [OUTER, INNER] {
            self.appoint(side)?;
        }
        self.register.write(&read(&samples().join("steps/1-stock.sql"))?);
        self.command(INNER, &["sink", "install", CHANNEL])?;
        self.command(OUTER, &["source", "install", CHANNEL])?;
        self.command(OUTER, &["push", CHANNEL])?;
        Ok(())
    }

    /// Puts the example's channel and structure in the place of the channels that a station comes with.
    fn configure(&self, station: &Station) -> Result<()> {
        for entry in fs::read_dir(station.path("channels"))? {
            fs::remove_file(entry?.path())?;
        }
        let file = format!("channels/{CHANNEL}.toml");
        fs::copy(samples().join(&file), station.path(&file)).with_context(|| format!("cannot copy {file}"))?;
        fs::create_dir_all(station.path("structures"))?;
        fs::copy(samples().join("structure.toml"), station.path("structures/registration.toml"))?;
        station.configure(&file, |table| {
            set(table, "source", "database", self.register.urls[OUTER].clone());
            set(table, "source", "poll_seconds", 1);
            set(table, "sink", "database", self.register.urls[INNER].clone());
        })?;
        // As shipped a station scans every 10 s; nobody wants to watch that.
        station.configure("station.toml", |table| set(table, "ferry", "scan_seconds", 1))
    }

    /// Gives a station its approvers, and lets the other one know each version of its keyring.
    fn appoint(&self, side: usize) -> Result<()> {
        let (station, other) = (&self.stations[side], &self.stations[1 - side]);
        for (name, _) in PERSONS[side] {
            let words = station.path(format!("{name}.words"));
            fs::write(&words, format!("{name}的口令只有本人知道\n"))?;
            fs::set_permissions(&words, fs::Permissions::from_mode(0o600))?;
            self.command(side, &["schema", "approver", "add", name, "--words-file", &words.display().to_string()])?;
        }
        other.trust(&station.path("log/keyring-000002.txt"))?;
        station.write_card(&station.card())?;
        other.trust(&station.card())
    }

    fn answer(&self, side: usize, account: &str, arguments: &[&str]) -> Result<Output> {
        let [verb, rest @ ..] = arguments else { bail!("a command without a verb") };
        let mut command = self.stations[side].command(verb);
        command.args(rest).args(["--lang", self.lang.say("zh", "en")]).env("SUDO_USER", account);
        Ok(command.output()?)
    }

    fn title(&self, side: usize) -> &'static str {
        if side == OUTER { self.lang.say("外网", "outer") } else { self.lang.say("内网", "inner") }
    }

    /// Runs a command of a station and shows how what it says begins.
    fn command(&self, side: usize, arguments: &[&str]) -> Result<()> {
        self.command_by(side, "demo", arguments)
    }

    fn command_by(&self, side: usize, account: &str, arguments: &[&str]) -> Result<()> {
        let output = self.answer(side, account, arguments)?;
        self.show(side, arguments, &output);
        let err = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "{} ({}): {err}", arguments.join(" "), output.status);
        Ok(())
    }

    fn show(&self, side: usize, arguments: &[&str], output: &Output) {
        println!("    [{}] {}", self.title(side), arguments.join(" "));
        let out = String::from_utf8_lossy(&output.stdout);
        out.lines().take(SHOWN).for_each(|line| println!("        {line}"));
        let more = out.lines().count().saturating_sub(SHOWN);
        if more > 0 {
            println!("        … {more} {}", self.lang.say("行", "lines more"));
        }
    }

    /// Signs as one of a station's two persons.
    fn sign(&self, side: usize, person: usize, arguments: &[&str]) -> Result<()> {
        let (name, account) = PERSONS[side][person];
        let words = self.stations[side].path(format!("{name}.words")).display().to_string();
        let reason = self.lang.say("依据已核对", "the basis was checked");
        let signed = ["--as", name, "--words-file", &words, "--reason", reason];
        self.command_by(side, account, &[arguments, &signed].concat())
    }

    /// Carries the stock, then one change after another, each with rows that only its version takes.
    fn play(&self, running: &mut Running, stopped: &AtomicBool) -> Result<()> {
        self.crossed(running, stopped, 0, ["存量", "the stock"])?;
        for (at, (document, rows)) in CHANGES.iter().enumerate() {
            self.change(running, stopped, at, document)?;
            let sql = read(&samples().join("steps").join(rows))?;
            let title = title_of(&sql).with_context(|| format!("{rows} has no title"))?;
            self.register.write(&sql);
            self.waiting(running, stopped, at)?;
            self.sign(INNER, 0, &self.arguments("approve", at))?;
            self.crossed(running, stopped, at + 1, title)?;
        }
        Ok(())
    }

    /// Arguments of a decision about a change.
    fn arguments(&self, verb: &'static str, at: usize) -> Vec<&'static str> {
        let number = ["2", "3", "4"][at];
        let loss = if at == LOSES { &["--allow-loss"][..] } else { &[] };
        [&["schema", verb, number], loss].concat()
    }

    /// Two persons outside decide about a change, and it is made where rows leave.
    fn change(&self, running: &mut Running, stopped: &AtomicBool, at: usize, document: &str) -> Result<()> {
        let file = samples().join(document);
        let text = read(&file)?;
        let read = Document::read(text.as_bytes()).map_err(|_| anyhow!("{document} is wrong"))?;
        let number = read.to.to_string();
        println!("== {} {number}: {}", self.lang.say("变更到第", "a change to version"), read.title);
        let path = file.display().to_string();
        let loss = if at == LOSES { &["--allow-loss"][..] } else { &[] };
        self.sign(OUTER, 0, &[&["schema", "propose", &path], loss].concat())?;
        self.sign(OUTER, 1, &self.arguments("approve", at))?;
        self.command(OUTER, &["schema", "show", &number])?;
        let made = ["来源已改", "made where rows leave"];
        self.until(running, stopped, made, || Ok(self.drift(OUTER, at + 1)?.status.success()))
    }

    /// The change waits at the far side: its marker is there, and nobody there approved it yet.
    fn waiting(&self, running: &mut Running, stopped: &AtomicBool, at: usize) -> Result<()> {
        let number = ["2", "3", "4"][at];
        let known = ["标记已到对方", "its marker is at the far side"];
        self.until(running, stopped, known, || {
            Ok(self.answer(INNER, "demo", &["schema", "show", number])?.status.code() != Some(2))
        })?;
        let arguments = ["schema", "show", number];
        self.show(INNER, &arguments, &self.answer(INNER, "demo", &arguments)?);
        ensure!(self.drift(INNER, at)?.status.success(), "version {number} was made inside before anybody there approved it");
        let tried = ["试运行通过", "the try succeeds"];
        self.until(running, stopped, tried, || Ok(self.answer(INNER, "demo", &["schema", "try", number])?.status.success()))?;
        self.command(INNER, &["schema", "try", number])?;
        let status = self.answer(INNER, "demo", &["status"])?;
        self.show(INNER, &["status"], &status);
        Ok(())
    }

    /// Compares a side's database with the structure behind so many changes.
    fn drift(&self, side: usize, changes: usize) -> Result<Output> {
        let (structure, documents) = (samples().join("structure.toml"), CHANGES.map(|(document, _)| samples().join(document)));
        let structure = structure.display().to_string();
        let documents = documents.map(|document| document.display().to_string());
        let mut arguments = vec!["schema", "status", CHANNEL, "--structure", &structure];
        documents[..changes].iter().for_each(|document| arguments.extend(["--after", document]));
        self.answer(side, "demo", &arguments)
    }

    /// Names the tables behind so many changes.
    fn tables(&self, changes: usize) -> Result<Vec<String>> {
        let mut structure = self.structure.clone();
        for (document, _) in &CHANGES[..changes] {
            let bytes = fs::read(samples().join(document))?;
            let document = Document::read(&bytes).map_err(|_| anyhow!("{document} is wrong"))?;
            structure = structure.apply(&document).map_err(|unfit| anyhow!("{unfit}"))?;
        }
        Ok(structure.tables.iter().map(|table| table.name.clone()).collect())
    }

    /// Waits until both databases have the same structure and the same rows.
    fn crossed(&self, running: &mut Running, stopped: &AtomicBool, changes: usize, title: [&str; 2]) -> Result<()> {
        let tables = self.tables(changes)?;
        self.until(running, stopped, title, || {
            Ok(self.register.differences(&tables).is_empty() && self.drift(INNER, changes)?.status.success())
        })
    }

    fn until(
        &self,
        running: &mut Running,
        stopped: &AtomicBool,
        title: [&str; 2],
        holds: impl Fn() -> Result<bool>,
    ) -> Result<()> {
        let begun = Instant::now();
        while !holds()? {
            if stopped.load(Ordering::Relaxed) {
                bail!("interrupted");
            }
            running.check()?;
            if begun.elapsed() > PATIENCE {
                for side in [OUTER, INNER] {
                    self.show(side, &["status"], &self.answer(side, "demo", &["status"])?);
                }
                bail!("not within {} s: {}", PATIENCE.as_secs(), title[1]);
            }
            thread::sleep(POLL);
        }
        println!("  {:>5.1} s  {}", begun.elapsed().as_secs_f64(), self.lang.say(title[0], title[1]));
        Ok(())
    }

    /// Lists everything that is not as it must be.
    fn complaints(&self, changes: usize) -> Result<Vec<String>> {
        let mut complaints: Vec<String> =
            self.register.differences(&self.tables(changes)?).into_iter().map(|table| format!("{table} differs")).collect();
        for side in [OUTER, INNER] {
            let title = self.title(side);
            let drift = self.drift(side, changes)?;
            self.show(side, &["schema", "status", CHANNEL], &drift);
            if !drift.status.success() {
                complaints.push(format!("{title}: schema status: {}", String::from_utf8_lossy(&drift.stdout)));
            }
            let status = self.stations[side].status()?;
            let wrong = status.channels.iter().filter(|channel| channel.state != "ok" || channel.rejected > 0);
            complaints.extend(wrong.map(|channel| format!("{title}: {} is {}", channel.channel, channel.state)));
            if status.aside + status.waiting > 0 {
                complaints.push(format!("{title}: packets were set aside or wait"));
            }
        }
        Ok(complaints)
    }
}

/// Gives the first line of a step in both languages.
fn title_of(sql: &str) -> Option<[&str; 2]> {
    let (zh, en) = sql.lines().next()?.strip_prefix("-- ")?.split_once(" / ")?;
    Some([zh, en])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documents_of_the_demo_follow_one_another_and_every_step_has_a_title_in_both_languages() {
        let mut structure =
            Structure::read(&fs::read(samples().join("structure.toml")).expect("a structure")).expect("a structure");
        for (document, rows) in CHANGES {
            let bytes = fs::read(samples().join(document)).expect(document);
            structure = structure.apply(&Document::read(&bytes).expect(document)).expect(document);
            let sql = read(&samples().join("steps").join(rows)).expect(rows);
            let [zh, en] = title_of(&sql).expect(rows);
            assert!(!zh.is_empty() && !en.is_empty(), "{rows}");
        }
        assert_eq!(structure.version, 4);
    }
}
