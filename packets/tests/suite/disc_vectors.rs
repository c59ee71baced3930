//! Every file of `vectors/discs` gives the code it says.

use dukou_packets::disc::{Manifest, ManifestFault};
use dukou_packets::keyring::Keyring;
use dukou_packets::packet::open::Expectation;
use serde_json::Value;

use crate::receive::{list, text};

fn read(case: &Value) -> Result<Manifest, ManifestFault> {
    let keyring = Keyring::parse(text(case, "keyring").as_bytes()).expect("a good keyring");
    let manifest = Manifest::read(text(case, "manifest").as_bytes(), &keyring)?;
    manifest.check_address(&Expectation {
        environment: text(case, "environment").parse().expect("an environment"),
        own: text(case, "addressee").parse().expect("a station id"),
    })?;
    Ok(manifest)
}

#[test]
fn every_manifest_vector_gives_its_code() {
    let mut wrong = Vec::new();
    for (path, case) in list("discs") {
        let code = read(&case).map_or_else(ManifestFault::code, |_| "ok");
        if code != text(&case, "expect") {
            wrong.push(format!("{}: {code}", path.display()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
