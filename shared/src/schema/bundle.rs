//! A bundle of reference data (基准资料包) as it stands in a document: a list of files with their digests, and the files themselves, packed.
//!
//! Given: files by name, or the operation `reference` of a document. Gives: the operation's text, or the files, each held against its line of the list. Never: a name
//! that is not one of those a bundle may have; more bytes unpacked than the list says; a file given whose digest is another.

use crate::lang::Lang;
use crate::say;
use data_encoding::BASE64;
use dukou_packets::suite::{Digest, sha256};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::io::Read;

/// Most files of a bundle.
pub const FILES_MAX: usize = 200;

/// Most bytes of all its files together: 8 MiB.
pub const BYTES_MAX: u64 = 8 << 20;

/// Longest name of a schema's file, in bytes.
const LEAF_MAX: usize = 100;

/// Base 2 of the largest window that unpacking takes memory for: no window is larger than [`BYTES_MAX`].
const WINDOW_LOG_MAX: u32 = 23;

/// Characters of a line of the packed files.
const LINE: usize = 120;

/// Names that a bundle may have, beside `xsd/old/*.xsd` and `xsd/new/*.xsd`.
pub const NAMES: [&str; 6] =
    ["counties.toml", "dictionaries.json", "new/rectypes.json", "new/tables.json", "old/rectypes.json", "old/tables.json"];

/// The files of a bundle by name.
pub type Files = BTreeMap<String, Vec<u8>>;

/// A bundle as a document has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bundle {
    /// Its number: one more than that of the bundle before, 1 for the first.
    pub number: u32,
    /// Its files, by rising names.
    pub files: Vec<BundleFile>,
    /// The files one after another, compressed, in base64 and in lines.
    pub packed: String,
}

/// A file of a bundle.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BundleFile {
    /// Its name.
    pub name: String,
    /// Its length in bytes.
    pub bytes: u64,
    /// Its SHA-256.
    pub sha256: Digest,
}

/// Why a bundle cannot be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BundleFault {
    /// It has no file, or too many.
    #[error("a bundle has a number from 1 on, and 1 to 200 files")]
    Count,
    /// A document with more than one bundle.
    #[error("a document brings one bundle at most")]
    Several,
    /// A name that no bundle has.
    #[error("{0:?} is no file of a bundle")]
    Name(String),
    /// Names that do not rise: one stands twice, or out of its order.
    #[error("{0} stands twice, or out of its order")]
    Order(String),
    /// The files are too long.
    #[error("the files of a bundle are 8 MiB together at most")]
    TooLong,
    /// What is packed is not what the list says.
    #[error("what is packed is not the files that are listed")]
    Packed,
    /// A file is not the one that is listed.
    #[error("{0} does not give the digest that is listed")]
    Altered(String),
    /// A file cannot be used.
    #[error("{file}: {}", .problem[1])]
    Content {
        /// Its name.
        file: String,
        /// What is wrong, in Chinese and in English.
        problem: [String; 2],
    },
}

impl BundleFault {
    /// Names a file that cannot be used, with what a reader of JSON or TOML says, which speaks one language.
    pub fn content(file: &str, problem: String) -> Self {
        Self::Content { file: file.to_owned(), problem: [problem.clone(), problem] }
    }

    /// Says it, without a full stop.
    pub fn words(&self, lang: Lang) -> String {
        match self {
            Self::Count => say!(lang, "基准资料包编号从 1 起，应有 1–{FILES_MAX} 个文件", "{self}"),
            Self::Several => say!(lang, "一份文件最多带一个基准资料包", "{self}"),
            Self::Name(name) => {
                let names = NAMES.join(" ");
                say!(
                    lang,
                    "{name:?} 不是基准资料包的文件；可以有 {names} xsd/old/*.xsd xsd/new/*.xsd",
                    "{self}; there may be {names} xsd/old/*.xsd xsd/new/*.xsd"
                )
            }
            Self::Order(name) => say!(lang, "{name} 出现了两次，或次序不对", "{self}"),
            Self::TooLong => say!(lang, "基准资料包的文件合计最多 8 MiB", "{self}"),
            Self::Packed => say!(lang, "打包的内容与文件清单不符", "{self}"),
            Self::Altered(name) => say!(lang, "{name} 与清单里的摘要不符", "{self}"),
            Self::Content { file, problem: [zh, en] } => say!(lang, "{file} 不可用：{zh}", "{file} cannot be used: {en}"),
        }
    }
}

/// Tells whether a bundle may have a file of this name.
fn is_name(name: &str) -> bool {
    let is_leaf = |leaf: &str| {
        leaf.len() <= LEAF_MAX
            && leaf.len() > ".xsd".len()
            && leaf.ends_with(".xsd")
            && !leaf.starts_with('.')
            && leaf.chars().all(|letter| letter.is_alphanumeric() || matches!(letter, '_' | '-' | '.'))
    };
    let leaf = name.strip_prefix("xsd/old/").or_else(|| name.strip_prefix("xsd/new/"));
    NAMES.contains(&name) || leaf.is_some_and(is_leaf)
}

impl Bundle {
    /// Packs files under a number.
    ///
    /// # Errors
    /// [`BundleFault`].
    pub fn pack(number: u32, files: &Files) -> Result<Self, BundleFault> {
        let file = |(name, bytes): (&String, &Vec<u8>)| BundleFile {
            name: name.clone(),
            bytes: bytes.len() as u64,
            sha256: sha256(&[bytes.as_slice()]),
        };
        let mut bundle = Self { number, files: files.iter().map(file).collect(), packed: String::new() };
        bundle.check()?;
        let whole: Vec<u8> = files.values().flatten().copied().collect();
        let packed = zstd::bulk::compress(&whole, 19).map_err(|_| BundleFault::Packed)?;
        for line in BASE64.encode(&packed).as_bytes().chunks(LINE) {
            bundle.packed += &String::from_utf8_lossy(line);
            bundle.packed.push('\n');
        }
        Ok(bundle)
    }

    /// Checks its list.
    ///
    /// # Errors
    /// [`BundleFault`] for the first thing that is wrong.
    pub fn check(&self) -> Result<(), BundleFault> {
        if self.number == 0 || !(1..=FILES_MAX).contains(&self.files.len()) {
            return Err(BundleFault::Count);
        }
        let mut before = "";
        for file in &self.files {
            if !is_name(&file.name) {
                return Err(BundleFault::Name(file.name.chars().take(LEAF_MAX).collect()));
            }
            if file.name.as_str() <= before {
                return Err(BundleFault::Order(file.name.clone()));
            }
            before = &file.name;
        }
        match self.files.iter().try_fold(0_u64, |sum, file| sum.checked_add(file.bytes)) {
            Some(sum) if sum <= BYTES_MAX => Ok(()),
            _ => Err(BundleFault::TooLong),
        }
    }

    /// Gives its files, each as it is listed.
    ///
    /// # Errors
    /// [`BundleFault`].
    pub fn open(&self) -> Result<Files, BundleFault> {
        self.check()?;
        let lines: String = self.packed.split('\n').collect();
        let packed = BASE64.decode(lines.as_bytes()).map_err(|_| BundleFault::Packed)?;
        let listed: u64 = self.files.iter().map(|file| file.bytes).sum();
        let whole = unpack(&packed, listed).ok_or(BundleFault::Packed)?;
        let (mut rest, mut files) = (whole.as_slice(), Files::new());
        for file in &self.files {
            let (own, behind) =
                usize::try_from(file.bytes).ok().and_then(|at| rest.split_at_checked(at)).ok_or(BundleFault::Packed)?;
            if sha256(&[own]) != file.sha256 {
                return Err(BundleFault::Altered(file.name.clone()));
            }
            files.insert(file.name.clone(), own.to_vec());
            rest = behind;
        }
        Ok(files)
    }

    /// Writes the operation as it stands in a document.
    pub fn text(&self) -> String {
        let mut text = format!("[[change]]\nop = \"reference\"\nnumber = {}\nfiles = [\n", self.number);
        for BundleFile { name, bytes, sha256 } in &self.files {
            text += &format!("  {{ name = \"{name}\", bytes = {bytes}, sha256 = \"{sha256}\" }},\n");
        }
        text + &format!("]\npacked = \"\"\"\n{}\"\"\"\n", self.packed)
    }
}

/// Unpacks one frame of exactly this length.
fn unpack(packed: &[u8], length: u64) -> Option<Vec<u8>> {
    let mut decoder = zstd::stream::read::Decoder::with_buffer(packed).ok()?.single_frame();
    decoder.window_log_max(WINDOW_LOG_MAX).ok()?;
    let mut whole = Vec::new();
    decoder.by_ref().take(length + 1).read_to_end(&mut whole).ok()?;
    (whole.len() as u64 == length && decoder.finish().is_empty()).then_some(whole)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::Document;
    use crate::schema::document::Operation;

    fn files(names: &[&str]) -> Files {
        names.iter().map(|name| ((*name).to_owned(), format!("{name}\n").into_bytes())).collect()
    }

    fn packed() -> Bundle {
        Bundle::pack(1, &files(&["counties.toml", "xsd/new/报文.xsd"])).unwrap()
    }

    #[test]
    fn a_bundle_comes_out_of_its_document_as_it_went_in() {
        let bundle = packed();
        let head = "format = 1\nstructure = \"reference\"\nfrom = 1\nto = 2\ntitle = \"t\"\nbasis = \"b\"\nfirst_day = \"2026-12-01\"\n\n";
        let document = Document::read((head.to_owned() + &bundle.text()).as_bytes()).unwrap();
        assert_eq!(document.changes[0].operation, Operation::Reference(bundle.clone()));
        assert_eq!(bundle.open().unwrap(), files(&["counties.toml", "xsd/new/报文.xsd"]));
    }

    #[test]
    fn no_name_leads_elsewhere() {
        let long = format!("xsd/new/{}.xsd", "a".repeat(100));
        for name in [
            "",
            ".",
            "..",
            "/etc/passwd",
            "xsd/new/../a.xsd",
            "xsd/new/a/b.xsd",
            "xsd/new/.xsd",
            "xsd/new/.a.xsd",
            "xsd/a.xsd",
            "xsd/new/a\\b.xsd",
            "xsd/new/a\u{0}.xsd",
            "xsd/new/a.exe",
            "XSD/new/a.xsd",
            "rules.toml",
            "xsd/new/a b.xsd",
            long.as_str(),
        ] {
            assert_eq!(
                Bundle::pack(1, &files(&[name])).unwrap_err(),
                BundleFault::Name(name.chars().take(100).collect()),
                "{name:?}"
            );
        }
    }

    #[test]
    fn a_list_that_lies_about_its_files_is_refused() {
        let honest = packed();
        let mut twice = honest.clone();
        twice.files[1] = twice.files[0].clone();
        assert_eq!(twice.open(), Err(BundleFault::Order("counties.toml".into())));
        let mut altered = honest.clone();
        altered.files[1].sha256 = altered.files[0].sha256;
        assert_eq!(altered.open(), Err(BundleFault::Altered("xsd/new/报文.xsd".into())));
        for bytes in [0, 1, 15, 1000] {
            let mut other = honest.clone();
            other.files[1].bytes = bytes;
            assert_eq!(other.open(), Err(BundleFault::Packed), "{bytes}");
        }
        let mut endless = honest.clone();
        (endless.files[0].bytes, endless.files[1].bytes) = (u64::MAX, 2);
        assert_eq!(endless.open(), Err(BundleFault::TooLong));
        let mut trailing = BASE64.decode(honest.packed.replace('\n', "").as_bytes()).unwrap();
        trailing.push(0);
        assert_eq!(Bundle { packed: BASE64.encode(&trailing), ..honest.clone() }.open(), Err(BundleFault::Packed));
        assert_eq!(Bundle { packed: "not base64".into(), ..honest.clone() }.open(), Err(BundleFault::Packed));
        assert_eq!(Bundle { number: 0, ..honest.clone() }.check(), Err(BundleFault::Count));
        assert_eq!(Bundle { files: Vec::new(), ..honest }.check(), Err(BundleFault::Count));
        let many: Vec<String> = (0..=FILES_MAX).map(|number| format!("xsd/new/{number}.xsd")).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        assert_eq!(Bundle::pack(1, &files(&many)).unwrap_err(), BundleFault::Count);
    }

    #[test]
    fn what_unpacks_to_more_than_is_listed_is_not_unpacked() {
        let honest = packed();
        let bomb = zstd::bulk::compress(&vec![0_u8; 64 << 20], 19).unwrap();
        assert_eq!(Bundle { packed: BASE64.encode(&bomb), ..honest }.open(), Err(BundleFault::Packed));
        let large = [("counties.toml".to_owned(), vec![0_u8; (8 << 20) + 1])].into();
        assert_eq!(Bundle::pack(1, &large).unwrap_err(), BundleFault::TooLong);
    }
}
