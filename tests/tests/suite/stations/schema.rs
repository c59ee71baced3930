//! `schema lint`, `plan` and `status` over the real program.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use dukou_tests::stations::pair::Pair;

const CHANNEL: &str = "units";

const STRUCTURE: &str = r#"format = 1
structure = "sample"
version = 1
title = "t"

[[table]]
name = "zd"
key = ["dm"]
columns = [
  { name = "dm", type = "text(28)", null = false },
  { name = "yt", type = "text(100)" },
]
"#;

const WIDER: &str = r#"format = 1
structure = "sample"
from = 1
to = 2
title = "t"
basis = "b"
first_day = "2021-08-30"

[[change]]
op = "widen"
table = "zd"
column = "yt"
to = "text(4000)"
"#;

/// A file of the worked example.
fn example(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy/schema").join(name);
    path.display().to_string()
}

fn put(pair: &Pair, name: &str, text: &str) -> String {
    let path: PathBuf = pair.dir.path().join(name);
    fs::write(&path, text).unwrap();
    path.display().to_string()
}

fn sqlite(file: &Path, sql: &str) {
    let script = "import sqlite3, sys; sqlite3.connect(sys.argv[1], isolation_level=None).executescript(sys.argv[2])";
    let done = Command::new("python3").args(["-c", script]).arg(file).arg(sql).output().unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
}

#[test]
fn the_worked_example_is_sound_and_its_plan_is_printed_for_every_database_without_a_station() {
    let pair = Pair::new();
    let structure = example("structure.toml");
    let sound = pair.inner.expect(0, &["schema", "lint", &example("2-columns.toml"), "--structure", &structure]).out;
    assert!(sound.contains("没有发现错误") && sound.contains("推断") && sound.contains("可以继续落地"), "{sound}");
    for dialect in ["postgres", "mariadb", "sqlite", "oracle", "dm"] {
        let args = ["schema", "plan", &example("2-columns.toml"), "--structure", &structure, "--dialect", dialect];
        let answer = pair.inner.expect(0, &[&["--station", "/nowhere"], &args[..]].concat());
        assert!(answer.out.contains("ALTER TABLE") && answer.out.contains("inferred"), "{}", answer.out);
        assert!(answer.err.contains("计划摘要"), "{}", answer.err);
    }
    let broken = put(&pair, "broken.toml", &WIDER.replace("\"widen\"", "\"broaden\"").replace("to = 2", "to = 7"));
    let said = pair.inner.expect(1, &["schema", "lint", &broken]).out;
    assert!(said.contains("第 4 行") && said.contains("第 9 行") && said.contains("broaden"), "{said}");
    let other = put(&pair, "other.toml", &WIDER.replace("\"yt\"", "\"nothing\""));
    let own = put(&pair, "structure.toml", STRUCTURE);
    let said = pair.inner.expect(1, &["schema", "lint", &other, "--structure", &own, "--lang", "en"]).out;
    assert!(said.contains("line 9") && said.contains("nothing"), "{said}");
}

#[test]
fn what_would_be_lost_is_shown_and_no_sql_is_until_a_person_gives_a_reason() {
    let pair = Pair::new();
    let (structure, names) = (example("structure.toml"), example("4-names.toml"));
    let (second, third) = (example("2-columns.toml"), example("3-dictionaries.toml"));
    let args =
        ["schema", "plan", &names, "--structure", &structure, "--after", &second, "--after", &third, "--dialect", "sqlite"];
    let refused = pair.inner.expect(1, &args).out;
    assert!(refused.contains("jzwjbyt") && refused.contains("SELECT COUNT(*)") && !refused.contains("ALTER"), "{refused}");
    assert_eq!(pair.inner.ask(&[&args[..], &["--allow-loss"]].concat()).code, 2, "without a reason");
    let shown = pair.inner.expect(0, &[&args[..], &["--allow-loss", "--reason", "已并入 YTMC\n; DROP"]].concat()).out;
    assert!(shown.contains("DROP COLUMN \"jzwjbyt\"") && !shown.contains("\n; DROP"), "{shown}");
    assert_eq!(pair.inner.ask(&args[..5]).code, 2, "of a change that does not begin at this version");
}

#[test]
fn a_database_that_drifted_is_named_by_status_and_gets_no_plan() {
    let pair = Pair::new();
    let text = format!(
        "channel = \"{CHANNEL}\"\ntitle = \"units\"\nfrom = \"outer\"\n\n[source]\ndatabase = \"sqlite:registry.db\"\ntables = [\"zd\"]\n\n[sink]\ndatabase = \"sqlite:there.db\"\n[sink.tables]\nzd = \"parcels\"\n"
    );
    for station in [&pair.outer, &pair.inner] {
        fs::write(station.path(format!("channels/{CHANNEL}.toml")), &text).unwrap();
    }
    sqlite(&pair.outer.path("registry.db"), "CREATE TABLE zd (dm VARCHAR(28) NOT NULL PRIMARY KEY, yt VARCHAR(100))");
    sqlite(
        &pair.inner.path("there.db"),
        "CREATE TABLE parcels (dm VARCHAR(28) NOT NULL PRIMARY KEY, yt VARCHAR(50), more TEXT)",
    );
    let structure = put(&pair, "structure.toml", STRUCTURE);
    let status = ["schema", "status", CHANNEL, "--structure", &structure];
    assert!(pair.outer.expect(0, &status).out.contains("一致"));
    let said = pair.inner.expect(1, &[&status[..], &["--lang", "en"]].concat()).out;
    assert!(said.contains("column yt of parcels should be VARCHAR(100) and is VARCHAR(50)") && said.contains("more"), "{said}");
    let wider = put(&pair, "wider.toml", WIDER);
    let broken = put(&pair, "broken.toml", &WIDER.replace("to = 2", "to = 7"));
    let linted = [pair.inner.json(0, &["schema", "lint", &wider]), pair.inner.json(1, &["schema", "lint", &broken])];
    super::spoken::agree("schema", &[&[pair.inner.json(1, &status)], &linted[..]].concat());
    let plan = ["schema", "plan", &wider, "--structure", &structure, "--channel", CHANNEL];
    assert!(pair.outer.expect(0, &plan).out.contains("VARCHAR(4000)"));
    assert!(!pair.inner.expect(1, &plan).out.contains("CREATE TABLE"));
    let sound = "DROP TABLE parcels; CREATE TABLE parcels (dm VARCHAR(28) NOT NULL PRIMARY KEY, yt VARCHAR(100), more TEXT)";
    sqlite(&pair.inner.path("there.db"), sound);
    let harmless = pair.inner.expect(0, &status).out;
    assert!(harmless.contains("more"), "{harmless}");
    let here = pair.inner.expect(0, &plan).out;
    assert!(here.contains("\"dukou_new_parcels\"") && !here.contains("\"zd\""), "the names are those of the database: {here}");
    let files = pair.outer.ask(&["schema", "status", dukou_tests::stations::pair::MESSAGES, "--structure", &structure]);
    assert_eq!(files.code, 2, "{files:?}");
}
