//! Structure changes in databases that no driver speaks to: the script, its administrator, and `schema confirm`.

use dukou_tests::stations::audit::assert_pass;
use dukou_tests::stations::pair::Pair;
use dukou_tests::stations::station::Answer;
use dukou_tests::tables::structure::persons::{appoint, sign};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

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

[[change]]
op = "add-column"
table = "zd"
column = "mj"
type = "decimal(20,2)"
"#;

/// The administrator's program: runs a script as the shell of SQLite does, up to the first thing that fails.
const SHELL: &str = r#"
import sqlite3, sys
db = sqlite3.connect(sys.argv[1], isolation_level=None)
statement = ""
for line in open(sys.argv[2], encoding="utf-8"):
    if line.startswith("."):
        continue
    statement += line
    if sqlite3.complete_statement(statement):
        for row in db.execute(statement):
            print("|".join(str(value) for value in row))
        statement = ""
"#;

fn python(script: &str, args: &[&Path]) -> Answer {
    Answer::of(Command::new("python3").args(["-c", script]).args(args).output().unwrap())
}

fn sqlite(file: &Path, sql: &str) {
    let script = "import sqlite3, sys; sqlite3.connect(sys.argv[1], isolation_level=None).executescript(sys.argv[2])";
    let done = python(script, &[file, Path::new(sql)]);
    assert_eq!(done.code, 0, "{}", done.all());
}

/// A pair whose inner station writes scripts for a database that only its administrator reaches.
struct ByHand {
    pair: Pair,
    there: PathBuf,
}

const COLUMNS: &str =
    "# sqlite UTF-8\nmain.parcels\tdm\tVARCHAR\t28\t\t\t\t\tN\t1\nmain.parcels\tyt\tVARCHAR\t100\t\t\t\t\tY\t\n";

impl ByHand {
    fn new() -> Self {
        let pair = Pair::new();
        let text = format!(
            "channel = \"{CHANNEL}\"\ntitle = \"units\"\nfrom = \"outer\"\nstructure = \"sample\"\n\n[source]\ndatabase = \"sqlite:registry.db\"\ntables = [\"zd\"]\n\n[sink]\ndatabase = \"table-file:scripts\"\n[sink.tables]\nzd = \"main.parcels\"\n"
        );
        for station in [&pair.outer, &pair.inner] {
            fs::write(station.path(format!("channels/{CHANNEL}.toml")), &text).unwrap();
            fs::create_dir(station.path("structures")).unwrap();
            fs::write(station.path("structures/sample.toml"), STRUCTURE).unwrap();
        }
        sqlite(&pair.outer.path("registry.db"), "CREATE TABLE zd (dm VARCHAR(28) NOT NULL PRIMARY KEY, yt VARCHAR(100))");
        pair.outer.expect(0, &["source", "install", CHANNEL]);
        fs::create_dir(pair.inner.path("scripts")).unwrap();
        fs::write(pair.inner.path("scripts/columns.tsv"), COLUMNS).unwrap();
        let there = pair.dir.path().join("there.db");
        sqlite(&there, "CREATE TABLE parcels (dm VARCHAR(28) NOT NULL PRIMARY KEY, yt VARCHAR(100))");
        sqlite(&there, &pair.inner.expect(0, &["sink", "install", CHANNEL, "--print"]).out);
        appoint(&pair);
        Self { pair, there }
    }

    fn write(&self, sql: &str) {
        sqlite(&self.pair.outer.path("registry.db"), sql);
    }

    fn cross(&self, inner: i32) {
        self.pair.outer.pass(0);
        self.pair.carry();
        self.pair.inner.pass(inner);
    }

    fn document(&self, text: &str) -> String {
        let path = self.pair.dir.path().join("change.toml");
        fs::write(&path, text).unwrap();
        path.display().to_string()
    }

    /// Lets a change be proposed and approved outside, and made there.
    fn made_outside(&self, text: &str) {
        let file = self.document(text);
        assert_eq!(sign(&self.pair.outer, 0, &["schema", "propose", &file]).code, 0);
        assert_eq!(sign(&self.pair.outer, 1, &["schema", "approve", "2"]).code, 0);
        self.pair.outer.pass(0);
    }

    fn script(&self, number: u32) -> PathBuf {
        self.pair.inner.path(format!("scripts/{number:06}.sql"))
    }

    fn run(&self, number: u32) -> Answer {
        python(SHELL, &[&self.there, &self.script(number)])
    }

    fn output(&self, text: &str) -> String {
        let path = self.pair.dir.path().join("output.txt");
        fs::write(&path, text).unwrap();
        path.display().to_string()
    }

    fn confirm(&self, output: &str) -> Answer {
        sign(&self.pair.inner, 0, &["schema", "confirm", "2", "--check-output", &self.output(output)])
    }

    fn rows(&self, sql: &str) -> String {
        let script = "import sqlite3, sys; print(sqlite3.connect(sys.argv[1]).execute(sys.argv[2]).fetchall())";
        python(script, &[&self.there, Path::new(sql)]).out.trim().to_owned()
    }
}

#[track_caller]
fn assert_refused(answer: &Answer, words: &str) {
    assert!(answer.code == 2 && answer.err.contains(words), "{words}: {answer:?}");
}

#[test]
fn its_administrator_makes_the_change_in_its_turn_and_the_channel_goes_on_once_the_output_is_signed_for() {
    let by_hand = ByHand::new();
    let inner = &by_hand.pair.inner;
    by_hand.write("INSERT INTO zd VALUES ('A', 'x')");
    by_hand.cross(0);
    by_hand.made_outside(WIDER);
    by_hand.write(&format!("INSERT INTO zd VALUES ('B', '{}', 12.5)", "y".repeat(300)));
    by_hand.cross(1);
    assert!(!by_hand.script(2).exists(), "nobody here has approved");
    let early = by_hand.confirm("dukou-document 0\n");
    assert_refused(&early, "output.txt");

    assert_eq!(sign(inner, 0, &["schema", "approve", "2"]).code, 0);
    inner.pass(1);
    let status = inner.json(1, &["status"]);
    let why = &status["structures_coming"][0]["why"];
    assert!(why["code"] == "by-hand" && why["zh"].as_str().unwrap().contains("000002.sql"), "{status}");
    assert!(!by_hand.script(3).exists(), "no row of the next version passes");
    let bytes = fs::read(by_hand.script(2)).unwrap();
    inner.pass(1);
    assert_eq!(fs::read(by_hand.script(2)).unwrap(), bytes, "the script is the same as long as it waits");

    let out_of_turn = by_hand.run(2);
    assert!(out_of_turn.code != 0 && !out_of_turn.out.contains("dukou-"), "{out_of_turn:?}");
    assert_refused(&by_hand.confirm(&out_of_turn.out), "没有执行到底");
    assert_eq!(by_hand.run(1).code, 0);
    let done = by_hand.run(2);
    assert_eq!(done.code, 0, "{done:?}");

    assert_refused(&by_hand.confirm(&done.out.replace("dukou-check 2 1 1", "dukou-check 2 1 0")), "第 2 步");
    assert_refused(&by_hand.confirm(done.out.lines().next().unwrap()), "没有第 1 步");
    assert_refused(&by_hand.confirm(&done.out.replace("units in 1 1", "units in 1 0")), "标记");
    assert_refused(&by_hand.confirm(&done.out.replace("units in", "units out")), "另一个数据库");
    assert_refused(&by_hand.confirm(&done.out.replace("units in", "plans in")), "另一个数据库");
    assert_refused(&by_hand.confirm(&(done.out.clone() + &done.out)), "重复");
    assert_refused(&by_hand.confirm(&"x".repeat(300 << 10)), "output.txt");
    let foreign = format!("dukou-document {}\n", "0".repeat(64));
    assert_refused(&by_hand.confirm(&foreign), "另一份变更");
    inner.pass(1);
    assert!(!by_hand.script(3).exists(), "nobody vouched");

    fs::write(
        inner.path("scripts/columns.tsv"),
        COLUMNS.replace("\t100\t", "\t4000\t") + "main.parcels\tmj\tDECIMAL\t\t\t\t20\t2\tY\t\n",
    )
    .unwrap();
    inner.pass(1);
    let confirmed = by_hand.confirm(&done.out);
    assert_eq!(confirmed.code, 0, "{confirmed:?}");
    inner.pass(0);
    assert_eq!(by_hand.run(3).code, 0);
    assert_eq!(by_hand.rows("SELECT dm, length(yt), mj FROM parcels ORDER BY dm"), "[('A', 1, None), ('B', 300, '12.5')]");
    let said = inner.expect(0, &["schema", "show", "2"]).out;
    assert!(said.contains("确认") && said.contains("check-output units"), "{said}");
    assert_eq!(by_hand.confirm(&done.out).code, 0, "what is done is done");
    by_hand.write("UPDATE zd SET mj = 7 WHERE dm = 'A'");
    by_hand.cross(0);
    assert_eq!((by_hand.run(2).code != 0, by_hand.run(4).code), (true, 0), "behind later scripts it is out of turn");
    assert_eq!(by_hand.rows("SELECT mj FROM parcels WHERE dm = 'A'"), "[('7',)]");
    assert_pass(&by_hand.pair);
}

#[test]
fn a_change_is_confirmed_only_where_it_was_approved_and_handed_over_and_is_made_by_hand() {
    let by_hand = ByHand::new();
    by_hand.made_outside(WIDER);
    let here = sign(&by_hand.pair.outer, 0, &["schema", "confirm", "2", "--check-output", &by_hand.output("x")]);
    assert_refused(&here, "人工执行");
    by_hand.cross(1);
    let digest = by_hand.pair.inner.json(1, &["status"])["structures_coming"][0]["document"].as_str().unwrap().to_owned();
    let made_up = format!("dukou-document {digest}\ndukou-check 1 1 1\ndukou-check 2 1 1\ndukou-placed units in 1 1\n");
    assert_refused(&by_hand.confirm(&made_up), "unapproved");
    fs::remove_file(by_hand.pair.inner.path("scripts/columns.tsv")).unwrap();
    assert_refused(&sign(&by_hand.pair.inner, 0, &["schema", "approve", "2"]), "columns.tsv");
}

#[test]
fn a_script_from_which_somebody_took_a_step_is_found_out_by_what_it_prints() {
    let by_hand = ByHand::new();
    by_hand.made_outside(WIDER);
    by_hand.cross(1);
    assert_eq!(sign(&by_hand.pair.inner, 0, &["schema", "approve", "2"]).code, 0);
    by_hand.pair.inner.pass(1);
    let whole = fs::read_to_string(by_hand.script(1)).unwrap();
    let (step, behind) = (whole.find("\n-- 2. line").unwrap(), whole.find("\nUPDATE dukou_mark").unwrap());
    let shortened = by_hand.pair.dir.path().join("shortened.sql");
    fs::write(&shortened, format!("{}{}", &whole[..step], &whole[behind..])).unwrap();
    let done = python(SHELL, &[&by_hand.there, &shortened]);
    assert!(done.code == 0 && done.out.contains("dukou-placed units in 1 1"), "{done:?}");
    assert_refused(&by_hand.confirm(&done.out), "第 2 步没有做成：应为 1，实为 0");
    by_hand.pair.inner.pass(1);
}

#[test]
fn what_crosses_pending_goes_on_while_the_administrator_has_the_script_and_runs_behind_it() {
    let by_hand = ByHand::new();
    by_hand.write("INSERT INTO zd VALUES ('A', 'x')");
    by_hand.cross(0);
    by_hand.made_outside(&WIDER.replace("first_day", "pending = true\nfirst_day"));
    assert_eq!(by_hand.pair.outer.expect(0, &["status"]).code, 0);
    by_hand.cross(0);
    assert_eq!(sign(&by_hand.pair.inner, 0, &["schema", "approve", "2"]).code, 0);
    by_hand.pair.inner.pass(0);
    by_hand.write("INSERT INTO zd VALUES ('B', 'x', NULL)");
    by_hand.cross(0);
    assert_eq!(by_hand.run(1).code, 0);
    let early = by_hand.run(3);
    assert!(early.code != 0 && early.err.contains("NOT NULL"), "rows behind the change wait for its script: {early:?}");
    let done = by_hand.run(2);
    assert_eq!((done.code, by_hand.run(3).code), (0, 0), "{done:?}");
    assert_eq!(by_hand.confirm(&done.out).code, 0);
    by_hand.pair.inner.pass(0);
    assert_eq!(by_hand.rows("SELECT dm FROM parcels ORDER BY dm"), "[('A',), ('B',)]");
    assert_pass(&by_hand.pair);
}

/// A pair whose outer station takes the extracts of a database that only its administrator reaches.
fn with_extracts() -> Pair {
    let pair = Pair::new();
    let text = format!(
        "channel = \"{CHANNEL}\"\ntitle = \"units\"\nfrom = \"outer\"\nstructure = \"sample\"\n\n[source]\ndatabase = \"table-file:extracts\"\ntables = [\"BDC.ZD\"]\n\n[sink]\ndatabase = \"sqlite:there.db\"\n[sink.tables]\n\"BDC.ZD\" = \"zd\"\n"
    );
    for station in [&pair.outer, &pair.inner] {
        fs::write(station.path(format!("channels/{CHANNEL}.toml")), &text).unwrap();
        fs::create_dir(station.path("structures")).unwrap();
        fs::write(station.path("structures/sample.toml"), STRUCTURE.replace("\"zd\"", "\"BDC.ZD\"")).unwrap();
    }
    fs::create_dir(pair.outer.path("extracts")).unwrap();
    let columns = "# oracle UTF-8\nBDC.ZD\tDM\tVARCHAR2\t112\t28\tC\t\t\tN\t1\nBDC.ZD\tYT\tVARCHAR2\t400\t100\tC\t\t\tY\t\n";
    fs::write(pair.outer.path("extracts/columns.tsv"), columns).unwrap();
    sqlite(&pair.inner.path("there.db"), "CREATE TABLE zd (dm VARCHAR(28) NOT NULL PRIMARY KEY, yt VARCHAR(100))");
    pair.inner.expect(0, &["sink", "install", CHANNEL]);
    appoint(&pair);
    pair
}

fn extract(pair: &Pair, number: u32, lines: &[String]) {
    let text = format!("{}\n{{\"end\":{}}}\n", lines.join("\n"), lines.len());
    fs::write(pair.outer.path(format!("extracts/{number:06}.jsonl")), text).unwrap();
}

fn insert(key: &str, more: &str) -> String {
    format!(
        "{{\"table\":\"BDC.ZD\",\"op\":\"insert\",\"key\":{{\"dm\":\"{key}\"}},\"row\":{{\"dm\":\"{key}\",\"yt\":\"x\"{more}}},\"tx\":\"7\"}}"
    )
}

#[test]
fn where_rows_leave_by_extracts_the_marker_stands_between_them_and_waits_for_the_word_of_a_person() {
    let pair = with_extracts();
    let outer = &pair.outer;
    let path = pair.dir.path().join("change.toml");
    fs::write(&path, WIDER.replace("\"zd\"", "\"BDC.ZD\"")).unwrap();
    assert_eq!(sign(outer, 0, &["schema", "propose", &path.display().to_string()]).code, 0);
    assert_eq!(sign(outer, 1, &["schema", "approve", "2"]).code, 0);
    outer.pass(75);
    let said = outer.expect(1, &["status"]).out;
    assert!(said.contains("change-2-"), "{said}");
    let script = fs::read_dir(outer.path("extracts"))
        .unwrap()
        .flatten()
        .find(|entry| entry.file_name().to_string_lossy().starts_with("change-2-"));
    let script = fs::read_to_string(script.unwrap().path()).unwrap();
    let place =
        script.lines().find_map(|line| line.split('\'').find(|part| part.starts_with("{\"structure\""))).unwrap().to_owned();
    assert!(
        script.contains("INSERT INTO dukou_outbox_units") && script.contains("MODIFY (\"YT\" VARCHAR2(4000 CHAR))"),
        "{script}"
    );
    outer.expect(0, &["source", "install", CHANNEL, "--print", "--dialect", "oracle", "--script", "triggers"]);

    extract(&pair, 1, &[insert("A", ""), place.clone(), insert("B", ",\"mj\":\"2.5\"").replace('7', "8")]);
    outer.pass(75);
    pair.carry();
    pair.inner.pass(0);
    assert_eq!(
        asked(&pair, "SELECT group_concat(dm) FROM zd"),
        "A",
        "nothing behind the marker leaves before somebody vouched"
    );
    let digest = place.split('"').nth(3).unwrap();
    let answers =
        format!("SQL> x\n\ndukou-document {digest}\ndukou-check 1 1 1\ndukou-check 2 1 1\ndukou-placed units out 1 1\n");
    let output = pair.dir.path().join("output.txt");
    fs::write(&output, &answers).unwrap();
    let confirmed = sign(outer, 0, &["schema", "confirm", "2", "--check-output", &output.display().to_string()]);
    assert_eq!(confirmed.code, 0, "{confirmed:?}");
    outer.pass(0);
    pair.carry();
    pair.inner.pass(1);
    assert_eq!(sign(&pair.inner, 1, &["schema", "approve", "2"]).code, 0);
    pair.inner.pass(0);
    assert_eq!(asked(&pair, "SELECT group_concat(dm || coalesce(mj, '')) FROM zd"), "A,B2.5");
    assert_pass(&pair);
}

#[test]
fn a_script_that_nobody_ran_is_taken_back_and_one_that_was_run_all_the_same_stops_its_channel() {
    let pair = with_extracts();
    let outer = &pair.outer;
    let path = pair.dir.path().join("change.toml");
    fs::write(&path, WIDER.replace("\"zd\"", "\"BDC.ZD\"")).unwrap();
    assert_eq!(sign(outer, 0, &["schema", "propose", &path.display().to_string()]).code, 0);
    assert_eq!(sign(outer, 1, &["schema", "approve", "2"]).code, 0);
    outer.pass(75);
    let person = ["--name", "王", "--reason", "改为下一版"];
    let cancelled = outer.ask(&[&["schema", "cancel", "2"], &person[..]].concat());
    assert!(cancelled.code == 2 && cancelled.err.contains("schema back 2"), "{cancelled:?}");
    let digest = outer.json(1, &["status"])["structures"][0]["document"].as_str().unwrap().to_owned();
    let list = fs::read(outer.path("extracts/columns.tsv")).unwrap();
    fs::remove_file(outer.path("extracts/columns.tsv")).unwrap();
    assert_refused(&outer.ask(&[&["schema", "back", "2"], &person[..]].concat()), "columns.tsv");
    fs::write(outer.path("extracts/columns.tsv"), list).unwrap();
    let back = outer.expect(0, &[&["schema", "back", "2"], &person[..]].concat());
    assert!(back.out.contains("脚本已收走") && !back.out.contains("是原来的结构"), "{back:?}");
    let left: Vec<_> = fs::read_dir(outer.path("extracts")).unwrap().flatten().map(|entry| entry.file_name()).collect();
    assert_eq!(left, ["columns.tsv"]);
    extract(&pair, 1, &[insert("A", ""), format!("{{\"structure\":\"{digest}\"}}"), insert("B", "").replace('7', "8")]);
    outer.pass(75);
    pair.carry();
    pair.inner.pass(0);
    assert_eq!(asked(&pair, "SELECT group_concat(dm) FROM zd"), "A");
}

fn asked(pair: &Pair, sql: &str) -> String {
    let script = "import sqlite3, sys; print(sqlite3.connect(sys.argv[1]).execute(sys.argv[2]).fetchone()[0])";
    python(script, &[&pair.inner.path("there.db"), Path::new(sql)]).out.trim().to_owned()
}
