//! The daily log on simulated seams: a platform that cannot be reached, and a station that is killed at any moment of a try.

use dukou_packets::keyring::Side;
use dukou_packets::log::line::Event;
use dukou_shared::registration::day::day_mark::{DayMark, rows_of_day};
use dukou_shared::registration::day::facts::Progress;
use dukou_shared::registration::day::log::guard::OrderKind;
use dukou_shared::registration::day::log::guard::{Order, RETRIES, RETRY_MS, State};
use dukou_shared::registration::day::settings::Settings;
use dukou_shared::registration::kept::{self, Arrival, LogOrigin};
use dukou_shared::reporting::lane::{Lane, SftpServer, Way};
use dukou_shared::reporting::request::{LogAct, LogRequest, NamedReason};
use dukou_shared::reporting::transport::{Front, Given, Hindrance, Platforms, RealPlatforms, Transport};
use dukou_shared::requests::renumbered::RebuiltState;
use dukou_shared::requests::{Answer, Request};
use dukou_shared::seams::Files;
use dukou_shared::seams::clock::SimClock;
use dukou_shared::store::{Change, Store};
use dukou_tests::simulated::station::{BEGIN_MS, Nature, SimStation, channel};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::Path;
use std::sync::{Arc, Mutex};

/// At which moment of a try the station is killed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kill {
    Never,
    BeforeTheFirstByte,
    OnceThePlatformHasIt,
}

/// A platform of a simulation.
#[derive(Clone)]
struct Simulated(Arc<Mutex<Desk>>);

struct Desk {
    given: Given,
    kill: Kill,
    taken: usize,
}

impl Simulated {
    fn new(given: Given) -> Self {
        Self(Arc::new(Mutex::new(Desk { given, kill: Kill::Never, taken: 0 })))
    }

    fn taken(&self) -> usize {
        self.0.lock().unwrap().taken
    }
}

impl Platforms for Simulated {
    fn way(&self, _way: &Way, _dir: &Path, _files: &Arc<dyn Files>) -> Box<dyn Transport> {
        Box::new(self.clone())
    }

    fn front(&self, server: Option<&SftpServer>, folder: &Path, dir: &Path, files: &Arc<dyn Files>) -> Box<dyn Front> {
        RealPlatforms.front(server, folder, dir, files)
    }
}

/// What a kill is here: the engine is gone, and nothing of it goes on.
struct Killed;

impl Transport for Simulated {
    fn give(&mut self, _name: &str, _bytes: &[u8]) -> Given {
        let mut desk = self.0.lock().unwrap();
        let (given, kill) = (desk.given.clone(), desk.kill);
        let leaves = kill != Kill::BeforeTheFirstByte && !matches!(given, Given::NothingLeft(_));
        desk.taken += usize::from(leaves);
        drop(desk);
        if kill != Kill::Never {
            resume_unwind(Box::new(Killed));
        }
        given
    }
}

const DAY: &str = "2026-11-21";

fn reporting(platform: &Simulated) -> SimStation {
    let clock = Arc::new(SimClock::at(BEGIN_MS));
    let mut station = SimStation::new(Side::Inner, &Nature { seed: 7, clock }, vec![channel("report-message", Side::Outer)]);
    let lane = "area = \"150721\"\narea_name = \"阿荣旗\"\nreports = \"submit\"\nenvironment = \"test\"\n[log]\nsource = \"built\"\n[log.way]\ntransport = \"folder\"\nfolder = \"front\"";
    let lane: Lane = toml::from_str(lane).unwrap();
    station.station.config.lanes = vec![lane];
    station.platforms = Arc::new(platform.clone());
    let by = NamedReason { name: "王工".into(), reason: "试".into() };
    assert_eq!(asked(&mut station, LogAct::Build { anyway: Some(by) }).exit, 0);
    station
}

fn asked(station: &mut SimStation, act: LogAct) -> Answer {
    let request = LogRequest { area: None, day: DAY.parse().unwrap(), act, operator: "ops".into() };
    station.perform(&Request::DailyLog(request)).unwrap()
}

fn state(station: &mut SimStation) -> (State, Vec<Order>) {
    let known = station.store.load().unwrap();
    let guard = kept::guard(&mut station.store, &known, "150721".parse().unwrap(), DAY.parse().unwrap()).unwrap().unwrap();
    (guard.state, guard.orders)
}

#[test]
fn what_never_left_goes_again_after_twenty_minutes_of_running_time_three_times_and_then_waits_for_a_person() {
    let platform = Simulated::new(Given::NothingLeft(Hindrance::Connect));
    let mut station = reporting(&platform);
    assert_eq!(asked(&mut station, LogAct::Send).exit, 75);
    for retry in 1..=RETRIES {
        assert!(matches!(state(&mut station).0, State::Resting { retries, .. } if retries == retry), "{retry}");
        station.clock.advance(RETRY_MS - 1000);
        station.step().unwrap();
        assert!(matches!(state(&mut station).0, State::Resting { retries, .. } if retries == retry), "not before its time");
        if retry == 2 {
            station.crash();
            station.step().unwrap();
        }
        station.clock.advance(RETRY_MS);
        station.step().unwrap();
    }
    assert_eq!((state(&mut station).0, platform.taken()), (State::Unreached, 0));
    station.clock.advance(10 * RETRY_MS);
    station.step().unwrap();
    assert_eq!(state(&mut station).0, State::Unreached);
}

#[test]
fn a_log_that_leaves_at_a_later_try_is_the_platforms_and_never_goes_again() {
    let platform = Simulated::new(Given::NothingLeft(Hindrance::Connect));
    let mut station = reporting(&platform);
    assert_eq!(asked(&mut station, LogAct::Send).exit, 75);
    platform.0.lock().unwrap().given = Given::Placed;
    station.clock.advance(RETRY_MS + 1000);
    station.step().unwrap();
    assert_eq!((state(&mut station).0, platform.taken()), (State::Accepted, 1));
    assert_eq!(asked(&mut station, LogAct::Send).exit, 2);
    station.clock.advance(10 * RETRY_MS);
    station.step().unwrap();
    assert_eq!(platform.taken(), 1);
}

#[test]
fn a_station_killed_at_any_moment_of_a_try_never_sends_a_second_time_by_itself() {
    for (kill, left) in [(Kill::BeforeTheFirstByte, 0), (Kill::OnceThePlatformHasIt, 1)] {
        let platform = Simulated::new(Given::Placed);
        let mut station = reporting(&platform);
        platform.0.lock().unwrap().kill = kill;
        let killed = catch_unwind(AssertUnwindSafe(|| asked(&mut station, LogAct::Send)));
        assert!(killed.is_err_and(|why| why.is::<Killed>()));
        station.crash();
        platform.0.lock().unwrap().kill = Kill::Never;
        for _ in 0..3 {
            station.clock.advance(10 * RETRY_MS);
            station.step().unwrap();
            assert_eq!(asked(&mut station, LogAct::Send).exit, 2);
            station.crash();
        }
        assert_eq!((state(&mut station), platform.taken()), ((State::Unknown, Vec::new()), left), "{kill:?}");
    }
}

/// A station that builds and sends by itself at this time of the day; the simulation begins at 08:00 in China.
fn by_itself(platform: &Simulated, send: bool) -> SimStation {
    let mut station = reporting(platform);
    station.crash();
    let log = &mut station.station.config.lanes[0].log;
    (log.build_at, log.send_by_itself) = ("09:00".parse().ok(), send);
    station
}

/// Files the day mark of the day on which the simulation is: no rows.
fn mark(station: &mut SimStation) {
    let now = kept::civil_of(BEGIN_MS);
    let county = "150721".parse().unwrap();
    let rows = rows_of_day(&Settings::of(county), now.date(), []);
    let mark = DayMark { county, day: now.date(), cut: now, rows, heads: Vec::new() };
    let digest = dukou_packets::suite::Digest::ZERO;
    let progress = Progress::Arrived;
    let arrival = Arrival { channel: "day-mark", key: "mark".into(), name: "mark", digest, progress, now_ms: BEGIN_MS };
    let cards = kept::Learnt::DayMark(mark).cards(&arrival);
    station.store.commit(&cards.into_iter().map(Change::Filed).collect::<Vec<_>>()).unwrap();
}

fn todays(station: &mut SimStation) -> Option<State> {
    let (known, day) = (station.store.load().unwrap(), kept::civil_of(BEGIN_MS).date());
    kept::guard(&mut station.store, &known, "150721".parse().unwrap(), day).unwrap().map(|guard| guard.state)
}

#[test]
fn a_running_station_builds_and_sends_the_days_log_at_its_time_once_the_day_mark_is_here() {
    let platform = Simulated::new(Given::Placed);
    let mut station = by_itself(&platform, true);
    station.step().unwrap();
    assert_eq!(platform.taken(), 0, "not before its time");
    station.clock.advance(3_600_000);
    station.step().unwrap();
    assert_eq!((todays(&mut station), platform.taken()), (None, 0), "it waits for the day mark");
    mark(&mut station);
    for _ in 0..3 {
        station.clock.advance(60_000);
        station.step().unwrap();
    }
    assert_eq!((todays(&mut station), platform.taken()), (Some(State::Accepted), 1));
    station.crash();
    station.clock.advance(60_000);
    station.step().unwrap();
    assert_eq!(platform.taken(), 1);
}

#[test]
fn a_running_station_asks_a_person_once_it_has_waited_long_enough_and_goes_on_when_the_mark_comes() {
    let platform = Simulated::new(Given::Placed);
    let mut station = by_itself(&platform, false);
    let is_asked = |station: &SimStation| {
        let mut told = station.log().into_iter().filter_map(|event| match event {
            Event::Alarm { code, .. } if code == "log-waits" => Some(true),
            Event::AlarmClosed { code, .. } if code == "log-waits" => Some(false),
            _ => None,
        });
        told.next_back().unwrap_or(false)
    };
    station.clock.advance(3_600_000);
    station.step().unwrap();
    station.clock.advance(19 * 60_000);
    station.step().unwrap();
    assert!(!is_asked(&station));
    station.clock.advance(2 * 60_000);
    station.step().unwrap();
    assert!(is_asked(&station));
    mark(&mut station);
    for _ in 0..3 {
        station.clock.advance(61_000);
        station.step().unwrap();
    }
    assert!(!is_asked(&station));
    let day = kept::civil_of(BEGIN_MS).date();
    assert!(kept::log(&mut station.store, "150721".parse().unwrap(), day, LogOrigin::Built).unwrap().is_some());
    assert_eq!(platform.taken(), 0, "it is not settled that it sends");
}

#[test]
fn a_state_put_back_to_before_the_log_left_does_not_send_it_again() {
    let platform = Simulated::new(Given::Placed);
    let mut station = reporting(&platform);
    let before = station.store.copy();
    assert_eq!(asked(&mut station, LogAct::Send).exit, 0);
    station.crash();
    station.store = before;
    assert_eq!(asked(&mut station, LogAct::Send).exit, 2);
    assert_eq!((state(&mut station).0, platform.taken()), (State::Unknown, 1));
}

#[test]
fn each_sending_and_each_named_decision_has_a_line_before_it_counts() {
    let platform = Simulated::new(Given::Unsure(Hindrance::Cut));
    let mut station = reporting(&platform);
    assert_eq!(asked(&mut station, LogAct::Send).exit, 1);
    let by = NamedReason { name: "王工".into(), reason: "对方没有".into() };
    assert_eq!(asked(&mut station, LogAct::Decide { what: OrderKind::SendAgain, by: by.clone() }).exit, 0);
    assert_eq!(asked(&mut station, LogAct::Send).exit, 1);
    assert_eq!(asked(&mut station, LogAct::Decide { what: OrderKind::TakeAsAccepted, by }).exit, 0);
    let told = station.log().into_iter().filter_map(|event| match event {
        Event::Reporting { county, day, code, operator } => Some([county, day, code, operator]),
        _ => None,
    });
    let due =
        ["anyway", "sending", "send-again", "sending", "taken"].map(|code| ["150721", DAY, code, "ops"].map(String::from));
    assert_eq!(told.collect::<Vec<_>>(), due);
}

#[test]
fn a_state_made_anew_sends_no_log_of_a_day_before_it_until_a_person_has_looked_at_the_platform() {
    let platform = Simulated::new(Given::Placed);
    let mut station = reporting(&platform);
    let anew = RebuiltState { at_ms: BEGIN_MS, operator: "ops".into(), ..RebuiltState::default() };
    station.store.commit(&[Change::fact(&anew).unwrap()]).unwrap();
    station.crash();
    assert_eq!(asked(&mut station, LogAct::Send).exit, 2);
    assert_eq!((state(&mut station), platform.taken()), ((State::Unknown, Vec::new()), 0));
    let by = NamedReason { name: "王工".into(), reason: "对方没有".into() };
    assert_eq!(asked(&mut station, LogAct::Decide { what: OrderKind::SendAgain, by }).exit, 0);
    assert_eq!(asked(&mut station, LogAct::Send).exit, 0);
    assert_eq!((state(&mut station).0, platform.taken()), (State::Accepted, 1));
}
