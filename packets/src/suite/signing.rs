//! Ed25519 signatures (RFC 8032).

use std::fmt;

use ring::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};
use zeroize::Zeroizing;

use super::{KeyAlgorithm, KeyFault, KeyId};

/// A private signing key that may live anywhere: in memory, in a module, in another process.
pub trait Signer: Send + Sync {
    /// Returns the id of the key.
    fn key_id(&self) -> KeyId;

    /// Returns the public half.
    fn public(&self) -> [u8; 32];

    /// Signs the message.
    ///
    /// # Errors
    /// When the key's store gives no answer; nothing has been signed then.
    fn sign(&self, message: &[u8]) -> Result<[u8; 64], KeyFault>;
}

/// A signing key in memory; the seed is wiped when it is dropped.
pub struct SoftSigner {
    seed: Zeroizing<[u8; 32]>,
    public: [u8; 32],
    id: KeyId,
}

impl SoftSigner {
    /// Makes the key from its 32-byte seed (RFC 8032 section 5.1.5).
    pub fn from_seed(seed: [u8; 32]) -> Self {
        let seed = Zeroizing::new(seed);
        let mut public = [0; 32];
        public.copy_from_slice(key_pair(&seed).public_key().as_ref());
        let id = KeyId::of(KeyAlgorithm::Ed25519, &public);
        Self { seed, public, id }
    }
}

fn key_pair(seed: &[u8; 32]) -> Ed25519KeyPair {
    Ed25519KeyPair::from_seed_unchecked(seed).expect("every 32 bytes are an Ed25519 seed")
}

impl Signer for SoftSigner {
    fn key_id(&self) -> KeyId {
        self.id
    }

    fn public(&self) -> [u8; 32] {
        self.public
    }

    fn sign(&self, message: &[u8]) -> Result<[u8; 64], KeyFault> {
        // The expanded key is made for each signature: ring does not wipe it, so it must not be kept.
        let signature = key_pair(&self.seed).sign(message);
        let mut out = [0; 64];
        out.copy_from_slice(signature.as_ref());
        Ok(out)
    }
}

impl fmt::Debug for SoftSigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SoftSigner({})", self.id)
    }
}

/// Tells whether `signature` over `message` was made with the private half of `public`.
pub fn verify_signature(public: &[u8; 32], message: &[u8], signature: &[u8; 64]) -> bool {
    UnparsedPublicKey::new(&ED25519, public).verify(message, signature).is_ok()
}
