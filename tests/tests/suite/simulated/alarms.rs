//! Alarms of whole stations: raised once in log and state whatever happens to the station, and without any effect on data.

use super::sweep::every_changing_op;
use dukou_packets::log::line::Event;
use dukou_shared::alarm::book::AlarmBook;
use dukou_shared::alarm::calendar::SHIPPED;
use dukou_shared::requests::Request;
use dukou_shared::station::{Habit, Rhythm};
use dukou_shared::store::Store;
use dukou_tests::simulated::slow::told;
use dukou_tests::simulated::station::BEGIN_MS;
use dukou_tests::simulated::{SimStation, World, forge, verdict};

/// The receiver's ferry directory gets a signal that promises the next within five minutes.
fn signal(world: &World, number: u64) {
    signal_delayed(world, number, 20_000);
}

fn signal_delayed(world: &World, number: u64, delay_ms: i64) {
    use dukou_shared::seams::clock::Clock;
    let sent_ms = world.outer.clock.wall_ms() - delay_ms;
    let bytes = forge::signal(&world.outer, &world.inner, 1_000_000 + number, 300, sent_ms);
    world.inner.files.put(world.inner.station.ferry_in().join(format!("0-{number}.dkp")), &bytes);
}

/// The receiver looks every ten seconds.
fn pass_time(world: &mut World, seconds: u64) {
    for _ in 0..seconds / 10 {
        world.inner.clock.advance(10_000);
        world.inner.step().unwrap();
    }
}

/// A world whose receiver has heard one signal and then nothing for 40 minutes.
fn silent(seed: u64) -> World {
    let mut world = World::new(seed);
    signal(&world, 1);
    pass_time(&mut world, 2400);
    world
}

fn open(station: &SimStation) -> Vec<String> {
    let book: AlarmBook = station.store.clone().load().unwrap().fact().unwrap();
    book.open().iter().map(|open| open.code.clone()).collect()
}

fn owned(told: &[(bool, &str)]) -> Vec<(bool, String)> {
    told.iter().map(|(raised, code)| (*raised, (*code).to_string())).collect()
}

const SILENCE: [(bool, &str); 3] = [(true, "quiet"), (false, "quiet"), (true, "silent")];

#[test]
fn a_peer_that_falls_silent_is_in_log_and_state_and_its_next_signal_closes_it() {
    let mut world = silent(1);
    assert_eq!(told(&world.inner), owned(&SILENCE));
    assert_eq!(open(&world.inner), ["silent"]);
    pass_time(&mut world, 3600);
    assert_eq!(told(&world.inner), owned(&SILENCE), "raised once");
    signal(&world, 2);
    world.inner.step().unwrap();
    assert_eq!(told(&world.inner), owned(&[&SILENCE[..], &[(false, "silent")]].concat()));
    assert!(open(&world.inner).is_empty());
    world.settle_and_check().unwrap();
}

#[test]
fn cargo_alone_keeps_a_peer_from_being_silent() {
    let mut world = World::new(2);
    signal(&world, 1);
    for index in 0..20 {
        world.outer_supplier.drop_file(&world.outer, "files", &format!("{index}.bin"));
        world.settle().unwrap();
        pass_time(&mut world, 600);
    }
    assert_eq!(told(&world.inner), []);
}

#[test]
fn an_alarm_stays_one_over_crashes_power_cuts_and_clean_stops() {
    let mut world = silent(3);
    for index in 0..12 {
        match index % 3 {
            0 => world.inner.crash(),
            1 => world.inner.power_cut(),
            _ => world.inner.close().unwrap(),
        }
        pass_time(&mut world, 60);
        assert_eq!(told(&world.inner), owned(&SILENCE), "restart {index}");
        assert_eq!(open(&world.inner), ["silent"], "restart {index}");
    }
}

/// The world right before the step that raises `silent`, or, two minutes after `quiet` was raised, right before the one that closes it.
fn on_the_brink(closes: bool) -> World {
    let mut world = World::new(4);
    signal(&world, 1);
    let steps = {
        let mut other = World::new(4);
        signal(&other, 1);
        let wanted = if closes { "quiet" } else { "silent" };
        (0..).find(|_| {
            pass_time(&mut other, 10);
            open(&other.inner).iter().any(|code| code == wanted)
        })
    };
    pass_time(&mut world, 10 * steps.unwrap() as u64 + if closes { 130 } else { 0 });
    if closes {
        signal(&world, 2);
    }
    world
}

#[test]
fn a_station_killed_at_any_operation_while_it_raises_or_closes_an_alarm_tells_it_once() {
    let act = |world: &mut World| {
        world.inner.clock.advance(10_000);
        world.inner.step().map(drop)
    };
    for (closes, wanted) in [(false, vec![(false, "quiet"), (true, "silent")]), (true, vec![(false, "quiet")])] {
        let places = every_changing_op(|| on_the_brink(closes), act);
        assert!(places.len() >= 3, "line, sync and checkpoint of the log: {places:?}");
        println!("closes {closes}: killed at {} places of the disk and at the transaction", places.len());
        let deaths = places.into_iter().map(Death::Operation).chain([false, true].map(Death::Transaction));
        for (death, power) in deaths.flat_map(|death| [(death, false), (death, true)]) {
            let mut world = on_the_brink(closes);
            let before = told(&world.inner).len();
            match death {
                Death::Operation(place) => world.inner.files.kill_at(place, false),
                Death::Transaction(persisted) => world.inner.store.fail_commit_at(1, persisted),
            }
            assert!(act(&mut world).is_err(), "nothing died at {death:?}");
            match power {
                true => world.inner.power_cut(),
                false => world.inner.crash(),
            }
            pass_time(&mut world, 900);
            let after = told(&world.inner).split_off(before);
            assert_eq!(after, owned(&wanted), "closes {closes}, {death:?}, power {power}");
            assert_eq!(open(&world.inner).is_empty(), closes);
        }
    }
}

#[derive(Clone, Copy, Debug)]
enum Death {
    /// Before this operation of the disk.
    Operation(u64),
    /// In the step's transaction, with or without its effect.
    Transaction(bool),
}

#[test]
fn everything_late_by_hours_is_told_once_and_closed_when_it_comes_in_time() {
    let mut world = World::new(5);
    let mut number = 0;
    let mut signals = |world: &mut World, count: u64, delay_ms: i64| {
        for _ in 0..count {
            number += 1;
            pass_time(world, 300);
            signal_delayed(world, number, delay_ms);
            world.inner.step().unwrap();
        }
    };
    signals(&mut world, 20, 20_000);
    // A device begins to hold everything back for six hours.
    for delay_ms in (300_000..21_600_000).step_by(300_000) {
        signals(&mut world, 1, delay_ms);
    }
    signals(&mut world, 10, 21_600_000);
    assert_eq!(told(&world.inner), owned(&[(true, "late")]));
    signals(&mut world, 3, 20_000);
    assert_eq!(told(&world.inner), owned(&[(true, "late"), (false, "late")]));
}

#[test]
fn a_clock_a_year_back_ten_years_on_or_frozen_gives_a_clock_step_line_and_no_alarm_and_changes_no_data() {
    const YEAR_MS: i64 = 365 * 86_400_000;
    let mut world = World::new(6);
    let mut number = 0;
    for wall_ms in [BEGIN_MS - YEAR_MS, BEGIN_MS + 10 * YEAR_MS, 0, BEGIN_MS] {
        for _ in 0..12 {
            number += 1;
            signal(&world, number);
            pass_time(&mut world, 300);
        }
        world.drop_mixture(&format!("A{number}"));
        world.inner.clock.set_wall(wall_ms);
        world.settle_and_check().unwrap_or_else(|broken| panic!("at {wall_ms}: {broken}"));
    }
    // Frozen: the monotonic clock goes on.
    for _ in 0..60 {
        number += 1;
        world.inner.clock.advance(60_001);
        world.inner.clock.set_wall(BEGIN_MS);
        signal(&world, number);
        world.inner.step().unwrap();
    }
    assert_eq!(told(&world.inner), []);
    let steps = world.inner.log().into_iter().filter(|event| matches!(event, Event::ClockStep { .. })).count();
    assert!((4 + 50..=4 + 60).contains(&steps), "{steps} lines");
    verdict::check(&mut world).unwrap();
}

#[test]
fn who_took_note_is_in_log_and_state_and_a_maintenance_mutes_by_name() {
    let mut world = silent(7);
    let words = |text: &str| text.to_string();
    let ack =
        |code: &str| Request::Acknowledge { code: words(code), channel: None, operator: words("wang"), name: words("王工") };
    assert_eq!(world.inner.perform(&ack("late")).unwrap().exit, 2);
    assert_eq!(world.inner.perform(&ack("silent")).unwrap().exit, 0);
    let book: AlarmBook = world.inner.store.clone().load().unwrap().fact().unwrap();
    assert_eq!(book.open()[0].noted.as_ref().map(|noted| noted.name.as_str()), Some("王工"));
    let noted =
        |event: &Event| matches!(event, Event::Acknowledged { code, operator, .. } if code == "silent" && operator == "wang");
    assert_eq!(world.inner.log().iter().filter(|event| noted(event)).count(), 1);

    let now_ms = BEGIN_MS + 2_400_000;
    let begin =
        |until_ms| Request::Maintenance {
            until_ms, operator: words("wang"), name: words("王工"), reason: words("换交换机")
        };
    assert_eq!(world.inner.perform(&begin(now_ms - 1)).unwrap().exit, 2, "it is over already");
    assert_eq!(world.inner.perform(&begin(now_ms + 32 * 86_400_000)).unwrap().exit, 2, "too long");
    let end = Request::MaintenanceEnd { operator: words("wang") };
    assert_eq!(world.inner.perform(&end).unwrap().exit, 2, "none goes on");
    assert_eq!(world.inner.perform(&begin(now_ms + 14_400_000)).unwrap().exit, 0);
    world.inner.crash();
    pass_time(&mut world, 10);
    assert!(open(&world.inner).is_empty(), "accounted for");
    let before = told(&world.inner).len();
    pass_time(&mut world, 10_000);
    assert_eq!(told(&world.inner).len(), before, "muted, also after a crash");
    assert_eq!(world.inner.perform(&end).unwrap().exit, 0);
    pass_time(&mut world, 2400);
    assert_eq!(told(&world.inner).split_off(before), owned(&SILENCE), "ended by a person");
}

#[test]
fn a_link_of_working_hours_is_not_silent_on_a_sunday_and_is_on_monday_and_needs_its_calendar() {
    let mut world = World::new(8);
    world.inner.station.config.link.habit = Habit::Named(Rhythm::WorkingHours);
    assert!(world.inner.step().is_err(), "no calendar");
    world.inner.files.put(world.inner.station.dir.join("calendar.toml"), SHIPPED);
    // It is Sunday, eight in the morning.
    signal(&world, 1);
    pass_time(&mut world, 25 * 3600);
    assert_eq!(told(&world.inner), []);
    pass_time(&mut world, 2400);
    assert_eq!(told(&world.inner), owned(&SILENCE));
}
