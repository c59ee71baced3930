//! Identifiers: fixed numbers of bytes with one text form, lower-case hex.

use std::fmt;
use std::str::FromStr;

use data_encoding::HEXLOWER;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{KeyAlgorithm, Random, sha256};

/// A text that is not exactly the expected number of lower-case hex digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected {digits} lower-case hex digits")]
pub struct HexFault {
    /// How many digits were expected.
    pub digits: usize,
}

pub(super) fn parse_hex<const N: usize>(text: &str) -> Result<[u8; N], HexFault> {
    let fault = HexFault { digits: 2 * N };
    if text.len() != 2 * N {
        return Err(fault);
    }
    let mut out = [0; N];
    HEXLOWER.decode_mut(text.as_bytes(), &mut out).map_err(|_| fault)?;
    Ok(out)
}

macro_rules! hex_id {
    ($(#[$doc:meta])* $name:ident, $bytes:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
        pub struct $name([u8; $bytes]);

        impl $name {
            /// Takes these bytes for the identifier.
            pub const fn from_bytes(bytes: [u8; $bytes]) -> Self {
                Self(bytes)
            }

            /// Returns the bytes of the identifier.
            pub const fn as_bytes(&self) -> &[u8; $bytes] {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&HEXLOWER.encode(&self.0))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl FromStr for $name {
            type Err = HexFault;

            fn from_str(text: &str) -> Result<Self, HexFault> {
                parse_hex(text).map(Self)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = String::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

hex_id!(
    /// A station's identity: 16 random bytes, drawn once; it outlives every key.
    StationId,
    16
);
hex_id!(
    /// The identity of a link: a sender, an addressee and a direction (FORMAT.md section 3).
    LinkId,
    16
);
hex_id!(
    /// The identity of a public key (KEYRING.md section 3).
    KeyId,
    8
);
hex_id!(
    /// The identity of one run of a station: 16 random bytes, drawn at each start.
    RunId,
    16
);

impl StationId {
    /// Draws a new station id.
    pub fn draw(random: &dyn Random) -> Self {
        let mut bytes = [0; 16];
        random.fill(&mut bytes);
        Self(bytes)
    }
}

impl RunId {
    /// Draws a new run id.
    pub fn draw(random: &dyn Random) -> Self {
        let mut bytes = [0; 16];
        random.fill(&mut bytes);
        Self(bytes)
    }
}

impl LinkId {
    /// Returns the id of the link from `sender` to `addressee`.
    pub fn between(sender: StationId, addressee: StationId) -> Self {
        let digest = sha256(&[b"dukou-link-v1\0", &sender.0, &addressee.0]);
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&digest.as_bytes()[..16]);
        Self(bytes)
    }
}

impl KeyId {
    /// Returns the id of a public key.
    pub fn of(algorithm: KeyAlgorithm, public: &[u8; 32]) -> Self {
        let tag = match algorithm {
            KeyAlgorithm::Ed25519 => 1,
            KeyAlgorithm::X25519 => 2,
        };
        let digest = sha256(&[b"dukou-key-v1\0", &[tag], public]);
        let mut bytes = [0; 8];
        bytes.copy_from_slice(&digest.as_bytes()[..8]);
        Self(bytes)
    }
}
