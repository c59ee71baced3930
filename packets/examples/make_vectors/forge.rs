//! A second, careless encoder of packets, written from FORMAT.md alone: it writes whatever it is told to, wrong or right.
//!
//! The crate's own encoder refuses to write what a reader must refuse, so the failures are forged here.

use hpke::{Deserializable, Kem, OpModeS, Serializable};
use ring::aead::{AES_256_GCM, Aad, CHACHA20_POLY1305, LessSafeKey, Nonce, UnboundKey};

use crate::keys::{ADDRESSEE, SENDER, Signing, Stream, X25519, key_id, link_id, sha, tree_root, x25519_public};

/// A recipient stanza as it stands in the header.
#[derive(Clone)]
pub(crate) struct RawStanza {
    pub(crate) kem: u8,
    pub(crate) key_id: [u8; 8],
    pub(crate) enc: Vec<u8>,
    pub(crate) wrapped: Vec<u8>,
}

/// A header whose fields can have any value.
#[derive(Clone)]
pub(crate) struct RawHeader {
    pub(crate) class: u8,
    pub(crate) kind: u8,
    pub(crate) flags: u16,
    pub(crate) environment: u8,
    pub reserved3: [u8; 3],
    pub(crate) link: [u8; 16],
    pub(crate) sender: [u8; 16],
    pub(crate) addressee: [u8; 16],
    pub(crate) key_id: [u8; 8],
    pub(crate) number: u64,
    pub(crate) clock: i64,
    pub(crate) epoch: u32,
    pub reserved4: [u8; 4],
    pub(crate) epoch_salt: [u8; 8],
    pub(crate) seq: u64,
    pub(crate) prev: [u8; 32],
    pub(crate) structure: [u32; 2],
    pub(crate) record_format: u16,
    pub(crate) compression: u16,
    pub(crate) record_count: u32,
    pub(crate) root: [u8; 32],
    pub(crate) plain_len: u64,
    pub(crate) payload_len: u64,
    pub(crate) payload_digest: [u8; 32],
    pub(crate) own_log: (u64, [u8; 32]),
    pub(crate) peer_log: (u64, [u8; 32]),
    pub(crate) channel: Vec<u8>,
    pub(crate) stanzas: Vec<RawStanza>,
    pub(crate) stanza_count: Option<u8>,
    pub(crate) extensions: Vec<(u16, Vec<u8>)>,
    pub(crate) extension_area_len: Option<u16>,
    pub(crate) trailing: Vec<u8>,
}

impl RawHeader {
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let mut out = vec![self.class, self.kind];
        out.extend(self.flags.to_le_bytes());
        out.push(self.environment);
        out.extend(self.reserved3);
        out.extend(self.link);
        out.extend(self.sender);
        out.extend(self.addressee);
        out.extend(self.key_id);
        out.extend(self.number.to_le_bytes());
        out.extend(self.clock.to_le_bytes());
        out.extend(self.epoch.to_le_bytes());
        out.extend(self.reserved4);
        out.extend(self.epoch_salt);
        out.extend(self.seq.to_le_bytes());
        out.extend(self.prev);
        out.extend(self.structure[0].to_le_bytes());
        out.extend(self.structure[1].to_le_bytes());
        out.extend(self.record_format.to_le_bytes());
        out.extend(self.compression.to_le_bytes());
        out.extend(self.record_count.to_le_bytes());
        out.extend(self.root);
        out.extend(self.plain_len.to_le_bytes());
        out.extend(self.payload_len.to_le_bytes());
        out.extend(self.payload_digest);
        for (size, root) in [self.own_log, self.peer_log] {
            out.extend(size.to_le_bytes());
            out.extend(root);
        }
        assert_eq!(out.len(), 312);
        out.push(self.channel.len() as u8);
        out.extend(&self.channel);
        out.push(self.stanza_count.unwrap_or(self.stanzas.len() as u8));
        for stanza in &self.stanzas {
            out.push(stanza.kem);
            out.extend(stanza.key_id);
            put_block(&mut out, &stanza.enc);
            put_block(&mut out, &stanza.wrapped);
        }
        let mut area = Vec::new();
        for (kind, value) in &self.extensions {
            area.extend(kind.to_le_bytes());
            put_block(&mut area, value);
        }
        let area_len = self.extension_area_len.unwrap_or(area.len() as u16);
        out.extend(area_len.to_le_bytes());
        out.extend(area);
        out.extend(&self.trailing);
        out
    }
}

fn put_block(out: &mut Vec<u8>, bytes: &[u8]) {
    out.extend((bytes.len() as u16).to_le_bytes());
    out.extend(bytes);
}

/// A record with its meta in the open.
#[derive(Clone)]
pub(crate) struct RawRecord {
    pub(crate) kind: u8,
    pub(crate) key: Vec<u8>,
    pub(crate) name: Vec<u8>,
    pub(crate) modified: i64,
    pub(crate) part_index: u32,
    pub(crate) part_count: u32,
    pub(crate) total: u64,
    pub(crate) parts_digest: [u8; 32],
    pub(crate) reason: Vec<u8>,
    pub(crate) body_len: u64,
    pub(crate) body: Vec<u8>,
}

impl RawRecord {
    /// A whole file.
    pub(crate) fn file(name: &str, body: &[u8]) -> Self {
        Self {
            kind: 1,
            key: b"D2026-0001".to_vec(),
            name: name.as_bytes().to_vec(),
            modified: 1_795_313_765_123,
            part_index: 0,
            part_count: 1,
            total: body.len() as u64,
            parts_digest: [0; 32],
            reason: Vec::new(),
            body_len: body.len() as u64,
            body: body.to_vec(),
        }
    }

    /// A tombstone.
    pub(crate) fn tombstone(name: &str, reason: &str) -> Self {
        Self { kind: 3, total: 123_456, reason: reason.as_bytes().to_vec(), ..Self::file(name, b"") }
    }

    /// The last part of a file of 16 MiB and a little; the parts before it are elsewhere.
    pub(crate) fn last_part(name: &str, body: &[u8]) -> Self {
        let total = (16 << 20) + body.len() as u64;
        let before = sha(&[b"the first part"]);
        let last = sha(&[body]);
        Self {
            kind: 2,
            part_index: 1,
            part_count: 2,
            total,
            parts_digest: sha(&[b"dukou-file-v1\0", &total.to_le_bytes(), &before, &last]),
            ..Self::file(name, body)
        }
    }

    pub(crate) fn meta(&self) -> Vec<u8> {
        let mut out = vec![self.kind];
        put_text(&mut out, &self.key);
        put_text(&mut out, &self.name);
        out.extend(self.modified.to_le_bytes());
        out.extend(self.part_index.to_le_bytes());
        out.extend(self.part_count.to_le_bytes());
        out.extend(self.total.to_le_bytes());
        out.extend(self.parts_digest);
        put_text(&mut out, &self.reason);
        out.extend(self.body_len.to_le_bytes());
        out
    }
}

fn put_text(out: &mut Vec<u8>, text: &[u8]) {
    out.extend((text.len() as u64).to_le_bytes());
    out.extend(text);
}

/// The plain of a record packet, and its root.
pub(crate) fn plain_of(salt: &[u8; 32], records: &[RawRecord]) -> (Vec<u8>, [u8; 32]) {
    let mut plain = salt.to_vec();
    let mut leaves = Vec::new();
    for (index, record) in records.iter().enumerate() {
        let meta = record.meta();
        let record_salt = sha(&[b"dukou-salt-v1\0", salt, &(index as u64).to_le_bytes()]);
        leaves.push(sha(&[&[0], &record_salt, &meta, &sha(&[&record.body])]));
        plain.extend(meta);
        plain.extend(&record.body);
    }
    (plain, tree_root(&leaves))
}

/// Everything that goes into a packet, each piece open to be wrong.
#[derive(Clone)]
pub(crate) struct Draft {
    pub(crate) magic: [u8; 8],
    pub(crate) format: u16,
    pub(crate) suite: u16,
    /// The suite the payload is really made with.
    pub(crate) real_suite: u16,
    /// The suite the key wrap is really made with.
    pub(crate) wrap_suite: u16,
    pub(crate) header_len: Option<u32>,
    pub(crate) header: RawHeader,
    pub(crate) plain: Vec<u8>,
    /// In place of the zstd frame over the plain.
    pub(crate) frame: Option<Vec<u8>>,
    pub(crate) chunk: usize,
    /// Link id and number in the chunks' additional data.
    pub(crate) aad: Option<([u8; 16], u64)>,
    /// The flag byte of the last chunk's nonce.
    pub(crate) last_flag: u8,
    /// In place of the sealed chunks.
    pub(crate) payload: Option<Vec<u8>>,
    /// Words of the keys the content key is wrapped to.
    pub(crate) recipients: Vec<&'static str>,
    /// In place of the content key in the wraps.
    pub(crate) wrapped_key: Option<Vec<u8>>,
    /// In place of the wrap's context.
    pub(crate) wrap_context: &'static [u8],
    pub(crate) signature_context: &'static [u8],
    pub(crate) signer: &'static str,
    pub(crate) signature: Option<[u8; 64]>,
    /// Header fields to overwrite after lengths, digest and stanzas were filled in.
    pub(crate) late: fn(&mut RawHeader),
    /// What happens to the finished file.
    pub(crate) after: fn(&mut Vec<u8>),
}

impl Draft {
    /// Makes the file.
    pub(crate) fn build(&self, stream: &Stream) -> Vec<u8> {
        let mut header = self.header.clone();
        let content_key: [u8; 32] = stream.bytes();
        let payload = self.payload.clone().unwrap_or_else(|| {
            let compressed = || zstd::bulk::compress(&self.plain, 3).expect("zstd compresses");
            let frame = self.frame.clone().unwrap_or_else(compressed);
            self.seal(&content_key, &frame)
        });
        header.plain_len = self.plain.len() as u64;
        header.payload_len = payload.len() as u64;
        header.payload_digest = sha(&[&payload]);
        for word in &self.recipients {
            let stanza = self.wrap(&header, word, &content_key, stream);
            header.stanzas.push(stanza);
        }
        (self.late)(&mut header);
        let mut file = self.head(&header);
        file.extend(payload);
        (self.after)(&mut file);
        file
    }

    fn head(&self, header: &RawHeader) -> Vec<u8> {
        let encoded = header.bytes();
        let length = self.header_len.unwrap_or(encoded.len() as u32);
        let mut head = self.magic.to_vec();
        head.extend(self.format.to_le_bytes());
        head.extend(self.suite.to_le_bytes());
        head.extend(length.to_le_bytes());
        head.extend(encoded);
        let signer = Signing::new(self.signer);
        let made = || signer.sign(&[self.signature_context, &head]);
        let signature = self.signature.unwrap_or_else(made);
        head.extend(signature);
        head
    }

    fn seal(&self, content_key: &[u8; 32], frame: &[u8]) -> Vec<u8> {
        let algorithm = match self.real_suite {
            1 => &AES_256_GCM,
            _ => &CHACHA20_POLY1305,
        };
        let key = UnboundKey::new(algorithm, content_key).expect("32 bytes");
        let key = LessSafeKey::new(key);
        let (link, number) = self.aad.unwrap_or((self.header.link, self.header.number));
        let aad = [b"dukou-chunk-v1\0".as_slice(), &link, &number.to_le_bytes()].concat();
        let count = frame.len().div_ceil(self.chunk);
        let mut payload = Vec::new();
        for (index, chunk) in frame.chunks(self.chunk).enumerate() {
            let mut nonce = [0; 12];
            nonce[7..11].copy_from_slice(&(index as u32).to_be_bytes());
            nonce[11] = if index + 1 == count { self.last_flag } else { 0 };
            let mut sealed = chunk.to_vec();
            let nonce = Nonce::assume_unique_for_key(nonce);
            key.seal_in_place_append_tag(nonce, Aad::from(&aad), &mut sealed).expect("short");
            payload.extend(sealed);
        }
        payload
    }

    fn wrap(&self, header: &RawHeader, word: &str, content_key: &[u8; 32], mut stream: &Stream) -> RawStanza {
        let public = x25519_public(word);
        let id = key_id(2, &public);
        let info = [self.wrap_context, &header.link, &header.sender, &id, &header.number.to_le_bytes()].concat();
        let public = <X25519 as Kem>::PublicKey::from_bytes(&public).expect("a point");
        let text = self.wrapped_key.as_deref().unwrap_or(content_key);
        macro_rules! seal_with {
            ($aead:ty) => {
                hpke::single_shot_seal_with_rng::<$aead, hpke::kdf::HkdfSha256, X25519>(
                    &OpModeS::Base,
                    &public,
                    &info,
                    text,
                    b"",
                    &mut stream,
                )
                .expect("a wrap")
            };
        }
        let (enc, wrapped) = match self.wrap_suite {
            1 => seal_with!(hpke::aead::AesGcm256),
            _ => seal_with!(hpke::aead::ChaCha20Poly1305),
        };
        RawStanza { kem: 1, key_id: id, enc: enc.to_bytes().to_vec(), wrapped }
    }
}

/// A good record packet to start from.
pub(crate) fn good(records: &[RawRecord]) -> Draft {
    let (plain, root) = plain_of(&sha(&[b"packet salt"]), records);
    Draft {
        magic: *b"DUKOUPKT",
        format: 1,
        suite: 1,
        real_suite: 1,
        wrap_suite: 1,
        header_len: None,
        header: RawHeader {
            class: 1,
            kind: 1,
            flags: 0,
            environment: 1,
            reserved3: [0; 3],
            link: link_id(&SENDER, &ADDRESSEE),
            sender: SENDER,
            addressee: ADDRESSEE,
            key_id: Signing::new("packet").id,
            number: 7,
            clock: 1_795_313_765_123,
            epoch: 1,
            reserved4: [0; 4],
            epoch_salt: *b"\x00\xff\x00\xff\x00\xff\x00\xff",
            seq: 3,
            prev: sha(&[b"the packet before"]),
            structure: [0; 2],
            record_format: 1,
            compression: 1,
            record_count: records.len() as u32,
            root,
            plain_len: 0,
            payload_len: 0,
            payload_digest: [0; 32],
            own_log: (12, sha(&[b"own root"])),
            peer_log: (0, [0; 32]),
            channel: b"files".to_vec(),
            stanzas: Vec::new(),
            stanza_count: None,
            extensions: Vec::new(),
            extension_area_len: None,
            trailing: Vec::new(),
        },
        plain,
        frame: None,
        chunk: 1 << 20,
        aad: None,
        last_flag: 1,
        payload: None,
        recipients: vec!["addressee", "own", "recovery"],
        wrapped_key: None,
        wrap_context: b"dukou-wrap-v1\0",
        signature_context: b"dukou-packet-v1\0",
        signer: "packet",
        signature: None,
        late: |_| {},
        after: |_| {},
    }
}

/// A good signal to start from.
pub(crate) fn good_signal(document: &[u8]) -> Draft {
    let mut draft = good(&[]);
    draft.plain = document.to_vec();
    draft.header = RawHeader {
        class: 2,
        epoch: 0,
        epoch_salt: [0; 8],
        seq: 0,
        prev: [0; 32],
        record_format: 0,
        record_count: 0,
        root: [0; 32],
        channel: Vec::new(),
        ..draft.header
    };
    draft
}
