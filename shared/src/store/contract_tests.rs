//! What all stores owe, asked of each, one promise a test; random lives led in lockstep are in [`same_life`].

mod cards;
mod same_life;

use super::memory::MemoryStore;
use super::place::StatePlace;
use super::postgres::{Login, PostgresStore};
use super::sqlite::SqliteStore;
use super::*;
use dukou_servers::postgres::Database;
use tempfile::TempDir;

pub(super) fn channel(name: &str) -> ChannelName {
    name.parse().unwrap()
}

pub(super) fn epoch(text: &str) -> Epoch {
    text.parse().unwrap()
}

pub(super) fn key(direction: Direction, seq: u64) -> PacketKey {
    PacketKey { direction, channel: channel("reports"), epoch: epoch("1-00ff00ff00ff00ff"), seq }
}

pub(super) fn digest(byte: u8) -> Digest {
    Digest::from_bytes([byte; 32])
}

/// A packet whose numbers all differ, so that no two columns can change places unseen.
pub(super) fn packet(key: PacketKey, header: u8) -> PacketRow {
    let state = match key.direction {
        Direction::Out => PacketState::Packed,
        Direction::In => PacketState::Early,
    };
    PacketRow {
        number: key.seq.wrapping_add(100),
        key,
        header: digest(header),
        prev: digest(header.wrapping_sub(1)),
        root: digest(200),
        records: 7,
        tombstones: 2,
        plain_bytes: 3000,
        sealed_bytes: 1200,
        spool: Some("p-0001.dkp".to_owned()),
        state,
        sources_pending: true,
        at_ms: -5,
        done_ms: None,
        run_ms: 60_000,
    }
}

pub(super) fn file(index: u32, key: &str, name: &str) -> RecordRow {
    RecordRow {
        index,
        kind: RecordKind::File,
        key: key.to_owned(),
        name: name.to_owned(),
        folded: name.to_lowercase(),
        digest: digest(index as u8),
        bytes: 10 + u64::from(index),
        reason: String::new(),
        source: Some(SourceStamp { inode: u64::MAX, len: 1 << 63, mtime_ns: i64::MIN }),
        target: None,
        rows: 1,
    }
}

pub(super) fn packed(seq: u64, records: Vec<RecordRow>) -> Change {
    let packet = packet(key(Direction::Out, seq), seq as u8);
    Change::Packed { packet, records }
}

pub(super) fn marked(seq: u64, records: Vec<RecordRow>) -> Change {
    let packet = packet(key(Direction::In, seq), seq as u8);
    Change::Marked { packet, records }
}

/// Asks all stores, each new.
fn each(ask: impl Fn(&mut dyn Store)) {
    ask(&mut MemoryStore::new());
    let dir = TempDir::new().unwrap();
    ask(&mut SqliteStore::open(&dir.path().join("state.db")).unwrap());
    let database = Database::new();
    ask(&mut PostgresStore::open(&login(&database.url)).unwrap());
}

/// What a test station logs in with.
pub(super) fn login(url: &str) -> Login {
    let Ok(StatePlace::Postgres(url)) = url.parse() else { panic!("{url}") };
    Login::new(url, "00112233445566778899aabbccddeeff".parse().unwrap(), "here".to_owned())
}

fn corrupt<T>(outcome: Result<T, StoreFault>) -> bool {
    matches!(outcome, Err(StoreFault::Corrupt(_)))
}

#[test]
fn a_new_store_knows_nothing() {
    each(|store| {
        assert_eq!(store.load().unwrap(), StationState::default());
        assert_eq!(store.commit(&[]), Ok(()));
        let reports = channel("reports");
        assert_eq!(store.went(&reports, &["a", "b"]).unwrap(), vec![None, None]);
        assert_eq!(store.arrived_as(&reports, &["a"]).unwrap(), vec![None]);
        assert_eq!(store.packet(&key(Direction::Out, 1)).unwrap(), None);
        assert_eq!(store.records(&key(Direction::Out, 1)).unwrap(), vec![]);
        assert_eq!(store.trace("a", 9).unwrap(), vec![]);
        assert_eq!(store.sums(Direction::In, &reports).unwrap(), ChannelSums::default());
    });
}

#[test]
fn a_packet_is_found_by_its_header_digest_in_its_direction_alone() {
    each(|store| {
        store.commit(&[packed(3, Vec::new()), marked(4, Vec::new())]).unwrap();
        let found = |store: &mut dyn Store, direction, header| {
            store.packet_by_header(direction, &digest(header)).unwrap().map(|row| row.key.seq)
        };
        assert_eq!(found(store, Direction::Out, 3), Some(3));
        assert_eq!(found(store, Direction::In, 4), Some(4));
        assert_eq!(found(store, Direction::In, 3), None);
        assert_eq!(found(store, Direction::Out, 9), None);
    });
}

#[test]
fn what_nothing_was_applied_of_is_counted_over_all_epochs_of_its_channel_and_direction_alone() {
    each(|store| {
        let [first, second] = ["1-00ff00ff00ff00ff", "2-00ff00ff00ff00ff"].map(epoch);
        let row = |epoch, seq, state, sealed_bytes| PacketRow {
            state,
            sealed_bytes,
            spool: Some(format!("{seq}")),
            ..packet(PacketKey { epoch, ..key(Direction::In, seq) }, seq as u8)
        };
        let kept = [
            row(first, 1, PacketState::Early, 1),
            row(first, 2, PacketState::Late, 10),
            row(second, 3, PacketState::Early, 100),
            row(second, 4, PacketState::Late, 1000),
        ];
        let mut changes: Vec<Change> = kept.into_iter().map(Change::Kept).collect();
        changes.extend([packed(5, vec![]), marked(6, vec![])]);
        store.commit(&changes).unwrap();
        let reports = channel("reports");
        assert_eq!(store.kept_bytes(&reports, None).unwrap(), 1111);
        assert_eq!(store.kept_bytes(&reports, Some(first)).unwrap(), 1101);
        assert_eq!(store.kept_bytes(&reports, Some(second)).unwrap(), 111);
        assert_eq!(store.kept_bytes(&channel("others"), None).unwrap(), 0);
        store.commit(&[Change::Pruned(PacketKey { epoch: second, ..key(Direction::In, 4) })]).unwrap();
        assert_eq!(store.kept_bytes(&reports, Some(first)).unwrap(), 101, "it has left the spool");
    });
}

#[test]
fn a_packed_packet_moves_head_and_number_and_gives_its_records_back_unchanged() {
    each(|store| {
        let mut all = vec![file(0, "a", "a.txt"), file(1, "测绘", "2026/测绘 report.PDF")];
        all.push(RecordRow {
            kind: RecordKind::Tombstone,
            reason: "too-large".to_owned(),
            source: None,
            ..file(2, "", "b.txt")
        });
        all.push(RecordRow { target: Some("c~1".to_owned()), folded: "other".to_owned(), ..file(3, "x/c", "x/c") });
        store.commit(&[packed(3, all.clone())]).unwrap();
        let state = store.load().unwrap();
        assert_eq!(state.number, 103);
        let head = OutHead { epoch: epoch("1-00ff00ff00ff00ff"), seq: 3, header: digest(3) };
        assert_eq!(state.out_heads[&channel("reports")], head);
        assert_eq!(store.records(&key(Direction::Out, 3)).unwrap(), all);
        assert_eq!(store.packet(&key(Direction::Out, 3)).unwrap(), Some(packet(key(Direction::Out, 3), 3)));
    });
}

#[test]
fn a_number_is_never_lowered() {
    each(|store| {
        store.commit(&[Change::Number(u64::MAX)]).unwrap();
        store.commit(&[Change::Number(4), packed(1, vec![])]).unwrap();
        assert_eq!(store.load().unwrap().number, u64::MAX);
    });
}

#[test]
fn the_same_packet_again_changes_nothing() {
    each(|store| {
        let records = vec![file(0, "a", "a.txt")];
        store.commit(&[packed(1, records.clone()), marked(1, records.clone())]).unwrap();
        store.commit(&[packed(2, vec![]), marked(2, vec![])]).unwrap();
        let before = store.load().unwrap();
        let again = [packed(1, records.clone()), marked(1, records), Change::Kept(packet(key(Direction::In, 1), 1))];
        store.commit(&again).unwrap();
        assert_eq!(store.load().unwrap(), before);
        assert_eq!(store.trace("a", 9).unwrap().len(), 2);
        let row = store.packet(&key(Direction::In, 1)).unwrap().unwrap();
        assert_eq!(row.state, PacketState::Delivering);
    });
}

#[test]
fn another_packet_under_the_same_number_is_refused_with_all_that_came_with_it() {
    each(|store| {
        store.commit(&[packed(1, vec![]), marked(1, vec![])]).unwrap();
        let before = store.load().unwrap();
        let out = packet(key(Direction::Out, 1), 77);
        let come = packet(key(Direction::In, 1), 77);
        let records = vec![];
        for other in [
            Change::Packed { packet: out, records: records.clone() },
            Change::Marked { packet: come.clone(), records },
            Change::Kept(come),
        ] {
            let with = [packed(2, vec![file(0, "b", "b")]), Change::RunMs(9), other];
            assert!(corrupt(store.commit(&with)));
            assert_eq!(store.load().unwrap(), before);
            assert_eq!(store.packet(&key(Direction::Out, 2)).unwrap(), None);
            assert_eq!(store.trace("b", 9).unwrap(), vec![]);
        }
    });
}

#[test]
fn two_packets_under_one_number_in_one_commit_are_refused() {
    each(|store| {
        let other = Change::Kept(packet(key(Direction::In, 1), 77));
        assert!(corrupt(store.commit(&[marked(1, vec![]), other])));
        assert_eq!(store.load().unwrap(), StationState::default());
    });
}

#[test]
fn a_change_of_an_unknown_packet_is_refused() {
    each(|store| {
        store.commit(&[packed(1, vec![])]).unwrap();
        let unknown = key(Direction::In, 1);
        for change in [
            Change::SourcesAway(unknown.clone()),
            Change::Pruned(unknown.clone()),
            Change::Left { packet: unknown.clone(), at_ms: 1 },
            Change::Delivered { packet: unknown.clone(), at_ms: 1 },
        ] {
            assert!(corrupt(store.commit(&[Change::RunMs(5), change])));
            assert_eq!(store.load().unwrap().run_ms, 0);
        }
    });
}

#[test]
fn records_out_of_order_or_beyond_the_format_are_refused() {
    each(|store| {
        for indexes in [vec![1, 0], vec![0, 0], vec![RECORDS_MAX]] {
            let records = indexes.into_iter().map(|index| file(index, "a", "a"));
            assert!(corrupt(store.commit(&[packed(1, records.collect())])));
        }
        let last = file(RECORDS_MAX - 1, "a", "a");
        store.commit(&[packed(1, vec![last.clone()])]).unwrap();
        store.commit(&[packed(2, vec![])]).unwrap();
        assert_eq!(store.records(&key(Direction::Out, 1)).unwrap(), vec![last]);
        assert_eq!(store.records(&key(Direction::Out, 2)).unwrap(), vec![]);
    });
}

#[test]
fn leaving_is_told_once() {
    each(|store| {
        let packet = key(Direction::Out, 1);
        store.commit(&[packed(1, vec![])]).unwrap();
        for at_ms in [10, 20] {
            let left = Change::Left { packet: packet.clone(), at_ms };
            store.commit(&[left]).unwrap();
            let row = store.packet(&packet).unwrap().unwrap();
            assert_eq!((row.state, row.done_ms), (PacketState::Left, Some(10)));
        }
    });
}

#[test]
fn delivering_ends_once_and_only_what_was_marked() {
    each(|store| {
        let kept = Change::Kept(packet(key(Direction::In, 1), 1));
        let delivered = |at_ms| Change::Delivered { packet: key(Direction::In, 1), at_ms };
        store.commit(&[kept, delivered(5)]).unwrap();
        let row = store.packet(&key(Direction::In, 1)).unwrap().unwrap();
        assert_eq!((row.state, row.done_ms), (PacketState::Early, None));
        store.commit(&[marked(1, vec![]), delivered(6), delivered(7)]).unwrap();
        let row = store.packet(&key(Direction::In, 1)).unwrap().unwrap();
        assert_eq!((row.state, row.done_ms), (PacketState::Applied, Some(6)));
    });
}

#[test]
fn what_is_kept_raises_what_is_known_in_its_epoch_alone() {
    each(|store| {
        let reports = channel("reports");
        store.commit(&[Change::Kept(packet(key(Direction::In, 9), 9))]).unwrap();
        assert_eq!(store.load().unwrap().in_heads.get(&reports), None);
        store.commit(&[marked(1, vec![])]).unwrap();
        store.commit(&[Change::Kept(packet(key(Direction::In, 5), 5))]).unwrap();
        let other = PacketKey { epoch: epoch("2-0000000000000000"), ..key(Direction::In, 30) };
        store.commit(&[Change::Kept(packet(other, 30))]).unwrap();
        store.commit(&[marked(2, vec![])]).unwrap();
        let head = InHead { epoch: epoch("1-00ff00ff00ff00ff"), seq: 2, header: Some(digest(2)), known: 5 };
        assert_eq!(store.load().unwrap().in_heads[&reports], head);
    });
}

#[test]
fn the_first_mark_of_an_epoch_forgets_what_was_known_of_the_old_one() {
    each(|store| {
        store.commit(&[marked(8, vec![])]).unwrap();
        let next = PacketKey { epoch: epoch("2-0000000000000000"), ..key(Direction::In, 1) };
        let packet = packet(next, 40);
        store.commit(&[Change::Marked { packet, records: vec![] }]).unwrap();
        let head = &store.load().unwrap().in_heads[&channel("reports")];
        assert_eq!((head.seq, head.known), (1, 1));
    });
}

#[test]
fn a_file_of_an_earlier_epoch_is_known_by_name_and_bytes() {
    each(|store| {
        store.commit(&[marked(1, vec![file(3, "a", "in/a")])]).unwrap();
        let later = PacketKey { epoch: epoch("2-0000000000000000"), ..key(Direction::In, 1) };
        let alike = file(3, "b", "in/a");
        assert_eq!(store.arrived_before(&later, &alike), Ok(true));
        assert_eq!(store.arrived_before(&key(Direction::In, 2), &alike), Ok(false), "the same epoch");
        assert_eq!(store.arrived_before(&later, &file(4, "a", "in/a")), Ok(false), "other bytes");
        assert_eq!(store.arrived_before(&later, &file(3, "a", "a")), Ok(false), "another name");
        let elsewhere = PacketKey { channel: channel("logs"), ..later };
        assert_eq!(store.arrived_before(&elsewhere, &alike), Ok(false), "another channel");
    });
}

#[test]
fn a_closed_head_is_gone_and_the_next_packet_opens_its_own() {
    each(|store| {
        let reports = channel("reports");
        store.commit(&[marked(8, vec![])]).unwrap();
        store.commit(&[Change::InHeadClosed(reports.clone()), Change::InHeadClosed(channel("logs"))]).unwrap();
        assert_eq!(store.load().unwrap().in_heads, BTreeMap::new());
        let head = InHead { epoch: epoch("1-0000000000000000"), seq: 0, header: None, known: 3 };
        store.commit(&[Change::InHeadClosed(reports.clone()), Change::InHead(reports.clone(), head.clone())]).unwrap();
        assert_eq!(store.load().unwrap().in_heads[&reports], head);
    });
}

#[test]
fn a_mark_takes_the_place_of_what_was_early() {
    each(|store| {
        let early = Change::Kept(packet(key(Direction::In, 2), 2));
        store.commit(&[early, marked(1, vec![file(0, "a", "a")])]).unwrap();
        store.commit(&[marked(2, vec![file(0, "a", "A")])]).unwrap();
        let seqs = |sightings: Vec<Sighting>| -> Vec<u64> { sightings.iter().map(|seen| seen.packet.key.seq).collect() };
        assert_eq!(seqs(store.trace("a", 9).unwrap()), [2, 1], "newest first");
        // Of names that differ in case only, the first one has the name.
        let arrived = store.arrived_as(&channel("reports"), &["a"]).unwrap();
        assert_eq!(arrived, [Some("a".to_owned())]);
        assert_eq!(store.sums(Direction::In, &channel("reports")).unwrap().packets, 2);
    });
}

#[test]
fn only_whole_files_of_the_channel_count_as_gone() {
    each(|store| {
        let part = RecordRow { kind: RecordKind::FilePart, bytes: BODY_MAX, ..file(0, "p", "p") };
        let tombstone = RecordRow { kind: RecordKind::Tombstone, ..file(1, "t", "t") };
        let withdrawn = RecordRow { kind: RecordKind::Withdrawal, ..file(2, "w", "w") };
        let last = RecordRow { kind: RecordKind::FilePart, bytes: BODY_MAX + 1, ..file(3, "l", "d/l") };
        store.commit(&[packed(1, vec![part, tombstone, withdrawn, last])]).unwrap();
        store.commit(&[marked(1, vec![file(0, "i", "i")])]).unwrap();
        let went = store.went(&channel("reports"), &["p", "t", "w", "l", "i", "d/l", "d/l"]).unwrap();
        let found = Went { packet: key(Direction::Out, 1), at_ms: -5, run_ms: 60_000, digest: digest(3) };
        assert_eq!(went, [None, None, None, None, None, Some(found.clone()), Some(found)]);
        assert_eq!(store.went(&channel("other"), &["d/l"]).unwrap(), [None]);
    });
}

#[test]
fn of_files_under_one_name_the_newest_is_told() {
    each(|store| {
        store.commit(&[packed(1, vec![file(0, "a", "a"), file(1, "a", "a")])]).unwrap();
        let refused = RecordRow { kind: RecordKind::Tombstone, ..file(0, "a", "a") };
        store.commit(&[packed(2, vec![refused])]).unwrap();
        let went = store.went(&channel("reports"), &["a"]).unwrap();
        let newest = went[0].as_ref().unwrap();
        assert_eq!((newest.packet.seq, newest.digest), (1, digest(1)));
    });
}

#[test]
fn thousands_of_names_are_answered_each_in_its_place() {
    each(|store| {
        let name = |n: u32| format!("dir-{}/FILE-{n}", n % 7);
        let records = |from: u32| (from..from + 700).map(|n| file(n, "k", &name(n))).collect();
        store.commit(&[packed(1, records(0)), marked(1, records(0))]).unwrap();
        let names: Vec<String> = (0..1400).rev().map(name).collect();
        let asked: Vec<&str> = names.iter().map(String::as_str).collect();
        let went = store.went(&channel("reports"), &asked).unwrap();
        let folded: Vec<String> = names.iter().map(|name| name.to_lowercase()).collect();
        let asked: Vec<&str> = folded.iter().map(String::as_str).collect();
        let arrived = store.arrived_as(&channel("reports"), &asked).unwrap();
        for (place, n) in (0..1400_u32).rev().enumerate() {
            let there = n < 700;
            assert_eq!(went[place].as_ref().map(|went| went.digest), there.then(|| digest(n as u8)));
            assert_eq!(arrived[place], there.then(|| name(n)));
        }
    });
}

#[test]
fn a_record_is_traced_by_key_by_name_and_by_the_last_part_of_its_name() {
    each(|store| {
        let records = vec![
            file(0, "A1", "in/A1.xml"),
            file(1, "A1", "A1"),
            file(2, "A1", "A1.tar.gz"),
            file(3, "A1", "x/B2-A1.xml"),
            file(4, "Z", "A1.xml"),
            file(5, "", "A10.xml"),
            file(6, "in/A1.xml", "q"),
        ];
        store.commit(&[packed(1, records)]).unwrap();
        let mut found = |what: &str| -> Vec<u32> {
            let sightings = store.trace(what, 9).unwrap();
            sightings.iter().map(|seen| seen.record.index).collect()
        };
        assert_eq!(found("A1"), [3, 2, 1, 0]);
        assert_eq!(found("A1.xml"), [4, 0]);
        assert_eq!(found("in/A1.xml"), [6, 0]);
        assert_eq!(found(""), [5]);
        assert_eq!(found("A"), [] as [u32; 0]);
        assert_eq!(found("a1"), [] as [u32; 0]);
        assert_eq!(store.trace("A1", 2).unwrap().len(), 2);
        assert_eq!(store.trace("A1", usize::MAX).unwrap().len(), 4);
    });
}

#[test]
fn packets_are_listed_by_channel_epoch_and_seq() {
    each(|store| {
        let keys = [
            ("a", "2-0000000000000000", 1),
            ("a", "2-0000000000000000", 1 << 63),
            ("a", "10-0000000000000000", 3),
            ("a", "10-ffffffffffffffff", 2),
            ("b", "1-0000000000000000", 1),
        ]
        .map(|(name, text, seq)| PacketKey {
            direction: Direction::Out,
            channel: channel(name),
            epoch: epoch(text),
            seq,
        });
        for key in keys.iter().rev() {
            let packet = packet(key.clone(), 1);
            store.commit(&[Change::Packed { packet, records: vec![] }]).unwrap();
        }
        let listed = store.packets_in(Direction::Out, &[PacketState::Packed], 9).unwrap();
        assert!(listed.iter().map(|row| &row.key).eq(keys.iter()));
        let few = store.packets_in(Direction::Out, &[PacketState::Late, PacketState::Packed], 2).unwrap();
        assert!(few.iter().map(|row| &row.key).eq(keys[..2].iter()));
        assert_eq!(store.packets_in(Direction::Out, &[PacketState::Left], 9).unwrap(), vec![]);
        assert_eq!(store.packets_in(Direction::Out, &[], 9).unwrap(), vec![]);
    });
}

#[test]
fn a_range_of_seqs_may_cross_the_middle_of_all_numbers() {
    each(|store| {
        let middle = 1_u64 << 63;
        let seqs = [1, middle - 1, middle, u64::MAX];
        for seq in seqs {
            store.commit(&[packed(seq, vec![])]).unwrap();
        }
        let PacketKey { channel, epoch, .. } = key(Direction::Out, 1);
        let mut range = |from, to| -> Vec<u64> {
            let rows = store.packet_range(Direction::Out, &channel, &epoch, from, to).unwrap();
            rows.iter().map(|row| row.key.seq).collect()
        };
        assert_eq!(range(0, u64::MAX), seqs);
        assert_eq!(range(2, middle), [middle - 1, middle]);
        assert_eq!(range(middle, middle), [middle]);
        assert_eq!(range(5, 4), [] as [u64; 0]);
    });
}

#[test]
fn only_settled_packets_in_the_spool_grow_old() {
    each(|store| {
        let row = |seq, run_ms, state| PacketRow { run_ms, state, ..packet(key(Direction::In, seq), seq as u8) };
        store
            .commit(&[
                Change::Kept(row(1, 30, PacketState::Late)),
                Change::Kept(row(2, 10, PacketState::Late)),
                Change::Kept(row(3, 5, PacketState::Early)),
                Change::Kept(row(4, 20, PacketState::Late)),
                Change::Pruned(key(Direction::In, 4)),
            ])
            .unwrap();
        let mut older = |run_ms, limit| -> Vec<u64> {
            let rows = store.packets_older(Direction::In, run_ms, limit).unwrap();
            rows.iter().map(|row| row.key.seq).collect()
        };
        assert_eq!(older(u64::MAX, 9), [2, 1]);
        assert_eq!(older(30, 9), [2]);
        assert_eq!(older(u64::MAX, 1), [2]);
        assert_eq!(older(10, 9), [] as [u64; 0]);
    });
}

#[test]
fn sources_wait_until_they_are_put_away() {
    each(|store| {
        store.commit(&[packed(2, vec![]), packed(1, vec![]), packed(3, vec![])]).unwrap();
        store.commit(&[Change::SourcesAway(key(Direction::Out, 2))]).unwrap();
        let rows = store.packets_with_sources().unwrap();
        let numbers: Vec<u64> = rows.iter().map(|row| row.number).collect();
        assert_eq!(numbers, [101, 103]);
    });
}

#[test]
fn a_rebuilt_packet_moves_no_head_and_keeps_records_only_under_its_header() {
    each(|store| {
        let lost = Change::Rebuilt(packet(key(Direction::Out, 1), 1));
        store.commit(&[lost]).unwrap();
        assert_eq!(store.load().unwrap(), StationState::default());
        store.commit(&[packed(2, vec![file(0, "a", "a"), file(1, "a", "b")])]).unwrap();
        let before = store.load().unwrap();
        let same = PacketRow { spool: None, ..packet(key(Direction::Out, 2), 2) };
        store.commit(&[Change::Rebuilt(same.clone())]).unwrap();
        assert_eq!(store.packet(&key(Direction::Out, 2)).unwrap(), Some(same));
        assert_eq!(store.records(&key(Direction::Out, 2)).unwrap().len(), 2);
        let other = Change::Rebuilt(packet(key(Direction::Out, 2), 99));
        store.commit(&[other]).unwrap();
        assert_eq!(store.records(&key(Direction::Out, 2)).unwrap(), vec![]);
        assert_eq!(store.went(&channel("reports"), &["a"]).unwrap(), [None]);
        assert_eq!(store.sums(Direction::Out, &channel("reports")).unwrap().files, 0);
        assert_eq!(store.load().unwrap(), before);
    });
}

#[test]
fn a_mark_leaves_nothing_of_a_row_that_was_rebuilt_as_early() {
    each(|store| {
        store.commit(&[marked(1, vec![file(0, "a", "a"), file(1, "b", "b")]), marked(2, vec![])]).unwrap();
        let early = Change::Rebuilt(packet(key(Direction::In, 1), 1));
        store.commit(&[early, marked(1, vec![file(0, "c", "c")])]).unwrap();
        assert_eq!(store.records(&key(Direction::In, 1)).unwrap(), [file(0, "c", "c")]);
        assert_eq!(store.trace("a", 9).unwrap(), vec![]);
        assert_eq!(store.arrived_as(&channel("reports"), &["b", "c"]).unwrap(), [None, Some("c".to_owned())]);
        assert_eq!(store.sums(Direction::In, &channel("reports")).unwrap().files, 1);
    });
}

#[test]
fn sums_follow_every_change() {
    each(|store| {
        let refused =
            |index, reason: &str| RecordRow { kind: RecordKind::Tombstone, reason: reason.to_owned(), ..file(index, "r", "r") };
        let records = vec![file(0, "a", "a"), refused(1, "name"), refused(2, "size"), refused(3, "name")];
        let held = HeldBack {
            channel: channel("reports"),
            name: "d/a".to_owned(),
            key: "a".to_owned(),
            went: key(Direction::Out, 1),
            at_ms: 3,
        };
        let left = Change::Left { packet: key(Direction::Out, 1), at_ms: 1 };
        let changes = [packed(1, records), packed(2, vec![]), left, Change::HeldBack(held.clone())];
        store.commit(&changes).unwrap();
        let sums = ChannelSums {
            packets: 2,
            packets_done: 1,
            files: 1,
            refused: 4,
            held_back: 1,
            plain_bytes: 6000,
            sealed_bytes: 2400,
            refused_by_code: BTreeMap::from([("name".to_owned(), 2), ("size".to_owned(), 1)]),
        };
        assert_eq!(store.sums(Direction::Out, &channel("reports")).unwrap(), sums);
        assert_eq!(store.sums(Direction::In, &channel("reports")).unwrap(), ChannelSums::default());
        for what in ["d/a", "a"] {
            assert_eq!(store.held_back(what, 9).unwrap(), std::slice::from_ref(&held));
        }
        assert_eq!(store.held_back("d", 9).unwrap(), vec![]);
    });
}

#[test]
fn the_small_state_is_given_back_as_it_was_set() {
    each(|store| {
        let reports = channel("reports");
        let hold = Hold { code: "equivocation".to_owned(), seq: u64::MAX, at_ms: -1 };
        let unfinished = Unfinished {
            name: "大/文件\"\\.bin".to_owned(),
            key: "k".to_owned(),
            total_bytes: u64::MAX,
            part_count: 3,
            digests: vec![digest(1), digest(2)],
            source: Some(SourceStamp { inode: u64::MAX, len: 5, mtime_ns: -7 }),
            skipped: true,
        };
        let head = InHead { epoch: epoch("7-0123456789abcdef"), seq: u64::MAX - 1, header: None, known: u64::MAX };
        let log = LogHead { size: u64::MAX, root: digest(9) };
        let station = StationId::from_bytes([7; 16]);
        store
            .commit(&[
                Change::Hold(reports.clone(), Some(hold.clone())),
                Change::Unfinished(Direction::Out, reports.clone(), Some(unfinished.clone())),
                Change::Unfinished(Direction::In, reports.clone(), Some(unfinished.clone())),
                Change::InHead(reports.clone(), head.clone()),
                Change::RunMs(u64::MAX),
                Change::Log(log),
                Change::PeerLog(log),
                Change::SignalIn(station, u64::MAX),
                Change::SignalOut(digest(4)),
                Change::Fact("tides".to_string(), Some("[3]".to_string())),
                Change::Fact("moons".to_string(), Some("1".to_string())),
            ])
            .unwrap();
        let mut state = StationState {
            run_ms: u64::MAX,
            in_heads: BTreeMap::from([(reports.clone(), head)]),
            holds: BTreeMap::from([(reports.clone(), hold)]),
            log: Some(log),
            peer_log: Some(log),
            signal_in: Some((station, u64::MAX)),
            signal_out: Some(digest(4)),
            facts: BTreeMap::from([("moons".to_string(), "1".to_string()), ("tides".to_string(), "[3]".to_string())]),
            ..StationState::default()
        };
        state.unfinished.insert((Direction::Out, reports.clone()), unfinished.clone());
        state.unfinished.insert((Direction::In, reports.clone()), unfinished);
        assert_eq!(store.load().unwrap(), state);
        let ends = [
            Change::Hold(reports.clone(), None),
            Change::Unfinished(Direction::In, reports.clone(), None),
            Change::Fact("moons".to_string(), None),
        ];
        store.commit(&ends).unwrap();
        state.holds.clear();
        state.facts.remove("moons");
        state.unfinished.remove(&(Direction::In, reports));
        assert_eq!(store.load().unwrap(), state);
    });
}

#[test]
fn waivers_stay_in_their_order() {
    each(|store| {
        let waiver = |from, to| Waiver {
            channel: channel("reports"),
            epoch: epoch("1-00ff00ff00ff00ff"),
            from,
            to,
            operator: "li".to_owned(),
            reason: "光盘损坏".to_owned(),
            at_ms: 8,
        };
        let waivers = [waiver(5, u64::MAX), waiver(1, 2), waiver(1, 2)];
        let changes: Vec<Change> = waivers.iter().cloned().map(Change::Waived).collect();
        store.commit(&changes).unwrap();
        assert_eq!(store.waivers().unwrap(), waivers);
    });
}

#[test]
fn the_book_of_structure_changes_keeps_documents_and_decisions_in_their_order() {
    use super::book::BookKey;
    use dukou_packets::packet::marker::{Approval, ApprovalKind, Statement};
    use dukou_packets::suite::SoftSigner;
    each(|store| {
        assert_eq!((store.book(), store.book_decisions()), (Ok(vec![]), Ok(vec![])));
        let change = |to, byte, origin| BookChange {
            key: BookKey { structure: "registration".to_owned(), to, document: digest(byte) },
            base: digest(byte + 1),
            document: vec![byte, 0, 0xff],
            origin,
            at_ms: i64::from(byte),
        };
        let (own, other, next) =
            (change(u32::MAX, 5, Direction::Out), change(u32::MAX, 3, Direction::In), change(2, 9, Direction::Out));
        let statement = Statement {
            kind: ApprovalKind::Approve,
            station: "00112233445566778899aabbccddeeff".parse().unwrap(),
            keyring: 2,
            plan: digest(7),
            loss: true,
            reason: digest(8),
        };
        let approval = Approval::sign(&own.signed(), &statement, &SoftSigner::from_seed([1; 32])).unwrap();
        let decided = |approval, name: &str| BookDecision {
            key: own.key.clone(),
            approval,
            operator: "li".to_owned(),
            name: name.to_owned(),
            reason: "依据".to_owned(),
            at_ms: 8,
        };
        let decisions = [decided(Some(approval), "王"), decided(None, "李"), decided(None, "李")];
        store.commit(&[Change::InBook(own.clone()), Change::InBook(other.clone())]).unwrap();
        let again = BookChange { at_ms: 99, document: vec![], ..own.clone() };
        store.commit(&[Change::InBook(again), Change::InBook(next.clone())]).unwrap();
        store.commit(&decisions.clone().map(Change::Decided)).unwrap();
        assert_eq!(store.book(), Ok(vec![own.clone(), other, next]));
        assert_eq!(store.book_decisions(), Ok(decisions.to_vec()));
    });
}

mod faults_on_command {
    use super::*;

    #[test]
    fn a_commit_that_failed_is_there_or_not_as_planned_and_stops_the_store() {
        for persisted in [false, true] {
            let store = MemoryStore::new();
            let mut process = store.clone();
            store.fail_commit_at(2, persisted);
            process.commit(&[Change::RunMs(1)]).unwrap();
            let unsure = |outcome| matches!(outcome, Err(StoreFault::Unsure(_)));
            assert!(unsure(process.commit(&[Change::RunMs(2), packed(1, vec![])])));
            assert!(unsure(process.load().map(|_| ())));
            assert!(unsure(process.commit(&[])));
            store.restart();
            assert_eq!(process.load().unwrap().run_ms, if persisted { 2 } else { 1 });
            assert_eq!(process.packet(&key(Direction::Out, 1)).unwrap().is_some(), persisted);
        }
    }

    #[test]
    fn a_refused_commit_changes_nothing_and_the_next_one_goes_through() {
        let mut store = MemoryStore::new();
        store.refuse_commit_at(1, StoreFault::Full);
        assert_eq!(store.commit(&[Change::RunMs(2)]), Err(StoreFault::Full));
        assert_eq!(store.load().unwrap().run_ms, 0);
        assert_eq!(store.commit(&[Change::RunMs(2)]), Ok(()));
        assert_eq!(store.commits(), 2);
    }

    #[test]
    fn a_killed_store_answers_nothing_until_the_restart() {
        let store = MemoryStore::new();
        let mut process = store.clone();
        process.commit(&[Change::RunMs(3)]).unwrap();
        store.kill();
        assert_eq!(process.load(), Err(StoreFault::Unsure("killed".to_owned())));
        assert!(process.waivers().is_err() && process.commit(&[]).is_err());
        store.restart();
        assert_eq!(store.clone().load().unwrap().run_ms, 3);
    }
}

#[test]
fn a_repeat_sent_again_is_found_by_its_names_and_done_for_its_request() {
    each(|store| {
        let again = |request: Option<&str>, name: &str| SentAgain {
            request: request.map(str::to_owned),
            packet: key(Direction::Out, 1),
            name: name.to_owned(),
            key: "K1".to_owned(),
            operator: "lisi".to_owned(),
            reason: "why".to_owned(),
            at_ms: 5,
        };
        let (first, second) = (again(Some("0a"), "d/a"), again(None, "b"));
        store.commit(&[packed(1, vec![file(0, "d/a", "a")]), Change::SentAgain(first.clone())]).unwrap();
        store.commit(&[Change::SentAgain(second.clone())]).unwrap();
        for what in ["d/a", "a"] {
            assert_eq!(store.sent_again(what, 9).unwrap(), std::slice::from_ref(&first));
        }
        assert_eq!(store.sent_again("K1", 9).unwrap(), [first.clone(), second]);
        assert_eq!(store.sent_again("K1", 1).unwrap(), [first]);
        assert_eq!(store.sent_again("d", 9).unwrap(), vec![]);
        assert_eq!((store.is_done("0a"), store.is_done("0b"), store.is_done("")), (Ok(true), Ok(false), Ok(false)));
    });
}
