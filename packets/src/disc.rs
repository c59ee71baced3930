//! The manifest of a volume: what the disc carries, volume by volume, signed by the sender's packet key (FORMAT.md section 14).
//!
//! Given: text from a disc that nobody trusts. Gives: a list that the peer vouches for. Never: a name that leads out of the volume, or more than
//! a bounded number of bytes.

use crate::keyring::Role;
use crate::limits::LINE_NUMBER_MAX;
use crate::packet::armor::FILE_MAX;
use crate::packet::header::Environment;
use crate::packet::open::{Expectation, KeyBook};
use crate::suite::{Digest, KeyFault, KeyId, LinkId, Signer, StationId, sha256, verify_signature};
use std::collections::BTreeSet;
use std::fmt::Write;

/// Longest manifest that is read; a writer stays far below it.
pub const MANIFEST_MAX: usize = 1 << 20;

/// Most packets of one disc.
pub const PACKETS_MAX: usize = 4000;

/// Most volumes of one disc.
pub const VOLUMES_MAX: u32 = 999;

const TITLE: &str = "dukou-disc/1";
const CONTEXT: &[u8] = b"dukou-disc-v1\0";

/// One packet on a disc.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Carried {
    /// The volume it lies on, from 1.
    pub volume: u32,
    /// Its file's name there.
    pub name: String,
    /// Its file's length.
    pub bytes: u64,
    /// SHA-256 of its file.
    pub digest: Digest,
    /// Its number on the link.
    pub number: u64,
    /// What it is, for people: channel, epoch and number there, or `signal`, `repair`.
    pub what: String,
}

/// What a volume says of itself and of the whole disc.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Manifest {
    /// The disc's number.
    pub disc: String,
    /// Production or test.
    pub environment: Environment,
    /// Who wrote it.
    pub sender: StationId,
    /// Whom it is for.
    pub addressee: StationId,
    /// Which volume this is, from 1.
    pub volume: u32,
    /// How many volumes there are.
    pub volumes: u32,
    /// The packets of all volumes, in the order of the disc.
    pub packets: Vec<Carried>,
}

/// Why a manifest is not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ManifestFault {
    /// It is not written as one.
    #[error("it is not a manifest")]
    Shape,
    /// The signing key is not known, or may not sign this.
    #[error("its key is not one of the peer's packet keys")]
    Key,
    /// The signature is wrong.
    #[error("its signature does not verify")]
    Signature,
    /// It is another station's, or of the other environment.
    #[error("it is not for this station")]
    Address,
}

impl ManifestFault {
    /// Returns the code that the vectors use.
    pub fn code(self) -> &'static str {
        match self {
            Self::Shape => "shape",
            Self::Key => "key",
            Self::Signature => "signature",
            Self::Address => "address",
        }
    }
}

impl Manifest {
    /// Gives the digest of the whole list.
    pub fn list(&self) -> Digest {
        sha256(&[self.list_text().as_bytes()])
    }

    /// Gives the packets of this volume.
    pub fn own(&self) -> impl Iterator<Item = &Carried> {
        self.packets.iter().filter(|packet| packet.volume == self.volume)
    }

    fn list_text(&self) -> String {
        let mut text = String::new();
        for Carried { volume, name, bytes, digest, number, what } in &self.packets {
            let _ = writeln!(text, "{volume} {name} {bytes} {digest} {number} {what}");
        }
        text
    }

    /// Gives the part that is signed.
    fn signed_text(&self, key: KeyId) -> String {
        let Self { disc, environment, sender, addressee, volume, volumes, packets } = self;
        let (link, list, count) = (LinkId::between(*sender, *addressee), self.list(), packets.len());
        format!(
            "{TITLE}\ndisc {disc}\nlink {link}\nenvironment {environment}\nsender {sender}\naddressee {addressee}\n\
             volume {volume} of {volumes}\npackets {count}\nlist {list}\nkey {key}\n{}",
            self.list_text()
        )
    }

    /// Writes the text and signs it.
    ///
    /// # Errors
    /// When the key's store gives no answer.
    pub fn sign(&self, key: &dyn Signer) -> Result<String, KeyFault> {
        let text = self.signed_text(key.key_id());
        let signature = key.sign(&[CONTEXT, text.as_bytes()].concat())?;
        Ok(format!("{text}signature {}\n", data_encoding::BASE64.encode(&signature)))
    }

    /// Checks that the disc is for this station.
    ///
    /// # Errors
    /// [`ManifestFault::Address`].
    pub fn check_address(&self, expectation: &Expectation) -> Result<(), ManifestFault> {
        match self.addressee == expectation.own && self.environment == expectation.environment {
            true => Ok(()),
            false => Err(ManifestFault::Address),
        }
    }

    /// Reads a manifest and verifies it with the peer's keys.
    ///
    /// # Errors
    /// [`ManifestFault`].
    pub fn read(text: &[u8], keys: &dyn KeyBook) -> Result<Self, ManifestFault> {
        let text = std::str::from_utf8(text).ok().filter(|text| text.len() <= MANIFEST_MAX).ok_or(ManifestFault::Shape)?;
        let (signed, signature) = text.rsplit_once("signature ").ok_or(ManifestFault::Shape)?;
        let (manifest, key) = parse(signed).ok_or(ManifestFault::Shape)?;
        let bytes = signature.strip_suffix('\n').and_then(|text| data_encoding::BASE64.decode(text.as_bytes()).ok());
        let signature: [u8; 64] = bytes.and_then(|bytes| bytes.try_into().ok()).ok_or(ManifestFault::Shape)?;
        let known = keys.packet_key(key).ok_or(ManifestFault::Key)?;
        let valid = |number: u64| number >= known.from && (known.to == 0 || number <= known.to);
        let newest = manifest.packets.iter().map(|packet| packet.number).max().unwrap_or(0);
        if known.role != Role::Packet || known.station != manifest.sender || !valid(newest) {
            return Err(ManifestFault::Key);
        }
        match verify_signature(&known.public, &[CONTEXT, signed.as_bytes()].concat(), &signature) {
            true => Ok(manifest),
            false => Err(ManifestFault::Signature),
        }
    }
}

/// Takes the signed part apart; `None` for anything but the one form.
fn parse(signed: &str) -> Option<(Manifest, KeyId)> {
    let mut lines = signed.strip_suffix('\n')?.split('\n');
    if lines.next()? != TITLE {
        return None;
    }
    let mut field = |name: &str| lines.next()?.strip_prefix(name)?.strip_prefix(' ');
    let disc = field("disc").filter(|disc| is_disc_number(disc))?.to_string();
    field("link")?;
    let environment = field("environment")?.parse().ok()?;
    let (sender, addressee) = (field("sender")?.parse().ok()?, field("addressee")?.parse().ok()?);
    let (volume, volumes) = field("volume")?.split_once(" of ")?;
    let (volume, volumes) = (volume.parse().ok()?, volumes.parse().ok()?);
    let count: usize = field("packets")?.parse().ok().filter(|count| *count <= PACKETS_MAX)?;
    field("list")?;
    let key = field("key")?.parse().ok()?;
    let packets = lines.map(carried).collect::<Option<Vec<Carried>>>()?;
    let manifest = Manifest { disc, environment, sender, addressee, volume, volumes, packets };
    // Link, digest of the list and every spelling are right when the same text comes out again.
    let fits = manifest.is_consistent() && manifest.packets.len() == count && manifest.signed_text(key) == signed;
    fits.then_some((manifest, key))
}

impl Manifest {
    fn is_consistent(&self) -> bool {
        let names: BTreeSet<&str> = self.packets.iter().map(|packet| packet.name.as_str()).collect();
        (1..=VOLUMES_MAX).contains(&self.volumes)
            && (1..=self.volumes).contains(&self.volume)
            && self.packets.is_sorted_by_key(|packet| packet.volume)
            && self.packets.iter().all(|packet| (1..=self.volumes).contains(&packet.volume))
            && names.len() == self.packets.len()
    }
}

fn carried(line: &str) -> Option<Carried> {
    let mut words = line.split(' ');
    let mut word = || words.next();
    let (volume, name, bytes) = (word()?.parse().ok()?, word()?, word()?.parse().ok()?);
    let (digest, number, what) = (word()?.parse().ok()?, word()?.parse().ok()?, word()?);
    let fits = is_file_name(name) && bytes <= FILE_MAX && number <= LINE_NUMBER_MAX && is_description(what);
    (fits && words.next().is_none()).then(|| Carried {
        volume,
        name: name.to_string(),
        bytes,
        digest,
        number,
        what: what.to_string(),
    })
}

/// Tells whether a text is a disc's number: eight hex digits of the station's id, and a running number.
fn is_disc_number(text: &str) -> bool {
    let is_hex = |text: &str| text.len() == 8 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    let is_number = |text: &str| (4..=12).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    text.split_once('-').is_some_and(|(station, number)| is_hex(station) && is_number(number))
}

/// Tells whether a file of a volume may be called this: what packets may be called, whatever the extension.
fn is_file_name(name: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"._~-".contains(&byte);
    (1..=64).contains(&name.len()) && !name.starts_with('.') && name.bytes().all(allowed)
}

fn is_description(what: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-/".contains(&byte);
    (1..=128).contains(&what.len()) && what.bytes().all(allowed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::packet::open::PacketKey;
    use crate::suite::SoftSigner;

    struct Book(SoftSigner, StationId, Role);

    impl KeyBook for Book {
        fn packet_key(&self, id: KeyId) -> Option<PacketKey<'_>> {
            let Book(signer, station, role) = self;
            (id == signer.key_id()).then(|| PacketKey {
                station: *station,
                role: *role,
                suite: 0,
                public: signer.public(),
                from: 1,
                to: 100,
                suites: &[1],
            })
        }
    }

    fn manifest() -> Manifest {
        let carried = |volume, name: &str, number| Carried {
            volume,
            name: name.to_string(),
            bytes: 5,
            digest: sha256(&[name.as_bytes()]),
            number,
            what: "files/1-00ff00ff00ff00ff/7".to_string(),
        };
        Manifest {
            disc: "01010101-0001".to_string(),
            environment: Environment::Test,
            sender: StationId::from_bytes([1; 16]),
            addressee: StationId::from_bytes([2; 16]),
            volume: 2,
            volumes: 3,
            packets: vec![carried(1, "a.dkp", 3), carried(2, "b.dkp", 100), carried(2, "c.txt", 5)],
        }
    }

    fn book() -> Book {
        Book(SoftSigner::from_seed([7; 32]), StationId::from_bytes([1; 16]), Role::Packet)
    }

    #[test]
    fn a_manifest_reads_back_and_names_what_its_volume_carries() {
        let text = manifest().sign(&SoftSigner::from_seed([7; 32])).expect("a signature");
        let read = Manifest::read(text.as_bytes(), &book()).expect("it reads");
        assert_eq!(read, manifest());
        assert_eq!(read.own().map(|packet| packet.name.as_str()).collect::<Vec<_>>(), ["b.dkp", "c.txt"]);
    }

    #[test]
    fn every_changed_and_every_missing_byte_of_a_manifest_is_refused() {
        let text = manifest().sign(&SoftSigner::from_seed([7; 32])).expect("a signature").into_bytes();
        for at in 0..text.len() {
            let mut changed = text.clone();
            changed[at] ^= 1;
            assert!(Manifest::read(&changed, &book()).is_err(), "byte {at}");
            let mut short = text.clone();
            short.remove(at);
            assert!(Manifest::read(&short, &book()).is_err(), "without byte {at}");
            assert!(Manifest::read(&text[..at], &book()).is_err(), "cut at {at}");
        }
    }

    #[test]
    fn signed_names_that_lead_out_of_a_volume_are_refused_all_the_same() {
        for name in ["../keys", "/etc/passwd", ".hidden", "", "a b", "a\nb", "a".repeat(65).as_str()] {
            let mut manifest = manifest();
            manifest.packets[1].name = name.to_string();
            let text = manifest.sign(&SoftSigner::from_seed([7; 32])).expect("a signature");
            assert_eq!(Manifest::read(text.as_bytes(), &book()), Err(ManifestFault::Shape), "{name:?}");
        }
    }

    #[test]
    fn only_the_senders_packet_key_within_its_numbers_signs_a_manifest() {
        let text = manifest().sign(&SoftSigner::from_seed([7; 32])).expect("a signature");
        let key = || SoftSigner::from_seed([7; 32]);
        let wrong = [
            Book(SoftSigner::from_seed([8; 32]), StationId::from_bytes([1; 16]), Role::Packet),
            Book(key(), StationId::from_bytes([1; 16]), Role::Log),
            Book(key(), StationId::from_bytes([3; 16]), Role::Packet),
        ];
        for book in wrong {
            assert_eq!(Manifest::read(text.as_bytes(), &book), Err(ManifestFault::Key));
        }
        let mut later = manifest();
        later.packets[1].number = 101;
        let text = later.sign(&key()).expect("a signature");
        assert_eq!(Manifest::read(text.as_bytes(), &book()), Err(ManifestFault::Key));
    }
}
