//! A simulated year: no false alarm with any habit, and a link that is cut is told in time.

use dukou_rehearsal::random::Random;
use dukou_shared::alarm::calendar::SHIPPED;
use dukou_shared::station::{Habit, Rhythm};
use dukou_tests::simulated::year::{DAY, Office, YEAR, day_of_year};

fn habits() -> [Habit; 3] {
    let runs = ["09:00", "16:00"].map(str::to_string).to_vec();
    [Habit::Named(Rhythm::Always), Habit::Named(Rhythm::WorkingHours), Habit::Runs(runs)]
}

#[test]
fn a_year_with_spring_festival_worked_weekends_and_nights_off_raises_no_false_alarm() {
    for habit in habits() {
        let mut office = Office::new(2026, habit.clone(), SHIPPED);
        office.pass(0, YEAR);
        assert_eq!(office.told, [], "{habit:?}");
        assert!(office.heard > 480, "the office was at work: {}", office.heard);
        println!("{habit:?}: a year, {} signals heard, {} packets sent, 0 alarms, 0 warnings", office.heard, office.made());
    }
}

#[test]
fn a_link_cut_on_any_working_day_is_told_within_two_thresholds_of_open_time_and_not_before_the_first() {
    for habit in habits() {
        let (mut least, mut most, mut cuts) = (u64::MAX, 0, 0);
        let [first_ms, second_ms] = limits(&habit);
        for seed in 0..100 {
            let mut office = Office::new(seed, habit.clone(), SHIPPED);
            let mut dice = Random::nth(seed, 77);
            let day = std::iter::repeat_with(|| 5 + dice.below(340)).find(|day| office.is_worked(day * DAY)).unwrap();
            office.cut = day * DAY + 9 * 60 + dice.below(8 * 60);
            office.pass((day - 3) * DAY, office.cut);
            assert_eq!(office.told, [], "{habit:?}, seed {seed}: before the cut");
            let mut until = office.cut;
            while office.raised("silent") == 0 && until < office.cut + 20 * DAY {
                until += 1;
                office.pass(0, until);
            }
            let took_ms = office.open_since_cut_ms();
            assert_eq!(office.raised("silent"), 1, "{habit:?}, seed {seed}: never told");
            assert!((first_ms..=second_ms).contains(&took_ms), "{habit:?}, seed {seed}: {took_ms} ms");
            (least, most, cuts) = (least.min(took_ms), most.max(took_ms), cuts + 1);
        }
        let minutes = |ms: u64| ms as f64 / 60_000.0;
        println!(
            "{habit:?}: {cuts} cuts told as silent after {:.0} to {:.0} minutes of open time; thresholds {:.0} and {:.0}",
            minutes(least),
            minutes(most),
            minutes(first_ms),
            minutes(second_ms)
        );
    }
}

#[test]
fn a_peer_that_takes_in_less_than_the_office_sends_is_told_on_the_same_day_and_no_other_alarm_is() {
    for habit in [Habit::Named(Rhythm::Always), Habit::Named(Rhythm::WorkingHours)] {
        for seed in 0..20 {
            let mut office = Office::new(seed, habit.clone(), SHIPPED);
            let monday = 4 * DAY;
            office.pass(monday, monday + 9 * 60);
            office.capacity = 0;
            office.pass(monday, monday + 17 * 60);
            let codes: Vec<(bool, &str)> = office.told.iter().map(|told| (told.raised, told.code.as_str())).collect();
            assert_eq!(codes, [(true, "unconfirmed")], "{habit:?}, seed {seed}");
            office.capacity = 200;
            office.pass(monday, monday + 4 * DAY);
            assert!(office.open_codes().is_empty(), "{habit:?}, seed {seed}: closed when it has caught up");
        }
    }
}

/// The first threshold and two of them. With discs a threshold is one run with the time it may be late.
fn limits(habit: &Habit) -> [u64; 2] {
    match habit {
        Habit::Runs(_) => [3_600_000, 2 * 3_600_000],
        Habit::Named(_) => {
            let quiet_ms = Office::new(0, habit.clone(), SHIPPED).thresholds().quiet_ms;
            [quiet_ms, 2 * quiet_ms]
        }
    }
}

#[test]
fn a_sender_off_over_a_holiday_of_the_calendar_raises_nothing() {
    let mut office = Office::new(7, Habit::Named(Rhythm::WorkingHours), SHIPPED);
    office.receiver_stays_on = true;
    office.pass(0, day_of_year(70));
    assert_eq!(office.told, []);
}

#[test]
fn a_holiday_forgotten_in_the_calendar_raises_one_alarm_that_closes_itself() {
    let spring = "    \"2026-02-15..2026-02-23\", # 春节 Spring Festival\n";
    let forgotten = SHIPPED.replace(spring, "");
    assert_ne!(forgotten, SHIPPED);
    for habit in [Habit::Named(Rhythm::WorkingHours), Habit::Runs(vec!["09:00".to_string(), "16:00".to_string()])] {
        let mut office = Office::new(7, habit.clone(), &forgotten);
        office.receiver_stays_on = true;
        office.pass(0, day_of_year(53));
        assert_eq!(office.open_codes(), ["silent"], "{habit:?}: in the holidays");
        office.pass(0, day_of_year(70));
        assert_eq!(
            (office.raised("silent"), office.raised("quiet"), office.raised("late")),
            (1, 1, 0),
            "{habit:?}: {:?}",
            office.told
        );
        assert_eq!(office.open_codes(), Vec::<&str>::new(), "{habit:?}: closed by itself");
        println!("{habit:?}, Spring Festival forgotten: 1 alarm, closed by itself");
    }
}
