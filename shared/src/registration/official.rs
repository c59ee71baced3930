//! Official XML schemas (XSD) as reference data: where a set is installed for an edition, what breaks it is an error, in the clerk's words.
//!
//! Given: the text of a set's files, and documents that the strict reader took. Gives: findings of level error, one a `cvc-` rule and place.
//! Never: a file but those given, the network, a document type, a set that comes to more than [`bounds`] allows; a person's value shown unmasked,
//! or the validator's own words.
//!
//! The rules are told by the crate `xsd-schema` behind [`Official`] alone (XSD 1.0, without its XPath engine). It was chosen for its results with
//! the W3C's suite; it is young and of one author, so its verdicts are held against those of libxml2 in the tests. Known to differ: blanks around a
//! whole number in an attribute, which the recommendation takes away before the value is judged and libxml2 does not.

mod bounds;
mod words;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use xsd_schema::validation::{
    SchemaValidator, ValidationError, ValidationFlags, ValidationSink, ValidationSubject, ValidationWarning, drive_quick_xml,
};
use xsd_schema::{SchemaError, SchemaLoader, SchemaResult, SchemaSet, SchemaSetBuilder};

use super::edition::Edition;
use super::finding::{FINDINGS_MAX, Finding, shown};
use super::xml::{XmlLimits, decode};
use crate::error::ConfigFault;
use crate::given::read_file;
use crate::lang::Lang;
use crate::schema::bundle::BundleFault;

/// Most files of one set.
const FILES_MAX: usize = 200;
/// Longest of them, in bytes.
const FILE_MAX: u64 = 4 << 20;
/// Most bytes of all of them.
const SET_MAX: u64 = 32 << 20;
/// Where the files of a set are said to lie while it is read: no real path.
const PLACE: &str = "/xsd/";

/// What breaks a rule of a set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// The rule of XML Schema, as its recommendation names it: `cvc-enumeration-valid`.
    pub rule: &'static str,
    /// The element it is in.
    pub element: Option<String>,
    /// The attribute, where it is one's.
    pub attribute: Option<String>,
}

/// Judges documents by a set of schemas.
pub trait Official: fmt::Debug + Send {
    /// Gives what breaks the set's rules, at most [`FINDINGS_MAX`], in the document's order. `text` is a well-formed document without its declaration.
    fn violations(&self, text: &str) -> Vec<Violation>;
}

/// The sets that are installed, by edition.
#[derive(Debug, Default)]
pub struct Installed {
    old: Sets,
    new: Sets,
}

/// The sets of one edition: a file for each business code, which messages of that code alone are judged by, or one set for all documents.
///
/// Two exchange programs of vendors look for `7000101.xsd` beside one another for each code, and no official set is public; both forms are taken.
#[derive(Debug, Default)]
struct Sets {
    whole: Option<Box<dyn Official>>,
    by_code: BTreeMap<String, Box<dyn Official>>,
}

impl Installed {
    /// Reads the sets in the folders `old` and `new` below `dir`; a folder that is not there is no set.
    ///
    /// # Errors
    /// [`ConfigFault::Schemas`] for the first file that cannot be read or is no schema, for a set that includes what is not in its folder, and
    /// for one that comes to more than a station can compile.
    pub fn load(dir: &Path) -> Result<Self, ConfigFault> {
        let of = |edition: &str| {
            let dir = dir.join(edition);
            if !dir.is_dir() {
                return Ok(Sets::default());
            }
            let fault = |file: Option<String>, problem| {
                let path = file.map_or_else(|| dir.clone(), |name| dir.join(name));
                ConfigFault::Schemas { file: path.display().to_string(), problem }
            };
            let files = texts_in(&dir)?;
            if files.is_empty() {
                return Err(fault(None, ["没有 .xsd 文件", "no .xsd file"].map(str::to_string)));
            }
            Sets::of(files).map_err(|(file, problem)| fault(file, problem))
        };
        Ok(Self { old: of("old")?, new: of("new")? })
    }

    /// Reads the sets of a bundle, by the names of their files; an empty one is none.
    ///
    /// # Errors
    /// [`BundleFault::Content`] for what [`Installed::load`] refuses.
    pub(super) fn of(old: BTreeMap<String, &[u8]>, new: BTreeMap<String, &[u8]>) -> Result<Self, BundleFault> {
        let of = |prefix: &str, files: BTreeMap<String, &[u8]>| {
            let fault = |file: &str, problem| BundleFault::Content { file: format!("{prefix}{file}"), problem };
            let mut texts = BTreeMap::new();
            for (name, bytes) in files {
                let text = text_of(bytes).map_err(|problem| fault(&name, problem))?;
                texts.insert(name, text);
            }
            // What keeps a whole set from being compiled is told of its first file.
            let first = texts.keys().next().cloned().unwrap_or_default();
            Sets::of(texts).map_err(|(file, problem)| fault(&file.unwrap_or(first), problem))
        };
        Ok(Self { old: of("xsd/old/", old)?, new: of("xsd/new/", new)? })
    }

    /// Tells whether there is none.
    pub fn is_empty(&self) -> bool {
        [&self.old, &self.new].into_iter().all(|sets| sets.whole.is_none() && sets.by_code.is_empty())
    }

    /// Gives the findings for a document of an edition, with the business code that it says.
    pub(super) fn findings(&self, edition: Edition, code: Option<&str>, text: &str) -> Vec<Finding> {
        let sets = match edition {
            Edition::Old => &self.old,
            Edition::New => &self.new,
        };
        let of_code = code.and_then(|code| sets.by_code.get(code));
        of_code.or(sets.whole.as_ref()).map_or_else(Vec::new, |set| set.violations(text).iter().map(finding).collect())
    }
}

impl Sets {
    /// Compiles the sets of an edition out of its files' text, by their names; gives the file, where it is one's, and what is wrong in both languages.
    fn of(files: BTreeMap<String, String>) -> Result<Self, (Option<String>, [String; 2])> {
        let mut sets = Self::default();
        let codes: Vec<String> = files.keys().filter(|name| code_of(name).is_some()).cloned().collect();
        if codes.is_empty() && !files.is_empty() {
            sets.whole = Some(Box::new(XsdSet::of(files).map_err(|problem| (None, problem))?));
            return Ok(sets);
        }
        let mut cost = bounds::Cost::default();
        for name in codes {
            let own = needed_by(&name, &files);
            let wrong = |problem| (Some(name.clone()), problem);
            let of_set = bounds::check(&own).and_then(|of_set| cost.add(&of_set));
            of_set.map_err(|excess| wrong(clauses(|lang| excess.sentence(lang))))?;
            let set = XsdSet::compiled(own, &[name.as_str()]).map_err(wrong)?;
            sets.by_code.extend(code_of(&name).map(|code| (code.to_owned(), Box::new(set) as Box<dyn Official>)));
        }
        Ok(sets)
    }
}

/// Gives the business code that a file is called by: `7000101.xsd`.
fn code_of(name: &str) -> Option<&str> {
    let (code, end) = name.rsplit_once('.')?;
    let is_code = code.len() == 7 && code.bytes().all(|digit| digit.is_ascii_digit());
    (is_code && end.eq_ignore_ascii_case("xsd")).then_some(code)
}

/// Gives a file with those that it may include: all that are of no code, and those of other codes that any of them names.
fn needed_by(name: &str, files: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    let mut needed: BTreeMap<String, String> = files.clone();
    needed.retain(|other, _| other == name || code_of(other).is_none());
    loop {
        let is_named = |other: &&String| needed.values().any(|text| text.contains(other.as_str()));
        let Some(next) = files.keys().filter(|other| !needed.contains_key(*other)).find(is_named).cloned() else {
            return needed;
        };
        let text = files.get(&next).cloned().unwrap_or_default();
        needed.insert(next, text);
    }
}

/// Gives the text of a file without its declaration.
fn text_of(bytes: &[u8]) -> Result<String, [String; 2]> {
    match decode(bytes, None, &XmlLimits::default()) {
        Ok(document) => Ok(document.undeclared().to_string()),
        Err(fault) => Err(clauses(|lang| fault.sentence(lang))),
    }
}

/// Gives the text of the schemas in a folder, by their names.
fn texts_in(dir: &Path) -> Result<BTreeMap<String, String>, ConfigFault> {
    let of = |path: &Path, problem| ConfigFault::Schemas { file: path.display().to_string(), problem };
    let unread = |path: &Path, error: std::io::Error| ConfigFault::unreadable(path, &error);
    let mut files = BTreeMap::new();
    let mut bytes_left = SET_MAX;
    for entry in std::fs::read_dir(dir).map_err(|error| unread(dir, error))? {
        let path = entry.map_err(|error| unread(dir, error))?.path();
        let is_schema = path.extension().is_some_and(|end| end.eq_ignore_ascii_case("xsd"));
        let Some(name) = path.file_name().and_then(|name| name.to_str()).filter(|_| is_schema) else { continue };
        if files.len() >= FILES_MAX {
            return Err(of(dir, [format!("文件超过 {FILES_MAX} 个"), format!("more than {FILES_MAX} files")]));
        }
        let bytes = read_file(&path, FILE_MAX.min(bytes_left)).map_err(|error| unread(&path, error))?;
        bytes_left -= bytes.len() as u64;
        files.insert(name.to_string(), text_of(&bytes).map_err(|problem| of(&path, problem))?);
    }
    Ok(files)
}

fn finding(violation: &Violation) -> Finding {
    let Violation { rule, element, attribute } = violation;
    let kind = words::kind(rule);
    let finding = Finding::error(kind.code(), |lang| kind.sentence(rule, lang));
    let finding = match element {
        Some(element) => finding.in_table(element),
        None => finding,
    };
    match attribute {
        Some(attribute) => finding.at(attribute),
        None => finding,
    }
}

/// A compiled set.
struct XsdSet {
    schemas: SchemaSet,
}

impl fmt::Debug for XsdSet {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("XsdSet")
    }
}

impl XsdSet {
    /// Compiles a set from its files' text, by their names; gives what is wrong with it in both languages.
    fn of(files: BTreeMap<String, String>) -> Result<Self, [String; 2]> {
        bounds::check(&files).map_err(|excess| clauses(|lang| excess.sentence(lang)))?;
        let names: Vec<String> = files.keys().cloned().collect();
        Self::compiled(files, &names)
    }

    /// Compiles a set that begins with the files of these names, and was found to be small enough.
    fn compiled(files: BTreeMap<String, String>, begin: &[impl AsRef<str>]) -> Result<Self, [String; 2]> {
        let mut builder = SchemaSetBuilder::with_loader(Box::new(InFolder(files)));
        for name in begin.iter().map(AsRef::as_ref) {
            builder.try_add(&format!("{PLACE}{name}")).map_err(its_words)?;
        }
        let compiled = builder.compile().map_err(its_words)?;
        if let Some(missing) = compiled.directive_failures().first() {
            let missing = shown(missing.schema_location().unwrap_or("?"));
            return Err([format!("文件夹里没有 {missing}"), format!("{missing} is not in the folder")]);
        }
        Ok(Self { schemas: compiled.into_schema_set() })
    }
}

/// Gives a sentence in both languages as a part of another one.
fn clauses(sentence: impl Fn(Lang) -> String) -> [String; 2] {
    [Lang::Zh, Lang::En].map(|lang| sentence(lang).trim_end_matches(['。', '.']).to_string())
}

/// Gives the compiler's own words, cut and without what a terminal would obey.
fn its_words(error: SchemaError) -> [String; 2] {
    let words = shown(&error.to_string());
    [words.clone(), words]
}

impl Official for XsdSet {
    fn violations(&self, text: &str) -> Vec<Violation> {
        let mut told = Vec::new();
        let flags = ValidationFlags::default() & !ValidationFlags::BUILD_PSVI_TYPED_VALUES & !ValidationFlags::REPORT_WARNINGS;
        let validator = SchemaValidator::new(&self.schemas, flags);
        let mut run = validator.start_run(Telling(&mut told));
        let driven = drive_quick_xml(text.as_bytes(), &mut run, &self.schemas);
        drop(run);
        if driven.is_err() && told.is_empty() {
            // The strict reader took it, so this is a limit of the validator's: said, and never passed over.
            told.push(Violation { rule: "unread", element: None, attribute: None });
        }
        told
    }
}

/// Takes violations down, as far as they are told.
struct Telling<'t>(&'t mut Vec<Violation>);

impl ValidationSink for Telling<'_> {
    fn on_error(&mut self, error: ValidationError) {
        if self.0.len() >= FINDINGS_MAX {
            return;
        }
        let element = error.element_path().and_then(|path| path.rsplit('/').next()).map(str::to_string);
        let attribute = match error.subject() {
            Some(ValidationSubject::Attribute(name)) => Some(name.local_name().to_string()),
            _ => None,
        };
        self.0.push(Violation { rule: error.constraint, element, attribute });
    }

    fn on_warning(&mut self, _: ValidationWarning) {}
}

/// Gives the files of one folder, and nothing else.
#[derive(Debug)]
struct InFolder(BTreeMap<String, String>);

impl SchemaLoader for InFolder {
    fn load(&self, location: &str) -> SchemaResult<String> {
        let found = location.strip_prefix(PLACE).and_then(|name| self.0.get(name)).cloned();
        found.ok_or_else(|| SchemaError::resolution(format!("{location} is not in the folder")))
    }

    fn can_load(&self, _: &str) -> bool {
        true
    }
}
