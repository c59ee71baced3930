//! The daily log on simulated seams: a platform that cannot be reached, and a station that is killed at any moment of a try.

use dukou_packets::keyring::Side;
use dukou_shared::registration::day::log::guard::OrderKind;
use dukou_shared::registration::day::log::guard::{Order, RETRIES, RETRY_MS, State};
use dukou_shared::registration::kept;
use dukou_shared::reporting::lane::{Lane, Way};
use dukou_shared::reporting::request::{LogAct, LogRequest, NamedReason};
use dukou_shared::reporting::transport::{Given, Hindrance, Platforms, Transport};
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
