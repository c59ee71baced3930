//! Three structure changes amid a run: an addition, a widening with a type change and rows of a dictionary, a rename with a drop.
//!
//! The first is approved at the far side before its marker is there, or crosses pending. The second loses its marker for certain, and the far side's first try fails for a
//! real reason. The third is approved there long after its marker came, while rows pile up. Where kills are wanted, stations and servers are killed within an apply.

use std::fs;
use std::path::PathBuf;
use std::thread;
use std::time::{Duration, Instant};

use super::super::end::End;
use super::super::route::CHANNEL;
use super::super::session::{Dialect, Session};
use super::super::structure::persons::sign;
use super::super::structure::witness::{Head, Meetings, header, heads, last_meeting, meetings};
use super::super::structure::{STRUCTURE, Version, catalog, document, version};
use super::super::weather::Weather;
use super::{First, Run, marks};
use crate::stations::audit::lines_of;
use crate::stations::station::{Answer, Station};

/// How long one step of a change may take; the machine may be shared.
const PATIENCE: Duration = Duration::from_secs(120);

/// How long the third change waits for its approval.
const LONG: Duration = Duration::from_secs(4);

/// The stations, as indexes.
const NEAR: usize = 0;
const FAR: usize = 1;

/// Kills within an apply; each has to happen where kills are wanted.
pub const WITHIN: [&str; 3] = [
    "kill of the sender within its apply",
    "kill of the receiver within its apply",
    "kill of the sink's server within an apply",
];

/// What the acts remember for the end.
#[derive(Debug, Default)]
pub(super) struct Witness {
    /// What has to have happened.
    pub(super) wanted: Vec<&'static str>,
    /// The number of the marker that was lost.
    lost: Option<u64>,
    /// The last meeting before the stock was pushed anew: that carries rows of all versions.
    strict_until: Option<u64>,
}

impl Run {
    /// Waits for the first stock: who writes all the time is never confirmed to the last packet, so nobody writes yet.
    #[track_caller]
    pub(super) fn stock_crosses(&mut self) {
        self.wait("the first stock is across", |run| {
            let channel = run.pair.outer.channel(CHANNEL);
            channel["push"].is_null() && channel["left"] == channel["confirmed"]
        });
    }

    /// Changes the structure three times.
    #[track_caller]
    pub(super) fn change_thrice(&mut self, first: First, weather: &Weather) {
        match first {
            First::Barrier => self.approved_before(),
            First::Pending => self.pending(),
        }
        self.pause();
        self.lost_and_tried(weather);
        self.pause();
        self.days_later();
        self.pause();
        self.witness.strict_until = Some(last_meeting(&mut self.to.session()));
    }

    /// An addition that the far side approved before its marker was there.
    #[track_caller]
    fn approved_before(&mut self) {
        self.approve(FAR, 2, true, &[]);
        self.approve(NEAR, 2, true, &[]);
        self.wait("version 2 is at the sink", |run| run.is_at(FAR, 2));
        self.happened("approved before its marker");
    }

    /// An addition that crosses pending: what does not need it flows on.
    #[track_caller]
    fn pending(&mut self) {
        self.is_restrained.store(true, std::sync::atomic::Ordering::SeqCst);
        self.approve(NEAR, 2, true, &[]);
        self.wait("version 2 is at the source", |run| run.is_at(NEAR, 2));
        self.wait("rows flow on under version 1 behind the marker", |run| {
            let heads = heads(&run.pair.outer, CHANNEL);
            let marker = heads.iter().find(|(_, head)| head.is_marker).map(|(seq, _)| *seq);
            let behind = |seq: &str| marker.is_some_and(|marker| seq.parse::<u64>().is_ok_and(|seq| seq > marker));
            marks(&run.to).iter().filter(|(seq, version)| behind(seq) && version == "1").count() > 2
        });
        self.happened("flowed on under the version before");
        self.is_restrained.store(false, std::sync::atomic::Ordering::SeqCst);
        self.wait("a packet that needs version 2", |run| {
            heads(&run.pair.outer, CHANNEL).values().any(|head| !head.is_marker && head.needed == Version(2))
        });
        assert!(self.is_at(FAR, 1), "nobody approved it at the far side");
        self.approve(FAR, 2, false, &[]);
        self.wait("version 2 is at the sink", |run| run.is_at(FAR, 2));
    }

    /// A widening with a type change and rows of a dictionary: its marker is lost, and the sink cannot take it at first.
    #[track_caller]
    fn lost_and_tried(&mut self, weather: &Weather) {
        self.to.run(hindrance(self.to.dialect())[0]);
        weather.rest(true);
        let hurdle = self.hurdle(NEAR);
        self.approve(NEAR, 3, true, &[]);
        self.kill_within(NEAR, hurdle, WITHIN[0]);
        let lost = self.lose_marker(3);
        weather.rest(false);
        self.witness.lost = Some(lost);
        self.happened("marker lost");
        self.wait("the far side knows version 3", |run| run.pair.inner.ask(&["schema", "show", "3"]).code != 2);
        let tried = self.until(FAR, "the try says why", |answer| answer.code == 1, &["schema", "try", "3"]);
        assert!(!tried.all().is_empty(), "{tried:?}");
        self.happened("try that failed");
        self.to.run(hindrance(self.to.dialect())[1]);
        self.until(FAR, "the try succeeds", |answer| answer.code == 0, &["schema", "try", "3"]);
        assert!(self.is_at(FAR, 2), "a try changed the structure");
        let hurdle = self.hurdle(FAR);
        self.approve(FAR, 3, false, &[]);
        self.kill_within(FAR, hurdle, WITHIN[1]);
        self.wait("version 3 is at the sink", |run| run.is_at(FAR, 3));
    }

    /// A rename with a drop, whose approval comes long after its marker.
    #[track_caller]
    fn days_later(&mut self) {
        let loses = ["--allow-loss"];
        self.approve(NEAR, 4, true, &loses);
        self.wait("the far side knows version 4", |run| run.pair.inner.ask(&["schema", "show", "4"]).code != 2);
        let packed = |run: &Self| heads(&run.pair.outer, CHANNEL).keys().max().copied().unwrap_or(0);
        let applied = |run: &Self| marks(&run.to).len() as u64;
        let (held, marker) = (packed(self), self.marker(4).expect("a marker that is known was packed"));
        self.wait("all before the marker is applied", |run| applied(run) == marker - 1);
        self.wait("rows pile up", |run| packed(run) > held + 3);
        thread::sleep(LONG);
        assert_eq!(applied(self), marker - 1, "the channel went on without an approval");
        self.happened("approved long after its marker");
        let hurdle = self.hurdle(FAR);
        self.approve(FAR, 4, false, &loses);
        self.kill_within(FAR, hurdle, WITHIN[2]);
        self.wait("version 4 is at the sink", |run| run.is_at(FAR, 4));
    }

    fn happened(&mut self, what: &'static str) {
        self.tally.one(what);
        self.witness.wanted.push(what);
    }

    /// Lets rows be written under this version, while what is to be killed is killed.
    fn pause(&mut self) {
        let until = Instant::now() + self.plan.time / 6;
        while Instant::now() < until {
            thread::sleep(Duration::from_millis(self.dice.between(200, 800)));
            if self.plan.kills {
                self.befall();
            }
        }
    }

    fn station(&self, side: usize) -> &Station {
        [&self.pair.outer, &self.pair.inner][side]
    }

    fn end_of(&self, side: usize) -> &End {
        [&self.from, &self.to][side]
    }

    fn is_at(&self, side: usize, number: u32) -> bool {
        Session::begin(&self.end_of(side).address()).and_then(|mut session| version(&mut session)) == Ok(Version(number))
    }

    #[track_caller]
    fn wait(&mut self, what: &str, holds: impl Fn(&Self) -> bool) {
        let began = Instant::now();
        while !holds(self) {
            assert!(
                began.elapsed() < PATIENCE,
                "seed {}: not within {PATIENCE:?}: {what}\n{}",
                self.plan.seed,
                self.situation()
            );
            thread::sleep(Duration::from_millis(100));
        }
        println!("{:>6.1} s  {what}", began.elapsed().as_secs_f64());
    }

    /// Asks until the answer is as it has to be: a station that was just killed comes back.
    #[track_caller]
    fn until(&self, side: usize, what: &str, fits: impl Fn(&Answer) -> bool, args: &[&str]) -> Answer {
        self.again(what, fits, || self.station(side).ask(args))
    }

    #[track_caller]
    fn again(&self, what: &str, fits: impl Fn(&Answer) -> bool, ask: impl Fn() -> Answer) -> Answer {
        let began = Instant::now();
        loop {
            let answer = ask();
            if fits(&answer) {
                return answer;
            }
            let seed = self.plan.seed;
            assert!(began.elapsed() < PATIENCE / 4, "seed {seed}: {what}: {answer:?}\n{}", self.situation());
            thread::sleep(Duration::from_millis(300));
        }
    }

    /// What both stations say.
    fn situation(&self) -> String {
        let of = |station: &Station| {
            let [status, show] = [&["status"][..], &["schema", "show"]].map(|args| station.ask(args).all());
            format!("{}\n{status}{show}", station.dir.display())
        };
        format!("{}\n{}\n{}", of(&self.pair.outer), of(&self.pair.inner), self.tally)
    }

    fn document(&self, side: usize, to: u32) -> PathBuf {
        let is_pending = to == 2 && self.plan.changes == Some(First::Pending);
        let path = self.station(side).path(format!("{to}.toml"));
        fs::write(&path, document(to, is_pending)).expect("a station's own file");
        path
    }

    /// Two persons of a station decide about a change; the first of them proposes it where it is not known.
    #[track_caller]
    fn approve(&self, side: usize, to: u32, proposes: bool, loses: &[&str]) {
        let (station, file, number) = (self.station(side), self.document(side, to).display().to_string(), to.to_string());
        let is_done = |answer: &Answer| answer.code == 0;
        if proposes {
            let args = [&["schema", "propose", &file], loses].concat();
            self.again("a change is proposed", is_done, || sign(station, 0, &args));
        }
        let args = [&["schema", "approve", &number], loses].concat();
        self.again("a change is approved", is_done, || sign(station, 1, &args));
    }

    /// The number of the packet that marks a change.
    fn marker(&self, to: u32) -> Option<u64> {
        let marks = |head: &Head| head.is_marker && head.written == Version(to);
        heads(&self.pair.outer, CHANNEL).into_iter().find(|(_, head)| marks(head)).map(|(seq, _)| seq)
    }

    /// Waits for a marker in the ferry directory, whose device rests, and takes it away.
    #[track_caller]
    fn lose_marker(&mut self, to: u32) -> u64 {
        let lies = |run: &Self| -> Vec<PathBuf> {
            let seq = run.marker(to);
            let files = fs::read_dir(run.pair.outer.path("ferry/out")).into_iter().flatten().flatten().map(|file| file.path());
            let is_it = |path: &PathBuf| {
                let header = fs::read(path).ok().and_then(|bytes| header(&bytes));
                seq.is_some() && header.is_some_and(|header| header.channel.is_some() && Some(header.seq) == seq)
            };
            files.filter(is_it).collect()
        };
        self.wait("the marker lies in the ferry directory", |run| !lies(run).is_empty());
        for path in lies(self) {
            fs::remove_file(path).expect("a file that no device takes");
        }
        self.marker(to).expect("its number")
    }

    /// Slows the changes of an end down so far that they are met, where that is wanted.
    fn hurdle(&self, side: usize) -> Option<Hurdle> {
        self.plan.kills.then(|| Hurdle::raise(self.end_of(side))).flatten()
    }

    /// Kills while a change is being made.
    #[track_caller]
    fn kill_within(&mut self, side: usize, hurdle: Option<Hurdle>, what: &'static str) {
        let Some(mut hurdle) = hurdle else { return };
        let end = self.end_of(side);
        let began = Instant::now();
        while !hurdle.is_met(end) {
            assert!(began.elapsed() < PATIENCE, "seed {}: {what}: never met\n{}", self.plan.seed, self.situation());
            thread::sleep(Duration::from_millis(5));
        }
        if what == WITHIN[2] {
            self.to.kill_and_restart();
        } else {
            self.kill_station(side);
        }
        self.happened(what);
        hurdle.lower(self.end_of(side));
    }

    /// No row written under a version ever met another, and both databases have the last structure.
    #[track_caller]
    pub(super) fn each_version_met_its_own(&self) {
        let seed = self.plan.seed;
        let heads = heads(&self.pair.outer, CHANNEL);
        let markers: Vec<u32> = heads.values().filter(|head| head.is_marker).map(|head| head.written.0).collect();
        assert_eq!(markers, [2, 3, 4], "seed {seed}: one marker for each change, in their order");
        for (seq, here) in marks(&self.to) {
            let head = heads[&seq.parse::<u64>().expect("a number")];
            let here = Version(here.parse().expect("a version"));
            let fits = head.needed <= here && here <= head.written;
            let is_pending = head.written == Version(2) && self.plan.changes == Some(First::Pending);
            assert!(
                head.is_marker || fits && (is_pending || here == head.written),
                "seed {seed}: packet {seq}, {head:?}, met {here:?}"
            );
        }
        let mut session = self.to.session();
        self.meetings(&meetings(&mut session, self.witness.strict_until), true);
        self.meetings(&meetings(&mut session, None), false);
        let repeated = lines_of(&self.pair.outer, "repeated");
        let lost = self.witness.lost.expect("a marker that was lost");
        let is_it = |line: &serde_json::Value| {
            line["channel"] == CHANNEL && line["from"].as_u64() <= Some(lost) && Some(lost) <= line["to"].as_u64()
        };
        assert!(repeated.iter().any(is_it), "seed {seed}: the lost marker {lost} was never sent again: {repeated:?}");
        let of = |end: &End| catalog::columns(&mut end.session()).expect("a catalog");
        assert_eq!(of(&self.from), of(&self.to), "seed {seed}: the structures differ");
        for side in [NEAR, FAR] {
            let station = self.station(side);
            let [description, second, third, fourth] =
                [format!("structures/{STRUCTURE}.toml"), "2.toml".to_owned(), "3.toml".to_owned(), "4.toml".to_owned()]
                    .map(|file| station.path(file).display().to_string());
            (2..=4).for_each(|to| drop(self.document(side, to)));
            let after = ["--after", &second, "--after", &third, "--after", &fourth];
            station.expect(0, &[&["schema", "status", CHANNEL, "--structure", &description], &after[..]].concat());
        }
    }

    /// Looks at which version met which; a stock that is pushed has rows of all versions before.
    #[track_caller]
    fn meetings(&self, all: &Meetings, is_strict: bool) {
        let is_pending = |written: u32, here: u32| (written, here) == (2, 1) && self.plan.changes == Some(First::Pending);
        for ((place, written, here), rows) in all {
            let fits = written == here || is_pending(*written, *here) || !is_strict && written < here;
            assert!(fits, "seed {}: {rows} rows of {place} written under {written} met {here}: {all:?}", self.plan.seed);
        }
        // What is looked at strictly ends before the stock is pushed again, which may be before the last version.
        if !is_strict && self.to.dialect() != Dialect::Sqlite {
            let versions: Vec<u32> = all.keys().filter(|(place, ..)| place == "zd").map(|(_, written, _)| *written).collect();
            (1..=4).for_each(|version| assert!(versions.contains(&version), "no parcel under version {version}: {all:?}"));
        }
    }
}

/// What keeps a sink from taking the second change, and its end.
fn hindrance(dialect: Dialect) -> [&'static str; 2] {
    match dialect {
        Dialect::Postgres => ["CREATE VIEW areas AS SELECT mj FROM h", "DROP VIEW areas"],
        Dialect::Mariadb => [
            "ALTER TABLE h ALTER COLUMN mj SET DEFAULT 7",
            "ALTER TABLE h ALTER COLUMN mj DROP DEFAULT; ALTER TABLE h ALTER COLUMN mj SET DEFAULT NULL",
        ],
        Dialect::Sqlite => ["CREATE INDEX areas ON h (mj)", "DROP INDEX areas"],
    }
}

/// What holds a change up while it is being made.
enum Hurdle {
    /// The server sleeps behind each statement that changes a table.
    Sleep,
    /// A reader that has not ended keeps a table as it is.
    Reader(Option<Session>),
}

impl Hurdle {
    /// Holds the changes of a server of one's own up.
    fn raise(end: &End) -> Option<Self> {
        match end.dialect() {
            Dialect::Postgres => {
                end.administer(
                    "CREATE FUNCTION public.nap() RETURNS event_trigger LANGUAGE plpgsql AS $$BEGIN PERFORM pg_sleep(3); END$$;
                     CREATE EVENT TRIGGER nap ON ddl_command_end WHEN TAG IN ('ALTER TABLE') EXECUTE FUNCTION public.nap()",
                );
                Some(Self::Sleep)
            }
            Dialect::Mariadb => {
                let mut session = end.session();
                session.must("BEGIN");
                session.must("SELECT 1 FROM zd LIMIT 1");
                Some(Self::Reader(Some(session)))
            }
            Dialect::Sqlite => None,
        }
    }

    /// Tells whether a change is held up there now.
    fn is_met(&self, end: &End) -> bool {
        let sql = match self {
            Self::Sleep => "SELECT CAST(count(*) AS CHAR(20)) FROM pg_stat_activity WHERE wait_event = 'PgSleep'",
            Self::Reader(_) => {
                "SELECT CAST(count(*) AS CHAR(20)) FROM information_schema.processlist WHERE state LIKE 'Waiting for table metadata lock' AND info LIKE 'ALTER TABLE%'"
            }
        };
        let Ok(mut session) = Session::begin(&end.address()) else { return false };
        session.rows(sql).is_ok_and(|rows| rows.iter().flatten().flatten().any(|count| count.trim() != "0"))
    }

    /// Lets them go on.
    fn lower(&mut self, end: &End) {
        match self {
            Self::Sleep => end.administer("DROP EVENT TRIGGER nap; DROP FUNCTION public.nap()"),
            Self::Reader(session) => drop(session.take()),
        }
    }
}
