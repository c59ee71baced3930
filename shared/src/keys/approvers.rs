//! Approvers' keys: one person each, the private half encrypted under words that this person alone knows (KEYRING.md section 6).
//!
//! Given: a person's name and words. Gives: `keys/approvers/NAME.key`, the next version of the own keyring, and a signer for one decision. After a crash: a key
//! file that no keyring names signs nothing. Never: words or a private key in a file, a log line or an error.

use super::{draw, load_signer, write_durably};
use crate::error::{ConfigFault, EngineFault};
use crate::given;
use crate::lang::Lang;
use crate::say;
use crate::station::Station;
use data_encoding::BASE64;
use dukou_packets::keyring::{KeyEntry, Keyring, KeyringFault, Role};
use dukou_packets::suite::{KeyId, Random, Signer, SoftSigner};
use ring::{aead, pbkdf2};
use serde::{Deserialize, Serialize};
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

const TITLE: &str = "dukou-approver/1\n";

/// What is authenticated beside the key: this and its id.
const CONTEXT: &[u8] = b"dukou-approver-v1\0";

/// Rounds of PBKDF2 for a new key: some tenths of a second.
const ROUNDS: u32 = 600_000;

/// Most rounds that a file may ask for: some seconds.
const ROUNDS_MAX: u32 = 10_000_000;

/// Longest key file in bytes.
const FILE_MAX: u64 = 4096;

/// Fewest characters of a person's words.
pub const WORDS_MIN: usize = 8;

/// Most characters of an approver's name.
pub const NAME_MAX: usize = 32;

/// Why an approver's key cannot be made or used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ApproverFault {
    /// The name cannot be one.
    #[error("a name is 1 to 32 letters, digits, - or _")]
    Name,
    /// The words are too few.
    #[error("the words are shorter than 8 characters")]
    Short,
    /// There is a key of that name.
    #[error("there is a key of that name")]
    Taken,
    /// There is no key of that name.
    #[error("there is no key of that name")]
    Missing,
    /// The file is no approver's key.
    #[error("the file is no approver's key")]
    Shape,
    /// The words are wrong.
    #[error("the words are wrong")]
    Words,
}

impl ApproverFault {
    /// Says it, with the name it is about.
    pub fn refused(self, name: &str) -> ConfigFault {
        let sentence = |lang| match self {
            Self::Name => say!(
                lang,
                "姓名应为 1–32 个汉字、字母、数字或 -、_；没有改动任何东西。",
                "A name is 1–32 letters, Chinese characters, digits, - or _; nothing was changed."
            ),
            Self::Short => say!(
                lang,
                "口令至少 {WORDS_MIN} 个字；没有改动任何东西。",
                "The words are at least {WORDS_MIN} characters; nothing was changed."
            ),
            Self::Taken => say!(
                lang,
                "已有审批人「{name}」的密钥（keys/approvers/）；没有改动任何东西。请换一个名字。",
                "There is a key of approver \"{name}\" (keys/approvers/); nothing was changed. Choose another name."
            ),
            Self::Missing => say!(
                lang,
                "没有审批人「{name}」的密钥；没有改动任何东西。请用 schema approver add 新建。",
                "There is no key of approver \"{name}\"; nothing was changed. Make one with schema approver add."
            ),
            Self::Shape => say!(
                lang,
                "keys/approvers/{name}.key 读不出密钥；没有改动任何东西。请为此人另建一个。",
                "keys/approvers/{name}.key holds no key that can be read; nothing was changed. Make this person another one."
            ),
            Self::Words => {
                say!(lang, "口令不对；没有改动任何东西。请重试。", "The words are wrong; nothing was changed. Try again.")
            }
        };
        ConfigFault::Refused { zh: sentence(Lang::Zh), what: sentence(Lang::En) }
    }
}

/// A key file's object, keys in this order.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct KeyFile {
    name: String,
    id: KeyId,
    salt: String,
    rounds: u32,
    sealed: String,
}

/// Tells whether this may be an approver's name: it is a file's name, too.
pub fn is_name(name: &str) -> bool {
    let is_fit = |letter: char| {
        letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_' | '·') || ('\u{3400}'..='\u{9fff}').contains(&letter)
    };
    (1..=NAME_MAX).contains(&name.chars().count()) && name.chars().all(is_fit)
}

fn file_of(station: &Station, name: &str) -> PathBuf {
    station.keys_dir().join("approvers").join(format!("{name}.key"))
}

/// Draws a person's key and writes it; gives its public half. No keyring names it yet.
///
/// # Errors
/// [`EngineFault`] when name or words are unfit, there is one of that name, or the file cannot be written.
pub fn create(station: &Station, name: &str, words: &str, random: &dyn Random) -> Result<[u8; 32], EngineFault> {
    let refuse = |fault: ApproverFault| Err(EngineFault::from(fault.refused(name)));
    if !is_name(name) {
        return refuse(ApproverFault::Name);
    }
    if words.chars().count() < WORDS_MIN {
        return refuse(ApproverFault::Short);
    }
    let file = file_of(station, name);
    if file.exists() {
        return refuse(ApproverFault::Taken);
    }
    let dir = station.keys_dir().join("approvers");
    make_private(&dir).map_err(|error| ConfigFault::unreadable(&dir, &error))?;
    let seed = draw(random);
    let text = seal(name, words, &seed, ROUNDS, random);
    write_durably(&file, text.as_bytes(), 0o600)?;
    Ok(SoftSigner::from_seed(*seed).public())
}

fn make_private(dir: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    match std::fs::DirBuilder::new().mode(0o700).create(dir) {
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Ok(()),
        made => made,
    }
}

/// Opens a person's key with the person's words.
///
/// # Errors
/// [`EngineFault`] when there is none, the file is damaged, or the words are wrong.
pub fn open(station: &Station, name: &str, words: &str) -> Result<SoftSigner, EngineFault> {
    let refuse = |fault: ApproverFault| EngineFault::from(fault.refused(name));
    if !is_name(name) {
        return Err(refuse(ApproverFault::Name));
    }
    let file = file_of(station, name);
    let text = match given::read_text(&file, FILE_MAX) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Err(refuse(ApproverFault::Missing)),
        read => read.map_err(|error| ConfigFault::unreadable(&file, &error))?,
    };
    unseal(&text, words).map_err(refuse)
}

/// Gives the id of a person's key, which is not secret.
///
/// # Errors
/// [`EngineFault`] when there is none, or the file is damaged.
pub fn id_of(station: &Station, name: &str) -> Result<KeyId, EngineFault> {
    let refuse = |fault: ApproverFault| EngineFault::from(fault.refused(name));
    if !is_name(name) {
        return Err(refuse(ApproverFault::Name));
    }
    let text = given::read_text(&file_of(station, name), FILE_MAX).map_err(|_| refuse(ApproverFault::Missing))?;
    parse(&text).map(|file| file.id).map_err(refuse)
}

/// Gives the names of all key files, with the ids of their keys; files that are none are left out.
pub fn all(station: &Station) -> Vec<(String, KeyId)> {
    let entries = std::fs::read_dir(station.keys_dir().join("approvers")).into_iter().flatten().flatten();
    let name = |entry: std::fs::DirEntry| entry.file_name().to_str()?.strip_suffix(".key").map(str::to_owned);
    let mut found: Vec<(String, KeyId)> =
        entries.filter_map(name).filter_map(|name| id_of(station, &name).ok().map(|id| (name, id))).collect();
    found.sort();
    found
}

fn seal(name: &str, words: &str, seed: &[u8; 32], rounds: u32, random: &dyn Random) -> String {
    let mut salt = [0; 16];
    random.fill(&mut salt);
    let id = SoftSigner::from_seed(*seed).key_id();
    let mut sealed = Zeroizing::new(seed.to_vec());
    let aad = aead::Aad::from([CONTEXT, id.as_bytes()].concat());
    // The key is of this salt alone and seals once, so the nonce is free.
    let nonce = aead::Nonce::assume_unique_for_key([0; 12]);
    cipher(words, &salt, rounds).seal_in_place_append_tag(nonce, aad, &mut *sealed).expect("32 bytes are sealed");
    let file =
        KeyFile { name: name.to_owned(), id, salt: BASE64.encode(&salt), rounds, sealed: BASE64.encode(sealed.as_slice()) };
    format!("{TITLE}{}\n", serde_json::to_string(&file).expect("strings and numbers have a JSON form"))
}

fn parse(text: &str) -> Result<KeyFile, ApproverFault> {
    let object = text.strip_prefix(TITLE).and_then(|rest| rest.strip_suffix('\n')).ok_or(ApproverFault::Shape)?;
    let file: KeyFile = serde_json::from_str(object).map_err(|_| ApproverFault::Shape)?;
    if !(1..=ROUNDS_MAX).contains(&file.rounds) {
        return Err(ApproverFault::Shape);
    }
    Ok(file)
}

fn unseal(text: &str, words: &str) -> Result<SoftSigner, ApproverFault> {
    let file = parse(text)?;
    let decoded = |text: &str| BASE64.decode(text.as_bytes()).map_err(|_| ApproverFault::Shape);
    let (salt, mut sealed) = (decoded(&file.salt)?, Zeroizing::new(decoded(&file.sealed)?));
    let aad = aead::Aad::from([CONTEXT, file.id.as_bytes()].concat());
    let nonce = aead::Nonce::assume_unique_for_key([0; 12]);
    let opened = cipher(words, &salt, file.rounds).open_in_place(nonce, aad, &mut sealed).map_err(|_| ApproverFault::Words)?;
    let seed: Zeroizing<[u8; 32]> = Zeroizing::new((&*opened).try_into().map_err(|_| ApproverFault::Shape)?);
    let signer = SoftSigner::from_seed(*seed);
    (signer.key_id() == file.id).then_some(signer).ok_or(ApproverFault::Shape)
}

fn cipher(words: &str, salt: &[u8], rounds: u32) -> aead::LessSafeKey {
    let mut key = Zeroizing::new([0; 32]);
    let rounds = NonZeroU32::new(rounds).unwrap_or(NonZeroU32::MIN);
    pbkdf2::derive(pbkdf2::PBKDF2_HMAC_SHA256, rounds, salt, words.as_bytes(), key.as_mut());
    aead::LessSafeKey::new(aead::UnboundKey::new(&aead::AES_256_GCM, key.as_ref()).expect("32 bytes are a key"))
}

/// What changes about the approvers of a keyring.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Roster {
    /// A person more, from the next version on.
    Add([u8; 32]),
    /// This key counts up to the present version and not from the next one on.
    End(KeyId),
}

/// Issues the next version of a keyring, in which nothing but an approver changes.
///
/// # Errors
/// [`KeyringFault`] when the authority gives no signature.
pub fn next_keyring(now: &Keyring, roster: Roster, authority: &dyn Signer) -> Result<Keyring, KeyringFault> {
    let mut body = now.body().clone();
    let version = body.version;
    (body.version, body.previous) = (version + 1, now.digest());
    match roster {
        Roster::Add(public) => {
            let at = body.keys.iter().position(|key| key.role > Role::Approver).unwrap_or(body.keys.len());
            body.keys.insert(at, KeyEntry::new(Role::Approver, 0, public, version + 1));
        }
        Roster::End(id) => {
            let is_it = |key: &&mut KeyEntry| key.role == Role::Approver && key.id == id && key.to == 0;
            body.keys.iter_mut().filter(is_it).for_each(|key| key.to = version);
        }
    }
    Keyring::issue(body, authority)
}

/// Loads the station's authority, which signs keyrings and nothing else.
///
/// # Errors
/// [`EngineFault`] when its file is missing or unfit.
pub fn authority(station: &Station) -> Result<SoftSigner, EngineFault> {
    load_signer(&station.keys_dir().join("authority.key"))
}

/// Tells whether two keyrings differ in their approvers alone.
pub fn differ_in_approvers_alone(before: &Keyring, after: &Keyring) -> bool {
    let others = |keyring: &Keyring| -> Vec<KeyEntry> {
        keyring.body().keys.iter().filter(|key| key.role != Role::Approver).cloned().collect()
    };
    let (one, two) = (before.body(), after.body());
    others(before) == others(after)
        && (&one.name, one.side, one.environment, one.threshold, &one.suites)
            == (&two.name, two.side, two.environment, two.threshold, &two.suites)
}

#[cfg(test)]
mod tests {
    use super::*;
    use dukou_packets::suite::SystemRandom;

    #[test]
    fn a_key_opens_with_its_words_alone_and_whatever_is_changed_does_not() {
        let text = seal("王审批", "correct horse", &[7; 32], 3, &SystemRandom);
        assert_eq!(unseal(&text, "correct horse").unwrap().key_id(), SoftSigner::from_seed([7; 32]).key_id());
        assert_eq!(unseal(&text, "correct Horse").err(), Some(ApproverFault::Words));
        let (id, other) = (SoftSigner::from_seed([7; 32]).key_id(), SoftSigner::from_seed([8; 32]).key_id());
        for altered in [
            text.replace(&id.to_string(), &other.to_string()),
            text.replace("\"rounds\":3", "\"rounds\":4"),
            text.replace("\"rounds\":3", "\"rounds\":0"),
            text.replace("\"rounds\":3", "\"rounds\":4000000000"),
            text.replace("approver/1", "approver/2"),
            text.trim_end().to_owned(),
            String::new(),
        ] {
            assert!(unseal(&altered, "correct horse").is_err(), "{altered}");
        }
        assert!(!text.contains(&data_encoding::BASE64.encode(&[7; 32])) && !text.contains("horse"));
    }

    #[test]
    fn a_name_is_a_files_name_and_nothing_that_leads_elsewhere() {
        for fit in ["王审批", "wang-2", "阿卜杜拉·买买提", "A_b"] {
            assert!(is_name(fit), "{fit}");
        }
        let long = "王".repeat(33);
        for unfit in ["", ".", "..", "a/b", "a b", "a.key", "\u{202e}a", "王\n", &long] {
            assert!(!is_name(unfit), "{unfit:?}");
        }
    }
}
