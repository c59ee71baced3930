//! The keyrings of a log directory: their chains, and the authority they hang from.

use std::str::FromStr;

use super::directory::{LogDir, own_keyring_name, peer_keyring_name};
use super::report::{FaultCode, Faults};
use super::verify::Unreadable;
use crate::keyring::{KeyEntry, Keyring, KeyringFault, Role, accepts_next};
use crate::packet::header::TextFault;
use crate::suite::{Digest, StationId, sha256};

/// What the caller knows about the station's authority from elsewhere.
#[derive(Clone, Debug)]
pub enum Anchor {
    /// A keyring of the station, usually its card.
    Keyring(Box<Keyring>),
    /// The fingerprint of one.
    Fingerprint(Fingerprint),
}

/// A fingerprint as KEYRING.md section 4 writes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fingerprint(String);

impl FromStr for Fingerprint {
    type Err = TextFault;

    /// Reads twelve groups of five digits; blanks between them may be doubled or be hyphens.
    fn from_str(text: &str) -> Result<Self, TextFault> {
        let groups: Vec<&str> = text.split([' ', '-']).filter(|group| !group.is_empty()).collect();
        let five = |group: &&str| group.len() == 5 && group.bytes().all(|b| b.is_ascii_digit());
        if groups.len() != 12 || !groups.iter().all(five) {
            return Err(TextFault("a fingerprint of twelve groups of five digits"));
        }
        Ok(Self(groups.join(" ")))
    }
}

impl Anchor {
    fn matches(&self, keyring: &Keyring) -> bool {
        match self {
            Self::Keyring(known) => known.digest() == keyring.digest(),
            Self::Fingerprint(known) => known.0 == keyring.fingerprint(),
        }
    }
}

/// The keyrings that were read.
#[derive(Debug, Default)]
pub(super) struct Keys {
    own: Vec<Keyring>,
    peers: Vec<Keyring>,
    /// Digests of all keyring files, whether they could be read or not: what the log may name.
    files: Vec<Digest>,
    pub(super) anchored: bool,
}

impl Keys {
    /// Reads all keyrings of the directory and checks that they hang together.
    pub(super) fn read(dir: &LogDir, anchor: Option<&Anchor>, faults: &mut Faults) -> Result<Self, Unreadable> {
        let mut keys = Self::default();
        let names = dir.own_keyrings.iter().map(|&v| (v, own_keyring_name(v)));
        keys.own = keys.read_chain(dir, names.collect(), None, faults)?;
        if dir.own_keyrings.is_empty() {
            faults.add(FaultCode::KeyringMissing, "keyring-000001.txt", None, "");
        }
        for (&station, versions) in &dir.peer_keyrings {
            let names = versions.iter().map(|&v| (v, peer_keyring_name(station, v)));
            let chain = keys.read_chain(dir, names.collect(), Some(station), faults)?;
            keys.peers.extend(chain);
        }
        if let Some(anchor) = anchor {
            let matches = keys.own.iter().any(|keyring| anchor.matches(keyring));
            // Every version must hang from the anchored one: one that is broken or missing cuts those behind it off.
            keys.anchored = matches && keys.own.len() as u64 == span_of(&dir.own_keyrings);
            if !matches && !dir.own_keyrings.is_empty() {
                let is_peers = keys.peers.iter().any(|keyring| anchor.matches(keyring));
                let code = if is_peers { FaultCode::AnchorPeer } else { FaultCode::Anchor };
                faults.add(code, "keyring-000001.txt", None, "");
            }
        }
        Ok(keys)
    }

    fn read_chain(
        &mut self,
        dir: &LogDir,
        names: Vec<(u64, String)>,
        station: Option<StationId>,
        faults: &mut Faults,
    ) -> Result<Vec<Keyring>, Unreadable> {
        let mut chain: Vec<Keyring> = Vec::new();
        let mut due = 1;
        for (version, name) in names {
            if due != version {
                faults.add(FaultCode::KeyringMissing, &name, None, "");
            }
            due = version + 1;
            let bytes = dir.keyring(&name)?;
            self.files.push(sha256(&[&bytes]));
            match read_one(&bytes, version, station, chain.last()) {
                Ok(keyring) => chain.push(keyring),
                Err(code) => faults.add(code, &name, None, ""),
            }
        }
        Ok(chain)
    }

    /// Tells whether a keyring file with this digest is in the directory.
    pub(super) fn has_file(&self, digest: Digest) -> bool {
        self.files.contains(&digest)
    }

    /// Returns all keyrings that could be read.
    pub(super) fn into_all(mut self) -> Vec<Keyring> {
        self.own.append(&mut self.peers);
        self.own
    }

    /// Returns the station the own keyrings are about.
    pub(super) fn station(&self) -> Option<StationId> {
        self.own.last().map(|keyring| keyring.body().station)
    }

    /// Returns the log keys of all versions; a key that a later version closes is closed.
    pub(super) fn log_keys(&self) -> Vec<KeyEntry> {
        let mut keys: Vec<KeyEntry> = Vec::new();
        for keyring in self.own.iter().rev() {
            for key in keyring.keys_of(Role::Log) {
                if !keys.iter().any(|known| known.id == key.id) {
                    keys.push(key.clone());
                }
            }
        }
        keys
    }
}

/// Returns how many versions lie between the first and the last, both included.
fn span_of(versions: &[u64]) -> u64 {
    match (versions.first(), versions.last()) {
        (Some(first), Some(last)) => last - first + 1,
        _ => 0,
    }
}

fn read_one(bytes: &[u8], version: u64, station: Option<StationId>, before: Option<&Keyring>) -> Result<Keyring, FaultCode> {
    let keyring = Keyring::parse(bytes).map_err(code_of)?;
    let body = keyring.body();
    if body.version != version || station.is_some_and(|station| station != body.station) {
        return Err(FaultCode::KeyringName);
    }
    // Over a missing version only the version number can be compared, and it has been.
    if let Some(before) = before.filter(|before| before.body().version + 1 == version) {
        accepts_next(before, &keyring).map_err(code_of)?;
    }
    Ok(keyring)
}

fn code_of(fault: KeyringFault) -> FaultCode {
    match fault {
        KeyringFault::Shape(_) => FaultCode::KeyringShape,
        KeyringFault::KeyId(_) => FaultCode::KeyId,
        KeyringFault::Roles(_) => FaultCode::KeyringRoles,
        KeyringFault::Signature | KeyringFault::Unsigned => FaultCode::KeyringSignature,
        KeyringFault::Chain { .. } | KeyringFault::Rollback { .. } => FaultCode::KeyringChain,
    }
}
