//! What a county has settled about counting; where nobody knows what is right, a setting with a stated default.

use serde::{Deserialize, Serialize};

use super::ids::{AreaCode, is_virtual};

/// By which day the access side of a log counts a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AccessDay {
    /// The day on which its case was registered.
    Registration,
    /// The day on which it was reported. Default for 1507xx and 1508xx.
    Report,
}

/// Which kinds `businessTypeCount` counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BusinessTypes {
    /// Kinds of registration (登记类型).
    #[default]
    Djlx,
    /// Kinds of message (业务编码).
    Rectype,
}

/// Which reported messages count as access, by what became of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AccessStates {
    /// State 0: no response yet.
    pub waiting: bool,
    /// State 1: accepted.
    pub accepted: bool,
    /// State 2: failed.
    pub failed: bool,
}

impl Default for AccessStates {
    fn default() -> Self {
        Self { waiting: true, accepted: true, failed: true }
    }
}

/// What a county has settled about its days.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The county.
    pub county: AreaCode,
    /// Codes that stand for the county in ids and unit numbers besides its own: what it was called before its boundaries changed.
    pub aliases: Vec<AreaCode>,
    /// Other counties whose messages take the same way: theirs are no business of this county's day, and not foreign.
    pub neighbours: Vec<AreaCode>,
    /// By which day access is counted.
    pub access_day: AccessDay,
    /// What counts as access.
    pub access_states: AccessStates,
    /// What `businessTypeCount` counts.
    pub business_type_count: BusinessTypes,
    /// Whether rows of virtual units count on the register side. True unless set: only states −2 and 9 are known to be left out.
    pub virtual_units_count: bool,
}

impl Settings {
    /// Gives the defaults of a county.
    pub fn of(county: AreaCode) -> Self {
        let by_report = county.is_within("1507") || county.is_within("1508");
        Self {
            county,
            aliases: Vec::new(),
            neighbours: Vec::new(),
            access_day: if by_report { AccessDay::Report } else { AccessDay::Registration },
            access_states: AccessStates::default(),
            business_type_count: BusinessTypes::default(),
            virtual_units_count: true,
        }
    }

    /// Tells whether the code is this county's, by its own name or an older one.
    pub fn is_own(&self, area: AreaCode) -> bool {
        area == self.county || self.aliases.contains(&area)
    }

    /// Tells whether a register row is this county's: by the first six places of a whole unit number, else by QXDM.
    pub fn has_row(&self, bdcdyh: &str, qxdm: &str) -> bool {
        let unit = bdcdyh.trim();
        let area = (unit.chars().count() == 28).then(|| unit.get(..6)).flatten().and_then(|area| area.parse().ok());
        let known = area.filter(|area| self.is_own(*area) || self.neighbours.contains(area));
        known.or_else(|| qxdm.trim().parse().ok()).is_some_and(|area| self.is_own(area))
    }

    /// Tells whether a row of this unit counts on the register side.
    pub(super) fn counts_unit(&self, bdcdyh: &str) -> bool {
        self.virtual_units_count || !is_virtual(bdcdyh)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn area(code: &str) -> AreaCode {
        code.parse().unwrap()
    }

    #[test]
    fn hulunbuir_counts_access_by_the_day_of_report_and_others_by_the_day_of_registration() {
        assert_eq!(Settings::of(area("150721")).access_day, AccessDay::Report);
        assert_eq!(Settings::of(area("150802")).access_day, AccessDay::Report);
        assert_eq!(Settings::of(area("370115")).access_day, AccessDay::Registration);
    }

    #[test]
    fn a_row_is_the_countys_by_its_unit_or_by_its_own_code() {
        let mut settings = Settings::of(area("150721"));
        settings.aliases.push(area("152122"));
        settings.neighbours.push(area("150722"));
        assert!(settings.has_row("150721001002GB00017F00030012", "150722"));
        assert!(settings.has_row("152122001002GB00017F00030012", ""));
        assert!(!settings.has_row("150722001002GB00017F00030012", "150721"));
        assert!(settings.has_row("150721001002GB", "150721"), "a cut unit number says nothing");
        assert!(settings.has_row("999999001002GB00017F00030012", "150721"), "nor does one of nobody");
        assert!(!settings.has_row("/", "/"));
    }
}
