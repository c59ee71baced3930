//! The packet cases: far more failures than successes, at least one for each code of FORMAT.md section 10.

use serde_json::{Value, json};

use crate::forge::{Draft, RawRecord, RawStanza, good, good_signal, plain_of};
use crate::keys::{
    ADDRESSEE, SENDER, Signing, Stream, base64, good_keys, hex, key_object, keyring_object, keyring_text, link_id, seed,
    sender_keyring, sha,
};

/// One case of `vectors/packets`.
pub(crate) struct Case {
    pub(crate) name: String,
    pub(crate) value: Value,
}

pub(crate) struct Bench {
    pub(crate) cases: Vec<Case>,
}

/// Everything a case may change; the rest is as in the good packet.
pub(crate) struct Setting {
    pub(crate) draft: Draft,
    /// What becomes of the packet's bytes in the file.
    pub(crate) form: fn(Vec<u8>) -> Vec<u8>,
    keyring: String,
    addressee: [u8; 16],
    environment: &'static str,
    secret: &'static str,
    granted: Option<Vec<&'static str>>,
}

impl Bench {
    pub(crate) fn fail(&mut self, step: &str, code: &str, about: &str, change: impl FnOnce(&mut Setting)) {
        let mut setting = Setting::new();
        change(&mut setting);
        let value = setting.value(about, step, code);
        let ordinal = self.cases.len() + 1;
        let name = format!("{ordinal:03}-{code}");
        self.cases.push(Case { name, value });
    }

    pub(crate) fn ok(&mut self, about: &str, records: &[RawRecord], change: impl FnOnce(&mut Setting)) {
        let mut setting = Setting::new();
        setting.draft = good(records);
        change(&mut setting);
        let mut value = setting.value(about, "all", "ok");
        value["plain"] = json!(base64(&setting.draft.plain));
        value["records"] = records.iter().map(record_value).collect();
        let ordinal = self.cases.len() + 1;
        let name = format!("{ordinal:03}-ok");
        self.cases.push(Case { name, value });
    }

    fn ok_signal(&mut self, about: &str, document: &str) {
        let mut setting = Setting::new();
        setting.draft = good_signal(document.as_bytes());
        let mut value = setting.value(about, "all", "ok");
        value["plain"] = json!(base64(document.as_bytes()));
        let ordinal = self.cases.len() + 1;
        let name = format!("{ordinal:03}-ok");
        self.cases.push(Case { name, value });
    }

    pub(crate) fn ok_signal_as(&mut self, about: &str, draft: Draft, form: fn(Vec<u8>) -> Vec<u8>) {
        let mut setting = Setting::new();
        (setting.draft, setting.form) = (draft, form);
        let mut value = setting.value(about, "all", "ok");
        value["plain"] = json!(base64(&setting.draft.plain));
        let ordinal = self.cases.len() + 1;
        self.cases.push(Case { name: format!("{ordinal:03}-ok"), value });
    }

    /// A packet in a form that gives this code.
    pub(crate) fn armor(&mut self, code: &str, about: &str, form: fn(Vec<u8>) -> Vec<u8>) {
        self.fail("armor", code, about, |s| s.form = form);
    }

    fn header(&mut self, about: &str, change: fn(&mut Draft)) {
        self.fail("header", "header", about, |s| change(&mut s.draft));
    }

    fn record(&mut self, about: &str, change: fn(&mut RawRecord)) {
        self.fail("records", "records", about, |s| {
            let mut record = RawRecord::file("2026/11/a.xml", b"<a/>");
            change(&mut record);
            s.draft = good(&[record]);
        });
    }
}

fn record_value(record: &RawRecord) -> Value {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("a good record is UTF-8");
    json!({
        "kind": record.kind,
        "key": text(&record.key),
        "name": text(&record.name),
        "modified": record.modified,
        "part_index": record.part_index,
        "part_count": record.part_count,
        "total_bytes": record.total,
        "parts_digest": hex(&record.parts_digest),
        "reason": text(&record.reason),
        "body_len": record.body_len,
        "body_sha256": hex(&sha(&[&record.body])),
    })
}

impl Setting {
    fn new() -> Self {
        Self {
            draft: good(&[RawRecord::file("2026/11/a.xml", b"<a/>")]),
            form: |file| file,
            keyring: sender_keyring(),
            addressee: ADDRESSEE,
            environment: "production",
            secret: "addressee",
            granted: None,
        }
    }

    fn keys(&mut self, keys: &[String]) {
        let object = keyring_object(&SENDER, 1, &[0; 32], keys);
        self.keyring = keyring_text(&object, "authority");
    }

    fn value(&self, about: &str, step: &str, expect: &str) -> Value {
        let mut value = json!({
            "about": about,
            "step": step,
            "expect": expect,
            "packet": base64(&(self.form)(self.draft.build(&Stream::new("vectors")))),
            "keyring": self.keyring,
            "addressee": hex(&self.addressee),
            "environment": self.environment,
            "unwrap_secret": hex(&seed(self.secret)),
        });
        if let Some(granted) = &self.granted {
            value["granted"] = json!(granted);
        }
        value
    }
}

/// All cases, in the order of reading a packet.
pub(crate) fn cases() -> Vec<Case> {
    let mut bench = Bench { cases: Vec::new() };
    successes(&mut bench);
    preamble(&mut bench);
    keys_and_signature(&mut bench);
    header_ranges(&mut bench);
    header_lengths(&mut bench);
    address(&mut bench);
    lengths_and_digest(&mut bench);
    opening(&mut bench);
    frames(&mut bench);
    metas(&mut bench);
    count_and_root(&mut bench);
    bombs(&mut bench);
    line_numbers(&mut bench);
    signal_receipts(&mut bench);
    bench.cases.extend(crate::armor::cases());
    bench.cases
}

/// Numbers that a line of the packet log could not hold. Cases are numbered in order, so that new ones stand last.
fn line_numbers(bench: &mut Bench) {
    const LARGEST: u64 = 1 << 53;
    bench.header("number 2^53 + 1", |d| d.header.number = LARGEST + 1);
    bench.header("seq 2^53 + 1", |d| d.header.seq = LARGEST + 1);
    bench.header("an own log of 2^53 + 1 lines", |d| d.header.own_log = (LARGEST + 1, [1; 32]));
    bench.header("a peer log of 2^53 + 1 lines", |d| d.header.peer_log = (LARGEST + 1, [1; 32]));
    bench.header("a peer log of 2^64 - 1 lines", |d| d.header.peer_log = (u64::MAX, [1; 32]));
    bench.ok("every number at 2^53", &[RawRecord::file("files/a", b"a")], |s| {
        (s.draft.header.number, s.draft.header.seq) = (LARGEST, LARGEST);
        (s.draft.header.own_log, s.draft.header.peer_log) = ((LARGEST, [1; 32]), (LARGEST, [2; 32]));
    });
}

/// What a station with a way back says of the peer's channels.
fn signal_receipts(bench: &mut Bench) {
    bench.ok_signal("a signal with receipts, a missing range and a waived one", &format!(
        r#"{{"version":1,"run":"000102030405060708090a0b0c0d0e0f","period_seconds":300,"heads":[],"checkpoint":null,"keyring":{},"applied":[{{"channel":"files","epoch":"1-00ff00ff00ff00ff","seq":6}}],"missing":[{{"channel":"files","epoch":"1-00ff00ff00ff00ff","from":7,"to":9}}],"waived":[{{"channel":"files","epoch":"1-00ff00ff00ff00ff","from":2,"to":3}}]}}"#,
        json!(sender_keyring()),
    ));
}

fn successes(bench: &mut Bench) {
    let file = RawRecord::file("2026/11/a.xml", b"<a/>");
    let empty = RawRecord::file("空文件.txt", b"");
    let refused = RawRecord::tombstone("2026/11/病毒.exe", "screen-rejected");
    let part = RawRecord::last_part("大文件.bin", b"the rest");
    bench.ok("one file", std::slice::from_ref(&file), |_| {});
    let all = [file.clone(), empty, refused, part];
    bench.ok("a file, an empty file, a tombstone and the last part of a file", &all, |_| {});
    bench.ok("suite 2", std::slice::from_ref(&file), |s| {
        (s.draft.suite, s.draft.real_suite, s.draft.wrap_suite) = (2, 2, 2);
    });
    bench.ok("urgent, the first of an epoch, with structure versions and log heads", &all[..1], |s| {
        s.draft.header.flags = 1;
        s.draft.header.seq = 1;
        s.draft.header.prev = [0; 32];
        s.draft.header.structure = [3, 2];
        s.draft.header.peer_log = (9, sha(&[b"peer root"]));
    });
    bench.ok("an unknown extension that is not critical", &all[..1], |s| {
        s.draft.header.extensions = vec![(1, b"x".to_vec()), (0x7FFF, Vec::new())];
    });
    bench.ok("test environment, one recipient only", &all[..1], |s| {
        s.draft.header.environment = 2;
        s.environment = "test";
        s.draft.recipients = vec!["addressee"];
    });
    bench.ok("opened with the recovery key, the third stanza", &all[..1], |s| s.secret = "recovery");
    bench.ok("two chunks", &[RawRecord::file("noise.bin", &noise(1_200_000))], |_| {});
    bench.ok(
        "a withdrawal",
        &[RawRecord {
            kind: 4,
            total: 40 << 20,
            part_count: 3,
            part_index: 1,
            reason: b"source-changed".to_vec(),
            ..RawRecord::file("大文件.bin", b"")
        }],
        |_| {},
    );
    bench.ok(
        "a key and a name at their longest",
        &[RawRecord { key: "钥".repeat(170).into_bytes(), name: "n".repeat(4096).into_bytes(), ..file }],
        |_| {},
    );
    bench.ok_signal("a signal", &format!(
        r#"{{"version":1,"run":"000102030405060708090a0b0c0d0e0f","period_seconds":60,"heads":[{{"channel":"files","epoch":"1-00ff00ff00ff00ff","seq":3,"header":"{}"}}],"checkpoint":null,"keyring":{},"applied":[],"missing":[]}}"#,
        hex(&sha(&[b"a head"])),
        json!(sender_keyring()),
    ));
}

fn noise(len: usize) -> Vec<u8> {
    let mut out = vec![0; len];
    Stream::new("noise").fill(&mut out);
    out
}

fn preamble(bench: &mut Bench) {
    bench.fail("size", "short", "an empty file", |s| s.draft.after = |f| f.clear());
    bench.fail("size", "short", "fifteen bytes", |s| s.draft.after = |f| f.truncate(15));
    bench.fail("magic", "magic", "another magic", |s| s.draft.magic = *b"DUKOUPKU");
    bench.fail("magic", "magic", "a zip file", |s| {
        s.draft.after = |f| f[..4].copy_from_slice(b"PK\x03\x04");
    });
    bench.fail("format", "format", "format 0", |s| s.draft.format = 0);
    bench.fail("format", "format", "format 2", |s| s.draft.format = 2);
    bench.fail("suite", "suite", "suite 0", |s| s.draft.suite = 0);
    bench.fail("suite", "suite", "the reserved suite 3", |s| s.draft.suite = 3);
    bench.fail("header_len", "header-length", "header_len 315", |s| s.draft.header_len = Some(315));
    bench.fail("header_len", "header-length", "header_len 4097", |s| s.draft.header_len = Some(4097));
    bench.fail("header_len", "header-length", "header_len 4 GiB", |s| {
        s.draft.header_len = Some(u32::MAX);
    });
    bench.fail("header_len", "short", "cut inside the header", |s| {
        s.draft.after = |f| f.truncate(300);
    });
    bench.fail("header_len", "short", "cut one byte before the end of the signature", |s| {
        s.draft.payload = Some(Vec::new());
        s.draft.after = |f| f.truncate(f.len() - 1);
    });
    bench.fail("header_len", "short", "header_len larger than the file", |s| {
        s.draft.header_len = Some(4096);
    });
}

fn keys_and_signature(bench: &mut Bench) {
    let step = "signing key";
    bench.fail(step, "unknown-key", "signed by a key that no keyring holds", |s| {
        s.draft.signer = "stranger";
        s.draft.header.key_id = Signing::new("stranger").id;
    });
    bench.fail(step, "key-not-allowed", "signed by the log key", |s| {
        s.draft.signer = "log";
        s.draft.header.key_id = Signing::new("log").id;
    });
    bench.fail(step, "key-not-allowed", "signed by the authority key", |s| {
        s.draft.signer = "authority";
        s.draft.header.key_id = Signing::new("authority").id;
    });
    bench.fail(step, "key-not-allowed", "a key of suite 2 under suite 1", |s| {
        let mut keys = good_keys();
        keys[1] = key_object(2, 2, &Signing::new("packet").public, 1, 0);
        s.keys(&keys);
    });
    bench.fail(step, "key-not-allowed", "a key of suite 1 under suite 2", |s| {
        let mut keys = good_keys();
        keys[1] = key_object(2, 1, &Signing::new("packet").public, 1, 0);
        s.keys(&keys);
        (s.draft.suite, s.draft.real_suite) = (2, 2);
    });
    bench.fail(step, "key-not-allowed", "a suite the keyring does not allow", |s| {
        let object = keyring_object(&SENDER, 1, &[0; 32], &good_keys());
        let object = object.replace(r#""suites":[1,2]"#, r#""suites":[2]"#);
        s.keyring = keyring_text(&object, "authority");
    });
    bench.fail(step, "key-not-allowed", "number below the key's first", |s| {
        let mut keys = good_keys();
        keys[1] = key_object(2, 0, &Signing::new("packet").public, 8, 0);
        s.keys(&keys);
    });
    bench.fail(step, "key-not-allowed", "number above the key's last", |s| {
        let mut keys = good_keys();
        keys[1] = key_object(2, 0, &Signing::new("packet").public, 1, 6);
        s.keys(&keys);
    });
    let step = "signature";
    bench.fail(step, "signature", "64 zero bytes", |s| s.draft.signature = Some([0; 64]));
    bench.fail(step, "signature", "made by another key under the right id", |s| {
        s.draft.signer = "stranger";
    });
    bench.fail(step, "signature", "made for a keyring", |s| {
        s.draft.signature_context = b"dukou-keyring-v1\0";
    });
    bench.fail(step, "signature", "made without a context", |s| s.draft.signature_context = b"");
    bench.fail(step, "signature", "the number was changed after signing", |s| {
        s.draft.after = |f| f[80] ^= 1;
    });
    bench.fail(step, "signature", "the suite was changed after signing", |s| {
        s.draft.after = |f| f[10] = 2;
    });
    bench.fail(step, "signature", "an unreadable header is not even read when unsigned", |s| {
        s.draft.header.class = 9;
        s.draft.signature = Some([1; 64]);
    });
}

fn header_ranges(bench: &mut Bench) {
    bench.header("class 0", |d| d.header.class = 0);
    bench.header("class 4", |d| d.header.class = 4);
    bench.header("flag bit 2", |d| d.header.flags = 4);
    bench.header("flag bit 15", |d| d.header.flags = 0x8000);
    bench.header("a cargo packet in the clear", |d| d.header.flags = 2);
    bench.header("environment 0", |d| d.header.environment = 0);
    bench.header("environment 3", |d| d.header.environment = 3);
    bench.header("a reserved byte after the environment", |d| d.header.reserved3 = [0, 0, 1]);
    bench.header("a reserved byte after the epoch counter", |d| d.header.reserved4 = [1, 0, 0, 0]);
    bench.fail("header", "header", "number 0", |s| {
        // The key must be valid for number 0, or an earlier step refuses.
        let mut keys = good_keys();
        keys[1] = key_object(2, 0, &Signing::new("packet").public, 0, 0);
        s.keys(&keys);
        s.draft.header.number = 0;
    });
    bench.header("cargo with epoch counter 0", |d| d.header.epoch = 0);
    bench.header("cargo with seq 0", |d| d.header.seq = 0);
    bench.header("record format 2", |d| d.header.record_format = 2);
    bench.header("cargo of kind 1 without a record format", |d| d.header.record_format = 0);
    bench.header("compression 0 in cargo", |d| d.header.compression = 0);
    bench.header("compression 2", |d| d.header.compression = 2);
    bench.header("cargo of kind 1 without records", |d| d.header.record_count = 0);
    bench.header("65,537 records", |d| d.header.record_count = 65_537);
    bench.header("plain_len of 32 MiB and one byte", |d| {
        d.late = |h| h.plain_len = (32 << 20) + 1;
    });
    bench.header("plain_len of 2^63", |d| d.late = |h| h.plain_len = 1 << 63);
    bench.header("payload_len of 33 MiB", |d| d.late = |h| h.payload_len = 33 << 20);
    bench.header("payload_len of 2^64 - 1", |d| d.late = |h| h.payload_len = u64::MAX);
    bench.header("a peer root without a peer size", |d| d.header.peer_log = (0, [1; 32]));
    bench.header("cargo without a channel", |d| d.header.channel.clear());
    bench.header("a channel of 65 bytes", |d| d.header.channel = vec![b'a'; 65]);
    bench.header("a channel that begins with a hyphen", |d| d.header.channel = b"-files".to_vec());
    bench.header("a channel that ends with a hyphen", |d| d.header.channel = b"files-".to_vec());
    bench.header("a channel in capitals", |d| d.header.channel = b"Files".to_vec());
    bench.header("a channel with a slash", |d| d.header.channel = b"a/b".to_vec());
    bench.header("a channel that is not UTF-8", |d| d.header.channel = vec![b'a', 0xFF, b'a']);
    bench.header("no recipient", |d| d.recipients.clear());
    bench.header("four recipients", |d| {
        d.recipients = vec!["addressee", "own", "recovery", "fourth"];
    });
    bench.header("kem 0", |d| d.late = |h| h.stanzas[0].kem = 0);
    bench.header("kem 4", |d| d.late = |h| h.stanzas[0].kem = 4);
    bench.header("extension types that fall", |d| {
        d.header.extensions = vec![(2, Vec::new()), (1, Vec::new())];
    });
    bench.header("an extension type twice", |d| {
        d.header.extensions = vec![(2, Vec::new()), (2, Vec::new())];
    });
    signal_ranges(bench);
}

fn signal_ranges(bench: &mut Bench) {
    type Change = fn(&mut Draft);
    let changes: [(&str, Change); 9] = [
        ("a signal with an epoch counter", |d| d.header.epoch = 1),
        ("a signal with an epoch salt", |d| d.header.epoch_salt = [1; 8]),
        ("a signal with a seq", |d| d.header.seq = 1),
        ("a signal with a prev", |d| d.header.prev = [1; 32]),
        ("a signal with a structure version", |d| d.header.structure = [1, 0]),
        ("a signal with a record count", |d| {
            (d.header.record_format, d.header.record_count) = (1, 1);
        }),
        ("a signal with a root", |d| d.header.root = [1; 32]),
        ("a signal with a channel", |d| d.header.channel = b"files".to_vec()),
        ("a signal of 1 MiB and one byte", |d| d.late = |h| h.plain_len = (1 << 20) + 1),
    ];
    for (about, change) in changes {
        bench.fail("header", "header", about, |s| {
            s.draft = good_signal(b"{}");
            change(&mut s.draft);
        });
    }
}

fn header_lengths(bench: &mut Bench) {
    bench.header("one byte after the extensions", |d| d.header.trailing = vec![0]);
    bench.header("a stanza count larger than the stanzas", |d| {
        d.recipients.truncate(1);
        d.header.stanza_count = Some(2);
    });
    bench.header("an extension area that runs past the header", |d| {
        d.header.extension_area_len = Some(9);
    });
    bench.header("an extension that runs past its area", |d| {
        d.header.extensions = vec![(1, vec![1, 2, 3])];
        d.header.extension_area_len = Some(5);
    });
    bench.header("an extension area of one byte", |d| {
        d.header.extension_area_len = Some(1);
        d.header.trailing = vec![0];
    });
}

fn address(bench: &mut Bench) {
    bench.fail("address", "environment", "a test packet at a production station", |s| {
        s.draft.header.environment = 2;
    });
    bench.fail("address", "environment", "a production packet at a test station", |s| {
        s.environment = "test";
    });
    bench.fail("address", "addressee", "addressed to another station", |s| {
        s.addressee = *b"\x33another station";
    });
    bench.fail("address", "addressee", "sent back to its sender", |s| s.addressee = SENDER);
    bench.fail("address", "link", "the link id of the opposite direction", |s| {
        s.draft.header.link = link_id(&ADDRESSEE, &SENDER);
    });
    bench.fail("address", "link", "a link id of zeros", |s| s.draft.header.link = [0; 16]);
    bench.fail("address", "sender", "the signing key belongs to another station", |s| {
        let other = *b"\x44yet another one";
        s.draft.header.sender = other;
        s.draft.header.link = link_id(&other, &ADDRESSEE);
    });
    bench.fail("grant", "not-granted", "a channel that is not granted", |s| {
        s.granted = Some(vec!["messages", "logs"]);
    });
    bench.fail("critical", "critical", "an unknown critical extension", |s| {
        s.draft.header.extensions = vec![(0x8001, Vec::new())];
    });
    bench.fail("critical", "critical", "an unknown cargo kind", |s| s.draft.header.kind = 4);
}

fn lengths_and_digest(bench: &mut Bench) {
    bench.fail("length", "short", "one byte is missing at the end", |s| {
        s.draft.after = |f| f.truncate(f.len() - 1);
    });
    bench.fail("length", "short", "the whole payload is missing", |s| {
        s.draft.late = |h| h.payload_len += 1000;
    });
    bench.fail("length", "length", "one byte follows", |s| s.draft.after = |f| f.push(0));
    bench.fail("length", "length", "the packet stands there twice", |s| {
        s.draft.after = |f| f.extend(f.clone());
    });
    bench.fail("payload digest", "payload-digest", "the last byte was changed", |s| {
        s.draft.after = |f| {
            let last = f.len() - 1;
            f[last] ^= 0x80;
        };
    });
    bench.fail("payload digest", "payload-digest", "the digest of something else", |s| {
        s.draft.late = |h| h.payload_digest = sha(&[b"something else"]);
    });
}

fn opening(bench: &mut Bench) {
    bench.fail("stanza", "no-stanza", "encrypted for others only", |s| {
        s.draft.recipients = vec!["own", "recovery"];
    });
    bench.fail("stanza", "unwrap", "the stanza is of kem 2", |s| {
        s.draft.late = |h| h.stanzas[0].kem = 2;
    });
    bench.fail("stanza", "unwrap", "the wrapped key was changed", |s| {
        s.draft.late = |h| h.stanzas[0].wrapped[0] ^= 1;
    });
    bench.fail("stanza", "unwrap", "the encapsulation was changed", |s| {
        s.draft.late = |h| h.stanzas[0].enc[0] ^= 1;
    });
    bench.fail("stanza", "unwrap", "the encapsulation is one byte short", |s| {
        s.draft.late = |h| h.stanzas[0].enc.truncate(31);
    });
    bench.fail("stanza", "unwrap", "the encapsulation is the zero point", |s| {
        s.draft.late = |h| h.stanzas[0].enc = vec![0; 32];
    });
    bench.fail("stanza", "unwrap", "wrapped with another context", |s| {
        s.draft.wrap_context = b"dukou-wrap-v2\0";
    });
    bench.fail("stanza", "unwrap", "wrapped for another recipient", |s| {
        s.draft.late = |h| {
            let own = h.stanzas.remove(1);
            let key_id = h.stanzas[0].key_id;
            h.stanzas[0] = RawStanza { key_id, ..own };
        };
    });
    bench.fail("stanza", "unwrap", "wrapped with the cipher of suite 2 under suite 1", |s| {
        s.draft.wrap_suite = 2;
    });
    bench.fail("stanza", "unwrap", "the wrapped key has 31 bytes", |s| {
        s.draft.wrapped_key = Some(vec![7; 31]);
    });
    bench.fail("stanza", "unwrap", "the first of two own stanzas is broken", |s| {
        s.draft.late = |h| {
            let mut broken = h.stanzas[0].clone();
            broken.wrapped[0] ^= 1;
            h.stanzas.truncate(2);
            h.stanzas.insert(0, broken);
        };
    });
    let step = "chunks";
    bench.fail(step, "decrypt", "another content key", |s| {
        s.draft.wrapped_key = Some(vec![7; 32]);
    });
    bench.fail(step, "decrypt", "additional data of another link", |s| {
        s.draft.aad = Some(([9; 16], 7));
    });
    bench.fail(step, "decrypt", "additional data of another number", |s| {
        s.draft.aad = Some((link_id(&SENDER, &ADDRESSEE), 8));
    });
    bench.fail(step, "decrypt", "the last chunk is not marked as the last", |s| {
        s.draft.last_flag = 0;
    });
    bench.fail(step, "decrypt", "the mark of the last chunk is 2", |s| s.draft.last_flag = 2);
    bench.fail(step, "decrypt", "chunks of 512 KiB", |s| {
        s.draft = good(&[RawRecord::file("noise.bin", &noise(600_000))]);
        s.draft.chunk = 1 << 19;
    });
    bench.fail(step, "decrypt", "encrypted with the cipher of suite 2 under suite 1", |s| {
        s.draft.real_suite = 2;
    });
    bench.fail(step, "decrypt", "an empty payload", |s| s.draft.payload = Some(Vec::new()));
    bench.fail(step, "decrypt", "a payload shorter than one tag", |s| {
        s.draft.payload = Some(vec![0; 15]);
    });
    bench.fail(step, "decrypt", "a payload of one tag and nothing else", |s| {
        s.draft.payload = Some(vec![0; 16]);
    });
}

fn frames(bench: &mut Bench) {
    let frame_of = |plain: &[u8]| zstd::bulk::compress(plain, 3).expect("zstd compresses");
    let mut case = |about: &str, make: &dyn Fn(&[u8]) -> Vec<u8>| {
        bench.fail("decompress", "decompress", about, |s| {
            s.draft.frame = Some(make(&s.draft.plain));
        });
    };
    case("not compressed at all", &|plain| plain.to_vec());
    case("an empty frame", &|_| frame_of(b""));
    case("two frames, each half of the plain", &|plain| {
        let (a, b) = plain.split_at(plain.len() / 2);
        [frame_of(a), frame_of(b)].concat()
    });
    case("an empty frame after the frame", &|plain| [frame_of(plain), frame_of(b"")].concat());
    case("a skippable frame after the frame", &|plain| [frame_of(plain), skippable()].concat());
    case("a skippable frame before the frame", &|plain| [skippable(), frame_of(plain)].concat());
    case("one zero byte after the frame", &|plain| [frame_of(plain), vec![0]].concat());
    case("a frame that is cut short", &|plain| {
        let mut frame = frame_of(plain);
        frame.pop();
        frame
    });
    case("one byte less than plain_len", &|plain| frame_of(&plain[1..]));
    case("one byte more than plain_len", &|plain| frame_of(&[plain, &[0]].concat()));
    case("a frame without a content size that yields one byte more", &|plain| streamed(&[plain, &[0]].concat(), 20));
    case("64 MiB of zeros", &|_| frame_of(&vec![0; 64 << 20]));
    case("64 MiB of zeros without a content size", &|_| streamed(&vec![0; 64 << 20], 20));
    case("a window of 16 MiB", &|plain| streamed(plain, 24));
    case("a window of 128 MiB", &|plain| streamed(plain, 27));
    case("a dictionary id in the frame header", &|plain| {
        // Descriptor: single segment, one byte of dictionary id; the content size field moves behind it.
        let mut frame = frame_of(plain);
        frame[4] |= 1;
        frame.insert(5, 7);
        frame
    });
    case("the magic of zstd 0.7", &|plain| {
        let mut frame = frame_of(plain);
        frame[0] = 0x27;
        frame
    });
}

fn skippable() -> Vec<u8> {
    [0x184D_2A50u32.to_le_bytes(), 4u32.to_le_bytes(), *b"skip"].concat()
}

/// A frame as a streaming encoder writes it: with a window, without a content size.
fn streamed(plain: &[u8], window_log: u32) -> Vec<u8> {
    use std::io::Write;
    let mut encoder = zstd::stream::Encoder::new(Vec::new(), 3).expect("zstd has memory");
    encoder.window_log(window_log).expect("a legal window");
    for piece in plain.chunks(1 << 16) {
        encoder.write_all(piece).expect("a vector takes every byte");
    }
    encoder.flush().expect("a vector takes every byte");
    encoder.finish().expect("a vector takes every byte")
}

fn metas(bench: &mut Bench) {
    bench.record("kind 0", |r| r.kind = 0);
    bench.record("kind 5", |r| r.kind = 5);
    bench.record("a key of 513 bytes", |r| r.key = vec![b'k'; 513]);
    bench.record("a key that is not UTF-8", |r| r.key = vec![0xC3, 0x28]);
    bench.record("a name that is not UTF-8", |r| r.name = vec![b'a', 0xFF]);
    bench.record("an empty name", |r| r.name.clear());
    bench.record("a name of 4,097 bytes", |r| r.name = vec![b'n'; 4097]);
    bench.record("an absolute name", |r| r.name = b"/etc/passwd".to_vec());
    bench.record("a name that ends with a slash", |r| r.name = b"a/".to_vec());
    bench.record("a name with an empty part", |r| r.name = b"a//b".to_vec());
    bench.record("a name with a dot part", |r| r.name = b"a/./b".to_vec());
    bench.record("a name that climbs", |r| r.name = b"../a".to_vec());
    bench.record("a name that climbs at its end", |r| r.name = b"a/..".to_vec());
    bench.record("a name with a NUL", |r| r.name = b"a\0b".to_vec());
    bench.record("a file with part index 1", |r| r.part_index = 1);
    bench.record("a file with part count 2", |r| r.part_count = 2);
    bench.record("a file with part count 0", |r| r.part_count = 0);
    bench.record("a file whose total is not its body's length", |r| r.total += 1);
    bench.record("a file with a parts digest", |r| r.parts_digest = [1; 32]);
    bench.record("a file with a reason", |r| r.reason = b"why".to_vec());
    bench.record("a body that is longer than the plain", |r| {
        (r.body_len, r.total) = (1 << 20, 1 << 20);
    });
    bench.record("a body of 16 MiB and one byte", |r| {
        (r.body_len, r.total) = ((16 << 20) + 1, (16 << 20) + 1);
    });
    bench.record("a body length of 2^64 - 1", |r| (r.body_len, r.total) = (u64::MAX, u64::MAX));
    bench.record("a body one byte shorter than what follows", |r| {
        (r.body_len, r.total) = (r.body_len - 1, r.total - 1);
    });
    bench.record("a tombstone without a reason", |r| *r = RawRecord::tombstone("a", ""));
    bench.record("a tombstone whose reason has a blank", |r| *r = RawRecord::tombstone("a", "too big"));
    bench.record("a tombstone whose reason has 65 bytes", |r| {
        *r = RawRecord::tombstone("a", &"r".repeat(65));
    });
    bench.record("a tombstone with a body", |r| {
        let tombstone = RawRecord::tombstone("a", "too-big");
        *r = RawRecord { body: b"x".to_vec(), body_len: 1, ..tombstone };
    });
    bench.record("a part of a file of one part", |r| {
        *r = RawRecord { part_index: 0, part_count: 1, ..RawRecord::last_part("a", b"x") };
    });
    bench.record("a part index that is the part count", |r| {
        *r = RawRecord { part_index: 2, ..RawRecord::last_part("a", b"x") };
    });
    bench.record("a part that is not the last and not 16 MiB", |r| {
        let first = RawRecord { part_index: 0, ..RawRecord::last_part("a", b"x") };
        *r = RawRecord { parts_digest: [0; 32], ..first };
    });
    bench.record("a withdrawal with a parts digest", |r| {
        let last = RawRecord::last_part("a", b"");
        *r = RawRecord { kind: 4, total: (16 << 20) + 1, body: Vec::new(), body_len: 0, reason: b"gone".to_vec(), ..last };
    });
    whole_plains(bench);
}

fn whole_plains(bench: &mut Bench) {
    let mut case = |about: &str, make: &dyn Fn(&mut Vec<u8>)| {
        bench.fail("records", "records", about, |s| make(&mut s.draft.plain));
    };
    case("a plain shorter than the packet salt", &|plain| plain.truncate(31));
    case("one byte after the last record", &|plain| plain.push(0));
    case("a meta that is cut short", &|plain| plain.truncate(40));
    case("a key length of 2^64 - 1", &|plain| plain[33..41].fill(0xFF));
    case("a key length that reaches past the plain", &|plain| plain[33] = 0xFF);
}

fn count_and_root(bench: &mut Bench) {
    bench.fail("count", "count", "one record less than announced", |s| {
        s.draft.header.record_count = 2;
    });
    bench.fail("count", "count", "one record more than announced", |s| {
        let two = [RawRecord::file("a", b"1"), RawRecord::file("b", b"2")];
        s.draft = good(&two);
        s.draft.header.record_count = 1;
    });
    bench.fail("count", "count", "a packet salt and no record", |s| s.draft.plain.truncate(32));
    bench.fail("root", "root", "a root of zeros", |s| s.draft.header.root = [0; 32]);
    bench.fail("root", "root", "the root of the same records in another order", |s| {
        let two = [RawRecord::file("a", b"1"), RawRecord::file("b", b"2")];
        let (_, root) = plain_of(&sha(&[b"packet salt"]), &[two[1].clone(), two[0].clone()]);
        s.draft = good(&two);
        s.draft.header.root = root;
    });
    bench.fail("root", "root", "the root under another packet salt", |s| {
        s.draft.plain[0] ^= 1;
    });
    bench.fail("root", "root", "a body was changed before sealing", |s| {
        let last = s.draft.plain.len() - 1;
        s.draft.plain[last] ^= 1;
    });
    bench.fail("root", "root", "three records where the last leaf is doubled", |s| {
        let three = ["a", "b", "c"].map(|name| RawRecord::file(name, b"1"));
        let (_, root) = plain_of(&sha(&[b"packet salt"]), &[&three[..], &three[2..]].concat());
        s.draft = good(&three);
        s.draft.header.root = root;
    });
}

/// Small files that would be large; they stand last so that the cases before them keep their numbers.
fn bombs(bench: &mut Bench) {
    const GIB: u64 = 1 << 30;
    bench.fail("decompress", "decompress", "1 GiB of zeros, its size in the frame", |s| {
        s.draft.frame = Some(zeros(GIB, true));
    });
    bench.fail("decompress", "decompress", "1 GiB of zeros without a size, plain_len at its limit", |s| {
        s.draft.frame = Some(zeros(GIB, false));
        s.draft.late = |h| h.plain_len = 32 << 20;
    });
    bench.fail("decompress", "decompress", "one byte more than the limit of 32 MiB", |s| {
        s.draft.frame = Some(zeros((32 << 20) + 1, false));
        s.draft.late = |h| h.plain_len = 32 << 20;
    });
    bench.fail("decompress", "decompress", "a single segment of 32 MiB, whose window is its size", |s| {
        s.draft.frame = Some(single_segment(32 << 20));
        s.draft.late = |h| h.plain_len = 32 << 20;
    });
    bench.fail("records", "records", "32 MiB of zeros as records", |s| {
        s.draft.frame = Some(zeros(32 << 20, false));
        s.draft.late = |h| h.plain_len = 32 << 20;
    });
    bench.fail("count", "count", "65,536 records announced, one there", |s| {
        s.draft.header.record_count = 65_536;
    });
}

fn zeros(len: u64, sized: bool) -> Vec<u8> {
    use std::io::Write;
    let mut encoder = zstd::stream::Encoder::new(Vec::new(), 3).expect("zstd has memory");
    if sized {
        encoder.set_pledged_src_size(Some(len)).expect("a legal size");
    }
    encoder.window_log(20).expect("a legal window");
    let piece = vec![0; 1 << 20];
    let mut rest = len;
    while rest > 0 {
        let part = rest.min(1 << 20);
        encoder.write_all(&piece[..part as usize]).expect("a vector takes every byte");
        rest -= part;
    }
    encoder.finish().expect("a vector takes every byte")
}

/// A frame of zeros written by hand: single segment, its size in four bytes, blocks of one repeated byte.
fn single_segment(len: u32) -> Vec<u8> {
    const BLOCK: u32 = 128 << 10;
    let mut frame = vec![0x28, 0xB5, 0x2F, 0xFD, 0b1010_0000];
    frame.extend(len.to_le_bytes());
    let blocks = len / BLOCK;
    for index in 0..blocks {
        let last = u32::from(index + 1 == blocks);
        let header = BLOCK << 3 | 1 << 1 | last;
        frame.extend(&header.to_le_bytes()[..3]);
        frame.push(0);
    }
    frame
}
