//! Cases of a station that numbers its packets from further away on: its state was rebuilt, no line of its log was lost, and the peer's word holds as
//! before.

use dukou_packets::keyring::Side;
use dukou_packets::log::line::{AnyValue, Event};
use dukou_packets::suite::RunId;

use super::{Bench, Log, ahead, other_root, outer_log, restored, write};

fn renumbered(code: &str) -> Event {
    Event::Renumbered {
        run: RunId::from_bytes([0x6B; 16]),
        number: 41 + (1 << 32),
        code: code.to_owned(),
        operator: "li".to_owned(),
    }
}

/// The same with its keys in another order, as no program writes it.
fn in_another_order() -> Event {
    let fields = [
        ("number", AnyValue::Number(41 + (1 << 32))),
        ("run", AnyValue::Text("6b".repeat(16))),
        ("code", AnyValue::Text("rebuilt".to_owned())),
        ("operator", AnyValue::Text("li".to_owned())),
    ];
    let fields = fields.into_iter().map(|(key, value)| (key.to_owned(), value)).collect();
    Event::Unknown { kind: "renumbered".to_owned(), fields }
}

pub(super) fn cases(bench: &mut Bench) {
    let mut case = |verdict, code, about: &str, lines: &[Event], edit: &dyn Fn(&mut Log)| {
        let mut log = outer_log();
        edit(&mut log);
        log.segments[2].events.splice(0..0, lines.iter().cloned());
        let files = write(&log, "log").files();
        bench.push(verdict, code, format!("outer log: {about}"), files);
    };
    let all = ["rebuilt", "mended", "epoch-new"].map(renumbered);
    let [rebuilt, ..] = &all;
    let one = std::slice::from_ref(rebuilt);
    case("PASS", "", "its state was rebuilt, mended, and its signals were let go on", &all, &|_| {});
    case("FAIL", "echo-ahead", "its state was rebuilt, and the peer vouches for lines that did not exist", one, &ahead);
    case("FAIL", "echo-root", "its state was rebuilt, and the peer vouches for another line", one, &other_root);
    let both = [restored(Side::Outer), rebuilt.clone()];
    case("INCOMPLETE", "lines-lost", "it was restored and then its state rebuilt: lines stay lost", &both, &other_root);
    case("FAIL", "line-shape", "the keys of a renumbered line stand in another order", &[in_another_order()], &|_| {});
}
