//! The station's keys on disk, and whom it trusts.
//!
//! Given: `keys/`. Gives: signers and the unwrapper, the own keyring, the peer's keyring with this station's grants to it.
//! Never: a private key in a log line, an error or a debug print.

pub mod approvers;

use crate::error::{ConfigFault, EngineFault, KeyProblem};
use crate::given::{self, SETTINGS_MAX};
use crate::station::{Identity, Station, parse_toml};
use dukou_packets::keyring::{KeyEntry, Keyring, KeyringBody, Role};
use dukou_packets::limits::KEYRING_MAX;
use dukou_packets::packet::header::ChannelName;
use dukou_packets::packet::seal::Recipient;
use dukou_packets::suite::{Digest, KeyAlgorithm, KeyId, Random, Signer, SoftSigner, SoftUnwrapper, Unwrapper};
use serde::{Deserialize, Serialize};
use std::io::Write;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use zeroize::Zeroizing;

/// Everything a running station signs and opens with.
#[derive(Clone)]
pub struct StationKeys {
    /// The own keyring.
    pub keyring: Keyring,
    /// Signs packets.
    pub packet: Arc<dyn Signer>,
    /// Signs checkpoints of the packet log.
    pub log: Arc<dyn Signer>,
    /// Opens packets addressed to this station, and its own.
    pub encryption: Arc<dyn Unwrapper>,
}

/// The peer and what it may do here: a local, logged act of a person.
#[derive(Clone, Debug)]
pub struct Trust {
    /// The peer's keyring.
    pub peer: Keyring,
    /// Who decided, and what.
    pub grant: Grant,
}

/// The content of `keys/trust.toml`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Grant {
    /// Digest of the accepted keyring.
    pub keyring: Digest,
    /// Whether a person compared the fingerprint.
    pub compared: bool,
    /// Channels the peer may send on.
    pub channels: Vec<ChannelName>,
    /// Account of the person.
    pub operator: String,
}

/// A new station's keyring and the recovery key that is shown once.
pub struct NewKeys {
    /// Version 1 of the keyring: the card.
    pub card: Keyring,
    /// Private half of the recovery key, to be printed once and kept in a safe.
    pub recovery: Zeroizing<[u8; 32]>,
}

const ROLES: [(Role, &str); 4] = [
    (Role::Authority, "authority.key"),
    (Role::Packet, "packet.key"),
    (Role::Log, "log.key"),
    (Role::Encryption, "encryption.key"),
];

/// Draws a new station's keys and writes them below `keys/`; the directory must be empty.
///
/// # Errors
/// [`EngineFault`] when a file cannot be written; files written before it stay.
pub fn create(station: &Station, random: &dyn Random) -> Result<NewKeys, EngineFault> {
    let mut entries = Vec::new();
    for (role, file) in ROLES {
        let secret = draw(random);
        entries.push(key_entry(role, &secret));
        write_secret(&station.keys_dir().join(file), &secret)?;
    }
    let recovery = draw(random);
    entries.push(key_entry(Role::Recovery, &recovery));
    let authority = load_signer(&station.keys_dir().join("authority.key"))?;
    let card = Keyring::issue(keyring_body(&station.config.station, entries), &authority)?;
    write_public(&station.keys_dir().join("keyring.txt"), card.text())?;
    write_public(&station.log_dir().join("keyring-000001.txt"), card.text())?;
    Ok(NewKeys { card, recovery })
}

fn draw(random: &dyn Random) -> Zeroizing<[u8; 32]> {
    let mut secret = Zeroizing::new([0; 32]);
    random.fill(secret.as_mut());
    secret
}

fn key_entry(role: Role, secret: &[u8; 32]) -> KeyEntry {
    let (algorithm, public) = match role {
        Role::Encryption | Role::Recovery => (KeyAlgorithm::X25519, SoftUnwrapper::from_secret(*secret).public()),
        _ => (KeyAlgorithm::Ed25519, SoftSigner::from_seed(*secret).public()),
    };
    KeyEntry { role, algorithm, suite: 0, id: KeyId::of(algorithm, &public), public, from: 0, to: 0 }
}

fn keyring_body(identity: &Identity, keys: Vec<KeyEntry>) -> KeyringBody {
    KeyringBody {
        station: identity.id,
        name: identity.name.clone(),
        side: identity.side,
        environment: identity.environment,
        version: 1,
        previous: Digest::ZERO,
        threshold: 1,
        suites: vec![1, 2],
        keys,
        revoked: Vec::new(),
    }
}

impl StationKeys {
    /// Loads the keys a running station needs. The authority key is left alone.
    ///
    /// # Errors
    /// [`ConfigFault::Key`] names the file and what is wrong with it.
    pub fn load(station: &Station) -> Result<Self, EngineFault> {
        let dir = station.keys_dir();
        let keyring = read_keyring(&dir.join("keyring.txt"))?;
        check_identity(station, &keyring)?;
        let packet = load_signer(&dir.join("packet.key"))?;
        let log = load_signer(&dir.join("log.key"))?;
        let encryption = SoftUnwrapper::from_secret(*read_secret(&dir.join("encryption.key"))?);
        let belongs = |role: Role, id: KeyId, file: &str| match keyring.keys_of(role).any(|key| key.id == id) {
            true => Ok(()),
            false => Err(ConfigFault::Key { file: dir.join(file), problem: KeyProblem::Foreign }),
        };
        belongs(Role::Packet, packet.key_id(), "packet.key")?;
        belongs(Role::Log, log.key_id(), "log.key")?;
        belongs(Role::Encryption, encryption.key_id(), "encryption.key")?;
        Ok(Self { keyring, packet: Arc::new(packet), log: Arc::new(log), encryption: Arc::new(encryption) })
    }

    /// Gives the recipients of a packet to `peer`: the peer, this station, the recovery key, in FORMAT.md's order.
    pub fn recipients(&self, peer: &Keyring) -> Vec<Recipient> {
        let own = [Role::Encryption, Role::Recovery];
        let newest = |keyring: &Keyring, role: Role| {
            keyring.keys_of(role).last().map(|key| Recipient { key_id: key.id, public: key.public })
        };
        newest(peer, Role::Encryption).into_iter().chain(own.iter().filter_map(|role| newest(&self.keyring, *role))).collect()
    }
}

/// `station.toml` and the keyring must tell of one station: a packet whose sender is not its key's would be set aside by every peer.
fn check_identity(station: &Station, keyring: &Keyring) -> Result<(), ConfigFault> {
    let (own, body) = (&station.config.station, keyring.body());
    let wrong = [
        ("station.id", own.id != body.station),
        ("station.side", own.side != body.side),
        ("station.environment", own.environment != body.environment),
    ];
    match wrong.iter().find(|(_, differs)| *differs) {
        Some((setting, _)) => Err(ConfigFault::Setting {
            file: station.dir.join("station.toml"),
            setting,
            rule: "与 keys/keyring.txt 一致 / as in keys/keyring.txt",
        }),
        None => Ok(()),
    }
}

impl Trust {
    /// Loads the peer and the grants; `None` before `trust`.
    ///
    /// # Errors
    /// [`EngineFault`] when the files are damaged or do not belong together.
    pub fn load(station: &Station) -> Result<Option<Self>, EngineFault> {
        let (grant_file, peer_file) = (station.keys_dir().join("trust.toml"), station.keys_dir().join("peer.txt"));
        let text = match given::read_text(&grant_file, SETTINGS_MAX) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            read => read.map_err(|error| ConfigFault::unreadable(&grant_file, &error))?,
        };
        let grant: Grant = parse_toml(&grant_file, &text)?;
        if !peer_file.exists() {
            return Err(ConfigFault::Key { file: peer_file, problem: KeyProblem::Peer }.into());
        }
        let peer = read_keyring(&peer_file)?;
        if peer.digest() != grant.keyring {
            return Err(ConfigFault::Key { file: peer_file, problem: KeyProblem::Peer }.into());
        }
        Ok(Some(Self { peer, grant }))
    }

    /// Writes the peer's keyring and the grants; the grants file comes last and is the commit line.
    ///
    /// # Errors
    /// [`EngineFault`] when a file cannot be written.
    pub fn store(&self, station: &Station) -> Result<(), EngineFault> {
        let body = self.peer.body();
        let evidence = station.log_dir().join(format!("peer-{}-{:06}.txt", body.station, body.version));
        write_public(&evidence, self.peer.text())?;
        write_public(&station.keys_dir().join("peer.txt"), self.peer.text())?;
        let text = toml::to_string(&self.grant).unwrap_or_default();
        write_public(&station.keys_dir().join("trust.toml"), &text)
    }
}

/// Reads and verifies a keyring or card.
///
/// # Errors
/// [`EngineFault`] when it cannot be read or is not acceptable.
pub fn read_keyring(file: &Path) -> Result<Keyring, EngineFault> {
    match given::read_file(file, KEYRING_MAX as u64) {
        Ok(bytes) => Ok(Keyring::parse(&bytes)?),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            Err(ConfigFault::Key { file: file.to_path_buf(), problem: KeyProblem::Missing }.into())
        }
        Err(error) => Err(ConfigFault::unreadable(file, &error).into()),
    }
}

fn load_signer(file: &Path) -> Result<SoftSigner, EngineFault> {
    Ok(SoftSigner::from_seed(*read_secret(file)?))
}

/// Longest secret key file that is read.
const SECRET_MAX: u64 = 4096;

fn read_secret(file: &Path) -> Result<Zeroizing<[u8; 32]>, ConfigFault> {
    let fault = |problem| ConfigFault::Key { file: file.to_path_buf(), problem };
    let stat = std::fs::symlink_metadata(file).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => fault(KeyProblem::Missing),
        _ => fault(KeyProblem::Unreadable),
    })?;
    if stat.permissions().mode() & 0o077 != 0 {
        return Err(fault(KeyProblem::Open));
    }
    let text = Zeroizing::new(given::read_text(file, SECRET_MAX).map_err(|_| fault(KeyProblem::Unreadable))?);
    let bytes =
        Zeroizing::new(data_encoding::HEXLOWER.decode(text.trim_end().as_bytes()).map_err(|_| fault(KeyProblem::NotAKey))?);
    let secret: [u8; 32] = bytes.as_slice().try_into().map_err(|_| fault(KeyProblem::NotAKey))?;
    Ok(Zeroizing::new(secret))
}

fn write_secret(file: &Path, secret: &[u8; 32]) -> Result<(), ConfigFault> {
    let text = Zeroizing::new(data_encoding::HEXLOWER.encode(secret) + "\n");
    write_durably(file, text.as_bytes(), 0o600)
}

pub(crate) fn write_public(file: &Path, text: &str) -> Result<(), EngineFault> {
    Ok(write_durably(file, text.as_bytes(), 0o644)?)
}

/// Writes a whole small file beside its place, makes it durable, renames it in and makes the entry durable.
pub(crate) fn write_durably(file: &Path, bytes: &[u8], mode: u32) -> Result<(), ConfigFault> {
    write_durably_for(file, bytes, mode, None)
}

/// As [`write_durably`]; the file belongs to `owner` (user and group number) from the moment it has its name.
pub(crate) fn write_durably_for(file: &Path, bytes: &[u8], mode: u32, owner: Option<(u32, u32)>) -> Result<(), ConfigFault> {
    let attempt = || -> std::io::Result<()> {
        let beside = beside(file);
        match std::fs::remove_file(&beside) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let mut out = std::fs::OpenOptions::new().write(true).create_new(true).mode(mode).open(&beside)?;
        out.write_all(bytes)?;
        if let Some((uid, gid)) = owner {
            std::os::unix::fs::fchown(&out, Some(uid), Some(gid))?;
        }
        out.sync_all()?;
        std::fs::rename(&beside, file)?;
        let parent = file.parent().filter(|parent| *parent != Path::new(""));
        std::fs::File::open(parent.unwrap_or(Path::new(".")))?.sync_all()
    };
    attempt().map_err(|error| {
        // What got no name is of no use to anyone.
        let _ = std::fs::remove_file(beside(file));
        ConfigFault::unreadable(file, &error)
    })
}

fn beside(file: &Path) -> PathBuf {
    let name = file.file_name().and_then(|name| name.to_str()).unwrap_or("file");
    file.with_file_name(format!(".{name}.new"))
}
