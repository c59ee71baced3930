//! Every file of `vectors/repair` is read as a receiver would, and gives the code it says.

use std::collections::BTreeSet;

use dukou_packets::keyring::Keyring;
use dukou_packets::packet::header::Class;
use dukou_packets::packet::open::{open_payload, read_head};
use dukou_packets::packet::repair::{Member, ParityFault, ParityTable};
use dukou_packets::suite::sha256;
use serde_json::Value;

use crate::receive::{base64, list, text};

fn read(case: &Value) -> Result<(ParityTable, usize), ParityFault> {
    let file = base64(case, "packet");
    let keyring = Keyring::parse(text(case, "keyring").as_bytes()).expect("a good keyring");
    let head = read_head(&file, &keyring).expect("a head that its sender signed");
    assert_eq!(head.header.class, Class::Repair);
    let payload = file[head.head_len..].to_vec();
    head.check_payload(sha256(&[&payload]), payload.len() as u64).expect("the payload that was signed");
    let plain = open_payload(&head, payload, &[]).expect("it is in the clear");
    ParityTable::parse(&plain, head.header.payload_len)
}

fn code(fault: ParityFault) -> &'static str {
    match fault {
        ParityFault::Version(_) => "version",
        ParityFault::Length => "length",
        ParityFault::Range(_) => "range",
    }
}

#[test]
fn every_repair_vector_gives_its_code_and_the_good_ones_their_table() {
    let cases = list("repair");
    let codes: BTreeSet<&str> = cases.iter().map(|(_, case)| text(case, "expect")).collect();
    assert_eq!(codes, BTreeSet::from(["ok", "version", "length", "range"]));
    for (path, case) in &cases {
        let found = read(case);
        assert_eq!(found.as_ref().map_or_else(|fault| code(*fault), |_| "ok"), text(case, "expect"), "{}", path.display());
        let Ok((table, begin)) = found else { continue };
        let of = |bytes: Vec<u8>| Member { header: sha256(&[&bytes]), bytes: bytes.len() as u64 };
        let members = case["members"].as_array().expect("members").iter();
        let members: Vec<Member> = members
            .map(|text| of(data_encoding::BASE64.decode(text.as_str().expect("text").as_bytes()).expect("base64")))
            .collect();
        assert_eq!((table.members.as_slice(), begin), (members.as_slice(), 12 + 40 * members.len()), "{}", path.display());
        assert_eq!(Some(u64::from(table.parity)), case["parity"].as_u64());
        assert_eq!(Some(u64::from(table.index)), case["index"].as_u64());
        assert_eq!(Some(table.shard_bytes()), case["shard_bytes"].as_u64());
    }
}
