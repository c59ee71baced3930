//! Reference data that a bundle brings: dictionaries, business codes, tables, area aliases, editions by county, schemas; what it does not bring is as compiled in.
//!
//! Given: a bundle's files. Gives: what files are judged by, or the file that cannot be used. Never: a file of the station's disk; a rule of `rules.toml`
//! other than its area aliases, which a bundle adds to.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::catalogue::Standard;
use super::civil::day;
use super::edition::Edition;
use super::official::Installed;
use crate::schema::bundle::{BundleFault, Files};

/// Most counties and most aliases.
const COUNTIES_MAX: usize = 5000;

/// What messages are judged by beside official schemas.
#[derive(Debug)]
pub struct Reference {
    /// Tables, codes and dictionaries.
    pub standard: Standard,
    /// Area codes that are another's now, old to new.
    pub aliases: BTreeMap<String, String>,
    /// The edition of each county that says one, and its first day.
    pub counties: BTreeMap<String, County>,
}

/// From when on a county reports in an edition.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct County {
    /// The edition.
    pub edition: Edition,
    /// `YYYY-MM-DD`: messages that were made on this day and later are of it.
    pub first_day: String,
}

/// `counties.toml`.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Counties {
    alias: BTreeMap<String, String>,
    county: BTreeMap<String, County>,
}

impl Reference {
    /// Reads a bundle's files.
    ///
    /// # Errors
    /// [`BundleFault::Content`] with the first file that cannot be used.
    pub fn read(files: &Files) -> Result<(Self, Installed), BundleFault> {
        let wrong = BundleFault::content;
        let text = |name: &'static str| match files.get(name).map(|bytes| std::str::from_utf8(bytes)) {
            None => Ok(None),
            Some(Ok(text)) => Ok(Some(text)),
            Some(Err(_)) => Err(wrong(name, "no UTF-8".to_owned())),
        };
        let standard = Standard::with(text)?;
        let counties = match text("counties.toml")? {
            None => Counties::default(),
            Some(text) => toml::from_str(text).map_err(|error| wrong("counties.toml", error.message().trim().to_owned()))?,
        };
        counties.check().map_err(|problem| wrong("counties.toml", problem))?;
        let set = |edition: &str| {
            let prefix = format!("xsd/{edition}/");
            let own = files.iter().filter_map(|(name, bytes)| Some((name.strip_prefix(&prefix)?.to_owned(), bytes.as_slice())));
            own.collect::<BTreeMap<_, _>>()
        };
        let official = Installed::of(set("old"), set("new"))?;
        Ok((Self { standard, aliases: counties.alias, counties: counties.county }, official))
    }

    /// Gives the edition that a county's message of a day has to be of; none where the county says none for that day.
    pub fn edition_of(&self, area: &str, made: jiff::civil::Date) -> Option<Edition> {
        let county = self.counties.get(area)?;
        let first = day(&county.first_day)?;
        (made >= first).then_some(county.edition)
    }
}

impl Counties {
    fn check(&self) -> Result<(), String> {
        let is_area = |area: &&String| area.len() == 6 && area.bytes().all(|digit| digit.is_ascii_digit());
        let is_day = |text: &str| text.len() == 10 && text.parse::<jiff::civil::Date>().is_ok();
        if self.alias.len() > COUNTIES_MAX || self.county.len() > COUNTIES_MAX {
            return Err(format!("more than {COUNTIES_MAX} counties or aliases"));
        }
        if let Some(area) = self.alias.iter().flat_map(<[_; 2]>::from).chain(self.county.keys()).find(|area| !is_area(area)) {
            return Err(format!("{area:?} is no area code of six digits"));
        }
        match self.county.values().find(|county| !is_day(&county.first_day)) {
            Some(county) => Err(format!("{:?} is no day YYYY-MM-DD", county.first_day)),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registration::checks::{Said, lint};
    use std::sync::Arc;

    fn files(name: &str, text: &str) -> Files {
        [(name.to_owned(), text.as_bytes().to_vec())].into()
    }

    #[test]
    fn a_file_that_cannot_be_used_is_named() {
        for (name, text) in [
            ("counties.toml", "[alias]\n\"15072\" = \"150721\"\n"),
            ("counties.toml", "[alias]\n\"150720\" = \"15072a\"\n"),
            ("counties.toml", "[county.150721]\nedition = \"new\"\nfirst_day = \"2026-02-30\"\n"),
            ("counties.toml", "[county.150721]\nedition = \"newest\"\nfirst_day = \"2026-12-01\"\n"),
            ("counties.toml", "[county.150721]\nedition = \"new\"\nfirst_day = \"2026-12-01\"\nmore = 1\n"),
            ("dictionaries.json", "{}"),
            ("dictionaries.json", "[{\"name\":\"登记类型字典表\",\"codes\":{}}]"),
            ("new/rectypes.json", "[{\"code\":\"100\",\"name\":\"x\",\"main\":null,\"sets\":[]}]"),
            ("new/rectypes.json", "[{\"code\":\"1000402\",\"name\":\"x\",\"main\":\"NOTHING\",\"sets\":[]}]"),
            ("xsd/new/a.xsd", "<xs:schema"),
            ("xsd/new/a.xsd", "<!DOCTYPE a [<!ENTITY b \"c\">]><a>&b;</a>"),
        ] {
            let fault = Reference::read(&files(name, text)).map(drop).unwrap_err();
            assert!(matches!(&fault, BundleFault::Content { file, .. } if file == name), "{text}: {fault}");
        }
        assert!(Reference::read(&Files::new()).is_ok(), "what a bundle does not bring is as compiled in");
    }

    #[test]
    fn a_county_is_held_to_its_edition_from_its_first_day_on() {
        let text = "[county.150721]\nedition = \"old\"\nfirst_day = \"2024-03-15\"\n";
        let (reference, _) = Reference::read(&files("counties.toml", text)).unwrap();
        let said = Said { reference: Some(Arc::new(reference)), ..Said::default() };
        let codes = |day: &str, said: &Said| -> Vec<&'static str> {
            let id = format!("150721{day}000001");
            let body = format!("<Message><Head><BizMsgID>{id}</BizMsgID><AreaCode>150721</AreaCode></Head><Data/></Message>");
            lint(&format!("Biz{id}.xml"), body.as_bytes(), said).findings.told.iter().map(|finding| finding.code).collect()
        };
        assert!(codes("240315", &said).contains(&"edition-county"));
        assert!(!codes("240314", &said).contains(&"edition-county"));
        assert!(!codes("240315", &Said::default()).contains(&"edition-county"));
    }
}
