//! The document of a marker (FORMAT.md section 4): where in a channel a structure change stands, what it says, and who approved it.

use data_encoding::BASE64;
use serde::{Deserialize, Serialize};

use super::header::{ChannelName, KIND_MARKER};
use super::open::{Refusal, VerifiedHead};
use crate::keyring::{KeyEntry, Role};
use crate::limits::{
    MARKER_APPROVALS_MAX, MARKER_CHANNELS_MAX, MARKER_KEEP_DAYS_MAX, MARKER_MAX, STRUCTURE_DOCUMENT_MAX, STRUCTURE_NAME_MAX,
};
use crate::suite::{Digest, KeyId, Signer, StationId, sha256, verify_signature};

/// The version of the document this crate writes and reads.
pub const MARKER_VERSION: u32 = 1;

const DOCUMENT_PREFIX: &[u8] = b"dukou-schema-v1\0";
const APPROVAL_PREFIX: &[u8] = b"dukou-schema-approval-v1\0";

/// What a marker says; all markers of one change say the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Marker {
    /// The structure that changes.
    pub change: Change,
    /// The document of the change, as it was proposed: 1 byte … 256 KiB.
    pub document: Vec<u8>,
    /// Every channel of this direction that the change affects, rising, at most 256.
    pub channels: Vec<ChannelName>,
    /// True where data that does not need the change may go on before it.
    pub pending: bool,
    /// How many of its running days the sender keeps packets: 1 … 36,500.
    pub keep_days: u32,
    /// Who signed for it on the sender's side, in the order in which they did; at most 8.
    pub approvals: Vec<Approval>,
}

/// One step of one structure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The structure's name: `[a-z][a-z0-9-]*`, at most 32 bytes.
    pub structure: String,
    /// The version before, at least 1; behind the change it is one more.
    pub from: u32,
    /// The digest of the structure before.
    pub before: Digest,
    /// [`document_digest`] of the document.
    pub document: Digest,
}

/// What an approval is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[repr(u8)]
pub enum ApprovalKind {
    /// Somebody proposes the change.
    Propose = 1,
    /// A second person approves it.
    Approve = 2,
    /// A person vouches that it was made in a database which no station can ask.
    Confirm = 3,
}

/// A person's signature for a change at one station.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approval {
    /// What it is for.
    pub kind: ApprovalKind,
    /// The station.
    pub station: StationId,
    /// The version of the station's keyring when it was signed.
    pub keyring: u64,
    /// The approver's key.
    pub key: KeyId,
    /// The digest of what would be run at that station.
    pub plan: Digest,
    /// True where values may be lost by it.
    pub loss: bool,
    /// The digest of the reason for that; zero without one.
    pub reason: Digest,
    signature: Signature,
}

/// What a person signs: an approval without its signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Statement {
    /// What it is for.
    pub kind: ApprovalKind,
    /// The station.
    pub station: StationId,
    /// The version of its keyring.
    pub keyring: u64,
    /// The digest of what would be run at that station.
    pub plan: Digest,
    /// True where values may be lost by it.
    pub loss: bool,
    /// The digest of the reason for that; zero without one.
    pub reason: Digest,
}

/// Why the document of a marker is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MarkerFault {
    /// It is longer than 512 KiB or not the JSON object of FORMAT.md section 4.
    #[error("the document of the marker cannot be read")]
    Shape,
    /// Its version is not known.
    #[error("version {0} of a marker is not known")]
    Version(u32),
    /// A value is outside its range.
    #[error("the {0} of the marker is outside its range")]
    Range(&'static str),
    /// The change's document does not give its digest.
    #[error("the marker's document does not give the digest that it names")]
    Document,
    /// It contradicts the header of its packet.
    #[error("the document of the marker contradicts its header: {0}")]
    Header(&'static str),
}

/// Gives the digest by which a change's document is known.
pub fn document_digest(document: &[u8]) -> Digest {
    sha256(&[DOCUMENT_PREFIX, document])
}

/// Tells whether this may be a structure's name.
pub fn is_structure_name(name: &str) -> bool {
    name.len() <= STRUCTURE_NAME_MAX
        && name.starts_with(|first: char| first.is_ascii_lowercase())
        && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}

impl Change {
    /// Returns the version behind the change.
    pub fn to(&self) -> u32 {
        self.from.saturating_add(1)
    }
}

impl Approval {
    /// Signs a statement about a change.
    ///
    /// # Errors
    /// `None` when the key gives no signature.
    pub fn sign(change: &Change, statement: &Statement, signer: &dyn Signer) -> Option<Self> {
        let Statement { kind, station, keyring, plan, loss, reason } = *statement;
        let bytes = signed_bytes(change, statement, signer.key_id());
        let signature = Signature(signer.sign(&bytes).ok()?);
        Some(Self { kind, station, keyring, key: signer.key_id(), plan, loss, reason, signature })
    }

    /// Returns what was signed.
    pub fn statement(&self) -> Statement {
        let Self { kind, station, keyring, plan, loss, reason, .. } = *self;
        Statement { kind, station, keyring, plan, loss, reason }
    }

    /// Tells whether this is the signature of that approver's key for that change, and the key valid at the keyring's version. Whether it still is, and
    /// whether the person may approve what another proposed, the caller decides.
    pub fn is_by(&self, key: &KeyEntry, change: &Change) -> bool {
        let bytes = signed_bytes(change, &self.statement(), self.key);
        key.role == Role::Approver
            && key.id == self.key
            && key.is_valid_at(self.keyring)
            && verify_signature(&key.public, &bytes, &self.signature.0)
    }
}

/// Gives the bytes under an approver's signature (FORMAT.md section 4).
fn signed_bytes(change: &Change, statement: &Statement, key: KeyId) -> Vec<u8> {
    let name = change.structure.as_bytes();
    let mut out = APPROVAL_PREFIX.to_vec();
    out.push(statement.kind as u8);
    out.push(u8::try_from(name.len()).unwrap_or(u8::MAX));
    out.extend_from_slice(name);
    out.extend_from_slice(&change.to().to_le_bytes());
    out.extend_from_slice(change.before.as_bytes());
    out.extend_from_slice(change.document.as_bytes());
    out.extend_from_slice(statement.station.as_bytes());
    out.extend_from_slice(&statement.keyring.to_le_bytes());
    out.extend_from_slice(key.as_bytes());
    out.extend_from_slice(statement.plan.as_bytes());
    out.push(u8::from(statement.loss));
    out.extend_from_slice(statement.reason.as_bytes());
    out
}

/// A signature; base64 in the document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Signature([u8; 64]);

impl Serialize for Signature {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&BASE64.encode(&self.0))
    }
}

impl<'de> Deserialize<'de> for Signature {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let fault = || serde::de::Error::custom("expected 64 bytes in base64");
        let bytes = BASE64.decode(String::deserialize(deserializer)?.as_bytes()).map_err(|_| fault())?;
        bytes.try_into().map(Self).map_err(|_| fault())
    }
}

#[derive(Deserialize)]
struct VersionOnly {
    version: u32,
}

/// The document as it stands in the plain; its keys stand in this order.
#[derive(Serialize, Deserialize)]
struct Document {
    version: u32,
    structure: String,
    from: u32,
    to: u32,
    before: Digest,
    document: Digest,
    bytes: String,
    channels: Vec<ChannelName>,
    pending: bool,
    keep_days: u32,
    approvals: Vec<Approval>,
}

impl Marker {
    /// Writes the document.
    pub fn render(&self) -> Vec<u8> {
        let document = Document {
            version: MARKER_VERSION,
            structure: self.change.structure.clone(),
            from: self.change.from,
            to: self.change.to(),
            before: self.change.before,
            document: self.change.document,
            bytes: BASE64.encode(&self.document),
            channels: self.channels.clone(),
            pending: self.pending,
            keep_days: self.keep_days,
            approvals: self.approvals.clone(),
        };
        serde_json::to_vec(&document).expect("strings and numbers always have a JSON form")
    }

    /// Reads a document; keys it does not know are ignored. No signature is verified: that wants the sender's keyring ([`Approval::is_by`]).
    ///
    /// # Errors
    /// When it is too long, not in its shape, of an unknown version, outside its ranges, or names another digest than its bytes give.
    pub fn parse(bytes: &[u8]) -> Result<Self, MarkerFault> {
        if bytes.len() as u64 > MARKER_MAX {
            return Err(MarkerFault::Shape);
        }
        let probe: VersionOnly = serde_json::from_slice(bytes).map_err(|_| MarkerFault::Shape)?;
        if probe.version != MARKER_VERSION {
            return Err(MarkerFault::Version(probe.version));
        }
        let read: Document = serde_json::from_slice(bytes).map_err(|_| MarkerFault::Shape)?;
        let document = BASE64.decode(read.bytes.as_bytes()).map_err(|_| MarkerFault::Shape)?;
        let marker = Self {
            change: Change { structure: read.structure, from: read.from, before: read.before, document: read.document },
            document,
            channels: read.channels,
            pending: read.pending,
            keep_days: read.keep_days,
            approvals: read.approvals,
        };
        marker.check(read.to)?;
        Ok(marker)
    }

    fn check(&self, to: u32) -> Result<(), MarkerFault> {
        let Self { change, document, channels, approvals, .. } = self;
        for (holds, what) in [
            (is_structure_name(&change.structure), "structure"),
            (change.from >= 1 && change.from.checked_add(1) == Some(to), "versions"),
            ((1..=STRUCTURE_DOCUMENT_MAX).contains(&document.len()), "bytes"),
            ((1..=MARKER_CHANNELS_MAX).contains(&channels.len()) && channels.is_sorted_by(|a, b| a < b), "channels"),
            ((1..=MARKER_KEEP_DAYS_MAX).contains(&self.keep_days), "keep_days"),
            (approvals.len() <= MARKER_APPROVALS_MAX && approvals.iter().all(|approval| approval.keyring >= 1), "approvals"),
        ] {
            if !holds {
                return Err(MarkerFault::Range(what));
            }
        }
        match document_digest(document) == change.document {
            true => Ok(()),
            false => Err(MarkerFault::Document),
        }
    }
}

/// Reads the marker that a verified packet of kind 2 carries and holds it against the packet's header.
///
/// # Errors
/// `count` when the packet announces records; `records` when the document cannot be read or says other than the header.
pub fn read_marker(head: &VerifiedHead, plain: &[u8]) -> Result<Marker, Refusal> {
    let header = &head.header;
    if header.record_count > 0 {
        return Err(Refusal::Count { announced: header.record_count, found: 0 });
    }
    let marker = Marker::parse(plain)?;
    for (holds, what) in [
        (header.kind == KIND_MARKER, "kind"),
        (header.structure_written == marker.change.to(), "structure written"),
        (header.structure_needed == marker.change.from, "structure needed"),
        (header.channel.as_ref().is_some_and(|channel| marker.channels.contains(channel)), "channel"),
    ] {
        if !holds {
            return Err(MarkerFault::Header(what).into());
        }
    }
    Ok(marker)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::suite::SoftSigner;

    fn change() -> Change {
        let before = Digest::from_bytes([3; 32]);
        Change { structure: "registration".to_owned(), from: 1, before, document: document_digest(b"format = 1\n") }
    }

    fn statement() -> Statement {
        Statement {
            kind: ApprovalKind::Approve,
            station: StationId::from_bytes([5; 16]),
            keyring: 2,
            plan: Digest::from_bytes([6; 32]),
            loss: false,
            reason: Digest::ZERO,
        }
    }

    fn approver(from: u64) -> (SoftSigner, KeyEntry) {
        let signer = SoftSigner::from_seed([8; 32]);
        let entry = KeyEntry::new(Role::Approver, 0, signer.public(), from);
        (signer, entry)
    }

    fn marker() -> Marker {
        let approval = Approval::sign(&change(), &statement(), &approver(1).0).expect("a signature");
        Marker {
            change: change(),
            document: b"format = 1\n".to_vec(),
            channels: vec!["cadastre-units".parse().expect("a name"), "unit-status".parse().expect("a name")],
            pending: false,
            keep_days: 30,
            approvals: vec![approval],
        }
    }

    #[test]
    fn what_was_written_is_read_back() {
        assert_eq!(Marker::parse(&marker().render()), Ok(marker()));
    }

    #[test]
    fn an_approval_holds_for_its_change_its_statement_and_its_key_alone() {
        let (_, key) = approver(1);
        let approval = marker().approvals.remove(0);
        assert!(approval.is_by(&key, &change()));
        let others = [
            Change { structure: "registratio".to_owned(), ..change() },
            Change { from: 2, ..change() },
            Change { before: Digest::ZERO, ..change() },
            Change { document: Digest::ZERO, ..change() },
        ];
        assert!(others.iter().all(|other| !approval.is_by(&key, other)));
        let altered = [
            Approval { kind: ApprovalKind::Propose, ..approval.clone() },
            Approval { station: StationId::from_bytes([6; 16]), ..approval.clone() },
            Approval { keyring: 3, ..approval.clone() },
            Approval { plan: Digest::ZERO, ..approval.clone() },
            Approval { loss: true, ..approval.clone() },
            Approval { reason: Digest::from_bytes([1; 32]), ..approval.clone() },
        ];
        assert!(altered.iter().all(|altered| !altered.is_by(&key, &change())));
        assert!(!approval.is_by(&approver(3).1, &change()), "a key that was not valid then");
        assert!(!approval.is_by(&KeyEntry { role: Role::Packet, ..key }, &change()), "a key of another role");
    }

    #[test]
    fn what_is_outside_its_range_is_refused() {
        let with = |alter: &dyn Fn(&mut Marker)| {
            let mut marker = marker();
            alter(&mut marker);
            Marker::parse(&marker.render())
        };
        type Alter = fn(&mut Marker);
        let cases: [(&str, Alter); 8] = [
            ("structure", |marker| marker.change.structure = "Registration".to_owned()),
            ("structure", |marker| marker.change.structure.clear()),
            ("versions", |marker| marker.change.from = 0),
            ("versions", |marker| marker.change.from = u32::MAX),
            ("channels", |marker| marker.channels.clear()),
            ("channels", |marker| marker.channels.reverse()),
            ("keep_days", |marker| marker.keep_days = 0),
            ("approvals", |marker| marker.approvals = vec![marker.approvals[0].clone(); MARKER_APPROVALS_MAX + 1]),
        ];
        for (what, alter) in cases {
            assert_eq!(with(&alter), Err(MarkerFault::Range(what)), "{what}");
        }
        assert_eq!(with(&|marker| marker.document.push(b' ')), Err(MarkerFault::Document));
        assert_eq!(Marker::parse(&[b' '; 600_000]), Err(MarkerFault::Shape));
        assert_eq!(Marker::parse(br#"{"version":2}"#), Err(MarkerFault::Version(2)));
    }
}
