//! What only a server can suffer: killed sessions, lost answers, other processes, other stations.

use super::*;
use crate::error::{EngineFault, Policy};
use crate::store::contract_tests::{channel, file, key, login, marked, packed};
use dukou_servers::postgres::{Database, PASSWORD, Postgres};
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// A login of another process.
fn another(login: &Login) -> Login {
    Login { process: "another".to_owned(), ..login.clone() }
}

/// Ends every session of a database but the one that asks.
fn terminate(database: &Database) {
    database.psql(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()",
    );
}

fn seq(store: &mut PostgresStore) -> u64 {
    store.load().unwrap().out_heads.get(&channel("reports")).map_or(0, |head| head.seq)
}

#[test]
fn a_second_process_is_refused_at_once_and_served_when_the_first_one_ends() {
    let database = Database::new();
    let login = login(&database.url);
    let mut first = PostgresStore::open(&login).unwrap();
    first.settle(None).unwrap();
    first.commit(&[packed(1, Vec::new())]).unwrap();
    let begun = Instant::now();
    assert_eq!(PostgresStore::open(&another(&login)).unwrap_err(), StoreFault::Held);
    assert!(begun.elapsed() < Duration::from_secs(4), "{:?}", begun.elapsed());
    drop(first);
    let mut second = PostgresStore::open(&another(&login)).unwrap();
    assert!(second.before().unwrap().has_ended);
    assert_eq!(seq(&mut second), 1);
}

#[test]
fn a_process_whose_session_was_ended_never_commits_again_once_another_has_the_state() {
    let database = Database::new();
    let login = login(&database.url);
    let mut first = PostgresStore::open(&login).unwrap();
    first.settle(None).unwrap();
    first.commit(&[packed(1, Vec::new())]).unwrap();
    terminate(&database);
    let mut second = PostgresStore::open(&another(&login)).unwrap();
    assert!(!second.before().unwrap().has_ended);
    let fault = first.commit(&[packed(2, Vec::new())]).unwrap_err();
    assert_eq!(fault, StoreFault::Superseded);
    let fault = EngineFault::from(fault);
    assert_eq!((fault.code(), fault.policy()), ("store-taken", Policy::Halt));
    assert_eq!(first.confirm(), Err(StoreFault::Superseded));
    assert_eq!(first.load(), Err(StoreFault::Superseded));
    assert_eq!(seq(&mut second), 1);
    second.commit(&[packed(2, Vec::new())]).unwrap();
}

#[test]
fn a_transaction_under_an_older_fence_is_refused_though_its_session_lives() {
    let database = Database::new();
    let mut store = PostgresStore::open(&login(&database.url)).unwrap();
    store.commit(&[packed(1, Vec::new())]).unwrap();
    let schema = schema::name(&login(&database.url).station);
    database.psql(&format!("UPDATE {schema}.station SET fence = fence + 1"));
    assert_eq!(store.commit(&[packed(2, Vec::new())]), Err(StoreFault::Superseded));
    assert_eq!(database.psql(&format!("SELECT count(*) FROM {schema}.packets")), "1");
}

#[test]
fn a_process_notices_before_it_writes_its_log_that_another_has_the_state() {
    let database = Database::new();
    let mut store = PostgresStore::open(&login(&database.url)).unwrap();
    let schema = schema::name(&login(&database.url).station);
    database.psql(&format!("UPDATE {schema}.station SET fence = fence + 1"));
    assert_eq!(store.confirm(), Ok(()), "a moment ago it had it");
    store.answered.mono = Instant::now() - FRESH;
    assert_eq!(store.confirm(), Err(StoreFault::Superseded));
}

#[test]
fn a_machine_that_slept_asks_again_before_it_writes_its_log() {
    let database = Database::new();
    for wall in [SystemTime::now() - FRESH, SystemTime::now() + Duration::from_secs(3600)] {
        let login = login(&database.url);
        let mut store = PostgresStore::open(&login).unwrap();
        store.answered = Answered::now();
        database.psql(&format!("UPDATE {}.station SET fence = fence + 1", schema::name(&login.station)));
        // The even clock stood still meanwhile; the wall clock went on, or was set back.
        store.answered.wall = wall;
        assert_eq!(store.confirm(), Err(StoreFault::Superseded));
    }
}

#[test]
fn a_session_of_this_process_that_lost_its_connection_does_not_stand_in_the_way() {
    let database = Database::new();
    let login = login(&database.url);
    let mut lost = PostgresStore::open(&login).unwrap();
    let mut store = PostgresStore::open(&login).unwrap();
    store.commit(&[packed(1, Vec::new())]).unwrap();
    assert_eq!(lost.commit(&[packed(2, Vec::new())]), Err(StoreFault::Superseded));
}

#[test]
fn a_killed_server_changes_nothing_that_was_committed_and_the_state_is_served_when_it_is_back() {
    let mut server = Postgres::start();
    let login = login(&server.create("county"));
    let mut store = PostgresStore::open(&login).unwrap();
    let mut confirmed = 0;
    for round in 1..=3_u64 {
        for step in 1..=20 {
            confirmed = 20 * (round - 1) + step;
            store.commit(&[packed(confirmed, vec![file(0, "a", "a")])]).unwrap();
        }
        server.kill9();
        assert!(matches!(store.commit(&[packed(confirmed + 1, Vec::new())]), Err(StoreFault::Gone(_))));
        assert!(matches!(store.load(), Err(StoreFault::Gone(_))));
        assert!(matches!(PostgresStore::open(&login), Err(StoreFault::Gone(_))));
        server.restart();
        store = PostgresStore::open(&login).unwrap();
        assert_eq!(seq(&mut store), confirmed);
    }
    assert_eq!(store.sums(Direction::Out, &channel("reports")).unwrap().files, confirmed);
}

/// What a cable does when the station says COMMIT.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cable {
    /// It breaks before the server hears of it.
    BreaksBefore,
    /// It breaks before the station hears the answer.
    BreaksAfter,
}

/// Stands between a station and its server, and breaks at the next COMMIT once `armed` is set.
fn proxy(to: u16, cable: Cable, armed: Arc<AtomicBool>) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for client in listener.incoming().map_while(Result::ok) {
            let server = TcpStream::connect(("127.0.0.1", to)).unwrap();
            let (back_from, back_to) = (server.try_clone().unwrap(), client.try_clone().unwrap());
            let mute = Arc::new(AtomicBool::new(false));
            let is_mute = Arc::clone(&mute);
            std::thread::spawn(move || pass_on(back_from, back_to, |_| !is_mute.load(Ordering::SeqCst)));
            let armed = Arc::clone(&armed);
            std::thread::spawn(move || {
                let mut broken = false;
                pass_on(client, server, |bytes| {
                    let is_commit = bytes.windows(6).any(|word| word == b"COMMIT") && armed.load(Ordering::SeqCst);
                    if is_commit {
                        mute.store(true, Ordering::SeqCst);
                        broken = cable == Cable::BreaksBefore;
                    }
                    !broken
                });
            });
        }
    });
    port
}

fn pass_on(mut from: TcpStream, mut to: TcpStream, mut go_on: impl FnMut(&[u8]) -> bool) {
    let mut bytes = [0; 65_536];
    while let Ok(length @ 1..) = from.read(&mut bytes) {
        if !go_on(&bytes[..length]) || to.write_all(&bytes[..length]).is_err() {
            break;
        }
    }
    let _ = (from.shutdown(Shutdown::Both), to.shutdown(Shutdown::Both));
}

#[test]
fn a_commit_whose_answer_is_lost_is_unsure_and_opening_anew_decides() {
    let server = Postgres::with_tcp();
    let direct = login(&server.create("county"));
    let port: u16 = server.psql("SHOW port").parse().unwrap();
    for (cable, kept) in [(Cable::BreaksBefore, 1), (Cable::BreaksAfter, 2)] {
        let armed = Arc::new(AtomicBool::new(false));
        let by_cable = proxy(port, cable, Arc::clone(&armed));
        let url = server.url("county").replace(&port.to_string(), &by_cable.to_string());
        let mut store = PostgresStore::open(&login(&url)).unwrap();
        store.commit(&[packed(1, Vec::new())]).unwrap();
        armed.store(true, Ordering::SeqCst);
        let fault = store.commit(&[packed(2, Vec::new())]).unwrap_err();
        assert!(matches!(fault, StoreFault::Cut(_)), "{cable:?}: {fault:?}");
        assert!(matches!(store.load(), Err(StoreFault::Cut(_))), "{cable:?}");
        drop(store);
        let mut store = PostgresStore::open(&direct).unwrap();
        assert_eq!(seq(&mut store), kept, "{cable:?}");
    }
}

#[test]
fn a_reader_reads_beside_a_writer_and_cannot_write() {
    let database = Database::new();
    let login = login(&database.url);
    assert!(PostgresStore::open_read_only(&login).unwrap().is_none(), "nothing is made by looking");
    let mut writer = PostgresStore::open(&login).unwrap();
    writer.settle(Some("before")).unwrap();
    let mut reader = PostgresStore::open_read_only(&another(&login)).unwrap().unwrap();
    writer.commit(&[packed(1, Vec::new())]).unwrap();
    assert_eq!(seq(&mut reader), 1);
    assert!(matches!(reader.commit(&[packed(2, Vec::new())]), Err(StoreFault::Corrupt(_))));
    let sight = reader.sight().unwrap().unwrap();
    assert!(sight.is_held && !sight.has_ended && sight.token == writer.token());
    writer.commit(&[packed(2, Vec::new())]).unwrap();
}

#[test]
fn stations_in_one_database_are_apart_and_nothing_of_the_public_schema_is_taken_for_theirs() {
    let database = Database::new();
    let one = login(&database.url);
    let two = Login { station: "ffeeddccbbaa99887766554433221100".parse().unwrap(), ..one.clone() };
    database.psql(
        "CREATE TABLE public.station(version int); CREATE TABLE public.meta(name text); GRANT ALL ON SCHEMA public TO PUBLIC",
    );
    let (mut first, mut second) = (PostgresStore::open(&one).unwrap(), PostgresStore::open(&two).unwrap());
    first.commit(&[packed(7, Vec::new())]).unwrap();
    assert_eq!((seq(&mut first), seq(&mut second)), (7, 0));
}

#[test]
fn the_schema_of_another_station_is_refused() {
    let database = Database::new();
    let one = login(&database.url);
    drop(PostgresStore::open(&one).unwrap());
    let alike = Login { station: "001122334455ffffffffffffffffffff".parse().unwrap(), ..one };
    assert!(matches!(PostgresStore::open(&alike), Err(StoreFault::Refused(_))));
}

#[test]
fn a_newer_version_is_refused_by_its_number() {
    let database = Database::new();
    let login = login(&database.url);
    drop(PostgresStore::open(&login).unwrap());
    database.psql(&format!("UPDATE {}.station SET version = 9", schema::name(&login.station)));
    assert_eq!(PostgresStore::open(&login).unwrap_err(), StoreFault::Version { found: 9, known: schema::VERSION });
}

#[test]
fn tables_of_the_first_version_are_brought_up_to_date() {
    let database = Database::new();
    let login = login(&database.url);
    let mut store = PostgresStore::open(&login).unwrap();
    store.commit(&[packed(1, vec![file(0, "d/a", "a")])]).unwrap();
    let before = store.load().unwrap();
    drop(store);
    let schema = schema::name(&login.station);
    database.psql(&format!("DROP TABLE {schema}.cards, {schema}.card_terms, {schema}.book_changes, {schema}.book_decisions; UPDATE {schema}.station SET version = 1"));
    assert!(matches!(PostgresStore::open_read_only(&login), Err(StoreFault::Corrupt(_))));
    assert_eq!(PostgresStore::open(&login).unwrap().load().unwrap(), before);
    assert!(PostgresStore::open_read_only(&login).unwrap().is_some());
}

#[test]
fn commits_are_durable_whatever_the_cluster_is_set_to() {
    let database = Database::new();
    database.psql(&format!("ALTER DATABASE {} SET synchronous_commit = off", database.name));
    let mut store = PostgresStore::open(&login(&database.url)).unwrap();
    let asked = store.session.run(async |conn| {
        let row = sqlx::query("SHOW synchronous_commit").fetch_one(conn).await?;
        Ok(sqlx::Row::try_get::<String, _>(&row, 0)?)
    });
    assert_eq!(asked.map_err(unchanged), Ok("on".to_owned()));
}

#[test]
fn a_name_as_long_as_the_format_allows_is_stored_and_found() {
    let database = Database::new();
    let mut store = PostgresStore::open(&login(&database.url)).unwrap();
    // Digests one behind the other cannot be compressed into the 2,704 bytes of an index entry.
    let parts = (0..60_u8).map(|n| dukou_packets::suite::sha256(&[&[n]]).to_string());
    let name: String = parts.collect::<Vec<_>>().join("/").chars().take(4096).collect();
    let key_text: String = name.chars().rev().take(512).collect();
    store.commit(&[packed(1, vec![file(0, &key_text, &name)]), marked(2, vec![file(0, &key_text, &name)])]).unwrap();
    let reports = channel("reports");
    assert!(store.went(&reports, &[&name]).unwrap()[0].is_some());
    assert_eq!(store.arrived_as(&reports, &[&name.to_lowercase()]).unwrap(), vec![Some(name.clone())]);
    let leaf = name.rsplit('/').next().unwrap();
    for what in [&name, leaf, &key_text] {
        assert_eq!(store.trace(what, 9).unwrap().len(), 2, "{what}");
    }
}

#[test]
fn a_channel_first_met_in_a_refused_commit_is_met_again() {
    let database = Database::new();
    let mut store = PostgresStore::open(&login(&database.url)).unwrap();
    let unknown = Change::SourcesAway(key(Direction::Out, 9));
    assert!(matches!(store.commit(&[packed(1, Vec::new()), unknown]), Err(StoreFault::Corrupt(_))));
    store.commit(&[packed(1, Vec::new())]).unwrap();
    assert_eq!(store.sums(Direction::Out, &channel("reports")).unwrap().packets, 1);
}

#[test]
fn a_wrong_password_is_refused_and_told_nowhere() {
    let server = Postgres::with_tcp();
    let url = server.create("county");
    drop(PostgresStore::open(&login(&url)).unwrap());
    let wrong = login(&url.replace(PASSWORD, "canary-wrong"));
    let fault = PostgresStore::open(&wrong).unwrap_err();
    assert!(matches!(fault, StoreFault::Refused(_)), "{fault:?}");
    let fault = EngineFault::from(fault);
    let told = format!(
        "{fault:?} {fault} {wrong:?} {} {}",
        fault.sentence(crate::lang::Lang::Zh),
        fault.sentence(crate::lang::Lang::En)
    );
    assert!(!told.contains("canary"), "{told}");
    let from_elsewhere = login(&url.replace(&format!(":{PASSWORD}"), ""));
    let url = from_elsewhere.url.with_password(PASSWORD.to_owned());
    drop(PostgresStore::open(&Login { url, ..from_elsewhere }).unwrap());
}

#[test]
fn a_server_that_is_not_there_is_gone_and_a_database_that_is_not_there_is_refused() {
    assert!(matches!(PostgresStore::open(&login("postgres://dukou@127.0.0.1:1/county")), Err(StoreFault::Gone(_))));
    let database = Database::new();
    let absent = database.url.replace(&database.name, "absent");
    assert!(matches!(PostgresStore::open(&login(&absent)), Err(StoreFault::Refused(_))));
}

#[test]
fn the_speed_is_printed() {
    let server = Postgres::start();
    let mut store = PostgresStore::open(&login(&server.create("county"))).unwrap();
    let begun = Instant::now();
    let packets = 100;
    for seq in 1..=packets {
        let records = (0..100).map(|index| file(index, &format!("k{seq}-{index}"), &format!("k{seq}-{index}.xml")));
        store.commit(&[packed(seq, records.collect()), Change::RunMs(seq)]).unwrap();
    }
    let took = begun.elapsed().as_secs_f64();
    println!("{packets} commits of 100 records each in {took:.2} s: {:.0} records/s", 100.0 * packets as f64 / took);
    assert_eq!(store.sums(Direction::Out, &channel("reports")).unwrap().files, 100 * packets);
}
