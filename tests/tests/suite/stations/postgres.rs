//! Stations whose state is on a PostgreSQL server, over the real programs and real servers.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use dukou_rehearsal::random::Random;
use dukou_tests::servers::postgres::{Database, PASSWORD, Postgres, USER};
use dukou_tests::stations::audit::{assert_pass, count};
use dukou_tests::stations::beside::Beside;
use dukou_tests::stations::daemon::{Daemon, journal};
use dukou_tests::stations::message;
use dukou_tests::stations::pair::{LOGS, MESSAGES, Pair};
use dukou_tests::stations::station::Station;
use dukou_tests::stations::tree::{digests, names};
use dukou_tests::stations::wait::until;
use walkdir::WalkDir;

const LIMIT: Duration = Duration::from_secs(60);

#[test]
fn a_thousand_files_cross_between_stations_whose_states_are_in_one_database() {
    let database = Database::new();
    let pair = Pair::with_options(&["--store", &database.url]);
    pair.drop_messages(0, 1000);
    pair.exchange();
    assert_eq!(pair.arrived(MESSAGES).len(), 1000);
    assert!(!pair.outer.path("state/station.sqlite").exists());
    assert_eq!(pair.outer.channel(MESSAGES)["accepted"], 1000);
    let trace = pair.outer.json(0, &["trace", &message::name(7)]);
    assert!(trace.to_string().contains(&message::name(7)), "{trace}");
    for station in [&pair.outer, &pair.inner] {
        station.expect(0, &["check"]);
    }
    pair.exchange();
    assert_eq!(pair.arrived(MESSAGES).len(), 1000, "a second pass does nothing");
    assert_pass(&pair);
}

#[test]
fn a_second_daemon_is_refused_and_what_is_asked_beside_a_running_one_is_answered() {
    let database = Database::new();
    let pair = Pair::with_options(&["--store", &database.url]);
    let daemon = Daemon::running(&pair.outer);
    let begun = Instant::now();
    pair.outer.expect(2, &["run"]);
    pair.outer.expect(75, &["pass"]);
    assert!(begun.elapsed() < Duration::from_secs(30), "{:?}", begun.elapsed());
    pair.outer.expect(0, &["status"]);
    pair.outer.expect(0, &["check"]);
    pair.outer.expect(0, &["trust", "--confirm"]);
    daemon.stop_cleanly();
}

#[test]
fn a_state_on_a_server_is_not_made_anew_from_the_log_and_the_sentence_says_what_to_do() {
    let database = Database::new();
    let pair = Pair::with_options(&["--store", &database.url]);
    pair.drop_messages(0, 3);
    pair.outer.pass(0);
    pair.outer.expect(0, &["check", "--rebuild"]);
    let answer = pair.outer.expect(2, &["check", "--rebuild", "--name", "王工", "--reason", "磁盘坏过"]);
    assert!(answer.err.contains("PostgreSQL") && answer.err.contains("备份"), "{}", answer.err);
    assert!(!pair.outer.path("state/station.sqlite").exists());
    pair.outer.expect(0, &["check"]);
}

/// Gives a command of the station as another machine would run it: with another name, on the same directory.
fn elsewhere(station: &Station, args: &[&str]) -> Command {
    let inner = station.command(args);
    let mut command = Command::new("unshare");
    command
        .args(["--map-root-user", "--uts", "sh", "-c", "hostname elsewhere && exec \"$@\"", "sh"])
        .arg(inner.get_program())
        .args(inner.get_args());
    command
}

#[test]
fn a_standby_takes_over_in_seconds_when_the_active_one_is_killed() {
    let server = Postgres::quick();
    let pair = Pair::with_options(&["--store", &server.create("county")]).quick();
    let active = Daemon::running(&pair.outer);
    let standby = Daemon::start_as(&pair.outer, &["--standby"]);
    until("it stands by", LIMIT, || journal(&pair.outer).contains("standing by"));
    pair.drop_messages(0, 20);
    until("the active one sends", LIMIT, || names(&pair.outer.path("ferry/out")).iter().any(|name| name.ends_with(".dkp")));
    let starts = count(&pair.outer, "start");
    active.kill();
    let killed = Instant::now();
    until("the standby has begun", LIMIT, || count(&pair.outer, "start") > starts);
    println!("taken over {:.1} s after the kill", killed.elapsed().as_secs_f64());
    assert!(killed.elapsed() < Duration::from_secs(30), "{:?}", killed.elapsed());
    pair.drop_messages(20, 40);
    until("the standby sends the rest", LIMIT, || pair.outer.channel(MESSAGES)["accepted"] == 40);
    standby.stop_cleanly();
    pair.carry();
    pair.inner.pass(0);
    assert_eq!(pair.arrived(MESSAGES).len(), 40);
    assert_pass(&pair);
}

#[test]
fn a_daemon_whose_session_is_ended_on_the_server_goes_on_and_one_that_was_taken_over_stops_or_stands_by_again() {
    let server = Postgres::quick();
    let pair = Pair::with_options(&["--store", &server.create("county")]).quick();
    let mut daemon = Daemon::running(&pair.outer);
    let end_sessions = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'county' AND usename = 'dukou'";
    server.psql(end_sessions);
    let starts = count(&pair.outer, "start");
    pair.drop_messages(0, 5);
    until("it has begun anew", LIMIT, || count(&pair.outer, "start") > starts);
    assert_eq!(daemon.ended(), None);
    // Another process takes the state, as a standby on another machine would.
    server.psql_in("county", &format!("UPDATE {}.station SET fence = fence + 1", schema(&server)));
    pair.drop_messages(5, 10);
    until("it stops", LIMIT, || daemon.ended().is_some());
    assert_eq!(daemon.ended(), Some(3), "{}", journal(&pair.outer));
    assert!(journal(&pair.outer).contains("接管"), "{}", journal(&pair.outer));
    pair.outer.pass(0);
    pair.carry();
    pair.inner.pass(0);
    assert_eq!(pair.arrived(MESSAGES).len(), 10);
    assert_pass(&pair);
}

/// Gives the schema of the outer station, which is the one that has packets going out or was made first.
fn schema(server: &Postgres) -> String {
    let sql = "SELECT nspname FROM pg_namespace WHERE nspname LIKE 'dukou\\_%' ORDER BY oid LIMIT 1";
    server.psql_in("county", sql)
}

#[test]
fn a_machine_that_sees_another_directory_is_refused() {
    let database = Database::new();
    let pair = Pair::with_options(&["--store", &database.url]);
    let copy = Station { dir: pair.dir.path().join("copy"), ..pair.outer.clone() };
    let copied = Command::new("cp").arg("-a").arg(&pair.outer.dir).arg(&copy.dir).status().unwrap();
    assert!(copied.success());
    pair.outer.pass(0);
    for verb in ["run", "pass"] {
        let answer = copy.expect(2, &[verb]);
        assert!(answer.err.contains("与状态库对不上"), "{answer:?}");
    }
    pair.outer.pass(0);
    pair.outer.expect(0, &["check"]);
}

mod slow {
    use super::*;

    #[test]
    fn a_standby_that_sees_a_fresh_copy_of_the_directory_is_refused() {
        let database = Database::new();
        let pair = Pair::with_options(&["--store", &database.url]);
        let daemon = Daemon::running(&pair.outer);
        let copy = Station { dir: pair.dir.path().join("copy"), ..pair.outer.clone() };
        assert!(Command::new("cp").arg("-a").arg(&pair.outer.dir).arg(&copy.dir).status().unwrap().success());
        let answer = copy.expect(2, &["run", "--standby"]);
        assert!(answer.err.contains("与状态库对不上"), "{answer:?}");
        daemon.stop_cleanly();
    }

    #[test]
    fn another_machine_takes_over_after_it_has_rested() {
        let database = Database::new();
        let pair = Pair::with_options(&["--store", &database.url]);
        let daemon = Daemon::running(&pair.outer);
        let beside = elsewhere(&pair.outer, &["trust", "--confirm"]);
        assert!({ beside }.status().unwrap().success(), "asked from another machine, answered by the running one");
        daemon.kill();
        let begun = Instant::now();
        assert!(elsewhere(&pair.outer, &["pass"]).status().unwrap().success());
        assert!(begun.elapsed() >= Duration::from_secs(5), "it rests: {:?}", begun.elapsed());
        pair.outer.pass(0);
        assert_pass(&pair);
    }
}

#[test]
fn while_the_server_is_gone_nothing_is_lost_and_all_goes_on_when_it_is_back() {
    // What a kill leaves is with the system; only a power cut would need its syncs.
    let mut server = Postgres::quick();
    let pair = Pair::with_options(&["--store", &server.create("county")]);
    pair.drop_messages(0, 10);
    server.kill9();
    let answer = pair.outer.expect(75, &["pass"]);
    assert!(answer.err.contains("PostgreSQL"), "{answer:?}");
    pair.outer.expect(75, &["status"]);
    server.restart();
    pair.exchange();
    assert_eq!(pair.arrived(MESSAGES).len(), 10);
    assert_pass(&pair);
}

#[test]
fn the_password_is_nowhere_but_in_its_file() {
    let server = Postgres::with_tcp();
    let url = server.create("county").replace(&format!(":{PASSWORD}"), "");
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("store.password");
    fs::write(&file, format!("{PASSWORD}\n")).unwrap();
    fs::set_permissions(&file, Permissions::from_mode(0o600)).unwrap();
    let pair = Pair::with_options(&["--store", &url, "--store-password-file", file.to_str().unwrap()]);
    pair.drop_messages(0, 3);
    let daemon = Daemon::running(&pair.outer);
    server.psql(&format!(
        "ALTER ROLE {USER} PASSWORD 'another'; SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '{USER}'"
    ));
    let refused = pair.outer.expect(2, &["status"]);
    drop(daemon);
    let told = format!("{}{}", refused.all(), journal(&pair.outer));
    assert!(told.contains("28P01"), "{told}");
    assert!(!told.contains(PASSWORD), "{told}");
    for entry in WalkDir::new(pair.dir.path()).into_iter().flatten().filter(|entry| entry.file_type().is_file()) {
        let bytes = fs::read(entry.path()).unwrap();
        assert!(!bytes.windows(PASSWORD.len()).any(|word| word == PASSWORD.as_bytes()), "{}", entry.path().display());
    }
    fs::set_permissions(&file, Permissions::from_mode(0o644)).unwrap();
    assert!(pair.outer.expect(2, &["status"]).err.contains("chmod 600"));
}

#[test]
fn a_password_in_station_toml_is_for_the_stations_account_alone() {
    let server = Postgres::with_tcp();
    let pair = Pair::with_options(&["--store", &server.create("county")]);
    let file = pair.outer.path("station.toml");
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    let status = pair.outer.expect(0, &["status", "--json"]);
    assert!(!status.all().contains(PASSWORD));
    fs::set_permissions(&file, Permissions::from_mode(0o644)).unwrap();
    let answer = pair.outer.expect(2, &["status"]);
    assert!(answer.err.contains("chmod 600") && !answer.err.contains(PASSWORD), "{answer:?}");
}

#[test]
fn init_with_a_server_that_does_not_let_it_in_leaves_nothing_behind() {
    let database = Database::new();
    let dir = tempfile::tempdir().unwrap();
    let absent = database.url.replace(&database.name, "absent");
    let station =
        Station { program: dukou_tests::stations::programs::program("dukou-outer"), dir: dir.path().join("s"), account: None };
    let answer = Command::new(&station.program).args(["init", "--store", &absent]).arg(&station.dir).output().unwrap();
    assert_eq!(answer.status.code(), Some(2), "{answer:?}");
    assert!(!station.dir.exists());
    let wrong = Command::new(&station.program).args(["init", "--store", "mysql://a/b"]).arg(&station.dir).output().unwrap();
    assert_eq!(wrong.status.code(), Some(2), "{wrong:?}");
}

/// A gap device that moves what leaves, whenever it looks.
fn gap_device(from: PathBuf, to: PathBuf, stop: &AtomicBool) {
    loop {
        let ending = stop.load(Ordering::SeqCst);
        for name in names(&from).into_iter().filter(|name| name.ends_with(".dkp")) {
            let Ok(bytes) = fs::read(from.join(&name)) else { continue };
            fs::write(to.join("beside"), &bytes).unwrap();
            fs::rename(to.join("beside"), to.join(&name)).unwrap();
            // A signal is taken back by its sender when a newer one is there.
            let _ = fs::remove_file(from.join(&name));
        }
        if ending {
            return;
        }
        thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn every_file_arrives_once_though_postgres_and_both_daemons_are_killed_again_and_again() {
    const FILES: usize = 1000;
    let mut random = Random::new(20_261_122);
    // What a kill leaves is with the system; only a power cut would need its syncs.
    let mut server = Postgres::quick();
    let pair = Pair::with_options(&["--store", &server.create("region")]).quick();
    pair.outer.edit("channels/report-message.toml", "max_records = 4096", "max_records = 10");
    let (from, to) = (pair.outer.path("ferry/out"), pair.inner.path("ferry/in"));
    let gap = Beside::run(move |stop| gap_device(from, to, stop));
    let stations = [&pair.outer, &pair.inner];
    let mut daemons = stations.map(|station| Some(Daemon::start(station)));
    let (mut server_kills, mut daemon_kills) = (0, 0);
    for burst in 0..20 {
        pair.drop_messages(burst * FILES / 20, (burst + 1) * FILES / 20);
        thread::sleep(Duration::from_millis(random.between(20, 500)));
        if random.below(2) == 0 {
            server.kill9();
            thread::sleep(Duration::from_millis(random.between(0, 300)));
            server.restart();
            server_kills += 1;
        } else {
            let at = random.below(2) as usize;
            if let Some(daemon) = daemons[at].take() {
                daemon.kill();
            }
            daemons[at] = Some(Daemon::start(stations[at]));
            daemon_kills += 1;
        }
        for (daemon, station) in daemons.iter_mut().zip(stations) {
            assert_eq!(daemon.as_mut().and_then(Daemon::ended), None, "it ended by itself: {}", journal(station));
        }
    }
    let folder = pair.inner.path("arrived").join(MESSAGES);
    until("every file has arrived", 5 * LIMIT, || digests(&folder).len() == FILES);
    println!("{FILES} files, {server_kills} kills of postgres, {daemon_kills} of daemons");
    for daemon in daemons.into_iter().flatten() {
        daemon.stop_cleanly();
    }
    gap.finish();
    assert!(server_kills >= 5 && daemon_kills >= 5);
    assert_eq!(pair.arrived(LOGS).len(), 0);
    assert_eq!(pair.inner.aside_codes("quarantine"), [""; 0]);
    assert_pass(&pair);
    pair.outer.expect(0, &["check"]);
    pair.inner.expect(0, &["check"]);
}
