//! Manifests of volumes, written from FORMAT.md section 14 without the crate's own.

use serde_json::{Value, json};

use crate::keys::{
    ADDRESSEE, SENDER, Signing, base64, good_keys, hex, key_object, keyring_object, keyring_text, link_id, sender_keyring, sha,
};

/// A manifest before it is signed, as text.
struct Draft {
    head: Vec<(&'static str, String)>,
    lines: Vec<String>,
    signer: &'static str,
    context: &'static [u8],
    /// What becomes of the finished text.
    after: fn(String) -> String,
    keyring: String,
    addressee: [u8; 16],
    environment: &'static str,
}

impl Draft {
    fn good() -> Self {
        let digest = |word: &str| hex(&sha(&[word.as_bytes()]));
        let head = vec![
            ("disc", format!("{}-0007", &hex(&SENDER)[..8])),
            ("link", hex(&link_id(&SENDER, &ADDRESSEE))),
            ("environment", "production".to_owned()),
            ("sender", hex(&SENDER)),
            ("addressee", hex(&ADDRESSEE)),
            ("volume", "1 of 2".to_owned()),
            ("packets", "3".to_owned()),
            ("list", String::new()),
            ("key", hex(&Signing::new("packet").id)),
        ];
        let lines = vec![
            format!("1 3-abcd-abcdefghijklmnop.dkp 1200 {} 8 files/1-00ff00ff00ff00ff/7", digest("a")),
            format!("1 0-abcd-ponmlkjihgfedcba.dkp 900 {} 9 signal", digest("b")),
            format!("2 3-abcd-aaaaaaaaaaaaaaaa.dkp 44000000 {} 10 files/1-00ff00ff00ff00ff/8", digest("c")),
        ];
        Self {
            head,
            lines,
            signer: "packet",
            context: b"dukou-disc-v1\0",
            after: |text| text,
            keyring: sender_keyring(),
            addressee: ADDRESSEE,
            environment: "production",
        }
    }

    fn set(&mut self, name: &str, value: &str) {
        for (known, text) in &mut self.head {
            if *known == name {
                value.clone_into(text);
            }
        }
    }

    fn text(&self) -> String {
        let list: String = self.lines.iter().map(|line| format!("{line}\n")).collect();
        let mut text = "dukou-disc/1\n".to_owned();
        for (name, value) in &self.head {
            let value = if *name == "list" && value.is_empty() { hex(&sha(&[list.as_bytes()])) } else { value.clone() };
            text += &format!("{name} {value}\n");
        }
        text += &list;
        let signature = Signing::new(self.signer).sign(&[self.context, text.as_bytes()]);
        (self.after)(format!("{text}signature {}\n", base64(&signature)))
    }
}

/// All cases.
pub(crate) fn cases() -> Vec<(String, Value)> {
    let mut cases: Vec<(String, Value)> = Vec::new();
    let mut case = |expect: &str, about: &str, change: &dyn Fn(&mut Draft)| {
        let mut draft = Draft::good();
        change(&mut draft);
        let value = json!({
            "about": about,
            "expect": expect,
            "manifest": draft.text(),
            "keyring": draft.keyring,
            "addressee": hex(&draft.addressee),
            "environment": draft.environment,
        });
        cases.push((format!("{:03}-{expect}", cases.len() + 1), value));
    };
    case("ok", "the first of two volumes", &|_| {});
    case("ok", "the second of them", &|d| d.set("volume", "2 of 2"));
    case("ok", "a volume that carries nothing", &|d| d.set("volume", "3 of 3"));
    case("shape", "an empty file", &|d| d.after = |_| String::new());
    case("shape", "without its signature", &|d| d.after = |text| text.split("signature").next().unwrap_or_default().to_owned());
    case("shape", "without the last line end", &|d| d.after = |text| text.trim_end().to_owned());
    case("shape", "CR LF", &|d| d.after = |text| text.replace('\n', "\r\n"));
    case("shape", "another title", &|d| d.after = |text| text.replacen("dukou-disc/1", "dukou-disc/2", 1));
    case("shape", "two lines changed places", &|d| d.head.swap(3, 4));
    case("shape", "a number of the disc without its station", &|d| d.set("disc", "0007"));
    case("shape", "a volume above their number", &|d| d.set("volume", "3 of 2"));
    case("shape", "volume 0", &|d| d.set("volume", "0 of 2"));
    case("shape", "1,000 volumes", &|d| d.set("volume", "1 of 1000"));
    case("shape", "a leading zero", &|d| d.set("volume", "01 of 2"));
    case("shape", "a count that is not that of the lines", &|d| d.set("packets", "2"));
    case("shape", "a digest that is not the list's", &|d| d.set("list", &hex(&[7; 32])));
    case("shape", "a link that is not that of sender and addressee", &|d| d.set("link", &hex(&link_id(&ADDRESSEE, &SENDER))));
    case("shape", "volumes that fall", &|d| d.lines.swap(1, 2));
    case("shape", "a name twice", &|d| d.lines[1] = d.lines[0].clone());
    for name in ["../keys", ".hidden", "a/b", "空.dkp"] {
        case("shape", "a name that no packet may have", &|d| {
            d.lines[0] = d.lines[0].replace("3-abcd-abcdefghijklmnop.dkp", name)
        });
    }
    case("shape", "a name of 65 characters", &|d| {
        d.lines[0] = d.lines[0].replace("3-abcd-abcdefghijklmnop.dkp", &"a".repeat(65));
    });
    case("shape", "a word more in a line", &|d| d.lines[1].push_str(" x"));
    case("shape", "two blanks between words", &|d| d.lines[1] = d.lines[1].replacen(' ', "  ", 1));
    case("shape", "a number of 2^53 + 1", &|d| d.lines[1] = d.lines[1].replace(" 9 ", " 9007199254740993 "));
    case("key", "a key that no keyring holds", &|d| {
        d.signer = "stranger";
        d.set("key", &hex(&Signing::new("stranger").id));
    });
    case("key", "the log key", &|d| {
        d.signer = "log";
        d.set("key", &hex(&Signing::new("log").id));
    });
    case("key", "a packet key whose last number is below that of a packet", &|d| {
        let mut keys = good_keys();
        keys[1] = key_object(2, 0, &Signing::new("packet").public, 1, 9);
        d.keyring = keyring_text(&keyring_object(&SENDER, 1, &[0; 32], &keys), "authority");
    });
    case("key", "a sender who does not own the key", &|d| {
        let other = [9; 16];
        d.set("sender", &hex(&other));
        d.set("link", &hex(&link_id(&other, &ADDRESSEE)));
        d.set("disc", "09090909-0001");
    });
    case("signature", "made by another key under the right id", &|d| d.signer = "stranger");
    case("signature", "made for a packet", &|d| d.context = b"dukou-packet-v1\0");
    case("signature", "the volume was changed after signing", &|d| {
        d.after = |text| text.replace("volume 1 of 2", "volume 2 of 2")
    });
    case("address", "another addressee", &|d| d.addressee = [5; 16]);
    case("address", "another environment", &|d| d.environment = "test");
    cases
}
