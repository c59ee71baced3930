//! The cases of runs and epoch openings, numbered by themselves.

use serde_json::{Value, json};

use crate::forge::RawRecord;
use crate::keys::{hex, sha};
use crate::packets::{Bench, Case, Setting};

/// All cases.
pub(crate) fn cases() -> Vec<Case> {
    let mut bench = Bench { cases: Vec::new() };
    let record = RawRecord::file("2026/11/a.xml", b"<a/>");
    bench.ok("a packet that names its sender's run", std::slice::from_ref(&record), |s| {
        s.draft.header.extensions = vec![(1, (0..16).collect())];
    });
    bench.ok("a run of 15 bytes says nothing", &[record], |s| s.draft.header.extensions = vec![(1, vec![7; 15])]);
    bench.ok("an epoch opening behind a packet of the old epoch", &[], |s| open_epoch(s, &old_head()));
    bench.ok("an epoch opening behind none", &[], |s| {
        open_epoch(
            s,
            &json!({"version": 1, "old_epoch": null, "old_seq": 0, "old_header": "00".repeat(32), "reason": "new-peer"}),
        );
        s.draft.header.prev = [0; 32];
    });
    bench.ok("an epoch opening with a key that nobody knows", &[], |s| {
        let mut document = old_head();
        document["more"] = json!([1]);
        open_epoch(s, &document);
    });
    let mut wrong = |about: &str, key: &str, value: Value| {
        bench.fail("records", "records", about, |s| {
            let mut document = old_head();
            document[key] = value;
            open_epoch(s, &document);
        });
    };
    wrong("an opening of version 2", "version", json!(2));
    wrong("an opening without a version", "version", Value::Null);
    wrong("an opening behind seq 0 of an epoch", "old_seq", json!(0));
    wrong("an opening behind seq 2^53 + 1", "old_seq", json!((1u64 << 53) + 1));
    wrong("an opening behind none that names a header", "old_epoch", Value::Null);
    wrong("an opening whose old epoch is no epoch", "old_epoch", json!("1-00FF00ff00ff00ff"));
    wrong("an opening whose counter does not rise", "old_epoch", json!("2-00ff00ff00ff00ff"));
    wrong("an opening with a header in capitals", "old_header", json!("AB".repeat(32)));
    wrong("an opening whose prev is not the header it names", "old_header", json!("ab".repeat(32)));
    wrong("an opening with an empty reason", "reason", json!(""));
    wrong("an opening with a reason of 65 letters", "reason", json!("a".repeat(65)));
    bench.fail("records", "records", "an opening that is not JSON", |s| {
        open_epoch(s, &old_head());
        s.draft.plain.truncate(20);
    });
    bench.fail("records", "records", "an opening over 4 KiB", |s| {
        open_epoch(s, &old_head());
        s.draft.plain.extend([b' '; 4096]);
    });
    bench.fail("records", "records", "an opening with seq 2", |s| {
        open_epoch(s, &old_head());
        s.draft.header.seq = 2;
    });
    bench.fail("records", "count", "an opening that announces a record", |s| {
        open_epoch(s, &old_head());
        (s.draft.header.record_count, s.draft.header.record_format) = (1, 1);
    });
    for case in &mut bench.cases {
        case.name = format!("epoch-{}", case.name);
    }
    bench.cases
}

fn old_head() -> Value {
    let header = hex(&sha(&[b"the last packet of the old epoch"]));
    json!({"version": 1, "old_epoch": "1-00ff00ff00ff00ff", "old_seq": 9, "old_header": header, "reason": "restored"})
}

/// Makes an epoch opening of a packet; its `prev` is that of [`old_head`].
fn open_epoch(setting: &mut Setting, document: &Value) {
    let header = &mut setting.draft.header;
    (header.kind, header.epoch, header.seq) = (3, 2, 1);
    (header.record_format, header.record_count, header.root) = (0, 0, [0; 32]);
    header.prev = sha(&[b"the last packet of the old epoch"]);
    let mut keys = vec!["version", "old_epoch", "old_seq", "old_header", "reason"];
    keys.extend(document.get("more").map(|_| "more"));
    let fields: Vec<String> = keys.iter().map(|key| format!("{}:{}", json!(key), document[*key])).collect();
    setting.draft.plain = format!("{{{}}}", fields.join(",")).into_bytes();
}
