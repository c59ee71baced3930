//! A structure change where rows leave from: made once, its markers between the rows of both versions, whatever dies.

use super::sweep::every_changing_op_of;
use dukou_packets::keyring::Side;
use dukou_packets::log::line::Event;
use dukou_packets::packet::header::{KIND_MARKER, KIND_RECORDS};
use dukou_shared::channel::ChannelSource;
use dukou_shared::connectors::tables::TableFault;
use dukou_shared::connectors::tables::restructure::{Ends, StepFault};
use dukou_shared::connectors::tables::simulated::{Moment, SimDatabase, SimFault};
use dukou_shared::requests::Request;
use dukou_shared::requests::structure::Act;
use dukou_shared::schema::Document;
use dukou_shared::send::structure::leaving::{State, standings};
use dukou_shared::store::Store;
use dukou_tests::simulated::changes::{APPROVER, approve, headers, make_at, markers, request};
use dukou_tests::simulated::office::{RIGHT, ROWS, UNIT, put_unit};
use dukou_tests::simulated::station::{name, table_channel};
use dukou_tests::simulated::world::{FILES, standard_channels};
use dukou_tests::simulated::{Victim, Weather, World, verdict};

const STRUCTURE: &str = r#"format = 1
structure = "sample"
version = 1
title = "t"
elements = ["Message", "Message/YWH"]

[[table]]
name = "unit"
key = ["id"]
columns = [{ name = "id", type = "text(28)", null = false }, { name = "area", type = "text(28)" }, { name = "place", type = "text(28)" }]

[[table]]
name = "right"
key = ["id"]
columns = [{ name = "id", type = "text(28)", null = false }, { name = "unit", type = "text(28)" }, { name = "share", type = "text(28)" }]
"#;

/// What the second version brings: a wider column, another column, and an element under another name.
const SECOND: &str = "\n[[change]]\nop = \"widen\"\ntable = \"unit\"\ncolumn = \"area\"\nto = \"text(4000)\"\n\n[[change]]\nop = \"add-column\"\n\
                      table = \"unit\"\ncolumn = \"use\"\ntype = \"text(9)\"\n\n[[change]]\nop = \"rename-element\"\nelement = \"Message/YWH\"\nto = \"SSYWH\"\n";

/// What the third version brings: nothing that files are concerned by.
const THIRD: &str = "\n[[change]]\nop = \"widen\"\ntable = \"unit\"\ncolumn = \"place\"\nto = \"text(4000)\"\n";

/// A database whose change is one transaction, and one that commits each step.
const PLACES: [&str; 2] = ["sqlite:rows-source", "mysql://h/rows-source"];

fn document(from: u32, changes: &str) -> String {
    let to = from + 1;
    format!(
        "format = 1\nstructure = \"sample\"\nfrom = {from}\nto = {to}\ntitle = \"t\"\nbasis = \"b\"\nfirst_day = \"2021-08-30\"\n{changes}"
    )
}

/// A world whose channels of rows and of files are of the structure, with approvers outside, and rows that went.
fn world(place: &str) -> World {
    let mut channels = standard_channels();
    let mut rows = table_channel(ROWS, Side::Outer, &[UNIT, RIGHT]);
    if let ChannelSource::Tables(source) = &mut rows.source {
        source.database = place.to_string();
    }
    rows.structure = Some("sample".to_string());
    channels.push(rows);
    channels[1].structure = Some("sample".to_string());
    let mut world = World::with_channels(71, channels);
    world.inner.databases = world.outer.databases.clone();
    world.outer.add_approver(7);
    world.outer.add_approver(APPROVER);
    for station in [&world.outer, &world.inner] {
        station.files.put(station.station.dir.join("structures/sample.toml"), STRUCTURE);
    }
    for index in 0..4 {
        put_unit(&database(&world, place), &format!("A{index}"), "1");
    }
    world.outer_supplier.drop_file(&world.outer, FILES, "before");
    world.outer.step().unwrap();
    world.inward.carry(&world.outer, &world.inner, &Weather::FAIR);
    world
}

fn database(world: &World, place: &str) -> SimDatabase {
    world.outer.databases.at(place)
}

/// As [`world`], with rows of the first version that wait and an approved change.
fn approved(place: &str) -> World {
    let mut world = world(place);
    for index in 0..5 {
        put_unit(&database(&world, place), &format!("B{index}"), "2");
    }
    let answer = approve(&mut world.outer, STRUCTURE, &document(1, SECOND)).unwrap();
    assert_eq!(answer.exit, 0, "{}", answer.en);
    world
}

/// Lets the outer station come to rest behind a change, with rows of the second version.
fn go_on(world: &mut World, place: &str) {
    for index in 0..3 {
        world.outer.clock.advance(61_000);
        world.outer.step().unwrap_or_else(|fault| panic!("step {index}: {fault}"));
    }
    for index in 0..4 {
        put_unit(&database(world, place), &format!("C{index}"), "3");
    }
    world.outer_supplier.drop_file(&world.outer, FILES, "behind");
    for _ in 0..3 {
        world.outer.clock.advance(61_000);
        world.outer.step().unwrap();
        world.inward.carry(&world.outer, &world.inner, &Weather::FAIR);
    }
}

/// Holds what left against what must be: one marker a channel, all alike, between the rows of the first version and those of the second.
fn check(world: &World, place: &str, what: &str) {
    let source = database(world, place);
    assert_eq!((source.version(false), source.waiting()), (2, 0), "{what}");
    let mut plains = Vec::new();
    for channel in [ROWS, FILES] {
        let found = markers(world, channel);
        assert_eq!(found.len(), 1, "{what}: markers of {channel}");
        plains.extend(found.into_iter().map(|(plain, _)| plain));
        let versions: Vec<(u8, u32, u32)> = headers(world, channel)
            .iter()
            .map(|header| (header.kind, header.structure_written, header.structure_needed))
            .collect();
        let at = versions.iter().position(|(kind, ..)| *kind == KIND_MARKER).unwrap();
        assert_eq!(versions[at], (KIND_MARKER, 2, 1), "{what}: {channel}");
        assert!(at > 0 && at + 1 < versions.len(), "{what}: {channel} has packets on both sides: {versions:?}");
        assert!(versions[..at].iter().all(|of| *of == (KIND_RECORDS, 1, 1)), "{what}: {channel}: {versions:?}");
        assert!(versions[at + 1..].iter().all(|of| *of == (KIND_RECORDS, 2, 2)), "{what}: {channel}: {versions:?}");
    }
    assert_eq!(plains[0], plains[1], "{what}: all markers say the same, byte for byte");
    assert!(world.inward.contradictions.is_empty(), "{what}: {:?}", world.inward.contradictions);
    verdict::log_verifies(&world.outer).unwrap_or_else(|broken| panic!("{what}: {broken}"));
}

fn changed_lines(world: &World) -> usize {
    let is_it = |event: &Event| matches!(event, Event::Structure { code, .. } if code == "changed");
    world.outer.log().iter().filter(|event| is_it(event)).count()
}

#[test]
fn an_approved_change_is_made_once_and_its_marker_stands_between_the_rows_of_both_versions() {
    for place in PLACES {
        let mut world = approved(place);
        assert_eq!(database(&world, place).version(false), 0, "nothing was changed before the next look");
        go_on(&mut world, place);
        check(&world, place, place);
        assert_eq!(changed_lines(&world), 1);
        let (_, marker) = markers(&world, ROWS).remove(0);
        assert_eq!(marker.channels, [name(FILES), name(ROWS)]);
        assert_eq!((marker.approvals.len(), marker.keep_days, marker.pending), (2, 30, false));
        let mut store = world.outer.store.clone();
        let told = standings(&store.load().unwrap(), &mut store).unwrap();
        assert_eq!(told.iter().map(|told| (told.to, told.state)).collect::<Vec<_>>(), [(2, State::Left)], "no receipt came");
    }
}

#[test]
fn a_third_version_follows_the_second_and_leaves_channels_alone_that_it_does_not_concern() {
    let place = PLACES[0];
    let mut world = approved(place);
    let early = Document::read(document(2, THIRD).as_bytes()).unwrap();
    assert_eq!(early.from, 2);
    go_on(&mut world, place);
    let answer = approve(&mut world.outer, STRUCTURE, &document(2, THIRD)).unwrap();
    assert_eq!(answer.exit, 0, "{}", answer.en);
    world.outer.step().unwrap();
    put_unit(&database(&world, place), "D", "4");
    world.outer_supplier.drop_file(&world.outer, FILES, "much later");
    for _ in 0..2 {
        world.outer.clock.advance(1000);
        world.outer.step().unwrap();
        world.inward.carry(&world.outer, &world.inner, &Weather::FAIR);
    }
    assert_eq!(database(&world, place).version(false), 3);
    let of = |channel: &str| headers(&world, channel).last().map(|header| (header.kind, header.structure_written)).unwrap();
    assert_eq!((of(ROWS), of(FILES)), ((KIND_RECORDS, 3), (KIND_RECORDS, 2)));
    let (_, marker) = markers(&world, ROWS).pop().unwrap();
    assert_eq!((marker.change.from, marker.channels), (2, vec![name(ROWS)]));
    assert_eq!(markers(&world, FILES).len(), 1);
}

#[test]
fn a_station_killed_at_any_file_operation_of_a_change_makes_it_once() {
    for place in PLACES {
        let prepare = || approved(place);
        let places = every_changing_op_of(Victim::Outer, prepare, |world| world.outer.step().map(drop));
        assert!(places.len() > 5, "{place}: {} operations", places.len());
        for (index, op) in places.into_iter().enumerate() {
            for power in [false, true].into_iter().take(if index % 3 == 0 { 2 } else { 1 }) {
                let mut world = prepare();
                world.outer.files.kill_at(op, false);
                assert!(world.outer.step().is_err(), "nothing died at {op}");
                match power {
                    true => world.outer.power_cut(),
                    false => world.outer.crash(),
                }
                go_on(&mut world, place);
                check(&world, place, &format!("{place}, killed at {op}, power cut {power}"));
            }
        }
    }
}

#[test]
fn a_station_whose_transaction_ends_unsure_amid_a_change_makes_it_once() {
    for place in PLACES {
        let mut world = approved(place);
        let before = world.outer.store.commits();
        world.outer.step().unwrap();
        let commits = world.outer.store.commits() - before;
        for commit in 1..=commits {
            for persisted in [false, true] {
                let mut world = approved(place);
                world.outer.store.fail_commit_at(commit, persisted);
                assert!(world.outer.step().is_err(), "nothing died at transaction {commit}");
                world.outer.crash();
                go_on(&mut world, place);
                check(&world, place, &format!("{place}, transaction {commit} unsure, persisted {persisted}"));
            }
        }
    }
}

/// Counts the calls of the source's database in the step that makes the change.
fn calls(place: &str) -> u64 {
    let mut world = approved(place);
    let before = database(&world, place).calls();
    world.outer.step().unwrap();
    database(&world, place).calls() - before
}

#[test]
fn a_call_of_the_database_killed_lost_or_refused_amid_a_change_leaves_it_made_once() {
    let away = || TableFault::Away { place: "simulated".to_string(), words: "cut".to_string() };
    for place in PLACES {
        for call in 1..=calls(place) {
            for fault in [SimFault::Unanswered, SimFault::Refused(away())] {
                let mut world = approved(place);
                database(&world, place).fail_at(call, fault.clone());
                world.outer.step().unwrap();
                go_on(&mut world, place);
                check(&world, place, &format!("{place}, call {call} met {fault:?}"));
            }
            for moment in [Moment::Before, Moment::After] {
                let mut world = approved(place);
                let database = database(&world, place);
                let (files, store, at) = (world.outer.files.clone(), world.outer.store.clone(), database.calls() + call);
                let mut dead = false;
                database.hook(Some(Box::new(move |number, now| {
                    if (number, now) == (at, moment) {
                        dead = true;
                        files.kill_at(1, false);
                        store.kill();
                    }
                    dead
                })));
                let _ = world.outer.step();
                database.hook(None);
                world.outer.crash();
                go_on(&mut world, place);
                check(&world, place, &format!("{place}, killed {moment:?} call {call}"));
            }
        }
    }
}

fn which(from: u32, changes: &str) -> (String, u32, dukou_packets::suite::Digest) {
    let document = Document::read(document(from, changes).as_bytes()).unwrap();
    (document.structure, document.to, document.digest)
}

#[test]
fn a_change_that_its_database_refuses_stands_until_a_person_lets_it_go_on_or_takes_it_back() {
    for place in PLACES {
        let mut world = approved(place);
        let source = database(&world, place);
        source.refuse_step(1, StepFault::Refused { words: "no room".to_string() });
        let report = world.outer.step().unwrap();
        let told = report.troubles.iter().find(|trouble| trouble.code == "schema-unfinished").unwrap();
        assert!(told.zh.contains("第 1 步") && told.zh.contains("no room") && !told.journal.contains("no room"), "{told:?}");
        source.refuse_none();
        world.outer.clock.advance(600_000);
        let report = world.outer.step().unwrap();
        assert!(report.troubles.iter().any(|trouble| trouble.code == "schema-unfinished"));
        assert_eq!(source.version(false), 0, "it is not tried again by itself");
        source.refuse_step(1, StepFault::Refused { words: "no room".to_string() });
        let (structure, to, document) = which(1, SECOND);
        let resume = Act::Resume { structure: structure.clone(), to, document };
        let answer = world.outer.perform(&request(APPROVER, resume.clone())).unwrap();
        assert!(answer.exit == 2 && answer.en.contains("no room"), "{}", answer.en);
        if place == PLACES[1] {
            let cancel = Act::Cancel { structure: structure.clone(), to, document };
            let answer = world.outer.perform(&request(APPROVER, cancel)).unwrap();
            assert_eq!(answer.exit, 2, "half-way in the database: {}", answer.en);
        }
        let mut other = approved(place);
        other.outer.databases.at(place).refuse_step(1, StepFault::NotDone);
        other.outer.step().unwrap();
        let back = Act::Back { structure, to, document };
        assert_eq!(other.outer.perform(&request(APPROVER, back.clone())).unwrap().exit, 0);
        other.outer.databases.at(place).refuse_none();
        other.outer.clock.advance(600_000);
        let report = other.outer.step().unwrap();
        assert!(report.troubles.iter().all(|trouble| trouble.code != "schema-unfinished"), "{:?}", report.troubles);
        assert_eq!(other.outer.databases.at(place).version(false), 0, "nobody approves it any more");

        source.refuse_none();
        assert_eq!(world.outer.perform(&request(APPROVER, resume)).unwrap().exit, 0);
        go_on(&mut world, place);
        check(&world, place, place);
        assert_eq!(world.outer.perform(&request(APPROVER, back)).unwrap().exit, 2, "what is made is not taken back");
    }
}

#[test]
fn an_approval_that_ended_before_the_change_began_makes_nothing_and_one_that_ended_amid_it_does_not_stop_it() {
    for (place, ends_amid) in [(PLACES[0], false), (PLACES[1], true)] {
        let mut world = approved(place);
        let away = TableFault::Away { place: "simulated".to_string(), words: "cut".to_string() };
        // The first call asks how far it is; those behind it take the steps.
        database(&world, place).fail_at(if ends_amid { 3 } else { 1 }, SimFault::Refused(away));
        world.outer.step().unwrap();
        world.outer.crash();
        world.outer.end_approver(APPROVER);
        world.outer.clock.advance(61_000);
        let report = world.outer.step().unwrap();
        if ends_amid {
            go_on(&mut world, place);
            check(&world, place, place);
        } else {
            assert_eq!(database(&world, place).version(false), 0);
            let told = report.troubles.iter().find(|trouble| trouble.code == "structure-refused").unwrap();
            assert!(told.en.contains("role-expired"), "{}", told.en);
        }
    }
}

#[test]
fn a_change_that_is_done_where_rows_come_into_the_same_database_is_judged_and_made_where_they_leave_from() {
    for place in PLACES {
        for is_approved in [false, true] {
            let mut world = approved(place);
            let coming = Ends::Coming(Vec::new());
            make_at((&world.outer.databases, place), (STRUCTURE, &document(1, SECOND)), coming).unwrap();
            if is_approved {
                go_on(&mut world, place);
                check(&world, place, place);
                continue;
            }
            world.outer.end_approver(APPROVER);
            world.outer.crash();
            let report = world.outer.step().unwrap();
            let source = database(&world, place);
            assert_eq!((source.version(true), source.version(false)), (2, 0), "{place}");
            let told = report.troubles.iter().find(|trouble| trouble.code == "structure-refused");
            assert!(told.is_some_and(|told| told.en.contains("role-expired")), "{place}: {told:?}");
        }
    }
}

#[test]
fn rows_that_an_application_holds_keep_the_change_waiting_and_nothing_is_lost() {
    let place = PLACES[0];
    let mut world = approved(place);
    let open = database(&world, place).begin();
    open.put(UNIT, &[("id", "H")], &[("area", "held")]);
    let report = world.outer.step().unwrap();
    assert!(report.troubles.iter().any(|trouble| trouble.code == "database-busy"), "{:?}", report.troubles);
    assert_eq!(database(&world, place).version(false), 0);
    open.commit();
    go_on(&mut world, place);
    check(&world, place, place);
}

#[test]
fn a_stock_push_under_way_has_each_of_its_chunks_under_its_own_version() {
    let place = PLACES[0];
    let mut world = world(place);
    for index in 0..300 {
        put_unit(&database(&world, place), &format!("S{index:04}"), "1");
    }
    database(&world, place).forget_outbox();
    let push = Request::Push { channel: name(ROWS), table: None, filter: None, operator: "tester".to_string() };
    assert_eq!(world.outer.perform(&push).unwrap().exit, 0);
    world.outer.files.kill_at(200, false);
    assert!(world.outer.step().is_err(), "the push was done before anything died");
    world.outer.crash();
    let answer = approve(&mut world.outer, STRUCTURE, &document(1, SECOND)).unwrap();
    assert_eq!(answer.exit, 0, "{}", answer.en);
    go_on(&mut world, place);
    check(&world, place, "push");
    let of = |version| headers(&world, ROWS).iter().filter(|header| header.structure_written == version).count();
    assert!(of(1) > 10 && of(2) > 10, "{} and {} packets", of(1), of(2));
}
