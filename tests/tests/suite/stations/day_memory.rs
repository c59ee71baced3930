//! A day of very many registrations: what `day` holds of it in memory.

use dukou_shared::connectors::tables::{Cells, Name, Op, RowChange, Value};
use dukou_shared::registration::day::facts::{Edition, Message, Progress};
use dukou_shared::registration::kept::{KeptMessage, RegisterRows, civil_of};
use dukou_shared::store::sqlite::SqliteStore;
use dukou_shared::store::{Change, Direction, PacketKey, Store};
use dukou_tests::stations::pair::Pair;
use std::process::Command;

/// Registrations of the day, each with its message.
const REGISTRATIONS: u32 = 100_000;
/// What the process may have of memory at its peak, in KiB.
const PEAK_KIB_MAX: u64 = 200 << 10;
/// When everything was registered and came: 09:30 on 15 March 2024.
const AT_MS: i64 = 1_710_466_200_000;
/// Runs a program and tells its peak of resident memory in KiB and its exit code.
const MEASURED: &str = "import os, sys\nout = os.open(sys.argv[1], os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)\n\
    child = os.posix_spawn(sys.argv[2], sys.argv[2:], os.environ, file_actions=[(os.POSIX_SPAWN_DUP2, out, 1)])\n\
    _, status, used = os.wait4(child, 0)\nprint(used.ru_maxrss, os.waitstatus_to_exitcode(status))\n";

fn case(n: u32) -> String {
    format!("20240315-{n:06}")
}

fn unit(n: u32) -> String {
    format!("150721001002GB00017F{n:08}")
}

fn row(n: u32) -> RowChange {
    let texts = [
        ("ywh", case(n)),
        ("bdcdyh", unit(n)),
        ("djlx", "100".to_owned()),
        ("qllx", "4".to_owned()),
        ("zszmh", format!("蒙（2024）阿荣旗不动产权第{n:07}号")),
        ("qxdm", "150721".to_owned()),
        ("djsj", civil_of(AT_MS).to_string()),
        ("qszt", "1".to_owned()),
    ];
    let row: Cells = texts.into_iter().map(|(name, text)| (Name::from(name), Value::Text(text))).collect();
    let key = row[..2].to_vec();
    RowChange { table: "v".to_owned(), op: Op::Insert, key, row, changed: Vec::new(), transaction: None, goes_on: false }
}

fn message(n: u32) -> KeptMessage {
    let message = Message {
        id: format!("150721240315{n:06}").parse().unwrap(),
        edition: Edition::New,
        area: "150721".into(),
        rec_type: "1000402".into(),
        reg_type: "100".into(),
        right_type: "4".into(),
        flow: case(n).as_str().into(),
        units: vec![unit(n).as_str().into()],
        registered: Some(civil_of(AT_MS)),
        ferried: civil_of(AT_MS),
        progress: Progress::HandedOver(civil_of(AT_MS)),
    };
    let (name, digest) = (format!("Biz150721240315{n:06}.xml"), "0".repeat(64));
    KeptMessage { key: format!("report-message {n}"), channel: "report-message".to_owned(), name, digest, message }
}

/// Files a day as packets of a thousand bring it.
fn file(store: &mut dyn Store) {
    let (channel, epoch) = ("register-row".parse().unwrap(), "1-00000000000000aa".parse().unwrap());
    let packet = PacketKey { direction: Direction::In, channel, epoch, seq: 1 };
    for from in (0..REGISTRATIONS).step_by(1000) {
        let mut rows = RegisterRows::new(store);
        (from..from + 1000).for_each(|n| rows.take(&packet, &row(n), AT_MS).unwrap());
        let mut cards = rows.into_cards();
        cards.extend((from..from + 1000).map(|n| message(n).card(AT_MS)));
        store.commit(&cards.into_iter().map(Change::Filed).collect::<Vec<_>>()).unwrap();
    }
}

#[test]
fn a_day_of_a_hundred_thousand_messages_is_told_within_200_mib() {
    let pair = Pair::new();
    pair.trust_each_other();
    pair.inner.pass(0);
    let inner = &pair.inner;
    file(&mut SqliteStore::open(&inner.path("state/station.sqlite")).unwrap());
    let out = inner.path("day.json");
    let day = ["day", "2024-03-15", "--area", "150721", "--json", "--station"];
    let mut measured = Command::new("python3");
    measured.args(["-c", MEASURED]).arg(&out).arg(&inner.program).args(day).arg(&inner.dir);
    let told = String::from_utf8(measured.output().unwrap().stdout).unwrap();
    let mut words = told.split_whitespace().map(|word| word.parse::<u64>().unwrap());
    let (peak_kib, exit) = (words.next().unwrap(), words.next().unwrap());
    println!("{REGISTRATIONS} registrations: {peak_kib} KiB at the peak");
    assert_eq!(exit, 1, "without a day mark nobody knows whether all is here");
    assert!(peak_kib <= PEAK_KIB_MAX, "{peak_kib} KiB");
    let day: serde_json::Value = serde_json::from_slice(&std::fs::read(out).unwrap()).unwrap();
    assert_eq!((&day["counts"]["registered"], &day["counts"]["waiting"]), (&REGISTRATIONS.into(), &REGISTRATIONS.into()));
    assert_eq!(day["registrations"].as_array().map(Vec::len), Some(REGISTRATIONS as usize));
}
