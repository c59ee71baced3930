//! Alarms, calendar and maintenance with the real programs: what a person types and what is told.

use std::fs;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use dukou_tests::stations::audit::{assert_pass, count, lines_of};
use dukou_tests::stations::calendar::forget_the_year;
use dukou_tests::stations::daemon::{Daemon, journal};
use dukou_tests::stations::pair::{MESSAGES, Pair};
use dukou_tests::stations::sentence::wrong_use;
use dukou_tests::stations::wait::until;

const SOON: Duration = Duration::from_secs(20);

/// Beijing time in so many hours, as `--until` takes it.
fn in_hours(hours: i64) -> String {
    let now_ms = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis() as i64;
    dukou_shared::report::civil_time(now_ms + hours * 3_600_000).chars().take(16).collect()
}

#[test]
fn a_new_station_has_a_calendar_and_no_alarm() {
    let pair = Pair::new();
    let calendar = pair.outer.read("calendar.toml");
    assert!(
        calendar.contains("year = 2026") && calendar.contains("2026-02-15..2026-02-23") && calendar.contains("year = 2027")
    );
    let answer = pair.outer.expect(0, &["alarms"]);
    assert_eq!(answer.out, "没有警报。\n");
    assert_eq!(pair.outer.json(0, &["alarms"]), serde_json::json!([]));
    for habit in ["\"working-hours\"", "[\"09:00\", \"16:00\"]", "\"always\""] {
        let before = pair.outer.read("station.toml");
        pair.outer.set("link", &format!("habit = {habit}"));
        pair.outer.pass(0);
        fs::write(pair.outer.path("station.toml"), before).unwrap();
    }
}

#[test]
fn a_habit_without_its_calendar_is_refused_with_both_ways_out() {
    let pair = Pair::new();
    fs::remove_file(pair.outer.path("calendar.toml")).unwrap();
    pair.outer.pass(0);
    pair.outer.set("link", "habit = \"working-hours\"");
    for verb in ["pass", "run", "status", "alarms"] {
        wrong_use(&pair.outer, &[verb], 2, &["calendar.toml", "link.habit", "always"]);
    }
}

#[test]
fn a_wrong_calendar_habit_or_alarm_setting_is_refused_with_its_place() {
    let pair = Pair::new();
    let (station, calendar) = (pair.outer.read("station.toml"), pair.outer.read("calendar.toml"));
    for (section, line, named) in [
        ("link", "habit = [\"25:00\"]", "link.habit"),
        ("link", "habit = []", "link.habit"),
        ("alarm", "quiet_periods = 2", "alarm.quiet_periods"),
        ("alarm", "missed_runs = 1", "alarm.missed_runs"),
        ("alarm", "run_tolerance_minutes = 0", "alarm.run_tolerance_minutes"),
        ("alarm", "telephone = \"1\\n2\"", "alarm.telephone"),
    ] {
        pair.outer.set(section, line);
        wrong_use(&pair.outer, &["pass"], 2, &["station.toml", named]);
        fs::write(pair.outer.path("station.toml"), &station).unwrap();
    }
    pair.outer.set("link", "habit = \"working-hours\"");
    for (right, wrong, named) in [
        ("2026-01-04", "2026-01-05", "2026-01-05"),
        ("2026-04-04..2026-04-06", "2026-04-06..2026-04-04", "2026-04-06"),
        ("announced = true", "announced = yes", "15"),
        ("\"13:30\"", "\"11:30\"", "11:30"),
    ] {
        fs::write(pair.outer.path("calendar.toml"), calendar.replace(right, wrong)).unwrap();
        wrong_use(&pair.outer, &["pass"], 2, &["calendar.toml", named]);
    }
}

#[test]
fn an_alarm_is_listed_acknowledged_and_closed_by_its_cause_alone() {
    let pair = Pair::new();
    forget_the_year(&pair.outer);
    pair.outer.set("alarm", "contact = \"李工\"\ntelephone = \"0471-1234567\"");
    pair.outer.pass(0);
    let told = pair.outer.expect(0, &["status"]).out;
    for word in ["calendar", "李工 0471-1234567", "国务院办公厅"] {
        assert!(told.contains(word), "{word}: {told}");
    }
    let english = pair.outer.expect(0, &["alarms", "--lang", "en"]).out;
    assert!(english.contains("Warning (calendar)") && english.contains("Call 李工"), "{english}");
    wrong_use(&pair.outer, &["alarms", "ack", "silent"], 2, &["silent", "alarms"]);
    wrong_use(&pair.outer, &["alarms", "ack", "calendar", "--channel", MESSAGES], 2, &["calendar", MESSAGES]);
    pair.outer.expect(0, &["alarms", "ack", "calendar", "--name", "王工"]);
    let open = pair.outer.json(0, &["alarms"]);
    assert_eq!(open[0]["acknowledged"]["name"], "王工");
    assert_eq!((count(&pair.outer, "alarm"), count(&pair.outer, "acknowledged")), (1, 1));
    for _ in 0..3 {
        pair.outer.pass(0);
    }
    assert_eq!(count(&pair.outer, "alarm"), 1, "raised once, over several runs");
    let line = lines_of(&pair.outer, "acknowledged").remove(0);
    assert!(!line.to_string().contains("王工"), "a name in the log: {line}");
    assert_pass(&pair);
}

#[test]
fn a_running_station_takes_note_and_notes_a_maintenance() {
    let pair = Pair::new().quick();
    forget_the_year(&pair.outer);
    let daemon = Daemon::running(&pair.outer);
    until("the alarm is raised", SOON, || pair.outer.json(0, &["alarms"]).as_array().is_some_and(|open| open.len() == 1));
    pair.outer.expect(0, &["alarms", "ack", "calendar", "--name", "王工"]);
    let until_text = in_hours(20);
    let answer = pair.outer.expect(0, &["maintenance", "--until", &until_text, "--reason", "换交换机", "--name", "王工"]);
    assert!(answer.out.contains(&until_text), "{answer:?}");
    let status = pair.outer.json(0, &["status"]);
    assert_eq!((&status["maintenance"]["reason"], &status["maintenance"]["name"]), (&"换交换机".into(), &"王工".into()));
    assert!(pair.outer.expect(0, &["status"]).out.contains("换交换机"));
    pair.outer.expect(0, &["maintenance", "--end"]);
    assert_eq!(pair.outer.json(0, &["status"])["maintenance"], serde_json::Value::Null);
    wrong_use(&pair.outer, &["maintenance", "--end"], 2, &[]);
    daemon.stop_cleanly();
    assert!(journal(&pair.outer).contains("calendar"), "the journal tells of it: {}", journal(&pair.outer));
    let lines = lines_of(&pair.outer, "maintenance");
    let (begun, ended) = (&lines[0]["until"], &lines[1]["until"]);
    assert!(begun.as_str().is_some_and(|until| until.ends_with(":00.000Z")) && ended == "", "{lines:?}");
    assert_pass(&pair);
}

#[test]
fn a_maintenance_that_makes_no_sense_gets_one_sentence() {
    let pair = Pair::new();
    for (until, words) in [
        (in_hours(-1), vec!["--until"]),
        (in_hours(24 * 40), vec!["--until", "31"]),
        ("2026-02-30T08:00".to_string(), vec!["--until", "2026-02-30T08:00"]),
        ("tomorrow".to_string(), vec!["--until", "tomorrow"]),
        ("9999-12-31T23:59".to_string(), vec!["--until"]),
    ] {
        wrong_use(&pair.outer, &["maintenance", "--until", &until, "--reason", "x"], 2, &words);
    }
    wrong_use(&pair.outer, &["maintenance"], 2, &["--until", "--help"]);
    wrong_use(&pair.outer, &["maintenance", "--until", &in_hours(1)], 2, &["--reason"]);
    wrong_use(&pair.outer, &["maintenance", "--end", "--until", &in_hours(1), "--reason", "x"], 2, &["--help"]);
    wrong_use(&pair.outer, &["alarms", "ack"], 2, &["CODE", "--help"]);
    wrong_use(&pair.outer, &["alarms", "ack", " "], 2, &["CODE"]);
    wrong_use(&pair.outer, &["alarms", "nak"], 2, &["nak"]);
    assert_eq!(count(&pair.outer, "maintenance"), 0);
}
