//! The differential run: random transactions on a source while the devices between delay, duplicate, reorder and drop, and while, where that is wanted,
//! stations and servers are killed. In the end both databases are equal row by row, and no reader of the sink ever saw a child without its parent.

pub mod changes;

use std::collections::BTreeSet;
use std::fs;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::thread;
use std::time::{Duration, Instant};

use dukou_rehearsal::random::Random;
use dukou_servers::proxy::{Cut, Proxy};

use super::end::End;
use super::land::{References, rows};
use super::reader::{Seen, watch};
use super::route::{CHANNEL, Settings, lay_out, lay_out_structured, stations, structured_tables, tables};
use super::session::{Dialect, Session};
use super::structure::persons::appoint;
use super::structure::witness::{note_meetings, whole_version_sql};
use super::structure::{STRUCTURE, Version, description};
use super::tally::Tally;
use super::weather::{WEATHER, Weather};
use super::writer::{EVENTS, EVENTS_OF_CHANGES, Habits, Writer};
use crate::stations::audit::{assert_pass, lines_of};
use crate::stations::beside::Beside;
use crate::stations::daemon::{Daemon, journal};
use crate::stations::pair::Pair;

/// How long everything may take to converge once all is fair; the machine may be shared.
const PATIENCE: Duration = Duration::from_secs(400);

/// What is killed, by name; each has to happen where kills are wanted and there is such a thing.
pub const KILLS: [&str; 6] = [
    "kill of the sender",
    "kill of the receiver",
    "kill of the source's server",
    "kill of the sink's server",
    "cut answer",
    "cut request",
];

/// A run.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// What everything that is drawn follows from.
    pub seed: u64,
    /// What the rows come from.
    pub from: Dialect,
    /// What they go to.
    pub to: Dialect,
    /// What the sink declares.
    pub sink: References,
    /// Most records of a packet: few cut what belongs together into many.
    pub records: u32,
    /// How long is written.
    pub time: Duration,
    /// Whether stations and servers are killed meanwhile, and answers cut off.
    pub kills: bool,
    /// Whether the structure changes three times meanwhile, and how the first change crosses.
    pub changes: Option<First>,
}

/// How the first of three structure changes crosses; the others are always barriers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum First {
    /// Approved at the far side before its marker is there.
    Barrier,
    /// Pending: rows that do not need it flow on, and it is approved later.
    Pending,
}

/// Two databases, two stations, and all that goes on between them.
struct Run {
    plan: Plan,
    from: End,
    to: End,
    pair: Pair,
    daemons: Vec<Option<Daemon>>,
    source_proxy: Option<Proxy>,
    sink_proxy: Option<Proxy>,
    dice: Random,
    tally: Tally,
    /// At which version the tables end.
    last: Version,
    is_restrained: Arc<AtomicBool>,
    witness: changes::Witness,
}

/// Runs a plan, and gives what happened how often.
///
/// # Panics
/// Panics when anything does not hold, or when something that has to happen never did.
#[track_caller]
pub fn run(plan: &Plan) -> Tally {
    println!("{plan:?}");
    let mut run = Run::begin(*plan);
    let weather = Weather::begin(&run.pair, plan.seed, &run.tally);
    let address = run.to.address();
    let reader = Beside::run(move |stop| watch(&address, stop));
    run.write(&weather);
    weather.clear_up();
    run.converge();
    let seen = reader.finish();
    weather.end();
    run.end(seen)
}

impl Run {
    #[track_caller]
    fn begin(plan: Plan) -> Self {
        let end = |dialect| if plan.kills { End::own(dialect) } else { End::shared(dialect) };
        let (from, to) = (end(plan.from), end(plan.to));
        let is_structured = plan.changes.is_some();
        if is_structured {
            lay_out_structured(&from, &to);
        } else {
            lay_out(&from, &to, plan.sink);
        }
        let proxy = |end: &End| if plan.kills { end.proxy() } else { None };
        let (source_proxy, sink_proxy) = (proxy(&from), proxy(&to));
        let settings = Settings {
            source_proxy: source_proxy.as_ref(),
            sink_proxy: sink_proxy.as_ref(),
            max_records: plan.records,
            head_lines: if is_structured { "structure = \"registry\"\n" } else { "" },
            ..Settings::default()
        };
        let pair = stations(&from, &to, if is_structured { structured_tables() } else { tables() }, settings);
        if is_structured {
            describe(&pair);
            appoint(&pair);
        }
        let (tally, dice) = (Tally::default(), Random::nth(plan.seed, 1000));
        // What stands there before the channel does.
        let habits = Habits { is_structured, ..Habits::default() };
        let mut before = Writer::new(from.address(), plan.seed, 99, Tally::default(), habits.clone());
        (0..60).for_each(|_| before.transaction());
        drop(before);
        pair.outer.expect(0, &["source", "install", CHANNEL]);
        pair.outer.expect(0, &["push", CHANNEL]);
        pair.inner.ask(&["pass"]);
        note_marks(&to, is_structured);
        if is_structured {
            note_meetings(&to);
        }
        let daemons = [&pair.outer, &pair.inner].map(|station| Some(Daemon::running(station))).into();
        let last = if is_structured { Version::LAST } else { Version::PLAIN };
        let (is_restrained, witness) = (habits.is_restrained, changes::Witness::default());
        Self { plan, from, to, pair, daemons, source_proxy, sink_proxy, dice, tally, last, is_restrained, witness }
    }

    /// Lets the applications write, with a stock push amid it, and kills what is to be killed.
    fn write(&mut self, weather: &Weather) {
        if self.plan.changes.is_some() {
            self.stock_crosses();
        }
        // SQLite has one writer at a time: with more of them the station hardly ever gets the file.
        let writers: Vec<Beside<()>> = (0..if self.from.dialect() == Dialect::Sqlite { 2 } else { 4 })
            .map(|number| Writer::new(self.from.address(), self.plan.seed, number, self.tally.clone(), self.habits()))
            .map(|writer| Beside::run(move |stop| writer.run(stop)))
            .collect();
        if let Some(first) = self.plan.changes {
            self.change_thrice(first, weather);
        }
        let began = Instant::now();
        let mut pushed = false;
        while began.elapsed() < self.plan.time || !pushed || self.lacks_something() {
            let missing = || format!("seed {}: pushed {pushed}, {}", self.plan.seed, self.tally);
            assert!(began.elapsed() < self.plan.time + PATIENCE, "{}", missing());
            thread::sleep(Duration::from_millis(self.dice.between(200, 1200)));
            if self.plan.kills {
                self.befall();
            }
            if !pushed && began.elapsed() > self.plan.time / 2 {
                // A station that was just killed, or still pushes the first stock, takes it the next time.
                pushed = self.pair.outer.ask(&["push", CHANNEL]).code == 0;
            }
        }
        self.tally.one("stock push amid it");
        writers.into_iter().for_each(Beside::finish);
    }

    fn habits(&self) -> Habits {
        Habits { is_structured: self.plan.changes.is_some(), is_restrained: self.is_restrained.clone() }
    }

    fn befall(&mut self) {
        let what = KILLS[self.dice.below(KILLS.len() as u64) as usize];
        let happened = match what {
            "kill of the sender" => self.kill_station(0),
            "kill of the receiver" => self.kill_station(1),
            "kill of the source's server" => self.from.kill_and_restart(),
            "kill of the sink's server" => self.to.kill_and_restart(),
            "cut answer" => return self.cut(b"COMMIT", Cut::Answer),
            _ => {
                let sign: &[u8] = if self.dice.chance(0.5) { b"COMMIT" } else { b"DELETE" };
                return self.cut(sign, Cut::Request);
            }
        };
        if happened {
            self.tally.one(what);
        }
    }

    /// Something that more time brings did not happen yet: on a busy machine little does within the plan's time.
    fn lacks_something(&self) -> bool {
        let cuts =
            |cut| [&self.source_proxy, &self.sink_proxy].into_iter().flatten().map(|proxy| proxy.cuts(cut)).sum::<usize>();
        let count = |what: &str| match what {
            "cut answer" => cuts(Cut::Answer) as u64,
            "cut request" => cuts(Cut::Request) as u64,
            _ => self.tally.of(what),
        };
        let lacks_a_kill = self.plan.kills && KILLS.iter().any(|what| self.can(what) && count(what) == 0);
        lacks_a_kill || !self.tally.never(&self.wanted_anyway()).is_empty()
    }

    /// What has to happen in each run, whatever else is in its plan.
    fn wanted_anyway(&self) -> Vec<&'static str> {
        let mut wanted: Vec<&str> = EVENTS.iter().copied().chain(WEATHER.iter().map(|fault| fault.name())).collect();
        if self.from.dialect() == Dialect::Sqlite {
            // One writer at a time.
            wanted.retain(|what| *what != "interleaved");
        }
        wanted
    }

    /// Breaks the line to one of the databases; the proxies count the breaks.
    fn cut(&mut self, sign: &[u8], cut: Cut) {
        let proxies = [self.source_proxy.as_ref(), self.sink_proxy.as_ref()];
        if let Some(proxy) = proxies[self.dice.below(2) as usize] {
            proxy.cut_at(sign, cut);
        }
    }

    fn kill_station(&mut self, at: usize) -> bool {
        let station = [&self.pair.outer, &self.pair.inner][at].clone();
        if let Some(daemon) = self.daemons[at].take() {
            daemon.kill();
        }
        self.daemons[at] = Some(Daemon::start(&station));
        true
    }

    /// Waits until both databases are equal and nothing is under way.
    #[track_caller]
    fn converge(&self) {
        let began = Instant::now();
        let (mut from, mut to) = (Session::of(&self.from.address()), Session::of(&self.to.address()));
        loop {
            let left = outbox(&self.from, &mut from);
            let (there, here) = (rows(&mut from, self.last).expect("the source"), rows(&mut to, self.last).expect("the sink"));
            let channel = self.pair.outer.channel(CHANNEL);
            let is_confirmed = channel["left"] == channel["confirmed"];
            // A push that found its table locked may still have chunks to read, whose rows are there already.
            let is_pushed = channel["push"].is_null();
            if left == 0 && there == here && is_confirmed && is_pushed {
                assert!(!there.is_empty(), "nothing was written");
                println!("equal after {:.1} s: {} rows", began.elapsed().as_secs_f64(), there.len());
                return;
            }
            if began.elapsed() > PATIENCE {
                let (inner, outer) = (self.pair.inner.ask(&["status"]).all(), self.pair.outer.ask(&["status"]).all());
                panic!(
                    "seed {}: not equal after {PATIENCE:?}, {left} entries left\n{}\n{outer}\n{inner}\n{}",
                    self.plan.seed,
                    difference(&there, &here),
                    self.tally
                );
            }
            thread::sleep(Duration::from_millis(300));
        }
    }

    /// What has to hold at rest.
    #[track_caller]
    fn end(mut self, seen: Seen) -> Tally {
        let seed = self.plan.seed;
        self.tally.add("looks of the reader", seen.looks);
        self.tally.add("changes it saw", seen.changes);
        self.tally.add("children without a parent", seen.orphans);
        for proxy in [&self.source_proxy, &self.sink_proxy].into_iter().flatten() {
            self.tally.add("cut answer", proxy.cuts(Cut::Answer) as u64);
            self.tally.add("cut request", proxy.cuts(Cut::Request) as u64);
        }
        println!("seed {seed}: {}", self.tally);
        assert_eq!(seen.orphans, 0, "seed {seed}: a reader saw children without a parent at look {:?}", seen.first);
        assert!(seen.looks > 50 && seen.changes > 5, "the reader hardly saw anything: {seen:?}");
        for daemon in self.daemons.drain(..).flatten() {
            daemon.stop_cleanly();
        }
        self.each_packet_once();
        if self.plan.changes.is_some() {
            self.each_version_met_its_own();
        }
        for station in [&self.pair.outer, &self.pair.inner] {
            let status = station.ask(&["status"]);
            assert_eq!(status.code, 0, "seed {seed}: {status:?}");
            let journal = journal(station);
            assert!(!journal.contains("panicked"), "{journal}");
        }
        assert_pass(&self.pair);
        let mut wanted = self.wanted_anyway();
        if self.plan.changes.is_some() {
            wanted.extend(EVENTS_OF_CHANGES.iter().chain(&self.witness.wanted));
        }
        if self.plan.kills {
            wanted.extend(KILLS.iter().filter(|what| self.can(what)));
        }
        let never = self.tally.never(&wanted);
        assert!(never.is_empty(), "seed {seed}: never happened: {never:?}");
        self.tally
    }

    fn can(&self, kill: &str) -> bool {
        match kill {
            "kill of the source's server" => self.from.dialect() != Dialect::Sqlite,
            "kill of the sink's server" => self.to.dialect() != Dialect::Sqlite,
            _ => true,
        }
    }

    /// I1 to I3, as the sink's database and both logs have them: every packet in its turn, each once.
    #[track_caller]
    fn each_packet_once(&self) {
        let history: Vec<String> = marks(&self.to).into_iter().map(|(seq, _)| seq).collect();
        let expected: Vec<String> = (1..=history.len()).map(|seq| seq.to_string()).collect();
        assert_eq!(history, expected, "the sink's database had its packets in another order, or one twice");
        let of = |station, kind| -> Vec<u64> {
            let lines = lines_of(station, kind).into_iter().filter(|line| line["channel"] == CHANNEL);
            lines.filter_map(|line| line["seq"].as_u64()).collect()
        };
        let (packed, applied) = (of(&self.pair.outer, "packed"), of(&self.pair.inner, "applied"));
        let whole: BTreeSet<u64> = packed.iter().copied().collect();
        assert_eq!(applied, whole.into_iter().collect::<Vec<_>>(), "applied in the order packed, each once");
        assert_eq!(applied.len(), history.len(), "the sink's database knows as many packets as the log");
        self.tally.add("packets", applied.len() as u64);
    }
}

/// How many entries wait in the outbox.
fn outbox(end: &End, session: &mut Session) -> u64 {
    let table = if end.dialect() == Dialect::Postgres {
        format!("dukou.dukou_outbox_{CHANNEL}")
    } else {
        format!("dukou_outbox_{CHANNEL}")
    };
    session.number(&format!("SELECT CAST(count(*) AS CHAR(20)) FROM {table}"))
}

/// Puts the description of the structure where both stations look for it.
#[track_caller]
fn describe(pair: &Pair) {
    for station in [&pair.outer, &pair.inner] {
        fs::create_dir_all(station.path("structures")).expect("a station's own folder");
        fs::write(station.path(format!("structures/{STRUCTURE}.toml")), description()).expect("a station's own file");
    }
}

/// Lets the sink's database write down every move of its mark, with the version that its tables have then.
#[track_caller]
fn note_marks(to: &End, is_structured: bool) {
    let mut session = to.session();
    let version = if is_structured { whole_version_sql(to.dialect()) } else { "0".to_owned() };
    let insert = |seq: &str| format!("INSERT INTO mark_history(seq, version) VALUES ({seq}, {version})");
    let trigger = |event: &str, name: &str| {
        format!("CREATE TRIGGER {name} AFTER {event} ON dukou_mark FOR EACH ROW BEGIN {}; END", insert("NEW.seq"))
    };
    match to.dialect() {
        Dialect::Postgres => session.must(&format!(
            "CREATE SCHEMA IF NOT EXISTS dukou;
             CREATE TABLE IF NOT EXISTS dukou.dukou_mark (channel text PRIMARY KEY, epoch text, seq bigint, header text, at timestamptz NOT NULL DEFAULT clock_timestamp());
             CREATE TABLE mark_history(n bigserial PRIMARY KEY, seq bigint, version int);
             CREATE FUNCTION note_mark() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN {}; RETURN NULL; END$$;
             CREATE TRIGGER note_mark AFTER INSERT OR UPDATE ON dukou.dukou_mark FOR EACH ROW WHEN (NEW.seq IS NOT NULL) EXECUTE FUNCTION note_mark()",
            insert("NEW.seq").replace("mark_history(", "public.mark_history(")
        )),
        Dialect::Mariadb => session.must("CREATE TABLE mark_history(n BIGINT AUTO_INCREMENT PRIMARY KEY, seq BIGINT, version INT)"),
        Dialect::Sqlite => session.must("CREATE TABLE mark_history(n INTEGER PRIMARY KEY AUTOINCREMENT, seq INTEGER, version INTEGER)"),
    }
    if to.dialect() != Dialect::Postgres {
        session.must(&trigger("INSERT", "note_first_mark"));
        session.must(&trigger("UPDATE", "note_mark"));
    }
}

/// Gives the marks as they moved, each with the version that the sink's tables had.
#[track_caller]
fn marks(to: &End) -> Vec<(String, String)> {
    let sql = "SELECT CAST(seq AS CHAR(20)), CAST(version AS CHAR(4)) FROM mark_history ORDER BY n";
    let rows = to.session().rows(sql).expect("the history of the mark");
    let text = |cell: Option<&Option<String>>| cell.cloned().flatten().unwrap_or_default().trim().to_owned();
    rows.into_iter().map(|row| (text(row.first()), text(row.get(1)))).collect()
}

/// Shows the first lines that only one side has.
fn difference(there: &[String], here: &[String]) -> String {
    let only = |of: &[String], other: &[String], side: &str| {
        let other: BTreeSet<&String> = other.iter().collect();
        let lines = of.iter().filter(|line| !other.contains(line)).take(6);
        lines.map(|line| format!("only at the {side}: {:.400}\n", line)).collect::<String>()
    };
    format!("{}{}", only(there, here, "source"), only(here, there, "sink"))
}
