//! The daily log with the real program and a web service on a real connection: what is answered, cut, killed, and what the platform has seen.

use super::spoken::agree;
use dukou_tests::stations::platform::{Act, Platform};
use dukou_tests::stations::station::Station;
use dukou_tests::stations::tree::names;
use dukou_tests::stations::wait::until;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;
use tempfile::TempDir;

const AREA: &str = "150721";
const RESPOND: &str = "<RespondLog><responseLogInfo/><responseLogCode>CODE</responseLogCode></RespondLog>";

fn respond(code: &str) -> Act {
    Act::Reply(200, RESPOND.replace("CODE", code))
}

fn soap(text: &str) -> Act {
    let text = text.replace('&', "&amp;").replace('<', "&lt;");
    let head = "<?xml version=\"1.0\" encoding=\"utf-8\"?><soap:Envelope xmlns:soap=\"http://schemas.xmlsoap.org/soap/envelope/\"><soap:Body><exchangeInfoResponse xmlns=\"http://tempuri.org/\"><exchangeInfoResult>";
    Act::Reply(200, format!("{head}{text}</exchangeInfoResult></exchangeInfoResponse></soap:Body></soap:Envelope>"))
}

/// An inner station that reports to this address.
#[track_caller]
fn reporting_to(url: &str) -> (TempDir, Station) {
    let dir = tempfile::Builder::new().prefix("dukou-").tempdir().unwrap();
    let way = ["--log-source", "built", "--log-url", url, "--source-address", "127.0.0.1"];
    let station = inner(&dir, &[&["--reports", "submit"], &way[..]].concat());
    station.edit(&format!("lanes/{AREA}.toml"), "# tokens = ", "tokens = ");
    (dir, station)
}

#[track_caller]
fn inner(dir: &TempDir, options: &[&str]) -> Station {
    let area = ["--test", "--area", AREA, "--area-name", "阿荣旗"];
    Station::init("dukou-inner", &dir.path().join("inner"), &[&area, options].concat())
}

#[track_caller]
fn build(station: &Station, day: &str) {
    station.expect(0, &["log", "build", day, "--anyway", "--name", "王工", "--reason", "外网未接通"]);
}

#[track_caller]
fn state(station: &Station, code: i32, day: &str) -> String {
    station.json(code, &["log", "show", day])["state"].as_str().unwrap().to_owned()
}

#[test]
fn each_reply_is_classed_rightly_and_the_platform_sees_each_day_once() {
    let page = "<html><body>0000</body></html>".to_owned();
    let days = [
        ("2024-03-01", respond("0200"), 0, "accepted"),
        ("2024-03-02", soap("0000"), 0, "accepted"),
        ("2024-03-03", soap(&RESPOND.replace("CODE", "0200")), 0, "accepted"),
        ("2024-03-04", soap("失败：报文 150721240304000000 已存在"), 1, "unknown"),
        ("2024-03-05", soap("150721240305000000"), 1, "unknown"),
        ("2024-03-06", Act::Reply(200, page), 1, "unknown"),
        ("2024-03-07", Act::Reply(200, String::new()), 1, "unknown"),
        ("2024-03-08", respond("04012"), 1, "refused"),
        ("2024-03-09", Act::Drop, 1, "unknown"),
        ("2024-03-10", Act::Reply(500, RESPOND.replace("CODE", "0200")), 1, "unknown"),
    ];
    let platform = Platform::start(days.iter().map(|(_, act, ..)| act.clone()));
    let (_dir, station) = reporting_to(&platform.url());
    for (day, act, code, due) in &days {
        build(&station, day);
        station.expect(*code, &["log", "send", day]);
        assert_eq!(state(&station, *code, day), *due, "{act:?}");
        station.expect(2, &["log", "send", day]);
        assert_eq!(platform.taken(AREA, day), 1, "{act:?}");
    }
    assert!(station.expect(1, &["log", "show", "2024-03-08"]).out.contains("RegisterList"), "a code is explained");
}

#[test]
fn a_station_killed_while_the_platform_has_the_log_sends_it_again_only_on_a_named_persons_order() {
    let day = "2024-03-15";
    let platform = Platform::start([Act::Hold, respond("0200")]);
    let (_dir, station) = reporting_to(&platform.url());
    build(&station, day);
    let mut sending = station.command(&["log", "send", day]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    until("the platform has the log", Duration::from_secs(30), || platform.taken(AREA, day) == 1);
    sending.kill().unwrap();
    sending.wait().unwrap();
    assert!(station.expect(2, &["log", "send", day]).err.contains("log decide"));
    assert_eq!((state(&station, 1, day).as_str(), platform.taken(AREA, day)), ("unknown", 1));
    station.ask(&["pass"]);
    assert!(station.json(1, &["alarms"]).to_string().contains("log-waits"));
    station.expect(2, &["log", "decide", day, "--send-again", "--name", "王工"]);
    station.expect(0, &["log", "decide", day, "--send-again", "--name", "王工", "--reason", "平台说没有收到"]);
    station.expect(0, &["log", "send", day]);
    assert_eq!((state(&station, 0, day).as_str(), platform.taken(AREA, day)), ("accepted", 2));
    station.expect(2, &["log", "build", day, "--anyway", "--name", "王工", "--reason", "再来"]);
}

#[test]
fn what_never_left_goes_again_by_itself_and_what_the_platform_has_is_told_by_a_person() {
    let day = "2024-03-15";
    let (_dir, station) = reporting_to("http://127.0.0.1:1/nobody");
    assert_eq!(station.json(75, &["log", "build", day, "--no-wait"])["exit"], 75);
    station.expect(2, &["log", "send", day]);
    build(&station, day);
    let answer = station.json(75, &["log", "send", day]);
    assert!(answer["zh"].as_str().unwrap().contains("什么都没有发出"), "{answer}");
    assert_eq!(state(&station, 0, day), "resting");
    assert!(station.expect(2, &["log", "send", day]).err.contains("自动再试"));
    let dropping = Platform::start([Act::Drop]);
    station.edit(&format!("lanes/{AREA}.toml"), "http://127.0.0.1:1/nobody", &dropping.url());
    build(&station, "2024-03-16");
    station.expect(1, &["log", "send", "2024-03-16"]);
    station.expect(0, &["log", "decide", "2024-03-16", "--taken", "--name", "王工", "--reason", "平台上查到了"]);
    assert_eq!((state(&station, 0, "2024-03-16").as_str(), dropping.taken(AREA, "2024-03-16")), ("accepted", 1));
    let shown = [station.json(0, &["log", "show", "2024-03-16"]), station.json(0, &["log", "show", day])];
    agree_log(&station, &shown);
}

/// What JSON.md says of `log show` is what is printed.
#[track_caller]
fn agree_log(station: &Station, shown: &[serde_json::Value]) {
    assert_eq!(shown[0]["orders"][0]["name"], "王工");
    assert!(station.expect(0, &["log", "show", "2024-03-16", "--xml"]).out.contains("<AccessDate>20240316</AccessDate>"));
    agree("log", shown);
}

#[test]
fn a_station_that_observes_sends_nothing_and_one_without_a_lane_says_so() {
    let dir = tempfile::tempdir().unwrap();
    let station = inner(&dir, &["--reports", "observe"]);
    build(&station, "2024-03-15");
    assert!(station.expect(2, &["log", "send", "2024-03-15"]).err.contains("observe"));
    assert_eq!(state(&station, 0, "2024-03-15"), "not-tried");
    station.expect(2, &["log", "build", "2199-01-01", "--anyway", "--name", "王工", "--reason", "试"]);
    let bare = Station::init("dukou-inner", &dir.path().join("bare"), &["--test"]);
    assert!(bare.expect(2, &["log", "send", "2024-03-15"]).err.contains("lanes/"));
    assert!(!Path::new(&bare.path("lanes")).exists());
}

#[test]
fn a_log_lies_in_the_folder_of_the_platform_whole_and_once() {
    let dir = tempfile::tempdir().unwrap();
    let front = dir.path().join("front");
    let station = inner(&dir, &["--reports", "submit", "--log-source", "built", "--log-folder", front.to_str().unwrap()]);
    build(&station, "2024-03-15");
    station.expect(75, &["log", "send", "2024-03-15"]);
    std::fs::create_dir(&front).unwrap();
    build(&station, "2024-03-16");
    station.expect(0, &["log", "send", "2024-03-16"]);
    station.expect(2, &["log", "send", "2024-03-16"]);
    let found = names(&front);
    assert_eq!(found.len(), 1, "{found:?}");
    let written = std::fs::read_to_string(front.join(&found[0])).unwrap();
    assert_eq!(written, station.expect(0, &["log", "show", "2024-03-16", "--xml"]).out);
    assert!(found[0].starts_with("LogBiz150721-") && found[0].ends_with(".xml"), "{found:?}");
}

#[test]
fn the_day_and_its_moments_are_the_same_under_any_time_zone() {
    let dir = tempfile::tempdir().unwrap();
    let station = inner(&dir, &["--reports", "observe"]);
    for (day, zone, database) in
        [("2024-03-15", "UTC", None), ("2024-03-16", "Asia/Urumqi", None), ("2024-03-17", "UTC", Some("/nowhere"))]
    {
        let mut command = station.command(&["log", "build", day, "--anyway", "--name", "王工", "--reason", "试", "--json"]);
        command.env("TZ", zone);
        database.map(|dir| command.env("TZDIR", dir));
        assert!(command.output().unwrap().status.success(), "{zone}");
        let shown = station.json(0, &["log", "show", day]);
        let made = shown["built"]["made"].as_str().unwrap()[..16].to_owned();
        let now = dukou_shared::report::civil_time(
            std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_millis() as i64,
        );
        assert_eq!(made[..13], now[..13], "{zone}");
        assert!(station.expect(0, &["log", "show", day, "--xml"]).out.contains(&day.replace('-', "")));
    }
}
