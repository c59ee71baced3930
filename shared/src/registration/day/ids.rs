//! Identifiers of reporting: county codes, message ids with their suffixes, the key of a register row.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use thiserror::Error;

use super::text::Text;

/// Tells which identifier a text should have been.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("not {0}")]
pub struct IdFault(&'static str);

/// A county's code (县级区划代码), six digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AreaCode([u8; 6]);

impl AreaCode {
    /// Tells whether the code begins with these digits: `1507` for a county of Hulunbuir.
    pub fn is_within(self, digits: &str) -> bool {
        self.0.starts_with(digits.as_bytes())
    }

    /// Returns the six digits.
    pub fn as_str(&self) -> &str {
        // Made of ASCII digits alone.
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl FromStr for AreaCode {
    type Err = IdFault;

    fn from_str(text: &str) -> Result<Self, IdFault> {
        digits(text).map(Self).ok_or(IdFault("a county code of six digits"))
    }
}

impl fmt::Display for AreaCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Debug for AreaCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for AreaCode {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        super::as_text::deserialize(deserializer)
    }
}

impl Serialize for AreaCode {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

fn digits<const N: usize>(text: &str) -> Option<[u8; N]> {
    let bytes: [u8; N] = text.as_bytes().try_into().ok()?;
    bytes.iter().all(u8::is_ascii_digit).then_some(bytes)
}

/// What a message id ends with when the message comes after its day's log was sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Suffix {
    /// None: before the day's log.
    #[default]
    None,
    /// `BBXZ`: a first report (补报) after it.
    Late,
    /// `CBXZ`: a report made again (重报) after it.
    Again,
    /// `BL`: a report made again after a correction of quality (整改后重报).
    Corrected,
}

impl Suffix {
    /// Every suffix.
    pub const ALL: [Self; 4] = [Self::None, Self::Late, Self::Again, Self::Corrected];

    /// Returns the letters, empty for none.
    pub fn letters(self) -> &'static str {
        match self {
            Self::None => "",
            Self::Late => "BBXZ",
            Self::Again => "CBXZ",
            Self::Corrected => "BL",
        }
    }
}

impl FromStr for Suffix {
    type Err = IdFault;

    fn from_str(text: &str) -> Result<Self, IdFault> {
        Self::ALL.into_iter().find(|suffix| suffix.letters() == text).ok_or(IdFault("BBXZ, CBXZ, BL or nothing"))
    }
}

impl fmt::Display for Suffix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.letters())
    }
}

impl Serialize for Suffix {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Suffix {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        super::as_text::deserialize(deserializer)
    }
}

/// A message id (报文 ID): county, day of making and number in 18 digits, and the suffix.
///
/// The text form has no underscore before the suffix; one that has it is read as the same id.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BizMsgId {
    base: [u8; 18],
    suffix: Suffix,
}

impl BizMsgId {
    /// Returns the county that the id names.
    pub fn area(&self) -> AreaCode {
        let mut area = [0; 6];
        area.iter_mut().zip(self.base).for_each(|(to, digit)| *to = digit);
        AreaCode(area)
    }

    /// Returns the suffix.
    pub fn suffix(&self) -> Suffix {
        self.suffix
    }

    /// Returns the 18 digits that a report and the ones made again have in common.
    pub fn base(&self) -> &str {
        std::str::from_utf8(&self.base).unwrap_or_default()
    }

    /// Returns the id of the same 18 digits with another suffix.
    pub fn with(&self, suffix: Suffix) -> Self {
        Self { base: self.base, suffix }
    }
}

impl FromStr for BizMsgId {
    type Err = IdFault;

    fn from_str(text: &str) -> Result<Self, IdFault> {
        let fault = IdFault("a message id of 18 digits, with BBXZ, CBXZ, BL or nothing behind them");
        let (base, rest) = text.split_at_checked(18).ok_or(fault)?;
        let rest = rest.strip_prefix('_').filter(|rest| !rest.is_empty()).unwrap_or(rest);
        Ok(Self { base: digits(base).ok_or(fault)?, suffix: rest.parse().map_err(|_| fault)? })
    }
}

impl fmt::Display for BizMsgId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.base(), self.suffix.letters())
    }
}

impl fmt::Debug for BizMsgId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl<'de> Deserialize<'de> for BizMsgId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        super::as_text::deserialize(deserializer)
    }
}

impl Serialize for BizMsgId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// What is counted: one case at one unit, in the form in which they are compared.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RowKey {
    /// Case number (业务号).
    pub ywh: Text,
    /// Unit number (不动产单元号).
    pub unit: Text,
}

impl RowKey {
    /// Makes the key of a case and a unit as they are written.
    pub fn new(ywh: &str, unit: &str) -> Self {
        Self { ywh: comparable(ywh).into(), unit: comparable(unit).into() }
    }

    /// Makes the key of a case and a unit, of the texts themselves where they are in the form in which they are compared.
    pub fn of(ywh: &Text, unit: &Text) -> Self {
        let form = |text: &Text| if is_comparable(text) { text.clone() } else { comparable(text).into() };
        Self { ywh: form(ywh), unit: form(unit) }
    }
}

/// Gives the form in which two texts are compared: no blanks at the ends, half-width letters, capitals, and one spelling of nothing. The text itself is never changed.
pub fn comparable(text: &str) -> String {
    if is_comparable(text) {
        return text.to_owned();
    }
    let half_width = |letter: char| match letter {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(letter) - 0xfee0).unwrap_or(letter),
        '\u{3000}' => ' ',
        _ => letter,
    };
    let plain: String = text.chars().map(half_width).map(|letter| letter.to_ascii_uppercase()).collect();
    match plain.trim() {
        "/" => String::new(),
        trimmed if trimmed.len() == plain.len() => plain,
        trimmed => trimmed.to_owned(),
    }
}

/// Tells whether a text is plainly in the form in which texts are compared: most are.
fn is_comparable(text: &str) -> bool {
    let is_plain = |byte: &u8| byte.is_ascii_graphic() && !byte.is_ascii_lowercase();
    text != "/" && text.as_bytes().iter().all(is_plain)
}

/// Gives the case of a flow number that has a counter behind it, `-3` or `_127`: one case that has several units.
pub fn case_of_flow(flow: &str) -> Option<&str> {
    let (case, counter) = flow.rsplit_once(['-', '_'])?;
    (!case.is_empty() && !counter.is_empty() && counter.bytes().all(|byte| byte.is_ascii_digit())).then_some(case)
}

/// Tells whether a unit is a virtual one: positions 7 to 12 are zeros. Such units are not reported.
pub fn is_virtual(unit: &str) -> bool {
    let unit = comparable(unit);
    unit.len() == 28 && unit.get(6..12) == Some("000000")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_id_is_the_same_with_and_without_an_underscore() {
        let id: BizMsgId = "150721240315000004BBXZ".parse().unwrap();
        assert_eq!("150721240315000004_BBXZ".parse(), Ok(id));
        assert_eq!((id.base(), id.suffix(), id.area().as_str()), ("150721240315000004", Suffix::Late, "150721"));
        assert_eq!(id.with(Suffix::Corrected).to_string(), "150721240315000004BL");
    }

    #[test]
    fn what_is_no_message_id_is_refused() {
        for text in [
            "",
            "/",
            "15072124031500000",
            "1507212403150000041",
            "15072124031500000X",
            "150721240315000004bbxz",
            "150721240315000004_",
            "150721240315000004__BL",
            "150721240315000004XX",
            "１50721240315000004",
            "15072124031500000四",
        ] {
            assert!(text.parse::<BizMsgId>().is_err(), "{text}");
        }
    }

    #[test]
    fn texts_are_compared_without_regard_to_width_case_and_blanks() {
        assert_eq!(RowKey::new(" 2024-1 ", "１５０７２１gb"), RowKey::new("2024-1", "150721GB"));
        assert_eq!([comparable("/"), comparable("／"), comparable(" ")], ["", "", ""]);
        assert_eq!(case_of_flow("20190612-0027835_127"), Some("20190612-0027835"));
        assert_eq!([case_of_flow("202403150001"), case_of_flow("-3"), case_of_flow("2024-A")], [None; 3]);
    }

    #[test]
    fn a_virtual_unit_has_zeros_for_its_cadastral_zone() {
        assert!(is_virtual("150721000000GB00017F00030012"));
        assert!(!is_virtual("150721001002GB00017F00030012"));
        assert!(!is_virtual("150721000000"));
    }
}
