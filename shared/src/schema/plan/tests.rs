//! Plans: word for word for all five, and run on the three that there are.

mod golden;
mod running;

use super::*;
use crate::schema::loss::Lost;
use crate::schema::structure::tests::{document, sample};

/// The plan of these operations on the sample.
fn plan(changes: &str, dialect: Dialect) -> Result<Plan, PlanFault> {
    Plan::of(&sample(), &document(changes), dialect)
}

const NARROWING: &str = "[[change]]\nop = \"retype\"\ntable = \"parent\"\ncolumn = \"b\"\nto = \"text(5)\"";

#[test]
fn the_same_input_gives_the_same_plan_and_another_one_another_digest() {
    for dialect in DIALECTS {
        let widen = "[[change]]\nop = \"widen\"\ntable = \"parent\"\ncolumn = \"b\"\nto = \"text(500)\"";
        let (one, two) = (plan(widen, dialect).unwrap(), plan(widen, dialect).unwrap());
        assert_eq!(one.digest(), two.digest());
        assert_ne!(one.digest(), plan(&widen.replace("500", "501"), dialect).unwrap().digest());
        assert_eq!(one.losses().count(), 0);
        assert!(one.steps[0].check.is_some() && !one.steps[0].rollback.is_empty());
    }
}

#[test]
fn what_may_be_lost_is_told_with_the_query_that_counts_it() {
    let changes = format!(
        "{NARROWING}\n[[change]]\nop = \"drop-column\"\ntable = \"parent\"\ncolumn = \"a\"\n[[change]]\nop = \"dictionary-rows\"\ntable = \"words\"\nrows = [{{ dm = \"1\", mc = \"eins\" }}, {{ dm = \"2\", mc = \"zwei\" }}]"
    );
    for dialect in [Dialect::Postgres, Dialect::Mariadb, Dialect::Sqlite, Dialect::Oracle] {
        let plan = plan(&changes, dialect).unwrap();
        let losses: Vec<&Loss> = plan.losses().collect();
        assert!(matches!(losses[0].what, Lost::Misfits { .. }) && losses[0].count.contains("> 5"), "{losses:?}");
        assert_eq!(losses[1].what, Lost::Column("a".into()));
        assert_eq!(losses[2].what, Lost::Words { rows: 1 }, "a new row loses nothing");
        assert!(losses.iter().all(|loss| loss.words(Lang::Zh).contains("行") && loss.words(Lang::En).contains("line")));
    }
}

#[test]
fn what_a_database_cannot_have_is_refused_with_the_line() {
    let add = |kind: &str| format!("[[change]]\nop = \"add-column\"\ntable = \"parent\"\ncolumn = \"c\"\ntype = \"{kind}\"");
    assert!(plan(&add("time"), Dialect::Oracle).is_err());
    assert!(plan(&add("timestamp-tz"), Dialect::Sqlite).is_err());
    assert!(plan(NARROWING, Dialect::Dm).is_err(), "its catalog would not tell that it was done");
    let rows: String = (0..30).map(|at| format!("{}\n", add("text(768)").replace("\"c\"", &format!("\"c{at}\"")))).collect();
    let fault = plan(&rows, Dialect::Mariadb).unwrap_err();
    assert!(matches!(fault, PlanFault::Cannot { cannot: Cannot::Row(..), .. }), "{fault}");
    assert!(fault.sentence("f.toml", Lang::Zh).contains("行"));
    let sql = "[[change]]\nop = \"sql\"\nabout = \"x\"\ntouches = []\npostgres = { forward = \"DROP INDEX i\", check = \"SELECT 1\", expect = \"1\", rollback = \"DROP INDEX j\" }";
    assert_eq!(plan(sql, Dialect::Postgres).unwrap().steps[0].statements[0].sql, "DROP INDEX i");
    assert!(matches!(plan(sql, Dialect::Dm).unwrap_err(), PlanFault::Cannot { cannot: Cannot::NoText(_), .. }));
}

const WORD: &str = "[[change]]\nop = \"dictionary-rows\"\ntable = \"words\"\nrows = [{ dm = \"9\", mc = \"林地\" }]";

/// Gives the script for the administrator, with nothing before and behind its steps.
fn by_hand(plan: &Plan) -> String {
    plan.script_by_hand("", "", ("units in", &Check { query: "SELECT 1 FROM dual".into(), expect: "1".into() }))
}

#[test]
fn a_printed_script_stops_where_the_bureau_has_other_words_for_a_new_row() {
    for dialect in [Dialect::Oracle, Dialect::Dm] {
        let script = plan(WORD, dialect).unwrap().script();
        let (asked, written) = (script.find("what it requires does not hold"), script.find("UPDATE \"WORDS\""));
        assert!(asked.is_some() && asked < written, "{script}");
    }
}

#[test]
fn a_printed_script_stops_where_an_index_would_go_with_its_column() {
    let change = |op: &str| format!("[[change]]\nop = \"{op}\"\ntable = \"parent\"\ncolumn = \"b\"\n");
    for dialect in [Dialect::Oracle, Dialect::Dm] {
        for (change, stops) in [
            (change("drop-column"), true),
            (change("retype") + "to = \"text\"", true),
            (change("widen") + "to = \"text(500)\"", false),
        ] {
            let script = plan(&change, dialect).unwrap().script();
            let asked = script.find("user_ind_columns WHERE table_name = ''PARENT'' AND column_name = ''B''");
            assert_eq!(asked.is_some(), stops, "{script}");
            assert!(!stops || asked < script.find("DROP COLUMN"), "{script}");
        }
    }
}

#[test]
fn a_script_that_its_administrator_reads_in_another_set_stops_before_it_writes_words() {
    let widen = "[[change]]\nop = \"widen\"\ntable = \"parent\"\ncolumn = \"b\"\nto = \"text(500)\"";
    for (dialect, setting) in [(Dialect::Oracle, "NLS_LANG=.AL32UTF8"), (Dialect::Dm, "CHAR_CODE=(PG_UTF8)")] {
        let script = by_hand(&plan(WORD, dialect).unwrap());
        assert!(script.find(setting) < script.find("UPDATE") && script.contains(setting), "{script}");
        assert!(!by_hand(&plan(widen, dialect).unwrap()).contains(setting), "what is ASCII is the same in all sets");
    }
}

#[test]
fn a_statement_of_a_document_is_not_done_twice_by_a_script_that_is_run_again() {
    let sql = |expect: &str| {
        format!(
            "[[change]]\nop = \"sql\"\nabout = \"an index -\"\ntouches = []\noracle = {{ forward = \"CREATE INDEX i ON t (c)\", check = \"SELECT COUNT(*) FROM user_indexes\", expect = \"{expect}\", rollback = \"DROP INDEX i\" }}"
        )
    };
    let script = plan(&sql("1"), Dialect::Oracle).unwrap().script();
    assert!(script.contains("IF n = 0 THEN\n    EXECUTE IMMEDIATE 'CREATE INDEX i ON t (c)'"), "{script}");
    assert!(script.contains("an index -.\n"), "SQL*Plus takes the line behind a hyphen for the comment's: {script}");
    assert!(plan(&sql("7"), Dialect::Oracle).unwrap().script().contains("\nCREATE INDEX i ON t (c);\n"));
}

#[test]
fn a_key_that_mariadb_cannot_have_is_refused_before_anything_is_signed() {
    let add = |kind: &str| {
        format!(
            "[[change]]\nop = \"add-table\"\ntable = \"w\"\nkey = [\"a\", \"b\"]\ncolumns = [{{ name = \"a\", type = \"text(500)\", null = false }}, {{ name = \"b\", type = \"{kind}\", null = false }}]"
        )
    };
    for (kind, fits) in [("text(268)", true), ("text(269)", false), ("text(1000)", false), ("text", false), ("bytes", false)] {
        let refused = matches!(plan(&add(kind), Dialect::Mariadb), Err(PlanFault::Cannot { cannot: Cannot::Key(..), .. }));
        assert_eq!(refused, !fits, "{kind}");
    }
    assert!(plan(&add("text(1000)"), Dialect::Postgres).is_ok());
}

#[test]
fn names_for_oracle_are_as_if_unquoted_and_chinese_ones_stay() {
    assert_eq!(Dialect::Oracle.catalog_name("bdc_dyaq"), "BDC_DYAQ");
    assert_eq!(Dialect::Dm.catalog_name("Bdc"), "Bdc", "a name of both is meant as it stands");
    assert_eq!(Dialect::Oracle.catalog_name("权利人"), "权利人");
    assert_eq!(Dialect::Postgres.catalog_name("BDC"), "BDC");
}
