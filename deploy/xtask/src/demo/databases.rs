//! `cargo xtask demo --databases`: the cadastre's lane both ways, between a real PostgreSQL inside and a real MariaDB outside.

mod registry;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};

use super::ferries::LATECOMERS;
use super::words::Language;
use super::{Options, POLL, Running, close, fresh_directory, verdict};
use crate::station::{Station, set};
use crate::test::debian;
use crate::{stop, workspace};
use registry::{Registry, Side};

/// The channels, by the station that sends on them.
const LANES: [(&str, Side); 2] = [("cadastre-units", Side::Inner), ("unit-status", Side::Outer)];
/// The channel of geometry as a file.
const GEOMETRY: &str = "cadastre-geometry";
/// What happens, in order, and which side writes it.
const STEPS: [(&str, Side); 6] = [
    ("1-split.sql", Side::Inner),
    ("2-merge.sql", Side::Inner),
    ("3-first-registration.sql", Side::Outer),
    ("4-mortgage.sql", Side::Outer),
    ("5-seizure.sql", Side::Outer),
    ("6-cancellation.sql", Side::Outer),
];
/// How long one step may take: devices delay and hold up packets, and the machine may be busy.
const PATIENCE: Duration = Duration::from_secs(240);

/// Runs the demo; anything that is not as it must be makes it fail.
pub(super) fn run(options: &Options) -> Result<ExitCode> {
    let stopped = stop::at_ctrl_c()?;
    let lang = options.lang;
    let say = |zh: &str, en: &str| println!("== {}", lang.say(zh, en));
    debian::provide_servers()?;
    say("编译两侧摆渡站", "building both stations");
    let programs = workspace::build_release(false)?;
    say(
        "启动两个数据库：业务内网是 PostgreSQL（权籍库），政务外网是 MariaDB（登记库）",
        "starting both databases: PostgreSQL inside (the cadastre), MariaDB outside (the register)",
    );
    let registry = Registry::start(&samples())?;
    let place = fresh_directory()?;
    say(
        "初始化两侧摆渡站，放入三条通道，互换身份卡（配对时授权的就是这些通道）",
        "initialising both stations with three channels, exchanging cards (which grants these channels)",
    );
    let inner = Station::init(&programs.inner, place.join("inner"))?;
    let outer = Station::init(&programs.outer, place.join("outer"))?;
    for station in [&inner, &outer] {
        configure(station, &registry)?;
    }
    Station::pair(&outer, &inner)?;
    let scene = Scene { lang, registry, inner, outer };
    scene.install(&say)?;
    say("启动两侧摆渡站和两台模拟隔离设备", "starting both stations and two simulated gap devices");
    let mut running = Running::start(&scene.outer, &scene.inner)?;
    scene.play(&mut running, &stopped)?;
    say("再等片刻：迟到和重复的包不得有任何影响", "waiting for latecomers: packets that come again must change nothing");
    thread::sleep(LATECOMERS);
    let mut complaints = scene.complaints()?;
    scene.show()?;
    scene.show_status()?;
    if options.keep {
        scene.keep(&mut running, &stopped)?;
    }
    complaints.extend(running.stop(lang)?);
    for station in [&scene.outer, &scene.inner] {
        println!("== dukou-audit verify {}", station.path("log").display());
        complaints.extend(verdict::audit(lang, &programs.audit, station)?);
    }
    let good = [
        "演示通过：两个方向的表逐行相同，迟到和重复的包没有任何影响，两侧日志审计通过",
        "PASS: the tables of both ways are equal row by row, late and repeated packets changed nothing, both audits pass",
    ];
    let code = close(options, &place, &complaints, good);
    scene.point_on();
    Ok(code)
}

/// Gives the folder of the example.
fn samples() -> PathBuf {
    workspace::root().join("deploy/cadastre")
}

fn read(path: &Path) -> Result<String> {
    fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
}

/// Puts the example's channels in the place of those that a station comes with, with the URLs of these databases.
fn configure(station: &Station, registry: &Registry) -> Result<()> {
    for entry in fs::read_dir(station.path("channels"))? {
        fs::remove_file(entry?.path())?;
    }
    for channel in LANES.iter().map(|(channel, _)| *channel).chain([GEOMETRY]) {
        let file = format!("channels/{channel}.toml");
        fs::copy(samples().join(&file), station.path(&file)).with_context(|| format!("cannot copy {file}"))?;
    }
    for (channel, sender) in LANES {
        station.configure(&format!("channels/{channel}.toml"), |table| {
            set(table, "source", "database", registry.url(sender));
            set(table, "source", "poll_seconds", 1);
            set(table, "sink", "database", registry.url(sender.other()));
        })?;
    }
    // As shipped a station scans every 10 s; nobody wants to watch that.
    station.configure("station.toml", |table| set(table, "ferry", "scan_seconds", 1))
}

/// Both databases and both stations.
struct Scene {
    lang: Language,
    registry: Registry,
    inner: Station,
    outer: Station,
}

impl Scene {
    fn station(&self, side: Side) -> &Station {
        match side {
            Side::Inner => &self.inner,
            Side::Outer => &self.outer,
        }
    }

    /// Runs a command of a station and shows what it says.
    fn command(&self, side: Side, arguments: &[&str]) -> Result<()> {
        let (station, [verb, rest @ ..]) = (self.station(side), arguments) else { return Ok(()) };
        let output = station.command(verb).args(rest).args(["--lang", self.lang.say("zh", "en")]).output()?;
        let [out, err] = [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes).into_owned());
        println!("    [{}] {}", side.title(self.lang), arguments.join(" "));
        out.lines().for_each(|line| println!("        {line}"));
        ensure!(output.status.success(), "{} ({}): {err}", arguments.join(" "), output.status);
        Ok(())
    }

    /// Makes what both ends need, and asks for the stock: with foreign keys at the sink the push comes before the triggers.
    fn install(&self, say: &dyn Fn(&str, &str)) -> Result<()> {
        say(
            "接收站建自用的表；发出站登记存量推送，再装发件表和触发器",
            "tables of our own at the receiving station; at the sending one the stock is asked for, then outbox and triggers",
        );
        for (channel, sender) in LANES {
            self.command(sender.other(), &["sink", "install", channel])?;
            self.command(sender.other(), &["sink", "check", channel])?;
            self.command(sender, &["push", channel])?;
            self.command(sender, &["source", "install", channel])?;
            self.command(sender, &["source", "check", channel])?;
        }
        say("放入一份宗地图形文件", "dropping the geometry of a parcel as a file");
        let drop = self.inner.path("drop").join(GEOMETRY);
        fs::create_dir_all(&drop).with_context(|| format!("cannot create {}", drop.display()))?;
        for entry in fs::read_dir(samples().join("geometry"))? {
            let from = entry?.path();
            let to = drop.join(from.file_name().unwrap_or_default());
            fs::copy(&from, &to).with_context(|| format!("cannot write {}", to.display()))?;
        }
        Ok(())
    }

    /// Carries the stock, then one change after another.
    fn play(&self, running: &mut Running, stopped: &Arc<AtomicBool>) -> Result<()> {
        let stock = ["存量：一宗地、一幢、三层、六户", "the stock: a parcel, a building, three floors, six units"];
        self.crossed(running, stopped, stock)?;
        for (file, side) in STEPS {
            let sql = read(&samples().join("steps").join(file))?;
            let title = title_of(&sql).with_context(|| format!("{file} has no title"))?;
            self.registry.run(side, &sql);
            self.crossed(running, stopped, title)?;
        }
        Ok(())
    }

    /// Waits until both databases hold the same rows.
    fn crossed(&self, running: &mut Running, stopped: &AtomicBool, title: [&str; 2]) -> Result<()> {
        let begun = Instant::now();
        while !self.registry.differences(LANES[0].1)?.is_empty() || !self.registry.differences(LANES[1].1)?.is_empty() {
            if stopped.load(Ordering::Relaxed) {
                bail!("interrupted");
            }
            running.check()?;
            if begun.elapsed() > PATIENCE {
                self.show_status()?;
                bail!("not across within {} s: {}", PATIENCE.as_secs(), title[1]);
            }
            thread::sleep(POLL);
        }
        println!("  {:>5.1} s  {}", begun.elapsed().as_secs_f64(), self.lang.say(title[0], title[1]));
        Ok(())
    }

    /// Lists everything that is not as it must be.
    fn complaints(&self) -> Result<Vec<String>> {
        let mut complaints = Vec::new();
        for (channel, sender) in LANES {
            complaints
                .extend(self.registry.differences(sender)?.into_iter().map(|table| format!("{channel}: {table} differs")));
        }
        for entry in fs::read_dir(samples().join("geometry"))? {
            let from = entry?.path();
            let to = self.outer.path("arrived").join(GEOMETRY).join(from.file_name().unwrap_or_default());
            if fs::read(&to).ok() != Some(fs::read(&from)?) {
                complaints.push(format!("{} did not arrive as it was", to.display()));
            }
        }
        for side in [Side::Inner, Side::Outer] {
            let status = self.station(side).status()?;
            let wrong = status.channels.iter().filter(|channel| channel.state != "ok" || channel.rejected > 0);
            complaints
                .extend(wrong.map(|channel| format!("{}: {} is {}", side.title(self.lang), channel.channel, channel.state)));
            if status.aside + status.waiting > 0 {
                complaints.push(format!("{}: packets were set aside or wait", side.title(self.lang)));
            }
        }
        Ok(complaints)
    }

    /// Shows units and their status, each as both databases have them.
    fn show(&self) -> Result<()> {
        for (channel, sender) in LANES {
            println!("\n{channel}\n{}", self.registry.beside(sender, self.lang)?);
        }
        Ok(())
    }

    fn show_status(&self) -> Result<()> {
        for side in [Side::Inner, Side::Outer] {
            let output = self.station(side).command("status").args(["--lang", self.lang.say("zh", "en")]).output()?;
            println!("== {} status", side.title(self.lang));
            String::from_utf8_lossy(&output.stdout).lines().for_each(|line| println!("    {line}"));
        }
        Ok(())
    }

    /// Leaves everything running for trying by hand.
    fn keep(&self, running: &mut Running, stopped: &AtomicBool) -> Result<()> {
        println!("== {}", self.lang.say("保持运行，按 Ctrl-C 结束", "running until Ctrl-C"));
        for side in [Side::Inner, Side::Outer] {
            println!("    {}  {}", side.title(self.lang), self.registry.client(side));
            println!(
                "    {}  {} status --station {}",
                side.title(self.lang),
                self.station(side).program.display(),
                self.station(side).directory.display()
            );
        }
        while !stopped.load(Ordering::Relaxed) {
            running.check()?;
            thread::sleep(POLL);
        }
        Ok(())
    }

    /// Says what to look at next.
    fn point_on(&self) {
        let zh = "接着看：deploy/cadastre/README.md（怎么装、什么会过去、分割和合并怎么走）；deploy/DATABASES.md（各数据库的规矩）；\n\
                  想自己改数据：cargo xtask demo --databases --keep，它会写出两个数据库的连接命令；停在哪一行、怎么办：deploy/RUNBOOK.md 的“数据库”一节";
        let en = "Next: deploy/cadastre/README.md (how it is set up, what crosses, splits and merges); deploy/DATABASES.md (each database's rules);\n\
                  to change data yourself: cargo xtask demo --databases --keep, which names how to connect to both databases; when a row holds a channel: deploy/RUNBOOK.md, Databases";
        println!("{}", self.lang.say(zh, en));
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

    /// Tells whether a code of 28 characters is a number of a unit: county, zones, owner and kind of the parcel, its number, kind and number of what stands on it.
    fn is_unit(code: &str) -> bool {
        let digits =
            |from: usize, to: usize| code.get(from..to).is_some_and(|part| part.bytes().all(|byte| byte.is_ascii_digit()));
        let letter = |at: usize, of: &str| code.get(at..=at).is_some_and(|letter| of.contains(letter));
        let parcel = digits(0, 12) && letter(12, "GJZ") && letter(13, "ABSXCDEFGHWYK") && digits(14, 19);
        let stands = match code.get(19..20) {
            Some("W") => code.get(20..) == Some("00000000"),
            Some("F" | "L" | "Q") => digits(20, 28),
            _ => false,
        };
        code.len() == 28 && parcel && stands
    }

    #[test]
    fn every_unit_of_the_example_has_a_number_by_the_standard() {
        let mut files = vec![samples().join("stock.sql")];
        files.extend(STEPS.iter().map(|(file, _)| samples().join("steps").join(file)));
        let mut units = 0;
        for file in files {
            let sql = read(&file).expect("an example");
            // What is quoted and begins with the county is a number of a unit, a parcel (19), a building (24) or a part of one (26).
            for code in sql.split('\'').filter(|text| text.starts_with("370102") && text.len() > 6 && !text.ends_with(".txt")) {
                assert!(matches!(code.len(), 19 | 24 | 26 | 28), "{}: {code}", file.display());
                assert!(code.len() != 28 || is_unit(code), "{}: {code}", file.display());
                units += usize::from(code.len() == 28);
            }
        }
        assert!(units > 20, "{units}");
        for wrong in [
            "370102001001GB00001W00000001",
            "370102001001AB00001F00010001",
            "370102001001GB00001F0001001",
            "370102001001GI00001F00010001",
        ] {
            assert!(!is_unit(wrong), "{wrong}");
        }
    }

    #[test]
    fn every_step_has_a_title_in_both_languages() {
        for (file, _) in STEPS {
            let sql = read(&samples().join("steps").join(file)).expect("a step");
            let [zh, en] = title_of(&sql).expect(file);
            assert!(!zh.is_empty() && !en.is_empty(), "{file}");
        }
    }
}
