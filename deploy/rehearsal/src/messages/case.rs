//! One invented case: who, where, when, and which right.

use super::Registration;
use super::calendar::{Day, Moment};
use super::words::{AREAS, ESTATES, FAMILY, GIVEN, REASONS, STREETS, TOWNS, USES};
use crate::random::Random;

/// Which right the case is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Ownership of a house, first registration.
    First,
    /// Ownership of a house, transfer.
    Transfer,
    /// A mortgage.
    Mortgage,
}

/// What all tables of one message share.
#[derive(Debug)]
pub(super) struct Case {
    pub(super) kind: Kind,
    pub(super) area: &'static str,
    pub(super) area_name: &'static str,
    pub(super) message_id: String,
    pub(super) number: String,
    pub(super) parcel: String,
    pub(super) unit: String,
    pub(super) register: &'static str,
    pub(super) at: String,
    pub(super) certificate: String,
    pub(super) address: String,
    pub(super) reason: &'static str,
    pub(super) area_m2: (u64, u64),
    pub(super) floor: u64,
    pub(super) floors: u64,
    pub(super) use_: (&'static str, &'static str),
    pub(super) officer: String,
    pub(super) moment: Moment,
}

impl Case {
    /// Invents a case.
    pub(super) fn draw(random: &mut Random, moment: &Moment) -> Self {
        let (area, area_name) = AREAS[random.below(AREAS.len() as u64) as usize];
        let kind = match random.below(10) {
            0..=2 => Kind::First,
            3..=6 => Kind::Transfer,
            _ => Kind::Mortgage,
        };
        let parcel = format!("{area}{:06}GB{:05}", random.below(400_000), random.below(100_000));
        let floors = random.between(6, 33);
        let floor = random.between(1, floors);
        let what = if kind == Kind::Mortgage { "证明" } else { "权" };
        Case {
            kind,
            area,
            area_name,
            message_id: format!("{area}{}{:06}", moment.day.short(), moment.number),
            number: format!("{}{:06}", moment.day, moment.number),
            unit: format!("{parcel}F{:08}", random.below(100_000_000)),
            parcel,
            register: if kind == Kind::Transfer { "200" } else { "100" },
            at: moment.stamp(),
            certificate: format!("蒙({}){area_name}不动产{what}第{:07}号", moment.day.year, random.below(10_000_000)),
            address: address(random, area_name, floor),
            reason: random.pick(&REASONS),
            area_m2: (random.between(4_000, 26_000), random.between(400, 3_900)),
            floor,
            floors,
            use_: USES[random.below(USES.len() as u64) as usize],
            officer: person(random),
            moment: *moment,
        }
    }

    /// Gives RecType.
    pub(super) fn record_type(&self) -> &'static str {
        match self.kind {
            Kind::First => "1000402",
            Kind::Transfer => "2000402",
            Kind::Mortgage => "1003701",
        }
    }

    /// Gives RightType.
    pub(super) fn right(&self) -> &'static str {
        if self.kind == Kind::Mortgage { "37" } else { "4" }
    }

    /// Gives the line of the registration log.
    pub(super) fn registration(&self, moment: &Moment) -> Registration {
        Registration {
            day: moment.day,
            area: self.area,
            area_name: self.area_name,
            message_id: self.message_id.clone(),
            case: self.number.clone(),
            register: self.register,
            right: self.right(),
            unit: self.unit.clone(),
            certificate: self.certificate.clone(),
        }
    }

    /// Names the registration office.
    pub(super) fn office(&self) -> String {
        format!("{}自然资源局", self.area_name)
    }

    /// Gives a time on the same day.
    pub(super) fn minutes_later(&self, minutes: i32) -> String {
        self.moment.shifted(minutes).stamp()
    }
}

fn address(random: &mut Random, area_name: &str, floor: u64) -> String {
    format!(
        "内蒙古自治区呼伦贝尔市{area_name}{}{}{}号{}{}号楼{}单元{}{:02}",
        random.pick(&TOWNS),
        random.pick(&STREETS),
        random.between(1, 320),
        random.pick(&ESTATES),
        random.between(1, 38),
        random.between(1, 5),
        floor,
        random.between(1, 4),
    )
}

fn character(random: &mut Random, alphabet: &str) -> char {
    // The alphabets hold three-byte characters only.
    let index = random.below(alphabet.len() as u64 / 3) as usize;
    alphabet.chars().nth(index).unwrap_or('某')
}

/// Invents a name.
pub(super) fn person(random: &mut Random) -> String {
    let mut name = String::from(character(random, FAMILY));
    for _ in 0..random.between(1, 2) {
        name.push(character(random, GIVEN));
    }
    name
}

/// Invents an identity number of somebody born in 1900, with the check digit of GB 11643.
pub(super) fn identity(random: &mut Random, area: &str) -> String {
    let birth = Day { year: 1900, month: random.between(1, 12) as u32, day: random.between(1, 28) as u32 };
    let body = format!("{area}{birth}{:03}", random.below(1_000));
    let mut weight = 1u32;
    let sum: u32 = body
        .bytes()
        .rev()
        .map(|digit| {
            weight = weight * 2 % 11;
            u32::from(digit - b'0') * weight
        })
        .sum();
    let check = (12 - sum % 11) % 11;
    if check == 10 { format!("{body}X") } else { format!("{body}{check}") }
}

/// Invents a telephone number.
pub(super) fn telephone(random: &mut Random) -> String {
    format!("0470-{:07}", random.below(10_000_000))
}
