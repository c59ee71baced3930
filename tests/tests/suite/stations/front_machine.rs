//! Messages to a front machine's folders and responses back out, re-reports that are ordered, logs that are carried: both real programs.

use dukou_tests::servers::ssh::SshServer;
use dukou_tests::stations::daemon::Daemon;
use dukou_tests::stations::pair::{LOGS, MESSAGES, Pair, RESPONSES};
use dukou_tests::stations::tree::names;
use dukou_tests::stations::wait::until;
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::time::Duration;

const ID: &str = "150721240315000001";
const DAY: &str = "2024-03-15";

/// The names in a folder that its takers see.
fn visible(dir: &Path) -> Vec<String> {
    names(dir).into_iter().filter(|name| !name.starts_with('.')).collect()
}

fn sample(name: &str) -> Vec<u8> {
    std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("data/registration").join(name)).unwrap()
}

/// A pair whose inner station reports to the folders of a front machine.
struct Fronted {
    pair: Pair,
    front: PathBuf,
}

impl Fronted {
    #[track_caller]
    fn new(log_source: &str) -> Self {
        Self::reached(log_source, "")
    }

    /// As [`new`](Self::new), with more settings at the end of the lane.
    #[track_caller]
    fn reached(log_source: &str, more: &str) -> Self {
        let pair = Pair::new();
        let front = pair.dir.path().join("front");
        for dir in ["BizMsg", "RepMsg", "logs"] {
            std::fs::create_dir_all(front.join(dir)).unwrap();
        }
        let lane = include_str!("../../../../deploy/register/lane.toml");
        let lane =
            lane.replace("/srv/front/150721", front.to_str().unwrap()).replace("= \"built\"", &format!("= {log_source:?}"));
        let lane = lane.replace("first_look_seconds = 100", "first_look_seconds = 1");
        let (before, behind) = lane.split_once("[log.way]").unwrap();
        let messages = &behind[behind.find("[messages]").unwrap()..];
        let way = format!("[log.way]\ntransport = \"folder\"\nfolder = {:?}\n", front.join("logs"));
        let lane = format!("{before}{way}{}", messages.replace("look_every_seconds = 600", "look_every_seconds = 1"));
        let orders = include_str!("../../../../deploy/register/resubmit-order.toml");
        for station in [&pair.outer, &pair.inner] {
            for (channel, cargo) in [(MESSAGES, "messages"), (RESPONSES, "responses"), (LOGS, "logs")] {
                station.edit(&format!("channels/{channel}.toml"), "\npriority", &format!("\ncargo = {cargo:?}\npriority"));
            }
            std::fs::write(station.path("channels/resubmit-order.toml"), orders).unwrap();
            for folder in ["drop/resubmit-order", "arrived/resubmit-order"] {
                std::fs::create_dir_all(station.path(folder)).unwrap();
            }
        }
        std::fs::create_dir(pair.inner.path("lanes")).unwrap();
        std::fs::write(pair.inner.path("lanes/150721.toml"), lane + more).unwrap();
        pair.inner.set("ferry", "scan_seconds = 1");
        pair.trust_each_other();
        Self { pair, front }
    }

    #[track_caller]
    fn ferry(&self, channel: &str, name: &str, bytes: &[u8]) {
        self.pair.drop(channel, name, bytes);
        self.pair.outer.pass(0);
        self.pair.carry();
        self.pair.inner.pass(0);
    }

    fn lies(&self, folder: &str) -> Vec<String> {
        names(&self.front.join(folder))
    }

    /// Lets the inner station run until it has taken a response.
    #[track_caller]
    fn fetch(&self, taken: usize) {
        let daemon = Daemon::running(&self.pair.inner);
        until("a response has left", Duration::from_secs(60), || self.left() >= taken);
        daemon.stop_cleanly();
    }

    fn left(&self) -> usize {
        let channel = self.pair.inner.channel(RESPONSES);
        channel["left"].as_u64().unwrap_or_default() as usize
    }

    #[track_caller]
    fn chain(&self) -> Value {
        let told = self.pair.inner.json(0, &["trace", ID]);
        told["chains"].as_array().map(|chains| chains[0].clone()).unwrap_or_else(|| panic!("{told}"))
    }
}

#[test]
fn a_message_is_placed_unchanged_and_its_own_response_alone_goes_back_out() {
    let fronted = Fronted::new("built");
    let (message, response) = (sample(&format!("new/BizMsg/Biz{ID}.xml")), sample(&format!("new/RepMsg/Rep{ID}.xml")));
    fronted.ferry(MESSAGES, &format!("Biz{ID}.xml"), &message);
    assert_eq!(std::fs::read(fronted.front.join(format!("BizMsg/Biz{ID}.xml"))).unwrap(), message);
    assert!(fronted.pair.arrived(MESSAGES).is_empty(), "nobody else takes it");
    assert!(fronted.chain()["reports"][0]["reported"].is_string());
    let rep = fronted.front.join("RepMsg");
    std::fs::write(rep.join("Rep150722240315000001.xml"), &response).unwrap();
    std::fs::write(rep.join("Rep150721240315000009.xml"), &response).unwrap();
    std::fs::write(rep.join(format!("Rep{ID}.xml")), &response).unwrap();
    fronted.fetch(1);
    fronted.pair.carry_back();
    fronted.pair.outer.pass(0);
    let arrived = fronted.pair.outer.path(format!("arrived/{RESPONSES}"));
    assert_eq!(visible(&arrived), [format!("Rep{ID}.xml")]);
    assert_eq!(std::fs::read(arrived.join(format!("Rep{ID}.xml"))).unwrap(), response);
    assert_eq!(fronted.chain()["reports"][0]["answer"], "accepted");
    assert_eq!(fronted.lies("RepMsg").len(), 3, "the front machine's files are its own");
}

#[test]
fn messages_and_responses_pass_through_an_openssh_server() {
    let server = SshServer::start();
    let settings = format!(
        "\n[messages.sftp]\nhost = \"127.0.0.1\"\nport = {}\nuser = {:?}\nkey_file = {:?}\nhost_key = {:?}\nsource_address = \"127.0.0.1\"\n",
        server.port(),
        server.account(),
        server.key_file(),
        server.fingerprint(),
    );
    let fronted = Fronted::reached("built", &settings);
    let (message, response) = (sample(&format!("new/BizMsg/Biz{ID}.xml")), sample(&format!("new/RepMsg/Rep{ID}.xml")));
    fronted.ferry(MESSAGES, &format!("Biz{ID}.xml"), &message);
    assert_eq!(fronted.lies("BizMsg"), [format!("Biz{ID}.xml")]);
    assert_eq!(std::fs::read(fronted.front.join(format!("BizMsg/Biz{ID}.xml"))).unwrap(), message);
    assert!(fronted.pair.arrived(MESSAGES).is_empty(), "nobody else takes it");
    std::fs::write(fronted.front.join(format!("RepMsg/Rep{ID}.xml")), &response).unwrap();
    fronted.fetch(1);
    fronted.pair.carry_back();
    fronted.pair.outer.pass(0);
    let arrived = fronted.pair.outer.path(format!("arrived/{RESPONSES}/Rep{ID}.xml"));
    assert_eq!(std::fs::read(arrived).unwrap(), response);
    assert_eq!(fronted.chain()["reports"][0]["answer"], "accepted");
}

#[test]
fn neither_folder_of_a_front_machine_may_be_a_channels_own() {
    for (channel, from, folder, setting) in
        [(MESSAGES, "arrived/", "BizMsg", "messages.biz"), (RESPONSES, "drop/", "RepMsg", "messages.rep")]
    {
        let fronted = Fronted::new("built");
        let own = format!("\"{from}{channel}\"");
        let front = format!("{:?}", fronted.front.join(folder));
        fronted.pair.inner.edit(&format!("channels/{channel}.toml"), &own, &front);
        assert!(fronted.pair.inner.expect(2, &["pass"]).err.contains(setting), "{setting}");
    }
}

#[test]
fn a_carried_file_with_a_second_log_or_a_second_list_is_not_sent() {
    let name = "LogBiz150721-20240315213000.xml";
    let log = String::from_utf8(sample(&format!("log/new/{name}"))).unwrap();
    let inner_part = log.split_once("<AccessLog>").and_then(|(_, rest)| rest.split_once("</AccessLog>")).unwrap().0.to_owned();
    let empty = empty_log();
    for (twice, code) in [
        (empty.clone(), 0),
        (
            empty.replace(
                "</AccessLogs>",
                &format!("<AccessLog>{inner_part}</AccessLog></AccessLogs>").replace("20240315", "20240314"),
            ),
            2,
        ),
        (empty.replace("<AccessList totalNum=\"0\"/>", "<AccessList totalNum=\"0\"/><AccessList totalNum=\"7\"/>"), 2),
        (empty.replace(" firstReg=\"0\"", " firstReg=\"many\""), 2),
    ] {
        let fronted = Fronted::new("carried");
        fronted.ferry(LOGS, name, twice.as_bytes());
        let answer = fronted.pair.inner.expect(code, &["log", "send", DAY]);
        assert_eq!(fronted.lies("logs").len(), usize::from(code == 0), "{}{}", answer.out, answer.err);
    }
}

/// The true log of a day on which nothing was registered.
fn empty_log() -> String {
    let counters = "totalNum=\"0\" firstReg=\"0\" transferReg=\"0\" changeReg=\"0\" logoutReg=\"0\" riviseReg=\"0\" dissentingReg=\"0\" advanceReg=\"0\" seizeReg=\"0\" otherReg=\"0\" businessTypeCount=\"0\"";
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<AccessLogs><AccessLog><AreaCode>150721</AreaCode><AreaName>阿荣旗</AreaName><AccessDate>20240315</AccessDate><Remark/><RegisterInfo {counters}/><AccessInfo {counters}/><RegisterList totalNum=\"0\"/><AccessList totalNum=\"0\"/></AccessLog></AccessLogs>\n"
    )
}

#[test]
fn a_re_report_is_ordered_with_the_suffix_that_is_due_and_found_when_it_comes() {
    let fronted = Fronted::new("built");
    let (outer, inner) = (&fronted.pair.outer, &fronted.pair.inner);
    let message = sample(&format!("new/BizMsg/Biz{ID}.xml"));
    fronted.ferry(MESSAGES, &format!("Biz{ID}.xml"), &message);
    let person = ["--name", "王工", "--reason", "证件号写错"];
    inner.expect(2, &[&["resubmit", ID, "--cause", "missed"], &person[..]].concat());
    inner.expect(2, &[&["resubmit", "no-such-case", "--cause", "again"], &person[..]].concat());
    let anyway = ["--anyway", "--name", "王工", "--reason", "登记簿没有接"];
    inner.expect(0, &[&["log", "build", DAY], &anyway[..]].concat());
    inner.expect(0, &["log", "send", DAY]);
    assert_eq!(fronted.lies("logs").len(), 1);
    inner.expect(0, &[&["resubmit", ID, "--cause", "again", "--finding", "0001"], &person[..]].concat());
    inner.pass(0);
    fronted.pair.carry_back();
    outer.pass(0);
    let [name] = visible(&outer.path("arrived/resubmit-order")).try_into().unwrap();
    let order: Value = serde_json::from_str(&outer.read(Path::new("arrived/resubmit-order").join::<String>(name))).unwrap();
    assert_eq!((&order["original"], &order["suffix_due"]), (&ID.into(), &"CBXZ".into()), "{order}");
    assert_eq!((&order["name"], &order["reason"], &order["finding"]), (&"王工".into(), &"证件号写错".into(), &"0001".into()));
    assert_eq!(fronted.chain()["orders"][0]["answered_by"], Value::Null);
    let again = String::from_utf8(message).unwrap().replace(ID, &format!("{ID}CBXZ"));
    fronted.ferry(MESSAGES, &format!("Biz{ID}CBXZ.xml"), again.as_bytes());
    let chain = fronted.chain();
    assert_eq!(chain["orders"][0]["answered_by"], format!("{ID}CBXZ"), "{chain}");
    let words: Vec<&str> = chain["reports"].as_array().unwrap().iter().filter_map(|report| report["zh"].as_str()).collect();
    assert_eq!(words, ["首报", "重报"]);
    let case = chain["ywh"].as_str().unwrap().to_owned();
    let unit = chain["bdcdyh"].as_str().unwrap().to_owned();
    for what in [case, unit] {
        let told = inner.json(0, &["trace", &what]);
        assert!(told["chains"].to_string().contains(&format!("{ID}CBXZ")), "{what}: {told}");
    }
}

#[test]
fn a_carried_log_that_the_rows_here_contradict_is_not_sent_and_compared_with_the_built_one() {
    let fronted = Fronted::new("carried");
    let inner = &fronted.pair.inner;
    assert!(inner.expect(2, &["log", "send", DAY]).err.contains("carried"));
    let name = "LogBiz150721-20240315213000.xml";
    fronted.ferry(LOGS, name, &sample(&format!("log/new/{name}")));
    assert!(inner.expect(1, &["log", "send", DAY]).err.contains("登记库"), "no rows are here");
    inner.expect(0, &["log", "build", DAY, "--anyway", "--name", "王工", "--reason", "对照用"]);
    let shown = inner.json(1, &["log", "show", DAY]);
    assert_eq!(shown["carried"]["name"], name);
    assert!(shown["differences"].as_array().unwrap().iter().any(|differs| differs["what"] == "Register"), "{shown}");
    assert_eq!((shown["state"].as_str(), fronted.lies("logs").len()), (Some("not-tried"), 0), "only the configured one can go");
}
