//! Messages to a front machine on simulated seams: a station that is killed at any moment, and a consumer that takes at once whatever lies there.

use dukou_packets::keyring::Side;
use dukou_packets::suite::sha256;
use dukou_shared::channel::{CargoKind, Channel};
use dukou_shared::registration::day::facts::{Edition, Message, Progress};
use dukou_shared::registration::kept::{KeptMessage, civil_of, messages_of};
use dukou_shared::reporting::decide_message::DecideMessage;
use dukou_shared::reporting::lane::Lane;
use dukou_shared::reporting::request::NamedReason;
use dukou_shared::requests::{Answer, Request};
use dukou_shared::seams::clock::SimClock;
use dukou_shared::store::{Change, Store};
use dukou_tests::simulated::station::{BEGIN_MS, Nature, SimStation, channel};
use std::sync::Arc;

const ID: &str = "150721261121000001";
const NAME: &str = "Biz150721261121000001.xml";
const BYTES: &[u8] = b"<Message/>";
const BIZ: &str = "/front/BizMsg";
const REP: &str = "/front/RepMsg";

/// A station to which one message came.
fn with_a_message() -> SimStation {
    let of = |name, from, cargo| Channel { cargo: Some(cargo), ..channel(name, from) };
    let channels =
        vec![of("report-message", Side::Outer, CargoKind::Messages), of("report-response", Side::Inner, CargoKind::Responses)];
    let clock = Arc::new(SimClock::at(BEGIN_MS));
    let mut station = SimStation::new(Side::Inner, &Nature { seed: 5, clock }, channels);
    let lane = format!(
        "area = \"150721\"\narea_name = \"阿荣旗\"\nreports = \"submit\"\nenvironment = \"test\"\n[log]\nsource = \"built\"\n[messages]\nchannel = \"report-message\"\nanswers = \"report-response\"\nbiz = {BIZ:?}\nrep = {REP:?}\nfirst_look_seconds = 1\nlook_every_seconds = 1"
    );
    let mut lane: Lane = toml::from_str(&lane).unwrap();
    let messages = lane.messages.as_mut().unwrap();
    messages.from = station.station.dir.join("arrived/report-message");
    messages.into = station.station.dir.join("drop/report-response");
    let lies = messages.from.join(NAME);
    station.station.config.lanes = vec![lane];
    for dir in [BIZ, REP] {
        station.files.mkdir(dir);
    }
    station.files.put(lies, BYTES);
    let message = Message {
        id: ID.parse().unwrap(),
        edition: Edition::New,
        area: "150721".into(),
        rec_type: "2000402".into(),
        reg_type: "200".into(),
        right_type: "4".into(),
        flow: "20261121-1".into(),
        units: vec!["150721001002GB00017F00030012".into()],
        registered: None,
        ferried: civil_of(BEGIN_MS),
        progress: Progress::Arrived,
    };
    let kept = KeptMessage {
        key: "report-message 1".into(),
        channel: "report-message".into(),
        name: NAME.into(),
        digest: sha256(&[BYTES]).to_string(),
        message,
    };
    station.store.commit(&[Change::Filed(kept.card(BEGIN_MS))]).unwrap();
    station.open().unwrap();
    station
}

/// Takes what the front machine sees: what has a name without a dot.
fn take(station: &SimStation) -> usize {
    let names = station.files.tree(BIZ).into_iter().filter(|name| !name.starts_with('.'));
    names.filter(|name| station.files.remove(format!("{BIZ}/{name}"))).count()
}

fn progress(station: &mut SimStation) -> Progress {
    let [kept] = messages_of(&mut station.store, &[format!("id {ID}")]).unwrap().try_into().unwrap();
    kept.message.progress
}

fn decide(station: &mut SimStation, is_again: bool) -> Answer {
    let by = NamedReason { name: "王工".into(), reason: "在前置机上看过".into() };
    let decision = DecideMessage { id: ID.parse().unwrap(), is_again, by, operator: "ops".into() };
    station.perform(&Request::DecideMessage(decision)).unwrap()
}

/// At which moment of the step the station dies.
#[derive(Clone, Copy, Debug)]
enum Death {
    Operation(u64),
    Transaction(u64, bool),
}

#[test]
fn a_station_killed_at_any_moment_of_placing_a_message_never_places_it_twice_and_never_calls_it_placed_when_it_is_not() {
    let mut whole = with_a_message();
    let (ops, commits) = (whole.files.ops(), whole.store.commits());
    whole.step().unwrap();
    let operations = (1..=whole.files.ops() - ops).map(Death::Operation);
    let transactions =
        (1..=whole.store.commits() - commits).flat_map(|n| [false, true].map(|persisted| Death::Transaction(n, persisted)));
    assert!(matches!(progress(&mut whole), Progress::Placed(_)));
    let (mut asked, mut deaths) = (0, 0);
    for death in operations.chain(transactions) {
        let mut station = with_a_message();
        match death {
            Death::Operation(op) => station.files.kill_at(op, false),
            Death::Transaction(n, persisted) => station.store.fail_commit_at(n, persisted),
        }
        if station.step().is_ok() {
            continue;
        }
        deaths += 1;
        station.crash();
        let mut taken = take(&station);
        for _ in 0..3 {
            station.step().unwrap();
            taken += take(&station);
            station.clock.advance(61_000);
        }
        match progress(&mut station) {
            Progress::Placed(_) => assert_eq!(taken, 1, "{death:?}"),
            Progress::Held(code) => {
                assert_eq!((taken, code.as_str()), (1, "placing-unsure"), "{death:?}");
                asked += 1;
            }
            other => panic!("{death:?}: {other:?}"),
        }
    }
    assert!(deaths > 10 && asked > 0, "{deaths} deaths, {asked} of them left to a person");
}

/// A station that died when it was to store what came of placing its message, which the front machine took.
fn in_doubt() -> SimStation {
    for commit in 1..20 {
        let mut station = with_a_message();
        station.store.fail_commit_at(commit, false);
        assert!(station.step().is_err(), "a message was placed and stored");
        station.crash();
        if take(&station) == 1 {
            station.step().unwrap();
            assert_eq!(progress(&mut station), Progress::Held("placing-unsure".into()));
            return station;
        }
    }
    panic!("no transaction of the step comes behind the placing")
}

#[test]
fn a_message_in_doubt_is_settled_by_its_response() {
    let mut station = in_doubt();
    let response = format!("<respond><BizMsgID>{ID}</BizMsgID><SuccessFlag>1</SuccessFlag></respond>");
    station.files.put(format!("{REP}/Rep{ID}.xml"), response);
    station.clock.advance(5_000);
    station.step().unwrap();
    assert!(matches!(progress(&mut station), Progress::Placed(_)));
    assert_eq!(take(&station), 0);
}

#[test]
fn a_message_in_doubt_is_settled_by_a_named_person_either_way() {
    for (is_again, due) in [(true, 1), (false, 0)] {
        let mut station = in_doubt();
        let report = station.step().unwrap();
        assert!(report.troubles.iter().any(|trouble| trouble.code == "front-waits"), "{report:?}");
        assert_eq!(decide(&mut station, is_again).exit, 0);
        assert_eq!(decide(&mut station, is_again).exit, 2, "it is decided once");
        station.step().unwrap();
        assert!(matches!(progress(&mut station), Progress::Placed(_)));
        assert_eq!(take(&station), due);
    }
}

#[test]
fn an_equal_file_on_the_front_machine_counts_as_placed_and_a_different_one_waits_for_a_person() {
    let mut equal = with_a_message();
    equal.files.put(format!("{BIZ}/{NAME}"), BYTES);
    equal.step().unwrap();
    assert!(matches!(progress(&mut equal), Progress::Placed(_)));
    let mut other = with_a_message();
    other.files.put(format!("{BIZ}/{NAME}"), b"another");
    other.step().unwrap();
    assert_eq!(progress(&mut other), Progress::Held("front-name-taken".into()));
    assert_eq!((take(&other), decide(&mut other, true).exit), (1, 0));
    other.step().unwrap();
    assert_eq!(other.files.get(format!("{BIZ}/{NAME}")).as_deref(), Some(BYTES));
}
