//! What a line can say: one variant for each kind of LOG.md section 2, its keys in their order.

use std::fmt;
use std::str::FromStr;

use super::value::{AnyValue, Cursor, Value};
use crate::keyring::Side;
use crate::packet::header::{ChannelName, Environment, Epoch, TextFault};
use crate::suite::{Digest, RunId, StationId};

/// Where a seen packet stands in its channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Place {
    /// The one that was due.
    Next,
    /// A later one; those before it are missing.
    Early,
    /// One that a person has already gone on without: evidence only.
    Late,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Next => "next",
            Self::Early => "early",
            Self::Late => "late",
        })
    }
}

impl FromStr for Place {
    type Err = TextFault;

    fn from_str(text: &str) -> Result<Self, TextFault> {
        match text {
            "next" => Ok(Self::Next),
            "early" => Ok(Self::Early),
            "late" => Ok(Self::Late),
            _ => Err(TextFault("`next`, `early` or `late`")),
        }
    }
}

/// Writes the table of kinds once: the variant, its name in a line, its keys in their order.
macro_rules! events {
    ($($(#[$doc:meta])* $variant:ident = $kind:literal { $($(#[$key_doc:meta])* $key:ident: $type:ty),+ $(,)? })+) => {
        /// What a line of the packet log says.
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub enum Event {
            $($(#[$doc])* $variant { $($(#[$key_doc])* $key: $type),+ },)+
            /// A kind this crate does not know: kept in the chain, and said so.
            Unknown {
                /// The kind's name.
                kind: String,
                /// Its keys and values as they stand.
                fields: Vec<(String, AnyValue)>,
            },
        }

        impl Event {
            /// Returns the kind's name in a line.
            pub fn kind(&self) -> &str {
                match self {
                    $(Self::$variant { .. } => $kind,)+
                    Self::Unknown { kind, .. } => kind,
                }
            }

            pub(super) fn write(&self, out: &mut String) {
                match self {
                    $(Self::$variant { $($key),+ } => {
                        $(write_field(stringify!($key), $key, out);)+
                    })+
                    Self::Unknown { fields, .. } => {
                        for (key, value) in fields {
                            write_field(key, value, out);
                        }
                    }
                }
            }

            pub(super) fn read(kind: String, cursor: &mut Cursor<'_>) -> Option<Self> {
                match kind.as_str() {
                    $($kind => Some(Self::$variant {
                        $($key: read_field(stringify!($key), cursor)?),+
                    }),)+
                    _ => read_unknown(kind, cursor),
                }
            }
        }
    };
}

fn write_field<V: Value>(key: &str, value: &V, out: &mut String) {
    out.push_str(",\"");
    out.push_str(key);
    out.push_str("\":");
    value.write(out);
}

fn read_field<V: Value>(key: &str, cursor: &mut Cursor<'_>) -> Option<V> {
    cursor.key(",", key)?;
    V::read(cursor)
}

fn read_unknown(kind: String, cursor: &mut Cursor<'_>) -> Option<Event> {
    let mut fields: Vec<(String, AnyValue)> = Vec::new();
    while cursor.expect(",").is_some() {
        let key = cursor.name()?;
        let doubled = COMMON.contains(&key) || fields.iter().any(|(other, _)| other == key);
        if doubled {
            return None;
        }
        cursor.expect(":")?;
        fields.push((key.to_owned(), AnyValue::read(cursor)?));
    }
    Some(Event::Unknown { kind, fields })
}

impl Event {
    /// Tells whether what the types do not hold holds: a range does not end before it begins.
    pub(super) fn is_sound(&self) -> bool {
        match self {
            Self::Gap { from, to, .. }
            | Self::GapClosed { from, to, .. }
            | Self::Waived { from, to, .. }
            | Self::Resent { from, to, .. }
            | Self::Repeated { from, to, .. }
            | Self::Replayed { from, to, .. }
            | Self::Resealed { from, to, .. } => from <= to,
            _ => true,
        }
    }
}

/// The keys every line begins with.
const COMMON: [&str; 6] = ["n", "prev", "at", "mono", "boot", "kind"];

events! {
    /// The first line of every segment: the tree before this line.
    Segment = "segment" {
        /// Lines before this one.
        size: u64,
        /// The root at that size.
        root: Digest,
        /// The perfect subtrees' hashes, largest first.
        peaks: Vec<Digest>,
    }
    /// The station was set up.
    Init = "init" {
        /// The station.
        station: StationId,
        /// Its side.
        side: Side,
        /// Its environment.
        environment: Environment,
        /// SHA-256 of its keyring file.
        keyring: Digest,
    }
    /// The station started.
    Start = "start" {
        /// The run.
        run: RunId,
        /// The program's version.
        version: String,
        /// Bytes cut from a torn tail.
        cut: u64,
    }
    /// The station stopped cleanly.
    Stop = "stop" {
        /// The run.
        run: RunId,
    }
    /// A peer was trusted.
    Trust = "trust" {
        /// The peer.
        peer: StationId,
        /// Its side.
        side: Side,
        /// SHA-256 of its keyring file.
        keyring: Digest,
        /// The fingerprint was compared.
        compared: bool,
        /// The channels granted to it.
        channels: Vec<ChannelName>,
        /// Who did it.
        operator: String,
    }
    /// A cargo packet exists.
    Packed = "packed" {
        /// Its number on the link.
        number: u64,
        /// Its channel.
        channel: ChannelName,
        /// Its epoch.
        epoch: Epoch,
        /// Its place in the epoch.
        seq: u64,
        /// Its header digest.
        header: Digest,
        /// The root over its records.
        root: Digest,
        /// How many records it carries.
        records: u64,
        /// How many of them are tombstones.
        tombstones: u64,
        /// Bytes of the plain.
        plain: u64,
        /// Bytes of the file.
        bytes: u64,
    }
    /// The tombstones of a packet, a line a code.
    Refused = "refused" {
        /// The packet's channel.
        channel: ChannelName,
        /// The packet's epoch.
        epoch: Epoch,
        /// The packet's place in the epoch.
        seq: u64,
        /// Why.
        code: String,
        /// How many.
        count: u64,
    }
    /// A packet was placed in the ferry directory.
    Left = "left" {
        /// Its number.
        number: u64,
        /// Its header digest.
        header: Digest,
    }
    /// A verified cargo packet came in.
    Seen = "seen" {
        /// Who sent it.
        peer: StationId,
        /// Its number on the link.
        number: u64,
        /// Its channel.
        channel: ChannelName,
        /// Its epoch.
        epoch: Epoch,
        /// Its place in the epoch.
        seq: u64,
        /// Its header digest.
        header: Digest,
        /// The root over its records.
        root: Digest,
        /// How many records it announces.
        records: u64,
        /// The size of the sender's log.
        size: u64,
        /// The root of the sender's log.
        peer_root: Digest,
        /// What the sender says of the size of the own log.
        echo_size: u64,
        /// What the sender says of the root of the own log.
        echo_root: Digest,
        /// Where it stands in its channel.
        place: Place,
    }
    /// A packet's records are at the sink.
    Applied = "applied" {
        /// Its channel.
        channel: ChannelName,
        /// Its epoch.
        epoch: Epoch,
        /// Its place in the epoch.
        seq: u64,
        /// Its header digest.
        header: Digest,
        /// How many records it carried.
        records: u64,
        /// How many of them are tombstones.
        tombstones: u64,
    }
    /// Packets known to exist are not here.
    Gap = "gap" {
        /// Their channel.
        channel: ChannelName,
        /// Their epoch.
        epoch: Epoch,
        /// The first.
        from: u64,
        /// The last.
        to: u64,
    }
    /// All packets of a gap are here.
    GapClosed = "gap-closed" {
        /// Their channel.
        channel: ChannelName,
        /// Their epoch.
        epoch: Epoch,
        /// The first.
        from: u64,
        /// The last.
        to: u64,
    }
    /// A person goes on without these packets.
    Waived = "waived" {
        /// Their channel.
        channel: ChannelName,
        /// Their epoch.
        epoch: Epoch,
        /// The first.
        from: u64,
        /// The last.
        to: u64,
        /// Who decided.
        operator: String,
    }
    /// Files were set aside, a line a code and scan.
    Aside = "aside" {
        /// Why.
        code: String,
        /// How many.
        count: u64,
        /// SHA-256 of the first file.
        first: Digest,
    }
    /// Two different packets under one number.
    Equivocation = "equivocation" {
        /// Their channel.
        channel: ChannelName,
        /// Their epoch.
        epoch: Epoch,
        /// Their place in the epoch.
        seq: u64,
        /// The header digest known first.
        header: Digest,
        /// The other one.
        other: Digest,
    }
    /// A channel waits for a person.
    Hold = "hold" {
        /// The channel.
        channel: ChannelName,
        /// Why.
        code: String,
    }
    /// A channel goes on.
    Released = "released" {
        /// The channel.
        channel: ChannelName,
        /// Why it had waited.
        code: String,
        /// Account of the person.
        operator: String,
    }
    /// Packets were placed in the ferry directory again.
    Resent = "resent" {
        /// Their channel.
        channel: ChannelName,
        /// Their epoch.
        epoch: Epoch,
        /// The first.
        from: u64,
        /// The last.
        to: u64,
        /// How many.
        count: u64,
        /// Who did it.
        operator: String,
    }
    /// A channel's records are sent anew.
    Again = "again" {
        /// The channel.
        channel: ChannelName,
        /// Who did it.
        operator: String,
    }
    /// A signal told something new.
    Signal = "signal" {
        /// Who sent it.
        peer: StationId,
        /// Its number on the link.
        number: u64,
        /// Its header digest.
        header: Digest,
        /// The size of the sender's log.
        size: u64,
        /// The root of the sender's log.
        peer_root: Digest,
        /// What the sender says of the size of the own log.
        echo_size: u64,
        /// What the sender says of the root of the own log.
        echo_root: Digest,
    }
    /// Packets were placed in the ferry directory again without a person asking.
    Repeated = "repeated" {
        /// Their channel.
        channel: ChannelName,
        /// Their epoch.
        epoch: Epoch,
        /// The first.
        from: u64,
        /// The last.
        to: u64,
        /// How many.
        count: u64,
        /// Why: `missing` (the peer's signal names them) or `delay` (the link repeats all after a time).
        code: String,
    }
    /// Applied packets were delivered to the sink once more.
    Replayed = "replayed" {
        /// Their channel.
        channel: ChannelName,
        /// Their epoch.
        epoch: Epoch,
        /// The first.
        from: u64,
        /// The last.
        to: u64,
        /// How many.
        count: u64,
        /// Who did it.
        operator: String,
    }
    /// A channel's new epoch was opened (own channel) or accepted (the peer's).
    EpochOpened = "epoch" {
        /// The channel.
        channel: ChannelName,
        /// The new epoch.
        epoch: Epoch,
        /// The epoch it follows.
        old_epoch: Epoch,
        /// The last number of the old epoch that both sides count on; 0 none.
        old_seq: u64,
        /// That packet's header digest; zeros none.
        old_header: Digest,
        /// Who decided; empty where the opening packet fits by itself.
        operator: String,
    }
    /// Records of retained packets were sealed anew in another epoch.
    Resealed = "resealed" {
        /// Their channel.
        channel: ChannelName,
        /// The epoch of the retained packets.
        epoch: Epoch,
        /// The first.
        from: u64,
        /// The last.
        to: u64,
        /// How many records.
        count: u64,
        /// Who did it.
        operator: String,
    }
    /// A station goes on from an older copy of its state.
    Restored = "restored" {
        /// The station: the peer, or this one.
        peer: StationId,
        /// The run that went on.
        run: RunId,
        /// The number of the packet that told it.
        number: u64,
    }
    /// This station numbers its packets from further away on; no line of its log was lost.
    Renumbered = "renumbered" {
        /// The run that went on.
        run: RunId,
        /// The packet number behind which it goes on.
        number: u64,
        /// Why.
        code: String,
        /// Whose decision it was.
        operator: String,
    }
    /// An alarm was raised.
    Alarm = "alarm" {
        /// What it is.
        code: String,
        /// What it is about: a channel's name, or empty.
        subject: String,
    }
    /// The cause of an alarm is gone.
    AlarmClosed = "alarm-closed" {
        /// What it was.
        code: String,
        /// What it was about.
        subject: String,
    }
    /// A person has taken note of an alarm.
    Acknowledged = "acknowledged" {
        /// What it is.
        code: String,
        /// What it is about.
        subject: String,
        /// Who did it.
        operator: String,
    }
    /// Alarms of silence and lateness are muted for a time.
    Maintenance = "maintenance" {
        /// Until when, in the form of a line's `at`; empty when it was ended.
        until: String,
        /// Who did it.
        operator: String,
    }
    /// Packets were written to a disc.
    MediaWritten = "media-written" {
        /// The disc's number.
        disc: String,
        /// How many volumes it has.
        volumes: u64,
        /// How many packets.
        packets: u64,
        /// SHA-256 of its list of packets.
        list: Digest,
        /// Who did it.
        operator: String,
    }
    /// A disc was read in.
    MediaRead = "media-read" {
        /// The disc's number.
        disc: String,
        /// How many volumes were read so far.
        volumes: u64,
        /// How many packets.
        packets: u64,
        /// SHA-256 of its list of packets.
        list: Digest,
        /// Who did it.
        operator: String,
    }
    /// The station's own keyring has a new version.
    Keyring = "keyring" {
        /// SHA-256 of its file.
        keyring: Digest,
        /// Its version.
        number: u64,
        /// Who did it.
        operator: String,
    }
    /// A person decided about a structure change, or this station did something with one.
    Structure = "structure" {
        /// The structure.
        structure: String,
        /// The version that the change leads to.
        to: u64,
        /// The digest of the structure before.
        base: Digest,
        /// The digest of the document.
        document: Digest,
        /// The digest of what would be run here; zeros where nothing is.
        plan: Digest,
        /// What: `propose`, `approve`, `confirm`, `cancel`, `resume`, `back` or `changed`.
        code: String,
        /// The approver's key; empty without one.
        key: String,
        /// Who did it.
        operator: String,
    }
    /// The wall clock was set.
    ClockStep = "clock-step" {
        /// What it would have shown by the monotonic clock, in the form of a line's `at`.
        before: String,
    }
}
