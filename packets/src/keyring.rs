#![doc = include_str!("../KEYRING.md")]

use std::fmt;
use std::str::FromStr;

use data_encoding::BASE64;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::limits::KEYRING_MAX;
use crate::packet::header::{Environment, TextFault};
use crate::packet::open::{KeyBook, PacketKey};
use crate::packet::seal::Recipient;
use crate::suite::{Digest, KeyAlgorithm, KeyFault, KeyId, Signer, StationId, sha256, verify_signature};

const TITLE: &str = "dukou-keyring/1\n";
const SIGNATURE_CONTEXT: &[u8] = b"dukou-keyring-v1\0";
const FINGERPRINT_CONTEXT: &[u8] = b"dukou-fingerprint-v1\0";
const NAME_MAX: usize = 64;

/// What a key may be used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum Role {
    /// Signs keyrings.
    Authority = 1,
    /// Signs packets.
    Packet,
    /// Signs checkpoints of the packet log.
    Log,
    /// Receives content keys.
    Encryption,
    /// Signs approvals.
    Approver,
    /// Receives content keys; its private half lies in the bureau's safe.
    Recovery,
}

impl Role {
    fn from_number(number: u8) -> Option<Self> {
        match number {
            1 => Some(Self::Authority),
            2 => Some(Self::Packet),
            3 => Some(Self::Log),
            4 => Some(Self::Encryption),
            5 => Some(Self::Approver),
            6 => Some(Self::Recovery),
            _ => None,
        }
    }

    /// Returns the algorithm that keys of this role have.
    pub fn algorithm(self) -> KeyAlgorithm {
        match self {
            Self::Authority | Self::Packet | Self::Log | Self::Approver => KeyAlgorithm::Ed25519,
            Self::Encryption | Self::Recovery => KeyAlgorithm::X25519,
        }
    }
}

/// Which side of the gap a station stands on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Side {
    /// The inner network.
    Inner,
    /// The outer network.
    Outer,
}

impl Side {
    /// Returns the opposite side.
    pub fn other(self) -> Self {
        match self {
            Self::Inner => Self::Outer,
            Self::Outer => Self::Inner,
        }
    }
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Inner => "inner",
            Self::Outer => "outer",
        })
    }
}

impl FromStr for Side {
    type Err = TextFault;

    fn from_str(text: &str) -> Result<Self, TextFault> {
        match text {
            "inner" => Ok(Self::Inner),
            "outer" => Ok(Self::Outer),
            _ => Err(TextFault("`inner` or `outer`")),
        }
    }
}

/// One public key of a keyring.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyEntry {
    /// What it may be used for.
    pub role: Role,
    /// Its algorithm.
    pub algorithm: KeyAlgorithm,
    /// The suite it belongs to; 0 any.
    pub suite: u16,
    /// Its id.
    pub id: KeyId,
    /// The public key.
    pub public: [u8; 32],
    /// The first packet number, tree size or keyring version it is valid for.
    pub from: u64,
    /// The last one; 0 open.
    pub to: u64,
}

impl KeyEntry {
    /// Makes an open entry, valid from `from`, with its id.
    pub fn new(role: Role, suite: u16, public: [u8; 32], from: u64) -> Self {
        let algorithm = role.algorithm();
        Self { role, algorithm, suite, id: KeyId::of(algorithm, &public), public, from, to: 0 }
    }

    /// Tells whether the key is valid at this packet number, tree size or keyring version.
    pub fn is_valid_at(&self, place: u64) -> bool {
        place >= self.from && (self.to == 0 || place <= self.to)
    }
}

/// What a keyring says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyringBody {
    /// The station it is about.
    pub station: StationId,
    /// What people call the station, 1 … 64 characters, none of them a control character.
    pub name: String,
    /// The station's side.
    pub side: Side,
    /// Production or test.
    pub environment: Environment,
    /// Counts the station's keyrings, from 1.
    pub version: u64,
    /// The digest of the version before; zero in version 1.
    pub previous: Digest,
    /// Signatures needed; 1.
    pub threshold: u32,
    /// The suites allowed, rising.
    pub suites: Vec<u16>,
    /// The keys, in rising order of role, then as added.
    pub keys: Vec<KeyEntry>,
    /// Revocations; always empty in this version.
    pub revoked: Vec<Revocation>,
}

/// A revocation; keyring version 1 has none, so no value of this type exists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Revocation {}

/// Why a keyring is refused (KEYRING.md section 5).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyringFault {
    /// It is too large, not in its shape, or a key is missing, unknown, doubled or out of order.
    #[error("the file is not a keyring: {0}")]
    Shape(&'static str),
    /// An id is not its key's.
    #[error("the id {0} is not that of its public key")]
    KeyId(KeyId),
    /// There is no authority key, or a role and an algorithm do not fit.
    #[error("the keyring's roles do not hold together: {0}")]
    Roles(&'static str),
    /// A signature is wrong, or there are too few from authority keys.
    #[error("the keyring is not signed by its authority key")]
    Signature,
    /// It does not follow the version before it.
    #[error("keyring version {version} does not follow the one before it")]
    Chain {
        /// The new version.
        version: u64,
    },
    /// It is not newer than the one already accepted.
    #[error("keyring version {version} is not newer than the accepted version {accepted}")]
    Rollback {
        /// The version that was refused.
        version: u64,
        /// The version already accepted.
        accepted: u64,
    },
    /// The authority key gave no signature.
    #[error("the authority key gave no signature")]
    Unsigned,
}

impl From<KeyFault> for KeyringFault {
    fn from(_: KeyFault) -> Self {
        Self::Unsigned
    }
}

impl KeyringFault {
    /// Returns the code of KEYRING.md section 5.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Shape(_) => "keyring-shape",
            Self::KeyId(_) => "key-id",
            Self::Roles(_) => "keyring-roles",
            Self::Signature | Self::Unsigned => "keyring-signature",
            Self::Chain { .. } => "keyring-chain",
            Self::Rollback { .. } => "keyring-rollback",
        }
    }
}

/// A keyring whose signature is its own authority's; whether that authority is trusted is another question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Keyring {
    text: String,
    body: KeyringBody,
    digest: Digest,
    body_len: usize,
    signed_by: KeyId,
    signature: [u8; 64],
}

impl Keyring {
    /// Writes and signs a keyring.
    ///
    /// # Errors
    /// When a reader would refuse the result, or the key gives no signature.
    pub fn issue(body: KeyringBody, authority: &dyn Signer) -> Result<Self, KeyringFault> {
        let object = serde_json::to_string(&WireBody::from(&body)).map_err(|_| KeyringFault::Shape("it has no JSON form"))?;
        let mut text = format!("{TITLE}{object}\n");
        let signature = authority.sign(&[SIGNATURE_CONTEXT, text.as_bytes()].concat())?;
        let encoded = BASE64.encode(&signature);
        text.push_str(&format!("sig {} {encoded}\n", authority.key_id()));
        Self::parse(text.as_bytes())
    }

    /// Reads a keyring and verifies that its own authority key signed it.
    ///
    /// # Errors
    /// The code of the first thing that does not hold.
    pub fn parse(bytes: &[u8]) -> Result<Self, KeyringFault> {
        if bytes.len() > KEYRING_MAX {
            return Err(KeyringFault::Shape("it is longer than 64 KiB"));
        }
        let text = std::str::from_utf8(bytes).map_err(|_| KeyringFault::Shape("not UTF-8"))?;
        let (object, sig) = split_lines(text)?;
        let body = parse_body(object)?;
        let (signed_by, signature) = parse_sig(sig)?;
        check_ids(&body)?;
        check_roles(&body)?;
        let body_len = TITLE.len() + object.len() + 1;
        let keyring =
            Self { text: text.to_owned(), body, digest: sha256(&[&bytes[..body_len]]), body_len, signed_by, signature };
        if !keyring.is_signed_by_authority_of(&keyring.body) {
            return Err(KeyringFault::Signature);
        }
        Ok(keyring)
    }

    /// Tells whether an authority key that `body` holds, and that is valid for this version, signed this keyring.
    fn is_signed_by_authority_of(&self, body: &KeyringBody) -> bool {
        let message = [SIGNATURE_CONTEXT, &self.text.as_bytes()[..self.body_len]].concat();
        body.keys.iter().any(|key| {
            key.role == Role::Authority
                && key.id == self.signed_by
                && key.is_valid_at(self.body.version)
                && verify_signature(&key.public, &message, &self.signature)
        })
    }

    /// Returns the file's text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Returns what the keyring says.
    pub fn body(&self) -> &KeyringBody {
        &self.body
    }

    /// Returns the keyring digest, which the next version names: SHA-256 of the body.
    pub fn digest(&self) -> Digest {
        self.digest
    }

    /// Returns SHA-256 of the whole file, which the packet log names.
    pub fn file_digest(&self) -> Digest {
        sha256(&[self.text.as_bytes()])
    }

    /// Returns the key that signed.
    pub fn signed_by(&self) -> KeyId {
        self.signed_by
    }

    /// Returns the fingerprint for reading aloud: twelve groups of five digits.
    pub fn fingerprint(&self) -> String {
        let digest = sha256(&[FINGERPRINT_CONTEXT, &self.text.as_bytes()[..self.body_len]]);
        let groups = (0..12).map(|group| format!("{:05}", bits20(digest.as_bytes(), group)));
        groups.collect::<Vec<_>>().join(" ")
    }

    /// Goes through the keys of a role.
    pub fn keys_of(&self, role: Role) -> impl Iterator<Item = &KeyEntry> {
        self.body.keys.iter().filter(move |key| key.role == role)
    }

    /// Returns whom packets for this station are encrypted to: its newest open encryption key, then its recovery key.
    pub fn recipients(&self) -> Vec<Recipient> {
        let newest = |role| self.keys_of(role).filter(|key| key.to == 0).last();
        [Role::Encryption, Role::Recovery]
            .into_iter()
            .filter_map(newest)
            .map(|key| Recipient { key_id: key.id, public: key.public })
            .collect()
    }
}

/// Returns group `group` of 20 bits, big-endian from the left, modulo 100,000.
fn bits20(digest: &[u8; 32], group: usize) -> u32 {
    let bit = group * 20;
    let value = (0..20).fold(0u32, |value, offset| {
        let at = bit + offset;
        value << 1 | u32::from(digest[at / 8] >> (7 - at % 8) & 1)
    });
    value % 100_000
}

fn split_lines(text: &str) -> Result<(&str, &str), KeyringFault> {
    let shape = KeyringFault::Shape("it is not a title, an object and a signature line");
    let rest = text.strip_prefix(TITLE).ok_or(shape)?;
    let (object, rest) = rest.split_once('\n').ok_or(shape)?;
    let sig = rest.strip_suffix('\n').ok_or(shape)?;
    if sig.contains('\n') {
        return Err(shape);
    }
    Ok((object, sig))
}

fn parse_sig(line: &str) -> Result<(KeyId, [u8; 64]), KeyringFault> {
    let shape = KeyringFault::Shape("the signature line cannot be read");
    let rest = line.strip_prefix("sig ").ok_or(shape)?;
    let (id, encoded) = rest.split_once(' ').ok_or(shape)?;
    let id = id.parse().map_err(|_| shape)?;
    let signature = BASE64.decode(encoded.as_bytes()).map_err(|_| shape)?;
    Ok((id, signature.try_into().map_err(|_| shape)?))
}

fn parse_body(object: &str) -> Result<KeyringBody, KeyringFault> {
    let wire: WireBody = serde_json::from_str(object).map_err(|_| KeyringFault::Shape("the object cannot be read"))?;
    // Written again it must be the same bytes: that refuses blanks, another order and every second spelling.
    let again = serde_json::to_string(&wire).map_err(|_| KeyringFault::Shape("no JSON form"))?;
    if again != object {
        return Err(KeyringFault::Shape("the object is not in its one form"));
    }
    KeyringBody::try_from(wire)
}

fn check_ids(body: &KeyringBody) -> Result<(), KeyringFault> {
    let wrong = |key: &&KeyEntry| key.id != KeyId::of(key.algorithm, &key.public);
    match body.keys.iter().find(wrong) {
        Some(key) => Err(KeyringFault::KeyId(key.id)),
        None => Ok(()),
    }
}

fn check_roles(body: &KeyringBody) -> Result<(), KeyringFault> {
    if body.keys.iter().any(|key| key.algorithm != key.role.algorithm()) {
        return Err(KeyringFault::Roles("a role and an algorithm do not fit"));
    }
    if !body.keys.iter().any(|key| key.role == Role::Authority) {
        return Err(KeyringFault::Roles("there is no authority key"));
    }
    Ok(())
}

/// Checks that `new` is the version after `old` and signed by an authority of `old`.
///
/// # Errors
/// [`KeyringFault::Rollback`] when `new` is not newer; [`KeyringFault::Chain`] when it does not follow `old`.
pub fn accepts_next(old: &Keyring, new: &Keyring) -> Result<(), KeyringFault> {
    let (version, accepted) = (new.body.version, old.body.version);
    let chain = KeyringFault::Chain { version };
    if new.body.station != old.body.station {
        return Err(chain);
    }
    if version <= accepted {
        return Err(KeyringFault::Rollback { version, accepted });
    }
    let follows = version - accepted == 1 && new.body.previous == old.digest && new.is_signed_by_authority_of(&old.body);
    follows.then_some(()).ok_or(chain)
}

impl KeyBook for Keyring {
    fn packet_key(&self, id: KeyId) -> Option<PacketKey<'_>> {
        // One key may stand under several roles; what counts here is whether it is a packet key.
        let mut entries = self.body.keys.iter().filter(|key| key.id == id);
        let first = entries.next()?;
        let key =
            if first.role == Role::Packet { first } else { entries.find(|key| key.role == Role::Packet).unwrap_or(first) };
        Some(PacketKey {
            station: self.body.station,
            role: key.role,
            suite: key.suite,
            public: key.public,
            from: key.from,
            to: key.to,
            suites: &self.body.suites,
        })
    }
}

/// Of several keyrings that hold a key the last one counts: give versions in rising order.
fn last_that_knows<'a>(keyrings: impl DoubleEndedIterator<Item = &'a Keyring>, id: KeyId) -> Option<PacketKey<'a>> {
    keyrings.rev().find_map(|keyring| keyring.packet_key(id))
}

macro_rules! key_book {
    ($($collection:ty),+) => {$(
        /// Of several keyrings that hold a key the last one counts: give versions in rising order.
        impl KeyBook for $collection {
            fn packet_key(&self, id: KeyId) -> Option<PacketKey<'_>> {
                #[allow(clippy::map_identity)] // `&&Keyring` becomes `&Keyring` where there are references
                last_that_knows(self.iter().map(|keyring| -> &Keyring { keyring }), id)
            }
        }
    )+};
}

key_book!(&[Keyring], &[&Keyring], Vec<Keyring>, Vec<&Keyring>);

/// The body object as JSON, keys in the order of KEYRING.md section 2.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WireBody {
    station: StationId,
    name: String,
    side: Side,
    environment: Environment,
    version: u64,
    previous: Digest,
    threshold: u32,
    suites: Vec<u16>,
    keys: Vec<WireKey>,
    revoked: Vec<()>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WireKey {
    role: u8,
    algorithm: KeyAlgorithm,
    suite: u16,
    id: KeyId,
    public: Public,
    from: u64,
    to: u64,
}

/// A public key in base64.
struct Public([u8; 32]);

impl Serialize for Public {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&BASE64.encode(&self.0))
    }
}

impl<'de> Deserialize<'de> for Public {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let fault = || serde::de::Error::custom("expected 32 bytes in base64");
        let text = String::deserialize(deserializer)?;
        let bytes = BASE64.decode(text.as_bytes()).map_err(|_| fault())?;
        bytes.try_into().map(Self).map_err(|_| fault())
    }
}

impl From<&KeyringBody> for WireBody {
    fn from(body: &KeyringBody) -> Self {
        Self {
            station: body.station,
            name: body.name.clone(),
            side: body.side,
            environment: body.environment,
            version: body.version,
            previous: body.previous,
            threshold: body.threshold,
            suites: body.suites.clone(),
            keys: body.keys.iter().map(WireKey::from).collect(),
            revoked: Vec::new(),
        }
    }
}

impl From<&KeyEntry> for WireKey {
    fn from(key: &KeyEntry) -> Self {
        Self {
            role: key.role as u8,
            algorithm: key.algorithm,
            suite: key.suite,
            id: key.id,
            public: Public(key.public),
            from: key.from,
            to: key.to,
        }
    }
}

impl TryFrom<WireBody> for KeyringBody {
    type Error = KeyringFault;

    fn try_from(wire: WireBody) -> Result<Self, KeyringFault> {
        let require = |holds: bool, what| holds.then_some(()).ok_or(KeyringFault::Shape(what));
        let name = (1..=NAME_MAX).contains(&wire.name.chars().count());
        require(name, "the name is not 1 to 64 characters")?;
        require(!wire.name.chars().any(char::is_control), "the name holds a control character")?;
        let first = wire.version == 1;
        let numbered = wire.version >= 1 && first == wire.previous.is_zero();
        require(numbered, "version and previous do not fit")?;
        require(wire.threshold == 1, "the threshold is not 1")?;
        let suites = wire.suites.is_sorted_by(|a, b| a < b);
        require(suites, "the suites do not rise")?;
        let keys = wire.keys.is_sorted_by_key(|key| key.role);
        require(keys, "the keys are not in the order of their roles")?;
        require(wire.revoked.is_empty(), "revocations come later")?;
        let keys = wire.keys.into_iter().map(KeyEntry::try_from);
        Ok(Self {
            station: wire.station,
            name: wire.name,
            side: wire.side,
            environment: wire.environment,
            version: wire.version,
            previous: wire.previous,
            threshold: wire.threshold,
            suites: wire.suites,
            keys: keys.collect::<Result<_, _>>()?,
            revoked: Vec::new(),
        })
    }
}

impl TryFrom<WireKey> for KeyEntry {
    type Error = KeyringFault;

    fn try_from(wire: WireKey) -> Result<Self, KeyringFault> {
        let role = Role::from_number(wire.role).ok_or(KeyringFault::Roles("unknown role"))?;
        Ok(Self {
            role,
            algorithm: wire.algorithm,
            suite: wire.suite,
            id: wire.id,
            public: wire.public.0,
            from: wire.from,
            to: wire.to,
        })
    }
}
