//! The wrap of a content key: HPKE, RFC 9180, base mode, single shot (FORMAT.md section 4).

use std::convert::Infallible;
use std::fmt;

use hpke::aead::{AesGcm256, ChaCha20Poly1305};
use hpke::kdf::HkdfSha256;
use hpke::kem::X25519HkdfSha256;
use hpke::rand_core::{TryCryptoRng, TryRng};
use hpke::{Deserializable, HpkeError, Kem, OpModeR, OpModeS, Serializable};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use super::{KeyAlgorithm, KeyFault, KeyId, Random, Suite};

/// The kem number of X25519 in a stanza.
pub(crate) const KEM_X25519: u8 = 1;

type PrivateKey = <X25519HkdfSha256 as Kem>::PrivateKey;
type PublicKey = <X25519HkdfSha256 as Kem>::PublicKey;
type Encapsulated = <X25519HkdfSha256 as Kem>::EncappedKey;

/// The key of one packet's payload; it is wiped when dropped and never printed.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct ContentKey([u8; 32]);

impl ContentKey {
    /// Takes 32 bytes for a content key.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Draws a fresh content key.
    pub fn draw(random: &dyn Random) -> Self {
        let mut key = Self([0; 32]);
        random.fill(&mut key.0);
        key
    }

    /// Returns the 32 bytes of the key.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for ContentKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ContentKey(..)")
    }
}

/// A private decryption key that may live anywhere: in memory, in a module, in another process.
pub trait Unwrapper: Send + Sync {
    /// Returns the id of the key.
    fn key_id(&self) -> KeyId;

    /// Opens a wrapped content key.
    ///
    /// # Errors
    /// When the wrap is of another kind, was made for another key or with another `info`, or was altered.
    fn unwrap(&self, suite: Suite, kem: u8, enc: &[u8], info: &[u8], wrapped: &[u8]) -> Result<ContentKey, KeyFault>;
}

/// A decryption key in memory; it is wiped when dropped.
pub struct SoftUnwrapper {
    secret: PrivateKey,
    public: [u8; 32],
    id: KeyId,
}

impl SoftUnwrapper {
    /// Makes the key from its 32 secret bytes (RFC 7748; clamped as that says).
    pub fn from_secret(secret: [u8; 32]) -> Self {
        let bytes = Zeroizing::new(secret);
        let secret = PrivateKey::from_bytes(&*bytes).expect("every 32 bytes are an X25519 key");
        let mut public = [0; 32];
        public.copy_from_slice(&X25519HkdfSha256::sk_to_pk(&secret).to_bytes());
        let id = KeyId::of(KeyAlgorithm::X25519, &public);
        Self { secret, public, id }
    }

    /// Returns the public half.
    pub fn public(&self) -> [u8; 32] {
        self.public
    }
}

impl Unwrapper for SoftUnwrapper {
    fn key_id(&self) -> KeyId {
        self.id
    }

    fn unwrap(&self, suite: Suite, kem: u8, enc: &[u8], info: &[u8], wrapped: &[u8]) -> Result<ContentKey, KeyFault> {
        if kem != KEM_X25519 {
            return Err(KeyFault::Kem { key: self.id, kem });
        }
        let fault = KeyFault::Unwrap { key: self.id };
        let enc = Encapsulated::from_bytes(enc).map_err(|_| fault.clone())?;
        let plain = match suite {
            Suite::Aes256Gcm => self.open::<AesGcm256>(&enc, info, wrapped),
            Suite::ChaCha20Poly1305 => self.open::<ChaCha20Poly1305>(&enc, info, wrapped),
        };
        let plain = plain.map(Zeroizing::new).map_err(|_| fault.clone())?;
        let key = <[u8; 32]>::try_from(plain.as_slice()).map_err(|_| fault)?;
        Ok(ContentKey(key))
    }
}

impl SoftUnwrapper {
    fn open<A: hpke::aead::Aead>(&self, enc: &Encapsulated, info: &[u8], wrapped: &[u8]) -> Result<Vec<u8>, HpkeError> {
        hpke::single_shot_open::<A, HkdfSha256, X25519HkdfSha256>(&OpModeR::Base, &self.secret, enc, info, wrapped, b"")
    }
}

impl fmt::Debug for SoftUnwrapper {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SoftUnwrapper({})", self.id)
    }
}

/// Wraps a content key to a public key; returns `enc` and `wrapped`.
pub(crate) fn wrap_key(
    suite: Suite,
    public: &[u8; 32],
    info: &[u8],
    key: &ContentKey,
    random: &dyn Random,
) -> Result<(Vec<u8>, Vec<u8>), KeyFault> {
    let wrapped = match suite {
        Suite::Aes256Gcm => wrap_with::<AesGcm256>(public, info, key, random),
        Suite::ChaCha20Poly1305 => wrap_with::<ChaCha20Poly1305>(public, info, key, random),
    };
    wrapped.map_err(|_| KeyFault::BadPublicKey { key: KeyId::of(KeyAlgorithm::X25519, public) })
}

fn wrap_with<A: hpke::aead::Aead>(
    public: &[u8; 32],
    info: &[u8],
    key: &ContentKey,
    random: &dyn Random,
) -> Result<(Vec<u8>, Vec<u8>), HpkeError> {
    let public = PublicKey::from_bytes(public)?;
    let (enc, wrapped) = hpke::single_shot_seal_with_rng::<A, HkdfSha256, X25519HkdfSha256>(
        &OpModeS::Base,
        &public,
        info,
        key.as_bytes(),
        b"",
        &mut Adapter(random),
    )?;
    Ok((enc.to_bytes().to_vec(), wrapped))
}

/// Lets hpke draw from this crate's source of randomness, so that tests repeat.
struct Adapter<'a>(&'a dyn Random);

impl TryRng for Adapter<'_> {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        let mut bytes = [0; 4];
        self.0.fill(&mut bytes);
        Ok(u32::from_le_bytes(bytes))
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        let mut bytes = [0; 8];
        self.0.fill(&mut bytes);
        Ok(u64::from_le_bytes(bytes))
    }

    fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), Infallible> {
        self.0.fill(out);
        Ok(())
    }
}

impl TryCryptoRng for Adapter<'_> {}
