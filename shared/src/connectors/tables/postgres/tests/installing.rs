//! What is put into an application's database, and what its accounts may do with it.

use super::*;
use crate::connectors::tables::contract_tests::{Session, told};
use crate::connectors::tables::{Problem, ReadLimits, TableFault};
use std::collections::BTreeSet;

const ALL: ReadLimits = ReadLimits { rows: 1000, bytes: 1 << 24 };

/// Everything in a database that is not PostgreSQL's own.
fn everything(database: &Database) -> String {
    database.psql(
        "SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname !~ '^pg_|^information_schema'
         UNION ALL SELECT n.nspname, p.proname FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE n.nspname !~ '^pg_|^information_schema'
         UNION ALL SELECT 'trigger', tgname FROM pg_trigger UNION ALL SELECT 'schema', nspname FROM pg_namespace ORDER BY 1, 2",
    )
}

fn names_problem(faults: &[TableFault], named: &str, wanted: &Problem) -> bool {
    faults.iter().any(|fault| matches!(fault, TableFault::Unfit { table, problem, .. } if table == named && problem == wanted))
}

#[test]
fn uninstalling_leaves_no_trace_and_installing_twice_is_installing_once() {
    let bench = bench();
    bench.source.psql("CREATE TABLE zd (dm text PRIMARY KEY); ALTER TABLE zd OWNER TO dukou;
        CREATE TABLE p (id int, PRIMARY KEY (id)) PARTITION BY RANGE (id); CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (10);
        ALTER TABLE p OWNER TO dukou; ALTER TABLE p1 OWNER TO dukou");
    let before = everything(&bench.source);
    let mut source = bench.bare_source(&["public.zd".to_owned(), "public.p".to_owned()]);
    assert_eq!(source.install(), Ok(()));
    let installed = everything(&bench.source);
    bench.source.psql("INSERT INTO zd VALUES ('a')");
    assert_eq!(source.install(), Ok(()));
    assert_eq!(everything(&bench.source), installed);
    assert_eq!(told(&source.read(&BTreeSet::new(), ALL).expect("a read")), ["insert a"], "what was written stays");
    assert_eq!(source.check(), Ok(vec![]));
    source.uninstall().expect("uninstalled");
    assert_eq!(everything(&bench.source), before);
    bench.source.psql("INSERT INTO zd VALUES ('b')");
}

#[test]
fn the_printed_sql_is_run_by_the_owner_and_gives_the_station_what_it_needs() {
    let bench = bench();
    bench.source.psql(
        "CREATE TABLE zd (dm text PRIMARY KEY, v numeric); GRANT SELECT, UPDATE ON zd TO dukou; REVOKE CREATE ON DATABASE \
        postgres FROM PUBLIC",
    );
    let mut source = bench.bare_source(&["public.zd".to_owned()]);
    let sql = source.install_sql().expect("the SQL");
    assert!(matches!(source.install(), Err(TableFault::Denied { .. })), "the station does not own the table");
    assert!(!everything(&bench.source).contains("dukou"), "and left nothing");
    bench.source.psql(&sql);
    assert_eq!(source.check(), Ok(vec![]));
    bench.source.psql("INSERT INTO zd VALUES ('a', 1.50)");
    let offered = source.read(&BTreeSet::new(), ALL).expect("a read");
    assert_eq!(told(&offered), ["insert a"]);
    source.delete(&[offered[0].entry_id()]).expect("deleted");
    assert!(source.read(&BTreeSet::new(), ALL).expect("a read").is_empty());
}

#[test]
fn accounts_of_the_application_need_no_right_on_the_outbox_and_get_none() {
    let bench = bench();
    let role = format!("clerk_{}", bench.source.name);
    bench.source.psql(&format!(
        "CREATE ROLE {role}; CREATE TABLE zd (dm text PRIMARY KEY); ALTER TABLE zd OWNER TO dukou; GRANT INSERT ON zd TO {role}; GRANT {role} TO dukou;
         CREATE SCHEMA of_clerk AUTHORIZATION {role}"
    ));
    let mut source = bench.bare_source(&["public.zd".to_owned()]);
    assert_eq!(source.install(), Ok(()));
    let mut clerk = App::to(&bench.source.url);
    clerk.run(&format!("SET ROLE {role}"));
    clerk.run("INSERT INTO zd VALUES ('a')");
    assert!(clerk.attempt("SELECT * FROM dukou.dukou_outbox_cadastre_units").is_err());
    clerk.run("CREATE TABLE of_clerk.t (dm text PRIMARY KEY)");
    let function = bench.source.psql("SELECT quote_ident(proname) FROM pg_proc WHERE proname LIKE '%:row'");
    let forged = format!("CREATE TRIGGER t AFTER INSERT ON of_clerk.t FOR EACH ROW EXECUTE FUNCTION dukou.{function}()");
    assert!(clerk.attempt(&forged).is_err(), "no one else makes a trigger of our function");
    // Names that the application puts in the way change nothing.
    clerk.run("CREATE FUNCTION of_clerk.txid_current() RETURNS bigint LANGUAGE sql AS 'SELECT 666::bigint'; SET search_path = of_clerk, public, pg_catalog");
    clerk.run("INSERT INTO public.zd VALUES ('b')");
    assert_eq!(told(&source.read(&BTreeSet::new(), ALL).expect("a read")), ["insert a", "insert b"]);
    drop(clerk);
    bench.source.psql(&format!("DROP OWNED BY {role}; DROP ROLE {role}"));
}

#[test]
fn the_check_names_what_cannot_be_followed() {
    let bench = bench();
    bench.source.psql(
        "CREATE TABLE parent (id int PRIMARY KEY); CREATE TABLE child (id int PRIMARY KEY, p int REFERENCES parent);
         CREATE TABLE keyless (a int); CREATE TABLE odd (id int PRIMARY KEY, tags text[], at int4range, m money, iv interval, g point, b bit(3));
         CREATE TABLE own (id int PRIMARY KEY, up int REFERENCES own);
         CREATE DOMAIN dm AS varchar(5) NOT NULL; CREATE TYPE kind AS ENUM ('宗地', '户'); CREATE TABLE fine (id dm PRIMARY KEY, k kind);
         ALTER TABLE own OWNER TO dukou; ALTER TABLE fine OWNER TO dukou; ALTER TABLE keyless OWNER TO dukou; ALTER TABLE odd OWNER TO dukou",
    );
    let tables: Vec<String> =
        ["child", "keyless", "odd", "own", "fine", "absent"].iter().map(|name| format!("public.{name}")).collect();
    let mut source = bench.bare_source(&tables);
    let faults = source.check().expect("a check");
    assert!(names_problem(&faults, "public.child", &Problem::ParentOutside("public.parent".to_owned())), "{faults:?}");
    assert!(names_problem(&faults, "public.child", &Problem::Right("SELECT".to_owned())), "{faults:?}");
    assert!(names_problem(&faults, "public.keyless", &Problem::NoKey), "{faults:?}");
    assert!(names_problem(&faults, "public.absent", &Problem::Missing), "{faults:?}");
    for kind in ["text[]", "int4range", "money", "interval", "point", "bit(3)"] {
        assert!(names_problem(&faults, "public.odd", &Problem::Type(kind.to_owned())), "{kind}: {faults:?}");
    }
    let of = |faults: &[TableFault], name: &str| {
        faults.iter().filter(|fault| matches!(fault, TableFault::Unfit { table, .. } if table == name)).count()
    };
    assert_eq!((of(&faults, "public.own"), of(&faults, "public.fine")), (1, 1), "only that nothing is installed: {faults:?}");
    assert!(matches!(source.install(), Err(TableFault::Unfit { .. })));
    assert!(!everything(&bench.source).contains("dukou"), "nothing is installed while something stands in the way");
}

#[test]
fn a_trigger_switched_off_or_dropped_is_named() {
    let bench = bench();
    bench.source.psql("CREATE TABLE zd (dm text PRIMARY KEY); ALTER TABLE zd OWNER TO dukou");
    let mut source = bench.bare_source(&["public.zd".to_owned()]);
    source.install().expect("installed");
    let named = |source: &mut PostgresSource, trigger: &str| {
        names_problem(&source.check().expect("a check"), "public.zd", &Problem::NotInstalled(trigger.to_owned()))
    };
    bench.source.psql("ALTER TABLE zd DISABLE TRIGGER \"!dukou_cadastre_units_row\"");
    assert!(named(&mut source, "!dukou_cadastre_units_row"));
    source.install().expect("installed");
    assert_eq!(source.check(), Ok(vec![]));
    bench.source.psql("DROP TRIGGER \"!dukou_cadastre_units_truncate\" ON zd");
    assert!(named(&mut source, "!dukou_cadastre_units_truncate"));
}
