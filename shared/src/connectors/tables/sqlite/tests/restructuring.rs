//! A structure change whose writer is killed.

use super::super::{SqliteRestructurer, SqliteSource};
use super::bench::bench;
use crate::connectors::tables::contract_tests::{Bench, CHANGES, Change, End, channel, reads};
use crate::connectors::tables::restructure::{Restructurer, Standing};
use crate::store::Direction;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Names the file that the writer of this test changes.
const FILE: &str = "DUKOU_RESTRUCTURED_FILE";

fn writer(file: &Path) -> Child {
    let mut again = Command::new(std::env::current_exe().expect("this program"));
    let name = "connectors::tables::sqlite::tests::restructuring::a_file_whose_writer_is_killed_is_wholly_old_or_new";
    again.args(["--exact", name]).env(FILE, file).stdout(Stdio::null()).stderr(Stdio::null());
    again.spawn().expect("it runs")
}

#[test]
fn a_file_whose_writer_is_killed_is_wholly_old_or_new() {
    let files = bench();
    let change = Change::of(&files, CHANGES);
    if let Some(file) = std::env::var_os(FILE) {
        SqliteRestructurer::new(Path::new(&file)).make(&change.leaving()).expect("made");
        return;
    }
    change.make_tables(&files, &[End::Source]);
    let (path, document) = (files.path(End::Source), change.plan.digests[1]);
    let mut app = files.session(End::Source);
    app.run(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 50000) INSERT INTO zd (dm, bz) SELECT 'd' || i, 'x' FROM n",
    );
    drop(app);
    SqliteSource::new(&path, &channel(), &change.tables).install().expect("installed");
    let old = std::fs::read(&path).expect("the file");
    let begun = Instant::now();
    assert!(writer(&path).wait().expect("it ends").success());
    let whole = begun.elapsed();
    let mut fates = [0, 0];
    for part in 1..=30 {
        std::fs::write(&path, &old).expect("the file as it was");
        let mut killed = writer(&path);
        // Not a wait for anything: the moment of the kill, a part of what a change took before.
        std::thread::sleep(whole.mul_f64(f64::from(part) / 30.0).max(Duration::from_millis(1)));
        killed.kill().expect("it was started");
        killed.wait().expect("it ends");
        let mut restructurer = SqliteRestructurer::new(&path);
        let standing = restructurer.standing(&document, Direction::Out).expect("it stands somewhere");
        let structure = if standing == Standing::Done { &change.after } else { &change.before };
        change.assert_is(&files, End::Source, structure);
        fates[usize::from(standing == Standing::Done)] += 1;
        restructurer.make(&change.leaving()).expect("it goes on, or was done");
        let mut source = SqliteSource::new(&path, &channel(), &change.tables);
        assert_eq!(reads(&mut source).concat().len(), 1, "one place, part {part}");
        drop((restructurer, source));
        let journal = path.with_extension("db-journal");
        assert!(!journal.exists(), "nothing is left of it");
    }
    println!("wholly old {}, wholly new {}", fates[0], fates[1]);
    assert!(fates[0] > 0, "some were killed before the end");
}
