//! Scripts of structure changes: word for word for Oracle and 达梦, written once, in their turn.

use super::*;
use crate::connectors::tables::restructure::{Ends, LeavingEnd, Restructure, RestructureFault, Restructurer, Standing};
use crate::connectors::tables::{Mark, TableSink};
use crate::schema::plan::Plan;
use crate::schema::{Document, Structure};
use crate::store::Direction;
use dukou_packets::packet::header::{ChannelName, Epoch};
use dukou_packets::suite::Digest;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

const STRUCTURE: &str = "format = 1\nstructure = \"sample\"\nversion = 1\ntitle = \"t\"\n\n[[table]]\nname = \"bdc.zd\"\nkey = [\"dm\"]\ncolumns = [{ name = \"dm\", type = \"text(28)\", null = false }, { name = \"yt\", type = \"text(100)\" }]\n";
const DOCUMENT: &str = "format = 1\nstructure = \"sample\"\nfrom = 1\nto = 2\ntitle = \"t\"\nbasis = \"b\"\nfirst_day = \"2021-08-30\"\n\n[[change]]\nop = \"widen\"\ntable = \"bdc.zd\"\ncolumn = \"yt\"\nto = \"text(400)\"\n\n[[change]]\nop = \"add-column\"\ntable = \"bdc.zd\"\ncolumn = \"mj\"\ntype = \"decimal(20,2)\"\n";

fn channel() -> ChannelName {
    "units".parse().unwrap()
}

fn mark(seq: u64) -> Mark {
    Mark { epoch: "1-00000000000000aa".parse::<Epoch>().unwrap(), seq, header: Digest::from_bytes([7; 32]) }
}

fn plan(dialect: Dialect) -> Plan {
    let document = Document::read(DOCUMENT.as_bytes()).unwrap();
    Plan::of(&Structure::read(STRUCTURE.as_bytes()).unwrap(), &document, dialect.into()).unwrap()
}

fn coming(plan: &Plan, is_vouched_for: bool) -> Restructure<'_> {
    Restructure { document: plan.digests[1], plan, ends: Ends::Coming(vec![(channel(), mark(5))]), is_vouched_for }
}

fn leaving(plan: &Plan) -> Restructure<'_> {
    let ends = Ends::Leaving(vec![LeavingEnd { channel: channel(), tables: vec!["bdc.zd".into()] }]);
    Restructure { document: plan.digests[1], plan, ends, is_vouched_for: false }
}

/// A folder whose list of columns names a dialect.
fn of(dialect: &str) -> (SimFiles, &'static Path, TableFileRestructurer) {
    let (files, folder) = folder();
    files.put(folder.join("columns.tsv"), format!("# {dialect} UTF-8\nBDC.ZD\tDM\tVARCHAR\t28\t\t\t\t\tN\t1\n"));
    let restructurer = TableFileRestructurer::new(Arc::new(files.clone()), folder);
    (files, folder, restructurer)
}

#[track_caller]
fn script_of(made: Result<(), RestructureFault>, files: &SimFiles) -> String {
    let Err(RestructureFault::ByHand { script }) = made else { panic!("{made:?}") };
    String::from_utf8(files.read(Path::new(&script), 1 << 20).unwrap()).unwrap()
}

/// With `DUKOU_GOLDEN=write` the files are written instead; look at what changed before it is committed.
#[test]
fn the_scripts_of_a_change_are_held_word_for_word_where_rows_come_in_and_where_they_leave() {
    for (name, dialect) in [("oracle", Dialect::Oracle), ("dm", Dialect::Dm)] {
        let plan = plan(dialect);
        for (end, order) in [("sink", coming(&plan, false)), ("source", leaving(&plan))] {
            let (files, _, mut restructurer) = of(name);
            let script = script_of(restructurer.make(&order), &files);
            let file = format!("src/connectors/tables/table_file/golden/{end}.{name}.sql");
            let path: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
            if std::env::var("DUKOU_GOLDEN").is_ok_and(|how| how == "write") {
                std::fs::write(&path, &script).unwrap();
            }
            let held = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            let wrong = script.lines().zip(held.lines()).enumerate().find(|(_, (now, then))| now != then);
            assert!(script == held, "{}: {wrong:?}", path.display());
        }
    }
}

#[test]
fn a_change_takes_the_next_number_once_and_moves_the_mark_with_a_persons_word_alone() {
    let (files, folder, mut restructurer) = of("dm");
    let (plan, document) = (plan(Dialect::Dm), plan(Dialect::Dm).digests[1]);
    let mut sink = TableFileSink::new(Arc::new(files.clone()), folder, BTreeMap::new());
    sink.pass_over(&channel(), &mark(4)).unwrap();
    assert_eq!(restructurer.standing(&document, Direction::In), Ok(Standing::Old));
    let first = script_of(restructurer.make(&coming(&plan, false)), &files);
    assert_eq!(restructurer.standing(&document, Direction::In), Ok(Standing::AtStep(0)));
    assert_eq!(script_of(restructurer.make(&coming(&plan, false)), &files), first);
    assert_eq!(sink.mark(&channel()), Ok(Some(mark(4))), "nobody vouched");
    let other = Restructure { document: Digest::from_bytes([1; 32]), ..coming(&plan, true) };
    assert_eq!(restructurer.make(&other), Err(RestructureFault::Another));
    restructurer.make(&coming(&plan, true)).unwrap();
    restructurer.make(&coming(&plan, true)).unwrap();
    assert_eq!(restructurer.standing(&document, Direction::In), Ok(Standing::Done));
    assert_eq!(sink.mark(&channel()), Ok(Some(mark(5))));
    assert!(files.stat(&folder.join("000002.sql")).unwrap().is_none(), "one change, one number");
}

#[test]
fn a_kill_between_the_script_and_the_note_of_it_writes_the_same_script_again() {
    let (files, folder, mut restructurer) = of("oracle");
    let plan = plan(Dialect::Oracle);
    let script = script_of(restructurer.make(&coming(&plan, false)), &files);
    assert!(files.remove(folder.join(".dukou-scripts.json")));
    assert_eq!(restructurer.standing(&plan.digests[1], Direction::In), Ok(Standing::Old));
    assert_eq!(script_of(restructurer.make(&coming(&plan, false)), &files), script);
    let (files, folder, mut restructurer) = of("oracle");
    let script = script_of(restructurer.make(&leaving(&plan)), &files);
    assert!(files.remove(folder.join(".dukou-change.json")));
    assert_eq!(script_of(restructurer.make(&leaving(&plan)), &files), script);
}

#[test]
fn a_script_that_is_taken_back_is_gone_also_after_a_kill_in_between_and_one_that_was_done_stays() {
    let (files, folder, mut restructurer) = of("oracle");
    let plan = plan(Dialect::Oracle);
    let script_there = || files.list(folder).unwrap().iter().any(|name| name.starts_with("change-2-"));
    script_of(restructurer.make(&leaving(&plan)), &files);
    // What a kill leaves that came when the note was gone.
    assert!(files.remove(folder.join(".dukou-change.json")));
    restructurer.take_back(&leaving(&plan)).unwrap();
    assert!(!script_there());
    script_of(restructurer.make(&leaving(&plan)), &files);
    restructurer.make(&Restructure { is_vouched_for: true, ..leaving(&plan) }).unwrap();
    restructurer.take_back(&leaving(&plan)).unwrap();
    assert!(script_there());
    assert_eq!(restructurer.standing(&plan.digests[1], Direction::Out), Ok(Standing::Done));
}

#[test]
fn a_folder_that_two_channels_have_is_refused_before_a_script_is_written() {
    let (files, folder, mut restructurer) = of("oracle");
    let (plan, other): (Plan, ChannelName) = (plan(Dialect::Oracle), "plans".parse().unwrap());
    let two = |name: &ChannelName| LeavingEnd { channel: name.clone(), tables: vec!["bdc.zd".into()] };
    let leaving = Restructure { ends: Ends::Leaving(vec![two(&channel()), two(&other)]), ..leaving(&plan) };
    let coming = Restructure { ends: Ends::Coming(vec![(channel(), mark(5)), (other, mark(6))]), ..coming(&plan, true) };
    for order in [leaving, coming] {
        assert!(matches!(restructurer.make(&order), Err(RestructureFault::Table(TableFault::Denied { .. }))));
        assert_eq!(restructurer.standing(&order.document, order.direction()), Ok(Standing::Old));
    }
    assert_eq!(files.list(folder).unwrap(), ["columns.tsv"]);
}
