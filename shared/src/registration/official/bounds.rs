//! What a set of schemas may cost the station that compiles it.
//!
//! Given: the text of a set's files. Gives: nothing, or why the set is refused. Never: an expansion: what a definition comes to is counted by its
//! references, each definition once, so that groups which double at each step are refused before anything is copied.
//!
//! The compiler bounds depth and follows no cycle. It copies a model group at each reference and a base type's content at each extension, unrolls
//! small numbers of occurrence, compares the particles of a content model with one another, and makes a component anew for each namespace that
//! includes it: what these come to has no bound there, and is counted here. Names are compared without their namespaces, so a count is too high
//! where two namespaces have the same name, and never too low.

mod pattern;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::lang::Lang;
use crate::registration::finding::shown;
use crate::registration::xml::{Element, Visit, XmlEncoding, XmlFault, XmlLimits, decode, read, value_of};
use crate::say;

/// Most parts of a set, each counted as often as it is copied: particles, attributes, facets, members of unions.
const PARTS_MAX: u64 = 200_000;
/// Most comparisons of a content model's particles with one another, of the whole set.
const COMPARED_MAX: u64 = 20_000_000;
/// Most letters and classes of letters that a set's patterns come to, each counted as often as it repeats.
const PATTERN_MAX: u64 = 100_000;
/// Most definitions that refer to one another in a row.
const CHAIN_MAX: usize = 128;
/// Most keys, unique values and references to keys of one set: each looks at every element of a document.
const KEYS_MAX: u64 = 100;
/// The sets of one edition come to no more than so many of the largest.
const SETS_LARGEST: u64 = 4;
/// The compiler unrolls up to so many occurrences; more of them are counted instead.
const UNROLLED_MAX: u64 = 16;

/// Tells why a set may not be compiled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Excess {
    /// A file is no well-formed document, or has a document type.
    Xml(String, XmlFault),
    /// The set's parts, copied where they are referred to, are too many.
    Parts,
    /// The particles of its content models are too many to be compared.
    Compared,
    /// Its patterns are too long, as often as they repeat.
    Patterns,
    /// Its definitions refer to one another in too long a row.
    Chain,
    /// Its keys are too many.
    Keys,
}

impl Excess {
    /// Says what is too much, as part of a sentence.
    pub(super) fn sentence(&self, lang: Lang) -> String {
        match self {
            Self::Xml(file, fault) => {
                let why = fault.sentence(lang);
                say!(lang, "{file}：{why}", "{file}: {why}")
            }
            Self::Parts => say!(
                lang,
                "各组和类型展开后超过 {PARTS_MAX} 个部分",
                "its groups and types come to more than {PARTS_MAX} parts where they are referred to"
            ),
            Self::Compared => say!(lang, "内容模型过大", "its content models are too large"),
            Self::Patterns => say!(lang, "pattern 过长或重复次数过多", "its patterns are too long or repeat too often"),
            Self::Chain => say!(
                lang,
                "定义之间的引用超过 {CHAIN_MAX} 层",
                "its definitions refer to one another in a row of more than {CHAIN_MAX}"
            ),
            Self::Keys => say!(
                lang,
                "key、unique、keyref 超过 {KEYS_MAX} 个",
                "it has more than {KEYS_MAX} keys, unique values and references to keys"
            ),
        }
    }
}

/// What the sets of one edition come to together: a set more for each business code is compiled by itself.
#[derive(Debug, Default)]
pub(super) struct Cost {
    parts: u64,
    compared: u64,
}

impl Cost {
    /// Takes a set in, and refuses it where all come to more than so many of the largest.
    ///
    /// # Errors
    /// [`Excess::Parts`], [`Excess::Compared`].
    pub(super) fn add(&mut self, set: &Self) -> Result<(), Excess> {
        self.parts = self.parts.saturating_add(set.parts);
        self.compared = self.compared.saturating_add(set.compared);
        match (self.parts, self.compared) {
            (parts, _) if parts > PARTS_MAX * SETS_LARGEST => Err(Excess::Parts),
            (_, compared) if compared > COMPARED_MAX * SETS_LARGEST => Err(Excess::Compared),
            _ => Ok(()),
        }
    }
}

/// Counts what a set comes to, and refuses one that comes to too much.
///
/// # Errors
/// The first [`Excess`] found.
pub(super) fn check(files: &BTreeMap<String, String>) -> Result<Cost, Excess> {
    let limits = XmlLimits::default();
    let mut counted = Counted::default();
    for (name, text) in files {
        let wrong = |fault| Excess::Xml(shown(name), fault);
        let document = decode(text.as_bytes(), Some(XmlEncoding::Utf8), &limits).map_err(wrong)?;
        let mut counting = Counting { counted: &mut counted, open: Vec::new() };
        read(&document, &limits, &mut counting).map_err(wrong)?;
    }
    counted.judge()
}

/// What can be referred to by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Kind {
    Group,
    AttributeGroup,
    Type,
    /// An element that others may stand for (substitutionGroup).
    Head,
}

type Name = (Kind, String);

/// A definition: what stands in it, and what it refers to.
#[derive(Debug, Default)]
struct Definition {
    /// Particles of its content model, each as often as it is unrolled.
    particles: u64,
    /// Attributes, facets, members.
    others: u64,
    /// What it refers to, with how often that is copied.
    refers: Vec<(Name, u64)>,
}

/// What a definition comes to: particles and others.
type Size = (u64, u64);

/// What was counted in a set's files.
#[derive(Debug, Default)]
struct Counted {
    definitions: Vec<Definition>,
    named: HashMap<Name, Vec<usize>>,
    namespaces: BTreeSet<String>,
    patterns: BTreeSet<String>,
    keys: u64,
}

impl Counted {
    fn define(&mut self, name: Option<Name>) -> usize {
        let at = self.definitions.len();
        self.definitions.push(Definition::default());
        if let Some(name) = name {
            self.named.entry(name).or_default().push(at);
        }
        at
    }

    fn at(&mut self, at: usize) -> Option<&mut Definition> {
        self.definitions.get_mut(at)
    }

    fn judge(&self) -> Result<Cost, Excess> {
        if self.keys > KEYS_MAX {
            return Err(Excess::Keys);
        }
        let patterns = self.patterns.iter().fold(0_u64, |sum, pattern| sum.saturating_add(pattern::letters(pattern)));
        if patterns > PATTERN_MAX {
            return Err(Excess::Patterns);
        }
        // A file without a namespace is compiled once in each namespace that includes it.
        let namespaces = self.namespaces.len().max(1) as u64;
        let (mut parts, mut compared) = (0_u64, 0_u64);
        let mut sizes = vec![Known::No; self.definitions.len()];
        for at in 0..self.definitions.len() {
            let (particles, others) = self.size(at, &mut sizes, 0)?;
            parts = parts.saturating_add(particles).saturating_add(others);
            compared = compared.saturating_add(particles.saturating_mul(particles));
        }
        match (parts.saturating_mul(namespaces), compared.saturating_mul(namespaces)) {
            (parts, _) if parts > PARTS_MAX => Err(Excess::Parts),
            (_, compared) if compared > COMPARED_MAX => Err(Excess::Compared),
            (parts, compared) => Ok(Cost { parts, compared }),
        }
    }

    /// Gives what a definition comes to; one that comes back to itself, which the compiler refuses, adds nothing there.
    fn size(&self, at: usize, sizes: &mut [Known], chain: usize) -> Result<Size, Excess> {
        match sizes.get(at) {
            Some(Known::Yes(size)) => return Ok(*size),
            Some(Known::No) if chain < CHAIN_MAX => {}
            Some(Known::No) => return Err(Excess::Chain),
            Some(Known::UnderWay) | None => return Ok((0, 0)),
        }
        let Some(definition) = self.definitions.get(at) else { return Ok((0, 0)) };
        note(sizes, at, Known::UnderWay);
        let (mut particles, mut others) = (definition.particles, definition.others);
        for (name, times) in &definition.refers {
            for other in self.named.get(name).into_iter().flatten() {
                let size = self.size(*other, sizes, chain + 1)?;
                particles = particles.saturating_add(size.0.saturating_mul(*times));
                others = others.saturating_add(size.1.saturating_mul(*times));
            }
        }
        note(sizes, at, Known::Yes((particles, others)));
        Ok((particles, others))
    }
}

/// How far a definition's size is known.
#[derive(Debug, Clone, Copy)]
enum Known {
    No,
    UnderWay,
    Yes(Size),
}

fn note(sizes: &mut [Known], at: usize, known: Known) {
    if let Some(place) = sizes.get_mut(at) {
        *place = known;
    }
}

/// An element of a schema that is open.
#[derive(Debug, Clone, Copy)]
struct Open<'a> {
    name: &'a str,
    /// The definition that counts what stands in it.
    definition: usize,
    /// How often it is unrolled within its definition.
    times: u64,
    /// Whether it is an annotation, or in one: nothing there is of the schema.
    aside: bool,
}

/// Counts a file's elements as the reader shows them.
struct Counting<'a, 'c> {
    counted: &'c mut Counted,
    open: Vec<Open<'a>>,
}

impl<'a> Counting<'a, '_> {
    fn particle(&mut self, at: usize, times: u64) {
        if let Some(definition) = self.counted.at(at) {
            definition.particles = definition.particles.saturating_add(times);
        }
    }

    fn other(&mut self, at: usize) {
        if let Some(definition) = self.counted.at(at) {
            definition.others = definition.others.saturating_add(1);
        }
    }

    fn refer(&mut self, at: usize, kind: Kind, names: Option<String>, times: u64) {
        let Some(definition) = self.counted.at(at) else { return };
        let names = names.unwrap_or_default();
        definition.refers.extend(names.split_whitespace().map(|name| ((kind, local(name).to_string()), times)));
    }

    /// Takes a definition that has a name, or what refers to one: gives the definition that counts what stands in it.
    fn named(&mut self, element: &Element<'_, 'a>, kind: Kind, within: usize, times: u64) -> usize {
        match attribute(element, "name") {
            Some(name) => self.counted.define(Some((kind, name))),
            None => {
                self.refer(within, kind, attribute(element, "ref"), times);
                within
            }
        }
    }

    fn of_type(&mut self, element: &Element<'_, 'a>, parent: &str, within: usize) -> usize {
        match (attribute(element, "name"), parent) {
            (Some(name), _) => self.counted.define(Some((Kind::Type, name))),
            (None, "element" | "attribute" | "alternative") => self.counted.define(None),
            (None, _) => within,
        }
    }

    fn element(&mut self, element: &Element<'_, 'a>, within: usize, times: u64) {
        self.particle(within, times);
        self.refer(within, Kind::Head, attribute(element, "ref"), times);
        if let (Some(head), Some(name)) = (attribute(element, "substitutionGroup"), attribute(element, "name")) {
            let member = self.counted.define(Some((Kind::Head, local(&head).to_string())));
            self.particle(member, 1);
            self.refer(member, Kind::Head, Some(name), 1);
        }
    }

    /// Counts an element of a schema and gives the definition and the number of times for what stands in it.
    fn take(&mut self, element: &Element<'_, 'a>, parent: Open<'a>) -> (usize, u64) {
        let within = parent.definition;
        let times = parent.times.saturating_mul(occurrences(element));
        match local(element.name) {
            "schema" => {
                self.counted.namespaces.extend(attribute(element, "targetNamespace"));
                (self.counted.define(None), 1)
            }
            "group" => match self.named(element, Kind::Group, within, times) {
                same if same == within => (within, times),
                own => (own, 1),
            },
            "attributeGroup" => (self.named(element, Kind::AttributeGroup, within, 1), 1),
            "complexType" | "simpleType" => (self.of_type(element, local(parent.name), within), 1),
            "element" => {
                self.element(element, within, times);
                (within, times)
            }
            "sequence" | "choice" | "all" | "any" => {
                self.particle(within, times);
                (within, times)
            }
            "extension" | "restriction" => {
                self.other(within);
                self.refer(within, Kind::Type, attribute(element, "base"), 1);
                (within, 1)
            }
            "union" => {
                self.other(within);
                self.refer(within, Kind::Type, attribute(element, "memberTypes"), 1);
                (within, 1)
            }
            "list" => {
                self.other(within);
                self.refer(within, Kind::Type, attribute(element, "itemType"), 1);
                (within, 1)
            }
            "key" | "unique" | "keyref" => {
                self.counted.keys += 1;
                (within, parent.times)
            }
            "pattern" => {
                self.counted.patterns.extend(attribute(element, "value"));
                self.other(within);
                (within, parent.times)
            }
            _ => {
                self.other(within);
                (within, parent.times)
            }
        }
    }
}

impl<'a> Visit<'a> for Counting<'a, '_> {
    fn open(&mut self, element: &Element<'_, 'a>) {
        let outside = Open { name: "", definition: usize::MAX, times: 1, aside: false };
        let parent = self.open.last().copied().unwrap_or(outside);
        let aside = parent.aside || local(element.name) == "annotation";
        let (definition, times) = if aside { (parent.definition, parent.times) } else { self.take(element, parent) };
        self.open.push(Open { name: element.name, definition, times, aside });
    }

    fn close(&mut self) {
        self.open.pop();
    }
}

/// Gives a name without its prefix.
fn local(name: &str) -> &str {
    name.rsplit(':').next().unwrap_or(name)
}

fn attribute(element: &Element<'_, '_>, name: &str) -> Option<String> {
    element.attributes().find(|(own, _)| *own == name).map(|(_, written)| value_of(written).into_owned())
}

/// Gives how often a particle is copied for its occurrences: each time up to those that are unrolled, and twice at least where it repeats.
fn occurrences(element: &Element<'_, '_>) -> u64 {
    let said = |name| attribute(element, name).map(|text| text.trim().to_string());
    let number = |text: String| text.parse::<u64>().unwrap_or(UNROLLED_MAX).min(UNROLLED_MAX);
    let least = said("minOccurs").map_or(1, number);
    match said("maxOccurs") {
        None => 1,
        Some(most) if most == "unbounded" => (least + 1).max(2),
        Some(most) => number(most).max(1),
    }
}
