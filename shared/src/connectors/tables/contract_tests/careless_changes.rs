//! A structure change that meets a database with something in it that nobody described: refused with the reason, or made with all of it kept.

use super::restructure::{CHANGES, Change, Whole, source_whole, step_fault};
use super::*;
use crate::connectors::tables::restructure::{Standing, StepFault};
use crate::store::Direction;

/// A bench whose source has the sample's tables, after somebody did something to them.
struct Scene<'a> {
    bench: &'a dyn Bench,
    change: Change,
    app: Box<dyn Session>,
    source: Box<dyn TableSource>,
    before: Whole,
}

impl<'a> Scene<'a> {
    fn of(bench: &'a dyn Bench, changes: &str, carelessness: impl FnOnce(&Change, &mut dyn Session)) -> Self {
        let change = Change::of(bench, changes);
        change.make_tables(bench, &[End::Source]);
        let mut app = bench.session(End::Source);
        carelessness(&change, app.as_mut());
        let mut source = bench.source(&change.tables);
        let before = source_whole(bench, &change, source.as_mut());
        Self { bench, change, app, source, before }
    }

    /// The change stops at this step and, taken back where it was begun, leaves all as it was.
    #[track_caller]
    fn stops_at(&mut self, at: u32) -> StepFault {
        let mut restructurer = self.bench.restructurer(End::Source);
        let (step, why) = step_fault(restructurer.make(&self.change.leaving()));
        assert_eq!(step, at, "{why:?}");
        restructurer.take_back(&self.change.leaving()).expect("there may be nothing to take back");
        assert_eq!(restructurer.standing(&self.change.plan.digests[1], Direction::Out), Ok(Standing::Old));
        assert_eq!(source_whole(self.bench, &self.change, self.source.as_mut()), self.before, "nothing changed");
        why
    }

    fn is_made(&mut self) {
        self.bench.restructurer(End::Source).make(&self.change.leaving()).expect("made");
        self.change.assert_is(self.bench, End::Source, &self.change.after);
    }
}

/// Makes the first table anew with these columns behind its key.
fn anew(change: &Change, app: &mut dyn Session, columns: &str) {
    let zd = &change.tables[0];
    app.run(&format!("DROP TABLE {zd}"));
    app.run(&format!("CREATE TABLE {zd} (dm VARCHAR(40) NOT NULL PRIMARY KEY, {columns})"));
}

pub(in super::super) fn a_rename_to_a_name_that_is_taken_leaves_both_columns(bench: &mut dyn Bench) {
    let rename = "[[change]]\nop = \"rename-column\"\ntable = \"ZD\"\ncolumn = \"bz\"\nto = \"yt\"\n";
    let mut scene = Scene::of(bench, rename, |change, app| {
        let zd = &change.tables[0];
        app.run(&format!("ALTER TABLE {zd} ADD COLUMN yt VARCHAR(20)"));
        app.run(&format!("INSERT INTO {zd} (dm, bz) VALUES ('a', 'x')"));
    });
    assert!(matches!(scene.stops_at(0), StepFault::Refused { .. }));
    let zd = scene.change.tables[0].clone();
    bench.uninstall(&scene.change.tables);
    scene.app.run(&format!("ALTER TABLE {zd} DROP COLUMN yt"));
    scene.source = bench.source(&scene.change.tables);
    bench.restructurer(End::Source).make(&scene.change.leaving()).expect("made");
    assert_eq!(scene.app.number(&format!("SELECT count(*) FROM {zd} WHERE yt = 'x'")), 1);
}

pub(in super::super) fn a_column_that_is_not_what_is_believed_is_not_converted(bench: &mut dyn Bench) {
    // Every whole number fits, so that nothing is counted; what stands there is none.
    let retype = "[[change]]\nop = \"retype\"\ntable = \"ZD\"\ncolumn = \"mj\"\nto = \"decimal(21,2)\"\n";
    let mut scene = Scene::of(bench, retype, |change, app| {
        anew(change, app, "mj DECIMAL(20,6), bz VARCHAR(20)");
        app.run(&format!("INSERT INTO {} (dm, mj) VALUES ('a', 1.234567)", change.tables[0]));
    });
    assert!(matches!(scene.stops_at(0), StepFault::Requires { .. }));
}

pub(in super::super) fn a_dictionary_row_of_the_bureaus_own_is_not_written_over(bench: &mut dyn Bench) {
    let rows = "[[change]]\nop = \"dictionary-rows\"\ntable = \"WORDS\"\nrows = [{ dm = \"2\", mc = \"zwei\" }, { dm = \"3\", mc = \"drei\" }]\n";
    let mut scene = Scene::of(bench, rows, |change, app| {
        app.run(&format!("INSERT INTO {} (dm, mc) VALUES ('2', 'our own')", change.tables[2]));
    });
    assert!(matches!(scene.stops_at(0), StepFault::Requires { .. }));
    let words = scene.change.tables[2].clone();
    scene.app.run(&format!("UPDATE {words} SET mc = 'zwei' WHERE dm = '2'"));
    scene.is_made();
}

pub(in super::super) fn a_new_table_that_is_there_in_another_shape_is_told(bench: &mut dyn Bench) {
    let further = bench.table("further");
    let mut scene = Scene::of(bench, CHANGES, |_, app| {
        app.run(&format!("CREATE TABLE {further} (id VARCHAR(3) NOT NULL PRIMARY KEY)"));
    });
    assert!(matches!(scene.stops_at(3), StepFault::Refused { .. }));
    scene.app.run(&format!("DROP TABLE {further}"));
    scene.is_made();
}

pub(in super::super) fn a_dictionary_of_many_rows_is_written(bench: &mut dyn Bench) {
    let rows: Vec<String> = (2..1302).map(|at| format!("{{ dm = \"{at}\", mc = \"w{at}\" }}")).collect();
    let change = format!("[[change]]\nop = \"dictionary-rows\"\ntable = \"WORDS\"\nrows = [{}]\n", rows.join(", "));
    let mut scene = Scene::of(bench, &change, |_, _| {});
    scene.is_made();
    assert_eq!(scene.app.number(&format!("SELECT count(*) FROM {}", scene.change.tables[2])), 1301);
}

pub(in super::super) fn what_stands_on_a_dropped_column_does_not_go_in_silence(bench: &mut dyn Bench) {
    let change = "[[change]]\nop = \"drop-column\"\ntable = \"ZD\"\ncolumn = \"bz\"\n";
    let mut scene = Scene::of(bench, change, |change, app| {
        app.run(&format!("CREATE UNIQUE INDEX own_bz ON {} (bz)", change.tables[0]));
    });
    scene.stops_at(0);
    let zd = scene.change.tables[0].clone();
    scene.app.run(&format!("INSERT INTO {zd} (dm, bz) VALUES ('a', 'x')"));
    assert!(!scene.app.attempt(&format!("INSERT INTO {zd} (dm, bz) VALUES ('b', 'x')")), "its index is there");
}

pub(in super::super) fn words_that_differ_in_letters_case_alone_are_written(bench: &mut dyn Bench) {
    let rows = "[[change]]\nop = \"dictionary-rows\"\ntable = \"WORDS\"\nrows = [{ dm = \"1\", mc = \"ONE\" }]\n";
    let mut scene = Scene::of(bench, rows, |change, app| {
        if change.plan.dialect == Dialect::Mariadb {
            let words = &change.tables[2];
            app.run(&format!("ALTER TABLE {words} CONVERT TO CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci"));
        }
    });
    scene.is_made();
}

pub(in super::super) fn a_condition_on_a_column_that_is_widened_stays(bench: &mut dyn Bench) {
    let widen = "[[change]]\nop = \"widen\"\ntable = \"ZD\"\ncolumn = \"bz\"\nto = \"text(400)\"\n";
    let mut scene = Scene::of(bench, widen, |change, app| {
        anew(change, app, "mj BIGINT, bz VARCHAR(20) CHECK (bz <> 'bad')");
    });
    let mut restructurer = bench.restructurer(End::Source);
    if restructurer.make(&scene.change.leaving()).is_err() {
        restructurer.take_back(&scene.change.leaving()).expect("there may be nothing to take back");
    }
    assert!(!scene.app.attempt(&format!("INSERT INTO {} (dm, bz) VALUES ('a', 'bad')", scene.change.tables[0])));
}

pub(in super::super) fn a_check_that_writes_is_refused(bench: &mut dyn Bench) {
    let dialect = bench.describer(End::Source).0;
    let sql = format!(
        "[[change]]\nop = \"sql\"\nabout = \"x\"\ntouches = [\"ZD\"]\n{dialect} = {{ forward = \"UPDATE ZD SET mj = 1\", check = \"WITH gone AS (DELETE FROM ZD RETURNING dm) SELECT COUNT(*) FROM gone\", expect = \"1\", rollback = \"UPDATE ZD SET mj = NULL\" }}\n"
    );
    let mut scene = Scene::of(bench, &sql, |change, app| {
        app.run(&format!("INSERT INTO {} (dm) VALUES ('a')", change.tables[0]));
    });
    assert!(matches!(scene.stops_at(0), StepFault::Refused { .. }));
}
