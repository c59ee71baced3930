//! Bytes written down by hand from the specs: they outlive every crate.

use dukou_packets::log::tree::Tree;
use dukou_packets::packet::header::{ChannelName, Epoch};
use dukou_packets::packet::name::{file_name, is_packet_name};
use dukou_packets::packet::open::{HEAD_MAX, open_payload, read_head};
use dukou_packets::packet::records::{RecordKind, RecordMeta, RecordsBuilder, parts_digest};
use dukou_packets::packet::seal::prepare_records;
use dukou_packets::suite::{Digest, LinkId, StationId, Suite, Unwrapper, sha256};

use crate::keys;
use crate::world::{self, Seeded};

/// The plain of a packet with this one record.
fn plain_of(meta: &RecordMeta, body: &[u8]) -> Vec<u8> {
    let random = Seeded::new("golden");
    let mut records = RecordsBuilder::new(&random);
    records.push(meta, &[body], sha256(&[body])).expect("it fits");
    let recipients = [world::recipient("addressee")];
    let envelope = world::envelope(Suite::Aes256Gcm, &recipients);
    let sealed = prepare_records(&envelope, records, 3, &random)
        .and_then(|prepared| prepared.seal_cargo(&world::place(), &world::statement(), &world::signer("packet")))
        .expect("it seals");
    let head = read_head(&sealed.head, &world::sender_keyring()).expect("it reads");
    open_payload(&head, sealed.payload, &[&world::unwrapper("addressee") as &dyn Unwrapper]).expect("it opens")
}

#[test]
fn a_meta_is_the_bytes_of_the_spec() {
    let meta = RecordMeta {
        kind: RecordKind::FilePart,
        key: "k1".to_owned(),
        name: "目/a".to_owned(),
        modified_ms: -2,
        part_index: 1,
        part_count: 2,
        total_bytes: 0x0100_0003,
        parts_digest: Digest::from_bytes([0xAB; 32]),
        reason: String::new(),
        body_len: 3,
    };
    let mut golden = vec![2];
    golden.extend([2, 0, 0, 0, 0, 0, 0, 0, b'k', b'1']);
    golden.extend([5, 0, 0, 0, 0, 0, 0, 0, 0xE7, 0x9B, 0xAE, b'/', b'a']);
    golden.extend([0xFE, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF]);
    golden.extend([1, 0, 0, 0]);
    golden.extend([2, 0, 0, 0]);
    golden.extend([3, 0, 0, 1, 0, 0, 0, 0]);
    golden.extend([0xAB; 32]);
    golden.extend([0, 0, 0, 0, 0, 0, 0, 0]);
    golden.extend([3, 0, 0, 0, 0, 0, 0, 0]);
    assert_eq!(meta.encoded_len(), golden.len() as u64);
    golden.extend(b"end");
    assert_eq!(plain_of(&meta, b"end")[32..], golden);
}

#[test]
fn a_tombstone_is_the_bytes_of_the_spec() {
    let meta = RecordMeta {
        kind: RecordKind::Tombstone,
        key: String::new(),
        name: "x".to_owned(),
        modified_ms: 1,
        part_index: 0,
        part_count: 1,
        total_bytes: 9,
        parts_digest: Digest::ZERO,
        reason: "too-big".to_owned(),
        body_len: 0,
    };
    let mut golden = vec![3];
    golden.extend([0; 8]);
    golden.extend([1, 0, 0, 0, 0, 0, 0, 0, b'x']);
    golden.extend([1, 0, 0, 0, 0, 0, 0, 0]);
    golden.extend([0, 0, 0, 0]);
    golden.extend([1, 0, 0, 0]);
    golden.extend([9, 0, 0, 0, 0, 0, 0, 0]);
    golden.extend([0; 32]);
    golden.extend([7, 0, 0, 0, 0, 0, 0, 0]);
    golden.extend(b"too-big");
    golden.extend([0; 8]);
    assert_eq!(plain_of(&meta, b"")[32..], golden);
}

#[test]
fn the_fields_of_a_head_stand_at_the_offsets_of_the_spec() {
    let signer = world::signer("packet");
    let sealed = world::seal_files(Suite::ChaCha20Poly1305, &[b"body"], &signer);
    let (head, header) = (&sealed.head, &sealed.header);
    assert_eq!(head[..8], *b"DUKOUPKT");
    assert_eq!(head[8..12], [1, 0, 2, 0]);
    assert_eq!(head[12..16], (head.len() as u32 - 80).to_le_bytes());
    let at = |offset: usize, bytes: &[u8]| assert_eq!(&head[16 + offset..16 + offset + bytes.len()], bytes, "offset {offset}");
    at(0, &[1, 1, 0, 0, 1, 0, 0, 0]);
    at(8, header.link.as_bytes());
    at(24, &keys::SENDER);
    at(40, &keys::ADDRESSEE);
    at(56, header.signing_key.as_bytes());
    at(64, &7u64.to_le_bytes());
    at(72, &1_795_313_765_123u64.to_le_bytes());
    at(80, &[1, 0, 0, 0, 0, 0, 0, 0, 7, 7, 7, 7, 7, 7, 7, 7]);
    at(96, &3u64.to_le_bytes());
    at(104, world::place().prev.as_bytes());
    at(136, &[0; 8]);
    at(144, &[1, 0, 1, 0, 1, 0, 0, 0]);
    at(152, header.root.as_bytes());
    at(184, &header.plain_len.to_le_bytes());
    at(192, &header.payload_len.to_le_bytes());
    at(200, sha256(&[&sealed.payload]).as_bytes());
    at(232, &12u64.to_le_bytes());
    at(240, sha256(&[b"own root"]).as_bytes());
    at(272, &[0; 40]);
    at(312, b"\x05files\x02\x01");
    assert_eq!(sealed.header_digest, sha256(&[head]));
    assert!(head.len() <= HEAD_MAX);
}

#[test]
fn the_tree_is_the_one_that_rfc_6962_defines_by_recursion() {
    let mut tree = Tree::new();
    let mut leaves = Vec::new();
    for number in 0..70u64 {
        assert_eq!(tree.root().as_bytes(), &keys::tree_root(&leaves), "{number}");
        let again = Tree::from_peaks(tree.size(), tree.peaks()).expect("its own peaks fit its size");
        assert_eq!(again, tree);
        let leaf = sha256(&[&number.to_le_bytes()]);
        leaves.push(*leaf.as_bytes());
        tree.push(leaf);
    }
    assert!(Tree::from_peaks(3, &[Digest::ZERO]).is_none());
    assert!(Tree::from_peaks(0, &[Digest::ZERO]).is_none());
}

#[test]
fn link_ids_and_file_digests_are_those_of_the_spec() {
    let (sender, addressee) = (StationId::from_bytes(keys::SENDER), StationId::from_bytes(keys::ADDRESSEE));
    let link = LinkId::between(sender, addressee);
    assert_eq!(link.as_bytes(), &keys::link_id(&keys::SENDER, &keys::ADDRESSEE));
    assert_ne!(link, LinkId::between(addressee, sender));
    let parts = [sha256(&[b"a"]), sha256(&[b"b"])];
    let joined = [b"dukou-file-v1\0".as_slice(), &[2, 0, 0, 0, 0, 0, 0, 0], parts[0].as_bytes(), parts[1].as_bytes()].concat();
    assert_eq!(parts_digest(2, &parts), sha256(&[&joined]));
}

#[test]
fn a_file_name_has_its_priority_its_link_tag_and_its_ending() {
    let link = LinkId::from_bytes([0xFF, 0xFF, 0xF0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    let name = file_name(3, link, &Seeded::new("names"));
    assert!(name.starts_with("3-7777-") && name.ends_with(".dkp"), "{name}");
    assert_eq!(name.len(), 27);
    assert!(is_packet_name(name.as_bytes()));
    assert!(file_name(200, link, &Seeded::new("names")).starts_with("9-"));
}

#[test]
fn only_names_of_the_pattern_are_packet_names() {
    for good in ["a.dkp", "A.DKP", "0-abcd-0123456789abcdef.dkp", "IMG~1.Dkp", "a_b.c-d.dkp"] {
        assert!(is_packet_name(good.as_bytes()), "{good}");
    }
    let long = format!("{}.dkp", "a".repeat(61));
    for wrong in ["", "a", ".dkp", ".a.dkp", "a.dkp ", "a/b.dkp", "包.dkp", "a.dkp\0", "a.dk", "dkp", "a b.dkp", long.as_str()]
    {
        assert!(!is_packet_name(wrong.as_bytes()), "{wrong:?}");
    }
    assert!(!is_packet_name(b"a\xFF.dkp"));
}

#[test]
fn names_and_ids_have_one_text_form() {
    for good in ["a", "0", "a-b", "files2", &"x".repeat(64)] {
        assert_eq!(good.parse::<ChannelName>().map(|name| name.to_string()), Ok(good.to_owned()));
    }
    for wrong in ["", "-", "-a", "a-", "A", "a_b", "a b", "件", &"x".repeat(65)] {
        assert!(wrong.parse::<ChannelName>().is_err(), "{wrong:?}");
    }
    let epoch: Epoch = "12-00ff00ff00ff00ff".parse().expect("an epoch");
    assert_eq!(epoch.to_string(), "12-00ff00ff00ff00ff");
    for wrong in [
        "",
        "1",
        "1-",
        "01-00ff00ff00ff00ff",
        "+1-00ff00ff00ff00ff",
        "1-00FF00ff00ff00ff",
        "1-00ff00ff00ff00f",
        "4294967296-00ff00ff00ff00ff",
        "-1-00ff00ff00ff00ff",
    ] {
        assert!(wrong.parse::<Epoch>().is_err(), "{wrong:?}");
    }
    assert!("AB".repeat(16).parse::<StationId>().is_err());
    assert!("ab".repeat(15).parse::<StationId>().is_err());
    assert!("ab".repeat(16).parse::<StationId>().is_ok());
}
