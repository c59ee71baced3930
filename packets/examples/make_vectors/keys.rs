//! Published, worthless keys made from words, and the small formulas of the specs, written a second time from them alone.

use std::cell::Cell;
use std::convert::Infallible;

use hpke::rand_core::{TryCryptoRng, TryRng};
use hpke::{Deserializable, Kem, Serializable};
use ring::digest::{SHA256, digest};
use ring::signature::{Ed25519KeyPair, KeyPair};

/// SHA-256 of the parts joined.
pub(crate) fn sha(parts: &[&[u8]]) -> [u8; 32] {
    let mut out = [0; 32];
    out.copy_from_slice(digest(&SHA256, &parts.concat()).as_ref());
    out
}

/// Bytes that anyone can repeat: SHA-256 of a seed and a counter.
pub(crate) struct Stream {
    seed: &'static str,
    counter: Cell<u64>,
}

impl Stream {
    pub(crate) fn new(seed: &'static str) -> Self {
        let counter = Cell::new(0);
        Self { seed, counter }
    }

    pub(crate) fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut out = [0; N];
        self.fill(&mut out);
        out
    }

    pub(crate) fn fill(&self, out: &mut [u8]) {
        for piece in out.chunks_mut(32) {
            let counter = self.counter.get();
            self.counter.set(counter + 1);
            let block = sha(&[self.seed.as_bytes(), &counter.to_le_bytes()]);
            piece.copy_from_slice(&block[..piece.len()]);
        }
    }
}

impl TryRng for &Stream {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok(u32::from_le_bytes(self.bytes()))
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        Ok(u64::from_le_bytes(self.bytes()))
    }

    fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), Infallible> {
        self.fill(out);
        Ok(())
    }
}

impl TryCryptoRng for &Stream {}

/// An Ed25519 key made from a word.
pub(crate) struct Signing {
    pair: Ed25519KeyPair,
    pub(crate) public: [u8; 32],
    pub(crate) id: [u8; 8],
}

impl Signing {
    pub(crate) fn new(word: &str) -> Self {
        let pair = Ed25519KeyPair::from_seed_unchecked(&seed(word)).expect("a seed is 32 bytes");
        let mut public = [0; 32];
        public.copy_from_slice(pair.public_key().as_ref());
        let id = key_id(1, &public);
        Self { pair, public, id }
    }

    pub(crate) fn sign(&self, parts: &[&[u8]]) -> [u8; 64] {
        let mut out = [0; 64];
        out.copy_from_slice(self.pair.sign(&parts.concat()).as_ref());
        out
    }
}

/// The secret bytes of the key made from a word.
pub(crate) fn seed(word: &str) -> [u8; 32] {
    sha(&[b"worthless test key ", word.as_bytes()])
}

pub(crate) fn key_id(algorithm: u8, public: &[u8; 32]) -> [u8; 8] {
    let mut id = [0; 8];
    id.copy_from_slice(&sha(&[b"dukou-key-v1\0", &[algorithm], public])[..8]);
    id
}

/// The key wrap of suites 1 and 2.
pub(crate) type X25519 = hpke::kem::X25519HkdfSha256;

/// The public half of the X25519 key made from a word.
pub(crate) fn x25519_public(word: &str) -> [u8; 32] {
    let secret = <X25519 as Kem>::PrivateKey::from_bytes(&seed(word)).expect("32 bytes");
    let mut public = [0; 32];
    public.copy_from_slice(&X25519::sk_to_pk(&secret).to_bytes());
    public
}

/// The root as RFC 6962 section 2.1 defines it, by recursion.
pub(crate) fn tree_root(leaves: &[[u8; 32]]) -> [u8; 32] {
    match leaves {
        [] => sha(&[]),
        [leaf] => *leaf,
        _ => {
            let split = leaves.len().next_power_of_two() / 2;
            let (left, right) = leaves.split_at(split);
            sha(&[&[1], &tree_root(left), &tree_root(right)])
        }
    }
}

/// The sender of all vectors.
pub(crate) const SENDER: [u8; 16] = *b"\x11sending station";
/// The addressee of all vectors.
pub(crate) const ADDRESSEE: [u8; 16] = *b"\x22receiving stat.";

pub(crate) fn link_id(sender: &[u8; 16], addressee: &[u8; 16]) -> [u8; 16] {
    let mut id = [0; 16];
    id.copy_from_slice(&sha(&[b"dukou-link-v1\0", sender, addressee])[..16]);
    id
}

/// One key object of a keyring, as JSON.
pub(crate) fn key_object(role: u8, suite: u16, public: &[u8; 32], from: u64, to: u64) -> String {
    let (algorithm, tag) = match role {
        4 | 6 => ("x25519", 2),
        _ => ("ed25519", 1),
    };
    format!(
        r#"{{"role":{role},"algorithm":"{algorithm}","suite":{suite},"id":"{}","public":"{}","from":{from},"to":{to}}}"#,
        hex(&key_id(tag, public)),
        base64(public),
    )
}

/// A keyring's object with these fields.
pub(crate) fn keyring_object(station: &[u8; 16], version: u64, previous: &[u8; 32], keys: &[String]) -> String {
    format!(
        r#"{{"station":"{}","name":"外网摆渡站","side":"outer","environment":"production","version":{version},"previous":"{}","threshold":1,"suites":[1,2],"keys":[{}],"revoked":[]}}"#,
        hex(station),
        hex(previous),
        keys.join(","),
    )
}

/// The keys of a good keyring: one of each role.
pub(crate) fn good_keys() -> Vec<String> {
    vec![
        key_object(1, 0, &Signing::new("authority").public, 1, 0),
        key_object(2, 0, &Signing::new("packet").public, 1, 0),
        key_object(3, 0, &Signing::new("log").public, 0, 0),
        key_object(4, 0, &x25519_public("own"), 1, 0),
        key_object(5, 0, &Signing::new("approver").public, 1, 0),
        key_object(6, 0, &x25519_public("recovery"), 1, 0),
    ]
}

/// Signs an object as a keyring.
pub(crate) fn keyring_text(object: &str, authority: &str) -> String {
    let body = format!("dukou-keyring/1\n{object}\n");
    let signer = Signing::new(authority);
    let signature = signer.sign(&[b"dukou-keyring-v1\0", body.as_bytes()]);
    format!("{body}sig {} {}\n", hex(&signer.id), base64(&signature))
}

/// The sender's keyring in all vectors.
pub(crate) fn sender_keyring() -> String {
    let object = keyring_object(&SENDER, 1, &[0; 32], &good_keys());
    keyring_text(&object, "authority")
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    data_encoding::HEXLOWER.encode(bytes)
}

pub(crate) fn base64(bytes: &[u8]) -> String {
    data_encoding::BASE64.encode(bytes)
}
