//! Random lives, led by all stores in lockstep: whatever they are told, they answer alike.

use super::*;
use crate::store::cards::{Card, Drawer};
use proptest::prelude::*;

const NAMES: [&str; 8] = ["a.txt", "A.txt", "d/a.txt", "d/A.TXT", "x/d/a.txt", "测.txt", "a", "d/a"];
const KEYS: [&str; 6] = ["a", "a.txt", "d/a.txt", "测", "A", ""];
const EPOCHS: [&str; 3] = ["1-00000000000000aa", "2-0000000000000000", "10-0000000000000001"];
const SEQS: [u64; 5] = [1, 2, 3, 1 << 63, u64::MAX];

fn one_of<T: Clone + std::fmt::Debug + 'static>(values: &'static [T]) -> impl Strategy<Value = T> {
    proptest::sample::select(values)
}

fn some_channel() -> impl Strategy<Value = ChannelName> {
    one_of(&["a", "b"]).prop_map(channel)
}

fn some_key(direction: Direction) -> impl Strategy<Value = PacketKey> {
    // Few keys are likely, so that changes meet; the others are there for their order.
    let seq = prop_oneof![6 => Just(1_u64), 2 => one_of(&SEQS)];
    let text = prop_oneof![6 => Just(EPOCHS[0]), 2 => one_of(&EPOCHS)];
    (some_channel(), text, seq).prop_map(move |(channel, text, seq)| PacketKey { direction, channel, epoch: epoch(text), seq })
}

fn some_packet(direction: Direction, states: &'static [PacketState], alike: u32) -> impl Strategy<Value = PacketRow> {
    // Another header under a number is rare, or most commits would be refused.
    let header = prop_oneof![alike => Just(1_u8), 1 => Just(2)];
    let numbers = (one_of(&SEQS), 0..3_u32, 0..1000_u64, 0..5_u64);
    (some_key(direction), header, one_of(states), numbers, any::<bool>(), any::<bool>()).prop_map(
        |(key, header, state, (number, tombstones, plain_bytes, run_ms), spool, sources_pending)| PacketRow {
            header: digest(header),
            number,
            tombstones,
            plain_bytes,
            run_ms,
            state,
            sources_pending,
            spool: spool.then(|| "s".to_owned()),
            ..packet(key, header)
        },
    )
}

fn some_records() -> impl Strategy<Value = Vec<RecordRow>> {
    let kinds = &[RecordKind::File, RecordKind::FilePart, RecordKind::Tombstone, RecordKind::Withdrawal, RecordKind::Run];
    let record =
        (one_of(kinds), one_of(&NAMES), one_of(&KEYS), one_of(&[5, BODY_MAX, BODY_MAX + 1]), one_of(&["name", "size"]));
    proptest::collection::vec(record, 0..20).prop_map(|records| {
        let row = |(index, (kind, name, key, bytes, reason)): (usize, (_, &str, &str, _, &str))| RecordRow {
            kind,
            bytes,
            reason: reason.to_owned(),
            rows: if kind == RecordKind::Run { 2_000 } else { 1 },
            ..file(index as u32, key, name)
        };
        records.into_iter().enumerate().map(row).collect()
    })
}

fn some_change() -> impl Strategy<Value = Change> {
    use PacketState::{Applied, Delivering, Early, Late, Left, Packed};
    let out = || some_packet(Direction::Out, &[Packed], 20);
    let either = || prop_oneof![some_key(Direction::Out), some_key(Direction::In)];
    prop_oneof![
        6 => (out(), some_records()).prop_map(|(packet, records)| Change::Packed { packet, records }),
        6 => (some_packet(Direction::In, &[Delivering], 20), some_records())
            .prop_map(|(packet, records)| Change::Marked { packet, records }),
        4 => some_packet(Direction::In, &[Early, Late], 20).prop_map(Change::Kept),
        3 => some_packet(Direction::Out, &[Packed, Left], 1).prop_map(Change::Rebuilt),
        2 => some_packet(Direction::In, &[Early, Delivering, Applied, Late], 1).prop_map(Change::Rebuilt),
        2 => (some_key(Direction::Out), 0..9_i64).prop_map(|(packet, at_ms)| Change::Left { packet, at_ms }),
        2 => (some_key(Direction::In), 0..9_i64).prop_map(|(packet, at_ms)| Change::Delivered { packet, at_ms }),
        1 => some_key(Direction::Out).prop_map(Change::SourcesAway),
        1 => either().prop_map(Change::Pruned),
        1 => one_of(&SEQS).prop_map(Change::Number),
        1 => (some_channel(), one_of(&EPOCHS), one_of(&SEQS)).prop_map(|(channel, text, seq)| {
            Change::InHead(channel, InHead { epoch: epoch(text), seq, header: None, known: seq })
        }),
        1 => some_channel().prop_map(Change::InHeadClosed),
        1 => (one_of(&["tides", "moons"]), proptest::option::of(one_of(&["1", "[2]"])))
            .prop_map(|(name, value)| Change::Fact(name.to_owned(), value.map(str::to_owned))),
        1 => (some_channel(), one_of(&EPOCHS)).prop_map(|(channel, text)| {
            Change::OutHead(channel, OutHead { epoch: epoch(text), seq: 0, header: Digest::ZERO })
        }),
        3 => (one_of(&Drawer::ALL[..2]), one_of(&NAMES), proptest::collection::vec(one_of(&KEYS), 0..3), one_of(&["1", "[2]"]), 0..9_i64)
            .prop_map(|(drawer, key, terms, body, at_ms)| Change::Filed(Card::new(drawer, key, terms, body.to_owned(), at_ms))),
        1 => (some_channel(), one_of(&NAMES), one_of(&KEYS), either()).prop_map(|(channel, name, key, went)| {
            let (name, key) = (name.to_owned(), key.to_owned());
            Change::HeldBack(HeldBack { channel, name, key, went, at_ms: 1 })
        }),
    ]
}

/// Asks both stores everything there is to ask.
fn assert_alike(left: &mut dyn Store, right: &mut dyn Store) {
    use PacketState::{Applied, Delivering, Early, Late, Left, Packed};
    assert_eq!(left.load(), right.load());
    assert_eq!(left.packets_with_sources(), right.packets_with_sources());
    for direction in [Direction::Out, Direction::In] {
        for (states, limit) in [(vec![Packed, Left, Early, Delivering, Applied, Late], 99), (vec![Early, Left], 2)] {
            let found = left.packets_in(direction, &states, limit).unwrap();
            assert_eq!(Ok(&found), right.packets_in(direction, &states, limit).as_ref());
            for row in &found {
                assert_eq!(left.packet(&row.key), right.packet(&row.key));
                assert_eq!(left.records(&row.key), right.records(&row.key));
                for record in left.records(&row.key).unwrap() {
                    let later = PacketKey { epoch: epoch(EPOCHS[0]), ..row.key.clone() };
                    assert_eq!(left.arrived_before(&later, &record), right.arrived_before(&later, &record));
                }
            }
        }
        assert_eq!(left.packets_older(direction, 4, 3), right.packets_older(direction, 4, 3));
        for channel in ["a", "b"].map(channel) {
            assert_eq!(left.sums(direction, &channel), right.sums(direction, &channel));
            let span = |store: &mut dyn Store| store.packet_range(direction, &channel, &epoch(EPOCHS[0]), 2, 1 << 63);
            assert_eq!(span(left), span(right));
        }
    }
    for channel in ["a", "b"].map(channel) {
        assert_eq!(left.went(&channel, &NAMES), right.went(&channel, &NAMES));
        assert_eq!(left.arrived_as(&channel, &NAMES), right.arrived_as(&channel, &NAMES));
    }
    for drawer in [Drawer::RegisterRow, Drawer::Message] {
        assert_eq!(left.cards(drawer, &KEYS), right.cards(drawer, &KEYS));
        for key in NAMES {
            assert_eq!(left.card(drawer, key), right.card(drawer, key));
        }
    }
    for what in NAMES.iter().chain(&KEYS) {
        assert_eq!(left.trace(what, 30), right.trace(what, 30), "{what}");
        assert_eq!(left.held_back(what, 30), right.held_back(what, 30), "{what}");
    }
}

type Life = Vec<(Vec<Change>, bool)>;

fn some_life() -> impl Strategy<Value = Life> {
    proptest::collection::vec((proptest::collection::vec(some_change(), 0..6), any::<bool>()), 1..14)
}

/// Leads a life in memory and in another store, which is opened anew where the life says so.
fn lead<S: Store>(life: &Life, open: impl Fn() -> S) -> Result<(), TestCaseError> {
    let mut memory = MemoryStore::new();
    let mut other = Some(open());
    for (changes, restart) in life {
        let store = other.get_or_insert_with(&open);
        prop_assert_eq!(memory.commit(changes), store.commit(changes));
        if *restart {
            other = None;
        }
        assert_alike(&mut memory, other.get_or_insert_with(&open));
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn both_stores_lead_the_same_life(life in some_life()) {
        let dir = TempDir::new().unwrap();
        lead(&life, || SqliteStore::open(&dir.path().join("state.db")).unwrap())?;
    }
}

proptest! {
    // Every question goes to a server and back.
    #![proptest_config(ProptestConfig { cases: 10, max_shrink_iters: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_store_on_a_server_leads_the_same_life(life in some_life()) {
        let database = Database::new();
        lead(&life, || PostgresStore::open(&login(&database.url)).unwrap())?;
    }
}
