//! `schema lint`, `plan` and `status` over the real program.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use dukou_tests::stations::audit;
use dukou_tests::stations::packet::{PacketFile, cargo};
use dukou_tests::stations::pair::Pair;
use dukou_tests::stations::station::{Answer, Station};

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

/// A pair whose outer station knows the structure and has the approvers 王 and 李.
fn with_approvers() -> Pair {
    let pair = Pair::new();
    let text = format!(
        "channel = \"{CHANNEL}\"\ntitle = \"units\"\nfrom = \"outer\"\nstructure = \"sample\"\n\n[source]\ndatabase = \"sqlite:registry.db\"\ntables = [\"zd\"]\n\n[sink]\ndatabase = \"sqlite:there.db\"\n"
    );
    fs::write(pair.outer.path(format!("channels/{CHANNEL}.toml")), &text).unwrap();
    fs::create_dir(pair.outer.path("structures")).unwrap();
    fs::write(pair.outer.path("structures/sample.toml"), STRUCTURE).unwrap();
    sqlite(&pair.outer.path("registry.db"), "CREATE TABLE zd (dm VARCHAR(28) NOT NULL PRIMARY KEY, yt VARCHAR(100))");
    pair.outer.expect(0, &["source", "install", CHANNEL]);
    for name in ["王", "李"] {
        let words = put(&pair, &format!("{name}.words"), &format!("{name}的口令只有本人知道\n"));
        pair.outer.expect(0, &["schema", "approver", "add", name, "--words-file", &words]);
    }
    pair
}

/// Runs a command as a person behind sudo.
fn by(station: &Station, account: &str, args: &[&str]) -> Answer {
    Answer::of(station.command(args).env("SUDO_USER", account).output().unwrap())
}

fn signed(pair: &Pair, account: &str, name: &str, args: &[&str]) -> Answer {
    let words = pair.dir.path().join(format!("{name}.words")).display().to_string();
    by(&pair.outer, account, &[args, &["--as", name, "--words-file", &words, "--reason", "依据已核对"]].concat())
}

#[test]
fn a_change_counts_once_a_second_person_signed_for_it_and_only_as_long_as_nothing_of_it_changes() {
    let pair = with_approvers();
    let (wider, show) = (put(&pair, "wider.toml", WIDER), ["schema", "show", "2"]);
    assert!(pair.outer.expect(0, &["schema", "approver", "list"]).out.contains('王'));
    let answer = signed(&pair, "wang", "王", &["schema", "propose", &wider]);
    assert_eq!(answer.code, 0, "{answer:?}");
    let said = pair.outer.expect(1, &show).out;
    assert!(said.contains("unapproved") && said.contains("VARCHAR(4000)") && said.contains("依据已核对"), "{said}");
    for (account, name) in [("wang", "王"), ("li", "王"), ("wang", "李")] {
        let answer = signed(&pair, account, name, &["schema", "approve", "2"]);
        assert!(answer.code == 2 && answer.err.contains("self-approved"), "{account} {name}: {answer:?}");
    }
    let wrong = put(&pair, "wrong.words", "不是李的口令\n");
    let args = ["schema", "approve", "2", "--as", "李", "--words-file", &wrong, "--reason", "x"];
    assert!(by(&pair.outer, "li", &args).err.contains("口令不对"));
    assert_eq!(signed(&pair, "li", "李", &["schema", "approve", "2"]).code, 0);
    assert!(pair.outer.expect(0, &show).out.contains("已批准"));
    assert_sound(&pair.outer);

    let channel = format!("channels/{CHANNEL}.toml");
    pair.outer.edit(&channel, "sqlite:registry.db", "postgres://a@h/b");
    assert!(pair.outer.expect(1, &show).out.contains("altered"), "what would be run is not what was signed");
    pair.outer.edit(&channel, "postgres://a@h/b", "sqlite:registry.db");
    pair.outer.expect(0, &show);
    pair.outer.expect(0, &["schema", "approver", "end", "李"]);
    assert!(pair.outer.expect(1, &show).out.contains("role-expired"));
    let answer = signed(&pair, "li", "李", &["schema", "approve", "2"]);
    assert!(answer.code == 2 && answer.err.contains("role-expired"), "{answer:?}");
    pair.outer.expect(0, &["schema", "cancel", "2", "--name", "王", "--reason", "改为下一版"]);
    assert!(pair.outer.expect(1, &show).out.contains("cancelled"));
    assert_eq!(signed(&pair, "wang", "王", &["schema", "propose", &wider]).code, 0);
    pair.outer.expect(0, &["schema", "cancel", "2", "--name", "王", "--reason", "再想"]);
    let again = signed(&pair, "wang", "王", &["schema", "propose", &wider]);
    assert!(again.code == 2 && again.err.contains("已随撤销作废"), "a signature that ended counts no more: {again:?}");
    assert_sound(&pair.outer);
}

/// Asks SQLite for one value.
fn asked(file: &Path, sql: &str) -> String {
    let script = "import sqlite3, sys; print(sqlite3.connect(sys.argv[1]).execute(sys.argv[2]).fetchone()[0])";
    let done = Command::new("python3").args(["-c", script]).arg(file).arg(sql).output().unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    String::from_utf8_lossy(&done.stdout).trim().to_string()
}

#[test]
fn an_approved_change_is_made_in_the_source_and_its_marker_leaves_between_the_rows_of_both_versions() {
    let pair = with_approvers();
    let registry = pair.outer.path("registry.db");
    sqlite(&registry, "INSERT INTO zd VALUES ('A', 'x')");
    pair.outer.pass(0);
    sqlite(&registry, "INSERT INTO zd VALUES ('B', 'x')");
    let wider = put(&pair, "wider.toml", WIDER);
    assert_eq!(signed(&pair, "wang", "王", &["schema", "propose", &wider]).code, 0);
    assert_eq!(signed(&pair, "li", "李", &["schema", "approve", "2"]).code, 0);
    let file = pair.dir.path().join("markers.dkp").display().to_string();
    let early = pair.outer.ask(&["schema", "export", "2", "--out", &file]);
    assert!(early.code == 2 && early.err.contains("标记"), "{early:?}");
    pair.outer.pass(0);
    let declared = asked(&registry, "SELECT sql FROM sqlite_master WHERE name = 'zd'");
    assert!(declared.contains("4000"), "{declared}");
    sqlite(&registry, &format!("INSERT INTO zd VALUES ('C', '{}')", "y".repeat(200)));
    pair.outer.pass(0);
    let left = cargo(&pair.outer.path("ferry/out"), CHANNEL);
    let versions =
        left.iter().map(|PacketFile { header, .. }| (header.kind, header.structure_written, header.structure_needed));
    assert_eq!(versions.collect::<Vec<_>>(), [(1, 1, 1), (1, 1, 1), (2, 2, 1), (1, 2, 2)]);
    let compared = ["schema", "status", CHANNEL];
    assert!(pair.outer.expect(0, &compared).out.contains("sample 第 2 版一致"), "without a file: what the station believes");
    sqlite(&registry, "ALTER TABLE zd RENAME COLUMN yt TO other");
    assert!(pair.outer.expect(1, &compared).out.contains("yt"));
    sqlite(&registry, "ALTER TABLE zd RENAME COLUMN other TO yt");
    let said = pair.outer.expect(0, &["schema", "show", "2"]).out;
    assert!(said.contains("标记已离站") && !said.contains("已生效"), "{said}");
    let status = pair.outer.json(0, &["status"]);
    assert_eq!(status["structures"][0]["state"], "left", "{status}");
    pair.outer.expect(0, &["schema", "export", "2", "--out", &file]);
    assert!(pair.outer.ask(&["schema", "export", "2", "--out", &file]).code == 2, "nothing is written over");
    let cancelled = pair.outer.ask(&["schema", "cancel", "2", "--name", "王", "--reason", "x"]);
    assert!(cancelled.code == 2 && cancelled.err.contains("不能撤销"), "{cancelled:?}");
    assert_sound(&pair.outer);
}

#[test]
fn what_would_be_lost_is_signed_for_only_by_who_allows_it() {
    let pair = with_approvers();
    let dropped = WIDER.replace("\"widen\"", "\"drop-column\"").replace("to = \"text(4000)\"\n", "");
    let dropped = put(&pair, "dropped.toml", &dropped);
    let refused = signed(&pair, "wang", "王", &["schema", "propose", &dropped]);
    assert!(refused.code == 1 && refused.err.contains("yt"), "{refused:?}");
    assert!(pair.outer.expect(0, &["schema", "show"]).out.contains("没有"));
    assert_eq!(signed(&pair, "wang", "王", &["schema", "propose", &dropped, "--allow-loss"]).code, 0);
    assert_eq!(signed(&pair, "li", "李", &["schema", "approve", "2"]).code, 1);
    assert_eq!(signed(&pair, "li", "李", &["schema", "approve", "2", "--allow-loss"]).code, 0);
    let said = pair.outer.expect(0, &["schema", "show", "2"]).out;
    assert!(said.contains("会丢失") && said.contains("DROP COLUMN"), "{said}");
    let other = put(&pair, "wider.toml", WIDER);
    let second = signed(&pair, "wang", "王", &["schema", "propose", &other]);
    assert!(second.code == 2 && second.err.contains("schema cancel 2"), "{second:?}");
}

#[test]
fn later_versions_of_a_keyring_are_trusted_in_their_order_alone() {
    let pair = with_approvers();
    let card = pair.card(&pair.outer);
    let newest = card.to_str().unwrap();
    let answer = pair.inner.ask(&["trust", newest, "--yes"]);
    assert!(answer.code == 2 && answer.err.contains("第 2 版"), "{answer:?}");
    let second = pair.outer.path("log/keyring-000002.txt").display().to_string();
    for card in [second.as_str(), newest] {
        pair.inner.expect(0, &["trust", card, "--yes"]);
    }
    let answer = pair.inner.ask(&["trust", &second, "--yes"]);
    assert!(answer.code == 2 && answer.err.contains("更旧"), "{answer:?}");
    pair.drop_messages(0, 1);
    pair.exchange();
    for station in [&pair.outer, &pair.inner] {
        assert_sound(station);
    }
}

/// The log passes, with every version of the keyring.
fn assert_sound(station: &Station) {
    let answer = audit::verify(station);
    assert_eq!(answer.code, 0, "{}", answer.all());
}
