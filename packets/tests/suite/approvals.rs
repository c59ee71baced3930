//! Approvals of structure changes: every vector holds for its key, or does not.

use data_encoding::BASE64;
use dukou_packets::keyring::{KeyEntry, Role};
use dukou_packets::packet::marker::{Approval, Change};
use serde_json::Value;

use crate::receive::{list, text};

#[test]
fn every_vector_of_approvals_holds_for_its_key_as_it_says() {
    let cases = list("approvals");
    assert!(!cases.is_empty());
    for (path, case) in cases {
        let public = BASE64.decode(text(&case, "public").as_bytes()).expect("base64").try_into().expect("32 bytes");
        let approval: Approval = serde_json::from_value(case["approval"].clone()).expect("an approval");
        let is_by = approval.is_by(&KeyEntry::new(Role::Approver, 0, public, 1), &change(&case["change"]));
        assert_eq!(Value::from(is_by), case["expect"], "{}", path.display());
    }
}

fn change(value: &Value) -> Change {
    let to: u32 = value["to"].as_u64().and_then(|to| to.try_into().ok()).expect("a version");
    Change {
        structure: text(value, "structure").to_owned(),
        from: to - 1,
        before: text(value, "before").parse().expect("a digest"),
        document: text(value, "document").parse().expect("a digest"),
    }
}
