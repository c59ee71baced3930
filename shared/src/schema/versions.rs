//! Versions of a structure: the first from its description, each later one by a document of the book, and at which each end of a channel is.
//!
//! Given: a description, the book's changes, a digest. Gives: the structure of that digest. Never: a version believed by its number.

use super::document::Document;
use super::structure::{DescriptionFault, Structure};
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
