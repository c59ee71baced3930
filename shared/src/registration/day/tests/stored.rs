//! A generated day out of the store: what is kept of it says the same as the facts themselves.

use std::collections::HashSet;

use super::super::facts::{Facts, LogFact, RegisterRow};
use super::super::log::{Heading, build};
use super::super::reconcile::reconcile;
use super::super::report::json;
use super::days::cpu_ns;
use super::generated::{DAY, World};
use crate::connectors::tables::{Cells, Name, Op, RowChange, Value};
use crate::registration::day::facts::Edition;
use crate::registration::kept::{KeptLog, KeptMessage, KeptResponse, LogOrigin, RegisterRows, facts_of};
use crate::store::memory::MemoryStore;
use crate::store::sqlite::SqliteStore;
use crate::store::{Change, Direction, PacketKey, StationState, Store};
use jiff::civil::{DateTime, date};

/// Gives the wall clock (ms) of a civil time.
fn wall_ms(at: DateTime) -> i64 {
    let since = at.duration_since(date(1970, 1, 1).at(8, 0, 0, 0));
    since.as_millis() as i64
}

fn cells(row: &RegisterRow) -> Cells {
    let state = row.access_state.map(|state| state.to_string());
    let external = row.is_external_cancellation.then(|| "1".to_owned());
    let texts = [
        ("YWH", Some(row.ywh.to_string())),
        ("bdcdyh", Some(row.bdcdyh.to_string())),
        ("djlx", Some(row.djlx.to_string())),
        ("qllx", Some(row.qllx.to_string())),
        ("zszmh", Some(row.zszmh.to_string())),
        ("qxdm", Some(row.qxdm.to_string())),
        ("djsj", Some(row.djsj.to_string())),
        ("qszt", Some(row.qszt.to_string())),
        ("jrzt", state),
        ("wlzx", external),
    ];
    texts.into_iter().map(|(name, text)| (Name::from(name), text.map_or(Value::Null, Value::Text))).collect()
}

/// Files all of it, in steps of a thousand, as packets bring it.
fn file(store: &mut dyn Store, facts: &Facts, packet: &PacketKey) {
    for rows in facts.rows.chunks(1000) {
        let mut register = RegisterRows::new(store);
        for row in rows {
            let (key, row_cells) = (cells(row)[..2].to_vec(), cells(row));
            let (table, changed) = ("v".to_owned(), Vec::new());
            let change = RowChange { table, op: Op::Insert, key, row: row_cells, changed, transaction: None, goes_on: false };
            register.take(packet, &change, wall_ms(row.first_seen)).unwrap();
        }
        let cards = register.into_cards();
        store.commit(&cards.into_iter().map(Change::Filed).collect::<Vec<_>>()).unwrap();
    }
    let text = String::new;
    let messages = facts.messages.iter().enumerate().map(|(at, message)| {
        let (key, message) = (format!("m {at}"), message.clone());
        KeptMessage { key, channel: text(), name: text(), digest: text(), message }.card(0)
    });
    let responses = facts.responses.iter().enumerate().map(|(at, response)| {
        let (key, response) = (format!("r {at}"), response.clone());
        KeptResponse { key, name: text(), response }.card(0)
    });
    let cards: Vec<Change> = messages.chain(responses).map(Change::Filed).collect();
    cards.chunks(1000).for_each(|cards| store.commit(cards).unwrap());
}

/// Holds the day out of a store against the day itself; gives the CPU time (ms) of reading and reconciling it.
fn hold(seed: u64, registrations: usize, store: &mut dyn Store) -> u64 {
    let mut world = World::new(seed, registrations);
    // A view has one row of a key.
    let mut met = HashSet::new();
    world.facts.rows.retain(|row| met.insert((row.ywh.clone(), row.bdcdyh.clone())));
    let packet = PacketKey {
        direction: Direction::In,
        channel: "register-row".parse().unwrap(),
        epoch: "1-00000000000000aa".parse().unwrap(),
        seq: 1,
    };
    file(store, &world.facts, &packet);
    let heading = Heading { edition: Edition::New, area_name: "阿荣旗".into(), remark: String::new() };
    let log = build(&world.settings, DAY, &world.facts, heading, world.made).log;
    let fact = LogFact { log, made: world.made };
    let (origin, county, day) = (LogOrigin::Built, world.settings.county, DAY);
    let kept = KeptLog { origin, county, day, fact: fact.clone(), name: String::new(), digest: String::new() };
    store.commit(&[Change::Filed(kept.card(0))]).unwrap();
    world.facts.log = Some(fact);
    let before = cpu_ns();
    let facts = facts_of(store, &StationState::default(), &world.settings, DAY).unwrap();
    let stored = reconcile(&world.settings, DAY, &facts, world.until);
    let ms = (cpu_ns() - before) / 1_000_000;
    let due = reconcile(&world.settings, DAY, &world.facts, world.until);
    let [stored, due] = [&stored, &due].map(|day| serde_json::to_value(json(day)).unwrap());
    for (key, value) in due.as_object().unwrap() {
        assert!(stored[key] == *value, "seed {seed}: {key} differs");
    }
    ms
}

#[test]
fn every_generated_day_is_the_same_out_of_the_store() {
    for seed in 0..40 {
        hold(seed, 200, &mut MemoryStore::new());
    }
}

#[test]
fn a_day_of_ten_thousand_registrations_is_the_same_out_of_the_store() {
    let dir = tempfile::TempDir::new().unwrap();
    let ms = hold(20_240_315, 10_000, &mut SqliteStore::open(&dir.path().join("state.db")).unwrap());
    println!("read and reconciled in {ms} ms of CPU on the reading thread");
}
