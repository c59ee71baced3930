//! Cases of the own keyring's later versions and of decisions about structure changes.

use dukou_packets::keyring::Side;
use dukou_packets::log::line::Event;
use dukou_packets::suite::{Digest, sha256};

use super::{Bench, keyrings, outer_log, write};

fn renewed(keyring: Digest) -> Event {
    Event::Keyring { keyring, number: 2, operator: "li".to_owned() }
}

fn decided(code: &str, key: &str) -> Event {
    let [base, document, plan] = ["before", "document", "plan"].map(|text| sha256(&[text.as_bytes()]));
    Event::Structure {
        structure: "registration".to_owned(),
        to: 2,
        base,
        document,
        plan: if key.is_empty() { Digest::ZERO } else { plan },
        code: code.to_owned(),
        key: key.to_owned(),
        operator: "li".to_owned(),
    }
}

pub(super) fn cases(bench: &mut Bench) {
    let mut case = |verdict, code, about: &str, lines: &[Event]| {
        let mut log = outer_log();
        log.segments[2].events.splice(0..0, lines.iter().cloned());
        let files = write(&log, "log").files();
        bench.push(verdict, code, format!("outer log: {about}"), files);
    };
    let [_, second] = keyrings(Side::Outer);
    let second = renewed(sha256(&[second.as_bytes()]));
    let decisions =
        [second, decided("propose", "00112233445566ff"), decided("approve", "1122334455667788"), decided("cancel", "")];
    case("PASS", "", "a second keyring, and decisions about a structure change", &decisions);
    let unknown = renewed(sha256(&[b"another keyring"]));
    case("INCOMPLETE", "keyring-missing", "a line names a version of the own keyring that is not there", &[unknown]);
}
