//! Versions of a structure: the first from its description, each later one by a document of the book, and at which each end of a channel is.
//!
//! Given: a description, the book's changes, a digest. Gives: the structure of that digest; whether a channel's end stands at it. Never: a version believed by
//! its number.

use super::bundle::Bundle;
use super::document::Document;
use super::here::concerns;
use super::structure::{DescriptionFault, Structure};
use crate::channel::Channel;
use crate::store::book::BookChange;
use crate::store::facts::Fact;
use dukou_packets::packet::header::ChannelName;
use dukou_packets::suite::Digest;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// At which version the channels' ends of this station are; one that is not here is at the first version of its structure.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Believed {
    /// Digests of structures, as text, by channel.
    pub ends: BTreeMap<String, String>,
}

impl Fact for Believed {
    const NAME: &str = "structure-versions";
}

impl Believed {
    /// Gives the digest of the version that a channel's end is at; `None` for the first.
    pub fn of(&self, channel: &ChannelName) -> Option<Digest> {
        self.ends.get(channel.as_str())?.parse().ok()
    }

    /// Takes in that a channel's end is at a version.
    pub fn note(&mut self, channel: &ChannelName, version: &Digest) {
        self.ends.insert(channel.to_string(), version.to_string());
    }
}

impl Structure {
    /// Gives the version that a digest names, from the first one and the changes that lead there; `None` where no chain of them does.
    ///
    /// # Errors
    /// [`DescriptionFault`] of the description.
    pub fn version(description: &[u8], book: &[BookChange], digest: Option<&Digest>) -> Result<Option<Self>, DescriptionFault> {
        let first = Self::read(description)?;
        let Some(digest) = digest else { return Ok(Some(first)) };
        let mut open = vec![first];
        while let Some(structure) = open.pop() {
            if structure.digest == *digest {
                return Ok(Some(structure));
            }
            let next = book.iter().filter(|change| change.key.structure == structure.name && change.base == structure.digest);
            open.extend(next.filter_map(|change| structure.apply(&Document::read(&change.document).ok()?).ok()));
        }
        Ok(None)
    }
}

/// Gives the number of the version with this digest, as the book knows it; `None` for a first version and for one that is not in the book.
pub fn number_of(book: &[BookChange], digest: &Digest) -> Option<u32> {
    book.iter().find(|change| change.after() == *digest).map(|change| change.key.to)
}

/// Gives the bundle of reference data in force at the version with this digest; `None` where none was brought since the first version.
pub fn bundle_at(book: &[BookChange], version: &Digest) -> Option<Bundle> {
    let mut at = *version;
    // A digest holds the one before it, so that no way back comes to where it was.
    while let Some(change) = book.iter().find(|change| change.after() == at) {
        if let Some(bundle) = Document::read(&change.document).ok()?.bundle() {
            return Some(bundle.clone());
        }
        at = change.base;
    }
    None
}

/// Where the ends of a structure's channels stand.
#[derive(Clone, Copy, Debug)]
pub struct Ends<'a> {
    /// What is believed of them.
    pub believed: &'a Believed,
    /// The changes that are known.
    pub book: &'a [BookChange],
    /// The first version.
    pub first: &'a Structure,
}

impl Ends<'_> {
    /// Tells whether a channel's end stands at a version: it was brought there, or the changes since the version where it is do not concern it. A change may
    /// begin in a direction when every end that it concerns there stands at the version that it begins at.
    pub fn stands_at(&self, channel: &Channel, version: &Digest) -> bool {
        let here = self.believed.of(&channel.channel).unwrap_or(self.first.digest);
        let mut at = *version;
        // A digest holds the one before it, so that no way back comes to where it was.
        while at != here {
            let Some(change) = self.book.iter().find(|change| change.after() == at) else { return false };
            match Document::read(&change.document) {
                Ok(document) if !concerns(self.first, channel, &document) => at = change.base,
                _ => return false,
            }
        }
        true
    }

    /// Gives the digest of the version with this number at which any of these channels' ends stands: where a new change begins.
    pub fn version<'c>(&self, channels: impl Iterator<Item = &'c Channel> + Clone, number: u32) -> Option<Digest> {
        let mut known: Vec<(u32, Digest)> = self.book.iter().map(|change| (change.key.to, change.after())).collect();
        known.push((self.first.version, self.first.digest));
        known.retain(|(of, _)| *of == number);
        let is_here = |digest: &Digest| channels.clone().any(|channel| self.stands_at(channel, digest));
        known.into_iter().map(|(_, digest)| digest).find(is_here)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Direction;
    use crate::store::book::BookKey;
    use dukou_packets::packet::marker::document_digest;

    const STRUCTURE: &str = "format = 1\nstructure = \"sample\"\nversion = 1\ntitle = \"t\"\n\n[[table]]\nname = \"zd\"\nkey = [\"dm\"]\n\
                             columns = [{ name = \"dm\", type = \"text(28)\", null = false }]\n\n[[table]]\nname = \"fw\"\nkey = [\"dm\"]\n\
                             columns = [{ name = \"dm\", type = \"text(28)\", null = false }]\n";

    fn first() -> Structure {
        Structure::read(STRUCTURE.as_bytes()).unwrap()
    }

    fn add(from: u32, table: &str, column: &str) -> String {
        let to = from + 1;
        format!(
            "format = 1\nstructure = \"sample\"\nfrom = {from}\nto = {to}\ntitle = \"t\"\nbasis = \"b\"\nfirst_day = \"2021-08-30\"\n\n\
             [[change]]\nop = \"add-column\"\ntable = \"{table}\"\ncolumn = \"{column}\"\ntype = \"text(9)\"\n"
        )
    }

    fn change(before: &Structure, text: &str) -> (BookChange, Structure) {
        let key = BookKey { structure: "sample".into(), to: before.version + 1, document: document_digest(text.as_bytes()) };
        let change =
            BookChange { key, base: before.digest, document: text.as_bytes().to_vec(), origin: Direction::Out, at_ms: 0 };
        let next = before.apply(&Document::read(text.as_bytes()).unwrap()).unwrap();
        (change, next)
    }

    fn channel(name: &str, table: &str) -> Channel {
        let text = format!(
            "channel = \"{name}\"\ntitle = \"t\"\nfrom = \"outer\"\nstructure = \"sample\"\n[source]\ndatabase = \"sqlite:a\"\ntables = [\"{table}\"]\n\
             [sink]\ndatabase = \"sqlite:b\"\n"
        );
        toml::from_str(&text).unwrap()
    }

    #[test]
    fn an_end_stands_where_it_was_brought_and_behind_changes_that_do_not_concern_it() {
        let (second, two) = change(&first(), &add(1, "zd", "a"));
        let (third, three) = change(&two, &add(2, "fw", "b"));
        let (book, first) = (vec![second.clone(), third.clone()], first());
        assert_eq!((second.after(), third.after()), (two.digest, three.digest));
        assert_eq!(Structure::version(STRUCTURE.as_bytes(), &book, Some(&three.digest)), Ok(Some(three.clone())));
        assert_eq!(number_of(&book, &three.digest), Some(3));
        let (parcels, houses) = (channel("parcels", "zd"), channel("houses", "fw"));
        let mut believed = Believed::default();
        let stands = |believed: &Believed, channel: &Channel| {
            let ends = Ends { believed, book: &book, first: &first };
            [first.digest, two.digest, three.digest].map(|digest| ends.stands_at(channel, &digest))
        };
        assert_eq!(stands(&believed, &parcels), [true, false, false]);
        assert_eq!(stands(&believed, &houses), [true, true, false], "the second version is nothing to it");
        believed.note(&parcels.channel, &two.digest);
        assert_eq!(stands(&believed, &parcels), [false, true, true]);
        believed.note(&houses.channel, &three.digest);
        assert_eq!(stands(&believed, &houses), [false, false, true]);
        let ends = Ends { believed: &believed, book: &book, first: &first };
        assert_eq!(ends.version([&parcels, &houses].into_iter(), 2), Some(two.digest));
        assert_eq!(ends.version([&houses].into_iter(), 2), None);
        assert_eq!(ends.version([&parcels].into_iter(), 3), Some(three.digest));
    }

    #[test]
    fn two_documents_of_one_number_are_two_versions() {
        let ((one, after_one), (other, after_other)) =
            (change(&first(), &add(1, "zd", "a")), change(&first(), &add(1, "zd", "b")));
        let (book, first) = (vec![one, other], first());
        let parcels = channel("parcels", "zd");
        let mut believed = Believed::default();
        believed.note(&parcels.channel, &after_other.digest);
        let ends = Ends { believed: &believed, book: &book, first: &first };
        assert!(!ends.stands_at(&parcels, &after_one.digest));
        assert_eq!(ends.version([&parcels].into_iter(), 2), Some(after_other.digest));
    }
}
