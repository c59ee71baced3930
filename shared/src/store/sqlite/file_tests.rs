//! What only a file can suffer: a killed process, a full disk, other programs, other processes.

use super::*;
use crate::store::contract_tests::{channel, file, key, marked, packed, packet};
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Instant;
use tempfile::TempDir;

/// Tells the test binary, started again as a child, which file to write to.
const CHILD: &str = "DUKOU_STORE_TEST_CHILD";

fn place() -> (TempDir, PathBuf) {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("state.db");
    (dir, path)
}

/// Runs SQL beside the store's own, on the store's connection.
fn run(store: &mut SqliteStore, sql: &'static str) {
    let connection = store.connection.as_mut().unwrap();
    wait(sqlx::raw_sql(sql).execute(connection)).unwrap();
}

/// Makes a file as another program would.
fn foreign(path: &Path, sql: &'static str) {
    let options = SqliteConnectOptions::new().filename(path).create_if_missing(true);
    wait(async {
        let mut conn = options.connect().await.unwrap();
        sqlx::raw_sql(sql).execute(&mut conn).await.unwrap();
        conn.close().await.unwrap();
    });
}

/// A packet with 100 records and a tombstone's worth of everything a commit touches.
fn step(seq: u64) -> Vec<Change> {
    let records = (0..100).map(|index| file(index, &format!("k{seq}"), &format!("d/{seq}-{index}")));
    vec![packed(seq, records.collect()), Change::RunMs(seq)]
}

/// Checks that the file holds whole steps only; gives their number.
fn whole_steps(path: &Path) -> u64 {
    let mut store = SqliteStore::open(path).unwrap();
    let state = store.load().unwrap();
    let steps = state.out_heads.get(&channel("reports")).map_or(0, |head| head.seq);
    assert_eq!(state.run_ms, steps);
    let sums = store.sums(Direction::Out, &channel("reports")).unwrap();
    assert_eq!((sums.packets, sums.files), (steps, 100 * steps));
    for seq in 1..=steps {
        assert_eq!(store.records(&key(Direction::Out, seq)).unwrap().len(), 100);
        assert_eq!(store.trace(&format!("k{seq}"), 200).unwrap().len(), 100);
    }
    assert_eq!(store.packet(&key(Direction::Out, steps + 1)).unwrap(), None);
    steps
}

#[test]
fn what_was_committed_is_there_after_the_file_is_opened_again() {
    let (_dir, path) = place();
    for seq in 1..=3 {
        let mut store = SqliteStore::open(&path).unwrap();
        store.commit(&step(seq)).unwrap();
    }
    assert_eq!(whole_steps(&path), 3);
}

#[test]
fn the_file_and_its_companions_are_for_their_owner_alone() {
    let (dir, path) = place();
    let mut store = SqliteStore::open(&path).unwrap();
    store.commit(&step(1)).unwrap();
    let mut seen = 0;
    for entry in std::fs::read_dir(dir.path()).unwrap() {
        let mode = entry.unwrap().metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        seen += 1;
    }
    assert_eq!(seen, 3);
}

#[test]
fn an_empty_file_left_by_a_crash_becomes_a_store() {
    let (_dir, path) = place();
    File::create(&path).unwrap();
    assert!(matches!(SqliteStore::open_read_only(&path), Err(StoreFault::Corrupt(_))));
    let mut store = SqliteStore::open(&path).unwrap();
    assert_eq!(store.commit(&step(1)), Ok(()));
}

#[test]
fn files_of_other_programs_are_refused_and_left_as_they_were() {
    for sql in [
        "CREATE TABLE theirs(x)",
        "PRAGMA application_id = 7; CREATE TABLE theirs(x)",
        "PRAGMA user_version = 1; CREATE TABLE theirs(x)",
        "PRAGMA application_id = 1145787220; PRAGMA user_version = -1",
    ] {
        let (dir, path) = place();
        foreign(&path, sql);
        let before = std::fs::read(&path).unwrap();
        for opened in [SqliteStore::open(&path), SqliteStore::open_read_only(&path)] {
            assert!(matches!(opened, Err(StoreFault::Corrupt(_))), "{sql}");
        }
        assert_eq!(std::fs::read(&path).unwrap(), before, "{sql}");
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1, "{sql}");
    }
}

#[test]
fn a_file_that_is_no_database_is_refused_and_left_as_it_was() {
    let (_dir, path) = place();
    let text = "not a database, but long enough to have a header of its own ".repeat(40);
    std::fs::write(&path, &text).unwrap();
    assert!(matches!(SqliteStore::open(&path), Err(StoreFault::Corrupt(_))));
    assert!(matches!(SqliteStore::open_read_only(&path), Err(StoreFault::Corrupt(_))));
    assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
}

#[test]
fn a_directory_that_is_not_there_is_a_fault_and_nothing_is_made() {
    let (dir, _) = place();
    let path = dir.path().join("none").join("state.db");
    assert!(matches!(SqliteStore::open(&path), Err(StoreFault::Corrupt(_))));
    assert!(matches!(SqliteStore::open_read_only(&path), Err(StoreFault::Corrupt(_))));
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
}

#[test]
fn a_newer_version_is_refused_by_its_number() {
    let (_dir, path) = place();
    run(&mut SqliteStore::open(&path).unwrap(), "PRAGMA user_version = 12");
    let version = StoreFault::Version { found: 12, known: schema::VERSION };
    assert_eq!(SqliteStore::open(&path).err(), Some(version.clone()));
    assert_eq!(SqliteStore::open_read_only(&path).err(), Some(version));
}

#[test]
fn a_file_of_the_first_version_is_brought_up_to_date() {
    let (_dir, path) = place();
    let mut store = SqliteStore::open(&path).unwrap();
    store.commit(&step(1)).unwrap();
    let before = store.load().unwrap();
    run(
        &mut store,
        "DROP TABLE facts; DROP TABLE cards; DROP TABLE card_terms; DROP INDEX packets_by_header; PRAGMA user_version = 1",
    );
    drop(store);
    assert!(matches!(SqliteStore::open_read_only(&path), Err(StoreFault::Corrupt(_))));
    assert_eq!(SqliteStore::open(&path).unwrap().load().unwrap(), before);
    assert_eq!(SqliteStore::open_read_only(&path).unwrap().load().unwrap(), before);
}

#[test]
fn a_full_disk_changes_nothing_and_the_commit_goes_through_once_there_is_room() {
    let (_dir, path) = place();
    let mut store = SqliteStore::open(&path).unwrap();
    store.commit(&step(1)).unwrap();
    let before = store.load().unwrap();
    run(&mut store, "PRAGMA max_page_count = 40");
    let records = (0..5_000).map(|index| file(index, "k", &format!("big-{index}")));
    let big = [Change::RunMs(2), packed(2, records.collect())];
    for _ in 0..3 {
        assert_eq!(store.commit(&big), Err(StoreFault::Full));
        assert_eq!(store.load().unwrap(), before);
        assert_eq!(store.packet(&key(Direction::Out, 2)).unwrap(), None);
    }
    run(&mut store, "PRAGMA max_page_count = 100000");
    assert_eq!(store.commit(&big), Ok(()));
    assert_eq!(store.records(&key(Direction::Out, 2)).unwrap().len(), 5_000);
}

#[test]
fn a_channel_first_met_in_a_refused_commit_is_met_again() {
    let (_dir, path) = place();
    let mut store = SqliteStore::open(&path).unwrap();
    let twice = [packed(1, vec![]), Change::Kept(packet(key(Direction::Out, 1), 9))];
    assert!(matches!(store.commit(&twice), Err(StoreFault::Corrupt(_))));
    store.commit(&[marked(1, vec![file(0, "a", "a")])]).unwrap();
    store.commit(&step(1)).unwrap();
    assert_eq!(store.sums(Direction::In, &channel("reports")).unwrap().files, 1);
    assert_eq!(store.sums(Direction::Out, &channel("reports")).unwrap().files, 100);
}

#[test]
fn a_second_writer_is_told_that_the_store_is_busy() {
    let (_dir, path) = place();
    let mut first = SqliteStore::open(&path).unwrap();
    let mut second = SqliteStore::open(&path).unwrap();
    run(&mut second, "PRAGMA busy_timeout = 0");
    run(&mut first, "BEGIN IMMEDIATE");
    assert_eq!(second.commit(&step(1)), Err(StoreFault::Busy));
    assert_eq!(second.load().unwrap(), StationState::default());
    run(&mut first, "ROLLBACK");
    assert_eq!(second.commit(&step(1)), Ok(()));
    assert_eq!(first.load().unwrap().run_ms, 1);
    assert_eq!(first.commit(&step(2)), Ok(()));
}

#[test]
fn a_reader_reads_beside_a_writer_and_cannot_write() {
    let (_dir, path) = place();
    let mut writer = SqliteStore::open(&path).unwrap();
    writer.commit(&step(1)).unwrap();
    let mut reader = SqliteStore::open_read_only(&path).unwrap();
    run(&mut writer, "BEGIN IMMEDIATE; DELETE FROM packets");
    assert_eq!(reader.load().unwrap().run_ms, 1);
    assert!(reader.packet(&key(Direction::Out, 1)).unwrap().is_some());
    run(&mut writer, "ROLLBACK");
    run(&mut reader, "BEGIN; SELECT * FROM packets");
    writer.commit(&step(2)).unwrap();
    run(&mut reader, "ROLLBACK");
    assert_eq!(reader.load().unwrap().run_ms, 2);
    assert!(matches!(reader.commit(&step(3)), Err(StoreFault::Corrupt(_))));
    assert_eq!(writer.load().unwrap().run_ms, 2);
}

#[test]
fn a_reader_needs_no_writer() {
    let (_dir, path) = place();
    SqliteStore::open(&path).unwrap().commit(&step(1)).unwrap();
    let mut reader = SqliteStore::open_read_only(&path).unwrap();
    assert_eq!(reader.load().unwrap().run_ms, 1);
    drop(reader);
    assert_eq!(whole_steps(&path), 1);
}

#[test]
fn a_damaged_file_gives_faults_and_no_panic() {
    let (_dir, path) = place();
    let mut store = SqliteStore::open(&path).unwrap();
    (1..=20).for_each(|seq| store.commit(&step(seq)).unwrap());
    drop(store);
    let sound = std::fs::read(&path).unwrap();
    let mut refused = 0;
    for page in 0..sound.len() / 4096 {
        let mut damaged = sound.clone();
        damaged[page * 4096..(page + 1) * 4096].fill(0xa5);
        std::fs::write(&path, &damaged).unwrap();
        refused += u32::from(read_everything(&path).is_err());
        std::fs::write(&path, &sound[..page * 4096]).unwrap();
        refused += u32::from(read_everything(&path).is_err());
    }
    assert!(refused > 20, "{refused}");
}

fn read_everything(path: &Path) -> Result<(), StoreFault> {
    let mut store = SqliteStore::open(path)?;
    store.load()?;
    for seq in 1..=20 {
        store.packet(&key(Direction::Out, seq))?;
        store.records(&key(Direction::Out, seq))?;
    }
    store.trace("k3", 9)?;
    store.went(&channel("reports"), &["d/3-1"])?;
    store.commit(&step(21))
}

#[test]
fn a_value_that_has_no_meaning_is_a_fault_that_does_not_tell_it() {
    for sql in [
        "UPDATE packets SET state = 17",
        "UPDATE packets SET epoch = 'secret'",
        "UPDATE packets SET header = x'00'",
        "UPDATE packets SET records = -1",
        "UPDATE lanes SET channel = 'secret name'",
        "UPDATE records SET kind = 0",
        "UPDATE records SET source = x'0102'",
    ] {
        let (_dir, path) = place();
        let mut store = SqliteStore::open(&path).unwrap();
        store.commit(&step(1)).unwrap();
        run(&mut store, sql);
        let Err(StoreFault::Corrupt(said)) = store.trace("k1", 9) else {
            panic!("{sql} went unseen");
        };
        assert!(!said.contains("secret"), "{said}");
    }
    let (_dir, path) = place();
    let mut store = SqliteStore::open(&path).unwrap();
    run(&mut store, "INSERT INTO meta VALUES ('number', 'secret')");
    assert!(matches!(store.load(), Err(StoreFault::Corrupt(said)) if !said.contains("secret")));
}

#[test]
fn after_doubt_the_store_says_nothing_until_it_is_opened_anew() {
    let (_dir, path) = place();
    let mut store = SqliteStore::open(&path).unwrap();
    store.commit(&step(1)).unwrap();
    // An open transaction on the store's own connection: BEGIN fails in a way the store has no meaning for.
    run(&mut store, "BEGIN IMMEDIATE");
    let unsure = store.commit(&step(2)).unwrap_err();
    assert!(matches!(unsure, StoreFault::Unsure(_)));
    assert_eq!(store.commit(&[]), Err(unsure.clone()));
    assert_eq!(store.load(), Err(unsure));
    drop(store);
    assert_eq!(whole_steps(&path), 1);
}

#[test]
fn the_store_works_on_a_thread_of_a_runtime() {
    let (_dir, path) = place();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        let mut store = SqliteStore::open(&path).unwrap();
        store.commit(&step(1)).unwrap();
    });
    assert_eq!(whole_steps(&path), 1);
}

#[test]
fn the_child_commits_until_it_is_ended() {
    let Some(path) = std::env::var_os(CHILD) else {
        return;
    };
    let mut store = SqliteStore::open(Path::new(&path)).unwrap();
    for seq in 1.. {
        let outcome = store.commit(&step(seq));
        if outcome.is_err() {
            println!("failed {}", matches!(outcome, Err(StoreFault::Unsure(_))));
            assert_eq!(store.load().err(), outcome.err());
            return;
        }
        println!("step {seq}");
        std::io::stdout().flush().unwrap();
    }
}

/// Prepares this test binary to run as the child above.
fn child(path: &Path, shell: &str) -> Command {
    let mut command = Command::new("sh");
    let test = "file_tests::the_child_commits_until_it_is_ended";
    let run = format!("{shell} exec \"$0\" {test} --nocapture --test-threads 1");
    command.args(["-c", &run]).arg(std::env::current_exe().unwrap());
    command.env(CHILD, path).stdout(Stdio::piped()).stderr(Stdio::null());
    command
}

#[test]
fn a_killed_process_leaves_whole_steps_and_all_that_it_had_confirmed() {
    for lines in [1, 2, 5, 11] {
        let (_dir, path) = place();
        let mut child = child(&path, "").spawn().unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        let told = output.lines().map(Result::unwrap).filter(|line| line.contains("step ")).take(lines).count();
        child.kill().unwrap();
        child.wait().unwrap();
        assert_eq!(told, lines);
        assert!(whole_steps(&path) >= lines as u64);
    }
}

#[test]
fn a_disk_that_refuses_to_write_leaves_doubt_and_whole_steps() {
    // A limit on the size of files stands in for the failing disk: writes beyond it fail with EFBIG.
    for blocks in [1000, 2000, 3000] {
        let (_dir, path) = place();
        let output = child(&path, &format!("trap '' XFSZ; ulimit -f {blocks};")).output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(text.contains("failed true"), "{text}");
        let confirmed = text.matches("step ").count() as u64;
        assert!(confirmed > 0 && whole_steps(&path) >= confirmed, "{text}");
    }
}

#[test]
fn the_speed_is_printed() {
    let (_dir, path) = place();
    let mut store = SqliteStore::open(&path).unwrap();
    let name = |seq: u64, index: u32| format!("2026/11/msg-{seq:04}-{index:05}.xml");
    let (mut rows, begun) = (0, Instant::now());
    for seq in 1..=5 {
        let records = (0..4_000).map(|index| file(index, &format!("msg-{seq:04}-{index:05}"), &name(seq, index)));
        store.commit(&[packed(seq, records.collect())]).unwrap();
        rows += 4_000;
    }
    println!("{:.0} record rows/s, making them included", f64::from(rows) / begun.elapsed().as_secs_f64());
    let names: Vec<String> = (0..8_000).map(|index| name(3, index)).collect();
    let asked: Vec<&str> = names.iter().map(String::as_str).collect();
    let begun = Instant::now();
    let found = store.went(&channel("reports"), &asked).unwrap();
    println!("{:.0} names/s looked up", 8_000.0 / begun.elapsed().as_secs_f64());
    assert_eq!(found.iter().flatten().count(), 4_000);
}

#[test]
fn a_settled_store_is_whole_in_its_one_file_though_somebody_has_it_open() {
    let (_dir, path) = place();
    let mut store = SqliteStore::open(&path).unwrap();
    let reader = SqliteStore::open_read_only(&path).unwrap();
    store.commit(&step(1)).unwrap();
    store.settle().unwrap();
    let alone = path.with_file_name("alone.db");
    std::fs::copy(&path, &alone).unwrap();
    let mut alone = SqliteStore::open(&alone).unwrap();
    assert_eq!(alone.load().unwrap().run_ms, 1);
    drop(reader);
}
