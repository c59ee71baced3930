//! Packets that are signed and wrong, and records that nobody can carry.

use std::fs;

use dukou_packets::packet::header::Header;
use dukou_packets::suite::sha256;

use crate::simulated::station::name;
use crate::simulated::world::{FILES, REPORTS};
use crate::simulated::{World, forge, verdict};
use crate::stations::audit::verify;
use crate::stations::forge::Forgery;
use crate::stations::message;
use crate::stations::packet::cargo;
use crate::stations::pair::{LOGS, MESSAGES};
use crate::stations::tree::{digests, names};
use dukou_shared::store::Store;

use super::traffic::{Traffic, carry_both, converge, pair};
use super::{Ground, LeftOut, Scenario, Trial, checks};

pub(super) const SCENARIOS: &[Scenario] = &[
    Scenario {
        fault: 15,
        name: "poison-packet",
        how: "a second packet under a number, signed with the sender's own key",
        ground: Ground::Real,
        run: poison_packet,
    },
    Scenario {
        fault: 15,
        name: "sim-poison-packet",
        how: "signed packets whose root, count or predecessor is wrong",
        ground: Ground::Simulated,
        run: sim_poison_packet,
    },
    Scenario {
        fault: 16,
        name: "poison-record",
        how: "bad UTF-8, NUL, no end, DTD, too large, no key, among good files",
        ground: Ground::Real,
        run: poison_record,
    },
    Scenario {
        fault: 16,
        name: "sim-poison-record",
        how: "files that end in the middle and names without a key",
        ground: Ground::Simulated,
        run: sim_poison_record,
    },
];

fn poison_packet(trial: &mut Trial) -> Result<(), LeftOut> {
    let (pair, mut traffic) = (pair(), Traffic::default());
    traffic.drop(&pair, 1);
    pair.outer.pass(0);
    let first = cargo(&pair.outer.path("ferry/out"), MESSAGES).remove(0).header;
    carry_both(&pair);
    pair.inner.pass(0);
    let twin = Forgery { epoch: first.epoch, number: first.number, ..Forgery::first(&pair.outer, &pair.inner, MESSAGES) };
    fs::write(pair.inner.path("ferry/in/3-aaaa-poison.dkp"), twin.seal(&pair.outer, &pair.inner)).unwrap();
    traffic.drop(&pair, 6);
    pair.outer.pass(0);
    carry_both(&pair);
    pair.inner.pass(1);
    trial.fired(1);
    assert_eq!(pair.inner.channel(MESSAGES)["state"], "held");
    let logs = digests(&pair.inner.path("arrived").join(LOGS));
    assert_eq!(logs, traffic.on(LOGS), "the other channel goes on");
    let lines = pair.inner.log_lines();
    (0..3).for_each(|_| drop(pair.inner.pass(1)));
    // A start and a stop each, and not a line more.
    assert!(pair.inner.log_lines() - lines <= 6, "a hot loop");
    pair.inner.expect(0, &["release", MESSAGES]);
    converge(&pair);
    for station in [&pair.outer, &pair.inner] {
        assert_eq!(verify(station).code, 0, "{}", verify(station).all());
    }
    assert_eq!(digests(&pair.inner.path("arrived").join(MESSAGES)), traffic.on(MESSAGES));
    trial.checked(&[1, 2, 4, 6]);
    trial.note("I7 is not asked: the packet is no honest fault");
    Ok(())
}

/// A way to make a signed packet wrong, and the code its channel must be held under.
type Wrong = (&'static str, fn(&mut Header));

const WRONGS: [Wrong; 3] = [
    ("root", |header| header.root = sha256(&[b"another root"])),
    ("count", |header| header.record_count = 2),
    ("chain", |header| header.prev = sha256(&[b"another predecessor"])),
];

fn sim_poison_packet(trial: &mut Trial) -> Result<(), LeftOut> {
    for (code, change) in WRONGS {
        let mut world = World::new(trial.seed);
        world.outer_supplier.drop_file(&world.outer, FILES, "first");
        world.settle_and_check().unwrap();
        let place = forge::next_place(&world.outer, FILES);
        let sealed = forge::packet(&world.outer, &world.inner, &place, &[forge::file("forged", b"forged")]);
        let wrong = forge::resign(&world.outer, &sealed, change);
        world.inward.put(&world.inner, None, &wrong);
        world.inner.step().unwrap();
        let hold = world.inner.store.clone().load().unwrap().holds.remove(&name(FILES));
        assert_eq!(hold.map(|hold| hold.code).as_deref(), Some(code));
        world.outer_supplier.drop_xml(&world.outer, REPORTS, "B1_a.xml");
        world.settle().unwrap();
        assert!(world.inner_consumer.names(&name(REPORTS)).contains(&"B1_a.xml".to_owned()), "{code}: others flow");
        let (lines, commits) = (world.inner.log().len(), world.inner.store.commits());
        (0..3).for_each(|_| drop(world.inner.step().unwrap()));
        assert_eq!((world.inner.log().len(), world.inner.store.commits()), (lines, commits), "{code}: a hot loop");
        verdict::log_verifies(&world.inner).unwrap();
        trial.fired(1);
    }
    trial.checked(&[4]);
    trial.note("I7 is not asked: the packet is no honest fault");
    Ok(())
}

fn poison_record(trial: &mut Trial) -> Result<(), LeftOut> {
    let (pair, mut traffic) = (pair(), Traffic::default());
    let too_large = message::large_xml(1, 17 << 20);
    let poisons: [(&str, &[u8]); 7] = [
        ("Biz1001.xml", b"<?xml version=\"1.0\" encoding=\"UTF-8\"?><a>\xFF\xFE</a>"),
        ("Biz1002.xml", b"<a>\x00</a>"),
        ("Biz1003.xml", b"<a><b></a>"),
        ("Biz1004.xml", b"<!DOCTYPE a [<!ENTITY b \"c\">]><a>&b;</a>"),
        ("Biz1005.xml", b""),
        ("Biz1006.xml", &too_large),
        ("no-key.xml", b"<a/>"),
    ];
    for (name, bytes) in poisons {
        traffic.drop(&pair, 1);
        pair.drop(MESSAGES, name, bytes);
        trial.fired(1);
    }
    traffic.drop(&pair, 2);
    pair.outer.pass(1);
    converge(&pair);
    checks::whole(trial, &pair, &traffic);
    let rejected = names(&pair.outer.path("rejected").join(MESSAGES));
    assert_eq!(rejected.len(), 3 * poisons.len(), "each with its two reasons: {rejected:?}");
    let told = pair.inner.json(0, &["status"])["rejections"].as_array().unwrap().len();
    assert!(told > 0, "the receiver knows of the tombstones");
    Ok(())
}

fn sim_poison_record(trial: &mut Trial) -> Result<(), LeftOut> {
    for seed in 0..trial.pace.pick(4, 100) {
        let mut world = World::new(trial.seed.wrapping_add(seed));
        for index in 0..6 {
            world.outer_supplier.drop_bad_xml(&world.outer, REPORTS, &format!("A{index}_cut.xml"));
            trial.fired(1);
        }
        world.drop_mixture("B");
        world.settle_and_check().unwrap_or_else(|broken| panic!("seed {}: {broken}", world.seed));
    }
    trial.checked(&[1, 2, 3, 4, 5, 6, 7]);
    Ok(())
}
