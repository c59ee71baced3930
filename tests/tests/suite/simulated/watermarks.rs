//! Alarms about what fills and what falls behind: raised once, closed when it is worked off, and none without a cause.

use dukou_shared::alarm::book::AlarmBook;
use dukou_shared::ferry::profile::Profile;
use dukou_shared::store::Store;
use dukou_tests::simulated::slow::{self, BACKLOG_MINUTES, Queue, pass_minutes, pour, told};
use dukou_tests::simulated::station::name;
use dukou_tests::simulated::world::FILES;
use dukou_tests::simulated::{SimStation, Weather, World};
use std::path::Path;

const DAY_MS: u64 = 86_400_000;

fn raised(code: &str) -> (bool, String) {
    (true, code.to_string())
}

fn closed(code: &str) -> (bool, String) {
    (false, code.to_string())
}

fn open(station: &SimStation) -> Vec<(String, Option<String>)> {
    let book: AlarmBook = station.store.clone().load().unwrap().fact().unwrap();
    book.open().iter().map(|open| (open.code.clone(), open.channel.as_ref().map(ToString::to_string))).collect()
}

#[test]
fn a_receiver_that_takes_half_of_what_is_sent_is_told_at_the_sender_once_and_closed_when_it_has_caught_up() {
    let (mut world, mut queue) = (slow::world(1), Queue::default());
    pass_minutes(&mut world, &mut queue, 20, 2, 2);
    assert_eq!(told(&world.outer), [], "as fast as it comes");
    pass_minutes(&mut world, &mut queue, 60, 2, 1);
    assert_eq!(told(&world.outer), [raised("unconfirmed")]);
    assert_eq!(open(&world.outer), [("unconfirmed".to_string(), Some(FILES.to_string()))]);
    world.outer.crash();
    pass_minutes(&mut world, &mut queue, 10, 2, 1);
    assert_eq!(told(&world.outer), [raised("unconfirmed")], "also over a crash");
    pass_minutes(&mut world, &mut queue, 30, 1, 1000);
    assert_eq!(told(&world.outer), [raised("unconfirmed"), closed("unconfirmed")]);
    assert_eq!(told(&world.inner).iter().filter(|(_, code)| code == "backlog").count(), 0);
}

/// What the log says of alarms about a channel that the peer does not confirm.
fn unconfirmed(station: &SimStation) -> Vec<(bool, String)> {
    told(station).into_iter().filter(|(_, code)| code.starts_with("unconfirmed")).collect()
}

#[test]
fn an_alarm_about_a_channel_that_was_taken_out_of_the_configuration_is_closed_and_stays_so() {
    let (mut world, mut queue) = (slow::world(10), Queue::default());
    pass_minutes(&mut world, &mut queue, 90, 2, 1);
    assert_eq!(unconfirmed(&world.outer), [raised("unconfirmed")]);
    world.outer.close().unwrap();
    world.outer.channels.retain(|channel| channel.channel != name(FILES));
    for minute in 0..90 {
        world.outer.clock.advance(60_000);
        world.outer.step().unwrap();
        if minute % 30 == 29 {
            world.outer.crash();
        }
    }
    assert_eq!(unconfirmed(&world.outer), [raised("unconfirmed"), closed("unconfirmed")]);
    assert!(open(&world.outer).iter().all(|(_, channel)| channel.is_none()), "{:?}", open(&world.outer));
}

#[test]
fn what_expires_on_a_channel_that_was_taken_out_of_the_configuration_is_no_alarm_any_more() {
    let mut world = one_under_way(11);
    let days = u64::from(world.outer.station.config.keep.sent_days);
    world.outer.clock.advance((days - 3) * DAY_MS + 3_600_000);
    for _ in 0..3 {
        world.outer.step().unwrap();
        world.outer.clock.advance(60_000);
    }
    assert_eq!(unconfirmed(&world.outer), [raised("unconfirmed-expiring")]);
    world.outer.close().unwrap();
    world.outer.channels.retain(|channel| channel.channel != name(FILES));
    for _ in 0..3 {
        world.outer.clock.advance(60_000);
        world.outer.step().unwrap();
    }
    assert_eq!(unconfirmed(&world.outer), [raised("unconfirmed-expiring"), closed("unconfirmed-expiring")]);
}

#[test]
fn one_large_drop_that_is_worked_off_for_hours_is_no_backlog_that_grows() {
    let (mut world, mut queue) = (slow::world(2), Queue::default());
    pass_minutes(&mut world, &mut queue, 1, 300, 2);
    pass_minutes(&mut world, &mut queue, 10 * u64::from(BACKLOG_MINUTES), 0, 2);
    assert_eq!(told(&world.outer), []);
}

#[test]
fn packets_that_come_faster_than_they_are_taken_in_are_told_at_the_receiver_while_it_works_and_closed_behind_them() {
    let mut world = slow::world(3);
    world.inner.station.config.alarm.backlog_minutes = 3;
    let count = pour(&mut world, 1500, 2);
    let report = world.inner.step().unwrap();
    world.inner.hook.set(None);
    assert_eq!(report.packets_in, count, "in one long step");
    for _ in 0..20 {
        world.inner.clock.advance(10_000);
        world.inner.step().unwrap();
    }
    let backlog: Vec<_> = told(&world.inner).into_iter().filter(|(_, code)| code == "backlog").collect();
    assert_eq!(backlog, [raised("backlog"), closed("backlog")]);
}

#[test]
fn packets_that_come_as_fast_as_they_are_taken_in_are_no_backlog() {
    let mut world = slow::world(4);
    world.inner.station.config.alarm.backlog_minutes = 3;
    let count = pour(&mut world, 600, 40);
    let mut taken = 0;
    while taken < count {
        taken += world.inner.step().unwrap().packets_in;
    }
    world.inner.hook.set(None);
    assert!(told(&world.inner).iter().all(|(_, code)| code != "backlog"), "{:?}", told(&world.inner));
}

#[test]
fn a_share_of_the_spool_that_is_used_up_is_told_once_and_closed_when_there_is_room() {
    let mut world = World::new(5);
    world.outer.channels[1].batch.max_records = 1;
    world.inner.station.config.keep.spool_gib = 0;
    for index in 0..5 {
        world.outer_supplier.drop_file(&world.outer, FILES, &format!("{index}"));
    }
    world.outer.step().unwrap();
    world.inward.take(&world.outer);
    let first = world.inward.cargo(FILES)[&1].clone();
    world.inward.deliver_some(&world.inner, |id| id.is_none_or(|(_, _, seq)| *seq != 1));
    for minute in 0..30 {
        world.inner.clock.advance(60_000);
        world.inner.step().unwrap();
        if minute % 10 == 9 {
            world.inner.crash();
        }
    }
    assert_eq!(told(&world.inner), [raised("spool-90")]);
    assert_eq!(open(&world.inner), [("spool-90".to_string(), Some(FILES.to_string()))]);
    world.inward.put(&world.inner, None, &first);
    for _ in 0..3 {
        world.inner.clock.advance(60_000);
        world.inner.step().unwrap();
    }
    assert_eq!(told(&world.inner), [raised("spool-90"), closed("spool-90")]);
    assert_eq!(world.inner_consumer.take(&world.inner.files, 1.0), 5);
}

/// A sender whose only packet is on its way, with a way back.
fn one_under_way(seed: u64) -> World {
    let mut world = slow::world(seed);
    world.outer_supplier.drop_file(&world.outer, FILES, "1.bin");
    world.outer.step().unwrap();
    world.inward.take(&world.outer);
    world
}

#[test]
fn what_was_never_confirmed_is_an_alarm_three_running_days_before_it_is_dropped_and_closed_by_its_receipt() {
    let mut world = one_under_way(6);
    let days = u64::from(world.outer.station.config.keep.sent_days);
    world.outer.clock.advance((days - 4) * DAY_MS);
    world.outer.step().unwrap();
    assert_eq!(told(&world.outer), []);
    world.outer.clock.advance(DAY_MS + 3_600_000);
    (0..3).for_each(|_| {
        world.outer.step().unwrap();
        world.outer.clock.advance(60_000);
    });
    assert_eq!(told(&world.outer), [raised("unconfirmed-expiring")]);
    world.inward.deliver_some(&world.inner, |_| true);
    for _ in 0..8 {
        world.outer.clock.advance(60_000);
        world.round(&Weather::FAIR).unwrap();
    }
    assert_eq!(told(&world.outer), [raised("unconfirmed-expiring"), closed("unconfirmed-expiring")]);
}

#[test]
fn the_alarm_is_durable_before_anything_is_dropped_also_when_the_keeping_time_was_shortened_meanwhile() {
    let mut world = one_under_way(7);
    world.outer.clock.advance(40 * DAY_MS);
    world.outer.close().unwrap();
    world.outer.crash();
    // As if it had been 60 days before, and became the default.
    let spool = world.outer.station.spool_out();
    let files = world.outer.files.clone();
    assert_eq!(files.tree(&spool).len(), 1);
    let log = world.outer.station.log_dir();
    let (looks, at_removal) = (files.clone(), std::sync::Arc::new(std::sync::Mutex::new(None)));
    let seen = at_removal.clone();
    world.outer.hook.set(Some(Box::new(move |_| {
        let text: String = looks
            .tree(&log)
            .iter()
            .filter_map(|name| looks.get(log.join(name)))
            .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
            .collect();
        if looks.tree(&spool).is_empty() {
            seen.lock().unwrap().get_or_insert(text.contains("unconfirmed-expiring"));
        }
    })));
    world.outer.step().unwrap();
    world.outer.clock.advance(3_600_000);
    world.outer.step().unwrap();
    assert_eq!(*at_removal.lock().unwrap(), Some(true));
    assert_eq!(told(&world.outer).first(), Some(&raised("unconfirmed-expiring")));
}

/// A sender whose device lets 20 files lie in the ferry directory.
fn with_quota(seed: u64) -> World {
    let mut world = slow::world(seed);
    let device = Profile::parse(Path::new("profiles/device.toml"), "quota_files = 20\n").expect("a profile");
    world.outer.station.config.link.device = device;
    world
}

#[test]
fn the_alarm_of_a_quota_that_was_taken_away_is_closed() {
    let mut world = with_quota(9);
    for minute in 0..90 {
        world.outer_supplier.drop_file(&world.outer, FILES, &format!("{minute}.bin"));
        world.outer.clock.advance(60_000);
        world.outer.step().unwrap();
    }
    assert!(open(&world.outer).iter().any(|(code, _)| code == "ferry-quota"));
    world.outer.close().unwrap();
    world.outer.station.config.link.device = Profile::parse(Path::new("profiles/device.toml"), "").expect("a profile");
    for _ in 0..3 {
        world.outer.clock.advance(60_000);
        world.outer.step().unwrap();
    }
    let book = open(&world.outer);
    assert!(book.iter().all(|(code, _)| code != "ferry-quota"), "{book:?}");
}

#[test]
fn a_ferry_directory_that_stays_nearly_full_is_told_and_one_that_fills_and_is_emptied_is_not() {
    for stands_still in [false, true] {
        let mut world = with_quota(8);
        for minute in 0..90 {
            if minute < 60 {
                world.outer_supplier.drop_file(&world.outer, FILES, &format!("{minute}.bin"));
            }
            world.outer.clock.advance(60_000);
            world.outer.step().unwrap();
            if !stands_still && minute % 10 == 9 {
                world.inward.take(&world.outer);
            }
        }
        let quota: Vec<_> = told(&world.outer).into_iter().filter(|(_, code)| code == "ferry-quota").collect();
        if !stands_still {
            assert_eq!(quota, []);
            continue;
        }
        assert_eq!(quota, [raised("ferry-quota")]);
        // The device comes back.
        for _ in 0..10 {
            world.inward.take(&world.outer);
            world.outer.clock.advance(60_000);
            world.outer.step().unwrap();
        }
        let book = open(&world.outer);
        assert!(book.iter().all(|(code, _)| code != "ferry-quota"), "{book:?}");
        assert!(world.inward.cargo(FILES).len() == 60);
    }
}
