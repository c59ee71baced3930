//! The cases of markers of structure changes and of the approvals in them, numbered by themselves.

use serde_json::{Value, json};

use crate::keys::{Signing, base64, hex, sha};
use crate::packets::{Bench, Case, Setting};

/// A change's document; its form is nobody's business here.
const DOCUMENT: &[u8] = "format = 1\ntitle = \"登记库 2\"\n".as_bytes();

/// The station that approves.
const STATION: [u8; 16] = [0x5a; 16];

/// What an approval is about and says, as it is signed.
#[derive(Clone)]
struct Statement {
    kind: u8,
    structure: &'static str,
    to: u32,
    before: [u8; 32],
    document: [u8; 32],
    keyring: u64,
    plan: [u8; 32],
    loss: bool,
    reason: [u8; 32],
}

fn statement() -> Statement {
    Statement {
        kind: 2,
        structure: "registration",
        to: 2,
        before: sha(&[b"the structure before"]),
        document: sha(&[b"dukou-schema-v1\0", DOCUMENT]),
        keyring: 3,
        plan: sha(&[b"the plan"]),
        loss: false,
        reason: [0; 32],
    }
}

impl Statement {
    fn signed(&self) -> Value {
        let key = Signing::new("approver");
        let (to, keyring) = (self.to.to_le_bytes(), self.keyring.to_le_bytes());
        let length = [u8::try_from(self.structure.len()).expect("short")];
        let signature = key.sign(&[
            b"dukou-schema-approval-v1\0",
            &[self.kind],
            &length,
            self.structure.as_bytes(),
            &to,
            &self.before,
            &self.document,
            &STATION,
            &keyring,
            &key.id,
            &self.plan,
            &[u8::from(self.loss)],
            &self.reason,
        ]);
        let kind = ["propose", "approve", "confirm"][usize::from(self.kind) - 1];
        json!({
            "kind": kind,
            "station": hex(&STATION),
            "keyring": self.keyring,
            "key": hex(&key.id),
            "plan": hex(&self.plan),
            "loss": self.loss,
            "reason": hex(&self.reason),
            "signature": base64(&signature),
        })
    }
}

/// All cases of packets.
pub(crate) fn cases() -> Vec<Case> {
    let mut bench = Bench { cases: Vec::new() };
    bench.ok("a marker", &[], |s| mark(s, &marker()));
    bench.ok("a marker without an approval that names one channel and may be pending", &[], |s| {
        let mut document = marker();
        (document["approvals"], document["channels"], document["pending"]) = (json!([]), json!(["files"]), json!(true));
        mark(s, &document);
    });
    bench.ok("a marker with a key that nobody knows", &[], |s| {
        let mut document = marker();
        document["more"] = json!({});
        mark(s, &document);
    });
    let mut wrong = |about: &str, key: &str, value: Value| {
        bench.fail("records", "records", about, |s| {
            let mut document = marker();
            document[key] = value;
            mark(s, &document);
        });
    };
    wrong("a marker of version 2", "version", json!(2));
    wrong("a structure with a capital", "structure", json!("Registration"));
    wrong("a structure of 33 letters", "structure", json!("r".repeat(33)));
    wrong("a structure that begins with a digit", "structure", json!("2registration"));
    wrong("a version 0", "from", json!(0));
    wrong("two versions at once", "to", json!(3));
    wrong("a structure before in capitals", "before", json!("AB".repeat(32)));
    wrong("a document that is not the one of the digest", "document", json!(hex(&sha(&[b"another"]))));
    wrong("a document of no bytes", "bytes", json!(""));
    wrong("a document that is no base64", "bytes", json!("format = 1"));
    wrong("no channel", "channels", json!([]));
    wrong("channels that do not rise", "channels", json!(["unit-status", "files"]));
    wrong("a channel twice", "channels", json!(["files", "files"]));
    wrong("a channel whose name is none", "channels", json!(["Files", "files"]));
    wrong("a marker that is not for its channel", "channels", json!(["unit-status"]));
    wrong("pending as a number", "pending", json!(1));
    wrong("kept for no day", "keep_days", json!(0));
    wrong("kept for more than a century", "keep_days", json!(36_501));
    wrong("nine approvals", "approvals", json!(vec![statement().signed(); 9]));
    let mut wrong_approval = |about: &str, key: &str, value: Value| {
        let mut approval = statement().signed();
        approval[key] = value;
        wrong(about, "approvals", json!([approval]));
    };
    wrong_approval("an approval of a kind that nobody knows", "kind", json!("waive"));
    wrong_approval("an approval under keyring version 0", "keyring", json!(0));
    wrong_approval("a signature of 63 bytes", "signature", json!(base64(&[7; 63])));
    wrong_approval("a key of 9 bytes", "key", json!("ab".repeat(9)));
    bench.fail("records", "records", "a marker that is not JSON", |s| {
        mark(s, &marker());
        s.draft.plain.truncate(40);
    });
    bench.fail("records", "records", "a marker over 512 KiB", |s| {
        mark(s, &marker());
        s.draft.plain.extend([b' '; 512 << 10]);
    });
    bench.fail("records", "records", "a header that was written under another version", |s| {
        mark(s, &marker());
        s.draft.header.structure = [3, 1];
    });
    bench.fail("records", "records", "a header that needs another version", |s| {
        mark(s, &marker());
        s.draft.header.structure = [2, 2];
    });
    bench.fail("records", "count", "a marker that announces a record", |s| {
        mark(s, &marker());
        (s.draft.header.record_count, s.draft.header.record_format) = (1, 1);
    });
    for case in &mut bench.cases {
        case.name = format!("marker-{}", case.name);
    }
    bench.cases
}

/// All cases of approvals: the change, the approval, the key that is held against it, and whether it is by that key.
pub(crate) fn approvals() -> Vec<(String, Value)> {
    let good = statement();
    let long = Statement { structure: "registration-database-of-region1", ..good.clone() };
    let lossy =
        Statement { kind: 1, loss: true, reason: sha(&["附记列改窄".as_bytes()]), keyring: 1 << 40, ..good.clone() };
    let mut cases = vec![
        ("an approval", &good, good.signed(), true),
        ("a proposal with loss and a reason", &lossy, lossy.signed(), true),
        ("a structure of 32 letters", &long, long.signed(), true),
    ];
    let mut altered = |about, key: &str, value: Value| {
        let mut approval = good.signed();
        approval[key] = value;
        cases.push((about, &good, approval, false));
    };
    altered("another kind", "kind", json!("confirm"));
    altered("another station", "station", json!(hex(&[0x5b; 16])));
    altered("another version of the keyring", "keyring", json!(4));
    altered("another plan", "plan", json!(hex(&[1; 32])));
    altered("loss that was not signed", "loss", json!(true));
    altered("another reason", "reason", json!(hex(&[1; 32])));
    altered("the id of another key", "key", json!(hex(&Signing::new("authority").id)));
    altered("a signature of zeros", "signature", json!(base64(&[0; 64])));
    let others = [
        ("another structure", Statement { structure: "registrations", ..good.clone() }),
        ("another version", Statement { to: 3, ..good.clone() }),
        ("another structure before", Statement { before: [1; 32], ..good.clone() }),
        ("another document", Statement { document: [1; 32], ..good.clone() }),
    ];
    cases.extend(others.iter().map(|(about, other)| (*about, other, good.signed(), false)));
    let value = |(number, (about, of, approval, expect)): (usize, (&str, &Statement, Value, bool))| {
        let change = json!({"structure": of.structure, "to": of.to, "before": hex(&of.before), "document": hex(&of.document)});
        let public = base64(&Signing::new("approver").public);
        let case = json!({"about": about, "expect": expect, "change": change, "approval": approval, "public": public});
        (format!("{:03}", number + 1), case)
    };
    cases.into_iter().enumerate().map(value).collect()
}

fn marker() -> Value {
    let proposal = Statement { kind: 1, ..statement() };
    json!({
        "version": 1,
        "structure": "registration",
        "from": 1,
        "to": 2,
        "before": hex(&statement().before),
        "document": hex(&statement().document),
        "bytes": base64(DOCUMENT),
        "channels": ["files", "unit-status"],
        "pending": false,
        "keep_days": 30,
        "approvals": [proposal.signed(), statement().signed()],
    })
}

/// Makes a marker of a packet.
fn mark(setting: &mut Setting, document: &Value) {
    let header = &mut setting.draft.header;
    (header.kind, header.structure) = (2, [2, 1]);
    (header.record_format, header.record_count, header.root) = (0, 0, [0; 32]);
    let keys =
        ["version", "structure", "from", "to", "before", "document", "bytes", "channels", "pending", "keep_days", "approvals"];
    let keys = keys.into_iter().chain(document.get("more").map(|_| "more"));
    let fields: Vec<String> = keys.map(|key| format!("{}:{}", json!(key), document[key])).collect();
    setting.draft.plain = format!("{{{}}}", fields.join(",")).into_bytes();
}
