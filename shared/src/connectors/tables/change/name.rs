//! The name of a column, which all rows of a table share.
//!
//! Given: a text. Gives: a name that costs a count and no copy for each further row. Never: a name that changes.

use super::NAME_MAX;
use serde::de::{DeserializeSeed, Deserializer, Error, Visitor};
use std::borrow::Borrow;
use std::collections::HashMap;
use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

/// The name of a column.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name(Arc<str>);

impl Name {
    /// Gives the name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Tells whether both are one and the same name in memory, so that the texts need not be compared.
    pub fn is_shared_with(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Deref for Name {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl Borrow<str> for Name {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl AsRef<str> for Name {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl From<&str> for Name {
    fn from(name: &str) -> Self {
        Self(name.into())
    }
}

impl From<String> for Name {
    fn from(name: String) -> Self {
        Self(name.into())
    }
}

impl From<&String> for Name {
    fn from(name: &String) -> Self {
        Self(name.as_str().into())
    }
}

impl From<Name> for String {
    fn from(name: Name) -> Self {
        name.as_str().to_owned()
    }
}

impl From<&Name> for String {
    fn from(name: &Name) -> Self {
        name.as_str().to_owned()
    }
}

impl PartialEq<str> for Name {
    fn eq(&self, other: &str) -> bool {
        self.as_str() == other
    }
}

impl PartialEq<&str> for Name {
    fn eq(&self, other: &&str) -> bool {
        self.as_str() == *other
    }
}

impl PartialEq<String> for Name {
    fn eq(&self, other: &String) -> bool {
        self.as_str() == other
    }
}

impl PartialEq<Name> for str {
    fn eq(&self, other: &Name) -> bool {
        self == other.as_str()
    }
}

impl PartialEq<Name> for String {
    fn eq(&self, other: &Name) -> bool {
        self == other.as_str()
    }
}

impl PartialEq<Name> for &str {
    fn eq(&self, other: &Name) -> bool {
        *self == other.as_str()
    }
}

impl fmt::Display for Name {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.pad(&self.0)
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), out)
    }
}

/// How many names are remembered at most.
const NAMES_MAX: usize = 1 << 14;

/// Tells whether a text can be the name of a column or a table.
pub(in super::super) fn name_is_right(name: &str) -> bool {
    !name.is_empty() && name.len() <= NAME_MAX && !name.contains('\0')
}

/// The names of the rows that were read so far. They mostly stand in the same order in each.
#[derive(Debug, Default)]
pub(crate) struct KnownNames {
    known: Vec<Known>,
    places: HashMap<Name, usize>,
    /// Where the next name probably is.
    next: usize,
    /// Counts the objects that were read.
    object: u64,
}

#[derive(Debug)]
struct Known {
    name: Name,
    is_right: bool,
    /// The object in which it stood last.
    object: u64,
}

/// A name that was met.
pub(crate) struct Met {
    pub(crate) name: Name,
    /// It stood in the same object before.
    pub(crate) is_again: bool,
    /// It can be a column's.
    pub(crate) is_right: bool,
}

impl KnownNames {
    /// Begins an object.
    pub(crate) fn begin(&mut self) {
        if self.known.len() > NAMES_MAX {
            *self = Self { object: self.object, ..Self::default() };
        }
        self.object += 1;
    }

    /// Gives how many are known.
    pub(crate) fn len(&self) -> usize {
        self.known.len()
    }

    fn meet(&mut self, text: &str) -> Met {
        let is_next = self.known.get(self.next).is_some_and(|known| known.name == *text);
        let known = if is_next { Some(self.next) } else { self.places.get(text).copied() };
        let place = known.unwrap_or_else(|| self.add(text));
        self.next = place + 1;
        let object = self.object;
        match self.known.get_mut(place) {
            Some(known) => {
                let is_again = std::mem::replace(&mut known.object, object) == object;
                Met { name: known.name.clone(), is_again, is_right: known.is_right }
            }
            None => Met { name: text.into(), is_again: false, is_right: name_is_right(text) },
        }
    }

    fn add(&mut self, text: &str) -> usize {
        let (place, name) = (self.known.len(), Name::from(text));
        self.places.insert(name.clone(), place);
        self.known.push(Known { name, is_right: name_is_right(text), object: 0 });
        place
    }
}

impl<'de> DeserializeSeed<'de> for &mut KnownNames {
    type Value = Met;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Met, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for &mut KnownNames {
    type Value = Met;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("the name of a column")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Met, E> {
        Ok(self.meet(text))
    }
}
