//! Numbers that carry their own proof or their own structure: resident ids, credit codes, unit numbers, message ids.

use jiff::civil::Date;

use super::catalogue::UnitRules;
use super::civil;

/// Tells whether a resident id (居民身份号码, GB 11643) is right: 18 places with a birth date and the check character, or 15 places, which
/// have no check character of their own.
pub fn is_resident_id(id: &str) -> bool {
    let bytes = id.as_bytes();
    match bytes.len() {
        18 => resident_check(bytes) == bytes.get(17).map(u8::to_ascii_uppercase) && has_birthday(id.get(6..14)),
        15 => bytes.iter().all(u8::is_ascii_digit) && has_birthday(id.get(6..12).map(|day| format!("19{day}")).as_deref()),
        _ => false,
    }
}

fn resident_check(bytes: &[u8]) -> Option<u8> {
    const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    let body = bytes.get(..17).filter(|body| body.iter().all(u8::is_ascii_digit))?;
    let sum: u32 = body.iter().zip(WEIGHTS).map(|(digit, weight)| u32::from(digit - b'0') * weight).sum();
    b"10X98765432".get(sum as usize % 11).copied()
}

fn has_birthday(day: Option<&str>) -> bool {
    day.is_some_and(|day| day.len() == 8 && civil::day(day).is_some())
}

/// Tells whether a unified social credit code (统一社会信用代码, GB 32100) is right: 18 places and their check character.
pub fn is_credit_code(code: &str) -> bool {
    const ALPHABET: &[u8] = b"0123456789ABCDEFGHJKLMNPQRTUWXY";
    let place = |byte: &u8| ALPHABET.iter().position(|letter| letter == byte);
    let Some((body, [check])) = code.as_bytes().split_at_checked(17).filter(|(_, rest)| rest.len() == 1) else {
        return false;
    };
    let mut sum = 0;
    let mut weight = 1;
    for byte in body {
        let Some(value) = place(byte) else {
            return false;
        };
        sum += value * weight;
        weight = weight * 3 % 31;
    }
    place(check) == Some((31 - sum % 31) % 31)
}

/// Tells whether an organisation code (组织机构代码, GB 11714) is right: eight places and their check character, with or without a hyphen.
pub fn is_organisation_code(code: &str) -> bool {
    const WEIGHTS: [u32; 8] = [3, 7, 9, 10, 5, 8, 4, 2];
    let plain: Vec<u8> =
        code.bytes().enumerate().filter(|(at, byte)| (*at, *byte) != (8, b'-')).map(|(_, byte)| byte).collect();
    let Some((body, [check])) = plain.split_at_checked(8).filter(|(_, rest)| rest.len() == 1) else {
        return false;
    };
    let value = |byte: &u8| match byte {
        b'0'..=b'9' => Some(u32::from(byte - b'0')),
        b'A'..=b'Z' => Some(u32::from(byte - b'A') + 10),
        _ => None,
    };
    let Some(sum) = body.iter().zip(WEIGHTS).try_fold(0, |sum, (byte, weight)| Some(sum + value(byte)? * weight)) else {
        return false;
    };
    let expected = match 11 - sum % 11 {
        10 => b'X',
        11 => b'0',
        digit => b'0' + digit as u8,
    };
    *check == expected
}

/// What is wrong with a unit number (不动产单元号).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnitFlaw {
    /// It has not 28 places but so many.
    Length(usize),
    /// The place of this number, from 1, holds what may not stand there.
    Place(usize),
    /// Its fixture is `W`, none, and yet numbered.
    NoFixture,
}

/// Checks a unit number's shape: twelve digits, the letters of ownership and feature, five digits, the letter of the fixture, eight digits.
///
/// It has no check digit. `W` for the fixture means none, and eight zeros follow.
///
/// # Errors
/// The first flaw.
pub fn check_unit(unit: &str, rules: &UnitRules) -> Result<(), UnitFlaw> {
    let places = unit.chars().count();
    if places != 28 {
        return Err(UnitFlaw::Length(places));
    }
    for (at, letter) in unit.chars().enumerate() {
        let fits = match at {
            12 => rules.owner.contains(letter),
            13 => letter.is_ascii_uppercase(),
            19 => rules.fixture.contains(letter),
            _ => letter.is_ascii_digit(),
        };
        if !fits {
            return Err(UnitFlaw::Place(at + 1));
        }
    }
    match unit.get(19..20) == Some("W") && unit.get(20..) != Some("00000000") {
        true => Err(UnitFlaw::NoFixture),
        false => Ok(()),
    }
}

/// Tells whether a unit is virtual (虚拟单元): no cadastral zone at all, so that it is not reported.
pub fn is_virtual_unit(unit: &str) -> bool {
    unit.get(6..12) == Some("000000")
}

/// How a message was reported after its day's log had gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Suffix {
    /// `BBXZ`: reported late (补报).
    Late,
    /// `CBXZ`: reported again (重报).
    Again,
    /// `BL`: reported again after a correction of quality (整改后重报).
    Corrected,
}

impl Suffix {
    /// Gives the letters.
    pub fn letters(self) -> &'static str {
        match self {
            Self::Late => "BBXZ",
            Self::Again => "CBXZ",
            Self::Corrected => "BL",
        }
    }
}

/// A message's id (业务报文 ID) in its parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MessageId<'a> {
    /// The first 18 places.
    pub base: &'a str,
    /// The first six: the area.
    pub area: &'a str,
    /// The day it was made on.
    pub day: Date,
    /// The last six: the sequence, which wraps.
    pub sequence: &'a str,
    /// What follows.
    pub suffix: Option<Suffix>,
}

/// What is wrong with a message's id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IdFlaw {
    /// It is not 18 digits, with or without `BBXZ`, `CBXZ` or `BL`.
    Shape,
    /// Its places 7 to 12 are no day.
    Day,
}

/// Takes a message's id apart. An underscore before the suffix is taken too.
///
/// # Errors
/// What is wrong with it.
pub fn message_id(id: &str) -> Result<MessageId<'_>, IdFlaw> {
    let (base, rest) = id.split_at_checked(18).ok_or(IdFlaw::Shape)?;
    let suffix = match rest.strip_prefix('_').unwrap_or(rest) {
        "" if rest.is_empty() => None,
        "BBXZ" => Some(Suffix::Late),
        "CBXZ" => Some(Suffix::Again),
        "BL" => Some(Suffix::Corrected),
        _ => return Err(IdFlaw::Shape),
    };
    if !base.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(IdFlaw::Shape);
    }
    let part = |from, to| base.get(from..to).unwrap_or_default();
    let day = civil::short_day(part(6, 12)).ok_or(IdFlaw::Day)?;
    Ok(MessageId { base, area: part(0, 6), day, sequence: part(12, 18), suffix })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registration::catalogue::standard;

    #[test]
    fn resident_ids_are_held_to_their_check_character() {
        for id in ["15072119000101001X", "15072119000101001x", "150721190002020025", "150721190003030030", "150721000101001"] {
            assert!(is_resident_id(id), "{id}");
        }
        for id in
            ["150721190001010011", "150721190013010016", "15072119000101001", "(1-1)15072119000101001X", "", "１５０７２１"]
        {
            assert!(!is_resident_id(id), "{id}");
        }
    }

    #[test]
    fn credit_codes_are_held_to_their_check_character() {
        for code in ["91150721MA00000079", "91150721MA000100XL"] {
            assert!(is_credit_code(code), "{code}");
        }
        for code in ["91150721MA00000078", "91150721ma00000079", "9115072IMA00000079", "91150721MA0000007", ""] {
            assert!(!is_credit_code(code), "{code}");
        }
    }

    #[test]
    fn organisation_codes_are_held_to_their_check_character() {
        assert!(is_organisation_code("MA0000007") && is_organisation_code("MA000000-7"));
        assert!(!is_organisation_code("MA0000008") && !is_organisation_code("") && !is_organisation_code("MA00000007"));
    }

    #[test]
    fn unit_numbers_are_held_to_their_shape() {
        let rules = &standard().rules.unit;
        for unit in ["150721001002GB00017F00030012", "150721001002GB00017W00000000", "150721001002JK00017Q99990001"] {
            assert_eq!(check_unit(unit, rules), Ok(()), "{unit}");
        }
        for (unit, flaw) in [
            ("150721001002GB00017F0003001", UnitFlaw::Length(27)),
            ("150721001002GB00017W00000001", UnitFlaw::NoFixture),
            ("15072100100XGB00017F00030012", UnitFlaw::Place(12)),
            ("150721001002XB00017F00030012", UnitFlaw::Place(13)),
            ("150721001002Gb00017F00030012", UnitFlaw::Place(14)),
            ("150721001002GB00017X00030012", UnitFlaw::Place(20)),
            ("", UnitFlaw::Length(0)),
            ("１50721001002GB00017F00030012", UnitFlaw::Place(1)),
        ] {
            assert_eq!(check_unit(unit, rules), Err(flaw), "{unit}");
        }
        assert!(is_virtual_unit("150721000000GB00017F00030012"));
    }

    #[test]
    fn message_ids_are_taken_apart() {
        let id = message_id("150721240315000004BBXZ").unwrap();
        assert_eq!((id.base, id.area, id.sequence), ("150721240315000004", "150721", "000004"));
        assert_eq!((id.day.to_string().as_str(), id.suffix), ("2024-03-15", Some(Suffix::Late)));
        assert_eq!(message_id("150721240315000004_CBXZ").unwrap().suffix, Some(Suffix::Again));
        assert_eq!(message_id("150721240315000004BL").unwrap().suffix, Some(Suffix::Corrected));
        for id in [
            "",
            "15072124031500000",
            "1507212403150000041",
            "150721240315000004_",
            "150721240315000004XZ",
            "15072124031500000A",
            "报文150721240315000004",
        ] {
            assert_eq!(message_id(id), Err(IdFlaw::Shape), "{id}");
        }
        assert_eq!(message_id("150721241315000004"), Err(IdFlaw::Day));
    }
}
