//! Every file of `vectors/keyrings` gives the code it says.

use dukou_packets::keyring::{Keyring, KeyringFault, accepts_next};

use crate::receive::{list, text};

fn accept(case: &serde_json::Value) -> Result<(), KeyringFault> {
    let new = Keyring::parse(text(case, "text").as_bytes())?;
    match case["before"].as_str() {
        Some(before) => accepts_next(&Keyring::parse(before.as_bytes())?, &new),
        None => Ok(()),
    }
}

#[test]
fn every_keyring_vector_gives_its_code() {
    let mut wrong = Vec::new();
    for (path, case) in list("keyrings") {
        let code = accept(&case).map_or_else(|fault| fault.code(), |()| "ok");
        if code != text(&case, "expect") {
            wrong.push(format!("{}: {code}", path.display()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_keyring_that_is_issued_reads_back_and_has_a_stable_fingerprint() {
    let (path, case) = list("keyrings").swap_remove(0);
    let keyring = Keyring::parse(text(&case, "text").as_bytes()).expect("the first case is good");
    let again = Keyring::issue(keyring.body().clone(), &crate::world::signer("authority"));
    assert_eq!(again.as_ref(), Ok(&keyring), "{}", path.display());
    let groups: Vec<_> = keyring.fingerprint().split(' ').map(str::len).collect();
    assert_eq!(groups, [5; 12]);
}
