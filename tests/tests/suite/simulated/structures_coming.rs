//! Structure changes where rows come in: held at their markers, applied when all are there and it is approved, passed; killed and cut off anywhere.

use super::sweep::every_changing_op;
use dukou_packets::keyring::Side;
use dukou_packets::log::line::Event;
use dukou_packets::packet::marker::{Approval, ApprovalKind, Change, Marker, Statement, document_digest};
use dukou_packets::packet::seal::{CargoPlace, Versions};
use dukou_packets::suite::{Digest, SoftSigner};
use dukou_rehearsal::random::Random;
use dukou_shared::channel::{Channel, ChannelSink};
use dukou_shared::connectors::tables::restructure::{Ends, RestructureFault, StepFault};
use dukou_shared::connectors::tables::simulated::{Moment, SimDatabase, SimFault};
use dukou_shared::connectors::tables::{Op, RowChange, TableFault, Value};
use dukou_shared::report;
use dukou_shared::requests::structure::Act;
use dukou_shared::requests::{Answer, Request};
use dukou_shared::schema::approval::reason_digest;
use dukou_shared::schema::here::{ByHand, Here};
use dukou_shared::schema::structure::next_digest;
use dukou_shared::schema::{Document, Structure};
use dukou_shared::store::Store;
use dukou_tests::simulated::changes::make_at;
use dukou_tests::simulated::forge;
use dukou_tests::simulated::station::{name, table_channel};
use dukou_tests::simulated::world::standard_channels;
use dukou_tests::simulated::{World, verdict};

const PARCELS: &str = "parcels";
const HOUSES: &str = "houses";
const BOTH: [&str; 2] = [PARCELS, HOUSES];

const STRUCTURE: &str = r#"format = 1
structure = "sample"
version = 1
title = "t"

[[table]]
name = "zd"
key = ["dm"]
columns = [{ name = "dm", type = "text(28)", null = false }, { name = "yt", type = "text(100)" }]

[[table]]
name = "fw"
key = ["dm"]
columns = [{ name = "dm", type = "text(28)", null = false }, { name = "yt", type = "text(100)" }]
"#;

const RETYPE: &str = "\n[[change]]\nop = \"retype\"\ntable = \"zd\"\ncolumn = \"yt\"\nto = \"text(9)\"\n\n\
                      [[change]]\nop = \"rename-column\"\ntable = \"fw\"\ncolumn = \"yt\"\nto = \"xz\"\n";
const WIDEN: &str = "\n[[change]]\nop = \"widen\"\ntable = \"zd\"\ncolumn = \"yt\"\nto = \"text(200)\"\n\n\
                     [[change]]\nop = \"widen\"\ntable = \"fw\"\ncolumn = \"yt\"\nto = \"text(200)\"\n";
const ADD: &str = "pending = true\n\n[[change]]\nop = \"add-column\"\ntable = \"zd\"\ncolumn = \"bz\"\ntype = \"text(9)\"\n\n\
                   [[change]]\nop = \"add-column\"\ntable = \"fw\"\ncolumn = \"bz\"\ntype = \"text(9)\"\n";

fn text(changes: &str) -> String {
    format!(
        "format = 1\nstructure = \"sample\"\nfrom = 1\nto = 2\ntitle = \"t\"\nbasis = \"b\"\nfirst_day = \"2021-08-30\"\n{changes}"
    )
}

fn first() -> Structure {
    Structure::read(STRUCTURE.as_bytes()).unwrap()
}

/// Two channels of tables into one database, before a change whose packets the test makes itself.
struct Scene {
    world: World,
    text: String,
    sink: String,
    /// How many packets were made.
    made: u64,
    /// The newest packet of each channel.
    places: Vec<(&'static str, CargoPlace)>,
}

impl Scene {
    fn new(seed: u64, sink: &str, changes: &str) -> Self {
        Self::into(seed, [sink, sink], changes)
    }

    /// The databases of the parcels and of the houses.
    fn into(seed: u64, [sink, other]: [&str; 2], changes: &str) -> Self {
        let to_sink = |text: &str, table: &str, sink: &str| {
            let mut channel = table_channel(text, Side::Outer, &[table]);
            channel.structure = Some("sample".to_string());
            if let ChannelSink::Tables(tables) = &mut channel.sink {
                tables.database = sink.to_string();
            }
            channel
        };
        let mut channels: Vec<Channel> = standard_channels();
        channels.extend([to_sink(PARCELS, "zd", sink), to_sink(HOUSES, "fw", other)]);
        let mut world = World::with_channels(seed, channels);
        world.inner.add_approver(8);
        world.outer.add_approver(9);
        world.inner.trust.as_mut().unwrap().peer = world.outer.keys.keyring.clone();
        world.inner.files.put(world.inner.station.dir.join("structures/sample.toml"), STRUCTURE);
        let places = BOTH.map(|channel| (channel, forge::next_place(&world.outer, channel))).to_vec();
        Self { world, text: text(changes), sink: sink.to_string(), made: 0, places }
    }

    fn change(&self) -> Change {
        Change {
            structure: "sample".to_string(),
            from: 1,
            before: first().digest,
            document: document_digest(self.text.as_bytes()),
        }
    }

    fn signed(&self, station: &dukou_tests::simulated::SimStation, seed: u8, plan: Digest) -> Approval {
        let document = Document::read(self.text.as_bytes()).unwrap();
        let here = Here::of((&self.world.inner.channels, &ByHand::new()), Side::Inner, first(), &document).unwrap();
        let statement = Statement {
            kind: ApprovalKind::Approve,
            station: station.station.config.station.id,
            keyring: station.keys.keyring.body().version,
            plan,
            loss: here.losses().next().is_some(),
            reason: reason_digest("why"),
        };
        Approval::sign(&self.change(), &statement, &SoftSigner::from_seed([seed; 32])).unwrap()
    }

    fn plan(&self) -> Digest {
        let document = Document::read(self.text.as_bytes()).unwrap();
        Here::of((&self.world.inner.channels, &ByHand::new()), Side::Inner, first(), &document).unwrap().digest()
    }

    fn marker(&self) -> Marker {
        Marker {
            change: self.change(),
            document: self.text.clone().into_bytes(),
            channels: vec![name(HOUSES), name(PARCELS)],
            pending: self.text.contains("pending = true"),
            keep_days: 10,
            approvals: vec![self.signed(&self.world.outer, 9, Digest::ZERO)],
        }
    }

    fn place(&mut self, channel: &str) -> &mut CargoPlace {
        &mut self.places.iter_mut().find(|(of, _)| *of == channel).unwrap().1
    }

    /// Makes a channel's next packet: gives its bytes.
    fn packet(
        &mut self,
        channel: &str,
        make: impl FnOnce(&World, &CargoPlace, u64) -> dukou_packets::packet::seal::Sealed,
    ) -> Vec<u8> {
        let place = self.place(channel).clone();
        let sealed = make(&self.world, &place, self.made);
        self.made += 1;
        *self.place(channel) = CargoPlace { seq: place.seq + 1, prev: sealed.header_digest, ..place };
        forge::bytes(&sealed)
    }

    fn row(&mut self, channel: &str, cells: &[(&str, Option<&str>)], versions: (u32, u32)) -> Vec<u8> {
        let table = if channel == PARCELS { "zd" } else { "fw" };
        let value = |value: &Option<&str>| value.map_or(Value::Null, |text| Value::Text(text.to_string()));
        self.packet(channel, |world, place, ahead| {
            let key = vec![("dm".into(), Value::Text(format!("R{}", place.seq)))];
            let others = cells.iter().map(|(name, of)| ((*name).into(), value(of)));
            let row = key.iter().cloned().chain(others).collect();
            let (changed, transaction) = (Vec::new(), Some(place.seq));
            let change = RowChange { table: table.to_string(), op: Op::Insert, key, row, changed, transaction, goes_on: false };
            let versions = Versions { written: versions.0, needed: versions.1 };
            forge::rows(&world.outer, &world.inner, place, &[change], versions, ahead)
        })
    }

    fn marked(&mut self, channel: &str, marker: &Marker) -> Vec<u8> {
        self.packet(channel, |world, place, ahead| forge::marker_ahead(&world.outer, &world.inner, place, marker, ahead))
    }

    /// A row before the marker, the marker, two rows behind it.
    fn packets(&mut self, channel: &str) -> Vec<Vec<u8>> {
        let marker = self.marker();
        let before = self.row(channel, &[("yt", Some("a"))], (1, 1));
        let marked = self.marked(channel, &marker);
        let behind = [self.row(channel, &[("yt", Some("b"))], (2, 2)), self.row(channel, &[("yt", Some("c"))], (2, 2))];
        [before, marked].into_iter().chain(behind).collect()
    }

    fn put(&mut self, bytes: &[u8]) {
        self.world.inward.put(&self.world.inner, None, bytes);
    }

    fn step(&mut self) {
        self.world.inner.clock.advance(2000);
        self.world.inner.step().unwrap();
    }

    fn steps(&mut self) {
        (0..8).for_each(|_| self.step());
    }

    fn approve_with(&mut self, approval: Approval) -> Answer {
        let document = document_digest(self.text.as_bytes());
        let act = Act::Approve { structure: "sample".to_string(), to: 2, document, approval };
        let (operator, name, reason) = ("account-8".to_string(), "person-8".to_string(), "why".to_string());
        self.world.inner.perform(&Request::Structure { act, operator, name, reason }).unwrap()
    }

    fn approve(&mut self) {
        let approval = self.signed(&self.world.inner, 8, self.plan());
        let answer = self.approve_with(approval);
        assert_eq!(answer.exit, 0, "{}", answer.en);
    }

    fn database(&self) -> SimDatabase {
        self.world.inner.databases.at(&self.sink)
    }

    fn hold(&self, channel: &str) -> Option<String> {
        self.world.inner.store.clone().load().unwrap().holds.remove(&name(channel)).map(|hold| hold.code)
    }

    fn why(&self) -> Option<String> {
        let inner = &self.world.inner;
        let status = report::status(&inner.station, &inner.channels, inner.trust.as_ref(), &mut inner.store.clone()).unwrap();
        status.structures_coming.first()?.why.as_ref().map(|why| why.code.clone())
    }

    fn awaited(&self) -> Vec<String> {
        let inner = &self.world.inner;
        let status = report::status(&inner.station, &inner.channels, inner.trust.as_ref(), &mut inner.store.clone()).unwrap();
        status.structures_coming.into_iter().flat_map(|line| line.awaited).collect()
    }

    /// Nothing of the change was made, and both channels stop right before their markers.
    fn is_untouched(&self) {
        assert_eq!(self.database().version(true), 0, "{:?}", self.why());
        for channel in BOTH {
            assert_eq!(self.world.inner.store.clone().load().unwrap().in_heads[&name(channel)].seq, 1, "{channel}");
        }
    }

    /// All packets are applied, each once, and each row met the version that it was written under.
    fn is_passed(&self, what: &dyn std::fmt::Display) {
        let state = self.world.inner.store.clone().load().unwrap();
        assert_eq!(self.database().version(true), 2, "{what}: {:?}", self.why());
        for channel in BOTH {
            let at = (state.in_heads[&name(channel)].seq, self.hold(channel));
            assert_eq!(at, (4, None), "{what}: {channel}");
            let met: Vec<(u64, u32)> = self.met(channel);
            assert_eq!(met, [(1, 0), (3, 2), (4, 2)], "{what}: {channel}");
            let applied = self.world.inner.log().into_iter().filter_map(|event| match event {
                Event::Applied { channel: of, seq, .. } if of == name(channel) => Some(seq),
                _ => None,
            });
            let mut applied: Vec<u64> = applied.collect();
            applied.dedup();
            assert_eq!(applied, [1, 2, 3, 4], "{what}: {channel}");
        }
        verdict::log_verifies(&self.world.inner).unwrap_or_else(|broken| panic!("{what}: {broken}"));
    }

    /// The packets of rows that were applied: number, and the version of the structure that each met.
    fn met(&self, channel: &str) -> Vec<(u64, u32)> {
        let met = self.database().met(&name(channel));
        met.into_iter().map(|(mark, version)| (mark.seq, version)).filter(|(seq, _)| *seq != 2).collect()
    }

    fn import(&mut self, bytes: &[u8]) -> Answer {
        let file = self.world.inner.station.dir.join("markers.bin");
        self.world.inner.files.put(&file, bytes);
        self.world.inner.perform(&Request::ImportMarkers { file, operator: "wangwu".to_string() }).unwrap()
    }

    fn release(&mut self, channel: &str) {
        let request = Request::Release { channel: name(channel), operator: "wangwu".to_string() };
        assert_eq!(self.world.inner.perform(&request).unwrap().exit, 0);
    }
}

/// Both channels stand at their markers, what is behind lies here, and a person has approved.
fn complete_and_approved(sink: &str) -> Scene {
    let mut scene = Scene::new(31, sink, WIDEN);
    let all = BOTH.map(|channel| scene.packets(channel));
    for packets in &all {
        packets[..2].iter().for_each(|bytes| scene.put(bytes));
    }
    scene.steps();
    scene.is_untouched();
    scene.approve();
    all.iter().flat_map(|packets| &packets[2..]).for_each(|bytes| scene.put(bytes));
    scene
}

const WHOLE: &str = "sqlite:shared-sink";
const BY_STEPS: &str = "mysql://shared/sink";

#[test]
fn a_change_is_applied_once_in_whatever_order_its_packets_and_its_approval_come() {
    for seed in 0..40 {
        let mut dice = Random::new(seed);
        let mut scene = Scene::new(seed, if seed % 2 == 0 { WHOLE } else { BY_STEPS }, WIDEN);
        let mut left: Vec<(&str, usize, Vec<u8>)> = Vec::new();
        for channel in BOTH {
            let packets = scene.packets(channel);
            left.extend(packets.into_iter().enumerate().map(|(at, bytes)| (channel, at, bytes)));
        }
        let mut approved = false;
        while !left.is_empty() {
            let (_, _, bytes) = left.remove(dice.below(left.len() as u64) as usize);
            scene.put(&bytes);
            scene.step();
            let known = !scene.world.inner.store.clone().book().unwrap().is_empty();
            if known && !approved && dice.chance(0.3) {
                scene.approve();
                approved = true;
            }
            if !approved || left.iter().any(|(_, at, _)| *at < 2) {
                assert_eq!(scene.database().version(true), 0, "seed {seed}");
            }
        }
        scene.steps();
        if !approved {
            scene.is_untouched();
            scene.world.inner.clock.advance(9 * 86_400_000);
            scene.step();
            scene.approve();
            scene.steps();
        }
        scene.is_passed(&format!("seed {seed}"));
    }
}

#[test]
fn a_station_killed_at_any_file_operation_of_an_apply_ends_with_the_change_made_once() {
    for sink in [WHOLE, BY_STEPS] {
        for place in every_changing_op(
            || complete_and_approved(sink).world,
            |world| {
                world.inner.clock.advance(2000);
                world.inner.step().map(drop)
            },
        ) {
            let mut scene = complete_and_approved(sink);
            scene.world.inner.clock.advance(2000);
            scene.world.inner.files.kill_at(place, false);
            assert!(scene.world.inner.step().is_err(), "nothing died at operation {place}");
            scene.world.inner.crash();
            scene.steps();
            scene.is_passed(&format!("{sink}: killed at operation {place}"));
        }
    }
}

fn calls(sink: &str) -> u64 {
    let mut scene = complete_and_approved(sink);
    let before = scene.database().calls();
    scene.step();
    scene.is_passed(&"undisturbed");
    scene.database().calls() - before
}

#[test]
fn a_station_killed_around_any_call_of_an_apply_ends_with_the_change_made_once() {
    for sink in [WHOLE, BY_STEPS] {
        for call in 1..=calls(sink) {
            for moment in [Moment::Before, Moment::After] {
                let mut scene = complete_and_approved(sink);
                let (database, inner) = (scene.database(), &scene.world.inner);
                let (files, store, at) = (inner.files.clone(), inner.store.clone(), database.calls() + call);
                let mut dead = false;
                database.hook(Some(Box::new(move |number, now| {
                    if (number, now) == (at, moment) {
                        dead = true;
                        files.kill_at(1, false);
                        store.kill();
                    }
                    dead
                })));
                scene.world.inner.clock.advance(2000);
                // A station that dies behind its last operation has done its step.
                let _ = scene.world.inner.step();
                database.hook(None);
                scene.world.inner.crash();
                scene.steps();
                scene.is_passed(&format!("{sink}: killed {moment:?} call {call}"));
            }
        }
    }
}

#[test]
fn an_apply_whose_answer_is_lost_or_that_was_never_heard_is_made_once() {
    let away = || TableFault::Away { place: "simulated".to_string(), words: "cut".to_string() };
    for sink in [WHOLE, BY_STEPS] {
        for call in 1..=calls(sink) {
            for fault in [SimFault::Unanswered, SimFault::Refused(away())] {
                let mut scene = complete_and_approved(sink);
                scene.database().fail_at(call, fault.clone());
                scene.steps();
                scene.is_passed(&format!("{sink}: call {call} met {fault:?}"));
            }
        }
    }
}

#[test]
fn what_was_made_is_passed_and_what_was_begun_goes_on_though_the_approval_ended_in_between() {
    for sink in [WHOLE, BY_STEPS] {
        let mut made = 0;
        for call in 1..=calls(sink) {
            let mut scene = complete_and_approved(sink);
            let (database, inner) = (scene.database(), &scene.world.inner);
            let (files, store, at) = (inner.files.clone(), inner.store.clone(), database.calls() + call);
            database.hook(Some(Box::new(move |number, now| {
                if (number, now) == (at, Moment::After) {
                    files.kill_at(1, false);
                    store.kill();
                }
                number >= at && now == Moment::After
            })));
            scene.world.inner.clock.advance(2000);
            let _ = scene.world.inner.step();
            database.hook(None);
            scene.world.inner.end_approver(8);
            scene.world.inner.crash();
            scene.steps();
            match scene.database().version(true) {
                0 => scene.is_untouched(),
                _ => scene.is_passed(&format!("{sink}: killed behind call {call}")),
            }
            made += u32::from(scene.database().version(true) == 2);
        }
        assert!(made > 0, "{sink}: no call made anything");
    }
}

#[test]
fn what_is_not_approved_here_and_now_is_never_applied_and_says_why() {
    type Spoil = fn(&mut Scene);
    let cases: [(&str, Spoil); 4] = [
        ("unapproved", |_| {}),
        ("role-expired", |scene| {
            scene.approve();
            scene.world.inner.end_approver(8);
            scene.world.inner.crash();
        }),
        ("altered", |scene| {
            scene.approve();
            for channel in &mut scene.world.inner.channels {
                if channel.channel == name(PARCELS)
                    && let ChannelSink::Tables(sink) = &mut channel.sink
                {
                    sink.tables.insert("zd".to_string(), "land".to_string());
                }
            }
            scene.world.inner.crash();
        }),
        ("channels", |scene| {
            scene.approve();
            scene.world.inner.channels.retain(|channel| channel.channel != name(HOUSES));
            scene.world.inner.crash();
        }),
    ];
    for (code, spoil) in cases {
        let mut scene = Scene::new(32, WHOLE, WIDEN);
        let markers = BOTH.map(|channel| scene.packets(channel));
        markers[0].iter().for_each(|bytes| scene.put(bytes));
        markers[1][..1].iter().for_each(|bytes| scene.put(bytes));
        scene.steps();
        assert_eq!(scene.awaited(), [HOUSES], "{code}");
        spoil(&mut scene);
        markers[1][1..].iter().for_each(|bytes| scene.put(bytes));
        scene.steps();
        assert_eq!(scene.database().version(true), 0, "{code}");
        if code != "channels" {
            scene.is_untouched();
            assert_eq!(scene.why().as_deref(), Some(code));
        }
    }
}

#[test]
fn a_change_whose_senders_approver_is_unknown_by_the_time_it_is_complete_is_never_applied_and_says_why() {
    let mut scene = Scene::new(32, WHOLE, WIDEN);
    let markers = BOTH.map(|channel| scene.packets(channel));
    markers.iter().flatten().for_each(|bytes| scene.put(bytes));
    scene.steps();
    scene.world.inner.trust.as_mut().unwrap().peer = scene.world.outer.card.clone();
    scene.world.inner.crash();
    scene.approve();
    scene.steps();
    scene.is_untouched();
    assert_eq!(scene.why().as_deref(), Some("foreign"));
    scene.world.inner.trust.as_mut().unwrap().peer = scene.world.outer.keys.keyring.clone();
    scene.world.inner.crash();
    scene.steps();
    scene.is_passed(&"known again");
}

#[test]
fn a_change_that_stands_at_a_step_where_rows_leave_from_the_same_database_is_not_made_unapproved_where_they_come_in() {
    let mut scene = Scene::new(33, BY_STEPS, WIDEN);
    let database = scene.database();
    database.refuse_step(1, StepFault::NotDone);
    let place = (&scene.world.inner.databases, BY_STEPS);
    let begun = make_at(place, (STRUCTURE, &scene.text), Ends::Leaving(Vec::new()));
    assert!(matches!(begun, Err(RestructureFault::Step { step: 1, .. })), "{begun:?}");
    database.refuse_none();
    for packets in BOTH.map(|channel| scene.packets(channel)) {
        packets.iter().for_each(|bytes| scene.put(bytes));
    }
    scene.steps();
    scene.is_untouched();
    assert_eq!(scene.why().as_deref(), Some("unapproved"));
}

#[test]
fn markers_that_contradict_each_other_or_their_document_hold_their_channels_and_nothing_passes_for_made() {
    let other = "sqlite:other-sink";
    // What the first marker says of the parcels, the second of the houses.
    for (first, second) in [(true, false), (false, true), (false, false)] {
        let mut scene = Scene::into(41, [WHOLE, other], ADD);
        for (channel, pending) in [(PARCELS, first), (HOUSES, second)] {
            let marker = Marker { pending, ..scene.marker() };
            let packets = [scene.row(channel, &[("yt", Some("a"))], (1, 1)), scene.marked(channel, &marker)];
            packets.iter().for_each(|bytes| scene.put(bytes));
            scene.steps();
        }
        let held = [PARCELS, HOUSES].map(|channel| scene.hold(channel));
        let expected = [first, second].map(|pending| (!pending).then(|| "marker".to_string()));
        assert_eq!(held, expected, "{first}, {second}");
        let state = scene.world.inner.store.clone().load().unwrap();
        assert_eq!(state.facts.get("structure-versions"), None, "{first}, {second}: nobody approved it");
    }
    let mut scene = Scene::into(42, [WHOLE, other], WIDEN);
    let channels = [vec![name(HOUSES), name(PARCELS)], vec![name(HOUSES)]];
    for (channel, channels) in [PARCELS, HOUSES].into_iter().zip(channels) {
        let marker = Marker { channels, ..scene.marker() };
        let packets = [scene.row(channel, &[("yt", Some("a"))], (1, 1)), scene.marked(channel, &marker)];
        packets.iter().for_each(|bytes| scene.put(bytes));
        scene.steps();
    }
    assert_eq!([PARCELS, HOUSES].map(|channel| scene.hold(channel)), [Some("structure".into()), Some("marker".into())]);
}

#[test]
fn a_pending_change_into_two_databases_is_made_in_neither_before_it_is_approved() {
    let other = "sqlite:other-sink";
    let mut scene = Scene::into(43, [WHOLE, other], ADD);
    let marker = scene.marker();
    for channel in BOTH {
        let packets = [scene.row(channel, &[("yt", Some("a"))], (1, 1)), scene.marked(channel, &marker)];
        packets.iter().for_each(|bytes| scene.put(bytes));
    }
    scene.steps();
    let version = |scene: &Scene, place| scene.world.inner.databases.at(place).version(true);
    let state = scene.world.inner.store.clone().load().unwrap();
    assert_eq!(state.facts.get("structure-versions"), None);
    assert_eq!((version(&scene, WHOLE), version(&scene, other), scene.why().as_deref()), (0, 0, Some("unapproved")));
    scene.approve();
    scene.steps();
    assert_eq!((version(&scene, WHOLE), version(&scene, other), scene.why()), (2, 2, None));
}

#[test]
fn a_pending_marker_that_nobody_of_its_sender_approved_is_not_passed() {
    let mut scene = Scene::new(44, WHOLE, ADD);
    let marker = Marker { approvals: Vec::new(), ..scene.marker() };
    let packets = [
        scene.row(PARCELS, &[("yt", Some("a"))], (1, 1)),
        scene.marked(PARCELS, &marker),
        scene.row(PARCELS, &[("yt", Some("b")), ("bz", None)], (2, 1)),
    ];
    packets.iter().for_each(|bytes| scene.put(bytes));
    scene.steps();
    assert_eq!((scene.hold(PARCELS).as_deref(), scene.met(PARCELS)), (Some("structure"), vec![(1, 0)]));
}

#[test]
fn a_marker_with_a_signature_that_is_not_by_an_approver_of_the_peer_holds_its_channel_and_leaves_nothing_in_the_book() {
    for changes in [WIDEN, ADD] {
        for junk in 0..5 {
            let mut scene = Scene::new(45, WHOLE, changes);
            let as_proposal = |station: &dukou_tests::simulated::SimStation, seed| {
                let statement =
                    Statement { kind: ApprovalKind::Propose, ..scene.signed(station, seed, Digest::ZERO).statement() };
                Approval::sign(&scene.change(), &statement, &SoftSigner::from_seed([seed; 32])).unwrap()
            };
            let approval = match junk {
                0 => scene.signed(&scene.world.inner, 8, scene.plan()),
                1 => as_proposal(&scene.world.inner, 8),
                2 => as_proposal(&scene.world.outer, 8),
                3 => scene.signed(&scene.world.outer, 77, Digest::ZERO),
                // Right, and of another change.
                _ => {
                    let statement = scene.signed(&scene.world.outer, 9, Digest::ZERO).statement();
                    let other = Change { before: Digest::from_bytes([7; 32]), ..scene.change() };
                    Approval::sign(&other, &statement, &SoftSigner::from_seed([9; 32])).unwrap()
                }
            };
            let mut marker = scene.marker();
            marker.approvals.push(approval);
            let packets = [scene.row(PARCELS, &[("yt", Some("a"))], (1, 1)), scene.marked(PARCELS, &marker)];
            packets.iter().for_each(|bytes| scene.put(bytes));
            scene.steps();
            assert_eq!(scene.hold(PARCELS).as_deref(), Some("marker"), "{junk}");
            assert_eq!(scene.import(&packets[1]).exit, 0, "{junk}: it is carried, and judged when it is met");
            assert_eq!(scene.world.inner.store.clone().book().unwrap(), [], "{junk}");
        }
    }
}

#[test]
fn a_change_of_the_peer_cannot_be_taken_back_where_nothing_of_it_was_begun_and_is_applied_all_the_same() {
    let mut scene = complete_and_approved(WHOLE);
    let document = document_digest(scene.text.as_bytes());
    for act in [
        Act::Back { structure: "sample".to_string(), to: 2, document },
        Act::Cancel { structure: "sample".to_string(), to: 2, document },
    ] {
        let (operator, name, reason) = ("account-8".to_string(), "person-8".to_string(), "why".to_string());
        let answer = scene.world.inner.perform(&Request::Structure { act, operator, name, reason }).unwrap();
        assert_eq!(answer.exit, 2, "{}", answer.en);
    }
    scene.steps();
    scene.is_passed(&"it is the peer's");
}

#[test]
fn a_marker_of_a_structure_that_is_not_described_holds_its_channel_and_leaves_nothing_in_the_book() {
    let mut scene = Scene::new(46, WHOLE, WIDEN);
    let description = scene.world.inner.station.dir.join("structures/sample.toml");
    assert!(scene.world.inner.files.remove(&description));
    scene.world.inner.crash();
    let before = scene.row(PARCELS, &[("yt", Some("a"))], (0, 0));
    let change = Change { before: Digest::from_bytes([7; 32]), ..scene.change() };
    let statement = scene.signed(&scene.world.outer, 9, Digest::ZERO).statement();
    let approvals = vec![Approval::sign(&change, &statement, &SoftSigner::from_seed([9; 32])).unwrap()];
    let wrong = Marker { change, approvals, ..scene.marker() };
    let marked = scene.marked(PARCELS, &wrong);
    [before, marked.clone()].iter().for_each(|bytes| scene.put(bytes));
    scene.steps();
    assert_eq!(scene.hold(PARCELS).as_deref(), Some("marker"));
    assert_eq!(scene.import(&marked).exit, 0);
    assert_eq!(scene.world.inner.store.clone().book().unwrap(), []);
    scene.world.inner.files.put(&description, STRUCTURE);
    assert_eq!(scene.import(&marked).exit, 0);
    assert_eq!(scene.world.inner.store.clone().book().unwrap(), [], "it begins at a version that nobody knows");
}

#[test]
fn two_markers_for_one_version_hold_both_channels_and_both_stay() {
    let mut scene = Scene::new(33, WHOLE, WIDEN);
    let (one, other) = (scene.packets(PARCELS), {
        let first = scene.text.clone();
        scene.text = text(RETYPE);
        let packets = scene.packets(HOUSES);
        scene.text = first;
        packets
    });
    one.iter().chain(&other).for_each(|bytes| scene.put(bytes));
    scene.steps();
    for channel in BOTH {
        assert_eq!(scene.hold(channel).as_deref(), Some("equivocation"), "{channel}");
    }
    assert_eq!(scene.world.inner.store.clone().book().unwrap().len(), 2);
    scene.is_untouched();
}

#[test]
fn a_marker_that_begins_at_another_version_holds_its_channel_and_says_which_is_here() {
    let mut scene = Scene::new(34, WHOLE, WIDEN);
    let before = scene.row(PARCELS, &[("yt", Some("a"))], (1, 1));
    let change = Change { before: Digest::from_bytes([7; 32]), ..scene.change() };
    let statement = scene.signed(&scene.world.outer, 9, Digest::ZERO).statement();
    let approvals = vec![Approval::sign(&change, &statement, &SoftSigner::from_seed([9; 32])).unwrap()];
    let marker = Marker { change, approvals, ..scene.marker() };
    let marked = scene.marked(PARCELS, &marker);
    [before, marked].iter().for_each(|bytes| scene.put(bytes));
    scene.steps();
    assert_eq!(scene.hold(PARCELS).as_deref(), Some("marker"));
    let inner = &scene.world.inner;
    let status = report::status(&inner.station, &inner.channels, inner.trust.as_ref(), &mut inner.store.clone()).unwrap();
    let line = status.channels.iter().find(|line| line.channel == PARCELS).unwrap();
    let words = line.hold.as_ref().unwrap().row.as_ref().unwrap().en.clone();
    assert!(words.contains(&first().digest.to_string()) && words.contains("version 1"), "{words}");
}

#[test]
fn rows_of_a_version_that_is_not_here_are_never_applied() {
    for (written, needed) in [(2, 2), (2, 1), (1, 2), (3, 3)] {
        let mut scene = Scene::new(35, WHOLE, WIDEN);
        let packet = scene.row(PARCELS, &[("yt", Some("a"))], (written, needed));
        scene.put(&packet);
        scene.steps();
        assert_eq!(scene.hold(PARCELS).as_deref(), Some("structure-version"), "written {written}, needed {needed}");
        assert_eq!(scene.met(PARCELS), [], "written {written}, needed {needed}");
    }
    let mut scene = complete_and_approved(WHOLE);
    scene.steps();
    let old = scene.row(PARCELS, &[("yt", Some("a"))], (1, 1));
    scene.put(&old);
    scene.steps();
    assert_eq!(scene.hold(PARCELS).as_deref(), Some("structure-version"), "written under the version before");
}

#[test]
fn a_change_that_is_pending_lets_rows_go_on_that_do_not_need_it_and_the_others_wait_for_it() {
    let mut scene = Scene::new(36, WHOLE, ADD);
    let marker = scene.marker();
    for channel in BOTH {
        let packets = [
            scene.row(channel, &[("yt", Some("a"))], (1, 1)),
            scene.marked(channel, &marker),
            scene.row(channel, &[("yt", Some("b")), ("bz", None)], (2, 1)),
        ];
        packets.iter().for_each(|bytes| scene.put(bytes));
    }
    scene.steps();
    assert_eq!((scene.met(PARCELS), scene.hold(PARCELS)), (vec![(1, 0), (3, 0)], None), "it goes on under the version before");
    let rows = scene.database().rows();
    assert!(rows["zd"].values().flatten().all(|(column, _)| column.as_str() != "bz"), "{rows:?}");
    let needs = scene.row(PARCELS, &[("yt", Some("c")), ("bz", Some("x"))], (2, 2));
    scene.put(&needs);
    scene.steps();
    assert_eq!((scene.met(PARCELS).len(), scene.hold(PARCELS).as_deref()), (2, Some("structure")));
    scene.approve();
    scene.steps();
    assert_eq!((scene.met(PARCELS), scene.hold(PARCELS)), (vec![(1, 0), (3, 0), (4, 2)], None));
    let (later, all) = (scene.row(HOUSES, &[("yt", Some("d")), ("bz", Some("x"))], (2, 2)), scene.database().version(true));
    scene.put(&later);
    scene.steps();
    assert_eq!((all, scene.met(HOUSES)), (2, vec![(1, 0), (3, 0), (4, 2)]));
}

#[test]
fn a_step_that_the_database_refuses_leaves_the_old_structure_and_is_tried_again_once_a_person_did_something() {
    let mut scene = complete_and_approved(WHOLE);
    scene.database().refuse_step(1, StepFault::Loses { rows: 3 });
    scene.steps();
    scene.is_untouched();
    assert_eq!(scene.why().as_deref(), Some("step"));
    let calls = scene.database().calls();
    scene.steps();
    assert_eq!(scene.database().calls(), calls, "it is not tried again and again");
    scene.database().refuse_none();
    scene.release(HOUSES);
    scene.steps();
    scene.is_passed(&"mended");
}

#[test]
fn a_table_that_drifted_holds_its_channel_before_anything_is_applied() {
    let mut scene = complete_and_approved(WHOLE);
    scene.database().drift("zd", true);
    scene.steps();
    scene.is_untouched();
    assert_eq!(scene.hold(PARCELS).as_deref(), Some("schema-drift"));
    scene.database().drift("zd", false);
    scene.release(PARCELS);
    scene.steps();
    scene.is_passed(&"mended");
    let mut fresh = Scene::new(37, WHOLE, WIDEN);
    fresh.database().drift("fw", true);
    let row = fresh.row(HOUSES, &[("yt", Some("a"))], (1, 1));
    fresh.put(&row);
    fresh.steps();
    assert_eq!((fresh.hold(HOUSES).as_deref(), fresh.met(HOUSES)), (Some("schema-drift"), vec![]), "at start");
}

#[test]
fn a_marker_of_a_change_that_was_applied_is_passed_and_not_applied_again() {
    let mut scene = complete_and_approved(WHOLE);
    scene.steps();
    scene.is_passed(&"once");
    let marker = scene.marker();
    let (again, behind) = (scene.marked(PARCELS, &marker), scene.row(PARCELS, &[("yt", Some("d"))], (2, 2)));
    scene.put(&again);
    scene.put(&behind);
    let calls = scene.database().calls();
    scene.steps();
    assert_eq!((scene.hold(PARCELS), scene.awaited()), (None, vec![]));
    assert_eq!(scene.met(PARCELS).last(), Some(&(6, 2)));
    assert!(scene.database().calls() - calls <= 3, "no change was made");
}

#[test]
fn a_sink_that_was_restored_to_before_a_change_is_given_nothing_behind_the_marker_before_it_has_the_change() {
    let mut scene = complete_and_approved(WHOLE);
    let copy = scene.database().copy();
    scene.steps();
    scene.is_passed(&"before");
    scene.database().put_back(&copy);
    scene.database().drift("zd", true);
    scene.world.inner.crash();
    scene.steps();
    assert_eq!(scene.hold(PARCELS).as_deref(), Some("sink-behind"));
    let replay = |scene: &mut Scene| {
        let (operator, named, reason) = ("wangwu".to_string(), "Wang Wu".to_string(), "restored".to_string());
        let request = Request::Replay { channel: name(PARCELS), from: 2, operator, name: named, reason };
        scene.world.inner.perform(&request).unwrap()
    };
    let answer = replay(&mut scene);
    assert!(answer.exit != 0 && answer.en.contains("schema show 2"), "{}", answer.en);
    let at = |scene: &Scene| scene.database().mark_of(&name(PARCELS)).map(|mark| mark.seq);
    assert_eq!(at(&scene), Some(1), "the marker is not passed over");
    scene.database().drift("zd", false);
    let answer = replay(&mut scene);
    assert_eq!((answer.exit, at(&scene), scene.hold(PARCELS)), (0, Some(4), None), "{}", answer.en);
}

#[test]
fn a_lost_marker_is_healed_by_a_file_that_a_person_carried_and_nothing_else_is_taken_from_it() {
    let mut scene = Scene::new(39, WHOLE, WIDEN);
    let all = BOTH.map(|channel| scene.packets(channel));
    let lost = all[0][1].clone();
    all.iter().flatten().filter(|bytes| **bytes != lost).for_each(|bytes| scene.put(bytes));
    scene.steps();
    scene.approve();
    scene.steps();
    scene.is_untouched();
    assert_eq!(scene.awaited(), [PARCELS]);
    for (bytes, exit) in [(all[0][2].clone(), 2), (lost[..lost.len() - 1].to_vec(), 2), (lost, 0)] {
        assert_eq!(scene.import(&bytes).exit, exit);
    }
    scene.steps();
    scene.is_passed(&"imported");
}

#[test]
fn a_station_that_lost_which_version_is_here_recalls_it_from_the_markers_that_it_has_applied() {
    let mut scene = Scene::new(40, WHOLE, WIDEN);
    let all = BOTH.map(|channel| scene.packets(channel));
    all.iter().flatten().for_each(|bytes| scene.put(bytes));
    scene.steps();
    scene.approve();
    scene.steps();
    scene.is_passed(&"before");
    let lost = dukou_shared::store::Change::Fact("structure-versions".to_string(), None);
    scene.world.inner.store.clone().commit(&[lost]).unwrap();
    scene.world.inner.crash();
    let behind = scene.row(PARCELS, &[("yt", Some("d"))], (2, 2));
    scene.put(&behind);
    scene.steps();
    assert_eq!(scene.hold(PARCELS).as_deref(), Some("structure-version"));
    assert_eq!(scene.import(&[all[0][1].clone(), all[1][1].clone()].concat()).exit, 0);
    scene.release(PARCELS);
    scene.steps();
    assert_eq!((scene.hold(PARCELS), scene.met(PARCELS).last()), (None, Some(&(5, 2))));
    assert_eq!(scene.database().version(true), 2);
}

#[test]
fn a_marker_that_waits_for_half_of_its_senders_keeping_raises_an_alarm_that_ends_with_the_apply() {
    let mut scene = Scene::new(38, WHOLE, WIDEN);
    let all = BOTH.map(|channel| scene.packets(channel));
    all.iter().flatten().for_each(|bytes| scene.put(bytes));
    scene.steps();
    let alarms = |scene: &Scene| {
        let inner = &scene.world.inner;
        let status = report::status(&inner.station, &inner.channels, inner.trust.as_ref(), &mut inner.store.clone()).unwrap();
        status.alarms.into_iter().filter(|alarm| alarm.code == "schema-held").count()
    };
    scene.world.inner.clock.advance(4 * 86_400_000);
    scene.step();
    assert_eq!(alarms(&scene), 0);
    scene.world.inner.clock.advance(86_400_000);
    scene.step();
    assert_eq!(alarms(&scene), 2, "for each channel that stands");
    scene.approve();
    scene.steps();
    scene.world.inner.clock.advance(120_000);
    scene.steps();
    scene.is_passed(&"late");
    assert_eq!(alarms(&scene), 0);
}

#[test]
fn the_version_behind_a_change_is_known_by_digests() {
    let mut scene = complete_and_approved(WHOLE);
    scene.steps();
    let state = scene.world.inner.store.clone().load().unwrap();
    let change = scene.change();
    let next = next_digest(&change.before, &change.document).to_string();
    assert!(state.facts["structure-versions"].contains(&next), "{:?}", state.facts);
}
