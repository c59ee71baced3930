//! The keyring cases. `text` is the keyring; with `before`, it is offered to a reader that has accepted that one.

use serde_json::{Value, json};

use crate::keys::{
    ADDRESSEE, SENDER, Signing, base64, good_keys, hex, key_object, keyring_object, keyring_text, sender_keyring, sha,
    x25519_public,
};

struct Bench {
    cases: Vec<(String, Value)>,
}

impl Bench {
    fn case(&mut self, expect: &str, about: &str, text: String) {
        let value = json!({ "about": about, "expect": expect, "text": text });
        self.push(expect, value);
    }

    fn next(&mut self, expect: &str, about: &str, before: &str, text: String) {
        let value = json!({ "about": about, "expect": expect, "before": before, "text": text });
        self.push(expect, value);
    }

    fn push(&mut self, expect: &str, value: Value) {
        let name = format!("{:03}-{expect}", self.cases.len() + 1);
        self.cases.push((name, value));
    }

    /// A keyring whose object was changed before it was signed.
    fn object(&mut self, expect: &str, about: &str, from: &str, to: &str) {
        let object = keyring_object(&SENDER, 1, &[0; 32], &good_keys());
        assert!(object.contains(from), "{from}");
        let text = keyring_text(&object.replacen(from, to, 1), "authority");
        self.case(expect, about, text);
    }

    /// A keyring with other keys.
    fn keys(&mut self, expect: &str, about: &str, change: impl FnOnce(&mut Vec<String>)) {
        let mut keys = good_keys();
        change(&mut keys);
        let object = keyring_object(&SENDER, 1, &[0; 32], &keys);
        self.case(expect, about, keyring_text(&object, "authority"));
    }
}

/// All cases.
pub(crate) fn cases() -> Vec<(String, Value)> {
    let mut bench = Bench { cases: Vec::new() };
    let good = sender_keyring();
    bench.case("ok", "one key of each role", good.clone());
    bench.keys("ok", "an authority key and nothing else", |keys| keys.truncate(1));
    bench.keys("ok", "a closed packet key and its successor", |keys| {
        keys[1] = key_object(2, 1, &Signing::new("packet").public, 1, 99);
        keys.insert(2, key_object(2, 1, &Signing::new("packet two").public, 100, 0));
    });
    shapes(&mut bench, &good);
    objects(&mut bench);
    keys(&mut bench);
    signatures(&mut bench, &good);
    chains(&mut bench, &good);
    // Cases are numbered in order, so that new ones stand last.
    for (about, control) in [("escape", "\\u001b"), ("line break", "\\n"), ("DEL", "\u{7f}"), ("C1 control", "\u{9b}")] {
        bench.object("keyring-shape", &format!("a name with {about}"), "外网摆渡站", &format!("外网{control}站"));
    }
    bench.cases
}

fn shapes(bench: &mut Bench, good: &str) {
    let shape = "keyring-shape";
    bench.case(shape, "an empty file", String::new());
    bench.case(shape, "another title", good.replace("keyring/1", "keyring/2"));
    bench.case(shape, "CRLF line ends", good.replace('\n', "\r\n"));
    bench.case(shape, "no LF at the end", good.trim_end().to_owned());
    bench.case(shape, "an empty line at the end", format!("{good}\n"));
    bench.case(shape, "a byte order mark", format!("\u{FEFF}{good}"));
    bench.case(shape, "longer than 64 KiB", format!("{good}{}", " ".repeat(70_000)));
    let (body, sig) = good.split_once("sig ").expect("a signature line");
    bench.case(shape, "no signature line", body.to_owned());
    bench.case(shape, "a key id in capitals", format!("{body}sig {}", sig.to_uppercase()));
    bench.case(shape, "a signature of 63 bytes", {
        let id = hex(&Signing::new("authority").id);
        format!("{body}sig {id} {}\n", base64(&[0; 63]))
    });
    bench.case(shape, "a blank after the signature", format!("{body}sig {} \n", sig.trim_end()));
}

fn objects(bench: &mut Bench) {
    let shape = "keyring-shape";
    bench.object(shape, "an unknown key", r#""revoked":[]"#, r#""revoked":[],"note":"""#);
    bench.object(shape, "a missing key", r#""threshold":1,"#, "");
    bench.object(shape, "a doubled key", r#""threshold":1,"#, r#""threshold":1,"threshold":1,"#);
    bench.object(shape, "two keys in the other order", r#""threshold":1,"suites":[1,2],"#, r#""suites":[1,2],"threshold":1,"#);
    bench.object(shape, "an insignificant blank", r#""version":1"#, r#""version": 1"#);
    bench.object(shape, "a letter written as an escape", r#""name":"外"#, r#""name":"\u5916"#);
    bench.object(shape, "version 0", r#""version":1"#, r#""version":0"#);
    bench.object(shape, "version 2 without a previous digest", r#""version":1"#, r#""version":2"#);
    bench.object(shape, "a version with a fraction", r#""version":1"#, r#""version":1.0"#);
    bench.object(shape, "threshold 2", r#""threshold":1"#, r#""threshold":2"#);
    bench.object(shape, "suites that fall", r#""suites":[1,2]"#, r#""suites":[2,1]"#);
    bench.object(shape, "a suite twice", r#""suites":[1,2]"#, r#""suites":[1,1]"#);
    bench.object(shape, "an unknown side", r#""side":"outer""#, r#""side":"middle""#);
    bench.object(shape, "an unknown environment", r#""production""#, r#""staging""#);
    bench.object(shape, "an empty name", r#""name":"外网摆渡站""#, r#""name":"""#);
    let long = format!(r#""name":"{}""#, "站".repeat(65));
    bench.object(shape, "a name of 65 characters", r#""name":"外网摆渡站""#, &long);
    bench.object(shape, "a revocation", r#""revoked":[]"#, r#""revoked":[{}]"#);
    bench.object(shape, "a station id in capitals", &hex(&SENDER), &hex(&SENDER).to_uppercase());
    bench.object(shape, "a negative from", r#""from":1"#, r#""from":-1"#);
}

fn keys(bench: &mut Bench) {
    bench.keys("keyring-shape", "keys that are not in the order of their roles", |keys| {
        keys.swap(1, 2);
    });
    bench.keys("keyring-shape", "a public key of 31 bytes", |keys| {
        let public = base64(&Signing::new("packet").public);
        keys[1] = keys[1].replace(&public, &base64(&[1; 31]));
    });
    bench.keys("key-id", "an id that is another key's", |keys| {
        let id = hex(&Signing::new("log").id);
        keys[1] = keys[1].replace(&hex(&Signing::new("packet").id), &id);
    });
    bench.keys("key-id", "an id made with the tag of the other algorithm", |keys| {
        let public = x25519_public("own");
        let wrong = key_object(2, 0, &public, 1, 0);
        let (_, rest) = wrong.split_once(r#""id":""#).expect("an id");
        let right = keys[3].clone();
        let (front, back) = right.split_once(r#""id":""#).expect("an id");
        keys[3] = format!(r#"{front}"id":"{}{}"#, &rest[..16], &back[16..]);
    });
    bench.keys("keyring-roles", "no authority key", |keys| {
        keys.remove(0);
    });
    bench.keys("keyring-roles", "no key at all", Vec::clear);
    bench.keys("keyring-roles", "a packet key of x25519", |keys| {
        keys[1] = key_object(4, 0, &x25519_public("own"), 1, 0).replace(r#""role":4"#, r#""role":2"#);
    });
    bench.keys("keyring-roles", "an encryption key of ed25519", |keys| {
        let signing = key_object(2, 0, &Signing::new("packet").public, 1, 0);
        keys[3] = signing.replace(r#""role":2"#, r#""role":4"#);
    });
}

fn signatures(bench: &mut Bench, good: &str) {
    let wrong = "keyring-signature";
    let object = keyring_object(&SENDER, 1, &[0; 32], &good_keys());
    bench.case(wrong, "signed by a stranger", keyring_text(&object, "stranger"));
    bench.case(wrong, "signed by the packet key", keyring_text(&object, "packet"));
    bench.case(wrong, "changed after signing", good.replace("\"from\":0", "\"from\":1"));
    bench.case(wrong, "an authority key that is valid from version 2 only", {
        let mut keys = good_keys();
        keys[0] = key_object(1, 0, &Signing::new("authority").public, 2, 0);
        keyring_text(&keyring_object(&SENDER, 1, &[0; 32], &keys), "authority")
    });
    bench.case(wrong, "signed without the context", {
        let body = format!("dukou-keyring/1\n{object}\n");
        let signer = Signing::new("authority");
        let signature = base64(&signer.sign(&[body.as_bytes()]));
        format!("{body}sig {} {signature}\n", hex(&signer.id))
    });
    bench.case(wrong, "signed as a packet is", {
        let body = format!("dukou-keyring/1\n{object}\n");
        let signer = Signing::new("authority");
        let signature = base64(&signer.sign(&[b"dukou-packet-v1\0", body.as_bytes()]));
        format!("{body}sig {} {signature}\n", hex(&signer.id))
    });
}

fn digest_of(text: &str) -> [u8; 32] {
    let (body, _) = text.split_once("sig ").expect("a signature line");
    sha(&[body.as_bytes()])
}

fn chains(bench: &mut Bench, good: &str) {
    let version = |number, previous: &[u8; 32], authority| {
        keyring_text(&keyring_object(&SENDER, number, previous, &good_keys()), authority)
    };
    let second = version(2, &digest_of(good), "authority");
    let third = version(3, &digest_of(&second), "authority");
    bench.next("ok", "version 2 after version 1", good, second.clone());
    bench.next("keyring-chain", "version 3 after version 1", good, third);
    bench.next("keyring-chain", "another previous digest", good, version(2, &[9; 32], "authority"));
    bench.next("keyring-rollback", "version 1 after version 2", &second, good.to_owned());
    bench.next("keyring-rollback", "version 1 after itself", good, good.to_owned());
    let mut keys = good_keys();
    keys[0] = key_object(1, 0, &Signing::new("stranger").public, 1, 0);
    let stolen = keyring_object(&SENDER, 2, &digest_of(good), &keys);
    let stolen = keyring_text(&stolen, "stranger");
    bench.next("keyring-chain", "signed by an authority that version 1 does not know", good, stolen);
    let other = keyring_object(&ADDRESSEE, 2, &digest_of(good), &good_keys());
    let other = keyring_text(&other, "authority");
    bench.next("keyring-chain", "the keyring of another station", good, other);
}
