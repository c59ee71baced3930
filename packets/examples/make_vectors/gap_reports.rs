//! The gap report cases: the signed file, and rows of digits, written from GAPREPORT.md alone.

use serde_json::{Value, json};

use crate::keys::{ADDRESSEE, SENDER, Signing, base64, good_keys, hex, key_object, keyring_object, keyring_text, link_id, sha};

/// The station that reports is the sender of the other vectors: its keyring is at hand.
const REPORTER: [u8; 16] = SENDER;
/// Whom it reports to.
const PEER: [u8; 16] = ADDRESSEE;

const EPOCH: &str = "1-00ff00ff00ff00ff";

struct Bench {
    cases: Vec<(String, Value)>,
}

/// A report's object with these channels.
fn object(report: u64, number: u64, channels: &str) -> String {
    format!(
        r#"{{"link":"{}","station":"{}","addressee":"{}","environment":"production","report":{report},"clock":1795305600000,"log_size":42,"log_root":"{}","number":{number},"heard":17,"more":false,"channels":[{channels}]}}"#,
        hex(&link_id(&PEER, &REPORTER)),
        hex(&REPORTER),
        hex(&PEER),
        hex(&sha(&[b"root"])),
    )
}

fn channel(name: &str, epoch: &str, (seq, known): (u64, u64), missing: &str) -> String {
    let header = if seq == 0 { "0".repeat(64) } else { hex(&sha(&[name.as_bytes()])) };
    format!(r#"{{"channel":"{name}","epoch":"{epoch}","seq":{seq},"header":"{header}","known":{known},"missing":[{missing}]}}"#)
}

fn two_channels() -> String {
    let files = channel("files", EPOCH, (4, 12), "[5,5],[7,9]");
    format!("{files},{}", channel("report-message", "13-0102030405060708", (0, 20000), "[1,20000]"))
}

fn signed(object: &str, context: &[u8], word: &str) -> String {
    let body = format!("dukou-gap-report/1\n{object}\n");
    let signer = Signing::new(word);
    let signature = signer.sign(&[context, body.as_bytes()]);
    format!("{body}sig {} {}\n", hex(&signer.id), base64(&signature))
}

fn report(object: &str) -> String {
    signed(object, b"dukou-gap-report-v1\0", "packet")
}

fn good_keyring() -> String {
    keyring_text(&keyring_object(&REPORTER, 1, &[0; 32], &good_keys()), "authority")
}

impl Bench {
    fn push(&mut self, expect: &str, value: Value) {
        let name = format!("{:03}-{expect}", self.cases.len() + 1);
        self.cases.push((name, value));
    }

    fn case(&mut self, expect: &str, about: &str, text: &str) {
        self.under(expect, about, text, &good_keyring());
    }

    fn under(&mut self, expect: &str, about: &str, text: &str, keyring: &str) {
        let value = json!({
            "about": about, "expect": expect, "text": text, "keyring": keyring, "addressee": hex(&PEER), "environment": "production",
        });
        self.push(expect, value);
    }

    fn good(&mut self, about: &str, text: &str, rows: Option<Vec<String>>) {
        let value = json!({
            "about": about, "expect": "ok", "text": text, "keyring": good_keyring(), "addressee": hex(&PEER),
            "environment": "production", "rows": rows,
        });
        self.push("ok", value);
    }

    /// A report whose object was changed before it was signed.
    fn changed(&mut self, expect: &str, about: &str, from: &str, to: &str) {
        let good = object(7, 9, &two_channels());
        assert!(good.contains(from), "{from}");
        self.case(expect, about, &report(&good.replacen(from, to, 1)));
    }

    /// A report of one channel with these ranges.
    fn ranges(&mut self, about: &str, missing: &str) {
        let text = report(&object(7, 9, &channel("files", EPOCH, (4, 12), missing)));
        self.case("gap-report-shape", about, &text);
    }
}

fn tag(name: &str) -> u64 {
    let digest = sha(&[b"dukou-row-channel-v1\0", &link_id(&PEER, &REPORTER), name.as_bytes()]);
    u64::from_be_bytes(digest[..8].try_into().expect("eight bytes")) % 1_000_000
}

/// A row with its check digits, by big-number arithmetic.
fn row(places: &str) -> String {
    let value: u128 = places.parse().expect("28 digits fit 128 bits");
    format!("{places}{:02}", 98 - value * 100 % 97)
}

fn plain_row(report: u64, (index, rows): (u64, u64), name: &str, epoch: u64, (from, count): (u64, u64)) -> String {
    row(&format!("1{report:03}{index:02}{rows:02}{:06}{epoch}{from:09}{count:04}", tag(name)))
}

/// The rows of the report of two channels.
fn good_rows() -> Vec<String> {
    vec![
        plain_row(7, (1, 5), "files", 1, (5, 1)),
        plain_row(7, (2, 5), "files", 1, (7, 3)),
        plain_row(7, (3, 5), "report-message", 3, (1, 9999)),
        plain_row(7, (4, 5), "report-message", 3, (10_000, 9999)),
        plain_row(7, (5, 5), "report-message", 3, (19_999, 2)),
    ]
}

/// All cases of the signed file.
pub(crate) fn reports() -> Vec<(String, Value)> {
    let mut bench = Bench { cases: Vec::new() };
    let good = report(&object(7, 9, &two_channels()));
    bench.good("two channels with gaps", &good, Some(good_rows()));
    bench.good("nothing is known of any channel", &report(&object(1, 1, "")), Some(Vec::new()));
    bench.good("nothing is missing", &report(&object(1005, 9, &channel("files", EPOCH, (4, 4), ""))), Some(Vec::new()));
    let single = |index: u64| format!("[{0},{0}]", 2 * index);
    let many = |count: u64| (1..=count).map(single).collect::<Vec<_>>().join(",");
    let twenty = report(&object(8, 9, &channel("files", EPOCH, (0, 60), &many(20))));
    let rows = (1..=20).map(|index| plain_row(8, (index, 20), "files", 1, (2 * index, 1))).collect();
    bench.good("twenty ranges", &twenty, Some(rows));
    bench.good("one range more than rows", &report(&object(8, 9, &channel("files", EPOCH, (0, 60), &many(21)))), None);
    let far = channel("files", EPOCH, (4, 1_000_000_000), "[1000000000,1000000000]");
    bench.good("a seq that no row can say", &report(&object(8, 9, &far)), None);
    let more = object(7, 9, &two_channels()).replace(r#""more":false"#, r#""more":true"#);
    bench.good("a report that was cut", &report(&more), None);
    shapes(&mut bench, &good);
    objects(&mut bench);
    signatures(&mut bench);
    addresses(&mut bench);
    bench.cases
}

fn shapes(bench: &mut Bench, good: &str) {
    let shape = "gap-report-shape";
    bench.case(shape, "an empty file", "");
    bench.case(shape, "another title", &good.replace("gap-report/1", "gap-report/2"));
    bench.case(shape, "a keyring", &good_keyring());
    bench.case(shape, "CRLF line ends", &good.replace('\n', "\r\n"));
    bench.case(shape, "no LF at the end", good.trim_end());
    bench.case(shape, "an empty line at the end", &format!("{good}\n"));
    bench.case(shape, "longer than 256 KiB", &format!("{good}{}", " ".repeat(270_000)));
    let (body, sig) = good.split_once("sig ").expect("a signature line");
    bench.case(shape, "no signature line", body);
    bench.case(shape, "a key id in capitals", &format!("{body}sig {}", sig.to_uppercase()));
    bench.case(shape, "a signature of 63 bytes", &format!("{body}sig {} {}\n", &sig[..16], base64(&[0; 63])));
}

fn objects(bench: &mut Bench) {
    let shape = "gap-report-shape";
    bench.changed(shape, "an unknown key", r#""more":false"#, r#""more":false,"note":"""#);
    bench.changed(shape, "a missing key", r#""heard":17,"#, "");
    bench.changed(shape, "a doubled key", r#""heard":17,"#, r#""heard":17,"heard":17,"#);
    bench.changed(shape, "two keys in the other order", r#""heard":17,"more":false"#, r#""more":false,"heard":17"#);
    bench.changed(shape, "an insignificant blank", r#""heard":17"#, r#""heard": 17"#);
    bench.changed(shape, "a number above 2⁵³", r#""heard":17"#, r#""heard":9007199254740993"#);
    bench.changed(shape, "report 0", r#""report":7"#, r#""report":0"#);
    bench.changed(shape, "number 0", r#""number":9"#, r#""number":0"#);
    bench.changed(shape, "a negative clock", r#""clock":1795305600000"#, r#""clock":-1"#);
    bench.changed(shape, "an empty log with a root", r#""log_size":42"#, r#""log_size":0"#);
    bench.changed(shape, "known below seq", r#""seq":4"#, r#""seq":13"#);
    bench.changed(shape, "a channel name in capitals", r#""channel":"files""#, r#""channel":"Files""#);
    bench.changed(shape, "an epoch that counts 0", EPOCH, "0-00ff00ff00ff00ff");
    bench.changed(shape, "a channel twice", r#""channel":"report-message""#, r#""channel":"files""#);
    bench.changed(shape, "channels that fall", r#""channel":"files""#, r#""channel":"zeta""#);
    bench.ranges("a range that ends before it begins", "[7,6]");
    bench.ranges("a range at the seq that is applied", "[4,5]");
    bench.ranges("a range beyond what is known", "[12,13]");
    bench.ranges("ranges that fall", "[9,9],[5,5]");
    bench.ranges("ranges that touch", "[5,6],[7,7]");
    bench.ranges("a range of three numbers", "[5,6,7]");
    bench.ranges("a range of one number", "[5]");
    bench.ranges("a fraction", "[5.0,6]");
}

fn signatures(bench: &mut Bench) {
    let good = object(7, 9, &two_channels());
    let wrong = "gap-report-signature";
    bench.case(wrong, "changed after signing", &report(&good).replacen("[5,5]", "[5,6]", 1).replacen("[7,9]", "[8,9]", 1));
    for (about, context) in [
        ("signed without the context", &b""[..]),
        ("signed as a packet is", b"dukou-packet-v1\0"),
        ("signed as a keyring is", b"dukou-keyring-v1\0"),
    ] {
        bench.case(wrong, about, &signed(&good, context, "packet"));
    }
    let own = hex(&Signing::new("packet").id);
    let context = b"dukou-gap-report-v1\0";
    let strange = signed(&good, context, "stranger");
    bench.case(
        wrong,
        "a stranger's signature under the packet key's id",
        &strange.replace(&hex(&Signing::new("stranger").id), &own),
    );
    let key = "gap-report-key";
    for word in ["stranger", "authority", "log", "approver"] {
        bench.case(key, &format!("signed by the key `{word}`"), &signed(&good, context, word));
    }
    let mut keys = good_keys();
    keys[1] = key_object(2, 0, &Signing::new("packet").public, 10, 0);
    let later = keyring_text(&keyring_object(&REPORTER, 1, &[0; 32], &keys), "authority");
    bench.under(key, "a packet key that is valid from the next number on", &report(&good), &later);
    keys[1] = key_object(2, 0, &Signing::new("packet").public, 1, 8);
    let earlier = keyring_text(&keyring_object(&REPORTER, 1, &[0; 32], &keys), "authority");
    bench.under(key, "a packet key that is valid up to the number before", &report(&good), &earlier);
}

fn addresses(bench: &mut Bench) {
    bench.changed("environment", "a report of a test pair", "production", "test");
    bench.changed("addressee", "a report for another station", &hex(&PEER), &hex(b"another station."));
    bench.changed("station", "a report of another station under this key", &hex(&REPORTER), &hex(b"another station."));
    let (there, back) = (hex(&link_id(&PEER, &REPORTER)), hex(&link_id(&REPORTER, &PEER)));
    bench.changed("link", "the link of the other direction", &there, &back);
}

/// All cases of rows.
pub(crate) fn rows() -> Vec<(String, Value)> {
    let mut bench = Bench { cases: Vec::new() };
    readable(&mut bench);
    wrong_rows(&mut bench);
    wrong_sets(&mut bench);
    bench.cases
}

impl Bench {
    fn read(&mut self, about: &str, text: &str) {
        let said = |name: &str, epoch: u64, from: u64, count: u64| json!({"tag": tag(name), "epoch": epoch, "from": from, "count": count});
        let rows = [
            said("files", 1, 5, 1),
            said("files", 1, 7, 3),
            said("report-message", 3, 1, 9999),
            said("report-message", 3, 10_000, 9999),
            said("report-message", 3, 19_999, 2),
        ];
        self.push("ok", json!({ "about": about, "expect": "ok", "text": text, "report": 7, "rows": rows }));
    }

    fn refuse(&mut self, expect: &str, about: &str, text: &str, wrong: &[usize]) {
        self.push(expect, json!({ "about": about, "expect": expect, "text": text, "wrong": wrong }));
    }
}

fn grouped(row: &str) -> String {
    row.as_bytes().chunks(5).map(|group| String::from_utf8_lossy(group).into_owned()).collect::<Vec<_>>().join(" ")
}

fn readable(bench: &mut Bench) {
    let good = good_rows();
    bench.read("a row a line in groups of five", &good.iter().map(|row| grouped(row)).collect::<Vec<_>>().join("\n"));
    bench.read("one line without blanks, as a scanner types it", &good.concat());
    bench.read("in another order", &[&good[3], &good[0], &good[4], &good[2], &good[1]].map(String::as_str).join("\r\n"));
    let full: String =
        good.join("，\n").chars().map(|c| c.to_digit(10).map_or(c, |d| char::from_u32(0xff10 + d).expect("a digit"))).collect();
    bench.read("full-width digits and Chinese punctuation", &format!("　{full}。\n"));
    let broken = good.concat().as_bytes().chunks(20).map(|part| String::from_utf8_lossy(part).into_owned()).collect::<Vec<_>>();
    bench.read("lines that break within rows", &broken.join("\n"));
}

fn wrong_rows(bench: &mut Bench) {
    let good = good_rows();
    let with = |at: usize, row: &str| {
        let mut rows = good.clone();
        rows[at] = row.to_owned();
        rows.join("\n")
    };
    let swapped = |row: &str, at: usize| {
        let mut digits = row.as_bytes().to_vec();
        digits.swap(at, at + 1);
        String::from_utf8(digits).expect("digits")
    };
    let third = &good[2];
    bench.refuse("row-check", "a wrong digit in the third row", &with(2, &third.replacen("9999", "9989", 1)), &[3]);
    let at = (0..29).find(|&at| third.as_bytes()[at] != third.as_bytes()[at + 1]).expect("two digits that differ");
    bench.refuse("row-check", "two neighbours exchanged in the third row", &with(2, &swapped(third, at)), &[3]);
    bench.refuse("row-length", "a digit left out in the third row", &with(2, &third[1..]), &[3]);
    bench.refuse("row-length", "a digit too many in the third row", &with(2, &format!("{third}0")), &[3]);
    bench.refuse("row-character", "a letter in the first row", &with(0, &good[0].replacen('0', "O", 1)), &[1]);
    let mut rows: Vec<String> = good.iter().map(|row| grouped(row)).collect();
    rows[3].pop();
    bench.refuse("row-length", "one line, and a digit left out in the fourth row", &rows.join(" "), &[4]);
    let two = with(1, &third.replacen("9999", "9989", 1)).replacen(&good[4], &good[4][..29], 1);
    bench.refuse("row-check", "two wrong rows", &two, &[2, 5]);
    bench.refuse("row-shape", "version 2", &with(0, &row(&good[0][..28].replacen('1', "2", 1))), &[1]);
    bench.refuse("row-shape", "row 0", &with(0, &row(&format!("{}00{}", &good[0][..4], &good[0][6..28]))), &[1]);
    bench.refuse("row-shape", "row 6 of 5", &with(0, &row(&format!("{}06{}", &good[0][..4], &good[0][6..28]))), &[1]);
    bench.refuse("row-shape", "one of 21 rows", &with(0, &row(&format!("{}21{}", &good[0][..6], &good[0][8..28]))), &[1]);
    bench.refuse("row-shape", "no packet", &with(0, &row(&format!("{}0000", &good[0][..24]))), &[1]);
    bench.refuse("row-shape", "from seq 0", &with(0, &row(&format!("{}000000000{}", &good[0][..15], &good[0][24..28]))), &[1]);
    let second_spelling = (1..10_000u64).find_map(|count| {
        let row = row(&format!("{}{count:04}", &good[0][..24]));
        row.ends_with("98").then(|| format!("{}01", &row[..28]))
    });
    let second_spelling = second_spelling.expect("some count has the check digits 98");
    bench.refuse("row-check", "check digits in their second spelling", &with(0, &second_spelling), &[1]);
}

fn wrong_sets(bench: &mut Bench) {
    let good = good_rows();
    bench.refuse("row-none", "nothing", " \n。", &[]);
    bench.refuse("row-missing", "the fourth row is not there", &[&good[..3], &good[4..]].concat().join("\n"), &[]);
    bench.refuse("row-twice", "the second row twice", &[&good[..2], &good[1..]].concat().join("\n"), &[3]);
    bench.refuse(
        "row-twice",
        "the second row in the place of the third",
        &[&good[..2], &good[1..2], &good[3..]].concat().join("\n"),
        &[3],
    );
    let other = plain_row(6, (3, 5), "files", 1, (7, 3));
    bench.refuse("row-sheet", "the third row of another report", &[&good[..2], &[other], &good[3..]].concat().join("\n"), &[3]);
}
