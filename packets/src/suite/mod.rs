//! The cryptographic pieces and the small newtypes they yield (FORMAT.md sections 3, 4 and 7).

mod chunks;
mod digest;
mod ids;
mod signing;
mod wrap;

pub(crate) use chunks::{open_chunks, seal_chunks};
pub use digest::{Digest, Hasher, sha256};
pub use ids::{HexFault, KeyId, LinkId, RunId, StationId};
pub use signing::{Signer, SoftSigner, verify_signature};
pub(crate) use wrap::wrap_key;
pub use wrap::{ContentKey, SoftUnwrapper, Unwrapper};

use serde::{Deserialize, Serialize};

/// The set of algorithms a packet is made with (FORMAT.md section 7).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u16)]
pub enum Suite {
    /// Ed25519, SHA-256, AES-256-GCM.
    Aes256Gcm = 1,
    /// Ed25519, SHA-256, ChaCha20-Poly1305.
    ChaCha20Poly1305 = 2,
}

impl Suite {
    /// Returns the suite with this number, if this crate implements it.
    pub fn from_number(number: u16) -> Option<Self> {
        match number {
            1 => Some(Self::Aes256Gcm),
            2 => Some(Self::ChaCha20Poly1305),
            _ => None,
        }
    }

    /// Returns the number that stands for the suite in headers and keyrings.
    pub fn number(self) -> u16 {
        self as u16
    }
}

/// The algorithm a key belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum KeyAlgorithm {
    /// Signatures.
    Ed25519,
    /// Key wrap.
    X25519,
}

/// A source of random bytes that must not be guessable; tests replace it by a seeded one.
pub trait Random: Send + Sync {
    /// Fills the whole of `out` with random bytes.
    fn fill(&self, out: &mut [u8]);
}

/// The operating system's random number generator.
#[derive(Clone, Debug, Default)]
pub struct SystemRandom;

impl Random for SystemRandom {
    /// Fills `out` from the operating system.
    ///
    /// # Panics
    /// When the operating system has no randomness to give: no key made after that could be trusted.
    fn fill(&self, out: &mut [u8]) {
        let source = ring::rand::SystemRandom::new();
        ring::rand::SecureRandom::fill(&source, out).expect("the operating system's random number generator answers");
    }
}

/// What can go wrong with a private key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyFault {
    /// The key store could not be used.
    #[error("the private key {key} cannot be used: its store gives no answer")]
    Unavailable {
        /// The key that was asked for.
        key: KeyId,
    },
    /// The recipient's public key is not a point that can be wrapped to.
    #[error("a content key cannot be wrapped to the public key {key}: it is not a valid point")]
    BadPublicKey {
        /// The recipient's key.
        key: KeyId,
    },
    /// The wrapped key does not open.
    #[error("the wrapped content key does not open with the key {key}")]
    Unwrap {
        /// The own key that was tried.
        key: KeyId,
    },
    /// The key wrap is of a kind this key cannot open.
    #[error("the key {key} cannot open a key wrap of kind {kem}")]
    Kem {
        /// The own key that was tried.
        key: KeyId,
        /// The kind of key wrap, FORMAT.md section 2.
        kem: u8,
    },
}
