//! The repair cases, with an encoder of its own: FORMAT.md section 9 as it reads, weight by weight.

use serde_json::{Value, json};

use crate::forge::{Draft, RawHeader, good};
use crate::keys::{ADDRESSEE, Stream, base64, hex, sender_keyring, sha};

const BASIS: [u16; 16] = [
    0x0001, 0xACCA, 0x3C0E, 0x163E, 0xC582, 0xED2E, 0x914C, 0x4012, 0x6C98, 0x10D8, 0x6A72, 0xB900, 0xFDB8, 0xFB34, 0xFF38,
    0x991E,
];

/// Products and quotients of symbols.
struct Field {
    element: Vec<u16>,
    symbol: Vec<u16>,
}

impl Field {
    fn new() -> Self {
        let element: Vec<u16> = (0..=u16::MAX)
            .map(|symbol| {
                BASIS.iter().enumerate().filter(|(bit, _)| symbol >> bit & 1 == 1).fold(0, |sum, (_, basis)| sum ^ basis)
            })
            .collect();
        let mut symbol = vec![0; 1 << 16];
        for (at, element) in element.iter().enumerate() {
            symbol[usize::from(*element)] = at as u16;
        }
        Self { element, symbol }
    }

    fn times(&self, a: u16, b: u16) -> u16 {
        let (mut a, b, mut sum) = (u32::from(self.element[usize::from(a)]), self.element[usize::from(b)], 0);
        for bit in 0..16 {
            if b >> bit & 1 == 1 {
                sum ^= a;
            }
            a <<= 1;
            if a >> 16 == 1 {
                a ^= 0x1002D;
            }
        }
        self.symbol[sum as usize]
    }

    /// One over it: its power 2^16 - 2.
    fn inverse(&self, a: u16) -> u16 {
        let one = self.symbol[1];
        (1..16)
            .fold((one, a), |(product, power), _| {
                let power = self.times(power, power);
                (self.times(product, power), power)
            })
            .0
    }

    fn weight(&self, c: u16, j: u16, i: u16) -> u16 {
        let (own, b) = (c + i, c * (i / c + 1));
        (b..b + c)
            .filter(|k| *k != own)
            .fold(self.symbol[1], |product, k| self.times(product, self.times(j ^ k, self.inverse(own ^ k))))
    }

    fn shard(&self, members: &[Vec<u8>], parity: u16, index: u16, len: usize) -> Vec<u8> {
        let c = parity.next_power_of_two();
        let mut shard = vec![0; len];
        for (i, member) in members.iter().enumerate() {
            let weight = self.weight(c, index, i as u16);
            let mut padded = member.clone();
            padded.resize(len, 0);
            for block in (0..len).step_by(64) {
                for s in block..block + 32 {
                    let product = self.times(weight, u16::from_le_bytes([padded[s], padded[s + 32]])).to_le_bytes();
                    shard[s] ^= product[0];
                    shard[s + 32] ^= product[1];
                }
            }
        }
        shard
    }
}

/// A payload whose every number can be wrong.
struct Payload {
    version: u16,
    n: u16,
    m: u16,
    index: u16,
    shard_bytes: u32,
    table: Vec<([u8; 32], u64)>,
    shard: Vec<u8>,
}

impl Payload {
    fn bytes(&self) -> Vec<u8> {
        let mut out = Vec::new();
        for number in [self.version, self.n, self.m, self.index] {
            out.extend(number.to_le_bytes());
        }
        out.extend(self.shard_bytes.to_le_bytes());
        for (header, length) in &self.table {
            out.extend(header);
            out.extend(length.to_le_bytes());
        }
        out.extend(&self.shard);
        out
    }
}

fn member(index: usize, len: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    while bytes.len() < len {
        bytes.extend(sha(&[b"member", &(index as u64).to_le_bytes(), &(bytes.len() as u64).to_le_bytes()]));
    }
    bytes.truncate(len);
    bytes
}

fn group(lengths: &[usize]) -> Vec<Vec<u8>> {
    lengths.iter().enumerate().map(|(index, len)| member(index, *len)).collect()
}

fn good_payload(field: &Field, members: &[Vec<u8>], m: u16, index: u16) -> Payload {
    let longest = members.iter().map(Vec::len).max().unwrap_or_default();
    let len = longest.next_multiple_of(64);
    Payload {
        version: 1,
        n: members.len() as u16,
        m,
        index,
        shard_bytes: len as u32,
        table: members.iter().map(|member| (sha(&[member]), member.len() as u64)).collect(),
        shard: field.shard(members, m, index, len),
    }
}

fn draft(payload: Vec<u8>) -> Draft {
    let mut draft = good(&[]);
    draft.header = RawHeader {
        class: 3,
        flags: 2,
        epoch: 0,
        epoch_salt: [0; 8],
        seq: 0,
        prev: [0; 32],
        record_format: 0,
        compression: 0,
        record_count: 0,
        root: [0; 32],
        channel: Vec::new(),
        ..draft.header
    };
    draft.recipients = Vec::new();
    draft.plain = payload.clone();
    draft.payload = Some(payload);
    draft
}

fn case(about: &str, expect: &str, payload: &Payload) -> Value {
    json!({
        "about": about,
        "expect": expect,
        "packet": base64(&draft(payload.bytes()).build(&Stream::new("repair"))),
        "keyring": sender_keyring(),
        "addressee": hex(&ADDRESSEE),
        "environment": "production",
    })
}

/// All cases: name and content.
pub(crate) fn cases() -> Vec<(String, Value)> {
    let field = Field::new();
    let mut cases = Vec::new();
    let mut add = |expect: &str, value: Value| cases.push((format!("{:03}-{expect}", cases.len() + 1), value));
    for (about, lengths, m, index) in [
        ("parity 0 of 2 over three files of different lengths", &[100, 64, 1][..], 2, 0),
        ("parity 1 of 2 over the same files", &[100, 64, 1][..], 2, 1),
        ("the only parity over two files: their XOR", &[64, 63][..], 1, 0),
        ("parity 2 of 3, where the code's block is longer than the parity", &[128, 70, 65, 33, 2][..], 3, 2),
        ("parity 4 of 5 over one file", &[65][..], 5, 4),
        ("parity 9 of 10 over twenty files", &[65; 20][..], 10, 9),
    ] {
        let members = group(lengths);
        let payload = good_payload(&field, &members, m, index);
        let mut value = case(about, "ok", &payload);
        value["members"] = members.iter().map(|member| json!(base64(member))).collect();
        value["parity"] = json!(m);
        value["index"] = json!(index);
        value["shard_bytes"] = json!(payload.shard_bytes);
        add("ok", value);
    }
    type Change = fn(&mut Payload);
    let wrong: &[(&str, &str, Change)] = &[
        ("version", "version 0", |p| p.version = 0),
        ("version", "version 2", |p| p.version = 2),
        ("range", "no data members", |p| (p.n, p.table) = (0, Vec::new())),
        ("range", "129 data members", |p| {
            p.n = 129;
            p.table = (0..129u64).map(|n| (sha(&[&n.to_le_bytes()]), 100)).collect();
        }),
        ("range", "65,535 data members announced, three there", |p| p.n = u16::MAX),
        ("range", "no parity members", |p| p.m = 0),
        ("range", "65 parity members", |p| p.m = 65),
        ("range", "an index that is the number of parity members", |p| p.index = p.m),
        ("length", "one data member more than there is", |p| p.n += 1),
        ("length", "a shard one byte shorter than announced", |p| p.shard.truncate(127)),
        ("length", "a byte behind the shard", |p| p.shard.push(0)),
        ("length", "nothing behind the counts", |p| (p.table, p.shard) = (Vec::new(), Vec::new())),
        ("range", "a shard of 4 GiB - 1 announced", |p| p.shard_bytes = u32::MAX),
        ("range", "shards of 33 MiB announced", |p| p.shard_bytes = 33 << 20),
        ("range", "64 shards of 2 MiB announced: more than a group may take in memory", |p| {
            (p.m, p.shard_bytes) = (64, 2 << 20);
        }),
        ("range", "a shard that is longer than its longest member asks for", |p| {
            p.shard_bytes += 64;
            p.shard.extend([0; 64]);
        }),
        ("range", "a shard shorter than its longest member", |p| {
            p.shard_bytes -= 64;
            p.shard.truncate(64);
        }),
        ("range", "a shard whose length is no multiple of 64", |p| {
            p.shard_bytes = 100;
            p.shard.truncate(100);
        }),
        ("range", "a member of no length", |p| p.table[1].1 = 0),
        ("range", "a member of 2^64 - 1 bytes", |p| p.table[0].1 = u64::MAX),
        ("range", "a member of 33 MiB and a byte", |p| p.table[0].1 = (33 << 20) + 1),
        ("range", "one packet twice in a group", |p| p.table[1] = p.table[0]),
    ];
    for (code, about, change) in wrong {
        let mut payload = good_payload(&field, &group(&[100, 64, 1]), 2, 0);
        change(&mut payload);
        add(code, case(about, code, &payload));
    }
    let mut cut = good_payload(&field, &group(&[100]), 1, 0);
    (cut.table, cut.shard) = (Vec::new(), Vec::new());
    let mut value = case("three bytes and nothing more", "length", &cut);
    value["packet"] = json!(base64(&draft(vec![1, 0, 1]).build(&Stream::new("repair"))));
    add("length", value);
    cases
}
