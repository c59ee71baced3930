//! A structure change in a database: wholly made or not at all, once, and with every row on the side of its version.

use super::*;
use crate::connectors::tables::restructure::{Ends, LeavingEnd, Rehearsal, Restructure, RestructureFault, Standing, StepFault};
use crate::schema::document::Document;
use crate::schema::drift::{LiveTable, differences};
use crate::schema::plan::{Check, Plan};
use crate::schema::structure::Structure;
use crate::store::Direction;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

/// A change of the sample structure in a bench's databases.
pub(in super::super) struct Change {
    pub(in super::super) before: Structure,
    pub(in super::super) after: Structure,
    pub(in super::super) plan: Plan,
    /// The channel's tables.
    pub(in super::super) tables: Vec<String>,
}

/// The sample: a table that changes, one beside it, a dictionary.
const SAMPLE: &str = r#"format = 1
structure = "sample"
version = 1
title = "t"

[[table]]
name = "ZD"
key = ["dm"]
columns = [
  { name = "dm", type = "text(40)", null = false },
  { name = "mj", type = "bigint" },
  { name = "bz", type = "text(20)" },
]

[[table]]
name = "OTHER"
key = ["id"]
columns = [{ name = "id", type = "text(40)", null = false }]

[[table]]
name = "WORDS"
key = ["dm"]
unique = [["mc"]]
columns = [{ name = "dm", type = "text(4)", null = false }, { name = "mc", type = "text(20)", null = false }]
rows = [{ dm = "1", mc = "one" }]
"#;

/// A column more, a width, and words.
pub(in super::super) const CHANGES: &str = r#"
[[change]]
op = "add-column"
table = "ZD"
column = "yt"
type = "text(20)"
[[change]]
op = "widen"
table = "ZD"
column = "bz"
to = "text(400)"
[[change]]
op = "dictionary-rows"
table = "WORDS"
rows = [{ dm = "1", mc = "eins" }, { dm = "2", mc = "zwei" }]
[[change]]
op = "add-table"
table = "FURTHER"
key = ["id"]
columns = [{ name = "id", type = "text(9)", null = false }]
"#;

const TABLES: [&str; 3] = ["zd", "other", "words"];

impl Change {
    /// Makes one of these operations, with the names that the bench gives its tables.
    pub(in super::super) fn of(bench: &dyn Bench, changes: &str) -> Self {
        let named = |text: &str| {
            let mut text = text.to_owned();
            for name in ["ZD", "OTHER", "WORDS", "FURTHER"] {
                text = text.replace(name, &bench.table(&name.to_lowercase()));
            }
            text
        };
        let before = Structure::read(named(SAMPLE).as_bytes()).expect("a structure");
        let head =
            "format = 1\nstructure = \"sample\"\nfrom = 1\nto = 2\ntitle = \"t\"\nbasis = \"b\"\nfirst_day = \"2021-08-30\"\n";
        let document = Document::read(named(&format!("{head}{changes}")).as_bytes()).expect("a document");
        let plan = Plan::of(&before, &document, bench.describer(End::Source).0).expect("a plan");
        let after = before.apply(&document).expect("it fits");
        let tables = TABLES.map(|name| bench.table(name)).into();
        Self { before, after, plan, tables }
    }

    /// Makes the tables of the version before.
    pub(in super::super) fn make_tables(&self, bench: &dyn Bench, ends: &[End]) {
        for end in ends {
            let mut session = bench.session(*end);
            self.plan.dialect.create(&self.before).expect("tables").iter().for_each(|sql| session.run(sql));
        }
    }

    /// Where rows leave.
    pub(in super::super) fn leaving(&self) -> Restructure<'_> {
        let end = LeavingEnd { channel: channel(), tables: self.tables.clone() };
        self.order(Ends::Leaving(vec![end]))
    }

    /// Where rows come in, the marker at this number.
    pub(in super::super) fn coming(&self, seq: u64) -> Restructure<'_> {
        self.order(Ends::Coming(vec![(channel(), mark(1, seq))]))
    }

    fn order(&self, ends: Ends) -> Restructure<'_> {
        Restructure { document: self.plan.digests[1], plan: &self.plan, ends, is_vouched_for: false }
    }

    /// The database at one end is at this version and has nothing else.
    #[track_caller]
    pub(in super::super) fn assert_is(&self, bench: &dyn Bench, end: End, structure: &Structure) {
        let (dialect, mut describer) = bench.describer(end);
        let live = describer.describe(structure).expect("described");
        assert_eq!(differences(structure, dialect, &live), [], "version {}", structure.version);
    }
}

/// The entry of a place.
pub(in super::super) fn place(change: &Change) -> Entry {
    Entry::Structure(change.plan.digests[1])
}

/// All that can be read one read after the other.
pub(in super::super) fn reads(source: &mut dyn TableSource) -> Vec<Vec<Offered>> {
    let mut reads = Vec::new();
    loop {
        let offered = source.read(&BTreeSet::new(), ALL).expect("read");
        if offered.is_empty() {
            return reads;
        }
        source.delete(&ids(&offered)).expect("deleted");
        reads.push(offered);
    }
}

/// What a change may have touched: structures of both versions, rows, what the source says of itself and its outbox, the mark.
#[derive(Debug, PartialEq)]
pub(super) struct Whole {
    structures: Vec<Vec<LiveTable>>,
    rows: Vec<Vec<Vec<Option<String>>>>,
    faults: Vec<TableFault>,
    outbox: Vec<Offered>,
    mark: Option<Mark>,
}

pub(super) fn source_whole(bench: &dyn Bench, change: &Change, source: &mut dyn TableSource) -> Whole {
    let (faults, outbox) = (source.check().expect("checked"), source.read(&BTreeSet::new(), ALL).expect("read"));
    Whole { faults, outbox, ..sink_whole(bench, change, End::Source) }
}

fn sink_whole(bench: &dyn Bench, change: &Change, end: End) -> Whole {
    let (_, mut describer) = bench.describer(end);
    let structures = [&change.before, &change.after].map(|structure| describer.describe(structure).expect("described"));
    let mut session = bench.session(end);
    let rows = change.tables.iter().map(|table| session.rows(&format!("SELECT * FROM {table} ORDER BY 1"))).collect();
    let mark = match end {
        End::Source => None,
        End::Sink => bench.sink(&change.tables, false).mark(&channel()).expect("a mark"),
    };
    Whole { structures: structures.into(), rows, faults: Vec::new(), outbox: Vec::new(), mark }
}

#[track_caller]
pub(super) fn step_fault(done: Result<(), RestructureFault>) -> (u32, StepFault) {
    match done {
        Err(RestructureFault::Step { step, why, .. }) => (step, why),
        other => panic!("{other:?}"),
    }
}

pub(in super::super) fn a_change_is_made_once_and_its_place_divides_the_rows(bench: &mut dyn Bench) {
    let change = Change::of(bench, CHANGES);
    change.make_tables(bench, &[End::Source]);
    let (mut app, mut source) = (bench.session(End::Source), bench.source(&change.tables));
    let zd = &change.tables[0];
    app.run(&format!("INSERT INTO {zd} (dm, bz) VALUES ('a', 'x')"));
    let mut restructurer = bench.restructurer(End::Source);
    let document = change.plan.digests[1];
    assert_eq!(restructurer.standing(&document, Direction::Out), Ok(Standing::Old));
    restructurer.make(&change.leaving()).expect("made");
    assert_eq!(restructurer.standing(&document, Direction::Out), Ok(Standing::Done));
    change.assert_is(bench, End::Source, &change.after);
    assert_eq!(source.check(), Ok(vec![]), "the triggers are of the version that is there");
    app.run(&format!("INSERT INTO {zd} (dm, bz, yt) VALUES ('b', '{}', 'y')", "x".repeat(300)));
    restructurer.make(&change.leaving()).expect("a second time changes nothing");
    let reads = reads(source.as_mut());
    assert_eq!(reads.len(), 3, "{reads:?}");
    assert_eq!((told(&reads[0]), told(&reads[2])), (vec!["insert a".to_owned()], vec!["insert b".to_owned()]));
    assert_eq!(reads[1].iter().map(|offered| &offered.entry).collect::<Vec<_>>(), [&place(&change)], "alone");
    let columns =
        |read: &[Offered]| changes_of(read)[0].row.iter().map(|(name, _)| name.as_str().to_owned()).collect::<Vec<_>>();
    assert_eq!((columns(&reads[0]), columns(&reads[2])), (names(&["dm", "mj", "bz"]), names(&["dm", "mj", "bz", "yt"])));
}

fn names(of: &[&str]) -> Vec<String> {
    of.iter().map(|name| (*name).to_owned()).collect()
}

pub(in super::super) fn what_a_change_writes_into_a_dictionary_leaves_by_no_outbox(bench: &mut dyn Bench) {
    let change = Change::of(bench, CHANGES);
    change.make_tables(bench, &[End::Source]);
    let (mut app, mut source) = (bench.session(End::Source), bench.source(&change.tables));
    bench.restructurer(End::Source).make(&change.leaving()).expect("made");
    let words = &change.tables[2];
    assert_eq!(app.number(&format!("SELECT count(*) FROM {words} WHERE mc IN ('eins', 'zwei')")), 2);
    app.run(&format!("UPDATE {words} SET mc = 'deux' WHERE dm = '2'"));
    let reads = reads(source.as_mut());
    assert_eq!(reads.len(), 2, "{reads:?}");
    assert_eq!((told(&reads[0]), told(&reads[1])), (vec![], vec!["update 2".to_owned()]), "the application's own alone");
}

pub(in super::super) fn rows_of_eight_writers_stand_on_the_side_of_their_version(bench: &mut dyn Bench) {
    let change = Change::of(bench, CHANGES);
    change.make_tables(bench, &[End::Source]);
    let mut source = bench.source(&change.tables);
    let (zd, other) = (&change.tables[0], &change.tables[1]);
    let (is_made, gives_up, written) = (AtomicBool::new(false), AtomicBool::new(false), AtomicU32::new(0));
    let sessions: Vec<Mutex<Box<dyn Session>>> = (0..8).map(|_| Mutex::new(bench.session(End::Source))).collect();
    let mut restructurer = bench.restructurer(End::Source);
    std::thread::scope(|scope| {
        for (writer, session) in sessions.iter().enumerate() {
            let (is_made, gives_up, written) = (&is_made, &gives_up, &written);
            scope.spawn(move || {
                let mut session = session.lock().expect("its own");
                let mut after = 0;
                for number in 0.. {
                    let was_made = is_made.load(Ordering::SeqCst);
                    let done = session.attempt(&format!(
                        "BEGIN; INSERT INTO {other} (id) VALUES ('{writer}-{number}'); INSERT INTO {zd} (dm) VALUES ('{writer}-{number}'); COMMIT"
                    ));
                    if !done {
                        session.attempt("ROLLBACK");
                        if gives_up.load(Ordering::SeqCst) {
                            return;
                        }
                        continue;
                    }
                    written.fetch_add(1, Ordering::SeqCst);
                    after += u32::from(was_made);
                    if after == 5 {
                        return;
                    }
                }
            });
        }
        while written.load(Ordering::SeqCst) < 40 {
            std::thread::yield_now();
        }
        loop {
            match restructurer.make(&change.leaving()) {
                Ok(()) => break,
                Err(RestructureFault::Table(TableFault::Busy { .. })) => {}
                Err(fault) => {
                    is_made.store(true, Ordering::SeqCst);
                    gives_up.store(true, Ordering::SeqCst);
                    panic!("{fault}");
                }
            }
        }
        is_made.store(true, Ordering::SeqCst);
    });
    let entries: Vec<Offered> = reads(source.as_mut()).concat();
    let at = entries.iter().position(|offered| offered.entry == place(&change)).expect("its place");
    let is_new = |change: &RowChange| change.row.iter().any(|(name, _)| name.as_str() == "yt");
    let of_zd = |part: &[Offered]| changes_of(part).into_iter().filter(|change| change.table == *zd).collect::<Vec<_>>();
    let (before, after) = (of_zd(&entries[..at]), of_zd(&entries[at..]));
    assert!(before.iter().all(|change| !is_new(change)) && after.iter().all(is_new), "each on its side");
    assert!(before.len() >= 40 && after.len() >= 40);
    let all = i64::try_from(before.len() + after.len()).expect("few");
    assert_eq!(bench.session(End::Source).number(&format!("SELECT count(*) FROM {zd}")), all, "every row once");
    assert_eq!(i64::from(written.load(Ordering::SeqCst)), all);
}

pub(in super::super) fn a_mark_goes_to_its_marker_from_right_before_it(bench: &mut dyn Bench) {
    let change = Change::of(bench, CHANGES);
    change.make_tables(bench, &[End::Sink]);
    let zd = &change.tables[0];
    let mut sink = bench.sink(&change.tables, false);
    sink.apply(&channel(), &packet(1, &[super::change(Op::Insert, zd, &[("dm", "a"), ("bz", "x")])])).expect("applied");
    let before = sink_whole(bench, &change, End::Sink);
    let mut restructurer = bench.restructurer(End::Sink);
    for wrong in [3, 1] {
        let mut order = change.coming(wrong);
        if wrong == 1 {
            order.ends = Ends::Coming(vec![(channel(), Mark { header: Digest::from_bytes([0; 32]), ..mark(1, 1) })]);
        }
        let done = restructurer.make(&order);
        assert!(matches!(done, Err(RestructureFault::Table(TableFault::Denied { .. }))), "{done:?}");
        assert_eq!(sink_whole(bench, &change, End::Sink), before, "nothing changed");
    }
    for _ in 0..2 {
        restructurer.make(&change.coming(2)).expect("made");
        assert_eq!(sink.mark(&channel()), Ok(Some(mark(1, 2))));
    }
    change.assert_is(bench, End::Sink, &change.after);
    let wide = "x".repeat(300);
    let row = [("dm", "b"), ("bz", wide.as_str()), ("yt", "y")];
    sink.apply(&channel(), &packet(3, &[super::change(Op::Insert, zd, &row)])).expect("a row of the next version");
    assert_eq!(bench.session(End::Sink).number(&format!("SELECT count(*) FROM {zd} WHERE yt = 'y'")), 1);
    restructurer.make(&change.coming(2)).expect("what is done changes nothing, the mark neither");
    assert_eq!(sink.mark(&channel()), Ok(Some(mark(1, 3))));
}

pub(in super::super) fn rehearsing_a_change_leaves_no_trace(bench: &mut dyn Bench) {
    let change = Change::of(bench, CHANGES);
    change.make_tables(bench, &BOTH);
    let mut source = bench.source(&change.tables);
    bench.session(End::Source).run(&format!("INSERT INTO {} (dm, bz) VALUES ('a', 'x')", change.tables[0]));
    let mut sink = bench.sink(&change.tables, false);
    sink.pass_over(&channel(), &mark(1, 1)).expect("passed over");
    let expected = if change.plan.dialect.is_transactional() { Rehearsal::Whole } else { Rehearsal::Asked };
    for (end, order) in [(End::Source, change.leaving()), (End::Sink, change.coming(2))] {
        let mut all = || [source_whole(bench, &change, source.as_mut()), sink_whole(bench, &change, End::Sink)];
        let before = all();
        let mut restructurer = bench.restructurer(end);
        assert_eq!(restructurer.rehearse(&order), Ok(expected));
        assert_eq!(all(), before);
        assert_eq!(restructurer.standing(&order.document, order.direction()), Ok(Standing::Old));
    }
}

const NARROWER: &str = "[[change]]\nop = \"retype\"\ntable = \"ZD\"\ncolumn = \"bz\"\nto = \"text(5)\"\n";

pub(in super::super) fn values_that_do_not_fit_are_never_cut(bench: &mut dyn Bench) {
    let add = "[[change]]\nop = \"add-column\"\ntable = \"ZD\"\ncolumn = \"yt\"\ntype = \"text(20)\"\n";
    let change = Change::of(bench, &format!("{add}{NARROWER}"));
    change.make_tables(bench, &[End::Source]);
    let mut source = bench.source(&change.tables);
    let (mut app, zd) = (bench.session(End::Source), &change.tables[0]);
    app.run(&format!("INSERT INTO {zd} (dm, bz) VALUES ('a', 'xxxxxx'), ('b', '权利人姓名')"));
    let before = source_whole(bench, &change, source.as_mut());
    let mut restructurer = bench.restructurer(End::Source);
    for _ in 0..2 {
        let rehearsed = restructurer.rehearse(&change.leaving()).map(drop);
        assert_eq!(step_fault(rehearsed), (1, StepFault::Loses { rows: 1 }));
        assert_eq!(step_fault(restructurer.make(&change.leaving())), (1, StepFault::Loses { rows: 1 }));
        assert_eq!(source_whole(bench, &change, source.as_mut()), before, "nothing changed");
    }
    app.run(&format!("UPDATE {zd} SET bz = 'x' WHERE dm = 'a'"));
    restructurer.make(&change.leaving()).expect("what fits is kept");
    change.assert_is(bench, End::Source, &change.after);
    assert_eq!(app.number(&format!("SELECT count(*) FROM {zd} WHERE bz IN ('x', '权利人姓名')")), 2);
}

pub(in super::super) fn what_a_step_requires_is_asked(bench: &mut dyn Bench) {
    let mut change = Change::of(bench, CHANGES);
    change.make_tables(bench, &[End::Source]);
    let mut source = bench.source(&change.tables);
    let before = source_whole(bench, &change, source.as_mut());
    let query = format!("SELECT COUNT(*) FROM {}", change.tables[0]);
    let requires =
        std::mem::replace(&mut change.plan.steps[0].requires, vec![Check { query: query.clone(), expect: "7".into() }]);
    let mut restructurer = bench.restructurer(End::Source);
    let fault = (0, StepFault::Requires { query, answer: "0".into() });
    assert_eq!(step_fault(restructurer.make(&change.leaving())), fault);
    assert_eq!(source_whole(bench, &change, source.as_mut()), before);
    change.plan.steps[0].requires = requires;
    restructurer.make(&change.leaving()).expect("made");
}

pub(in super::super) fn a_step_that_the_database_refuses_leaves_the_old_structure_or_is_named(bench: &mut dyn Bench) {
    let dialect = bench.describer(End::Source).0;
    let add = "[[change]]\nop = \"add-column\"\ntable = \"ZD\"\ncolumn = \"yt\"\ntype = \"text(20)\"\n";
    let sql = format!(
        "[[change]]\nop = \"sql\"\nabout = \"no key\"\ntouches = [\"ZD\"]\n{dialect} = {{ forward = \"UPDATE ZD SET dm = NULL\", check = \"SELECT COUNT(*) FROM ZD WHERE mj = 1\", expect = \"1\", rollback = \"UPDATE ZD SET mj = NULL\" }}\n"
    );
    let change = Change::of(bench, &format!("{add}{sql}"));
    change.make_tables(bench, &[End::Source]);
    let mut source = bench.source(&change.tables);
    let (mut app, zd) = (bench.session(End::Source), &change.tables[0]);
    app.run(&format!("INSERT INTO {zd} (dm, bz) VALUES ('a', 'x')"));
    let before = source_whole(bench, &change, source.as_mut());
    let mut restructurer = bench.restructurer(End::Source);
    let document = change.plan.digests[1];
    let (step, why) = step_fault(restructurer.make(&change.leaving()));
    assert!(step == 1 && matches!(why, StepFault::Refused { .. }), "{step} {why:?}");
    if !change.plan.dialect.is_transactional() {
        assert_eq!(restructurer.standing(&document, Direction::Out), Ok(Standing::AtStep(1)));
        assert!(!app.attempt(&format!("INSERT INTO {zd} (dm) VALUES ('b')")), "the door is closed");
        assert_eq!(app.number(&format!("SELECT count(*) FROM {zd}")), 1, "reads go on");
        assert_eq!(restructurer.standing(&document, Direction::In), Ok(Standing::Old), "nothing was begun at the other end");
        restructurer.take_back(&change.leaving()).expect("taken back");
    }
    assert_eq!(restructurer.standing(&document, Direction::Out), Ok(Standing::Old));
    assert_eq!(source_whole(bench, &change, source.as_mut()), before);
    assert_eq!(source.check(), Ok(vec![]));
    app.run(&format!("INSERT INTO {zd} (dm) VALUES ('b')"));
    assert_eq!(told(&reads(source.as_mut()).concat()), ["insert a", "insert b"]);
}

pub(in super::super) fn a_dictionary_row_in_conflict_is_refused(bench: &mut dyn Bench) {
    let rows = "[[change]]\nop = \"dictionary-rows\"\ntable = \"WORDS\"\nrows = [{ dm = \"2\", mc = \"one\" }]\n";
    let change = Change::of(bench, rows);
    change.make_tables(bench, &[End::Source]);
    let mut source = bench.source(&change.tables);
    let before = source_whole(bench, &change, source.as_mut());
    let mut restructurer = bench.restructurer(End::Source);
    let (step, why) = step_fault(restructurer.make(&change.leaving()));
    assert!(step == 0 && matches!(why, StepFault::Refused { .. }), "{step} {why:?}");
    restructurer.take_back(&change.leaving()).expect("there may be nothing to take back");
    assert_eq!(source_whole(bench, &change, source.as_mut()), before);
}

pub(in super::super) fn a_table_that_somebody_writes_is_waited_for_and_left_as_it_is(bench: &mut dyn Bench) {
    let change = Change::of(bench, CHANGES);
    change.make_tables(bench, &[End::Source]);
    let mut source = bench.source(&change.tables);
    let before = source_whole(bench, &change, source.as_mut());
    let (mut app, zd) = (bench.session(End::Source), &change.tables[0]);
    app.run("BEGIN");
    app.run(&format!("INSERT INTO {zd} (dm) VALUES ('a')"));
    let mut restructurer = bench.restructurer(End::Source);
    let done = restructurer.make(&change.leaving());
    assert!(matches!(done, Err(RestructureFault::Table(TableFault::Busy { .. }))), "{done:?}");
    assert_eq!(restructurer.standing(&change.plan.digests[1], Direction::Out), Ok(Standing::Old));
    app.run("ROLLBACK");
    assert_eq!(source_whole(bench, &change, source.as_mut()), before);
    app.run(&format!("INSERT INTO {zd} (dm) VALUES ('b')"));
    restructurer.make(&change.leaving()).expect("now nobody writes");
    assert_eq!(told(&reads(source.as_mut()).concat()), ["insert b"]);
}

pub(in super::super) fn what_the_application_has_on_a_table_stays(bench: &mut dyn Bench) {
    let add = "[[change]]\nop = \"add-column\"\ntable = \"ZD\"\ncolumn = \"yt\"\ntype = \"text(20)\"\n";
    let change = Change::of(bench, add);
    change.make_tables(bench, &[End::Source]);
    let (mut app, zd) = (bench.session(End::Source), &change.tables[0]);
    app.run(&format!("CREATE UNIQUE INDEX own_bz ON {zd} (bz)"));
    let _source = bench.source(&change.tables);
    bench.restructurer(End::Source).make(&change.leaving()).expect("made");
    app.run(&format!("INSERT INTO {zd} (dm, bz) VALUES ('a', 'x')"));
    assert!(!app.attempt(&format!("INSERT INTO {zd} (dm, bz) VALUES ('b', 'x')")), "its index is there");
}

pub(in super::super) fn both_ends_of_one_database_change_by_themselves(bench: &mut dyn Bench) {
    let change = Change::of(bench, CHANGES);
    change.make_tables(bench, &[End::Source]);
    let mut source = bench.source(&change.tables);
    let mut restructurer = bench.restructurer(End::Source);
    let document = change.plan.digests[1];
    let both = || [Direction::Out, Direction::In].map(|of| bench.restructurer(End::Source).standing(&document, of));
    restructurer.make(&change.leaving()).expect("made");
    assert_eq!(both(), [Ok(Standing::Done), Ok(Standing::Old)], "rows that come in have not met their marker");
    restructurer.make(&change.coming(1)).expect("the other end: what is done there is passed over");
    assert_eq!(both(), [Ok(Standing::Done), Ok(Standing::Done)]);
    restructurer.make(&change.leaving()).expect("done");
    change.assert_is(bench, End::Source, &change.after);
    assert_eq!(reads(source.as_mut()).concat().len(), 1, "one place");
}

pub(in super::super) fn uninstalling_takes_the_table_of_changes_away(bench: &mut dyn Bench) {
    let change = Change::of(bench, CHANGES);
    change.make_tables(bench, &[End::Source]);
    let _source = bench.source(&change.tables);
    let mut restructurer = bench.restructurer(End::Source);
    restructurer.make(&change.leaving()).expect("made");
    bench.uninstall(&change.tables);
    assert_eq!(restructurer.standing(&change.plan.digests[1], Direction::Out), Ok(Standing::Old), "its table is gone");
    assert!(!bench.session(End::Source).attempt("SELECT * FROM dukou_schema"));
}
