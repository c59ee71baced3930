//! A county's day over the real programs: a registration database and messages at the outer station, responses at the inner one, and what `day` says of all.

use dukou_shared::registration::kept::civil_of;
use dukou_tests::stations::pair::{MESSAGES, Pair, RESPONSES};
use dukou_tests::stations::station::Station;
use dukou_tests::stations::tree;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::Command;

const TABLE: &str = "CREATE TABLE qlf_register (ywh TEXT, bdcdyh TEXT, djlx TEXT, qllx TEXT, bdcqzh TEXT, qxdm TEXT, djsj TEXT, qszt TEXT, jrzt INTEGER);";

/// A script that runs SQL in a file.
const SQLITE: &str = "import sqlite3, sys\ndb = sqlite3.connect(sys.argv[1], timeout=20)\ndb.executescript(sys.argv[2])\n";

fn deploy(name: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy/register").join(name)).unwrap()
}

/// The date in China so many days ago.
fn days_ago(days: i64) -> String {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    civil_of(since.as_millis() as i64 - days * 86_400_000).date().to_string()
}

fn unit(n: u32) -> String {
    format!("150721001002GB00017F{n:08}")
}

/// Two stations with a register, as deploy/register says.
struct County {
    pair: Pair,
    /// The day that everything is registered on.
    day: String,
}

impl County {
    fn new() -> Self {
        let pair = Pair::new();
        let database = format!("sqlite:{}", pair.dir.path().join("registry.db").display());
        let rows = deploy("register-row.toml")
            .replace("postgres://dukou@localhost/registry", &database)
            .replace("public.dukou_register_row", "dukou_register_row")
            .replace("poll_seconds = 60 ", "poll_seconds = 0 ");
        for station in [&pair.outer, &pair.inner] {
            std::fs::write(station.path("channels/register-row.toml"), &rows).unwrap();
            std::fs::write(station.path("channels/day-mark.toml"), deploy("day-mark.toml")).unwrap();
            for (channel, cargo) in [(MESSAGES, "messages"), (RESPONSES, "responses")] {
                let file = format!("channels/{channel}.toml");
                let text = station.read(&file);
                std::fs::write(station.path(&file), format!("cargo = \"{cargo}\"\n{text}")).unwrap();
            }
        }
        pair.trust_each_other();
        // A day before today, so that midnight does not come between.
        let day = days_ago(1);
        let county = Self { pair, day };
        county.sql(&format!("{TABLE} {}", deploy("view.sql")));
        county
    }

    fn sql(&self, sql: &str) {
        let file = self.pair.dir.path().join("registry.db");
        let output = Command::new("python3").args(["-c", SQLITE]).arg(file).arg(sql).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }

    fn register(&self, n: u32, unit: &str, state: i8) {
        let day = &self.day;
        self.sql(&format!(
            "INSERT INTO qlf_register VALUES ('20240315-{n:04}', '{unit}', '100', '4', '蒙（2024）第{n}号', '150721', '{day} 09:3{n}:00', '1', {state})"
        ));
    }

    fn message(&self, n: u32, area: &str, unit: &str) -> String {
        let id = format!("{area}240315{n:06}");
        let text = format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Message><Head><BizMsgID>{id}</BizMsgID><ASID>AS100</ASID><AreaCode>{area}</AreaCode>\
             <RecType>1000301</RecType><RightType>4</RightType><RegType>100</RegType><CreateDate>{}T09:3{n}:00</CreateDate>\
             <RecFlowID>20240315-{n:04}</RecFlowID><EstateNum>{unit}</EstateNum></Head><Data/></Message>\n",
            self.day
        );
        self.pair.drop(MESSAGES, &format!("Biz{id}.xml"), text.as_bytes());
        id
    }

    fn respond(&self, id: &str, flag: u8) {
        let text = format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<respond><BizMsgID>{id}</BizMsgID><SuccessFlag>{flag}</SuccessFlag>\
             <ResponseCode>000{flag}</ResponseCode><ResponseInfo>x</ResponseInfo></respond>\n"
        );
        tree::write_old(&self.pair.inner.path("drop").join(RESPONSES).join(format!("Rep{id}.xml")), text.as_bytes());
    }

    fn exchange(&self) {
        self.pair.exchange();
        self.pair.exchange();
    }

    fn day(&self, code: i32) -> Value {
        self.pair.inner.json(code, &["day", &self.day, "--area", "150721"])
    }
}

/// Gives the case or id of each difference of a kind.
fn of_kind(day: &Value, kind: &str) -> Vec<String> {
    let told = |one: &Value| format!("{} {}", one["ywh"].as_str().unwrap(), one["id"].as_str().unwrap()).trim().to_owned();
    day["differences"].as_array().unwrap().iter().filter(|one| one["kind"] == kind).map(told).collect()
}

/// Five registrations, one that the register leaves out, a message without a registration, a foreign one, and an orphan response.
fn planted() -> County {
    let county = County::new();
    for n in 1..=4 {
        county.register(n, &unit(n), 0);
    }
    county.register(5, "150721000000GB00017F00000005", 0);
    county.register(6, &unit(6), 9);
    let [accepted, failed, _waiting] = [1, 2, 3].map(|n| county.message(n, "150721", &unit(n)));
    county.message(7, "150721", &unit(7));
    county.message(8, "370102", &unit(8));
    county.exchange();
    county.respond(&accepted, 1);
    county.respond(&failed, 2);
    county.respond("150721240315000099", 1);
    county.pair.inner.pass(0);
    county
}

#[test]
fn the_day_says_what_was_planted() {
    let county = planted();
    let day = county.day(1);
    let counts = json!({
        "registered": 5, "ferried": 3, "reported": 3, "accepted": 1, "failed": 1, "waiting": 1, "unreported": 1, "excused": 1,
        "left_out": 1, "late": 0, "entered_after_log": 0
    });
    assert_eq!(day["counts"], counts);
    assert_eq!(day["completeness"]["code"], "complete", "{day}");
    assert_eq!(day["completeness"]["messages_complete"], true);
    assert!(day["completeness"]["zh"].as_str().unwrap().ends_with("（外网 6 条，内网 6 条）"));
    assert_eq!(of_kind(&day, "registered-not-reported"), ["20240315-0004"]);
    assert_eq!(of_kind(&day, "reported-not-registered"), ["20240315-0007 150721240315000007"]);
    // What came is told on the day on which it came.
    let came = county.pair.inner.json(1, &["day", &days_ago(0)]);
    assert_eq!(of_kind(&came, "foreign-message"), ["20240315-0008 370102240315000008"]);
    assert_eq!(of_kind(&came, "orphan-response"), ["150721240315000099"]);
    let status = county.pair.inner.json(0, &["status"]);
    assert_eq!((&status["days"][0]["county"], &status["days"][0]["code"]), (&json!("150721"), &json!("complete")));
    assert!(county.pair.inner.expect(0, &["status"]).out.contains("数据齐全至"));
}

#[test]
fn a_decision_stands_beside_its_difference_with_name_and_reason() {
    let county = planted();
    let inner = &county.pair.inner;
    let decide = |code: i32, more: &[&str]| {
        let about = ["day", &county.day, "--decide", "registered-not-reported", "--name", "王工", "--reason", "档案补录中"];
        inner.expect(code, &[&about[..], more].concat()).all()
    };
    assert!(decide(2, &["--ywh", "20240315-0001"]).contains("--ywh"), "it is no difference");
    assert!(decide(0, &["--ywh", "20240315-0004"]).contains("王工"));
    let day = county.day(1);
    let decided = day["differences"].as_array().unwrap().iter().find(|one| one["kind"] == "registered-not-reported").unwrap();
    assert_eq!((&decided["decision"]["name"], &decided["decision"]["reason"]), (&json!("王工"), &json!("档案补录中")));
    assert_eq!(of_kind(&day, "registered-not-reported"), ["20240315-0004"], "it stays in its list");
}

#[test]
fn rows_that_came_behind_a_mark_are_told_beside_it_and_rows_under_way_are_missing() {
    let county = planted();
    county.register(9, &unit(9), 0);
    county.exchange();
    let day = county.day(1);
    assert_eq!(day["completeness"]["code"], "complete");
    assert!(day["completeness"]["zh"].as_str().unwrap().ends_with("（外网 6 条，内网 6 条），此后又到 1 条"), "{day}");
    // A mark that overtakes rows: the inner station knows what is missing.
    county.sql("UPDATE qlf_register SET djlx = '200' WHERE ywh = '20240315-0001'; DELETE FROM qlf_register WHERE ywh = '20240315-0009'");
    county.exchange();
    let day = county.day(1);
    assert_eq!((&day["counts"]["registered"], &day["completeness"]["code"]), (&json!(5), &json!("complete")));
    let first = &day["registrations"][0];
    assert_eq!((&first["ywh"], &first["djlx"], &first["state"]), (&json!("20240315-0001"), &json!("200"), &json!("accepted")));
}

#[test]
fn the_day_is_written_as_csv_xlsx_and_html_and_is_the_same_in_every_time_zone() {
    let county = planted();
    let inner = &county.pair.inner;
    let files = ["csv", "xlsx", "html"].map(|end| inner.path(format!("day.{end}")));
    let [csv, xlsx, html] = files.each_ref().map(|file| file.to_str().unwrap());
    let shown = inner.expect(1, &["day", &county.day, "--csv", csv, "--xlsx", xlsx, "--html", html]).out;
    assert!(shown.contains("已登簿未上报") && shown.contains("20240315-0004"), "{shown}");
    let mine = inner.path("mine.csv");
    std::fs::write(&mine, "mine").unwrap();
    assert_eq!(inner.expect(2, &["day", &county.day, "--csv", mine.to_str().unwrap()]).out, "");
    assert_eq!(std::fs::read_to_string(&mine).unwrap(), "mine", "nothing is overwritten");
    let [csv, xlsx, html] = files.map(|file: PathBuf| std::fs::read(file).unwrap());
    assert!(csv.starts_with("\u{feff}".as_bytes()) && csv.windows(2).any(|two| two == b"\r\n"));
    assert!(xlsx.starts_with(b"PK") && String::from_utf8(html).unwrap().contains("@page"));
    let zoned = |zone: Option<&str>| zoned(inner, &county.day, zone);
    let [utc, urumqi, nothing] = [zoned(Some("UTC")), zoned(Some("Asia/Urumqi")), zoned(None)];
    assert_eq!(utc, urumqi);
    assert_eq!(utc, nothing);
    assert!(utc["registrations"][0]["djsj"].as_str().unwrap().ends_with("T09:31:00"));
}

/// Gives the day as a program under that time zone tells it; without one, where no zone files are.
fn zoned(inner: &Station, day: &str, zone: Option<&str>) -> Value {
    let mut command = inner.command(&["day", day, "--json"]);
    match zone {
        Some(zone) => command.env("TZ", zone),
        None => command.env_remove("TZ").env("TZDIR", inner.path("no-zones")),
    };
    let mut day: Value = serde_json::from_slice(&command.output().unwrap().stdout).unwrap();
    day["until"] = Value::Null;
    day
}

#[test]
fn a_view_that_lacks_columns_is_named_by_them_and_a_day_wants_a_county() {
    let county = County::new();
    county.sql("DROP VIEW dukou_register_row; CREATE VIEW dukou_register_row AS SELECT ywh, bdcdyh, djlx, qllx, djsj FROM qlf_register");
    let checked = county.pair.outer.expect(1, &["source", "check", "register-row"]).out;
    assert!(["zszmh", "qxdm", "qszt"].iter().all(|column| checked.contains(column)), "{checked}");
    county.sql("DROP VIEW dukou_register_row");
    let checked = county.pair.outer.expect(1, &["source", "check", "register-row"]).out;
    assert!(checked.contains("dukou_register_row"), "{checked}");
    assert!(county.pair.outer.expect(2, &["day", &county.day]).all().contains("内网站"));
    let plain = Pair::new();
    assert!(plain.inner.expect(2, &["day", "2024-03-15"]).all().contains("--area"));
    let empty = plain.inner.json(1, &["day", "2024-03-15", "--area", "150721"]);
    assert_eq!((&empty["completeness"]["code"], &empty["clean"]), (&json!("no-mark"), &json!(true)));
}

#[test]
fn a_message_that_was_refused_here_is_told_with_its_code_and_counts_as_unreported() {
    let county = County::new();
    let inner = &county.pair.inner;
    let file = format!("channels/{MESSAGES}.toml");
    // The inner station's channel takes messages of another county alone.
    let said = format!("on_error = \"reject\"\nareas = [\"150722\"]\n{}", inner.read(&file));
    std::fs::write(inner.path(&file), said).unwrap();
    county.register(1, &unit(1), 0);
    let id = county.message(1, "150721", &unit(1));
    county.exchange();
    let day = county.day(1);
    let told = &day["registrations"][0];
    assert_eq!((&told["state"], &told["code"], &told["messages"]), (&json!("refused"), &json!("area-foreign"), &json!([id])));
    let counts = &day["counts"];
    let counted = ["registered", "ferried", "reported", "unreported"].map(|name| counts[name].clone());
    assert_eq!(counted, [json!(1), json!(1), json!(0), json!(1)]);
    assert_eq!(of_kind(&day, "registered-not-reported"), ["20240315-0001"]);
    let difference =
        day["differences"].as_array().unwrap().iter().find(|one| one["kind"] == "registered-not-reported").unwrap();
    assert!(difference["zh"].as_str().unwrap().contains("area-foreign"), "{difference}");
}
